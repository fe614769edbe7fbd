package routing

import (
	"slices"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
)

// Names are the addresses and the slugs of teams that stand anywhere in a policy.
func Names(p desk.AssignPolicy) (users, teams []string) {
	add := func(us, ts []string) {
		users, teams = append(users, us...), append(teams, ts...)
	}
	add(p.Users, p.Teams)
	for _, r := range p.Rules {
		add(r.Users, r.Teams)
	}
	for _, f := range p.Fallback {
		add(f.Users, f.Teams)
	}
	slices.Sort(users)
	slices.Sort(teams)
	return slices.Compact(users), slices.Compact(teams)
}

// Wanted is what a decision has to know beside the work itself.
type Wanted struct {
	Users     []string // by their addresses
	Teams     []string // by their slugs
	Everybody bool     // who takes work
	OwnerTeam bool     // the team of the contact's owner
	Skills    bool
}

// Wants says whom a decision could look at: the people of the first rule that holds, of the policy, and of its fallbacks. Besides them it knows the contact's owner and whose
// it was. Nobody else changes what comes out.
func Wants(in Input) (w Wanted) {
	p := in.Policy
	named := p.To == ToUsers || p.To == ToTeams || p.To == ToUsersAndTeams
	add := func(to string, users, teams []string) {
		if to == ToUsers || to == ToUsersAndTeams {
			w.Users = append(w.Users, users...)
		}
		if to == ToTeams || to == ToUsersAndTeams {
			w.Teams = append(w.Teams, teams...)
		}
	}
	add(p.To, p.Users, p.Teams)
	if r := firstRule(in); r != nil && !in.Closed {
		w.Skills = len(r.Skills) > 0
		w.Everybody = len(r.Users)+len(r.Teams) == 0 && !named
		add(ToUsersAndTeams, r.Users, r.Teams)
	}
	if p.To == ToContactOwner && !in.Closed {
		for _, f := range p.Fallback {
			w.OwnerTeam = w.OwnerTeam || f.To == ToOwnerTeam
			add(f.To, f.Users, f.Teams)
		}
	}
	return w
}

// firstRule is the rule that decides, or nil.
func firstRule(in Input) *desk.SkillRule {
	for i := range in.Policy.Rules {
		if r := &in.Policy.Rules[i]; !r.Off && (r.If == nil || condition.Holds(*r.If, in.Facts)) {
			return r
		}
	}
	return nil
}

// AsksFacts reports whether a policy looks at what is known of the work, or of who writes.
func AsksFacts(p desk.AssignPolicy) bool {
	return p.To == ToContactOwner || slices.ContainsFunc(p.Rules, func(r desk.SkillRule) bool {
		return !r.Off && (r.If != nil || slices.ContainsFunc(r.Skills, func(n desk.SkillNeed) bool { return n.Skill == "language" }))
	})
}

// Asked are those whom a decision could fall on, by id: who must not change while it is made. It needs no more of the candidates than who they are.
func Asked(in Input) []desk.UserID {
	w := begin(in)
	p := in.Policy
	var pools []pool
	if in.Cause == Reopened && in.Keeps != 0 {
		pools = append(pools, pool{users: map[desk.UserID]bool{in.Keeps: true}})
	}
	if !in.Closed {
		if r := firstRule(in); r != nil {
			pools = append(pools, w.poolOfRule(r))
		}
		if p.To == ToContactOwner {
			owner, _ := w.owner()
			pools = append(pools, w.ownerPool())
			for _, f := range p.Fallback {
				pools = append(pools, w.fallback(f, owner))
			}
		} else {
			pools = append(pools, w.poolOf(p.To, p.Users, p.Teams))
		}
	}
	var out []desk.UserID
	for i := range w.cs {
		c := &w.cs[i]
		if slices.ContainsFunc(pools, func(p pool) bool {
			return p.everybody || p.users[c.User.ID] || meet(p.teams, c.MainOf) != 0 || p.whole && meet(p.teams, c.ExtraOf) != 0
		}) {
			out = append(out, c.User.ID)
		}
	}
	return out
}
