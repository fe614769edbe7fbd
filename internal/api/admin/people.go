package admin

import (
	"context"
	"net/url"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
)

// Invited is a new user, with the one-time link that lets them set a password.
type Invited struct {
	desk.User
	Link string `json:"link" doc:"To give to them; shown once."`
}

// OneTimeLink is a link to give to a user.
type OneTimeLink struct {
	Link      string         `json:"link" doc:"Shown once."`
	Purpose   access.Purpose `json:"purpose" enum:"invite,reset"`
	ExpiresAt desk.Time      `json:"expires_at"`
}

func (a *admins) mountPeople() {
	const tag = "People"
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/users", ID: "createUser", Tag: tag, Summary: "Add a user", Status: 201, Errors: []int{409}}, a.createUser)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/users/{id}", ID: "patchUser", Tag: tag, Summary: "Change a user", Errors: []int{404, 409},
		Description: "Availability needs availability.manage, everything else users.manage. Nobody gives a role above their own."}, a.patchUser)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/users/{id}/link", ID: "createUserLink", Tag: tag, Summary: "Make a one-time link to set a password", Errors: []int{404, 409}}, a.userLink)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/teams", ID: "createTeam", Tag: tag, Summary: "Add a team", Status: 201, Errors: []int{409}}, a.createTeam)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/teams/{id}", ID: "patchTeam", Tag: tag, Summary: "Change a team", Errors: []int{404, 409}}, a.patchTeam)
}

type createUserInput struct {
	Body struct {
		Email     string        `json:"email" maxLength:"320" example:"ann@acme.example"`
		Name      string        `json:"name,omitempty" maxLength:"200" example:"Ann Holm"`
		FirstName string        `json:"first_name,omitempty" maxLength:"200"`
		LastName  string        `json:"last_name,omitempty" maxLength:"200"`
		Role      desk.Role     `json:"role,omitempty" maxLength:"60" doc:"A built-in role or one of one's own."`
		Teams     []desk.TeamID `json:"teams,omitempty" doc:"Teams of which they become a main member."`
		TakesWork *bool         `json:"takes_work,omitempty"`
		Locale    string        `json:"locale,omitempty" maxLength:"35"`
		Timezone  string        `json:"timezone,omitempty" maxLength:"64"`
	}
}

// mayManage refuses to touch somebody who may more than oneself.
func mayManage(v access.Viewer, u desk.User) error {
	switch {
	case access.MayManage(v.User, u):
		return nil
	case u.Role == desk.RoleOwner:
		return desk.Errorf(desk.Forbidden, "user.role_above", "Only an owner may make, change or remove an owner.").In("role")
	}
	return desk.Errorf(desk.Forbidden, "user.above", "%s may do more than you, so somebody else has to change them.", u.Name).In("role")
}

// givesTeams refuses to change who is in which team, to those who reach only some tickets or contacts: whoever is in a team sees what it has, so they could widen what
// they see themselves.
func givesTeams(v access.Viewer) error {
	if v.Tickets.Whole() && v.Contacts.Whole() {
		return nil
	}
	return desk.Errorf(desk.Forbidden, "team.beyond_reach", "Teams say who sees what, and your role sees only a part. Ask an administrator.").In("teams")
}

func (a *admins) createUser(ctx context.Context, v access.Viewer, in *createUserInput) (*api.Out[Invited], error) {
	b := in.Body
	if b.Role == "" {
		b.Role = desk.RoleAgent
	}
	if err := a.Access.MayGive(ctx, a.DB, v.User, b.Role); err != nil {
		return nil, err
	}
	if len(b.Teams) > 0 {
		if err := givesTeams(v); err != nil {
			return nil, err
		}
	}
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (Invited, error) {
		u, err := a.People.Create(ctx, tx, v.Actor, people.NewUser{
			Email: b.Email, Name: b.Name, FirstName: b.FirstName, LastName: b.LastName, Role: b.Role, Locale: b.Locale, Timezone: b.Timezone, TakesWork: b.TakesWork,
		})
		if err != nil {
			return Invited{}, err
		}
		if len(b.Teams) > 0 {
			if err := a.People.SetMainTeams(ctx, tx, v.Actor, u.ID, b.Teams); err != nil {
				return Invited{}, err
			}
			if u, err = a.People.Get(ctx, tx, u.ID); err != nil {
				return Invited{}, err
			}
		}
		token, _, err := a.Access.CreateLink(ctx, tx, access.PurposeInvite, u.ID)
		return Invited{User: u, Link: a.setupURL(token)}, err
	}))
}

// setupURL is the page where a one-time link is used.
func (a *admins) setupURL(token string) string {
	u := *a.server.BaseURL
	u.Path, u.RawQuery = "/setup", url.Values{"token": {token}}.Encode()
	return u.String()
}

type patchUserInput struct {
	api.ByID
	Body struct {
		Email     *string        `json:"email,omitempty" maxLength:"320"`
		Name      *string        `json:"name,omitempty" maxLength:"200"`
		FirstName *string        `json:"first_name,omitempty" maxLength:"200"`
		LastName  *string        `json:"last_name,omitempty" maxLength:"200"`
		Role      *desk.Role     `json:"role,omitempty" maxLength:"60" doc:"A built-in role or one of one's own."`
		Active    *bool          `json:"active,omitempty" doc:"false ends their sessions at once."`
		TakesWork *bool          `json:"takes_work,omitempty"`
		Available *bool          `json:"available,omitempty"`
		Locale    *string        `json:"locale,omitempty" maxLength:"35"`
		Timezone  *string        `json:"timezone,omitempty" maxLength:"64"`
		Teams     *[]desk.TeamID `json:"teams,omitempty"`
		Expect    Seen           `json:"expect,omitempty" doc:"What was seen of the user, by field: refused with 409 when it is different now."`
	}
}

