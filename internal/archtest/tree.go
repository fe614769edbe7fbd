// Package archtest holds the rules of the house that a compiler cannot: which package may import which, who
// writes a table, where a channel's name may stand, and how large things may grow. It reads the sources itself
// (go list would be cached and stay green with a fault in the tree) and is only ever run by its own tests.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

const module = "github.com/kanalhq/kanal/"

// source is one parsed Go file.
type source struct {
	path string // from the root, with slashes
	pkg  string // its folder
	test bool
	file *ast.File
	text []byte
}

// tree is every Go file of the project.
type tree struct {
	fset  *token.FileSet
	files []source
}

// finding is one broken rule at one place.
type finding struct{ rule, at, what string }

func (f finding) String() string { return f.rule + ": " + f.at + ": " + f.what }

// load parses every Go file below root, but for what is not ours.
func load(root fs.FS) (tree, error) {
	t := tree{fset: token.NewFileSet()}
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if p != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "dist") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(t.fset, p, text, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("archtest: %w", err)
		}
		t.files = append(t.files, source{path: p, pkg: path.Dir(p), test: strings.HasSuffix(p, "_test.go"), file: file, text: text})
		return nil
	})
	return t, err
}

func (t tree) at(s source, n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, t.fset.Position(n.Pos()).Line)
}

// ours lists a file's imports of this module, as folders.
func (s source) ours() map[string]*ast.ImportSpec {
	out := map[string]*ast.ImportSpec{}
	for _, im := range s.file.Imports {
		p, err := strconv.Unquote(im.Path.Value)
		if err == nil && strings.HasPrefix(p, module) {
			out[strings.TrimPrefix(p, module)] = im
		}
	}
	return out
}

// literals calls fn for every string literal but struct tags and import paths.
func (s source) literals(fn func(lit *ast.BasicLit, value string)) {
	tags := map[*ast.BasicLit]bool{}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if n.Tag != nil {
				tags[n.Tag] = true
			}
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if n.Kind == token.STRING && !tags[n] {
				if v, err := strconv.Unquote(n.Value); err == nil {
					fn(n, v)
				}
			}
		}
		return true
	})
}
