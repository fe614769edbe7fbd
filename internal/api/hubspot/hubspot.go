// Package hubspot answers the public API whose shape integrations know: its paths, its versions, its errors. So far it vouches for visitors (TR-06): a customer's own
// server asks for a token that its page hands to the widget. It takes bearer tokens alone, never a cookie, and refuses without the scope that an operation needs. app mounts it.
package hubspot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/visitor"
)

// Deps is what the operations call.
type Deps struct {
	Signer *visitor.Signer
}

type edge struct {
	Deps
	server *api.Server
}

// Mount adds the operations to a server. Every version of a path leads to the same, with and without a slash at its end.
func Mount(s *api.Server, d Deps) {
	e := &edge{d, s}
	for _, path := range []string{"/visitor-identification/{version}/tokens/create", "/visitor-identification/{version}/tokens/create/{$}"} {
		s.Handle("POST "+path, e.with(access.VisitorsIdentify, e.identify))
	}
	s.Handle("/visitor-identification/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
		if len(path) == 4 && path[2] == "tokens" && path[3] == "create" {
			w.Header().Set("Allow", http.MethodPost)
			fail(w, http.StatusMethodNotAllowed, problem{Message: "Method " + r.Method + " is not allowed here."})
			return
		}
		fail(w, http.StatusNotFound, problem{Message: "resource not found", Category: "OBJECT_NOT_FOUND"})
	}))
}

// problem is an error in the public API's shape.
type problem struct {
	Status        string              `json:"status"`
	Message       string              `json:"message"`
	CorrelationID string              `json:"correlationId"`
	Category      string              `json:"category,omitempty"`
	Context       map[string][]string `json:"context,omitempty"`
	Errors        []detail            `json:"errors,omitempty"`
}

type detail struct {
	Message string              `json:"message"`
	Code    string              `json:"code,omitempty"`
	In      string              `json:"in,omitempty"`
	Context map[string][]string `json:"context,omitempty"`
}

func fail(w http.ResponseWriter, status int, p problem) {
	p.Status, p.CorrelationID = "error", correlate(w)
	write(w, status, p)
}

// correlate names an answer, in a header and in the body of an error.
func correlate(w http.ResponseWriter) string {
	if id := w.Header().Get(correlationHeader); id != "" {
		return id
	}
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	id := h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	w.Header().Set(correlationHeader, id)
	return id
}

const correlationHeader = "X-HubSpot-Correlation-Id"

func write(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// with asks who brings a token and whether it has a scope.
func (e *edge) with(scope access.Permission, do func(w http.ResponseWriter, r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		correlate(w)
		kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(kind, "Bearer") || strings.TrimSpace(token) == "" {
			fail(w, http.StatusUnauthorized, unknown)
			return
		}
		if err := e.server.Admitted(r); err != nil {
			fail(w, http.StatusForbidden, problem{Message: desk.PublicOf(err), Category: "ACCESS_DENIED"})
			return
		}
		v, err := e.server.Viewer(r.Context(), strings.TrimSpace(token))
		switch {
		case desk.CodeOf(err) == desk.Unauthorized:
			fail(w, http.StatusUnauthorized, unknown)
		case err != nil:
			e.broken(w, r, err)
		case v.Token == nil || !v.Can(scope):
			needs := map[string][]string{"requiredGranularScopes": {string(scope)}}
			const missing = "This app hasn't been granted all required scopes to make this call."
			fail(w, http.StatusForbidden, problem{Message: missing, Category: "MISSING_SCOPES", Errors: []detail{{Message: "One or more of the following scopes are required.", Context: needs}}})
		default:
			do(w, r)
		}
	})
}

var unknown = problem{Message: "Authentication credentials not found. This API supports OAuth 2.0 authentication and private app tokens.", Category: "INVALID_AUTHENTICATION"}

func (e *edge) broken(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	if desk.CodeOf(err) == desk.Unavailable {
		w.Header().Set("Retry-After", "2")
		fail(w, http.StatusServiceUnavailable, problem{Message: desk.PublicOf(err)})
		return
	}
	e.server.Log.Error("request failed", "route", r.Pattern, "request_id", api.RequestID(r.Context()), "err", err)
	fail(w, http.StatusInternalServerError, problem{Message: "internal error"})
}

const maxBody = 64 << 10

// identify answers POST /visitor-identification/v3/tokens/create: a token for 12 hours, bound to the address.
func (e *edge) identify(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Email     *string `json:"email"`
		FirstName *string `json:"firstName"`
		LastName  *string `json:"lastName"`
	}
	api.Body(w, r, maxBody)
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil && !errors.Is(err, io.EOF) {
		line, column := 1, 1
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			column = int(syntax.Offset)
		}
		fail(w, http.StatusBadRequest, problem{Message: fmt.Sprintf("Invalid input JSON on line %d, column %d: %v", line, column, err), Category: "VALIDATION_ERROR"})
		return
	}
	email := ""
	if in.Email != nil {
		email = desk.NormalizeEmail(*in.Email)
	}
	if email == "" {
		message := "Some required fields were not set: [email]"
		if in.Email != nil && *in.Email != "" {
			message = "Invalid input: email is not valid"
		}
		fail(w, http.StatusBadRequest, problem{Message: message, Category: "VALIDATION_ERROR", Errors: []detail{{Message: message, Code: "INVALID_EMAIL", In: "email"}}})
		return
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	token, _ := e.Signer.Sign(email, text(in.FirstName), text(in.LastName))
	write(w, http.StatusOK, map[string]string{"token": token})
}
