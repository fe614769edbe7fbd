// Package search owns the index of everything that is said: messages, comments, tickets and contacts, with the names and the text of their
// attachments. It follows the events by number (index.go), so that edits, merges and erasures are followed too, and never indexes inside the
// transaction of a message. It answers newest first, within a bound of work and within what the viewer may see, says how far the index is behind, and
// tells what of a search it does not understand. It writes no other table. The API asks it; app runs it.
package search

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Service indexes and finds. Safe for concurrent use.
type Service struct {
	db    *db.DB
	ev    *event.Log
	log   *slog.Logger
	blobs blob.Store // of attachments; nil: their names alone are found
	clk   *clock.Clock
	every time.Duration
	known *recent
}

// New returns the service of a database. A nil log discards.
func New(d *db.DB, ev *event.Log, log *slog.Logger) *Service {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Service{db: d, ev: ev, log: log, every: config.Window("SEARCH_EVERY"), clk: clock.New(), known: newRecent(400_000)}
}

// Clock makes "today" the installation's, which a test may set.
func (s *Service) Clock(c *clock.Clock) *Service {
	s.clk = c
	return s
}

// Files lets the index read what is in attachments.
func (s *Service) Files(b blob.Store) *Service {
	s.blobs = b
	return s
}

func (s *Service) sqlite() bool { return s.db.Dialect() == db.SQLite }

// Options of a search.
type Options struct {
	Cursor string // Found.Next of the page before
	Limit  int    // 1 to 100; 0 means 25
	Exact  bool   // nothing but what was typed: no guess at what was meant
}

// Found is one page, newest first.
type Found struct {
	Hits []Hit  `json:"items"`
	Next string `json:"next" doc:"Send it as cursor for the next page; empty at the end. A page may be short and have one: the bound of work was reached."`
	// People and tickets that the whole search names, on the first page of a search for words.
	Top       []Hit     `json:"top" doc:"Contacts that the words name, on the first page of a search that does not say what it wants to find."`
	Problems  []Misread `json:"problems" doc:"What of the search is not understood; nothing is searched then."`
	Spelling  *Spelling `json:"spelling" doc:"When little is found: what was probably meant."`
	LookedTo  desk.Time `json:"looked_to" doc:"On a page that is short though there may be more: how far back it looked."`
	BehindSeq int64     `json:"behind_seq" doc:"How many events the index has still to read: what happened in them is not found yet."`
	Building  bool      `json:"building" doc:"The index is being made from what is stored already."`
}

// Bounds of one page's work: DESIGN section 11 asks for a p99 under 200 ms at a million messages.
const (
	firstChunk = 10 // beyond the page, for what the filter takes out
	maxChunk   = 4000
	maxLooked  = 20_000
	maxTime    = 80 * time.Millisecond
	little     = 3 // hits: with fewer, another spelling is looked for
)

// Search finds what the viewer may see.
func (s *Service) Search(ctx context.Context, v access.Viewer, text string, opt Options) (Found, error) {
	res := Found{Hits: []Hit{}, Top: []Hit{}, Problems: []Misread{}}
	if err := v.Need(access.TicketsView); err != nil {
		return res, err
	}
	if opt.Limit <= 0 || opt.Limit > 100 {
		opt.Limit = 25
	}
	below := int64(desk.MaxID)
	if opt.Cursor != "" {
		n, err := strconv.ParseInt(opt.Cursor, 36, 64)
		if err != nil || n <= 0 {
			return res, desk.Errorf(desk.Invalid, "search.cursor", "This is not a cursor of a search.").In("cursor")
		}
		below = n
	}
	var err error
	if res.BehindSeq, res.Building, err = s.Behind(ctx); err != nil {
		return res, err
	}
	a, err := s.ask(ctx, v, parse(text, s.nowOf(v)))
	if err != nil || a.idle() {
		res.Problems = append(res.Problems, a.q.problems...)
		return res, err
	}
	if err := s.page(ctx, a, below, opt.Limit, &res); err != nil {
		return res, err
	}
	if opt.Cursor != "" {
		return res, nil
	}
	if err := s.top(ctx, v, text, &res); err != nil || opt.Exact || len(res.Hits) >= little || res.Next != "" {
		return res, err
	}
	return res, s.respell(ctx, v, text, opt.Limit, &res)
}

