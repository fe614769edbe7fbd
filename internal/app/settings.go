package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/privacy"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/transfer"
)

// NewSettingsArgs reads a settings file's text and gathers the secrets that it names, {env: NAME} and {file: PATH}, where the command was
// given: the running server has another environment. A name that is not set is left out, and whoever needs it says so.
func NewSettingsArgs(text []byte, prune bool, getenv func(string) (string, bool), readFile func(string) ([]byte, error)) (SettingsArgs, error) {
	args := SettingsArgs{Text: string(text), Prune: prune, Env: map[string]string{}, Files: map[string]string{}}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return args, desk.Errorf(desk.Invalid, "settings.malformed", "The settings file is not YAML: %v.", err)
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[1].Kind == yaml.ScalarNode {
			name := n.Content[1].Value
			switch n.Content[0].Value {
			case "env":
				if v, ok := getenv(name); ok {
					args.Env[name] = v
				}
			case "file":
				if b, err := readFile(name); err == nil {
					args.Files[name] = string(b)
				}
			}
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&root)
	return args, nil
}

func (s SettingsArgs) getenv(name string) (string, bool) { v, ok := s.Env[name]; return v, ok }

func (s SettingsArgs) readFile(path string) ([]byte, error) {
	if v, ok := s.Files[path]; ok {
		return []byte(v), nil
	}
	return nil, fmt.Errorf("%s: %w", path, os.ErrNotExist)
}

// applyFile applies a settings file at start (--config).
func (a *App) applyFile(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return desk.Errorf(desk.Invalid, "app.config_file", "The settings file cannot be read: %v.", cause(err)).In("config").Because(err)
	}
	args, err := NewSettingsArgs(text, false, os.LookupEnv, os.ReadFile)
	if err != nil {
		return err
	}
	return a.applySettings(ctx, args)
}

// Apply makes the settings what a file's text says, with secrets from this process's environment.
func (a *App) Apply(ctx context.Context, text []byte) error {
	args, err := NewSettingsArgs(text, false, os.LookupEnv, os.ReadFile)
	if err != nil {
		return err
	}
	return a.applySettings(ctx, args)
}

func (a *App) applySettings(ctx context.Context, args SettingsArgs) error {
	_, err := a.plan(ctx, args, false)
	return err
}

// plan works out what a settings file changes, and changes it unless only looking.
func (a *App) plan(ctx context.Context, args SettingsArgs, look bool) (transfer.Plan, error) {
	if err := a.ensureDefaults(ctx); err != nil {
		return transfer.Plan{}, err
	}
	t := a.transfer(transfer.Outside{Getenv: args.getenv, ReadFile: args.readFile})
	o := transfer.Options{Actor: desk.System, Prune: args.Prune}
	if look {
		return t.Diff(ctx, []byte(args.Text), o)
	}
	return t.Apply(ctx, []byte(args.Text), o)
}

func configExport(ctx context.Context, a *App, _ json.RawMessage, out io.Writer) error {
	if err := a.ensureDefaults(ctx); err != nil {
		return err
	}
	text, err := a.Transfer.Export(ctx)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

// ReasonDiffers ends a diff that found changes: the command's exit code says so, as diff(1)'s does.
const ReasonDiffers = "settings.differ"

func configDiff(ctx context.Context, a *App, raw json.RawMessage, out io.Writer) error {
	args, err := decode[SettingsArgs](raw)
	if err != nil {
		return err
	}
	p, err := a.plan(ctx, args, true)
	if err != nil {
		return err
	}
	if err := printPlan(out, p, args.Format); err != nil {
		return err
	}
	if !p.Empty() {
		return desk.Errorf(desk.Conflict, ReasonDiffers, "%d changes would be made.", len(p.Changes))
	}
	return nil
}

func configApply(ctx context.Context, a *App, raw json.RawMessage, out io.Writer) error {
	args, err := decode[SettingsArgs](raw)
	if err != nil {
		return err
	}
	p, err := a.plan(ctx, args, false)
	if err != nil {
		return err
	}
	return printPlan(out, p, args.Format)
}

func printPlan(out io.Writer, p transfer.Plan, format string) error {
	if format == jsonFormat {
		return objects(out, p.Changes)
	}
	_, err := io.WriteString(out, p.Text())
	return err
}

func (a *App) mountPrivacy(s *api.Server) {
	privacy.Mount(s, privacy.Deps{
		DB: a.DB, Registry: a.Registry, Settings: a.Settings, Keeping: a.Keeping, Threads: a.Threads, View: a.Views, Redactions: a.Redaction, Spam: config.Window("SPAM_PURGE"), Trash: config.Window("TRASH_PURGE"),
	})
}

// hiddenFor is how long spam and trash are kept: what was set, or the server's windows.
func (a *App) hiddenFor(ctx context.Context) (spam, trash time.Duration, err error) {
	k, err := a.Settings.Keeping(ctx, a.DB)
	of := func(days int, window string) time.Duration {
		if days == setting.AsInstalled {
			return config.Window(window)
		}
		return time.Duration(days) * 24 * time.Hour
	}
	return of(k.Spam, "SPAM_PURGE"), of(k.Trash, "TRASH_PURGE"), err
}

func (a *App) expireVisitors(ctx context.Context) error {
	k, err := a.Settings.Keeping(ctx, a.DB)
	if err != nil {
		return err
	}
	return a.Visitors.Expire(ctx, a.DB, k.PageViews)
}

// emptied takes what others keep of a conversation whose term of keeping is over (CO-10). tickets are those of which nothing is left.
func (a *App) emptied(ctx context.Context, tx *db.Tx, id desk.ThreadID, tickets []desk.TicketID, filesOnly bool) error {
	if filesOnly {
		return a.Forms.ForgetFiles(ctx, tx, id)
	}
	threads := []desk.ThreadID{id}
	if err := a.Forms.ForgetThread(ctx, tx, id); err != nil {
		return err
	}
	if err := a.Chatflows.Forget(ctx, tx, threads); err != nil {
		return err
	}
	if err := a.Assign.Forget(ctx, tx, tickets, threads); err != nil {
		return err
	}
	if err := a.Letters.Forget(ctx, tx, tickets, threads); err != nil {
		return err
	}
	for _, t := range tickets {
		if err := a.Surveys.Unsay(ctx, tx, t); err != nil {
			return err
		}
	}
	return a.Bulk.Forget(ctx, tx, tickets, nil)
}

// remembersErased reports whether a hash of an erased person's addresses is kept (CO-08).
func (a *App) remembersErased(ctx context.Context, q db.Queryer) (bool, error) {
	k, err := a.Settings.Keeping(ctx, q)
	return k.Erased, err
}
