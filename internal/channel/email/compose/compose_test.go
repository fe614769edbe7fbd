package compose_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"
	"pgregory.net/rapid"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/compose"
	"github.com/kanalhq/kanal/internal/desk"
)

type blob struct{ *bytes.Reader }

func (blob) Close() error { return nil }

// tester is what *testing.T and *rapid.T share.
type tester interface {
	Helper()
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

var files = map[string][]byte{"png": []byte("\x89PNG\r\n\x1a\n not really"), "pdf": bytes.Repeat([]byte("%PDF-1.4 "), 5000), "empty": {}}

func message(out channel.Outbound) compose.Message {
	if out.RemoteID == "" {
		out.RemoteID = "id1@kanal.test"
	}
	return compose.Message{Out: out, From: desk.Party{Address: "support@acme.example", Name: "Ann Holm, Acme"}, At: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		Open: func(_ context.Context, sha string) (channel.ReadSeekCloser, error) {
			b, ok := files[sha]
			if !ok {
				return nil, fmt.Errorf("no file %s", sha)
			}
			return blob{bytes.NewReader(b)}, nil
		}}
}

func write(t tester, m compose.Message) []byte {
	t.Helper()
	d, err := compose.New(m)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.Write(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t tester, raw []byte) (*mail.Message, *enmime.Envelope) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range e.Errors {
		if x.Severe {
			t.Errorf("enmime: %v", x)
		}
	}
	return m, e
}

var bareLF = regexp.MustCompile(`[^\r]\n|\r[^\n]`)

// wellFormed checks what RFC 5322 and SMTP ask of every message.
func wellFormed(t tester, raw []byte) {
	t.Helper()
	if bareLF.Match(raw) {
		t.Errorf("a bare CR or LF: %q", bareLF.Find(raw))
	}
	for _, l := range strings.Split(string(raw), "\r\n") {
		if len(l) > 998 {
			t.Errorf("a line of %d bytes", len(l))
		}
	}
	for i, c := range raw {
		if c >= 0x80 || c == 0 {
			t.Fatalf("byte %d is %#x: %q", i, c, raw[max(0, i-40):i+1])
		}
	}
}

func TestPlainTextReply(t *testing.T) {
	raw := write(t, message(channel.Outbound{
		To: []desk.Party{{Address: "mira@customer.example", Name: "Mira Ärmel"}}, Cc: []desk.Party{{Address: "Ole@customer.example"}},
		Bcc: []desk.Party{{Address: "secret@customer.example"}}, Subject: "Re: Rückfrage zu Bestellung 12", Text: "Hallo Mira,\n\nalles gut.\n",
		InReplyTo: "q1@customer.example", Refs: []string{"root@customer.example", "q1@customer.example"},
	}))
	wellFormed(t, raw)
	m, e := read(t, raw)
	for k, want := range map[string]string{
		"Message-Id": "<id1@kanal.test>", "In-Reply-To": "<q1@customer.example>", "References": "<root@customer.example> <q1@customer.example>",
		"From": `"Ann Holm, Acme" <support@acme.example>`, "Cc": "Ole@customer.example", "Date": "Sat, 21 Nov 2026 12:00:00 +0000", "Auto-Submitted": "", "Bcc": "",
	} {
		if got := m.Header.Get(k); got != want {
			t.Errorf("%s: %q, want %q", k, got, want)
		}
	}
	if bytes.Contains(raw, []byte("secret@")) {
		t.Error("the Bcc recipient is named in the message") // EM-38
	}
	if e.GetHeader("Subject") != "Re: Rückfrage zu Bestellung 12" || strings.TrimSpace(e.Text) != "Hallo Mira,\r\n\r\nalles gut." && strings.TrimSpace(e.Text) != "Hallo Mira,\n\nalles gut." {
		t.Errorf("%q %q", e.GetHeader("Subject"), e.Text)
	}
	if l, err := m.Header.AddressList("To"); err != nil || l[0].Name != "Mira Ärmel" || l[0].Address != "mira@customer.example" {
		t.Errorf("To: %v %v", l, err)
	}
}

// EM-38, EM-39: HTML with an inline image and files.
func TestAlternativeRelatedMixed(t *testing.T) {
	raw := write(t, message(channel.Outbound{
		To: []desk.Party{{Address: "a@b.example"}}, Subject: "x", Text: "see below", HTML: `<p>see <img src="cid:logo@kanal"></p>`,
		Attachments: []channel.OutAttachment{
			{Name: "logo.png", Type: "image/png", Inline: true, ContentID: "logo@kanal", SHA256: "png", Size: 24},
			{Name: "Überweisung „Nr. 5“.pdf", Type: "application/pdf", SHA256: "pdf", Size: 45000},
			{Name: "not shown.png", Type: "image/png", Inline: true, ContentID: "other@kanal", SHA256: "png"},
			{Name: "old.eml", Type: "message/rfc822", SHA256: "empty"},
			{Name: "x\r\nBcc: evil@b.example", Type: "text/html; bad\r\nX: y", SHA256: "empty"},
		},
	}))
	wellFormed(t, raw)
	_, e := read(t, raw)
	if got := shape(e.Root); got != "multipart/mixed(multipart/alternative(text/plain,multipart/related(text/html,image/png)),application/pdf,image/png,application/octet-stream,application/octet-stream)" {
		t.Error(got)
	}
	if len(e.Inlines) != 1 && len(e.OtherParts) != 1 {
		t.Errorf("inline parts: %d", len(e.Inlines))
	}
	names := map[string]int{}
	for _, a := range e.Attachments {
		names[a.FileName] = len(a.Content)
	}
	if names["Überweisung „Nr. 5“.pdf"] != 45000 || len(e.Attachments) != 4 {
		t.Errorf("attachments: %v", names)
	}
	if strings.Contains(string(raw), "\r\nBcc:") || strings.Contains(string(raw), "\r\nX: y") {
		t.Error("a file name or type added a header")
	}
}

func shape(p *enmime.Part) string {
	s := p.ContentType
	if p.FirstChild != nil {
		var kids []string
		for c := p.FirstChild; c != nil; c = c.NextSibling {
			kids = append(kids, shape(c))
		}
		s += "(" + strings.Join(kids, ",") + ")"
	}
	return s
}

// EM-21, EM-22, EM-23, EM-24
func TestSignature(t *testing.T) {
	m := message(channel.Outbound{To: []desk.Party{{Address: "a@b.example"}}, Text: "Hello", Sender: channel.Sender{FullName: "Ann <b>Holm", FirstName: "Ann", LastName: "Holm & Co"}})
	m.Signature = `<p onclick="x()">{{sender.full_name}} / {{ sender.first_name }} / {{sender.last_name}}</p><script>alert(1)</script>`
	_, e := read(t, write(t, m))
	if !strings.Contains(e.HTML, "Ann &lt;b&gt;Holm / Ann / Holm &amp; Co") || strings.Contains(e.HTML, "script") || strings.Contains(e.HTML, "onclick") {
		t.Errorf("HTML: %s", e.HTML)
	}
	text := strings.ReplaceAll(e.Text, "\r\n", "\n")
	if !strings.Contains(text, "Hello\n\n-- \nAnn <b>Holm / Ann / Holm & Co") {
		t.Errorf("text: %q", text)
	}
	m.Out.Automatic = true
	if _, e := read(t, write(t, m)); strings.Contains(e.Text, "Holm") {
		t.Error("the machine signs as a person")
	}
	if h, txt := compose.RenderSignature("", channel.Sender{FullName: "A"}); h != "" || txt != "" {
		t.Error("an empty signature shows")
	}
}

// EM-31
func TestAutomaticMailSaysSo(t *testing.T) {
	m, _ := read(t, write(t, message(channel.Outbound{To: []desk.Party{{Address: "a@b.example"}}, Text: "we got it", Automatic: true})))
	if m.Header.Get("Auto-Submitted") != "auto-replied" || m.Header.Get("X-Auto-Response-Suppress") != "All" {
		t.Error(m.Header)
	}
}

// EM-30: bounded, first and last kept, ending in what is answered.
func TestReferencesAreBounded(t *testing.T) {
	var refs []string
	for i := range 60 {
		refs = append(refs, fmt.Sprintf("m%02d@x.example", i), "junk with space@x", "m00@x.example")
	}
	m, _ := read(t, write(t, message(channel.Outbound{To: []desk.Party{{Address: "a@b.example"}}, Refs: refs, InReplyTo: "<m59@x.example>"})))
	got := strings.Fields(m.Header.Get("References"))
	if len(got) != 20 || got[0] != "<m00@x.example>" || got[19] != "<m59@x.example>" || got[1] != "<m41@x.example>" {
		t.Error(len(got), got)
	}
	m, _ = read(t, write(t, message(channel.Outbound{To: []desk.Party{{Address: "a@b.example"}}, InReplyTo: "only@x.example"})))
	if m.Header.Get("References") != "<only@x.example>" {
		t.Error(m.Header.Get("References"))
	}
}

func TestInternationalAddresses(t *testing.T) {
	d, err := compose.New(message(channel.Outbound{To: []desk.Party{{Address: "mira@bücher.example"}}}))
	if err != nil || d.UTF8() {
		t.Errorf("an IDN domain needs no SMTPUTF8: %v", err)
	}
	m, _ := read(t, write(t, message(channel.Outbound{To: []desk.Party{{Address: "Mira@bücher.example"}}})))
	if m.Header.Get("To") != "Mira@xn--bcher-kva.example" {
		t.Error(m.Header.Get("To"))
	}
	if d, err = compose.New(message(channel.Outbound{To: []desk.Party{{Address: "jörg@b.example"}}})); err != nil || !d.UTF8() {
		t.Errorf("a local part outside ASCII needs SMTPUTF8: %v", err)
	}
}

func TestReplyTo(t *testing.T) {
	m := message(channel.Outbound{To: []desk.Party{{Address: "a@b.example"}}})
	m.ReplyTo = desk.Party{Address: "support+t-abc@acme.example", Name: "Acme"}
	if got, _ := read(t, write(t, m)); got.Header.Get("Reply-To") != "Acme <support+t-abc@acme.example>" {
		t.Error(got.Header.Get("Reply-To"))
	}
	m.ReplyTo.Address = "SUPPORT@acme.example"
	if got, _ := read(t, write(t, m)); got.Header.Get("Reply-To") != "" {
		t.Error("Reply-To repeats From")
	}
}

func TestWithoutFromOrMessageIDThereIsNoMessage(t *testing.T) {
	m := message(channel.Outbound{})
	m.From.Address = "nobody"
	if _, err := compose.New(m); err == nil {
		t.Error("no From")
	}
	m = message(channel.Outbound{RemoteID: "two words@x"})
	if _, err := compose.New(m); err == nil {
		t.Error("no Message-ID")
	}
}

// Whatever people type, the message is well-formed, has no header that was not meant, and says what was typed.
func TestAnyInputMakesAWellFormedMessage(t *testing.T) {
	dec := mime.WordDecoder{}
	rapid.Check(t, func(r *rapid.T) {
		subject, name := rapid.String().Draw(r, "subject"), rapid.String().Draw(r, "name")
		text, html := rapid.String().Draw(r, "text"), rapid.String().Draw(r, "html")
		m := message(channel.Outbound{To: []desk.Party{{Address: "a@b.example", Name: name}}, Subject: subject, Text: text, HTML: html,
			Refs: rapid.SliceOf(rapid.String()).Draw(r, "refs"), Attachments: []channel.OutAttachment{{Name: name, Type: subject, SHA256: "empty"}}})
		m.From.Name = name
		raw := write(r, m)
		wellFormed(r, raw)
		got, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			r.Fatal(err)
		}
		for k := range got.Header {
			switch k {
			case "Date", "From", "To", "Subject", "Message-Id", "References", "Mime-Version", "Content-Type":
			default:
				r.Fatalf("header %q was not meant", k)
			}
		}
		back, err := dec.DecodeHeader(got.Header.Get("Subject"))
		if err != nil || strings.Join(strings.Fields(back), "") != strings.Join(strings.Fields(visible(subject)), "") {
			r.Fatalf("subject %q came back as %q (%v)", subject, back, err)
		}
		l, err := got.Header.AddressList("To")
		if err != nil || len(l) != 1 || l[0].Address != "a@b.example" || strings.Join(strings.Fields(l[0].Name), "") != strings.Join(strings.Fields(visible(name)), "") {
			r.Fatalf("name %q came back as %v (%v): %s", name, l, err, got.Header.Get("To"))
		}
	})
}

// visible is text without control characters, as headers keep it.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

func TestLongWordsAndNames(t *testing.T) {
	long := strings.Repeat("x", 3000)
	raw := write(t, message(channel.Outbound{To: []desk.Party{{Address: "a@b.example", Name: long}}, Subject: long, Text: long, HTML: "<p>" + long + "</p>"}))
	wellFormed(t, raw)
	_, e := read(t, raw)
	if e.GetHeader("Subject") != long || strings.TrimSpace(e.Text) != long {
		t.Error("a long word was changed")
	}
}

func BenchmarkWrite(b *testing.B) {
	m := message(channel.Outbound{To: []desk.Party{{Address: "a@b.example"}}, Subject: "Re: Grüße", Text: strings.Repeat("Eine Zeile Text.\n", 40), HTML: strings.Repeat("<p>Eine Zeile Text.</p>", 40)})
	b.ReportAllocs()
	for b.Loop() {
		d, err := compose.New(m)
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Write(context.Background(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
