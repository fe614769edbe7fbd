package installation

import (
	"net/http"
	"net/url"
	"strings"
)

// Judge says of a page that was fetched whether the chat shows on it. domains are those that the channel is limited to; none is any.
func Judge(at *url.URL, header http.Header, body []byte, ours *url.URL, domains []string) Report {
	s := read(body, at, ours)
	all := s.metas
	for _, v := range header.Values("Content-Security-Policy") {
		all = append(all, policies(v)...)
	}
	if len(s.ours) == 0 {
		return s.without(ours)
	}
	t := s.ours[0]
	for _, x := range s.ours { // one that runs is enough
		if x.runnable() {
			t = x
			break
		}
	}
	if !t.runnable() {
		return Report{State: Missing, Reason: "held_back", Detail: "The code is on the page, but with type=\"" + t.kind + "\": something holds it back, most often a cookie banner, until the visitor agrees.",
			Fix: "Take the chat out of what the banner holds back: it asks for consent itself where its settings say so, and sets no cookie before."}
	}
	if at.Scheme == "https" && t.src.Scheme == "http" {
		return Report{State: Blocked, Reason: "mixed_content", Detail: "The page comes over https and the code over http, which browsers refuse.",
			Fix: "Give this installation a certificate and an https address, and use that in the code."}
	}
	if r, blocked := s.blocked(all, at, t, ours); blocked {
		return r
	}
	out := Report{State: Found, Reason: "ok", Detail: "The code is on the page, and nothing that this check can see keeps it from running."}
	if !InDomains(at.Hostname(), domains) {
		out.Reason, out.Detail = "domain", "The code is on the page, but the channel is limited to other domains: here the chat does not show."
		out.Fix = "Add " + at.Hostname() + " to the channel's domains."
	}
	s.remark(&out, all, at, t, ours)
	return out
}

// without says why the code is not there, as far as the page tells.
func (s scan) without(ours *url.URL) Report {
	const put = "Put the tracking code just before </body> on every page that shall have the chat."
	switch {
	case s.commented:
		return Report{State: Missing, Reason: "commented_out", Detail: "The code stands in a comment, so that browsers do not see it.", Fix: "Take away the <!-- and --> around it."}
	case len(s.others) > 0:
		return Report{State: Missing, Reason: "other_installation", Detail: "The page has the code of another installation: " + s.others[0].src.Host + ".", Fix: "Replace its address by " + ours.Host + ", or check with the installation it belongs to."}
	case s.hubspot:
		return Report{State: Missing, Reason: "hubspot", Detail: "The page has HubSpot's tracking code and not Kanal's.", Fix: "Replace the host of that code by " + ours.Host + ", or add Kanal's code beside it. " + put}
	case s.manager:
		return Report{State: Missing, Reason: "tag_manager", Detail: "The code is not in the page's source. A tag manager may bring it in later, which this check cannot see.", Fix: "Open the page: if the button shows, all is well. Otherwise " + strings.ToLower(put[:1]) + put[1:]}
	}
	return Report{State: Missing, Reason: "no_code", Detail: "The code is not on this page.", Fix: put}
}

// blocked finds the policy that keeps the chat away.
func (s scan) blocked(all []policy, at *url.URL, t tag, ours *url.URL) (Report, bool) {
	origin := ours.Scheme + "://" + ours.Host
	frame := ours.JoinPath("/widget/frame")
	for _, p := range all {
		if ok, d := p.runs(at, t); !ok {
			r := Report{State: Blocked, Reason: "script", Policy: shown(p, d), Detail: "The page's content security policy does not let the code run: its " + d + " does not allow it.", Fix: "Add " + origin + " to " + d + "."}
			switch {
			case d == "sandbox":
				r.Fix = "Add allow-scripts to the sandbox directive."
			case d == "default-src":
				r.Fix = "Add the directive script-src " + strings.TrimSpace(strings.Join(p[d], " ")+" "+origin) + "."
			case has(p[d], "'strict-dynamic'"):
				r.Fix = "With 'strict-dynamic' hosts do not count: give the script tag the page's nonce, nonce=\"…\", like its other scripts."
			case strings.Contains(strings.Join(p[d], " "), "'nonce-"):
				r.Fix = "Give the script tag the page's nonce, or add " + origin + " to " + d + "."
			}
			return r, true
		}
		if ok, d := p.fetches(at, frame, frameChain); !ok {
			fix := "Add " + origin + " to " + d + "."
			if d == "default-src" || d == "child-src" {
				fix = "Add the directive frame-src " + origin + "."
			}
			return Report{State: Blocked, Reason: "frame", Policy: shown(p, d), Detail: "The code runs, but the page's content security policy does not let it show the chat: its " + d + " does not allow frames from " + ours.Host + ".", Fix: fix}, true
		}
	}
	return Report{}, false
}

// remark adds what does no harm.
func (s scan) remark(out *Report, all []policy, at *url.URL, t tag, ours *url.URL) {
	origin := ours.Scheme + "://" + ours.Host
	for _, p := range all {
		if ok, d := p.fetches(at, ours.JoinPath("/widget/hello"), connectChain); !ok {
			out.Notes = append(out.Notes, "The policy's "+d+" does not allow "+origin+": the chat works, but its frame is loaded on every page. Add it to connect-src to spare that.")
			if out.Reason == "ok" {
				out.Reason = "connect"
			}
			break
		}
	}
	if len(s.ours) > 1 {
		out.Notes = append(out.Notes, "The code is on the page more than once. Only one counts; take the others away.")
		if out.Reason == "ok" {
			out.Reason = "twice"
		}
	}
	if t.head {
		out.Notes = append(out.Notes, "The code is in the page's head. That works; just before </body> the page shows a little sooner.")
		if out.Reason == "ok" {
			out.Reason = "in_head"
		}
	}
	if len(s.others) > 0 {
		out.Notes = append(out.Notes, "The page also has the code of another installation: "+s.others[0].src.Host+". Only the first of them shows its chat.")
	}
}

// shown is a directive as the page has it.
func shown(p policy, directive string) string {
	return strings.TrimSpace(directive + " " + strings.Join(p[directive], " "))
}

// InDomains reports whether a host is among those that a channel is limited to; *.example.com is every host under it. No list is any host.
func InDomains(host string, domains []string) bool {
	if len(domains) == 0 {
		return true
	}
	for _, d := range domains {
		d, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(d), "https://"), "http://"), "/")
		name, _ := splitPort(d)
		if hostMatches(name, strings.ToLower(host)) {
			return true
		}
	}
	return false
}
