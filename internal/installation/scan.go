package installation

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// tag is a script of ours in a page's markup.
type tag struct {
	src              *url.URL
	nonce, integrity string
	kind             string // the type attribute: what is no JavaScript does not run
	head             bool
}

// scan is what a page's markup says about us.
type scan struct {
	ours, others []tag // others: the code of another installation
	hubspot      bool
	commented    bool // our code stands in a comment
	manager      bool // a tag manager may bring it in later
	metas        []policy
}

// ScriptPath is where the loader is served. HubSpot's own form, digits.js, is served too, so that a page may only change the host.
const ScriptPath = "/kanal.js"

var portal = regexp.MustCompile(`^/\d{1,20}\.js$`)

// Loader reports whether a path is one that the loader is served under.
func Loader(path string) bool { return path == ScriptPath || portal.MatchString(path) }

// read looks through a page as a browser would, without running anything.
func read(body []byte, page *url.URL, ours *url.URL) (s scan) {
	base, head, noscript := page, false, 0
	z := html.NewTokenizer(bytes.NewReader(body))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return s
		case html.CommentToken:
			if t := string(z.Text()); strings.Contains(t, ours.Host+ScriptPath) {
				s.commented = true
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			switch atom.Lookup(name) {
			case atom.Head:
				head = false
			case atom.Noscript:
				noscript = max(0, noscript-1)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			at := atom.Lookup(name)
			attrs := map[string]string{}
			for more {
				var k, v []byte
				k, v, more = z.TagAttr()
				if _, again := attrs[string(k)]; !again {
					attrs[string(k)] = string(v)
				}
			}
			switch at {
			case atom.Head:
				head = true
			case atom.Body:
				head = false
			case atom.Noscript:
				noscript++
			case atom.Base:
				if u, err := page.Parse(attrs["href"]); err == nil && attrs["href"] != "" {
					base = u
				}
			case atom.Meta:
				if strings.EqualFold(attrs["http-equiv"], "Content-Security-Policy") && head {
					for _, p := range policies(attrs["content"]) {
						delete(p, "sandbox") // means nothing in a meta element
						s.metas = append(s.metas, p)
					}
				}
			case atom.Script:
				if noscript == 0 {
					s.script(attrs, base, ours, head)
				}
			}
		}
	}
}

func (s *scan) script(attrs map[string]string, base, ours *url.URL, head bool) {
	src := strings.TrimSpace(attrs["src"])
	if src == "" {
		return
	}
	u, err := base.Parse(src)
	if err != nil {
		return
	}
	t := tag{src: u, nonce: attrs["nonce"], integrity: attrs["integrity"], kind: strings.ToLower(strings.TrimSpace(attrs["type"])), head: head}
	host := strings.ToLower(u.Hostname())
	switch {
	case strings.EqualFold(u.Host, ours.Host) && Loader(u.Path):
		s.ours = append(s.ours, t)
	case strings.HasSuffix(u.Path, ScriptPath):
		s.others = append(s.others, t)
	case host == "hs-scripts.com" || strings.HasSuffix(host, ".hs-scripts.com") || strings.HasSuffix(host, ".hs-scripts-eu1.com"):
		s.hubspot = true
	case strings.HasSuffix(host, "googletagmanager.com"):
		s.manager = true
	}
}

// runnable: a script whose type is one of JavaScript's. Cookie banners hold scripts back by changing it.
func (t tag) runnable() bool {
	switch t.kind {
	case "", "text/javascript", "application/javascript", "module", "application/x-javascript", "text/ecmascript", "application/ecmascript":
		return true
	}
	return false
}
