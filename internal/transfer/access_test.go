package transfer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/transfer"
)

const who = `
version: 1
teams: [{slug: south, name: South, parent: country}, {slug: country, name: Country}]
roles:
  - slug: own-work
    name: Own work
    permissions: [tickets.view, tickets.reply]
    tickets: {view: own, edit: own, unassigned: true}
    contacts: {view: own, edit: own}
users: [{email: ann@acme.example, name: Ann Holm, role: own-work, teams: [south]}]
properties: [{object: ticket, name: credit, label: Credit, type: text, access: {view: {teams: [country]}, edit: {users: [ann@acme.example]}}}]
`

// PM-07, PM-10, PM-11: roles of one's own, teams within teams and who sees a property stand in the settings file.
func TestAccessStandsInTheFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := transfer.New(transfer.Deps{DB: k.DB, Channels: k.Channels, People: k.People, Properties: k.Properties, Tickets: k.Tickets, Inboxes: k.Inboxes, Settings: k.Settings, Access: k.Access})
		if done := apply(t, s, who, transfer.Options{}); done.Empty() {
			t.Fatal("nothing was done")
		}
		ann, err := k.People.ByEmail(ctx, d, "ann@acme.example")
		if err != nil || ann.Role != "own-work" || ann.Powers == nil || ann.Powers.Tickets.View != desk.ReachOwn || !ann.Powers.Tickets.Unassigned || len(ann.TeamsAbove) != 1 {
			t.Fatalf("%+v %+v %v", ann, ann.Powers, err)
		}
		ps, err := k.Properties.List(ctx, d, "ticket")
		if err != nil || len(ps) != 1 || ps[0].Access == nil || ps[0].Access.View.Everyone || len(ps[0].Access.View.Teams) != 1 || ps[0].Access.Edit.Users[0] != ann.ID {
			t.Fatalf("%+v %v", ps, err)
		}
		text, err := s.Export(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"parent: country", "slug: own-work", "view: own", "role: own-work", "unassigned: true"} {
			if !strings.Contains(string(text), word) {
				t.Errorf("the export lacks %q:\n%s", word, text)
			}
		}
		if again := apply(t, s, string(text), transfer.Options{}); !again.Empty() {
			t.Errorf("an export changes something:\n%s", again.Text())
		}
		file := "version: 1\nsign_in: {directory: {role: light, tickets: release, groups: [{group: Support, role: own-work}]}}"
		apply(t, s, file, transfer.Options{})
		if d, err := k.Settings.Directory(ctx, d); err != nil || d.Role != desk.RoleLight || d.Tickets != "release" || len(d.Groups) != 1 || d.Groups[0].Role != "own-work" { // PM-13
			t.Errorf("%+v %v", d, err)
		}
		if again := apply(t, s, file, transfer.Options{}); !again.Empty() {
			t.Errorf("a file applied again changes something:\n%s", again.Text())
		}
		for _, wrong := range []string{"{role: nobodys}", "{role: owner}", "{groups: [{group: Support, role: owner}]}", "{tickets: burn}"} {
			if _, err := s.Apply(ctx, []byte("version: 1\nsign_in: {directory: "+wrong+"}"), transfer.Options{}); err == nil {
				t.Errorf("%s was taken", wrong)
			}
		}
		apply(t, s, "version: 1\nsign_in: {directory: {groups: []}}", transfer.Options{})
		if _, err := s.Apply(ctx, []byte("version: 1\nusers: [{email: bo@acme.example, role: own-wrk}]"), transfer.Options{}); err == nil || !strings.Contains(desk.PublicOf(err), "own-work") {
			t.Errorf("a role that is not there: %v", err)
		}
		if _, err := s.Apply(ctx, []byte("version: 1\nteams: [{slug: country, parent: south}]"), transfer.Options{}); err == nil {
			t.Error("a circle of teams")
		}
		prune := "version: 1\nroles: []\nusers: [{email: ann@acme.example, role: agent}]"
		apply(t, s, prune, transfer.Options{Prune: true})
		if _, err := k.Access.Role(ctx, d, "own-work"); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("left out, and still there: %v", err)
		}
		apply(t, s, "version: 1\nteams: [{slug: south, parent: \"\"}]\nproperties: [{object: ticket, name: credit, type: text, access: {}}]", transfer.Options{})
		ps, _ = k.Properties.List(ctx, d, "ticket")
		if south, err := k.People.TeamBySlug(ctx, d, "south"); err != nil || south.Parent != 0 || ps[0].Access != nil {
			t.Errorf("not let go: %+v %+v %v", south, ps[0].Access, err)
		}
	})
}
