package notify_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/notify"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/ticket"
)

// outbox stands where mail leaves.
type outbox struct {
	mu      sync.Mutex
	letters []notify.Letter
	fail    error // after the mark, when marked is set
	marked  bool
	closed  string
}

func (o *outbox) Unavailable(context.Context) (string, string) { return o.closed, o.closed }

func (o *outbox) Send(ctx context.Context, l notify.Letter, commit func(ctx context.Context) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil && !o.marked {
		return o.fail
	}
	if err := commit(ctx); err != nil {
		return err
	}
	if o.fail != nil {
		return o.fail
	}
	o.letters = append(o.letters, l)
	return nil
}

type rig struct {
	*desktest.Desk
	*notify.Service
	out     *outbox
	viewing map[desk.TicketID][]desk.UserID
	ann, bo desk.User
	ticket  desk.Ticket
	thread  desk.Thread
}

var monday = time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC)

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	r := &rig{Desk: desktest.New(t, d), out: &outbox{}, viewing: map[desk.TicketID][]desk.UserID{}}
	r.Desk.Clock.Set(monday)
	r.Service = r.service(d)
	r.ann = r.User(desktest.Named("Ann Holm"), func(n *people.NewUser) { n.Locale = "da" })
	r.bo = r.User(desktest.Named("Bo Lind"))
	acc := r.Account()
	customer := r.Contact("mira@customer.example")
	r.ticket = r.Ticket(func(n *ticket.NewTicket) { n.Subject, n.ContactID = "Where is my bike?", customer.ID })
	r.thread = r.Thread(r.ticket, acc)
	r.Message(r.thread)
	r.own(r.ann)
	r.step(t) // the first start: the past is nobody's news
	return r
}

func (r *rig) service(d *db.DB) *notify.Service {
	return notify.New(notify.Deps{DB: d, Clock: r.Desk.Clock, Events: r.Desk.Events, People: r.Desk.People, Base: "https://desk.example/", Senders: map[string]notify.Sender{notify.Email: r.out},
		Viewing: func(id desk.TicketID) []desk.UserID { return r.viewing[id] }})
}

func (r *rig) own(u desk.User) {
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := r.Tickets.SetOwner(ctx, tx, desk.ByUser(r.bo.ID), r.ticket.ID, desk.Assignment{OwnerID: u.ID, Rule: "manual"})
		return err
	})
}

