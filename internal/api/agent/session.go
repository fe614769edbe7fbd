package agent

import (
	"context"
	"net/http"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
)

// Session is who is signed in, and what the workspace needs to begin.
type Session struct {
	User        desk.User           `json:"user"`
	Permissions []access.Permission `json:"permissions"`
	Inboxes     []SessionInbox      `json:"inboxes" doc:"Those the user sees."`
	Company     setting.Company     `json:"company"`
	Version     string              `json:"version"`
	Seq         int64               `json:"seq" doc:"The number of the last event: follow the stream after it."`
	Needs       string              `json:"needs,omitempty" enum:",code,passkey,enrol" doc:"What signing in still needs; nobody is signed in yet."`
	Attempt     string              `json:"attempt,omitempty" doc:"To bring with it."`
	Recovery    []string            `json:"recovery_codes,omitempty" doc:"Shown this once, when a second factor was set up while signing in."`
}

// SessionInbox is an inbox that a user sees. Only members act in it.
type SessionInbox struct {
	ID     desk.InboxID   `json:"id"`
	Name   string         `json:"name"`
	Slug   string         `json:"slug"`
	Kind   desk.InboxKind `json:"kind"`
	Member bool           `json:"member"`
}

type sessionOut struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      Session
}

func (a *agents) mountSession() {
	const tag = "Session"
	a.mountSignIn()
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/session", ID: "signIn", Tag: tag, Summary: "Sign in",
		Description: "Checks a password and sets the session cookie. An unknown address and a wrong password give one answer."}, a.signIn)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/session", ID: "getSession", Tag: tag, Summary: "Who is signed in"}, a.getSession)
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/session", ID: "signOut", Tag: tag, Summary: "Sign out", Status: http.StatusNoContent}, a.signOut)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/setup", ID: "peekLink", Tag: tag, Summary: "What a one-time link is for"}, a.peekLink)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/setup", ID: "useLink", Tag: tag, Summary: "Use a one-time link",
		Description: "Makes the first owner, or sets the password of an invited user, and signs them in. However many try at once, one succeeds.", Errors: []int{404}}, a.useLink)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/me", ID: "getMe", Tag: tag, Summary: "The signed-in user"}, func(_ context.Context, v access.Viewer, _ *api.None) (*api.Out[desk.User], error) {
		return api.Answer(v.User, nil)
	})
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/me", ID: "patchMe", Tag: tag, Summary: "Change one's own name, language, availability or preferences"}, a.patchMe)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/me/preferences", ID: "getPreferences", Tag: tag, Summary: "One's own preferences of the workspace"}, a.preferences)
}

func (a *agents) session(ctx context.Context, v access.Viewer) (Session, error) {
	seq, err := a.Events.Last(ctx)
	if err != nil {
		return Session{}, err
	}
	company, err := a.Settings.Company(ctx, a.DB)
	if err != nil {
		return Session{}, err
	}
	inboxes, err := a.Inboxes.Inboxes(ctx, a.DB)
	if err != nil {
		return Session{}, err
	}
	out := Session{User: v.User, Permissions: v.Permissions(), Inboxes: []SessionInbox{}, Company: company, Version: a.server.Version, Seq: seq}
	for _, in := range inboxes {
		if v.SeesInbox(in.ID) {
			out.Inboxes = append(out.Inboxes, SessionInbox{in.ID, in.Name, in.Slug, in.Kind, v.ActsIn(in.ID)})
		}
	}
	return out, nil
}

type signInInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"320" example:"ann@acme.example"`
		Password string `json:"password" maxLength:"1024"`
	}
}

func (a *agents) signIn(ctx context.Context, _ access.Viewer, in *signInInput) (*sessionOut, error) {
	e, err := a.Door.SignIn(ctx, in.Body.Email, in.Body.Password, a.means(ctx))
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e, nil)
}

func (a *agents) getSession(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[Session], error) {
	return api.Answer(a.session(ctx, v))
}

type cookieOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *agents) signOut(ctx context.Context, v access.Viewer, _ *api.None) (*cookieOut, error) {
	out := &cookieOut{SetCookie: a.server.SetSession("")}
	if v.Token != nil {
		return out, nil // a token is revoked, not signed out
	}
	return out, a.Access.SignOut(ctx, api.Credential(api.Request(ctx)))
}

// SetupLink is what a one-time link is for.
type SetupLink struct {
	Email   string         `json:"email"`
	Purpose access.Purpose `json:"purpose" enum:"setup,invite,reset"`
	Valid   bool           `json:"valid"`
}

type linkInput struct {
	Token string `query:"token" required:"true" maxLength:"200"`
}

func (a *agents) peekLink(ctx context.Context, _ access.Viewer, in *linkInput) (*api.Out[SetupLink], error) {
	l, err := a.Access.PeekLink(ctx, a.DB, in.Token)
	if desk.CodeOf(err) == desk.NotFound {
		return api.Answer(SetupLink{Purpose: access.PurposeSetup}, nil)
	}
	return api.Answer(SetupLink{Email: l.Email, Purpose: l.Purpose, Valid: err == nil}, err)
}

type useLinkInput struct {
	Body struct {
		Token    string `json:"token" maxLength:"200"`
		Name     string `json:"name,omitempty" maxLength:"200" doc:"For the first owner."`
		Email    string `json:"email,omitempty" maxLength:"320" doc:"For the first owner."`
		Password string `json:"password" maxLength:"1024"`
	}
}

func (a *agents) useLink(ctx context.Context, _ access.Viewer, in *useLinkInput) (*sessionOut, error) {
	e, err := a.Door.UseLink(ctx, in.Body.Token, in.Body.Name, in.Body.Email, in.Body.Password, a.means(ctx))
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e, nil)
}

type patchMeInput struct {
	Body struct {
		Name        *string        `json:"name,omitempty" maxLength:"200"`
		FirstName   *string        `json:"first_name,omitempty" maxLength:"200"`
		LastName    *string        `json:"last_name,omitempty" maxLength:"200"`
		Available   *bool          `json:"available,omitempty" doc:"Whether new work may be given to one."`
		Locale      *string        `json:"locale,omitempty" maxLength:"35" example:"en"`
		Timezone    *string        `json:"timezone,omitempty" maxLength:"64" example:"Europe/Copenhagen"`
		Preferences map[string]any `json:"preferences,omitempty" doc:"Merged by key; null removes one."`
	}
}

func (a *agents) patchMe(ctx context.Context, v access.Viewer, in *patchMeInput) (*api.Out[desk.User], error) {
	b := in.Body
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.User, error) {
		if b.Preferences != nil {
			if _, err := a.People.SetPreferences(ctx, tx, v.Actor, v.User.ID, b.Preferences); err != nil {
				return desk.User{}, err
			}
		}
		return a.People.Update(ctx, tx, v.Actor, v.User.ID, people.UserChange{
			Name: b.Name, FirstName: b.FirstName, LastName: b.LastName, Available: b.Available, Locale: b.Locale, Timezone: b.Timezone,
		})
	}))
}

func (a *agents) preferences(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[map[string]any], error) {
	return api.Answer(a.People.Preferences(ctx, a.DB, v.User.ID))
}
