package agent

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/door"
)

// cookieAway holds on to who left for a provider, until they are back.
const cookieAway = "kanal_sign_in"

func (a *agents) mountSignIn() {
	const tag = "Session"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/sign-in", ID: "getSignIn", Tag: tag, Summary: "How one may sign in here"},
		func(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[door.Ways], error) {
			return api.Answer(a.Door.Ways(ctx))
		})
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/session/code", ID: "signInCode", Tag: tag, Summary: "Finish signing in with a code of the second factor, or a recovery code"}, a.signInCode)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/session/enrol", ID: "signInEnrol", Tag: tag, Summary: "Set up a second factor while signing in, where one is asked for"}, a.signInEnrol)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/session/enrol/confirm", ID: "signInEnrolConfirm", Tag: tag, Summary: "Finish setting it up, and sign in"}, a.signInConfirm)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/session/passkey", ID: "askPasskey", Tag: tag, Summary: "What to ask a browser that signs in by a passkey"},
		func(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[door.Ceremony], error) {
			return api.Answer(a.Door.AskPasskey(ctx, a.means(ctx).IP))
		})
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/session/passkey/answer", ID: "signInPasskey", Tag: tag, Summary: "Sign in by a passkey"}, a.signInPasskey)
	a.server.Handle("GET /api/sign-in/oidc/{slug}", http.HandlerFunc(a.depart))
	a.server.Handle("GET /api/sign-in/oidc/{slug}/callback", http.HandlerFunc(a.comeBack))
}

// means is where a request comes from.
func (a *agents) means(ctx context.Context) access.Means {
	r := api.Request(ctx)
	return access.Means{UserAgent: r.UserAgent(), IP: a.server.ClientIP(r)}
}

// entered answers a step of signing in: the session with its cookie, or what it still needs.
func (a *agents) entered(ctx context.Context, e door.Entry, recovery []string) (*sessionOut, error) {
	if e.Needs != "" {
		return &sessionOut{Body: Session{Permissions: []access.Permission{}, Inboxes: []SessionInbox{}, Needs: e.Needs, Attempt: e.Attempt}}, nil
	}
	s, err := a.session(ctx, e.Viewer)
	s.Recovery = recovery
	return &sessionOut{SetCookie: []http.Cookie{a.server.SetSession(e.Token)}, Body: s}, err
}

type attemptInput struct {
	Body struct {
		Attempt string `json:"attempt" maxLength:"200"`
		Code    string `json:"code,omitempty" maxLength:"40"`
	}
}

func (a *agents) signInCode(ctx context.Context, _ access.Viewer, in *attemptInput) (*sessionOut, error) {
	e, err := a.Door.Code(ctx, in.Body.Attempt, in.Body.Code, a.means(ctx))
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e, nil)
}

func (a *agents) signInEnrol(ctx context.Context, _ access.Viewer, in *attemptInput) (*api.Out[door.Enrolment], error) {
	return api.Answer(a.Door.EnrolFirst(ctx, in.Body.Attempt))
}

func (a *agents) signInConfirm(ctx context.Context, _ access.Viewer, in *attemptInput) (*sessionOut, error) {
	e, codes, err := a.Door.ConfirmFirst(ctx, in.Body.Attempt, in.Body.Code, a.means(ctx))
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e, codes)
}

type passkeyAnswer struct {
	Body struct {
		Attempt  string          `json:"attempt" maxLength:"200"`
		Response json.RawMessage `json:"response" doc:"The credential, its binary fields as base64url."`
	}
}

func (a *agents) signInPasskey(ctx context.Context, _ access.Viewer, in *passkeyAnswer) (*sessionOut, error) {
	e, err := a.Door.Passkey(ctx, in.Body.Attempt, in.Body.Response, a.means(ctx))
	if err != nil {
		return nil, err
	}
	return a.entered(ctx, e, nil)
}

// away is the cookie of who left for a provider; Lax, because they come back from another site by a link.
func (a *agents) away(value string) *http.Cookie {
	c := &http.Cookie{Name: cookieAway, Value: value, Path: "/api/sign-in/", HttpOnly: true, Secure: a.server.Secure(), SameSite: http.SameSiteLaxMode, MaxAge: 600}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// depart sends a browser to a provider.
func (a *agents) depart(w http.ResponseWriter, r *http.Request) {
	if err := a.server.Take(api.LimitSignIn, r); err != nil {
		a.refused(w, r, err)
		return
	}
	to, cookie, err := a.Door.Depart(r.Context(), r.PathValue("slug"), r.URL.Query().Get("next"), a.server.ClientIP(r))
	if err != nil {
		a.refused(w, r, err)
		return
	}
	http.SetCookie(w, a.away(cookie))
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// comeBack finishes a sign-in at a provider.
func (a *agents) comeBack(w http.ResponseWriter, r *http.Request) {
	if err := a.server.Take(api.LimitSignIn, r); err != nil {
		a.refused(w, r, err)
		return
	}
	cookie := ""
	if c, err := r.Cookie(cookieAway); err == nil {
		cookie = c.Value
	}
	http.SetCookie(w, a.away(""))
	e, next, err := a.Door.Return(r.Context(), r.PathValue("slug"), r.URL.Query(), cookie, access.Means{UserAgent: r.UserAgent(), IP: a.server.ClientIP(r)})
	if err != nil {
		a.refused(w, r, err)
		return
	}
	if e.Needs != "" { // in the fragment: it is in no log and no referrer
		http.Redirect(w, r, "/signin?"+url.Values{"next": {next}}.Encode()+"#"+url.Values{"attempt": {e.Attempt}, "needs": {e.Needs}}.Encode(), http.StatusSeeOther)
		return
	}
	session := a.server.SetSession(e.Token)
	http.SetCookie(w, &session)
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// cookieRefused tells the page of signing in what happened. A cookie, because an address could be made up by anybody.
const cookieRefused = "kanal_refused"

// refused takes a browser back to the page of signing in, with what happened.
func (a *agents) refused(w http.ResponseWriter, r *http.Request, err error) {
	text := desk.PublicOf(err)
	if text == "" || desk.CodeOf(err) == desk.Internal {
		a.Log.Error("signing in at a provider failed", "error", err)
	}
	http.SetCookie(w, &http.Cookie{Name: cookieRefused, Value: base64.RawURLEncoding.EncodeToString([]byte(text)), Path: "/signin", Secure: a.server.Secure(), SameSite: http.SameSiteLaxMode, MaxAge: 60})
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}
