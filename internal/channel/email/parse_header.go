package email

import (
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/channel/email/phrase"
	"github.com/kanalhq/kanal/internal/desk"
)

// maxReadRefs bounds the ids kept of one message; of a longer chain the first and the newest stay.
const maxReadRefs = 100

// readIDs finds the message ids in a header value, without brackets, in order, each once. Ids in angle brackets come first;
// words with an @ count when there are none.
func readIDs(raw string) []string {
	if strings.Contains(raw, "=?") {
		raw = mime.DecodeWords(raw)
	}
	raw = mime.Clean(raw)
	if strings.Contains(raw, "&lt;") { // a program escaped it as HTML
		raw = strings.NewReplacer("&lt;", "<", "&gt;", ">").Replace(raw)
	}
	var out []string
	seen := map[string]bool{}
	add := func(id string) {
		id = strings.Join(strings.Fields(strings.Trim(id, "<> \t\r\n,;\"")), "")
		if id != "" && len(id) <= 998 && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	rest := raw
	for {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		j := strings.IndexAny(rest[i+1:], "<>")
		if j < 0 {
			add(firstWord(rest[i+1:]))
			break
		}
		add(rest[i+1 : i+1+j])
		rest = rest[i+1+j:]
	}
	if len(out) == 0 {
		for _, w := range strings.FieldsFunc(raw, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
			if strings.Contains(w, "@") {
				add(w)
			}
		}
	}
	if len(out) > maxReadRefs {
		out = append(out[:1:1], out[len(out)-maxReadRefs+1:]...)
	}
	return out
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// firstID is the id of the first Message-ID field that has one. An id without an @ is taken too: some programs write such.
func firstID(values []string) string {
	for _, v := range values {
		if ids := readIDs(v); len(ids) > 0 {
			return ids[0]
		}
	}
	for _, v := range values {
		if w := firstWord(strings.Trim(mime.Clean(v), "<> ")); w != "" && len(w) <= 998 {
			return w
		}
	}
	return ""
}

// allIDs reads every field of that name.
func allIDs(values []string) []string { return readIDs(strings.Join(values, " ")) }

// nearest lists what a message answers, nearest first: In-Reply-To, then References from the newest to the oldest.
func nearest(inReplyTo, references []string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	for _, id := range inReplyTo {
		add(id)
	}
	for i := len(references) - 1; i >= 0; i-- {
		add(references[i])
	}
	return out
}

var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 MST",
	"Mon, 2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04 -0700", "Mon, 2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05",
	"2 Jan 2006 15:04:05", "Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006", "2 January 2006 15:04:05 -0700",
	"Monday, 2 January 2006 15:04:05 -0700", "Monday, 2-Jan-06 15:04:05 MST", "Mon, 2-Jan-2006 15:04:05 -0700", "Mon, 2 Jan 2006 15.04.05 -0700",
	"Mon, 2 Jan 2006 3:04:05 PM -0700", "Mon, 2-Jan-2006 15:04:05 MST", "2-Jan-2006 15:04:05 MST", "2-Jan-2006 15:04:05 -0700", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05-0700",
	"2006-01-02T15:04:05", "02.01.2006 15:04:05 -0700", "02.01.2006 15:04:05", "02.01.2006 15:04", "Mon, Jan 2, 2006 15:04:05 -0700", "2 Jan 2006",
}

// namedZones are zones that time.Parse reads as UTC because it does not know them: those of RFC 5322 §4.3 and others that programs write, in hours.
var namedZones = map[string]string{
	"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700", "AKST": "-0900", "AKDT": "-0800", "HST": "-1000",
	"CET": "+0100", "MET": "+0100", "MEZ": "+0100", "CEST": "+0200", "MEST": "+0200", "MESZ": "+0200", "EET": "+0200", "EEST": "+0300", "WET": "+0000", "WEST": "+0100", "BST": "+0100",
	"MSK": "+0300", "TRT": "+0300", "SAST": "+0200", "JST": "+0900", "KST": "+0900", "AEST": "+1000", "AEDT": "+1100", "AWST": "+0800", "NZST": "+1200", "NZDT": "+1300", "BRT": "-0300", "ART": "-0300", "HKT": "+0800", "SGT": "+0800",
}

var (
	dateComment = regexp.MustCompile(`\([^()]*\)`)
	dateSpace   = regexp.MustCompile(`\s*([:,])\s*`)
	oddYear     = regexp.MustCompile(`^(\D*\d{1,2} [A-Za-z]{3,9} )(1\d\d)( )`) // years since 1900
	leapSecond  = regexp.MustCompile(`(:\d\d):60`)
	colonOffset = regexp.MustCompile(`([+-]\d\d):(\d\d)$`)
	zoneWord    = regexp.MustCompile(`\b[A-Z]{3,4}\b`)
)

// plainDate takes comments, blanks in odd places, named zones and other oddities out of a date.
func plainDate(s string) string {
	for n := 0; n < 4 && strings.Contains(s, "("); n++ {
		s = dateComment.ReplaceAllString(s, " ")
	}
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, `"`, "")), " ")
	s = dateSpace.ReplaceAllString(s, "$1")
	s = strings.Replace(s, ",", ", ", 1)
	s = leapSecond.ReplaceAllString(s, "$1:59")
	s = colonOffset.ReplaceAllString(s, "$1$2")
	if m := oddYear.FindStringSubmatch(s); m != nil {
		if y, err := strconv.Atoi(m[2]); err == nil {
			s = oddYear.ReplaceAllString(s, "${1}"+strconv.Itoa(1900+y)+"$3")
		}
	}
	return zoneWord.ReplaceAllStringFunc(s, func(z string) string {
		if off, ok := namedZones[z]; ok {
			return off
		}
		return z
	})
}

