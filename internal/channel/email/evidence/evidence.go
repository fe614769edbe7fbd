// Package evidence looks up what SPF, DKIM and DMARC say of a received mail (EM-44). What it finds is stored with the mail and shown;
// it never refuses one. It owns the look-ups, their time limit and the alignment of DMARC. Package email calls it.
package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"sync"
	"time"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/authres"
	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"

	"github.com/kanalhq/kanal/internal/desk"
)

// Results, named as RFC 8601 names them.
const (
	Pass      = "pass"
	Fail      = "fail"
	None      = "none"
	TempError = "temperror"
	PermError = "permerror"
)

// Verifier looks up SPF, DKIM and DMARC: evidence that is stored with the mail and never a reason to refuse it (EM-44).
type Verifier struct {
	dns     spf.DNSResolver
	timeout time.Duration
	named   bool // an administrator named the DNS server: local peers are judged too
	breaker breaker
}

// New makes a verifier that asks the DNS server at host:port server, or the system's when it is "". timeout bounds all look-ups of one
// mail together.
func New(server string, timeout time.Duration) *Verifier {
	return &Verifier{dns: Resolver(server), timeout: timeout, named: server != ""}
}

// Transaction is what SMTP said of a mail.
type Transaction struct {
	Peer netip.Addr
	Helo string
	From string // "" is the null return path
	Body []byte
}

// Resolver asks server, or the system's when it is "".
func Resolver(server string) *net.Resolver {
	if server == "" {
		return net.DefaultResolver
	}
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(strings.Trim(server, "[]"), "53")
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server)
	}}
}

type verdict struct{ result, domain, note string }

// Received judges one SMTP transaction. It takes at most the verifier's timeout; what is not known by then is temperror.
func (v *Verifier) Received(ctx context.Context, m Transaction) *desk.AuthEvidence {
	local := !v.named && (!m.Peer.IsValid() || m.Peer.IsLoopback() || m.Peer.IsPrivate() || m.Peer.IsLinkLocalUnicast())
	signed := headerHas(m.Body, "dkim-signature")
	if local && !signed {
		return &desk.AuthEvidence{SPF: None, DKIM: None, DMARC: None, Note: "handed in by a local server, not signed"}
	}
	return v.judge(ctx, m.Body, signed, func(ctx context.Context) verdict {
		if local {
			return verdict{None, "", "handed in by a local server"}
		}
		return v.spf(ctx, m.Peer, m.Helo, m.From)
	}, !local)
}

// Fetched judges a mail that another server received: its SPF cannot be known, its signatures can.
func (v *Verifier) Fetched(ctx context.Context, body []byte) *desk.AuthEvidence {
	signed := headerHas(body, "dkim-signature")
	if !signed {
		return &desk.AuthEvidence{SPF: None, DKIM: None, DMARC: None, Note: "fetched from a mailbox, not signed"}
	}
	return v.judge(ctx, body, signed, func(context.Context) verdict { return verdict{None, "", "fetched from a mailbox"} }, false)
}

// judge runs the three looks at once. spfCounts is false when the peer says nothing about the sender: DMARC then only passes by
// DKIM and never fails.
func (v *Verifier) judge(ctx context.Context, body []byte, signed bool, spfCheck func(context.Context) verdict, spfCounts bool) *desk.AuthEvidence {
	if v.breaker.open() {
		return &desk.AuthEvidence{SPF: TempError, DKIM: TempError, DMARC: TempError, Note: "DNS does not answer"}
	}
	ctx, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	start := time.Now()
	var (
		spfC   = background(ctx, func() verdict { return spfCheck(ctx) })
		dkimC  = background(ctx, func() []verdict { return v.dkim(ctx, body, signed) })
		author = authorDomain(body)
		polC   = background(ctx, func() policy { return v.policy(ctx, author) })
	)
	s, ok1 := <-spfC
	d, ok2 := <-dkimC
	p, ok3 := <-polC
	if !ok1 {
		s = verdict{TempError, "", "DNS too slow"}
	}
	if !ok2 {
		d = []verdict{{TempError, "", "DNS too slow"}}
	}
	if !ok3 {
		p = policy{err: TempError}
	}
	v.breaker.note(time.Since(start) < v.timeout*9/10)
	ev := &desk.AuthEvidence{SPF: s.result, DKIM: sum(d)}
	var via string
	ev.DMARC, via = align(author, p, s, d, spfCounts)
	notes := []string{note("spf", s)}
	for _, x := range d {
		notes = append(notes, note("dkim", x))
	}
	notes = append(notes, "dmarc="+ev.DMARC+via)
	ev.Note = strings.Join(notes, "; ")
	return ev
}

