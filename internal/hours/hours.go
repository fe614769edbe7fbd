// Package hours is a schedule of opening hours and what time it makes of them: whether somebody is there, when they are back, when that next
// changes. It is pure: it reads no clock and no table, and refuses a schedule that cannot be meant. A time of the day is of the wall clock in the
// schedule's zone. Read by availability, assignment and whoever else keeps hours.
package hours

import (
	"cmp"
	"slices"
	"time"
)

// Schedule is when somebody is there. Without ranges and holidays nobody ever is.
type Schedule struct {
	Timezone string    `json:"timezone" yaml:"timezone,omitempty" doc:"like Europe/Copenhagen"`
	Ranges   []Range   `json:"ranges" yaml:"ranges,omitempty"`
	Holidays []Holiday `json:"holidays" yaml:"holidays,omitempty"`
}

// Range is a span on days of the week. It belongs to the day on which it begins: one from 22:00 to 06:00 on Fridays ends on Saturday.
type Range struct {
	Days []int  `json:"days" yaml:"days,flow" doc:"1 is Monday, 7 is Sunday"`
	From string `json:"from" yaml:"from"`
	To   string `json:"to" yaml:"to" doc:"24:00 is midnight at its end; earlier than from is on the next day"`
}

// Holiday is a day with hours of its own, or none. They take the place of what begins on that day; what began the night before goes on.
type Holiday struct {
	Date   string `json:"date" yaml:"date" doc:"2026-12-25, or 12-25 for every year"`
	Name   string `json:"name" yaml:"name,omitempty"`
	Ranges []Span `json:"ranges" yaml:"ranges,omitempty"`
}

// Span is a part of one day.
type Span struct {
	From string `json:"from" yaml:"from"`
	To   string `json:"to" yaml:"to"`
}

// horizon is how many days ahead a change is looked for: a yearly day is within.
const horizon = 400

// OpenAt reports whether somebody is there at t. A schedule that Validate would refuse is never open where it cannot be read.
func (s Schedule) OpenAt(t time.Time) bool {
	_, open := s.covering(t, s.zone())
	return open
}

// NextOpen is the first moment from t on at which somebody is there: t itself while they are. ok is false when nobody will be.
func (s Schedule) NextOpen(t time.Time) (at time.Time, ok bool) {
	if s.OpenAt(t) {
		return t, true
	}
	return s.opening(t, s.zone())
}

// NextChange is the first moment after t at which open becomes closed or closed open; ok is false when it stays as it is.
func (s Schedule) NextChange(t time.Time) (at time.Time, ok bool) {
	loc := s.zone()
	end, open := s.covering(t, loc)
	if !open {
		return s.opening(t, loc)
	}
	for last := t.AddDate(0, 0, horizon); end.Before(last); { // what begins where another ends, or before, is one
		next, more := s.covering(end, loc)
		if !more {
			return end, true
		}
		end = next
	}
	return time.Time{}, false
}

// HolidayAt is the holiday that t falls on.
func (s Schedule) HolidayAt(t time.Time) (Holiday, bool) {
	return s.holiday(dayOf(t, s.zone()))
}

func (s Schedule) zone() *time.Location {
	if loc, err := time.LoadLocation(s.Timezone); err == nil {
		return loc
	}
	return time.UTC
}

type interval struct{ from, to time.Time }

// covering returns the latest end of what covers t.
func (s Schedule) covering(t time.Time, loc *time.Location) (end time.Time, open bool) {
	today := dayOf(t, loc)
	for _, d := range []day{today.plus(-1), today} {
		for _, i := range s.on(d, loc) {
			if !i.from.After(t) && i.to.After(t) && i.to.After(end) {
				end, open = i.to, true
			}
		}
	}
	return end, open
}

// opening is the first beginning after t.
func (s Schedule) opening(t time.Time, loc *time.Location) (time.Time, bool) {
	d := dayOf(t, loc)
	for range horizon {
		for _, i := range s.on(d, loc) {
			if i.from.After(t) {
				return i.from, true
			}
		}
		d = d.plus(1)
	}
	return time.Time{}, false
}

// on is what begins on a day, in order; a span that the clocks leave nothing of is not there.
func (s Schedule) on(d day, loc *time.Location) []interval {
	var out []interval
	add := func(from, to string) {
		f, ok1 := minutes(from)
		u, ok2 := minutes(to)
		if !ok1 || !ok2 {
			return
		}
		last := d
		if u <= f {
			last = d.plus(1)
		}
		if u == 24*60 {
			last, u = d.plus(1), 0
		}
		if i := (interval{first(d, f, loc), latest(last, u, loc)}); i.to.After(i.from) {
			out = append(out, i)
		}
	}
	if h, ok := s.holiday(d); ok {
		for _, r := range h.Ranges {
			add(r.From, r.To)
		}
	} else {
		for _, r := range s.Ranges {
			if slices.Contains(r.Days, d.weekday()) {
				add(r.From, r.To)
			}
		}
	}
	slices.SortFunc(out, func(a, b interval) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	return out
}

// holiday of a day: one of this very year goes before one of every year.
func (s Schedule) holiday(d day) (Holiday, bool) {
	whole := d.midnight().Format(time.DateOnly)
	for _, date := range []string{whole, whole[5:]} {
		for _, h := range s.Holidays {
			if h.Date == date {
				return h, true
			}
		}
	}
	return Holiday{}, false
}
