package intake_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
)

var update = flag.Bool("update", false, "rewrite the manual's page")

var dispositions = []desk.Disposition{desk.DispNormal, desk.DispAutoReply, desk.DispBounce, desk.DispList, desk.DispOwn, desk.DispColleague, desk.DispVerification}

func TestTableHasEveryCellOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range intake.Table {
		key := fmt.Sprint(r.Disposition, r.Matched)
		if seen[key] {
			t.Errorf("%s twice", key)
		}
		seen[key] = true
		if r.Why == "" || r.State == "" || r.Files == "" {
			t.Errorf("%s says too little", key)
		}
		if r.Answer && r.Disposition != desk.DispNormal {
			t.Errorf("EM-31: %s may be answered automatically", r.Disposition)
		}
	}
	for _, d := range dispositions {
		for _, matched := range []bool{false, true} {
			if !seen[fmt.Sprint(d, matched)] {
				t.Errorf("no cell for %s, matched %v", d, matched)
			}
		}
	}
}

// scene is a closed ticket of Mira with an answer of Ann's that reached her. Ids and customers end in its number.
type scene struct {
	*world
	n    int
	ann  desk.User
	root desk.Message
	ours desk.Message
}

func newScene(w *world, n int, ann desk.User) scene {
	w.t.Helper()
	s := scene{world: w, n: n, ann: ann}
	w.deliver(w.letter(s.id("root"), s.mira()))
	s.root = w.filed(s.id("root"))
	s.ours = w.sends(s.ann, s.root.ThreadID, s.id("ours"), s.mira())
	w.closeTicket(s.root.TicketID)
	return s
}

func (s scene) id(name string) string { return fmt.Sprintf("%s.%d@desk.example", name, s.n) }
func (s scene) mira() string          { return fmt.Sprintf("mira%d@x.example", s.n) }

// of is a mail of a disposition, in the thread of the scene or of its own.
func (s scene) of(d desk.Disposition, matched bool) mail {
	from := s.mira()
	if !matched {
		from = fmt.Sprintf("noor%d@y.example", s.n)
	}
	m := s.letter(s.id("probe"), from, as(d))
	switch d {
	case desk.DispColleague: // found out by intake
		m.From.Address, m.Disposition = s.ann.Email, desk.DispNormal
		m.Cc = []desk.Party{{Address: s.mira()}}
	case desk.DispOwn:
		m.Disposition = desk.DispNormal
		if matched {
			m.RemoteID = s.id("ours")
			m.From.Address = "support@acme.example"
		} else {
			m.From.Address, m.Disposition, m.AutoReply = "support@acme.example", desk.DispAutoReply, "automatic"
		}
	case desk.DispBounce:
		m.From.Address, m.Bounce = "mailer-daemon@x.example", &channel.Bounce{Recipients: []channel.BounceRecipient{{Address: s.mira(), Action: "failed", Status: "5.1.1", Diagnostic: "550 no such user"}}}
		if matched {
			m.Bounce.OriginalMessageID = s.id("ours")
		}
	case desk.DispVerification:
		m.From.Address, m.Verify = "forwarding-noreply@google.com", &channel.Verification{Provider: "gmail", Code: "123", Link: "https://mail.google.com/x"}
	}
	m.Sender = m.From
	if matched && d != desk.DispBounce && d != desk.DispOwn {
		replies(s.id("ours"), s.id("root"))(&m)
	}
	return m
}

func TestEveryCellOfTheTable(t *testing.T) { // EM-14, EM-25, EM-31, EM-32, EM-37
	each(t, func(t *testing.T, w *world) {
		ann := w.User(desktest.Named("Ann Holm"))
		for i, r := range intake.Table {
			t.Run(fmt.Sprintf("%s matched %v", r.Disposition, r.Matched), func(t *testing.T) { newScene(w, i, ann).check(t, r) })
		}
	})
}

