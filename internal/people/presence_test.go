package people_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/people"
)

// rig is people with a clock that stands on a Monday, 5 January 2026, and what is around them.
type rig struct {
	t    *testing.T
	d    *db.DB
	clk  *clock.Clock
	s    *people.Service
	idle time.Duration
	from desk.Time
	cals map[string][]hours.Holiday
}

func newRig(t *testing.T, d *db.DB) *rig {
	r := &rig{t: t, d: d, clk: clock.New(), cals: map[string][]hours.Holiday{}}
	r.to("2026-01-05 08:00")
	r.s = r.again()
	return r
}

// again is the service after a restart.
func (r *rig) again() *people.Service {
	return people.New(r.d, r.clk, event.New(r.d, r.clk, nil)).With(people.Around{
		Zone: func(context.Context, db.Queryer) (string, error) { return "Europe/Copenhagen", nil },
		Idle: func(context.Context, db.Queryer) (time.Duration, desk.Time, error) { return r.idle, r.from, nil },
		Calendars: func(_ context.Context, _ db.Queryer, slugs []string) (map[string][]hours.Holiday, error) {
			return r.cals, nil
		},
	})
}

func copenhagen(t *testing.T, at string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Copenhagen")
	must(t, err)
	v, err := time.ParseInLocation("2006-01-02 15:04", at, loc)
	must(t, err)
	return v
}

func (r *rig) to(at string) { r.t.Helper(); r.clk.Set(copenhagen(r.t, at)) }

func (r *rig) flip() desk.Time {
	r.t.Helper()
	next, err := r.s.Flip(context.Background())
	must(r.t, err)
	return next
}

// at moves the clock and lets the edges up to it pass.
func (r *rig) at(at string) { r.t.Helper(); r.to(at); r.flip() }

func (r *rig) is(u desk.User, available bool, by string) desk.User {
	r.t.Helper()
	got, err := r.s.Get(context.Background(), r.d, u.ID)
	must(r.t, err)
	if got.Available != available || got.AvailableBy != by {
		r.t.Fatalf("%s: available %v by %q, want %v by %q", r.clk.Now(), got.Available, got.AvailableBy, available, by)
	}
	return got
}

func (r *rig) write(fn func(ctx context.Context, tx *db.Tx) error) {
	r.t.Helper()
	must(r.t, write(r.t, r.d, fn))
}

func (r *rig) week(u desk.User, w people.Week) {
	r.t.Helper()
	r.write(func(ctx context.Context, tx *db.Tx) error { return r.s.SetWeek(ctx, tx, desk.ByUser(u.ID), u.ID, w) })
}

func (r *rig) choose(by desk.UserID, u desk.User, c people.Choice) {
	r.t.Helper()
	r.write(func(ctx context.Context, tx *db.Tx) error {
		_, err := r.s.SetAvailability(ctx, tx, desk.ByUser(by), u.ID, c)
		return err
	})
}

func (r *rig) absent(u desk.User, from, to string) people.Absence {
	r.t.Helper()
	var a people.Absence
	r.write(func(ctx context.Context, tx *db.Tx) (err error) {
		a, err = r.s.SetAbsence(ctx, tx, desk.ByUser(u.ID), people.Absence{UserID: u.ID, StartsAt: desk.At(copenhagen(r.t, from)), EndsAt: desk.At(copenhagen(r.t, to)), Note: "Ferie"})
		return err
	})
	return a
}

func office() *hours.Schedule {
	return &hours.Schedule{Ranges: []hours.Range{{Days: []int{1, 2, 3, 4, 5}, From: "09:00", To: "17:00"}}}
}

// last is what the last change of availability said.
func (r *rig) last(n int) map[string]any {
	r.t.Helper()
	evs := events(r.t, r.d, desk.EvUserAvailability)
	if len(evs) != n {
		r.t.Fatalf("%d changes of availability, want %d", len(evs), n)
	}
	var data map[string]any
	must(r.t, json.Unmarshal(evs[n-1].Data, &data))
	return data
}

