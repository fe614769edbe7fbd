package intake

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
)

// When a conversation makes a ticket, as in desk.TicketPolicy.
const (
	createAlways   = "always"
	createWhen     = "when"
	createNewTopic = "new_topic"
)

// joinedTopic is why a conversation stands in a ticket that was there before: its sender has that one open.
const joinedTopic = "open_topic"

// wish is what the policy says of a conversation without a ticket: one is made, it joins one, or it stays without.
type wish struct {
	make bool
	join desk.Ticket
}

// about is the message as conditions ask of it, before it is stored.
func (f *filing) about() assignment.About {
	m := &desk.Message{Subject: f.in.Subject, Text: f.in.Text, From: f.in.From, Recipients: append(slices.Clone(f.in.To), f.in.Cc...)}
	if f.who.party.Address != "" {
		m.From = f.who.party
	}
	for _, a := range f.in.Attachments {
		m.Attachments = append(m.Attachments, desk.Attachment{Name: a.Name})
	}
	a := assignment.About{Message: m}
	if f.in.Live != nil {
		a.Page = f.in.Live.Origin.URL
	}
	if f.in.Form != nil {
		a.Page = f.in.Form.Origin.URL
	}
	return a
}

// wish reads the policy of the account (GEN-05, IH-02, IH-03, IH-05). A conversation that lives in another inbox than its account, because it was moved or stayed when the
// account moved, follows where it lives: the help desk makes tickets, an inbox leaves it as it is.
func (s *Service) wish(ctx context.Context, tx *db.Tx, acc desk.ChannelAccount, th desk.Thread, about func() assignment.About) (wish, error) {
	create := acc.Ticket.Create
	if th.InboxID != acc.InboxID || create == "" {
		box, err := s.Inbox.Inbox(ctx, tx, th.InboxID)
		return wish{make: box.Kind == desk.KindHelpdesk}, err
	}
	switch create {
	case createAlways:
		return wish{make: true}, nil
	case createWhen:
		if acc.Ticket.When == nil {
			return wish{make: true}, nil
		}
		a := about()
		a.Account, a.Thread, a.ContactID = acc, &th, th.ContactID
		facts, err := s.Assign.FactsOf(ctx, tx, a)
		return wish{make: err == nil && condition.Holds(*acc.Ticket.When, facts)}, wrap("facts", err)
	case createNewTopic:
		tk, err := s.openTopic(ctx, tx, acc, th)
		return wish{make: tk.ID == 0, join: tk}, err
	}
	return wish{}, nil
}

// openTopic is the ticket that the contact of a conversation has open over the account; the zero ticket when there is none. It is held.
func (s *Service) openTopic(ctx context.Context, tx *db.Tx, acc desk.ChannelAccount, th desk.Thread) (desk.Ticket, error) {
	id, err := s.Tickets.OpenTopic(ctx, tx, th.ContactID, acc.ID, th.InboxID)
	if err != nil || id == 0 {
		return desk.Ticket{}, err
	}
	tk, err := s.Tickets.Lock(ctx, tx, id)
	if desk.CodeOf(err) == desk.NotFound || err == nil && (!tk.Open || tk.Hidden != desk.HiddenNo || tk.InboxID != th.InboxID) { // closed meanwhile
		return desk.Ticket{}, nil
	}
	return tk, wrap("open topic", err)
}

// give decides who gets a new ticket: who had its conversation, if the account says so and they can (IH-04, TK-04), else whom the assignment rule names.
func (s *Service) give(ctx context.Context, tx *db.Tx, acc desk.ChannelAccount, tk desk.Ticket, owner desk.UserID, team desk.TeamID) error {
	if owner != 0 || team != 0 {
		switch acc.Ticket.Owner {
		case "no_one":
			return nil
		case "policy":
		default:
			a, err := s.Assign.Inherit(ctx, tx, desk.System, tk, owner, team)
			if err != nil || a.OwnerID != 0 || a.TeamID != 0 {
				return wrap("assign", err)
			}
		}
	}
	_, err := s.Assign.Assign(ctx, tx, tk, acc)
	return wrap("assign", err)
}

// settle sees to the owner of what is no new ticket: a conversation without one, which is given to somebody by the same rule (RT-03, D12), and what was opened again, restored or
// woken by the message (RT-18).
func (s *Service) settle(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread, tk desk.Ticket, isNew bool) (err error) {
	switch {
	case f.held() || isNew:
	case tk.ID == 0:
		switch {
		case th.Bot:
		case f.begun && f.rule.Assign:
			_, err = s.Assign.AssignThread(ctx, tx, th, f.it.acc, routing.Arrived)
		case f.cause == routing.Reopened:
			_, err = s.Assign.ReopenedThread(ctx, tx, th)
		}
	case f.cause == routing.Reopened:
		_, err = s.Assign.Reopened(ctx, tx, tk)
	case f.cause != "":
		_, err = s.Assign.Settle(ctx, tx, tk.ID, f.cause)
	}
	return wrap("assign", err)
}
