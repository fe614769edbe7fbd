package site_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/site"
	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/installation"
)

type admin struct{}

func (admin) Authenticate(context.Context, string) (access.Viewer, error) {
	return access.Viewer{User: desk.User{ID: 1, Name: "Ann Holm", Active: true, Role: desk.RoleOwner}, Scopes: []string{access.ScopeAll}}, nil
}

// build is a web build as far as the site looks at it.
var build = fstest.MapFS{
	"index.html":                       {Data: []byte("<!doctype html>")},
	"widget/kanal.js":                  {Data: []byte("(function(){" + strings.Repeat("/* the loader */", 40) + "})()")},
	"widget/sw.js":                     {Data: []byte("self.x=1")},
	"widget/loader.json":               {Data: []byte(`{"extra":"assets/extra-1.js","push":"assets/push-1.js"}`)},
	"widget/assets/extra-1.js":         {Data: []byte("export const a=1")},
	"widget/frame/index.html":          {Data: []byte("<!doctype html><html><head><title>Chat</title></head><body></body></html>")},
	"widget/frame/assets/index-1.js":   {Data: []byte("1")},
	"widget/frame/.vite/manifest.json": {Data: []byte("{}")},
}

type world struct {
	t    *testing.T
	desk *desktest.Desk
	http *httptest.Server
}

func newWorld(t *testing.T, d *db.DB) *world {
	w := &world{t: t, desk: desktest.New(t, d, chat.New())}
	base, _ := url.Parse("https://chat.acme.example")
	s := api.New(api.Deps{DB: d, Clock: w.desk.Clock, Access: admin{}, Key: make([]byte, 32), BaseURL: base, Version: "test", Assets: build})
	site.Mount(s, site.Deps{DB: d, Inboxes: w.desk.Inboxes, Settings: w.desk.Settings, Assets: build, Base: base, Live: w.desk.Channels.Live, Check: installation.Checker{Base: base, Private: true}})
	w.http = httptest.NewServer(s.Handler())
	t.Cleanup(w.http.Close)
	return w
}

func (w *world) get(path string, headers ...string) (*http.Response, string) {
	w.t.Helper()
	return w.do("GET", path, "", headers...)
}

