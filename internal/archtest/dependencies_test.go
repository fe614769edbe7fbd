package archtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each dependency the project names itself stands in docs/DEPENDENCIES.md with its reason, licence and what we would do without it.
func TestEveryDependencyHasItsReason(t *testing.T) {
	page, err := os.ReadFile("../../docs/DEPENDENCIES.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) == 6 && strings.Count(cells[1], "`") >= 2 {
			if strings.TrimSpace(cells[2]) == "" || strings.TrimSpace(cells[3]) == "" || strings.TrimSpace(cells[4]) == "" {
				t.Errorf("a row without licence, reason or alternative: %s", line)
			}
			for i, name := range strings.Split(cells[1], "`") {
				if i%2 == 1 {
					rows[name] = true
				}
			}
		}
	}
	named := map[string]bool{}
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == "require" && f[1] != "(" {
			f = f[1:]
		}
		if len(f) >= 2 && strings.HasPrefix(f[1], "v") && strings.Contains(f[0], ".") && !strings.Contains(line, "// indirect") {
			named[f[0]] = true
		}
	}
	packages, _ := filepath.Glob("../../web/package.json")
	more, _ := filepath.Glob("../../web/*/*/package.json")
	for _, p := range append(packages, more...) {
		if strings.Contains(p, "node_modules") {
			continue
		}
		var pkg struct{ Dependencies, DevDependencies map[string]string }
		b, err := os.ReadFile(p)
		if err == nil {
			err = json.Unmarshal(b, &pkg)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range []map[string]string{pkg.Dependencies, pkg.DevDependencies} {
			for name := range set {
				if !strings.HasPrefix(name, "@kanal/") {
					named[name] = true
				}
			}
		}
	}
	for name := range named {
		if !rows[name] {
			t.Errorf("%s has no row in docs/DEPENDENCIES.md", name)
		}
	}
	for name := range rows {
		if !named[name] {
			t.Errorf("docs/DEPENDENCIES.md has a row for %s, which nothing names any more", name)
		}
	}
}
