package notice

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/desk"
)

// maxRecipients bounds one report.
const maxRecipients = 500

// bounce reads a delivery report: by RFC 3464 when it has one, else as free text of a mail program. nil when the mail is none.
func bounce(m Mail) *channel.Bounce {
	var b channel.Bounce
	for _, p := range m.Content.Reports {
		if strings.HasSuffix(p.Type, "delivery-status") {
			readStatus(&b, m.Tree.Text(p))
		}
	}
	structured := len(b.Recipients) > 0 || m.Content.Report == "delivery-status"
	if !structured && !reportLike(m) {
		return nil
	}
	if len(b.Recipients) == 0 {
		freeForm(&b, m)
	}
	if len(b.Recipients) == 0 {
		for _, a := range failedHeader(m.Header) {
			b.Recipients = append(b.Recipients, channel.BounceRecipient{Address: a, Action: "failed"})
		}
	}
	b.OriginalMessageID = originalID(m)
	if !structured && len(b.Recipients) == 0 && b.OriginalMessageID == "" {
		return nil
	}
	return &b
}

// readStatus reads the fields of a message/delivery-status part: a group for the message, then one for each recipient.
func readStatus(b *channel.Bounce, text string) {
	for _, group := range strings.Split(normalBlank(text), "\n\n") {
		h := mime.ReadHeader([]byte(group)).Header
		final, original := typedAddress(h.Get("final-recipient")), typedAddress(h.Get("original-recipient"))
		if final == "" && original == "" || len(b.Recipients) >= maxRecipients {
			continue
		}
		r := channel.BounceRecipient{Address: original, Action: token(h.Get("action")), Status: statusCode(h.Get("status"))}
		if r.Address == "" {
			r.Address = final
		}
		r.Diagnostic = typedText(h.Get("diagnostic-code"))
		if r.Action == "" {
			r.Action = actionOf(r.Status)
		}
		if r.Action == "fail" || r.Action == "failure" {
			r.Action = "failed"
		}
		if r.Status == "" {
			r.Status = statusIn(r.Diagnostic)
		}
		b.Recipients = append(b.Recipients, r)
	}
}

