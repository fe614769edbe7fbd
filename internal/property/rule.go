package property

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// checkDependence refuses a dependence that cannot work: on itself, on what has no options, in a circle, or on options that are not there. all are the
// object's properties.
func checkDependence(p desk.Property, all []desk.Property) error {
	if p.DependsOn == "" {
		return nil
	}
	find := func(name string) (desk.Property, bool) {
		i := slices.IndexFunc(all, func(x desk.Property) bool { return x.Name == name })
		if i < 0 {
			return desk.Property{}, false
		}
		return all[i], true
	}
	on, ok := find(p.DependsOn)
	switch {
	case p.Type != "choice" && p.Type != "multi_choice":
		return desk.Errorf(desk.Invalid, "property.options_unused", "Only a choice has options.").In("depends_on")
	case !ok || on.Type != "choice" || on.Name == p.Name:
		return desk.Errorf(desk.Invalid, "property.depends_unknown", "%q is no other choice of one option, so nothing can depend on it.", p.DependsOn).In("depends_on")
	}
	for at, steps := on, 0; at.DependsOn != ""; steps++ {
		next, ok := find(at.DependsOn)
		if at.DependsOn == p.Name || steps > len(all) {
			return desk.Errorf(desk.Invalid, "property.depends_circle", "%s depends on %s already: the other way round would be a circle.", on.Label, p.Label).In("depends_on")
		}
		if !ok {
			break
		}
		at = next
	}
	for value, allowed := range p.OptionsBy {
		if !slices.Contains(on.Options, value) {
			return desk.Errorf(desk.Invalid, "property.depends_value", "%s has no option %q.", on.Label, value).In("options_by")
		}
		for _, o := range allowed {
			if !slices.Contains(p.Options, o) {
				return desk.Errorf(desk.Invalid, "property.depends_option", "%q is not one of the options of %s.", o, p.Label).In("options_by")
			}
		}
	}
	return nil
}

// checkDependents refuses to take away what the options of another property hang on.
func checkDependents(p desk.Property, left []string, all []desk.Property) error {
	for _, x := range all {
		if x.DependsOn != p.Name {
			continue
		}
		for value := range x.OptionsBy {
			if !slices.Contains(left, value) {
				return desk.Errorf(desk.Conflict, "property.decides", "The option “%s” of %s decides which options %s offers. Change that property first.", value, p.Label, x.Label).In("options")
			}
		}
		if len(left) == 0 {
			return desk.Errorf(desk.Conflict, "property.decides_all", "The options of %s depend on %s. Change that property first.", x.Label, p.Label)
		}
	}
	return nil
}

// Fit refuses values that do not go together: an option that the value of another property excludes (TK-10). values are all of an object's, changed
// names those that were just set; what was so before is left alone.
func (s *Service) Fit(ctx context.Context, q db.Queryer, object string, values, changed map[string]any) error {
	defs, err := s.List(ctx, q, object)
	if err != nil {
		return err
	}
	for _, p := range defs {
		_, own := changed[p.Name]
		_, other := changed[p.DependsOn]
		if p.DependsOn == "" || !own && !other {
			continue
		}
		on, _ := values[p.DependsOn].(string)
		allowed, ruled := p.OptionsBy[on]
		if !ruled {
			continue
		}
		for _, v := range chosen(values[p.Name]) {
			if !slices.Contains(allowed, v) {
				e := desk.Errorf(desk.Invalid, "property.options_conflict", "%s: %s is not offered with %s. Choose one of %s.", p.Label, v, on, strings.Join(allowed, ", ")).In("properties." + p.Name)
				if len(allowed) == 0 {
					e.Public = p.Label + ": with " + on + " this stays empty."
				}
				return e
			}
		}
	}
	return nil
}

func chosen(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []string:
		return x
	case []any:
		out := []string{}
		for _, e := range x {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// Complete refuses an object that lacks what closing asks for, naming the first missing property as the field and all of them in the sentence (TK-10).
func (s *Service) Complete(ctx context.Context, q db.Queryer, object string, values map[string]any) error {
	defs, err := s.List(ctx, q, object)
	if err != nil {
		return err
	}
	first, labels := "", []string{}
	for _, p := range defs {
		if !p.RequiredOnClose || values[p.Name] != nil {
			continue
		}
		if first == "" {
			first = p.Name
		}
		labels = append(labels, p.Label)
	}
	if first == "" {
		return nil
	}
	return desk.Errorf(desk.Invalid, "property.required_on_close", "Fill in %s before closing.", strings.Join(labels, ", ")).In("properties." + first)
}

// Veil says what somebody does not see, and what they see but do not change (PM-11). member reports whether they are among those whom an access names. The
// values of removed properties stay hidden from whom they were.
func Veil(ctx context.Context, q db.Queryer, member func(desk.Access) bool) (desk.Veil, error) {
	var out desk.Veil
	ps, err := db.All(ctx, q, func(r db.Scanner) (p desk.Property, err error) {
		err = r.Scan(&p.Object, &p.Name, db.ScanJSON(&p.Access))
		return p, err
	}, `SELECT object, name, access FROM properties WHERE access <> '' ORDER BY object, name`)
	if err != nil {
		return out, fmt.Errorf("property: access: %w", err)
	}
	for _, p := range ps {
		switch name := p.Object + "." + p.Name; {
		case p.Access == nil:
		case !member(p.Access.View):
			out.Hidden = append(out.Hidden, name)
		case !member(p.Access.Edit):
			out.Fixed = append(out.Fixed, name)
		}
	}
	return out, nil
}

// tidy is nil for what is everybody's.
func tidy(a *desk.PropertyAccess) *desk.PropertyAccess {
	if a == nil || a.View.Everyone && a.Edit.Everyone {
		return nil
	}
	out := *a
	for _, x := range []*desk.Access{&out.View, &out.Edit} {
		x.Users, x.Teams = slices.Compact(slices.Sorted(slices.Values(x.Users))), slices.Compact(slices.Sorted(slices.Values(x.Teams)))
		if x.Everyone || x.Users == nil {
			x.Users = []desk.UserID{}
		}
		if x.Everyone || x.Teams == nil {
			x.Teams = []desk.TeamID{}
		}
	}
	return &out
}

func stored(a *desk.PropertyAccess) string {
	if a == nil {
		return ""
	}
	return string(db.JSON(a))
}
