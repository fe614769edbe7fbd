package view_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/view"
)

// BenchmarkList reads pages of 50 out of KANAL_BENCH_TICKETS tickets (a million is the budget's case; without the variable it is skipped), with one and with
// eight readers: go test ./internal/view -bench List -run - -benchtime 400x. Figures are reported, never asserted (DESIGN section 11).
func BenchmarkList(b *testing.B) {
	n, _ := strconv.Atoi(os.Getenv("KANAL_BENCH_TICKETS"))
	if n == 0 {
		b.Skip("KANAL_BENCH_TICKETS says how many tickets to seed")
	}
	bases := map[string]*db.DB{"sqlite": dbtest.SQLite(b)}
	if os.Getenv("KANAL_TEST_POSTGRES") != "" {
		bases["postgres"] = dbtest.Postgres(b)
	}
	for name, d := range bases {
		k := desktest.New(b, d)
		names, user := million(b, k, n)
		v := view.New(d, nil)
		s := view.Sight{User: user, All: true}
		for _, view := range names {
			for _, readers := range []int{1, 8} {
				b.Run(fmt.Sprintf("%s/%s/%d", name, view.label, readers), func(b *testing.B) { readPages(b, v, s, view.id, readers) })
			}
		}
		b.Run(name+"/counts", func(b *testing.B) {
			for i := range b.N {
				if _, err := v.Counts(context.Background(), s, int64(i+1)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type named struct{ label, id string }

// readPages reads first and later pages and reports the middle and the 99th hundredth.
func readPages(b *testing.B, v *view.Service, s view.Sight, name string, readers int) {
	ctx := context.Background()
	first, err := v.Tickets(ctx, s, name, "", view.Page{Limit: 50})
	if err != nil || len(first.Items) == 0 {
		b.Fatalf("%d rows, %v", len(first.Items), err)
	}
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	b.ResetTimer()
	for range readers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range b.N {
				cursor := ""
				if i%2 == 1 {
					cursor = first.Next
				}
				began := time.Now()
				_, err := v.Tickets(ctx, s, name, "", view.Page{Limit: 50, Cursor: cursor})
				d := time.Since(began)
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
				if err != nil {
					b.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// million seeds n tickets of n/10 contacts, a fifth of them open, by set statements.
func million(b *testing.B, k *desktest.Desk, n int) ([]named, desk.UserID) {
	ctx := context.Background()
	u := k.User()
	inbox := k.Helpdesk().ID
	pipes, err := k.Tickets.Pipelines(ctx, k.DB)
	if err != nil {
		b.Fatal(err)
	}
	open, closed := pipes[0].Statuses[0], pipes[0].Statuses[len(pipes[0].Statuses)-1]
	numbers := "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < %d)"
	if k.DB.Dialect() == db.Postgres {
		numbers = "WITH g(n) AS (SELECT generate_series(1::bigint, %d))"
	}
	k.Write(func(ctx context.Context, tx *db.Tx) error {
		for _, text := range []string{
			fmt.Sprintf("INSERT INTO contacts (id, name, email, created_at, updated_at) "+numbers+" SELECT n, 'Contact ' || n, 'c' || n || '@customer.example', 1, 1 FROM g", max(1, n/10)),
			fmt.Sprintf(`INSERT INTO tickets (id, number, subject, inbox_id, contact_id, pipeline_id, status_id, open, owner_id, snippet, last_direction, created_at, updated_at, last_activity_at) `+numbers+`
				SELECT n, n + 10000, 'A question about order ' || n, %d, 1 + n %% %d, %d, CASE WHEN n %% 5 = 0 THEN %d ELSE %d END, CASE WHEN n %% 5 = 0 THEN 1 ELSE 0 END,
				CASE WHEN n %% 50 = 0 THEN 0 WHEN n %% 25 = 0 THEN %d ELSE 5 + n %% 40 END, 'Where is my parcel?', 'incoming', n, n, 1700000000000 + (n * 7919) %% 100000000 FROM g`,
				n, inbox, max(1, n/10), pipes[0].ID, open.ID, closed.ID, u.ID),
			"ANALYZE",
		} {
			if _, err := tx.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	return []named{{"open", view.Open}, {"unassigned", view.Unassigned}, {"mine", view.Mine}, {"closed", view.Closed}, {"inbox", "inbox:" + inbox.String()}, {"status", "status:" + open.ID.String()}}, u.ID
}
