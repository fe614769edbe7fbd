package assignment_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
)

// knowing is what people know.
type knowing map[desk.UserID][]desk.SkillHeld

func (k knowing) Of(_ context.Context, _ db.Queryer, ids []desk.UserID) (map[desk.UserID][]desk.SkillHeld, error) {
	return k, nil
}

type world struct {
	*desktest.Desk
	t *testing.T
	q *queue
}

func begin(t *testing.T, d *db.DB) world {
	w := world{desktest.New(t, d), t, &queue{}}
	w.Assignment.WithQueue(w.q)
	return w
}

func (w world) change(u desk.User, c people.UserChange) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.People.Update(ctx, tx, desk.System, u.ID, c)
		return err
	})
}

func (w world) available(u desk.User, yes bool) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.People.SetAvailable(ctx, tx, desk.System, u.ID, yes)
		return err
	})
}

// from is a ticket of a contact with a message over an account; with changes what matters of the message.
func (w world) from(c desk.Contact, acc desk.ChannelAccount, with ...func(*desk.Message)) desk.Ticket {
	w.t.Helper()
	tk := w.Ticket(func(n *ticket.NewTicket) {
		n.InboxID, n.AccountID, n.Channel, n.ContactID = acc.InboxID, acc.ID, acc.Channel, c.ID
	})
	th := w.Thread(tk, acc)
	w.Message(th, append([]func(*desk.Message){func(m *desk.Message) {
		m.From = desk.Party{Kind: desk.AddrEmail, Address: c.Email}
	}}, with...)...)
	return tk
}

func (w world) assign(tk desk.Ticket, acc desk.ChannelAccount) (a desk.Assignment) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		a, err = w.Assignment.Assign(ctx, tx, tk, acc)
		return err
	})
	return a
}

func (w world) again(object string, id int64, cause string) (a desk.Assignment) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		a, err = w.Assignment.Again(ctx, tx, object, id, cause)
		return err
	})
	return a
}

func (w world) owner(c desk.Contact, u desk.User) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Contacts.Update(ctx, tx, desk.System, c.ID, contact.Change{OwnerID: &u.ID})
		return err
	})
}

func to(p desk.AssignPolicy) desk.AssignPolicy { p.AvailableOnly = true; return p }

// RT-04, CR-02: the contact's owner by the sender's address; not by a mail that looks forged.
func TestContactOwnerByTheSendersAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		ann, bo := w.User(desktest.Named("Ann Holm")), w.User(desktest.Named("Bo Berg"))
		acc := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToContactOwner})))
		c := w.Contact("mira@home.example")
		w.owner(c, bo)
		if a := w.assign(w.from(c, acc), acc); a.OwnerID != bo.ID || a.Reason != routing.ChosenOwner {
			t.Fatalf("%+v", a)
		}
		forged := w.from(c, acc, func(m *desk.Message) { m.Flags = []string{desk.FlagSpoofSuspect} })
		if a := w.assign(forged, acc); a.OwnerID != 0 || a.Reason != routing.OwnerUnproven {
			t.Errorf("%+v", a)
		}
		tracked := acc
		tracked.Assign.TrackedOnly = true
		if a := w.assign(w.from(c, acc), tracked); a.OwnerID != 0 || a.Reason != routing.OwnerNotTracked {
			t.Errorf("the seed's rule of the cookie: %+v", a)
		}
		stranger := w.Contact("new@home.example")
		if a := w.assign(w.from(stranger, acc), acc); a.Reason != routing.NoContactOwner || a.Queued {
			t.Errorf("%+v", a)
		}
		// an owner who left: the fallback; without one it stays with the reason (section 29, row 18)
		no := false
		w.change(bo, people.UserChange{Active: &no})
		if a := w.assign(w.from(c, acc), acc); a.OwnerID != 0 || a.Candidates[0].Reason != routing.Inactive {
			t.Errorf("%+v", a)
		}
		chain := acc
		chain.Assign.Fallback = []desk.AssignStep{{To: routing.ToUsers, Users: []string{ann.Email}}}
		if a := w.assign(w.from(c, acc), chain); a.OwnerID != ann.ID || len(a.Steps) != 2 {
			t.Errorf("%+v", a)
		}
	})
}

