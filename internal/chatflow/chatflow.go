// Package chatflow owns what the widget says and asks, and where it shows (the tables chatflows, chatflow_versions and chatflow_runs): definitions of live chats
// and bots with their drafts and published versions, the pure decision which of them a page shows (Match), the pure engine that a bot's dialogue is (Step,
// which the simulator runs too), and where each dialogue stands. It refuses to publish what cannot run, pointing at the step and the field; a draft may be
// unfinished. It sends nothing and assigns nobody: Step returns effects, which dialogue carries out. Called by dialogue, the visitors' API, the agents' API
// and transfer.
package chatflow

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Flow is one chatflow: what is being written of it, and which version is live.
type Flow struct {
	ID         desk.ChatflowID       `json:"id"`
	Slug       string                `json:"slug"`
	AccountID  desk.ChannelAccountID `json:"account_id"`
	Name       string                `json:"name"`
	Kind       string                `json:"kind" enum:"live_chat,bot"`
	Active     bool                  `json:"active"`
	Position   int64                 `json:"position" doc:"Of those that fit a page the one with the lowest shows."`
	Draft      Definition            `json:"draft"`
	Published  int64                 `json:"published" doc:"The number of the live version; 0: never published."`
	Version    int64                 `json:"version" doc:"Send it when saving: who saves later than somebody else is told."`
	CreatedAt  desk.Time             `json:"created_at"`
	UpdatedAt  desk.Time             `json:"updated_at"`
	ArchivedAt desk.Time             `json:"archived_at"`
}

// Service is the chatflows. Safe for concurrent use.
type Service struct {
	db  *db.DB
	clk *clock.Clock
	ev  *event.Log

	mu   sync.Mutex
	read map[versionKey]Definition // versions never change: each is read once
}

type versionKey struct {
	flow   desk.ChatflowID
	number int64
}

// New makes the service.
func New(d *db.DB, clk *clock.Clock, ev *event.Log) *Service {
	return &Service{db: d, clk: clk, ev: ev, read: map[versionKey]Definition{}}
}

const columns = "id, slug, account_id, name, kind, active, position, draft, published, version, created_at, updated_at, archived_at"

func scan(r db.Scanner) (f Flow, err error) {
	var draft string
	err = r.Scan(&f.ID, &f.Slug, &f.AccountID, &f.Name, &f.Kind, &f.Active, &f.Position, &draft, &f.Published, &f.Version, &f.CreatedAt, &f.UpdatedAt, &f.ArchivedAt)
	if err != nil {
		return f, err
	}
	f.Draft, err = Parse([]byte(draft))
	return f, err
}

var errNone = desk.Errorf(desk.NotFound, "chatflow.not_found", "There is no such chatflow.")

// Get returns one, also an archived one.
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.ChatflowID) (Flow, error) {
	return s.one(ctx, q, "id = $1", id)
}

// BySlug returns one by its short name.
func (s *Service) BySlug(ctx context.Context, q db.Queryer, slug string) (Flow, bool, error) {
	f, err := s.one(ctx, q, "slug = $1", slug)
	if desk.CodeOf(err) == desk.NotFound {
		return f, false, nil
	}
	return f, err == nil, err
}

