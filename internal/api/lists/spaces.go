package lists

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/space"
	"github.com/kanalhq/kanal/internal/view"
)

func (l *lists) mountSpaces(s *api.Server) {
	const tag = "Views"
	api.Register(s, api.Op{Method: "GET", Path: "/api/spaces", ID: "listSpaces", Tag: tag, Summary: "The spaces, in their order",
		Description: "A space is an area of the help desk that shows the tickets of some teams: GET /api/views with `space`, and GET /api/tickets with the view VIEW@SPACE."}, l.spaces)
	api.Register(s, api.Op{Method: "POST", Path: "/api/spaces", ID: "createSpace", Tag: tag, Summary: "Make a space", Status: 201}, l.createSpace)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/spaces/{id}", ID: "patchSpace", Tag: tag, Summary: "Change a space", Errors: []int{404, 409},
		Description: "What is left out stays. Send `version` to refuse the change when somebody else was faster."}, l.patchSpace)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/spaces/{id}", ID: "deleteSpace", Tag: tag, Summary: "Remove a space", Errors: []int{404},
		Description: "Its tickets stay what they are. Views in it that others see go with it; private ones stay their owners', in no space."}, l.removeSpace)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/spaces/order", ID: "orderSpaces", Tag: tag, Summary: "Put the spaces in an order"}, l.orderSpaces)
}

// Space is a space and, when asked for, how much of it is open.
type Space struct {
	space.Space
	Open   int  `json:"open" doc:"Open tickets that one sees in it, at most 10000; when counts are asked for."`
	Capped bool `json:"capped" doc:"There are more than open."`
}

type spacesInput struct {
	Counts bool `query:"counts" doc:"With how many tickets are open in each."`
}

func (l *lists) spaces(ctx context.Context, v access.Viewer, in *spacesInput) (*api.Out[api.Page[Space]], error) {
	all, err := space.List(ctx, l.DB)
	if err != nil {
		return nil, err
	}
	out := api.Page[Space]{Items: make([]Space, 0, len(all))}
	for _, s := range all {
		x := Space{Space: s}
		if in.Counts {
			n, err := l.View.CountOf(ctx, view.SightOf(v), view.Ask{View: view.Open + "@" + s.ID.String()})
			if err != nil {
				return nil, err
			}
			x.Open, x.Capped = n.Count, n.Capped
		}
		out.Items = append(out.Items, x)
	}
	return api.Answer(out, nil)
}

type spaceInput struct {
	Body struct {
		Name  string        `json:"name" maxLength:"100"`
		Teams []desk.TeamID `json:"teams" minItems:"1" maxItems:"200"`
		Extra bool          `json:"extra_members,omitempty" doc:"Extra members of the teams count as well as the main ones."`
	}
}

func (l *lists) createSpace(ctx context.Context, v access.Viewer, in *spaceInput) (*api.Out[space.Space], error) {
	b := in.Body
	return api.Answer(db.Written(ctx, l.DB, func(ctx context.Context, tx *db.Tx) (space.Space, error) {
		return l.Spaces.Create(ctx, tx, v.Actor, space.Space{Name: b.Name, Teams: b.Teams, Extra: b.Extra})
	}))
}

type patchSpaceInput struct {
	api.ByID
	Body struct {
		Name    *string        `json:"name,omitempty" maxLength:"100"`
		Teams   *[]desk.TeamID `json:"teams,omitempty" maxItems:"200"`
		Extra   *bool          `json:"extra_members,omitempty"`
		Version int64          `json:"version,omitempty"`
	}
}

func spaceID(text string) (desk.SpaceID, error) {
	id, err := desk.ParseID[desk.SpaceID](text)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "space.not_found", "There is no such space.")
	}
	return id, nil
}

func (l *lists) patchSpace(ctx context.Context, v access.Viewer, in *patchSpaceInput) (*api.Out[space.Space], error) {
	id, err := spaceID(in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	return api.Answer(db.Written(ctx, l.DB, func(ctx context.Context, tx *db.Tx) (space.Space, error) {
		return l.Spaces.Update(ctx, tx, v.Actor, id, space.Change{Name: b.Name, Teams: b.Teams, Extra: b.Extra, Version: b.Version})
	}))
}

func (l *lists) removeSpace(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := spaceID(in.ID)
	if err != nil {
		return nil, err
	}
	return &api.None{}, l.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := l.Spaces.Delete(ctx, tx, v.Actor, id); err != nil {
			return err
		}
		return l.Saved.LeaveSpace(ctx, tx, v.Actor, id)
	})
}

type orderInput struct {
	Body struct {
		IDs []desk.SpaceID `json:"ids" maxItems:"1000" doc:"What is not named stands behind, as before."`
	}
}

func (l *lists) orderSpaces(ctx context.Context, v access.Viewer, in *orderInput) (*api.Out[api.Page[space.Space]], error) {
	all, err := db.Written(ctx, l.DB, func(ctx context.Context, tx *db.Tx) ([]space.Space, error) {
		return l.Spaces.Order(ctx, tx, v.Actor, in.Body.IDs)
	})
	return api.Answer(api.Page[space.Space]{Items: all}, err)
}
