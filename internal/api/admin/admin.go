// Package admin has the operations of administrators: channel accounts with their wizard, inboxes, pipelines, properties, users, teams, tokens, sessions, the
// journal of what came in, the company's settings, settings as text, what a change affects, the audit log, the state of the installation and the test clock. Handlers are thin, as in api/agent; secrets go in and
// never come out. app mounts them.
package admin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/oversight"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/survey"
	"github.com/kanalhq/kanal/internal/switchboard"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/transfer"
	"github.com/kanalhq/kanal/internal/view"
)

// Deps is what the operations call.
type Deps struct {
	DB         *db.DB
	Clock      *clock.Clock
	Log        *slog.Logger
	Registry   *channel.Registry
	Access     *access.Service
	People     *people.Service
	Inboxes    *inbox.Service
	Tickets    *ticket.Service
	Properties *property.Service
	Settings   *setting.Service
	Intake     *intake.Service
	Board      *switchboard.Board
	View       *view.Service
	Assign     *assignment.Service
	Transfer   *transfer.Service
	Oversight  *oversight.Service
	Surveys    *survey.Service
	Health     Health
	// Availability is of channels with visitors; Post sends mail of the installation's own, nil: it cannot.
	Availability *availability.Service
	Post         Post
	// TestClock lets POST /api/test/clock move the server's time: only with --clock.
	TestClock bool
}

// admins are the handlers.
type admins struct {
	Deps
	server *api.Server
}

// Mount adds the operations to a server.
func Mount(s *api.Server, d Deps) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	a := &admins{Deps: d, server: s}
	a.mountAccounts()
	a.mountInboxes()
	a.mountPeople()
	a.mountRoles()
	a.mountTokens()
	a.mountOperating()
	a.mountText()
	a.mountOversight()
	a.mountRemoval()
	a.mountSurveys()
	a.mountTags()
	a.mountVisitors()
}

// some is never nil.
func some[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

func page[T any](items []T, err error) (*api.Out[api.Page[T]], error) {
	return api.Answer(api.Page[T]{Items: some(items)}, err)
}

// idOf reads an id of a path; what is none is not found.
func idOf[T ~int64](in string) (T, error) {
	id, err := desk.ParseID[T](in)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "id.unknown", "There is no such thing.")
	}
	return id, nil
}

func (a *admins) mountOperating() {
	const tag = "Operating"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/settings/company", ID: "getCompany", Tag: tag, Summary: "The company"}, func(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[setting.Company], error) {
		return api.Answer(a.Settings.Company(ctx, a.DB))
	})
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/settings/company", ID: "patchCompany", Tag: tag, Summary: "Change the company", Errors: []int{409}}, a.patchCompany)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/inbound", ID: "listInbound", Tag: tag, Summary: "What came in, newest first",
		Description: "`set_aside` is what could not be understood: it is kept and can be replayed."}, a.inbound)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/inbound/{id}/replay", ID: "replayInbound", Tag: tag, Summary: "File an item again", Errors: []int{404, 409}}, a.replay)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/test/clock", ID: "setClock", Tag: tag, Summary: "Move the server's time",
		Description: "Only on a server that was started with --clock; anybody may then.", Errors: []int{403}}, a.setClock)
}

type patchCompanyInput struct {
	Body struct {
		Name     *string `json:"name,omitempty" maxLength:"200"`
		Locale   *string `json:"locale,omitempty" maxLength:"35" example:"en"`
		Timezone *string `json:"timezone,omitempty" maxLength:"64" example:"Europe/Copenhagen"`
		Color    *string `json:"color,omitempty" maxLength:"7" example:"#1f6feb"`
		Privacy  *bool   `json:"data_privacy,omitempty"`
		Expect   Seen    `json:"expect,omitempty" doc:"What was seen of the company, by field: refused with 409 when it is different now."`
	}
}

func (a *admins) patchCompany(ctx context.Context, v access.Viewer, in *patchCompanyInput) (*api.Out[setting.Company], error) {
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (setting.Company, error) {
		if err := a.Settings.LockCompany(ctx, tx); err != nil {
			return setting.Company{}, err
		}
		now, err := a.Settings.Company(ctx, tx)
		if err == nil {
			err = in.Body.Expect.still(now)
		}
		if err != nil {
			return now, err
		}
		return a.Settings.SetCompany(ctx, tx, v.Actor, setting.CompanyChange{Name: in.Body.Name, Locale: in.Body.Locale, Timezone: in.Body.Timezone, Color: in.Body.Color, Privacy: in.Body.Privacy})
	}))
}

type inboundInput struct {
	api.Listing
	State   string `query:"state" enum:"filed,duplicate,set_aside,ignored"`
	Channel string `query:"channel" maxLength:"40"`
}

func (a *admins) inbound(ctx context.Context, v access.Viewer, in *inboundInput) (*api.Out[api.Page[intake.Entry]], error) {
	limit := in.Limit
	if limit == 0 {
		limit = 50
	}
	f := intake.Filter{State: in.State, Channel: in.Channel, Limit: limit + 1}
	if in.Cursor != "" {
		var err error
		if f.Before, err = desk.ParseID[desk.RawID](in.Cursor); err != nil {
			return nil, err
		}
	}
	es, err := a.Intake.List(ctx, f)
	if err != nil {
		return nil, err
	}
	out := api.Page[intake.Entry]{Items: some(es)}
	if len(es) > limit {
		out.Items, out.Next = es[:limit], es[limit-1].ID.String()
	}
	return api.Answer(out, nil)
}

func (a *admins) replay(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[intake.Entry], error) {
	id, err := idOf[desk.RawID](in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(a.Intake.Replay(ctx, id))
}

type clockInput struct {
	Body struct {
		Set     string `json:"set,omitempty" doc:"The time to set, RFC 3339." example:"2026-11-21T09:00:00Z"`
		Advance string `json:"advance,omitempty" doc:"Or how far to move it on, as a Go duration." example:"90m"`
	}
}

// Now is the server's time.
type Now struct {
	Now desk.Time `json:"now"`
}

func (a *admins) setClock(_ context.Context, _ access.Viewer, in *clockInput) (*api.Out[Now], error) {
	if !a.TestClock {
		return nil, desk.Errorf(desk.Forbidden, "clock.real", "This server keeps the real time: it was started without --clock.")
	}
	switch {
	case in.Body.Set != "":
		t, err := time.Parse(time.RFC3339Nano, in.Body.Set)
		if err != nil {
			return nil, desk.Errorf(desk.Invalid, "clock.time", "%q is not a time: write it like 2026-11-21T09:00:00Z.", in.Body.Set).In("set")
		}
		a.Clock.Set(t)
	case in.Body.Advance != "":
		d, err := time.ParseDuration(in.Body.Advance)
		if err != nil {
			return nil, desk.Errorf(desk.Invalid, "clock.duration", "%q is not a duration: write it like 90m.", in.Body.Advance).In("advance")
		}
		a.Clock.Advance(d)
	}
	return api.Answer(Now{a.Clock.Ms()}, nil)
}

// noContent is the status of an answer without a body.
const noContent = http.StatusNoContent
