package dispatch

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"html"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/netx"
	"github.com/kanalhq/kanal/internal/richtext"
)

// Links says how files go out that do not fit into a message: as links to this installation that expire (EM-39). Without a Base and a Key
// there are none, and such files are refused.
type Links struct {
	Base *url.URL      // the public origin
	Key  []byte        // signs the links
	Keep time.Duration // how long a link works (KANAL_WINDOW_FILE_LINK); 0: 30 days
	// Local allows links to an address that only this machine or network reaches: for tests and the demo.
	Local bool
	// Words is the language and the time zone in which customers are told.
	Words func(ctx context.Context, q db.Queryer) (locale, timezone string, err error)
}

// LinkPath is where links lead, in front of their token.
const LinkPath = "/f/"

func (l Links) keep() time.Duration {
	if l.Keep <= 0 {
		return 30 * 24 * time.Hour
	}
	return l.Keep
}

// unreachable says why nobody outside could follow a link; nil when they can, as far as a name tells.
func (l Links) unreachable() *desk.Error {
	if l.Base == nil || len(l.Key) == 0 {
		return desk.Errorf(desk.TooLarge, "attachments.link_off", "This installation sends no links.")
	}
	if l.Local || outside(l.Base.Hostname()) {
		return nil
	}
	return desk.Errorf(desk.TooLarge, "attachments.link_unreachable",
		"It cannot go as a link either: customers do not reach %s. Start Kanal with --base-url set to its public address, or send smaller files.", l.Base)
}

// outside tells a host that the world can know from one that only this machine or network does.
func outside(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return netx.Public(a.Unmap())
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, private := range []string{".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".localdomain"} {
		if strings.HasSuffix(host, private) {
			return false
		}
	}
	return strings.Contains(host, ".")
}

// reserve is kept of a message's room for its headers, the signature and the list of links.
const reserve = 512 << 10

// room is what a message may carry of files, encoded, beside what was written. Text grows to 1.8 of its length at most.
func room(can channel.Abilities, c Content) int64 {
	return can.MaxEncoded - reserve - int64(len(c.Text)+len(c.HTML))*9/5
}

// encoded is at most what a file takes in a message: lines of 57 bytes become 78, and a part has headers.
func encoded(f desk.Attachment) int64 {
	return (f.Size+56)/57*78 + 512 + 8*int64(len(f.Name))
}

// divide decides which files go as links, so that the others fit into the room: those that would not fit alone, then the largest, of equals the
// last. A picture that the text shows stays unless it would not fit alone; fits is false when these are too much together. The answer holds
// indices in ascending order.
func divide(files []desk.Attachment, room int64) (links []int, fits bool) {
	room = max(room, 0)
	var stay []int
	var sum int64
	for i, f := range files {
		if size := encoded(f); size > room {
			links = append(links, i)
		} else {
			sum += size
			stay = append(stay, i)
		}
	}
	slices.SortStableFunc(stay, func(a, b int) int {
		if d := encoded(files[b]) - encoded(files[a]); d != 0 {
			return int(max(-1, min(1, d)))
		}
		return b - a
	})
	for _, i := range stay {
		if sum <= room {
			break
		}
		if !files[i].Inline {
			links = append(links, i)
			sum -= encoded(files[i])
		}
	}
	slices.Sort(links)
	return links, sum <= room
}

// large marks the files that go as links, once and for all: every try of the send says the same. It refuses what neither fits nor may go as a link.
func (s *Service) large(can channel.Abilities, c Content, files []desk.Attachment) error {
	if can.MaxEncoded <= 0 || len(files) == 0 {
		return nil
	}
	links, fits := divide(files, room(can, c))
	if fits && len(links) == 0 {
		return nil
	}
	if can.LargeFiles != channel.LargeLink {
		return desk.Errorf(desk.TooLarge, "attachments.too_large", "The files do not fit: this channel carries messages of at most %s, and files take a third more on their way. Send fewer or smaller files.",
			megabytes(can.MaxEncoded)).In("attachments")
	}
	if err := s.Links.unreachable(); err != nil {
		name := "A file"
		if len(links) > 0 {
			name = shorten(files[links[0]].Name)
		}
		err.Public = name + " is too large for this channel, which carries messages of at most " + megabytes(can.MaxEncoded) + ". " + err.Public
		return err.In("attachments")
	}
	if !fits {
		return desk.Errorf(desk.TooLarge, "attachments.pictures_too_large", "The pictures in the text are too much for one message, which may have %s. Attach some of them as files instead: those can go as links.",
			megabytes(can.MaxEncoded)).In("attachments")
	}
	until := s.Clock.Ms().Add(s.Windows.Undo + s.Links.keep())
	for _, i := range links {
		files[i].Linked(until)
	}
	return nil
}

