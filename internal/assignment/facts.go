package assignment

import (
	"context"
	"net/url"
	"strings"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
)

// About is what facts are found of. What is nil is looked up as far as the rest says where.
type About struct {
	Account   desk.ChannelAccount
	ContactID desk.ContactID // 0: the ticket's, else the conversation's
	Ticket    *desk.Ticket
	Thread    *desk.Thread
	Message   *desk.Message // nil: the customer's first word; zero: there is none yet
	Latest    bool          // with Message nil: the last word instead
	Page      string        // "": where the conversation began
	Language  string        // "": the contact's
}

// maxText is how much of a message conditions see, and decisions keep.
const maxText = 4000

// freshFor is how old a contact must be to be known: who writes for the first time has one since a moment ago.
const freshFor = 5000

// FactsOf is what is known of a piece of work, by the names of Fields.
func (s *Service) FactsOf(ctx context.Context, q db.Queryer, about About) (condition.Facts, error) {
	f, _, err := s.facts(ctx, q, about)
	return f, err
}

// facts also says who owns the contact, and how it is known that it is that contact who writes.
func (s *Service) facts(ctx context.Context, q db.Queryer, a About) (condition.Facts, *routing.Owner, error) {
	f := condition.Facts{"channel": a.Account.Channel, "account": a.Account.Slug}
	if err := s.find(ctx, q, &a); err != nil {
		return nil, nil, err
	}
	if err := s.ofWork(ctx, q, a, f); err != nil {
		return nil, nil, err
	}
	if m := a.Message; m.ID != 0 || m.Text != "" || m.From.Address != "" {
		s.ofMessage(m, f)
	}
	owner, err := s.ofContact(ctx, q, a, f)
	if err != nil {
		return nil, nil, err
	}
	browser, _ := f["visitor.language"].(string)
	of, _ := f["contact.language"].(string)
	switch l, err := s.language(ctx, q, a, browser, of); {
	case err != nil:
		return nil, nil, err
	case l != "":
		f["language"] = l
	}
	return f, owner, s.ofForm(ctx, q, a, f)
}

// find looks up the conversation and the message.
func (s *Service) find(ctx context.Context, q db.Queryer, a *About) error {
	if a.Thread == nil && a.Ticket != nil && a.Ticket.ID != 0 {
		ths, err := s.Threads.OfTicket(ctx, q, a.Ticket.ID)
		if err != nil {
			return err
		}
		for i := range ths {
			if a.Thread == nil || ths[i].ID < a.Thread.ID != a.Latest {
				a.Thread = &ths[i]
			}
		}
	}
	if a.Thread == nil {
		a.Thread = &desk.Thread{}
	}
	if a.ContactID == 0 && a.Ticket != nil {
		a.ContactID = a.Ticket.ContactID
	}
	if a.ContactID == 0 {
		a.ContactID = a.Thread.ContactID
	}
	if a.Message != nil || a.Thread.ID == 0 {
		if a.Message == nil {
			a.Message = &desk.Message{}
		}
		return nil
	}
	m, err := s.Threads.FirstInbound(ctx, q, a.Thread.ID)
	if err == nil && a.Latest && m.ID != 0 {
		m, err = s.Threads.LastInbound(ctx, q, a.Thread.ID)
	}
	a.Message = &m
	return err
}

func (s *Service) ofMessage(m *desk.Message, f condition.Facts) {
	f["text"] = cut(m.Text, maxText)
	if _, domain, ok := strings.Cut(m.From.Address, "@"); ok {
		f["from.domain"] = strings.ToLower(domain)
	}
	f["from.address"] = m.From.Address
	var to []string
	for _, p := range m.Recipients {
		if p.Field == "to" || p.Field == "" {
			to = append(to, p.Address)
		}
	}
	f["to"] = to
	f["has_attachment"] = len(m.Attachments) > 0
	if f["subject"] == nil || f["subject"] == "" {
		f["subject"] = m.Subject
	}
}

// ofWork is what stands on the ticket, or would by the account's policy.
func (s *Service) ofWork(ctx context.Context, q db.Queryer, a About, f condition.Facts) error {
	page := a.Page
	if page == "" && a.Thread.Origin != nil {
		page = a.Thread.Origin.URL
	}
	if page != "" {
		f["page.url"] = page
		if u, err := url.Parse(page); err == nil {
			f["page.path"] = u.Path
		}
	}
	if a.Ticket == nil || a.Ticket.ID == 0 {
		p := a.Account.Ticket
		f["subject"], f["priority"], f["category"], f["pipeline"], f["status"] = a.Thread.Subject, p.Priority, p.Category, p.Pipeline, p.Status
		for name, v := range p.Properties {
			f["ticket."+name] = v
		}
		return nil
	}
	t := a.Ticket
	f["subject"], f["priority"], f["category"] = t.Subject, string(t.Priority), t.Category
	for name, v := range t.Properties {
		f["ticket."+name] = v
	}
	tags, err := s.Tickets.TagsOf(ctx, q, t.ID, true)
	if err != nil {
		return err
	}
	if len(tags) > 0 {
		f["tags"] = tags
	}
	pipe, err := s.Tickets.Pipeline(ctx, q, t.PipelineID)
	if err != nil {
		if desk.CodeOf(err) == desk.NotFound {
			return nil
		}
		return err
	}
	f["pipeline"] = pipe.Slug
	for _, st := range pipe.Statuses {
		if st.ID == t.StatusID {
			f["status"] = st.Slug
		}
	}
	return nil
}

