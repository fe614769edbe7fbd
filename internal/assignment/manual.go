package assignment

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
)

// ReplyAssigns gives an unassigned ticket to the user who replies to it (RT-11). A ticket with an owner, and a reply by anybody else than a user who may reply,
// change nothing: the answer then has no owner and no rule.
func (s *Service) ReplyAssigns(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Ticket) (desk.Assignment, error) {
	id := actor.UserID()
	if id == 0 {
		return desk.Assignment{}, nil
	}
	t, err := s.Tickets.Lock(ctx, tx, t.ID)
	if err != nil || t.OwnerID != 0 {
		return desk.Assignment{}, err
	}
	u, err := s.People.Get(ctx, tx, id)
	if err != nil || !u.Active || !access.UserCan(u, access.TicketsReply) {
		return desk.Assignment{}, err
	}
	a := decided(s.Clock.Ms(), actor, routing.RuleReplyAssigns, routing.FirstReply, &u, t.TeamID)
	return a, s.write(ctx, tx, actor, t.ID, a)
}

// Manual gives a ticket to a user, a team, both or nobody (0), because a person said so (RT-12). The user must be active, may reply and be a member of
// the ticket's inbox; the team must have access to it (RT-14, RT-23). Whether they are away does not matter: a person decided. The same owner and team again is nothing.
func (s *Service) Manual(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, owner desk.UserID, team desk.TeamID) (desk.Ticket, error) {
	t, err := s.Tickets.Lock(ctx, tx, id)
	if err != nil || t.OwnerID == owner && t.TeamID == team {
		return t, err
	}
	box, err := s.Inboxes.Inbox(ctx, tx, t.InboxID)
	if err != nil {
		return t, err
	}
	var u *desk.User
	if owner != 0 {
		got, err := s.People.Get(ctx, tx, owner)
		if err != nil {
			return t, field(err, "owner_id")
		}
		if owner != t.OwnerID { // who has it keeps it, whatever became of their access
			if err := mayOwn(box, got); err != nil {
				return t, err
			}
		}
		u = &got
	}
	if team != 0 && team != t.TeamID {
		got, err := s.People.Team(ctx, tx, team)
		if err != nil {
			return t, field(err, "team_id")
		}
		if err := s.mayHold(ctx, tx, box, got); err != nil {
			return t, err
		}
	}
	reason := routing.ManuallyChosen
	if owner == 0 && team == 0 {
		reason = routing.ManuallyCleared
	}
	if err := s.write(ctx, tx, actor, id, decided(s.Clock.Ms(), actor, routing.RuleManual, reason, u, team)); err != nil {
		return t, err
	}
	return s.Tickets.Get(ctx, tx, id)
}

// May refuses an owner or a team that could not have work of an inbox, as Manual does.
func (s *Service) May(ctx context.Context, q db.Queryer, id desk.InboxID, owner desk.UserID, team desk.TeamID) error {
	box, err := s.Inboxes.Inbox(ctx, q, id)
	if err != nil {
		return err
	}
	if owner != 0 {
		u, err := s.People.Get(ctx, q, owner)
		if err != nil {
			return field(err, "owner_id")
		}
		if err := mayOwn(box, u); err != nil {
			return err
		}
	}
	if team == 0 {
		return nil
	}
	t, err := s.People.Team(ctx, q, team)
	if err != nil {
		return field(err, "team_id")
	}
	return s.mayHold(ctx, q, box, t)
}

// Standing is what the owner of a ticket has, with it, against the limit of theirs that is reached first (CP-05).
type Standing struct {
	UserID desk.UserID `json:"user_id"`
	Name   string      `json:"name"`
	Kind   string      `json:"kind" enum:"total,calls,messages,email" doc:"Which limit it is."`
	Count  int         `json:"count" doc:"What they have now, as limits count it."`
	Limit  *int        `json:"limit" doc:"null: they have none."`
	Over   bool        `json:"over"`
}

