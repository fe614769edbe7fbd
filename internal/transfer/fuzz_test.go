package transfer

import (
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
)

// Whatever the text, reading it ends, and either gives a file or a sentence that a person may read.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"version: 1\n", "version: 1\nusers: [{email: a@acme.example, hours: {mon-fri: \"9-5\"}}]\n", "version: 1\nchannels: [{slug: x, settings: {password: {env: X}}}]\n",
		"a: &a [*a]\n", "a: &a {b: *a}\n", "version: &v 1\ncompany: {name: *v}\n", "- 1\n", "? [a]\n: b\n", "version: 1\n---\nversion: 2\n", "<<: {version: 1}\n",
		"x: &x [1,1,1,1,1,1,1,1,1]\ny: &y [*x,*x,*x,*x,*x,*x,*x,*x,*x]\nz: &z [*y,*y,*y,*y,*y,*y,*y,*y,*y]\nversion: 1\n", "version: 1\npipelines: [{slug: a, statuses: [{slug: b, state: open, position: 1}]}]\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		src, err := parse([]byte(text))
		switch {
		case err == nil && src.Version != Version:
			t.Fatalf("version %d was read", src.Version)
		case err != nil && (desk.CodeOf(err) != desk.Invalid && desk.CodeOf(err) != desk.TooLarge || strings.TrimSpace(desk.PublicOf(err)) == ""):
			t.Fatalf("err = %v", err)
		}
	})
}

func TestManyAliasesOfAliasesEnd(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 12; i++ {
		n := string(rune('a' + i))
		p := string(rune('a' + i - 1))
		if i == 1 {
			p = "a0"
		}
		b.WriteString(n + ": &" + n + " [" + strings.Repeat("*"+p+",", 9) + "*" + p + "]\n")
	}
	if _, err := parse([]byte("company:\n  " + strings.ReplaceAll(b.String(), "\n", "\n  "))); desk.CodeOf(err) != desk.Invalid {
		t.Fatalf("err = %v", err)
	}
}
