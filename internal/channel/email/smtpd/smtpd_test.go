package smtpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

// sink is a Backend that keeps what it is given.
type sink struct {
	mu      sync.Mutex
	mails   []Mail
	deliver func(*Mail) error
	entered chan struct{}
	hold    chan struct{}
}

func (b *sink) Recipient(_ context.Context, s *Session, a string) (any, error) {
	switch {
	case strings.HasPrefix(a, "unknown"):
		return nil, &Reply{550, "5.1.1", "No such address here"}
	case strings.HasPrefix(a, "sick"):
		return nil, errors.New("database is away")
	}
	return "tag:" + a, nil
}

func (b *sink) Deliver(ctx context.Context, m *Mail) error {
	if b.entered != nil {
		b.entered <- struct{}{}
		<-b.hold
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.deliver != nil {
		if err := b.deliver(m); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := *m
	c.Body = bytes.Clone(m.Body)
	b.mails = append(b.mails, c)
	return nil
}

func (b *sink) got() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mails
}

type server struct {
	*Server
	addr string
	stop func()
	done chan error
}

func start(t *testing.T, b Backend, l Limits) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{Server: New("mx.test", testTLS(t), b, l, nil), addr: ln.Addr().String(), stop: cancel, done: make(chan error, 1)}
	go func() { s.done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-s.done:
		case <-time.After(20 * time.Second):
			t.Error("the server does not stop")
		}
	})
	return s
}

func testTLS(t *testing.T) *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"mx.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// peer speaks lines.
type peer struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *peer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	p := &peer{t, c, bufio.NewReader(c)}
	p.want("220")
	return p
}

func (p *peer) send(s string) { p.t.Helper(); io.WriteString(p.Conn, s) }

// want reads one answer, all its lines, and checks its beginning.
func (p *peer) want(prefix string) string {
	p.t.Helper()
	var all string
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			p.t.Fatalf("want %s: %v (so far %q)", prefix, err, all)
		}
		all += line
		if len(line) < 4 || line[3] != '-' {
			break
		}
	}
	if !strings.HasPrefix(all, prefix) {
		p.t.Fatalf("got %q, want %s", all, prefix)
	}
	return all
}

func (p *peer) say(cmd, prefix string) string {
	p.t.Helper()
	p.send(cmd + "\r\n")
	return p.want(prefix)
}

func (p *peer) open() {
	p.t.Helper()
	p.say("EHLO client.test", "250")
	p.say("MAIL FROM:<a@b.test>", "250 2.1.0")
	p.say("RCPT TO:<x@mx.test>", "250 2.1.5")
}

// EM-44
func TestAnnouncesItsExtensions(t *testing.T) {
	s := start(t, &sink{}, Limits{MaxMessageBytes: 12345})
	got := dial(t, s.addr).say("EHLO client.test", "250")
	for _, want := range []string{"SIZE 12345", "STARTTLS", "8BITMIME", "SMTPUTF8", "CHUNKING", "PIPELINING", "ENHANCEDSTATUSCODES"} {
		if !strings.Contains(got, want+"\r\n") {
			t.Errorf("EHLO does not announce %s: %q", want, got)
		}
	}
	if strings.Contains(got, "AUTH") {
		t.Error("AUTH is announced")
	}
}

// EM-44
func TestRecipientIsCheckedAtRCPT(t *testing.T) {
	s := start(t, &sink{}, Limits{})
	p := dial(t, s.addr)
	p.say("EHLO client.test", "250")
	p.say("RCPT TO:<x@mx.test>", "503")
	p.say("MAIL FROM:<>", "250") // the null return path
	p.say("RCPT TO:<unknown@mx.test>", "550 5.1.1")
	p.say("RCPT TO:<sick@mx.test>", "451 4.3.0")
	p.say("DATA", "503")
	p.say("RCPT TO:<no-at-sign>", "501")
	p.say("RCPT TO:<postmaster>", "250")
	p.say("RCPT TO:<@relay.test:x@mx.test>", "250")
	p.say(`RCPT TO:<"odd > name"@mx.test>`, "250")
	p.say("RCPT TO:<x@mx.test> NOTIFY=NEVER", "555")
	p.say("AUTH PLAIN AGEAYg==", "502")
}

