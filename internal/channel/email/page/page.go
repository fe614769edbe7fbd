// Package page reads HTML as the lines a reader sees, each with the node it begins at, so that what is found in the lines
// can be cut out of the document. It decides nothing and does no IO. forward and quote call it.
package page

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// MaxHTML is how many bytes of HTML are read as a tree; a longer document is not searched.
const MaxHTML = 1 << 20

// Line is one line of a document.
type Line struct {
	Text  string
	Node  *html.Node // the first node that shows something in it; nil for an empty line
	Mails []string   // addresses of mailto: links in it that the text does not show
	Rule  bool       // a horizontal rule
}

// Page is a document as lines.
type Page struct {
	Body  *html.Node
	Lines []Line
}

var errTooLong = errors.New("the document is too long to be read as a tree")

// Read parses HTML. It fails for documents that are too long or too deep.
func Read(src string) (*Page, error) {
	if len(src) > MaxHTML {
		return nil, errTooLong
	}
	doc, err := html.Parse(strings.NewReader(src))
	if err != nil {
		return nil, err
	}
	body := find(doc, atom.Body)
	if body == nil {
		return nil, errTooLong
	}
	p := &Page{Body: body}
	r := reader{p: p}
	r.walk(body)
	r.flush(true)
	return p, nil
}

func find(n *html.Node, a atom.Atom) *html.Node {
	if n.Type == html.ElementNode && n.DataAtom == a {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if f := find(c, a); f != nil {
			return f
		}
	}
	return nil
}

// Ruled says whether a line is drawn right over line i: a rule, or the border of an element that begins there.
func (p *Page) Ruled(i int) bool {
	for k := i - 1; k >= 0; k-- {
		if p.Lines[k].Rule {
			return true
		}
		if p.Lines[k].Node != nil {
			break
		}
	}
	for n := p.Lines[i].Node; n != nil && n != p.Body; n = n.Parent {
		if style := strings.ToLower(Attr(n, "style")); strings.Contains(style, "border-top") || strings.ToLower(Attr(n, "id")) == "divrplyfwdmsg" {
			return true
		}
		if showsBefore(n) {
			return false
		}
	}
	return false
}

// Texts returns the lines' texts.
func (p *Page) Texts() []string {
	out := make([]string, len(p.Lines))
	for i := range p.Lines {
		out[i] = p.Lines[i].Text
	}
	return out
}

type reader struct {
	p     *Page
	b     strings.Builder
	first *html.Node
	mails []string
	space bool
	pre   int
}

var blocks = map[atom.Atom]bool{
	atom.Address: true, atom.Article: true, atom.Aside: true, atom.Blockquote: true, atom.Center: true, atom.Dd: true, atom.Details: true, atom.Dir: true, atom.Div: true,
	atom.Dl: true, atom.Dt: true, atom.Fieldset: true, atom.Figure: true, atom.Footer: true, atom.Form: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true,
	atom.H5: true, atom.H6: true, atom.Header: true, atom.Li: true, atom.Main: true, atom.Nav: true, atom.Ol: true, atom.P: true, atom.Pre: true, atom.Section: true,
	atom.Table: true, atom.Tbody: true, atom.Tr: true, atom.Ul: true, atom.Thead: true, atom.Tfoot: true, atom.Caption: true,
}

func (r *reader) walk(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		r.text(n)
		return
	case html.ElementNode:
		if strings.Contains(n.Data, "@") { // "Ann <ann@x.example>" that nobody escaped became an element
			r.mark(n)
			r.text(&html.Node{Type: html.TextNode, Data: "<" + n.Data + ">"})
		}
	default:
		return
	}
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Noscript, atom.Iframe, atom.Textarea, atom.Template:
		return
	case atom.Br:
		r.flush(true)
		return
	case atom.Hr:
		r.flush(false)
		r.p.Lines = append(r.p.Lines, Line{Node: n, Rule: true})
		return
	case atom.Img:
		r.mark(n)
		return
	case atom.Td, atom.Th:
		r.space = true
	case atom.A:
		if m := mailto(n); m != "" {
			r.mails = append(r.mails, m)
		}
	case atom.Pre:
		r.pre++
		defer func() { r.pre-- }()
	}
	block := blocks[n.DataAtom]
	if block {
		r.flush(false)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.walk(c)
	}
	if block {
		r.flush(false)
		if n.DataAtom == atom.P || n.DataAtom == atom.Blockquote {
			r.gap()
		}
	}
}

