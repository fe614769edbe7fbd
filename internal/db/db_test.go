package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

func insert(ctx context.Context, tx *db.Tx, name string) error {
	_, err := tx.Exec(ctx, "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3)", name, "v", 1)
	return err
}

func names(t *testing.T, d *db.DB) []string {
	t.Helper()
	got, err := db.All(context.Background(), d, db.Column[string], "SELECT name FROM settings ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func same(a, b []string) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func TestWriteCommitsOrLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		if err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, "kept") }); err != nil {
			t.Fatal(err)
		}
		boom := errors.New("boom")
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := insert(ctx, tx, "undone"); err != nil {
				return err
			}
			return boom
		})
		if err != boom {
			t.Errorf("the callback's error came back as %v", err)
		}
		err = d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			_ = insert(ctx, tx, "panicked")
			panic("oh")
		})
		if err == nil {
			t.Error("a panic was swallowed")
		}
		if got := names(t, d); !same(got, []string{"kept"}) {
			t.Errorf("stored: %v", got)
		}
	})
}

func TestHooksRunOnceAfterTheCommitAndNotAfterARollback(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var ran []string
		hook := func(tx *db.Tx, name string) {
			tx.AfterCommit(func() {
				ran = append(ran, name)
				if n := len(names(t, d)); n != 1 {
					t.Errorf("hook %s sees %d rows", name, n)
				}
			})
		}
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			hook(tx, "outer")
			_ = tx.Savepoint(ctx, func(ctx context.Context) error { hook(tx, "undone"); return errors.New("no") })
			if err := tx.Savepoint(ctx, func(ctx context.Context) error { hook(tx, "inner"); return nil }); err != nil {
				return err
			}
			tx.AfterCommit(func() { panic("a hook's own trouble") })
			hook(tx, "last")
			return insert(ctx, tx, "row")
		})
		if err != nil {
			t.Errorf("a hook's panic undid a committed write: %v", err)
		}
		_ = d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { hook(tx, "never"); return errors.New("no") })
		if !same(ran, []string{"outer", "inner", "last"}) {
			t.Errorf("ran: %v", ran)
		}
	})
}

func TestASavepointUndoesOnlyWhatFailed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if err := insert(ctx, tx, "a"); err != nil {
				return err
			}
			err := tx.Savepoint(ctx, func(ctx context.Context) error {
				if err := insert(ctx, tx, "b"); err != nil {
					return err
				}
				inner := tx.Savepoint(ctx, func(ctx context.Context) error { return insert(ctx, tx, "a") })
				if !db.IsUnique(inner) || db.IsMachine(inner) {
					t.Errorf("a broken unique key came as %v", inner)
				}
				return insert(ctx, tx, "c")
			})
			if err != nil {
				return err
			}
			return tx.Savepoint(ctx, func(ctx context.Context) error { return insert(ctx, tx, "d") })
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(t, d); !same(got, []string{"a", "b", "c", "d"}) {
			t.Errorf("stored: %v", got)
		}
	})
}

func TestOneCallersFailureDoesNotTouchTheOthersOfItsGroup(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boom := errors.New("boom")
		gone, leave := context.WithCancel(ctx)
		leave()
		const callers = 64
		var wg sync.WaitGroup
		var hooks atomic.Int64
		for i := range callers {
			wg.Go(func() {
				c := ctx
				if i%8 == 7 {
					c = gone
				}
				err := d.Write(c, func(ctx context.Context, tx *db.Tx) error {
					if err := insert(ctx, tx, fmt.Sprintf("%02d", i)); err != nil {
						return err
					}
					tx.AfterCommit(func() { hooks.Add(1) })
					switch i % 8 {
					case 5:
						return boom
					case 6:
						panic("oh")
					}
					return nil
				})
				if want := i%8 < 5; (err == nil) != want || i%8 == 5 && err != boom || i%8 == 7 && !errors.Is(err, context.Canceled) {
					t.Errorf("caller %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if n := len(names(t, d)); n != callers*5/8 || hooks.Load() != int64(n) {
			t.Errorf("%d rows, %d hooks", n, hooks.Load())
		}
	})
}

func TestTroubleOfTheMachineRunsTheOthersOfTheGroupAgain(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx := context.Background()
	var wg sync.WaitGroup
	hold, held := make(chan bool), make(chan bool)
	wg.Go(func() { // keeps the writer busy, so that the next callers make one group
		_ = d.Write(ctx, func(context.Context, *db.Tx) error { close(held); <-hold; return nil })
	})
	<-held
	trouble := desk.Errorf(desk.Unavailable, "test.disk", "The disk is full.")
	var tries atomic.Int64
	for i := range 10 {
		wg.Go(func() {
			err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				if err := insert(ctx, tx, fmt.Sprint(i)); err != nil {
					return err
				}
				if i == 3 && tries.Add(1) < 2 {
					return trouble
				}
				return nil
			})
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	close(hold)
	wg.Wait()
	if n := len(names(t, d)); n != 10 {
		t.Errorf("%d rows", n)
	}
}

func TestACallerWhoLeavesDuringItsWriteIsStillAnsweredTruly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, leave := context.WithCancel(context.Background())
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			leave()
			return insert(ctx, tx, "row")
		})
		if stored := len(names(t, d)) == 1; stored != (err == nil) {
			t.Errorf("stored %v, err %v", stored, err)
		}
	})
}

