package worktime

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
)

// Calendars lists the calendars of holidays, by name.
func (s *Service) Calendars(ctx context.Context, q db.Queryer) ([]Calendar, error) {
	cs, err := db.All(ctx, q, scanCalendar, `SELECT `+calendarColumns+` FROM holiday_calendars ORDER BY name, id`)
	if err != nil {
		return nil, fmt.Errorf("worktime: calendars: %w", err)
	}
	return cs, nil
}

// Calendar finds a calendar by its short name.
func (s *Service) Calendar(ctx context.Context, q db.Queryer, slug string) (Calendar, error) {
	c, err := db.One(ctx, q, scanCalendar, `SELECT `+calendarColumns+` FROM holiday_calendars WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return c, desk.Errorf(desk.NotFound, "holiday_calendar.not_found", "There is no holiday calendar %q.", slug)
	}
	return c, err
}

// Days are the holidays of calendars, by their short names; one that is not there has none.
func (s *Service) Days(ctx context.Context, q db.Queryer, slugs []string) (map[string][]hours.Holiday, error) {
	out := map[string][]hours.Holiday{}
	for _, slug := range slugs {
		if _, had := out[slug]; had || slug == "" {
			continue
		}
		c, err := s.Calendar(ctx, q, slug)
		if desk.CodeOf(err) == desk.NotFound {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("worktime: days: %w", err)
		}
		out[slug] = c.Days
	}
	return out, nil
}

// CalendarChange says what a calendar becomes.
type CalendarChange struct {
	Name    *string          `json:"name"`
	Country *string          `json:"country"`
	Days    *[]hours.Holiday `json:"days"`
}

var countryForm = regexp.MustCompile(`^[A-Z]{2}$`)

// PutCalendar makes a calendar or changes one. Records settings.changed with before and after; nothing when nothing changed.
func (s *Service) PutCalendar(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string, ch CalendarChange) (Calendar, error) {
	if err := desk.CheckSlug("slug", slug); err != nil {
		return Calendar{}, err
	}
	now := s.clk.Ms()
	have, err := db.All(ctx, tx, scanCalendar, `SELECT `+calendarColumns+` FROM holiday_calendars WHERE slug = $1`+tx.ForUpdate(), slug)
	if err != nil {
		return Calendar{}, fmt.Errorf("worktime: calendar: %w", err)
	}
	c := Calendar{Slug: slug, Name: slug, Days: []hours.Holiday{}, CreatedAt: now}
	var before any
	if len(have) == 1 {
		c, before = have[0], have[0]
	}
	if ch.Name != nil {
		c.Name = strings.TrimSpace(*ch.Name)
	}
	if ch.Country != nil {
		c.Country = strings.ToUpper(strings.TrimSpace(*ch.Country))
	}
	if ch.Days != nil {
		c.Days = *ch.Days
	}
	c.Days = filledDays(c.Days)
	slices.SortStableFunc(c.Days, func(a, b hours.Holiday) int { return cmp.Compare(a.Date, b.Date) })
	if c.Country != "" && !countryForm.MatchString(c.Country) {
		return c, desk.Errorf(desk.Invalid, "holiday_calendar.country_malformed", "%q is no country: write two letters, like DK.", c.Country).In("country")
	}
	if err := errors.Join(checkName(c.Name), inDays(hours.Schedule{Timezone: "UTC", Holidays: c.Days}.Validate(""))); err != nil {
		return c, err
	}
	if len(have) == 1 && string(db.JSON(c)) == string(db.JSON(have[0])) {
		return c, nil
	}
	c.UpdatedAt = now
	if len(have) == 0 {
		c.ID = tx.NewID()
	}
	_, err = tx.Exec(ctx, `INSERT INTO holiday_calendars (`+calendarColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (slug) DO UPDATE SET name = excluded.name, country = excluded.country, days = excluded.days, updated_at = excluded.updated_at`,
		c.ID, c.Slug, c.Name, c.Country, db.JSON(c.Days), c.CreatedAt, c.UpdatedAt)
	if err != nil {
		return c, fmt.Errorf("worktime: calendar: %w", err)
	}
	return c, s.calendarChanged(ctx, tx, actor, slug, before, c)
}

// inDays has a fault name the day in the calendar, not in the schedule that it was checked by.
func inDays(err error) error {
	var e *desk.Error
	if errors.As(err, &e) {
		return e.In(strings.Replace(strings.TrimPrefix(e.Field, "."), "holidays", "days", 1))
	}
	return err
}

// RemoveCalendar takes a calendar away, unless hours, a team or a person keep it.
func (s *Service) RemoveCalendar(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string) error {
	c, err := s.Calendar(ctx, tx, slug)
	if err != nil {
		return err
	}
	all, err := s.All(ctx, tx)
	if err != nil {
		return err
	}
	var by []string
	for _, h := range all {
		if slices.Contains(h.Calendars, slug) {
			by = append(by, h.Name)
		}
	}
	if s.KeepsCalendar != nil {
		more, err := s.KeepsCalendar(ctx, tx, slug)
		if err != nil {
			return err
		}
		by = append(by, more...)
	}
	if len(by) > 0 {
		return desk.Errorf(desk.Conflict, "holiday_calendar.in_use", "This calendar is kept by %s. Choose another there first.", strings.Join(by, ", "))
	}
	if _, err := tx.Exec(ctx, `DELETE FROM holiday_calendars WHERE slug = $1`, slug); err != nil {
		return fmt.Errorf("worktime: remove calendar: %w", err)
	}
	return s.calendarChanged(ctx, tx, actor, slug, c, nil)
}

func (s *Service) calendarChanged(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string, before, after any) error {
	if err := s.tell(ctx, tx, actor, "holiday_calendar", slug, before, after); err != nil {
		return err
	}
	if s.Changed == nil {
		return nil
	}
	return s.Changed(ctx, tx)
}

// Import takes days into a calendar that is there, beside those it has or in their place; a day that it has already keeps its name and hours. It says how many are new.
func (s *Service) Import(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string, days []hours.Holiday, replace bool) (Calendar, int, error) {
	c, err := s.Calendar(ctx, tx, slug)
	if err != nil {
		return c, 0, err
	}
	has := map[string]bool{}
	for _, d := range c.Days {
		has[d.Date] = true
	}
	to, added := []hours.Holiday{}, 0
	if !replace {
		to = append(to, c.Days...)
	}
	for _, d := range days {
		if !has[d.Date] {
			added++
		}
		if replace || !has[d.Date] {
			to = append(to, d)
		}
	}
	c, err = s.PutCalendar(ctx, tx, actor, slug, CalendarChange{Days: &to})
	return c, added, err
}
