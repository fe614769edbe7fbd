package dispatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/richtext"
	"github.com/kanalhq/kanal/internal/thread"
)

// Content is what somebody wrote. HTML is cleaned; Text is derived from it when it is missing.
type Content struct {
	Text        string
	HTML        string
	Attachments []desk.AttachmentID // uploaded by the same actor and bound to nothing yet
}

// ReplyCommand answers in a thread, or comments on it internally.
type ReplyCommand struct {
	Actor    desk.Actor
	ThreadID desk.ThreadID
	Comment  bool // internal: never leaves
	Content
	// To, Cc and Bcc overrule the defaults (EM-38). A nil To is DefaultRecipients of the answered message, with its Cc unless Cc is named too.
	To, Cc, Bcc []desk.Party
	Subject     string                // "": Re: the answered message's
	InReplyTo   desk.MessageID        // 0: the thread's latest message
	FromAccount desk.ChannelAccountID // 0: the account of the answered message, or the thread's own
	SetStatus   string                // slug of a status in the ticket's pipeline
	Plan        desk.SendPlan         // more that is done to the ticket with the send
	Timing
	Forward
	Mentions  []desk.UserID
	Teams     []desk.TeamID     // mentioned in a comment
	Offers    *desk.Offers      // buttons under it (CH-32)
	Files     []desk.Attachment // of other messages, sent along
	Copy      bool              // repeats what was said in the same conversation over another channel: a note to the team, and nothing of the ticket changes
	Automatic bool              // made by the machine: marked so that nobody answers it automatically (EM-31)
	Client    string            // workspace, api, …
	// First runs in the same transaction before the conversation is held: for what has to be held before it.
	First func(ctx context.Context, tx *db.Tx) error
	// Also runs in the same transaction once the message is stored: an answer kept for a repeated request, for example.
	Also func(ctx context.Context, tx *db.Tx, m desk.Message) error
}

// Timing is when an answer leaves (WS-23). Zero: at once, or after the installation's undo window.
type Timing struct {
	Undo    *time.Duration // may be taken back for this long; nil takes the installation's window
	SendAt  desk.Time      // not before this
	IfQuiet bool           // with SendAt: only if the customer has not written by then
}

// Forward passes a message of the conversation on to somebody else.
type Forward struct {
	ForwardOf desk.MessageID
	Carry     bool // with its files; else only those named
}

// Reply stores an answer or a comment and, for an answer, queues it. The message is returned as stored: queued. Errors: desk.NotFound,
// desk.Invalid or desk.TooLarge naming the field, desk.Conflict when the channel was removed.
func (s *Service) Reply(ctx context.Context, c ReplyCommand) (out desk.Message, err error) {
	content, err := s.clean(c.Content, c.ForwardOf != 0)
	if err != nil {
		return out, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = s.reply(ctx, tx, c, content)
		return err
	})
	if err != nil {
		return desk.Message{}, fmt.Errorf("dispatch: reply: %w", err)
	}
	return out, nil
}

// ReplyIn is Reply in the caller's transaction: for what must be stored with the answer or not at all. Files alone are an answer.
func (s *Service) ReplyIn(ctx context.Context, tx *db.Tx, c ReplyCommand) (desk.Message, error) {
	content, err := s.clean(c.Content, c.ForwardOf != 0 || len(c.Files) > 0)
	if err != nil {
		return desk.Message{}, err
	}
	return s.reply(ctx, tx, c, content)
}

func (s *Service) reply(ctx context.Context, tx *db.Tx, c ReplyCommand, content Content) (out desk.Message, err error) {
	if c.SetStatus != "" {
		c.Plan.Status = c.SetStatus
	}
	if c.First != nil {
		if err := c.First(ctx, tx); err != nil {
			return out, err
		}
	}
	th, err := s.Threads.Lock(ctx, tx, c.ThreadID)
	if err != nil {
		return out, err
	}
	if th.Bot && s.Bots != nil && !c.Comment && c.Actor.UserID() != 0 { // whoever answers takes it over (CF-04)
		if th, err = s.Bots.Taken(ctx, tx, c.Actor, th); err != nil {
			return out, err
		}
	}
	if err := s.prepare(ctx, tx, &c, th.TicketID); err != nil {
		return out, err
	}
	switch {
	case c.Comment:
		out, err = s.comment(ctx, tx, c, th, content)
	case c.ForwardOf != 0:
		out, err = s.forward(ctx, tx, c, th, content)
	default:
		out, err = s.answer(ctx, tx, c, th, content)
	}
	if err != nil {
		return out, err
	}
	return out, s.afterwards(ctx, tx, c, out)
}

