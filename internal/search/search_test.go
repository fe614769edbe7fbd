package search_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/search"
)

// world writes rows as their owners would, with the events that tell of them.
type world struct {
	t      *testing.T
	d      *db.DB
	ev     *event.Log
	s      *search.Service
	viewer access.Viewer
	n      int64
}

func each(t *testing.T, fn func(w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(newWorld(t, d)) })
}

func newWorld(t *testing.T, d *db.DB) *world {
	ev := event.New(d, clock.New(), nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); ev.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return &world{t: t, d: d, ev: ev, s: search.New(d, ev, nil), viewer: access.Viewer{
		User: desk.User{ID: 7, Role: desk.RoleAgent, Active: true}, Scopes: []string{access.ScopeAll}, AllInboxes: true,
	}}
}

func newStore(t *testing.T) blob.Store {
	store, err := blob.Disk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

type change struct {
	query string
	args  []any
}

// do runs statements and records an event in one transaction.
func (w *world) do(ev desk.Event, changes ...change) {
	w.t.Helper()
	err := w.d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, c := range changes {
			if _, err := tx.Exec(ctx, c.query, c.args...); err != nil {
				return fmt.Errorf("%s: %w", c.query, err)
			}
		}
		if ev.Type == "" {
			return nil
		}
		_, err := w.ev.Record(ctx, tx, ev)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

type ticket struct {
	id     desk.TicketID
	inbox  int64
	number int64
}

func (w *world) ticket(subject string, inbox int64) ticket {
	w.n++
	t := ticket{desk.TicketID(w.d.NewID()), inbox, 1000 + w.n}
	w.do(desk.Event{Type: desk.EvTicketCreated, TicketID: t.id}, change{`INSERT INTO tickets (id, number, subject, inbox_id, pipeline_id, status_id, created_at, updated_at, last_activity_at)
		VALUES ($1, $2, $3, $4, 1, 1, $5, 1, 1)`, []any{t.id, t.number, subject, inbox, w.now()}})
	return t
}

func (w *world) now() desk.Time { return desk.At(time.Now()) }

func (w *world) message(t ticket, from, subject, text string) desk.MessageID {
	id := desk.MessageID(w.d.NewID())
	name, address, _ := strings.Cut(from, " <")
	w.do(desk.Event{Type: desk.EvMessageReceived, TicketID: t.id, Message: id}, change{`INSERT INTO messages (id, thread_id, ticket_id, inbox_id, kind, from_name, from_address, recipients, subject, text, created_at)
		VALUES ($1, 1, $2, $3, 'message', $4, $5, $6, $7, $8, $9)`,
		[]any{id, t.id, t.inbox, name, strings.TrimSuffix(address, ">"), `[{"field":"to","address":"support@acme.example","name":"Acme Support"}]`, subject, text, w.now()}})
	return id
}

// sync brings the index up to date, once every event has its number.
func (w *world) sync() {
	w.t.Helper()
	ctx := context.Background()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		var left int
		if err := w.d.QueryRow(ctx, "SELECT COUNT(*) FROM events WHERE seq IS NULL").Scan(&left); err != nil {
			w.t.Fatal(err)
		}
		if left == 0 {
			break
		}
		if time.Now().After(end) {
			w.t.Fatal("events were not numbered")
		}
	}
	for more := true; more; {
		var err error
		if more, err = w.s.Step(ctx); err != nil {
			w.t.Fatal(err)
		}
	}
	if behind, building, err := w.s.Behind(ctx); behind != 0 || building || err != nil {
		w.t.Fatalf("behind by %d, building %v, %v", behind, building, err)
	}
}

func (w *world) search(q string) search.Found {
	w.t.Helper()
	r, err := w.s.Search(context.Background(), w.viewer, q, search.Options{Limit: 50})
	if err != nil {
		w.t.Fatalf("%s: %v", q, err)
	}
	return r
}

// expect compares what a query finds with ids, newest first.
func (w *world) expect(q string, want ...int64) {
	w.t.Helper()
	var got []int64
	for _, h := range w.search(q).Hits {
		switch {
		case h.MessageID != 0:
			got = append(got, int64(h.MessageID))
		case h.ContactID != 0:
			got = append(got, int64(h.ContactID))
		default:
			got = append(got, int64(h.TicketID))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("%s: found %v, want %v", q, got, want)
	}
}

func TestWordsPhrasesAndBeginningsAreFoundNewestFirst(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		tk := w.ticket("Broken invoice", 1)
		a := int64(w.message(tk, "Ann Holm <ann@acme.example>", "Broken invoice", "The invoice for Müller & Søn is wrong, please help."))
		b := int64(w.message(tk, "Bo <bo@other.example>", "Re: hello", "wrong answers; the help desk invoices nobody. 請求書が間違っています"))
		w.sync()
		id := int64(tk.id)
		w.expect("wrong", b, a)
		w.expect("WRONG help", b, a)
		w.expect(`"please help"`, a)
		w.expect(`"help please"`)
		w.expect("invoi", b, a, id)
		w.expect(`"invoi"`)            // quotes end the word
		w.expect(`"invoice"`, a, id)   // quoted: as written
		w.expect("invoice ", b, a, id) // otherwise in its other forms too
		w.expect("wrong -please", b)
		w.expect("muller son", a)
		w.expect("müller", a)
		w.expect("請求書", b)
		w.expect("求請")
		w.expect("bo@other.example", b)
		w.expect("nothing-like-this")
		w.expect("")
		w.expect(`"`)
		w.expect(`a" OR "b * ( ) : ^ NEAR`)
		w.expect(`' | ! & \`)
	})
}

func TestOperators(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		w.do(desk.Event{},
			change{"INSERT INTO pipelines (id, slug, name, created_at) VALUES (1, 'support', 'Support', 1)", nil},
			change{"INSERT INTO pipeline_statuses (id, pipeline_id, slug, name, state) VALUES (1, 1, 'new', 'New', 'open'), (2, 1, 'waiting_on_us', 'Waiting on us', 'open')", nil},
			change{"INSERT INTO inboxes (id, slug, kind, name, created_at) VALUES (1, 'helpdesk', 'helpdesk', 'Help desk', 1), (2, 'sales', 'inbox', 'Sales team', 1)", nil})
		one, two := w.ticket("Alpha printer", 1), w.ticket("Beta printer", 2)
		a := int64(w.message(one, "Ann Holm <ann@acme.example>", "Alpha", "printer on fire"))
		b := int64(w.message(two, "Bo Dahl <bo@other.example>", "Beta", "Ann told me: printer jams"))
		c := w.message(two, "Cy <cy@third.example>", "Files", "see attached")
		w.do(desk.Event{Type: desk.EvMessageUpdated, Message: c},
			change{"INSERT INTO attachments (id, message_id, name, type, size, sha256, created_at) VALUES ($1, $2, 'quarterly-report.pdf', 'application/pdf', 1, 'x', 1)", []any{w.d.NewID(), c}})
		w.do(desk.Event{}, change{"UPDATE tickets SET status_id = 2, owner_id = 7 WHERE id = $1", []any{two.id}}, change{"UPDATE tickets SET open = 0 WHERE id = $1", []any{one.id}})
		w.sync()
		w.expect("from:ann", a)
		w.expect("from:bo@other.example printer", b)
		w.expect("from:holm", a)
		w.expect("to:support", int64(c), b, a)
		w.expect("subject:beta", b, int64(two.id))
		w.expect("has:attachment", int64(c))
		w.expect("quarterly", int64(c))
		w.expect("report.pdf", int64(c))
		w.expect("printer status:waiting_on_us", b, int64(two.id))
		w.expect(`printer status:"waiting on us"`, b, int64(two.id))
		w.expect("printer status:nonsense")
		w.expect("printer in:sales", b, int64(two.id))
		w.expect(`printer in:"Help desk"`, a, int64(one.id))
		w.expect("printer is:closed", a, int64(one.id))
		w.expect("is:open printer is:mine", b, int64(two.id))
		w.expect("printer is:unassigned", a, int64(one.id))
		w.expect("printer is:ticket", int64(two.id), int64(one.id))
		w.expect(fmt.Sprintf("#%d", two.number), int64(two.id)) // TK-19
		w.expect(fmt.Sprintf("#%d jams", two.number), b)
		w.expect(fmt.Sprint(one.number), int64(one.id))
		w.expect("#99999")
		w.expect("printer after:2020-01-01 before:2021")
		w.expect("printer on after:yesterday", a)
		w.expect("see:attached", int64(c)) // no operator: words

		w.do(desk.Event{}, change{"INSERT INTO tags (id, name, name_key, into_id, created_at) VALUES (5, 'Late payment', 'late payment', 0, 1), (6, 'VIP', 'vip', 0, 1), (7, 'Overdue', 'overdue', 5, 1)", nil}, // TK-10
			change{"INSERT INTO ticket_tags (ticket_id, tag_id) VALUES ($1, 5), ($1, 6), ($2, 6)", []any{one.id, two.id}})
		w.expect(`printer tag:"late payment"`, a, int64(one.id))
		w.expect("printer tag:overdue", a, int64(one.id)) // what it was called before
		w.expect("printer is:ticket tag:VIP", int64(two.id), int64(one.id))
		w.expect("printer is:ticket -tag:overdue", int64(two.id))
		w.expect("printer is:ticket tag:vip -tag:overdue", int64(two.id))
		w.expect("printer tag:none")
		w.expect("printer tag:nonsense")

		w.expect("printer jams after:yesterday", b)
		later := clock.New() // --clock: yesterday is the installation's
		later.Advance(30 * 24 * time.Hour)
		w.s.Clock(later)
		w.expect("printer jams after:yesterday")
		w.expect("printer jams before:yesterday", b)
	})
}

func TestEditsMovesMergesAndErasuresAreFollowed(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		one, two := w.ticket("First", 1), w.ticket("Second", 2)
		m := w.message(one, "Ann <ann@acme.example>", "Hello", "original words")
		w.sync()
		w.do(desk.Event{Type: desk.EvMessageUpdated, Message: m}, change{"UPDATE messages SET text = 'edited words' WHERE id = $1", []any{m}})
		w.sync()
		w.expect("original")
		w.expect("edited", int64(m))

		w.viewer.AllInboxes, w.viewer.Inboxes = false, []desk.InboxID{2}
		w.expect("edited")
		w.do(desk.Event{Type: desk.EvThreadMoved, ThreadID: 1, TicketID: two.id, Data: event.Data(map[string]any{"from_ticket": one.id, "to_ticket": two.id})},
			change{"UPDATE messages SET ticket_id = $1, inbox_id = 2 WHERE id = $2", []any{two.id, m}})
		w.sync()
		w.expect("edited", int64(m))
		// WS-19: a ticket that moves to another inbox is found by those who see that one, and by nobody else.
		w.do(desk.Event{Type: desk.EvTicketMoved, TicketID: two.id, Data: event.Data(map[string]any{"from_inbox": 2, "to_inbox": 3})},
			change{"UPDATE tickets SET inbox_id = 3 WHERE id = $1", []any{two.id}}, change{"UPDATE messages SET inbox_id = 3 WHERE id = $1", []any{m}})
		w.sync()
		w.expect("edited")
		w.expect("second")
		w.viewer.Inboxes = []desk.InboxID{3}
		w.expect("edited", int64(m))
		w.expect("second", int64(two.id))
		w.viewer.AllInboxes = true

		w.do(desk.Event{Type: desk.EvTicketMerged, TicketID: one.id}, change{"UPDATE tickets SET hidden = 'merged' WHERE id = $1", []any{one.id}})
		w.do(desk.Event{Type: desk.EvTicketUpdated, TicketID: two.id}, change{"UPDATE tickets SET subject = 'Third' WHERE id = $1", []any{two.id}})
		w.sync()
		w.expect("first")
		w.expect("second")
		w.expect("third", int64(two.id))

		w.do(desk.Event{Type: desk.EvTicketDeleted, TicketID: two.id}, change{"UPDATE tickets SET hidden = 'trash' WHERE id = $1", []any{two.id}})
		w.sync()
		w.expect("edited")
		w.expect("edited in:trash", int64(m))
		w.do(desk.Event{Type: desk.EvTicketDeleted, TicketID: two.id}, change{"DELETE FROM tickets WHERE id = $1", []any{two.id}}, change{"DELETE FROM messages WHERE id = $1", []any{m}})
		w.sync()
		w.expect("edited in:anywhere")
		var left int
		if err := w.d.QueryRow(context.Background(), "SELECT COUNT(*) FROM search_docs WHERE id = $1", m).Scan(&left); err != nil || left != 0 {
			t.Errorf("an erased message is still in the index: %d, %v", left, err)
		}
	})
}

func TestContactsAreFoundByNameAndAnyAddressUntilTheyAreMerged(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		a, b := w.d.NewID(), w.d.NewID()
		for i, id := range []int64{a, b} {
			w.do(desk.Event{Type: desk.EvContactCreated, Contact: desk.ContactID(id)},
				change{"INSERT INTO contacts (id, name, email, created_at, updated_at) VALUES ($1, 'Zoë Quist', $2, 1, 1)", []any{id, fmt.Sprintf("zoe%d@x.example", i)}},
				change{"INSERT INTO contact_addresses (id, contact_id, kind, value, first_seen, last_seen) VALUES ($1, $2, 'email', $3, 1, 1)", []any{w.d.NewID(), id, fmt.Sprintf("other%d@y.example", i)}})
		}
		w.sync()
		w.expect("zoe quist", b, a)
		w.expect("other1@y.example", b)
		w.do(desk.Event{Type: desk.EvContactMerged, Contact: desk.ContactID(b), Data: event.Data(map[string]any{"into": desk.ContactID(a)})},
			change{"UPDATE contacts SET merged_into = $1 WHERE id = $2", []any{a, b}}, change{"UPDATE contact_addresses SET contact_id = $1 WHERE contact_id = $2", []any{a, b}})
		w.sync()
		w.expect("other1@y.example", a)
		w.expect("quist", a)
	})
}

func TestAViewerFindsNothingOfOtherInboxes(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		mine, other := w.ticket("Secret one", 1), w.ticket("Secret two", 2)
		a := w.message(mine, "A <a@x.example>", "s", "secret")
		w.message(other, "B <b@x.example>", "s", "secret")
		w.sync()
		w.viewer.AllInboxes, w.viewer.Inboxes = false, []desk.InboxID{1}
		w.expect("secret", int64(a), int64(mine.id))
		w.expect(fmt.Sprintf("#%d", other.number))
		w.viewer.Inboxes = nil
		w.expect("secret")
		w.viewer.User.Active = false
		if _, err := w.s.Search(context.Background(), w.viewer, "secret", search.Options{}); desk.CodeOf(err) != desk.Forbidden {
			t.Errorf("a deactivated user: %v", err)
		}
	})
}

func TestPagesJoinWithoutGapOrRepetition(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		tk := w.ticket("x", 1)
		want := map[desk.MessageID]bool{}
		for i := range 60 {
			want[w.message(tk, "A <a@x.example>", "s", fmt.Sprint("needle ", i))] = true
		}
		w.sync()
		var cursor string
		last := desk.MessageID(desk.MaxID)
		for pages := 0; ; pages++ {
			r, err := w.s.Search(context.Background(), w.viewer, "needle", search.Options{Cursor: cursor, Limit: 7})
			if err != nil || pages > 20 {
				t.Fatal(pages, err)
			}
			for _, h := range r.Hits {
				if h.MessageID >= last || !want[h.MessageID] {
					t.Errorf("%d after %d", h.MessageID, last)
				}
				last = h.MessageID
				delete(want, h.MessageID)
			}
			if cursor = r.Next; cursor == "" {
				break
			}
		}
		if len(want) != 0 {
			t.Errorf("%d were never shown", len(want))
		}
		if _, err := w.s.Search(context.Background(), w.viewer, "x", search.Options{Cursor: "?"}); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("a bad cursor: %v", err)
		}
	})
}

func TestExcerptsAreEscapedAndMarked(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		tk := w.ticket("x", 1)
		w.message(tk, "A <a@x.example>", "s", strings.Repeat("lorem ipsum ", 100)+`<script>alert("Grüße")</script> end`)
		w.sync()
		hits := w.search("gruss").Hits
		if len(hits) != 1 {
			t.Fatalf("%d hits", len(hits))
		}
		e := hits[0].Excerpt
		if !strings.Contains(e, `&lt;script&gt;alert(&#34;<mark>Grüße</mark>&#34;)&lt;/script&gt;`) || !strings.HasPrefix(e, "… ") || len(e) > 400 {
			t.Errorf("excerpt: %s", e)
		}
		if hits[0].Number != tk.number || hits[0].Title != "s" || hits[0].At == 0 {
			t.Errorf("%+v", hits[0])
		}
	})
}

func TestASearchSaysHowFarTheIndexIsBehind(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		before := w.search("x").BehindSeq
		w.ticket("y", 1)
		for end := time.Now().Add(20 * time.Second); w.search("x").BehindSeq != before+1; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("never behind")
			}
		}
		w.sync()
		if b := w.search("x").BehindSeq; b != 0 {
			t.Errorf("behind by %d", b)
		}
	})
}