func (s *Service) one(ctx context.Context, q db.Queryer, where string, arg any) (Flow, error) {
	f, err := scan(q.QueryRow(ctx, "SELECT "+columns+" FROM chatflows WHERE "+where, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return Flow{}, errNone
	}
	if err != nil {
		return f, fmt.Errorf("chatflow: get: %w", err)
	}
	return f, nil
}

// lock is Get with the row held to the end of the transaction.
func (s *Service) lock(ctx context.Context, tx *db.Tx, id desk.ChatflowID) (Flow, error) {
	return s.one(ctx, tx, "id = $1"+tx.ForUpdate(), id)
}

// List returns those that are not archived, in their order; of one account or, with 0, of all.
func (s *Service) List(ctx context.Context, q db.Queryer, account desk.ChannelAccountID) ([]Flow, error) {
	where, args := "archived_at = 0", []any{}
	if account != 0 {
		where, args = where+" AND account_id = $1", append(args, account)
	}
	out, err := db.All(ctx, q, scan, "SELECT "+columns+" FROM chatflows WHERE "+where+" ORDER BY position, id LIMIT 2000", args...)
	if err != nil {
		return nil, fmt.Errorf("chatflow: list: %w", err)
	}
	return out, nil
}

// Live returns every chatflow that is not archived with its live version, for Match. What was never published has number 0.
func (s *Service) Live(ctx context.Context, q db.Queryer) ([]Candidate, error) {
	out, err := db.All(ctx, q, func(r db.Scanner) (c Candidate, err error) {
		err = r.Scan(&c.ID, &c.AccountID, &c.Name, &c.Kind, &c.Position, &c.Number, &c.Active)
		return c, err
	}, "SELECT id, account_id, name, kind, position, published, active FROM chatflows WHERE archived_at = 0 ORDER BY position, id")
	if err != nil {
		return nil, fmt.Errorf("chatflow: live: %w", err)
	}
	for i := range out {
		if c := &out[i]; c.Number != 0 {
			if c.Def, err = s.definition(ctx, q, c.ID, c.Number); err != nil {
				return nil, err
			}
		} else {
			c.Def.fill()
		}
	}
	return out, nil
}

// maxRead is how many versions are remembered; every page view asks for the live ones.
const maxRead = 2000

// definition is a version's, from memory when it was read before. Nobody changes what it returns.
func (s *Service) definition(ctx context.Context, q db.Queryer, id desk.ChatflowID, number int64) (Definition, error) {
	key := versionKey{id, number}
	s.mu.Lock()
	d, ok := s.read[key]
	s.mu.Unlock()
	if ok {
		return d, nil
	}
	v, err := s.VersionOf(ctx, q, id, number)
	if _, unsure := q.(*db.Tx); err != nil || unsure { // what a transaction sees may yet be undone
		return v.Definition, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.read) >= maxRead {
		clear(s.read)
	}
	s.read[key] = v.Definition
	return v.Definition, nil
}

const maxName = 120

func (f *Flow) check() error {
	f.Name = strings.Join(strings.Fields(strings.ToValidUTF8(f.Name, "")), " ")
	switch {
	case f.Name == "":
		return desk.Errorf(desk.Invalid, "chatflow.name_missing", "Give the chatflow a name to find it by.").In("name")
	case utf8.RuneCountInString(f.Name) > maxName:
		return desk.Errorf(desk.Invalid, "chatflow.name_too_long", "A name may have at most %d characters.", maxName).In("name")
	case f.Kind != LiveChat && f.Kind != Bot:
		return desk.Errorf(desk.Invalid, "chatflow.kind", "A chatflow is a live_chat or a bot.").In("kind")
	case f.AccountID == 0:
		return desk.Errorf(desk.Invalid, "chatflow.account_missing", "Say which chat channel it belongs to.").In("account_id")
	}
	return nil
}

// Create keeps a new chatflow, last in its order. Slug is made of the name when it is empty. Records chatflow.created.
func (s *Service) Create(ctx context.Context, tx *db.Tx, actor desk.Actor, f Flow) (Flow, error) {
	if err := f.check(); err != nil {
		return f, err
	}
	given := f.Slug != ""
	if !given {
		if f.Slug = desk.Slug(f.Name); f.Slug == "" {
			f.Slug = "chatflow"
		}
	}
	if err := desk.CheckSlug("slug", f.Slug); err != nil {
		return f, err
	}
	if err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(position), 0) + 1 FROM chatflows WHERE archived_at = 0").Scan(&f.Position); err != nil {
		return f, fmt.Errorf("chatflow: position: %w", err)
	}
	f.Draft.fill()
	f.ID, f.CreatedAt, f.Published, f.Version, f.ArchivedAt = desk.ChatflowID(tx.NewID()), s.clk.Ms(), 0, 1, 0
	f.UpdatedAt = f.CreatedAt
	base := f.Slug
	for n := 2; ; n++ {
		rows, err := tx.Exec(ctx, "INSERT INTO chatflows ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (slug) DO NOTHING",
			f.ID, f.Slug, f.AccountID, f.Name, f.Kind, f.Active, f.Position, db.JSON(f.Draft), f.Published, f.Version, f.CreatedAt, f.UpdatedAt, f.ArchivedAt)
		if err != nil {
			return f, fmt.Errorf("chatflow: create: %w", err)
		}
		if rows == 1 {
			break
		}
		if given || n > 200 {
			return f, desk.Errorf(desk.Conflict, "chatflow.slug_taken", "There is already a chatflow with the short name %s.", f.Slug).In("slug")
		}
		f.Slug = fmt.Sprintf("%s-%d", base, n)
	}
	return f, s.tell(ctx, tx, actor, desk.EvChatflowCreated, f, nil, &f)
}

// Change says what to change; nil leaves a field alone.
type Change struct {
	Name      *string
	Active    *bool
	AccountID *desk.ChannelAccountID
	Position  *int64
	Draft     *Definition
	Version   int64 // what the writer saw; 0 does not ask
}

// alive locks a chatflow that can be changed: an archived one stays as it was.
func (s *Service) alive(ctx context.Context, tx *db.Tx, id desk.ChatflowID) (Flow, error) {
	f, err := s.lock(ctx, tx, id)
	if err == nil && f.ArchivedAt != 0 {
		err = desk.Errorf(desk.Conflict, "chatflow.archived", "This chatflow is archived. Make a copy of it to go on.")
	}
	return f, err
}

// Update changes a chatflow, also its draft. Conflict when somebody else has saved since Version. Records chatflow.updated; nothing when nothing changed.
func (s *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChatflowID, c Change) (Flow, error) {
	before, err := s.alive(ctx, tx, id)
	if err != nil {
		return before, err
	}
	if c.Version != 0 && c.Version != before.Version {
		return before, desk.Errorf(desk.Conflict, "chatflow.stale", "Somebody else has saved this chatflow meanwhile. Load it again; what you wrote is still on your screen.").In("version")
	}
	f := before
	if c.Name != nil {
		f.Name = *c.Name
	}
	if c.Active != nil {
		f.Active = *c.Active
	}
	if c.AccountID != nil {
		f.AccountID = *c.AccountID
	}
	if c.Position != nil {
		f.Position = *c.Position
	}
	if c.Draft != nil {
		f.Draft = *c.Draft
		f.Draft.fill()
	}
	if err := f.check(); err != nil {
		return before, err
	}
	if same(before, f) {
		return before, nil
	}
	return s.save(ctx, tx, actor, desk.EvChatflowUpdated, before, f)
}

