package chatflow

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Operators are what a condition may compare by.
var Operators = []string{"is", "is_not", "contains", "not_contains", "begins", "ends", "greater", "less", "exists", "not_exists"}

// Taken is one step that a dialogue came to, and what it came from; of a branch also what its conditions found.
type Taken struct {
	From  string    `json:"from"`
	Step  string    `json:"step"`
	Case  int       `json:"case,omitempty" doc:"branch: the case that held, from 1; 0: none did."`
	Cases [][]Found `json:"cases,omitempty" doc:"branch: each case that was looked at, with its conditions."`
}

// Found is a condition with what it was compared with.
type Found struct {
	Condition
	Have  string `json:"have"`
	Holds bool   `json:"holds"`
}

// branch takes the first case of which all conditions hold, and notes what they found.
func (r *run) branch(s *Block) (next string) {
	here := &r.trail[len(r.trail)-1]
	for i, c := range s.Cases {
		all, found := len(c.When) > 0, make([]Found, len(c.When))
		for j, w := range c.When {
			found[j] = Found{w, r.has(w), r.holds(w)}
			all = all && found[j].Holds
		}
		here.Cases = append(here.Cases, found)
		if all {
			here.Case = i + 1
			return c.Next
		}
	}
	return s.Next
}

// has is what a condition looks at, as a person would say it.
func (r *run) has(w Condition) string {
	switch w.On {
	case "availability":
		return r.env.Availability
	case "hours":
		return r.hours(w.Name)
	case "known":
		return strconv.FormatBool(r.env.Known)
	case "language":
		return r.env.Language
	case "page":
		return r.env.PageURL
	case "answer":
		return r.st.Answers[w.Name].Value
	}
	return r.property(w.On, w.Name)
}

// holds reports whether a condition of a branch is true now.
func (r *run) holds(w Condition) bool {
	switch w.On {
	case "availability":
		have := r.env.Availability
		if have == "" {
			have = "available"
		}
		return compare(w.Op, []string{have}, w.Value)
	case "hours":
		return compare(w.Op, []string{r.hours(w.Name)}, w.Value)
	case "known":
		return compare(w.Op, []string{strconv.FormatBool(r.env.Known)}, w.Value)
	case "language":
		have := langCode(r.env.Language)
		base, _, _ := strings.Cut(have, "-")
		return compare(w.Op, []string{have, base}, langCode(w.Value))
	case "page":
		return r.ofPage(w)
	case "answer":
		a := r.st.Answers[w.Name]
		have := []string{a.Value}
		if a.Text != "" && a.Text != a.Value {
			have = append(have, a.Text)
		}
		return compare(w.Op, have, fillTokens(w.Value, r.value))
	case "contact", "ticket":
		return compare(w.Op, []string{r.property(w.On, w.Name)}, fillTokens(w.Value, r.value))
	}
	return false
}

// hours says whether business hours are open; those that nobody knows of are.
func (r *run) hours(slug string) string {
	if now, ok := r.env.Hours[slug]; ok {
		return now
	}
	return HoursOpen
}

// What business hours are.
const (
	HoursOpen   = "open"
	HoursClosed = "closed"
)

// ofPage looks at the page as targeting does, so that both understand an address alike.
func (r *run) ofPage(w Condition) bool {
	part, name := w.Name, ""
	if rest, ok := strings.CutPrefix(part, "query."); ok {
		part, name = "query", rest
	}
	if part != "query" && part != "path" && part != "host" {
		part = "url"
	}
	t := Test{Part: part, Name: name, Op: w.Op, Value: w.Value}
	switch w.Op {
	case "exists", "not_exists":
		there := r.env.PageURL != ""
		if part == "query" {
			t.Op = "exists"
			there = t.holds(locate(r.env.PageURL))
		}
		return there == (w.Op == "exists")
	}
	return t.holds(locate(r.env.PageURL))
}

