package transfer_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/transfer"
)

const whole = `
version: 1
company: {name: Acme, locale: en, timezone: Europe/Copenhagen}
users:    [{email: ann@acme.example, name: Ann Holm, role: agent, teams: [support], hours: {mon-fri: "09:00-17:00"}}, {email: bo@acme.example, role: supervisor}]
teams:    [{slug: support, name: Support, extra_members: [bo@acme.example]}]
properties: [{object: ticket, name: plan, label: Plan, type: choice, options: [free, gold]}]
pipelines: [{slug: support, name: Support, statuses: [{slug: new, name: New, state: open}, {slug: closed, name: Closed, state: closed}]}, {slug: returns, statuses: [{slug: asked, state: open}, {slug: done, state: closed}]}]
inboxes:  [{slug: helpdesk, kind: helpdesk, name: Help desk}, {slug: sales, kind: inbox, name: Sales, access: {users: [bo@acme.example], teams: [support]}}]
channels:
  - slug: support-mail
    channel: post
    inbox: helpdesk
    name: Support
    settings: {kind: fetched, address: support@acme.example, server: {host: 127.0.0.1, port: 1143}, password: {env: MAIL_PASSWORD}, server.key: {file: /run/key}}
    ticket: {create: always, pipeline: support, status: new, priority: medium, properties: {plan: gold}}
    assign: {to: teams, teams: [support], available_only: true, by: least_open}
`

type outside map[string]string

func service(k *desktest.Desk, o outside) *transfer.Service {
	get := func(name string) (string, bool) { v, ok := o[name]; return v, ok }
	return transfer.New(transfer.Deps{DB: k.DB, Channels: k.Channels, People: k.People, Properties: k.Properties, Tickets: k.Tickets, Inboxes: k.Inboxes, Settings: k.Settings,
		Outside: transfer.Outside{Getenv: get, ReadFile: func(path string) ([]byte, error) {
			if v, ok := o[path]; ok {
				return []byte(v), nil
			}
			return nil, errors.New("no such file")
		}}})
}

var env = outside{"MAIL_PASSWORD": "hunter2", "/run/key": "k1\n"}

