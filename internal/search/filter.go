package search

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// filter is what a document and its ticket must be, in SQL over d (search_docs), t (tickets) and h (the thread of a document without ticket); its
// arguments begin at $2, after the candidates.
type filter struct {
	where   []string
	args    []any
	ticket  desk.TicketID
	tickets bool   // something is asked of tickets
	exclude string // what must not be there, when there is nothing that must
}

func (f *filter) add(cond string, args ...any) {
	for _, a := range args {
		f.args = append(f.args, a)
		cond = strings.Replace(cond, "?", fmt.Sprintf("$%d", len(f.args)+1), 1)
	}
	f.where = append(f.where, cond)
}

// oneOf is "x IN (…)" with an argument each.
func (f *filter) oneOf(column string, not bool, values []any) {
	if len(values) == 0 {
		f.add("1 = 0")
		return
	}
	f.add(column+map[bool]string{true: " NOT"}[not]+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
}

// filter turns operators and the viewer's inboxes into SQL. What cannot be meant becomes a problem of the query. possible is false when nothing can be
// found: an unknown number.
func (s *Service) filter(ctx context.Context, v access.Viewer, q *query) (f filter, possible bool, err error) {
	s.sight(&f, v, q)
	f.life(*q)
	if q.number != 0 {
		err := s.db.QueryRow(ctx, "SELECT id FROM tickets WHERE number = $1", q.number).Scan(&f.ticket)
		if errors.Is(err, sql.ErrNoRows) {
			return f, false, nil
		}
		if err != nil {
			return f, false, fmt.Errorf("search: ticket number: %w", err)
		}
		f.add("d.ticket_id = ?", f.ticket)
		if !q.hasWords() {
			f.add("d.kind = ?", "ticket") // the ticket itself is meant
		}
	}
	if q.after != 0 {
		f.add("d.at >= ?", q.after)
	}
	if q.before != 0 {
		f.add("d.at < ?", q.before)
	}
	for _, w := range q.wants {
		if err := s.want(ctx, v, q, &f, w); err != nil {
			return f, false, fmt.Errorf("search: %s: %w", w.op, err)
		}
	}
	return f, true, nil
}

// sight leaves what the viewer may see. A viewer of few inboxes has them searched in the index, which is quicker where they are small.
func (s *Service) sight(f *filter, v access.Viewer, q *query) {
	s.reach(f, v)
	if v.AllInboxes {
		return
	}
	ids := []any{int64(0)} // contacts belong to no inbox
	c := clause{any: []term{{field: fieldMark, words: []string{"i0"}, exact: true}}}
	for _, id := range v.Inboxes {
		ids = append(ids, id)
		c.any = append(c.any, term{field: fieldMark, words: []string{"i" + strconv.FormatInt(int64(id), 10)}, exact: true})
	}
	f.oneOf("d.inbox_id", false, ids)
	if len(ids) <= 8 && q.hasWords() {
		q.clauses = append(q.clauses, c)
	}
}

// life: spam and trash are found only when they are asked for, and what was merged away under what it is now.
func (f *filter) life(q query) {
	switch q.hidden {
	case "": // a document without a ticket is visible; one whose ticket is gone is not
		f.add("((d.ticket_id = 0 AND COALESCE(h.hidden, '') = '') OR t.hidden = '')")
	case "*":
		f.add("(d.ticket_id = 0 OR t.hidden <> 'merged')")
	default:
		f.add("((d.ticket_id = 0 AND h.hidden = ?) OR t.hidden = ?)", q.hidden, q.hidden)
	}
}

// columns of operators that name a thing.
var named = map[string]struct{ table, column string }{
	"status": {"pipeline_statuses", "t.status_id"}, "team": {"teams", "t.team_id"},
}

func (s *Service) want(ctx context.Context, v access.Viewer, q *query, f *filter, w want) error {
	f.tickets = f.tickets || w.op != "inbox" && w.op != "channel"
	switch w.op {
	case "state":
		var open []any
		for _, st := range w.values {
			open = append(open, st == "open")
		}
		f.oneOf("t.open", w.not, open)
	case "is":
		f.is(w, v)
	case "has":
		f.has(w, v)
	case "owner":
		return s.owner(ctx, v, q, f, w)
	case "status", "team":
		ids, err := s.resolve(ctx, q, w, "SELECT id, slug, name FROM "+named[w.op].table)
		if err == nil && len(ids) > 0 {
			f.oneOf(named[w.op].column, w.not, ids)
		}
		return err
	case "inbox":
		ids, err := s.resolve(ctx, q, w, s.inboxes(v))
		q.marked("i", w.not, ids)
		return err
	case "channel":
		return s.channel(ctx, q, w)
	case "priority", "category":
		return s.word(ctx, q, f, w)
	case "tag":
		return s.tag(ctx, q, f, w)
	default:
		return s.property(ctx, v, q, f, w)
	}
	return nil
}

// inboxes that the viewer may name: those of others are unknown to them.
func (s *Service) inboxes(v access.Viewer) string {
	query := "SELECT id, slug, name FROM inboxes"
	if v.AllInboxes {
		return query
	}
	ids := "0"
	for _, id := range v.Inboxes {
		ids += "," + strconv.FormatInt(int64(id), 10)
	}
	return query + " WHERE id IN (" + ids + ")"
}

// marked adds a clause of marks for ids.
func (q *query) marked(prefix string, not bool, ids []any) {
	c := clause{not: not}
	for _, id := range ids {
		c.any = append(c.any, term{field: fieldMark, words: []string{fmt.Sprint(prefix, id)}, exact: true})
	}
	if len(c.any) > 0 {
		q.clauses = append(q.clauses, c)
	}
}

func (f *filter) is(w want, v access.Viewer) {
	cond, args := "", []any{}
	switch w.values[0] {
	case "snoozed":
		cond = "t.snoozed = 1"
	case "unread": // the customer's word is the last
		cond = "(t.open = 1 AND t.last_direction = 'incoming')"
	case "following":
		cond, args = "EXISTS (SELECT 1 FROM ticket_followers x WHERE x.ticket_id = t.id AND x.user_id = ?)", []any{v.User.ID}
	case "mentioned":
		cond, args = "EXISTS (SELECT 1 FROM mentions x WHERE x.ticket_id = t.id AND x.user_id = ?)", []any{v.User.ID}
	}
	f.not(w.not, cond, args...)
}

func (f *filter) has(w want, v access.Viewer) {
	cond, args := "EXISTS (SELECT 1 FROM search_docs x WHERE x.ticket_id = t.id AND x.kind = 'comment')", []any{}
	if w.values[0] == "draft" {
		cond, args = "EXISTS (SELECT 1 FROM drafts x WHERE x.ticket_id = t.id AND x.user_id = ?)", []any{v.User.ID}
	}
	f.not(w.not, cond, args...)
}

func (f *filter) not(not bool, cond string, args ...any) {
	if not {
		cond = "(t.id IS NOT NULL AND NOT " + cond + ")"
	}
	f.add(cond, args...)
}

func (s *Service) owner(ctx context.Context, v access.Viewer, q *query, f *filter, w want) error {
	var ids []any
	rest := w
	rest.values = nil
	for _, val := range w.values {
		switch strings.ToLower(val) {
		case "me", "mine":
			ids = append(ids, v.User.ID)
		case "none", "nobody", "unassigned":
			ids = append(ids, int64(0))
		default:
			rest.values = append(rest.values, val)
		}
	}
	more, err := s.resolve(ctx, q, rest, "SELECT id, email, name FROM users", "me", "none")
	if ids = append(ids, more...); len(ids) > 0 {
		f.oneOf("t.owner_id", w.not, ids)
	}
	return err
}

// thing is what an operator may name.
type thing struct {
	id         int64
	slug, name string
}

func (t thing) is(value string) bool {
	v := plain(value)
	if v == plain(t.slug) || v == plain(t.name) || strings.EqualFold(value, t.slug) {
		return true
	}
	first, _, _ := strings.Cut(t.name, " ")
	return v != "" && v == plain(first) // owner:mette
}

// things reads id, slug and name; those equal in both are one choice.
func (s *Service) things(ctx context.Context, query string) ([]thing, error) {
	return db.All(ctx, s.db, func(r db.Scanner) (x thing, err error) {
		err = r.Scan(&x.id, &x.slug, &x.name)
		return x, err
	}, query)
}

// resolve finds the ids of what is named by slug or name; what is not there becomes a problem.
func (s *Service) resolve(ctx context.Context, q *query, w want, query string, also ...string) ([]any, error) {
	if len(w.values) == 0 {
		return nil, nil
	}
	all, err := s.things(ctx, query)
	if err != nil {
		return nil, err
	}
	var ids []any
	for _, val := range w.values {
		n := len(ids)
		for _, x := range all {
			if x.is(val) {
				ids = append(ids, x.id)
			}
		}
		if len(ids) == n {
			names := also
			for _, x := range all {
				names = append(names, x.name)
			}
			q.unknown(w, val, names)
		}
	}
	return ids, nil
}

func (q *query) unknown(w want, value string, options []string) {
	p := w.part
	q.problems = append(q.problems, Misread{Reason: "unknown_value", Operator: w.op, Value: value, Suggestion: p.replaced(q.text, nearest(value, options)), Options: first(byDistance(value, options), 8)})
}

func (s *Service) channel(ctx context.Context, q *query, w want) error {
	all, err := db.All(ctx, s.db, db.Column[string], "SELECT DISTINCT channel FROM channel_accounts")
	if err != nil {
		return err
	}
	var ids []any
	for _, val := range w.values {
		n := len(ids)
		for _, c := range all {
			if plain(c) == plain(val) {
				ids = append(ids, plain(c))
			}
		}
		if len(ids) == n {
			q.unknown(w, val, all)
		}
	}
	q.marked("c", w.not, ids)
	return nil
}

// word: a priority or category, which are words on the ticket.
func (s *Service) word(ctx context.Context, q *query, f *filter, w want) error {
	options := []string{"low", "medium", "high", "urgent", "none"}
	if w.op == "category" {
		var err error
		if options, err = s.categories(ctx); err != nil {
			return err
		}
		options = append(options, "none")
	}
	var values []any
	for _, val := range w.values {
		n := len(values)
		for _, o := range options {
			if plain(o) == plain(val) {
				values = append(values, map[bool]string{true: "", false: o}[o == "none"])
			}
		}
		if len(values) == n {
			q.unknown(w, val, options)
		}
	}
	if len(values) > 0 {
		f.oneOf("t."+w.op, w.not, values)
	}
	return nil
}

// tag: words on the ticket, also by names that they had before; none is a ticket without.
func (s *Service) tag(ctx context.Context, q *query, f *filter, w want) error {
	named := w
	named.values = nil
	cond := []string{}
	for _, val := range w.values {
		if strings.EqualFold(val, "none") {
			cond = append(cond, "NOT EXISTS (SELECT 1 FROM ticket_tags x WHERE x.ticket_id = t.id)")
		} else {
			named.values = append(named.values, val)
		}
	}
	ids, err := s.resolve(ctx, q, named, tagsQuery, "none")
	if err != nil || len(ids)+len(cond) == 0 {
		return err
	}
	if len(ids) > 0 {
		cond = append(cond, "EXISTS (SELECT 1 FROM ticket_tags x WHERE x.ticket_id = t.id AND x.tag_id IN (?"+strings.Repeat(", ?", len(ids)-1)+"))")
	}
	f.not(w.not, "(t.id IS NOT NULL AND ("+strings.Join(cond, " OR ")+"))", ids...)
	return nil
}

// tagsQuery gives former names the id of the tag that they lead to.
const tagsQuery = "SELECT CASE WHEN into_id <> 0 THEN into_id ELSE id END, name, name FROM tags ORDER BY into_id, name_key"

func (s *Service) categories(ctx context.Context) ([]string, error) {
	var text string
	err := s.db.QueryRow(ctx, "SELECT options FROM properties WHERE object = 'ticket' AND name = 'category'").Scan(&text)
	var out []string
	if err == nil {
		_ = json.Unmarshal([]byte(text), &out)
	}
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(out) == 0 {
		return db.All(ctx, s.db, db.Column[string], "SELECT DISTINCT category FROM (SELECT category FROM tickets ORDER BY id DESC LIMIT 5000) x WHERE category <> ''")
	}
	return out, err
}

// property: a custom one of the ticket, or of its contact.
func (s *Service) property(ctx context.Context, v access.Viewer, q *query, f *filter, w want) error {
	name := strings.TrimPrefix(w.op, "property.")
	all, err := s.things(ctx, "SELECT id, object, name FROM properties WHERE archived_at = 0 ORDER BY object DESC")
	if err != nil {
		return err
	}
	var names []string
	for _, x := range all {
		if v.Veil.Hides(x.slug, x.name) { // as if it were not there
			continue
		}
		names = append(names, x.name)
		if !strings.EqualFold(x.name, name) {
			continue
		}
		column := "t.properties"
		if x.slug == "contact" {
			column = "(SELECT c.properties FROM contacts c WHERE c.id = CASE WHEN d.kind = 'contact' THEN d.id ELSE t.contact_id END)"
		}
		var values []any
		for _, val := range w.values {
			values = append(values, strings.ToLower(val))
		}
		f.tickets = f.tickets && x.slug != "contact"
		f.oneOf("LOWER("+s.jsonText(column, x.name)+")", w.not, values)
		return nil
	}
	p := w.part
	fixed := p
	if near := nearest(name, names); near != "" {
		fixed.op = "property." + near
		q.problems = append(q.problems, Misread{Reason: "unknown_property", Operator: w.op, Value: name, Suggestion: fixed.replaced(q.text, p.text), Options: first(byDistance(name, names), 8)})
		return nil
	}
	q.problems = append(q.problems, Misread{Reason: "unknown_property", Operator: w.op, Value: name, Options: first(names, 8)})
	return nil
}

// jsonText is a member of a JSON column as text. Names of properties are slugs.
func (s *Service) jsonText(column, name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '\'' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, name)
	if s.sqlite() {
		return "CAST(json_extract(" + column + `, '$."` + name + `"') AS TEXT)`
	}
	return "(" + column + "::json ->> '" + name + "')"
}

