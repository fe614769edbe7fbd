package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// News is a notification as its reader sees it.
type News struct {
	ID        string          `json:"id"`
	Kind      Kind            `json:"kind"`
	TicketID  desk.TicketID   `json:"ticket_id"`
	ThreadID  desk.ThreadID   `json:"thread_id"`
	MessageID desk.MessageID  `json:"message_id"`
	Number    int64           `json:"number" doc:"Of the ticket; 0 when there is none."`
	Subject   string          `json:"subject"`
	Actor     desk.Actor      `json:"actor"`
	ActorName string          `json:"actor_name"`
	Excerpt   string          `json:"excerpt" doc:"The first line of the message."`
	Data      json.RawMessage `json:"data"`
	At        desk.Time       `json:"at"`
	ReadAt    desk.Time       `json:"read_at"`
}

func (i News) number() int64 { n, _ := strconv.ParseInt(i.ID, 10, 64); return n }

// group names what an item belongs to: its ticket, its conversation, or itself.
func (i News) group() string {
	switch {
	case i.TicketID != 0:
		return "t" + i.TicketID.String()
	case i.ThreadID != 0:
		return "h" + i.ThreadID.String()
	}
	return string(i.Kind)
}

const itemColumns = `n.id, n.kind, n.ticket_id, n.thread_id, n.message_id, n.actor, n.data, n.created_at, n.read_at,
	COALESCE(t.number, 0), COALESCE(t.subject, h.subject, ''), COALESCE(t.inbox_id, h.inbox_id, 0), COALESCE(t.hidden, h.hidden, ''),
	CASE WHEN m.inbox_id = COALESCE(t.inbox_id, h.inbox_id, 0) THEN m.text ELSE '' END`

const itemFrom = ` FROM notifications n LEFT JOIN tickets t ON t.id = n.ticket_id AND n.ticket_id <> 0 LEFT JOIN threads h ON h.id = n.thread_id AND n.thread_id <> 0
	LEFT JOIN messages m ON m.id = n.message_id AND n.message_id <> 0`

type row struct {
	News
	inbox  desk.InboxID
	hidden desk.Hidden
	text   string
}

func scanRow(s db.Scanner) (r row, err error) {
	var id int64
	var data string
	err = s.Scan(&id, &r.Kind, &r.TicketID, &r.ThreadID, &r.MessageID, db.ScanActor(&r.Actor), &data, &r.At, &r.ReadAt, &r.Number, &r.Subject, &r.inbox, &r.hidden, &r.text)
	r.ID, r.Data, r.Excerpt = strconv.FormatInt(id, 10), json.RawMessage(data), excerpt(r.text)
	return r, err
}

const maxExcerpt = 160

func excerpt(text string) string {
	line := strings.Join(strings.Fields(text), " ")
	if len(line) <= maxExcerpt {
		return line
	}
	return strings.ToValidUTF8(line[:maxExcerpt], "") + "…"
}

// visible reports whether a person may still see what a notification is about.
func (r row) visible(u desk.User, inboxes map[desk.InboxID]desk.Access) bool {
	if need := specOf(r.Kind).Needs; need != "" {
		return access.UserCan(u, need)
	}
	if r.TicketID == 0 && r.ThreadID == 0 {
		return true
	}
	a, ok := inboxes[r.inbox]
	if !ok || r.hidden == desk.HiddenTrash {
		return false
	}
	may, _ := sees(u, a)
	return may
}

// items reads notifications of a person that they may still see, oldest first.
func (s *Service) items(ctx context.Context, u desk.User, ids []int64) ([]News, error) {
	rows, err := db.All(ctx, s.DB, scanRow, "SELECT "+itemColumns+itemFrom+" WHERE n.user_id = $1 AND n.id IN ("+list(ids)+") ORDER BY n.id", u.ID)
	if err != nil {
		return nil, fmt.Errorf("notify: items: %w", err)
	}
	return s.shown(ctx, u, rows)
}

