package transfer

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/snippet"
)

// Snippet is a snippet or a template that more than one person uses; private ones are their owners' and stand in no file.
type Snippet struct {
	Slug     string           `yaml:"slug"`
	Kind     *string          `yaml:"kind,omitempty"` // snippet, template
	Name     *string          `yaml:"name,omitempty"`
	Shortcut *string          `yaml:"shortcut,omitempty"`
	Subject  *string          `yaml:"subject,omitempty"`
	HTML     *string          `yaml:"html,omitempty"`
	Locale   *string          `yaml:"locale,omitempty"`
	Team     *string          `yaml:"team,omitempty"` // left out: everyone
	Actions  *snippet.Actions `yaml:"actions,omitempty"`
}

func (s *Service) exportSnippets(ctx context.Context, q db.Queryer, n names, f *File) error {
	if s.Snippets == nil {
		return nil
	}
	all, err := s.Snippets.Shared(ctx, q)
	for _, x := range all {
		out := Snippet{Slug: x.Slug, Kind: &x.Kind, Name: &x.Name, HTML: &x.HTML}
		for _, o := range []struct {
			dst **string
			v   *string
		}{{&out.Shortcut, &x.Shortcut}, {&out.Subject, &x.Subject}, {&out.Locale, &x.Locale}} {
			if *o.v != "" {
				*o.dst = o.v
			}
		}
		if x.Visibility == snippet.Team {
			if slugs := n.slugs([]desk.TeamID{x.TeamID}); len(slugs) == 1 {
				out.Team = &slugs[0]
			}
		}
		if !x.Actions.Empty() {
			out.Actions = &x.Actions
		}
		f.Snippets = append(f.Snippets, out)
	}
	return err
}

func (a *applying) snippets(ctx context.Context) error {
	seen := map[string]bool{}
	for i, x := range a.src.Snippets {
		path := indexed("snippets", i)
		if err := a.once(seen, path, x.Slug); err != nil {
			return err
		}
		if err := a.snippet(ctx, path, x); err != nil {
			return a.src.at(path, err)
		}
	}
	if !a.o.Prune || a.src.Snippets == nil || a.Snippets == nil {
		return nil
	}
	all, err := a.Snippets.Shared(ctx, a.tx)
	for _, x := range all {
		if seen[x.Slug] {
			continue
		}
		if err := a.Snippets.Delete(ctx, a.tx, a.o.Actor, snippet.Reader{Admin: true}, x.ID); err != nil {
			return err
		}
	}
	return err
}

func (a *applying) snippet(ctx context.Context, path string, x Snippet) error {
	if a.Snippets == nil {
		return desk.Errorf(desk.Invalid, "config.snippets", "This installation keeps no snippets.")
	}
	visibility := snippet.Everyone
	var team desk.TeamID
	if x.Team != nil && *x.Team != "" {
		ids, err := a.teamIDs(ctx, path+".team", []string{*x.Team})
		if err != nil {
			return err
		}
		visibility, team = snippet.Team, ids[0]
	}
	have, ok, err := a.Snippets.BySlug(ctx, a.tx, x.Slug)
	if err != nil {
		return err
	}
	if !ok {
		n := snippet.Snippet{Slug: x.Slug, Kind: snippet.KindSnippet, Name: x.Slug, Visibility: visibility, TeamID: team}
		for _, o := range []struct{ dst, src *string }{{&n.Kind, x.Kind}, {&n.Name, x.Name}, {&n.Shortcut, x.Shortcut}, {&n.Subject, x.Subject}, {&n.HTML, x.HTML}, {&n.Locale, x.Locale}} {
			set(o.dst, o.src)
		}
		set(&n.Actions, x.Actions)
		_, err = a.Snippets.Create(ctx, a.tx, a.o.Actor, n)
		return err
	}
	if have.Visibility == snippet.Private {
		return desk.Errorf(desk.Conflict, "snippet.private", "%s is somebody's private text. Choose another short name.", x.Slug).In("slug")
	}
	c := snippet.Change{Kind: x.Kind, Name: x.Name, Shortcut: x.Shortcut, Subject: x.Subject, HTML: x.HTML, Locale: x.Locale, Actions: x.Actions}
	if x.Team != nil {
		c.Visibility, c.TeamID = &visibility, &team
	}
	_, err = a.Snippets.Update(ctx, a.tx, a.o.Actor, snippet.Reader{Admin: true}, have.ID, c)
	return err
}
