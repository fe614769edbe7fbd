package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Author is who wrote a message, by name.
type Author struct {
	Kind desk.ActorKind `json:"kind" enum:",user,contact,visitor,bot,automation,integration,system"`
	ID   string         `json:"id" doc:"Of the user or contact; empty for others."`
	Name string         `json:"name"`
}

// Attempt is one try at sending, for the delivery ledger.
type Attempt struct {
	Number     int       `json:"number"`
	Recipients []string  `json:"recipients"`
	StartedAt  desk.Time `json:"started_at"`
	SettledAt  desk.Time `json:"settled_at"`
	Outcome    string    `json:"outcome"`
	Detail     string    `json:"detail"`
}

// Message is a message as a timeline shows it.
type Message struct {
	desk.Message
	Author        Author       `json:"author"`
	Deliveries    []desk.Party `json:"deliveries" doc:"One per recipient of an outgoing message, with its state."`
	Attempts      []Attempt    `json:"attempts"`
	BlockedImages int          `json:"blocked_images" doc:"Remote images that are fetched only when asked for."`
	HasSource     bool         `json:"has_source" doc:"The original can be downloaded."`

	inbox desk.InboxID
}

// Inbox is the inbox that says who may see the message.
func (m Message) Inbox() desk.InboxID { return m.inbox }

const messageColumns = `m.id, m.thread_id, m.ticket_id, m.inbox_id, m.kind, m.direction, m.channel, m.account_id, m.actor, m.contact_id,
	m.from_name, m.from_address, m.recipients, m.subject, m.text, m.quoted_text, m.html, m.quoted_html, m.truncation, m.remote_id, m.in_reply_to, m.raw_id,
	m.disposition, m.flags, m.forward, m.auth, m.status, m.status_reason, m.client, m.mentions, m.sent_at, m.created_at,
	m.send_at, m.send_rule, m.plan, m.forward_of, m.team_mentions, m.offers`

func scanMessage(s db.Scanner) (Message, error) {
	var m Message
	var plan desk.SendPlan
	var offers desk.Offers
	err := s.Scan(&m.ID, &m.ThreadID, &m.TicketID, &m.inbox, &m.Kind, &m.Direction, &m.Channel, &m.AccountID, db.ScanActor(&m.Actor), &m.ContactID,
		&m.From.Name, &m.From.Address, db.ScanJSON(&m.Recipients), &m.Subject, &m.Text, &m.QuotedText, &m.HTML, &m.QuotedHTML, &m.Truncation,
		&m.RemoteID, &m.InReplyTo, &m.RawID, &m.Disposition, db.ScanJSON(&m.Flags), db.ScanJSON(&m.Forward), db.ScanJSON(&m.Auth),
		&m.Status, &m.StatusReason, &m.Client, db.ScanJSON(&m.Mentions), &m.SentAt, &m.CreatedAt,
		&m.SendAt, &m.SendRule, db.ScanJSON(&plan), &m.ForwardOf, db.ScanJSON(&m.TeamMentions), db.ScanJSON(&offers))
	if !plan.Empty() {
		m.Plan = &plan
	}
	if !offers.Empty() {
		m.Offers = &offers
	}
	m.From = sender(m.From, m.ContactID)
	m.HasSource = m.RawID != 0
	m.BlockedImages = strings.Count(m.HTML, "data-blocked-src=") + strings.Count(m.HTML, "data-blocked-background=")
	m.Recipients, m.Flags, m.Mentions = orEmpty(m.Recipients), orEmpty(m.Flags), orEmpty(m.Mentions)
	m.TeamMentions = orEmpty(m.TeamMentions)
	m.Attachments, m.Deliveries, m.Attempts = []desk.Attachment{}, []desk.Party{}, []Attempt{}
	return m, err
}

// sender completes who a message is from; a row has the address only.
func sender(p desk.Party, contact desk.ContactID) desk.Party {
	p.Field, p.Contact = "from", contact
	if desk.NormalizeEmail(p.Address) != "" {
		p.Kind = desk.AddrEmail
	}
	return p
}

