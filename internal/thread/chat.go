package thread

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// SetBot says whether a bot holds a conversation (CF-21), and records thread.state_changed.
func (s *Service) SetBot(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, bot bool) (desk.Thread, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil || t.Bot == bot {
		return t, err
	}
	if _, err := tx.Exec(ctx, "UPDATE threads SET bot = $1 WHERE id = $2", bot, t.ID); err != nil {
		return t, fmt.Errorf("thread: set bot: %w", err)
	}
	t.Bot = bot
	_, err = s.ev.Record(ctx, tx, desk.Event{
		Type: desk.EvThreadState, Actor: actor, TicketID: t.TicketID, ThreadID: t.ID, Contact: t.ContactID, Inbox: t.InboxID,
		Data: event.Data(map[string]any{"open": t.Open, "hidden": t.Hidden, "bot": t.Bot, "changed": "bot"}),
	})
	return t, err
}

// After is the newest conversation of the same browser over the same account that began after another, the zero thread when there is none. It is held.
func (s *Service) After(ctx context.Context, tx *db.Tx, t desk.Thread) (desk.Thread, error) {
	if t.VisitorID == 0 {
		return desk.Thread{}, nil
	}
	ids, err := db.All(ctx, tx, db.Column[desk.ThreadID], "SELECT id FROM threads WHERE visitor_id = $1 AND visitor_id <> 0 AND account_id = $2 AND id > $3 ORDER BY id DESC LIMIT 1", t.VisitorID, t.AccountID, t.ID)
	if err != nil || len(ids) == 0 {
		return desk.Thread{}, err
	}
	return s.Lock(ctx, tx, ids[0])
}

// FirstInbound is the first message that the other side wrote in a conversation; the zero message when there is none.
func (s *Service) FirstInbound(ctx context.Context, q db.Queryer, id desk.ThreadID) (desk.Message, error) {
	var m desk.MessageID
	err := q.QueryRow(ctx, "SELECT COALESCE(MIN(id), 0) FROM messages WHERE thread_id = $1 AND direction = 'incoming' AND kind = 'message'", id).Scan(&m)
	if err != nil || m == 0 {
		return desk.Message{}, err
	}
	return s.Message(ctx, q, m)
}

// LastInbound is FirstInbound of the last message.
func (s *Service) LastInbound(ctx context.Context, q db.Queryer, id desk.ThreadID) (desk.Message, error) {
	var m desk.MessageID
	err := q.QueryRow(ctx, "SELECT COALESCE(MAX(id), 0) FROM messages WHERE thread_id = $1 AND direction = 'incoming' AND kind = 'message'", id).Scan(&m)
	if err != nil || m == 0 {
		return desk.Message{}, err
	}
	return s.Message(ctx, q, m)
}

// Who has seen a conversation, in the data of thread.seen.
const (
	SeenByVisitor = "visitor"
	SeenByTeam    = "team"
)

// Seen notes how far a conversation was read, by SeenByVisitor or SeenByTeam; only forward, and never beyond its last message. It records thread.seen and reports whether anything changed.
func (s *Service) Seen(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, by string, upTo desk.MessageID) (bool, error) {
	column := "seen_by_team"
	if by == SeenByVisitor {
		column = "seen_by_visitor"
	}
	var last desk.MessageID
	if err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(id), 0) FROM messages WHERE thread_id = $1 AND id <= $2", id, upTo).Scan(&last); err != nil {
		return false, fmt.Errorf("thread: seen: %w", err)
	}
	n, err := tx.Exec(ctx, "UPDATE threads SET "+column+" = $1 WHERE id = $2 AND "+column+" < $1", last, id)
	if err != nil || n == 0 {
		return false, err
	}
	t, err := s.Get(ctx, tx, id)
	if err != nil {
		return false, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{
		Type: desk.EvThreadSeen, Actor: actor, TicketID: t.TicketID, ThreadID: t.ID, Message: last, Contact: t.ContactID, Inbox: t.InboxID,
		Data: event.Data(map[string]any{"by": by, "message_id": last}),
	})
	return err == nil, err
}

// MailedTo notes up to which message the answers went out by mail, because the visitor had left.
func (s *Service) MailedTo(ctx context.Context, tx *db.Tx, id desk.ThreadID, upTo desk.MessageID) error {
	if _, err := tx.Exec(ctx, "UPDATE threads SET mailed_to = $1 WHERE id = $2 AND mailed_to < $1", upTo, id); err != nil {
		return fmt.Errorf("thread: mailed to: %w", err)
	}
	return nil
}

// OfVisitor names the conversations of a browser, in the order of ids.
func (s *Service) OfVisitor(ctx context.Context, q db.Queryer, id desk.VisitorID) ([]desk.ThreadID, error) {
	if id == 0 {
		return nil, nil
	}
	return db.All(ctx, q, db.Column[desk.ThreadID], "SELECT id FROM threads WHERE visitor_id = $1 AND visitor_id <> 0 ORDER BY id", id)
}

// NameVisitor files what a browser has said under a contact, in conversations that are locked by the caller; what is another contact's stays so.
func (s *Service) NameVisitor(ctx context.Context, tx *db.Tx, visitor desk.VisitorID, threads []desk.ThreadID, from, to desk.ContactID) error {
	if len(threads) == 0 {
		return nil
	}
	in := inList(threads)
	actor := desk.Actor{Kind: desk.ActorVisitor, ID: int64(visitor)}
	for _, st := range []struct {
		query string
		args  []any
	}{
		{"UPDATE threads SET contact_id = $1 WHERE contact_id = $2 AND id IN " + in, []any{to, from}},
		{"UPDATE messages SET contact_id = $1 WHERE contact_id = $2 AND actor = $3 AND thread_id IN " + in, []any{to, from, actor}},
	} {
		if _, err := tx.Exec(ctx, st.query, st.args...); err != nil {
			return fmt.Errorf("thread: name visitor: %w", err)
		}
	}
	return nil
}

// FirstMailed is the first message from outside that came into a visitor's conversation by another channel than its own: 0 when none has. From there on somebody is
// written to who need not sit at the browser.
func (s *Service) FirstMailed(ctx context.Context, q db.Queryer, id desk.ThreadID) (desk.MessageID, error) {
	first, err := db.One(ctx, q, db.Column[desk.MessageID], `SELECT COALESCE(MIN(m.id), 0) FROM messages m JOIN threads t ON t.id = m.thread_id
		WHERE m.thread_id = $1 AND m.direction = 'incoming' AND m.kind = 'message' AND m.channel <> t.channel`, id)
	if err != nil {
		return 0, fmt.Errorf("thread: first mailed: %w", err)
	}
	return first, nil
}
