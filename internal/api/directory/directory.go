// Package directory speaks SCIM 2.0 (RFC 7644) to a company's directory at /scim/v2. It takes bearer tokens alone, never a cookie, with the scope scim, which gives nothing else;
// what a token's user may not do, it may not either. What is done is in internal/directory. Mounted by app.
package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/directory"
	"github.com/kanalhq/kanal/internal/directory/scim"
	"github.com/kanalhq/kanal/internal/setting"
)

// Deps is what the handlers need.
type Deps struct {
	DB        *db.DB
	Directory *directory.Service
}

type edge struct {
	Deps
	server *api.Server
}

// maxBody bounds a request: a group of ten thousand members fits.
const maxBody = 2 << 20

// Mount registers the operations.
func Mount(s *api.Server, d Deps) {
	e := &edge{d, s}
	const base = directory.Path
	s.Handle("GET "+base+"/ServiceProviderConfig", e.with(func(context.Context, access.Viewer, *http.Request) (any, error) { return providerConfig(), nil }))
	s.Handle("GET "+base+"/ResourceTypes", e.with(func(context.Context, access.Viewer, *http.Request) (any, error) {
		return listed(e.resourceTypes()), nil
	}))
	s.Handle("GET "+base+"/ResourceTypes/{id}", e.with(e.one(e.resourceTypes)))
	s.Handle("GET "+base+"/Schemas", e.with(func(context.Context, access.Viewer, *http.Request) (any, error) { return listed(schemas()), nil }))
	s.Handle("GET "+base+"/Schemas/{id}", e.with(e.one(schemas)))
	e.mountUsers(base + "/Users")
	e.mountGroups(base + "/Groups")
	s.Handle(base+"/", e.with(func(_ context.Context, _ access.Viewer, r *http.Request) (any, error) {
		return nil, &scim.Error{Status: http.StatusNotFound, Detail: r.Method + " " + r.URL.Path + " is not there."}
	}))
	const tag = "Sign-in"
	api.Register(s, api.Op{Method: "GET", Path: "/api/directory/settings", ID: "getDirectorySettings", Tag: tag, Summary: "What a company's directory may say by SCIM"},
		func(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[Settings], error) {
			v, err := e.Directory.Settings.Directory(ctx, e.DB)
			return api.Answer(e.settings(v), err)
		})
	api.Register(s, api.Op{Method: "PUT", Path: "/api/directory/settings", ID: "putDirectorySettings", Tag: tag, Summary: "Change it",
		Description: "Everybody whom a directory keeps gets the role that follows at once."}, e.setRules)
}

// Settings is what a directory may say, and where it says it.
type Settings struct {
	setting.Directory
	Address string `json:"address" readOnly:"true" doc:"To enter at the directory."`
}

func (e *edge) settings(v setting.Directory) Settings {
	return Settings{v, strings.TrimSuffix(e.Directory.Base, "/") + directory.Path}
}

type rulesInput struct{ Body setting.Directory }

func (e *edge) setRules(ctx context.Context, v access.Viewer, in *rulesInput) (*api.Out[Settings], error) {
	d, err := e.Directory.SetRules(ctx, v, in.Body)
	return api.Answer(e.settings(d), err)
}

// made is an answer of its own status.
type made struct {
	status int
	body   scim.Resource
}

type handler func(ctx context.Context, v access.Viewer, r *http.Request) (any, error)

// with asks who brings a token, and writes what comes of it.
func (e *edge) with(do handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := e.who(r)
		if err != nil {
			e.fail(w, r, err)
			return
		}
		api.Body(w, r, maxBody)
		out, err := do(r.Context(), v, r)
		if err != nil {
			e.fail(w, r, err)
			return
		}
		e.answer(w, r, out)
	})
}

