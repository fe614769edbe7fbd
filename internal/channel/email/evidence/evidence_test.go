package evidence_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/kanalhq/kanal/internal/channel/email/evidence"
	"github.com/kanalhq/kanal/internal/simulate"
)

// signer signs for example.org (reject, relaxed), with the key in DNS.
type world struct {
	dns  *simulate.DNS
	keys map[string]ed25519.PrivateKey
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{keys: map[string]ed25519.PrivateKey{}}
	records := map[string][]string{
		"TXT example.org": {"v=spf1 ip4:192.0.2.1 -all"}, "TXT _dmarc.example.org": {"v=DMARC1; p=reject; sp=quarantine"},
		"TXT strict.example.net": {"v=spf1 ip4:192.0.2.1 -all"}, "TXT _dmarc.example.net": {"v=DMARC1; p=none; adkim=s; aspf=s"},
		"TXT soft.example": {"v=spf1 ~all"}, "TXT broken.example": {"v=spf1 ip4:nonsense -all"}, "TXT list.example": {"v=spf1 ip4:192.0.2.9 -all"},
		"TXT helo.example": {"v=spf1 ip4:192.0.2.1 -all"},
	}
	for _, d := range []string{"example.org", "mail.example.org", "list.example", "sub.example.net"} {
		pub, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		w.keys[d] = key
		records["TXT k._domainkey."+d] = []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)}
	}
	var err error
	if w.dns, err = simulate.NewDNS(records); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.dns.Close)
	return w
}

