package thread

import (
	"context"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Redaction is one passage that was blanked out of a message (CO-12). Sealed is the original under the installation's key; "" when nothing of it is kept.
type Redaction struct {
	Kind   string
	Mask   string
	Sealed string
	By     desk.UserID
	At     desk.Time
}

// KeepRedactions notes what was blanked out of a message.
func (s *Service) KeepRedactions(ctx context.Context, tx *db.Tx, id desk.MessageID, all []Redaction) error {
	for _, r := range all {
		_, err := tx.Exec(ctx, "INSERT INTO redactions (id, message_id, kind, mask, sealed, user_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)", tx.NewID(), id, r.Kind, r.Mask, r.Sealed, r.By, s.clk.Ms())
		if err != nil {
			return fmt.Errorf("thread: keep redactions: %w", err)
		}
	}
	return nil
}

// Redactions are what was blanked out of a message, in order.
func (s *Service) Redactions(ctx context.Context, q db.Queryer, id desk.MessageID) ([]Redaction, error) {
	out, err := db.All(ctx, q, func(r db.Scanner) (x Redaction, err error) {
		err = r.Scan(&x.Kind, &x.Mask, &x.Sealed, &x.By, &x.At)
		return x, err
	}, "SELECT kind, mask, sealed, user_id, created_at FROM redactions WHERE message_id = $1 ORDER BY id", id)
	if err != nil {
		return nil, fmt.Errorf("thread: redactions: %w", err)
	}
	return out, nil
}

// Redact blanks a passage wherever it stands in a conversation, which the caller holds: in messages, in what they quote, in subjects, names of files and unsent drafts.
// blank is told whether a text is HTML, and reports whether it changed it. It names the messages that changed.
func (s *Service) Redact(ctx context.Context, tx *db.Tx, id desk.ThreadID, blank func(text string, isHTML bool) (string, bool)) (changed []desk.MessageID, err error) {
	ms, err := db.All(ctx, tx, ScanMessage, "SELECT "+MessageColumns+" FROM messages WHERE thread_id = $1 ORDER BY id", id)
	if err != nil {
		return nil, fmt.Errorf("thread: redact: %w", err)
	}
	for _, m := range ms {
		was := false
		for _, x := range []struct {
			text *string
			html bool
		}{{&m.Subject, false}, {&m.Text, false}, {&m.QuotedText, false}, {&m.HTML, true}, {&m.QuotedHTML, true}} {
			out, yes := blank(*x.text, x.html)
			if yes {
				*x.text, was = out, true
			}
		}
		if !was {
			continue
		}
		if !slices.Contains(m.Flags, desk.FlagRedacted) {
			m.Flags = append(m.Flags, desk.FlagRedacted)
		}
		_, err := tx.Exec(ctx, "UPDATE messages SET subject = $1, text = $2, quoted_text = $3, html = $4, quoted_html = $5, flags = $6, content_hash = '', extra = '' WHERE id = $7",
			m.Subject, m.Text, m.QuotedText, m.HTML, m.QuotedHTML, db.JSON(m.Flags), m.ID)
		if err != nil {
			return nil, fmt.Errorf("thread: redact: %w", err)
		}
		changed = append(changed, m.ID)
	}
	th, err := s.Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if subject, yes := blank(th.Subject, false); yes {
		if _, err := tx.Exec(ctx, "UPDATE threads SET subject = $1 WHERE id = $2", subject, id); err != nil {
			return nil, fmt.Errorf("thread: redact: %w", err)
		}
	}
	return changed, s.redactDrafts(ctx, tx, th, blank)
}

// redactDrafts takes unsent texts that repeat the passage: what is written there cannot be known to be the writer's own.
func (s *Service) redactDrafts(ctx context.Context, tx *db.Tx, th desk.Thread, blank func(string, bool) (string, bool)) error {
	type draft struct {
		id   int64
		body desk.Draft
	}
	ds, err := db.All(ctx, tx, func(r db.Scanner) (d draft, err error) {
		err = r.Scan(&d.id, db.ScanJSON(&d.body))
		return d, err
	}, "SELECT id, body FROM drafts WHERE thread_id = $1 OR ticket_id = $2 AND ticket_id <> 0", th.ID, th.TicketID)
	if err != nil {
		return fmt.Errorf("thread: redact drafts: %w", err)
	}
	for _, d := range ds {
		text, a := blank(d.body.Text, false)
		html, b := blank(d.body.HTML, true)
		if !a && !b {
			continue
		}
		d.body.Text, d.body.HTML = text, html
		if _, err := tx.Exec(ctx, "UPDATE drafts SET body = $1 WHERE id = $2", db.JSON(d.body), d.id); err != nil {
			return fmt.Errorf("thread: redact drafts: %w", err)
		}
	}
	return nil
}

// RemoveFile takes one file off a message for good, and flags it.
func (s *Service) RemoveFile(ctx context.Context, tx *db.Tx, m desk.Message, id desk.AttachmentID) error {
	if _, err := tx.Exec(ctx, "DELETE FROM attachments WHERE id = $1 AND message_id = $2", id, m.ID); err != nil {
		return fmt.Errorf("thread: remove file: %w", err)
	}
	if !slices.Contains(m.Flags, desk.FlagRedacted) {
		m.Flags = append(m.Flags, desk.FlagRedacted)
	}
	if _, err := tx.Exec(ctx, "UPDATE messages SET flags = $1 WHERE id = $2", db.JSON(m.Flags), m.ID); err != nil {
		return fmt.Errorf("thread: remove file: %w", err)
	}
	return nil
}
