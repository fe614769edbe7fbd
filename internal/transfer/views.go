package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
)

// View is a saved view that others see; private ones are their owners' and stand in no file. In its filter things are named as everywhere in the file:
// users by address, statuses as PIPELINE/STATUS, the rest by slug.
type View struct {
	Slug    string             `yaml:"slug"`
	Name    *string            `yaml:"name,omitempty"`
	Team    *string            `yaml:"team,omitempty"` // left out: everyone
	Filter  *customview.Filter `yaml:"filter,omitempty"`
	Columns *[]string          `yaml:"columns,omitempty"`
	Sort    *string            `yaml:"sort,omitempty"`
	Group   *string            `yaml:"group,omitempty"`
	Layout  *string            `yaml:"layout,omitempty"`
}

// refNames translate the ids that filters hold into names and back, by kind of thing.
type refNames struct {
	byID map[string]map[string]string // kind, id → name
	ids  map[string]map[string]string // kind, name → id
}

func (r refNames) put(kind, id, name string) {
	if r.byID[kind] == nil {
		r.byID[kind], r.ids[kind] = map[string]string{}, map[string]string{}
	}
	r.byID[kind][id], r.ids[kind][name] = name, id
}

func (s *Service) refNames(ctx context.Context, q db.Queryer) (refNames, error) {
	r := refNames{map[string]map[string]string{}, map[string]map[string]string{}}
	n, err := s.names(ctx, q)
	if err != nil {
		return r, err
	}
	for _, u := range n.users {
		r.put("user", u.ID.String(), u.Email)
	}
	for _, t := range n.teams {
		r.put("team", t.ID.String(), t.Slug)
	}
	pipes, err := s.Tickets.Pipelines(ctx, q)
	if err != nil {
		return r, err
	}
	for _, p := range pipes {
		r.put("pipeline", p.ID.String(), p.Slug)
		for _, st := range p.Statuses {
			r.put("status", st.ID.String(), p.Slug+"/"+st.Slug)
		}
	}
	boxes, err := s.Inboxes.Inboxes(ctx, q)
	if err != nil {
		return r, err
	}
	for _, b := range boxes {
		r.put("inbox", b.ID.String(), b.Slug)
	}
	accs, err := s.Inboxes.Accounts(ctx, q, inbox.Filter{})
	for _, a := range accs {
		r.put("channel_account", a.ID.String(), a.Slug)
	}
	return r, err
}

// translate replaces the values of references in a filter. What has no name stays as it is; fn may refuse it.
func translate(f customview.Filter, fields customview.Catalogue, table map[string]map[string]string, fn func(kind, value string) error) (customview.Filter, error) {
	for _, list := range []*[]customview.Filter{&f.All, &f.Any} {
		*list = slices.Clone(*list)
		for i := range *list {
			sub, err := translate((*list)[i], fields, table, fn)
			if err != nil {
				return f, err
			}
			(*list)[i] = sub
		}
	}
	d, ok := fields.Field(f.Field)
	if !ok || d.Of == "" || f.Value == nil {
		return f, nil
	}
	values := slices.Clone(f.Values())
	for i, v := range values {
		if v == customview.Me || v == customview.MyTeams {
			continue
		}
		if to, ok := table[d.Of][v]; ok {
			values[i] = to
		} else if err := fn(d.Of, v); err != nil {
			return f, err
		}
	}
	if _, one := f.Value.(string); one {
		f.Value = values[0]
		return f, nil
	}
	f.Value = values
	return f, nil
}

