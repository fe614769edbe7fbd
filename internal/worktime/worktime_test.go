package worktime_test

import (
	"context"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/worktime"
)

const file = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Christmas\\, long\r\n  name\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20000605\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Constitution\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:19990101\r\nSUMMARY:Old\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nSUMMARY:Meeting\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// AV-09: whole days of a calendar file become holidays: each day of several, every year where it returns; what is long over and what has a time of day is left out.
func TestReadsACalendarFile(t *testing.T) {
	days, left, err := worktime.Read(file, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || left != 1 || len(days) != 4 {
		t.Fatalf("%+v %d %v", days, left, err)
	}
	if days[0].Date != "06-05" || days[1].Date != "2026-12-24" || days[3].Date != "2026-12-26" || days[1].Name != "Christmas, long name" {
		t.Fatalf("%+v", days)
	}
	if _, _, err := worktime.Read("Dear Sir", time.Now()); desk.CodeOf(err) != desk.Invalid {
		t.Fatal(err)
	}
}

// AV-07, AV-09: several hours at once, each with its zone and calendars; a holiday closes them; what is kept is not taken away; a name that is gone closes nothing.
func TestBusinessHours(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, clk := context.Background(), clock.New()
		s := worktime.New(d, clk, event.New(d, clk, nil))
		changed := 0
		s.Changed = func(context.Context, *db.Tx) error { changed++; return nil }
		write := func(fn func(ctx context.Context, tx *db.Tx) error) error { t.Helper(); return d.Write(ctx, fn) }
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		days := []hours.Holiday{{Date: "2026-01-06", Name: "Epiphany"}}
		week := hours.Schedule{Timezone: "Europe/Copenhagen", Ranges: []hours.Range{{Days: []int{1, 2, 3, 4, 5}, From: "09:00", To: "17:00"}}}
		tokyo := week
		tokyo.Timezone = "Asia/Tokyo"
		keeps := []string{"denmark"}
		must(write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := s.PutCalendar(ctx, tx, desk.System, "denmark", worktime.CalendarChange{Days: &days}); err != nil {
				return err
			}
			if _, err := s.Put(ctx, tx, desk.System, "office", worktime.Change{Schedule: &week, Calendars: &keeps}); err != nil {
				return err
			}
			_, err := s.Put(ctx, tx, desk.System, "tokyo", worktime.Change{Schedule: &tokyo})
			return err
		}))
		for _, c := range []struct {
			slug, at string
			closed   bool
			next     string
		}{
			{"office", "2026-01-05T08:00:00Z", false, "2026-01-05T16:00:00Z"}, {"office", "2026-01-05T16:00:00Z", true, "2026-01-07T08:00:00Z"},
			{"office", "2026-01-06T10:00:00Z", true, "2026-01-07T08:00:00Z"}, {"tokyo", "2026-01-06T01:00:00Z", false, "2026-01-06T08:00:00Z"},
			{"tokyo", "2026-01-05T08:00:00Z", true, "2026-01-06T00:00:00Z"}, {"gone", "2026-01-05T03:00:00Z", false, ""}, {"", "2026-01-05T03:00:00Z", false, ""},
		} {
			at, _ := time.Parse(time.RFC3339, c.at)
			closed, next, err := s.Closed(ctx, d, c.slug, desk.At(at))
			said := ""
			if next != 0 {
				said = next.Time().Format(time.RFC3339)
			}
			if err != nil || closed != c.closed || said != c.next {
				t.Errorf("%s at %s: closed %v next %s %v", c.slug, c.at, closed, said, err)
			}
		}
		if err := write(func(ctx context.Context, tx *db.Tx) error { return s.RemoveCalendar(ctx, tx, desk.System, "denmark") }); desk.CodeOf(err) != desk.Conflict {
			t.Errorf("a calendar that is kept: %v", err)
		}
		s.KeepsHours = func(context.Context, db.Queryer, string) ([]string, error) { return []string{"Support mail"}, nil }
		if err := write(func(ctx context.Context, tx *db.Tx) error { return s.Remove(ctx, tx, desk.System, "office") }); desk.CodeOf(err) != desk.Conflict {
			t.Errorf("hours that a channel keeps: %v", err)
		}
		unknown := []string{"atlantis"}
		if err := write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Put(ctx, tx, desk.System, "office", worktime.Change{Calendars: &unknown})
			return err
		}); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("a calendar that is not there: %v", err)
		}
		if changed == 0 {
			t.Error("nobody was told of the calendar")
		}
	})
}
