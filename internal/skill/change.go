package skill

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/skill/tongue"
)

type named struct {
	Name     string `json:"name"`
	Category string `json:"category,omitempty"`
}

// category returns a category with its row held.
func (s *Service) category(ctx context.Context, tx *db.Tx, slug string) (c Category, err error) {
	if slug == Language {
		if _, err := s.language(ctx, tx); err != nil {
			return c, err
		}
	}
	c, ok, err := first(ctx, tx, func(r db.Scanner) (c Category, err error) { err = r.Scan(&c.id, &c.Slug, &c.Name); return c, err }, `SELECT id, slug, name FROM skill_categories WHERE slug = $1`+tx.ForUpdate(), slug)
	if err == nil && !ok {
		err = desk.Errorf(desk.NotFound, "skill.category_not_found", "There is no category %q.", slug)
	}
	c.BuiltIn, c.Skills = c.Slug == Language, []Skill{}
	return c, err
}

func first[T any](ctx context.Context, q db.Queryer, scan func(db.Scanner) (T, error), query string, args ...any) (x T, ok bool, err error) {
	all, err := db.All(ctx, q, scan, query, args...)
	if err != nil {
		return x, false, fmt.Errorf("skill: read: %w", err)
	}
	if len(all) == 0 {
		return x, false, nil
	}
	return all[0], true, nil
}

// free makes a slug of a name that nothing in the table has; languages keep their codes.
func free(ctx context.Context, tx *db.Tx, table, name string) (string, error) {
	base := desk.Slug(name)
	if base == "" || base == Language || slices.Contains(tongue.Codes, base) {
		base = strings.Trim("skill-"+base, "-")
	}
	for n := 1; n < 1000; n++ {
		slug := base
		if n > 1 {
			slug += "-" + strconv.Itoa(n)
		}
		var have int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM `+table+` WHERE slug = $1`, slug).Scan(&have); err != nil {
			return "", fmt.Errorf("skill: slug: %w", err)
		}
		if have == 0 {
			return slug, nil
		}
	}
	return "", desk.Errorf(desk.Conflict, "skill.name_taken", "There are too many skills of that name.").In("name")
}

// CreateCategory adds a category. Slug is made of the name when it is empty.
func (s *Service) CreateCategory(ctx context.Context, tx *db.Tx, actor desk.Actor, slug, name string) (Category, error) {
	name, err := checkName("name", name)
	if err != nil {
		return Category{}, err
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM skill_categories`).Scan(&n); err != nil {
		return Category{}, fmt.Errorf("skill: create category: %w", err)
	}
	if n >= maxCategories {
		return Category{}, desk.Errorf(desk.TooLarge, "skill.too_many", "There may be at most %d categories.", maxCategories)
	}
	if err := s.nameFree(ctx, tx, "skill_categories", name, 0); err != nil {
		return Category{}, err
	}
	if slug == "" {
		if slug, err = free(ctx, tx, "skill_categories", name); err != nil {
			return Category{}, err
		}
	}
	if err := desk.CheckSlug("slug", slug); err != nil {
		return Category{}, err
	}
	made, err := tx.Exec(ctx, `INSERT INTO skill_categories (id, slug, name, position, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (slug) DO NOTHING`, tx.NewID(), slug, name, n+1, s.clk.Ms())
	if err != nil {
		return Category{}, fmt.Errorf("skill: create category: %w", err)
	}
	if made == 0 {
		return Category{}, desk.Errorf(desk.Conflict, "skill.slug_taken", "There is already a category with the short name %s.", slug).In("slug")
	}
	return Category{Slug: slug, Name: name, Skills: []Skill{}}, s.tell(ctx, tx, actor, "skill_category", slug, nil, named{Name: name})
}

