package transfer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/snippet"
	"github.com/kanalhq/kanal/internal/transfer"
)

// WS-12, WS-24: shared texts stand in the settings file, private ones do not; what was applied applies again without change.
func TestSharedSnippetsAreSettingsAsText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		texts := snippet.New(k.Clock, k.Events)
		s := transfer.New(transfer.Deps{DB: k.DB, Channels: k.Channels, People: k.People, Properties: k.Properties, Tickets: k.Tickets, Inboxes: k.Inboxes, Settings: k.Settings, Snippets: texts})
		ann := k.User()
		k.Team("repair", ann)
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := texts.Create(ctx, tx, desk.ByUser(ann.ID), snippet.Snippet{Kind: "snippet", Name: "Secret", HTML: "<p>mine alone</p>", Visibility: "private", OwnerID: ann.ID})
			return err
		})
		file := "version: 1\nsnippets:\n  - {slug: refund, kind: template, name: Refund, shortcut: refund, html: '<p>Dear {{contact.first_name|you}}</p>', team: repair, actions: {status: closed, priority: low}}\n  - {slug: hello, name: Hello, html: <p>Hi</p>}\n"
		ctx := context.Background()
		if p, err := s.Apply(ctx, []byte(file), transfer.Options{}); err != nil || len(p.Changes) != 2 {
			t.Fatalf("%+v, %v", p, err)
		}
		if p, err := s.Apply(ctx, []byte(file), transfer.Options{}); err != nil || !p.Empty() {
			t.Errorf("again: %+v, %v", p, err)
		}
		out, err := s.Export(ctx)
		if err != nil || !strings.Contains(string(out), "refund") || !strings.Contains(string(out), "team: repair") || strings.Contains(string(out), "mine alone") {
			t.Errorf("exported %s, %v", out, err)
		}
		if p, err := s.Diff(ctx, out, transfer.Options{}); err != nil || !p.Empty() {
			t.Errorf("what was exported differs: %+v, %v", p, err)
		}
		if _, err := s.Apply(ctx, []byte("version: 1\nsnippets:\n  - {slug: bad, html: '{{contact.shoe}}'}\n"), transfer.Options{}); desk.ReasonOf(err) != "snippet.token_unknown" || !strings.Contains(err.Error(), "line 3") {
			t.Errorf("an unknown token: %v", err)
		}
		if _, err := s.Apply(ctx, []byte("version: 1\nsnippets:\n  - {slug: hello}\n"), transfer.Options{Prune: true}); err != nil {
			t.Fatal(err)
		}
		left, err := texts.Shared(ctx, d)
		if err != nil || len(left) != 1 || left[0].Slug != "hello" {
			t.Errorf("after pruning: %+v, %v", left, err)
		}
	})
}
