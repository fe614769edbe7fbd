package work

import (
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/occupancy"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/worktime"
)

// PresenceDeps is what the operations on people's availability call.
type PresenceDeps struct {
	DB       *db.DB
	People   *people.Service
	Work     *worktime.Service
	Settings *setting.Service
}

type presences struct{ PresenceDeps }

// MountPresence adds the operations on people's availability (AV-03 to AV-06, AV-11, AV-13).
func MountPresence(s *api.Server, d PresenceDeps) {
	h := &presences{d}
	const tag = "Availability"
	api.Register(s, api.Op{Method: "GET", Path: "/api/me/availability", ID: "getMyAvailability", Tag: tag, Summary: "Whether one is available, why, and what comes next"}, h.mine)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/me/availability", ID: "setMyAvailability", Tag: tag, Summary: "Be available or away",
		Description: "It holds until `until`, or the next edge of one's hours or absences, whichever is first."}, h.setMine)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/me/hours", ID: "setMyHours", Tag: tag, Summary: "One's weekly hours and holidays"}, h.setMyHours)
	api.Register(s, api.Op{Method: "POST", Path: "/api/me/absences", ID: "addMyAbsence", Tag: tag, Summary: "Be out of office on days to come", Status: 201}, h.addMine)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/me/absences/{id}", ID: "setMyAbsence", Tag: tag, Summary: "Change an absence", Errors: []int{404}}, h.changeMine)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/me/absences/{id}", ID: "removeMyAbsence", Tag: tag, Summary: "Take an absence away", Status: 204, Errors: []int{404}}, h.removeMine)
	api.Register(s, api.Op{Method: "POST", Path: "/api/me/seen", ID: "noteMeSeen", Tag: tag, Summary: "Say that one is doing something in a browser", Status: 204,
		Description: "Who was away because nothing was seen of them is available again."}, h.seen)
	api.Register(s, api.Op{Method: "GET", Path: "/api/availability", ID: "listAvailability", Tag: tag, Summary: "Everybody's availability"}, h.list)
	api.Register(s, api.Op{Method: "GET", Path: "/api/availability/log", ID: "listAvailabilityLog", Tag: tag, Summary: "Changes of availability, newest first",
		Description: "One's own; of others with `availability.manage`."}, h.log)
	api.Register(s, api.Op{Method: "GET", Path: "/api/availability/totals", ID: "sumAvailability", Tag: tag, Summary: "Time available and away, by person and day",
		Description: "Days are those of `timezone`, the company's when it is left out. One's own; of others with `availability.manage`."}, h.totals)
	api.Register(s, api.Op{Method: "GET", Path: "/api/availability/totals.csv", ID: "exportAvailability", Tag: tag, Summary: "The same as a table for spreadsheets"}, h.export)
	api.Register(s, api.Op{Method: "GET", Path: "/api/users/{id}/availability", ID: "getUserAvailability", Tag: tag, Summary: "Somebody's availability", Errors: []int{404}}, h.one)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/users/{id}/availability", ID: "setUserAvailability", Tag: tag, Summary: "Switch somebody's availability", Errors: []int{404},
		Description: "They are told who did it and why, and may switch back."}, h.setOne)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/users/{id}/hours", ID: "setUserHours", Tag: tag, Summary: "Somebody's weekly hours and holidays", Errors: []int{404}}, h.setHours)
	api.Register(s, api.Op{Method: "POST", Path: "/api/users/{id}/absences", ID: "addUserAbsence", Tag: tag, Summary: "Have somebody out of office", Status: 201, Errors: []int{404}}, h.add)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/users/{id}/absences/{absence}", ID: "setUserAbsence", Tag: tag, Summary: "Change somebody's absence", Errors: []int{404}}, h.change)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/users/{id}/absences/{absence}", ID: "removeUserAbsence", Tag: tag, Summary: "Take somebody's absence away", Status: 204, Errors: []int{404}}, h.remove)
	api.Register(s, api.Op{Method: "GET", Path: "/api/settings/idle", ID: "getIdle", Tag: tag, Summary: "After how many minutes without a sign people go away by themselves"}, h.idle)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/settings/idle", ID: "setIdle", Tag: tag, Summary: "Change it; 0 is never"}, h.setIdle)
}

// MyAvailability is one's own, with what the browser needs to know.
type MyAvailability struct {
	people.Presence
	IdleMinutes int    `json:"idle_minutes" doc:"say that one is there (POST /api/me/seen) well within it; 0: nobody asks"`
	ActorName   string `json:"actor_name"`
}