func (w *world) do(method, path, body string, headers ...string) (*http.Response, string) {
	w.t.Helper()
	r, _ := http.NewRequest(method, w.http.URL+path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res, string(b)
}

// chat makes a chat channel limited to domains.
func (w *world) chat(slug string, domains ...string) desk.ChannelAccount {
	w.t.Helper()
	settings, _ := json.Marshal(map[string]any{"domains": domains})
	return w.desk.Account(func(n *inbox.NewAccount) { n.Channel, n.Name, n.Slug, n.Settings = chat.Name, slug, slug, settings })
}

// CH-25, CH-26: one loader under its own name and under HubSpot's, compressed, fresh within minutes, for any page.
func TestTheLoaderIsServedUnderBothNames(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	for _, path := range []string{"/kanal.js", "/4711.js"} {
		res, body := w.get(path, "Accept-Encoding", "gzip")
		h := res.Header
		if res.StatusCode != 200 || h.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(h.Get("Content-Type"), "text/javascript") || h.Get("Access-Control-Allow-Origin") != "*" ||
			h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || !strings.Contains(h.Get("Cache-Control"), "max-age=300") {
			t.Errorf("%s: %d %v", path, res.StatusCode, h)
		}
		z, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if plain, _ := io.ReadAll(z); string(plain) != string(build["widget/kanal.js"].Data) {
			t.Errorf("%s is another file", path)
		}
		if again, rest := w.get(path, "If-None-Match", h.Get("ETag")); again.StatusCode != 304 || rest != "" {
			t.Errorf("%s: %d to a known ETag", path, again.StatusCode)
		}
	}
	if res, _ := w.get("/4711x.js"); res.StatusCode == 200 && strings.HasPrefix(res.Header.Get("Content-Type"), "text/javascript") {
		t.Error("any name is the loader")
	}
	for path, cache := range map[string]string{"/widget/assets/extra-1.js": "immutable", "/widget/frame/assets/index-1.js": "immutable", "/widget/sw.js": "no-cache"} {
		if res, _ := w.get(path); res.StatusCode != 200 || !strings.Contains(res.Header.Get("Cache-Control"), cache) {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
	}
	for _, path := range []string{"/widget/assets/none.js", "/widget/assets/..%2f..%2findex.html", "/widget/frame/assets/none.js"} {
		if res, _ := w.get(path); res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// CH-34: the frame may do nothing but its work, and only pages on the channels' domains may show it.
func TestTheFrameIsForTheChannelsDomains(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		policy := func(path string) string {
			res, body := w.get(path)
			if res.StatusCode != 200 || !strings.Contains(body, "<title>Chat</title>") || res.Header.Get("Cache-Control") != "no-cache" {
				t.Fatalf("%s: %d %v %s", path, res.StatusCode, res.Header, body)
			}
			return res.Header.Get("Content-Security-Policy")
		}
		if p := policy("/widget/frame"); !strings.Contains(p, "frame-ancestors *;") || !strings.Contains(p, "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'") || strings.Contains(p, "unsafe") {
			t.Error(p)
		}
		w.chat("shop", "acme.example", "*.acme.example", "localhost:3000")
		first, _ := w.get("/widget/frame")
		if p := policy("/widget/frame"); !strings.Contains(p, "frame-ancestors 'self' acme.example:* *.acme.example:* localhost:3000;") {
			t.Error(p)
		}
		w.chat("blog", "blog.example")
		if p := policy("/widget/frame"); !strings.Contains(p, "frame-ancestors 'self' acme.example:* *.acme.example:* localhost:3000 blog.example:*;") && !strings.Contains(p, "blog.example:* acme.example:*") {
			t.Error(p)
		}
		if res, _ := w.get("/widget/frame", "If-None-Match", first.Header.Get("ETag")); res.StatusCode != 200 {
			t.Error("a browser keeps a policy that has changed")
		}
		w.chat("anywhere")
		if p := policy("/widget/frame"); !strings.Contains(p, "frame-ancestors *;") {
			t.Error(p)
		}
	})
}

// CH-36: the full page is the frame with what offers notifications.
func TestTheFullPageOffersNotifications(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	if _, body := w.get("/widget/app"); !strings.Contains(body, `<script src="/widget/assets/push-1.js" defer></script></head>`) {
		t.Error(body)
	}
	if _, body := w.get("/widget/frame"); strings.Contains(body, "push-1.js") {
		t.Error("the frame on a page asks for notifications too")
	}
}

// CH-25, TR-03: the code and the check of a page, by the API; the channel's domains count.
func TestTheCodeAndTheCheckByTheAPI(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	sign := []string{"Authorization", "Bearer x", "Content-Type", "application/json"}
	_, body := w.do("GET", "/api/tracking-code", "", sign...)
	var code installation.Code
	if err := json.Unmarshal([]byte(body), &code); err != nil || code.Src != "https://chat.acme.example/kanal.js" || !strings.Contains(code.HTML, "/widget/plain") {
		t.Fatalf("%s %v", body, err)
	}
	page := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<body>" + code.HTML)) }))
	defer page.Close()
	check := func(acc desk.ChannelAccount) (r installation.Report) {
		res, body := w.do("POST", "/api/channel-accounts/"+acc.ID.String()+"/installation", `{"url":"`+page.URL+`"}`, sign...)
		if res.StatusCode != 200 || json.Unmarshal([]byte(body), &r) != nil {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		return r
	}
	if r := check(w.chat("open")); r.State != installation.Found || r.Reason != "ok" {
		t.Errorf("%+v", r)
	}
	if r := check(w.chat("limited", "acme.example")); r.Reason != "domain" || !strings.Contains(r.Fix, "127.0.0.1") {
		t.Errorf("%+v", r)
	}
	if res, _ := w.do("POST", "/api/channel-accounts/1/installation", `{"url":"x.example"}`, sign...); res.StatusCode != 404 {
		t.Errorf("%d for no account", res.StatusCode)
	}
	if res, _ := w.do("POST", "/api/channel-accounts/"+w.chat("third").ID.String()+"/installation", `{"url":"javascript:x"}`, sign...); res.StatusCode != 422 {
		t.Errorf("%d for no address", res.StatusCode)
	}
}
