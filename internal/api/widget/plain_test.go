package widget_test

import (
	"bytes"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/thread"
)

// press sends the form as a browser without scripts does.
func (r *rig) press(fields map[string]string, file string) (*http.Response, string) {
	r.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range fields {
		_ = m.WriteField(k, v)
	}
	if file != "" {
		w, _ := m.CreateFormFile("files", "photo.png")
		_, _ = io.WriteString(w, file)
	}
	_ = m.Close()
	req, _ := http.NewRequest("POST", r.http.URL+"/widget/plain?locale=da", &b)
	req.Header.Set("Content-Type", m.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res, string(body)
}

func (r *rig) form(language string) (string, map[string]string) {
	r.t.Helper()
	req, _ := http.NewRequest("GET", r.http.URL+"/widget/plain?url=https://www.acme.example/shop", nil)
	req.Header.Set("Accept-Language", language)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != 200 || len(res.Cookies()) != 0 || strings.Contains(string(body), "<script") || strings.Contains(res.Header.Get("Content-Security-Policy"), "script-src") {
		r.t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	hidden := map[string]string{}
	for _, m := range regexp.MustCompile(`type="hidden" name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(string(body), -1) {
		hidden[m[1]] = html.UnescapeString(m[2])
	}
	return string(body), hidden
}

// CH-34: without JavaScript the chat is a form in the visitor's language; what is written takes the same road, with its files, once.
func TestWithoutJavaScriptTheChatIsAForm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, `{"files":{"enabled":true,"max_mb":1}}`)
		for language, title := range map[string]string{"da-DK,da;q=0.9": "Skriv til os", "fi": "Kirjoita meille", "pl": "Write to us"} {
			if page, _ := r.form(language); !strings.Contains(page, title) {
				t.Errorf("%s: %s", language, page)
			}
		}
		_, fields := r.form("da")
		fields["name"], fields["address"], fields["text"] = "Mira <b>Bell", "mira@customer.example", "Is the lamp <script>waterproof?"
		if res, page := r.press(with(fields, "address", "nobody"), ""); res.StatusCode != 422 || !strings.Contains(page, "Angiv en e-mailadresse") || !strings.Contains(page, "Is the lamp &lt;script&gt;waterproof?") || strings.Contains(page, "<script>") {
			t.Errorf("%d %s", res.StatusCode, page)
		}
		if res, page := r.press(with(fields, "text", " "), ""); res.StatusCode != 422 || !strings.Contains(page, "Skriv en besked") {
			t.Errorf("%d %s", res.StatusCode, page)
		}
		if res, page := r.press(fields, strings.Repeat("x", 3<<20)); res.StatusCode != 413 || !strings.Contains(page, "for store") {
			t.Errorf("%d %s", res.StatusCode, page)
		}
		for range 2 { // pressed twice
			res, page := r.press(fields, "\x89PNG\r\n\x1a\n0000")
			if res.StatusCode != 303 || !strings.HasPrefix(res.Header.Get("Location"), "/widget/plain?sent=1") {
				t.Fatalf("%d %s", res.StatusCode, page)
			}
		}
		ids, err := db.All(t.Context(), d, db.Column[desk.ThreadID], "SELECT id FROM threads")
		if err != nil || len(ids) != 1 {
			t.Fatalf("%v %v", ids, err)
		}
		ms, err := r.Threads.Messages(t.Context(), d, ids[0], thread.Page{})
		if err != nil {
			t.Fatal(err)
		}
		var found int
		for _, m := range ms {
			if m.Direction == desk.Incoming {
				found++
				if m.Text != "Is the lamp <script>waterproof?" || len(m.Attachments) != 1 || m.Attachments[0].Name != "photo.png" {
					t.Errorf("%+v", m)
				}
			}
		}
		if found != 1 {
			t.Errorf("%d messages", found)
		}
		var session bool
		var claimed string
		if err := d.QueryRow(t.Context(), "SELECT session_only, claimed_email FROM visitors").Scan(&session, &claimed); err != nil || !session || claimed != "mira@customer.example" {
			t.Errorf("the visitor: %v %s %v", session, claimed, err)
		}
		robot := with(fields, "website", "http://spam.example")
		robot["id"] = "another-form"
		if res, _ := r.press(robot, ""); res.StatusCode != 303 {
			t.Errorf("%d", res.StatusCode)
		}
		if n, _ := db.One(t.Context(), d, db.Column[int], "SELECT COUNT(*) FROM threads"); n != 1 {
			t.Errorf("a robot's form was filed: %d", n)
		}
	})
}

// CO-09: where consent must be explicit, nothing is sent without it, and what was agreed to is kept.
func TestTheFormAsksForConsent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, `{"privacy":{"consent":"explicit","text":{"en":"We keep what you write.","da":"Vi gemmer det, du skriver."}}}`)
		page, fields := r.form("da")
		if !strings.Contains(page, "Vi gemmer det, du skriver.") || !strings.Contains(page, `name="agree"`) {
			t.Error(page)
		}
		fields["address"], fields["text"] = "mira@customer.example", "Hello"
		if res, page := r.press(fields, ""); res.StatusCode != 422 || !strings.Contains(page, "samtykke") {
			t.Errorf("%d %s", res.StatusCode, page)
		}
		if n, _ := db.One(t.Context(), d, db.Column[int], "SELECT COUNT(*) FROM visitors"); n != 0 {
			t.Error("somebody who did not agree was noted")
		}
		if res, page := r.press(with(fields, "agree", "yes"), ""); res.StatusCode != 303 {
			t.Fatalf("%d %s", res.StatusCode, page)
		}
		wording, err := db.One(t.Context(), d, db.Column[string], "SELECT wording FROM consents WHERE action = 'given'")
		if err != nil || wording != "Vi gemmer det, du skriver." {
			t.Errorf("%q %v", wording, err)
		}
	})
}

func with(fields map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	for k, v := range fields {
		if k != name {
			out[k] = v
		}
	}
	return out
}
