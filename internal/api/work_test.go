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