func TestAWriteInsideAWriteIsRefusedInsteadOfHanging(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return d.Write(ctx, func(context.Context, *db.Tx) error { return nil })
		})
		if err == nil {
			t.Error("accepted")
		}
	})
}

func TestReadsDoNotWaitForAWriterAndSeeNothingUncommitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if err := insert(ctx, tx, "row"); err != nil {
				return err
			}
			if n := len(names(t, d)); n != 0 {
				t.Errorf("a reader sees %d uncommitted rows", n)
			}
			var n int
			if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM settings").Scan(&n); err != nil || n != 1 {
				t.Errorf("the writer sees %d rows, %v", n, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Trap 1 of SQLite drivers: $2 before $1 must still mean the second argument.
func TestArgumentsAreMatchedByNumberAndQuotedTextIsLeftAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var a, b, lit string
		const query = `SELECT $2, $1, '$1 "$2' FROM (SELECT 1 AS "x$1") x WHERE $2 <> $1`
		check := func(row *sql.Row) {
			t.Helper()
			if err := row.Scan(&a, &b, &lit); err != nil || a != "two" || b != "one" || lit != `$1 "$2` {
				t.Errorf("%q %q %q, %v", a, b, lit, err)
			}
		}
		check(d.QueryRow(ctx, query, "one", "two"))
		if err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { check(tx.QueryRow(ctx, query, "one", "two")); return nil }); err != nil {
			t.Fatal(err)
		}
	})
}

func TestValuesOfTheDeskAreStoredAndReadBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		type story struct{ A []string }
		var id desk.EventID
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			id = desk.EventID(tx.NewID())
			_, err := tx.Exec(ctx, "INSERT INTO events (id, at, type, actor, inbox_id, data) VALUES ($1, $2, $3, $4, $5, $6)",
				id, desk.Time(5), desk.EvTicketCreated, desk.ByUser(9), true, db.JSON(story{[]string{"ø"}}))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var at desk.Time
		var actor desk.Actor
		var flag int
		var s story
		err = d.QueryRow(ctx, "SELECT at, actor, inbox_id, data FROM events WHERE id = $1", id).Scan(&at, db.ScanActor(&actor), &flag, db.ScanJSON(&s))
		if err != nil || at != 5 || actor != desk.ByUser(9) || flag != 1 || len(s.A) != 1 || s.A[0] != "ø" {
			t.Errorf("%v %v %v %v, %v", at, actor, flag, s, err)
		}
	})
}

func TestIdsAreUniqueGrowingAndSafeForJavaScript(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		nodes := []*db.DB{d}
		if d.Dialect() == db.Postgres {
			nodes = append(nodes, dbtest.Again(t, d), dbtest.Again(t, d))
		}
		var mu sync.Mutex
		seen := map[int64]bool{}
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				mine := make([]int64, 5000)
				for k := range mine {
					mine[k] = nodes[i%len(nodes)].NewID()
					if k > 0 && mine[k] <= mine[k-1] || mine[k] <= 0 || mine[k] > desk.MaxID {
						t.Errorf("id %d after %d", mine[k], mine[max(k-1, 0)])
					}
				}
				mu.Lock()
				defer mu.Unlock()
				for _, id := range mine {
					if seen[id] {
						t.Errorf("id %d twice", id)
					}
					seen[id] = true
				}
			})
		}
		wg.Wait()
	})
}

func TestNodesThatStartAtOnceGetDifferentNumbers(t *testing.T) {
	url := dbtest.PostgresURL(t)
	var wg sync.WaitGroup
	opened := make([]*db.DB, 8)
	for i := range opened {
		wg.Go(func() {
			d, err := db.Open(context.Background(), db.Options{URL: url, Writers: 2, Readers: 2})
			if err != nil {
				t.Error(err)
				return
			}
			opened[i] = d
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	var n int
	if err := opened[0].QueryRow(context.Background(), "SELECT COUNT(DISTINCT holder) FROM nodes WHERE lease_until > 0").Scan(&n); err != nil || n != len(opened) {
		t.Errorf("%d nodes of %d, %v", n, len(opened), err)
	}
	for _, d := range opened {
		d.Close()
	}
}

func TestANodeWhoseLeaseWasTakenWritesNoMore(t *testing.T) {
	d := dbtest.Postgres(t)
	other := dbtest.Again(t, d)
	ctx := context.Background()
	db.SleepPastLease(d)
	err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, "late") })
	if desk.ReasonOf(err) != "db.node_late" {
		t.Errorf("a node that slept: %v", err)
	}
	if err := other.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, "fine") }); err != nil {
		t.Error(err)
	}
}

