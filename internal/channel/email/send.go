package email

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/compose"
	"github.com/kanalhq/kanal/internal/desk"
)

// Send implements channel.Conn. The order is: compose, connect, sign in, MAIL, all RCPTs, DATA, the whole message without the final dot,
// out.Commit, the final dot. So everything before Commit may be tried again, and what breaks between the dot and the answer is uncertain.
func (c *conn) Send(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
	sub, fault := c.set.submission(c.opts.Relay)
	if fault != nil {
		return channel.Receipt{}, fault
	}
	rcpts, malformed := envelope(out)
	if len(rcpts) == 0 {
		return channel.Receipt{}, &channel.SendError{Fault: channel.Permanent, Code: "no_recipient", Public: "None of the recipients has a valid email address. Nothing was sent."}
	}
	ctx, cancel := c.bound(ctx)
	defer cancel()
	msg, d, err := c.compose(ctx, out)
	if err != nil {
		return channel.Receipt{}, err
	}
	defer msg.close()
	r, err := c.transmit(ctx, *sub, d, msg, rcpts, out)
	r.Failed = append(r.Failed, malformed...)
	return r, err
}

// rcpt is one recipient of the envelope: as the desk knows it and as SMTP wants it.
type rcpt struct{ address, wire string }

// envelope lists the pending recipients, each once. Those whose fate is known stand in the header only; those that are no address have
// failed already.
func envelope(out channel.Outbound) (list []rcpt, malformed []channel.RecipientFault) {
	seen := map[string]bool{}
	for _, ps := range [][]desk.Party{out.To, out.Cc, out.Bcc} {
		for _, p := range ps {
			switch p.Status {
			case "", desk.StatusQueued, desk.StatusSending:
			default:
				continue
			}
			n, w := desk.NormalizeEmail(p.Address), compose.WireAddress(p.Address)
			if n == "" || w == "" {
				malformed = append(malformed, channel.RecipientFault{Address: p.Address, Error: &channel.SendError{Fault: channel.Permanent, Code: "553 5.1.3", Public: sentences["5.1.3"]}})
				continue
			}
			if seen[n] {
				continue
			}
			seen[n] = true
			list = append(list, rcpt{p.Address, w})
		}
	}
	return list, malformed
}

// compose writes the message, signed if there is a key, into memory or a temporary file.
func (c *conn) compose(ctx context.Context, out channel.Outbound) (*outgoing, *compose.Draft, error) {
	open := func(context.Context, string) (channel.ReadSeekCloser, error) {
		return nil, errors.New("no attachments here")
	}
	now := time.Now()
	if c.host != nil {
		open, now = c.host.OpenBlob, c.host.Clock().Now()
	}
	d, err := compose.New(compose.Message{
		Out: out, At: now, Open: open, Signature: c.set.SignatureHTML,
		From:    desk.Party{Address: cmp.Or(c.set.FromAddress, out.From.Address, c.set.Address), Name: c.set.fromName(out)},
		ReplyTo: desk.Party{Address: cmp.Or(out.ReplyTo, c.set.replyAddress(out.ThreadToken, c.opts.Hostname), c.set.ReplyTo), Name: c.set.Company},
	})
	if err != nil {
		return nil, nil, &channel.SendError{Fault: channel.Permanent, Code: "compose", Public: "The message cannot be written as an email: its From address or Message-ID is not valid.", Err: err}
	}
	msg := &outgoing{}
	for _, a := range out.Attachments {
		msg.expect += a.Size
	}
	if err := msg.fill(ctx, d, c.set); err != nil {
		msg.close()
		return nil, nil, &channel.SendError{Fault: channel.Transient, Code: "compose", Public: "The message could not be put together: an attachment could not be read.", Err: err}
	}
	return msg, d, nil
}

// outgoing is a composed message.
type outgoing struct {
	expect    int64 // bytes of attachments
	signature []byte
	buf       bytes.Buffer
	file      *os.File
	size      int64
}

func (m *outgoing) fill(ctx context.Context, d *compose.Draft, set settings) error {
	var w io.Writer = &m.buf
	if m.expect > 1<<20 {
		f, err := os.CreateTemp("", "kanal-send-*")
		if err != nil {
			return err
		}
		m.file, w = f, f
	}
	count := &counter{}
	writers := []io.Writer{w, count}
	var signer *dkim.Signer
	if set.DKIM.PrivateKey != "" {
		s, err := newSigner(set)
		if err != nil {
			return err
		}
		defer s.Close()
		signer = s
		writers = append(writers, s)
	}
	if err := d.Write(ctx, io.MultiWriter(writers...)); err != nil {
		return err
	}
	if signer != nil {
		if err := signer.Close(); err != nil {
			return fmt.Errorf("email: sign: %w", err)
		}
		m.signature = []byte(signer.Signature())
	}
	m.size = count.n + int64(len(m.signature))
	return nil
}

