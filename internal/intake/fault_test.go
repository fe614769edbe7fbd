package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/intake"
)

func TestUnreadableItemIsSetAsideAndReplayed(t *testing.T) { // design promise 1; rivals 2.1 item 9
	for _, subj := range []string{"unreadable", "panics"} {
		t.Run(subj, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				ctx := context.Background()
				bad := w.letter("bad", "mira@x.example", subject(subj))
				good := w.letter("good", "mira@x.example")
				must(t, w.Deliver(ctx, []channel.Raw{bad.raw(t), good.raw(t)})) // one call: the good one is not held up
				if w.messages() != 1 || w.filed("good").ID == 0 {
					t.Fatal("a bad item poisons the others of its call")
				}
				aside, err := w.List(ctx, intake.Filter{State: intake.StateSetAside})
				must(t, err)
				if len(aside) != 1 || aside[0].Error == "" || aside[0].Ticket != 0 {
					t.Fatalf("%+v", aside)
				}
				if len(w.EventsOf(desk.EvInboundSetAside)) != 1 {
					t.Fatal("administrators are not told")
				}
				must(t, w.Deliver(ctx, []channel.Raw{bad.raw(t)})) // it comes again: still one entry
				if _, err := w.Replay(ctx, aside[0].ID); desk.ReasonOf(err) != "inbound.replay_failed" {
					t.Fatalf("replay before the fix: %v", err)
				}
				src, size, err := w.Source(ctx, aside[0].ID)
				must(t, err)
				body, err := io.ReadAll(src)
				must(t, err)
				if int64(len(body)) != size || !bytes.Equal(body, bad.raw(t).Body) {
					t.Fatal("the original is not byte for byte")
				}
				// The fix: the same original, understood by a mended adapter.
				fixed := newWorldOn(t, w, mended{})
				e, err := fixed.Replay(ctx, aside[0].ID)
				must(t, err)
				if e.State != intake.StateFiled || e.Ticket == 0 || e.Error != "" || e.Duplicates != 1 {
					t.Fatalf("%+v", e)
				}
				if _, err := fixed.Replay(ctx, aside[0].ID); desk.ReasonOf(err) != "inbound.filed" {
					t.Fatalf("twice: %v", err)
				}
				if len(w.EventsOf(desk.EvInboundReplayed)) != 1 || w.messages() != 2 {
					t.Fatal("replay")
				}
			})
		})
	}
}

func TestPanicWhileApplyingIsTheItemsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bad := w.letter("bad", "mira@x.example", func(m *mail) { m.Tokens = []string{"panics"} })
		must(t, w.Deliver(context.Background(), []channel.Raw{w.letter("one", "mira@x.example").raw(t), bad.raw(t), w.letter("two", "noor@y.example").raw(t)}))
		if e := w.entry("bad"); e.State != intake.StateSetAside || w.filed("one").ID == 0 || w.filed("two").ID == 0 || w.messages() != 2 {
			t.Fatalf("%+v", e)
		}
	})
}

func TestOverlappingCallsDoNotWaitForEachOther(t *testing.T) { // the fixed order of locks
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		sales := w.Account(desktest.In(w.Inbox("sales")), desktest.At("sales@acme.example"))
		w.deliver(w.letter("root", "mira@x.example"), w.letter("root", "mira@x.example", via(sales)))
		var wg sync.WaitGroup
		for i := range 24 {
			a := w.letter(fmt.Sprint("m", i/2), "mira@x.example", replies("root")).raw(t)
			b := w.letter(fmt.Sprint("m", i/2), "mira@x.example", replies("root"), via(sales)).raw(t)
			for _, call := range [][]channel.Raw{{a, b}, {b, a}, {a}, {b}} {
				wg.Add(1)
				go func() {
					defer wg.Done()
					if err := w.Deliver(ctx, call); err != nil {
						t.Error(err)
					}
				}()
			}
		}
		wg.Wait()
		if w.messages() != 26 || w.threads() != 2 {
			t.Fatalf("%d messages in %d threads", w.messages(), w.threads())
		}
		if w.DB.Dialect() == db.Postgres {
			if n := w.count("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); n != 0 {
				t.Errorf("%d deadlocks", n)
			}
		}
	})
}

func TestEvidenceIsKept(t *testing.T) { // EM-44
	each(t, func(t *testing.T, w *world) {
		raw := w.letter("a", "mira@x.example").raw(t)
		raw.Auth = &desk.AuthEvidence{SPF: "fail", DKIM: "pass", DMARC: "pass", Note: "forwarded"}
		must(t, w.Deliver(context.Background(), []channel.Raw{raw}))
		if m := w.filed("a"); m.Auth == nil || *m.Auth != *raw.Auth || flagged(m, desk.FlagSpoofSuspect) {
			t.Fatalf("%+v", m.Auth)
		}
		raw = w.letter("b", "mira@x.example").raw(t)
		raw.Auth = &desk.AuthEvidence{SPF: "fail", DKIM: "none", DMARC: "fail"}
		must(t, w.Deliver(context.Background(), []channel.Raw{raw}))
		if m := w.filed("b"); !flagged(m, desk.FlagSpoofSuspect) {
			t.Fatalf("%+v", m.Flags)
		}
	})
}

