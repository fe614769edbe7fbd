package intake_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/ticket"
)

func (w *world) list(action, value string) spam.Rule {
	w.t.Helper()
	r, err := spam.Read(value, action, "")
	must(w.t, err)
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		r, err = spam.New(w.Desk.DB, w.Desk.Clock, w.Desk.Events).Put(ctx, tx, desk.System, r)
		return err
	})
	return r
}

func (w *world) filter(kinds ...string) {
	w.t.Helper()
	c := spam.Change{}
	for _, k := range kinds {
		c[k] = true
	}
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := spam.New(w.Desk.DB, w.Desk.Clock, w.Desk.Events).SetSettings(ctx, tx, desk.System, c)
		return err
	})
}

func marks(m ...string) func(*mail) { return func(x *mail) { x.Marks = m } }

// ticketOf is the ticket that a mail was filed under.
func (w *world) ticketOf(id string) desk.Ticket { w.t.Helper(); return w.ticket(w.filed(id).TicketID) }

func TestADeniedSenderIsHeld(t *testing.T) { // EM-35
	each(t, func(t *testing.T, w *world) {
		ann := w.User()
		w.support = w.Account(desktest.At("sales@acme.example"), desktest.Assign(desk.AssignPolicy{To: "users", Users: []string{ann.Email}}))
		w.list(spam.Deny, "promo.example")
		w.deliver(w.letter("held", "x@news.promo.example"), w.letter("plain", "mira@home.example"))
		held, plain := w.ticketOf("held"), w.ticketOf("plain")
		if held.Hidden != desk.HiddenSpam || held.HiddenReason != spam.DeniedDomain || held.HiddenAt == 0 || held.OwnerID != 0 || held.Assignment != nil {
			t.Errorf("held: %+v", held)
		}
		if plain.Hidden != "" || plain.OwnerID != ann.ID {
			t.Errorf("plain: %+v", plain)
		}
		if n := w.count("SELECT hits FROM sender_rules"); n != 1 {
			t.Errorf("%d hits", n)
		}
		for _, ev := range w.EventsOf(desk.EvMessageReceived) {
			if quiet := !strings.Contains(string(ev.Data), `"notify":true`); quiet != (ev.TicketID == held.ID) {
				t.Errorf("who is told: %s", ev.Data)
			}
		}
		w.list(spam.Allow, "x@news.promo.example")
		w.deliver(w.letter("allowed", "x@news.promo.example"))
		if tk := w.ticketOf("allowed"); tk.Hidden != "" || tk.OwnerID != ann.ID {
			t.Errorf("allow wins: %+v", tk)
		}
	})
}

func TestFiltersHoldWhatBegins(t *testing.T) { // EM-36
	each(t, func(t *testing.T, w *world) {
		shop := w.letter("off", "noreply@shop.example", marks(spam.Marketing, spam.RoleAddress))
		w.deliver(shop)
		if tk := w.ticketOf("off"); tk.Hidden != "" {
			t.Fatalf("a new installation holds nothing: %+v", tk)
		}
		w.filter(spam.Kinds...)
		spoofed := func(m *mail) { m.Flags = []string{desk.FlagSpoofSuspect} }
		for id, c := range map[string]struct {
			m    mail
			want string
		}{
			"marketing": {w.letter("marketing", "news@shop.example", marks(spam.Marketing), as(desk.DispList)), spam.Marketing},
			"automated": {w.letter("automated", "orders@shop.example", marks(spam.Automated)), spam.Automated},
			"role":      {w.letter("role", "noreply@shop.example", marks(spam.RoleAddress)), spam.RoleAddress},
			"spoofed":   {w.letter("spoofed", "mira@bank.example", spoofed), spam.Spoofed},
			"person":    {w.letter("person", "mira@home.example"), ""},
		} {
			w.deliver(c.m)
			tk := w.ticketOf(id)
			if tk.HiddenReason != c.want || (tk.Hidden == desk.HiddenSpam) != (c.want != "") {
				t.Errorf("%s: %q %q", id, tk.Hidden, tk.HiddenReason)
			}
		}
		// An answer in a known conversation is held by no filter.
		w.deliver(w.letter("again", "mira@home.example", replies("person"), marks(spam.Automated)))
		if tk := w.ticketOf("again"); tk.ID != w.ticketOf("person").ID || tk.Hidden != "" {
			t.Errorf("a reply: %+v", tk)
		}
		// Nor a colleague's mail.
		w.deliver(w.letter("ours", w.User().Email, marks(spam.Automated)))
		if tk := w.ticketOf("ours"); tk.Hidden != "" {
			t.Errorf("a colleague's: %+v", tk)
		}
	})
}

