package ticket_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
)

func update(k *desktest.Desk, id desk.TicketID, c ticket.Change) (t desk.Ticket, err error) {
	err = k.Try(func(ctx context.Context, tx *db.Tx) error {
		t, err = k.Tickets.Update(ctx, tx, desk.System, id, c)
		return err
	})
	return t, err
}

func ptr[T any](v T) *T { return &v }

func TestNumbersAreShortAndNeverRepeat(t *testing.T) { // TK-19
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		first := k.Ticket()
		if first.Number != 1001 {
			t.Errorf("the first number is %d", first.Number)
		}
		box := k.Helpdesk().ID
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[int64]bool{}
		for range 40 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				var tk desk.Ticket
				err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
					tk, err = k.Tickets.Create(ctx, tx, ticket.NewTicket{InboxID: box})
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				if err != nil || seen[tk.Number] {
					t.Errorf("number %d, %v", tk.Number, err)
				}
				seen[tk.Number] = true
			}()
		}
		wg.Wait()
		got, err := k.Tickets.ByNumber(context.Background(), d, first.Number)
		if err != nil || got.ID != first.ID {
			t.Errorf("by number: %v %v", got.ID, err)
		}
	})
}

func TestChannelDefaultsAreStamped(t *testing.T) { // TK-01, TK-02, GEN-18
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		k.Property("plan", "choice", "free", "gold")
		policy := desk.TicketPolicy{Pipeline: "support", Status: "waiting_on_us", Priority: "high", Category: "Billing", Properties: map[string]any{"plan": "gold"}}
		tk := k.Ticket(func(n *ticket.NewTicket) { n.Policy = policy })
		st, err := k.Tickets.StatusByID(context.Background(), d, tk.StatusID)
		if err != nil || st.Slug != "waiting_on_us" || tk.Priority != desk.PriorityHigh || tk.Category != "Billing" || tk.Properties["plan"] != "gold" || !tk.Open {
			t.Fatalf("%+v %+v %v", tk, st, err)
		}
		t.Run("what has gone since is left out and told, and the ticket is made", func(t *testing.T) {
			tk := k.Ticket(func(n *ticket.NewTicket) {
				n.Policy = desk.TicketPolicy{Pipeline: "gone", Status: "gone", Priority: "enormous", Properties: map[string]any{"plan": "silver", "gone": 1.0}}
			})
			if tk.Number == 0 || tk.Priority != "" || len(tk.Properties) != 0 {
				t.Fatalf("%+v", tk)
			}
			evs := k.EventsOf(desk.EvTicketCreated)
			var data struct {
				Number  int64    `json:"number"`
				LeftOut []string `json:"defaults_left_out"`
			}
			if err := json.Unmarshal(evs[len(evs)-1].Data, &data); err != nil || data.Number != tk.Number || len(data.LeftOut) != 5 {
				t.Fatalf("told %s", evs[len(evs)-1].Data)
			}
		})
		t.Run("what is asked for overrules and is checked", func(t *testing.T) {
			tk := k.Ticket(func(n *ticket.NewTicket) { n.Policy, n.Priority = policy, ptr(desk.PriorityLow) })
			if tk.Priority != desk.PriorityLow {
				t.Fatalf("%+v", tk)
			}
			err := k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Tickets.Create(ctx, tx, ticket.NewTicket{InboxID: k.Helpdesk().ID, Properties: map[string]any{"gone": 1.0}})
				return err
			})
			if desk.ReasonOf(err) != "property.unknown" {
				t.Fatalf("err = %v", err)
			}
		})
	})
}

