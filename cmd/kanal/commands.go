package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/desk"
)

// format is how a listing is printed: for people, or one JSON object a line.
type format struct {
	Format string `name:"format" enum:"text,json" default:"text" help:"text, or json: one object a line."`
}

type configCmd struct {
	Export  configExport  `cmd:"" help:"Write the settings to a file, or to standard output."`
	Diff    configDiff    `cmd:"" help:"Show what applying a file would change. Exit code 1 when it would change something."`
	Apply   configApply   `cmd:"" help:"Make the settings what a file says. What it leaves out is left alone unless --prune."`
	Windows configWindows `cmd:"" help:"List the time windows and their environment names."`
}

type configExport struct {
	installation
	File string `arg:"" optional:"" help:"Where to write; - or nothing is standard output."`
}

func (c *configExport) Run(e *env) error {
	var buf bytes.Buffer
	to := *e
	to.out = &buf
	if err := c.do(&to, "config.export", nil); err != nil {
		return err
	}
	if c.File == "" || c.File == "-" {
		_, err := e.out.Write(buf.Bytes())
		return err
	}
	return os.WriteFile(c.File, buf.Bytes(), 0o600)
}

type configDiff struct {
	installation
	format
	File  string `arg:"" help:"Settings file; - is standard input."`
	Prune bool   `help:"Also what the file leaves out would go."`
}

func (c *configDiff) Run(e *env) error {
	args, err := settingsArgs(e, c.File, c.Prune)
	if err != nil {
		return err
	}
	args.Format = c.Format
	return c.do(e, "config.diff", args)
}

type configApply struct {
	installation
	format
	File  string `arg:"" help:"Settings file; - is standard input."`
	Prune bool   `help:"Remove what the file leaves out."`
}

func (c *configApply) Run(e *env) error {
	args, err := settingsArgs(e, c.File, c.Prune)
	if err != nil {
		return err
	}
	args.Format = c.Format
	return c.do(e, "config.apply", args)
}

// settingsArgs reads the file, and from this shell's environment the secrets that it names: the server's is another one.
func settingsArgs(e *env, file string, prune bool) (app.SettingsArgs, error) {
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(e.in)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return app.SettingsArgs{}, fmt.Errorf("settings file: %w", err)
	}
	return app.NewSettingsArgs(text, prune, os.LookupEnv, os.ReadFile)
}

type configWindows struct{ format }

