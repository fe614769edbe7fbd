package mime

import (
	"html"
	"strings"

	"github.com/kanalhq/kanal/internal/richtext"
)

// Content is what a message shows and carries: the text and HTML a reader would see, and every file.
type Content struct {
	Plain       string // text parts in order; "" when the mail has only HTML
	HTML        string // raw HTML, not sanitised; "" when the mail has only text
	Attachments []Attachment
	Signed      bool
	Encrypted   bool
	Calendar    bool
	Reports     []*Part // delivery-status, disposition-notification, feedback-report
	Messages    []*Part // message/rfc822 parts and header-only copies, in order
	Digest      bool    // the messages are a mailing list's digest
	Report      string  // report-type of a multipart/report root, lower case
}

// bodySection is one piece of body: the same words as text, as HTML, or both.
type bodySection struct {
	plain, html string
	spare       bool // counts only when there is no other
}

type collector struct {
	t        *Tree
	c        *Content
	sections []bodySection
	names    map[string]int
	// firstText is false once a text part was seen: a named text part after it is a file.
	firstText bool
	expanded  int64 // bytes made by winmail.dat
	err       error
}

// Contents collects what the message shows and carries. The error is a bomb found inside a part.
func (t *Tree) Contents(root *Part) (*Content, error) {
	c := &collector{t: t, c: &Content{}, names: map[string]int{}, firstText: true}
	if root.Type == "multipart/report" {
		c.c.Report = strings.ToLower(root.Params["report-type"])
	}
	c.walk(root, place{root: true})
	if c.err != nil {
		return nil, c.err
	}
	c.join()
	c.markInline()
	return c.c, nil
}

// place says where in the structure a part stands.
type place struct {
	root        bool
	alternative bool
	related     bool // a part of a multipart/related that is not its root
}

func (c *collector) walk(p *Part, at place) {
	if c.err != nil {
		return
	}
	switch {
	case p.IsMultipart() && len(p.Parts) == 0 && len(p.Body) > 0:
		c.attach(p, false)
	case p.Type == "multipart/alternative":
		c.alternatives(p)
	case p.Type == "multipart/related":
		c.related(p, at)
	case p.Type == "multipart/signed":
		c.c.Signed = true
		for i, k := range p.Parts {
			if i == 0 {
				c.walk(k, place{})
			} else {
				c.attach(k, false)
			}
		}
	case p.Type == "multipart/encrypted":
		c.c.Encrypted = true
		for _, k := range p.Parts {
			c.attach(k, false)
		}
	case p.IsMultipart():
		c.c.Digest = c.c.Digest || p.Type == "multipart/digest"
		for _, k := range p.Parts {
			c.walk(k, place{})
		}
	default:
		c.leaf(p, at)
	}
}

// alternatives takes the richest HTML and the plain text of one body, and the files of all its forms.
func (c *collector) alternatives(p *Part) {
	before := c.sections
	var sec bodySection
	var plains []string
	var spare []bodySection
	first := c.firstText
	for _, k := range p.Parts {
		if k.Type == "text/x-amp-html" || k.Type == "text/watch-html" {
			continue // the same again for one mail program
		}
		c.sections, c.firstText = nil, first
		c.walk(k, place{alternative: true})
		var plain, htm []string
		for _, s := range c.sections {
			if s.spare {
				spare = append(spare, s)
				continue
			}
			if s.plain != "" {
				plain = append(plain, s.plain)
			}
			if s.html != "" {
				htm = append(htm, s.html)
			}
		}
		if len(htm) > 0 {
			sec.html = strings.Join(htm, "<br>")
		}
		if t := strings.Join(plain, "\n"); strings.TrimSpace(t) != "" && len(htm) == 0 {
			plains = append(plains, t)
		} else if t != "" && sec.plain == "" && len(plains) == 0 {
			sec.plain = t
		}
	}
	if len(plains) > 0 {
		sec.plain = plains[0]
		if sec.html == "" {
			sec.plain = joinDistinct(plains)
		}
	}
	c.sections = append(append(before, sec), spare...)
	c.firstText = false
}

func joinDistinct(s []string) string {
	var out []string
	seen := map[string]bool{}
	for _, x := range s {
		if k := strings.Join(strings.Fields(x), " "); !seen[k] {
			seen[k] = true
			out = append(out, x)
		}
	}
	return strings.Join(out, "\n")
}

func (c *collector) related(p *Part, at place) {
	root := 0
	if start := strings.Trim(p.Params["start"], "<> "); start != "" {
		for i, k := range p.Parts {
			if k.ContentID() == start {
				root = i
			}
		}
	}
	for root < len(p.Parts)-1 && !p.Parts[root].IsMultipart() && !strings.HasPrefix(p.Parts[root].Type, "text/") {
		root++ // the root comes later
	}
	if len(p.Parts) > 0 {
		c.walk(p.Parts[root], place{alternative: at.alternative, root: at.root})
	}
	for i, k := range p.Parts {
		if i != root {
			c.walk(k, place{related: true})
		}
	}
}