func (s scene) check(t *testing.T, r intake.Rule) {
	contacts, tickets, messages := s.contacts(), s.tickets(), s.messages()
	before := s.ticket(s.root.TicketID)
	probe := s.of(r.Disposition, r.Matched)
	s.deliver(probe)
	e := s.entry(probe.RemoteID)
	if e.State != r.State || e.Disposition != r.Disposition {
		t.Fatalf("journal says %s, %s; the table says %s, %s", e.State, e.Disposition, r.State, r.Disposition)
	}
	if e.Reason == "" {
		t.Error("the journal gives no reason")
	}
	s.checkFiled(t, r, e, s.messages()-messages)
	s.checkTickets(t, r, e, before, s.tickets()-tickets)
	made := 0
	if r.Contact == intake.ContactMade && !r.Matched {
		made = 1
	}
	if got := s.contacts() - contacts; got != made {
		t.Errorf("%d contacts made, want %d", got, made)
	}
}

func (s scene) checkFiled(t *testing.T, r intake.Rule, e intake.Entry, added int) {
	t.Helper()
	if r.Files == intake.FilesNothing {
		if added != 0 {
			t.Fatalf("%d messages filed, want none", added)
		}
		if r.Disposition == desk.DispOwn && r.Matched && e.FiledAs != s.ours.ID {
			t.Error("our own mail is not recognised as the message it is")
		}
		return
	}
	if added != 1 || e.FiledAs == 0 {
		t.Fatalf("%d messages filed, want one", added)
	}
	m := s.filed(s.id("probe"))
	if (m.Kind == desk.KindSystem) != (r.Files == intake.FilesNote) {
		t.Errorf("filed as %s", m.Kind)
	}
	if (m.ThreadID == s.root.ThreadID) != r.Matched {
		t.Errorf("in thread %v, matched %v", m.ThreadID, r.Matched)
	}
	want := map[string]desk.ActorKind{intake.AsCustomer: desk.ActorContact, intake.AsUser: desk.ActorUser, intake.AsSystem: desk.ActorSystem}[r.As]
	if m.Actor.Kind != want {
		t.Errorf("by %s, want %s", m.Actor, want)
	}
	if r.As == intake.AsUser && m.Actor != desk.ByUser(s.ann.ID) {
		t.Errorf("by %s, want Ann", m.Actor)
	}
	var auto string
	must(t, s.DB.QueryRow(context.Background(), "SELECT auto_reply FROM messages WHERE id = $1", m.ID).Scan(&auto))
	if (auto == "") != r.Answer {
		t.Errorf("automatic answer allowed: %v, want %v (%s)", auto == "", r.Answer, auto)
	}
	told := fmt.Sprintf(`"notify":%v`, r.Notify)
	evs := s.EventsOf(desk.EvMessageReceived)
	if last := evs[len(evs)-1]; last.Message != m.ID || !strings.Contains(string(last.Data), told) {
		t.Errorf("event %s, want %s", last.Data, told)
	}
}

func (s scene) checkTickets(t *testing.T, r intake.Rule, e intake.Entry, before desk.Ticket, made int) {
	t.Helper()
	want := 0
	if r.Ticket == intake.TicketNew {
		want = 1
	}
	if made != want {
		t.Fatalf("%d tickets made, want %d", made, want)
	}
	after := s.ticket(s.root.TicketID)
	if after.Open != (r.Matched && r.Reopen == intake.ReopenAlways) {
		t.Errorf("the closed ticket is open: %v, the table says %s", after.Open, r.Reopen)
	}
	if counts := after.LastDirection == desk.Incoming && before.LastDirection == desk.Outgoing; r.Matched && counts != r.Counts {
		t.Errorf("counts as the customer's word: %v, want %v", counts, r.Counts)
	}
	if r.Ticket != intake.TicketNew {
		return
	}
	tk := s.ticket(e.Ticket)
	if (tk.Assignment != nil) != r.Assign {
		t.Errorf("assignment decided: %v, want %v", tk.Assignment != nil, r.Assign)
	}
	if r.Contact == intake.ContactNone && tk.ContactID != 0 {
		t.Error("a colleague was made a contact")
	}
}

