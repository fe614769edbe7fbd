package chatflow

import "strings"

// said is what a bot says when its chatflow has no words of its own, in the visitor's language or in English.
func said(name, language string) string {
	w, ok := sayings[name]
	if !ok {
		w = sayings["retry_text"]
	}
	return w.Pick(language)
}

var sayings = map[string]Words{
	"yes": {"en": "Yes", "da": "Ja", "de": "Ja", "sv": "Ja", "fi": "Kyllä"},
	"no":  {"en": "No", "da": "Nej", "de": "Nein", "sv": "Nej", "fi": "Ei"},
	"error": {
		"en": "Something went wrong on our side. A colleague will take over from here.",
		"da": "Der gik noget galt hos os. En kollega tager over herfra.",
		"de": "Bei uns ist etwas schiefgegangen. Eine Kollegin oder ein Kollege übernimmt.",
		"sv": "Något gick fel hos oss. En kollega tar över härifrån.",
		"fi": "Jokin meni meillä vikaan. Kollega jatkaa tästä.",
	},
	"nobody": {
		"en": "Nobody is here right now. We have your message and will answer as soon as we can.",
		"da": "Der er ingen her lige nu. Vi har din besked og svarer, så snart vi kan.",
		"de": "Gerade ist niemand da. Wir haben Ihre Nachricht und antworten so bald wie möglich.",
		"sv": "Ingen är här just nu. Vi har ditt meddelande och svarar så snart vi kan.",
		"fi": "Paikalla ei ole nyt ketään. Viestisi on tallessa, ja vastaamme niin pian kuin voimme.",
	},
	"retry_text": {
		"en": "Could you write that once more?", "da": "Kan du skrive det en gang til?", "de": "Könnten Sie das noch einmal schreiben?",
		"sv": "Kan du skriva det en gång till?", "fi": "Voisitko kirjoittaa sen uudelleen?",
	},
	"retry_email": {
		"en": "That does not look like an email address. Could you check it?", "da": "Det ligner ikke en e-mailadresse. Kan du tjekke den?",
		"de": "Das sieht nicht nach einer E-Mail-Adresse aus. Könnten Sie sie prüfen?", "sv": "Det ser inte ut som en e-postadress. Kan du kontrollera den?",
		"fi": "Tuo ei näytä sähköpostiosoitteelta. Voisitko tarkistaa sen?",
	},
	"retry_phone": {
		"en": "That does not look like a phone number. With its country code, such as +45, it is sure to work.", "da": "Det ligner ikke et telefonnummer. Med landekode, fx +45, virker det helt sikkert.",
		"de": "Das sieht nicht nach einer Telefonnummer aus. Mit Ländervorwahl, etwa +49, klappt es sicher.", "sv": "Det ser inte ut som ett telefonnummer. Med landskod, till exempel +46, fungerar det säkert.",
		"fi": "Tuo ei näytä puhelinnumerolta. Maatunnuksella, esimerkiksi +358, se toimii varmasti.",
	},
	"retry_number": {
		"en": "Please answer with a number.", "da": "Svar venligst med et tal.", "de": "Bitte antworten Sie mit einer Zahl.", "sv": "Svara med ett tal, tack.", "fi": "Vastaa luvulla, kiitos.",
	},
	"retry_date": {
		"en": "Please answer with a date, such as 31 March 2026.", "da": "Svar venligst med en dato, fx 31.3.2026.", "de": "Bitte antworten Sie mit einem Datum, etwa 31.3.2026.",
		"sv": "Svara med ett datum, till exempel 2026-03-31.", "fi": "Vastaa päivämäärällä, esimerkiksi 31.3.2026.",
	},
	"retry_url": {
		"en": "That does not look like a web address. Could you check it?", "da": "Det ligner ikke en webadresse. Kan du tjekke den?", "de": "Das sieht nicht nach einer Webadresse aus. Könnten Sie sie prüfen?",
		"sv": "Det ser inte ut som en webbadress. Kan du kontrollera den?", "fi": "Tuo ei näytä verkko-osoitteelta. Voisitko tarkistaa sen?",
	},
	"retry_choice": {
		"en": "Please choose one of these.", "da": "Vælg venligst en af disse.", "de": "Bitte wählen Sie eine dieser Möglichkeiten.", "sv": "Välj ett av dessa, tack.", "fi": "Valitse jokin näistä, kiitos.",
	},
	"retry_yes_no": {
		"en": "Please answer yes or no.", "da": "Svar venligst ja eller nej.", "de": "Bitte antworten Sie mit Ja oder Nein.", "sv": "Svara ja eller nej, tack.", "fi": "Vastaa kyllä tai ei, kiitos.",
	},
	"retry_file": {
		"en": "Please add a file.", "da": "Tilføj venligst en fil.", "de": "Bitte fügen Sie eine Datei an.", "sv": "Bifoga en fil, tack.", "fi": "Lisää tiedosto, kiitos.",
	},
}

var (
	yesWords = wordSet("yes y yeah yep yup sure ok okay ja j jo jep jeps jada selvfølgelig klar natürlich gerne gern gärna gerna visst kyllä kylla joo juu k totta toki 👍 ✓ true")
	noWords  = wordSet("no n nope nah nej nee næh nix nein nö noe nä inte ikke ei e en eikä 👎 false")
	// nearDays are words for days near today, by how far they are.
	nearDays = map[string]int{
		"today": 0, "tomorrow": 1, "yesterday": -1, "i dag": 0, "i morgen": 1, "i går": -1, "idag": 0, "imorgen": 1, "igår": -1, "i morgon": 1, "imorgon": 1,
		"heute": 0, "morgen": 1, "gestern": -1, "übermorgen": 2, "i overmorgen": 2, "i övermorgon": 2, "tänään": 0, "huomenna": 1, "eilen": -1, "ylihuomenna": 2,
	}
)

// months are the names of the months in five languages, each by the beginning that tells it apart.
var months = []string{
	"jan tammik", "feb helmik", "mar mär maalisk", "apr huhtik", "may maj mai toukok", "jun kesäk", "jul heinäk", "aug elok", "sep syysk", "oct okt lokak", "nov marrask", "dec dez joulu",
}

func wordSet(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// monthOf is the number of a month that is written as a word; 0 for none.
func monthOf(s string) int {
	if len(s) < 3 {
		return 0
	}
	for i, names := range months {
		for _, name := range strings.Fields(names) {
			if strings.HasPrefix(s, name) {
				return i + 1
			}
		}
	}
	return 0
}

// readYesNo understands both words in five languages, also at the beginning of a sentence.
func readYesNo(text string) (string, bool) {
	words := strings.FieldsFunc(fold(text), func(r rune) bool { return strings.ContainsRune(" ,.!?;:", r) })
	if len(words) == 0 || len(words) > 6 {
		return "", false
	}
	switch {
	case yesWords[words[0]]:
		return "yes", true
	case noWords[words[0]]:
		return "no", true
	}
	return "", false
}
