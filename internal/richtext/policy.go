package richtext

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

var (
	mailElements = set(`a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup
		dd del details dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd label li main mark
		menu nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th thead
		time tr tt u ul var wbr`)
	composerElements = set(`a b blockquote br code del div em h1 h2 h3 h4 hr i img li ol p pre s span strong sub sup table tbody td
		th thead tr u ul`)
	// droppedWhole are the elements whose text is not text of the document; the tokenizer reads them raw.
	droppedWhole = set(`script style title iframe noembed noframes noscript textarea template`)
	renamed      = map[string]string{"xmp": "pre", "listing": "pre", "plaintext": "pre", "image": "img"}
	void         = set(`br hr img col wbr`)
	tableParts   = set(`tbody thead tfoot tr td th caption colgroup`)
	impliedEnds  = map[string]map[string]bool{
		"li": set("li"), "dt": set("dt dd"), "dd": set("dt dd"),
		"td": set("td th"), "th": set("td th"), "tr": set("td th tr"),
		"tbody": set("td th tr tbody thead tfoot caption colgroup"), "tfoot": set("td th tr tbody thead tfoot caption colgroup"),
		"thead": set("td th tr tbody thead tfoot caption colgroup"),
	}
	closesParagraph = set(`address article aside blockquote center dir div dl figure footer h1 h2 h3 h4 h5 h6 header hr main menu
		nav ol p pre section table ul`)

	globalAttrs  = set(`dir lang title align valign width height bgcolor style`)
	elementAttrs = map[string]map[string]bool{
		"table": set(`border cellpadding cellspacing rules frame summary`), "td": set(`colspan rowspan nowrap headers scope abbr`),
		"th": set(`colspan rowspan nowrap headers scope abbr`), "col": set(`span`), "colgroup": set(`span`),
		"font": set(`face size color`), "ol": set(`start type reversed`), "ul": set(`type`), "li": set(`type value`),
		"img": set(`alt border hspace vspace`), "a": set(`name`), "hr": set(`size color noshade`), "br": set(`clear`),
		"time": set(`datetime`), "details": set(`open`), "blockquote": set(`type`), "bdo": set(``),
	}
	// plainValue is what an ordinary attribute may hold; text attributes (title, alt, summary, abbr) may hold anything, escaped.
	plainValue = regexp.MustCompile(`^[\p{L}\p{N} #%.,:;_+\-*/'()]{0,200}$`)
	textAttrs  = set(`title alt summary abbr`)
)

// mailPolicy is the second, independent pass. Elements and attributes are the union of what the first pass can emit.
var mailPolicy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	var names []string
	for n := range mailElements {
		names = append(names, n)
	}
	p.AllowElements(names...)
	p.AllowNoAttrs().OnElements(names...)
	for a := range globalAttrs {
		p.AllowAttrs(a).Globally()
	}
	for el, attrs := range elementAttrs {
		for a := range attrs {
			p.AllowAttrs(a).OnElements(el)
		}
	}
	p.AllowAttrs("href", "target", "rel").OnElements("a")
	p.AllowAttrs("src").OnElements("img")
	remote := regexp.MustCompile(`^https?://[^\s"'<>]+$`)
	p.AllowAttrs("data-blocked-src").Matching(remote).OnElements("img")
	p.AllowAttrs("data-blocked-background").Matching(remote).Globally()
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowDataURIImages()
	return p
}

// attributes keeps what is allowed, cleans styles, checks URLs and sets remote images aside.
func (c *cleaner) attributes(name string, in []html.Attribute) []html.Attribute {
	var out []html.Attribute
	add := func(k, v string) { out = append(out, html.Attribute{Key: k, Val: v}) }
	var src, srcset, background string
	for i, a := range in {
		if hasAny(in[:i], a.Key) {
			continue // browsers take the first
		}
		switch {
		case a.Key == "style":
			style, url := cleanStyle(a.Val)
			if url != "" && background == "" {
				background = url
			}
			if style != "" {
				add("style", style)
			}
		case a.Key == "src" && name == "img":
			src = a.Val
		case a.Key == "srcset" && name == "img":
			srcset = a.Val
		case a.Key == "background":
			background = a.Val
		case a.Key == "href" && name == "a":
			if u := safeLink(a.Val); u != "" {
				add("href", u)
			}
		case globalAttrs[a.Key] || elementAttrs[name][a.Key]:
			if textAttrs[a.Key] || plainValue.MatchString(a.Val) {
				add(a.Key, a.Val)
			}
		}
	}
	if name == "a" && hasAny(out, "href") {
		add("target", "_blank")
		add("rel", "noopener noreferrer nofollow")
	}
	if name == "img" {
		if src == "" && srcset != "" {
			src = firstOf(srcset)
		}
		out = c.image(out, src)
	}
	return c.background(out, background)
}

