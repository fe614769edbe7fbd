// Package assignment gives tickets their owners: it loads whom a channel's policy names, holds them still so that two
// arrivals cannot both see the same count (RT-21), lets routing decide, and writes owner and reasons through ticket. It
// also writes what people decide: by hand (RT-12) and by replying (RT-11). It owns no table. Called by intake, dispatch and the API.
package assignment

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Service assigns tickets. Safe for concurrent use.
type Service struct {
	clk     *clock.Clock
	people  *people.Service
	inboxes *inbox.Service
	tickets *ticket.Service
	gate    func(acc desk.ChannelAccount, at time.Time) (closed bool, limit int)
}

// New makes the service.
func New(clk *clock.Clock, p *people.Service, b *inbox.Service, t *ticket.Service) *Service {
	return &Service{clk: clk, people: p, inboxes: b, tickets: t}
}

// Gate names what an account lays on assignment beside its policy: closed outside its hours (AV-07), and how many open chats one person may have (CP-02).
func (s *Service) Gate(fn func(acc desk.ChannelAccount, at time.Time) (closed bool, limit int)) *Service {
	s.gate = fn
	return s
}

// Assign decides the owner of a new ticket by its channel account's policy and writes the decision with its reasons, also when that is nobody. A ticket
// that already has an owner keeps them.
func (s *Service) Assign(ctx context.Context, tx *db.Tx, t desk.Ticket, acc desk.ChannelAccount) (desk.Assignment, error) {
	t, err := s.tickets.Lock(ctx, tx, t.ID)
	if err != nil {
		return desk.Assignment{}, err
	}
	if t.OwnerID != 0 && t.Assignment != nil {
		return *t.Assignment, nil
	}
	in := routing.Input{Policy: acc.Assign, At: s.clk.Ms(), Seed: uint64(t.ID)}
	if s.gate != nil {
		in.Closed, in.ChatLimit = s.gate(acc, in.At.Time())
	}
	switch acc.Assign.To {
	case routing.ToUsers, routing.ToTeams, routing.ToUsersAndTeams:
		if err := s.load(ctx, tx, t, acc.Channel, &in); err != nil {
			return desk.Assignment{}, err
		}
	}
	a := routing.Decide(in)
	if _, err := s.tickets.SetOwner(ctx, tx, desk.System, t.ID, a); err != nil {
		return desk.Assignment{}, err
	}
	if a.OwnerID != 0 {
		return a, s.people.NoteAssigned(ctx, tx, a.OwnerID, a.At)
	}
	return a, nil
}

// load fills in the candidates, their rows held until the transaction ends.
func (s *Service) load(ctx context.Context, tx *db.Tx, t desk.Ticket, channel string, in *routing.Input) error {
	who := map[desk.UserID]*routing.Candidate{}
	of := func(id desk.UserID) *routing.Candidate {
		if who[id] == nil {
			who[id] = &routing.Candidate{}
		}
		return who[id]
	}
	emails, slugs := in.Policy.Users, in.Policy.Teams
	switch in.Policy.To {
	case routing.ToTeams:
		emails = nil
	case routing.ToUsers:
		slugs = nil
	}
	named, err := s.people.Named(ctx, tx, emails, slugs)
	if err != nil {
		return err
	}
	for _, email := range emails {
		if id, ok := named.Users[email]; ok {
			of(id).Named = true
		} else {
			in.UnknownUsers = append(in.UnknownUsers, email)
		}
	}
	for _, slug := range slugs {
		team, ok := named.Teams[slug]
		if !ok {
			in.UnknownTeams = append(in.UnknownTeams, slug)
			continue
		}
		in.Teams = append(in.Teams, team.ID)
		for _, id := range team.Members {
			of(id).MainOf = append(of(id).MainOf, team.ID)
		}
		for _, id := range team.Extra {
			of(id).ExtraOf = append(of(id).ExtraOf, team.ID)
		}
	}
	return s.weigh(ctx, tx, t, channel, in, who)
}

