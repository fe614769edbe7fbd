package find

import (
	"math/big"
	"regexp"
	"strings"
	"time"
)

// preset is a kind of national number, with its own check.
type preset struct {
	name  string
	expr  *regexp.Regexp
	valid func(string) bool
	grows bool // its length is not fixed, so that it may take what follows
}

var presets = []preset{
	{"dk_cpr", regexp.MustCompile(`\d{6}[-\x{2010}\x{2011}\x{2013} ]?\d{4}`), cpr, false},
	{"se_personnummer", regexp.MustCompile(`(?:\d{2})?\d{6}[-+\x{2011}\x{2013}]?\d{4}`), personnummer, false},
	{"fi_hetu", regexp.MustCompile(`(?i)\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Y]`), hetu, false},
	{"de_tax_id", regexp.MustCompile(`\d{2} ?\d{3} ?\d{3} ?\d{3}`), taxID, false},
	{"iban", regexp.MustCompile(`(?i)[A-Z]{2}\d{2}(?:[ \x{00a0}]?[A-Z0-9]{4}){2,7}(?:[ \x{00a0}]?[A-Z0-9]{1,4})?`), iban, true},
}

// Presets are the names of the kinds that may be chosen, beside cards.
func Presets() (out []string) {
	for _, p := range presets {
		out = append(out, p.name)
	}
	return out
}

func digits(s string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, s)
}

func date(layout, s string) bool { _, err := time.Parse(layout, s); return err == nil }

// cpr: a date and four digits. Written together, as order numbers are, the check digit of the years before 2007 must be right too.
func cpr(s string) bool {
	d := digits(s)
	if !date("020106", d[:6]) {
		return false
	}
	if len(d) != len(s) {
		return true
	}
	sum := 0
	for i, w := range []int{4, 3, 2, 7, 6, 5, 4, 3, 2, 1} {
		sum += w * int(d[i]-'0')
	}
	return sum%11 == 0
}

func personnummer(s string) bool {
	d := digits(s)
	short := d[len(d)-10:]
	day := (short[4]-'0')*10 + short[5] - '0'
	if day > 60 { // a coordination number
		day -= 60
	}
	return date("060102", short[:4]+string([]byte{'0' + day/10, '0' + day%10})) && luhn(short)
}

func hetu(s string) bool {
	d := digits(s[:6]) + digits(s[7:10])
	n := 0
	for _, c := range d {
		n = n*10 + int(c-'0')
	}
	return date("020106", s[:6]) && strings.ToUpper(s[10:]) == string("0123456789ABCDEFHJKLMNPRSTUVWXY"[n%31])
}

// taxID: eleven digits, one of them twice or three times, with the check digit of ISO 7064.
func taxID(s string) bool {
	d := digits(s)
	if len(d) != 11 || d[0] == '0' {
		return false
	}
	p := 10
	seen := map[byte]int{}
	for i := range 10 {
		seen[d[i]]++
		if p = (int(d[i]-'0') + p) % 10; p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	most := 0
	for _, n := range seen {
		most = max(most, n)
	}
	return most >= 2 && most <= 3 && (11-p)%10 == int(d[10]-'0')
}

// iban: the whole number leaves one when it is divided by 97.
func iban(s string) bool {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "\u00a0", "").Replace(s))
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	var b strings.Builder
	for _, c := range s[4:] + s[:4] {
		switch {
		case c >= '0' && c <= '9':
			b.WriteRune(c)
		default:
			n := int(c-'A') + 10
			b.WriteByte(byte('0' + n/10))
			b.WriteByte(byte('0' + n%10))
		}
	}
	n, ok := new(big.Int).SetString(b.String(), 10)
	return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}
