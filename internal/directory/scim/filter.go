package scim

import (
	"encoding/json"
	"strings"
	"unicode"
)

// Filter is a condition on a resource (RFC 7644, 3.4.2.2).
type Filter interface{ Match(r map[string]any) bool }

type (
	and  struct{ a, b Filter }
	or   struct{ a, b Filter }
	not  struct{ of Filter }
	test struct {
		path  []string
		op    string
		value any
	}
	inside struct { // emails[type eq "work"]
		path []string
		of   Filter
	}
)

func (f and) Match(r map[string]any) bool { return f.a.Match(r) && f.b.Match(r) }
func (f or) Match(r map[string]any) bool  { return f.a.Match(r) || f.b.Match(r) }
func (f not) Match(r map[string]any) bool { return !f.of.Match(r) }

func (f inside) Match(r map[string]any) bool {
	for _, v := range reach(r, f.path) {
		if m, ok := v.(map[string]any); ok && f.of.Match(m) {
			return true
		}
	}
	return false
}

// reach is everything at a path: lists are walked through, and of a list of complex values their value is meant.
func reach(at any, path []string) []any {
	if all, ok := at.([]any); ok {
		var out []any
		for _, x := range all {
			out = append(out, reach(x, path)...)
		}
		return out
	}
	if len(path) == 0 {
		return []any{at}
	}
	m, ok := at.(map[string]any)
	if !ok {
		return nil
	}
	v, ok := m[key(m, path[0])]
	if !ok || v == nil {
		return nil
	}
	return reach(v, path[1:])
}

// caseExact attributes are compared letter by letter (RFC 7643, 3.1, 4.1); all others whatever their case.
var caseExact = map[string]bool{"id": true, "externalid": true, "members.value": true, "groups.value": true}

func (f test) Match(r map[string]any) bool {
	vs := reach(r, f.path)
	if f.op == "pr" {
		for _, v := range vs {
			if s, ok := v.(string); !ok || s != "" {
				return true
			}
		}
		return false
	}
	if f.op == "ne" {
		return !test{f.path, "eq", f.value}.Match(r)
	}
	if f.value == nil { // eq null: nothing there
		return len(vs) == 0
	}
	exact := caseExact[strings.ToLower(strings.Join(f.path, "."))]
	for _, v := range vs {
		if m, ok := v.(map[string]any); ok {
			v = get(m, "value")
		}
		if compare(f.op, v, f.value, exact) {
			return true
		}
	}
	return false
}

func compare(op string, have, want any, exact bool) bool {
	switch h := have.(type) {
	case bool:
		w, ok := truth(want)
		return ok && op == "eq" && h == w
	case float64:
		w, ok := want.(float64)
		if !ok {
			return false
		}
		return op == "eq" && h == w || op == "gt" && h > w || op == "ge" && h >= w || op == "lt" && h < w || op == "le" && h <= w
	case string:
		w, ok := want.(string)
		if !ok {
			return false
		}
		if !exact {
			h, w = strings.ToLower(h), strings.ToLower(w)
		}
		switch op {
		case "eq":
			return h == w
		case "co":
			return strings.Contains(h, w)
		case "sw":
			return strings.HasPrefix(h, w)
		case "ew":
			return strings.HasSuffix(h, w)
		case "gt":
			return h > w
		case "ge":
			return h >= w
		case "lt":
			return h < w
		case "le":
			return h <= w
		}
	}
	return false
}

// most that a filter may hold: its length in bytes, and how deep its brackets go.
const (
	maxFilter = 4000
	maxDepth  = 20
)

// ParseFilter reads a filter.
func ParseFilter(s string) (Filter, error) {
	if len(s) > maxFilter {
		return nil, bad(InvalidFilter, "The filter is too long.")
	}
	p := &parser{rest: s}
	f, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.blank(); p.rest != "" {
		return nil, bad(InvalidFilter, "The filter does not end where it should: %q.", short(p.rest))
	}
	return f, nil
}

func short(s string) string {
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "")
	}
	return s
}

type parser struct{ rest string }

func (p *parser) blank() { p.rest = strings.TrimLeft(p.rest, " \t") }

