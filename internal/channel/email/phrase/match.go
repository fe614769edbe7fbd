package phrase

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func w(s string) []string { return strings.Split(s, "|") }

// Role is what a header line tells.
type Role int

// The roles.
const (
	None Role = iota
	From
	To
	Cc // and other lines that belong to a header
	Date
	Subject
)

var (
	labels     = map[string]Role{}
	originals  = map[string]bool{}
	forwards   = map[string]bool{}
	verbs      []string
	fwdPrefix  = map[string]bool{}
	rePrefix   = map[string]bool{}
	months     = map[string]int{}
	mostWords  = 6
	ambiguous  = map[string]bool{"lis": true, "listopad": true, "listopada": true}
	shortWords = map[string]bool{} // labels too short or too common to count without others
)

func init() {
	put := func(list []string, r Role) {
		for _, l := range list {
			if _, dup := labels[l]; !dup {
				labels[l] = r
			}
		}
	}
	seenVerb := map[string]bool{}
	for _, l := range languages {
		put(l.from, From)
		put(l.to, To)
		put(l.cc, Cc)
		put(l.date, Date)
		put(l.subject, Subject)
		for _, s := range l.original {
			originals[s] = true
		}
		for _, s := range l.forwarded {
			forwards[s] = true
		}
		for _, v := range l.wrote {
			if !seenVerb[v] {
				seenVerb[v] = true
				verbs = append(verbs, v)
			}
		}
		for _, p := range l.fwd {
			fwdPrefix[p] = true
		}
		for _, p := range l.re {
			rePrefix[p] = true
		}
		if l.months != "" {
			for i, group := range strings.Split(l.months, "|") {
				for _, m := range strings.Fields(group) {
					if n, dup := months[m]; dup && n != i+1 {
						ambiguous[m] = true
					}
					months[m] = i + 1
				}
			}
		}
	}
}

// Bare takes quote marks and emphasis off a line: "> *From:* Ann" is "From:* Ann". depth counts the marks.
func Bare(line string) (text string, depth int) {
	s := strings.TrimLeft(line, " \t\u00a0")
	for strings.HasPrefix(s, ">") {
		depth++
		s = strings.TrimLeft(s[1:], " \t\u00a0")
	}
	return strings.TrimRight(s, " \t\u00a0\r"), depth
}

// Label reads a header line in any language: its role and what stands after the colon.
func Label(line string) (Role, string) {
	s, _ := Bare(line)
	s = strings.TrimLeft(s, "*_|•·\u200b\ufeff \t")
	i, width := colon(s)
	if i <= 0 || i > 60 {
		return None, ""
	}
	key := strings.ToLower(strings.Trim(s[:i], "*_| \t\u00a0\u202f\u200b"))
	r, ok := labels[key]
	if !ok {
		r, ok = labels[strings.ReplaceAll(key, " ", "")] // "From", spaced out by tables in ideographic scripts
		if !ok || !wide(key) {
			return None, ""
		}
	}
	return r, strings.Trim(s[i+width:], "*_| \t\u00a0\u202f\u200b")
}

func wide(s string) bool {
	for _, r := range s {
		if r > 0x2e80 {
			return true
		}
	}
	return false
}

// colon finds the first colon, ASCII or full width.
func colon(s string) (at, width int) {
	a, b := strings.IndexByte(s, ':'), strings.Index(s, "：")
	switch {
	case b >= 0 && (a < 0 || b < a):
		return b, len("：")
	case a >= 0:
		return a, 1
	}
	return -1, 0
}

// LooseLabel reads a header line without a colon, as eM Client writes under its separator: From "Ann" <ann@x.example>.
func LooseLabel(line string) (Role, string) {
	if r, v := Label(line); r != None {
		return r, v
	}
	s, _ := Bare(line)
	word, rest, ok := strings.Cut(s, " ")
	if !ok {
		return None, ""
	}
	return labels[strings.ToLower(word)], strings.TrimSpace(rest)
}

// Mark is a line that separates one message from another.
type Mark int

