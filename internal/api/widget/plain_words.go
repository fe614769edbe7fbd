package widget

import "strings"

// plainWords are those of the page without JavaScript.
type plainWords struct {
	Title, Lead, Name, Email, Text, Files, UpTo, Send, Thanks, Closed string
	NeedEmail, NeedText, NeedConsent, TooLong, TooLarge, Failed       string
}

var plainLanguages = map[string]plainWords{
	"en": {"Write to us", "We answer by email.", "Your name", "Your email address", "Your message", "Files", "together up to", "Send",
		"Thank you. Your message has arrived; we answer by email.", "There is no way to write to us here at the moment.",
		"Please give an email address that we can answer to.", "Please write a message.", "Please agree first: without that nothing is sent.", "The message is too long.", "The files are too large.",
		"That did not work. Please try again in a moment."},
	"da": {"Skriv til os", "Vi svarer på e-mail.", "Dit navn", "Din e-mailadresse", "Din besked", "Filer", "tilsammen op til", "Send",
		"Tak. Din besked er kommet frem; vi svarer på e-mail.", "Det er ikke muligt at skrive til os her lige nu.",
		"Angiv en e-mailadresse, som vi kan svare til.", "Skriv en besked.", "Giv først dit samtykke: uden det sendes intet.", "Beskeden er for lang.", "Filerne er for store.",
		"Det lykkedes ikke. Prøv igen om et øjeblik."},
	"de": {"Schreiben Sie uns", "Wir antworten per E-Mail.", "Ihr Name", "Ihre E-Mail-Adresse", "Ihre Nachricht", "Dateien", "zusammen bis zu", "Senden",
		"Vielen Dank. Ihre Nachricht ist angekommen; wir antworten per E-Mail.", "Hier können Sie uns im Moment nicht schreiben.",
		"Bitte geben Sie eine E-Mail-Adresse an, an die wir antworten können.", "Bitte schreiben Sie eine Nachricht.", "Bitte stimmen Sie zuerst zu: Ohne Zustimmung wird nichts gesendet.", "Die Nachricht ist zu lang.", "Die Dateien sind zu groß.",
		"Das hat nicht geklappt. Bitte versuchen Sie es gleich noch einmal."},
	"sv": {"Skriv till oss", "Vi svarar via e-post.", "Ditt namn", "Din e-postadress", "Ditt meddelande", "Filer", "tillsammans högst", "Skicka",
		"Tack. Ditt meddelande har kommit fram; vi svarar via e-post.", "Det går inte att skriva till oss här just nu.",
		"Ange en e-postadress som vi kan svara till.", "Skriv ett meddelande.", "Ge först ditt samtycke: utan det skickas inget.", "Meddelandet är för långt.", "Filerna är för stora.",
		"Det gick inte. Försök igen om en stund."},
	"fi": {"Kirjoita meille", "Vastaamme sähköpostitse.", "Nimesi", "Sähköpostiosoitteesi", "Viestisi", "Tiedostot", "yhteensä enintään", "Lähetä",
		"Kiitos. Viestisi on tullut perille; vastaamme sähköpostitse.", "Meille ei voi juuri nyt kirjoittaa tätä kautta.",
		"Anna sähköpostiosoite, johon voimme vastata.", "Kirjoita viesti.", "Anna ensin suostumuksesi: ilman sitä mitään ei lähetetä.", "Viesti on liian pitkä.", "Tiedostot ovat liian suuria.",
		"Se ei onnistunut. Yritä hetken kuluttua uudelleen."},
}

// plainIn picks the first of the languages that there are words in, else English.
func plainIn(langs ...string) (string, plainWords) {
	for _, l := range langs {
		base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(l, "_", "-")), "-")
		if w, ok := plainLanguages[base]; ok {
			return base, w
		}
	}
	return "en", plainLanguages["en"]
}
