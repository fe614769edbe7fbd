package site

import (
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/installation"
)

// letters is the mail to a developer: subject, then a text with the asker's name, the code, the policy.
var letters = map[string][2]string{
	"en": {"Please add the chat to our website", `Hello,

%s asks you to add the chat to the website. It is one script; put this just before </body> on every page that shall have the chat (a template or footer is the usual place):

%s

If the site sends a Content-Security-Policy, add these sources to it:

%s

With a policy by nonces ('strict-dynamic'), give the script tag the page's nonce instead of naming the host. On pages that navigate without loading nothing more is needed.

Thank you.`},
	"da": {"Tilføj chatten til vores hjemmeside", `Hej

%s beder dig om at tilføje chatten til hjemmesiden. Det er ét script. Indsæt dette lige før </body> på alle sider, der skal have chatten (som regel i en skabelon eller sidefod):

%s

Hvis siden sender en Content-Security-Policy, skal disse kilder tilføjes:

%s

Bruger siden nonces ('strict-dynamic'), så giv script-tagget sidens nonce i stedet for at nævne værten. Sider, der skifter uden at blive hentet igen, kræver ikke mere.

På forhånd tak.`},
	"de": {"Bitte den Chat auf unserer Website einbauen", `Guten Tag,

%s bittet Sie, den Chat auf der Website einzubauen. Es ist ein einziges Skript. Fügen Sie dies direkt vor </body> auf jeder Seite ein, die den Chat zeigen soll (üblicherweise in einer Vorlage oder im Footer):

%s

Falls die Website eine Content-Security-Policy sendet, ergänzen Sie diese Quellen:

%s

Arbeitet die Policy mit Nonces ('strict-dynamic'), geben Sie dem Script-Tag die Nonce der Seite, statt den Host zu nennen. Seiten, die ohne Neuladen navigieren, brauchen nichts weiter.

Vielen Dank.`},
	"sv": {"Lägg till chatten på vår webbplats", `Hej!

%s ber dig att lägga till chatten på webbplatsen. Det är ett enda skript. Lägg in detta precis före </body> på alla sidor som ska ha chatten (oftast i en mall eller sidfot):

%s

Om webbplatsen skickar en Content-Security-Policy ska de här källorna läggas till:

%s

Använder policyn nonces ('strict-dynamic'), ge då script-taggen sidans nonce i stället för att ange värden. Sidor som byter innehåll utan att laddas om behöver inget mer.

Tack på förhand.`},
	"fi": {"Lisää chat verkkosivustollemme", `Hei,

%s pyytää lisäämään chatin verkkosivustolle. Kyse on yhdestä skriptistä. Lisää tämä juuri ennen </body>-tunnistetta jokaiselle sivulle, jolla chatin pitää näkyä (yleensä sivupohjaan tai alatunnisteeseen):

%s

Jos sivusto lähettää Content-Security-Policy-otsakkeen, lisää siihen nämä lähteet:

%s

Jos käytössä on nonce ('strict-dynamic'), anna script-tunnisteelle sivun nonce isännän nimeämisen sijaan. Sivut, jotka vaihtuvat ilman uudelleenlatausta, eivät vaadi muuta.

Kiitos!`},
}

// letter is the mail in a language, English where there is none. A note stands above it.
func letter(locale string, code installation.Code, who, note string) (subject, text string) {
	l, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	words, ok := letters[l]
	if !ok {
		words = letters["en"]
	}
	text = fmt.Sprintf(words[1], who, code.HTML, strings.ReplaceAll(code.CSP, "; ", "\n"))
	if note != "" {
		text = note + "\n\n---\n\n" + text
	}
	return words[0], text + "\n"
}
