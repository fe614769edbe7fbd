package search

import (
	"context"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// show reads what the hits are, in one query a kind, and cuts excerpts.
func (s *Service) show(ctx context.Context, q query, docs []doc) ([]Hit, error) {
	hits := make([]Hit, len(docs))
	at := map[int64]int{}
	of := map[string][]int64{}
	for i, d := range docs {
		at[d.id] = i
		hits[i] = Hit{Kind: Kind(d.kind), TicketID: d.ticket, At: d.at}
		if d.kind == "comment" {
			hits[i].Kind, hits[i].Comment = KindMessage, true
		}
		of[string(hits[i].Kind)] = append(of[string(hits[i].Kind)], d.id)
	}
	show := shower{s, hits, at, q.marks()}
	for _, x := range []struct {
		kind  Kind
		query string
		scan  func(db.Scanner) error
	}{
		{KindMessage, `SELECT m.id, m.thread_id, m.subject, SUBSTR(m.text, 1, 60000), m.from_name, m.from_address, COALESCE(t.number, 0), COALESCE(t.subject, '')
			FROM messages m LEFT JOIN tickets t ON t.id = m.ticket_id WHERE m.id IN `, show.message},
		{KindTicket, `SELECT id, number, subject, SUBSTR(description, 1, 60000), snippet FROM tickets WHERE id IN `, show.ticket},
		{KindContact, `SELECT id, name, email, phone FROM contacts WHERE id IN `, show.contact},
	} {
		ids := of[string(x.kind)]
		if len(ids) == 0 {
			continue
		}
		_, err := db.All(ctx, s.db, func(r db.Scanner) (struct{}, error) { return struct{}{}, x.scan(r) }, x.query+s.in(1), list(ids))
		if err != nil {
			return nil, fmt.Errorf("search: show: %w", err)
		}
	}
	return hits, nil
}

// shower fills hits from the rows they stand for.
type shower struct {
	*Service
	hits  []Hit
	at    map[int64]int // by id
	marks marks
}

func (s shower) message(r db.Scanner) error {
	var id, number int64
	var thread desk.ThreadID
	var subject, text, name, address, title string
	if err := r.Scan(&id, &thread, &subject, &text, &name, &address, &number, &title); err != nil {
		return err
	}
	h := &s.hits[s.at[id]]
	h.MessageID, h.ThreadID, h.Number, h.Title = desk.MessageID(id), thread, number, subject
	if h.Title == "" {
		h.Title = title
	}
	h.Excerpt = excerpt(s.marks, text, subject, name+" "+address)
	return nil
}

func (s shower) ticket(r db.Scanner) error {
	var id, number int64
	var subject, description, snippet string
	if err := r.Scan(&id, &number, &subject, &description, &snippet); err != nil {
		return err
	}
	h := &s.hits[s.at[id]]
	h.Number, h.Title, h.Excerpt = number, subject, excerpt(s.marks, subject, description, snippet)
	return nil
}

func (s shower) contact(r db.Scanner) error {
	var id int64
	var name, email, phone string
	if err := r.Scan(&id, &name, &email, &phone); err != nil {
		return err
	}
	h := &s.hits[s.at[id]]
	h.ContactID, h.Title, h.Excerpt = desk.ContactID(id), name, excerpt(s.marks, strings.TrimSpace(name+" "+email+" "+phone))
	if h.Title == "" {
		h.Title = email + phone
	}
	return nil
}

// marks are the words to highlight: exact ones, and beginnings.
type marks struct {
	exact map[string]bool
	begin []string
}

func (q query) marks() marks {
	m := marks{exact: map[string]bool{}}
	for _, t := range q.terms {
		for i, w := range t.words {
			w = strings.TrimLeft(w, string([]rune{fieldFrom, fieldTo, fieldSubject}))
			m.exact[w] = true
			if t.prefix && i == len(t.words)-1 {
				m.begin = append(m.begin, w)
			}
		}
	}
	return m
}

func (m marks) has(w string) bool {
	if m.exact[w] {
		return true
	}
	for _, p := range m.begin {
		if strings.HasPrefix(w, p) {
			return true
		}
	}
	return false
}

const excerptLen = 200 // bytes, about

// excerpt cuts the passage with the first word found out of the first text that has one, escapes it and marks the words; without any it is the
// beginning of the first text.
func excerpt(m marks, texts ...string) string {
	for _, text := range texts {
		text = strings.Join(strings.Fields(text), " ")
		ws := words(text, maxWords)
		for _, w := range ws {
			if m.has(w.text) {
				return cut(m, text, ws, w)
			}
		}
	}
	first := strings.Join(strings.Fields(texts[0]), " ")
	return cut(m, first, nil, word{})
}

func cut(m marks, text string, ws []word, hit word) string {
	from := max(0, hit.start-excerptLen/3)
	if from > 0 { // begin with a whole word
		if i := strings.IndexByte(text[from:hit.start], ' '); i >= 0 {
			from += i + 1
		}
	}
	to := min(len(text), from+excerptLen)
	if i := strings.LastIndexByte(text[from:to], ' '); to < len(text) && i > hit.end-from {
		to = from + i
	}
	to = max(to, hit.end)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	var b strings.Builder
	if from > 0 {
		b.WriteString("… ")
	}
	pos := from
	for _, w := range ws {
		if w.start < from || w.end > to || !m.has(w.text) {
			continue
		}
		b.WriteString(html.EscapeString(text[pos:w.start]) + "<mark>" + html.EscapeString(text[w.start:w.end]) + "</mark>")
		pos = w.end
	}
	b.WriteString(html.EscapeString(text[pos:to]))
	if to < len(text) {
		b.WriteString(" …")
	}
	return b.String()
}
