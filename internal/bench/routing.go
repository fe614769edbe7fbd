package bench

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Routing measures who gets what: bare decisions among 500 people by 200 rules, and tickets that arrive at once and are given to somebody in the database, beside tickets that the
// same channel gives to nobody.
func Routing(ctx context.Context, opt Options) ([]Row, error) {
	if opt.Samples <= 0 {
		opt.Samples = 2000
	}
	if opt.Callers <= 0 {
		opt.Callers = 64
	}
	a, done, err := open(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer done()
	in := crowd(500, 200)
	r, err := timed(opt.Samples, 1, func(i int) error {
		in.Seed = uint64(i)
		if routing.Decide(in).OwnerID == 0 {
			return fmt.Errorf("bench: nobody was found")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.Bench, r.Database, r.What = "routing", "none", "a decision: 500 people, 200 rules"
	rows := []Row{r}
	opt.say("500 people")
	acc, err := seedTeam(ctx, a, 500)
	if err != nil {
		return nil, err
	}
	var base float64
	for _, c := range []struct {
		what   string
		policy desk.AssignPolicy
	}{
		{"an arrival, given to no one", desk.AssignPolicy{To: routing.ToNoOne}},
		{"an arrival, one of a team of 10", desk.AssignPolicy{To: routing.ToTeams, Teams: []string{"ten"}, AvailableOnly: true}},
		{"an arrival, one of a team of 500", desk.AssignPolicy{To: routing.ToTeams, Teams: []string{"all"}, AvailableOnly: true}},
		{"the same with 200 rules", desk.AssignPolicy{To: routing.ToTeams, Teams: []string{"all"}, AvailableOnly: true, Rules: manyRules(200)}},
	} {
		opt.say("%s", c.what)
		acc.Assign = c.policy
		r, err := timed(max(opt.Callers, opt.Samples/4), opt.Callers, func(i int) error { return arrives(ctx, a, acc, i) })
		if err != nil {
			return nil, err
		}
		r.Bench, r.Database, r.What = "routing", string(a.DB.Dialect()), c.what
		if base == 0 {
			base = r.PerSecond
		} else {
			r.Ratio = r.PerSecond / base
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func arrives(ctx context.Context, a *app.App, acc desk.ChannelAccount, i int) error {
	return a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := a.Tickets.Create(ctx, tx, ticket.NewTicket{Actor: desk.System, Subject: fmt.Sprint("Where is order ", i), InboxID: acc.InboxID, AccountID: acc.ID, Channel: acc.Channel, Policy: acc.Ticket})
		if err != nil {
			return err
		}
		_, err = a.Assign.Assign(ctx, tx, t, acc)
		return err
	})
}

func manyRules(n int) []desk.SkillRule {
	out := make([]desk.SkillRule, n)
	for i := range out {
		out[i] = desk.SkillRule{Name: fmt.Sprint("Rule ", i), Skills: []desk.SkillNeed{{Skill: "da"}},
			If: &desk.Conditions{When: []desk.Condition{{Field: "subject", Op: "contains", Values: []string{fmt.Sprint("word", i)}}, {Field: "contact.known", Op: "is", Values: []string{"true"}}}}}
	}
	return out
}

// crowd is a situation of so many people and rules, of which only the last holds.
func crowd(n, rules int) routing.Input {
	in := routing.Input{Policy: desk.AssignPolicy{To: routing.ToTeams, Teams: []string{"all"}, AvailableOnly: true, Rules: manyRules(rules)}, Place: routing.Place{Kind: string(desk.KindHelpdesk)}, Kind: routing.Email,
		Cause: routing.Arrived, At: 1, Teams: []routing.Team{{ID: 1, Slug: "all"}}, Facts: map[string]any{"subject": "Where is my order", "contact.known": true}}
	in.Policy.Rules[rules-1].If = nil
	total := 30
	for i := range n {
		in.Candidates = append(in.Candidates, routing.Candidate{
			User: routing.Who{ID: desk.UserID(i + 1), Active: true, Available: i%7 != 0, TakesWork: true}, MainOf: []desk.TeamID{1}, CanReply: true, InboxAccess: true, Open: i % 25,
			Load: routing.Load{Total: i % 25}, Limit: desk.Capacity{Total: &total}, Skills: []desk.SkillHeld{{Slug: "da", Level: 1 + i%5}},
		})
	}
	return in
}

// seedTeam makes people, a team of them all and one of ten, and an account.
func seedTeam(ctx context.Context, a *app.App, n int) (acc desk.ChannelAccount, err error) {
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := a.Inbox.EnsureDefaults(ctx, tx, "desk.bench.example"); err != nil {
			return err
		}
		all, ten := desk.Team{Slug: "all", Name: "All"}, desk.Team{Slug: "ten", Name: "Ten"}
		for i := range n {
			u, err := a.People.Create(ctx, tx, desk.System, people.NewUser{Email: fmt.Sprintf("agent%d@bench.example", i), Name: fmt.Sprint("Agent ", i), Role: desk.RoleAgent})
			if err != nil {
				return err
			}
			if all.Members = append(all.Members, u.ID); i < 10 {
				ten.Members = append(ten.Members, u.ID)
			}
		}
		for _, t := range []desk.Team{all, ten} {
			if _, err := a.People.CreateTeam(ctx, tx, desk.System, t); err != nil {
				return err
			}
		}
		var err error
		acc, err = a.Inbox.Fallback(ctx, tx)
		return err
	})
	return acc, err
}
