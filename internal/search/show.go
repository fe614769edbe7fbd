package search

import (
	"context"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Hit is one thing found. Marked texts are HTML-escaped, with the words found in <mark> and no other markup.
type Hit struct {
	Kind      string         `json:"kind" enum:"ticket,message,contact"`
	TicketID  desk.TicketID  `json:"ticket_id"`
	Number    int64          `json:"number" doc:"Of the ticket."`
	ThreadID  desk.ThreadID  `json:"thread_id" doc:"Of a message: its conversation, which stands alone when there is no ticket."`
	MessageID desk.MessageID `json:"message_id"`
	ContactID desk.ContactID `json:"contact_id" doc:"Of a contact that was found."`
	Comment   bool           `json:"comment" doc:"The message is an internal comment."`
	Title     string         `json:"title"`
	Marked    string         `json:"title_marked" doc:"The title, escaped, with the words found in <mark>."`
	Excerpt   string         `json:"excerpt" doc:"HTML-escaped text with the words found in <mark>."`
	File      string         `json:"file" doc:"The attached file that the excerpt is from; empty: the message itself."`
	Files     []string       `json:"files" doc:"Names of attached files that match, marked."`
	From      string         `json:"from" doc:"Who wrote it, or the contact's addresses, marked."`
	Direction desk.Direction `json:"direction"`
	Channel   string         `json:"channel"`
	InboxID   desk.InboxID   `json:"inbox_id"`
	Status    string         `json:"status" doc:"The name of the ticket's status."`
	Open      bool           `json:"open" doc:"Whether the ticket is open."`
	Hidden    desk.Hidden    `json:"hidden" doc:"spam or trash, when the ticket is out of the ordinary views."`
	Owner     string         `json:"owner" doc:"The ticket's owner by name; empty: nobody."`
	At        desk.Time      `json:"at"`
}

// show reads what the hits are, in one query a kind, and cuts excerpts.
func (s *Service) show(ctx context.Context, q query, docs []doc) ([]Hit, error) {
	show := shower{s, make([]Hit, len(docs)), map[int64]int{}, q.marks(0), q.marks(fieldSubject), q.marks(fieldFrom), q.marks(fieldFile)}
	of := map[string][]int64{}
	for i, d := range docs {
		show.at[d.id] = i
		h := Hit{Kind: d.kind, TicketID: d.ticket, InboxID: d.inbox, At: d.at, Files: []string{}}
		if d.kind == "comment" {
			h.Kind, h.Comment = "message", true
		}
		show.hits[i] = h
		of[h.Kind] = append(of[h.Kind], d.id)
	}
	const of1 = ` COALESCE(ps.name, ''), COALESCE(t.open, 0), COALESCE(t.hidden, ''), COALESCE(u.name, '')`
	for _, x := range []struct {
		kind, query string
		scan        func(db.Scanner) error
	}{
		{"message", `SELECT m.id, m.thread_id, m.direction, m.channel, m.subject, SUBSTR(m.text, 1, 60000), m.from_name, m.from_address, COALESCE(t.number, 0), COALESCE(t.subject, ''),` + of1 + `
			FROM messages m LEFT JOIN tickets t ON t.id = m.ticket_id LEFT JOIN pipeline_statuses ps ON ps.id = t.status_id LEFT JOIN users u ON u.id = t.owner_id WHERE m.id IN `, show.message},
		{"ticket", `SELECT t.id, t.number, t.channel, t.subject, SUBSTR(t.description, 1, 60000), t.snippet, COALESCE(c.name, ''), COALESCE(c.email, ''),` + of1 + `
			FROM tickets t LEFT JOIN contacts c ON c.id = t.contact_id LEFT JOIN pipeline_statuses ps ON ps.id = t.status_id LEFT JOIN users u ON u.id = t.owner_id WHERE t.id IN `, show.ticket},
		{"contact", `SELECT id, name, email, phone FROM contacts WHERE id IN `, show.contact},
	} {
		if len(of[x.kind]) == 0 {
			continue
		}
		_, err := db.All(ctx, s.db, func(r db.Scanner) (struct{}, error) { return struct{}{}, x.scan(r) }, x.query+s.in(1), list(of[x.kind]))
		if err != nil {
			return nil, fmt.Errorf("search: show: %w", err)
		}
	}
	return show.hits, show.files(ctx, of["message"])
}

// shower fills hits from the rows they stand for.
type shower struct {
	*Service
	hits                       []Hit
	at                         map[int64]int // by id
	text, subject, from, named marks
}

func (s shower) message(r db.Scanner) error {
	var id int64
	var text, name, address, title string
	var h Hit
	if err := r.Scan(&id, &h.ThreadID, &h.Direction, &h.Channel, &h.Title, &text, &name, &address, &h.Number, &title, &h.Status, &h.Open, &h.Hidden, &h.Owner); err != nil {
		return err
	}
	if h.Title == "" {
		h.Title = title
	}
	h.MessageID = desk.MessageID(id)
	h.Excerpt, _ = s.text.excerpt(text)
	h.From, _ = s.from.whole(party(name, address))
	s.put(id, h)
	return nil
}

// party is who somebody is; the address is left out when it is the name.
func party(name, address string) string {
	if name == "" || strings.EqualFold(name, address) {
		return address
	}
	if address == "" {
		return name
	}
	return name + " <" + address + ">"
}

func (s shower) ticket(r db.Scanner) error {
	var id int64
	var description, snippet, name, email string
	var h Hit
	if err := r.Scan(&id, &h.Number, &h.Channel, &h.Title, &description, &snippet, &name, &email, &h.Status, &h.Open, &h.Hidden, &h.Owner); err != nil {
		return err
	}
	hit := false
	if h.Excerpt, hit = s.text.excerpt(description); !hit {
		h.Excerpt, _ = s.text.excerpt(snippet)
	}
	h.From, _ = s.from.whole(party(name, email))
	s.put(id, h)
	return nil
}

func (s shower) contact(r db.Scanner) error {
	var id int64
	var email, phone string
	var h Hit
	if err := r.Scan(&id, &h.Title, &email, &phone); err != nil {
		return err
	}
	h.ContactID = desk.ContactID(id)
	h.From, _ = s.from.whole(strings.TrimSpace(email + " " + phone))
	if h.Title == "" {
		h.Title = email + phone
	}
	h.Excerpt = h.From
	s.put(id, h)
	s.hits[s.at[id]].Marked, _ = s.from.whole(h.Title)
	return nil
}

// put adds what a row says to what the index knows.
func (s shower) put(id int64, h Hit) {
	was := s.hits[s.at[id]]
	h.Kind, h.Comment, h.TicketID, h.InboxID, h.At, h.Files = was.Kind, was.Comment, was.TicketID, was.InboxID, was.At, was.Files
	h.Marked, _ = s.subject.whole(h.Title)
	s.hits[s.at[id]] = h
}

// files adds the attached files that match by name; and where the words are in none of what a message shows, the passage of the file that has them.
func (s shower) files(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	var silent []int64
	for _, id := range ids {
		h := s.hits[s.at[id]]
		if !strings.Contains(h.Excerpt, "<mark>") && !strings.Contains(h.Marked, "<mark>") {
			silent = append(silent, id)
		}
	}
	_, err := db.All(ctx, s.db, func(r db.Scanner) (struct{}, error) {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		if marked, hit := s.named.whole(name); err == nil && hit {
			h := &s.hits[s.at[id]]
			h.Files = append(h.Files, marked)
		}
		return struct{}{}, err
	}, "SELECT message_id, name FROM attachments WHERE message_id IN "+s.in(1)+" ORDER BY message_id, position", list(ids))
	if err != nil || len(silent) == 0 {
		return err
	}
	_, err = db.All(ctx, s.db, func(r db.Scanner) (struct{}, error) {
		var id int64
		var name, body string
		err := r.Scan(&id, &name, &body)
		h := &s.hits[s.at[id]]
		if marked, hit := s.text.excerpt(body); err == nil && hit && h.File == "" {
			h.Excerpt, h.File = marked, name
		}
		return struct{}{}, err
	}, "SELECT f.message_id, a.name, f.body FROM search_files f JOIN attachments a ON a.id = f.attachment_id WHERE f.message_id IN "+s.in(1)+" ORDER BY f.attachment_id", list(silent))
	return err
}
