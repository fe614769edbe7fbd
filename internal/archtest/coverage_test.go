package archtest

import (
	"go/ast"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var proof = regexp.MustCompile("`([a-z0-9_/]+)/((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)[^`]*`")

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
		if len(cells) < 5 || !strings.Contains(cells[2], "x") {
			continue
		}
		ticked++
		proofs := proof.FindAllStringSubmatch(cells[4], -1)
		if len(proofs) == 0 && !strings.Contains(cells[4], "web/") {
			t.Errorf("ticked without a test: %s", strings.TrimSpace(line))
		}
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
