package email

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/desk"
)

const plainHead = "From: Mira <mira@c.example>\r\nTo: support@acme.example\r\nSubject: x\r\nMessage-ID: <a@c.example>\r\nDate: Tue, 12 Mar 2024 10:15:00 +0100\r\nMIME-Version: 1.0\r\n"

func parseOne(t *testing.T, raw string) channel.Inbound {
	t.Helper()
	in, err := Parse(context.Background(), channel.Raw{Body: []byte(raw)})
	if err != nil || len(in) != 1 {
		t.Fatalf("%d items, %v", len(in), err)
	}
	return in[0]
}

func TestEmptyInputIsTheOnlyOneThatCannotBeParsed(t *testing.T) {
	for _, raw := range []string{"", " \r\n\r\n"} {
		if _, err := Parse(context.Background(), channel.Raw{Body: []byte(raw)}); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, raw := range []string{"x", "\x00\xff", ":", "From:", "Content-Type: multipart/mixed; boundary=", "--\n--\n"} {
		parseOne(t, raw)
	}
}

// EM-34: MIME and compression bombs are refused with a reason; what is only large is kept with a problem.
func TestBombsAreRefusedAndLargeMailIsKept(t *testing.T) {
	deep := strings.Builder{}
	deep.WriteString(plainHead)
	for i := range 300 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	parts := func(n int) string {
		return plainHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", n) + "--b--\r\n"
	}
	messages := plainHead + strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 250) + "x"
	rtf := make([]byte, 16)
	binary.LittleEndian.PutUint32(rtf[4:], 1<<31)
	binary.LittleEndian.PutUint32(rtf[8:], 0x75465a4c)
	props := append([]byte{1, 0, 0, 0, 0x02, 0x01, 0x09, 0x10, 1, 0, 0, 0, 16, 0, 0, 0}, rtf...)
	tnef := []byte{0x78, 0x9f, 0x3e, 0x22, 1, 0, 1, 0x03, 0x90, 6, 0}
	tnef = binary.LittleEndian.AppendUint32(tnef, uint32(len(props)))
	tnef = append(append(tnef, props...), 0, 0)
	for name, c := range map[string]struct {
		raw    string
		reason string // "" when it must be kept
	}{
		"deep multiparts":    {deep.String(), "email.too_deep"},
		"deep messages":      {messages, "email.too_deep"},
		"many parts":         {parts(20_000), "email.too_many_parts"},
		"some parts":         {parts(2_000), ""},
		"many headers":       {strings.Repeat("X-A: b\r\n", 60_000) + plainHead + "\r\nx", "email.too_many_headers"},
		"some headers":       {plainHead + strings.Repeat("X-A: b\r\n", 5_000) + "\r\nx", ""},
		"long header":        {plainHead + "X-A: " + strings.Repeat("b", 2<<20) + "\r\n\r\nx", ""},
		"winmail.dat bomb":   {plainHead + "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(tnef), "email.compression_bomb"},
		"larger than raw":    {plainHead + "\r\n" + strings.Repeat("x", 81<<20), "email.too_large"},
		"larger than memory": {plainHead + "\r\n" + strings.Repeat("xxxxxxx\n", 60<<17), ""},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			in, err := Parse(context.Background(), channel.Raw{Body: []byte(c.raw)})
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
			if c.reason == "" {
				if err != nil || len(in[0].Problems) == 0 {
					t.Errorf("err %v, problems %v", err, in)
				}
				return
			}
			if desk.CodeOf(err) != desk.TooLarge || desk.ReasonOf(err) != c.reason {
				t.Errorf("%v", err)
			}
		})
	}
}

func bigMail(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i * 2654435761 >> 13)
	}
	var b bytes.Buffer
	b.WriteString(plainHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee file\r\n--b\r\nContent-Type: application/octet-stream; name=big.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	enc := base64.StdEncoding.EncodeToString(data)
	for len(enc) > 76 {
		b.WriteString(enc[:76])
		b.WriteString("\r\n")
		enc = enc[76:]
	}
	b.WriteString(enc + "\r\n--b--\r\n")
	return b.Bytes()
}