// compare tests the forms of one value, without regard to case; for a negation none may fit.
func compare(op string, have []string, want string) bool {
	want = fold(want)
	any := func(fit func(s string) bool) bool {
		return slices.ContainsFunc(have, func(s string) bool { return fit(fold(s)) })
	}
	switch op {
	case "is":
		return any(func(s string) bool { return s == want || sameNumber(s, want) })
	case "is_not":
		return !compare("is", have, want)
	case "contains":
		return any(func(s string) bool { return strings.Contains(s, want) })
	case "not_contains":
		return !compare("contains", have, want)
	case "begins":
		return any(func(s string) bool { return strings.HasPrefix(s, want) })
	case "ends":
		return any(func(s string) bool { return strings.HasSuffix(s, want) })
	case "exists":
		return any(func(s string) bool { return s != "" })
	case "not_exists":
		return !compare("exists", have, want)
	case "greater", "less":
		b, ok := numberOf(want)
		return ok && any(func(s string) bool {
			a, ok := numberOf(s)
			return ok && (op == "greater" && a > b || op == "less" && a < b)
		})
	}
	return false
}

func numberOf(s string) (float64, bool) {
	p, ok := plainNumber(s)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(p, 64)
	return f, err == nil
}

func sameNumber(a, b string) bool {
	x, ok := numberOf(a)
	y, also := numberOf(b)
	return ok && also && x == y
}

// property is what is known of the contact or the ticket: what was set on the way before what is stored.
func (r *run) property(object, name string) string {
	name = strings.TrimPrefix(name, "property.")
	if v, ok := r.st.Known[object+"."+name]; ok {
		return v
	}
	from := r.env.Contact
	if object == "ticket" {
		from = r.env.Ticket
	}
	return from[name]
}

// value is what a token stands for.
func (r *run) value(name string) string {
	head, rest, _ := strings.Cut(name, ".")
	switch head {
	case "answer":
		a := r.st.Answers[rest]
		if a.Text != "" {
			return a.Text
		}
		return a.Value
	case "contact":
		if v := r.property("contact", rest); v != "" {
			return v
		}
		return r.partOfName(rest)
	case "ticket":
		return r.property("ticket", rest)
	}
	switch name {
	case "company.name":
		return r.env.Company
	case "page.url":
		return r.env.PageURL
	case "page.title":
		return r.env.PageTitle
	case "visitor.language":
		return r.env.Language
	case "visitor.country":
		return r.env.Country
	}
	return ""
}

// partOfName finds the first or last name of somebody who said only the whole.
func (r *run) partOfName(which string) string {
	words := strings.Fields(r.property("contact", "name"))
	switch {
	case which == "first_name" && len(words) > 0:
		return words[0]
	case which == "last_name" && len(words) > 1:
		return words[len(words)-1]
	}
	return ""
}

// escaped is value for a part of an address.
func (r *run) escaped(name string) string { return url.QueryEscape(r.value(name)) }

// inJSON is value for the inside of a JSON string: what a visitor says stays text there.
func (r *run) inJSON(name string) string {
	b, _ := json.Marshal(r.value(name))
	return string(b[1 : len(b)-1])
}

// call asks for a webhook. What a visitor said is escaped wherever it goes, so that it cannot break out of its place.
func (r *run) call(s *Block) {
	e := Effect{Type: DoWebhook, Step: s.ID, URL: fillTokens(s.URL, r.escaped), Method: s.Method}
	if e.Method == "" {
		e.Method = "POST"
	}
	if len(s.Headers) > 0 {
		e.Headers = map[string]string{}
		for name, v := range s.Headers {
			e.Headers[name] = oneLine(fillTokens(v, r.value))
		}
	}
	switch {
	case e.Method == "GET" || e.Method == "DELETE":
	case s.Body != nil && strings.TrimSpace(s.Body.Plain) != "":
		fill := r.value
		if t := strings.TrimSpace(s.Body.Plain); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
			fill = r.inJSON
		}
		e.Body = fillTokens(s.Body.Plain, fill)
	default:
		answers := map[string]string{}
		for k, a := range r.st.Answers {
			answers[k] = a.Value
		}
		b, _ := json.Marshal(map[string]any{
			"answers": answers, "contact": map[string]string{"name": r.value("contact.name"), "email": r.value("contact.email"), "phone": r.value("contact.phone")},
			"page": map[string]string{"url": r.env.PageURL, "title": r.env.PageTitle}, "language": r.lang,
		})
		e.Body = string(b)
	}
	r.do(e)
}
