package transfer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/space"
	"github.com/kanalhq/kanal/internal/transfer"
)

// WS-06: shared views go through a file with names instead of ids, apply again without change, and private ones stay out of it.
func TestSharedViewsGoThroughAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann := k.User()
		k.Team("sales", ann)
		views := customview.New(d, k.Clock, k.Events, k.Properties)
		s := transfer.New(transfer.Deps{DB: k.DB, Channels: k.Channels, People: k.People, Properties: k.Properties, Tickets: k.Tickets, Inboxes: k.Inboxes, Settings: k.Settings, Views: views})
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := views.Create(ctx, tx, desk.ByUser(ann.ID), customview.Reader{User: ann.ID}, customview.View{Name: "Secret plan"})
			return err
		})
		file := "version: 1\nviews:\n  - slug: urgent\n    name: Urgent, ours\n    team: sales\n    filter:\n      all:\n        - {field: owner_id, op: in, value: [me, " + ann.Email + "]}\n        - {field: priority, op: is, value: urgent}\n    sort: -priority\n    layout: table\n"
		if _, err := s.Apply(ctx, []byte(file), transfer.Options{}); err != nil {
			t.Fatal(err)
		}
		shared, err := views.Shared(ctx, d)
		if err != nil || len(shared) != 1 || shared[0].Layout != "table" || shared[0].Filter.All[0].Values()[1] != ann.ID.String() {
			t.Fatalf("%+v, %v", shared, err)
		}
		out, err := s.Export(ctx)
		if err != nil || !strings.Contains(string(out), ann.Email) || strings.Contains(string(out), "Secret plan") || strings.Contains(string(out), shared[0].Filter.All[0].Values()[1]) {
			t.Fatalf("%v\n%s", err, out)
		}
		if plan, err := s.Diff(ctx, out, transfer.Options{}); err != nil || !plan.Empty() {
			t.Errorf("what was exported changes something: %s, %v", plan.Text(), err)
		}
		if _, err := s.Apply(ctx, []byte(strings.Replace(file, ann.Email, "gone@nowhere.example", 1)), transfer.Options{}); desk.CodeOf(err) != desk.Invalid || !strings.Contains(desk.PublicOf(err), "line ") {
			t.Errorf("an unknown name: %v", err)
		}
		if _, err := s.Apply(ctx, []byte("version: 1\nviews: []\n"), transfer.Options{Prune: true}); err != nil {
			t.Fatal(err)
		}
		if left, err := views.Shared(ctx, d); err != nil || len(left) != 0 {
			t.Errorf("after pruning: %v, %v", left, err)
		}
	})
}

// WS-07: spaces go through a file in its order, with the views that stand in them, apply again without change, and are pruned with what others see in them.
func TestSpacesGoThroughAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		k.Team("workshop", k.User())
		views := customview.New(d, k.Clock, k.Events, k.Properties)
		s := transfer.New(transfer.Deps{DB: k.DB, Channels: k.Channels, People: k.People, Properties: k.Properties, Tickets: k.Tickets, Inboxes: k.Inboxes, Settings: k.Settings, Views: views, Spaces: space.New(k.Clock, k.Events)})
		file := "version: 1\nspaces:\n  - slug: second\n    teams: [workshop]\n  - slug: bikes\n    name: Bikes\n    teams: [workshop]\n    extra_members: true\nviews:\n  - slug: urgent\n    space: bikes\n"
		if _, err := s.Apply(ctx, []byte(file), transfer.Options{}); err != nil {
			t.Fatal(err)
		}
		all, err := space.List(ctx, d)
		if err != nil || len(all) != 2 || all[1].Name != "Bikes" || !all[1].Extra || len(all[1].Teams) != 1 || all[0].Name != "second" {
			t.Fatalf("%+v, %v", all, err)
		}
		if shared, err := views.Shared(ctx, d); err != nil || len(shared) != 1 || shared[0].SpaceID != all[1].ID {
			t.Errorf("%+v, %v", shared, err)
		}
		out, err := s.Export(ctx)
		if err != nil || !strings.Contains(string(out), "space: bikes") {
			t.Fatalf("%v\n%s", err, out)
		}
		if plan, err := s.Diff(ctx, out, transfer.Options{}); err != nil || !plan.Empty() {
			t.Errorf("what was exported changes something: %s, %v", plan.Text(), err)
		}
		turned := "version: 1\nspaces:\n  - slug: bikes\n  - slug: second\n"
		if _, err := s.Apply(ctx, []byte(turned), transfer.Options{}); err != nil {
			t.Fatal(err)
		}
		if all, err := space.List(ctx, d); err != nil || all[0].Slug != "bikes" || !all[0].Extra {
			t.Errorf("in the file's order, otherwise as it was: %+v, %v", all, err)
		}
		for _, bad := range []string{"spaces:\n  - slug: bikes\n    teams: [nobody]\n", "spaces:\n  - slug: new\n", "views:\n  - slug: lost\n    space: nowhere\n"} {
			if _, err := s.Apply(ctx, []byte("version: 1\n"+bad), transfer.Options{}); desk.CodeOf(err) != desk.Invalid || !strings.Contains(desk.PublicOf(err), "line ") {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if _, err := s.Apply(ctx, []byte("version: 1\nspaces:\n  - slug: second\n"), transfer.Options{Prune: true}); err != nil {
			t.Fatal(err)
		}
		all, err = space.List(ctx, d)
		if err != nil || len(all) != 1 || all[0].Slug != "second" {
			t.Errorf("after pruning: %+v, %v", all, err)
		}
		if shared, err := views.Shared(ctx, d); err != nil || len(shared) != 0 {
			t.Errorf("after pruning: %+v, %v", shared, err)
		}
	})
}
