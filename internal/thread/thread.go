// Package thread owns conversations: the tables threads, thread_aliases, thread_splits, thread_keys, thread_parties, message_refs,
// messages, attachments, deliveries, attempts, early_statuses, drafts and mentions. It finds the thread an item belongs to
// (LockRefs, Place), appends to it in one order (Append) and keeps the delivery ledger of what went out. It refuses to decide
// policy: whether there is a ticket, who owns it and what is answered is for intake and dispatch, which call it.
//
// Locks are taken in one order: message ids (sorted), thread, then the rest. Whoever appends calls Lock or Place first.
package thread

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Service is the conversations of this installation. Safe for concurrent use.
type Service struct {
	clk *clock.Clock
	ev  *event.Log
}

// New makes the service.
func New(clk *clock.Clock, ev *event.Log) *Service { return &Service{clk: clk, ev: ev} }

// Columns are the columns of a thread, in the order that Scan reads, for read models.
const Columns = "id, inbox_id, account_id, channel, contact_id, ticket_id, owner_id, team_id, subject, open, message_count, created_at, last_message_at, last_inbound_at, hidden, hidden_at, visitor_id, bot, chatflow_id, seen_by_visitor, seen_by_team, mailed_to, origin"

// Scan reads a row of Columns.
func Scan(s db.Scanner) (t desk.Thread, err error) {
	err = s.Scan(&t.ID, &t.InboxID, &t.AccountID, &t.Channel, &t.ContactID, &t.TicketID, &t.OwnerID, &t.TeamID, &t.Subject, &t.Open, &t.MessageCount, &t.CreatedAt, &t.LastMessageAt, &t.LastInboundAt, &t.Hidden, &t.HiddenAt, &t.VisitorID, &t.Bot, &t.ChatflowID, &t.SeenByVisitor, &t.SeenByTeam, &t.MailedTo, db.ScanJSON(&t.Origin))
	return t, err
}

func notFound() error {
	return desk.Errorf(desk.NotFound, "thread.not_found", "There is no such conversation.")
}

// Get returns a thread; one that was joined to another gives that other. NotFound when there is none.
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.ThreadID) (desk.Thread, error) {
	return get(ctx, q, id, "")
}

// Lock returns a thread and holds its row until the transaction ends, so that messages of one thread are applied one after the other.
func (s *Service) Lock(ctx context.Context, tx *db.Tx, id desk.ThreadID) (desk.Thread, error) {
	return get(ctx, tx, id, tx.ForUpdate())
}

func get(ctx context.Context, q db.Queryer, id desk.ThreadID, lock string) (desk.Thread, error) {
	for range 16 {
		t, err := Scan(q.QueryRow(ctx, "SELECT "+Columns+" FROM threads WHERE id = $1"+lock, id))
		if err == nil {
			return t, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return t, fmt.Errorf("thread: get: %w", err)
		}
		err = q.QueryRow(ctx, "SELECT into_id FROM thread_aliases WHERE thread_id = $1", id).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return desk.Thread{}, notFound()
		}
		if err != nil {
			return desk.Thread{}, fmt.Errorf("thread: get: %w", err)
		}
	}
	return desk.Thread{}, notFound()
}

// OfTicket returns the threads of a ticket, oldest first (TK-18).
func (s *Service) OfTicket(ctx context.Context, q db.Queryer, id desk.TicketID) ([]desk.Thread, error) {
	return db.All(ctx, q, Scan, "SELECT "+Columns+" FROM threads WHERE ticket_id = $1 ORDER BY id", id)
}

// Open begins a thread and records thread.opened. ID is made when it is zero; CreatedAt is now. Nobody else can see or lock it before the
// commit, so the caller holds it.
func (s *Service) Open(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Thread) (desk.Thread, error) {
	if t.ID == 0 {
		t.ID = desk.ThreadID(tx.NewID())
	}
	t.CreatedAt, t.Open, t.Subject = s.clk.Ms(), true, clip(t.Subject, maxSubject)
	t.LastMessageAt, t.MessageCount, t.LastInboundAt = t.CreatedAt, 0, 0
	_, err := tx.Exec(ctx, "INSERT INTO threads ("+Columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)",
		t.ID, t.InboxID, t.AccountID, t.Channel, t.ContactID, t.TicketID, t.OwnerID, t.TeamID, t.Subject, t.Open, t.MessageCount, t.CreatedAt, t.LastMessageAt, t.LastInboundAt, t.Hidden, t.HiddenAt, t.VisitorID, t.Bot, t.ChatflowID, t.SeenByVisitor, t.SeenByTeam, t.MailedTo, db.JSON(t.Origin))
	if err != nil {
		return t, fmt.Errorf("thread: open: %w", err)
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvThreadOpened, Actor: actor, TicketID: t.TicketID, ThreadID: t.ID, Contact: t.ContactID, Inbox: t.InboxID})
	return t, err
}

// SetOpen reopens or closes a thread without a ticket; with one, the ticket's state rules.
func (s *Service) SetOpen(ctx context.Context, tx *db.Tx, id desk.ThreadID, open bool) error {
	if _, err := tx.Exec(ctx, "UPDATE threads SET open = $1 WHERE id = $2 AND open <> $1", open, id); err != nil {
		return fmt.Errorf("thread: open or close: %w", err)
	}
	return nil
}

