package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/search"
)

// queries are searched with words drawn anew each time: %m is a middling word (about one message in a hundred), %r a rare one, %p a person.
var queries = []struct{ what, text string }{
	{"frequent word", "w0"}, {"two frequent words", "w1 w2"}, {"middling word", "w%m"}, {"two middling words", "w%m w%m"}, {"rare word", "w%r"},
	{"rare and frequent word", "w%r w0"}, {"phrase", `"w0 w1"`}, {"short beginning", "w1"}, {"longer beginning", "w12"}, {"sender", "from:person%p"},
	{"word not there", "zzzz"}, {"frequent word, inbox of 1 %", "in:small w0"}, {"middling word, inbox of 1 %", "in:small w%m"},
	{"operators alone", "is:unassigned is:open"}, {"word of the oldest 5 %", "antique"},
	{"one word or the other", "w%m OR w%r"}, {"word without another", "w%m -w0"}, {"contacts alone", "type:contact person"}, {"misspelt word of subjects", "questoin"}, {"operator of few, with a word", "owner:me w%m"},
}

// Search measures searches over a million messages, indexed by the live follower. Words are as unequal as in a language (Zipf's law).
func Search(ctx context.Context, opt Options) ([]Row, error) {
	if opt.Rows <= 0 {
		opt.Rows = 1_000_000
	}
	if opt.Samples <= 0 {
		opt.Samples = 400
	}
	a, done, err := open(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer done()
	opt.say("seeding %d messages", opt.Rows)
	if err := seedMessages(ctx, a, opt.Rows); err != nil {
		return nil, err
	}
	opt.say("indexing")
	const index = "search_docs_tsv"
	if a.DB.Dialect() == db.Postgres { // made afterwards, it takes minutes instead of a quarter of an hour
		if err := statement(ctx, a.DB, "DROP INDEX "+index); err != nil {
			return nil, err
		}
	}
	began, cpu := time.Now(), processCPU()
	for more, n := true, 0; more; n++ {
		if more, err = a.Search.Step(ctx); err != nil {
			return nil, err
		}
		if n%200 == 199 {
			opt.say("  %d rows", n*500)
		}
	}
	if a.DB.Dialect() == db.Postgres {
		if err := statement(ctx, a.DB, "CREATE INDEX "+index+" ON search_docs USING GIN (tsv)"); err != nil {
			return nil, err
		}
	}
	if err := analyze(ctx, a.DB); err != nil {
		return nil, err
	}
	took := time.Since(began)
	rows := []Row{{
		Bench: "search", Database: string(a.DB.Dialect()), What: "indexing", Count: opt.Rows, Callers: 1, PerSecond: float64(opt.Rows) / took.Seconds(),
		CPU: float64((processCPU() - cpu).Microseconds()) / float64(opt.Rows),
	}}
	viewer := access.Viewer{User: desk.User{ID: 7, Role: desk.RoleAgent, Active: true}, Scopes: []string{access.ScopeAll}, AllInboxes: true}
	for _, q := range queries {
		rng := rand.New(rand.NewPCG(7, 7))
		r, err := timed(opt.Samples, 1, func(int) error {
			_, err := a.Search.Search(ctx, viewer, draw(rng, q.text), search.Options{})
			return err
		})
		if err != nil {
			return nil, err
		}
		r.Bench, r.Database, r.What = "search", string(a.DB.Dialect()), q.what
		rows = append(rows, r)
	}
	return rows, nil
}

func draw(rng *rand.Rand, s string) string {
	for _, d := range []struct {
		hole      string
		from, num int
	}{{"%m", 60, 400}, {"%r", 20_000, 20_000}, {"%p", 0, 5000}} {
		for strings.Contains(s, d.hole) {
			s = strings.Replace(s, d.hole, strconv.Itoa(d.from+rng.IntN(d.num)), 1)
		}
	}
	return s
}

// seedMessages writes messages of 60 to 120 words in tickets of five.
func seedMessages(ctx context.Context, a *app.App, n int) error {
	if _, _, err := seedTickets(ctx, a, max(1, n/5)); err != nil {
		return err
	}
	var box, small int64
	err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		small = tx.NewID()
		if _, err := tx.Exec(ctx, "INSERT INTO inboxes (id, slug, kind, name, created_at) VALUES ($1, 'small', 'inbox', 'Small', 1)", small); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT id FROM inboxes WHERE kind = 'helpdesk'").Scan(&box)
	})
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rng, 1.07, 3, 60_000)
	const per, batch = 250, 5000
	base := a.DB.NewID() - int64(n)*8192
	for from := 0; from < n; from += batch {
		err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			for part := from; part < min(n, from+batch); part += per {
				query, args := messageRows(rng, zipf, part, min(n, part+per), n, base, box, small)
				if _, err := tx.Exec(ctx, query, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func messageRows(rng *rand.Rand, zipf *rand.Zipf, from, to, n int, base, box, small int64) (string, []any) {
	var q, text strings.Builder
	q.WriteString("INSERT INTO messages (id, thread_id, ticket_id, inbox_id, kind, from_name, from_address, subject, text, created_at) VALUES ")
	var args []any
	for i := from; i < to; i++ {
		text.Reset()
		for range 60 + rng.IntN(60) {
			text.WriteString("w" + strconv.FormatUint(zipf.Uint64(), 10) + " ")
		}
		if i < n/20 {
			text.WriteString("antique")
		}
		inbox := box
		if i%100 == 0 {
			inbox = small
		}
		args = append(args, base+int64(i)*8192, i%max(1, n/5)+1, inbox, fmt.Sprint("Person", i%5000), fmt.Sprintf("person%d@customer.example", i%5000),
			"w"+strconv.FormatUint(zipf.Uint64(), 10)+" question", text.String(), int64(1_700_000_000_000)+int64(i)*1000)
		if i > from {
			q.WriteString(", ")
		}
		k := len(args) - 7
		fmt.Fprintf(&q, "($%d, 1, $%d, $%d, 'message', $%d, $%d, $%d, $%d, $%d)", k, k+1, k+2, k+3, k+4, k+5, k+6, k+7)
	}
	return q.String(), args
}
