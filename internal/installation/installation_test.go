package installation_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/installation"
	"github.com/kanalhq/kanal/internal/netx"
)

func address(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const code = `<script async defer src="https://chat.acme.example/kanal.js"></script>`

// CH-25, CH-26, TR-02: what a page says, in markup and policies, about whether the chat shows.
func TestAPageIsJudged(t *testing.T) {
	ours := "https://chat.acme.example"
	for _, c := range []struct {
		name, page, csp, state, reason, fix string
	}{
		{"plain", `<body>` + code + `</body>`, "", installation.Found, "ok", ""},
		{"without scheme", `<body><script src="//chat.acme.example/kanal.js"></script>`, "", installation.Found, "ok", ""},
		{"by portal", `<body><script src=//chat.acme.example/4711.js></script>`, "", installation.Found, "ok", ""},
		{"in head", `<head>` + code + `</head><body>`, "", installation.Found, "in_head", ""},
		{"twice", `<body>` + code + code, "", installation.Found, "twice", ""},
		{"missing", `<body><script src="/app.js"></script>`, "", installation.Missing, "no_code", "</body>"},
		{"comment", `<body><!-- ` + code + ` -->`, "", installation.Missing, "commented_out", "<!--"},
		{"only for no script", `<body><noscript>` + code + `</noscript>`, "", installation.Missing, "no_code", ""},
		{"in a string", `<body><script>var s = '<script src="https://chat.acme.example/kanal.js">'</script>`, "", installation.Missing, "no_code", ""},
		{"another's", `<body><script src="https://help.other.example/kanal.js"></script>`, "", installation.Missing, "other_installation", "chat.acme.example"},
		{"HubSpot's", `<body><script id="hs-script-loader" src="//js.hs-scripts.com/123.js"></script>`, "", installation.Missing, "hubspot", "chat.acme.example"},
		{"tag manager", `<body><script src="https://www.googletagmanager.com/gtm.js?id=G"></script>`, "", installation.Missing, "tag_manager", ""},
		{"cookie banner", `<body><script type="text/plain" src="https://chat.acme.example/kanal.js"></script>`, "", installation.Missing, "held_back", "banner"},
		{"mixed", `<body><script src="http://chat.acme.example/kanal.js"></script>`, "", installation.Blocked, "mixed_content", "https"},
		{"self only", code, "default-src 'self'", installation.Blocked, "script", "script-src 'self' https://chat.acme.example"},
		{"script-src", code, "script-src 'self'; frame-src *", installation.Blocked, "script", "Add https://chat.acme.example to script-src"},
		{"none", code, "script-src 'none'", installation.Blocked, "script", ""},
		{"host", code, "script-src 'self' chat.acme.example; frame-src https://*.acme.example", installation.Found, "ok", ""},
		{"wildcard is not the host itself", code, "script-src *.chat.acme.example", installation.Blocked, "script", ""},
		{"scheme", code, "script-src https:; connect-src https:", installation.Found, "ok", ""},
		{"other port", code, "script-src https://chat.acme.example:8443", installation.Blocked, "script", ""},
		{"path", code, "script-src https://chat.acme.example/kanal.js", installation.Found, "ok", ""},
		{"other path", code, "script-src https://chat.acme.example/other.js", installation.Blocked, "script", ""},
		{"folder", code, "script-src https://chat.acme.example/widget/", installation.Blocked, "script", ""},
		{"elem wins", code, "script-src *; script-src-elem 'self'", installation.Blocked, "script", "script-src-elem"},
		{"first of a name", code, "script-src *; script-src 'none'", installation.Found, "ok", ""},
		{"nonce", `<body><script nonce="abc" src="https://chat.acme.example/kanal.js"></script>`, "script-src 'nonce-abc'", installation.Found, "ok", ""},
		{"wrong nonce", `<body><script nonce="abd" src="https://chat.acme.example/kanal.js"></script>`, "script-src 'nonce-abc'", installation.Blocked, "script", "nonce"},
		{"strict-dynamic", code, "script-src 'strict-dynamic' 'nonce-abc' https://chat.acme.example", installation.Blocked, "script", "'strict-dynamic' hosts do not count"},
		{"strict-dynamic with nonce", `<script nonce="abc" src="https://chat.acme.example/kanal.js"></script>`, "script-src 'strict-dynamic' 'nonce-abc'", installation.Found, "ok", ""},
		{"hash", `<script integrity="sha256-AAAA" src="https://chat.acme.example/kanal.js"></script>`, "script-src 'sha256-AAAA'", installation.Found, "ok", ""},
		{"frame", code, "frame-src 'self'", installation.Blocked, "frame", "Add https://chat.acme.example to frame-src"},
		{"frame by default", code, "default-src 'self'; script-src https://chat.acme.example", installation.Blocked, "frame", "Add the directive frame-src https://chat.acme.example"},
		{"connect", code, "script-src *; frame-src *; connect-src 'self'", installation.Found, "connect", ""},
		{"two policies", code, "script-src *, script-src 'self'", installation.Blocked, "script", ""},
		{"meta", `<head><meta http-equiv="content-security-policy" content="script-src 'self'"></head><body>` + code, "", installation.Blocked, "script", ""},
		{"meta in the body means nothing", `<body><meta http-equiv="content-security-policy" content="script-src 'self'">` + code, "", installation.Found, "ok", ""},
		{"sandbox", code, "sandbox allow-forms", installation.Blocked, "script", "allow-scripts"},
	} {
		h := http.Header{}
		if c.csp != "" {
			h.Set("Content-Security-Policy", c.csp)
		}
		h.Set("Content-Security-Policy-Report-Only", "script-src 'none'")
		got := installation.Judge(address(t, "https://www.acme.example/shop/"), h, []byte("<!doctype html>"+c.page), address(t, ours), nil)
		if got.State != c.state || got.Reason != c.reason || !strings.Contains(got.Fix, c.fix) || got.Detail == "" || got.State != installation.Found && got.Fix == "" {
			t.Errorf("%s: %+v, not %s %s %q", c.name, got, c.state, c.reason, c.fix)
		}
	}
}

// A channel limited to domains says so.
func TestOtherDomainsAreNamed(t *testing.T) {
	at, ours := address(t, "https://www.acme.example/"), address(t, "https://chat.acme.example")
	for domains, reason := range map[string]string{"": "ok", "acme.example": "domain", "*.acme.example": "ok", "WWW.acme.example": "ok", "other.example": "domain"} {
		var list []string
		if domains != "" {
			list = []string{domains}
		}
		if got := installation.Judge(at, http.Header{}, []byte(code), ours, list); got.Reason != reason {
			t.Errorf("%s: %s", domains, got.Reason)
		}
	}
}

// CH-25: the check fetches the page, follows it safely, and never reaches what is private behind a redirect.
func TestAPageIsFetched(t *testing.T) {
	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	defer site.Close()
	ours := address(t, "https://chat.acme.example")
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html><body>" + code)) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/inside", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://localhost:"+address(t, site.URL).Port()+"/", http.StatusFound)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/pdf", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "application/pdf") })
	mux.HandleFunc("/gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(code + strings.Repeat(" ", 3<<20)))
	})
	mux.HandleFunc("/csp", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "script-src 'self'")
		_, _ = w.Write([]byte(code))
	})
	c := installation.Checker{Base: ours, Private: true, Timeout: 5 * time.Second}
	for path, want := range map[string][2]string{
		"/": {installation.Found, "ok"}, "/moved": {installation.Found, "ok"}, "/round": {installation.Unreachable, "redirects"}, "/inside": {installation.Unreachable, "private"},
		"/file": {installation.Unreachable, "refused"}, "/pdf": {installation.Unreachable, "not_html"}, "/gone": {installation.Unreachable, "status"}, "/csp": {installation.Blocked, "script"},
		"/long": {installation.Found, "ok"},
	} {
		got, err := c.Check(t.Context(), site.URL+path, nil)
		if err != nil || got.State != want[0] || got.Reason != want[1] {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
	c.Timeout = 50 * time.Millisecond
	if got, _ := c.Check(t.Context(), site.URL+"/slow", nil); got.Reason != "timeout" {
		t.Errorf("%+v", got)
	}
	c.Private, c.Timeout = false, 0
	if got, _ := c.Check(t.Context(), site.URL, nil); got.Reason != "private" {
		t.Errorf("a private page was fetched: %+v", got)
	}
	c.Guard = netx.Guard{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}
	if got, _ := c.Check(t.Context(), "http://inside.example:"+address(t, site.URL).Port(), nil); got.Reason != "private" {
		t.Errorf("a name that leads inside was followed: %+v", got)
	}
	for _, bad := range []string{"", "ftp://x.example", "javascript:alert(1)", "https://", "https://user:pw@x.example", "a b"} {
		if _, err := c.Check(t.Context(), bad, nil); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// CH-25, TR-03: the code is whole, and what it puts on a page passes its own check.
func TestTheCodePassesItsOwnCheck(t *testing.T) {
	base := address(t, "https://chat.acme.example")
	c := installation.CodeOf(base, "da-DK")
	if !strings.Contains(c.HTML, "Skriv til os") || c.Src != "https://chat.acme.example/kanal.js" {
		t.Errorf("%+v", c)
	}
	h := http.Header{}
	h.Set("Content-Security-Policy", "default-src 'none'; "+c.CSP)
	if got := installation.Judge(address(t, "https://www.acme.example"), h, []byte("<body>"+c.HTML+"</body>"), base, nil); got.State != installation.Found || got.Reason != "ok" {
		t.Errorf("%+v", got)
	}
}