// EM-44: byte for byte what was sent, but for the dots of SMTP.
func TestBodyIsKeptByteForByte(t *testing.T) {
	b := &sink{}
	s := start(t, b, Limits{SpoolOver: 4096})
	long := strings.Repeat("x", 70_000)
	for _, body := range []string{
		"Subject: a\r\n\r\nhello\r\n",
		"\r\n",
		"Subject: dots\r\n\r\n.\n.\n..\r\n. .\r\n.x\r\n...\r\n",
		"bare\nlf\rcr\r\r\n\n\r\n8bit \xff\xfe\x00 nul\r\n",
		"Subject: long\r\n\r\n" + long + "\r\n." + long + "\r\n",
		".\rnot the end\r\n",
	} {
		p := dial(t, s.addr)
		p.open()
		p.say("DATA", "354")
		p.send(stuff(body) + ".\r\n")
		p.want("250 2.0.0")
		p.say("QUIT", "221")
		m := b.got()[len(b.got())-1]
		if string(m.Body) != body {
			t.Errorf("sent %d bytes, kept %d: %q …", len(body), len(m.Body), clipped(m.Body))
		}
		if m.From != "a@b.test" || m.To[0] != (Recipient{"x@mx.test", "tag:x@mx.test"}) || m.Helo != "client.test" || m.Peer != netip.MustParseAddr("127.0.0.1") {
			t.Errorf("envelope %+v", m)
		}
	}
}

func clipped(b []byte) []byte { return b[:min(len(b), 80)] }

// stuff doubles dots at the beginning of lines that begin after CRLF (RFC 5321 4.5.2).
func stuff(s string) string {
	if strings.HasPrefix(s, ".") {
		s = "." + s
	}
	return strings.ReplaceAll(s, "\r\n.", "\r\n..")
}

// SMTP smuggling: only CRLF.CRLF ends a message.
func TestOnlyCRLFDotCRLFEndsData(t *testing.T) {
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\n\r.\r\n", "\r.\r\n", "\r\n\x00.\r\n", "\r\r\n.\r\r\n"} {
		t.Run(fmt.Sprintf("%q", end), func(t *testing.T) {
			b := &sink{}
			s := start(t, b, Limits{})
			p := dial(t, s.addr)
			p.open()
			p.say("DATA", "354")
			p.send("Subject: one\r\n\r\nbody" + end + "MAIL FROM:<evil@b.test>\r\nRCPT TO:<x@mx.test>\r\nDATA\r\nSubject: two\r\n\r\nsmuggled\r\n.\r\n")
			p.want("250 2.0.0")
			p.say("QUIT", "221")
			if m := b.got(); len(m) != 1 || !strings.Contains(string(m[0].Body), "smuggled") {
				t.Errorf("%d mails were taken", len(m))
			}
		})
	}
}

func TestMessageWithoutEndIsNotTaken(t *testing.T) {
	for name, wire := range map[string]string{
		"cut in the data":           "DATA\r\nSubject: x\r\n\r\nhalf",
		"cut before the last CRLF":  "DATA\r\nSubject: x\r\n\r\nall\r\n.",
		"cut in the last chunk":     "BDAT 100 LAST\r\nSubject: x\r\n\r\nhalf",
		"cut between chunks":        "BDAT 10\r\n0123456789",
		"chunk without recipients":  "RSET\r\nBDAT 5 LAST\r\nhello",
		"size of a chunk malformed": "BDAT -5 LAST\r\nhello",
	} {
		t.Run(name, func(t *testing.T) {
			b := &sink{}
			s := start(t, b, Limits{})
			p := dial(t, s.addr)
			p.open()
			p.send(wire)
			p.Conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, p.r)
			if n := len(b.got()); n != 0 {
				t.Errorf("%d mails were taken", n)
			}
		})
	}
}

// A session over TLS that is closed properly in the middle of the last chunk is no complete message either.
func TestChunkCutByTLSCloseIsNotTaken(t *testing.T) {
	b := &sink{}
	s := start(t, b, Limits{})
	p := dial(t, s.addr)
	p.say("EHLO c.test", "250")
	p.say("STARTTLS", "220")
	tc := tls.Client(p.Conn, &tls.Config{InsecureSkipVerify: true})
	p.Conn, p.r = tc, bufio.NewReader(tc)
	p.open()
	p.send("BDAT 100 LAST\r\nSubject: x\r\n\r\nhalf")
	tc.CloseWrite()
	io.Copy(io.Discard, p.r)
	if len(b.got()) != 0 {
		t.Error("half a message was taken")
	}
}

