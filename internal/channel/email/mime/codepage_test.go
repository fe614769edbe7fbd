package mime

import "testing"

// EM-34: the character sets of old programs that the libraries lack.
func TestOldCodePagesAreRead(t *testing.T) {
	for _, c := range []struct{ label, raw, want string }{
		{"iso-2022-kr", "\x1b$)C\x0e>H3gGO<<?d\x0f ok", "안녕하세요 ok"},
		{"IBM737", "\x82\x9c\xa0\xe1", "Γειά"},
		{"x-mac-ce", "k\xf3\xcb", "kůň"},
		{"x-mac-greek", "\xa1\xe5\xe9\xc0", "Γειά"},
		{"utf-16", "H\x00i\x00", "Hi"},
		{"utf-16", "\x00H\x00i", "Hi"},
	} {
		if got, _ := ToUTF8([]byte(c.raw), c.label); got != c.want {
			t.Errorf("%s: %q, not %q", c.label, got, c.want)
		}
	}
}

// EM-34: no file name opens a device, hides the file or shows another extension than it has.
func TestFileNamesAreHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"CON": "_CON", "nul.pdf": "_nul.pdf", "COM1.log": "_COM1.log", "console.log": "console.log", ".htaccess": "_.htaccess",
		"invoice\u202efdp.exe": "invoicefdp.exe", "a.pdf     .exe": "a.pdf .exe", "../../etc/passwd": "passwd", "x.pdf:evil.exe": "x.pdf_evil.exe",
	} {
		if got := SafeName(in); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}
