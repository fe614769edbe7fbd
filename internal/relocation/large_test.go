package relocation_test

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/relocation"
)

// A live mail channel with many conversations moves while mail floods in: the counts are exact and the times are told. It takes minutes, so it is asked for:
// KANAL_MOVE=10000 go test ./internal/relocation -run Large -v (MG-02, MG-06).
func TestALargeChannelMovesWhileMailFloodsIn(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("KANAL_MOVE"))
	if err != nil || n < 100 {
		t.Skip("KANAL_MOVE says of how many conversations")
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		began := time.Now()
		for i := 0; i < n; i += 100 {
			var batch []channel.Raw
			for k := i; k < min(n, i+100); k++ {
				batch = append(batch, raw(w.acc, fmt.Sprintf("old%d", k), fmt.Sprintf("c%d@x.example", k)))
			}
			if err := w.intake.Deliver(ctx, batch); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d conversations filed in %s", n, time.Since(began).Round(time.Millisecond))
		began = time.Now()
		if _, err := w.Plan(ctx, w.DB, w.acc.ID, relocation.Plan{To: w.Helpdesk().ID, History: "all"}); err != nil {
			t.Fatal(err)
		}
		t.Logf("dry run in %s", time.Since(began).Round(time.Millisecond))
		began = time.Now()
		m := desktest.Must[relocation.Move](t)(w.Start(ctx, desk.ByUser(w.ann.ID), w.acc.ID, relocation.Plan{To: w.Helpdesk().ID, History: "all"}, nil))
		t.Logf("switched, with its dry run, in %s", time.Since(began).Round(time.Millisecond))
		runs(t, w.jobs)
		var wg sync.WaitGroup
		var slowest time.Duration
		var mu sync.Mutex
		flood := n / 10
		for part := range 2 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := part; i < flood; i += 2 {
					at := time.Now()
					k := (i * 7919) % n
					if err := w.intake.Deliver(ctx, []channel.Raw{raw(w.acc, fmt.Sprintf("re%d", i), fmt.Sprintf("c%d@x.example", k), fmt.Sprintf("old%d@x.example", k))}); err != nil {
						t.Error(err)
					}
					mu.Lock()
					slowest = max(slowest, time.Since(at))
					mu.Unlock()
				}
			}()
		}
		w.patiently(t, 10*time.Minute, func() bool { m = desktest.Must[relocation.Move](t)(w.Get(ctx, w.DB, m.ID)); return m.Over() })
		took := time.Since(began)
		wg.Wait()
		t.Logf("moved in %s (%d a second), %d mails meanwhile, the slowest in %s", took.Round(time.Millisecond), int(float64(n)/took.Seconds()), flood, slowest.Round(time.Millisecond))
		if m.State != relocation.Done || m.Failed != 0 || m.Report.Moved != n || m.Made != n {
			t.Fatalf("%+v", m)
		}
		for query, want := range map[string]int{
			"SELECT COUNT(*) FROM threads": n, "SELECT COUNT(*) FROM tickets": n, "SELECT COUNT(*) FROM messages": n + flood,
			fmt.Sprintf("SELECT COUNT(*) FROM threads WHERE inbox_id <> %d OR ticket_id = 0", w.Helpdesk().ID): 0,
			"SELECT COUNT(*) FROM inbound_raw WHERE state = 'set_aside'":                                       0,
		} {
			if got := w.number(query); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
		}
	})
}

func (w *world) patiently(t *testing.T, limit time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never over")
		}
	}
}
