package routing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
)

// user is somebody who could have anything; their address is u1@acme.example.
func user(id int, with ...func(*routing.Candidate)) routing.Candidate {
	c := routing.Candidate{User: routing.Who{ID: desk.UserID(id), Email: mail(id), Name: "U", Active: true, TakesWork: true, Available: true}, CanReply: true, InboxAccess: true}
	for _, w := range with {
		w(&c)
	}
	return c
}

func mail(id int) string { return fmt.Sprintf("u%d@acme.example", id) }

func mails(ids ...int) (out []string) {
	for _, id := range ids {
		out = append(out, mail(id))
	}
	return out
}

func open(n int) func(*routing.Candidate) { return func(c *routing.Candidate) { c.Open = n } }
func last(at desk.Time) func(*routing.Candidate) {
	return func(c *routing.Candidate) { c.User.LastAssigned = at }
}
func main(t desk.TeamID) func(*routing.Candidate) {
	return func(c *routing.Candidate) { c.MainOf = append(c.MainOf, t) }
}
func extra(t desk.TeamID) func(*routing.Candidate) {
	return func(c *routing.Candidate) { c.ExtraOf = append(c.ExtraOf, t) }
}
func away(c *routing.Candidate)     { c.User.Available, c.User.By = false, "out_of_office" }
func gone(c *routing.Candidate)     { c.User.Active = false }
func idle(c *routing.Candidate)     { c.User.TakesWork = false }
func reader(c *routing.Candidate)   { c.CanReply = false }
func outsider(c *routing.Candidate) { c.InboxAccess = false }
func load(n int) func(*routing.Candidate) {
	return func(c *routing.Candidate) { c.Load = routing.Load{Total: n, Kind: n} }
}
func limit(n int) func(*routing.Candidate) {
	return func(c *routing.Candidate) { c.Limit.Total = &n }
}
func knows(slug string, level int) func(*routing.Candidate) {
	return func(c *routing.Candidate) { c.Skills = append(c.Skills, desk.SkillHeld{Slug: slug, Level: level}) }
}

const support, sales desk.TeamID = 8, 9

// given makes an input in the help desk: people, two teams, a moment.
func given(p desk.AssignPolicy, cs ...routing.Candidate) routing.Input {
	return routing.Input{Policy: p, Candidates: cs, Teams: []routing.Team{{ID: support, Slug: "support"}, {ID: sales, Slug: "sales"}}, At: 1_000_000, Cause: routing.Arrived, Kind: routing.Email,
		Place: routing.Place{Inbox: 1, Kind: string(desk.KindHelpdesk)}, Facts: condition.Facts{"subject": "Hjælp", "language": "da"}}
}

func with(in routing.Input, change func(*routing.Input)) routing.Input { change(&in); return in }

func users(ids ...int) desk.AssignPolicy {
	return desk.AssignPolicy{To: routing.ToUsers, Users: mails(ids...), AvailableOnly: true}
}

func owned(by desk.UserID, how string, p desk.AssignPolicy, cs ...routing.Candidate) routing.Input {
	p.To, p.AvailableOnly = routing.ToContactOwner, true
	in := given(p, cs...)
	in.Owner = &routing.Owner{UserID: by, How: how}
	return in
}

func reopened(keeps desk.UserID, p desk.AssignPolicy, cs ...routing.Candidate) routing.Input {
	in := given(p, cs...)
	in.Cause, in.Keeps = routing.Reopened, keeps
	return in
}

// want is what a decision must say; reasons are of the candidates by id, steps as step:reason.
type want struct {
	owner   desk.UserID
	team    desk.TeamID
	reason  string
	queued  bool
	next    desk.Time
	reasons string
	steps   string
}

type situation struct {
	in routing.Input
	want
}

func check(t *testing.T, all map[string]situation) {
	t.Helper()
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			a := routing.Decide(c.in)
			var reasons, steps []string
			for _, x := range a.Candidates {
				reasons = append(reasons, x.Reason)
			}
			for _, s := range a.Steps {
				steps = append(steps, s.Step+":"+s.Reason)
			}
			got := want{a.OwnerID, a.TeamID, a.Reason, a.Queued, a.NextAt, strings.Join(reasons, " "), strings.Join(steps, " ")}
			if c.steps == "" {
				got.steps = ""
			}
			if got != c.want {
				t.Fatalf("\n got %+v\nwant %+v", got, c.want)
			}
			if (a.OwnerID != 0) != slices.ContainsFunc(a.Candidates, func(x desk.Candidate) bool { return x.Chosen }) && a.Reason != routing.KeptOwner {
				t.Fatalf("owner %d and nobody chosen of %+v", a.OwnerID, a.Candidates)
			}
		})
	}
}

