package lang_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/search/lang"
)

func TestFormsOfAWordHaveAStemInCommonInTheirLanguage(t *testing.T) {
	for _, c := range []struct {
		in    lang.Set
		forms string
	}{
		{lang.English, "invoice invoices invoiced invoicing"}, {lang.English, "delivery deliveries"},
		{lang.Danish, "cykel cykler"}, {lang.Danish, "levering leveringen leveringer leveringerne"},
		{lang.German, "rechnung rechnungen"}, {lang.German, "lieferung lieferungen"},
		{lang.Swedish, "faktura fakturan fakturor fakturorna"}, {lang.Swedish, "leverans leveransen leveranser"},
		{lang.Finnish, "tilaus tilauksen tilausta"}, {lang.Finnish, "kaupunki kaupungissa"}, {lang.Swedish, "nyckel nycklar nyckeln"}, {lang.Finnish, "talo talossa talosta"},
	} {
		first := ""
		for _, w := range strings.Fields(c.forms) {
			got := lang.Stems(w, c.in)
			if len(got) != 1 || got[0].In != c.in {
				t.Fatalf("%s: %v", w, got)
			}
			if first == "" {
				first = got[0].Text
			}
			if got[0].Text != first {
				t.Errorf("%s: %s, not %s", w, got[0].Text, first)
			}
		}
	}
	all := lang.Stems("order", lang.All)
	if !slices.ContainsFunc(all, func(s lang.Stem) bool { return s.Text == "order" && s.In&lang.English != 0 }) {
		t.Errorf("order: %v", all)
	}
}

func TestSmallWordsTellTheLanguage(t *testing.T) {
	for text, want := range map[string]lang.Set{
		"hello the invoice is not right can you please send it":      lang.English,
		"hej jeg har ikke modtaget min ordre og det er en uge siden": lang.Danish,
		"hallo ich habe die rechnung noch nicht bekommen bitte":      lang.German,
		"hej jag har inte fatt min order och det ar en vecka sedan":  lang.Swedish,
		"hei en ole saanut tilausta ja se on myohassa kiitos":        lang.Finnish,
		"printer fire": lang.All,
		"":             lang.All,
	} {
		if got := lang.Detect(strings.Fields(text)); got != want {
			t.Errorf("%q: %b, not %b", text, got, want)
		}
	}
}

func TestDistanceCountsLettersChangedLeftOutAddedAndSwapped(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"invoice", "invoice", 0}, {"invioce", "invoice", 1}, {"invoce", "invoice", 1}, {"invoicee", "invoice", 1}, {"invaice", "invoice", 1}, {"invacie", "invoice", 2}, {"abc", "xyz", 3}, {"a", "abcdef", 3}} {
		if got := lang.Distance(c.a, c.b, 2); got != c.want {
			t.Errorf("%s %s: %d, not %d", c.a, c.b, got, c.want)
		}
	}
}

func TestNearWordsShareAGap(t *testing.T) {
	for _, c := range [][2]string{{"rechnung", "rehcnung"}, {"rechnung", "rechnng"}, {"rechnung", "rechnuung"}, {"rechnung", "rekhnung"}, {"müller", "muller"}} {
		have := lang.Gaps(c[0], 1)
		if !slices.ContainsFunc(lang.Gaps(c[1], 1), func(g string) bool { return slices.Contains(have, g) }) {
			t.Errorf("%s and %s share none", c[0], c[1])
		}
	}
	if n := len(lang.Gaps(strings.Repeat("abcdefgh", 3), 2)); n > 350 {
		t.Errorf("%d gaps", n)
	}
}
