package thread

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// MessageColumns are the columns of a message, in the order that ScanMessage reads, for read models.
const MessageColumns = `id, thread_id, ticket_id, kind, direction, channel, account_id, actor, contact_id, from_name, from_address, recipients, subject, text, quoted_text, html,
	quoted_html, truncation, remote_id, in_reply_to, raw_id, disposition, flags, forward, auth, status, status_reason, client, mentions, sent_at, created_at,
	send_at, send_rule, plan, forward_of, team_mentions, offers`

// ScanMessage reads a row of MessageColumns; attachments are loaded apart.
func ScanMessage(s db.Scanner) (m desk.Message, err error) {
	var forward desk.Forward
	var auth desk.AuthEvidence
	var plan desk.SendPlan
	var offers desk.Offers
	m.Recipients, m.Flags, m.Mentions, m.TeamMentions, m.Attachments = []desk.Party{}, []string{}, []desk.UserID{}, []desk.TeamID{}, []desk.Attachment{}
	err = s.Scan(&m.ID, &m.ThreadID, &m.TicketID, &m.Kind, &m.Direction, &m.Channel, &m.AccountID, db.ScanActor(&m.Actor), &m.ContactID, &m.From.Name, &m.From.Address,
		db.ScanJSON(&m.Recipients), &m.Subject, &m.Text, &m.QuotedText, &m.HTML, &m.QuotedHTML, &m.Truncation, &m.RemoteID, &m.InReplyTo, &m.RawID, &m.Disposition,
		db.ScanJSON(&m.Flags), db.ScanJSON(&forward), db.ScanJSON(&auth), &m.Status, &m.StatusReason, &m.Client, db.ScanJSON(&m.Mentions), &m.SentAt, &m.CreatedAt,
		&m.SendAt, &m.SendRule, db.ScanJSON(&plan), &m.ForwardOf, db.ScanJSON(&m.TeamMentions), db.ScanJSON(&offers))
	m.From.Field = "from"
	if forward.Is {
		m.Forward = &forward
	}
	if !plan.Empty() {
		m.Plan = &plan
	}
	if !offers.Empty() {
		m.Offers = &offers
	}
	if auth != (desk.AuthEvidence{}) {
		m.Auth = &auth
	}
	return m, err
}

func messageNotFound() error {
	return desk.Errorf(desk.NotFound, "message.not_found", "There is no such message.")
}

