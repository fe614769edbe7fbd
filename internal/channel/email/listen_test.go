package email_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/channeltest"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/simulate"
)

// listen starts the listener with three accounts: support@ and in-7h3k@ (the unguessable address) are 1, sales@ is 2.
func listen(t *testing.T, o email.Options, h *channeltest.Host) (addr string) {
	t.Helper()
	if o.Hostname == "" {
		o.Hostname = "kanal.test"
	}
	one, two := desk.ChannelAccount{ID: 1, Channel: email.Name}, desk.ChannelAccount{ID: 2, Channel: email.Name}
	h.AddAddress("support@kanal.test", one)
	h.AddAddress("in-7h3kq2@kanal.test", one)
	h.AddAddress("sales@kanal.test", two)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- email.New(o).Listen(ctx, ln, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Listen: %v", err)
		}
	})
	return ln.Addr().String()
}

func deliver(t *testing.T, addr, from string, to []string, raw string) error {
	t.Helper()
	m := startMail(t, simulate.MailOptions{Kanal: addr})
	return m.Write(context.Background(), from, to, []byte(raw))
}

const question = "From: Mira <mira@customer.example>\r\nTo: support@kanal.test\r\nSubject: Question\r\nMessage-ID: <q1@customer.example>\r\n\r\nHow?\r\n"

