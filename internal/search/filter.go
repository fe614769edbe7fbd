package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// filter is what a document and its ticket must be, in SQL over d (search_docs) and t (tickets); its arguments begin at $2, after the candidates.
type filter struct {
	where  []string
	args   []any
	ticket desk.TicketID
}

func (f *filter) add(cond string, args ...any) {
	for _, a := range args {
		f.args = append(f.args, a)
		cond = strings.Replace(cond, "?", fmt.Sprintf("$%d", len(f.args)+1), 1)
	}
	f.where = append(f.where, cond)
}

// oneOf is "x IN (…)" with an argument each.
func (f *filter) oneOf(column string, values []any) {
	if len(values) == 0 {
		f.add("1 = 0")
		return
	}
	f.add(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
}

// filter turns operators and the viewer's inboxes into SQL. possible is false when nothing can be found: an unknown number, status or inbox.
func (s *Service) filter(ctx context.Context, v access.Viewer, q query) (f filter, possible bool, err error) {
	if !v.AllInboxes {
		ids := []any{int64(0)} // contacts belong to no inbox
		for _, id := range v.Inboxes {
			ids = append(ids, id)
		}
		f.oneOf("d.inbox_id", ids)
	}
	f.tickets(q, v)
	if q.number != 0 {
		err := s.db.QueryRow(ctx, "SELECT id FROM tickets WHERE number = $1", q.number).Scan(&f.ticket)
		if errors.Is(err, sql.ErrNoRows) {
			return f, false, nil
		}
		if err != nil {
			return f, false, fmt.Errorf("search: ticket number: %w", err)
		}
		f.add("d.ticket_id = ?", f.ticket)
		if len(q.terms) == 0 && len(q.kinds) == 0 {
			q.kinds = []string{"ticket"} // the ticket itself is meant
		}
	}
	if len(q.kinds) > 0 {
		kinds := make([]any, len(q.kinds))
		for i, k := range q.kinds {
			kinds[i] = k
		}
		f.oneOf("d.kind", kinds)
	}
	if q.after != 0 {
		f.add("d.at >= ?", q.after)
	}
	if q.before != 0 {
		f.add("d.at < ?", q.before)
	}
	for _, named := range []struct {
		names         []string
		table, column string
	}{{q.statuses, "pipeline_statuses", "t.status_id"}, {q.inboxes, "inboxes", "d.inbox_id"}} {
		if len(named.names) == 0 {
			continue
		}
		ids, err := s.named(ctx, named.table, named.names)
		if err != nil || len(ids) == 0 {
			return f, false, err
		}
		f.oneOf(named.column, ids)
	}
	return f, true, nil
}

// tickets adds what the ticket must be.
func (f *filter) tickets(q query, v access.Viewer) {
	switch q.hidden {
	case "": // a document without a ticket is visible; one whose ticket is gone is not
		f.add("(d.ticket_id = 0 OR t.hidden = '')")
	case "*":
		f.add("(d.ticket_id = 0 OR t.hidden <> 'merged')")
	default:
		f.add("t.hidden = ?", q.hidden)
	}
	if len(q.states) > 0 {
		var open []any
		for _, st := range q.states {
			open = append(open, st == "open")
		}
		f.oneOf("t.open", open)
	}
	switch q.owner {
	case "mine":
		f.add("t.owner_id = ?", v.User.ID)
	case "unassigned":
		f.add("t.owner_id = 0")
	}
}

// named finds the ids of statuses or inboxes by slug or name.
func (s *Service) named(ctx context.Context, table string, names []string) ([]any, error) {
	var ids []any
	rows, err := db.All(ctx, s.db, func(r db.Scanner) (x struct {
		id         int64
		slug, name string
	}, err error) {
		err = r.Scan(&x.id, &x.slug, &x.name)
		return x, err
	}, "SELECT id, slug, name FROM "+table)
	if err != nil {
		return nil, fmt.Errorf("search: %s: %w", table, err)
	}
	for _, r := range rows {
		for _, n := range names {
			if plain(n) == plain(r.slug) || plain(n) == plain(r.name) {
				ids = append(ids, r.id)
				break
			}
		}
	}
	return ids, nil
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
	where := ""
	for _, w := range f.where {
		where += " AND " + w
	}
	return db.All(ctx, s.db, func(r db.Scanner) (d doc, err error) {
		err = r.Scan(&d.id, &d.kind, &d.ticket, &d.at)
		return d, err
	}, "SELECT d.id, d.kind, d.ticket_id, d.at FROM search_docs d LEFT JOIN tickets t ON t.id = d.ticket_id WHERE d.id IN "+s.in(1)+where+" ORDER BY d.id DESC",
		append([]any{list(ids)}, f.args...)...)
}
