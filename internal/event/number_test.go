package event_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

type mark struct{ Writer, Tx, N int }

// writeMarks makes the transactions of one writer, each with one to five events; late ones stay open until another writer has gone on.
func writeMarks(t *testing.T, d *db.DB, l *event.Log, writer, txs int, passed chan struct{}) (events int) {
	for n := range txs {
		size, late, fails := 1+rand.IntN(5), rand.IntN(4) == 0, rand.IntN(8) == 0
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			for i := range size {
				if _, err := l.Record(ctx, tx, desk.Event{Type: "test.marked", Data: event.Data(mark{writer, n, i})}); err != nil {
					return err
				}
			}
			if late && d.Dialect() == db.Postgres { // SQLite's one writer would wait for itself
				select {
				case <-passed:
				default:
				}
				<-passed
			}
			if fails {
				return errors.New("rolled back")
			}
			return nil
		})
		if !fails {
			if err != nil {
				t.Error(err)
			}
			events += size
		}
		select {
		case passed <- struct{}{}:
		default:
		}
	}
	return events
}

func checkMarks(t *testing.T, got []desk.Event) {
	t.Helper()
	seen := map[mark]bool{}
	last := map[int]mark{}
	for i, ev := range got {
		if ev.Seq != int64(i+1) {
			t.Fatalf("event %d has number %d: a gap or a repetition", i, ev.Seq)
		}
		var m mark
		if err := json.Unmarshal(ev.Data, &m); err != nil {
			t.Fatal(err)
		}
		if seen[m] {
			t.Errorf("%+v came twice", m)
		}
		seen[m] = true
		if p, ok := last[m.Writer]; ok && (m.Tx < p.Tx || m.Tx == p.Tx && m.N != p.N+1) {
			t.Errorf("writer %d: %+v after %+v", m.Writer, m, p)
		}
		if p, ok := last[m.Writer]; (!ok || m.Tx != p.Tx) && m.N != 0 {
			t.Errorf("a transaction begins with %+v", m)
		}
		last[m.Writer] = m
	}
}

func TestFollowersSeeEveryEventOnceInOrderAlsoWhenCommitsAreLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		nodes := []*db.DB{d}
		if d.Dialect() == db.Postgres {
			nodes = append(nodes, dbtest.Again(t, d))
		}
		var logs []*event.Log
		for _, n := range nodes {
			l := event.New(n, clock.New(), nil)
			run(t, l)
			logs = append(logs, l)
		}
		const writers, txs = 8, 40
		passed := make(chan struct{}, 1)
		ended := make(chan struct{})
		go func() { // nobody waits for ever for another to go on
			for {
				select {
				case passed <- struct{}{}:
				case <-ended:
					return
				}
			}
		}()
		var total int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				n := writeMarks(t, nodes[w%len(nodes)], logs[w%len(nodes)], w, txs, passed)
				mu.Lock()
				total += n
				mu.Unlock()
			})
		}
		// A follower reads while it happens: what it saw must be a beginning of what there is in the end.
		var early []desk.Event
		wg.Go(func() { early = follow(t, logs[len(logs)-1], 100) })
		wg.Wait()
		close(ended)
		all := follow(t, logs[0], total)
		if len(all) != total {
			t.Fatalf("%d events of %d", len(all), total)
		}
		checkMarks(t, all)
		for i, ev := range early {
			if all[i].ID != ev.ID {
				t.Fatalf("the follower saw %d at %d, where %d stands now", ev.ID, i, all[i].ID)
			}
		}
	})
}

func TestAnotherNodeNumbersWhenTheElectedOneIsGone(t *testing.T) {
	d := dbtest.Postgres(t)
	first := event.New(d, clock.New(), nil)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { defer close(gone); first.Run(ctx) }()
	record := func(d *db.DB, l *event.Log) {
		t.Helper()
		if err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := l.Record(ctx, tx, desk.Event{Type: "test.marked"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	record(d, first)
	follow(t, first, 1)
	other := dbtest.Again(t, d)
	second := event.New(other, clock.New(), nil)
	run(t, second)
	record(other, second) // the first still numbers
	follow(t, second, 2)
	cancel()
	<-gone
	record(other, second)
	follow(t, second, 3)
}
