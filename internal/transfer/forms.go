package transfer

import (
	"context"
	"encoding/json"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
)

// Form is a form. Its channel, if it is one, stands among the channels and names it.
type Form struct {
	Slug       string          `yaml:"slug"`
	Name       *string         `yaml:"name,omitempty"`
	Active     *bool           `yaml:"active,omitempty"`
	Definition *map[string]any `yaml:"definition,omitempty"`
}

func bareForm(d form.Definition) map[string]any {
	b, _ := json.Marshal(d)
	var m map[string]any
	_ = json.Unmarshal(b, &m)
	strip(m)
	quiet(m)
	return m
}

// quiet takes out what says no and none.
func quiet(v any) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			quiet(e)
		}
	case map[string]any:
		for k, e := range x {
			quiet(e)
			if e == false || e == float64(0) {
				delete(x, k)
			}
			if m, ok := e.(map[string]any); ok && len(m) == 0 {
				delete(x, k)
			}
		}
	}
}

func (s *Service) exportForms(ctx context.Context, q db.Queryer, f *File) error {
	if s.Forms == nil {
		return nil
	}
	all, err := s.Forms.List(ctx, q, false)
	for _, x := range all {
		body := bareForm(x.Definition)
		f.Forms = append(f.Forms, Form{Slug: x.Slug, Name: &x.Name, Active: &x.Active, Definition: &body})
	}
	return err
}

func (a *applying) forms(ctx context.Context) error {
	seen := map[string]bool{}
	for i, x := range a.src.Forms {
		path := indexed("forms", i)
		if err := a.once(seen, path, x.Slug); err != nil {
			return err
		}
		if err := a.form(ctx, path, x); err != nil {
			return a.src.at(path, err)
		}
	}
	if !a.o.Prune || a.src.Forms == nil || a.Forms == nil {
		return nil
	}
	all, err := a.Forms.List(ctx, a.tx, false)
	yes := true
	for _, x := range all {
		if seen[x.Slug] {
			continue
		}
		if _, err := a.Forms.Update(ctx, a.tx, a.o.Actor, x.ID, form.Change{Archived: &yes}); err != nil {
			return err
		}
	}
	return err
}

func (a *applying) form(ctx context.Context, path string, x Form) error {
	if a.Forms == nil {
		return desk.Errorf(desk.Invalid, "config.forms", "This installation keeps no forms.")
	}
	var def *form.Definition
	if x.Definition != nil {
		b, err := json.Marshal(*x.Definition)
		if err != nil {
			return err
		}
		def = &form.Definition{}
		if err := json.Unmarshal(b, def); err != nil {
			return desk.Errorf(desk.Invalid, "config.form", "The definition of the form cannot be read: %v.", err).In("definition")
		}
	}
	have, err := a.Forms.BySlug(ctx, a.tx, x.Slug)
	if desk.CodeOf(err) == desk.NotFound {
		n := form.NewForm{Slug: x.Slug, Name: x.Slug, Definition: def, Active: x.Active}
		if x.Name != nil {
			n.Name = *x.Name
		}
		_, err = a.Forms.Create(ctx, a.tx, a.o.Actor, n)
		return err
	}
	if err != nil {
		return err
	}
	no := false
	_, err = a.Forms.Update(ctx, a.tx, a.o.Actor, have.ID, form.Change{Name: x.Name, Active: x.Active, Definition: def, Archived: &no})
	_ = path
	return err
}