// nowOf is the searcher's time: today is theirs.
func (s *Service) nowOf(v access.Viewer) time.Time {
	now := s.clk.Now()
	if v.User.Timezone != "" {
		if loc, err := time.LoadLocation(v.User.Timezone); err == nil {
			return now.In(loc)
		}
	}
	return now.UTC()
}

// asked is a query with everything in it found out.
type asked struct {
	q        query
	f        filter
	possible bool
}

// idle: there is nothing to search for.
func (a asked) idle() bool { return len(a.q.problems) > 0 || a.q.empty() || !a.possible }

func (s *Service) ask(ctx context.Context, v access.Viewer, q query) (asked, error) {
	a := asked{q: q}
	if q.empty() && len(q.problems) == 0 {
		return a, nil
	}
	var err error
	if a.f, a.possible, err = s.filter(ctx, v, &a.q); err != nil || len(a.q.problems) > 0 {
		return a, err
	}
	if err = s.expand(ctx, &a.q); err == nil && !a.q.hasWords() {
		a.f.exclude = a.q.match(s.sqlite(), true)
	}
	return a, err
}

func (s *Service) page(ctx context.Context, a asked, below int64, limit int, res *Found) error {
	found, next, looked, err := s.find(ctx, a, below, limit, maxTime)
	if err != nil {
		return err
	}
	if next > 0 {
		res.Next = strconv.FormatInt(next, 36)
		if len(found) < limit {
			res.LookedTo = looked
		}
	}
	res.Hits, err = s.show(ctx, a.q, found)
	return err
}

// top are the contacts that a search for words names: they would stand far below what they wrote.
func (s *Service) top(ctx context.Context, v access.Viewer, text string, res *Found) error {
	q := parse(text, s.nowOf(v))
	if q.asksKind() || !q.hasWords() || len(q.wants) > 0 || q.number != 0 || q.hidden != "" {
		return nil
	}
	a, err := s.ask(ctx, v, q.named(fieldFrom).only("contact"))
	if err != nil || a.idle() {
		return err
	}
	found, _, _, err := s.find(ctx, a, desk.MaxID, 3, maxTime/2)
	if err == nil {
		res.Top, err = s.show(ctx, a.q, found)
	}
	return err
}

// doc is a row of the index that passed the filter.
type doc struct {
	id     int64
	kind   string
	ticket desk.TicketID
	inbox  desk.InboxID
	at     desk.Time
}

// find looks through candidates in growing chunks until a page is full, nothing is left, or the bound of work is reached; looked is how far back then.
func (s *Service) find(ctx context.Context, a asked, below int64, limit int, bound time.Duration) (docs []doc, next int64, looked desk.Time, err error) {
	match := a.q.expression(s.sqlite())
	began, seen := time.Now(), 0
	var kept reserve
	for n := limit + firstChunk; ; n = min(4*n, maxChunk) {
		ids, err := s.candidates(ctx, match, a, below, n, &kept)
		if err != nil {
			return nil, 0, 0, fmt.Errorf("search: %w", err)
		}
		if len(ids) > 0 {
			some, err := s.pass(ctx, a.f, ids)
			if err != nil {
				return nil, 0, 0, fmt.Errorf("search: %w", err)
			}
			docs = append(docs, some...)
			below = ids[len(ids)-1]
			seen += len(ids)
		}
		if len(docs) > limit {
			return docs[:limit], docs[limit-1].id, 0, nil
		}
		if len(ids) < n {
			return docs, 0, 0, nil
		}
		if len(docs) == limit || seen >= maxLooked || time.Since(began) > bound {
			return docs, below, s.timeOf(ctx, below), nil
		}
	}
}

// timeOf is when the document of an id was; 0 when that cannot be told.
func (s *Service) timeOf(ctx context.Context, id int64) (at desk.Time) {
	_ = s.db.QueryRow(ctx, "SELECT at FROM search_docs WHERE id = $1", id).Scan(&at)
	return at
}

