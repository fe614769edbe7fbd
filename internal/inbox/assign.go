package inbox

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Limits of a policy.
const (
	maxRules     = 200
	maxFallbacks = 20
	maxWait      = 7 * 24 * 3600 // seconds
)

// CheckAssign fills in what an assignment policy leaves out and refuses what nobody could follow: unknown people and teams, rules that ask for nothing, times that are none.
// Fields are named assign.….
func (s *Service) CheckAssign(ctx context.Context, q db.Queryer, a *desk.AssignPolicy) error {
	return s.checkAssign(ctx, q, a)
}

// checkRules checks all of a policy but whom it names first.
func (s *Service) checkRules(ctx context.Context, q db.Queryer, a *desk.AssignPolicy) error {
	if a.HoldSeconds < 0 || a.HoldSeconds > maxWait {
		return desk.Errorf(desk.Invalid, "assign.hold", "Work is held for at most a week.").In("assign.hold_seconds")
	}
	switch a.Reopened {
	case "", "keep_available", "keep", "again":
	default:
		return desk.Errorf(desk.Invalid, "assign.reopened_unknown", "What is opened again stays with its owner while available, always, or is assigned anew.").In("assign.reopened")
	}
	if a.Hours != "" && s.Hours != nil {
		known, err := s.Hours(ctx, q, a.Hours)
		if err != nil {
			return err
		}
		if !known {
			return desk.Errorf(desk.Invalid, "business_hours.unknown", "There are no business hours %q.", a.Hours).In("assign.hours")
		}
	}
	if err := s.checkNames(ctx, q, "assign", a.Users, a.Teams); err != nil {
		return err
	}
	if len(a.Rules) > maxRules {
		return desk.Errorf(desk.TooLarge, "assign.too_many_rules", "At most %d rules.", maxRules).In("assign.rules")
	}
	for i := range a.Rules {
		if err := s.checkSkillRule(ctx, q, fmt.Sprintf("assign.rules[%d]", i), &a.Rules[i]); err != nil {
			return err
		}
	}
	if len(a.Fallback) > maxFallbacks {
		return desk.Errorf(desk.TooLarge, "assign.too_many_steps", "At most %d fallbacks.", maxFallbacks).In("assign.fallback")
	}
	for i := range a.Fallback {
		if err := s.checkStep(ctx, q, fmt.Sprintf("assign.fallback[%d]", i), &a.Fallback[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkNames(ctx context.Context, q db.Queryer, at string, users, teams []string) error {
	for i, e := range users {
		if n := desk.NormalizeEmail(e); n != "" {
			users[i] = n
		}
	}
	nobody, none, err := s.People.Unknown(ctx, q, users, teams)
	switch {
	case err != nil:
		return err
	case len(nobody) > 0:
		return desk.Errorf(desk.Invalid, "assign.user_unknown", "There is no user with the address %s.", nobody[0]).In(at + ".users")
	case len(none) > 0:
		return desk.Errorf(desk.Invalid, "assign.team_unknown", "There is no team %q.", none[0]).In(at + ".teams")
	}
	return nil
}

// checkSkillRule: a rule has a name to be told by, and asks for a skill.
func (s *Service) checkSkillRule(ctx context.Context, q db.Queryer, at string, r *desk.SkillRule) error {
	if r.Name = strings.TrimSpace(r.Name); r.Name == "" || len(r.Name) > 200 {
		return desk.Errorf(desk.Invalid, "assign.rule_name", "Give the rule a name.").In(at + ".name")
	}
	if len(r.Skills) == 0 && len(r.Users)+len(r.Teams) == 0 {
		return desk.Errorf(desk.Invalid, "assign.rule_empty", "The rule “%s” asks for no skill and names nobody.", r.Name).In(at + ".skills")
	}
	if r.RelaxSeconds < 0 || r.RelaxSeconds > maxWait {
		return desk.Errorf(desk.Invalid, "assign.relax", "A rule waits for at most a week.").In(at + ".relax_seconds")
	}
	if r.If != nil {
		if len(r.If.When) == 0 {
			r.If = nil
		} else if err := condition.Check(*r.If, nil, at+".if"); err != nil {
			return err
		}
	}
	var slugs []string
	for i, n := range r.Skills {
		if n.Level < 0 || n.Level > 5 {
			return desk.Errorf(desk.Invalid, "assign.level", "A level is 1 to 5.").In(fmt.Sprintf("%s.skills[%d].level", at, i))
		}
		if n.Skill == "" {
			return desk.Errorf(desk.Invalid, "assign.skill_missing", "Say which skill.").In(fmt.Sprintf("%s.skills[%d].skill", at, i))
		}
		if n.Skill != "language" && !slices.Contains(slugs, n.Skill) {
			slugs = append(slugs, n.Skill)
		}
	}
	if s.Skills != nil && len(slugs) > 0 {
		unknown, err := s.Skills(ctx, q, slugs)
		if err != nil {
			return err
		}
		if len(unknown) > 0 {
			return desk.Errorf(desk.Invalid, "assign.skill_unknown", "There is no skill %q.", unknown[0]).In(at + ".skills")
		}
	}
	return s.checkNames(ctx, q, at, r.Users, r.Teams)
}

func (s *Service) checkStep(ctx context.Context, q db.Queryer, at string, f *desk.AssignStep) error {
	switch f.To {
	case "owner_team", "no_one":
		f.Users, f.Teams = nil, nil
	case "users":
		f.Teams = nil
	case "teams":
		f.Users = nil
	case "users_and_teams":
	default:
		return desk.Errorf(desk.Invalid, "assign.step_unknown", "A fallback is owner_team, users, teams, users_and_teams or no_one.").In(at + ".to")
	}
	if f.To != "owner_team" && f.To != "no_one" && len(f.Users)+len(f.Teams) == 0 {
		return desk.Errorf(desk.Invalid, "assign.step_empty", "Name who is asked then.").In(at)
	}
	return s.checkNames(ctx, q, at, f.Users, f.Teams)
}