// EM-39: a 40 MB file passes, and costs less than four times its message in memory.
func TestFortyMegabytesPassInBoundedMemory(t *testing.T) {
	raw := bigMail(40 << 20)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	in, err := Parse(context.Background(), channel.Raw{Body: raw})
	runtime.ReadMemStats(&after)
	if err != nil || len(in[0].Attachments) != 1 || in[0].Attachments[0].Size != 40<<20 || len(in[0].Problems) != 0 {
		t.Fatalf("%v %+v", err, in[0].Problems)
	}
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 3*uint64(len(raw)) {
		t.Errorf("allocated %d MB for a message of %d MB", spent>>20, len(raw)>>20)
	}
}

func TestLimitsCanBeSet(t *testing.T) {
	lim := mime.DefaultLimits()
	lim.Decoded = 1 << 20
	in, err := ParseWithin(context.Background(), channel.Raw{Body: bigMail(2 << 20)}, lim)
	if err != nil || len(in[0].Attachments) != 0 || len(in[0].Problems) != 1 || in[0].Text != "See file" {
		t.Errorf("%v %+v", err, in)
	}
}

// EM-33: one mail has one key however it came; another mail under the same Message-ID has another.
func TestDedupeKeyAndContentHash(t *testing.T) {
	base := plainHead + "\r\nHello  \r\nyou\r\n"
	key := func(raw string) string { return DedupeKey(channel.Raw{Body: []byte(raw)}) }
	same := []string{
		base, "Received: from a by b\r\nDKIM-Signature: v=1; x\r\n" + base, strings.ReplaceAll(base, "\r\n", "\n"), base + "\r\n\r\n", "X-Forwarded-To: x\r\nDelivered-To: y\r\n" + base, strings.Replace(base, "Hello  ", "Hello", 1),
	}
	for _, raw := range same {
		if key(raw) != key(base) {
			t.Errorf("another key for %q", raw)
		}
		if parseOne(t, raw).ContentHash != parseOne(t, base).ContentHash {
			t.Errorf("another hash for %q", raw)
		}
	}
	for _, raw := range []string{strings.Replace(base, "you", "her", 1), strings.Replace(base, "Subject: x", "Subject: y", 1), strings.Replace(base, "mira@", "bo@", 1)} {
		if key(raw) == key(base) || !strings.HasPrefix(key(raw), "id:a@c.example#") {
			t.Errorf("key %s for %q", key(raw), raw)
		}
		if parseOne(t, raw).ContentHash == parseOne(t, base).ContentHash {
			t.Errorf("same hash for %q", raw)
		}
	}
	anonymous := strings.Replace(base, "Message-ID: <a@c.example>\r\n", "", 1)
	if k := key(anonymous); !strings.HasPrefix(k, "sha256:") || k != key("Received: x\r\n"+anonymous) || k == key(strings.Replace(anonymous, "you", "her", 1)) {
		t.Errorf("without id: %s", k)
	}
	qp := plainHead + "Content-Transfer-Encoding: quoted-printable\r\n\r\nHello=20\r\nyou\r\n"
	if parseOne(t, qp).ContentHash != parseOne(t, base).ContentHash {
		t.Error("a relay's re-encoding changes the content hash")
	}
}

