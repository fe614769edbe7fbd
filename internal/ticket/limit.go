package ticket

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Limit names how many tickets a contact may have; 0 is no limit (CR-07). nil is none.
func (s *Service) Limit(fn func(ctx context.Context, q db.Queryer) (int, error)) *Service {
	s.limit = fn
	return s
}

// over reports whether a contact may have no more tickets, and the limit. What they have beyond a limit that was set later stays theirs.
func (s *Service) over(ctx context.Context, q db.Queryer, id desk.ContactID) (int, error) {
	if s.limit == nil || id == 0 {
		return 0, nil
	}
	limit, err := s.limit(ctx, q)
	if err != nil || limit <= 0 {
		return 0, err
	}
	var n int
	if err := q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets WHERE contact_id = $1 AND hidden <> 'merged' LIMIT $2) x`, id, limit).Scan(&n); err != nil {
		return 0, fmt.Errorf("ticket: limit: %w", err)
	}
	if n < limit {
		return 0, nil
	}
	return limit, nil
}

// takesPart joins a contact, who may have no more tickets, to one in another way, so that the request is not lost (TK-05). Records ticket.contact_limited on the ticket, and
// association.limited for the audit log.
func (s *Service) takesPart(ctx context.Context, tx *db.Tx, t desk.Ticket, id desk.ContactID, limit int) error {
	if _, err := tx.Exec(ctx, `INSERT INTO ticket_participants (ticket_id, contact_id, reason, created_at) VALUES ($1, $2, 'limit', $3) ON CONFLICT DO NOTHING`, t.ID, id, s.clk.Ms()); err != nil {
		return fmt.Errorf("ticket: takes part: %w", err)
	}
	ev := eventOf(t, desk.System, desk.EvTicketLimited, map[string]any{"contact_id": id, "limit": limit, "number": t.Number})
	ev.Contact = id
	if _, err := s.ev.Record(ctx, tx, ev); err != nil {
		return err
	}
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvAssociationLimited, Actor: desk.System, Data: event.Data(map[string]any{"pair": "contact_tickets", "contact_id": id, "ticket_id": t.ID, "number": t.Number, "limit": limit})})
	return err
}

// Participants are the contacts who take part in a ticket without being its contact.
func (s *Service) Participants(ctx context.Context, q db.Queryer, id desk.TicketID) ([]desk.ContactID, error) {
	return db.All(ctx, q, db.Column[desk.ContactID], `SELECT contact_id FROM ticket_participants WHERE ticket_id = $1 ORDER BY created_at, contact_id`, id)
}

// Near is a contact who has about as many tickets as they may.
type Near struct {
	ContactID desk.ContactID `json:"contact_id"`
	Name      string         `json:"name"`
	Email     string         `json:"email"`
	Tickets   int            `json:"tickets" doc:"That they have."`
	Beyond    int            `json:"beyond" doc:"That they take part in, because they may have no more."`
}

// NearLimit lists contacts with at least so many tickets, those with the most first (CR-07).
func (s *Service) NearLimit(ctx context.Context, q db.Queryer, from int) ([]Near, error) {
	ns, err := db.All(ctx, q, func(r db.Scanner) (n Near, err error) {
		err = r.Scan(&n.ContactID, &n.Name, &n.Email, &n.Tickets, &n.Beyond)
		return n, err
	}, `SELECT c.id, c.name, c.email, x.n, (SELECT COUNT(*) FROM ticket_participants p WHERE p.contact_id = c.id AND p.reason = 'limit') FROM (
		SELECT contact_id, COUNT(*) AS n FROM tickets WHERE contact_id <> 0 AND hidden <> 'merged' GROUP BY contact_id HAVING COUNT(*) >= $1 ORDER BY COUNT(*) DESC, contact_id LIMIT 200) x
		JOIN contacts c ON c.id = x.contact_id ORDER BY x.n DESC, c.id`, from)
	if err != nil {
		return nil, fmt.Errorf("ticket: near limit: %w", err)
	}
	return ns, nil
}
