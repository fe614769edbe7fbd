package forms

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/submission"
	"github.com/kanalhq/kanal/internal/visitor"
)

//go:embed form.js
var script []byte

func (h *forms) mountPublic() {
	s := h.server
	s.Handle("GET /forms.js", http.HandlerFunc(h.script))
	s.Handle("GET /forms/{slug}", h.page(false))
	s.Handle("GET /forms/{slug}/embed", h.page(true))
	s.Handle("GET /forms/{slug}/thanks", http.HandlerFunc(h.thanks))
	s.Handle("GET /forms/{slug}/parts", http.HandlerFunc(h.parts))
	for _, p := range []string{"POST /forms/{slug}", "POST /forms/{slug}/embed"} {
		s.FromAnywhere(p)
		s.Handle(p, http.HandlerFunc(h.post))
	}
	s.Handle("OPTIONS /forms/{slug}", http.HandlerFunc(h.preflight))
	h.mountIntegrations()
}

// script is one file for any page, small and without anybody else's code.
func (h *forms) script(w http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256(script)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	head := w.Header()
	head.Set("Content-Type", "text/javascript; charset=utf-8")
	head.Set("Cache-Control", "public, max-age=300, stale-while-revalidate=86400")
	head.Set("Access-Control-Allow-Origin", "*")
	head.Set("Cross-Origin-Resource-Policy", "cross-origin")
	head.Set("ETag", tag)
	head.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("If-None-Match"), strings.Trim(tag, `"`)) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		_, _ = w.Write(script)
		return
	}
	head.Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_, _ = z.Write(script)
	_ = z.Close()
}

// open is the form that a path names, while anybody may fill it in.
func (h *forms) open(ctx context.Context, slug string) (form.Form, error) {
	f, err := h.Forms.BySlug(ctx, h.DB, slug)
	if err == nil && f.ArchivedAt != 0 {
		err = desk.Errorf(desk.NotFound, "form.not_found", "There is no such form.")
	}
	return f, err
}

// fresh is a sheet that nobody has filled in.
func (h *forms) fresh(r *http.Request, f form.Form) sheet {
	q := r.URL.Query()
	lang := q.Get("lang")
	if lang == "" {
		lang = r.Header.Get("Accept-Language")
	}
	s := sheet{Form: f, Language: pick(f.Definition, lang), Values: map[string][]string{}, Stamp: h.Flow.Stamp(f.ID), Client: nonce(), Nonce: nonce(),
		Page: form.Page{URL: cut(q.Get("page"), 2000), Title: cut(q.Get("title"), 300), Referrer: cut(q.Get("referrer"), 2000)}}
	if t := q.Get("theme"); t == "light" || t == "dark" {
		s.Scheme = t
	}
	if s.Page.URL == "" {
		s.Page.URL = h.Base.Scheme + "://" + h.Base.Host + r.URL.RequestURI()
		s.Page.Title = f.Definition.Title.In(s.Language, f.Definition.Language)
		s.Page.Referrer = cut(r.Referer(), 2000)
	}
	for _, x := range f.Definition.Fields { // a link may fill in what is in sight
		if v := q.Get(x.Name); v != "" && !x.Concealed() && x.Type != form.TypeConsent {
			s.Values[x.Name] = []string{cut(v, 1000)}
		}
	}
	return s
}

func cut(s string, n int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// page shows a form, alone or in a frame.
func (h *forms) page(embed bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.server.Take(api.LimitPublic, r); err != nil {
			h.broken(w, r, err)
			return
		}
		f, err := h.open(r.Context(), r.PathValue("slug"))
		if err != nil {
			h.broken(w, r, err)
			return
		}
		s := h.fresh(r, f)
		s.Embed = embed
		if !f.Active {
			s.Sent = wordsOf(s.Language).Closed
		}
		h.show(w, r, http.StatusOK, s)
	})
}

// policy lets a form's page do nothing but its work. A redirect after sending counts as sending there.
func (h *forms) policy(s sheet) string {
	action, ancestors := "'self'", "'none'"
	if a := s.Form.Definition.After; a.Do == "redirect" {
		if u, err := url.Parse(a.URL); err == nil && u.Host != "" {
			action += " " + u.Scheme + "://" + u.Host
		}
	}
	if s.Embed {
		if ancestors = "*"; len(s.Form.Definition.Options.Domains) > 0 {
			ancestors = "'self'"
			for _, d := range s.Form.Definition.Options.Domains {
				if !strings.Contains(d, ":") {
					d += ":*"
				}
				ancestors += " " + d
			}
		}
	}
	return "default-src 'none'; script-src 'self'; style-src 'nonce-" + s.Nonce + "'; img-src 'self' data:; connect-src 'self'; form-action " + action + "; base-uri 'none'; frame-ancestors " + ancestors
}