func (e *edge) answer(w http.ResponseWriter, r *http.Request, out any) {
	status := http.StatusOK
	if m, ok := out.(made); ok {
		status, out = m.status, m.body
	}
	if out == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if res, ok := out.(scim.Resource); ok {
		if tag := directory.Version(res); tag != "" {
			w.Header().Set("ETag", tag)
			if r.Method == http.MethodGet && slices.Contains(strings.FieldsFunc(r.Header.Get("If-None-Match"), func(c rune) bool { return c == ',' || c == ' ' }), tag) {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Header().Set("Location", res.Text("meta", "location"))
		}
		out = project(res, r)
	}
	write(w, status, out)
}

func write(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", scim.MediaType)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// who is the user of the token that a request brings.
func (e *edge) who(r *http.Request) (access.Viewer, error) {
	if err := e.server.Take(api.LimitDirectory, r); err != nil {
		return access.Viewer{}, err
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(kind, "Bearer") || !strings.HasPrefix(token, access.TokenPrefix) {
		return access.Viewer{}, &scim.Error{Status: http.StatusUnauthorized, Detail: "Bring an API token with the scope " + access.ScopeDirectory + "."}
	}
	if err := e.server.Admitted(r); err != nil {
		return access.Viewer{}, err
	}
	v, err := e.server.Viewer(r.Context(), token)
	if err == nil && !(slices.Contains(v.Scopes, access.ScopeDirectory) && access.UserCan(v.User, access.UsersManage)) {
		err = &scim.Error{Status: http.StatusForbidden, Detail: "This needs a token with the scope " + access.ScopeDirectory + ", of somebody who manages users."}
	}
	return v, err
}

// fail answers with an error as the protocol words it.
func (e *edge) fail(w http.ResponseWriter, r *http.Request, err error) {
	var said *scim.Error
	if errors.As(err, &said) {
		if said.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="SCIM"`)
		}
		write(w, said.Status, said)
		return
	}
	said = &scim.Error{Detail: desk.PublicOf(err)}
	switch desk.CodeOf(err) {
	case desk.Invalid:
		said.Status, said.Type = http.StatusBadRequest, scim.InvalidValue
	case desk.Conflict:
		said.Status = http.StatusConflict
		if reason := desk.ReasonOf(err); reason == "user.email_taken" || reason == "team.slug_taken" {
			said.Type = scim.Uniqueness
		}
	case desk.NotFound:
		said.Status = http.StatusNotFound
	case desk.Forbidden:
		said.Status = http.StatusForbidden
	case desk.Unauthorized:
		said.Status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Bearer realm="SCIM"`)
	case desk.RateLimited:
		said.Status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", "1")
	case desk.TooLarge:
		said.Status = http.StatusRequestEntityTooLarge
	case desk.Unavailable:
		said.Status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "2")
	default:
		if r.Context().Err() != nil {
			return
		}
		e.server.Log.Error("request failed", "route", r.Pattern, "request_id", api.RequestID(r.Context()), "err", err)
		said.Status, said.Detail = http.StatusInternalServerError, "Something went wrong."
	}
	write(w, said.Status, said)
}

func body(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(r.Body)
	if api.TooLarge(err) {
		return nil, &scim.Error{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("A request holds at most %d MB.", maxBody>>20)}
	}
	if err != nil {
		return nil, &scim.Error{Status: http.StatusBadRequest, Type: scim.InvalidSyntax, Detail: "The request broke off."}
	}
	return b, nil
}

func resource(r *http.Request) (scim.Resource, error) {
	b, err := body(r)
	if err != nil {
		return nil, err
	}
	return scim.Read(b)
}

func operations(r *http.Request) ([]scim.Operation, error) {
	b, err := body(r)
	if err != nil {
		return nil, err
	}
	return scim.ReadPatch(b)
}

func query(r *http.Request) (directory.Query, error) {
	v := r.URL.Query()
	q := directory.Query{Filter: v.Get("filter"), Start: 1, Count: -1}
	for name, to := range map[string]*int{"startIndex": &q.Start, "count": &q.Count} {
		if s := v.Get(name); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil {
				return q, &scim.Error{Status: http.StatusBadRequest, Type: scim.InvalidValue, Detail: name + " is a number."}
			}
			*to = max(n, 0) // RFC 7644, 3.4.2.4: less than none is none
		}
	}
	return q, nil
}

// project leaves away what a request does not want: whole attributes, whichever part of them it names.
func project(res scim.Resource, r *http.Request) scim.Resource {
	names := func(of string) (out []string) {
		for _, x := range strings.Split(r.URL.Query().Get(of), ",") {
			x = strings.TrimSpace(x)
			for _, urn := range []string{scim.UserSchema + ":", scim.GroupSchema + ":"} {
				x = strings.TrimPrefix(x, urn)
			}
			if x, _, _ = strings.Cut(x, "."); x != "" {
				out = append(out, strings.ToLower(x))
			}
		}
		return out
	}
	only, but := names("attributes"), names("excludedAttributes")
	out := scim.Resource{}
	for k, v := range res {
		l := strings.ToLower(k)
		if l != "id" && l != "schemas" && (len(only) > 0 && l != "meta" && !slices.Contains(only, l) || slices.Contains(but, l)) {
			continue
		}
		out[k] = v
	}
	return out
}

