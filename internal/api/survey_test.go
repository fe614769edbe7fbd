package api_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

var rateLink = regexp.MustCompile(`http://desk\.example(/rate/[A-Za-z0-9_-]+)\?s=3`)

// WS-25: from the closing to the answer, by mail and in a browser that runs no script.
func TestACustomerSaysHowItWent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, out, ann, _, ticket, thread := linked(t, d, "")
		sofie := s.as(s.user("Sofie", desk.RoleAgent))
		sofie.do("PUT", "/api/settings/survey", map[string]any{"on": true, "delay_minutes": 0, "every_days": 0, "inboxes": []string{}}).want(403)
		ann.do("PUT", "/api/settings/survey", map[string]any{"on": true, "delay_minutes": 50000, "every_days": 0, "inboxes": []string{}}).want(422, "delay_minutes")
		ann.do("PUT", "/api/settings/survey", map[string]any{"on": true, "delay_minutes": 0, "every_days": 0, "inboxes": []string{}}).want(200, `"on":true`)
		ann.do("GET", "/api/audit", nil).want(200, `"survey"`, `"delay_minutes":0`)
		s.Clock.Advance(time.Minute)
		ann.do("POST", "/api/threads/"+thread+"/messages", map[string]any{"type": "reply", "text": "Fertig.", "set_status": "closed"}).want(201)
		s.Clock.Advance(time.Minute)
		if err := s.Surveys.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		letters, err := out.Wait(ctx, "mira@customer.example", 2)
		if err != nil {
			t.Fatal(err)
		}
		var path string
		for _, l := range letters {
			if m := rateLink.FindStringSubmatch(l.HTML + l.Text); m != nil {
				path = m[1]
				if !strings.Contains(string(l.Raw), "Auto-Submitted: auto-") {
					t.Error("the question does not say that a machine sent it")
				}
			}
		}
		if path == "" {
			t.Fatal("nobody was asked")
		}
		theQuestionIsAnswered(t, s, path)
		ann.do("GET", "/api/surveys?ticket_id="+ticket, nil).want(200, `"score":1`, "Zu langsam", "!script")
		ann.do("GET", "/api/surveys/summary", nil).want(200, `"asked":1`, `"dissatisfied":1`)
		ann.do("GET", "/api/tickets/"+ticket+"/timeline", nil).want(200, "ticket.rated", "Zu langsam")
		ann.do("GET", "/api/tickets/"+ticket, nil).want(200, `"open":false`)
		sofie.do("GET", "/api/surveys", nil).want(200, "Zu langsam")
		secret := s.Inbox("secret", desk.Access{Users: []desk.UserID{1}})
		s.Write(func(ctx context.Context, tx *db.Tx) error { // what went where one does not see it is told no more
			id, err := desk.ParseID[desk.TicketID](ticket)
			if err == nil {
				_, err = s.Tickets.SetInbox(ctx, tx, desk.System, id, secret.ID)
			}
			return err
		})
		sofie.do("GET", "/api/surveys", nil).want(200, "!Zu langsam")
		sofie.do("GET", "/api/surveys/summary", nil).want(200, `"asked":0`)
		s.nobody().do("GET", "/rate/"+strings.Repeat("A", 43), nil).want(404, "<h1>")
		s.Clock.Advance(40 * 24 * time.Hour)
		s.nobody().do("GET", path, nil).want(410, "abgeschlossen")
	})
}

// theQuestionIsAnswered: a link alone keeps nothing, because programs that look at mail follow links; the button does, once and again.
func theQuestionIsAnswered(t *testing.T, s *site, path string) {
	t.Helper()
	page := s.nobody().do("GET", path+"?s=3", nil).want(200, "Wie zufrieden", `value="3" required checked`, "!<script")
	if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self'") {
		t.Errorf("policy %q", csp)
	}
	if n := len(s.EventsOf(desk.EvTicketRated)); n != 0 {
		t.Fatalf("a followed link was taken for an answer")
	}
	form := s.nobody().with("Content-Type", "application/x-www-form-urlencoded").with("Origin", "http://desk.example")
	form.do("POST", path, "comment=ohne+Wahl").want(422, "drei Antworten", "ohne Wahl")
	form.with("Origin", "https://evil.example").with("Sec-Fetch-Site", "cross-site").do("POST", path, "score=3").want(403)
	form.do("POST", path, "score=3").want(200, "Vielen Dank")
	form.do("POST", path, "score=1&comment=Zu+langsam").want(200, "Vielen Dank")
}