// RT-01, RT-02, RT-06, RT-07, RT-08, RT-13…RT-16, RT-20.
func TestPolicies(t *testing.T) {
	teams := desk.AssignPolicy{To: routing.ToTeams, Teams: []string{"support"}, AvailableOnly: true}
	both := desk.AssignPolicy{To: routing.ToUsersAndTeams, Users: mails(1), Teams: []string{"support"}, AvailableOnly: true}
	check(t, map[string]situation{
		"RT-01: nothing set stays unassigned":      {routing.Input{}, want{reason: "unassigned_by_policy"}},
		"RT-01: no one stays unassigned":           {given(desk.AssignPolicy{To: "no_one"}, user(1)), want{reason: "unassigned_by_policy", steps: "no_one:unassigned_by_policy"}},
		"a policy from the future is explained":    {given(desk.AssignPolicy{To: "robots"}, user(1)), want{reason: "policy_unknown"}},
		"RT-16: the least open work wins":          {given(users(1, 2, 3), user(1, open(3)), user(2, open(1), last(9)), user(3, open(2))), want{owner: 2, reason: "chosen_least_open", reasons: "more_open chosen more_open", steps: "users:chosen"}},
		"RT-16: ties go to the longest idle":       {given(users(1, 2, 3), user(1, last(7)), user(2, last(5)), user(3, last(6))), want{owner: 2, reason: "chosen_least_open", reasons: "tie_idle_shorter chosen tie_idle_shorter"}},
		"whole ties go to the lowest id":           {given(users(1, 2, 3), user(3), user(1), user(2)), want{owner: 1, reason: "chosen_least_open", reasons: "chosen tie_later_id tie_later_id"}},
		"only those named are asked":               {given(users(2), user(1), user(2), user(3)), want{owner: 2, reason: "chosen_least_open", reasons: "chosen"}},
		"RT-06: the away are passed over":          {given(users(1, 2), user(1, away), user(2, open(9))), want{owner: 2, reason: "chosen_least_open", reasons: "away chosen"}},
		"RT-08: unless availability is no matter":  {given(desk.AssignPolicy{To: "users", Users: mails(1)}, user(1, away)), want{owner: 1, reason: "chosen_least_open", reasons: "chosen"}},
		"RT-07: nobody available waits":            {given(users(1), user(1, away)), want{reason: "nobody_available", queued: true, reasons: "away", steps: "users:nobody_available"}},
		"RT-07: or stays, as the seed has it":      {given(desk.AssignPolicy{To: "users", Users: mails(1), AvailableOnly: true, NoQueue: true}, user(1, away)), want{reason: "nobody_available", reasons: "away"}},
		"RT-13: extra members are not eligible":    {given(teams, user(1, extra(support)), user(2, open(4), main(support))), want{owner: 2, team: support, reason: "chosen_least_open", reasons: "not_main_member chosen"}},
		"RT-13: unless the policy says so":         {given(desk.AssignPolicy{To: "teams", Teams: []string{"support"}, ExtraMembers: true}, user(1, extra(support)), user(2, open(4), main(support))), want{owner: 1, team: support, reason: "chosen_least_open", reasons: "chosen more_open"}},
		"a team nobody can work for still gets it": {given(teams, user(1, main(support), reader)), want{team: support, reason: "nobody_eligible", queued: true, reasons: "no_permission"}},
		"an empty team waits for members":          {given(teams, user(1, main(sales))), want{team: support, reason: "nobody_named", queued: true}},
		"RT-14, RT-15: permission, access, gone": {given(users(1, 2, 3, 4), user(1, reader), user(2, outsider), user(3, idle), user(4, gone)),
			want{reason: "nobody_eligible", queued: true, reasons: "no_permission no_access takes_no_work inactive"}},
		"named twice is named": {given(both, user(1, extra(support)), user(2, open(3), main(support))), want{owner: 1, reason: "chosen_least_open", reasons: "chosen more_open"}},
		"unknown names are told": {given(desk.AssignPolicy{To: "users_and_teams", Users: []string{"x@acme.example"}, Teams: []string{"y"}}, user(1)),
			want{reason: "nobody_named", queued: true, reasons: "unknown_user unknown_team"}},
		"an address in capitals is the same": {given(desk.AssignPolicy{To: "users", Users: []string{"U1@ACME.example"}}, user(1)), want{owner: 1, reason: "chosen_least_open", reasons: "chosen"}},
		"AV-07: closed goes before everything": {with(given(users(1, 2, 3), user(1), user(2, away), user(3, gone)), func(in *routing.Input) { in.Closed, in.Opens = true, 2_000_000 }),
			want{reason: "outside_hours", queued: true, next: 2_000_000, reasons: "outside_hours outside_hours inactive", steps: "hours:outside_hours"}},
		"closed: the one team has it":    {with(given(teams, user(1, main(support))), func(in *routing.Input) { in.Closed = true }), want{team: support, reason: "outside_hours", queued: true, reasons: "outside_hours"}},
		"closed says nothing to no one":  {with(given(desk.AssignPolicy{}, user(1)), func(in *routing.Input) { in.Closed = true }), want{reason: "unassigned_by_policy"}},
		"RT-16: random tells the others": {with(given(desk.AssignPolicy{To: "users", Users: mails(1), By: "random"}, user(1)), func(in *routing.Input) { in.Seed = 4 }), want{owner: 1, reason: "chosen_random", reasons: "chosen"}},
	})
}

