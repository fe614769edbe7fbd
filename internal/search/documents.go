package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// row is a document as stored; one without a kind is taken out.
type row struct {
	id      int64
	kind    string
	ticket  desk.TicketID
	inbox   desk.InboxID
	thread  desk.ThreadID
	contact desk.ContactID
	at      desk.Time
	files   []file // whose text was taken out now
	document
}

// read makes the documents of what is to be read anew, from the rows as they are now.
func (s *Service) read(ctx context.Context, w *work) ([]*row, error) {
	rows := map[int64]*row{}
	for id := range w.messages {
		rows[int64(id)] = &row{id: int64(id)}
	}
	for id := range w.tickets {
		rows[int64(id)] = &row{id: int64(id)}
	}
	for id := range w.contacts {
		rows[int64(id)] = &row{id: int64(id)}
	}
	for _, read := range []func(context.Context, *work, map[int64]*row) error{s.readMessages, s.readAttachments, s.readTickets, s.readContacts} {
		if err := read(ctx, w, rows); err != nil {
			return nil, fmt.Errorf("search: read: %w", err)
		}
	}
	out := make([]*row, 0, len(rows))
	for _, r := range rows {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *row) int { return int(min(1, max(-1, a.id-b.id))) })
	return out, nil
}

// each runs a query over ids in parts.
func each[T ~int64](ctx context.Context, s *Service, ids []T, query string, scan func(db.Scanner) error) error {
	for part := range slices.Chunk(ids, batchSize) {
		_, err := db.All(ctx, s.db, func(r db.Scanner) (struct{}, error) { return struct{}{}, scan(r) }, query, list(part))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) readMessages(ctx context.Context, w *work, rows map[int64]*row) error {
	return each(ctx, s, keys(w.messages), `SELECT id, kind, channel, thread_id, ticket_id, inbox_id, created_at, from_name, from_address, recipients, subject, SUBSTR(text, 1, 300000), contact_id
		FROM messages WHERE id IN `+s.in(1), func(r db.Scanner) error {
		var m row
		var channel, name, address, subject, text string
		var to []desk.Party
		if err := r.Scan(&m.id, &m.kind, &channel, &m.thread, &m.ticket, &m.inbox, &m.at, &name, &address, db.ScanJSON(&to), &subject, &text, &m.contact); err != nil {
			return err
		}
		if m.kind != "comment" {
			m.kind = "message"
		}
		m.marks(channel)
		m.name(subject)
		m.name(name)
		m.text(address)
		m.field(fieldFrom, name+" "+address)
		m.field(fieldSubject, subject)
		for _, p := range to {
			m.field(fieldTo, p.Name+" "+p.Address)
			if p.Field == "cc" {
				m.field(fieldCc, p.Name+" "+p.Address)
			}
		}
		m.text(text)
		rows[m.id] = &m
		return nil
	})
}

// marks says what a document is, for the operators that leave little over: they are words of the index too.
func (r *row) marks(channel string) {
	r.mark("k" + r.kind)
	r.mark("i" + strconv.FormatInt(int64(r.inbox), 10))
	if c := plain(channel); c != "" {
		r.mark("c" + c)
	}
}

func (s *Service) readTickets(ctx context.Context, w *work, rows map[int64]*row) error {
	return each(ctx, s, keys(w.tickets), "SELECT id, number, channel, contact_id, inbox_id, created_at, subject, description FROM tickets WHERE id IN "+s.in(1), func(r db.Scanner) error {
		t := row{kind: "ticket"}
		var number int64
		var channel, subject, description string
		if err := r.Scan(&t.id, &number, &channel, &t.contact, &t.inbox, &t.at, &subject, &description); err != nil {
			return err
		}
		t.ticket = desk.TicketID(t.id)
		t.marks(channel)
		t.text(strconv.FormatInt(number, 10))
		t.name(subject)
		t.field(fieldSubject, subject)
		t.text(description)
		rows[t.id] = &t
		return nil
	})
}

func (s *Service) readContacts(ctx context.Context, w *work, rows map[int64]*row) error {
	ids := keys(w.contacts)
	err := each(ctx, s, ids, "SELECT id, created_at, name, email, phone FROM contacts WHERE merged_into = 0 AND deleted_at = 0 AND id IN "+s.in(1), func(r db.Scanner) error {
		c := row{kind: "contact"}
		var name, email, phone string
		if err := r.Scan(&c.id, &c.at, &name, &email, &phone); err != nil {
			return err
		}
		c.contact = desk.ContactID(c.id)
		c.marks("")
		c.name(name)
		c.text(email)
		c.text(phone)
		c.field(fieldFrom, name+" "+email)
		rows[c.id] = &c
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, s, ids, "SELECT contact_id, name, value FROM contact_addresses WHERE contact_id IN "+s.in(1), func(r db.Scanner) error {
		var id int64
		var name, value string
		if err := r.Scan(&id, &name, &value); err != nil {
			return err
		}
		if c := rows[id]; c != nil && c.kind != "" {
			c.name(name)
			c.text(value)
		}
		return nil
	})
}

var errMoved = errors.New("search: the index was moved on by another node")

// write stores a batch and the new position in one transaction. A document that the database refuses is left out, so that it cannot hold up those behind it.
func (s *Service) write(ctx context.Context, docs []*row, state string, from, to int64) error {
	fresh := s.known.fresh(docs)
	err := s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := advance(ctx, tx, state, from, to); err != nil {
			return err
		}
		err := tx.Savepoint(ctx, func(ctx context.Context) error { return s.put(ctx, tx, docs) })
		if err != nil && !db.IsMachine(err) {
			err = s.putOneByOne(ctx, tx, docs)
		}
		if err != nil {
			return err
		}
		return fresh.store(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("search: write: %w", err)
	}
	s.known.add(fresh)
	return nil
}

func advance(ctx context.Context, tx *db.Tx, state string, from, to int64) error {
	n, err := tx.Exec(ctx, "UPDATE search_state SET position = $1 WHERE name = $2 AND position = $3", to, state, from)
	if err == nil && n == 0 {
		err = errMoved
	}
	return err
}

func (s *Service) putOneByOne(ctx context.Context, tx *db.Tx, docs []*row) error {
	for _, d := range docs {
		err := tx.Savepoint(ctx, func(ctx context.Context) error { return s.put(ctx, tx, []*row{d}) })
		if db.IsMachine(err) {
			return err
		}
		if err != nil {
			s.log.Error("search: a row cannot be indexed and will not be found", "kind", d.kind, "id", d.id, "err", err)
		}
	}
	return nil
}

func (s *Service) put(ctx context.Context, tx *db.Tx, docs []*row) error {
	var stored []*row
	for _, d := range docs {
		var err error
		switch {
		case d.kind == "":
			err = s.remove(ctx, tx, d.id)
		case s.db.Dialect() == db.SQLite:
			err = putSQLite(ctx, tx, d)
		default:
			stored = append(stored, d)
		}
		if err != nil {
			return err
		}
	}
	for part := range slices.Chunk(stored, 100) {
		var values strings.Builder
		var args []any
		for i, d := range part {
			if i > 0 {
				values.WriteString(", ")
			}
			n := len(args)
			fmt.Fprintf(&values, "($%d::bigint, $%d::text, $%d::bigint, $%d::bigint, $%d::bigint, $%d::bigint, $%d::bigint, $%d::tsvector)", n+1, n+2, n+3, n+4, n+5, n+6, n+7, n+8)
			args = append(args, d.id, d.kind, d.ticket, d.inbox, d.thread, d.contact, d.at, d.vector())
		}
		_, err := tx.Exec(ctx, "INSERT INTO search_docs (id, kind, ticket_id, inbox_id, thread_id, contact_id, at, tsv) VALUES "+values.String()+` ON CONFLICT (id) DO UPDATE
			SET kind = excluded.kind, ticket_id = excluded.ticket_id, inbox_id = excluded.inbox_id, thread_id = excluded.thread_id, contact_id = excluded.contact_id, at = excluded.at, tsv = excluded.tsv`, args...)
		if err != nil {
			return err
		}
	}
	return s.keepFiles(ctx, tx, docs)
}

func (s *Service) remove(ctx context.Context, tx *db.Tx, id int64) error {
	if s.db.Dialect() == db.SQLite {
		if _, err := tx.Exec(ctx, "DELETE FROM search_text WHERE rowid = $1", id); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "DELETE FROM search_files WHERE message_id = $1", id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM search_docs WHERE id = $1", id)
	return err
}

func putSQLite(ctx context.Context, tx *db.Tx, d *row) error {
	n, err := tx.Exec(ctx, `INSERT INTO search_docs (id, kind, ticket_id, inbox_id, thread_id, contact_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		d.id, d.kind, d.ticket, d.inbox, d.thread, d.contact, d.at)
	if err != nil {
		return err
	}
	if n == 0 {
		if _, err = tx.Exec(ctx, "UPDATE search_docs SET kind = $1, ticket_id = $2, inbox_id = $3, thread_id = $4, contact_id = $5, at = $6 WHERE id = $7",
			d.kind, d.ticket, d.inbox, d.thread, d.contact, d.at, d.id); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, "DELETE FROM search_text WHERE rowid = $1", d.id); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "INSERT INTO search_text (rowid, body) VALUES ($1, $2)", d.id, d.spaced())
	return err
}
