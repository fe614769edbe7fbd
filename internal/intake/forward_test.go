package intake_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
)

// forwards makes a mail a forward of somebody else's.
func forwards(original, name string) func(*mail) {
	return func(m *mail) {
		m.Sender = desk.Party{Address: original, Name: name}
		m.Forward = &desk.Forward{Is: true, By: m.From, Original: m.Sender, Subject: "The original subject", Confidence: "certain", Used: "original"}
	}
}

func (w *world) keepsForwarder(name string) desk.ChannelAccount {
	return w.Account(func(n *inbox.NewAccount) {
		n.Settings = []byte(`{"kind":"hosted","address":"` + name + `@acme.example","original_sender":false}`)
	})
}

func (w *world) contactOf(address string) desk.Contact {
	w.t.Helper()
	c, _, err := w.Contacts.ByAddress(context.Background(), w.DB, desk.AddrEmail, address)
	must(w.t, err)
	return c
}

func TestForwardIsFiledUnderTheOriginalSender(t *testing.T) { // EM-26, CR-05
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("fwd", "pat@x.example", forwards("mira@y.example", "Mira Okoye")))
		m := w.filed("fwd")
		c := w.contactOf("mira@y.example")
		tk := w.ticket(m.TicketID)
		if m.ContactID != c.ID || tk.ContactID != c.ID || c.Name != "Mira Okoye" || m.From.Address != "pat@x.example" || m.Forward.Used != "original" || w.contacts() != 1 {
			t.Fatalf("%+v", m)
		}
		if tk.Subject != "The original subject" {
			t.Fatalf("subject %q", tk.Subject)
		}
		w.deliver(w.letter("answer", "mira@y.example", replies("fwd")))
		if w.filed("answer").ThreadID != m.ThreadID || flagged(w.filed("answer"), desk.FlagStranger) {
			t.Fatal("the original sender is no stranger")
		}
	})
}

func TestForwardSwitchOffFilesUnderTheForwarder(t *testing.T) { // EM-27
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("fwd", "pat@x.example", via(w.keepsForwarder("direct")), forwards("mira@y.example", "Mira")))
		m := w.filed("fwd")
		if m.ContactID != w.contactOf("pat@x.example").ID || m.Forward.Used != "forwarder" || w.contactOf("mira@y.example").ID != 0 {
			t.Fatalf("%+v", m)
		}
	})
}

func TestForwardByAColleague(t *testing.T) { // EM-26 with EM-37
	each(t, func(t *testing.T, w *world) {
		ann := w.User(desktest.Named("Ann Holm"))
		w.deliver(w.letter("fwd", ann.Email, forwards("mira@y.example", "Mira")), w.letter("off", ann.Email, via(w.keepsForwarder("direct")), forwards("noor@y.example", "Noor")),
			w.letter("internal", ann.Email, forwards("support@acme.example", "Support")))
		m := w.filed("fwd")
		if c := w.contactOf("mira@y.example"); c.ID == 0 || m.ContactID != c.ID || w.ticket(m.TicketID).ContactID != c.ID {
			t.Fatalf("a customer's mail that a colleague forwards is the customer's: %+v", m)
		}
		if off := w.filed("off"); off.ContactID != 0 || off.Actor != desk.ByUser(ann.ID) || w.contactOf(ann.Email).ID != 0 {
			t.Fatalf("switched off: no contact of a colleague: %+v", off)
		}
		if in := w.filed("internal"); in.ContactID != 0 || w.contacts() != 1 {
			t.Fatalf("a forward of our own mail: %+v", in)
		}
	})
}

func TestUnresolvedForwardIsTheForwarders(t *testing.T) { // EM-26: the original has no address
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("fwd", "pat@x.example", func(m *mail) {
			m.Forward = &desk.Forward{Is: true, By: m.From, Original: desk.Party{Name: "Mira"}, Confidence: "unresolved"}
		}))
		m := w.filed("fwd")
		if m.ContactID != w.contactOf("pat@x.example").ID || m.Forward.Used != "forwarder" {
			t.Fatalf("%+v", m)
		}
		if _, err := w.CorrectSender(context.Background(), desk.System, m.ID, "original"); desk.ReasonOf(err) != "sender.unknown" {
			t.Fatalf("%v", err)
		}
	})
}

func TestCorrectSender(t *testing.T) { // EM-27: the decision is visible and corrected by one click
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		ann := w.User()
		w.deliver(w.letter("fwd", "pat@x.example", forwards("mira@y.example", "Mira")))
		m := w.filed("fwd")
		for _, c := range []struct{ use, address string }{{"forwarder", "pat@x.example"}, {"original", "mira@y.example"}, {"forwarder", "pat@x.example"}} {
			got, err := w.CorrectSender(ctx, desk.ByUser(ann.ID), m.ID, c.use)
			must(t, err)
			want := w.contactOf(c.address).ID
			th, err := w.Threads.Get(ctx, w.DB, m.ThreadID)
			must(t, err)
			stored := w.filed("fwd")
			if want == 0 || got.ContactID != want || stored.ContactID != want || stored.Forward.Used != c.use || th.ContactID != want || w.ticket(m.TicketID).ContactID != want || stored.Actor != desk.ByContact(want) {
				t.Fatalf("%s: %+v", c.use, stored)
			}
		}
		evs := w.EventsOf(desk.EvSenderCorrected)
		if len(evs) != 3 || evs[0].Actor != desk.ByUser(ann.ID) {
			t.Fatalf("%d events", len(evs))
		}
		if _, err := w.CorrectSender(ctx, desk.System, m.ID, "forwarder"); err != nil || len(w.EventsOf(desk.EvSenderCorrected)) != 3 {
			t.Fatalf("the same again is nothing: %v", err)
		}
		w.deliver(w.letter("plain", "pat@x.example"), w.letter("later", "pat@x.example", replies("plain"), forwards("noor@y.example", "Noor")))
		if _, err := w.CorrectSender(ctx, desk.System, w.filed("plain").ID, "original"); desk.ReasonOf(err) != "sender.not_forwarded" {
			t.Fatalf("%v", err)
		}
		if _, err := w.CorrectSender(ctx, desk.System, w.filed("later").ID, "both"); desk.CodeOf(err) != desk.Invalid {
			t.Fatalf("%v", err)
		}
		if _, err := w.CorrectSender(ctx, desk.System, w.filed("later").ID, "forwarder"); err != nil {
			t.Fatal(err)
		}
		if got := w.ticket(w.filed("plain").TicketID).ContactID; got != w.contactOf("pat@x.example").ID {
			t.Fatal("only the first message takes its ticket along")
		}
	})
}

func TestNamesAreFilledOnlyWhenBlank(t *testing.T) { // CR-12
	each(t, func(t *testing.T, w *world) {
		named := func(n string) func(*mail) { return func(m *mail) { m.From.Name = n } }
		w.deliver(w.letter("a", "mira@x.example"), w.letter("b", "mira@x.example", named("Mira Okoye")), w.letter("c", "mira@x.example", named("Somebody Else")))
		c := w.contactOf("mira@x.example")
		if c.Name != "Mira Okoye" || c.FirstName != "Mira" || c.Addresses[0].Name != "Somebody Else" || c.Addresses[0].FirstSeen > c.Addresses[0].LastSeen {
			t.Fatalf("%+v", c)
		}
	})
}