func TestChunks(t *testing.T) {
	b := &sink{}
	s := start(t, b, Limits{MaxMessageBytes: 1000})
	p := dial(t, s.addr)
	p.open()
	p.send("BDAT 6\r\nab\r\n.\r")
	p.want("250")
	p.send("BDAT 3\r\n\nxy")
	p.want("250")
	p.say("DATA", "503")
	p.say("RCPT TO:<y@mx.test>", "503")
	p.send("BDAT 0 LAST\r\n")
	p.want("250 2.0.0")
	if m := b.got(); len(m) != 1 || string(m[0].Body) != "ab\r\n.\r\nxy" {
		t.Fatalf("%+v", m)
	}
	// Over the limit: refused, and the next transaction works.
	p.open2()
	p.send("BDAT 2000\r\n" + strings.Repeat("z", 2000))
	p.want("552 5.3.4")
	p.send("BDAT 1 LAST\r\nz")
	p.want("552 5.3.4")
	p.open2()
	p.send("BDAT 2 LAST\r\nok")
	p.want("250 2.0.0")
	if m := b.got(); len(m) != 2 || string(m[1].Body) != "ok" {
		t.Fatalf("%+v", m)
	}
}

func (p *peer) open2() {
	p.t.Helper()
	p.say("MAIL FROM:<a@b.test>", "250")
	p.say("RCPT TO:<x@mx.test>", "250")
}

// EM-44
func TestSizeIsEnforced(t *testing.T) {
	b := &sink{}
	s := start(t, b, Limits{MaxMessageBytes: 1000})
	p := dial(t, s.addr)
	p.say("EHLO c.test", "250")
	p.say("MAIL FROM:<a@b.test> SIZE=1001", "552 5.3.4")
	p.say("MAIL FROM:<a@b.test> SIZE=1000 BODY=8BITMIME SMTPUTF8", "250")
	p.say("RCPT TO:<x@mx.test>", "250")
	p.say("DATA", "354")
	p.send(strings.Repeat("y", 998) + "\r\n.\r\n") // exactly the limit
	p.want("250 2.0.0")
	p.open2()
	p.say("DATA", "354")
	p.send(strings.Repeat("y", 999) + "\r\n.\r\n")
	p.want("552 5.3.4")
	p.open2() // the session lives on
	p.say("RSET", "250")
	p.open2()
	p.say("DATA", "354")
	for range 200 { // endless: the session is ended
		p.send(strings.Repeat("z", 10_000))
	}
	p.want("552 5.3.4")
	if _, err := p.r.ReadByte(); err == nil {
		t.Error("the session goes on")
	}
	if n := len(b.got()); n != 1 {
		t.Errorf("%d mails were taken, want 1", n)
	}
}

func TestSTARTTLSForgetsWhatWasSaidInClearText(t *testing.T) {
	b := &sink{}
	s := start(t, b, Limits{})
	p := dial(t, s.addr)
	p.open()
	p.say("STARTTLS", "220")
	tc := tls.Client(p.Conn, &tls.Config{InsecureSkipVerify: true})
	p.Conn, p.r = tc, bufio.NewReader(tc)
	p.say("MAIL FROM:<a@b.test>", "503") // EHLO again first
	if got := p.say("EHLO c.test", "250"); strings.Contains(got, "STARTTLS") {
		t.Error("STARTTLS is offered twice")
	}
	p.say("DATA", "503")
	p.open()
	p.say("DATA", "354")
	p.send("x\r\n.\r\n")
	p.want("250")
	if m := b.got(); len(m) != 1 || !m[0].TLS {
		t.Errorf("%+v", m)
	}

	q := dial(t, s.addr)
	q.say("EHLO c.test", "250")
	q.send("STARTTLS\r\nMAIL FROM:<injected@b.test>\r\n")
	q.want("503") // commands behind STARTTLS are never run
	if _, err := q.r.ReadByte(); err == nil {
		t.Error("the session goes on after an injected command")
	}
}

func TestPipelining(t *testing.T) {
	b := &sink{}
	s := start(t, b, Limits{})
	p := dial(t, s.addr)
	p.send("EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<x@mx.test>\r\nRCPT TO:<unknown@mx.test>\r\nDATA\r\n")
	for _, w := range []string{"250", "250 2.1.0", "250 2.1.5", "550 5.1.1", "354"} {
		p.want(w)
	}
	p.send("one\r\n.\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<y@mx.test>\r\nDATA\r\n")
	for _, w := range []string{"250 2.0.0", "250", "250", "354"} {
		p.want(w)
	}
	p.send("two\r\n.\r\nQUIT\r\n")
	p.want("250 2.0.0")
	p.want("221")
	if m := b.got(); len(m) != 2 || string(m[1].Body) != "two\r\n" {
		t.Errorf("%+v", m)
	}
}