func TestUpdate(t *testing.T) { // TK-10
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		k.Property("plan", "choice", "free", "gold")
		tk := k.Ticket()
		got, err := update(k, tk.ID, ticket.Change{Subject: ptr("New  subject\n"), Priority: ptr(desk.PriorityUrgent), Status: ptr("closed"), Properties: map[string]any{"plan": "free"}, ExpectVersion: tk.Version})
		if err != nil || got.Subject != "New subject" || got.Open || got.ClosedAt == 0 || got.Version != tk.Version+1 {
			t.Fatalf("%+v %v", got, err)
		}
		t.Run("the history keeps before and after of each field", func(t *testing.T) {
			evs := k.EventsOf(desk.EvTicketUpdated)
			var data struct{ Changes map[string][2]any }
			if err := json.Unmarshal(evs[0].Data, &data); err != nil || len(evs) != 1 {
				t.Fatal(evs, err)
			}
			for field, want := range map[string]string{"subject": "New subject", "priority": "urgent", "properties.plan": "free"} {
				if data.Changes[field][1] != want {
					t.Errorf("%s: %v", field, data.Changes[field])
				}
			}
			st := k.EventsOf(desk.EvTicketStatus)
			var s map[string]string
			if err := json.Unmarshal(st[0].Data, &s); err != nil || s["from"] != "new" || s["to"] != "closed" || s["from_state"] != "open" || s["to_state"] != "closed" {
				t.Errorf("%s", st[0].Data)
			}
		})
		t.Run("a stale version is refused", func(t *testing.T) {
			_, err := update(k, tk.ID, ticket.Change{Subject: ptr("Other"), ExpectVersion: tk.Version})
			if desk.CodeOf(err) != desk.Conflict || desk.ReasonOf(err) != "ticket.stale" {
				t.Fatalf("err = %v", err)
			}
		})
		t.Run("nothing changed is no event and no version", func(t *testing.T) {
			n := len(k.EventsOf(""))
			again, err := update(k, tk.ID, ticket.Change{Subject: ptr("New subject"), Status: ptr("closed")})
			if err != nil || again.Version != got.Version || len(k.EventsOf("")) != n {
				t.Fatalf("version %d, %v", again.Version, err)
			}
		})
		t.Run("what cannot be is refused with its field", func(t *testing.T) {
			for want, c := range map[string]ticket.Change{
				"priority": {Priority: ptr(desk.Priority("soon"))}, "status": {Status: ptr("gone")}, "properties.plan": {Properties: map[string]any{"plan": "silver"}}, "category": {Category: ptr("a\nb")},
			} {
				_, err := update(k, tk.ID, c)
				if e, ok := err.(*desk.Error); !ok || e.Field != want || e.Code != desk.Invalid {
					t.Errorf("%s: %v", want, err)
				}
			}
		})
		t.Run("trash and back are told", func(t *testing.T) {
			for _, h := range []desk.Hidden{desk.HiddenTrash, desk.HiddenNo} {
				if _, err := update(k, tk.ID, ticket.Change{Hidden: &h}); err != nil {
					t.Fatal(err)
				}
			}
			if len(k.EventsOf(desk.EvTicketDeleted)) != 1 || len(k.EventsOf(desk.EvTicketRestored)) != 1 {
				t.Error("not told")
			}
		})
	})
}

func TestConcurrentEditsWithOneVersionLetOneThrough(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		tk := k.Ticket()
		for round := range 6 {
			version := int64(round + 1)
			errs := desktest.Together(d, 4, func(ctx context.Context, tx *db.Tx, i int) error {
				_, err := k.Tickets.Update(ctx, tx, desk.System, tk.ID, ticket.Change{Subject: ptr(fmt.Sprint(round, i)), ExpectVersion: version})
				return err
			})
			n := 0
			for _, err := range errs {
				if err == nil {
					n++
				} else if desk.ReasonOf(err) != "ticket.stale" {
					t.Errorf("err = %v", err)
				}
			}
			if n != 1 {
				t.Fatalf("%d edits of one version went through", n)
			}
		}
	})
}

