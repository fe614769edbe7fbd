package customview

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Filter is a condition, or a group of filters that all or any hold. The zero value lets everything through. In JSON it is
// {"all":[…]}, {"any":[…]} or {"field":…,"op":…,"value":…}.
type Filter struct {
	All   []Filter `json:"all,omitempty" yaml:"all,omitempty"`
	Any   []Filter `json:"any,omitempty" yaml:"any,omitempty"`
	Field string   `json:"field,omitempty" yaml:"field,omitempty"`
	Op    string   `json:"op,omitempty" yaml:"op,omitempty"`
	Value any      `json:"value,omitempty" yaml:"value,omitempty"`
}

// Limits of a filter.
const (
	maxDepth      = 3
	maxConditions = 50
	maxValues     = 200  // of one condition
	maxAllValues  = 1000 // a statement takes only so many, and a text counts up to eight times
	maxText       = 200
	maxJSON       = 32 << 10
)

// The words a value may be instead of an id.
const (
	Me      = "me"
	MyTeams = "my_teams"
)

// Parse reads a filter; an empty text is the empty filter. It refuses what is no filter; Check refuses what names nothing.
func Parse(text string) (Filter, error) {
	var f Filter
	if strings.TrimSpace(text) == "" {
		return f, nil
	}
	if len(text) > maxJSON {
		return f, refuse("filter.too_large", "A filter may take at most 32 KB.")
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, refuse("filter.malformed", `This is no filter: use {"all":[…]}, {"any":[…]} or {"field":…,"op":…,"value":…}.`)
	}
	return f, nil
}

func refuse(reason, format string, args ...any) *desk.Error {
	return desk.Errorf(desk.Invalid, reason, format, args...).In("filter")
}

// Empty reports whether everything passes.
func (f Filter) Empty() bool { return f.Field == "" && len(f.All) == 0 && len(f.Any) == 0 }

// Group reports whether f is a group, and not a condition.
func (f Filter) Group() bool { return f.Field == "" }

// Walk calls fn for every condition.
func (f Filter) Walk(fn func(Filter)) {
	if !f.Group() {
		fn(f)
		return
	}
	for _, list := range [][]Filter{f.All, f.Any} {
		for _, sub := range list {
			sub.Walk(fn)
		}
	}
}

// Names reports whether a condition is about one of the fields.
func (f Filter) Names(fields ...string) (found bool) {
	f.Walk(func(c Filter) {
		for _, name := range fields {
			found = found || c.Field == name
		}
	})
	return found
}

// Personal reports whether the filter means something else for each reader.
func (f Filter) Personal() (found bool) {
	f.Walk(func(c Filter) {
		for _, v := range c.Values() {
			found = found || v == Me || v == MyTeams
		}
	})
	return found
}

// Values are the texts of a condition's value: of a list each, of anything else one; none when there is no value.
func (f Filter) Values() []string {
	switch v := f.Value.(type) {
	case nil:
		return nil
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			out = append(out, textOf(e))
		}
		return out
	case []string:
		return v
	}
	return []string{textOf(f.Value)}
}

func textOf(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case time.Time: // what YAML makes of an unquoted date
		if x.Equal(x.Truncate(24 * time.Hour)) {
			return x.Format(time.DateOnly)
		}
		return x.Format(time.RFC3339)
	}
	return fmt.Sprint(v)
}

// Check refuses a filter that the fields do not allow. The error names the field and the reason.
func (c Catalogue) Check(f Filter) error {
	n, values := 0, 0
	if err := c.check(f, 0, &n); err != nil {
		return err
	}
	f.Walk(func(x Filter) { values += len(x.Values()) })
	if values > maxAllValues {
		return refuse("filter.values", "A filter may name at most %d values in all.", maxAllValues)
	}
	return nil
}

func (c Catalogue) check(f Filter, depth int, n *int) error {
	if f.Group() {
		switch {
		case f.Op != "" || f.Value != nil || len(f.All) > 0 && len(f.Any) > 0:
			return refuse("filter.malformed", "A filter is a group of all, a group of any, or one condition with a field.")
		case depth >= maxDepth:
			return refuse("filter.too_deep", "Groups of a filter may stand at most %d deep.", maxDepth)
		}
		if f.Empty() {
			*n++ // as many of nothing as of conditions
		}
		if *n > maxConditions {
			return refuse("filter.too_many", "A filter may have at most %d conditions.", maxConditions)
		}
		for _, list := range [][]Filter{f.All, f.Any} {
			for _, sub := range list {
				if err := c.check(sub, depth+1, n); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if len(f.All)+len(f.Any) > 0 {
		return refuse("filter.malformed", "A condition holds no group.")
	}
	if *n++; *n > maxConditions {
		return refuse("filter.too_many", "A filter may have at most %d conditions.", maxConditions)
	}
	field, ok := c.Field(f.Field)
	if !ok {
		return refuse("filter.field_unknown", "There is no field called %q.", f.Field)
	}
	return field.check(f)
}

// check refuses an operation or a value that the field does not take.
func (d Field) check(f Filter) error {
	if !d.Takes(f.Op) {
		return refuse("filter.op_unknown", "%s cannot be asked for %q. It takes %s.", d.Name, f.Op, strings.Join(d.Ops, ", "))
	}
	vs := f.Values()
	want := 1
	switch f.Op {
	case "empty", "not_empty":
		want = 0
	case "between":
		want = 2
	case "in", "not_in":
		if len(vs) == 0 || len(vs) > maxValues {
			return refuse("filter.values", "%s: name 1 to %d values.", d.Name, maxValues)
		}
		want = len(vs)
	}
	if len(vs) != want {
		return refuse("filter.values", "%s %s takes %d values, not %d.", d.Name, f.Op, want, len(vs))
	}
	for _, v := range vs {
		if err := d.checkValue(f.Op, v); err != nil {
			return err
		}
	}
	return nil
}

func (d Field) checkValue(op, v string) error {
	bad := refuse("filter.value_malformed", "%s: %q is not a value of this field.", d.Name, v)
	if len(v) > maxText {
		return refuse("filter.value_too_long", "%s: a value may take at most %d bytes.", d.Name, maxText)
	}
	if op == "within_days" || op == "older_than_days" {
		if n, err := strconv.Atoi(v); err != nil || n < 0 || n > 36_500 {
			return refuse("filter.value_malformed", "%s: %q is not a number of days.", d.Name, v)
		}
		return nil
	}
	switch d.Type {
	case Number, Duration:
		if n, err := strconv.ParseFloat(v, 64); err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return bad
		}
	case Boolean:
		if v != "true" && v != "false" {
			return bad
		}
	case Moment, Date:
		if _, _, err := Span(v, time.UTC); err != nil {
			return bad
		}
	case Ref:
		_, err := desk.ParseID[int64](v)
		if err != nil && (v != Me || d.Of != "user") && (v != MyTeams || d.Of != "team") {
			return bad
		}
	default:
		if v == "" {
			return bad
		}
	}
	return nil
}

// Span is the time that a value means: a moment, or the whole of a day in a zone.
func Span(v string, zone *time.Location) (from, to desk.Time, err error) {
	if day, err := time.ParseInLocation(time.DateOnly, v, zone); err == nil {
		return desk.At(day), desk.At(day.AddDate(0, 0, 1)), nil
	}
	at, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return 0, 0, err
	}
	return desk.At(at), desk.At(at) + 1, nil
}
