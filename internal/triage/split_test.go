package triage_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
)

func (b *bench) split(id desk.TicketID, ms ...desk.Message) (desk.Ticket, ticket.Split) {
	b.T.Helper()
	var made desk.Ticket
	var p ticket.Split
	if err := b.Try(func(ctx context.Context, tx *db.Tx) (err error) {
		made, p, err = b.triage.Split(ctx, tx, b.by, id, idsOf(ms), "")
		return err
	}); err != nil {
		b.T.Fatal(err)
	}
	return made, p
}

func idsOf(ms []desk.Message) (out []desk.MessageID) {
	for _, m := range ms {
		out = append(out, m.ID)
	}
	return out
}

func TestSplitAndItsUndo(t *testing.T) { // WS-18, TK-12
	each(t, func(t *testing.T, b *bench) {
		one := b.mail(b.support, "one", "mira@x.example")
		two := b.mail(b.support, "two", "mira@x.example", "one")
		three := b.mail(b.support, "three", "mira@x.example", "two")
		for reason, ms := range map[string][]desk.Message{"split.everything": {one, two, three}, "split.messages": {two, {ID: 5}}} {
			err := b.Try(func(ctx context.Context, tx *db.Tx) error {
				_, _, err := b.triage.Split(ctx, tx, b.by, one.TicketID, idsOf(ms), "")
				return err
			})
			if desk.ReasonOf(err) != reason {
				t.Errorf("%s: %v", reason, err)
			}
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Assignment.Manual(ctx, tx, b.by, one.TicketID, b.ann.ID, 0)
			return err
		})
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Tickets.Update(ctx, tx, b.by, one.TicketID, ticket.Change{AddTags: []string{"Billing", "VIP"}})
			return err
		})
		made, p := b.split(one.TicketID, two)
		if tags, err := b.Tickets.TagsOf(context.Background(), b.DB, made.ID, false); err != nil || len(tags) != 2 { // TK-10: both keep them
			t.Errorf("the ticket of a split has %v, %v", tags, err)
		}
		if made.Subject != "About two" || made.CreatedAt != two.CreatedAt || made.OwnerID != b.ann.ID || made.ContactID != one.ContactID || made.MessageCount != 1 {
			t.Fatalf("%+v", made)
		}
		b.where("the chosen one", made.ID, two)
		b.where("the others", one.TicketID, one, three)
		b.tallies(one.TicketID, made.ID)

		toTwo := b.mail(b.support, "to two", "mira@x.example", "two", "one")
		b.where("an answer to what went over", made.ID, toTwo)
		tokened := b.mail(b.support, "by token", "mira@x.example", "tok"+one.ThreadID.String(), "two", "one")
		b.where("also when its Reply-To names the old conversation", made.ID, tokened)
		toThree := b.mail(b.support, "to three", "mira@x.example", "tok"+one.ThreadID.String(), "three", "two", "one")
		b.where("an answer to what stayed", one.TicketID, toThree)
		plain := b.mail(b.support, "plain", "mira@x.example", "tok"+one.ThreadID.String())
		b.where("a token alone", one.TicketID, plain)

		var home desk.Ticket
		b.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			home, err = b.triage.UndoSplit(ctx, tx, b.by, p.ID)
			return err
		})
		b.where("undone, with what came since", one.TicketID, one, two, three, toTwo, tokened, toThree)
		b.tallies(one.TicketID)
		if got := b.ticket(made.ID); home.ID != one.TicketID || got.MergedInto != one.TicketID || b.count("SELECT COUNT(*) FROM ticket_links") != 0 {
			t.Fatalf("%+v", got)
		}
		if again := b.mail(b.support, "again", "mira@x.example", "by token"); again.TicketID != one.TicketID || b.count("SELECT COUNT(*) FROM threads") != 1 {
			t.Fatalf("an answer went astray after the undo: ticket %d, %d threads", again.TicketID, b.count("SELECT COUNT(*) FROM threads"))
		}
		if err := b.Try(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.UndoSplit(ctx, tx, b.by, p.ID)
			return err
		}); desk.ReasonOf(err) != "split.undone" {
			t.Fatalf("err = %v", err)
		}
	})
}

func TestAWholeConversationGoesOverAsItIs(t *testing.T) { // WS-18, TK-18
	each(t, func(t *testing.T, b *bench) {
		a, c := b.mail(b.support, "a1", "mira@x.example"), b.mail(b.support, "c1", "omar@y.example")
		b.merge(a.TicketID, c.TicketID)
		made, p := b.split(c.TicketID, a)
		if len(p.Parts) != 1 || p.Parts[0].From != a.ThreadID || p.Parts[0].To != a.ThreadID {
			t.Fatalf("%+v", p)
		}
		b.where("its thread", made.ID, a)
		if made.ContactID != a.ContactID {
			t.Fatal("the new ticket is not its writer's")
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.triage.UndoSplit(ctx, tx, b.by, p.ID)
			return err
		})
		b.where("undone", c.TicketID, a, c)
	})
}

func TestAMovedTicketGoesOnThreading(t *testing.T) { // WS-18, EM-30, EM-33
	each(t, func(t *testing.T, b *bench) {
		sales := b.Inbox("sales", desk.Access{Users: []desk.UserID{b.ann.ID}})
		second := b.Account(desktest.At("help@acme.example")) // another account of the help desk
		bo := b.User(desktest.Named("Bo Lund"))
		one := b.mail(b.support, "one", "mira@x.example")
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Assignment.Manual(ctx, tx, b.by, one.TicketID, bo.ID, 0)
			return err
		})
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			return b.triage.Move(ctx, tx, b.by, one.TicketID, sales.ID)
		})
		if got := b.ticket(one.TicketID); got.InboxID != sales.ID || got.OwnerID != 0 {
			t.Fatalf("who cannot see the new inbox keeps nothing there: %+v", got)
		}
		for i, m := range []desk.Message{
			b.mail(b.support, "two", "mira@x.example", "one"),
			b.mail(second, "three", "mira@x.example", "two"),
			b.mail(second, "four", "mira@x.example", "tok"+one.ThreadID.String()),
		} {
			b.where("an answer after the move "+string(rune('1'+i)), one.TicketID, m)
		}
		// The same mail again, from where it came first: known still.
		b.mail(b.support, "one", "mira@x.example")
		if n := b.count("SELECT COUNT(*) FROM messages WHERE remote_id = 'one'"); n != 1 {
			t.Fatalf("the first mail was filed %d times", n)
		}
		b.Write(func(ctx context.Context, tx *db.Tx) error {
			return b.triage.Move(ctx, tx, b.by, one.TicketID, b.Helpdesk().ID)
		})
		b.where("back again", one.TicketID, b.mail(second, "five", "mira@x.example", "three"))
		if n := b.count("SELECT COUNT(*) FROM threads"); n != 1 {
			t.Fatalf("%d threads", n)
		}
	})
}
