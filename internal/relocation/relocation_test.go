package relocation_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/relocation"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/ticket"
)

var ctx = context.Background()

type world struct {
	*desktest.Desk
	*relocation.Service
	t      testing.TB
	jobs   *job.Queue
	intake *intake.Service
	box    desk.Inbox
	acc    desk.ChannelAccount
	ann    desk.User
}

func movesOn(t testing.TB, k *desktest.Desk, slice int) (*relocation.Service, *job.Queue) {
	t.Helper()
	jobs := job.New(k.DB, k.Clock, nil, job.Options{Lease: 300 * time.Millisecond, Base: 10 * time.Millisecond, Poll: 20 * time.Millisecond, Drain: 10 * time.Millisecond})
	return relocation.New(relocation.Deps{
		DB: k.DB, Clock: k.Clock, Events: k.Events, Jobs: jobs, People: k.People, Inboxes: k.Inboxes, Threads: k.Threads, Tickets: k.Tickets, Assign: k.Assignment, Slice: slice,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}), jobs
}

// newWorld has a mail channel in the inbox "sales", where conversations make no tickets.
func newWorld(t testing.TB, d *db.DB, slice int, with ...func(*inbox.NewAccount)) *world {
	t.Helper()
	k := desktest.New(t, d, email.New(email.Options{Hostname: desktest.Host, TokenKey: []byte("a key of this test, long enough.")}))
	w := &world{Desk: k, t: t, ann: k.User(desktest.Named("Ann Holm"), desktest.Role(desk.RoleAdmin)), box: k.Inbox("sales")}
	w.Service, w.jobs = movesOn(t, k, slice)
	blobs, err := blob.Disk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w.intake = intake.New(intake.Deps{
		DB: d, Clock: k.Clock, Registry: k.Channels, Blobs: blobs, Events: k.Events, Jobs: job.New(d, k.Clock, nil, job.Options{}),
		Contacts: k.Contacts, Threads: k.Threads, Tickets: k.Tickets, Inbox: k.Inboxes, Assign: k.Assignment, Sieve: spam.New(d, k.Clock, k.Events),
	})
	w.acc = k.Account(append([]func(*inbox.NewAccount){desktest.In(w.box), desktest.At("sales@acme.example")}, with...)...)
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d, 3)) })
}

func runs(t testing.TB, q *job.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); q.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// raw is a mail as SMTP would hand it over; answers names what it answers.
func raw(acc desk.ChannelAccount, id, from string, answers ...string) channel.Raw {
	text := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: About %s\r\nMessage-ID: <%s@x.example>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n", from, acc.Address, id, id)
	for _, a := range answers {
		text += fmt.Sprintf("In-Reply-To: <%s>\r\nReferences: <%s>\r\n", a, a)
	}
	r := channel.Raw{Account: acc.ID, Channel: acc.Channel, Body: []byte(text + "\r\nThis is " + id + "\r\n"), At: time.Now(), Envelope: channel.Envelope{From: from, To: []string{acc.Address}}}
	r.Dedupe = email.DedupeKey(r)
	return r
}

func (w *world) mail(id, from string, answers ...string) desk.Message {
	w.t.Helper()
	if err := w.intake.Deliver(ctx, []channel.Raw{raw(w.acc, id, from, answers...)}); err != nil {
		w.t.Fatal(err)
	}
	return w.filed(id)
}

func (w *world) filed(id string) desk.Message {
	w.t.Helper()
	mid, err := db.One(ctx, w.DB, db.Column[desk.MessageID], "SELECT id FROM messages WHERE remote_id = $1", id+"@x.example")
	if err != nil {
		w.t.Fatalf("%s is not here: %v", id, err)
	}
	return desktest.Must[desk.Message](w.t)(w.Threads.Message(ctx, w.DB, mid))
}

func (w *world) thread(id desk.ThreadID) desk.Thread {
	w.t.Helper()
	return desktest.Must[desk.Thread](w.t)(w.Threads.Get(ctx, w.DB, id))
}

