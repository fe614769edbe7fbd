package transfer_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/transfer"
)

// CF-01, CF-23: chatflows stand in the settings file as visitors get them; a draft that somebody writes stays; what was applied applies again without change.
func TestChatflowsAreSettingsAsText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d, chat.New(), desktest.Post{})
		flows := chatflow.New(k.DB, k.Clock, k.Events)
		s := transfer.New(transfer.Deps{DB: k.DB, Channels: k.Channels, People: k.People, Properties: k.Properties, Tickets: k.Tickets, Inboxes: k.Inboxes, Settings: k.Settings, Chatflows: flows})
		acc := k.Account(func(n *inbox.NewAccount) { n.Channel, n.Settings = chat.Name, json.RawMessage(`{}`) })
		file := "version: 1\nchatflows:\n  - slug: help\n    channel: " + acc.Slug + "\n    kind: bot\n    name: Help\n    position: 3\n    definition:\n      start: a\n      steps:\n        - {id: a, type: message, bubbles: [{text: {en: Hi, no: Hei}}], quick: [{label: {en: Go}, next: b}]}\n        - {id: b, type: handover}\n" +
			"  - {slug: plain, channel: " + acc.Slug + ", published: false, definition: {texts: {en: {welcome: Hello}}}}\n"
		ctx := context.Background()
		if p, err := s.Apply(ctx, []byte(file), transfer.Options{}); err != nil || len(p.Changes) != 2 {
			t.Fatalf("%+v, %v", p, err)
		}
		if p, err := s.Apply(ctx, []byte(file), transfer.Options{}); err != nil || !p.Empty() {
			t.Errorf("again: %+v, %v", p, err)
		}
		help, _, err := flows.BySlug(ctx, d, "help")
		if err != nil || help.Published != 1 || help.Position != 3 || help.Kind != chatflow.Bot || help.Draft.Steps[0].Bubbles[0].Text["no"] != "Hei" {
			t.Fatalf("%+v, %v", help, err)
		}
		if plain, _, _ := flows.BySlug(ctx, d, "plain"); plain.Published != 0 {
			t.Errorf("%+v", plain)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			draft := help.Draft
			draft.Start = "b"
			_, err := flows.Update(ctx, tx, desk.System, help.ID, chatflow.Change{Draft: &draft})
			return err
		})
		out, err := s.Export(ctx)
		if err != nil || !strings.Contains(string(out), "start: a") || strings.Contains(string(out), "start: b") {
			t.Errorf("exported %s, %v", out, err)
		}
		if p, err := s.Apply(ctx, out, transfer.Options{}); err != nil || !p.Empty() {
			t.Errorf("what was exported differs: %+v, %v", p, err)
		}
		if again, _ := flows.Get(ctx, d, help.ID); again.Draft.Start != "b" || again.Published != 1 {
			t.Errorf("the draft was lost: %+v", again)
		}
		for reason, bad := range map[string]string{
			"chatflow.malformed":      "{slug: x, channel: " + acc.Slug + ", definition: {colour: red}}",
			"chatflow.start_missing":  "{slug: x, kind: bot, channel: " + acc.Slug + ", definition: {steps: [{id: a, type: end}]}}",
			"config.chatflow_channel": "{slug: x, channel: nowhere}",
			"chatflow.kind_fixed":     "{slug: help, kind: live_chat}",
		} {
			if _, err := s.Apply(ctx, []byte("version: 1\nchatflows:\n  - "+bad+"\n"), transfer.Options{}); desk.ReasonOf(err) != reason || !strings.Contains(err.Error(), "line 3") {
				t.Errorf("%s: %v", reason, err)
			}
		}
		if _, err := s.Apply(ctx, []byte("version: 1\nchatflows:\n  - {slug: plain}\n"), transfer.Options{Prune: true}); err != nil {
			t.Fatal(err)
		}
		left, err := flows.List(ctx, d, 0)
		if err != nil || len(left) != 1 || left[0].Slug != "plain" {
			t.Errorf("after pruning: %+v, %v", left, err)
		}
	})
}
