package people

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
)

// Presence is whether somebody is there, why, and what happens next by itself (AV-03).
type Presence struct {
	UserID    desk.UserID     `json:"user_id"`
	Available bool            `json:"available"`
	By        string          `json:"by" enum:",manual,manager,hours,out_of_office,idle"`
	Note      string          `json:"note"`
	At        desk.Time       `json:"at" nullable:"true" doc:"since when; null: always so"`
	Until     desk.Time       `json:"until" doc:"a choice for so long alone"`
	Actor     desk.UserID     `json:"actor_id" doc:"the manager who switched it; 0 nobody"`
	Next      *Change         `json:"next" doc:"when it becomes otherwise by hours, an absence or the end of the choice; null when nothing is planned"`
	Hours     *hours.Schedule `json:"hours" doc:"weekly hours of the user's own, in their zone; null any time"`
	Calendar  string          `json:"calendar" doc:"of holidays, the user's own; empty the team's"`
	Keeps     string          `json:"keeps_calendar" doc:"the calendar that counts"`
	Zone      string          `json:"timezone"`
	Seen      desk.Time       `json:"seen_at" doc:"when something was last seen of them in a browser"`
	Absences  []Absence       `json:"absences"`
}

// Change is what becomes of somebody by itself.
type Change struct {
	At        desk.Time `json:"at"`
	Available bool      `json:"available"`
	By        string    `json:"by"`
	Note      string    `json:"note"`
}

// Presence is how one user stands.
func (s *Service) Presence(ctx context.Context, q db.Queryer, id desk.UserID) (Presence, error) {
	ps, err := s.Presences(ctx, q, []desk.UserID{id})
	if err == nil && len(ps) == 0 {
		err = desk.Errorf(desk.NotFound, "user.not_found", "There is no such user.")
	}
	if err != nil {
		return Presence{}, err
	}
	return ps[0], nil
}