// CP-02…CP-06, CP-08.
func TestLimits(t *testing.T) {
	three := 3
	weighed := given(users(1), user(1, load(4), limit(5)))
	weighed.Weight = 2
	kind := given(users(1), user(1, load(3), func(c *routing.Candidate) { c.Limit.Messages = &three }))
	kind.Kind = routing.Messages
	email := given(users(1), user(1, load(3), func(c *routing.Candidate) { c.Limit.Messages = &three }))
	inbox := given(users(1), user(1, load(5), limit(5)))
	inbox.Place.Kind = string(desk.KindInbox)
	chats := given(users(1, 2), user(1, func(c *routing.Candidate) { c.Chats = 2 }), user(2, open(9), func(c *routing.Candidate) { c.Chats = 1 }))
	chats.ChatLimit, chats.Place.Kind = 2, string(desk.KindInbox)
	call := given(users(1, 2), user(1, func(c *routing.Candidate) { c.Load.Calls = 1 }), user(2, open(9)))
	call.CallBlocks = true
	check(t, map[string]situation{
		"CP-04: the next one is tried":               {given(users(1, 2), user(1, load(5), limit(5)), user(2, open(8))), want{owner: 2, reason: "chosen_least_open", reasons: "at_capacity chosen"}},
		"CP-04: all are full":                        {given(users(1, 2), user(1, load(5), limit(5)), user(2, away)), want{reason: "all_at_capacity", queued: true, reasons: "at_capacity away"}},
		"the last free place":                        {given(users(1), user(1, load(4), limit(5))), want{owner: 1, reason: "chosen_least_open", reasons: "chosen"}},
		"CP-08: a heavy one does not fit":            {weighed, want{reason: "all_at_capacity", queued: true, reasons: "at_capacity"}},
		"a limit of nothing":                         {given(users(1), user(1, limit(0))), want{reason: "all_at_capacity", queued: true, reasons: "at_capacity"}},
		"CP-06: a limit of its kind":                 {kind, want{reason: "all_at_capacity", queued: true, reasons: "at_capacity"}},
		"CP-06: of another kind":                     {email, want{owner: 1, reason: "chosen_least_open", reasons: "chosen"}},
		"CP-03: an inbox knows no limit of tickets":  {inbox, want{owner: 1, reason: "chosen_least_open", reasons: "chosen"}},
		"CP-02: but one of chats":                    {chats, want{owner: 2, reason: "chosen_least_open", reasons: "at_capacity chosen"}},
		"CP-08: who has a call gets nothing besides": {call, want{owner: 2, reason: "chosen_least_open", reasons: "on_call chosen"}},
	})
	a := routing.Decide(given(users(1, 2), user(1, load(5), limit(5)), user(2, load(1), limit(3))))
	if c := a.Candidates[0]; c.Load != 5 || c.Limit != 5 || c.LimitKind != routing.LimitTotal { // CP-05, RT-20: full 5/5
		t.Errorf("%+v", c)
	}
	if c := a.Candidates[1]; c.Load != 1 || c.Limit != 3 {
		t.Errorf("%+v", c)
	}
}

