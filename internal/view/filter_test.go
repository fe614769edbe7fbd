package view_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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

// facts are a ticket as the evaluation in Go knows it, by field: string, float64, bool, int64 (times and references), []string, []int64; missing is none.
type facts struct {
	id     desk.TicketID
	values map[string]any
}

// world is an installation full of random tickets, written by SQL, with the facts of each.
type world struct {
	*desktest.Desk
	v       *view.Service
	saved   *customview.Service
	fields  customview.Catalogue
	me      desk.User
	users   []desk.User
	team    desk.Team
	tickets []facts
	now     desk.Time
	rnd     *rand.Rand
}

var words = []string{"Invoice 12", "invoice", "Ærø ferry", "æRØ", "ÅRHUS", "parcel", "PARCEL late", "50% off", "a_b", "it's", "", "Zürich", "zürich hb"}

func newWorld(t *testing.T, d *db.DB, n int) *world {
	t.Helper()
	k := desktest.New(t, d)
	w := &world{Desk: k, rnd: rand.New(rand.NewPCG(11, uint64(n))), now: k.Clock.Ms()}
	w.saved = customview.New(d, k.Clock, k.Events, k.Properties)
	w.v = view.New(d, nil).Saved(w.saved)
	w.me = k.User()
	w.users = []desk.User{w.me, k.User(), k.User()}
	w.team = k.Team("sales", w.me)
	k.Property("tier", "choice", "gold", "silver", "bronze")
	k.Property("seats", "number")
	k.Property("vip", "boolean")
	k.Property("renewal", "date")
	k.Property("tags", "multi_choice", "red", "green", "blue")
	k.Property("note", "text")
	k.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := k.Properties.Create(ctx, tx, desk.System, desk.Property{Object: "contact", Name: "plan", Type: "choice", Options: []string{"free", "paid"}})
		return err
	})
	fields, err := w.saved.Fields(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	w.fields = fields
	w.fill(t, n)
	return w
}

func pick[T any](w *world, from ...T) T { return from[w.rnd.IntN(len(from))] }