func (s *Service) shown(ctx context.Context, u desk.User, rows []row) ([]News, error) {
	inboxes, err := s.inboxes(ctx)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx, rows)
	if err != nil {
		return nil, err
	}
	beyond, err := s.beyond(ctx, u, rows)
	if err != nil {
		return nil, err
	}
	out := []News{}
	for _, r := range rows {
		if r.visible(u, inboxes) && !beyond[r.TicketID] {
			r.ActorName = names[r.Actor]
			if r.Kind == HeldDigest && r.ID != "" {
				if err := s.name(ctx, &r.News); err != nil {
					return nil, err
				}
			}
			out = append(out, r.News)
		}
	}
	return out, nil
}

// names finds what the actors of a page are called.
func (s *Service) names(ctx context.Context, rows []row) (map[desk.Actor]string, error) {
	by := map[desk.ActorKind][]int64{}
	out := map[desk.Actor]string{}
	for _, r := range rows {
		if _, known := out[r.Actor]; !known {
			out[r.Actor] = ""
			by[r.Actor.Kind] = append(by[r.Actor.Kind], r.Actor.ID)
		}
	}
	for kind, table := range map[desk.ActorKind]string{desk.ActorUser: "users", desk.ActorContact: "contacts"} {
		if len(by[kind]) == 0 {
			continue
		}
		type named struct {
			id   int64
			name string
		}
		found, err := db.All(ctx, s.DB, func(r db.Scanner) (n named, err error) { err = r.Scan(&n.id, &n.name); return n, err }, "SELECT id, CASE WHEN name <> '' THEN name ELSE email END FROM "+table+" WHERE id IN ("+list(by[kind])+")")
		if err != nil {
			return nil, fmt.Errorf("notify: names: %w", err)
		}
		for _, n := range found {
			out[desk.Actor{Kind: kind, ID: n.id}] = n.name
		}
	}
	return out, nil
}

// Feed is part of a person's notifications, newest first.
type Feed struct {
	Items  []News `json:"items"`
	Next   string `json:"next" doc:"\"\" at the end. A page may be short and have a next."`
	Unread int    `json:"unread" doc:"Up to 100: more is 100."`
}

// Query picks notifications.
type Query struct {
	Unread bool
	Kind   string
	Cursor string
	Limit  int
}

// List is a person's notifications in the workspace.
func (s *Service) List(ctx context.Context, u desk.User, q Query) (Feed, error) {
	out := Feed{Items: []News{}}
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 50
	}
	below := int64(desk.MaxID)
	if q.Cursor != "" {
		n, err := strconv.ParseInt(q.Cursor, 36, 64)
		if err != nil || n <= 0 {
			return out, desk.Errorf(desk.Invalid, "notify.cursor", "This is not a cursor of notifications.").In("cursor")
		}
		below = n
	}
	rows, err := db.All(ctx, s.DB, scanRow, "SELECT "+itemColumns+itemFrom+` WHERE n.user_id = $1 AND n.in_app = 1 AND n.id < $2 AND (n.read_at = 0 OR $3 = 0) AND (n.kind = $4 OR $4 = '')
		ORDER BY n.id DESC LIMIT $5`, u.ID, below, boolInt(q.Unread), q.Kind, q.Limit+1)
	if err != nil {
		return out, fmt.Errorf("notify: list: %w", err)
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		out.Next = strconv.FormatInt(rows[q.Limit-1].number(), 36)
	}
	if out.Items, err = s.shown(ctx, u, rows); err != nil {
		return out, err
	}
	out.Unread, err = s.Unread(ctx, u)
	return out, err
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// maxUnread is how far is counted.
const maxUnread = 100

