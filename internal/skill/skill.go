// Package skill owns what people know: categories of skills, skills, and who has which at what level (the tables skill_categories, skills, user_skills).
// Languages are built in: each is there when somebody is given it. It refuses a name that is taken and the removal of what somebody has or a rule asks for,
// saying who and which. It decides no assignment. Called by assignment (whom a rule fits), transfer and the work API.
package skill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/skill/tongue"
)

// Language is the category that is built in (SK-03), and in a rule the language that the customer writes in (SK-09).
const Language = "language"

const (
	maxName       = 120
	maxCategories = 100
	maxSkills     = 2000
)

// Skill is one thing that somebody may know.
type Skill struct {
	Slug     string `json:"slug" doc:"A language's is its code, such as da."`
	Name     string `json:"name" doc:"Empty for a language: screens name it in the reader's own."`
	Category string `json:"category"`
	Users    int    `json:"users" doc:"How many have it."`
	Rules    int    `json:"rules" doc:"How many rules ask for it."`
	id       int64
}

// Category is a heading over skills.
type Category struct {
	Slug    string  `json:"slug"`
	Name    string  `json:"name" doc:"Empty for the built-in category of languages, unless it was renamed."`
	BuiltIn bool    `json:"built_in"`
	Skills  []Skill `json:"skills"`
	id      int64
}

// Use is a rule that asks for skills.
type Use struct {
	Kind   string   `json:"kind" enum:"channel,chatflow"`
	ID     string   `json:"id" doc:"Of the channel account or the chatflow."`
	Name   string   `json:"name"`
	Rule   string   `json:"rule"`
	Skills []string `json:"skills"`
}

// Uses finds every rule that asks for skills. It looks into settings that others own.
type Uses func(ctx context.Context, q db.Queryer) ([]Use, error)

// Service is the skills of this installation. Safe for concurrent use.
type Service struct {
	clk  *clock.Clock
	ev   *event.Log
	uses Uses
	Home func(ctx context.Context, q db.Queryer) (string, error) // the company's locale
}

// New makes the service; uses nil is no rules.
func New(clk *clock.Clock, ev *event.Log, uses Uses) *Service {
	if uses == nil {
		uses = func(context.Context, db.Queryer) ([]Use, error) { return nil, nil }
	}
	return &Service{clk: clk, ev: ev, uses: uses}
}

func scanSkill(r db.Scanner) (k Skill, err error) {
	err = r.Scan(&k.id, &k.Slug, &k.Name, &k.Category)
	return k, err
}

const skillSelect = `SELECT s.id, s.slug, s.name, c.slug FROM skills s JOIN skill_categories c ON c.id = s.category_id`

// List returns the categories in their order, each with its skills; the languages first, of them those that somebody has or a rule names.
func (s *Service) List(ctx context.Context, q db.Queryer) ([]Category, error) {
	cats, err := db.All(ctx, q, func(r db.Scanner) (c Category, err error) {
		err = r.Scan(&c.id, &c.Slug, &c.Name)
		c.BuiltIn, c.Skills = c.Slug == Language, []Skill{}
		return c, err
	}, `SELECT id, slug, name FROM skill_categories ORDER BY position, id`)
	if err != nil {
		return nil, fmt.Errorf("skill: list: %w", err)
	}
	if !slices.ContainsFunc(cats, func(c Category) bool { return c.Slug == Language }) {
		cats = append([]Category{{Slug: Language, BuiltIn: true, Skills: []Skill{}}}, cats...)
	}
	all, err := s.all(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range cats {
		for _, k := range all {
			if k.Category == cats[i].Slug && (!cats[i].BuiltIn || k.Users+k.Rules > 0) {
				cats[i].Skills = append(cats[i].Skills, k)
			}
		}
	}
	slices.SortStableFunc(cats, func(a, b Category) int {
		switch {
		case a.BuiltIn:
			return -1
		case b.BuiltIn:
			return 1
		}
		return 0
	})
	return cats, nil
}

// all is every skill with how often it is used; a language that only rules name is there too.
func (s *Service) all(ctx context.Context, q db.Queryer) ([]Skill, error) {
	ks, err := db.All(ctx, q, scanSkill, skillSelect+` ORDER BY s.position, s.id`)
	if err != nil {
		return nil, fmt.Errorf("skill: all: %w", err)
	}
	type count struct {
		id int64
		n  int
	}
	counts, err := db.All(ctx, q, func(r db.Scanner) (c count, err error) { err = r.Scan(&c.id, &c.n); return c, err }, `SELECT skill_id, COUNT(*) FROM user_skills GROUP BY skill_id`)
	if err != nil {
		return nil, fmt.Errorf("skill: all: %w", err)
	}
	for _, c := range counts {
		for i := range ks {
			if ks[i].id == c.id {
				ks[i].Users = c.n
			}
		}
	}
	uses, err := s.uses(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, u := range uses {
		for _, slug := range u.Skills {
			i := slices.IndexFunc(ks, func(k Skill) bool { return k.Slug == slug })
			if i < 0 {
				if !slices.Contains(tongue.Codes, slug) {
					continue
				}
				ks, i = append(ks, Skill{Slug: slug, Category: Language}), len(ks)
			}
			ks[i].Rules++
		}
	}
	return ks, nil
}

// Unknown returns those of the slugs that are no skill, for rules that are about to be stored.
func (s *Service) Unknown(ctx context.Context, q db.Queryer, slugs []string) (unknown []string, err error) {
	for _, slug := range slugs {
		if slug == Language || slices.Contains(tongue.Codes, slug) {
			continue
		}
		var n int
		if err := q.QueryRow(ctx, `SELECT COUNT(*) FROM skills WHERE slug = $1`, slug).Scan(&n); err != nil {
			return nil, fmt.Errorf("skill: unknown: %w", err)
		}
		if n == 0 {
			unknown = append(unknown, slug)
		}
	}
	return unknown, nil
}

// Spoken are the languages that people here are skilled in: what a short text may be in is likely one of them (SK-09).
func (s *Service) Spoken(ctx context.Context, q db.Queryer) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `SELECT DISTINCT s.slug FROM skills s JOIN skill_categories c ON c.id = s.category_id JOIN user_skills u ON u.skill_id = s.id
		WHERE c.slug = $1 ORDER BY s.slug`, Language)
}

