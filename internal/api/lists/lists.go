// Package lists has the operations on many tickets at once: saved views with what their filters may name, and counts of a filter. Handlers read the
// input, ask whether the viewer may, and call customview or view, which own the rules. app mounts them.
package lists

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/space"
	"github.com/kanalhq/kanal/internal/view"
)

// Deps is what the operations call.
type Deps struct {
	DB     *db.DB
	View   *view.Service
	Saved  *customview.Service
	Spaces *space.Service
}

type lists struct{ Deps }

// Mount adds the operations to a server.
func Mount(s *api.Server, d Deps) {
	l := &lists{d}
	l.mountSpaces(s)
	const tag = "Views"
	api.Register(s, api.Op{Method: "GET", Path: "/api/custom-views", ID: "listCustomViews", Tag: tag, Summary: "The saved views that one sees, in their order"}, l.list)
	api.Register(s, api.Op{Method: "POST", Path: "/api/custom-views", ID: "createCustomView", Tag: tag, Summary: "Save a view", Status: 201,
		Description: "For oneself; for a team or everyone it needs `views.share`."}, l.create)
	api.Register(s, api.Op{Method: "GET", Path: "/api/custom-views/{id}", ID: "getCustomView", Tag: tag, Summary: "One saved view", Errors: []int{404}}, l.get)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/custom-views/{id}", ID: "patchCustomView", Tag: tag, Summary: "Change a saved view", Errors: []int{404, 409},
		Description: "What is left out stays. Send `version` to refuse the change when somebody else was faster."}, l.patch)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/custom-views/{id}", ID: "deleteCustomView", Tag: tag, Summary: "Remove a saved view", Errors: []int{404}}, l.remove)
	api.Register(s, api.Op{Method: "GET", Path: "/api/custom-views/fields", ID: "listViewFields", Tag: tag, Summary: "What filters, columns, orders and groups may name"}, l.fields)
	api.Register(s, api.Op{Method: "GET", Path: "/api/tickets/count", ID: "countTickets", Tag: tag, Summary: "How many tickets a view with a filter holds", Errors: []int{404},
		Description: "Counts stop at 10,000: `capped` says that there are more."}, l.count)
}

func readerOf(v access.Viewer) customview.Reader {
	return customview.Reader{User: v.User.ID, Teams: v.User.Teams, Share: v.Can(access.ViewsShare)}
}

// View is a saved view and what one may do with it.
type View struct {
	customview.View
	Editable bool `json:"editable" doc:"One may change and remove it."`
}

func shown(r customview.Reader, v customview.View) View { return View{v, r.Changes(v)} }

func (l *lists) list(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[api.Page[View]], error) {
	r := readerOf(v)
	vs, err := l.Saved.List(ctx, l.DB, r)
	out := api.Page[View]{Items: []View{}}
	for _, x := range vs {
		out.Items = append(out.Items, shown(r, x))
	}
	return api.Answer(out, err)
}

func (l *lists) get(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[View], error) {
	id, err := desk.ParseID[desk.ViewID](in.ID)
	if err != nil {
		return nil, missing()
	}
	r := readerOf(v)
	x, err := l.Saved.Get(ctx, l.DB, r, id)
	return api.Answer(shown(r, x), err)
}

func missing() error {
	return desk.Errorf(desk.NotFound, "customview.not_found", "There is no such view, or it is not shared with you.")
}

type createInput struct {
	Body struct {
		Name       string                `json:"name" maxLength:"100"`
		Visibility customview.Visibility `json:"visibility,omitempty" enum:"private,team,everyone"`
		TeamID     desk.TeamID           `json:"team_id,omitempty"`
		SpaceID    desk.SpaceID          `json:"space_id,omitempty" doc:"It stands in this space, and shows its tickets."`
		Filter     customview.Filter     `json:"filter,omitempty"`
		Columns    []string              `json:"columns,omitempty" maxItems:"30"`
		Sort       string                `json:"sort,omitempty" maxLength:"100"`
		Group      string                `json:"group,omitempty" maxLength:"100"`
		Layout     string                `json:"layout,omitempty" enum:",split,table,board"`
	}
}