func code(err error) int {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// EM-01, EM-03, EM-13, EM-44: who is a recipient here.
func TestRecipients(t *testing.T) {
	h := channeltest.NewHost()
	addr := listen(t, email.Options{}, h)
	tok := email.SignToken([]byte("k"), 77)
	for to, acc := range map[string]desk.ChannelAccountID{
		"support@kanal.test": 1, "SUPPORT@Kanal.Test": 1, "support+t-" + tok + "@kanal.test": 1, "support+anything@kanal.test": 1, "in-7h3kq2@kanal.test": 1,
		"sales@kanal.test": 2, "postmaster@kanal.test": 1, "postmaster": 1,
		"nobody@kanal.test": 0, "support@elsewhere.example": 0, "postmaster@elsewhere.example": 0, "someone@gmail.com": 0, "+t-x@kanal.test": 0,
	} {
		raw := strings.Replace(question, "q1@", fmt.Sprintf("q%d@", len(h.Raws())), 1)
		before := len(h.Raws())
		err := deliver(t, addr, "mira@customer.example", []string{to}, raw)
		if acc == 0 {
			if code(err) != 550 || len(h.Raws()) != before { // no relay, ever
				t.Errorf("%s: %v", to, err)
			}
			continue
		}
		if err != nil || len(h.Raws()) != before+1 {
			t.Errorf("%s: %v", to, err)
			continue
		}
		r := h.Raws()[before]
		if r.Account != acc || string(r.Body) != raw || !slices.Equal(r.Envelope.To, []string{to}) || r.Envelope.From != "mira@customer.example" || r.Envelope.Peer != "127.0.0.1" ||
			r.Envelope.Helo != "mail.customer.example" || r.Channel != email.Name || r.Dedupe == "" || !r.At.Equal(h.Clock().Now()) || r.Auth == nil {
			t.Errorf("%s: %+v", to, r)
		}
	}
	h.FailLookup(desk.Errorf(desk.Unavailable, "db", "The database is away."))
	if err := deliver(t, addr, "a@b.example", []string{"support@kanal.test"}, question); code(err) != 451 {
		t.Errorf("registry away: %v", err)
	}
}

// One transaction with several of our recipients is one DeliverAll: one item an account.
func TestSeveralRecipientsAreOneTransaction(t *testing.T) {
	h := channeltest.NewHost()
	addr := listen(t, email.Options{}, h)
	to := []string{"support@kanal.test", "sales@kanal.test", "support+t-abc@kanal.test", "support@kanal.test"}
	if err := deliver(t, addr, "", to, question); err != nil {
		t.Fatal(err)
	}
	b := h.Batches()
	if len(b) != 1 || len(b[0]) != 2 {
		t.Fatalf("%+v", b)
	}
	if r := b[0][0]; r.Account != 1 || !slices.Equal(r.Envelope.To, []string{"support@kanal.test", "support+t-abc@kanal.test"}) || !r.Envelope.Null {
		t.Errorf("%+v", r)
	}
	if r := b[0][1]; r.Account != 2 || !slices.Equal(r.Envelope.To, []string{"sales@kanal.test"}) || r.Dedupe != b[0][0].Dedupe {
		t.Errorf("%+v", r)
	}
}

// Promise 1: 250 means stored; what the machine cannot store now, the sender keeps.
func TestAnswerFollowsTheCommit(t *testing.T) {
	h := channeltest.NewHost()
	var err error
	h.Fail = func([]channel.Raw) error { return err }
	addr := listen(t, email.Options{}, h)
	for _, c := range []struct {
		err  error
		code int
	}{
		{desk.Errorf(desk.Unavailable, "disk", "No room."), 451},
		{errors.New("a bug"), 451},
		{desk.Errorf(desk.TooLarge, "size", "Too large."), 552},
	} {
		err = c.err
		if got := deliver(t, addr, "a@b.example", []string{"support@kanal.test"}, question); code(got) != c.code {
			t.Errorf("%v: answered %v", c.err, got)
		}
	}
	err = nil
	if got := deliver(t, addr, "a@b.example", []string{"support@kanal.test"}, question); got != nil || len(h.Raws()) != 1 {
		t.Errorf("%v", got)
	}
}

// Fifty times the same mail at once, from fifty connections: one dedupe key.
func TestRedeliveryHasOneDedupeKey(t *testing.T) {
	h := channeltest.NewHost()
	addr := listen(t, email.Options{}, h)
	m := startMail(t, simulate.MailOptions{Kanal: addr})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			raw := fmt.Sprintf("Received: by hop%d\r\n%s", i, question) // transport headers differ
			if err := m.Write(context.Background(), "mira@customer.example", []string{"support@kanal.test"}, []byte(raw)); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if len(h.Batches()) != 50 || len(h.Raws()) != 1 {
		t.Errorf("%d deliveries, %d items", len(h.Batches()), len(h.Raws()))
	}
}

// EM-44: without a certificate a self-signed one is made for the host's name.
func TestSelfSignedSTARTTLS(t *testing.T) {
	h := channeltest.NewHost()
	addr := listen(t, email.Options{}, h)
	c, err := smtp.DialStartTLS(addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Hello("client.test"); err != nil { // the handshake runs now
		t.Fatal(err)
	}
	st, _ := c.TLSConnectionState()
	if st.PeerCertificates[0].VerifyHostname("kanal.test") != nil {
		t.Error("the certificate names another host")
	}
	if err := c.SendMail("a@b.example", []string{"support@kanal.test"}, strings.NewReader(question)); err != nil {
		t.Fatal(err)
	}
	if !h.Raws()[0].Envelope.TLS {
		t.Error("TLS is not recorded")
	}
}

// A real peer: swaks.
func TestSwaksDelivers(t *testing.T) {
	swaks := needs(t, "swaks")
	h := channeltest.NewHost()
	addr := listen(t, email.Options{}, h)
	host, port, _ := net.SplitHostPort(addr)
	for _, args := range [][]string{{"--tls-optional"}, {"--pipeline"}, {"--body", strings.Repeat("line\n.\n..\n", 2000)}} {
		cmd := exec.Command(swaks, append([]string{"--server", host, "--port", port, "--from", "mira@customer.example", "--to", "support@kanal.test,sales@kanal.test", "--ehlo", "c.example", "--h-Subject", args[0]}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("swaks %s: %v\n%s", args[0], err, out[max(0, len(out)-1500):])
		}
	}
	if n := len(h.Raws()); n != 6 {
		t.Fatalf("%d items", n)
	}
	if b := h.Raws()[4].Body; bytes.Count(b, []byte("\r\n.\r\n")) != 2000 || bytes.Count(b, []byte("\r\n..\r\n")) != 2000 {
		t.Error("dots were not restored")
	}
	out, err := exec.Command(swaks, "--server", host, "--port", port, "--from", "a@b.example", "--to", "nobody@kanal.test").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "550 5.1.1") {
		t.Errorf("unknown recipient: %v\n%s", err, out)
	}
}

func TestListenStopsOnItsContext(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := email.New(email.Options{}).Listen(ctx, ln, channeltest.NewHost()); err != nil {
		t.Error(err)
	}
}

// EM-32: what comes back for a mail we sent arrives at the plus-address with the thread's token and names the message.
func TestBounceComesBackToItsMessage(t *testing.T) {
	h := channeltest.NewHost()
	key := []byte("k")
	addr := listen(t, email.Options{TokenKey: key}, h)
	m := startMail(t, simulate.MailOptions{Kanal: addr})
	m.SetBounce("gone@customer.example", "5.1.1")
	relay, err := email.ParseRelay("smtp://" + m.Addr() + "?tls=none")
	if err != nil {
		t.Fatal(err)
	}
	a := email.New(email.Options{Hostname: "kanal.test", TokenKey: key, Relay: relay})
	acc := desk.ChannelAccount{ID: 1, Channel: email.Name, Settings: []byte(`{"kind":"hosted","address":"support@kanal.test"}`)}
	o := outbound()
	o.ThreadToken = a.SignToken(31)
	o.RemoteID = a.NewRemoteID(acc, o.ThreadToken)
	o.To = []desk.Party{{Address: "gone@customer.example"}}
	if _, err := open(t, a, acc, nil).Send(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	until(t, h, "the report", func() bool { return len(h.Raws()) == 1 })
	r := h.Raws()[0]
	ins, err := a.Parse(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	in := ins[0]
	if !r.Envelope.Null || in.Disposition != desk.DispBounce || in.Bounce == nil || in.Bounce.OriginalMessageID != o.RemoteID || len(in.Bounce.Recipients) != 1 ||
		in.Bounce.Recipients[0].Address != "gone@customer.example" || in.Bounce.Recipients[0].Status != "5.1.1" {
		t.Errorf("%+v %+v", in.Bounce, r.Envelope)
	}
	if !slices.Contains(in.Tokens, o.ThreadToken) {
		t.Errorf("tokens %v", in.Tokens)
	}
	if id, ok := a.VerifyToken(in.Tokens[0]); !ok || id != 31 {
		t.Error("the token does not verify")
	}
}

// EM-30: the customer's answer finds its thread by our Message-ID and by the plus-address.
func TestAnswerComesBackToItsThread(t *testing.T) {
	h := channeltest.NewHost()
	addr := listen(t, email.Options{}, h)
	a := email.New(email.Options{Hostname: "kanal.test", TokenKey: []byte("k")})
	tok := a.SignToken(7)
	id := a.NewRemoteID(desk.ChannelAccount{}, tok)
	raw := "From: Mira <mira@customer.example>\r\nTo: support+t-" + tok + "@kanal.test\r\nSubject: Re: Question\r\nMessage-ID: <a1@customer.example>\r\nIn-Reply-To: <" + id + ">\r\nReferences: <q1@customer.example> <" + id + ">\r\n\r\nThanks\r\n"
	if err := deliver(t, addr, "mira@customer.example", []string{"support+t-" + tok + "@kanal.test"}, raw); err != nil {
		t.Fatal(err)
	}
	ins, err := a.Parse(context.Background(), h.Raws()[0])
	if err != nil || ins[0].Refs[0] != id || ins[0].Tokens[0] != tok || len(ins[0].Tokens) != 1 {
		t.Errorf("%v %+v", err, ins)
	}
}