func rule(name string, needs ...desk.SkillNeed) desk.SkillRule {
	return desk.SkillRule{Name: name, Skills: needs}
}
func need(slug string) desk.SkillNeed { return desk.SkillNeed{Skill: slug} }
func when(field, op string, values ...string) *desk.Conditions {
	return &desk.Conditions{When: []desk.Condition{{Field: field, Op: op, Values: values}}}
}
func ruled(p desk.AssignPolicy, rules ...desk.SkillRule) desk.AssignPolicy { p.Rules = rules; return p }

// SK-01, SK-05…SK-09.
func TestSkillRules(t *testing.T) {
	danish := rule("Danish", need("language"))
	vip := rule("VIP", need("vip"))
	vip.If = when("subject", "contains", "vip")
	off := rule("Off", need("nothing"))
	off.Off = true
	strict, relax := danish, danish
	strict.Strict, relax.RelaxSeconds = true, 60
	named := rule("Named", need("da"))
	named.Users, named.Teams = mails(3), []string{"sales"}
	senior := rule("Senior", desk.SkillNeed{Skill: "da", Level: 4})
	prefer := rule("Prefer", desk.SkillNeed{Skill: "da", Preferred: true})
	expired := func(c *routing.Candidate) { c.Skills = []desk.SkillHeld{{Slug: "da", Level: 5, ExpiresAt: 999_999}} }
	late := func(in routing.Input) routing.Input { in.Since = in.At - 60_000; return in }
	unknown := given(ruled(users(1, 2), strict), user(1), user(2, open(1)))
	unknown.Facts = condition.Facts{}
	da := knows("da", 3)
	check(t, map[string]situation{
		"SK-05: whoever has the skill": {given(ruled(users(1, 2), danish), user(1), user(2, open(9), da)), want{owner: 2, reason: "chosen_least_open", reasons: "lacks_skill chosen", steps: "rule:chosen"}},
		"SK-08: the first that holds decides": {given(ruled(users(1, 2), off, vip, danish), user(1, knows("vip", 5)), user(2, open(9), da)),
			want{owner: 2, reason: "chosen_least_open", reasons: "lacks_skill chosen", steps: "rule:no_match rule:chosen"}},
		"SK-08: in the other order": {given(ruled(users(1, 2), danish, vip), user(1, knows("vip", 5)), user(2, open(9), da)), want{owner: 2, reason: "chosen_least_open", reasons: "lacks_skill chosen", steps: "rule:chosen"}},
		"SK-07: nobody has it: the policy": {given(ruled(users(1, 2), danish), user(1), user(2, open(1))),
			want{owner: 1, reason: "chosen_least_open", reasons: "chosen more_open", steps: "rule:passed_over users:chosen"}},
		"SK-06: strict waits":      {given(ruled(users(1), strict), user(1)), want{reason: "nobody_skilled", queued: true, reasons: "lacks_skill", steps: "rule:waits"}},
		"SK-06: strict, all away":  {given(ruled(users(1), strict), user(1, away, da)), want{reason: "nobody_available", queued: true, reasons: "away", steps: "rule:waits"}},
		"SK-06: it waits a while":  {given(ruled(users(1), relax), user(1)), want{reason: "nobody_skilled", queued: true, next: 1_060_000, reasons: "lacks_skill", steps: "rule:waits"}},
		"SK-06: then it relaxes":   {late(given(ruled(users(1), relax), user(1))), want{owner: 1, reason: "chosen_least_open", reasons: "chosen", steps: "rule:passed_over users:chosen"}},
		"whom a rule names":        {given(ruled(users(1), named), user(1, da), user(2, main(sales), open(3), da), user(3, open(1), da)), want{owner: 3, reason: "chosen_least_open", reasons: "more_open chosen"}},
		"through the rule's team":  {given(ruled(users(1), named), user(1, da), user(2, main(sales), da)), want{owner: 2, team: sales, reason: "chosen_least_open", reasons: "chosen unknown_user"}},
		"no one, but by skill":     {given(ruled(desk.AssignPolicy{}, danish), user(1), user(2, da), user(3, idle, da)), want{owner: 2, reason: "chosen_least_open", reasons: "lacks_skill chosen"}},
		"no one, and no skill":     {given(ruled(desk.AssignPolicy{}, danish), user(1)), want{reason: "unassigned_by_policy", reasons: "lacks_skill", steps: "rule:passed_over no_one:unassigned_by_policy"}},
		"SK-06: a level":           {given(ruled(users(1, 2), senior), user(1, da), user(2, open(9), knows("da", 4))), want{owner: 2, reason: "chosen_least_open", reasons: "lacks_skill chosen"}},
		"SK-06: an expired one":    {given(ruled(users(1, 2), danish), user(1, expired), user(2, open(9), da)), want{owner: 2, reason: "chosen_least_open", reasons: "lacks_skill chosen"}},
		"SK-06: preferred":         {given(ruled(users(1, 2), prefer), user(1), user(2, open(9), da)), want{owner: 2, reason: "chosen_least_open", reasons: "not_preferred chosen"}},
		"preferred, but not had":   {given(ruled(users(1), prefer), user(1)), want{owner: 1, reason: "chosen_least_open", reasons: "chosen", steps: "rule:chosen"}},
		"SK-09: language unknown":  {unknown, want{owner: 1, reason: "chosen_least_open", reasons: "chosen more_open", steps: "rule:language_unknown rule:chosen"}},
		"a language with a region": {given(ruled(users(1), rule("pt", need("pt-br"))), user(1, knows("pt", 2))), want{owner: 1, reason: "chosen_least_open", reasons: "chosen"}},
		"a full one with the skill": {given(ruled(users(1, 2), strict), user(1, da, load(5), limit(5)), user(2)),
			want{reason: "all_at_capacity", queued: true, reasons: "at_capacity lacks_skill"}},
	})
	a := routing.Decide(given(ruled(users(1, 2), danish), user(1), user(2, da)))
	if a.Rule != routing.RuleSkill || a.RuleName != "Danish" || !slices.Equal(a.Candidates[0].Missing, []string{"da"}) || !slices.Equal(a.Steps[0].Skills, []string{"da"}) {
		t.Errorf("%+v", a)
	}
	var many []desk.SkillRule
	for range 200 {
		many = append(many, vip)
	}
	if a := routing.Decide(given(ruled(users(1), many...), user(1))); len(a.Steps) != 32 || a.Steps[30].Name != "+170" || a.OwnerID != 1 {
		t.Errorf("%d steps", len(a.Steps))
	}
}

