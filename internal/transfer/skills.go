package transfer

import (
	"context"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/skill"
)

// SkillCategory is a category with its skills (SK-03). Languages stand in none: each is there.
type SkillCategory struct {
	Slug   string  `yaml:"slug"`
	Name   *string `yaml:"name,omitempty"`
	Skills []Skill `yaml:"skills,omitempty"`
}

// Skill is one thing that somebody may know.
type Skill struct {
	Slug string  `yaml:"slug"`
	Name *string `yaml:"name,omitempty"`
}

// UserSkill is what a user knows; the slug alone is a level in the middle. Expires is the last day, such as 2027-06-30.
type UserSkill struct {
	Skill   string `yaml:"skill"`
	Level   int    `yaml:"level,omitempty"`
	Main    bool   `yaml:"main,omitempty"`
	Expires string `yaml:"expires,omitempty"`
}

// UnmarshalYAML reads a slug alone, too.
func (u *UserSkill) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		u.Skill = n.Value
		return nil
	}
	type plain UserSkill
	return n.Decode((*plain)(u))
}

// Work is how work is given to people.
type Work struct {
	Capacity     *setting.Capacity     `yaml:"capacity,omitempty"`
	Associations *setting.Associations `yaml:"associations,omitempty"`
	Waiting      *setting.Waiting      `yaml:"waiting,omitempty"`
	Tickets      *Ticketing            `yaml:"tickets,omitempty"`
}

// Ticketing is how tickets are worked on.
type Ticketing struct {
	OpenTags      *bool   `yaml:"open_tags,omitempty"`
	SubjectNumber *string `yaml:"number_in_subject,omitempty"` // off, end
	HoldAnswers   *bool   `yaml:"hold_answers,omitempty"`
}

func (s *Service) exportSkills(ctx context.Context, q db.Queryer, f *File) error {
	if s.Skills == nil {
		return nil
	}
	cats, err := s.Skills.List(ctx, q)
	if err != nil {
		return err
	}
	for _, c := range cats {
		if c.BuiltIn && c.Name == "" {
			continue
		}
		x := SkillCategory{Slug: c.Slug, Name: &c.Name}
		for _, k := range c.Skills {
			if !c.BuiltIn {
				x.Skills = append(x.Skills, Skill{Slug: k.Slug, Name: &k.Name})
			}
		}
		f.Skills = append(f.Skills, x)
	}
	return nil
}

func (s *Service) exportWork(ctx context.Context, q db.Queryer, f *File) error {
	c, err := s.Settings.Capacity(ctx, q)
	if err != nil {
		return err
	}
	l, err := s.Settings.Associations(ctx, q)
	w, err := s.Settings.Waiting(ctx, q)
	if err != nil {
		return err
	}
	t, err := s.Settings.Ticketing(ctx, q)
	if err != nil {
		return err
	}
	f.Work = &Work{Capacity: &c, Associations: &l, Waiting: &w, Tickets: &Ticketing{&t.OpenTags, &t.SubjectNumber, &t.HoldAnswers}}
	return s.exportTags(ctx, q, f)
}

// exportHeld is what a user knows, and the limits that are theirs alone.
func (s *Service) exportHeld(ctx context.Context, q db.Queryer, u desk.User, x *User) error {
	own, err := s.People.Capacities(ctx, q, []desk.UserID{u.ID})
	if err != nil {
		return err
	}
	if c, ok := own[u.ID]; ok {
		x.Capacity = &c
	}
	if s.Skills == nil {
		return nil
	}
	held, err := s.Skills.Of(ctx, q, []desk.UserID{u.ID})
	if err != nil {
		return err
	}
	list := []UserSkill{}
	for _, h := range held[u.ID] {
		k := UserSkill{Skill: h.Slug, Level: h.Level, Main: h.Main}
		if h.ExpiresAt != 0 {
			k.Expires = time.UnixMilli(int64(h.ExpiresAt)).UTC().Format(time.DateOnly)
		}
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b UserSkill) int { return strings.Compare(a.Skill, b.Skill) })
	if len(list) > 0 {
		x.Skills = &list
	}
	return nil
}

