package widget_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/visitor"
)

// rig is the visitors' edge over every real service.
type rig struct {
	*desktest.Desk
	t         testing.TB
	http      *httptest.Server
	Intake    *intake.Service
	Identity  *identity.Service
	Visitors  *visitor.Service
	Consents  *consent.Service
	Chatflows *chatflow.Service
	Guard     *lobby.Guard
	Signer    *visitor.Signer
	acc       desk.ChannelAccount
	flow      chatflow.Flow
	limits    lobby.Limits
	country   string // that every address is in
	blobs     blob.Store
	avail     *availability.Service
	mailed    []string // transcripts: to whom
}

const base = "http://desk.example"

func newRig(t testing.TB, d *db.DB, settings string) *rig {
	t.Helper()
	return newRigWith(t, d, settings, lobby.Limits{})
}

func newRigWith(t testing.TB, d *db.DB, settings string, limits lobby.Limits) *rig {
	t.Helper()
	r := &rig{Desk: desktest.New(t, d, chat.New(), email.New(email.Options{})), t: t}
	blobs, err := blob.Disk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	jobs := job.New(d, r.Clock, nil, job.Options{})
	r.Visitors, r.Consents, r.Chatflows = visitor.New(r.Clock, r.Events), consent.New(r.Clock, r.Events), chatflow.New(d, r.Clock, r.Events)
	r.Intake = intake.New(intake.Deps{DB: d, Clock: r.Clock, Registry: r.Channels, Blobs: blobs, Events: r.Events, Jobs: jobs, Contacts: r.Contacts, Threads: r.Threads,
		Tickets: r.Tickets, Inbox: r.Inboxes, Assign: r.Assignment})
	r.Identity = identity.New(identity.Deps{DB: d, Clock: r.Clock, Events: r.Events, Contacts: r.Contacts, Threads: r.Threads, Tickets: r.Tickets, Journal: r.Intake, Files: blobs,
		Visitors: r.Visitors, Consents: r.Consents})
	r.Intake.Visitors = r.Identity
	avail := availability.New(availability.Deps{DB: d, Clock: r.Clock, Events: r.Events, Channels: r.Channels, People: r.People, Inboxes: r.Inboxes, Tickets: r.Tickets, Contacts: r.Contacts, Settings: r.Settings})
	r.avail = avail
	r.Guard = lobby.NewGuard(limits)
	r.Signer = visitor.NewSigner(bytes.Repeat([]byte{3}, 32), r.Clock)
	r.blobs = blobs
	r.http = r.node(r.Chatflows, avail)
	if settings == "" {
		settings = "{}"
	}
	r.acc = r.Account(func(n *inbox.NewAccount) {
		n.Channel, n.Slug, n.Settings = chat.Name, "website", json.RawMessage(settings)
	})
	r.flow = r.publish(r.acc.ID, "Live", chatflow.LiveChat, `{"texts":{"en":{"welcome":"Hello! How can we help?"},"da":{"welcome":"Hej!"}}}`)
	return r
}

// node is a server on the rig's database.
func (r *rig) node(flows *chatflow.Service, avail *availability.Service) *httptest.Server {
	u, _ := url.Parse(base)
	key := bytes.Repeat([]byte{9}, 32)
	s := api.New(api.Deps{DB: r.DB, Clock: r.Clock, Access: r.Access, Key: key, BaseURL: u, Version: "test"})
	widget.Mount(s, widget.Deps{
		DB: r.DB, Clock: r.Clock, Base: u, Registry: r.Channels, Visitors: r.Visitors, Identity: r.Identity, Signer: r.Signer, Consents: r.Consents, Inboxes: r.Inboxes, Settings: r.Settings,
		Threads: r.Threads, Chatflows: flows, Avail: avail, Intake: r.Intake, Guard: r.Guard, Blobs: r.blobs, Key: key, Preview: key, Country: func(string) string { return r.country },
		Facts: func(ctx context.Context, q db.Queryer, id desk.ContactID) (condition.Facts, error) {
			return r.Assignment.FactsOf(ctx, q, assignment.About{ContactID: id})
		},
		Transcript: func(_ context.Context, _ desk.ThreadID, to string) error { r.mailed = append(r.mailed, to); return nil },
		Mapper:     &widget.Mapper{People: r.People, Store: r.Threads, Registry: r.Channels, Signer: api.Signer{Key: key, Clock: r.Clock}},
	})
	r.stream(s, u)
	srv := httptest.NewServer(s.Handler())
	r.t.Cleanup(srv.Close)
	return srv
}