// AV-04: outside of the weekly hours, in the user's own zone, a user is away, and inside available, by themselves.
func TestHoursSetAwayAndBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := create(t, d, r.s, people.NewUser{Email: "ann@acme.example"})
		tokyo := create(t, d, r.s, people.NewUser{Email: "aiko@acme.example", Timezone: "Asia/Tokyo"})
		r.week(ann, people.Week{Hours: office()})
		r.week(tokyo, people.Week{Hours: office()})
		r.is(ann, false, people.ByHours)  // 08:00 in Copenhagen
		r.is(tokyo, true, people.ByHours) // 16:00 in Tokyo
		if got := r.last(2); got["until"] != "2026-01-05T08:00:00.000Z" || got["by"] != "hours" || got["available"] != true {
			t.Fatalf("until the end of the hours in Tokyo: %v", got)
		}
		r.at("2026-01-05 09:00")
		r.is(ann, true, people.ByHours)
		r.is(tokyo, false, people.ByHours)
		r.at("2026-01-05 16:59")
		r.is(ann, true, people.ByHours)
		r.at("2026-01-05 17:00")
		r.is(ann, false, people.ByHours)
		r.at("2026-01-09 17:00") // Friday
		if next := r.flip(); next.Time() != copenhagen(t, "2026-01-12 01:00").UTC() {
			t.Fatalf("next is Monday, 09:00 in Tokyo: %s", next)
		}
		r.at("2026-03-30 08:59") // the clocks were set forward the night before
		r.is(ann, false, people.ByHours)
		r.at("2026-03-30 09:00")
		r.is(ann, true, people.ByHours)
		u := "America/New_York"
		r.write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.s.Update(ctx, tx, desk.ByUser(ann.ID), ann.ID, people.UserChange{Timezone: &u})
			return err
		})
		r.is(ann, false, people.ByHours) // 03:00 there
	})
}

// AV-04, AV-05: a choice goes before hours until their next edge, or the end that was chosen.
func TestAChoiceHoldsUntilTheNextEdge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := create(t, d, r.s, people.NewUser{Email: "ann@acme.example"})
		bo := create(t, d, r.s, people.NewUser{Email: "bo@acme.example"})
		r.week(ann, people.Week{Hours: office()})
		r.choose(ann.ID, ann, people.Choice{Available: true}) // early
		r.is(ann, true, people.ByManual)
		r.at("2026-01-05 08:59")
		r.is(ann, true, people.ByManual)
		r.at("2026-01-05 12:00")
		r.is(ann, true, people.ByHours)
		r.choose(ann.ID, ann, people.Choice{Until: desk.At(copenhagen(t, "2026-01-05 12:30"))})
		r.is(ann, false, people.ByManual)
		r.at("2026-01-05 12:30")
		r.is(ann, true, people.ByHours)
		r.choose(ann.ID, ann, people.Choice{})
		r.at("2026-01-05 17:00")
		r.is(ann, false, people.ByHours)
		r.choose(ann.ID, ann, people.Choice{Available: true}) // works late, and forgets it
		r.at("2026-01-06 17:00")
		r.is(ann, false, people.ByHours)

		r.choose(bo.ID, bo, people.Choice{Until: r.clk.Ms().Add(time.Hour)}) // without hours
		r.is(bo, false, people.ByManual)
		r.at("2026-01-06 18:01")
		r.is(bo, true, people.ByManual)
		r.choose(bo.ID, bo, people.Choice{})
		r.at("2026-03-01 00:00")
		r.is(bo, false, people.ByManual)
	})
}

