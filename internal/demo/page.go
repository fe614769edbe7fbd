package demo

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
	"github.com/kanalhq/kanal/internal/simulate"
)

//go:embed page.html
var pageFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"join":  strings.Join,
	"first": func(s string) string { return richtext.Snippet(s, 140) },
	"files": files, "sent": sent, "sender": sender,
}).ParseFS(pageFiles, "page.html"))

// Page shows the customers' mailboxes, where the demo's relay delivers, and lets a visitor write as a customer. Addresses are the
// team's, offered in the form.
type Page struct {
	Mail      *simulate.Mail
	Addresses []string
	Workspace string // where the agents sit
	Now       func() time.Time
	NewID     func() string
}

// Handler serves the page.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.list)
	mux.HandleFunc("GET /mail/{n}", p.show)
	mux.HandleFunc("GET /mail/{n}/source", p.source)
	mux.HandleFunc("GET /mail/{n}/html", p.html)
	mux.HandleFunc("GET /write", p.write)
	mux.HandleFunc("POST /write", p.post)
	all := http.NewServeMux()
	all.Handle("/", http.NewCrossOriginProtection().Handler(secure(mux)))
	p.shop(all)
	return all
}

func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

type pageData struct {
	Page      *Page
	View      string
	Mails     []simulate.Letter
	Mail      simulate.Letter
	Form      form
	Error     string
	Sent      string
	Customers []string
}

type form struct{ From, To, Subject, Text, InReplyTo, References string }

func (p *Page) render(w http.ResponseWriter, status int, d pageData) {
	d.Page = p
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, "page", d)
}

func (p *Page) list(w http.ResponseWriter, r *http.Request) {
	d := pageData{View: "list", Sent: r.URL.Query().Get("sent"), Customers: p.Mail.Addresses()}
	slices.Sort(d.Customers)
	d.Mails = p.Mail.Letters(desk.NormalizeEmail(r.URL.Query().Get("to")))
	slices.Reverse(d.Mails)
	d.Mails = d.Mails[:min(len(d.Mails), 200)]
	p.render(w, http.StatusOK, d)
}

func (p *Page) letter(n string) (simulate.Letter, bool) {
	id, _ := strconv.Atoi(n)
	for _, l := range p.Mail.Letters("") {
		if l.ID == id {
			return l, true
		}
	}
	return simulate.Letter{}, false
}

func (p *Page) find(w http.ResponseWriter, r *http.Request) (simulate.Letter, bool) {
	m, ok := p.letter(r.PathValue("n"))
	if !ok {
		http.NotFound(w, r)
	}
	return m, ok
}

// files lists a letter's attachments.
func files(l simulate.Letter) []string {
	var out []string
	for name, data := range l.Files {
		out = append(out, fmt.Sprintf("%s (%d KB)", name, (len(data)+1023)/1024))
	}
	slices.Sort(out)
	return out
}

// sent is when the team sent a letter, on the server's clock.
func sent(l simulate.Letter) time.Time {
	if t, err := l.Header.Date(); err == nil {
		return t.UTC()
	}
	return l.At.UTC()
}

// sender is the From line, decoded.
func sender(l simulate.Letter) string {
	from := l.Header.Get("From")
	if a, err := mail.ParseAddress(from); err == nil {
		if a.Name == "" {
			return a.Address
		}
		return a.Name + " <" + a.Address + ">"
	}
	return from
}

func (p *Page) show(w http.ResponseWriter, r *http.Request) {
	if m, ok := p.find(w, r); ok {
		p.render(w, http.StatusOK, pageData{View: "mail", Mail: m})
	}
}

func (p *Page) source(w http.ResponseWriter, r *http.Request) {
	if m, ok := p.find(w, r); ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(m.Raw)
	}
}

func (p *Page) html(w http.ResponseWriter, r *http.Request) {
	if m, ok := p.find(w, r); ok {
		w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(m.HTML))
	}
}

func (p *Page) write(w http.ResponseWriter, r *http.Request) {
	f := form{From: "Freja Lund <freja.lund@customers.example>"}
	if len(p.Addresses) > 0 {
		f.To = p.Addresses[0]
	}
	if m, ok := p.letter(r.URL.Query().Get("answer")); ok {
		f = answerTo(m)
	}
	p.render(w, http.StatusOK, pageData{View: "write", Form: f})
}

// answerTo fills the form as a mail program would on "reply".
func answerTo(m simulate.Letter) form {
	f := form{To: m.Header.Get("Reply-To"), Subject: m.Subject, InReplyTo: m.MessageID, References: m.Header.Get("References")}
	if f.To == "" {
		f.To = m.Header.Get("From")
	}
	if len(m.To) > 0 {
		f.From = m.To[0]
	}
	if !strings.HasPrefix(strings.ToLower(f.Subject), "re:") {
		f.Subject = "Re: " + f.Subject
	}
	f.Text = quoted("\n", sender(m), sent(m), m.Text)
	return f
}

func (p *Page) post(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	f := form{From: r.FormValue("from"), To: r.FormValue("to"), Subject: r.FormValue("subject"), Text: strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n"),
		InReplyTo: oneID(r.FormValue("in_reply_to")), References: r.FormValue("references")}
	from, err := mail.ParseAddress(f.From)
	if err != nil {
		p.render(w, http.StatusUnprocessableEntity, pageData{View: "write", Form: f, Error: "From must be an email address."})
		return
	}
	to, err := mail.ParseAddress(f.To)
	if err != nil {
		p.render(w, http.StatusUnprocessableEntity, pageData{View: "write", Form: f, Error: "To must be an email address."})
		return
	}
	l := Letter{From: *from, To: []mail.Address{*to}, Subject: strings.Join(strings.Fields(f.Subject), " "), Text: f.Text,
		Date: p.Now(), MessageID: p.NewID() + "@customers.example", InReplyTo: f.InReplyTo}
	for _, ref := range strings.Fields(f.References) {
		if id := oneID(ref); id != "" && id != f.InReplyTo {
			l.References = append(l.References, id)
		}
	}
	if err := p.Mail.Write(r.Context(), from.Address, []string{to.Address}, l.Bytes()); err != nil {
		p.render(w, http.StatusBadGateway, pageData{View: "write", Form: f, Error: "Kanal did not take the mail: " + err.Error()})
		return
	}
	http.Redirect(w, r, "/?sent=1", http.StatusSeeOther)
}

// oneID keeps a message id that can stand in a header, without brackets.
func oneID(s string) string {
	s = strings.Trim(strings.TrimSpace(s), "<>")
	if strings.ContainsAny(s, " \t\r\n<>") || len(s) > 500 {
		return ""
	}
	return s
}
