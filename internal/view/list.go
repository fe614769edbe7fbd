package view

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// TicketRow is a ticket as lists show it, with the names of what it points at.
type TicketRow struct {
	ID            desk.TicketID         `json:"id"`
	Number        int64                 `json:"number" doc:"Short, human, never reused." example:"1042"`
	Subject       string                `json:"subject"`
	InboxID       desk.InboxID          `json:"inbox_id"`
	Channel       string                `json:"channel"`
	AccountID     desk.ChannelAccountID `json:"channel_account_id"`
	ContactID     desk.ContactID        `json:"contact_id"`
	PipelineID    desk.PipelineID       `json:"pipeline_id"`
	StatusID      desk.StatusID         `json:"status_id"`
	Open          bool                  `json:"open"`
	Priority      desk.Priority         `json:"priority" enum:",low,medium,high,urgent"`
	Category      string                `json:"category"`
	OwnerID       desk.UserID           `json:"owner_id"`
	TeamID        desk.TeamID           `json:"team_id"`
	Properties    map[string]any        `json:"properties"`
	Hidden        desk.Hidden           `json:"hidden" enum:",spam,trash,merged" doc:"Why the ticket is out of the ordinary views; empty: it is not."`
	MergedInto    desk.TicketID         `json:"merged_into"`
	Snippet       string                `json:"snippet"`
	LastDirection desk.Direction        `json:"last_direction" enum:",incoming,outgoing" doc:"incoming: the customer waits."`
	MessageCount  int                   `json:"message_count"`
	CreatedAt     desk.Time             `json:"created_at"`
	UpdatedAt     desk.Time             `json:"updated_at"`
	LastActivity  desk.Time             `json:"last_activity_at"`
	LastInbound   desk.Time             `json:"last_inbound_at"`
	FirstReply    desk.Time             `json:"first_reply_at"`
	ClosedAt      desk.Time             `json:"closed_at"`
	Snoozed       bool                  `json:"snoozed" doc:"Rests until snoozed_until or the customer's next word."`
	SnoozedUntil  desk.Time             `json:"snoozed_until" doc:"null while snoozed: only until the customer writes."`
	SnoozedBy     desk.UserID           `json:"snoozed_by"`
	HiddenAt      desk.Time             `json:"hidden_at"`
	HiddenReason  string                `json:"hidden_reason" doc:"Why it was held back or hidden; empty when a person just did."`
	Version       int64                 `json:"version" doc:"Grows with every change; send it with PATCH to refuse a stale edit."`

	Contact *ContactRef `json:"contact"`
	Owner   *UserRef    `json:"owner"`
	Team    *TeamRef    `json:"team"`
	Status  StatusRef   `json:"status"`
	Inbox   InboxRef    `json:"inbox"`
}

// The names of what a row points at.
type (
	// ContactRef names a contact.
	ContactRef struct {
		ID    desk.ContactID `json:"id"`
		Name  string         `json:"name"`
		Email string         `json:"email"`
	}
	// UserRef names a user.
	UserRef struct {
		ID   desk.UserID `json:"id"`
		Name string      `json:"name"`
	}
	// TeamRef names a team.
	TeamRef struct {
		ID   desk.TeamID `json:"id"`
		Name string      `json:"name"`
	}
	// StatusRef names a status.
	StatusRef struct {
		ID    desk.StatusID `json:"id"`
		Slug  string        `json:"slug"`
		Name  string        `json:"name"`
		State string        `json:"state"`
	}
	// InboxRef names an inbox.
	InboxRef struct {
		ID   desk.InboxID   `json:"id"`
		Name string         `json:"name"`
		Kind desk.InboxKind `json:"kind"`
	}
)

