package desk

import "testing"

func TestNormalizeEmailIsLowerCaseWithAnASCIIDomain(t *testing.T) {
	for in, want := range map[string]string{
		"Ann.Holm@Acme.Example":     "ann.holm@acme.example",
		" <ann@acme.example> ":      "ann@acme.example",
		"mailto:ann@acme.example":   "ann@acme.example",
		"ann@bücher.example":        "ann@xn--bcher-kva.example",
		"ANN@BÜCHER.example.":       "ann@xn--bcher-kva.example",
		"jörg@bücher.example":       "jörg@xn--bcher-kva.example",
		`"ann"@acme.example`:        "ann@acme.example",
		`"a b"@acme.example`:        `"a b"@acme.example`,
		"ann+tag@acme.example":      "ann+tag@acme.example",
		"ann@[192.0.2.1]":           "ann@[192.0.2.1]",
		"root@localhost":            "root@localhost",
		"ann":                       "",
		"@acme.example":             "",
		"ann@":                      "",
		"a b@acme.example":          "",
		"ann@acme example":          "",
		"ann@acme.example\r\nBcc:x": "",
		"":                          "",
		"a@..":                      "",
		"a@b..":                     "a@b",
		"a@.b":                      "",
		"a@b[c":                     "",
		"a@b\u00a8c":                "",
		"a@[b\u00e9]":               "",
	} {
		if got := NormalizeEmail(in); got != want {
			t.Errorf("NormalizeEmail(%q) = %q, want %q", in, got, want)
		}
		if want != "" && NormalizeEmail(want) != want {
			t.Errorf("NormalizeEmail is not idempotent on %q", want)
		}
	}
}
