package triage_test

import (
	"context"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
)

func TestMergeAndItsUndo(t *testing.T) { // TK-12, TK-13, WS-18
	each(t, func(t *testing.T, b *bench) {
		a, c := b.mail(b.support, "a1", "mira@x.example"), b.mail(b.support, "c1", "omar@y.example")
		bo := b.User(desktest.Named("Bo Lund"))
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := b.Assignment.Manual(ctx, tx, b.by, a.TicketID, bo.ID, 0); err != nil {
				return err
			}
			if err := b.Tickets.Follow(ctx, tx, b.by, a.TicketID, bo.ID, ""); err != nil {
				return err
			}
			_, err := b.Tickets.Close(ctx, tx, b.by, c.TicketID, "")
			return err
		})
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Threads.SaveDraft(ctx, tx, desk.Draft{UserID: b.ann.ID, TicketID: a.TicketID, ThreadID: a.ThreadID, Kind: "reply", Text: "Half a"})
			return err
		})
		beforeA, beforeC := b.ticket(a.TicketID), b.ticket(c.TicketID)
		b.Clock.Advance(time.Minute)
		m := b.merge(a.TicketID, c.TicketID)
		from, into := b.ticket(a.TicketID), b.ticket(c.TicketID)
		if from.Hidden != desk.HiddenMerged || from.MergedInto != c.TicketID || from.Open || !into.Open || into.OwnerID != bo.ID || into.MessageCount != 2 || followers(b, c.TicketID) != followers(b, a.TicketID) {
			t.Fatalf("%+v\n%+v", from, into)
		}
		b.where("after the merge", c.TicketID, a, c)
		drafts := desktest.Must[[]desk.Draft](t)(b.Threads.Drafts(context.Background(), b.DB, b.ann.ID, c.TicketID))
		if len(drafts) != 1 {
			t.Fatal("the draft stayed behind")
		}
		if again := b.Try(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.Merge(ctx, tx, b.by, a.TicketID, c.TicketID)
			return err
		}); desk.ReasonOf(again) != "ticket.merged" {
			t.Fatalf("err = %v", again)
		}
		// Mail to either lands in the survivor.
		b.Clock.Advance(time.Minute)
		a2, c2 := b.mail(b.support, "a2", "mira@x.example", "a1"), b.mail(b.support, "c2", "omar@y.example", "c1")
		b.where("mail after the merge", c.TicketID, a2, c2)
		b.tallies(c.TicketID)

		u := b.unmerge(m.ID)
		b.where("its own conversation goes back, with what came since", a.TicketID, a, a2)
		b.where("the survivor keeps its own", c.TicketID, c, c2)
		b.tallies(a.TicketID, c.TicketID)
		afterA, afterC := b.ticket(a.TicketID), b.ticket(c.TicketID)
		if len(u.Left) != 0 || afterA.Hidden != "" || afterA.MergedInto != 0 || !afterA.Open || afterA.OwnerID != bo.ID || afterA.StatusID != beforeA.StatusID {
			t.Fatalf("%+v", afterA)
		}
		if afterC.OwnerID != beforeC.OwnerID || followers(b, c.TicketID) != "[]" {
			t.Fatalf("the survivor kept what the merge gave it: %+v", afterC)
		}
		if drafts := desktest.Must[[]desk.Draft](t)(b.Threads.Drafts(context.Background(), b.DB, b.ann.ID, a.TicketID)); len(drafts) != 1 {
			t.Fatal("the draft did not come back")
		}
		if err := b.Try(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.UndoMerge(ctx, tx, b.by, m.ID)
			return err
		}); desk.ReasonOf(err) != "merge.undone" {
			t.Fatalf("err = %v", err)
		}
		if len(b.EventsOf(desk.EvTicketMerged)) != 2 || len(b.EventsOf(desk.EvTicketUnmerged)) != 2 {
			t.Fatal("both tickets are told")
		}
	})
}

func TestWhatSomebodyChangedSinceAMergeStays(t *testing.T) { // TK-13
	each(t, func(t *testing.T, b *bench) {
		a, c := b.mail(b.support, "a1", "mira@x.example"), b.mail(b.support, "c1", "omar@y.example")
		bo := b.User(desktest.Named("Bo Lund"))
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Assignment.Manual(ctx, tx, b.by, a.TicketID, bo.ID, 0)
			return err
		})
		m := b.merge(a.TicketID, c.TicketID)
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Assignment.Manual(ctx, tx, b.by, c.TicketID, b.ann.ID, 0)
			return err
		})
		b.unmerge(m.ID)
		if got := b.ticket(c.TicketID); got.OwnerID != b.ann.ID {
			t.Fatalf("the undo took it from who was given it since: %+v", got)
		}
	})
}

