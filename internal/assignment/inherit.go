package assignment

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// RuleConversation gives a ticket to who had its conversation before (IH-04, TK-04). RuleMoved is the same when a channel moves to another inbox: nobody is told of that (MG-07).
const (
	RuleConversation = "conversation_owner"
	RuleMoved        = "moved"
)

// Inherit gives a new ticket to the owner and the team of the conversation that it was made of, as far as they can have it: who left, may not answer or has no access to
// the inbox does not inherit. It answers the zero assignment and writes nothing when nobody does.
func (s *Service) Inherit(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Ticket, owner desk.UserID, team desk.TeamID) (desk.Assignment, error) {
	return s.inherit(ctx, tx, actor, t, owner, team, RuleConversation)
}

// Carry is Inherit for what moves with its channel: nobody is told, and whoever has the ticket and cannot have it any more loses it.
func (s *Service) Carry(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Ticket, owner desk.UserID, team desk.TeamID) (desk.Assignment, error) {
	return s.inherit(ctx, tx, actor, t, owner, team, RuleMoved)
}

func (s *Service) inherit(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Ticket, owner desk.UserID, team desk.TeamID, rule string) (desk.Assignment, error) {
	box, err := s.Inboxes.Inbox(ctx, tx, t.InboxID)
	if err != nil {
		return desk.Assignment{}, err
	}
	a := desk.Assignment{At: s.Clock.Ms(), By: actor, Rule: rule, Reason: rule, Candidates: []desk.Candidate{}}
	if owner != 0 {
		u, err := s.People.Get(ctx, tx, owner)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return desk.Assignment{}, err
		}
		if err == nil && u.Active && access.UserCan(u, access.TicketsReply) && access.Member(box.Access, u) {
			a.OwnerID = owner
			a.Candidates = append(a.Candidates, desk.Candidate{UserID: u.ID, Name: u.Name, LastAssigned: u.LastAssigned, Chosen: true, Reason: "chosen"})
		}
	}
	if team != 0 && (box.Access.Everyone || slices.Contains(box.Access.Teams, team)) {
		if _, err := s.People.Team(ctx, tx, team); err == nil {
			a.TeamID = team
		} else if desk.CodeOf(err) != desk.NotFound {
			return desk.Assignment{}, err
		}
	}
	if a.OwnerID == t.OwnerID && a.TeamID == t.TeamID {
		return desk.Assignment{OwnerID: a.OwnerID, TeamID: a.TeamID}, nil
	}
	if _, err := s.Tickets.SetOwner(ctx, tx, actor, t.ID, a); err != nil {
		return desk.Assignment{}, err
	}
	return a, nil
}