// ofContact is what is known of the person, their company, their browser and their owner.
func (s *Service) ofContact(ctx context.Context, q db.Queryer, a About, f condition.Facts) (*routing.Owner, error) {
	f["contact.known"] = false
	proven, country, err := s.browser(ctx, q, a, f)
	if err != nil || a.ContactID == 0 {
		return nil, err
	}
	c, err := s.Contacts.Get(ctx, q, a.ContactID)
	if desk.CodeOf(err) == desk.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f["contact.email"], f["contact.language"] = c.Email, c.Language
	if _, domain, ok := strings.Cut(c.Email, "@"); ok {
		f["contact.domain"] = domain
	}
	began := s.Clock.Ms()
	if a.Thread.CreatedAt != 0 {
		began = a.Thread.CreatedAt
	}
	f["contact.known"] = c.CreatedAt+freshFor <= began
	for name, v := range c.Properties {
		f["contact."+name] = v
	}
	if v, _ := f["contact.country"].(string); v == "" && country != "" {
		f["contact.country"] = country
	}
	if c.CompanyID != 0 {
		switch company, err := s.Contacts.Company(ctx, q, c.CompanyID); {
		case err == nil:
			f["company.name"], f["company.domain"] = company.Name, company.Domain
		case desk.CodeOf(err) != desk.NotFound:
			return nil, err
		}
	}
	if c.OwnerID == 0 {
		return nil, nil
	}
	if u, err := s.People.Get(ctx, q, c.OwnerID); err == nil {
		f["contact.owner"] = u.Email
	} else if desk.CodeOf(err) != desk.NotFound {
		return nil, err
	}
	o := &routing.Owner{UserID: c.OwnerID, How: how(a, c, proven)}
	o.Tracked, err = s.tracked(ctx, q, c.ID)
	return o, err
}

// browser is what the visitor's browser says; proven is whether it is the contact's.
func (s *Service) browser(ctx context.Context, q db.Queryer, a About, f condition.Facts) (proven bool, country string, err error) {
	if a.Thread.VisitorID == 0 || s.Visitors == nil {
		return false, "", nil
	}
	v, err := s.Visitors.Get(ctx, q, a.Thread.VisitorID)
	if desk.CodeOf(err) == desk.NotFound {
		return false, "", nil
	}
	if err != nil {
		return false, "", err
	}
	f["country"] = v.Country
	if v.Language != "" {
		f["visitor.language"] = v.Language
	}
	return v.Proven && v.ContactID != 0 && v.ContactID == a.ContactID, v.Country, nil
}

// tracked: a browser is known to be the contact's, as the seed's rule of the cookie asks (RT-04).
func (s *Service) tracked(ctx context.Context, q db.Queryer, id desk.ContactID) (bool, error) {
	if s.Visitors == nil {
		return false, nil
	}
	vs, err := s.Visitors.OfContact(ctx, q, id)
	return len(vs) > 0, err
}

// how says by what it is established that the contact is who writes (RT-04): the sender's address of a mail that passes its own domain's checks, a number, an id that the provider
// vouches for, a browser that has proven it, or a person who said so. "" is a claim: an address that was typed into a chat, or a mail that looks forged.
func how(a About, c desk.Contact, proven bool) string {
	m := a.Message
	switch {
	case m.ID == 0 && m.From.Address == "":
		return "person"
	case hasFlag(m, desk.FlagSpoofSuspect):
		return ""
	case a.Thread.VisitorID != 0:
		if proven {
			return "visitor"
		}
		return ""
	case m.From.Kind == desk.AddrPhone:
		return "phone"
	case m.From.Kind == desk.AddrEmail || m.From.Kind == "" && strings.Contains(m.From.Address, "@"):
		return string(desk.AddrEmail)
	}
	return "channel"
}

func hasFlag(m *desk.Message, flag string) bool {
	for _, f := range m.Flags {
		if f == flag {
			return true
		}
	}
	return false
}

// ofForm adds what was filled in.
func (s *Service) ofForm(ctx context.Context, q db.Queryer, a About, f condition.Facts) error {
	if s.forms == nil || a.Thread.ID == 0 {
		return nil
	}
	slug, answers, err := s.forms(ctx, q, a.Thread.ID)
	if err != nil || slug == "" {
		return err
	}
	f["form"] = slug
	for name, v := range answers {
		f["form."+name] = v
	}
	return nil
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
