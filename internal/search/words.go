package search

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A word is what is found: letters and digits, folded. Text is cut and folded here and not by the databases, so that both find the same.
type word struct {
	text       string
	start, end int // bytes in the original
}

const (
	maxWord  = 64        // runes; longer runs (base64, hashes) are cut off there
	maxBytes = 256       // of a word, about: some letters unfold into many. PostgreSQL takes 2,046
	maxSize  = 600 << 10 // bytes of all words of one document; PostgreSQL takes a megabyte with positions
	maxWords = 16_000    // of one document; PostgreSQL counts positions to 16,383
	maxText  = 256 << 10 // bytes of one document that are looked at
)

// special letters that Unicode does not take apart, as people without them on the keyboard type them.
var special = map[rune]string{
	'ß': "ss", 'æ': "ae", 'ø': "o", 'œ': "oe", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ŋ': "n", 'ħ': "h", 'ŧ': "t",
}

// words cuts s into folded words, at most limit of them. Scripts written without spaces give one word a letter; a query for several is then a phrase.
func words(s string, limit int) []word {
	var out []word
	var b strings.Builder
	start, runes := -1, 0
	end := func(at int) {
		if b.Len() > 0 && len(out) < limit {
			out = append(out, word{b.String(), start, at})
		}
		b.Reset()
		start, runes = -1, 0
	}
	for i, r := range s {
		if len(out) >= limit {
			return out
		}
		switch {
		case unbroken(r):
			end(i)
			out = append(out, word{fold(r), i, i + len(string(r))})
		case unicode.Is(unicode.Mn, r) && start >= 0: // an accent on the letter before
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if start < 0 {
				start = i
			}
			if runes++; runes <= maxWord && b.Len() < maxBytes {
				b.WriteString(fold(r))
			}
		default:
			end(i)
		}
	}
	end(len(s))
	return out
}

// unbroken are letters of scripts that put no spaces between words.
func unbroken(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) && unicode.IsLetter(r)
}

// fold is the form in which a letter is compared: lower case, without accents, width or shape.
func fold(r rune) string {
	if r < 0x80 {
		return string(unicode.ToLower(r))
	}
	if s, ok := special[unicode.ToLower(r)]; ok {
		return s
	}
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(r)) {
		if unicode.Is(unicode.Mn, d) {
			continue
		}
		d = unicode.ToLower(d)
		if s, ok := special[d]; ok {
			b.WriteString(s)
		} else if unicode.IsLetter(d) || unicode.IsDigit(d) {
			b.WriteRune(d)
		}
	}
	return b.String()
}

// A field word is a word that is also found by an operator: from:ann. It is stored with a letter of the private use area before it, which no text has.
const (
	fieldFrom    = '\uE000'
	fieldTo      = '\uE001'
	fieldSubject = '\uE002'
	fieldMark    = '\uE003' // what a document is or has: mark
	fieldFile    = '\uE004'
	fieldCc      = '\uE005'
	allFields    = "\uE000\uE001\uE002\uE003\uE004\uE005"
)

// document is what is indexed of one row: its words in order, the field words among them.
type document struct {
	words []string
	size  int
	prose map[string]string // folded words of its texts, with how they are written
	names map[string]string // those of names, subjects and files, which may be mistyped
}

func (d *document) add(w string) {
	if d.size += len(w) + 4; d.size < maxSize {
		d.words = append(d.words, w)
	}
}

// text adds what is said, name what is called: a mistyped search is led to names.
func (d *document) text(s string) { d.put(s, false) }
func (d *document) name(s string) { d.put(s, true) }

func (d *document) put(s string, named bool) {
	if len(s) > maxText {
		s = s[:maxText]
	}
	if d.prose == nil {
		d.prose, d.names = map[string]string{}, map[string]string{}
	}
	for _, w := range words(s, maxWords-len(d.words)) {
		d.add(w.text)
		if !worth(w.text) {
			continue
		}
		if _, ok := d.prose[w.text]; !ok {
			d.prose[w.text] = written(s[w.start:w.end])
		}
		if named {
			d.names[w.text] = d.prose[w.text]
		}
	}
	d.gap()
}

// worth: a word of letters alone, neither a sign nor a code.
func worth(w string) bool {
	n := 0
	for _, r := range w {
		if !unicode.IsLetter(r) || unbroken(r) {
			return false
		}
		n++
	}
	return n >= 3 && n <= 30
}

// written is a word in lower case, its accents kept.
func written(s string) string { return norm.NFC.String(strings.ToLower(s)) }

// gap keeps a phrase from reaching over the end of a text.
func (d *document) gap() {
	if len(d.words) > 0 && len(d.words) < maxWords {
		d.add(string(fieldMark) + "end")
	}
}

func (d *document) field(f rune, s string) {
	if s == "" {
		return
	}
	for _, w := range words(s, min(200, maxWords-len(d.words))) {
		d.add(string(f) + w.text)
	}
	d.gap()
}

// mark adds a word that says what the document is: hasattachment, kmessage, i17, cchat.
func (d *document) mark(name string) { d.words = append(d.words, string(fieldMark)+name) }

// spaced is the document for FTS5.
func (d *document) spaced() string { return strings.Join(d.words, " ") }

// vector is the document as PostgreSQL writes a tsvector.
func (d *document) vector() string {
	var b strings.Builder
	for i, w := range d.words {
		if i > 0 {
			b.WriteByte(' ')
		}
		lexeme(&b, w)
		b.WriteByte(':')
		writeInt(&b, i+1)
	}
	return b.String()
}

func writeInt(b *strings.Builder, n int) {
	var digits [8]byte
	i := len(digits)
	for n > 0 {
		i--
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	b.Write(digits[i:])
}

// lexeme quotes a word for a tsvector or tsquery. Words hold letters and digits alone, so nothing needs escaping; the quotes are for their scripts.
func lexeme(b *strings.Builder, w string) {
	b.WriteByte('\'')
	b.WriteString(strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(w))
	b.WriteByte('\'')
}
