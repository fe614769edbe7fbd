package api_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/admin"
	"github.com/kanalhq/kanal/internal/api/agent"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/netx"
)

// What no database can store is refused in words, wherever it stands, on both: never a 500.
func TestWhatIsNoTextIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		owner := s.as(s.user("Olga Own", desk.RoleOwner))
		s.mail(s.mailAccount("support@acme.example"), letter("https://customer.example/x.png"))
		ticket := owner.do("GET", "/api/tickets", nil).str("items.0.id")
		thread := owner.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id")
		for _, path := range []string{
			"/api/contacts?q=%00", "/api/contacts?q=%ff", "/api/inbound?channel=a%00b", "/api/inbound?channel=%C0%80", "/api/trace/%00", "/api/trace/a%ff%fe", "/api/search?q=a%00b",
			"/api/tickets?view=%00", "/api/tickets?%00=1", "/api/tickets/%00", "/api/channel-accounts/%ff", "/api/setup?token=%00",
		} {
			owner.do("GET", path, nil).want(422, "request.not_text")
		}
		for _, w := range []struct{ method, path, body string }{
			{"PATCH", "/api/tickets/" + ticket, `{"category":"\u0000"}`}, {"PATCH", "/api/tickets/" + ticket, `{"properties":{"a\u0000":1}}`}, {"POST", "/api/tickets", `{"subject":"a\u0000b"}`},
			{"POST", "/api/threads/" + thread + "/messages", `{"type":"comment","text":"a\u0000b"}`}, {"PATCH", "/api/me", `{"preferences":{"x":{"y":["\u0000"]}}}`},
			{"POST", "/api/pipelines", `{"name":"\u0000"}`}, {"POST", "/api/session", `{"email":"\u0000","password":"x"}`}, {"POST", "/api/users", `{"email":"\u0000@x.example"}`},
		} {
			owner.do(w.method, w.path, w.body).want(422, "NUL")
		}
		owner.with("Idempotency-Key", "a\xff").do("POST", "/api/threads/"+thread+"/messages", `{"type":"comment","text":"hello"}`).want(422, "request.not_text")
		owner.do("POST", "/api/attachments?name=%e2%80%aegpj.exe", []byte("MZ")).want(201, `"name":"gpj.exe"`) // no letters that run backwards
		owner.do("PATCH", "/api/tickets/"+ticket, `{"category":"\\u0000"}`).want(200, `\\u0000`)               // text that looks like one is text
		owner.do("PATCH", "/api/tickets/"+ticket, "{\"subject\":\"a\xff\"}").want(200, "a\uFFFD")
	})
}

