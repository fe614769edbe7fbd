package afterchat

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/visitor"
)

// letter writes mails about one conversation, in the visitor's language. The text part is made of the HTML by who sends it.
type letter struct {
	words
	company string
	page    string // where the visitor was last, or began
	began   string
	zone    *time.Location
	names   map[desk.UserID]string
	visitor string
}

// quoted is how much of what was said before stands below an unseen answer.
const quoted = 8

func (s *Service) letter(ctx context.Context, th desk.Thread) (letter, error) {
	company, lang, err := s.language(ctx, s.DB, th)
	if err != nil {
		return letter{}, err
	}
	l := letter{words: wordsFor(lang), company: company, zone: time.UTC, names: map[desk.UserID]string{}}
	v, err := s.Visitors.Get(ctx, s.DB, th.VisitorID)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return l, err
	}
	l.place(v, th.Origin)
	all, err := s.People.List(ctx, s.DB, true)
	for _, u := range all {
		l.names[u.ID] = u.Name
	}
	return l, err
}

func (l *letter) place(v visitor.Visitor, from *desk.Origin) {
	if z, err := time.LoadLocation(v.Timezone); err == nil && v.Timezone != "" {
		l.zone = z
	}
	l.visitor = v.ClaimedName
	if from != nil {
		l.began = webAddress(from.URL)
	}
	l.page = cmp.Or(webAddress(v.PageURL), l.began)
}

// webAddress is an address that a mail may link to, or "".
func webAddress(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return u.String()
}

func (l letter) subject() string { return fmt.Sprintf(l.Subject, l.company) }

// who is the author of a message as the visitor knows them.
func (l letter) who(m desk.Message) string {
	switch {
	case m.Direction == desk.Incoming:
		return l.You
	case m.Actor.Kind == desk.ActorUser:
		return cmp.Or(l.names[m.Actor.UserID()], l.company)
	case m.Actor.Kind == desk.ActorBot && m.Kind == desk.KindMessage:
		return l.Bot
	}
	return l.company
}

// unseen is the mail of what was not seen, with what was said before quoted.
func (l letter) unseen(p pile) string {
	var b strings.Builder
	who := l.names[p.last().Actor.UserID()]
	fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(fmt.Sprintf(l.Answered, cmp.Or(who, l.Them), l.company)))
	for _, m := range p.unseen {
		b.WriteString("<blockquote>" + body(m) + "</blockquote>")
	}
	fmt.Fprintf(&b, "<p>%s", html.EscapeString(l.GoOn))
	if l.page != "" {
		fmt.Fprintf(&b, ` <a href="%s">%s</a>`, html.EscapeString(l.page), html.EscapeString(l.Back))
	}
	b.WriteString("</p>")
	if e := p.earlier[max(0, len(p.earlier)-quoted):]; len(e) > 0 {
		fmt.Fprintf(&b, "<p><strong>%s</strong></p><blockquote>", html.EscapeString(l.Earlier))
		for _, m := range e {
			fmt.Fprintf(&b, "<p><strong>%s</strong></p>%s", html.EscapeString(l.who(m)), body(m))
		}
		b.WriteString("</blockquote>")
	}
	return b.String()
}

// transcript is the whole conversation.
func (l letter) transcript(ms []desk.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(fmt.Sprintf(l.TranscriptOf, l.company)))
	if l.began != "" {
		fmt.Fprintf(&b, `<p><a href="%s">%s</a></p>`, html.EscapeString(l.began), html.EscapeString(fmt.Sprintf(l.From, l.began)))
	}
	day := ""
	for _, m := range ms {
		at := m.CreatedAt.Time().In(l.zone)
		if d := at.Format("2006-01-02"); d != day {
			day = d
			fmt.Fprintf(&b, "<hr><p>%s</p>", d)
		}
		fmt.Fprintf(&b, "<p><strong>%s</strong> %s</p><blockquote>%s</blockquote>", html.EscapeString(l.who(m)), at.Format("15:04"), body(m))
	}
	fmt.Fprintf(&b, "<hr><p>%s</p>", html.EscapeString(l.GoOn))
	return b.String()
}

// body is a message's text with the names of its files and what it offered to choose from.
func body(m desk.Message) string {
	var b strings.Builder
	if m.HTML != "" {
		b.WriteString(m.HTML)
	} else if m.Text != "" {
		for para := range strings.SplitSeq(strings.TrimSpace(m.Text), "\n\n") {
			b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(para), "\n", "<br>") + "</p>")
		}
	}
	if m.Offers != nil && len(m.Offers.Quick) > 0 {
		b.WriteString("<ul>")
		for _, q := range m.Offers.Quick {
			if u := webAddress(q.URL); u != "" {
				fmt.Fprintf(&b, `<li><a href="%s">%s</a></li>`, html.EscapeString(u), html.EscapeString(q.Label))
			} else {
				fmt.Fprintf(&b, "<li>%s</li>", html.EscapeString(q.Label))
			}
		}
		b.WriteString("</ul>")
	}
	for _, a := range m.Attachments {
		if !a.Inline {
			fmt.Fprintf(&b, "<p>📎 %s</p>", html.EscapeString(a.Name))
		}
	}
	return b.String()
}
