package routing

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// eligible is the verdict of somebody who could have it, until one of them is chosen.
const eligible = "eligible"

// pool is whom a step asks.
type pool struct {
	step      string
	everybody bool
	users     map[desk.UserID]bool
	teams     []desk.TeamID
	whole     bool // extra members count as well
}

// only is the team to which work belongs that nobody of it could have: where there is just the one.
func (p pool) only() desk.TeamID {
	if len(p.teams) == 1 {
		return p.teams[0]
	}
	return 0
}

// poolOf is whom addresses and slugs name. What is nobody's is told.
func (w *walk) poolOf(to string, emails, slugs []string) pool {
	p := pool{step: to, users: map[desk.UserID]bool{}, whole: w.in.Policy.ExtraMembers}
	if to == ToUsers || to == ToUsersAndTeams {
		for _, e := range emails {
			i := slices.IndexFunc(w.cs, func(c Candidate) bool { return strings.EqualFold(c.User.Email, strings.TrimSpace(e)) })
			if i < 0 {
				w.tell(e, UnknownUser)
				continue
			}
			p.users[w.cs[i].User.ID] = true
		}
	}
	if to == ToTeams || to == ToUsersAndTeams {
		for _, slug := range slugs {
			if id, ok := w.teams[slug]; !ok {
				w.tell(slug, UnknownTeam)
			} else if !slices.Contains(p.teams, id) {
				p.teams = append(p.teams, id)
			}
		}
	}
	return p
}

// tell notes a name that is nobody's, once.
func (w *walk) tell(name, reason string) {
	if key := reason + " " + name; !w.heard[key] {
		w.heard[key] = true
		w.unknown = append(w.unknown, desk.Candidate{Name: name, Reason: reason})
	}
}

func (w *walk) ownerPool() pool {
	p := pool{step: ToContactOwner, users: map[desk.UserID]bool{}}
	if o, why := w.owner(); why == "" {
		p.users[o] = true
	}
	return p
}

// ownerTeams is the team of an owner, without them: they were asked.
func (w *walk) ownerTeams(owner desk.UserID) pool {
	p := pool{step: ToOwnerTeam, whole: w.in.Policy.ExtraMembers}
	if i := w.find(owner); i >= 0 {
		p.teams = w.cs[i].MainOf
	}
	return p
}

// find is where somebody stands among the candidates, or -1.
func (w *walk) find(id desk.UserID) int {
	i, ok := slices.BinarySearchFunc(w.cs, id, func(c Candidate, id desk.UserID) int { return cmp.Compare(c.User.ID, id) })
	if !ok || id == 0 {
		return -1
	}
	return i
}

// need is a skill asked for, the language put in.
type need struct {
	slug      string
	level     int
	preferred bool
}

// needs puts in the language of the work (SK-09). One that nobody knows is left out: nobody could be told to have it.
func (w *walk) needs(list []desk.SkillNeed) (out []need, slugs []string, unknown bool) {
	for _, n := range list {
		slug := n.Skill
		if slug == "language" {
			if slug = w.in.Language(); slug == "" {
				unknown = true
				continue
			}
		}
		out = append(out, need{slug, n.Level, n.Preferred})
		if !n.Preferred {
			slugs = append(slugs, slug)
		}
	}
	return out, slugs, unknown
}

// has: a language is had with or without its region: who has pt answers pt-br, and the other way round.
func (c *Candidate) has(n need, at desk.Time) bool {
	return slices.ContainsFunc(c.Skills, func(s desk.SkillHeld) bool {
		return s.Level >= n.level && (s.ExpiresAt == 0 || s.ExpiresAt > at) && (s.Slug == n.slug || sameLanguage(s.Slug, n.slug))
	})
}

func sameLanguage(a, b string) bool {
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	return (len(short) == 2 || len(short) == 3) && len(long) > len(short) && len(long) <= len(short)+3 && long[len(short)] == '-' && strings.EqualFold(long[:len(short)], short)
}

// judge asks everybody of a pool.
func (w *walk) judge(p pool, needs []need) (could []int) {
	for i := range w.cs {
		c := &w.cs[i]
		v, in := w.ask(p, c, needs)
		if !in {
			continue
		}
		if w.asked[i] = v; v.reason == eligible {
			could = append(could, i)
		}
	}
	return could
}

// ask says of somebody why they cannot have it; in is whether the pool holds them at all.
func (w *walk) ask(p pool, c *Candidate, needs []need) (v verdict, in bool) {
	named := p.everybody || p.users[c.User.ID]
	main, extra := meet(p.teams, c.MainOf), meet(p.teams, c.ExtraOf)
	switch {
	case named:
	case main != 0:
		v.via = main
	case extra != 0 && p.whole:
		v.via = extra
	case extra == 0:
		return v, false
	}
	if p.everybody && (!c.User.Active || !c.User.TakesWork) {
		return v, false // whom nobody named and who takes no work is not worth a word
	}
	for _, n := range needs {
		switch has := c.has(n, w.in.At); {
		case has && n.preferred:
			v.prefers++
		case !has && !n.preferred:
			v.missing = append(v.missing, n.slug)
		}
	}
	v.reason = w.refuse(c, named || main != 0 || p.whole && extra != 0, len(v.missing) > 0)
	if v.reason != LacksSkill {
		v.missing = nil
	}
	return v, true
}