func (r *rig) step(t *testing.T) {
	t.Helper()
	numbered(t, r.Desk)
	for {
		more, err := r.Step(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

// numbered gives the events their numbers where they get them after the commit.
func numbered(t *testing.T, k *desktest.Desk) {
	t.Helper()
	if k.DB.Dialect() != db.Postgres {
		return
	}
	if err := k.DB.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE events SET seq = n.seq FROM (SELECT id, (SELECT COALESCE(MAX(seq), 0) FROM events) + ROW_NUMBER() OVER (ORDER BY ord) AS seq FROM events WHERE seq IS NULL) n WHERE events.id = n.id`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) comment(by desk.User, mentions ...desk.UserID) desk.Message {
	return r.Message(r.thread, func(m *desk.Message) {
		m.Kind, m.Direction, m.Actor, m.ContactID, m.Status, m.Mentions, m.Text = desk.KindComment, "", desk.ByUser(by.ID), 0, "", mentions, "Could you look at the frame?"
	})
}

func (r *rig) choose(t *testing.T, u desk.User, c notify.Choice) {
	t.Helper()
	r.Write(func(ctx context.Context, tx *db.Tx) error { return r.Choose(ctx, tx, u.ID, c) })
}

func (r *rig) list(t *testing.T, u desk.User) notify.Feed {
	t.Helper()
	return desktest.Must[notify.Feed](t)(r.List(context.Background(), u, notify.Query{}))
}

func (r *rig) deliver(t *testing.T, after time.Duration) []notify.Letter {
	t.Helper()
	r.Desk.Clock.Set(r.Desk.Clock.Now().Add(after))
	if err := r.Deliver(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := r.out.letters
	r.out.letters = nil
	return got
}

func mailAll(k ...notify.Kind) notify.Choice {
	c := notify.Choice{Kinds: map[notify.Kind]map[string]bool{}}
	for _, kind := range k {
		c.Kinds[kind] = map[string]bool{notify.Email: true}
	}
	return c
}

// WS-15: once for each event, person and kind, however many follow the log and however often they begin anew.
func TestAnEventIsToldOfOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.comment(r.bo, r.ann.ID)
		r.Message(r.thread)
		numbered(t, r.Desk)
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if _, err := r.service(d).Step(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		r.step(t)
		page := r.list(t, r.ann)
		if len(page.Items) != 2 || page.Unread != 2 {
			t.Fatalf("told %d times, %d unread: %+v", len(page.Items), page.Unread, page.Items)
		}
		first := page.Items[1]
		if first.Kind != notify.Mentioned || first.ActorName != "Bo Lind" || first.Number != r.ticket.Number || first.Subject != "Where is my bike?" || first.Excerpt != "Could you look at the frame?" {
			t.Errorf("mentioned: %+v", first)
		}
		elsewhere := r.Inbox("elsewhere").ID
		r.Write(func(ctx context.Context, tx *db.Tx) error { // the message went where she does not see it: its words go along
			_, err := tx.Exec(ctx, "UPDATE messages SET inbox_id = $1 WHERE id = $2", elsewhere, first.MessageID)
			return err
		})
		if gone := r.list(t, r.ann).Items[1]; gone.MessageID != first.MessageID || gone.Excerpt != "" {
			t.Errorf("of a message elsewhere: %q", gone.Excerpt)
		}
		for _, ev := range r.EventsOf(desk.EvNotificationCreated) {
			if ev.UserID != r.ann.ID {
				t.Errorf("told of it: %d", ev.UserID)
			}
		}
		// A crash after the rows and before the position cannot be; a position set back by hand tells nobody again.
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE notify_state SET position = 0 WHERE name = 'events'")
			return err
		})
		r.step(t)
		n := 0
		for _, it := range r.list(t, r.ann).Items {
			if it.Kind == notify.Mentioned || it.Kind == notify.CustomerReplied {
				n++
			}
		}
		if n != 2 {
			t.Errorf("told again: %d", n)
		}
	})
}

// WS-15: who looks at the ticket has read it; looking marks it read; what one may not see any more is not shown.
func TestWhatIsSeenIsRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		r := newRig(t, d)
		r.choose(t, r.ann, mailAll(notify.CustomerReplied))
		r.viewing[r.ticket.ID] = []desk.UserID{r.ann.ID}
		r.Message(r.thread)
		r.step(t)
		if p := r.list(t, r.ann); len(p.Items) != 1 || p.Unread != 0 {
			t.Fatalf("while looking: %+v", p)
		}
		r.viewing = map[desk.TicketID][]desk.UserID{}
		r.Message(r.thread)
		r.step(t)
		if p := r.list(t, r.ann); p.Unread != 1 {
			t.Fatalf("unread: %d", p.Unread)
		}
		if err := r.Seen(ctx, r.ann.ID, r.ticket.ID, 0); err != nil {
			t.Fatal(err)
		}
		if p := r.list(t, r.ann); p.Unread != 0 || len(r.EventsOf(desk.EvNotificationRead)) != 1 {
			t.Errorf("after looking: %d unread", p.Unread)
		}
		if got := r.deliver(t, time.Hour); len(got) != 0 {
			t.Errorf("a mail about what was read: %q", got[0].Subject)
		}
		r.Message(r.thread)
		r.step(t)
		none := desk.Access{Users: []desk.UserID{r.bo.ID}}
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Inboxes.UpdateInbox(ctx, tx, desk.System, r.ticket.InboxID, inbox.InboxChange{Access: &none})
			return err
		})
		if p := r.list(t, r.ann); len(p.Items) != 0 || p.Unread != 0 {
			t.Errorf("out of sight: %+v", p)
		}
		if got := r.deliver(t, time.Hour); len(got) != 0 {
			t.Errorf("a mail about what is out of sight: %q", got[0].Subject)
		}
	})
}

// WS-15, XC-07: a hundred mails on one ticket are one bundle, in the reader's language, with the way there and out.
func TestAFloodIsOneMailInTheReadersLanguage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.choose(t, r.ann, mailAll(notify.CustomerReplied))
		for i := range 100 {
			r.Message(r.thread, func(m *desk.Message) { m.Text = fmt.Sprintf("Line <%d>", i) })
		}
		r.step(t)
		if got := r.deliver(t, time.Minute); len(got) != 0 {
			t.Fatalf("a mail before the bundle's time")
		}
		got := r.deliver(t, 2*time.Minute)
		if len(got) != 1 {
			t.Fatalf("%d mails", len(got))
		}
		l := got[0]
		if want := fmt.Sprintf("[#%d] 100 nyheder: Where is my bike?", r.ticket.Number); l.Subject != want || l.To.ID != r.ann.ID {
			t.Errorf("subject %q, want %q", l.Subject, want)
		}
		for _, want := range []string{fmt.Sprintf("https://desk.example/ticket/%d", r.ticket.Number), "https://desk.example/settings/my-notifications", "og 92 mere", "mira@customer.example svarede", "Line <99>"} {
			if !strings.Contains(strings.ToLower(l.Text), strings.ToLower(want)) {
				t.Errorf("the text lacks %q:\n%s", want, l.Text)
			}
		}
		if !strings.Contains(l.HTML, "Line &lt;99&gt;") || strings.Contains(l.HTML, "<99>") {
			t.Errorf("a customer's words stand in the HTML as they are: %s", l.HTML)
		}
		r.Message(r.thread)
		r.step(t)
		if got := r.deliver(t, 3*time.Minute); len(got) != 0 {
			t.Errorf("the next mail of the same ticket comes at once")
		}
		if got := r.deliver(t, 10*time.Minute); len(got) != 1 {
			t.Errorf("the next mail of the same ticket does not come")
		}
	})
}

// WS-15: many tickets at once are one mail.
func TestNewsOfManyTicketsIsOneMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.choose(t, r.bo, mailAll(notify.Assigned))
		for range 5 {
			tk := r.Ticket()
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Tickets.SetOwner(ctx, tx, desk.ByUser(r.ann.ID), tk.ID, desk.Assignment{OwnerID: r.bo.ID, Rule: "manual"})
				return err
			})
		}
		r.step(t)
		got := r.deliver(t, 3*time.Minute)
		if len(got) != 1 || got[0].Subject != "5 pieces of news on 5 tickets" {
			t.Fatalf("%d mails: %+v", len(got), got)
		}
	})
}

// WS-15: quiet hours hold desktop and mail back, and let go of what is still unread when they end; digests wait for their time.
func TestQuietHoursAndDigestsHoldBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		c := mailAll(notify.CustomerReplied)
		c.Quiet = &notify.Quiet{On: true, From: "09:00", To: "18:00", Days: notify.Weekdays, Zone: "Europe/Copenhagen"} // it is noon there
		r.choose(t, r.ann, c)
		r.Message(r.thread)
		r.step(t)
		created := r.EventsOf(desk.EvNotificationCreated)
		if last := string(created[len(created)-1].Data); !strings.Contains(last, `"desktop":false`) {
			t.Errorf("shown on the desktop in quiet hours: %s", last)
		}
		if got := r.deliver(t, 5*time.Hour+59*time.Minute); len(got) != 0 {
			t.Fatal("a mail in quiet hours")
		}
		if got := r.deliver(t, 2*time.Minute); len(got) != 1 {
			t.Fatal("no mail after quiet hours")
		}
		created = r.EventsOf(desk.EvNotificationCreated)
		if last := string(created[len(created)-1].Data); !strings.Contains(last, `"desktop":true`) {
			t.Errorf("not shown on the desktop after quiet hours: %s", last)
		}
		d2 := mailAll(notify.CustomerReplied)
		d2.Quiet, d2.Email = &notify.Quiet{}, &notify.MailPlan{Mode: notify.Daily, At: "08:00"}
		r.choose(t, r.ann, d2)
		r.Message(r.thread)
		r.step(t)
		if got := r.deliver(t, 10*time.Hour); len(got) != 0 {
			t.Error("a digest before its time")
		}
		if got := r.deliver(t, 8*time.Hour); len(got) != 1 {
			t.Error("no digest at its time")
		}
	})
}

// WS-15: who has left, or turned it off since, gets no mail.
func TestWhoHasLeftGetsNoMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.comment(r.ann, r.bo.ID)
		r.comment(r.bo, r.ann.ID)
		r.step(t)
		off := false
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Desk.People.Update(ctx, tx, desk.System, r.bo.ID, people.UserChange{Active: &off})
			return err
		})
		r.choose(t, r.ann, notify.Choice{Kinds: map[notify.Kind]map[string]bool{notify.Mentioned: {notify.Email: false}}})
		if got := r.deliver(t, time.Hour); len(got) != 0 {
			t.Errorf("mail to %s", got[0].To.Name)
		}
	})
}

// WS-15: a mail that could not be handed over is tried again; one that may have gone out is not.
func TestAMailIsTriedAgainUnlessItMayHaveGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.comment(r.bo, r.ann.ID)
		r.step(t)
		r.out.fail = &channel.SendError{Fault: channel.Transient, Public: "busy"}
		r.deliver(t, 3*time.Minute)
		r.out.fail = &channel.SendError{Fault: channel.Transient, Public: "busy at the end"}
		r.out.marked = true
		r.deliver(t, 3*time.Minute)
		r.out.fail, r.out.closed = nil, "no_relay"
		r.deliver(t, 6*time.Minute)
		r.out.closed = ""
		if got := r.deliver(t, 30*time.Minute); len(got) != 1 {
			t.Fatalf("%d mails after the trouble", len(got))
		}
		if got := r.deliver(t, time.Hour); len(got) != 0 {
			t.Error("sent twice")
		}
		r.comment(r.bo, r.ann.ID)
		r.step(t)
		r.out.fail = &channel.SendError{Fault: channel.Uncertain, Public: "no answer"}
		r.deliver(t, time.Hour)
		r.out.fail = nil
		if got := r.deliver(t, time.Hour); len(got) != 0 {
			t.Error("sent again though it may have gone out")
		}
	})
}

// Two nodes that send at once send one mail.
func TestTwoNodesSendOneMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.comment(r.bo, r.ann.ID)
		r.step(t)
		r.Desk.Clock.Set(r.Desk.Clock.Now().Add(3 * time.Minute))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := r.service(d).Deliver(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(r.out.letters) != 1 {
			t.Errorf("%d mails", len(r.out.letters))
		}
	})
}

// EM-36: administrators hear once a day what was held back, when it was anything.
func TestHeldMailIsToldOnceADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		r := newRig(t, d)
		boss := r.User(desktest.Role(desk.RoleAdmin))
		held := func() {
			if err := r.Held(ctx); err != nil {
				t.Fatal(err)
			}
		}
		held()
		spam := r.Ticket(func(n *ticket.NewTicket) { n.Subject = "You have won" })
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Tickets.Update(ctx, tx, desk.System, spam.ID, ticket.Change{Hidden: ptr(desk.HiddenSpam), HiddenReason: "denied_sender"})
			return err
		})
		held()
		if p := r.list(t, boss); len(p.Items) != 0 {
			t.Fatalf("told before the day's hour: %+v", p.Items)
		}
		r.Desk.Clock.Set(monday.Add(24 * time.Hour))
		held()
		held()
		p := r.list(t, boss)
		if len(p.Items) != 1 || p.Items[0].Kind != notify.HeldDigest || !strings.Contains(string(p.Items[0].Data), "You have won") {
			t.Fatalf("told: %+v", p.Items)
		}
		if got := r.deliver(t, 3*time.Minute); len(got) != 1 || got[0].Subject != "1 mail was held back" || !strings.Contains(got[0].Text, "You have won") || !strings.Contains(got[0].Text, "/tickets/spam") {
			t.Errorf("mails: %+v", got)
		}
		r.Desk.Clock.Set(monday.Add(48 * time.Hour))
		held()
		if p := r.list(t, boss); len(p.Items) != 1 {
			t.Errorf("told of nothing: %d", len(p.Items))
		}
		if p := r.list(t, r.ann); len(p.Items) != 0 {
			t.Errorf("an agent is told: %+v", p.Items)
		}
	})
}

func ptr[T any](v T) *T { return &v }

// A channel that breaks is told once until somebody read it, and is no news any more when it works again.
func TestABrokenChannelIsNewsUntilItWorks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		boss := r.User(desktest.Role(desk.RoleAdmin))
		acc := r.Account()
		set := func(s desk.AccountState, why string) {
			r.Write(func(ctx context.Context, tx *db.Tx) error { return r.Inboxes.SetState(ctx, tx, acc.ID, s, why) })
			r.step(t)
		}
		set(desk.StateConnected, "")
		set(desk.StateTrouble, "The server does not answer.")
		set(desk.StateReconnect, "The password was refused.")
		if p := r.list(t, boss); len(p.Items) != 1 || p.Unread != 1 {
			t.Fatalf("told: %+v", p)
		}
		set(desk.StateConnected, "")
		if p := r.list(t, boss); p.Unread != 0 {
			t.Errorf("unread though it works: %+v", p)
		}
		if got := r.deliver(t, time.Hour); len(got) != 0 {
			t.Errorf("a mail though it works again: %q", got[0].Subject)
		}
	})
}

// CR-14: what is gone for good is not told of any more.
func TestWhatIsErasedIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.comment(r.bo, r.ann.ID)
		r.step(t)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Desk.Events.Record(ctx, tx, desk.Event{Type: desk.EvTicketPurged, TicketID: r.ticket.ID})
			return err
		})
		r.step(t)
		var n int
		if err := d.QueryRow(context.Background(), "SELECT (SELECT COUNT(*) FROM notifications) + (SELECT COUNT(*) FROM notification_deliveries)").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows left, %v", n, err)
		}
	})
}

// CR-14: a person who is erased is in no notification: not those of their tickets, nor of what they wrote elsewhere, nor as who did it.
func TestWhoIsErasedIsInNoNotification(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		said := r.comment(r.bo, r.ann.ID)
		r.step(t)
		left := func() (n int) {
			if err := d.QueryRow(context.Background(), "SELECT (SELECT COUNT(*) FROM notifications) + (SELECT COUNT(*) FROM notification_deliveries)").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		tell := func(ev desk.Event) {
			r.Write(func(ctx context.Context, tx *db.Tx) error { _, err := r.Desk.Events.Record(ctx, tx, ev); return err })
			r.step(t)
		}
		if left() == 0 {
			t.Fatal("nothing was told")
		}
		tell(desk.Event{Type: desk.EvMessageUpdated, Message: said.ID, Data: []byte(`{"fields":["text"]}`)})
		if left() == 0 {
			t.Error("a changed message is no erased one")
		}
		tell(desk.Event{Type: desk.EvMessageUpdated, Message: said.ID, Data: []byte(`{"fields":["erased"]}`)})
		if n := left(); n != 0 {
			t.Errorf("%d rows of an erased message", n)
		}
		r.comment(r.bo, r.ann.ID)
		r.step(t)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE notifications SET actor = $1", desk.ByContact(r.ticket.ContactID))
			return err
		})
		tell(desk.Event{Type: desk.EvContactErased, Contact: r.ticket.ContactID})
		var actor string
		if err := d.QueryRow(context.Background(), "SELECT MAX(actor) FROM notifications").Scan(&actor); err != nil || actor != "contact" {
			t.Errorf("who did it: %q, %v", actor, err)
		}
		tell(desk.Event{Type: desk.EvTicketErased, TicketID: r.ticket.ID})
		if n := left(); n != 0 {
			t.Errorf("%d rows of an erased ticket", n)
		}
	})
}

// WS-15: the installation's defaults count for who has chosen nothing; a change is in the audit log with before and after.
func TestDefaultsCountUntilSomebodyChooses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		r := newRig(t, d)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.SetDefaults(ctx, tx, desk.ByUser(r.bo.ID), mailAll(notify.CustomerReplied, notify.Assigned))
			return err
		})
		r.choose(t, r.ann, notify.Choice{Kinds: map[notify.Kind]map[string]bool{notify.Assigned: {notify.Email: false}}})
		s := desktest.Must[notify.Settings](t)(r.Of(ctx, d, r.ann.ID))
		if !s.Kinds[notify.CustomerReplied][notify.Email] || s.Kinds[notify.Assigned][notify.Email] || !s.Kinds[notify.Assigned][notify.InApp] {
			t.Errorf("ann: %+v", s.Kinds)
		}
		if evs := r.EventsOf(desk.EvSettingsChanged); len(evs) == 0 || !strings.Contains(string(evs[len(evs)-1].Data), `"object":"notifications"`) {
			t.Error("the change is not in the audit log")
		}
		r.Write(func(ctx context.Context, tx *db.Tx) error { return r.Forget(ctx, tx, r.ann.ID) })
		if s := desktest.Must[notify.Settings](t)(r.Of(ctx, d, r.ann.ID)); !s.Kinds[notify.Assigned][notify.Email] {
			t.Error("ann follows the defaults again")
		}
		for _, bad := range []notify.Choice{
			{Kinds: map[notify.Kind]map[string]bool{"birthday": {}}}, {Kinds: map[notify.Kind]map[string]bool{notify.Assigned: {"pigeon": true}}},
			{Email: &notify.MailPlan{Mode: "sometimes"}}, {Email: &notify.MailPlan{Mode: notify.Hours, Hours: 30}}, {Email: &notify.MailPlan{Mode: notify.Daily, At: "25:00"}},
			{Quiet: &notify.Quiet{On: true, From: "x", To: "08:00"}}, {Quiet: &notify.Quiet{Days: []string{"moonday"}}}, {Quiet: &notify.Quiet{Zone: "Mars/Base"}},
		} {
			if err := r.Try(func(ctx context.Context, tx *db.Tx) error { return r.Choose(ctx, tx, r.ann.ID, bad) }); desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

// WS-15: "send me one" comes at once by every target that is on.
func TestSendMeOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.choose(t, r.ann, notify.Choice{Quiet: &notify.Quiet{On: true, From: "00:00", To: "23:59", Days: notify.Weekdays}, Email: &notify.MailPlan{Mode: notify.Daily, At: "08:00"}})
		if err := r.SendTest(context.Background(), r.ann); err != nil {
			t.Fatal(err)
		}
		if p := r.list(t, r.ann); len(p.Items) != 1 || p.Items[0].Kind != notify.Test {
			t.Fatalf("listed: %+v", p.Items)
		}
		if len(r.out.letters) != 1 || r.out.letters[0].Subject != "Her er den test, du bad om" {
			t.Errorf("mails: %+v", r.out.letters)
		}
	})
}

// IH-01, WS-15: the owner of a conversation without a ticket hears of being given it and of the customer's answers, not of what lies in spam; opening it reads what it told.
func TestAConversationWithoutATicketTellsItsOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, r := context.Background(), newRig(t, d)
		th := r.Thread(desk.Ticket{InboxID: r.ticket.InboxID, ContactID: r.ticket.ContactID, Subject: "No ticket"}, r.Account())
		r.Message(th)
		r.step(t)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Threads.Assign(ctx, tx, desk.ByUser(r.bo.ID), th.ID, r.ann.ID, 0)
			return err
		})
		r.step(t)
		p := r.list(t, r.ann)
		if p.Unread != 1 || p.Items[0].Kind != notify.Assigned || p.Items[0].ThreadID != th.ID || p.Items[0].Subject != "No ticket" {
			t.Fatalf("given: %+v", p)
		}
		r.Message(th)
		r.step(t)
		if p = r.list(t, r.ann); p.Unread != 2 || p.Items[0].Kind != notify.CustomerReplied {
			t.Fatalf("answered: %+v", p)
		}
		if err := r.Seen(ctx, r.bo.ID, 0, th.ID); err != nil {
			t.Fatal(err)
		}
		if err := r.Seen(ctx, r.ann.ID, 0, th.ID); err != nil {
			t.Fatal(err)
		}
		if p = r.list(t, r.ann); p.Unread != 0 {
			t.Errorf("opened: %+v", p)
		}
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Threads.Hide(ctx, tx, desk.System, th.ID, desk.HiddenSpam)
			return err
		})
		r.Message(th)
		r.step(t)
		if p = r.list(t, r.ann); p.Unread != 0 {
			t.Errorf("told of spam: %+v", p)
		}
	})
}

// EM-36: mail that is held tells nobody that there is something new.
func TestHeldMailIsNoNews(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.choose(t, r.bo, notify.Choice{Kinds: map[notify.Kind]map[string]bool{notify.UnassignedNew: {notify.InApp: true}}})
		r.Ticket(func(n *ticket.NewTicket) { n.Hidden, n.HiddenReason = desk.HiddenSpam, "denied_sender" })
		r.step(t)
		if p := r.list(t, r.bo); len(p.Items) != 0 {
			t.Errorf("held mail is told: %+v", p.Items)
		}
		r.Ticket()
		r.step(t)
		if p := r.list(t, r.bo); len(p.Items) != 1 || p.Items[0].Kind != notify.UnassignedNew {
			t.Errorf("new work is not: %+v", p.Items)
		}
	})
}
