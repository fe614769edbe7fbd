package api_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/admin"
	"github.com/kanalhq/kanal/internal/api/agent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/search"
)

// Signing in gives a cookie that no script can read and no other site can send; signing out ends it.
func TestASessionBeginsAndEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		u := s.user("Ann Holm", desk.RoleAgent)
		s.as(u) // sets a password
		c := s.nobody()
		c.do("GET", "/api/session", nil).want(401, `"reason":"access.not_signed_in"`, `"code":"unauthorized"`)
		c.do("POST", "/api/session", map[string]any{"email": u.Email, "password": "wrong"}).want(401, "The email address or the password is wrong.")
		c.do("POST", "/api/session", map[string]any{"email": "nobody@acme.example", "password": "wrong"}).want(401, "The email address or the password is wrong.")
		r := c.do("POST", "/api/session", map[string]any{"email": u.Email, "password": password}).want(200, u.Email, `"permissions":["tickets.view"`, `"kind":"helpdesk"`, `"version":"test"`)
		if len(r.cookies) != 1 {
			t.Fatalf("cookies: %v", r.cookies)
		}
		k := r.cookies[0]
		if k.Name != api.Cookie || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Secure || k.Path != "/" {
			t.Errorf("the cookie is %v", k)
		}
		c.cookie = k.Value
		c.do("GET", "/api/session", nil).want(200, u.Email)
		c.do("GET", "/api/sessions", nil).want(200, `"current":true`)
		c.do("DELETE", "/api/session", nil).want(204)
		c.do("GET", "/api/session", nil).want(401)
		if n := len(s.EventsOf(desk.EvSessionEnded)); n != 1 {
			t.Errorf("%d sessions ended in the log, want 1", n)
		}
	})
}

// Over https the cookie is Secure and the browser is told to stay.
func TestAnHTTPSInstallationSaysSo(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), func(a *api.Deps, _ *agent.Deps, _ *admin.Deps) {
		a.BaseURL, _ = url.Parse("https://desk.example")
	})
	if k := s.api.SetSession("x"); !k.Secure {
		t.Error("the cookie would go over plain http")
	}
	if h := s.nobody().do("GET", "/api/session", nil).header.Get("Strict-Transport-Security"); h == "" {
		t.Error("no HSTS")
	}
}

// The first owner is made by a link that works once, however many try.
func TestTheSetupLinkWorksOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		token := ""
		s.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			token, _, err = s.Access.SetupLink(ctx, tx)
			return err
		})
		c := s.nobody()
		c.do("GET", "/api/setup?token="+token, nil).want(200, `"purpose":"setup"`, `"valid":true`)
		c.do("GET", "/api/setup?token=wrong", nil).want(200, `"valid":false`)
		var wg sync.WaitGroup
		var mu sync.Mutex
		count := map[int]int{}
		for i := range 6 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r := s.nobody().do("POST", "/api/setup", map[string]any{"token": token, "name": "Olga Owner", "email": fmt.Sprintf("olga%d@acme.example", i), "password": password})
				mu.Lock()
				defer mu.Unlock()
				count[r.status]++
			}()
		}
		wg.Wait()
		if count[200] != 1 || count[404] != 5 {
			t.Errorf("answers: %v, want one 200", count)
		}
	})
}

// Another site cannot make a signed-in browser write; a program with a token can, from anywhere.
func TestAnotherSiteCannotWrite(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	u := s.user("Ann Holm", desk.RoleAgent)
	ann := s.as(u)
	body := map[string]any{"name": "Mallory"}
	ann.with("Origin", "https://evil.example").do("PATCH", "/api/me", body).want(403, `"reason":"request.cross_origin"`)
	ann.with("Sec-Fetch-Site", "cross-site").do("PATCH", "/api/me", body).want(403)
	ann.with("Sec-Fetch-Site", "same-site").do("PATCH", "/api/me", body).want(403)
	ann.with("Sec-Fetch-Site", "same-origin").do("PATCH", "/api/me", map[string]any{"name": "Ann"}).want(200)
	ann.with("Origin", "http://desk.example").do("PATCH", "/api/me", map[string]any{"name": "Ann Holm"}).want(200) // the installation's own origin, behind a proxy
	s.tokenOf(u, access.ScopeAll).with("Origin", "https://evil.example").do("PATCH", "/api/me", map[string]any{"name": "Ann H"}).want(200)
}

