package ticket

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// The kinds of a link.
const (
	LinkClaims    = "claims"    // a stranger's mail in TicketID claims to belong to OtherID
	LinkRelated   = "related"   // a person said so
	LinkSameMail  = "same_mail" // one mail reached two inboxes
	LinkDuplicate = "duplicate" // TicketID asks what OtherID asks
	LinkBlocks    = "blocks"    // OtherID cannot be solved before TicketID is
)

// Link joins two tickets by the machine; see LinkBy.
func (s *Service) Link(ctx context.Context, tx *db.Tx, l desk.TicketLink) error {
	return s.LinkBy(ctx, tx, desk.System, l)
}

// LinkBy joins two tickets; the same link again is nothing. Records ticket.updated on TicketID, or ticket.linked on both when a person did it.
func (s *Service) LinkBy(ctx context.Context, tx *db.Tx, actor desk.Actor, l desk.TicketLink) error {
	switch l.Kind {
	case LinkClaims, LinkRelated, LinkSameMail, LinkDuplicate, LinkBlocks:
	default:
		return desk.Errorf(desk.Invalid, "ticket.link_unknown", "%q is not a kind of link.", l.Kind).In("kind")
	}
	if l.TicketID == l.OtherID {
		return desk.Errorf(desk.Invalid, "ticket.link_self", "A ticket cannot be linked to itself.").In("other_id")
	}
	t, err := s.Get(ctx, tx, l.TicketID)
	if err != nil {
		return err
	}
	if _, err := s.Get(ctx, tx, l.OtherID); err != nil {
		return err
	}
	if l.CreatedAt == 0 {
		l.CreatedAt = s.clk.Ms()
	}
	n, err := tx.Exec(ctx, `INSERT INTO ticket_links (ticket_id, other_id, kind, message_id, reason, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (ticket_id, other_id, kind) DO NOTHING`, l.TicketID, l.OtherID, l.Kind, l.MessageID, l.Reason, l.CreatedAt)
	if err != nil {
		return fmt.Errorf("ticket: link: %w", err)
	}
	if n == 0 {
		return nil
	}
	return s.tellLink(ctx, tx, actor, t, l, desk.EvTicketLinked, [2]any{nil, l})
}

// tellLink tells both ends what a person did, and the first end what the machine did.
func (s *Service) tellLink(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Ticket, l desk.TicketLink, typ string, change [2]any) error {
	if actor.Kind == desk.ActorSystem {
		_, err := s.ev.Record(ctx, tx, eventOf(t, actor, desk.EvTicketUpdated, map[string]any{"changes": map[string]any{"links": change}}))
		return err
	}
	other, err := s.Get(ctx, tx, l.OtherID)
	if err != nil {
		return err
	}
	for _, end := range [][2]desk.Ticket{{t, other}, {other, t}} {
		ev := eventOf(end[0], actor, typ, map[string]any{"other_id": end[1].ID, "other_number": end[1].Number, "kind": l.Kind})
		if _, err := s.ev.Record(ctx, tx, ev); err != nil {
			return err
		}
	}
	return nil
}

// Unlink removes a link, as when a claimed thread was joined; one that is not there is nothing.
func (s *Service) Unlink(ctx context.Context, tx *db.Tx, actor desk.Actor, l desk.TicketLink) error {
	n, err := tx.Exec(ctx, `DELETE FROM ticket_links WHERE ticket_id = $1 AND other_id = $2 AND kind = $3`, l.TicketID, l.OtherID, l.Kind)
	if err != nil {
		return fmt.Errorf("ticket: unlink: %w", err)
	}
	if n == 0 {
		return nil
	}
	t, err := s.Get(ctx, tx, l.TicketID)
	if err != nil {
		return err
	}
	return s.tellLink(ctx, tx, actor, t, l, desk.EvTicketUnlinked, [2]any{l, nil})
}

// Links returns the links from and to a ticket, oldest first. A link to it has it as OtherID.
func (s *Service) Links(ctx context.Context, q db.Queryer, id desk.TicketID) ([]desk.TicketLink, error) {
	ls, err := db.All(ctx, q, func(r db.Scanner) (l desk.TicketLink, err error) {
		err = r.Scan(&l.TicketID, &l.OtherID, &l.Kind, &l.MessageID, &l.Reason, &l.CreatedAt)
		return l, err
	}, `SELECT ticket_id, other_id, kind, message_id, reason, created_at FROM ticket_links WHERE ticket_id = $1 OR other_id = $1 ORDER BY created_at, ticket_id, other_id`, id)
	if err != nil {
		return nil, fmt.Errorf("ticket: links: %w", err)
	}
	return ls, nil
}
