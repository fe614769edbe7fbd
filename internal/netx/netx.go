// Package netx is how Kanal reaches out: an HTTP client and a dialer that never reach private
// addresses, whatever a name resolves to, and the fetch of a remote image for the proxy. It refuses
// loopback, private, link-local, carrier-grade NAT, metadata, multicast and reserved addresses, also
// when written as IPv4-mapped, NAT64 or 6to4 IPv6; those at which a cloud gives its machines their keys it refuses always. It refuses a context that is inside a write
// transaction (desk.InTx). Hosts that an administrator typed may be private: Guard.AllowPrivate.
// The adapters' Host, the image proxy and webhooks call it.
package netx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Refusals. A caller may test for them with errors.Is.
var (
	ErrPrivate = errors.New("netx: the address is private, which is not allowed here")
	ErrInTx    = errors.New("netx: network use inside a write transaction")
	ErrTooBig  = errors.New("netx: the answer is larger than allowed")
	ErrScheme  = errors.New("netx: only http and https are allowed")
)

// Guard decides what may be reached. The zero value reaches public addresses only.
type Guard struct {
	// AllowPrivate lets the guard reach private addresses too, but for Metadata: for hosts that an administrator typed.
	AllowPrivate bool
	// Lookup resolves a host name; nil is the system's resolver. A test names addresses with it.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// ConnectTimeout bounds one connection attempt; 0 is 10 seconds.
	ConnectTimeout time.Duration
}

// Dial resolves the host, refuses what the guard refuses, and connects to exactly one of the
// addresses it looked at: a name that changes between check and use gains nothing.
func (g Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if desk.InTx(ctx) {
		return nil, ErrInTx
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("netx: dial: %w", err)
	}
	addrs, err := g.resolve(ctx, network, host)
	if err != nil {
		return nil, fmt.Errorf("netx: dial: %w", err)
	}
	timeout := g.ConnectTimeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	d := net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
	var last error
	for _, a := range addrs {
		if Metadata(a) || !g.AllowPrivate && !Public(a) {
			last = fmt.Errorf("%w (%s)", ErrPrivate, host)
			continue
		}
		c, err := d.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return c, nil
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	if last == nil {
		last = fmt.Errorf("netx: %s has no address", host)
	}
	return nil, last
}

func (g Guard) resolve(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	ipnet := "ip"
	switch network {
	case "tcp4", "udp4":
		ipnet = "ip4"
	case "tcp6", "udp6":
		ipnet = "ip6"
	}
	if g.Lookup != nil {
		return g.Lookup(ctx, ipnet, host)
	}
	return net.DefaultResolver.LookupNetIP(ctx, ipnet, host)
}

// HTTPOptions shape a client.
type HTTPOptions struct {
	Timeout      time.Duration // whole exchange; 0 is 30 seconds
	MaxBody      int64         // bytes of an answer; 0 is 25 MB
	MaxRedirects int           // 0 is 5; negative follows none
	UserAgent    string        // "" is Kanal
}

// HTTP makes a client behind the guard: every connection, redirects included, is checked after name
// resolution; proxies of the environment are not used, because they would be dialled instead of the
// host; an answer longer than MaxBody fails with ErrTooBig when read.
func (g Guard) HTTP(o HTTPOptions) *http.Client {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = 25 << 20
	}
	if o.MaxRedirects == 0 {
		o.MaxRedirects = 5
	}
	if o.UserAgent == "" {
		o.UserAgent = "Kanal"
	}
	base := &http.Transport{
		DialContext:            g.Dial,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  o.Timeout,
		IdleConnTimeout:        60 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 1 << 18,
		ForceAttemptHTTP2:      true,
	}
	return &http.Client{
		Timeout:   o.Timeout,
		Transport: &transport{base: base, maxBody: o.MaxBody, agent: o.UserAgent},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if o.MaxRedirects < 0 || len(via) > o.MaxRedirects {
				return http.ErrUseLastResponse
			}
			if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
				return ErrScheme
			}
			if via[0].URL.Scheme == "https" && req.URL.Scheme == "http" {
				return fmt.Errorf("netx: redirect from https to http refused")
			}
			return nil
		},
	}
}

type transport struct {
	base    http.RoundTripper
	maxBody int64
	agent   string
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if desk.InTx(req.Context()) {
		return nil, ErrInTx
	}
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, ErrScheme
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", t.agent)
	}
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.ContentLength > t.maxBody {
		resp.Body.Close()
		return nil, ErrTooBig
	}
	resp.Body = &cappedBody{ReadCloser: resp.Body, left: t.maxBody}
	return resp, nil
}

// cappedBody fails with ErrTooBig, rather than ending early, when more than left bytes come.
type cappedBody struct {
	io.ReadCloser
	left int64
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooBig
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, ErrTooBig
	}
	return n, err
}
