package identity

import (
	"context"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/visitor"
)

// How a browser came to be somebody's, in the data of visitor.updated.
const (
	ByToken  = "token"  // a signed token: proven
	ByMail   = "mail"   // an answer by mail from the address that was claimed
	ByPerson = "person" // somebody of the team said so
	ByClaim  = "claim"  // an address that was nobody's before
)

// SourceChat is where an address was learnt that a visitor typed, SourceSigned one that a customer's server vouched for.
const (
	SourceChat   = "chat_claim"
	SourceSigned = "signed_visitor"
)

// Author implements intake.Visitors: a browser and its contact as it is now, after merges. A deleted contact is nobody.
func (s *Service) Author(ctx context.Context, tx *db.Tx, id desk.VisitorID) (visitor.Visitor, desk.Contact, error) {
	v, err := s.Visitors.Get(ctx, tx, id)
	if err != nil {
		return v, desk.Contact{}, err
	}
	c, err := s.ContactOf(ctx, tx, v)
	return v, c, err
}

// ContactOf is the contact that a browser belongs to now; the zero contact when it is nobody's.
func (s *Service) ContactOf(ctx context.Context, q db.Queryer, v visitor.Visitor) (desk.Contact, error) {
	if v.ContactID == 0 {
		return desk.Contact{}, nil
	}
	c, err := s.Contacts.Get(ctx, q, v.ContactID)
	if desk.CodeOf(err) == desk.NotFound {
		return desk.Contact{}, nil
	}
	return c, err
}

// join files a browser, its conversations and their tickets under a contact. What is another contact's by now stays so.
func (s *Service) join(ctx context.Context, tx *db.Tx, actor desk.Actor, v visitor.Visitor, to desk.ContactID, proven bool, external, how string) (visitor.Visitor, error) {
	threads, err := s.Threads.OfVisitor(ctx, tx, v.ID)
	if err != nil {
		return v, err
	}
	var tickets []desk.TicketID
	for _, id := range threads {
		th, err := s.Threads.Lock(ctx, tx, id)
		if err != nil {
			return v, err
		}
		if th.TicketID != 0 && th.ContactID == v.ContactID && !slices.Contains(tickets, th.TicketID) {
			tickets = append(tickets, th.TicketID)
		}
	}
	from := v.ContactID
	if from != to {
		if err := s.Threads.NameVisitor(ctx, tx, v.ID, threads, from, to); err != nil {
			return v, err
		}
		slices.Sort(tickets)
		for _, id := range tickets {
			t, err := s.Tickets.Get(ctx, tx, id)
			if err != nil || t.ContactID != from {
				if desk.CodeOf(err) == desk.NotFound || err == nil {
					continue
				}
				return v, wrap("visitor", err)
			}
			if _, err := s.Tickets.Update(ctx, tx, desk.System, id, ticket.Change{ContactID: &to}); err != nil {
				return v, wrap("visitor", err)
			}
		}
	}
	if v, err = s.Visitors.Belongs(ctx, tx, v, to, proven, external); err != nil {
		return v, err
	}
	if s.Consents != nil {
		if err := s.Consents.Bind(ctx, tx, v.ID, to); err != nil {
			return v, err
		}
	}
	if err := s.Visitors.Tell(ctx, tx, actor, v, visitor.Identified, map[string]any{"proven": proven, "how": how}); err != nil {
		return v, err
	}
	if !proven {
		return v, nil
	}
	at, reason, err := s.Visitors.BannedPerson(ctx, tx, to)
	if err == nil && at != 0 && v.BannedAt == 0 {
		v, err = s.Visitors.MarkBanned(ctx, tx, v, at, reason)
	}
	return v, err
}

