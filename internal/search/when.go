package search

import (
	"strconv"
	"strings"
	"time"
)

// age reads 7d, 3w, 6m or 1y back from now.
func age(s string, now time.Time) (time.Time, bool) {
	if s == "" {
		return now, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 0 || n > 10_000 {
		return now, false
	}
	switch s[len(s)-1] {
	case 'h':
		return now.Add(-time.Duration(n) * time.Hour), true
	case 'd':
		return now.AddDate(0, 0, -n), true
	case 'w':
		return now.AddDate(0, 0, -7*n), true
	case 'm':
		return now.AddDate(0, -n, 0), true
	case 'y':
		return now.AddDate(-n, 0, 0), true
	}
	return now, false
}

// date reads 2026-03-01, 1.3.2026, 2026-03, 2026, today, yesterday or 7d (days ago): when it begins and ends, in the time zone of now.
func date(s string, now time.Time) (from, to time.Time, ok bool) {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch s {
	case "today":
		return today, today.AddDate(0, 0, 1), true
	case "yesterday":
		return today.AddDate(0, 0, -1), today, true
	}
	if n, cut := strings.CutSuffix(s, "d"); cut {
		if days, err := strconv.Atoi(n); err == nil && days >= 0 && days < 36500 {
			return today.AddDate(0, 0, -days), today.AddDate(0, 0, 1-days), true
		}
	}
	for _, l := range []struct {
		layout              string
		years, months, days int
	}{{"2006-01-02", 0, 0, 1}, {"2.1.2006", 0, 0, 1}, {"2006-01", 0, 1, 0}, {"2006", 1, 0, 0}} {
		if t, err := time.ParseInLocation(l.layout, s, now.Location()); err == nil && t.Year() > 1900 && t.Year() < 3000 {
			return t, t.AddDate(l.years, l.months, l.days), true
		}
	}
	if t, err := time.Parse(time.RFC3339, strings.ToUpper(s)); err == nil {
		return t, t.Add(time.Second), true
	}
	return time.Time{}, time.Time{}, false
}
