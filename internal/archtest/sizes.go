package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
)

// The budgets of the house: a file count is a smell, not a law, so each exception has its reason here.
const (
	maxFiles     = 15  // Go files in a package, without tests
	maxFileLines = 500 // lines in a file
	maxFunc      = 60  // lines in a function
	maxFuncHard  = 120 // no exception goes beyond this
	maxTestFile  = 900
)

// sizeExceptions: path, or path and function, and the reason.
var sizeExceptions = map[string]string{
	"internal/transfer": "one file for each noun that a settings file holds",
}

func (t tree) sizes() (out []finding) {
	files := map[string]int{}
	for _, s := range t.files {
		lines := bytes.Count(s.text, []byte("\n"))
		limit := maxFileLines
		if s.test {
			limit = maxTestFile
		} else {
			files[s.pkg]++
		}
		if lines > limit && sizeExceptions[s.path] == "" {
			out = append(out, finding{"size", s.path, fmt.Sprintf("%d lines, over %d", lines, limit)})
		}
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			n := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1
			key := s.path + " " + fn.Name.Name
			if n > maxFuncHard || (n > maxFunc && sizeExceptions[key] == "") {
				out = append(out, finding{"size", t.at(s, fn), fmt.Sprintf("%s has %d lines, over %d", fn.Name.Name, n, maxFunc)})
			}
		}
	}
	for pkg, n := range files {
		if n > maxFiles && sizeExceptions[pkg] == "" {
			out = append(out, finding{"size", pkg, fmt.Sprintf("%d files, over %d: look for a noun hiding in it", n, maxFiles)})
		}
	}
	return out
}
