package search

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/search/lang"
)

// query is a search understood: every clause, and every want, must hold.
type query struct {
	text     string
	clauses  []clause
	wants    []want
	number   int64 // #123
	after    desk.Time
	before   desk.Time
	hidden   string // "", spam, trash: which tickets; "*" for in:anywhere
	problems []Misread
}

// clause is words of which one must be there, or none when it is negated.
type clause struct {
	any []term
	not bool
}

// term is one or several words in a row, all of one field.
type term struct {
	field  rune // 0: anywhere
	words  []string
	exact  bool     // quoted: as written
	prefix bool     // the last word may be the beginning of one
	alts   []string // what a single word may also be, without its field; resolved later
	raw    string
	part   part
}

// want is an operator about tickets with the values of which one must hold.
type want struct {
	op     string
	values []string
	not    bool
	part   part
}

// Misread is an operator that cannot be followed. Nothing is searched then: a silent empty answer would be a lie.
type Misread struct {
	Reason     string   `json:"reason" enum:"unknown_operator,unknown_value,unknown_property,bad_date,bad_age,missing_value,or_mixed,too_long"`
	Operator   string   `json:"operator"`
	Value      string   `json:"value"`
	Suggestion string   `json:"suggestion" doc:"The whole search, mended, when there is a likely meaning."`
	Options    []string `json:"options" doc:"Values that the operator takes, the likely ones first; at most eight."`
}

const maxTerms = 20

// operators with what they take: used to tell, to complete and to explain.
var operators = []string{
	"from", "to", "cc", "subject", "is", "in", "status", "owner", "team", "inbox", "channel", "priority", "category", "tag", "has", "filename", "type", "before", "after", "on", "older_than", "newer_than",
}

// states are the values of is:.
var states = []string{"open", "closed", "mine", "unassigned", "snoozed", "unread", "following", "mentioned", "spam", "trash", "message", "comment", "ticket", "contact"}

// reader turns what somebody typed into a query.
type reader struct {
	q   query
	now time.Time // in the searcher's time zone
}

// parse understands what somebody typed. Words that are no operator are words; a known operator that makes no sense is a problem.
func parse(s string, now time.Time) query {
	r := reader{q: query{text: s}, now: now}
	parts := split(s)
	was := ""
	for i, p := range parts {
		clauses, problems := len(r.q.clauses), len(r.q.problems)
		last := i == len(parts)-1 && !p.quoted && !strings.HasSuffix(s, " ")
		if !r.operator(p, last) {
			r.words(p, last)
		}
		is := "words"
		if len(r.q.problems) > problems || len(r.q.clauses) == clauses && p.op == "" {
			is = ""
		} else if !slices.Contains([]string{"", "from", "to", "cc", "subject", "filename"}, p.op) {
			is = p.op
		}
		if p.or && i > 0 && is != "" {
			r.join(p, was, is)
		}
		was = is
	}
	return r.q
}

// join makes what was read last an alternative of what was read before it: words of words, a value of a value of the same operator.
func (r *reader) join(p part, was, is string) {
	c := r.q.clauses
	switch n := len(c); {
	case is == "words" && was == "words" && n > 1 && !c[n-1].not && !c[n-2].not:
		c[n-2].any = append(c[n-2].any, c[n-1].any...)
		r.q.clauses = c[:n-1]
	case is != "words" && is == was:
		// values of one operator are alternatives anyhow
	default:
		r.problem("or_mixed", p, "")
	}
}

func (r *reader) problem(reason string, p part, value string, options ...string) {
	r.q.problems = append(r.q.problems, Misread{Reason: reason, Operator: p.op, Value: p.text, Suggestion: p.replaced(r.q.text, value), Options: append([]string{}, options...)})
}

// words adds what is no operator.
func (r *reader) words(p part, last bool) {
	text := p.text
	if p.op != "" {
		text = p.op + " " + p.text
	}
	if n, ok := strings.CutPrefix(text, "#"); ok && !p.quoted {
		if num, err := strconv.ParseInt(n, 10, 64); err == nil && num > 0 {
			r.q.number = num
			return
		}
	}
	r.add(0, text, p, last)
}

func (r *reader) add(field rune, text string, p part, last bool) {
	t := term{field: field, exact: p.quoted, raw: text, part: p}
	for _, w := range words(text, 20) {
		t.words = append(t.words, w.text)
	}
	if len(t.words) == 0 || len(r.q.clauses) >= maxTerms {
		return
	}
	// One letter begins too many words to be of use.
	t.prefix = last && len([]rune(t.words[len(t.words)-1])) >= 2
	r.q.clauses = append(r.q.clauses, clause{any: []term{t}, not: p.not})
}

