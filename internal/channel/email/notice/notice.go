// Package notice tells mail that people write from mail that machines write: delivery reports, automatic replies, mailing
// lists, requests to confirm a forward. It decides from the header and the body alone. Whether a mail is our own or a
// colleague's needs the database and is decided by intake. Only channel/email calls it. It does no IO.
package notice

import (
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/desk"
)

// Mail is what a decision is made from.
type Mail struct {
	Tree     *mime.Tree
	Header   mime.Header
	Content  *mime.Content
	Text     string // the whole text, quoted parts included; derived from HTML when there is no other
	Subject  string
	From     desk.Party
	Envelope channel.Envelope
}

// Verdict is what kind of mail it is.
type Verdict struct {
	Disposition desk.Disposition
	AutoReply   string // why no automatic answer may be sent (RFC 3834); "" when one may
	Bounce      *channel.Bounce
	Verify      *channel.Verification
}

// Decide classes a mail. The order is from the most to the least certain: a delivery report is one even when a list sent it.
func Decide(m Mail) Verdict {
	if v := verification(m); v != nil {
		return Verdict{Disposition: desk.DispVerification, AutoReply: "It asks to confirm a forward.", Verify: v}
	}
	if b := bounce(m); b != nil {
		return Verdict{Disposition: desk.DispBounce, AutoReply: "It is a delivery report.", Bounce: b}
	}
	if why := autoReply(m); why != "" {
		return Verdict{Disposition: desk.DispAutoReply, AutoReply: why}
	}
	if why := list(m.Header); why != "" {
		return Verdict{Disposition: desk.DispList, AutoReply: why}
	}
	return Verdict{Disposition: desk.DispNormal, AutoReply: unanswerable(m)}
}

// token is the first word of a field in lower case: "auto-generated" of "Auto-Generated; type=x".
func token(v string) string {
	v = strings.ToLower(mime.DecodeWords(v))
	if i := strings.IndexAny(v, " ;(,"); i >= 0 {
		v = v[:i]
	}
	return strings.Trim(v, "\"' ")
}