func apply(t *testing.T, s *transfer.Service, text string, o transfer.Options) transfer.Plan {
	t.Helper()
	p, err := s.Apply(context.Background(), []byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAFileAppliesWholeAndOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := service(k, env)
		plan, err := s.Diff(ctx, []byte(whole), transfer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.People.ByEmail(ctx, d, "ann@acme.example"); desk.CodeOf(err) != desk.NotFound {
			t.Fatal("a diff changed something")
		}
		done := apply(t, s, whole, transfer.Options{})
		if plan.Text() != done.Text() || done.Empty() {
			t.Fatalf("the diff said\n%s\nand this was done\n%s", plan.Text(), done.Text())
		}
		t.Run("everything is there", func(t *testing.T) {
			ann, err := k.People.ByEmail(ctx, d, "ann@acme.example")
			if err != nil || ann.Name != "Ann Holm" || len(ann.Teams) != 1 {
				t.Errorf("%+v %v", ann, err)
			}
			if now, err := k.People.Presence(ctx, d, ann.ID); err != nil || now.Hours == nil || len(now.Hours.Ranges) != 1 || now.Hours.Ranges[0].From != "09:00" {
				t.Errorf("hours count: %+v %v", now, err)
			}
			acc, err := k.Inboxes.AccountBySlug(ctx, d, "support-mail")
			if err != nil || acc.Address != "support@acme.example" || acc.Ticket.Priority != "medium" || acc.Assign.Teams[0] != "support" || !acc.Active {
				t.Errorf("%+v %v", acc, err)
			}
			full, err := k.Inboxes.AccountWithSecrets(ctx, d, acc.ID)
			if err != nil || string(full.Secrets) != `{"password":"hunter2","server":{"key":"k1"}}` {
				t.Errorf("secrets %s %v", full.Secrets, err)
			}
			box, err := k.Inboxes.InboxBySlug(ctx, d, "sales")
			if err != nil || box.Access.Everyone || len(box.Access.Users) != 1 || len(box.Access.Teams) != 1 {
				t.Errorf("%+v %v", box, err)
			}
			team, _ := k.People.TeamBySlug(ctx, d, "support")
			if len(team.Members) != 1 || len(team.Extra) != 1 {
				t.Errorf("%+v", team)
			}
			if c, _ := k.Settings.Company(ctx, d); c.Name != "Acme" || c.Timezone != "Europe/Copenhagen" {
				t.Errorf("%+v", c)
			}
			pipe, _ := k.Tickets.PipelineBySlug(ctx, d, "support")
			if len(pipe.Statuses) != 4 || pipe.Statuses[3].Slug != "closed" || pipe.Statuses[1].Slug != "waiting_on_contact" {
				t.Errorf("statuses that the file leaves out keep their place: %+v", pipe.Statuses)
			}
		})
		t.Run("again changes nothing and tells nothing", func(t *testing.T) {
			n := len(k.EventsOf(""))
			if p := apply(t, s, whole, transfer.Options{}); !p.Empty() {
				t.Errorf("%s", p.Text())
			}
			if m := len(k.EventsOf("")); m != n {
				t.Errorf("%d more events", m-n)
			}
			if p, err := s.Diff(ctx, []byte(whole), transfer.Options{}); err != nil || p.Text() != "No changes.\n" {
				t.Errorf("%s %v", p.Text(), err)
			}
		})
		t.Run("an export applies without change and holds no secret", func(t *testing.T) {
			text, err := s.Export(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "hunter2") || strings.Count(string(text), ": keep\n") != 2 {
				t.Errorf("%s", text)
			}
			n := len(k.EventsOf(""))
			if p := apply(t, service(k, nil), string(text), transfer.Options{Prune: true}); !p.Empty() || len(k.EventsOf("")) != n {
				t.Errorf("%s\n%s", p.Text(), text)
			}
			again, err := s.Export(ctx)
			if err != nil || string(again) != string(text) {
				t.Errorf("two exports differ: %v", err)
			}
		})
		t.Run("a diff shows before and after, of secrets only that they change", func(t *testing.T) {
			changed := strings.NewReplacer("name: Support\n", "name: Care\n", "priority: medium", "priority: high", "role: supervisor", "role: light").Replace(whole)
			p, err := service(k, outside{"MAIL_PASSWORD": "hunter3", "/run/key": "k1"}).Diff(ctx, []byte(changed), transfer.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := `~ user bo@acme.example
    role: "supervisor" → "light"
~ channel support-mail
    name: "Support" → "Care"
    ticket.priority: "medium" → "high"
    settings.password: "(secret)" → "(another secret)"
`
			if p.Text() != want {
				t.Errorf("got\n%s", p.Text())
			}
		})
	})
}

func TestPruneRemovesWhatTheFileLeavesOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := service(k, env)
		owner := k.User(desktest.Role(desk.RoleOwner))
		apply(t, s, whole, transfer.Options{})
		small := `
version: 1
users: [{email: ann@acme.example}]
teams: []
properties: []
pipelines: [{slug: support, statuses: [{slug: new, name: New, state: open}, {slug: closed, name: Closed, state: closed}]}]
inboxes: [{slug: helpdesk}]
channels: []
`
		if p := apply(t, s, small, transfer.Options{}); !p.Empty() {
			t.Errorf("without pruning what is left out is left alone: %s", p.Text())
		}
		p := apply(t, s, small, transfer.Options{Prune: true})
		for _, want := range []string{"- channel support-mail", "- inbox sales", "- pipeline returns", "- property ticket.plan", "- team support", "~ user bo@acme.example\n    active: (none) → false", "~ pipeline support"} {
			if !strings.Contains(p.Text(), want) {
				t.Errorf("no %q in\n%s", want, p.Text())
			}
		}
		if u, _ := k.People.Get(ctx, d, owner.ID); !u.Active {
			t.Error("the owner was pruned")
		}
		if _, err := k.Inboxes.AccountBySlug(ctx, d, "fallback"); err != nil {
			t.Errorf("the fallback was pruned: %v", err)
		}
		if p := apply(t, s, "version: 1\n", transfer.Options{Prune: true}); !p.Empty() {
			t.Errorf("a section that the file does not have is left alone: %s", p.Text())
		}
	})
}

