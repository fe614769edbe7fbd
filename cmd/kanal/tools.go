package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/kanalhq/kanal/internal/bench"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

type parseCmd struct {
	EnvelopeFrom  string   `placeholder:"A" help:"Return path of the envelope; <> is the null one."`
	EnvelopeTo    []string `placeholder:"A" help:"Recipient of the envelope."`
	Subject       string   `placeholder:"S" help:"Overrides the message's subject."`
	KeepForwarder bool     `help:"Whose contact a forwarded mail would be: the forwarder's."`
}

// maxParse is the largest message read from standard input, in bytes.
const maxParse = 256 << 20

func (c *parseCmd) Run(e *env) error {
	raw, err := io.ReadAll(io.LimitReader(e.in, maxParse+1))
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	if len(raw) > maxParse {
		return desk.Errorf(desk.TooLarge, "parse.too_large", "The message has more than %d MB.", maxParse>>20)
	}
	r, err := email.ParseReport(e.ctx, raw, email.ReportOptions{EnvelopeFrom: c.EnvelopeFrom, EnvelopeTo: c.EnvelopeTo, Subject: c.Subject, KeepForwarder: c.KeepForwarder})
	if err != nil {
		return err
	}
	enc := json.NewEncoder(e.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

type dbCmd struct {
	Copy dbCopy `cmd:"" help:"Copy an installation's database between SQLite and PostgreSQL: same ids, either way. The target must be empty. Stop the server first."`
}

type dbCopy struct {
	From string `required:"" placeholder:"DB" help:"Source: a postgres:// URL, or the path of a kanal.db."`
	To   string `required:"" placeholder:"DB" help:"Target: a postgres:// URL, or the path of a new kanal.db."`
	format
}

func (c *dbCopy) Run(e *env) error {
	from, err := openDB(e.ctx, c.From, false)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := openDB(e.ctx, c.To, true)
	if err != nil {
		return err
	}
	defer to.Close()
	last := time.Time{}
	report, err := db.Copy(e.ctx, from, to, db.CopyOptions{Progress: func(p db.CopyProgress) {
		if time.Since(last) < 500*time.Millisecond && p.Done < p.Total {
			return
		}
		last = time.Now()
		if c.Format == "json" {
			_ = json.NewEncoder(e.errOut).Encode(p)
			return
		}
		fmt.Fprintf(e.errOut, "\r%-8s %3d %%  %-24s", p.Step, percent(p.Done, p.Total), p.Table)
	}})
	if c.Format != "json" {
		fmt.Fprintln(e.errOut)
	}
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return json.NewEncoder(e.out).Encode(report)
	}
	_, err = fmt.Fprintf(e.out, "%d rows of %d tables copied and compared.\n", report.Rows, len(report.Tables))
	return err
}

func percent(done, total int64) int64 {
	if total == 0 {
		return 100
	}
	return done * 100 / total
}

// openDB opens a database by URL or path; into opens the target of a copy, also of one that was cut off.
func openDB(ctx context.Context, where string, into bool) (*db.DB, error) {
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return db.Open(ctx, db.Options{URL: where, CopyTarget: into})
	}
	return db.Open(ctx, db.Options{Path: strings.TrimPrefix(where, "sqlite://"), CopyTarget: into})
}

type benchCmd struct {
	Intake  benchRun `cmd:"" help:"Mails to committed, routed tickets, beside the bare SQL statements of the same run."`
	List    benchRun `cmd:"" help:"Lists of 50 tickets out of a million, by views."`
	Search  benchRun `cmd:"" help:"Searches over a million messages."`
	Routing benchRun `cmd:"" help:"Decisions of who gets what, and tickets that arrive at once and are given to somebody."`
	Chat    benchRun `cmd:"" help:"Website visitors on a server of its own process: idle connections, messages both ways, all coming back at once."`
}

// benchRun are the options of one benchmark. Its name is the command's.
type benchRun struct {
	format
	Dir         string `name:"dir" placeholder:"DIR" help:"Where the throw-away installation goes; a temporary directory by default."`
	DatabaseURL string `name:"database-url" env:"KANAL_BENCH_DATABASE_URL" placeholder:"URL" help:"An empty PostgreSQL database to measure, instead of SQLite. It is filled and left so."`
	Messages    int    `help:"Mails of each kind of run (intake)."`
	Callers     int    `help:"Deliveries or readers at a time."`
	Rows        int    `help:"Tickets and messages (list, search)."`
	Samples     int    `help:"How often each list or search is asked."`

	Visitors      int  `help:"Connected visitors (chat)."`
	Conversations int  `help:"Visitors with a conversation (chat)."`
	PerSecond     int  `name:"per-second" help:"Messages a second of all visitors together (chat)."`
	Seconds       int  `help:"How long each part lasts (chat)."`
	HTTP2         bool `name:"http2" help:"Visitors connect over HTTP/2 with TLS (chat)."`
}

// Run measures what the command names.
func (c *benchRun) Run(e *env, k *kong.Context) error {
	measure := map[string]func(context.Context, bench.Options) ([]bench.Row, error){"intake": bench.Intake, "list": bench.List, "search": bench.Search, "chat": bench.Chat, "routing": bench.Routing}[k.Selected().Name]
	rows, err := measure(e.ctx, bench.Options{
		Dir: c.Dir, DatabaseURL: c.DatabaseURL, Messages: c.Messages, Callers: c.Callers, Rows: c.Rows, Samples: c.Samples, Progress: e.errOut,
		Visitors: c.Visitors, Conversations: c.Conversations, PerSecond: c.PerSecond, Seconds: c.Seconds, HTTP2: c.HTTP2,
	})
	if err != nil {
		return err
	}
	return bench.Print(e.out, c.Format, rows)
}
