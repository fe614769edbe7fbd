// Package forward finds out whether a mail was forwarded by hand, and who wrote it first (EM-26). It reads what mail programs
// write over a forwarded mail, in many languages, as HTML or text, and mails attached as a whole. It does no IO. Only channel/email calls it.
//
// What it finds is a claim of the forwarder: it says whose contact a mail is filed under and must never be trusted for authorisation.
// A mail that a mail system redirected (Resent-From, a forwarding rule) keeps its From line and is no forward in this sense.
package forward

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/channel/email/page"
	"github.com/kanalhq/kanal/internal/channel/email/phrase"
)

// Original is what is known of the first sender.
type Original struct {
	Name       string
	Address    string // normalised; "" when unresolved
	Subject    string
	Date       time.Time // zero when unsure
	Confidence string    // certain, likely, unresolved
	Deeper     int       // forwards inside the forwarded mail
}

// The confidences.
const (
	Certain    = "certain"    // a forward by its marks or subject, and an address to file it under
	Likely     = "likely"     // it looks like one; the marks are those of a reply too, or the file is attached without a word
	Unresolved = "unresolved" // a forward that does not say from which address
)

// Attached is a message inside the message.
type Attached struct {
	Name, Address string
	Subject       string
	Date          time.Time
}

// Input is what forwards are looked for in.
type Input struct {
	Subject  string
	Plain    string
	HTML     string     // raw
	Page     *page.Page // HTML already read, or nil
	Attached []Attached
	Reply    bool // the mail answers another by its references
	// Ours are the addresses it reached us at, Recipients all that it names: who sends our own mail back to us is still the one who writes.
	Ours, Recipients []string
	Zone             *time.Location // of the forwarder's clock: where dates without an offset are read
}

// Detect returns the original of a forwarded mail, or nil when the mail is none. Of several forwards inside each other it takes the outermost: the one
// that the sender forwarded.
func Detect(in Input) *Original {
	d := detector{in: in}
	d.fwd, d.re, d.bare = phrase.Prefixes(in.Subject)
	if d.fwd && d.re {
		d.both, d.fwd, d.re = true, !in.Reply, false
	}
	var best *Original
	if strings.TrimSpace(in.Plain) != "" {
		lines := strings.Split(in.Plain, "\n")
		best = d.inline(text{lines: lines, quoted: func(i int) bool { _, depth := phrase.Bare(lines[i]); return depth > 0 }})
	}
	if strings.TrimSpace(in.HTML) != "" && (best == nil || best.Confidence == Unresolved) {
		if p := d.page(); p != nil {
			if o := d.inline(text{lines: p.Texts(), quoted: func(i int) bool { return inBlockquote(p.Lines[i].Node) }, mails: func(i int) []string { return p.Lines[i].Mails }, ruled: p.Ruled}); rank(o) > rank(best) {
				best = o
			}
		}
	}
	if rank(best) < rank(&Original{Confidence: Likely}) {
		if o := d.attached(); rank(o) > rank(best) {
			best = o
		}
	}
	if best != nil && best.Address != "" {
		back := in.Ours
		if best.Confidence == Likely { // a certain forward may name its first sender in Cc
			back = in.Recipients
		}
		for _, r := range back {
			if r == best.Address {
				return nil
			}
		}
	}
	return best
}

// page is the HTML as lines, or nil when it cannot be read.
func (d *detector) page() *page.Page {
	if d.in.Page == nil {
		if p, err := page.Read(d.in.HTML); err == nil {
			d.in.Page = p
		}
	}
	return d.in.Page
}

func rank(o *Original) int {
	if o == nil {
		return 0
	}
	return map[string]int{Unresolved: 1, Likely: 2, Certain: 3}[o.Confidence]
}

func inBlockquote(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.DataAtom == atom.Blockquote {
			return true
		}
	}
	return false
}

// text is a body as lines, of plain text or of HTML.
type text struct {
	lines  []string
	quoted func(i int) bool
	mails  func(i int) []string
	ruled  func(i int) bool // a line is drawn over it
}

