package survey

import "strings"

// Words are what a customer reads, in one language.
type Words struct {
	Subject                          string // has the ticket's subject
	Question                         string // has the ticket's subject
	Satisfied, Neutral, Dissatisfied string
	Title, Comment, Send             string
	Thanks, ThanksText               string
	Over, OverText                   string
	Missing, MissingText             string
	Choose                           string
}

// Languages are the languages that customers are asked in.
var Languages = map[string]Words{
	"en": {"How did we do? %s", "We closed your request “%s”. How satisfied are you with our help?", "Satisfied", "Neutral", "Dissatisfied",
		"How satisfied are you with our help?", "Would you like to add something? (optional)", "Send", "Thank you", "Your answer has been saved. You can change it with the same link.",
		"This question is closed", "The time to answer has passed. If there is something you would like to tell us, answer the mail.",
		"Not found", "There is no question at this address. Check that the link is complete, as it stands in the mail.", "Choose one of the three answers."},
	"da": {"Hvordan klarede vi det? %s", "Vi har lukket din henvendelse “%s”. Hvor tilfreds er du med vores hjælp?", "Tilfreds", "Hverken eller", "Utilfreds",
		"Hvor tilfreds er du med vores hjælp?", "Vil du tilføje noget? (valgfrit)", "Send", "Tak", "Dit svar er gemt. Du kan ændre det med det samme link.",
		"Spørgsmålet er lukket", "Fristen for at svare er udløbet. Vil du fortælle os noget, så svar på mailen.",
		"Ikke fundet", "Der er intet spørgsmål på denne adresse. Kontrollér, at linket er komplet, som det står i mailen.", "Vælg et af de tre svar."},
	"de": {"Wie war unsere Hilfe? %s", "Wir haben Ihre Anfrage „%s“ abgeschlossen. Wie zufrieden sind Sie mit unserer Hilfe?", "Zufrieden", "Neutral", "Unzufrieden",
		"Wie zufrieden sind Sie mit unserer Hilfe?", "Möchten Sie etwas hinzufügen? (freiwillig)", "Senden", "Vielen Dank", "Ihre Antwort ist gespeichert. Mit demselben Link können Sie sie ändern.",
		"Diese Frage ist abgeschlossen", "Die Zeit zum Antworten ist vorbei. Wenn Sie uns etwas sagen möchten, antworten Sie auf die E-Mail.",
		"Nicht gefunden", "Unter dieser Adresse gibt es keine Frage. Prüfen Sie, ob der Link vollständig ist, so wie er in der E-Mail steht.", "Wählen Sie eine der drei Antworten."},
	"sv": {"Hur gick det? %s", "Vi har avslutat ditt ärende ”%s”. Hur nöjd är du med vår hjälp?", "Nöjd", "Varken eller", "Missnöjd",
		"Hur nöjd är du med vår hjälp?", "Vill du tillägga något? (frivilligt)", "Skicka", "Tack", "Ditt svar är sparat. Du kan ändra det med samma länk.",
		"Frågan är stängd", "Tiden för att svara har gått ut. Vill du berätta något för oss, svara på mejlet.",
		"Hittades inte", "Det finns ingen fråga på den här adressen. Kontrollera att länken är fullständig, så som den står i mejlet.", "Välj ett av de tre svaren."},
	"fi": {"Miten onnistuimme? %s", "Olemme sulkeneet pyyntösi ”%s”. Kuinka tyytyväinen olet apuumme?", "Tyytyväinen", "En osaa sanoa", "Tyytymätön",
		"Kuinka tyytyväinen olet apuumme?", "Haluatko lisätä jotain? (valinnainen)", "Lähetä", "Kiitos", "Vastauksesi on tallennettu. Voit muuttaa sitä samalla linkillä.",
		"Kysely on suljettu", "Vastausaika on päättynyt. Jos haluat kertoa meille jotain, vastaa sähköpostiin.",
		"Ei löytynyt", "Tässä osoitteessa ei ole kyselyä. Tarkista, että linkki on kokonainen, niin kuin se on sähköpostiviestissä.", "Valitse yksi kolmesta vastauksesta."},
}

func wordsFor(locale string) Words {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	if w, ok := Languages[base]; ok {
		return w
	}
	return Languages["en"]
}