// RT-05: an owner who is away: it is held, they are written to, then the fallback has it.
func TestHeldForTheOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		ann, bo := w.User(desktest.Named("Ann Holm")), w.User(desktest.Named("Bo Berg"), desktest.Away)
		acc := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToContactOwner, HoldSeconds: 300, MailOwner: true, Fallback: []desk.AssignStep{{To: routing.ToUsers, Users: []string{ann.Email}}}})))
		c := w.Contact("mira@home.example")
		w.owner(c, bo)
		tk := w.from(c, acc)
		a := w.assign(tk, acc)
		if a.OwnerID != 0 || a.Reason != routing.HeldForOwner || a.HoldFor != bo.ID || a.MailTo != bo.ID || a.NextAt != a.At+300_000 {
			t.Fatalf("%+v", a)
		}
		if wait, ok := w.q.has(desk.WaitingTicket, int64(tk.ID)); !ok || wait.NextAt != a.NextAt {
			t.Fatalf("%+v %v", wait, ok)
		}
		w.Clock.Set(w.Clock.Now().Add(time.Minute))
		if a := w.again(desk.WaitingTicket, int64(tk.ID), routing.Queue); a.OwnerID != 0 || !a.Queued {
			t.Fatalf("%+v", a)
		}
		w.Clock.Set(w.Clock.Now().Add(5 * time.Minute))
		if a := w.again(desk.WaitingTicket, int64(tk.ID), routing.HoldEnded); a.OwnerID != ann.ID || a.MailTo != 0 {
			t.Fatalf("%+v", a)
		}
		if w.q.count() != 0 {
			t.Error("it has an owner, and waits")
		}
	})
}

// RT-07, CP-08: what nobody could have waits; tried again it is given, once; a person's hand ends the waiting.
func TestWaitingAndAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		ann := w.User(desktest.Named("Ann Holm"), desktest.Away)
		acc := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})))
		c := w.Contact("")
		tk, other := w.from(c, acc), w.from(c, acc)
		for _, x := range []desk.Ticket{tk, other} {
			if a := w.assign(x, acc); !a.Queued || a.Reason != routing.NobodyAvailable {
				t.Fatalf("%+v", a)
			}
		}
		events := len(w.EventsOf(""))
		if a := w.again(desk.WaitingTicket, int64(tk.ID), routing.Queue); a.OwnerID != 0 || !a.Queued {
			t.Fatalf("%+v", a)
		}
		if n := len(w.EventsOf("")); n != events {
			t.Errorf("trying in vain wrote %d events", n-events)
		}
		w.available(ann, true)
		if a := w.again(desk.WaitingTicket, int64(tk.ID), routing.Queue); a.OwnerID != ann.ID || a.Cause != routing.Queue {
			t.Fatalf("%+v", a)
		}
		assigned := len(w.EventsOf(desk.EvTicketAssigned))
		if a := w.again(desk.WaitingTicket, int64(tk.ID), routing.Queue); a.OwnerID != ann.ID || len(w.EventsOf(desk.EvTicketAssigned)) != assigned {
			t.Errorf("assigned twice: %+v", a)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Assignment.Manual(ctx, tx, desk.ByUser(ann.ID), other.ID, ann.ID, 0)
			return err
		})
		if _, ok := w.q.has(desk.WaitingTicket, int64(other.ID)); ok {
			t.Error("it was given by hand, and waits")
		}
		gone := w.from(c, acc)
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Tickets.Close(ctx, tx, desk.System, gone.ID, "")
			return err
		})
		if a := w.again(desk.WaitingTicket, int64(gone.ID), routing.Queue); a.OwnerID != 0 || a.Queued {
			t.Errorf("a closed one: %+v", a)
		}
	})
}

