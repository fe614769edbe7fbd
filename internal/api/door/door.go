// Package door is the API of how people sign in: one's own second factor and passkeys, what administrators ask of everybody, and providers. Signing in itself
// answers with a session and so stands in api/agent. Mounted by app.
package door

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/door"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
)

// Deps is what the handlers need.
type Deps struct {
	DB     *db.DB
	Door   *door.Service
	People *people.Service
}

type doors struct {
	Deps
	server *api.Server
}

// Mount registers the operations.
func Mount(s *api.Server, d Deps) {
	h := &doors{d, s}
	const mine, rules = "Session", "Sign-in"
	api.Register(s, api.Op{Method: "GET", Path: "/api/me/factors", ID: "getFactors", Tag: mine, Summary: "What one has beside a password"},
		func(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[door.Factors], error) {
			return api.Answer(h.Door.Of(ctx, v.User.ID))
		})
	api.Register(s, api.Op{Method: "POST", Path: "/api/me/factors/code", ID: "enrolFactor", Tag: mine, Summary: "Begin to set up a second factor"},
		func(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[door.Enrolment], error) {
			return api.Answer(h.Door.Enrol(ctx, v.User.ID))
		})
	api.Register(s, api.Op{Method: "POST", Path: "/api/me/factors/code/confirm", ID: "confirmFactor", Tag: mine, Summary: "Put a second factor in force with a code of it"}, h.confirm)
	api.Register(s, api.Op{Method: "POST", Path: "/api/me/factors/code/remove", ID: "removeFactor", Tag: mine, Summary: "Remove one's second factor", Status: http.StatusNoContent}, h.remove)
	api.Register(s, api.Op{Method: "POST", Path: "/api/me/factors/recovery", ID: "renewRecovery", Tag: mine, Summary: "New recovery codes; the old ones end"}, h.renew)
	api.Register(s, api.Op{Method: "POST", Path: "/api/me/passkeys", ID: "beginPasskey", Tag: mine, Summary: "What to ask a browser that makes a passkey"},
		func(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[door.Ceremony], error) {
			return api.Answer(h.Door.BeginPasskey(ctx, v))
		})
	api.Register(s, api.Op{Method: "POST", Path: "/api/me/passkeys/answer", ID: "addPasskey", Tag: mine, Summary: "Keep the passkey that a browser made"}, h.addPasskey)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/me/passkeys/{id}", ID: "removePasskey", Tag: mine, Summary: "Remove a passkey", Errors: []int{404}, Status: http.StatusNoContent}, h.removePasskey)
	api.Register(s, api.Op{Method: "GET", Path: "/api/users/{id}/factors", ID: "getUserFactors", Tag: rules, Summary: "What somebody has beside a password", Errors: []int{404}}, h.ofUser)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/users/{id}/factors", ID: "resetFactors", Tag: rules, Summary: "Take away what somebody lost: second factor, passkeys, accounts at providers", Errors: []int{404},
		Description: "Their sessions end; they sign in with their password and set up anew.", Status: http.StatusNoContent}, h.reset)
	api.Register(s, api.Op{Method: "GET", Path: "/api/sign-in/settings", ID: "getSignInSettings", Tag: rules, Summary: "What is asked of everybody who signs in"}, h.rules)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/sign-in/settings", ID: "putSignInSettings", Tag: rules, Summary: "Change what is asked",
		Description: "It counts at once: sessions that it would not have let in end."}, h.setRules)
	api.Register(s, api.Op{Method: "GET", Path: "/api/sign-in/providers", ID: "listProviders", Tag: rules, Summary: "Providers of sign-in"},
		func(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[ProviderList], error) {
			ps, err := h.Door.Providers(ctx, h.DB)
			return api.Answer(ProviderList{ps}, err)
		})
	api.Register(s, api.Op{Method: "PUT", Path: "/api/sign-in/providers/{slug}", ID: "putProvider", Tag: rules, Summary: "Make or change a provider"}, h.setProvider)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/sign-in/providers/{slug}", ID: "removeProvider", Tag: rules, Summary: "Remove a provider and the links to it", Errors: []int{404}, Status: http.StatusNoContent}, h.removeProvider)
	api.Register(s, api.Op{Method: "POST", Path: "/api/sign-in/providers/{slug}/try", ID: "tryProvider", Tag: rules, Summary: "Ask a provider whether it answers as one", Errors: []int{404}}, h.try)
}