// refuse says why somebody cannot have the work: what lasts comes before what passes.
func (w *walk) refuse(c *Candidate, counts, lacks bool) string {
	switch {
	case !c.User.Active:
		return Inactive
	case !counts:
		return NotMainMember
	case !c.CanReply:
		return NoPermission
	case !c.InboxAccess:
		return NoAccess
	case !c.User.TakesWork:
		return TakesNoWork
	case lacks:
		return LacksSkill
	case w.in.Policy.AvailableOnly && !c.User.Available:
		return Away
	case w.in.CallBlocks && c.Load.Calls > 0:
		return OnCall
	}
	if _, _, _, full := w.full(c); full {
		return AtCapacity
	}
	return eligible
}

func meet(a, b []desk.TeamID) desk.TeamID {
	for _, x := range a {
		if slices.Contains(b, x) {
			return x
		}
	}
	return 0
}

// bound is one limit with what counts against it.
type bound struct {
	kind        string
	load, limit int
	full        bool
}

// bounds are the limits of somebody for this work. Those of tickets bind in the help desk (CP-03); that of chats binds where its channel is (CP-02).
func (w *walk) bounds(c *Candidate) (out [3]bound, n int) {
	add := func(kind string, load int, limit *int, weight int) {
		if limit != nil {
			out[n] = bound{kind, load, *limit, load+weight > *limit}
			n++
		}
	}
	if w.in.ChatLimit > 0 {
		add(LimitChats, c.Chats, &w.in.ChatLimit, 1)
	}
	if w.in.Place.Kind != string(desk.KindHelpdesk) {
		return out, n
	}
	add(LimitTotal, c.Load.Total, c.Limit.Total, w.in.Weight)
	switch w.in.Kind {
	case Calls:
		add(Calls, c.Load.Kind, c.Limit.Calls, w.in.Weight)
	case Messages:
		add(Messages, c.Load.Kind, c.Limit.Messages, w.in.Weight)
	default:
		add(Email, c.Load.Kind, c.Limit.Email, w.in.Weight)
	}
	return out, n
}

// full reports whether this work would go over a limit of somebody, and over which.
func (w *walk) full(c *Candidate) (load, limit int, kind string, full bool) {
	bs, n := w.bounds(c)
	for _, b := range bs[:n] {
		if b.full {
			return b.load, b.limit, b.kind, true
		}
	}
	return 0, 0, "", false
}

// shows is the limit to show beside somebody: the one that stops them, or the first.
func (w *walk) shows(c *Candidate) (load, limit int, kind string) {
	if load, limit, kind, full := w.full(c); full {
		return load, limit, kind
	}
	if bs, n := w.bounds(c); n > 0 {
		return bs[0].load, bs[0].limit, bs[0].kind
	}
	return 0, 0, ""
}

// try is a step of the policy: it asks a pool and tells what came of it.
func (w *walk) try(p pool) bool {
	if w.attempt(p, nil) {
		w.step(desk.AssignmentStep{Step: p.step, Reason: Chosen, UserID: w.a.OwnerID})
		return true
	}
	w.a.TeamID = p.only()
	w.step(desk.AssignmentStep{Step: p.step, Reason: w.whyNone(p)})
	return false
}

// attempt asks a pool and chooses among those who could have it.
func (w *walk) attempt(p pool, needs []need) bool {
	could := w.judge(p, needs)
	if len(could) == 0 {
		return false
	}
	winner := w.choose(could)
	w.a.OwnerID, w.a.TeamID = w.cs[winner].User.ID, w.asked[winner].via
	if w.a.Reason = ChosenLeastOpen; w.in.Policy.By == ByRandom {
		w.a.Reason = ChosenRandom
	}
	return true
}

// whyNone is why a pool gave nobody: the reason that is nearest to a yes.
func (w *walk) whyNone(p pool) string {
	seen := map[string]bool{}
	for i := range w.cs {
		c := &w.cs[i]
		if p.users[c.User.ID] || p.everybody || meet(p.teams, c.MainOf) != 0 || meet(p.teams, c.ExtraOf) != 0 {
			seen[w.asked[i].reason] = true
		}
	}
	switch {
	case seen[AtCapacity] || seen[OnCall]:
		return EverybodyFull
	case seen[Away]:
		return NobodyAvailable
	case seen[LacksSkill]:
		return NobodySkilled
	}
	delete(seen, "")
	if len(seen) == 0 {
		return NobodyNamed
	}
	return NobodyEligible
}

// choose picks the winner among those who could have it, and says of each of the others why not.
func (w *walk) choose(could []int) int {
	best := 0
	for _, i := range could {
		best = max(best, w.asked[i].prefers)
	}
	first := could[:0:0]
	for _, i := range could {
		if w.asked[i].prefers == best {
			first = append(first, i)
		} else {
			w.asked[i].reason = NotPreferred
		}
	}
	if w.in.Policy.By == ByRandom {
		winner := first[rand.New(rand.NewPCG(w.in.Seed, 0x6b616e616c)).IntN(len(first))]
		for _, i := range first {
			w.asked[i].reason = NotDrawn
		}
		w.asked[winner].reason = Chosen
		return winner
	}
	winner := slices.MinFunc(first, func(i, j int) int {
		return cmp.Or(cmp.Compare(w.cs[i].Open, w.cs[j].Open), cmp.Compare(w.cs[i].User.LastAssigned, w.cs[j].User.LastAssigned), cmp.Compare(i, j))
	})
	for _, i := range first {
		switch c, won := &w.cs[i], &w.cs[winner]; {
		case i == winner:
			w.asked[i].reason = Chosen
		case c.Open > won.Open:
			w.asked[i].reason = MoreOpen
		case c.User.LastAssigned > won.User.LastAssigned:
			w.asked[i].reason = TieIdleShorter
		default:
			w.asked[i].reason = TieLaterID
		}
	}
	return winner
}
