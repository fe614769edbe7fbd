package availability

import (
	"context"
	"fmt"
	"time"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Gate is what an account lays on assignment: closed outside its hours (AV-07, CF-13), and how many chats one person may have (CP-02). Accounts
// whose settings say nothing of it are open and without a limit.
func (s *Service) Gate(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, at time.Time) (closed bool, limit int, err error) {
	a, ok, err := s.rule(ctx, q, acc)
	if err != nil || !ok {
		return false, 0, err
	}
	return a.Mode == "hours" && !a.Hours.OpenAt(at), a.Capacity.Limit, nil
}

// Opens is when an account that its hours close opens again; false when they do not close it, or never open.
func (s *Service) Opens(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, at time.Time) (desk.Time, bool, error) {
	a, ok, err := s.rule(ctx, q, acc)
	if err != nil || !ok || a.Mode != "hours" {
		return 0, false, err
	}
	next, ok := a.Hours.NextOpen(at)
	return desk.At(next), ok, nil
}

// Open reports whether named business hours are open; of "", whether the account's own rule has it open. Hours that are gone are always open: nothing stops for a name (CF-11, CF-13).
func (s *Service) Open(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, slug string, at time.Time) (bool, error) {
	if slug == "" {
		closed, _, err := s.Gate(ctx, q, acc, at)
		return !closed, err
	}
	sch, ok, err := s.schedule(ctx, q, slug)
	return !ok || sch.OpenAt(at), err
}

// rule is the availability that an account's settings ask for, with the hours that hold. False: it is no chat, or its settings cannot be read.
func (s *Service) rule(ctx context.Context, q db.Queryer, acc desk.ChannelAccount) (webchat.Availability, bool, error) {
	if !s.Channels.Live(acc.Channel) {
		return webchat.Availability{}, false, nil
	}
	settings, err := webchat.Parse(acc.Settings)
	if err != nil {
		return webchat.Availability{}, false, nil
	}
	err = s.keep(ctx, q, &settings)
	return settings.Availability, true, err
}

// keep puts the company's hours where settings name some (AV-02, AV-09). Where they are gone the channel's own hold.
func (s *Service) keep(ctx context.Context, q db.Queryer, settings *webchat.Settings) error {
	a := &settings.Availability
	if a.Mode != "hours" || a.BusinessHours == "" {
		return nil
	}
	sch, ok, err := s.schedule(ctx, q, a.BusinessHours)
	if ok {
		a.Hours = sch
	}
	return err
}

func (s *Service) schedule(ctx context.Context, q db.Queryer, slug string) (hours.Schedule, bool, error) {
	if s.Hours == nil {
		return hours.Schedule{}, false, nil
	}
	sch, err := s.Hours(ctx, q, slug)
	if desk.CodeOf(err) == desk.NotFound {
		return hours.Schedule{}, false, nil
	}
	if err != nil {
		return hours.Schedule{}, false, fmt.Errorf("availability: hours: %w", err)
	}
	return sch, true, nil
}

// HoursOf says of each of some named hours ("": the account's own) whether they are open or closed, as a bot's branches ask.
func (s *Service) HoursOf(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, slugs []string, at time.Time) (map[string]string, error) {
	if len(slugs) == 0 {
		return nil, nil
	}
	out := map[string]string{}
	for _, slug := range slugs {
		open, err := s.Open(ctx, q, acc, slug, at)
		if err != nil {
			return nil, err
		}
		if out[slug] = chatflow.HoursClosed; open {
			out[slug] = chatflow.HoursOpen
		}
	}
	return out, nil
}
