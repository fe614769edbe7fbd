package intake

import (
	"context"
	"maps"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/visitor"
)

// author is who wrote an item, as far as the visible sender says.
type author struct {
	ours    bool        // a user, or an address of a channel account
	team    bool        // an address of a channel account
	user    desk.UserID // the colleague
	suspect bool        // the mail failed the checks that its sender's domain asks for
	party   desk.Party  // whose contact record it is filed under; no address: nobody's
	used    string      // for a forward: original or forwarder
	contact desk.Contact
	fresh   bool            // nobody knew them before this
	visitor visitor.Visitor // who writes from a browser
}

// Whose contact a forward is filed under, as stored in Message.Forward.
const (
	UseOriginal  = "original"
	UseForwarder = "forwarder"
)

// author looks the visible sender up (EM-28: nobody else) and decides whose contact the item belongs to: a forward's original sender while the
// account's switch is on (EM-26, EM-27), never a colleague (EM-37).
func (s *Service) author(ctx context.Context, tx *db.Tx, it *item, in *channel.Inbound) (author, error) {
	if in.Live != nil {
		return s.visitorAuthor(ctx, tx, in)
	}
	known, err := s.Contacts.Who(ctx, tx, in.From.Kind, in.From.Address)
	if err != nil {
		return author{}, err
	}
	a := author{ours: known.Ours, team: known.Ours && known.User == 0, user: known.User, party: in.From, suspect: suspect(in, it.raw.Auth)}
	if a.ours {
		a.party = desk.Party{}
		if a.team && !a.suspect {
			a.party = s.behind(ctx, tx, in)
		}
	}
	if in.Forward == nil || !in.Forward.Is {
		return a, nil
	}
	a.used = UseForwarder
	if !it.original || in.Sender.Address == "" || in.Forward.Confidence == "unresolved" {
		return a, nil
	}
	first, err := s.Contacts.Who(ctx, tx, in.Sender.Kind, in.Sender.Address)
	if err != nil {
		return a, err
	}
	if !first.Ours && contact.Normalize(in.Sender.Kind, in.Sender.Address) != "" {
		a.party, a.used = in.Sender, UseOriginal
	}
	return a, nil
}

// behind is who a web form writes for when it sends from the team's own address: its only Reply-To, if that is no colleague.
func (s *Service) behind(ctx context.Context, tx *db.Tx, in *channel.Inbound) desk.Party {
	if len(in.ReplyTo) != 1 {
		return desk.Party{}
	}
	p := in.ReplyTo[0]
	known, err := s.Contacts.Who(ctx, tx, p.Kind, p.Address)
	if err != nil || known.Ours {
		return desk.Party{}
	}
	return p
}

// suspect: the sender's domain says how its mail is authenticated, and this one fails it. Missing evidence is no failure.
func suspect(in *channel.Inbound, auth *desk.AuthEvidence) bool {
	for _, f := range in.Flags {
		if f == desk.FlagSpoofSuspect {
			return true
		}
	}
	return auth != nil && auth.DMARC == "fail"
}

// contactFor finds or makes the contact that the table calls for.
func (s *Service) contactFor(ctx context.Context, tx *db.Tx, f *filing) error {
	p := f.who.party
	if f.in.Live != nil {
		return nil // whose contact a browser is, is not decided by what it sends
	}
	if f.rule.As == AsUser && f.rule.Matched {
		return nil // a colleague's word in a customer's thread, forwarded or not, is the colleague's
	}
	if f.in.Form != nil && s.Forms != nil && !f.who.ours {
		return s.formContact(ctx, tx, f)
	}
	if contact.Normalize(p.Kind, p.Address) == "" {
		return nil
	}
	switch f.rule.Contact {
	case ContactKnown:
		c, _, err := s.Contacts.ByAddress(ctx, tx, p.Kind, p.Address)
		f.who.contact = c
		return err
	case ContactNone:
		if f.who.used != UseOriginal && !f.who.team {
			return nil
		}
	}
	c, made, err := s.Contacts.Resolve(ctx, tx, p, contact.SourceInbound, f.it.at)
	f.who.contact, f.who.fresh = c, made
	return wrap("contact", err)
}

// Letters are submissions that went to their contact's owner by mail: ownermail.Service (RT-05).
type Letters interface {
	// Of finds the letter that one of a mail's tokens names; ok is false when none does.
	Of(ctx context.Context, q db.Queryer, tokens []string) (l OwnersLetter, ok bool, err error)
	// Answer passes on to the customer what the owner answered, where it may, and says what became of it.
	Answer(ctx context.Context, tx *db.Tx, l OwnersLetter, a OwnersAnswer) (OwnersOutcome, error)
	// Returned notes that a letter came back.
	Returned(ctx context.Context, tx *db.Tx, l OwnersLetter, reason string) error
}

// OwnersLetter names a letter, whom it went to and which conversation it is about.
type OwnersLetter struct {
	ID     int64
	User   desk.UserID
	Thread desk.ThreadID
}

// OwnersAnswer is a mail that carries a letter's token, and who the visible sender is.
type OwnersAnswer struct {
	User        desk.UserID
	Suspect     bool // it fails the checks that its sender's domain asks for
	RemoteID    string
	ContentHash string
	Text        string
	HTML        string
	Attachments []desk.Attachment
}

// OwnersOutcome is what became of an answer: a message on its way, one that was on its way before, or why it goes to nobody.
type OwnersOutcome struct {
	Thread  desk.ThreadID
	Ticket  desk.TicketID
	Message desk.MessageID
	Twice   bool
	Refused string
}