// clean sanitises what was written and derives the text.
func (s *Service) clean(c Content, mayBeEmpty bool) (Content, error) {
	if strings.TrimSpace(c.HTML) != "" {
		c.HTML = richtext.SanitizeComposer(richtext.Rewrite(c.HTML, inlineImage, nil))
		if strings.TrimSpace(c.Text) == "" {
			c.Text = richtext.ToText(c.HTML)
		}
	} else {
		c.HTML = ""
	}
	c.Text = cleanText(c.Text)
	if !mayBeEmpty && c.Text == "" && !strings.Contains(c.HTML, "<img") && len(c.Attachments) == 0 {
		return c, desk.Errorf(desk.Invalid, "message.empty", "Write something first.").In("text")
	}
	return c, nil
}

const maxBody = 2 << 20

func cleanText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if len(s) > maxBody {
		s = strings.ToValidUTF8(s[:maxBody], "")
	}
	return strings.TrimRight(s, " \t\n")
}

// inlineImage turns a picture that the composer shows from an uploaded attachment into a reference that a mail can carry.
func inlineImage(u string) string {
	if id, ok := uploadedImage(u); ok {
		return "cid:" + contentID(id)
	}
	return ""
}

func uploadedImage(u string) (desk.AttachmentID, bool) {
	const prefix = "/api/attachments/"
	i := strings.Index(u, prefix)
	if i < 0 {
		return 0, false
	}
	digits := u[i+len(prefix):]
	if j := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); j >= 0 {
		digits = digits[:j]
	}
	id, err := desk.ParseID[desk.AttachmentID](digits)
	return id, err == nil
}

func contentID(id desk.AttachmentID) string { return "att-" + id.String() + "@kanal" }

func (s *Service) comment(ctx context.Context, tx *db.Tx, c ReplyCommand, th desk.Thread, content Content) (desk.Message, error) {
	files, err := s.files(ctx, tx, c.Actor, content, th)
	if err != nil {
		return desk.Message{}, err
	}
	users, teams, err := s.named(ctx, tx, c.Actor, c.Mentions, c.Teams)
	if err != nil {
		return desk.Message{}, err
	}
	return s.Threads.Append(ctx, tx, desk.Message{
		ThreadID: th.ID, TicketID: th.TicketID, Kind: desk.KindComment, Channel: th.Channel, AccountID: th.AccountID, Actor: c.Actor,
		Text: content.Text, HTML: content.HTML, Truncation: desk.NotTruncated, Client: c.Client, Mentions: users, TeamMentions: teams, Attachments: files,
	})
}

func (s *Service) answer(ctx context.Context, tx *db.Tx, c ReplyCommand, th desk.Thread, content Content) (desk.Message, error) {
	parent, err := s.answered(ctx, tx, th, c.InReplyTo)
	if err != nil {
		return desk.Message{}, err
	}
	acc, err := s.way(ctx, tx, c.FromAccount, parent, th)
	if err != nil {
		return desk.Message{}, err
	}
	to := Recipients{To: c.To, Cc: c.Cc, Bcc: c.Bcc}
	if s.kindOf(acc) == desk.AddrVisitor {
		to = Recipients{To: []desk.Party{visitorParty(th)}}
	} else if c.To == nil {
		usual, err := s.usual(ctx, tx, acc, parent, th)
		if err != nil {
			return desk.Message{}, err
		}
		if to.To = usual.To; c.Cc == nil {
			to.Cc = usual.Cc
		}
	}
	subject := cleanLine(c.Subject, 900)
	if subject == "" {
		if subject = cmp.Or(parent.Subject, th.Subject); subject == "" && th.VisitorID != 0 {
			if subject, err = s.about(ctx, tx, th); err != nil {
				return desk.Message{}, err
			}
		}
		subject = ReplySubject(subject)
	}
	if parent.ID != 0 && parent.Channel != acc.Channel { // its names mean nothing there: what is answered is the last one over that channel
		if parent.ID, err = s.Threads.LastOver(ctx, tx, th.ID, acc.Channel); err != nil {
			return desk.Message{}, err
		}
	}
	return s.queue(ctx, tx, outgoing{
		actor: c.Actor, thread: th, account: acc, to: to, subject: subject, content: content, inReplyTo: parent.ID, automatic: c.Automatic,
		client: c.Client, mentions: c.Mentions, timing: c.Timing, plan: c.Plan, offers: c.Offers, copied: c.Copy, along: c.Files,
	})
}