func (s *Service) exportViews(ctx context.Context, q db.Queryer, n names, f *File) error {
	if s.Views == nil {
		return nil
	}
	all, err := s.Views.Shared(ctx, q)
	if err != nil || len(all) == 0 {
		return err
	}
	fields, err := s.Views.Fields(ctx, q)
	if err != nil {
		return err
	}
	refs, err := s.refNames(ctx, q)
	if err != nil {
		return err
	}
	for _, v := range all {
		out := View{Slug: v.Slug, Name: &v.Name}
		if v.Visibility == customview.Team {
			if slugs := n.slugs([]desk.TeamID{v.TeamID}); len(slugs) == 1 {
				out.Team = &slugs[0]
			}
		}
		named, _ := translate(v.Filter, fields, refs.byID, func(string, string) error { return nil }) // what has gone since keeps its id
		if !named.Empty() {
			out.Filter = &named
		}
		out.Columns = optional(v.Columns)
		for _, o := range []struct {
			dst **string
			v   *string
		}{{&out.Sort, &v.Sort}, {&out.Group, &v.Group}, {&out.Layout, &v.Layout}} {
			if *o.v != "" {
				*o.dst = o.v
			}
		}
		f.Views = append(f.Views, out)
	}
	return nil
}

// views makes the shared views as the file says. Whoever applies a file may share.
func (a *applying) views(ctx context.Context) error {
	if a.Views == nil || a.src.Views == nil {
		return nil
	}
	fields, err := a.Views.Fields(ctx, a.tx)
	if err != nil {
		return err
	}
	refs, err := a.refNames(ctx, a.tx)
	if err != nil {
		return err
	}
	have, err := a.Views.Shared(ctx, a.tx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, v := range a.src.Views {
		path := indexed("views", i)
		if err := a.once(seen, path, v.Slug); err != nil {
			return err
		}
		if err := a.view(ctx, path, v, have, fields, refs); err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) sharer() customview.Reader {
	r := customview.Reader{Share: true}
	if a.o.Actor.Kind == desk.ActorUser {
		r.User = desk.UserID(a.o.Actor.ID)
	}
	return r
}

func (a *applying) view(ctx context.Context, path string, v View, have []customview.View, fields customview.Catalogue, refs refNames) error {
	to, team := customview.Everyone, desk.TeamID(0)
	if v.Team != nil {
		ids, err := a.teamIDs(ctx, path+".team", []string{*v.Team})
		if err != nil {
			return err
		}
		to, team = customview.Team, ids[0]
	}
	filter := customview.Filter{}
	if v.Filter != nil {
		var err error
		if filter, err = translate(*v.Filter, fields, refs.ids, func(kind, value string) error {
			if _, err := desk.ParseID[int64](value); err == nil && refs.byID[kind][value] == "" {
				return nil // an id of what has gone, as exported
			}
			return a.unknown(ctx, path+".filter", kind, value)
		}); err != nil {
			return err
		}
	}
	at := slices.IndexFunc(have, func(x customview.View) bool { return x.Slug == v.Slug })
	if at < 0 {
		n := customview.View{Slug: v.Slug, Name: v.Slug, Visibility: to, TeamID: team, Filter: filter}
		set(&n.Name, v.Name)
		set(&n.Columns, v.Columns)
		set(&n.Sort, v.Sort)
		set(&n.Group, v.Group)
		set(&n.Layout, v.Layout)
		_, err := a.Views.Create(ctx, a.tx, a.o.Actor, a.sharer(), n)
		return a.src.at(path, err)
	}
	c := customview.Change{Name: v.Name, Visibility: &to, TeamID: &team, Columns: v.Columns, Sort: v.Sort, Group: v.Group, Layout: v.Layout}
	if v.Filter != nil {
		c.Filter = &filter
	}
	_, err := a.Views.Update(ctx, a.tx, a.o.Actor, a.sharer(), have[at].ID, c)
	return a.src.at(path, err)
}

func (a *applying) pruneViews(ctx context.Context) error {
	if a.Views == nil || a.src.Views == nil {
		return nil
	}
	keep := named(a.src.Views, func(v View) string { return v.Slug })
	have, err := a.Views.Shared(ctx, a.tx)
	if err != nil {
		return err
	}
	for _, v := range have {
		if keep[v.Slug] {
			continue
		}
		if err := a.Views.Delete(ctx, a.tx, a.o.Actor, a.sharer(), v.ID); err != nil {
			return fmt.Errorf("views: %w", err)
		}
	}
	return nil
}
