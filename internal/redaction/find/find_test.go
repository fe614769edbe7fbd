package find_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/redaction/find"
)

func all() *find.Rules {
	r := &find.Rules{Kinds: map[string]bool{find.Card: true}}
	for _, k := range find.Presets() {
		r.Kinds[k] = true
	}
	return r
}

// CO-12: card numbers go however they are grouped; what fails its check digit, is another length or part of a longer number stays: phones, orders, dates, amounts.
func TestCardsGoAndOtherNumbersStay(t *testing.T) {
	r := &find.Rules{Kinds: map[string]bool{find.Card: true}}
	for text, want := range map[string]string{
		"4111 1111 1111 1111":                             "•••• •••• •••• 1111",
		"4111-1111-1111-1111 exp 12/29":                   "••••-••••-••••-1111 exp 12/29",
		"my card is 4111111111111111.":                    "my card is ••••••••••••1111.",
		"4111 1111 1111\n1111":                            "•••• •••• ••••\n1111",
		"5555 5555 5555 4444, 378282246310005":            "•••• •••• •••• 4444, •••••••••••0005",
		"30569309025904":                                  "••••••••••5904", // 14 digits
		"4222222222222":                                   "•••••••••2222",  // 13 digits
		"6304 0000 0000 0000":                             "•••• •••• •••• 0000",
		"4111 1111 1111 1112":                             "4111 1111 1111 1112", // check digit
		"order 41111111111111110":                         "order 41111111111111110",
		"x4111111111111111":                               "x4111111111111111",
		"+45 12 34 56 78, order 100200300400":             "+45 12 34 56 78, order 100200300400",
		"1234567812345670":                                "1234567812345670", // right by its check digit, and no brand's
		"0000 0000 0000 0000":                             "0000 0000 0000 0000",
		"12 4111 1111 1111 1111 12":                       "12 •••• •••• •••• 1111 12",
		"first 4111 1111 1111 1111 then 4111111111111111": "first •••• •••• •••• 1111 then ••••••••••••1111",
	} {
		if got, _ := r.Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// CO-12: national numbers are known by their dates and check digits.
func TestNationalNumbers(t *testing.T) {
	for text, kind := range map[string]string{
		"010190-1234": "dk_cpr", "3113901234": "", "991340-1234": "", "0101904000": "",
		"811228-9874": "se_personnummer", "19811228-9874": "se_personnummer", "811228-9875": "",
		"131052-308T": "fi_hetu", "131052-308X": "",
		"36574261809": "de_tax_id", "36574261808": "", "12345678901": "",
		"DK50 0040 0440 1162 43 og": "iban", "DE89370400440532013000": "iban", "ES91 2100 0418 4502 0005 1332 ist": "iban", "DE89370400440532013001": "",
	} {
		out, found := all().Text("Nr. " + text)
		switch {
		case kind == "" && len(found) > 0 && found[0].Kind != "dk_cpr":
			t.Errorf("%q was found as %s", text, found[0].Kind)
		case kind != "" && (len(found) != 1 || found[0].Kind != kind || !strings.Contains(out, "•")):
			t.Errorf("%q: %+v", text, found)
		}
	}
	if _, found := (&find.Rules{Kinds: map[string]bool{"iban": true}}).Text("4111 1111 1111 1111 and 010190-1234"); len(found) != 0 {
		t.Errorf("what was not chosen was found: %+v", found)
	}
}

// CO-12: a number is found in HTML over tags, entities and attributes, and not over the ends of paragraphs and cells; what is not touched stays as it was.
func TestHTML(t *testing.T) {
	r := &find.Rules{Kinds: map[string]bool{find.Card: true}, Own: []find.Pattern{{Name: "case", Expr: regexp.MustCompile(`CASE-\d+`)}}}
	for src, want := range map[string]string{
		`<p>4111 1111 <b>1111</b> 1111</p>`:                                    `<p>•••• •••• •••• 1111<b></b></p>`,
		`<p>4111&nbsp;1111&nbsp;1111&nbsp;1111 &amp; more</p>`:                 "<p>••••\u00a0••••\u00a0••••\u00a01111 &amp; more</p>",
		`<a href="tel:4111111111111111" title="CASE-12">CASE-12</a>`:           `<a href="tel:••••••••••••1111" title="•••••••">•••••••</a>`,
		`<td>4111 1111</td><td>1111 1111</td>`:                                 `<td>4111 1111</td><td>1111 1111</td>`,
		`<p>Nothing here &lt;b&gt;</p>`:                                        `<p>Nothing here &lt;b&gt;</p>`,
		`4111 1111 1111 1111<br>and`:                                           `•••• •••• •••• 1111<br>and`,
		`<span>4111</span><span>1111</span><span>1111</span><span>1111</span>`: `<span>••••••••••••1111</span><span></span><span></span><span></span>`,
	} {
		if got, _ := r.HTML(src); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", src, got, want)
		}
	}
}

// CO-12: a passage that somebody chose goes from text and from HTML, also where tags and other blanks stand in it there.
func TestPassage(t *testing.T) {
	if got, ok := find.Passage("My PIN is 1234, yes 1234.", "1234", false); !ok || got != "My PIN is ••••••, yes ••••••." {
		t.Error(got)
	}
	if got, ok := find.Passage("<p>My <b>PIN</b>\n is 1234</p><p>and</p>", "PIN is 1234", true); !ok || strings.Contains(got, "1234") || strings.Contains(got, "PIN") || !strings.Contains(got, "and") {
		t.Error(got)
	}
	if _, ok := find.Passage("<p>nothing</p>", "1234", true); ok {
		t.Error("found what is not there")
	}
}

// FuzzHTML: whatever the HTML, nothing that is found twice over is left, and nothing panics.
func FuzzHTML(f *testing.F) {
	f.Add("<p>4111 <b>1111</b> 1111&nbsp;1111</p>")
	f.Add("<a href='4111111111111111'>x</a><style>a > b{}</style>")
	f.Fuzz(func(t *testing.T, src string) {
		out, found := all().HTML(src)
		if len(found) == 0 {
			return
		}
		if again, more := all().HTML(out); len(more) > len(found) {
			t.Errorf("%q: %q, then %q", src, out, again)
		}
	})
}
