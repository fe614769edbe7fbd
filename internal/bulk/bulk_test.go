package bulk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/bulk"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/purge"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/triage"
	"github.com/kanalhq/kanal/internal/view"
)

const deadline = 30 * time.Second

var ctx = context.Background()

type world struct {
	*desktest.Desk
	*bulk.Service
	t      testing.TB
	jobs   *job.Queue
	ann    desk.User
	viewer access.Viewer
	acc    desk.ChannelAccount
}

type noJournal struct{}

func (noJournal) Forget(context.Context, *db.Tx, []desk.MessageID) error { return nil }

// bulkOn makes the services of one process on a desk.
func bulkOn(t testing.TB, k *desktest.Desk, slice int) (*bulk.Service, *job.Queue) {
	t.Helper()
	jobs := job.New(k.DB, k.Clock, nil, job.Options{Lease: 300 * time.Millisecond, Base: 10 * time.Millisecond, Poll: 20 * time.Millisecond, Drain: 10 * time.Millisecond})
	senders := spam.New(k.DB, k.Clock, k.Events)
	tri := triage.New(triage.Deps{
		DB: k.DB, Clock: k.Clock, Jobs: jobs, People: k.People, Inboxes: k.Inboxes, Threads: k.Threads, Tickets: k.Tickets, Assign: k.Assignment, Senders: senders,
	})
	return bulk.New(bulk.Deps{
		DB: k.DB, Clock: k.Clock, Events: k.Events, Jobs: jobs, Access: k.Access, Tickets: k.Tickets, Assign: k.Assignment, Triage: tri,
		Purge: purge.New(purge.Deps{DB: k.DB, Clock: k.Clock, Events: k.Events, Threads: k.Threads, Tickets: k.Tickets, Journal: noJournal{}}),
		View:  view.New(k.DB, nil), Keep: time.Hour, Slice: slice, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}), jobs
}

func newWorld(t testing.TB, d *db.DB, slice int) *world {
	t.Helper()
	k := desktest.New(t, d)
	w := &world{Desk: k, t: t, ann: k.User(desktest.Role(desk.RoleSupervisor))}
	w.Service, w.jobs = bulkOn(t, k, slice)
	w.viewer = k.Viewer(w.ann)
	w.acc = k.Account()
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 4)
		runs(t, w.jobs)
		fn(t, w)
	})
}

