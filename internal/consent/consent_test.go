package consent_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/webchat"
)

// CO-06: who, when, which channel, exact wording and version, and that it can be taken back and exported.
func TestProofOfConsent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := consent.New(k.Clock, k.Events)
		record := func(e consent.Entry) (out consent.Entry) {
			t.Helper()
			k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				out, err = s.Record(ctx, tx, e)
				return err
			})
			return out
		}
		state := func(version string) string {
			t.Helper()
			st, err := s.State(ctx, d, 7, 3, consent.Process, version)
			if err != nil {
				t.Fatal(err)
			}
			return st
		}
		n, ok := consent.NoticeOf(webchat.Privacy{Consent: "explicit", Text: webchat.Words{"en": "May we?", "da": "Må vi?"}}, "da-DK")
		if !ok || n.Text != "Må vi?" || n.Locale != "da" || n.Version != consent.Version("Må vi?") || n.Declined == "" {
			t.Fatalf("%+v", n)
		}
		base := consent.Entry{VisitorID: 7, AccountID: 3, Channel: "x", Kind: n.Kind, Locale: n.Locale, Wording: n.Text, IP: "10.0.0.0", UserAgent: "Firefox"}
		with := func(action string) consent.Entry { e := base; e.Action = action; return e }
		if state(n.Version) != consent.None {
			t.Error("nobody was asked")
		}
		record(with(consent.Shown))
		if state(n.Version) != consent.None {
			t.Error("what is shown is no answer")
		}
		first := record(with(consent.Given))
		if again := record(with(consent.Given)); again.ID != first.ID {
			t.Error("a repeated request leaves one proof")
		}
		if state(n.Version) != consent.Given || state("other words") != consent.None || state("") != consent.Given {
			t.Error("consent is to the words that were shown")
		}
		record(with(consent.Withdrawn))
		if state(n.Version) != consent.Withdrawn || state("other words") != consent.Withdrawn {
			t.Error("a withdrawal holds")
		}
		es, err := s.OfVisitor(ctx, d, 7)
		if err != nil || len(es) != 3 || es[1].Wording != "Må vi?" || es[1].Action != consent.Given || es[1].IP != "10.0.0.0" || es[1].At == 0 || es[1].Locale != "da" || es[1].Version != n.Version {
			t.Fatalf("%+v %v", es, err)
		}
		if n := len(k.EventsOf(desk.EvConsent)); n != 2 {
			t.Errorf("%d events: showing is none, a repetition is none", n)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return s.Bind(ctx, tx, 7, 11) })
		k.Write(func(ctx context.Context, tx *db.Tx) error { return s.Move(ctx, tx, 11, 12) })
		if es, _ = s.OfContact(ctx, d, 12); len(es) != 3 {
			t.Errorf("the proof goes with the person: %d", len(es))
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return s.Forget(ctx, tx, []desk.ContactID{12}, nil, nil) })
		if es, _ = s.OfVisitor(ctx, d, 7); len(es) != 0 {
			t.Errorf("an erasure takes it away: %d", len(es)) // CO-08
		}
		for _, bad := range []consent.Entry{{VisitorID: 7, Kind: "explicit", Action: "given"}, {Kind: "explicit", Action: "given", Wording: "x"}, {VisitorID: 7, Kind: "vague", Action: "given", Wording: "x"}, {VisitorID: 7, Kind: "explicit", Action: "sold", Wording: "x"}} {
			if err := k.Try(func(ctx context.Context, tx *db.Tx) error { _, err := s.Record(ctx, tx, bad); return err }); desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

// CO-04: explicit, implicit or none, each with words of ours in five languages where there are no others.
func TestNotices(t *testing.T) {
	if _, ok := consent.NoticeOf(webchat.Privacy{Consent: "none", Text: webchat.Words{"en": "x"}}, "en"); ok {
		t.Error("nothing is asked where nothing is to be")
	}
	seen := map[string]bool{}
	for _, kind := range []string{consent.Explicit, consent.Implicit} {
		for _, lang := range []string{"en", "da", "de", "sv", "fi"} {
			n, ok := consent.NoticeOf(webchat.Privacy{Consent: kind}, lang)
			if !ok || n.Locale != lang || seen[n.Text] || n.Declined == "" {
				t.Errorf("%s %s: %+v", kind, lang, n)
			}
			seen[n.Text] = true
		}
	}
}
