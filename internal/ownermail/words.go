package ownermail

import "strings"

// words are what a contact's owner reads, in one language.
type words struct {
	Subject, Lead, Over, Open, Above, Files, Large, Why, Someone string
}

// mark stands in the line below which nothing of an answer goes to the customer.
const mark = "\u2e3b\u2e3b"

var languages = map[string]words{
	"en": {"{subject} ({who})", "{who} has written while you are away.", "Received over {channel}, {at}", "Open it in Kanal", "Answer above this line: your words go to {who}, in your name.", "Files",
		"{name} is too large for a mail: open the ticket to see it.", "You get this mail because {who} is your contact and you are away.", "A visitor"},
	"da": {"{subject} ({who})", "{who} har skrevet, mens du er væk.", "Modtaget via {channel}, {at}", "Åbn i Kanal", "Svar over denne linje: det, du skriver, sendes til {who} i dit navn.", "Filer",
		"{name} er for stor til en mail: åbn sagen for at se den.", "Du får denne mail, fordi {who} er din kontakt, og du er væk.", "En besøgende"},
	"de": {"{subject} ({who})", "{who} hat geschrieben, während Sie abwesend sind.", "Eingegangen über {channel}, {at}", "In Kanal öffnen", "Antworten Sie über dieser Zeile: Ihre Worte gehen in Ihrem Namen an {who}.", "Dateien",
		"{name} ist für eine E-Mail zu groß: Öffnen Sie das Ticket, um die Datei zu sehen.", "Sie erhalten diese E-Mail, weil {who} Ihr Kontakt ist und Sie abwesend sind.", "Ein Besucher"},
	"sv": {"{subject} ({who})", "{who} har skrivit medan du är borta.", "Mottaget via {channel}, {at}", "Öppna i Kanal", "Svara ovanför den här raden: det du skriver går till {who} i ditt namn.", "Filer",
		"{name} är för stor för ett mejl: öppna ärendet för att se den.", "Du får det här mejlet eftersom {who} är din kontakt och du är borta.", "En besökare"},
	"fi": {"{subject} ({who})", "{who} kirjoitti poissa ollessasi.", "Vastaanotettu kanavasta {channel}, {at}", "Avaa Kanalissa", "Vastaa tämän rivin yläpuolelle: sanasi lähetetään nimissäsi vastaanottajalle {who}.", "Tiedostot",
		"{name} on liian suuri sähköpostiin: avaa tiketti nähdäksesi sen.", "Saat tämän viestin, koska {who} on yhteyshenkilösi ja olet poissa.", "Kävijä"},
}

// wordsFor are the words of the first language that there is, else English.
func wordsFor(locales ...string) words { return inLanguage(languages, locales...) }

func inLanguage[T any](of map[string]T, locales ...string) T {
	for _, l := range locales {
		base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(l), "_", "-"), "-")
		if w, ok := of[base]; ok {
			return w
		}
	}
	return of["en"]
}

// fill puts values into a sentence: pairs of name and value.
func fill(sentence string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}
