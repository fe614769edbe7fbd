package view_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/space"
	"github.com/kanalhq/kanal/internal/view"
)

func makeSpace(t *testing.T, k *desktest.Desk, s space.Space) space.Space {
	t.Helper()
	out, err := db.Written(context.Background(), k.DB, func(ctx context.Context, tx *db.Tx) (space.Space, error) {
		return space.New(k.Clock, k.Events).Create(ctx, tx, desk.System, s)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func ids(p view.TicketPage) []desk.TicketID {
	out := []desk.TicketID{}
	for _, r := range p.Items {
		out = append(out, r.ID)
	}
	slices.Sort(out)
	return out
}

// WS-07: a ticket is in the space of its team and of its owner's main team, moves by itself when either changes, and extra members count when the space
// says so. What a person may not see is not in a space either.
func TestASpaceShowsTheTicketsOfItsTeams(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, bo, eva := k.User(), k.User(), k.User()
		north, south := k.Team("north", ann), k.Team("south", eva)
		k.Write(func(ctx context.Context, tx *db.Tx) error { // bo helps out in the north
			_, err := k.People.UpdateTeam(ctx, tx, desk.System, north.ID, people.TeamChange{Extra: &[]desk.UserID{bo.ID}})
			return err
		})
		owned, queued, helped, elsewhere, free := k.Ticket(), k.Ticket(), k.Ticket(), k.Ticket(), k.Ticket()
		give := func(id desk.TicketID, owner desk.UserID, team desk.TeamID) {
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Tickets.SetOwner(ctx, tx, desk.System, id, desk.Assignment{OwnerID: owner, TeamID: team})
				return err
			})
		}
		give(owned.ID, ann.ID, 0)
		give(queued.ID, 0, north.ID)
		give(helped.ID, bo.ID, 0)
		give(elsewhere.ID, eva.ID, 0)
		_ = free
		sp := makeSpace(t, k, space.Space{Name: "North", Teams: []desk.TeamID{north.ID}})
		wide := makeSpace(t, k, space.Space{Name: "North and helpers", Teams: []desk.TeamID{north.ID}, Extra: true})
		far := makeSpace(t, k, space.Space{Name: "South", Teams: []desk.TeamID{south.ID}})
		views, s := view.New(d, nil), view.Sight{User: ann.ID, All: true}
		check := func(when string, s view.Sight, sp space.Space, want ...desk.TicketID) {
			t.Helper()
			slices.Sort(want)
			for road, v := range map[string]space.Volume{"small": {}, "large": {Open: space.Dear + 1, Closed: space.Dear + 1}} {
				in, err := views.In(ctx, s, sp.ID)
				if err != nil {
					t.Fatal(err)
				}
				in.Area.Volume = v
				page, err := views.List(ctx, in, view.Ask{View: view.Open}, view.Page{})
				if err != nil || fmt.Sprint(ids(page)) != fmt.Sprint(want) {
					t.Errorf("%s, %s, as a %s one: %v, want %v (%v)", when, sp.Name, road, ids(page), want, err)
				}
				counts, err := views.Counts(ctx, in, 0)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range counts {
					if c.ID == view.Open && c.Count != len(want) {
						t.Errorf("%s, %s, as a %s one: %d counted, want %d", when, sp.Name, road, c.Count, len(want))
					}
				}
			}
			n, err := views.CountOf(ctx, s, view.Ask{View: view.Open + "@" + sp.ID.String()})
			if err != nil || n.Count != len(want) {
				t.Errorf("%s, %s: %d by its name, want %d (%v)", when, sp.Name, n.Count, len(want), err)
			}
		}
		check("at first", s, sp, owned.ID, queued.ID)
		check("at first", s, wide, owned.ID, queued.ID, helped.ID)
		check("at first", s, far, elsewhere.ID)
		give(owned.ID, eva.ID, 0)
		check("after it was given away", s, sp, queued.ID)
		check("after it was given away", s, far, elsewhere.ID, owned.ID)
		give(queued.ID, 0, south.ID)
		check("after the team changed", s, far, elsewhere.ID, owned.ID, queued.ID)
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			return k.People.SetMainTeams(ctx, tx, desk.System, eva.ID, []desk.TeamID{north.ID})
		})
		check("after its owner changed teams", s, sp, elsewhere.ID, owned.ID)
		reach := view.Sight{User: ann.ID, All: true, Tickets: access.Extent{Reach: desk.Reach{View: desk.ReachOwn}.Full(), User: ann.ID}}
		check("for who sees their own alone", reach, sp)
		check("for who sees no inbox", view.Sight{User: ann.ID}, sp)
		if _, err := views.CountOf(ctx, s, view.Ask{View: "open@7"}); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("a space that is gone: %v", err)
		}
		if _, err := views.CountOf(ctx, s, view.Ask{View: "open@north"}); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("no number: %v", err)
		}
		if _, err := views.Ticket(ctx, s, free.ID); err != nil {
			t.Errorf("what is read by its own name is not narrowed: %v", err)
		}
	})
}

