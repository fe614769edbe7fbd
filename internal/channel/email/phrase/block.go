package phrase

import (
	"strings"
	"unicode"
)

// Block is the header lines that a program writes over a message it quotes or forwards.
type Block struct {
	From, To, Date, Subject string
	ReplyTo                 string // where a program names the sender without an address
	HasFrom                 bool
	Sent                    bool   // the date is called when it was sent, as Outlook does and a raw header does not
	Machine                 bool   // its labels are written small, as in a file of settings and not as mail programs write them
	FromLabel               string // how the From line is called, in lower case: it tells the language
	FromLine                int    // index of the From line
	Roles                   int    // how many different roles were found
	End                     int    // index after the last header line
}

// maxAgain is how many lines may repeat what another has said: with more it is a list and no header.
const maxAgain = 5

// maxBlock is how many lines a header block may span.
const maxBlock = 30

// ReadBlock reads a header block at lines[start]. loose accepts labels without a colon. It returns false when fewer than two
// different header lines stand there.
func ReadBlock(lines []string, start int, loose bool) (Block, bool) {
	r := blockReader{b: Block{End: start, FromLine: -1}, lines: lines, read: Label}
	if loose {
		r.read = LooseLabel
	}
	for i := start; i < len(lines) && i < start+maxBlock; i++ {
		s, _ := Bare(lines[i])
		role, v := r.read(lines[i])
		goOn := false
		switch {
		case strings.Trim(s, "*_- \u200b") == "":
			goOn = r.blank()
		case role == None:
			goOn = r.words(i, s)
		default:
			goOn = r.field(i, s, role, v)
		}
		if !goOn {
			break
		}
	}
	b := r.b
	if b.Roles = r.roles; r.seen[Cc] {
		b.Roles--
	}
	b.HasFrom = r.seen[From]
	return b, b.Roles >= 2
}

// blockReader is a block on its way. Its methods say whether the block may go on.
type blockReader struct {
	b      Block
	lines  []string
	read   func(string) (Role, string)
	seen   [Subject + 1]bool
	roles  int // different ones seen
	again  int // lines that repeat a role
	last   Role
	gap    int // lines of words since the last field
	blanks int // empty lines since the last field
}

func (r *blockReader) blank() bool {
	r.blanks++
	return !(r.blanks > 2 && r.roles > 0 || r.blanks > 4 || r.gap > 0)
}

// words takes a line that is no field: a value under its label, or the rest of one that was wrapped.
func (r *blockReader) words(i int, s string) bool {
	b, bare := &r.b, r.last != None && r.b.empty(r.last)
	if r.roles == 0 || r.blanks > 0 && !(r.blanks == 1 && bare) {
		return false
	}
	if bare && r.gap == 0 { // a table that puts the value under its label
		b.set(r.last, strings.Trim(s, "*_| "), i)
		r.blanks, b.End = 0, i+1
		return true
	}
	r.gap++
	recipients := (r.last == To || r.last == Cc) && (strings.Contains(s, "@") || strings.HasSuffix(s, ";"))
	if r.gap > 4 && !recipients {
		return false
	}
	if r.last == From && (!strings.Contains(b.From, "@") || r.gap == 1 && strings.HasPrefix(s, "<")) {
		b.From += " " + s
	}
	if r.last == Subject && r.gap == 1 && nextLabel(r.lines, i+1, r.read) {
		b.Subject += " " + s
	}
	return true
}

// field takes a header line.
func (r *blockReader) field(i int, s string, role Role, v string) bool {
	b := &r.b
	if r.seen[role] && (role == From || role == Subject) || r.blanks > 1 && r.roles >= 3 {
		return false
	}
	if !r.seen[role] {
		r.roles++
		b.set(role, v, i)
	} else if r.again++; r.again > maxAgain {
		return false
	}
	switch {
	case role == From:
		b.FromLabel = key(s)
		b.Machine = unicode.IsLower(firstRune(strings.TrimLeft(s, "*_ ")))
	case role == Date && r.seen[Date] && !dated(b.Date): // the first was no date but words of the writer
		b.Date = v
	case role == Cc && replyTo[key(s)]:
		b.ReplyTo = v
	}
	if role == Date && b.Date == v {
		b.Sent = !plainDates[key(s)]
	}
	r.seen[role] = true
	r.last, r.gap, r.blanks, b.End = role, 0, 0, i+1
	return true
}