// The marks.
const (
	NoMark       Mark = iota
	OriginalMark      // over a reply or a forward
	ForwardMark       // over a forward alone
)

const dashes = "-_=*~—–#"

// Separator reads a separating line: "-----Original Message-----", "Begin forwarded message:", "----- Forwarded by Ann on 1/2/24 -----".
func Separator(line string) Mark {
	s, _ := Bare(line)
	if s == "" || len(s) > 200 {
		return NoMark
	}
	dashed := len(s) > 2 && strings.ContainsRune(dashes, firstRune(s)) && strings.ContainsRune(dashes, secondRune(s))
	ends := strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：")
	if !dashed && !ends {
		return NoMark
	}
	core := strings.Trim(s, "-_=*~—–#<>[]| \t\u00a0:：.")
	core = strings.ToLower(strings.Join(strings.Fields(core), " "))
	if core == "" {
		return NoMark
	}
	if forwards[core] && (dashed || ends) {
		return ForwardMark
	}
	if originals[core] && (dashed || ends) {
		return OriginalMark
	}
	if !dashed {
		return NoMark
	}
	// "Forwarded by Ann Holm/ACME on 03/12/2024 10:00 AM", "Forwarded message from Ann <ann@x.example> at …"
	if words := strings.Fields(core); len(words) > 2 {
		for n := min(mostWords, len(words)-1); n > 0; n-- {
			head := strings.Join(words[:n], " ")
			if forwards[head] {
				return ForwardMark
			}
			if originals[head] {
				return OriginalMark
			}
		}
	}
	if endsInVerb(core) { // "-----Ann Holm/ACME wrote: -----"
		return OriginalMark
	}
	return NoMark
}

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }

func secondRune(s string) rune {
	_, n := utf8.DecodeRuneInString(s)
	return firstRune(s[n:])
}

// maxWrapped is how many lines an attribution may be wrapped over.
const maxWrapped = 4

// Attribution says how many lines, from the first, are the line before a quotation: "On 12 March 2024, Ann wrote:". 0: it is none.
// quotedNext says whether the line after n lines is quoted; then less evidence is enough.
func Attribution(lines []string, quotedNext func(n int) bool) int {
	if !mayAttribute(lines) {
		return 0
	}
	joined := ""
	for n := 1; n <= maxWrapped && n <= len(lines); n++ {
		s, _ := Bare(lines[n-1])
		if s == "" {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + s)
		if len(joined) > 400 {
			return 0
		}
		if !strings.HasSuffix(joined, ":") && !strings.HasSuffix(joined, "：") {
			if n == 1 && strings.Contains(joined, "@") && dated(joined) && endsInVerb(joined) && quotedNext(n) {
				return n
			}
			continue
		}
		if r, _ := Label(joined); r != None && n == 1 && !strings.Contains(joined, "@") {
			return 0
		}
		if attributes(joined, quotedNext(n)) {
			return n
		}
	}
	return 0
}

// mayAttribute looks quickly whether one of the first lines ends like an attribution.
func mayAttribute(lines []string) bool {
	for n := 0; n < maxWrapped && n < len(lines); n++ {
		l := strings.TrimRight(lines[n], " \t\r\u00a0")
		if strings.HasSuffix(l, ":") || strings.HasSuffix(l, "：") || n == 0 && strings.Contains(l, "@") {
			return true
		}
		if l == "" {
			return false
		}
	}
	return false
}

// attributes weighs one joined line that ends with a colon.
func attributes(s string, quoted bool) bool {
	low := strings.ToLower(s)
	verb := hasVerb(low)
	date := dated(low)
	mail := strings.Contains(low, "@")
	switch {
	case verb && (date || mail):
		return true
	case verb && quoted:
		return len(s) < 160
	case date && mail: // "2024-03-12 10:15 GMT+01:00 Ann Holm <ann@x.example>:"
		return true
	}
	return date && quoted && len(s) < 160
}

func endsInVerb(s string) bool {
	low := strings.ToLower(s)
	for _, v := range verbs {
		if strings.HasSuffix(low, v) {
			return true
		}
	}
	return false
}