// runs lets a queue work until the test ends or stop is called.
func runs(t testing.TB, q *job.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); q.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(deadline); !ok(); {
		if time.Now().After(end) {
			w.t.Fatalf("never happened: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (w *world) many(n int, with ...func(*ticket.NewTicket)) []desk.TicketID {
	w.t.Helper()
	ids := make([]desk.TicketID, n)
	for i := range ids {
		ids[i] = w.Ticket(with...).ID
	}
	return ids
}

// over starts a run and waits for its end.
func (w *world) over(a bulk.Action, sel bulk.Selection) bulk.Run {
	w.t.Helper()
	r, err := w.Start(ctx, w.viewer, a, sel, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.wait(r.ID)
}

func (w *world) wait(id desk.BulkID) (r bulk.Run) {
	w.t.Helper()
	w.eventually("the run ends", func() bool {
		var err error
		if r, err = w.Get(ctx, w.ann.ID, id); err != nil {
			w.t.Fatal(err)
		}
		return r.Over()
	})
	return r
}

func (w *world) undone(r bulk.Run) bulk.Run {
	w.t.Helper()
	u, err := w.Undo(ctx, w.viewer, r.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.wait(u.ID)
}

func (w *world) ticket(id desk.TicketID) desk.Ticket {
	w.t.Helper()
	return desktest.Must[desk.Ticket](w.t)(w.Tickets.Get(ctx, w.DB, id))
}

func (w *world) is(r bulk.Run, state bulk.State, total, done, same, failed int) {
	w.t.Helper()
	if r.State != state || r.Total != total || r.Done != done || r.Same != same || r.Failed != failed {
		w.t.Fatalf("%+v, want %s of %d: %d done, %d same, %d failed", r, state, total, done, same, failed)
	}
}

func ptr[T any](v T) *T { return &v }

func TestOneActionOnMany(t *testing.T) { // WS-17
	each(t, func(t *testing.T, w *world) {
		ids := w.many(11)
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Tickets.Close(ctx, tx, desk.System, ids[3], "")
			return err
		})
		r := w.over(bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: append(ids, ids[0])})
		w.is(r, bulk.Done, 11, 10, 1, 0)
		for _, id := range ids {
			if w.ticket(id).Open {
				t.Fatalf("ticket %d is open", id)
			}
		}
		// Somebody changes two of them; the undo leaves those alone and says so.
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.Tickets.Reopen(ctx, tx, desk.System, ids[5], ""); err != nil {
				return err
			}
			_, err := w.Tickets.Update(ctx, tx, desk.System, ids[6], ticket.Change{Priority: ptr(desk.PriorityHigh)}) // not what the run changed
			return err
		})
		u := w.undone(r)
		w.is(u, bulk.Done, 10, 9, 0, 1)
		if !w.ticket(ids[0]).Open || !w.ticket(ids[6]).Open || w.ticket(ids[3]).Open || w.ticket(ids[6]).Priority != desk.PriorityHigh {
			t.Fatal("undone wrongly")
		}
		fs, err := w.Failures(ctx, w.viewer, u.ID, 0, 0)
		if err != nil || len(fs) != 1 || fs[0].TicketID != ids[5] || fs[0].Reason != "bulk.changed_since" || fs[0].Sentence == "" || fs[0].Number == 0 {
			t.Fatalf("%+v %v", fs, err)
		}
		again, err := w.Undo(ctx, w.viewer, r.ID)
		if err != nil || again.ID != u.ID {
			t.Fatalf("asked twice: %+v %v", again, err)
		}
		if r, _ = w.Get(ctx, w.ann.ID, r.ID); r.Undoable || r.UndoneBy != u.ID {
			t.Fatalf("%+v", r)
		}
		if _, err := w.Undo(ctx, w.viewer, u.ID); desk.ReasonOf(err) != "bulk.is_undo" {
			t.Fatal(err)
		}
		list, err := w.Recent(ctx, w.ann.ID, 0, 0)
		if err != nil || len(list) != 2 || list[0].ID != u.ID {
			t.Fatalf("%+v %v", list, err)
		}
	})
}

