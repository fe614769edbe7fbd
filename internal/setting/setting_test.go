package setting_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/secret"
	"github.com/kanalhq/kanal/internal/setting"
)

func TestCompany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		if c, err := k.Settings.Company(ctx, d); err != nil || c != setting.DefaultCompany {
			t.Fatalf("%+v %v", c, err)
		}
		set := func(c setting.CompanyChange) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Settings.SetCompany(ctx, tx, desk.System, c)
				return err
			})
		}
		name, zone, bad := " Acme ", "Europe/Copenhagen", "Mars/Base"
		n := len(k.EventsOf(desk.EvSettingsChanged))
		for range 2 {
			if err := set(setting.CompanyChange{Name: &name, Timezone: &zone}); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := k.Settings.Company(ctx, d); err != nil || c != (setting.Company{Name: "Acme", Locale: "en", Timezone: zone, Color: "#1f6feb"}) {
			t.Fatalf("%+v %v", c, err)
		}
		if len(k.EventsOf(desk.EvSettingsChanged)) != n+1 {
			t.Error("a change is told once")
		}
		for reason, c := range map[string]setting.CompanyChange{"company.timezone_unknown": {Timezone: &bad}, "company.locale_malformed": {Locale: &bad}} {
			if err := set(c); desk.ReasonOf(err) != reason {
				t.Errorf("%s: %v", reason, err)
			}
		}
	})
}

func TestAForeignMasterKeyIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		other, err := secret.New(bytes.Repeat([]byte{9}, 32))
		if err != nil {
			t.Fatal(err)
		}
		check := func(box *secret.Box) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) error { return k.Settings.CheckKey(ctx, tx, box) })
		}
		for range 2 {
			if err := check(k.Box); err != nil {
				t.Fatal(err)
			}
		}
		if err := check(other); desk.ReasonOf(err) != "secret.wrong_key" {
			t.Fatalf("err = %v", err)
		}
	})
}
