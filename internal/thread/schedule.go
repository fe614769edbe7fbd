package thread

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// SetSend changes when a scheduled message leaves. The caller records the event.
func (s *Service) SetSend(ctx context.Context, tx *db.Tx, id desk.MessageID, at desk.Time, rule desk.SendRule) error {
	if _, err := tx.Exec(ctx, "UPDATE messages SET send_at = $1, send_rule = $2 WHERE id = $3", at, rule, id); err != nil {
		return fmt.Errorf("thread: reschedule: %w", err)
	}
	return nil
}

// Leave says that a scheduled message is on its way: from now on it is an ordinary one, told of as queued.
func (s *Service) Leave(ctx context.Context, tx *db.Tx, m desk.Message) error {
	m.SentAt, m.SendRule, m.CreatedAt = s.clk.Ms(), "", s.clk.Ms()
	var inbox desk.InboxID
	err := tx.QueryRow(ctx, "UPDATE messages SET send_rule = '', sent_at = $1 WHERE id = $2 RETURNING inbox_id", m.SentAt, m.ID).Scan(&inbox)
	if err != nil {
		return fmt.Errorf("thread: leave: %w", orNotFound(err))
	}
	m.Status = desk.StatusQueued
	return s.tell(ctx, tx, m, Extra{}, inbox)
}

// HeardSince tells whether a person of the other side has written in a thread after a message.
func (s *Service) HeardSince(ctx context.Context, q db.Queryer, id desk.ThreadID, after desk.MessageID) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM messages WHERE thread_id = $1 AND id > $2 AND direction = 'incoming' AND kind = 'message'
		AND disposition IN ('', 'normal', 'list') LIMIT 1) m`, id, after).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("thread: heard since: %w", err)
	}
	return n > 0, nil
}