// plain is a name as one may type it: "waiting on us", waiting_on_us.
func plain(s string) string {
	var b strings.Builder
	for _, w := range words(s, 50) {
		b.WriteString(w.text)
	}
	return b.String()
}

// pass keeps of the candidates those that the filter lets through, newest first.
func (s *Service) pass(ctx context.Context, f filter, ids []int64) ([]doc, error) {
	where, args := "", append([]any{list(ids)}, f.args...)
	for _, w := range f.where {
		where += " AND " + w
	}
	if f.exclude != "" {
		if s.sqlite() {
			where += fmt.Sprintf(" AND d.id NOT IN (SELECT rowid FROM search_text WHERE search_text MATCH $%d AND rowid BETWEEN $%d AND $%d)", len(args)+1, len(args)+2, len(args)+3)
			args = append(args, f.exclude, ids[len(ids)-1], ids[0])
		} else {
			where += fmt.Sprintf(" AND NOT (d.tsv @@ $%d::tsquery)", len(args)+1)
			args = append(args, f.exclude)
		}
	}
	return db.All(ctx, s.db, func(r db.Scanner) (d doc, err error) {
		err = r.Scan(&d.id, &d.kind, &d.ticket, &d.inbox, &d.at)
		return d, err
	}, `SELECT d.id, d.kind, d.ticket_id, d.inbox_id, d.at FROM search_docs d LEFT JOIN tickets t ON t.id = d.ticket_id AND d.ticket_id <> 0
		LEFT JOIN threads h ON h.id = d.thread_id AND d.ticket_id = 0 AND d.thread_id <> 0 WHERE d.id IN `+s.in(1)+where+" ORDER BY d.id DESC", args...)
}

// reach leaves what is within the viewer's reach: tickets and what belongs to them by whose they are, contacts by theirs (PM-05).
func (s *Service) reach(f *filter, v access.Viewer) {
	put := func(x any) string { f.args = append(f.args, x); return fmt.Sprintf("$%d", len(f.args)+1) }
	if tickets := v.Tickets.OfSQL("d.ticket_id", "d.thread_id", put); tickets != "" {
		f.add("(d.kind = 'contact' OR " + tickets + ")")
	}
	if contacts := v.Contacts.ContactSQL("rc", v.Tickets, put); contacts != "" {
		f.add("(d.kind <> 'contact' OR EXISTS (SELECT 1 FROM contacts rc WHERE rc.id = d.contact_id AND " + contacts + "))")
	}
}

// andReach is the condition on tickets, the arguments numbered behind those that are there.
func (s *Service) andReach(v access.Viewer, args *[]any) string {
	cond := v.Tickets.TicketSQL("t", func(x any) string { *args = append(*args, x); return "$" + strconv.Itoa(len(*args)) })
	if cond == "" {
		return ""
	}
	return " AND " + cond
}
