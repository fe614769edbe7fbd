package search

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/kanalhq/kanal/internal/desk"
)

// query is a search understood.
type query struct {
	terms    []term
	exclude  []term
	number   int64 // #123; -1 after one that cannot be a number
	after    desk.Time
	before   desk.Time
	states   []string // is:open, is:closed
	statuses []string // slugs or names
	inboxes  []string // slugs or names
	kinds    []string
	hidden   string // "", spam, trash: which tickets; is:anywhere is "*"
	owner    string // "", mine, none
}

// term is one or several words in a row.
type term struct {
	words  []string
	prefix bool // the last word is the beginning of one
}

const maxTerms = 20

// parse understands what somebody typed. Nothing is an error: what is no operator is a word.
func parse(s string, now time.Time) query {
	var q query
	parts := split(s)
	for i, p := range parts {
		if p.op != "" && q.operator(p, now) {
			continue
		}
		text := p.text
		if p.op != "" {
			text = p.op + " " + p.text
		}
		if n, ok := strings.CutPrefix(text, "#"); ok && !p.quoted {
			if num, err := strconv.ParseInt(n, 10, 64); err == nil && num > 0 {
				q.number = num
				continue
			}
		}
		last := i == len(parts)-1 && !p.quoted && !strings.HasSuffix(s, " ")
		q.add(0, text, p.not, last)
	}
	return q
}

func (q *query) add(field rune, text string, not, last bool) {
	var t term
	for _, w := range words(text, 20) {
		if field != 0 {
			w.text = string(field) + w.text
		}
		t.words = append(t.words, w.text)
	}
	if len(t.words) == 0 || len(q.terms)+len(q.exclude) >= maxTerms {
		return
	}
	// One letter begins too many words to be of use.
	t.prefix = last && len([]rune(strings.TrimLeft(t.words[len(t.words)-1], string(field)))) >= 2
	if not {
		q.exclude = append(q.exclude, t)
	} else {
		q.terms = append(q.terms, t)
	}
}

// operator applies one and reports whether it is one.
func (q *query) operator(p part, now time.Time) bool {
	v := strings.ToLower(p.text)
	switch p.op {
	case "from":
		q.add(fieldFrom, p.text, p.not, !p.quoted)
	case "to", "cc":
		q.add(fieldTo, p.text, p.not, !p.quoted)
	case "subject":
		q.add(fieldSubject, p.text, p.not, !p.quoted)
	case "has":
		if v != "attachment" && v != "attachments" && v != "file" {
			return false
		}
		t := term{words: []string{string(fieldHas) + "attachment"}}
		if p.not {
			q.exclude = append(q.exclude, t)
		} else {
			q.terms = append(q.terms, t)
		}
	case "status":
		q.statuses = append(q.statuses, v)
	case "in":
		switch v {
		case "spam", "trash":
			q.hidden = v
		case "anywhere":
			q.hidden = "*"
		default:
			q.inboxes = append(q.inboxes, v)
		}
	case "is":
		return q.is(v)
	case "before", "after":
		day, ok := date(v, now)
		if !ok {
			return false
		}
		if p.op == "before" {
			q.before = desk.At(day)
		} else {
			q.after = desk.At(day)
		}
	default:
		return false
	}
	return true
}

func (q *query) is(v string) bool {
	switch v {
	case "open", "closed":
		q.states = append(q.states, v)
	case "spam", "trash":
		q.hidden = v
	case "mine", "unassigned":
		q.owner = v
	case "comment", "internal":
		q.kinds = append(q.kinds, "comment")
	case "message", "ticket", "contact":
		q.kinds = append(q.kinds, v)
	default:
		return false
	}
	return true
}

