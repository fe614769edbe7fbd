// Package view holds the read models of the workspace: lists of tickets with their counts, one ticket whole, its
// timeline, and the story of a message as steps. It joins any table and writes none. Lists page by key, never by
// offset, and have no total; counts stop at CountCap. Everything is asked with a Sight, and what a Sight does not
// cover is not found. The handlers of the API and the command line's trace call it.
package view

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/space"
)

// Sight is what somebody may see: every inbox, or those named (WS-09). Write once, read often: it is not changed by this package.
type Sight struct {
	User    desk.UserID
	All     bool
	Inboxes []desk.InboxID
	Share   bool // looks after the saved views of every team
	// Tickets and Contacts are whose of them are covered; zero is everybody's.
	Tickets, Contacts access.Extent
	Veil              desk.Veil // properties that are not seen, nor asked for
	// Area narrows lists and counts to a space (WS-07); the zero one is everything. What is read by its own name is not narrowed.
	Area space.Area
}

// Everything is the sight of an owner and of the command line.
var Everything = Sight{All: true}

// Sees reports whether an inbox is covered.
func (s Sight) Sees(id desk.InboxID) bool {
	if s.All {
		return true
	}
	for _, in := range s.Inboxes {
		if in == id {
			return true
		}
	}
	return false
}

// key names what a Sight covers, apart from whose it is.
func (s Sight) key() string {
	reach := s.Tickets.Name() + s.Area.Name()
	if !s.Veil.Clear() {
		reach += strings.Join(s.Veil.Hidden, " ") + ";"
	}
	if s.All {
		return "*" + reach
	}
	var b strings.Builder
	b.WriteString(reach)
	for _, in := range s.Inboxes {
		b.WriteString(in.String())
		b.WriteByte(',')
	}
	return b.String()
}

// Abilities says what a channel can do; the registry of channels answers it.
type Abilities func(channelName string) channel.Abilities

// Service answers read models from one database. Safe for concurrent use.
type Service struct {
	db     db.Queryer
	can    Abilities
	saved  *customview.Service
	counts counter
}

// Saved gives the service the saved views, with the fields that filters may name and the clock that they go by; without them there are the built-in ones.
func (v *Service) Saved(s *customview.Service) *Service { v.saved = s; return v }

func (v *Service) now() desk.Time {
	if v.saved == nil {
		return desk.At(time.Now())
	}
	return v.saved.Now()
}

func (v *Service) query() *query { return &query{pg: v.db.Dialect() == db.Postgres} }

// fields is the catalogue of what filters and orders may name: what is hidden from somebody is not there, so that a filter cannot find it out.
func (v *Service) fields(ctx context.Context, s Sight) (customview.Catalogue, error) {
	if v.saved == nil {
		return customview.Fields(nil), nil
	}
	fs, err := v.saved.Fields(ctx, v.db)
	return fs.Under(s.Veil), err
}

// New makes a Service. can may be nil: then every channel is shown without abilities.
func New(d *db.DB, can Abilities) *Service { return on(d, can) }

func on(d db.Queryer, can Abilities) *Service {
	if can == nil {
		can = func(string) channel.Abilities { return channel.Abilities{} }
	}
	return &Service{db: d, can: can, counts: newCounter()}
}

// MaxPage is the most rows of one page; a larger limit is cut to it.
const MaxPage = 200

// Page is a request for one page. Cursor is what the last answer gave as next, or "".
type Page struct {
	Cursor string
	Limit  int // 0 means the list's own default
}

func (p Page) size(byDefault int) int {
	switch {
	case p.Limit <= 0:
		return byDefault
	case p.Limit > MaxPage:
		return MaxPage
	}
	return p.Limit
}

// encode makes a cursor of the key of the last row shown.
func encode(key ...int64) string {
	parts := make([]string, len(key))
	for i, k := range key {
		parts[i] = strconv.FormatInt(k, 36)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, ".")))
}

// decode reads what encode made of n numbers; ok is false for "".
func decode(cursor string, n int) (key []int64, ok bool, err error) {
	if cursor == "" {
		return nil, false, nil
	}
	bad := desk.Errorf(desk.Invalid, "cursor.malformed", "The cursor is not one that this list gave. Start again without it.").In("cursor")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, false, bad
	}
	parts := strings.Split(string(b), ".")
	if len(parts) != n {
		return nil, false, bad
	}
	key = make([]int64, n)
	for i, p := range parts {
		if key[i], err = strconv.ParseInt(p, 36, 64); err != nil {
			return nil, false, bad
		}
	}
	return key, true, nil
}

// query gathers SQL text and its arguments, so that a number is never counted by hand.
type query struct {
	text strings.Builder
	args []any
	pg   bool // written for PostgreSQL
}

func (q *query) add(text string) *query { q.text.WriteString(text); return q }

// arg adds one argument.
func (q *query) arg(v any) *query {
	q.args = append(q.args, v)
	q.text.WriteByte('$')
	q.text.WriteString(strconv.Itoa(len(q.args)))
	return q
}

// list adds ($1,$2,…). Lengths are rounded up to a power of two by repeating the last value, so that few statements are prepared.
func list[T any](q *query, vs []T) *query {
	q.text.WriteByte('(')
	n := 1
	for n < len(vs) {
		n *= 2
	}
	for i := range n {
		if i > 0 {
			q.text.WriteByte(',')
		}
		q.arg(vs[min(i, len(vs)-1)])
	}
	q.text.WriteByte(')')
	return q
}

// inSight adds the condition that a column's inbox is covered.
func (q *query) inSight(column string, s Sight) *query {
	switch {
	case s.All:
		return q
	case len(s.Inboxes) == 0:
		return q.add(" AND 1 = 0")
	}
	q.add(" AND ").add(column).add(" IN ")
	return list(q, s.Inboxes)
}

func all[T any](ctx context.Context, from db.Queryer, q *query, scan func(db.Scanner) (T, error)) ([]T, error) {
	return db.All(ctx, from, scan, q.text.String(), q.args...)
}

func one[T any](ctx context.Context, from db.Queryer, q *query, scan func(db.Scanner) (T, error)) (T, error) {
	return db.One(ctx, from, scan, q.text.String(), q.args...)
}

// SightOf is what a viewer may see.
func SightOf(v access.Viewer) Sight {
	return Sight{User: v.User.ID, All: v.AllInboxes, Inboxes: v.Inboxes, Share: v.Can(access.ViewsShare), Tickets: v.Tickets, Contacts: v.Contacts, Veil: v.Veil}
}

// Gate is the ticket that a path names (an id or #number), when the viewer may do p in its inbox. What cannot be seen is NotFound.
func (v *Service) Gate(ctx context.Context, who access.Viewer, name string, p access.Permission) (desk.TicketID, error) {
	id, err := v.TicketID(ctx, name)
	if err != nil {
		return 0, err
	}
	return id, v.MayInTicket(ctx, who, id, p)
}

// MayInTicket returns nil when the viewer may do p in the ticket's inbox.
func (v *Service) MayInTicket(ctx context.Context, who access.Viewer, id desk.TicketID, p access.Permission) error {
	h, err := v.Held(ctx, id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && who.User.ID != 0 && (!who.SeesInbox(h.Inbox) || !who.Tickets.Sees(h)) {
		return errNoTicket
	}
	if err != nil {
		return err
	}
	return who.NeedOn(h, p)
}
