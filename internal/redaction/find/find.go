// Package find says where card numbers, national numbers and an installation's own patterns stand in a text, and blanks them (CO-12). It is pure: no IO, no clock; what is
// done with what it found is for its callers, intake and redaction. It refuses numbers that fail their own check digits: phone and order numbers stay.
package find

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Card is the kind of card numbers. The presets are Kinds; Own is every pattern of the installation's own.
const (
	Card = "card"
	Own  = "own"
)

// Pattern is one of the installation's own: RE2, which takes linear time whatever it is.
type Pattern struct {
	Name string
	Expr *regexp.Regexp
	Seal bool // the original is kept, sealed
}

// Rules is what is looked for, and whether what is found is kept sealed.
type Rules struct {
	Kinds map[string]bool // by kind: sealed or not; what is not named is not looked for
	Own   []Pattern
}

// Empty reports whether nothing is looked for.
func (r *Rules) Empty() bool { return r == nil || len(r.Kinds) == 0 && len(r.Own) == 0 }

// Found is one passage that was blanked.
type Found struct {
	Kind string
	Text string // as it stood there
	Mask string
	Seal bool
}

// span is a passage of a text, in bytes.
type span struct {
	from, to int
	kind     string
	seal     bool
}

// Text blanks what is looked for in a text.
func (r *Rules) Text(s string) (string, []Found) {
	if r.Empty() || s == "" {
		return s, nil
	}
	var b strings.Builder
	var out []Found
	at := 0
	for _, x := range r.spans(s) {
		f := Found{x.kind, s[x.from:x.to], Mask(x.kind, s[x.from:x.to]), x.seal}
		b.WriteString(s[at:x.from])
		b.WriteString(f.Mask)
		out, at = append(out, f), x.to
	}
	if at == 0 && len(out) == 0 {
		return s, nil
	}
	b.WriteString(s[at:])
	return b.String(), out
}

// Mask is what stands in place of a passage: dots for letters and digits, and the last four digits of a card, by which people name it.
func Mask(kind, s string) string {
	keep := 0
	if kind == Card {
		keep = 4
	}
	left := 0
	for _, c := range s {
		if unicode.IsDigit(c) {
			left++
		}
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) {
			if left--; left < keep {
				return c
			}
			return '•'
		}
		if unicode.IsLetter(c) || kind == Own && !unicode.IsSpace(c) {
			return '•'
		}
		return c
	}, s)
}

// spans finds what is looked for, first come first, none within another.
func (r *Rules) spans(s string) []span {
	var all []span
	if seal, on := r.Kinds[Card]; on {
		for _, x := range cards(s) {
			all = append(all, span{x[0], x[1], Card, seal})
		}
	}
	for _, k := range presets {
		seal, on := r.Kinds[k.name]
		if !on {
			continue
		}
		for _, x := range k.expr.FindAllStringIndex(s, -1) {
			to := x[1]
			for k.grows && to > x[0] && !(alone(s, x[0], to) && k.valid(s[x[0]:to])) { // it took a word that follows
				to = x[0] + max(strings.LastIndexAny(s[x[0]:to], " \u00a0"), 0)
			}
			if to > x[0] && alone(s, x[0], to) && k.valid(s[x[0]:to]) {
				all = append(all, span{x[0], to, k.name, seal})
			}
		}
	}
	for _, p := range r.Own {
		for _, x := range p.Expr.FindAllStringIndex(s, -1) {
			if x[1] > x[0] {
				all = append(all, span{x[0], x[1], Own, p.Seal})
			}
		}
	}
	return apart(all)
}

// apart joins passages that overlap: the whole of both goes, and for good if one of them does.
func apart(all []span) (out []span) {
	for i := 1; i < len(all); i++ {
		for j := i; j > 0 && all[j].from < all[j-1].from; j-- {
			all[j], all[j-1] = all[j-1], all[j]
		}
	}
	for _, x := range all {
		if n := len(out); n > 0 && x.from < out[n-1].to {
			last := &out[n-1]
			if x.to > last.to {
				last.to, last.kind = x.to, Own
			}
			last.seal = last.seal && x.seal
			continue
		}
		out = append(out, x)
	}
	return out
}

// alone reports whether a passage is not part of a longer word or number.
func alone(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	return !wordy(before) && !wordy(after)
}

func wordy(c rune) bool { return c != utf8.RuneError && (unicode.IsDigit(c) || unicode.IsLetter(c)) }

// group is a run of digits.
type group struct{ from, to int }

// between are what may stand between the groups of a number: blanks, hyphens and dots that look like them, at most three.
func between(s string) bool {
	n := 0
	for _, c := range s {
		if n++; n > 3 || !(unicode.IsSpace(c) || c == '-' || c == '\u2010' || c == '\u2011' || c == '\u2012' || c == '\u2013' || c == '\u2212' || c == '\u00ad' || c == '\u200b' || c == '\u2060') {
			return false
		}
	}
	return true
}

// cards are the card numbers of a text: 13 to 19 digits, whole groups, of a brand's beginning and length, whose check digit is right.
func cards(s string) (out [][2]int) {
	var gs []group
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		gs = append(gs, group{from, i})
	}
	for i := 0; i < len(gs); i++ {
		best := -1
		digits := ""
		for j := i; j < len(gs) && len(digits) <= 19 && (j == i || between(s[gs[j-1].to:gs[j].from])); j++ {
			digits += s[gs[j].from:gs[j].to]
			if alone(s, gs[i].from, gs[j].to) && isCard(digits) {
				best = j
			}
		}
		if best >= 0 {
			out = append(out, [2]int{gs[i].from, gs[best].to})
			i = best
		}
	}
	return out
}

// brand is how a brand's numbers begin, by a range of their first digits, and how long they are.
type brand struct {
	from, to string
	min, max int
}

var brands = []brand{
	{"4", "4", 13, 13}, {"4", "4", 16, 16}, {"4", "4", 19, 19}, // Visa
	{"51", "55", 16, 16}, {"2221", "2720", 16, 16}, // Mastercard
	{"34", "34", 15, 15}, {"37", "37", 15, 15}, // American Express
	{"300", "305", 14, 19}, {"3095", "3095", 14, 19}, {"36", "36", 14, 19}, {"38", "39", 14, 19}, // Diners Club
	{"6011", "6011", 16, 19}, {"644", "649", 16, 19}, {"65", "65", 16, 19}, // Discover
	{"3528", "3589", 16, 19},                   // JCB
	{"62", "62", 16, 19}, {"81", "81", 16, 19}, // UnionPay
	{"50", "50", 13, 19}, {"56", "59", 13, 19}, {"60", "60", 16, 19}, {"61", "61", 13, 19}, {"63", "64", 13, 19}, {"66", "69", 13, 19}, // Maestro, Dankort, RuPay
	{"2200", "2204", 16, 19}, // Mir
}

func isCard(d string) bool {
	if len(d) < 13 || len(d) > 19 || !luhn(d) || strings.Count(d, d[:1]) == len(d) {
		return false
	}
	for _, b := range brands {
		if p := d[:len(b.from)]; len(d) >= b.min && len(d) <= b.max && p >= b.from && p <= b.to {
			return true
		}
	}
	return false
}

// luhn is the check digit of cards.
func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}