// Nobody reaches through an id into an inbox that is not theirs: what they may not see is not found, and nothing of it is told.
func TestAnInboxOutOfSightIsOutOfReach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ann, ben := s.user("Ann Holm", desk.RoleAgent), s.user("Ben Ode", desk.RoleSupervisor)
		acc := s.mailAccount("support@acme.example")
		s.mail(acc, letter("https://customer.example/x.png"))
		a, b := s.as(ann), s.as(ben)
		ticket := a.do("GET", "/api/tickets", nil).str("items.0.id")
		thread := a.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id")
		own := b.do("POST", "/api/tickets", map[string]any{"subject": "Mine"}).want(201).str("ticket.id")
		var message, file string
		for _, it := range a.do("GET", "/api/tickets/"+ticket+"/timeline", nil).json()["items"].([]any) {
			if m, ok := it.(map[string]any)["message"].(map[string]any); ok {
				message, file = m["id"].(string), m["attachments"].([]any)[0].(map[string]any)["id"].(string)
			}
		}
		upload := a.do("POST", "/api/attachments?name=plan.txt", []byte("the plan")).want(201).str("id")
		a.do("PUT", "/api/drafts?thread_id="+thread+"&type=reply", map[string]any{"text": "half a thought"}).want(200)
		a.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "comment", "text": "between us", "mentions": []string{ben.ID.String()}}).want(201)
		// A second inbox for the ticket that Ben may see; the first is Ann's alone from here on.
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Inboxes.UpdateInbox(ctx, tx, desk.System, acc.InboxID, inbox.InboxChange{Access: &desk.Access{Users: []desk.UserID{ann.ID}}})
			return err
		})
		a.do("GET", "/api/tickets/"+ticket, nil).want(200, "A bill")
		b.do("GET", "/api/tickets/"+own, nil).want(404) // the same inbox
		secret := []string{"!A bill", "!between us", "!half a thought", "!see the bill"}
		for _, path := range []string{
			"/api/tickets/" + ticket, "/api/tickets/" + ticket + "/timeline", "/api/tickets/" + ticket + "/why", "/api/tickets/" + ticket + "/ledger", "/api/threads/" + thread,
			"/api/threads/" + thread + "/timeline", "/api/threads?inbox_id=" + acc.InboxID.String(), "/api/messages/" + message, "/api/messages/" + message + "/source", "/api/messages/" + message + "/html",
			"/api/attachments/" + file, "/api/attachments/" + upload, "/api/trace/" + message, "/api/trace/" + ticket, "/api/trace/%3Cbill-1@customer.example%3E",
		} {
			b.do("GET", path, nil).want(404, secret...)
		}
		for _, path := range []string{"/api/tickets?view=open", "/api/tickets?view=mentions", "/api/tickets?view=inbox:" + acc.InboxID.String(), "/api/drafts?thread_id=" + thread, "/api/search?q=bill", "/api/events?after=0&poll=1&wait=0"} {
			b.do("GET", path, nil).want(200, secret...)
		}
		for _, w := range []struct {
			method, path string
			body         map[string]any
		}{
			{"PATCH", "/api/tickets/" + ticket, map[string]any{"subject": "x"}}, {"PATCH", "/api/tickets/" + ticket, map[string]any{}}, {"POST", "/api/tickets/" + ticket + "/assign", map[string]any{"owner_id": ben.ID}},
			{"POST", "/api/tickets/" + ticket + "/join", map[string]any{"other_id": own}}, {"POST", "/api/threads/" + thread + "/ticket", nil},
			{"POST", "/api/threads/" + thread + "/messages", map[string]any{"type": "comment", "text": "x"}}, {"POST", "/api/threads/" + thread + "/messages", map[string]any{"type": "reply", "text": "x"}},
			{"POST", "/api/messages/" + message + "/resend", map[string]any{}}, {"POST", "/api/messages/" + message + "/cancel", nil}, {"POST", "/api/messages/" + message + "/sender", map[string]any{"use": "original"}},
			{"PUT", "/api/drafts?thread_id=" + thread + "&type=reply", map[string]any{"text": "x"}}, {"PUT", "/api/drafts?ticket_id=" + ticket + "&type=reply", map[string]any{"text": "x"}},
			{"PUT", "/api/drafts", map[string]any{"thread_id": thread, "type": "comment", "text": "x"}}, {"POST", "/api/presence", map[string]any{"ticket_id": ticket, "state": "viewing"}},
		} {
			b.do(w.method, w.path, w.body).want(404, secret...)
		}
	})
}

// A file that stands in a message cannot be had by sending it on elsewhere: attachments are one's own uploads, or files of the same ticket.
func TestAFileOfAnotherMessageIsNotAttached(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	a, b := s.as(s.user("Ann Holm", desk.RoleAgent)), s.as(s.user("Ben Ode", desk.RoleAgent))
	s.mail(s.mailAccount("support@acme.example"), letter("https://customer.example/x.png"))
	ticket := a.do("GET", "/api/tickets", nil).str("items.0.id")
	thread := a.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id")
	upload := a.do("POST", "/api/attachments?name=plan.txt", []byte("the plan")).want(201).str("id")
	post := func(c *client, thread, file string, status int) {
		t.Helper()
		c.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "comment", "text": "look", "attachments": []string{file}}).want(status)
	}
	post(b, thread, upload, 404)
	post(a, thread, upload, 201)
	s.mail(s.mailAccount("sales@acme.example"), strings.ReplaceAll(letter("https://customer.example/y.png"), "mira@", "nils@"))
	other := ""
	for _, it := range a.do("GET", "/api/tickets", nil).json()["items"].([]any) {
		if id := it.(map[string]any)["id"].(string); id != ticket {
			other = a.do("GET", "/api/tickets/"+id, nil).str("threads.0.id")
		}
	}
	post(a, other, upload, 404)
	for _, it := range a.do("GET", "/api/tickets/"+ticket+"/timeline", nil).json()["items"].([]any) {
		if m, ok := it.(map[string]any)["message"].(map[string]any); ok && m["type"] == "message" {
			file := m["attachments"].([]any)[0].(map[string]any)["id"].(string)
			post(b, other, file, 404)
			post(b, thread, file, 201) // it is before them already
		}
	}
}

