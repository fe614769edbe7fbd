package view

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// reader is what a filter's words mean for who asks: "me", "my_teams", today.
type reader struct {
	user  desk.UserID
	teams []desk.TeamID
	zone  *time.Location
	now   desk.Time
}

// filterSQL writes a filter as one SQL condition. It says for each row exactly yes or no, never NULL.
type filterSQL struct {
	q      *query
	fields customview.Catalogue
	who    reader
}

func (w filterSQL) write(f customview.Filter) {
	if !f.Group() {
		w.condition(f)
		return
	}
	subs, word := f.All, " AND "
	if len(f.Any) > 0 {
		subs, word = f.Any, " OR "
	}
	if len(subs) == 0 {
		w.q.add("1 = 1")
		return
	}
	w.q.add("(")
	for i, sub := range subs {
		if i > 0 {
			w.q.add(word)
		}
		w.write(sub)
	}
	w.q.add(")")
}

func (w filterSQL) condition(f customview.Filter) {
	d, _ := w.fields.Field(f.Field)
	if negative, ok := map[string]string{"is_not": "is", "not_in": "in", "not_contains": "contains", "not_empty": "empty"}[f.Op]; ok {
		f.Op = negative
		w.q.add("NOT (")
		defer w.q.add(")")
	}
	switch d.Type {
	case customview.Text:
		w.text(f)
	case customview.Number, customview.Duration:
		w.number(f)
	case customview.Boolean:
		w.boolean(f)
	case customview.Moment:
		w.moment(f)
	case customview.Date:
		w.date(f)
	case customview.Choice:
		w.choice(f)
	case customview.Several:
		w.several(f)
	case customview.Ref:
		w.ref(f, d)
	case customview.People:
		w.people(f)
	default:
		w.q.add("1 = 0") // the catalogue has been asked before
	}
}

// own are the columns of tickets whose name is not the field's own.
var own = map[string]string{"channel_account_id": "account_id"}

// spans are how long something took, in milliseconds; NULL where it has not come to its end.
var spans = map[string]string{
	customview.FirstReplyTime: "(CASE WHEN t.first_reply_at >= t.created_at THEN t.first_reply_at - t.created_at END)",
	customview.CloseTime:      "(CASE WHEN t.open = 0 AND t.closed_at >= t.created_at THEN t.closed_at - t.created_at END)",
}

// expr is a field as an SQL expression that is never NULL, but for a number of a property.
func (w filterSQL) expr(field string) string { return exprOf(w.fields, field, w.q.pg) }

func exprOf(fields customview.Catalogue, field string, pg bool) string {
	d, _ := fields.Field(field)
	if x, ok := spans[field]; ok {
		return x
	}
	none := "''"
	if d.Type == customview.Moment || d.Type == customview.Ref {
		none = "0"
	}
	if name, ok := strings.CutPrefix(field, customview.ContactProperty); ok {
		return "(SELECT " + property("fc.properties", name, d.Type, pg) + " FROM contacts fc WHERE fc.id = t.contact_id)"
	}
	if name, ok := strings.CutPrefix(field, customview.ContactPrefix); ok {
		return "COALESCE((SELECT fc." + name + " FROM contacts fc WHERE fc.id = t.contact_id), " + none + ")"
	}
	if name, ok := strings.CutPrefix(field, customview.CompanyPrefix); ok {
		return "COALESCE((SELECT fo." + name + " FROM contacts fc JOIN companies fo ON fo.id = fc.company_id WHERE fc.id = t.contact_id), " + none + ")"
	}
	if name, ok := strings.CutPrefix(field, customview.TicketProperty); ok {
		return property("t.properties", name, d.Type, pg)
	}
	if name, ok := own[field]; ok {
		return "t." + name
	}
	return "t." + field
}

// property is a value of a JSON object by name. Names are slugs, so they stand in the text as they are.
func property(column, name, kind string, pg bool) string {
	if pg {
		x := "(" + column + "::jsonb ->> '" + name + "')"
		if kind == customview.Number {
			return x + "::double precision"
		}
		return x
	}
	return "json_extract(" + column + `, '$."` + name + `"')`
}