// WS-07: every view, order and page of a space is the view of everything, narrowed: by both roads, and spam and trash too.
func TestASpaceNarrowsEveryView(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		inboxes, owners := seed(t, k, 400)
		team := k.Team("one")
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE tickets SET team_id = $1 WHERE owner_id <> $2 AND number % 3 = 0", team.ID, owners[1]); err != nil {
				return err
			}
			return k.People.SetMainTeams(ctx, tx, desk.System, owners[1], []desk.TeamID{team.ID})
		})
		sp := makeSpace(t, k, space.Space{Name: "One", Teams: []desk.TeamID{team.ID}})
		views, s := view.New(d, nil), view.Sight{User: owners[1], All: true}
		inside, err := db.All(ctx, d, db.Column[desk.TicketID], "SELECT id FROM tickets WHERE team_id = $1 OR owner_id = $2", team.ID, owners[1])
		if err != nil {
			t.Fatal(err)
		}
		closed := customview.Filter{Field: "status_state", Op: "is", Value: "closed"}
		for _, a := range []view.Ask{
			{View: view.Open}, {View: view.Mine}, {View: view.Unassigned}, {View: view.Closed}, {View: view.Spam}, {View: view.Trash}, {View: "inbox:" + inboxes[1].String()}, {View: view.All},
			{View: view.All, Filter: closed}, {View: view.All, Filter: customview.Filter{Any: []customview.Filter{closed, {Field: "number", Op: "gt", Value: "0"}}}},
			{View: view.All, Filter: customview.Filter{Field: "hidden", Op: "is", Value: "spam"}}, {View: view.Open, Sort: "subject"}, {View: view.Open, Group: "owner_id"},
		} {
			whole := walk(t, views, s, a, 90)
			want := slices.DeleteFunc(slices.Clone(whole), func(id desk.TicketID) bool { return !slices.Contains(inside, id) })
			if len(want) == 0 || len(want) == len(whole) && a.View != view.Mine { // one's own are all in one's team's
				t.Errorf("%+v: %d of %d are inside, which shows nothing", a, len(want), len(whole))
			}
			for road, v := range map[string]space.Volume{"small": {}, "large": {Open: space.Dear + 1, Closed: space.Dear + 1}} {
				in, err := views.In(ctx, s, sp.ID)
				if err != nil {
					t.Fatal(err)
				}
				in.Area.Volume = v
				if got := walk(t, views, in, a, 30); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%+v, as a %s one: %d tickets, want %d", a, road, len(got), len(want))
				}
				if n, err := views.CountOf(ctx, in, a); err != nil || n.Count != len(want) {
					t.Errorf("%+v, as a %s one: counted %d, want %d (%v)", a, road, n.Count, len(want), err)
				}
			}
			chosen, err := views.Select(ctx, s, view.Ask{View: a.View + "@" + sp.ID.String(), Filter: a.Filter}, 0, 1000)
			if err != nil || len(chosen) != len(want) {
				t.Errorf("%+v: %d chosen for work on many, want %d (%v)", a, len(chosen), len(want), err)
			}
		}
	})
}

