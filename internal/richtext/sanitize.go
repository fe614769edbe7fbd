// Package richtext makes HTML from strangers, administrators and agents safe to show, and makes plain text
// from HTML. It owns the lists of what may stay: elements, attributes, CSS properties, URL schemes. It does no
// IO, fetches nothing and knows no channel. Channel adapters call it on what arrives, dispatch on what an agent
// wrote, settings on signatures.
//
// Sanitised HTML is the first of three lines of defence: it is shown in a sandboxed frame with its own content
// security policy, and remote images come through a proxy.
package richtext

import (
	"strings"

	"golang.org/x/net/html"
)

// MaxInput is how many bytes of HTML are looked at; what follows is dropped and Result.Cut is set.
const MaxInput = 4 << 20

// MaxDepth is how deep elements may nest in the output. Deeper elements are left out, their text stays.
const MaxDepth = 160

// Options say how to treat a document.
type Options struct {
	// KeepRemote leaves remote images where they are. Without it they are moved to data-blocked-src and
	// data-blocked-background, so that nothing is fetched before somebody asks (see Unblock).
	KeepRemote bool
}

// Result is clean HTML: a fragment, well nested, with every element closed.
type Result struct {
	HTML    string
	Blocked int  // remote images and backgrounds that were set aside
	Cut     bool // the input was longer than MaxInput
}

// Sanitize cleans HTML of a stranger. Scripts, forms, handlers, frames, style sheets, foreign content and
// dangerous URLs go; tables, colours, harmless inline styles and cid: images stay. Time and memory grow
// linearly with the input.
func Sanitize(src string, opt Options) Result {
	w := &cleaner{opt: opt, elements: mailElements}
	return w.clean(src, mailPolicy)
}

// SanitizeSignature cleans an administrator's signature HTML (EM-24): as Sanitize, with remote images left in
// place, because the recipient's program fetches them.
func SanitizeSignature(src string) string {
	w := &cleaner{opt: Options{KeepRemote: true}, elements: mailElements}
	return w.clean(src, mailPolicy).HTML
}

// SanitizeComposer cleans what an agent wrote in the editor: the editor's own elements and few styles.
// Images may be cid:, data: or https.
func SanitizeComposer(src string) string {
	w := &cleaner{opt: Options{KeepRemote: true}, elements: composerElements}
	return w.clean(src, mailPolicy).HTML
}

// cleaner rewrites a token stream: it filters, balances and blocks. The policy of the second pass then
// checks the outcome again with an independent implementation.
type cleaner struct {
	opt      Options
	elements map[string]bool
	out      strings.Builder
	open     []string       // elements open in the output
	skipped  map[string]int // start tags left out because of MaxDepth, by name: their end tags go too
	blocked  int
	body     bool // the body became an element of the output
}

func (c *cleaner) clean(src string, check interface{ Sanitize(string) string }) Result {
	var res Result
	if len(src) > MaxInput {
		src, res.Cut = strings.ToValidUTF8(src[:MaxInput], ""), true
	}
	src = strings.Map(dropControls, strings.ToValidUTF8(src, "\uFFFD"))
	c.skipped = map[string]int{}
	c.out.Grow(len(src) + len(src)/8)
	c.run(src)
	for i := len(c.open) - 1; i >= 0; i-- {
		c.end(c.open[i])
	}
	res.HTML = strings.TrimSpace(check.Sanitize(c.out.String()))
	res.Blocked = c.blocked
	return res
}

