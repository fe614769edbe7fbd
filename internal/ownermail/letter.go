package ownermail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/thread"
)

// What became of a letter, as its event says.
const (
	WasSent      = "sent"
	WasFailed    = "failed"
	WasUncertain = "uncertain"
	WasBounced   = "bounced"
	WasAnswered  = "answered"
	WasRefused   = "refused"
)

// give up after so many tries: the ticket then says that the owner was not reached.
const tries = 8

// send is the job of one letter. What was marked and never settled may have gone out, and is not sent again.
func (s *Service) send(ctx context.Context, j *job.Job) error {
	var p payload
	if err := j.Decode(&p); err != nil {
		return err
	}
	ls, err := db.All(ctx, s.DB, scan, "SELECT "+columns+" FROM owner_letters WHERE id = $1", p.Letter)
	if err != nil || len(ls) == 0 {
		return err
	}
	l := ls[0]
	switch l.State {
	case sending:
		return s.settle(ctx, j, l, uncertain, WasUncertain, "The server stopped while it was handed over.")
	case queued:
	default:
		return nil
	}
	w, err := s.write(ctx, l)
	if err != nil {
		if desk.CodeOf(err) == desk.NotFound {
			return s.settle(ctx, j, l, failed, "", "")
		}
		return err
	}
	if w.skip != "" {
		return s.settle(ctx, j, l, failed, WasFailed, w.skip)
	}
	w.out.Commit = func(ctx context.Context, _ []string) error {
		return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := j.Held(ctx, tx); err != nil {
				return err
			}
			n, err := tx.Exec(ctx, "UPDATE owner_letters SET state = $1, last_id = $2, remote_id = $3 WHERE id = $4 AND state = $5", sending, w.last, w.out.RemoteID, l.ID, queued)
			if err == nil && n == 0 {
				err = job.ErrLost
			}
			return err
		})
	}
	err = s.Board.Use(ctx, w.from.ID, func(_ desk.ChannelAccount, conn channel.Conn) error {
		receipt, err := conn.Send(ctx, w.out)
		if err == nil && len(receipt.Failed) > 0 {
			return receipt.Failed[0].Error
		}
		return err
	})
	return s.sent(ctx, j, l, err)
}

// sent settles a try.
func (s *Service) sent(ctx context.Context, j *job.Job, l Letter, err error) error {
	if err == nil {
		return s.settle(ctx, j, l, sent, WasSent, "")
	}
	var fault *channel.SendError
	if errors.As(err, &fault) && fault.Fault == channel.Permanent || j.Attempt >= tries {
		return s.settle(ctx, j, l, failed, WasFailed, desk.PublicOf(err))
	}
	if errors.As(err, &fault) && fault.Fault == channel.Uncertain {
		return s.settle(ctx, j, l, uncertain, WasUncertain, desk.PublicOf(err))
	}
	if werr := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { // refused before it was taken: it goes again
		if err := j.Held(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE owner_letters SET state = $1 WHERE id = $2 AND state = $3", queued, l.ID, sending)
		return err
	}); werr != nil {
		return werr
	}
	return err
}

func (s *Service) settle(ctx context.Context, j *job.Job, l Letter, state, what, reason string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := j.Complete(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE owner_letters SET state = $1, reason = $2, sent_at = $3 WHERE id = $4", state, reason, s.Clock.Ms(), l.ID); err != nil || what == "" {
			return err
		}
		return s.tell(ctx, tx, desk.System, l, what, reason)
	})
}

// written is a letter that is ready to go.
type written struct {
	from desk.ChannelAccount
	out  channel.Outbound
	last desk.MessageID
	skip string // why it does not go
}

// write gathers everything that the customer has said since the letter was due.
func (s *Service) write(ctx context.Context, l Letter) (w written, err error) {
	th, err := s.Threads.Get(ctx, s.DB, l.Thread)
	if err != nil {
		return w, err
	}
	u, err := s.People.Get(ctx, s.DB, l.User)
	if err != nil {
		return w, err
	}
	if w.from, err = s.sender(ctx, th); err != nil {
		return w, err
	}
	if known, err := s.Contacts.Who(ctx, s.DB, desk.AddrEmail, u.Email); err != nil {
		return w, err
	} else if holder, ok, err := s.Inbox.FindAddress(ctx, s.DB, desk.AddrEmail, u.Email); err != nil || ok && holder.ID != 0 || known.Account != 0 {
		w.skip = "The owner's own address is one of the team's channels: a mail to it would come back."
		return w, err
	}
	if ok, err := s.reaches(ctx, s.DB, l); err != nil || !ok {
		w.skip = "The contact's owner may not see this conversation."
		return w, err
	}
	ad, ok := s.Registry.Get(w.from.Channel)
	if !ok || w.from.ID == 0 || !w.from.Active {
		w.skip = "There is no mail address to send from: connect one to this inbox."
		return w, nil
	}
	ms, err := s.said(ctx, th, l.First)
	if err != nil {
		return w, err
	}
	if len(ms) == 0 {
		return w, desk.Errorf(desk.NotFound, "message.not_found", "There is nothing to tell any more.")
	}
	w.last = ms[len(ms)-1].ID
	company, locale := "", ""
	if s.Locale != nil {
		if company, locale, err = s.Locale(ctx, s.DB); err != nil {
			return w, err
		}
	}
	token := s.token(l.ID)
	w.out = channel.Outbound{
		From: desk.Party{Kind: desk.AddrEmail, Address: w.from.Address, Name: cmp.Or(company, w.from.Name)}, ReplyTo: w.from.Address, Automatic: true, Sender: channel.Sender{Company: company},
		To: []desk.Party{{Kind: desk.AddrEmail, Address: u.Email, Name: u.Name}},
	}
	if named, ok := ad.(channel.Identifier); ok {
		w.out.RemoteID = named.NewRemoteID(w.from, token)
		w.out.ReplyTo = cmp.Or(named.ReplyAddress(w.from, token), w.from.Address)
	}
	return w, s.compose(ctx, &w, page{words: wordsFor(u.Locale, locale), user: u, thread: th, messages: ms, can: channel.Can(ad, w.from.Settings)})
}