func TestEveryActionAndItsUndoing(t *testing.T) { // WS-17, WS-29, EM-36
	each(t, func(t *testing.T, w *world) {
		bo, sales := w.User(), w.Inbox("sales")
		color := w.Property("color", "text")
		w.viewer = w.Viewer(w.ann)
		st := w.ticket(w.many(1)[0])
		pipe := desktest.Must[desk.Pipeline](t)(w.Tickets.Pipeline(ctx, w.DB, st.PipelineID))
		to := pipe.Statuses[1].ID
		withThread := func() []desk.TicketID {
			var ids []desk.TicketID
			for i := range 3 {
				c := w.Contact(fmt.Sprintf("mira%d.%d@home.example", i, w.number("SELECT COUNT(*) FROM tickets")))
				tk := w.Ticket(func(n *ticket.NewTicket) { n.ContactID, n.AccountID = c.ID, w.acc.ID })
				th := w.Thread(tk, w.acc)
				w.Message(th, func(m *desk.Message) { m.From = desk.Party{Kind: desk.AddrEmail, Address: c.Email} })
				ids = append(ids, tk.ID)
			}
			return ids
		}
		into := w.many(1)[0]
		for _, c := range []struct {
			action bulk.Action
			before func(ids []desk.TicketID)
			want   func(t desk.Ticket) bool
			back   func(t desk.Ticket) bool
		}{
			{bulk.Action{Type: bulk.DoAssign, OwnerID: bo.ID}, nil, func(t desk.Ticket) bool { return t.OwnerID == bo.ID }, func(t desk.Ticket) bool { return t.OwnerID == 0 }},
			{bulk.Action{Type: bulk.DoAssign, NoOwner: true}, func(ids []desk.TicketID) {
				w.over(bulk.Action{Type: bulk.DoAssign, OwnerID: bo.ID}, bulk.Selection{IDs: ids})
			}, func(t desk.Ticket) bool { return t.OwnerID == 0 }, func(t desk.Ticket) bool { return t.OwnerID == bo.ID }},
			{bulk.Action{Type: bulk.DoUpdate, StatusID: to, Priority: ptr(desk.PriorityUrgent), Category: ptr("billing"), Properties: map[string]any{color.Name: "red"}}, nil,
				func(t desk.Ticket) bool {
					return t.StatusID == to && t.Priority == "urgent" && t.Category == "billing" && t.Properties["color"] == "red"
				},
				func(t desk.Ticket) bool {
					return t.StatusID == st.StatusID && t.Priority == "" && t.Category == "" && t.Properties["color"] == nil
				}},
			{bulk.Action{Type: bulk.DoUpdate, AddTags: []string{"Recall", "VIP"}, RemoveTags: []string{"Old"}}, func(ids []desk.TicketID) { // TK-10
				w.over(bulk.Action{Type: bulk.DoUpdate, AddTags: []string{"Old"}}, bulk.Selection{IDs: ids})
			}, func(t desk.Ticket) bool { return w.tags(t.ID) == "Recall,VIP" }, func(t desk.Ticket) bool { return w.tags(t.ID) == "Old" }},
			{bulk.Action{Type: bulk.DoClose}, nil, func(t desk.Ticket) bool { return !t.Open }, func(t desk.Ticket) bool { return t.Open && t.StatusID == st.StatusID }},
			{bulk.Action{Type: bulk.DoReopen}, func(ids []desk.TicketID) { w.over(bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: ids}) }, func(t desk.Ticket) bool { return t.Open }, func(t desk.Ticket) bool { return !t.Open }},
			{bulk.Action{Type: bulk.DoSnooze}, nil, func(t desk.Ticket) bool { return t.Snoozed }, func(t desk.Ticket) bool { return !t.Snoozed }},
			{bulk.Action{Type: bulk.DoWake}, func(ids []desk.TicketID) {
				w.over(bulk.Action{Type: bulk.DoSnooze, Until: w.Clock.Ms().Add(time.Hour)}, bulk.Selection{IDs: ids})
			}, func(t desk.Ticket) bool { return !t.Snoozed }, func(t desk.Ticket) bool { return t.Snoozed && t.SnoozedUntil != 0 }},
			{bulk.Action{Type: bulk.DoMove, InboxID: sales.ID}, nil, func(t desk.Ticket) bool { return t.InboxID == sales.ID }, func(t desk.Ticket) bool { return t.InboxID == st.InboxID }},
			{bulk.Action{Type: bulk.DoSpam, Block: triage.BlockSender}, nil, func(t desk.Ticket) bool { return t.Hidden == desk.HiddenSpam }, func(t desk.Ticket) bool { return t.Hidden == "" && t.HiddenReason == "" }},
			{bulk.Action{Type: bulk.DoNotSpam, Allow: true}, func(ids []desk.TicketID) { w.over(bulk.Action{Type: bulk.DoSpam}, bulk.Selection{IDs: ids}) }, func(t desk.Ticket) bool { return t.Hidden == "" }, func(t desk.Ticket) bool { return t.Hidden == desk.HiddenSpam }},
			{bulk.Action{Type: bulk.DoTrash}, nil, func(t desk.Ticket) bool { return t.Hidden == desk.HiddenTrash }, func(t desk.Ticket) bool { return t.Hidden == "" }},
			{bulk.Action{Type: bulk.DoRestore}, func(ids []desk.TicketID) { w.over(bulk.Action{Type: bulk.DoTrash}, bulk.Selection{IDs: ids}) }, func(t desk.Ticket) bool { return t.Hidden == "" }, func(t desk.Ticket) bool { return t.Hidden == desk.HiddenTrash }},
			{bulk.Action{Type: bulk.DoMerge, Into: into}, nil, func(t desk.Ticket) bool { return t.MergedInto == into }, func(t desk.Ticket) bool { return t.MergedInto == 0 && t.Hidden == "" && t.Open }},
		} {
			ids := withThread()
			if c.before != nil {
				c.before(ids)
			}
			check := func(when string, ok func(desk.Ticket) bool) {
				t.Helper()
				for _, id := range ids {
					if tk := w.ticket(id); !ok(tk) {
						t.Errorf("%s %s: %+v", c.action.Type, when, tk)
					}
				}
			}
			r := w.over(c.action, bulk.Selection{IDs: ids})
			if r.State != bulk.Done || r.Done != 3 {
				fs, _ := w.Failures(ctx, w.viewer, r.ID, 0, 0)
				t.Errorf("%s: %+v %+v", c.action.Type, r, fs)
				continue
			}
			check("done", c.want)
			if again := w.over(c.action, bulk.Selection{IDs: ids}); again.Same != 3 && c.action.Type != bulk.DoMerge {
				t.Errorf("%s again: %+v", c.action.Type, again)
			}
			u := w.undone(r)
			if u.Done != 3 {
				fs, _ := w.Failures(ctx, w.viewer, u.ID, 0, 0)
				t.Errorf("%s undone: %+v %+v", c.action.Type, u, fs)
				continue
			}
			check("undone", c.back)
		}
		if n := w.number("SELECT COUNT(*) FROM sender_rules"); n != 6 {
			t.Errorf("%d senders denied or allowed", n)
		}
	})
}