// RT-04, RT-05, RT-17, and section 29, row 18: a contact without an owner, an owner who may not, an owner who left.
func TestContactOwner(t *testing.T) {
	hold := desk.AssignPolicy{HoldSeconds: 60, MailOwner: true}
	chain := desk.AssignPolicy{Fallback: []desk.AssignStep{{To: routing.ToOwnerTeam}, {To: routing.ToTeams, Teams: []string{"sales"}}, {To: routing.ToNoOne}}}
	tracked := desk.AssignPolicy{TrackedOnly: true}
	isTracked := owned(1, "email", tracked, user(1))
	isTracked.Owner.Tracked = true
	heldLong := owned(1, "email", hold, user(1, away))
	heldLong.Since = heldLong.At - 60_000
	closed := owned(1, "email", hold, user(1))
	closed.Closed = true
	check(t, map[string]situation{
		"RT-02: the owner":                         {owned(1, "email", desk.AssignPolicy{}, user(1, open(9)), user(2)), want{owner: 1, reason: "chosen_contact_owner", reasons: "chosen", steps: "contact_owner:chosen"}},
		"RT-04: by phone":                          {owned(1, "phone", desk.AssignPolicy{}, user(1)), want{owner: 1, reason: "chosen_contact_owner", reasons: "chosen"}},
		"RT-04: a proven visitor":                  {owned(1, "visitor", desk.AssignPolicy{}, user(1)), want{owner: 1, reason: "chosen_contact_owner", reasons: "chosen"}},
		"RT-04: a claim is none":                   {owned(1, "", desk.AssignPolicy{}, user(1)), want{reason: "owner_not_proven", steps: "contact_owner:owner_not_proven"}},
		"RT-04: the seed's cookie":                 {owned(1, "email", tracked, user(1)), want{reason: "owner_not_tracked"}},
		"RT-04: the seed's cookie is there":        {isTracked, want{owner: 1, reason: "chosen_contact_owner", reasons: "chosen"}},
		"no owner":                                 {owned(0, "email", desk.AssignPolicy{}, user(1)), want{reason: "no_contact_owner", steps: "contact_owner:no_contact_owner"}},
		"RT-17: no owner, but a fallback":          {owned(0, "email", chain, user(1, main(sales))), want{owner: 1, team: sales, reason: "chosen_least_open", reasons: "chosen", steps: "contact_owner:no_contact_owner owner_team:nobody_named teams:chosen"}},
		"an owner who left":                        {owned(1, "email", chain, user(1, gone, main(support)), user(2, main(support))), want{owner: 2, team: support, reason: "chosen_least_open", reasons: "inactive chosen", steps: "contact_owner:inactive owner_team:chosen"}},
		"an owner who is nobody any more":          {owned(7, "email", chain, user(2, main(sales))), want{owner: 2, team: sales, reason: "chosen_least_open", reasons: "chosen"}},
		"an owner who may not":                     {owned(1, "email", chain, user(1, reader), user(2, main(sales))), want{owner: 2, team: sales, reason: "chosen_least_open", reasons: "no_permission chosen"}},
		"RT-05: away: held":                        {owned(1, "email", hold, user(1, away)), want{reason: "held_for_owner", queued: true, next: 1_060_000, reasons: "away", steps: "contact_owner:held_for_owner"}},
		"RT-05: the hold ends, and nobody else is": {heldLong, want{reason: "nobody_available", queued: true, reasons: "away"}},
		"RT-05: away: owner's team, then sales":    {owned(1, "email", chain, user(1, away, main(support)), user(2, main(support), away), user(3, main(sales))), want{owner: 3, team: sales, reason: "chosen_least_open", reasons: "away away chosen", steps: "contact_owner:away owner_team:nobody_available teams:chosen"}},
		"RT-05: nobody of all: unassigned":         {owned(1, "email", chain, user(1, away)), want{team: sales, reason: "unassigned_by_policy", reasons: "away", steps: "contact_owner:away owner_team:nobody_named teams:nobody_named no_one:unassigned_by_policy"}},
		"the owner is full: the fallback":          {owned(1, "email", chain, user(1, load(1), limit(1)), user(2, main(sales))), want{owner: 2, team: sales, reason: "chosen_least_open", reasons: "at_capacity chosen"}},
		"away, and nobody else is named: it waits": {owned(1, "email", desk.AssignPolicy{}, user(1, away)), want{reason: "nobody_available", queued: true, reasons: "away"}},
		"closed": {closed, want{reason: "outside_hours", queued: true, reasons: "outside_hours"}},
	})
	for name, c := range map[string]struct {
		in   routing.Input
		mail desk.UserID
	}{
		"RT-05: an owner who is away is written to":       {owned(1, "email", hold, user(1, away)), 1},
		"not a second time":                               {with(owned(1, "email", hold, user(1, away)), func(in *routing.Input) { in.Cause = routing.Queue }), 0},
		"not one who is there":                            {owned(1, "email", hold, user(1)), 0},
		"not one who left":                                {owned(1, "email", hold, user(1, gone)), 0},
		"not without the setting":                         {owned(1, "email", desk.AssignPolicy{}, user(1, away)), 0},
		"not for who only says to be the contact (RT-04)": {owned(1, "", hold, user(1, away)), 0},
		"outside the hours too":                           {closed, 1},
	} {
		if a := routing.Decide(c.in); a.MailTo != c.mail {
			t.Errorf("%s: mail to %v", name, a.MailTo)
		}
	}
}

