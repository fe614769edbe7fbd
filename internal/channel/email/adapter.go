// Package email is the channel of team email: addresses that Kanal hosts or that are forwarded to it, received by its own SMTP
// listener, and mailboxes elsewhere, read by IMAP and answered by SMTP submission. It owns everything about mail: protocols, MIME,
// what kind of mail one is, our Message-IDs and thread tokens. It keeps no state of an account, sees no database, never marks or
// deletes anything in somebody's mailbox and never relays. The list of channels names it; the switchboard, intake and the
// command line call it through the contract in internal/channel.
package email

import (
	"context"
	"crypto/tls"
	_ "embed"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/compose"
	"github.com/kanalhq/kanal/internal/channel/email/evidence"
	"github.com/kanalhq/kanal/internal/desk"
)

// Name is the channel's name in settings and rows.
const Name = "email"

//go:embed icon.svg
var icon string

// Options shape the adapter for one installation. The zero value works in a test.
type Options struct {
	Hostname        string        // how we greet, and the right side of our Message-IDs
	Relay           *Submission   // where mail of hosted accounts leaves; nil: nowhere
	Resolver        string        // host:port of the DNS server for SPF, DKIM, DMARC and MX; "": the system's
	TokenKey        []byte        // signs thread tokens; see SignToken
	TLSConfig       *tls.Config   // the listener's certificate; nil: a self-signed one is made
	ClientTLS       *tls.Config   // base for outgoing TLS (roots); nil: the system's
	MaxMessageBytes int64         // largest mail taken in, in bytes; 0: 50 MB
	Dial            DialFunc      // 0: the host's guarded dialer
	IMAPPoll        time.Duration // how often a mailbox is asked, also one that announces new mail (IDLE); 0: 60 s (KANAL_WINDOW_IMAP_POLL)
	IdleRestart     time.Duration // how long one IDLE lasts; 0: 9 minutes
	AuthTimeout     time.Duration // budget of SPF, DKIM and DMARC together; 0: 4 s
	SendTimeout     time.Duration // how long the server may think after the final dot; 0: 5 minutes
	SMTP            SMTPLimits    // the listener's limits
	RetryBase       time.Duration // the first pause before a mailbox is connected again, doubled up to 5 minutes; 0: 1 s
}

// DialFunc opens a connection.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Adapter is the email channel. It keeps no state about an account.
type Adapter struct {
	opts   Options
	verify *evidence.Verifier
	budget *semaphore.Weighted

	certOnce sync.Once
	cert     *tls.Config
	certErr  error
}

// New makes the email channel.
func New(o Options) *Adapter {
	if o.Hostname == "" {
		o.Hostname = "localhost"
	}
	o.Hostname = strings.ToLower(o.Hostname)
	if o.MaxMessageBytes <= 0 {
		o.MaxMessageBytes = 50 << 20
	}
	if o.IMAPPoll <= 0 {
		o.IMAPPoll = 60 * time.Second
	}
	if o.IdleRestart <= 0 {
		o.IdleRestart = 9 * time.Minute
	}
	if o.AuthTimeout <= 0 {
		o.AuthTimeout = 4 * time.Second
	}
	if o.SendTimeout <= 0 {
		o.SendTimeout = 5 * time.Minute
	}
	if o.RetryBase <= 0 {
		o.RetryBase = time.Second
	}
	o.SMTP.MaxMessageBytes = o.MaxMessageBytes
	o.SMTP = o.SMTP.WithDefaults()
	return &Adapter{opts: o, verify: evidence.New(o.Resolver, o.AuthTimeout), budget: semaphore.NewWeighted(fetchBudget)}
}

// Parse implements channel.Adapter; see the function Parse. An item that did not arrive whole is an error when it comes, so that it is
// set aside with the reason; replayed, it is read as far as it goes.
func (a *Adapter) Parse(ctx context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	if raw.Broken != "" {
		return nil, desk.Errorf(desk.Invalid, "email.incomplete", "%s", raw.Broken)
	}
	return Parse(ctx, raw)
}

// Open implements channel.Adapter. An account of kind imap is a channel.Receiver too.
func (a *Adapter) Open(_ context.Context, acc desk.ChannelAccount, host channel.Host) (channel.Conn, error) {
	s, err := readSettings(acc.Settings, acc.Secrets)
	if err != nil {
		return nil, err
	}
	c := &conn{opts: &a.opts, acc: acc, set: s, host: host}
	c.closing, c.cancel = context.WithCancel(context.Background())
	if s.Kind == kindIMAP {
		return &mailbox{conn: c, verify: a.verify, budget: a.budget}, nil
	}
	return c, nil
}

