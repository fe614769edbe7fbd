package identity

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// parted is what goes back to a contact that is one of its own again.
type parted struct {
	addresses []desk.AddressID
	values    map[string]bool
	threads   map[desk.ThreadID]bool
	tickets   map[desk.TicketID]bool
	messages  map[desk.MessageID]bool
}

// Undo parts two contacts that were merged. What the merge moved goes back, except what has been given to somebody else since; what came after it goes to
// the one whose address it came from or went to. It works in any order, also when the contact that remained was itself merged since.
func (s *Service) Undo(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.MergeID) (Merge, error) {
	m, holder, err := s.locked(ctx, tx, id)
	if err != nil {
		return m, err
	}
	back, err := s.moved(ctx, tx, m, holder.ID)
	if err != nil {
		return m, err
	}
	if err := s.since(ctx, tx, m, holder.ID, &back); err != nil {
		return m, err
	}
	if err := s.claim(ctx, tx, m, back); err != nil {
		return m, err
	}
	if err := s.Threads.GiveContact(ctx, tx, keys(back.threads), keys(back.messages), holder.ID, m.From); err != nil {
		return m, err
	}
	if err := s.Contacts.Part(ctx, tx, m.From, holder.ID, back.addresses); err != nil {
		return m, err
	}
	into, err := s.Contacts.LockPeople(ctx, tx, m.Into)
	if err != nil {
		return m, err
	}
	if c, ok := into[m.Into]; ok {
		if err := s.Contacts.Put(ctx, tx, restore(c, m.Changes)); err != nil {
			return m, err
		}
	}
	if err := s.settle(ctx, tx, m.From, m.Into, holder.ID); err != nil {
		return m, err
	}
	if err := s.Tickets.GiveContact(ctx, tx, keys(back.tickets), holder.ID, m.From); err != nil {
		return m, err
	}
	m.UndoneAt = s.Clock.Ms()
	if _, err := tx.Exec(ctx, "UPDATE contact_merges SET undone_at = $1 WHERE id = $2", m.UndoneAt, m.ID); err != nil {
		return m, wrap("undo", err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM contact_merge_moves WHERE merge_id = $1", m.ID); err != nil {
		return m, wrap("undo", err)
	}
	for _, c := range []desk.ContactID{m.From, holder.ID} {
		if _, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvContactUnmerged, Actor: actor, Contact: c, Data: event.Data(map[string]any{"from": m.From, "into": holder.ID, "merge_id": m.ID})}); err != nil {
			return m, err
		}
	}
	return m, nil
}

// locked reads a merge that can be undone and locks what it touches. The holder is the contact that everything is filed under today.
func (s *Service) locked(ctx context.Context, tx *db.Tx, id desk.MergeID) (Merge, desk.Contact, error) {
	ms, err := db.All(ctx, tx, scanMerge, "SELECT "+mergeColumns+" FROM contact_merges WHERE id = $1"+tx.ForUpdate(), id)
	if err != nil {
		return Merge{}, desk.Contact{}, wrap("undo", err)
	}
	if len(ms) == 0 {
		return Merge{}, desk.Contact{}, desk.Errorf(desk.NotFound, "contact.merge_not_found", "There is no such merge.")
	}
	m := ms[0]
	if m.UndoneAt != 0 {
		return m, desk.Contact{}, desk.Errorf(desk.Conflict, "contact.merge_undone", "This merge was undone already.")
	}
	holder, err := s.Contacts.Get(ctx, tx, m.From)
	if desk.CodeOf(err) == desk.NotFound {
		err = desk.Errorf(desk.Conflict, "contact.merge_gone", "The contact that they were merged into is deleted. Restore it first.")
	}
	if err != nil {
		return m, holder, err
	}
	if _, err := s.Threads.LockOf(ctx, tx, holder.ID); err != nil {
		return m, holder, err
	}
	held, err := s.Contacts.LockPeople(ctx, tx, m.From, m.Into, holder.ID)
	if err != nil {
		return m, holder, err
	}
	if held[m.From].MergedInto != m.Into || held[holder.ID].MergedInto != 0 {
		return m, holder, desk.Errorf(desk.Conflict, "contact.changed", "One of the two contacts was merged or deleted meanwhile. Look again.")
	}
	return m, held[holder.ID], nil
}

// moved is what the merge moved and the holder still has.
func (s *Service) moved(ctx context.Context, tx *db.Tx, m Merge, holder desk.ContactID) (parted, error) {
	p := parted{values: map[string]bool{}, threads: map[desk.ThreadID]bool{}, tickets: map[desk.TicketID]bool{}, messages: map[desk.MessageID]bool{}}
	of := func(table, object string) string {
		return " FROM " + table + " x JOIN contact_merge_moves v ON v.object_id = x.id AND v.object = '" + object + "' WHERE v.merge_id = $1 AND x.contact_id = $2 ORDER BY x.id"
	}
	type address struct {
		id    desk.AddressID
		value string
	}
	as, err := db.All(ctx, tx, func(r db.Scanner) (a address, err error) { err = r.Scan(&a.id, &a.value); return a, err }, "SELECT x.id, x.value"+of("contact_addresses", "address"), m.ID, holder)
	if err != nil {
		return p, wrap("undo", err)
	}
	for _, a := range as {
		p.addresses, p.values[a.value] = append(p.addresses, a.id), true
	}
	for _, x := range []struct {
		query string
		take  func(id int64)
	}{
		{of("threads", "thread"), func(id int64) { p.threads[desk.ThreadID(id)] = true }},
		{of("tickets", "ticket"), func(id int64) { p.tickets[desk.TicketID(id)] = true }},
		{of("messages", "message"), func(id int64) { p.messages[desk.MessageID(id)] = true }},
	} {
		ids, err := db.All(ctx, tx, db.Column[int64], "SELECT x.id"+x.query, m.ID, holder)
		if err != nil {
			return p, wrap("undo", err)
		}
		for _, id := range ids {
			x.take(id)
		}
	}
	return p, nil
}