// RT-18, and what becomes of an owner who left meanwhile.
func TestReopened(t *testing.T) {
	keep, again, never := users(2), users(2), users(2)
	keep.Reopened, again.Reopened, never.NoQueue = "keep", "again", true
	check(t, map[string]situation{
		"the owner keeps it":                            {reopened(1, users(2), user(1), user(2)), want{owner: 1, reason: "kept_owner", reasons: "chosen", steps: "keep:chosen"}},
		"over their limit too":                          {reopened(1, users(2), user(1, load(5), limit(5)), user(2)), want{owner: 1, reason: "kept_owner", reasons: "chosen"}},
		"away: the rule":                                {reopened(1, users(2), user(1, away), user(2)), want{owner: 2, reason: "chosen_least_open", reasons: "away chosen", steps: "keep:away users:chosen"}},
		"away, and kept always":                         {reopened(1, keep, user(1, away), user(2)), want{owner: 1, reason: "kept_owner", reasons: "chosen"}},
		"anew":                                          {reopened(1, again, user(1), user(2)), want{owner: 2, reason: "chosen_least_open", reasons: "chosen", steps: "users:chosen"}},
		"the owner left":                                {reopened(1, keep, user(1, gone), user(2)), want{owner: 2, reason: "chosen_least_open", reasons: "inactive chosen"}},
		"the owner lost their access":                   {reopened(1, keep, user(1, outsider), user(2)), want{owner: 2, reason: "chosen_least_open", reasons: "no_access chosen"}},
		"the owner may not answer any more":             {reopened(1, keep, user(1, reader), user(2)), want{owner: 2, reason: "chosen_least_open", reasons: "no_permission chosen"}},
		"away, nobody else: it waits for either":        {reopened(1, users(2), user(1, away), user(2, away)), want{reason: "nobody_available", queued: true, reasons: "away away"}},
		"away, nobody else, and nothing waits":          {reopened(1, never, user(1, away), user(2, away)), want{owner: 1, reason: "kept_nobody_else", reasons: "chosen away"}},
		"away, and the rule is no one":                  {reopened(1, desk.AssignPolicy{}, user(1, away)), want{owner: 1, reason: "kept_nobody_else", reasons: "chosen"}},
		"the owner left, and the rule is no one":        {reopened(1, desk.AssignPolicy{}, user(1, gone)), want{reason: "unassigned_by_policy", reasons: "inactive"}},
		"nobody had it":                                 {reopened(0, users(2), user(2)), want{owner: 2, reason: "chosen_least_open", reasons: "chosen"}},
		"an owner who takes no work any more keeps his": {reopened(1, users(2), user(1, idle), user(2)), want{owner: 1, reason: "kept_owner", reasons: "chosen"}},
	})
	if a := routing.Decide(reopened(1, users(2), user(1, away), user(2, away))); a.HoldFor != 1 {
		t.Errorf("held for %v", a.HoldFor)
	}
}

