package email_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-smtp"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/channeltest"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/simulate"
)

// mailAccount makes an account of kind imap whose mail leaves at smtpAddr. change may alter the settings.
func mailAccount(smtpAddr string, change func(s map[string]any)) desk.ChannelAccount {
	host, port, _ := net.SplitHostPort(smtpAddr)
	s := map[string]any{
		"kind": "imap", "address": "support@acme.example", "username": "support", "company": "Acme", "from_name": "agent_and_company",
		"imap": map[string]any{"host": "127.0.0.1", "port": 1, "tls": "none"},
		"smtp": map[string]any{"host": host, "port": port, "tls": "none"},
	}
	if change != nil {
		change(s)
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return desk.ChannelAccount{ID: 7, Channel: email.Name, Address: "support@acme.example", Settings: b, Secrets: []byte(`{"password":"s3cret"}`)}
}

func startMail(t *testing.T, o simulate.MailOptions) *simulate.Mail {
	t.Helper()
	m, err := simulate.NewMail(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

var signedIn = simulate.MailOptions{Username: "support", Password: "s3cret"}

func outbound() channel.Outbound {
	return channel.Outbound{
		RemoteID: "tok.r1@kanal.test", Subject: "Re: Question", Text: "Hello Mira", HTML: "<p>Hello Mira</p>", InReplyTo: "q1@customer.example", Refs: []string{"q0@customer.example"},
		To: []desk.Party{{Address: "mira@customer.example", Name: "Mira"}}, Sender: channel.Sender{FullName: "Ann Holm", FirstName: "Ann", LastName: "Holm"},
	}
}

// other returns outbound with changes.
func other(change func(o *channel.Outbound)) channel.Outbound { o := outbound(); change(&o); return o }

func refuses(code int, a, b, c int) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "no, sorry"}
}

// peer prepares a mail server with a fault; the message must not have arrived before Commit.
func peer(o simulate.MailOptions, f simulate.MailFault, change func(map[string]any)) func(*testing.T, *channeltest.Host) (desk.ChannelAccount, func() int) {
	return func(t *testing.T, _ *channeltest.Host) (desk.ChannelAccount, func() int) {
		m := startMail(t, o)
		m.SetFault(f)
		return mailAccount(m.Addr(), change), func() int { return len(m.Letters("")) }
	}
}

func deaf(t *testing.T, _ *channeltest.Host) (desk.ChannelAccount, func() int) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	return mailAccount(ln.Addr().String(), nil), nil
}

func hosted(t *testing.T, _ *channeltest.Host) (desk.ChannelAccount, func() int) {
	return desk.ChannelAccount{ID: 8, Channel: email.Name, Settings: []byte(`{"kind":"hosted","address":"support@kanal.test"}`)}, nil
}

