package mime

import (
	"sort"
	"strconv"
	"strings"
)

// Value is a structured field: a token and parameters by lower-case name, decoded.
type Value struct {
	Token  string // lower case
	Params map[string]string
}

// ParseValue reads Content-Type and Content-Disposition as senders write them: unquoted values with spaces, missing
// semicolons, RFC 2231 continuations and charsets, encoded words where none belong, raw 8-bit.
func ParseValue(raw string) Value {
	v := Value{Params: map[string]string{}}
	head, rest := cutParam(raw)
	head = strings.TrimSpace(stripOuterComment(head))
	if i := strings.IndexAny(head, " \t"); i > 0 { // a missing semicolon: "text/plain charset=utf-8"
		if strings.Contains(head[i:], "=") {
			rest = head[i:] + ";" + rest
		}
		head = head[:i]
	}
	if strings.Contains(head, "=") { // no token at all
		rest, head = head+";"+rest, ""
	}
	v.Token = strings.ToLower(Clean(strings.Trim(head, " \t\"';,")))
	parts := map[string][]section{}
	for n := 0; rest != "" && n < 200; n++ {
		var one string
		one, rest = cutParam(rest)
		name, val, ok := strings.Cut(one, "=")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.Trim(stripOuterComment(name), " \t\"'"))
		val = strings.TrimSpace(val)
		if strings.HasPrefix(val, "(") && strings.Contains(val, ") \"") {
			val = strings.TrimSpace(stripOuterComment(val))
		}
		val = unquoteParam(val)
		if strings.Contains(name, "*") {
			addSection(parts, name, val)
			continue
		}
		if _, dup := v.Params[name]; !dup {
			v.Params[name] = DecodeWords(val)
		}
	}
	for name, secs := range parts {
		if s := joinSections(secs); s != "" {
			v.Params[name] = s // the extended form wins (RFC 6266 §4.3 for the same idea)
		}
	}
	return v
}

// cutParam returns what stands before the next semicolon outside quotes. A quote that never closes is an ordinary character.
func cutParam(s string) (one, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			if quoted || strings.IndexByte(s[i+1:], '"') >= 0 {
				quoted = !quoted
			}
		case ';':
			if !quoted {
				return s[:i], s[i+1:]
			}
		}
	}
	return s, ""
}

func stripOuterComment(s string) string {
	if i := strings.IndexByte(s, '('); i >= 0 {
		if j := strings.IndexByte(s[i:], ')'); j >= 0 {
			return s[:i] + " " + s[i+j+1:]
		}
	}
	return s
}

func unquoteParam(s string) string {
	if len(s) > 0 && s[0] == '"' {
		body := s[1:]
		end := len(body)
		for i := 0; i < len(body); i++ {
			if body[i] == '\\' && i+1 < len(body) {
				i++
			} else if body[i] == '"' {
				end = i
				break
			}
		}
		body = body[:end]
		if !strings.Contains(body, `\`) {
			return body
		}
		var b strings.Builder
		for i := 0; i < len(body); i++ {
			if body[i] == '\\' && i+1 < len(body) && (body[i+1] == '"' || body[i+1] == '\\') {
				i++
			}
			b.WriteByte(body[i])
		}
		return b.String()
	}
	if len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return s[1 : len(s)-1]
	}
	return s
}

// section is one piece of an RFC 2231 parameter.
type section struct {
	n       int
	encoded bool
	value   string
}

func addSection(parts map[string][]section, name, val string) {
	f := strings.Split(name, "*")
	s := section{value: val}
	last := f[len(f)-1]
	switch {
	case len(f) == 2 && last == "":
		s.encoded = true
	case len(f) == 2:
		s.n, _ = strconv.Atoi(last)
	case len(f) == 3:
		s.n, _ = strconv.Atoi(f[1])
		s.encoded = true
	default:
		return
	}
	if len(parts[f[0]]) < 200 {
		parts[f[0]] = append(parts[f[0]], s)
	}
}

func joinSections(secs []section) string {
	sort.SliceStable(secs, func(i, j int) bool { return secs[i].n < secs[j].n })
	charset := ""
	var data []byte
	anyEncoded := false
	for i, s := range secs {
		v := s.value
		if s.encoded {
			anyEncoded = true
			if i == 0 {
				if f := strings.SplitN(v, "'", 3); len(f) == 3 {
					charset, v = f[0], f[2]
				}
			}
			data = append(data, percent(v)...)
			continue
		}
		data = append(data, v...)
	}
	if !anyEncoded {
		return DecodeWords(string(data))
	}
	s, _ := ToUTF8(data, charset)
	if strings.Contains(s, "=?") {
		s = DecodeWords(s)
	}
	return s
}

func percent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && hexValue(s[i+1]) >= 0 && hexValue(s[i+2]) >= 0 {
			out = append(out, byte(hexValue(s[i+1])<<4|hexValue(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}
