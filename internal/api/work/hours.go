package work

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/worktime"
)

// HoursDeps is what the operations on business hours and holidays call.
type HoursDeps struct {
	DB    *db.DB
	Clock *clock.Clock
	Work  *worktime.Service
}

type workHours struct{ HoursDeps }

// MountHours adds the operations on business hours and calendars of holidays (AV-07, AV-09).
func MountHours(s *api.Server, d HoursDeps) {
	h := &workHours{d}
	const tag = "Business hours"
	api.Register(s, api.Op{Method: "GET", Path: "/api/business-hours", ID: "listBusinessHours", Tag: tag, Summary: "Business hours, and whether they are open now"}, h.list)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/business-hours/{slug}", ID: "putBusinessHours", Tag: tag, Summary: "Make business hours, or change them"}, h.put)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/business-hours/{slug}", ID: "deleteBusinessHours", Tag: tag, Summary: "Delete business hours that nothing keeps", Status: 204, Errors: []int{404, 409}}, h.remove)
	api.Register(s, api.Op{Method: "GET", Path: "/api/holiday-calendars", ID: "listHolidayCalendars", Tag: tag, Summary: "Calendars of holidays"}, h.calendars)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/holiday-calendars/{slug}", ID: "putHolidayCalendar", Tag: tag, Summary: "Make a calendar of holidays, or change it"}, h.putCalendar)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/holiday-calendars/{slug}", ID: "deleteHolidayCalendar", Tag: tag, Summary: "Delete a calendar that nothing keeps", Status: 204, Errors: []int{404, 409}}, h.removeCalendar)
	api.Register(s, api.Op{Method: "POST", Path: "/api/holiday-calendars/{slug}/import", ID: "importHolidays", Tag: tag, Summary: "Take the whole days of an .ics file into a calendar", MaxBody: 6 << 20, Errors: []int{404}}, h.load)
}

// HoursRow is business hours as they stand now.
type HoursRow struct {
	worktime.BusinessHours
	Open   bool      `json:"open"`
	NextAt desk.Time `json:"next_at" doc:"When that changes; null never."`
}

func (h *workHours) row(ctx context.Context, b worktime.BusinessHours) (HoursRow, error) {
	closed, next, err := h.Work.Closed(ctx, h.DB, b.Slug, h.Clock.Ms())
	return HoursRow{BusinessHours: b, Open: !closed, NextAt: next}, err
}

func (h *workHours) list(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[HoursRow]], error) {
	all, err := h.Work.All(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	out := api.Page[HoursRow]{Items: make([]HoursRow, len(all))}
	for i, b := range all {
		if out.Items[i], err = h.row(ctx, b); err != nil {
			return nil, err
		}
	}
	return api.Answer(out, nil)
}

type putHours struct {
	BySlug
	Body struct {
		Name      *string         `json:"name,omitempty" maxLength:"200"`
		Schedule  *hours.Schedule `json:"schedule,omitempty"`
		Calendars *[]string       `json:"calendars,omitempty" maxItems:"20"`
	}
}

func (h *workHours) put(ctx context.Context, v access.Viewer, in *putHours) (*api.Out[HoursRow], error) {
	b, err := db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (worktime.BusinessHours, error) {
		return h.Work.Put(ctx, tx, v.Actor, in.Slug, worktime.Change(in.Body))
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(h.row(ctx, b))
}

func (h *workHours) remove(ctx context.Context, v access.Viewer, in *BySlug) (*api.None, error) {
	return nil, h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return h.Work.Remove(ctx, tx, v.Actor, in.Slug) })
}

func (h *workHours) calendars(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[worktime.Calendar]], error) {
	cs, err := h.Work.Calendars(ctx, h.DB)
	return api.Answer(api.Page[worktime.Calendar]{Items: cs}, err)
}

type putCalendar struct {
	BySlug
	Body struct {
		Name    *string          `json:"name,omitempty" maxLength:"200"`
		Country *string          `json:"country,omitempty" maxLength:"2" example:"DK"`
		Days    *[]hours.Holiday `json:"days,omitempty" maxItems:"400"`
	}
}

func (h *workHours) putCalendar(ctx context.Context, v access.Viewer, in *putCalendar) (*api.Out[worktime.Calendar], error) {
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (worktime.Calendar, error) {
		return h.Work.PutCalendar(ctx, tx, v.Actor, in.Slug, worktime.CalendarChange(in.Body))
	}))
}

func (h *workHours) removeCalendar(ctx context.Context, v access.Viewer, in *BySlug) (*api.None, error) {
	return nil, h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return h.Work.RemoveCalendar(ctx, tx, v.Actor, in.Slug) })
}

type importInput struct {
	BySlug
	Body struct {
		File    string `json:"file" maxLength:"4194304" doc:"The text of the .ics file."`
		Replace bool   `json:"replace,omitempty" doc:"Days that were there go; else they stay beside the new ones."`
	}
}

// Imported is a calendar after an import.
type Imported struct {
	Calendar worktime.Calendar `json:"calendar"`
	Added    int               `json:"added"`
	Left     int               `json:"left_out" doc:"Events with a time of day: they are no holidays."`
}

func (h *workHours) load(ctx context.Context, v access.Viewer, in *importInput) (*api.Out[Imported], error) {
	days, left, err := worktime.Read(in.Body.File, h.Clock.Now())
	if err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (Imported, error) {
		c, added, err := h.Work.Import(ctx, tx, v.Actor, in.Slug, days, in.Body.Replace)
		return Imported{Calendar: c, Added: added, Left: left}, err
	}))
}
