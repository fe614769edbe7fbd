package intake_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/thread"
)

// atOnce delivers mails from many connections at the same moment, each call with one mail.
func (w *world) atOnce(ms []mail) {
	w.t.Helper()
	raws := make([]channel.Raw, len(ms))
	for i, m := range ms {
		raws[i] = m.raw(w.t)
	}
	var wg sync.WaitGroup
	start := make(chan struct{})
	errs := make(chan error, len(ms))
	for _, raw := range raws {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			errs <- w.Deliver(context.Background(), []channel.Raw{raw})
		}()
	}
	close(start)
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			w.t.Errorf("deliver: %v", err)
		}
	}
}

func TestFiftyIdenticalDeliveriesAreOneMessage(t *testing.T) { // EM-33
	each(t, func(t *testing.T, w *world) {
		m := w.letter("same@x.example", "mira@x.example")
		ms := make([]mail, 50)
		for i := range ms {
			ms[i] = m
		}
		w.atOnce(ms)
		if w.messages() != 1 || w.tickets() != 1 || w.contacts() != 1 || w.threads() != 1 || w.count("SELECT COUNT(*) FROM inbound_raw") != 1 {
			t.Fatalf("%d messages, %d tickets, %d contacts", w.messages(), w.tickets(), w.contacts())
		}
		if e := w.entry("same@x.example"); e.Duplicates != 49 || e.State != intake.StateFiled {
			t.Fatalf("%+v", e)
		}
	})
}

func TestNewSenderWithManyMailsIsOneContact(t *testing.T) { // EM-25, CR-12
	each(t, func(t *testing.T, w *world) {
		var ms []mail
		for i := range 30 {
			ms = append(ms, w.letter(fmt.Sprint("m", i), []string{"mira@x.example", "MIRA@X.example"}[i%2], subject(fmt.Sprint("Topic ", i))))
		}
		w.atOnce(ms)
		if w.contacts() != 1 || w.tickets() != 30 || w.count("SELECT COUNT(*) FROM contact_addresses") != 1 {
			t.Fatalf("%d contacts, %d tickets", w.contacts(), w.tickets())
		}
	})
}

// backlog is 300 mails in 60 threads: customers and answers, replies anywhere in relation to their roots. chain leaves only In-Reply-To.
func backlog(w *world, r *rand.Rand, chain bool) []mail {
	var ms []mail
	for i := range 60 {
		id := func(n int) string { return fmt.Sprintf("t%d.%d@x.example", i, n) }
		customer, friend := fmt.Sprintf("c%d@x.example", i), fmt.Sprintf("f%d@y.example", i)
		refs := []string{}
		for n := range 5 {
			from, others := customer, friend
			if n%2 == 1 {
				from, others = friend, customer
			}
			m := w.letter(id(n), from, subject(fmt.Sprint("Topic ", i%7)), cc(others))
			if n > 0 {
				use := append([]string{}, refs...)
				if chain {
					use = use[:1]
				}
				replies(use...)(&m)
			}
			refs = append([]string{id(n)}, refs...)
			ms = append(ms, m)
		}
	}
	r.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
	return ms
}

func TestBacklogOf300MailsIs60Threads(t *testing.T) { // EM-30
	for _, chain := range []bool{false, true} {
		t.Run(fmt.Sprintf("in-reply-to only %v", chain), func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				ms := backlog(w, rand.New(rand.NewPCG(seed, 1)), chain)
				for i := 0; i < len(ms); i += 50 {
					w.atOnce(ms[i : i+50])
				}
				w.checkWhole(t, ms)
				if w.threads() != 60 || w.tickets() != 60 || w.messages() != 300 || w.contacts() != 120 {
					t.Fatalf("%d threads, %d tickets, %d messages, %d contacts", w.threads(), w.tickets(), w.messages(), w.contacts())
				}
				for i := range 60 {
					th := w.filed(fmt.Sprintf("t%d.0@x.example", i)).ThreadID
					for n := range 5 {
						if m := w.filed(fmt.Sprintf("t%d.%d@x.example", i, n)); m.ThreadID != th {
							t.Fatalf("t%d.%d is in another thread than its root", i, n)
						}
					}
				}
			})
		})
	}
}