// filled is expr where nothing stands for none: properties may be missing, and contacts.
func (w filterSQL) filled(field string) string {
	x := w.expr(field)
	if strings.Contains(field, customview.TicketProperty) {
		return "COALESCE(" + x + ", '')"
	}
	return x
}

// fold makes text of letters A to Z lower case, the same on both databases; foldings does the rest.
func fold(x string, pg bool) string {
	if pg {
		return "lower((" + x + ") COLLATE \"C\")"
	}
	return "lower(" + x + ")"
}

// foldings are the forms of a text to look for, so that letters beyond A to Z are found in either case: as typed, all small, all capital, and with a capital first.
func foldings(v string) []string {
	out := []string{}
	small := strings.ToLower(v)
	for _, form := range []string{v, small, strings.ToUpper(v), title(small)} {
		if form = lowerASCII(form); !slices.Contains(out, form) {
			out = append(out, form)
		}
	}
	return out
}

func title(s string) string {
	for i := range s {
		if i > 0 {
			return strings.ToUpper(s[:i]) + s[i:]
		}
	}
	return strings.ToUpper(s)
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func (w filterSQL) text(f customview.Filter) {
	x := w.filled(f.Field)
	if f.Op == "empty" {
		w.q.add(x + " = ''")
		return
	}
	x = fold(x, w.q.pg)
	forms := []string{}
	for _, v := range f.Values() {
		forms = append(forms, foldings(v)...)
	}
	if f.Op == "is" || f.Op == "in" {
		list(w.q.add(x+" IN "), forms)
		return
	}
	find := "instr("
	if w.q.pg {
		find = "strpos("
	}
	w.q.add("(")
	for i, v := range forms {
		if i > 0 {
			w.q.add(" OR ")
		}
		if f.Op == "starts_with" {
			w.q.add("substr(" + x + ", 1, " + strconv.Itoa(len([]rune(v))) + ") = ").arg(v)
		} else {
			w.q.add(find + x + ", ").arg(v).add(") > 0")
		}
	}
	w.q.add(")")
}

// number writes numbers into the text: they have been read as such, and PostgreSQL would take a parameter for a whole one.
func (w filterSQL) number(f customview.Filter) {
	x := w.expr(f.Field)
	vs := f.Values()
	lit := func(i int) string {
		n, err := strconv.ParseFloat(vs[i], 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			return "NULL"
		}
		if spans[f.Field] != "" { // hours
			n = math.Round(n * float64(time.Hour/time.Millisecond))
		}
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	switch f.Op {
	case "empty":
		w.q.add(x + " IS NULL")
	case "is":
		w.q.add("(" + x + " IS NOT NULL AND " + x + " = " + lit(0) + ")")
	case "gt":
		w.q.add("(" + x + " IS NOT NULL AND " + x + " > " + lit(0) + ")")
	case "lt":
		w.q.add("(" + x + " IS NOT NULL AND " + x + " < " + lit(0) + ")")
	default: // between
		w.q.add("(" + x + " IS NOT NULL AND " + x + " >= " + lit(0) + " AND " + x + " <= " + lit(1) + ")")
	}
}

func (w filterSQL) boolean(f customview.Filter) {
	want := f.Values()[0] == "true"
	if f.Field == "snoozed" {
		w.q.add(map[bool]string{true: "t.snoozed = 1", false: "t.snoozed = 0"}[want])
		return
	}
	yes := "COALESCE(" + w.expr(f.Field) + ", 0) = 1"
	if w.q.pg {
		yes = "COALESCE(" + w.expr(f.Field) + ", '') = 'true'"
	}
	if !want {
		yes = "NOT (" + yes + ")"
	}
	w.q.add(yes)
}

const day = 24 * time.Hour

func days(v string) time.Duration {
	n, _ := strconv.Atoi(v)
	return time.Duration(n) * day
}

func (w filterSQL) moment(f customview.Filter) {
	x, vs := w.expr(f.Field), f.Values()
	span := func(i int) (from, to desk.Time) {
		from, to, _ = customview.Span(vs[i], w.who.zone)
		return from, to
	}
	some := func() *query { return w.q.add("(" + x + " <> 0 AND " + x) }
	switch f.Op {
	case "empty":
		w.q.add(x + " = 0")
	case "within_days":
		some().add(" >= ").arg(w.who.now.Add(-days(vs[0]))).add(")")
	case "older_than_days":
		some().add(" < ").arg(w.who.now.Add(-days(vs[0]))).add(")")
	case "before":
		from, _ := span(0)
		some().add(" < ").arg(from).add(")")
	case "after":
		_, to := span(0)
		some().add(" >= ").arg(to).add(")")
	default: // is, between
		from, to := span(0)
		if f.Op == "between" {
			_, to = span(1)
		}
		some().add(" >= ").arg(from).add(" AND " + x + " < ").arg(to).add(")")
	}
}

// date compares days as text, which is their order.
func (w filterSQL) date(f customview.Filter) {
	x, vs := w.filled(f.Field), f.Values()
	today := w.who.now.Time().In(w.who.zone)
	of := func(i int) string {
		from, _, _ := customview.Span(vs[i], w.who.zone)
		return from.Time().In(w.who.zone).Format(time.DateOnly)
	}
	ago := func() string { n, _ := strconv.Atoi(vs[0]); return today.AddDate(0, 0, -n).Format(time.DateOnly) }
	some := func() *query { return w.q.add("(" + x + " <> '' AND " + x) }
	switch f.Op {
	case "empty":
		w.q.add(x + " = ''")
	case "within_days":
		some().add(" >= ").arg(ago()).add(" AND " + x + " <= ").arg(today.Format(time.DateOnly)).add(")")
	case "older_than_days":
		some().add(" < ").arg(ago()).add(")")
	case "before":
		some().add(" < ").arg(of(0)).add(")")
	case "after":
		some().add(" > ").arg(of(0)).add(")")
	case "is":
		w.q.add(x + " = ").arg(of(0))
	default: // between
		some().add(" >= ").arg(of(0)).add(" AND " + x + " <= ").arg(of(1)).add(")")
	}
}

func (w filterSQL) choice(f customview.Filter) {
	vs := f.Values()
	if f.Field == "status_state" { // written out, so that the indexes of open and of closed tickets serve
		open, closed := slices.Contains(vs, "open"), slices.Contains(vs, "closed")
		w.q.add(map[[2]bool]string{{true, false}: "t.open = 1", {false, true}: "t.open = 0", {true, true}: "1 = 1"}[[2]bool{open, closed}])
		if !open && !closed {
			w.q.add("1 = 0")
		}
		return
	}
	x := w.filled(f.Field)
	switch f.Op {
	case "empty":
		w.q.add(x + " = ''")
	case "is":
		w.q.add(x + " = ").arg(vs[0])
	default:
		list(w.q.add(x+" IN "), vs)
	}
}

// tagged finds tickets by their tags, also by names that those had before.
func (w filterSQL) tagged(f customview.Filter) {
	if f.Op == "empty" {
		w.q.add("NOT EXISTS (SELECT 1 FROM ticket_tags x WHERE x.ticket_id = t.id)")
		return
	}
	keys := []string{}
	for _, v := range f.Values() {
		keys = append(keys, desk.TagKey(v))
	}
	list(w.q.add("t.id IN (SELECT x.ticket_id FROM ticket_tags x WHERE x.tag_id IN (SELECT CASE WHEN g.into_id <> 0 THEN g.into_id ELSE g.id END FROM tags g WHERE g.name_key IN "), keys).add("))")
}

func (w filterSQL) several(f customview.Filter) {
	if f.Field == customview.Tags {
		w.tagged(f)
		return
	}
	name := f.Field[strings.LastIndex(f.Field, ".")+1:]
	column := "t.properties"
	if strings.HasPrefix(f.Field, customview.ContactProperty) {
		column = "COALESCE((SELECT fc.properties FROM contacts fc WHERE fc.id = t.contact_id), '{}')"
	}
	if w.q.pg {
		x := "COALESCE((" + column + ")::jsonb -> '" + name + "', '[]'::jsonb)"
		if f.Op == "empty" {
			w.q.add(x + " = '[]'::jsonb")
			return
		}
		w.q.add("jsonb_exists_any(" + x + ", ARRAY[")
		for i, v := range f.Values() {
			if i > 0 {
				w.q.add(",")
			}
			w.q.arg(v).add("::text")
		}
		w.q.add("])")
		return
	}
	each := "EXISTS (SELECT 1 FROM json_each(" + column + `, '$."` + name + `"') j`
	if f.Op == "empty" {
		w.q.add("NOT " + each + ")")
		return
	}
	list(w.q.add(each+" WHERE j.value IN "), f.Values()).add(")")
}

// ids are what the values of a field of references mean. Nobody is nothing: 0 would be found where none is set.
func (w filterSQL) ids(f customview.Filter) []int64 {
	out := []int64{}
	for _, v := range f.Values() {
		switch id, err := desk.ParseID[int64](v); {
		case v == customview.Me:
			out = append(out, int64(w.who.user))
		case v == customview.MyTeams:
			for _, t := range w.who.teams {
				out = append(out, int64(t))
			}
		case err == nil:
			out = append(out, id)
		}
	}
	return slices.DeleteFunc(out, func(id int64) bool { return id == 0 })
}

func (w filterSQL) ref(f customview.Filter, _ customview.Field) {
	x := w.expr(f.Field)
	ids := w.ids(f)
	switch {
	case f.Op == "empty":
		w.q.add(x + " = 0")
	case len(ids) == 0:
		w.q.add("1 = 0")
	case len(ids) == 1:
		w.q.add(x + " = ").arg(ids[0])
	default:
		list(w.q.add(x+" IN "), ids)
	}
}

func (w filterSQL) people(f customview.Filter) {
	table := map[string]string{"follower": "ticket_followers", "mentioned": "mentions"}[f.Field]
	some := "EXISTS (SELECT 1 FROM " + table + " fp WHERE fp.ticket_id = t.id"
	ids := w.ids(f)
	switch {
	case f.Op == "empty":
		w.q.add("NOT " + some + ")")
	case len(ids) == 0:
		w.q.add("1 = 0")
	default:
		list(w.q.add(some+" AND fp.user_id IN "), ids).add(")")
	}
}

// readerOf loads what filters need to know of who asks, when one needs it.
func (v *Service) readerOf(ctx context.Context, s Sight, filters ...customview.Filter) (reader, error) {
	r := reader{user: s.User, zone: time.UTC, now: v.now()}
	needed := false
	for _, f := range filters {
		needed = needed || !f.Empty()
	}
	if !needed || s.User == 0 {
		return r, nil
	}
	zones, err := db.All(ctx, v.db, db.Column[string], "SELECT timezone FROM users WHERE id = $1", s.User)
	if err != nil {
		return r, fmt.Errorf("view: reader: %w", err)
	}
	if len(zones) > 0 && zones[0] != "" {
		if zone, err := time.LoadLocation(zones[0]); err == nil {
			r.zone = zone
		}
	}
	r.teams, err = v.teamsOf(ctx, s.User)
	return r, err
}

func (v *Service) teamsOf(ctx context.Context, u desk.UserID) ([]desk.TeamID, error) {
	teams, err := db.All(ctx, v.db, db.Column[desk.TeamID], "SELECT team_id FROM team_members WHERE user_id = $1 ORDER BY team_id", u)
	if err != nil {
		return nil, fmt.Errorf("view: teams: %w", err)
	}
	return teams, nil
}
