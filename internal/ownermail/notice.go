package ownermail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
)

const noticeKind = "ownermail.notice"

// notice tells the writer of an answer that it went to nobody, and where their words are.
type notice struct {
	Letter int64  `json:"letter_id"`
	Why    string `json:"why"`
}

// notice is the job of one notice. It may go twice after a crash, which harms nobody.
func (s *Service) notice(ctx context.Context, j *job.Job) error {
	var n notice
	if err := j.Decode(&n); err != nil {
		return err
	}
	ls, err := db.All(ctx, s.DB, scan, "SELECT "+columns+" FROM owner_letters WHERE id = $1", n.Letter)
	if err != nil || len(ls) == 0 {
		return err
	}
	from, out, err := s.wording(ctx, ls[0], n.Why)
	if err != nil {
		if desk.CodeOf(err) == desk.NotFound {
			return nil
		}
		return err
	}
	if from.ID == 0 || !from.Active {
		return nil
	}
	out.Commit = func(context.Context, []string) error { return nil }
	err = s.Board.Use(ctx, from.ID, func(_ desk.ChannelAccount, conn channel.Conn) error {
		_, err := conn.Send(ctx, out)
		return err
	})
	var fault *channel.SendError
	if errors.As(err, &fault) && fault.Fault != channel.Transient || j.Attempt >= tries {
		return nil
	}
	return err
}

// wording names neither the customer nor what they wrote: who is told may not see them any more.
func (s *Service) wording(ctx context.Context, l Letter, why string) (from desk.ChannelAccount, out channel.Outbound, err error) {
	th, err := s.Threads.Get(ctx, s.DB, l.Thread)
	if err != nil {
		return from, out, err
	}
	u, err := s.People.Get(ctx, s.DB, l.User)
	if err != nil {
		return from, out, err
	}
	if from, err = s.sender(ctx, th); err != nil {
		return from, out, err
	}
	company, locale := "", ""
	if s.Locale != nil {
		if company, locale, err = s.Locale(ctx, s.DB); err != nil {
			return from, out, err
		}
	}
	w := refusalsFor(u.Locale, locale)
	link := strings.TrimRight(s.Base.String(), "/") + "/conversation/" + th.ID.String()
	if th.TicketID != 0 {
		t, err := s.Tickets.Get(ctx, s.DB, th.TicketID)
		if err != nil {
			return from, out, err
		}
		link = fmt.Sprintf("%s/ticket/%d", strings.TrimRight(s.Base.String(), "/"), t.Number)
	}
	because := fill(w.because(why), "days", fmt.Sprint(int(s.Life.Hours()/24)))
	out = channel.Outbound{
		From: desk.Party{Kind: desk.AddrEmail, Address: from.Address, Name: cmp.Or(company, from.Name)}, ReplyTo: from.Address, Automatic: true, Sender: channel.Sender{Company: company},
		To: []desk.Party{{Kind: desk.AddrEmail, Address: u.Email, Name: u.Name}}, Subject: w.Subject,
		Text: because + "\n\n" + w.Kept + "\n\n" + link + "\n",
		HTML: "<p>" + html.EscapeString(because) + "</p><p>" + html.EscapeString(w.Kept) + `</p><p><a href="` + html.EscapeString(link) + `">` + html.EscapeString(link) + "</a></p>",
	}
	if ad, ok := s.Registry.Get(from.Channel); ok {
		if named, ok := ad.(channel.Identifier); ok {
			out.RemoteID = named.NewRemoteID(from, "")
		}
	}
	return from, out, nil
}

// refusals are what somebody reads whose answer went to nobody.
type refusals struct {
	Subject, Old, Reach, Empty, Closed, Kept string
}

func (r refusals) because(why string) string {
	return map[string]string{Expired: r.Old, OutOfReach: r.Reach, NoWords: r.Empty, NotSendable: r.Closed}[why]
}

var refused = map[string]refusals{
	"en": {"Your answer was not sent", "Your answer did not go to the customer: the mail that you answered is more than {days} days old.",
		"Your answer did not go to the customer: you may not answer this conversation any more.",
		"Your answer did not go to the customer: nothing stood above the line.", "Your answer did not go to the customer: the conversation takes no answers now.",
		"What you wrote is kept with the conversation, where the team sees it."},
	"da": {"Dit svar blev ikke sendt", "Dit svar gik ikke til kunden: den mail, du svarede på, er mere end {days} dage gammel.",
		"Dit svar gik ikke til kunden: du må ikke længere svare i denne samtale.",
		"Dit svar gik ikke til kunden: der stod intet over linjen.", "Dit svar gik ikke til kunden: der kan ikke svares i samtalen nu.",
		"Det, du skrev, er gemt ved samtalen, hvor teamet kan se det."},
	"de": {"Ihre Antwort wurde nicht gesendet", "Ihre Antwort ging nicht an den Kunden: Die E-Mail, auf die Sie geantwortet haben, ist älter als {days} Tage.",
		"Ihre Antwort ging nicht an den Kunden: Sie dürfen in dieser Unterhaltung nicht mehr antworten.",
		"Ihre Antwort ging nicht an den Kunden: Über der Linie stand nichts.", "Ihre Antwort ging nicht an den Kunden: In der Unterhaltung kann jetzt nicht geantwortet werden.",
		"Was Sie geschrieben haben, ist bei der Unterhaltung aufbewahrt, wo das Team es sieht."},
	"sv": {"Ditt svar skickades inte", "Ditt svar gick inte till kunden: mejlet som du svarade på är mer än {days} dagar gammalt.",
		"Ditt svar gick inte till kunden: du får inte längre svara i den här konversationen.",
		"Ditt svar gick inte till kunden: det stod ingenting ovanför raden.", "Ditt svar gick inte till kunden: det går inte att svara i konversationen nu.",
		"Det du skrev finns kvar vid konversationen, där teamet ser det."},
	"fi": {"Vastaustasi ei lähetetty", "Vastauksesi ei mennyt asiakkaalle: viesti, johon vastasit, on yli {days} päivää vanha.",
		"Vastauksesi ei mennyt asiakkaalle: et saa enää vastata tähän keskusteluun.",
		"Vastauksesi ei mennyt asiakkaalle: rivin yläpuolella ei ollut mitään.", "Vastauksesi ei mennyt asiakkaalle: keskusteluun ei voi nyt vastata.",
		"Kirjoittamasi on tallessa keskustelun yhteydessä, missä tiimi näkee sen."},
}

func refusalsFor(locales ...string) refusals { return inLanguage(refused, locales...) }