// reader reads the message from its start.
func (m *outgoing) reader() (io.Reader, error) {
	var body io.Reader = bytes.NewReader(m.buf.Bytes())
	if m.file != nil {
		if _, err := m.file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		body = m.file
	}
	return io.MultiReader(bytes.NewReader(m.signature), body), nil
}

func (m *outgoing) close() {
	if m.file != nil {
		m.file.Close()
		os.Remove(m.file.Name())
	}
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

// signedHeaders are signed when present (RFC 6376 5.4.1); From also against a second one being added.
var signedHeaders = []string{"From", "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Auto-Submitted"}

func newSigner(set settings) (*dkim.Signer, error) {
	key, err := parseDKIMKey(set.DKIM.PrivateKey)
	if err != nil {
		return nil, err
	}
	return dkim.NewSigner(&dkim.SignOptions{
		Domain: set.DKIM.Domain, Selector: set.DKIM.Selector, Signer: key, HeaderKeys: signedHeaders,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
}

// parseDKIMKey reads a PEM private key, PKCS #1 or #8.
func parseDKIMKey(s string) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(strings.TrimSpace(s)))
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return bigEnough(k)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	switch k := k.(type) {
	case *rsa.PrivateKey:
		return bigEnough(k)
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, fmt.Errorf("a key of type %T cannot sign", k)
}

func bigEnough(k *rsa.PrivateKey) (crypto.Signer, error) {
	if k.N.BitLen() < 1024 {
		return nil, errors.New("the RSA key is shorter than 1024 bits")
	}
	return k, nil
}

// link is a session with the server that takes our mail. stop is called when nothing may end it early any more.
type link struct {
	*smtp.Client
	stop func() bool
}

// connect dials, encrypts as set, greets and signs in.
func (c *conn) connect(ctx context.Context, sub Submission) (*link, error) {
	raw, err := c.dial(ctx, sub.addr())
	if err != nil {
		return nil, networkFault(err, "The mail server "+sub.Host+" could not be reached")
	}
	// Ending ctx ends whatever the client waits for, until the last moment at which that is safe.
	l := &link{stop: context.AfterFunc(ctx, func() { raw.Close() })}
	fail := func(e *channel.SendError) (*link, error) {
		l.stop()
		raw.Close()
		return nil, e
	}
	nc := net.Conn(&pacedConn{Conn: raw, idle: 2 * time.Minute})
	raw.SetDeadline(time.Now().Add(30 * time.Second))
	switch sub.TLS {
	case tlsImplicit:
		t := tls.Client(nc, c.clientTLS(sub.Host))
		if err := t.HandshakeContext(ctx); err != nil {
			return fail(networkFault(err, "No encrypted connection to the mail server "+sub.Host))
		}
		l.Client = smtp.NewClient(t)
	case tlsStart:
		if l.Client, err = smtp.NewClientStartTLS(nc, c.clientTLS(sub.Host)); err != nil {
			return fail(sessionFault(err, "No encrypted connection to the mail server "+sub.Host))
		}
	default:
		l.Client = smtp.NewClient(nc)
	}
	raw.SetDeadline(time.Time{})
	l.CommandTimeout, l.SubmissionTimeout = time.Minute, c.opts.SendTimeout
	if err := l.Hello(c.opts.Hostname); err != nil {
		return fail(sessionFault(err, "The mail server "+sub.Host+" did not greet"))
	}
	// A server that offers no sign-in at all is one that trusts us by address; if it does not, it says so at MAIL.
	if offered, _ := l.Extension("AUTH"); offered && sub.Username != "" {
		mech, err := c.mechanism(l.Client, sub)
		if err == nil {
			err = l.Auth(mech)
		}
		if err != nil {
			return fail(authFault(err))
		}
	}
	return l, nil
}

// sessionFault sorts an error of a session before anything irrevocable.
func sessionFault(err error, doing string) *channel.SendError {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return replyFault(e)
	}
	return networkFault(err, doing)
}

// mechanism picks a way to sign in. Tokens of OAuth will be chosen here too: OAUTHBEARER and XOAUTH2.
func (c *conn) mechanism(cl *smtp.Client, sub Submission) (sasl.Client, error) {
	_, offered := cl.Extension("AUTH")
	mechs := strings.Fields(strings.ToUpper(offered))
	_, encrypted := cl.TLSConnectionState()
	encrypted = encrypted || sub.TLS == tlsImplicit
	if !encrypted && slices.Contains(mechs, "CRAM-MD5") {
		return &cramMD5{sub.Username, sub.Password}, nil
	}
	for _, m := range mechs {
		switch m {
		case "PLAIN":
			return sasl.NewPlainClient("", sub.Username, sub.Password), nil
		case "LOGIN":
			if !slices.Contains(mechs, "PLAIN") {
				return sasl.NewLoginClient(sub.Username, sub.Password), nil
			}
		case "CRAM-MD5":
			if !slices.Contains(mechs, "PLAIN") && !slices.Contains(mechs, "LOGIN") {
				return &cramMD5{sub.Username, sub.Password}, nil
			}
		}
	}
	return nil, fmt.Errorf("%w (%s)", errNoMechanism, strings.Join(mechs, " "))
}

// cramMD5 is RFC 2195, for servers that have nothing better without TLS.
type cramMD5 struct{ user, password string }

func (a *cramMD5) Start() (string, []byte, error) { return "CRAM-MD5", nil, nil }

func (a *cramMD5) Next(challenge []byte) ([]byte, error) {
	m := hmac.New(md5.New, []byte(a.password))
	m.Write(challenge)
	return []byte(a.user + " " + hex.EncodeToString(m.Sum(nil))), nil
}

// transmit is one SMTP transaction.
func (c *conn) transmit(ctx context.Context, sub Submission, d *compose.Draft, msg *outgoing, rcpts []rcpt, out channel.Outbound) (channel.Receipt, error) {
	l, err := c.connect(ctx, sub)
	if err != nil {
		return channel.Receipt{}, err
	}
	defer l.stop()
	defer l.Close()
	if limit, ok := l.MaxMessageSize(); ok && limit > 0 && msg.size > int64(limit) {
		return channel.Receipt{}, &channel.SendError{Fault: channel.Permanent, Code: "552 5.3.4",
			Public: fmt.Sprintf("The message has %s, but the mail server takes %s at most. Send fewer or smaller attachments, or set the largest mail of this channel to that, so that larger files go as links.", megabytes(msg.size), megabytes(int64(limit)))}
	}
	accepted, refused, fault := c.open(l, sub, d, msg, rcpts, out)
	if fault != nil {
		return channel.Receipt{Failed: refused}, fault
	}
	w, err := l.Data()
	if err != nil {
		return channel.Receipt{}, sessionFault(err, "The mail server did not take the message")
	}
	r, err := msg.reader()
	if err == nil {
		_, err = io.Copy(w, r)
	}
	if err != nil {
		return channel.Receipt{}, networkFault(err, "The message could not be handed to the mail server")
	}
	// From here on the session must not be cut by us: whoever stops us waits for the answer or leaves it uncertain.
	if !l.stop() {
		return channel.Receipt{}, networkFault(context.Cause(ctx), "Sending was stopped")
	}
	if out.Commit != nil {
		if err := out.Commit(ctx, accepted); err != nil {
			return channel.Receipt{}, err // the connection closes without the final dot: nothing was sent
		}
	}
	answer, err := w.CloseWithResponse()
	if err != nil {
		var e *smtp.SMTPError
		if errors.As(err, &e) {
			return channel.Receipt{}, replyFault(e)
		}
		return channel.Receipt{}, &channel.SendError{Fault: channel.Uncertain, Code: "no_answer", Err: err,
			Public: "The mail server took the message but did not say whether it will deliver it: " + networkWords(err) + ". It may have gone out."}
	}
	_ = l.Quit() // the mail is taken; how the session ends does not matter
	return channel.Receipt{RemoteID: compose.CleanID(out.RemoteID), Detail: "250 " + oneLine(answer.StatusText), Failed: refused}, nil
}

// open names sender and recipients. It fails when nobody is left to send to.
func (c *conn) open(l *link, sub Submission, d *compose.Draft, msg *outgoing, rcpts []rcpt, out channel.Outbound) (accepted []string, refused []channel.RecipientFault, fault error) {
	from := compose.WireAddress(d.From.Address)
	if a := c.set.replyAddress(out.ThreadToken, c.opts.Hostname); a != "" && domainOf(a) == domainOf(from) {
		from = a // a bounce comes back with the thread's token
	}
	opts := &smtp.MailOptions{Size: msg.size, UTF8: d.UTF8() || !compose.IsASCII(from)}
	if opts.UTF8 {
		if ok, _ := l.Extension("SMTPUTF8"); !ok {
			return nil, nil, &channel.SendError{Fault: channel.Permanent, Code: "smtputf8", Public: "An address has letters outside ASCII in front of the @, which the mail server does not take."}
		}
	}
	if err := l.Mail(from, opts); err != nil {
		return nil, nil, sessionFault(err, "The mail server did not take the sender")
	}
	for _, r := range rcpts {
		err := l.Rcpt(r.wire, nil)
		if err == nil {
			accepted = append(accepted, r.address)
			continue
		}
		var e *smtp.SMTPError
		if !errors.As(err, &e) {
			return nil, nil, networkFault(err, "The mail server broke off")
		}
		refused = append(refused, channel.RecipientFault{Address: r.address, Error: replyFault(e)})
	}
	if len(accepted) > 0 {
		return accepted, refused, nil
	}
	// Nobody is left. If one of them may be taken later, the whole send may be tried again.
	worst := refused[0].Error
	for _, f := range refused {
		if f.Error.Fault == channel.Transient {
			worst = f.Error
		}
	}
	return nil, refused, worst
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

// pacedConn gives every write its own time limit, so that a server that stops reading cannot hold a worker.
type pacedConn struct {
	net.Conn
	idle time.Duration
}

func (c *pacedConn) Write(p []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Now().Add(c.idle))
	return c.Conn.Write(p)
}
