package simulate

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// IMAPOptions shape a mailbox server.
type IMAPOptions struct {
	Username string
	Password string
	NoIdle   bool        // the server does not announce new mail
	TLS      *tls.Config // offers STARTTLS
}

// IMAP is somebody's mailbox server in memory.
type IMAP struct {
	opts IMAPOptions
	srv  *imapserver.Server
	user *imapmemserver.User
	ln   net.Listener
	addr string
	wg   sync.WaitGroup

	mu    sync.Mutex
	conns map[*imapserver.Conn]bool
	total int
}

// NewIMAP starts a server with an empty INBOX.
func NewIMAP(o IMAPOptions) (*IMAP, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("simulate: imap: %w", err)
	}
	s := &IMAP{opts: o, user: imapmemserver.NewUser(o.Username, o.Password), ln: ln, addr: ln.Addr().String(), conns: map[*imapserver.Conn]bool{}}
	if err := s.user.Create("INBOX", nil); err != nil {
		return nil, err
	}
	mem := imapmemserver.New()
	mem.AddUser(s.user)
	caps := imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}}
	if o.NoIdle {
		ln = noIdle{ln}
	}
	s.srv = imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			s.mu.Lock()
			s.conns[c] = true
			s.total++
			s.mu.Unlock()
			return mem.NewSession(), nil, nil
		},
		Caps: caps, InsecureAuth: true, TLSConfig: o.TLS, Logger: log.New(io.Discard, "", 0),
	})
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		_ = s.srv.Serve(ln) // ends with Close
	}()
	return s, nil
}

// noIdle hides IDLE, which the library always offers.
type noIdle struct{ net.Listener }

func (l noIdle) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return noIdleConn{c}, nil
}

type noIdleConn struct{ net.Conn }

func (c noIdleConn) Write(p []byte) (int, error) {
	if _, err := c.Conn.Write(bytes.ReplaceAll(p, []byte(" IDLE"), nil)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Host and Port say where the server listens.
func (s *IMAP) Host() string { return "127.0.0.1" }

// Port is the TCP port.
func (s *IMAP) Port() int { _, p, _ := net.SplitHostPort(s.addr); n := 0; fmt.Sscan(p, &n); return n }

// Close ends the server.
func (s *IMAP) Close() {
	s.srv.Close()
	s.ln.Close() // the library does not know it before Serve runs
	s.wg.Wait()
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return int64(l.Len()) }

// Append puts a mail into a folder as if it had arrived at a time; the zero time is now. It returns the uid.
func (s *IMAP) Append(folder string, raw []byte, at time.Time) (uint32, error) {
	o := &imap.AppendOptions{Time: at}
	if at.IsZero() {
		o.Time = time.Now()
	}
	d, err := s.user.Append(folder, literal{bytes.NewReader(raw)}, o)
	if err != nil {
		return 0, err
	}
	return uint32(d.UID), nil
}

// Create makes a folder.
func (s *IMAP) Create(folder string) error { return s.user.Create(folder, nil) }

// Renumber empties a folder and gives it a new UIDVALIDITY, as a restored server does. What shall be there again must be appended.
func (s *IMAP) Renumber(folder string) error {
	if err := s.user.Delete(folder); err != nil {
		return err
	}
	return s.user.Create(folder, nil)
}

// Cut breaks every connection.
func (s *IMAP) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.NetConn().Close()
		delete(s.conns, c)
	}
}

// Sessions counts connections ever made.
func (s *IMAP) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}
