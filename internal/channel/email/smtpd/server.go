// Package smtpd speaks the receiving side of SMTP (RFC 5321) with STARTTLS, SIZE, PIPELINING, 8BITMIME, SMTPUTF8, CHUNKING and
// ENHANCEDSTATUSCODES. It owns the session: limits per peer, timeouts, memory for mail in flight, the end of data. It
// refuses to relay, to authenticate, to end a message at anything but CRLF.CRLF or a complete last chunk, and to
// answer 250 before its Backend has taken the mail. It knows nothing of accounts. Package email calls it.
//
// It is our own rather than a library's because a message cut off inside its last BDAT chunk must not be delivered, a slow
// upload must not be ended by a command's timeout, and a stop must let the transaction in progress finish.
package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Backend decides about recipients and takes mail.
type Backend interface {
	// Recipient judges one RCPT. A nil error accepts; tag is handed back with the mail. A *Reply is answered as it is;
	// another error is 451.
	Recipient(ctx context.Context, s *Session, address string) (tag any, err error)
	// Deliver takes one complete message; the peer is answered 250 when it returns nil. The body must not be
	// kept. A *Reply is answered as it is; another error is 451. ctx is not ended by a stop.
	Deliver(ctx context.Context, m *Mail) error
}

// Mail is one complete SMTP transaction.
type Mail struct {
	Peer netip.Addr
	Helo string
	TLS  bool
	From string
	Null bool // MAIL FROM:<>
	UTF8 bool
	To   []Recipient
	Body []byte
}

// Recipient is an accepted one.
type Recipient struct {
	Address string
	Tag     any // what Backend.Recipient returned
}

// Limits of a server. Zero values take the default.
type Limits struct {
	MaxMessageBytes   int64         // 50 MB
	MaxRecipients     int           // 100
	MaxConns          int           // 1000, all peers together
	MaxConnsPerPeer   int           // 100
	MessagesPerMinute int           // 600 a peer; loopback peers are not counted
	MaxErrors         int           // 20 refused commands a session
	PeerErrors        int           // 200 refused commands a peer in ten minutes; loopback peers are not counted
	MemoryBytes       int64         // 256 MB for all mail in flight
	SpoolOver         int64         // 256 KB: a longer mail goes to a temporary file while it arrives
	CommandTimeout    time.Duration // 5 minutes for one command line (RFC 5321 4.5.3.2.7)
	DataIdle          time.Duration // 3 minutes between two pieces of data
	DataTotal         time.Duration // 30 minutes for one message
	DeliverTimeout    time.Duration // 4 minutes for Backend.Deliver
	StopGrace         time.Duration // 30 s for transactions in progress when the server stops
}

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	num := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	big := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	dur := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	big(&l.MaxMessageBytes, 50<<20)
	num(&l.MaxRecipients, 100)
	num(&l.MaxConns, 1000)
	num(&l.MaxConnsPerPeer, 100)
	num(&l.MessagesPerMinute, 600)
	num(&l.MaxErrors, 20)
	num(&l.PeerErrors, 200)
	big(&l.MemoryBytes, 256<<20)
	big(&l.SpoolOver, 256<<10)
	dur(&l.CommandTimeout, 5*time.Minute)
	dur(&l.DataIdle, 3*time.Minute)
	dur(&l.DataTotal, 30*time.Minute)
	dur(&l.DeliverTimeout, 4*time.Minute)
	dur(&l.StopGrace, 30*time.Second)
	return l
}

// Server is one listening SMTP service. Make it with New.
type Server struct {
	hostname string
	tls      *tls.Config // nil: STARTTLS is not offered
	backend  Backend
	limits   Limits
	log      *slog.Logger
	memory   *semaphore.Weighted
	peers    *peers

	mu       sync.Mutex
	sessions map[*Session]struct{}
	stopping bool
	wg       sync.WaitGroup
}

// New makes a server that greets as hostname.
func New(hostname string, tlsConfig *tls.Config, b Backend, l Limits, log *slog.Logger) *Server {
	l = l.WithDefaults()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{hostname: hostname, tls: tlsConfig, backend: b, limits: l, log: log,
		memory: semaphore.NewWeighted(l.MemoryBytes), peers: newPeers(l), sessions: map[*Session]struct{}{}}
}

// Serve accepts connections until ctx ends, then closes the listener, tells idle peers to come back, lets transactions
// in progress finish for StopGrace, and returns nil. Another error is the listener's.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	delay := 5 * time.Millisecond
	for {
		c, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				s.stop()
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				s.stop()
				return err
			}
			// Out of descriptors, usually: wait and go on.
			s.log.Warn("smtp: accept", "error", err.Error())
			select {
			case <-ctx.Done():
			case <-time.After(delay):
			}
			delay = min(delay*2, time.Second)
			continue
		}
		delay = 5 * time.Millisecond
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			s.ServeConn(ctx, c)
		}()
	}
}

// ServeConn runs one session to its end and closes c.
func (s *Server) ServeConn(ctx context.Context, c net.Conn) {
	defer c.Close()
	peer := peerOf(c)
	sess := newSession(s, c, peer)
	s.mu.Lock()
	full := len(s.sessions) >= s.limits.MaxConns
	if !full && !s.stopping {
		s.sessions[sess] = struct{}{}
	}
	stopping := s.stopping
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.sessions, sess)
		s.mu.Unlock()
	}()
	if stopping || full || !s.peers.enter(peer) {
		sess.refuse()
		return
	}
	defer s.peers.leave(peer)
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("smtp: session panicked", "panic", v)
			sess.say(421, "4.3.0", "Something went wrong here, try again later")
			sess.flush()
		}
	}()
	sess.run(context.WithoutCancel(ctx))
}

// stop ends idle sessions, and waits for the others.
func (s *Server) stop() {
	s.mu.Lock()
	s.stopping = true
	for sess := range s.sessions {
		sess.stop()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
		return
	case <-time.After(s.limits.StopGrace):
	}
	s.mu.Lock()
	for sess := range s.sessions {
		sess.raw.Close()
	}
	s.mu.Unlock()
	<-done
}

func peerOf(c net.Conn) netip.Addr {
	if ap, err := netip.ParseAddrPort(c.RemoteAddr().String()); err == nil {
		return ap.Addr().Unmap()
	}
	return netip.Addr{}
}

// Reply is an SMTP answer used as an error.
type Reply struct {
	Code int
	Enh  string // "5.1.1"
	Text string
}

func (r *Reply) Error() string { return r.Enh + " " + r.Text }
