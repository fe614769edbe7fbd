package ticket_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
)

// A contact who may have no more tickets loses no request: the ticket is made, they take part in it, it is flagged and administrators are told. What is there stays, and
// without a limit there is none (TK-05, CR-04, CR-07).
func TestALimitLosesNoRequest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		ctx := context.Background()
		who, other := k.Contact(""), k.Contact("")
		of := func(id desk.ContactID) func(*ticket.NewTicket) { return func(n *ticket.NewTicket) { n.ContactID = id } }
		for range 3 {
			k.Ticket(of(who.ID))
		}
		limit := 2 // set later than there were three: not retroactive
		k.Tickets.Limit(func(context.Context, db.Queryer) (int, error) { return limit, nil })
		beyond := k.Ticket(of(who.ID))
		if beyond.ID == 0 || beyond.Number == 0 || beyond.ContactID != 0 || !beyond.Open {
			t.Fatalf("%+v", beyond)
		}
		if ps, err := k.Tickets.Participants(ctx, d, beyond.ID); err != nil || len(ps) != 1 || ps[0] != who.ID {
			t.Errorf("%v %v", ps, err)
		}
		if evs := k.EventsOf(desk.EvTicketLimited); len(evs) != 1 || evs[0].TicketID != beyond.ID || evs[0].Contact != who.ID {
			t.Errorf("%+v", evs)
		}
		if evs := k.EventsOf(desk.EvAssociationLimited); len(evs) != 1 || evs[0].TicketID != 0 || evs[0].Contact != 0 { // the audit log shows those
			t.Errorf("%+v", evs)
		}
		if tk := k.Ticket(of(other.ID)); tk.ContactID != other.ID {
			t.Errorf("somebody else: %+v", tk)
		}
		ns, err := k.Tickets.NearLimit(ctx, d, 2)
		if err != nil || len(ns) != 1 || ns[0].ContactID != who.ID || ns[0].Tickets != 3 || ns[0].Beyond != 1 {
			t.Errorf("%+v %v", ns, err)
		}
		limit = 0
		if tk := k.Ticket(of(who.ID)); tk.ContactID != who.ID {
			t.Errorf("without a limit: %+v", tk)
		}
	})
}
