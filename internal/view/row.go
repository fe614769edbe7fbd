package view

import (
	"context"
	"fmt"
	"strconv"

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
	Tags          []string              `json:"tags" doc:"In the order of their names."`
	Language      string                `json:"language" doc:"In which the customer writes, as ISO 639-1; empty: unknown."`
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
	FirstReplyIn  *int64                `json:"time_to_first_reply" doc:"Seconds from its beginning to the first answer of a person; null: there is none yet."`
	ClosedIn      *int64                `json:"time_to_close" doc:"Of a closed one: seconds from its beginning; null: it is open."`
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

	RowMarks
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
	t.snoozed, t.snoozed_until, t.snoozed_by, t.hidden_at, t.hidden_reason, t.language, t.version`

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
		&t.Snoozed, &t.SnoozedUntil, &t.SnoozedBy, &t.HiddenAt, &t.HiddenReason, &t.Language, &t.Version,
		&contact.Name, &contact.Email, &owner.Name, &team.Name,
		&t.Status.Slug, &t.Status.Name, &t.Status.State, &t.Inbox.Name, &t.Inbox.Kind,
	}, more...)...)
	if err != nil {
		return t, err
	}
	if t.Properties == nil {
		t.Properties = map[string]any{}
	}
	t.Tags, t.FirstReplyIn = []string{}, seconds(t.CreatedAt, t.FirstReply)
	if !t.Open {
		t.ClosedIn = seconds(t.CreatedAt, t.ClosedAt)
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

// seconds is how long it took from one time to another; nil when it did not come to that.
func seconds(from, to desk.Time) *int64 {
	if to < from || to == 0 {
		return nil
	}
	n := int64(to-from) / 1000
	return &n
}

// RowMarks is what a list shows beside a ticket (WS-08); one ticket whole has it elsewhere, and then it is empty.
type RowMarks struct {
	Participants int          `json:"participants" doc:"In lists: how many people outside write or are written to."`
	HasDraft     bool         `json:"has_draft" doc:"In lists: one's own draft waits on it."`
	About        *Person      `json:"person" doc:"In lists that were asked with people: more of the contact."`
	Latest       *Latest      `json:"latest" doc:"In lists: the newest entry, comments too."`
	Participant  *Participant `json:"participant" doc:"Of a ticket without a contact: who takes part in it, because they may have no more tickets (TK-05)."`
}

// Person is what columns of a table show of a ticket's contact, beside name and address.
type Person struct {
	Phone      string         `json:"phone"`
	Language   string         `json:"language"`
	OwnerID    desk.UserID    `json:"owner_id"`
	CreatedAt  desk.Time      `json:"created_at"`
	Properties map[string]any `json:"properties"`
}

// Veil takes hidden values away (PM-11).
func (r *TicketRow) Veil(v desk.Veil) { r.Properties = v.Over("ticket", r.Properties) }

// Veil takes hidden values away.
func (p *Person) Veil(v desk.Veil) { p.Properties = v.Over("contact", p.Properties) }

// people fills in the contacts of a page's rows.
func (v *Service) people(ctx context.Context, rows []TicketRow) error {
	ids := []desk.ContactID{}
	for _, r := range rows {
		if r.ContactID != 0 {
			ids = append(ids, r.ContactID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found := map[desk.ContactID]*Person{}
	q := v.query()
	list(q.add("SELECT id, phone, language, owner_id, created_at, properties FROM contacts WHERE id IN "), ids)
	if _, err := all(ctx, v.db, q, func(r db.Scanner) (id desk.ContactID, err error) {
		var p Person
		err = r.Scan(&id, &p.Phone, &p.Language, &p.OwnerID, &p.CreatedAt, db.ScanJSON(&p.Properties))
		if p.Properties == nil {
			p.Properties = map[string]any{}
		}
		found[id] = &p
		return id, err
	}); err != nil {
		return fmt.Errorf("view: people: %w", err)
	}
	for i := range rows {
		rows[i].About = found[rows[i].ContactID]
	}
	return nil
}

// Latest is the newest entry of a ticket.
type Latest struct {
	Type      desk.MessageKind `json:"type" enum:"message,comment,system,welcome"`
	Direction desk.Direction   `json:"direction" enum:",incoming,outgoing"`
	Author    string           `json:"author" doc:"Of a comment: who wrote it."`
	Text      string           `json:"text" doc:"Its beginning."`
	Forward   bool             `json:"forward" doc:"It passes on another message."`
	At        desk.Time        `json:"at"`
}

const previewLetters = "200"

// decorate fills the marks of a page's rows, one query a kind.
func (v *Service) decorate(ctx context.Context, s Sight, rows []TicketRow) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]desk.TicketID, len(rows))
	at := make(map[desk.TicketID]*TicketRow, len(rows))
	for i := range rows {
		ids[i], at[rows[i].ID] = rows[i].ID, &rows[i]
	}
	for _, step := range []func(context.Context, Sight, []desk.TicketID, map[desk.TicketID]*TicketRow) error{v.tags, v.latest, v.participants, v.limited, v.drafts} {
		if err := step(ctx, s, ids, at); err != nil {
			return fmt.Errorf("view: marks: %w", err)
		}
	}
	return nil
}

func (v *Service) tags(ctx context.Context, _ Sight, ids []desk.TicketID, at map[desk.TicketID]*TicketRow) error {
	q := v.query()
	list(q.add("SELECT x.ticket_id, g.name FROM ticket_tags x JOIN tags g ON g.id = x.tag_id WHERE x.ticket_id IN "), ids).add(" ORDER BY g.name_key")
	_, err := all(ctx, v.db, q, func(r db.Scanner) (name string, err error) {
		var id desk.TicketID
		if err = r.Scan(&id, &name); err == nil && at[id] != nil {
			at[id].Tags = append(at[id].Tags, name)
		}
		return name, err
	})
	return err
}

func (v *Service) latest(ctx context.Context, _ Sight, ids []desk.TicketID, at map[desk.TicketID]*TicketRow) error {
	type entry struct {
		ticket desk.TicketID
		actor  desk.Actor
		Latest
	}
	q := v.query()
	list(q.add(`SELECT m.ticket_id, m.kind, m.direction, m.actor, substr(m.text, 1, `+previewLetters+`), m.forward_of, m.forward, m.created_at FROM messages m
		WHERE m.id IN (SELECT MAX(n.id) FROM messages n WHERE n.ticket_id IN `), ids).add(" GROUP BY n.ticket_id)")
	found, err := all(ctx, v.db, q, func(r db.Scanner) (e entry, err error) {
		var of desk.MessageID
		var forward desk.Forward
		err = r.Scan(&e.ticket, &e.Type, &e.Direction, db.ScanActor(&e.actor), &e.Text, &of, db.ScanJSON(&forward), &e.At)
		e.Forward = of != 0 || forward.Is
		return e, err
	})
	if err != nil {
		return err
	}
	var names nameSet
	for _, e := range found {
		if e.Type == desk.KindComment {
			names.actor(e.actor)
		}
	}
	if err := names.load(ctx, v.db); err != nil {
		return err
	}
	for _, e := range found {
		if row := at[e.ticket]; row != nil {
			if e.Type == desk.KindComment {
				e.Author = names.of(e.actor)
			}
			last := e.Latest
			row.Latest = &last
		}
	}
	return nil
}

// participants counts addresses that are none of ours.
func (v *Service) participants(ctx context.Context, _ Sight, ids []desk.TicketID, at map[desk.TicketID]*TicketRow) error {
	q := v.query()
	list(q.add(`SELECT th.ticket_id, COUNT(DISTINCT p.address) FROM threads th JOIN thread_parties p ON p.thread_id = th.id WHERE th.ticket_id IN `), ids)
	q.add(` AND NOT EXISTS (SELECT 1 FROM address_registry r WHERE r.kind = p.kind AND r.value = p.address) GROUP BY th.ticket_id`)
	_, err := all(ctx, v.db, q, func(r db.Scanner) (n int, err error) {
		var id desk.TicketID
		if err = r.Scan(&id, &n); err == nil && at[id] != nil {
			at[id].Participants = n
		}
		return n, err
	})
	return err
}

// limited says who takes part in tickets without a contact, where their contact may have no more of them.
func (v *Service) limited(ctx context.Context, _ Sight, ids []desk.TicketID, at map[desk.TicketID]*TicketRow) error {
	var without []desk.TicketID
	for _, id := range ids {
		if at[id].ContactID == 0 {
			without = append(without, id)
		}
	}
	if len(without) == 0 {
		return nil
	}
	q := v.query()
	list(q.add("SELECT p.ticket_id, c.id, c.name, c.email FROM ticket_participants p JOIN contacts c ON c.id = p.contact_id WHERE p.reason = 'limit' AND p.ticket_id IN "), without).add(" ORDER BY p.created_at DESC, c.id DESC")
	_, err := all(ctx, v.db, q, func(r db.Scanner) (p Participant, err error) {
		var id desk.TicketID
		if err = r.Scan(&id, &p.ID, &p.Name, &p.Email); err == nil && at[id] != nil {
			at[id].Participant = &p
		}
		return p, err
	})
	return err
}

func (v *Service) drafts(ctx context.Context, s Sight, ids []desk.TicketID, at map[desk.TicketID]*TicketRow) error {
	if s.User == 0 {
		return nil
	}
	q := v.query()
	list(q.add("SELECT d.ticket_id FROM drafts d WHERE d.user_id = ").arg(s.User).add(" AND d.ticket_id IN "), ids)
	mine, err := all(ctx, v.db, q, db.Column[desk.TicketID])
	for _, id := range mine {
		if row := at[id]; row != nil {
			row.HasDraft = true
		}
	}
	return err
}

// nameSet gathers who is to be named and loads them, one query a kind.
type nameSet struct {
	users    map[int64]string
	contacts map[int64]string
	visitors map[int64]string
	bots     map[int64]string
	tokens   map[int64]string
}

func want(m *map[int64]string, id int64) {
	if id == 0 {
		return
	}
	if *m == nil {
		*m = map[int64]string{}
	}
	(*m)[id] = ""
}

func (n *nameSet) user(id desk.UserID)       { want(&n.users, int64(id)) }
func (n *nameSet) contact(id desk.ContactID) { want(&n.contacts, int64(id)) }

func (n *nameSet) actor(a desk.Actor) {
	switch a.Kind {
	case desk.ActorUser:
		want(&n.users, a.ID)
	case desk.ActorContact:
		want(&n.contacts, a.ID)
	case desk.ActorVisitor:
		want(&n.visitors, a.ID)
	case desk.ActorBot:
		want(&n.bots, a.ID)
	case desk.ActorToken:
		want(&n.tokens, a.ID)
	}
}

func (n *nameSet) load(ctx context.Context, from db.Queryer) error {
	for _, k := range []struct {
		names map[int64]string
		text  string
	}{
		{n.users, "SELECT id, name FROM users WHERE id IN "},
		{n.contacts, "SELECT id, CASE WHEN name <> '' THEN name ELSE email END FROM contacts WHERE id IN "},
		{n.visitors, "SELECT id, CASE WHEN claimed_name <> '' THEN claimed_name ELSE claimed_email END FROM visitors WHERE id IN "},
		{n.bots, "SELECT id, name FROM chatflows WHERE id IN "},
		{n.tokens, "SELECT id, name FROM api_tokens WHERE id IN "},
	} {
		if len(k.names) == 0 {
			continue
		}
		ids := make([]int64, 0, len(k.names))
		for id := range k.names {
			ids = append(ids, id)
		}
		var q query
		list(q.add(k.text), ids)
		rows, err := from.Query(ctx, q.text.String(), q.args...)
		if err != nil {
			return fmt.Errorf("view: names: %w", err)
		}
		for rows.Next() {
			var id int64
			var name string
			if err := rows.Scan(&id, &name); err != nil {
				rows.Close()
				return fmt.Errorf("view: names: %w", err)
			}
			k.names[id] = name
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return fmt.Errorf("view: names: %w", err)
		}
	}
	return nil
}

func (n *nameSet) of(a desk.Actor) string {
	switch a.Kind {
	case desk.ActorUser:
		return n.users[a.ID]
	case desk.ActorContact:
		return n.contacts[a.ID]
	case desk.ActorVisitor:
		return n.visitors[a.ID]
	case desk.ActorBot:
		return n.bots[a.ID]
	case desk.ActorToken:
		return n.tokens[a.ID]
	}
	return ""
}

// author names who wrote a message: the user for what we sent, the sender's own words for what came in.
func (n *nameSet) author(m *Message) Author {
	a := Author{Kind: m.Actor.Kind, Name: n.of(m.Actor)}
	if m.Actor.ID != 0 {
		a.ID = strconv.FormatInt(m.Actor.ID, 10)
	}
	if m.Direction == desk.Incoming {
		if a.Kind == "" || a.Kind == desk.ActorSystem {
			a.Kind = desk.ActorContact
		}
		for _, name := range []string{m.From.Name, a.Name, n.contacts[int64(m.ContactID)], m.From.Address} {
			if name != "" && (name != m.From.Address || a.Kind != desk.ActorVisitor) {
				a.Name = name
				break
			}
		}
	}
	return a
}
