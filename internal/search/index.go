package search

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

const (
	batchSize  = 500 // a row alone costs over four times as much as one of so many
	stateEvent = "events"
	stateBuild = "build" // the last id of what was stored before the index was; -1 when it is all in
)

// Run keeps the index until ctx ends, on one node at a time. Changes gather for a while: one transaction for many.
func (s *Service) Run(ctx context.Context) {
	s.ev.Follow(ctx, event.Follower{Name: "search", Step: s.Step, Idle: 10 * time.Second, Gather: s.every})
}

// Step indexes one batch and reports whether there is more. Run calls it; tests and commands may, when nobody runs.
func (s *Service) Step(ctx context.Context) (more bool, err error) {
	position, build, err := s.state(ctx)
	if err != nil {
		return false, err
	}
	if build >= 0 {
		return true, s.build(ctx, build)
	}
	evs, err := s.ev.After(ctx, position, batchSize)
	if err != nil || len(evs) == 0 {
		return false, err
	}
	w := newWork()
	for _, ev := range evs {
		w.event(ev)
	}
	if err := s.widen(ctx, w); err != nil {
		return false, err
	}
	docs, err := s.read(ctx, w)
	if err != nil {
		return false, err
	}
	last := evs[len(evs)-1].Seq
	return len(evs) == batchSize, s.write(ctx, docs, stateEvent, position, last)
}

// Behind is how many events are not indexed yet, and whether the index is being made.
func (s *Service) Behind(ctx context.Context) (events int64, building bool, err error) {
	var position, build, last int64
	err = s.db.QueryRow(ctx, `SELECT COALESCE((SELECT position FROM search_state WHERE name = '`+stateEvent+`'), 0),
		COALESCE((SELECT position FROM search_state WHERE name = '`+stateBuild+`'), 0), COALESCE((SELECT MAX(seq) FROM events), 0)`).Scan(&position, &build, &last)
	if err != nil {
		return 0, false, fmt.Errorf("search: behind: %w", err)
	}
	return max(0, last-position), build >= 0 && last > 0, nil
}

// Rebuild makes the index forget where it is, so that everything is read again; what is found meanwhile stays found.
func (s *Service) Rebuild(ctx context.Context) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM search_state")
		return err
	})
}

// state reads where the index is. At first it takes the last event as its position and begins with what is stored.
func (s *Service) state(ctx context.Context) (position, build int64, err error) {
	scan := func() error {
		return s.db.QueryRow(ctx, "SELECT e.position, b.position FROM search_state e, search_state b WHERE e.name = $1 AND b.name = $2", stateEvent, stateBuild).Scan(&position, &build)
	}
	if err = scan(); errors.Is(err, sql.ErrNoRows) {
		err = s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO search_state (name, position) SELECT CAST($1 AS TEXT), COALESCE(MAX(seq), 0) FROM events WHERE 1 = 1 ON CONFLICT (name) DO NOTHING`, stateEvent)
			if err == nil {
				_, err = tx.Exec(ctx, "INSERT INTO search_state (name, position) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING", stateBuild)
			}
			return err
		})
		if err == nil {
			err = scan()
		}
	}
	if err != nil {
		return 0, 0, fmt.Errorf("search: state: %w", err)
	}
	return position, build, nil
}

// build indexes the next batch of what was stored before: ids of messages, tickets and contacts, in one order.
func (s *Service) build(ctx context.Context, after int64) error {
	ids, err := db.All(ctx, s.db, db.Column[int64], `SELECT id FROM (SELECT * FROM (SELECT id FROM messages WHERE id > $1 ORDER BY id LIMIT $2) m
		UNION ALL SELECT * FROM (SELECT id FROM tickets WHERE id > $1 ORDER BY id LIMIT $2) t
		UNION ALL SELECT * FROM (SELECT id FROM contacts WHERE id > $1 ORDER BY id LIMIT $2) c) every ORDER BY id LIMIT $2`, after, batchSize)
	if err != nil {
		return fmt.Errorf("search: build: %w", err)
	}
	if len(ids) == 0 {
		return s.write(ctx, nil, stateBuild, after, -1)
	}
	w := newWork()
	for _, id := range ids { // an id is one noun's alone, so the others find nothing; a missing one is no document to take out
		w.messages[desk.MessageID(id)], w.tickets[desk.TicketID(id)], w.contacts[desk.ContactID(id)] = true, true, true
	}
	docs, err := s.read(ctx, w)
	if err != nil {
		return err
	}
	return s.write(ctx, docs, stateBuild, after, ids[len(ids)-1])
}

// work is what must be read anew.
type work struct {
	messages map[desk.MessageID]bool
	tickets  map[desk.TicketID]bool
	contacts map[desk.ContactID]bool
	threads  map[desk.ThreadID]bool  // with all their messages
	whole    map[desk.TicketID]bool  // with all their messages
	people   map[desk.ContactID]bool // with all their messages
}

func newWork() *work {
	return &work{map[desk.MessageID]bool{}, map[desk.TicketID]bool{}, map[desk.ContactID]bool{}, map[desk.ThreadID]bool{}, map[desk.TicketID]bool{}, map[desk.ContactID]bool{}}
}

// small are the events that change nothing the index holds: most of them.
var small = map[string]bool{
	desk.EvMessageSent: true, desk.EvMessageDelivered: true, desk.EvMessageRead: true, desk.EvMessageFailed: true, desk.EvMessageUncertain: true, desk.EvMessageRetried: true,
	desk.EvTicketAssigned: true, desk.EvTicketStatus: true, desk.EvThreadAssigned: true, desk.EvThreadState: true, desk.EvThreadClaimed: true, desk.EvThreadOpened: true,
}

// light are the events of a ticket that leave its messages where they are.
var light = map[string]bool{
	desk.EvTicketCreated: true, desk.EvTicketSnoozed: true, desk.EvTicketWoken: true, desk.EvTicketFollowed: true, desk.EvTicketUnfollowed: true, desk.EvTicketLinked: true, desk.EvTicketUnlinked: true,
	desk.EvTicketRated: true,
}

// event notes what an event may have changed of the index. Rows are read as they are now, so noting too much is only slower.
func (w *work) event(ev desk.Event) {
	if small[ev.Type] {
		return
	}
	noun, what, _ := strings.Cut(ev.Type, ".")
	data := idsOf(ev.Data)
	if ev.Message != 0 {
		w.messages[ev.Message] = true
	}
	for _, id := range data["messages"] {
		w.messages[desk.MessageID(id)] = true
	}
	switch noun {
	case "thread":
		if ev.ThreadID != 0 {
			w.threads[ev.ThreadID] = true
		}
		w.mark(data, "from_ticket", "to_ticket")
		if (ev.Type == desk.EvThreadEmptied || ev.Type == desk.EvMessageRedacted) && ev.TicketID != 0 {
			w.tickets[ev.TicketID] = true
		}
	case "ticket":
		w.tickets[ev.TicketID] = true
		if light[ev.Type] || ev.Type == desk.EvTicketUpdated && !strings.Contains(string(ev.Data), `"inbox`) {
			return
		}
		w.whole[ev.TicketID] = true
		w.mark(data, "into", "to", "from", "from_ticket", "to_ticket", "tickets")
		for _, id := range data["threads"] {
			w.threads[desk.ThreadID(id)] = true
		}
	case "contact", "sender":
		w.person(ev.Contact, what)
		for _, key := range []string{"into", "from", "to", "contacts", "from_contact", "to_contact"} {
			for _, id := range data[key] {
				w.person(desk.ContactID(id), what)
			}
		}
		w.mark(data, "tickets")
		for _, id := range data["threads"] {
			w.threads[desk.ThreadID(id)] = true
		}
	}
}

