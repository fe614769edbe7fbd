// Package search owns the index of everything that is said: messages, comments, tickets and contacts, with the names of their
// attachments. It follows the events by number (index.go), so that edits, merges and erasures are followed too, and never indexes inside the
// transaction of a message. It answers newest first, within a bound of work, and says how far the index is behind (find.go). It writes no
// other table. The API asks it; app runs it.
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
	every time.Duration
	known *recent
}

// New returns the service of a database. A nil log discards.
func New(d *db.DB, ev *event.Log, log *slog.Logger) *Service {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Service{db: d, ev: ev, log: log, every: config.Window("SEARCH_EVERY"), known: newRecent(200_000)}
}

// Options of a search.
type Options struct {
	Cursor string // Result.Next of the page before
	Limit  int    // 1 to 100; 0 means 25
}

// Kind is what was found.
type Kind string

// The kinds. A comment is found as a message.
const (
	KindTicket  Kind = "ticket"
	KindMessage Kind = "message"
	KindContact Kind = "contact"
)

// Hit is one thing found.
type Hit struct {
	Kind      Kind           `json:"kind"`
	TicketID  desk.TicketID  `json:"ticket_id"`
	Number    int64          `json:"number"` // of the ticket
	ThreadID  desk.ThreadID  `json:"thread_id"`
	MessageID desk.MessageID `json:"message_id"`
	ContactID desk.ContactID `json:"contact_id"`
	Comment   bool           `json:"comment"`
	Title     string         `json:"title"`
	Excerpt   string         `json:"excerpt"` // HTML-escaped, the words found in <mark>
	At        desk.Time      `json:"at"`
}

// Result is one page, newest first.
type Result struct {
	Hits []Hit  `json:"hits"`
	Next string `json:"next"` // "" at the end. A page may be short and have a Next: the bound of work was reached
	// BehindSeq is how many events the index has still to read; what they changed may not be found yet.
	BehindSeq int64 `json:"behind_seq"`
	// Building: the index is being made from what is stored already.
	Building bool `json:"building"`
}

// Bounds of one page's work: DESIGN section 11 asks for a p99 under 200 ms at a million messages.
const (
	firstChunk = 10 // beyond the page, for what the filter takes out
	maxChunk   = 4000
	maxLooked  = 20_000
	maxTime    = 80 * time.Millisecond
)

// Search finds what the viewer may see. Operators: is: from: to: subject: status: in: has:attachment before: after: #number -word "a phrase"; the last
// word also finds those it begins.
func (s *Service) Search(ctx context.Context, v access.Viewer, text string, opt Options) (Result, error) {
	res := Result{Hits: []Hit{}}
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
	q := parse(text, time.Now())
	if q.empty() {
		return res, nil
	}
	f, possible, err := s.filter(ctx, v, q)
	if err != nil || !possible {
		return res, err
	}
	found, next, err := s.find(ctx, q, f, below, opt.Limit)
	if err != nil {
		return res, err
	}
	if next > 0 {
		res.Next = strconv.FormatInt(next, 36)
	}
	res.Hits, err = s.show(ctx, q, found)
	return res, err
}

// doc is a row of the index that passed the filter.
type doc struct {
	id     int64
	kind   string
	ticket desk.TicketID
	at     desk.Time
}

// find looks through candidates in growing chunks until a page is full, nothing is left, or the bound of work is reached.
func (s *Service) find(ctx context.Context, q query, f filter, below int64, limit int) (docs []doc, next int64, err error) {
	match, err := s.compile(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	began, looked := time.Now(), 0
	for n := limit + firstChunk; ; n = min(4*n, maxChunk) {
		ids, err := s.candidates(ctx, match, f, below, n)
		if err != nil {
			return nil, 0, fmt.Errorf("search: %w", err)
		}
		if len(ids) > 0 {
			some, err := s.pass(ctx, f, ids)
			if err != nil {
				return nil, 0, fmt.Errorf("search: %w", err)
			}
			docs = append(docs, some...)
			below = ids[len(ids)-1]
			looked += len(ids)
		}
		if len(docs) > limit {
			return docs[:limit], docs[limit-1].id, nil
		}
		if len(ids) < n {
			return docs, 0, nil
		}
		if len(docs) == limit || looked >= maxLooked || time.Since(began) > maxTime {
			return docs, below, nil
		}
	}
}

// compile writes the query in the database's language; "" when it has no words.
func (s *Service) compile(ctx context.Context, q query) (string, error) {
	alt := func(prefix string) ([]string, error) {
		return db.All(ctx, s.db, db.Column[string], `SELECT term FROM (SELECT term FROM search_terms WHERE term >= $1 AND term < $2 ORDER BY term LIMIT 3000) near
			ORDER BY LENGTH(term), term LIMIT 40`, prefix, prefix+"\U0010FFFF")
	}
	var match string
	var err error
	if s.db.Dialect() == db.SQLite {
		match, err = q.fts5(alt)
	} else {
		match, err = q.tsquery(alt)
	}
	if err != nil {
		return "", fmt.Errorf("search: %w", err)
	}
	return match, nil
}

// candidates are the ids of the newest n documents below an id that have the words.
func (s *Service) candidates(ctx context.Context, match string, f filter, below int64, n int) ([]int64, error) {
	switch {
	case match == "" && f.ticket != 0:
		return db.All(ctx, s.db, db.Column[int64], "SELECT id FROM search_docs WHERE ticket_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3", f.ticket, below, n)
	case match == "":
		return db.All(ctx, s.db, db.Column[int64], "SELECT id FROM search_docs WHERE id < $1 ORDER BY id DESC LIMIT $2", below, n)
	case s.db.Dialect() == db.SQLite:
		return db.All(ctx, s.db, db.Column[int64], "SELECT rowid FROM search_text WHERE search_text MATCH $1 AND rowid < $2 ORDER BY rowid DESC LIMIT $3", match, below, n)
	}
	return s.candidatesPostgres(ctx, match, below, n)
}

// nearby is how many of the newest documents PostgreSQL looks through one by one before it asks the index: a frequent word fills the page among
// them, and a word that does not is rare enough for the index, which must fetch and sort every match.
const nearby = 3000

func (s *Service) candidatesPostgres(ctx context.Context, match string, below int64, n int) ([]int64, error) {
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
	more, err := db.All(ctx, s.db, db.Column[int64], "SELECT id FROM search_docs WHERE id + 0 < $1 AND tsv @@ $2::tsquery ORDER BY id + 0 DESC LIMIT $3", floor, match, n-len(ids))
	return append(ids, more...), err
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
	if s.db.Dialect() == db.SQLite {
		return fmt.Sprintf("(SELECT value FROM json_each($%d))", n)
	}
	return fmt.Sprintf("(SELECT value::bigint FROM json_array_elements_text($%d::json))", n)
}