func (w *world) fill(t *testing.T, n int) {
	pipes, err := w.Tickets.Pipelines(context.Background(), w.DB)
	if err != nil {
		t.Fatal(err)
	}
	inboxes := []desk.InboxID{w.Helpdesk().ID, w.Inbox("other", desk.Access{Everyone: true}).ID}
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		type person struct {
			id           int64
			name, email  string
			plan         string
			created, own int64
			firm         [2]string // name and domain of the company
			since        int64
		}
		people := []person{{}}
		for i := range 12 {
			p := person{tx.NewID(), pick(w, words...), fmt.Sprintf("c%d@%s.example", i, pick(w, "Acme", "beta")), pick(w, "", "free", "paid"), int64(w.now.Add(-time.Duration(w.rnd.IntN(40))*24*time.Hour - time.Hour)), int64(pick(w, 0, w.me.ID, w.users[1].ID)), [2]string{}, 0}
			company := int64(0)
			if i%3 > 0 {
				company, p.since = tx.NewID(), int64(w.now.Add(-time.Duration(w.rnd.IntN(40))*24*time.Hour-time.Hour))
				p.firm = [2]string{pick(w, words...), fmt.Sprintf("firm%d.example", i)}
				if _, err := tx.Exec(ctx, "INSERT INTO companies (id, domain, name, created_at) VALUES ($1, $2, $3, $4)", company, p.firm[1], p.firm[0], p.since); err != nil {
					return err
				}
			}
			people = append(people, p)
			props := map[string]any{}
			if p.plan != "" {
				props["plan"] = p.plan
			}
			if _, err := tx.Exec(ctx, "INSERT INTO contacts (id, name, email, owner_id, properties, created_at, updated_at, company_id) VALUES ($1, $2, $3, $4, $5, $6, 1, $7)", p.id, p.name, p.email, p.own, db.JSON(props), p.created, company); err != nil {
				return err
			}
		}
		for i := range n {
			st := pick(w, pipes[0].Statuses...)
			c := pick(w, people...)
			props, pf := w.props()
			f := facts{desk.TicketID(tx.NewID()), pf}
			times := map[string]int64{}
			for _, name := range []string{"created_at", "last_activity_at", "last_inbound_at", "closed_at", "first_reply_at"} {
				times[name] = int64(w.now.Add(-time.Duration(w.rnd.Int64N(int64(40 * 24 * time.Hour)))))
				if w.rnd.IntN(3) == 0 && name != "created_at" && name != "last_activity_at" {
					times[name] = 0
				}
				f.values[name] = times[name]
			}
			subject, priority, hidden := pick(w, words...), pick(w, "", "low", "medium", "high", "urgent"), pick(w, "", "", "", "", "spam", "trash")
			owner, team, inbox := pick(w, 0, w.me.ID, w.users[1].ID, w.users[2].ID), pick(w, 0, w.team.ID), pick(w, inboxes...)
			snoozed, count, category := w.rnd.IntN(2), w.rnd.IntN(6), pick(w, words...)
			open := map[bool]int{true: 1, false: 0}[st.State == "open"]
			number := int64(900_000 + i)
			for k, v := range map[string]any{
				"subject": subject, "priority": priority, "hidden": hidden, "owner_id": int64(owner), "team_id": int64(team), "inbox_id": int64(inbox), "snoozed": snoozed == 1, "message_count": float64(count),
				"category": category, "status_id": int64(st.ID), "status_state": st.State, "number": float64(number), "contact.name": c.name, "contact.email": c.email, "contact.owner_id": c.own,
				"contact.created_at": c.created, "contact.property.plan": c.plan, "company.name": c.firm[0], "company.domain": c.firm[1], "company.created_at": c.since,
			} {
				f.values[k] = v
			}
			if _, err := tx.Exec(ctx, `INSERT INTO tickets (id, number, subject, inbox_id, contact_id, pipeline_id, status_id, open, priority, category, owner_id, team_id, properties, hidden, message_count, created_at, updated_at,
				last_activity_at, last_inbound_at, first_reply_at, closed_at, snoozed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1, $17, $18, $19, $20, $21)`,
				f.id, number, subject, inbox, c.id, pipes[0].ID, st.ID, open, priority, category, owner, team, db.JSON(props), hidden, count, times["created_at"], times["last_activity_at"],
				times["last_inbound_at"], times["first_reply_at"], times["closed_at"], snoozed); err != nil {
				return err
			}
			followers := []int64{}
			for _, u := range w.users {
				if w.rnd.IntN(4) == 0 {
					followers = append(followers, int64(u.ID))
					if _, err := tx.Exec(ctx, "INSERT INTO ticket_followers (ticket_id, user_id, created_at) VALUES ($1, $2, 1)", f.id, u.ID); err != nil {
						return err
					}
				}
			}
			f.values["follower"] = followers
			w.tickets = append(w.tickets, f)
		}
		return nil
	})
}

// props are random values of the properties, as stored and as facts.
func (w *world) props() (map[string]any, map[string]any) {
	stored, f := map[string]any{}, map[string]any{}
	some := func(name string, v, fact any) {
		if w.rnd.IntN(3) > 0 {
			stored[name], f["property."+name] = v, fact
		}
	}
	tier := pick(w, "gold", "silver", "bronze")
	some("tier", tier, tier)
	seats := pick(w, 0.0, 1, 12, 12.5, -3)
	some("seats", seats, seats)
	vip := w.rnd.IntN(2) == 0
	some("vip", vip, vip)
	day := w.now.Add(time.Duration(w.rnd.IntN(60)-30) * 24 * time.Hour).Time().Format(time.DateOnly)
	some("renewal", day, day)
	tags := pick(w, []string{"red"}, []string{"red", "blue"}, []string{"green", "blue"})
	some("tags", tags, tags)
	note := pick(w, words...)
	some("note", note, note)
	return stored, f
}