// checkWhole holds for any history: no thread without a message, every mail exactly once, ids and tickets that agree.
func (w *world) checkWhole(t *testing.T, ms []mail) {
	t.Helper()
	for what, query := range map[string]string{
		"a thread without a message":                   "SELECT COUNT(*) FROM threads t WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = t.id)",
		"a message without its thread":                 "SELECT COUNT(*) FROM messages m WHERE NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = m.thread_id AND t.ticket_id = m.ticket_id AND t.inbox_id = m.inbox_id)",
		"a thread whose count is wrong":                "SELECT COUNT(*) FROM threads t WHERE t.message_count <> (SELECT COUNT(*) FROM messages m WHERE m.thread_id = t.id AND m.kind <> 'system')",
		"a visible ticket without a thread":            "SELECT COUNT(*) FROM tickets k WHERE k.hidden = '' AND NOT EXISTS (SELECT 1 FROM threads t WHERE t.ticket_id = k.id)",
		"a merged ticket with a thread":                "SELECT COUNT(*) FROM tickets k WHERE k.hidden = 'merged' AND EXISTS (SELECT 1 FROM threads t WHERE t.ticket_id = k.id)",
		"an entry filed as nothing":                    "SELECT COUNT(*) FROM inbound_raw r WHERE r.state = 'filed' AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = r.filed_as)",
		"an id that names a message of another thread": "SELECT COUNT(*) FROM message_refs r JOIN messages m ON m.id = r.message_id WHERE m.thread_id <> COALESCE((SELECT into_id FROM thread_aliases WHERE thread_id = r.thread_id), r.thread_id) AND NOT EXISTS (SELECT 1 FROM thread_aliases a WHERE a.thread_id = r.thread_id)",
	} {
		if n := w.count(query); n != 0 {
			t.Errorf("%s: %d", what, n)
		}
	}
	if n := w.count("SELECT COUNT(*) FROM inbound_raw"); n != len(ms) {
		t.Errorf("%d journal entries for %d mails", n, len(ms))
	}
	if n := w.count("SELECT COUNT(*) FROM inbound_raw WHERE state = 'set_aside'"); n != 0 {
		t.Errorf("%d set aside", n)
	}
}

func TestMessagesOfAThreadKeepOneOrder(t *testing.T) { // order under concurrency
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("root", "mira@x.example"))
		var ms []mail
		for i := range 40 {
			ms = append(ms, w.letter(fmt.Sprint("r", i), "mira@x.example", replies("root")))
		}
		w.atOnce(ms)
		th := w.filed("root").ThreadID
		got, err := w.Threads.Messages(context.Background(), w.DB, th, thread.Page{Oldest: true, Limit: 500})
		must(t, err)
		if len(got) != 41 {
			t.Fatalf("%d messages", len(got))
		}
		var told []desk.MessageID
		for _, ev := range w.EventsOf(desk.EvMessageReceived) {
			told = append(told, ev.Message)
		}
		for i, m := range got {
			if told[i] != m.ID {
				t.Fatal("the thread's order is not the order in which messages were told")
			}
			if i > 0 && m.CreatedAt < got[i-1].CreatedAt {
				t.Fatal("time runs backwards in a thread")
			}
		}
		if tk := w.ticket(got[0].TicketID); tk.MessageCount != 41 {
			t.Fatalf("ticket counts %d", tk.MessageCount)
		}
	})
}

