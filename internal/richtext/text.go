package richtext

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

var (
	textBlocks = set(`address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form
		h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary table tbody tfoot thead tr ul caption`)
	textParagraphs = set(`p h1 h2 h3 h4 h5 h6 blockquote pre ul ol dl table`)
)

// ToText makes plain text of HTML for previews, search and replies in plain text: blocks on lines of their own, list
// items with a dash, cells of a row on one line, nothing of what is hidden by display:none. It never fails.
func ToText(src string) string {
	if len(src) > MaxInput {
		src = src[:MaxInput]
	}
	t := &textWriter{}
	t.run(strings.ToValidUTF8(src, "\uFFFD"))
	return t.String()
}

type textWriter struct {
	b       strings.Builder
	breaks  int  // line breaks owed before the next word
	space   bool // a space owed before the next word
	pre     int
	hidden  int // depth inside hidden elements
	hiddens []string
	list    []int // per open list: -1 for bullets, else the next number
}

func (t *textWriter) run(src string) {
	z := html.NewTokenizer(strings.NewReader(src))
	drop := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if !drop && t.hidden == 0 {
				t.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			n := string(name)
			drop = droppedWhole[n]
			t.start(n, readAttrs(z, more))
		case html.EndTagToken:
			name, _ := z.TagName()
			drop = false
			t.end(string(name))
		}
	}
}

func (t *textWriter) start(n string, attrs []html.Attribute) {
	if t.hidden > 0 {
		if !void[n] && n != "input" && n != "meta" && n != "link" && len(t.hiddens) > 0 && t.hiddens[0] == n {
			t.hidden++
		}
		return
	}
	if isHidden(n, attrs) {
		t.hidden, t.hiddens = 1, []string{n}
		return
	}
	switch n {
	case "br":
		t.breaks++
		t.space = false
		return
	case "hr":
		t.newline(1)
	case "td", "th":
		t.space = true
	case "ul", "menu", "dir":
		t.list = append(t.list, -1)
	case "ol":
		t.list = append(t.list, 1)
	case "pre", "xmp", "listing", "plaintext":
		t.pre++
	}
	t.block(n)
	if n == "li" {
		t.bullet()
	}
}

func (t *textWriter) end(n string) {
	if t.hidden > 0 {
		if len(t.hiddens) > 0 && t.hiddens[0] == n {
			t.hidden--
		}
		return
	}
	switch n {
	case "ul", "ol", "menu", "dir":
		if len(t.list) > 0 {
			t.list = t.list[:len(t.list)-1]
		}
	case "pre", "xmp", "listing":
		if t.pre > 0 {
			t.pre--
		}
	}
	t.block(n)
}

func (t *textWriter) block(n string) {
	switch {
	case textParagraphs[n] && len(t.list) == 0:
		t.newline(2)
	case textBlocks[n]:
		t.newline(1)
	}
}

func (t *textWriter) bullet() {
	mark := "- "
	if k := len(t.list); k > 0 && t.list[k-1] > 0 {
		mark = itoa(t.list[k-1]) + ". "
		t.list[k-1]++
	}
	if k := len(t.list); k > 1 {
		mark = strings.Repeat("  ", min(k-1, 10)) + mark
	}
	t.flush()
	t.b.WriteString(mark)
	t.space = false
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

// newline owes at least n line breaks before the next word.
func (t *textWriter) newline(n int) {
	if t.breaks < n {
		t.breaks = n
	}
	t.space = false
}

func (t *textWriter) flush() {
	if t.b.Len() > 0 {
		for i := 0; i < min(t.breaks, 3); i++ {
			t.b.WriteByte('\n')
		}
		if t.space && t.breaks == 0 {
			t.b.WriteByte(' ')
		}
	}
	t.breaks, t.space = 0, false
}

func (t *textWriter) text(s string) {
	if t.pre > 0 {
		t.preformatted(s)
		return
	}
	for _, r := range s {
		switch {
		case r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' || r == 0xa0:
			if t.breaks == 0 {
				t.space = true
			}
		case invisible(r):
		default:
			t.flush()
			t.b.WriteRune(r)
		}
	}
}

func (t *textWriter) preformatted(s string) {
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		if r == '\n' || r == '\r' {
			t.breaks++
			continue
		}
		if invisible(r) {
			continue
		}
		t.flush()
		if r == 0xa0 {
			r = ' '
		}
		t.b.WriteRune(r)
	}
}

// invisible are characters that mailers use as padding and that mean nothing in text.
func invisible(r rune) bool {
	switch r {
	case 0xad, 0x34f, 0x200b, 0x2060, 0xfeff, 0:
		return true
	}
	return r < 0x20 && r != '\t' || r >= 0x7f && r < 0xa0
}

func (t *textWriter) String() string {
	lines := strings.Split(t.b.String(), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

func isHidden(n string, attrs []html.Attribute) bool {
	if void[n] || n == "input" {
		return false
	}
	for _, a := range attrs {
		switch a.Key {
		case "hidden":
			return true
		case "style":
			s := strings.ToLower(strings.Map(func(r rune) rune {
				if unicode.IsSpace(r) {
					return -1
				}
				return r
			}, a.Val))
			if strings.Contains(s, "display:none") || strings.Contains(s, "mso-hide:all") && strings.Contains(s, "max-height:0") {
				return n != "body" && n != "html" && n != "table" || strings.Contains(s, "max-height:0")
			}
		}
	}
	return false
}

// Snippet is one line of at most n characters for a list, cut at a word where possible.
func Snippet(text string, n int) string {
	var b strings.Builder
	count, space := 0, true // zero-width joiners count only inside words: senders pad previews with them
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case invisible(r), space && (r == 0x200c || r == 0x200d):
			continue
		}
		if space && count > 0 {
			b.WriteByte(' ')
			count++
		}
		space = false
		if count >= n {
			return cutWord(b.String(), n)
		}
		b.WriteRune(r)
		count++
	}
	return strings.ToValidUTF8(strings.TrimRight(b.String(), "\u200c\u200d"), "\uFFFD")
}

func cutWord(s string, n int) string {
	r := []rune(strings.TrimRight(s, " "))
	if len(r) >= n && n > 1 {
		r = r[:n-1]
	}
	out := string(r)
	if i := strings.LastIndexByte(out, ' '); i > len(out)*2/3 {
		out = out[:i]
	}
	return strings.TrimRight(out, " ,.;:") + "…"
}

// FromText makes HTML of plain text: escaped, line breaks kept. It is what the frame shows for a mail without HTML.
func FromText(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return `<div style="white-space:pre-wrap">` + html.EscapeString(text) + `</div>`
}
