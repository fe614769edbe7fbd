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
	told   bool // a line above says whose words they are
	ruled  bool // a line is drawn over it
}

// label says of each line whether it is quoted. known is what the document's structure says, or nil for plain text. fresh says that the mail
// answers nothing: then header lines and quote marks need a line over them to be history.
func label(lines []string, known []mark, fresh bool) []mark {
	marks := known
	if marks == nil {
		marks = marksOfText(lines)
	}
	for i := 0; i < len(lines); {
		if marks[i].cut {
			cutFrom(lines, marks, i)
			break
		}
		s, _ := phrase.Bare(lines[i])
		groupWise := known == nil && strings.HasPrefix(lines[i], ">>> ") && phrase.Separator(lines[i]) != phrase.NoMark
		if marks[i].quoted && !groupWise || s == "" {
			i++
			continue
		}
		if end := separates(lines, marks, i, fresh); end > 0 {
			next := shownAfter(lines, marks, end)
			if next >= len(lines) || !marks[next].quoted {
				cutFrom(lines, marks, i)
				break
			}
			introduce(marks, i, next) // what it quotes is marked itself, and the answer may stand below
			ruleAbove(lines, marks, i)
			i = end
			continue
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
		introduce(marks, i, next)
		if next < len(lines) && marks[next].soft {
			quoteBlock(marks, next)
		}
		i += n
	}
	if known == nil {
		untold(lines, marks, fresh)
	}
	return marks
}

// marksOfText reads the quote marks of plain text.
func marksOfText(lines []string) []mark {
	marks := make([]mark, len(lines))
	for i, l := range lines {
		_, depth := phrase.Bare(l)
		marks[i].quoted = depth > 0
	}
	rewrap(lines, marks)
	return marks
}

// introduce marks the lines from one to another, which say whose the quoted lines after them are, and notes there that it is known.
func introduce(marks []mark, from, to int) {
	for k := from; k < to && k < len(marks); k++ {
		marks[k].quoted = true
	}
	for k := to; k < len(marks) && (marks[k].quoted || k == to); k++ {
		marks[k].told = true
	}
}

// untold takes the mark off quoted lines that nothing introduces, where they may be the sender's own: prompts of a program, a passage cited in the middle
// or at the start of a text. What stands last in an answer is its history.
func untold(lines []string, marks []mark, fresh bool) {
	first := 0
	for first < len(marks) && !marks[first].told {
		first++
	}
	for i := 0; i < first; {
		if _, depth := phrase.Bare(lines[i]); !marks[i].quoted || marks[i].told || depth == 0 {
			i++
			continue
		}
		end, least := i, 99
		for k := i; k < first; k++ {
			_, depth := phrase.Bare(lines[k])
			if depth > 0 {
				end, least = k+1, min(least, depth)
			} else if !marks[k].quoted && strings.TrimSpace(lines[k]) != "" {
				break
			}
		}
		below := shownAfter(lines, marks, end)
		above := i > 0 && strings.TrimSpace(lines[i-1]) != "" && !marks[i-1].quoted
		if introduced(lines[i:end]) {
			return
		}
		if fresh || least > 2 || above || below < len(lines) && !marks[below].quoted {
			for k := i; k < end; k++ {
				marks[k].quoted = false
			}
		}
		i = end
	}
}

// introduced says whether quoted lines say themselves whose they are: the line that tells it is quoted too.
func introduced(run []string) bool {
	for k := 0; k < len(run) && k < 8; k++ {
		if r, _ := phrase.Label(run[k]); r == phrase.From || phrase.Separator(run[k]) != phrase.NoMark {
			return true
		}
		if phrase.Attribution(run[k:min(len(run), k+4)], func(int) bool { return true }) > 0 {
			return true
		}
	}
	return false
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

// separates says whether a line begins a quoted message: a separator with header lines, or header lines alone. It returns the line after them, or 0.
func separates(lines []string, marks []mark, i int, fresh bool) int {
	if phrase.ReplyAbove(lines[i]) {
		return i + 1
	}
	if m := phrase.Separator(lines[i]); m != phrase.NoMark {
		for k := i + 1; k < len(lines) && k < i+5; k++ {
			if strings.TrimSpace(lines[k]) == "" {
				continue
			}
			b, ok := phrase.ReadBlock(lines, k, true)
			if ok || b.HasFrom {
				return b.End
			}
			return i + 1
		}
		if m == phrase.OriginalMark {
			return i + 1
		}
		return 0
	}
	if r, _ := phrase.Label(lines[i]); r == phrase.None {
		return 0
	}
	b, ok := phrase.ReadBlock(lines, i, false)
	if ok && !b.Certain() {
		ok = !fresh && (i == 0 || strings.TrimSpace(lines[i-1]) == "") && b.HasFrom && (strings.Contains(b.From, "@") || b.Sent && phrase.FullDate(b.Date))
		if ok && !b.Machine && !phrase.RawHeader(lines, i) {
			return b.End
		}
		return 0
	}
	if !ok || b.Machine || phrase.RawHeader(lines, i) || fresh && !b.Sent && !drawnOver(lines, marks, i) {
		return 0
	}
	if strings.Contains(b.From, "@") || b.Subject != "" && b.Date != "" {
		return b.End
	}
	return 0
}

// drawnOver says whether a line is drawn right over line i.
func drawnOver(lines []string, marks []mark, i int) bool {
	if marks[i].ruled {
		return true
	}
	for k := i - 1; k >= 0; k-- {
		s := strings.TrimSpace(lines[k])
		if marks[k].rule || len(s) > 8 && strings.Trim(s, drawn) == "" {
			return true
		}
		if s != "" || marks[k].shown {
			return false
		}
	}
	return false
}

// drawn are the characters that lines are drawn with.
const drawn = "_-=*~\u2500\u2501\u2550\u2014\u2013"

// cutFrom marks everything from a line as quoted, with the rule or dashes just above it.
func cutFrom(lines []string, marks []mark, i int) {
	i = ruleAbove(lines, marks, i)
	for k := i; k < len(marks); k++ {
		marks[k].quoted, marks[k].told = true, true
	}
}

// ruleAbove marks the rule or dashes just above a line and returns where they stand.
func ruleAbove(lines []string, marks []mark, i int) int {
	for k := i - 1; k >= 0; k-- {
		s := strings.TrimSpace(lines[k])
		switch {
		case marks[k].rule, len(s) > 4 && strings.Trim(s, drawn) == "":
			marks[k].quoted = true
			i = k
		case s == "" && !marks[k].image:
			continue
		}
		break
	}
	return i
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
		m.ruled = l.Node != nil && !l.Rule && p.Ruled(i)
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
