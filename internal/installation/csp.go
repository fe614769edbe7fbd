package installation

import (
	"net/url"
	"strings"
)

// policy is one content security policy: directives by name, the first of a name counts (CSP 3, 2.2.1).
type policy map[string][]string

// policies reads a header's value, which may hold several divided by commas. Browsers enforce all of them.
func policies(value string) (out []policy) {
	for text := range strings.SplitSeq(value, ",") {
		p := policy{}
		for directive := range strings.SplitSeq(text, ";") {
			words := strings.Fields(directive)
			if len(words) == 0 {
				continue
			}
			name := strings.ToLower(words[0])
			if _, again := p[name]; !again {
				p[name] = words[1:]
			}
		}
		if len(p) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// list is the sources for a kind of fetch: the first directive of the chain that is there. none is true when nothing speaks of it.
func (p policy) list(chain ...string) (sources []string, directive string, none bool) {
	for _, name := range chain {
		if s, ok := p[name]; ok {
			return s, name, false
		}
	}
	return nil, "", true
}

var (
	scriptChain  = []string{"script-src-elem", "script-src", "default-src"}
	frameChain   = []string{"frame-src", "child-src", "default-src"}
	connectChain = []string{"connect-src", "default-src"}
)

// fetches reports whether a policy lets a page fetch an address, and which directive decides.
func (p policy) fetches(page, target *url.URL, chain []string) (ok bool, directive string) {
	sources, directive, none := p.list(chain...)
	if none {
		return true, ""
	}
	return anySource(sources, page, target), directive
}

// runs reports whether a policy lets a page run an external script that stands in its markup.
func (p policy) runs(page *url.URL, t tag) (ok bool, directive string) {
	if sandbox, there := p["sandbox"]; there && !has(sandbox, "allow-scripts") {
		return false, "sandbox"
	}
	sources, directive, none := p.list(scriptChain...)
	if none {
		return true, ""
	}
	if t.nonce != "" && contains(sources, "'nonce-"+t.nonce+"'") {
		return true, directive
	}
	if t.integrity != "" && hashed(sources, t.integrity) {
		return true, directive
	}
	if has(sources, "'strict-dynamic'") {
		return false, directive // hosts do not count beside it
	}
	return anySource(sources, page, t.src), directive
}

// hashed: every digest that the tag gives is allowed.
func hashed(sources []string, integrity string) bool {
	for digest := range strings.FieldsSeq(integrity) {
		if !contains(sources, "'"+digest+"'") {
			return false
		}
	}
	return true
}

// has compares as keywords do: without regard to case.
func has(list []string, keyword string) bool {
	for _, s := range list {
		if strings.EqualFold(s, keyword) {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func anySource(sources []string, page, target *url.URL) bool {
	for _, s := range sources {
		if matches(s, page, target) {
			return true
		}
	}
	return false
}

// matches is the match of one source expression with an address (CSP 3, 6.7.2.7), without what only redirects need.
func matches(source string, page, target *url.URL) bool {
	lower := strings.ToLower(source)
	switch {
	case lower == "'self'":
		return strings.EqualFold(page.Hostname(), target.Hostname()) && port(page) == port(target) && upgrades(page.Scheme, target.Scheme)
	case lower == "*":
		return target.Scheme == "http" || target.Scheme == "https"
	case strings.HasPrefix(lower, "'"):
		return false
	case strings.HasSuffix(lower, ":") && !strings.Contains(lower, "/"):
		return upgrades(strings.TrimSuffix(lower, ":"), target.Scheme)
	}
	scheme, rest, ok := strings.Cut(source, "://")
	if !ok {
		scheme, rest = page.Scheme, source
	}
	if !upgrades(strings.ToLower(scheme), target.Scheme) {
		return false
	}
	hostport, path, hasPath := strings.Cut(rest, "/")
	host, wanted := splitPort(hostport)
	if !hostMatches(strings.ToLower(host), strings.ToLower(target.Hostname())) {
		return false
	}
	switch {
	case wanted == "*":
	case wanted == "" && port(target) != defaultPort(target.Scheme):
		return false
	case wanted != "" && wanted != port(target) && !(wanted == "80" && port(target) == "443"):
		return false
	}
	return !hasPath || path == "" || pathMatches("/"+path, target.Path)
}

// splitPort divides host:port; a host of IPv6 stands in brackets.
func splitPort(s string) (host, port string) {
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		return strings.Trim(s[:i], "[]"), s[i+1:]
	}
	return strings.Trim(s, "[]"), ""
}

func hostMatches(pattern, host string) bool {
	if pattern == "*" {
		return true
	}
	if tail, ok := strings.CutPrefix(pattern, "*"); ok && strings.HasPrefix(tail, ".") {
		return strings.HasSuffix(host, tail) && len(host) > len(tail)
	}
	return pattern == host
}

// pathMatches: one that ends in a slash is a folder, another is the very file.
func pathMatches(pattern, path string) bool {
	if p, err := url.PathUnescape(pattern); err == nil {
		pattern = p
	}
	if strings.HasSuffix(pattern, "/") {
		return strings.HasPrefix(path, pattern)
	}
	return pattern == path
}

// upgrades: what is allowed over http is allowed over https as well.
func upgrades(allowed, scheme string) bool {
	return allowed == scheme || allowed == "http" && scheme == "https"
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return defaultPort(u.Scheme)
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}
