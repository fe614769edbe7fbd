package keeping_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/keeping"
	"github.com/kanalhq/kanal/internal/purge"
	"github.com/kanalhq/kanal/internal/search"
	"github.com/kanalhq/kanal/internal/setting"
)

var ctx = context.Background()

type world struct {
	*desktest.Desk
	*keeping.Service
	t      testing.TB
	jobs   *job.Queue
	intake *intake.Service
	purge  *purge.Service
	search *search.Service
	acc    desk.ChannelAccount
}

func each(t *testing.T, most int, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d, email.New(email.Options{Hostname: desktest.Host, TokenKey: []byte("a key of this test, long enough.")}))
		w := &world{Desk: k, t: t, jobs: job.New(d, k.Clock, nil, job.Options{Lease: 300 * time.Millisecond, Base: 10 * time.Millisecond, Poll: 20 * time.Millisecond, Drain: 10 * time.Millisecond})}
		blobs := desktest.Must[blob.Store](t)(blob.Disk(t.TempDir()))
		w.acc = w.Account(desktest.At("support@acme.example"))
		w.intake = intake.New(intake.Deps{
			DB: d, Clock: w.Clock, Registry: w.Channels, Blobs: blobs, Events: w.Events, Jobs: w.jobs,
			Contacts: w.Contacts, Threads: w.Threads, Tickets: w.Tickets, Inbox: w.Inboxes, Assign: w.Assignment,
		})
		w.search = search.New(d, w.Events, nil)
		w.purge = purge.New(purge.Deps{
			DB: d, Clock: w.Clock, Events: w.Events, Threads: w.Threads, Tickets: w.Tickets, Journal: w.intake, Spam: 90 * 24 * time.Hour, Trash: 30 * 24 * time.Hour,
			Held: func(ctx context.Context, q db.Queryer, t desk.TicketID, c desk.ContactID) (bool, error) {
				return w.Held(ctx, q, t, c)
			},
		})
		w.Service = keeping.New(keeping.Deps{DB: d, Clock: w.Clock, Events: w.Events, Jobs: w.jobs, Settings: w.Settings, Tickets: w.Tickets, Contacts: w.Contacts, Purge: w.purge, Most: most})
		fn(t, w)
	})
}

// runs lets the queue work until the test ends or stop is called.
func (w *world) runs() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.jobs.Run(ctx) }()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

func (w *world) set(k setting.Keeping) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Settings.SetKeeping(ctx, tx, desk.System, k, []string{"email", "chat", "form"})
		return err
	})
}

// eml delivers a mail with a file and returns its ticket, closed.
func (w *world) eml(id string, more ...string) desk.Ticket {
	w.t.Helper()
	lines := append([]string{"From: Mira <mira@home.example>", "To: support@acme.example", "Subject: Quibberwock " + id, "Message-ID: <" + id + "@home.example>"}, more...)
	lines = append(lines, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: text/plain", "", "The quibberwock came.", "--x",
		"Content-Type: application/pdf; name=quibberwock.pdf", "Content-Disposition: attachment; filename=quibberwock.pdf", "Content-Transfer-Encoding: base64", "", "cXVpYmJlcndvY2s=", "--x--", "")
	raw := channel.Raw{Account: w.acc.ID, Channel: w.acc.Channel, Body: []byte(strings.Join(lines, "\r\n")), At: w.Clock.Ms().Time(), Envelope: channel.Envelope{From: "mira@home.example", To: []string{w.acc.Address}}}
	raw.Dedupe = email.DedupeKey(raw)
	if err := w.intake.Deliver(ctx, []channel.Raw{raw}); err != nil {
		w.t.Fatal(err)
	}
	tk := desktest.Must[desk.Ticket](w.t)(w.Tickets.Get(ctx, w.DB, desk.TicketID(w.number("SELECT COALESCE(MAX(ticket_id), 0) FROM messages WHERE remote_id = $1", id+"@home.example"))))
	w.close(tk)
	return tk
}

func (w *world) close(t desk.Ticket) {
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Tickets.Close(ctx, tx, desk.System, t.ID, "")
		return err
	})
}