func TestManualShowsTheTable(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "manual", "dispositions.md")
	want := intake.Manual()
	if *update {
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	must(t, err)
	if string(got) != want {
		t.Fatalf("%s is not what the table says; run go test ./internal/intake -run Manual -update", path)
	}
}

func TestBounceMarksEachRecipient(t *testing.T) { // EM-32, GEN-23
	each(t, func(t *testing.T, w *world) {
		ann := w.User(desktest.Named("Ann Holm"))
		w.deliver(w.letter("root", "mira@x.example"))
		th := w.filed("root").ThreadID
		w.sends(ann, th, "ours@desk.example", "mira@x.example", "noor@y.example", "ole@z.example")
		w.deliver(w.letter("dsn", "mailer-daemon@x.example", as(desk.DispBounce), func(m *mail) {
			m.Bounce = &channel.Bounce{OriginalMessageID: "<ours@desk.example>", Recipients: []channel.BounceRecipient{
				{Address: "mira@x.example", Action: "failed", Status: "5.1.1", Diagnostic: "550 5.1.1 no such user"},
				{Address: "noor@y.example", Action: "delayed", Status: "4.4.1", Diagnostic: "no answer yet"},
				{Address: "Ole@Z.example", Action: "delivered", Status: "2.0.0"},
			}}
		}))
		note := w.filed("dsn")
		sent, err := w.Threads.Message(context.Background(), w.DB, note.InReplyTo)
		must(t, err)
		if note.Kind != desk.KindSystem || note.ThreadID != th || sent.RemoteID != "ours@desk.example" || sent.Status != desk.StatusFailed || sent.StatusReason != "550 5.1.1 no such user" {
			t.Fatalf("note %+v, message %s %s", note, sent.Status, sent.StatusReason)
		}
		ds, err := w.Threads.Deliveries(context.Background(), w.DB, sent.ID)
		must(t, err)
		states := map[string]desk.DeliveryStatus{}
		for _, d := range ds {
			states[d.Recipient] = d.State
		}
		if states["mira@x.example"] != desk.StatusFailed || states["noor@y.example"] != desk.StatusSent || states["ole@z.example"] != desk.StatusDelivered {
			t.Fatalf("%v", states)
		}
		if w.tickets() != 1 {
			t.Fatal("a bounce made a ticket")
		}
		if evs := w.EventsOf(desk.EvMessageFailed); len(evs) != 1 || !strings.Contains(string(evs[0].Data), "5.1.1") {
			t.Fatalf("events %v", evs)
		}
	})
}

func TestBounceFindsItsMessageByToken(t *testing.T) { // EM-32: the report lost the id, a relay rewrote it
	each(t, func(t *testing.T, w *world) {
		ann := w.User()
		w.deliver(w.letter("root", "mira@x.example"))
		th := w.filed("root").ThreadID
		sent := w.sends(ann, th, "ours@desk.example", "mira@x.example")
		w.deliver(w.letter("dsn", "mailer-daemon@x.example", as(desk.DispBounce), func(m *mail) {
			m.Tokens = []string{"tok" + th.String()}
			m.Bounce = &channel.Bounce{OriginalMessageID: "rewritten@relay.example", Recipients: []channel.BounceRecipient{{Address: "mira@x.example", Action: "failed"}}}
		}))
		got, err := w.Threads.Message(context.Background(), w.DB, sent.ID)
		must(t, err)
		if got.Status != desk.StatusFailed || w.filed("dsn").InReplyTo != sent.ID {
			t.Fatalf("status %s", got.Status)
		}
	})
}

func TestReplayFilesWhatWasIgnored(t *testing.T) { // nothing is dropped
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("away", "noor@y.example", as(desk.DispAutoReply)))
		e := w.entry("away")
		if e.State != intake.StateIgnored || w.tickets() != 0 || len(w.EventsOf(desk.EvInboundIgnored)) != 1 {
			t.Fatalf("%+v", e)
		}
		ctx := context.Background()
		e, err := w.Replay(ctx, e.ID)
		must(t, err)
		if e.State != intake.StateFiled || e.Ticket == 0 || w.tickets() != 1 {
			t.Fatalf("%+v", e)
		}
		if _, err := w.Replay(ctx, e.ID); desk.ReasonOf(err) != "inbound.filed" {
			t.Fatalf("twice: %v", err)
		}
	})
}

