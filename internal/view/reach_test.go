package view_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

// PM-05: what is out of reach is in no list, no count and no answer; following gives sight, and the check in memory says what the SQL says.
func TestReachOfTickets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, bo, eva := k.User(), k.User(), k.User()
		north := k.Team("north", ann, bo)
		mine, teams, free, other, queue := k.Ticket(), k.Ticket(), k.Ticket(), k.Ticket(), k.Ticket()
		give := func(id desk.TicketID, owner desk.UserID, team desk.TeamID) {
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Tickets.SetOwner(ctx, tx, desk.System, id, desk.Assignment{OwnerID: owner, TeamID: team})
				return err
			})
		}
		give(mine.ID, ann.ID, 0)
		give(teams.ID, bo.ID, 0)
		give(other.ID, eva.ID, 0)
		give(queue.ID, 0, north.ID)
		views := view.New(d, nil)
		all := []desk.TicketID{mine.ID, teams.ID, free.ID, other.ID, queue.ID}
		for name, c := range map[string]struct {
			reach desk.Reach
			sees  []bool
		}{
			"all":                 {desk.Reach{View: desk.ReachAll}, []bool{true, true, true, true, true}},
			"own":                 {desk.Reach{View: desk.ReachOwn}, []bool{true, false, false, false, false}},
			"own and unassigned":  {desk.Reach{View: desk.ReachOwn, Unassigned: true}, []bool{true, false, true, false, true}},
			"team":                {desk.Reach{View: desk.ReachTeam}, []bool{true, true, false, false, true}},
			"team and unassigned": {desk.Reach{View: desk.ReachTeam, Unassigned: true}, []bool{true, true, true, false, true}},
		} {
			e := access.Extent{Reach: c.reach.Full(), User: ann.ID, Teams: []desk.TeamID{north.ID}, Mates: map[desk.UserID]bool{ann.ID: true, bo.ID: true}}
			s := view.Sight{User: ann.ID, All: true, Tickets: e}
			page, err := views.List(ctx, s, view.Ask{View: view.Open}, view.Page{})
			if err != nil {
				t.Fatal(err)
			}
			listed := map[desk.TicketID]bool{}
			for _, r := range page.Items {
				listed[r.ID] = true
			}
			n, err := views.CountOf(ctx, s, view.Ask{View: view.Open})
			if err != nil || n.Count != len(page.Items) {
				t.Errorf("%s: %d counted, %d listed, %v", name, n.Count, len(page.Items), err)
			}
			for i, id := range all {
				h, err := views.Held(ctx, id)
				if err != nil {
					t.Fatal(err)
				}
				_, open := views.Ticket(ctx, s, id)
				_, told := views.Timeline(ctx, s, id, true, view.Page{})
				if want := c.sees[i]; listed[id] != want || e.Sees(h) != want || (open == nil) != want || (told == nil) != want {
					t.Errorf("%s, ticket %d: listed %v, in memory %v, opened %v, told %v, want %v", name, i, listed[id], e.Sees(h), open, told, want)
				}
			}
		}
		s := view.Sight{User: ann.ID, All: true, Tickets: access.Extent{Reach: desk.Reach{View: desk.ReachOwn}.Full(), User: ann.ID}}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			return k.Tickets.Follow(ctx, tx, desk.System, other.ID, ann.ID, "")
		})
		if _, err := views.Ticket(ctx, s, other.ID); err != nil {
			t.Errorf("who follows sees: %v", err)
		}
		h, _ := views.Held(ctx, other.ID)
		if s.Tickets.Changes(h) {
			t.Error("and changes nothing by that")
		}
	})
}

// TK-05: a ticket that is beyond its contact's limit names them beside it; one with a contact, or from nobody, names nobody.
func TestATicketBeyondTheLimitNamesWhoTakesPart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		who := k.Contact("")
		of := func(n *ticket.NewTicket) { n.ContactID = who.ID }
		k.Tickets.Limit(func(context.Context, db.Queryer) (int, error) { return 1, nil })
		within, beyond, nobodys := k.Ticket(of), k.Ticket(of), k.Ticket()
		for i, c := range []struct {
			id   desk.TicketID
			want desk.ContactID
		}{{within.ID, 0}, {beyond.ID, who.ID}, {nobodys.ID, 0}} {
			got, err := view.New(d, nil).Ticket(ctx, view.Everything, c.id)
			if err != nil {
				t.Fatal(err)
			}
			if p := got.Participant; (p != nil) != (c.want != 0) || p != nil && (p.ID != c.want || p.Name != who.Name || p.Email != who.Email) {
				t.Errorf("%d: %+v, want %v", i, p, c.want)
			}
			rows, err := view.New(d, nil).List(ctx, view.Everything, view.Ask{View: "all"}, view.Page{Limit: 10})
			if err != nil || len(rows.Items) != 3 {
				t.Fatalf("%+v %v", rows, err)
			}
			for _, r := range rows.Items {
				if p := r.Participant; r.ID == c.id && ((p != nil) != (c.want != 0) || p != nil && (p.ID != c.want || p.Name != who.Name)) {
					t.Errorf("in the list, %d: %+v, want %v", i, p, c.want)
				}
			}
		}
	})
}
