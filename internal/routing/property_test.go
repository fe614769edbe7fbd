package routing_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
)

// dice makes situations.
type dice struct{ *rand.Rand }

func (d dice) often() bool  { return d.IntN(5) > 0 }
func (d dice) seldom() bool { return d.IntN(4) == 0 }

var slugs = []string{"support", "sales", "nowhere"}

func (d dice) people(n int) []routing.Candidate {
	out := make([]routing.Candidate, n)
	for i := range out {
		c := &out[i]
		*c = routing.Candidate{
			User:     routing.Who{ID: desk.UserID(i + 1), Email: mailOf[i+1], Active: d.often(), TakesWork: d.often(), Available: d.often(), LastAssigned: desk.Time(d.IntN(5))},
			CanReply: d.often(), InboxAccess: d.often(), Open: d.IntN(5), Load: routing.Load{Total: d.IntN(5), Kind: d.IntN(3)}, Chats: d.IntN(3),
		}
		switch d.IntN(4) {
		case 0:
			c.MainOf = one8
		case 1:
			c.MainOf = both
		case 2:
			c.ExtraOf = one9
		}
		if d.seldom() {
			c.Load.Calls = 1
		}
		if d.IntN(2) == 0 {
			n := d.IntN(6)
			c.Limit.Total = &n
		}
		if d.seldom() {
			n := d.IntN(4)
			c.Limit.Email = &n
		}
		if d.IntN(2) == 0 {
			c.Skills = []desk.SkillHeld{{Slug: "da", Level: 1 + d.IntN(5), ExpiresAt: desk.Time(d.IntN(3) * 700_000)}}
		}
	}
	d.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

var (
	one8   = []desk.TeamID{support}
	one9   = []desk.TeamID{sales}
	both   = []desk.TeamID{support, sales}
	teams  = []routing.Team{{ID: support, Slug: "support"}, {ID: sales, Slug: "sales"}}
	mailOf = func() (out []string) {
		for i := range 12 {
			out = append(out, mail(i))
		}
		return out
	}()
)

func (d dice) policy() desk.AssignPolicy {
	p := desk.AssignPolicy{
		To: []string{"no_one", "users", "teams", "users_and_teams", "contact_owner"}[d.IntN(5)], By: []string{"least_open", "random"}[d.IntN(2)], AvailableOnly: d.often(), ExtraMembers: d.seldom(), NoQueue: d.seldom(),
		Users: mailOf[1+d.IntN(4) : 5+d.IntN(5)], Teams: slugs[d.IntN(2) : 1+d.IntN(2)+1], Reopened: []string{"", "keep", "again"}[d.IntN(3)], MailOwner: d.seldom(), TrackedOnly: d.seldom(),
	}
	if d.seldom() {
		p.HoldSeconds = 100
	}
	for range d.IntN(3) {
		r := desk.SkillRule{Name: "r", Off: d.seldom(), Strict: d.seldom(), Skills: []desk.SkillNeed{{Skill: []string{"da", "language"}[d.IntN(2)], Level: d.IntN(5), Preferred: d.seldom()}}}
		if d.IntN(2) == 0 {
			r.RelaxSeconds = 100
		}
		if d.IntN(2) == 0 {
			r.If = when("language", "is", "da")
		}
		if d.seldom() {
			r.Teams = slugs[:1]
		}
		p.Rules = append(p.Rules, r)
	}
	for range d.IntN(3) {
		p.Fallback = append(p.Fallback, desk.AssignStep{To: []string{"owner_team", "users", "teams", "no_one"}[d.IntN(4)], Users: mailOf[1:3], Teams: slugs[:2]})
	}
	return p
}

func (d dice) situation() routing.Input {
	in := routing.Input{Policy: d.policy(), Place: routing.Place{Kind: "helpdesk"}, Kind: routing.Email, Cause: routing.Arrived, At: 1_000_000, Since: desk.Time(d.IntN(2) * 850_000), Seed: d.Uint64(), Closed: d.IntN(12) == 0,
		CallBlocks: d.seldom(), Weight: 1 + d.IntN(2), Teams: teams, Candidates: d.people(d.IntN(10)), Facts: condition.Facts{}}
	if d.IntN(2) == 0 {
		in.Facts["language"] = "da"
	}
	if d.seldom() {
		in.ChatLimit = 1 + d.IntN(2)
	}
	if d.often() {
		in.Owner = &routing.Owner{UserID: desk.UserID(d.IntN(10)), Tracked: d.IntN(2) == 0, How: []string{"", "email", "visitor"}[d.IntN(3)]}
	}
	if d.seldom() {
		in.Cause, in.Keeps = routing.Reopened, desk.UserID(d.IntN(11))
	}
	return in
}

// broken says what is wrong with a decision, or "". It knows the rules in its own words.
func broken(in routing.Input, a routing.Decision) string {
	if a.Reason == "" {
		return "no reason"
	}
	var won *routing.Candidate
	seen := map[desk.UserID]bool{}
	for _, c := range a.Candidates {
		if c.Reason == "" || c.Reason == "eligible" {
			return fmt.Sprintf("no reason for %d", c.UserID)
		}
		if c.UserID != 0 && seen[c.UserID] {
			return "somebody stands there twice"
		}
		seen[c.UserID] = true
		if c.Chosen != (c.Reason == routing.Chosen) || c.Chosen != (c.UserID != 0 && c.UserID == a.OwnerID) {
			return fmt.Sprintf("chosen %+v, owner %d", c, a.OwnerID)
		}
	}
	for i := range in.Candidates {
		if in.Candidates[i].User.ID == a.OwnerID {
			won = &in.Candidates[i]
		}
	}
	if a.OwnerID == 0 {
		if a.Queued && a.NextAt != 0 && a.NextAt <= in.At {
			return "it is to be tried in the past"
		}
		return ""
	}
	kept := a.Rule == routing.RuleReopened
	switch {
	case won == nil || !seen[a.OwnerID]:
		return "nobody knows the owner"
	case a.Queued:
		return "it has an owner, and waits"
	case !won.User.Active || !won.CanReply || !won.InboxAccess:
		return "the owner could not answer"
	case kept:
		return map[bool]string{true: "", false: "somebody else keeps it"}[a.OwnerID == in.Keeps]
	case in.Closed:
		return "it is closed"
	case !won.User.TakesWork:
		return "the owner takes no work"
	case in.Policy.AvailableOnly && !won.User.Available:
		return "the owner is away"
	case won.Limit.Total != nil && won.Load.Total+in.Weight > *won.Limit.Total, won.Limit.Email != nil && won.Load.Kind+in.Weight > *won.Limit.Email:
		return "over capacity"
	case in.ChatLimit > 0 && won.Chats >= in.ChatLimit:
		return "too many chats"
	case in.CallBlocks && won.Load.Calls > 0:
		return "in a call"
	}
	return ""
}

// RT-16, RT-20, CP-04: a million situations: never an owner who may not have it, never one over their limit, the same every time in whatever order people come, and a reason for each who was asked.
func TestAMillionSituations(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 50_000
	}
	d := dice{rand.New(rand.NewPCG(1, 2))}
	for i := range n {
		in := d.situation()
		a := routing.Decide(in)
		if why := broken(in, a); why != "" {
			t.Fatalf("%d: %s\n%+v\n%+v", i, why, in, a)
		}
		if i%10 != 0 {
			continue
		}
		turned := in
		turned.Candidates = slices.Clone(in.Candidates)
		slices.Reverse(turned.Candidates)
		if b := routing.Decide(turned); !reflect.DeepEqual(a, b) {
			t.Fatalf("%d: the order of people matters:\n%+v\n%+v", i, a, b)
		}
		if a.OwnerID != 0 && a.Rule != routing.RuleReopened && !slices.Contains(routing.Asked(in), a.OwnerID) {
			t.Fatalf("%d: %d was chosen and not held (RT-21)", i, a.OwnerID)
		}
		if b := routing.Decide(narrowed(in)); !reflect.DeepEqual(a, b) {
			t.Fatalf("%d: more than what the policy asks was looked at:\n%+v\n%+v\n%+v", i, in, a, b)
		}
	}
}

