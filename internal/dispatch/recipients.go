package dispatch

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Fields of a Party, as stored.
const (
	fieldFrom    = "from"
	fieldTo      = "to"
	fieldCc      = "cc"
	fieldBcc     = "bcc"
	fieldReplyTo = "reply_to"
)

// maxRecipients bounds one message: more is a mailing, not an answer.
const maxRecipients = 100

// Recipients are where a message goes.
type Recipients struct {
	To  []desk.Party `json:"to"`
	Cc  []desk.Party `json:"cc"`
	Bcc []desk.Party `json:"bcc"`
}

func (r Recipients) all() []desk.Party {
	out := make([]desk.Party, 0, len(r.To)+len(r.Cc)+len(r.Bcc))
	return append(append(append(out, r.To...), r.Cc...), r.Bcc...)
}

// DefaultRecipients is who an answer to m goes to when nobody says otherwise (EM-38): the participants of m. An incoming
// message is answered to its Reply-To, or else its sender (the original one when a forward was filed under it), and to
// the others it was addressed to; its Cc stays Cc. After a message of our own the same people are written to again.
// ours tells the team's own addresses, which never get the answer.
func DefaultRecipients(m desk.Message, ours func(desk.Party) bool) Recipients {
	var r Recipients
	seen := map[string]bool{}
	add := func(list *[]desk.Party, field string, ps ...desk.Party) {
		for _, p := range ps {
			key := addressKey(p)
			if p.Address == "" || seen[key] || ours(p) {
				continue
			}
			seen[key] = true
			*list = append(*list, desk.Party{Field: field, Kind: p.Kind, Address: p.Address, Name: p.Name, Contact: p.Contact})
		}
	}
	if m.Direction == desk.Outgoing {
		add(&r.To, fieldTo, withField(m.Recipients, fieldTo)...)
		add(&r.Cc, fieldCc, withField(m.Recipients, fieldCc)...)
		return r
	}
	if f := m.Forward; f != nil && f.Is && f.Used == "original" && f.Original.Address != "" {
		add(&r.To, fieldTo, f.Original)
		return r // the people on the forwarding mail's own lists are the team's, not the customer's
	}
	if reply := withField(m.Recipients, fieldReplyTo); len(reply) > 0 {
		add(&r.To, fieldTo, reply...)
	}
	if len(r.To) == 0 {
		add(&r.To, fieldTo, m.From)
	} else if !ours(m.From) {
		seen[addressKey(m.From)] = true // who asked for answers elsewhere gets them there only
	}
	add(&r.To, fieldTo, withField(m.Recipients, fieldTo)...)
	add(&r.Cc, fieldCc, withField(m.Recipients, fieldCc)...)
	if len(r.To) == 0 {
		r.To, r.Cc = r.Cc, nil
		for i := range r.To {
			r.To[i].Field = fieldTo
		}
	}
	return r
}

func withField(ps []desk.Party, field string) []desk.Party {
	var out []desk.Party
	for _, p := range ps {
		if p.Field == field {
			out = append(out, p)
		}
	}
	return out
}

func addressKey(p desk.Party) string {
	if n := desk.NormalizeEmail(p.Address); n != "" {
		return n
	}
	return p.Address
}

// normalize checks explicit lists and brings every address into the form that identifies it. field names the first
// wrong one: "cc[2]".
func (r Recipients) normalize(kind desk.AddressKind) (Recipients, error) {
	seen := map[string]bool{}
	out := Recipients{}
	for _, l := range []struct {
		in    []desk.Party
		out   *[]desk.Party
		field string
	}{{r.To, &out.To, fieldTo}, {r.Cc, &out.Cc, fieldCc}, {r.Bcc, &out.Bcc, fieldBcc}} {
		for i, p := range l.in {
			q, err := normalParty(p, kind)
			if err != nil {
				return r, err.In(fmt.Sprintf("%s[%d]", l.field, i))
			}
			if seen[q.Address] {
				continue
			}
			seen[q.Address] = true
			q.Field = l.field
			*l.out = append(*l.out, q)
		}
	}
	if len(out.To)+len(out.Cc)+len(out.Bcc) == 0 {
		return r, desk.Errorf(desk.Invalid, "recipients.none", "Say who the message goes to.").In(fieldTo)
	}
	if len(out.To)+len(out.Cc)+len(out.Bcc) > maxRecipients {
		return r, desk.Errorf(desk.Invalid, "recipients.too_many", "A message goes to at most %d recipients.", maxRecipients).In(fieldTo)
	}
	return out, nil
}