func TestStrangerWithAReferenceGetsTheirOwnTicket(t *testing.T) { // rivals 2.1 item 6; issue 3
	each(t, func(t *testing.T, w *world) {
		ann := w.User()
		w.deliver(w.letter("root", "mira@x.example", cc("boss@x.example")))
		root := w.filed("root")
		w.sends(ann, root.ThreadID, "ours@desk.example", "mira@x.example")
		for i, ref := range []string{"root", "ours@desk.example"} {
			id := fmt.Sprint("stranger", i)
			w.deliver(w.letter(id, fmt.Sprintf("eve%d@z.example", i), replies(ref), subject("Re: Hello"), func(m *mail) {
				if i == 1 { // the token stands in our Message-ID: whoever was forwarded the mail has it
					m.Tokens = []string{"tok" + root.ThreadID.String()}
					m.Refs[0] = "tok" + root.ThreadID.String() + ".1@desk.example"
					m.InReplyTo = m.Refs
				}
			}))
			m := w.filed(id)
			if m.ThreadID == root.ThreadID || m.TicketID == root.TicketID || !flagged(m, desk.FlagStranger) {
				t.Fatalf("%s joined: %+v", id, m)
			}
			ls, err := w.Tickets.Links(context.Background(), w.DB, m.TicketID)
			must(t, err)
			if len(ls) != 1 || ls[0].Kind != "claims" || ls[0].OtherID != root.TicketID || ls[0].MessageID != m.ID {
				t.Fatalf("%s: links %+v", id, ls)
			}
			if n := len(w.EventsOf(desk.EvThreadClaimed)); n != i+1 {
				t.Fatalf("%d claims told", n)
			}
		}
		// Who was in Cc is none, nor is a second address of the same contact, nor a colleague.
		w.deliver(w.letter("boss", "Boss@X.example", replies("root")))
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Contacts.AddAddress(ctx, tx, desk.System, root.ContactID, desk.AddrEmail, "mira@home.example", "", "agent")
			return err
		})
		w.deliver(w.letter("home", "mira@home.example", replies("root")), w.letter("colleague", ann.Email, replies("root")))
		for _, id := range []string{"boss", "home", "colleague"} {
			if m := w.filed(id); m.ThreadID != root.ThreadID || flagged(m, desk.FlagStranger) {
				t.Fatalf("%s is no stranger: %+v", id, m)
			}
		}
		if w.filed("home").ContactID != root.ContactID {
			t.Fatal("a second address is another contact")
		}
	})
}

func TestTokenInTheAddressJoins(t *testing.T) { // EM-30: token before references, and proof of having held our mail
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("root", "mira@x.example"), w.letter("other", "mira@x.example", subject("Other")))
		root, other := w.filed("root"), w.filed("other")
		tok := "tok" + root.ThreadID.String()
		w.deliver(w.letter("reply", "mira@x.example", replies("other"), func(m *mail) { m.Tokens = []string{tok} }))
		if m := w.filed("reply"); m.ThreadID != root.ThreadID || m.ThreadID == other.ThreadID {
			t.Fatal("the token comes before In-Reply-To")
		}
		w.deliver(w.letter("assistant", "pat@z.example", func(m *mail) { m.Tokens = []string{tok} }))
		if m := w.filed("assistant"); m.ThreadID != root.ThreadID || !flagged(m, desk.FlagStranger) {
			t.Fatalf("%+v", m)
		}
		w.deliver(w.letter("again", "pat@z.example", replies("root")))
		if m := w.filed("again"); m.ThreadID != root.ThreadID || flagged(m, desk.FlagStranger) {
			t.Fatal("who joined is a party now")
		}
		w.deliver(w.letter("forged", "eve@z.example", func(m *mail) { m.Tokens = []string{"bad" + root.ThreadID.String()} }))
		if w.filed("forged").ThreadID == root.ThreadID {
			t.Fatal("a token that we did not sign was believed")
		}
	})
}

