package transfer_test

import (
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/transfer"
)

// EM-35, EM-36: the lists and the filters are settings like any other: a file changes them, applies again without change, and is refused at its line.
func TestSpamSettingsGoThroughAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := service(k, env)
		s.Spam = spam.New(d, k.Clock, k.Events)
		const text = `version: 1
spam:
  hold: {marketing: true}
  senders:
    - {value: promo.example, action: deny, note: too many}
    - {value: good@promo.example, action: allow}
`
		if p := apply(t, s, text, transfer.Options{Actor: desk.System}); len(p.Changes) != 3 || !strings.Contains(p.Text(), "promo.example") {
			t.Fatalf("plan: %s", p.Text())
		}
		if p := apply(t, s, text, transfer.Options{Actor: desk.System}); !p.Empty() {
			t.Errorf("again: %s", p.Text())
		}
		if on, err := s.Spam.Settings(t.Context(), d); err != nil || on != (spam.Settings{Marketing: true}) {
			t.Errorf("%+v %v", on, err)
		}
		out := desktest.Must[[]byte](t)(s.Section(t.Context(), "spam", ""))
		if p := apply(t, s, string(out), transfer.Options{Actor: desk.System}); !p.Empty() || !strings.Contains(string(out), "note: too many") {
			t.Errorf("exported: %s\n%s", out, p.Text())
		}
		apply(t, s, "version: 1\nspam:\n  senders:\n    - {value: good@promo.example, action: allow}\n", transfer.Options{Actor: desk.System, Prune: true})
		if all, err := s.Spam.All(t.Context(), d); err != nil || len(all) != 1 {
			t.Errorf("pruned: %+v %v", all, err)
		}
		if _, err := s.Apply(t.Context(), []byte("version: 1\nspam:\n  senders:\n    - {value: com, action: deny}\n"), transfer.Options{Actor: desk.System}); err == nil || !strings.Contains(desk.PublicOf(err), "com") {
			t.Errorf("a whole top level: %v", err)
		}
	})
}
