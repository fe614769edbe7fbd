package triage

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Split makes a ticket of its own of some messages of another (WS-18). Conversations are divided; one of which every message was chosen goes over whole. The new
// ticket takes inbox, pipeline and owner from the old, begins when its first message came, is linked to the old, and gets the answers to its messages. subject "" takes the first message's.
func (s *Service) Split(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, messages []desk.MessageID, subject string) (desk.Ticket, ticket.Split, error) {
	var none ticket.Split
	held, err := s.Threads.LockOfTickets(ctx, tx, id)
	if err != nil {
		return desk.Ticket{}, none, err
	}
	t, err := s.Tickets.Lock(ctx, tx, id)
	if err != nil {
		return t, none, err
	}
	if t.Hidden != desk.HiddenNo {
		return t, none, desk.Errorf(desk.Conflict, "ticket.hidden", "Ticket #%d is out of the ordinary views. Restore it first.", t.Number)
	}
	slices.Sort(messages)
	messages = slices.Compact(messages)
	chosen, err := s.Threads.Pick(ctx, tx, id, messages)
	if err != nil {
		return t, none, err
	}
	if len(chosen) == 0 || len(chosen) != len(messages) {
		return t, none, desk.Errorf(desk.Invalid, "split.messages", "Choose messages of this ticket.").In("message_ids")
	}
	all, spoken := 0, 0
	for _, th := range held[id] {
		all += th.MessageCount
	}
	for _, m := range chosen {
		if m.Kind != desk.KindSystem {
			spoken++
		}
	}
	if spoken >= all {
		return t, none, desk.Errorf(desk.Invalid, "split.everything", "That is the whole ticket. Leave at least one message in it.").In("message_ids")
	}
	made, err := s.branch(ctx, tx, actor, t, chosen, subject)
	if err != nil {
		return t, none, err
	}
	p := ticket.Split{From: id, To: made.ID, Actor: actor}
	for _, th := range held[id] {
		part, err := s.divide(ctx, tx, actor, th, chosen, made)
		if err != nil {
			return t, none, err
		}
		if part.To != 0 {
			p.Parts = append(p.Parts, part)
		}
	}
	if p, err = s.Tickets.RecordSplit(ctx, tx, p, len(chosen)); err != nil {
		return t, p, err
	}
	if err := s.Tickets.Link(ctx, tx, desk.TicketLink{TicketID: made.ID, OtherID: id, Kind: ticket.LinkRelated, Reason: splitReason}); err != nil {
		return t, p, err
	}
	if err := s.retally(ctx, tx, id, made.ID); err != nil {
		return t, p, err
	}
	made, err = s.Tickets.Get(ctx, tx, made.ID)
	return made, p, err
}

const splitReason = "It was split off that ticket."

// branch opens the ticket of a split.
func (s *Service) branch(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Ticket, chosen []desk.Message, subject string) (desk.Ticket, error) {
	n := ticket.NewTicket{Actor: actor, Subject: subject, InboxID: t.InboxID, Channel: t.Channel, AccountID: t.AccountID, ContactID: t.ContactID, PipelineID: t.PipelineID, At: chosen[0].CreatedAt, Hints: []string{t.Language}}
	for _, m := range chosen {
		if n.Subject == "" {
			n.Subject = m.Subject
		}
		if m.Direction == desk.Incoming && m.ContactID != 0 {
			n.ContactID = m.ContactID
			break
		}
	}
	if n.Subject == "" {
		n.Subject = t.Subject
	}
	if m := chosen[0]; m.AccountID != 0 {
		n.AccountID, n.Channel = m.AccountID, m.Channel
	}
	var err error
	if n.Tags, err = s.Tickets.TagsOf(ctx, tx, t.ID, false); err != nil {
		return t, err
	}
	made, err := s.Tickets.Create(ctx, tx, n)
	if err != nil || t.OwnerID == 0 && t.TeamID == 0 {
		return made, err
	}
	got, err := s.Assign.Manual(ctx, tx, actor, made.ID, t.OwnerID, t.TeamID)
	if desk.CodeOf(err) == desk.Invalid { // the owner has left meanwhile: the channel's rule decides
		_, err = s.Assign.Settle(ctx, tx, made.ID, routing.OwnerLeft)
		return made, err
	}
	return got, err
}

