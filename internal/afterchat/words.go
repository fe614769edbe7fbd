package afterchat

import "strings"

// words are what a visitor reads, in one language.
type words struct {
	Subject, Answered, GoOn, Back, Earlier string // Subject and Answered have the company's name; Answered first who answered
	You, Bot                               string
	Transcript, TranscriptOf, From, Files  string // TranscriptOf has the company's name; From the page
	Joined, Transferred, Ended             string // with a person's name; Ended without
	Them                                   string // who answered, when it is not known
}

var languages = map[string]words{
	"en": {"Your chat with %s", "%s answered you in the chat with %s:", "Answer this mail to go on with the conversation.", "Back to the page", "Earlier in this conversation", "You", "Assistant",
		"Transcript of your chat with %s", "Here is what was said in your chat with %s.", "Begun on %s", "Files", "%s has joined the conversation.", "You are now talking to %s.", "The conversation has ended.", "We"},
	"da": {"Din chat med %s", "%s har svaret dig i chatten med %s:", "Svar på denne mail for at fortsætte samtalen.", "Tilbage til siden", "Tidligere i samtalen", "Du", "Assistent",
		"Udskrift af din chat med %s", "Her er, hvad der blev sagt i din chat med %s.", "Begyndt på %s", "Filer", "%s er kommet med i samtalen.", "Du taler nu med %s.", "Samtalen er afsluttet.", "Vi"},
	"de": {"Ihr Chat mit %s", "%s hat Ihnen im Chat mit %s geantwortet:", "Antworten Sie auf diese E-Mail, um das Gespräch fortzusetzen.", "Zurück zur Seite", "Bisher in diesem Gespräch", "Sie", "Assistent",
		"Mitschrift Ihres Chats mit %s", "Das wurde in Ihrem Chat mit %s gesagt.", "Begonnen auf %s", "Dateien", "%s ist dem Gespräch beigetreten.", "Sie sprechen jetzt mit %s.", "Das Gespräch ist beendet.", "Unser Team"},
	"sv": {"Din chatt med %s", "%s har svarat dig i chatten med %s:", "Svara på det här mejlet för att fortsätta samtalet.", "Tillbaka till sidan", "Tidigare i samtalet", "Du", "Assistent",
		"Utskrift av din chatt med %s", "Det här sades i din chatt med %s.", "Började på %s", "Filer", "%s har anslutit till samtalet.", "Du pratar nu med %s.", "Samtalet är avslutat.", "Vi"},
	"fi": {"Keskustelusi: %s", "%s vastasi sinulle keskustelussa (%s):", "Jatka keskustelua vastaamalla tähän viestiin.", "Takaisin sivulle", "Aiemmin keskustelussa", "Sinä", "Avustaja",
		"Keskustelusi kirjattuna: %s", "Tämä sanottiin keskustelussasi (%s).", "Alkoi sivulla %s", "Tiedostot", "%s liittyi keskusteluun.", "Keskustelet nyt henkilön %s kanssa.", "Keskustelu on päättynyt.", "Tiimimme"},
}

func wordsFor(locale string) words {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	if w, ok := languages[base]; ok {
		return w
	}
	return languages["en"]
}
