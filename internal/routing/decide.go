package routing

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
)

// Decide returns the owner, or none, and why.
func Decide(in Input) Decision {
	w := begin(in)
	if !w.keep() {
		w.decide()
		w.orElse()
	}
	return w.finish()
}

// walk is one decision on its way.
type walk struct {
	in      Input
	cs      []Candidate // by id
	teams   map[string]desk.TeamID
	asked   []verdict // of each candidate, the last that was said
	unknown []desk.Candidate
	heard   map[string]bool // of unknown
	a       Decision
}

// verdict is what was said of a candidate. One without a reason was not asked.
type verdict struct {
	reason  string
	missing []string
	prefers int // preferred skills that they have
	via     desk.TeamID
}

func begin(in Input) *walk {
	w := &walk{in: in, cs: slices.Clone(in.Candidates), teams: make(map[string]desk.TeamID, len(in.Teams)), asked: make([]verdict, len(in.Candidates)), heard: map[string]bool{}}
	slices.SortFunc(w.cs, func(x, y Candidate) int { return cmp.Compare(x.User.ID, y.User.ID) })
	for _, t := range in.Teams {
		w.teams[t.Slug] = t.ID
	}
	if w.in.Since == 0 || w.in.Since > in.At {
		w.in.Since = in.At
	}
	w.in.Weight = max(in.Weight, 1)
	w.a = Decision{At: in.At, By: desk.System, Rule: in.Policy.To, Cause: in.Cause}
	if w.a.Rule == "" {
		w.a.Rule = ToNoOne
	}
	return w
}

func (w *walk) step(s desk.AssignmentStep) { w.a.Steps = append(w.a.Steps, s) }

// keep leaves what was opened again with its owner (RT-18): while they are available, always, or not at all, as the policy says. What comes back to its
// owner may go over their limit: it is theirs, and they get nothing new until they are below it again.
func (w *walk) keep() bool {
	p := w.in.Policy
	if w.in.Cause != Reopened || w.in.Keeps == 0 || p.Reopened == "again" {
		return false
	}
	why := w.mayKeep()
	i := w.find(w.in.Keeps)
	if why == "" && p.Reopened != "keep" && !w.cs[i].User.Available {
		why = Away
	}
	if i >= 0 {
		w.asked[i] = verdict{reason: cmp.Or(why, Chosen)}
	}
	w.step(desk.AssignmentStep{Step: "keep", Reason: cmp.Or(why, Chosen), UserID: w.in.Keeps})
	if why != "" {
		return false
	}
	w.a.OwnerID, w.a.Rule, w.a.Reason = w.in.Keeps, RuleReopened, KeptOwner
	return true
}

// mayKeep says why whose it was cannot have it any more, or "".
func (w *walk) mayKeep() string {
	i := w.find(w.in.Keeps)
	switch {
	case i < 0:
		return OwnerGone
	case !w.cs[i].User.Active:
		return Inactive
	case !w.cs[i].CanReply:
		return NoPermission
	case !w.cs[i].InboxAccess:
		return NoAccess
	}
	return ""
}

// orElse is what becomes of something opened again whose owner is away when nobody else was found: it waits for whoever comes first, its owner among
// them; where nothing waits, it stays where it was.
func (w *walk) orElse() {
	if w.in.Cause != Reopened || w.in.Keeps == 0 || w.a.OwnerID != 0 || w.in.Policy.Reopened == "again" || w.mayKeep() != "" {
		return
	}
	if w.a.Queued {
		w.a.HoldFor = w.in.Keeps
		return
	}
	w.a.OwnerID, w.a.Rule, w.a.Reason = w.in.Keeps, RuleReopened, KeptNobodyElse
	w.asked[w.find(w.in.Keeps)] = verdict{reason: Chosen}
}

// decide asks the rules of skills, then the policy.
func (w *walk) decide() {
	p := w.in.Policy
	if w.in.Closed && (p.To != ToNoOne && p.To != "" || len(p.Rules) > 0) {
		w.closed()
		return
	}
	if w.rules() {
		return
	}
	switch p.To {
	case "", ToNoOne:
		w.a.Reason = UnassignedByPolicy
		w.step(desk.AssignmentStep{Step: ToNoOne, Reason: UnassignedByPolicy})
	case ToContactOwner:
		w.contactOwner()
	case ToUsers, ToTeams, ToUsersAndTeams:
		if pool := w.poolOf(p.To, p.Users, p.Teams); !w.try(pool) {
			w.nobody(w.whyNone(pool))
		}
	default:
		w.a.Reason = PolicyUnknown
		w.step(desk.AssignmentStep{Step: p.To, Reason: PolicyUnknown})
	}
}

