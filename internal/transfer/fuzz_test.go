package transfer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/chatflow"
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

// What the manual shows as settings is settings: every key is known, and a chatflow can be published.
func TestTheManualsExamplesAreSettings(t *testing.T) {
	pages, err := filepath.Glob("../../docs/manual/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	block, found := regexp.MustCompile("(?s)```yaml\n(.*?)```"), 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllSubmatch(text, -1) {
			found++
			example := string(m[1])
			if !strings.HasPrefix(example, "version:") {
				example = "version: 1\n" + example
			}
			src, err := parse([]byte(example))
			if err != nil {
				t.Errorf("%s: %s", page, desk.PublicOf(err))
				continue
			}
			for _, f := range src.Chatflows {
				b, _ := json.Marshal(f.Definition)
				def, err := chatflow.Parse(b)
				if err == nil {
					err = chatflow.Refusal(chatflow.Validate(*f.Kind, def))
				}
				if err != nil {
					t.Errorf("%s: the chatflow %s: %s", page, f.Slug, desk.PublicOf(err))
				}
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d examples were found", found)
	}
}
