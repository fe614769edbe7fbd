package bench

import (
	"context"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/view"
)

// List measures a page of 50 tickets of each built-in view, with one reader and with several, in an installation of a million tickets.
func List(ctx context.Context, opt Options) ([]Row, error) {
	if opt.Rows <= 0 {
		opt.Rows = 1_000_000
	}
	if opt.Callers <= 0 {
		opt.Callers = 8
	}
	if opt.Samples <= 0 {
		opt.Samples = 400
	}
	a, done, err := open(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer done()
	opt.say("seeding %d tickets", opt.Rows)
	box, status, err := seedTickets(ctx, a, opt.Rows)
	if err == nil {
		err = seedEntries(ctx, a.DB, opt)
	}
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, name := range []string{view.Open, view.Unassigned, view.Mine, view.Closed, fmt.Sprint("inbox:", box), fmt.Sprint("status:", status)} {
		kind, _, _ := strings.Cut(name, ":")
		for _, readers := range []int{1, opt.Callers} {
			opt.say("%s, %d readers", kind, readers)
			first, err := readPage(ctx, a, name, "") // once for caches, as on a server that runs
			if err != nil {
				return nil, err
			}
			r, err := timed(opt.Samples*readers, readers, func(i int) error {
				cursor := ""
				if i%4 == 3 {
					cursor = first.Next
				}
				_, err := readPage(ctx, a, name, cursor)
				return err
			})
			if err != nil {
				return nil, err
			}
			r.Bench, r.Database, r.What = "list", string(a.DB.Dialect()), "view "+kind
			rows = append(rows, r)
		}
	}
	r, err := timed(max(5, opt.Samples/8), 1, func(i int) error {
		_, err := a.Views.Counts(ctx, view.Sight{User: 7, All: true}, int64(i+1)) // another number each time: nothing is kept
		return err
	})
	if err != nil {
		return nil, err
	}
	r.Bench, r.Database, r.What = "list", string(a.DB.Dialect()), "counts of all views"
	return append(rows, r), nil
}

func readPage(ctx context.Context, a *app.App, name, cursor string) (view.TicketPage, error) {
	page, err := a.Views.Tickets(ctx, view.Sight{User: 7, All: true}, name, "", view.Page{Cursor: cursor, Limit: 50})
	if err == nil && len(page.Items) == 0 {
		err = fmt.Errorf("bench: view %s is empty", name)
	}
	return page, err
}

// seedTickets fills the tables by set statements: a fifth of the tickets open, a tenth of those without an owner, fifty agents.
func seedTickets(ctx context.Context, a *app.App, n int) (desk.InboxID, desk.StatusID, error) {
	var box desk.InboxID
	var pipeline, open, closed int64
	err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := a.Inbox.EnsureDefaults(ctx, tx, "desk.bench.example"); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT id FROM inboxes WHERE kind = 'helpdesk'").Scan(&box); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT pipeline_id, MIN(CASE WHEN state = 'open' THEN id END), MIN(CASE WHEN state = 'closed' THEN id END) FROM pipeline_statuses GROUP BY pipeline_id").
			Scan(&pipeline, &open, &closed); err != nil {
			return err
		}
		for i := range 50 {
			if _, err := tx.Exec(ctx, "INSERT INTO users (id, email, name, created_at, updated_at) VALUES ($1, $2, $3, 1, 1)", i+1, fmt.Sprintf("agent%d@bench.example", i), fmt.Sprint("Agent ", i)); err != nil {
				return err
			}
		}
		for _, text := range []string{
			"INSERT INTO contacts (id, name, email, sort_name, indexed, created_at, updated_at) SELECT n, 'Customer ' || n, 'customer' || n || '@bench.example', 'customer ' || n, 1, 1, 1 FROM ",
			"INSERT INTO contact_addresses (id, contact_id, kind, value, first_seen, last_seen) SELECT n, n, 'email', 'customer' || n || '@bench.example', 1, 1 FROM ",
			"INSERT INTO contact_keys (key, contact_id) SELECT 'w:customer' || n, n FROM ",
			"INSERT INTO contact_keys (key, contact_id) SELECT 'w:customer' || n || '@bench.example', n FROM ",
			"INSERT INTO contact_keys (key, contact_id) SELECT 'm:customer' || n || '@bench.example', n FROM ",
			"INSERT INTO contact_keys (key, contact_id) SELECT 'w:' || n, n FROM ",
		} {
			if _, err := tx.Exec(ctx, text+series(a.DB, 1, max(1, n/5))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	const step = 50_000
	for from := 1; from <= n; from += step {
		err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			// The state is spread by a stride, so that views are scattered over the table as they are after years.
			_, err := tx.Exec(ctx, `INSERT INTO tickets (id, number, subject, inbox_id, contact_id, pipeline_id, status_id, open, owner_id, snippet, last_direction, message_count,
					created_at, updated_at, last_activity_at, closed_at)
				SELECT n, n + 1000, 'Label printer stops, case ' || n, CAST($1 AS BIGINT), n % CAST($2 AS BIGINT) + 1, CAST($3 AS BIGINT), CASE WHEN n % 5 = 0 THEN CAST($4 AS BIGINT) ELSE CAST($5 AS BIGINT) END, CASE WHEN n % 5 = 0 THEN 1 ELSE 0 END,
					CASE WHEN n % 50 = 0 THEN 0 ELSE n % 49 + 1 END, 'Hello, since yesterday the label printer in our warehouse stops after every third parcel', 'incoming', 3,
					1700000000000 + n * 20000, 1700000000000 + n * 20000, 1700000000000 + (n * 7919 % CAST($6 AS BIGINT)) * 20000, 0 FROM `+series(a.DB, from, min(n, from+step-1)),
				box, max(1, n/5), pipeline, open, closed, n)
			return err
		})
		if err != nil {
			return 0, 0, err
		}
	}
	return box, desk.StatusID(open), analyze(ctx, a.DB)
}