// closed: nobody gets anything outside the hours, and everybody who could have is told why (AV-07). A contact's owner may be written to.
func (w *walk) closed() {
	p := w.in.Policy
	w.step(desk.AssignmentStep{Step: "hours", Reason: OutsideHours})
	pool := w.poolOf(p.To, p.Users, p.Teams)
	if p.To == ToContactOwner {
		pool = w.ownerPool()
		if o, why := w.owner(); why == "" && p.MailOwner && w.begins() {
			w.a.MailTo = o
		}
	}
	w.judge(pool, nil)
	for i := range w.asked {
		if w.asked[i].reason == eligible || w.asked[i].reason == Away || w.asked[i].reason == AtCapacity || w.asked[i].reason == OnCall {
			w.asked[i].reason = OutsideHours
		}
	}
	w.a.Reason, w.a.TeamID = OutsideHours, pool.only()
	w.wait(w.in.Opens, !p.NoQueue)
}

// begins: the work is new to whoever is written to about it.
func (w *walk) begins() bool {
	return w.in.Cause == "" || w.in.Cause == Arrived || w.in.Cause == Reopened || w.in.Cause == HandedOver || w.in.Cause == Restored
}

// maxSteps is how many rules without a match are told one by one.
const maxSteps = 30

// rules asks the rules of skills in their order; the first whose conditions hold decides (SK-08). False lets the policy decide.
func (w *walk) rules() (done bool) {
	missed := 0
	for i := range w.in.Policy.Rules {
		r := &w.in.Policy.Rules[i]
		if r.Off {
			continue
		}
		if r.If != nil && !condition.Holds(*r.If, w.in.Facts) {
			if missed++; missed <= maxSteps {
				w.step(desk.AssignmentStep{Step: "rule", Name: r.Name, Reason: NoMatch})
			}
			continue
		}
		if missed > maxSteps {
			w.step(desk.AssignmentStep{Step: "rule", Name: fmt.Sprintf("+%d", missed-maxSteps), Reason: NoMatch})
		}
		return w.rule(r)
	}
	if missed > maxSteps {
		w.step(desk.AssignmentStep{Step: "rule", Name: fmt.Sprintf("+%d", missed-maxSteps), Reason: NoMatch})
	}
	return false
}

// rule looks for somebody with a rule's skills. Without anybody it waits, or is passed over (SK-06, SK-07).
func (w *walk) rule(r *desk.SkillRule) (done bool) {
	p := w.in.Policy
	needs, slugs, unknown := w.needs(r.Skills)
	s := desk.AssignmentStep{Step: "rule", Name: r.Name, Reason: Chosen, Skills: slugs}
	if unknown {
		w.step(desk.AssignmentStep{Step: "rule", Name: r.Name, Reason: LanguageUnknown})
	}
	pool := w.poolOfRule(r)
	if w.attempt(pool, needs) {
		s.UserID, w.a.Rule, w.a.RuleName = w.a.OwnerID, RuleSkill, r.Name
		w.step(s)
		return true
	}
	relaxAt := w.in.Since + desk.Time(r.RelaxSeconds)*1000
	if !r.Strict && (r.RelaxSeconds <= 0 || w.in.At >= relaxAt) {
		s.Reason = PassedOver
		w.step(s)
		return false
	}
	s.Reason = WaitsForSkill
	w.step(s)
	w.a.Rule, w.a.RuleName, w.a.Reason, w.a.TeamID = RuleSkill, r.Name, w.whyNone(pool), pool.only()
	if r.Strict {
		w.wait(0, !p.NoQueue)
	} else {
		w.wait(relaxAt, true)
	}
	return true
}

// poolOfRule is whom a rule names, else whom the policy names; where that names nobody, everybody.
func (w *walk) poolOfRule(r *desk.SkillRule) pool {
	p := w.in.Policy
	if len(r.Users)+len(r.Teams) > 0 {
		return w.poolOf(ToUsersAndTeams, r.Users, r.Teams)
	}
	if p.To == ToUsers || p.To == ToTeams || p.To == ToUsersAndTeams {
		return w.poolOf(p.To, p.Users, p.Teams)
	}
	return pool{everybody: true}
}

// fallback is whom a fallback asks.
func (w *walk) fallback(f desk.AssignStep, owner desk.UserID) pool {
	if f.To == ToOwnerTeam {
		return w.ownerTeams(owner)
	}
	return w.poolOf(f.To, f.Users, f.Teams)
}