// RT-18: opened again by the customer.
func TestReopenedStaysWithItsOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		ann, bo := w.User(desktest.Named("Ann Holm")), w.User(desktest.Named("Bo Berg"))
		acc := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{bo.Email}})))
		tk := w.from(w.Contact(""), acc)
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Assignment.Manual(ctx, tx, desk.ByUser(bo.ID), tk.ID, ann.ID, 0)
			return err
		})
		reopened := func() (a desk.Assignment) {
			w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				a, err = w.Assignment.Reopened(ctx, tx, tk)
				return err
			})
			return a
		}
		n := len(w.EventsOf(desk.EvTicketAssigned))
		if a := reopened(); a.OwnerID != ann.ID || a.Rule != routing.RuleReopened || len(w.EventsOf(desk.EvTicketAssigned)) != n {
			t.Fatalf("%+v", a)
		}
		w.available(ann, false)
		w.available(bo, false)
		if a := reopened(); a.OwnerID != 0 || !a.Queued || a.HoldFor != ann.ID {
			t.Fatalf("both away: %+v", a)
		}
		w.available(ann, true)
		if a := w.again(desk.WaitingTicket, int64(tk.ID), routing.Queue); a.OwnerID != ann.ID {
			t.Fatalf("whose it was came back: %+v", a)
		}
		w.available(ann, false)
		w.available(bo, true)
		if a := reopened(); a.OwnerID != bo.ID {
			t.Fatalf("%+v", a)
		}
	})
}

// Section 29, row 18: what comes back to work keeps an owner who can have it, and is given anew when they have left, lost their access or their permission.
func TestSettle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		ann, bo := w.User(desktest.Named("Ann Holm")), w.User(desktest.Named("Bo Berg"))
		acc := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email, bo.Email}})))
		tk := w.from(w.Contact(""), acc)
		settle := func(cause string) (got desk.Ticket) {
			w.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.Assignment.Settle(ctx, tx, tk.ID, cause)
				return err
			})
			got, err := w.Tickets.Get(context.Background(), d, tk.ID)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if a := w.assign(tk, acc); a.OwnerID != ann.ID {
			t.Fatalf("%+v", a)
		}
		w.available(ann, false)
		if got := settle(routing.Woken); got.OwnerID != ann.ID {
			t.Errorf("an owner who is away keeps it: %v", got.OwnerID)
		}
		no := false
		w.change(ann, people.UserChange{Active: &no})
		if got := settle(routing.Woken); got.OwnerID != bo.ID || got.Assignment.Cause != routing.Woken {
			t.Errorf("an owner who left: %+v", got.Assignment)
		}
		light := desk.RoleLight
		w.change(bo, people.UserChange{Role: &light})
		if got := settle(routing.Restored); got.OwnerID != 0 || !got.Assignment.Queued {
			t.Errorf("an owner without permission: %+v", got.Assignment)
		}
	})
}

// RT-03, D12, IH-04: a conversation without a ticket gets its owner by the same rule, waits likewise, and its reasons can be asked for.
func TestConversationsWithoutATicket(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		ann := w.User(desktest.Named("Ann Holm"), desktest.Away)
		box := w.Inbox("sales")
		acc := w.Account(desktest.In(box), desktest.Assign(to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})))
		c := w.Contact("")
		th := w.Thread(desk.Ticket{InboxID: box.ID, ContactID: c.ID, Subject: "Hi"}, acc)
		w.Message(th)
		var a desk.Assignment
		w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			a, err = w.Assignment.AssignThread(ctx, tx, th, acc, routing.Arrived)
			return err
		})
		if a.OwnerID != 0 || !a.Queued {
			t.Fatalf("%+v", a)
		}
		w.available(ann, true)
		if a = w.again(desk.WaitingThread, int64(th.ID), routing.Queue); a.OwnerID != ann.ID {
			t.Fatalf("%+v", a)
		}
		got, err := w.Threads.Get(context.Background(), d, th.ID)
		if err != nil || got.OwnerID != ann.ID {
			t.Fatalf("%+v %v", got, err)
		}
		if why, ok, err := w.Assignment.Last(context.Background(), d, th.ID); err != nil || !ok || why.OwnerID != ann.ID || why.Reason != routing.ChosenLeastOpen {
			t.Errorf("%+v %v %v", why, ok, err)
		}
		if evs := w.EventsOf(desk.EvThreadAssigned); len(evs) != 2 {
			t.Errorf("%d events", len(evs))
		}
	})
}