// autoReply says why a mail is an automatic reply to something: a vacation notice, a receipt, an answer of a calendar. Mail that a
// machine writes on its own account (monitoring, orders) is none.
func autoReply(m Mail) string {
	h := m.Header
	submitted := token(h.Get("auto-submitted"))
	switch {
	case m.Content.Report == "disposition-notification" || hasReport(m, "disposition-notification"):
		return "It is a read receipt."
	case m.Content.Report == "feedback-report" || hasReport(m, "feedback-report"):
		return "It is a complaint report of a mail provider."
	case submitted == "auto-replied":
		return "It says that it is an automatic reply (Auto-Submitted)."
	case h.Has("x-autoreply") && token(h.Get("x-autoreply")) != "no", h.Has("x-autorespond"), h.Has("x-autoreply-from"), h.Has("x-mail-autoreply"),
		h.Has("x-autoresponder"), h.Has("x-auto-reply"), h.Has("x-vacation"), h.Has("x-ms-exchange-auto-reply"):
		return "It says that it is an automatic reply."
	case token(h.Get("precedence")) == "auto_reply", token(h.Get("x-precedence")) == "auto_reply", token(h.Get("preference")) == "auto_reply":
		return "It says that it is an automatic reply (Precedence)."
	case token(h.Get("x-post-messageclass")) == "9", strings.Contains(strings.ToLower(h.Get("x-post-messageclass")), "autoresponder"):
		return "It says that it is an automatic reply."
	case calendarAnswer(m):
		return "It is a calendar's answer to an invitation."
	}
	why := machine(m)
	if why == "" {
		return ""
	}
	if strong, weak := absenceSubject(m.Subject); strong || weak && (h.Has("in-reply-to") || h.Has("references") || nullPath(m)) {
		return "It looks like an absence notice, and " + lowerFirst(why)
	}
	return ""
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func hasReport(m Mail, kind string) bool {
	for _, p := range m.Content.Reports {
		if strings.Contains(p.Type, kind) {
			return true
		}
	}
	return false
}

// calendarAnswer says whether a mail is nothing but the answer to an invitation.
func calendarAnswer(m Mail) bool {
	if !m.Content.Calendar || len(strings.TrimSpace(m.Text)) > 400 {
		return false
	}
	for _, a := range m.Content.Attachments {
		if a.Type != "text/calendar" && a.Type != "application/ics" {
			continue
		}
		head := a.Data
		if len(head) > 4096 {
			head = head[:4096]
		}
		for _, l := range strings.Split(strings.ToUpper(string(head)), "\n") {
			if l = strings.TrimSpace(l); l == "METHOD:REPLY" || l == "METHOD:COUNTER" || l == "METHOD:DECLINECOUNTER" {
				return true
			}
		}
	}
	return false
}

// list says why a mail came over a mailing list or is sent to many.
func list(h mime.Header) string {
	for _, k := range []string{"list-id", "list-post", "list-unsubscribe", "list-help", "list-subscribe", "list-owner", "list-archive"} {
		if strings.TrimSpace(h.Get(k)) != "" {
			return "It came over a mailing list (" + strings.ToUpper(k[:1]) + k[1:5] + strings.ToUpper(k[5:6]) + k[6:] + ")."
		}
	}
	if h.Has("mailing-list") || h.Has("x-mailing-list") || h.Has("x-mailman-version") || h.Has("x-beenthere") {
		return "It came over a mailing list."
	}
	if token(h.Get("precedence")) == "list" {
		return "It came over a mailing list (Precedence)."
	}
	return ""
}

// Marks are the kinds of a mail that a filter may hold back (EM-36): what it is, not what to do with it.
func Marks(m Mail) []string {
	var out []string
	if marketing(m.Header) {
		out = append(out, "marketing")
	}
	if made(m) {
		out = append(out, "automated")
	}
	if l := local(m.From.Address); robotLocal(l) || roleLocal(l) {
		out = append(out, "role_address")
	}
	return out
}

// marketing says whether a mail went to many who can only leave: it names a way to unsubscribe or is bulk, and is nothing that one writes to. A group that passes on what
// people write to it (Google Groups, Mailman) names its own address for writing.
func marketing(h mime.Header) bool {
	if post := strings.ToLower(strings.TrimSpace(h.Get("list-post"))); post != "" && !strings.HasPrefix(post, "no") || h.Has("x-beenthere") || h.Has("x-google-group-id") || h.Has("mailing-list") {
		return false
	}
	if strings.TrimSpace(h.Get("list-unsubscribe")) != "" || h.Has("feedback-id") && strings.TrimSpace(h.Get("list-id")) != "" {
		return true
	}
	p := token(h.Get("precedence"))
	return p == "bulk" || p == "junk"
}

// made says whether a machine made the mail: it says so, or it has no return path. That one asks for no automatic answer says nothing of who wrote it.
func made(m Mail) bool {
	if s := token(m.Header.Get("auto-submitted")); s != "" && s != "no" {
		return true
	}
	return m.Header.Has("x-ms-exchange-generated-message-source") || nullPath(m)
}

// roleLocal are senders that stand for a program or a mailing, and nobody reads what is sent there.
func roleLocal(l string) bool {
	switch l {
	case "notification", "notifications", "notify", "newsletter", "newsletters", "marketing", "alerts", "alert", "mailer", "automailer", "system", "cron", "daemon", "root":
		return true
	}
	return false
}

// machine says why a mail was made by a machine, of whatever purpose.
func machine(m Mail) string {
	h := m.Header
	if s := token(h.Get("auto-submitted")); s != "" && s != "no" {
		return "It was made by a machine (Auto-Submitted: " + clip(s) + ")."
	}
	switch p := token(h.Get("precedence")); p {
	case "bulk", "junk", "list":
		return "It was sent in bulk (Precedence: " + p + ")."
	}
	for _, s := range strings.Split(strings.ToLower(h.Get("x-auto-response-suppress")), ",") {
		if s = strings.TrimSpace(s); s == "all" || s == "oof" || s == "autoreply" {
			return "It asks for no automatic answer (X-Auto-Response-Suppress)."
		}
	}
	if h.Has("x-ms-exchange-inbox-rules-loop") || h.Has("x-ms-exchange-generated-message-source") {
		return "It was made by a rule of a mailbox."
	}
	if nullPath(m) {
		return "It has no return path, so it wants no answer."
	}
	return ""
}

// unanswerable says why no automatic answer may be sent to a mail that is otherwise ordinary (RFC 3834 §2, EM-31).
func unanswerable(m Mail) string {
	if why := machine(m); why != "" {
		return why
	}
	if m.Header.Has("x-loop") {
		return "It has been through an automatic program (X-Loop)."
	}
	if m.From.Address == "" {
		return "It has no address that could be answered."
	}
	if robotLocal(local(m.From.Address)) {
		return "Its sender's address belongs to a machine."
	}
	if m.Content.Calendar && calendarAnswer(m) {
		return "It is a calendar's answer."
	}
	return ""
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40])
	}
	return s
}

// nullPath says whether the mail came with the null return path, by the envelope or as a relay noted it.
func nullPath(m Mail) bool {
	if m.Envelope.Null {
		return true
	}
	for _, v := range m.Header.Values("return-path") {
		if strings.ReplaceAll(strings.TrimSpace(v), " ", "") == "<>" {
			return true
		}
	}
	return false
}

