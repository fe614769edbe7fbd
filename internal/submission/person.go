package submission

import (
	"context"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
)

// SourceForm is where an address was learnt that somebody typed into a form.
const SourceForm = "form_claim"

func party(x form.Submission, p channel.FormPerson) desk.Party {
	out := desk.Party{Kind: desk.AddrEmail, Address: x.Email, Name: nameOf(p)}
	if out.Address == "" && p.Phone != "" {
		out.Kind, out.Address = desk.AddrPhone, p.Phone
	}
	return out
}

func nameOf(p channel.FormPerson) string {
	if p.Name != "" {
		return p.Name
	}
	return strings.TrimSpace(p.FirstName + " " + p.LastName)
}

// Person implements intake.Forms: whoever holds the address, else a new contact; somebody of whom only the name is known is a new one each time, since names are
// many people's. Blanks are filled in and nothing that stands there is changed, for anybody can type anybody's address (FM-13).
func (s *Service) Person(ctx context.Context, tx *db.Tx, from desk.Party, p channel.FormPerson) (desk.Contact, bool, error) {
	address := contact.Normalize(from.Kind, from.Address)
	if address == "" {
		if nameOf(p) == "" {
			return desk.Contact{}, false, nil
		}
		c, err := s.Contacts.Create(ctx, tx, desk.System, contact.Fields{Name: nameOf(p), FirstName: p.FirstName, LastName: p.LastName, Language: p.Language}, SourceForm)
		if err != nil {
			return c, false, err
		}
		c, err = s.fill(ctx, tx, c, p)
		return c, err == nil, err
	}
	known, err := s.Contacts.Who(ctx, tx, from.Kind, address)
	if err != nil || known.Ours {
		return desk.Contact{}, false, err
	}
	name := nameOf(p)
	if gone, err := s.Contacts.WasErased(ctx, tx, address); err != nil {
		return desk.Contact{}, false, err
	} else if gone != 0 && known.Contact == 0 { // whoever was erased is not filled in again by a form without a word (CO-08)
		name, p = "", channel.FormPerson{}
	}
	c, fresh, err := s.Contacts.Resolve(ctx, tx, desk.Party{Kind: from.Kind, Address: address, Name: name}, SourceForm, s.Clock.Ms())
	if err != nil {
		return c, false, err
	}
	if at, err := s.Contacts.ErasedBefore(ctx, tx, c.ID); err != nil || at != 0 {
		return c, fresh, err
	}
	if !fresh {
		p.Phone = "" // a number leads to whoever it belongs to, so it is nobody's because somebody typed it beside another's address; it stands in the submission
	}
	c, err = s.fill(ctx, tx, c, p)
	return c, fresh, err
}

// fill completes a contact where it is blank.
func (s *Service) fill(ctx context.Context, tx *db.Tx, c desk.Contact, p channel.FormPerson) (desk.Contact, error) {
	var ch contact.Change
	changed := false
	blank := func(at **string, have, said string) {
		if strings.TrimSpace(have) == "" && said != "" {
			*at, changed = &said, true
		}
	}
	if c.Name == "" || c.Name == nameOf(p) {
		blank(&ch.FirstName, c.FirstName, p.FirstName)
		blank(&ch.LastName, c.LastName, p.LastName)
	}
	blank(&ch.Language, c.Language, p.Language)
	if phone := contact.Normalize(desk.AddrPhone, p.Phone); c.Phone == "" && phone != "" {
		k, err := s.Contacts.Who(ctx, tx, desk.AddrPhone, phone)
		if err != nil {
			return c, err
		}
		if !k.Ours && (k.Contact == 0 || k.Contact == c.ID) {
			ch.Phone, changed = &phone, true
		}
	}
	good, _, err := s.Properties.Sort(ctx, tx, "contact", p.Properties)
	if err != nil {
		return c, err
	}
	for name, v := range good {
		if have, ok := c.Properties[name]; v == nil || ok && have != nil && have != "" {
			continue
		}
		if ch.Properties == nil {
			ch.Properties = map[string]any{}
		}
		ch.Properties[name], changed = v, true
	}
	if err := s.Contacts.SaysCompany(ctx, tx, c.ID, p.Company); err != nil || !changed {
		return c, err
	}
	return s.Contacts.Update(ctx, tx, desk.System, c.ID, ch)
}
