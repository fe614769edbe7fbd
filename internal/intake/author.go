package intake

import (
	"context"

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
	c, _, err := s.Contacts.Resolve(ctx, tx, p, contact.SourceInbound, f.it.at)
	f.who.contact = c
	return wrap("contact", err)
}
