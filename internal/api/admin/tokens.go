package admin

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// NewToken is a token with its secret.
type NewToken struct {
	access.Token
	Secret string `json:"token" doc:"Shown once and stored nowhere." example:"kanal_…"`
}

// SessionRow is one signed-in browser.
type SessionRow struct {
	access.Session
	Current bool `json:"current" doc:"This request's own."`
}

func (a *admins) mountTokens() {
	const tag = "Tokens and sessions"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/tokens", ID: "listTokens", Tag: tag, Summary: "API tokens",
		Description: "One's own; everybody's for who manages tokens."}, a.tokens)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/tokens", ID: "createToken", Tag: tag, Summary: "Make an API token", Status: 201,
		Description: "It acts as its user, within its scopes: names of permissions, or `all`."}, a.createToken)
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/tokens/{id}", ID: "revokeToken", Tag: tag, Summary: "Revoke a token", Status: noContent, Errors: []int{404}}, a.revokeToken)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/me/password", ID: "changePassword", Tag: tag, Summary: "Change one's own password", Status: noContent,
		Description: "It needs the present one, and ends one's other sessions."}, a.changePassword)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/sessions", ID: "listSessions", Tag: tag, Summary: "Where one is signed in"}, a.sessions)
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/sessions/{id}", ID: "endSession", Tag: tag, Summary: "Sign a browser out", Status: noContent, Errors: []int{404}}, a.endSession)
}

func (a *admins) tokens(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[api.Page[access.Token]], error) {
	whose := v.User.ID
	if v.Can(access.TokensManage) {
		whose = 0
	}
	return page(a.Access.Tokens(ctx, a.DB, whose))
}

type createTokenInput struct {
	Body struct {
		Name      string      `json:"name" maxLength:"200" example:"Nightly export"`
		Scopes    []string    `json:"scopes" minItems:"1" example:"[\"tickets.view\"]"`
		UserID    desk.UserID `json:"user_id,omitempty" doc:"Whom it acts as; left out: oneself."`
		ExpiresAt desk.Time   `json:"expires_at,omitempty" doc:"Left out: never."`
	}
}

func (a *admins) createToken(ctx context.Context, v access.Viewer, in *createTokenInput) (*api.Out[NewToken], error) {
	b := in.Body
	who := v.User.ID
	if b.UserID != 0 && b.UserID != who {
		if err := v.Need(access.TokensManage); err != nil {
			return nil, err
		}
		u, err := a.People.Get(ctx, a.DB, b.UserID)
		if err != nil {
			return nil, err
		}
		if err := mayManage(v, u); err != nil {
			return nil, err
		}
		who = b.UserID
	}
	if v.Token != nil { // a token makes no token that may do more than itself
		for _, sc := range b.Scopes {
			if sc == access.ScopeAll && !has(v.Scopes, access.ScopeAll) || sc != access.ScopeAll && !has(v.Scopes, access.ScopeAll) && !has(v.Scopes, sc) {
				return nil, desk.Errorf(desk.Forbidden, "token.scope_above", "A token cannot make one with the scope %s, which it does not have itself.", sc).In("scopes")
			}
		}
	}
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (NewToken, error) {
		secret, t, err := a.Access.CreateToken(ctx, tx, v.Actor, who, b.Name, b.Scopes, b.ExpiresAt)
		return NewToken{t, secret}, err
	}))
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (a *admins) revokeToken(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := idOf[desk.TokenID](in.ID)
	if err != nil {
		return nil, err
	}
	if !v.Can(access.TokensManage) {
		own, err := a.Access.Tokens(ctx, a.DB, v.User.ID)
		if err != nil {
			return nil, err
		}
		mine := false
		for _, t := range own {
			mine = mine || t.ID == id
		}
		if !mine {
			return nil, desk.Errorf(desk.NotFound, "token.not_found", "There is no such token.")
		}
	}
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return a.Access.RevokeToken(ctx, tx, v.Actor, id) })
}

type changePasswordInput struct {
	Body struct {
		Old string `json:"old" maxLength:"1024"`
		New string `json:"new" maxLength:"1024"`
	}
}

func (a *admins) changePassword(ctx context.Context, v access.Viewer, in *changePasswordInput) (*api.None, error) {
	return &api.None{}, a.Access.ChangePassword(ctx, v, in.Body.Old, in.Body.New)
}

func (a *admins) sessions(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[api.Page[SessionRow]], error) {
	xs, err := a.Access.Sessions(ctx, a.DB, v.User.ID)
	out := []SessionRow{}
	for _, x := range xs {
		out = append(out, SessionRow{x, x.ID == v.Session})
	}
	return page(out, err)
}

func (a *admins) endSession(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := idOf[desk.SessionID](in.ID)
	if err != nil {
		return nil, err
	}
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.Access.EndSession(ctx, tx, v.Actor, v.User.ID, id)
	})
}
