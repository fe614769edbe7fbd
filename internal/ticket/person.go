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
		for _, query := range []string{"DELETE FROM ticket_participants WHERE ticket_id IN ", "DELETE FROM ticket_tags WHERE ticket_id IN "} {
			if _, err := tx.Exec(ctx, query+inList(part)); err != nil {
				return fmt.Errorf("ticket: blank: %w", err)
			}
		}
	}
	return nil
}

// Empty takes what was said off a ticket whose conversations' term of keeping is over (CO-10): subject, description and last line. Whose it was, and what colleagues made of it, stays.
func (s *Service) Empty(ctx context.Context, tx *db.Tx, id desk.TicketID) error {
	if _, err := tx.Exec(ctx, "UPDATE tickets SET subject = '', description = '', snippet = '', version = version + 1 WHERE id = $1", id); err != nil {
		return fmt.Errorf("ticket: empty: %w", err)
	}
	return nil
}

// Redact blanks a passage out of a ticket's subject, description and last line, and reports whether it stood there (CO-12).
func (s *Service) Redact(ctx context.Context, tx *db.Tx, id desk.TicketID, blank func(text string, isHTML bool) (string, bool)) (bool, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil {
		return false, err
	}
	was := false
	for _, text := range []*string{&t.Subject, &t.Description, &t.Snippet} {
		out, yes := blank(*text, false)
		*text, was = out, was || yes
	}
	if !was {
		return false, nil
	}
	if _, err := tx.Exec(ctx, "UPDATE tickets SET subject = $1, description = $2, snippet = $3, version = version + 1 WHERE id = $4", t.Subject, t.Description, t.Snippet, id); err != nil {
		return false, fmt.Errorf("ticket: redact: %w", err)
	}
	return true, nil
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

// OpenTopic is the newest ticket that a contact has open over a channel account in an inbox; 0 when there is none (GEN-05: only for a new topic).
func (s *Service) OpenTopic(ctx context.Context, q db.Queryer, contact desk.ContactID, account desk.ChannelAccountID, inbox desk.InboxID) (desk.TicketID, error) {
	if contact == 0 {
		return 0, nil
	}
	var id desk.TicketID
	err := q.QueryRow(ctx, `SELECT COALESCE(MAX(id), 0) FROM tickets WHERE contact_id = $1 AND account_id = $2 AND inbox_id = $3 AND open = 1 AND hidden = ''`, contact, account, inbox).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("ticket: open topic: %w", err)
	}
	return id, nil
}

// inList writes ids, which are numbers made here, into a statement.
func inList(ids []desk.TicketID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(int64(id), 10)
	}
	return "(" + strings.Join(texts, ",") + ")"
}