func hasVerb(low string) bool {
	for _, v := range verbs {
		i := strings.Index(low, v)
		if i < 0 {
			continue
		}
		if wide(v) {
			return true
		}
		before, _ := utf8.DecodeLastRuneInString(low[:i])
		after, _ := utf8.DecodeRuneInString(low[i+len(v):])
		if !unicode.IsLetter(before) && !unicode.IsLetter(after) {
			return true
		}
	}
	return false
}

// dated says whether a line holds a day: two numbers at least, one of them a year or a time.
func dated(s string) bool {
	numbers, year, clock := 0, false, false
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		j := i
		for j < len(s) && s[j] >= '0' && s[j] <= '9' {
			j++
		}
		numbers++
		if n := s[i:j]; len(n) == 4 && (n[:2] == "19" || n[:2] == "20") {
			year = true
		}
		if j < len(s)-2 && (s[j] == ':' || s[j] == '.') && j-i <= 2 && s[j+1] >= '0' && s[j+1] <= '5' && s[j+2] >= '0' && s[j+2] <= '9' {
			clock = true
		}
		i = j
	}
	return numbers >= 2 && (year || clock)
}

// Prefixes reads the prefixes of a subject: what the first is, and the subject without any. Both are true for a prefix that means the one in one
// language and the other in another: VS is a forward in Danish and an answer in Finnish.
func Prefixes(subject string) (forwarded, answered bool, rest string) {
	s := strings.TrimSpace(subject)
	first := true
	for n := 0; n < 12; n++ {
		s = strings.TrimLeft(s, " \t")
		if strings.HasPrefix(s, "[") && first { // "[External] Fwd: …", "[Fwd: …]"
			if low := strings.ToLower(s); strings.HasPrefix(low, "[fwd:") && strings.HasSuffix(s, "]") {
				s = s[1 : len(s)-1]
			} else if j := strings.IndexByte(s, ']'); j > 0 && j < 40 && isPrefixed(s[j+1:]) {
				s = s[j+1:]
				continue
			}
		}
		key, tail, ok := prefix(s)
		if !ok {
			break
		}
		if first {
			forwarded, answered = fwdPrefix[key], rePrefix[key]
			first = false
		}
		s = tail
	}
	return forwarded, answered, strings.TrimSpace(s)
}

func isPrefixed(s string) bool { _, _, ok := prefix(strings.TrimLeft(s, " ")); return ok }

// prefix reads one "Fwd:", "Re[2]:", "AW (3):".
func prefix(s string) (key, rest string, ok bool) {
	i, width := colon(s)
	if i <= 0 || i > 24 {
		return "", s, false
	}
	key = strings.ToLower(strings.TrimSpace(s[:i]))
	if j := strings.IndexAny(key, "[(^*0123456789"); j > 0 {
		key = strings.TrimSpace(key[:j])
	}
	if !fwdPrefix[key] && !rePrefix[key] {
		return "", s, false
	}
	return key, s[i+width:], true
}

// Strong says whether a line before a quotation is one beyond doubt, so that what follows is quoted even without marks: who wrote,
// with an address or a full date.
func Strong(joined string) bool {
	low := strings.ToLower(joined)
	mail := strings.Contains(low, "@")
	full := fullDate(low)
	return hasVerb(low) && (mail && dated(low) || full) || full && mail
}

// fullDate says whether a line holds a year and a time.
func fullDate(s string) bool {
	year, clock := false, false
	for i := 0; i+4 < len(s); i++ {
		if (s[i:i+2] == "20" || s[i:i+2] == "19") && isDigit(s[i+2]) && isDigit(s[i+3]) && !isDigit(s[i+4]) && (i == 0 || !isDigit(s[i-1])) {
			year = true
		}
		if isDigit(s[i]) && (s[i+1] == ':' || s[i+1] == '.') && s[i+2] >= '0' && s[i+2] <= '5' && isDigit(s[i+3]) && !isDigit(s[i+4]) {
			clock = true
		}
	}
	return year && clock
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
