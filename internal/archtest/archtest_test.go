package archtest

import (
	"os"
	"testing"
	"testing/fstest"
)

func (t tree) all() (out []finding) {
	for _, rule := range []func() []finding{t.imports, t.oneWriter, t.channelNames, t.comments, t.names, t.sizes} {
		out = append(out, rule()...)
	}
	return out
}

// The project keeps its own rules.
func TestTheTreeKeepsTheRules(t *testing.T) {
	tr, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(tr.files) < 50 {
		t.Fatalf("only %d files were read: the walk is broken", len(tr.files))
	}
	for _, f := range tr.all() {
		t.Error(f)
	}
}

// One fault of each kind, planted in a small tree: each must be caught, and the sound tree must be clean.
func TestPlantedFaultsAreCaught(t *testing.T) {
	const comment = "// Package x is a package with a comment that says what it owns and refuses.\n"
	sound := map[string]string{
		"internal/desk/a.go":          comment + "package desk\n",
		"internal/thread/a.go":        comment + "package thread\nimport _ \"github.com/kanalhq/kanal/internal/db\"\nconst q = \"UPDATE threads SET open = 1\"\n",
		"internal/db/a.go":            comment + "package db\n",
		"internal/channel/email/a.go": comment + "package email\nconst n = \"email\"\n",
		"internal/ticket/a.go":        comment + "package ticket\ntype t struct { A string `json:\"email\"` }\n",
	}
	if got := check(t, sound, "", ""); len(got) != 0 {
		t.Fatalf("the sound tree is not clean: %v", got)
	}
	long := comment + "package ticket\nfunc long() {\n"
	for range 70 {
		long += "\tprintln()\n"
	}
	long += "}\n"
	file := comment + "package ticket\n"
	for range 600 {
		file += "// more\n"
	}
	cases := []struct{ name, path, text, rule string }{
		{"an import upwards", "internal/db/b.go", "package db\nimport _ \"github.com/kanalhq/kanal/internal/thread\"\n", "tiers"},
		{"a sideways import", "internal/ticket/b.go", "package ticket\nimport _ \"github.com/kanalhq/kanal/internal/thread\"\n", "tiers"},
		{"a channel imported by a flow", "internal/intake/b.go", comment + "package intake\nimport _ \"github.com/kanalhq/kanal/internal/channel/email\"\n", "tiers"},
		{"test support in production", "internal/ticket/b.go", "package ticket\nimport _ \"github.com/kanalhq/kanal/internal/dbtest\"\n", "tiers"},
		{"a package without a tier", "internal/surprise/b.go", comment + "package surprise\n", "tiers"},
		{"a second writer", "internal/ticket/b.go", "package ticket\nconst q = `\n  insert into threads (id) values ($1)`\n", "one writer"},
		{"a channel's name outside", "internal/ticket/b.go", "package ticket\nvar b = x == \"email\"\n", "channel names"},
		{"no package comment", "internal/contact/b.go", "package contact\n", "package comment"},
		{"a folder called util", "internal/desk/util/b.go", comment + "package util\n", "package name"},
		{"a long function", "internal/ticket/b.go", long, "size"},
		{"a long file", "internal/ticket/b.go", file, "size"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range check(t, sound, c.path, c.text) {
				if f.rule == c.rule {
					return
				}
			}
			t.Fatalf("not caught by %q", c.rule)
		})
	}
}

func check(t *testing.T, base map[string]string, path, text string) []finding {
	t.Helper()
	root := fstest.MapFS{}
	for p, s := range base {
		root[p] = &fstest.MapFile{Data: []byte(s)}
	}
	if path != "" {
		root[path] = &fstest.MapFile{Data: []byte(text)}
	}
	tr, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	return tr.all()
}
