package mime

import (
	"strings"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/desk"
)

// Address is one mailbox of an address list. Addr is normalised (desk.NormalizeEmail), or "" when the text named nobody readable;
// then Name holds what was written.
type Address struct {
	Name string
	Addr string
}

// maxAddresses bounds one list.
const maxAddresses = 2000

type tokenKind int

const (
	tokWord tokenKind = iota
	tokQuoted
	tokComment
	tokAngle
	tokComma
	tokSemicolon
	tokColon
)

type token struct {
	kind  tokenKind
	text  string
	glued bool // no white space before it
}

// ParseAddresses reads an address list as senders write it: groups, comments, quoted pairs, semicolons or spaces for commas,
// missing or doubled brackets, encoded words anywhere, commas in unquoted names, internationalised domains. It never fails;
// the result has only entries with an address, unless there is none at all: then the first name is returned alone.
func ParseAddresses(raw string) []Address {
	if !utf8.ValidString(raw) {
		raw, _ = ToUTF8([]byte(raw), "")
	}
	out, name := parseAddressList(raw)
	if len(out) == 0 && strings.Contains(raw, "=?") {
		if dec := DecodeWords(raw); strings.Contains(dec, "@") && dec != raw {
			out, _ = parseAddressList(dec)
		}
	}
	if len(out) == 0 && name != "" {
		return []Address{{Name: name}}
	}
	return out
}

// FirstAddress returns the first entry that has an address, else the first, else zero.
func FirstAddress(list []Address) Address {
	for _, a := range list {
		if a.Addr != "" {
			return a
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return Address{}
}

func parseAddressList(raw string) (out []Address, onlyName string) {
	toks := lexAddresses(raw)
	var seg, held []token // held: a name cut by a comma
	flush := func(hold bool) {
		if len(seg) == 0 {
			return
		}
		full := seg
		if len(held) > 0 {
			full = append(append([]token{}, held...), seg...)
		}
		found := readMailboxes(full)
		if len(found) == 0 {
			name := phrase(full)
			if hold && len(held) < 12 && name != "" {
				held = append(append([]token{}, full...), token{kind: tokWord, text: ",", glued: true})
			} else {
				held = nil
			}
			if onlyName == "" {
				onlyName = strings.TrimSuffix(name, ",")
			}
			seg = nil
			return
		}
		out = append(out, found...)
		seg, held = nil, nil
	}
	for _, t := range toks {
		if len(out) >= maxAddresses {
			break
		}
		switch t.kind {
		case tokComma:
			flush(true)
		case tokSemicolon:
			flush(false)
			held = nil
		case tokColon:
			if isMailto(seg) {
				seg = seg[:len(seg)-1]
				continue
			}
			if hasAt(seg) {
				continue
			}
			seg, held = nil, nil // the name of a group
		default:
			seg = append(seg, t)
		}
	}
	flush(false)
	return out, onlyName
}

func isMailto(seg []token) bool {
	return len(seg) > 0 && strings.EqualFold(strings.TrimLeft(seg[len(seg)-1].text, "[("), "mailto")
}

func hasAt(seg []token) bool {
	for _, t := range seg {
		if t.kind == tokWord && strings.Contains(t.text, "@") {
			return true
		}
	}
	return false
}

// lexAddresses cuts a list into tokens; what is opened and never closed is an ordinary character.
func lexAddresses(s string) []token {
	var out []token
	glued := false
	add := func(k tokenKind, text string) {
		out = append(out, token{k, text, glued})
		glued = true
	}
	for i := 0; i < len(s) && len(out) < 20*maxAddresses; {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			glued = false
			i++
		case c == ',':
			add(tokComma, ",")
			i++
		case c == ';':
			add(tokSemicolon, ";")
			i++
		case c == ':':
			add(tokColon, ":")
			i++
		case c == '"':
			if text, n := lexQuoted(s[i:]); n > 0 {
				add(tokQuoted, text)
				i += n
			} else {
				i++
			}
		case c == '(':
			if text, n := lexComment(s[i:]); n > 0 {
				add(tokComment, text)
				i += n
			} else {
				i++
			}
		case c == '<':
			text, n := lexAngle(s[i:])
			add(tokAngle, text)
			i += n
		case c == '>' || c == ')':
			i++
		default:
			n := lexWord(s[i:])
			add(tokWord, s[i:i+n])
			i += n
		}
	}
	return out
}

// maxQuoted bounds how far the end of a quoted string is looked for: from every quote on, since one that is never closed is an ordinary character.
const maxQuoted = 2000

func lexQuoted(s string) (string, int) {
	s = s[:min(len(s), maxQuoted)]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i+1 < len(s) {
				i++
				b.WriteByte(s[i])
			}
		case '"':
			return b.String(), i + 1
		case '<':
			// an unclosed quote before an address: "Ann <ann@x.example>
			if j := strings.IndexByte(s[i:], '"'); j < 0 {
				return "", 0
			}
			b.WriteByte('<')
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0
}

// maxComment bounds how far the end of a comment is looked for.
const maxComment = 600

func lexComment(s string) (string, int) {
	depth := 0
	s = s[:min(len(s), maxComment)]
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i+1 < len(s) {
				i++
				b.WriteByte(s[i])
			}
			continue
		case '(':
			depth++
			if depth == 1 {
				continue
			}
		case ')':
			depth--
			if depth == 0 {
				return b.String(), i + 1
			}
		}
		b.WriteByte(s[i])
	}
	return "", 0
}

