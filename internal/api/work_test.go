package api_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"testing"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/forms"
	"github.com/kanalhq/kanal/internal/api/moving"
	"github.com/kanalhq/kanal/internal/api/work"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/relocation"
	"github.com/kanalhq/kanal/internal/skill"
	"github.com/kanalhq/kanal/internal/skill/tongue"
	"github.com/kanalhq/kanal/internal/submission"
	"github.com/kanalhq/kanal/internal/waiting"
	"github.com/kanalhq/kanal/internal/worktime"
)

// work mounts what finds owners for work, what moves channels, and forms.
func (s *site) work(jobs *job.Queue, files blob.Store) {
	d, log := s.DB, slog.New(slog.DiscardHandler)
	flows := chatflow.New(d, s.Clock, s.Events)
	hours := worktime.New(d, s.Clock, s.Events)
	skills := skill.New(s.Clock, s.Events, func(context.Context, db.Queryer) ([]skill.Use, error) { return nil, nil })
	made := form.New(s.Clock, s.Events)
	base := &url.URL{Scheme: "http", Host: "desk.example"}
	work.MountPresence(s.api, work.PresenceDeps{DB: d, People: s.People, Work: hours, Settings: s.Settings})
	work.MountHours(s.api, work.HoursDeps{DB: d, Clock: s.Clock, Work: hours})
	work.MountSkills(s.api, work.SkillDeps{DB: d, Skills: skills, People: s.People})
	work.MountRouting(s.api, work.RoutingDeps{DB: d, Assign: s.Assignment, Inboxes: s.Inboxes, Tickets: s.Tickets, Threads: s.Threads, Contacts: s.Contacts, View: s.View, Languages: tongue.Codes})
	work.MountCapacity(s.api, work.CapacityDeps{DB: d, Settings: s.Settings, People: s.People, Tickets: s.Tickets,
		Loads: func(context.Context, db.Queryer, []desk.UserID) (map[desk.UserID]work.Load, error) { return nil, nil }})
	work.MountWaiting(s.api, work.WaitingDeps{DB: d, Clock: s.Clock, View: s.View, Assign: s.Assignment, Inboxes: s.Inboxes, Settings: s.Settings,
		Waiting: waiting.New(waiting.Deps{DB: d, Clock: s.Clock, Events: s.Events, Tickets: s.Tickets, Threads: s.Threads, Engine: s.Assignment, Log: log})})
	moving.Mount(s.api, moving.Deps{DB: d, Inboxes: s.Inboxes, Tickets: s.Tickets, Flows: flows, Settings: s.Settings, Moves: relocation.New(relocation.Deps{
		DB: d, Clock: s.Clock, Events: s.Events, Jobs: jobs, People: s.People, Inboxes: s.Inboxes, Threads: s.Threads, Tickets: s.Tickets, Assign: s.Assignment, Log: log,
	})})
	forms.Mount(s.api, forms.Deps{DB: d, Clock: s.Clock, Log: log, Base: base, Forms: made, Inboxes: s.Inboxes, Tickets: s.Tickets, Contacts: s.Contacts, Settings: s.Settings, View: s.View, Blobs: files,
		Flow: submission.New(submission.Deps{DB: d, Clock: s.Clock, Log: log, Events: s.Events, Registry: s.Channels, Forms: made, Contacts: s.Contacts, Inboxes: s.Inboxes, Tickets: s.Tickets,
			Properties: s.Properties, Intake: s.Intake, Key: bytes.Repeat([]byte{5}, 32)})})
}

// A rule is of an operation: what the table of rules names is mounted here, so that the tests of permissions ask it.
func TestEveryRuleIsOfAnOperation(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t))
	mounted := map[string]bool{}
	for _, r := range s.api.Routes() {
		mounted[r.Method+" "+r.Path] = true
	}
	for name := range api.Rules {
		if !mounted[name] {
			t.Errorf("%s has a rule, and no operation of the tests' site: mount it in newSite, or take the rule away", name)
		}
	}
}