func TestIdsGoOnBeyondThoseRecordedEvenIfTheClockIsSetBack(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "k.db")
	open := func() *db.DB {
		d, err := db.Open(ctx, db.Options{Path: path, Unsafe: true})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := open()
	future := d.NewID() + 1<<45 // as if made with a clock far ahead
	err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO events (id, seq, at, type, actor) VALUES ($1, 1, 1, 'x', 'system')", future)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	d = open()
	defer d.Close()
	if id := d.NewID(); id <= future {
		t.Errorf("id %d after %d", id, future)
	}
}

func TestAClosedDatabaseAnswersUnavailable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
		d.Close()
		if err := d.Write(context.Background(), func(context.Context, *db.Tx) error { return nil }); desk.CodeOf(err) != desk.Unavailable {
			t.Errorf("write: %v", err)
		}
		if err := d.Ping(context.Background()); err == nil {
			t.Error("ping")
		}
		if err := d.Close(); err != nil {
			t.Errorf("closing twice: %v", err)
		}
	})
}

func TestAFileNameMayHoldAnyCharacter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b%3Fc?d#e&f=ø")
	if err := mkdir(dir); err != nil {
		t.Skip(err)
	}
	d, err := db.Open(context.Background(), db.Options{Path: filepath.Join(dir, "k.db"), Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	if !exists(filepath.Join(dir, "k.db")) {
		t.Error("the database is somewhere else")
	}
}

// Concurrent transactions that wait for each other in a circle are run again, not failed.
func TestADeadlockIsTriedAgain(t *testing.T) {
	d := dbtest.Postgres(t)
	ctx := context.Background()
	if err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(insert(ctx, tx, "a"), insert(ctx, tx, "b"))
	}); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	both.Add(2)
	var wg sync.WaitGroup
	for i, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			var once sync.Once
			err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				for _, name := range order {
					if _, err := tx.Exec(ctx, "UPDATE settings SET updated_at = updated_at + 1 WHERE name = $1", name); err != nil {
						return err
					}
					once.Do(func() { both.Done(); both.Wait() })
				}
				return nil
			})
			if err != nil {
				t.Errorf("transaction %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	var sum int
	if err := d.QueryRow(ctx, "SELECT SUM(updated_at) FROM settings").Scan(&sum); err != nil || sum != 6 {
		t.Errorf("%d updates, %v", sum-2, err)
	}
}

func TestOneNodeLeadsAndAnotherTakesOver(t *testing.T) {
	d := dbtest.Postgres(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	first, end := context.WithCancel(ctx)
	leading := make(chan string, 4)
	lead := func(ctx context.Context, name string) chan struct{} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Lead(ctx, "role", func(ctx context.Context) { leading <- name; <-ctx.Done() })
		}()
		return done
	}
	one := lead(first, "one")
	if got := <-leading; got != "one" {
		t.Fatal(got)
	}
	two := lead(ctx, "two")
	select {
	case <-leading:
		t.Fatal("two leaders")
	default:
	}
	end()
	<-one
	if got := <-leading; got != "two" {
		t.Error(got)
	}
	stop()
	<-two
}

func TestANotificationReachesListeners(t *testing.T) {
	d := dbtest.Postgres(t)
	ctx, stop := context.WithCancel(context.Background())
	got := make(chan string, 4)
	done := make(chan struct{})
	go func() { defer close(done); d.Listen(ctx, "kanal_test", func(p string) { got <- p }) }()
	if p := <-got; p != "" {
		t.Fatalf("first %q", p)
	}
	if err := d.Notify(ctx, "kanal_test", "hi"); err != nil {
		t.Fatal(err)
	}
	if p := <-got; p != "hi" {
		t.Errorf("%q", p)
	}
	stop()
	<-done
}

// A bare LIMIT ?n is planned anew at every execution on SQLite; quoted text is nobody's parameter.
func TestSQLiteTextOfParameters(t *testing.T) {
	d := dbtest.SQLite(t)
	for query, want := range map[string]string{
		"SELECT a FROM t WHERE b = $1 AND c = '$2' ORDER BY a LIMIT $12":     "SELECT a FROM t WHERE b = ?1 AND c = '$2' ORDER BY a LIMIT CAST(?12 AS INTEGER)",
		"SELECT (SELECT 1 FROM t LIMIT $2) FROM t WHERE \"$1\" = $1 LIMIT 5": "SELECT (SELECT 1 FROM t LIMIT CAST(?2 AS INTEGER)) FROM t WHERE \"$1\" = ?1 LIMIT 5",
		"SELECT '$', $1": "SELECT '$', ?1",
	} {
		if got := db.Text(d, query); got != want {
			t.Errorf("%s\nbecame %s", query, got)
		}
	}
	for _, n := range []int{3, 1, 0, 2} {
		got, err := db.All(context.Background(), d, db.Column[int], "SELECT v FROM (SELECT 1 AS v UNION SELECT 2 UNION SELECT 3) ORDER BY v LIMIT $1", n)
		if err != nil || len(got) != n {
			t.Errorf("limit %d: %v, %v", n, got, err)
		}
	}
}