// random makes a filter of any field with any of its operations.
func (w *world) random(depth int) customview.Filter {
	if depth < 3 && w.rnd.IntN(3) == 0 {
		subs := []customview.Filter{}
		for range 1 + w.rnd.IntN(3) {
			subs = append(subs, w.random(depth+1))
		}
		if w.rnd.IntN(2) == 0 {
			return customview.Filter{All: subs}
		}
		return customview.Filter{Any: subs}
	}
	known := w.tickets[0].values
	for {
		d := pick(w, w.fields...)
		_, ok := known[d.Name]
		if !ok && !d.Custom {
			continue
		}
		op := pick(w, d.Ops...)
		f := customview.Filter{Field: d.Name, Op: op}
		switch op {
		case "empty", "not_empty":
		case "in", "not_in":
			f.Value = []any{w.value(d, op), w.value(d, op)}
		case "between":
			a, b := w.value(d, op), w.value(d, op)
			f.Value = []any{a, b}
		default:
			f.Value = w.value(d, op)
		}
		return f
	}
}

func (w *world) value(d customview.Field, op string) any {
	if op == "within_days" || op == "older_than_days" {
		return float64(w.rnd.IntN(30))
	}
	switch d.Type {
	case customview.Number:
		return pick[any](w, 0.0, 1.0, 3.0, 12.0, "12.5", 900_010.0)
	case customview.Boolean:
		return pick[any](w, true, false, "true")
	case customview.Moment, customview.Date:
		at := w.now.Add(-time.Duration(w.rnd.Int64N(int64(40 * 24 * time.Hour))))
		return pick(w, at.Time().Format(time.DateOnly), at.Time().Format(time.RFC3339))
	case customview.Choice, customview.Several:
		return pick(w, d.Options...)
	case customview.Ref, customview.People:
		switch d.Of {
		case "user":
			return pick(w, customview.Me, w.users[1].ID.String(), w.users[2].ID.String(), "77")
		case "team":
			return pick(w, customview.MyTeams, w.team.ID.String())
		}
		return strconv.FormatInt(w.tickets[w.rnd.IntN(len(w.tickets))].values[d.Name].(int64), 10)
	}
	return strings.TrimSpace(pick(w, "invoice", "ærø", "Ær", "parcel", "%", "_", "'", "århus", "ZÜRICH", "acme", "c1"))
}

// match says in Go, in the plainest way, whether a filter holds.
func (w *world) match(f customview.Filter, t facts) bool {
	if f.Group() {
		for _, sub := range f.All {
			if !w.match(sub, t) {
				return false
			}
		}
		for _, sub := range f.Any {
			if w.match(sub, t) {
				return true
			}
		}
		return len(f.Any) == 0
	}
	if positive, ok := map[string]string{"is_not": "is", "not_in": "in", "not_contains": "contains", "not_empty": "empty"}[f.Op]; ok {
		f.Op = positive
		return !w.match(f, t)
	}
	d, _ := w.fields.Field(f.Field)
	have, vs := t.values[f.Field], f.Values()
	switch d.Type {
	case customview.Number:
		n, ok := have.(float64)
		num := func(i int) float64 { x, _ := strconv.ParseFloat(vs[i], 64); return x }
		switch f.Op {
		case "empty":
			return !ok
		case "is":
			return ok && n == num(0)
		case "gt":
			return ok && n > num(0)
		case "lt":
			return ok && n < num(0)
		}
		return ok && n >= num(0) && n <= num(1)
	case customview.Boolean:
		b, _ := have.(bool)
		return b == (vs[0] == "true")
	case customview.Moment:
		at, _ := have.(int64)
		return w.matchTime(f.Op, vs, time.UnixMilli(at).UTC(), at != 0)
	case customview.Date:
		text, _ := have.(string)
		at, _ := time.Parse(time.DateOnly, text)
		for i, v := range vs { // a moment means its day
			if len(v) > 10 && (f.Op == "is" || f.Op == "before" || f.Op == "after" || f.Op == "between") {
				vs[i] = v[:10]
			}
		}
		if f.Op == "within_days" || f.Op == "older_than_days" {
			n, _ := strconv.Atoi(vs[0])
			today := w.now.Time().Truncate(24 * time.Hour)
			from := today.AddDate(0, 0, -n)
			return text != "" && (f.Op == "within_days" && !at.Before(from) && !at.After(today) || f.Op == "older_than_days" && at.Before(from))
		}
		return w.matchTime(f.Op, vs, at, text != "")
	case customview.Several, customview.People:
		list := []string{}
		switch x := have.(type) {
		case []string:
			list = x
		case []int64:
			for _, id := range x {
				list = append(list, strconv.FormatInt(id, 10))
			}
		}
		if f.Op == "empty" {
			return len(list) == 0
		}
		return slices.ContainsFunc(w.meaning(vs), func(v string) bool { return slices.Contains(list, v) })
	case customview.Ref:
		id, _ := have.(int64)
		if f.Op == "empty" {
			return id == 0
		}
		return id != 0 && slices.Contains(w.meaning(vs), strconv.FormatInt(id, 10))
	}
	text, _ := have.(string)
	switch {
	case f.Op == "empty":
		return text == ""
	case d.Type == customview.Choice:
		return slices.Contains(vs, text)
	}
	return slices.ContainsFunc(vs, func(v string) bool { return matchText(f.Op, text, v) })
}

