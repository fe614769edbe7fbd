package assignment

import (
	"cmp"
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/setting"
)

// most is how many people a decision knows at most who are asked because they take work.
const most = 500

// Work is what somebody is looked for: a ticket or a conversation without one.
type Work struct {
	Ticket  *desk.Ticket
	Thread  *desk.Thread
	Account desk.ChannelAccount
	Policy  desk.AssignPolicy
	Own     bool // the policy is not the account's
	Cause   string
	Keeps   desk.UserID
	Since   desk.Time
	Hold    bool // nobody who may be chosen changes until the transaction ends

	Contact  desk.ContactID // of a sample: who writes
	Message  *desk.Message  // what they write
	Language string         // "": as its words tell

	facts bool // all that is known of it is read, whatever the policy asks
}

func (w Work) inbox() desk.InboxID {
	switch {
	case w.Ticket != nil:
		return w.Ticket.InboxID
	case w.Thread != nil:
		return w.Thread.InboxID
	}
	return w.Account.InboxID
}

func (w Work) seed() uint64 {
	switch {
	case w.Ticket != nil:
		return uint64(w.Ticket.ID)
	case w.Thread != nil:
		return uint64(w.Thread.ID)
	}
	return 0
}

// Input gathers everything that a decision about some work depends on.
func (s *Service) Input(ctx context.Context, tx *db.Tx, w Work) (routing.Input, error) {
	if idle(w.Policy) && w.Keeps == 0 {
		return s.light(w), nil
	}
	return s.input(ctx, tx, tx, w)
}

// idle reports whether a policy gives nothing to anybody, so that nothing needs to be known.
func idle(p desk.AssignPolicy) bool {
	return (p.To == "" || p.To == routing.ToNoOne) && len(p.Rules) == 0
}

// light is the input of a policy that gives nothing to anybody: what another would have needed is looked up when one is tried.
func (s *Service) light(w Work) routing.Input {
	in := routing.Input{Policy: w.Policy, Own: w.Own, Light: true, Account: w.Account.ID, Place: routing.Place{Inbox: w.inbox()}, Cause: w.Cause, At: s.Clock.Ms(), Seed: w.seed(), Candidates: []routing.Candidate{}}
	s.kind(w, &in)
	return in
}

// input reads through q; tx is nil for a try that holds nobody.
func (s *Service) input(ctx context.Context, q db.Queryer, tx *db.Tx, w Work) (routing.Input, error) {
	in := routing.Input{Policy: w.Policy, Own: w.Own, Short: !w.facts, Account: w.Account.ID, Cause: w.Cause, At: s.Clock.Ms(), Since: w.Since, Seed: w.seed(), Keeps: w.Keeps}
	s.kind(w, &in)
	box, err := s.Inboxes.Inbox(ctx, q, w.inbox())
	if err != nil {
		return in, err
	}
	in.Place = routing.Place{Inbox: box.ID, Kind: string(box.Kind)}
	if err := s.times(ctx, q, w, &in); err != nil {
		return in, err
	}
	if !w.facts && !routing.AsksFacts(w.Policy) {
		return in, s.people(ctx, q, tx, box, w, &in)
	}
	about, who, err := s.facts(ctx, q, About{Account: w.Account, Ticket: w.Ticket, Thread: w.Thread, ContactID: w.Contact, Message: w.Message, Language: w.Language, Latest: w.Cause == routing.Reopened})
	if err != nil {
		return in, err
	}
	in.Facts, in.Owner = about, who
	return in, s.people(ctx, q, tx, box, w, &in)
}

// kind is what the work counts as.
func (s *Service) kind(w Work, in *routing.Input) {
	in.Channel = w.Account.Channel
	if w.Ticket != nil && w.Ticket.Channel != "" {
		in.Channel = w.Ticket.Channel
	}
	in.Kind = s.KindOf(in.Channel)
}

// times: whether the account, and the hours that its policy keeps, are open.
func (s *Service) times(ctx context.Context, q db.Queryer, w Work, in *routing.Input) (err error) {
	if s.gate != nil {
		if in.Closed, in.ChatLimit, err = s.gate(ctx, q, w.Account, in.At.Time()); err != nil {
			return err
		}
		if in.Closed && s.opens != nil {
			at, ok, err := s.opens(ctx, q, w.Account, in.At.Time())
			if err != nil {
				return err
			}
			if ok {
				in.Opens = at
			}
		}
	}
	if in.Closed || w.Policy.Hours == "" || s.hours == nil {
		return nil
	}
	in.Closed, in.Opens, err = s.hours(ctx, q, w.Policy.Hours, in.At)
	if desk.CodeOf(err) == desk.NotFound { // hours that were removed since close nothing
		in.Closed, in.Opens, err = false, 0, nil
	}
	return err
}