// readDate reads a Date field as programs write it; zero when it cannot be read or is absurd.
func readDate(raw string) time.Time {
	if i := strings.LastIndexByte(raw, ' '); i > 0 && i+1 < len(raw) && (raw[i+1] == '+' || raw[i+1] == '-') { // the ordinary form
		if t, err := mail.ParseDate(raw); err == nil {
			return sane(t)
		}
	}
	s := plainDate(mime.DecodeWords(raw))
	if s == "" {
		return time.Time{}
	}
	if t, err := mail.ParseDate(s); err == nil {
		return sane(t)
	}
	s = strings.NewReplacer("GMT+", "+", "GMT-", "-", "UTC+", "+", "UTC-", "-", " UT", " UTC", " ,", ",").Replace(s)
	candidates := []string{s}
	if i := strings.Index(s, ", "); i > 0 && i < 12 { // a weekday that is wrong or in another language
		candidates = append(candidates, s[i+2:])
	}
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		candidates = append(candidates, s[:i]) // an unreadable zone
	}
	for _, c := range candidates {
		if t, err := mail.ParseDate(c); err == nil {
			return sane(t)
		}
		for _, l := range dateLayouts {
			if t, err := time.Parse(l, c); err == nil {
				return sane(t)
			}
		}
	}
	return sane(phrase.ReadDate(s, time.UTC)) // months in another language
}

// zoneOf is the offset of the sender's clock, as the date says it; nil when it does not.
func zoneOf(raw string) *time.Location {
	s := strings.TrimSpace(mime.DecodeWords(raw))
	if i := strings.IndexByte(s, '('); i > 0 {
		s = strings.TrimSpace(s[:i])
	}
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		if t, err := time.Parse("-0700", s[i+1:]); err == nil {
			_, offset := t.Zone()
			return time.FixedZone("", offset)
		}
	}
	return nil
}

func sane(t time.Time) time.Time {
	t = t.UTC()
	if y := t.Year(); y < 1970 || y > 2200 {
		return time.Time{}
	}
	return t
}

