package transfer_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	formchannel "github.com/kanalhq/kanal/internal/channel/form"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/skill"
	"github.com/kanalhq/kanal/internal/transfer"
	"github.com/kanalhq/kanal/internal/worktime"
)

const skilled = `version: 1
skills:
  - {slug: subjects, name: Subjects, skills: [{slug: billing, name: Billing}, {slug: wheels}]}
users:
  - {email: ann@acme.example, skills: [de, {skill: da, level: 5, main: true}, {skill: billing, level: 2, expires: 2030-06-30}], capacity: {total: 5, messages: 0}}
work:
  capacity: {default: {total: 8}, exclude: {statuses: [waiting_on_contact], idle_days: 30}, weights: {urgent: 3}, call_blocks: true}
  associations: {contact_tickets: 500}
channels:
  - slug: support-mail
    channel: post
    inbox: helpdesk
    settings: {address: support@acme.example}
    assign:
      to: contact_owner
      mail_owner: true
      own_contact: true
      hold_seconds: 600
      fallback: [{to: users, users: [ann@acme.example]}]
      rules:
        - {name: Danish, if: {when: [{field: language, op: is, values: [da]}]}, skills: [{skill: language, level: 3}, {skill: billing, preferred: true}], relax_seconds: 60}
`

func TestSkillsLimitsAndRulesAreInTheFile(t *testing.T) { // SK-01, SK-03, SK-06, CP-03, CP-06
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		skills := skill.New(k.Clock, k.Events, nil)
		s := transfer.New(transfer.Deps{DB: k.DB, Channels: k.Channels, People: k.People, Properties: k.Properties, Tickets: k.Tickets, Inboxes: k.Inboxes, Settings: k.Settings, Skills: skills})
		text := []byte(strings.ReplaceAll(skilled, "channel: post", "channel: "+k.Channels.All()[0].Spec().Channel))
		if _, err := s.Apply(ctx, text, transfer.Options{}); err != nil {
			t.Fatal(err)
		}
		ann, err := k.People.ByEmail(ctx, d, "ann@acme.example")
		if err != nil {
			t.Fatal(err)
		}
		held, err := skills.Of(ctx, d, []desk.UserID{ann.ID})
		if got := held[ann.ID]; err != nil || len(got) != 3 || got[0].Slug != "da" || got[0].Level != 5 || !got[0].Main || got[1].Slug != "billing" || got[1].ExpiresAt == 0 || got[2].Level != 3 {
			t.Errorf("skills %+v, %v", got, err)
		}
		own, _ := k.People.Capacities(ctx, d, []desk.UserID{ann.ID})
		if c := own[ann.ID]; c.Total == nil || *c.Total != 5 || c.Messages == nil || *c.Messages != 0 || c.Email != nil {
			t.Errorf("limits %+v", own)
		}
		if l, err := k.Settings.Associations(ctx, d); err != nil || l.ContactTickets != 500 { // CR-07
			t.Errorf("%+v %v", l, err)
		}
		c, err := k.Settings.Capacity(ctx, d)
		if err != nil || *c.Default.Total != 8 || c.Exclude.IdleDays != 30 || c.Weights["urgent"] != 3 || !c.CallBlocks {
			t.Errorf("%+v, %v", c, err)
		}
		acc, err := k.Inboxes.AccountBySlug(ctx, d, "support-mail")
		if a := acc.Assign; err != nil || len(a.Rules) != 1 || a.Rules[0].Skills[0].Level != 3 || !a.Rules[0].Skills[1].Preferred || a.Rules[0].RelaxSeconds != 60 || !a.MailOwner || !a.OwnContact || a.HoldSeconds != 600 || a.Fallback[0].Users[0] != "ann@acme.example" {
			t.Errorf("%+v, %v", a, err)
		}
		export, err := s.Export(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range [][]byte{text, export} {
			if again, err := s.Apply(ctx, b, transfer.Options{}); err != nil || !again.Empty() {
				t.Errorf("applied again:\n%s\n%v", again.Text(), err)
			}
		}
		for want, bad := range map[string]string{
			"skill.unknown":           "version: 1\nusers: [{email: ann@acme.example, skills: [juggling]}]\n",
			"config.date":             "version: 1\nusers: [{email: ann@acme.example, skills: [{skill: da, expires: soon}]}]\n",
			"capacity.limit":          "version: 1\nusers: [{email: ann@acme.example, capacity: {total: -1}}]\n",
			"capacity.status_unknown": "version: 1\nwork: {capacity: {exclude: {statuses: [nowhere]}}}\n",
		} {
			if _, err := s.Apply(ctx, []byte(bad), transfer.Options{}); desk.ReasonOf(err) != want {
				t.Errorf("%s: %v", want, err)
			}
		}
	})
}

// The manual's example of who gets the work is applied whole, and means the same afterwards.
func TestTheManualsExampleApplies(t *testing.T) {
	page, err := os.ReadFile("../../docs/manual/settings-file.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1)
	text := blocks[len(blocks)-1][1]
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d, desktest.Post{}, formchannel.New())
		s := service(k, env)
		s.Skills, s.Worktime, s.Forms = skill.New(k.Clock, k.Events, nil), worktime.New(d, k.Clock, k.Events), form.New(k.Clock, k.Events)
		s.Access = k.Access
		plan, err := s.Apply(ctx, text, transfer.Options{Actor: desk.System})
		if err != nil {
			t.Fatal(desk.PublicOf(err), err)
		}
		for _, want := range []string{"skill", "business_hours office", "form contact", "channel contact-form", "role night-shift", "capacity"} {
			if !strings.Contains(plan.Text(), want) {
				t.Errorf("the plan says nothing of %s:\n%s", want, plan.Text())
			}
		}
		if again, err := s.Apply(ctx, text, transfer.Options{Actor: desk.System}); err != nil || !again.Empty() {
			t.Errorf("applied again: %v\n%s", err, again.Text())
		}
	})
}