func (w *world) ticket(id desk.TicketID) desk.Ticket {
	w.t.Helper()
	return desktest.Must[desk.Ticket](w.t)(w.Tickets.Get(ctx, w.DB, id))
}

func (w *world) number(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.DB.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); {
		if time.Now().After(end) {
			w.t.Fatalf("never happened: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (w *world) over(id desk.MoveID) (m relocation.Move) {
	w.t.Helper()
	w.eventually("the move ends", func() bool {
		m = desktest.Must[relocation.Move](w.t)(w.Get(ctx, w.DB, id))
		return m.Over()
	})
	return m
}

// moved moves the account and waits for the end.
func (w *world) moved(p relocation.Plan) relocation.Move {
	w.t.Helper()
	m := desktest.Must[relocation.Move](w.t)(w.Start(ctx, desk.ByUser(w.ann.ID), w.acc.ID, p, nil))
	runs(w.t, w.jobs)
	return w.over(m.ID)
}

func (w *world) undone(id desk.MoveID) relocation.Move {
	w.t.Helper()
	desktest.Must[relocation.Move](w.t)(w.Undo(ctx, desk.ByUser(w.ann.ID), id))
	return w.over(id)
}

// A dry run counts everything and changes nothing; what will be lost is told before it is (MG-01, MG-05, MG-08, MG-10).
func TestADryRunCountsAndChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bo := w.User(desktest.Named("Bo Berg"))
		a, b := w.mail("a", "mira@x.example"), w.mail("b", "noor@y.example")
		w.mail("c", "olga@z.example")
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.Threads.Turn(ctx, tx, desk.System, b.ThreadID, false); err != nil {
				return err
			}
			_, err := w.Threads.Assign(ctx, tx, desk.System, a.ThreadID, bo.ID, 0)
			return err
		})
		w.Ticket() // of no conversation
		desk1 := w.Helpdesk()
		w.Write(func(ctx context.Context, tx *db.Tx) error { // Bo does not see the help desk
			_, err := w.Inboxes.UpdateInbox(ctx, tx, desk.System, desk1.ID, inbox.InboxChange{Access: &desk.Access{Users: []desk.UserID{w.ann.ID}}})
			return err
		})
		events := w.number("SELECT COUNT(*) FROM events")
		for history, want := range map[string][3]int{"none": {0, 3, 0}, "all": {3, 0, 3}, "open": {2, 1, 2}} {
			p, err := w.Plan(ctx, w.DB, w.acc.ID, relocation.Plan{To: desk1.ID, History: history})
			if err != nil || p.Counts.Conversations != 3 || p.Counts.Selected != want[0] || p.Counts.Stay != want[1] || p.Counts.Make != want[2] || p.Counts.NoMove != 1 {
				t.Errorf("%s: %+v %v", history, p.Counts, err)
			}
			lost := 0
			for _, n := range p.Notes {
				if n.Kind == "owners_no_access" && n.Level == relocation.Loses && n.Count == 1 && len(n.Names) == 1 && n.Names[0] == "Bo Berg" {
					lost++
				}
			}
			if (lost == 1) != (history != "none") {
				t.Errorf("%s: what Bo loses is told %d times: %+v", history, lost, p.Notes)
			}
		}
		p, err := w.Plan(ctx, w.DB, w.acc.ID, relocation.Plan{To: desk1.ID, History: "since", Since: w.Clock.Ms() + 1000})
		if err != nil || p.Counts.Selected != 0 {
			t.Errorf("since a time to come: %+v %v", p.Counts, err)
		}
		p, err = w.Plan(ctx, w.DB, w.acc.ID, relocation.Plan{To: desk1.ID, History: "status", Conversations: "closed"})
		if err != nil || p.Counts.Selected != 1 {
			t.Errorf("closed ones: %+v %v", p.Counts, err)
		}
		for reason, bad := range map[string]relocation.Plan{
			"move.same_inbox": {To: w.box.ID}, "move.inbox_unknown": {To: 5}, "move.history_unknown": {To: desk1.ID, History: "some"}, "move.since_missing": {To: desk1.ID, History: "since"},
			"move.status_missing": {To: desk1.ID, History: "status"}, "move.ticketless_unknown": {To: desk1.ID, Ticketless: "x"},
		} {
			if _, err := w.Plan(ctx, w.DB, w.acc.ID, bad); desk.ReasonOf(err) != reason || desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%s: %v", reason, err)
			}
		}
		if n := w.number("SELECT COUNT(*) FROM events"); n != events || w.number("SELECT COUNT(*) FROM channel_moves") != 0 {
			t.Errorf("a dry run left %d events", n-events)
		}
	})
}

