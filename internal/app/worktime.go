package app

import (
	"context"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/work"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/worktime"
)

// worktime makes what people's days and business hours hang on.
func (a *App) worktime() {
	a.Worktime = worktime.New(a.DB, a.Clock, a.Events)
	a.People.With(people.Around{
		Calendars: a.Worktime.Days, Idle: a.Settings.IdleAfter,
		Zone: func(ctx context.Context, q db.Queryer) (string, error) {
			c, err := a.Settings.Company(ctx, q)
			return c.Timezone, err
		},
	})
	a.Settings.OnRhythm(a.People.Recheck)
	a.Worktime.Changed = a.People.Recheck
	a.Worktime.KeepsCalendar = a.People.KeepCalendar
	a.Worktime.KeepsHours = func(ctx context.Context, q db.Queryer, slug string) ([]string, error) {
		accs, err := a.Inbox.Accounts(ctx, q, inbox.Filter{})
		var by []string
		for _, acc := range accs {
			if acc.Assign.Hours == slug {
				by = append(by, acc.Name)
			}
		}
		return by, err
	}
}

func (a *App) mountWorktime(s *api.Server) {
	work.MountPresence(s, work.PresenceDeps{DB: a.DB, People: a.People, Work: a.Worktime, Settings: a.Settings})
	work.MountHours(s, work.HoursDeps{DB: a.DB, Clock: a.Clock, Work: a.Worktime})
}