func TestFaultsNameTheirLineAndWhatWasMeant(t *testing.T) {
	k := desktest.New(t, dbtest.SQLite(t))
	s := service(k, env)
	for name, c := range map[string]struct{ text, want string }{
		"an unknown key":            {"version: 1\nusers:\n  - email: a@acme.example\n    rolle: agent\n", `line 4: users[0] has no "rolle". Did you mean "role"?`},
		"an unknown section":        {"version: 1\nchanels: []\n", `line 2: a settings file has no "chanels". Did you mean "channels"?`},
		"several at once":           {"version: 1\ncompany: {nam: A, zone: x}\n", "Did you mean \"name\"?\nline 2: company has no \"zone\""},
		"a key twice":               {"version: 1\ncompany:\n  name: A\n  name: B\n", "line 4: name is given twice"},
		"a wrong type":              {"version: 1\nusers:\n  - email: a@acme.example\n    active: perhaps\n", "line 4: expected true or false, found perhaps"},
		"a list where text is":      {"version: 1\ncompany: {name: [a]}\n", "line 2: expected text, found a list"},
		"broken YAML":               {"version: 1\nusers: [\n", "line 2: did not find expected node content"},
		"nothing":                   {"", "The settings file is empty"},
		"another version":           {"version: 2\n", "line 1, version: This Kanal reads settings of version 1"},
		"an unknown role":           {"version: 1\nusers:\n  - email: a@acme.example\n    role: agnet\n", `line 4, users[0].role: "agnet" is not a role. Did you mean "agent"?`},
		"an unknown team":           {"version: 1\nteams: [{slug: support}]\nusers:\n  - email: a@acme.example\n    teams: [suport]\n", `line 5, users[0].teams[0]: There is no team "suport". Did you mean "support"?`},
		"no address":                {"version: 1\nusers: [{email: nobody}]\n", `line 2, users[0].email: "nobody" is not an email address.`},
		"a user twice":              {"version: 1\nusers:\n  - email: a@acme.example\n  - email: A@acme.example\n", `line 4, users[1]: "a@acme.example" is there twice.`},
		"an unknown channel":        {"version: 1\nchannels:\n  - slug: x\n    channel: past\n", `line 4, channels[0].channel: There is no channel "past". Did you mean "post"?`},
		"an unknown inbox":          {"version: 1\nchannels: [{slug: x, channel: post, inbox: helpdsk, settings: {kind: hosted, address: x@acme.example}}]\n", `channels[0].inbox: There is no inbox "helpdsk". Did you mean "helpdesk"?`},
		"an unknown status":         {"version: 1\nchannels:\n  - slug: x\n    channel: post\n    settings: {kind: hosted, address: x@acme.example}\n    ticket:\n      status: nwe\n", "line 7, channels[0].ticket.status: The pipeline Support has no status \"nwe\"; it has new, waiting_on_contact"},
		"a missing variable":        {"version: 1\nchannels:\n  - slug: x\n    channel: post\n    settings:\n      password: {env: NOPE}\n", "line 6, channels[0].settings.password: The environment variable NOPE is not set."},
		"a missing file":            {"version: 1\nchannels: [{slug: x, channel: post, settings: {password: {file: /nope}}}]\n", "The file /nope cannot be read."},
		"env for what is no secret": {"version: 1\nchannels: [{slug: x, channel: post, settings: {address: {env: HOME}}}]\n", "channels[0].settings.address: Only secrets are read from the environment or a file (password, server.key)"},
		"an adapter's refusal":      {"version: 1\nchannels:\n  - slug: x\n    channel: post\n    settings:\n      kind: fetched\n      address: x@acme.example\n", "channels[0]: Enter the password."},
		"a second help desk's kind": {"version: 1\ninboxes: [{slug: helpdesk, kind: inbox}]\n", "line 2, inboxes[0].kind: helpdesk is of kind helpdesk, which stays."},
		"no closed status":          {"version: 1\npipelines: [{slug: x, statuses: [{slug: a, state: open}]}]\n", "line 2, pipelines[0].statuses: A pipeline needs at least one open and one closed status."},
		"an unknown zone":           {"version: 1\ncompany:\n  timezone: Mars/Base\n", `line 3, company.timezone: "Mars/Base" is not a time zone`},
	} {
		t.Run(name, func(t *testing.T) {
			n := len(k.EventsOf(""))
			_, err := s.Apply(context.Background(), []byte(c.text), transfer.Options{})
			if !strings.Contains(desk.PublicOf(err), c.want) || desk.CodeOf(err) == desk.Internal {
				t.Fatalf("err = %v\nwant %s", err, c.want)
			}
			if _, e := s.Diff(context.Background(), []byte(c.text), transfer.Options{}); e == nil || e.Error() != err.Error() {
				t.Errorf("a diff says %v", e)
			}
			if len(k.EventsOf("")) != n {
				t.Error("something was changed all the same")
			}
		})
	}
}

func TestTheHelpDeskIsTheOneOfThatKind(t *testing.T) { // IH-08
	k := desktest.New(t, dbtest.SQLite(t))
	s := service(k, env)
	before := k.Helpdesk()
	apply(t, s, "version: 1\ninboxes: [{slug: service, kind: helpdesk, name: Service}]\n", transfer.Options{})
	if b := k.Helpdesk(); b.ID != before.ID || b.Slug != "service" || b.Name != "Service" {
		t.Fatalf("%+v", b)
	}
}

func TestAPolicyThatNamesWhoHasGoneStillRoundTrips(t *testing.T) {
	k := desktest.New(t, dbtest.SQLite(t))
	s := service(k, env)
	apply(t, s, whole, transfer.Options{})
	team, _ := k.People.TeamBySlug(context.Background(), k.DB, "support")
	k.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := k.People.UpdateTeam(ctx, tx, desk.System, team.ID, people.TeamChange{})
		if err != nil {
			return err
		}
		return k.People.RemoveTeam(ctx, tx, desk.System, team.ID)
	})
	text, err := s.Export(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if p := apply(t, s, string(text), transfer.Options{}); !p.Empty() {
		t.Errorf("%s", p.Text())
	}
}
