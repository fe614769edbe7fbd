package smtpd

import (
	"strings"
	"unicode/utf8"
)

// path reads "FROM:<a@b> SIZE=1" with prefix "FROM:". A source route is dropped (RFC 5321, appendix F.2).
func path(arg, prefix string) (addr string, params []string, ok bool) {
	if len(arg) < len(prefix) || !strings.EqualFold(arg[:len(prefix)], prefix) || !utf8.ValidString(arg) || strings.ContainsRune(arg, 0) {
		return "", nil, false
	}
	rest := strings.TrimLeft(arg[len(prefix):], " ")
	if strings.HasPrefix(rest, "<") {
		end := closing(rest)
		if end < 0 {
			return "", nil, false
		}
		addr, rest = rest[1:end], rest[end+1:]
	} else {
		addr, rest, _ = strings.Cut(rest, " ")
		if addr == "" {
			return "", nil, false
		}
	}
	if strings.HasPrefix(addr, "@") {
		_, after, found := strings.Cut(addr, ":")
		if !found {
			return "", nil, false
		}
		addr = after
	}
	if len(addr) > 320 {
		return "", nil, false
	}
	return addr, strings.Fields(rest), true
}

// closing finds the > that ends a path, past a quoted local part.
func closing(s string) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && s[i] == '>':
			return i
		}
	}
	return -1
}

func plausible(a string) bool {
	i := strings.LastIndexByte(a, '@')
	if i < 1 || i == len(a)-1 {
		return false
	}
	for _, r := range a {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	return !strings.ContainsAny(a[i+1:], " <>\"\\,;()")
}

// clean makes a peer's word safe to store.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
}
