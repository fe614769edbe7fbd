package thread

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

const (
	maxSubject    = 2000 // bytes kept of a subject
	maxRecipients = 500  // recipients kept of a message; the raw original has them all
	maxParties    = 100  // addresses of one message that count as having been in the thread
)

// Extra is what a message has beside desk.Message: evidence that only threading, replay and automation read.
type Extra struct {
	ContentHash string   // hex SHA-256 of what makes the content the same
	Ids         *Locked  // the ids that LockRefs holds for it; nil for a message of our own making
	References  []string // what it refers to, nearest first; for a message of our own making
	AutoReply   string   // why no automatic answer may be sent
	ThreadedBy  string   // how its thread was found
	Quiet       bool     // nobody is told of it
	Said        bool     // being stored is being delivered: told as message.queued although nothing waits
	Data        any      // the adapter's own
}

// Append adds a message at the end of its thread: the row, its recipients as parties, its attachments, its id, mentions, and the event
// (message.received, message.queued or comment.added) are written; the thread's counts and times follow. The caller holds the thread
// (Lock, Place or Open) and has filled ThreadID, InboxID's thread, Kind and Direction; ID and CreatedAt are made when they are zero.
// Attachments with an ID are uploads that become this message's; others are new.
func (s *Service) Append(ctx context.Context, tx *db.Tx, m desk.Message) (desk.Message, error) {
	return s.AppendWith(ctx, tx, m, Extra{})
}

// AppendWith is Append with evidence.
func (s *Service) AppendWith(ctx context.Context, tx *db.Tx, m desk.Message, x Extra) (desk.Message, error) {
	inbox, err := s.touch(ctx, tx, &m)
	if err != nil {
		return m, err
	}
	prepare(&m)
	refs := x.References
	if x.Ids != nil {
		refs = x.Ids.Refs
	}
	if err := insertMessage(ctx, tx, m, x, inbox, refs); err != nil {
		return m, err
	}
	if m.Attachments, err = s.attach(ctx, tx, m); err != nil {
		return m, err
	}
	if m.Kind != desk.KindComment {
		if err := s.addParties(ctx, tx, m.ThreadID, parties(m)); err != nil {
			return m, err
		}
	}
	if err := s.bindOwn(ctx, tx, m, x, inbox); err != nil {
		return m, err
	}
	if err := s.mention(ctx, tx, m); err != nil {
		return m, err
	}
	return m, s.tell(ctx, tx, m, x, inbox)
}

// touch gives the message its place and moves the thread's counts and times.
func (s *Service) touch(ctx context.Context, tx *db.Tx, m *desk.Message) (inbox desk.InboxID, err error) {
	if m.ID == 0 {
		m.ID = desk.MessageID(tx.NewID())
	}
	if m.CreatedAt == 0 {
		m.CreatedAt = s.clk.Ms()
	}
	if m.SentAt == 0 {
		m.SentAt = m.CreatedAt
	}
	counts := 1
	if m.Kind == desk.KindSystem {
		counts = 0
	}
	inbound := desk.Time(0)
	if m.Direction == desk.Incoming {
		inbound = m.CreatedAt
	}
	err = tx.QueryRow(ctx, `UPDATE threads SET message_count = message_count + $1, last_message_at = CASE WHEN last_message_at < $2 THEN $2 ELSE last_message_at END,
		last_inbound_at = CASE WHEN last_inbound_at < $3 THEN $3 ELSE last_inbound_at END WHERE id = $4 RETURNING inbox_id, ticket_id`,
		counts, m.CreatedAt, inbound, m.ThreadID).Scan(&inbox, &m.TicketID)
	if err != nil {
		return 0, fmt.Errorf("thread: append: %w", orNotFound(err))
	}
	return inbox, nil
}

// prepare makes every string fit for both databases and every list non-nil.
func prepare(m *desk.Message) {
	m.Subject = clip(m.Subject, maxSubject)
	for _, p := range []*string{&m.Text, &m.QuotedText, &m.HTML, &m.QuotedHTML, &m.StatusReason, &m.Channel, &m.Client, &m.From.Name, &m.From.Address, (*string)(&m.Truncation), (*string)(&m.Disposition)} {
		*p = Clean(*p)
	}
	m.From.Field = "from"
	m.From.Name = clip(m.From.Name, 300)
	m.From.Address = partyAddress(m.From)
	if len(m.Recipients) > maxRecipients {
		m.Recipients = m.Recipients[:maxRecipients]
	}
	m.Recipients = slices.Clone(m.Recipients)
	for i := range m.Recipients {
		m.Recipients[i].Name = clip(m.Recipients[i].Name, 300)
		m.Recipients[i].Address = clip(m.Recipients[i].Address, 400)
	}
	m.RemoteID = Ref(m.RemoteID)
	if m.Truncation == "" {
		m.Truncation = desk.NotTruncated
	}
	if m.Recipients == nil {
		m.Recipients = []desk.Party{}
	}
	if m.Flags == nil {
		m.Flags = []string{}
	}
	if m.Mentions == nil {
		m.Mentions = []desk.UserID{}
	}
	if m.TeamMentions == nil {
		m.TeamMentions = []desk.TeamID{}
	}
	if m.Attachments == nil {
		m.Attachments = []desk.Attachment{}
	}
}

