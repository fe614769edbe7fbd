package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

const contactColumns = "c.id, c.name, c.first_name, c.last_name, c.email, c.phone, c.owner_id, c.language, c.properties, c.merged_into, c.created_at, c.updated_at"

func scanContact(s db.Scanner) (c desk.Contact, err error) {
	c.Addresses = []desk.Address{}
	err = s.Scan(&c.ID, &c.Name, &c.FirstName, &c.LastName, &c.Email, &c.Phone, &c.OwnerID, &c.Language, db.ScanJSON(&c.Properties), &c.MergedInto,
		&c.CreatedAt, &c.UpdatedAt)
	if c.Properties == nil {
		c.Properties = map[string]any{}
	}
	return c, err
}

// Contact is one contact with its addresses.
func (v *Service) Contact(ctx context.Context, id desk.ContactID) (desk.Contact, error) {
	c, err := db.One(ctx, v.db, scanContact, "SELECT "+contactColumns+" FROM contacts c WHERE c.id = $1 AND c.deleted_at = 0", id)
	if errors.Is(err, sql.ErrNoRows) {
		return c, desk.Errorf(desk.NotFound, "contact.not_found", "There is no such contact.")
	}
	if err != nil {
		return c, fmt.Errorf("view: contact: %w", err)
	}
	cs := []desk.Contact{c}
	err = v.addresses(ctx, cs)
	return cs[0], err
}

func (v *Service) addresses(ctx context.Context, cs []desk.Contact) error {
	if len(cs) == 0 {
		return nil
	}
	ids := make([]desk.ContactID, len(cs))
	at := map[desk.ContactID]*desk.Contact{}
	for i := range cs {
		ids[i], at[cs[i].ID] = cs[i].ID, &cs[i]
	}
	var q query
	list(q.add("SELECT id, contact_id, kind, value, name, verified, source, first_seen, last_seen FROM contact_addresses WHERE contact_id IN "), ids).add(" ORDER BY contact_id, id")
	found, err := all(ctx, v.db, &q, func(s db.Scanner) (a desk.Address, err error) {
		err = s.Scan(&a.ID, &a.ContactID, &a.Kind, &a.Value, &a.Name, &a.Verified, &a.Source, &a.FirstSeen, &a.LastSeen)
		return a, err
	})
	if err != nil {
		return fmt.Errorf("view: addresses: %w", err)
	}
	for _, a := range found {
		at[a.ContactID].Addresses = append(at[a.ContactID].Addresses, a)
	}
	return nil
}

// What a person's timeline may show.
const (
	ShowMessages = "messages"
	ShowComments = "comments"
	ShowEvents   = "events"
)