func TestRestAndMerges(t *testing.T) { // WS-16, TK-13
	each(t, func(t *testing.T, b *bench) {
		a, c, e := b.mail(b.support, "a1", "mira@x.example"), b.mail(b.support, "c1", "omar@y.example"), b.mail(b.support, "e1", "eve@z.example")
		soon, late := b.Clock.Ms().Add(time.Hour), b.Clock.Ms().Add(5*time.Hour)
		for id, until := range map[desk.TicketID]desk.Time{a.TicketID: soon, c.TicketID: late} {
			if err := b.snooze(id, until); err != nil {
				t.Fatal(err)
			}
		}
		m := b.merge(a.TicketID, c.TicketID)
		if got := b.ticket(c.TicketID); !got.Snoozed || got.SnoozedUntil != soon {
			t.Fatalf("both rest: the sooner time counts: %+v", got)
		}
		b.merge(e.TicketID, c.TicketID)
		if b.ticket(c.TicketID).Snoozed {
			t.Fatal("an awake one wakes it")
		}
		b.unmerge(m.ID)
		if got := b.ticket(a.TicketID); !got.Snoozed || got.SnoozedUntil != soon {
			t.Fatalf("it rests again: %+v", got)
		}
		n := b.merge(a.TicketID, c.TicketID)
		b.Clock.Advance(time.Minute)
		b.mail(b.support, "a2", "mira@x.example", "a1")
		b.unmerge(n.ID)
		if b.ticket(a.TicketID).Snoozed {
			t.Fatal("the customer has written since")
		}
	})
}

func TestAMergedClosedTicketOpensWhenItsCustomerWroteMeanwhile(t *testing.T) { // TK-13, TK-15
	each(t, func(t *testing.T, b *bench) {
		a, c := b.mail(b.support, "a1", "mira@x.example"), b.mail(b.support, "c1", "omar@y.example")
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Tickets.Close(ctx, tx, b.by, a.TicketID, "")
			return err
		})
		m := b.merge(a.TicketID, c.TicketID)
		b.unmerge(m.ID)
		if got := b.ticket(a.TicketID); got.Open || got.ClosedAt == 0 {
			t.Fatalf("%+v", got)
		}
		m = b.merge(a.TicketID, c.TicketID)
		b.Clock.Advance(time.Minute)
		b.mail(b.support, "a2", "mira@x.example", "a1")
		b.unmerge(m.ID)
		if !b.ticket(a.TicketID).Open {
			t.Fatal("somebody waits in it, and it is closed")
		}
	})
}

func TestMergeChains(t *testing.T) { // TK-13
	each(t, func(t *testing.T, b *bench) {
		a, c, e := b.mail(b.support, "a1", "mira@x.example"), b.mail(b.support, "c1", "omar@y.example"), b.mail(b.support, "e1", "eve@z.example")
		bo := b.User(desktest.Named("Bo Lund"))
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			return b.Tickets.Follow(ctx, tx, b.by, a.TicketID, bo.ID, "")
		})
		first := b.merge(a.TicketID, c.TicketID)
		second := b.merge(c.TicketID, e.TicketID)
		b.where("after both", e.TicketID, a, c, e)
		if got := desktest.Must[desk.Ticket](t)(b.Tickets.Survivor(context.Background(), b.DB, a.TicketID)); got.ID != e.TicketID {
			t.Fatalf("the first number leads to %d", got.Number)
		}
		t.Run("undoing the middle takes its own out of the last", func(t *testing.T) {
			b.unmerge(first.ID)
			b.where("the first", a.TicketID, a)
			b.where("the others", e.TicketID, c, e)
			if followers(b, a.TicketID) == "[]" || followers(b, c.TicketID) != "[]" || followers(b, e.TicketID) != "[]" {
				t.Fatalf("followers %s %s %s", followers(b, a.TicketID), followers(b, c.TicketID), followers(b, e.TicketID))
			}
		})
		t.Run("then undoing the last leaves the first alone", func(t *testing.T) {
			b.unmerge(second.ID)
			b.where("the first", a.TicketID, a)
			b.where("the second", c.TicketID, c)
			b.where("the third", e.TicketID, e)
			b.tallies(a.TicketID, c.TicketID, e.TicketID)
		})
		t.Run("a merge into a merged one goes to its survivor; undone from the end, everybody is home", func(t *testing.T) {
			second := b.merge(c.TicketID, e.TicketID)
			first := b.merge(a.TicketID, c.TicketID)
			if first.Into != e.TicketID {
				t.Fatalf("it went into %d", first.Into)
			}
			b.unmerge(second.ID)
			b.where("the first stays with the third", e.TicketID, a, e)
			b.where("the second", c.TicketID, c)
			b.unmerge(first.ID)
			b.where("the first", a.TicketID, a)
		})
		t.Run("and not in a circle", func(t *testing.T) {
			m := b.merge(a.TicketID, c.TicketID)
			err := b.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := b.triage.Merge(ctx, tx, b.by, c.TicketID, a.TicketID)
				return err
			})
			if desk.ReasonOf(err) != "ticket.merged" {
				t.Fatalf("err = %v", err)
			}
			b.unmerge(m.ID)
		})
	})
}

