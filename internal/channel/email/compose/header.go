package compose

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"
)

// foldAt is where header lines are folded (RFC 5322 2.1.1 recommends 78).
const foldAt = 76

// header writes fields. Values are cleaned of line breaks and control characters, so that nothing a person typed can add a field.
type header struct {
	b    strings.Builder
	utf8 bool // an address needs SMTPUTF8
}

// tokens writes a field of parts that may be folded between, and nowhere else.
func (h *header) tokens(name string, sep string, parts []string) {
	if len(parts) == 0 {
		return
	}
	h.b.WriteString(name + ":")
	col := len(name) + 1
	for i, p := range parts {
		if i < len(parts)-1 {
			p += sep
		}
		if col+1+len(p) > foldAt && i > 0 {
			h.b.WriteString("\r\n")
			col = 0
		}
		h.b.WriteString(" " + p)
		col += 1 + len(p)
	}
	h.b.WriteString("\r\n")
}

// text writes an unstructured field (RFC 2047 where it must be).
func (h *header) text(name, value string) {
	h.tokens(name, "", phrase(tidy(value), false))
}

// phrase cuts text into words; with words that need it encoded. inName asks for the stricter rule of names (RFC 2047, 5 (3)).
func phrase(s string, inName bool) []string {
	plain := !strings.Contains(s, "=?")
	for _, w := range strings.Split(s, " ") {
		plain = plain && len(w) <= 200
	}
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= 0x20 && s[i] < 0x7f
	}
	if plain {
		return strings.Split(s, " ")
	}
	enc := mime.BEncoding
	if ascii := countASCII(s); !inName && ascii*4 > utf8.RuneCountInString(s)*3 {
		enc = mime.QEncoding
	}
	return strings.Split(encodeWords(enc, s), " ")
}

// encodeWords encodes all of s, also where the library would leave ASCII alone.
func encodeWords(enc mime.WordEncoder, s string) string {
	if e := enc.Encode("utf-8", s); e != s {
		return e
	}
	var out []string
	for len(s) > 0 {
		n := min(len(s), 40)
		out = append(out, "=?utf-8?q?"+qWord(s[:n])+"?=")
		s = s[n:]
	}
	return strings.Join(out, " ")
}

func qWord(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('_')
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}

func countASCII(s string) (n int) {
	for _, r := range s {
		if r < 0x80 {
			n++
		}
	}
	return n
}

// address writes one mailbox; "" when the address cannot be sent to.
func (h *header) address(name, addr string) string {
	a := WireAddress(addr)
	if a == "" {
		return ""
	}
	if !IsASCII(a) {
		h.utf8 = true
	}
	name = tidy(name)
	if name == "" {
		return a
	}
	return displayName(name) + " <" + a + ">"
}

// addresses writes a list of mailboxes, one foldable part each; long names fold inside.
func (h *header) addresses(field string, list []string) {
	var parts []string
	for i, a := range list {
		if i < len(list)-1 {
			a += ","
		}
		parts = append(parts, unquotedFields(a)...)
	}
	h.tokens(field, "", parts)
}

// unquotedFields cuts at spaces outside quotes.
func unquotedFields(s string) []string {
	var out []string
	quoted, start := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ' ' && !quoted:
			if i > start {
				out = append(out, s[start:i])
			}
			start = i + 1
		}
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

func displayName(name string) string {
	atoms, ascii := true, true
	for _, r := range name {
		if r >= 0x80 {
			ascii = false
		} else if !atext(byte(r)) && r != ' ' {
			atoms = false
		}
	}
	switch {
	case !ascii || strings.Contains(name, "=?") || len(name) > 200:
		return strings.Join(phrase(name, true), " ")
	case atoms && !strings.Contains(name, "  "):
		return name
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

func atext(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// DotAtom reports whether s may stand left of the @ as it is (RFC 5322 3.2.3).
func DotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !atext(s[i]) && s[i] != '.' {
			return false
		}
	}
	return true
}

// bracketed returns those of a list that are message ids, in angle brackets.
func bracketed(list []string) []string {
	var out []string
	for _, id := range list {
		if id = CleanID(id); id != "" {
			out = append(out, "<"+id+">")
		}
	}
	return out
}

// CleanID is a message id without its brackets, or "" when it cannot stand in a header.
func CleanID(id string) string {
	id = strings.TrimSpace(id)
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	if id == "" || len(id) > 500 || !IsASCII(id) || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
		return ""
	}
	return id
}

const maxRefs = 20

// references is the bounded chain (RFC 5322 3.6.4): the first, which roots the thread, and the last ones, ending in what is answered.
func references(refs []string, inReplyTo string) []string {
	var out []string
	seen := map[string]bool{}
	answered := CleanID(inReplyTo)
	for _, r := range refs {
		if r = CleanID(r); r != "" && !seen[r] && r != answered {
			seen[r] = true
			out = append(out, r)
		}
	}
	if answered != "" {
		out = append(out, answered)
	}
	if len(out) > maxRefs {
		out = append(out[:1:1], out[len(out)-maxRefs+1:]...)
	}
	return out
}

// tidy makes one line of clean text.
func tidy(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			return ' '
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// IsASCII reports whether s has ASCII letters only.
func IsASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// param writes a file name as a parameter twice: in ASCII for old programs and as RFC 2231 for all others.
func param(name, value string) string {
	value = tidy(value)
	ascii := strings.Map(func(r rune) rune {
		if r >= 0x80 || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, value)
	s := ";\r\n " + name + `="` + ascii + `"`
	if ascii != value {
		s += ";\r\n " + name + "*=utf-8''" + strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(value), "+", "%20"), "*", "%2A")
	}
	return s
}

// Random returns n random bytes in hex.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}
