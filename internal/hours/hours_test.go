package hours_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
)

var (
	week    = []int{1, 2, 3, 4, 5}
	all     = []int{1, 2, 3, 4, 5, 6, 7}
	officed = hours.Schedule{Timezone: "Europe/Copenhagen", Ranges: []hours.Range{{Days: week, From: "09:00", To: "12:00"}, {Days: week, From: "13:00", To: "17:00"}, {Days: []int{5}, From: "22:00", To: "02:00"}},
		Holidays: []hours.Holiday{{Date: "2026-12-24", Ranges: []hours.Span{{From: "09:00", To: "11:00"}}}, {Date: "12-25", Name: "Christmas"}, {Date: "2026-07-03"}}}
)

func at(t *testing.T, zone, wall string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	x, err := time.ParseInLocation("2006-01-02 15:04", wall, loc)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// CH-18, AV-01: several ranges a day, over midnight, holidays with and without hours of their own.
func TestOpenAt(t *testing.T) {
	for wall, open := range map[string]bool{
		"2026-06-15 08:59": false, "2026-06-15 09:00": true, "2026-06-15 11:59": true, "2026-06-15 12:00": false, "2026-06-15 13:00": true, "2026-06-15 17:00": false,
		"2026-06-19 23:00": true, "2026-06-20 01:59": true, "2026-06-20 02:00": false, // Friday's night goes on into Saturday
		"2026-06-20 10:00": false,
		"2026-12-24 10:00": true, "2026-12-24 14:00": false, // hours of its own
		"2026-12-25 10:00": false, "2027-12-25 10:00": false, // every year
		"2026-07-03 10:00": false, "2026-07-03 23:00": false, "2026-07-04 01:00": false, // what would begin on the day does not
	} {
		if got := officed.OpenAt(at(t, officed.Timezone, wall)); got != open {
			t.Errorf("%s: open %v, want %v", wall, got, open)
		}
	}
	late := officed
	late.Holidays = []hours.Holiday{{Date: "2026-06-20"}}
	if !late.OpenAt(at(t, officed.Timezone, "2026-06-20 01:00")) {
		t.Error("what began the night before a holiday goes on into it")
	}
}

func TestNextOpenAndChange(t *testing.T) {
	for _, c := range []struct{ now, open, change string }{
		{"2026-06-15 08:00", "2026-06-15 09:00", "2026-06-15 09:00"},
		{"2026-06-15 09:00", "2026-06-15 09:00", "2026-06-15 12:00"},
		{"2026-06-15 12:30", "2026-06-15 13:00", "2026-06-15 13:00"},
		{"2026-06-19 17:30", "2026-06-19 22:00", "2026-06-19 22:00"},
		{"2026-06-20 02:00", "2026-06-22 09:00", "2026-06-22 09:00"}, // over the weekend
		{"2026-12-24 11:00", "2026-12-28 09:00", "2026-12-28 09:00"}, // over Christmas
	} {
		now := at(t, officed.Timezone, c.now)
		if got, ok := officed.NextOpen(now); !ok || !got.Equal(at(t, officed.Timezone, c.open)) {
			t.Errorf("%s: opens %v %v, want %s", c.now, got, ok, c.open)
		}
		if got, ok := officed.NextChange(now); !ok || !got.Equal(at(t, officed.Timezone, c.change)) {
			t.Errorf("%s: changes %v %v, want %s", c.now, got, ok, c.change)
		}
	}
	if _, ok := (hours.Schedule{Timezone: "UTC"}).NextOpen(time.Now()); ok {
		t.Error("a schedule without hours never opens")
	}
	always := hours.Schedule{Timezone: "Europe/Copenhagen", Ranges: []hours.Range{{Days: all, From: "00:00", To: "24:00"}}}
	if _, ok := always.NextChange(time.Now()); ok || !always.OpenAt(time.Now()) {
		t.Error("day after day without a gap never changes")
	}
	meet := hours.Schedule{Timezone: "UTC", Ranges: []hours.Range{{Days: []int{1}, From: "09:00", To: "12:00"}, {Days: []int{1}, From: "11:00", To: "15:00"}}}
	if got, _ := meet.NextChange(at(t, "UTC", "2026-06-15 10:00")); !got.Equal(at(t, "UTC", "2026-06-15 15:00")) {
		t.Errorf("ranges that overlap are one: %v", got)
	}
}

// Daylight saving in both hemispheres, half hours of it, hours that do not exist and hours that come twice.
func TestDaylightSaving(t *testing.T) {
	for name, c := range map[string]struct {
		zone, from, to, day string // of the day on which it begins
		start, hours        string // when it opens in UTC, and for how long
	}{
		"north, spring: the clocks jump over the end":             {"Europe/Copenhagen", "01:00", "02:30", "2026-03-29", "2026-03-29 00:00", "1h0m0s"},
		"north, spring: what would begin in the gap":              {"Europe/Copenhagen", "02:30", "04:00", "2026-03-29", "2026-03-29 01:00", "1h0m0s"},
		"north, spring: a night is an hour shorter":               {"Europe/Copenhagen", "22:00", "06:00", "2026-03-28", "2026-03-28 21:00", "7h0m0s"},
		"north, autumn: the doubled hour is open twice":           {"Europe/Copenhagen", "02:00", "03:00", "2026-10-25", "2026-10-25 00:00", "2h0m0s"},
		"north, autumn: ends in the second of the doubled":        {"Europe/Copenhagen", "01:00", "02:30", "2026-10-25", "2026-10-24 23:00", "2h30m0s"},
		"south, spring in October":                                {"Australia/Sydney", "01:00", "05:00", "2026-10-04", "2026-10-03 15:00", "3h0m0s"},
		"south, autumn in April":                                  {"Australia/Sydney", "01:00", "05:00", "2026-04-05", "2026-04-04 14:00", "5h0m0s"},
		"half an hour of daylight saving, forward":                {"Australia/Lord_Howe", "01:00", "05:00", "2026-10-04", "2026-10-03 14:30", "3h30m0s"},
		"half an hour of daylight saving, back":                   {"Australia/Lord_Howe", "01:00", "05:00", "2026-04-05", "2026-04-04 14:00", "4h30m0s"},
		"a zone 45 minutes off with daylight saving":              {"Pacific/Chatham", "09:00", "17:00", "2026-06-15", "2026-06-14 20:15", "8h0m0s"},
		"a zone 45 minutes off":                                   {"Asia/Kathmandu", "09:00", "17:00", "2026-06-15", "2026-06-15 03:15", "8h0m0s"},
		"a zone half an hour off":                                 {"Asia/Kolkata", "09:00", "17:00", "2026-06-15", "2026-06-15 03:30", "8h0m0s"},
		"midnight does not exist":                                 {"America/Santiago", "00:00", "08:00", "2026-09-06", "2026-09-06 04:00", "7h0m0s"},
		"the whole day of a change is 23 hours":                   {"Europe/Copenhagen", "00:00", "24:00", "2026-03-29", "2026-03-28 23:00", "23h0m0s"},
		"and 25":                                                  {"Europe/Copenhagen", "00:00", "24:00", "2026-10-25", "2026-10-24 22:00", "25h0m0s"},
		"Ramadan: clocks go back and forth in one year (Morocco)": {"Africa/Casablanca", "01:00", "04:00", "2026-02-15", "2026-02-15 00:00", "4h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := hours.Schedule{Timezone: c.zone, Holidays: []hours.Holiday{{Date: c.day, Ranges: []hours.Span{{From: c.from, To: c.to}}}}}
			start := at(t, "UTC", c.start)
			got, ok := s.NextOpen(start.Add(-26 * time.Hour))
			if !ok || !got.Equal(start) {
				t.Fatalf("opens %v, want %v", got.UTC(), start)
			}
			end, ok := s.NextChange(got)
			if !ok || end.Sub(got).String() != c.hours {
				t.Fatalf("is open for %v, want %s", end.Sub(got), c.hours)
			}
			if s.OpenAt(got.Add(-time.Second)) || !s.OpenAt(got) || !s.OpenAt(end.Add(-time.Second)) || s.OpenAt(end) {
				t.Error("OpenAt says otherwise than NextChange")
			}
		})
	}
	gone := hours.Schedule{Timezone: "Europe/Copenhagen", Holidays: []hours.Holiday{{Date: "2026-03-29", Ranges: []hours.Span{{From: "02:10", To: "02:50"}}}}}
	if at, ok := gone.NextOpen(at(t, "UTC", "2026-03-28 00:00")); ok {
		t.Errorf("a range that the clocks leave nothing of opens %v", at)
	}
}

