package email

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/evidence"
	"github.com/kanalhq/kanal/internal/channel/email/smtpd"
	"github.com/kanalhq/kanal/internal/desk"
)

// SMTPLimits are the listener's limits; zero values take the defaults of smtpd.Limits. MaxMessageBytes is taken from Options.
type SMTPLimits = smtpd.Limits

// Listen implements channel.Listener: it receives mail by SMTP for all accounts (EM-44). 250 is answered after DeliverAll
// returned nil and never before.
func (a *Adapter) Listen(ctx context.Context, ln net.Listener, host channel.ListenHost) error {
	cfg, err := a.serverTLS()
	if err != nil {
		return err
	}
	r := &receiver{opts: &a.opts, host: host, verify: a.verify}
	return smtpd.New(a.opts.Hostname, cfg, r, a.opts.SMTP, host.Log()).Serve(ctx, ln)
}

// receiver takes mail for the listener.
type receiver struct {
	opts   *Options
	host   channel.ListenHost
	verify *evidence.Verifier
}

// Recipient implements smtpd.Backend.
func (r *receiver) Recipient(ctx context.Context, _ *smtpd.Session, address string) (any, error) {
	for _, candidate := range r.candidates(address) {
		acc, ok, err := r.host.FindAddress(ctx, candidate)
		if err != nil {
			return nil, &smtpd.Reply{Code: 451, Enh: "4.3.0", Text: "Cannot look up the recipient now, try again later"}
		}
		if ok {
			return acc.ID, nil
		}
	}
	return nil, &smtpd.Reply{Code: 550, Enh: "5.1.1", Text: "No such address here"}
}

// candidates are the registry entries that may hold a recipient, nearest first: the address itself, the address without its
// plus part (our thread tokens and the customer's own tags), and the fallback address for postmaster (RFC 5321 4.5.1).
func (r *receiver) candidates(address string) []string {
	fallback := "support@" + r.opts.Hostname
	if strings.EqualFold(address, "postmaster") {
		return []string{"postmaster@" + r.opts.Hostname, fallback}
	}
	n := desk.NormalizeEmail(address)
	if n == "" {
		return nil
	}
	out := []string{n}
	i := strings.LastIndexByte(n, '@')
	local, domain := n[:i], n[i:]
	if base, _, ok := strings.Cut(local, tokenMark); ok && base != "" {
		out = append(out, base+domain)
	}
	if base, _, ok := strings.Cut(local, "+"); ok && base != "" && !slices.Contains(out, base+domain) {
		out = append(out, base+domain)
	}
	if local == "postmaster" && domain == "@"+r.opts.Hostname {
		out = append(out, fallback)
	}
	return out
}

// Deliver implements smtpd.Backend: one Raw for each account, all in one transaction.
func (r *receiver) Deliver(ctx context.Context, m *smtpd.Mail) error {
	auth := r.verify.Received(ctx, evidence.Transaction{Peer: m.Peer, Helo: m.Helo, From: m.From, Body: m.Body})
	at, dedupe := r.host.Clock().Now(), DedupeKey(channel.Raw{Body: m.Body})
	var raws []channel.Raw
	for _, to := range m.To {
		id := to.Tag.(desk.ChannelAccountID)
		i := slices.IndexFunc(raws, func(raw channel.Raw) bool { return raw.Account == id })
		if i < 0 {
			raws = append(raws, channel.Raw{
				Account: id, Channel: Name, Dedupe: dedupe, Body: m.Body, Auth: auth, At: at,
				Envelope: channel.Envelope{From: m.From, Null: m.Null, Peer: m.Peer.String(), Helo: m.Helo, TLS: m.TLS},
			})
			i = len(raws) - 1
		}
		if !slices.Contains(raws[i].Envelope.To, to.Address) {
			raws[i].Envelope.To = append(raws[i].Envelope.To, to.Address)
		}
	}
	err := r.host.DeliverAll(ctx, raws)
	switch desk.CodeOf(err) {
	case "":
		return nil
	case desk.TooLarge:
		return &smtpd.Reply{Code: 552, Enh: "5.3.4", Text: "The message is larger than allowed"}
	case desk.Unavailable:
		r.host.Log().Warn("mail not taken, the sender keeps it", "channel", Name, "error", err.Error())
	default:
		r.host.Log().Error("mail not taken, the sender keeps it", "channel", Name, "error", err.Error())
	}
	return &smtpd.Reply{Code: 451, Enh: "4.3.0", Text: "Cannot store the message now, try again later"}
}

// serverTLS is the listener's certificate. Without one a self-signed one is made: senders of mail encrypt when they
// can and do not check names (RFC 7435).
func (a *Adapter) serverTLS() (*tls.Config, error) {
	if a.opts.TLSConfig != nil {
		return a.opts.TLSConfig, nil
	}
	a.certOnce.Do(func() {
		var cert tls.Certificate
		if cert, a.certErr = selfSigned(a.opts.Hostname, time.Now()); a.certErr == nil {
			a.cert = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		}
	})
	return a.cert, a.certErr
}

func selfSigned(host string, now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(5, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