// TicketPage is one page of tickets; Next is the cursor of the next, or "".
type TicketPage struct {
	Items []TicketRow `json:"items"`
	Next  string      `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// rowColumns are those of t in rowScan's order; longer ones (description, assignment) are the detail's.
const rowColumns = `t.id, t.number, t.subject, t.inbox_id, t.channel, t.account_id, t.contact_id, t.pipeline_id, t.status_id, t.open,
	t.priority, t.category, t.owner_id, t.team_id, t.properties, t.hidden, t.merged_into, t.snippet, t.last_direction, t.message_count,
	t.created_at, t.updated_at, t.last_activity_at, t.last_inbound_at, t.first_reply_at, t.closed_at,
	t.snoozed, t.snoozed_until, t.snoozed_by, t.hidden_at, t.hidden_reason, t.version`

const joinColumns = `, COALESCE(c.name, ''), COALESCE(c.email, ''), COALESCE(u.name, ''), COALESCE(g.name, ''),
	COALESCE(s.slug, ''), COALESCE(s.name, ''), COALESCE(s.state, ''), COALESCE(i.name, ''), COALESCE(i.kind, '')`

const joins = ` t LEFT JOIN contacts c ON c.id = t.contact_id LEFT JOIN users u ON u.id = t.owner_id LEFT JOIN teams g ON g.id = t.team_id
	LEFT JOIN pipeline_statuses s ON s.id = t.status_id LEFT JOIN inboxes i ON i.id = t.inbox_id`

func scanRow(s db.Scanner, more ...any) (TicketRow, error) {
	var t TicketRow
	var contact ContactRef
	var owner UserRef
	var team TeamRef
	err := s.Scan(append([]any{
		&t.ID, &t.Number, &t.Subject, &t.InboxID, &t.Channel, &t.AccountID, &t.ContactID, &t.PipelineID, &t.StatusID, &t.Open,
		&t.Priority, &t.Category, &t.OwnerID, &t.TeamID, db.ScanJSON(&t.Properties), &t.Hidden, &t.MergedInto, &t.Snippet, &t.LastDirection, &t.MessageCount,
		&t.CreatedAt, &t.UpdatedAt, &t.LastActivity, &t.LastInbound, &t.FirstReply, &t.ClosedAt,
		&t.Snoozed, &t.SnoozedUntil, &t.SnoozedBy, &t.HiddenAt, &t.HiddenReason, &t.Version,
		&contact.Name, &contact.Email, &owner.Name, &team.Name,
		&t.Status.Slug, &t.Status.Name, &t.Status.State, &t.Inbox.Name, &t.Inbox.Kind,
	}, more...)...)
	if err != nil {
		return t, err
	}
	if t.Properties == nil {
		t.Properties = map[string]any{}
	}
	t.Status.ID, t.Inbox.ID = t.StatusID, t.InboxID
	if t.ContactID != 0 {
		contact.ID = t.ContactID
		t.Contact = &contact
	}
	if t.OwnerID != 0 {
		owner.ID = t.OwnerID
		t.Owner = &owner
	}
	if t.TeamID != 0 {
		team.ID = t.TeamID
		t.Team = &team
	}
	return t, nil
}

// The built-in views. "inbox:ID" and "status:ID" are made of an id.
const (
	Mine       = "mine"
	Unassigned = "unassigned"
	Open       = "open"
	Closed     = "closed"
	Spam       = "spam"
	Trash      = "trash"
	Mentions   = "mentions"
)

// where is the condition of a view on tickets. The constants stand as literals, because that is what lets both databases use
// the partial index made for the view.
func where(q *query, s Sight, name string) error {
	switch name {
	case Mine:
		q.add("t.open = 1 AND t.hidden = '' AND t.snoozed = 0 AND t.owner_id = ").arg(s.User)
	case Unassigned:
		q.add("t.open = 1 AND t.hidden = '' AND t.snoozed = 0 AND t.owner_id = 0")
	case Open:
		q.add("t.open = 1 AND t.hidden = '' AND t.snoozed = 0")
	case Closed:
		q.add("t.open = 0 AND t.hidden = ''")
	case Spam, Trash:
		q.add("t.hidden <> '' AND t.hidden = ").arg(name)
	default:
		kind, value, _ := strings.Cut(name, ":")
		id, err := desk.ParseID[int64](value)
		switch {
		case err == nil && kind == "inbox":
			q.add("t.open = 1 AND t.hidden = '' AND t.snoozed = 0 AND t.inbox_id = ").arg(id)
		case err == nil && kind == "status":
			q.add("t.hidden = '' AND t.status_id = ").arg(id)
		default:
			return desk.Errorf(desk.Invalid, "view.unknown", "There is no view called %q.", name).In("view")
		}
	}
	q.inSight("t.inbox_id", s)
	return nil
}

// Tickets lists a view, newest activity first, or oldest first when sort is "last_activity".
func (v *Service) Tickets(ctx context.Context, s Sight, name, sorted string, p Page) (TicketPage, error) {
	if name == "" {
		name = Open
	}
	if name == Mentions {
		return v.mentions(ctx, s, p)
	}
	n := p.size(50)
	page, err := pageQuery(s, name, sorted, p.Cursor, n+1)
	if err != nil {
		return TicketPage{}, err
	}
	rows, err := v.rows(ctx, page)
	if err != nil {
		return TicketPage{}, fmt.Errorf("view: tickets: %w", err)
	}
	sort.Slice(rows, func(a, b int) bool {
		x, y := rows[a], rows[b]
		if sorted == "last_activity" {
			x, y = y, x
		}
		return x.LastActivity > y.LastActivity || x.LastActivity == y.LastActivity && x.ID > y.ID
	})
	out := TicketPage{Items: rows}
	if len(rows) > n {
		out.Items = rows[:n]
		last := rows[n-1]
		out.Next = encode(int64(last.LastActivity), int64(last.ID))
	}
	return out, nil
}

// pageQuery is the condition, order and bound of one page of a view.
func pageQuery(s Sight, name, sorted, cursor string, limit int) (*query, error) {
	less, order := "<", "DESC"
	switch sorted {
	case "", "-last_activity":
	case "last_activity":
		less, order = ">", "ASC"
	default:
		return nil, desk.Errorf(desk.Invalid, "view.sort", "Lists are sorted by -last_activity or last_activity, not by %q.", sorted).In("sort")
	}
	var page query
	if err := where(&page, s, name); err != nil {
		return nil, err
	}
	key, more, err := decode(cursor, 2)
	if err != nil {
		return nil, err
	}
	if more {
		page.add(" AND (t.last_activity_at, t.id) " + less + " (").arg(key[0]).add(", ").arg(key[1]).add(")")
	}
	page.add(" ORDER BY t.last_activity_at " + order + ", t.id " + order + " LIMIT ").arg(limit)
	return &page, nil
}

// rows reads a page by its index first and joins the names to the page only.
func (v *Service) rows(ctx context.Context, page *query) ([]TicketRow, error) {
	text := "SELECT " + rowColumns + joinColumns + " FROM (SELECT " + rowColumns + " FROM tickets t WHERE " + page.text.String() + ")" + joins
	return db.All(ctx, v.db, func(s db.Scanner) (TicketRow, error) { return scanRow(s) }, text, page.args...)
}

// mentions lists the tickets where the viewer was mentioned, the newest mention first (WS-10).
func (v *Service) mentions(ctx context.Context, s Sight, p Page) (TicketPage, error) {
	key, more, err := decode(p.Cursor, 1)
	if err != nil {
		return TicketPage{}, err
	}
	n := p.size(50)
	var q query
	q.add("SELECT m.ticket_id, MAX(m.message_id) FROM mentions m JOIN tickets t ON t.id = m.ticket_id WHERE m.user_id = ").arg(s.User)
	q.add(" AND t.hidden = ''").inSight("t.inbox_id", s).add(" GROUP BY m.ticket_id")
	if more {
		q.add(" HAVING MAX(m.message_id) < ").arg(key[0])
	}
	q.add(" ORDER BY 2 DESC LIMIT ").arg(n + 1)
	type mention struct {
		ticket desk.TicketID
		key    int64
	}
	found, err := all(ctx, v.db, &q, func(s db.Scanner) (m mention, err error) { err = s.Scan(&m.ticket, &m.key); return m, err })
	if err != nil {
		return TicketPage{}, fmt.Errorf("view: mentions: %w", err)
	}
	out := TicketPage{Items: []TicketRow{}}
	if len(found) == 0 {
		return out, nil
	}
	if len(found) > n {
		found = found[:n]
		out.Next = encode(found[n-1].key)
	}
	ids := make([]desk.TicketID, len(found))
	for i, m := range found {
		ids[i] = m.ticket
	}
	rows, err := v.TicketRows(ctx, s, ids)
	out.Items = rows
	return out, err
}

// TicketRows are the rows of some tickets, in the order given; what is not in sight is left out.
func (v *Service) TicketRows(ctx context.Context, s Sight, ids []desk.TicketID) ([]TicketRow, error) {
	if len(ids) == 0 {
		return []TicketRow{}, nil
	}
	var q query
	list(q.add("t.id IN "), ids).inSight("t.inbox_id", s)
	rows, err := v.rows(ctx, &q)
	if err != nil {
		return nil, fmt.Errorf("view: ticket rows: %w", err)
	}
	at := make(map[desk.TicketID]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	sort.Slice(rows, func(a, b int) bool { return at[rows[a].ID] < at[rows[b].ID] })
	return rows, nil
}

// ContactTickets lists a contact's tickets, newest first, open or not.
func (v *Service) ContactTickets(ctx context.Context, s Sight, contact desk.ContactID, p Page) (TicketPage, error) {
	key, more, err := decode(p.Cursor, 1)
	if err != nil {
		return TicketPage{}, err
	}
	n := p.size(50)
	var q query
	q.add("t.contact_id = ").arg(contact).add(" AND t.hidden = ''").inSight("t.inbox_id", s)
	if more {
		q.add(" AND t.id < ").arg(key[0])
	}
	q.add(" ORDER BY t.id DESC LIMIT ").arg(n + 1)
	rows, err := v.rows(ctx, &q)
	if err != nil {
		return TicketPage{}, fmt.Errorf("view: tickets of a contact: %w", err)
	}
	sort.Slice(rows, func(a, b int) bool { return rows[a].ID > rows[b].ID })
	out := TicketPage{Items: rows}
	if len(rows) > n {
		out.Items, out.Next = rows[:n], encode(int64(rows[n-1].ID))
	}
	return out, nil
}
