package agent

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
)

func (a *agents) mountPeople() {
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/users", ID: "listUsers", Tag: "People", Summary: "The users"}, a.users)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/teams", ID: "listTeams", Tag: "People", Summary: "The teams"}, a.teams)
}

type usersInput struct {
	All bool `query:"all" doc:"With those who were deactivated."`
}

func (a *agents) users(ctx context.Context, _ access.Viewer, in *usersInput) (*api.Out[api.Page[desk.User]], error) {
	us, err := a.People.List(ctx, a.DB, in.All)
	return api.Answer(api.Page[desk.User]{Items: some(us)}, err)
}

func (a *agents) teams(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[desk.Team]], error) {
	ts, err := a.People.Teams(ctx, a.DB)
	return api.Answer(api.Page[desk.Team]{Items: some(ts)}, err)
}
