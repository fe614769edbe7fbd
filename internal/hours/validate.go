package hours

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

const (
	maxRanges   = 50
	maxHolidays = 400
	maxName     = 100
)

var clockForm = regexp.MustCompile(`^([01]\d|2[0-4]):([0-5]\d)$`)

// minutes after midnight of 09:30; 24:00 is the last.
func minutes(s string) (int, bool) {
	m := clockForm.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	h, _ := strconv.Atoi(m[1])
	n, _ := strconv.Atoi(m[2])
	n += h * 60
	return n, n <= 24*60
}

// Validate refuses what cannot be meant. field is where the schedule stands, for the error to name the place.
func (s Schedule) Validate(field string) error {
	if s.Timezone == "" || s.Timezone == "Local" || !known(s.Timezone) {
		return bad("hours.timezone_unknown", "%q is not a time zone: write it like Europe/Copenhagen.", s.Timezone).In(field + ".timezone")
	}
	if len(s.Ranges) > maxRanges || len(s.Holidays) > maxHolidays {
		return bad("hours.too_many", "A schedule takes at most %d ranges and %d holidays.", maxRanges, maxHolidays).In(field)
	}
	for i, r := range s.Ranges {
		at := fmt.Sprintf("%s.ranges.%d", field, i)
		if len(r.Days) == 0 {
			return bad("hours.days_missing", "Choose the days of the week for %s–%s.", r.From, r.To).In(at + ".days")
		}
		for n, d := range r.Days {
			if d < 1 || d > 7 || slices.Contains(r.Days[:n], d) {
				return bad("hours.days_malformed", "Days of the week are numbers from 1, Monday, to 7, Sunday, each once.").In(at + ".days")
			}
		}
		if err := span(r.From, r.To, at); err != nil {
			return err
		}
	}
	for i, h := range s.Holidays {
		if err := s.checkHoliday(i, h, fmt.Sprintf("%s.holidays.%d", field, i)); err != nil {
			return err
		}
	}
	return nil
}

func (s Schedule) checkHoliday(i int, h Holiday, at string) error {
	date := h.Date
	if len(date) == len("12-25") {
		date = "2024-" + date // a leap year: 29 February is a day
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return bad("hours.date_malformed", "%q is not a day: write it like 2026-12-25, or 12-25 for every year.", h.Date).In(at + ".date")
	}
	if len(h.Name) > maxName {
		return bad("hours.name_too_long", "The name of a holiday takes at most %d bytes.", maxName).In(at + ".name")
	}
	if slices.ContainsFunc(s.Holidays[:i], func(o Holiday) bool { return o.Date == h.Date }) {
		return bad("hours.date_twice", "%s is there twice. Put its hours into one entry.", h.Date).In(at + ".date")
	}
	for n, r := range h.Ranges {
		if err := span(r.From, r.To, fmt.Sprintf("%s.ranges.%d", at, n)); err != nil {
			return err
		}
	}
	return nil
}

func span(from, to, at string) error {
	f, ok := minutes(from)
	if !ok || f == 24*60 {
		return bad("hours.time_malformed", "%q is not a time of the day: write it like 09:00.", from).In(at + ".from")
	}
	t, ok := minutes(to)
	if !ok {
		return bad("hours.time_malformed", "%q is not a time of the day: write it like 17:00, or 24:00 for midnight.", to).In(at + ".to")
	}
	if f == t {
		return bad("hours.empty", "%s–%s has no length. For the whole day write 00:00–24:00.", from, to).In(at + ".to")
	}
	return nil
}

func bad(reason, format string, args ...any) *desk.Error {
	return desk.Errorf(desk.Invalid, reason, format, args...)
}

func known(zone string) bool { _, err := time.LoadLocation(zone); return err == nil }
