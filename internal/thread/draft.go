package thread

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

const maxDraft = 4 << 20 // bytes of a draft as stored

func scanDraft(s db.Scanner) (d desk.Draft, err error) {
	var id desk.DraftID
	var at desk.Time
	var ticket desk.TicketID // where it is now: threads move
	var thread desk.ThreadID
	err = s.Scan(&id, db.ScanJSON(&d), &at, &ticket, &thread)
	d.ID, d.UpdatedAt, d.TicketID, d.ThreadID = id, at, ticket, thread
	if d.Attachments == nil {
		d.Attachments = []desk.AttachmentID{}
	}
	for _, p := range []*[]desk.Party{&d.To, &d.Cc, &d.Bcc} {
		if *p == nil {
			*p = []desk.Party{}
		}
	}
	return d, err
}

// SaveDraft keeps a composer's text: one draft a person, ticket, thread and kind, the last one saved (WS drafts on the server).
func (s *Service) SaveDraft(ctx context.Context, tx *db.Tx, d desk.Draft) (desk.Draft, error) {
	switch d.Kind {
	case "reply", "comment", "new", "forward":
	default:
		return d, desk.Errorf(desk.Invalid, "draft.type", "A draft is a reply, a comment or a new message.").In("type")
	}
	if d.UserID == 0 {
		return d, desk.Errorf(desk.Invalid, "draft.user", "A draft belongs to somebody.")
	}
	d.Subject, d.HTML, d.Text = Clean(d.Subject), Clean(d.HTML), Clean(d.Text)
	body, err := json.Marshal(d)
	if err != nil {
		return d, fmt.Errorf("thread: draft: %w", err)
	}
	if len(body) > maxDraft {
		return d, desk.Errorf(desk.TooLarge, "draft.too_large", "A draft may have up to %d MB of text. Attach the rest as a file.", maxDraft>>20)
	}
	d.UpdatedAt = s.clk.Ms()
	err = tx.QueryRow(ctx, `INSERT INTO drafts (id, user_id, ticket_id, thread_id, kind, body, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (user_id, ticket_id, thread_id, kind) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at RETURNING id`,
		tx.NewID(), d.UserID, d.TicketID, d.ThreadID, d.Kind, string(body), d.UpdatedAt).Scan(&d.ID)
	if err != nil {
		return d, fmt.Errorf("thread: draft: %w", err)
	}
	return d, nil
}

// Draft returns a person's draft for a place; ok is false when there is none.
func (s *Service) Draft(ctx context.Context, q db.Queryer, user desk.UserID, ticket desk.TicketID, thread desk.ThreadID, kind string) (d desk.Draft, ok bool, err error) {
	d, err = scanDraft(q.QueryRow(ctx, "SELECT id, body, updated_at, ticket_id, thread_id FROM drafts WHERE user_id = $1 AND ticket_id = $2 AND thread_id = $3 AND kind = $4", user, ticket, thread, kind))
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Draft{}, false, nil
	}
	return d, err == nil, err
}

// SameDraft refuses (Conflict, draft.changed) when the draft of a place is not the one that was last kept at base; 0: there was none. Nil asks nothing.
func (s *Service) SameDraft(ctx context.Context, tx *db.Tx, user desk.UserID, ticket desk.TicketID, thread desk.ThreadID, kind string, base *desk.Time) error {
	if base == nil {
		return nil
	}
	var at desk.Time
	err := tx.QueryRow(ctx, "SELECT updated_at FROM drafts WHERE user_id = $1 AND ticket_id = $2 AND thread_id = $3 AND kind = $4"+tx.ForUpdate(), user, ticket, thread, kind).Scan(&at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("thread: draft: %w", err)
	}
	if at != 0 && at != *base {
		return desk.Errorf(desk.Conflict, "draft.changed", "This draft was changed in another window or on another device.")
	}
	return nil
}