func TestOneMailToTwoAccountsOfOneInbox(t *testing.T) { // EM-33
	each(t, func(t *testing.T, w *world) {
		other := w.Account(desktest.At("help@acme.example"))
		m := w.letter("both", "mira@x.example", to("support@acme.example", "help@acme.example"))
		n := m
		n.acc = other
		for i := range 10 { // at once, and as one SMTP transaction
			a, b := m, n
			a.RemoteID = fmt.Sprint("both", i)
			b.RemoteID = a.RemoteID
			w.atOnce([]mail{a, b})
		}
		if err := w.Deliver(context.Background(), []channel.Raw{n.raw(t), m.raw(t)}); err != nil {
			t.Fatal(err)
		}
		if w.messages() != 11 || w.tickets() != 11 {
			t.Fatalf("%d messages, %d tickets for 11 mails", w.messages(), w.tickets())
		}
		es, err := w.ByMessageID(context.Background(), "both")
		must(t, err)
		if len(es) != 2 || es[0].FiledAs != es[1].FiledAs || es[0].State == es[1].State {
			t.Fatalf("%+v", es)
		}
		dup, err := w.List(context.Background(), intake.Filter{State: intake.StateDuplicate})
		must(t, err)
		if len(dup) != 11 || dup[0].Ticket == 0 || dup[0].Reason == "" {
			t.Fatalf("%d duplicates: %+v", len(dup), dup)
		}
	})
}

func TestOneMailToTwoInboxes(t *testing.T) { // EM-33, rivals 2.1 item 12
	each(t, func(t *testing.T, w *world) {
		acc := w.Account(desktest.In(w.Inbox("sales")), desktest.At("sales@acme.example"))
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			always := desk.TicketPolicy{Create: "always"}
			var err error
			acc, err = w.Inboxes.UpdateAccount(ctx, tx, desk.System, acc.ID, accountTicket(always))
			return err
		})
		for i := range 10 {
			m := w.letter(fmt.Sprint("both", i), "mira@x.example")
			n := m
			n.acc = acc
			w.atOnce([]mail{m, n})
			es, err := w.ByMessageID(context.Background(), m.RemoteID)
			must(t, err)
			if len(es) != 2 || es[0].Ticket == es[1].Ticket || es[0].Ticket == 0 || es[1].Ticket == 0 {
				t.Fatalf("%+v", es)
			}
			ls, err := w.Tickets.Links(context.Background(), w.DB, es[0].Ticket)
			must(t, err)
			if len(ls) != 1 || ls[0].Kind != "same_mail" {
				t.Fatalf("links %+v", ls)
			}
		}
		if w.contacts() != 1 {
			t.Fatalf("%d contacts", w.contacts())
		}
		// A token of one inbox does not pull the other inbox's copy over, nor do references.
		root := w.filed("both0")
		other := w.support
		if root.AccountID == w.support.ID {
			other = acc
		}
		w.deliver(w.letter("reply", "mira@x.example", via(other), replies("both0"), func(m *mail) { m.Tokens = []string{"tok" + root.ThreadID.String()} }))
		if m := w.filed("reply"); m.ThreadID == root.ThreadID || m.AccountID != other.ID || m.InReplyTo == root.ID {
			t.Fatalf("%+v", m)
		}
		es, err := w.ByMessageID(context.Background(), "both0")
		must(t, err)
		if th := w.filed("reply").ThreadID; th != es[0].Thread && th != es[1].Thread {
			t.Fatal("the reply is in neither inbox's thread")
		}
	})
}

func TestSameIDWithOtherContentIsFlagged(t *testing.T) { // EM-33
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("id", "mira@x.example"), w.letter("id", "mira@x.example", text("Something else")), w.letter("id", "mira@x.example", text("Something else"), subject("Hello")))
		es, err := w.ByMessageID(context.Background(), "id")
		must(t, err)
		if len(es) != 2 || es[1].Duplicates != 1 || es[0].FiledAs == es[1].FiledAs || es[0].Thread == es[1].Thread {
			t.Fatalf("%+v", es)
		}
		if m := w.filed("id"); !flagged(m, desk.FlagSameIDOtherContent) {
			t.Fatalf("%+v", m.Flags)
		}
		w.deliver(w.letter("root", "mira@x.example"), w.letter("id", "mira@x.example", text("A third"), replies("root")))
		if m := w.filed("id"); m.ThreadID != w.filed("root").ThreadID || !flagged(m, desk.FlagSameIDOtherContent) {
			t.Fatal("it threads like any other")
		}
	})
}

