// Package bench is `kanal bench`: it measures this machine on the live code path, in a throw-away installation of its own, and prints
// figures beside a baseline of the same run. It owns no table and is the one package that seeds tables past their owners, because a million
// rows must be there in minutes. It asserts nothing: budgets stand in the manual, and times depend on the machine.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"
	"syscall"
	"time"

	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/all"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
)

// Options say what to measure.
type Options struct {
	Dir         string // where the throw-away installation goes; "" is a temporary directory, removed afterwards
	DatabaseURL string // an empty PostgreSQL database instead of SQLite; it is filled and left so
	Messages    int    // intake: mails of each kind of run; 0 means 6,000
	Callers     int    // intake: deliveries at a time; list: readers; 0 means 64 and 8
	Rows        int    // list, search: tickets and messages; 0 means 1,000,000
	Samples     int    // list, search: how often each is asked; 0 means 400
	// Chat: visitors who are connected, those of them with a conversation, messages a second of them all, how long each part lasts; 0 means 10,000, 1,000, 200 and 30.
	Visitors, Conversations, PerSecond, Seconds int
	HTTP2                                       bool   // chat: over HTTP/2, with TLS
	Program                                     string // chat: the server's program; "" is this one

	Progress io.Writer // what is being done, for a person; nil: nothing
}

// Row is one line of figures.
type Row struct {
	Bench     string  `json:"bench"`
	Database  string  `json:"database"`
	What      string  `json:"what"`
	Count     int     `json:"count"`
	Callers   int     `json:"callers"`
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	CPU       float64 `json:"cpu_us"`          // of this process, each; PostgreSQL's own server is not in it
	Ratio     float64 `json:"ratio,omitempty"` // of the baseline's rate
	Note      string  `json:"note,omitempty"`
}

// Print writes rows as a table, or as one JSON object a line.
func Print(w io.Writer, format string, rows []Row) error {
	if format == "json" {
		enc := json.NewEncoder(w)
		for _, r := range rows {
			if err := enc.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintf(w, "%-8s %-9s %-34s %9s %8s %11s %9s %9s %9s %6s\n", "bench", "database", "what", "count", "callers", "per second", "p50 ms", "p99 ms", "cpu µs", "ratio")
	for _, r := range rows {
		ratio := ""
		if r.Ratio > 0 {
			ratio = fmt.Sprintf("%.2f", r.Ratio)
		}
		_, err := fmt.Fprintf(w, "%-8s %-9s %-34s %9d %8d %11.0f %9.2f %9.2f %9.0f %6s %s\n", r.Bench, r.Database, r.What, r.Count, r.Callers, r.PerSecond, r.P50, r.P99, r.CPU, ratio, r.Note)
		if err != nil {
			return err
		}
	}
	return nil
}

// channels is the registry of the throw-away installation.
func channels(o app.ChannelOptions) (*channel.Registry, error) {
	return all.Registry(all.Options{Email: email.Options{Hostname: o.Hostname, TokenKey: o.TokenKey}}), nil
}

// open makes the throw-away installation. The database must be fresh.
func open(ctx context.Context, opt Options) (*app.App, func(), error) {
	dir, remove := opt.Dir, func() {}
	if dir == "" {
		tmp, err := os.MkdirTemp("", "kanal-bench-")
		if err != nil {
			return nil, nil, err
		}
		dir, remove = tmp, func() { _ = os.RemoveAll(tmp) }
	}
	checked, err := config.Serve{Data: dir, HTTP: "off", SMTP: "off", DatabaseURL: opt.DatabaseURL, BaseURL: "http://desk.bench.example"}.Check()
	if err != nil {
		remove()
		return nil, nil, err
	}
	a, err := app.Open(ctx, app.Config{Checked: checked, Out: io.Discard, Channels: channels})
	if err != nil {
		remove()
		return nil, nil, err
	}
	if err := refuseUsed(ctx, a.DB); err != nil {
		a.Close()
		remove()
		return nil, nil, err
	}
	return a, func() { a.Close(); remove() }, nil
}

func refuseUsed(ctx context.Context, d *db.DB) error {
	var n int
	if err := d.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM tickets LIMIT 1) x").Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("bench: this database has tickets; a measurement fills a fresh one")
	}
	return nil
}

func (o Options) say(format string, args ...any) {
	if o.Progress != nil {
		fmt.Fprintf(o.Progress, format+"\n", args...)
	}
}

// timed runs fn n times over a number of goroutines and measures.
func timed(n, callers int, fn func(i int) error) (Row, error) {
	times := make([]time.Duration, n)
	var mu sync.Mutex
	var failed error
	next := 0
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next <= n && failed == nil
	}
	var wg sync.WaitGroup
	cpu, began := processCPU(), time.Now()
	for range callers {
		wg.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				start := time.Now()
				err := fn(i)
				times[i] = time.Since(start)
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	wall, used := time.Since(began), processCPU()-cpu
	return row(times, callers, wall, used), failed
}

func row(times []time.Duration, callers int, wall, cpu time.Duration) Row {
	n := len(times)
	if n == 0 {
		return Row{}
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	return Row{
		Count: n, Callers: callers, PerSecond: float64(n) / wall.Seconds(), P50: ms(times[n/2]), P99: ms(times[min(n-1, n*99/100)]),
		CPU: float64(cpu.Microseconds()) / float64(n),
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// processCPU is user and system time of this process.
func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// join adds the rows of several rounds: rates over all, and the middle of the percentiles.
func join(rounds []Row) Row {
	if len(rounds) == 0 {
		return Row{}
	}
	out := rounds[0]
	var wall, cpu float64
	out.Count = 0
	var p50, p99 []float64
	for _, r := range rounds {
		out.Count += r.Count
		wall += float64(r.Count) / r.PerSecond
		cpu += r.CPU * float64(r.Count)
		p50, p99 = append(p50, r.P50), append(p99, r.P99)
	}
	sort.Float64s(p50)
	sort.Float64s(p99)
	out.PerSecond, out.CPU = float64(out.Count)/wall, cpu/float64(out.Count)
	out.P50, out.P99 = p50[len(p50)/2], p99[len(p99)/2]
	return out
}