// Whatever the schedule and the moment: the state changes at NextChange and not before, and NextOpen is open.
func TestChangesAreWhereTheStateChanges(t *testing.T) {
	zones := []string{"UTC", "Europe/Copenhagen", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "America/Santiago", "Africa/Casablanca", "Pacific/Apia"}
	rapid.Check(t, func(t *rapid.T) {
		clock := rapid.SampledFrom([]string{"00:00", "01:30", "02:00", "02:30", "03:00", "09:00", "12:00", "17:00", "22:00", "23:59"})
		s := hours.Schedule{Timezone: rapid.SampledFrom(zones).Draw(t, "zone")}
		for range rapid.IntRange(0, 4).Draw(t, "ranges") {
			r := hours.Range{Days: rapid.SliceOfNDistinct(rapid.IntRange(1, 7), 1, 7, rapid.ID[int]).Draw(t, "days"), From: clock.Draw(t, "from"), To: clock.Draw(t, "to")}
			if r.From != r.To {
				s.Ranges = append(s.Ranges, r)
			}
		}
		if err := s.Validate("hours"); err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 366*24*60).Draw(t, "minute")) * time.Minute)
		open := s.OpenAt(now)
		change, ok := s.NextChange(now)
		if !ok {
			change = now.AddDate(0, 0, 8)
		} else if s.OpenAt(change) == open || !change.After(now) {
			t.Fatalf("nothing changes at %v", change)
		}
		for at := now; at.Before(change) && at.Before(now.AddDate(0, 0, 8)); at = at.Add(17 * time.Minute) {
			if s.OpenAt(at) != open {
				t.Fatalf("changed at %v already, before %v", at, change)
			}
		}
		if at, ok := s.NextOpen(now); ok && !s.OpenAt(at) {
			t.Fatalf("said to open at %v and does not", at)
		}
	})
}

