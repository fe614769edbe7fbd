package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/view"
)

const jsonFormat = "json"

// trace tells the story of an item.
func trace(ctx context.Context, a *App, raw json.RawMessage, out io.Writer) error {
	args, err := decode[TraceArgs](raw)
	if err != nil {
		return err
	}
	steps, err := a.Views.Trace(ctx, view.Everything, args.ID)
	if err != nil {
		return err
	}
	if args.Format == jsonFormat {
		return objects(out, steps)
	}
	rows := make([][]string, len(steps))
	for i, s := range steps {
		rows[i] = []string{s.At.String(), s.Step, details(s.Detail)}
	}
	return table(out, "AT\tSTEP\tDETAIL", rows)
}

// details writes the particulars of a step in a line.
func details(m map[string]any) string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var parts []string
	for _, k := range keys {
		j, err := json.Marshal(m[k])
		if s := strings.Trim(string(j), `"`); err == nil && s != "" && s != "null" && s != "[]" && s != "{}" {
			parts = append(parts, k+"="+s)
		}
	}
	return strings.Join(parts, " ")
}

func inboundList(ctx context.Context, a *App, raw json.RawMessage, out io.Writer) error {
	args, err := decode[InboundArgs](raw)
	if err != nil {
		return err
	}
	var list []intake.Entry
	for before := desk.RawID(0); len(list) < args.Limit; {
		page, err := a.Intake.List(ctx, intake.Filter{State: args.State, Channel: args.Channel, Since: args.Since, Before: before, Limit: min(args.Limit-len(list), 1000)})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		list = append(list, page...)
		before = page[len(page)-1].ID
	}
	if args.Format == jsonFormat {
		return objects(out, list)
	}
	rows := make([][]string, len(list))
	for i, e := range list {
		rows[i] = []string{e.ID.String(), e.At.String(), e.Channel, e.Account, e.State, string(e.Disposition), dash(int64(e.Ticket)), e.RemoteID, e.Reason}
	}
	return table(out, "ID\tAT\tCHANNEL\tACCOUNT\tSTATE\tDISPOSITION\tTICKET\tMESSAGE-ID\tREASON", rows)
}

func dash(id int64) string {
	if id == 0 {
		return "–"
	}
	return fmt.Sprint(id)
}

func inboundReplay(ctx context.Context, a *App, raw json.RawMessage, out io.Writer) error {
	args, err := decode[ReplayArgs](raw)
	if err != nil {
		return err
	}
	if args.All {
		var before desk.RawID
		for {
			page, err := a.Intake.List(ctx, intake.Filter{State: "set_aside", Before: before, Limit: 1000})
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				args.IDs = append(args.IDs, e.ID)
			}
			before = page[len(page)-1].ID
		}
		sort.Slice(args.IDs, func(i, j int) bool { return args.IDs[i] < args.IDs[j] }) // in the order in which they came
	}
	failed := 0
	var first error
	for _, id := range args.IDs {
		e, err := a.Intake.Replay(ctx, id)
		if err != nil {
			failed++
			if first == nil {
				first = err
			}
			e.ID, e.Error = id, errorText(err)
			if e.State == "" {
				e.State = "set_aside"
			}
		}
		if args.Format == jsonFormat {
			err = objects(out, []intake.Entry{e})
		} else {
			_, err = fmt.Fprintf(out, "%s\t%s\tticket %s\t%s\n", e.ID, e.State, dash(int64(e.Ticket)), e.Error)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case failed == 1 && len(args.IDs) == 1:
		return first
	case failed > 0:
		return fmt.Errorf("%d of %d items could not be filed", failed, len(args.IDs))
	}
	return nil
}

// Finding is one thing that doctor looked at.
type Finding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Fix    string `json:"fix"`
}

