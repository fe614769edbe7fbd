package phrase

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// ReadDate reads a date as programs write it over a quoted message, in the languages of the table. zone is where it is read when the text names no
// offset. It returns zero when it is unsure: a day and month that could be exchanged, an unknown month.
func ReadDate(s string, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	d := dateReader{zone: zone, day: -1, hour: -1}
	return d.read(strings.ToLower(s))
}

type dateReader struct {
	zone                   *time.Location
	year, month, day       int
	hour, minute, second   int
	pm, am, offset, unsure bool
	monthFirst             bool // the month came from the first word
}

func (d *dateReader) read(s string) time.Time {
	toks := dateTokens(s)
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		switch {
		case strings.ContainsAny(t, "+-") && len(t) >= 3 && digits(t[1:]) && (t[0] == '+' || t[0] == '-') && d.hour >= 0:
			d.readOffset(t)
		case strings.Contains(t, ":"):
			d.readClock(t)
		case isNumericDate(t):
			d.readNumeric(t)
		case digits(t):
			d.readNumber(t)
		default:
			d.readWord(t, i == 0)
		}
	}
	if d.year == 0 || d.month == 0 || d.day < 1 || d.day > 31 || d.unsure || d.hour < 0 {
		return time.Time{}
	}
	if d.pm && d.hour < 12 {
		d.hour += 12
	}
	if d.am && d.hour == 12 {
		d.hour = 0
	}
	t := time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.second, 0, d.zone)
	if t.Day() != d.day || d.year < 1980 || d.year > 2100 {
		return time.Time{}
	}
	return t.UTC()
}

// isoTime is "2024-03-12t10:15:00+0100", in lower case.
var isoTime = regexp.MustCompile(`(\d{4}-\d{2}-\d{2})t(\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?(z|[+-]\d{2}:?\d{2})?`)

// dateTokens cuts a date into numbers, numeric dates, clock times and words.
func dateTokens(s string) []string {
	s = strings.NewReplacer("年", "-", "月", "-", "日", " ", "년 ", "-", "월 ", "-", "일", " ", "時", ":", "分", " ", "오후", " pm ", "오전", " am ", "下午", " pm ", "上午", " am ", "午後", " pm ", "午前", " am ",
		"p.m.", "pm", "a.m.", "am", "p. m.", "pm", "a. m.", "am", "μ.μ.", " pm ", "π.μ.", " am ", "\u202f", " ", "\u00a0", " ", "gmt+", "+", "gmt-", "-", "utc+", "+", "utc-", "-", "(", " ", ")", " ").Replace(s)
	s = isoTime.ReplaceAllString(s, "$1 $2 $3")
	fields := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' || r == '"' })
	var out []string
	for _, f := range fields {
		f = strings.TrimRight(f, ".")
		if strings.HasSuffix(f, "-") {
			f = strings.TrimRight(f, "-")
		}
		for _, suffix := range []string{"am", "pm"} {
			if n := strings.TrimSuffix(f, suffix); n != f && n != "" && strings.Contains(n, ":") {
				out = append(out, n)
				f = suffix
			}
		}
		if f = ordinal(f); f != "" {
			out = append(out, f)
		}
	}
	if len(out) > 24 {
		out = out[:24]
	}
	return out
}

// ordinal takes the ending off "12th", "1er", "1º".
func ordinal(f string) string {
	n := 0
	for n < len(f) && isDigit(f[n]) {
		n++
	}
	if n == 0 || n > 2 {
		return f
	}
	switch f[n:] {
	case "st", "nd", "rd", "th", "er", "re", "º", "ª", "°", "e":
		return f[:n]
	}
	return f
}

func digits(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			if !(s[i] == ':' && i > 0) {
				return false
			}
		}
	}
	return true
}

func isNumericDate(t string) bool {
	return strings.Count(t, ".") == 2 && digits(strings.ReplaceAll(t, ".", "")) || strings.Count(t, "/") == 2 && digits(strings.ReplaceAll(t, "/", "")) ||
		strings.Count(t, "-") == 2 && digits(strings.ReplaceAll(t, "-", ""))
}

func (d *dateReader) readOffset(t string) {
	v := strings.ReplaceAll(t[1:], ":", "")
	n, err := strconv.Atoi(v)
	if err != nil || len(v) > 4 {
		return
	}
	seconds := n * 3600
	if len(v) > 2 {
		seconds = n/100*3600 + n%100*60
	}
	if t[0] == '-' {
		seconds = -seconds
	}
	if seconds > -15*3600 && seconds < 15*3600 {
		d.zone, d.offset = time.FixedZone("", seconds), true
	}
}