// RT-16: random is seeded, and reaches everybody.
func TestRandomIsSeededAndReachesEverybody(t *testing.T) {
	p := users(1, 2, 3)
	p.By = routing.ByRandom
	won := map[desk.UserID]int{}
	for seed := range uint64(600) {
		in := given(p, user(1), user(2), user(3))
		in.Seed = seed
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
	if len(won) != 3 {
		t.Errorf("%v", won)
	}
}

// RT-21: those who could be chosen are those who are held; nobody else ever is.
func TestAsked(t *testing.T) {
	strict := rule("da", need("da"))
	strict.If = when("language", "is", "da")
	strict.Teams = []string{"sales"}
	miss := rule("fi", need("fi"))
	miss.If = when("language", "is", "fi")
	miss.Users = mails(5)
	in := given(ruled(users(1, 2), miss, strict), user(1), user(2), user(3, main(sales)), user(4, main(support)), user(5), user(6, extra(sales)))
	if got := routing.Asked(in); !slices.Equal(got, []desk.UserID{1, 2, 3}) {
		t.Errorf("%v", got)
	}
	in.Cause, in.Keeps = routing.Reopened, 4
	if got := routing.Asked(in); !slices.Equal(got, []desk.UserID{1, 2, 3, 4}) {
		t.Errorf("%v", got)
	}
	users, teams := routing.Names(in.Policy)
	if !slices.Equal(users, mails(1, 2, 5)) || !slices.Equal(teams, []string{"sales"}) {
		t.Errorf("%v %v", users, teams)
	}
}