func (c *configWindows) Run(e *env) error {
	if err := config.CheckWindows(os.Environ()); err != nil {
		return err
	}
	rows := config.WindowRows()
	if c.Format == "json" {
		return lines(e.out, rows)
	}
	w := tabwriter.NewWriter(e.out, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "ENVIRONMENT\tVALUE\tDEFAULT\tWHAT")
	for _, r := range rows {
		help := r.Help
		if r.Later {
			help += " (not used yet)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Env, r.Value, r.Default, help)
	}
	return w.Flush()
}

// lines prints one JSON object a line.
func lines[T any](w io.Writer, rows []T) error {
	enc := json.NewEncoder(w)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

type userCmd struct {
	Create userCreate `cmd:"" help:"Add a person. Without a password a one-time link is printed."`
	Reset  userReset  `cmd:"" help:"Let somebody in again who lost password, second factor or passkeys: takes them away and prints a one-time link."`
}

type userReset struct {
	installation
	Email    string `arg:"" help:"Address to sign in with."`
	Networks bool   `help:"Also allow signing in from any network again."`
}

func (c *userReset) Run(e *env) error {
	return c.do(e, "user.reset", app.ResetArgs{Email: c.Email, Networks: c.Networks})
}

type userCreate struct {
	installation
	Email         string `required:"" placeholder:"E" help:"Address to sign in with."`
	Name          string `required:"" placeholder:"N" help:"Name as customers and colleagues see it."`
	Role          string `default:"agent" enum:"owner,admin,supervisor,agent,light,viewer" help:"owner, admin, supervisor, agent, light or viewer."`
	PasswordStdin bool   `help:"Read the password from standard input."`
}

func (c *userCreate) Run(e *env) error {
	args := app.UserArgs{Email: c.Email, Name: c.Name, Role: desk.Role(c.Role)}
	if c.PasswordStdin {
		line, err := bufio.NewReader(e.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if args.Password = strings.TrimRight(line, "\r\n"); args.Password == "" {
			return fmt.Errorf("%w: no password on standard input", errUsage)
		}
	}
	return c.do(e, "user.create", args)
}

type tokenCmd struct {
	Create tokenCreate `cmd:"" help:"Make an API token and print it, alone, on standard output. It is shown this once."`
}

type tokenCreate struct {
	installation
	Name   string   `required:"" placeholder:"N" help:"What it is for."`
	Scopes []string `default:"all" placeholder:"S" help:"all, or scopes separated by commas."`
	As     string   `required:"" placeholder:"EMAIL" help:"The user it acts as."`
}

func (c *tokenCreate) Run(e *env) error {
	return c.do(e, "token.create", app.TokenArgs{Name: c.Name, Scopes: c.Scopes, As: c.As})
}

type traceCmd struct {
	installation
	format
	ID string `arg:"" help:"A message's id or Message-ID, an inbound id, or a ticket's number as #1001."`
}

func (c *traceCmd) Run(e *env) error {
	return c.do(e, "trace", app.TraceArgs{ID: c.ID, Format: c.Format})
}

type inboundCmd struct {
	List   inboundList   `cmd:"" help:"List what came in, newest first."`
	Replay inboundReplay `cmd:"" help:"Apply set-aside items again."`
}

type inboundList struct {
	installation
	format
	State   string `enum:",filed,duplicate,set_aside,ignored" default:"" placeholder:"S" help:"filed, duplicate, set_aside or ignored."`
	Channel string `placeholder:"NAME" help:"Only this channel."`
	Since   string `placeholder:"T" help:"Only after this time (RFC 3339), or within this long (90m, 7d)."`
	Limit   int    `default:"100" help:"At most so many."`
}

func (c *inboundList) Run(e *env) error {
	args := app.InboundArgs{State: c.State, Channel: c.Channel, Limit: c.Limit, Format: c.Format}
	if c.Since != "" {
		at, err := since(c.Since)
		if err != nil {
			return err
		}
		args.Since = at
	}
	return c.do(e, "inbound.list", args)
}

func since(s string) (desk.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return desk.At(t), nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return desk.At(t), nil
	}
	if d, err := config.ParseWindow(s); err == nil {
		return desk.At(time.Now().Add(-d)), nil
	}
	return 0, fmt.Errorf("%w: --since must be a time such as 2026-03-01T09:00:00Z, a day, or a duration such as 90m or 7d", errUsage)
}

type inboundReplay struct {
	installation
	format
	IDs []string `arg:"" optional:"" name:"id" help:"Ids of inbound items, as inbound list prints them."`
	All bool     `help:"Every item that is set aside."`
}

func (c *inboundReplay) Run(e *env) error {
	if len(c.IDs) == 0 && !c.All {
		return fmt.Errorf("%w: name the items, or --all", errUsage)
	}
	args := app.ReplayArgs{All: c.All, Format: c.Format}
	for _, s := range c.IDs {
		id, err := desk.ParseID[desk.RawID](s)
		if err != nil {
			return fmt.Errorf("%w: %q is no inbound id", errUsage, s)
		}
		args.IDs = append(args.IDs, id)
	}
	return c.do(e, "inbound.replay", args)
}

type doctorCmd struct {
	installation
	format
}

func (c *doctorCmd) Run(e *env) error {
	return c.do(e, "doctor", app.DoctorArgs{Format: c.Format})
}

type versionCmd struct{ format }

func (c *versionCmd) Run(e *env) error {
	v := app.Version()
	if c.Format == "json" {
		return json.NewEncoder(e.out).Encode(v)
	}
	_, err := fmt.Fprintf(e.out, "kanal %s (%s, %s)\n", v.Version, v.Commit, v.Go)
	return err
}
