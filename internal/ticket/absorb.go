package ticket

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Absorb hides a ticket whose conversation turned out to be another ticket's: it is closed, marked as merged and points there. Its threads have been
// moved by the caller. Records ticket.merged on it.
func (s *Service) Absorb(ctx context.Context, tx *db.Tx, actor desk.Actor, from, into desk.TicketID, reason string) error {
	for _, id := range []desk.TicketID{min(from, into), max(from, into)} {
		if _, err := s.Lock(ctx, tx, id); err != nil {
			return err
		}
	}
	t, err := s.Get(ctx, tx, from)
	if err != nil || from == into || t.MergedInto == into {
		return err
	}
	now := s.clk.Ms()
	_, err = tx.Exec(ctx, `UPDATE tickets SET hidden = $1, merged_into = $2, open = 0, hidden_at = $3, closed_at = CASE WHEN closed_at = 0 THEN $3 ELSE closed_at END, updated_at = $3, version = version + 1 WHERE id = $4`,
		desk.HiddenMerged, into, now, from)
	if err != nil {
		return fmt.Errorf("ticket: merge: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE tickets SET message_count = message_count + $1, last_activity_at = CASE WHEN last_activity_at < $2 THEN $2 ELSE last_activity_at END,
		last_inbound_at = CASE WHEN last_inbound_at < $3 THEN $3 ELSE last_inbound_at END WHERE id = $4`, t.MessageCount, t.LastActivity, t.LastInbound, into)
	if err != nil {
		return fmt.Errorf("ticket: merge: %w", err)
	}
	if _, err = tx.Exec(ctx, "INSERT INTO ticket_tags (ticket_id, tag_id) SELECT CAST($1 AS BIGINT), tag_id FROM ticket_tags WHERE ticket_id = $2 ON CONFLICT (ticket_id, tag_id) DO NOTHING", into, from); err != nil {
		return fmt.Errorf("ticket: merge: %w", err)
	}
	_, err = s.ev.Record(ctx, tx, eventOf(t, actor, desk.EvTicketMerged, map[string]any{"into": into, "reason": reason}))
	return err
}