// AV-05: out of office sets away at its start and available at its end; hours do not end it, a choice may meanwhile.
func TestOutOfOffice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := create(t, d, r.s, people.NewUser{Email: "ann@acme.example"})
		bo := create(t, d, r.s, people.NewUser{Email: "bo@acme.example"})
		r.week(ann, people.Week{Hours: office()})
		r.at("2026-01-05 10:00")
		r.absent(ann, "2026-01-06 12:00", "2026-01-08 00:00")
		r.absent(bo, "2026-01-06 12:00", "2026-01-08 00:00")
		r.at("2026-01-06 11:59")
		r.is(ann, true, people.ByHours)
		r.is(bo, true, "")
		r.at("2026-01-06 12:00")
		r.is(ann, false, people.ByOutOfOffice)
		r.is(bo, false, people.ByOutOfOffice)
		if got := r.last(4); got["note"] != "Ferie" || got["until"] != "2026-01-07T23:00:00.000Z" {
			t.Fatalf("says why and until when: %v", got)
		}
		r.at("2026-01-07 09:30") // the hours begin, and do not count
		r.is(ann, false, people.ByOutOfOffice)
		r.choose(ann.ID, ann, people.Choice{Available: true})
		r.is(ann, true, people.ByManual)
		r.at("2026-01-07 17:00") // the day ends
		r.is(ann, false, people.ByOutOfOffice)
		r.at("2026-01-08 00:00")
		r.is(ann, false, people.ByHours)
		r.is(bo, true, people.ByOutOfOffice)
		r.at("2026-01-08 09:00")
		r.is(ann, true, people.ByHours)
		now := r.absent(bo, "2026-01-08 08:00", "2026-01-09 08:00")
		r.is(bo, false, people.ByOutOfOffice) // at once
		r.write(func(ctx context.Context, tx *db.Tx) error {
			return r.s.RemoveAbsence(ctx, tx, desk.ByUser(bo.ID), bo.ID, now.ID)
		})
		r.is(bo, true, people.ByOutOfOffice)
	})
}

// AV-09: holidays of a user's calendar, or their team's, close the day; a day set of another user does not.
func TestHolidaysCloseADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.cals = map[string][]hours.Holiday{"denmark": {{Date: "2026-01-06", Name: "Helligtrekonger"}}, "short": {{Date: "01-06", Name: "Half", Ranges: []hours.Span{{From: "09:00", To: "12:00"}}}}}
		ann, bo, cy, di := create(t, d, r.s, people.NewUser{Email: "ann@acme.example"}), create(t, d, r.s, people.NewUser{Email: "bo@acme.example"}),
			create(t, d, r.s, people.NewUser{Email: "cy@acme.example"}), create(t, d, r.s, people.NewUser{Email: "di@acme.example"})
		r.week(ann, people.Week{Hours: office(), Calendar: "denmark"})
		r.week(bo, people.Week{Calendar: "denmark"}) // any time but for the holiday
		r.week(cy, people.Week{Hours: office()})
		r.week(di, people.Week{Hours: office()})
		r.write(func(ctx context.Context, tx *db.Tx) error {
			short := "short"
			team, err := r.s.CreateTeam(ctx, tx, desk.System, desk.Team{Name: "Support", Members: []desk.UserID{di.ID}})
			if err == nil {
				_, err = r.s.UpdateTeam(ctx, tx, desk.System, team.ID, people.TeamChange{Calendar: &short})
			}
			return err
		})
		r.at("2026-01-06 10:00")
		r.is(ann, false, people.ByHours)
		r.is(bo, false, people.ByHours)
		r.is(cy, true, people.ByHours)
		r.is(di, true, people.ByHours)
		r.at("2026-01-06 12:00")
		r.is(di, false, people.ByHours)
		r.at("2026-01-07 00:00")
		r.is(bo, true, people.ByHours)
		delete(r.cals, "denmark")
		r.to("2026-01-06 10:00") // and a day set that changes is seen at once
		r.write(func(ctx context.Context, tx *db.Tx) error { return r.s.Recheck(ctx, tx) })
		r.flip()
		r.is(ann, true, people.ByHours)
	})
}

// AV-11: who is not seen for so long is away, and back with the next sign; 0 switches it off.
func TestIdle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		r := newRig(t, d)
		r.idle = 10 * time.Minute
		ann := create(t, d, r.s, people.NewUser{Email: "ann@acme.example"})
		bo := create(t, d, r.s, people.NewUser{Email: "bo@acme.example"})
		r.choose(bo.ID, bo, people.Choice{})
		r.write(func(ctx context.Context, tx *db.Tx) error { return r.s.Recheck(ctx, tx) })
		r.flip()
		r.to("2026-01-05 08:09")
		must(t, r.s.Seen(ctx, ann.ID))
		r.at("2026-01-05 08:18")
		r.is(ann, true, "")
		r.at("2026-01-05 08:19")
		r.is(ann, false, people.ByIdle)
		must(t, r.s.Seen(ctx, ann.ID))
		must(t, r.s.Seen(ctx, bo.ID))
		r.is(ann, true, people.ByIdle)
		r.is(bo, false, people.ByManual) // a choice is not undone by a hand on the mouse
		r.to("2026-01-05 08:30")
		r.s = r.again() // switched off meanwhile: nobody could be seen
		r.flip()
		r.is(ann, true, people.ByIdle)
		r.at("2026-01-05 08:40")
		r.is(ann, false, people.ByIdle)
		must(t, r.s.Seen(ctx, ann.ID))
		r.idle = 0
		r.at("2026-01-05 23:00")
		r.is(ann, true, people.ByIdle)
	})
}

