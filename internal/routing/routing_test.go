package routing_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
)

func user(id int, with ...func(*routing.Candidate)) routing.Candidate {
	c := routing.Candidate{User: desk.User{ID: desk.UserID(id), Name: "U", Active: true, TakesWork: true, Available: true}, Named: true, CanReply: true, InboxAccess: true}
	for _, w := range with {
		w(&c)
	}
	return c
}

func open(n int) func(*routing.Candidate) { return func(c *routing.Candidate) { c.Open = n } }
func last(at desk.Time) func(*routing.Candidate) {
	return func(c *routing.Candidate) { c.User.LastAssigned = at }
}

func TestDecide(t *testing.T) {
	users := desk.AssignPolicy{To: routing.ToUsers, AvailableOnly: true, By: routing.ByLeastOpen}
	teams := desk.AssignPolicy{To: routing.ToTeams, Teams: []string{"support"}, AvailableOnly: true}
	for name, c := range map[string]struct {
		in      routing.Input
		owner   desk.UserID
		team    desk.TeamID
		reason  string
		reasons []string // of the candidates, by id
	}{
		"RT-01: nothing set stays unassigned":     {in: routing.Input{}, reason: routing.UnassignedByPolicy},
		"RT-01: no one stays unassigned":          {in: routing.Input{Policy: desk.AssignPolicy{To: "no_one"}, Candidates: []routing.Candidate{user(1)}}, reason: routing.UnassignedByPolicy},
		"RT-02: contact owner is not yet known":   {in: routing.Input{Policy: desk.AssignPolicy{To: "contact_owner"}}, reason: routing.ContactOwnerLater},
		"a policy from the future is explained":   {in: routing.Input{Policy: desk.AssignPolicy{To: "robots"}, Candidates: []routing.Candidate{user(1)}}, reason: routing.PolicyUnknown},
		"RT-16: the least open work wins":         {in: routing.Input{Policy: users, Candidates: []routing.Candidate{user(1, open(3)), user(2, open(1), last(9)), user(3, open(2))}}, owner: 2, reason: routing.ChosenLeastOpen, reasons: []string{"more_open", "chosen", "more_open"}},
		"RT-16: ties go to the longest idle":      {in: routing.Input{Policy: users, Candidates: []routing.Candidate{user(1, last(7)), user(2, last(5)), user(3, last(6))}}, owner: 2, reason: routing.ChosenLeastOpen, reasons: []string{"tie_idle_shorter", "chosen", "tie_idle_shorter"}},
		"whole ties go to the lowest id":          {in: routing.Input{Policy: users, Candidates: []routing.Candidate{user(3), user(1), user(2)}}, owner: 1, reason: routing.ChosenLeastOpen, reasons: []string{"chosen", "tie_later_id", "tie_later_id"}},
		"RT-06: the away are passed over":         {in: routing.Input{Policy: users, Candidates: []routing.Candidate{user(1, func(c *routing.Candidate) { c.User.Available = false }), user(2, open(9))}}, owner: 2, reason: routing.ChosenLeastOpen, reasons: []string{"away", "chosen"}},
		"RT-08: unless availability is no matter": {in: routing.Input{Policy: desk.AssignPolicy{To: "users"}, Candidates: []routing.Candidate{user(1, func(c *routing.Candidate) { c.User.Available = false })}}, owner: 1, reason: routing.ChosenLeastOpen, reasons: []string{"chosen"}},
		"RT-07: nobody available stays unassigned": {in: routing.Input{Policy: users, Candidates: []routing.Candidate{user(1, func(c *routing.Candidate) { c.User.Available = false })}},
			reason: routing.NobodyAvailable, reasons: []string{"away"}},
		"RT-13: extra members are not eligible": {in: routing.Input{Policy: teams, Teams: []desk.TeamID{8}, Candidates: []routing.Candidate{
			user(1, func(c *routing.Candidate) { c.Named, c.ExtraOf = false, []desk.TeamID{8} }),
			user(2, open(4), func(c *routing.Candidate) { c.Named, c.MainOf = false, []desk.TeamID{8} })}}, owner: 2, team: 8, reason: routing.ChosenLeastOpen, reasons: []string{"not_main_member", "chosen"}},
		"a team that nobody can work for still gets it": {in: routing.Input{Policy: teams, Teams: []desk.TeamID{8}, Candidates: []routing.Candidate{
			user(1, func(c *routing.Candidate) { c.Named, c.MainOf, c.CanReply = false, []desk.TeamID{8}, false })}}, team: 8, reason: routing.NobodyEligible, reasons: []string{"no_permission"}},
		"RT-14: permission and access": {in: routing.Input{Policy: users, Candidates: []routing.Candidate{
			user(1, func(c *routing.Candidate) { c.CanReply = false }), user(2, func(c *routing.Candidate) { c.InboxAccess = false }),
			user(3, func(c *routing.Candidate) { c.User.TakesWork = false }), user(4, func(c *routing.Candidate) { c.User.Active = false })}},
			reason: routing.NobodyEligible, reasons: []string{"no_permission", "no_access", "takes_no_work", "inactive"}},
		"named twice is named": {in: routing.Input{Policy: desk.AssignPolicy{To: "users_and_teams"}, Teams: []desk.TeamID{8}, Candidates: []routing.Candidate{
			user(1, func(c *routing.Candidate) { c.ExtraOf = []desk.TeamID{8} })}}, owner: 1, reason: routing.ChosenLeastOpen, reasons: []string{"chosen"}},
		"unknown names are told": {in: routing.Input{Policy: users, UnknownUsers: []string{"x@acme.example"}, UnknownTeams: []string{"y"}}, reason: routing.NobodyNamed, reasons: []string{"unknown_user", "unknown_team"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := routing.Decide(c.in)
			if a.OwnerID != c.owner || a.TeamID != c.team || a.Reason != c.reason {
				t.Fatalf("owner %d team %d reason %s, want %d %d %s", a.OwnerID, a.TeamID, a.Reason, c.owner, c.team, c.reason)
			}
			var got []string
			for _, x := range a.Candidates {
				got = append(got, x.Reason)
			}
			if !slices.Equal(got, c.reasons) {
				t.Fatalf("reasons %v, want %v", got, c.reasons)
			}
		})
	}
}

