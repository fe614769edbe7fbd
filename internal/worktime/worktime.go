// Package worktime owns business hours and calendars of holidays (AV-07, AV-09): the tables business_hours and holiday_calendars. It refuses hours that cannot be
// meant, a calendar that is not there, and taking away what something still keeps (InUse). Several of both may be kept at once. Called by assignment, the queue, people,
// transfer and the API's work handlers.
package worktime

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/hours"
)

// Service is the hours and calendars of this installation. Safe for concurrent use.
type Service struct {
	db  *db.DB
	clk *clock.Clock
	ev  *event.Log

	// Changed is called in the transaction that changed a calendar: people keep them too. Nil is fine.
	Changed func(ctx context.Context, tx *db.Tx) error
	// KeepsHours and KeepsCalendar name what else keeps hours or a calendar, for people to read; empty: nothing. Nil is fine.
	KeepsHours    func(ctx context.Context, q db.Queryer, slug string) ([]string, error)
	KeepsCalendar func(ctx context.Context, q db.Queryer, slug string) ([]string, error)
}

// New makes the service.
func New(d *db.DB, clk *clock.Clock, ev *event.Log) *Service {
	return &Service{db: d, clk: clk, ev: ev}
}

// BusinessHours are named hours.
type BusinessHours struct {
	ID        int64          `json:"-"`
	Slug      string         `json:"slug"`
	Name      string         `json:"name"`
	Schedule  hours.Schedule `json:"schedule"`
	Calendars []string       `json:"calendars" doc:"slugs of holiday calendars, on top of the schedule's own days"`
	CreatedAt desk.Time      `json:"created_at"`
	UpdatedAt desk.Time      `json:"updated_at"`
}

// Calendar is a named set of holidays.
type Calendar struct {
	ID        int64           `json:"-"`
	Slug      string          `json:"slug"`
	Name      string          `json:"name"`
	Country   string          `json:"country" doc:"ISO 3166-1, like DK; empty none"`
	Days      []hours.Holiday `json:"days"`
	CreatedAt desk.Time       `json:"created_at"`
	UpdatedAt desk.Time       `json:"updated_at"`
}

const (
	hoursColumns    = `id, slug, name, schedule, calendars, created_at, updated_at`
	calendarColumns = `id, slug, name, country, days, created_at, updated_at`
	maxName         = 200
)

func scanHours(r db.Scanner) (h BusinessHours, err error) {
	h.Calendars = []string{}
	err = r.Scan(&h.ID, &h.Slug, &h.Name, db.ScanJSON(&h.Schedule), db.ScanJSON(&h.Calendars), &h.CreatedAt, &h.UpdatedAt)
	return h, err
}

func scanCalendar(r db.Scanner) (c Calendar, err error) {
	c.Days = []hours.Holiday{}
	err = r.Scan(&c.ID, &c.Slug, &c.Name, &c.Country, db.ScanJSON(&c.Days), &c.CreatedAt, &c.UpdatedAt)
	return c, err
}

// All lists the business hours, by name.
func (s *Service) All(ctx context.Context, q db.Queryer) ([]BusinessHours, error) {
	hs, err := db.All(ctx, q, scanHours, `SELECT `+hoursColumns+` FROM business_hours ORDER BY name, id`)
	if err != nil {
		return nil, fmt.Errorf("worktime: hours: %w", err)
	}
	return hs, nil
}

