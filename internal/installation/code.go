package installation

import (
	"html"
	"net/url"
	"strings"
)

// Code is what an administrator copies (CH-25, TR-02).
type Code struct {
	HTML string `json:"html" doc:"To be put just before </body>."`
	Src  string `json:"src" doc:"The loader's address."`
	CSP  string `json:"csp" doc:"What a page with a content security policy must add."`
}

// invitations is what a page shows to who has no JavaScript.
var invitations = map[string]string{"en": "Write to us", "da": "Skriv til os", "de": "Schreiben Sie uns", "sv": "Skriv till oss", "fi": "Kirjoita meille"}

// CodeOf is the code of an installation, with the words for a page without JavaScript in a language.
func CodeOf(base *url.URL, locale string) Code {
	origin := base.Scheme + "://" + base.Host
	text := invitations["en"]
	if l, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-"); invitations[l] != "" {
		text = invitations[l]
	}
	src := html.EscapeString(origin + ScriptPath)
	return Code{
		HTML: "<!-- Kanal -->\n" + `<script id="kanal-loader" async defer src="` + src + `"></script>` + "\n" +
			`<noscript><a href="` + html.EscapeString(origin+"/widget/plain") + `">` + html.EscapeString(text) + "</a></noscript>\n<!-- /Kanal -->",
		Src: origin + ScriptPath,
		CSP: "script-src " + origin + "; frame-src " + origin + "; connect-src " + origin,
	}
}
