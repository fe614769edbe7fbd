package widget

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"io"
	"mime/multipart"
	"net/http"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/visitor"
)

// plain is the chat for who has no JavaScript: one page with a form. What is written there takes the road of every visitor's message; the answer goes by mail, since
// nothing can show it. It sets no cookie, and keeps the browser for the session alone.
type plain struct {
	*widget
	mu   sync.Mutex
	sent map[string]desk.VisitorID // forms that were sent from this process lately: pressed twice, one is one
}

// mountPlain adds the page.
func (w *widget) mountPlain() {
	p := &plain{widget: w, sent: map[string]desk.VisitorID{}}
	w.server.Handle("GET /widget/plain", http.HandlerFunc(p.show))
	w.server.Handle("POST /widget/plain", http.HandlerFunc(p.take))
}

// sheet is what the page shows.
type sheet struct {
	Words                    plainWords
	Locale, Dir, Nonce       string
	Company, Color, OnColor  string
	ID, Account, URL         string
	Name, Email, Text, Error string
	Notice                   consent.Notice
	Asks, Tells, Files       bool
	Sent, Closed             bool
	MaxMB                    int
	acc                      account
}

const maxForm = 1 << 20 // of a form, beside its files

func (p *plain) show(w http.ResponseWriter, r *http.Request) {
	if err := p.Guard.Take(lobby.Hello, 0, p.server.ClientIP(r)); err != nil {
		p.server.Fail(w, r, err)
		return
	}
	at := r.URL.Query().Get("url")
	if at == "" {
		at = r.Referer()
	}
	s, err := p.sheet(r, r.URL.Query().Get("account"), at)
	if err != nil {
		p.server.Fail(w, r, err)
		return
	}
	s.Sent = r.URL.Query().Get("sent") == "1"
	p.page(w, r, http.StatusOK, s)
}

// sheet finds the account that a page of a website leads to, and the words for it.
func (p *plain) sheet(r *http.Request, named, at string) (sheet, error) {
	ctx := r.Context()
	asked := r.URL.Query().Get("locale")
	if asked == "" {
		asked, _, _ = strings.Cut(strings.SplitN(r.Header.Get("Accept-Language"), ",", 2)[0], ";")
	}
	s := sheet{ID: rand.Text(), URL: at}
	acc, err := p.of(r, named, at, asked)
	if err != nil {
		return s, err
	}
	company, err := p.Settings.Company(ctx, p.DB)
	if err != nil {
		return s, err
	}
	s.acc, s.Company, s.Closed = acc, company.Name, acc.ID == 0
	langs := []string{asked, company.Locale}
	if !s.Closed {
		langs = p.langs(ctx, acc, asked)
		look := (&greeting{w: p.widget, r: r, acc: acc}).appearance(ctx, langs)
		s.Account, s.Color, s.OnColor = acc.ID.String(), look.Color, look.OnColor
		s.Files, s.MaxMB = acc.set.Files.Enabled, acc.set.Files.MaxMB
		if n, ok := consent.NoticeOf(acc.set.Privacy, langs...); ok {
			s.Notice, s.Asks, s.Tells = n, n.Kind == consent.Explicit, n.Kind == consent.Implicit
		}
	}
	s.Locale, s.Words = plainIn(langs...)
	s.Dir = dir(s.Locale)
	return s, nil
}

// of is the account that is named, else that of the chatflow which would show on the page, else the first that takes the page.
func (p *plain) of(r *http.Request, named, at, locale string) (account, error) {
	if id, err := desk.ParseID[desk.ChannelAccountID](named); err == nil && id != 0 {
		acc, err := p.accountOf(r.Context(), id)
		if desk.CodeOf(err) == desk.Conflict {
			return account{}, nil
		}
		return acc, err
	}
	g := &greeting{w: p.widget, r: r, in: HelloIn{URL: at, Locale: locale}}
	if err := g.weigh(r.Context()); err != nil || g.acc.ID != 0 {
		return g.acc, err
	}
	all, err := p.accounts(r.Context())
	var first account
	for _, a := range all {
		if g.off(a, true) == "" && (first.ID == 0 || a.ID < first.ID) {
			first = a
		}
	}
	return first, err
}

func (p *plain) page(w http.ResponseWriter, r *http.Request, status int, s sheet) {
	s.Nonce = rand.Text()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", s.Locale)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Referrer-Policy", "same-origin") // the form says where it comes from
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+s.Nonce+"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	var b bytes.Buffer
	if err := plainPage.Execute(&b, s); err != nil {
		p.server.Fail(w, r, err)
		return
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}