func TestMergesThatCross(t *testing.T) { // TK-13
	each(t, func(t *testing.T, b *bench) {
		for range 5 {
			a, c := b.Ticket(), b.Ticket()
			acc := b.support
			ma, mc := b.Message(b.Thread(a, acc)), b.Message(b.Thread(c, acc))
			errs := desktest.Together(b.DB, 2, func(ctx context.Context, tx *db.Tx, i int) error {
				pair := []desk.TicketID{a.ID, c.ID}
				_, err := b.triage.Merge(ctx, tx, b.by, pair[i], pair[1-i])
				return err
			})
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("one goes through: %v", errs)
			}
			alive := a.ID
			if errs[0] == nil {
				alive = c.ID
			}
			b.where("both", alive, ma, mc)
			b.tallies(alive)
		}
	})
}

func TestAnAnswerThatArrivesWhileMerging(t *testing.T) { // TK-13, EM-33
	each(t, func(t *testing.T, b *bench) {
		for i := range 5 {
			n := string(rune('a' + i))
			a, c := b.mail(b.support, n+"1", "mira@x.example"), b.mail(b.support, n+"2", "omar@y.example")
			done := make(chan struct{})
			go func() { defer close(done); b.mail(b.support, n+"3", "mira@x.example", n+"1") }()
			b.merge(a.TicketID, c.TicketID)
			<-done
			if got := b.count("SELECT COUNT(*) FROM messages WHERE ticket_id = $1", c.TicketID); got != 3 {
				t.Fatalf("%d of 3 messages are in the survivor", got)
			}
			b.tallies(c.TicketID)
			if b.ticket(a.TicketID).Hidden != desk.HiddenMerged {
				t.Fatal("the merged ticket came back")
			}
		}
	})
}

func TestLinksAreReadThroughMerges(t *testing.T) { // TK-17
	each(t, func(t *testing.T, b *bench) {
		a, c, e := b.Ticket(), b.Ticket(), b.Ticket()
		link := func(id, other desk.TicketID, kind string) {
			t.Helper()
			b.Write(func(ctx context.Context, tx *db.Tx) error { return b.triage.Link(ctx, tx, b.by, id, other, kind) })
		}
		link(a.ID, c.ID, ticket.LinkBlocks)
		b.merge(a.ID, e.ID)
		link(a.ID, c.ID, ticket.LinkDuplicate) // stands for its survivor
		ls := desktest.Must[[]desk.TicketLink](t)(b.Tickets.Links(context.Background(), b.DB, e.ID))
		if len(ls) != 1 || ls[0].Kind != ticket.LinkDuplicate || ls[0].OtherID != c.ID {
			t.Fatalf("%+v", ls)
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			return b.triage.Unlink(ctx, tx, b.by, c.ID, e.ID, ticket.LinkBlocks)
		})
		if b.count("SELECT COUNT(*) FROM ticket_links WHERE kind = 'blocks'") != 0 {
			t.Fatal("the link of the merged ticket stayed")
		}
		if err := b.Try(func(ctx context.Context, tx *db.Tx) error {
			return b.triage.Link(ctx, tx, b.by, a.ID, c.ID, ticket.LinkClaims)
		}); desk.ReasonOf(err) != "ticket.link_unknown" {
			t.Fatalf("a person cannot claim: %v", err)
		}
	})
}
