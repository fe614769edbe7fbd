package admin

import (
	"context"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/desk"
)

// What an administrator sees and does about channels with visitors.

func (a *admins) mountVisitors() {
	const tag = "Channels"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/channel-accounts/{id}/availability", ID: "getAvailability", Tag: tag, Summary: "Whether somebody answers on an account now, and why", Errors: []int{404},
		Description: "`facts` hold the state with its reason and that of everybody who answers there, `shown` is what a visitor sees of it."}, a.availability)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/tracking-code/mail", ID: "mailTrackingCode", Tag: tag, Summary: "Send the code for the website to whoever puts it there", Status: noContent, Errors: []int{409, 503},
		Description: "From the installation's own address, with instructions in your language (TR-13)."}, a.mailCode)
}

type availabilityInput struct {
	ID       string `path:"id"`
	Language string `query:"language" maxLength:"35"`
}

type availabilityOut struct {
	Facts availability.Facts `json:"facts"`
	Shown availability.State `json:"shown"`
}

func (a *admins) availability(ctx context.Context, v access.Viewer, in *availabilityInput) (*api.Out[availabilityOut], error) {
	id, err := idOf[desk.ChannelAccountID](in.ID)
	if err != nil {
		return nil, err
	}
	acc, err := a.Inboxes.Account(ctx, a.DB, id)
	if err != nil {
		return nil, err
	}
	if !a.Registry.Live(acc.Channel) {
		return nil, desk.Errorf(desk.NotFound, "availability.none", "This channel has no visitors who are shown whether somebody is there.")
	}
	f, err := a.Availability.Look(ctx, a.DB, acc)
	if err != nil {
		return nil, err
	}
	lang := in.Language
	if lang == "" {
		lang = v.User.Locale
	}
	return api.Answer(availabilityOut{Facts: f, Shown: f.For(availability.Asking{Langs: []string{lang}})}, nil)
}

type mailCodeInput struct {
	Body struct {
		To string `json:"to" maxLength:"320" example:"webmaster@example.com"`
	}
}

// Post sends one mail of the installation's own.
type Post func(ctx context.Context, to desk.User, subject, text, html string) error

func (a *admins) mailCode(ctx context.Context, v access.Viewer, in *mailCodeInput) (*api.Out[api.None], error) {
	to := desk.NormalizeEmail(in.Body.To)
	if to == "" || !strings.Contains(to, "@") {
		return nil, desk.Errorf(desk.Invalid, "tracking_code.address", "%q is not an address.", in.Body.To).In("to")
	}
	if a.Post == nil {
		return nil, desk.Errorf(desk.Unavailable, "tracking_code.no_mail", "This server cannot send mail of its own. Copy the code instead.")
	}
	company, err := a.Settings.Company(ctx, a.DB)
	if err != nil {
		return nil, err
	}
	locale := v.User.Locale
	if locale == "" {
		locale = company.Locale
	}
	base := strings.TrimSuffix(a.server.BaseURL.String(), "/")
	subject, text, body := codeLetter(locale, v.User.Name, base)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := a.Post(ctx, desk.User{Email: to}, subject, text, body); err != nil {
		return nil, desk.Errorf(desk.Unavailable, "tracking_code.not_sent", "The mail could not be sent. Copy the code instead, or look at Settings → System.").Because(err)
	}
	return nil, nil
}

// codeLetter is the mail with the code: what it is, where it goes, what a strict page has to allow.
func codeLetter(locale, sender, base string) (subject, text, body string) {
	w, ok := codeWords[strings.ToLower(strings.SplitN(strings.ReplaceAll(locale, "_", "-"), "-", 2)[0])]
	if !ok {
		w = codeWords["en"]
	}
	code := fmt.Sprintf(`<script async src="%s/kanal.js"></script>`, base)
	csp := fmt.Sprintf("script-src %[1]s; frame-src %[1]s; connect-src %[1]s", base)
	hello := fmt.Sprintf(w.hello, sender)
	text = strings.Join([]string{hello, w.where, code, w.csp, csp, w.check}, "\n\n") + "\n"
	pre := func(s string) string {
		return `<pre style="background:#f3f5f4;padding:12px;border-radius:6px;white-space:pre-wrap">` + html.EscapeString(s) + `</pre>`
	}
	p := func(s string) string { return "<p>" + html.EscapeString(s) + "</p>" }
	return w.subject, text, p(hello) + p(w.where) + pre(code) + p(w.csp) + pre(csp) + p(w.check)
}

type letterWords struct{ subject, hello, where, csp, check string }

var codeWords = map[string]letterWords{
	"en": {"Code for the chat on the website", "%s asks you to put a chat on the website.", "Put this line on every page on which the chat is to be, just before the closing </body> tag:",
		"If the site sends a Content-Security-Policy, it has to allow:", "Nothing else is needed. Who may write and on which pages the chat shows is set in Kanal, not on the website."},
	"da": {"Kode til chatten på webstedet", "%s beder dig sætte en chat på webstedet.", "Sæt denne linje på alle sider, hvor chatten skal være, lige før det afsluttende </body>-tag:",
		"Hvis webstedet sender en Content-Security-Policy, skal den tillade:", "Mere skal der ikke til. Hvem der kan skrive, og på hvilke sider chatten vises, indstilles i Kanal og ikke på webstedet."},
	"de": {"Code für den Chat auf der Website", "%s bittet Sie, einen Chat auf die Website zu setzen.", "Setzen Sie diese Zeile auf jede Seite, auf der der Chat erscheinen soll, direkt vor das schließende </body>-Tag:",
		"Wenn die Website eine Content-Security-Policy sendet, muss sie Folgendes erlauben:", "Mehr ist nicht nötig. Wer schreiben kann und auf welchen Seiten der Chat erscheint, wird in Kanal eingestellt, nicht auf der Website."},
	"sv": {"Kod för chatten på webbplatsen", "%s ber dig att lägga en chatt på webbplatsen.", "Lägg den här raden på varje sida där chatten ska finnas, precis före den avslutande </body>-taggen:",
		"Om webbplatsen skickar en Content-Security-Policy måste den tillåta:", "Mer behövs inte. Vem som kan skriva och på vilka sidor chatten visas ställs in i Kanal, inte på webbplatsen."},
	"fi": {"Koodi verkkosivuston chattiin", "%s pyytää sinua lisäämään chatin verkkosivustolle.", "Lisää tämä rivi jokaiselle sivulle, jolla chatin halutaan näkyvän, juuri ennen päättävää </body>-tagia:",
		"Jos sivusto lähettää Content-Security-Policyn, sen on sallittava:", "Muuta ei tarvita. Kuka voi kirjoittaa ja millä sivuilla chat näkyy, asetetaan Kanalissa eikä sivustolla."},
}
