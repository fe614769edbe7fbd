package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/search"
)

// BenchmarkSearch seeds KANAL_BENCH_DOCS messages (a million for the figures in docs/PERFORMANCE.md), indexes them by the live path and reports
// p50 and p99 of each kind of query. It is skipped unless the variable is set.
//
//	KANAL_BENCH_DOCS=1000000 go test ./internal/search -run '^$' -bench Search -benchtime 1x -timeout 60m
func BenchmarkSearch(b *testing.B) {
	docs, _ := strconv.Atoi(os.Getenv("KANAL_BENCH_DOCS"))
	if docs == 0 {
		b.Skip("KANAL_BENCH_DOCS is not set")
	}
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			var d *db.DB
			if kind == "sqlite" {
				var err error
				if d, err = db.Open(context.Background(), db.Options{Path: filepath.Join(b.TempDir(), "k.db"), Unsafe: true}); err != nil {
					b.Fatal(err)
				}
				defer d.Close()
			} else {
				d = dbtest.Postgres(b)
			}
			s := search.New(d, event.New(d, clock.New(), nil), nil)
			seed(b, d, docs)
			if d.Dialect() == db.Postgres { // a GIN index is made many times faster afterwards
				statement(b, d, "DROP INDEX search_docs_tsv")
			}
			began := time.Now()
			for more := true; more; {
				var err error
				if more, err = s.Step(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			b.Logf("indexed at %.0f documents a second", float64(docs)/time.Since(began).Seconds())
			if d.Dialect() == db.Postgres {
				statement(b, d, "CREATE INDEX search_docs_tsv ON search_docs USING GIN (tsv)")
				statement(b, d, "ANALYZE")
			}
			v := access.Viewer{User: desk.User{ID: 7, Role: desk.RoleAgent, Active: true}, Scopes: []string{access.ScopeAll}, AllInboxes: true}
			narrow := v
			narrow.AllInboxes, narrow.Inboxes = false, []desk.InboxID{9}
			for _, q := range []struct {
				name, text string
				v          access.Viewer
			}{
				{"frequent word", "w0", v}, {"two frequent words", "w1 w2", v}, {"middling word", "w%m", v}, {"two middling words", "w%m w%m", v},
				{"rare word", "w%r", v}, {"rare and frequent", "w%r w0", v}, {"phrase", `"w0 w1"`, v}, {"beginning, short", "w1", v}, {"beginning, long", "w12", v},
				{"sender", "from:person%p", v}, {"nothing", "zzzz", v}, {"frequent word in a small inbox", "w0", narrow}, {"middling word in a small inbox", "w%m", narrow},
				{"filters alone", "is:unassigned is:closed", v}, {"word of old messages", "antique", v},
			} {
				measure(b, s, q.v, q.name, q.text)
			}
			for b.Loop() {
				_, _ = s.Search(context.Background(), v, "w5 w77", search.Options{})
			}
		})
	}
}

func statement(b *testing.B, d *db.DB, query string) {
	b.Helper()
	err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query); return err })
	if err != nil {
		b.Fatal(err)
	}
}

func measure(b *testing.B, s *search.Service, v access.Viewer, name, pattern string) {
	b.Helper()
	const n = 60
	times := make([]time.Duration, n)
	hits := 0
	for i := range times {
		text := pattern
		for strings.Contains(text, "%m") {
			text = strings.Replace(text, "%m", strconv.Itoa(200+rand.IntN(800)), 1)
		}
		for strings.Contains(text, "%r") {
			text = strings.Replace(text, "%r", strconv.Itoa(20000+rand.IntN(20000)), 1)
		}
		text = strings.ReplaceAll(text, "%p", strconv.Itoa(rand.IntN(5000)))
		began := time.Now()
		r, err := s.Search(context.Background(), v, text, search.Options{})
		if err != nil {
			b.Fatal(err)
		}
		times[i], hits = time.Since(began), hits+len(r.Hits)
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	b.Logf("%-32s p50 %8.2f ms  p99 %8.2f ms  %5.1f hits", name, ms(times[n/2]), ms(times[n-1]), float64(hits)/n)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// seed writes messages whose words are as unequal as a language's: the rank of each is drawn by Zipf's law.
func seed(b *testing.B, d *db.DB, docs int) {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rng, 1.07, 3, 60_000)
	const per = 250
	base := d.NewID() - int64(docs)*8192
	for from := 0; from < docs; from += 20 * per {
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			for part := from; part < min(docs, from+20*per); part += per {
				var q strings.Builder
				var args []any
				for i := part; i < min(docs, part+per); i++ {
					var text strings.Builder
					for range 60 + rng.IntN(60) {
						text.WriteString("w" + strconv.FormatUint(zipf.Uint64(), 10) + " ")
					}
					if i < docs/20 {
						text.WriteString("antique")
					}
					inbox := 1
					if i%100 == 0 {
						inbox = 9
					}
					args = append(args, base+int64(i)*8192, i%200_000+1, inbox, fmt.Sprint("Person", i%5000), fmt.Sprintf("person%d@customer.example", i%5000),
						"w"+strconv.FormatUint(zipf.Uint64(), 10)+" question", text.String(), int64(1_700_000_000_000)+int64(i)*1000)
					if i > part {
						q.WriteString(", ")
					}
					n := len(args) - 7
					fmt.Fprintf(&q, "($%d, 1, $%d, $%d, 'message', $%d, $%d, $%d, $%d, $%d)", n, n+1, n+2, n+3, n+4, n+5, n+6, n+7)
				}
				if _, err := tx.Exec(ctx, "INSERT INTO messages (id, thread_id, ticket_id, inbox_id, kind, from_name, from_address, subject, text, created_at) VALUES "+q.String(), args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		series := "SELECT value FROM generate_series(1, 200000)"
		if d.Dialect() == db.Postgres {
			series = "SELECT g AS value FROM generate_series(1, 200000) g"
		} else {
			series = "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 200000) SELECT value FROM n"
		}
		_, err := tx.Exec(ctx, "INSERT INTO tickets (id, number, inbox_id, pipeline_id, status_id, created_at, updated_at, last_activity_at) SELECT value, value, 1, 1, 1, 1, 1, 1 FROM ("+series+") s")
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}