// Drafts returns all drafts of a person, newest first; ticket 0 means every place.
func (s *Service) Drafts(ctx context.Context, q db.Queryer, user desk.UserID, ticket desk.TicketID) ([]desk.Draft, error) {
	if ticket != 0 {
		return db.All(ctx, q, scanDraft, "SELECT id, body, updated_at, ticket_id, thread_id FROM drafts WHERE user_id = $1 AND ticket_id = $2 ORDER BY updated_at DESC, id DESC", user, ticket)
	}
	return db.All(ctx, q, scanDraft, "SELECT id, body, updated_at, ticket_id, thread_id FROM drafts WHERE user_id = $1 ORDER BY updated_at DESC, id DESC LIMIT 200", user)
}

// DeleteDraft forgets a draft; one that is not there is no error.
func (s *Service) DeleteDraft(ctx context.Context, tx *db.Tx, user desk.UserID, ticket desk.TicketID, thread desk.ThreadID, kind string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM drafts WHERE user_id = $1 AND ticket_id = $2 AND thread_id = $3 AND kind = $4", user, ticket, thread, kind); err != nil {
		return fmt.Errorf("thread: delete draft: %w", err)
	}
	return nil
}

// moveDrafts takes what people were writing along with a thread that moves. Where somebody wrote in both places, both drafts stay where they are.
func (s *Service) moveDrafts(ctx context.Context, tx *db.Tx, from, to desk.ThreadID, ticket desk.TicketID) error {
	_, err := tx.Exec(ctx, `UPDATE drafts SET thread_id = $1, ticket_id = $2 WHERE thread_id = $3 AND NOT EXISTS (
		SELECT 1 FROM drafts d WHERE d.user_id = drafts.user_id AND d.kind = drafts.kind AND d.thread_id = $1 AND d.ticket_id = $2)`, to, ticket, from)
	if err != nil {
		return fmt.Errorf("thread: move drafts: %w", err)
	}
	return nil
}

// mention tells the people a message names.
func (s *Service) mention(ctx context.Context, tx *db.Tx, m desk.Message) error {
	if len(m.TeamMentions) > 0 {
		if _, err := tx.Exec(ctx, "UPDATE messages SET team_mentions = $1 WHERE id = $2", db.JSON(m.TeamMentions), m.ID); err != nil {
			return fmt.Errorf("thread: mention teams: %w", err)
		}
	}
	for _, u := range m.Mentions {
		_, err := tx.Exec(ctx, "INSERT INTO mentions (message_id, user_id, ticket_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", m.ID, u, m.TicketID, m.CreatedAt)
		if err != nil {
			return fmt.Errorf("thread: mention: %w", err)
		}
	}
	return nil
}

// Mention is one place where a person was named.
type Mention struct {
	MessageID desk.MessageID `json:"message_id"`
	TicketID  desk.TicketID  `json:"ticket_id"`
	CreatedAt desk.Time      `json:"created_at"`
	ReadAt    desk.Time      `json:"read_at"`
}

// Mentions returns where a person was named, newest first, at most 200.
func (s *Service) Mentions(ctx context.Context, q db.Queryer, user desk.UserID, unreadOnly bool) ([]Mention, error) {
	return db.All(ctx, q, func(sc db.Scanner) (m Mention, err error) {
		err = sc.Scan(&m.MessageID, &m.TicketID, &m.CreatedAt, &m.ReadAt)
		return m, err
	}, "SELECT message_id, ticket_id, created_at, read_at FROM mentions WHERE user_id = $1 AND (read_at = 0 OR $2 = 0) ORDER BY message_id DESC LIMIT 200", user, boolInt(unreadOnly))
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// ReadMentions says that a person has seen what named them on a ticket.
func (s *Service) ReadMentions(ctx context.Context, tx *db.Tx, user desk.UserID, ticket desk.TicketID) error {
	if _, err := tx.Exec(ctx, "UPDATE mentions SET read_at = $1 WHERE user_id = $2 AND ticket_id = $3 AND read_at = 0", s.clk.Ms(), user, ticket); err != nil {
		return fmt.Errorf("thread: read mentions: %w", err)
	}
	return nil
}