func (l *lists) create(ctx context.Context, v access.Viewer, in *createInput) (*api.Out[View], error) {
	b, r := in.Body, readerOf(v)
	if err := l.mayName(ctx, v, b.Filter); err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, l.DB, func(ctx context.Context, tx *db.Tx) (View, error) {
		x, err := l.Saved.Create(ctx, tx, v.Actor, r, customview.View{
			Name: b.Name, Visibility: b.Visibility, TeamID: b.TeamID, SpaceID: b.SpaceID, Filter: b.Filter, Columns: b.Columns, Sort: b.Sort, Group: b.Group, Layout: b.Layout,
		})
		return shown(r, x), err
	}))
}

// mayName refuses a filter by what is hidden from whoever writes it.
func (l *lists) mayName(ctx context.Context, v access.Viewer, f customview.Filter) error {
	if v.Veil.Clear() {
		return nil
	}
	fs, err := l.Saved.Fields(ctx, l.DB)
	if err != nil {
		return err
	}
	return fs.Under(v.Veil).Check(f)
}

type patchInput struct {
	api.ByID
	Body struct {
		Name       *string                `json:"name,omitempty" maxLength:"100"`
		Visibility *customview.Visibility `json:"visibility,omitempty" enum:"private,team,everyone"`
		TeamID     *desk.TeamID           `json:"team_id,omitempty"`
		SpaceID    *desk.SpaceID          `json:"space_id,omitempty" doc:"null or 0 takes it out of its space."`
		Filter     *customview.Filter     `json:"filter,omitempty"`
		Columns    *[]string              `json:"columns,omitempty" maxItems:"30"`
		Sort       *string                `json:"sort,omitempty" maxLength:"100"`
		Group      *string                `json:"group,omitempty" maxLength:"100"`
		Layout     *string                `json:"layout,omitempty" enum:",split,table,board"`
		Position   *int                   `json:"position,omitempty" doc:"Among the saved views; one's own arrangement is in the preferences."`
		Version    int64                  `json:"version,omitempty"`
	}
}

func (l *lists) patch(ctx context.Context, v access.Viewer, in *patchInput) (*api.Out[View], error) {
	id, err := desk.ParseID[desk.ViewID](in.ID)
	if err != nil {
		return nil, missing()
	}
	b, r := in.Body, readerOf(v)
	if b.Filter != nil {
		if err := l.mayName(ctx, v, *b.Filter); err != nil {
			return nil, err
		}
	}
	return api.Answer(db.Written(ctx, l.DB, func(ctx context.Context, tx *db.Tx) (View, error) {
		x, err := l.Saved.Update(ctx, tx, v.Actor, r, id, customview.Change{
			Name: b.Name, Visibility: b.Visibility, TeamID: b.TeamID, SpaceID: b.SpaceID, Filter: b.Filter, Columns: b.Columns, Sort: b.Sort, Group: b.Group, Layout: b.Layout, Position: b.Position, Version: b.Version,
		})
		return shown(r, x), err
	}))
}

func (l *lists) remove(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := desk.ParseID[desk.ViewID](in.ID)
	if err != nil {
		return nil, missing()
	}
	err = l.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return l.Saved.Delete(ctx, tx, v.Actor, readerOf(v), id) })
	return &api.None{}, err
}

func (l *lists) fields(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[api.Page[customview.Field]], error) {
	fs, err := l.Saved.Fields(ctx, l.DB)
	return api.Answer(api.Page[customview.Field]{Items: fs.Under(v.Veil)}, err)
}

type countInput struct {
	View   string `query:"view" default:"open" doc:"As of GET /api/tickets."`
	Filter string `query:"filter" doc:"As of GET /api/tickets."`
}

func (l *lists) count(ctx context.Context, v access.Viewer, in *countInput) (*api.Out[view.Count], error) {
	f, err := customview.Parse(in.Filter)
	if err != nil {
		return nil, err
	}
	return api.Answer(l.View.CountOf(ctx, view.SightOf(v), view.Ask{View: in.View, Filter: f}))
}
