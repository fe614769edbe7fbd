package admin

import (
	"context"
	"encoding/csv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/oversight"
	"github.com/kanalhq/kanal/internal/view"
)

func (a *admins) mountOversight() {
	const tag = "Operating"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/settings/affects", ID: "getAffects", Tag: tag, Summary: "What hangs on a thing, before it is changed or removed", Errors: []int{404}}, a.affects)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/roles", ID: "listRoles", Tag: tag, Summary: "What each role may do"}, a.roles)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/audit", ID: "listAudit", Tag: tag, Summary: "What administrators and the installation did, newest first",
		Description: "`object` is a noun such as user, team, channel_account, inbox, pipeline, property, company, token or session; `from` and `to` are times, to not included."}, a.audit)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/audit/export", ID: "exportAudit", Tag: tag, Summary: "The audit log as CSV, with the same filters, at most 10,000 rows"}, a.exportAudit)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/system", ID: "getSystem", Tag: tag, Summary: "How the installation is"}, a.system)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/system/windows", ID: "listWindows", Tag: tag, Summary: "Every time window, with the environment name that sets it"}, a.windows)
}

type affectsInput struct {
	Object string `query:"object" required:"true" enum:"channel,inbox,status,pipeline,property,team,user,space"`
	ID     string `query:"id" required:"true" maxLength:"32"`
}

// Affects is what hangs on a thing.
type Affects struct {
	Effects []oversight.Effect `json:"effects"`
}

func (a *admins) affects(ctx context.Context, v access.Viewer, in *affectsInput) (*api.Out[Affects], error) {
	needed := map[string]access.Permission{
		"channel": access.AccountAccess, "inbox": access.AccountAccess, "status": access.SettingsManage, "pipeline": access.SettingsManage,
		"property": access.PropertiesManage, "team": access.UsersManage, "user": access.UsersManage, "space": access.AccountAccess,
	}[in.Object]
	if err := v.Need(needed); err != nil {
		return nil, err
	}
	es, err := a.Oversight.Effects(ctx, in.Object, in.ID)
	return api.Answer(Affects{some(es)}, err)
}

// AuditQuery narrows the audit log.
type AuditQuery struct {
	Object string `query:"object" maxLength:"60" pattern:"^[a-z_]*$"`
	Actor  string `query:"user_id" maxLength:"32" doc:"Who did it."`
	From   string `query:"from" maxLength:"40" doc:"RFC 3339."`
	To     string `query:"to" maxLength:"40" doc:"RFC 3339; not included."`
}

func (f AuditQuery) filter() (view.AuditFilter, error) {
	out := view.AuditFilter{Object: f.Object}
	if f.Actor != "" {
		id, err := desk.ParseID[desk.UserID](f.Actor)
		if err != nil {
			return out, desk.Errorf(desk.Invalid, "audit.user", "%q is no user's id.", f.Actor).In("user_id")
		}
		out.Actor = id
	}
	for _, x := range []struct {
		name, text string
		to         *desk.Time
	}{{"from", f.From, &out.From}, {"to", f.To, &out.To}} {
		if x.text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, x.text)
		if err != nil {
			return out, desk.Errorf(desk.Invalid, "audit.time", "%q is not a time: write it like 2026-11-21T09:00:00Z.", x.text).In(x.name)
		}
		*x.to = desk.Time(t.UnixMilli())
	}
	return out, nil
}

type auditInput struct {
	AuditQuery
	api.Listing
}

