package people_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/people"
)

func service(d *db.DB) *people.Service {
	clk := clock.New()
	return people.New(d, clk, event.New(d, clk, nil))
}

func write(t *testing.T, d *db.DB, fn func(ctx context.Context, tx *db.Tx) error) error {
	t.Helper()
	return d.Write(context.Background(), fn)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, d *db.DB, s *people.Service, n people.NewUser) desk.User {
	t.Helper()
	var u desk.User
	must(t, write(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
		u, err = s.Create(ctx, tx, desk.System, n)
		return err
	}))
	return u
}

func events(t *testing.T, d *db.DB, typ string) []desk.Event {
	t.Helper()
	evs, err := db.All(context.Background(), d, event.Scan, "SELECT "+event.Columns+" FROM events WHERE type = $1 ORDER BY id", typ)
	must(t, err)
	return evs
}

func TestUser(t *testing.T) { // PM-12
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, s := context.Background(), service(d)
		ann := create(t, d, s, people.NewUser{Email: " Ann@ACME.example ", Name: "Ann Marie Holm"})

		t.Run("is stored with a normal address and split names", func(t *testing.T) {
			got, err := s.ByEmail(ctx, d, "ANN@acme.example")
			must(t, err)
			if got.ID != ann.ID || got.Email != "ann@acme.example" || got.FirstName != "Ann" || got.LastName != "Marie Holm" || got.Role != desk.RoleAgent {
				t.Fatalf("got %+v", got)
			}
			if !got.Active || !got.TakesWork || !got.Available {
				t.Fatalf("a new user is active, takes work and is available: %+v", got)
			}
		})
		t.Run("is unique by address in any spelling", func(t *testing.T) {
			err := write(t, d, func(ctx context.Context, tx *db.Tx) error {
				_, err := s.Create(ctx, tx, desk.System, people.NewUser{Email: "ann@Acme.Example", Name: "Other"})
				return err
			})
			if desk.CodeOf(err) != desk.Conflict || desk.ReasonOf(err) != "user.email_taken" {
				t.Fatalf("err = %v", err)
			}
			create(t, d, s, people.NewUser{Email: "bo@acme.example", Name: "Bo"})
			email := "ann@acme.example"
			bo, _ := s.ByEmail(ctx, d, "bo@acme.example")
			err = write(t, d, func(ctx context.Context, tx *db.Tx) error {
				_, err := s.Update(ctx, tx, desk.System, bo.ID, people.UserChange{Email: &email})
				return err
			})
			if desk.ReasonOf(err) != "user.email_taken" {
				t.Fatalf("err = %v", err)
			}
		})
		t.Run("refuses what cannot be", func(t *testing.T) {
			for field, n := range map[string]people.NewUser{
				"email":    {Email: "ann", Name: "A"},
				"role":     {Email: "x@acme.example", Role: "boss"},
				"timezone": {Email: "x@acme.example", Timezone: "Mars/Base"},
				"locale":   {Email: "x@acme.example", Locale: "Danish please"},
				"name":     {Email: "x@acme.example", Name: "two\nlines"},
			} {
				err := write(t, d, func(ctx context.Context, tx *db.Tx) error { _, err := s.Create(ctx, tx, desk.System, n); return err })
				if desk.CodeOf(err) != desk.Invalid {
					t.Errorf("%s: err = %v", field, err)
				}
			}
		})
		t.Run("changes are told with before and after, once", func(t *testing.T) {
			name, off := "Ann Berg", false
			for range 2 {
				must(t, write(t, d, func(ctx context.Context, tx *db.Tx) error {
					_, err := s.Update(ctx, tx, desk.ByUser(ann.ID), ann.ID, people.UserChange{Name: &name, Available: &off})
					return err
				}))
			}
			evs := events(t, d, desk.EvUserUpdated)
			if len(evs) != 1 || evs[0].UserID != ann.ID || evs[0].Actor != desk.ByUser(ann.ID) {
				t.Fatalf("%d events: %+v", len(evs), evs)
			}
			var data struct{ Changes map[string][2]string }
			must(t, json.Unmarshal(evs[0].Data, &data))
			if data.Changes["name"] != [2]string{"Ann Marie Holm", "Ann Berg"} {
				t.Fatalf("data = %s", evs[0].Data)
			}
			if n := len(events(t, d, desk.EvUserAvailability)); n != 1 {
				t.Fatalf("%d availability events", n)
			}
		})
		t.Run("preferences merge by key", func(t *testing.T) {
			for _, change := range []map[string]any{{"a": 1.0, "b": "x"}, {"a": nil, "c": true}} {
				must(t, write(t, d, func(ctx context.Context, tx *db.Tx) error {
					_, err := s.SetPreferences(ctx, tx, desk.ByUser(ann.ID), ann.ID, change)
					return err
				}))
			}
			got, err := s.Preferences(ctx, d, ann.ID)
			must(t, err)
			if len(got) != 2 || got["b"] != "x" || got["c"] != true {
				t.Fatalf("got %v", got)
			}
		})
	})
}

func TestLastActiveOwnerStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, s := context.Background(), service(d)
		one := create(t, d, s, people.NewUser{Email: "one@acme.example", Role: desk.RoleOwner})
		agent, off := desk.RoleAgent, false
		for _, c := range []people.UserChange{{Role: &agent}, {Active: &off}} {
			err := write(t, d, func(ctx context.Context, tx *db.Tx) error {
				_, err := s.Update(ctx, tx, desk.System, one.ID, c)
				return err
			})
			if desk.ReasonOf(err) != "user.last_owner" {
				t.Fatalf("err = %v", err)
			}
		}
		two := create(t, d, s, people.NewUser{Email: "two@acme.example", Role: desk.RoleOwner})
		owner := desk.RoleOwner
		for range 8 { // both demoted at once: exactly one may be
			ids := []desk.UserID{one.ID, two.ID}
			errs := desktest.Together(d, 2, func(ctx context.Context, tx *db.Tx, i int) error {
				_, err := s.Update(ctx, tx, desk.System, ids[i], people.UserChange{Role: &agent})
				return err
			})
			n, err := s.Owners(ctx, d)
			must(t, err)
			if n != 1 || (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("%d owners, errors %v", n, errs)
			}
			for _, id := range ids {
				must(t, write(t, d, func(ctx context.Context, tx *db.Tx) error {
					_, err := s.Update(ctx, tx, desk.System, id, people.UserChange{Role: &owner})
					return err
				}))
			}
		}
	})
}

func TestDeactivationCallsItsHooksInTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := service(d)
		u := create(t, d, s, people.NewUser{Email: "a@acme.example"})
		var got []desk.UserID
		s.OnDeactivate(func(_ context.Context, _ *db.Tx, id desk.UserID) error { got = append(got, id); return nil })
		off := false
		must(t, write(t, d, func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Update(ctx, tx, desk.System, u.ID, people.UserChange{Active: &off})
			return err
		}))
		if len(got) != 1 || got[0] != u.ID {
			t.Fatalf("got %v", got)
		}
	})
}

func TestTeam(t *testing.T) { // RT-13
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, s := context.Background(), service(d)
		ann := create(t, d, s, people.NewUser{Email: "ann@acme.example", Name: "Ann"})
		bo := create(t, d, s, people.NewUser{Email: "bo@acme.example", Name: "Bo"})
		var team desk.Team
		must(t, write(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
			team, err = s.CreateTeam(ctx, tx, desk.System, desk.Team{Name: "Süd & Ost", Members: []desk.UserID{ann.ID}, Extra: []desk.UserID{bo.ID, ann.ID}})
			return err
		}))
		if team.Slug != "sud-ost" || len(team.Members) != 1 || team.Members[0] != ann.ID || len(team.Extra) != 1 || team.Extra[0] != bo.ID {
			t.Fatalf("team = %+v", team)
		}
		must(t, write(t, d, func(ctx context.Context, tx *db.Tx) error {
			return s.SetMainTeams(ctx, tx, desk.System, bo.ID, []desk.TeamID{team.ID})
		}))
		team, err := s.TeamBySlug(ctx, d, "sud-ost")
		must(t, err)
		if len(team.Members) != 2 || len(team.Extra) != 0 {
			t.Fatalf("after becoming a main member: %+v", team)
		}
		users, err := s.List(ctx, d, false)
		must(t, err)
		if len(users) != 2 || len(users[1].Teams) != 1 {
			t.Fatalf("users = %+v", users)
		}
		if n := len(events(t, d, desk.EvTeamUpdated)); n != 2 {
			t.Fatalf("%d team events", n)
		}
		err = write(t, d, func(ctx context.Context, tx *db.Tx) error {
			_, err := s.CreateTeam(ctx, tx, desk.System, desk.Team{Slug: "sud-ost", Name: "Other"})
			return err
		})
		if desk.ReasonOf(err) != "team.slug_taken" {
			t.Fatalf("err = %v", err)
		}
		must(t, write(t, d, func(ctx context.Context, tx *db.Tx) error { return s.RemoveTeam(ctx, tx, desk.System, team.ID) }))
		if u, _ := s.Get(ctx, d, ann.ID); len(u.Teams) != 0 {
			t.Fatalf("a removed team still has %+v", u)
		}
		nobody, noTeam, err := s.Unknown(ctx, d, []string{"ann@acme.example", "x@acme.example"}, []string{"sud-ost"})
		must(t, err)
		if len(nobody) != 1 || len(noTeam) != 1 {
			t.Fatalf("unknown = %v %v", nobody, noTeam)
		}
	})
}