// candidates are the ids of the newest n documents below an id that have the words.
func (s *Service) candidates(ctx context.Context, match string, a asked, below int64, n int, kept *reserve) ([]int64, error) {
	switch {
	case match == "" && a.f.ticket != 0:
		return db.All(ctx, s.db, db.Column[int64], "SELECT id FROM search_docs WHERE ticket_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3", a.f.ticket, below, n)
	case match == "" && a.f.tickets: // asked of tickets alone, tickets are the answer
		return db.All(ctx, s.db, db.Column[int64], "SELECT id FROM tickets WHERE id < $1 ORDER BY id DESC LIMIT $2", below, n)
	case match == "":
		return db.All(ctx, s.db, db.Column[int64], "SELECT id FROM search_docs WHERE id < $1 ORDER BY id DESC LIMIT $2", below, n)
	case s.sqlite():
		return db.All(ctx, s.db, db.Column[int64], "SELECT rowid FROM search_text WHERE search_text MATCH $1 AND rowid < $2 ORDER BY rowid DESC LIMIT $3", match, below, n)
	}
	return s.candidatesPostgres(ctx, match, below, n, kept)
}

// nearby is how many of the newest documents PostgreSQL looks through one by one before it asks the index: a frequent word fills the page among
// them, and a word that does not is rare enough for the index, which must fetch and sort every match.
const nearby = 3000

// reserve is what PostgreSQL's text index found beyond what was asked for. It fetches and sorts every match whatever the limit, so a page asks it once.
type reserve struct {
	asked bool
	ids   []int64
}

func (r *reserve) take(n int) []int64 {
	n = min(n, len(r.ids))
	out := r.ids[:n]
	r.ids = r.ids[n:]
	return out
}

func (s *Service) candidatesPostgres(ctx context.Context, match string, below int64, n int, kept *reserve) ([]int64, error) {
	if kept.asked {
		return kept.take(n), nil
	}
	ids, err := db.All(ctx, s.db, db.Column[int64], `WITH recent AS MATERIALIZED (SELECT id, tsv FROM search_docs WHERE id < $1 ORDER BY id DESC LIMIT $2)
		SELECT id FROM recent WHERE tsv @@ $3::tsquery ORDER BY id DESC LIMIT $4`, below, nearby, match, n)
	if err != nil || len(ids) == n {
		return ids, err
	}
	var floor int64
	err = s.db.QueryRow(ctx, "SELECT id FROM search_docs WHERE id < $1 ORDER BY id DESC OFFSET $2 LIMIT 1", below, nearby-1).Scan(&floor)
	if errors.Is(err, sql.ErrNoRows) {
		return ids, nil
	}
	if err != nil {
		return nil, err
	}
	// id + 0 keeps the planner from the primary key: walking it may pass everything by, and reading it whole costs more than the text index.
	// The limit is more than find looks through, so that the reserve ends only where the matches do.
	kept.ids, err = db.All(ctx, s.db, db.Column[int64], "SELECT id FROM search_docs WHERE id + 0 < $1 AND tsv @@ $2::tsquery ORDER BY id + 0 DESC LIMIT $3", floor, match, maxLooked+maxChunk)
	kept.asked = err == nil
	return append(ids, kept.take(n-len(ids))...), err
}

// list is ids as an argument that both databases can take apart.
func list[T ~int64](ids []T) string {
	plain := make([]int64, len(ids))
	for i, id := range ids {
		plain[i] = int64(id)
	}
	b, _ := json.Marshal(plain)
	return string(b)
}

// in is the subquery over argument $n made by list.
func (s *Service) in(n int) string {
	if s.sqlite() {
		return fmt.Sprintf("(SELECT value FROM json_each($%d))", n)
	}
	return fmt.Sprintf("(SELECT value::bigint FROM json_array_elements_text($%d::json))", n)
}

// strings is the subquery over argument $n that is a JSON list of texts.
func (s *Service) texts(n int) string {
	if s.sqlite() {
		return fmt.Sprintf("(SELECT value FROM json_each($%d))", n)
	}
	return fmt.Sprintf("(SELECT value FROM json_array_elements_text($%d::json))", n)
}