// divide moves what was chosen of one conversation; nothing of it was: the zero part.
func (s *Service) divide(ctx context.Context, tx *db.Tx, actor desk.Actor, th desk.Thread, chosen []desk.Message, made desk.Ticket) (ticket.SplitPart, error) {
	var of []desk.Message
	spoken := 0
	for _, m := range chosen {
		if m.ThreadID != th.ID {
			continue
		}
		of = append(of, m)
		if m.Kind != desk.KindSystem {
			spoken++
		}
	}
	if len(of) == 0 {
		return ticket.SplitPart{}, nil
	}
	if spoken >= th.MessageCount {
		_, err := s.Threads.MoveToTicket(ctx, tx, actor, th.ID, made.ID, "split")
		return ticket.SplitPart{From: th.ID, To: th.ID}, err
	}
	n, err := s.Threads.Split(ctx, tx, actor, th, of, made.Subject, made.ID)
	return ticket.SplitPart{From: th.ID, To: n.ID}, err
}

// UndoSplit joins what a split divided, with all that came since, and returns the ticket that holds it again. What was moved on by hand stays where it is; when nothing
// is left in the ticket that the split made, its number leads to the old one.
func (s *Service) UndoSplit(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.SplitID) (desk.Ticket, error) {
	p, err := s.Tickets.SplitByID(ctx, tx, id)
	if err != nil {
		return desk.Ticket{}, err
	}
	home, err := s.Tickets.Survivor(ctx, tx, p.From)
	if err != nil {
		return home, err
	}
	var threads []desk.ThreadID
	for _, part := range p.Parts {
		threads = append(threads, part.From, part.To)
	}
	slices.Sort(threads)
	now := map[desk.ThreadID]desk.Thread{}
	for _, th := range slices.Compact(threads) {
		if now[th], err = s.Threads.Lock(ctx, tx, th); err != nil && desk.CodeOf(err) != desk.NotFound {
			return home, err
		}
	}
	if err := s.Tickets.UndoSplit(ctx, tx, actor, p); err != nil {
		return home, err
	}
	for _, part := range p.Parts {
		made := now[part.To]
		if made.ID != part.To || made.TicketID != p.To {
			continue
		}
		if err := s.rejoin(ctx, tx, actor, made, part, home); err != nil {
			return home, err
		}
	}
	if err := s.Tickets.Unlink(ctx, tx, desk.System, desk.TicketLink{TicketID: p.To, OtherID: p.From, Kind: ticket.LinkRelated}); err != nil {
		return home, err
	}
	left, err := s.Threads.OfTicket(ctx, tx, p.To)
	if err != nil {
		return home, err
	}
	if len(left) == 0 {
		if err := s.Tickets.Absorb(ctx, tx, actor, p.To, home.ID, "unsplit"); err != nil {
			return home, err
		}
	} else if err := s.retally(ctx, tx, p.To); err != nil {
		return home, err
	}
	if err := s.retally(ctx, tx, home.ID); err != nil {
		return home, err
	}
	return s.Tickets.Get(ctx, tx, home.ID)
}

// rejoin brings one part of a split home, to the inbox of its ticket: who sees the ticket sees its messages.
func (s *Service) rejoin(ctx context.Context, tx *db.Tx, actor desk.Actor, made desk.Thread, part ticket.SplitPart, home desk.Ticket) error {
	if made.InboxID != home.InboxID {
		if err := s.Threads.MoveToInbox(ctx, tx, made.ID, home.InboxID); err != nil {
			return err
		}
		made.InboxID = home.InboxID
	}
	into, err := s.Threads.Get(ctx, tx, part.From) // as it is after the parts before
	switch {
	case err != nil && desk.CodeOf(err) != desk.NotFound:
		return err
	case err != nil || part.From == part.To:
		_, err = s.Threads.MoveToTicket(ctx, tx, actor, made.ID, home.ID, "unsplit")
	default:
		_, err = s.Threads.Unsplit(ctx, tx, actor, made, into)
	}
	return err
}