// Presences are how users stand, by id; nil are all active ones.
func (s *Service) Presences(ctx context.Context, q db.Queryer, ids []desk.UserID) ([]Presence, error) {
	where := `active = 1`
	if ids != nil {
		where = `id IN ` + db.IDs(ids)
	}
	ks, err := db.All(ctx, q, scanKeeper, `SELECT `+keeperColumns+` FROM users WHERE `+where+` ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("people: presences: %w", err)
	}
	own := make([]string, len(ks))
	for i, k := range ks {
		own[i] = k.cal
	}
	if err := s.plans(ctx, q, ks); err != nil {
		return nil, err
	}
	now := s.clk.Ms()
	out := make([]Presence, len(ks))
	for i, k := range ks {
		p := Presence{
			UserID: k.id, Available: k.is.available, By: k.is.by, Note: k.is.note, At: k.is.at, Until: k.is.until, Actor: k.is.actor,
			Hours: k.week, Calendar: own[i], Keeps: k.cal, Zone: k.zone, Seen: k.is.input, Absences: []Absence{},
		}
		for _, a := range k.plan.Absences {
			if a.EndsAt > now {
				p.Absences = append(p.Absences, a)
			}
		}
		if k.on {
			p.Next = k.nextChange(now)
		}
		out[i] = p
	}
	return out, nil
}

func (k keeper) nextChange(now desk.Time) *Change {
	var next *Change
	if at, o, ok := k.plan.Next(now.Time(), k.is.available); ok {
		next = &Change{At: desk.At(at), Available: o.Available, By: o.By, Note: o.Note}
	}
	if u := k.is.until; u > now && (next == nil || u < next.At) {
		if st := k.is.step(k.plan, idling{}, u); st.available != k.is.available {
			return &Change{At: u, Available: st.available, By: st.by, Note: st.note}
		}
	}
	return next
}

// LogRow is one change of somebody's availability (AV-13).
type LogRow struct {
	ID        int64       `json:"-"`
	UserID    desk.UserID `json:"user_id"`
	At        desk.Time   `json:"at"`
	Available bool        `json:"available"`
	By        string      `json:"by"`
	Actor     desk.UserID `json:"actor_id"`
	Note      string      `json:"note"`
}

// LogQuery says which rows: of one user or all, from From until To (0: any), older than Before (an id with its time), newest first.
type LogQuery struct {
	User     desk.UserID
	From, To desk.Time
	Before   *LogRow
	Limit    int
}

func scanLog(r db.Scanner) (l LogRow, err error) {
	err = r.Scan(&l.ID, &l.UserID, &l.At, &l.Available, &l.By, &l.Actor, &l.Note)
	return l, err
}

// Log lists changes of availability, newest first.
func (s *Service) Log(ctx context.Context, q db.Queryer, ask LogQuery) ([]LogRow, error) {
	if ask.Limit <= 0 {
		ask.Limit = 100
	}
	where, args := `1 = 1`, []any{}
	add := func(cond string, v any) {
		args = append(args, v)
		where += ` AND ` + cond + `$` + strconv.Itoa(len(args))
	}
	if ask.User != 0 {
		add(`user_id = `, ask.User)
	}
	if ask.From != 0 {
		add(`at >= `, ask.From)
	}
	if ask.To != 0 {
		add(`at < `, ask.To)
	}
	if b := ask.Before; b != nil {
		args = append(args, b.At, b.ID)
		n := strconv.Itoa(len(args) - 1)
		where += ` AND (at < $` + n + ` OR at = $` + n + ` AND id < $` + strconv.Itoa(len(args)) + `)`
	}
	args = append(args, ask.Limit)
	rows, err := db.All(ctx, q, scanLog, `SELECT id, user_id, at, available, by_what, actor_id, note FROM availability_log WHERE `+where+
		` ORDER BY at DESC, id DESC LIMIT $`+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("people: availability log: %w", err)
	}
	return rows, nil
}

// Then is how people stood at some times: whether they were available, and why, as far as the log goes back.
type Then struct {
	rows map[desk.UserID][]LogRow // of each person, oldest first
}

// At is the last change of somebody before a time; ok is false when the log does not go back so far.
func (t Then) At(id desk.UserID, at desk.Time) (l LogRow, ok bool) {
	rows := t.rows[id]
	i, found := slices.BinarySearchFunc(rows, at, func(r LogRow, at desk.Time) int { return cmp.Compare(r.At, at) })
	for found && i < len(rows) && rows[i].At == at { // the last of that moment
		i++
	}
	if i == 0 {
		return l, false
	}
	return rows[i-1], true
}

// Between reads how people stood from one time until another.
func (s *Service) Between(ctx context.Context, q db.Queryer, users []desk.UserID, from, to desk.Time) (Then, error) {
	t := Then{rows: map[desk.UserID][]LogRow{}}
	if len(users) == 0 {
		return t, nil
	}
	rows, err := s.logged(ctx, q, users, from, to)
	for _, r := range rows {
		t.rows[r.UserID] = append(t.rows[r.UserID], r)
	}
	return t, err
}

// logged are the changes of some people from one time until another, with the last one before, by person and time.
func (s *Service) logged(ctx context.Context, q db.Queryer, users []desk.UserID, from, to desk.Time) ([]LogRow, error) {
	in := db.IDs(users)
	rows, err := db.All(ctx, q, scanLog, `SELECT id, user_id, at, available, by_what, actor_id, note FROM availability_log WHERE user_id IN `+in+` AND at >= $1 AND at < $2
		UNION ALL SELECT l.id, l.user_id, l.at, l.available, l.by_what, l.actor_id, l.note FROM availability_log l
		WHERE l.user_id IN `+in+` AND l.id = (SELECT m.id FROM availability_log m WHERE m.user_id = l.user_id AND m.at < $1 ORDER BY m.at DESC, m.id DESC LIMIT 1)`, from, to)
	if err != nil {
		return nil, fmt.Errorf("people: totals: %w", err)
	}
	slices.SortFunc(rows, func(a, b LogRow) int {
		return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	return rows, nil
}

// DayTotal is how long somebody was available and away on one day of a zone, in milliseconds; away by what (RP-07). Together they are as long as the day was, but for what
// lies ahead and before there was anybody.
type DayTotal struct {
	UserID    desk.UserID      `json:"user_id"`
	Day       string           `json:"day"`
	Available int64            `json:"available_ms"`
	Away      int64            `json:"away_ms"`
	AwayBy    map[string]int64 `json:"away_by_ms"`
}

// maxDays is how long a report may be.
const maxDays = 366

// Stretch is a time in which somebody was available, within one day of a report.
type Stretch struct {
	UserID   desk.UserID
	Day      int // its place among the days
	From, To desk.Time
}

// Report is the log added up by user and day, and what it was added up from.
type Report struct {
	Days      []DayTotal
	Available []Stretch
	from, to  desk.Time
}

// Bounds are when the first day begins and the last one ends.
func (r Report) Bounds() (from, to desk.Time) { return r.from, r.to }

// Users are those of whom there is anything.
func (r Report) Users() (out []desk.UserID) {
	for _, d := range r.Days {
		if len(out) == 0 || out[len(out)-1] != d.UserID {
			out = append(out, d.UserID)
		}
	}
	return out
}

// Totals are the days of a Report.
func (s *Service) Totals(ctx context.Context, q db.Queryer, users []desk.UserID, from, to, zone string) ([]DayTotal, error) {
	r, err := s.Report(ctx, q, users, from, to, zone)
	return r.Days, err
}

// Report adds up the log by user and day, from one day to another, both counted in, of a zone: a day begins and ends when its clocks say so.
func (s *Service) Report(ctx context.Context, q db.Queryer, users []desk.UserID, from, to, zone string) (Report, error) {
	loc, err := time.LoadLocation(zone)
	first, err1 := time.ParseInLocation(time.DateOnly, from, time.UTC)
	last, err2 := time.ParseInLocation(time.DateOnly, to, time.UTC)
	switch {
	case err != nil:
		return Report{}, desk.Errorf(desk.Invalid, "availability.timezone_unknown", "%q is not a time zone: write it like Europe/Copenhagen.", zone).In("timezone")
	case err1 != nil || err2 != nil || last.Before(first):
		return Report{}, desk.Errorf(desk.Invalid, "availability.days_malformed", "Write days like 2026-01-31, the first before the last.").In("from")
	case last.Sub(first) > maxDays*24*time.Hour:
		return Report{}, desk.Errorf(desk.Invalid, "availability.days_too_many", "A report takes at most %d days.", maxDays).In("to")
	}
	var edges []desk.Time // midnights, the last day's end among them
	for d := first; !d.After(last.AddDate(0, 0, 1)); d = d.AddDate(0, 0, 1) {
		edges = append(edges, desk.At(time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, loc)))
	}
	rows, err := s.logged(ctx, q, users, edges[0], edges[len(edges)-1])
	if err != nil {
		return Report{}, err
	}
	return totals(rows, edges, first, s.clk.Ms()), nil
}

// totals cuts what each row lasted at the days' edges. Rows stand by user and time.
func totals(rows []LogRow, edges []desk.Time, first time.Time, now desk.Time) Report {
	var out []DayTotal
	rep := Report{from: edges[0], to: edges[len(edges)-1]}
	end := min(edges[len(edges)-1], now)
	for i, r := range rows {
		until := end
		if i+1 < len(rows) && rows[i+1].UserID == r.UserID {
			until = min(until, rows[i+1].At)
		}
		for n := 0; n+1 < len(edges); n++ {
			from, to := max(r.At, edges[n]), min(until, edges[n+1])
			if to <= from {
				continue
			}
			day := first.AddDate(0, 0, n).Format(time.DateOnly)
			if k := len(out) - 1; k < 0 || out[k].UserID != r.UserID || out[k].Day != day {
				out = append(out, DayTotal{UserID: r.UserID, Day: day, AwayBy: map[string]int64{}})
			}
			t := &out[len(out)-1]
			if r.Available {
				t.Available += int64(to - from)
				rep.Available = append(rep.Available, Stretch{r.UserID, len(out) - 1, from, to})
			} else {
				t.Away += int64(to - from)
				t.AwayBy[r.By] += int64(to - from)
			}
		}
	}
	rep.Days = out
	return rep
}