func lexAngle(s string) (string, int) {
	n := 1
	for n < len(s) && (s[n] == '<' || s[n] == ' ') {
		n++
	}
	end := strings.IndexByte(s[n:], '>')
	if next := strings.IndexByte(s[n:], '<'); end < 0 || next >= 0 && next < end {
		if k := strings.IndexAny(s[n:], ",;<"); k >= 0 {
			return s[n : n+k], n + k
		}
		return s[n:], len(s)
	}
	return s[n : n+end], n + end + 1
}

func lexWord(s string) int {
	if _, n, ok := parseWord(s); ok && n > 0 {
		return n
	}
	i := 0
	for i < len(s) && !strings.ContainsRune(" \t\r\n,;:\"(<>)", rune(s[i])) {
		if i > 0 && strings.HasPrefix(s[i:], "=?") {
			if _, _, ok := parseWord(s[i:]); ok {
				break
			}
		}
		i++
	}
	if i == 0 {
		return 1
	}
	return i
}

// readMailboxes finds the addresses of one segment. More than one happens when spaces stand for commas.
func readMailboxes(seg []token) []Address {
	var out []Address
	start := 0
	for i, t := range seg {
		if t.kind != tokAngle {
			continue
		}
		if addr := cleanAddr(t.text); addr != "" {
			name := phrase(seg[start:i])
			if desk.NormalizeEmail(name) == addr {
				name = ""
			}
			if name == "" && i+1 < len(seg) && seg[i+1].kind == tokComment {
				name = DecodeWords(seg[i+1].text)
			}
			out = append(out, Address{Name: name, Addr: addr})
			start = i + 1
		}
	}
	if len(out) > 0 {
		return out
	}
	return bareMailboxes(seg)
}

// bareMailboxes finds addr-specs without brackets.
func bareMailboxes(seg []token) []Address {
	joined := joinAround(joinDots(seg))
	var out []Address
	var comment string
	at := -1
	for i, t := range joined {
		if t.kind == tokComment {
			comment = DecodeWords(t.text)
			continue
		}
		if addr := cleanAddr(t.text); addr != "" {
			out = append(out, Address{Addr: addr})
			if at < 0 {
				at = i
			}
		}
	}
	if len(out) == 1 {
		rest := append(append([]token{}, joined[:at]...), joined[at+1:]...)
		out[0].Name = phrase(rest)
		if out[0].Name == "" {
			out[0].Name = comment
		}
	}
	return out
}

// joinDots glues the words around dots that stand alone: "ann . holm" (RFC 5322 §4.4).
func joinDots(seg []token) []token {
	var out []token
	for i, t := range seg {
		k := len(out) - 1
		if k >= 0 && len(out[k].text) < maxComment && t.kind == tokWord && out[k].kind == tokWord && (t.text == "." && i+1 < len(seg) || strings.HasSuffix(out[k].text, ".") && seg[i-1].text == ".") {
			out[k].text += t.text
			continue
		}
		out = append(out, t)
	}
	return out
}

// joinAround glues the words of "ann @ example . org" and of a quoted local part to one.
func joinAround(seg []token) []token {
	var out []token
	for _, t := range seg {
		k := len(out) - 1
		if k >= 0 && len(out[k].text) < maxComment && t.kind != tokComment && out[k].kind != tokComment && t.kind != tokAngle && out[k].kind != tokAngle {
			prev := out[k].text
			if strings.HasSuffix(prev, "@") || strings.HasPrefix(t.text, "@") && (t.glued || t.kind == tokWord) ||
				strings.HasSuffix(prev, ".") && strings.Contains(prev, "@") && !t.glued || strings.HasPrefix(t.text, ".") && strings.Contains(prev, "@") {
				if out[k].kind == tokQuoted && strings.HasPrefix(t.text, "@") {
					prev = `"` + prev + `"`
				}
				out[k] = token{tokWord, prev + t.text, out[k].glued}
				continue
			}
		}
		out = append(out, t)
	}
	return out
}

// cleanAddr normalises what stands where an address should: routes, mailto:, brackets, quotes and stray spaces removed.
func cleanAddr(s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "=?") {
		s = DecodeWords(s)
	}
	if strings.HasPrefix(s, "@") { // a source route
		if i := strings.LastIndexByte(s, ':'); i >= 0 {
			s = s[i+1:]
		}
	}
	s = strings.Trim(s, "<>[]'`‘’“” \t,;")
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
		if i := strings.IndexByte(s, '?'); i > 0 {
			s = s[:i]
		}
	}
	if addr := desk.NormalizeEmail(s); addr != "" {
		return addr
	}
	if strings.ContainsAny(s, " \t(") {
		for n := 0; n < 8; n++ { // comments inside an address (RFC 5322 §4.4)
			i := strings.IndexByte(s, '(')
			if i < 0 {
				break
			}
			_, size := lexComment(s[i:])
			if size == 0 {
				break
			}
			s = s[:i] + s[i+size:]
		}
		return desk.NormalizeEmail(strings.Join(strings.Fields(s), ""))
	}
	return ""
}

// phrase makes a display name of tokens.
func phrase(toks []token) string {
	var b strings.Builder
	for i, t := range toks {
		if t.kind == tokComment || t.kind == tokAngle {
			continue
		}
		if i > 0 && !t.glued && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	name := DecodeWords(b.String())
	for n := 0; n < 3; n++ {
		name = strings.TrimSpace(name)
		if len(name) > 1 && (name[0] == '"' && name[len(name)-1] == '"' || name[0] == '\'' && name[len(name)-1] == '\'') {
			name = name[1 : len(name)-1]
		}
	}
	if r := []rune(name); len(r) > 200 {
		name = string(r[:200])
	}
	return strings.TrimSpace(strings.Trim(name, ","))
}
