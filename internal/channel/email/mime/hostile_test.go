package mime

import (
	"strings"
	"testing"
	"time"
)

// No header field makes reading slow: every pattern fills a field to its limit. Ten seconds are a bound for a machine that
// does something else as well, against the minutes of a quadratic walk.
func TestHostileFieldsAreReadInTime(t *testing.T) {
	for _, unit := range []string{"(", ")", "<", ">", "\"", "\\", ",", ";", ":", "@", "=?", "=?a?q?", "=?a?b?", "=?utf-8?q?=C3?= ", "a@b .c ", "a b ", "(a) ", "\"a\" ", "<a<", "a*0=b;", "a*1*=%C3;", "=", "'", "g: a@b;", "ä", "\xff", ".", "a@b.c ", "<a@b>", "\"<"} {
		s := strings.Repeat(unit, (128<<10)/len(unit))
		start := time.Now()
		ParseAddresses(s)
		DecodeWords(s)
		ParseValue("text/plain; " + s)
		SafeName(s)
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%q: %v", unit, d)
		} else if d > 500*time.Millisecond {
			t.Logf("%q: %v", unit, d)
		}
	}
}

func TestHostileBodiesAreReadInTime(t *testing.T) {
	for name, raw := range map[string]string{
		"boundaries":   "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b", 1<<20),
		"near bounds":  "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--bx\n", 1<<19),
		"dashes":       "Content-Type: multipart/mixed; boundary=zz\n\n" + strings.Repeat("--a\nb: c\n", 1<<18),
		"uu":           "\n" + strings.Repeat("begin 644 a\n", 1<<17) + "\nend\n",
		"base64 junk":  "Content-Transfer-Encoding: base64\n\n" + strings.Repeat("=\n", 1<<20),
		"quoted":       "Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=\n", 1<<20),
		"flowed":       "Content-Type: text/plain; format=flowed\n\n" + strings.Repeat("> a \n", 1<<19),
		"enriched":     "Content-Type: text/enriched\n\n" + strings.Repeat("<", 1<<20),
		"header lines": strings.Repeat("a\n", 1<<20),
		"folds":        "A: b\n" + strings.Repeat(" c\n", 1<<20) + "\nx",
		"nested open":  strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 150) + strings.Repeat("x", 8<<20),
		"carriage":     strings.Repeat("a: b\r", 1<<18) + "\n\nx",
		"html":         "Content-Type: text/html\n\n" + strings.Repeat("<img src=cid:a>", 1<<16),
	} {
		start := time.Now()
		tree, err := Read([]byte(raw), DefaultLimits())
		if err == nil {
			_, err = tree.Contents(tree.Root)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s: %v (%v)", name, d, err)
		} else if d > 500*time.Millisecond {
			t.Logf("%s: %v", name, d)
		}
	}
}
