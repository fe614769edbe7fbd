package richtext

import "strings"

// cssProperties may stay in a style attribute. Nothing here can place a box over another, fetch or run.
var cssProperties = set(`background background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width
	border-collapse border-color border-left border-left-color border-left-style border-left-width border-radius border-right
	border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color border-top-style
	border-top-width border-width caption-side clear color direction display empty-cells float font font-family font-size font-style
	font-variant font-weight height letter-spacing line-height list-style list-style-type margin margin-bottom margin-left
	margin-right margin-top max-height max-width min-height min-width overflow-wrap padding padding-bottom padding-left padding-right padding-top
	table-layout text-align text-decoration text-decoration-color text-decoration-line text-indent text-transform unicode-bidi
	vertical-align visibility white-space width word-break word-spacing word-wrap mso-hide`)

var cssFunctions = set(`rgb rgba hsl hsla`)

// maxStyle bounds the bytes of one style attribute that are read.
const maxStyle = 8 << 10

// cleanStyle keeps the allowed declarations of a style attribute. url is the first remote background image, which the
// caller sets aside or puts back.
func cleanStyle(style string) (clean, url string) {
	if len(style) > maxStyle {
		style = style[:maxStyle]
	}
	var kept []string
	for _, decl := range splitDeclarations(stripComments(style)) {
		name, value, ok := strings.Cut(decl, ":")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.TrimSpace(value)
		if (name == "background" || name == "background-image") && url == "" {
			if u := cssURL(value); u != "" {
				url = u
			}
		}
		if name == "background" {
			value = dropURL(value)
		}
		if cssProperties[name] && safeValue(name, value) {
			kept = append(kept, name+":"+value)
		}
	}
	return strings.Join(kept, ";"), url
}

func stripComments(s string) string {
	for {
		i := strings.Index(s, "/*")
		if i < 0 {
			return s
		}
		j := strings.Index(s[i+2:], "*/")
		if j < 0 {
			return s[:i]
		}
		s = s[:i] + " " + s[i+2+j+2:]
	}
}

// splitDeclarations splits at semicolons outside quotes and parentheses.
func splitDeclarations(s string) []string {
	var out []string
	start, depth := 0, 0
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ';' && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// safeValue accepts only plain words, numbers, colours and quoted font names.
func safeValue(name, v string) bool {
	if v == "" || len(v) > 300 {
		return false
	}
	lower := strings.ToLower(v)
	word := 0
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
			continue
		case c == '(':
			if !cssFunctions[strings.TrimLeft(lower[word:i], " ")] {
				return false
			}
		case c == ' ', c == '#', c == '%', c == '.', c == ',', c == '\'', c == '"', c == '+', c == '!', c == '/', c == ')', c == '_', c >= 0x80:
		default:
			return false // backslash, colon, angle brackets, at, braces, equals, semicolon
		}
		word = i + 1
	}
	if strings.Count(v, `"`)%2 != 0 || strings.Count(v, "'")%2 != 0 && !strings.Contains(v, `"`) {
		return false
	}
	return safeFor(name, lower)
}

// safeFor refuses values of allowed properties that could lay text over other text or hide it from the reader oddly.
func safeFor(name, lower string) bool {
	switch {
	case strings.HasPrefix(name, "margin"), name == "text-indent", name == "letter-spacing", name == "word-spacing":
		for _, f := range strings.Fields(lower) {
			if strings.HasPrefix(f, "-") && len(f) > 1 && (f[1] == '.' || f[1] >= '1' && f[1] <= '9') {
				return name == "text-indent" && len(f) <= 7 && !strings.Contains(f, "em") || name == "letter-spacing" && len(f) <= 6
			}
		}
	case name == "display":
		return !strings.Contains(lower, "fixed")
	}
	return true
}

// cssURL returns the address inside the first url(…) of a value.
func cssURL(v string) string {
	if strings.Contains(v, `\`) {
		return ""
	}
	i := strings.Index(strings.ToLower(v), "url(")
	if i < 0 {
		return ""
	}
	rest := v[i+4:]
	j := strings.IndexByte(rest, ')')
	if j < 0 {
		return ""
	}
	return strings.Trim(strings.TrimSpace(rest[:j]), `"'`)
}

// dropURL removes every url(…) so that the colour of a background shorthand can stay.
func dropURL(v string) string {
	for n := 0; n < 8; n++ {
		i := strings.Index(strings.ToLower(v), "url(")
		if i < 0 {
			return v
		}
		j := strings.IndexByte(v[i:], ')')
		if j < 0 {
			return strings.TrimSpace(v[:i])
		}
		v = strings.TrimSpace(v[:i] + " " + v[i+j+1:])
	}
	return v
}
