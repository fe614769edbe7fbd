package extract_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/search/extract"
)

func zipped(t *testing.T, parts map[string]string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextOfFiles(t *testing.T) {
	for _, c := range []struct{ what, mediaType, name, body, want string }{
		{"plain", "text/plain", "a.txt", "serial number 4711", "serial number 4711"},
		{"latin-1", "text/plain; charset=iso-8859-1", "a.txt", "Gr\xfc\xdfe", "Grüße"},
		{"utf-16", "text/plain", "a.txt", "\xff\xfeh\x00i\x00", "hi"},
		{"csv by its name", "application/octet-stream", "list.CSV", "a;b\n1;2", "a;b\n1;2"},
		{"calendar", "text/calendar", "invite.ics", "SUMMARY:Visit", "SUMMARY:Visit"},
		{"html", "text/html", "a.html", "<p>Dear <b>Ann</b></p><script>no()</script>", "Dear Ann"},
		{"docx", "application/octet-stream", "a.docx", zipped(t, map[string]string{"word/document.xml": `<w:p><w:r><w:t>Contr</w:t></w:r><w:r><w:t>act</w:t></w:r></w:p><w:p><w:t>two</w:t></w:p>`, "word/media/x.png": "zzz"}), "Contract\ntwo"},
		{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "", zipped(t, map[string]string{"xl/sharedStrings.xml": `<sst><si><t>Part</t></si><si><t>Price</t></si></sst>`}), "Part\nPrice"},
		{"no archive", "", "a.docx", "hello", ""},
		{"binary called text", "text/plain", "a.txt", "ab\x00\x01\x02", ""},
		{"picture", "image/png", "a.png", "x", ""},
	} {
		got, err := extract.Text(strings.NewReader(c.body), c.mediaType, c.name)
		if err != nil || strings.TrimSpace(got) != c.want {
			t.Errorf("%s: %q, %v, not %q", c.what, got, err, c.want)
		}
	}
}

// A small archive may unpack into any size; what is read of it and kept is bounded.
func TestABombIsReadWithinBounds(t *testing.T) {
	bomb := zipped(t, map[string]string{"word/document.xml": "<w:t>" + strings.Repeat("word ", 8<<20) + "</w:t>"})
	got, err := extract.Text(strings.NewReader(bomb), "", "a.docx")
	if err != nil || len(got) > extract.MaxOut {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if extract.Knows("application/zip", "a.zip") {
		t.Error("archives are not looked into")
	}
}
