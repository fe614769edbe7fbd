package intake

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/redaction/find"
	"github.com/kanalhq/kanal/internal/thread"
)

// actor is who is said to have written the message: the contact, the colleague, or somebody unknown.
func (f *filing) actor() desk.Actor {
	switch {
	case f.in.Live != nil && f.who.contact.ID == 0:
		return desk.Actor{Kind: desk.ActorVisitor, ID: int64(f.in.Live.Visitor)}
	case f.who.contact.ID != 0:
		return desk.ByContact(f.who.contact.ID)
	case f.who.ours && f.who.user != 0 && !f.who.suspect:
		return desk.ByUser(f.who.user)
	case f.who.ours && !f.who.suspect:
		return desk.System // an address of the team, and nobody's name behind it
	}
	return desk.Actor{Kind: desk.ActorContact}
}

// direction: a colleague's mail in a customer's thread goes out when it is addressed to somebody outside, and comes in when it stays among us.
func (s *Service) direction(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread) (desk.Direction, error) {
	if f.rule.As != AsUser || !f.rule.Matched || f.who.suspect || th.ContactID == 0 {
		return desk.Incoming, nil
	}
	for _, list := range [][]desk.Party{f.in.To, f.in.Cc} {
		for i, p := range list {
			if i >= 20 || contact.Normalize(p.Kind, p.Address) == "" {
				continue
			}
			known, err := s.Contacts.Who(ctx, tx, p.Kind, p.Address)
			if err != nil {
				return desk.Incoming, err
			}
			if !known.Ours {
				return desk.Outgoing, nil
			}
		}
	}
	return desk.Incoming, nil
}

// append writes the message into its thread.
func (s *Service) append(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread, d desk.Disposition) (desk.Message, error) {
	in := f.in
	direction, err := s.direction(ctx, tx, f, th)
	if err != nil {
		return desk.Message{}, err
	}
	m := desk.Message{
		ThreadID: th.ID, TicketID: th.TicketID, Kind: desk.KindMessage, Direction: direction, Channel: f.it.acc.Channel, AccountID: f.it.acc.ID,
		Actor: f.actor(), ContactID: f.who.contact.ID, From: in.From, Recipients: recipients(in), Subject: in.Subject,
		Text: in.Text, QuotedText: in.QuotedText, HTML: in.HTML, QuotedHTML: in.QuotedHTML, Truncation: in.Truncation,
		RemoteID: in.RemoteID, InReplyTo: answered(f.ids), RawID: f.it.id, Disposition: d, Flags: f.flags, Forward: f.forward(), Auth: f.it.raw.Auth,
		Status: desk.StatusReceived, Client: f.it.acc.Channel, SentAt: f.it.sentAt(in.SentAt),
	}
	if direction == desk.Outgoing {
		m.Status = desk.StatusSent // by the colleague's own mail program
	}
	var remote []channel.Attachment
	for _, a := range in.Attachments {
		if a.Remote != "" && a.SHA256 == "" {
			remote = append(remote, a)
			continue
		}
		m.Attachments = append(m.Attachments, desk.Attachment{Name: a.Name, Type: a.Type, Size: a.Size, SHA256: a.SHA256, Inline: a.Inline, ContentID: a.ContentID})
	}
	x := thread.Extra{ContentHash: in.ContentHash, AutoReply: f.autoReply(), ThreadedBy: f.by(), Quiet: !f.rule.Notify || f.held()}
	if f.it.spec.Threading == channel.ByReference {
		x.Ids = &f.ids
	}
	if len(in.Extra) > 0 || len(in.Problems) > 0 || in.Language != "" || len(in.Marks) > 0 {
		x.Data = map[string]any{"problems": in.Problems, "language": in.Language, "adapter": in.Extra, "marks": in.Marks}
	}
	if f.it.spec.Threading != channel.ByReference {
		if m.InReplyTo, err = s.quoted(ctx, tx, f); err != nil {
			return m, err
		}
	}
	if m, err = s.Threads.AppendWith(ctx, tx, m, x); err != nil {
		return m, err
	}
	if err := s.keepBlanked(ctx, tx, f, m); err != nil {
		return m, err
	}
	return m, s.expectMedia(ctx, tx, f.it, m, remote)
}

// autoReply is why no automatic answer may be sent: the mail's own reason, or the table's.
func (f *filing) autoReply() string {
	if f.in.AutoReply == "" && !f.rule.Answer {
		return "disposition:" + string(f.rule.Disposition)
	}
	return f.in.AutoReply
}