// matchText: letters A to Z are the same in both cases; others in the case that was typed, all small, all capital, or with a capital first.
func matchText(op, have, v string) bool {
	ascii := func(s string) string {
		b := []byte(s)
		for i, c := range b {
			if c >= 'A' && c <= 'Z' {
				b[i] = c + 32
			}
		}
		return string(b)
	}
	small := []rune(strings.ToLower(v))
	capital := strings.ToUpper(string(small[:1])) + string(small[1:])
	for _, form := range []string{v, string(small), strings.ToUpper(v), capital} {
		switch form = ascii(form); {
		case op == "contains" && strings.Contains(ascii(have), form), op == "starts_with" && strings.HasPrefix(ascii(have), form), (op == "is" || op == "in") && ascii(have) == form:
			return true
		}
	}
	return false
}

func (w *world) meaning(vs []string) []string {
	out := []string{}
	for _, v := range vs {
		switch v {
		case customview.Me:
			v = w.me.ID.String()
		case customview.MyTeams:
			v = w.team.ID.String()
		}
		out = append(out, v)
	}
	return out
}

func (w *world) matchTime(op string, vs []string, at time.Time, some bool) bool {
	if op == "empty" {
		return !some
	}
	span := func(i int) (time.Time, time.Time) {
		if d, err := time.Parse(time.DateOnly, vs[i]); err == nil {
			return d, d.AddDate(0, 0, 1)
		}
		d, _ := time.Parse(time.RFC3339, vs[i])
		return d, d.Add(time.Millisecond)
	}
	switch op {
	case "within_days", "older_than_days":
		n, _ := strconv.Atoi(vs[0])
		from := w.now.Time().Add(-time.Duration(n) * 24 * time.Hour)
		return some && at.Before(from) == (op == "older_than_days")
	case "before":
		from, _ := span(0)
		return some && at.Before(from)
	case "after":
		_, to := span(0)
		return some && !at.Before(to)
	case "between":
		from, _ := span(0)
		_, to := span(1)
		return some && !at.Before(from) && at.Before(to)
	}
	from, to := span(0)
	return some && !at.Before(from) && at.Before(to)
}

// save makes a private view of a filter; its id as a view.
func (w *world) save(t *testing.T, v customview.View) string {
	t.Helper()
	v.Name = "A view"
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		v, err = w.saved.Create(ctx, tx, desk.ByUser(w.me.ID), customview.Reader{User: w.me.ID}, v)
		return err
	})
	w.Write(func(ctx context.Context, tx *db.Tx) error { return nil })
	return "custom:" + v.ID.String()
}

func walk(t *testing.T, v *view.Service, s view.Sight, a view.Ask, limit int) []desk.TicketID {
	t.Helper()
	got := []desk.TicketID{}
	for page := (view.Page{Limit: limit}); ; {
		out, err := v.List(context.Background(), s, a, page)
		if err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
		for _, r := range out.Items {
			got = append(got, r.ID)
		}
		if page.Cursor = out.Next; out.Next == "" {
			return got
		}
	}
}