// said files a conversation over a channel, with a file, in a ticket that is closed.
func (w *world) said(channel string) desk.Ticket {
	tk := w.Ticket()
	acc := w.acc
	acc.Channel = channel
	w.Message(w.Thread(tk, acc), func(m *desk.Message) {
		m.Text, m.Attachments = "quibberwock over "+channel, []desk.Attachment{{Name: "quibberwock.txt", Type: "text/plain", Size: 3, SHA256: strings.Repeat("a", 64)}}
	})
	w.close(tk)
	return tk
}

func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.DB.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) later(days int) { w.Clock.Set(w.Clock.Now().Add(time.Duration(days) * 24 * time.Hour)) }

// left says how many messages still say something, and how many files there are, of a ticket.
func (w *world) left(t desk.Ticket) string {
	return fmt.Sprintf("%d %d", w.number("SELECT COUNT(*) FROM messages WHERE ticket_id = $1 AND text <> ''", t.ID),
		w.number("SELECT COUNT(*) FROM attachments WHERE message_id IN (SELECT id FROM messages WHERE ticket_id = $1)", t.ID))
}

// run begins a run and waits for its end.
func (w *world) run() keeping.Run {
	w.t.Helper()
	r := desktest.Must[keeping.Run](w.t)(w.Start(ctx, desk.System))
	return w.over(r.ID)
}

func (w *world) over(id desk.BulkID) keeping.Run {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		for _, r := range desktest.Must[[]keeping.Run](w.t)(w.Runs(ctx, w.DB, 10)) {
			if r.ID == id && r.Over() {
				return r
			}
		}
	}
	w.t.Fatal("the run never ends")
	return keeping.Run{}
}

// CO-10: nothing that was said goes by itself until a term says so; each kind of channel has a term of its own for what was said and one for files; open tickets are
// left alone unless that is chosen. The preview counts what goes, and changes nothing.
func TestEveryTermTakesItsOwn(t *testing.T) {
	each(t, 0, func(t *testing.T, w *world) {
		w.runs()
		kinds := []string{"email", "chat", "form"}
		all := map[string]desk.Ticket{}
		for _, c := range kinds {
			all[c] = w.said(c)
		}
		open := w.Ticket()
		w.Message(w.Thread(open, w.acc))
		w.later(40)
		if r := w.run(); r.State != keeping.Done || r.Threads != 0 {
			t.Fatalf("by default: %+v", r)
		}
		for _, c := range kinds {
			k := setting.DefaultKeeping.Clone()
			k.Files[c] = 30
			p := desktest.Must[[]keeping.Count](t)(w.Preview(ctx, k))
			if len(p) != 1 || p[0].Threads != 1 || p[0].Attached != 1 || !p[0].Files || w.left(all[c]) != "1 1" {
				t.Fatalf("%s: %+v, left %s", c, p, w.left(all[c]))
			}
			w.set(k)
			if r := w.run(); r.Threads != 1 || r.Files != 1 || r.Messages != 0 || w.left(all[c]) != "1 0" {
				t.Fatalf("%s files: %+v, left %s", c, r, w.left(all[c]))
			}
			k = setting.DefaultKeeping.Clone()
			k.Messages[c] = 39
			if p := desktest.Must[[]keeping.Count](t)(w.Preview(ctx, k)); p[0].Messages != 1 {
				t.Fatalf("%s: %+v", c, p)
			}
			w.set(k)
			if r := w.run(); r.Threads != 1 || r.Messages != 1 || w.left(all[c]) != "0 0" {
				t.Fatalf("%s: %+v, left %s", c, r, w.left(all[c]))
			}
			if r := w.run(); r.Threads != 0 {
				t.Fatalf("%s again: %+v", c, r)
			}
		}
		k := setting.DefaultKeeping.Clone()
		k.Messages["email"] = 41
		if p := desktest.Must[[]keeping.Count](t)(w.Preview(ctx, k)); p[0].Threads != 0 {
			t.Errorf("a term that is not over: %+v", p)
		}
		k.Messages["email"], k.Open = 39, true
		w.set(k)
		if r := w.run(); r.Threads != 1 || w.left(open) != "0 0" {
			t.Errorf("open: %+v, left %s", r, w.left(open))
		}
	})
}

