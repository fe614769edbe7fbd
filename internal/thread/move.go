package thread

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// LockOfTickets locks all threads of some tickets in the order of their ids: threads before tickets, as everybody does.
func (s *Service) LockOfTickets(ctx context.Context, tx *db.Tx, ids ...desk.TicketID) (map[desk.TicketID][]desk.Thread, error) {
	var all []desk.Thread
	for _, id := range ids {
		ts, err := s.OfTicket(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, ts...)
	}
	slices.SortFunc(all, func(a, b desk.Thread) int { return int(a.ID - b.ID) })
	out := map[desk.TicketID][]desk.Thread{}
	for _, t := range all {
		got, err := s.Lock(ctx, tx, t.ID)
		if desk.CodeOf(err) == desk.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[got.TicketID] = append(out[got.TicketID], got) // where it is now that nobody moves it
	}
	return out, nil
}

// MoveToInbox files a thread and its messages under another inbox. What its mails are known by is known there too, and goes on being known where it was, so that an
// answer joins it by whichever inbox it arrives. The caller has locked it.
func (s *Service) MoveToInbox(ctx context.Context, tx *db.Tx, id desk.ThreadID, to desk.InboxID) error {
	for _, q := range []string{
		`INSERT INTO message_refs (inbox_id, ref, thread_id, message_id) SELECT CAST($1 AS BIGINT), ref, thread_id, message_id FROM message_refs WHERE thread_id = $2 AND inbox_id <> $1 ORDER BY ref, inbox_id ON CONFLICT DO NOTHING`,
		"UPDATE threads SET inbox_id = $1 WHERE id = $2",
		"UPDATE messages SET inbox_id = $1 WHERE thread_id = $2",
	} {
		if _, err := tx.Exec(ctx, q, to, id); err != nil {
			return fmt.Errorf("thread: move to inbox: %w", err)
		}
	}
	return nil
}

// CopyRefs makes what the mails of some threads are known by known in another inbox too, before their threads are locked: ids first, as everybody takes them, so that a
// move and an answer that arrives do not wait for each other in a circle.
func (s *Service) CopyRefs(ctx context.Context, tx *db.Tx, ids []desk.ThreadID, to desk.InboxID) error {
	_, err := tx.Exec(ctx, `INSERT INTO message_refs (inbox_id, ref, thread_id, message_id) SELECT CAST($1 AS BIGINT), ref, MAX(thread_id), MAX(message_id) FROM message_refs
		WHERE thread_id IN `+db.IDs(ids)+` AND inbox_id <> $1 GROUP BY ref ORDER BY ref
		ON CONFLICT (inbox_id, ref) DO UPDATE SET thread_id = excluded.thread_id, message_id = excluded.message_id WHERE message_refs.thread_id = 0`, to)
	if err != nil {
		return fmt.Errorf("thread: copy ids: %w", err)
	}
	return nil
}

// TellLeft records, for those who see only the inbox that a conversation has left, that it went.
func (s *Service) TellLeft(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Thread, from desk.InboxID) error {
	t.InboxID = from
	return s.tellMoved(ctx, tx, actor, t, t.TicketID, "left")
}

// lived reports whether a thread was of an inbox once: ids of its mails are known there.
func (s *Service) lived(ctx context.Context, tx *db.Tx, id desk.ThreadID, inbox desk.InboxID) (bool, error) {
	var one int
	err := tx.QueryRow(ctx, "SELECT 1 FROM message_refs WHERE thread_id = $1 AND inbox_id = $2 LIMIT 1", id, inbox).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("thread: lived: %w", err)
	}
	return true, nil
}

// Pick reads messages of a ticket by their ids, oldest first; fewer come back when some are not of it.
func (s *Service) Pick(ctx context.Context, q db.Queryer, ticket desk.TicketID, ids []desk.MessageID) ([]desk.Message, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	ms, err := db.All(ctx, q, ScanMessage, "SELECT "+MessageColumns+" FROM messages WHERE ticket_id = $1 AND id IN "+db.IDs(ids)+" ORDER BY id", ticket)
	if err != nil {
		return nil, fmt.Errorf("thread: pick: %w", err)
	}
	return ms, nil
}