// Can is what an account can do, by its settings and by where this installation is: for the composer, before anything is sent.
func (s *Service) Can(acc desk.ChannelAccount) channel.Abilities {
	adapter, ok := s.Registry.Get(acc.Channel)
	if !ok {
		return channel.Abilities{}
	}
	can := channel.Can(adapter, acc.Settings)
	if can.MaxEncoded <= 0 {
		return can
	}
	raw := max(0, room(can, Content{})) / 78 * 57
	if can.LargeFiles == channel.LargeLink && s.Links.unreachable() == nil {
		const day = 24 * time.Hour
		can.LinkAbove, can.LinkDays = raw, int((s.Links.keep()+day-1)/day)
		return can
	}
	can.LargeFiles = channel.LargeRefuse
	for _, limit := range []*int64{&can.MaxAttachment, &can.MaxAttachments} {
		if *limit == 0 || *limit > raw {
			*limit = raw
		}
	}
	return can
}

// renewLinks lets links work long enough when a person sends the message again.
func (s *Service) renewLinks(ctx context.Context, tx *db.Tx, m desk.Message) error {
	now := s.Clock.Ms()
	if !slices.ContainsFunc(m.Attachments, func(a desk.Attachment) bool {
		return a.LinkUntil != 0 && a.LinkUntil < now.Add(s.Links.keep()/2)
	}) {
		return nil
	}
	_, err := s.Threads.ExtendLinks(ctx, tx, m.ID, now.Add(s.Links.keep()))
	return err
}

const (
	linkBytes = 16 // the file's id and the end
	linkMac   = 20
)

// url is the link of a file. Its token is the file's id and the link's end, signed.
func (l Links) url(a desk.Attachment) string {
	b := make([]byte, linkBytes, linkBytes+linkMac)
	binary.BigEndian.PutUint64(b, uint64(a.ID))
	binary.BigEndian.PutUint64(b[8:], uint64(a.LinkUntil))
	return l.Base.String() + LinkPath + base64.RawURLEncoding.EncodeToString(append(b, l.mac(b)...))
}

func (l Links) mac(b []byte) []byte {
	h := hmac.New(sha256.New, l.Key)
	h.Write(b)
	return h.Sum(nil)[:linkMac]
}

// open reads a token. Every wrong one takes the same time.
func (l Links) open(token string) (id desk.AttachmentID, until desk.Time, ok bool) {
	var b [linkBytes + linkMac]byte
	fits := len(token) == base64.RawURLEncoding.EncodedLen(len(b))
	if fits {
		_, err := base64.RawURLEncoding.Strict().Decode(b[:], []byte(token))
		fits = err == nil
	}
	if !hmac.Equal(b[linkBytes:], l.mac(b[:linkBytes])) || !fits || len(l.Key) == 0 {
		return 0, 0, false
	}
	return desk.AttachmentID(binary.BigEndian.Uint64(b[:])), desk.Time(binary.BigEndian.Uint64(b[8:])), true
}

// Linked is the file that a link leads to.
type Linked struct {
	desk.Attachment
	Expired bool
	Sent    desk.Time
	Company string // who sent it
	Ask     string // the address to ask for it again
	Locale  string // of the company
}

// Linked finds what a link leads to. It is NotFound when Kanal has not made the link, and when the message is gone.
func (s *Service) Linked(ctx context.Context, token string) (Linked, error) {
	var out Linked
	missing := desk.Errorf(desk.NotFound, "link.not_found", "There is no file at this address.")
	id, until, ok := s.Links.open(token)
	if !ok {
		return out, missing
	}
	a, _, _, err := s.Threads.Attachment(ctx, s.DB, id)
	if desk.CodeOf(err) == desk.NotFound || err == nil && (a.MessageID == 0 || a.LinkUntil == 0) {
		return out, missing
	}
	if err != nil {
		return out, err
	}
	m, err := s.Threads.Message(ctx, s.DB, a.MessageID)
	if desk.CodeOf(err) == desk.NotFound {
		return out, missing
	}
	if err != nil {
		return out, err
	}
	out.Attachment, out.Sent, out.Expired = a, m.CreatedAt, s.Clock.Ms() > until
	if acc, err := s.Inbox.Account(ctx, s.DB, m.AccountID); err == nil {
		out.Ask = acc.Address
	}
	if s.Company != nil {
		if out.Company, err = s.Company(ctx, s.DB); err != nil {
			return out, err
		}
	}
	out.Locale, _, err = s.Links.words(ctx, s.DB)
	return out, err
}

