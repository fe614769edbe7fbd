package thread

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

const attachmentColumns = "id, message_id, name, type, size, sha256, inline, content_id, link_until"

func scanAttachment(s db.Scanner) (a desk.Attachment, err error) {
	err = scanAttachmentAnd(s, &a)
	return a, err
}

// scanAttachmentAnd reads a row of attachmentColumns and what stands behind them.
func scanAttachmentAnd(s db.Scanner, a *desk.Attachment, more ...any) error {
	var until desk.Time
	err := s.Scan(append([]any{&a.ID, &a.MessageID, &a.Name, &a.Type, &a.Size, &a.SHA256, &a.Inline, &a.ContentID, &until}, more...)...)
	a.Linked(until)
	return err
}

func orNotFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return notFound()
	}
	return err
}

// Upload keeps a file that somebody is about to send: its bytes are already a blob. It belongs to no message yet, and only its uploader
// can attach it.
func (s *Service) Upload(ctx context.Context, tx *db.Tx, uploader desk.UserID, a desk.Attachment) (desk.Attachment, error) {
	a.ID, a.MessageID = desk.AttachmentID(tx.NewID()), 0
	a.Linked(0)
	return a, s.insertAttachment(ctx, tx, &a, uploader, "", 0)
}

func (s *Service) insertAttachment(ctx context.Context, tx *db.Tx, a *desk.Attachment, uploader desk.UserID, remote string, position int) error {
	a.Linked(0)
	a.Name, a.Type, a.ContentID = clip(fileName(a.Name), 255), clip(a.Type, 200), clip(a.ContentID, 300)
	if a.Type == "" {
		a.Type = "application/octet-stream"
	}
	_, err := tx.Exec(ctx, `INSERT INTO attachments (id, message_id, uploader, name, type, size, sha256, inline, content_id, remote, position, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		a.ID, a.MessageID, uploader, a.Name, a.Type, a.Size, a.SHA256, a.Inline, a.ContentID, Clean(remote), position, s.clk.Ms())
	if err != nil {
		return fmt.Errorf("thread: attachment: %w", err)
	}
	return nil
}

// fileName keeps the last part of a path, without what no file system or header bears, and without the marks that make letters run backwards: with
// them a name ends in .pdf on the screen and in .exe on the disk.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x2028, r == 0x2029:
			return -1
		}
		return r
	}, Clean(s))
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	if s = strings.TrimSpace(s); s == "" || s == "." || s == ".." {
		return "attachment"
	}
	return s
}

// attach writes the message's attachments: new rows, or uploads of the message's author that become its own.
func (s *Service) attach(ctx context.Context, tx *db.Tx, m desk.Message) ([]desk.Attachment, error) {
	out := make([]desk.Attachment, 0, len(m.Attachments))
	for i, a := range m.Attachments {
		if a.ID != 0 {
			got, err := s.claim(ctx, tx, m.ID, m.Actor.UserID(), a.ID, i)
			if err != nil {
				return nil, err
			}
			if a.Inline && a.ContentID != "" { // the text shows it
				got.Inline, got.ContentID = true, a.ContentID
				if _, err := tx.Exec(ctx, "UPDATE attachments SET inline = 1, content_id = $1 WHERE id = $2", got.ContentID, got.ID); err != nil {
					return nil, fmt.Errorf("thread: attach: %w", err)
				}
			}
			if a.LinkUntil != 0 {
				got.Linked(a.LinkUntil)
				if _, err := tx.Exec(ctx, "UPDATE attachments SET link_until = $1 WHERE id = $2", got.LinkUntil, got.ID); err != nil {
					return nil, fmt.Errorf("thread: attach: %w", err)
				}
			}
			out = append(out, got)
			continue
		}
		a.ID, a.MessageID = desk.AttachmentID(tx.NewID()), m.ID
		if err := s.insertAttachment(ctx, tx, &a, 0, "", i); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// AttachUpload makes uploads the message's attachments, after those it has. An upload of another person is NotFound; one that already went
// out with a message is attached again as a copy of its row.
func (s *Service) AttachUpload(ctx context.Context, tx *db.Tx, id desk.MessageID, uploader desk.UserID, uploads []desk.AttachmentID) ([]desk.Attachment, error) {
	have, err := s.Attachments(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	out := make([]desk.Attachment, 0, len(uploads))
	for i, u := range uploads {
		a, err := s.claim(ctx, tx, id, uploader, u, len(have)+i)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (s *Service) claim(ctx context.Context, tx *db.Tx, message desk.MessageID, uploader desk.UserID, id desk.AttachmentID, position int) (desk.Attachment, error) {
	var by desk.UserID
	var a desk.Attachment
	err := scanAttachmentAnd(tx.QueryRow(ctx, "SELECT "+attachmentColumns+", uploader FROM attachments WHERE id = $1"+tx.ForUpdate(), id), &a, &by)
	if errors.Is(err, sql.ErrNoRows) || err == nil && a.MessageID == 0 && uploader != 0 && by != uploader {
		return a, desk.Errorf(desk.NotFound, "attachment.not_found", "An attachment is no longer there. Attach the file again.").In("attachments")
	}
	if err != nil {
		return a, fmt.Errorf("thread: attach: %w", err)
	}
	if a.MessageID != 0 && a.MessageID != message {
		a.ID, a.MessageID = desk.AttachmentID(tx.NewID()), message
		a.Linked(0) // how it went with the other message is that one's
		return a, s.insertAttachment(ctx, tx, &a, uploader, "", position)
	}
	a.MessageID = message
	if _, err := tx.Exec(ctx, "UPDATE attachments SET message_id = $1, position = $2 WHERE id = $3", message, position, id); err != nil {
		return a, fmt.Errorf("thread: attach: %w", err)
	}
	return a, nil
}

// AddRemote keeps an attachment whose bytes are still at the provider, under a reference that a Fetcher understands.
func (s *Service) AddRemote(ctx context.Context, tx *db.Tx, a desk.Attachment, remote string, position int) (desk.Attachment, error) {
	a.ID = desk.AttachmentID(tx.NewID())
	return a, s.insertAttachment(ctx, tx, &a, 0, remote, position)
}

// Fetched says that the bytes of a remote attachment are here now.
func (s *Service) Fetched(ctx context.Context, tx *db.Tx, id desk.AttachmentID, sha string, size int64, typ string) error {
	if _, err := tx.Exec(ctx, "UPDATE attachments SET sha256 = $1, size = $2, type = $3, remote = '' WHERE id = $4", sha, size, typ, id); err != nil {
		return fmt.Errorf("thread: fetched: %w", err)
	}
	return nil
}

// ExtendLinks lets the links of a message's files work until then, when it is sent again. It returns how many there are.
func (s *Service) ExtendLinks(ctx context.Context, tx *db.Tx, id desk.MessageID, until desk.Time) (int64, error) {
	n, err := tx.Exec(ctx, "UPDATE attachments SET link_until = $1 WHERE message_id = $2 AND link_until <> 0", until, id)
	if err != nil {
		return 0, fmt.Errorf("thread: extend links: %w", err)
	}
	return n, nil
}

// Attachment returns one attachment with the reference at the provider while it is not fetched.
func (s *Service) Attachment(ctx context.Context, q db.Queryer, id desk.AttachmentID) (a desk.Attachment, uploader desk.UserID, remote string, err error) {
	err = scanAttachmentAnd(q.QueryRow(ctx, "SELECT "+attachmentColumns+", uploader, remote FROM attachments WHERE id = $1", id), &a, &uploader, &remote)
	if errors.Is(err, sql.ErrNoRows) {
		err = desk.Errorf(desk.NotFound, "attachment.not_found", "There is no such attachment.")
	}
	return a, uploader, remote, err
}

// Attachments returns a message's attachments in their order.
func (s *Service) Attachments(ctx context.Context, q db.Queryer, id desk.MessageID) ([]desk.Attachment, error) {
	return db.All(ctx, q, scanAttachment, "SELECT "+attachmentColumns+" FROM attachments WHERE message_id = $1 ORDER BY position, id", id)
}

// ForgetUploads removes uploads that no message took since the time given, and that no draft names. It returns how many.
func (s *Service) ForgetUploads(ctx context.Context, tx *db.Tx, before desk.Time) (int64, error) {
	ids, err := db.All(ctx, tx, db.Column[desk.AttachmentID], "SELECT id FROM attachments WHERE message_id = 0 AND created_at < $1 ORDER BY id LIMIT 500", before)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	drafts, err := db.All(ctx, tx, scanDraft, "SELECT id, body, updated_at, ticket_id, thread_id FROM drafts WHERE body LIKE '%\"attachments\":[\"%'")
	if err != nil {
		return 0, err
	}
	wanted := map[desk.AttachmentID]bool{}
	for _, d := range drafts {
		for _, a := range d.Attachments {
			wanted[a] = true
		}
	}
	var n int64
	for _, id := range ids {
		if wanted[id] {
			continue
		}
		k, err := tx.Exec(ctx, "DELETE FROM attachments WHERE id = $1 AND message_id = 0", id)
		if err != nil {
			return n, fmt.Errorf("thread: forget uploads: %w", err)
		}
		n += k
	}
	return n, nil
}