func (r *reader) mark(n *html.Node) {
	if r.first == nil {
		r.first = n
	}
}

func (r *reader) text(n *html.Node) {
	if r.pre > 0 {
		for i, l := range strings.Split(n.Data, "\n") {
			if i > 0 {
				r.flush(true)
			}
			if strings.TrimSpace(l) != "" {
				r.mark(n)
			}
			r.b.WriteString(l)
		}
		return
	}
	for _, c := range n.Data {
		switch {
		case unicode.IsSpace(c):
			r.space = true
		case c == 0x200b || c == 0xfeff || c == 0x34f || c == 0xad:
		default:
			r.mark(n)
			if r.space && r.b.Len() > 0 {
				r.b.WriteByte(' ')
			}
			r.space = false
			r.b.WriteRune(c)
		}
	}
}

// flush ends a line. An empty one counts only when a line break made it.
func (r *reader) flush(broken bool) {
	s := strings.TrimSpace(r.b.String())
	if s != "" || r.first != nil {
		r.p.Lines = append(r.p.Lines, Line{Text: s, Node: r.first, Mails: r.mails})
	} else if broken {
		r.gap()
	}
	r.b.Reset()
	r.first, r.mails, r.space = nil, nil, false
}

func (r *reader) gap() {
	if k := len(r.p.Lines); k > 0 && (r.p.Lines[k-1].Text != "" || r.p.Lines[k-1].Node != nil) {
		r.p.Lines = append(r.p.Lines, Line{})
	}
}

func mailto(a *html.Node) string {
	for _, at := range a.Attr {
		if at.Key == "href" && len(at.Val) > 7 && strings.EqualFold(at.Val[:7], "mailto:") {
			m, _, _ := strings.Cut(at.Val[7:], "?")
			return m
		}
	}
	return ""
}

// Attr returns an attribute's value.
func Attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// HasClass says whether an element has a class whose name begins with prefix.
func HasClass(n *html.Node, prefix string) bool {
	for _, c := range strings.Fields(Attr(n, "class")) {
		if strings.HasPrefix(strings.ToLower(c), prefix) {
			return true
		}
	}
	return false
}

// shows says whether a subtree holds anything a reader sees.
func shows(n *html.Node) bool {
	switch n.Type {
	case html.TextNode:
		return strings.TrimSpace(strings.Trim(n.Data, "\u00a0\u200b\ufeff")) != ""
	case html.ElementNode:
		switch n.DataAtom {
		case atom.Img, atom.Hr:
			return true
		case atom.Script, atom.Style, atom.Title:
			return false
		}
	default:
		return false
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if shows(c) {
			return true
		}
	}
	return false
}

// CutBefore splits the document before a node: the page keeps what comes first, the rest is returned as a body of its own. Elements
// that the cut goes through stand in both. A wrapper whose first visible content is the node goes with it.
func (p *Page) CutBefore(n *html.Node) *html.Node {
	for n.Parent != nil && n.Parent != p.Body && !showsBefore(n) {
		n = n.Parent
	}
	var tail *html.Node
	for n != p.Body && n.Parent != nil {
		parent := n.Parent
		shell := &html.Node{Type: parent.Type, Data: parent.Data, DataAtom: parent.DataAtom, Attr: parent.Attr, Namespace: parent.Namespace}
		next := n.NextSibling
		if tail == nil {
			parent.RemoveChild(n)
			shell.AppendChild(n)
		} else if tail.FirstChild != nil {
			shell.AppendChild(tail)
		}
		for next != nil {
			sib := next.NextSibling
			parent.RemoveChild(next)
			shell.AppendChild(next)
			next = sib
		}
		tail, n = shell, parent
	}
	if tail == nil {
		return &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	}
	return tail
}

// showsBefore says whether an earlier sibling of n shows something.
func showsBefore(n *html.Node) bool {
	for s := n.PrevSibling; s != nil; s = s.PrevSibling {
		if shows(s) {
			return true
		}
	}
	return false
}

// Render writes the content of a body as HTML.
func Render(body *html.Node) string {
	var b strings.Builder
	for c := body.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			return b.String()
		}
	}
	return strings.TrimSpace(b.String())
}
