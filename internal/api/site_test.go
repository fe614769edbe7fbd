package api_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/afterchat"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/actions"
	"github.com/kanalhq/kanal/internal/api/admin"
	"github.com/kanalhq/kanal/internal/api/agent"
	apichat "github.com/kanalhq/kanal/internal/api/chat"
	directories "github.com/kanalhq/kanal/internal/api/directory"
	doors "github.com/kanalhq/kanal/internal/api/door"
	"github.com/kanalhq/kanal/internal/api/inform"
	"github.com/kanalhq/kanal/internal/api/lists"
	"github.com/kanalhq/kanal/internal/api/person"
	"github.com/kanalhq/kanal/internal/api/privacy"
	"github.com/kanalhq/kanal/internal/api/public"
	websites "github.com/kanalhq/kanal/internal/api/site"
	"github.com/kanalhq/kanal/internal/api/writing"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/bulk"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/echo"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/directory"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/door"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/hook"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/installation"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/keeping"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/netx"
	"github.com/kanalhq/kanal/internal/notify"
	"github.com/kanalhq/kanal/internal/oversight"
	"github.com/kanalhq/kanal/internal/purge"
	"github.com/kanalhq/kanal/internal/realtime"
	"github.com/kanalhq/kanal/internal/redaction"
	"github.com/kanalhq/kanal/internal/search"
	"github.com/kanalhq/kanal/internal/snippet"
	"github.com/kanalhq/kanal/internal/space"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/survey"
	"github.com/kanalhq/kanal/internal/switchboard"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/transfer"
	"github.com/kanalhq/kanal/internal/triage"
	"github.com/kanalhq/kanal/internal/view"
	"github.com/kanalhq/kanal/internal/visitor"
)

// site is a whole installation behind HTTP: every real service, the echo channel as its way in and out.
type site struct {
	Surveys *survey.Service
	Door    *door.Service
	*desktest.Desk
	t        testing.TB
	api      *api.Server
	http     *httptest.Server
	Threads  *thread.Service
	Contacts *contact.Service
	Intake   *intake.Service
	Dispatch *dispatch.Service
	View     *view.Service
	Hub      *realtime.Hub
	Blobs    blob.Store
	clients  map[desk.UserID]*client
}

type lateIntake struct{ s *site }

func (l lateIntake) Deliver(ctx context.Context, raws []channel.Raw) error {
	return l.s.Intake.Deliver(ctx, raws)
}

// tune changes how a site is made.
type tune func(*api.Deps, *agent.Deps, *admin.Deps)

func newSite(t testing.TB, d *db.DB, with ...tune) *site {
	t.Helper()
	return newSiteWith(t, d, []channel.Adapter{echo.New(), email.New(email.Options{})}, with...)
}

