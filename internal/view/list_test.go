package view_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/view"
)

// seed is n tickets over two inboxes, three owners, all statuses, some hidden, with many equal times, written by SQL.
func seed(t testing.TB, k *desktest.Desk, n int) (inboxes []desk.InboxID, owners []desk.UserID) {
	t.Helper()
	other := k.Inbox("other", desk.Access{Everyone: true})
	inboxes = []desk.InboxID{k.Helpdesk().ID, other.ID}
	owners = []desk.UserID{0, k.User().ID, k.User().ID}
	pipes, err := k.Tickets.Pipelines(context.Background(), k.DB)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	k.Write(func(ctx context.Context, tx *db.Tx) error {
		for at := 0; at < n; at += 500 {
			var rows []string
			for i := at; i < min(n, at+500); i++ {
				st := pipes[0].Statuses[rnd.IntN(len(pipes[0].Statuses))]
				hidden := []string{"", "", "", "", "", "", "spam", "trash"}[rnd.IntN(8)]
				open := 0
				if st.State == "open" {
					open = 1
				}
				rows = append(rows, fmt.Sprintf("(%d, %d, 'T%d', %d, %d, %d, %d, %d, '%s', 1, 1, %d)", tx.NewID(), 100_000+i, i, inboxes[rnd.IntN(2)], pipes[0].ID, st.ID, open,
					owners[rnd.IntN(3)], hidden, 1_000+rnd.IntN(n/4)))
			}
			if _, err := tx.Exec(ctx, "INSERT INTO tickets (id, number, subject, inbox_id, pipeline_id, status_id, open, owner_id, hidden, created_at, updated_at, last_activity_at) VALUES "+strings.Join(rows, ",")); err != nil {
				return err
			}
		}
		return nil
	})
	return inboxes, owners
}

// Walking a view page by page shows every row once, in order, whatever the page size (no offset, ties broken by id).
func TestPagesShowEveryTicketOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		inboxes, owners := seed(t, k, 400)
		v := view.New(d, nil)
		var status desk.StatusID
		if err := d.QueryRow(ctx, "SELECT id FROM pipeline_statuses ORDER BY id LIMIT 1").Scan(&status); err != nil {
			t.Fatal(err)
		}
		sights := map[string]view.Sight{"all": {User: owners[1], All: true}, "one inbox": {User: owners[1], Inboxes: inboxes[1:]}, "none": {User: owners[1]}}
		for where, s := range sights {
			for name, cond := range map[string]string{
				view.Mine: fmt.Sprintf("open = 1 AND hidden = '' AND owner_id = %d", owners[1]), view.Unassigned: "open = 1 AND hidden = '' AND owner_id = 0",
				view.Open: "open = 1 AND hidden = ''", view.Closed: "open = 0 AND hidden = ''", view.Spam: "hidden = 'spam'", view.Trash: "hidden = 'trash'",
				"inbox:" + inboxes[1].String(): fmt.Sprintf("open = 1 AND hidden = '' AND inbox_id = %d", inboxes[1]),
				"status:" + status.String():    fmt.Sprintf("hidden = '' AND status_id = %d", status),
			} {
				for _, sorted := range []string{"-last_activity", "last_activity"} {
					order := "last_activity_at DESC, id DESC"
					if sorted == "last_activity" {
						order = "last_activity_at, id"
					}
					in := "1 = 1"
					if !s.All {
						in = "inbox_id = 0"
						for _, id := range s.Inboxes {
							in += fmt.Sprintf(" OR inbox_id = %d", id)
						}
					}
					want, err := db.All(ctx, d, db.Column[desk.TicketID], "SELECT id FROM tickets WHERE "+cond+" AND ("+in+") ORDER BY "+order)
					if err != nil {
						t.Fatal(err)
					}
					var got []desk.TicketID
					for page := (view.Page{Limit: 17}); ; {
						out, err := v.Tickets(ctx, s, name, sorted, page)
						if err != nil {
							t.Fatal(err)
						}
						for _, r := range out.Items {
							got = append(got, r.ID)
						}
						if page.Cursor = out.Next; out.Next == "" {
							break
						}
					}
					if fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("%s, %s, %s: %d rows, want %d", where, name, sorted, len(got), len(want))
					}
					if where == "all" && len(want) == 0 {
						t.Errorf("%s: the seed holds nothing", name)
					}
				}
			}
		}
	})
}