func orEmpty[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

var errNoMessage = desk.Errorf(desk.NotFound, "message.not_found", "There is no such message, or you may not see it.")

// Message is one message, whole.
func (v *Service) Message(ctx context.Context, s Sight, id desk.MessageID) (Message, error) {
	m, err := db.One(ctx, v.db, scanMessage, "SELECT "+messageColumns+" FROM messages m WHERE m.id = $1", id)
	seen := false
	if err == nil {
		seen, err = v.within(ctx, s, m.inbox, m.TicketID, m.ThreadID)
	}
	if errors.Is(err, sql.ErrNoRows) || err == nil && !seen {
		return Message{}, errNoMessage
	}
	if err != nil {
		return Message{}, fmt.Errorf("view: message: %w", err)
	}
	ms := []Message{m}
	if err := v.dress(ctx, ms); err != nil {
		return Message{}, err
	}
	return ms[0], nil
}

// dress adds to messages what stands in other tables, one query a table however many messages there are.
func (v *Service) dress(ctx context.Context, ms []Message) error {
	if len(ms) == 0 {
		return nil
	}
	at := make(map[desk.MessageID]*Message, len(ms))
	var ids, sent []desk.MessageID
	var names nameSet
	for i := range ms {
		at[ms[i].ID] = &ms[i]
		ids = append(ids, ms[i].ID)
		if ms[i].Direction == desk.Outgoing {
			sent = append(sent, ms[i].ID)
		}
		names.actor(ms[i].Actor)
		names.contact(ms[i].ContactID)
	}
	if err := v.attachments(ctx, at, ids); err != nil {
		return fmt.Errorf("view: attachments: %w", err)
	}
	if len(sent) > 0 {
		if err := v.deliveries(ctx, at, sent); err != nil {
			return fmt.Errorf("view: deliveries: %w", err)
		}
	}
	if err := names.load(ctx, v.db); err != nil {
		return err
	}
	for i := range ms {
		ms[i].Author = names.author(&ms[i])
	}
	return nil
}

func (v *Service) attachments(ctx context.Context, at map[desk.MessageID]*Message, ids []desk.MessageID) error {
	var q query
	list(q.add("SELECT "+attachmentColumns+" FROM attachments WHERE message_id IN "), ids).add(" ORDER BY message_id, position, id")
	files, err := all(ctx, v.db, &q, scanAttachment)
	for _, a := range files {
		m := at[a.MessageID]
		m.Attachments = append(m.Attachments, a)
	}
	return err
}

const attachmentColumns = "id, message_id, name, type, size, sha256, inline, content_id, link_until"

func scanAttachment(s db.Scanner) (a desk.Attachment, err error) {
	var until desk.Time
	err = s.Scan(&a.ID, &a.MessageID, &a.Name, &a.Type, &a.Size, &a.SHA256, &a.Inline, &a.ContentID, &until)
	a.Linked(until)
	return a, err
}

func (v *Service) deliveries(ctx context.Context, at map[desk.MessageID]*Message, ids []desk.MessageID) error {
	type delivery struct {
		id desk.MessageID
		p  desk.Party
	}
	var q query
	list(q.add("SELECT message_id, recipient, state, code, detail FROM deliveries WHERE message_id IN "), ids).add(" ORDER BY message_id, recipient")
	found, err := all(ctx, v.db, &q, func(s db.Scanner) (d delivery, err error) {
		var code string
		err = s.Scan(&d.id, &d.p.Address, &d.p.Status, &code, &d.p.Detail)
		if code != "" && !strings.HasPrefix(d.p.Detail, code) {
			d.p.Detail = strings.TrimSpace(code + " " + d.p.Detail)
		}
		return d, err
	})
	if err != nil {
		return err
	}
	for _, d := range found {
		m := at[d.id]
		for i, r := range m.Recipients {
			if r.Address == d.p.Address {
				d.p.Field, d.p.Kind, d.p.Name, d.p.Contact = r.Field, r.Kind, r.Name, r.Contact
				m.Recipients[i].Status, m.Recipients[i].Detail = d.p.Status, d.p.Detail
			}
		}
		m.Deliveries = append(m.Deliveries, d.p)
	}
	type attempt struct {
		id desk.MessageID
		a  Attempt
	}
	var qa query
	list(qa.add("SELECT message_id, number, recipients, started_at, settled_at, outcome, detail FROM attempts WHERE message_id IN "), ids).add(" ORDER BY message_id, id")
	tries, err := all(ctx, v.db, &qa, func(s db.Scanner) (t attempt, err error) {
		t.a.Recipients = []string{}
		err = s.Scan(&t.id, &t.a.Number, db.ScanJSON(&t.a.Recipients), &t.a.StartedAt, &t.a.SettledAt, &t.a.Outcome, &t.a.Detail)
		t.a.Recipients = orEmpty(t.a.Recipients)
		return t, err
	})
	for _, t := range tries {
		at[t.id].Attempts = append(at[t.id].Attempts, t.a)
	}
	return err
}

// File is an attachment with the inbox that says who may open it.
type File struct {
	desk.Attachment
	Uploader  desk.UserID
	Inbox     desk.InboxID
	CreatedAt desk.Time
}

// Attachment finds a file that may be opened: of a message in sight, or not yet sent and uploaded by the viewer.
func (v *Service) Attachment(ctx context.Context, s Sight, id desk.AttachmentID) (File, error) {
	missing := desk.Errorf(desk.NotFound, "attachment.not_found", "There is no such file, or you may not see it.")
	var f File
	var ticket desk.TicketID
	var thread desk.ThreadID
	err := v.db.QueryRow(ctx, `SELECT a.id, a.message_id, a.name, a.type, a.size, a.sha256, a.inline, a.content_id, a.uploader, a.created_at, COALESCE(m.inbox_id, 0), COALESCE(m.ticket_id, 0), COALESCE(m.thread_id, 0)
		FROM attachments a LEFT JOIN messages m ON m.id = a.message_id WHERE a.id = $1`, id).Scan(&f.ID, &f.MessageID, &f.Name, &f.Type, &f.Size,
		&f.SHA256, &f.Inline, &f.ContentID, &f.Uploader, &f.CreatedAt, &f.Inbox, &ticket, &thread)
	seen := f.MessageID == 0
	if err == nil && !seen {
		seen, err = v.within(ctx, s, f.Inbox, ticket, thread)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return f, missing
	case err != nil:
		return f, fmt.Errorf("view: attachment: %w", err)
	case f.MessageID == 0 && f.Uploader != s.User && !(s.All && s.User == 0), !seen:
		return f, missing
	}
	return f, nil
}

// Source is where the original of a message lies: its bytes, or the blob that holds them.
type Source struct {
	Body []byte
	Blob string
}

// Source finds the raw original of a message in sight.
func (v *Service) Source(ctx context.Context, s Sight, id desk.MessageID) (Source, error) {
	var src Source
	var inbox desk.InboxID
	var ticket desk.TicketID
	var thread desk.ThreadID
	err := v.db.QueryRow(ctx, `SELECT m.inbox_id, m.ticket_id, m.thread_id, r.body, r.blob FROM messages m JOIN inbound_raw r ON r.id = m.raw_id WHERE m.id = $1`, id).
		Scan(&inbox, &ticket, &thread, &src.Body, &src.Blob)
	seen := false
	if err == nil {
		seen, err = v.within(ctx, s, inbox, ticket, thread)
	}
	if errors.Is(err, sql.ErrNoRows) || err == nil && (!seen || len(src.Body) == 0 && src.Blob == "") {
		return src, desk.Errorf(desk.NotFound, "message.no_source", "The original of this message is not kept, or you may not see it.")
	}
	if err != nil {
		return src, fmt.Errorf("view: source: %w", err)
	}
	return src, nil
}
