package view

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// orderKey is one step of an order: an SQL expression that is never NULL, whether text, and which way.
type orderKey struct {
	expr string
	kind byte // 'i' a whole number, 'f' a number, 't' text
	desc bool
}

// order is how a list stands. The last key is always the ticket's id, so that a page ends between two rows.
type order []orderKey

const textKey = 80 // letters of a text that an order looks at; what is equal so far stands by id

// priorityRank is written as in the index tickets_open_priority.
const priorityRank = "(CASE t.priority WHEN 'urgent' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END)"

// statusRank stands for the ranks of the statuses, which are few and put in as they are: looking each row's up took most of the time of a large list.
const statusRank = "status rank"

func (v *Service) rankStatuses(ctx context.Context, o order) error {
	at := slices.IndexFunc(o, func(k orderKey) bool { return k.expr == statusRank })
	if at < 0 {
		return nil
	}
	cases, err := db.All(ctx, v.db, func(r db.Scanner) (string, error) {
		var id desk.StatusID
		var rank int64
		err := r.Scan(&id, &rank)
		return fmt.Sprintf(" WHEN %d THEN %d", id, rank), err
	}, "SELECT x.id, p.position * 1000 + x.position FROM pipeline_statuses x JOIN pipelines p ON p.id = x.pipeline_id ORDER BY 2, 1")
	if err != nil {
		return fmt.Errorf("view: ranks of statuses: %w", err)
	}
	expr := "-1"
	if len(cases) > 0 {
		expr = "(CASE t.status_id" + strings.Join(cases, "") + " ELSE -1 END)"
	}
	for i := range o {
		if o[i].expr == statusRank {
			o[i].expr = expr
		}
	}
	return nil
}

// indexed: the order begins as an index does; any other reads and sorts all of the view.
func (o order) indexed() bool {
	return slices.Contains([]string{"t.last_activity_at", "t.created_at", "t.closed_at", "t.number", "t.id", priorityRank}, o[0].expr)
}

// orderOf makes the order of a group and a sort, each a field of the catalogue, a sort with - before it when the other way round.
func orderOf(fields customview.Catalogue, group, sorted string, pg bool) (order, error) {
	out := order{}
	if group != "" {
		d, ok := fields.Field(group)
		if !ok || !d.Group {
			return nil, desk.Errorf(desk.Invalid, "view.group", "Lists cannot be grouped by %q.", group).In("group")
		}
		k := keyOf(fields, d, pg)
		k.desc = group == "priority" // the most urgent first
		out = append(out, k)
		if id, ok := groupID[group]; ok { // two of one name are two groups
			out = append(out, orderKey{id, 'i', k.desc})
		}
	}
	name, desc := strings.CutPrefix(sorted, "-")
	if sorted == "" {
		name, desc = "last_activity", true
	}
	name = customview.Long(name)
	d, ok := fields.Field(name)
	if !ok || !d.Sort {
		return nil, desk.Errorf(desk.Invalid, "view.sort", "Lists cannot be sorted by %q.", sorted).In("sort")
	}
	k := keyOf(fields, d, pg)
	k.desc = desc
	out = append(out, k)
	if name == "priority" { // within one priority the newest activity is nearest to where the reader begins
		out = append(out, orderKey{"t.last_activity_at", 'i', desc})
	}
	return append(out, orderKey{"t.id", 'i', desc}), nil
}

var groupID = map[string]string{"status_id": "t.status_id", "owner_id": "t.owner_id", "team_id": "t.team_id", "inbox_id": "t.inbox_id", "contact.name": "t.contact_id"}

var nameOf = map[string]string{
	"owner_id": "SELECT x.name FROM users x WHERE x.id = t.owner_id", "team_id": "SELECT x.name FROM teams x WHERE x.id = t.team_id",
	"inbox_id":     "SELECT x.name FROM inboxes x WHERE x.id = t.inbox_id",
	"contact.name": "SELECT CASE WHEN x.name <> '' THEN x.name ELSE x.email END FROM contacts x WHERE x.id = t.contact_id",
}

func keyOf(fields customview.Catalogue, d customview.Field, pg bool) orderKey {
	text := func(x string) orderKey {
		x = "substr(" + fold("COALESCE(("+x+"), '')", pg) + ", 1, " + strconv.Itoa(textKey) + ")"
		if pg {
			x = "(" + x + ` COLLATE "C")`
		}
		return orderKey{expr: x, kind: 't'}
	}
	if q, ok := nameOf[d.Name]; ok {
		return text(q)
	}
	if d.Name == customview.Tags {
		return text(tagLine(pg))
	}
	x := exprOf(fields, d.Name, pg)
	switch {
	case d.Name == "priority":
		return orderKey{expr: priorityRank, kind: 'i'}
	case d.Name == "status_id":
		return orderKey{expr: statusRank, kind: 'i'}
	case d.Type == customview.Number && d.Custom:
		if !pg {
			x = "CAST(" + x + " AS REAL)"
		}
		return orderKey{expr: "COALESCE(" + x + ", -1e300)", kind: 'f'}
	case d.Type == customview.Duration:
		return orderKey{expr: "COALESCE(" + x + ", -1)", kind: 'i'}
	case d.Type == customview.Number || d.Type == customview.Moment || d.Type == customview.Ref:
		return orderKey{expr: x, kind: 'i'}
	case d.Type == customview.Boolean && !pg:
		return text("CASE WHEN " + x + " = 1 THEN 'true' WHEN " + x + " = 0 THEN 'false' END") // as PostgreSQL says it
	}
	return text(x)
}