// KindOf is the kind of work that a channel brings: calls, messages, or email and everything else (CP-06).
func (s *Service) KindOf(name string) string {
	if s.Channels == nil {
		return routing.Email
	}
	a, ok := s.Channels.Get(name)
	if !ok {
		return routing.Email
	}
	spec := a.Spec()
	if spec.Work != "" {
		return spec.Work
	}
	if spec.Can.Live || spec.Window != nil || spec.Address == desk.AddrPhone || spec.Threading == channel.ByContact {
		return routing.Messages
	}
	return routing.Email
}

// people fills in whom the policy could name, with what they have and know: a decision costs as much as its team is large, not as the company. Those who could be chosen are held
// in the order of their ids, before what they have is counted.
func (s *Service) people(ctx context.Context, q db.Queryer, tx *db.Tx, box desk.Inbox, w Work, in *routing.Input) error {
	want := routing.Wants(*in)
	roll := people.Roll{Emails: want.Users, Teams: want.Teams}
	if in.Owner != nil && in.Owner.UserID != 0 {
		roll.IDs = append(roll.IDs, in.Owner.UserID)
		if want.OwnerTeam {
			roll.TeamOf = in.Owner.UserID
		}
	}
	if in.Keeps != 0 {
		roll.IDs = append(roll.IDs, in.Keeps)
	}
	if want.Everybody {
		roll.Takers = most
	}
	return s.gather(ctx, q, tx, box, w, roll, want.Skills, in)
}

// gather fills in who is looked for.
func (s *Service) gather(ctx context.Context, q db.Queryer, tx *db.Tx, box desk.Inbox, w Work, roll people.Roll, skills bool, in *routing.Input) error {
	roster, teams, err := s.People.Roster(ctx, q, roll)
	if err != nil {
		return err
	}
	for _, t := range teams {
		if !slices.Contains(roll.Teams, t.Slug) {
			continue
		}
		in.Teams = append(in.Teams, routing.Team{ID: t.ID, Slug: t.Slug})
	}
	ids := make([]desk.UserID, len(roster))
	in.Candidates = make([]routing.Candidate, len(roster))
	for i, u := range roster {
		ids[i], in.Candidates[i] = u.ID, candidate(u, box)
	}
	if w.Hold && tx != nil && tx.ForUpdate() != "" { // else there is but one writer, and that is this transaction
		if err := s.hold(ctx, tx, in, roster, box); err != nil {
			return err
		}
	}
	if s.skills != nil && skills {
		held, err := s.skills.Of(ctx, q, ids)
		if err != nil {
			return err
		}
		for i := range in.Candidates {
			in.Candidates[i].Skills = held[ids[i]]
		}
	}
	return s.weigh(ctx, q, w, roster, ids, in)
}

func candidate(u people.Rostered, box desk.Inbox) routing.Candidate {
	return routing.Candidate{
		User:   routing.Who{ID: u.ID, Email: u.Email, Name: u.Name, Active: u.Active, Available: u.Available, By: u.AvailableBy, TakesWork: u.TakesWork, LastAssigned: u.LastAssigned},
		MainOf: u.MainOf, ExtraOf: u.ExtraOf, CanReply: access.UserCan(u.User, access.TicketsReply), InboxAccess: access.Member(box.Access, u.User),
	}
}

// hold keeps those who could be chosen as they are, and reads them again: somebody else may have changed them before.
func (s *Service) hold(ctx context.Context, tx *db.Tx, in *routing.Input, roster []people.Rostered, box desk.Inbox) error {
	users, err := s.People.HoldRows(ctx, tx, routing.Asked(*in))
	if err != nil {
		return err
	}
	for _, u := range users {
		i, _ := slices.BinarySearchFunc(in.Candidates, u.ID, func(c routing.Candidate, id desk.UserID) int { return cmp.Compare(c.User.ID, id) })
		was := roster[i]
		u.Teams, u.TeamsAbove, u.TeamsBelow, u.MainOf, u.ExtraOf = was.Teams, was.TeamsAbove, was.TeamsBelow, was.MainOf, was.ExtraOf
		roster[i] = u
		in.Candidates[i] = candidate(roster[i], box)
	}
	return nil
}

