package find

import (
	"strings"

	"golang.org/x/net/html"
)

// HTML blanks what is looked for in cleaned HTML: in its text, also where tags stand between the digits, and in its attributes.
func (r *Rules) HTML(src string) (string, []Found) {
	if r.Empty() || src == "" {
		return src, nil
	}
	return rewrite(src, func(text string) []span { return r.spans(text) }, func(kind, s string) string { return Mask(kind, s) })
}

// Passage blanks every place where a passage stands, in a text or in HTML. It reports whether there was one.
func Passage(src, passage string, isHTML bool) (string, bool) {
	if passage == "" || src == "" {
		return src, false
	}
	mask := strings.Repeat("•", 6)
	if !isHTML {
		out := strings.ReplaceAll(src, passage, mask)
		return out, out != src
	}
	want := squeeze(passage)
	out, found := rewrite(src, func(text string) (at []span) {
		flat, back := flatten(text)
		for from := 0; ; {
			i := strings.Index(flat[from:], want)
			if i < 0 || want == "" {
				return at
			}
			i += from
			at = append(at, span{from: back[i], to: back[i+len(want)-1] + 1, kind: Own})
			from = i + len(want)
		}
	}, func(string, string) string { return mask })
	return out, len(found) > 0
}

// squeeze makes blanks single, as a page shows them.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// flatten is squeeze with the way back: where each byte stood.
func flatten(s string) (string, []int) {
	var b strings.Builder
	var back []int
	blank := true
	for i, c := range s {
		if c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\u00a0' {
			if !blank {
				b.WriteByte(' ')
				back = append(back, i)
			}
			blank = true
			continue
		}
		blank = false
		n := len(string(c))
		b.WriteString(s[i : i+n])
		for k := range n {
			back = append(back, i+k)
		}
	}
	return b.String(), back
}

// token is one piece of the document; text pieces have a place in the whole text.
type token struct {
	html.Token
	at   int
	text bool
	raw  bool // of a style: written as it is
}

// blocks end a line: what stands in two of them is not one number.
var blocks = map[string]bool{"p": true, "div": true, "li": true, "td": true, "th": true, "tr": true, "table": true, "ul": true, "ol": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "blockquote": true, "pre": true, "hr": true}

func rewrite(src string, look func(string) []span, mask func(kind, s string) string) (string, []Found) {
	z := html.NewTokenizer(strings.NewReader(src))
	var tokens []token
	var whole strings.Builder
	for z.Next() != html.ErrorToken {
		t := token{Token: z.Token(), at: whole.Len()}
		switch t.Type {
		case html.TextToken:
			t.text, t.raw = true, len(tokens) > 0 && tokens[len(tokens)-1].Data == "style" && tokens[len(tokens)-1].Type == html.StartTagToken
			whole.WriteString(t.Data)
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			if t.Data == "br" {
				whole.WriteByte('\n')
			} else if blocks[t.Data] {
				whole.WriteString("\n\x00\n") // no number goes over it
			}
		}
		tokens = append(tokens, t)
	}
	text := whole.String()
	spans := look(text)
	var found []Found
	for _, x := range spans {
		found = append(found, Found{x.kind, text[x.from:x.to], mask(x.kind, text[x.from:x.to]), x.seal})
	}
	var b strings.Builder
	for _, t := range tokens {
		if t.text {
			t.Data = within(t.Data, t.at, spans, found)
		} else {
			for i, a := range t.Attr {
				for _, x := range backwards(look(a.Val)) {
					m := mask(x.kind, a.Val[x.from:x.to])
					found = append(found, Found{x.kind, a.Val[x.from:x.to], m, x.seal})
					a.Val = a.Val[:x.from] + m + a.Val[x.to:]
				}
				t.Attr[i].Val = a.Val
			}
		}
		if raw := t.text && t.raw; raw {
			b.WriteString(t.Data)
			continue
		}
		b.WriteString(t.Token.String())
	}
	if len(found) == 0 {
		return src, nil
	}
	return b.String(), found
}

func backwards(xs []span) []span {
	out := make([]span, 0, len(xs))
	for i := len(xs) - 1; i >= 0; i-- {
		out = append(out, xs[i])
	}
	return out
}

// within is a piece of text with what of the masks falls into it: a mask that goes over several pieces is told in the first, rune for rune where it can be.
func within(s string, at int, spans []span, found []Found) string {
	var b strings.Builder
	pos := 0
	for i, x := range spans {
		from, to := max(x.from-at, 0), min(x.to-at, len(s))
		if from >= len(s) || to <= 0 || from >= to {
			continue
		}
		b.WriteString(s[pos:from])
		if x.from >= at {
			b.WriteString(found[i].Mask)
		}
		pos = to
	}
	b.WriteString(s[pos:])
	return b.String()
}