// PersonTimeline is one page of everything between the team and one person, over all tickets and conversations in sight.
type PersonTimeline struct {
	Items   []TimelineItem `json:"items"`
	Tickets []OtherTicket  `json:"tickets" doc:"The tickets that the page's items belong to."`
	Next    string         `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// Person merges the messages, comments and events of a contact by time, newest first. family is the contact and everybody merged into it: events keep whom they
// were recorded for. show narrows it to one of the kinds; "" is all. Spam and what was deleted stand in no timeline but their own.
func (v *Service) Person(ctx context.Context, s Sight, family []desk.ContactID, show string, p Page) (PersonTimeline, error) {
	out := PersonTimeline{Items: []TimelineItem{}, Tickets: []OtherTicket{}}
	key, more, err := decode(p.Cursor, 1)
	if err != nil || len(family) == 0 {
		return out, err
	}
	n := p.size(50)
	read := func(q *query, alias string) {
		q.ofSight(alias, s)
		q.add(" AND NOT EXISTS (SELECT 1 FROM tickets k WHERE k.id = " + alias + ".ticket_id AND k.hidden IN ('spam', 'trash'))")
		if more {
			q.add(" AND " + alias + ".id < ").arg(key[0])
		}
		q.add(" ORDER BY " + alias + ".id DESC LIMIT ").arg(n + 1)
	}
	var ms []Message
	var cut bool
	if show != ShowEvents {
		var q query
		q.add("SELECT " + messageColumns + " FROM messages m WHERE m.contact_id <> 0 AND m.contact_id = ").arg(family[0])
		switch show {
		case ShowMessages:
			q.add(" AND m.kind <> 'comment'")
		case ShowComments:
			q.add(" AND m.kind = 'comment'")
		}
		read(&q, "m")
		if ms, cut, err = v.boundedMessages(ctx, &q); err != nil {
			return out, fmt.Errorf("view: person: %w", err)
		}
	}
	var es []TimelineEvent
	if show == "" || show == ShowEvents {
		if es, err = v.personEvents(ctx, s, family, key, more, n); err != nil {
			return out, err
		}
	}
	page := merge(ms, es, false, cut, n)
	out.Items, out.Next = page.Items, page.Next
	if err := v.dressPage(ctx, out.Items); err != nil {
		return out, err
	}
	out.Tickets, err = v.ticketsOf(ctx, s, out.Items)
	return out, err
}

// personEvents are what happened to the contact itself, and to their tickets in sight.
func (v *Service) personEvents(ctx context.Context, s Sight, family []desk.ContactID, key []int64, more bool, n int) ([]TimelineEvent, error) {
	var q query
	q.add("SELECT " + eventColumns + " FROM events e WHERE e.contact_id <> 0 AND e.contact_id IN ")
	list(&q, family).add(" AND e.type NOT LIKE 'message.%' AND e.type NOT LIKE 'thread.%' AND e.type <> ").arg(desk.EvCommentAdded)
	if !s.All || !s.Tickets.Whole() {
		q.add(" AND (e.inbox_id = 0 OR (1 = 1").inSight("e.inbox_id", s).add("))")
		q.add(" AND (e.ticket_id = 0 OR EXISTS (SELECT 1 FROM tickets k WHERE k.id = e.ticket_id").ticketSight("k", s).add("))") // a ticket moves, what was said of it does not
	}
	if more {
		q.add(" AND e.id < ").arg(key[0])
	}
	es, err := all(ctx, v.db, q.add(" ORDER BY e.id DESC LIMIT ").arg(n+1), scanEvent)
	if err != nil {
		return nil, fmt.Errorf("view: person: %w", err)
	}
	return es, nil
}

func (v *Service) ticketsOf(ctx context.Context, s Sight, items []TimelineItem) ([]OtherTicket, error) {
	seen := map[desk.TicketID]bool{}
	for _, it := range items {
		if it.Message != nil {
			seen[it.Message.TicketID] = true
		} else {
			seen[it.Event.TicketID] = true
		}
	}
	delete(seen, 0)
	out := []OtherTicket{}
	if len(seen) == 0 {
		return out, nil
	}
	ids := make([]desk.TicketID, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	var q query
	list(q.add("SELECT t.id, t.number, t.subject, t.open FROM tickets t WHERE t.id IN "), ids).ticketSight("t", s).add(" ORDER BY t.id DESC")
	out, err := all(ctx, v.db, &q, func(r db.Scanner) (t OtherTicket, err error) {
		err = r.Scan(&t.ID, &t.Number, &t.Subject, &t.Open)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("view: person: %w", err)
	}
	return out, nil
}

// PersonFile is a file of a person's conversations.
type PersonFile struct {
	desk.Attachment
	TicketID  desk.TicketID  `json:"ticket_id"`
	ThreadID  desk.ThreadID  `json:"thread_id"`
	Direction desk.Direction `json:"direction" enum:",incoming,outgoing"`
	CreatedAt desk.Time      `json:"created_at"`
}

// FilePage is one page of files.
type FilePage struct {
	Items []PersonFile `json:"items"`
	Next  string       `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// PersonFiles lists the files that came and went in a person's conversations, the newest first; pictures inside a text are left out.
func (v *Service) PersonFiles(ctx context.Context, s Sight, contact desk.ContactID, p Page) (FilePage, error) {
	key, more, err := decode(p.Cursor, 2)
	if err != nil {
		return FilePage{}, err
	}
	n := p.size(50)
	var q query
	q.add(`SELECT a.id, a.message_id, a.name, a.type, a.size, a.sha256, m.ticket_id, m.thread_id, m.direction, m.created_at
		FROM messages m JOIN attachments a ON a.message_id = m.id WHERE m.contact_id <> 0 AND m.contact_id = `).arg(contact).add(" AND a.inline = 0").ofSight("m", s)
	q.add(" AND NOT EXISTS (SELECT 1 FROM tickets k WHERE k.id = m.ticket_id AND k.hidden IN ('spam', 'trash'))")
	if more {
		q.add(" AND (m.id, a.id) < (").arg(key[0]).add(", ").arg(key[1]).add(")")
	}
	q.add(" ORDER BY m.id DESC, a.id DESC LIMIT ").arg(n + 1)
	fs, err := all(ctx, v.db, &q, func(r db.Scanner) (f PersonFile, err error) {
		err = r.Scan(&f.ID, &f.MessageID, &f.Name, &f.Type, &f.Size, &f.SHA256, &f.TicketID, &f.ThreadID, &f.Direction, &f.CreatedAt)
		return f, err
	})
	if err != nil {
		return FilePage{}, fmt.Errorf("view: files of a person: %w", err)
	}
	out := FilePage{Items: fs}
	if len(fs) > n {
		last := fs[n-1]
		out.Items, out.Next = fs[:n], encode(int64(last.MessageID), int64(last.ID))
	}
	return out, nil
}
