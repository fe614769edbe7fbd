package space_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/space"
)

// WS-07: spaces are made, changed, put in an order and removed; what does not hold together is refused, and each change is told with before and after.
func TestSpacesAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann := k.User()
		sales, care := k.Team("sales", ann), k.Team("care")
		v, by := space.New(k.Clock, k.Events), desk.ByUser(ann.ID)
		write := func(fn func(ctx context.Context, tx *db.Tx) (space.Space, error)) (space.Space, error) {
			return db.Written(ctx, d, fn)
		}
		create := func(s space.Space) (space.Space, error) {
			return write(func(ctx context.Context, tx *db.Tx) (space.Space, error) { return v.Create(ctx, tx, by, s) })
		}
		a, err := create(space.Space{Name: " Sales ", Teams: []desk.TeamID{sales.ID, sales.ID}})
		if err != nil || a.Name != "Sales" || a.Slug != "sales" || len(a.Teams) != 1 || a.Version != 1 {
			t.Fatalf("%+v, %v", a, err)
		}
		b, err := create(space.Space{Name: "Sales", Teams: []desk.TeamID{care.ID}})
		if err != nil || b.Slug != "sales-2" || b.Position != 2 {
			t.Fatalf("a second of the name: %+v, %v", b, err)
		}
		for reason, s := range map[string]space.Space{
			"space.name_malformed": {Name: "  ", Teams: []desk.TeamID{sales.ID}}, "space.teams_missing": {Name: "Empty"},
			"space.team_unknown": {Name: "Ghosts", Teams: []desk.TeamID{7}}, "space.slug_taken": {Name: "x", Slug: "sales", Teams: []desk.TeamID{sales.ID}},
		} {
			if _, err := create(s); desk.ReasonOf(err) != reason {
				t.Errorf("%s: %v", reason, err)
			}
		}
		update := func(c space.Change) (space.Space, error) {
			return write(func(ctx context.Context, tx *db.Tx) (space.Space, error) { return v.Update(ctx, tx, by, a.ID, c) })
		}
		name, extra := "Selling", true
		if s, err := update(space.Change{Name: &name, Extra: &extra, Version: 1}); err != nil || s.Name != name || !s.Extra || s.Version != 2 {
			t.Errorf("changed: %+v, %v", s, err)
		}
		if _, err := update(space.Change{Name: &name, Version: 1}); desk.ReasonOf(err) != "space.stale" {
			t.Errorf("stale: %v", err)
		}
		if s, err := update(space.Change{Name: &name}); err != nil || s.Version != 2 {
			t.Errorf("nothing changed: %+v, %v", s, err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := v.Order(ctx, tx, by, []desk.SpaceID{b.ID})
			return err
		})
		if all, err := space.List(ctx, d); err != nil || fmt.Sprint(all[0].ID, all[1].ID) != fmt.Sprint(b.ID, a.ID) {
			t.Errorf("the order: %+v, %v", all, err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return v.Delete(ctx, tx, by, b.ID) })
		if _, err := space.Get(ctx, d, b.ID); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("a removed one: %v", err)
		}
		for kind, n := range map[string]int{desk.EvSpaceCreated: 2, desk.EvSpaceUpdated: 3, desk.EvSpaceDeleted: 1} {
			if got := len(k.EventsOf(kind)); got != n {
				t.Errorf("%s: %d, want %d", kind, got, n)
			}
		}
	})
}

// A space holds at least one team, and keeps its name's change when a team of it was removed meanwhile.
func TestASpaceOutlivesATeam(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		sales, care := k.Team("sales"), k.Team("care")
		v := space.New(k.Clock, k.Events)
		s, err := db.Written(ctx, d, func(ctx context.Context, tx *db.Tx) (space.Space, error) {
			return v.Create(ctx, tx, desk.System, space.Space{Name: "Both", Teams: []desk.TeamID{sales.ID, care.ID}})
		})
		if err != nil {
			t.Fatal(err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return k.People.RemoveTeam(ctx, tx, desk.System, care.ID) })
		name := "One"
		got, err := db.Written(ctx, d, func(ctx context.Context, tx *db.Tx) (space.Space, error) {
			return v.Update(ctx, tx, desk.System, s.ID, space.Change{Name: &name})
		})
		if err != nil || got.Name != "One" || len(got.Teams) != 1 || got.Teams[0] != sales.ID {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