// WS-06: what a filter finds by SQL is what it means, over random tickets and random filters, on both databases.
func TestAFilterFindsWhatItMeans(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 300)
		s := view.Sight{User: w.me.ID, All: true}
		asked := map[string]int{}
		for range 250 {
			f := w.random(1) // the group around it is the first
			if err := w.fields.Check(f); err != nil {
				t.Fatalf("%s: %v", db.JSON(f), err)
			}
			f.Walk(func(c customview.Filter) { asked[c.Field+" "+c.Op]++ })
			// "hidden" is named, so that the view leaves nothing out by itself
			f = customview.Filter{All: []customview.Filter{f, {Any: []customview.Filter{{Field: "hidden", Op: "empty"}, {Field: "hidden", Op: "not_empty"}}}}}
			want := []desk.TicketID{}
			for _, tk := range w.tickets {
				if w.match(f, tk) {
					want = append(want, tk.id)
				}
			}
			got := walk(t, w.v, s, view.Ask{View: w.save(t, customview.View{Filter: f}), Sort: "number"}, 100)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%s\nfinds %d, means %d: %v, %v", db.JSON(f), len(got), len(want), got, want)
			}
			w.drop(t)
		}
		if len(asked) < 100 {
			t.Errorf("only %d pairs of field and operation were tried", len(asked))
		}
	})
}

// drop removes the saved views of the test, of which one may have only so many.
func (w *world) drop(t *testing.T) {
	t.Helper()
	r := customview.Reader{User: w.me.ID}
	all, err := w.saved.List(context.Background(), w.DB, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			return w.saved.Delete(ctx, tx, desk.ByUser(w.me.ID), r, v.ID)
		})
	}
}

// WS-06: every order and every grouping shows each row once, whatever the page size, and rows of one group stand together.
func TestEveryOrderShowsEachRowOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 150)
		s := view.Sight{User: w.me.ID, All: true}
		all := walk(t, w.v, s, view.Ask{View: view.Open}, 200)
		slices.Sort(all)
		groups := []string{""}
		for _, f := range w.fields {
			if f.Group {
				groups = append(groups, f.Name)
			}
		}
		for _, f := range w.fields {
			if !f.Sort {
				continue
			}
			for _, sign := range []string{"", "-"} {
				group := pick(w, groups...)
				a := view.Ask{View: view.Open, Sort: sign + f.Name, Group: group}
				whole := walk(t, w.v, s, a, 200)
				if parts := walk(t, w.v, s, a, 7); fmt.Sprint(parts) != fmt.Sprint(whole) {
					t.Errorf("%+v: pages of 7 stand otherwise", a)
				}
				w.inOrder(t, whole, f, sign == "-", group)
				slices.Sort(whole)
				if fmt.Sprint(whole) != fmt.Sprint(all) {
					t.Errorf("%+v: %d rows, want %d", a, len(whole), len(all))
				}
			}
		}
	})
}

// inOrder checks that groups stand together, and that numbers and times within one do not go the wrong way.
func (w *world) inOrder(t *testing.T, ids []desk.TicketID, f customview.Field, desc bool, group string) {
	t.Helper()
	by := map[desk.TicketID]facts{}
	for _, tk := range w.tickets {
		by[tk.id] = tk
	}
	seen, last := map[any]bool{}, any("nothing")
	for i, id := range ids {
		g, ok := by[id].values[group]
		if _, named := nameOfGroup[group]; named || !ok {
			g = nil
		}
		if g != last {
			if seen[g] {
				t.Errorf("by %s: the group %v stands in two places", group, g)
				return
			}
			seen[g], last = true, g
			continue
		}
		if i == 0 || nameOfGroup[group] {
			continue
		}
		n := 0
		switch x := by[ids[i-1]].values[f.Name].(type) {
		case int64:
			if y, ok := by[id].values[f.Name].(int64); ok && f.Type == customview.Moment {
				n = cmp.Compare(x, y)
			}
		case float64:
			if y, ok := by[id].values[f.Name].(float64); ok {
				n = cmp.Compare(x, y)
			}
		}
		if n != 0 && n < 0 == desc {
			t.Errorf("sorted by %s (desc %v): %v stands before %v", f.Name, desc, by[ids[i-1]].values[f.Name], by[id].values[f.Name])
			return
		}
	}
}

// nameOfGroup are groups that hold contacts or texts of the same folded form, or have no facts here.
var nameOfGroup = map[string]bool{"contact.name": true, "category": true, "channel": true, "contact.language": true}