func (c *cleaner) image(out []html.Attribute, src string) []html.Attribute {
	switch u, kind := imageURL(src); {
	case kind == "remote" && !c.opt.KeepRemote:
		c.blocked++
		out = append(out, html.Attribute{Key: "data-blocked-src", Val: u})
	case kind != "":
		out = append(out, html.Attribute{Key: "src", Val: u})
	}
	return out
}

func (c *cleaner) background(out []html.Attribute, background string) []html.Attribute {
	u, kind := imageURL(background)
	if kind != "remote" {
		return out
	}
	if !c.opt.KeepRemote {
		c.blocked++
		return append(out, html.Attribute{Key: "data-blocked-background", Val: u})
	}
	return setBackground(out, u)
}

func setBackground(attrs []html.Attribute, u string) []html.Attribute {
	decl := `background-image:url("` + u + `")`
	for i := range attrs {
		if attrs[i].Key == "style" {
			attrs[i].Val = strings.TrimRight(attrs[i].Val, "; ") + ";" + decl
			return attrs
		}
	}
	return append(attrs, html.Attribute{Key: "style", Val: decl})
}

// firstOf returns the first URL of a srcset.
func firstOf(srcset string) string {
	f := strings.Fields(srcset)
	if len(f) == 0 {
		return ""
	}
	return strings.TrimRight(f[0], ",")
}

// squeeze removes what browsers ignore inside a scheme: white space and controls.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= 0x20 || r == 0x7f || r >= 0x80 && r <= 0xa0 || r == 0x200b || r == 0xfeff || r == 0x2028 || r == 0x2029 {
			return -1
		}
		return r
	}, s)
}

// safeLink returns a link target with one of the schemes http, https, mailto, tel, or "".
func safeLink(raw string) string {
	raw = strings.TrimSpace(raw)
	s := strings.ToLower(squeeze(raw))
	switch {
	case strings.HasPrefix(s, "mailto:"), strings.HasPrefix(s, "tel:"), hasHost(s):
		return escapeURL(raw)
	case hasHost("https:" + s):
		return escapeURL("https:" + raw)
	case strings.HasPrefix(s, "www."):
		return escapeURL("https://" + raw)
	}
	return ""
}

// hasHost says whether a squeezed lower-case URL is http or https with something for a host.
func hasHost(s string) bool {
	rest, ok := strings.CutPrefix(s, "http://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "https://")
	}
	return ok && rest != "" && !strings.ContainsRune("/?#\\:@", rune(rest[0]))
}

// imageURL classes an image source: "remote" (http, https), "cid", "data" (a raster image), or "" for one that may not stay.
func imageURL(raw string) (u, kind string) {
	raw = strings.TrimSpace(raw)
	head := raw
	if len(head) > 64 {
		head = head[:64]
	}
	s := strings.ToLower(squeeze(head))
	switch {
	case hasHost(s):
		return escapeURL(raw), "remote"
	case hasHost("https:" + s):
		return escapeURL("https:" + raw), "remote"
	case strings.HasPrefix(s, "cid:"):
		return escapeURL(raw), "cid"
	}
	for _, t := range [...]string{"png", "jpeg", "jpg", "gif", "webp"} {
		if strings.HasPrefix(s, "data:image/"+t+";base64,") {
			data := squeeze(raw[strings.IndexByte(raw, ',')+1:])
			if strings.ContainsFunc(data, notBase64) {
				return "", ""
			}
			return "data:image/" + strings.Replace(t, "jpg", "jpeg", 1) + ";base64," + data, "data"
		}
	}
	return "", ""
}

func notBase64(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '=')
}

// escapeURL removes line breaks and escapes what could end an attribute, a CSS string or a tag.
func escapeURL(u string) string {
	var b strings.Builder
	for _, r := range u {
		switch {
		case r < 0x20 || r == 0x7f:
		case r == ' ':
			b.WriteString("%20")
		case r == '"':
			b.WriteString("%22")
		case r == '\'':
			b.WriteString("%27")
		case r == '<':
			b.WriteString("%3C")
		case r == '>':
			b.WriteString("%3E")
		case r == '\\':
			b.WriteString("%5C")
		case r == '`':
			b.WriteString("%60")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