func (f *filing) forward() *desk.Forward {
	if f.in.Forward == nil || !f.in.Forward.Is {
		return nil
	}
	fw := *f.in.Forward
	fw.Used = f.who.used
	if f.rule.As == AsUser && f.rule.Matched {
		fw.Used = UseForwarder
	}
	return &fw
}

func recipients(in *channel.Inbound) []desk.Party {
	out := make([]desk.Party, 0, len(in.To)+len(in.Cc)+len(in.ReplyTo))
	out = append(append(append(out, in.To...), in.Cc...), in.ReplyTo...)
	return out
}

// quoted is the message of the same account that an item answers by the provider's id.
func (s *Service) quoted(ctx context.Context, tx *db.Tx, f *filing) (desk.MessageID, error) {
	if len(f.in.Refs) == 0 {
		return 0, nil
	}
	seen, err := s.Threads.SeenRemote(ctx, tx, f.in.Refs[0])
	for _, m := range seen {
		if m.AccountID == f.it.acc.ID {
			return m.ID, nil
		}
	}
	return 0, wrap("quoted", err)
}

// answered is the nearest message it refers to that is here.
func answered(ids thread.Locked) desk.MessageID {
	for _, r := range ids.Refs {
		if k := ids.Known[r]; k.Message != 0 {
			return k.Message
		}
	}
	return 0
}

// Blank says what is blanked out of what comes in, and keeps what was (CO-12): redaction.Service.
type Blank interface {
	Rules(ctx context.Context) (*find.Rules, error)
	Keep(ctx context.Context, tx *db.Tx, m desk.Message, found []find.Found) error
}

// blank takes what is not to be seen out of a message before anything of it is stored: whatever is made of it, lists, search, events and mails, is made of what is left.
func (s *Service) blank(ctx context.Context, it *item) error {
	if s.Blank == nil || len(it.in) == 0 {
		return nil
	}
	rules, err := s.Blank.Rules(ctx)
	if err != nil || rules.Empty() {
		return wrap("blank", err)
	}
	it.found = map[int][]find.Found{}
	for i := range it.in {
		if found := blankOne(rules, &it.in[i]); len(found) > 0 {
			it.found[i] = found
			it.in[i].Flags = append(slices.Clone(it.in[i].Flags), desk.FlagRedacted)
		}
	}
	return nil
}

func blankOne(rules *find.Rules, in *channel.Inbound) (all []find.Found) {
	note := func(fs []find.Found) {
		for _, f := range fs {
			if !slices.ContainsFunc(all, func(x find.Found) bool { return x.Text == f.Text }) {
				all = append(all, f)
			}
		}
	}
	text := func(s *string) {
		out, fs := rules.Text(*s)
		*s = out
		note(fs)
	}
	html := func(s *string) {
		out, fs := rules.HTML(*s)
		*s = out
		note(fs)
	}
	for _, s := range []*string{&in.Subject, &in.Text, &in.QuotedText, &in.Snippet, &in.From.Name, &in.Sender.Name} {
		text(s)
	}
	html(&in.HTML)
	html(&in.QuotedHTML)
	for i := range in.Attachments {
		text(&in.Attachments[i].Name)
	}
	if in.Live != nil {
		text(&in.Live.Value)
		text(&in.Live.Label)
		for _, s := range []*string{&in.Live.Origin.URL, &in.Live.Origin.Title, &in.Live.Origin.Referrer} {
			text(s)
		}
	}
	if in.Form != nil {
		text(&in.Form.Ticket.Description)
		for _, values := range []map[string]any{in.Form.Ticket.Properties, in.Form.Person.Properties} {
			for k, v := range values {
				if s, ok := v.(string); ok {
					text(&s)
					values[k] = s
				}
			}
		}
	}
	if len(all) > 0 {
		in.Extra = nil // the adapter's own repeats what was said
	}
	return all
}

// keepBlanked notes what was blanked out of a message that was filed.
func (s *Service) keepBlanked(ctx context.Context, tx *db.Tx, f *filing, m desk.Message) error {
	for i := range f.it.in {
		if &f.it.in[i] == f.in && len(f.it.found[i]) > 0 {
			return s.Blank.Keep(ctx, tx, m, f.it.found[i])
		}
	}
	return nil
}

// dropOriginal takes away the original of an item out of which something was blanked: it says it still. What was set aside keeps its own until it is filed.
func (s *Service) dropOriginal(ctx context.Context, tx *db.Tx, it *item, o outcome) error {
	if len(it.found) == 0 || o.message == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE inbound_raw SET body = $1, blob = '' WHERE id = $2", []byte{}, it.id)
	return wrap("blank", err)
}
