package archtest

import (
	"go/ast"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	proof  = regexp.MustCompile("`([a-z0-9_/]+)/((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)[^`]*`")
	script = regexp.MustCompile(`web/[A-Za-z0-9_./-]+\.(?:mjs|ts)`)
	told   = regexp.MustCompile(`“([^”…]+)…?”`)
)

// docs/COVERAGE.md ticks a behaviour only with a test that exists: `folder/TestName`, where folder is the end of the package's path.
func TestCoverageNamesTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/COVERAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	tr, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, s := range tr.files {
		if !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				for p := s.pkg; p != "." && p != "/"; p = path.Dir(p) {
					have[strings.TrimPrefix(strings.TrimPrefix(s.pkg, path.Dir(p)), "/")+"/"+fn.Name.Name] = true
				}
			}
		}
	}
	ticked := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) < 6 || !strings.ContainsAny(cells[2], "x~") {
			continue
		}
		proofs := proof.FindAllStringSubmatch(cells[4], -1)
		if strings.Contains(cells[2], "x") {
			ticked++
			if len(proofs) == 0 && !strings.Contains(cells[4], "web/") {
				t.Errorf("ticked without a test: %s", strings.TrimSpace(line))
			}
		}
		storiesExist(t, strings.TrimSpace(cells[1]), cells[4])
		for _, m := range proofs {
			if !have[m[1]+"/"+m[2]] {
				t.Errorf("%s: there is no test %s in %s", strings.TrimSpace(cells[1]), m[2], m[1])
			}
		}
	}
	if ticked < 20 {
		t.Errorf("only %d ticked rows were read", ticked)
	}
}

// storiesExist: the files of stories that a row names are there, and tell the stories that it quotes.
func storiesExist(t *testing.T, id, cell string) {
	t.Helper()
	var all strings.Builder
	for _, file := range script.FindAllString(cell, -1) {
		b, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
		all.Write(b)
	}
	for _, m := range told.FindAllStringSubmatch(cell, -1) {
		if !strings.Contains(all.String(), m[1]) {
			t.Errorf("%s: no story is called “%s”", id, m[1])
		}
	}
}