// ProviderList is every provider.
type ProviderList struct {
	Items []door.Provider `json:"items"`
}

type codeInput struct {
	Body struct {
		Code string `json:"code" maxLength:"40"`
	}
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	Codes []string `json:"codes"`
}

func (h *doors) ip(ctx context.Context) string { return h.server.ClientIP(api.Request(ctx)) }

func (h *doors) confirm(ctx context.Context, v access.Viewer, in *codeInput) (*api.Out[RecoveryCodes], error) {
	codes, err := h.Door.Confirm(ctx, v, h.ip(ctx), in.Body.Code)
	return api.Answer(RecoveryCodes{codes}, err)
}

func (h *doors) remove(ctx context.Context, v access.Viewer, in *codeInput) (*api.None, error) {
	return nil, h.Door.Remove(ctx, v, h.ip(ctx), in.Body.Code)
}

func (h *doors) renew(ctx context.Context, v access.Viewer, in *codeInput) (*api.Out[RecoveryCodes], error) {
	codes, err := h.Door.Renew(ctx, v, h.ip(ctx), in.Body.Code)
	return api.Answer(RecoveryCodes{codes}, err)
}

type passkeyInput struct {
	Body struct {
		Attempt  string          `json:"attempt" maxLength:"200"`
		Name     string          `json:"name" maxLength:"100"`
		Response json.RawMessage `json:"response" doc:"The credential, its binary fields as base64url."`
	}
}

func (h *doors) addPasskey(ctx context.Context, v access.Viewer, in *passkeyInput) (*api.Out[door.Passkey], error) {
	return api.Answer(h.Door.AddPasskey(ctx, v, in.Body.Attempt, in.Body.Name, in.Body.Response))
}

func (h *doors) removePasskey(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := desk.ParseID[door.PasskeyID](in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.Door.RemovePasskey(ctx, v, id)
}

func (h *doors) ofUser(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[door.Factors], error) {
	id, err := desk.ParseID[desk.UserID](in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(h.Door.Of(ctx, id))
}

func (h *doors) reset(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := desk.ParseID[desk.UserID](in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err := h.People.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if !access.MayManage(v.User, u) {
			return desk.Errorf(desk.Forbidden, "access.above", "Only an owner may do this for an owner.")
		}
		return h.Door.Forgetting(ctx, tx, v.Actor, id)
	})
}

func (h *doors) rules(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[setting.SignIn], error) {
	return api.Answer(h.Door.Settings.SignIn(ctx, h.DB))
}

type rulesInput struct{ Body setting.SignIn }

func (h *doors) setRules(ctx context.Context, v access.Viewer, in *rulesInput) (*api.Out[setting.SignIn], error) {
	return api.Answer(h.Door.SetRules(ctx, v, h.ip(ctx), in.Body))
}

// BySlug is the input of an operation on a provider.
type BySlug struct {
	Slug string `path:"slug" maxLength:"40"`
}

type providerInput struct {
	BySlug
	Body door.ProviderChange
}

func (h *doors) setProvider(ctx context.Context, v access.Viewer, in *providerInput) (*api.Out[door.Provider], error) {
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (door.Provider, error) {
		return h.Door.SetProvider(ctx, tx, v.Actor, in.Slug, in.Body)
	}))
}

func (h *doors) removeProvider(ctx context.Context, v access.Viewer, in *BySlug) (*api.None, error) {
	return nil, h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return h.Door.RemoveProvider(ctx, tx, v.Actor, in.Slug)
	})
}

// ProviderCheck is what a provider says of itself.
type ProviderCheck struct {
	Authorize string `json:"authorization_endpoint"`
	Token     string `json:"token_endpoint"`
}

func (h *doors) try(ctx context.Context, _ access.Viewer, in *BySlug) (*api.Out[ProviderCheck], error) {
	authorize, token, err := h.Door.Try(ctx, in.Slug)
	return api.Answer(ProviderCheck{authorize, token}, err)
}
