package search

import (
	"html"
	"strings"
	"unicode/utf8"
)

// marks are the words to highlight in texts of one field: those searched for anywhere, and those of the field.
type marks struct {
	seqs   map[string][]seq // by their first word
	begins []seq            // one word that is only begun
}

type seq struct {
	words  []string
	prefix bool
	term   int
}

// marks of a query for a field; 0 is text.
func (q query) marks(field rune) marks {
	m := marks{seqs: map[string][]seq{}}
	n := 0
	for _, c := range q.clauses {
		for _, t := range c.any {
			if c.not || t.field == fieldMark || t.field != 0 && t.field != field {
				continue
			}
			n++
			if len(t.words) == 1 && t.prefix {
				m.begins = append(m.begins, seq{t.words, true, n})
			}
			m.add(seq{t.words, t.prefix, n})
			for _, a := range t.alts {
				v := append(append([]string(nil), t.words[:len(t.words)-1]...), a)
				m.add(seq{v, false, n})
			}
		}
	}
	return m
}

func (m marks) add(s seq) { m.seqs[s.words[0]] = append(m.seqs[s.words[0]], s) }

// span is a passage to highlight, for which term.
type span struct{ start, end, term int }

// in are the passages of words to highlight, in order, none over another.
func (m marks) in(ws []word) (out []span) {
	for i := 0; i < len(ws); i++ {
		n, term := 0, 0
		for _, s := range m.seqs[ws[i].text] {
			if s.at(ws[i:]) && len(s.words) > n {
				n, term = len(s.words), s.term
			}
		}
		for _, s := range m.begins {
			if n == 0 && strings.HasPrefix(ws[i].text, s.words[0]) {
				n, term = 1, s.term
			}
		}
		if n > 0 {
			out = append(out, span{ws[i].start, ws[i+n-1].end, term})
			i += n - 1
		}
	}
	return out
}

func (s seq) at(ws []word) bool {
	if len(ws) < len(s.words) {
		return false
	}
	for i, w := range s.words {
		if ws[i].text == w || s.prefix && i == len(s.words)-1 && strings.HasPrefix(ws[i].text, w) {
			continue
		}
		return false
	}
	return true
}

// whole is a short text, escaped, with its hits marked; hit tells whether there are any.
func (m marks) whole(text string) (marked string, hit bool) {
	spans := m.in(words(text, 1000))
	return paint(text, 0, len(text), spans), len(spans) > 0
}

const excerptLen = 200 // bytes, about

// excerpt cuts the passage that has most of what is searched for, escapes it and marks the words. Without any it is the beginning, and hit is false.
func (m marks) excerpt(text string) (marked string, hit bool) {
	text = strings.Join(strings.Fields(text), " ")
	spans := m.in(words(text, maxWords))
	if len(spans) == 0 {
		return cut(text, span{}, nil), false
	}
	best, most := spans[0], 0
	for i, s := range spans {
		terms := map[int]bool{}
		for _, o := range spans[i:] {
			if o.end > s.start+excerptLen*2/3 {
				break
			}
			terms[o.term] = true
		}
		if len(terms) > most {
			best, most = s, len(terms)
		}
	}
	return cut(text, best, spans), true
}

func cut(text string, hit span, spans []span) string {
	from := max(0, hit.start-excerptLen/3)
	if from > 0 { // begin with a whole word
		if i := strings.IndexByte(text[from:hit.start], ' '); i >= 0 {
			from += i + 1
		}
	}
	to := min(len(text), from+excerptLen)
	if i := strings.LastIndexByte(text[from:to], ' '); to < len(text) && i > hit.end-from {
		to = from + i
	}
	to = max(to, hit.end)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	out := paint(text, from, to, spans)
	if from > 0 {
		out = "… " + out
	}
	if to < len(text) {
		out += " …"
	}
	return out
}

// paint escapes text[from:to] and marks the spans in it.
func paint(text string, from, to int, spans []span) string {
	var b strings.Builder
	pos := from
	for _, s := range spans {
		if s.start < from || s.end > to {
			continue
		}
		b.WriteString(html.EscapeString(text[pos:s.start]) + "<mark>" + html.EscapeString(text[s.start:s.end]) + "</mark>")
		pos = s.end
	}
	b.WriteString(html.EscapeString(text[pos:to]))
	return b.String()
}