// A token with few scopes does what they say, and nothing to the account of its user.
func TestATokenIsHeldToItsScopes(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	u := s.user("Ann Holm", desk.RoleOwner)
	c := s.tokenOf(u, "tickets.view")
	c.do("GET", "/api/tickets", nil).want(200)
	c.do("POST", "/api/tickets", map[string]any{"subject": "x"}).want(403, `"reason":"access.forbidden"`)
	c.do("POST", "/api/tokens", map[string]any{"name": "more", "scopes": []string{"all"}}).want(403, `"reason":"token.scope_missing"`)
	c.do("PATCH", "/api/me", map[string]any{"name": "x"}).want(403)
	c.do("GET", "/api/users", nil).want(200)
	c.token = "kanal_wrong"
	c.do("GET", "/api/tickets", nil).want(401, `"reason":"token.unknown"`)
}

// Too many attempts from one address are told to wait.
func TestSigningInIsLimited(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), func(a *api.Deps, _ *agent.Deps, _ *admin.Deps) { a.SignInBurst = 3 })
	c := s.nobody()
	for range 3 {
		c.do("POST", "/api/session", map[string]any{"email": "x@acme.example", "password": "x"}).want(401)
	}
	r := c.do("POST", "/api/session", map[string]any{"email": "x@acme.example", "password": "x"}).want(429, `"reason":"rate.limited"`)
	if r.header.Get("Retry-After") == "" {
		t.Error("it does not say how long to wait")
	}
}