func local(address string) string {
	l, _, _ := strings.Cut(address, "@")
	return strings.ToLower(l)
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// daemonLocal are senders of delivery reports.
func daemonLocal(l string) bool {
	switch l {
	case "mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mdaemon", "mailer_daemon", "mail.delivery", "maildaemon", "mail-delivery-subsystem", "bounce", "bounces",
		"microsoftexchange329e71ec88ae4615bbc36ab6ce41109e":
		return true
	}
	return strings.HasPrefix(l, "mailer-daemon") || strings.HasPrefix(l, "microsoftexchange329e71")
}

func robotLocal(l string) bool {
	if daemonLocal(l) {
		return true
	}
	l = strings.NewReplacer("-", "", "_", "", ".", "").Replace(l)
	for _, p := range []string{"noreply", "donotreply", "neantworten", "nichtantworten", "nepasrepondre", "noresponder", "nonrispondere", "naoresponda", "autoreply", "autoresponder"} {
		if strings.HasPrefix(l, p) || strings.HasSuffix(l, p) {
			return true
		}
	}
	return false
}

// absencePrefixes begin the subjects of absence notices. They count only together with a sign of a machine, because what is taken for an
// absence notice makes no ticket.
var absencePrefixes = []string{
	"automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "autoresponse", "automatic response", "out of office", "out of the office", "ooo:", "vacation reply", "vacation notice", "vacation response",
	"abwesenheitsnotiz", "abwesenheitsnachricht", "abwesenheitsmeldung", "automatische antwort", "réponse automatique", "reponse automatique", "absence du bureau", "absent du bureau",
	"respuesta automática", "respuesta automatica", "fuera de la oficina", "risposta automatica", "fuori sede", "fuori ufficio", "automatisch antwoord", "afwezigheidsbericht",
	"automatische beantwoording", "resposta automática", "resposta automatica", "fora do escritório", "autosvar", "automatisk svar", "automatiskt svar", "frånvaromeddelande",
	"fraværsbesked", "fraværsmelding", "ikke til stede", "automaattinen vastaus", "poissaoloilmoitus", "autom. odpowiedź", "automatyczna odpowiedź", "odpowiedź automatyczna",
	"automatická odpověď", "mimo kancelář", "automatikus válasz", "házon kívül", "răspuns automat", "автоответ", "автоматический ответ", "автоматична відповідь", "otomatik yanıt",
	"αυτόματη απάντηση", "自動応答", "自動返信", "自动回复", "自動回覆", "자동 응답", "자동 회신", "automatische reactie", "automaatvastus", "automātiskā atbilde", "automatinis atsakymas",
	"automatická odpoveď", "samodejni odgovor", "automatski odgovor", "автоматичен отговор", "resposta automàtica",
}

// absenceWords begin such subjects too, but others as well: they need an answered message or a null return path beside the machine.
var absenceWords = []string{
	"vacation", "on vacation", "away from", "i am away", "i'm away", "away:", "auto:", "abwesen", "absence", "absent", "ausente", "ausência", "afwezig", "frånvaro", "fraværende", "fravær", "poissa", "nieobecność", "urlaub", "holiday", "on leave",
}

// absencePhrases say it wherever they stand.
var absencePhrases = []string{" is out of the office", " will be out of the office", " ist außer haus", " ist nicht im büro", " ist abwesend", " est absent", " est en congé", " está ausente", " está fuera de la oficina", " è fuori ufficio",
	" è assente", " is niet aanwezig", " is afwezig", " está fora do escritório", " er ikke på kontoret", " är inte på kontoret", " ei ole toimistolla", " jest nieobecn", " je mimo kancelář", " není v kanceláři"}

// absenceSubject says whether a subject is that of an absence notice: beyond doubt, or perhaps.
func absenceSubject(s string) (strong, weak bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for n := 0; n < 3; n++ {
		for _, p := range []string{"re:", "aw:", "[external]", "[ext]", "sv:", "vs:", "antw:", "odp:"} {
			s = strings.TrimSpace(strings.TrimPrefix(s, p))
		}
	}
	for _, p := range absencePrefixes {
		if strings.HasPrefix(s, p) {
			return true, true
		}
	}
	if containsAny(s, absencePhrases) { // Notes puts the name first
		return true, true
	}
	for _, p := range absenceWords {
		if strings.HasPrefix(s, p) {
			return false, true
		}
	}
	return false, strings.Contains(s, "out of office") || strings.Contains(s, "automatic reply")
}