// conn is one open account: it sends and can be checked.
type conn struct {
	opts *Options
	acc  desk.ChannelAccount
	set  settings
	host channel.Host

	closing context.Context
	cancel  context.CancelFunc
}

// mailbox is an open account whose mail is fetched by IMAP.
type mailbox struct {
	*conn
	verify *evidence.Verifier
	budget *semaphore.Weighted // memory for mail being fetched, shared by all mailboxes

	mu    sync.Mutex
	tries map[seen]int
}

// fetchBudget bounds the memory of mail being fetched by IMAP, all accounts together, in bytes.
const fetchBudget = 256 << 20

func (m *mailbox) memory(ctx context.Context, n int64) (release func(), err error) {
	n = min(n, fetchBudget)
	if err := m.budget.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { m.budget.Release(n) }, nil
}

// evidence is what is known of a fetched mail's authenticity: the mailbox's own server's word if it is trusted, else our own look.
func (m *mailbox) evidence(ctx context.Context, body []byte) *desk.AuthEvidence {
	if m.set.TrustAuth != "" {
		if ev := evidence.Trusted(body, m.set.TrustAuth); ev != nil {
			return ev
		}
	}
	return m.verify.Fetched(ctx, body)
}

// Close implements channel.Conn.
func (c *conn) Close() error {
	c.cancel()
	return nil
}

// bound ends ctx when the account is closed.
func (c *conn) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.closing, cancel)
	return ctx, func() { stop(); cancel() }
}

func (c *conn) dial(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	switch {
	case c.opts.Dial != nil:
		return c.opts.Dial(ctx, "tcp", address)
	case c.host != nil:
		return c.host.Dial(ctx, "tcp", address)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}

// clientTLS is the configuration for a connection to host.
func (c *conn) clientTLS(host string) *tls.Config {
	cfg := &tls.Config{}
	if c.opts.ClientTLS != nil {
		cfg = c.opts.ClientTLS.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	if cfg.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	return cfg
}

// NewRemoteID implements channel.Identifier: <TOKEN.RANDOM@host> without the angle brackets.
func (a *Adapter) NewRemoteID(_ desk.ChannelAccount, token string) string {
	random := compose.Random(16)
	if token == "" || !compose.DotAtom(token) {
		return random + "@" + a.opts.Hostname
	}
	return token + "." + random + "@" + a.opts.Hostname
}

// ReplyAddress implements channel.Identifier: the account's address with the thread's token as plus-address (EM-30). It is ""
// for a mailbox elsewhere, which may not know plus-addresses, unless its setting reply_token is on.
func (a *Adapter) ReplyAddress(acc desk.ChannelAccount, token string) string {
	s, err := readSettings(acc.Settings, acc.Secrets)
	if err != nil || token == "" || !compose.DotAtom(token) {
		return ""
	}
	return s.replyAddress(token, a.opts.Hostname)
}

// SignToken implements channel.Tokener.
func (a *Adapter) SignToken(thread desk.ThreadID) string { return SignToken(a.opts.TokenKey, thread) }

// VerifyToken implements channel.Tokener.
func (a *Adapter) VerifyToken(token string) (desk.ThreadID, bool) {
	return VerifyToken(a.opts.TokenKey, token)
}

// RenderSignature fills the sender's names into a signature (EM-23) and cleans it (EM-24). The second value is the same as text.
func RenderSignature(signature string, s channel.Sender) (htmlOut, text string) {
	return compose.RenderSignature(signature, s)
}

// Preview implements channel.Previewer (EM-08).
func (a *Adapter) Preview(plain []byte, s channel.Sender) (string, string, string) {
	set, err := readSettings(plain, nil)
	if err != nil {
		return "", "", ""
	}
	h, t := RenderSignature(set.SignatureHTML, s)
	return set.fromName(channel.Outbound{Sender: s}), h, t
}

var (
	_ channel.Adapter    = (*Adapter)(nil)
	_ channel.Listener   = (*Adapter)(nil)
	_ channel.Validator  = (*Adapter)(nil)
	_ channel.Identifier = (*Adapter)(nil)
	_ channel.Previewer  = (*Adapter)(nil)
	_ channel.Tokener    = (*Adapter)(nil)
	_ channel.Limiter    = (*Adapter)(nil)
	_ channel.Checker    = (*conn)(nil)
	_ channel.Receiver   = (*mailbox)(nil)
)