// What a trusted proxy says of the client counts, what anybody else says does not.
func TestTheClientsAddressComesFromATrustedProxyOnly(t *testing.T) {
	req := func(peer string, forwarded ...string) *http.Request {
		r, _ := http.NewRequest("GET", "/", nil)
		r.RemoteAddr = net.JoinHostPort(peer, "4711")
		r.Header["X-Forwarded-For"] = forwarded
		return r
	}
	plain := api.New(api.Deps{})
	if got := plain.ClientIP(req("10.0.0.1", "1.2.3.4")); got != "10.0.0.1" {
		t.Errorf("without a trusted proxy: %s", got)
	}
	proxied := api.New(api.Deps{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for _, c := range []struct{ peer, forwarded, want string }{
		{"10.0.0.1", "1.2.3.4", "1.2.3.4"},
		{"10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"}, // the client wrote the first itself
		{"10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"},
		{"10.0.0.1", "nonsense", "10.0.0.1"},
		{"9.9.9.9", "1.2.3.4", "9.9.9.9"},
		{"::ffff:10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"},
		{"10.0.0.1", "1.2.3.4:5678", "1.2.3.4"},
		{"10.0.0.1", "[2001:db8::1]:5678", "2001:db8::1"},
		{"10.0.0.1", "2001:DB8:0:0::1", "2001:db8::1"},
		{"::ffff:9.9.9.9", "1.2.3.4", "9.9.9.9"},
	} {
		if got := proxied.ClientIP(req(c.peer, c.forwarded)); got != c.want {
			t.Errorf("%v: %s", c, got)
		}
	}
}

// burning fails as nothing should.
type burning struct{ agent.Searcher }

func (burning) Search(context.Context, access.Viewer, string, search.Options) (search.Found, error) {
	return search.Found{}, fmt.Errorf("search: index: %w", fmt.Errorf("the disk is on fire"))
}

// An error that is no desk.Error tells the person a request id, and the log the cause.
func TestAnUnknownErrorSpeaksToTheLogOnly(t *testing.T) {
	var log bytes.Buffer
	var mu sync.Mutex
	s := newSite(t, dbtest.SQLite(t), func(a *api.Deps, g *agent.Deps, _ *admin.Deps) {
		a.Log = slog.New(slog.NewTextHandler(&lockedWriter{&mu, &log}, nil))
		g.Search = burning{g.Search}
	})
	r := s.as(s.user("Ann Holm", desk.RoleAgent)).with("X-Request-Id", "abcdefgh-1").do("GET", "/api/search?q=x", nil)
	r.want(500, `"detail":"Something went wrong."`, `"request_id":"abcdefgh-1"`, "!fire")
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %s", got)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(log.String(), "the disk is on fire") || !strings.Contains(log.String(), "abcdefgh-1") {
		t.Errorf("the log does not have the cause with the id: %s", log.String())
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

// Input that breaks the schema names the field; input that breaks a rule names the rule.
func TestWrongInputNamesTheField(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ann := s.as(s.user("Ann Holm", desk.RoleAgent))
	id := s.Ticket().ID.String()
	for _, c := range []struct {
		method, path string
		body         any
		status       int
		words        []string
	}{
		{"PATCH", "/api/tickets/" + id, map[string]any{"priority": "huge"}, 422, []string{`"field":"priority"`, `"reason":"request.invalid"`}},
		{"PATCH", "/api/tickets/" + id, map[string]any{"colour": "red"}, 422, []string{`"field":"colour"`}},
		{"PATCH", "/api/tickets/" + id, "{not json", 422, []string{`"code":"invalid"`}},
		{"PATCH", "/api/tickets/" + id, map[string]any{"status": "nonsense"}, 422, []string{`"code":"invalid"`}},
		{"POST", "/api/tickets", map[string]any{}, 422, []string{`"field":"subject"`, "ticket.subject_missing"}},
		{"GET", "/api/tickets?limit=9999", nil, 422, []string{`"field":"limit"`}},
		{"GET", "/api/tickets?cursor=zzz", nil, 422, []string{"cursor.malformed"}},
		{"GET", "/api/tickets/12345", nil, 404, []string{"ticket.not_found"}},
		{"GET", "/api/tickets/nonsense", nil, 404, []string{"ticket.not_found"}},
		{"GET", "/api/nothing", nil, 404, []string{"route.not_found"}},
		{"POST", "/api/tickets", strings.Repeat("x", 9<<20), 413, []string{"too_large"}},
	} {
		ann.do(c.method, c.path, c.body).want(c.status, append(c.words, `"request_id":"`)...)
	}
}

// The app is served with a policy of its own, hashed files for ever, compressed where it pays; its own addresses all lead to index.html.
func TestTheAppIsServed(t *testing.T) {
	app := fstest.MapFS{
		"index.html":              {Data: []byte(`<html><meta name="csp-nonce" content="__CSP_NONCE__"></html>`)},
		"assets/main-abc123.js":   {Data: []byte("console.log(1);" + strings.Repeat(" ", 4000))},
		"assets/pre-abc123.js":    {Data: []byte("console.log(2)")},
		"assets/pre-abc123.js.br": {Data: []byte("brotli bytes")},
		"favicon.svg":             {Data: []byte("<svg/>")},
	}
	s := newSite(t, dbtest.SQLite(t), func(a *api.Deps, _ *agent.Deps, _ *admin.Deps) { a.Assets = app })
	c := s.nobody()
	first, second := c.do("GET", "/", nil).want(200), c.do("GET", "/tickets/123", nil).want(200, "csp-nonce", "!__CSP_NONCE__")
	if first.text == second.text {
		t.Error("two answers have one nonce")
	}
	nonce := strings.Split(strings.Split(first.text, `content="`)[1], `"`)[0]
	csp := first.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self' 'nonce-" + nonce + "'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("no %q in %s", want, csp)
		}
	}
	if strings.Contains(csp, "script-src 'self' 'unsafe") || first.header.Get("Cache-Control") != "no-store" || first.header.Get("X-Content-Type-Options") != "nosniff" || first.header.Get("Referrer-Policy") == "" {
		t.Errorf("headers: %v", first.header)
	}
	js := c.with("Accept-Encoding", "gzip").do("GET", "/assets/main-abc123.js", nil).want(200)
	if js.header.Get("Content-Encoding") != "gzip" || !strings.Contains(js.header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(js.header.Get("Content-Type"), "text/javascript") {
		t.Errorf("headers: %v", js.header)
	}
	if br := c.with("Accept-Encoding", "br, gzip").do("GET", "/assets/pre-abc123.js", nil).want(200, "brotli bytes"); br.header.Get("Content-Encoding") != "br" {
		t.Errorf("headers: %v", br.header)
	}
	c.with("Accept-Encoding", "identity").do("GET", "/assets/main-abc123.js", nil).want(200, "console.log(1)")
	c.do("GET", "/assets/old-000000.js", nil).want(404)
	c.do("GET", "/../../etc/passwd", nil).want(200, "csp-nonce")
	newSite(t, dbtest.SQLite(t)).nobody().do("GET", "/", nil).want(200, "without the workspace")
}

// WS-09, PM-05: a ticket of an inbox that somebody does not see is not there for them, whatever they ask; who sees but is no member changes nothing.
func TestWhatIsNotSeenIsNotThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann, boss, admin := s.user("Ann Holm", desk.RoleAgent), s.user("Bo Boss", desk.RoleAgent), s.user("Ada Admin", desk.RoleAdmin)
		board := s.Inbox("board", desk.Access{Users: []desk.UserID{boss.ID}})
		s.echoAccount("board", board)
		s.write("board", "mira", "k1", "m1", "Strictly confidential")
		list := s.as(boss).do("GET", "/api/tickets?view=inbox:"+board.ID.String(), nil)
		if n := len(list.json()["items"].([]any)); n == 0 { // an inbox makes no tickets by default: connect one that does
			acc := s.Account(desktest.In(board), withTickets)
			s.write(acc.Address, "mira", "k2", "m2", "Strictly confidential")
			list = s.as(boss).do("GET", "/api/tickets?view=inbox:"+board.ID.String(), nil).want(200, "Strictly confidential")
		}
		id := list.str("items.0.id")
		full := s.as(boss).do("GET", "/api/tickets/"+id, nil).want(200)
		thread := full.str("threads.0.id")
		message := s.as(boss).do("GET", "/api/tickets/"+id+"/timeline?order=asc", nil).want(200)
		mid := ""
		for _, it := range message.json()["items"].([]any) {
			if m, ok := it.(map[string]any)["message"].(map[string]any); ok {
				mid = m["id"].(string)
			}
		}
		for _, c := range []struct {
			method, path string
			body         any
			status       int
		}{
			{"GET", "/api/tickets/" + id, nil, 404}, {"GET", "/api/tickets/" + id + "/timeline", nil, 404}, {"GET", "/api/tickets/" + id + "/why", nil, 404},
			{"GET", "/api/tickets/" + id + "/ledger", nil, 404}, {"GET", "/api/trace/" + id, nil, 404}, {"GET", "/api/trace/m2", nil, 404}, {"GET", "/api/trace/" + mid, nil, 404},
			{"GET", "/api/messages/" + mid, nil, 404}, {"GET", "/api/messages/" + mid + "/source", nil, 404}, {"GET", "/api/messages/" + mid + "/html", nil, 404},
			{"PATCH", "/api/tickets/" + id, map[string]any{"subject": "x"}, 404}, {"POST", "/api/tickets/" + id + "/assign", map[string]any{}, 404},
			{"POST", "/api/threads/" + thread + "/messages", map[string]any{"type": "comment", "text": "x"}, 404},
			{"GET", "/api/threads/" + thread, nil, 404}, {"GET", "/api/threads/" + thread + "/timeline", nil, 404}, {"GET", "/api/threads?inbox_id=" + board.ID.String(), nil, 404},
			{"POST", "/api/threads/" + thread + "/ticket", nil, 404},
			{"POST", "/api/presence", map[string]any{"ticket_id": id, "state": "viewing"}, 404},
			{"PUT", "/api/drafts?ticket_id=" + id + "&type=reply", map[string]any{"text": "x"}, 404},
			{"POST", "/api/messages/" + mid + "/cancel", nil, 404}, {"POST", "/api/messages/" + mid + "/resend", map[string]any{}, 404},
		} {
			s.as(ann).do(c.method, c.path, c.body).want(c.status, "!confidential")
		}
		for _, v := range []string{"open", "unassigned", "inbox:" + board.ID.String(), "closed"} {
			s.as(ann).do("GET", "/api/tickets?view="+v, nil).want(200, "!confidential")
		}
		s.as(ann).do("GET", "/api/views", nil).want(200, "!inbox:"+board.ID.String())
		// The administrator sees it and is no member.
		s.as(admin).do("GET", "/api/tickets/"+id, nil).want(200)
		s.as(admin).do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "reply", "text": "x"}).want(403, "access.not_member")
		s.as(admin).do("PATCH", "/api/tickets/"+id, map[string]any{"subject": "x"}).want(403, "access.not_member")
		s.as(boss).do("PATCH", "/api/tickets/"+id, map[string]any{"subject": "Still confidential"}).want(200, "Still confidential")
	})
}
