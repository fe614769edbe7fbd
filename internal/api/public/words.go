package public

import (
	"strconv"
	"strings"
)

// language is what the pages say in one language: a title and a sentence each.
type language struct {
	missing, missingText string
	expired, ask         string // ask has who sent the file, and the address to write to
	wait, waitText       string
	later, laterText     string
}

var languages = map[string]language{
	"en": {
		"File not found", "There is no file at this address. Check that the link is complete, as it stands in the mail.",
		"This link has expired", "The file is no longer available here. Ask %s to send it again: answer the mail it came with, or write to %s.",
		"One moment", "There were too many requests from your network. Try again in a few seconds.",
		"Not available right now", "The file cannot be fetched at the moment. Try again in a few minutes.",
	},
	"da": {
		"Filen findes ikke", "Der er ingen fil på denne adresse. Kontrollér, at linket er komplet, som det står i mailen.",
		"Linket er udløbet", "Filen er ikke længere tilgængelig her. Bed %s om at sende den igen: svar på den mail, den kom med, eller skriv til %s.",
		"Et øjeblik", "Der kom for mange forespørgsler fra dit netværk. Prøv igen om nogle sekunder.",
		"Ikke tilgængelig lige nu", "Filen kan ikke hentes i øjeblikket. Prøv igen om nogle minutter.",
	},
	"de": {
		"Datei nicht gefunden", "Unter dieser Adresse gibt es keine Datei. Prüfen Sie, ob der Link vollständig ist, so wie er in der E-Mail steht.",
		"Dieser Link ist abgelaufen", "Die Datei ist hier nicht mehr verfügbar. Bitten Sie %s, sie noch einmal zu senden: Antworten Sie auf die E-Mail, mit der sie kam, oder schreiben Sie an %s.",
		"Einen Moment", "Aus Ihrem Netz kamen zu viele Anfragen. Versuchen Sie es in einigen Sekunden noch einmal.",
		"Im Moment nicht verfügbar", "Die Datei kann gerade nicht abgerufen werden. Versuchen Sie es in einigen Minuten noch einmal.",
	},
	"sv": {
		"Filen hittades inte", "Det finns ingen fil på den här adressen. Kontrollera att länken är fullständig, så som den står i mejlet.",
		"Länken har gått ut", "Filen finns inte längre kvar här. Be %s att skicka den igen: svara på mejlet som den kom med, eller skriv till %s.",
		"Ett ögonblick", "Det kom för många förfrågningar från ditt nätverk. Försök igen om några sekunder.",
		"Inte tillgänglig just nu", "Filen kan inte hämtas för tillfället. Försök igen om några minuter.",
	},
	"fi": {
		"Tiedostoa ei löydy", "Tässä osoitteessa ei ole tiedostoa. Tarkista, että linkki on kokonainen, niin kuin se on sähköpostiviestissä.",
		"Linkki on vanhentunut", "Tiedosto ei ole enää saatavilla täältä. Pyydä lähettäjää (%s) lähettämään se uudelleen: vastaa viestiin, jonka mukana se tuli, tai kirjoita osoitteeseen %s.",
		"Hetkinen", "Verkostasi tuli liian monta pyyntöä. Yritä uudelleen muutaman sekunnin kuluttua.",
		"Ei saatavilla juuri nyt", "Tiedostoa ei voi hakea tällä hetkellä. Yritä uudelleen muutaman minuutin kuluttua.",
	},
}

func missing(l language) (title, text string) { return l.missing, l.missingText }
func wait(l language) (title, text string)    { return l.wait, l.waitText }
func later(l language) (title, text string)   { return l.later, l.laterText }

// choose picks the language that the reader wants most of those there are (RFC 9110 12.5.4), else the company's, else English.
func choose(accept, company string) (string, language) {
	best, weight := "", 0.0
	for i, part := range strings.Split(accept, ",") {
		if i == 20 {
			break
		}
		tag, params, _ := strings.Cut(part, ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(v, 64); err != nil {
				continue
			}
		}
		if l := base(tag); q > weight && languages[l].missing != "" {
			best, weight = l, q
		}
	}
	for _, l := range []string{best, base(company), "en"} {
		if w, ok := languages[l]; ok {
			return l, w
		}
	}
	return "en", languages["en"]
}

func base(tag string) string {
	l, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(tag)), "_", "-"), "-")
	return l
}