// CO-10: of what was said nothing is left: no text, no original, no document of the search, no word in an event. The ticket stays as a shell with a line that says what
// was taken away and why, and an answer to it begins a new conversation.
func TestATicketStaysAsAShell(t *testing.T) {
	each(t, 0, func(t *testing.T, w *world) {
		stop, run := context.WithCancel(ctx)
		defer run()
		go w.Events.Run(stop)
		w.runs()
		one := w.eml("one")
		indexed := func() {
			t.Helper()
			for {
				more := desktest.Must[bool](t)(w.search.Step(ctx))
				if behind, _, _ := w.search.Behind(ctx); !more && behind == 0 {
					return
				}
			}
		}
		indexed()
		viewer := w.Viewer(w.User(desktest.Role(desk.RoleOwner)))
		found := func() int {
			return len(desktest.Must[search.Found](t)(w.search.Search(ctx, viewer, "quibberwock", search.Options{})).Hits)
		}
		if found() == 0 {
			t.Fatal("found nothing before")
		}
		w.later(100)
		k := setting.DefaultKeeping.Clone()
		k.Messages["email"] = 90
		w.set(k)
		if r := w.run(); r.Messages != 1 || r.Files != 1 {
			t.Fatalf("%+v", r)
		}
		now := desktest.Must[desk.Ticket](t)(w.Tickets.Get(ctx, w.DB, one.ID))
		if now.Number != one.Number || now.ContactID != one.ContactID || now.Subject != "" || now.StatusID == one.StatusID || now.MessageCount != 1 {
			t.Errorf("shell: %+v", now)
		}
		for _, q := range []string{
			"SELECT COUNT(*) FROM messages WHERE text <> '' OR subject <> '' OR from_address <> '' OR html <> ''", "SELECT COUNT(*) FROM threads WHERE subject <> ''", "SELECT COUNT(*) FROM attachments",
			"SELECT COUNT(*) FROM inbound_raw WHERE LENGTH(body) > 0 OR blob <> ''", "SELECT COUNT(*) FROM tickets WHERE snippet <> '' OR description <> ''", "SELECT COUNT(*) FROM message_refs",
		} {
			if n := w.number(q); n != 0 {
				t.Errorf("%s: %d", q, n)
			}
		}
		for _, ev := range w.EventsOf("") {
			if strings.Contains(string(ev.Data), "uibber") {
				t.Errorf("an event still says it: %s %s", ev.Type, ev.Data)
			}
		}
		evs := w.EventsOf(desk.EvThreadEmptied)
		if len(evs) != 1 || evs[0].TicketID != one.ID || !strings.Contains(string(evs[0].Data), `"days":90`) || !strings.Contains(string(evs[0].Data), `"message_count":1`) {
			t.Errorf("the line: %+v", evs)
		}
		indexed()
		if n := found(); n != 0 {
			t.Errorf("the search still finds %d", n)
		}
		if answer := w.eml("two", "In-Reply-To: <one@home.example>"); answer.ID == one.ID {
			t.Error("an answer joined what was emptied")
		}
	})
}

// CO-10: what is on hold stays, by its ticket or by whose it is, also after a merge, and whatever would take it away: a term, the window of the trash, a person. Lifted, it goes.
func TestAHoldKeeps(t *testing.T) {
	each(t, 0, func(t *testing.T, w *world) {
		w.runs()
		ann := w.User(desktest.Role(desk.RoleOwner))
		hold := func(object string, id int64, on bool) {
			t.Helper()
			w.Write(func(ctx context.Context, tx *db.Tx) error {
				return w.SetHold(ctx, tx, desk.ByUser(ann.ID), object, id, on, "A case at court")
			})
		}
		byTicket, byContact := w.said("email"), w.eml("theirs")
		merged := w.Contact("mira.old@home.example")
		hold(keeping.Ticket, int64(byTicket.ID), true)
		hold(keeping.Contact, int64(merged.ID), true)
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE contacts SET merged_into = $1 WHERE id = $2", byContact.ContactID, merged.ID)
			return err
		})
		w.later(100)
		k := setting.DefaultKeeping.Clone()
		k.Messages["email"] = 30
		w.set(k)
		if r := w.run(); r.Held != 2 || r.Threads != 0 || w.left(byTicket) != "1 1" || w.left(byContact) != "1 1" {
			t.Fatalf("%+v: %s, %s", r, w.left(byTicket), w.left(byContact))
		}
		if err := w.Due(ctx); err != nil {
			t.Fatal(err)
		}
		if rs, _ := w.Runs(ctx, w.DB, 10); len(rs) != 1 {
			t.Errorf("what is held begins a run by itself: %d", len(rs))
		}
		err := w.Try(func(ctx context.Context, tx *db.Tx) error {
			return w.purge.Ticket(ctx, tx, desk.ByUser(ann.ID), byTicket.ID, purge.Person)
		})
		if desk.ReasonOf(err) != "hold.stands" {
			t.Errorf("taken away by hand: %v", err)
		}
		if err := w.Try(func(ctx context.Context, tx *db.Tx) error {
			return w.SetHold(ctx, tx, desk.ByUser(ann.ID), keeping.Ticket, int64(byTicket.ID), true, " ")
		}); desk.ReasonOf(err) != "hold.reason_missing" {
			t.Errorf("without a reason: %v", err)
		}
		hold(keeping.Ticket, int64(byTicket.ID), false)
		hold(keeping.Contact, int64(merged.ID), false)
		if r := w.run(); r.Held != 0 || r.Threads != 2 {
			t.Errorf("lifted: %+v", r)
		}
		if set, lifted := len(w.EventsOf(desk.EvHoldSet)), len(w.EventsOf(desk.EvHoldLifted)); set != 2 || lifted != 2 {
			t.Errorf("in the audit log: %d set, %d lifted", set, lifted)
		}
	})
}