func TestMailWithoutMessageIDIsFiled(t *testing.T) { // rivals 2.1 item 11
	each(t, func(t *testing.T, w *world) {
		a := w.letter("", "mira@x.example", func(m *mail) { m.Flags = []string{desk.FlagNoMessageID} })
		w.deliver(a, a, w.letter("", "mira@x.example", text("Another")), w.letter("", "mira@x.example", text("Third"), func(m *mail) { m.acc = w.support }))
		if w.messages() != 3 || w.tickets() != 3 {
			t.Fatalf("%d messages, %d tickets", w.messages(), w.tickets())
		}
	})
}

func TestBridgeJoinsTwoThreads(t *testing.T) { // an answer came before what it answers
	each(t, func(t *testing.T, w *world) {
		ann := w.User()
		w.deliver(w.letter("m1", "mira@x.example"), w.letter("m3", "mira@x.example", replies("m2")))
		m1, m3 := w.filed("m1"), w.filed("m3")
		if m1.ThreadID == m3.ThreadID {
			t.Fatal("nothing connects them yet")
		}
		w.deliver(w.letter("m2", "mira@x.example", replies("m1")))
		if a, b, c := w.filed("m1"), w.filed("m2"), w.filed("m3"); a.ThreadID != b.ThreadID || b.ThreadID != c.ThreadID || a.ThreadID != m1.ThreadID || w.tickets() != 1 {
			t.Fatalf("not one thread: %v %v %v", a.ThreadID, b.ThreadID, c.ThreadID)
		}
		if tk := w.ticket(m3.TicketID); tk.Hidden != desk.HiddenMerged || tk.MergedInto != m1.TicketID || tk.Open {
			t.Fatalf("%+v", tk)
		}
		if th, err := w.Threads.Get(context.Background(), w.DB, m3.ThreadID); err != nil || th.ID != m1.ThreadID || th.MessageCount != 3 {
			t.Fatalf("what named the old thread must find the new: %+v %v", th, err)
		}
		w.deliver(w.letter("m4", "mira@x.example", func(m *mail) { m.Tokens = []string{"tok" + m3.ThreadID.String()} }))
		if w.filed("m4").ThreadID != m1.ThreadID {
			t.Fatal("a token of the old thread")
		}
		// Where people have answered in both, both stay.
		w.deliver(w.letter("n1", "mira@x.example"), w.letter("n3", "mira@x.example", replies("n2")))
		n1, n3 := w.filed("n1"), w.filed("n3")
		w.sends(ann, n1.ThreadID, "o1@desk.example", "mira@x.example")
		w.sends(ann, n3.ThreadID, "o3@desk.example", "mira@x.example")
		w.deliver(w.letter("n2", "mira@x.example", replies("n1")))
		ls, err := w.Tickets.Links(context.Background(), w.DB, n1.TicketID)
		must(t, err)
		if w.filed("n3").ThreadID != n3.ThreadID || w.filed("n2").ThreadID != n1.ThreadID || len(ls) != 1 || ls[0].Kind != "related" {
			t.Fatalf("links %+v", ls)
		}
	})
}

func TestReplyReopens(t *testing.T) { // TK-15
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("root", "mira@x.example"))
		id := w.filed("root").TicketID
		w.closeTicket(id)
		w.deliver(w.letter("r1", "mira@x.example", replies("root")))
		if !w.ticket(id).Open {
			t.Fatal("a customer's reply opens a closed ticket")
		}
		evs := w.EventsOf(desk.EvTicketStatus)
		if last := evs[len(evs)-1]; !strings.Contains(string(last.Data), "reopened_by_reply") {
			t.Fatalf("%s", last.Data)
		}
		trash := desk.HiddenTrash
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Tickets.Update(ctx, tx, desk.System, id, ticketHidden(trash))
			return err
		})
		w.deliver(w.letter("r2", "mira@x.example", replies("r1"), subject("Something new")))
		if tk := w.ticket(id); tk.Hidden != desk.HiddenNo || !tk.Open {
			t.Fatalf("a reply to a deleted ticket is out of sight: %+v", tk)
		}
		if !flagged(w.filed("r2"), desk.FlagSubjectChanged) || flagged(w.filed("r1"), desk.FlagSubjectChanged) {
			t.Fatal("a new subject in an old thread is flagged")
		}
	})
}

