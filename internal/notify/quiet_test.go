package notify

import (
	"testing"
	"time"
)

func at(t *testing.T, zone, s string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	v, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var everyDay = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// WS-15: quiet hours, over midnight, by day, and where clocks are changed.
func TestQuietHoursEndWhenTheyShould(t *testing.T) {
	night := Quiet{On: true, From: "19:00", To: "07:00", Days: everyDay}
	work := Quiet{On: true, From: "19:00", To: "07:00", Days: []string{"mon", "tue", "wed", "thu"}, DaysOff: []string{"sat", "sun"}}
	gap := Quiet{On: true, From: "22:00", To: "02:30", Days: everyDay}
	lunch := Quiet{On: true, From: "12:00", To: "13:00", Days: everyDay}
	for _, c := range []struct {
		name, zone, now, until string
		q                      Quiet
	}{
		{"in the evening", "Europe/Copenhagen", "2026-06-10 21:00", "2026-06-11T05:00:00Z", night},
		{"after midnight", "Europe/Copenhagen", "2026-06-10 03:00", "2026-06-10T05:00:00Z", night},
		{"by day", "Europe/Copenhagen", "2026-06-10 12:00", "", night},
		{"at its first moment", "Europe/Copenhagen", "2026-06-10 19:00", "2026-06-11T05:00:00Z", night},
		{"at its end", "Europe/Copenhagen", "2026-06-10 07:00", "", night},
		{"within a day", "UTC", "2026-06-10 12:30", "2026-06-10T13:00:00Z", lunch},
		{"off", "UTC", "2026-06-10 23:00", "", Quiet{From: "19:00", To: "07:00", Days: everyDay}},
		{"a night that is not one of its days", "UTC", "2026-06-12 21:00", "", work},                            // Friday evening
		{"the weekend and the night before it joined", "UTC", "2026-06-13 00:30", "2026-06-15T00:00:00Z", work}, // Saturday
		{"a night that runs into a day", "UTC", "2026-06-11 23:00", "2026-06-12T07:00:00Z", work},
		{"sunday's end is monday", "UTC", "2026-06-14 23:59", "2026-06-15T00:00:00Z", work},
		{"clocks go forward in it: the night is an hour shorter", "Europe/Copenhagen", "2026-03-28 23:00", "2026-03-29T05:00:00Z", night},
		{"it ends in the hour that is not", "Europe/Copenhagen", "2026-03-28 23:00", "2026-03-29T01:00:00Z", gap},
		{"clocks go back in it: it ends the second time", "Europe/Copenhagen", "2026-10-24 23:00", "2026-10-25T01:30:00Z", gap},
		{"between the two times", "Europe/Copenhagen", "2026-10-25 02:15", "2026-10-25T01:30:00Z", gap},
		{"southern clocks", "Australia/Sydney", "2026-10-03 23:30", "2026-10-03T20:00:00Z", night},
		{"half hours", "Asia/Kolkata", "2026-06-10 20:00", "2026-06-11T01:30:00Z", night},
	} {
		now := at(t, c.zone, c.now)
		end, quiet := c.q.Until(now, now.Location())
		got := ""
		if quiet {
			got = end.UTC().Format(time.RFC3339)
		}
		if got != c.until {
			t.Errorf("%s: %s until %q, want %q", c.name, c.now, got, c.until)
		}
	}
}

// WS-15: what ends is over: no moment is quiet at its own end, in any zone on any day of two years.
func TestTheEndOfQuietIsNotQuiet(t *testing.T) {
	q := Quiet{On: true, From: "21:30", To: "02:15", Days: everyDay, DaysOff: []string{"sun"}}
	for _, zone := range []string{"Europe/Copenhagen", "America/New_York", "Australia/Lord_Howe", "UTC", "Pacific/Apia", "America/Sao_Paulo"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for now := time.Date(2025, 1, 1, 0, 7, 0, 0, time.UTC); now.Year() < 2027; now = now.Add(37 * time.Minute) {
			end, quiet := q.Until(now, loc)
			if !quiet {
				continue
			}
			if !end.After(now) || end.Sub(now) > 50*time.Hour {
				t.Fatalf("%s: quiet at %s until %s", zone, now.In(loc), end.In(loc))
			}
			if _, still := q.Until(end, loc); still {
				t.Fatalf("%s: still quiet at its end %s", zone, end.In(loc))
			}
		}
	}
}

func TestAllDaysOffEndsSomeTime(t *testing.T) {
	q := Quiet{On: true, From: "19:00", To: "07:00", DaysOff: everyDay}
	now := at(t, "UTC", "2026-06-10 12:00")
	if end, quiet := q.Until(now, time.UTC); !quiet || end.Sub(now) > 20*24*time.Hour {
		t.Errorf("quiet %v until %s", quiet, end)
	}
}

func TestDigestsHaveTheirTimes(t *testing.T) {
	for _, c := range []struct {
		name, zone, now, next string
		m                     MailPlan
	}{
		{"at once", "UTC", "2026-06-10 12:00", "2026-06-10T12:00:00Z", MailPlan{Mode: AtOnce}},
		{"daily, later today", "Europe/Copenhagen", "2026-06-10 06:00", "2026-06-10T06:00:00Z", MailPlan{Mode: Daily, At: "08:00"}},
		{"daily, at the time itself: tomorrow", "Europe/Copenhagen", "2026-06-10 08:00", "2026-06-11T06:00:00Z", MailPlan{Mode: Daily, At: "08:00"}},
		{"daily over the change of clocks", "Europe/Copenhagen", "2026-03-28 09:00", "2026-03-29T06:00:00Z", MailPlan{Mode: Daily, At: "08:00"}},
		{"daily in the hour that is not", "Europe/Copenhagen", "2026-03-28 09:00", "2026-03-29T01:00:00Z", MailPlan{Mode: Daily, At: "02:30"}},
		{"every four hours", "UTC", "2026-06-10 09:10", "2026-06-10T12:00:00Z", MailPlan{Mode: Hours, Hours: 4}},
		{"every five hours begins anew at midnight", "UTC", "2026-06-10 21:00", "2026-06-11T00:00:00Z", MailPlan{Mode: Hours, Hours: 5}},
		{"every 24 hours", "UTC", "2026-06-10 00:00", "2026-06-11T00:00:00Z", MailPlan{Mode: Hours, Hours: 24}},
	} {
		now := at(t, c.zone, c.now)
		if got := c.m.Next(now, now.Location()).UTC().Format(time.RFC3339); got != c.next {
			t.Errorf("%s: %s, want %s", c.name, got, c.next)
		}
	}
}