func (e *edge) list(find func(ctx context.Context, q directory.Query) (directory.Found, error)) handler {
	return func(ctx context.Context, _ access.Viewer, r *http.Request) (any, error) {
		q, err := query(r)
		if err != nil {
			return nil, err
		}
		found, err := find(ctx, q)
		if err != nil {
			return nil, err
		}
		items := make([]any, len(found.Items))
		for i, x := range found.Items {
			items[i] = project(x, r)
		}
		return map[string]any{"schemas": []string{scim.ListResponse}, "totalResults": found.Total, "startIndex": found.Start, "itemsPerPage": len(items), "Resources": items}, nil
	}
}

func match(r *http.Request) string { return r.Header.Get("If-Match") }

func (e *edge) mountUsers(path string) {
	d := e.Directory
	e.server.Handle("GET "+path, e.with(e.list(d.Users)))
	e.server.Handle("POST "+path, e.with(func(ctx context.Context, v access.Viewer, r *http.Request) (any, error) {
		in, err := resource(r)
		if err != nil {
			return nil, err
		}
		out, err := d.CreateUser(ctx, v, in)
		return made{http.StatusCreated, out}, err
	}))
	e.server.Handle("GET "+path+"/{id}", e.with(func(ctx context.Context, _ access.Viewer, r *http.Request) (any, error) {
		return d.User(ctx, e.DB, r.PathValue("id"))
	}))
	e.server.Handle("PUT "+path+"/{id}", e.with(func(ctx context.Context, v access.Viewer, r *http.Request) (any, error) {
		in, err := resource(r)
		if err != nil {
			return nil, err
		}
		return d.ReplaceUser(ctx, v, r.PathValue("id"), match(r), in)
	}))
	e.server.Handle("PATCH "+path+"/{id}", e.with(func(ctx context.Context, v access.Viewer, r *http.Request) (any, error) {
		ops, err := operations(r)
		if err != nil {
			return nil, err
		}
		return d.PatchUser(ctx, v, r.PathValue("id"), match(r), ops)
	}))
	e.server.Handle("DELETE "+path+"/{id}", e.with(func(ctx context.Context, v access.Viewer, r *http.Request) (any, error) {
		return nil, d.DeleteUser(ctx, v, r.PathValue("id"), match(r))
	}))
}

func (e *edge) mountGroups(path string) {
	d := e.Directory
	e.server.Handle("GET "+path, e.with(e.list(d.Groups)))
	e.server.Handle("POST "+path, e.with(func(ctx context.Context, v access.Viewer, r *http.Request) (any, error) {
		in, err := resource(r)
		if err != nil {
			return nil, err
		}
		out, err := d.CreateGroup(ctx, v, in)
		return made{http.StatusCreated, out}, err
	}))
	e.server.Handle("GET "+path+"/{id}", e.with(func(ctx context.Context, _ access.Viewer, r *http.Request) (any, error) {
		return d.Group(ctx, e.DB, r.PathValue("id"))
	}))
	e.server.Handle("PUT "+path+"/{id}", e.with(func(ctx context.Context, v access.Viewer, r *http.Request) (any, error) {
		in, err := resource(r)
		if err != nil {
			return nil, err
		}
		return d.ReplaceGroup(ctx, v, r.PathValue("id"), match(r), in)
	}))
	e.server.Handle("PATCH "+path+"/{id}", e.with(func(ctx context.Context, v access.Viewer, r *http.Request) (any, error) {
		ops, err := operations(r)
		if err != nil {
			return nil, err
		}
		return d.PatchGroup(ctx, v, r.PathValue("id"), match(r), ops)
	}))
	e.server.Handle("DELETE "+path+"/{id}", e.with(func(ctx context.Context, v access.Viewer, r *http.Request) (any, error) {
		return nil, d.DeleteGroup(ctx, v, r.PathValue("id"), match(r))
	}))
}

// one answers one of a fixed list by its id.
func (e *edge) one(all func() []scim.Resource) handler {
	return func(_ context.Context, _ access.Viewer, r *http.Request) (any, error) {
		for _, x := range all() {
			if strings.EqualFold(x.Text("id"), r.PathValue("id")) {
				return x, nil
			}
		}
		return nil, &scim.Error{Status: http.StatusNotFound, Detail: "It is not there."}
	}
}
