package richtext

import (
	"strings"
	"unicode"
)

// Typed is what somebody typed into a form, fit to be stored and shown: valid, its lines ended by \n, without control characters and without the marks that turn
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