func (r *reader) mark(not bool, names ...string) {
	c := clause{not: not}
	for i := range r.q.clauses { // values of one operator are alternatives
		if k := &r.q.clauses[i]; !not && !k.not && k.any[0].field == fieldMark && k.any[0].words[0][0] == names[0][0] {
			k.any = append(k.any, term{field: fieldMark, words: names, exact: true})
			return
		}
	}
	for _, n := range names {
		c.any = append(c.any, term{field: fieldMark, words: []string{n}, exact: true})
	}
	r.q.clauses = append(r.q.clauses, c)
}

func (r *reader) want(op string, p part, values ...string) {
	for i := range r.q.wants {
		if w := &r.q.wants[i]; w.op == op && w.not == p.not && !p.not {
			w.values = append(w.values, values...)
			return
		}
	}
	r.q.wants = append(r.q.wants, want{op, values, p.not, p})
}

// operator applies one and reports whether it is one.
func (r *reader) operator(p part, last bool) bool {
	if p.op == "" {
		return false
	}
	if !slices.Contains(operators, p.op) && !strings.HasPrefix(p.op, "property.") {
		return r.misspelt(p)
	}
	if strings.TrimSpace(p.text) == "" {
		if !last {
			r.problem("missing_value", p, "", r.optionsOf(p.op)...)
		}
		return true // being typed
	}
	v := strings.ToLower(p.text)
	switch p.op {
	case "from":
		r.add(fieldFrom, p.text, p, !p.quoted)
	case "to":
		r.add(fieldTo, p.text, p, !p.quoted)
	case "cc":
		r.add(fieldCc, p.text, p, !p.quoted)
	case "subject":
		r.add(fieldSubject, p.text, p, !p.quoted)
	case "filename":
		r.add(fieldFile, p.text, p, !p.quoted)
	case "has":
		r.has(p, v)
	case "is":
		r.is(p, v)
	case "type":
		r.kind(p, v)
	case "in":
		switch v {
		case "spam", "trash":
			r.q.hidden = v
		case "anywhere":
			r.q.hidden = "*"
		default:
			r.want("inbox", p, p.text)
		}
	case "before", "after", "on", "older_than", "newer_than":
		r.time(p, v)
	default:
		r.want(p.op, p, p.text)
	}
	return true
}

// misspelt: an operator with a slip in it is told; anything else with a colon in it is words, as times and addresses are.
func (r *reader) misspelt(p part) bool {
	if p.quoted || len(p.op) < 4 || p.text == "" || strings.HasPrefix(p.text, "//") {
		return false
	}
	for _, op := range operators {
		if len(op) > 3 && lang.Distance(p.op, op, 1) == 1 {
			fixed := p
			fixed.op = op
			r.q.problems = append(r.q.problems, Misread{Reason: "unknown_operator", Operator: p.op, Value: p.text, Suggestion: fixed.replaced(r.q.text, p.text), Options: []string{op}})
			return true
		}
	}
	return false
}

func (r *reader) optionsOf(op string) []string {
	switch op {
	case "is":
		return states[:8]
	case "has":
		return []string{"attachment", "draft", "comment"}
	case "type":
		return []string{"ticket", "message", "comment", "contact"}
	case "before", "after", "on":
		return []string{"today", "yesterday", r.now.Format("2006-01-02"), r.now.Format("2006-01")}
	case "older_than", "newer_than":
		return []string{"7d", "4w", "6m", "1y"}
	}
	return nil
}

// unknown tells of a value that the operator does not take, with the nearest that it does.
func (r *reader) unknown(p part, options []string) {
	r.problem("unknown_value", p, nearest(p.text, options), first(byDistance(p.text, options), 8)...)
}

func (r *reader) has(p part, v string) {
	switch v {
	case "attachment", "attachments", "file", "files":
		r.mark(p.not, "hasattachment")
	case "draft", "comment":
		r.want("has", p, v)
	case "note":
		r.want("has", p, "comment")
	default:
		r.unknown(p, r.optionsOf("has"))
	}
}

func (r *reader) kind(p part, v string) {
	switch strings.TrimSuffix(v, "s") {
	case "comment", "note":
		r.mark(p.not, "kcomment")
	case "message", "ticket", "contact":
		r.mark(p.not, "k"+strings.TrimSuffix(v, "s"))
	default:
		r.unknown(p, r.optionsOf("type"))
	}
}