// narrowed leaves of a situation what Wants and AsksFacts say.
func narrowed(in routing.Input) routing.Input {
	if !routing.AsksFacts(in.Policy) {
		in.Facts, in.Owner = nil, nil
	}
	want := routing.Wants(in)
	all := in.Candidates
	in.Teams, in.Candidates = nil, nil
	asked := map[desk.TeamID]bool{}
	for _, x := range teams {
		if slices.Contains(want.Teams, x.Slug) {
			in.Teams, asked[x.ID] = append(in.Teams, x), true
		}
	}
	if i := slices.IndexFunc(all, func(c routing.Candidate) bool { return in.Owner != nil && c.User.ID == in.Owner.UserID }); i >= 0 && want.OwnerTeam {
		for _, x := range all[i].MainOf {
			asked[x] = true
		}
	}
	for _, c := range all {
		member := slices.ContainsFunc(append(slices.Clone(c.MainOf), c.ExtraOf...), func(x desk.TeamID) bool { return asked[x] })
		if member || slices.Contains(want.Users, c.User.Email) || in.Owner != nil && c.User.ID == in.Owner.UserID || c.User.ID == in.Keeps || want.Everybody && c.User.Active && c.User.TakesWork {
			if !want.Skills {
				c.Skills = nil
			}
			in.Candidates = append(in.Candidates, c)
		}
	}
	return in
}

