package dialogue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/dialogue"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/switchboard"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/webchat"
)

// rig is a desk with a chat channel and bots.
type rig struct {
	*desktest.Desk
	t        *testing.T
	acc      desk.ChannelAccount
	mail     desk.ChannelAccount
	flows    *chatflow.Service
	visitors *visitor.Service
	consents *consent.Service
	jobs     *job.Queue
	board    *switchboard.Board
	intake   *intake.Service
	s        *dialogue.Service
	out      *dispatch.Service
	guard    *lobby.Guard
	client   *http.Client
	stop     func()
	n        int
}

func newRig(t *testing.T, d *db.DB, with ...func(*inbox.NewAccount)) *rig {
	t.Helper()
	r := &rig{t: t, Desk: desktest.New(t, d, chat.New(), desktest.Post{}), client: http.DefaultClient, guard: lobby.NewGuard(lobby.DefaultLimits)}
	with = append([]func(*inbox.NewAccount){func(n *inbox.NewAccount) { n.Settings = json.RawMessage(`{}`) }}, with...)
	r.acc = r.Account(append(with, func(n *inbox.NewAccount) { n.Channel = chat.Name })...)
	r.mail = r.Account(func(n *inbox.NewAccount) { n.Channel = desktest.Post{}.Spec().Channel })
	r.flows = chatflow.New(d, r.Clock, r.Events)
	r.visitors, r.consents = visitor.New(r.Clock, r.Events), consent.New(r.Clock, r.Events)
	r.start()
	return r
}

// start builds everything that runs anew, as after a restart. The queue does not run yet.
func (r *rig) start() {
	r.t.Helper()
	blobs, err := blob.Disk(filepath.Join(r.t.TempDir(), "blobs"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.jobs = job.New(r.DB, r.Clock, nil, job.Options{Workers: 6, Poll: 10 * time.Millisecond, Drain: time.Second, Lease: time.Minute, Base: 20 * time.Millisecond})
	late := &struct{ *intake.Service }{}
	r.board = switchboard.New(switchboard.Deps{DB: r.DB, Inbox: r.Inboxes, Events: r.Events, Registry: r.Channels, Blobs: blobs, Clock: r.Clock, Intake: late, Node: "test"})
	r.intake = intake.New(intake.Deps{DB: r.DB, Clock: r.Clock, Registry: r.Channels, Blobs: blobs, Events: r.Events, Jobs: r.jobs, Contacts: r.Contacts, Threads: r.Threads,
		Tickets: r.Tickets, Inbox: r.Inboxes, Assign: r.Assignment, Lines: r.board})
	late.Service = r.intake
	company := func(context.Context, db.Queryer) (string, error) { return "Acme", nil }
	out := dispatch.New(dispatch.Deps{DB: r.DB, Clock: r.Clock, Events: r.Events, Jobs: r.jobs, People: r.People, Contacts: r.Contacts, Inbox: r.Inboxes, Threads: r.Threads,
		Tickets: r.Tickets, Assign: r.Assignment, Board: r.board, Registry: r.Channels, Company: company, Visitors: claims{r.visitors}})
	ident := identity.New(identity.Deps{DB: r.DB, Clock: r.Clock, Events: r.Events, Contacts: r.Contacts, Threads: r.Threads, Tickets: r.Tickets, Journal: r.intake, Files: blobs,
		Visitors: r.visitors, Consents: r.consents})
	r.intake.Visitors = ident
	r.s = dialogue.New(dialogue.Deps{DB: r.DB, Clock: r.Clock, Events: r.Events, Jobs: r.jobs, Flows: r.flows, Threads: r.Threads, Tickets: r.Tickets, Contacts: r.Contacts,
		Inboxes: r.Inboxes, Visitors: r.visitors, Properties: r.Properties, Assign: r.Assignment, Dispatch: out, Intake: r.intake, Identity: ident, Consents: r.consents, Company: company, Client: r.client,
		Sender: func(context.Context, desk.Thread) (desk.ChannelAccount, error) { return r.mail, nil }, Mails: r.guard.Mails})
	r.intake.Dialogue, out.Bots, r.out = r.s, r.s, out
}

// claims are the addresses that visitors gave.
type claims struct{ visitors *visitor.Service }

func (c claims) Mail(ctx context.Context, q db.Queryer, id desk.VisitorID) (desk.Party, error) {
	v, err := c.visitors.Get(ctx, q, id)
	return desk.Party{Field: "to", Kind: desk.AddrEmail, Address: v.ClaimedEmail}, err
}

// run lets the queue work until the test ends or r.stop is called.
func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.jobs.Run(ctx) }()
	var once sync.Once
	r.stop = func() { once.Do(func() { cancel(); <-done; r.board.Close() }) }
	r.t.Cleanup(r.stop)
}

