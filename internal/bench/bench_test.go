package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/bench"
	"github.com/kanalhq/kanal/internal/dbtest"
)

// databases runs fn with and without PostgreSQL.
func databases(t *testing.T, fn func(t *testing.T, opt bench.Options)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, bench.Options{Dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) { fn(t, bench.Options{Dir: t.TempDir(), DatabaseURL: dbtest.PostgresURL(t)}) })
}

func TestIntakeIsMeasuredBesideItsOwnStatements(t *testing.T) {
	databases(t, func(t *testing.T, opt bench.Options) {
		opt.Messages, opt.Callers = 50, 8
		rows, err := bench.Intake(context.Background(), opt)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 3 || rows[0].Ratio <= 0 || !strings.HasSuffix(rows[1].Note, "statements") {
			t.Fatalf("%+v", rows)
		}
		for _, r := range rows {
			if r.Count != 50 || r.PerSecond <= 0 || r.P99 < r.P50 || r.P50 <= 0 {
				t.Errorf("%+v", r)
			}
		}
		var b bytes.Buffer
		if err := bench.Print(&b, "json", rows); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
			var v map[string]any
			if err := json.Unmarshal([]byte(line), &v); err != nil || v["database"] == "" {
				t.Errorf("%s: %v", line, err)
			}
		}
		if os.Getenv("KANAL_BENCH_SHOW") != "" {
			_ = bench.Print(os.Stderr, "text", rows)
		}
	})
}

func TestListsAndSearchesAreMeasuredOnSeededRows(t *testing.T) {
	databases(t, func(t *testing.T, opt bench.Options) {
		opt.Rows, opt.Callers, opt.Samples = 2000, 2, 10
		rows, err := bench.List(context.Background(), opt)
		if err != nil || len(rows) != 6*2+1 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if opt.DatabaseURL != "" {
			opt.DatabaseURL = dbtest.PostgresURL(t)
		}
		opt.Dir = t.TempDir()
		if rows, err = bench.Search(context.Background(), opt); err != nil || len(rows) < 10 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if _, err := bench.Search(context.Background(), opt); err == nil {
			t.Error("a database in use was measured, and so filled")
		}
	})
}

// The benchmarks run `kanal bench` by hand: KANAL_BENCH_ROWS=1000000 go test ./internal/bench -run '^$' -bench . -benchtime 1x -timeout 60m
func benchmark(b *testing.B, measure func(context.Context, bench.Options) ([]bench.Row, error)) {
	n, _ := strconv.Atoi(os.Getenv("KANAL_BENCH_ROWS"))
	if n == 0 {
		b.Skip("KANAL_BENCH_ROWS is not set")
	}
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			opt := bench.Options{Dir: b.TempDir(), Rows: n}
			if kind == "postgres" {
				opt.DatabaseURL = dbtest.PostgresURL(b)
			}
			rows, err := measure(context.Background(), opt)
			if err != nil {
				b.Fatal(err)
			}
			_ = bench.Print(os.Stderr, "text", rows)
		})
	}
}

func BenchmarkIntake(b *testing.B) { benchmark(b, bench.Intake) }
func BenchmarkList(b *testing.B)   { benchmark(b, bench.List) }
func BenchmarkSearch(b *testing.B) { benchmark(b, bench.Search) }