// The contract, with every way in which sending fails (DESIGN 3: before Commit again, after it uncertain).
func TestConformance(t *testing.T) {
	a := email.New(email.Options{Hostname: "kanal.test", SendTimeout: 2 * time.Second, TokenKey: []byte("k")})
	two := other(func(o *channel.Outbound) { o.Cc = []desk.Party{{Address: "gone@customer.example"}} })
	mira := func(e *smtp.SMTPError) map[string]*smtp.SMTPError {
		return map[string]*smtp.SMTPError{"mira@customer.example": e}
	}
	channeltest.Run(t, a, "testdata/transport", channeltest.Sample{
		Account: mailAccount("127.0.0.1:25", nil), NoGoldens: true,
		Refused: map[string]channeltest.Refusal{
			"no kind":            {Settings: `{}`, Field: "kind"},
			"oauth comes later":  {Settings: `{"kind":"gmail","address":"a@gmail.com"}`, Field: "kind"},
			"no address":         {Settings: `{"kind":"hosted"}`, Field: "address"},
			"bad address":        {Settings: `{"kind":"hosted","address":"Support <a@b.c>"}`, Field: "address"},
			"reserved address":   {Settings: `{"kind":"hosted","address":"support+t-x@b.example"}`, Field: "address"},
			"no imap host":       {Settings: `{"kind":"imap","address":"a@b.example"}`, Field: "imap.host"},
			"no smtp host":       {Settings: `{"kind":"imap","address":"a@b.example","imap":{"host":"h"}}`, Field: "smtp.host"},
			"bad host":           {Settings: `{"kind":"imap","address":"a@b.example","imap":{"host":"imap://h"},"smtp":{"host":"h"}}`, Field: "imap.host"},
			"bad port":           {Settings: `{"kind":"imap","address":"a@b.example","imap":{"host":"h","port":70000},"smtp":{"host":"h"}}`, Field: "imap.port"},
			"port is no number":  {Settings: `{"kind":"imap","address":"a@b.example","imap":{"host":"h","port":"x"},"smtp":{"host":"h"}}`, Field: "imap.port"},
			"bad tls":            {Settings: `{"kind":"imap","address":"a@b.example","imap":{"host":"h","tls":"ssl"},"smtp":{"host":"h"}}`, Field: "imap.tls"},
			"no password":        {Settings: `{"kind":"imap","address":"a@b.example","imap":{"host":"h"},"smtp":{"host":"h"}}`, Field: "password"},
			"bad from name":      {Settings: `{"kind":"hosted","address":"a@b.example","from_name":"me"}`, Field: "from_name"},
			"bad from address":   {Settings: `{"kind":"hosted","address":"a@b.example","from_address":"x"}`, Field: "from_address"},
			"bad company":        {Settings: `{"kind":"hosted","address":"a@b.example","company":"A\nBcc: x"}`, Field: "company"},
			"bad relay":          {Settings: `{"kind":"hosted","address":"a@b.example"}`, Secrets: `{"relay":"http://x"}`, Field: "relay"},
			"dkim without key":   {Settings: `{"kind":"hosted","address":"a@b.example","dkim":{"domain":"b.example","selector":"k"}}`, Field: "dkim.private_key"},
			"dkim with bad key":  {Settings: `{"kind":"hosted","address":"a@b.example","dkim":{"domain":"b.example","selector":"k"}}`, Secrets: `{"dkim":{"private_key":"x"}}`, Field: "dkim.private_key"},
			"days out of bounds": {Settings: `{"kind":"imap","address":"a@b.example","imap":{"host":"h"},"smtp":{"host":"h"},"import_days":-1}`, Secrets: `{"password":"x"}`, Field: "import_days"},
		},
		Sends: []channeltest.Send{
			{Name: "taken", Prepare: peer(signedIn, simulate.MailFault{}, nil), Out: outbound()},
			{Name: "server without sign-in", Prepare: peer(simulate.MailOptions{}, simulate.MailFault{}, nil), Out: outbound()},
			{Name: "sign-in wanted at MAIL", Prepare: peer(simulate.MailOptions{}, simulate.MailFault{Mail: refuses(530, 5, 7, 0)}, nil), Out: outbound(), Fault: channel.Reconnect, Code: "530"},
			{Name: "wrong password", Prepare: peer(simulate.MailOptions{Username: "support", Password: "other"}, simulate.MailFault{}, nil), Out: outbound(), Fault: channel.Reconnect, Code: "535"},
			{Name: "nobody there", Prepare: deaf, Out: outbound(), Fault: channel.Transient, Code: "network"},
			{Name: "no relay", Prepare: hosted, Out: outbound(), Fault: channel.Permanent, Code: "no_relay"},
			{Name: "no recipient", Prepare: peer(signedIn, simulate.MailFault{}, nil), Out: other(func(o *channel.Outbound) { o.To = []desk.Party{{Address: "nobody"}} }), Fault: channel.Permanent, Code: "no_recipient"},
			{Name: "sender refused", Prepare: peer(signedIn, simulate.MailFault{Mail: refuses(553, 5, 7, 60)}, nil), Out: outbound(), Fault: channel.Permanent, Code: "553 5.7.60"},
			{Name: "busy at MAIL", Prepare: peer(signedIn, simulate.MailFault{Mail: refuses(421, 4, 3, 2)}, nil), Out: outbound(), Fault: channel.Transient, Code: "421 4.3.2"},
			{Name: "recipient unknown", Prepare: peer(signedIn, simulate.MailFault{Rcpt: mira(refuses(550, 5, 1, 1))}, nil), Out: outbound(), Fault: channel.Permanent, Code: "550 5.1.1"},
			{Name: "recipient later", Prepare: peer(signedIn, simulate.MailFault{Rcpt: mira(refuses(450, 4, 2, 1))}, nil), Out: outbound(), Fault: channel.Transient, Code: "450 4.2.1"},
			{Name: "one of two refused", Prepare: peer(signedIn, simulate.MailFault{Rcpt: map[string]*smtp.SMTPError{"gone@customer.example": refuses(550, 5, 1, 1)}}, nil), Out: two, Refused: []string{"gone@customer.example"}},
			{Name: "one of two is no address", Prepare: peer(signedIn, simulate.MailFault{}, nil), Out: other(func(o *channel.Outbound) { o.Cc = []desk.Party{{Address: "not an address"}} }), Refused: []string{"not an address"}},
			{Name: "refused after the dot", Prepare: peer(signedIn, simulate.MailFault{Data: refuses(554, 5, 7, 1)}, nil), Out: outbound(), Fault: channel.Permanent, Code: "554 5.7.1"},
			{Name: "later after the dot", Prepare: peer(signedIn, simulate.MailFault{Data: refuses(451, 4, 3, 0)}, nil), Out: outbound(), Fault: channel.Transient, Code: "451 4.3.0"},
			{Name: "cut after the dot", Prepare: peer(signedIn, simulate.MailFault{DropAfter: true}, nil), Out: outbound(), Fault: channel.Uncertain},
			{Name: "silent after the dot", Prepare: peer(signedIn, simulate.MailFault{Wait: 4 * time.Second}, nil), Out: outbound(), Fault: channel.Uncertain},
			{Name: "smtputf8 not taken", Prepare: noUTF8, Out: other(func(o *channel.Outbound) { o.To = []desk.Party{{Address: "jörg@customer.example"}} }), Fault: channel.Permanent, Code: "smtputf8"},
		},
	})
}