// answered is the message an answer answers: the one named, or the thread's latest that is no machine's.
func (s *Service) answered(ctx context.Context, q db.Queryer, th desk.Thread, id desk.MessageID) (desk.Message, error) {
	if id != 0 {
		m, err := s.Threads.Message(ctx, q, id)
		if err != nil {
			return m, err
		}
		if m.ThreadID != th.ID || m.Kind == desk.KindComment {
			return m, desk.Errorf(desk.Invalid, "message.elsewhere", "The message you answer is not in this conversation.").In("in_reply_to")
		}
		return m, nil
	}
	recent, err := s.Threads.Messages(ctx, q, th.ID, thread.Page{Limit: 50})
	if err != nil {
		return desk.Message{}, err
	}
	return Latest(recent), nil
}

// Latest is the message that a plain answer answers, of a conversation's messages with the newest first: the newest that is no machine's. Where the
// customer last wrote over another channel than the team did since, it is theirs: an answer leaves by the channel of the customer's latest message (GEN-24).
func Latest(recent []desk.Message) desk.Message {
	var ours desk.Message
	for _, m := range recent {
		if m.Kind != desk.KindMessage || m.Status == desk.StatusCancelled || m.ForwardOf != 0 || m.SendRule.Scheduled() && m.Status == desk.StatusQueued {
			continue
		}
		switch {
		case m.Direction == desk.Outgoing && ours.ID == 0:
			ours = m
		case m.Direction != desk.Outgoing && personal[m.Disposition]:
			if ours.ID != 0 && ours.Channel == m.Channel {
				return ours
			}
			return m
		}
	}
	return ours
}

// about is the subject of a mail in a conversation that has none: its ticket's, else the company's name.
func (s *Service) about(ctx context.Context, q db.Queryer, th desk.Thread) (string, error) {
	if th.TicketID != 0 {
		t, err := s.Tickets.Get(ctx, q, th.TicketID)
		if err != nil || t.Subject != "" {
			return t.Subject, err
		}
	}
	if s.Company == nil {
		return "", nil
	}
	return s.Company(ctx, q)
}

// personal are the dispositions of mail that a person wrote: only these are answered unless somebody names another message.
var personal = map[desk.Disposition]bool{"": true, desk.DispNormal: true, desk.DispColleague: true, desk.DispList: true}

// Defaults is who an answer to m goes to (EM-38), without the team's own addresses. A thread without messages goes to its contact.
func (s *Service) Defaults(ctx context.Context, q db.Queryer, m desk.Message, th desk.Thread) (Recipients, error) {
	var failed error
	ours := func(p desk.Party) bool {
		own, err := s.ours(ctx, q, p)
		if err != nil {
			failed = err
		}
		return own
	}
	r := DefaultRecipients(m, ours)
	if failed != nil {
		return r, failed
	}
	if len(r.To) == 0 && th.ContactID != 0 {
		c, err := s.Contacts.Get(ctx, q, th.ContactID)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return r, err
		}
		if c.Email != "" {
			r.To = []desk.Party{{Field: fieldTo, Kind: desk.AddrEmail, Address: c.Email, Name: c.Name, Contact: c.ID}}
		}
	}
	return r, nil
}