func TestBackendDecidesTheAnswer(t *testing.T) {
	b := &sink{}
	s := start(t, b, Limits{})
	for err, want := range map[error]string{
		errors.New("disk full"):                        "451 4.3.0",
		&Reply{552, "5.3.4", "Too large"}:              "552 5.3.4",
		fmt.Errorf("x: %w", &Reply{451, "4.3.0", "L"}): "451 4.3.0",
	} {
		b.deliver = func(*Mail) error { return err }
		p := dial(t, s.addr)
		p.open()
		p.say("DATA", "354")
		p.send("x\r\n.\r\n")
		p.want(want)
		p.say("NOOP", "250")
	}
	if len(b.got()) != 0 {
		t.Error("kept in spite of an error")
	}
	b.deliver = func(*Mail) error { panic("bug") }
	p := dial(t, s.addr)
	p.open()
	p.say("DATA", "354")
	p.send("x\r\n.\r\n")
	p.want("421 4.3.0")
	b.deliver = nil
	dial(t, s.addr).open() // others live on
}

// A stop lets the transaction in progress finish, ends idle sessions and takes no new ones.
func TestGracefulStop(t *testing.T) {
	b := &sink{entered: make(chan struct{}), hold: make(chan struct{})}
	s := start(t, b, Limits{})
	idle := dial(t, s.addr)
	idle.say("EHLO c.test", "250")
	busy := dial(t, s.addr)
	busy.open()
	busy.say("DATA", "354")
	busy.send("x\r\n.\r\n")
	mid := dial(t, s.addr)
	mid.open()
	<-b.entered
	s.stop()
	idle.want("421 4.3.2")
	close(b.hold)
	go func() { <-b.entered }()
	busy.want("250 2.0.0")
	busy.want("421 4.3.2")
	mid.say("DATA", "354")
	mid.send("y\r\n.\r\n")
	mid.want("250 2.0.0")
	mid.want("421 4.3.2")
	if err := <-s.done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	s.done <- nil
	if len(b.got()) != 2 {
		t.Errorf("%d mails", len(b.got()))
	}
	if c, err := net.Dial("tcp", s.addr); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}

func TestPeerLimits(t *testing.T) {
	t.Run("connections", func(t *testing.T) {
		s := start(t, &sink{}, Limits{MaxConnsPerPeer: 2})
		a, _ := dial(t, s.addr), dial(t, s.addr)
		a.say("NOOP", "250")
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		line, _ := bufio.NewReader(c).ReadString('\n')
		if !strings.HasPrefix(line, "421 4.7.0") {
			t.Errorf("third connection: %q", line)
		}
	})
	t.Run("errors of a session", func(t *testing.T) {
		s := start(t, &sink{}, Limits{MaxErrors: 3})
		p := dial(t, s.addr)
		p.say("EHLO c.test", "250")
		p.say("MAIL FROM:<>", "250")
		p.say("RCPT TO:<unknown1@mx.test>", "550")
		p.say("FOO", "500")
		p.say("RCPT TO:<unknown2@mx.test>", "550")
		p.want("421 4.7.0")
	})
	t.Run("recipients", func(t *testing.T) {
		s := start(t, &sink{}, Limits{MaxRecipients: 1})
		p := dial(t, s.addr)
		p.open()
		p.say("RCPT TO:<y@mx.test>", "452 4.5.3")
	})
	t.Run("messages and errors by peer", func(t *testing.T) {
		now := time.Now()
		ps := newPeers(Limits{MessagesPerMinute: 2, PeerErrors: 2, MaxConnsPerPeer: 9}.WithDefaults())
		ps.now = func() time.Time { return now }
		far, local := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("127.0.0.1")
		for i, want := range []bool{true, true, false} {
			if ps.message(far) != want {
				t.Errorf("message %d", i)
			}
			if !ps.message(local) {
				t.Error("loopback is counted")
			}
		}
		now = now.Add(time.Minute)
		if !ps.message(far) {
			t.Error("the next minute")
		}
		a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
		ps.failed(a)
		ps.failed(b) // the same network
		if ps.enter(a) {
			t.Error("a peer with many errors comes in")
		}
		now = now.Add(10 * time.Minute)
		if !ps.enter(a) {
			t.Error("for ever")
		}
	})
}