// SetContact files a thread under another contact. The caller has locked it.
func (s *Service) SetContact(ctx context.Context, tx *db.Tx, id desk.ThreadID, c desk.ContactID) error {
	if _, err := tx.Exec(ctx, "UPDATE threads SET contact_id = $1 WHERE id = $2", c, id); err != nil {
		return fmt.Errorf("thread: set contact: %w", err)
	}
	return nil
}

// SetOwner names the owner of a thread that has no ticket.
func (s *Service) SetOwner(ctx context.Context, tx *db.Tx, id desk.ThreadID, owner desk.UserID, team desk.TeamID) error {
	if _, err := tx.Exec(ctx, "UPDATE threads SET owner_id = $1, team_id = $2 WHERE id = $3", owner, team, id); err != nil {
		return fmt.Errorf("thread: set owner: %w", err)
	}
	return nil
}

// MoveToTicket puts a whole thread, with its messages, under another ticket (or under a first one) and records thread.moved.
func (s *Service) MoveToTicket(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, to desk.TicketID, reason string) (desk.Thread, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil || t.TicketID == to {
		return t, err
	}
	from := t.TicketID
	t.TicketID = to
	if _, err := tx.Exec(ctx, "UPDATE threads SET ticket_id = $1, owner_id = 0, team_id = 0 WHERE id = $2", to, t.ID); err != nil {
		return t, fmt.Errorf("thread: move: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE messages SET ticket_id = $1 WHERE thread_id = $2", to, t.ID); err != nil {
		return t, fmt.Errorf("thread: move messages: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE mentions SET ticket_id = $1 WHERE message_id IN (SELECT id FROM messages WHERE thread_id = $2)", to, t.ID); err != nil {
		return t, fmt.Errorf("thread: move mentions: %w", err)
	}
	if err := s.moveDrafts(ctx, tx, t.ID, t.ID, to); err != nil {
		return t, err
	}
	if from == 0 && reason == "" {
		return t, nil // its first ticket, made in the same transaction
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{
		Type: desk.EvThreadMoved, Actor: actor, TicketID: to, ThreadID: t.ID, Contact: t.ContactID, Inbox: t.InboxID,
		Data: event.Data(map[string]any{"from_ticket": from, "to_ticket": to, "reason": reason}),
	})
	return t, err
}

// Absorb joins one thread into another that turned out to be the same exchange: messages, parties and keys move, and what still names the
// old one finds the new. Both are locked by the caller. It reports how many threads the old ticket has left.
func (s *Service) Absorb(ctx context.Context, tx *db.Tx, from, into desk.Thread) (left int, err error) {
	for _, st := range []struct {
		query string
		args  []any
	}{
		{"INSERT INTO thread_aliases (thread_id, into_id) VALUES ($1, $2)", []any{from.ID, into.ID}},
		{"UPDATE messages SET thread_id = $1, ticket_id = $2 WHERE thread_id = $3", []any{into.ID, into.TicketID, from.ID}},
		{"INSERT INTO thread_parties (thread_id, kind, address) SELECT CAST($1 AS BIGINT), kind, address FROM thread_parties WHERE thread_id = $2 ON CONFLICT DO NOTHING", []any{into.ID, from.ID}},
		{"DELETE FROM thread_parties WHERE thread_id = $1", []any{from.ID}},
		{"UPDATE thread_keys SET thread_id = $1 WHERE thread_id = $2", []any{into.ID, from.ID}},
		{"DELETE FROM threads WHERE id = $1", []any{from.ID}},
		{`UPDATE threads SET message_count = message_count + $1, last_message_at = CASE WHEN last_message_at < $2 THEN $2 ELSE last_message_at END,
			last_inbound_at = CASE WHEN last_inbound_at < $3 THEN $3 ELSE last_inbound_at END WHERE id = $4`, []any{from.MessageCount, from.LastMessageAt, from.LastInboundAt, into.ID}},
	} {
		if _, err := tx.Exec(ctx, st.query, st.args...); err != nil {
			return 0, fmt.Errorf("thread: absorb: %w", err)
		}
	}
	if err := s.moveDrafts(ctx, tx, from.ID, into.ID, into.TicketID); err != nil {
		return 0, err
	}
	if from.TicketID != 0 {
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM threads WHERE ticket_id = $1", from.TicketID).Scan(&left); err != nil {
			return 0, fmt.Errorf("thread: absorb: %w", err)
		}
	}
	return left, nil
}

// Answered reports whether anybody of the team has written in a thread: a reply or a comment.
func (s *Service) Answered(ctx context.Context, q db.Queryer, id desk.ThreadID) (bool, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM messages WHERE thread_id = $1 AND (direction = 'outgoing' OR kind = 'comment') LIMIT 1) m", id).Scan(&n)
	return n > 0, err
}

// WroteSince reports whether somebody of the team has sent a message in a thread after a time.
func (s *Service) WroteSince(ctx context.Context, q db.Queryer, id desk.ThreadID, since desk.Time) (bool, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM messages WHERE thread_id = $1 AND direction = 'outgoing' AND kind = 'message' AND created_at > $2 LIMIT 1) m", id, since).Scan(&n)
	return n > 0, err
}
