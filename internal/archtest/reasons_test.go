package archtest

import (
	"flag"
	"fmt"
	"go/ast"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the generated page of the manual")

const reasonsPage = "../../docs/manual/reasons.md"

// Every reason an error can have stands in the manual with its class and sentence; `-update` rewrites the page.
func TestGoldenReasonsStandInTheManual(t *testing.T) {
	tr, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	page := reasons(t, tr)
	if *update {
		if err := os.WriteFile(reasonsPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(reasonsPage)
	if string(got) != page {
		t.Errorf("docs/manual/reasons.md is not what the sources say: go test ./internal/archtest -run Reasons -update, and read the diff")
	}
}

var slug = regexp.MustCompile(`^[a-z_0-9]+(\.[a-z_0-9]+)+$`)

func reasons(t *testing.T, tr tree) string {
	rows := map[string]string{}
	for _, s := range tr.files {
		if s.test || supportOf(s.pkg) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 3 {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			if name != "Errorf" {
				return true
			}
			reason, ok1 := literal(call.Args[1])
			text, ok2 := literal(call.Args[2])
			if !ok1 || !slug.MatchString(reason) {
				return true
			}
			if !ok2 {
				text = "(see the message)"
			}
			code := ""
			switch c := call.Args[0].(type) {
			case *ast.SelectorExpr:
				code = c.Sel.Name
			case *ast.Ident:
				code = c.Name
			}
			row := fmt.Sprintf("| `%s` | %s | %s |", reason, words(code), strings.ReplaceAll(blanks(text), "|", "\\|"))
			if old, seen := rows[reason]; !seen || row < old {
				rows[reason] = row
			}
			return true
		})
	}
	if len(rows) < 20 {
		t.Fatalf("only %d reasons were found: the walk is broken", len(rows))
	}
	keys := make([]string, 0, len(rows))
	for k := range rows {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var b strings.Builder
	b.WriteString("# Reasons\n\nEach error of the API and of the command line has a class and a stable reason. This page is made from the sources, and a test keeps it so. `…` stands for what the message fills in.\n\n| reason | class | what it says |\n| --- | --- | --- |\n")
	for _, k := range keys {
		b.WriteString(rows[k] + "\n")
	}
	return b.String()
}

func literal(e ast.Expr) (string, bool) {
	if b, ok := e.(*ast.BinaryExpr); ok {
		x, okx := literal(b.X)
		y, oky := literal(b.Y)
		return x + y, okx && oky
	}
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return "", false
	}
	v, err := strconv.Unquote(lit.Value)
	return v, err == nil
}

var verb = regexp.MustCompile(`%[-+# 0-9.\[\]*]*[a-zA-Z]`)

func blanks(s string) string {
	return strings.Join(strings.Fields(verb.ReplaceAllString(s, "…")), " ")
}

func words(code string) string {
	var b strings.Builder
	for i, r := range code {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}