func (h *forms) show(w http.ResponseWriter, r *http.Request, status int, s sheet) {
	if s.Nonce == "" {
		s.Nonce = nonce()
	}
	scheme := s.Scheme
	s.Scheme = "" // by the style sheet alone: the policy allows no attribute
	text, err := h.render(s)
	if err != nil {
		h.server.Fail(w, r, err)
		return
	}
	if scheme != "" {
		text = strings.Replace(text, "</style>", ".kf-page{color-scheme:"+scheme+"}</style>", 1)
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Language", s.Language)
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", h.policy(s))
	head.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if s.Embed {
		head.Set("Cross-Origin-Resource-Policy", "cross-origin")
		head.Del("Cross-Origin-Opener-Policy")
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// broken is a page that says what is the matter, in the reader's language.
func (h *forms) broken(w http.ResponseWriter, r *http.Request, err error) {
	lang := pick(form.Definition{Language: "en", Languages: []string{"da", "de", "sv", "fi"}}, or(r.URL.Query().Get("lang"), r.Header.Get("Accept-Language")))
	t := wordsOf(lang)
	s := sheet{Language: lang, Nonce: nonce()}
	status := http.StatusServiceUnavailable
	switch desk.CodeOf(err) {
	case desk.NotFound:
		status, s.Sent, s.Title = http.StatusNotFound, t.MissingText, t.Missing
	case desk.RateLimited:
		status, s.Sent, s.Title = http.StatusTooManyRequests, t.Again, t.Again
		w.Header().Set("Retry-After", "60")
	case desk.Conflict:
		status, s.Sent, s.Title = http.StatusGone, t.Closed, t.Closed
	case desk.TooLarge:
		status, s.Sent, s.Title = http.StatusRequestEntityTooLarge, t.Failed, t.Failed
	case desk.Invalid:
		status, s.Sent, s.Title = http.StatusUnprocessableEntity, t.Failed, t.Failed
	default:
		h.Log.Error("a form could not be shown or taken", "err", err)
		s.Sent, s.Title = t.Failed, t.Failed
	}
	h.show(w, r, status, s)
}

// thanks is where sending leads to.
func (h *forms) thanks(w http.ResponseWriter, r *http.Request) {
	if err := h.server.Take(api.LimitPublic, r); err != nil {
		h.broken(w, r, err)
		return
	}
	f, err := h.open(r.Context(), r.PathValue("slug"))
	if err != nil {
		h.broken(w, r, err)
		return
	}
	s := h.fresh(r, f)
	s.Embed = r.URL.Query().Get("embed") != ""
	s.Sent = h.after(f.Definition, s.Language)
	h.show(w, r, http.StatusOK, s)
}

func (h *forms) after(d form.Definition, lang string) string {
	if t := d.After.Text.In(lang, d.Language); t != "" {
		return t
	}
	return wordsOf(lang).Thanks
}

// allowed: a site that the form's list names, or any where there is none.
func (h *forms) allowed(d form.Definition, origin string) bool {
	if len(d.Options.Domains) == 0 {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Host == h.Base.Host || slices.ContainsFunc(d.Options.Domains, func(x string) bool {
		host := u.Hostname()
		if strings.Contains(x, ":") {
			host = u.Host
		}
		if suffix, wild := strings.CutPrefix(x, "*."); wild {
			return strings.HasSuffix(host, "."+suffix)
		}
		return strings.EqualFold(host, x)
	})
}

// cors lets a page of an allowed site read the answer.
func (h *forms) cors(w http.ResponseWriter, r *http.Request, d form.Definition) bool {
	origin := r.Header.Get("Origin")
	head := w.Header()
	head.Add("Vary", "Origin")
	if origin == "" {
		return true
	}
	if !h.allowed(d, origin) {
		return false
	}
	head.Set("Access-Control-Allow-Origin", origin)
	head.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return true
}

func (h *forms) preflight(w http.ResponseWriter, r *http.Request) {
	f, err := h.open(r.Context(), r.PathValue("slug"))
	h.mayPost(w, r, f, err)
}

// mayPost answers a browser that asks whether a page elsewhere may post to a form.
func (h *forms) mayPost(w http.ResponseWriter, r *http.Request, f form.Form, err error) {
	if err != nil || !h.cors(w, r, f.Definition) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	head := w.Header()
	head.Set("Access-Control-Allow-Methods", "POST")
	head.Set("Access-Control-Allow-Headers", "Content-Type, Accept")
	head.Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
}

// Parts are what the script puts into a page.
type Parts struct {
	HTML     string `json:"html"`
	CSS      string `json:"css"`
	Style    string `json:"style"`
	Language string `json:"language"`
}

// parts answers the script on another page.
func (h *forms) parts(w http.ResponseWriter, r *http.Request) {
	if err := h.server.Take(api.LimitPublic, r); err != nil {
		h.server.Fail(w, r, err)
		return
	}
	f, err := h.open(r.Context(), r.PathValue("slug"))
	if err == nil && !h.cors(w, r, f.Definition) {
		err = desk.Errorf(desk.Forbidden, "form.domain", "This form is not for this site.")
	}
	if err != nil {
		h.server.Fail(w, r, err)
		return
	}
	s := h.fresh(r, f)
	if !f.Active {
		s.Sent = wordsOf(s.Language).Closed
	}
	text, err := h.fragment(s)
	if err != nil {
		h.server.Fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	p := Parts{HTML: text, CSS: styles, Language: s.Language}
	if !f.Definition.Options.Style.CSSOff {
		p.Style = string(styleOf(f.Definition.Options.Style))
	}
	h.server.JSON(w, http.StatusOK, p)
}

// Sent is what a script is told.
type Sent struct {
	OK       bool              `json:"ok"`
	Message  string            `json:"message,omitempty"`
	Redirect string            `json:"redirect,omitempty"`
	Faults   map[string]string `json:"faults,omitempty"`
}

// post takes a form from wherever it stands.
func (h *forms) post(w http.ResponseWriter, r *http.Request) {
	embed := strings.HasSuffix(r.URL.Path, "/embed")
	wantsJSON := strings.Contains(r.Header.Get("Accept"), "application/json") || strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
	fail := func(err error) {
		if wantsJSON {
			h.server.Fail(w, r, err)
			return
		}
		h.broken(w, r, err)
	}
	if err := h.server.Take(api.LimitPublic, r); err != nil {
		fail(err)
		return
	}
	f, err := h.open(r.Context(), r.PathValue("slug"))
	if err == nil && !h.cors(w, r, f.Definition) {
		err = desk.Errorf(desk.Forbidden, "form.domain", "This form is not for this site.")
	}
	if err != nil {
		fail(err)
		return
	}
	if err := h.Flow.Reads(h.server.ClientIP(r)); err != nil {
		fail(err)
		return
	}
	api.Body(w, r, maxBodyData)
	p, err := read(r.Context(), r.Header.Get("Content-Type"), r.Body, f.Definition, h.Blobs)
	if err != nil {
		fail(err)
		return
	}
	in := h.in(r, f, p)
	if p.first("kanal_update") != "" {
		h.again(w, r, in, p, submission.Outcome{}, embed)
		return
	}
	if h.grew(in, p) && !wantsJSON {
		h.again(w, r, in, p, submission.Outcome{}, embed)
		return
	}
	out, err := h.Flow.Submit(r.Context(), in)
	switch {
	case err != nil:
		fail(err)
	case len(out.Result.Faults) > 0 && wantsJSON:
		h.server.JSON(w, http.StatusUnprocessableEntity, h.faults(f, in.Language, out))
	case len(out.Result.Faults) > 0:
		h.again(w, r, in, p, out, embed)
	case wantsJSON:
		s := Sent{OK: true, Message: h.after(f.Definition, in.Language)}
		if a := f.Definition.After; a.Do == "redirect" {
			s.Redirect = a.URL
		}
		h.server.JSON(w, http.StatusOK, s)
	default:
		http.Redirect(w, r, h.next(r, f, p, in.Language, embed), http.StatusSeeOther)
	}
}

func (p *reading) first(name string) string {
	if v := p.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// next is where a browser goes: where the form says; back to a page of a site that the form's list names; else to the thanks. A parameter alone leads nowhere.
func (h *forms) next(r *http.Request, f form.Form, p *reading, lang string, embed bool) string {
	if a := f.Definition.After; a.Do == "redirect" {
		return a.URL
	}
	back := p.first("kanal_back")
	if u, err := url.Parse(back); err == nil && back != "" && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && !strings.Contains(back, `\`) &&
		len(f.Definition.Options.Domains) > 0 && h.allowed(f.Definition, u.Scheme+"://"+u.Host) {
		return u.String()
	}
	to := "/forms/" + f.Slug + "/thanks?lang=" + url.QueryEscape(lang)
	if embed {
		to += "&embed=1"
	}
	_ = r
	return to
}

func (h *forms) in(r *http.Request, f form.Form, p *reading) submission.In {
	ip := h.server.ClientIP(r)
	lang := p.first("kanal_language")
	if lang == "" {
		lang = r.Header.Get("Accept-Language")
	}
	in := submission.In{
		Form: f, Client: cut(p.first("kanal_id"), 100), Language: pick(f.Definition, lang), IP: ip, KeepIP: visitor.Address("truncate", ip), Agent: r.UserAgent(), Cookie: cut(p.first("kanal_visitor"), 64),
		Posted: form.Posted{Values: p.values, Files: p.files, Page: form.Page{URL: p.first("kanal_page"), Title: p.first("kanal_title"), Referrer: p.first("kanal_referrer")}},
		Signs:  submission.Signs{Stamp: p.first("kanal_time"), Work: p.first("kanal_work"), Trap: p.first("kanal_website"), Answer: p.first("kanal_answer")},
	}
	if in.Posted.Page.URL == "" {
		in.Posted.Page.URL = r.Referer()
	}
	if h.Country != nil {
		in.Country = h.Country(ip)
	}
	in.Test = h.trying(r, f, in.Posted.Page.URL)
	return in
}

// trying reports that somebody who makes forms looks whether this one works: on its own page, with test=1. A stranger cannot say so.
func (h *forms) trying(r *http.Request, f form.Form, page string) bool {
	u, err := url.Parse(page)
	if err != nil || u.Query().Get("test") != "1" || !strings.HasSuffix(u.Path, "/forms/"+f.Slug) {
		return false
	}
	v, err := h.server.Viewer(r.Context(), api.Credential(r))
	return err == nil && v.Can(access.FormsManage)
}

// grew: without a script, answers brought fields into sight that were not on the page yet. They are shown before anything is sent.
func (h *forms) grew(in submission.In, p *reading) bool {
	was, told := p.values["kanal_shown"]
	if !told || p.first("kanal_work") != "" {
		return false
	}
	had := strings.Fields(was[0])
	res := in.Form.Definition.Evaluate(in.Posted, in.Language)
	for _, f := range in.Form.Definition.Fields {
		if res.Shown[f.Name] && !f.Concealed() && !f.Placed() && !f.ReadOnly && f.Type != form.TypeHeading && !slices.Contains(had, f.Name) {
			return true
		}
	}
	return false
}

// again shows the form with what was typed and, beside the fields, what is wrong.
func (h *forms) again(w http.ResponseWriter, r *http.Request, in submission.In, p *reading, out submission.Outcome, embed bool) {
	t := wordsOf(in.Language)
	s := sheet{Form: in.Form, Language: in.Language, Values: p.values, Faults: out.Result.Faults, Embed: embed, Stamp: or(in.Signs.Stamp, h.Flow.Stamp(in.Form.ID)), Client: or(in.Client, nonce()), Page: in.Posted.Page}
	status := http.StatusUnprocessableEntity
	switch {
	case len(s.Faults) > 0:
		s.Notice = t.Wrong
		if f, ok := s.Faults[submission.AnswerName]; ok && f.Code == submission.FaultStale {
			s.Stamp = h.Flow.Stamp(in.Form.ID)
		}
	default:
		s.Notice, status = t.More, http.StatusOK
		if p.first("kanal_update") != "" {
			s.Notice = ""
		}
	}
	h.show(w, r, status, s)
}

func (h *forms) faults(f form.Form, lang string, out submission.Outcome) Sent {
	t := wordsOf(lang)
	s := Sent{Message: t.Wrong, Faults: map[string]string{}}
	for name, x := range out.Result.Faults {
		s.Faults[name] = t.fault(x)
	}
	_ = f
	return s
}
