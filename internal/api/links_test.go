package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blobgc"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/simulate"
)

var fileLink = regexp.MustCompile(`http://desk\.example(/f/[A-Za-z0-9_-]+)`)

// linked is a site whose mail account takes mails of 1 MB, an agent, and a conversation to answer in.
func linked(t *testing.T, d *db.DB, more string) (s *site, out *simulate.Mail, ann *client, acc desk.ChannelAccount, ticket, thread string) {
	t.Helper()
	s = newSite(t, d)
	out, err := simulate.NewMail(simulate.MailOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	locale, zone, name := "de", "Europe/Berlin", "Acme"
	s.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := s.Settings.SetCompany(ctx, tx, desk.System, setting.CompanyChange{Name: &name, Locale: &locale, Timezone: &zone})
		return err
	})
	acc = s.Account(func(n *inbox.NewAccount) {
		n.Channel = email.Name
		n.Settings = json.RawMessage(`{"kind":"hosted","address":"support@acme.example","from_name":"company","signature_html":"<p>Gruß, {{sender.first_name}}</p>"` + more + `}`)
		n.Secrets = json.RawMessage(`{"relay":"smtp://` + out.Addr() + `?tls=none"}`)
	})
	ann = s.as(s.user("Ann Holm", desk.RoleAdmin))
	s.mail(acc, letter("https://customer.example/p.png"))
	ticket = ann.do("GET", "/api/tickets", nil).str("items.0.id")
	thread = ann.do("GET", "/api/tickets/"+ticket, nil).str("threads.0.id")
	return s, out, ann, acc, ticket, thread
}

func TestALargeFileReachesTheCustomerAsALinkThatEnds(t *testing.T) { // EM-39
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, out, ann, _, ticket, thread := linked(t, d, `,"max_send_mb":1`)
		can := ann.do("GET", "/api/tickets/"+ticket, nil)
		if can.str("threads.0.can.large_files") != "link" || can.get("threads.0.can.link_days") != 30.0 || can.get("threads.0.can.link_above_bytes").(float64) > 400<<10 {
			t.Errorf("the composer is told %v", can.get("threads.0.can"))
		}
		film := bytes.Repeat([]byte("0123456789abcdef"), 50<<10)
		small := ann.do("POST", "/api/attachments?name=note.txt", []byte("a note")).want(201, `"as":"file"`).str("id")
		large := ann.do("POST", "/api/attachments?name=%C3%9Cbersicht+%22neu%22.mp4", film).want(201).str("id")
		sent := ann.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "reply", "text": "Anbei die Dateien.", "attachments": []string{small, large}}).want(201)
		if sent.str("attachments.0.as") != "file" || sent.str("attachments.1.as") != "link" || sent.str("attachments.1.link_until") == "" || sent.get("attachments.0.link_until") != nil {
			t.Errorf("answered %v", sent.get("attachments"))
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		letters, err := out.Wait(ctx, "mira@customer.example", 1)
		if err != nil {
			t.Fatal(err)
		}
		l := letters[0]
		if len(l.Raw) > 1<<20 || len(l.Files) != 1 || string(l.Files["note.txt"]) != "a note" {
			t.Errorf("%d bytes with %d files", len(l.Raw), len(l.Files))
		}
		found := fileLink.FindStringSubmatch(l.Text)
		if found == nil {
			t.Fatalf("no link in %q", l.Text)
		}
		inOrder(t, l.Text, "Anbei die Dateien.", "Dateien, die für diese E-Mail zu groß sind:", `Übersicht "neu".mp4 (800 KB, verfügbar bis `, found[0], "-- ", "Gruß, Ann")
		inOrder(t, l.HTML, "Anbei die Dateien.", `<a href="`+found[0]+`">`, "neu", "(800 KB, verfügbar bis ", "Gruß, Ann")
		theLinkWorks(t, s, found[1], film)
		theLinkIsAllThereIs(t, s, found[1])
		theLinkOutlivesTheCollector(t, s, found[1])
		s.Clock.Advance(31 * 24 * time.Hour)
		theLinkEnds(t, s, found[1])
		s.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM messages WHERE id = $1", sent.str("id"))
			return err
		})
		s.nobody().do("GET", found[1], nil).want(404, "File not found")
	})
}

func inOrder(t *testing.T, text string, words ...string) {
	t.Helper()
	at := 0
	for _, w := range words {
		i := strings.Index(text[at:], w)
		if i < 0 {
			t.Errorf("%q does not stand where it should in %q", w, text)
			return
		}
		at += i + len(w)
	}
}