// person: a contact, with what was said by them when more than their own data changed.
func (w *work) person(id desk.ContactID, what string) {
	if id == 0 {
		return
	}
	w.contacts[id] = true
	if what != "created" && what != "updated" {
		w.people[id] = true
	}
}

func (w *work) mark(data map[string][]int64, keys ...string) {
	for _, k := range keys {
		for _, id := range data[k] {
			w.tickets[desk.TicketID(id)] = true
			w.whole[desk.TicketID(id)] = true
		}
	}
}

// idsOf are the members of an event's data that are ids or lists of ids.
func idsOf(data []byte) map[string][]int64 {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return nil
	}
	out := map[string][]int64{}
	for name, raw := range members {
		var one any
		if json.Unmarshal(raw, &one) != nil {
			continue
		}
		list, ok := one.([]any)
		if !ok {
			list = []any{one}
		}
		for _, x := range list {
			text := ""
			switch x := x.(type) {
			case string:
				text = x
			case float64:
				text = strconv.FormatFloat(x, 'f', -1, 64)
			}
			if id, err := strconv.ParseInt(text, 10, 64); err == nil && id > 0 {
				out[name] = append(out[name], id)
			}
		}
	}
	return out
}

// widen finds the messages of threads, tickets and people, those that are in the index under them among them.
func (s *Service) widen(ctx context.Context, w *work) error {
	for _, x := range []struct {
		query string
		ids   string
		n     int
	}{
		{"SELECT id FROM messages WHERE thread_id IN " + s.in(1), list(keys(w.threads)), len(w.threads)},
		{"SELECT id FROM search_docs WHERE thread_id <> 0 AND thread_id IN " + s.in(1), list(keys(w.threads)), len(w.threads)},
		{"SELECT id FROM messages WHERE ticket_id IN " + s.in(1), list(keys(w.whole)), len(w.whole)},
		{"SELECT id FROM search_docs WHERE kind IN ('message', 'comment') AND ticket_id IN " + s.in(1), list(keys(w.whole)), len(w.whole)},
		{"SELECT id FROM messages WHERE contact_id <> 0 AND contact_id IN " + s.in(1), list(keys(w.people)), len(w.people)},
		{"SELECT id FROM search_docs WHERE contact_id <> 0 AND contact_id IN " + s.in(1), list(keys(w.people)), len(w.people)},
	} {
		if x.n == 0 {
			continue
		}
		found, err := db.All(ctx, s.db, db.Column[int64], x.query, x.ids)
		if err != nil {
			return fmt.Errorf("search: widen: %w", err)
		}
		for _, id := range found { // of whatever kind: an id is one noun's alone
			w.messages[desk.MessageID(id)], w.tickets[desk.TicketID(id)], w.contacts[desk.ContactID(id)] = true, true, true
		}
	}
	return nil
}

func keys[K comparable](m map[K]bool) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