func normalParty(p desk.Party, kind desk.AddressKind) (desk.Party, *desk.Error) {
	if p.Kind == "" {
		p.Kind = kind
	}
	p.Status, p.Detail = "", ""
	address := strings.TrimSpace(p.Address)
	if kind == desk.AddrEmail {
		n := desk.NormalizeEmail(address)
		if n == "" { // "Ann Holm <ann@acme.example>" written into the address
			if a, err := mail.ParseAddress(address); err == nil {
				n = desk.NormalizeEmail(a.Address)
				if p.Name == "" {
					p.Name = a.Name
				}
			}
		}
		if n == "" {
			return p, desk.Errorf(desk.Invalid, "address.malformed", "%q is no email address.", shorten(p.Address))
		}
		address = n
	}
	if address == "" {
		return p, desk.Errorf(desk.Invalid, "address.missing", "A recipient has no address.")
	}
	p.Address = address
	p.Name = cleanLine(p.Name, 200)
	return p, nil
}

// cleanLine makes one printable line of at most n runes: what goes into a header.
func cleanLine(s string, n int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || r == utf8.RuneError }), " ")
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > n {
		s = string([]rune(s)[:n])
	}
	return s
}

func shorten(s string) string {
	if s = cleanLine(s, 61); utf8.RuneCountInString(s) > 60 {
		s = string([]rune(s)[:60]) + "…"
	}
	return s
}

// ReplySubject is the subject of an answer: the message's own, with one "Re:" before it. A prefix in another
// language counts as one.
func ReplySubject(subject string) string {
	subject = cleanLine(subject, 900)
	head, _, ok := strings.Cut(subject, ":")
	if ok {
		switch strings.ToLower(strings.TrimSpace(head)) {
		case "re", "aw", "antw", "sv", "vs", "svar", "odp", "rif", "ref", "res", "ynt", "re[2]", "回复", "回覆", "答复":
			return subject
		}
	}
	if subject == "" {
		return "Re:"
	}
	return "Re: " + subject
}

// numbered is the subject that a message leaves with: its own, with the ticket's number at its end where that is wished, once. What is kept and shown has none.
func (s *Service) numbered(ctx context.Context, m desk.Message) (string, error) {
	if s.Numbers == nil || m.TicketID == 0 {
		return m.Subject, nil
	}
	on, err := s.Numbers(ctx, s.DB)
	if err != nil || !on {
		return m.Subject, err
	}
	t, err := s.Tickets.Survivor(ctx, s.DB, m.TicketID)
	if err != nil {
		return m.Subject, err
	}
	bare := ticket.Unnumbered(m.Subject, func(n int64) bool { return n == t.Number })
	return strings.TrimSpace(fmt.Sprintf("%s [#%d]", bare, t.Number)), nil
}

// checkLimits refuses what the channel cannot carry (EM-39), before anything is queued.
func checkLimits(can channel.Abilities, text string, files []desk.Attachment) error {
	if !can.Send {
		return desk.Errorf(desk.Invalid, "channel.receives_only", "This channel receives only; messages cannot be sent over it.")
	}
	if can.MaxText > 0 && utf8.RuneCountInString(text) > can.MaxText {
		return desk.Errorf(desk.TooLarge, "message.too_long", "The text has %d characters; this channel carries at most %d.", utf8.RuneCountInString(text), can.MaxText).In("text")
	}
	if len(files) == 0 {
		return nil
	}
	if !can.Attachments {
		return desk.Errorf(desk.Invalid, "attachments.unsupported", "This channel carries no attachments.").In("attachments")
	}
	if can.MaxAttachmentNum > 0 && len(files) > can.MaxAttachmentNum {
		return desk.Errorf(desk.TooLarge, "attachments.too_many", "This channel carries at most %d attachments in one message.", can.MaxAttachmentNum).In("attachments")
	}
	var sum int64
	for i, f := range files {
		field := fmt.Sprintf("attachments[%d]", i)
		if can.MaxAttachment > 0 && f.Size > can.MaxAttachment {
			return desk.Errorf(desk.TooLarge, "attachments.too_large", "%s has %s; this channel carries at most %s a file.", shorten(f.Name), megabytes(f.Size), megabytes(can.MaxAttachment)).In(field)
		}
		if !typeAllowed(can.AttachmentTypes, f.Type) {
			return desk.Errorf(desk.Invalid, "attachments.type", "%s is of a kind that this channel does not carry (%s).", shorten(f.Name), f.Type).In(field)
		}
		sum += f.Size
	}
	if can.MaxAttachments > 0 && sum > can.MaxAttachments {
		return desk.Errorf(desk.TooLarge, "attachments.too_large", "The attachments have %s together; this channel carries at most %s a message.", megabytes(sum), megabytes(can.MaxAttachments)).In("attachments")
	}
	return nil
}

func typeAllowed(allowed []string, t string) bool {
	if len(allowed) == 0 {
		return true
	}
	t, _, _ = strings.Cut(t, ";")
	for _, a := range allowed {
		if a == t || (strings.HasSuffix(a, "/*") && strings.HasPrefix(t, strings.TrimSuffix(a, "*"))) {
			return true
		}
	}
	return false
}

func megabytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", (n+1023)/1024)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