func (r *rig) until(what string, fn func() bool) {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); !fn(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// quiet waits until nothing is due any more.
func (r *rig) quiet() {
	r.t.Helper()
	r.until("quiet", func() bool {
		n := -1
		err := r.DB.QueryRow(context.Background(), "SELECT COUNT(*) FROM jobs WHERE kind LIKE 'dialogue.%' AND (state = 'running' OR state = 'ready' AND run_at <= $1)", r.Clock.Ms()).Scan(&n)
		return err == nil && n == 0
	})
}

// later moves the clock and waits until what is due then is done.
func (r *rig) later(d time.Duration) {
	r.t.Helper()
	r.quiet()
	r.Clock.Advance(d)
	r.quiet()
}

// bot publishes a chatflow.
func (r *rig) bot(def string) chatflow.Flow {
	r.t.Helper()
	d, err := chatflow.Parse([]byte(def))
	if err != nil {
		r.t.Fatal(err)
	}
	kind := chatflow.Bot
	if len(d.Steps) == 0 {
		kind = chatflow.LiveChat
	}
	var f chatflow.Flow
	r.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		r.n++
		if f, err = r.flows.Create(ctx, tx, desk.System, chatflow.Flow{AccountID: r.acc.ID, Name: fmt.Sprint("Flow ", r.n), Kind: kind, Active: true, Draft: d}); err == nil {
			f, err = r.flows.Publish(ctx, tx, desk.System, f.ID, "")
		}
		return err
	})
	return f
}

// browser is a visitor who talks.
type browser struct {
	r      *rig
	v      visitor.Visitor
	flow   chatflow.Flow
	thread desk.ThreadID
	locale string
	n      int
}

func (r *rig) browser(f chatflow.Flow) *browser {
	r.t.Helper()
	b := &browser{r: r, flow: f, locale: "en"}
	r.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		b.v, _, err = r.visitors.Arrive(ctx, tx, visitor.Glimpse{Language: "en", Country: "DK", URL: "https://acme.example/"})
		return err
	})
	return b
}

// raw is what the widget's edge would hand in.
func (b *browser) raw(text string, quick *webchat.Answer) channel.Raw {
	b.n++
	e := webchat.Envelope{Visitor: b.v.ID, Client: fmt.Sprintf("c%d", b.n), Thread: b.thread, Text: text, Quick: quick, Page: webchat.Page{URL: "https://acme.example/"}, Locale: b.locale}
	if b.thread == 0 {
		e.Flow, e.Number = b.flow.ID, b.flow.Published
	}
	body, _ := json.Marshal(e)
	return channel.Raw{Account: b.r.acc.ID, Channel: b.r.acc.Channel, Dedupe: "v" + b.v.ID.String() + ":" + e.Client, Body: body}
}

func (b *browser) deliver(raw channel.Raw) {
	b.r.t.Helper()
	if err := b.r.intake.Deliver(context.Background(), []channel.Raw{raw}); err != nil {
		b.r.t.Fatal(err)
	}
	if b.thread == 0 {
		e, err := b.r.intake.Filed(context.Background(), raw.Account, raw.Dedupe)
		if err != nil || e.Thread == 0 {
			b.r.t.Fatalf("not filed: %+v, %v", e, err)
		}
		b.thread = e.Thread
	}
}

// says writes, and waits for what the bot does about it.
func (b *browser) says(text string) {
	b.r.t.Helper()
	b.deliver(b.raw(text, nil))
	b.r.quiet()
}

// log is the conversation, one line a message.
func (b *browser) log() string {
	b.r.t.Helper()
	ms, err := b.r.Threads.Messages(context.Background(), b.r.DB, b.thread, thread.Page{Oldest: true})
	if err != nil {
		b.r.t.Fatal(err)
	}
	out := []string{}
	for _, m := range ms {
		who := "bot"
		switch {
		case m.Direction == desk.Incoming:
			who = "visitor"
		case m.Kind != desk.KindMessage:
			who = string(m.Kind)
		}
		out = append(out, who+": "+strings.ReplaceAll(m.Text, "\n", " / "))
	}
	return strings.Join(out, "\n")
}

func (b *browser) run() chatflow.Run {
	b.r.t.Helper()
	run, ok, err := b.r.flows.RunOf(context.Background(), b.r.DB, b.thread)
	if err != nil || !ok {
		b.r.t.Fatalf("no run: %v", err)
	}
	return run
}

func (b *browser) where() desk.Thread {
	b.r.t.Helper()
	return desktest.Must[desk.Thread](b.r.t)(b.r.Threads.Get(context.Background(), b.r.DB, b.thread))
}

func (b *browser) ticket() desk.Ticket {
	b.r.t.Helper()
	th := b.where()
	if th.TicketID == 0 {
		b.r.t.Fatal("no ticket")
	}
	return desktest.Must[desk.Ticket](b.r.t)(b.r.Tickets.Get(context.Background(), b.r.DB, th.TicketID))
}
