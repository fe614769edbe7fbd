package survey

import (
	"context"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Rate keeps what a visitor says in the widget of how their conversation's ticket went (WS-25). They may change it until the ticket is closed another time; who has
// answered there is not asked by mail. The caller made sure that the visitor may. Records ticket.rated.
func (s *Service) Rate(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, score int, comment string) error {
	if score < Dissatisfied || score > Satisfied {
		return desk.Errorf(desk.Invalid, "survey.score", "Choose one of the three answers.").In("score")
	}
	t, err := s.Tickets.Lock(ctx, tx, id)
	if err != nil {
		return err
	}
	comment, now := cleanComment(comment), s.Clock.Ms()
	if _, err := tx.Exec(ctx, `INSERT INTO surveys (id, ticket_id, contact_id, owner_id, inbox_id, closed_at, asked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (ticket_id, closed_at) DO NOTHING`, tx.NewID(), t.ID, t.ContactID, t.OwnerID, t.InboxID, t.ClosedAt, now); err != nil {
		return fmt.Errorf("survey: rate: %w", err)
	}
	n, err := tx.Exec(ctx, `UPDATE surveys SET score = $1, comment = $2, answered_at = $3, skipped = '' WHERE ticket_id = $4 AND closed_at = $5 AND (score <> $1 OR comment <> $2)`,
		score, comment, now, t.ID, t.ClosedAt)
	if err != nil || n == 0 {
		return err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{
		Type: desk.EvTicketRated, Actor: actor, TicketID: t.ID, Contact: t.ContactID, Inbox: t.InboxID, UserID: t.OwnerID,
		Data: event.Data(map[string]any{"score": score, "comment": comment}),
	})
	return err
}

// Rated is what was said of a ticket's last closing; 0: nothing.
func (s *Service) Rated(ctx context.Context, q db.Queryer, id desk.TicketID) (int, error) {
	all, err := db.All(ctx, q, db.Column[int], "SELECT v.score FROM surveys v JOIN tickets t ON t.id = v.ticket_id AND t.closed_at = v.closed_at WHERE v.ticket_id = $1 AND v.answered_at <> 0", id)
	if err != nil || len(all) == 0 {
		return 0, errors.Join(err)
	}
	return all[0], nil
}