// fromOwner is a mail that answers a letter. What may go to the customer does, and is nothing else; what may not is filed like any mail, near the conversation that it is about. A
// machine's answer ends here, and a report says that the letter came back.
func (s *Service) fromOwner(ctx context.Context, tx *db.Tx, f *filing, d desk.Disposition) (*outcome, error) {
	if s.Letters == nil || len(f.in.Tokens) == 0 || f.it.force {
		return nil, nil
	}
	l, ok, err := s.Letters.Of(ctx, tx, f.in.Tokens)
	if err != nil || !ok {
		return nil, wrap("owner's letter", err)
	}
	out := &outcome{state: StateFiled, disposition: d, thread: l.Thread}
	switch d {
	case desk.DispBounce:
		out.reason = "A report about the mail to the contact's owner."
		for _, r := range bounced(f.in.Bounce) {
			if strings.EqualFold(r.Action, "failed") || r.Action == "" {
				out.reason = "The mail to the contact's owner came back."
				return out, wrap("owner's letter", s.Letters.Returned(ctx, tx, l, r.Diagnostic))
			}
		}
		return out, nil
	case desk.DispAutoReply, desk.DispOwn:
		out.state, out.reason = StateIgnored, "An automatic answer to the mail to the contact's owner goes to nobody."
		return out, nil
	}
	a := OwnersAnswer{User: f.who.user, Suspect: f.who.suspect, RemoteID: f.in.RemoteID, ContentHash: f.in.ContentHash, Text: f.in.Text, HTML: f.in.HTML}
	for _, x := range f.in.Attachments {
		if x.SHA256 != "" {
			a.Attachments = append(a.Attachments, desk.Attachment{Name: x.Name, Type: x.Type, Size: x.Size, SHA256: x.SHA256, Inline: x.Inline, ContentID: x.ContentID})
		}
	}
	done, err := s.Letters.Answer(ctx, tx, l, a)
	if err != nil {
		return nil, wrap("owner's answer", err)
	}
	if done.Refused != "" {
		f.letter = l.Thread
		return nil, nil
	}
	out.disposition, out.thread, out.ticket, out.message, out.reason = desk.DispColleague, done.Thread, done.Ticket, done.Message, "The contact's owner answered by mail."
	if done.Twice {
		out.state, out.reason = StateDuplicate, "This answer of the contact's owner came before."
	}
	return out, nil
}

func bounced(b *channel.Bounce) []channel.BounceRecipient {
	if b == nil {
		return nil
	}
	return b.Recipients
}

// Forms is told of submissions in the transaction that files them: submission.Service.
type Forms interface {
	// Person is the contact of whoever submitted it, found or made; blanks are filled, nothing that stands there is changed (FM-13). The zero contact is nobody.
	Person(ctx context.Context, tx *db.Tx, from desk.Party, p channel.FormPerson) (desk.Contact, bool, error)
	// Begins is told which conversation a submission begins, before its ticket and owner are decided by what was answered.
	Begins(ctx context.Context, tx *db.Tx, id desk.SubmissionID, th desk.ThreadID) error
	// Filed is told what a submission became. The ticket is 0 where there is none.
	Filed(ctx context.Context, tx *db.Tx, form channel.Form, acc desk.ChannelAccount, m desk.Message) error
}

func (s *Service) formContact(ctx context.Context, tx *db.Tx, f *filing) (err error) {
	f.who.contact, f.who.fresh, err = s.Forms.Person(ctx, tx, f.in.From, f.in.Form.Person)
	return wrap("contact", err)
}

// openingOfForm notes where a submission's conversation began.
func (s *Service) openingOfForm(ctx context.Context, tx *db.Tx, f *filing, th *desk.Thread) error {
	if f.in.Form == nil {
		return nil
	}
	if o := f.in.Form.Origin; o != (desk.Origin{}) {
		th.Origin = &o
	}
	if s.Forms == nil {
		return nil
	}
	return wrap("submission", s.Forms.Begins(ctx, tx, f.in.Form.Submission, th.ID))
}

func (s *Service) submitted(ctx context.Context, tx *db.Tx, f *filing, m desk.Message) error {
	if f.in.Form == nil || s.Forms == nil {
		return nil
	}
	return wrap("submission", s.Forms.Filed(ctx, tx, *f.in.Form, f.it.acc, m))
}

// policy is what is stamped on a new ticket: the account's, and over it what a form fills (GEN-18, FM-07).
func (f *filing) policy() desk.TicketPolicy {
	p := f.it.acc.Ticket
	if f.in.Form == nil {
		return p
	}
	t := f.in.Form.Ticket
	if t.Pipeline != "" && t.Pipeline != p.Pipeline {
		p.Pipeline, p.Status = t.Pipeline, ""
	}
	for _, x := range []struct {
		at *string
		to string
	}{{&p.Status, t.Status}, {&p.Priority, t.Priority}, {&p.Category, t.Category}} {
		if x.to != "" {
			*x.at = x.to
		}
	}
	if len(t.Properties) > 0 {
		p.Properties = maps.Clone(p.Properties)
		if p.Properties == nil {
			p.Properties = map[string]any{}
		}
		maps.Copy(p.Properties, t.Properties)
	}
	return p
}

// description of a new ticket: the field that fills it, else what was written.
func (f *filing) description() string {
	if f.in.Form != nil && strings.TrimSpace(f.in.Form.Ticket.Description) != "" {
		return f.in.Form.Ticket.Description
	}
	return f.in.Text
}