// Stands says how the owner of a ticket stands; nil where the ticket counts for nobody: it has no owner, rests, is closed, or is not of the help desk.
func (s *Service) Stands(ctx context.Context, q db.Queryer, t desk.Ticket) (*Standing, error) {
	if t.OwnerID == 0 || !t.Open || t.Snoozed || t.Hidden != desk.HiddenNo {
		return nil, nil
	}
	help, err := s.Inboxes.Helpdesk(ctx, q)
	if err != nil || help.ID != t.InboxID {
		return nil, err
	}
	u, err := s.People.Get(ctx, q, t.OwnerID)
	if err != nil {
		return nil, err
	}
	lim, err := s.limitsOf(ctx, q, []desk.UserID{u.ID})
	if err != nil {
		return nil, err
	}
	all, err := s.count(ctx, q, lim, help.ID, []desk.UserID{u.ID})
	if err != nil {
		return nil, err
	}
	load, limit := all[u.ID], lim.Default
	if load == nil {
		load = &Load{}
	}
	if own, ok := lim.Of[u.ID]; ok {
		limit = own
	}
	out := &Standing{UserID: u.ID, Name: u.Name, Kind: "total", Count: load.Total, Limit: limit.Total}
	kind := s.KindOf(t.Channel)
	of := map[string]*int{routing.Calls: limit.Calls, routing.Messages: limit.Messages, routing.Email: limit.Email}[kind]
	if of != nil && (out.Limit == nil || *of-load.of(kind) < *out.Limit-out.Count) {
		out.Kind, out.Count, out.Limit = kind, load.of(kind), of
	}
	out.Over = out.Limit != nil && out.Count > *out.Limit
	return out, nil
}

// mayHold refuses a team that has no access: neither itself nor by a team that it is part of (RT-23).
func (s *Service) mayHold(ctx context.Context, q db.Queryer, box desk.Inbox, t desk.Team) error {
	if box.Access.Everyone || slices.Contains(box.Access.Teams, t.ID) {
		return nil
	}
	above, err := s.People.TeamsAbove(ctx, q, t.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(above, func(id desk.TeamID) bool { return slices.Contains(box.Access.Teams, id) }) {
		return nil
	}
	return desk.Errorf(desk.Invalid, "assign.team_no_access", "The team “%s” has no access to “%s”. Choose another, or give it access in the inbox's settings.", t.Name, box.Name).In("team_id")
}

func field(err error, name string) error {
	if desk.CodeOf(err) != desk.NotFound {
		return err
	}
	return desk.Errorf(desk.Invalid, desk.ReasonOf(err), "%s", desk.PublicOf(err)).In(name)
}

// mayOwn refuses somebody who could not answer.
func mayOwn(box desk.Inbox, u desk.User) error {
	switch {
	case !u.Active:
		return desk.Errorf(desk.Invalid, "assign.inactive", "%s is deactivated and cannot be given work.", u.Name).In("owner_id")
	case !access.UserCan(u, access.TicketsReply):
		return desk.Errorf(desk.Invalid, "assign.no_permission", "%s may not reply to tickets (%s) and cannot be given any.", u.Name, u.Role).In("owner_id")
	case !access.UserCan(u, access.TicketsView):
		return desk.Errorf(desk.Invalid, "assign.cannot_see", "%s may not see tickets (%s) and cannot be given any.", u.Name, u.Role).In("owner_id")
	case !access.Member(box.Access, u):
		return desk.Errorf(desk.Invalid, "assign.no_access", "%s has no access to “%s”. Choose somebody else, or give access in the inbox's settings.", u.Name, box.Name).In("owner_id")
	}
	return nil
}

func decided(at desk.Time, by desk.Actor, rule, reason string, u *desk.User, team desk.TeamID) desk.Assignment {
	a := desk.Assignment{At: at, By: by, TeamID: team, Rule: rule, Reason: reason, Candidates: []desk.Candidate{}}
	if u != nil {
		a.OwnerID = u.ID
		a.Candidates = append(a.Candidates, desk.Candidate{UserID: u.ID, Name: u.Name, LastAssigned: u.LastAssigned, Chosen: true, Reason: routing.Chosen})
	}
	return a
}

func (s *Service) write(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, a desk.Assignment) error {
	if _, err := s.Tickets.SetOwner(ctx, tx, actor, id, a); err != nil {
		return err
	}
	if s.queue != nil { // a person decided: it waits no more
		if err := s.queue.Leave(ctx, tx, desk.WaitingTicket, int64(id)); err != nil {
			return err
		}
	}
	if a.OwnerID == 0 {
		return nil
	}
	return s.People.NoteAssigned(ctx, tx, a.OwnerID, a.At)
}

// able reports whether somebody can have work of an inbox at all.
func (s *Service) able(ctx context.Context, q db.Queryer, box desk.InboxID, user desk.UserID) (bool, error) {
	u, err := s.People.Get(ctx, q, user)
	if desk.CodeOf(err) == desk.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	b, err := s.Inboxes.Inbox(ctx, q, box)
	return err == nil && mayOwn(b, u) == nil, err
}