// date reads 2026-03-01, 2026-03, 2026, today, yesterday or 7d (days ago), in UTC.
func date(s string, now time.Time) (time.Time, bool) {
	now = now.UTC()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch s {
	case "today":
		return today, true
	case "yesterday":
		return today.AddDate(0, 0, -1), true
	}
	if n, ok := strings.CutSuffix(s, "d"); ok {
		if days, err := strconv.Atoi(n); err == nil && days >= 0 && days < 36500 {
			return today.AddDate(0, 0, -days), true
		}
	}
	for _, layout := range []string{"2006-01-02", "2006-01", "2006", time.RFC3339} {
		if t, err := time.Parse(layout, strings.ToUpper(s)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// part is a word, "a phrase", -either, or operator:either as typed.
type part struct {
	op, text    string
	not, quoted bool
}

func split(s string) (out []part) {
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "")
	}
	for {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		if s == "" {
			return out
		}
		var p part
		if rest, ok := strings.CutPrefix(s, "-"); ok && rest != "" && !unicode.IsSpace(rune(rest[0])) {
			p.not, s = true, rest
		}
		if i := strings.IndexByte(s, ':'); i > 0 && i < 12 && !strings.ContainsFunc(s[:i], func(r rune) bool { return !unicode.IsLetter(r) }) {
			p.op, s = strings.ToLower(s[:i]), s[i+1:]
		}
		if rest, ok := strings.CutPrefix(s, `"`); ok {
			p.quoted = true
			if i := strings.IndexByte(rest, '"'); i >= 0 {
				p.text, s = rest[:i], rest[i+1:]
			} else {
				p.text, s = rest, ""
			}
		} else {
			i := strings.IndexFunc(s, unicode.IsSpace)
			if i < 0 {
				i = len(s)
			}
			p.text, s = s[:i], s[i:]
		}
		if p.text != "" || p.op != "" {
			out = append(out, p)
		}
	}
}

// empty: nothing was asked for.
func (q query) empty() bool {
	return len(q.terms) == 0 && q.number == 0 && q.after == 0 && q.before == 0 && len(q.states)+len(q.statuses)+len(q.inboxes)+len(q.kinds) == 0 && q.hidden == "" && q.owner == ""
}

// alternatives are the words that a term's last may be: itself and those it begins.
type alternatives func(prefix string) ([]string, error)

// match writes the terms in the language of FTS5, or "" when there are none.
func (q query) fts5(alt alternatives) (string, error) {
	group := func(ts []term) ([]string, error) {
		var out []string
		for _, t := range ts {
			variants, err := t.variants(alt)
			if err != nil {
				return nil, err
			}
			for i, v := range variants {
				variants[i] = `"` + strings.Join(v1(v), " ") + `"`
			}
			out = append(out, "("+strings.Join(variants, " OR ")+")")
		}
		return out, nil
	}
	terms, err := group(q.terms)
	if err != nil || len(terms) == 0 {
		return "", err
	}
	exclude, err := group(q.exclude)
	if err != nil {
		return "", err
	}
	s := strings.Join(terms, " AND ")
	if len(exclude) > 0 {
		s = "(" + s + ") NOT (" + strings.Join(exclude, " OR ") + ")"
	}
	return s, nil
}

// tsquery writes the terms as PostgreSQL does.
func (q query) tsquery(alt alternatives) (string, error) {
	var b strings.Builder
	for i, t := range append(append([]term(nil), q.terms...), q.exclude...) {
		if i > 0 {
			b.WriteString(" & ")
		}
		if i >= len(q.terms) {
			b.WriteByte('!')
		}
		variants, err := t.variants(alt)
		if err != nil {
			return "", err
		}
		b.WriteByte('(')
		for k, v := range variants {
			if k > 0 {
				b.WriteString(" | ")
			}
			for n, w := range v1(v) {
				if n > 0 {
					b.WriteString(" <-> ")
				}
				lexeme(&b, w)
			}
		}
		b.WriteByte(')')
	}
	if len(q.terms) == 0 {
		return "", nil
	}
	return b.String(), nil
}

func v1(s string) []string { return strings.Split(s, " ") }

// variants are the ways a term may stand, each as its words with spaces between.
func (t term) variants(alt alternatives) ([]string, error) {
	head := strings.Join(t.words, " ")
	out := []string{head}
	if !t.prefix {
		return out, nil
	}
	last := t.words[len(t.words)-1]
	more, err := alt(last)
	if err != nil {
		return nil, err
	}
	for _, w := range more {
		if w != last {
			out = append(out, strings.TrimSuffix(head, last)+w)
		}
	}
	return out, nil
}
