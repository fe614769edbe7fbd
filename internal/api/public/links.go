// Package public answers people who are not signed in and need not be: customers who follow the link of a file that was too large for a
// mail (EM-39), or of the question how it went (WS-25). A link is all they have and all they get: no cookie is read, nothing is listed, and a wrong link learns nothing.
// app mounts it.
package public

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/survey"
)

// Deps is what the links call.
type Deps struct {
	// Links finds what a link leads to: dispatch.Service.
	Links interface {
		Linked(ctx context.Context, token string) (dispatch.Linked, error)
	}
	Blobs   blob.Store
	Surveys *survey.Service
	Log     *slog.Logger
}

type public struct {
	Deps
	server *api.Server
}

// Mount adds the links to a server. Anything else under their path is not found, whatever it is.
func Mount(s *api.Server, d Deps) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	p := &public{d, s}
	s.Handle("GET "+dispatch.LinkPath+"{token}", http.HandlerFunc(p.file))
	s.Handle("GET "+survey.Path+"{token}", http.HandlerFunc(p.rate))
	s.Handle("POST "+survey.Path+"{token}", http.HandlerFunc(p.rated))
	s.Handle(dispatch.LinkPath, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.page(w, r, http.StatusNotFound, "", missing)
	}))
}

// file hands a file over, whole or in ranges, always to be kept and never to be shown.
func (p *public) file(w http.ResponseWriter, r *http.Request) {
	if err := p.server.Take(api.LimitLink, r); err != nil {
		w.Header().Set("Retry-After", "5")
		p.page(w, r, http.StatusTooManyRequests, "", wait)
		return
	}
	f, err := p.Links.Linked(r.Context(), r.PathValue("token"))
	switch {
	case desk.CodeOf(err) == desk.NotFound:
		p.page(w, r, http.StatusNotFound, "", missing)
		return
	case err != nil:
		p.broken(w, r, err)
		return
	case f.Expired:
		p.page(w, r, http.StatusGone, f.Locale, func(l language) (string, string) { return l.expired, fmt.Sprintf(l.ask, name(f), f.Ask) })
		return
	}
	bytes, err := p.Blobs.Open(r.Context(), f.SHA256)
	if err != nil {
		p.broken(w, r, err)
		return
	}
	defer bytes.Close()
	h := w.Header()
	p.private(h)
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", attachment(f.Name))
	h.Set("Content-Security-Policy", api.FilePolicy)
	h.Set("ETag", `"`+f.SHA256+`"`) // a download that broke off goes on
	http.ServeContent(w, r, "", f.Sent.Time(), bytes)
}

func (p *public) private(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex, nofollow")
}

func (p *public) broken(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		p.Log.Error("a linked file cannot be handed over", "request_id", api.RequestID(r.Context()), "err", err)
	}
	w.Header().Set("Retry-After", "30")
	p.page(w, r, http.StatusServiceUnavailable, "", later)
}

// name is who sent the file, as its receiver knows them.
func name(f dispatch.Linked) string {
	if f.Company != "" {
		return f.Company
	}
	return f.Ask
}

// page says in one sentence what is the matter, in a language of the reader's, else in the company's.
func (p *public) page(w http.ResponseWriter, r *http.Request, status int, locale string, say func(language) (title, text string)) {
	code, l := choose(r.Header.Get("Accept-Language"), locale)
	title, text := say(l)
	w.Header().Set("Vary", "Accept-Language")
	p.document(w, r, status, page{locale: code, title: title, body: "<p>" + html.EscapeString(text) + "</p>", style: noticeStyle,
		policy: "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"})
}

const noticeStyle = `body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem;color:#222;background:#fff}h1{font-size:1.4rem}` +
	`@media(prefers-color-scheme:dark){body{color:#ddd;background:#181a1d}}`

// page is a whole page; body is HTML, the rest is text.
type page struct{ locale, title, body, style, policy string }

func (p *public) document(w http.ResponseWriter, r *http.Request, status int, d page) {
	h := w.Header()
	p.private(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", d.locale)
	h.Set("Content-Security-Policy", d.policy)
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	title := html.EscapeString(d.title)
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="%s"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>%s</title><style>%s</style></head><body><main><h1>%s</h1>%s</main></body></html>`+"\n",
		d.locale, title, d.style, title, d.body)
}

// attachment writes a file's name so that every program reads it and none is fooled (RFC 6266): in ASCII, and as it is.
func attachment(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || strings.ContainsRune(`"\/%;`, r) {
			return '_'
		}
		return r
	}, name)
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}
