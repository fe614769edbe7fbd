package event_test

import (
	"context"
	"sort"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// BenchmarkFromCommitToFollower measures how long after its commit an event is read by a follower in the same process.
func BenchmarkFromCommitToFollower(b *testing.B) {
	for _, kind := range []struct {
		name string
		open func(testing.TB) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}} {
		b.Run(kind.name, func(b *testing.B) {
			d := kind.open(b)
			l := event.New(d, clock.New(), nil)
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { defer close(done); l.Run(ctx) }()
			defer func() { cancel(); <-done }()
			sub := l.Subscribe()
			defer sub.Close()
			var last int64
			var times []time.Duration
			for b.Loop() {
				err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
					_, err := l.Record(ctx, tx, desk.Event{Type: "bench.event"})
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				committed := time.Now()
				for seen := false; !seen; {
					<-sub.C
					evs, err := l.After(ctx, last, 10)
					if err != nil {
						b.Fatal(err)
					}
					if seen = len(evs) > 0; seen {
						last = evs[len(evs)-1].Seq
					}
				}
				times = append(times, time.Since(committed))
			}
			sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