// weigh holds the candidates in the order of their ids, then reads what the decision depends on.
func (s *Service) weigh(ctx context.Context, tx *db.Tx, t desk.Ticket, channel string, in *routing.Input, who map[desk.UserID]*routing.Candidate) error {
	if len(who) == 0 {
		return nil
	}
	box, err := s.inboxes.Inbox(ctx, tx, t.InboxID)
	if err != nil {
		return err
	}
	users, err := s.people.Hold(ctx, tx, slices.Sorted(maps.Keys(who)))
	if err != nil {
		return err
	}
	open, err := s.tickets.OpenCounts(ctx, tx, users)
	if err != nil {
		return err
	}
	chats := map[desk.UserID]int{}
	if in.ChatLimit > 0 {
		if chats, err = s.tickets.OpenChats(ctx, tx, users, channel); err != nil {
			return err
		}
	}
	for _, u := range users {
		c := who[u.ID]
		c.User, c.Open, c.Chats = u, open[u.ID], chats[u.ID]
		c.CanReply, c.InboxAccess = access.RoleCan(u.Role, access.TicketsReply), access.Member(box.Access, u)
		in.Candidates = append(in.Candidates, *c)
	}
	return nil
}

// ReplyAssigns gives an unassigned ticket to the user who replies to it (RT-11). A ticket with an owner, and a reply by anybody else than a user who may reply,
// change nothing: the answer then has no owner and no rule.
func (s *Service) ReplyAssigns(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Ticket) (desk.Assignment, error) {
	id := actor.UserID()
	if id == 0 {
		return desk.Assignment{}, nil
	}
	t, err := s.tickets.Lock(ctx, tx, t.ID)
	if err != nil || t.OwnerID != 0 {
		return desk.Assignment{}, err
	}
	u, err := s.people.Get(ctx, tx, id)
	if err != nil || !u.Active || !access.RoleCan(u.Role, access.TicketsReply) {
		return desk.Assignment{}, err
	}
	a := decided(s.clk.Ms(), actor, routing.RuleReplyAssigns, routing.FirstReply, &u, t.TeamID)
	return a, s.write(ctx, tx, actor, t.ID, a)
}

// Manual gives a ticket to a user, a team, both or nobody (0), because a person said so (RT-12). The user must be active, may reply and be a member of
// the ticket's inbox; the team must have access to it (RT-14, RT-23). Whether they are away does not matter: a person decided. The same owner and team again is nothing.
func (s *Service) Manual(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, owner desk.UserID, team desk.TeamID) (desk.Ticket, error) {
	t, err := s.tickets.Lock(ctx, tx, id)
	if err != nil || t.OwnerID == owner && t.TeamID == team {
		return t, err
	}
	box, err := s.inboxes.Inbox(ctx, tx, t.InboxID)
	if err != nil {
		return t, err
	}
	var u *desk.User
	if owner != 0 {
		got, err := s.people.Get(ctx, tx, owner)
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
		got, err := s.people.Team(ctx, tx, team)
		if err != nil {
			return t, field(err, "team_id")
		}
		if err := mayHold(box, got); err != nil {
			return t, err
		}
	}
	reason := routing.ManuallyChosen
	if owner == 0 && team == 0 {
		reason = routing.ManuallyCleared
	}
	if err := s.write(ctx, tx, actor, id, decided(s.clk.Ms(), actor, routing.RuleManual, reason, u, team)); err != nil {
		return t, err
	}
	return s.tickets.Get(ctx, tx, id)
}

// May refuses an owner or a team that could not have work of an inbox, as Manual does.
func (s *Service) May(ctx context.Context, q db.Queryer, id desk.InboxID, owner desk.UserID, team desk.TeamID) error {
	box, err := s.inboxes.Inbox(ctx, q, id)
	if err != nil {
		return err
	}
	if owner != 0 {
		u, err := s.people.Get(ctx, q, owner)
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
	t, err := s.people.Team(ctx, q, team)
	if err != nil {
		return field(err, "team_id")
	}
	return mayHold(box, t)
}

func mayHold(box desk.Inbox, t desk.Team) error {
	if box.Access.Everyone || slices.Contains(box.Access.Teams, t.ID) {
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
	case !access.RoleCan(u.Role, access.TicketsReply):
		return desk.Errorf(desk.Invalid, "assign.no_permission", "%s may not reply to tickets (%s) and cannot be given any.", u.Name, u.Role).In("owner_id")
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
	if _, err := s.tickets.SetOwner(ctx, tx, actor, id, a); err != nil {
		return err
	}
	if a.OwnerID == 0 {
		return nil
	}
	return s.people.NoteAssigned(ctx, tx, a.OwnerID, a.At)
}