func (w *world) tags(id desk.TicketID) string {
	names, err := w.Tickets.TagsOf(ctx, w.DB, id, false)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(names, ",")
}

func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.DB.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestFollowingManyAndEmptyingTheTrash(t *testing.T) { // WS-15, WS-29
	each(t, func(t *testing.T, w *world) {
		ids := w.many(5)
		r := w.over(bulk.Action{Type: bulk.DoFollow}, bulk.Selection{IDs: ids})
		w.is(r, bulk.Done, 5, 5, 0, 0)
		if n := w.number("SELECT COUNT(*) FROM ticket_followers WHERE user_id = $1", w.ann.ID); n != 5 {
			t.Fatal(n)
		}
		w.is(w.undone(r), bulk.Done, 5, 5, 0, 0)
		if n := w.number("SELECT COUNT(*) FROM ticket_followers"); n != 0 {
			t.Fatal(n)
		}
		w.over(bulk.Action{Type: bulk.DoTrash}, bulk.Selection{IDs: ids[:3]})
		gone := w.over(bulk.Action{Type: bulk.DoPurge}, bulk.Selection{IDs: ids})
		w.is(gone, bulk.Done, 5, 3, 0, 2)
		if gone.Undoable {
			t.Fatal("what is gone does not come back")
		}
		if _, err := w.Undo(ctx, w.viewer, gone.ID); desk.ReasonOf(err) != "bulk.for_good" {
			t.Fatal(err)
		}
		if n := w.number("SELECT COUNT(*) FROM tickets"); n != 2 {
			t.Fatalf("%d tickets left", n)
		}
	})
}

