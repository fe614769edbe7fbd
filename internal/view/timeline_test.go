package view_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

// talk fills a ticket with two threads, each with messages from both sides, and events between them.
func talk(t *testing.T, k *desktest.Desk, rounds int, text string) (desk.Ticket, desk.User) {
	t.Helper()
	threads := thread.New(k.Clock, k.Events)
	ann := k.User(desktest.Named("Ann Holm"))
	acc := k.Account()
	tk := k.Ticket()
	k.Write(func(ctx context.Context, tx *db.Tx) error {
		var ths []desk.Thread
		for range 2 {
			th, err := threads.Open(ctx, tx, desk.System, desk.Thread{InboxID: tk.InboxID, AccountID: acc.ID, Channel: acc.Channel, TicketID: tk.ID, Subject: "Hello"})
			if err != nil {
				return err
			}
			ths = append(ths, th)
		}
		for i := range rounds {
			for n, th := range ths {
				m := desk.Message{ThreadID: th.ID, TicketID: tk.ID, Kind: desk.KindMessage, Direction: desk.Incoming, Channel: acc.Channel, AccountID: acc.ID, Status: desk.StatusReceived,
					From: desk.Party{Field: "from", Kind: desk.AddrEmail, Address: "mira@customer.example", Name: "Mira"}, Text: fmt.Sprintf("in %d.%d %s", i, n, text)}
				if i%2 == 1 {
					m.Direction, m.Actor, m.Status = desk.Outgoing, desk.ByUser(ann.ID), desk.StatusQueued
					m.Recipients = []desk.Party{{Field: "to", Kind: desk.AddrEmail, Address: "mira@customer.example"}}
				}
				m, err := threads.Append(ctx, tx, m)
				if err != nil {
					return err
				}
				if m.Direction == desk.Outgoing {
					if _, err := tx.Exec(ctx, "INSERT INTO deliveries (message_id, recipient, state, updated_at) VALUES ($1, 'mira@customer.example', 'queued', 1)", m.ID); err != nil {
						return err
					}
				}
			}
			if _, err := k.Events.Record(ctx, tx, desk.Event{Type: desk.EvTicketUpdated, Actor: desk.ByUser(ann.ID), TicketID: tk.ID, Inbox: tk.InboxID, Data: event.Data(map[string]int{"n": i})}); err != nil {
				return err
			}
		}
		return nil
	})
	return tk, ann
}

// TK-18: messages of all threads and events of a ticket are one story; page by page, in either order, nothing is left out or shown twice.
func TestTheTimelineIsOneStory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		tk, ann := talk(t, k, 12, "")
		v := view.New(d, nil)
		walk := func(oldest bool, limit int) (ids []int64) {
			for page := (view.Page{Limit: limit}); ; {
				out, err := v.Timeline(ctx, view.Everything, tk.ID, oldest, page)
				if err != nil {
					t.Fatal(err)
				}
				for _, it := range out.Items {
					if it.Message != nil {
						ids = append(ids, int64(it.Message.ID))
					} else {
						ids = append(ids, int64(it.Event.ID))
					}
				}
				if page.Cursor = out.Next; out.Next == "" {
					return ids
				}
			}
		}
		var want []int64
		for _, q := range []string{"SELECT id FROM messages WHERE ticket_id = $1", "SELECT id FROM events WHERE ticket_id = $1 AND type NOT LIKE 'message.%' AND type <> 'comment.added'"} {
			ids, err := db.All(ctx, d, db.Column[int64], q, tk.ID)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, ids...)
		}
		for _, limit := range []int{1, 7, 200} {
			down, up := walk(false, limit), walk(true, limit)
			if len(down) != len(want) || len(up) != len(want) {
				t.Errorf("pages of %d: %d and %d items, want %d", limit, len(down), len(up), len(want))
			}
			for i := range down {
				if down[i] != up[len(up)-1-i] || i > 0 && down[i] >= down[i-1] {
					t.Fatalf("pages of %d: out of order at %d", limit, i)
				}
			}
		}
		page, err := v.Timeline(ctx, view.Everything, tk.ID, false, view.Page{})
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, it := range page.Items {
			if m := it.Message; m != nil {
				names[m.Author.Name] = true
				if m.Direction == desk.Outgoing && (len(m.Deliveries) == 0 || m.Deliveries[0].Status != desk.StatusQueued || m.Recipients[0].Status != desk.StatusQueued) { // GEN-23
					t.Errorf("message %d shows no state of its recipients: %v", m.ID, m.Deliveries)
				}
			} else if it.Event.Type == desk.EvTicketUpdated && it.Event.ActorName != ann.Name {
				t.Errorf("event by %q, want %q", it.Event.ActorName, ann.Name)
			}
		}
		if !names["Mira"] || !names["Ann Holm"] {
			t.Errorf("authors: %v", names)
		}
	})
}

// A page with long mails ends early and goes on where it ended.
func TestALongTimelinePageEndsEarly(t *testing.T) {
	ctx, k := context.Background(), desktest.New(t, dbtest.SQLite(t))
	tk, _ := talk(t, k, 10, strings.Repeat("long ", 30_000)) // 150 KB each
	v := view.New(k.DB, nil)
	total, pages := 0, 0
	for page := (view.Page{Limit: 200}); ; {
		out, err := v.Timeline(ctx, view.Everything, tk.ID, false, page)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, it := range out.Items {
			if it.Message != nil {
				total++
				size += len(it.Message.Text)
			}
		}
		if size > 2<<20 {
			t.Errorf("a page holds %d bytes", size)
		}
		pages++
		if page.Cursor = out.Next; out.Next == "" {
			break
		}
	}
	if total != 20 || pages < 2 {
		t.Errorf("%d messages on %d pages, want 20 on several", total, pages)
	}
}

