// Package routing decides who gets a new ticket: a pure function of a policy and the candidates, with a reason for each of
// them and for the whole (RT-20). It reads nothing, writes nothing and knows no clock. assignment loads the candidates,
// holds them still and writes what was decided.
package routing

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/kanalhq/kanal/internal/desk"
)

// Targets of a policy (RT-01, RT-02).
const (
	ToNoOne         = "no_one"
	ToUsers         = "users"
	ToTeams         = "teams"
	ToUsersAndTeams = "users_and_teams"
	ToContactOwner  = "contact_owner"
)

// Ways of choosing among the eligible (RT-16).
const (
	ByLeastOpen = "least_open"
	ByRandom    = "random"
)

// Rules that are no policy.
const (
	RuleManual       = "manual"
	RuleReplyAssigns = "reply_assigns"
)

// Reasons for a whole decision.
const (
	UnassignedByPolicy = "unassigned_by_policy" // no_one
	ChosenLeastOpen    = "chosen_least_open"
	ChosenRandom       = "chosen_random"
	NobodyAvailable    = "nobody_available"      // some could have it, and all of them are away (RT-07)
	NobodyEligible     = "nobody_eligible"       // those named may not or do not take work
	NobodyNamed        = "nobody_named"          // the policy names nobody who exists
	ContactOwnerLater  = "contact_owner_unknown" // contact_owner: owners of contacts are not yet kept, so it stays unassigned
	PolicyUnknown      = "policy_unknown"
	ManuallyChosen     = "chosen_by_person"
	ManuallyCleared    = "cleared_by_person"
	FirstReply         = "first_reply"
	OutsideHours       = "outside_hours" // the channel is closed: whoever is available gets nothing (AV-07)
	EverybodyFull      = "all_at_capacity"
)

// Reasons for one candidate.
const (
	Chosen         = "chosen"
	MoreOpen       = "more_open"
	TieIdleShorter = "tie_idle_shorter" // as many open, but given work more recently
	TieLaterID     = "tie_later_id"     // as many open and idle as long
	NotDrawn       = "not_drawn"        // random
	Away           = "away"
	Inactive       = "inactive"
	TakesNoWork    = "takes_no_work"
	NoPermission   = "no_permission"   // the role may not reply (RT-14)
	NoAccess       = "no_access"       // no member of the inbox (RT-14)
	NotMainMember  = "not_main_member" // only an extra member of the teams (RT-13)
	UnknownUser    = "unknown_user"    // the policy names an address that is nobody's
	UnknownTeam    = "unknown_team"
	AtCapacity     = "at_capacity" // as many open chats as one person may have (CP-02)
)

// Candidate is a user whom the policy names, with what is known of them now.
type Candidate struct {
	User        desk.User
	Named       bool          // by address
	MainOf      []desk.TeamID // of the policy's teams, in the policy's order
	ExtraOf     []desk.TeamID
	CanReply    bool // the role may reply to tickets
	InboxAccess bool // a member of the ticket's inbox
	Open        int  // open tickets owned
	Chats       int  // of them, chats
}

// Input is everything a decision depends on. The same input gives the same decision.
type Input struct {
	Policy       desk.AssignPolicy
	Candidates   []Candidate
	Teams        []desk.TeamID // of the policy, those that exist, in its order
	UnknownUsers []string
	UnknownTeams []string
	ChatLimit    int  // open chats a person may have, 0: any number
	Closed       bool // outside the channel's hours
	At           desk.Time
	Seed         uint64 // for random: of the ticket, so that a retried transaction decides alike
}