// Split makes a conversation of its own of some messages of another, under a ticket (WS-18). An answer to one of them joins the new one, also when its Reply-To names the
// old. The caller holds from. Records thread.moved.
func (s *Service) Split(ctx context.Context, tx *db.Tx, actor desk.Actor, from desk.Thread, ms []desk.Message, subject string, to desk.TicketID) (desk.Thread, error) {
	n := desk.Thread{ID: desk.ThreadID(tx.NewID()), InboxID: from.InboxID, AccountID: from.AccountID, Channel: from.Channel, ContactID: from.ContactID, TicketID: to, Subject: clip(subject, maxSubject), Open: true, CreatedAt: s.clk.Ms()}
	var ids []desk.MessageID
	var all []desk.Party
	for _, m := range ms {
		ids = append(ids, m.ID)
		if m.Kind != desk.KindComment {
			all = append(all, parties(m)...)
		}
		if m.Direction == desk.Incoming && m.ContactID != 0 {
			n.ContactID = m.ContactID
		}
	}
	if n.ContactID == from.ContactID { // it stays the visitor's; what somebody else wrote by mail does not become theirs
		n.VisitorID, n.ChatflowID, n.SeenByVisitor, n.SeenByTeam, n.MailedTo, n.Origin = from.VisitorID, from.ChatflowID, from.SeenByVisitor, from.SeenByTeam, from.MailedTo, from.Origin
	}
	_, err := tx.Exec(ctx, `INSERT INTO threads (id, inbox_id, account_id, channel, contact_id, ticket_id, subject, open, created_at, last_message_at, visitor_id, chatflow_id, seen_by_visitor,
		seen_by_team, mailed_to, origin) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8, $9, $10, $11, $12, $13, $14)`,
		n.ID, n.InboxID, n.AccountID, n.Channel, n.ContactID, n.TicketID, n.Subject, n.CreatedAt, n.VisitorID, n.ChatflowID, n.SeenByVisitor, n.SeenByTeam, n.MailedTo, db.JSON(n.Origin))
	if err != nil {
		return n, fmt.Errorf("thread: split: %w", err)
	}
	in := db.IDs(ids)
	for _, st := range []struct {
		query string
		args  []any
	}{
		{"UPDATE message_refs SET thread_id = $1 WHERE message_id <> 0 AND thread_id = $2 AND message_id IN " + in, []any{n.ID, from.ID}},
		{"UPDATE messages SET thread_id = $1, ticket_id = $2 WHERE thread_id = $3 AND id IN " + in, []any{n.ID, to, from.ID}},
		{"UPDATE mentions SET ticket_id = $1 WHERE message_id IN " + in, []any{to}},
		{"INSERT INTO thread_splits (thread_id, from_id) VALUES ($1, $2)", []any{n.ID, from.ID}},
	} {
		if _, err := tx.Exec(ctx, st.query, st.args...); err != nil {
			return n, fmt.Errorf("thread: split: %w", err)
		}
	}
	if err := s.addParties(ctx, tx, n.ID, unrepeated(all)); err != nil {
		return n, err
	}
	for _, id := range []desk.ThreadID{from.ID, n.ID} {
		if err := s.recount(ctx, tx, id); err != nil {
			return n, err
		}
	}
	return n, s.tellMoved(ctx, tx, actor, n, from.TicketID, "split")
}

// Unsplit joins a conversation that a split made to the one it came from again, with all that has come since. Both are locked by the caller.
func (s *Service) Unsplit(ctx context.Context, tx *db.Tx, actor desk.Actor, made, into desk.Thread) (left int, err error) {
	if left, err = s.Absorb(ctx, tx, made, into); err != nil {
		return 0, err
	}
	for _, st := range []struct {
		query string
		args  []any
	}{
		{"DELETE FROM thread_splits WHERE thread_id = $1", []any{made.ID}},
		{"UPDATE thread_splits SET from_id = $1 WHERE from_id = $2", []any{into.ID, made.ID}},
		{"UPDATE mentions SET ticket_id = $1 WHERE message_id IN (SELECT id FROM messages WHERE thread_id = $2)", []any{into.TicketID, into.ID}},
	} {
		if _, err := tx.Exec(ctx, st.query, st.args...); err != nil {
			return 0, fmt.Errorf("thread: unsplit: %w", err)
		}
	}
	if err := s.recount(ctx, tx, into.ID); err != nil {
		return 0, err
	}
	return left, s.tellMoved(ctx, tx, actor, into, made.TicketID, "unsplit")
}