// since adds what came after the merge and belongs to an address that goes back: messages by who wrote them, threads by who began them or whom they were begun
// with, answers with their thread, tickets with their first thread.
func (s *Service) since(ctx context.Context, tx *db.Tx, m Merge, holder desk.ContactID, p *parted) error {
	ms, err := db.All(ctx, tx, scanLetter, `SELECT m.id, m.thread_id, m.ticket_id, m.direction, m.from_address, m.recipients, m.forward, COALESCE(t.contact_id, 0)
		FROM messages m LEFT JOIN threads t ON t.id = m.thread_id WHERE m.contact_id = $1 AND m.id > $2 ORDER BY m.id`, holder, m.ID)
	if err != nil {
		return wrap("undo", err)
	}
	first := map[desk.ThreadID]bool{}
	for _, l := range ms {
		if !first[l.thread] && l.thread > desk.ThreadID(m.ID) && l.holder == holder && p.values[l.address()] {
			p.threads[l.thread] = true
		}
		first[l.thread] = true
		if l.direction == desk.Incoming && p.values[l.address()] || l.direction != desk.Incoming && p.threads[l.thread] {
			p.messages[l.id] = true
		}
	}
	type begun struct {
		ticket desk.TicketID
		thread desk.ThreadID
	}
	ts, err := db.All(ctx, tx, func(r db.Scanner) (b begun, err error) { err = r.Scan(&b.ticket, &b.thread); return b, err },
		"SELECT t.id, MIN(h.id) FROM tickets t JOIN threads h ON h.ticket_id = t.id WHERE t.contact_id = $1 AND t.id > $2 GROUP BY t.id", holder, m.ID)
	if err != nil {
		return wrap("undo", err)
	}
	for _, t := range ts {
		if p.threads[t.thread] {
			p.tickets[t.ticket] = true
		}
	}
	return nil
}

// letter is what tells whose a message is.
type letter struct {
	id        desk.MessageID
	thread    desk.ThreadID
	ticket    desk.TicketID
	direction desk.Direction
	from      string
	to        []desk.Party
	forward   *desk.Forward
	holder    desk.ContactID
}

func scanLetter(r db.Scanner) (l letter, err error) {
	err = r.Scan(&l.id, &l.thread, &l.ticket, &l.direction, &l.from, db.ScanJSON(&l.to), db.ScanJSON(&l.forward), &l.holder)
	return l, err
}

// address is the customer's: who wrote it, whom it was forwarded from when it was filed so, or to whom we wrote.
func (l letter) address() string {
	at, kind := l.from, desk.AddrEmail
	switch {
	case l.direction != desk.Incoming && len(l.to) > 0:
		at, kind = l.to[0].Address, l.to[0].Kind
	case l.direction != desk.Incoming:
		return ""
	case l.forward != nil && l.forward.Used == "original" && l.forward.Original.Address != "":
		at = l.forward.Original.Address
	}
	if kind == "" {
		kind = desk.AddrEmail
	}
	if v := contact.Normalize(kind, at); v != "" {
		return v
	}
	return at
}

// claim takes what goes back out of the records of later merges of the contact that it was merged into: parting those must not move it again.
func (s *Service) claim(ctx context.Context, tx *db.Tx, m Merge, p parted) error {
	var above []desk.MergeID
	for at := m.Into; len(above) < 16; {
		ups, err := db.All(ctx, tx, scanMerge, "SELECT "+mergeColumns+" FROM contact_merges WHERE from_id = $1 AND undone_at = 0 ORDER BY id DESC LIMIT 1", at)
		if err != nil {
			return wrap("undo", err)
		}
		if len(ups) == 0 {
			break
		}
		above, at = append(above, ups[0].ID), ups[0].Into
	}
	if len(above) == 0 {
		return nil
	}
	for object, ids := range map[string][]int64{"address": numbers(p.addresses), "thread": numbers(keys(p.threads)), "ticket": numbers(keys(p.tickets)), "message": numbers(keys(p.messages))} {
		for part := range slices.Chunk(ids, 500) {
			if _, err := tx.Exec(ctx, "DELETE FROM contact_merge_moves WHERE object = $1 AND merge_id IN "+db.IDs(above)+" AND object_id IN "+db.IDs(part), object); err != nil {
				return wrap("undo", err)
			}
		}
	}
	return nil
}

func keys[K ~int64](m map[K]bool) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func numbers[T ~int64](ids []T) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}