// Claim keeps what a visitor typed of themselves (TR-09, CH-28). An address that is nobody's becomes a contact's, unproven; one that is somebody's is only said, never joined,
// and the visitor learns nothing about whose it is.
func (s *Service) Claim(ctx context.Context, tx *db.Tx, id desk.VisitorID, name, email, phone string) (visitor.Visitor, error) {
	v, err := s.Visitors.Lock(ctx, tx, id)
	if err != nil {
		return v, err
	}
	if email = strings.TrimSpace(email); email != "" {
		if email = contact.Normalize(desk.AddrEmail, email); email == "" || !strings.Contains(email[strings.LastIndexByte(email, '@'):], ".") {
			return v, desk.Errorf(desk.Invalid, "profile.email", "This is no email address.").In("email")
		}
	}
	if phone = strings.TrimSpace(phone); phone != "" {
		if p := contact.Normalize(desk.AddrPhone, phone); p != "" {
			phone = p
		}
	}
	was := v.ClaimedEmail
	if v, err = s.Visitors.Says(ctx, tx, v, name, email, phone); err != nil {
		return v, err
	}
	if email == "" || email == was {
		return v, s.Visitors.Tell(ctx, tx, v.Actor(), v, visitor.Profile, nil)
	}
	known, err := s.Contacts.Who(ctx, tx, desk.AddrEmail, email)
	if err != nil {
		return v, err
	}
	if known.Ours || known.Contact != 0 {
		return v, s.Visitors.Tell(ctx, tx, v.Actor(), v, visitor.Claimed, map[string]any{"matches": true})
	}
	if v.ContactID != 0 { // said to be reached there too
		c, err := s.ContactOf(ctx, tx, v)
		if err == nil && !v.Proven && byClaims(c) {
			_, err = s.Contacts.AddAddress(ctx, tx, v.Actor(), c.ID, desk.AddrEmail, email, name, SourceChat)
		}
		if err != nil && desk.CodeOf(err) != desk.Conflict {
			return v, wrap("visitor", err)
		}
		return v, s.Visitors.Tell(ctx, tx, v.Actor(), v, visitor.Claimed, map[string]any{"matches": false})
	}
	c, made, err := s.Contacts.Resolve(ctx, tx, desk.Party{Kind: desk.AddrEmail, Address: email, Name: v.ClaimedName}, SourceChat, s.Clock.Ms())
	if err != nil {
		return v, wrap("visitor", err)
	}
	if !made { // somebody was faster
		return v, s.Visitors.Tell(ctx, tx, v.Actor(), v, visitor.Claimed, map[string]any{"matches": true})
	}
	return s.join(ctx, tx, v.Actor(), v, c.ID, false, "", ByClaim)
}

// byClaims tells a contact of whom nothing is known but what was typed in a chat. Whoever was linked to another may not give them addresses: mail from there would be taken
// for theirs.
func byClaims(c desk.Contact) bool {
	return c.ID != 0 && len(c.Addresses) > 0 && !slices.ContainsFunc(c.Addresses, func(a desk.Address) bool { return a.Verified || a.Source != SourceChat })
}

// Proven is what came of a signed token.
type Proven struct {
	Visitor visitor.Visitor
	Token   string // the secret of the browser that began clean; "" when it is the same
}

