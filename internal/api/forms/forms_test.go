package forms_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/forms"
	"github.com/kanalhq/kanal/internal/blob"
	formchannel "github.com/kanalhq/kanal/internal/channel/form"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/submission"
	"github.com/kanalhq/kanal/internal/view"
)

// who signs in by a word: an owner, or an agent, who may not see what is hidden.
type who struct{ owner, agent desk.User }

func (w who) Authenticate(_ context.Context, credential string) (access.Viewer, error) {
	u := w.owner
	if strings.Contains(credential, "agent") {
		u = w.agent
	}
	v := access.Viewer{User: u, Actor: desk.ByUser(u.ID), Scopes: []string{access.ScopeAll}, AllInboxes: true}
	if credential == "owner" || credential == "agent" { // a token of theirs
		v.Token = &access.Token{}
	}
	return v, nil
}

type world struct {
	*desktest.Desk
	t     *testing.T
	forms *form.Service
	http  *httptest.Server
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	k := desktest.New(t, d, desktest.Post{}, formchannel.New())
	w := &world{Desk: k, t: t, forms: form.New(k.Clock, k.Events)}
	blobs, err := blob.Disk(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	in := intake.New(intake.Deps{DB: d, Clock: k.Clock, Registry: k.Channels, Blobs: blobs, Events: k.Events, Jobs: job.New(d, k.Clock, nil, job.Options{}), Contacts: k.Contacts, Threads: k.Threads,
		Tickets: k.Tickets, Inbox: k.Inboxes, Assign: k.Assignment})
	flow := submission.New(submission.Deps{DB: d, Clock: k.Clock, Events: k.Events, Registry: k.Channels, Forms: w.forms, Contacts: k.Contacts, Inboxes: k.Inboxes, Tickets: k.Tickets, Properties: k.Properties,
		Intake: in, Key: make([]byte, 32)})
	in.Forms = flow
	base, _ := url.Parse("https://desk.acme.example")
	owner, agent := k.User(), k.User()
	owner.Role = desk.RoleOwner
	s := api.New(api.Deps{DB: d, Clock: k.Clock, Access: who{owner, agent}, Key: make([]byte, 32), BaseURL: base, Version: "test"})
	forms.Mount(s, forms.Deps{DB: d, Clock: k.Clock, Base: base, Forms: w.forms, Flow: flow, Inboxes: k.Inboxes, Tickets: k.Tickets, Contacts: k.Contacts, Settings: k.Settings, View: view.New(d, nil), Blobs: blobs})
	w.http = httptest.NewServer(s.Handler())
	t.Cleanup(w.http.Close)
	return w
}

func (w *world) do(method, path, kind, body string, headers ...string) (*http.Response, string) {
	w.t.Helper()
	r, _ := http.NewRequest(method, w.http.URL+path, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
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

func (w *world) make(change func(d *form.Definition)) form.Form {
	w.t.Helper()
	d := form.Starter("en")
	d.Options.Spam = "off"
	d.Fields = append(d.Fields, form.Field{Name: "campaign", Type: form.TypeHidden, From: "query:c", Label: form.Text{"": "Campaign"}})
	if change != nil {
		change(&d)
	}
	var f form.Form
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		f, err = w.forms.Create(ctx, tx, desk.System, form.NewForm{Name: "Contact", Slug: "contact", Definition: &d})
		return err
	})
	set, _ := json.Marshal(map[string]any{"form": f.Slug})
	w.Account(func(n *inbox.NewAccount) {
		n.Channel, n.Name, n.Slug, n.Settings = formchannel.Name, "Contact form", "contact-form", set
	})
	return f
}

const encoded = "application/x-www-form-urlencoded"

// FM-18: a form's page needs no session, loads nothing from elsewhere and runs under a policy that lets it do its work alone; its frame is for the sites that it names.
func TestAFormsPagesAreStrict(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.make(func(d *form.Definition) { d.Options.Domains = []string{"shop.example", "*.acme.example"} })
	res, body := w.do("GET", "/forms/contact?lang=en&subject=%22%3E%3Cscript%3E", "", "")
	policy := res.Header.Get("Content-Security-Policy")
	if res.StatusCode != 200 || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(body, "<script>") ||
		strings.Contains(strings.ReplaceAll(body, "https://desk.acme.example", ""), "//") {
		t.Errorf("%d %s\n%s", res.StatusCode, policy, body)
	}
	if strings.Contains(body, `name="pipeline"`) || strings.Contains(body, `name="campaign"`) {
		t.Error("a hidden field stands on the page")
	}
	if res, _ := w.do("GET", "/forms/contact/embed", "", ""); !strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-ancestors 'self' shop.example:* *.acme.example:*") {
		t.Error(res.Header)
	}
	if res, body := w.do("GET", "/forms/none", "", "", "Accept-Language", "da"); res.StatusCode != 404 || !strings.Contains(body, "Formularen findes ikke") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	for origin, want := range map[string]int{"https://shop.example": 200, "https://www.acme.example": 200, "https://evil.example": 403} {
		res, _ := w.do("POST", "/forms/contact", "application/json", `{"values":{"email":"a@example.com","subject":"s","message":"m"}}`, "Origin", origin, "Sec-Fetch-Site", "cross-site")
		if res.StatusCode != want || want == 200 && res.Header.Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("%s: %d %v", origin, res.StatusCode, res.Header)
		}
	}
}