func (c *collector) leaf(p *Part, at place) {
	switch {
	case p.IsMessage(), p.Type == "text/rfc822-headers", p.Type == "message/global-headers":
		c.message(p)
	case p.Type == "message/delivery-status", p.Type == "message/global-delivery-status", p.Type == "message/disposition-notification",
		p.Type == "message/global-disposition-notification", p.Type == "message/feedback-report":
		c.c.Reports = append(c.c.Reports, p)
		c.attach(p, false)
	case isTNEF(p):
		c.tnef(p)
	case p.Type == "text/calendar" || p.Type == "application/ics":
		c.c.Calendar = true
		c.attach(p, false)
	case c.isBody(p, at):
		c.text(p)
	default:
		switch p.Type {
		case "application/pkcs7-mime", "application/x-pkcs7-mime":
			if c.opaque(p) || strings.Contains(p.Params["smime-type"], "signed") {
				c.c.Signed = true
			} else {
				c.c.Encrypted = true
			}
		case "application/pgp-encrypted":
			c.c.Encrypted = true
		case "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature":
			c.c.Signed = true
		}
		c.attach(p, at.related)
	}
}

// filesAlways are text types that are files unless they are all there is.
var filesAlways = map[string]bool{
	"text/vcard": true, "text/x-vcard": true, "text/directory": true, "text/csv": true, "text/rtf": true, "text/xml": true, "text/css": true,
	"text/javascript": true, "text/tab-separated-values": true, "text/x-vcalendar": true, "text/richtext; rtf": true,
}

// isBody says whether a text part is text to show. A named one is a file unless it is the first text or the whole mail.
func (c *collector) isBody(p *Part, at place) bool {
	if !strings.HasPrefix(p.Type, "text/") || filesAlways[p.Type] {
		return false
	}
	named := p.Filename() != ""
	switch {
	case p.Disposition == "attachment":
		return at.root && !named
	case at.related && (named || p.ContentID() != ""):
		return false
	case named:
		return at.root || at.alternative || c.firstText && (p.Type == "text/plain" || p.Type == "text/html")
	}
	return true
}

func (c *collector) text(p *Part) {
	s := c.t.Text(p)
	switch p.Type {
	case "text/html":
		if strings.TrimSpace(s) != "" {
			c.firstText = false
			c.sections = append(c.sections, bodySection{html: s})
		}
		return
	case "text/enriched", "text/richtext":
		s = enriched(s)
	default:
		if looksLikeHTML(s) { // mislabelled
			c.t.Note("A part says it is plain text but is HTML; it is shown as HTML.")
			c.firstText = false
			c.sections = append(c.sections, bodySection{html: s})
			return
		}
		if strings.EqualFold(p.Params["format"], "flowed") {
			s = unflow(s, strings.EqualFold(p.Params["delsp"], "yes"))
		}
		s = c.uuencoded(s)
	}
	if strings.TrimSpace(s) == "" {
		return
	}
	if strings.Contains(s, "-----BEGIN PGP MESSAGE-----") {
		c.c.Encrypted = true
	}
	if strings.Contains(s, "-----BEGIN PGP SIGNED MESSAGE-----") {
		c.c.Signed = true
	}
	c.firstText = false
	c.sections = append(c.sections, bodySection{plain: s})
}

// looksLikeHTML says whether a text is a whole HTML document.
func looksLikeHTML(s string) bool {
	head := strings.ToLower(strings.TrimSpace(s[:min(len(s), 512)]))
	if !strings.HasPrefix(head, "<!doctype html") && !strings.HasPrefix(head, "<html") {
		return false
	}
	return strings.Contains(strings.ToLower(s[max(0, len(s)-2048):]), "</html>")
}

// uuencoded takes files out of a text that old programs wrote into it.
func (c *collector) uuencoded(s string) string {
	for n := 0; n < 20 && strings.Contains(s, "\nend") && strings.Contains(s, "begin "); n++ {
		name, data, before, after, ok := decodeUU([]byte(s))
		if !ok || len(data) == 0 {
			return s
		}
		c.add(Attachment{Name: DecodeWords(name), Data: data}, "")
		s = string(before) + string(after)
	}
	return s
}

// message keeps an embedded message as a file and for whoever looks into it.
func (c *collector) message(p *Part) {
	c.c.Messages = append(c.c.Messages, p)
	if p.Message == nil && !p.IsMessage() { // headers alone
		r := headerReader{lim: c.t.lim}
		body := c.t.Decode(p)
		r.read(body)
		p.Message = &Part{Header: r.out, Type: "text/plain", Params: map[string]string{}, done: true}
	}
	c.attach(p, false)
}

// join makes one text and one HTML of the sections.
func (c *collector) join() {
	var plain, htm []string
	anyHTML, anyPlain := false, false
	c.sections = withoutSpare(c.sections)
	for _, s := range c.sections {
		anyHTML = anyHTML || s.html != ""
		anyPlain = anyPlain || strings.TrimSpace(s.plain) != ""
	}
	for _, s := range c.sections {
		if anyPlain {
			if t := s.plain; strings.TrimSpace(t) != "" {
				plain = append(plain, strings.Trim(t, "\n"))
			} else if t := richtext.ToText(s.html); t != "" {
				plain = append(plain, t)
			}
		}
		if anyHTML {
			switch {
			case s.html != "":
				htm = append(htm, s.html)
			case strings.TrimSpace(s.plain) != "":
				htm = append(htm, `<div style="white-space:pre-wrap">`+html.EscapeString(s.plain)+`</div>`)
			}
		}
	}
	c.c.Plain = strings.Join(plain, "\n\n")
	c.c.HTML = strings.Join(htm, "<br>\n")
}

// withoutSpare drops the words of a winmail.dat when the mail has its own.
func withoutSpare(in []bodySection) []bodySection {
	var own, spare []bodySection
	for _, s := range in {
		switch {
		case s.spare:
			spare = append(spare, s)
		case strings.TrimSpace(s.plain) != "" || s.html != "":
			own = append(own, s)
		}
	}
	if len(own) > 0 {
		return own
	}
	return spare
}