// mended is letters after the fix.
type mended struct{ letters }

func (m mended) Parse(ctx context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	raw.Body = bytes.Replace(bytes.Replace(raw.Body, []byte("unreadable"), []byte("readable"), 1), []byte("panics"), []byte("calm"), 1)
	return m.letters.Parse(ctx, raw)
}

// newWorldOn is the same installation with other adapters: after an update.
func newWorldOn(t *testing.T, w *world, a channel.Adapter) *world {
	t.Helper()
	d := w.Deps
	d.Registry, d.Jobs = channel.NewRegistry(a), nil
	c := *w
	c.Service = intake.New(d)
	return &c
}

func TestItemThatCannotBeAppliedIsSetAside(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		// The ticket's pipelines are gone: applying fails, and would fail again.
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE pipelines SET archived_at = 1")
			return err
		})
		must(t, w.Deliver(ctx, []channel.Raw{w.letter("a", "mira@x.example").raw(t)}))
		e := w.entry("a")
		if e.State != intake.StateSetAside || w.messages() != 0 || w.threads() != 0 || w.contacts() != 0 || w.count("SELECT COUNT(*) FROM message_refs") != 0 {
			t.Fatalf("what the item did is not undone: %+v", e)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE pipelines SET archived_at = 0")
			return err
		})
		e, err := w.Replay(ctx, e.ID)
		must(t, err)
		if e.State != intake.StateFiled || w.tickets() != 1 || w.filed("a").RawID != e.ID {
			t.Fatalf("%+v", e)
		}
	})
}

func TestMachineFaultKeepsNothingAndAsksAgain(t *testing.T) { // answered 451: the sender keeps it
	each(t, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(context.Background())
		m := w.letter("a", "mira@x.example", func(m *mail) {
			m.Attachments = []channel.Attachment{{Name: "a.txt", Type: "text/plain", Data: []byte("hello")}}
		})
		cancel()
		if err := w.Deliver(ctx, []channel.Raw{m.raw(t)}); desk.CodeOf(err) != desk.Unavailable {
			t.Fatalf("a caller that went away: %v", err)
		}
		if n := w.count("SELECT COUNT(*) FROM inbound_raw"); n != 0 {
			t.Fatalf("%d entries", n)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error { // the machine cannot write the journal
			_, err := tx.Exec(ctx, "ALTER TABLE inbound_raw RENAME TO inbound_gone")
			return err
		})
		if err := w.Deliver(context.Background(), []channel.Raw{m.raw(t)}); desk.CodeOf(err) != desk.Unavailable {
			t.Fatalf("no journal: %v", err)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "ALTER TABLE inbound_gone RENAME TO inbound_raw")
			return err
		})
		if w.messages() != 0 || w.threads() != 0 || w.contacts() != 0 {
			t.Fatal("something was left behind")
		}
		w.deliver(m)
		if w.messages() != 1 {
			t.Fatal("the sender's second try is filed")
		}
	})
}

func TestCursorMovesWithTheItem(t *testing.T) { // every IMAP UID is accounted for
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		for i, m := range []mail{w.letter("a", "mira@x.example"), w.letter("a", "mira@x.example"), w.letter("b", "mira@x.example", subject("unreadable"))} {
			raw := m.raw(t)
			raw.Cursor = &channel.Cursor{Name: "INBOX", Value: fmt.Append(nil, i+1)}
			must(t, w.Deliver(ctx, []channel.Raw{raw}))
			got, err := w.Inboxes.Cursor(ctx, w.DB, w.support.ID, "INBOX")
			must(t, err)
			if string(got) != fmt.Sprint(i+1) {
				t.Fatalf("after item %d the cursor is %q", i+1, got)
			}
		}
	})
}

func TestItemOfAnAccountThatIsGoneIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.letter("a", "mira@x.example")
		m.acc.ID = 4711
		w.deliver(m)
		aside, err := w.List(context.Background(), intake.Filter{State: intake.StateSetAside})
		must(t, err)
		if len(aside) != 1 || aside[0].Account != "" {
			t.Fatalf("%+v", aside)
		}
	})
}