// parties reads the address fields of a name as parties.
func parties(h mime.Header, key string) []desk.Party {
	var out []desk.Party
	seen := map[string]bool{}
	for _, v := range h.Values(key) {
		for _, a := range mime.ParseAddresses(v) {
			if a.Addr == "" || seen[a.Addr] {
				continue
			}
			seen[a.Addr] = true
			out = append(out, party(strings.ReplaceAll(key, "-", "_"), a))
		}
	}
	return out
}

func party(fieldName string, a mime.Address) desk.Party {
	p := desk.Party{Field: fieldName, Address: a.Addr, Name: a.Name}
	if a.Addr != "" {
		p.Kind = desk.AddrEmail
	}
	return p
}

// beforeGroup undoes what mail groups do to the From line of senders with a strict DMARC policy: "Mira via Support" <support@…>. Google Groups notes the
// sender in X-Original-From or X-Original-Sender, Mailman in X-MailFrom or by adding the sender to Reply-To or Cc.
func beforeGroup(h mime.Header) mime.Address {
	from := mime.FirstAddress(mime.ParseAddresses(h.Get("from")))
	if from.Addr == "" || !h.Has("list-id") && !h.Has("x-google-group-id") && !h.Has("x-beenthere") {
		return mime.Address{}
	}
	name, via := cutVia(from.Name)
	for _, key := range []string{"x-original-from", "x-original-sender", "x-mailfrom", "reply-to", "cc"} {
		if !via && key != "x-original-from" {
			return mime.Address{}
		}
		for _, a := range mime.ParseAddresses(h.Get(key)) {
			if a.Addr == "" || a.Addr == from.Addr || isListAddress(h, a.Addr) || key == "cc" && !strings.EqualFold(a.Name, name) {
				continue
			}
			if a.Name == "" {
				a.Name = name
			}
			return a
		}
	}
	return mime.Address{}
}

// cutVia takes the group off a name: "'Mira' via Support".
func cutVia(name string) (person string, ok bool) {
	for _, via := range []string{" via ", " über ", " por ", " tramite ", " através de ", " kautta ", " przez ", " prostřednictvím ", " через ", " aracılığıyla "} {
		if i := strings.LastIndex(name, via); i > 0 {
			return strings.Trim(name[:i], "'\" "), true
		}
	}
	return name, false
}

// isListAddress says whether an address is the group's own.
func isListAddress(h mime.Header, addr string) bool {
	for _, key := range []string{"list-post", "x-beenthere", "sender", "to"} {
		if strings.Contains(strings.ToLower(h.Get(key)), addr) {
			return true
		}
	}
	return false
}

// sender decides whose mail it is: From, then Sender, then Reply-To, Return-Path and what the transport said. problem says what was missing.
func sender(h mime.Header, envelopeFrom string) (p desk.Party, problem string) {
	name := ""
	if a := beforeGroup(h); a.Addr != "" {
		return party("from", a), "A mail group put itself into the From line; the sender was taken from the group's note of the original."
	}
	for i, key := range []string{"from", "sender", "reply-to", "x-original-from", "return-path"} {
		for _, v := range h.Values(key) {
			a := mime.FirstAddress(mime.ParseAddresses(v))
			if a.Addr == "" {
				if name == "" && key != "return-path" {
					name = a.Name
				}
				continue
			}
			if a.Name == "" {
				a.Name = name
			}
			p = party("from", a)
			if i > 0 {
				problem = "The From line names no address; the sender was taken from " + key + "."
			}
			return p, problem
		}
	}
	if addr := desk.NormalizeEmail(envelopeFrom); addr != "" {
		return party("from", mime.Address{Name: name, Addr: addr}), "The From line names no address; the sender was taken from the envelope."
	}
	return desk.Party{Field: "from", Name: name}, "The message does not say who sent it."
}