func newSiteWith(t testing.TB, d *db.DB, adapters []channel.Adapter, with ...tune) *site {
	t.Helper()
	s := &site{Desk: desktest.New(t, d, adapters...), t: t, clients: map[desk.UserID]*client{}}
	ctx, cancel := context.WithCancel(context.Background())
	s.Threads, s.Contacts = thread.New(s.Clock, s.Events), contact.New(s.Clock, s.Events)
	store, err := blob.Disk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.Blobs = store
	jobs := job.New(d, s.Clock, nil, job.Options{Poll: 50 * time.Millisecond})
	board := switchboard.New(switchboard.Deps{DB: d, Inbox: s.Inboxes, Events: s.Events, Registry: s.Channels, Blobs: s.Blobs, Clock: s.Clock, Intake: lateIntake{s}, Node: "test"})
	s.Intake = intake.New(intake.Deps{DB: d, Clock: s.Clock, Registry: s.Channels, Blobs: s.Blobs, Events: s.Events, Jobs: jobs, Contacts: s.Contacts, Threads: s.Threads,
		Tickets: s.Tickets, Inbox: s.Inboxes, Assign: s.Assignment, Lines: board})
	s.Dispatch = dispatch.New(dispatch.Deps{DB: d, Clock: s.Clock, Events: s.Events, Jobs: jobs, People: s.People, Contacts: s.Contacts, Inbox: s.Inboxes, Threads: s.Threads,
		Tickets: s.Tickets, Assign: s.Assignment, Board: board, Registry: s.Channels, Company: s.company, Links: dispatch.Links{Base: &url.URL{Scheme: "http", Host: "desk.example"}, Key: bytes.Repeat([]byte{8}, 32), Words: s.words}})
	s.View = view.New(d, func(name string) channel.Abilities {
		ad, ok := s.Channels.Get(name)
		if !ok {
			return channel.Abilities{}
		}
		return ad.Spec().Can
	})
	saved := customview.New(d, s.Clock, s.Events, s.Properties)
	s.View.Saved(saved)
	s.Hub = realtime.New(realtime.Deps{Events: s.Events, DB: d, InboxOf: s.View.InboxOf})

	base, _ := url.Parse("http://desk.example")
	s.Door = door.New(door.Deps{DB: d, Clock: s.Clock, Events: s.Events, Box: s.Box, Access: s.Access, People: s.People, Settings: s.Settings, Base: "https://desk.example", Web: http.DefaultClient})
	ad := api.Deps{Admit: s.Door.Admit, DB: d, Clock: s.Clock, Access: s.Access, Key: bytes.Repeat([]byte{9}, 32), BaseURL: base, Version: "test", SignInBurst: 1000}
	gd := agent.Deps{DB: d, Clock: s.Clock, Events: s.Events, Access: s.Access, Door: s.Door, People: s.People, Contacts: s.Contacts, Tickets: s.Tickets, Threads: s.Threads, Assign: s.Assignment,
		Dispatch: s.Dispatch, Correct: s.Intake, View: s.View, Hub: s.Hub, Blobs: s.Blobs, Settings: s.Settings, Inboxes: s.Inboxes, Images: netx.NewImages(netx.Guard{}),
		Search: search.New(d, s.Events, nil)}
	md := admin.Deps{DB: d, Clock: s.Clock, Registry: s.Channels, Access: s.Access, People: s.People, Inboxes: s.Inboxes, Tickets: s.Tickets, Properties: s.Properties, Settings: s.Settings,
		Intake: s.Intake, Board: board, View: s.View, Assign: s.Assignment, Oversight: oversight.New(d, s.Clock),
		Transfer: transfer.New(transfer.Deps{DB: d, Channels: s.Channels, People: s.People, Properties: s.Properties, Tickets: s.Tickets, Inboxes: s.Inboxes, Settings: s.Settings, Outside: transfer.Outside{Closed: true}}),
		Health: admin.Health{Jobs: jobs.Stats, Dead: jobs.DeadJobs, Search: func(context.Context) (int64, bool, error) { return 0, false, nil },
			Missing: func(context.Context) map[string]string { return map[string]string{} }, DiskFree: func() int64 { return 1 }}}
	s.Surveys = survey.New(survey.Deps{DB: d, Clock: s.Clock, Events: s.Events, Contacts: s.Contacts, Tickets: s.Tickets, Threads: s.Threads, Replies: s.Dispatch, Base: base,
		Key: bytes.Repeat([]byte{7}, 32), Keep: 30 * 24 * time.Hour, Words: func(ctx context.Context, q db.Queryer) (string, string, error) {
			c, err := s.Settings.Company(ctx, q)
			return c.Name, c.Locale, err
		}})
	md.Surveys = s.Surveys
	for _, w := range with {
		w(&ad, &gd, &md)
	}
	s.api = api.New(ad)
	agent.Mount(s.api, gd)
	doors.Mount(s.api, doors.Deps{DB: d, Door: s.Door, People: s.People})
	directories.Mount(s.api, directories.Deps{DB: d, Directory: directory.New(directory.Deps{DB: d, Clock: s.Clock, People: s.People, Access: s.Access, Settings: s.Settings, Base: "https://desk.example"})})
	admin.Mount(s.api, md)
	lists.Mount(s.api, lists.Deps{DB: d, View: s.View, Saved: saved, Spaces: space.New(s.Clock, s.Events)})
	apichat.MountFlows(s.api, apichat.FlowDeps{DB: d, Clock: s.Clock, Flows: chatflow.New(d, s.Clock, s.Events), Inboxes: s.Inboxes, Registry: s.Channels, Properties: s.Properties,
		People: s.People, Tickets: s.Tickets, Key: bytes.Repeat([]byte{6}, 32), BaseURL: base, Assign: s.Assignment, Contacts: s.Contacts, View: s.View, Hours: s.hasHours})
	s.more(jobs, store)
	s.work(jobs, store)
	websites.Mount(s.api, websites.Deps{DB: d, Inboxes: s.Inboxes, Settings: s.Settings, Base: base, Live: s.Channels.Live, Check: installation.Checker{Base: base, Private: true}})
	person.Mount(s.api, person.Deps{DB: d, Contacts: s.Contacts, Properties: s.Properties, People: s.People, View: s.View, Identity: identity.New(identity.Deps{
		DB: d, Clock: s.Clock, Events: s.Events, Contacts: s.Contacts, Threads: s.Threads, Tickets: s.Tickets, Journal: s.Intake, Files: s.Blobs,
	})})
	public.Mount(s.api, public.Deps{Links: s.Dispatch, Blobs: s.Blobs, Surveys: s.Surveys})
	s.api.Handle("/hooks/", hook.New(hook.Deps{DB: d, Registry: s.Channels, Inbox: s.Inboxes, Intake: s.Intake}))
	s.http = httptest.NewServer(s.api.Handler())

	var work sync.WaitGroup
	for _, run := range []func(context.Context){s.Events.Run, jobs.Run, s.Hub.Run, func(ctx context.Context) { _ = board.Run(ctx) }} {
		work.Add(1)
		go func() { defer work.Done(); run(ctx) }()
	}
	t.Cleanup(func() {
		s.Hub.Drain()
		s.http.Close()
		cancel()
		work.Wait()
		board.Close()
	})
	return s
}