func TestEachTicketIsAskedForThePermission(t *testing.T) { // WS-17, IH-09
	each(t, func(t *testing.T, w *world) {
		secret, theirs := w.Inbox("secret", desk.Access{Users: []desk.UserID{w.User().ID}}), w.Inbox("theirs")
		in := func(b desk.Inbox) func(*ticket.NewTicket) { return func(n *ticket.NewTicket) { n.InboxID = b.ID } }
		hidden, open := w.many(2, in(secret)), w.many(3, in(theirs))
		r := w.over(bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: append(hidden, open...)})
		w.is(r, bulk.Done, 5, 3, 0, 2)
		fs, err := w.Failures(ctx, w.viewer, r.ID, 0, 0)
		if err != nil || len(fs) != 2 || fs[0].Reason != "access.not_visible" || fs[0].Subject != "" || fs[0].Number != 0 {
			t.Fatalf("%+v %v", fs, err)
		}
		if more, err := w.Failures(ctx, w.viewer, r.ID, fs[0].Position, 1); err != nil || len(more) != 1 || more[0].Position != fs[1].Position {
			t.Fatalf("%+v %v", more, err)
		}
		other := w.Viewer(w.User())
		if _, err := w.Get(ctx, other.User.ID, r.ID); desk.CodeOf(err) != desk.NotFound {
			t.Fatal("another's run is not found", err)
		}
		light := w.Viewer(w.User(desktest.Role(desk.RoleLight)))
		if _, err := w.Start(ctx, light, bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: open}, nil); desk.CodeOf(err) != desk.Forbidden {
			t.Fatal("without the permission nothing begins", err)
		}
		agent := w.Viewer(w.User())
		if _, err := w.Start(ctx, agent, bulk.Action{Type: bulk.DoTrash}, bulk.Selection{IDs: open}, nil); desk.CodeOf(err) != desk.Forbidden {
			t.Fatal("an agent does not delete", err)
		}
	})
}

func TestWhatWasRefusedBeforeItBegins(t *testing.T) { // WS-17
	each(t, func(t *testing.T, w *world) {
		ids := w.many(2)
		one := bulk.Selection{IDs: ids}
		for name, c := range map[string]struct {
			a   bulk.Action
			sel bulk.Selection
		}{
			"no such action":      {bulk.Action{Type: "explode"}, one},
			"nobody named":        {bulk.Action{Type: bulk.DoAssign}, one},
			"nothing to change":   {bulk.Action{Type: bulk.DoUpdate}, one},
			"no such status":      {bulk.Action{Type: bulk.DoUpdate, StatusID: 7}, one},
			"no such property":    {bulk.Action{Type: bulk.DoUpdate, Properties: map[string]any{"nope": 1}}, one},
			"a time gone by":      {bulk.Action{Type: bulk.DoSnooze, Until: 1}, one},
			"no such inbox":       {bulk.Action{Type: bulk.DoMove, InboxID: 7}, one},
			"no such ticket":      {bulk.Action{Type: bulk.DoMerge, Into: 7}, one},
			"nothing selected":    {bulk.Action{Type: bulk.DoClose}, bulk.Selection{}},
			"both":                {bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: ids, View: "open"}},
			"not a filter":        {bulk.Action{Type: bulk.DoClose}, bulk.Selection{View: "open", Filter: customview.Filter{Field: "nope", Op: "is", Value: "x"}}},
			"too many named":      {bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: make([]desk.TicketID, 10_001)}},
			"an unknown blocking": {bulk.Action{Type: bulk.DoSpam, Block: "everybody"}, one},
		} {
			if _, err := w.Start(ctx, w.viewer, c.a, c.sel, nil); err == nil || desk.PublicOf(err) == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := w.number("SELECT COUNT(*) FROM bulk_runs"); n != 0 {
			t.Errorf("%d runs", n)
		}
	})
}

func TestASelectionIsWhatWasThereAtTheStart(t *testing.T) { // WS-17
	each(t, func(t *testing.T, w *world) {
		w.many(30)
		w.many(5, func(n *ticket.NewTicket) { n.Priority = ptr(desk.PriorityHigh) })
		filter := customview.Filter{Field: "priority", Op: "is", Value: "high"}
		w.is(w.over(bulk.Action{Type: bulk.DoClose}, bulk.Selection{View: "open", Filter: filter, Expect: 5}), bulk.Done, 5, 5, 0, 0)
		w.is(w.over(bulk.Action{Type: bulk.DoClose}, bulk.Selection{View: "open", Expect: 30}), bulk.Done, 30, 30, 0, 0)
		w.many(30)
		if _, err := w.Start(ctx, w.viewer, bulk.Action{Type: bulk.DoClose}, bulk.Selection{View: "open", Expect: 4}, nil); desk.ReasonOf(err) != "bulk.grown" {
			t.Fatal(err)
		}
	})
}

