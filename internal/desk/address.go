package desk

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxEmail is the longest mail address accepted, in bytes (RFC 5321: 64 + 1 + 255).
const maxEmail = 320

var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// NormalizeEmail is the one form in which a mail address identifies somebody: no brackets, lower case throughout,
// the domain in ASCII (RFC 5891) without a final dot. It returns "" for what is no address. The local part keeps
// plus tags and dots, which are the receiver's business (RFC 5321 §2.3.11).
func NormalizeEmail(s string) string {
	s = strings.TrimSpace(s)
	s = strings.TrimPrefix(strings.TrimSuffix(s, ">"), "<")
	if len(s) >= 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > maxEmail || !utf8.ValidString(s) {
		return ""
	}
	local, domain := s[:at], strings.TrimRight(s[at+1:], ".")
	if domain == "" || domain[0] == '.' || strings.ContainsFunc(domain, badInDomain) {
		return ""
	}
	if quoted := len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"'; quoted {
		if inner := local[1 : len(local)-1]; !strings.ContainsAny(inner, `"\ @,;:<>()[]`) {
			local = inner // needless quotes
		}
		if strings.ContainsFunc(local, isControl) {
			return ""
		}
	} else if strings.ContainsFunc(local, badInLocal) {
		return ""
	}
	if domain = asciiDomain(domain); domain == "" {
		return ""
	}
	return strings.ToLower(local) + "@" + strings.ToLower(domain)
}

// asciiDomain maps a domain name to ASCII; "" when it is none. The mapping may yield spaces and signs, so its outcome is checked too.
func asciiDomain(d string) string {
	if literal := d[0] == '[' && d[len(d)-1] == ']'; literal {
		d = d[1 : len(d)-1]
		if d == "" || strings.ContainsFunc(d, func(r rune) bool { return r >= 0x80 || r == '[' || r == ']' }) {
			return ""
		}
		return "[" + d + "]"
	}
	if len(d) > 253 || strings.ContainsAny(d, "[]") {
		return ""
	}
	if !strings.ContainsFunc(d, func(r rune) bool { return r >= 0x80 }) && !strings.Contains(strings.ToLower(d), "xn--") {
		return d
	}
	ascii, err := domains.ToASCII(d)
	if err != nil || ascii == "" || len(ascii) > 253 || strings.ContainsFunc(ascii, badInDomain) {
		return ""
	}
	if again, err := domains.ToASCII(ascii); err != nil || again != ascii {
		return ""
	}
	return ascii
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

func badInDomain(r rune) bool {
	return isControl(r) || strings.ContainsRune(" \"\\@,;<>()", r) || r == 0xa0 || r == utf8.RuneError
}

func badInLocal(r rune) bool {
	return isControl(r) || strings.ContainsRune(" \"\\,;:<>()[]", r) || r == 0xa0 || r == utf8.RuneError
}