// more mounts what people do beside reading and answering.
func (s *site) more(jobs *job.Queue, files blob.Store) {
	sieve := spam.New(s.DB, s.Clock, s.Events)
	desk := triage.New(triage.Deps{DB: s.DB, Clock: s.Clock, Jobs: jobs, People: s.People, Inboxes: s.Inboxes, Threads: s.Threads, Tickets: s.Tickets, Assign: s.Assignment, Senders: sieve})
	gone := purge.New(purge.Deps{DB: s.DB, Clock: s.Clock, Events: s.Events, Threads: s.Threads, Tickets: s.Tickets, Journal: s.Intake})
	kept := keeping.New(keeping.Deps{DB: s.DB, Clock: s.Clock, Events: s.Events, Jobs: jobs, Settings: s.Settings, Tickets: s.Tickets, Contacts: s.Contacts, Purge: gone, Log: slog.New(slog.DiscardHandler)})
	privacy.Mount(s.api, privacy.Deps{DB: s.DB, Registry: s.Channels, Settings: s.Settings, Keeping: kept, Threads: s.Threads, View: s.View, Redactions: redaction.New(redaction.Deps{
		DB: s.DB, Events: s.Events, Settings: s.Settings, Threads: s.Threads, Tickets: s.Tickets, Forms: form.New(s.Clock, s.Events), Journal: s.Intake, Held: kept.Held,
	})})
	many := bulk.New(bulk.Deps{DB: s.DB, Clock: s.Clock, Events: s.Events, Jobs: jobs, Access: s.Access, Tickets: s.Tickets, Assign: s.Assignment, Triage: desk, Purge: gone, View: s.View})
	writing.Mount(s.api, writing.Deps{DB: s.DB, Clock: s.Clock, People: s.People, Contacts: s.Contacts, Threads: s.Threads, Settings: s.Settings, Snippets: snippet.New(s.Clock, s.Events),
		Dispatch: s.Dispatch, View: s.View})
	actions.Mount(s.api, actions.Deps{DB: s.DB, View: s.View, Triage: desk})
	lists.MountBulk(s.api, many)
	lists.MountSpam(s.api, lists.SpamDeps{DB: s.DB, Spam: sieve, Windows: func(context.Context) (spam, trash time.Duration, err error) { return 0, 0, nil }})
	watched := visitor.New(s.Clock, s.Events)
	apichat.MountVisitors(s.api, apichat.VisitorDeps{DB: s.DB, View: s.View, Visitors: watched, Contacts: s.Contacts, Threads: s.Threads, Assign: s.Assignment, Consent: consent.New(s.Clock, s.Events),
		After:    afterchat.New(afterchat.Deps{DB: s.DB, Clock: s.Clock, Events: s.Events, Jobs: jobs, Threads: s.Threads, Tickets: s.Tickets, Inbox: s.Inboxes, Visitors: watched, Replies: s.Dispatch}),
		Handover: s.Intake.Handover, Presence: func(id visitorID) lobby.Presence { return lobby.Presence{} }})
	inform.Mount(s.api, inform.Deps{DB: s.DB, Notify: notify.New(notify.Deps{DB: s.DB, Clock: s.Clock, Events: s.Events, People: s.People})})
}