func TestProgressIsToldToWhoAsked(t *testing.T) { // WS-17
	each(t, func(t *testing.T, w *world) {
		r := w.over(bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: w.many(21)})
		evs := w.EventsOf(desk.EvBulkProgressed)
		var last struct {
			ID    desk.BulkID
			State bulk.State
			Done  int
		}
		if len(evs) == 0 || len(evs) > 4 || json.Unmarshal(evs[len(evs)-1].Data, &last) != nil || last.ID != r.ID || last.State != bulk.Done || last.Done != 21 || evs[0].UserID != w.ann.ID {
			t.Fatalf("%d events, the last %+v", len(evs), last)
		}
	})
}

func TestFinishedRunsAreForgotten(t *testing.T) { // WS-17
	each(t, func(t *testing.T, w *world) {
		r := w.over(bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: w.many(6)})
		w.Clock.Set(w.Clock.Now().Add(2 * time.Hour))
		if err := w.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Get(ctx, w.ann.ID, r.ID); desk.CodeOf(err) != desk.NotFound || w.number("SELECT COUNT(*) FROM bulk_items") != 0 {
			t.Fatal(err)
		}
	})
}

// statusChanges counts what was told of the tickets' states.
func (w *world) statusChanges() map[desk.TicketID]int {
	n := map[desk.TicketID]int{}
	for _, ev := range w.EventsOf(desk.EvTicketStatus) {
		if strings.Contains(string(ev.Data), `"reason":"bulk"`) {
			n[ev.TicketID]++
		}
	}
	return n
}

// CR-14: what a run kept of a ticket that is erased goes with it, and so do the words that name an erased person; the others can still be undone.
func TestARunForgetsWhatIsErased(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.many(2, func(n *ticket.NewTicket) { n.Category = ptr("Okoye's bike") })
		empty := ""
		r := w.over(bulk.Action{Type: bulk.DoUpdate, Category: &empty}, bulk.Selection{View: "open", Filter: customview.Filter{Field: "contact.email", Op: "is_not", Value: "mira@home.example"}})
		w.is(r, bulk.Done, 2, 2, 0, 0)
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			return w.Forget(ctx, tx, ids[:1], []string{"Mira@home.example"})
		})
		all := func(query string) (text string) {
			if err := w.DB.QueryRow(ctx, query).Scan(&text); err != nil {
				t.Fatal(err)
			}
			return text
		}
		if got := all("SELECT MAX(selection) FROM bulk_runs"); strings.Contains(got, "mira") || !strings.Contains(got, "contact.email") {
			t.Errorf("the selection says %s", got)
		}
		if got := all("SELECT MIN(changes) || '|' || MAX(sentence) FROM bulk_items"); got != "|" {
			t.Errorf("kept of the erased ticket: %s", got)
		}
		w.is(w.undone(r), bulk.Done, 2, 1, 1, 0)
		if w.ticket(ids[0]).Category != "" || w.ticket(ids[1]).Category != "Okoye's bike" {
			t.Error("the undo gave back what was erased, or not what was kept")
		}
	})
}

// TK-10, WS-17: a ticket without what its status asks for is refused, with the reason, and the others are closed.
func TestClosingAsksForRequiredProperties(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Properties.Create(ctx, tx, desk.System, desk.Property{Object: "ticket", Name: "cause", Label: "Cause", Type: "text", RequiredOnClose: true})
			return err
		})
		bare, full := w.Ticket(), w.Ticket(func(n *ticket.NewTicket) { n.Properties = map[string]any{"cause": "a flat tyre"} })
		r := w.over(bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: []desk.TicketID{bare.ID, full.ID}})
		w.is(r, bulk.Done, 2, 1, 0, 1)
		if !w.ticket(bare.ID).Open || w.ticket(full.ID).Open {
			t.Error("the wrong one was closed")
		}
		fs, err := w.Failures(ctx, w.viewer, r.ID, 0, 0)
		if err != nil || len(fs) != 1 || fs[0].TicketID != bare.ID || fs[0].Reason != "property.required_on_close" || fs[0].Sentence == "" {
			t.Errorf("%+v, %v", fs, err)
		}
	})
}