func TestLargeOriginalIsABlob(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		m := w.letter("big", "mira@x.example", text(strings.Repeat("word ", 40_000)))
		w.deliver(m)
		var inline int
		var sha string
		must(t, w.DB.QueryRow(ctx, "SELECT LENGTH(body), blob FROM inbound_raw").Scan(&inline, &sha))
		if inline != 0 || sha == "" {
			t.Fatalf("%d bytes in the database, blob %q", inline, sha)
		}
		src, size, err := w.Source(ctx, w.entry("big").ID)
		must(t, err)
		defer src.Close()
		got, err := io.ReadAll(src)
		must(t, err)
		if !bytes.Equal(got, m.raw(t).Body) || size != int64(len(got)) {
			t.Fatal("the original is not byte for byte")
		}
		w.Deps.RawKeep = time.Hour
		must(t, intakeWith(w).Prune(ctx))
		if _, _, err := w.Source(ctx, w.entry("big").ID); err != nil {
			t.Fatalf("pruned too early: %v", err)
		}
		w.Clock.Advance(2 * time.Hour)
		must(t, intakeWith(w).Prune(ctx))
		if _, _, err := w.Source(ctx, w.entry("big").ID); desk.ReasonOf(err) != "inbound.pruned" {
			t.Fatalf("kept too long: %v", err)
		}
		if w.filed("big").Text == "" {
			t.Fatal("what was filed stays")
		}
	})
}

func intakeWith(w *world) *intake.Service {
	d := w.Deps
	d.Jobs = nil
	return intake.New(d)
}

// dirty gives every string what databases refuse.
type dirty struct{ desktest.Post }

func (dirty) Parse(_ context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	bad := "x\x00y\xff\xfez " + string(raw.Body)
	p := func(f string) desk.Party { return desk.Party{Field: f, Address: bad + "@x.example", Name: bad} }
	in := channel.Inbound{
		Kind: channel.InMessage, RemoteID: bad, ContentHash: bad, Tokens: []string{bad}, Refs: []string{bad + "1", strings.Repeat(bad, 500)}, InReplyTo: []string{bad + "1"},
		From: p("from"), Sender: p("from"), ReplyTo: []desk.Party{p("")}, To: []desk.Party{p("")}, Cc: []desk.Party{p("")}, Subject: bad, Text: bad, QuotedText: bad, HTML: bad, QuotedHTML: bad,
		Snippet: bad, Truncation: desk.Truncation(bad), Disposition: desk.DispNormal, AutoReply: bad, Flags: []string{bad}, Problems: []string{bad}, Language: bad,
		Forward: &desk.Forward{Is: true, By: p(""), Original: p(""), Subject: bad, Confidence: "likely"}, Extra: map[string]any{"k": bad},
		Attachments: []channel.Attachment{{Name: bad, Type: bad, ContentID: bad, Data: []byte(bad)}},
	}
	return []channel.Inbound{in}, nil
}

func TestDirtyTextIsFiled(t *testing.T) { // GEN-22: PostgreSQL refuses NUL and invalid UTF-8
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, dirty{})
		for i := range 3 {
			raw := channel.Raw{Account: w.support.ID, Channel: "post\x00", Dedupe: fmt.Sprint("k\x00\xff", i), Body: fmt.Append(nil, i%2), Envelope: channel.Envelope{From: "a\x00\xff", To: []string{"b\x00\xff"}},
				Auth: &desk.AuthEvidence{Note: "n\x00\xff"}}
			must(t, w.Deliver(context.Background(), []channel.Raw{raw}))
		}
		es, err := w.List(context.Background(), intake.Filter{})
		must(t, err)
		for _, e := range es {
			if e.State == intake.StateSetAside {
				t.Fatalf("set aside: %s", e.Error)
			}
		}
		if w.messages() != 2 {
			t.Fatalf("%d messages", w.messages())
		}
	})
}

func TestListFilters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.deliver(w.letter("a", "mira@x.example"), w.letter("b", "mira@x.example", subject("unreadable")), w.letter("c", "mira@x.example", as(desk.DispAutoReply)))
		for _, c := range []struct {
			f    intake.Filter
			want int
		}{
			{intake.Filter{}, 3}, {intake.Filter{State: "filed"}, 1}, {intake.Filter{State: "set_aside"}, 1}, {intake.Filter{State: "ignored"}, 1}, {intake.Filter{Channel: "post"}, 3},
			{intake.Filter{Channel: "fax"}, 0}, {intake.Filter{Since: desk.At(time.Now().Add(time.Hour))}, 0}, {intake.Filter{Limit: 2}, 2},
		} {
			got, err := w.List(ctx, c.f)
			must(t, err)
			if len(got) != c.want {
				t.Errorf("%+v: %d entries, want %d", c.f, len(got), c.want)
			}
		}
		first, err := w.List(ctx, intake.Filter{Limit: 1})
		must(t, err)
		next, err := w.List(ctx, intake.Filter{Before: first[0].ID})
		must(t, err)
		if len(next) != 2 || next[0].ID >= first[0].ID {
			t.Fatal("paging")
		}
		if _, err := w.List(ctx, intake.Filter{State: "lost"}); desk.CodeOf(err) != desk.Invalid {
			t.Fatal(err)
		}
		if _, err := w.Get(ctx, 1); desk.CodeOf(err) != desk.NotFound {
			t.Fatal(err)
		}
	})
}