// FM-18: the script is small, and for any page.
func TestTheScriptIsSmall(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	res, body := w.do("GET", "/forms.js", "", "", "Accept-Encoding", "gzip")
	if res.StatusCode != 200 || len(body) > 10<<10 || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d, %d bytes", res.StatusCode, len(body))
	}
}

// Without JavaScript: what is wrong stands beside the fields, what was typed stays; after sending one goes where the form says and nowhere that a parameter says.
func TestPlainPosts(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	f := w.make(nil)
	res, body := w.do("POST", "/forms/contact", encoded, "email=nobody&subject=%3Cb%3E&message=kept&kanal_language=de")
	if res.StatusCode != 422 || !strings.Contains(body, "Das ist keine E-Mail-Adresse.") && !strings.Contains(body, "This is no email address.") || !strings.Contains(body, ">kept</textarea>") || !strings.Contains(body, `value="&lt;b&gt;"`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	good := "email=a%40example.com&subject=s&message=m"
	if res, _ := w.do("POST", "/forms/contact", encoded, good+"&kanal_back=https%3A%2F%2Fevil.example%2F"); res.StatusCode != 303 || !strings.HasPrefix(res.Header.Get("Location"), "/forms/contact/thanks") {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	w.change(f, func(d *form.Definition) { d.Options.Domains = []string{"shop.example"} })
	for back, want := range map[string]string{"https://shop.example/ok": "https://shop.example/ok", "https://shop.example.evil.example/": "/forms/", "javascript:alert(1)": "/forms/", `https://shop.example\@evil.example`: "/forms/", "//evil.example": "/forms/"} {
		if res, _ := w.do("POST", "/forms/contact", encoded, good+"&kanal_back="+url.QueryEscape(back)); !strings.HasPrefix(res.Header.Get("Location"), want) {
			t.Errorf("%s leads to %s", back, res.Header.Get("Location"))
		}
	}
	w.change(f, func(d *form.Definition) { d.After = form.After{Do: "redirect", URL: "https://acme.example/done"} })
	if res, _ := w.do("POST", "/forms/contact", encoded, good); res.Header.Get("Location") != "https://acme.example/done" {
		t.Errorf("%v", res.Header)
	}
}

// FM-18: a line that sends on and on is not read any more, faulty or not: files are stored while they come.
func TestWhoSendsTooMuchIsNotReadAnyMore(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.make(nil)
	last := 0
	for range 245 {
		res, _ := w.do("POST", "/forms/contact", encoded, "email=nobody")
		last = res.StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 245th: %d", last)
	}
}

func (w *world) change(f form.Form, fn func(d *form.Definition)) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		now, err := w.forms.Get(ctx, tx, f.ID)
		if err != nil {
			return err
		}
		fn(&now.Definition)
		_, err = w.forms.Update(ctx, tx, desk.System, f.ID, form.Change{Definition: &now.Definition})
		return err
	})
}

