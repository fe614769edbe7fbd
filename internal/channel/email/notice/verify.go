package notice

import (
	"regexp"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/desk"
)

// provider is a mail host that asks the target of a forward for consent (EM-14).
type provider struct {
	name    string
	senders []string // whole addresses, or domains with a leading dot or @
}

var providers = []provider{
	{"Gmail", []string{"forwarding-noreply@google.com"}},
	{"Zoho", []string{"@zoho.com", "@zohomail.com", "@zoho.eu", ".zoho.com", ".zoho.eu", "@zohocorp.com", "@zoho.in", "@zoho.com.au"}},
	{"Yahoo", []string{"@yahoo.com", "@cc.yahoo-inc.com", ".yahoo.com", "@yahoo-inc.com"}},
	{"Outlook", []string{"@accountprotection.microsoft.com", "@microsoft.com", "@outlook.com", ".microsoft.com"}},
	{"iCloud", []string{"@email.apple.com", "@apple.com", "@icloud.com", ".apple.com"}},
	{"Fastmail", []string{"@fastmail.com", "@fastmail.fm", "@fastmailteam.com", "@messagingengine.com"}},
	{"Proton", []string{"@proton.me", "@notify.proton.me", "@protonmail.com", ".proton.me"}},
	{"Yandex", []string{"@yandex.ru", "@yandex.com", "@mail.yandex.ru", "@yandex-team.ru", ".yandex.ru"}},
	{"Mail.ru", []string{"@corp.mail.ru", "@mail.ru", "@e.mail.ru", ".mail.ru"}},
	{"GMX", []string{"@gmx.net", "@gmx.de", "@gmx.com", "@gmxnet.de", ".gmx.net"}},
	{"WEB.DE", []string{"@web.de", "@webde.de", ".web.de"}},
	{"mailbox.org", []string{"@mailbox.org"}},
	{"IONOS", []string{"@ionos.com", "@ionos.de", "@1und1.de"}},
	{"Tuta", []string{"@tutao.de", "@tuta.com"}},
}

// forwardWords say in some language that the mail is about forwarding. Only mail of a known host is searched for them.
var forwardWords = []string{
	"forward", "weiterleit", "transfert", "transfér", "réexpéd", "redirection", "reenv", "inoltr", "doorst", "doorgest", "encaminh", "videresend", "vidarebefordr", "edelleenläh", "przekaz", "przekier", "přepos", "přesměr",
	"пересыл", "перенаправ", "転送", "转发", "轉寄", "전달", "yönlendir", "továbbít", "redirecțion", "προώθηση",
}

var (
	codeInSubject = regexp.MustCompile(`\(?#\s?(\d{5,12})\)?`)
	codeLabelled  = regexp.MustCompile(`(?i)(?:code|kode|kod|код|código|codice|koodi|コード|代码|代碼|코드|pin)[^\n\d]{0,40}\b([A-Z0-9]{2,6}-?[0-9]{3,10}|\d{4,12})\b`)
	anyLink       = regexp.MustCompile(`https?://[^\s<>"'\])}]+`)
	anyMail       = regexp.MustCompile(`[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}`)
)

// verification recognises a request to confirm a forward and takes out what the administrator needs. The From line may be
// forged: what is found is only ever shown, never followed.
func verification(m Mail) *channel.Verification {
	p := providerOf(m.From.Address)
	if p == "" || len(m.Header.Values("in-reply-to")) > 0 {
		return nil
	}
	text := m.Text
	all := strings.ToLower(m.Subject + "\n" + head(text, 8000))
	if p != "Gmail" && !containsAny(strings.ToLower(m.Subject), forwardWords) && !(containsAny(all, forwardWords) && containsAny(strings.ToLower(m.Subject), confirmWords)) {
		return nil
	}
	v := &channel.Verification{Provider: p, Link: verifyLink(text + "\n" + hrefs(m.Content.HTML))}
	if c := codeInSubject.FindStringSubmatch(m.Subject); c != nil {
		v.Code = c[1]
	} else if c := codeLabelled.FindStringSubmatch(head(text, 8000)); c != nil {
		v.Code = c[1]
	}
	v.Address = aboutAddress(m)
	if v.Link == "" && v.Code == "" {
		return nil
	}
	return v
}

var confirmWords = []string{"confirm", "verif", "bestätig", "vérif", "conferma", "bevestig", "bekræft", "bekräft", "vahvist", "potwierd", "potvrd", "подтверд", "確認", "验证", "驗證", "확인", "code", "onay", "megerős"}

func providerOf(address string) string {
	if address == "" {
		return ""
	}
	domain := domainOf(address)
	for _, p := range providers {
		for _, s := range p.senders {
			switch s[0] {
			case '@':
				if domain == s[1:] && robotSender(local(address)) {
					return p.name
				}
			case '.':
				if strings.HasSuffix(domain, s) && robotSender(local(address)) {
					return p.name
				}
			default:
				if address == s {
					return p.name
				}
			}
		}
	}
	return ""
}

// robotSender tells a host's own mail from mail of a person who has an address there.
func robotSender(l string) bool {
	return robotLocal(l) || containsAny(l, []string{"noreply", "no-reply", "no_reply", "account", "security", "notif", "support", "forward", "verify", "service", "postmaster", "mailadmin", "help", "team", "info"})
}

// verifyLink prefers the link that confirms; Gmail's mail has one to confirm (vf-) and one to refuse (uf-).
func verifyLink(text string) string {
	best, top := "", 0
	for _, l := range anyLink.FindAllString(text, 200) {
		l = strings.TrimRight(mime.Clean(l), ".,;:!?")
		low := strings.ToLower(l)
		score := 0
		for _, w := range []string{"/vf-", "verif", "confirm", "forward", "bestaetig", "weiterleit", "activate", "accept"} {
			if strings.Contains(low, w) {
				score += 2
			}
		}
		for _, w := range []string{"/uf-", "cancel", "decline", "reject", "support.", "help.", "/answer", "unsubscribe", "privacy", "terms", ".png", ".gif", "abuse"} {
			if strings.Contains(low, w) {
				score -= 3
			}
		}
		if score > top && len(l) < 2000 {
			best, top = l, score
		}
	}
	return best
}

var hrefAttr = regexp.MustCompile(`(?i)href\s*=\s*["']([^"']+)["']`)

func hrefs(h string) string {
	var b strings.Builder
	for _, m := range hrefAttr.FindAllStringSubmatch(head(h, 200_000), 200) {
		b.WriteString(strings.ReplaceAll(m[1], "&amp;", "&"))
		b.WriteByte('\n')
	}
	return b.String()
}

// aboutAddress is the mailbox that wants to forward: the first address in the subject, else in the text, that is not the provider's or the target.
func aboutAddress(m Mail) string {
	skip := map[string]bool{m.From.Address: true}
	for _, key := range []string{"to", "delivered-to", "x-forwarded-to"} {
		for _, a := range mime.ParseAddresses(m.Header.Get(key)) {
			skip[a.Addr] = true
		}
	}
	for _, e := range m.Envelope.To {
		skip[desk.NormalizeEmail(e)] = true
	}
	for _, s := range []string{m.Subject, head(m.Text, 8000)} {
		for _, a := range anyMail.FindAllString(s, 50) {
			if n := desk.NormalizeEmail(a); n != "" && !skip[n] && !(domainOf(n) == domainOf(m.From.Address) && robotSender(local(n))) {
				return n
			}
		}
	}
	return ""
}