// Prove makes a browser a contact's because a signed token says so, whose signature the caller has checked (TR-06). A browser that was somebody else's, or said to be, begins clean:
// its secret is dead and nothing of the other is shown (TR-08). g is what a new one begins with.
func (s *Service) Prove(ctx context.Context, tx *db.Tx, id desk.VisitorID, p channel.Proof, token string, oneBrowser bool, g visitor.Glimpse) (Proven, error) {
	v, err := s.Visitors.Lock(ctx, tx, id)
	if err != nil {
		return Proven{}, err
	}
	email := contact.Normalize(desk.AddrEmail, p.Email)
	if email == "" {
		return Proven{}, desk.Errorf(desk.Forbidden, "identity.token_malformed", "The identification token names no address.")
	}
	if err := s.Visitors.Shown(ctx, tx, v, token, p.Expires, oneBrowser); err != nil {
		return Proven{}, err
	}
	known, err := s.Contacts.Who(ctx, tx, desk.AddrEmail, email)
	if err != nil {
		return Proven{}, err
	}
	if known.Ours {
		return Proven{}, desk.Errorf(desk.Forbidden, "identity.team_address", "This address belongs to the team, not to a customer.")
	}
	was, err := s.ContactOf(ctx, tx, v)
	if err != nil {
		return Proven{}, err
	}
	c, _, err := s.Contacts.Resolve(ctx, tx, desk.Party{Kind: desk.AddrEmail, Address: email, Name: strings.TrimSpace(p.FirstName + " " + p.LastName)}, SourceSigned, s.Clock.Ms())
	if err != nil {
		return Proven{}, wrap("visitor", err)
	}
	if err := s.vouch(ctx, tx, c, email); err != nil {
		return Proven{}, err
	}
	if v.Proven && was.ID == c.ID {
		v, err = s.Visitors.Belongs(ctx, tx, v, c.ID, true, p.ExternalID)
		return Proven{Visitor: v}, err
	}
	out := Proven{Visitor: v}
	if was.ID != 0 && was.ID != c.ID || v.Proven || v.ClaimedEmail != "" && v.ClaimedEmail != email {
		if err := s.Visitors.End(ctx, tx, v, false); err != nil {
			return out, err
		}
		if out.Visitor, out.Token, err = s.Visitors.Arrive(ctx, tx, g); err != nil {
			return out, err
		}
		if err := s.Visitors.Passes(ctx, tx, token, v.ID, out.Visitor.ID); err != nil {
			return out, err
		}
	}
	out.Visitor, err = s.join(ctx, tx, desk.System, out.Visitor, c.ID, true, p.ExternalID, ByToken)
	return out, err
}

// vouch marks an address as verified.
func (s *Service) vouch(ctx context.Context, tx *db.Tx, c desk.Contact, email string) error {
	all, err := s.Contacts.Addresses(ctx, tx, c.ID)
	if err != nil {
		return wrap("visitor", err)
	}
	for _, a := range all {
		if a.Kind == desk.AddrEmail && a.Value == email && !a.Verified {
			return wrap("visitor", s.Contacts.Verify(ctx, tx, desk.System, c.ID, a.ID, true))
		}
	}
	return nil
}

// Answered implements intake.Visitors: the owner of the address that a visitor claimed has answered by mail. The conversation is theirs from now on, and so is the browser as far
// as the team is concerned; it is not proven that the same person sits before it, so it is not shown what the contact wrote elsewhere (TR-08, TR-09).
func (s *Service) Answered(ctx context.Context, tx *db.Tx, th desk.Thread, c desk.Contact, address string) error {
	v, err := s.Visitors.Lock(ctx, tx, th.VisitorID)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err != nil || v.Proven {
		return err
	}
	is, err := s.ContactOf(ctx, tx, v)
	if err != nil || is.ID == c.ID || is.ID != 0 || v.ClaimedEmail == "" || v.ClaimedEmail != contact.Normalize(desk.AddrEmail, address) {
		return err
	}
	_, err = s.join(ctx, tx, desk.System, v, c.ID, false, "", ByMail)
	return err
}

// LinkVisitor files a browser under a contact because somebody of the team says so: agents see whom they speak with, the visitor sees nothing more than before.
func (s *Service) LinkVisitor(ctx context.Context, actor desk.Actor, id desk.VisitorID, to desk.ContactID) (visitor.Visitor, error) {
	return db.Written(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (visitor.Visitor, error) {
		v, err := s.Visitors.Lock(ctx, tx, id)
		if err != nil {
			return v, err
		}
		c, err := s.Contacts.Get(ctx, tx, to)
		if err != nil {
			return v, err
		}
		is, err := s.ContactOf(ctx, tx, v)
		switch {
		case err != nil || is.ID == c.ID:
			return v, err
		case v.Proven:
			return v, desk.Errorf(desk.Conflict, "visitor.proven", "It is proven who this visitor is. If two contacts are one person, merge them.")
		}
		return s.join(ctx, tx, actor, v, c.ID, false, "", ByPerson)
	})
}

// SignOut ends what a browser is known by (TR-08).
func (s *Service) SignOut(ctx context.Context, id desk.VisitorID) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := s.Visitors.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		return s.Visitors.End(ctx, tx, v, true)
	})
}