// SK-05, SK-08, RT-10: rules of a channel, with facts of the message and the contact.
func TestRulesAreAskedWithWhatIsKnown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		ann, bo := w.User(desktest.Named("Ann Holm")), w.User(desktest.Named("Bo Berg"))
		w.Assignment.WithSkills(knowing{bo.ID: {{Slug: "da", Level: 4}}})
		p := to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email, bo.Email}, Rules: []desk.SkillRule{{
			Name: "Danish homes", Skills: []desk.SkillNeed{{Skill: "language"}}, If: &desk.Conditions{When: []desk.Condition{{Field: "from.domain", Op: "is", Values: []string{"hjem.example"}}}},
		}}})
		acc := w.Account(desktest.Assign(p))
		c := w.Contact("mira@hjem.example")
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			da := "da"
			_, err := w.Contacts.Update(ctx, tx, desk.System, c.ID, contact.Change{Language: &da})
			return err
		})
		if a := w.assign(w.from(c, acc), acc); a.OwnerID != bo.ID || a.RuleName != "Danish homes" || a.Candidates[0].Reason != routing.LacksSkill {
			t.Fatalf("%+v", a)
		}
		if a := w.assign(w.from(w.Contact("x@other.example"), acc), acc); a.OwnerID != ann.ID || a.Rule != routing.ToUsers {
			t.Fatalf("%+v", a)
		}
	})
}

// TK-10: rules ask for a ticket's tags, also by the name that one had when the rule was written.
func TestRulesAskForTags(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		tk := w.Ticket(func(n *ticket.NewTicket) { n.Tags = []string{"Billing", "VIP"} })
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			ts, err := w.Tickets.Tags(ctx, tx, false)
			if err == nil {
				_, err = w.Tickets.RenameTag(ctx, tx, desk.System, ts[0].ID, "Invoices")
			}
			return err
		})
		facts, err := w.Assignment.FactsOf(context.Background(), d, assignment.About{Ticket: &tk})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			op, value string
			want      bool
		}{{"is", "invoices", true}, {"is", "Billing", true}, {"in", "vip", true}, {"is", "Other", false}, {"is_not", "Billing", false}, {"exists", "", true}} {
			set := desk.Conditions{When: []desk.Condition{{Field: "tags", Op: c.op, Values: []string{c.value}}}}
			if got := condition.Holds(set, facts); got != c.want {
				t.Errorf("tags %s %s: %v of %v", c.op, c.value, got, facts["tags"])
			}
		}
		fields, err := w.Assignment.Fields(context.Background(), d, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if f.Field == "tags" && len(f.Options) != 2 {
				t.Errorf("offered: %+v", f.Options)
			}
		}
	})
}

