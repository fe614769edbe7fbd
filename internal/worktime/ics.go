package worktime

import (
	"bufio"
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
)

const (
	maxFile = 4 << 20
	maxDays = 400
)

// Read finds the whole days of an iCalendar file (RFC 5545) that are not over before from: what offices and calendars publish as public holidays. An event of several days is
// one entry a day; one that returns every year on its date is one entry without a year. Events with a time of day are no holidays and are left out, with their number.
func Read(file string, from time.Time) (days []hours.Holiday, left int, err error) {
	if len(file) > maxFile {
		return nil, 0, desk.Errorf(desk.TooLarge, "holiday_calendar.file_too_large", "The file may have at most 4 MB.")
	}
	if !strings.Contains(file, "BEGIN:VCALENDAR") {
		return nil, 0, desk.Errorf(desk.Invalid, "holiday_calendar.file_malformed", "This is not a calendar file. Export the calendar as .ics, and choose that file.").In("file")
	}
	first := from.AddDate(-1, 0, 0).Format(time.DateOnly)
	seen := map[string]bool{}
	for _, e := range eventsOf(file) {
		ds, ok := e.days()
		if !ok {
			left++
			continue
		}
		for _, d := range ds {
			if (len(d.Date) == len("12-25") || d.Date >= first) && !seen[d.Date] {
				seen[d.Date] = true
				days = append(days, d)
			}
		}
	}
	slices.SortFunc(days, func(a, b hours.Holiday) int { return cmp.Compare(a.Date, b.Date) })
	if len(days) > maxDays {
		return nil, 0, desk.Errorf(desk.Invalid, "holiday_calendar.too_many", "The file has more than %d days. Export fewer years.", maxDays).In("file")
	}
	if len(days) == 0 {
		return nil, 0, desk.Errorf(desk.Invalid, "holiday_calendar.file_empty", "The file has no whole days from last year on.").In("file")
	}
	return days, left, nil
}

// entry is one VEVENT: its properties by name, with their parameters.
type entry map[string]struct{ params, value string }

func eventsOf(file string) []entry {
	var out []entry
	var now entry
	in := bufio.NewScanner(strings.NewReader(unfolded(file)))
	in.Buffer(nil, maxFile+1)
	for in.Scan() {
		line := strings.TrimSuffix(in.Text(), "\r")
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		name, params, _ := strings.Cut(name, ";")
		switch name = strings.ToUpper(name); {
		case name == "BEGIN" && strings.EqualFold(value, "VEVENT"):
			now = entry{}
		case name == "END" && strings.EqualFold(value, "VEVENT") && now != nil:
			out, now = append(out, now), nil
		case now != nil:
			if _, had := now[name]; !had {
				now[name] = struct{ params, value string }{strings.ToUpper(params), value}
			}
		}
	}
	return out
}

// unfolded joins long lines: a line that begins with a space goes on the one before.
func unfolded(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(strings.ReplaceAll(s, "\n ", ""), "\n\t", "")
}

func (e entry) days() ([]hours.Holiday, bool) {
	if strings.EqualFold(e["STATUS"].value, "CANCELLED") {
		return nil, true
	}
	start, ok := date(e["DTSTART"].value)
	if !ok {
		return nil, false
	}
	end := start.AddDate(0, 0, 1)
	if v := e["DTEND"].value; v != "" {
		if end, ok = date(v); !ok {
			return nil, false
		}
	}
	yearly := false
	if rule := strings.ToUpper(e["RRULE"].value); rule != "" {
		yearly = true
		for _, part := range strings.Split(rule, ";") {
			k, v, _ := strings.Cut(part, "=")
			if k == "FREQ" && v != "YEARLY" || k == "INTERVAL" && v != "1" || k == "BYDAY" || k == "UNTIL" || k == "COUNT" {
				yearly = false // "the fourth Thursday" is another date every year: of such a one only the first is known
			}
		}
	}
	name := text(e["SUMMARY"].value)
	var out []hours.Holiday
	for d := start; d.Before(end) && len(out) < 60; d = d.AddDate(0, 0, 1) {
		on := d.Format(time.DateOnly)
		if yearly {
			on = on[5:]
		}
		out = append(out, hours.Holiday{Date: on, Name: name, Ranges: []hours.Span{}})
	}
	return out, true
}

func date(v string) (time.Time, bool) {
	t, err := time.Parse("20060102", strings.TrimSpace(v))
	return t, err == nil
}

var escapes = strings.NewReplacer(`\,`, ",", `\;`, ";", `\n`, " ", `\N`, " ", `\\`, `\`)

func text(v string) string {
	s := strings.TrimSpace(escapes.Replace(v))
	for len(s) > 100 { // bytes, at the border of a letter
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}