func TestWhatWasStoredBeforeTheIndexIsIndexedToo(t *testing.T) {
	each(t, func(w *world) {
		tk := w.ticket("Old ticket", 1)
		m := int64(w.message(tk, "A <a@x.example>", "s", "old words"))
		w.do(desk.Event{}, change{"INSERT INTO contacts (id, name, created_at, updated_at) VALUES ($1, 'Old friend', 1, 1)", []any{w.d.NewID()}})
		w.sync()
		if n := len(w.search("old").Hits); n != 3 {
			t.Errorf("%d found", n)
		}
		w.expect("words", m)
		if err := w.s.Rebuild(context.Background()); err != nil {
			t.Fatal(err)
		}
		w.sync()
		w.expect("words", m)
	})
}

func TestRunFollowsByItself(t *testing.T) {
	t.Setenv("KANAL_WINDOW_SEARCH_EVERY", "1ms")
	each(t, func(w *world) {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); w.s.Run(ctx) }()
		tk := w.ticket("Running", 1)
		for end := time.Now().Add(20 * time.Second); len(w.search("running").Hits) == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Error("never indexed")
				break
			}
		}
		w.expect("running", int64(tk.id))
		cancel()
		<-done
	})
}

func TestACancelledSearchEnds(t *testing.T) {
	each(t, func(w *world) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := w.s.Search(ctx, w.viewer, "x", search.Options{}); err == nil {
			t.Error("went on")
		}
	})
}

// Whatever stands in a mail, it must not stop the index.
func TestMonstrousTextDoesNotStopTheIndex(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		tk := w.ticket("x", 1)
		var unlike strings.Builder
		for i := range 60_000 {
			fmt.Fprintf(&unlike, "%dq%d ", i, i*7919)
		}
		for _, text := range []string{
			strings.Repeat("\uFDFA", 30_000), strings.Repeat("\uFDFA ", 30_000), strings.Repeat("a", 2<<20), unlike.String(), strings.Repeat("漢字", 50_000),
			strings.Repeat("e\u0301", 1000), "'; \\ ' : * & | ! <-> ( ) \" \t \uE000x", strings.Repeat("\u200b", 500) + "\U0001F600 \uFFFD",
		} {
			w.message(tk, "A <a@x.example>", "s", "findme "+text)
		}
		last := int64(w.message(tk, "A <a@x.example>", "s", "after them all"))
		w.sync()
		w.expect("after", last)
		if n := len(w.search("findme").Hits); n != 8 {
			t.Errorf("%d of 8 found", n)
		}
	})
}