// Each built-in view and its count walk the index that was made for it: no scan of the table, no sort. On both databases.
func TestEachViewUsesItsIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		inboxes, owners := seed(t, k, 6000)
		if d.Dialect() == db.Postgres { // the planner needs figures, and a table of few pages is never worth an index
			k.Write(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, "ANALYZE tickets"); return err })
		}
		var status desk.StatusID
		if err := d.QueryRow(ctx, "SELECT id FROM pipeline_statuses ORDER BY id LIMIT 1").Scan(&status); err != nil {
			t.Fatal(err)
		}
		next := map[string]string{} // a cursor near the beginning of each order
		for _, sorted := range []string{"-last_activity", "last_activity"} {
			first, err := view.New(d, nil).Tickets(ctx, view.Everything, view.Open, sorted, view.Page{Limit: 50})
			if err != nil || first.Next == "" {
				t.Fatalf("%v, next %q", err, first.Next)
			}
			next[sorted] = first.Next
		}
		s := view.Sight{User: owners[1], All: true}
		for name, index := range map[string]string{
			view.Mine: "tickets_open_owner", view.Unassigned: "tickets_open_owner", view.Open: "tickets_open", view.Closed: "tickets_closed",
			view.Spam: "tickets_hidden", view.Trash: "tickets_hidden", "inbox:" + inboxes[1].String(): "tickets_open_inbox", "status:" + status.String(): "tickets_status",
		} {
			for _, sorted := range []string{"-last_activity", "last_activity"} {
				for _, cursor := range []string{"", next[sorted]} {
					text, args, err := view.New(d, nil).PageSQL(ctx, s, view.Ask{View: name, Sort: sorted}, cursor, 51)
					if err != nil {
						t.Fatal(err)
					}
					plan := explain(t, d, text, args)
					if !regexp.MustCompile(`\b`+index+`\b`).MatchString(plan) || badPlan.MatchString(plan) {
						t.Errorf("%s %s (cursor %v) does not walk %s:\n%s", name, sorted, cursor != "", index, plan)
					}
				}
			}
		}
	})
}

// The orders that many sort the open tickets by, and what was closed lately, walk an index too.
func TestOtherOrdersUseTheirIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		seed(t, k, 6000)
		if d.Dialect() == db.Postgres {
			k.Write(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, "ANALYZE tickets"); return err })
		}
		v := view.New(d, nil)
		for _, c := range []struct {
			ask   view.Ask
			index string
		}{
			{view.Ask{View: view.Open, Sort: "-created"}, "tickets_open_created"}, {view.Ask{View: view.Open, Sort: "created"}, "tickets_open_created"},
			{view.Ask{View: view.Open, Sort: "-priority"}, "tickets_open_priority"}, {view.Ask{View: view.RecentlyClosed}, "tickets_closed_at"},
			{view.Ask{View: view.All}, "tickets_shown"},
		} {
			text, args, err := v.PageSQL(ctx, view.Everything, c.ask, "", 51)
			if err != nil {
				t.Fatal(err)
			}
			plan := explain(t, d, text, args)
			if !regexp.MustCompile(`\b`+c.index+`\b`).MatchString(plan) || badPlan.MatchString(plan) && c.ask.View != view.RecentlyClosed {
				t.Errorf("%+v does not walk %s:\n%s", c.ask, c.index, plan)
			}
		}
	})
}