func TestNoteMessage(t *testing.T) { // TK-10, RP-09
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		tk := k.Ticket()
		at := tk.CreatedAt
		note := func(m desk.Message) desk.Ticket {
			t.Helper()
			at = at.Add(time.Second)
			m.CreatedAt = at
			k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Tickets.NoteMessage(ctx, tx, tk.ID, m) })
			got, err := k.Tickets.Get(ctx, d, tk.ID)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		in := desk.Message{Kind: desk.KindMessage, Direction: desk.Incoming, Text: "\n  Where is\tmy parcel?\n\nMira"}
		got := note(in)
		if got.Snippet != "Where is my parcel? Mira" || got.LastDirection != desk.Incoming || got.MessageCount != 1 || got.LastInbound != at || got.LastActivity != at || got.Version != tk.Version {
			t.Fatalf("%+v", got)
		}
		robot := desk.Message{Kind: desk.KindMessage, Direction: desk.Outgoing, Actor: desk.Actor{Kind: desk.ActorAutomation}, Text: "We got it."}
		if got = note(robot); got.FirstReply != 0 || got.LastDirection != desk.Outgoing || got.MessageCount != 2 {
			t.Fatalf("a machine's answer is no first reply: %+v", got)
		}
		if got = note(desk.Message{Kind: desk.KindComment, Actor: desk.ByUser(5), Text: "Hm."}); got.FirstReply != 0 || got.MessageCount != 2 || got.Snippet != "We got it." || got.LastActivity != at {
			t.Fatalf("a comment is only activity: %+v", got)
		}
		human := desk.Message{Kind: desk.KindMessage, Direction: desk.Outgoing, Actor: desk.ByUser(5), Attachments: []desk.Attachment{{Name: "label.pdf"}}}
		got = note(human)
		first := at
		if got.FirstReply != first || got.Snippet != "label.pdf" {
			t.Fatalf("%+v", got)
		}
		if got = note(human); got.FirstReply != first {
			t.Fatalf("the first reply moved: %+v", got)
		}
	})
}

func TestAClosedTicketReopensWhereWorkWaitsOnUs(t *testing.T) { // TK-15
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		tk := k.Ticket()
		turn := func(fn func(context.Context, *db.Tx, desk.Actor, desk.TicketID, string) (desk.Ticket, error)) (got desk.Ticket) {
			k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				got, err = fn(ctx, tx, desk.System, tk.ID, "test")
				return err
			})
			return got
		}
		if got := turn(k.Tickets.Reopen); got.Version != tk.Version {
			t.Fatal("an open ticket was reopened")
		}
		if got := turn(k.Tickets.Close); got.Open || got.ClosedAt == 0 {
			t.Fatalf("%+v", got)
		}
		got := turn(k.Tickets.Reopen)
		st, _ := k.Tickets.StatusByID(ctx, d, got.StatusID)
		if !got.Open || got.ClosedAt != 0 || st.Slug != "waiting_on_us" {
			t.Fatalf("%+v in %s", got, st.Slug)
		}
	})
}

func TestLinks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		a, b := k.Ticket(), k.Ticket()
		l := desk.TicketLink{TicketID: a.ID, OtherID: b.ID, Kind: ticket.LinkClaims, MessageID: 9, Reason: "references"}
		for range 2 {
			k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Tickets.Link(ctx, tx, l) })
		}
		for _, id := range []desk.TicketID{a.ID, b.ID} {
			if ls, err := k.Tickets.Links(ctx, d, id); err != nil || len(ls) != 1 || ls[0].MessageID != 9 {
				t.Fatalf("%+v %v", ls, err)
			}
		}
		for reason, bad := range map[string]desk.TicketLink{
			"ticket.link_self": {TicketID: a.ID, OtherID: a.ID, Kind: "related"}, "ticket.link_unknown": {TicketID: a.ID, OtherID: b.ID, Kind: "loves"}, "ticket.not_found": {TicketID: a.ID, OtherID: 5, Kind: "related"},
		} {
			if err := k.Try(func(ctx context.Context, tx *db.Tx) error { return k.Tickets.Link(ctx, tx, bad) }); desk.ReasonOf(err) != reason {
				t.Errorf("%s: %v", reason, err)
			}
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Tickets.Unlink(ctx, tx, desk.System, l) })
		if ls, _ := k.Tickets.Links(ctx, d, a.ID); len(ls) != 0 {
			t.Fatalf("%+v", ls)
		}
	})
}