func (s *Service) tellMoved(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Thread, from desk.TicketID, reason string) error {
	_, err := s.ev.Record(ctx, tx, desk.Event{
		Type: desk.EvThreadMoved, Actor: actor, TicketID: t.TicketID, ThreadID: t.ID, Contact: t.ContactID, Inbox: t.InboxID,
		Data: event.Data(map[string]any{"from_ticket": from, "to_ticket": t.TicketID, "reason": reason}),
	})
	return err
}

// recount makes a thread's counts and times those of its messages.
func (s *Service) recount(ctx context.Context, tx *db.Tx, id desk.ThreadID) error {
	_, err := tx.Exec(ctx, `UPDATE threads SET
		message_count = (SELECT COUNT(*) FROM messages WHERE thread_id = $1 AND kind <> 'system'),
		last_message_at = COALESCE((SELECT MAX(created_at) FROM messages WHERE thread_id = $1), created_at),
		last_inbound_at = COALESCE((SELECT MAX(created_at) FROM messages WHERE thread_id = $1 AND direction = 'incoming'), 0) WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("thread: recount: %w", err)
	}
	return nil
}

// unrepeated drops addresses named twice.
func unrepeated(all []desk.Party) []desk.Party {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(p desk.Party) bool {
		key := string(p.Kind) + " " + p.Address
		was := seen[key]
		seen[key] = true
		return was
	})
}

// counted are the messages that a list counts: what a machine said of absence is shown and not counted.
const counted = `kind IN ('message', 'welcome') AND NOT (direction = 'incoming' AND disposition = 'auto_reply')`

// Tally adds up the messages of a ticket that began at a time.
func (s *Service) Tally(ctx context.Context, q db.Queryer, ticket desk.TicketID, began desk.Time) (a desk.Tally, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(CASE WHEN `+counted+` THEN 1 END), COALESCE(MAX(created_at), 0), COALESCE(MAX(CASE WHEN `+counted+` AND direction = 'incoming' THEN created_at END), 0),
		COALESCE(MIN(CASE WHEN kind = 'message' AND direction = 'outgoing' AND forward_of = 0 AND created_at >= CAST($2 AS BIGINT) AND (actor LIKE 'user:%' OR actor LIKE 'token:%') THEN created_at END), 0)
		FROM messages WHERE ticket_id = $1`, ticket, began).Scan(&a.Count, &a.LastActivity, &a.LastInbound, &a.FirstReply)
	if err != nil {
		return a, fmt.Errorf("thread: tally: %w", err)
	}
	last, err := db.All(ctx, q, ScanMessage, "SELECT "+MessageColumns+" FROM messages WHERE ticket_id = $1 AND "+counted+" ORDER BY created_at DESC, id DESC LIMIT 1", ticket)
	if err != nil || len(last) == 0 {
		return a, err
	}
	a.Last = last[0]
	if a.Last.Text == "" {
		files, err := s.Attachments(ctx, q, a.Last.ID)
		if err != nil {
			return a, err
		}
		a.Last.Attachments = files
	}
	return a, nil
}