func (c *cleaner) run(src string) {
	z := html.NewTokenizer(strings.NewReader(src))
	drop := "" // inside this raw text element
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if drop == "" {
				c.out.WriteString(html.EscapeString(string(z.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attrs := z.TagName()
			n := string(name)
			drop = ""
			if droppedWhole[n] {
				drop = n
				continue
			}
			c.startTag(n, readAttrs(z, attrs))
		case html.EndTagToken:
			name, _ := z.TagName()
			drop = ""
			c.endTag(string(name))
		}
	}
}

// maxAttrs bounds the attributes read of one element.
const maxAttrs = 64

func readAttrs(z *html.Tokenizer, more bool) []html.Attribute {
	var out []html.Attribute
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		if len(out) < maxAttrs {
			out = append(out, html.Attribute{Key: string(k), Val: string(v)})
		}
	}
	return out
}

func (c *cleaner) startTag(name string, attrs []html.Attribute) {
	if to, ok := renamed[name]; ok {
		name = to
	}
	if name == "body" { // its colours and background matter in mail
		name = "div"
		if kept := c.attributes(name, attrs); len(kept) == 0 || c.body {
			return
		}
		c.body = true
	}
	if !c.elements[name] {
		return
	}
	c.implied(name)
	if !void[name] && len(c.open) >= MaxDepth {
		c.skipped[name]++
		return
	}
	kept := c.attributes(name, attrs)
	if name == "img" && !hasAny(kept, "src", "data-blocked-src") {
		return
	}
	c.out.WriteByte('<')
	c.out.WriteString(name)
	for _, a := range kept {
		c.out.WriteByte(' ')
		c.out.WriteString(a.Key)
		c.out.WriteString(`="`)
		c.out.WriteString(html.EscapeString(a.Val))
		c.out.WriteByte('"')
	}
	c.out.WriteByte('>')
	if !void[name] {
		c.open = append(c.open, name)
	}
}

func (c *cleaner) endTag(name string) {
	if to, ok := renamed[name]; ok {
		name = to
	}
	if name == "body" || name == "html" {
		return // closed at the end
	}
	if name == "p" && c.find("p") < 0 {
		return
	}
	if name == "br" {
		c.out.WriteString("<br>")
		return
	}
	if c.skipped[name] > 0 {
		c.skipped[name]--
		return
	}
	if i := c.find(name); i >= 0 {
		c.closeTo(i)
	}
}

// find returns the position of the innermost open element of that name which an end tag may close: not past
// the cell or table that the tag stands in. -1 when there is none.
func (c *cleaner) find(name string) int {
	tableTag := tableParts[name] || name == "table"
	for i := len(c.open) - 1; i >= 0; i-- {
		switch o := c.open[i]; {
		case o == name:
			return i
		case o == "table" && name != "table":
			return -1
		case !tableTag && (o == "td" || o == "th" || o == "caption"):
			return -1
		}
	}
	return -1
}

func (c *cleaner) closeTo(i int) {
	for j := len(c.open) - 1; j >= i; j-- {
		c.end(c.open[j])
	}
	c.open = c.open[:i]
}

func (c *cleaner) end(name string) {
	c.out.WriteString("</")
	c.out.WriteString(name)
	c.out.WriteByte('>')
}

// implied closes what a start tag closes by itself in HTML: a paragraph before a block, an item before the next.
func (c *cleaner) implied(name string) {
	if closes, ok := impliedEnds[name]; ok {
		for i := len(c.open) - 1; i >= 0; i-- {
			o := c.open[i]
			if closes[o] {
				c.closeTo(i)
				i = len(c.open)
				continue
			}
			if o == "table" || o == "ul" || o == "ol" || o == "dl" {
				break
			}
		}
	}
	if closesParagraph[name] && len(c.open) > 0 && c.open[len(c.open)-1] == "p" {
		c.closeTo(len(c.open) - 1)
	}
}

// dropControls removes characters that HTML cannot carry; NUL in particular.
func dropControls(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return r
	case r < 0x20, r == 0x7f, r >= 0x80 && r < 0xa0:
		return -1
	}
	return r
}

func hasAny(attrs []html.Attribute, keys ...string) bool {
	for _, a := range attrs {
		for _, k := range keys {
			if a.Key == k {
				return true
			}
		}
	}
	return false
}
