package bulk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/bulk"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

func TestACancelledRunKeepsWhatItDid(t *testing.T) { // WS-17
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 3)
		ids := w.many(60)
		r, err := w.Start(ctx, w.viewer, bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: ids}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Undo(ctx, w.viewer, r.ID); desk.ReasonOf(err) != "bulk.still_running" {
			t.Fatal(err)
		}
		runs(t, w.jobs)
		w.eventually("some are done", func() bool { r, _ = w.Get(ctx, w.ann.ID, r.ID); return r.Done > 0 })
		if r, err = w.Cancel(ctx, w.ann.ID, r.ID); err != nil || r.State != bulk.Cancelled && r.State != bulk.Done {
			t.Fatalf("%+v %v", r, err)
		}
		w.eventually("the job ends", func() bool { return w.number("SELECT COUNT(*) FROM jobs WHERE kind = 'bulk.run'") == 0 })
		closed := w.number("SELECT COUNT(*) FROM tickets WHERE open = 0")
		if now, _ := w.Get(ctx, w.ann.ID, r.ID); int64(now.Done) != closed || now.Done != r.Done {
			t.Fatalf("%d are closed, the run says %+v", closed, now)
		}
		w.is(w.undone(r), bulk.Done, r.Done, r.Done, 0, 0)
		if n := w.number("SELECT COUNT(*) FROM tickets WHERE open = 0"); n != 0 {
			t.Fatalf("%d are closed still", n)
		}
		// One that has not begun ends at once.
		if r, err = w.Start(ctx, w.viewer, bulk.Action{Type: bulk.DoClose}, bulk.Selection{View: "open"}, nil); err != nil {
			t.Fatal(err)
		}
		if r, err = w.Cancel(ctx, w.ann.ID, r.ID); err != nil || !r.Over() {
			t.Fatalf("%+v %v", r, err)
		}
	})
}

// A process that ends in the middle takes nothing along: the next goes on behind the last slice that was committed, and no ticket is done twice.
func TestAnotherProcessGoesOnWhereOneEnded(t *testing.T) { // WS-17
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 5)
		ids := w.many(200)
		r, err := w.Start(ctx, w.viewer, bulk.Action{Type: bulk.DoClose}, bulk.Selection{View: "open", Expect: 200}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			_, jobs := bulkOn(t, w.Desk, 5)
			was := r.Done
			stop := runs(t, jobs)
			w.eventually("it goes on", func() bool { r, _ = w.Get(ctx, w.ann.ID, r.ID); return r.Done > was || r.Over() })
			stop()
		}
		runs(t, w.jobs)
		w.is(w.wait(r.ID), bulk.Done, 200, 200, 0, 0)
		changes := w.statusChanges()
		for _, id := range ids {
			if changes[id] != 1 {
				t.Fatalf("ticket %d was closed %d times", id, changes[id])
			}
		}
	})
}

// Two processes that both believe to have the job: only the holder's slices count.
func TestWhoLostTheJobWritesNothing(t *testing.T) { // WS-17
	d := dbtest.Postgres(t)
	w := newWorld(t, d, 2)
	ids := w.many(120)
	r, err := w.Start(ctx, w.viewer, bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: ids}, nil)
	if err != nil {
		t.Fatal(err)
	}
	runs(t, w.jobs)
	_, other := bulkOn(t, w.Desk, 2)
	runs(t, other)
	w.eventually("it has begun", func() bool { r, _ = w.Get(ctx, w.ann.ID, r.ID); return r.Done > 0 })
	w.Write(func(ctx context.Context, tx *db.Tx) error { // the lease runs out under the worker: another takes the job over
		_, err := tx.Exec(ctx, "UPDATE jobs SET lease_until = 0, fence = fence + 1, state = 'ready' WHERE kind = 'bulk.run'")
		return err
	})
	w.is(w.wait(r.ID), bulk.Done, 120, 120, 0, 0)
	for id, n := range w.statusChanges() {
		if n != 1 {
			t.Fatalf("ticket %d was closed %d times", id, n)
		}
	}
}

// The database refuses in the middle of a slice: the slice leaves no trace, and the run goes on when the trouble is over.
func TestTroubleInTheMiddleOfASlice(t *testing.T) { // WS-17
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		ids := w.many(400)
		trouble := []string{ // the disk is full when the 25th ticket is noted
			`CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN IF NEW.position = 25 THEN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql`,
			"CREATE TRIGGER full_disk BEFORE UPDATE ON bulk_items FOR EACH ROW EXECUTE FUNCTION full_disk()",
		}
		over := "DROP TRIGGER full_disk ON bulk_items"
		if d.Dialect() == db.SQLite {
			trouble, over = []string{"PRAGMA max_page_count = 1"}, "PRAGMA max_page_count = 1000000" // never below what there is: the next page that is needed is refused
		}
		r, err := w.Start(ctx, w.viewer, bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: ids}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d.Dialect() == db.SQLite {
			runs(t, w.jobs)
			w.eventually("it has begun", func() bool { r, _ = w.Get(ctx, w.ann.ID, r.ID); return r.Done > 0 })
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			for _, q := range trouble {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
		if d.Dialect() == db.Postgres {
			runs(t, w.jobs)
			w.eventually("it fails", func() bool {
				return w.number("SELECT COUNT(*) FROM jobs WHERE kind = 'bulk.run' AND last_error <> ''") == 1
			})
			if r, _ = w.Get(ctx, w.ann.ID, r.ID); r.Done != 20 || w.number("SELECT COUNT(*) FROM tickets WHERE open = 0") != 20 {
				t.Fatalf("a slice left a trace: %+v", r)
			}
		} else {
			w.eventually("the disk is full", func() bool {
				return db.IsMachine(w.Try(func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Exec(ctx, "INSERT INTO settings (name, value, updated_at) VALUES ('test', $1, 0) ON CONFLICT (name) DO NOTHING", strings.Repeat("x", 1<<20))
					return err
				}))
			})
		}
		w.eventually("the trouble is over", func() bool {
			return w.Try(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, over); return err }) == nil
		})
		w.is(w.wait(r.ID), bulk.Done, len(ids), len(ids), 0, 0)
		for id, n := range w.statusChanges() {
			if n != 1 {
				t.Fatalf("ticket %d was closed %d times", id, n)
			}
		}
	})
}

// A user who lost the right in the middle does no more.
func TestARightThatWasTakenAwayCountsAtOnce(t *testing.T) { // WS-17
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 5)
		r, err := w.Start(ctx, w.viewer, bulk.Action{Type: bulk.DoClose}, bulk.Selection{IDs: w.many(10)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE users SET role = $1 WHERE id = $2", desk.RoleViewer, w.ann.ID)
			return err
		})
		runs(t, w.jobs)
		w.is(w.wait(r.ID), bulk.Done, 10, 0, 0, 10)
	})
}

func BenchmarkBulkClose(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			var d *db.DB
			if name == "sqlite" {
				d = dbtest.SQLite(b)
			} else {
				d = dbtest.Postgres(b)
			}
			w := newWorld(b, d, 0)
			ids := w.many(1000)
			runs(b, w.jobs)
			b.ResetTimer()
			for i := range b.N {
				a := bulk.Action{Type: bulk.DoClose}
				if i%2 == 1 {
					a.Type = bulk.DoReopen
				}
				start := time.Now()
				w.over(a, bulk.Selection{IDs: ids})
				b.ReportMetric(float64(len(ids))/time.Since(start).Seconds(), "tickets/s")
			}
		})
	}
}
