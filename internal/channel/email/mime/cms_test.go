package mime

import (
	"encoding/base64"
	"strings"
	"testing"
)

func der(tag byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	if len(body) < 0x80 {
		return append([]byte{tag, byte(len(body))}, body...)
	}
	return append([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}, body...)
}

func indefinite(tag byte, parts ...[]byte) []byte {
	out := []byte{tag, 0x80}
	for _, p := range parts {
		out = append(out, p...)
	}
	return append(out, 0, 0)
}

// EM-34: what stands inside an S/MIME signature is shown, and the signature stays a file.
func TestOpaquelySignedMailIsShown(t *testing.T) {
	inner := []byte("Content-Type: text/plain; charset=utf-8\r\n\r\nHello from inside " + strings.Repeat("x", 200))
	data := der(0x06, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01})
	for name, cms := range map[string][]byte{
		"definite":   der(0x30, der(0x06, oidSignedData), der(0xa0, der(0x30, der(0x02, []byte{1}), der(0x31), der(0x30, data, der(0xa0, der(0x04, inner))), der(0x31)))),
		"indefinite": indefinite(0x30, der(0x06, oidSignedData), indefinite(0xa0, indefinite(0x30, der(0x02, []byte{1}), der(0x31), indefinite(0x30, data, indefinite(0xa0, indefinite(0x24, der(0x04, inner[:50]), der(0x04, inner[50:])))), der(0x31)))),
	} {
		raw := "From: a@b.example\r\nContent-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(cms)
		tree, err := Read([]byte(raw), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		c, err := tree.Contents(tree.Root)
		if err != nil || !strings.HasPrefix(c.Plain, "Hello from inside") || !c.Signed || c.Encrypted || len(c.Attachments) != 1 || c.Attachments[0].Name != "smime.p7m" {
			t.Errorf("%s: %v %+v", name, err, c)
		}
		for n := range cms { // damaged: no panic
			signedContent(cms[:n])
		}
	}
	if signedContent([]byte(strings.Repeat("\x30\x80", 1000))) != nil {
		t.Error("nested for ever")
	}
}