// Get finds business hours by their short name.
func (s *Service) Get(ctx context.Context, q db.Queryer, slug string) (BusinessHours, error) {
	h, err := db.One(ctx, q, scanHours, `SELECT `+hoursColumns+` FROM business_hours WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return h, desk.Errorf(desk.NotFound, "business_hours.not_found", "There are no business hours %q.", slug)
	}
	return h, err
}

// Hours is the schedule of a short name, with the holidays of its calendars.
func (s *Service) Hours(ctx context.Context, q db.Queryer, slug string) (hours.Schedule, error) {
	h, err := s.Get(ctx, q, slug)
	if err != nil {
		return hours.Schedule{}, err
	}
	return s.whole(ctx, q, h)
}

func (s *Service) whole(ctx context.Context, q db.Queryer, h BusinessHours) (hours.Schedule, error) {
	days, err := s.Days(ctx, q, h.Calendars)
	if err != nil {
		return hours.Schedule{}, err
	}
	out := h.Schedule
	for _, slug := range h.Calendars {
		out = out.On(days[slug])
	}
	return out, nil
}

// Closed reports whether hours are closed at a moment, and when that changes: the next opening, or the next closing; 0 never. Hours that are not there close nothing: work
// must not stop for a name that is gone.
func (s *Service) Closed(ctx context.Context, q db.Queryer, slug string, at desk.Time) (closed bool, next desk.Time, err error) {
	if slug == "" {
		return false, 0, nil
	}
	sch, err := s.Hours(ctx, q, slug)
	if desk.CodeOf(err) == desk.NotFound {
		return false, 0, nil
	}
	if err != nil {
		return false, 0, err
	}
	if t, ok := sch.NextChange(at.Time()); ok {
		next = desk.At(t)
	}
	return !sch.OpenAt(at.Time()), next, nil
}

// Change says what hours become. Name and Schedule are needed for new ones.
type Change struct {
	Name      *string         `json:"name"`
	Schedule  *hours.Schedule `json:"schedule"`
	Calendars *[]string       `json:"calendars"`
}

// Put makes business hours or changes them. Records settings.changed with before and after; nothing when nothing changed.
func (s *Service) Put(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string, c Change) (BusinessHours, error) {
	if err := desk.CheckSlug("slug", slug); err != nil {
		return BusinessHours{}, err
	}
	now := s.clk.Ms()
	have, err := db.All(ctx, tx, scanHours, `SELECT `+hoursColumns+` FROM business_hours WHERE slug = $1`+tx.ForUpdate(), slug)
	if err != nil {
		return BusinessHours{}, fmt.Errorf("worktime: put: %w", err)
	}
	h := BusinessHours{Slug: slug, Name: slug, Calendars: []string{}, CreatedAt: now}
	var before any
	if len(have) == 1 {
		h, before = have[0], have[0]
	} else if c.Schedule == nil {
		return h, desk.Errorf(desk.Invalid, "business_hours.schedule_missing", "Say when these hours are.").In("schedule")
	}
	if c.Name != nil {
		h.Name = strings.TrimSpace(*c.Name)
	}
	if c.Schedule != nil {
		h.Schedule = *c.Schedule
	}
	if c.Calendars != nil {
		h.Calendars = slices.Clone(*c.Calendars)
	}
	if h.Calendars == nil {
		h.Calendars = []string{}
	}
	h.Schedule = filled(h.Schedule)
	if err := errors.Join(checkName(h.Name), h.Schedule.Validate("schedule")); err != nil {
		return h, err
	}
	for i, cal := range h.Calendars {
		if _, err := s.Calendar(ctx, tx, cal); err != nil {
			if desk.CodeOf(err) == desk.NotFound {
				return h, desk.Errorf(desk.Invalid, "business_hours.calendar_unknown", "There is no holiday calendar %q.", cal).In(fmt.Sprintf("calendars.%d", i))
			}
			return h, err
		}
	}
	if len(have) == 1 && string(db.JSON(h)) == string(db.JSON(have[0])) {
		return h, nil
	}
	h.UpdatedAt = now
	if len(have) == 0 {
		h.ID = tx.NewID()
	}
	_, err = tx.Exec(ctx, `INSERT INTO business_hours (`+hoursColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (slug) DO UPDATE SET name = excluded.name, schedule = excluded.schedule, calendars = excluded.calendars, updated_at = excluded.updated_at`,
		h.ID, h.Slug, h.Name, db.JSON(h.Schedule), db.JSON(h.Calendars), h.CreatedAt, h.UpdatedAt)
	if err != nil {
		return h, fmt.Errorf("worktime: put: %w", err)
	}
	return h, s.tell(ctx, tx, actor, "business_hours", slug, before, h)
}

// Remove takes business hours away, unless something keeps them.
func (s *Service) Remove(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string) error {
	h, err := s.Get(ctx, tx, slug)
	if err != nil {
		return err
	}
	if s.KeepsHours != nil {
		by, err := s.KeepsHours(ctx, tx, slug)
		if err != nil {
			return err
		}
		if len(by) > 0 {
			return desk.Errorf(desk.Conflict, "business_hours.in_use", "These hours are kept by %s. Choose others there first.", strings.Join(by, ", "))
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM business_hours WHERE slug = $1`, slug); err != nil {
		return fmt.Errorf("worktime: remove: %w", err)
	}
	return s.tell(ctx, tx, actor, "business_hours", slug, h, nil)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, object, slug string, before, after any) error {
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": object, "slug": slug, "before": before, "after": after})})
	return err
}

// filled has lists where there is nothing, so that equal schedules are stored equal.
func filled(s hours.Schedule) hours.Schedule {
	if s.Ranges == nil {
		s.Ranges = []hours.Range{}
	}
	s.Holidays = filledDays(s.Holidays)
	return s
}

func filledDays(days []hours.Holiday) []hours.Holiday {
	out := make([]hours.Holiday, len(days))
	for i, d := range days {
		if d.Ranges == nil {
			d.Ranges = []hours.Span{}
		}
		out[i] = d
	}
	return out
}

func checkName(name string) error {
	if name == "" || len(name) > maxName || strings.ContainsAny(name, "\r\n\x00") {
		return desk.Errorf(desk.Invalid, "worktime.name_malformed", "A name is one line of 1 to %d bytes.", maxName).In("name")
	}
	return nil
}
