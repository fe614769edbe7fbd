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
	local, domain := s[:at], strings.TrimSuffix(s[at+1:], ".")
	if strings.ContainsFunc(domain, badInDomain) || domain == "" {
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
	if domain[0] != '[' {
		ascii, err := domains.ToASCII(domain)
		if err != nil || ascii == "" || len(ascii) > 253 {
			return ""
		}
		domain = ascii
	}
	return strings.ToLower(local) + "@" + strings.ToLower(domain)
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

func badInDomain(r rune) bool {
	return isControl(r) || strings.ContainsRune(" \"\\@,;<>()", r) || r == 0xa0 || r == utf8.RuneError
}

func badInLocal(r rune) bool {
	return isControl(r) || strings.ContainsRune(" \"\\,;:<>()[]", r) || r == 0xa0 || r == utf8.RuneError
}
