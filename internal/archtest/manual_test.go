package archtest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// translated: each language of the manual, and how its pages say that the English one is authoritative.
var translated = map[string]string{
	"da": "Den engelske side er den gældende",
	"de": "Maßgeblich ist die englische Seite",
	"fi": "Englanninkielinen sivu on ratkaiseva",
	"sv": "Den engelska sidan är den som gäller",
}

var (
	releaseConst = regexp.MustCompile(`(?m)^const Release = "([^"]+)"$`)
	mdLink       = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	codeSpan     = regexp.MustCompile("`[^`\n]+`")
)

// XC-08: a translated page says at its top that the English page is authoritative, which page that is, and for which release of Kanal it was written.
func TestTranslatedPagesSayThatEnglishIsAuthoritative(t *testing.T) {
	release := releaseConst.FindStringSubmatch(text(t, "../app/health.go"))
	if release == nil {
		t.Fatal("the release is not where it was")
	}
	for lang, notice := range translated {
		pages, err := filepath.Glob("../../docs/manual/" + lang + "/*.md")
		if err != nil || len(pages) < 2 {
			t.Errorf("%s: %d pages", lang, len(pages))
		}
		for _, p := range pages {
			english := "../../docs/manual/" + filepath.Base(p)
			if _, err := os.Stat(english); err != nil {
				t.Errorf("%s translates no English page: %v", p, err)
				continue
			}
			lines := strings.SplitN(text(t, p), "\n", 6)
			top := ""
			for _, l := range lines[:len(lines)-1] {
				if strings.HasPrefix(l, "> ") {
					top = l
				}
			}
			for _, want := range []string{notice, "(../" + filepath.Base(p) + ")", "Kanal " + release[1] + "."} {
				if !strings.Contains(top, want) {
					t.Errorf("%s: the notice at its top lacks %q: %s", p, want, top)
				}
			}
			keepsUp(t, p, english)
		}
	}
	others, err := filepath.Glob("../../docs/manual/*/*.md")
	for _, p := range others {
		if translated[filepath.Base(filepath.Dir(p))] == "" {
			t.Errorf("%s is in a language that the test does not know", p)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// keepsUp: what is the same in any language is the same in both pages: headings, rows, keys and commands, and where links lead.
func keepsUp(t *testing.T, page, english string) {
	t.Helper()
	has, want := shapeOf(text(t, page), path.Dir(filepath.ToSlash(page))), shapeOf(text(t, english), path.Dir(filepath.ToSlash(english)))
	for what, list := range want {
		for _, x := range list {
			if !slices.Contains(has[what], x) {
				t.Errorf("%s has fallen behind: the English page has the %s %s", page, what, x)
			}
		}
		if len(has[what]) != len(list) {
			t.Errorf("%s has %d of the kind %q, the English page %d", page, len(has[what]), what, len(list))
		}
	}
}

func shapeOf(page, dir string) map[string][]string {
	out := map[string][]string{"heading": {}, "row": {}, "code": {}, "link": {}}
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(line, "> "), strings.HasPrefix(line, "Translated in part"):
			continue
		case strings.HasPrefix(line, "#"):
			level, _, _ := strings.Cut(line, " ")
			out["heading"] = append(out["heading"], level)
		case strings.HasPrefix(line, "|"):
			out["row"] = append(out["row"], "|")
		}
		out["code"] = append(out["code"], codeSpan.FindAllString(line, -1)...)
		for _, m := range mdLink.FindAllStringSubmatch(line, -1) {
			out["link"] = append(out["link"], home(path.Join(dir, m[1])))
		}
	}
	return out
}

// home is the English page of a page, or the page itself.
func home(p string) string {
	for lang := range translated {
		p = strings.Replace(p, "/manual/"+lang+"/", "/manual/", 1)
	}
	return p
}

// Every link between documents leads somewhere.
func TestManualLinksLeadSomewhere(t *testing.T) {
	seen := 0
	for _, glob := range []string{"../../*.md", "../../docs/*.md", "../../docs/manual/*.md", "../../docs/manual/*/*.md", "../../web/README.md"} {
		pages, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			for _, m := range mdLink.FindAllStringSubmatch(text(t, p), -1) {
				if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
					continue
				}
				seen++
				if _, err := os.Stat(filepath.Join(filepath.Dir(p), m[1])); err != nil {
					t.Errorf("%s: the link to %s leads nowhere", p, m[1])
				}
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d links were read", seen)
	}
	index := text(t, "../../docs/manual/README.md")
	pages, _ := filepath.Glob("../../docs/manual/*.md")
	for _, p := range pages {
		if name := filepath.Base(p); name != "README.md" && !strings.Contains(index, "("+name+")") {
			t.Errorf("the index of the manual does not name %s", name)
		}
	}
}

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
