package waiting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("waiting: %s: %w", what, err)
}

const batchSize = 200

// Run keeps the line moving until ctx ends, on one node at a time. It looks at the clock once a second, for holds that end.
func (s *Service) Run(ctx context.Context) {
	s.Events.Follow(ctx, event.Follower{Name: "waiting", Step: s.Step, Idle: time.Second})
}

// Step takes in one batch of events and gives away what can be given, and reports whether there is more to do at once. Run calls it; tests may, when nobody runs.
func (s *Service) Step(ctx context.Context) (more bool, err error) {
	behind, err := s.read(ctx)
	if err != nil {
		return false, err
	}
	left, err := s.drain(ctx)
	if err != nil {
		return false, err
	}
	handed, err := s.handOn(ctx)
	return behind || left || handed, err
}

// read takes in events: what they may have changed is marked in the transaction that moves the position.
func (s *Service) read(ctx context.Context) (more bool, err error) {
	mark := s.Events.Bookmark("waiting_state")
	batch, err := mark.Next(ctx, batchSize)
	if err != nil || len(batch.Events) == 0 {
		return false, wrap("read", err)
	}
	err = mark.Move(ctx, batch, func(ctx context.Context, tx *db.Tx) error { return s.take(ctx, tx, batch.Events) })
	return batch.More, wrap("read", err)
}

// news is what a batch of events may have changed.
type news struct {
	users    map[desk.UserID]bool // may be given more, or something else
	accounts map[desk.ChannelAccountID]bool
	tickets  map[desk.TicketID]bool // looked at again
	threads  map[desk.ThreadID]bool
	facts    map[desk.TicketID]bool // what rules ask about them has changed
	contacts map[desk.ContactID]bool
	gone     []desk.Event
	every    bool // a rule of the installation
}

// take marks what the events may have changed.
func (s *Service) take(ctx context.Context, tx *db.Tx, evs []desk.Event) error {
	for _, ev := range evs {
		if s.Letters == nil {
			break
		}
		if err := s.Letters(ctx, tx, ev); err != nil {
			return err
		}
	}
	n := news{users: map[desk.UserID]bool{}, accounts: map[desk.ChannelAccountID]bool{}, tickets: map[desk.TicketID]bool{}, threads: map[desk.ThreadID]bool{}, facts: map[desk.TicketID]bool{}, contacts: map[desk.ContactID]bool{}}
	for _, ev := range evs {
		n.add(ev)
	}
	if err := s.objects(ctx, tx, n); err != nil {
		return err
	}
	return s.mark(ctx, tx, n)
}

// add reads one event. CP-08: a place is free when its ticket is closed, given to somebody else, laid to rest, merged, hidden or moved away.
func (n *news) add(ev desk.Event) {
	switch ev.Type {
	case desk.EvUserAvailability, desk.EvUserUpdated, desk.EvUserCreated, desk.EvUserSkills:
		n.users[ev.UserID] = true
	case desk.EvTeamUpdated, desk.EvSettingsChanged, desk.EvRoleUpdated:
		n.every = true
	case desk.EvAccountUpdated, desk.EvAccountRemoved, desk.EvAccountConnected:
		var d struct {
			ID desk.ChannelAccountID `json:"channel_account_id"`
		}
		if _ = json.Unmarshal(ev.Data, &d); d.ID == 0 {
			n.every = true
		}
		n.accounts[d.ID] = true
	case desk.EvTicketAssigned, desk.EvThreadAssigned:
		var d struct {
			Previous desk.UserID `json:"previous_owner_id"`
		}
		_ = json.Unmarshal(ev.Data, &d)
		n.users[d.Previous] = true
		n.look(ev)
	case desk.EvTicketStatus, desk.EvTicketSnoozed, desk.EvTicketWoken, desk.EvTicketMerged, desk.EvTicketUnmerged, desk.EvTicketDeleted, desk.EvTicketRestored, desk.EvTicketMoved,
		desk.EvThreadState, desk.EvThreadMoved:
		n.look(ev)
	case desk.EvTicketUpdated:
		n.look(ev)
		n.facts[ev.TicketID] = true
	case desk.EvContactUpdated:
		n.contacts[ev.Contact] = true
	case desk.EvTicketPurged, desk.EvTicketErased, desk.EvThreadPurged:
		n.gone = append(n.gone, ev)
	}
}

func (n *news) look(ev desk.Event) {
	if ev.TicketID != 0 {
		n.tickets[ev.TicketID] = true
	}
	if ev.ThreadID != 0 {
		n.threads[ev.ThreadID] = true
	}
}

