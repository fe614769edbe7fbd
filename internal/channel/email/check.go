package email

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/compose"
	"github.com/kanalhq/kanal/internal/channel/email/evidence"
	"github.com/kanalhq/kanal/internal/desk"
)

// checkTimeout bounds one probe.
const checkTimeout = 15 * time.Second

// Check implements channel.Checker: every step on the way in and out, each with its outcome. It works on settings that are not stored,
// changes nothing in the mailbox and sends no mail. A step whose ground is missing is left out.
func (c *conn) Check(ctx context.Context) ([]channel.Probe, error) {
	ctx, cancel := c.bound(ctx)
	defer cancel()
	p := &probes{}
	if c.set.Kind == kindIMAP {
		c.checkIMAP(ctx, p)
		c.checkSubmission(ctx, p)
		return p.list, nil
	}
	c.checkHosted(ctx, p)
	c.checkSubmission(ctx, p)
	return p.list, nil
}

type probes struct{ list []channel.Probe }

func (p *probes) ok(name, detail string) {
	p.list = append(p.list, channel.Probe{Name: name, OK: true, Detail: detail})
}

func (p *probes) bad(name, detail, fix string) {
	p.list = append(p.list, channel.Probe{Name: name, Detail: detail, Fix: fix})
}

// reach looks up a name and opens a connection; false when a later probe is pointless.
func (c *conn) reach(ctx context.Context, p *probes, what string, e endpoint) bool {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if net.ParseIP(e.Host) == nil {
		addrs, err := evidence.Resolver(c.opts.Resolver).LookupHost(ctx, e.Host)
		if err != nil {
			// The system's own resolver knows /etc/hosts too.
			addrs, err = net.DefaultResolver.LookupHost(ctx, e.Host)
		}
		if err != nil {
			p.bad(what+"_name", sentence(networkWords(err)), "Check the server's name: "+e.Host+".")
			return false
		}
		p.ok(what+"_name", e.Host+" is "+strings.Join(addrs[:min(3, len(addrs))], ", "))
	}
	nc, err := c.dial(ctx, e.addr())
	if err != nil {
		p.bad(what+"_connect", sentence(networkWords(err)), fmt.Sprintf("Check that %s listens on port %d and that no firewall is in between.", e.Host, e.Port))
		return false
	}
	nc.Close()
	p.ok(what+"_connect", fmt.Sprintf("%s answers on port %d.", e.Host, e.Port))
	return true
}

func (c *conn) checkIMAP(ctx context.Context, p *probes) {
	e := c.set.IMAP.endpoint
	if !c.reach(ctx, p, "imap", e) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*checkTimeout)
	defer cancel()
	s, err := openIMAP(ctx, c, nil)
	if err != nil {
		switch err.stage {
		case stageTLS:
			p.bad("imap_tls", sentence(networkWords(err)), "Check the port and the encryption: 993 is usually TLS, 143 STARTTLS.")
		case stageLogin:
			if e.TLS != tlsNone {
				p.ok("imap_tls", "The connection is encrypted.")
			}
			p.bad("imap_login", sentence(oneLine(err.Error())), "Check user name and password. Many providers want an app password, or IMAP to be switched on first.")
		default:
			p.bad("imap_greeting", sentence(networkWords(err)), "Check that this is an IMAP server.")
		}
		return
	}
	defer s.close()
	if e.TLS == tlsNone {
		p.list = append(p.list, channel.Probe{Name: "imap_tls", OK: true, Detail: "The connection is not encrypted, as set.", Fix: "Use TLS if the server is not on this machine."})
	} else {
		p.ok("imap_tls", "The connection is encrypted.")
	}
	p.ok("imap_login", "The user name and password work.")
	for _, f := range c.set.IMAP.Folders {
		box, err := s.examine(f)
		if err != nil {
			p.bad("imap_folder", fmt.Sprintf("The folder %q cannot be opened: %s", f, oneLine(err.Error())), "Check the folder's name; folders that exist: "+strings.Join(s.folders(), ", ")+".")
			continue
		}
		p.ok("imap_folder", fmt.Sprintf("%s has %d messages.", f, box.messages))
	}
	if s.canIdle() {
		p.ok("imap_idle", "New mail is announced at once (IDLE).")
	} else {
		p.ok("imap_idle", fmt.Sprintf("The server does not announce new mail; Kanal asks every %s.", c.opts.IMAPPoll))
	}
}

func (c *conn) checkSubmission(ctx context.Context, p *probes) {
	sub, fault := c.set.submission(c.opts.Relay)
	if fault != nil {
		p.bad("smtp_relay", fault.Public, "Start Kanal with --relay, or set “Send through” on this channel.")
		return
	}
	if !c.reach(ctx, p, "smtp", endpoint{Host: sub.Host, Port: sub.Port, TLS: sub.TLS}) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*checkTimeout)
	defer cancel()
	l, err := c.connect(ctx, *sub)
	if err != nil {
		name, fix := "smtp_session", "Check port and encryption: 465 is usually TLS, 587 STARTTLS."
		if se, ok := err.(*channel.SendError); ok {
			if se.Fault == channel.Reconnect {
				name, fix = "smtp_login", "Check user name and password for sending."
			}
			p.bad(name, se.Public, fix)
			return
		}
		p.bad(name, oneLine(err.Error()), fix)
		return
	}
	defer l.stop()
	defer l.Close()
	if offered, _ := l.Extension("AUTH"); !offered || sub.Username == "" {
		p.ok("smtp_login", "The mail server takes mail without signing in.")
	} else {
		p.ok("smtp_login", "The user name and password work for sending.")
	}
	from := compose.WireAddress(cmp.Or(c.set.FromAddress, c.set.Address))
	if err := l.Mail(from, nil); err != nil {
		p.bad("smtp_sender", sessionFault(err, "The mail server broke off").Public, "Check that this account may send as "+from+".")
		return
	}
	_ = l.Reset()
	p.ok("smtp_sender", "The mail server takes mail from "+from+".")
	_ = l.Quit()
}

// checkHosted looks whether mail for the address is led here.
func (c *conn) checkHosted(ctx context.Context, p *probes) {
	domain := domainOf(desk.NormalizeEmail(c.set.Address))
	if domain == "" || !strings.Contains(domain, ".") {
		p.ok("mx", "The address belongs to this machine; nobody else can be asked about it.")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	mxs, err := evidence.Resolver(c.opts.Resolver).LookupMX(ctx, domain)
	if err != nil && len(mxs) == 0 {
		p.bad("mx", "No mail server is known for "+domain+": "+networkWords(err)+".", "Add an MX record for "+domain+" that names "+c.opts.Hostname+", or forward the address to Kanal.")
		return
	}
	var hosts []string
	for _, m := range mxs {
		hosts = append(hosts, strings.ToLower(strings.TrimSuffix(m.Host, ".")))
	}
	if slices.Contains(hosts, c.opts.Hostname) {
		p.ok("mx", "Mail for "+domain+" is led to "+c.opts.Hostname+".")
		return
	}
	p.list = append(p.list, channel.Probe{Name: "mx", OK: domain != c.opts.Hostname,
		Detail: "Mail for " + domain + " is led to " + strings.Join(hosts, ", ") + ", not to " + c.opts.Hostname + ".",
		Fix:    "That is right if the address is forwarded to Kanal there; otherwise let the MX record name " + c.opts.Hostname + "."})
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