func (a *admins) audit(ctx context.Context, _ access.Viewer, in *auditInput) (*api.Out[view.AuditPage], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	return api.Answer(a.View.Audit(ctx, f, view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

// maxExported bounds an export of the audit log, in rows.
const maxExported = 10_000

type csvOut struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (a *admins) exportAudit(ctx context.Context, _ access.Viewer, in *auditInput) (*csvOut, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"at", "type", "actor", "user", "data"})
	p := view.Page{Limit: view.MaxPage}
	for rows := 0; rows < maxExported; {
		es, err := a.View.Audit(ctx, f, p)
		if err != nil {
			return nil, err
		}
		for _, e := range es.Items {
			who := e.ActorName
			if who == "" {
				who = string(e.Actor.Kind)
			}
			_ = w.Write([]string{time.UnixMilli(int64(e.At)).UTC().Format(time.RFC3339), e.Type, plain(who), plain(e.UserName), string(e.Data)})
		}
		if rows += len(es.Items); es.Next == "" {
			break
		}
		p.Cursor = es.Next
	}
	w.Flush()
	return &csvOut{"text/csv; charset=utf-8", `attachment; filename="kanal-audit.csv"`, []byte(b.String())}, w.Error()
}

// plain keeps a spreadsheet from reading a name as a formula.
func plain(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// System is how the installation is.
type System struct {
	Version   string            `json:"version"`
	Now       desk.Time         `json:"now"`
	Started   desk.Time         `json:"started_at"`
	Database  string            `json:"database" enum:"sqlite,postgres"`
	Nodes     int               `json:"nodes"`
	DiskFree  int64             `json:"disk_free" doc:"Bytes in the data directory; 0 when it cannot be told."`
	Missing   map[string]string `json:"missing" doc:"What is not ready, by part."`
	Jobs      Jobs              `json:"jobs"`
	Search    Lag               `json:"search"`
	SetAside  int               `json:"set_aside" doc:"What came in and could not be filed; at most 1,000 are counted."`
	TestClock bool              `json:"test_clock" doc:"The server's time is set by hand."`
}

// Jobs is the queue of work.
type Jobs struct {
	Ready   int64     `json:"ready"`
	Running int64     `json:"running"`
	LateMS  int64     `json:"late_ms" doc:"How long the oldest due job has waited."`
	Dead    int64     `json:"dead" doc:"Given up."`
	Newest  []DeadJob `json:"newest_dead"`
}

// DeadJob is work that was given up.
type DeadJob struct {
	ID    desk.JobID `json:"id"`
	Kind  string     `json:"kind"`
	Error string     `json:"error"`
	At    desk.Time  `json:"at"`
}

// Lag is how far the search index is behind.
type Lag struct {
	Behind   int64 `json:"behind" doc:"Events not indexed yet."`
	Building bool  `json:"building"`
}

// Health is what only the whole installation knows.
type Health struct {
	Jobs     func(ctx context.Context) (job.Stats, error)
	Dead     func(ctx context.Context, limit int) ([]job.Dead, error)
	Search   func(ctx context.Context) (events int64, building bool, err error)
	Missing  func(ctx context.Context) map[string]string
	DiskFree func() int64
	Started  desk.Time
}

func (a *admins) system(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[System], error) {
	h := a.Health
	out := System{Version: a.server.Version, Now: a.Clock.Ms(), Started: h.Started, Database: string(a.DB.Dialect()), DiskFree: h.DiskFree(), Missing: h.Missing(ctx), TestClock: a.TestClock}
	stats, err := h.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	out.Jobs = Jobs{Ready: stats.Ready, Running: stats.Running, Dead: stats.Dead, LateMS: stats.Late.Milliseconds(), Newest: []DeadJob{}}
	dead, err := h.Dead(ctx, 20)
	if err != nil {
		return nil, err
	}
	for _, d := range dead {
		out.Jobs.Newest = append(out.Jobs.Newest, DeadJob{d.ID, d.Kind, d.Error, d.At})
	}
	if out.Search.Behind, out.Search.Building, err = h.Search(ctx); err != nil {
		return nil, err
	}
	if out.Nodes, err = a.DB.Nodes(ctx); err != nil {
		return nil, err
	}
	out.SetAside, err = a.setAside(ctx)
	return api.Answer(out, err)
}

func (a *admins) windows(context.Context, access.Viewer, *api.None) (*api.Out[api.Page[config.WindowRow]], error) {
	return page(config.WindowRows(), nil)
}
