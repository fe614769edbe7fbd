package dispatch

import (
	"context"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
)

// passed is a message that another one passes on.
type passed struct {
	id         desk.MessageID
	text, html string
	files      []desk.Attachment
}

func (p *passed) carried() []desk.Attachment {
	if p == nil {
		return nil
	}
	return p.files
}

// on puts what is passed on below the message.
func (p *passed) on(m desk.Message) desk.Message {
	if p != nil {
		m.ForwardOf, m.QuotedText, m.QuotedHTML = p.id, p.text, p.html
	}
	return m
}

// forward passes a message of the conversation on (WS-12). On a ticket it begins a thread of its own there: what the other party answers stands in the ticket's
// timeline, and an answer to the customer never goes to them. Without a ticket it stays in the thread.
func (s *Service) forward(ctx context.Context, tx *db.Tx, c ReplyCommand, th desk.Thread, content Content) (desk.Message, error) {
	m, err := s.Threads.Message(ctx, tx, c.ForwardOf)
	if err == nil && (m.ThreadID != th.ID && (m.TicketID == 0 || m.TicketID != th.TicketID) || m.Kind != desk.KindMessage) {
		err = desk.Errorf(desk.Invalid, "message.elsewhere", "Only a message of this conversation can be forwarded from here; comments stay inside.")
	}
	if err != nil {
		return m, inAnyField(err, "forward_of")
	}
	acc, err := s.leavesBy(ctx, tx, c.FromAccount, m, th)
	if err != nil {
		return desk.Message{}, err
	}
	adapter, ok := s.Registry.Get(acc.Channel)
	if !ok || !adapter.Spec().Can.Start {
		return desk.Message{}, desk.Errorf(desk.Invalid, "channel.cannot_start", "Over %s a conversation can only be answered, not forwarded.", acc.Name).In("forward_of")
	}
	to, err := (Recipients{To: c.To, Cc: c.Cc, Bcc: c.Bcc}).normalize(adapter.Spec().Address)
	if err != nil {
		return desk.Message{}, err
	}
	subject := cleanLine(c.Subject, 900)
	if subject == "" {
		subject = forwardSubject(m.Subject, th.Subject)
	}
	p, err := s.passOn(ctx, tx, m, c.Carry, content)
	if err != nil {
		return desk.Message{}, err
	}
	if th.TicketID != 0 {
		who, err := s.contactOf(ctx, tx, to.all()[0])
		if err != nil {
			return desk.Message{}, err
		}
		th, err = s.Threads.Open(ctx, tx, c.Actor, desk.Thread{InboxID: th.InboxID, AccountID: acc.ID, Channel: acc.Channel, ContactID: who, TicketID: th.TicketID, Subject: subject})
		if err != nil {
			return desk.Message{}, err
		}
	}
	return s.queue(ctx, tx, outgoing{
		actor: c.Actor, thread: th, account: acc, to: to, subject: subject, content: content, client: c.Client, mentions: c.Mentions, timing: c.Timing, plan: c.Plan, forward: p,
	})
}

// forwardSubject is "Fwd:" and the subject, once.
func forwardSubject(own, thread string) string {
	if own = cleanLine(own, 900); own == "" {
		own = cleanLine(thread, 900)
	}
	head, _, ok := strings.Cut(own, ":")
	if ok {
		switch strings.ToLower(strings.TrimSpace(head)) {
		case "fwd", "fw", "wg", "vb", "vl", "tr", "i", "rv", "enc":
			return own
		}
	}
	return strings.TrimSpace("Fwd: " + own)
}

type forwardWords struct {
	head, from, date, subject, to, cc string
	day                               string
}

var forwardLanguages = map[string]forwardWords{
	"en": {"Forwarded message", "From", "Date", "Subject", "To", "Cc", "2 January 2006 15:04 MST"},
	"da": {"Videresendt besked", "Fra", "Dato", "Emne", "Til", "Cc", "02.01.2006 15.04 MST"},
	"de": {"Weitergeleitete Nachricht", "Von", "Datum", "Betreff", "An", "Cc", "02.01.2006 15:04 MST"},
	"sv": {"Vidarebefordrat meddelande", "Från", "Datum", "Ämne", "Till", "Kopia", "2006-01-02 15:04 MST"},
	"fi": {"Välitetty viesti", "Lähettäjä", "Päivämäärä", "Aihe", "Vastaanottaja", "Kopio", "2.1.2006 15.04 MST"},
}

// passOn writes the block of a forwarded message: its headers in the company's language, and its whole body with the pictures in it.
func (s *Service) passOn(ctx context.Context, q db.Queryer, m desk.Message, carry bool, content Content) (*passed, error) {
	locale, timezone, err := s.Links.words(ctx, q)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(timezone)
	if err != nil {
		zone = time.UTC
	}
	lang, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	w, ok := forwardLanguages[lang]
	if !ok {
		w = forwardLanguages["en"]
	}
	at := m.SentAt
	if at == 0 {
		at = m.CreatedAt
	}
	rows := [][2]string{{w.from, written(m.From)}, {w.date, at.Time().In(zone).Format(w.day)}, {w.subject, m.Subject}, {w.to, writtenAll(m.Recipients, fieldTo)}, {w.cc, writtenAll(m.Recipients, fieldCc)}}
	var text, rich strings.Builder
	fmt.Fprintf(&text, "---------- %s ----------\n", w.head)
	fmt.Fprintf(&rich, `<div class="kanal-forwarded">---------- %s ----------<br>`, html.EscapeString(w.head))
	for _, r := range rows {
		if r[1] == "" {
			continue
		}
		fmt.Fprintf(&text, "%s: %s\n", r[0], r[1])
		fmt.Fprintf(&rich, "<b>%s:</b> %s<br>", html.EscapeString(r[0]), html.EscapeString(r[1]))
	}
	rich.WriteString("</div><br>")
	text.WriteString("\n" + strings.TrimSpace(m.Text+"\n\n"+m.QuotedText) + "\n")
	body := m.HTML + m.QuotedHTML
	if body == "" {
		body = richtext.FromText(strings.TrimSpace(m.Text + "\n\n" + m.QuotedText))
	}
	rich.WriteString("<div>" + richtext.Rewrite(body, nil, func(u string) string { return u }) + "</div>")
	p := &passed{id: m.ID, text: text.String(), html: rich.String()}
	named := map[desk.AttachmentID]bool{}
	for _, id := range content.Attachments {
		named[id] = true
	}
	for _, a := range m.Attachments {
		shown := a.Inline && a.ContentID != "" && strings.Contains(p.html, "cid:"+a.ContentID)
		if !named[a.ID] && (carry || shown) {
			a.Linked(0)
			p.files = append(p.files, a)
		}
	}
	return p, nil
}

func written(p desk.Party) string {
	if p.Name != "" && p.Name != p.Address {
		return p.Name + " <" + p.Address + ">"
	}
	return p.Address
}

func writtenAll(ps []desk.Party, field string) string {
	var out []string
	for _, p := range withField(ps, field) {
		out = append(out, written(p))
	}
	return strings.Join(out, ", ")
}