func (w *world) sign(t *testing.T, domain, mail string) string {
	t.Helper()
	var b bytes.Buffer
	if err := dkim.Sign(&b, strings.NewReader(mail), &dkim.SignOptions{Domain: domain, Selector: "k", Signer: w.keys[domain]}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const body = "From: Mira <mira@example.org>\r\nSubject: x\r\n\r\nHello\r\n"

func from(a string) string { return strings.Replace(body, "mira@example.org", a, 1) }

// EM-44
func TestEvidence(t *testing.T) {
	w := newWorld(t)
	signed := w.sign(t, "example.org", body)
	for name, c := range map[string]struct {
		peer, helo, from, body string
		spf, dkim, dmarc       string
	}{
		"spf alone":                       {"192.0.2.1", "h.example", "mira@example.org", body, "pass", "none", "pass"},
		"spoofed":                         {"192.0.2.66", "h.example", "mira@example.org", body, "fail", "none", "fail"},
		"signed, forwarded (spf broken)":  {"192.0.2.66", "h.example", "mira@example.org", signed, "fail", "pass", "pass"},
		"signed and changed":              {"192.0.2.66", "h.example", "mira@example.org", strings.Replace(signed, "Hello", "Hallo", 1), "fail", "permerror|fail", "fail"},
		"spf of somebody else":            {"192.0.2.9", "h.example", "x@list.example", body, "pass", "none", "fail"},
		"signed by somebody else":         {"192.0.2.9", "h.example", "x@list.example", w.sign(t, "list.example", body), "pass", "pass", "fail"},
		"signed by both":                  {"192.0.2.9", "h.example", "x@list.example", w.sign(t, "list.example", signed), "pass", "pass", "pass"},
		"subdomain signs, relaxed":        {"192.0.2.66", "h.example", "x@list.example", w.sign(t, "mail.example.org", body), "fail", "pass", "pass"},
		"subdomain writes, org's policy":  {"192.0.2.66", "h.example", "m@sub.example.org", from("m@sub.example.org"), "none", "none", "fail"},
		"strict alignment":                {"192.0.2.1", "h.example", "m@strict.example.net", w.sign(t, "sub.example.net", from("m@example.net")), "pass", "pass", "fail"},
		"null sender: helo counts":        {"192.0.2.1", "helo.example", "", from("mailer-daemon@helo.example"), "pass", "none", "none"},
		"softfail, no policy":             {"192.0.2.1", "h.example", "a@soft.example", from("a@soft.example"), "softfail", "none", "none"},
		"spf record broken":               {"192.0.2.1", "h.example", "a@broken.example", from("a@broken.example"), "permerror", "none", "none"},
		"nothing published":               {"192.0.2.1", "h.example", "a@nothing.example", from("a@nothing.example"), "none", "none", "none"},
		"two authors of different houses": {"192.0.2.1", "h.example", "mira@example.org", from("mira@example.org>, <x@list.example"), "pass", "none", "permerror"},
		"two From fields":                 {"192.0.2.1", "h.example", "mira@example.org", "From: ceo@list.example\r\n" + body, "pass", "none", "permerror"},
		"key is missing":                  {"192.0.2.66", "h.example", "mira@example.org", strings.Replace(signed, "s=k;", "s=gone;", 1), "fail", "permerror", "fail"},
		"junk":                            {"192.0.2.1", "h.example", "a@nothing.example", "\x00\xff\r\nDKIM-Signature: v=1; nonsense\r\n", "none", "permerror|fail|none", "permerror"},
	} {
		t.Run(name, func(t *testing.T) {
			v := evidence.New(w.dns.Addr(), 3*time.Second)
			got := v.Received(context.Background(), evidence.Transaction{Peer: netip.MustParseAddr(c.peer), Helo: c.helo, From: c.from, Body: []byte(c.body)})
			if got.SPF != c.spf || !strings.Contains("|"+c.dkim+"|", "|"+got.DKIM+"|") || got.DMARC != c.dmarc || got.Note == "" {
				t.Errorf("got spf=%s dkim=%s dmarc=%s, want %s %s %s (%s)", got.SPF, got.DKIM, got.DMARC, c.spf, c.dkim, c.dmarc, got.Note)
			}
		})
	}
}

// A DNS server that keeps silent costs a few seconds once, then nothing for a while; it is never a refusal.
func TestSilentDNSIsTemperror(t *testing.T) {
	w := newWorld(t)
	w.dns.SetSilent(true)
	v := evidence.New(w.dns.Addr(), 100*time.Millisecond)
	tr := evidence.Transaction{Peer: netip.MustParseAddr("192.0.2.1"), Helo: "h.example", From: "mira@example.org", Body: []byte(w.sign(t, "example.org", body))}
	for range 5 {
		start := time.Now()
		got := v.Received(context.Background(), tr)
		if got.SPF != "temperror" || got.DKIM != "temperror" || got.DMARC != "temperror" {
			t.Fatalf("%+v", got)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("it took %s", d)
		}
	}
	before := w.dns.Asked("TXT example.org")
	if got := v.Received(context.Background(), tr); got.SPF != "temperror" || w.dns.Asked("TXT example.org") != before {
		t.Error("a dead server is asked again at once")
	}
}

// A peer on this machine says nothing about the sender: no SPF, and DMARC never fails for the want of it.
func TestLocalPeer(t *testing.T) {
	v := evidence.New("", time.Second)
	got := v.Received(context.Background(), evidence.Transaction{Peer: netip.MustParseAddr("127.0.0.1"), Helo: "h", From: "mira@example.org", Body: []byte(body)})
	if got.SPF != "none" || got.DKIM != "none" || got.DMARC != "none" || got.Note == "" {
		t.Errorf("%+v", got)
	}
	w := newWorld(t) // with a DNS server named, local peers are judged
	got = evidence.New(w.dns.Addr(), time.Second).Received(context.Background(), evidence.Transaction{Peer: netip.MustParseAddr("127.0.0.1"), Helo: "h", From: "mira@example.org", Body: []byte(body)})
	if got.SPF != "fail" || got.DMARC != "fail" {
		t.Errorf("%+v", got)
	}
}

// Mail fetched from a mailbox: signatures count, SPF cannot be known, DMARC passes by DKIM or is not known.
func TestFetched(t *testing.T) {
	w := newWorld(t)
	v := evidence.New(w.dns.Addr(), 3*time.Second)
	if got := v.Fetched(context.Background(), []byte(w.sign(t, "example.org", body))); got.SPF != "none" || got.DKIM != "pass" || got.DMARC != "pass" {
		t.Errorf("%+v", got)
	}
	if got := v.Fetched(context.Background(), []byte(w.sign(t, "list.example", body))); got.DKIM != "pass" || got.DMARC != "none" {
		t.Errorf("%+v", got)
	}
	if got := v.Fetched(context.Background(), []byte(body)); got.DKIM != "none" || got.DMARC != "none" {
		t.Errorf("%+v", got)
	}
}

func TestTrustedResults(t *testing.T) {
	mail := "Authentication-Results: mx.acme.example (a comment; dkim=fail);\r\n\tdkim=fail header.d=list.example;\r\n\tdkim=pass (2048-bit key) header.d=example.org;\r\n\tspf=softfail (not good) smtp.mailfrom=a@example.org;\r\n\tdmarc=pass (p=REJECT) header.from=example.org\r\n" +
		"Authentication-Results: mx.acme.example; dkim=fail header.d=forged.example\r\nAuthentication-Results: evil.example; spf=pass smtp.mailfrom=x\r\n" + body
	got := evidence.Trusted([]byte(mail), "MX.acme.example")
	if got == nil || got.DKIM != "pass" || got.SPF != "softfail" || got.DMARC != "pass" {
		t.Errorf("%+v", got)
	}
	if got := evidence.Trusted([]byte(body), "mx.acme.example"); got != nil {
		t.Errorf("%+v", got)
	}
	if got := evidence.Trusted([]byte(mail), "other.example"); got != nil {
		t.Errorf("another server's word counts: %+v", got)
	}
}