func TestReplyToATicketClosedLongAgoBeginsALinkedOne(t *testing.T) { // TK-15
	each(t, func(t *testing.T, w *world) {
		d := w.Deps
		d.Jobs, d.Reopen = nil, 24*time.Hour
		w.Service = intake.New(d)
		w.deliver(w.letter("root", "mira@x.example"))
		old := w.filed("root")
		w.closeTicket(old.TicketID)
		w.Clock.Advance(23 * time.Hour)
		w.deliver(w.letter("soon", "mira@x.example", replies("root")))
		if m := w.filed("soon"); m.TicketID != old.TicketID || !w.ticket(old.TicketID).Open {
			t.Fatal("within the period it reopens")
		}
		w.closeTicket(old.TicketID)
		w.Clock.Advance(25 * time.Hour)
		w.deliver(w.letter("late", "mira@x.example", replies("soon", "root")), w.letter("later", "mira@x.example", replies("late", "soon", "root")))
		late, later := w.filed("late"), w.filed("later")
		ls, err := w.Tickets.Links(context.Background(), w.DB, late.TicketID)
		must(t, err)
		if late.TicketID == old.TicketID || w.ticket(old.TicketID).Open || len(ls) != 1 || ls[0].Kind != "related" || ls[0].OtherID != old.TicketID {
			t.Fatalf("%+v %+v", late, ls)
		}
		if later.ThreadID != late.ThreadID || w.tickets() != 2 {
			t.Fatal("the new conversation goes on")
		}
	})
}

// TK-19: the number that we put into a subject is not shown when the answer comes, nor taken for another topic. In a stranger's mail, and in one that refers to nothing of
// ours, it is what they wrote: a number alone joins nothing.
func TestANumberInASubjectIsOnlyAClaim(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.User()
		w.deliver(w.letter("root", "mira@x.example", subject("Broken wheel")))
		root := w.filed("root")
		w.sends(ann, root.ThreadID, "ours@desk.example", "mira@x.example")
		mark := fmt.Sprintf(" [#%d]", w.ticket(root.TicketID).Number)
		w.deliver(w.letter("answer", "mira@x.example", replies("ours@desk.example", "root"), subject("Re: Broken wheel"+mark+" [#7]")))
		if m := w.filed("answer"); m.ThreadID != root.ThreadID || m.Subject != "Re: Broken wheel [#7]" {
			t.Errorf("an answer: %q in %v", m.Subject, m.ThreadID)
		}
		w.deliver(w.letter("plain", "mira@x.example", replies("ours@desk.example", "root"), subject("Re: Broken wheel"+mark)))
		if m := w.filed("plain"); m.Subject != "Re: Broken wheel" || flagged(m, desk.FlagSubjectChanged) {
			t.Errorf("an answer: %q %v", m.Subject, m.Flags)
		}
		for i, from := range []string{"eve@z.example", "mira@x.example"} {
			id := fmt.Sprint("claim", i)
			w.deliver(w.letter(id, from, subject("Re: Broken wheel"+mark)))
			m := w.filed(id)
			if m.ThreadID == root.ThreadID || m.TicketID == root.TicketID || m.Subject != "Re: Broken wheel"+mark {
				t.Errorf("%s by a number alone: %+v", from, m)
			}
			if tk := w.ticket(m.TicketID); tk.Subject != "Re: Broken wheel"+mark {
				t.Errorf("%s: the ticket is called %q", from, tk.Subject)
			}
		}
	})
}

func TestBareSubject(t *testing.T) {
	for in, want := range map[string]string{"Re: Hello": "hello", "AW: RE: Fwd: Hello  there": "hello there", "Re[2]: x": "x", "Note: x": "note: x", "回复: x": "x", "": "", "re:": ""} {
		if got := intake.BareSubject(in); got != want {
			t.Errorf("BareSubject(%q) = %q, want %q", in, got, want)
		}
	}
}
