package richtext

import (
	"strings"

	"golang.org/x/net/html"
)

// Rewrite changes the image addresses of HTML that Sanitize made: image is called with every src (cid: and data:
// included) and returns the address to use, or "" to leave it. remote, when not nil, is called with every address that was set
// aside and returns the (proxied) address to show, or "" to leave it blocked.
func Rewrite(clean string, image, remote func(url string) string) string {
	if image == nil && remote == nil {
		return clean
	}
	var b strings.Builder
	b.Grow(len(clean))
	z := html.NewTokenizer(strings.NewReader(clean))
	for {
		tt := z.Next()
		if tt == html.ErrorToken {
			return b.String()
		}
		raw := string(z.Raw())
		if tt != html.StartTagToken && tt != html.SelfClosingTagToken ||
			!strings.Contains(raw, "src=") && !strings.Contains(raw, "data-blocked-") {
			b.WriteString(raw)
			continue
		}
		tok := z.Token()
		rewriteTag(&tok, image, remote)
		b.WriteString(tok.String())
	}
}

func rewriteTag(tok *html.Token, image, remote func(string) string) {
	call := func(f func(string) string, u string) string {
		if f == nil {
			return ""
		}
		return f(u)
	}
	for i := 0; i < len(tok.Attr); i++ {
		a := &tok.Attr[i]
		switch a.Key {
		case "src":
			if u := call(image, a.Val); u != "" {
				a.Val = u
			}
		case "data-blocked-src":
			if u := call(remote, a.Val); u != "" {
				a.Key, a.Val = "src", u
			}
		case "data-blocked-background":
			if u := call(remote, a.Val); u != "" {
				tok.Attr = append(tok.Attr[:i], tok.Attr[i+1:]...)
				tok.Attr = setBackground(tok.Attr, escapeURL(u))
				i--
			}
		}
	}
}