func TestAGenuineReplyBringsAHeldConversationBack(t *testing.T) { // EM-36
	each(t, func(t *testing.T, w *world) {
		ann := w.User()
		w.support = w.Account(desktest.At("sales@acme.example"), desktest.Assign(desk.AssignPolicy{To: "users", Users: []string{ann.Email}}))
		w.filter(spam.Automated)
		w.deliver(w.letter("order", "shop@home.example", marks(spam.Automated)))
		held := w.ticketOf("order")
		w.deliver(w.letter("machine", "shop@home.example", replies("order"), marks(spam.Automated)))
		if tk := w.ticketOf("machine"); tk.ID != held.ID || tk.Hidden != desk.HiddenSpam {
			t.Fatalf("another of the same stays held: %+v", tk)
		}
		w.deliver(w.letter("person", "shop@home.example", replies("order"), text("Hello, I am a person.")))
		if tk := w.ticketOf("person"); tk.ID != held.ID || tk.Hidden != "" || tk.OwnerID != ann.ID || tk.CreatedAt != held.CreatedAt || tk.HiddenAt != 0 {
			t.Fatalf("brought back: %+v", tk)
		}
		// What a person called spam stays it, unless we wrote since.
		w.deliver(w.letter("pest", "pest@home.example"))
		pest := w.filed("pest")
		w.sends(ann, pest.ThreadID, "ours@acme.example", "pest@home.example")
		w.Clock.Set(w.Clock.Now().Add(time.Second))
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			h := desk.HiddenSpam
			_, err := w.Tickets.Update(ctx, tx, desk.ByUser(ann.ID), pest.TicketID, ticket.Change{Hidden: &h})
			return err
		})
		w.Clock.Set(w.Clock.Now().Add(time.Second))
		w.deliver(w.letter("more", "pest@home.example", replies("ours@acme.example")))
		if tk := w.ticketOf("more"); tk.ID != pest.TicketID || tk.Hidden != desk.HiddenSpam {
			t.Fatalf("stays: %+v", tk)
		}
		w.sends(ann, pest.ThreadID, "sorry@acme.example", "pest@home.example")
		w.Clock.Set(w.Clock.Now().Add(time.Second))
		w.deliver(w.letter("thanks", "pest@home.example", replies("sorry@acme.example")))
		if tk := w.ticketOf("thanks"); tk.ID != pest.TicketID || tk.Hidden != "" {
			t.Fatalf("we wrote since: %+v", tk)
		}
	})
}

func TestADeniedSendersAnswerDoesNotJoin(t *testing.T) { // EM-35
	each(t, func(t *testing.T, w *world) {
		w.deliver(w.letter("root", "mira@home.example", cc("eve@mail.example")))
		root := w.ticketOf("root")
		w.list(spam.Deny, "eve@mail.example")
		w.deliver(w.letter("eve", "eve@mail.example", replies("root")))
		eve := w.ticketOf("eve")
		if eve.ID == root.ID || eve.Hidden != desk.HiddenSpam || eve.HiddenReason != spam.DeniedSender {
			t.Fatalf("%+v", eve)
		}
		if now := w.ticket(root.ID); now.Hidden != "" || now.MessageCount != 1 {
			t.Errorf("the other conversation: %+v", now)
		}
		links, err := w.Tickets.Links(context.Background(), w.Desk.DB, eve.ID)
		if err != nil || len(links) != 1 || links[0].OtherID != root.ID {
			t.Errorf("links: %+v %v", links, err)
		}
	})
}

// ownLine is a channel that knows one conversation a person.
type ownLine struct{ letters }

func (ownLine) Spec() channel.Spec {
	sp := letters{}.Spec()
	sp.Threading = channel.ByContact
	return sp
}

func TestADeniedPersonsOwnConversationIsHidden(t *testing.T) { // EM-35
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownLine{})
		w.deliver(w.letter("one", "eve@mail.example"))
		first := w.ticketOf("one")
		w.list(spam.Deny, "eve@mail.example")
		w.deliver(w.letter("two", "eve@mail.example"))
		if tk := w.ticketOf("two"); tk.ID != first.ID || tk.Hidden != desk.HiddenSpam || tk.HiddenReason != spam.DeniedSender {
			t.Fatalf("%+v", tk)
		}
		w.list(spam.Allow, "eve@mail.example")
		w.deliver(w.letter("three", "eve@mail.example"))
		if tk := w.ticketOf("three"); tk.ID != first.ID || tk.Hidden != "" {
			t.Fatalf("allowed again: %+v", tk)
		}
	})
}

func TestAHeldConversationIsATicketEvenWhereNoneAreMade(t *testing.T) { // EM-36, IH-03
	each(t, func(t *testing.T, w *world) {
		w.list(spam.Deny, "promo.example")
		w.support = w.Account(desktest.At("chat@acme.example"), desktest.In(w.Inbox("chats")))
		w.deliver(w.letter("held", "x@promo.example"), w.letter("plain", "mira@home.example"))
		if m := w.filed("plain"); m.TicketID != 0 {
			t.Fatalf("plain: %+v", m)
		}
		if tk := w.ticketOf("held"); tk.Hidden != desk.HiddenSpam {
			t.Fatalf("held: %+v", tk)
		}
	})
}

func TestRealMailIsMarked(t *testing.T) { // EM-36
	eachMail(t, func(t *testing.T, w *world, _ *email.Adapter) {
		w.filter(spam.Marketing)
		w.eml(w.support, "bounce@shop.example", w.support.Address, `
From: Shop <news@shop.example>
To: support@acme.example
Subject: Everything must go
Message-ID: <sale@shop.example>
List-Unsubscribe: <https://shop.example/leave>
List-Unsubscribe-Post: List-Unsubscribe=One-Click

Buy now!
`)
		w.eml(w.support, "group@lists.example", w.support.Address, `
From: Mira <mira@home.example>
To: support@acme.example
Subject: My order
Message-ID: <group@home.example>
List-ID: <support.acme.example>
List-Post: <mailto:support@acme.example>
List-Unsubscribe: <mailto:leave@acme.example>

It came over the group that our address is.
`)
		if tk := w.ticketOf("sale@shop.example"); tk.HiddenReason != spam.Marketing {
			t.Errorf("%+v", tk)
		}
		if tk := w.ticketOf("group@home.example"); tk.Hidden != "" {
			t.Errorf("a group's: %+v", tk)
		}
		if p, err := spam.New(w.Desk.DB, w.Desk.Clock, w.Desk.Events).Preview(context.Background(), 30); err != nil || p.Kinds[1].Kind != spam.Marketing || p.Kinds[1].Count != 1 {
			t.Errorf("%+v %v", p, err)
		}
	})
}