func TestPipelines(t *testing.T) { // TK-07
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ps, err := k.Tickets.Pipelines(ctx, d)
		if err != nil || len(ps) != 1 || len(ps[0].Statuses) != 4 || ps[0].Statuses[3].State != ticket.Closed {
			t.Fatalf("the defaults: %+v %v", ps, err)
		}
		support := ps[0]
		create := func(p desk.Pipeline) (made desk.Pipeline, err error) {
			err = k.Try(func(ctx context.Context, tx *db.Tx) error {
				made, err = k.Tickets.CreatePipeline(ctx, tx, desk.System, p)
				return err
			})
			return made, err
		}
		for reason, sts := range map[string][]desk.Status{
			"pipeline.states_missing": {{Name: "New", State: "open"}}, "status.state_unknown": {{Name: "New", State: "ajar"}},
			"status.slug_twice": {{Name: "New", State: "open"}, {Name: "new", State: "closed"}},
		} {
			if _, err := create(desk.Pipeline{Name: "X", Statuses: sts}); desk.ReasonOf(err) != reason {
				t.Errorf("%s: %v", reason, err)
			}
		}
		returns, err := create(desk.Pipeline{Name: "Returns", Statuses: []desk.Status{{Name: "Asked", State: "open"}, {Name: "Sent back", State: "open"}, {Name: "Done", State: "closed"}}})
		if err != nil || returns.Statuses[1].Slug != "sent-back" {
			t.Fatalf("%+v %v", returns, err)
		}
		change := func(id desk.PipelineID, c ticket.PipelineChange) (p desk.Pipeline, err error) {
			err = k.Try(func(ctx context.Context, tx *db.Tx) error {
				p, err = k.Tickets.UpdatePipeline(ctx, tx, desk.System, id, c)
				return err
			})
			return p, err
		}
		t.Run("statuses are renamed, reordered, added and removed", func(t *testing.T) {
			sts := []desk.Status{{Slug: "sent-back", Name: "On its way", State: "open"}, {Slug: "asked", Name: "Asked", State: "open"}, {Slug: "lost", Name: "Lost", State: "closed"}}
			p, err := change(returns.ID, ticket.PipelineChange{Statuses: &sts})
			if err != nil || len(p.Statuses) != 3 || p.Statuses[0].ID != returns.Statuses[1].ID || p.Statuses[0].Name != "On its way" || p.Statuses[1].ID != returns.Statuses[0].ID {
				t.Fatalf("%+v %v", p, err)
			}
			swapped := []desk.Status{{ID: p.Statuses[0].ID, Slug: "asked", Name: "A", State: "open"}, {ID: p.Statuses[1].ID, Slug: "sent-back", Name: "B", State: "open"}, p.Statuses[2]}
			if p, err = change(returns.ID, ticket.PipelineChange{Statuses: &swapped}); err != nil || p.Statuses[0].Slug != "asked" {
				t.Fatalf("swapped: %+v %v", p, err)
			}
		})
		t.Run("a status that tickets have stays", func(t *testing.T) {
			k.Ticket()
			for _, sts := range [][]desk.Status{support.Statuses[1:], append([]desk.Status{{ID: support.Statuses[0].ID, Slug: "new", Name: "New", State: "closed"}}, support.Statuses[1:]...)} {
				if _, err := change(support.ID, ticket.PipelineChange{Statuses: &sts}); desk.ReasonOf(err) != "status.in_use" {
					t.Fatalf("err = %v", err)
				}
			}
		})
		t.Run("a ticket moves to another pipeline's first open status", func(t *testing.T) {
			tk := k.Ticket()
			got, err := update(k, tk.ID, ticket.Change{PipelineID: &returns.ID})
			st, _ := k.Tickets.StatusByID(ctx, d, got.StatusID)
			if err != nil || got.PipelineID != returns.ID || st.Slug != "asked" {
				t.Fatalf("%+v %v", got, err)
			}
			if _, err := update(k, tk.ID, ticket.Change{PipelineID: &returns.ID, StatusID: &support.Statuses[0].ID}); desk.ReasonOf(err) != "ticket.status_elsewhere" {
				t.Fatalf("err = %v", err)
			}
			err = k.Try(func(ctx context.Context, tx *db.Tx) error {
				return k.Tickets.ArchivePipeline(ctx, tx, desk.System, returns.ID)
			})
			if desk.ReasonOf(err) != "status.in_use" {
				t.Fatalf("err = %v", err)
			}
		})
		empty, err := create(desk.Pipeline{Name: "Empty", Statuses: ticket.Defaults.Statuses})
		if err != nil {
			t.Fatal(err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			return k.Tickets.ArchivePipeline(ctx, tx, desk.System, empty.ID)
		})
		if _, err := create(desk.Pipeline{Name: "Empty", Statuses: ticket.Defaults.Statuses}); err != nil {
			t.Fatalf("its name is free again: %v", err)
		}
	})
}