// LanguageOf is the language of a text as far as its words are sure, with the languages that are spoken here deciding between neighbours; else the first of
// the hints that is one.
func (s *Service) LanguageOf(ctx context.Context, q db.Queryer, text string, hints ...string) (string, error) {
	likely, err := s.Spoken(ctx, q)
	if err != nil {
		return "", err
	}
	if s.Home != nil {
		home, err := s.Home(ctx, q)
		if err != nil {
			return "", err
		}
		if code := tongue.Code(home); code != "" && !slices.Contains(likely, code) {
			likely = append(likely, code)
		}
	}
	if code, sure := tongue.Detect(text, likely...); sure {
		return code, nil
	}
	for _, h := range hints {
		if code := tongue.Code(h); code != "" {
			return code, nil
		}
	}
	return "", nil
}

func checkName(field, name string) (string, error) {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	switch {
	case name == "":
		return "", desk.Errorf(desk.Invalid, "skill.name_missing", "Give it a name.").In(field)
	case utf8.RuneCountInString(name) > maxName || strings.ContainsRune(name, 0):
		return "", desk.Errorf(desk.Invalid, "skill.name_malformed", "A name may have at most %d characters.", maxName).In(field)
	}
	return name, nil
}

// language returns the id of the built-in category, which is made when it is first needed.
func (s *Service) language(ctx context.Context, tx *db.Tx) (id int64, err error) {
	if _, err := tx.Exec(ctx, `INSERT INTO skill_categories (id, slug, name, position, created_at) VALUES ($1, $2, '', 0, $3) ON CONFLICT (slug) DO NOTHING`, tx.NewID(), Language, s.clk.Ms()); err != nil {
		return 0, fmt.Errorf("skill: language: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT id FROM skill_categories WHERE slug = $1`, Language).Scan(&id)
	return id, err
}

// find returns a skill with its row held; a language gets its row now.
func (s *Service) find(ctx context.Context, tx *db.Tx, slug string) (Skill, error) {
	if slices.Contains(tongue.Codes, slug) {
		cat, err := s.language(ctx, tx)
		if err != nil {
			return Skill{}, err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO skills (id, category_id, slug, name, position, created_at) VALUES ($1, $2, $3, '', 0, $4) ON CONFLICT (slug) DO NOTHING`, tx.NewID(), cat, slug, s.clk.Ms()); err != nil {
			return Skill{}, fmt.Errorf("skill: language: %w", err)
		}
	}
	if _, err := db.All(ctx, tx, db.Column[int64], `SELECT id FROM skills WHERE slug = $1`+tx.ForUpdate(), slug); err != nil {
		return Skill{}, fmt.Errorf("skill: find: %w", err)
	}
	k, err := db.One(ctx, tx, scanSkill, skillSelect+` WHERE s.slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return k, desk.Errorf(desk.NotFound, "skill.not_found", "There is no skill %q.", slug)
	}
	return k, err
}

// tell records a change of what can be known, with before and after.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, object, slug string, before, after any) error {
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": object, "slug": slug, "before": before, "after": after})})
	return err
}