// noUTF8 is a server without extensions.
func noUTF8(t *testing.T, _ *channeltest.Host) (desk.ChannelAccount, func() int) {
	addr := scripted(t, "220 hi", "EHLO", "250 old.example", "", "")
	return mailAccount(addr, nil), nil
}

// scripted is a server that answers line by line: after a line beginning with in[i] it says in[i+1]; "" hangs up. in[0] is the greeting.
func scripted(t *testing.T, in ...string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go serveScript(c, in)
		}
	}()
	return ln.Addr().String()
}

func serveScript(c net.Conn, in []string) {
	defer c.Close()
	fmt.Fprintf(c, "%s\r\n", in[0])
	buf, seen := make([]byte, 64<<10), ""
	for i := 1; i+1 < len(in); i += 2 {
		for in[i] != "" && !strings.Contains(seen, in[i]) {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			seen += string(buf[:n])
		}
		_, seen, _ = strings.Cut(seen, in[i])
		if in[i+1] == "" {
			return
		}
		fmt.Fprintf(c, "%s\r\n", in[i+1])
	}
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

// A connection cut at each step gives the right fault: again before the final dot, uncertain after it.
func TestConnectionCutAtEachStep(t *testing.T) {
	good := []string{"220 hi", "EHLO", "250 cut.example", "MAIL", "250 ok", "RCPT", "250 ok", "DATA", "354 go", "\r\n.\r\n", "250 ok"}
	for step := 0; step < len(good); step += 2 {
		script := append([]string{}, good[:step]...)
		if step == 0 {
			script = []string{"", "", ""}
		} else {
			script = append(script, good[step-1], "")[:step+1]
			script[step-1], script[step] = good[step-1], ""
		}
		name := "greeting"
		if step > 0 {
			name = strings.TrimSpace(good[step-1])
		}
		t.Run("after "+name, func(t *testing.T) {
			acc := mailAccount(scripted(t, script...), nil)
			conn := open(t, email.New(email.Options{SendTimeout: time.Second}), acc, nil)
			committed := false
			o := outbound()
			o.Commit = func(context.Context, []string) error { committed = true; return nil }
			_, err := conn.Send(context.Background(), o)
			var e *channel.SendError
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			want := channel.Transient
			if name == "." {
				want = channel.Uncertain
			}
			if e.Fault != want || committed != (want == channel.Uncertain) {
				t.Errorf("%s, committed %v; want %s: %v", e.Fault, committed, want, e)
			}
		})
	}
}

func open(t *testing.T, a *email.Adapter, acc desk.ChannelAccount, h *channeltest.Host) channel.Conn {
	t.Helper()
	if h == nil {
		h = channeltest.NewHost()
	}
	c, err := a.Open(context.Background(), acc, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// EM-07, EM-11, EM-16, EM-17, EM-19, EM-21, EM-23, EM-30: what the customer gets.
func TestWhatTheCustomerGets(t *testing.T) {
	m := startMail(t, signedIn)
	h := channeltest.NewHost()
	pdf := bytes.Repeat([]byte("0123456789"), 200_000) // over a megabyte: composed in a file
	o := outbound()
	o.Cc, o.Bcc = []desk.Party{{Address: "Ole@customer.example"}}, []desk.Party{{Address: "boss@acme.example"}, {Address: "MIRA@customer.example"}}
	o.Attachments = []channel.OutAttachment{{Name: "a.pdf", Type: "application/pdf", Size: int64(len(pdf)), SHA256: h.AddBlob(pdf)}}
	acc := mailAccount(m.Addr(), func(s map[string]any) {
		s["signature_html"] = "<p>Bye, {{sender.first_name}}</p>"
		s["reply_token"] = true
	})
	o.ThreadToken = email.SignToken([]byte("k"), 99)
	r, err := open(t, email.New(email.Options{Hostname: "kanal.test", TokenKey: []byte("k")}), acc, h).Send(context.Background(), o)
	if err != nil || r.RemoteID != "tok.r1@kanal.test" || !strings.HasPrefix(r.Detail, "250 ") {
		t.Fatalf("%+v %v", r, err)
	}
	l := m.Letters("mira@customer.example")
	if len(l) != 1 || len(l[0].To) != 3 {
		t.Fatalf("%d letters, envelope %v", len(l), l)
	}
	for k, want := range map[string]string{
		"From": `"Ann Holm, Acme" <support@acme.example>`, "To": "Mira <mira@customer.example>", "Cc": "Ole@customer.example", "Bcc": "", "Message-Id": "<tok.r1@kanal.test>",
		"In-Reply-To": "<q1@customer.example>", "References": "<q0@customer.example> <q1@customer.example>", "Reply-To": "Acme <support+t-" + o.ThreadToken + "@acme.example>",
		"Date": "Sat, 21 Nov 2026 12:00:00 +0000",
	} {
		if got := l[0].Header.Get(k); got != want {
			t.Errorf("%s: %q, want %q", k, got, want)
		}
	}
	if l[0].From != "support+t-"+o.ThreadToken+"@acme.example" {
		t.Errorf("a bounce would go to %s", l[0].From)
	}
	if !strings.Contains(l[0].Text, "Hello Mira") || !strings.Contains(l[0].Text, "Bye, Ann") || !strings.Contains(l[0].HTML, "Bye, Ann") || !bytes.Equal(l[0].Files["a.pdf"], pdf) {
		t.Errorf("%q %q %d", l[0].Text, l[0].HTML, len(l[0].Files["a.pdf"]))
	}
	// EM-17, EM-19: company only, another From address.
	acc = mailAccount(m.Addr(), func(s map[string]any) { s["from_name"] = "company"; s["from_address"] = "help@acme.example" })
	if _, err := open(t, email.New(email.Options{}), acc, nil).Send(context.Background(), outbound()); err != nil {
		t.Fatal(err)
	}
	if got := m.Letters("mira@customer.example")[1].Header.Get("From"); got != "Acme <help@acme.example>" {
		t.Error(got)
	}
}

// EM-13, EM-20: a hosted address leaves by the installation's relay, or by its own.
func TestHostedAddressSendsThroughTheRelay(t *testing.T) {
	m, own := startMail(t, signedIn), startMail(t, simulate.MailOptions{})
	relay, err := email.ParseRelay("smtp://support:s3cret@" + m.Addr() + "?tls=none")
	if err != nil {
		t.Fatal(err)
	}
	a := email.New(email.Options{Hostname: "kanal.test", Relay: relay})
	acc := desk.ChannelAccount{ID: 8, Channel: email.Name, Settings: []byte(`{"kind":"hosted","address":"support@kanal.test"}`)}
	o := outbound()
	o.ThreadToken = email.SignToken([]byte("k"), 5)
	if _, err := open(t, a, acc, nil).Send(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	l := m.Letters("")
	if len(l) != 1 || m.Logins() != 1 || l[0].Header.Get("Reply-To") != "<support+t-"+o.ThreadToken+"@kanal.test>" && l[0].Header.Get("Reply-To") != "support+t-"+o.ThreadToken+"@kanal.test" {
		t.Errorf("%d letters, %v", len(l), l)
	}
	acc.Secrets = []byte(`{"relay":"smtp://` + own.Addr() + `?tls=none"}`)
	if _, err := open(t, a, acc, nil).Send(context.Background(), o); err != nil || len(own.Letters("")) != 1 || len(m.Letters("")) != 1 {
		t.Errorf("the account's own relay: %v", err)
	}
}

func TestParseRelay(t *testing.T) {
	for in, want := range map[string]email.Submission{
		"smtp://u:p%40ss@mail.example:2525?tls=none": {Host: "mail.example", Port: 2525, TLS: "none", Username: "u", Password: "p@ss"},
		"smtp://mail.example":                        {Host: "mail.example", Port: 587, TLS: "starttls"},
		"smtp://mail.example:465":                    {Host: "mail.example", Port: 465, TLS: "implicit"},
		"smtps://mail.example":                       {Host: "mail.example", Port: 465, TLS: "implicit"},
		"smtp://[::1]:25?tls=starttls":               {Host: "::1", Port: 25, TLS: "starttls"},
	} {
		got, err := email.ParseRelay(in)
		if err != nil || *got != want {
			t.Errorf("%s: %+v %v", in, got, err)
		}
	}
	for _, in := range []string{"", "mail.example:25", "http://mail.example", "smtp://", "smtp://h:99999", "smtp://h?tls=maybe"} {
		if _, err := email.ParseRelay(in); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// Recipients whose fate is known stand in the header and get nothing again (resend of a part).
func TestOnlyPendingRecipientsAreSentTo(t *testing.T) {
	m := startMail(t, signedIn)
	o := outbound()
	o.To = append(o.To, desk.Party{Address: "done@customer.example", Status: desk.StatusSent}, desk.Party{Address: "unsure@customer.example", Status: desk.StatusUncertain})
	if _, err := open(t, email.New(email.Options{}), mailAccount(m.Addr(), nil), nil).Send(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	l := m.Letters("")[0]
	if len(l.To) != 1 || !strings.Contains(l.Header.Get("To"), "done@customer.example") {
		t.Errorf("envelope %v, To %s", l.To, l.Header.Get("To"))
	}
}

// A signature verifies with the public key in DNS, for both kinds of key.
func TestDKIMSignatureVerifies(t *testing.T) {
	m := startMail(t, signedIn)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"rsa": rsaKey, "ed25519": edKey} {
		t.Run(name, func(t *testing.T) {
			der, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			acc := mailAccount(m.Addr(), func(s map[string]any) {
				s["dkim"] = map[string]any{"domain": "acme.example", "selector": "k1", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
			})
			if _, err := email.New(email.Options{}).Validate(acc.Settings, acc.Secrets); err != nil {
				t.Fatal(err)
			}
			if _, err := open(t, email.New(email.Options{}), acc, nil).Send(context.Background(), outbound()); err != nil {
				t.Fatal(err)
			}
			letters := m.Letters("")
			v, err := dkim.VerifyWithOptions(bytes.NewReader(letters[len(letters)-1].Raw), &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
				if domain != "k1._domainkey.acme.example" {
					return nil, fmt.Errorf("asked for %s", domain)
				}
				pub, _ := x509.MarshalPKIXPublicKey(key.Public())
				if name == "ed25519" {
					pub = key.Public().(ed25519.PublicKey)
				}
				return []string{"v=DKIM1; k=" + name + "; p=" + base64.StdEncoding.EncodeToString(pub)}, nil
			}})
			if err != nil || len(v) != 1 || v[0].Err != nil || v[0].Domain != "acme.example" {
				t.Fatalf("%v %+v", err, v)
			}
			if h := strings.ToLower(strings.Join(v[0].HeaderKeys, ",")); !strings.Contains(h, "from,from") || !strings.Contains(h, "subject") {
				t.Errorf("signed %s", h)
			}
		})
	}
}

// EM-39
func TestMessageLargerThanTheServerTakes(t *testing.T) {
	addr := scripted(t, "220 hi", "EHLO", "250-small.example\r\n250 SIZE 1000", "MAIL", "250 ok")
	h := channeltest.NewHost()
	o := outbound()
	o.Attachments = []channel.OutAttachment{{Name: "a.bin", SHA256: h.AddBlob(make([]byte, 5000)), Size: 5000}}
	acc := mailAccount(addr, nil)
	_, err := open(t, email.New(email.Options{}), acc, h).Send(context.Background(), o)
	var e *channel.SendError
	if !errors.As(err, &e) || e.Fault != channel.Permanent || !strings.HasPrefix(e.Code, "552") || !strings.Contains(e.Public, "smaller attachments") {
		t.Errorf("%v", err)
	}
	o.Attachments[0].SHA256 = "gone"
	if _, err := open(t, email.New(email.Options{}), acc, h).Send(context.Background(), o); !errors.As(err, &e) || e.Fault != channel.Transient {
		t.Errorf("a missing attachment: %v", err)
	}
}

func TestStoppingBeforeTheDotSendsNothing(t *testing.T) {
	addr := scripted(t, "220 hi", "EHLO", "250 slow.example", "MAIL", "250 ok", "RCPT") // silent at RCPT
	ctx, cancel := context.WithCancel(context.Background())
	acc := mailAccount(addr, nil)
	conn := open(t, email.New(email.Options{}), acc, nil)
	time.AfterFunc(50*time.Millisecond, cancel)
	o := outbound()
	o.Commit = func(context.Context, []string) error { t.Error("committed"); return nil }
	var e *channel.SendError
	if _, err := conn.Send(ctx, o); !errors.As(err, &e) || e.Fault != channel.Transient {
		t.Errorf("%v", err)
	}
}

// EM-30: identifiers carry the thread's token in a form that comes back.
func TestIdentifiersCarryTheToken(t *testing.T) {
	a := email.New(email.Options{Hostname: "Kanal.Test", TokenKey: []byte("k")})
	tok := a.SignToken(42)
	id := a.NewRemoteID(desk.ChannelAccount{}, tok)
	if !strings.HasPrefix(id, tok+".") || !strings.HasSuffix(id, "@kanal.test") || id == a.NewRemoteID(desk.ChannelAccount{}, tok) {
		t.Errorf("%s", id)
	}
	acc := desk.ChannelAccount{Settings: []byte(`{"kind":"hosted","address":"Support@kanal.test"}`)}
	if got := a.ReplyAddress(acc, tok); got != "support+t-"+tok+"@kanal.test" {
		t.Error(got)
	}
	if got := a.ReplyAddress(mailAccount("h:1", nil), tok); got != "" {
		t.Errorf("a mailbox elsewhere may not know plus-addresses: %s", got)
	}
	if got := a.ReplyAddress(acc, "two words"); got != "" {
		t.Error(got)
	}
	if n, ok := a.VerifyToken(tok); !ok || n != 42 {
		t.Error("the token does not verify")
	}
	for _, carried := range []string{"Message-ID: <x@y>\r\nIn-Reply-To: <" + id + ">\r\n", "To: <support+t-" + tok + "@kanal.test>\r\n"} {
		ins, err := a.Parse(context.Background(), channel.Raw{Body: []byte("From: a@b.example\r\n" + carried + "\r\nhi\r\n")})
		if err != nil || len(ins[0].Tokens) != 1 || ins[0].Tokens[0] != tok {
			t.Errorf("%q: %v %v", carried, err, ins)
		}
	}
}

// EM-08
func TestPreview(t *testing.T) {
	name, html, text := email.New(email.Options{}).Preview([]byte(`{"company":"Acme","signature_html":"<b>{{sender.full_name}}</b><script>x</script>"}`), channel.Sender{FullName: "Ann Holm"})
	if name != "Ann Holm, Acme" || html != "<b>Ann Holm</b>" || text != "Ann Holm" {
		t.Errorf("%q %q %q", name, html, text)
	}
}
