package dispatch

import (
	"context"
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
)

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