// ours tells an address that a channel account holds, also with something after a plus.
func (s *Service) ours(ctx context.Context, q db.Queryer, p desk.Party) (bool, error) {
	kind := p.Kind
	if kind == "" {
		kind = desk.AddrEmail
	}
	values := []string{p.Address}
	if at := strings.LastIndexByte(p.Address, '@'); kind == desk.AddrEmail && at > 0 {
		if plus := strings.IndexByte(p.Address[:at], '+'); plus > 0 {
			values = append(values, p.Address[:plus]+p.Address[at:])
		}
	}
	for _, v := range values {
		k, err := s.Contacts.Who(ctx, q, kind, v)
		if err != nil {
			return false, err
		}
		if k.Ours && k.User == 0 {
			return true, nil
		}
	}
	return false, nil
}

// leavesBy is the account that an answer or a forward of m leaves by: the one named, else the one m came over or left by, else the thread's own; for
// one that nobody named the fallback may stand in.
func (s *Service) leavesBy(ctx context.Context, q db.Queryer, named desk.ChannelAccountID, m desk.Message, th desk.Thread) (desk.ChannelAccount, error) {
	acc, err := s.sender(ctx, q, cmp.Or(named, m.AccountID, th.AccountID))
	if err == nil {
		acc, err = s.relay(ctx, q, acc, th)
	}
	if err == nil && named == 0 {
		acc, err = s.standIn(ctx, q, acc)
	}
	return acc, err
}

// sender is the account a message leaves by.
func (s *Service) sender(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) (desk.ChannelAccount, error) {
	acc, err := s.Inbox.Account(ctx, q, id)
	if err != nil {
		return acc, err
	}
	if acc.ArchivedAt != 0 {
		return acc, desk.Errorf(desk.Conflict, "channel.removed", "The channel %s was removed. Choose another one to answer with.", acc.Name).In("channel_account_id")
	}
	return acc, nil
}

// standIn is the account itself while its credentials work, else the installation's fallback address when that is in the same inbox and can
// send (EM-13). Who names an account gets that one.
func (s *Service) standIn(ctx context.Context, q db.Queryer, acc desk.ChannelAccount) (desk.ChannelAccount, error) {
	if !s.Fallback || acc.Authorized || !acc.Active {
		return acc, nil
	}
	others, err := s.Inbox.Accounts(ctx, q, inbox.Filter{Inbox: acc.InboxID, Channel: acc.Channel, ActiveOnly: true})
	if err != nil {
		return acc, err
	}
	for _, o := range others {
		if is, err := s.Inbox.IsFallback(ctx, q, o.ID); err != nil {
			return acc, err
		} else if is && o.Authorized && o.ID != acc.ID {
			return o, nil
		}
	}
	return acc, nil
}

// afterwards is what follows a stored reply or comment on its ticket.
func (s *Service) afterwards(ctx context.Context, tx *db.Tx, c ReplyCommand, m desk.Message) error {
	if m.TicketID != 0 && !c.Copy {
		if s.Follow != nil {
			if err := s.Follow.AutoFollow(ctx, tx, m); err != nil {
				return err
			}
		}
		if !m.SendRule.Scheduled() { // else when it leaves
			if err := s.Tickets.NoteMessage(ctx, tx, m.TicketID, m); err != nil {
				return err
			}
			if err := s.carryOut(ctx, tx, c.Actor, m.TicketID, &c.Plan); err != nil {
				return err
			}
		}
		if !c.Comment && !c.Automatic {
			if err := s.replyAssigns(ctx, tx, c.Actor, m.TicketID); err != nil {
				return err
			}
		}
	}
	if user := c.Actor.UserID(); user != 0 && c.ThreadID != 0 && !c.Copy {
		kind := "reply"
		switch {
		case c.Comment:
			kind = "comment"
		case c.ForwardOf != 0:
			kind = "forward"
		}
		if err := s.Threads.DeleteDraft(ctx, tx, user, m.TicketID, c.ThreadID, kind); err != nil {
			return err
		}
	}
	if c.Also != nil {
		return c.Also(ctx, tx, m)
	}
	return nil
}

func inField(err error, field string) error {
	var e *desk.Error
	if errors.As(err, &e) && e.Code == desk.Invalid {
		return e.In(field)
	}
	return err
}

// replyAssigns gives an unassigned ticket to the person who answers it (RT-11, WS-14).
func (s *Service) replyAssigns(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID) error {
	if actor.UserID() == 0 {
		return nil
	}
	_, err := s.Assign.ReplyAssigns(ctx, tx, actor, desk.Ticket{ID: id})
	return err
}
