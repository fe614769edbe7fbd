package consent

import "github.com/kanalhq/kanal/internal/webchat"

// Notice is what a visitor is shown before, or while, they write (CO-04).
type Notice struct {
	Kind     string `json:"kind" enum:"explicit,implicit"`
	Text     string `json:"text"`
	Locale   string `json:"locale"`
	Version  string `json:"version"`
	Declined string `json:"declined"` // what is said to who declines
}

// NoticeOf is a chat account's notice in the first of the languages there is one in; ok is false where nothing is to be agreed to. An account without words
// of its own has ours.
func NoticeOf(p webchat.Privacy, langs ...string) (n Notice, ok bool) {
	if p.Consent != Explicit && p.Consent != Implicit {
		return n, false
	}
	n.Kind = p.Consent
	ours := explicitWords
	if n.Kind == Implicit {
		ours = implicitWords
	}
	if n.Text, n.Locale = p.Text.In(langs...); n.Text == "" {
		n.Text, n.Locale = ours.In(langs...)
	}
	if n.Declined, _ = p.Declined.In(langs...); n.Declined == "" {
		n.Declined, _ = declinedWords.In(langs...)
	}
	n.Version = Version(n.Text)
	return n, true
}

var explicitWords = webchat.Words{
	"en": "To answer you we keep what you write here. Do you agree that we process it for that purpose?",
	"da": "For at kunne svare dig gemmer vi det, du skriver her. Er det i orden, at vi behandler det til det formål?",
	"de": "Um Ihnen zu antworten, speichern wir, was Sie hier schreiben. Stimmen Sie der Verarbeitung zu diesem Zweck zu?",
	"sv": "För att kunna svara dig sparar vi det du skriver här. Samtycker du till att vi behandlar det för det ändamålet?",
	"fi": "Jotta voimme vastata sinulle, säilytämme sen, mitä kirjoitat tähän. Hyväksytkö, että käsittelemme sitä tässä tarkoituksessa?",
}

var implicitWords = webchat.Words{
	"en": "By writing to us you agree that we keep and process what you write in order to answer you.",
	"da": "Når du skriver til os, accepterer du, at vi gemmer og behandler det, du skriver, for at kunne svare dig.",
	"de": "Wenn Sie uns schreiben, sind Sie damit einverstanden, dass wir das Geschriebene speichern und verarbeiten, um Ihnen zu antworten.",
	"sv": "När du skriver till oss samtycker du till att vi sparar och behandlar det du skriver för att kunna svara dig.",
	"fi": "Kirjoittamalla meille hyväksyt, että säilytämme ja käsittelemme kirjoittamasi, jotta voimme vastata sinulle.",
}

var declinedWords = webchat.Words{
	"en": "That is all right. Nothing you wrote was sent, and you can change your mind at any time.",
	"da": "Det er helt i orden. Intet af det, du skrev, er sendt, og du kan altid ombestemme dig.",
	"de": "Das ist in Ordnung. Nichts, was Sie geschrieben haben, wurde gesendet, und Sie können sich jederzeit anders entscheiden.",
	"sv": "Det går bra. Inget av det du skrev har skickats, och du kan ändra dig när du vill.",
	"fi": "Se sopii. Mitään kirjoittamaasi ei lähetetty, ja voit muuttaa mielesi milloin tahansa.",
}
