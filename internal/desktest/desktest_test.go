package desktest_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
)

func TestTheFactoriesFitTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		c := k.Contact("")
		tk := k.Ticket(func(n *ticket.NewTicket) { n.ContactID = c.ID })
		th := k.Thread(tk, k.Account())
		m := k.Message(th, func(m *desk.Message) { m.Text = "Hello" })
		got, err := k.Tickets.Get(context.Background(), d, tk.ID)
		if err != nil || got.Snippet != "Hello" || got.MessageCount != 1 || m.ID == 0 || m.TicketID != tk.ID {
			t.Fatalf("%+v %+v %v", got, m, err)
		}
	})
}