// AV-04: edges that passed while nothing ran are made up for, and stand in the log at their own times; nothing is done twice.
func TestMissedEdgesAreMadeUpFor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := create(t, d, r.s, people.NewUser{Email: "ann@acme.example"})
		r.week(ann, people.Week{Hours: office()})
		r.to("2026-01-07 20:00")
		r.s = r.again()
		r.flip()
		r.flip()
		got := r.is(ann, false, people.ByHours)
		if got.AvailableAt.Time() != copenhagen(t, "2026-01-07 17:00").UTC() {
			t.Fatalf("since %s", got.AvailableAt)
		}
		rows, err := r.s.Log(context.Background(), d, people.LogQuery{User: ann.ID})
		must(t, err)
		var at []string
		for i := len(rows) - 1; i >= 0; i-- {
			at = append(at, fmt.Sprint(rows[i].At.Time().Format("02 15:04 "), rows[i].Available))
		}
		want := "05 07:00 true, 05 07:00 false, 05 08:00 true, 05 16:00 false, 06 08:00 true, 06 16:00 false, 07 08:00 true, 07 16:00 false"
		if strings.Join(at, ", ") != want {
			t.Fatalf("log:\n%s\nwant\n%s", strings.Join(at, ", "), want)
		}
	})
}

// AV-06: a manager's switch is noted as theirs, with why, and the user may switch back.
func TestAManagerSwitches(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann, boss := create(t, d, r.s, people.NewUser{Email: "ann@acme.example"}), create(t, d, r.s, people.NewUser{Email: "boss@acme.example"})
		r.choose(boss.ID, ann, people.Choice{Note: "At the dentist"})
		r.is(ann, false, people.ByManager)
		p, err := r.s.Presence(context.Background(), d, ann.ID)
		must(t, err)
		if p.Actor != boss.ID || p.Note != "At the dentist" {
			t.Fatalf("who and why: %+v", p)
		}
		if got := r.last(1); got["by"] != "manager" || got["note"] != "At the dentist" {
			t.Fatalf("told: %v", got)
		}
		r.choose(ann.ID, ann, people.Choice{Available: true})
		r.is(ann, true, people.ByManual)
		off := false
		r.write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.s.Update(ctx, tx, desk.ByUser(boss.ID), ann.ID, people.UserChange{Available: &off})
			return err
		})
		r.is(ann, false, people.ByManager)
	})
}

// AV-13, RP-07: the log adds up by day in a zone: across midnight, over a change of clocks, and with what was before the first day.
func TestTotalsByDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.to("2026-03-27 08:00") // a Friday; the clocks are set forward on Sunday
		r.s = r.again()
		ann := create(t, d, r.s, people.NewUser{Email: "ann@acme.example"})
		r.at("2026-03-27 22:00")
		r.choose(ann.ID, ann, people.Choice{})
		r.at("2026-03-28 02:00")
		r.choose(ann.ID, ann, people.Choice{Available: true})
		r.at("2026-03-30 12:00")
		got, err := r.s.Totals(context.Background(), d, []desk.UserID{ann.ID}, "2026-03-28", "2026-03-31", "Europe/Copenhagen")
		must(t, err)
		hour := func(ms int64) int64 { return (ms + 1_800_000) / 3_600_000 }
		if len(got) != 3 || hour(got[0].Away) != 2 || hour(got[0].AwayBy[people.ByManual]) != 2 || hour(got[0].Available) != 22 || hour(got[1].Available) != 23 || hour(got[2].Available) != 12 {
			t.Fatalf("%+v", got)
		}
		if _, err := r.s.Totals(context.Background(), d, nil, "2026-03-28", "2026-03-01", "UTC"); desk.CodeOf(err) != desk.Invalid {
			t.Fatal(err)
		}
	})
}