func same(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// save writes a row whose lock is held, and tells of it.
func (s *Service) save(ctx context.Context, tx *db.Tx, actor desk.Actor, typ string, before, f Flow) (Flow, error) {
	f.UpdatedAt, f.Version = s.clk.Ms(), before.Version+1
	_, err := tx.Exec(ctx, `UPDATE chatflows SET account_id = $1, name = $2, active = $3, position = $4, draft = $5, published = $6, version = $7, updated_at = $8, archived_at = $9 WHERE id = $10`,
		f.AccountID, f.Name, f.Active, f.Position, db.JSON(f.Draft), f.Published, f.Version, f.UpdatedAt, f.ArchivedAt, f.ID)
	if err != nil {
		return before, fmt.Errorf("chatflow: save: %w", err)
	}
	return f, s.tell(ctx, tx, actor, typ, f, &before, &f)
}

// Archive takes a chatflow out of every page. Dialogues that go on keep their version. Records chatflow.archived.
func (s *Service) Archive(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChatflowID) error {
	before, err := s.lock(ctx, tx, id)
	if err != nil || before.ArchivedAt != 0 {
		return err
	}
	f := before
	f.ArchivedAt, f.Active = s.clk.Ms(), false
	_, err = s.save(ctx, tx, actor, desk.EvChatflowArchived, before, f)
	return err
}

// Rehome moves a chatflow to another account, where it comes last (MG-03). Conversations that it began go on over the account they are of. Records chatflow.updated.
func (s *Service) Rehome(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChatflowID, account desk.ChannelAccountID) (Flow, error) {
	before, err := s.alive(ctx, tx, id)
	if err != nil || before.AccountID == account {
		return before, err
	}
	f := before
	f.AccountID = account
	if err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(position), 0) + 1 FROM chatflows").Scan(&f.Position); err != nil {
		return before, fmt.Errorf("chatflow: rehome: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE chatflows SET account_id = $1, position = $2, version = version + 1, updated_at = $3 WHERE id = $4", account, f.Position, s.clk.Ms(), id); err != nil {
		return before, fmt.Errorf("chatflow: rehome: %w", err)
	}
	f, err = s.Get(ctx, tx, id)
	if err != nil {
		return f, err
	}
	return f, s.tell(ctx, tx, actor, desk.EvChatflowUpdated, f, &before, &f)
}

// Order puts chatflows into the order given; those that are not named come behind, as they were. Records chatflow.ordered.
func (s *Service) Order(ctx context.Context, tx *db.Tx, actor desk.Actor, account desk.ChannelAccountID, ids []desk.ChatflowID) error {
	all, err := db.All(ctx, tx, scan, "SELECT "+columns+" FROM chatflows WHERE archived_at = 0 ORDER BY position, id"+tx.ForUpdate())
	if err != nil {
		return fmt.Errorf("chatflow: order: %w", err)
	}
	mine := map[desk.ChatflowID]bool{}
	for _, f := range all {
		mine[f.ID] = account == 0 || f.AccountID == account
	}
	named := map[desk.ChatflowID]bool{}
	queue := []desk.ChatflowID{}
	for _, id := range ids {
		if !mine[id] || named[id] {
			return desk.Errorf(desk.Invalid, "chatflow.order", "The order names a chatflow that is not of this channel, or one twice.").In("ids")
		}
		named[id] = true
		queue = append(queue, id)
	}
	for _, f := range all {
		if mine[f.ID] && !named[f.ID] {
			queue = append(queue, f.ID)
		}
	}
	// The places that this channel's chatflows have are given out anew; those of other channels stay.
	next, was, now := 0, []desk.ChatflowID{}, []desk.ChatflowID{}
	for i, f := range all {
		id := f.ID
		if mine[id] {
			id, next = queue[next], next+1
		}
		was, now = append(was, f.ID), append(now, id)
		if _, err := tx.Exec(ctx, "UPDATE chatflows SET position = $1 WHERE id = $2 AND position <> $3", i+1, id, i+1); err != nil {
			return fmt.Errorf("chatflow: order: %w", err)
		}
	}
	if same(was, now) {
		return nil
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvChatflowOrdered, Actor: actor, Data: event.Data(map[string]any{"account_id": account, "before": was, "after": now})})
	return err
}

// tell records what happened, with the whole of before and after for the audit log.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, typ string, f Flow, before, after *Flow) error {
	data := map[string]any{"id": f.ID, "name": f.Name, "account_id": f.AccountID, "before": before, "after": after}
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: typ, Actor: actor, Data: event.Data(data)})
	return err
}