const insertSQL = `INSERT INTO messages (id, thread_id, ticket_id, inbox_id, kind, direction, channel, account_id, actor, contact_id, from_name, from_address, recipients, subject,
	text, quoted_text, html, quoted_html, truncation, remote_id, content_hash, in_reply_to, reply_refs, raw_id, disposition, auto_reply, flags, forward, auth,
	status, status_reason, client, mentions, extra, sent_at, created_at, send_at, send_rule, plan, forward_of, offers)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41)`

func insertMessage(ctx context.Context, tx *db.Tx, m desk.Message, x Extra, inbox desk.InboxID, refs []string) error {
	if refs == nil {
		refs = []string{}
	}
	_, err := tx.Exec(ctx, insertSQL, m.ID, m.ThreadID, m.TicketID, inbox, m.Kind, m.Direction, m.Channel, m.AccountID, m.Actor, m.ContactID, m.From.Name, m.From.Address,
		db.JSON(m.Recipients), m.Subject, m.Text, m.QuotedText, m.HTML, m.QuotedHTML, m.Truncation, m.RemoteID, Clean(x.ContentHash), m.InReplyTo, db.JSON(refs), m.RawID,
		m.Disposition, Clean(x.AutoReply), db.JSON(m.Flags), optional(m.Forward), optional(m.Auth), m.Status, m.StatusReason, m.Client, db.JSON(m.Mentions), data(x.Data),
		m.SentAt, m.CreatedAt, m.SendAt, m.SendRule, optional(m.Plan), m.ForwardOf, optional(m.Offers))
	if err != nil {
		return fmt.Errorf("thread: append: %w", err)
	}
	return nil
}

func optional[T any](p *T) db.JSONArg {
	if p == nil {
		return ""
	}
	return db.JSON(p)
}

func data(v any) db.JSONArg {
	if v == nil {
		return ""
	}
	return db.JSON(v)
}

// bindOwn files the message's own id and the placeholders of what it refers to.
func (s *Service) bindOwn(ctx context.Context, tx *db.Tx, m desk.Message, x Extra, inbox desk.InboxID) error {
	if x.Ids != nil {
		return s.Bind(ctx, tx, *x.Ids, m.ThreadID, m.ID)
	}
	if m.RemoteID == "" {
		return nil
	}
	return s.bindRemote(ctx, tx, inbox, m.RemoteID, m.ThreadID, m.ID)
}

func (s *Service) bindRemote(ctx context.Context, tx *db.Tx, inbox desk.InboxID, remote string, thread desk.ThreadID, id desk.MessageID) error {
	_, err := tx.Exec(ctx, `INSERT INTO message_refs (inbox_id, ref, thread_id, message_id) VALUES ($1, $2, $3, $4)
		ON CONFLICT (inbox_id, ref) DO UPDATE SET thread_id = excluded.thread_id, message_id = excluded.message_id WHERE message_refs.message_id = 0`, inbox, remote, thread, id)
	if err != nil {
		return fmt.Errorf("thread: bind id: %w", err)
	}
	return nil
}

// parties are the addresses that a message brings into its thread: From, To, Cc, and who wrote a forwarded mail first. Bcc stays out of sight.
func parties(m desk.Message) []desk.Party {
	out := make([]desk.Party, 0, len(m.Recipients)+2)
	add := func(p desk.Party) {
		p.Kind, p.Address = partyKind(p), partyValue(p)
		if p.Address == "" || len(out) >= maxParties {
			return
		}
		for _, have := range out {
			if have.Kind == p.Kind && have.Address == p.Address {
				return
			}
		}
		out = append(out, p)
	}
	add(m.From)
	if m.Forward != nil && m.Forward.Is && m.Forward.Used == "original" {
		add(m.Forward.Original)
	}
	for _, p := range m.Recipients {
		if p.Field != "reply_to" && p.Field != "bcc" {
			add(p)
		}
	}
	return out
}

