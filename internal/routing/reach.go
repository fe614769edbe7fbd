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

// Asked are those whom a decision could fall on, by id: who must not change while it is made. It needs no more of the candidates than who they are.
func Asked(in Input) []desk.UserID {
	w := begin(in)
	p := in.Policy
	var pools []pool
	if in.Cause == Reopened && in.Keeps != 0 {
		pools = append(pools, pool{users: map[desk.UserID]bool{in.Keeps: true}})
	}
	if !in.Closed {
		for i := range p.Rules {
			r := &p.Rules[i]
			if r.Off || r.If != nil && !condition.Holds(*r.If, in.Facts) {
				continue
			}
			pools = append(pools, w.poolOfRule(r))
			break
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
