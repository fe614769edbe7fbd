package assignment_test

import (
	"context"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
)

func arrive(ctx context.Context, k *desktest.Desk, acc desk.ChannelAccount) (a desk.Assignment, err error) {
	err = k.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := k.Tickets.Create(ctx, tx, ticket.NewTicket{Actor: desk.System, Subject: "Hello", InboxID: acc.InboxID, AccountID: acc.ID, Policy: acc.Ticket})
		if err != nil {
			return err
		}
		a, err = k.Assignment.Assign(ctx, tx, t, acc)
		return err
	})
	return a, err
}

func TestConcurrentArrivalsAreSpreadEvenly(t *testing.T) { // RT-16, RT-21
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		team := k.Team("support", k.User(), k.User(), k.User(), k.User())
		acc := k.Account(desktest.Assign(desk.AssignPolicy{To: routing.ToTeams, Teams: []string{team.Slug}, AvailableOnly: true}))
		const arrivals = 64
		var wg sync.WaitGroup
		errs := make(chan error, arrivals)
		for range arrivals {
			wg.Add(1)
			go func() {
				defer wg.Done()
				_, err := arrive(context.Background(), k, acc)
				errs <- err
			}()
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range team.Members {
			var n int
			if err := d.QueryRow(context.Background(), `SELECT COUNT(*) FROM tickets WHERE owner_id = $1`, id).Scan(&n); err != nil || n != arrivals/4 {
				t.Errorf("user %d owns %d tickets, want %d (%v)", id, n, arrivals/4, err)
			}
		}
		var numbers int
		if err := d.QueryRow(context.Background(), `SELECT COUNT(DISTINCT number) FROM tickets`).Scan(&numbers); err != nil || numbers != arrivals {
			t.Errorf("%d different numbers, want %d (TK-19)", numbers, arrivals)
		}
		if n := len(k.EventsOf(desk.EvTicketAssigned)); n != arrivals {
			t.Errorf("%d assigned events", n)
		}
	})
}

func TestAssign(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, bo := k.User(desktest.Named("Ann Holm")), k.User(desktest.Named("Bo Berg"), desktest.Away)
		light := k.User(desktest.Named("Liv Let"), desktest.Role(desk.RoleLight))
		extra := k.User(desktest.Named("Eva Extra"))
		idle := k.User(desktest.Named("Ida Idle"), func(n *people.NewUser) { no := false; n.TakesWork = &no })
		team := k.Team("support", ann, bo, light, idle)
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.People.UpdateTeam(ctx, tx, desk.System, team.ID, people.TeamChange{Extra: &[]desk.UserID{extra.ID}})
			return err
		})

		t.Run("no one is the default and says so", func(t *testing.T) { // RT-01
			a, err := arrive(ctx, k, k.Account())
			if err != nil || a.OwnerID != 0 || a.Rule != routing.ToNoOne || a.Reason != routing.UnassignedByPolicy {
				t.Fatalf("%+v %v", a, err)
			}
		})
		t.Run("a reason is kept for every candidate", func(t *testing.T) { // RT-02, RT-06, RT-13, RT-14, RT-20
			acc := k.Account(desktest.Assign(desk.AssignPolicy{To: routing.ToTeams, Teams: []string{"support"}, AvailableOnly: true}))
			a, err := arrive(ctx, k, acc)
			if err != nil || a.OwnerID != ann.ID || a.TeamID != team.ID || a.Reason != routing.ChosenLeastOpen {
				t.Fatalf("%+v %v", a, err)
			}
			want := map[desk.UserID]string{ann.ID: routing.Chosen, bo.ID: routing.Away, light.ID: routing.NoPermission, extra.ID: routing.NotMainMember, idle.ID: routing.TakesNoWork}
			for _, c := range a.Candidates {
				if want[c.UserID] != c.Reason {
					t.Errorf("%s: %s, want %s", c.Name, c.Reason, want[c.UserID])
				}
				delete(want, c.UserID)
			}
			if len(want) != 0 {
				t.Errorf("nothing said of %v", want)
			}
			evs := k.EventsOf(desk.EvTicketAssigned)
			got, err := k.Tickets.Get(ctx, d, evs[len(evs)-1].TicketID)
			if err != nil || got.OwnerID != ann.ID || got.Assignment == nil || len(got.Assignment.Candidates) != 5 {
				t.Fatalf("the ticket keeps %+v %v", got.Assignment, err)
			}
			if u, _ := k.People.Get(ctx, d, ann.ID); u.LastAssigned != a.At {
				t.Errorf("last assigned %v, want %v", u.LastAssigned, a.At)
			}
		})
		t.Run("inbox access counts", func(t *testing.T) { // RT-14, IH-09
			box := k.Inbox("sales", desk.Access{Users: []desk.UserID{extra.ID}})
			acc := k.Account(desktest.In(box), desktest.Assign(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email, extra.Email}}))
			a, err := arrive(ctx, k, acc)
			if err != nil || a.OwnerID != extra.ID {
				t.Fatalf("%+v %v", a, err)
			}
			if a.Candidates[0].UserID == ann.ID && a.Candidates[0].Reason != routing.NoAccess {
				t.Errorf("%+v", a.Candidates)
			}
		})
		t.Run("a policy that names who has gone since is explained", func(t *testing.T) { // RT-15, RT-20
			acc := k.Account(desktest.Assign(desk.AssignPolicy{To: routing.ToUsersAndTeams, Users: []string{extra.Email}, Teams: []string{"support"}}))
			acc.Assign.Users, acc.Assign.Teams = []string{"gone@acme.example"}, []string{"gone"}
			a, err := arrive(ctx, k, acc)
			if err != nil || a.OwnerID != 0 || a.Reason != routing.NobodyNamed || len(a.Candidates) != 2 || a.Candidates[0].Reason != routing.UnknownUser || a.Candidates[1].Reason != routing.UnknownTeam {
				t.Fatalf("%+v %v", a, err)
			}
		})
		t.Run("a ticket is assigned once", func(t *testing.T) { // RT-21
			acc := k.Account(desktest.Assign(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email, extra.Email}}))
			tk := k.Ticket()
			var owners [2]desk.UserID
			for i := range owners {
				k.Write(func(ctx context.Context, tx *db.Tx) error {
					a, err := k.Assignment.Assign(ctx, tx, tk, acc)
					owners[i] = a.OwnerID
					return err
				})
			}
			if owners[0] == 0 || owners[0] != owners[1] {
				t.Fatalf("owners %v", owners)
			}
		})
	})
}

