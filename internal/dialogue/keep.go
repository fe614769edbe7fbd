package dialogue

import (
	"context"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/ticket"
)

// claimed are what a visitor says of themselves: kept with the visitor, and proven by nothing (TR-09).
var claimed = []string{"name", "first_name", "last_name", "email", "phone"}

// set keeps a value where it belongs. What a visitor says of who they are is a claim, whatever object the step names; other properties wait until there is a
// contact or a ticket to keep them.
func (s *Service) set(ctx context.Context, t *turn, e chatflow.Effect) error {
	if e.Object == "consent" {
		return s.left(t, "consent", s.agree(ctx, t, e))
	}
	name := strings.TrimPrefix(e.Property, "property.")
	if e.Object == "visitor" || e.Object == "contact" && slices.Contains(claimed, name) {
		if err := s.claim(ctx, t, name, e.Value); err != nil {
			return err
		}
	}
	if e.Object != "visitor" {
		if t.run.Progress.Owed == nil {
			t.run.Progress.Owed = map[string]string{}
		}
		t.run.Progress.Owed[e.Object+"."+name] = e.Value
	}
	if err := s.pay(ctx, t); err != nil {
		return err
	}
	return s.look(ctx, t)
}

// agree records what a visitor said to being written to, with the words that they were shown.
func (s *Service) agree(ctx context.Context, t *turn, e chatflow.Effect) error {
	if s.Consents == nil {
		return nil
	}
	v, err := s.Visitors.Get(ctx, t.tx, t.v)
	if err != nil {
		return err
	}
	action := consent.Declined
	if e.Value == "yes" {
		action = consent.Given
	}
	_, err = s.Consents.Record(ctx, t.tx, consent.Entry{
		ContactID: v.ContactID, VisitorID: v.ID, ThreadID: t.th.ID, AccountID: t.th.AccountID, Channel: t.th.Channel, Purpose: consent.Write + e.Property, Kind: consent.Explicit,
		Action: action, Locale: t.w.env.Language, Wording: e.Text, IP: v.IP, UserAgent: v.UserAgent,
	})
	return err
}

func (s *Service) claim(ctx context.Context, t *turn, name, value string) error {
	full, email, phone := "", "", ""
	switch name {
	case "name":
		full = value
	case "first_name":
		full = strings.TrimSpace(value + " " + t.run.Progress.State.Known["contact.last_name"])
	case "last_name":
		full = strings.TrimSpace(t.run.Progress.State.Known["contact.first_name"] + " " + value)
	case "email":
		email = value
	case "phone":
		phone = value
	}
	_, err := s.Identity.Claim(ctx, t.tx, t.v, full, email, phone)
	return s.left(t, "set", err)
}

// pay keeps what is owed to the contact and the ticket, as far as there are any now.
func (s *Service) pay(ctx context.Context, t *turn) error {
	if len(t.run.Progress.Owed) == 0 {
		return nil
	}
	v, err := s.Visitors.Get(ctx, t.tx, t.v)
	if err != nil {
		return notFoundIsNil(err)
	}
	th, err := s.Threads.Get(ctx, t.tx, t.th.ID)
	if err != nil {
		return err
	}
	t.th.ContactID = th.ContactID
	if v.ContactID != 0 {
		if err := s.left(t, "set", s.payContact(ctx, t, v.ContactID, v.Proven)); err != nil {
			return err
		}
		t.paid("contact.")
		for _, name := range t.owed("company.") {
			if err := s.left(t, "set", s.Contacts.SaysCompany(ctx, t.tx, v.ContactID, name)); err != nil {
				return err
			}
		}
		t.paid("company.")
	}
	if t.th.TicketID != 0 {
		if err := s.left(t, "set", s.payTicket(ctx, t)); err != nil {
			return err
		}
		t.paid("ticket.")
	}
	return nil
}

// owed takes what is owed to an object, by property.
func (t *turn) owed(prefix string) map[string]string {
	out := map[string]string{}
	for key, v := range t.run.Progress.Owed {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			out[name] = v
		}
	}
	return out
}

func (t *turn) paid(prefix string) {
	for key := range t.run.Progress.Owed {
		if strings.HasPrefix(key, prefix) {
			delete(t.run.Progress.Owed, key)
		}
	}
}

// payContact writes a contact's fields. Of somebody who has not proven who they are only what is empty is filled: a stranger may not rewrite a customer.
func (s *Service) payContact(ctx context.Context, t *turn, id desk.ContactID, proven bool) error {
	c, err := s.Contacts.Get(ctx, t.tx, id)
	if err != nil {
		return err
	}
	ch, values, any := contact.Change{}, map[string]any{}, false
	for name, v := range t.owed("contact.") {
		v := v
		var have string
		var to **string
		switch name {
		case "name":
			have, to = c.Name, &ch.Name
		case "first_name":
			have, to = c.FirstName, &ch.FirstName
		case "last_name":
			have, to = c.LastName, &ch.LastName
		case "language":
			have, to = c.Language, &ch.Language
		case "phone":
			if have, to = c.Phone, &ch.Phone; !strings.HasPrefix(v, "+") {
				continue
			}
		case "email": // an address is claimed, or proven elsewhere
			continue
		default:
			if is := c.Properties[name]; is == nil || proven {
				values[name] = v
			}
			continue
		}
		if v != "" && have != v && (have == "" || proven) {
			*to, any = &v, true
		}
	}
	good, bad, err := s.Properties.Sort(ctx, t.tx, property.Contact, values)
	if err != nil {
		return err
	}
	for _, err := range bad {
		_ = s.left(t, "set", err)
	}
	if len(good) > 0 {
		ch.Properties, any = good, true
	}
	if !any {
		return nil
	}
	_, err = s.Contacts.Update(ctx, t.tx, botOf(t.th), c.ID, ch)
	return err
}

func (s *Service) payTicket(ctx context.Context, t *turn) error {
	tk, err := s.Tickets.Survivor(ctx, t.tx, t.th.TicketID)
	if err != nil {
		return err
	}
	ch, values := ticket.Change{}, map[string]any{}
	for name, v := range t.owed("ticket.") {
		v := v
		switch name {
		case "subject":
			ch.Subject = &v
		case "description":
			ch.Description = &v
		case "category":
			ch.Category = &v
		case "status":
			ch.Status = &v
		case "priority":
			p := desk.Priority(v)
			ch.Priority = &p
		default:
			values[name] = v
		}
	}
	good, bad, err := s.Properties.Sort(ctx, t.tx, property.Ticket, values)
	if err != nil {
		return err
	}
	for _, err := range bad {
		_ = s.left(t, "set", err)
	}
	ch.Properties = good
	_, err = s.Tickets.Update(ctx, t.tx, botOf(t.th), tk.ID, ch)
	return err
}

// look reads anew what the bot knows, after something was kept.
func (s *Service) look(ctx context.Context, t *turn) (err error) {
	t.w, err = s.world(ctx, t.tx, t.th, t.def, t.run.Progress.Language)
	return err
}
