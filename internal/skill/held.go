package skill

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/skill/tongue"
)

const maxHeld = 200

type heldRow struct {
	user desk.UserID
	desk.SkillHeld
}

func scanHeld(r db.Scanner) (h heldRow, err error) {
	err = r.Scan(&h.user, &h.Slug, &h.Level, &h.Main, &h.ExpiresAt)
	return h, err
}

// Of returns what each of the users knows, by slug; expired skills too, with when that was.
func (s *Service) Of(ctx context.Context, q db.Queryer, users []desk.UserID) (map[desk.UserID][]desk.SkillHeld, error) {
	out := map[desk.UserID][]desk.SkillHeld{}
	if len(users) == 0 {
		return out, nil
	}
	hs, err := db.All(ctx, q, scanHeld, `SELECT u.user_id, s.slug, u.level, u.main, u.expires_at FROM user_skills u JOIN skills s ON s.id = u.skill_id
		WHERE u.user_id IN `+db.IDs(users)+` ORDER BY u.main DESC, s.slug`)
	if err != nil {
		return nil, fmt.Errorf("skill: of: %w", err)
	}
	for _, h := range hs {
		out[h.user] = append(out[h.user], h.SkillHeld)
	}
	return out, nil
}

// Held is somebody who has a skill.
type Held struct {
	UserID desk.UserID `json:"user_id"`
	Name   string      `json:"name"`
	desk.SkillHeld
}

// Used says who has a skill and which rules ask for it.
type Used struct {
	Users []Held `json:"users"`
	Total int    `json:"total" doc:"How many have it; the first 200 are listed."`
	Rules []Use  `json:"rules"`
}

// UsesOf says who has a skill and which rules ask for it (SK-04).
func (s *Service) UsesOf(ctx context.Context, q db.Queryer, slug string) (Used, error) {
	out := Used{Rules: []Use{}}
	var err error
	out.Users, err = db.All(ctx, q, func(r db.Scanner) (h Held, err error) {
		err = r.Scan(&h.UserID, &h.Name, &h.Slug, &h.Level, &h.Main, &h.ExpiresAt)
		return h, err
	}, `SELECT p.id, COALESCE(NULLIF(p.name, ''), p.email), s.slug, u.level, u.main, u.expires_at FROM user_skills u JOIN skills s ON s.id = u.skill_id JOIN users p ON p.id = u.user_id
		WHERE s.slug = $1 ORDER BY p.name, p.id LIMIT 200`, slug)
	if err != nil {
		return out, fmt.Errorf("skill: uses: %w", err)
	}
	if err := q.QueryRow(ctx, `SELECT COUNT(*) FROM user_skills u JOIN skills s ON s.id = u.skill_id WHERE s.slug = $1`, slug).Scan(&out.Total); err != nil {
		return out, fmt.Errorf("skill: uses: %w", err)
	}
	uses, err := s.uses(ctx, q)
	for _, u := range uses {
		if slices.Contains(u.Skills, slug) {
			out.Rules = append(out.Rules, u)
		}
	}
	return out, err
}

// sentence names the first few.
func (u Used) sentence() string {
	const few = 5
	parts := []string{}
	names := []string{}
	for _, h := range u.Users[:min(few, len(u.Users))] {
		names = append(names, h.Name)
	}
	if len(names) > 0 {
		if u.Total > len(names) {
			names = append(names, strconv.Itoa(u.Total-len(names))+" more")
		}
		parts = append(parts, strings.Join(names, ", ")+" have it")
	}
	names = nil
	for _, r := range u.Rules[:min(few, len(u.Rules))] {
		names = append(names, r.Rule+" ("+r.Name+")")
	}
	if len(names) > 0 {
		if len(u.Rules) > len(names) {
			names = append(names, strconv.Itoa(len(u.Rules)-len(names))+" more")
		}
		parts = append(parts, "the rules "+strings.Join(names, ", ")+" ask for it")
	}
	return strings.Join(parts, "; ")
}

// Grant sets what somebody knows, the whole of it. A main language is main for languages only. Records user.skills_changed; nothing when nothing changed.
func (s *Service) Grant(ctx context.Context, tx *db.Tx, actor desk.Actor, user desk.UserID, skills []desk.SkillHeld) ([]desk.SkillHeld, error) {
	if len(skills) > maxHeld {
		return nil, desk.Errorf(desk.TooLarge, "skill.too_many", "A person may have at most %d skills.", maxHeld).In("skills")
	}
	had, err := s.Of(ctx, tx, []desk.UserID{user})
	if err != nil {
		return nil, err
	}
	skills = slices.Clone(skills)
	slices.SortFunc(skills, func(a, b desk.SkillHeld) int { return strings.Compare(a.Slug, b.Slug) }) // one order of locks
	ids := make([]int64, len(skills))
	for i := range skills {
		k, at := &skills[i], "skills["+strconv.Itoa(i)+"]"
		if k.Level == 0 {
			k.Level = 3
		}
		if k.Level < 1 || k.Level > 5 {
			return nil, desk.Errorf(desk.Invalid, "skill.level", "A level is 1 to 5.").In(at + ".level")
		}
		if i > 0 && skills[i-1].Slug == k.Slug {
			return nil, desk.Errorf(desk.Invalid, "skill.twice", "%s is named twice.", k.Slug).In(at + ".slug")
		}
		if k.Main && !slices.Contains(tongue.Codes, k.Slug) {
			k.Main = false
		}
		found, err := s.find(ctx, tx, k.Slug)
		if desk.CodeOf(err) == desk.NotFound {
			return nil, desk.Errorf(desk.Invalid, "skill.unknown", "There is no skill %q.", k.Slug).In(at + ".slug")
		}
		if err != nil {
			return nil, err
		}
		ids[i] = found.id
	}
	before, _ := json.Marshal(sorted(had[user]))
	after, _ := json.Marshal(sorted(skills))
	if string(before) == string(after) || len(skills) == 0 && len(had[user]) == 0 {
		return had[user], nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM user_skills WHERE user_id = $1`, user); err != nil {
		return nil, fmt.Errorf("skill: grant: %w", err)
	}
	for i, k := range skills {
		if _, err := tx.Exec(ctx, `INSERT INTO user_skills (user_id, skill_id, level, main, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)`, user, ids[i], k.Level, k.Main, k.ExpiresAt, s.clk.Ms()); err != nil {
			return nil, fmt.Errorf("skill: grant: %w", err)
		}
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvUserSkills, Actor: actor, UserID: user, Data: event.Data(map[string]any{"skills": sorted(skills), "before": sorted(had[user])})})
	if err != nil {
		return nil, err
	}
	now, err := s.Of(ctx, tx, []desk.UserID{user})
	return now[user], err
}

func sorted(ks []desk.SkillHeld) []desk.SkillHeld {
	out := append([]desk.SkillHeld{}, ks...)
	slices.SortFunc(out, func(a, b desk.SkillHeld) int { return strings.Compare(a.Slug, b.Slug) })
	return out
}