func (r *reader) is(p part, v string) {
	switch v {
	case "spam", "trash":
		r.q.hidden = v
	case "mine":
		r.want("owner", p, "me")
	case "unassigned":
		r.want("owner", p, "none")
	case "comment", "note", "internal", "message", "ticket", "contact":
		if v == "internal" {
			v = "comment"
		}
		r.kind(p, v)
	case "open", "closed":
		r.want("state", p, v)
	case "snoozed", "unread", "following", "mentioned":
		r.q.wants = append(r.q.wants, want{"is", []string{v}, p.not, p})
	default:
		r.unknown(p, states)
	}
}

func (r *reader) time(p part, v string) {
	var from, to time.Time
	switch p.op {
	case "older_than", "newer_than":
		at, ok := age(v, r.now)
		if !ok {
			r.problem("bad_age", p, "", r.optionsOf(p.op)...)
			return
		}
		if p.op == "older_than" != p.not {
			to = at
		} else {
			from = at
		}
	default:
		day, end, ok := date(v, r.now)
		if !ok {
			r.problem("bad_date", p, "", r.optionsOf(p.op)...)
			return
		}
		switch {
		case p.op == "on":
			from, to = day, end
		case p.op == "before" != p.not:
			to = day
		default:
			from = day
		}
	}
	if !from.IsZero() {
		r.q.after = max(r.q.after, desk.At(from))
	}
	if !to.IsZero() && (r.q.before == 0 || desk.At(to) < r.q.before) {
		r.q.before = desk.At(to)
	}
}

// empty: nothing was asked for.
func (q query) empty() bool {
	return len(q.clauses)+len(q.wants) == 0 && q.number == 0 && q.after == 0 && q.before == 0 && q.hidden == ""
}

// asksKind: the search says itself what it wants to find.
func (q query) asksKind() bool {
	return slices.ContainsFunc(q.clauses, func(c clause) bool { return c.any[0].field == fieldMark && c.any[0].words[0][0] == 'k' })
}

// hasWords: there is something the index can find.
func (q query) hasWords() bool {
	return slices.ContainsFunc(q.clauses, func(c clause) bool { return !c.not })
}

// named asks for words that stand anywhere in one field alone: names and addresses, or subjects. There they are rare, and quickly found.
func (q query) named(field rune) query {
	q.clauses = slices.Clone(q.clauses)
	for c := range q.clauses {
		q.clauses[c].any = slices.Clone(q.clauses[c].any)
		for i := range q.clauses[c].any {
			if t := &q.clauses[c].any[i]; t.field == 0 {
				t.field = field
			}
		}
	}
	return q
}

// only makes a query that finds one kind.
func (q query) only(kind string) query {
	q.clauses = append(slices.Clone(q.clauses), clause{any: []term{{field: fieldMark, words: []string{"k" + kind}, exact: true}}})
	return q
}

// variants are the ways a term may stand, each as its words with fields.
func (t term) variants() [][]string {
	head := make([]string, len(t.words))
	for i, w := range t.words {
		head[i] = t.word(w)
	}
	out := [][]string{head}
	for _, a := range t.alts {
		v := slices.Clone(head)
		v[len(v)-1] = t.word(a)
		out = append(out, v)
	}
	return out
}

func (t term) word(w string) string {
	if t.field == 0 {
		return w
	}
	return string(t.field) + w
}

// match writes the clauses, those without words or those negated, in the language of the database; "" when there are none.
func (q query) match(sqlite, negated bool) string {
	var out []string
	for _, c := range q.clauses {
		if c.not != negated {
			continue
		}
		var any []string
		for _, t := range c.any {
			for _, v := range t.variants() {
				any = append(any, phrase(v, sqlite))
			}
		}
		if sqlite {
			out = append(out, "("+strings.Join(any, " OR ")+")")
		} else {
			out = append(out, "("+strings.Join(any, " | ")+")")
		}
	}
	switch {
	case len(out) == 0:
		return ""
	case negated && sqlite:
		return strings.Join(out, " OR ")
	case negated:
		return strings.Join(out, " | ")
	case sqlite:
		return strings.Join(out, " AND ")
	}
	return strings.Join(out, " & ")
}

func phrase(words []string, sqlite bool) string {
	if sqlite {
		return `"` + strings.Join(words, " ") + `"`
	}
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(" <-> ")
		}
		lexeme(&b, w)
	}
	return b.String()
}

// expression is what is to be found without what is not to be.
func (q query) expression(sqlite bool) string {
	yes, no := q.match(sqlite, false), q.match(sqlite, true)
	switch {
	case yes == "" || no == "":
		return yes
	case sqlite:
		return fmt.Sprintf("(%s) NOT (%s)", yes, no)
	}
	return fmt.Sprintf("%s & !(%s)", yes, no)
}
