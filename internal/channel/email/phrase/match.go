package phrase

import (
	"regexp"
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
	s := strings.TrimLeft(line, unseen)
	for strings.HasPrefix(s, ">") {
		depth++
		s = strings.TrimLeft(s[1:], unseen)
	}
	return strings.TrimRight(s, unseen), depth
}

// unseen is what shows nothing at the ends of a line: white space and direction marks.
const unseen = " \t\r\u00a0\u202f\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"

// Label reads a header line in any language: its role and what stands after the colon.
func Label(line string) (Role, string) {
	s, _ := Bare(line)
	s = strings.TrimLeft(s, "*_|•·"+unseen)
	i, width := colon(s)
	if i <= 0 || i > 60 {
		return None, ""
	}
	key := strings.ToLower(strings.Trim(s[:i], "*_|"+unseen))
	r, ok := labels[key]
	if !ok {
		r, ok = labels[strings.ReplaceAll(key, " ", "")] // "From", spaced out by tables in ideographic scripts
		if !ok || !wide(key) {
			return None, ""
		}
	}
	return r, strings.Trim(s[i+width:], "*_|"+unseen)
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

// behalf are the words between who sent a mail and for whom.
var behalf = w("on behalf of|im auftrag von|de la part de|en nombre de|per conto di|namens|em nome de|på vegne af|på vegne av|för|puolesta|w imieniu|jménem|v zastoupení|v mene|от имени|adına|nevében|în numele|代表")

// Principal is who a From line says the mail is from in the end: what stands after "on behalf of", or the whole.
func Principal(v string) string {
	low := strings.ToLower(v)
	if len(low) != len(v) {
		low = v
	}
	for _, b := range behalf {
		if i := strings.Index(low, " "+b+" "); i > 0 && strings.Contains(low[:i], "@") {
			return strings.TrimSpace(v[i+len(b)+2:])
		}
	}
	return v
}

// replyAbove is what programs write over the history of a ticket so that they find it again.
var replyAbove = regexp.MustCompile(`(?i)(?:reply|respond|response|answer|write|type)\b.{0,24}\babove this line|above this line .{0,12}reply|oberhalb dieser (?:zeile|linie)|über dieser (?:zeile|linie)|` +
	`au-dessus de cette ligne|(?:encima|arriba) de esta línea|sopra (?:di )?questa (?:riga|linea)|boven deze (?:regel|lijn)|acima desta linha|over denne linjen?|ovanför den här (?:raden|linjen)|` +
	`tämän (?:rivin|viivan) yläpuolelle|(?:powyżej tej|nad tą) lini|nad (?:tento řádek|tímto řádkem|tuto čáru)`)

// ReplyAbove says whether a line asks to answer above it: what follows is the history of a ticket.
func ReplyAbove(line string) bool {
	s, _ := Bare(line)
	return len(s) > 10 && len(s) < 160 && strings.ContainsRune(dashes, firstRune(s)) && strings.ContainsRune(dashes, secondRune(s)) && replyAbove.MatchString(s)
}

// technical are fields that only a raw header has, not what a program writes over a quotation.
var technical = w("received|return-path|delivered-to|mime-version|content-type|content-transfer-encoding|dkim-signature|authentication-results|received-spf|arc-seal|x-mailer|user-agent|thread-topic|thread-index")

// RawHeader says whether the paragraph around a line is the raw header of a mail, as people paste it to ask about it.
func RawHeader(lines []string, at int) bool {
	for _, step := range []int{-1, 1} {
		for k := at; k >= 0 && k < len(lines) && k-at < 40 && at-k < 40; k += step {
			s, _ := Bare(lines[k])
			if s == "" {
				break
			}
			name := key(s)
			if !strings.Contains(s, ":") {
				continue
			}
			for _, t := range technical {
				if name == t {
					return true
				}
			}
		}
	}
	return false
}

// Verb says whether a word is one of those that stand before or after the name of who wrote.
func Verb(word string) bool { return endsInVerb(word) }

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
	if full := strings.TrimSpace(line); strings.HasPrefix(full, ">>> ") && strings.HasSuffix(full, " >>>") && dated(s) { // GroupWise: ">>> Ann Holm <ann@x.example> 12.03.2024 10:15 >>>"
		return OriginalMark
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
		if r, _ := Label(s); r != None && (n > 1 || !strings.Contains(s, "@")) {
			return 0 // a header line
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
		if attributes(joined, quotedNext(n)) {
			return n
		}
	}
	return 0
}

// mayAttribute looks quickly whether one of the first lines ends like an attribution.
func mayAttribute(lines []string) bool {
	for n := 0; n < maxWrapped && n < len(lines); n++ {
		l := strings.TrimRight(lines[n], unseen)
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
		return endsInPerson(low)
	}
	return date && quoted && len(s) < 160 && !startsWithWords(low)
}

// endsInPerson says whether the last thing before the colon is an address or a time: a line of a log names them in passing.
func endsInPerson(low string) bool {
	low = strings.TrimRight(low, ":： "+unseen)
	last := low[strings.LastIndexAny(low, " \t")+1:]
	return strings.Contains(last, "@") || strings.HasSuffix(low, ">") || last != "" && isDigit(last[len(last)-1]) || strings.HasSuffix(last, ")")
}

// startsWithWords says whether a line begins like a sentence of its writer: three words or more before the first number.
func startsWithWords(low string) bool {
	i := strings.IndexAny(low, "0123456789")
	return i > 0 && len(strings.Fields(low[:i])) > 4
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
		if first && strings.HasPrefix(strings.ToLower(s), "[fwd:") && strings.HasSuffix(s, "]") {
			s = s[1 : len(s)-1]
		}
		if first {
			s = afterTags(s) // "[External] Fwd: …"
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

// afterTags takes words in brackets off a subject when a prefix follows them.
func afterTags(s string) string {
	rest := s
	for n := 0; n < 4 && strings.HasPrefix(rest, "["); n++ {
		j := strings.IndexByte(rest, ']')
		if j < 0 || j >= 40 {
			return s
		}
		rest = strings.TrimLeft(rest[j+1:], " \t")
	}
	if _, _, ok := prefix(rest); ok {
		return rest
	}
	return s
}

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
	key = strings.TrimSuffix(key, ".") // "Redir.:"
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
	full := FullDate(low)
	return hasVerb(low) && (mail && dated(low) || full) || full && mail
}

// FullDate says whether a line holds a year and a time.
func FullDate(s string) bool {
	year, clock := false, false
	s += " "
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