type detector struct {
	in      Input
	fwd, re bool   // the first prefix of the subject
	both    bool   // the prefix means a forward in one language and an answer in another
	bare    string // the subject without prefixes
}

// maxComment is how many words may stand before header lines that only look like a forward's.
const maxComment = 80

// maxLines is how far down a body is searched.
const maxLines = 4000

// inline looks for the first thing that begins another message; that decides.
func (d *detector) inline(t text) *Original {
	for i := 0; i < len(t.lines) && i < maxLines; i++ {
		s, _ := phrase.Bare(t.lines[i])
		if s == "" {
			continue
		}
		switch phrase.Separator(t.lines[i]) {
		case phrase.ForwardMark:
			if d.re && (d.in.Reply || t.quoted(i)) {
				return nil
			}
			return d.explicit(t, i)
		case phrase.OriginalMark:
			b, ok := phrase.ReadBlock(t.lines, i+1, true)
			if !ok && !d.fwd {
				return nil
			}
			return d.ambiguous(t, b, i)
		}
		if r, _ := phrase.Label(s); r != phrase.None {
			if b, ok := phrase.ReadBlock(t.lines, i, false); ok && (b.Certain() && believable(b) || d.fwd && b.HasFrom && strings.Contains(b.From, "@")) {
				if !d.fwd && !d.both && !d.claimed(t, b, i) {
					return nil
				}
				return d.ambiguous(t, b, i)
			}
		}
		if n := d.attribution(t, i); n > 0 {
			return d.answered(t, i, n)
		}
		if !d.fwd {
			continue
		}
		if b, ok := phrase.GuessBlock(t.lines, i); ok {
			if o := d.ambiguous(t, b, i); o != nil && o.Address != "" {
				o.Confidence = Likely
				return o
			}
		}
	}
	return nil
}

// believable tells the header of a mail from other lists with the same words, such as a journey from here to there.
func believable(b phrase.Block) bool {
	return strings.Contains(b.From, "@") || b.Subject != "" && (b.To != "" || b.Date != "")
}

// claimed says whether header lines without a forward's subject over them are a forward all the same and not header lines that somebody pasted to
// ask about them: the mail bears their subject, or a rule stands over them, and they are no raw header.
func (d *detector) claimed(t text, b phrase.Block, i int) bool {
	if phrase.RawHeader(t.lines, i) {
		return false
	}
	if _, _, about := phrase.Prefixes(b.Subject); about != "" && strings.EqualFold(about, d.bare) {
		return true
	}
	if t.ruled != nil && t.ruled(i) {
		return true
	}
	for k := i - 1; k >= 0; k-- {
		if s := strings.TrimSpace(t.lines[k]); s != "" {
			return len(s) > 8 && strings.Trim(s, "_-=*\u2500\u2501\u2550") == ""
		}
	}
	return true // nothing stands above
}

// answered judges a quotation with a line before it: that of a reply, unless the subject says that the mail was passed on and it answers nothing of ours.
func (d *detector) answered(t text, i, n int) *Original {
	if !d.fwd || d.in.Reply {
		return nil
	}
	line := strings.Join(t.lines[i:i+n], " ")
	m := bracketed.FindStringSubmatchIndex(line)
	if m == nil {
		return nil
	}
	before, address := line[:m[0]], line[m[2]:m[3]]
	o := &Original{Confidence: Likely, Address: mime.FirstAddress(mime.ParseAddresses(address)).Addr, Date: phrase.ReadDate(before+" "+line[m[1]:], d.in.Zone)}
	if o.Address == "" {
		return nil
	}
	if q := quotedName.FindStringSubmatch(before); q != nil {
		o.Name = strings.TrimSpace(q[1])
	} else {
		o.Name = nameIn(before)
	}
	return o
}

