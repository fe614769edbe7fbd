package search

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kanalhq/kanal/internal/search/lang"
)

// part is a word, "a phrase", -either, or operator:either as typed, with where it stands.
type part struct {
	op, text          string
	not, quoted, or   bool
	start, value, end int // bytes: of the whole, of what follows the colon
}

const maxQuery = 1000 // bytes

func split(s string) (out []part) {
	if len(s) > maxQuery {
		s = strings.ToValidUTF8(s[:maxQuery], "")
	}
	or := false
	for at := 0; ; {
		at += len(s[at:]) - len(strings.TrimLeftFunc(s[at:], unicode.IsSpace))
		if at >= len(s) {
			return out
		}
		p := part{start: at, or: or}
		if strings.HasPrefix(s[at:], "-") && at+1 < len(s) && !unicode.IsSpace(rune(s[at+1])) {
			p.not = true
			at++
		}
		if i := operatorEnd(s[at:]); i > 0 {
			p.op = strings.ToLower(s[at : at+i])
			at += i + 1
		}
		p.value = at
		at = p.read(s, at)
		or = p.op == "" && !p.quoted && !p.not && (p.text == "OR" || p.text == "|")
		if or {
			continue
		}
		if p.text != "" || p.op != "" {
			out = append(out, p)
		}
	}
}

// operatorEnd is where the colon of an operator's name stands, or 0.
func operatorEnd(s string) int {
	i := strings.IndexByte(s, ':')
	if i <= 0 || i > 60 {
		return 0
	}
	name := s[:i]
	if rest, ok := strings.CutPrefix(strings.ToLower(name), "property."); ok {
		name = rest
	} else if i > 12 {
		return 0
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) || !unicode.IsLetter(rune(name[0])) && name[0] < 0x80 {
		return 0
	}
	return i
}

// read takes the value that begins at a place, and returns where it ends.
func (p *part) read(s string, at int) int {
	if rest, ok := strings.CutPrefix(s[at:], `"`); ok {
		p.quoted = true
		i := strings.IndexByte(rest, '"')
		if i < 0 {
			p.text, p.end = rest, len(s)
			return p.end
		}
		p.text, p.end = rest[:i], at+i+2
		return p.end
	}
	i := strings.IndexFunc(s[at:], unicode.IsSpace)
	if i < 0 {
		i = len(s) - at
	}
	p.text, p.end = s[at:at+i], at+i
	return p.end
}

// replaced is the whole search with another value (and the part's own operator); "" without one.
func (p part) replaced(whole, value string) string {
	if value == "" || p.end > len(whole) {
		return ""
	}
	not := ""
	if p.not {
		not = "-"
	}
	return whole[:p.start] + not + p.op + ":" + quoted(value) + whole[p.end:]
}

// quoted is a value as it must be typed.
func quoted(v string) string {
	if strings.ContainsFunc(v, unicode.IsSpace) {
		return `"` + strings.ReplaceAll(v, `"`, "") + `"`
	}
	return v
}

// nearest is the option that a value was probably meant to be, or "".
func nearest(value string, options []string) string {
	v := plain(value)
	if v == "" {
		return ""
	}
	best, least := "", 1+max(1, len([]rune(v))/3)
	for _, o := range options {
		p := plain(o)
		d := lang.Distance(v, p, least)
		if strings.HasPrefix(p, v) {
			d = min(d, 1)
		}
		for _, w := range words(o, 5) { // a name is often one of its words
			d = min(d, lang.Distance(v, w.text, least))
		}
		if d < least {
			best, least = o, d
		}
	}
	return best
}

// byDistance puts the options that are like a value first.
func byDistance(value string, options []string) []string {
	v := plain(value)
	out := slices.Clone(options)
	rank := func(o string) int {
		p := plain(o)
		if strings.HasPrefix(p, v) {
			return 0
		}
		return 1 + lang.Distance(v, p, 4)
	}
	slices.SortStableFunc(out, func(a, b string) int { return rank(a) - rank(b) })
	return out
}

func first(list []string, n int) []string { return list[:min(n, len(list))] }
