package demo

import (
	"bytes"
	"math/rand/v2"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"
)

func TestStoriesAreWhole(t *testing.T) {
	stories, err := readStories()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	hole := regexp.MustCompile(`\{[a-z]+\}`)
	total, languages := 0, map[string]int{}
	for _, s := range stories {
		total += s.Times
		languages[s.Lang] += s.Times
		told := s.tell(r, total)
		if _, err := mail.ParseAddress(told.customer.String()); err != nil || strings.ContainsFunc(told.customer.Address, func(r rune) bool { return r > 127 }) {
			t.Errorf("%s: customer %v, %v", s.Subject, told.customer, err)
		}
		if len(s.Turns) == 0 || s.Turns[0].C == "" {
			t.Errorf("%s does not begin with the customer", s.Subject)
		}
		text := s.Subject
		for _, turn := range s.Turns {
			text += turn.C + turn.A + turn.N
		}
		if left := hole.FindString(told.fill(text, "Ann")); left != "" {
			t.Errorf("%s: %s is never filled", s.Subject, left)
		}
		if answered := strings.Contains(text, "{agent}") || len(s.Turns) > 1; s.End == "new" && answered && len(s.Turns) > 1 {
			t.Errorf("%s is answered and ends as new", s.Subject)
		}
	}
	if total < 110 || total > 130 {
		t.Errorf("%d tickets", total)
	}
	for _, l := range []string{"en", "da", "de", "sv", "fi", "fr"} {
		if languages[l] < 3 {
			t.Errorf("%d stories in %s", languages[l], l)
		}
	}
}

func TestALetterIsReadAsItWasWritten(t *testing.T) {
	l := Letter{
		From: mail.Address{Name: "Søren Kjær", Address: "soeren@customers.example"}, To: []mail.Address{{Name: "Nordlys", Address: "support@nordlys.example"}}, Subject: "Försenad leverans – ordre 12",
		Text: "Hej\n\nÆØÅ äö ß\n", HTML: "<p>Hej</p>", Date: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), MessageID: "one@customers.example", InReplyTo: "zero@nordlys.example",
		Files: []File{attachment("däck.jpg"), attachment("invoice.pdf")},
	}
	env, err := enmime.ReadEnvelope(bytes.NewReader(l.Bytes()))
	if err != nil || len(env.Errors) > 0 {
		t.Fatal(err, env.Errors)
	}
	if env.GetHeader("Subject") != l.Subject || !strings.Contains(env.GetHeader("From"), "Søren Kjær") || strings.ReplaceAll(env.Text, "\r\n", "\n") != l.Text || env.HTML != l.HTML {
		t.Errorf("read as %q from %q: %q, %q", env.GetHeader("Subject"), env.GetHeader("From"), env.Text, env.HTML)
	}
	if len(env.Attachments) != 2 || env.Attachments[0].FileName != "däck.jpg" || !bytes.Equal(env.Attachments[1].Content, l.Files[1].Data) {
		t.Errorf("attachments %+v", env.Attachments)
	}
}

func TestAgentsWorkByDay(t *testing.T) {
	f := &filler{rand: rand.New(rand.NewPCG(1, 2))}
	for h := range 24 * 14 {
		at := f.atWork(time.Date(2026, 11, 2, 0, 30, 0, 0, time.UTC).Add(time.Duration(h) * time.Hour))
		if at.Hour() < 8 || at.Hour() >= 18 || at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
			t.Errorf("somebody works at %s", at)
		}
	}
}
