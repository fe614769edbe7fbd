package notify

import (
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Quiet are hours in which a person is left alone: from one time of day to another on the days on which it begins, and whole days.
type Quiet struct {
	On      bool     `json:"on" yaml:"on"`
	From    string   `json:"from" yaml:"from" example:"19:00"`
	To      string   `json:"to" yaml:"to" example:"08:00" doc:"Earlier than from: on the next day."`
	Days    []string `json:"days" yaml:"days" doc:"On which it begins: mon, tue, wed, thu, fri, sat, sun."`
	DaysOff []string `json:"days_off" yaml:"days_off" doc:"Quiet from midnight to midnight."`
	Zone    string   `json:"zone" yaml:"zone" doc:"\"\": the person's own, else the company's." example:"Europe/Copenhagen"`
}

// Weekdays are the names of days, Sunday first as time.Weekday counts.
var Weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// clockTime reads 07:30.
func clockTime(s string) (hour, minute int, err error) {
	t, err := time.Parse("15:04", s)
	return t.Hour(), t.Minute(), err
}

// local is a time of day in a zone, on the day that base lies in plus days. Where clocks go forward over it, it is the moment after the gap; where it comes twice, the later
// one if so asked.
func local(base time.Time, days, hour, minute int, loc *time.Location, later bool) time.Time {
	y, m, d := base.Date()
	wall := time.Date(y, m, d+days, hour, minute, 0, 0, time.UTC)
	var before, after time.Time
	for i, probe := range []time.Duration{-26 * time.Hour, 26 * time.Hour} {
		_, off := wall.Add(probe).In(loc).Zone()
		t := wall.Add(-time.Duration(off) * time.Second).In(loc)
		if i == 0 {
			before = t
		} else {
			after = t
		}
	}
	same := func(t time.Time) bool {
		return t.Hour() == wall.Hour() && t.Minute() == wall.Minute() && t.Day() == wall.Day()
	}
	switch b, a := same(before), same(after); {
	case b && a && later == after.After(before):
		return after
	case b:
		return before
	case a:
		return after
	}
	// In a gap: before lies behind it, after in front of it.
	_, off := after.Zone()
	for t := after; t.Before(before); t = t.Add(time.Minute) {
		if _, now := t.Zone(); now != off {
			return t
		}
	}
	return before
}

// Until is when the quiet that now lies in ends; false when now is not quiet. Stretches that touch are one.
func (q Quiet) Until(now time.Time, loc *time.Location) (time.Time, bool) {
	if !q.On {
		return time.Time{}, false
	}
	end, quiet := now, false
	for range 16 { // a week of days off, and a night between each two
		next, ok := q.stretch(end, loc)
		if !ok || !next.After(end) {
			break
		}
		end, quiet = next, true
	}
	return end, quiet
}

// stretch is the end of one stretch that a moment lies in.
func (q Quiet) stretch(at time.Time, loc *time.Location) (end time.Time, ok bool) {
	here := at.In(loc)
	try := func(from, to time.Time) {
		if !at.Before(from) && at.Before(to) && to.After(end) {
			end, ok = to, true
		}
	}
	for day := -1; day <= 0; day++ {
		name := Weekdays[here.AddDate(0, 0, day).Weekday()]
		if slices.Contains(q.DaysOff, name) {
			try(local(here, day, 0, 0, loc, false), local(here, day+1, 0, 0, loc, false))
		}
		fh, fm, err1 := clockTime(q.From)
		th, tm, err2 := clockTime(q.To)
		if err1 != nil || err2 != nil || !slices.Contains(q.Days, name) {
			continue
		}
		last := day
		if th*60+tm <= fh*60+fm {
			last++
		}
		try(local(here, day, fh, fm, loc, false), local(here, last, th, tm, loc, true))
	}
	return end, ok
}

func (q Quiet) check() error {
	for _, f := range []struct{ field, v string }{{"from", q.From}, {"to", q.To}} {
		if _, _, err := clockTime(f.v); err != nil && (q.On || f.v != "") {
			return desk.Errorf(desk.Invalid, "notify.time_malformed", "%q is not a time of day: write it like 19:00.", f.v).In("quiet." + f.field)
		}
	}
	for field, days := range map[string][]string{"days": q.Days, "days_off": q.DaysOff} {
		for _, d := range days {
			if !slices.Contains(Weekdays, d) {
				return desk.Errorf(desk.Invalid, "notify.day_unknown", "%q is not a day: use mon, tue, wed, thu, fri, sat or sun.", d).In("quiet." + field)
			}
		}
	}
	if q.Zone != "" {
		if _, err := time.LoadLocation(q.Zone); err != nil || q.Zone == "Local" {
			return desk.Errorf(desk.Invalid, "notify.zone_unknown", "%q is not a time zone: write it like Europe/Copenhagen.", q.Zone).In("quiet.zone")
		}
	}
	return nil
}

// MailPlan says when news go out by mail.
type MailPlan struct {
	Mode  string `json:"mode" yaml:"mode" enum:"at_once,hours,daily,off"`
	Hours int    `json:"hours" yaml:"hours" doc:"With hours: every so many, counted from midnight." example:"4"`
	At    string `json:"at" yaml:"at" doc:"With daily: the time of day." example:"08:00"`
}

// The modes.
const (
	AtOnce = "at_once"
	Hours  = "hours"
	Daily  = "daily"
	Off    = "off"
)

// Next is when a mail about something that happens now goes out, before quiet hours are asked. Modes that gather have their times of day.
func (m MailPlan) Next(now time.Time, loc *time.Location) time.Time {
	here := now.In(loc)
	switch m.Mode {
	case Daily:
		h, min, err := clockTime(m.At)
		if err != nil {
			h, min = 8, 0
		}
		for day := 0; ; day++ {
			if t := local(here, day, h, min, loc, false); t.After(now) {
				return t
			}
		}
	case Hours:
		step := max(1, min(m.Hours, 24))
		for h := 0; ; h += step {
			if h >= 24 {
				return local(here, 1, 0, 0, loc, false)
			}
			if t := local(here, 0, h, 0, loc, false); t.After(now) {
				return t
			}
		}
	}
	return now
}

func (m MailPlan) check() error {
	switch m.Mode {
	case AtOnce, Off:
	case Hours:
		if m.Hours < 1 || m.Hours > 24 {
			return desk.Errorf(desk.Invalid, "notify.hours_range", "Every how many hours: 1 to 24.").In("email.hours")
		}
	case Daily:
		if _, _, err := clockTime(m.At); err != nil {
			return desk.Errorf(desk.Invalid, "notify.time_malformed", "%q is not a time of day: write it like 08:00.", m.At).In("email.at")
		}
	default:
		return desk.Errorf(desk.Invalid, "notify.mode_unknown", "%q is no way of sending mails: use at_once, hours, daily or off.", m.Mode).In("email.mode")
	}
	return nil
}

// Rhythm is a time zone and a language to live in.
type Rhythm struct{ Locale, Zone string }

// zone is the place whose clock counts for a person.
func (s Settings) zone(u desk.User, company Rhythm) *time.Location {
	for _, name := range []string{s.Quiet.Zone, u.Timezone, company.Zone} {
		if name == "" {
			continue
		}
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	return time.UTC
}