// visitorID is named here, where desk is a flow.
type visitorID = desk.VisitorID

func (s *site) company(ctx context.Context, q db.Queryer) (string, error) {
	c, err := s.Settings.Company(ctx, q)
	return c.Name, err
}

func (s *site) words(ctx context.Context, q db.Queryer) (string, string, error) {
	c, err := s.Settings.Company(ctx, q)
	return c.Locale, c.Timezone, err
}

// echoAccount connects an echo account with an address to an inbox.
func (s *site) echoAccount(address string, in desk.Inbox) desk.ChannelAccount {
	return s.Account(desktest.In(in), func(n *inbox.NewAccount) {
		n.Settings = fmt.Appendf(nil, `{"address":%q}`, address)
		n.Secrets = json.RawMessage(`{"secret":"shh"}`)
	})
}

// write is a customer writing to an account's address; key names the conversation.
func (s *site) write(address, from, key, id, text string) {
	s.t.Helper()
	item, _ := json.Marshal(map[string]any{"account": address, "id": id, "from": from, "name": strings.ToUpper(from[:1]) + from[1:], "key": key, "text": text})
	body := []byte(`{"items":[` + string(item) + `]}`)
	m := hmac.New(sha256.New, []byte("shh"))
	m.Write(body)
	req, _ := http.NewRequest("POST", s.http.URL+"/hooks/echo/", bytes.NewReader(body))
	req.Header.Set(echo.SignatureHeader, hex.EncodeToString(m.Sum(nil)))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		b, _ := io.ReadAll(res.Body)
		s.t.Fatalf("the hook answered %d: %s", res.StatusCode, b)
	}
}

// mailAccount connects a hosted mail address to the help desk.
func (s *site) mailAccount(address string) desk.ChannelAccount {
	return s.Account(func(n *inbox.NewAccount) {
		n.Channel, n.Settings = email.Name, fmt.Appendf(nil, `{"kind":"hosted","address":%q,"from_name":"agent_and_company"}`, address)
	})
}

// mail is a mail that arrives at an account.
func (s *site) mail(acc desk.ChannelAccount, raw string) {
	s.t.Helper()
	r := channel.Raw{Account: acc.ID, Channel: email.Name, Body: []byte(strings.ReplaceAll(raw, "\n", "\r\n")), At: s.Clock.Now(), Envelope: channel.Envelope{From: "mira@customer.example", To: []string{acc.Address}}}
	r.Dedupe = email.DedupeKey(r)
	if err := s.Intake.Deliver(context.Background(), []channel.Raw{r}); err != nil {
		s.t.Fatal(err)
	}
}

// client is somebody with a browser.
type client struct {
	s      *site
	cookie string
	token  string
	header http.Header
}

const password = "correct horse battery staple"