// entriesEach is how many messages every ticket of the lists has: they show the newest.
const entriesEach = 3

// seedEntries gives every ticket a thread of two people and its messages, so that a page of a list costs what it costs a person.
func seedEntries(ctx context.Context, d *db.DB, opt Options) error {
	opt.say("seeding %d messages", opt.Rows*entriesEach)
	const step = 50_000
	for from := 1; from <= opt.Rows; from += step {
		of := series(d, from, min(opt.Rows, from+step-1))
		texts := []string{
			`INSERT INTO threads (id, inbox_id, account_id, channel, contact_id, ticket_id, created_at, last_message_at)
				SELECT t.id, t.inbox_id, 1, 'email', t.contact_id, t.id, t.created_at, t.last_activity_at FROM ` + of + ` JOIN tickets t ON t.id = s.n`,
			"INSERT INTO thread_parties (thread_id, kind, address) SELECT n, 'email', 'customer' || n || '@bench.example' FROM " + of,
			"INSERT INTO thread_parties (thread_id, kind, address) SELECT n, 'email', 'colleague' || n || '@bench.example' FROM " + of,
		}
		for i := range entriesEach {
			direction := map[bool]string{true: "incoming", false: "outgoing"}[i%2 == 0]
			texts = append(texts, fmt.Sprintf(`INSERT INTO messages (id, thread_id, ticket_id, inbox_id, kind, direction, channel, contact_id, text, created_at)
				SELECT t.id * %d + %d, t.id, t.id, t.inbox_id, 'message', '%s', 'email', t.contact_id, $1, t.created_at FROM `, entriesEach, i, direction)+of+` JOIN tickets t ON t.id = s.n`)
		}
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			for i, text := range texts {
				args := []any{}
				if i >= len(texts)-entriesEach {
					args = append(args, entryText)
				}
				if _, err := tx.Exec(ctx, text, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return analyze(ctx, d)
}

// entryText is as long as a plain mail.
var entryText = strings.Repeat("Since yesterday the label printer in our warehouse stops after every third parcel. ", 6)

// series is the numbers from a to b as a table with the column n.
func series(d *db.DB, a, b int) string {
	if d.Dialect() == db.Postgres {
		return fmt.Sprintf("generate_series(%d::bigint, %d::bigint) AS s(n)", a, b)
	}
	return fmt.Sprintf("(WITH RECURSIVE s(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s) AS s", a, b)
}

// analyze lets the planner know what is there, as autovacuum does on a server that runs.
func analyze(ctx context.Context, d *db.DB) error {
	if d.Dialect() != db.Postgres {
		return nil
	}
	return statement(ctx, d, "ANALYZE")
}

func statement(ctx context.Context, d *db.DB, query string) error {
	return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query); return err })
}
