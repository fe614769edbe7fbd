package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/space"
)

// View is a saved view that others see; private ones are their owners' and stand in no file. In its filter things are named as everywhere in the file:
// users by address, statuses as PIPELINE/STATUS, the rest by slug.
type View struct {
	Slug    string             `yaml:"slug"`
	Name    *string            `yaml:"name,omitempty"`
	Team    *string            `yaml:"team,omitempty"`  // left out: everyone
	Space   *string            `yaml:"space,omitempty"` // left out: none
	Filter  *customview.Filter `yaml:"filter,omitempty"`
	Columns *[]string          `yaml:"columns,omitempty"`
	Sort    *string            `yaml:"sort,omitempty"`
	Group   *string            `yaml:"group,omitempty"`
	Layout  *string            `yaml:"layout,omitempty"`
}

// Space is an area of the help desk that shows the tickets of some teams. They stand in the order of the file.
type Space struct {
	Slug  string    `yaml:"slug"`
	Name  *string   `yaml:"name,omitempty"`
	Teams *[]string `yaml:"teams,omitempty,flow"`
	Extra *bool     `yaml:"extra_members,omitempty"`
}

func (s *Service) exportSpaces(ctx context.Context, q db.Queryer, n names, f *File) error {
	if s.Spaces == nil {
		return nil
	}
	all, err := space.List(ctx, q)
	for _, x := range all {
		teams := n.slugs(x.Teams)
		out := Space{Slug: x.Slug, Name: &x.Name, Teams: &teams}
		if x.Extra {
			out.Extra = &x.Extra
		}
		f.Spaces = append(f.Spaces, out)
	}
	return err
}

// spaces makes the spaces as the file says, in its order.
func (a *applying) spaces(ctx context.Context) error {
	if a.Spaces == nil || a.src.Spaces == nil {
		return nil
	}
	have, err := space.List(ctx, a.tx)
	if err != nil {
		return err
	}
	seen, order := map[string]bool{}, []desk.SpaceID{}
	for i, x := range a.src.Spaces {
		path := indexed("spaces", i)
		if err := a.once(seen, path, x.Slug); err != nil {
			return err
		}
		c := space.Change{Name: x.Name, Extra: x.Extra}
		if x.Teams != nil {
			ids, err := a.teamIDs(ctx, path+".teams", *x.Teams)
			if err != nil {
				return err
			}
			c.Teams = &ids
		}
		at := slices.IndexFunc(have, func(s space.Space) bool { return s.Slug == x.Slug })
		var s space.Space
		if at >= 0 {
			s, err = a.Spaces.Update(ctx, a.tx, a.o.Actor, have[at].ID, c)
		} else {
			s = space.Space{Slug: x.Slug, Name: x.Slug}
			set(&s.Name, c.Name)
			set(&s.Teams, c.Teams)
			set(&s.Extra, c.Extra)
			s, err = a.Spaces.Create(ctx, a.tx, a.o.Actor, s)
		}
		if err != nil {
			return a.src.at(path, err)
		}
		order = append(order, s.ID)
	}
	_, err = a.Spaces.Order(ctx, a.tx, a.o.Actor, order)
	return err
}

func (a *applying) pruneSpaces(ctx context.Context) error {
	if a.Spaces == nil || a.src.Spaces == nil {
		return nil
	}
	keep := named(a.src.Spaces, func(s Space) string { return s.Slug })
	have, err := space.List(ctx, a.tx)
	if err != nil {
		return err
	}
	for _, s := range have {
		if keep[s.Slug] {
			continue
		}
		if err := a.Spaces.Delete(ctx, a.tx, a.o.Actor, s.ID); err != nil {
			return err
		}
		if a.Views != nil {
			if err := a.Views.LeaveSpace(ctx, a.tx, a.o.Actor, s.ID); err != nil {
				return err
			}
		}
	}
	return nil
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
	spaces, err := space.List(ctx, q)
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
		for _, x := range spaces {
			if x.ID == v.SpaceID {
				out.Space = &x.Slug
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
	at, err := a.spaceNamed(ctx, path, v.Space)
	if err != nil {
		return err
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
	i := slices.IndexFunc(have, func(x customview.View) bool { return x.Slug == v.Slug })
	if i < 0 {
		n := customview.View{Slug: v.Slug, Name: v.Slug, Visibility: to, TeamID: team, SpaceID: at, Filter: filter}
		set(&n.Name, v.Name)
		set(&n.Columns, v.Columns)
		set(&n.Sort, v.Sort)
		set(&n.Group, v.Group)
		set(&n.Layout, v.Layout)
		_, err := a.Views.Create(ctx, a.tx, a.o.Actor, a.sharer(), n)
		return a.src.at(path, err)
	}
	c := customview.Change{Name: v.Name, Visibility: &to, TeamID: &team, SpaceID: &at, Columns: v.Columns, Sort: v.Sort, Group: v.Group, Layout: v.Layout}
	if v.Filter != nil {
		c.Filter = &filter
	}
	_, err = a.Views.Update(ctx, a.tx, a.o.Actor, a.sharer(), have[i].ID, c)
	return a.src.at(path, err)
}

// spaceNamed is the space that a view stands in; none when it names none.
func (a *applying) spaceNamed(ctx context.Context, path string, slug *string) (desk.SpaceID, error) {
	if slug == nil || *slug == "" {
		return 0, nil
	}
	all, err := space.List(ctx, a.tx)
	for _, x := range all {
		if x.Slug == *slug {
			return x.ID, nil
		}
	}
	if err != nil {
		return 0, err
	}
	return 0, a.unknown(ctx, path+".space", "space", *slug)
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