// key is what a header line calls itself, in lower case.
func key(s string) string {
	k, _, _ := strings.Cut(strings.Trim(s, "*_ "), ":")
	return strings.ToLower(strings.Trim(k, "*_"+unseen))
}

// plainDates are the labels that say no more than that it is a date.
var plainDates = map[string]bool{"date": true, "datum": true, "data": true, "fecha": true, "dato": true, "päivämäärä": true, "päiväys": true, "pvm": true, "dátum": true, "дата": true, "tarih": true,
	"ημερομηνία": true, "日付": true, "日時": true, "日期": true, "时间": true, "時間": true, "날짜": true, "tanggal": true, "ngày": true, "วันที่": true, "תאריך": true, "التاريخ": true, "تاريخ": true, "kuupäev": true, "datums": true}

// replyTo are the labels, of those that belong to a header, that name whom to answer.
var replyTo = map[string]bool{"reply-to": true, "reply to": true, "replyto": true, "antwort an": true, "antworten an": true, "répondre à": true, "responder a": true, "rispondi a": true,
	"antwoord aan": true, "responder para": true, "svar til": true, "svara till": true, "vastausosoite": true, "odpowiedz do": true, "odpovědět na": true}

// empty says whether a role's line stood there without a value.
func (b *Block) empty(r Role) bool {
	switch r {
	case From:
		return b.From == ""
	case To:
		return b.To == ""
	case Date:
		return b.Date == ""
	case Subject:
		return b.Subject == ""
	}
	return false
}

func nextLabel(lines []string, i int, read func(string) (Role, string)) bool {
	if i >= len(lines) {
		return false
	}
	r, _ := read(lines[i])
	return r != None
}

func (b *Block) set(r Role, v string, line int) {
	switch r {
	case From:
		b.From, b.FromLine = strings.Trim(v, "*_"), line
	case To:
		b.To = v
	case Date:
		b.Date = v
	case Subject:
		b.Subject = v
	}
}

// Certain says whether a block is one even without a separator over it: who, and two of when, to whom, about what.
func (b Block) Certain() bool { return b.HasFrom && b.Roles >= 3 }

// GuessBlock reads a header block in a language that the table does not have: at least three neighbouring lines of a short label and a value, one of
// them with an address and one with a date. Every program writes the sender before the recipients.
func GuessBlock(lines []string, start int) (Block, bool) {
	b := Block{FromLine: -1, End: start}
	n, dates := 0, 0
	for i := start; i < len(lines) && i < start+8; i++ {
		s, _ := Bare(lines[i])
		k, width := colon(s)
		if k <= 0 || k > 40 || strings.ContainsAny(s[:k], "@/.,!?") || len(strings.Fields(s[:k])) > 4 {
			break
		}
		n++
		value := strings.Trim(s[k+width:], "*_ \t\u00a0")
		switch {
		case strings.Contains(value, "@") && b.FromLine < 0:
			b.From, b.FromLine, b.HasFrom = value, i, true
		case dated(value) && dates == 0:
			dates++
			b.Date = value
		}
		b.End = i + 1
	}
	return b, n >= 3 && b.HasFrom && dates > 0
}

// Language says whether the From line's label belongs to a language, by its code ("da").
func (b Block) Language(codes ...string) bool {
	for _, l := range languages {
		for _, c := range codes {
			if l.code == c {
				for _, f := range l.from {
					if f == b.FromLabel {
						return true
					}
				}
			}
		}
	}
	return false
}
