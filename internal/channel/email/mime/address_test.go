package mime

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/desk"
)

func TestAddressListsAsSendersWriteThem(t *testing.T) {
	one := func(name, addr string) []Address { return []Address{{name, addr}} }
	for in, want := range map[string][]Address{
		"ann@x.example":                                          one("", "ann@x.example"),
		"Ann Holm <Ann@X.example>":                               one("Ann Holm", "ann@x.example"),
		`"Holm, Ann" <ann@x.example>`:                            one("Holm, Ann", "ann@x.example"),
		"Holm, Ann <ann@x.example>":                              one("Holm, Ann", "ann@x.example"),
		`"Ann \"A\" Holm" <ann@x.example>`:                       one(`Ann "A" Holm`, "ann@x.example"),
		"ann@x.example (Ann Holm)":                               one("Ann Holm", "ann@x.example"),
		"<ann@x.example>":                                        one("", "ann@x.example"),
		"<<ann@x.example>>":                                      one("", "ann@x.example"),
		"Ann Holm <ann@x.example":                                one("Ann Holm", "ann@x.example"),
		"Ann Holm ann@x.example":                                 one("Ann Holm", "ann@x.example"),
		`"Ann Holm <ann@x.example>`:                              one("Ann Holm", "ann@x.example"),
		"'Ann Holm' <ann@x.example>":                             one("Ann Holm", "ann@x.example"),
		"'ann@x.example'":                                        one("", "ann@x.example"),
		`"ann@x.example" <ann@x.example>`:                        one("", "ann@x.example"),
		"Ann <@relay.example,@b.example:ann@x.example>":          one("Ann", "ann@x.example"),
		"ann @ x.example":                                        one("", "ann@x.example"),
		`"a b"@x.example`:                                        one("", `"a b"@x.example`),
		"=?utf-8?Q?J=C3=B6rg?= <j@x.example>":                    one("Jörg", "j@x.example"),
		`"=?utf-8?Q?J=C3=B6rg?=" <j@x.example>`:                  one("Jörg", "j@x.example"),
		"=?utf-8?Q?Holm,_J=C3=B6rg?= <j@x.example>":              one("Holm, Jörg", "j@x.example"),
		"=?utf-8?B?SsO2cmcgPGpAeC5leGFtcGxlPg==?=":               one("Jörg", "j@x.example"),
		"J\xf6rg M\xfcller <j@x.example>":                        one("Jörg Müller", "j@x.example"),
		"Jörg <j@bücher.example>":                                one("Jörg", "j@xn--bcher-kva.example"),
		"[mailto:ann@x.example]":                                 one("", "ann@x.example"),
		"mailto:ann@x.example":                                   one("", "ann@x.example"),
		"undisclosed-recipients:;":                               nil,
		"":                                                       nil,
		"Undisclosed recipients":                                 {{Name: "Undisclosed recipients"}},
		"Team: ann@x.example, Bo <bo@x.example>; cy@x.example":   {{"", "ann@x.example"}, {"Bo", "bo@x.example"}, {"", "cy@x.example"}},
		"ann@x.example; Bo <bo@x.example>":                       {{"", "ann@x.example"}, {"Bo", "bo@x.example"}},
		"ann@x.example bo@x.example":                             {{"", "ann@x.example"}, {"", "bo@x.example"}},
		"A <a@x.example> B <b@x.example>":                        {{"A", "a@x.example"}, {"B", "b@x.example"}},
		"Ann Holm <ann@x.example> (work), , bo@x.example,":       {{"Ann Holm", "ann@x.example"}, {"", "bo@x.example"}},
		"Ann (the \\) boss) <ann@x.example>":                     one("Ann", "ann@x.example"),
		"MAILER-DAEMON (Mail Delivery System)":                   {{Name: "MAILER-DAEMON"}},
		"Ann <ann@x.example>, undisclosed-recipients:;":          one("Ann", "ann@x.example"),
		"Dr. Ann Holm, MD <ann@x.example>, bo@x.example":         {{"Dr. Ann Holm, MD", "ann@x.example"}, {"", "bo@x.example"}},
		"=?iso-8859-1?q?J=F6rg_M=FCller_=28x=29?= <j@x.example>": one("Jörg Müller (x)", "j@x.example"),
	} {
		if got := ParseAddresses(in); !reflect.DeepEqual(got, want) {
			t.Errorf("ParseAddresses(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestEncodedWordsAsSendersWriteThem(t *testing.T) {
	for in, want := range map[string]string{
		"=?utf-8?B?SGVsbMO2?=":                       "Hellö",
		"=?UTF-8?q?Hell=c3=b6_you?=":                 "Hellö you",
		"=?utf-8?Q?a=C3?= =?utf-8?Q?=A9b?=":          "aéb",
		"=?utf-8?B?w6k=?=\t=?utf-8?B?w6g=?=":         "éè",
		"Re: =?utf-8?Q?=C3=A9?= fin":                 "Re: é fin",
		"Re:=?utf-8?Q?=C3=A9?=fin":                   "Re:éfin",
		"=?iso-8859-1?Q?caf=E9 bar?=":                "café bar",
		"=?utf-8*de?Q?gr=C3=BC=C3=9Fe?=":             "grüße",
		"=?utf-8?Q?What=3F?=":                        "What?",
		"=?utf-8?Q?unclosed=C3=A9":                   "unclosedé",
		"=?utf-8?B?SGVsbMO2":                         "Hellö",
		"=?x-nope?Q?abc?=":                           "abc",
		"=?koi8-r?B?8NLJ18XU?=":                      "Привет",
		"=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=": "こんにちは",
		"=?gb2312?B?xOO6ww==?=":                      "你好",
		"=?utf-7?Q?+AOk-?=":                          "é",
		"=?utf-8?Q??=":                               "",
		"a =? b":                                     "a =? b",
		"=?utf-8?X?abc?=":                            "=?utf-8?X?abc?=",
		"caf\xe9":                                    "café",
		"caf\xc3\xa9":                                "café",
		"\xf0\xd2\xc9\xd7\xc5\xd4, \xcb\xc1\xcb \xc4\xc5\xcc\xc1?": "Привет, как дела?",
		"nul\x00l":      "null",
		" a  b\t c\r\n": "a  b  c",
	} {
		if got := DecodeWords(in); got != want {
			t.Errorf("DecodeWords(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzAddressList(f *testing.F) {
	for _, s := range []string{"Ann <a@x.example>, b@x.example", "g: a@b, \"c\\\" d\" <e@f>;", "=?utf-8?B?SsO2cmcgPGpAeC5leGFtcGxlPg==?=", "a (b (c) d) <<x@y>", "@a,@b:c@d", "\"a <b@c", "[mailto:a@b]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 16<<10 {
			return
		}
		for _, a := range ParseAddresses(s) {
			if a.Addr != desk.NormalizeEmail(a.Addr) || !utf8.ValidString(a.Name) || strings.ContainsAny(a.Name+a.Addr, "\x00\n\r") {
				t.Fatalf("%q: %q", s, a)
			}
		}
		if d := DecodeWords(s); !utf8.ValidString(d) || strings.ContainsAny(d, "\x00\n\r") {
			t.Fatalf("%q: %q", s, d)
		}
		for k, v := range ParseValue(s).Params {
			if !utf8.ValidString(v) {
				t.Fatalf("%q: %q=%q", s, k, v)
			}
		}
		if n := SafeName(s); strings.ContainsAny(n, "/\\\x00\n\r") || len(n) > maxName+12 {
			t.Fatalf("name %q", n)
		}
	})
}
