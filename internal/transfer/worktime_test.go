package transfer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/transfer"
	"github.com/kanalhq/kanal/internal/worktime"
)

const workFile = `version: 1
holiday_calendars: [{slug: denmark, name: Denmark, country: DK, days: [{date: 12-25, name: Juledag}]}]
business_hours: [{slug: office, name: Office, schedule: {timezone: Europe/Copenhagen, ranges: [{days: [1, 2, 3, 4, 5], from: "09:00", to: "17:00"}]}, calendars: [denmark]}]
idle: {minutes: 15}
teams: [{slug: support, name: Support, calendar: denmark}]
users: [{email: ann@acme.example, role: agent, teams: [support], calendar: denmark, hours: {mon-fri: "09:00-12:00, 13-17", sat: "10:00-14:00"}}]
`

// AV-04, AV-07, AV-09, AV-11: hours, holidays and idling stand in the settings file: applied, told apart, exported, and applied again without a change.
func TestWorktimeAsText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := service(k, env)
		s.Worktime = worktime.New(d, k.Clock, k.Events)
		plan, err := s.Apply(ctx, []byte(workFile), transfer.Options{Actor: desk.System})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"holiday_calendar denmark", "business_hours office", "idle", "user ann@acme.example"} {
			if !strings.Contains(plan.Text(), want) {
				t.Errorf("the plan says nothing of %s:\n%s", want, plan.Text())
			}
		}
		ann, _ := k.People.ByEmail(ctx, d, "ann@acme.example")
		now, err := k.People.Presence(ctx, d, ann.ID)
		if err != nil || now.Hours == nil || len(now.Hours.Ranges) != 3 || now.Calendar != "denmark" {
			t.Fatalf("%+v %v", now, err)
		}
		if idle, _ := k.Settings.Idle(ctx, d); idle.Minutes != 15 {
			t.Fatalf("idle %+v", idle)
		}
		if sch, err := s.Worktime.Hours(ctx, d, "office"); err != nil || len(sch.Holidays) != 1 {
			t.Fatalf("%+v %v", sch, err)
		}
		text, err := s.Export(ctx)
		if err != nil || !strings.Contains(string(text), "mon-fri: 09:00-12:00, 13:00-17:00") {
			t.Fatalf("%v\n%s", err, text)
		}
		if again, err := s.Apply(ctx, text, transfer.Options{Actor: desk.System}); err != nil || !again.Empty() {
			t.Fatalf("%v\n%s", err, again.Text())
		}
		if _, err := s.Apply(ctx, []byte("version: 1\nusers: [{email: ann@acme.example, hours: {someday: nine}}]\n"), transfer.Options{Actor: desk.System}); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Fatalf("hours that mean nothing: %v", err)
		}
	})
}

// CO-10, CO-12: terms of keeping and what is blanked out go through a file; what it does not say stays.
func TestPrivacyGoesThroughAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := service(k, env)
		name := k.Channels.All()[0].Spec().Channel
		by := transfer.Options{Actor: desk.System}
		text := "version: 1\nprivacy:\n  keeping: {messages: {" + name + ": 365}, open: true}\n  redaction: {kinds: {card: masked}, own: [{name: Case, pattern: 'CASE-\\d+', mode: removed}]}\n"
		if p := apply(t, s, text, by); !strings.Contains(p.Text(), "~ privacy privacy") {
			t.Fatalf("plan: %s", p.Text())
		}
		if p := apply(t, s, text, by); !p.Empty() {
			t.Errorf("again: %s", p.Text())
		}
		now := desktest.Must[setting.Keeping](t)(k.Settings.Keeping(t.Context(), d))
		if now.Messages[name] != 365 || !now.Open || now.PageViews != 180 || now.Spam != setting.AsInstalled || !now.Erased {
			t.Errorf("%+v", now)
		}
		if r := desktest.Must[setting.Redaction](t)(k.Settings.Redaction(t.Context(), d)); r.Kinds["card"] != setting.Masked || len(r.Own) != 1 {
			t.Errorf("%+v", r)
		}
		all := desktest.Must[[]byte](t)(s.Export(t.Context()))
		if p := desktest.Must[transfer.Plan](t)(s.Diff(t.Context(), all, by)); !p.Empty() {
			t.Errorf("what was exported changes something: %s", p.Text())
		}
		for _, bad := range []string{"version: 1\nprivacy: {keeping: {messages: {pigeon: 3}}}\n", "version: 1\nprivacy: {redaction: {kinds: {card: perhaps}}}\n"} {
			if _, err := s.Apply(t.Context(), []byte(bad), by); desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}