// InboundSince reports whether the customer has written in some threads after a time.
func (s *Service) InboundSince(ctx context.Context, q db.Queryer, ids []desk.ThreadID, at desk.Time) (bool, error) {
	for _, id := range ids {
		var n int
		err := q.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM messages WHERE thread_id = $1 AND direction = 'incoming' AND disposition <> 'auto_reply' AND created_at > $2 LIMIT 1) m", id, at).Scan(&n)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// Hide takes a conversation without a ticket out of the list: spam, trash, or back with an empty value. Records thread.state_changed.
func (s *Service) Hide(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, hidden desk.Hidden) (desk.Thread, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil || t.Hidden == hidden {
		return t, err
	}
	at := s.clk.Ms()
	if hidden == desk.HiddenNo {
		at = 0
	}
	t.Hidden, t.HiddenAt = hidden, at
	if _, err := tx.Exec(ctx, "UPDATE threads SET hidden = $1, hidden_at = $2 WHERE id = $3", hidden, at, t.ID); err != nil {
		return t, fmt.Errorf("thread: hide: %w", err)
	}
	return t, s.tellState(ctx, tx, actor, t)
}

// Turn closes or reopens a conversation without a ticket because somebody said so (TK-16), and records thread.state_changed.
func (s *Service) Turn(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, open bool) (desk.Thread, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil || t.Open == open {
		return t, err
	}
	if err := s.SetOpen(ctx, tx, t.ID, open); err != nil {
		return t, err
	}
	t.Open = open
	return t, s.tellState(ctx, tx, actor, t)
}

func (s *Service) tellState(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Thread) error {
	_, err := s.ev.Record(ctx, tx, desk.Event{
		Type: desk.EvThreadState, Actor: actor, TicketID: t.TicketID, ThreadID: t.ID, Contact: t.ContactID, Inbox: t.InboxID,
		Data: event.Data(map[string]any{"open": t.Open, "hidden": t.Hidden, "bot": t.Bot}),
	})
	return err
}

// Assign names the owner of a conversation without a ticket and records thread.assigned.
func (s *Service) Assign(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, owner desk.UserID, team desk.TeamID) (desk.Thread, error) {
	return s.AssignWith(ctx, tx, actor, id, desk.Assignment{OwnerID: owner, TeamID: team})
}

// AssignWith is Assign by a decision, whose reasons are recorded too. One that changes nothing is recorded where it waits, or the contact's owner is to be written to.
func (s *Service) AssignWith(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, a desk.Assignment) (desk.Thread, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil || t.OwnerID == a.OwnerID && t.TeamID == a.TeamID && !a.Queued && a.MailTo == 0 {
		return t, err
	}
	data := map[string]any{"owner_id": a.OwnerID, "team_id": a.TeamID, "previous_owner_id": t.OwnerID, "previous_team_id": t.TeamID}
	if a.Reason != "" {
		data["rule"], data["rule_name"], data["reason"], data["cause"], data["queued"], data["next_at"], data["mail_to"] = a.Rule, a.RuleName, a.Reason, a.Cause, a.Queued, a.NextAt, a.MailTo
	}
	if err := s.SetOwner(ctx, tx, t.ID, a.OwnerID, a.TeamID); err != nil {
		return t, err
	}
	t.OwnerID, t.TeamID = a.OwnerID, a.TeamID
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvThreadAssigned, Actor: actor, TicketID: t.TicketID, ThreadID: t.ID, Contact: t.ContactID, Inbox: t.InboxID, UserID: a.OwnerID, Data: event.Data(data)})
	return t, err
}

// Sender is the address that wrote first in a ticket, of those who are not the team; "" when nobody did.
func (s *Service) Sender(ctx context.Context, q db.Queryer, id desk.TicketID) (string, error) {
	return sender(ctx, q, "ticket_id = $1", int64(id))
}

// SenderIn is Sender of one conversation.
func (s *Service) SenderIn(ctx context.Context, q db.Queryer, id desk.ThreadID) (string, error) {
	return sender(ctx, q, "thread_id = $1", int64(id))
}

func sender(ctx context.Context, q db.Queryer, where string, id int64) (string, error) {
	var from string
	err := q.QueryRow(ctx, "SELECT from_address FROM messages WHERE "+where+" AND direction = 'incoming' AND from_address <> '' AND actor NOT LIKE 'user:%' ORDER BY id LIMIT 1", id).Scan(&from)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("thread: sender: %w", err)
	}
	return from, nil
}

// TellMoved records that a conversation without a ticket stands in another inbox now.
func (s *Service) TellMoved(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Thread) error {
	return s.tellMoved(ctx, tx, actor, t, 0, "inbox")
}

// Owned tells how many open conversations without a ticket some people have, or everybody where none are named, by channel.
func (s *Service) Owned(ctx context.Context, q db.Queryer, of ...desk.UserID) (map[desk.UserID]map[string]int, error) {
	whose, args := "owner_id <> 0", []any(nil)
	if len(of) > 0 {
		whose, args = "owner_id <> 0 AND owner_id IN "+db.Among(q, "$1"), []any{db.JSON(of)}
	}
	type row struct {
		owner   desk.UserID
		channel string
		n       int
	}
	rows, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) { err = r.Scan(&x.owner, &x.channel, &x.n); return x, err },
		`SELECT owner_id, channel, COUNT(*) FROM threads WHERE ticket_id = 0 AND open = 1 AND hidden = '' AND `+whose+` GROUP BY owner_id, channel`, args...)
	if err != nil {
		return nil, fmt.Errorf("thread: owned: %w", err)
	}
	out := map[desk.UserID]map[string]int{}
	for _, r := range rows {
		if out[r.owner] == nil {
			out[r.owner] = map[string]int{}
		}
		out[r.owner][r.channel] = r.n
	}
	return out, nil
}