// WS-05, GEN-09, TK-06: what rests, what one follows, where one writes, what was closed lately, and what lives in another inbox.
func TestTheOtherBuiltInViews(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann := k.User()
		sales := k.Inbox("sales", desk.Access{Everyone: true})
		now := k.Clock.Ms()
		plain, rests, followed, drafted, fresh, old, away := k.Ticket(), k.Ticket(), k.Ticket(), k.Ticket(), k.Ticket(), k.Ticket(), k.Ticket()
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			for _, c := range []struct {
				text string
				args []any
			}{
				{"UPDATE tickets SET snoozed = 1 WHERE id = $1", []any{rests.ID}},
				{"INSERT INTO ticket_followers (ticket_id, user_id, created_at) VALUES ($1, $2, 1)", []any{followed.ID, ann.ID}},
				{"INSERT INTO drafts (id, user_id, ticket_id, kind, body, updated_at) VALUES ($1, $2, $3, 'reply', '{}', 1)", []any{tx.NewID(), ann.ID, drafted.ID}},
				{"UPDATE tickets SET open = 0, closed_at = $2 WHERE id = $1", []any{fresh.ID, now}},
				{"UPDATE tickets SET open = 0, closed_at = 1000 WHERE id = $1", []any{old.ID}},
				{"UPDATE tickets SET inbox_id = $2 WHERE id = $1", []any{away.ID, sales.ID}},
			} {
				if _, err := tx.Exec(ctx, c.text, c.args...); err != nil {
					return err
				}
			}
			return nil
		})
		v, s := view.New(d, nil), view.Sight{User: ann.ID, All: true}
		counts, err := v.Counts(ctx, s, 1)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string][]desk.TicketID{
			view.Snoozed: {rests.ID}, view.Following: {followed.ID}, view.Drafts: {drafted.ID}, view.RecentlyClosed: {fresh.ID}, view.Elsewhere: {away.ID},
			view.Open: {away.ID, drafted.ID, followed.ID, plain.ID},
		} {
			got := walk(t, v, s, view.Ask{View: name}, 50)
			sort.Slice(got, func(a, b int) bool { return got[a] < got[b] })
			sort.Slice(want, func(a, b int) bool { return want[a] < want[b] })
			if fmt.Sprint(got) != fmt.Sprint(want) || countOf(counts, name) != len(want) {
				t.Errorf("%s: %v, counted %d, want %v", name, got, countOf(counts, name), want)
			}
		}
		if got := walk(t, v, view.Sight{User: ann.ID, Inboxes: []desk.InboxID{k.Helpdesk().ID}}, view.Ask{View: view.Elsewhere}, 50); len(got) != 0 { // WS-09
			t.Errorf("who does not see the inbox sees %v", got)
		}
		page, err := v.List(ctx, s, view.Ask{View: view.Drafts}, view.Page{})
		if err != nil || !page.Items[0].HasDraft {
			t.Errorf("the draft is not marked: %+v, %v", page.Items, err)
		}
	})
}

// WS-06: a saved view is counted for who sees it, and counted again when the log moves; who does not see it is told nothing.
func TestSavedViewsAreCounted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 60)
		name := w.save(t, customview.View{Filter: customview.Filter{Field: "owner_id", Op: "is", Value: customview.Me}})
		ctx, s := context.Background(), view.Sight{User: w.me.ID, All: true}
		settled := func(seq int64) view.Count {
			for range 500 {
				counts, again, err := w.v.CustomCounts(ctx, s, seq)
				if err != nil || len(counts) != 1 {
					t.Fatalf("%v, %v", counts, err)
				}
				if again == 0 {
					return counts[0]
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Fatal("the count is never found")
			return view.Count{}
		}
		first := settled(1)
		if want := len(walk(t, w.v, s, view.Ask{View: name}, 50)); first.ID != name || first.Count != want || want == 0 {
			t.Errorf("%+v, want %d", first, want)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE tickets SET owner_id = 0")
			return err
		})
		if still := settled(1); still.Count != first.Count {
			t.Errorf("with the log where it was: %d, want %d", still.Count, first.Count)
		}
		if next := settled(2); next.Count != 0 {
			t.Errorf("after an event: %d, want 0", next.Count)
		}
		if counts, _, err := w.v.CustomCounts(ctx, view.Sight{User: w.users[1].ID, All: true}, 2); err != nil || len(counts) != 0 {
			t.Errorf("somebody else is told %v, %v", counts, err)
		}
	})
}

// badPlan is what a page never does: scan the table, or sort.
var badPlan = regexp.MustCompile(`(?i)Seq Scan on tickets|SCAN t$|SCAN tickets|USE TEMP B-TREE|\bSort\b|Bitmap`)

