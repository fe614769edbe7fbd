package forms

import (
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/submission"
)

// words are what a form's page says of itself in a language.
type words struct {
	Send, Optional, Choose, Wrong, More, Thanks, Closed, Again, Question, Update, UpTo, Files, Failed, Missing, MissingText, Leave string
	faults                                                                                                                         map[string]string
}

var languages = map[string]words{
	"en": {"Send", "optional", "Choose …", "Please look at the marked fields.", "A few more questions, because of what you answered.", "Thank you. We have received it.", "This form is closed.", "Too much at once. Try again in a few minutes.",
		"How much is %d plus %d?", "Show what belongs to my answers", "up to %d files, %d MB each", "one file, up to %d MB", "It could not be sent right now. Nothing was lost: try again in a moment.", "Form not found", "There is no form at this address.", "Leave this empty",
		map[string]string{form.FaultRequired: "Please fill this in.", form.FaultEmail: "This is no email address.", form.FaultPhone: "This is no phone number.", form.FaultNumber: "This must be a number.", form.FaultMin: "At least %s.", form.FaultMax: "At most %s.",
			form.FaultDate: "This must be a date.", form.FaultPattern: "This does not have the right form.", form.FaultChoice: "Choose one of the answers.", form.FaultLong: "At most %s characters.", form.FaultFileType: "Files of this kind are not taken.",
			form.FaultFileSize: "A file may have at most %s MB.", form.FaultFileMany: "At most %s files.", form.FaultConsent: "Please agree, so that we may process it.", submission.FaultAnswer: "That is not the sum.", submission.FaultStale: "The page was open for too long. Please answer again."}},
	"da": {"Send", "valgfrit", "Vælg …", "Se venligst på de markerede felter.", "Et par spørgsmål mere på grund af dine svar.", "Tak. Vi har modtaget det.", "Denne formular er lukket.", "For meget på én gang. Prøv igen om nogle minutter.",
		"Hvor meget er %d plus %d?", "Vis det, der hører til mine svar", "op til %d filer på hver %d MB", "én fil på op til %d MB", "Det kunne ikke sendes lige nu. Intet er gået tabt: prøv igen om lidt.", "Formularen findes ikke", "Der er ingen formular på denne adresse.", "Lad dette felt stå tomt",
		map[string]string{form.FaultRequired: "Udfyld venligst dette felt.", form.FaultEmail: "Det er ikke en e-mailadresse.", form.FaultPhone: "Det er ikke et telefonnummer.", form.FaultNumber: "Det skal være et tal.", form.FaultMin: "Mindst %s.", form.FaultMax: "Højst %s.",
			form.FaultDate: "Det skal være en dato.", form.FaultPattern: "Det har ikke den rigtige form.", form.FaultChoice: "Vælg et af svarene.", form.FaultLong: "Højst %s tegn.", form.FaultFileType: "Filer af denne type modtages ikke.",
			form.FaultFileSize: "En fil må højst være på %s MB.", form.FaultFileMany: "Højst %s filer.", form.FaultConsent: "Giv venligst samtykke, så vi må behandle det.", submission.FaultAnswer: "Det er ikke summen.", submission.FaultStale: "Siden var åben for længe. Svar venligst igen."}},
	"de": {"Absenden", "freiwillig", "Auswählen …", "Bitte sehen Sie sich die markierten Felder an.", "Noch ein paar Fragen zu Ihren Antworten.", "Vielen Dank. Es ist bei uns angekommen.", "Dieses Formular ist geschlossen.", "Zu viel auf einmal. Versuchen Sie es in einigen Minuten noch einmal.",
		"Wie viel ist %d plus %d?", "Zeigen, was zu meinen Antworten gehört", "bis zu %d Dateien, je %d MB", "eine Datei, bis %d MB", "Es konnte gerade nicht gesendet werden. Nichts ist verloren: Versuchen Sie es gleich noch einmal.", "Formular nicht gefunden", "Unter dieser Adresse gibt es kein Formular.", "Dieses Feld leer lassen",
		map[string]string{form.FaultRequired: "Bitte ausfüllen.", form.FaultEmail: "Das ist keine E-Mail-Adresse.", form.FaultPhone: "Das ist keine Telefonnummer.", form.FaultNumber: "Das muss eine Zahl sein.", form.FaultMin: "Mindestens %s.", form.FaultMax: "Höchstens %s.",
			form.FaultDate: "Das muss ein Datum sein.", form.FaultPattern: "Das hat nicht die richtige Form.", form.FaultChoice: "Wählen Sie eine der Antworten.", form.FaultLong: "Höchstens %s Zeichen.", form.FaultFileType: "Dateien dieser Art werden nicht angenommen.",
			form.FaultFileSize: "Eine Datei darf höchstens %s MB haben.", form.FaultFileMany: "Höchstens %s Dateien.", form.FaultConsent: "Bitte stimmen Sie zu, damit wir es bearbeiten dürfen.", submission.FaultAnswer: "Das ist nicht die Summe.", submission.FaultStale: "Die Seite war zu lange offen. Bitte antworten Sie noch einmal."}},
	"sv": {"Skicka", "frivilligt", "Välj …", "Titta på de markerade fälten.", "Några frågor till, på grund av dina svar.", "Tack. Vi har tagit emot det.", "Det här formuläret är stängt.", "För mycket på en gång. Försök igen om några minuter.",
		"Hur mycket är %d plus %d?", "Visa det som hör till mina svar", "upp till %d filer på %d MB vardera", "en fil på upp till %d MB", "Det kunde inte skickas just nu. Ingenting har gått förlorat: försök igen om en stund.", "Formuläret hittades inte", "Det finns inget formulär på den här adressen.", "Lämna det här tomt",
		map[string]string{form.FaultRequired: "Fyll i det här fältet.", form.FaultEmail: "Det är ingen e-postadress.", form.FaultPhone: "Det är inget telefonnummer.", form.FaultNumber: "Det måste vara ett tal.", form.FaultMin: "Minst %s.", form.FaultMax: "Högst %s.",
			form.FaultDate: "Det måste vara ett datum.", form.FaultPattern: "Det har inte rätt form.", form.FaultChoice: "Välj ett av svaren.", form.FaultLong: "Högst %s tecken.", form.FaultFileType: "Filer av det här slaget tas inte emot.",
			form.FaultFileSize: "En fil får vara högst %s MB.", form.FaultFileMany: "Högst %s filer.", form.FaultConsent: "Godkänn, så att vi får behandla det.", submission.FaultAnswer: "Det är inte summan.", submission.FaultStale: "Sidan var öppen för länge. Svara igen."}},
	"fi": {"Lähetä", "vapaaehtoinen", "Valitse …", "Tarkista merkityt kentät.", "Vielä muutama kysymys vastaustesi vuoksi.", "Kiitos. Olemme saaneet sen.", "Tämä lomake on suljettu.", "Liian paljon kerralla. Yritä uudelleen muutaman minuutin kuluttua.",
		"Paljonko on %d plus %d?", "Näytä vastauksiini kuuluvat kentät", "enintään %d tiedostoa, kukin enintään %d Mt", "yksi tiedosto, enintään %d Mt", "Sitä ei voitu lähettää juuri nyt. Mitään ei ole kadonnut: yritä hetken kuluttua uudelleen.", "Lomaketta ei löydy", "Tässä osoitteessa ei ole lomaketta.", "Jätä tämä tyhjäksi",
		map[string]string{form.FaultRequired: "Täytä tämä kenttä.", form.FaultEmail: "Tämä ei ole sähköpostiosoite.", form.FaultPhone: "Tämä ei ole puhelinnumero.", form.FaultNumber: "Tämän pitää olla luku.", form.FaultMin: "Vähintään %s.", form.FaultMax: "Enintään %s.",
			form.FaultDate: "Tämän pitää olla päivämäärä.", form.FaultPattern: "Tämä ei ole oikeassa muodossa.", form.FaultChoice: "Valitse jokin vastauksista.", form.FaultLong: "Enintään %s merkkiä.", form.FaultFileType: "Tämän tyyppisiä tiedostoja ei oteta vastaan.",
			form.FaultFileSize: "Tiedosto saa olla enintään %s Mt.", form.FaultFileMany: "Enintään %s tiedostoa.", form.FaultConsent: "Anna suostumuksesi, jotta saamme käsitellä tämän.", submission.FaultAnswer: "Se ei ole summa.", submission.FaultStale: "Sivu oli auki liian kauan. Vastaa uudelleen."}},
}

func base(lang string) string {
	b, _, _ := strings.Cut(strings.ToLower(lang), "-")
	return b
}

func wordsOf(lang string) words {
	if w, ok := languages[base(lang)]; ok {
		return w
	}
	return languages["en"]
}

func (w words) fault(f form.Fault) string {
	t, ok := w.faults[f.Code]
	if !ok {
		t = w.Wrong
	}
	if strings.Contains(t, "%s") {
		return fmt.Sprintf(t, f.Value)
	}
	return t
}

// pick is the language that a form is shown in: the first asked for that it has, else its own. asked is one, or what a browser sends.
func pick(d form.Definition, asked string) string {
	have := append([]string{d.Language}, d.Languages...)
	for i, part := range strings.Split(asked, ",") {
		if i == 20 {
			break
		}
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		for _, l := range have {
			if l != "" && (strings.EqualFold(l, tag) || base(l) == base(tag)) {
				return l
			}
		}
	}
	if d.Language != "" {
		return d.Language
	}
	return "en"
}

// direction of a language's script.
func direction(lang string) string {
	switch base(lang) {
	case "ar", "he", "fa", "ur", "yi", "ps", "dv", "ckb":
		return "rtl"
	}
	return "ltr"
}