// objects looks at the tickets and conversations themselves: what no longer waits leaves, what waited before it rested comes back, and their owners may have a place free.
func (s *Service) objects(ctx context.Context, tx *db.Tx, n news) error {
	for _, id := range slices.Sorted(maps.Keys(n.tickets)) {
		t, err := s.Tickets.Get(ctx, tx, id)
		if desk.CodeOf(err) == desk.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		n.users[t.OwnerID] = true
		if why := unfit(t); why != "" {
			err = s.leave(ctx, tx, desk.WaitingTicket, int64(id), why)
		} else if t.Assignment != nil && t.Assignment.Queued {
			err = s.back(ctx, tx, t)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(s.conversations(ctx, tx, n), s.purged(ctx, tx, n))
}

func (s *Service) conversations(ctx context.Context, tx *db.Tx, n news) error {
	for _, id := range slices.Sorted(maps.Keys(n.threads)) {
		th, err := s.Threads.Get(ctx, tx, id)
		if desk.CodeOf(err) == desk.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if th.OwnerID != 0 && th.TicketID == 0 {
			n.users[th.OwnerID] = true
		}
		if why := unfitThread(th); why != "" {
			if err := s.leave(ctx, tx, desk.WaitingThread, int64(id), why); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) purged(ctx context.Context, tx *db.Tx, n news) error {
	for _, ev := range n.gone {
		if err := errors.Join(s.Forget(ctx, tx, desk.WaitingTicket, int64(ev.TicketID)), s.Forget(ctx, tx, desk.WaitingThread, int64(ev.ThreadID))); err != nil {
			return err
		}
	}
	return nil
}

// back puts a ticket into its old place that nobody had before it was laid to rest, closed or hidden. Where the engine was asked again it has done so itself.
func (s *Service) back(ctx context.Context, tx *db.Tx, t desk.Ticket) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM assignment_queue WHERE object = $1 AND object_id = $2`, desk.WaitingTicket, t.ID).Scan(&n); err != nil || n > 0 {
		return err
	}
	return s.Enter(ctx, tx, desk.Waiting{
		Object: desk.WaitingTicket, ID: int64(t.ID), AccountID: t.AccountID, InboxID: t.InboxID, Rank: t.Priority.Rank(), Since: t.Assignment.At, Reason: t.Assignment.Reason,
	})
}

// unfit says why a ticket cannot wait for an owner; "" when it can.
func unfit(t desk.Ticket) string {
	switch {
	case t.OwnerID != 0:
		return LeftAssigned
	case t.Hidden != desk.HiddenNo:
		return LeftHidden
	case !t.Open:
		return LeftClosed
	case t.Snoozed:
		return LeftSnoozed
	}
	return ""
}

func unfitThread(t desk.Thread) string {
	switch {
	case t.TicketID != 0, t.OwnerID != 0:
		return LeftAssigned
	case t.Hidden != desk.HiddenNo:
		return LeftHidden
	case !t.Open:
		return LeftClosed
	}
	return ""
}

// mark lets lanes be asked whose people, and items whose facts, have changed.
func (s *Service) mark(ctx context.Context, tx *db.Tx, n news) error {
	var waits int
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM assignment_queue LIMIT 1) x").Scan(&waits); err != nil || waits == 0 {
		return err
	}
	exec := func(query string, args ...any) error { _, err := tx.Exec(ctx, query, args...); return err }
	if n.every {
		if err := errors.Join(exec("UPDATE assignment_lanes SET due = due + 1"), exec("UPDATE assignment_queue SET lane = '' WHERE next_at > 0")); err != nil {
			return err
		}
	} else {
		delete(n.users, 0)
		for _, u := range slices.Sorted(maps.Keys(n.users)) {
			if err := exec("UPDATE assignment_lanes SET due = due + 1 WHERE users LIKE $1", "%,"+u.String()+",%"); err != nil {
				return err
			}
		}
	}
	delete(n.accounts, 0)
	for _, a := range slices.Sorted(maps.Keys(n.accounts)) {
		if err := exec("UPDATE assignment_queue SET lane = '' WHERE account_id = $1", a); err != nil {
			return err
		}
	}
	for _, t := range slices.Sorted(maps.Keys(n.facts)) {
		if err := s.facts(ctx, tx, t); err != nil {
			return err
		}
	}
	for _, c := range slices.Sorted(maps.Keys(n.contacts)) {
		if err := exec("UPDATE assignment_queue SET lane = '' WHERE object = $1 AND object_id IN (SELECT id FROM tickets WHERE contact_id = $2 AND open = 1 AND owner_id = 0)", desk.WaitingTicket, c); err != nil {
			return err
		}
		if err := exec("UPDATE assignment_queue SET lane = '' WHERE object = $1 AND object_id IN (SELECT id FROM threads WHERE contact_id = $2 AND ticket_id = 0)", desk.WaitingThread, c); err != nil {
			return err
		}
	}
	return nil
}

// facts takes a ticket out of its lane, which may not be its own any more, and gives it the place that its priority has.
func (s *Service) facts(ctx context.Context, tx *db.Tx, id desk.TicketID) error {
	t, err := s.Tickets.Get(ctx, tx, id)
	if err != nil {
		if desk.CodeOf(err) == desk.NotFound {
			return nil
		}
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE assignment_queue SET lane = '', rank = $1 WHERE object = $2 AND object_id = $3", t.Priority.Rank(), desk.WaitingTicket, id)
	return err
}