func explain(t *testing.T, d *db.DB, text string, args []any) string {
	t.Helper()
	word := "EXPLAIN QUERY PLAN "
	if d.Dialect() == db.Postgres {
		word = "EXPLAIN "
	}
	rows, err := d.Query(context.Background(), word+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		var a, b, c int
		if d.Dialect() == db.Postgres {
			err = rows.Scan(&line)
		} else {
			err = rows.Scan(&a, &b, &c, &line)
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Counts agree with the lists, and stop at the cap.
func TestCountsAgreeWithTheLists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		_, owners := seed(t, k, 300)
		v := view.New(d, nil)
		s := view.Sight{User: owners[1], All: true}
		counts, err := v.Counts(ctx, s, 1)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range counts {
			names = append(names, c.ID)
			if c.ID == view.Mentions {
				continue
			}
			n := 0
			for page := (view.Page{Limit: 200}); ; {
				out, err := v.Tickets(ctx, s, c.ID, "", page)
				if err != nil {
					t.Fatal(err)
				}
				n += len(out.Items)
				if page.Cursor = out.Next; out.Next == "" {
					break
				}
			}
			if c.Count != n || c.Capped {
				t.Errorf("%s: count %d (capped %v), the list has %d", c.ID, c.Count, c.Capped, n)
			}
		}
		sort.Strings(names)
		for _, want := range []string{"closed", "mentions", "mine", "open", "spam", "trash", "unassigned"} {
			if i := sort.SearchStrings(names, want); i == len(names) || names[i] != want {
				t.Errorf("no %s among %v", want, names)
			}
		}
		// The same number answers from memory; the next one looks again.
		k.Ticket()
		again, _ := v.Counts(ctx, s, 1)
		next, _ := v.Counts(ctx, s, 2)
		if got, want := countOf(again, view.Open), countOf(counts, view.Open); got != want {
			t.Errorf("with the log where it was: %d, want %d", got, want)
		}
		if got, want := countOf(next, view.Open), countOf(counts, view.Open)+1; got != want {
			t.Errorf("after an event: %d, want %d", got, want)
		}
	})
}

func countOf(cs []view.Count, id string) int {
	for _, c := range cs {
		if c.ID == id {
			return c.Count
		}
	}
	return -1
}

// A count stops one beyond the cap: it never walks a million rows.
func TestACountStopsAtTheCap(t *testing.T) {
	ctx, k := context.Background(), desktest.New(t, dbtest.SQLite(t))
	seed(t, k, 20000)
	counts, err := view.New(k.DB, nil).Counts(ctx, view.Everything, 1)
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	if err := k.DB.QueryRow(ctx, "SELECT COUNT(*) FROM tickets WHERE open = 1 AND hidden = ''").Scan(&open); err != nil {
		t.Fatal(err)
	}
	if open <= view.CountCap {
		t.Fatalf("the seed holds only %d", open)
	}
	for _, c := range counts {
		if c.ID == view.Open && (c.Count != view.CountCap || !c.Capped) {
			t.Errorf("%d open tickets are counted as %d, capped %v", open, c.Count, c.Capped)
		}
	}
}

// WS-10: a mention is found in the viewer's own list, newest first, a ticket once.
func TestMentionsListEachTicketOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, ben := k.User(), k.User()
		a, b, c := k.Ticket(), k.Ticket(), k.Ticket()
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			for i, m := range []struct {
				t desk.TicketID
				u desk.UserID
			}{{a.ID, ann.ID}, {b.ID, ann.ID}, {a.ID, ann.ID}, {c.ID, ben.ID}} {
				if _, err := tx.Exec(ctx, "INSERT INTO mentions (message_id, user_id, ticket_id, created_at) VALUES ($1, $2, $3, 1)", 1000+i, m.u, m.t); err != nil {
					return err
				}
			}
			return nil
		})
		v := view.New(d, nil)
		s := view.Sight{User: ann.ID, All: true}
		one, err := v.Tickets(ctx, s, view.Mentions, "", view.Page{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		two, err := v.Tickets(ctx, s, view.Mentions, "", view.Page{Limit: 1, Cursor: one.Next})
		if err != nil {
			t.Fatal(err)
		}
		if len(one.Items) != 1 || one.Items[0].ID != a.ID || len(two.Items) != 1 || two.Items[0].ID != b.ID || two.Next != "" {
			t.Errorf("first %v, then %v", one, two)
		}
		counts, err := v.Counts(ctx, s, 1)
		if err != nil || countOf(counts, view.Mentions) != 2 {
			t.Errorf("mentions count %d (%v), want 2", countOf(counts, view.Mentions), err)
		}
	})
}

// What a list was not given is refused, not guessed.
func TestABadCursorViewOrSortIsRefused(t *testing.T) {
	ctx, v := context.Background(), view.New(dbtest.SQLite(t), nil)
	for _, c := range []struct{ name, sort, cursor, field string }{
		{"nonsense", "", "", "view"}, {"inbox:x", "", "", "view"}, {"open", "description", "", "sort"}, {"open", "", "!!", "cursor"}, {"open", "", "eA", "cursor"},
	} {
		_, err := v.Tickets(ctx, view.Everything, c.name, c.sort, view.Page{Cursor: c.cursor})
		if desk.CodeOf(err) != desk.Invalid || !strings.Contains(fmt.Sprint(err), desk.ReasonOf(err)) {
			t.Errorf("%v: %v", c, err)
		}
	}
}
