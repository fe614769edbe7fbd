package assignment

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
)

// Rotate decides anew about an open ticket, whoever has it: by its channel's policy, or by the one given, with the same balancing, availability, skills and limits (RT-19). Who has
// it may have it again. Where nobody can, it stays where it is and the answer says why; with the cause "left" it goes into the queue instead, where the policy has one (AV-11).
func (s *Service) Rotate(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, policy *desk.AssignPolicy, cause string) (desk.Assignment, error) {
	t, err := s.Tickets.Lock(ctx, tx, id)
	if err != nil {
		return desk.Assignment{}, err
	}
	if !t.Open || t.Hidden != desk.HiddenNo {
		return desk.Assignment{}, desk.Errorf(desk.Conflict, "assign.not_open", "Only an open ticket is assigned by a rule.")
	}
	acc, ok, err := s.account(ctx, tx, t.AccountID)
	if err != nil {
		return desk.Assignment{}, err
	}
	p := acc.Assign
	switch {
	case policy != nil:
		p = *policy
	case !ok || (p.To == "" || p.To == routing.ToNoOne) && len(p.Rules) == 0:
		return desk.Assignment{}, desk.Errorf(desk.Conflict, "assign.no_rule", "The channel of this ticket gives work to nobody by itself. Set a rule in the channel's settings, or choose people or teams.")
	}
	if cause == routing.OwnerLeft {
		p.AvailableOnly = true // to give it to somebody else who is away helps nobody
	}
	in, err := s.Input(ctx, tx, Work{Ticket: &t, Account: acc, Policy: p, Cause: cause, Hold: true})
	if err != nil {
		return desk.Assignment{}, err
	}
	a := routing.Decide(in)
	a.By = actor
	waits := a.OwnerID == 0 && a.Queued && policy == nil && (t.OwnerID == 0 || cause == routing.OwnerLeft)
	if a.OwnerID == 0 && (!waits || t.OwnerID == 0 && t.Assignment != nil && t.Assignment.Queued) || a.OwnerID != 0 && a.OwnerID == t.OwnerID {
		return a, nil
	}
	if err := s.record(ctx, tx, in, a, t.ID, 0); err != nil {
		return a, err
	}
	if _, err := s.Tickets.SetOwner(ctx, tx, actor, t.ID, a); err != nil {
		return a, err
	}
	if a.OwnerID != 0 {
		if err := s.People.NoteAssigned(ctx, tx, a.OwnerID, a.At); err != nil {
			return a, err
		}
	}
	return a, s.enqueue(ctx, tx, a, desk.Waiting{Object: desk.WaitingTicket, ID: int64(t.ID), AccountID: acc.ID, InboxID: t.InboxID, Rank: t.Priority.Rank()})
}
