package hours

import (
	"time"
	_ "time/tzdata" // zones also where the machine has none
)

// day is a date without a zone.
type day struct {
	year  int
	month time.Month
	day   int
}

func dayOf(t time.Time, loc *time.Location) day {
	y, m, d := t.In(loc).Date()
	return day{y, m, d}
}

func (d day) midnight() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

func (d day) plus(n int) day { return dayOf(d.midnight().AddDate(0, 0, n), time.UTC) }

// weekday counts from Monday, 1, to Sunday, 7.
func (d day) weekday() int {
	if w := int(d.midnight().Weekday()); w != 0 {
		return w
	}
	return 7
}

// first and latest are the moments at which the wall clock shows a time. When the clocks are set back it shows some times twice: a range then begins with the
// first and ends with the last, so that the doubled hour is open whole. When they are set forward it leaves some out: what was to begin or end there does so at the jump.
func first(d day, minute int, loc *time.Location) time.Time {
	a, _ := moments(d, minute, loc)
	return a
}

func latest(d day, minute int, loc *time.Location) time.Time {
	_, b := moments(d, minute, loc)
	return b
}

func moments(d day, minute int, loc *time.Location) (time.Time, time.Time) {
	wall := d.midnight().Add(time.Duration(minute) * time.Minute)
	const around = 26 * time.Hour // further than any zone is from UTC
	a, b := wall.Add(-offset(wall.Add(-around), loc)), wall.Add(-offset(wall.Add(around), loc))
	okA, okB := shows(a, wall, loc), shows(b, wall, loc)
	switch {
	case okA && okB && b.Before(a):
		return b, a
	case okA && okB:
		return a, b
	case okA:
		return a, a
	case okB:
		return b, b
	}
	jump, _ := a.In(loc).ZoneBounds() // by the old offset it would be after the jump
	return jump, jump
}

func offset(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

// shows reports whether the wall clock shows a time at t.
func shows(t, wall time.Time, loc *time.Location) bool { return t.Add(offset(t, loc)).Equal(wall) }
