package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // mail in any charset
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is one mail as a customer's mailbox holds it.
type Letter struct {
	ID        int
	At        time.Time
	From      string   // envelope
	To        []string // envelope
	Raw       []byte
	Header    mail.Header
	Subject   string
	MessageID string // without brackets
	Text      string
	HTML      string
	Files     map[string][]byte // attachments by name
}

// MailOptions shape the outside world of mail.
type MailOptions struct {
	Addr     string // listen address; "" is 127.0.0.1:0
	Kanal    string // host:port of Kanal's SMTP listener: where Write and bounces go
	Hostname string // "" is mail.customer.example
	Username string // when set, Kanal must sign in with PLAIN
	Password string
}

// MailFault makes the next transactions go wrong. Zero values do nothing.
type MailFault struct {
	Times     int                        // how many transactions; 0: all until the next SetFault
	Mail      *smtp.SMTPError            // answer to MAIL
	Rcpt      map[string]*smtp.SMTPError // answer to RCPT, by address
	Data      *smtp.SMTPError            // answer to the final dot; the mail is not kept
	DropAfter bool                       // keep the mail, then close without an answer to the final dot
	DropData  bool                       // close in the middle of the data; the mail is not kept
	Wait      time.Duration              // before the answer to the final dot
}

// Mail is everybody else's mail server: it keeps what Kanal sends in customers' mailboxes, and writes to Kanal.
type Mail struct {
	opts MailOptions
	srv  *smtp.Server
	ln   net.Listener
	addr string

	mu      sync.Mutex
	letters []Letter
	bounce  map[string]string // address → status
	fault   MailFault
	logins  int
	changed chan struct{}
	wg      sync.WaitGroup
}

// NewMail starts the server. Close stops it.
func NewMail(o MailOptions) (*Mail, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Hostname == "" {
		o.Hostname = "mail.customer.example"
	}
	ln, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("simulate: mail: %w", err)
	}
	m := &Mail{opts: o, ln: ln, addr: ln.Addr().String(), bounce: map[string]string{}, changed: make(chan struct{})}
	m.srv = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &mailSession{m: m, c: c}, nil }))
	m.srv.Domain, m.srv.AllowInsecureAuth, m.srv.MaxMessageBytes, m.srv.EnableSMTPUTF8 = o.Hostname, true, 100<<20, true
	m.srv.ErrorLog = log.New(io.Discard, "", 0)
	m.wg.Add(1)
	go func() {
		defer m.wg.Done()
		_ = m.srv.Serve(ln) // ends with Close
	}()
	return m, nil
}

// Addr is host:port of the server.
func (m *Mail) Addr() string { return m.addr }

// Close ends the server.
func (m *Mail) Close() {
	m.srv.Close()
	m.ln.Close() // the library does not know it before Serve runs
	m.wg.Wait()
}

// SetKanal names Kanal's SMTP listener, once it is known.
func (m *Mail) SetKanal(addr string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opts.Kanal = addr
}

// SetFault makes the next transactions go wrong; the zero fault makes all well.
func (m *Mail) SetFault(f MailFault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

// SetBounce makes mail for an address come back to its sender as a delivery report with a status such as "5.1.1".
func (m *Mail) SetBounce(address, status string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bounce[strings.ToLower(address)] = status
}

// Letters returns what arrived for an address, oldest first; "" is everybody.
func (m *Mail) Letters(address string) []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.find(address)
}

func (m *Mail) find(address string) []Letter {
	var out []Letter
	for _, l := range m.letters {
		if address == "" || slices.ContainsFunc(l.To, func(t string) bool { return strings.EqualFold(t, address) }) {
			out = append(out, l)
		}
	}
	return out
}

// Addresses lists who has a mailbox, in order of the first mail.
func (m *Mail) Addresses() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, l := range m.letters {
		for _, t := range l.To {
			if !slices.Contains(out, strings.ToLower(t)) {
				out = append(out, strings.ToLower(t))
			}
		}
	}
	return out
}

// Wait returns the letters of an address when there are at least n, or an error when ctx ends first.
func (m *Mail) Wait(ctx context.Context, address string, n int) ([]Letter, error) {
	for {
		m.mu.Lock()
		got, changed := m.find(address), m.changed
		m.mu.Unlock()
		if len(got) >= n {
			return got, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return got, fmt.Errorf("simulate: mail: %d of %d letters: %w", len(got), n, ctx.Err())
		}
	}
}

// Logins counts successful sign-ins.
func (m *Mail) Logins() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.logins
}

// Write hands a raw mail to Kanal's listener, as another mail server does. from "" is the null return path.
func (m *Mail) Write(ctx context.Context, from string, to []string, raw []byte) error {
	m.mu.Lock()
	kanal := m.opts.Kanal
	m.mu.Unlock()
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", kanal)
	if err != nil {
		return fmt.Errorf("simulate: mail: %w", err)
	}
	c := smtp.NewClient(nc)
	defer c.Close()
	if err := c.Hello(m.opts.Hostname); err != nil {
		return err
	}
	if err := c.SendMail(from, to, bytes.NewReader(raw)); err != nil {
		return err
	}
	return c.Quit()
}