// The cookie counts only for requests from here, whatever they are dressed as.
func TestAnotherSiteCannotUseTheCookie(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	a := s.as(s.user("Ann Holm", desk.RoleAgent))
	for k, v := range map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} {
		for _, kind := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} {
			a.with(k, v).with("Content-Type", kind).do("PATCH", "/api/me", `{"name":"Eve"}`).want(403, "request.cross_origin")
		}
		a.with(k, v).do("DELETE", "/api/session", nil).want(403)
		a.with(k, v).with("Authorization", "Bearer").do("DELETE", "/api/session", nil).want(403)
		a.with(k, v).with("Authorization", "Bearer x").do("DELETE", "/api/session", nil).want(401) // then the cookie is not looked at
		s.nobody().with(k, v).do("POST", "/api/session", `{"email":"x@acme.example","password":"x"}`).want(403)
	}
	a.with("Origin", "null").do("DELETE", "/api/session", nil).want(403)
	a.with("X-HTTP-Method-Override", "DELETE").do("GET", "/api/session", nil).want(200)
	r := a.do("GET", "/api/session", nil).want(200)
	for _, h := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} {
		if v := r.header.Get(h); v != "" {
			t.Errorf("%s: %s", h, v)
		}
	}
	if req, _ := http.NewRequest("OPTIONS", s.http.URL+"/api/session", nil); req != nil {
		req.Header.Set("Origin", "https://evil.example")
		req.Header.Set("Access-Control-Request-Method", "DELETE")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode < 400 || strings.Contains(res.Header.Get("Access-Control-Allow-Methods"), "DELETE") {
			t.Errorf("a preflight of another site is answered %d", res.StatusCode)
		}
	}
}

// Opening a ticket in somebody's name is an assignment: a token without that scope may not.
func TestATicketIsGivenOnlyByWhoMayAssign(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	ann := s.user("Ann Holm", desk.RoleAgent)
	few := s.tokenOf(ann, "tickets.view", "tickets.edit")
	few.do("POST", "/api/tickets", map[string]any{"subject": "A", "owner_id": ann.ID}).want(403, "tickets.assign")
	few.do("POST", "/api/tickets", map[string]any{"subject": "A"}).want(201)
	s.as(ann).do("POST", "/api/tickets", map[string]any{"subject": "A", "owner_id": ann.ID}).want(201)
}

// A stored password is not sent to a server it was not entered for: not by a test of the connection, not by an edit.
func TestAStoredPasswordStaysWithItsServer(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	owner := s.as(s.user("Olga Own", desk.RoleOwner))
	settings := func(host, from string) map[string]any {
		return map[string]any{"kind": "imap", "address": "box@acme.example", "username": "box", "from_name": from,
			"imap": map[string]any{"host": host, "port": 1, "tls": "none"}, "smtp": map[string]any{"host": "127.0.0.1", "port": 1, "tls": "none"}}
	}
	made := owner.do("POST", "/api/channel-accounts", map[string]any{"channel": "email", "inbox_id": owner.do("GET", "/api/inboxes", nil).str("items.0.id"), "name": "Box",
		"accepted_terms": owner.do("GET", "/api/channels", nil).termsOf("email"), "settings": settings("127.0.0.1", "company"), "secrets": map[string]any{"password": "sesame"}}).want(201, "!sesame")
	id := made.str("id")
	check := func(host string, secrets map[string]any) reply {
		return owner.do("POST", "/api/channel-accounts/check", map[string]any{"channel": "email", "account_id": id, "settings": settings(host, "company"), "secrets": secrets})
	}
	check("127.0.0.1", nil).want(200, "imap_connect")
	check("127.0.0.2", nil).want(422, "channel_account.enter_again", `"field":"password"`, "!sesame")
	check("127.0.0.2", map[string]any{"password": ""}).want(422, "channel_account.enter_again")
	check("127.0.0.2", map[string]any{"password": "xyzzy"}).want(200, "imap_connect")
	patch := func(host, from string, secrets map[string]any) reply {
		return owner.do("PATCH", "/api/channel-accounts/"+id, map[string]any{"settings": settings(host, from), "secrets": secrets})
	}
	patch("127.0.0.2", "company", nil).want(422, "channel_account.enter_again")
	patch("127.0.0.1", "agent_and_company", nil).want(200, "agent_and_company", `"password"`)
	patch("127.0.0.2", "company", map[string]any{"password": "xyzzy"}).want(200, "127.0.0.2", "!xyzzy")
	owner.do("PATCH", "/api/channel-accounts/"+id, map[string]any{"name": "Other box"}).want(200, "Other box")
}