// RT-20: decisions are kept with what they were made from, and replayed by another policy; erasure and time take them away.
func TestDecisionsAreKeptAndReplayed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, w := context.Background(), begin(t, d)
		ann, bo := w.User(desktest.Named("Ann Holm")), w.User(desktest.Named("Bo Berg"))
		acc := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})))
		none := w.Account()
		c := w.Contact("")
		first := w.from(c, acc)
		for _, tk := range []desk.Ticket{first, w.from(c, acc), w.from(c, acc)} {
			w.assign(tk, acc)
		}
		w.assign(w.from(c, none), none)
		other := to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{bo.Email}})
		ks, err := w.Assignment.Decisions(ctx, d, acc.ID, 0, w.Clock.Ms()+1, other)
		if err != nil || len(ks) != 3 {
			t.Fatalf("%d %v", len(ks), err)
		}
		for _, k := range ks {
			if a := routing.Decide(k.Input); a.OwnerID != k.OwnerID || a.Reason != k.Reason {
				t.Errorf("%+v is not what was decided: %+v", a, k)
			}
			if len(k.Input.Candidates) != 1 {
				t.Errorf("kept %d people of a policy that names one", len(k.Input.Candidates))
			}
		}
		r := assignment.Replay(ks, acc.Assign)
		if r.Decisions != 3 || r.Same != 3 || r.Changed != 0 {
			t.Errorf("%+v", r)
		}
		r = assignment.Replay(ks, other)
		if r.Changed != 3 || len(r.Items) != 3 || r.Items[0].Now.OwnerID != bo.ID || r.Items[0].Before.OwnerID != ann.ID || !slices.Contains(r.Owners, assignment.Share{UserID: bo.ID, Name: "Bo Berg", Now: 3}) {
			t.Errorf("%+v", r)
		}
		// what no one got is kept too, and what another rule would have needed is looked up
		if ks, err = w.Assignment.Decisions(ctx, d, none.ID, 0, w.Clock.Ms()+1, acc.Assign); err != nil || len(ks) != 1 {
			t.Fatalf("%d %v", len(ks), err)
		}
		if r = assignment.Replay(ks, acc.Assign); r.Changed != 1 || r.Assigned != [2]int{0, 1} {
			t.Errorf("%+v", r)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			return w.Assignment.Forget(ctx, tx, []desk.TicketID{first.ID}, nil)
		})
		if ks, _ = w.Assignment.Decisions(ctx, d, acc.ID, 0, w.Clock.Ms()+1); len(ks) != 2 {
			t.Errorf("%d after an erasure", len(ks))
		}
		w.Clock.Set(w.Clock.Now().Add(25 * time.Hour))
		if err := w.Assignment.Prune(ctx, d); err != nil {
			t.Fatal(err)
		}
		if ks, _ = w.Assignment.Decisions(ctx, d, acc.ID, 0, w.Clock.Ms()+1); len(ks) != 0 {
			t.Errorf("%d after their time", len(ks))
		}
	})
}

// AV-07: hours that the policy keeps are asked; a channel that is closed gives nothing to anybody.
func TestHoursCloseAChannel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		ann := w.User()
		closed := true
		w.Assignment.WithHours(func(_ context.Context, _ db.Queryer, slug string, at desk.Time) (bool, desk.Time, error) {
			return closed && slug == "office", at + 60_000, nil
		})
		acc := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}, Hours: "office"})))
		tk := w.from(w.Contact(""), acc)
		a := w.assign(tk, acc)
		if a.Reason != routing.OutsideHours || !a.Queued || a.NextAt != a.At+60_000 || a.Candidates[0].Reason != routing.OutsideHours {
			t.Fatalf("%+v", a)
		}
		closed = false
		if a := w.again(desk.WaitingTicket, int64(tk.ID), routing.Queue); a.OwnerID != ann.ID {
			t.Fatalf("%+v", a)
		}
	})
}

// CR-02: a contact without an owner takes that of the first ticket, where the policy says so; one with an owner keeps theirs.
func TestContactsTakeTheFirstTicketsOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		ann, bo := w.User(desktest.Named("Ann Holm")), w.User(desktest.Named("Bo Berg"))
		p := to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})
		plain := w.Account(desktest.Assign(p))
		p.OwnContact = true
		acc := w.Account(desktest.Assign(p))
		fresh, had := w.Contact("fresh@home.example"), w.Contact("had@home.example")
		w.owner(had, bo)
		owner := func(c desk.Contact) desk.UserID {
			got, err := w.Contacts.Get(context.Background(), d, c.ID)
			if err != nil {
				t.Fatal(err)
			}
			return got.OwnerID
		}
		w.assign(w.from(fresh, plain), plain)
		if id := owner(fresh); id != 0 {
			t.Errorf("owner %v without the setting", id)
		}
		w.assign(w.from(fresh, acc), acc)
		w.assign(w.from(had, acc), acc)
		if owner(fresh) != ann.ID || owner(had) != bo.ID {
			t.Errorf("owners %v and %v", owner(fresh), owner(had))
		}
	})
}
