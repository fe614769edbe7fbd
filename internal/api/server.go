// Package api is the plumbing of the HTTP edge: one mux, who is asking, what each operation needs (rules.go, the one table), errors as
// problem+json, request ids, security headers, rate limits, repeated writes, the web app's files and the OpenAPI document. It knows no
// noun: the handlers live in api/agent and api/admin, which app mounts here; hook and realtime are mounted by them or by app. Types of the
// HTTP library stay in this package and in the handlers.
package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
)

// Authenticator says who a credential belongs to; an unknown one is desk.Unauthorized. access.Service is one.
type Authenticator interface {
	// Authenticate takes a bearer token or a session cookie's value.
	Authenticate(ctx context.Context, secret string) (access.Viewer, error)
}

// Deps is what a Server needs.
type Deps struct {
	DB     *db.DB
	Clock  *clock.Clock
	Log    *slog.Logger
	Access Authenticator
	// Admit refuses addresses from which the workspace may not be used; nil: it may from anywhere. What is public is not asked.
	Admit func(ctx context.Context, ip string) error
	// Key signs the URLs of images and files that a sandboxed frame fetches without a cookie. Any 32 bytes that stay the same.
	Key []byte
	// BaseURL is the public origin; https makes cookies Secure and sends HSTS.
	BaseURL *url.URL
	Version string
	// Assets is the built web app, rooted at its index.html, or nil.
	Assets fs.FS
	// Proxies may name the client's address in X-Forwarded-For.
	Proxies []netip.Prefix
	// Observe is called after each request with the route's pattern; nil is fine. It feeds /metrics.
	Observe func(route string, status int, took time.Duration)
	// SignInBurst is how many attempts to sign in an address may make at once, regained one a second; 0 means 60. Guessing at one user is bounded
	// apart, by access.
	SignInBurst int
	// RepeatKept is how long the answer to a repeated write is kept; 0 means a day.
	RepeatKept time.Duration
}

// Server is the HTTP edge.
type Server struct {
	Deps
	mux    *http.ServeMux
	api    huma.API
	origin *http.CrossOriginProtection
	limits map[Limit]*limiter
	assets *assets
	routes []Route
	ready  sync.Once
	doc    []byte
}

// Route is one operation with its rule, for the matrix of roles and endpoints.
type Route struct {
	Method, Path string
	Rule         Rule
}

// New makes a Server without operations: the handlers' packages Mount theirs.
func New(d Deps) *Server {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.BaseURL == nil {
		d.BaseURL = &url.URL{Scheme: "http", Host: "localhost"}
	}
	if d.SignInBurst == 0 {
		d.SignInBurst = 60
	}
	s := &Server{Deps: d, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection()}
	_ = s.origin.AddTrustedOrigin(d.BaseURL.Scheme + "://" + d.BaseURL.Host)
	s.limits = map[Limit]*limiter{
		LimitSignIn: newLimiter(time.Second, d.SignInBurst),
		LimitPublic: newLimiter(time.Second/200, 2000), // an office behind one address opens mails full of pictures
		LimitLink:   newLimiter(time.Second/5, 100),

		LimitDirectory: newLimiter(time.Second/50, 500), // Entra ID asks that 25 a second be taken
	}
	s.api = humago.New(s.mux, document(d.Version))
	s.assets = newAssets(d.Assets)
	s.mux.HandleFunc("GET /api/openapi.json", s.serveDocument)
	s.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { s.Fail(w, r, errNoRoute) })
	s.mux.HandleFunc("/", s.serveApp)
	return s
}

// Handle mounts something that is no operation of the workspace's API: hooks, health, metrics. Its handler checks who is asking.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// FromAnywhere lets pages of other sites post to a pattern that answers without a cookie: its handler reads none.
func (s *Server) FromAnywhere(pattern string) { s.origin.AddInsecureBypassPattern(pattern) }

// Routes lists the operations with their rules.
func (s *Server) Routes() []Route { return s.routes }

// Secure reports whether the installation is reached over https.
func (s *Server) Secure() bool { return s.BaseURL.Scheme == "https" }

// Handler is the whole edge. Call it after everything is mounted.
func (s *Server) Handler() http.Handler {
	s.ready.Do(s.finish)
	return http.HandlerFunc(s.edge)
}

// serve wraps every request: id, headers, origin check, panics, the log and the metric.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	id := requestID(r.Header.Get("X-Request-Id"))
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, id))
	h := w.Header()
	h.Set("X-Request-Id", id)
	s.secure(h, r)
	rec := newResponse(w, r)
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.Log.Error("request panicked", "request_id", id, "panic", p, "stack", stack())
			if rec.status == 0 {
				s.Fail(rec, r, errInternal)
			}
		}
		rec.finish()
		took := time.Since(started)
		route := r.Pattern
		if s.Observe != nil {
			s.Observe(route, rec.status, took)
		}
		s.Log.Debug("request", "route", route, "status", rec.status, "ms", took.Milliseconds(), "request_id", id)
	}()
	if !bearerOnly(r) && !strings.HasPrefix(r.URL.Path, "/hooks/") {
		if err := s.origin.Check(r); err != nil {
			s.Fail(rec, r, errOrigin.with(err))
			return
		}
	}
	if err := sound(r); err != nil {
		s.Fail(rec, r, err)
		return
	}
	s.mux.ServeHTTP(rec, r)
}

// bearerOnly: a request that brings a token is not answered by a cookie, so no other site can have made a browser send it.
func bearerOnly(r *http.Request) bool { return bearer(r) != "" }

func bearer(r *http.Request) string {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

type requestKey struct{}

// RequestID is the id of the request in whose context ctx is, or "".
func RequestID(ctx context.Context) string { id, _ := ctx.Value(requestKey{}).(string); return id }

// requestID keeps a caller's own id when it is plain and short.
func requestID(given string) string {
	if len(given) >= 8 && len(given) <= 64 && strings.Trim(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == "" {
		return given
	}
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