// FM-10, CR-06, RP-05: the dashboard and the contact have everything; at the ticket hidden fields are for who may see submissions.
func TestHiddenFieldsAreForWhoMaySeeThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		f := w.make(nil)
		if res, body := w.do("POST", "/forms/contact", encoded, "name=%3DSUM(A1)&email=a%40example.com&subject=s&message=m&campaign=x&kanal_page="+url.QueryEscape("https://shop.example/?c=spring")); res.StatusCode != 303 {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		xs, err := w.forms.Find(context.Background(), d, form.Filter{Form: f.ID, Limit: 10})
		if err != nil || len(xs) != 1 {
			t.Fatal(err)
		}
		owner, agent := []string{"Authorization", "Bearer owner"}, []string{"Authorization", "Bearer agent"}
		for path, hidden := range map[string]bool{"/api/tickets/" + xs[0].TicketID.String() + "/submission": true, "/api/contacts/" + xs[0].ContactID.String() + "/submissions": true} {
			if res, body := w.do("GET", path, "", "", owner...); res.StatusCode != 200 || strings.Contains(body, `"x"`) != hidden || !strings.Contains(body, "c=spring") {
				t.Errorf("%s for the owner: %d %s", path, res.StatusCode, body)
			}
			if res, body := w.do("GET", path, "", "", agent...); res.StatusCode != 200 || strings.Contains(body, `"x"`) || strings.Contains(body, "Campaign") || strings.Contains(body, "spring") || !strings.Contains(body, "https://shop.example/") {
				t.Errorf("%s for an agent: %d %s", path, res.StatusCode, body)
			}
		}
		detail, err := view.New(d, nil).Ticket(context.Background(), view.SightOf(access.Viewer{AllInboxes: true}), xs[0].TicketID) // nor does the conversation carry them
		if told, _ := json.Marshal(detail.Threads); err != nil || strings.Contains(string(told), "spring") || !strings.Contains(string(told), "https://shop.example/") {
			t.Errorf("the conversation says %s, %v", told, err)
		}
		list := "/api/forms/" + f.ID.String() + "/submissions"
		if res, body := w.do("GET", list, "", "", owner...); res.StatusCode != 200 || !strings.Contains(body, `"campaign":"x"`) {
			t.Errorf("%d %s", res.StatusCode, body)
		}
		if res, _ := w.do("GET", list, "", "", agent...); res.StatusCode != 403 {
			t.Errorf("an agent reads the dashboard: %d", res.StatusCode)
		}
		if res, body := w.do("GET", list+".csv", "", "", owner...); res.StatusCode != 200 || !strings.Contains(body, "'=SUM(A1)") || !strings.Contains(body, "Campaign") {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	})
}

// FM-15: files are looked into, bounded and never run.
func TestFilesAreBoundedAndLookedInto(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.make(func(d *form.Definition) {
		d.Fields = append(d.Fields, form.Field{Name: "photo", Type: form.TypeFile, MaxFiles: 1, MaxMB: 1, Accept: []string{"image/*"}, Label: form.Text{"": "Photo"}})
	})
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 100)
	for name, c := range map[string]struct {
		content string
		status  int
	}{"a.png": {png, 303}, "b.png": {"MZ" + strings.Repeat("x", 600), 422}, "c.exe": {png, 422}, "d.png": {png + strings.Repeat("x", 1<<20), 422}, "e.png": {"<svg onload=alert(1)>", 422}} {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for k, v := range map[string]string{"email": "a@example.com", "subject": "s", "message": "m"} {
			_ = m.WriteField(k, v)
		}
		p, _ := m.CreateFormFile("photo", name)
		_, _ = io.WriteString(p, c.content)
		_ = m.Close()
		if res, body := w.do("POST", "/forms/contact", m.FormDataContentType(), b.String()); res.StatusCode != c.status {
			t.Errorf("%s: %d, want %d: %.300s", name, res.StatusCode, c.status, body)
		}
	}
}