// EM-30: tokens are found in addresses and Message-IDs in any case, and only the key that made one accepts it.
func TestThreadTokens(t *testing.T) {
	key := []byte("k1")
	for _, id := range []desk.ThreadID{1, 42, desk.MaxID} {
		tok := SignToken(key, id)
		if got, ok := VerifyToken(key, tok); !ok || got != id {
			t.Errorf("%d: %d %v", id, got, ok)
		}
		if got, ok := VerifyToken(key, strings.ToUpper(tok)); !ok || got != id {
			t.Errorf("%d folded: %d %v", id, got, ok)
		}
		if _, ok := VerifyToken([]byte("k2"), tok); ok {
			t.Error("another key accepts it")
		}
		for i := range tok {
			c := byte('a')
			if tok[i] == 'a' {
				c = 'b'
			}
			if _, ok := VerifyToken(key, tok[:i]+string(c)+tok[i+1:]); ok && i < tokenLen-1 {
				t.Errorf("accepted with character %d changed", i)
			}
		}
		raw := fmt.Sprintf("From: a@b.example\r\nTo: <Support+T-%s@acme.example>\r\nReferences: <%s.abc@acme.example> <other@x>\r\n\r\nx", strings.ToUpper(tok), SignToken(key, id+1&desk.MaxID))
		in := parseOne(t, raw)
		if len(in.Tokens) != 2 || in.Tokens[0] != tok || in.To[0].Address != "support@acme.example" {
			t.Errorf("%v %v", in.Tokens, in.To)
		}
	}
	for _, bad := range []string{"", "x", strings.Repeat("a", 27), strings.Repeat("1", 28), strings.Repeat("é", 14)} {
		if _, ok := VerifyToken(key, bad); ok {
			t.Errorf("%q accepted", bad)
		}
	}
	in, err := Parse(context.Background(), channel.Raw{Body: []byte(plainHead + "\r\nx"), Envelope: channel.Envelope{To: []string{PlusAddress("support@acme.example", SignToken(key, 7))}}})
	if err != nil || !reflect.DeepEqual(in[0].Tokens, []string{SignToken(key, 7)}) {
		t.Errorf("envelope: %v %v", in[0].Tokens, err)
	}
	if plain, tok := CutPlusToken(PlusAddress("a+b@c.example", SignToken(key, 7))); plain != "a+b@c.example" || tok != SignToken(key, 7) {
		t.Errorf("%s %s", plain, tok)
	}
}

// EM-30: nearest first, as written beside.
func TestReferencesAreReadInOrder(t *testing.T) {
	in := parseOne(t, "From: a@b.example\r\nIn-Reply-To: Your message of Tuesday <c@x> (was: \"y\")\r\nReferences: <a@x>\r\n\t<b@x><c@x> <b@x>\r\n\r\nx")
	if !reflect.DeepEqual(in.Refs, []string{"c@x", "b@x", "a@x"}) || !reflect.DeepEqual(in.References, []string{"a@x", "b@x", "c@x"}) || !reflect.DeepEqual(in.InReplyTo, []string{"c@x"}) {
		t.Errorf("%q %q %q", in.Refs, in.References, in.InReplyTo)
	}
	var refs strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&refs, " <%d@x>\r\n", i)
	}
	in = parseOne(t, "From: a@b.example\r\nReferences:"+refs.String()+"\r\nx")
	if len(in.References) > maxReadRefs || in.References[0] != "0@x" || in.Refs[0] != "2999@x" {
		t.Errorf("%d refs, first %s, nearest %s", len(in.References), in.References[0], in.Refs[0])
	}
}

func TestReportFollowsItsOptions(t *testing.T) {
	raw := []byte("From: Bo <bo@acme.example>\r\nSubject: hello\r\n\r\n---------- Forwarded message ---------\r\nFrom: Mira <mira@c.example>\r\nDate: x\r\nSubject: Order\r\n\r\nWhere?")
	r, err := ParseReport(context.Background(), raw, ReportOptions{})
	if err != nil || r.Sender.Address != "mira@c.example" || r.From.Address != "bo@acme.example" || !r.Forwarded.Is || r.Forwarded.By.Address != "bo@acme.example" {
		t.Fatalf("%+v %v", r, err)
	}
	r, _ = ParseReport(context.Background(), raw, ReportOptions{KeepForwarder: true, Subject: "other"}) // EM-27
	if r.Sender.Address != "bo@acme.example" || r.Subject != "other" {
		t.Errorf("%+v", r)
	}
	r, _ = ParseReport(context.Background(), []byte("Subject: x\r\n\r\ny"), ReportOptions{EnvelopeFrom: "mira@c.example", EnvelopeTo: []string{"support@acme.example"}})
	if r.From.Address != "mira@c.example" {
		t.Errorf("%+v", r.From)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(plainHead + "\r\nHello"))
	for _, raw := range corpus(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 256<<10 {
			return
		}
		in, err := Parse(context.Background(), channel.Raw{Body: raw})
		DedupeKey(channel.Raw{Body: raw})
		if err != nil {
			if c := desk.CodeOf(err); c != desk.Invalid && c != desk.TooLarge {
				t.Fatal(err)
			}
			return
		}
		checkClean(t, in[0])
	})
}