// The whole history moves: a conversation without a ticket gets one, dated at its first message, open or closed as it was, with who had it; nobody is told (MG-02, MG-07).
func TestHistoryMovesWithTickets(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b := w.mail("a", "mira@x.example"), w.mail("b", "noor@y.example")
		spam := w.mail("s", "spam@y.example")
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.Threads.Turn(ctx, tx, desk.System, b.ThreadID, false); err != nil {
				return err
			}
			if _, err := w.Threads.Hide(ctx, tx, desk.System, spam.ThreadID, desk.HiddenSpam); err != nil {
				return err
			}
			_, err := w.Threads.SaveDraft(ctx, tx, desk.Draft{UserID: w.ann.ID, ThreadID: a.ThreadID, Kind: "reply", Text: "Dear Mira"})
			return err
		})
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Threads.Assign(ctx, tx, desk.System, a.ThreadID, w.ann.ID, 0)
			return err
		})
		m := w.moved(relocation.Plan{To: w.Helpdesk().ID, History: "all"})
		if m.State != relocation.Done || m.Done != 3 || m.Total != 3 || m.Made != 3 || m.Failed != 0 || m.Report.Moved != 3 || !m.Undoable {
			t.Fatalf("%+v", m)
		}
		acc := desktest.Must[desk.ChannelAccount](t)(w.Inboxes.Account(ctx, w.DB, w.acc.ID))
		if acc.InboxID != w.Helpdesk().ID || acc.Ticket.Create != "always" {
			t.Fatalf("%+v", acc)
		}
		th := w.thread(a.ThreadID)
		tk := w.ticket(th.TicketID)
		if th.InboxID != w.Helpdesk().ID || tk.CreatedAt != th.CreatedAt || !tk.Open || tk.OwnerID != w.ann.ID || tk.Subject != "About a" || tk.MessageCount != 1 || tk.Assignment.Rule != "moved" {
			t.Errorf("%+v\n%+v", th, tk)
		}
		if tk := w.ticket(w.thread(b.ThreadID).TicketID); tk.Open || tk.ClosedAt == 0 || tk.OwnerID != 0 {
			t.Errorf("a closed one: %+v", tk)
		}
		if tk := w.ticket(w.thread(spam.ThreadID).TicketID); tk.Hidden != desk.HiddenSpam || tk.HiddenAt < m.CreatedAt {
			t.Errorf("spam stays spam: %+v", tk)
		}
		if n := w.number("SELECT COUNT(*) FROM drafts WHERE thread_id = $1 AND ticket_id = $2", a.ThreadID, tk.ID); n != 1 {
			t.Errorf("the draft is lost (MG-06)")
		}
		if n := w.number("SELECT COUNT(*) FROM messages WHERE direction = 'outgoing'"); n != 0 {
			t.Errorf("%d messages were sent", n)
		}
		evs := w.EventsOf(desk.EvChannelMoved)
		if len(evs) != 1 || evs[0].Actor.UserID() != w.ann.ID || evs[0].TicketID != 0 {
			t.Errorf("the audit log: %+v", evs)
		}
		// What arrives now begins in the help desk, and an answer to what has moved joins it.
		if n := w.mail("new", "new@x.example"); w.thread(n.ThreadID).InboxID != acc.InboxID || n.TicketID == 0 {
			t.Errorf("a new one: %+v", n)
		}
		if r := w.mail("re-a", "mira@x.example", "a@x.example"); r.ThreadID != a.ThreadID || r.TicketID != tk.ID {
			t.Errorf("an answer: %+v", r)
		}
	})
}

