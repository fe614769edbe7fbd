package archtest

import (
	"go/ast"
	"os"
	"testing"

	"github.com/kanalhq/kanal/internal/config"
)

// No setting that changes nothing: each time window is read somewhere, or says that it is for later; and none that is read says so.
func TestEveryWindowIsRead(t *testing.T) {
	tr, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
	for _, s := range tr.files {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 {
				if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Window" {
					if name, ok := literal(call.Args[0]); ok {
						read[name] = true
					}
				}
			}
			return true
		})
	}
	seen := map[string]bool{}
	for _, w := range config.Windows {
		if read[w.Name] == w.Later {
			t.Errorf("%s: read %v, marked for later %v", w.Name, read[w.Name], w.Later)
		}
		if seen[w.Name] {
			t.Errorf("%s is listed twice", w.Name)
		}
		seen[w.Name] = true
	}
}
