package intake

import (
	"context"
	"strings"

	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Visitors says who writes from a browser: identity.Service.
type Visitors interface {
	// Author is a browser and the contact that it belongs to, which is zero while nobody knows.
	Author(ctx context.Context, tx *db.Tx, id desk.VisitorID) (visitor.Visitor, desk.Contact, error)
	// Answered is told that a mail came into a visitor's conversation from an address, whose domain vouches for it: who claimed the address has proven it (TR-09).
	Answered(ctx context.Context, tx *db.Tx, th desk.Thread, c desk.Contact, address string) error
}

// Opening is what a conversation begins with.
type Opening struct {
	Chatflow desk.ChatflowID
	Number   int64 // of its version
	Name     string
	Bot      bool // a bot holds it: no ticket before people are called (CF-21)
}

// Dialogue is what a chatflow says and asks: dialogue.Service. All of it happens in the transaction of the message.
type Dialogue interface {
	// Begins says what a new conversation begins with, by what the widget showed. It is asked before the conversation is there.
	Begins(ctx context.Context, tx *db.Tx, acc desk.ChannelAccount, in *channel.Live) (Opening, error)
	// Began is told of a new conversation before its first message is filed: what the visitor has read already is stored.
	Began(ctx context.Context, tx *db.Tx, th desk.Thread, in *channel.Inbound) error
	// Took is told of each message that a visitor wrote, after it was filed.
	Took(ctx context.Context, tx *db.Tx, th desk.Thread, m desk.Message, in *channel.Inbound) error
}

// visitorAuthor is who writes from a browser. Their address, claimed or known, is only for the lists of senders: no contact is made of it here.
func (s *Service) visitorAuthor(ctx context.Context, tx *db.Tx, in *channel.Inbound) (author, error) {
	if s.Visitors == nil {
		return author{}, desk.Errorf(desk.Invalid, "intake.no_visitors", "This server takes no messages of visitors.")
	}
	v, c, err := s.Visitors.Author(ctx, tx, in.Live.Visitor)
	if err != nil {
		return author{}, err
	}
	a := author{visitor: v, contact: c, party: desk.Party{Kind: desk.AddrEmail, Address: v.ClaimedEmail}}
	if c.ID != 0 {
		a.party.Address = c.Email
	}
	if in.From.Name = c.Name; in.From.Name == "" {
		in.From.Name = v.ClaimedName
	}
	return a, nil
}

// seekVisitors finds the conversation that a visitor's message names, and refuses another person's. One that was closed goes on or not, as the account says.
func (s *Service) seekVisitors(ctx context.Context, tx *db.Tx, f *filing) error {
	if f.in.Live.Thread == 0 || f.place.Thread.ID == 0 {
		return nil
	}
	th := f.place.Thread
	v, c := f.who.visitor, f.who.contact
	if th.VisitorID == 0 || th.VisitorID != v.ID && (!v.Proven || c.ID == 0 || th.ContactID != c.ID) {
		return desk.Errorf(desk.Forbidden, "visitor.thread", "This conversation is not this visitor's.")
	}
	open, err := s.isOpen(ctx, tx, th)
	if err != nil || open {
		return err
	}
	set, err := webchat.Parse(f.it.acc.Settings)
	if err != nil || set.Closed != closedNew {
		return nil
	}
	f.place = thread.Placed{By: "closed"}
	next, err := s.Threads.After(ctx, tx, th)
	if err != nil || next.ID == 0 {
		return err
	}
	if open, err = s.isOpen(ctx, tx, next); err == nil && open { // a browser that has not heard of the new one yet
		f.place = thread.Placed{Thread: next, By: thread.ByKey}
	}
	return err
}

// closedNew is the setting of accounts where a message into a closed conversation begins another.
const closedNew = "new"

// isOpen: a conversation is open while it and its ticket are.
func (s *Service) isOpen(ctx context.Context, q *db.Tx, th desk.Thread) (bool, error) {
	if !th.Open {
		return false, nil
	}
	tk, err := s.ticketOf(ctx, q, th.TicketID)
	return tk.ID == 0 || tk.Open, err
}

// openingOf is what a visitor's conversation begins with.
func (s *Service) openingOf(ctx context.Context, tx *db.Tx, f *filing, th *desk.Thread) error {
	l := f.in.Live
	if l == nil {
		return s.openingOfForm(ctx, tx, f, th)
	}
	th.VisitorID = l.Visitor
	var o Opening
	if s.Dialogue != nil {
		var err error
		if o, err = s.Dialogue.Begins(ctx, tx, f.it.acc, l); err != nil {
			return wrap("chatflow", err)
		}
	}
	th.ChatflowID, th.Bot = o.Chatflow, o.Bot
	if l.Origin != (desk.Origin{}) || o.Name != "" {
		origin := l.Origin
		origin.Chatflow, origin.Number = o.Name, o.Number
		th.Origin = &origin
	}
	return nil
}

// began and took tell the dialogue of a visitor's message.
func (s *Service) began(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread) error {
	if f.in.Live == nil || s.Dialogue == nil || !f.begun || f.held() {
		return nil
	}
	return wrap("chatflow", s.Dialogue.Began(ctx, tx, th, f.in))
}

func (s *Service) took(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread, m desk.Message) error {
	if f.in.Live == nil || s.Dialogue == nil || f.held() {
		return nil
	}
	th.TicketID = m.TicketID
	return wrap("chatflow", s.Dialogue.Took(ctx, tx, th, m, f.in))
}

// resume opens a visitor's conversation that was ended and is written in again.
func (s *Service) resume(ctx context.Context, tx *db.Tx, f *filing, th *desk.Thread) error {
	if th.VisitorID == 0 || th.Open || f.rule.Reopen != ReopenAlways || f.quiet {
		return nil
	}
	var err error
	if th.TicketID == 0 {
		f.cause = routing.Reopened
	}
	*th, err = s.Threads.Turn(ctx, tx, f.actor(), th.ID, true)
	return err
}

// mailed tells identity of a mail in a visitor's conversation whose sender's domain vouches for it.
func (s *Service) mailed(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread) error {
	if th.VisitorID == 0 || f.in.Live != nil || s.Visitors == nil || f.who.ours || f.who.suspect || f.who.contact.ID == 0 || !vouched(f.it.raw.Auth) {
		return nil
	}
	return s.Visitors.Answered(ctx, tx, th, f.who.contact, f.in.From.Address)
}

// vouched: DMARC passes, or, for a domain without that policy, its own signature does.
func vouched(a *desk.AuthEvidence) bool {
	return a != nil && (a.DMARC == pass || a.DMARC == "none" && a.DKIM == pass && a.SPF == pass)
}

const pass = "pass"

// TicketWish is what a bot wants on a conversation's ticket, beside what the account stamps on it. Empty fields are the account's.
type TicketWish struct {
	Subject     string
	Description string
	Policy      *desk.TicketPolicy
	Properties  map[string]any
}

// Ticket gives a visitor's conversation a ticket, whatever the account's policy (CF-21); one that has a ticket keeps it. The caller may hold the thread. Nobody is assigned.
func (s *Service) Ticket(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, w TicketWish) (desk.Ticket, error) {
	th, err := s.Threads.Lock(ctx, tx, id)
	if err != nil {
		return desk.Ticket{}, err
	}
	if tk, err := s.ticketOf(ctx, tx, th.TicketID); err != nil || tk.ID != 0 {
		return tk, err
	}
	acc, err := s.Inbox.Account(ctx, tx, th.AccountID)
	if err != nil {
		return desk.Ticket{}, err
	}
	if w.Policy == nil {
		w.Policy = &acc.Ticket
	}
	if w.Subject == "" || w.Description == "" {
		first, err := s.Threads.FirstInbound(ctx, tx, th.ID)
		if err != nil {
			return desk.Ticket{}, err
		}
		if strings.TrimSpace(w.Subject) == "" {
			w.Subject = ticket.Snippet(first)
		}
		if w.Description == "" {
			w.Description = first.Text
		}
	}
	tk, err := s.Tickets.Create(ctx, tx, ticket.NewTicket{
		Actor: actor, Subject: thread.Clean(w.Subject), Description: thread.Clean(clipText(w.Description, 4000)), InboxID: th.InboxID, Channel: th.Channel, AccountID: th.AccountID,
		ContactID: th.ContactID, Policy: *w.Policy, Properties: w.Properties, ThreadID: th.ID,
	})
	if err != nil {
		return tk, wrap("ticket", err)
	}
	if _, err := s.Threads.MoveToTicket(ctx, tx, actor, th.ID, tk.ID, "ticket_opened"); err != nil {
		return tk, err
	}
	sum, err := s.Threads.Tally(ctx, tx, tk.ID, tk.CreatedAt)
	if err == nil {
		err = s.Tickets.SetTally(ctx, tx, tk.ID, sum)
	}
	return tk, wrap("tally", err)
}

// Handover gives a conversation that a bot held to people: the bot leaves, a ticket is made when the account's policy wants one, and its owner is decided by a policy, or
// by the account's without one. A conversation that people have already is given an owner if it has none.
func (s *Service) Handover(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, assign *desk.AssignPolicy) (desk.Thread, desk.Ticket, error) {
	th, err := s.Threads.Lock(ctx, tx, id)
	if err != nil {
		return th, desk.Ticket{}, err
	}
	acc, err := s.Inbox.Account(ctx, tx, th.AccountID)
	if err != nil {
		return th, desk.Ticket{}, err
	}
	if th.Bot {
		if th, err = s.Threads.SetBot(ctx, tx, actor, th.ID, false); err != nil {
			return th, desk.Ticket{}, err
		}
	}
	tk, err := s.ticketOf(ctx, tx, th.TicketID)
	if err != nil {
		return th, tk, err
	}
	if tk.ID == 0 {
		if tk, err = s.handedOver(ctx, tx, actor, acc, th); err != nil {
			return th, tk, err
		}
		if tk.ID == 0 {
			a, err := s.Assign.AssignThreadBy(ctx, tx, th, acc, assign, routing.HandedOver)
			th.OwnerID, th.TeamID = a.OwnerID, a.TeamID
			return th, tk, wrap("assign", err)
		}
		th.TicketID = tk.ID
	}
	if tk.OwnerID == 0 && tk.Open {
		if _, err = s.Assign.AssignBy(ctx, tx, tk, acc, assign, routing.HandedOver); err != nil {
			return th, tk, wrap("assign", err)
		}
		tk, err = s.Tickets.Get(ctx, tx, tk.ID)
	}
	return th, tk, err
}

// handedOver is the ticket of a conversation that people take over, when its policy wants one.
func (s *Service) handedOver(ctx context.Context, tx *db.Tx, actor desk.Actor, acc desk.ChannelAccount, th desk.Thread) (desk.Ticket, error) {
	w, err := s.wish(ctx, tx, acc, th, func() assignment.About { return assignment.About{} }) // of what the visitor said first
	switch {
	case err != nil:
		return desk.Ticket{}, err
	case w.make:
		return s.Ticket(ctx, tx, actor, th.ID, TicketWish{})
	case w.join.ID == 0:
		return w.join, nil
	}
	if _, err = s.Threads.MoveToTicket(ctx, tx, actor, th.ID, w.join.ID, joinedTopic); err != nil {
		return w.join, err
	}
	sum, err := s.Threads.Tally(ctx, tx, w.join.ID, w.join.CreatedAt)
	if err == nil {
		err = s.Tickets.SetTally(ctx, tx, w.join.ID, sum)
	}
	return w.join, wrap("tally", err)
}

// Filed is the journal's entry of a delivery, by its account and dedupe key.
func (s *Service) Filed(ctx context.Context, account desk.ChannelAccountID, dedupe string) (Entry, error) {
	e, err := scanEntry(s.DB.QueryRow(ctx, entrySQL+" WHERE r.account_id = $1 AND r.dedupe_key = $2", account, thread.Ref(dedupe)))
	return e, missing(err)
}