func partyKind(p desk.Party) desk.AddressKind {
	if p.Kind == "" {
		return desk.AddrEmail
	}
	return p.Kind
}

// partyValue is the address as the stranger check compares it; "" when it cannot be one.
func partyValue(p desk.Party) string {
	if partyKind(p) == desk.AddrEmail {
		return desk.NormalizeEmail(p.Address)
	}
	return clip(strings.TrimSpace(p.Address), 400)
}

// partyAddress is the address as shown: normal where it is one, else what stood there.
func partyAddress(p desk.Party) string {
	if v := partyValue(p); v != "" {
		return v
	}
	return clip(p.Address, 400)
}

// addParties remembers who was in a thread, in one statement a dozen addresses.
func (s *Service) addParties(ctx context.Context, tx *db.Tx, id desk.ThreadID, all []desk.Party) error {
	slices.SortFunc(all, func(a, b desk.Party) int {
		return strings.Compare(string(a.Kind)+" "+a.Address, string(b.Kind)+" "+b.Address)
	})
	for chunk := range slices.Chunk(all, len(insertParties)-1) {
		args := make([]any, 0, 1+2*len(chunk))
		args = append(args, id)
		for _, p := range chunk {
			args = append(args, string(p.Kind), p.Address)
		}
		if _, err := tx.Exec(ctx, insertParties[len(chunk)], args...); err != nil {
			return fmt.Errorf("thread: parties: %w", err)
		}
	}
	return nil
}

// Parties are the addresses that have been in a thread.
func (s *Service) Parties(ctx context.Context, q db.Queryer, id desk.ThreadID) ([]desk.Party, error) {
	return db.All(ctx, q, func(sc db.Scanner) (p desk.Party, err error) {
		err = sc.Scan(&p.Kind, &p.Address)
		return p, err
	}, "SELECT kind, address FROM thread_parties WHERE thread_id = $1 ORDER BY kind, address LIMIT 1000", id)
}

// AddParties names further addresses that belong in a thread (Bcc of a mail to many, for example).
func (s *Service) AddParties(ctx context.Context, tx *db.Tx, id desk.ThreadID, all []desk.Party) error {
	return s.addParties(ctx, tx, id, parties(desk.Message{Recipients: all}))
}

var insertParties [13]string

func init() {
	for n := 1; n < len(insertParties); n++ {
		var v strings.Builder
		for i := range n {
			if i > 0 {
				v.WriteString(", ")
			}
			fmt.Fprintf(&v, "($1, $%d, $%d)", 2*i+2, 2*i+3)
		}
		insertParties[n] = "INSERT INTO thread_parties (thread_id, kind, address) VALUES " + v.String() + " ON CONFLICT DO NOTHING"
	}
}

// tell records the event of an appended message.
func (s *Service) tell(ctx context.Context, tx *db.Tx, m desk.Message, x Extra, inbox desk.InboxID) error {
	ev := desk.Event{Actor: m.Actor, TicketID: m.TicketID, ThreadID: m.ThreadID, Message: m.ID, Contact: m.ContactID, Inbox: inbox, At: m.CreatedAt}
	switch {
	case m.Kind == desk.KindComment:
		ev.Type, ev.Data = desk.EvCommentAdded, event.Data(map[string]any{"mentions": m.Mentions, "team_mentions": m.TeamMentions})
	case m.SendRule.Scheduled():
		ev.Type, ev.Data = desk.EvMessageScheduled, event.Data(map[string]any{"send_at": m.SendAt, "if_quiet": m.SendRule == desk.SendLaterIfQuiet})
	case m.Direction == desk.Outgoing && m.RawID == 0 && m.Status == desk.StatusQueued && m.ForwardOf != 0:
		ev.Type, ev.Data = desk.EvMessageQueued, event.Data(map[string]any{"type": "forward", "forward_of": m.ForwardOf})
	case m.Direction == desk.Outgoing && m.RawID == 0 && (m.Status == desk.StatusQueued || x.Said):
		ev.Type, ev.Data = desk.EvMessageQueued, event.Data(map[string]any{"type": m.Kind})
	default:
		ev.Type, ev.Data = desk.EvMessageReceived, event.Data(received{m.Disposition, x.ThreadedBy, m.Flags, m.Kind, m.Direction, !x.Quiet})
	}
	_, err := s.ev.Record(ctx, tx, ev)
	return err
}

type received struct {
	Disposition desk.Disposition `json:"disposition"`
	ThreadedBy  string           `json:"threaded_by"`
	Flags       []string         `json:"flags"`
	Type        desk.MessageKind `json:"type"`
	Direction   desk.Direction   `json:"direction"`
	Notify      bool             `json:"notify"`
}
