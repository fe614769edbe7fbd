// Package site is what Kanal puts on other people's websites: the loader under its two names, the chat's frame and its full page for apps, the service worker, and
// for administrators the tracking code and the check of a page (CH-25, CH-36, TR-02). Files come from the web build. It keeps nothing and knows
// no visitor: what the frame says goes to api/widget. app mounts it.
package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/installation"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Deps is what the pages and operations call.
type Deps struct {
	DB       *db.DB
	Inboxes  *inbox.Service
	Settings *setting.Service
	Assets   fs.FS // the web build, or nil
	Base     *url.URL
	Log      *slog.Logger
	// Live reports whether a channel is one of visitors on websites.
	Live func(channel string) bool
	// Check looks at a page.
	Check installation.Checker
}

type site struct {
	Deps
	server *api.Server
	mu     sync.Mutex
	files  map[string]file
}

// file is one of the build, ready to send.
type file struct {
	plain, small []byte
	etag         string
}

// Mount adds pages and operations to a server.
func Mount(s *api.Server, d Deps) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	p := &site{Deps: d, server: s, files: map[string]file{}}
	s.Handle("GET "+installation.ScriptPath, http.HandlerFunc(p.loader))
	s.Handle("GET /widget/frame", http.HandlerFunc(p.frame))
	s.Handle("GET /widget/app", http.HandlerFunc(p.app))
	s.Handle("GET /widget/sw.js", http.HandlerFunc(p.worker))
	s.Handle("GET /widget/assets/{name}", http.HandlerFunc(p.asset))
	s.Handle("GET /widget/frame/assets/{name}", http.HandlerFunc(p.asset))
	p.operations()
}

// loader is short-lived in caches, since its name never changes; it is for any page, also one that isolates itself.
func (p *site) loader(w http.ResponseWriter, r *http.Request) {
	p.send(w, r, "widget/kanal.js", "public, max-age=300, stale-while-revalidate=86400")
}

// asset has a hash of its content in its name.
func (p *site) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if strings.ContainsAny(name, `/\`) {
		http.NotFound(w, r)
		return
	}
	p.send(w, r, strings.TrimPrefix(path.Dir(r.URL.Path), "/")+"/"+name, "public, max-age=31536000, immutable")
}

func (p *site) worker(w http.ResponseWriter, r *http.Request) {
	p.send(w, r, "widget/sw.js", "no-cache")
}

func (p *site) send(w http.ResponseWriter, r *http.Request, name, cache string) {
	f, ok := p.file(name, nil)
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Timing-Allow-Origin", "*")
	serve(w, r, f, kind(name), cache)
}

func kind(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// file reads one of the build once. change makes another of it, under another name in the cache.
func (p *site) file(name string, change func([]byte) []byte) (file, bool) {
	key := name
	if change != nil {
		key += "+"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if f, ok := p.files[key]; ok {
		return f, true
	}
	if p.Assets == nil {
		return file{}, false
	}
	plain, err := fs.ReadFile(p.Assets, name)
	if err != nil {
		return file{}, false
	}
	if change != nil {
		plain = change(plain)
	}
	sum := sha256.Sum256(plain)
	f := file{plain: plain, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	if len(plain) > 300 {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, _ = z.Write(plain)
		_ = z.Close()
		f.small = b.Bytes()
	}
	p.files[key] = f
	return f, true
}

func serve(w http.ResponseWriter, r *http.Request, f file, kind, cache string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", cache)
	h.Set("ETag", f.etag)
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("If-None-Match"), strings.Trim(f.etag, `"`)) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if f.small != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.small
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// frame is the chat itself, for an iframe on one of the channel's domains.
func (p *site) frame(w http.ResponseWriter, r *http.Request) { p.document(w, r, nil) }

// app is the same as a whole page, for the web view of an app (CH-36), with what asks for notifications.
func (p *site) app(w http.ResponseWriter, r *http.Request) { p.document(w, r, p.withPush) }

// withPush adds the script that offers notifications.
func (p *site) withPush(page []byte) []byte {
	var names struct{ Push string }
	b, err := fs.ReadFile(p.Assets, "widget/loader.json")
	if err != nil || json.Unmarshal(b, &names) != nil || names.Push == "" {
		return page
	}
	return bytes.Replace(page, []byte("</head>"), []byte(`<script src="/widget/`+names.Push+`" defer></script></head>`), 1)
}

func (p *site) document(w http.ResponseWriter, r *http.Request, change func([]byte) []byte) {
	f, ok := p.file("widget/frame/index.html", change)
	if !ok {
		http.NotFound(w, r)
		return
	}
	ancestors, err := p.ancestors(r.Context())
	if err != nil {
		p.server.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", framePolicy(ancestors))
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages that isolate themselves may show it
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("X-Robots-Tag", "noindex")
	sum := sha256.Sum256([]byte(ancestors))
	f.etag = f.etag[:len(f.etag)-1] + "-" + hex.EncodeToString(sum[:4]) + `"`
	serve(w, r, f, "text/html; charset=utf-8", "no-cache")
}

// framePolicy lets the frame do nothing but its work: no inline script or style, no other host but for pictures.
func framePolicy(ancestors string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob: https:; media-src 'self' blob:; font-src 'self'; worker-src 'self'; " +
		"frame-ancestors " + ancestors + "; base-uri 'none'; form-action 'none'"
}

// ancestors are the pages that may show the frame: of all chat channels together, since one code serves them all; anybody's, where one has no list.
func (p *site) ancestors(ctx context.Context) (string, error) {
	all, err := p.Inboxes.Accounts(ctx, p.DB, inbox.Filter{ActiveOnly: true})
	if err != nil {
		return "", err
	}
	hosts := []string{"'self'"}
	for _, a := range all {
		if !p.Live(a.Channel) {
			continue
		}
		domains := p.domains(a)
		if len(domains) == 0 {
			return "*", nil
		}
		for _, d := range domains {
			if h := ancestor(d); h != "" && !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	if len(hosts) == 1 {
		return "*", nil // no channel yet: nothing to hide, and the settings show a preview
	}
	return strings.Join(hosts, " "), nil
}

func (p *site) domains(a desk.ChannelAccount) []string {
	s, err := webchat.Parse(a.Settings)
	if err != nil {
		p.Log.Warn("the settings of a chat channel cannot be read", "channel_account_id", a.ID, "err", err)
		return nil
	}
	return s.Domains
}

// ancestor writes a domain as a policy has it, "" when it would end the directive. Without a port any is meant.
func ancestor(domain string) string {
	d, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(domain)), "https://"), "http://"), "/")
	if d == "" || strings.ContainsAny(d, " ;,'\"\r\n\t") {
		return ""
	}
	if !strings.Contains(d, ":") {
		d += ":*"
	}
	return d
}