func note(kind string, v verdict) string {
	s := kind + "=" + v.result
	if v.domain != "" {
		s += " " + v.domain
	}
	if v.note != "" {
		s += " (" + v.note + ")"
	}
	return s
}

// background runs f and hands over its result; the channel closes empty when ctx ends first.
func background[T any](ctx context.Context, f func() T) <-chan T {
	in, out := make(chan T, 1), make(chan T, 1)
	go func() {
		defer func() { _ = recover() }() // a stranger's mail met a bug in a library: no evidence
		in <- f()
	}()
	go func() {
		defer close(out)
		select {
		case r := <-in:
			out <- r
		case <-ctx.Done():
			select {
			case r := <-in:
				out <- r
			default:
			}
		}
	}()
	return out
}

func (v *Verifier) spf(ctx context.Context, peer netip.Addr, helo, from string) verdict {
	sender, domain := from, domainOf(from)
	if from == "" { // RFC 7208 2.4
		sender, domain = "postmaster@"+helo, strings.ToLower(helo)
	}
	if !strings.Contains(domain, ".") {
		return verdict{None, domain, ""}
	}
	res, err := spf.CheckHostWithSender(net.IP(peer.AsSlice()), helo, sender, spf.WithContext(ctx), spf.WithResolver(v.dns))
	var why string
	if err != nil && (res == spf.TempError || res == spf.PermError) {
		why = oneLine(err.Error())
	}
	return verdict{string(res), domain, why}
}

func (v *Verifier) dkim(ctx context.Context, body []byte, signed bool) []verdict {
	if !signed {
		return []verdict{{None, "", ""}}
	}
	sigs, err := dkim.VerifyWithOptions(bytes.NewReader(body), &dkim.VerifyOptions{
		MaxVerifications: 8,
		LookupTXT:        func(name string) ([]string, error) { return v.dns.LookupTXT(ctx, name) },
	})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return []verdict{{PermError, "", oneLine(err.Error())}}
	}
	var out []verdict
	for _, s := range sigs {
		r := verdict{Pass, strings.ToLower(s.Domain), ""}
		if s.Err != nil {
			r.result, r.note = Fail, oneLine(s.Err.Error())
			if dkim.IsTempFail(s.Err) {
				r.result = TempError
			} else if dkim.IsPermFail(s.Err) {
				r.result = PermError
			}
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		out = []verdict{{None, "", ""}}
	}
	return out
}

// sum is the best of several signatures.
func sum(d []verdict) string {
	best := None
	rank := map[string]int{None: 0, PermError: 1, Fail: 2, TempError: 3, Pass: 4}
	for _, v := range d {
		if rank[v.result] > rank[best] {
			best = v.result
		}
	}
	return best
}

// policy is a domain's DMARC record; record is nil when there is none.
type policy struct {
	record *dmarc.Record
	own    bool // found at the very domain, not at the organisation's
	err    string
}

// policy finds the record of a domain or of its organisation (RFC 7489 6.6.3).
func (v *Verifier) policy(ctx context.Context, domain string) policy {
	if !strings.Contains(domain, ".") {
		return policy{}
	}
	look := &dmarc.LookupOptions{LookupTXT: func(name string) ([]string, error) { return v.dns.LookupTXT(ctx, name) }}
	r, err := dmarc.LookupWithOptions(domain, look)
	own := true
	if errors.Is(err, dmarc.ErrNoPolicy) {
		org := orgDomain(domain)
		if org == domain {
			return policy{}
		}
		own = false
		r, err = dmarc.LookupWithOptions(org, look)
	}
	switch {
	case err == nil:
		return policy{record: r, own: own}
	case errors.Is(err, dmarc.ErrNoPolicy):
		return policy{}
	case dmarc.IsTempFail(err):
		return policy{err: TempError}
	}
	return policy{err: PermError}
}

// align says whether the visible author is who SPF or DKIM vouch for (RFC 7489 3.1), and by which.
func align(author string, p policy, s verdict, d []verdict, spfCounts bool) (result, via string) {
	switch {
	case author == "":
		return PermError, " (no single author)"
	case p.err != "":
		return p.err, ""
	case p.record == nil:
		return None, ""
	}
	pol := p.record.Policy
	if !p.own && p.record.SubdomainPolicy != "" {
		pol = p.record.SubdomainPolicy
	}
	via = fmt.Sprintf(" %s (p=%s)", author, pol)
	if spfCounts && s.result == Pass && aligned(s.domain, author, p.record.SPFAlignment) {
		return Pass, via
	}
	temp := spfCounts && s.result == TempError
	for _, x := range d {
		if x.result == Pass && aligned(x.domain, author, p.record.DKIMAlignment) {
			return Pass, via
		}
		temp = temp || x.result == TempError
	}
	switch {
	case temp:
		return TempError, via
	case !spfCounts:
		return None, via
	}
	return Fail, via
}