// normalBlank makes lines of white space empty, so that groups part where they should.
func normalBlank(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

// typedAddress reads "rfc822; ann@x.example" and RFC 6533's "utf-8; j\x{F6}rg@x.example".
func typedAddress(v string) string {
	if i := strings.IndexByte(v, ';'); i >= 0 {
		v = v[i+1:]
	}
	v = hexEscape.ReplaceAllStringFunc(v, func(s string) string {
		n, err := strconv.ParseUint(s[3:len(s)-1], 16, 32)
		if err != nil || n > 0x10ffff {
			return s
		}
		return string(rune(n))
	})
	return mime.FirstAddress(mime.ParseAddresses(v)).Addr
}

var hexEscape = regexp.MustCompile(`\\x\{[0-9A-Fa-f]{2,6}\}`)

func typedText(v string) string {
	v = mime.DecodeWords(v)
	if kind, rest, ok := strings.Cut(v, ";"); ok && len(kind) < 20 && !strings.Contains(strings.TrimSpace(kind), " ") {
		v = rest
	}
	return clipText(strings.TrimSpace(v), 500)
}

func clipText(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

var (
	enhanced  = regexp.MustCompile(`(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:\.?[^\d.]|\.?$)`) // not part of an IP address
	smtpReply = regexp.MustCompile(`(?:^|[^\d.])([45]\d\d)(?:[ \-#:]|$)`)
)

func statusCode(v string) string {
	if m := enhanced.FindStringSubmatch(v); m != nil {
		return m[1]
	}
	return ""
}

// statusIn finds a status in a diagnostic: an enhanced code, else one made of the reply code.
func statusIn(v string) string {
	if m := enhanced.FindStringSubmatch(v); m != nil {
		return m[1]
	}
	if m := smtpReply.FindStringSubmatch(v); m != nil {
		return m[1][:1] + ".0.0"
	}
	return ""
}

func actionOf(status string) string {
	switch {
	case strings.HasPrefix(status, "2"):
		return "delivered"
	case strings.HasPrefix(status, "4"):
		return "delayed"
	}
	return "failed"
}

func failedHeader(h mime.Header) []string {
	var out []string
	for _, v := range h.Values("x-failed-recipients") {
		for _, a := range mime.ParseAddresses(v) {
			if a.Addr != "" && len(out) < maxRecipients {
				out = append(out, a.Addr)
			}
		}
	}
	return out
}

// reportLike says whether a mail without a machine-readable report is one all the same. It is strict, because a report makes no ticket: a customer
// who complains of a parcel that was not delivered must not be taken for one.
func reportLike(m Mail) bool {
	if len(failedHeader(m.Header)) > 0 && (daemonLocal(local(m.From.Address)) || nullPath(m) || m.Header.Has("auto-submitted")) {
		return true
	}
	l := local(m.From.Address)
	robot := strings.Contains(l, "daemon") || strings.HasPrefix(l, "microsoftexchange329e71") || m.From.Address == "" && strings.Contains(strings.ToUpper(m.From.Name), "MAILER-DAEMON")
	null := nullPath(m)
	if !robot && !daemonLocal(l) && !null {
		return false
	}
	text := head(m.Text, 4000)
	said := containsAny(strings.ToLower(text), failurePhrases)
	titled := containsAny(strings.ToLower(m.Subject), reportSubjects)
	quoted := len(m.Content.Messages) > 0 || returned(m.Text) > 0 || statusIn(text) != ""
	switch {
	case robot:
		return said || titled || quoted
	case daemonLocal(l): // a person may write from postmaster@
		return (said || titled) && (quoted || null || m.Header.Has("auto-submitted"))
	}
	return titled && quoted // a web server's form has no return path either
}

func head(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

var failurePhrases = []string{
	"could not be delivered", "couldn't be delivered", "wasn't able to deliver", "was not able to deliver", "unable to deliver", "delivery has failed", "delivery to the following recipient",
	"failed permanently", "undeliverable", "permanent fatal errors", "transient non-fatal errors", "has not yet been delivered", "was not delivered", "wasn't delivered", "delivery failed",
	"delivery failure", "address rejected", "returned to sender", "konnte nicht zugestellt werden", "konnte ihre nachricht nicht", "nicht zugestellt", "n'a pas pu être", "n'a pas été remis",
	"no se ha podido entregar", "no se pudo entregar", "non è stato possibile recapitare", "impossibile recapitare", "kon niet worden afgeleverd", "não pôde ser entregue",
	"not been delivered", "kunne ikke leveres", "kunde inte levereras", "nie można dostarczyć", "nie mogła zostać dostarczona", "nelze doručit", "не удалось доставить", "не доставлено", "не было доставлено",
	"ei voitu toimittaa", "配信できません", "無法傳遞", "无法送达", "退信",
}

var reportSubjects = []string{
	"undeliver", "delivery status notification", "delivery failure", "delivery failed", "mail delivery failed", "failure notice", "returned mail", "delivery notification", "delivery delayed",
	"message delayed", "warning: message", "warning: could not send", "mail delivery", "non recapitabile", "unzustellbar", "non remis", "no se puede entregar", "onbestelbaar",
	"não entregue", "não é possível entregar", "não foi possível entregar", "toimittaminen ei onnistu", "ei voitu toimittaa", "niedostarczon", "impossible de remettre", "échec de la remise", "recapito non riuscito",
	"impossibile recapitare", "no entregado", "error de entrega", "zustellung fehlgeschlagen", "bezorging mislukt", "levering mislykkedes", "kunne ikke leveres", "kunde inte levereras", "leveransen misslyckades",
	"doručení se nezdařilo", "nie można dostarczyć", "kézbesíthetetlen", "teslim edilemedi", "αδυναμία παράδοσης", "配信不能", "无法投递", "message you sent blocked", "undelivered", "kan ikke leveres", "går inte att leverera", "niedostarczalne", "nedoručitelné", "недоставлен", "nicht zustellbar", "rejected", "mailsystem", "returned to sender",
}

// originalID finds which of our messages a report is about.
func originalID(m Mail) string {
	for _, p := range m.Content.Messages {
		if p.Message == nil {
			continue
		}
		if id := bracketID(p.Message.Header.Get("message-id")); id != "" {
			return id
		}
	}
	if m2 := inlineID.FindStringSubmatch(m.Text); m2 != nil {
		return bracketID(m2[1])
	}
	for _, p := range m.Content.Reports {
		if h := mime.ReadHeader([]byte(m.Tree.Text(p))).Header; h.Has("x-original-message-id") || h.Has("original-message-id") {
			if id := bracketID(h.Get("x-original-message-id") + h.Get("original-message-id")); id != "" {
				return id
			}
		}
	}
	for _, key := range []string{"x-original-message-id", "in-reply-to", "references"} {
		v := m.Header.Get(key)
		if i := strings.LastIndexByte(v, '<'); i > 0 {
			v = v[i:]
		}
		if id := bracketID(v); id != "" {
			return id
		}
	}
	return ""
}

var inlineID = regexp.MustCompile(`(?im)^[>\s]*Message-ID:\s*(<[^<>\s]{3,990}>)`)

func bracketID(v string) string {
	v = mime.DecodeWords(v)
	i := strings.IndexByte(v, '<')
	j := strings.IndexByte(v, '>')
	if i >= 0 && j > i {
		v = v[i+1 : j]
	}
	v = strings.TrimSpace(v)
	if v == "" || strings.ContainsAny(v, " <>") || len(v) > 990 {
		return ""
	}
	return v
}

var returnedMarks = regexp.MustCompile(`(?im)^[ \t>]*(?:-{2,}|={2,}|_{2,}|\*{2,})?[ \t]*(?:` +
	`this is a copy of (?:the|your) message|below this line is a copy of the (?:message|mail)|original message( headers)?|unsent message below|` +
	`(?:the )?header of the (?:original|returned)|text of (?:the )?original message|return-path:|received:|message header follows|` +
	`the body of the message is|ursprüngliche nachricht|original-nachricht|der text der|message d'origine|encabezados de mensajes? originales?|intestazioni? originali?)`)

// returned finds where the returned message begins in the text of a report, or -1.
func returned(text string) int {
	if loc := returnedMarks.FindStringIndex(text); loc != nil {
		return loc[0]
	}
	return -1
}

var (
	loneAddress = regexp.MustCompile(`(?i)^[\s>*]*(?:(?:your message )?(?:to|recipient|(?:failed )?address|an|à|a|aan|do|komu|til|till|para|destinatario|destinataire|empfänger)\s*:\s*)?["'<(]*([^\s<>"'(),;:]+@[^\s<>"'(),;:]+\.?[^\s<>"'(),;:]+)(?:<mailto:[^>]*>)?[">')]*\s*(:.*|\(.*|\.\.\. .*|)$`)
	delayWords  = []string{"not yet been delivered", "delayed", "will be retried", "transient non-fatal", "will keep trying", "still trying", "warning message only", "will continue to be",
		"temporary failure", "wird weiter versucht", "verzögert", "retardé", "retrasad", "ritardat", "vertraagd", "atrasad", "forsink", "försen", "opóźni", "zpožd"}
)

// freeForm reads recipients and reasons from a report in prose: Exim, qmail, Postfix, Sendmail, Exchange, Gmail, Yahoo and their kin write each
// address on a line of its own, the reason after it.
func freeForm(b *channel.Bounce, m Mail) {
	text := m.Text
	if i := returned(text); i > 0 {
		text = text[:i]
	}
	text = head(text, 20_000)
	action := "failed"
	low := strings.ToLower(m.Subject + "\n" + text)
	if containsAny(low, delayWords) && !strings.Contains(low, "failed permanently") && !strings.Contains(low, "permanent error") && !strings.Contains(low, "giving up") &&
		!strings.Contains(low, "permanent fatal") {
		action = "delayed"
	}
	mine := map[string]bool{m.From.Address: true}
	for _, key := range []string{"to", "delivered-to"} {
		for _, a := range mime.ParseAddresses(m.Header.Get(key)) {
			mine[a.Addr] = true
		}
	}
	seen := map[string]int{}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		match := loneAddress.FindStringSubmatch(strings.TrimSpace(l))
		if match == nil || len(b.Recipients) >= maxRecipients {
			continue
		}
		addr := desk.NormalizeEmail(strings.TrimRight(match[1], "."))
		if addr == "" || mine[addr] {
			continue
		}
		reason := clipText(strings.Trim(match[2], " :")+" "+reasonAfter(lines[i+1:]), 500)
		if k, dup := seen[addr]; dup {
			if b.Recipients[k].Diagnostic == "" {
				b.Recipients[k].Diagnostic, b.Recipients[k].Status = reason, statusIn(reason)
			}
			continue
		}
		seen[addr] = len(b.Recipients)
		b.Recipients = append(b.Recipients, channel.BounceRecipient{Address: addr, Action: action, Status: statusIn(reason), Diagnostic: reason})
	}
	for _, a := range failedHeader(m.Header) {
		if _, dup := seen[a]; !dup {
			b.Recipients = append(b.Recipients, channel.BounceRecipient{Address: a, Action: action})
		}
	}
	fillStatus(b, text)
}

// reasonAfter is the paragraph after an address.
func reasonAfter(lines []string) string {
	var out []string
	gap := false
	for i, l := range lines {
		t := strings.TrimSpace(l)
		if t == "" {
			if len(out) > 0 || i > 1 {
				break
			}
			gap = true
			continue
		}
		if loneAddress.MatchString(t) || len(out) > 8 {
			break
		}
		out = append(out, t)
	}
	if gap && !strings.ContainsAny(strings.Join(out, ""), "0123456789") {
		return "" // the next paragraph says something else
	}
	return strings.Join(out, " ")
}

// fillStatus gives recipients without a reason the one that the report states for all.
func fillStatus(b *channel.Bounce, text string) {
	diagnostic := ""
	for _, l := range strings.Split(text, "\n") {
		if statusIn(l) != "" {
			diagnostic = clipText(l, 500)
			break
		}
	}
	for i := range b.Recipients {
		r := &b.Recipients[i]
		if r.Status == "" && diagnostic != "" {
			r.Status = statusIn(diagnostic)
			if r.Diagnostic == "" || statusIn(r.Diagnostic) == "" {
				r.Diagnostic = diagnostic
			}
		}
	}
}
