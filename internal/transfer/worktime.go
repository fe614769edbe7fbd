package transfer

import (
	"context"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/worktime"
)

// Week is somebody's weekly hours: written short, {mon-fri: "09:00-17:00"}, or whole, {ranges: […], holidays: […]}; empty is any time.
type Week map[string]any

// BusinessHours are named hours (AV-07).
type BusinessHours struct {
	Slug      string          `yaml:"slug"`
	Name      *string         `yaml:"name,omitempty"`
	Schedule  *hours.Schedule `yaml:"schedule,omitempty"`
	Calendars *[]string       `yaml:"calendars,omitempty"`
}

// HolidayCalendar is a named set of holidays (AV-09).
type HolidayCalendar struct {
	Slug    string           `yaml:"slug"`
	Name    *string          `yaml:"name,omitempty"`
	Country *string          `yaml:"country,omitempty"`
	Days    *[]hours.Holiday `yaml:"days,omitempty"`
}

// Idle is after how many minutes without a sign people go away (AV-11).
type Idle struct {
	Minutes *int `yaml:"minutes,omitempty"`
}

// schedule is what a week means; nil is any time.
func (w Week) schedule() (*hours.Schedule, error) {
	if len(w) == 0 {
		return nil, nil
	}
	_, ranges := w["ranges"]
	_, holidays := w["holidays"]
	if !ranges && !holidays {
		s, err := hours.Short(w)
		return &s, err
	}
	var s hours.Schedule
	if err := decode(w, &s); err != nil {
		return nil, desk.Errorf(desk.Invalid, "hours.short_malformed", "Hours are written like {mon-fri: \"09:00-17:00\"}.").Because(err)
	}
	return &s, nil
}

// weekOf writes hours as they are exported: short where nothing is lost by it.
func weekOf(s *hours.Schedule) Week {
	if s == nil {
		return nil
	}
	if len(s.Holidays) > 0 || len(s.Ranges) == 0 {
		w := Week{}
		if decode(map[string]any{"ranges": s.Ranges, "holidays": s.Holidays}, &w) != nil {
			return nil
		}
		return w
	}
	w := Week{}
	for _, r := range s.Ranges {
		days := make([]string, len(r.Days))
		for i, d := range r.Days {
			days[i] = [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}[d-1]
		}
		key, span := strings.Join(days, ","), r.From+"-"+r.To
		if n := len(days); n > 2 && r.Days[n-1]-r.Days[0] == n-1 {
			key = days[0] + "-" + days[n-1]
		}
		if had, ok := w[key].(string); ok {
			span = had + ", " + span
		}
		w[key] = span
	}
	return w
}

func (s *Service) exportWorktime(ctx context.Context, q db.Queryer, f *File) error {
	if s.Worktime == nil {
		return nil
	}
	all, err := s.Worktime.All(ctx, q)
	if err != nil {
		return err
	}
	for _, h := range all {
		f.BusinessHours = append(f.BusinessHours, BusinessHours{Slug: h.Slug, Name: &h.Name, Schedule: &h.Schedule, Calendars: optional(h.Calendars)})
	}
	cals, err := s.Worktime.Calendars(ctx, q)
	if err != nil {
		return err
	}
	for _, c := range cals {
		x := HolidayCalendar{Slug: c.Slug, Name: &c.Name, Days: &c.Days}
		if c.Country != "" {
			x.Country = &c.Country
		}
		f.HolidayCalendars = append(f.HolidayCalendars, x)
	}
	idle, err := s.Settings.Idle(ctx, q)
	f.Idle = &Idle{Minutes: &idle.Minutes}
	return err
}

// calendars come before everything that keeps them.
func (a *applying) calendars(ctx context.Context) error {
	if a.Worktime == nil {
		return nil
	}
	for i, c := range a.src.HolidayCalendars {
		if _, err := a.Worktime.PutCalendar(ctx, a.tx, a.o.Actor, c.Slug, worktime.CalendarChange{Name: c.Name, Country: c.Country, Days: c.Days}); err != nil {
			return a.src.at(indexed("holiday_calendars", i), err)
		}
	}
	for i, h := range a.src.BusinessHours {
		if _, err := a.Worktime.Put(ctx, a.tx, a.o.Actor, h.Slug, worktime.Change{Name: h.Name, Schedule: h.Schedule, Calendars: h.Calendars}); err != nil {
			return a.src.at(indexed("business_hours", i), err)
		}
	}
	if a.src.Idle == nil || a.src.Idle.Minutes == nil {
		return nil
	}
	_, err := a.Settings.SetIdle(ctx, a.tx, a.o.Actor, *a.src.Idle.Minutes)
	return a.src.at("idle.minutes", err)
}

// week sets a user's hours and calendar; what the file leaves out stays.
func (a *applying) week(ctx context.Context, path string, id desk.UserID, u User) error {
	if u.Hours == nil && u.Calendar == nil {
		return nil
	}
	now, err := a.People.Presence(ctx, a.tx, id)
	if err != nil {
		return err
	}
	w := people.Week{Hours: now.Hours, Calendar: now.Calendar}
	if u.Hours != nil {
		if w.Hours, err = u.Hours.schedule(); err != nil {
			return a.src.at(path+".hours", err)
		}
	}
	if u.Calendar != nil {
		if w.Calendar = *u.Calendar; w.Calendar != "" && a.Worktime != nil {
			if _, err := a.Worktime.Calendar(ctx, a.tx, w.Calendar); err != nil {
				return a.src.at(path+".calendar", err)
			}
		}
	}
	return a.src.at(path+".hours", a.People.SetWeek(ctx, a.tx, a.o.Actor, id, w))
}

func decode(from, to any) error {
	b, err := yaml.Marshal(from)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(b, to)
}