func BenchmarkParse(b *testing.B) {
	words := strings.Repeat("These are words of a customer who asks where the order is.\r\n", 25)
	row := "<tr><td style=\"padding:10px;color:#333333\"><a href=\"https://x.example/a\">A link</a><p>Some words &amp; more words of the mail.</p></td></tr>\r\n"
	for _, c := range []struct {
		name string
		raw  []byte
	}{
		{"plain_2KB", []byte(plainHead + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + words)},
		{"html_60KB", []byte(plainHead + "Content-Type: text/html; charset=utf-8\r\n\r\n<table>" + strings.Repeat(row, 60<<10/len(row)) + "</table>")},
		{"attachment_20MB", bigMail(20 << 20)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(context.Background(), channel.Raw{Body: c.raw}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// EM-03: an address of a mail group that forwards to us keeps the customer as the sender.
func TestMailGroupsThatRewriteFromKeepTheCustomer(t *testing.T) {
	in := parseOne(t, "From: 'Mira Quist' via Support <support@acme.example>\r\nX-Original-Sender: mira@c.example\r\nList-ID: <support.acme.example>\r\nX-Google-Group-Id: 1\r\nSubject: x\r\n\r\nHello")
	if in.From.Address != "mira@c.example" || in.From.Name != "Mira Quist" || len(in.Problems) != 1 {
		t.Errorf("%+v %v", in.From, in.Problems)
	}
	in = parseOne(t, "From: Ann via Support <support@acme.example>\r\nX-Original-Sender: mira@c.example\r\n\r\nHello")
	if in.From.Address != "support@acme.example" {
		t.Errorf("without a list's mark: %+v", in.From)
	}
}

// EM-26: mail passed on by a rule is no forward; the marks are noted.
func TestRedirectedMailKeepsItsSender(t *testing.T) {
	in := parseOne(t, "Resent-From: bo@acme.example\r\nX-Forwarded-For: info@acme.example support@acme.example\r\n"+plainHead+"\r\nHello")
	if in.Forward != nil || in.Sender.Address != "mira@c.example" || in.Extra["resent_from"] != "bo@acme.example" || in.Extra["x_forwarded_for"] == nil {
		t.Errorf("%+v %v", in.Sender, in.Extra)
	}
}

func TestOddBodiesAreShown(t *testing.T) {
	html := "<html><body><p>" + strings.Repeat("Hello you. ", 30) + "</p></body></html>"
	for name, c := range map[string]struct{ raw, text string }{
		"html labelled plain": {"Content-Type: text/plain\r\n\r\n" + html, "Hello you."},
		"stub of a text part": {"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nYour program does not show HTML.\r\n--b\r\nContent-Type: text/html\r\n\r\n" + html + "\r\n--b--\r\n", "Hello you."},
		"unreadable type":     {"Content-Type: ???; charset=utf-8\r\n\r\nHello you.", "Hello you."},
		"markdown":            {"Content-Type: text/markdown\r\n\r\nHello you.", "Hello you."},
		"root attachment":     {"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nHello you.", "Hello you."},
	} {
		if in := parseOne(t, plainHead+c.raw); !strings.HasPrefix(in.Text, c.text) {
			t.Errorf("%s: %q, %q, %v", name, in.Text, in.HTML, in.Problems)
		}
	}
	ics := "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
	in := parseOne(t, plainHead+"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nJoin\r\n--b\r\nContent-Type: text/calendar\r\n\r\n"+ics+"\r\n--b--\r\n--m\r\nContent-Type: application/ics; name=invite.ics\r\n\r\n"+ics+"\r\n--m--\r\n")
	if len(in.Attachments) != 1 || in.Attachments[0].Name != "invite.ics" || in.Text != "Join" {
		t.Errorf("calendar: %+v", in.Attachments)
	}
	if in := parseOne(t, plainHead+"\r\n"+strings.Repeat("words of a long mail\r\n", 500_000)); in.Truncation != desk.Truncated || len(in.Problems) == 0 {
		t.Errorf("long text: %s %v", in.Truncation, in.Problems)
	}
	if in := parseOne(t, "Subject: "+strings.Repeat("x", 5000)+"\r\n\r\ny"); len(in.Subject) > 1010 {
		t.Errorf("subject of %d bytes", len(in.Subject))
	}
}
