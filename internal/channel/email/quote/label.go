package quote

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/kanalhq/kanal/internal/channel/email/page"
	"github.com/kanalhq/kanal/internal/channel/email/phrase"
)

// mark is what is known of a line.
type mark struct {
	quoted bool
	soft   bool // inside a plain blockquote, which people also use to indent: quoted only after an attribution
	rule   bool
	image  bool // shows an image and no text
	shown  bool // stands in the document; an empty line does not
	cut    bool // from here on everything is quoted
	block  *html.Node
}

// label says of each line whether it is quoted. known is what the document's structure says, or nil for plain text.
func label(lines []string, known []mark) []mark {
	marks := known
	if marks == nil {
		marks = make([]mark, len(lines))
		for i, l := range lines {
			_, depth := phrase.Bare(l)
			marks[i].quoted = depth > 0
		}
		rewrap(lines, marks)
	}
	for i := 0; i < len(lines); {
		if marks[i].cut {
			cutFrom(lines, marks, i)
			break
		}
		s, _ := phrase.Bare(lines[i])
		if marks[i].quoted || s == "" {
			i++
			continue
		}
		if separates(lines, i) {
			cutFrom(lines, marks, i)
			break
		}
		n := attribution(lines, marks, i)
		if n == 0 {
			i++
			continue
		}
		next := shownAfter(lines, marks, i+n)
		if next < len(lines) && !marks[next].quoted && !marks[next].soft {
			joined := strings.Join(lines[i:i+n], " ")
			if !phrase.Strong(joined) || known == nil && !strings.Contains(joined, "@") && !alone(lines, i, n) {
				i++
				continue
			}
			cutFrom(lines, marks, i)
			break
		}
		for k := i; k < i+n; k++ {
			marks[k].quoted = true
		}
		if next < len(lines) && marks[next].soft {
			quoteBlock(marks, next)
		}
		i += n
	}
	return marks
}

// alone says whether n lines from i are a paragraph of their own: without marks on what follows, a sentence such as "On 12 March 2024 at 10:15
// your colleague wrote:" in running text must not fold what the sender wrote after it.
func alone(lines []string, i, n int) bool {
	blank := func(k int) bool { return k < 0 || k >= len(lines) || strings.TrimSpace(lines[k]) == "" }
	return blank(i-1) && blank(i+n)
}

// quoteBlock marks the whole plain blockquote that begins at a line.
func quoteBlock(marks []mark, at int) {
	b := marks[at].block
	for k := at; k < len(marks); k++ {
		if marks[k].block == b {
			marks[k].quoted = true
		} else if marks[k].block != nil || marks[k].shown {
			return
		}
	}
}

// attribution returns how many lines from i are the line before a quotation.
func attribution(lines []string, marks []mark, i int) int {
	at := func(from int) int {
		return phrase.Attribution(lines[from:min(len(lines), from+6)], func(n int) bool {
			next := shownAfter(lines, marks, from+n)
			return next < len(lines) && (marks[next].quoted || marks[next].soft)
		})
	}
	n := at(i)
	if n > 1 && at(i+1) == n-1 && !startsAttribution(lines[i], lines[i+1]) {
		return 0 // the first line is the end of the sender's own words
	}
	return n
}

// startsAttribution says whether a line belongs to the attribution that the next line ends.
func startsAttribution(line, next string) bool {
	s, _ := phrase.Bare(next)
	if strings.HasPrefix(s, "<") {
		return true
	}
	digits := 0
	for _, r := range line {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	return digits >= 3
}

func shownAfter(lines []string, marks []mark, i int) int {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" && !marks[i].image {
		i++
	}
	return i
}

// separates says whether a line begins a quoted message: a separator with header lines, or header lines alone.
func separates(lines []string, i int) bool {
	if m := phrase.Separator(lines[i]); m != phrase.NoMark {
		for k := i + 1; k < len(lines) && k < i+5; k++ {
			if strings.TrimSpace(lines[k]) == "" {
				continue
			}
			b, ok := phrase.ReadBlock(lines, k, true)
			return ok || b.HasFrom || m == phrase.OriginalMark || m == phrase.ForwardMark
		}
		return m == phrase.OriginalMark
	}
	if r, _ := phrase.Label(lines[i]); r == phrase.None || r == phrase.Cc {
		return false
	}
	b, ok := phrase.ReadBlock(lines, i, false)
	if !ok || !b.Certain() {
		return false
	}
	return strings.Contains(b.From, "@") || b.Subject != "" && b.Date != ""
}

// cutFrom marks everything from a line as quoted, with the rule or dashes just above it.
func cutFrom(lines []string, marks []mark, i int) {
	for k := i - 1; k >= 0; k-- {
		s := strings.TrimSpace(lines[k])
		switch {
		case marks[k].rule, len(s) > 4 && strings.Trim(s, "_-=") == "":
			i = k
		case s == "" && !marks[k].image:
			continue
		}
		break
	}
	for k := i; k < len(marks); k++ {
		marks[k].quoted = true
	}
}