// take files what was written and leads on to the thanks, so that loading the page again sends nothing.
func (p *plain) take(w http.ResponseWriter, r *http.Request) {
	limit := int64(maxForm)
	if all, err := p.accounts(r.Context()); err == nil {
		for _, a := range all {
			limit = max(limit, maxForm+maxBytes(a.set))
		}
	}
	api.Body(w, r, limit)
	err := r.ParseMultipartForm(maxForm)
	if errors.Is(err, http.ErrNotMultipart) {
		err = r.ParseForm()
	}
	tooMuch := err != nil && api.TooLarge(err)
	if err != nil && !tooMuch {
		p.server.Fail(w, r, desk.Errorf(desk.Invalid, "request.invalid", "That is no form of this page.").Because(err))
		return
	}
	if r.MultipartForm != nil {
		defer func() { _ = r.MultipartForm.RemoveAll() }()
	}
	value := func(name string) string { return strings.TrimSpace(r.FormValue(name)) }
	named, at := "", ""
	if !tooMuch {
		named, at = value("account"), value("url")
	}
	s, err := p.sheet(r, named, at)
	if err != nil {
		p.server.Fail(w, r, err)
		return
	}
	if tooMuch {
		s.Error = s.Words.TooLarge
		p.page(w, r, http.StatusRequestEntityTooLarge, s)
		return
	}
	s.Name, s.Email, s.Text = value("name"), value("address"), value("text")
	if id := value("id"); len(id) >= 8 && len(id) <= 64 {
		s.ID = id
	}
	done := "/widget/plain?sent=1&account=" + s.Account
	if value("website") != "" { // no person sees that field
		p.Guard.Refuse("robot")
		http.Redirect(w, r, done, http.StatusSeeOther)
		return
	}
	if s.Error = p.wrong(s, r.FormValue("agree") == "yes"); s.Error != "" {
		p.page(w, r, http.StatusUnprocessableEntity, s)
		return
	}
	if err := p.submit(r, s); err != nil {
		p.refused(w, r, s, err)
		return
	}
	http.Redirect(w, r, done, http.StatusSeeOther)
}

// refused shows the form again, with what was written and what was in its way.
func (p *plain) refused(w http.ResponseWriter, r *http.Request, s sheet, err error) {
	switch desk.CodeOf(err) {
	case desk.Internal, desk.Unavailable:
		p.server.Fail(w, r, err)
		return
	case desk.TooLarge:
		s.Error = s.Words.TooLarge
	default:
		s.Error = s.Words.Failed
	}
	p.page(w, r, http.StatusUnprocessableEntity, s)
}

// wrong says what is missing, in the reader's language.
func (p *plain) wrong(s sheet, agreed bool) string {
	addr, err := mail.ParseAddress(s.Email)
	switch {
	case s.Closed:
		return s.Words.Closed
	case err != nil || addr.Name != "" || !strings.Contains(s.Email, "."):
		return s.Words.NeedEmail
	case s.Text == "":
		return s.Words.NeedText
	case len([]rune(s.Text)) > maxText:
		return s.Words.TooLong
	case s.Asks && !agreed:
		return s.Words.NeedConsent
	}
	return ""
}

// submit makes the browser known for this one conversation, notes its address and consent, and hands the message to intake.
func (p *plain) submit(r *http.Request, s sheet) error {
	ctx := r.Context()
	v, err := p.who(r, s)
	if err != nil {
		return err
	}
	if err := p.Guard.Take(lobby.Message, v.ID, p.server.ClientIP(r)); err != nil {
		return err
	}
	if s.Asks {
		err := p.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := p.Consents.Record(ctx, tx, p.proof(r, v, s.acc, s.Notice, consent.Given))
			return err
		})
		if err != nil {
			return err
		}
	}
	if v, err = db.Written(ctx, p.DB, func(ctx context.Context, tx *db.Tx) (visitor.Visitor, error) {
		return p.Identity.Claim(ctx, tx, v.ID, s.Name, s.Email, "")
	}); err != nil {
		return err
	}
	files := []string{}
	if r.MultipartForm != nil && s.Files {
		for _, f := range r.MultipartForm.File["files"] {
			if f.Size == 0 {
				continue // no file was chosen
			}
			receipt, err := p.keep(ctx, r, v, f)
			if err != nil {
				return err
			}
			files = append(files, receipt)
		}
	}
	_, _, err = p.widget.take(ctx, r, v, SendIn{ID: s.ID, Account: s.acc.ID, Text: s.Text, Files: files, Page: PageIn{URL: s.URL}, Locale: s.Locale})
	return err
}