// theLinkWorks: anybody who has the link gets the file, whole and in parts, to be kept and never shown.
func theLinkWorks(t *testing.T, s *site, path string, want []byte) {
	t.Helper()
	r := s.nobody().do("GET", path, nil).want(200)
	if r.text != string(want) {
		t.Errorf("%d bytes came", len(r.text))
	}
	for k, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Disposition": `attachment; filename="_bersicht _neu_.mp4"; filename*=UTF-8''%C3%9Cbersicht%20%22neu%22.mp4`, "X-Content-Type-Options": "nosniff",
		"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Accept-Ranges": "bytes", "Referrer-Policy": "no-referrer", "Set-Cookie": "",
	} {
		if got := r.header.Get(k); got != want {
			t.Errorf("%s: %s", k, got)
		}
	}
	if p := r.header.Get("Content-Security-Policy"); !strings.HasPrefix(p, "sandbox;") {
		t.Errorf("policy %s", p)
	}
	part := s.nobody().with("Range", "bytes=16-19").do("GET", path, nil).want(206)
	if part.text != "0123" || part.header.Get("Content-Range") != fmt.Sprintf("bytes 16-19/%d", len(want)) {
		t.Errorf("a part: %q, %s", part.text, part.header.Get("Content-Range"))
	}
	s.nobody().with("Range", "bytes=99999999-").do("GET", path, nil).want(416)
	if r := s.nobody().do("HEAD", path, nil).want(200); r.header.Get("Content-Length") != fmt.Sprint(len(want)) {
		t.Errorf("HEAD: %v", r.header)
	}
	// A session changes nothing, not even a wrong one.
	c := s.nobody()
	c.cookie = "nonsense"
	if r := c.do("GET", path, nil).want(200); len(r.cookies) != 0 {
		t.Errorf("cookies: %v", r.cookies)
	}
}

// theLinkIsAllThereIs: every wrong link is answered alike, and nothing is listed.
func theLinkIsAllThereIs(t *testing.T, s *site, path string) {
	t.Helper()
	first := s.nobody().do("GET", "/f/AAAA", nil).want(404, "File not found")
	for _, p := range []string{"/f/", "/f", "/f/index.html", "/f/" + strings.Repeat("A", 48), path[:len(path)-1], path + "A", path[:10] + flip(path[10]) + path[11:], path[:len(path)-2] + flip(path[len(path)-2]) + path[len(path)-1:], path + "/x"} {
		r := s.nobody().do("GET", p, nil)
		if p == "/f" { // the app's, as every other path is
			continue
		}
		if r.status != 404 || r.text != first.text || r.header.Get("Content-Security-Policy") != first.header.Get("Content-Security-Policy") {
			t.Errorf("%s: %d %q", p, r.status, r.text)
		}
	}
	s.nobody().do("POST", path, "{}").want(404)
	s.nobody().with("Accept-Language", "fr, sv;q=0.8, en;q=0.5").do("GET", "/f/AAAA", nil).want(404, "Filen hittades inte", `lang="sv"`)
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// theLinkOutlivesTheCollector: what a link leads to belongs to its message and stays.
func theLinkOutlivesTheCollector(t *testing.T, s *site, path string) {
	t.Helper()
	if _, err := blobgc.New(s.DB, s.Blobs, 0, nil).Collect(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.nobody().do("GET", path, nil).want(200)
}

// theLinkEnds: it says so and whom to ask, in the reader's language, else in the company's.
func theLinkEnds(t *testing.T, s *site, path string) {
	t.Helper()
	for accept, words := range map[string]string{
		"": "Dieser Link ist abgelaufen", "en-GB,en;q=0.9": "This link has expired", "da": "Linket er udløbet", "sv": "Länken har gått ut", "fi": "Linkki on vanhentunut", "fr;q=1, xx": "Dieser Link ist abgelaufen",
		"de;q=0, en;q=0.1": "This link has expired",
	} {
		r := s.nobody().with("Accept-Language", accept).do("GET", path, nil).want(http.StatusGone, words, "Acme", "support@acme.example")
		if r.header.Get("Content-Disposition") != "" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", r.header)
		}
	}
}

func TestAnAccountMayRefuseWhatItsServerDoesNotTake(t *testing.T) { // EM-39
	s, out, ann, acc, ticket, thread := linked(t, dbtest.SQLite(t), `,"max_send_mb":1,"large_files":"refuse"`)
	_ = s
	file := ann.do("POST", "/api/attachments?name=film.mp4", make([]byte, 900<<10)).want(201).str("id")
	reply := map[string]any{"type": "reply", "text": "Here it is.", "attachments": []string{file}}
	if got := ann.do("GET", "/api/tickets/"+ticket, nil); got.str("threads.0.can.large_files") != "refuse" || got.get("threads.0.can.max_attachments_bytes").(float64) > 400<<10 {
		t.Errorf("the composer is told %v", got.get("threads.0.can"))
	}
	ann.do("POST", "/api/threads/"+thread+"/messages", reply).want(413, "attachments.too_large", "1.0 MB")
	// With the setting changed the same file goes, as a part of the mail.
	ann.do("PATCH", "/api/channel-accounts/"+acc.ID.String(), map[string]any{"settings": map[string]any{
		"kind": "hosted", "address": "support@acme.example", "from_name": "company", "max_send_mb": 5, "large_files": "refuse"}}).want(200)
	if got := ann.do("POST", "/api/threads/"+thread+"/messages", reply).want(201); got.str("attachments.0.as") != "file" {
		t.Errorf("%v", got.get("attachments"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	letters, err := out.Wait(ctx, "mira@customer.example", 1)
	if err != nil || len(letters[0].Files["film.mp4"]) != 900<<10 {
		t.Errorf("%v", err)
	}
}

func TestLinksAreFetchedAtABoundedRate(t *testing.T) { // EM-39
	s := newSite(t, dbtest.SQLite(t))
	for range 300 {
		if r := s.nobody().do("GET", "/f/guess", nil); r.status == 429 {
			if r.header.Get("Retry-After") == "" || !strings.Contains(r.text, "too many requests") {
				t.Errorf("%v %s", r.header, r.text)
			}
			return
		}
	}
	t.Error("nobody stops who guesses")
}
