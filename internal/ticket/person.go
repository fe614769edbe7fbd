package ticket

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// MoveContact files every ticket of one contact under another.
func (s *Service) MoveContact(ctx context.Context, tx *db.Tx, from, to desk.ContactID) error {
	if _, err := tx.Exec(ctx, "UPDATE tickets SET contact_id = $1, version = version + 1 WHERE contact_id = $2", to, from); err != nil {
		return fmt.Errorf("ticket: move contact: %w", err)
	}
	for _, query := range []string{
		`INSERT INTO ticket_participants (ticket_id, contact_id, reason, created_at) SELECT ticket_id, CAST($1 AS BIGINT), reason, created_at FROM ticket_participants WHERE contact_id = $2 ON CONFLICT DO NOTHING`,
		`DELETE FROM ticket_participants WHERE contact_id = $2 AND contact_id <> $1`,
	} {
		if _, err := tx.Exec(ctx, query, to, from); err != nil {
			return fmt.Errorf("ticket: move contact: %w", err)
		}
	}
	return nil
}

// GiveContact files some tickets of one contact under another; those that are somebody else's by now are left alone.
func (s *Service) GiveContact(ctx context.Context, tx *db.Tx, ids []desk.TicketID, from, to desk.ContactID) error {
	for part := range slices.Chunk(ids, 500) {
		if _, err := tx.Exec(ctx, "UPDATE tickets SET contact_id = $1, version = version + 1 WHERE contact_id = $2 AND id IN "+inList(part), to, from); err != nil {
			return fmt.Errorf("ticket: give contact: %w", err)
		}
	}
	return nil
}

// Blank takes everything that tells of a person out of tickets for good. Numbers, owners, states and times stay: what was counted still counts (CR-14).
func (s *Service) Blank(ctx context.Context, tx *db.Tx, ids []desk.TicketID) error {
	for part := range slices.Chunk(ids, 500) {
		_, err := tx.Exec(ctx, `UPDATE tickets SET subject = '', description = '', snippet = '', properties = '{}', category = '', hidden_reason = '', contact_id = 0, version = version + 1 WHERE id IN `+inList(part))
		if err != nil {
			return fmt.Errorf("ticket: blank: %w", err)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM ticket_participants WHERE ticket_id IN "+inList(part)); err != nil {
			return fmt.Errorf("ticket: blank: %w", err)
		}
	}
	return nil
}

// BlankSnippets takes the last line, which may be the person's, off tickets that are others'.
func (s *Service) BlankSnippets(ctx context.Context, tx *db.Tx, ids []desk.TicketID) error {
	for part := range slices.Chunk(ids, 500) {
		if _, err := tx.Exec(ctx, "UPDATE tickets SET snippet = '', version = version + 1 WHERE id IN "+inList(part)); err != nil {
			return fmt.Errorf("ticket: blank: %w", err)
		}
	}
	return nil
}

// inList writes ids, which are numbers made here, into a statement.
func inList(ids []desk.TicketID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(int64(id), 10)
	}
	return "(" + strings.Join(texts, ",") + ")"
}
