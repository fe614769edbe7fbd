package view_test

import (
	"context"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

// WS-08: a row says who writes and how many, over which channel, what was said last and whether it is an answer, a forward or a comment, and when.
func TestARowSaysWhoAndWhatWasSaidLast(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, acc, mira := k.User(desktest.Named("Ann Holm")), k.Account(), k.Contact("mira@home.example")
		tk := k.Ticket(func(n *ticket.NewTicket) { n.ContactID, n.AccountID, n.Channel = mira.ID, acc.ID, acc.Channel })
		th := k.Thread(tk, acc)
		row := func() view.TicketRow {
			t.Helper()
			page, err := view.New(d, nil).List(ctx, view.Sight{User: ann.ID, All: true}, view.Ask{View: view.Open}, view.Page{})
			if err != nil || len(page.Items) != 1 || page.Items[0].Latest == nil {
				t.Fatalf("%+v, %v", page.Items, err)
			}
			return page.Items[0]
		}
		say := func(with func(m *desk.Message)) desk.Message {
			t.Helper()
			k.Clock.Advance(time.Minute)
			return k.Message(th, with)
		}
		ours := desk.Party{Field: "to", Kind: desk.AddrEmail, Address: acc.Address}
		first := say(func(m *desk.Message) {
			m.Text, m.From, m.Recipients = "The brake squeaks.", desk.Party{Kind: desk.AddrEmail, Address: "mira@home.example"}, []desk.Party{ours, {Field: "cc", Kind: desk.AddrEmail, Address: "bo@home.example"}}
		})
		got := row()
		if got.Contact == nil || got.Contact.ID != mira.ID || got.Participants != 2 || got.Channel != acc.Channel {
			t.Errorf("who: %+v, %d, %s", got.Contact, got.Participants, got.Channel)
		}
		if l := *got.Latest; l.Type != desk.KindMessage || l.Direction != desk.Incoming || l.Text != "The brake squeaks." || l.Forward || l.At != first.CreatedAt {
			t.Errorf("a customer's word: %+v", l)
		}
		out := func(m *desk.Message) {
			m.Direction, m.Actor, m.Status, m.Text = desk.Outgoing, desk.ByUser(ann.ID), desk.StatusQueued, "We look at it."
			m.From, m.Recipients = desk.Party{Kind: desk.AddrEmail, Address: acc.Address}, []desk.Party{{Field: "to", Kind: desk.AddrEmail, Address: "mira@home.example"}}
		}
		say(out)
		if l := *row().Latest; l.Direction != desk.Outgoing || l.Forward || l.Text != "We look at it." {
			t.Errorf("an answer: %+v", l)
		}
		say(func(m *desk.Message) { out(m); m.ForwardOf = first.ID })
		if l := *row().Latest; !l.Forward || l.Direction != desk.Outgoing {
			t.Errorf("a forward: %+v", l)
		}
		say(func(m *desk.Message) {
			m.Kind, m.Direction, m.Actor, m.Text = desk.KindComment, "", desk.ByUser(ann.ID), "Called the workshop."
		})
		if l := *row().Latest; l.Type != desk.KindComment || l.Author != "Ann Holm" || l.Text != "Called the workshop." {
			t.Errorf("a comment: %+v", l)
		}
	})
}