// Decide returns the owner, or none, and why.
func Decide(in Input) desk.Assignment {
	a := desk.Assignment{At: in.At, By: desk.System, Rule: in.Policy.To, Candidates: []desk.Candidate{}}
	switch in.Policy.To {
	case "", ToNoOne:
		a.Rule, a.Reason = ToNoOne, UnassignedByPolicy
		return a
	case ToContactOwner:
		a.Reason = ContactOwnerLater
		return a
	case ToUsers, ToTeams, ToUsersAndTeams:
	default:
		a.Reason = PolicyUnknown
		return a
	}
	if in.Closed {
		a.Reason = OutsideHours
		if len(in.Teams) == 1 && in.Policy.To != ToUsers { // nobody's until somebody comes, but that team's
			a.TeamID = in.Teams[0]
		}
		return a
	}
	cs := slices.Clone(in.Candidates)
	slices.SortFunc(cs, func(x, y Candidate) int { return cmp.Compare(x.User.ID, y.User.ID) })
	reasons, eligible := judge(in, cs)
	if len(eligible) > 0 {
		winner := choose(in, cs, eligible, reasons)
		a.OwnerID, a.TeamID = cs[winner].User.ID, teamOf(cs[winner])
		if a.Reason = ChosenLeastOpen; in.Policy.By == ByRandom {
			a.Reason = ChosenRandom
		}
	} else {
		a.Reason = nobody(reasons)
		if len(in.Teams) == 1 && in.Policy.To != ToUsers { // nobody's yet, but that team's
			a.TeamID = in.Teams[0]
		}
	}
	for i, c := range cs {
		a.Candidates = append(a.Candidates, desk.Candidate{UserID: c.User.ID, Name: c.User.Name, Open: c.Open, LastAssigned: c.User.LastAssigned, Chosen: reasons[i] == Chosen, Reason: reasons[i]})
	}
	for _, u := range in.UnknownUsers {
		a.Candidates = append(a.Candidates, desk.Candidate{Name: u, Reason: UnknownUser})
	}
	for _, t := range in.UnknownTeams {
		a.Candidates = append(a.Candidates, desk.Candidate{Name: t, Reason: UnknownTeam})
	}
	return a
}

// judge says of each why it cannot be that one ("" where it can), and which are left.
func judge(in Input, cs []Candidate) (reasons []string, eligible []int) {
	reasons = make([]string, len(cs))
	for i, c := range cs {
		reasons[i] = refuse(in.Policy, c)
		if reasons[i] == "" && in.ChatLimit > 0 && c.Chats >= in.ChatLimit {
			reasons[i] = AtCapacity
		}
		if reasons[i] == "" {
			eligible = append(eligible, i)
		}
	}
	return reasons, eligible
}

// nobody is why none of those named could be chosen.
func nobody(reasons []string) string {
	switch {
	case slices.Contains(reasons, AtCapacity):
		return EverybodyFull
	case slices.Contains(reasons, Away):
		return NobodyAvailable
	case len(reasons) == 0:
		return NobodyNamed
	}
	return NobodyEligible
}

// refuse says why a candidate cannot have the work, or "".
func refuse(p desk.AssignPolicy, c Candidate) string {
	named := c.Named && p.To != ToTeams
	main := len(c.MainOf) > 0 && p.To != ToUsers
	switch {
	case !c.User.Active:
		return Inactive
	case !named && !main:
		return NotMainMember
	case !c.CanReply:
		return NoPermission
	case !c.InboxAccess:
		return NoAccess
	case !c.User.TakesWork:
		return TakesNoWork
	case p.AvailableOnly && !c.User.Available:
		return Away
	}
	return ""
}

// choose picks the winner among the eligible and writes a reason for each of them. cs is sorted by id.
func choose(in Input, cs []Candidate, eligible []int, reasons []string) int {
	if in.Policy.By == ByRandom {
		winner := eligible[rand.New(rand.NewPCG(in.Seed, 0x6b616e616c)).IntN(len(eligible))]
		for _, i := range eligible {
			reasons[i] = NotDrawn
		}
		reasons[winner] = Chosen
		return winner
	}
	winner := slices.MinFunc(eligible, func(i, j int) int {
		return cmp.Or(cmp.Compare(cs[i].Open, cs[j].Open), cmp.Compare(cs[i].User.LastAssigned, cs[j].User.LastAssigned), cmp.Compare(i, j))
	})
	for _, i := range eligible {
		switch {
		case i == winner:
			reasons[i] = Chosen
		case cs[i].Open > cs[winner].Open:
			reasons[i] = MoreOpen
		case cs[i].User.LastAssigned > cs[winner].User.LastAssigned:
			reasons[i] = TieIdleShorter
		default:
			reasons[i] = TieLaterID
		}
	}
	return winner
}

// teamOf is the team through which somebody got the work; none when they were named.
func teamOf(c Candidate) desk.TeamID {
	if c.Named || len(c.MainOf) == 0 {
		return 0
	}
	return c.MainOf[0]
}
