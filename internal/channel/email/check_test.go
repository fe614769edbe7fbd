package email_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/simulate"
)

func probes(t *testing.T, c channel.Conn) map[string]channel.Probe {
	t.Helper()
	list, err := c.(channel.Checker).Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]channel.Probe{}
	for _, p := range list {
		name := p.Name
		for i := 2; out[name].Name != ""; i++ {
			name = fmt.Sprintf("%s(%d)", p.Name, i)
		}
		out[name] = p
	}
	return out
}

// EM-07: what is wrong is said by the step that fails, with how to mend it; steps behind it are left out.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	s := startIMAP(t, simulate.IMAPOptions{Username: "support", Password: "other"})
	m := startMail(t, simulate.MailOptions{Username: "support", Password: "other"})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	closed := ln.Addr().(*net.TCPAddr).Port
	silent := scripted(t, "* BYE go away", "never", "")
	_, silentPort, _ := net.SplitHostPort(silent)
	for name, c := range map[string]struct {
		change func(map[string]any)
		bad    string
		gone   string
	}{
		"no such host": {func(o map[string]any) { o["imap"] = map[string]any{"host": "no-such-host.invalid"} }, "imap_name", "imap_connect"},
		"closed port":  {func(o map[string]any) { o["imap"] = map[string]any{"host": "127.0.0.1", "port": closed, "tls": "none"} }, "imap_connect", "imap_login"},
		"no TLS there": {func(o map[string]any) {
			o["imap"] = map[string]any{"host": "127.0.0.1", "port": s.Port(), "tls": "implicit"}
		}, "imap_tls", "imap_login"},
		"no STARTTLS": {func(o map[string]any) {
			o["imap"] = map[string]any{"host": "127.0.0.1", "port": s.Port(), "tls": "starttls"}
		}, "imap_tls", "imap_login"},
		"wrong password": {func(o map[string]any) {
			o["imap"] = map[string]any{"host": "127.0.0.1", "port": s.Port(), "tls": "none"}
		}, "imap_login", "imap_folder"},
		"server says BYE": {func(o map[string]any) {
			o["imap"] = map[string]any{"host": "127.0.0.1", "port": silentPort, "tls": "none"}
		}, "imap_greeting", "imap_login"},
		"wrong SMTP login": {nil, "smtp_login", "smtp_sender"},
	} {
		t.Run(name, func(t *testing.T) {
			got := probes(t, open(t, email.New(email.Options{}), mailAccount(m.Addr(), c.change), nil))
			if p := got[c.bad]; p.OK || p.Detail == "" || p.Fix == "" {
				t.Errorf("%+v", got)
			}
			if _, there := got[c.gone]; there {
				t.Errorf("%s was probed in vain", c.gone)
			}
		})
	}
}

// EM-14, EM-20: a hosted address: where its mail is led, and whether it can send.
func TestCheckOfAHostedAddress(t *testing.T) {
	dns := startDNS(t, map[string][]string{"MX kanal.test": {"kanal.test"}, "MX acme.example": {"mx.provider.example"}})
	m := startMail(t, simulate.MailOptions{})
	relay, err := email.ParseRelay("smtp://" + m.Addr() + "?tls=none")
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{"support@kanal.test": "true led to kanal.test", "support@acme.example": "true not to kanal.test", "support@nowhere.example": "false No mail server"} {
		a := email.New(email.Options{Hostname: "kanal.test", Resolver: dns.Addr(), Relay: relay})
		got := probes(t, open(t, a, desk.ChannelAccount{Settings: []byte(`{"kind":"hosted","address":"` + address + `"}`)}, nil))
		ok, text, _ := strings.Cut(want, " ")
		if p := got["mx"]; fmt.Sprint(p.OK) != ok || !strings.Contains(p.Detail, text) || (!p.OK && p.Fix == "") {
			t.Errorf("%s: %+v", address, p)
		}
		if !got["smtp_sender"].OK {
			t.Errorf("relay: %+v", got)
		}
	}
	got := probes(t, open(t, email.New(email.Options{}), desk.ChannelAccount{Settings: []byte(`{"kind":"hosted","address":"support@localhost"}`)}, nil))
	if p := got["smtp_relay"]; p.OK || !strings.Contains(p.Detail, "--relay") || !got["mx"].OK {
		t.Errorf("%+v", got)
	}
}

func startDNS(t *testing.T, records map[string][]string) *simulate.DNS {
	t.Helper()
	d, err := simulate.NewDNS(records)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestCheckEndsWithItsContext(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	acc := imapAccount("127.0.0.1", ln.Addr().(*net.TCPAddr).Port, nil)
	list, err := open(t, email.New(email.Options{}), acc, nil).(channel.Checker).Check(ctx)
	if err != nil || len(list) == 0 || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("%v %v", list, err)
	}
}