func (l Links) words(ctx context.Context, q db.Queryer) (locale, timezone string, err error) {
	if l.Words == nil {
		return "en", "UTC", nil
	}
	return l.Words(ctx, q)
}

// linkWords are what customers read about files that go as links.
type linkWords struct {
	head   string
	until  string
	date   string // of day, month and year
	comma  string // of decimals
	months [12]string
}

var linkLanguages = map[string]linkWords{
	"en": {"Files too large for this mail:", "available until %s", "%d %s %d", ".", [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}},
	"da": {"Filer, der er for store til mailen:", "tilgængelig til %s", "%d. %s %d", ",", [12]string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}},
	"de": {"Dateien, die für diese E-Mail zu groß sind:", "verfügbar bis %s", "%d. %s %d", ",", [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}},
	"sv": {"Filer som är för stora för mejlet:", "tillgänglig till %s", "%d %s %d", ",", [12]string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"}},
	"fi": {"Tiedostot, jotka ovat liian suuria tähän viestiin:", "saatavilla %s asti", "%d. %s %d", ",", [12]string{"tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta"}},
}

func wordsOf(locale string) linkWords {
	lang, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	if w, ok := linkLanguages[lang]; ok {
		return w
	}
	return linkLanguages["en"]
}

func (w linkWords) line(a desk.Attachment, zone *time.Location) (size, until string) {
	at := a.LinkUntil.Time().In(zone)
	return strings.Replace(megabytes(a.Size), ".", w.comma, 1), fmt.Sprintf(w.until, fmt.Sprintf(w.date, at.Day(), w.months[at.Month()-1], at.Year()))
}

// addLinks writes the files that go as links under what was written: above the signature, which the channel adds.
func (t *try) addLinks(ctx context.Context, can channel.Abilities) error {
	var files []desk.Attachment
	for _, a := range t.m.Attachments {
		if a.LinkUntil != 0 {
			files = append(files, a)
		}
	}
	if len(files) == 0 {
		return nil
	}
	l := t.s.Links
	if l.Base == nil || len(l.Key) == 0 || t.started > files[0].LinkUntil {
		t.stale = true
		return nil
	}
	locale, timezone, err := l.words(ctx, t.s.DB)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(timezone)
	if err != nil {
		zone = time.UTC
	}
	w := wordsOf(locale)
	var text, rich strings.Builder
	text.WriteString(w.head + "\n")
	rich.WriteString("<p>" + html.EscapeString(w.head) + "</p><ul>")
	for _, a := range files {
		size, until := w.line(a, zone)
		link := l.url(a)
		fmt.Fprintf(&text, "\n%s (%s, %s)\n%s\n", a.Name, size, until, link)
		fmt.Fprintf(&rich, `<li><a href="%s">%s</a> (%s, %s)</li>`, html.EscapeString(link), html.EscapeString(a.Name), html.EscapeString(size), html.EscapeString(until))
		if a.Inline && a.ContentID != "" {
			t.out.HTML = withoutPicture(t.out.HTML, a, link)
		}
	}
	rich.WriteString("</ul>")
	if can.HTML {
		if t.out.HTML == "" {
			t.out.HTML = richtext.FromText(t.out.Text)
		}
		t.out.HTML += `<div class="kanal-files"><br>` + rich.String() + "</div>"
	}
	t.out.Text = strings.TrimLeft(strings.TrimRight(t.out.Text, "\r\n")+"\n\n"+text.String(), "\n")
	return nil
}

// withoutPicture puts a link where the text shows a picture that does not come with it.
func withoutPicture(body string, a desk.Attachment, link string) string {
	img := regexp.MustCompile(`<img\b[^>]*\bcid:` + regexp.QuoteMeta(a.ContentID) + `\b[^>]*>`)
	return img.ReplaceAllLiteralString(body, `<a href="`+html.EscapeString(link)+`">`+html.EscapeString(a.Name)+"</a>")
}