// who is the visitor of a form; of one that was sent already, the same.
func (p *plain) who(r *http.Request, s sheet) (visitor.Visitor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if id, ok := p.sent[s.ID]; ok {
		return p.Visitors.Get(r.Context(), p.DB, id)
	}
	if err := p.Guard.Take(lobby.Create, 0, p.server.ClientIP(r)); err != nil {
		return visitor.Visitor{}, err
	}
	v, _, err := p.begin(r.Context(), p.glimpse(r, s.acc, HelloIn{URL: s.URL, Locale: s.Locale, SessionOnly: true}, false))
	if err != nil {
		return v, err
	}
	if err := v.Banned(); err != nil {
		return v, err
	}
	if len(p.sent) > 1000 {
		clear(p.sent)
	}
	p.sent[s.ID] = v.ID
	return v, nil
}

// keep stores a file of the form as an upload is.
func (p *plain) keep(ctx context.Context, r *http.Request, v visitor.Visitor, f *multipart.FileHeader) (string, error) {
	if err := p.Guard.Take(lobby.Upload, v.ID, p.server.ClientIP(r)); err != nil {
		return "", err
	}
	body, err := f.Open()
	if err != nil {
		return "", err
	}
	defer body.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	rc := receipt{Visitor: v.ID, Until: p.Clock.Now().Add(time.Hour).Unix()}
	rc.File.Name, rc.File.Type = fileName(f.Filename), typeOf(http.DetectContentType(head[:n]), f.Filename)
	if rc.File.SHA256, rc.File.Size, err = p.Blobs.Put(ctx, io.MultiReader(bytes.NewReader(head[:n]), body)); err != nil {
		return "", err
	}
	return p.sealReceipt(rc)
}

var plainPage = template.Must(template.New("plain").Parse(`<!doctype html>
<html lang="{{.Locale}}" dir="{{.Dir}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{{.Words.Title}}{{if .Company}} – {{.Company}}{{end}}</title>
<style nonce="{{.Nonce}}">:root{color-scheme:light dark}body{font:1.05rem/1.5 system-ui,sans-serif;max-width:36rem;margin:8vh auto;padding:0 1.25rem}h1{font-size:1.5rem}
label{display:block;margin:1rem 0 .25rem;font-weight:600}input:not([type=checkbox]),textarea{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;border:1px solid #8a8a8a;border-radius:.5rem}
textarea{min-height:9rem}button{font:inherit;font-weight:600;margin-top:1.25rem;padding:.7rem 1.5rem;border:0;border-radius:.5rem;background:{{if .Color}}{{.Color}}{{else}}#1f4f8f{{end}};color:{{if .OnColor}}{{.OnColor}}{{else}}#fff{{end}}}
.w{position:absolute;inset-inline-start:-99rem}.e{padding:.7rem 1rem;border-radius:.5rem;background:#fdecea;color:#7a1410}.h{font-weight:400}</style></head><body><main><h1>{{.Words.Title}}</h1>
{{if .Sent}}<p role="status">{{.Words.Thanks}}</p>{{else if .Closed}}<p>{{.Words.Closed}}</p>{{else}}{{if .Error}}<p class="e" role="alert">{{.Error}}</p>{{end}}<p>{{.Words.Lead}}</p>
<form method="post" action="/widget/plain?locale={{.Locale}}" enctype="multipart/form-data"><input type="hidden" name="id" value="{{.ID}}"><input type="hidden" name="account" value="{{.Account}}"><input type="hidden" name="url" value="{{.URL}}">
<p class="w" aria-hidden="true"><label for="website">Website</label><input id="website" name="website" tabindex="-1" autocomplete="off"></p>
<label for="name">{{.Words.Name}}</label><input id="name" name="name" autocomplete="name" maxlength="200" value="{{.Name}}">
<label for="address">{{.Words.Email}}</label><input id="address" name="address" type="email" autocomplete="email" required maxlength="254" value="{{.Email}}">
<label for="text">{{.Words.Text}}</label><textarea id="text" name="text" required maxlength="10000">{{.Text}}</textarea>
{{if .Files}}<label for="files">{{.Words.Files}} <span class="h">({{.Words.UpTo}} {{.MaxMB}} MB)</span></label><input id="files" name="files" type="file" multiple>{{end}}
{{if .Asks}}<p><label><input type="checkbox" name="agree" value="yes" required> <span class="h">{{.Notice.Text}}</span></label></p>{{end}}{{if .Tells}}<p>{{.Notice.Text}}</p>{{end}}
<button>{{.Words.Send}}</button></form>{{end}}</main></body></html>
`))
