package mime

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func corpusTNEF(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	for _, name := range []string{"tnef", "tnef-only", "tnef-rtf", "tnef-broken"} {
		raw, err := os.ReadFile("../testdata/corpus/" + name + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		tree, err := Read(raw, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		parts := append(tree.Root.Parts, tree.Root)
		for _, p := range parts {
			if isTNEF(p) {
				out = append(out, tree.Decode(p))
			}
		}
	}
	return out
}

// EM-34: the files and words inside a winmail.dat come out.
func TestWinmailIsOpened(t *testing.T) {
	n, err := readTNEF(corpusTNEF(t)[0], DefaultLimits())
	if err != nil || len(n.files) != 1 || n.files[0].name != "Angebot für Köln.pdf" || !bytes.HasPrefix(n.files[0].data, []byte("%PDF")) || n.text != "Text inside winmail" {
		t.Fatalf("%+v %v", n, err)
	}
	n, err = readTNEF(corpusTNEF(t)[2], DefaultLimits())
	if err != nil || n.html != "<p>Grüße €</p>" {
		t.Fatalf("%+v %v", n, err)
	}
}

// The example of [MS-OXRTFCP] §4.1.
func TestCompressedRTFExpands(t *testing.T) {
	b, _ := base64.StdEncoding.DecodeString("LQAAACsAAABMWkZ18cXHpwMACgByY3BnMTI1QjITiA==")
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{{"specification", []byte{0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0, 0x0a, 0, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0}, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"}, {"short", b[:10], ""}} {
		got, err := inflateRTF(c.b, DefaultLimits())
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q %v", c.name, got, err)
		}
	}
}

func FuzzTNEF(f *testing.F) {
	for _, b := range corpusTNEF(f) {
		f.Add(b)
	}
	f.Add(binary.LittleEndian.AppendUint32(nil, tnefSignature))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 256<<10 {
			return
		}
		lim := DefaultLimits()
		lim.TNEFExpanded = 1 << 20
		n, err := readTNEF(b, lim)
		if err != nil && n == nil {
			return
		}
		if n.expanded > lim.TNEFExpanded || len(n.files) > maxTNEFFiles {
			t.Fatalf("expanded %d, %d files", n.expanded, len(n.files))
		}
		all := n.text + n.html
		for _, x := range n.files {
			all += x.name + x.mime + x.cid
		}
		if !utf8.ValidString(all) || strings.Contains(all, "\x00") {
			t.Fatalf("%q", all)
		}
		text, _ := rtfText(b, "windows-1252")
		if !utf8.ValidString(text) {
			t.Fatal("rtf")
		}
	})
}
