package door_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/door"
	"github.com/kanalhq/kanal/internal/people"
)

// PM-10, PM-13: whoever sets up a provider says who people are, so nobody gets by it what they do not have.
func TestAProviderRaisesNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s, r := newDoor(k), newRealm(t)
		as := func(role desk.Role) desk.Actor {
			return desk.ByUser(k.User(func(n *people.NewUser) { n.Role = role }).ID)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.Access.CreateRole(ctx, tx, desk.System, desk.User{}, access.Role{Slug: "settings-only", Name: "Settings", Permissions: []access.Permission{access.SettingsManage}})
			return err
		})
		name, client := "Company", "kanal"
		set := func(by desk.Actor, c door.ProviderChange) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := s.SetProvider(ctx, tx, by, "company", c)
				return err
			})
		}
		whole := door.ProviderChange{Name: &name, Issuer: &r.URL, ClientID: &client}
		if err := set(as("settings-only"), whole); desk.ReasonOf(err) != "provider.above" {
			t.Fatalf("settings.manage alone makes one anybody: %v", err)
		}
		admin := as(desk.RoleAdmin)
		k.User(func(n *people.NewUser) { n.Email, n.Role = "ann@acme.example", desk.RoleOwner })
		if err := set(admin, whole); err != nil {
			t.Fatal(err)
		}
		if e, err := r.visit(t, s, nil); desk.ReasonOf(err) != "provider.owner" || e.Token != "" {
			t.Fatalf("an administrator's provider lets the owner in: %v", err)
		}
		if err := set(as(desk.RoleOwner), whole); err != nil {
			t.Fatal(err)
		}
		if e, err := r.visit(t, s, nil); err != nil || e.Token == "" {
			t.Fatalf("an owner's does not: %v", err)
		}
		if err := set(admin, whole); err != nil {
			t.Fatal(err)
		}
		if _, err := r.visit(t, s, nil); err != nil {
			t.Errorf("saving it as it is takes nothing away: %v", err)
		}
		other := "another"
		if err := set(admin, door.ProviderChange{ClientID: &other, Trust: &door.Trust{Owners: true}}); err != nil {
			t.Fatal(err)
		}
		if e, err := r.visit(t, s, map[string]any{"aud": other}); desk.ReasonOf(err) != "provider.owner" || e.Token != "" {
			t.Errorf("an administrator changed it, and the owner still comes in: %v", err)
		}
		if err := set(admin, door.ProviderChange{Trust: &door.Trust{Unmarked: true}}); desk.ReasonOf(err) != "provider.domains" {
			t.Errorf("anybody says to be anybody: %v", err)
		}
		elsewhere := "https://elsewhere.example"
		if err := set(admin, door.ProviderChange{Issuer: &elsewhere}); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := d.QueryRow(ctx, "SELECT COUNT(*) FROM sign_in_identities").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d accounts of the old provider are taken for the new one's: %v", n, err)
		}
	})
}

// A browser leaves out tabs and ends of lines: what then begins with two slashes leads away.
func TestWhereOneGoesAfterSigningInIsHere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s, r := newDoor(k), newRealm(t)
		name, client := "Company", "kanal"
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.SetProvider(ctx, tx, desk.System, "company", door.ProviderChange{Name: &name, Issuer: &r.URL, ClientID: &client})
			return err
		})
		for given, want := range map[string]string{"/\t/evil.example": "/", "/\n/evil.example": "/", `/\evil.example`: "/", "https://evil.example/": "/", "javascript:alert(1)": "/", "/ticket/7?a=b": "/ticket/7?a=b"} {
			to, cookie, err := s.Depart(ctx, "company", given, here)
			if err != nil {
				t.Fatal(err)
			}
			u, _ := url.Parse(to)
			_, next, _ := s.Return(ctx, "company", url.Values{"state": {u.Query().Get("state")}, "code": {"c"}}, cookie, from)
			if next != want {
				t.Errorf("%q leads to %q", given, next)
			}
		}
	})
}