// Without the history old conversations go on where they are, and answers to them join them there; new ones begin in the new inbox (MG-02, MG-06).
func TestWithoutHistoryOldConversationsGoOnWhereTheyAre(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.mail("a", "mira@x.example")
		m := w.moved(relocation.Plan{To: w.Helpdesk().ID, History: "none"})
		if m.State != relocation.Done || m.Report.Moved != 0 {
			t.Fatalf("%+v", m)
		}
		r := w.mail("re-a", "mira@x.example", "a@x.example")
		if th := w.thread(r.ThreadID); r.ThreadID != a.ThreadID || th.InboxID != w.box.ID || th.TicketID != 0 || th.MessageCount != 2 {
			t.Errorf("%+v", th)
		}
		if rr := w.mail("re-re-a", "mira@x.example", "re-a@x.example"); rr.ThreadID != a.ThreadID {
			t.Errorf("an answer to the answer: %+v", rr)
		}
		if n := w.mail("n", "noor@y.example"); n.TicketID == 0 || w.thread(n.ThreadID).InboxID != w.Helpdesk().ID {
			t.Errorf("a new one: %+v", n)
		}
		// The same mail a second time, by another way, is the same mail.
		again := raw(w.acc, "a", "mira@x.example")
		again.Dedupe = "another"
		if err := w.intake.Deliver(ctx, []channel.Raw{again}); err != nil || w.number("SELECT COUNT(*) FROM messages WHERE remote_id = 'a@x.example'") != 1 {
			t.Errorf("filed twice: %v", err)
		}
		// Undone, what has begun since comes along with its ticket.
		m = w.undone(m.ID)
		n := w.filed("n")
		if m.State != relocation.Undone || m.Report.Arrived != 1 || w.thread(n.ThreadID).InboxID != w.box.ID || w.ticket(n.TicketID).InboxID != w.box.ID {
			t.Errorf("%+v", m)
		}
		if r := w.mail("re-n", "noor@y.example", "n@x.example"); r.ThreadID != n.ThreadID {
			t.Errorf("an answer to what arrived meanwhile: %+v", r)
		}
		acc := desktest.Must[desk.ChannelAccount](t)(w.Inboxes.Account(ctx, w.DB, w.acc.ID))
		if acc.InboxID != w.box.ID || acc.Ticket.Create != "never" {
			t.Errorf("the account is not what it was: %+v", acc)
		}
	})
}