func (h *presences) of(ctx context.Context, id desk.UserID) (*api.Out[MyAvailability], error) {
	p, err := h.People.Presence(ctx, h.DB, id)
	if err != nil {
		return nil, err
	}
	idle, err := h.Settings.Idle(ctx, h.DB)
	out := MyAvailability{Presence: p, IdleMinutes: idle.Minutes}
	if err == nil && p.Actor != 0 {
		if u, err := h.People.Get(ctx, h.DB, p.Actor); err == nil {
			out.ActorName = u.Name
		}
	}
	return api.Answer(out, err)
}

func (h *presences) mine(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[MyAvailability], error) {
	return h.of(ctx, v.User.ID)
}

func (h *presences) one(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[MyAvailability], error) {
	id, err := userOf(in.ID)
	if err != nil {
		return nil, err
	}
	return h.of(ctx, id)
}

func userOf(in string) (desk.UserID, error) {
	id, err := desk.ParseID[desk.UserID](in)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "user.not_found", "There is no such user.")
	}
	return id, nil
}

func absenceOf(in string) (desk.AbsenceID, error) {
	id, err := desk.ParseID[desk.AbsenceID](in)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "absence.not_found", "There is no such absence.")
	}
	return id, nil
}

// Choosing is somebody's word on whether a person is there.
type Choosing struct {
	Available bool      `json:"available"`
	Until     desk.Time `json:"until,omitempty" doc:"For so long alone."`
	Note      string    `json:"note,omitempty" maxLength:"200" doc:"Why."`
}

func (h *presences) choose(ctx context.Context, v access.Viewer, id desk.UserID, b Choosing) (*api.Out[MyAvailability], error) {
	err := h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := h.People.SetAvailability(ctx, tx, v.Actor, id, people.Choice{Available: b.Available, By: byOf(v, id), Until: b.Until, Note: strings.TrimSpace(b.Note)})
		return err
	})
	if err != nil {
		return nil, err
	}
	return h.of(ctx, id)
}

// byOf says whose choice it is: a person's own token is the person.
func byOf(v access.Viewer, id desk.UserID) string {
	if v.User.ID == id {
		return people.ByManual
	}
	return people.ByManager
}

func (h *presences) setMine(ctx context.Context, v access.Viewer, in *struct{ Body Choosing }) (*api.Out[MyAvailability], error) {
	return h.choose(ctx, v, v.User.ID, in.Body)
}

func (h *presences) setOne(ctx context.Context, v access.Viewer, in *struct {
	api.ByID
	Body Choosing
}) (*api.Out[MyAvailability], error) {
	id, err := userOf(in.ID)
	if err != nil {
		return nil, err
	}
	return h.choose(ctx, v, id, in.Body)
}

// WeekBody is somebody's hours of work.
type WeekBody struct {
	Hours    *hours.Schedule `json:"hours" doc:"The zone in it counts for nothing: it is the person's own. null: any time."`
	Calendar string          `json:"calendar" maxLength:"63" doc:"Of holidays; empty: the team's."`
}

func (h *presences) week(ctx context.Context, v access.Viewer, id desk.UserID, b WeekBody) (*api.Out[MyAvailability], error) {
	err := h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if b.Calendar != "" {
			if _, err := h.Work.Calendar(ctx, tx, b.Calendar); err != nil {
				return err
			}
		}
		return h.People.SetWeek(ctx, tx, v.Actor, id, people.Week{Hours: b.Hours, Calendar: b.Calendar})
	})
	if err != nil {
		return nil, err
	}
	return h.of(ctx, id)
}

func (h *presences) setMyHours(ctx context.Context, v access.Viewer, in *struct{ Body WeekBody }) (*api.Out[MyAvailability], error) {
	return h.week(ctx, v, v.User.ID, in.Body)
}

func (h *presences) setHours(ctx context.Context, v access.Viewer, in *struct {
	api.ByID
	Body WeekBody
}) (*api.Out[MyAvailability], error) {
	id, err := userOf(in.ID)
	if err != nil {
		return nil, err
	}
	return h.week(ctx, v, id, in.Body)
}

// AbsenceBody is when somebody is out of office.
type AbsenceBody struct {
	StartsAt desk.Time `json:"starts_at"`
	EndsAt   desk.Time `json:"ends_at"`
	Note     string    `json:"note,omitempty" maxLength:"200"`
}

func (h *presences) put(ctx context.Context, v access.Viewer, user desk.UserID, id desk.AbsenceID, b AbsenceBody) (*api.Out[people.Absence], error) {
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (people.Absence, error) {
		return h.People.SetAbsence(ctx, tx, v.Actor, people.Absence{ID: id, UserID: user, StartsAt: b.StartsAt, EndsAt: b.EndsAt, Note: b.Note})
	}))
}

