package dispatch

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/ticket"
)

// ComposeCommand writes to somebody first (EM-11): it opens a thread and, where the inbox has tickets, a ticket.
type ComposeCommand struct {
	Actor     desk.Actor
	AccountID desk.ChannelAccountID // the channel it leaves by
	To        []desk.Party
	Cc, Bcc   []desk.Party
	Subject   string
	Content
	Priority   *desk.Priority
	Category   *string
	StatusID   desk.StatusID
	Tags       []string
	Properties map[string]any
	SetStatus  string
	Timing
	Mentions []desk.UserID
	Client   string
	// Also runs in the same transaction once everything is stored.
	Also func(ctx context.Context, tx *db.Tx, t desk.Ticket, m desk.Message) error
}

// Compose stores and queues a new message. The ticket is zero when the account's inbox makes none. Its owner is the person who wrote (RT-11).
func (s *Service) Compose(ctx context.Context, c ComposeCommand) (desk.Ticket, desk.Message, error) {
	var tk desk.Ticket
	var m desk.Message
	content, err := s.clean(c.Content, false)
	if err != nil {
		return tk, m, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		tk, m, err = s.compose(ctx, tx, c, content)
		if err != nil || c.Also == nil {
			return err
		}
		return c.Also(ctx, tx, tk, m)
	})
	if err != nil {
		return desk.Ticket{}, desk.Message{}, fmt.Errorf("dispatch: compose: %w", err)
	}
	return tk, m, nil
}

func (s *Service) compose(ctx context.Context, tx *db.Tx, c ComposeCommand, content Content) (tk desk.Ticket, m desk.Message, err error) {
	acc, err := s.standing(ctx, tx, c.AccountID)
	if err != nil {
		return tk, m, inAnyField(err, "channel_account_id")
	}
	adapter, ok := s.Registry.Get(acc.Channel)
	if !ok || !adapter.Spec().Can.Start {
		return tk, m, desk.Errorf(desk.Invalid, "channel.cannot_start", "Over %s a conversation can only be answered, not begun.", acc.Name).In("channel_account_id")
	}
	spec := adapter.Spec()
	to, err := (Recipients{To: c.To, Cc: c.Cc, Bcc: c.Bcc}).normalize(spec.Address)
	if err != nil {
		return tk, m, err
	}
	subject := cleanLine(c.Subject, 900)
	if spec.Can.Subject && subject == "" {
		return tk, m, desk.Errorf(desk.Invalid, "message.subject_missing", "Give the message a subject.").In("subject")
	}
	who, err := s.contactOf(ctx, tx, to.all()[0])
	if err != nil {
		return tk, m, err
	}
	th := desk.Thread{ID: desk.ThreadID(tx.NewID()), InboxID: acc.InboxID, AccountID: acc.ID, Channel: acc.Channel, ContactID: who, Subject: subject}
	tickets, err := s.makesTickets(ctx, tx, acc)
	if err != nil {
		return tk, m, err
	}
	if tickets {
		tk, err = s.Tickets.Create(ctx, tx, ticket.NewTicket{
			Actor: c.Actor, Subject: subject, InboxID: acc.InboxID, Channel: acc.Channel, AccountID: acc.ID, ContactID: who, Policy: acc.Ticket, StatusID: c.StatusID,
			Priority: c.Priority, Category: c.Category, Tags: c.Tags, Properties: c.Properties, ThreadID: th.ID,
		})
		if err != nil {
			return tk, m, err
		}
		th.TicketID = tk.ID
	} else {
		th.OwnerID = c.Actor.UserID()
	}
	if th, err = s.Threads.Open(ctx, tx, c.Actor, th); err != nil {
		return tk, m, err
	}
	plan := desk.SendPlan{Status: c.SetStatus}
	m, err = s.queue(ctx, tx, outgoing{actor: c.Actor, thread: th, account: acc, to: to, subject: subject, content: content, client: c.Client, mentions: c.Mentions, timing: c.Timing, plan: plan})
	if err != nil {
		return tk, m, err
	}
	if user := c.Actor.UserID(); user != 0 {
		if err := s.Threads.DeleteDraft(ctx, tx, user, 0, 0, "new"); err != nil {
			return tk, m, err
		}
	}
	if tk.ID != 0 {
		if err := s.afterwards(ctx, tx, ReplyCommand{Actor: c.Actor, Plan: plan}, m); err != nil {
			return tk, m, err
		}
		tk, err = s.Tickets.Get(ctx, tx, tk.ID)
	}
	return tk, m, err
}

// standing is the account that something is begun over, held where it is: it may be moving to another inbox right now.
func (s *Service) standing(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID) (desk.ChannelAccount, error) {
	acc, err := s.sender(ctx, tx, id)
	if err != nil {
		return acc, err
	}
	version, err := s.Inbox.Place(ctx, tx, acc.ID)
	if err != nil || version == acc.Version {
		return acc, err
	}
	return s.sender(ctx, tx, id)
}

// makesTickets: the help desk always does (IH-02), an inbox where the account says so (IH-03).
func (s *Service) makesTickets(ctx context.Context, q db.Queryer, acc desk.ChannelAccount) (bool, error) {
	if acc.Ticket.Create != "" {
		return acc.Ticket.Create != "never", nil // what a person begins is a topic of its own
	}
	box, err := s.Inbox.Inbox(ctx, q, acc.InboxID)
	return box.Kind == desk.KindHelpdesk, err
}