// word takes a keyword when it is next.
func (p *parser) word(w string) bool {
	p.blank()
	if len(p.rest) < len(w) || !strings.EqualFold(p.rest[:len(w)], w) {
		return false
	}
	if after := p.rest[len(w):]; after != "" && !strings.ContainsRune(" \t()[]", rune(after[0])) {
		return false
	}
	p.rest = p.rest[len(w):]
	return true
}

func (p *parser) take(c byte) bool {
	p.blank()
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *parser) or(depth int) (Filter, error) {
	f, err := p.and(depth)
	for err == nil && p.word("or") {
		var g Filter
		if g, err = p.and(depth); err == nil {
			f = or{f, g}
		}
	}
	return f, err
}

func (p *parser) and(depth int) (Filter, error) {
	f, err := p.one(depth)
	for err == nil && p.word("and") {
		var g Filter
		if g, err = p.one(depth); err == nil {
			f = and{f, g}
		}
	}
	return f, err
}

func (p *parser) one(depth int) (Filter, error) {
	if depth > maxDepth {
		return nil, bad(InvalidFilter, "The filter has too many brackets.")
	}
	if p.word("not") {
		if !strings.HasPrefix(strings.TrimLeft(p.rest, " \t"), "(") {
			return nil, bad(InvalidFilter, "After not comes a bracket.")
		}
		f, err := p.one(depth + 1)
		return not{f}, err
	}
	if p.take('(') {
		f, err := p.or(depth + 1)
		if err == nil && !p.take(')') {
			err = bad(InvalidFilter, "A bracket is not closed.")
		}
		return f, err
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.take('[') {
		f, err := p.or(depth + 1)
		if err == nil && !p.take(']') {
			err = bad(InvalidFilter, "A bracket is not closed.")
		}
		return inside{path, f}, err
	}
	for _, op := range []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"} {
		if !p.word(op) {
			continue
		}
		if op == "pr" {
			return test{path, op, nil}, nil
		}
		v, err := p.value()
		return test{path, op, v}, err
	}
	return nil, bad(InvalidFilter, "After %s comes one of eq, ne, co, sw, ew, gt, ge, lt, le, pr.", strings.Join(path, "."))
}

// path is the name of an attribute, with its schema's URN or without.
func (p *parser) path() ([]string, error) {
	p.blank()
	n := strings.IndexFunc(p.rest, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_$.:", r)
	})
	if n < 0 {
		n = len(p.rest)
	}
	name := p.rest[:n]
	p.rest = p.rest[n:]
	return split(name, InvalidFilter)
}

func split(name, typ string) ([]string, error) {
	name = attribute(name)
	if strings.HasPrefix(strings.ToLower(name), "urn:") { // an extension: its own name holds dots
		urn, of, ok := name, "", false
		if len(name) > len(EnterpriseUser) && strings.EqualFold(name[:len(EnterpriseUser)], EnterpriseUser) && name[len(EnterpriseUser)] == ':' {
			urn, of, ok = EnterpriseUser, name[len(EnterpriseUser)+1:], true
		}
		if !ok {
			return []string{urn}, nil
		}
		return append([]string{urn}, strings.Split(of, ".")...), nil
	}
	parts := strings.Split(name, ".")
	for _, x := range parts {
		if x == "" {
			return nil, bad(typ, "An attribute's name is missing.")
		}
	}
	return parts, nil
}

// value is a JSON value.
func (p *parser) value() (any, error) {
	p.blank()
	d := json.NewDecoder(strings.NewReader(p.rest))
	var v any
	if err := d.Decode(&v); err != nil {
		for _, w := range []string{"true", "false", "null"} { // True, as some write it
			if p.word(w) {
				return map[string]any{"true": true, "false": false, "null": nil}[w], nil
			}
		}
		return nil, bad(InvalidFilter, "%q is not a value: texts stand in quotation marks.", short(p.rest))
	}
	switch v.(type) {
	case map[string]any, []any:
		return nil, bad(InvalidFilter, "A filter compares with a text, a number, true, false or null.")
	}
	p.rest = p.rest[d.InputOffset():]
	return v, nil
}