func (d *dateReader) readClock(t string) {
	if d.hour >= 0 {
		return
	}
	if i := strings.IndexAny(t, "+"); i > 0 {
		defer d.readOffset(t[i:])
		t = t[:i]
	}
	f := strings.Split(strings.Trim(t, ":"), ":")
	n := make([]int, 3)
	for i := 0; i < len(f) && i < 3; i++ {
		v, err := strconv.Atoi(strings.TrimFunc(f[i], func(r rune) bool { return !unicode.IsDigit(r) }))
		if err != nil || v > 60 {
			return
		}
		n[i] = v
	}
	if n[0] < 24 {
		d.hour, d.minute, d.second = n[0], n[1], n[2]
	}
}

func (d *dateReader) readNumeric(t string) {
	sep := "."
	if strings.Contains(t, "/") {
		sep = "/"
	} else if strings.Contains(t, "-") {
		sep = "-"
	}
	f := strings.Split(t, sep)
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(f[i])
	}
	if d.month != 0 && d.day > 0 {
		if sep == "." && d.hour < 0 { // "10.15.00", a clock with dots
			d.readClock(strings.ReplaceAll(t, ".", ":"))
		}
		return
	}
	switch {
	case len(f[0]) == 4:
		d.year, d.month, d.day = n[0], n[1], n[2]
	case sep == "." || sep == "-":
		d.year, d.month, d.day = n[2], n[1], n[0]
	case n[0] > 12:
		d.year, d.month, d.day = n[2], n[1], n[0]
	case n[1] > 12:
		d.year, d.month, d.day = n[2], n[0], n[1]
	case n[0] == n[1]:
		d.year, d.month, d.day = n[2], n[0], n[1]
	default:
		d.unsure = true // 03/04/2024
	}
	if d.year > 0 && d.year < 100 {
		d.year += 2000
	}
	if d.month > 12 {
		d.unsure = true
	}
}

// readNumber places a number that stands alone: a year or a day.
func (d *dateReader) readNumber(t string) {
	n, err := strconv.Atoi(t)
	if err != nil {
		return
	}
	switch {
	case len(t) == 4 && n >= 1980 && n <= 2100:
		if d.year == 0 {
			d.year = n
		}
	case n >= 1 && n <= 31 && d.day < 0:
		d.day = n
	case n >= 1 && n <= 12 && d.month == 0 && d.year == 0: // "12. 3. 2024"
		d.month = n
	}
}

func (d *dateReader) readWord(t string, first bool) {
	switch t {
	case "am", "a":
		d.am = t == "am"
		return
	case "pm":
		d.pm = true
		return
	case "thg", "tháng": // weekdays and months are numbers too
		d.unsure = true
		return
	case "utc", "gmt", "z":
		if !d.offset && d.hour >= 0 {
			d.zone, d.offset = time.UTC, true
		}
		return
	}
	if i := strings.IndexByte(t, '.'); i > 0 && digits(strings.ReplaceAll(t, ".", "")) && d.hour < 0 { // "10.15", a clock with a dot
		d.readClock(strings.ReplaceAll(t, ".", ":"))
		return
	}
	if off, ok := zones[t]; ok && d.hour >= 0 && !d.offset {
		d.zone, d.offset = time.FixedZone("", off*3600), true
		return
	}
	if i := strings.IndexByte(t, '-'); i > 0 && strings.Count(t, "-") == 2 { // 12-mar-2024
		for _, f := range strings.Split(t, "-") {
			if digits(f) {
				d.readNumber(f)
			} else {
				d.readWord(f, false)
			}
		}
		return
	}
	word := strings.Trim(t, ".'’")
	for _, p := range []string{"d'", "d’"} {
		word = strings.TrimPrefix(word, p)
	}
	m := months[word]
	if m == 0 {
		return
	}
	if d.month == 0 || d.monthFirst { // "mar. 2 avril": the first word was a weekday
		d.month, d.monthFirst = m, first
		d.unsure = d.unsure || ambiguous[word]
	}
}

var zones = map[string]int{"cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3, "wet": 0, "west": 1, "bst": 1, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
	"pst": -8, "pdt": -7, "msk": 3, "мск": 3, "jst": 9, "kst": 9}