// said is what the customer wrote from a message on, oldest first.
func (s *Service) said(ctx context.Context, th desk.Thread, from desk.MessageID) ([]desk.Message, error) {
	all, err := s.Threads.Messages(ctx, s.DB, th.ID, thread.Page{After: from - 1, Oldest: true, Limit: 50})
	return slices.DeleteFunc(all, func(m desk.Message) bool { return !customers(m) }), err
}

// page is what a letter is made of.
type page struct {
	words    words
	user     desk.User
	thread   desk.Thread
	messages []desk.Message
	can      channel.Abilities
}

// compose writes the letter: above the mark stands nothing, so that what is answered above it is the owner's alone.
func (s *Service) compose(ctx context.Context, w *written, p page) error {
	who, subject := p.words.Someone, p.thread.Subject
	if c, err := s.Contacts.Get(ctx, s.DB, p.thread.ContactID); err == nil {
		who = strings.TrimSpace(c.Name)
		if c.Email != "" && c.Email != who {
			who = strings.TrimSpace(who + " <" + c.Email + ">")
		}
	} else if desk.CodeOf(err) != desk.NotFound {
		return err
	}
	link := strings.TrimRight(s.Base.String(), "/") + "/conversation/" + p.thread.ID.String()
	if p.thread.TicketID != 0 {
		t, err := s.Tickets.Get(ctx, s.DB, p.thread.TicketID)
		if err != nil {
			return err
		}
		subject = cmp.Or(subject, t.Subject)
		link = fmt.Sprintf("%s/ticket/%d", strings.TrimRight(s.Base.String(), "/"), t.Number)
	}
	acc, err := s.Inbox.Account(ctx, s.DB, p.thread.AccountID)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return err
	}
	w.out.Subject = oneLine(fill(p.words.Subject, "subject", cmp.Or(subject, acc.Name), "who", short(who)))
	var text, body strings.Builder
	above := mark + " " + fill(p.words.Above, "who", short(who)) + " " + mark
	lead := fill(p.words.Lead, "who", who)
	fmt.Fprintf(&text, "%s\n\n%s\n", above, lead)
	fmt.Fprintf(&body, `<div style="font-family:system-ui,sans-serif;font-size:15px;line-height:1.5;color:#1f2937;max-width:640px"><p style="font-size:13px;color:#4b5563">%s</p><p><strong>%s</strong></p>`, html.EscapeString(above), html.EscapeString(lead))
	loc, err := time.LoadLocation(cmp.Or(p.user.Timezone, "UTC"))
	if err != nil {
		loc = time.UTC
	}
	for _, m := range p.messages {
		over := fill(p.words.Over, "channel", acc.Name, "at", m.CreatedAt.Time().In(loc).Format("2006-01-02 15:04"))
		fmt.Fprintf(&text, "%s\n\n%s\n\n", over, m.Text)
		shown := m.HTML
		if strings.TrimSpace(shown) == "" {
			shown = strings.ReplaceAll(html.EscapeString(m.Text), "\n", "<br>")
		}
		fmt.Fprintf(&body, `<p style="font-size:13px;color:#4b5563;margin-bottom:4px">%s</p><div style="border-left:3px solid #d1d5db;padding-left:12px">%s</div>`, html.EscapeString(over), shown)
	}
	for _, name := range w.carry(p) {
		note := fill(p.words.Large, "name", name)
		fmt.Fprintf(&text, "%s\n", note)
		fmt.Fprintf(&body, `<p>%s</p>`, html.EscapeString(note))
	}
	why := fill(p.words.Why, "who", short(who))
	fmt.Fprintf(&text, "%s: %s\n\n%s\n", p.words.Open, link, why)
	fmt.Fprintf(&body, `<p><a href="%s">%s</a></p><p style="font-size:13px;color:#4b5563">%s</p></div>`, html.EscapeString(link), html.EscapeString(p.words.Open), html.EscapeString(why))
	w.out.Text, w.out.HTML = text.String(), body.String()
	return nil
}

// carry adds the files that fit, in their order, and names the others.
func (w *written) carry(p page) (large []string) {
	room := p.can.MaxEncoded - 512<<10 - int64(len(w.out.Text))*4
	for _, m := range p.messages {
		for _, a := range m.Attachments {
			size := (a.Size+56)/57*78 + 1024
			if p.can.MaxEncoded > 0 && size > room || a.SHA256 == "" {
				large = append(large, a.Name)
				continue
			}
			room -= size
			w.out.Attachments = append(w.out.Attachments, channel.OutAttachment{Name: a.Name, Type: a.Type, Size: a.Size, Inline: a.Inline, ContentID: a.ContentID, SHA256: a.SHA256})
		}
	}
	return large
}

// short is a name without its address.
func short(who string) string {
	if name, _, ok := strings.Cut(who, " <"); ok && name != "" {
		return name
	}
	return strings.Trim(who, "<>")
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}