// WS-07: a small space is found by whose the tickets are, a large one walks the index of the view: neither reads the table. On both databases.
func TestASpaceUsesAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		_, owners := seed(t, k, 6000)
		team := k.Team("one")
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE tickets SET owner_id = 0"); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "UPDATE tickets SET owner_id = $1 WHERE number % 300 = 0", owners[1]); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "UPDATE tickets SET team_id = $1 WHERE number % 301 = 0", team.ID); err != nil {
				return err
			}
			return k.People.SetMainTeams(ctx, tx, desk.System, owners[1], []desk.TeamID{team.ID})
		})
		if d.Dialect() == db.Postgres {
			k.Write(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, "ANALYZE tickets"); return err })
		}
		sp := makeSpace(t, k, space.Space{Name: "One", Teams: []desk.TeamID{team.ID}})
		views := view.New(d, nil)
		for _, name := range []string{view.Open, view.Closed, view.Unassigned} {
			in, err := views.In(ctx, view.Sight{User: owners[1], All: true}, sp.ID)
			if err != nil {
				t.Fatal(err)
			}
			text, args, err := views.PageSQL(ctx, in, view.Ask{View: name}, "", 51)
			if err != nil {
				t.Fatal(err)
			}
			plan := explain(t, d, text, args)
			for _, index := range []string{"tickets_team", "tickets_owned"} {
				if !regexp.MustCompile(`\b` + index + `\b`).MatchString(plan) {
					t.Errorf("%s in a small space does not use %s:\n%s", name, index, plan)
				}
			}
			if regexp.MustCompile(`(?i)Seq Scan on tickets|SCAN t$|SCAN tickets|SCAN sp\b`).MatchString(plan) {
				t.Errorf("%s in a small space reads the table:\n%s", name, plan)
			}
		}
		in, _ := views.In(ctx, view.Sight{User: owners[1], All: true}, sp.ID)
		in.Area.Volume = space.Volume{Open: space.Dear + 1}
		text, args, err := views.PageSQL(ctx, in, view.Ask{View: view.Open}, "", 51)
		if err != nil {
			t.Fatal(err)
		}
		if plan := explain(t, d, text, args); !regexp.MustCompile(`\btickets_open\b`).MatchString(plan) || regexp.MustCompile(`Seq Scan on tickets|SCAN t$|USE TEMP B-TREE FOR ORDER|\bSort\b`).MatchString(plan) {
			t.Errorf("a large space does not walk the view's index:\n%s", plan)
		}
	})
}

// WS-07: a space has saved views of its own, which show its tickets wherever they are asked for; what stands in no space is counted outside of all.
func TestAViewStandsInASpace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, w := context.Background(), newWorld(t, d, 40)
		team := w.Team("one")
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE tickets SET team_id = $1 WHERE number % 4 = 0", team.ID)
			return err
		})
		sp := makeSpace(t, w.Desk, space.Space{Name: "One", Teams: []desk.TeamID{team.ID}})
		other := makeSpace(t, w.Desk, space.Space{Name: "Two", Teams: []desk.TeamID{w.Team("two").ID}})
		outside, inside := w.save(t, customview.View{}), w.save(t, customview.View{SpaceID: sp.ID})
		s := view.Sight{User: w.me.ID, All: true}
		whole, narrowed := walk(t, w.v, s, view.Ask{View: outside}, 50), walk(t, w.v, s, view.Ask{View: inside}, 50)
		if len(narrowed) == 0 || len(narrowed) >= len(whole) {
			t.Errorf("%d in the space of %d", len(narrowed), len(whole))
		}
		if got := walk(t, w.v, s, view.Ask{View: inside + "@" + other.ID.String()}, 50); len(got) != 0 {
			t.Errorf("in a space where none are: %d", len(got))
		}
		for id, want := range map[desk.SpaceID]string{0: outside, sp.ID: inside} {
			in, err := w.v.In(ctx, s, id)
			if err != nil {
				t.Fatal(err)
			}
			counts, _, err := w.v.CustomCounts(ctx, in, 0)
			if err != nil || len(counts) != 1 || counts[0].ID != want {
				t.Errorf("in %d: %+v, want %s (%v)", id, counts, want, err)
			}
		}
	})
}
