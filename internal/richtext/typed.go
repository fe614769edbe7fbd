package richtext

import (
	"strings"
	"unicode"
)

// Typed is what somebody typed into a form or a chat, fit to be stored and shown: valid, its lines ended by \n, without control characters and without the marks that turn
// the direction of what follows.
func Typed(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s))
}

// TypedText is typed text of at most n characters.
func TypedText(s string, n int) string {
	s = Typed(s)
	if len(s) > n {
		if r := []rune(s); len(r) > n {
			return string(r[:n])
		}
	}
	return s
}

// TypedLine is typed text in one line of at most n bytes.
func TypedLine(s string, n int) string {
	s = strings.Join(strings.Fields(Typed(s)), " ")
	if len(s) > n {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:n], ""))
	}
	return s
}
