package access_test

import (
	"context"
	"slices"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/people"
)

func own(perms ...access.Permission) access.Role {
	return access.Role{Name: "Night shift", Permissions: perms, Tickets: desk.Reach{View: desk.ReachOwn, Unassigned: true}}
}

// PM-10, PM-12: a role of one's own counts in the request after it was changed; nobody gives what they do not have; removing asks where its people go.
func TestRolesOfOnesOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		boss := k.User(desktest.Role(desk.RoleOwner))
		make := func(by desk.User, r access.Role) (out access.Role, err error) {
			err = k.Try(func(ctx context.Context, tx *db.Tx) error {
				out, err = k.Access.CreateRole(ctx, tx, desk.ByUser(by.ID), by, r)
				return err
			})
			return out, err
		}
		night, err := make(boss, own(access.TicketsReply, access.TicketsView))
		if err != nil || night.Slug != "night-shift" || night.Permissions[0] != access.TicketsView || night.Tickets.Edit != desk.ReachOwn {
			t.Fatalf("%+v %v", night, err)
		}
		if _, err := make(boss, own()); desk.ReasonOf(err) != "role.slug_taken" {
			t.Errorf("twice: %v", err)
		}
		if _, err := make(boss, access.Role{Slug: desk.RoleAgent, Name: "x"}); desk.ReasonOf(err) != "role.slug_taken" {
			t.Errorf("a built-in name: %v", err)
		}
		ann := k.User(desktest.Role(night.Slug))
		v, err := k.Access.ViewerFor(ctx, ann.ID)
		if err != nil || !v.Can(access.TicketsReply) || v.Can(access.TicketsEdit) || v.Tickets.Whole() {
			t.Fatalf("%v %+v %v", v.Permissions(), v.Tickets, err)
		}
		change := func(by desk.User, c access.RoleChange) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Access.UpdateRole(ctx, tx, desk.ByUser(by.ID), by, night.Slug, c)
				return err
			})
		}
		if err := change(boss, access.RoleChange{Permissions: &[]access.Permission{access.TicketsView}}); err != nil {
			t.Fatal(err)
		}
		if v, _ := k.Access.ViewerFor(ctx, ann.ID); v.Can(access.TicketsReply) {
			t.Error("what was taken is still there")
		}
		t.Run("nobody gives what they do not have", func(t *testing.T) {
			keeper, err := make(boss, access.Role{Name: "Keeper", Permissions: []access.Permission{access.UsersManage, access.RolesManage, access.TicketsView}, Tickets: desk.Reach{View: desk.ReachTeam}})
			if err != nil {
				t.Fatal(err)
			}
			eva := k.User(desktest.Role(keeper.Slug))
			eva, _ = k.People.Get(ctx, d, eva.ID)
			if err := change(eva, access.RoleChange{Permissions: &[]access.Permission{access.TicketsView, access.TicketsDelete}}); desk.ReasonOf(err) != "role.above" {
				t.Errorf("a permission: %v", err)
			}
			if err := change(eva, access.RoleChange{Tickets: &desk.Reach{}}); desk.ReasonOf(err) != "role.above" {
				t.Errorf("a reach: %v", err)
			}
			if err := k.Access.MayGive(ctx, d, eva, desk.RoleAgent); desk.ReasonOf(err) != "role.above" {
				t.Errorf("a role that may more: %v", err)
			}
			if access.MayManage(eva, boss) || access.MayManage(eva, k.User()) || !access.MayManage(boss, eva) {
				t.Error("who manages whom")
			}
		})
		t.Run("removing asks where its people go", func(t *testing.T) {
			remove := func(to desk.Role) error {
				return k.Try(func(ctx context.Context, tx *db.Tx) error {
					return k.Access.RemoveRole(ctx, tx, desk.ByUser(boss.ID), boss, night.Slug, to)
				})
			}
			if err := remove(""); desk.ReasonOf(err) != "role.in_use" {
				t.Errorf("without a word: %v", err)
			}
			if err := remove(desk.RoleLight); err != nil {
				t.Fatal(err)
			}
			if u, _ := k.People.Get(ctx, d, ann.ID); u.Role != desk.RoleLight || u.Powers != nil {
				t.Errorf("%s %+v", u.Role, u.Powers)
			}
			if err := remove(desk.RoleLight); desk.CodeOf(err) != desk.NotFound {
				t.Errorf("again: %v", err)
			}
		})
		if n := len(k.EventsOf(desk.EvRoleUpdated)); n < 4 {
			t.Errorf("%d events of roles", n)
		}
	})
}

// PM-07, IH-09: a team's people are those of the teams below it, for its inboxes and for its reach; no team stands above itself.
func TestTeamsWithinTeams(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, bo, lead := k.User(), k.User(), k.User()
		north, sales := k.Team("north", ann), k.Team("sales", lead)
		put := func(child desk.TeamID, parent desk.TeamID) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.People.UpdateTeam(ctx, tx, desk.System, child, people.TeamChange{Parent: &parent})
				return err
			})
		}
		if err := put(north.ID, sales.ID); err != nil {
			t.Fatal(err)
		}
		for _, parent := range []desk.TeamID{north.ID, sales.ID} {
			if err := put(sales.ID, parent); desk.ReasonOf(err) != "team.parent_cycle" {
				t.Errorf("sales below %d: %v", parent, err)
			}
		}
		if err := put(sales.ID, 99); desk.ReasonOf(err) != "team.parent_unknown" {
			t.Errorf("unknown: %v", err)
		}
		box := k.Inbox("deals", desk.Access{Teams: []desk.TeamID{sales.ID}})
		if !k.Viewer(ann).ActsIn(box.ID) || k.Viewer(bo).ActsIn(box.ID) {
			t.Error("access of a team is that of the teams below")
		}
		var role access.Role
		k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			role, err = k.Access.CreateRole(ctx, tx, desk.System, desk.User{}, access.Role{Name: "Lead", Permissions: []access.Permission{access.TicketsView}, Tickets: desk.Reach{View: desk.ReachTeam}})
			if err == nil {
				_, err = k.People.Update(ctx, tx, desk.System, lead.ID, people.UserChange{Role: &role.Slug})
			}
			return err
		})
		v, err := k.Access.ViewerFor(ctx, lead.ID)
		if err != nil || !slices.Contains(v.Tickets.Teams, north.ID) || !v.Tickets.Sees(access.Held{Owner: ann.ID}) || v.Tickets.Sees(access.Held{Owner: bo.ID}) || v.Tickets.Sees(access.Held{}) {
			t.Errorf("%+v %v", v.Tickets, err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return k.People.RemoveTeam(ctx, tx, desk.System, sales.ID) })
		if n, err := k.People.Team(ctx, d, north.ID); err != nil || n.Parent != 0 {
			t.Errorf("what was below a team that went: %+v %v", n, err)
		}
	})
}
