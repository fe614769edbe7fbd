package ticket

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// erased are the statements that take a ticket away, in order; each is given its id.
var erased = []string{
	"DELETE FROM ticket_links WHERE ticket_id = $1 OR other_id = $1",
	"DELETE FROM ticket_followers WHERE ticket_id = $1",
	"DELETE FROM ticket_participants WHERE ticket_id = $1",
	"DELETE FROM ticket_merges WHERE from_id = $1 OR into_id = $1",
	"DELETE FROM ticket_tags WHERE ticket_id = $1",
	"DELETE FROM ticket_splits WHERE from_id = $1 OR to_id = $1",
	"DELETE FROM tickets WHERE id = $1",
}

// Absorbed are the shells of tickets that were merged into one, and into those, deepest first: they are erased with it.
func (s *Service) Absorbed(ctx context.Context, q db.Queryer, id desk.TicketID) ([]desk.TicketID, error) {
	var out []desk.TicketID
	seen := map[desk.TicketID]bool{id: true}
	for level := []desk.TicketID{id}; len(level) > 0; {
		var next []desk.TicketID
		for _, t := range level {
			ids, err := db.All(ctx, q, db.Column[desk.TicketID], "SELECT id FROM tickets WHERE merged_into = $1 AND merged_into <> 0 ORDER BY id", t)
			if err != nil {
				return nil, fmt.Errorf("ticket: absorbed: %w", err)
			}
			for _, a := range ids {
				if !seen[a] {
					seen[a] = true
					next = append(next, a)
				}
			}
		}
		out = append(append([]desk.TicketID{}, next...), out...)
		level = next
	}
	return out, nil
}

// Erase removes a ticket's own rows for good, its links among them, and keeps its number from being given again. Its threads have been erased by the caller
// (thread.Erase), whose messages are named so that the search forgets them wherever it has them. Records ticket.purged; reason is spam, trash, merged or privacy.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, reason string, messages []desk.MessageID) error {
	t, err := s.Lock(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, q := range erased {
		if _, err := tx.Exec(ctx, q, id); err != nil {
			return fmt.Errorf("ticket: erase: %w", err)
		}
	}
	_, err = tx.Exec(ctx, "INSERT INTO erased_tickets (number, ticket_id, reason, erased_at) VALUES ($1, $2, $3, $4) ON CONFLICT (number) DO NOTHING", t.Number, id, reason, s.clk.Ms())
	if err != nil {
		return fmt.Errorf("ticket: erase: %w", err)
	}
	if messages == nil {
		messages = []desk.MessageID{}
	}
	t.ContactID = 0
	_, err = s.ev.Record(ctx, tx, eventOf(t, actor, desk.EvTicketPurged, map[string]any{"number": t.Number, "messages": messages, "reason": reason}))
	return err
}

// CheckProperties refuses properties that no ticket may have.
func (s *Service) CheckProperties(ctx context.Context, q db.Queryer, values map[string]any) error {
	_, err := s.props.Check(ctx, q, object, values)
	return err
}
