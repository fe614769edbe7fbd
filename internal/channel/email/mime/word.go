package mime

import (
	"strings"
	"unicode/utf8"
)

// word is one encoded word (RFC 2047 §2), decoded to bytes and not yet to characters.
type word struct {
	charset string
	enc     byte
	data    []byte
}

// parseWord reads an encoded word at the start of s and returns its length. It takes what senders write: spaces inside,
// an RFC 2231 language, a missing end at the end of the field, an encoding letter in either case.
func parseWord(s string) (w word, n int, ok bool) {
	if !strings.HasPrefix(s, "=?") {
		return w, 0, false
	}
	i := strings.IndexByte(s[2:], '?')
	if i < 1 || i > 60 {
		return w, 0, false
	}
	w.charset = s[2 : 2+i]
	if strings.ContainsAny(w.charset, " \t\"<>()@,=") {
		return w, 0, false
	}
	rest := s[2+i+1:]
	if len(rest) < 2 || rest[1] != '?' {
		return w, 0, false
	}
	w.enc = rest[0] | 0x20
	if w.enc != 'b' && w.enc != 'q' {
		return w, 0, false
	}
	text := rest[2:]
	n = len(s) - len(text)
	end := strings.Index(text, "?=")
	if end >= 0 && w.enc == 'q' && strings.HasPrefix(text[end:], "?==") && len(text) > end+4 && hexValue(text[end+3]) >= 0 && hexValue(text[end+4]) >= 0 {
		if e := strings.Index(text[end+2:], "?="); e >= 0 { // "?=" followed by "=C3" belongs to the text: a raw question mark
			end += 2 + e
		}
	}
	switch {
	case end >= 0:
		n += end + 2
		text = text[:end]
	case strings.HasSuffix(text, "?"):
		n += len(text)
		text = text[:len(text)-1]
	case !strings.ContainsAny(text, " \t") || w.enc == 'b':
		if k := strings.IndexAny(text, " \t<\""); k >= 0 {
			text = text[:k]
		}
		n += len(text)
	default:
		return w, 0, false
	}
	if w.enc == 'b' {
		w.data, _, ok = decodeBase64([]byte(strings.Join(strings.Fields(text), "")), int64(len(text)))
		if !ok && text != "" {
			return w, 0, false
		}
		return w, n, true
	}
	w.data = decodeQ(text)
	return w, n, true
}

func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && hexValue(s[i+1]) >= 0 && hexValue(s[i+2]) >= 0:
			out = append(out, byte(hexValue(s[i+1])<<4|hexValue(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

// DecodeWords reads a header value: encoded words anywhere (also inside quotes and glued to text), characters split across
// words, raw 8-bit text in any charset. The result is clean UTF-8 on one line without spaces at its ends.
func DecodeWords(raw string) string {
	s := decodeWords(raw)
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

func decodeWords(raw string) string {
	if !strings.Contains(raw, "=?") {
		return plainHeader(raw)
	}
	var out strings.Builder
	text := 0 // start of text not yet written
	for i := 0; i < len(raw); {
		k := strings.Index(raw[i:], "=?")
		if k < 0 {
			break
		}
		i += k
		w, n, ok := parseWord(raw[i:])
		if !ok {
			i += 2
			continue
		}
		if between := raw[text:i]; strings.TrimSpace(between) != "" || text == 0 {
			out.WriteString(plainHeader(between))
		} else if text == 0 {
			out.WriteString(between)
		}
		i += n
		for { // join neighbours of the same charset, so that split characters come together
			gap := len(raw[i:]) - len(strings.TrimLeft(raw[i:], " \t\r\n"))
			next, m, ok := parseWord(raw[i+gap:])
			if !ok || !strings.EqualFold(next.charset, w.charset) || stateful(w.charset) {
				break
			}
			w.data = append(w.data, next.data...)
			i += gap + m
		}
		s, _ := ToUTF8(w.data, w.charset)
		out.WriteString(s)
		text = i
	}
	out.WriteString(plainHeader(raw[text:]))
	return Clean(out.String())
}

// stateful charsets begin anew in every word.
func stateful(charset string) bool {
	l := cleanLabel(charset)
	return strings.HasPrefix(l, "iso-2022") || strings.HasPrefix(l, "utf-16") || isUTF7(l)
}

// plainHeader reads text of a header outside encoded words.
func plainHeader(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0x1b) < 0 {
		return Clean(s)
	}
	out, _ := ToUTF8([]byte(s), "")
	return out
}