func TestVerificationIsShownOnTheChannel(t *testing.T) { // EM-14
	each(t, func(t *testing.T, w *world) {
		s := newScene(w, 1, w.User())
		w.deliver(s.of(desk.DispVerification, false))
		f, err := w.Inboxes.Forwarding(context.Background(), w.DB, w.support.ID)
		must(t, err)
		if f.Last == nil || f.Last.Code != "123" || f.Last.RawID != w.entry(s.id("probe")).ID || f.VerifiedAt != 0 {
			t.Fatalf("%+v", f)
		}
		if len(w.EventsOf(desk.EvVerificationMail)) != 1 {
			t.Fatal("administrators are not told")
		}
		w.deliver(w.letter("through", "mira@x.example", func(m *mail) { m.rcpt = f.Hosted }))
		if f, err = w.Inboxes.Forwarding(context.Background(), w.DB, w.support.ID); err != nil || f.VerifiedAt == 0 {
			t.Fatalf("a mail came through the forward, and it is not live: %+v %v", f, err)
		}
	})
}

func TestColleagueInATicket(t *testing.T) { // EM-37
	each(t, func(t *testing.T, w *world) {
		ann := w.User(desktest.Named("Ann Holm"))
		w.deliver(w.letter("root", "mira@x.example"))
		w.deliver(w.letter("out", ann.Email, replies("root"), to("mira@x.example"), cc("support@acme.example")))
		w.deliver(w.letter("in", ann.Email, replies("root"), to("support@acme.example")))
		out, in := w.filed("out"), w.filed("in")
		if out.Direction != desk.Outgoing || out.Actor != desk.ByUser(ann.ID) || out.ContactID != 0 || out.Status != desk.StatusSent {
			t.Fatalf("an answer from Ann's own mail program: %+v", out)
		}
		if in.Direction != desk.Incoming || in.Actor != desk.ByUser(ann.ID) {
			t.Fatalf("a word among colleagues: %+v", in)
		}
		if tk := w.ticket(out.TicketID); tk.FirstReply == 0 || tk.LastDirection != desk.Outgoing {
			t.Fatalf("ticket %+v", tk)
		}
		w.deliver(w.letter("back", "mira@x.example", replies("out"), subject("Re: Hello")))
		if w.filed("back").ThreadID != out.ThreadID || w.tickets() != 1 || w.contacts() != 1 {
			t.Fatal("the customer's answer to Ann's own mail opens another ticket")
		}

		w.deliver(w.letter("ask", ann.Email, subject("My chair is broken")))
		ask := w.filed("ask")
		if ask.Direction != desk.Incoming || ask.ContactID != 0 || ask.ThreadID == out.ThreadID {
			t.Fatalf("a colleague's own request: %+v", ask)
		}
		w.closeTicket(ask.TicketID)
		w.deliver(w.letter("ask2", ann.Email, replies("ask")))
		if !w.ticket(ask.TicketID).Open {
			t.Fatal("the colleague's own ticket does not open again")
		}
		other := w.Account(desktest.At("sales@acme.example"))
		w.deliver(w.letter("team", other.Address, subject("From sales")))
		if m := w.filed("team"); m.ContactID != 0 || m.Disposition != desk.DispColleague || w.contacts() != 1 {
			t.Fatalf("another team address was made a contact: %+v", m)
		}
	})
}

func TestSpoofedColleagueIsNotBelieved(t *testing.T) { // CR-13
	each(t, func(t *testing.T, w *world) {
		ann := w.User(desktest.Named("Ann Holm"))
		w.deliver(w.letter("root", "mira@x.example"))
		w.deliver(w.letter("fake", ann.Email, replies("root"), func(m *mail) { m.Flags = []string{desk.FlagSpoofSuspect} }))
		root, fake := w.filed("root"), w.filed("fake")
		if fake.ThreadID == root.ThreadID || fake.Actor == desk.ByUser(ann.ID) || fake.ContactID != 0 {
			t.Fatalf("%+v", fake)
		}
	})
}

func TestWebFormFromOurOwnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("form", "support@acme.example", func(m *mail) { m.ReplyTo = []desk.Party{{Address: "mira@x.example", Name: "Mira"}} }))
		m := w.filed("form")
		c, ok, err := w.Contacts.ByAddress(context.Background(), w.DB, desk.AddrEmail, "mira@x.example")
		must(t, err)
		if !ok || m.ContactID != c.ID || w.ticket(m.TicketID).ContactID != c.ID || w.contacts() != 1 {
			t.Fatalf("%+v", m)
		}
	})
}

func TestOurMessageIDOnAnotherMail(t *testing.T) { // EM-33: who uses an id of ours is still heard
	each(t, func(t *testing.T, w *world) {
		s := newScene(w, 1, w.User())
		w.deliver(w.letter(s.id("ours"), s.mira(), text("I wrote this myself"), replies(s.id("root"))))
		if m := w.filed(s.id("ours")); m.ThreadID != s.root.ThreadID || m.Text != "I wrote this myself" || !flagged(m, desk.FlagSameIDOtherContent) {
			t.Fatalf("%+v", m)
		}
		w.deliver(w.letter(s.id("ours"), "list@lists.example", as(desk.DispList))) // our mail, sent back by a list under its own name
		if e := w.entry(s.id("ours")); e.Disposition != desk.DispOwn || e.FiledAs != s.ours.ID || w.tickets() != 1 {
			t.Fatalf("%+v", e)
		}
	})
}

func TestLoopEnds(t *testing.T) { // EM-31: two addresses of ours that answer each other
	each(t, func(t *testing.T, w *world) {
		other := w.Account(desktest.At("sales@acme.example"))
		w.deliver(w.letter("root", "mira@x.example"))
		for i := range 3 {
			w.deliver(w.letter(fmt.Sprint("auto", i), other.Address, as(desk.DispAutoReply), replies("root")))
		}
		if w.messages() != 1 || w.tickets() != 1 || len(w.EventsOf(desk.EvMailForwardDropped)) != 3 {
			t.Fatalf("%d messages, %d tickets", w.messages(), w.tickets())
		}
	})
}

func TestInboxWithoutTickets(t *testing.T) { // GEN-05, IH-03
	each(t, func(t *testing.T, w *world) {
		acc := w.Account(desktest.In(w.Inbox("sales")), desktest.At("sales@acme.example"))
		w.deliver(w.letter("a", "mira@x.example", via(acc)), w.letter("b", "mira@x.example", via(acc), replies("a")))
		a, b := w.filed("a"), w.filed("b")
		if w.tickets() != 0 || a.ThreadID != b.ThreadID || a.TicketID != 0 {
			t.Fatalf("an inbox makes tickets only when told: %+v %+v", a, b)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			return w.Threads.SetOpen(ctx, tx, a.ThreadID, false)
		})
		w.deliver(w.letter("c", "mira@x.example", via(acc), replies("b")))
		th, err := w.Threads.Get(context.Background(), w.DB, a.ThreadID)
		must(t, err)
		if !th.Open || th.MessageCount != 3 {
			t.Fatalf("%+v", th)
		}
		ann := w.User(desktest.Named("Ann Holm"))
		w.Write(func(ctx context.Context, tx *db.Tx) error { // from now on this channel makes tickets
			_, err := w.Inboxes.UpdateAccount(ctx, tx, desk.System, acc.ID, inbox.AccountChange{Ticket: &desk.TicketPolicy{Create: "always"}, Assign: &desk.AssignPolicy{To: "users", Users: []string{ann.Email}}})
			return err
		})
		w.deliver(w.letter("d", "mira@x.example", via(acc), replies("c")))
		d := w.filed("d")
		if d.ThreadID != a.ThreadID || d.TicketID == 0 || w.filed("a").TicketID != d.TicketID || w.ticket(d.TicketID).OwnerID != ann.ID {
			t.Fatalf("the conversation's first ticket: %+v", d)
		}
	})
}