// tagLine is a ticket's tags as one text, by which those with the same tags stand together.
func tagLine(pg bool) string {
	if pg {
		return "SELECT string_agg(g.name, ', ' ORDER BY g.name_key COLLATE \"C\") FROM ticket_tags x JOIN tags g ON g.id = x.tag_id WHERE x.ticket_id = t.id"
	}
	return "SELECT group_concat(n, ', ') FROM (SELECT g.name AS n FROM ticket_tags x JOIN tags g ON g.id = x.tag_id WHERE x.ticket_id = t.id ORDER BY g.name_key)"
}

// columns are the keys to select, so that a row says where it stands. The id is a row's own.
func (o order) columns() string {
	var b strings.Builder
	for i, k := range o[:len(o)-1] {
		b.WriteString(", " + k.expr + " AS sort_" + strconv.Itoa(i))
	}
	return b.String()
}

func (o order) outer() string {
	var b strings.Builder
	for i := range o[:len(o)-1] {
		b.WriteString(", t.sort_" + strconv.Itoa(i))
	}
	return b.String()
}

func (o order) write(q *query) {
	q.add(" ORDER BY ")
	for i, k := range o {
		if i > 0 {
			q.add(", ")
		}
		q.add(k.expr)
		if k.desc {
			q.add(" DESC")
		} else {
			q.add(" ASC")
		}
	}
}

// beyond adds the condition that a row stands behind at.
func (o order) beyond(q *query, at place) {
	same := !slices.ContainsFunc(o, func(k orderKey) bool { return k.desc != o[0].desc })
	if same { // a comparison of rows, which an index of these columns answers
		q.add(" AND (")
		for i, k := range o {
			if i > 0 {
				q.add(", ")
			}
			q.add(k.expr)
		}
		q.add(") " + o[0].sign() + " (")
		for i := range o {
			if i > 0 {
				q.add(", ")
			}
			q.arg(at[i])
		}
		q.add(")")
		return
	}
	q.add(" AND (")
	for i, k := range o {
		if i > 0 {
			q.add(" OR ")
		}
		q.add("(")
		for j := range i {
			q.add(o[j].expr + " = ").arg(at[j]).add(" AND ")
		}
		q.add(k.expr + " " + k.sign() + " ").arg(at[i]).add(")")
	}
	q.add(")")
}

func (k orderKey) sign() string {
	if k.desc {
		return "<"
	}
	return ">"
}

// place is where a row stands: a value for each key of the order, int64, float64 or string.
type place []any

// targets are what a row's keys are scanned into; done gathers them, with the row's id.
func (o order) targets() (into []any, done func(desk.TicketID) place) {
	into = make([]any, len(o)-1)
	for i, k := range o[:len(o)-1] {
		switch k.kind {
		case 't':
			into[i] = new(string)
		case 'f':
			into[i] = new(float64)
		default:
			into[i] = new(int64)
		}
	}
	return into, func(id desk.TicketID) place {
		out := make(place, 0, len(o))
		for _, p := range into {
			switch p := p.(type) {
			case *string:
				out = append(out, *p)
			case *float64:
				out = append(out, *p)
			case *int64:
				out = append(out, *p)
			}
		}
		return append(out, int64(id))
	}
}

func (o order) compare(a, b place) int {
	for i, k := range o {
		n := 0
		switch x := a[i].(type) {
		case string:
			n = cmp.Compare(x, b[i].(string))
		case float64:
			n = cmp.Compare(x, b[i].(float64))
		case int64:
			n = cmp.Compare(x, b[i].(int64))
		}
		if n != 0 {
			if k.desc {
				return -n
			}
			return n
		}
	}
	return 0
}

// cursor writes a place; at reads it back.
func (p place) cursor() string {
	b, _ := json.Marshal(p) // texts and numbers
	return base64.RawURLEncoding.EncodeToString(b)
}

func (o order) at(cursor string) (place, error) {
	bad := desk.Errorf(desk.Invalid, "cursor.malformed", "The cursor is not one that this list gave. Start again without it.").In("cursor")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, bad
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	var raw []any
	if err := d.Decode(&raw); err != nil || len(raw) != len(o) {
		return nil, bad
	}
	out := make(place, len(o))
	for i, k := range o {
		var err error
		switch v := raw[i].(type) {
		case json.Number:
			if k.kind == 'f' {
				out[i], err = v.Float64()
			} else {
				out[i], err = v.Int64()
			}
		case string:
			out[i] = v
		}
		if _, text := out[i].(string); err != nil || out[i] == nil || text != (k.kind == 't') {
			return nil, bad
		}
	}
	return out, nil
}

// sortRows puts rows in order: joining names to a page keeps no order.
func sortRows[T any](rows []T, o order, at func(T) place) {
	slices.SortFunc(rows, func(a, b T) int { return o.compare(at(a), at(b)) })
}