func TestReplyAssigns(t *testing.T) { // RT-11
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, bo := k.User(), k.User()
		tk := k.Ticket()
		reply := func(by desk.Actor) (a desk.Assignment) {
			k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				a, err = k.Assignment.ReplyAssigns(ctx, tx, by, tk)
				return err
			})
			return a
		}
		if a := reply(desk.System); a.OwnerID != 0 {
			t.Fatalf("a machine's reply assigned %+v", a)
		}
		if a := reply(desk.ByUser(ann.ID)); a.OwnerID != ann.ID || a.Rule != routing.RuleReplyAssigns {
			t.Fatalf("%+v", a)
		}
		if a := reply(desk.ByUser(bo.ID)); a.OwnerID != 0 {
			t.Fatalf("the second reply assigned %+v", a)
		}
		if got, _ := k.Tickets.Get(ctx, d, tk.ID); got.OwnerID != ann.ID {
			t.Fatalf("owner %v", got.OwnerID)
		}
	})
}

func TestManual(t *testing.T) { // RT-12, RT-14, RT-23
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		boss, ann := k.User(desktest.Role(desk.RoleAdmin)), k.User(desktest.Named("Ann Holm"), desktest.Away)
		outsider, gone := k.User(desktest.Named("Otto Out")), k.User(desktest.Inactive)
		viewer := k.User(desktest.Role(desk.RoleViewer))
		team, other := k.Team("support", ann, viewer), k.Team("other", outsider)
		box := k.Inbox("vip", desk.Access{Teams: []desk.TeamID{team.ID}})
		tk := k.Ticket(func(n *ticket.NewTicket) { n.InboxID = box.ID })
		give := func(owner desk.UserID, team desk.TeamID) (got desk.Ticket, err error) {
			err = k.Try(func(ctx context.Context, tx *db.Tx) error {
				got, err = k.Assignment.Manual(ctx, tx, desk.ByUser(boss.ID), tk.ID, owner, team)
				return err
			})
			return got, err
		}
		for name, c := range map[string]struct {
			owner  desk.UserID
			team   desk.TeamID
			reason string
		}{
			"somebody without access":  {outsider.ID, 0, "assign.no_access"},
			"somebody deactivated":     {gone.ID, 0, "assign.inactive"},
			"somebody who only reads":  {viewer.ID, 0, "assign.no_permission"},
			"a team without access":    {0, other.ID, "assign.team_no_access"},
			"nobody there is":          {12345, 0, "user.not_found"},
			"an administrator outside": {boss.ID, 0, "assign.no_access"}, // IH-09
		} {
			if _, err := give(c.owner, c.team); desk.ReasonOf(err) != c.reason || desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%s: %v, want %s", name, err, c.reason)
			}
		}
		got, err := give(ann.ID, team.ID)
		if err != nil || got.OwnerID != ann.ID || got.TeamID != team.ID || got.Assignment.Rule != routing.RuleManual || got.Assignment.By != desk.ByUser(boss.ID) {
			t.Fatalf("%+v %v", got, err)
		}
		if _, err := give(ann.ID, team.ID); err != nil {
			t.Fatal(err)
		}
		if got, err = give(0, 0); err != nil || got.OwnerID != 0 || got.Assignment.Reason != routing.ManuallyCleared {
			t.Fatalf("%+v %v", got, err)
		}
		if n := len(k.EventsOf(desk.EvTicketAssigned)); n != 2 {
			t.Errorf("%d assigned events: the same owner again is nothing", n)
		}
		north := k.User(desktest.Named("Nora North"))
		below := k.Team("north", north) // a team below one with access has it too (RT-23, PM-07)
		if err := k.Try(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.People.UpdateTeam(ctx, tx, desk.System, below.ID, people.TeamChange{Parent: &team.ID})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got, err = give(north.ID, below.ID); err != nil || got.OwnerID != north.ID || got.TeamID != below.ID {
			t.Errorf("a team below: %+v %v", got, err)
		}
	})
}
