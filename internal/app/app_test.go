package app

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
)

func testConfig(t *testing.T, dir string) Config {
	t.Helper()
	c, err := config.Serve{Data: dir, HTTP: "off", SMTP: "off"}.Check()
	if err != nil {
		t.Fatal(err)
	}
	return Config{Checked: c, Channels: func(ChannelOptions) (*channel.Registry, error) { return channel.NewRegistry(desktest.Post{}), nil }}
}

func TestSecretsAreReadWhereTheCommandIsGiven(t *testing.T) { // DESIGN 8
	text := `channels: [{slug: a, settings: {password: {env: MAIL_PASSWORD}, key: {file: /keys/a.pem}, other: {env: NOT_SET}}}]`
	args, err := NewSettingsArgs([]byte(text), false, func(name string) (string, bool) { return "hunter2", name == "MAIL_PASSWORD" },
		func(path string) ([]byte, error) { return []byte("PEM of " + path), nil })
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := args.getenv("MAIL_PASSWORD"); !ok || v != "hunter2" {
		t.Errorf("MAIL_PASSWORD: %q, %v", v, ok)
	}
	if _, ok := args.getenv("NOT_SET"); ok {
		t.Error("NOT_SET is set")
	}
	if b, err := args.readFile("/keys/a.pem"); err != nil || string(b) != "PEM of /keys/a.pem" {
		t.Errorf("the file: %q, %v", b, err)
	}
	if _, err := args.readFile("/etc/passwd"); err == nil {
		t.Error("a file that the settings do not name was read")
	}
	if _, err := NewSettingsArgs([]byte("a: [b"), false, os.LookupEnv, os.ReadFile); desk.CodeOf(err) != desk.Invalid {
		t.Errorf("no YAML: %v", err)
	}
}

func TestADirectoryHasOneHolder(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(context.Background(), testConfig(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), testConfig(t, dir)); desk.ReasonOf(err) != ReasonLocked {
		t.Errorf("a second one: %v", err)
	}
	a.Close()
	a.Close()
	b, err := Open(context.Background(), testConfig(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
}

func TestCommandsGoThroughTheSocketOfARunningServerHoweverLongItsPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long-", 30))
	commands["test.echo"] = func(_ context.Context, _ *App, raw json.RawMessage, out io.Writer) error {
		_, _ = out.Write(raw)
		return desk.Errorf(desk.NotFound, "test.nothing", "There is no “%s”.\nReally.", "thing").In("x")
	}
	defer delete(commands, "test.echo")
	cfg := testConfig(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready := make(chan struct{})
	cfg.Started = func(context.Context, *App) error { close(ready); return nil }
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, cfg) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	case <-time.After(30 * time.Second):
		t.Fatal("not ready")
	}
	for _, where := range []string{"running", "stopped"} {
		var out strings.Builder
		err := RunCommand(context.Background(), testConfig(t, dir), "test.echo", map[string]int{"n": 1}, &out)
		if out.String() != `{"n":1}` || desk.CodeOf(err) != desk.NotFound || !strings.Contains(errorText(err), "There is no “thing”.\nReally.") {
			t.Errorf("%s: %q, %v", where, out.String(), err)
		}
		if where == "running" {
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(socketPath(dir)); err == nil {
				t.Error("the socket is left behind")
			}
		}
	}
}

// AV-07: business hours that a chatflow's own rule keeps are not taken away.
func TestAChatflowKeepsItsHours(t *testing.T) {
	rule := &desk.AssignPolicy{Hours: "office"}
	var handover, step chatflow.Definition
	handover.Handover.Assign = rule
	step.Steps = []chatflow.Block{{}, {To: &chatflow.Whom{Policy: rule}}}
	if !keepsHours(handover, "office") || !keepsHours(step, "office") || keepsHours(step, "night") || keepsHours(chatflow.Definition{}, "office") {
		t.Error("a chatflow's hours are not found")
	}
}
