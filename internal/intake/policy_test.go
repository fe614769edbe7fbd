package intake_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
)

func (w *world) policy(p desk.TicketPolicy) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		w.support, err = w.Inboxes.UpdateAccount(ctx, tx, desk.System, w.support.ID, inbox.AccountChange{Ticket: &p})
		return err
	})
}

// A noisy channel makes tickets only where the conditions hold; what comes later in the same conversation is asked again (GEN-05 beyond, IH-02, IH-05).
func TestTicketsAreMadeWhenConditionsHold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.policy(desk.TicketPolicy{Create: "when", Priority: "high", When: &desk.Conditions{Match: "any", When: []desk.Condition{
			{Field: "text", Op: "contains", Values: []string{"broken"}}, {Field: "from.domain", Op: "is", Values: []string{"vip.example"}},
		}}})
		w.deliver(w.letter("a", "mira@x.example", text("a question")), w.letter("b", "noor@y.example", text("It is BROKEN")), w.letter("c", "olga@vip.example", text("hello")))
		if a := w.filed("a"); a.TicketID != 0 || a.ThreadID == 0 {
			t.Errorf("what does not fit made a ticket: %+v", a)
		}
		for _, id := range []string{"b", "c"} {
			m := w.filed(id)
			if tk, err := w.Tickets.Get(context.Background(), w.DB, m.TicketID); err != nil || tk.Priority != "high" { // GEN-18
				t.Errorf("%s: %+v %v", id, tk, err)
			}
		}
		w.deliver(w.letter("a2", "mira@x.example", replies("a"), text("and now it is broken")))
		if a := w.filed("a2"); a.TicketID == 0 || w.filed("a").TicketID != a.TicketID {
			t.Errorf("the conversation has no ticket, though it fits by now: %+v", a)
		}
	})
}

// For a new topic only: while a contact has a ticket open over the channel, their conversations join it; when it is closed, the next makes another (GEN-05 beyond).
func TestOnlyANewTopicMakesATicket(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.policy(desk.TicketPolicy{Create: "new_topic"})
		w.deliver(w.letter("a", "mira@x.example"), w.letter("b", "mira@x.example"), w.letter("c", "noor@y.example"))
		a, b, c := w.filed("a"), w.filed("b"), w.filed("c")
		if a.TicketID == 0 || b.TicketID != a.TicketID || b.ThreadID == a.ThreadID || c.TicketID == a.TicketID || c.TicketID == 0 {
			t.Fatalf("%v %v %v", a.TicketID, b.TicketID, c.TicketID)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Tickets.Close(ctx, tx, desk.System, a.TicketID, "")
			return err
		})
		w.deliver(w.letter("d", "mira@x.example"))
		if d := w.filed("d"); d.TicketID == 0 || d.TicketID == a.TicketID {
			t.Errorf("the next topic: %+v", d)
		}
	})
}

func TestAHelpDeskChannelMayMakeNoTickets(t *testing.T) { // GEN-05 beyond: never
	each(t, func(t *testing.T, w *world) {
		w.policy(desk.TicketPolicy{Create: "never"})
		w.deliver(w.letter("a", "mira@x.example"))
		if m := w.filed("a"); m.TicketID != 0 || w.tickets() != 0 || w.threads() != 1 {
			t.Errorf("%+v", m)
		}
	})
}

// A ticket that a conversation gets later belongs to who had the conversation, to whom the rule names, or to nobody, as the channel says (IH-04, TK-04, IH-07 beyond).
func TestATicketTakesTheOwnerOfItsConversation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bo := w.User(desktest.Named("Ann Holm")), w.User(desktest.Named("Bo Berg"))
		for owner, want := range map[string]desk.UserID{"": ann.ID, "conversation": ann.ID, "policy": bo.ID, "no_one": 0} {
			w.policy(desk.TicketPolicy{Create: "never"})
			id := "first-" + owner
			w.deliver(w.letter(id, "mira@x.example"))
			th := w.filed(id).ThreadID
			w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				if _, err = w.Threads.Assign(ctx, tx, desk.System, th, ann.ID, 0); err != nil {
					return err
				}
				w.support, err = w.Inboxes.UpdateAccount(ctx, tx, desk.System, w.support.ID, inbox.AccountChange{
					Ticket: &desk.TicketPolicy{Create: "always", Owner: owner}, Assign: &desk.AssignPolicy{To: "users", Users: []string{bo.Email}},
				})
				return err
			})
			w.deliver(w.letter("re-"+owner, "mira@x.example", replies(id)))
			tk, err := w.Tickets.Get(context.Background(), w.DB, w.filed("re-"+owner).TicketID)
			if err != nil || tk.OwnerID != want {
				t.Errorf("%q: %v, want %v (%v)", owner, tk.OwnerID, want, err)
			}
			if got, err := w.Threads.Get(context.Background(), w.DB, th); err != nil || got.OwnerID != 0 { // one owner: the ticket's
				t.Errorf("%q: the conversation has an owner beside its ticket: %+v %v", owner, got, err)
			}
		}
	})
}