// Message returns one message with its attachments. NotFound when there is none.
func (s *Service) Message(ctx context.Context, q db.Queryer, id desk.MessageID) (desk.Message, error) {
	m, err := ScanMessage(q.QueryRow(ctx, "SELECT "+MessageColumns+" FROM messages WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return m, messageNotFound()
	}
	if err != nil {
		return m, fmt.Errorf("thread: message: %w", err)
	}
	m.Attachments, err = s.Attachments(ctx, q, id)
	return m, err
}

// Page is a part of a list: items below Before (newest first) or above After (oldest first), at most Limit.
type Page struct {
	Before desk.MessageID
	After  desk.MessageID
	Oldest bool // oldest first
	Limit  int  // at most 500; 0 means 100
}

// Messages returns messages of a thread with their attachments, in the order in which they were filed.
func (s *Service) Messages(ctx context.Context, q db.Queryer, id desk.ThreadID, p Page) ([]desk.Message, error) {
	return s.messages(ctx, q, "thread_id", int64(id), p)
}

// MessagesOfTicket returns messages of all threads of a ticket (TK-18).
func (s *Service) MessagesOfTicket(ctx context.Context, q db.Queryer, id desk.TicketID, p Page) ([]desk.Message, error) {
	return s.messages(ctx, q, "ticket_id", int64(id), p)
}

func (s *Service) messages(ctx context.Context, q db.Queryer, column string, id int64, p Page) ([]desk.Message, error) {
	if p.Limit <= 0 || p.Limit > 500 {
		p.Limit = 100
	}
	if p.Before == 0 {
		p.Before = desk.MaxID
	}
	order := "DESC"
	if p.Oldest {
		order = "ASC"
	}
	out, err := db.All(ctx, q, ScanMessage, "SELECT "+MessageColumns+" FROM messages WHERE "+column+" = $1 AND id < $2 AND id > $3 ORDER BY id "+order+" LIMIT $4", id, p.Before, p.After, p.Limit)
	if err != nil {
		return nil, fmt.Errorf("thread: messages: %w", err)
	}
	return out, s.LoadAttachments(ctx, q, out)
}

// LoadAttachments fills the attachments of messages in one query.
func (s *Service) LoadAttachments(ctx context.Context, q db.Queryer, ms []desk.Message) error {
	if len(ms) == 0 {
		return nil
	}
	at := make(map[desk.MessageID]int, len(ms))
	ids := make([]desk.MessageID, len(ms))
	for i, m := range ms {
		at[m.ID], ids[i] = i, m.ID
	}
	atts, err := db.All(ctx, q, scanAttachment, "SELECT "+attachmentColumns+" FROM attachments WHERE message_id IN "+db.Among(q, "$1")+" ORDER BY message_id, position, id", db.JSON(ids))
	if err != nil {
		return fmt.Errorf("thread: attachments: %w", err)
	}
	for _, a := range atts {
		m := &ms[at[a.MessageID]]
		m.Attachments = append(m.Attachments, a)
	}
	return nil
}

// Seen is an earlier message with the same id at the provider.
type Seen struct {
	ID          desk.MessageID
	ThreadID    desk.ThreadID
	TicketID    desk.TicketID
	InboxID     desk.InboxID
	AccountID   desk.ChannelAccountID
	Ours        bool // we sent it: not a colleague's mail program
	ContentHash string
}

// SeenRemote returns the messages that carry a remote id, in any inbox, oldest first.
func (s *Service) SeenRemote(ctx context.Context, q db.Queryer, remote string) ([]Seen, error) {
	if remote = Ref(remote); remote == "" {
		return nil, nil
	}
	return db.All(ctx, q, func(sc db.Scanner) (v Seen, err error) {
		err = sc.Scan(&v.ID, &v.ThreadID, &v.TicketID, &v.InboxID, &v.AccountID, &v.Ours, &v.ContentHash)
		return v, err
	}, "SELECT id, thread_id, ticket_id, inbox_id, account_id, CASE WHEN direction = 'outgoing' AND raw_id = 0 THEN 1 ELSE 0 END, content_hash FROM messages WHERE remote_id = $1 AND remote_id <> '' ORDER BY id LIMIT 50", remote)
}

// SetRemote names a sent message as its provider does, so that answers and receipts find it.
func (s *Service) SetRemote(ctx context.Context, tx *db.Tx, id desk.MessageID, remote string) error {
	if err := s.LockRemote(ctx, tx, remote); err != nil {
		return err
	}
	remote = Ref(remote)
	var thread desk.ThreadID
	var inbox desk.InboxID
	err := tx.QueryRow(ctx, "UPDATE messages SET remote_id = $1 WHERE id = $2 RETURNING thread_id, inbox_id", remote, id).Scan(&thread, &inbox)
	if err != nil {
		return fmt.Errorf("thread: set remote id: %w", orNotFound(err))
	}
	if remote == "" {
		return nil
	}
	return s.bindRemote(ctx, tx, inbox, remote, thread, id)
}

// SetSender files a message under another contact (EM-27). The caller records the event.
func (s *Service) SetSender(ctx context.Context, tx *db.Tx, id desk.MessageID, c desk.ContactID, actor desk.Actor, f *desk.Forward) error {
	if _, err := tx.Exec(ctx, "UPDATE messages SET contact_id = $1, actor = $2, forward = $3 WHERE id = $4", c, actor, optional(f), id); err != nil {
		return fmt.Errorf("thread: set sender: %w", err)
	}
	return nil
}

// LastOver returns the newest message of a thread that went over a channel and has a name there, 0 when there is none.
func (s *Service) LastOver(ctx context.Context, q db.Queryer, id desk.ThreadID, channel string) (desk.MessageID, error) {
	all, err := db.All(ctx, q, db.Column[desk.MessageID], "SELECT id FROM messages WHERE thread_id = $1 AND channel = $2 AND remote_id <> '' AND status <> $3 ORDER BY id DESC LIMIT 1", id, channel, desk.StatusCancelled)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return all[0], nil
}

// First returns the id of the oldest message of a thread, 0 when it has none.
func (s *Service) First(ctx context.Context, q db.Queryer, id desk.ThreadID) (desk.MessageID, error) {
	var m desk.MessageID
	err := q.QueryRow(ctx, "SELECT COALESCE(MIN(id), 0) FROM messages WHERE thread_id = $1 AND kind <> 'system'", id).Scan(&m)
	return m, err
}