// weigh counts what everybody has, and what limits them (CP-03, CP-06).
func (s *Service) weigh(ctx context.Context, q db.Queryer, w Work, roster []people.Rostered, ids []desk.UserID, in *routing.Input) error {
	lim, err := s.limitsOf(ctx, q, nil) // their own came with the roster
	if err != nil {
		return err
	}
	help := desk.InboxID(0)
	if in.Place.Kind == string(desk.KindHelpdesk) {
		help = in.Place.Inbox
	}
	own, err := s.count(ctx, q, lim, help, ids)
	if err != nil {
		return err
	}
	in.CallBlocks = lim.CallBlocks
	if w.Ticket != nil {
		in.Weight = weight(lim, in.Kind, w.Ticket.Priority)
	} else {
		in.Weight = weight(lim, in.Kind, "")
	}
	for i := range in.Candidates {
		c := &in.Candidates[i]
		n := own[c.User.ID]
		if n == nil {
			n = &Load{}
		}
		c.Open, c.Chats = n.Open, n.channels[in.Channel]
		c.Load = routing.Load{Total: n.Total, Kind: n.of(in.Kind), Calls: n.Calls}
		c.Limit = lim.Default
		if l, ok := lim.Of[c.User.ID]; ok {
			c.Limit = l
		}
		if own := roster[i].Limit; own != nil {
			c.Limit = *own
		}
	}
	return nil
}

func (s *Service) limitsOf(ctx context.Context, q db.Queryer, ids []desk.UserID) (Limits, error) {
	if s.limits == nil {
		return Limits{}, nil
	}
	return s.limits(ctx, q, ids)
}

// LimitsOf reads the limits that the installation and the people have.
func LimitsOf(settings *setting.Service, users *people.Service) func(ctx context.Context, q db.Queryer, ids []desk.UserID) (Limits, error) {
	return func(ctx context.Context, q db.Queryer, ids []desk.UserID) (Limits, error) {
		c, err := settings.Capacity(ctx, q)
		if err != nil {
			return Limits{}, err
		}
		of, err := users.Capacities(ctx, q, ids)
		return Limits{Default: c.Default, Of: of, Statuses: c.Exclude.Statuses, IdleDays: c.Exclude.IdleDays, Weights: c.Weights, CallBlocks: c.CallBlocks}, err
	}
}

// Load is what somebody has: all that is open, and what of it counts against limits, weighed.
type Load struct {
	Open     int `json:"open"`
	Total    int `json:"total"`
	Calls    int `json:"calls"`
	Messages int `json:"messages"`
	Email    int `json:"email"`
	channels map[string]int
}

func (l *Load) of(kind string) int {
	switch kind {
	case routing.Calls:
		return l.Calls
	case routing.Messages:
		return l.Messages
	}
	return l.Email
}

// weight of one piece of work (CP-08): that of its kind times that of its priority.
func weight(l Limits, kind string, p desk.Priority) int {
	w := 1
	if n := l.Weights[kind]; n > 0 {
		w = n
	}
	if n := l.Weights[string(p)]; n > 0 && p != "" {
		w *= n
	}
	return w
}

// Loads counts what some users have, as the engine counts it.
func (s *Service) Loads(ctx context.Context, q db.Queryer, ids []desk.UserID) (map[desk.UserID]Load, error) {
	lim, err := s.limitsOf(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	help, err := s.Inboxes.Helpdesk(ctx, q)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return nil, err
	}
	all, err := s.count(ctx, q, lim, help.ID, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[desk.UserID]Load, len(ids))
	for _, id := range ids {
		if l := all[id]; l != nil {
			out[id] = *l
		} else {
			out[id] = Load{}
		}
	}
	return out, nil
}

// count adds up what some people have. Limits count the tickets of the help desk (CP-03): open, in sight, not at rest; in another inbox they bind nobody, and help is 0.
func (s *Service) count(ctx context.Context, q db.Queryer, lim Limits, help desk.InboxID, ids []desk.UserID) (map[desk.UserID]*Load, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var since desk.Time
	if lim.IdleDays > 0 {
		since = s.Clock.Ms() - desk.Time(lim.IdleDays)*86_400_000
	}
	owned, err := s.Tickets.Owned(ctx, q, lim.Statuses, since, ids...)
	if err != nil {
		return nil, err
	}
	out := map[desk.UserID]*Load{}
	of := func(id desk.UserID) *Load {
		if out[id] == nil {
			out[id] = &Load{channels: map[string]int{}}
		}
		return out[id]
	}
	for _, o := range owned {
		l := of(o.Owner)
		l.Open += o.Open
		l.channels[o.Channel] += o.Open
		if o.Inbox != help {
			continue
		}
		kind := s.KindOf(o.Channel)
		n := o.Counted * weight(lim, kind, o.Priority)
		l.Total += n
		switch kind {
		case routing.Calls:
			l.Calls += n
		case routing.Messages:
			l.Messages += n
		default:
			l.Email += n
		}
	}
	threads, err := s.Threads.Owned(ctx, q, ids...)
	if err != nil {
		return nil, err
	}
	for id, by := range threads {
		l := of(id)
		for name, n := range by {
			l.Open += n
			l.channels[name] += n
		}
	}
	return out, nil
}