// However many messages a page holds, it costs the same number of statements (no N+1).
func TestAPageCostsTheSameHoweverManyMessages(t *testing.T) {
	ctx, k := context.Background(), desktest.New(t, dbtest.SQLite(t))
	few, _ := talk(t, k, 2, "")
	many, _ := talk2(t, k, 60)
	cost := func(id desk.TicketID) int {
		c := &view.Counted{Queryer: k.DB}
		out, err := view.On(c).Timeline(ctx, view.Everything, id, false, view.Page{Limit: 200})
		if err != nil || len(out.Items) < 4 {
			t.Fatalf("%d items, %v", len(out.Items), err)
		}
		return c.N
	}
	if a, b := cost(few.ID), cost(many.ID); a == 0 || b > a {
		t.Errorf("4 messages cost %d statements, 120 cost %d", a, b)
	}
}

// Many who look at the counts of one moment share one computation, and all get it.
func TestCountsOfOneMomentAreShared(t *testing.T) {
	ctx, k := context.Background(), desktest.New(t, dbtest.SQLite(t))
	seed(t, k, 200)
	v := view.New(k.DB, nil)
	var wg sync.WaitGroup
	got := make([]string, 20)
	for i := range got {
		wg.Add(1)
		go func() {
			defer wg.Done()
			cs, err := v.Counts(ctx, view.Everything, 5)
			got[i] = fmt.Sprint(cs, err)
		}()
	}
	wg.Wait()
	for _, g := range got {
		if g != got[0] || !strings.Contains(g, "unassigned") {
			t.Fatalf("%s, and %s", got[0], g)
		}
	}
}

// RT-20: every assignment with its reasons, newest first, and the names it speaks of.
func TestWhyTellsEveryAssignment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, ben, tk := k.User(desktest.Named("Ann Holm")), k.User(desktest.Named("Ben Ode")), k.Ticket()
		for _, o := range []desk.UserID{ann.ID, ben.ID, 0} {
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Assignment.Manual(ctx, tx, desk.ByUser(ann.ID), tk.ID, o, 0)
				return err
			})
		}
		ds, err := view.New(d, nil).Why(ctx, view.Everything, tk.ID)
		if err != nil || len(ds) != 3 {
			t.Fatalf("%d decisions, %v", len(ds), err)
		}
		if ds[0].OwnerName != "" || ds[1].OwnerName != "Ben Ode" || ds[2].OwnerName != "Ann Holm" || ds[0].ActorName != "Ann Holm" || ds[1].Rule != "manual" {
			t.Errorf("decisions: %+v", ds)
		}
	})
}

// The trace finds a ticket by id and number, and nothing for who may not see it.
func TestTheTraceIsForWhoMaySee(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		tk, _ := talk(t, k, 2, "")
		v := view.New(d, nil)
		byID, err := v.Trace(ctx, view.Everything, tk.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		byNumber, err := v.Trace(ctx, view.Everything, fmt.Sprintf("#%d", tk.Number))
		if err != nil || len(byID) == 0 || fmt.Sprint(byID) != fmt.Sprint(byNumber) {
			t.Errorf("by id %d steps, by number %d (%v)", len(byID), len(byNumber), err)
		}
		for i := range byID {
			if i > 0 && byID[i].At < byID[i-1].At {
				t.Errorf("step %d is before the one before it", i)
			}
		}
		for _, name := range []string{tk.ID.String(), fmt.Sprintf("#%d", tk.Number), "nothing@nowhere", "#999999", ""} {
			s := view.Sight{User: 1}
			if _, err := v.Trace(ctx, s, name); desk.CodeOf(err) != desk.NotFound {
				t.Errorf("%q without access: %v", name, err)
			}
		}
	})
}

// talk2 is talk on the same desk, with another agent.
func talk2(t *testing.T, k *desktest.Desk, rounds int) (desk.Ticket, desk.User) {
	t.Helper()
	tk := k.Ticket(func(n *ticket.NewTicket) { n.Subject = "Long" })
	threads := thread.New(k.Clock, k.Events)
	ben := k.User()
	acc := k.Account()
	k.Write(func(ctx context.Context, tx *db.Tx) error {
		th, err := threads.Open(ctx, tx, desk.System, desk.Thread{InboxID: tk.InboxID, AccountID: acc.ID, Channel: acc.Channel, TicketID: tk.ID})
		if err != nil {
			return err
		}
		for i := range rounds * 2 {
			m := desk.Message{ThreadID: th.ID, TicketID: tk.ID, Kind: desk.KindMessage, Direction: desk.Outgoing, Actor: desk.ByUser(ben.ID), Channel: acc.Channel, AccountID: acc.ID, Status: desk.StatusQueued,
				Recipients: []desk.Party{{Field: "to", Address: fmt.Sprintf("p%d@customer.example", i)}}, Text: "x"}
			if i%3 == 0 {
				m.Direction, m.Actor, m.Recipients = desk.Incoming, desk.Actor{}, nil
			}
			if _, err := threads.Append(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	return tk, ben
}