// doctor probes the installation and every active channel account.
func doctor(ctx context.Context, a *App, raw json.RawMessage, out io.Writer) error {
	args, err := decode[DoctorArgs](raw)
	if err != nil {
		return err
	}
	bad := 0
	say := func(f Finding) error {
		if !f.OK {
			bad++
		}
		if args.Format == jsonFormat {
			return objects(out, []Finding{f})
		}
		mark := "ok  "
		if !f.OK {
			mark = "BAD "
		}
		_, err := fmt.Fprintf(out, "%s %s: %s\n", mark, f.What, f.Detail)
		if err == nil && !f.OK && f.Fix != "" {
			_, err = fmt.Fprintf(out, "     mend it: %s\n", f.Fix)
		}
		return err
	}
	for _, f := range a.examine(ctx) {
		if err := say(f); err != nil {
			return err
		}
	}
	accounts, err := a.Inbox.Accounts(ctx, a.DB, inbox.Filter{ActiveOnly: true})
	if err != nil {
		return err
	}
	for _, acc := range accounts {
		if err := a.probe(ctx, acc, say); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d findings", bad)
	}
	return nil
}

// examine looks at the installation itself.
func (a *App) examine(ctx context.Context) []Finding {
	var out []Finding
	f := Finding{What: "database", OK: true, Detail: string(a.DB.Dialect()) + " answers"}
	if err := a.DB.Ping(ctx); err != nil {
		f = Finding{What: "database", Detail: errorText(err), Fix: "Look at the database server or the disk."}
	}
	out = append(out, f)
	probe := filepath.Join(a.cfg.Data, ".kanal-probe")
	f = Finding{What: "data directory", OK: true, Detail: a.cfg.Data + " can be written"}
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		f = Finding{What: "data directory", Detail: err.Error(), Fix: "Give the server's user the right to write there."}
	} else {
		_ = os.Remove(probe)
	}
	out = append(out, f)
	if free := a.diskFree(); free > 0 {
		f = Finding{What: "disk", OK: free > 1<<30, Detail: fmt.Sprintf("%.1f GB free", float64(free)/(1<<30)), Fix: "Free some space: mail that cannot be stored is refused with 451 and comes again."}
		out = append(out, f)
	}
	if s, err := a.Jobs.Stats(ctx); err == nil {
		out = append(out, Finding{What: "jobs", OK: s.Dead == 0 && s.Late.Minutes() < 10, Detail: fmt.Sprintf("%d waiting, %d running, %d given up, the oldest due for %s", s.Ready, s.Running, s.Dead, s.Late.Round(1e9)),
			Fix: "The log says why jobs fail."})
	}
	aside, err := a.Intake.List(ctx, intake.Filter{State: "set_aside", Limit: 1000})
	if err == nil {
		out = append(out, Finding{What: "inbound", OK: len(aside) == 0, Detail: fmt.Sprintf("%d items are set aside", len(aside)), Fix: "kanal inbound list --state set_aside says why; kanal inbound replay files them after the fix."})
	}
	return out
}

// diskFree is what is left in the data directory, in bytes; 0 when it cannot be told.
func (a *App) diskFree() int64 {
	var fs syscall.Statfs_t
	if syscall.Statfs(a.cfg.Data, &fs) != nil {
		return 0
	}
	return int64(fs.Bavail) * int64(fs.Bsize)
}

// probe checks one account.
func (a *App) probe(ctx context.Context, acc desk.ChannelAccount, say func(Finding) error) error {
	what := "channel " + acc.Slug
	if acc.State == desk.StateReconnect || acc.State == desk.StateTrouble {
		if err := say(Finding{What: what, Detail: string(acc.State) + ": " + acc.StateReason, Fix: "Open the channel's settings and test the connection."}); err != nil {
			return err
		}
	}
	full, err := a.Inbox.AccountWithSecrets(ctx, a.DB, acc.ID)
	if err != nil {
		return say(Finding{What: what, Detail: errorText(err)})
	}
	probes, err := a.Board.Check(ctx, full)
	if err != nil {
		return say(Finding{What: what, Detail: errorText(err)})
	}
	for _, p := range probes {
		if err := say(Finding{What: what + ", " + p.Name, OK: p.OK, Detail: p.Detail, Fix: p.Fix}); err != nil {
			return err
		}
	}
	return nil
}