// rewrap finds quoted lines that a program broke without marking the rest: a short line right between two quoted ones.
func rewrap(lines []string, marks []mark) {
	for i := 1; i+1 < len(lines); i++ {
		if marks[i].quoted || !marks[i-1].quoted || !marks[i+1].quoted {
			continue
		}
		s := strings.TrimSpace(lines[i])
		if s != "" && len(s) < 40 && len(lines[i-1]) >= 60 {
			marks[i].quoted = true
		}
	}
}

var (
	// quoteClasses begin the classes that mail programs give to quoted parts.
	quoteClasses = []string{"gmail_quote", "gmail_attr", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix", "tutanota_quote", "clean_bq", "front-blockquote", "nylas-quote", "zmail_extra",
		"freshdesk_quote", "zendesk_quote", "hs_reply", "cite", "appleoriginalcontents", "ms-outlook-mobile-reference-message", "mr_css_attr_quote", "reply-intro", "missive_quote", "spark_quote",
		"quoted-message", "quotedmessage", "gmx_quote", "lotus_quote", "zm_quote", "replyforwardcontainer", "conversation_quote", "oe-quote", "wordsection-quote"}
	quoteIDs = map[string]bool{"olk_src_body_section": true, "mail-editor-reference-message-container": true, "reply-intro": true, "yahoo_quoted": true, "isreplycontent": true,
		"divrplyfwdmsg": true, "x_divrplyfwdmsg": true, "reply_content": true, "orimsghtmlseperator": true, "editor_version_quote": true, "protonmail_quote": true}
	quoteNames = map[string]bool{"quote": true, "messagereplysection": true}
	// cutIDs stand where the quoted part begins; it goes on to the end of the mail.
	cutIDs = map[string]bool{"divrplyfwdmsg": true, "x_divrplyfwdmsg": true, "stopspelling": true, "zwchr": true, "x_zwchr": true, "orimsghtmlseperator": true}
)

// marksOf reads from the document's structure which lines are quoted.
func marksOf(p *page.Page) []mark {
	marks := make([]mark, len(p.Lines))
	s := scan{body: p.Body, marks: map[*html.Node]mark{}}
	for i, l := range p.Lines {
		if l.Node != nil {
			marks[i] = s.of(l.Node)
		}
		m := &marks[i]
		m.rule, m.shown = l.Rule, l.Node != nil
		m.image = l.Node != nil && l.Text == "" && !l.Rule
		if m.cut {
			m.quoted = true
			break // what follows is quoted anyhow
		}
	}
	return marks
}

type nodeKind int

const (
	ordinary nodeKind = iota
	quotedPart
	plainBlock
	cutHere
)

// scan remembers what elements say of the lines in them, because many lines stand in one.
type scan struct {
	body  *html.Node
	marks map[*html.Node]mark
}

func (s scan) of(n *html.Node) mark {
	if n == nil || n == s.body {
		return mark{}
	}
	if n.Type != html.ElementNode {
		return s.of(n.Parent)
	}
	if m, ok := s.marks[n]; ok {
		return m
	}
	m := s.of(n.Parent)
	switch kindOf(n) {
	case cutHere:
		m.cut = true
	case quotedPart:
		m.quoted = true
	case plainBlock:
		if !m.soft {
			m.soft, m.block = true, n // the outermost
		}
	}
	s.marks[n] = m
	return m
}

func kindOf(n *html.Node) nodeKind {
	id := strings.ToLower(page.Attr(n, "id"))
	if cutIDs[id] || strings.HasPrefix(page.Attr(n, "data-marker"), "__DIVIDER__") {
		return cutHere
	}
	if quoteIDs[id] || quoteNames[strings.ToLower(page.Attr(n, "name"))] || page.Attr(n, "data-marker") == "__QUOTED_TEXT__" || page.Attr(n, "data-marker") == "__HEADERS__" {
		return quotedPart
	}
	for _, c := range quoteClasses {
		if page.HasClass(n, c) {
			if c == "cite" && n.DataAtom != atom.Blockquote {
				continue
			}
			if n.DataAtom != atom.Blockquote && strings.HasPrefix(c, "gmail_quote") && hasBlockquote(n) {
				return ordinary // a wrapper: its blockquotes are quoted, what stands between them may be an answer
			}
			return quotedPart
		}
	}
	if n.DataAtom == atom.Blockquote {
		if strings.EqualFold(page.Attr(n, "type"), "cite") {
			return quotedPart
		}
		return plainBlock
	}
	return ordinary
}

func hasBlockquote(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Blockquote || hasBlockquote(c) {
			return true
		}
	}
	return false
}
