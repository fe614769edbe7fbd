package dispatch

import (
	"cmp"
	"context"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
)

// Visitors says how somebody from a website is reached when they are no longer there.
type Visitors interface {
	// Mail is the address that they proved or gave in the widget; an empty Party when they gave none.
	Mail(ctx context.Context, q db.Queryer, id desk.VisitorID) (desk.Party, error)
}

// way is the channel account that a plain answer in a conversation leaves by, and whom it reaches there: the account of the customer's latest message,
// else the one that the conversation is on (GEN-24). m is the message that is answered, named a person's own choice of account (WS-21).
func (s *Service) way(ctx context.Context, q db.Queryer, named desk.ChannelAccountID, m desk.Message, th desk.Thread) (desk.ChannelAccount, error) {
	acc, err := s.leavesBy(ctx, q, named, m, th)
	if err != nil {
		return acc, err
	}
	if s.Registry.Live(acc.Channel) && (th.VisitorID == 0 || acc.ID != th.AccountID) {
		return acc, desk.Errorf(desk.Invalid, "channel.nobody_there", "This conversation cannot go on over %s: nobody of it is there.", acc.Name).In("channel_account_id")
	}
	return acc, nil
}

// relay is the account that answers instead of one that only takes messages, such as a form (FM-14): the one that its settings name while that is in the inbox of the
// conversation and can send, else the first there that can. Any other account is itself.
func (s *Service) relay(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, th desk.Thread) (desk.ChannelAccount, error) {
	a, _ := s.Registry.Get(acc.Channel)
	r, ok := a.(channel.Relayer)
	if !ok {
		return acc, nil
	}
	others, err := s.Inbox.Accounts(ctx, q, inbox.Filter{Inbox: th.InboxID, ActiveOnly: true})
	if err != nil {
		return acc, err
	}
	slug := r.RelayBy(acc.Settings)
	var found desk.ChannelAccount
	for _, o := range others {
		o2, ok := s.Registry.Get(o.Channel)
		if _, relays := o2.(channel.Relayer); !ok || relays || o2.Spec().Address != desk.AddrEmail || !channel.Can(o2, o.Settings).Send {
			continue
		}
		if o.Slug == slug {
			return o, nil
		}
		if found.ID == 0 || !found.Authorized && o.Authorized {
			found = o
		}
	}
	if found.ID == 0 {
		return acc, desk.Errorf(desk.Conflict, "channel.no_way_back", "%s can only take messages, and its inbox has no mail channel to answer from. Connect one there.", acc.Name).In("channel_account_id")
	}
	return found, nil
}

// usual is who an answer goes to over an account when nobody is named: those of the answered message where they can be reached there, else the person
// at the other end by the address they have there.
func (s *Service) usual(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, m desk.Message, th desk.Thread) (Recipients, error) {
	kind := s.kindOf(acc)
	if kind == desk.AddrVisitor {
		return Recipients{To: []desk.Party{visitorParty(th)}}, nil
	}
	r, err := s.Defaults(ctx, q, m, th)
	if err != nil {
		return r, err
	}
	if th.VisitorID == 0 {
		return r, nil
	}
	r.To, r.Cc = ofKind(r.To, kind), ofKind(r.Cc, kind)
	if len(r.To) > 0 || kind != desk.AddrEmail {
		return r, nil
	}
	p, err := s.mailOf(ctx, q, th)
	if err != nil || p.Address == "" {
		return r, cmp.Or(err, error(desk.Errorf(desk.Invalid, "recipients.no_address", "No address is known of the person in this chat. Ask for one, or type it.").In(fieldTo)))
	}
	r.To = []desk.Party{p}
	return r, nil
}

func (s *Service) kindOf(acc desk.ChannelAccount) desk.AddressKind {
	if a, ok := s.Registry.Get(acc.Channel); ok {
		return a.Spec().Address
	}
	return ""
}

func ofKind(ps []desk.Party, kind desk.AddressKind) (out []desk.Party) {
	for _, p := range ps {
		if p.Kind == kind || p.Kind == "" && kind == desk.AddrEmail {
			out = append(out, p)
		}
	}
	return out
}

// mailOf is the mail address of who a chat is with: the contact's, else what they gave in this very browser.
func (s *Service) mailOf(ctx context.Context, q db.Queryer, th desk.Thread) (desk.Party, error) {
	p := desk.Party{Field: fieldTo, Kind: desk.AddrEmail, Contact: th.ContactID}
	if th.ContactID != 0 {
		c, err := s.Contacts.Get(ctx, q, th.ContactID)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return p, err
		}
		if c.Email != "" {
			p.Address, p.Name = c.Email, c.Name
			return p, nil
		}
	}
	if th.VisitorID == 0 || s.Visitors == nil {
		return p, nil
	}
	given, err := s.Visitors.Mail(ctx, q, th.VisitorID)
	p.Address, p.Name = given.Address, given.Name
	return p, err
}

// Plain is how a plain answer in a conversation with a visitor leaves: over which account, and to whom.
func (s *Service) Plain(ctx context.Context, q db.Queryer, th desk.Thread) (desk.ChannelAccount, Recipients, desk.Message, error) {
	m, err := s.answered(ctx, q, th, 0)
	if err != nil {
		return desk.ChannelAccount{}, Recipients{}, m, err
	}
	acc, err := s.way(ctx, q, 0, m, th)
	if err != nil {
		return acc, Recipients{}, m, err
	}
	to, err := s.usual(ctx, q, acc, m, th)
	return acc, to, m, err
}

// MailOf is the mail address of who a chat is with, with the name that goes with it; no address when none is known.
func (s *Service) MailOf(ctx context.Context, q db.Queryer, th desk.Thread) (desk.Party, error) {
	return s.mailOf(ctx, q, th)
}

// Ways are the accounts that a conversation with a visitor can go on over: its own, and mail of the same inbox while an address is known.
func (s *Service) Ways(ctx context.Context, q db.Queryer, th desk.Thread) ([]desk.ChannelAccount, error) {
	own, err := s.Inbox.Account(ctx, q, th.AccountID)
	if err != nil {
		return nil, err
	}
	out := []desk.ChannelAccount{own}
	if p, err := s.mailOf(ctx, q, th); err != nil || p.Address == "" {
		return out, err
	}
	others, err := s.Inbox.Accounts(ctx, q, inbox.Filter{Inbox: th.InboxID, ActiveOnly: true})
	for _, o := range others {
		if a, ok := s.Registry.Get(o.Channel); ok && o.ID != own.ID && a.Spec().Address == desk.AddrEmail && channel.Can(a, o.Settings).Send {
			out = append(out, o)
		}
	}
	return out, err
}
