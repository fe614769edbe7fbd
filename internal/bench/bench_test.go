package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
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