func aligned(domain, author string, mode dmarc.AlignmentMode) bool {
	domain, author = strings.ToLower(domain), strings.ToLower(author)
	if mode == dmarc.AlignmentStrict {
		return domain == author
	}
	return domain != "" && orgDomain(domain) == orgDomain(author)
}

// orgDomain is the organisational domain by the public suffix list.
func orgDomain(d string) string {
	d = strings.TrimSuffix(strings.ToLower(d), ".")
	if o, err := publicsuffix.EffectiveTLDPlusOne(d); err == nil {
		return o
	}
	return d
}

// authorDomain is the domain of the From header, or "" when there is not exactly one.
func authorDomain(body []byte) string {
	vals := headerValues(body, "from")
	if len(vals) != 1 {
		return ""
	}
	domain := ""
	list, err := mail.ParseAddressList(vals[0])
	if err != nil {
		i, j := strings.LastIndexByte(vals[0], '<'), strings.LastIndexByte(vals[0], '>')
		if i < 0 || j < i {
			i, j = -1, len(vals[0])
		}
		n := desk.NormalizeEmail(strings.TrimSpace(vals[0][i+1 : j]))
		return domainOf(n)
	}
	for _, a := range list {
		d := domainOf(desk.NormalizeEmail(a.Address))
		if d == "" || (domain != "" && d != domain) {
			return ""
		}
		domain = d
	}
	return domain
}

func domainOf(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return strings.ToLower(address[i+1:])
	}
	return ""
}

// headerValues returns the unfolded values of a field, in order. It never fails: what is no header is passed over.
func headerValues(body []byte, name string) []string {
	var out []string
	take := false
	for len(body) > 0 {
		line := body
		if i := bytes.IndexByte(body, '\n'); i >= 0 {
			line, body = body[:i], body[i+1:]
		} else {
			body = nil
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if take {
				out[len(out)-1] += " " + strings.TrimSpace(string(line))
			}
			continue
		}
		k, v, ok := bytes.Cut(line, []byte(":"))
		take = ok && strings.EqualFold(strings.TrimSpace(string(k)), name)
		if take {
			out = append(out, strings.TrimSpace(string(v)))
		}
	}
	return out
}

// Trusted reads the Authentication-Results that the mailbox's own server wrote: the first field under its name (RFC 8601 5).
func Trusted(body []byte, authserv string) *desk.AuthEvidence {
	for _, v := range headerValues(body, "authentication-results") {
		id, results, err := authres.Parse(dropComments(v))
		if err != nil || !strings.EqualFold(id, authserv) {
			continue
		}
		ev := &desk.AuthEvidence{SPF: None, DKIM: None, DMARC: None, Note: "as " + authserv + " says: " + oneLine(v)}
		for _, r := range results {
			switch r := r.(type) {
			case *authres.SPFResult:
				ev.SPF = string(r.Value)
			case *authres.DKIMResult:
				if ev.DKIM != Pass {
					ev.DKIM = string(r.Value)
				}
			case *authres.DMARCResult:
				ev.DMARC = string(r.Value)
			}
		}
		return ev
	}
	return nil
}

// dropComments removes (comments), which the library does not read.
func dropComments(s string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			if depth == 0 && i+1 < len(s) {
				b.WriteString(s[i : i+2])
			}
			i++
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
			continue
		case c == ')' && !quoted && depth > 0:
			depth--
			continue
		}
		if depth == 0 {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func headerHas(body []byte, name string) bool { return len(headerValues(body, name)) > 0 }

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 160 {
		s = s[:160]
	}
	return strings.ToValidUTF8(s, "?")
}

// breaker stops asking a DNS server that keeps silent: after five mails in a row without an answer it rests for
// 30 seconds, so that a dead resolver does not slow down every mail.
type breaker struct {
	mu    sync.Mutex
	fails int
	until time.Time
}

func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Before(b.until)
}

func (b *breaker) note(ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ok {
		b.fails = 0
		return
	}
	if b.fails++; b.fails >= 5 {
		b.fails, b.until = 0, time.Now().Add(30*time.Second)
	}
}