// as signs a user in.
func (s *site) as(u desk.User) *client {
	s.t.Helper()
	if c := s.clients[u.ID]; c != nil {
		return c
	}
	token := ""
	s.Write(func(ctx context.Context, tx *db.Tx) error {
		var err error
		token, _, err = s.Access.CreateLink(ctx, tx, access.PurposeInvite, u.ID)
		return err
	})
	c := s.nobody()
	r := c.do("POST", "/api/setup", map[string]any{"token": token, "password": password})
	if r.status != 200 {
		s.t.Fatalf("setting a password: %d %s", r.status, r.text)
	}
	for _, k := range r.cookies {
		if k.Name == api.Cookie {
			c.cookie = k.Value
		}
	}
	s.clients[u.ID] = c
	return c
}

// tokenOf is a program that acts as a user.
func (s *site) tokenOf(u desk.User, scopes ...string) *client {
	s.t.Helper()
	c := s.nobody()
	s.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		c.token, _, err = s.Access.CreateToken(ctx, tx, desk.System, u.ID, "test", scopes, 0)
		return err
	})
	return c
}

func (s *site) nobody() *client { return &client{s: s, header: http.Header{}} }

// user makes a user of a role.
func (s *site) user(name string, role desk.Role) desk.User {
	return s.User(desktest.Named(name), desktest.Role(role))
}

type reply struct {
	status  int
	text    string
	header  http.Header
	cookies []*http.Cookie
	t       testing.TB
}

func (c *client) do(method, path string, body any) reply {
	c.s.t.Helper()
	var in io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		in, kind = bytes.NewReader(b), "application/octet-stream"
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.s.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, c.s.http.URL+path, in)
	if err != nil {
		c.s.t.Fatal(err)
	}
	for k, v := range c.header {
		req.Header[k] = v
	}
	if in != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", kind)
	}
	if c.cookie != "" {
		req.AddCookie(&http.Cookie{Name: api.Cookie, Value: c.cookie})
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	r := reply{status: res.StatusCode, text: string(b), header: res.Header, cookies: res.Cookies(), t: c.s.t}
	c.s.holdToSchema(method, path, r)
	return r
}

// with is the same client sending a header.
func (c *client) with(k, v string) *client {
	out := *c
	out.header = c.header.Clone()
	out.header.Set(k, v)
	return &out
}

// want checks a status and words.
func (r reply) want(status int, words ...string) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.text)
	}
	for _, w := range words {
		if absent, ok := strings.CutPrefix(w, "!"); ok {
			if strings.Contains(r.text, absent) {
				r.t.Fatalf("%q is in the answer: %s", absent, r.text)
			}
		} else if !strings.Contains(r.text, w) {
			r.t.Fatalf("%q is not in the answer: %s", w, r.text)
		}
	}
	return r
}

// json decodes the answer.
func (r reply) json() map[string]any {
	r.t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.text), &m); err != nil {
		r.t.Fatalf("%v: %s", err, r.text)
	}
	return m
}

// get walks the answer: "ticket.id", "items.0.name".
func (r reply) get(path string) any {
	r.t.Helper()
	var v any = r.json()
	for _, p := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[p]
		case []any:
			var i int
			if _, err := fmt.Sscan(p, &i); err != nil || i >= len(x) {
				r.t.Fatalf("%s: no %s in %s", path, p, r.text)
			}
			v = x[i]
		default:
			r.t.Fatalf("%s: no %s in %s", path, p, r.text)
		}
	}
	return v
}

func (r reply) str(path string) string { r.t.Helper(); s, _ := r.get(path).(string); return s }

// eventually waits for a condition that another goroutine brings about, without sleeping longer than needed.
func (s *site) eventually(what string, ok func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			s.t.Fatalf("it never came: %s", what)
		}
		<-tick.C
	}
}

// withTickets makes an account of an inbox open tickets, over echo.
func withTickets(n *inbox.NewAccount) {
	n.Settings, n.Secrets = json.RawMessage(`{"address":"tickets"}`), json.RawMessage(`{"secret":"shh"}`)
	n.Ticket = &desk.TicketPolicy{Create: "always"}
}