// nobody ends without an owner.
func (w *walk) nobody(reason string) {
	w.a.Reason = reason
	w.wait(0, !w.in.Policy.NoQueue)
}

// wait notes that it is tried again: at a time, or when something happens.
func (w *walk) wait(at desk.Time, queued bool) {
	if w.a.Queued = queued; queued {
		w.a.NextAt = at
	}
}

// reasonOf is why none of all who were asked could be chosen.
func (w *walk) reasonOf() string {
	any := map[string]bool{}
	for _, v := range w.asked {
		any[v.reason] = true
	}
	delete(any, "")
	switch {
	case any[AtCapacity] || any[OnCall]:
		return EverybodyFull
	case any[Away]:
		return NobodyAvailable
	case len(any) == 0:
		return NobodyNamed
	case any[LacksSkill]:
		return NobodySkilled
	}
	return NobodyEligible
}

// contactOwner asks the owner of who writes, then the fallbacks in their order (RT-02, RT-05, RT-17).
func (w *walk) contactOwner() {
	p := w.in.Policy
	owner, why := w.owner()
	if why == "" {
		got := w.attempt(w.ownerPool(), nil)
		if p.MailOwner && !w.cs[w.find(owner)].User.Available && w.cs[w.find(owner)].User.Active && w.begins() {
			w.a.MailTo = owner
		}
		if got {
			w.a.Reason = ChosenOwner
			w.step(desk.AssignmentStep{Step: ToContactOwner, Reason: Chosen, UserID: owner})
			return
		}
		why = w.asked[w.find(owner)].reason
		until := w.in.Since + desk.Time(p.HoldSeconds)*1000
		if (why == Away || why == AtCapacity || why == OnCall) && p.HoldSeconds > 0 && w.in.At < until {
			w.step(desk.AssignmentStep{Step: ToContactOwner, Reason: HeldForOwner, UserID: owner})
			w.a.Reason, w.a.HoldFor = HeldForOwner, owner
			w.wait(until, true)
			return
		}
	}
	w.step(desk.AssignmentStep{Step: ToContactOwner, Reason: why, UserID: owner})
	for _, f := range p.Fallback {
		if f.To == ToNoOne {
			w.step(desk.AssignmentStep{Step: ToNoOne, Reason: UnassignedByPolicy})
			w.a.Reason = UnassignedByPolicy
			return
		}
		if w.try(w.fallback(f, owner)) {
			return
		}
	}
	w.noOwner(owner, why)
}

// noOwner ends contact_owner without anybody. A contact without an owner, and without a fallback that could be waited for, is for people to sort.
func (w *walk) noOwner(owner desk.UserID, why string) {
	asked := slices.ContainsFunc(w.asked, func(v verdict) bool { return v.reason != "" })
	switch {
	case asked:
		w.nobody(w.reasonOf())
	case len(w.in.Policy.Fallback) > 0 && owner == 0:
		w.nobody(NobodyNamed)
	default:
		w.a.Reason = why
	}
}

// owner is the contact's owner, or why they are not asked (RT-04): who only says to be somebody is not routed by that somebody's owner.
func (w *walk) owner() (desk.UserID, string) {
	o := w.in.Owner
	switch {
	case o == nil || o.UserID == 0:
		return 0, NoContactOwner
	case o.How == "":
		return 0, OwnerUnproven
	case w.in.Policy.TrackedOnly && !o.Tracked:
		return 0, OwnerNotTracked
	case w.find(o.UserID) < 0:
		return 0, OwnerGone
	}
	return o.UserID, ""
}

// finish writes what was said of everybody who was asked.
func (w *walk) finish() Decision {
	w.a.Candidates = []desk.Candidate{}
	for i, v := range w.asked {
		if v.reason == "" {
			continue
		}
		c := &w.cs[i]
		x := desk.Candidate{UserID: c.User.ID, Name: c.User.Name, Open: c.Open, LastAssigned: c.User.LastAssigned, Chosen: v.reason == Chosen, Reason: v.reason, Missing: v.missing}
		if v.reason == Away {
			x.By = c.User.By
		}
		x.Load, x.Limit, x.LimitKind = w.shows(c)
		w.a.Candidates = append(w.a.Candidates, x)
	}
	w.a.Candidates = append(w.a.Candidates, w.unknown...)
	if w.in.Own && w.a.Queued {
		w.a.Policy = &w.in.Policy
	}
	return w.a
}
