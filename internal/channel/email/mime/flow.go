package mime

import "strings"

// unflow joins the soft lines of format=flowed (RFC 3676), keeping quote marks; with delsp the joining space goes too.
func unflow(s string, delsp bool) string {
	var out strings.Builder
	out.Grow(len(s))
	open, depth := false, 0
	for n, l := range strings.Split(s, "\n") {
		q := 0
		for q < len(l) && l[q] == '>' {
			q++
		}
		body := strings.TrimPrefix(l[q:], " ")
		flowed := strings.HasSuffix(body, " ") && body != "-- "
		if flowed && delsp {
			body = body[:len(body)-1]
		}
		if !open || q != depth || body == "-- " {
			if n > 0 {
				out.WriteByte('\n')
			}
			if q > 0 {
				out.WriteString(strings.Repeat(">", min(q, 40)) + " ")
			}
		}
		out.WriteString(body)
		open, depth = flowed, q
	}
	return out.String()
}

// enriched makes text of text/enriched (RFC 1896).
func enriched(s string) string {
	var b strings.Builder
	newlines, nofill, param := 0, 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\n' && nofill == 0:
			newlines++
			continue
		case c == '<' && strings.HasPrefix(s[i:], "<<"):
			i++
		case c == '<':
			end := strings.IndexByte(s[i:], '>')
			if end < 0 || end > 62 {
				break
			}
			switch strings.ToLower(s[i+1 : i+end]) {
			case "param":
				param++
			case "/param":
				param = max(0, param-1)
			case "nofill", "verbatim":
				nofill++
			case "/nofill", "/verbatim":
				nofill = max(0, nofill-1)
			case "nl", "np":
				newlines += 2
			}
			i += end
			continue
		}
		if param > 0 {
			continue
		}
		switch {
		case newlines == 1:
			b.WriteByte(' ')
		case newlines > 1:
			b.WriteString(strings.Repeat("\n", min(newlines-1, 4)))
		}
		newlines = 0
		b.WriteByte(c)
	}
	return b.String()
}