// Undoing puts everything back: untouched tickets that the move made go, others stay and are counted; who lost a ticket has it again (MG-05 beyond).
func TestUndoPutsEverythingBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bo := w.User(desktest.Named("Bo Berg"))
		a, b, c := w.mail("a", "mira@x.example"), w.mail("b", "noor@y.example"), w.mail("c", "olga@z.example")
		var had desk.Ticket
		w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			if _, err = w.Threads.Assign(ctx, tx, desk.System, a.ThreadID, w.ann.ID, 0); err != nil {
				return err
			}
			had, err = w.Tickets.Create(ctx, tx, ticket.NewTicket{Actor: desk.System, Subject: "c", InboxID: w.box.ID, Channel: w.acc.Channel, AccountID: w.acc.ID})
			if err != nil {
				return err
			}
			if _, err = w.Threads.MoveToTicket(ctx, tx, desk.System, c.ThreadID, had.ID, ""); err != nil {
				return err
			}
			_, err = w.Assignment.Manual(ctx, tx, desk.System, had.ID, bo.ID, 0)
			return err
		})
		w.Write(func(ctx context.Context, tx *db.Tx) error { // Bo does not see the help desk
			_, err := w.Inboxes.UpdateInbox(ctx, tx, desk.System, w.Helpdesk().ID, inbox.InboxChange{Access: &desk.Access{Users: []desk.UserID{w.ann.ID}}})
			return err
		})
		m := w.moved(relocation.Plan{To: w.Helpdesk().ID, History: "all"})
		if t3 := w.ticket(had.ID); m.Report.Moved != 3 || m.Made != 2 || t3.InboxID != m.To || t3.OwnerID != 0 {
			t.Fatalf("%+v\n%+v", m, t3)
		}
		made := w.thread(a.ThreadID).TicketID
		touched := w.thread(b.ThreadID).TicketID
		w.mail("re-b", "noor@y.example", "b@x.example") // somebody works on it
		if _, err := w.Undo(ctx, desk.ByUser(w.ann.ID), m.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Undo(ctx, desk.ByUser(w.ann.ID), m.ID); desk.ReasonOf(err) != "move.undone" {
			t.Errorf("twice: %v", err)
		}
		m = w.over(m.ID)
		if m.State != relocation.Undone || m.Report.Back != 3 || m.Report.Gone != 1 || m.Report.Kept != 1 || m.Failed != 0 {
			t.Fatalf("%+v", m.Report)
		}
		if th := w.thread(a.ThreadID); th.TicketID != 0 || th.InboxID != w.box.ID || th.OwnerID != w.ann.ID || !th.Open || th.MessageCount != 1 {
			t.Errorf("%+v", th)
		}
		if _, err := w.Tickets.Get(ctx, w.DB, made); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("the ticket that nobody touched is still there: %v", err)
		}
		if th, tk := w.thread(b.ThreadID), w.ticket(touched); th.TicketID != touched || th.InboxID != w.box.ID || tk.InboxID != w.box.ID {
			t.Errorf("what was touched: %+v %+v", th, tk)
		}
		if tk := w.ticket(had.ID); tk.InboxID != w.box.ID || tk.OwnerID != bo.ID {
			t.Errorf("Bo has it again: %+v", tk)
		}
		fs, err := w.Failures(ctx, w.DB, m.ID, 0)
		if err != nil || len(fs) != 1 || fs[0].Reason != "ticket_touched" {
			t.Errorf("%+v %v", fs, err)
		}
		for id, th := range map[string]desk.ThreadID{"a": a.ThreadID, "b": b.ThreadID, "c": c.ThreadID} {
			from := map[string]string{"a": "mira@x.example", "b": "noor@y.example", "c": "olga@z.example"}[id]
			if r := w.mail("again-"+id, from, id+"@x.example"); r.ThreadID != th {
				t.Errorf("an answer to %s: %+v", id, r)
			}
		}
	})
}

func TestUndoHasItsTimeAndItsOrder(t *testing.T) { // MG-05 beyond: thirty days
	each(t, func(t *testing.T, w *world) {
		w.mail("a", "mira@x.example")
		first := w.moved(relocation.Plan{To: w.Helpdesk().ID})
		if first.UndoUntil != first.CreatedAt.Add(30*24*time.Hour) {
			t.Errorf("%v", first.UndoUntil)
		}
		second := w.moved(relocation.Plan{To: w.box.ID})
		if _, err := w.Undo(ctx, desk.System, first.ID); desk.ReasonOf(err) != "move.not_the_last" {
			t.Errorf("%v", err)
		}
		w.Clock.Set(time.Now().Add(31 * 24 * time.Hour))
		if _, err := w.Undo(ctx, desk.System, second.ID); desk.ReasonOf(err) != "move.too_late" {
			t.Errorf("%v", err)
		}
		if ms, err := w.Of(ctx, w.DB, w.acc.ID); err != nil || len(ms) != 2 || ms[0].ID != second.ID || ms[0].Undoable {
			t.Errorf("%+v %v", ms, err)
		}
	})
}