// CO-10: a run is bounded, goes on where a stop left it without doing anything twice, and can be ended; what is left is taken by the next.
func TestARunIsBoundedAndGoesOn(t *testing.T) {
	each(t, 7, func(t *testing.T, w *world) {
		for range 10 {
			w.said("chat")
		}
		w.later(50)
		k := setting.DefaultKeeping.Clone()
		k.Messages["chat"] = 30
		w.set(k)
		r := desktest.Must[keeping.Run](t)(w.Start(ctx, desk.System))
		if again := desktest.Must[keeping.Run](t)(w.Start(ctx, desk.System)); again.ID != r.ID || r.Total != 7 {
			t.Fatalf("%+v, again %+v", r, again)
		}
		for w.number("SELECT COUNT(*) FROM keeping_runs WHERE state = 'running'") > 0 { // stopped again and again
			before := w.number("SELECT threads FROM keeping_runs")
			stop := w.runs()
			for end := time.Now().Add(10 * time.Second); w.number("SELECT threads FROM keeping_runs") == before && w.number("SELECT COUNT(*) FROM keeping_runs WHERE state = 'running'") > 0; {
				if time.Now().After(end) {
					t.Fatal("it does not go on")
				}
				time.Sleep(time.Millisecond)
			}
			stop()
		}
		w.runs()
		if r = w.over(r.ID); r.Threads != 7 || r.Messages != 7 || len(w.EventsOf(desk.EvThreadEmptied)) != 7 {
			t.Fatalf("%+v, %d lines", r, len(w.EventsOf(desk.EvThreadEmptied)))
		}
		if err := w.Due(ctx); err != nil {
			t.Fatal(err)
		}
		rs := desktest.Must[[]keeping.Run](t)(w.Runs(ctx, w.DB, 10))
		if r = w.over(rs[0].ID); len(rs) != 2 || r.Threads != 3 {
			t.Errorf("the next run: %+v", r)
		}
	})
}

// CO-10: a run that somebody ends does no more; what it did is done.
func TestARunIsCancelled(t *testing.T) {
	each(t, 0, func(t *testing.T, w *world) {
		tk := w.said("chat")
		w.later(50)
		k := setting.DefaultKeeping.Clone()
		k.Messages["chat"] = 30
		w.set(k)
		r := desktest.Must[keeping.Run](t)(w.Start(ctx, desk.System))
		w.Write(func(ctx context.Context, tx *db.Tx) error { _, err := w.Cancel(ctx, tx, r.ID); return err })
		stop := w.runs()
		for end := time.Now().Add(10 * time.Second); w.number("SELECT COUNT(*) FROM jobs WHERE kind = 'keeping.run'") > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("its job never ends")
			}
		}
		stop()
		if r = w.over(r.ID); r.State != keeping.Cancelled || r.Threads != 0 || w.left(tk) != "1 1" {
			t.Errorf("%+v, left %s", r, w.left(tk))
		}
	})
}