func TestSlowPeerIsCutOff(t *testing.T) {
	s := start(t, &sink{}, Limits{CommandTimeout: 100 * time.Millisecond})
	p := dial(t, s.addr)
	p.send("EH") // and nothing more
	p.want("421 4.4.2")

	s = start(t, &sink{}, Limits{DataTotal: 200 * time.Millisecond})
	p = dial(t, s.addr)
	p.open()
	p.say("DATA", "354")
	go func() { // a byte now and then keeps no session alive
		for range 200 {
			if _, err := io.WriteString(p.Conn, "x"); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	p.want("421 4.4.2")
}

// Memory for mail in flight is capped: what is over waits in files, and a message for which there is never room is refused for now.
func TestMemoryIsCappedAndGivenBack(t *testing.T) {
	b := &sink{}
	s := start(t, b, Limits{MaxMessageBytes: 1 << 20, MemoryBytes: 256 << 10, SpoolOver: 16 << 10})
	body := strings.Repeat(strings.Repeat("m", 998)+"\r\n", 200)
	var wg sync.WaitGroup
	for range 12 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, err := gosmtp.Dial(s.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if err := c.SendMail("a@b.test", []string{"x@mx.test"}, strings.NewReader(body)); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if n := len(b.got()); n != 12 {
		t.Errorf("%d mails", n)
	}
	for _, m := range b.got() {
		if string(m.Body) != body {
			t.Error("a spooled body differs")
		}
	}
	if !s.memory.TryAcquire(256 << 10) {
		t.Error("memory was not given back")
	}
}

func TestAnotherImplementationDelivers(t *testing.T) {
	b := &sink{}
	s := start(t, b, Limits{})
	c, err := gosmtp.DialStartTLS(s.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail("jörg@b.test", []string{"x@mx.test", "y@mx.test"}, strings.NewReader("Subject: hi\r\n\r\n.\r\nbye\r\n")); err != nil {
		t.Fatal(err)
	}
	if m := b.got(); len(m) != 1 || string(m[0].Body) != "Subject: hi\r\n\r\n.\r\nbye\r\n" || !m[0].TLS || !m[0].UTF8 || len(m[0].To) != 2 {
		t.Errorf("%+v", m)
	}
}

type pipeConn struct {
	io.Reader
	out bytes.Buffer
}

func (c *pipeConn) Write(p []byte) (int, error)      { return c.out.Write(p) }
func (c *pipeConn) Close() error                     { return nil }
func (c *pipeConn) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *pipeConn) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9} }
func (c *pipeConn) SetDeadline(time.Time) error      { return nil }
func (c *pipeConn) SetReadDeadline(time.Time) error  { return nil }
func (c *pipeConn) SetWriteDeadline(time.Time) error { return nil }

// FuzzSMTP feeds a session any bytes: no panic, and no message is taken whose end was not sent.
func FuzzSMTP(f *testing.F) {
	for _, s := range []string{
		"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<x@mx.test>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n",
		"HELO a\r\nMAIL FROM:<> SIZE=3\r\nRCPT TO:<x@mx.test>\r\nBDAT 3 LAST\r\nabcQUIT\r\n",
		"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<x@mx.test>\r\nDATA\r\nhello\n.\r\n\r.\r\n\r\n.\n",
		"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<\"q\\\"x\"@mx.test>\r\nBDAT 99999999999 LAST\r\n",
		"EHLO a\r\nSTARTTLS\r\nMAIL FROM:<a@b.c>\r\n",
		"MAIL FROM:a@b.c BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<@r:x@y.z>\r\nDATA\r\n..\r\n.\r\n",
	} {
		f.Add([]byte(s))
	}
	cert := &tls.Config{}
	f.Fuzz(func(t *testing.T, in []byte) {
		b := &sink{}
		s := New("mx.test", cert, b, Limits{MaxMessageBytes: 4096, MemoryBytes: 64 << 10, SpoolOver: 1024}, nil)
		c := &pipeConn{Reader: bytes.NewReader(in)}
		s.ServeConn(context.Background(), c)
		if strings.Contains(c.out.String(), "went wrong here") {
			t.Fatal("the session panicked")
		}
		ends := bytes.Count(in, []byte("\r\n.\r\n")) + bytes.Count(bytes.ToUpper(in), []byte("LAST"))
		if n := len(b.got()); n > ends {
			t.Fatalf("%d mails from %d ends", n, ends)
		}
		if !s.memory.TryAcquire(64 << 10) {
			t.Fatal("memory was not given back")
		}
	})
}