func (a *admins) patchUser(ctx context.Context, v access.Viewer, in *patchUserInput) (*api.Out[desk.User], error) {
	id, err := idOf[desk.UserID](in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	beyond := b.Email != nil || b.Name != nil || b.FirstName != nil || b.LastName != nil || b.Role != nil || b.Active != nil || b.TakesWork != nil || b.Locale != nil ||
		b.Timezone != nil || b.Teams != nil
	if beyond {
		if err := v.Need(access.UsersManage); err != nil {
			return nil, err
		}
	}
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.User, error) {
		if err := b.Expect.hold(ctx, tx, "users", id); err != nil {
			return desk.User{}, err
		}
		u, err := a.People.Get(ctx, tx, id)
		if err != nil {
			return u, err
		}
		if err := b.Expect.still(u); err != nil {
			return u, err
		}
		if beyond {
			if err := mayManage(v, u); err != nil {
				return u, err
			}
		}
		if b.Role != nil && *b.Role != u.Role {
			if err := a.Access.MayGive(ctx, tx, v.User, *b.Role); err != nil {
				return u, err
			}
		}
		if b.Teams != nil {
			if err := givesTeams(v); err != nil {
				return u, err
			}
			if err := a.People.SetMainTeams(ctx, tx, v.Actor, id, *b.Teams); err != nil {
				return u, err
			}
		}
		return a.People.Update(ctx, tx, v.Actor, id, people.UserChange{
			Email: b.Email, Name: b.Name, FirstName: b.FirstName, LastName: b.LastName, Role: b.Role, Active: b.Active, TakesWork: b.TakesWork, Available: b.Available,
			Locale: b.Locale, Timezone: b.Timezone,
		})
	}))
}

func (a *admins) userLink(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[OneTimeLink], error) {
	id, err := idOf[desk.UserID](in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (OneTimeLink, error) {
		u, err := a.People.Get(ctx, tx, id)
		if err != nil {
			return OneTimeLink{}, err
		}
		if err := mayManage(v, u); err != nil {
			return OneTimeLink{}, err
		}
		_, hash, err := a.People.Credentials(ctx, tx, u.Email)
		if err != nil {
			return OneTimeLink{}, err
		}
		purpose := access.PurposeReset
		if hash == "" {
			purpose = access.PurposeInvite
		}
		token, l, err := a.Access.CreateLink(ctx, tx, purpose, id)
		return OneTimeLink{Link: a.setupURL(token), Purpose: purpose, ExpiresAt: l.ExpiresAt}, err
	}))
}

type createTeamInput struct {
	Body struct {
		Name    string        `json:"name" maxLength:"200" example:"Support"`
		Slug    string        `json:"slug,omitempty" maxLength:"100"`
		Members []desk.UserID `json:"members,omitempty" doc:"Main members: eligible for routing."`
		Extra   []desk.UserID `json:"extra_members,omitempty"`
		Parent  desk.TeamID   `json:"parent_id,omitempty" doc:"The team that this one is part of."`
	}
}

func (a *admins) createTeam(ctx context.Context, v access.Viewer, in *createTeamInput) (*api.Out[desk.Team], error) {
	if err := givesTeams(v); err != nil {
		return nil, err
	}
	b := in.Body
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Team, error) {
		return a.People.CreateTeam(ctx, tx, v.Actor, desk.Team{Slug: b.Slug, Name: b.Name, Members: b.Members, Extra: b.Extra, Parent: b.Parent})
	}))
}

type patchTeamInput struct {
	api.ByID
	Body struct {
		Name     *string                `json:"name,omitempty" maxLength:"200"`
		Members  *[]desk.UserID         `json:"members,omitempty"`
		Extra    *[]desk.UserID         `json:"extra_members,omitempty"`
		Calendar *string                `json:"calendar,omitempty" maxLength:"63" doc:"Of the holidays of main members who have none of their own."`
		Parent   api.Maybe[desk.TeamID] `json:"parent_id,omitzero" doc:"The team that this one is part of; null is none."`
		Expect   Seen                   `json:"expect,omitempty" doc:"What was seen of the team, by field: refused with 409 when it is different now."`
	}
}

func (a *admins) patchTeam(ctx context.Context, v access.Viewer, in *patchTeamInput) (*api.Out[desk.Team], error) {
	id, err := idOf[desk.TeamID](in.ID)
	if err == nil {
		err = givesTeams(v)
	}
	if err != nil {
		return nil, err
	}
	b := in.Body
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Team, error) {
		if err := b.Expect.hold(ctx, tx, "teams", id); err != nil {
			return desk.Team{}, err
		}
		now, err := a.People.Team(ctx, tx, id)
		if err == nil {
			err = b.Expect.still(now)
		}
		if err != nil {
			return now, err
		}
		var parent *desk.TeamID
		if b.Parent.Sent {
			parent = &b.Parent.Value
		}
		return a.People.UpdateTeam(ctx, tx, v.Actor, id, people.TeamChange{Name: b.Name, Members: b.Members, Extra: b.Extra, Parent: parent, Calendar: b.Calendar})
	}))
}