// RT-16: over time the work of equals stays within one of each other, and nobody goes over a limit.
func TestLeastOpenIsFairOverTime(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(3, 4))}
	for range 2000 {
		n, rounds := 1+d.IntN(9), 1+d.IntN(120)
		cs := make([]routing.Candidate, n)
		ids := make([]int, n)
		for i := range cs {
			cs[i], ids[i] = user(i+1), i+1
		}
		for at := 1; at <= rounds; at++ {
			in := given(users(ids...), cs...)
			in.At = desk.Time(at)
			w := &cs[routing.Decide(in).OwnerID-1]
			w.Open++
			w.User.LastAssigned = desk.Time(at)
		}
		least, most := cs[0].Open, cs[0].Open
		for _, c := range cs {
			least, most = min(least, c.Open), max(most, c.Open)
		}
		if most-least > 1 {
			t.Fatalf("from %d to %d", least, most)
		}
	}
}

// large is a policy of 200 rules over 500 people: every rule but the last fails.
func large() routing.Input {
	d := dice{rand.New(rand.NewPCG(5, 6))}
	in := given(desk.AssignPolicy{To: "teams", Teams: []string{"support"}, AvailableOnly: true})
	in.Facts["text"] = "Min ordre 1042 er ikke kommet frem, og jeg kan ikke få fat i nogen."
	for i := range 500 {
		c := user(i+1, main(support), open(d.IntN(20)), load(d.IntN(20)), limit(20))
		c.Skills = []desk.SkillHeld{{Slug: "da", Level: 1 + d.IntN(5)}, {Slug: "de", Level: 3}}
		in.Candidates = append(in.Candidates, c)
	}
	for i := range 200 {
		r := rule(fmt.Sprint("rule ", i), need("da"))
		r.If = &desk.Conditions{When: []desk.Condition{{Field: "language", Op: "is", Values: []string{"da"}}, {Field: "text", Op: "contains", Values: []string{fmt.Sprint("word", i)}}}}
		if i == 199 {
			r.If = nil
		}
		in.Policy.Rules = append(in.Policy.Rules, r)
	}
	return in
}

func BenchmarkDecideLarge(b *testing.B) {
	in := large()
	b.ReportAllocs()
	for b.Loop() {
		if routing.Decide(in).OwnerID == 0 {
			b.Fatal("nobody")
		}
	}
}

func BenchmarkDecideSmall(b *testing.B) {
	in := given(users(1, 2, 3, 4, 5), user(1), user(2, open(1)), user(3, open(2)), user(4, open(3)), user(5, away))
	b.ReportAllocs()
	for b.Loop() {
		routing.Decide(in)
	}
}
