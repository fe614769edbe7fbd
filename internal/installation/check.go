// Package installation is the tracking code that customers put on their pages (CH-25, TR-02): the code itself, and whether a page carries it and lets it run. It
// fetches a page as a stranger would and judges what came, purely: markup, header and meta policies. It never runs a page's scripts, follows no redirect
// to a private address, and keeps nothing. api/site calls it.
package installation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/netx"
)

// The states of a page.
const (
	Found       = "found"
	Missing     = "missing"
	Blocked     = "blocked_by_csp"
	Unreachable = "unreachable"
)

// Report says what is the matter with a page, in words for whoever can mend it. Reason is a word for programs.
type Report struct {
	State  string   `json:"state" enum:"found,missing,blocked_by_csp,unreachable"`
	Reason string   `json:"reason" doc:"What exactly, as a word: ok, in_head, twice, connect, no_code, commented_out, held_back, other_installation, tag_manager, domain, script, frame, mixed_content, status, not_html, refused, timeout, private …"`
	Detail string   `json:"detail"`
	Fix    string   `json:"fix"`
	Notes  []string `json:"notes" doc:"What else is worth knowing, though the chat works."`
	URL    string   `json:"url" doc:"Where the page was, after redirects."`
	Policy string   `json:"policy" doc:"The directive that blocks, as the page has it."`
}

// Checker looks at pages.
type Checker struct {
	Base *url.URL // where this installation is reached
	// Private lets the host that was typed be a private address: for an installation that is itself on one. What redirects lead to never may.
	Private bool
	Guard   netx.Guard    // how to resolve; AllowPrivate is decided here
	Timeout time.Duration // 0: 15 seconds
}

const (
	maxPage  = 2 << 20
	maxHops  = 5
	ourAgent = "Mozilla/5.0 (compatible; Kanal installation check)"
)

// page is what was fetched.
type page struct {
	url    *url.URL
	header http.Header
	body   []byte
}

// Check fetches a page and judges it. The error is only for an address that is none.
func (c Checker) Check(ctx context.Context, address string, domains []string) (Report, error) {
	u, err := Address(address)
	if err != nil {
		return Report{}, err
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 15 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	p, out := c.fetch(ctx, u)
	if out.State == "" {
		out = Judge(p.url, p.header, p.body, c.Base, domains)
		out.URL = p.url.Redacted()
	}
	if out.Notes == nil {
		out.Notes = []string{}
	}
	return out, nil
}

// Address reads what somebody typed as a page's address.
func Address(s string) (*url.URL, error) {
	bad := desk.Errorf(desk.Invalid, "installation.url", "%q is not the address of a web page: write it like https://www.example.com/contact.", s).In("url")
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 2000 {
		return nil, bad
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, bad
	}
	u.Fragment = ""
	return u, nil
}

// fetch follows redirects itself, so that only the host that was typed may be a private one.
func (c Checker) fetch(ctx context.Context, u *url.URL) (page, Report) {
	typed := u.Hostname()
	for range maxHops + 1 {
		guard := c.Guard
		guard.AllowPrivate = c.Private && strings.EqualFold(u.Hostname(), typed)
		client := guard.HTTP(netx.HTTPOptions{Timeout: 15 * time.Second, MaxBody: maxPage, MaxRedirects: -1, UserAgent: ourAgent})
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return page{}, unreachable("refused", "The address cannot be asked for.", "Check that it is complete.")
		}
		req.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1")
		resp, err := client.Do(req)
		if err != nil {
			client.CloseIdleConnections()
			return page{}, why(err, u)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		client.CloseIdleConnections()
		if err != nil && !errors.Is(err, netx.ErrTooBig) { // of a very long page the beginning is judged
			return page{}, why(err, u)
		}
		if resp.StatusCode >= 300 && resp.StatusCode < 400 && resp.Header.Get("Location") != "" {
			next, err := u.Parse(resp.Header.Get("Location"))
			if err != nil || next.Scheme != "http" && next.Scheme != "https" {
				return page{}, unreachable("refused", "The page leads on to an address that is none.", "Give the address of the page itself.")
			}
			u = next
			continue
		}
		kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		switch {
		case resp.StatusCode >= 400:
			return page{}, unreachable("status", fmt.Sprintf("%s answered %d %s.", u.Host, resp.StatusCode, http.StatusText(resp.StatusCode)), "Open the page in a private window: it must show without signing in.")
		case kind != "" && kind != "text/html" && kind != "application/xhtml+xml":
			return page{}, unreachable("not_html", "What is at this address is not a web page but "+kind+".", "Give the address of a page that visitors see.")
		}
		return page{u, resp.Header, body}, Report{}
	}
	return page{}, unreachable("redirects", "The page leads on and on.", "Give the address that it ends at.")
}

// why puts a failure to fetch in words.
func why(err error, u *url.URL) Report {
	switch {
	case errors.Is(err, netx.ErrPrivate):
		return unreachable("private", u.Hostname()+" is a private address, which this check does not visit.", "Check a page that is reachable from the internet, or look in the browser: the page's source must hold the code.")
	case errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "Client.Timeout"):
		return unreachable("timeout", u.Host+" did not answer in time.", "Try again, or check that the site is up.")
	case errors.Is(err, netx.ErrTooBig):
		return unreachable("too_big", "The page is larger than this check reads.", "Check another page of the site.")
	}
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return unreachable("refused", u.Host+" could not be reached: "+strings.TrimSuffix(text, ".")+".", "Check the spelling, and that the site is open to visitors from outside.")
}

func unreachable(reason, detail, fix string) Report {
	return Report{State: Unreachable, Reason: reason, Detail: detail, Fix: fix}
}