func (a *applying) skills(ctx context.Context) error {
	if a.Skills == nil || len(a.src.Skills) == 0 {
		return nil
	}
	have, err := a.Skills.List(ctx, a.tx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, c := range a.src.Skills {
		path := indexed("skills", i)
		if err := a.once(seen, path, c.Slug); err != nil {
			return err
		}
		name := c.Slug
		set(&name, c.Name)
		switch {
		case !slices.ContainsFunc(have, func(x skill.Category) bool { return x.Slug == c.Slug }):
			_, err = a.Skills.CreateCategory(ctx, a.tx, a.o.Actor, c.Slug, name)
		case c.Name != nil && name != "":
			_, err = a.Skills.RenameCategory(ctx, a.tx, a.o.Actor, c.Slug, name)
		}
		if err != nil {
			return a.src.at(path, err)
		}
		for j, k := range c.Skills {
			if err := a.skill(ctx, path+"."+indexed("skills", j), c.Slug, k, have); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *applying) skill(ctx context.Context, path, category string, k Skill, have []skill.Category) error {
	there := slices.ContainsFunc(have, func(c skill.Category) bool {
		return slices.ContainsFunc(c.Skills, func(x skill.Skill) bool { return x.Slug == k.Slug })
	})
	name := k.Slug
	set(&name, k.Name)
	var err error
	if there {
		_, err = a.Skills.Update(ctx, a.tx, a.o.Actor, k.Slug, skill.Change{Name: k.Name, Category: &category})
	} else {
		_, err = a.Skills.Create(ctx, a.tx, a.o.Actor, category, []skill.NewSkill{{Slug: k.Slug, Name: name}})
	}
	if err != nil {
		return a.src.at(path, err)
	}
	return nil
}

// held gives a user what the file says they know, and their limits.
func (a *applying) held(ctx context.Context, path string, id desk.UserID, u User) error {
	if u.Capacity != nil {
		if err := setting.CheckCapacity("capacity", *u.Capacity); err != nil {
			return a.src.at(path, err)
		}
		if err := a.People.SetCapacity(ctx, a.tx, a.o.Actor, id, u.Capacity); err != nil {
			return a.src.at(path+".capacity", err)
		}
	}
	if u.Skills == nil || a.Skills == nil {
		return nil
	}
	list := []desk.SkillHeld{}
	for i, k := range *u.Skills {
		h := desk.SkillHeld{Slug: k.Skill, Level: k.Level, Main: k.Main}
		if k.Expires != "" {
			day, err := time.Parse(time.DateOnly, k.Expires)
			if err != nil {
				return a.src.refuse(indexed(path+".skills", i), "config.date", "%q is no date such as 2027-06-30.", k.Expires)
			}
			h.ExpiresAt = desk.Time(day.Add(24*time.Hour - time.Second).UnixMilli())
		}
		list = append(list, h)
	}
	if _, err := a.Skills.Grant(ctx, a.tx, a.o.Actor, id, list); err != nil {
		return a.src.at(path+".skills", err)
	}
	return nil
}

func (a *applying) work(ctx context.Context) error {
	if a.src.Work == nil {
		return nil
	}
	if w := a.src.Work.Waiting; w != nil {
		if _, err := a.Settings.SetWaiting(ctx, a.tx, a.o.Actor, *w); err != nil {
			return err
		}
	}
	if l := a.src.Work.Associations; l != nil {
		if _, err := a.Settings.SetAssociations(ctx, a.tx, a.o.Actor, *l); err != nil {
			return a.src.at("work.associations", err)
		}
	}
	if err := a.ticketing(ctx, a.src.Work.Tickets); err != nil {
		return err
	}
	if a.src.Work.Capacity == nil {
		return nil
	}
	ps, err := a.Tickets.Pipelines(ctx, a.tx)
	if err != nil {
		return err
	}
	_, err = a.Settings.SetCapacity(ctx, a.tx, a.o.Actor, *a.src.Work.Capacity, func(slug string) bool {
		return slices.ContainsFunc(ps, func(p desk.Pipeline) bool {
			return slices.ContainsFunc(p.Statuses, func(st desk.Status) bool { return st.Slug == slug })
		})
	})
	if err != nil {
		return a.src.at("work.capacity", err)
	}
	return nil
}