var (
	bracketed  = regexp.MustCompile(`[<\[(]+(?:mailto:)?([^\s<>\[\]()]+@[^\s<>\[\]()]+)[>\])]+`)
	quotedName = regexp.MustCompile(`["«„“‘']\s*([^"«»„“”]+?)\s*["»”“’']\s*$`)
)

// nameIn takes the name off the end of words such as "Uhr schrieb Ann Holm": the capitalised words at the end.
func nameIn(s string) string {
	f := strings.Fields(strings.Trim(s, " ,\"'"))
	k := len(f)
	for k > 0 && !phrase.Verb(f[k-1]) && firstUpper(f[k-1]) && !strings.ContainsAny(f[k-1], "0123456789") {
		k--
	}
	if k < len(f) && (f[k] == "AM" || f[k] == "PM") {
		k++
	}
	return strings.Join(f[min(k, len(f)):], " ")
}

func firstUpper(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return !unicode.IsLower(r)
}

// attribution returns how many lines from i are the line before a quotation of a reply.
func (d *detector) attribution(t text, i int) int {
	n := phrase.Attribution(t.lines[i:min(len(t.lines), i+6)], func(n int) bool {
		for k := i + n; k < len(t.lines); k++ {
			if strings.TrimSpace(t.lines[k]) != "" {
				return t.quoted(k)
			}
		}
		return false
	})
	if n == 0 {
		return 0
	}
	for k := i + n; k < len(t.lines); k++ {
		if strings.TrimSpace(t.lines[k]) != "" {
			if t.quoted(k) || phrase.Strong(strings.Join(t.lines[i:i+n], " ")) {
				return n
			}
			return 0
		}
	}
	return 0
}

// explicit reads what stands under a mark that only forwards have.
func (d *detector) explicit(t text, i int) *Original {
	b, ok := phrase.ReadBlock(t.lines, i+1, true)
	o := &Original{Confidence: Certain}
	if !b.HasFrom {
		for k := i + 1; k < len(t.lines) && k < i+4; k++ {
			if g, found := phrase.GuessBlock(t.lines, k); found {
				b, ok = g, true
				o.Confidence = Likely
				break
			}
		}
	}
	if ok || b.HasFrom {
		d.fill(o, t, b)
	} else {
		b.End = i + 1
	}
	if o.Address == "" {
		d.markLine(o, t, i)
	}
	if o.Address == "" {
		o.Confidence = Unresolved
	}
	o.Deeper = d.deeper(t, b.End)
	return o
}

// namedAddress is a name before an address in brackets.
var namedAddress = regexp.MustCompile(`(?:"([^"<>]*)"|([\pL\pM][^"<>,:;\d]*))?\s*<([^<>\s]+@[^<>\s]+)>`)

// markLine looks for the sender in the mark itself ("Forwarded message from Ann <ann@x.example>") and in the line under it
// ("12.03.2024, 10:15, "Ann" <ann@x.example>:").
func (d *detector) markLine(o *Original, t text, i int) {
	mark, _ := phrase.Bare(t.lines[i])
	longMark := len(strings.Fields(mark)) > 6 // Notes names who forwarded and when, and then the sender among the recipients
	limit := 2
	if longMark {
		limit = 4
	}
	for k, seen := i, 0; k < len(t.lines) && seen < limit; k++ {
		line, _ := phrase.Bare(t.lines[k])
		if line == "" {
			continue
		}
		seen++
		if r, _ := phrase.Label(line); r != phrase.None && k > i {
			return
		}
		if m := namedAddress.FindStringSubmatch(line); m != nil && (k == i || strings.HasSuffix(line, ":") || longMark) {
			name := m[1] + m[2]
			for _, w := range []string{"from ", "von ", "de ", "da ", "van ", "från ", "fra ", "od ", "от "} {
				if j := strings.LastIndex(name, " "+w); j >= 0 {
					name = name[j+1+len(w):]
				}
			}
			o.Address = mime.FirstAddress(mime.ParseAddresses(m[3])).Addr
			if o.Name == "" {
				o.Name = strings.TrimSpace(name)
			}
			if o.Date.IsZero() {
				o.Date = phrase.ReadDate(strings.Replace(line, m[0], " ", 1), d.in.Zone)
			}
			return
		}
	}
}

