package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Survey is whom customers' satisfaction is asked of (WS-25). Inboxes are named by slug; an empty list is all of them.
type Survey struct {
	On           *bool     `yaml:"on,omitempty"`
	DelayMinutes *int      `yaml:"delay_minutes,omitempty"`
	EveryDays    *int      `yaml:"every_days,omitempty"`
	Inboxes      *[]string `yaml:"inboxes,omitempty"`
}

func (s *Service) exportSurvey(ctx context.Context, q db.Queryer, f *File) error {
	if s.Surveys == nil {
		return nil
	}
	now, err := s.Surveys.Settings(ctx, q)
	if err != nil {
		return err
	}
	f.Survey = &Survey{On: &now.On, DelayMinutes: &now.DelayMinutes, EveryDays: &now.EveryDays}
	slugs := []string{}
	for _, b := range f.Inboxes {
		have, err := s.Inboxes.InboxBySlug(ctx, q, b.Slug)
		if err != nil {
			return fmt.Errorf("transfer: survey: %w", err)
		}
		if slices.Contains(now.Inboxes, have.ID) {
			slugs = append(slugs, b.Slug)
		}
	}
	// Where all the inboxes that were named are gone, an empty list would say the opposite: all of them.
	if len(slugs) > 0 || len(now.Inboxes) == 0 {
		f.Survey.Inboxes = &slugs
	}
	return nil
}

func (a *applying) survey(ctx context.Context) error {
	x := a.src.Survey
	if x == nil || a.Surveys == nil {
		return nil
	}
	to, err := a.Surveys.Settings(ctx, a.tx)
	if err != nil {
		return err
	}
	set(&to.On, x.On)
	set(&to.DelayMinutes, x.DelayMinutes)
	set(&to.EveryDays, x.EveryDays)
	if x.Inboxes != nil {
		ids := []desk.InboxID{}
		for i, slug := range *x.Inboxes {
			b, err := a.Inboxes.InboxBySlug(ctx, a.tx, slug)
			if desk.CodeOf(err) == desk.NotFound {
				return a.src.refuse(indexed("survey.inboxes", i), "config.inbox_unknown", "There is no inbox %q.", slug)
			}
			if err != nil {
				return err
			}
			ids = append(ids, b.ID)
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		// The order that somebody chose them in is no difference.
		if had := slices.Sorted(slices.Values(to.Inboxes)); !slices.Equal(had, ids) {
			to.Inboxes = ids
		}
	}
	if _, err := a.Surveys.SetSettings(ctx, a.tx, a.o.Actor, to); err != nil {
		return a.src.at("survey", err)
	}
	return nil
}