func (h *presences) addMine(ctx context.Context, v access.Viewer, in *struct{ Body AbsenceBody }) (*api.Out[people.Absence], error) {
	return h.put(ctx, v, v.User.ID, 0, in.Body)
}

func (h *presences) changeMine(ctx context.Context, v access.Viewer, in *struct {
	api.ByID
	Body AbsenceBody
}) (*api.Out[people.Absence], error) {
	id, err := absenceOf(in.ID)
	if err != nil {
		return nil, err
	}
	return h.put(ctx, v, v.User.ID, id, in.Body)
}

func (h *presences) removeMine(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := absenceOf(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.take(ctx, v, v.User.ID, id)
}

func (h *presences) take(ctx context.Context, v access.Viewer, user desk.UserID, id desk.AbsenceID) error {
	return h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return h.People.RemoveAbsence(ctx, tx, v.Actor, user, id) })
}

type userAbsence struct {
	api.ByID
	Absence string `path:"absence" doc:"The absence's id."`
}

func (in userAbsence) ids() (desk.UserID, desk.AbsenceID, error) {
	user, err := userOf(in.ID)
	if err != nil {
		return 0, 0, err
	}
	id, err := absenceOf(in.Absence)
	return user, id, err
}

func (h *presences) add(ctx context.Context, v access.Viewer, in *struct {
	api.ByID
	Body AbsenceBody
}) (*api.Out[people.Absence], error) {
	id, err := userOf(in.ID)
	if err != nil {
		return nil, err
	}
	return h.put(ctx, v, id, 0, in.Body)
}

func (h *presences) change(ctx context.Context, v access.Viewer, in *struct {
	userAbsence
	Body AbsenceBody
}) (*api.Out[people.Absence], error) {
	user, id, err := in.ids()
	if err != nil {
		return nil, err
	}
	return h.put(ctx, v, user, id, in.Body)
}

func (h *presences) remove(ctx context.Context, v access.Viewer, in *userAbsence) (*api.None, error) {
	user, id, err := in.ids()
	if err != nil {
		return nil, err
	}
	return nil, h.take(ctx, v, user, id)
}

func (h *presences) seen(ctx context.Context, v access.Viewer, _ *api.None) (*api.None, error) {
	return nil, h.People.Seen(ctx, v.User.ID)
}

func (h *presences) list(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[people.Presence]], error) {
	ps, err := h.People.Presences(ctx, h.DB, nil)
	return api.Answer(api.Page[people.Presence]{Items: ps}, err)
}

func (h *presences) idle(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[setting.Idle], error) {
	return api.Answer(h.Settings.Idle(ctx, h.DB))
}

func (h *presences) setIdle(ctx context.Context, v access.Viewer, in *struct {
	Body struct {
		Minutes int `json:"minutes" minimum:"0" maximum:"1440"`
	}
}) (*api.Out[setting.Idle], error) {
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (setting.Idle, error) {
		return h.Settings.SetIdle(ctx, tx, v.Actor, in.Body.Minutes)
	}))
}

type logInput struct {
	api.Listing
	User string    `query:"user" doc:"Of this user alone."`
	From time.Time `query:"from"`
	To   time.Time `query:"to"`
}

// whose says whom somebody may read of: themselves, or anybody with the permission. 0: everybody.
func whose(v access.Viewer, user string) (desk.UserID, error) {
	if user == "" {
		if v.Can(access.AvailabilityManage) {
			return 0, nil
		}
		return v.User.ID, nil
	}
	id, err := userOf(user)
	if err != nil || id == v.User.ID {
		return id, err
	}
	return id, v.Need(access.AvailabilityManage)
}

func (h *presences) log(ctx context.Context, v access.Viewer, in *logInput) (*api.Out[api.Page[people.LogRow]], error) {
	user, err := whose(v, in.User)
	if err != nil {
		return nil, err
	}
	if in.Limit == 0 {
		in.Limit = 50
	}
	ask := people.LogQuery{User: user, From: desk.At(in.From), To: desk.At(in.To), Limit: in.Limit + 1}
	if in.Cursor != "" {
		at, id, ok := strings.Cut(in.Cursor, ".")
		a, err1 := strconv.ParseInt(at, 10, 64)
		n, err2 := strconv.ParseInt(id, 10, 64)
		if !ok || err1 != nil || err2 != nil {
			return nil, desk.Errorf(desk.Invalid, "cursor.malformed", "Send as cursor what the last page gave as next.").In("cursor")
		}
		ask.Before = &people.LogRow{At: desk.Time(a), ID: n}
	}
	rows, err := h.People.Log(ctx, h.DB, ask)
	if err != nil {
		return nil, err
	}
	out := api.Page[people.LogRow]{Items: rows}
	if len(rows) > in.Limit {
		out.Items = rows[:in.Limit]
		last := out.Items[in.Limit-1]
		out.Next = strconv.FormatInt(int64(last.At), 10) + "." + strconv.FormatInt(last.ID, 10)
	}
	return api.Answer(out, nil)
}