// ambiguous reads header lines that stand over replies and over forwards: the subject and the references tell which it is.
func (d *detector) ambiguous(t text, b phrase.Block, i int) *Original {
	if d.both {
		d.fwd = !d.in.Reply
		switch {
		case b.Language("da", "nb"):
			d.fwd = true
		case b.Language("fi", "et"):
			return nil
		}
	}
	if !d.fwd && (d.re || d.in.Reply) {
		return nil
	}
	o := &Original{Confidence: Certain}
	d.fill(o, t, b)
	if !d.fwd {
		if d.wordsBefore(t, i) > maxComment {
			return nil // somebody writes at length and leaves old mail below
		}
		o.Confidence = Likely
	}
	if o.Address == "" && !b.HasFrom && d.fwd {
		d.markLine(o, t, i)
	}
	if o.Address == "" {
		if !d.fwd {
			return nil
		}
		o.Confidence = Unresolved
	}
	o.Deeper = d.deeper(t, b.End)
	return o
}

func (d *detector) wordsBefore(t text, i int) int {
	n := 0
	for _, l := range t.lines[:i] {
		n += len(strings.Fields(l))
	}
	return n
}

func (d *detector) fill(o *Original, t text, b phrase.Block) {
	v := phrase.Principal(b.From)
	a := mime.FirstAddress(mime.ParseAddresses(v))
	o.Name, o.Address = strings.Trim(a.Name, "*_ "), a.Addr
	if o.Address == "" && t.mails != nil && b.FromLine >= 0 {
		for _, m := range t.mails(b.FromLine) {
			if x := mime.FirstAddress(mime.ParseAddresses(m)); x.Addr != "" {
				o.Address = x.Addr
				break
			}
		}
	}
	if o.Address == "" && b.HasFrom {
		if x := mime.FirstAddress(mime.ParseAddresses(b.ReplyTo)); x.Addr != "" {
			o.Address, o.Confidence = x.Addr, Likely
		}
	}
	if o.Name == "" && o.Address == "" && b.HasFrom {
		o.Name = strings.TrimSpace(strings.Trim(v, `"'<>[]`))
	}
	o.Subject = strings.TrimSpace(b.Subject)
	o.Date = phrase.ReadDate(b.Date, d.in.Zone)
}

// deeper counts the forwards below the first.
func (d *detector) deeper(t text, from int) int {
	n := 0
	for i := from; i < len(t.lines) && i < maxLines; i++ {
		switch phrase.Separator(t.lines[i]) {
		case phrase.ForwardMark:
			n++
		}
	}
	return n
}

// attached judges messages that came as files: with a forward's subject, or with few words, they are what the mail is about.
func (d *detector) attached() *Original {
	if len(d.in.Attached) == 0 {
		return nil
	}
	words := len(strings.Fields(d.in.Plain))
	if words == 0 && d.in.HTML != "" {
		if p := d.page(); p != nil {
			words = len(strings.Fields(strings.Join(p.Texts(), " ")))
		}
	}
	first := d.in.Attached[0]
	_, _, same := phrase.Prefixes(first.Subject)
	sameSubject := same != "" && same == d.bare
	switch {
	case d.fwd || words == 0 || sameSubject && !d.re:
	case words <= 60 && !d.in.Reply && !d.re:
	default:
		return nil
	}
	o := &Original{Name: first.Name, Address: first.Address, Subject: first.Subject, Date: first.Date, Confidence: Certain}
	if !d.fwd && words > 0 && !sameSubject {
		o.Confidence = Likely
	}
	for _, a := range d.in.Attached[1:] {
		if a.Address != first.Address { // several people's mails: nobody in particular
			return &Original{Confidence: Unresolved}
		}
	}
	if o.Address == "" {
		o.Confidence = Unresolved
	}
	return o
}