// mailSession is one connection of Kanal's.
type mailSession struct {
	m    *Mail
	c    *smtp.Conn
	in   bool
	from string
	to   []string
	f    MailFault
}

func (s *mailSession) AuthMechanisms() []string {
	if s.m.opts.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.m.opts.Username || password != s.m.opts.Password {
			return smtp.ErrAuthFailed
		}
		s.m.mu.Lock()
		defer s.m.mu.Unlock()
		s.in = true
		s.m.logins++
		return nil
	}), nil
}

func (s *mailSession) Reset() { s.from, s.to = "", nil }

func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.m.opts.Username != "" && !s.in {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Sign in first"}
	}
	s.f = s.m.takeFault()
	if s.f.Mail != nil {
		return s.f.Mail
	}
	s.from = from
	return nil
}

func (m *Mail) takeFault() MailFault {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.fault
	if m.fault.Times > 0 {
		if m.fault.Times--; m.fault.Times == 0 {
			m.fault = MailFault{}
		}
	}
	return f
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if e := s.f.Rcpt[strings.ToLower(to)]; e != nil {
		return e
	}
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	if s.f.DropData {
		_, _ = io.CopyN(io.Discard, r, 16)
		s.c.Conn().Close()
		return errors.New("dropped")
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.f.Wait > 0 {
		time.Sleep(s.f.Wait)
	}
	if s.f.Data != nil {
		return s.f.Data
	}
	s.m.keep(s.from, s.to, raw)
	if s.f.DropAfter {
		s.c.Conn().Close()
	}
	return nil
}

// keep files a letter and sends back what bounces.
func (m *Mail) keep(from string, to []string, raw []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keep []string
	for _, t := range to {
		if status := m.bounce[strings.ToLower(t)]; status != "" && from != "" && m.opts.Kanal != "" {
			report := deliveryReport(m.opts.Hostname, from, t, status, raw)
			m.wg.Add(1)
			go func() {
				defer m.wg.Done()
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				_ = m.Write(ctx, "", []string{from}, report) // a bounce that is refused is gone, as in life
			}()
			continue
		}
		keep = append(keep, t)
	}
	if len(keep) > 0 {
		l := readLetter(raw)
		l.ID, l.At, l.From, l.To = len(m.letters)+1, time.Now(), from, keep
		m.letters = append(m.letters, l)
	}
	close(m.changed)
	m.changed = make(chan struct{})
}

func readLetter(raw []byte) Letter {
	l := Letter{Raw: raw, Files: map[string][]byte{}}
	if m, err := mail.ReadMessage(bytes.NewReader(raw)); err == nil {
		l.Header = m.Header
		l.MessageID = strings.Trim(m.Header.Get("Message-Id"), "<> ")
	}
	e, err := message.Read(bytes.NewReader(raw))
	if e == nil {
		return l
	}
	_ = err // an unknown charset still reads
	l.Subject, _ = e.Header.Text("Subject")
	_ = e.Walk(func(_ []int, p *message.Entity, err error) error {
		if err != nil || p == nil {
			return nil
		}
		t, params, _ := p.Header.ContentType()
		if strings.HasPrefix(t, "multipart/") {
			return nil
		}
		b, _ := io.ReadAll(p.Body)
		disp, dp, _ := p.Header.ContentDisposition()
		name := dp["filename"]
		if name == "" {
			name = params["name"]
		}
		switch {
		case disp == "attachment" || name != "":
			l.Files[name] = b
		case t == "text/html":
			l.HTML += string(b)
		case t == "text/plain" || t == "":
			l.Text += string(b)
		}
		return nil
	})
	return l
}

// deliveryReport is what a mail server writes when it cannot deliver (RFC 3464).
func deliveryReport(host, to, failed, status string, raw []byte) []byte {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Mail Delivery System <mailer-daemon@%s>\r\nTo: <%s>\r\nSubject: Undelivered Mail Returned to Sender\r\n", host, to)
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: <dsn.%d@%s>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n", time.Now().Format(time.RFC1123Z), time.Now().UnixNano(), host)
	b.WriteString("Content-Type: multipart/report; report-type=delivery-status; boundary=\"report\"\r\n\r\n")
	fmt.Fprintf(&b, "--report\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nYour message to <%s> could not be delivered.\r\n\r\n", failed)
	fmt.Fprintf(&b, "--report\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; %s\r\n\r\n", host)
	fmt.Fprintf(&b, "Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: %s\r\nDiagnostic-Code: smtp; 550 %s unknown user\r\n\r\n", failed, status, status)
	fmt.Fprintf(&b, "--report\r\nContent-Type: text/rfc822-headers\r\n\r\n%s\r\n\r\n--report--\r\n", head)
	return b.Bytes()
}
