// Command kanal is the whole of Kanal: the server, the demo, and what an administrator does from a shell. It parses flags
// (which are environment variables too), calls internal/app and turns errors into exit codes: 0 done, 1 failed, 2 wrong use,
// 3 not found.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/desk"
)

// The exit codes.
const (
	exitFailed   = 1
	exitUsage    = 2
	exitNotFound = 3
)

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the server: web, mail, jobs."`
	Demo    demoCmd    `cmd:"" help:"Run a demo company with two weeks of tickets and a simulated customer mailbox."`
	Config  configCmd  `cmd:"" help:"Settings as one reviewed text file."`
	User    userCmd    `cmd:"" help:"People who sign in."`
	Token   tokenCmd   `cmd:"" help:"API tokens."`
	Trace   traceCmd   `cmd:"" help:"Tell the story of a message: arrived, threaded, ticket, sends, receipts."`
	Parse   parseCmd   `cmd:"" help:"Read a raw mail from standard input and print what intake would make of it."`
	Inbound inboundCmd `cmd:"" help:"What came in, and what was set aside."`
	DB      dbCmd      `cmd:"" name:"db" help:"The database."`
	Bench   benchCmd   `cmd:"" help:"Measure this machine, beside a bare-SQL baseline of the same run."`
	Doctor  doctorCmd  `cmd:"" help:"Probe the installation and every channel account; say what is wrong and how to mend it."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// env is what every command gets.
type env struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	errOut io.Writer
}

func main() {
	syscall.Umask(0o077)
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// exit carries kong's wish to end the process out of Parse.
type exit int

func run(args []string, in io.Reader, out, errOut io.Writer) (code int) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exit:
			code = int(p)
		default:
			panic(p)
		}
	}()
	var c cli
	parser, err := kong.New(&c, kong.Name("kanal"), kong.Description("A self-hosted help desk. Every flag is also an environment variable: --base-url is KANAL_BASE_URL."),
		kong.UsageOnError(), kong.Writers(out, errOut), kong.Exit(func(n int) { panic(exit(n)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(errOut, "kanal:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(errOut, "kanal:", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := chosen.Run(&env{ctx: ctx, in: in, out: out, errOut: errOut}); err != nil {
		return report(errOut, err)
	}
	return 0
}

// report prints an error for a person and returns the exit code of its class.
func report(w io.Writer, err error) int {
	var e *desk.Error
	text := err.Error()
	if errors.As(err, &e) {
		if e.Public != "" {
			text = e.Public
		}
		if e.Field != "" && e.Code == desk.Invalid {
			text = e.Field + ": " + text
		}
	}
	fmt.Fprintln(w, "kanal:", text)
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case e != nil && e.Code == desk.NotFound:
		return exitNotFound
	case e != nil && e.Code == desk.Invalid && usageReasons[e.Reason]:
		return exitUsage
	}
	return exitFailed
}

var errUsage = errors.New("wrong use")

// usageReasons are faults of the command line itself.
var usageReasons = map[string]bool{
	"config.clock": true, "config.relay": true, "config.log_level": true, "config.log_format": true, "config.tls_cert": true, "config.resolver": true,
	"config.database_url": true, "config.trusted_proxies": true, "config.base_url": true, "config.window": true, "config.window_unknown": true, "config.provider_url": true,
	"config.blobs": true, "config.s3_keys": true,
}

// checked understands the options and the environment.
func checked(s config.Serve) (config.Checked, error) {
	if err := config.CheckWindows(os.Environ()); err != nil {
		return config.Checked{}, err
	}
	if err := config.CheckProviders(os.Getenv); err != nil {
		return config.Checked{}, err
	}
	return s.Check()
}

// logger writes to the error stream, in the format asked for.
func logger(c config.Checked, w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.Level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

type serveCmd struct {
	config.Serve
}

func (c *serveCmd) Run(e *env) error {
	opt, err := checked(c.Serve)
	if err != nil {
		return err
	}
	return app.Serve(e.ctx, app.Config{Checked: opt, Log: logger(opt, e.errOut), Out: e.out, Channels: channels})
}

// installation are the options of commands that work on an installation, running or not.
type installation struct {
	config.Serve `hidden:""`
}

// do runs a named command there.
func (i installation) do(e *env, name string, args any) error {
	opt, err := checked(i.Serve)
	if err != nil {
		return err
	}
	if opt.LogLevel == "" || opt.LogLevel == "info" {
		opt.Level = slog.LevelWarn // a command's own output is what matters
	}
	return app.RunCommand(e.ctx, app.Config{Checked: opt, Log: logger(opt, e.errOut), Out: e.errOut, Channels: channels}, name, args, e.out)
}