type totalsInput struct {
	User string `query:"user" doc:"Of this user alone."`
	From string `query:"from" doc:"The first day." example:"2026-01-05" required:"true"`
	To   string `query:"to" doc:"The last day." example:"2026-01-11" required:"true"`
	Zone string `query:"timezone" doc:"Whose midnights count; the company's when left out." example:"Europe/Copenhagen"`
}

// DayTotals is time available and away by person and day.
type DayTotals struct {
	Timezone string     `json:"timezone"`
	Items    []DayTotal `json:"items"`
}

// DayTotal is one person's day, with how much of their time available they had work (RP-07).
type DayTotal struct {
	people.DayTotal
	WithWork *int64 `json:"with_work_ms" doc:"How much of the time available there was an open ticket, or conversation without one, of theirs that did not rest: occupancy is this part of it. Null when the days are more than 92, and in part a reckoning: it goes back through what happened since."`
}

func (h *presences) sum(ctx context.Context, v access.Viewer, in *totalsInput) (out DayTotals, names map[desk.UserID]desk.User, err error) {
	user, err := whose(v, in.User)
	if err != nil {
		return out, nil, err
	}
	if out.Timezone = in.Zone; out.Timezone == "" {
		c, err := h.Settings.Company(ctx, h.DB)
		if err != nil {
			return out, nil, err
		}
		out.Timezone = c.Timezone
	}
	users, err := h.People.List(ctx, h.DB, true)
	if err != nil {
		return out, nil, err
	}
	names = map[desk.UserID]desk.User{}
	var ids []desk.UserID
	for _, u := range users {
		if user == 0 || u.ID == user {
			names[u.ID], ids = u, append(ids, u.ID)
		}
	}
	rep, err := h.People.Report(ctx, h.DB, ids, in.From, in.To, out.Timezone)
	if err != nil {
		return out, nil, err
	}
	var with []int64
	if from, to := rep.Bounds(); to-from <= occupancy.MaxDays*86_400_000 {
		if with, err = occupancy.Days(ctx, h.DB, rep); err != nil {
			return out, nil, err
		}
	}
	out.Items = make([]DayTotal, len(rep.Days))
	for i, d := range rep.Days {
		if out.Items[i].DayTotal = d; with != nil {
			out.Items[i].WithWork = &with[i]
		}
	}
	return out, names, nil
}

func (h *presences) totals(ctx context.Context, v access.Viewer, in *totalsInput) (*api.Out[DayTotals], error) {
	out, _, err := h.sum(ctx, v, in)
	return api.Answer(out, err)
}

type csvOut struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (h *presences) export(ctx context.Context, v access.Viewer, in *totalsInput) (*csvOut, error) {
	out, names, err := h.sum(ctx, v, in)
	if err != nil {
		return nil, err
	}
	whys := []string{people.ByManual, people.ByManager, people.ByHours, people.ByOutOfOffice, people.ByIdle}
	head := []string{"day", "timezone", "name", string(desk.AddrEmail), "available_minutes", "away_minutes", "with_work_minutes", "occupancy_percent"}
	for _, w := range whys {
		head = append(head, "away_"+w+"_minutes")
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(head)
	minutes := func(ms int64) string { return strconv.FormatFloat(float64(ms)/60000, 'f', 2, 64) }
	for _, t := range out.Items {
		row := []string{t.Day, out.Timezone, cell(names[t.UserID].Name), cell(names[t.UserID].Email), minutes(t.Available), minutes(t.Away), "", ""}
		if t.WithWork != nil {
			if row[6] = minutes(*t.WithWork); t.Available > 0 {
				row[7] = strconv.FormatFloat(100*float64(*t.WithWork)/float64(t.Available), 'f', 1, 64)
			}
		}
		for _, why := range whys {
			row = append(row, minutes(t.AwayBy[why]))
		}
		_ = w.Write(row)
	}
	w.Flush()
	return &csvOut{"text/csv; charset=utf-8", `attachment; filename="kanal-availability.csv"`, []byte(b.String())}, w.Error()
}

// cell is a text that a spreadsheet does not run.
func cell(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}