func (s *Service) nameFree(ctx context.Context, tx *db.Tx, table, name string, but int64) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM `+table+` WHERE LOWER(name) = LOWER($1) AND id <> $2`, name, but).Scan(&n); err != nil {
		return fmt.Errorf("skill: name: %w", err)
	}
	if n > 0 {
		return desk.Errorf(desk.Conflict, "skill.name_taken", "There is already one called %s.", name).In("name")
	}
	return nil
}

// RenameCategory gives a category another name (SK-04).
func (s *Service) RenameCategory(ctx context.Context, tx *db.Tx, actor desk.Actor, slug, name string) (Category, error) {
	c, err := s.category(ctx, tx, slug)
	if err != nil {
		return c, err
	}
	before := named{Name: c.Name}
	if c.Name, err = checkName("name", name); err != nil {
		return c, err
	}
	if c.Name == before.Name {
		return c, nil
	}
	if err := s.nameFree(ctx, tx, "skill_categories", c.Name, c.id); err != nil {
		return c, err
	}
	if _, err := tx.Exec(ctx, `UPDATE skill_categories SET name = $1 WHERE id = $2`, c.Name, c.id); err != nil {
		return c, fmt.Errorf("skill: rename category: %w", err)
	}
	return c, s.tell(ctx, tx, actor, "skill_category", slug, before, named{Name: c.Name})
}

// RemoveCategory deletes a category that holds no skills any more.
func (s *Service) RemoveCategory(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string) error {
	c, err := s.category(ctx, tx, slug)
	if err != nil {
		return err
	}
	if c.BuiltIn {
		return desk.Errorf(desk.Conflict, "skill.built_in", "Languages are always there.")
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM skills WHERE category_id = $1`, c.id).Scan(&n); err != nil {
		return fmt.Errorf("skill: remove category: %w", err)
	}
	if n > 0 {
		return desk.Errorf(desk.Conflict, "skill.category_used", "%s still has %d skills. Move them to another category or delete them first.", c.Name, n)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM skill_categories WHERE id = $1`, c.id); err != nil {
		return fmt.Errorf("skill: remove category: %w", err)
	}
	return s.tell(ctx, tx, actor, "skill_category", slug, named{Name: c.Name}, nil)
}

// New is a skill to be made. Slug is made of the name when it is empty.
type NewSkill struct{ Slug, Name string }

// Create adds skills to a category, all of them or none (SK-03).
func (s *Service) Create(ctx context.Context, tx *db.Tx, actor desk.Actor, category string, skills []NewSkill) ([]Skill, error) {
	c, err := s.category(ctx, tx, category)
	if err != nil {
		return nil, err
	}
	if c.BuiltIn {
		return nil, desk.Errorf(desk.Invalid, "skill.built_in", "Languages are there by themselves: give one to somebody, and it is in use.").In("category")
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM skills`).Scan(&n); err != nil {
		return nil, fmt.Errorf("skill: create: %w", err)
	}
	if n+len(skills) > maxSkills {
		return nil, desk.Errorf(desk.TooLarge, "skill.too_many", "There may be at most %d skills.", maxSkills)
	}
	out := []Skill{}
	for i, k := range skills {
		field := "names[" + strconv.Itoa(i) + "]"
		name, err := checkName(field, k.Name)
		if err != nil {
			return nil, err
		}
		if err := s.nameFree(ctx, tx, "skills", name, 0); err != nil {
			return nil, err
		}
		slug := k.Slug
		if slug == "" {
			if slug, err = free(ctx, tx, "skills", name); err != nil {
				return nil, err
			}
		}
		if err := desk.CheckSlug("slug", slug); err != nil {
			return nil, err
		}
		if slug == Language || slices.Contains(tongue.Codes, slug) {
			return nil, desk.Errorf(desk.Invalid, "skill.slug_language", "%s is the code of a language, which is there by itself.", slug).In("slug")
		}
		made, err := tx.Exec(ctx, `INSERT INTO skills (id, category_id, slug, name, position, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (slug) DO NOTHING`, tx.NewID(), c.id, slug, name, n+i+1, s.clk.Ms())
		if err != nil {
			return nil, fmt.Errorf("skill: create: %w", err)
		}
		if made == 0 {
			return nil, desk.Errorf(desk.Conflict, "skill.slug_taken", "There is already a skill with the short name %s.", slug).In("slug")
		}
		if err := s.tell(ctx, tx, actor, "skill", slug, nil, named{name, category}); err != nil {
			return nil, err
		}
		out = append(out, Skill{Slug: slug, Name: name, Category: category})
	}
	return out, nil
}

// Change says what to change; nil leaves a field alone.
type Change struct{ Name, Category *string }

// Update renames a skill or moves it to another category (SK-04). Rules and people keep it: they know it by its slug.
func (s *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string, c Change) (Skill, error) {
	if slices.Contains(tongue.Codes, slug) {
		return Skill{}, desk.Errorf(desk.Conflict, "skill.built_in", "Languages keep their names.")
	}
	k, err := s.find(ctx, tx, slug)
	if err != nil {
		return k, err
	}
	before := named{k.Name, k.Category}
	if c.Name != nil {
		if k.Name, err = checkName("name", *c.Name); err != nil {
			return k, err
		}
		if err := s.nameFree(ctx, tx, "skills", k.Name, k.id); err != nil {
			return k, err
		}
	}
	if c.Category != nil {
		k.Category = *c.Category
	}
	after := named{k.Name, k.Category}
	if after == before {
		return k, nil
	}
	cat, err := s.category(ctx, tx, k.Category)
	if err != nil {
		return k, err
	}
	if cat.BuiltIn {
		return k, desk.Errorf(desk.Invalid, "skill.built_in", "Only languages stand among the languages.").In("category")
	}
	if _, err := tx.Exec(ctx, `UPDATE skills SET name = $1, category_id = $2 WHERE id = $3`, k.Name, cat.id, k.id); err != nil {
		return k, fmt.Errorf("skill: update: %w", err)
	}
	return k, s.tell(ctx, tx, actor, "skill", slug, before, after)
}

// Remove deletes a skill that nobody has and no rule asks for; otherwise it says who and which (SK-04).
func (s *Service) Remove(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string) error {
	if slices.Contains(tongue.Codes, slug) {
		return desk.Errorf(desk.Conflict, "skill.built_in", "Languages are always there. Take it from those who have it, and it is out of sight.")
	}
	k, err := s.find(ctx, tx, slug)
	if err != nil {
		return err
	}
	used, err := s.UsesOf(ctx, tx, slug)
	if err != nil {
		return err
	}
	if used.Total > 0 || len(used.Rules) > 0 {
		return desk.Errorf(desk.Conflict, "skill.used", "%s cannot be deleted while it is used: %s.", k.Name, used.sentence())
	}
	if _, err := tx.Exec(ctx, `DELETE FROM skills WHERE id = $1`, k.id); err != nil {
		return fmt.Errorf("skill: remove: %w", err)
	}
	return s.tell(ctx, tx, actor, "skill", slug, named{k.Name, k.Category}, nil)
}
