package transfer

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/ticket"
)

// exportTags lists the tags that there are (TK-10).
func (s *Service) exportTags(ctx context.Context, q db.Queryer, f *File) error {
	tags, err := s.Tickets.Tags(ctx, q, false)
	if err != nil {
		return err
	}
	for _, t := range tags {
		f.Tags = append(f.Tags, t.Name)
	}
	return nil
}

// tags makes those that are missing; pruning takes the others away.
func (a *applying) tags(ctx context.Context) error {
	if a.src.Tags == nil {
		return nil
	}
	have, err := a.Tickets.Tags(ctx, a.tx, false)
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for i, name := range a.src.Tags {
		path := indexed("tags", i)
		if err := a.once(named, path, desk.TagKey(name)); err != nil {
			return err
		}
		if slices.ContainsFunc(have, func(t ticket.Tag) bool { return desk.TagKey(t.Name) == desk.TagKey(name) }) {
			continue
		}
		if _, err := a.Tickets.CreateTag(ctx, a.tx, a.o.Actor, name); err != nil {
			return a.src.at(path, err)
		}
	}
	if !a.o.Prune {
		return nil
	}
	for _, t := range have {
		if named[desk.TagKey(t.Name)] {
			continue
		}
		if err := a.Tickets.RemoveTag(ctx, a.tx, a.o.Actor, t.ID); err != nil {
			return err
		}
	}
	return nil
}

// ticketing changes how tickets are worked on; what is left out stays.
func (a *applying) ticketing(ctx context.Context, x *Ticketing) error {
	if x == nil {
		return nil
	}
	to, err := a.Settings.Ticketing(ctx, a.tx)
	if err != nil {
		return err
	}
	set(&to.OpenTags, x.OpenTags)
	set(&to.SubjectNumber, x.SubjectNumber)
	set(&to.HoldAnswers, x.HoldAnswers)
	if _, err := a.Settings.SetTicketing(ctx, a.tx, a.o.Actor, to); err != nil {
		return a.src.at("work.tickets", err)
	}
	return nil
}
