package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

type bulkRun struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Total  int    `json:"total"`
	Done   int    `json:"done"`
	Same   int    `json:"same"`
	Failed int    `json:"failed"`
}

// Kill -9 again and again in the middle of an action on many tickets: it goes on where it was, and every ticket is closed exactly once. WS-17.
func TestABulkActionSurvivesKill(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute a database")
	}
	t.Setenv("KANAL_WINDOW_JOB_LEASE", "1s")
	eachDatabase(t, func(t *testing.T, kind db.Dialect) {
		s := newServer(t, kind)
		s.start()
		const tickets = 1500
		var made sync.WaitGroup
		for w := range 10 {
			made.Go(func() {
				for i := range tickets / 10 {
					if code, err := s.api("POST", "/api/tickets", map[string]any{"subject": fmt.Sprintf("Many %d.%d", w, i), "category": "many"}, nil); err != nil || code != 201 {
						t.Errorf("ticket: %d %v", code, err)
						return
					}
				}
			})
		}
		made.Wait()
		var run bulkRun
		code, err := s.api("POST", "/api/bulk", map[string]any{
			"selection": map[string]any{"view": "open", "filter": map[string]any{"field": "category", "op": "is", "value": "many"}, "expect": tickets}, "action": map[string]any{"type": "close"},
		}, &run)
		if err != nil || code != 202 {
			t.Fatalf("start: %d %v", code, err)
		}
		kills := 0
		for range 12 {
			time.Sleep(time.Duration(20+rand.IntN(180)) * time.Millisecond) // the moment of the power cut is chance
			s.kill()
			kills++
			s.start()
			if _, err := s.api("GET", "/api/bulk/"+run.ID, nil, &run); err == nil && run.State == "done" {
				break
			}
		}
		eventually(t, time.Minute, "the run ends", func() bool {
			_, err := s.api("GET", "/api/bulk/"+run.ID, nil, &run)
			return err == nil && run.State == "done"
		})
		t.Logf("%d kills, %+v", kills, run)
		if run.Total != tickets || run.Done != tickets || run.Failed != 0 {
			t.Fatalf("%+v", run)
		}
		s.stop()
		d := s.database()
		defer d.Close()
		closed, err := db.All(context.Background(), d, db.Column[desk.TicketID], "SELECT ticket_id FROM events WHERE type = $1 AND data LIKE '%\"reason\":\"bulk\"%'", desk.EvTicketStatus)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[desk.TicketID]int{}
		var twice []string
		for _, id := range closed {
			if seen[id]++; seen[id] > 1 {
				twice = append(twice, id.String())
			}
		}
		if len(seen) != tickets || len(twice) > 0 {
			t.Fatalf("%d of %d tickets were closed; twice: %s", len(seen), tickets, strings.Join(twice, " "))
		}
	})
}
