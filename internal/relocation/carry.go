package relocation

import (
	"context"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/ticket"
)

// carry moves one conversation: with its ticket and the ticket's other conversations, or alone, with a ticket made for it where the plan says so. The caller holds the
// conversation and its family.
func (s *Service) carry(ctx context.Context, tx *db.Tx, r *round, th desk.Thread) error {
	if th.TicketID != 0 {
		return s.carryTicket(ctx, tx, r, th)
	}
	was := stood{Owner: th.OwnerID, Team: th.TeamID, Open: th.Open, Hidden: th.Hidden}
	if err := s.Threads.MoveToInbox(ctx, tx, th.ID, r.m.To); err != nil {
		return err
	}
	th.InboxID = r.m.To
	if err := s.Threads.TellLeft(ctx, tx, r.m.Actor, th, r.m.From); err != nil {
		return err
	}
	it := item{thread: th.ID, state: itemMoved, before: was}
	if r.m.Plan.Ticketless != TicketlessNone && !th.Bot {
		t, err := s.open(ctx, tx, r, th)
		if err != nil {
			return err
		}
		it.ticket, it.made, it.before.Version, it.before.Messages = t.ID, true, t.Version, th.MessageCount
		r.m.Made++
	} else if err := s.bare(ctx, tx, r, th); err != nil {
		return err
	}
	r.m.Report.Moved++
	return s.note(ctx, tx, r.m.ID, it)
}

// bare tells that a conversation stands elsewhere, and takes it from who cannot see it there.
func (s *Service) bare(ctx context.Context, tx *db.Tx, r *round, th desk.Thread) error {
	if err := s.Threads.TellMoved(ctx, tx, r.m.Actor, th); err != nil {
		return err
	}
	if th.OwnerID == 0 && th.TeamID == 0 || s.Assign.May(ctx, tx, r.m.To, th.OwnerID, th.TeamID) == nil {
		return nil
	}
	_, err := s.Threads.Assign(ctx, tx, r.m.Actor, th.ID, 0, 0)
	return err
}

// carryTicket moves a ticket with all its conversations that are in the old inbox. One that stands elsewhere already stays there, and the conversations follow the channel.
func (s *Service) carryTicket(ctx context.Context, tx *db.Tx, r *round, th desk.Thread) error {
	t, err := s.Tickets.Lock(ctx, tx, th.TicketID)
	if err != nil {
		return err
	}
	was := stood{TicketOwner: t.OwnerID, TicketTeam: t.TeamID, TicketInbox: t.InboxID, Open: th.Open}
	if t.InboxID == r.m.From {
		if t, err = s.Tickets.SetInbox(ctx, tx, r.m.Actor, t.ID, r.m.To); err != nil {
			return err
		}
		if t.OwnerID != 0 || t.TeamID != 0 {
			if _, err := s.Assign.Carry(ctx, tx, r.m.Actor, t, t.OwnerID, t.TeamID); err != nil {
				return err
			}
		}
	}
	threads, err := s.Threads.OfTicket(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	for _, h := range threads {
		if h.InboxID != r.m.From {
			continue
		}
		if err := s.Threads.MoveToInbox(ctx, tx, h.ID, r.m.To); err != nil {
			return err
		}
		r.m.Report.Moved++
		if err := s.note(ctx, tx, r.m.ID, item{thread: h.ID, ticket: t.ID, state: itemMoved, before: was}); err != nil {
			return err
		}
	}
	return nil
}

// open makes the ticket of a conversation that has none (MG-07): dated at its first message, open or closed as the plan says, with whoever had the conversation. Nobody is
// told and nothing is sent. Where the customer has written since the channel moved, it is open, and somebody is found for it as for any other.
func (s *Service) open(ctx context.Context, tx *db.Tx, r *round, th desk.Thread) (desk.Ticket, error) {
	live := th.LastInboundAt > r.m.CreatedAt && th.Hidden == desk.HiddenNo
	open := live || r.m.Plan.Ticketless == TicketlessOpen || r.m.Plan.Ticketless == TicketlessAsIs && th.Open
	status, err := s.statusOf(ctx, tx, r.acc.Ticket, open)
	if err != nil {
		return desk.Ticket{}, err
	}
	first, err := s.Threads.FirstInbound(ctx, tx, th.ID)
	if err != nil {
		return desk.Ticket{}, err
	}
	n := ticket.NewTicket{
		Actor: r.m.Actor, Subject: th.Subject, Description: first.Text, InboxID: r.m.To, Channel: th.Channel, AccountID: th.AccountID, ContactID: th.ContactID, Policy: r.acc.Ticket,
		ThreadID: th.ID, Hidden: th.Hidden, At: th.CreatedAt, StatusID: status, Made: ticket.MadeByMove,
	}
	if strings.TrimSpace(n.Subject) == "" {
		n.Subject = ticket.Snippet(first)
	}
	t, err := s.Tickets.Create(ctx, tx, n)
	if err != nil {
		return t, err
	}
	if _, err := s.Threads.MoveToTicket(ctx, tx, r.m.Actor, th.ID, t.ID, "channel_moved"); err != nil {
		return t, err
	}
	sum, err := s.Threads.Tally(ctx, tx, t.ID, t.CreatedAt)
	if err != nil {
		return t, err
	}
	if err := s.Tickets.SetTally(ctx, tx, t.ID, sum); err != nil {
		return t, err
	}
	if th.OwnerID != 0 || th.TeamID != 0 {
		if _, err := s.Assign.Carry(ctx, tx, r.m.Actor, t, th.OwnerID, th.TeamID); err != nil {
			return t, err
		}
	}
	if t, err = s.Tickets.Get(ctx, tx, t.ID); err != nil {
		return t, err
	}
	if live && t.OwnerID == 0 && t.TeamID == 0 {
		if _, err := s.Assign.Assign(ctx, tx, t, r.acc); err != nil {
			return t, err
		}
	}
	return s.Tickets.Get(ctx, tx, t.ID)
}

// statusOf is where a ticket begins: by the account's policy when that fits, else the first status of its pipeline that is open, or closed. 0 leaves it to the policy.
func (s *Service) statusOf(ctx context.Context, q db.Queryer, p desk.TicketPolicy, open bool) (desk.StatusID, error) {
	ps, err := s.Tickets.Pipelines(ctx, q)
	if err != nil || len(ps) == 0 {
		return 0, err
	}
	pipe, state := ps[0], ticket.Closed
	if open {
		state = ticket.Open
	}
	for _, x := range ps {
		if x.Slug == p.Pipeline {
			pipe = x
		}
	}
	for _, st := range pipe.Statuses {
		if st.Slug == p.Status && st.State == state {
			return st.ID, nil
		}
	}
	for _, st := range pipe.Statuses {
		if st.State == state {
			return st.ID, nil
		}
	}
	return 0, nil
}
