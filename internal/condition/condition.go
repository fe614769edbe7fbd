// Package condition says whether what is known of something fits a rule: rules of skills, a channel's rule of when a ticket is made, fields of a
// form that show only sometimes. It is pure: a set of conditions and the facts give yes or no and what was found. It knows no field by name; who asks
// hands in the fields that there are. It refuses a condition that cannot be meant. Called by routing, form, ticket policy and their screens.
package condition

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// Operators are what a condition may compare by. Text is compared without regard to case and to spaces at its ends.
var Operators = []string{"is", "is_not", "contains", "not_contains", "begins", "ends", "in", "not_in", "greater", "less", "exists", "not_exists"}

// Facts are what is known, by field: "subject", "contact.language", "ticket.region". A value is a string, a number, a bool or several strings; what is
// missing is empty.
type Facts map[string]any

// Found is a condition with what it was compared with.
type Found struct {
	desk.Condition
	Have  []string `json:"have"`
	Holds bool     `json:"holds"`
}

// Test reports whether a set holds, and what was found of each of its conditions. A set without conditions always holds.
func Test(set desk.Conditions, facts Facts) (bool, []Found) {
	found := make([]Found, len(set.When))
	holds := len(set.When) == 0 || set.Match != "any"
	for i, c := range set.When {
		have := values(facts[c.Field])
		found[i] = Found{c, have, compare(c, have)}
		if set.Match == "any" {
			holds = holds || found[i].Holds
		} else {
			holds = holds && found[i].Holds
		}
	}
	return holds, found
}

// Holds is Test without what was found.
func Holds(set desk.Conditions, facts Facts) bool {
	ok, _ := Test(set, facts)
	return ok
}

// Check refuses operators and fields that there are not, and a comparison without something to compare with. known nil allows every field. The error names
// the field as at: "rules[0].when[2].value".
func Check(set desk.Conditions, known func(field string) bool, at string) error {
	if set.Match != "" && set.Match != "all" && set.Match != "any" {
		return desk.Errorf(desk.Invalid, "condition.match", "%q is neither all nor any.", set.Match).In(at + ".match")
	}
	for i, c := range set.When {
		here := at + ".when[" + strconv.Itoa(i) + "]"
		switch {
		case !slices.Contains(Operators, c.Op):
			return desk.Errorf(desk.Invalid, "condition.op", "%q is no comparison. There are %s.", c.Op, strings.Join(Operators, ", ")).In(here + ".op")
		case c.Field == "" || known != nil && !known(c.Field):
			return desk.Errorf(desk.Invalid, "condition.field", "There is no field %q to compare.", c.Field).In(here + ".field")
		case len(c.Values) == 0 && c.Op != "exists" && c.Op != "not_exists":
			return desk.Errorf(desk.Invalid, "condition.value", "Say what %s is compared with.", c.Field).In(here + ".values")
		case (c.Op == "greater" || c.Op == "less") && !isNumber(c.Values[0]) && !isDate(c.Values[0]):
			return desk.Errorf(desk.Invalid, "condition.number", "%q is neither a number nor a date such as 2026-12-31.", c.Values[0]).In(here + ".values")
		}
	}
	return nil
}

// compare tests one condition. Of several wanted values one must fit; of a negation none may.
func compare(c desk.Condition, have []string) bool {
	fits := func(fit func(have, want string) bool) bool {
		return slices.ContainsFunc(have, func(h string) bool {
			return slices.ContainsFunc(c.Values, func(w string) bool { return fit(fold(h), fold(w)) })
		})
	}
	same := func(h, w string) bool { return h == w || sameNumber(h, w) }
	switch c.Op {
	case "is", "in":
		return fits(same)
	case "is_not", "not_in":
		return !fits(same)
	case "contains":
		return fits(strings.Contains)
	case "not_contains":
		return !fits(strings.Contains)
	case "begins":
		return fits(strings.HasPrefix)
	case "ends":
		return fits(strings.HasSuffix)
	case "exists":
		return len(have) > 0
	case "not_exists":
		return len(have) == 0
	case "greater":
		return fits(func(h, w string) bool { return order(h, w) > 0 })
	case "less":
		return fits(func(h, w string) bool { return order(h, w) < 0 })
	}
	return false
}

// order is 0 where two values cannot be put in order.
func order(a, b string) int {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	switch {
	case err1 == nil && err2 == nil && x < y:
		return -1
	case err1 == nil && err2 == nil && x > y:
		return 1
	case isDate(a) && isDate(b):
		return strings.Compare(a[:10], b[:10])
	}
	return 0
}

// values are the texts of a fact; none for what is empty.
func values(v any) []string {
	var out []string
	add := func(s string) {
		if strings.TrimSpace(s) != "" {
			out = append(out, s)
		}
	}
	switch v := v.(type) {
	case string:
		add(v)
	case bool:
		add(strconv.FormatBool(v))
	case float64:
		add(strconv.FormatFloat(v, 'f', -1, 64))
	case int:
		add(strconv.Itoa(v))
	case int64:
		add(strconv.FormatInt(v, 10))
	case []string:
		for _, s := range v {
			add(s)
		}
	case []any:
		for _, x := range v {
			out = append(out, values(x)...)
		}
	}
	return out
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil
}

func sameNumber(a, b string) bool {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && x == y
}

// isDate reports whether a text begins with a date, as 2026-12-31 or a moment on it.
func isDate(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	for i, c := range s[:10] {
		if i != 4 && i != 7 && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
