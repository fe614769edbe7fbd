package transfer_test

import (
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/survey"
	"github.com/kanalhq/kanal/internal/transfer"
)

// WS-25: the survey is a setting like any other: a file changes it by the names of inboxes, applies again without change, leaves alone what it does not say, and is
// refused at its line.
func TestTheSurveyGoesThroughAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := service(k, env)
		s.Surveys = survey.New(survey.Deps{DB: d, Clock: k.Clock, Events: k.Events})
		by := transfer.Options{Actor: desk.System}
		out := desktest.Must[[]byte](t)(s.Section(t.Context(), "survey", ""))
		if p := apply(t, s, string(out), by); !p.Empty() || !strings.Contains(string(out), "delay_minutes: 60") || !strings.Contains(string(out), "inboxes: []") {
			t.Errorf("as it begins: %s\n%s", out, p.Text())
		}
		const text = `version: 1
inboxes: [{slug: helpdesk, kind: helpdesk, name: Help desk}, {slug: sales, kind: inbox, name: Sales}]
survey: {on: true, delay_minutes: 1440, every_days: 30, inboxes: [sales, helpdesk]}
`
		if p := apply(t, s, text, by); !strings.Contains(p.Text(), "~ survey survey") || !strings.Contains(p.Text(), `inboxes: [] → ["helpdesk","sales"]`) {
			t.Fatalf("plan: %s", p.Text())
		}
		if p := apply(t, s, text, by); !p.Empty() {
			t.Errorf("again: %s", p.Text())
		}
		sales := desktest.Must[desk.Inbox](t)(s.Inboxes.InboxBySlug(t.Context(), d, "sales"))
		apply(t, s, "version: 1\nsurvey: {inboxes: [sales]}\n", by)
		now := desktest.Must[survey.Settings](t)(s.Surveys.Settings(t.Context(), d))
		if !now.On || now.DelayMinutes != 1440 || now.EveryDays != 30 || len(now.Inboxes) != 1 || now.Inboxes[0] != sales.ID {
			t.Errorf("%+v", now)
		}
		all := desktest.Must[[]byte](t)(s.Export(t.Context()))
		if p := desktest.Must[transfer.Plan](t)(s.Diff(t.Context(), all, by)); !p.Empty() {
			t.Errorf("what was exported changes something: %s", p.Text())
		}
		for text, want := range map[string]string{
			"version: 1\nsurvey:\n  on: true\n  inboxes: [returns]\n": `line 4, survey.inboxes[0]: There is no inbox "returns".`,
			"version: 1\nsurvey:\n  on: true\n  every_days: 900\n":    "line 4, survey.every_days:",
		} {
			if _, err := s.Apply(t.Context(), []byte(text), by); err == nil || !strings.Contains(desk.PublicOf(err), want) {
				t.Errorf("%q: %v", text, err)
			}
		}
		apply(t, s, "version: 1\nsurvey: {on: false, inboxes: []}\n", by)
		if now := desktest.Must[survey.Settings](t)(s.Surveys.Settings(t.Context(), d)); now.On || len(now.Inboxes) != 0 {
			t.Errorf("%+v", now)
		}
	})
}