func TestValidate(t *testing.T) {
	ok := hours.Range{Days: week, From: "09:00", To: "17:00"}
	for reason, c := range map[string]struct {
		s     hours.Schedule
		field string
	}{
		"hours.timezone_unknown": {hours.Schedule{Timezone: "Copenhagen"}, "h.timezone"},
		"hours.days_missing":     {hours.Schedule{Timezone: "UTC", Ranges: []hours.Range{ok, {From: "09:00", To: "17:00"}}}, "h.ranges.1.days"},
		"hours.days_malformed":   {hours.Schedule{Timezone: "UTC", Ranges: []hours.Range{{Days: []int{8}, From: "09:00", To: "17:00"}}}, "h.ranges.0.days"},
		"hours.time_malformed":   {hours.Schedule{Timezone: "UTC", Ranges: []hours.Range{{Days: week, From: "9", To: "17:00"}}}, "h.ranges.0.from"},
		"hours.empty":            {hours.Schedule{Timezone: "UTC", Ranges: []hours.Range{{Days: week, From: "09:00", To: "09:00"}}}, "h.ranges.0.to"},
		"hours.date_malformed":   {hours.Schedule{Timezone: "UTC", Holidays: []hours.Holiday{{Date: "2026-02-30"}}}, "h.holidays.0.date"},
		"hours.date_twice":       {hours.Schedule{Timezone: "UTC", Holidays: []hours.Holiday{{Date: "12-25"}, {Date: "12-25"}}}, "h.holidays.1.date"},
	} {
		err := c.s.Validate("h")
		var e *desk.Error
		if !errors.As(err, &e) || e.Reason != reason || e.Field != c.field || e.Public == "" {
			t.Errorf("%+v, want %s in %s", err, reason, c.field)
		}
	}
	if err := officed.Validate("h"); err != nil {
		t.Error(err)
	}
	if err := (hours.Schedule{Timezone: "UTC", Holidays: []hours.Holiday{{Date: "02-29"}}}).Validate("h"); err != nil {
		t.Error(err)
	}
}
