package smtpd

import (
	"net/netip"
	"sync"
	"time"
)

// peers counts what each peer does. An IPv6 peer is its /64 network, which is what one customer gets.
type peers struct {
	limits Limits
	now    func() time.Time
	mu     sync.Mutex
	m      map[netip.Addr]*peerCount
	swept  time.Time
}

type peerCount struct {
	conns    int
	minute   time.Time
	messages int
	ten      time.Time // start of the ten minutes errors are counted in
	errors   int
}

func newPeers(l Limits) *peers {
	return &peers{limits: l, now: time.Now, m: map[netip.Addr]*peerCount{}}
}

func (p *peers) key(a netip.Addr) netip.Addr {
	if a.Is6() && !a.Is4In6() {
		if n, err := a.WithZone("").Prefix(64); err == nil {
			return n.Addr()
		}
	}
	return a
}

// get returns the counters of a peer with windows that have passed set back. Call with mu held.
func (p *peers) get(a netip.Addr) *peerCount {
	now := p.now()
	if now.Sub(p.swept) > 10*time.Minute {
		for k, c := range p.m {
			if c.conns == 0 && now.Sub(c.ten) > 10*time.Minute && now.Sub(c.minute) > time.Minute {
				delete(p.m, k)
			}
		}
		p.swept = now
	}
	k := p.key(a)
	c := p.m[k]
	if c == nil {
		c = &peerCount{minute: now, ten: now}
		p.m[k] = c
	}
	if now.Sub(c.minute) >= time.Minute || now.Before(c.minute) {
		c.minute, c.messages = now, 0
	}
	if now.Sub(c.ten) >= 10*time.Minute || now.Before(c.ten) {
		c.ten, c.errors = now, 0
	}
	return c
}

// enter counts a connection; false: too many, or too many errors lately.
func (p *peers) enter(a netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.get(a)
	if c.conns >= p.limits.MaxConnsPerPeer || (!a.IsLoopback() && c.errors >= p.limits.PeerErrors) {
		return false
	}
	c.conns++
	return true
}

func (p *peers) leave(a netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.get(a).conns--
}

// message counts one transaction; false: too many this minute.
func (p *peers) message(a netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.get(a)
	if !a.IsLoopback() && c.messages >= p.limits.MessagesPerMinute {
		return false
	}
	c.messages++
	return true
}

func (p *peers) failed(a netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.get(a).errors++
}