// Unread counts what a person has not read and may see, up to 100.
func (s *Service) Unread(ctx context.Context, u desk.User) (int, error) {
	rows, err := db.All(ctx, s.DB, func(r db.Scanner) (x row, err error) {
		err = r.Scan(&x.Kind, &x.TicketID, &x.ThreadID, &x.inbox, &x.hidden)
		return x, err
	}, `SELECT n.kind, n.ticket_id, n.thread_id, COALESCE(t.inbox_id, h.inbox_id, 0), COALESCE(t.hidden, h.hidden, '') FROM notifications n
		LEFT JOIN tickets t ON t.id = n.ticket_id AND n.ticket_id <> 0 LEFT JOIN threads h ON h.id = n.thread_id AND n.thread_id <> 0
		WHERE n.user_id = $1 AND n.read_at = 0 AND n.in_app = 1 LIMIT $2`, u.ID, maxUnread)
	if err != nil {
		return 0, fmt.Errorf("notify: unread: %w", err)
	}
	items, err := s.shown(ctx, u, rows)
	return len(items), err
}

// Read says what was read: some, a ticket's, or all.
type Read struct {
	IDs      []string
	TicketID desk.TicketID
	ThreadID desk.ThreadID
	All      bool
}

// MarkRead marks a person's notifications read. Tells their other windows, when anything changed.
func (s *Service) MarkRead(ctx context.Context, user desk.UserID, r Read) error {
	where := "user_id = $2 AND read_at = 0"
	switch {
	case r.All:
	case r.TicketID != 0:
		where += " AND ticket_id = " + r.TicketID.String()
	case r.ThreadID != 0:
		where += " AND thread_id = " + r.ThreadID.String()
	default:
		var ids []int64
		for _, id := range r.IDs {
			n, err := strconv.ParseInt(id, 10, 64)
			if err != nil {
				return desk.Errorf(desk.Invalid, "notify.id_malformed", "%q is no notification.", id).In("ids")
			}
			ids = append(ids, n)
		}
		if len(ids) == 0 {
			return nil
		}
		where += " AND id IN (" + list(ids) + ")"
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE notifications SET read_at = $1 WHERE "+where, s.Clock.Ms(), user)
		if err != nil || n == 0 {
			return err
		}
		_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvNotificationRead, Actor: desk.ByUser(user), UserID: user})
		return err
	})
}

// Seen says that a person looks at a ticket, or at a conversation that has none: what it told them is read. It costs a look when there is nothing.
func (s *Service) Seen(ctx context.Context, user desk.UserID, ticket desk.TicketID, thread desk.ThreadID) error {
	column, id := "ticket_id", int64(ticket)
	if ticket == 0 {
		column, id = "ticket_id = 0 AND thread_id", int64(thread)
	}
	var one int
	err := s.DB.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM notifications WHERE user_id = $1 AND read_at = 0 AND "+column+" = $2 LIMIT 1) x", user, id).Scan(&one)
	if err != nil || one == 0 || id == 0 {
		return err
	}
	return s.MarkRead(ctx, user, Read{TicketID: ticket, ThreadID: thread})
}

// SendTest tells a person something by every target they have, at once, so that they can see whether it comes.
func (s *Service) SendTest(ctx context.Context, u desk.User) error {
	set, err := s.Of(ctx, s.DB, u.ID)
	if err != nil {
		return err
	}
	_, company, err := s.Company(ctx, s.DB)
	if err != nil {
		return err
	}
	if set.Email.Mode != Off {
		set.Email.Mode = AtOnce
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		fresh := newCrier()
		ev := desk.Event{Seq: -tx.NewID(), Actor: desk.System}
		n := Notice{User: u.ID, Kind: Test, Targets: set.targets(Test)}
		if err := s.insert(ctx, tx, telling{ev, n, Person{User: u, Settings: set}, company}, fresh); err != nil {
			return err
		}
		return fresh.cry(ctx, tx, s.Events)
	})
	if err != nil {
		return err
	}
	due, err := s.dueNow(ctx)
	if i := slices.IndexFunc(due, func(w waiting) bool { return w.user == u.ID && w.target == Email }); err == nil && i >= 0 {
		err = s.deliver(ctx, due[i])
	}
	return err
}
