package desk

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxSlug is the longest slug, in bytes.
const maxSlug = 63

// ValidSlug reports whether s may name a thing in settings: lower-case letters, digits, - and _, beginning with a letter or digit, 1 to 63 long.
func ValidSlug(s string) bool {
	if s == "" || len(s) > maxSlug {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case (c == '-' || c == '_') && i > 0:
		default:
			return false
		}
	}
	return true
}

// CheckSlug refuses what ValidSlug does, naming the field.
func CheckSlug(field, s string) error {
	if ValidSlug(s) {
		return nil
	}
	return Errorf(Invalid, "slug.malformed", "%q cannot be a short name: use 1 to 63 lower-case letters, digits, - and _, beginning with a letter or digit.", s).In(field)
}

// Slug makes a slug of a name: accents are dropped and everything else becomes a hyphen. It returns "" when nothing is left.
func Slug(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent
		default:
			gap = true
		}
		if b.Len() >= maxSlug-20 { // room for a number that makes it unique
			break
		}
	}
	return b.String()
}
