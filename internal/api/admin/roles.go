package admin

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/view"
)

func (a *admins) mountRoles() {
	const tag = "People"
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/roles", ID: "createRole", Tag: tag, Summary: "Make a role of one's own", Status: 201, Errors: []int{409}}, a.createRole)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/roles/{slug}", ID: "patchRole", Tag: tag, Summary: "Change a role of one's own", Errors: []int{404, 409},
		Description: "It counts at once for everybody who has the role, in open browsers too. Nobody gives what they do not have."}, a.patchRole)
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/roles/{slug}", ID: "deleteRole", Tag: tag, Summary: "Remove a role of one's own", Status: noContent, Errors: []int{404, 409}}, a.deleteRole)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/roles/{slug}/try", ID: "tryRole", Tag: tag, Summary: "What a change of a role would do, without doing it", Errors: []int{404}}, a.tryRole)
}

// RoleRow is one role, with how many people have it.
type RoleRow struct {
	access.Role
	SeesEveryInbox bool `json:"sees_every_inbox" doc:"Also those it is no member of; it works only as a member."`
	Users          int  `json:"users" doc:"How many have it, deactivated ones too."`
	MayGive        bool `json:"may_give" doc:"Whether the viewer may give it to others and, of one's own roles, change it: it gives nothing that they do not have."`
}

// RoleTable is every role and every permission, in the order that screens show.
type RoleTable struct {
	Roles       []RoleRow           `json:"roles"`
	Permissions []access.Permission `json:"permissions"`
}

func (a *admins) roles(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[RoleTable], error) {
	all, err := a.Access.AllRoles(ctx, a.DB)
	if err != nil {
		return nil, err
	}
	users, err := a.People.List(ctx, a.DB, true)
	if err != nil {
		return nil, err
	}
	n := map[desk.Role]int{}
	for _, u := range users {
		n[u.Role]++
	}
	out := RoleTable{Roles: []RoleRow{}, Permissions: access.Permissions}
	for _, r := range all {
		out.Roles = append(out.Roles, RoleRow{Role: r, SeesEveryInbox: r.Can(access.InboxesAll), Users: n[r.Slug], MayGive: a.Access.MayGive(ctx, a.DB, v.User, r.Slug) == nil})
	}
	return api.Answer(out, nil)
}

type createRoleInput struct {
	Body struct {
		Name        string              `json:"name" maxLength:"100" example:"Night shift"`
		Slug        desk.Role           `json:"role,omitempty" maxLength:"60" doc:"Its short name; made of the name when left out."`
		Description string              `json:"description,omitempty" maxLength:"500"`
		Permissions []access.Permission `json:"permissions"`
		Tickets     desk.Reach          `json:"tickets,omitempty"`
		Contacts    desk.Reach          `json:"contacts,omitempty"`
	}
}

func (a *admins) createRole(ctx context.Context, v access.Viewer, in *createRoleInput) (*api.Out[access.Role], error) {
	b := in.Body
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (access.Role, error) {
		return a.Access.CreateRole(ctx, tx, v.Actor, v.User, access.Role{Slug: b.Slug, Name: b.Name, Description: b.Description, Permissions: b.Permissions, Tickets: b.Tickets, Contacts: b.Contacts})
	}))
}

// BySlug is exported, as what is embedded is bound only then.
type BySlug struct {
	Slug string `path:"slug" maxLength:"60"`
}

// RoleChanged is what to change of a role.
type RoleChanged struct {
	Name        *string              `json:"name,omitempty" maxLength:"100"`
	Description *string              `json:"description,omitempty" maxLength:"500"`
	Permissions *[]access.Permission `json:"permissions,omitempty"`
	Tickets     *desk.Reach          `json:"tickets,omitempty"`
	Contacts    *desk.Reach          `json:"contacts,omitempty"`
}

type patchRoleInput struct {
	BySlug
	Body struct {
		RoleChanged
		Expect Seen `json:"expect,omitempty" doc:"What was seen of the role, by field: refused with 409 when it is different now."`
	}
}

func (a *admins) patchRole(ctx context.Context, v access.Viewer, in *patchRoleInput) (*api.Out[access.Role], error) {
	b := in.Body
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (access.Role, error) {
		now, err := a.Access.Role(ctx, tx, desk.Role(in.Slug))
		if err == nil {
			err = b.Expect.still(now)
		}
		if err != nil {
			return now, err
		}
		return a.Access.UpdateRole(ctx, tx, v.Actor, v.User, now.Slug, access.RoleChange{Name: b.Name, Description: b.Description, Permissions: b.Permissions, Tickets: b.Tickets, Contacts: b.Contacts})
	}))
}

type deleteRoleInput struct {
	BySlug
	To desk.Role `query:"to" maxLength:"60" doc:"The role that its people get instead."`
}

func (a *admins) deleteRole(ctx context.Context, v access.Viewer, in *deleteRoleInput) (*api.None, error) {
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.Access.RemoveRole(ctx, tx, v.Actor, v.User, desk.Role(in.Slug), in.To)
	})
}

type tryRoleInput struct {
	BySlug
	Body RoleChanged
}

// RoleEffect is what a change of a role would do.
type RoleEffect struct {
	Gained []access.Permission `json:"gained"`
	Lost   []access.Permission `json:"lost"`
	Users  int                 `json:"users" doc:"How many active people have the role."`
	People []RoleEffectOf      `json:"people" doc:"The first twenty of them, with what their sight becomes."`
}

// RoleEffectOf is how many open tickets one person sees, before and after.
type RoleEffectOf struct {
	ID     desk.UserID `json:"id"`
	Name   string      `json:"name"`
	Before view.Count  `json:"before"`
	After  view.Count  `json:"after"`
}

// effectPeople is for how many people a trial counts tickets.
const effectPeople = 20

func (a *admins) tryRole(ctx context.Context, _ access.Viewer, in *tryRoleInput) (*api.Out[RoleEffect], error) {
	now, err := a.Access.Role(ctx, a.DB, desk.Role(in.Slug))
	if err != nil {
		return nil, err
	}
	b, then := in.Body, now
	if b.Permissions != nil {
		then.Permissions = *b.Permissions
	}
	if b.Tickets != nil {
		then.Tickets = b.Tickets.Full()
	}
	out := RoleEffect{Gained: lacking(now.Permissions, then.Permissions), Lost: lacking(then.Permissions, now.Permissions), People: []RoleEffectOf{}}
	users, err := a.People.List(ctx, a.DB, false)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if u.Role != now.Slug {
			continue
		}
		if out.Users++; out.Users > effectPeople {
			continue
		}
		e := RoleEffectOf{ID: u.ID, Name: u.Name}
		if e.Before, err = a.seen(ctx, u, now); err != nil {
			return nil, err
		}
		if e.After, err = a.seen(ctx, u, then); err != nil {
			return nil, err
		}
		out.People = append(out.People, e)
	}
	return api.Answer(out, nil)
}

// seen counts the open tickets that a user would see with a role.
func (a *admins) seen(ctx context.Context, u desk.User, r access.Role) (view.Count, error) {
	if !r.Can(access.TicketsView) {
		return view.Count{ID: view.Open}, nil
	}
	v, err := a.Access.As(ctx, u, r)
	if err != nil {
		return view.Count{}, err
	}
	return a.View.CountOf(ctx, view.SightOf(v), view.Ask{View: view.Open})
}

// lacking are those of b that a has not.
func lacking(a, b []access.Permission) []access.Permission {
	out := []access.Permission{}
	for _, p := range b {
		if !slices.Contains(a, p) {
			out = append(out, p)
		}
	}
	return out
}