// SK-08, RT-20: a rule is tried on a message that is made up and on a ticket; nothing is written; who may not write rules may not try them. The facts that
// conditions name are listed, and a conversation without a ticket says why nobody has it.
func TestARuleIsTried(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.user("Ann Holm", desk.RoleAgent)
		away := s.User(desktest.Named("Bo Berg"), desktest.Away)
		ada.do("GET", "/api/routing/fields", nil).want(200, `"field":"subject"`, `"field":"language"`)
		policy := map[string]any{"to": "users", "users": []string{ann.Email, away.Email}, "teams": []string{}, "available_only": true, "by": "least_open",
			"rules": []any{map[string]any{"name": "Bells", "if": map[string]any{"match": "all", "when": []any{map[string]any{"field": "subject", "op": "contains", "values": []string{"bell"}}}}, "skills": []any{}, "users": []string{away.Email}}}}
		sample := func(subject string) map[string]any {
			return map[string]any{"policy": policy, "sample": map[string]any{"subject": subject, "text": "Guten Tag, ich habe mein Fahrrad noch nicht zurückbekommen. Wann wird es fertig?"}}
		}
		r := ada.do("POST", "/api/routing/try", sample("A wheel")).want(200, `"holds":false`, `"reason":"away"`)
		if r.str("assignment.owner_id") != ann.ID.String() {
			t.Errorf("%s", r.text)
		}
		ada.do("POST", "/api/routing/try", sample("A bell")).want(200, `"holds":true`)
		s.as(ann).do("POST", "/api/routing/try", sample("A bell")).want(403)
		tk := s.Ticket()
		r = ada.do("POST", "/api/routing/try", map[string]any{"policy": policy, "ticket": tk.ID.String()}).want(200)
		if r.str("assignment.owner_id") != ann.ID.String() {
			t.Errorf("%s", r.text)
		}
		if got, err := s.Tickets.Get(context.Background(), d, tk.ID); err != nil || got.OwnerID != 0 || got.Version != tk.Version {
			t.Errorf("trying changed the ticket: %+v %v", got, err)
		}
		ada.do("POST", "/api/routing/try", map[string]any{"policy": policy, "ticket": "#99999"}).want(404, `"field":"ticket"`)

		box := s.Inbox("sales")
		acc := s.echoAccount("sales@acme.example", box)
		acc.Assign = desk.AssignPolicy{To: "users", Users: []string{away.Email}, AvailableOnly: true}
		th := s.Thread(desk.Ticket{InboxID: box.ID, ContactID: s.Contact("").ID, Subject: "Hi"}, acc)
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Assignment.AssignThread(ctx, tx, th, acc, "arrived")
			return err
		})
		ada.do("GET", "/api/threads/"+th.ID.String()+"/why", nil).want(200, `"reason":"nobody_available"`, `"Bo Berg"`)
		ada.do("POST", "/api/routing/replay", map[string]any{"account_id": acc.ID.String(), "policy": map[string]any{"to": "users", "users": []string{ann.Email}, "teams": []string{}, "available_only": true, "by": "least_open"}}).want(200, `"decisions":1`, `"changed":1`)
		s.as(ann).do("POST", "/api/routing/replay", map[string]any{"account_id": acc.ID.String(), "policy": map[string]any{"to": "no_one", "users": []string{}, "teams": []string{}, "available_only": true}}).want(403)
	})
}

// CP-05: the answer of an assignment says how much its owner has, and the limit, which a person may exceed.
func TestAnAssignmentSaysHowMuchThereIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		ada, ann := s.as(s.user("Ada Admin", desk.RoleAdmin)), s.user("Ann Holm", desk.RoleAgent)
		ada.do("PATCH", "/api/capacity", map[string]any{"default": map[string]any{"total": 1}}).want(200)
		give := func() reply {
			return ada.do("POST", "/api/tickets/"+s.Ticket().ID.String()+"/assign", map[string]any{"owner_id": ann.ID.String()})
		}
		give().want(200, `"owner_load":{`, `"count":1`, `"limit":1`, `"over":false`)
		give().want(200, `"count":2`, `"limit":1`, `"over":true`)
	})
}