func candidates(t *rapid.T) []routing.Candidate {
	n := rapid.IntRange(0, 12).Draw(t, "n")
	out := make([]routing.Candidate, n)
	for i := range out {
		b := func(name string) bool { return rapid.IntRange(0, 4).Draw(t, name) > 0 }
		out[i] = routing.Candidate{User: desk.User{ID: desk.UserID(i + 1), Active: b("active"), TakesWork: b("takes"), Available: b("available"), LastAssigned: desk.Time(rapid.IntRange(0, 5).Draw(t, "last"))},
			Named: b("named"), CanReply: b("reply"), InboxAccess: b("access"), Open: rapid.IntRange(0, 4).Draw(t, "open")}
		if b("main") {
			out[i].MainOf = []desk.TeamID{7}
		} else {
			out[i].ExtraOf = []desk.TeamID{7}
		}
	}
	return out
}

func eligible(p desk.AssignPolicy, c routing.Candidate) bool {
	named := c.Named && p.To != routing.ToTeams || len(c.MainOf) > 0 && p.To != routing.ToUsers
	return named && c.User.Active && c.User.TakesWork && c.CanReply && c.InboxAccess && (c.User.Available || !p.AvailableOnly)
}

// RT-16, RT-20: whatever the candidates, nobody ineligible wins, somebody eligible does if there is one, the least open work is respected, everyone has a reason, and the order in
// which candidates come changes nothing.
func TestDecisionsKeepTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := desk.AssignPolicy{To: rapid.SampledFrom([]string{"users", "teams", "users_and_teams"}).Draw(t, "to"), By: rapid.SampledFrom([]string{"least_open", "random", ""}).Draw(t, "by"),
			AvailableOnly: rapid.Bool().Draw(t, "available only")}
		cs := candidates(t)
		in := routing.Input{Policy: p, Candidates: cs, Teams: []desk.TeamID{7}, Seed: rapid.Uint64().Draw(t, "seed"), At: 1}
		a := routing.Decide(in)
		best, any := -1, false
		for _, c := range cs {
			if eligible(p, c) {
				any = true
				if best < 0 || c.Open < best {
					best = c.Open
				}
			}
		}
		if any != (a.OwnerID != 0) {
			t.Fatalf("somebody eligible: %v, owner %d", any, a.OwnerID)
		}
		if len(a.Candidates) != len(cs) || a.Reason == "" {
			t.Fatalf("%d candidates told of %d, reason %q", len(a.Candidates), len(cs), a.Reason)
		}
		for i, c := range a.Candidates {
			if c.Reason == "" || c.Chosen != (c.UserID == a.OwnerID) || c.Chosen != (c.Reason == routing.Chosen) {
				t.Fatalf("candidate %+v", c)
			}
			if c.Chosen && (!eligible(p, cs[i]) || p.By != routing.ByRandom && cs[i].Open != best) {
				t.Fatalf("chosen %+v, least open %d", c, best)
			}
		}
		turned := slices.Clone(cs)
		slices.Reverse(turned)
		in.Candidates = turned
		if b := routing.Decide(in); !reflect.DeepEqual(a, b) {
			t.Fatalf("order matters: %+v and %+v", a, b)
		}
	})
}

// RT-16: over time the work of equals stays within one of each other, whatever they began with being equal.
func TestLeastOpenIsFairOverTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, rounds := rapid.IntRange(1, 9).Draw(t, "users"), rapid.IntRange(1, 120).Draw(t, "tickets")
		cs := make([]routing.Candidate, n)
		for i := range cs {
			cs[i] = user(i + 1)
		}
		for at := 1; at <= rounds; at++ {
			a := routing.Decide(routing.Input{Policy: desk.AssignPolicy{To: routing.ToUsers}, Candidates: cs, At: desk.Time(at)})
			w := &cs[a.OwnerID-1]
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
	})
}

func TestRandomIsSeededAndReachesEverybody(t *testing.T) { // RT-16
	cs := []routing.Candidate{user(1), user(2), user(3)}
	won := map[desk.UserID]int{}
	for seed := range uint64(600) {
		in := routing.Input{Policy: desk.AssignPolicy{To: routing.ToUsers, By: routing.ByRandom}, Candidates: cs, Seed: seed}
		a := routing.Decide(in)
		if b := routing.Decide(in); b.OwnerID != a.OwnerID {
			t.Fatalf("seed %d gave %d and %d", seed, a.OwnerID, b.OwnerID)
		}
		won[a.OwnerID]++
	}
	for id, n := range won {
		if n < 120 || n > 280 {
			t.Errorf("user %d won %d of 600", id, n)
		}
	}
}
