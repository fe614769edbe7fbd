package transfer

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
)

// prune removes what the file leaves out of the sections it has.
func (a *applying) prune(ctx context.Context) error {
	if !a.o.Prune {
		return nil
	}
	for _, step := range []func(context.Context) error{a.pruneViews, a.pruneSpaces, a.pruneChannels, a.pruneInboxes, a.prunePipelines, a.pruneProperties, a.pruneTeams, a.pruneUsers, a.pruneRoles} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("transfer: prune: %w", err)
		}
	}
	return nil
}

func named[T any](list []T, name func(T) string) map[string]bool {
	out := map[string]bool{}
	for _, x := range list {
		out[name(x)] = true
	}
	return out
}

func (a *applying) pruneChannels(ctx context.Context) error {
	if a.src.Channels == nil {
		return nil
	}
	keep := named(a.src.Channels, func(c Channel) string { return c.Slug })
	accs, err := a.Inboxes.Accounts(ctx, a.tx, inbox.Filter{})
	for _, x := range accs {
		fallback, e := a.Inboxes.IsFallback(ctx, a.tx, x.ID)
		if e != nil {
			return e
		}
		if keep[x.Slug] || fallback {
			continue
		}
		if err := a.Inboxes.ArchiveAccount(ctx, a.tx, a.o.Actor, x.ID); err != nil {
			return err
		}
	}
	return err
}

func (a *applying) pruneInboxes(ctx context.Context) error {
	if a.src.Inboxes == nil {
		return nil
	}
	keep := named(a.src.Inboxes, func(b Inbox) string { return b.Slug })
	boxes, err := a.Inboxes.Inboxes(ctx, a.tx)
	for _, b := range boxes {
		if keep[b.Slug] || b.Kind == desk.KindHelpdesk {
			continue
		}
		if err := a.Inboxes.ArchiveInbox(ctx, a.tx, a.o.Actor, b.ID); err != nil {
			return err
		}
	}
	return err
}

func (a *applying) prunePipelines(ctx context.Context) error {
	if a.src.Pipelines == nil {
		return nil
	}
	keep := named(a.src.Pipelines, func(p Pipeline) string { return p.Slug })
	ps, err := a.Tickets.Pipelines(ctx, a.tx)
	for _, p := range ps {
		if keep[p.Slug] {
			continue
		}
		if err := a.Tickets.ArchivePipeline(ctx, a.tx, a.o.Actor, p.ID); err != nil {
			return err
		}
	}
	return err
}

func (a *applying) pruneProperties(ctx context.Context) error {
	if a.src.Properties == nil {
		return nil
	}
	keep := named(a.src.Properties, func(p Property) string { return p.Object + "." + p.Name })
	ps, err := a.Properties.List(ctx, a.tx, "")
	for _, p := range ps {
		if keep[p.Object+"."+p.Name] {
			continue
		}
		if err := a.Properties.Archive(ctx, a.tx, a.o.Actor, p.ID); err != nil {
			return err
		}
	}
	return err
}

func (a *applying) pruneTeams(ctx context.Context) error {
	if a.src.Teams == nil {
		return nil
	}
	keep := named(a.src.Teams, func(t Team) string { return t.Slug })
	ts, err := a.People.Teams(ctx, a.tx)
	for _, t := range ts {
		if keep[t.Slug] {
			continue
		}
		if err := a.People.RemoveTeam(ctx, a.tx, a.o.Actor, t.ID); err != nil {
			return err
		}
	}
	return err
}

func (a *applying) pruneUsers(ctx context.Context) error {
	if a.src.Users == nil {
		return nil
	}
	keep := named(a.src.Users, func(u User) string { return desk.NormalizeEmail(u.Email) })
	us, err := a.People.List(ctx, a.tx, false)
	off := false
	for _, u := range us {
		if keep[u.Email] || u.Role == desk.RoleOwner {
			continue
		}
		if _, err := a.People.Update(ctx, a.tx, a.o.Actor, u.ID, people.UserChange{Active: &off}); err != nil {
			return err
		}
	}
	return err
}
