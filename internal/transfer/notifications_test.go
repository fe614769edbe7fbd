package transfer_test

import (
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/notify"
	"github.com/kanalhq/kanal/internal/transfer"
)

// WS-15: what people are told of by default is settings like any other: a file changes it, applies again without change, and is refused at its line.
func TestNotificationDefaultsGoThroughAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := service(k, env)
		s.Notify = notify.New(notify.Deps{DB: d, Clock: k.Clock, Events: k.Events, People: k.People})
		const text = `version: 1
notifications:
  kinds: {customer_replied: {email: true, desktop: false}}
  email: {mode: daily, at: "07:30"}
  quiet: {on: true, from: "18:00", to: "08:00", days: [mon, tue], days_off: [sat, sun], zone: Europe/Copenhagen}
`
		if p := apply(t, s, text, transfer.Options{Actor: desk.System}); len(p.Changes) != 1 || !strings.Contains(p.Text(), "customer_replied.email") {
			t.Fatalf("plan: %s", p.Text())
		}
		if p := apply(t, s, text, transfer.Options{Actor: desk.System}); !p.Empty() {
			t.Errorf("again: %s", p.Text())
		}
		set := desktest.Must[notify.Settings](t)(s.Notify.Defaults(t.Context(), d))
		if !set.Kinds[notify.CustomerReplied][notify.Email] || set.Kinds[notify.CustomerReplied][notify.Desktop] || set.Email.At != "07:30" || !set.Quiet.On || len(set.Quiet.DaysOff) != 2 {
			t.Errorf("set: %+v", set)
		}
		if _, err := s.Apply(t.Context(), []byte("version: 1\nnotifications:\n  kinds: {birthday: {email: true}}\n"), transfer.Options{Actor: desk.System}); err == nil || !strings.Contains(desk.PublicOf(err), "birthday") {
			t.Errorf("a kind that is not: %v", err)
		}
	})
}
