package ticket

import (
	"context"
	"fmt"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Why a ticket woke.
const (
	WokenByTime   = "time"
	WokenByReply  = "reply"
	WokenByPerson = "person"
	WokenByMerge  = "merge"
)

// longestRest is how far away a ticket may be laid; further is a slip of the finger.
const longestRest = 5 * 365 * 24 * time.Hour

// Snooze lays an open ticket to rest (WS-16): until a time, and in any case until the customer writes; until 0 waits for the customer alone. Again with another
// time moves it. Records ticket.snoozed. Whoever calls sees to the waking at its time (DueToWake).
func (s *Service) Snooze(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, until desk.Time) (desk.Ticket, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil {
		return t, err
	}
	now := s.clk.Ms()
	switch {
	case t.Hidden != desk.HiddenNo:
		return t, hiddenAway(t)
	case !t.Open:
		return t, desk.Errorf(desk.Conflict, "ticket.closed", "This ticket is closed: it rests already. Reopen it first.")
	case until != 0 && until <= now:
		return t, desk.Errorf(desk.Invalid, "snooze.past", "That time has passed. Choose one that is still to come.").In("until")
	case until > now.Add(longestRest):
		return t, desk.Errorf(desk.Invalid, "snooze.too_far", "A ticket may rest for five years at most.").In("until")
	case t.Snoozed && t.SnoozedUntil == until:
		return t, nil
	}
	t.Snoozed, t.SnoozedUntil, t.SnoozedBy = true, until, actor.UserID()
	if t, err = s.rest(ctx, tx, t); err != nil {
		return t, err
	}
	_, err = s.ev.Record(ctx, tx, eventOf(t, actor, desk.EvTicketSnoozed, map[string]any{"until": until}))
	return t, err
}

// Wake ends a ticket's rest and records ticket.woken, which concerns its owner, or who laid it to rest when nobody owns it. One that is awake stays as it is. What
// wakes by its time counts as active now, so that it stands on top again.
func (s *Service) Wake(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, reason string) (desk.Ticket, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil || !t.Snoozed {
		return t, err
	}
	was := t
	t.Snoozed, t.SnoozedUntil, t.SnoozedBy = false, 0, 0
	if reason == WokenByTime {
		t.LastActivity = max(t.LastActivity, s.clk.Ms())
	}
	if t, err = s.rest(ctx, tx, t); err != nil {
		return t, err
	}
	ev := eventOf(t, actor, desk.EvTicketWoken, map[string]any{"reason": reason, "until": was.SnoozedUntil, "snoozed_by": was.SnoozedBy})
	if ev.UserID = t.OwnerID; ev.UserID == 0 {
		ev.UserID = was.SnoozedBy
	}
	_, err = s.ev.Record(ctx, tx, ev)
	return t, err
}

// rest writes the state of rest.
func (s *Service) rest(ctx context.Context, tx *db.Tx, t desk.Ticket) (desk.Ticket, error) {
	t.UpdatedAt, t.Version = s.clk.Ms(), t.Version+1
	_, err := tx.Exec(ctx, `UPDATE tickets SET snoozed = $1, snoozed_until = $2, snoozed_by = $3, last_activity_at = $4, updated_at = $5, version = $6 WHERE id = $7`,
		t.Snoozed, t.SnoozedUntil, t.SnoozedBy, t.LastActivity, t.UpdatedAt, t.Version, t.ID)
	if err != nil {
		return t, fmt.Errorf("ticket: rest: %w", err)
	}
	return t, nil
}

// DueToWake are tickets whose time has come, at most limit, the longest due first.
func (s *Service) DueToWake(ctx context.Context, q db.Queryer, limit int) ([]desk.TicketID, error) {
	ids, err := db.All(ctx, q, db.Column[desk.TicketID], `SELECT id FROM tickets WHERE snoozed = 1 AND snoozed_until > 0 AND snoozed_until <= $1 ORDER BY snoozed_until, id LIMIT $2`, s.clk.Ms(), limit)
	if err != nil {
		return nil, fmt.Errorf("ticket: due to wake: %w", err)
	}
	return ids, nil
}

// hiddenAway is why something cannot be done with a ticket that is out of the ordinary views.
func hiddenAway(t desk.Ticket) error {
	switch t.Hidden {
	case desk.HiddenMerged:
		return desk.Errorf(desk.Conflict, "ticket.merged", "Ticket #%d was merged into another. Go on there.", t.Number)
	case desk.HiddenTrash:
		return desk.Errorf(desk.Conflict, "ticket.in_trash", "Ticket #%d is in the trash. Restore it first.", t.Number)
	}
	return desk.Errorf(desk.Conflict, "ticket.in_spam", "Ticket #%d is in spam. Mark it as no spam first.", t.Number)
}

// SetInbox moves a ticket to another inbox (WS-18) and records ticket.moved. Its conversations are moved by the caller.
func (s *Service) SetInbox(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, to desk.InboxID) (desk.Ticket, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil || t.InboxID == to {
		return t, err
	}
	if t.Hidden == desk.HiddenMerged {
		return t, hiddenAway(t)
	}
	from := t.InboxID
	t.InboxID, t.UpdatedAt, t.Version = to, s.clk.Ms(), t.Version+1
	if _, err := tx.Exec(ctx, `UPDATE tickets SET inbox_id = $1, updated_at = $2, version = $3 WHERE id = $4`, to, t.UpdatedAt, t.Version, id); err != nil {
		return t, fmt.Errorf("ticket: move: %w", err)
	}
	moved := map[string]any{"from_inbox": from, "to_inbox": to}
	if _, err := s.ev.Record(ctx, tx, eventOf(t, actor, desk.EvTicketMoved, moved)); err != nil {
		return t, err
	}
	gone := eventOf(t, actor, desk.EvTicketLeft, moved) // who sees only the old inbox is told that it went
	gone.Inbox = from
	_, err = s.ev.Record(ctx, tx, gone)
	return t, err
}