func (r *rig) publish(acc desk.ChannelAccountID, name, kind, def string) (f chatflow.Flow) {
	r.t.Helper()
	d, err := chatflow.Parse([]byte(def))
	if err != nil {
		r.t.Fatal(err)
	}
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		f, err = r.Chatflows.Create(ctx, tx, desk.System, chatflow.Flow{AccountID: acc, Name: name, Kind: kind, Active: true, Draft: d})
		if err == nil {
			f, err = r.Chatflows.Publish(ctx, tx, desk.System, f.ID, "")
		}
		return err
	})
	return f
}

// browser is a visitor's.
type browser struct {
	r       *rig
	token   string
	headers map[string]string
	id      string
}

func (r *rig) browser() *browser { return &browser{r: r, headers: map[string]string{}} }

type answer struct {
	t      testing.TB
	what   string
	status int
	body   string
	header http.Header
}

func (b *browser) do(method, path string, body any) *answer {
	b.r.t.Helper()
	var rd io.Reader
	switch v := body.(type) {
	case nil:
	case []byte:
		rd = bytes.NewReader(v)
	default:
		j, _ := json.Marshal(v)
		rd = bytes.NewReader(j)
	}
	req, err := http.NewRequest(method, b.r.http.URL+path, rd)
	if err != nil {
		b.r.t.Fatal(err)
	}
	req.Host = "desk.example"
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11) Firefox/140")
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
	for k, v := range b.headers {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.r.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, _ := io.ReadAll(resp.Body)
	return &answer{b.r.t, method + " " + path, resp.StatusCode, string(out), resp.Header}
}

// want checks the status and that texts are there, or not there with ! before them.
func (a *answer) want(status int, texts ...string) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %s", a.what, a.status, status, a.body)
	}
	for _, s := range texts {
		if no, ok := strings.CutPrefix(s, "!"); ok == strings.Contains(a.body, no) {
			a.t.Fatalf("%s: %q: %s", a.what, s, a.body)
		}
	}
	return a
}

func get[T any](a *answer) (v T) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
	return v
}

// hello says hello from a page of another site, as the loader does, and keeps the token.
func (b *browser) hello(in map[string]any) *answer {
	b.r.t.Helper()
	body := map[string]any{"url": "https://shop.example/", "title": "Shop", "reason": "load", "locale": "en", "token": b.token}
	for k, v := range in {
		body[k] = v
	}
	token := b.token
	b.token = ""
	b.headers["Origin"], b.headers["Sec-Fetch-Site"], b.headers["Content-Type"] = "https://shop.example", "cross-site", "text/plain"
	a := b.do("POST", "/widget/hello", body)
	delete(b.headers, "Origin")
	delete(b.headers, "Sec-Fetch-Site")
	delete(b.headers, "Content-Type")
	b.token = token
	b.keep(a)
	return a
}

func (b *browser) keep(a *answer) {
	v := get[struct {
		Visitor *struct{ ID, Token string }
	}](a).Visitor
	if a.status == 200 && v != nil {
		b.id = v.ID
		if v.Token != "" {
			b.token = v.Token
		}
	}
}

func (b *browser) arrive(in map[string]any) *answer {
	a := b.do("POST", "/widget/visitor", in).want(200)
	b.keep(a)
	return a
}

// say sends a message and returns it.
func (b *browser) say(thread, text string) widget.Sent {
	b.r.t.Helper()
	return get[widget.Sent](b.send(map[string]any{"thread": thread, "text": text}).want(201))
}

var uuids int

func uuid() string { uuids++; return fmt.Sprintf("00000000-0000-4000-8000-%012d", uuids) }

func (b *browser) send(in map[string]any) *answer {
	body := map[string]any{"id": uuid(), "flow": map[string]any{"id": b.r.flow.ID.String(), "number": 1}, "page": map[string]any{"url": "https://shop.example/cart", "title": "Cart"}}
	for k, v := range in {
		body[k] = v
	}
	return b.do("POST", "/widget/messages", body)
}

func (r *rig) token(email, first, last string) map[string]any {
	t, _ := r.Signer.Sign(email, first, last)
	return map[string]any{"email": email, "token": t}
}

func (r *rig) reply(th desk.ThreadID, text string) desk.Message {
	r.t.Helper()
	u := r.User(desktest.Named("Ida Berg"))
	var m desk.Message
	r.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		t, err := r.Threads.Lock(ctx, tx, th)
		if err != nil {
			return err
		}
		m, err = r.Threads.Append(ctx, tx, desk.Message{ThreadID: th, Kind: desk.KindMessage, Direction: desk.Outgoing, Channel: t.Channel, AccountID: t.AccountID, Actor: desk.ByUser(u.ID),
			Text: text, Status: desk.StatusSent, Client: "workspace"})
		return err
	})
	return m
}

func (r *rig) advance(d time.Duration) { r.Clock.Advance(d) }

func id[T ~int64](t testing.TB, s string) T {
	t.Helper()
	v, err := desk.ParseID[T](s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
