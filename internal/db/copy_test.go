package db_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// fill puts rows of every kind of value into a database.
func fill(t *testing.T, d *db.DB, rows int) {
	t.Helper()
	err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for i := range rows {
			if err := insert(ctx, tx, fmt.Sprint("s", i)); err != nil {
				return err
			}
			var seq any = i + 1
			if d.Dialect() == db.Postgres && i == rows-1 {
				seq = nil // committed, not yet numbered
			}
			for _, q := range []struct {
				sql  string
				args []any
			}{
				{"INSERT INTO events (id, seq, at, type, actor, data) VALUES ($1, $2, 1, 'x', 'system', $3)", []any{tx.NewID(), seq, `{"a":"ø 日本 \\u0000"}`}},
				{"INSERT INTO tickets (id, number, inbox_id, pipeline_id, status_id, created_at, updated_at, last_activity_at) VALUES ($1, $2, 1, 1, 1, 1, 1, 1)", []any{tx.NewID(), 5000 + i}},
				{"INSERT INTO inbound_raw (id, account_id, channel, dedupe_key, at, body, state, updated_at) VALUES ($1, 1, 'x', $2, 1, $3, 'filed', 1)", []any{tx.NewID(), fmt.Sprint(i), []byte{0, 255, byte(i), '\\'}}},
				{"INSERT INTO inbound_raw (id, account_id, channel, dedupe_key, at, state, updated_at) VALUES ($1, 2, 'x', $2, 1, 'filed', 1)", []any{tx.NewID(), fmt.Sprint(i)}},
				{"INSERT INTO jobs (id, kind, run_at, created_at, updated_at) VALUES ($1, 'x', 1, 1, 1)", []any{tx.NewID()}},
			} {
				if _, err := tx.Exec(ctx, q.sql, q.args...); err != nil {
					return fmt.Errorf("%s: %w", q.sql, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rowsOf(t *testing.T, d *db.DB, query string) string {
	t.Helper()
	got, err := db.All(context.Background(), d, db.Column[string], query)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(got, "\n")
}

func TestACopyHasTheSameRowsIdsAndNumbersEitherWay(t *testing.T) {
	ctx := context.Background()
	lite, pg, back := dbtest.SQLite(t), dbtest.Postgres(t), dbtest.SQLite(t)
	fill(t, lite, 300)
	var steps []db.CopyProgress
	report, err := db.Copy(ctx, lite, pg, db.CopyOptions{Progress: func(p db.CopyProgress) { steps = append(steps, p) }})
	if err != nil {
		t.Fatal(err)
	}
	if report.Rows != 300*6 || report.Tables["tickets"] != 300 || len(steps) == 0 || steps[len(steps)-1].Done != steps[len(steps)-1].Total || report.Mended != 0 {
		t.Errorf("report %+v, last step %+v", report, steps[len(steps)-1])
	}
	if _, err := db.Copy(ctx, pg, back, db.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"SELECT name FROM settings ORDER BY name", "SELECT CAST(id AS TEXT) FROM jobs ORDER BY id",
		"SELECT id || ' ' || seq || ' ' || data FROM events ORDER BY id", "SELECT id || ' ' || number FROM tickets ORDER BY id",
	} {
		want := rowsOf(t, lite, q)
		if got := rowsOf(t, pg, q); got != want {
			t.Errorf("%s differs in PostgreSQL", q)
		}
		if got := rowsOf(t, back, q); got != want {
			t.Errorf("%s differs after the way back", q)
		}
	}
	var body []byte
	if err := back.QueryRow(ctx, "SELECT body FROM inbound_raw WHERE account_id = 1 AND dedupe_key = '7'").Scan(&body); err != nil || string(body) != "\x00\xff\x07\\" {
		t.Errorf("body %q, %v", body, err)
	}
	var next int64
	if err := pg.QueryRow(ctx, "SELECT nextval('ticket_numbers')").Scan(&next); err != nil || next != 5300 {
		t.Errorf("the next ticket is %d, %v", next, err)
	}
}

func TestUnnumberedEventsAreNumberedInACopyToSQLite(t *testing.T) {
	ctx := context.Background()
	pg, lite := dbtest.Postgres(t), dbtest.SQLite(t)
	fill(t, pg, 3)
	report, err := db.Copy(ctx, pg, lite, db.CopyOptions{})
	if err != nil || report.Events != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := rowsOf(t, lite, "SELECT CAST(seq AS TEXT) FROM events ORDER BY id"); got != "1\n2\n3" {
		t.Errorf("numbers %q", got)
	}
}

func TestATargetInUseIsRefusedAndUntouched(t *testing.T) {
	ctx := context.Background()
	from, to := dbtest.SQLite(t), dbtest.SQLite(t)
	fill(t, from, 3)
	if err := to.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, "mine") }); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Copy(ctx, from, to, db.CopyOptions{}); desk.ReasonOf(err) != "db.copy_not_empty" {
		t.Errorf("%v", err)
	}
	if got := names(t, to); !same(got, []string{"mine"}) {
		t.Errorf("the target holds %v", got)
	}
	if _, err := db.Copy(ctx, from, from, db.CopyOptions{}); desk.CodeOf(err) != desk.Invalid {
		t.Errorf("onto itself: %v", err)
	}
}

func TestACancelledCopyLeavesTheTargetEmpty(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, to *db.DB) {
		from := dbtest.SQLite(t)
		fill(t, from, 50)
		ctx, cancel := context.WithCancel(context.Background())
		_, err := db.Copy(ctx, from, to, db.CopyOptions{Progress: func(p db.CopyProgress) {
			if p.Table == "jobs" {
				cancel()
			}
		}})
		if err == nil {
			t.Fatal("went on")
		}
		if n := len(names(t, to)); n != 0 {
			t.Errorf("%d rows left", n)
		}
		if _, err := db.Copy(context.Background(), from, to, db.CopyOptions{}); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

func TestACopyThatACrashCutOffIsNotStartedWithAndBegunAnew(t *testing.T) {
	ctx := context.Background()
	from := dbtest.SQLite(t)
	fill(t, from, 5)
	o := db.Options{Path: t.TempDir() + "/k.db", Unsafe: true}
	to, err := db.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	err = to.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_ = insert(ctx, tx, "half")
		return insert(ctx, tx, "db.copy_unfinished")
	})
	if err != nil {
		t.Fatal(err)
	}
	to.Close()
	if _, err := db.Open(ctx, o); desk.ReasonOf(err) != "db.copy_unfinished" {
		t.Errorf("started: %v", err)
	}
	o.CopyTarget = true
	if to, err = db.Open(ctx, o); err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := db.Copy(ctx, from, to, db.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := names(t, to); !same(got, names(t, from)) {
		t.Errorf("the target holds %v", got)
	}
}

func TestTextThatPostgresRefusesIsMendedOnTheWay(t *testing.T) {
	ctx := context.Background()
	from, to := dbtest.SQLite(t), dbtest.Postgres(t)
	err := from.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO settings (name, value, updated_at) VALUES ('a', $1, 0)", "x\x00y\xffz")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := db.Copy(ctx, from, to, db.CopyOptions{})
	if err != nil || report.Mended != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := rowsOf(t, to, "SELECT value FROM settings"); got != "xy\uFFFDz" {
		t.Errorf("%q", got)
	}
}