// termsOf is the version of the terms that a channel asks to accept.
func (r reply) termsOf(channel string) string {
	r.t.Helper()
	for _, c := range r.json()["items"].([]any) {
		m := c.(map[string]any)
		if m["channel"] == channel {
			terms, _ := m["terms"].(map[string]any)
			v, _ := terms["version"].(string)
			return v
		}
	}
	return ""
}

// A mail may name thousands of images: a few are fetched at a time, and the rest wait their turn.
func TestFewImagesAreFetchedAtOnce(t *testing.T) {
	var now, most, all atomic.Int32
	arrived, release := make(chan struct{}, 100), make(chan struct{})
	remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		all.Add(1)
		arrived <- struct{}{}
		<-release
		b, _ := base64.StdEncoding.DecodeString(pixel)
		_, _ = w.Write(b)
	}))
	defer remote.Close()
	s := newSite(t, dbtest.SQLite(t), func(_ *api.Deps, g *agent.Deps, _ *admin.Deps) {
		g.Images = netx.NewImages(netx.Guard{AllowPrivate: true})
	})
	var work sync.WaitGroup
	const asked = 24
	for i := range asked {
		work.Go(func() {
			u := fmt.Sprintf("%s/%d.png", remote.URL, i)
			if r := s.nobody().do("GET", "/api/proxy/image?u="+url.QueryEscape(u)+"&sig="+s.api.Sign("image", u), nil); r.status != 200 {
				t.Errorf("image %d: %d %s", i, r.status, r.text)
			}
		})
	}
	for range 8 {
		<-arrived // as many as there are places
	}
	close(release)
	work.Wait()
	if all.Load() != asked || most.Load() > 8 {
		t.Errorf("%d fetched, %d at once", all.Load(), most.Load())
	}
}

// Half of a file is not handed out as the file, and who guesses passwords is told when to come back.
func TestADamagedFileIsNotHandedOut(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, dbtest.SQLite(t), func(_ *api.Deps, g *agent.Deps, _ *admin.Deps) {
		var err error
		if g.Blobs, err = blob.Disk(dir); err != nil {
			t.Fatal(err)
		}
	})
	ann := s.user("Ann Holm", desk.RoleAgent)
	a := s.as(ann)
	up := a.do("POST", "/api/attachments?name=plan.txt", []byte("the whole plan")).want(201)
	id, sha := up.str("id"), up.str("sha256")
	a.do("GET", "/api/attachments/"+id, nil).want(200, "the whole plan")
	damaged := false
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(path, sha) {
			return err
		}
		damaged = true
		return errors.Join(os.Chmod(path, 0o600), os.Truncate(path, 7))
	}); err != nil || !damaged {
		t.Fatalf("the stored file was not found: %v", err)
	}
	a.do("GET", "/api/attachments/"+id, nil).want(404, "blob.damaged", "7 of its 14 bytes", "!the whole")
	for range 10 {
		s.nobody().do("POST", "/api/session", map[string]any{"email": ann.Email, "password": "wrong"}).want(401)
	}
	if r := s.nobody().do("POST", "/api/session", map[string]any{"email": ann.Email, "password": password}).want(429); r.header.Get("Retry-After") != "900" {
		t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
	}
}
