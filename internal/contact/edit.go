package contact

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Fields are what a contact begins with when a person or a program makes it. At least a name or an address is needed.
type Fields struct {
	Name       string         `json:"name"`
	FirstName  string         `json:"first_name"`
	LastName   string         `json:"last_name"`
	Email      string         `json:"email"`
	Phone      string         `json:"phone"`
	OwnerID    desk.UserID    `json:"owner_id"`
	Language   string         `json:"language"`
	Properties map[string]any `json:"properties"`
}

// Create adds a contact on purpose. An address that another contact holds is a Conflict naming the holder; a colleague's is Invalid.
func (s *Service) Create(ctx context.Context, tx *db.Tx, actor desk.Actor, f Fields, source string) (desk.Contact, error) {
	now := s.clk.Ms()
	c := desk.Contact{
		ID: desk.ContactID(tx.NewID()), Name: CleanName(f.Name, f.Email), FirstName: CleanName(f.FirstName, ""), LastName: CleanName(f.LastName, ""),
		OwnerID: f.OwnerID, Language: f.Language, Properties: f.Properties, Addresses: []desk.Address{}, CreatedAt: now, UpdatedAt: now,
	}
	if c.Properties == nil {
		c.Properties = map[string]any{}
	}
	if c.Name == "" {
		c.Name = strings.TrimSpace(c.FirstName + " " + c.LastName)
	} else if c.FirstName == "" && c.LastName == "" {
		c.FirstName, c.LastName = SplitName(c.Name)
	}
	var err error
	if c.Email, err = wellFormed(desk.AddrEmail, f.Email, emailField); err != nil {
		return c, err
	}
	if c.Phone, err = wellFormed(desk.AddrPhone, f.Phone, phoneField); err != nil {
		return c, err
	}
	if c.Name == "" && c.Email == "" && c.Phone == "" {
		return c, desk.Errorf(desk.Invalid, "contact.empty", "A contact needs a name or an address.")
	}
	if err := s.write(ctx, tx, actor, c, c.Email+c.Phone); err != nil {
		return c, err
	}
	for _, a := range []desk.Address{{Kind: desk.AddrEmail, Value: c.Email}, {Kind: desk.AddrPhone, Value: c.Phone}} {
		if a.Value == "" {
			continue
		}
		if a, err = s.hold(ctx, tx, c.ID, a, source); err != nil {
			return c, err
		}
		c.Addresses = append(c.Addresses, a)
	}
	return c, s.reindex(ctx, tx, c.ID)
}

func wellFormed(kind desk.AddressKind, value, field string) (string, error) {
	if strings.TrimSpace(value) == "" {
		return "", nil
	}
	n := Normalize(kind, value)
	if n == "" {
		what := "an email address"
		if kind == desk.AddrPhone {
			what = "a phone number with its country code, such as +45 12 34 56 78"
		}
		return "", desk.Errorf(desk.Invalid, "contact.address_malformed", "%q is not %s.", value, what).In(field)
	}
	return n, nil
}

// AddAddress gives a contact one more address. One that another contact holds is a Conflict that names the holder; a colleague's or the
// team's own is Invalid. Adding what the contact already has is no error.
func (s *Service) AddAddress(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ContactID, kind desk.AddressKind, value, name, source string) (desk.Address, error) {
	v, err := wellFormed(kind, value, "address")
	if err != nil {
		return desk.Address{}, err
	}
	if v == "" {
		return desk.Address{}, desk.Errorf(desk.Invalid, "contact.address_malformed", "An address is needed.").In("address")
	}
	a, err := s.hold(ctx, tx, id, desk.Address{Kind: kind, Value: v, Name: CleanName(name, v)}, source)
	if err != nil {
		return a, err
	}
	c, err := follow(ctx, tx, id, tx.ForUpdate())
	if err != nil {
		return a, err
	}
	if c.ID != a.ContactID { // merged meanwhile
		a.ContactID = c.ID
		if err := s.point(ctx, tx, kind, v, c.ID); err != nil {
			return a, err
		}
	}
	if _, _, err := s.fill(ctx, tx, c, kind, v, ""); err != nil {
		return a, err
	}
	if err := s.reindex(ctx, tx, c.ID); err != nil {
		return a, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvContactUpdated, Actor: actor, Contact: c.ID, Data: event.Data(map[string]any{"changes": map[string]any{"addresses": []string{"", v}}})})
	return a, err
}

// hold makes id the holder of an address, or says who holds it.
func (s *Service) hold(ctx context.Context, tx *db.Tx, id desk.ContactID, a desk.Address, source string) (desk.Address, error) {
	known, err := s.Who(ctx, tx, a.Kind, a.Value)
	if err != nil {
		return a, err
	}
	if known.Ours {
		return a, desk.Errorf(desk.Invalid, "contact.colleague", "%s belongs to a colleague or to one of your own channels, and cannot be a contact's.", a.Value).In("address")
	}
	a.ID, a.Source, a.FirstSeen = desk.AddressID(tx.NewID()), source, s.clk.Ms()
	a.LastSeen = a.FirstSeen
	err = tx.QueryRow(ctx, upsertAddress, a.ID, id, a.Kind, a.Value, a.Name, source, a.FirstSeen, a.LastSeen).Scan(&a.ContactID)
	if err != nil {
		return a, fmt.Errorf("contact: add address: %w", err)
	}
	if a.ContactID == id {
		return a, nil
	}
	holder, err := desk.Contact{}, error(nil)
	if a.ContactID != 0 {
		holder, err = follow(ctx, tx, a.ContactID, "")
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return a, err
		}
	}
	if holder.ID != 0 && holder.ID != id {
		return a, desk.Errorf(desk.Conflict, "contact.address_taken", "%s already belongs to %s.", a.Value, display(holder)).In("address")
	}
	a.ContactID = id
	return a, s.point(ctx, tx, a.Kind, a.Value, id)
}

func display(c desk.Contact) string {
	for _, s := range []string{c.Name, c.Email, c.Phone} {
		if s != "" {
			return s
		}
	}
	return "contact " + c.ID.String()
}

// RemoveAddress takes an address away from a contact. The row stays, held by nobody, so that its history is kept.
func (s *Service) RemoveAddress(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ContactID, kind desk.AddressKind, value string) error {
	v := Normalize(kind, value)
	n, err := tx.Exec(ctx, "UPDATE contact_addresses SET contact_id = 0 WHERE kind = $1 AND value = $2 AND contact_id = $3", kind, v, id)
	if err != nil {
		return fmt.Errorf("contact: remove address: %w", err)
	}
	if n == 0 {
		return desk.Errorf(desk.NotFound, "contact.address_unknown", "This contact has no such address.").In("address")
	}
	column := map[desk.AddressKind]string{desk.AddrEmail: emailField, desk.AddrPhone: phoneField}[kind]
	if column != "" { // the primary one moves on to the oldest that is left
		_, err = tx.Exec(ctx, "UPDATE contacts SET updated_at = $1, "+column+" = COALESCE((SELECT value FROM contact_addresses WHERE contact_id = $2 AND kind = $3 ORDER BY first_seen, id LIMIT 1), '') WHERE id = $2 AND "+column+" = $4",
			s.clk.Ms(), id, string(kind), v)
		if err != nil {
			return fmt.Errorf("contact: remove address: %w", err)
		}
	}
	if err := s.reindex(ctx, tx, id); err != nil {
		return err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvContactUpdated, Actor: actor, Contact: id, Data: event.Data(map[string]any{"changes": map[string]any{"addresses": []string{v, ""}}})})
	return err
}

// Change says what to change; nil leaves a field alone. A property set to nil is removed.
type Change struct {
	Name       *string        `json:"name"`
	FirstName  *string        `json:"first_name"`
	LastName   *string        `json:"last_name"`
	Email      *string        `json:"email"`
	Phone      *string        `json:"phone"`
	OwnerID    *desk.UserID   `json:"owner_id"`
	Language   *string        `json:"language"`
	Properties map[string]any `json:"properties"`
}

// Update changes a contact. A new primary address is added to its addresses (Conflict when another holds it). Records contact.updated with
// before and after; nothing when nothing changed.
func (s *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ContactID, ch Change) (desk.Contact, error) {
	if err := s.holdPrimaries(ctx, tx, id, &ch); err != nil {
		return desk.Contact{}, err
	}
	before, err := follow(ctx, tx, id, tx.ForUpdate())
	if err != nil {
		return before, err
	}
	c := change(before, ch)
	changes := diff(before, c)
	if len(changes) > 0 {
		c.UpdatedAt = s.clk.Ms()
		_, err = tx.Exec(ctx, `UPDATE contacts SET name = $1, first_name = $2, last_name = $3, email = $4, phone = $5, owner_id = $6, language = $7, properties = $8, updated_at = $9 WHERE id = $10`,
			c.Name, c.FirstName, c.LastName, c.Email, c.Phone, c.OwnerID, c.Language, db.JSON(c.Properties), c.UpdatedAt, c.ID)
		if err != nil {
			return c, fmt.Errorf("contact: update: %w", err)
		}
		if err := s.reindex(ctx, tx, c.ID); err != nil {
			return c, err
		}
		if _, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvContactUpdated, Actor: actor, Contact: c.ID, Data: event.Data(map[string]any{"changes": changes})}); err != nil {
			return c, err
		}
	}
	c.Addresses, err = s.Addresses(ctx, tx, c.ID)
	return c, err
}

// holdPrimaries claims the addresses that become primary, before the contact's own row is locked: addresses, then contact.
func (s *Service) holdPrimaries(ctx context.Context, tx *db.Tx, id desk.ContactID, ch *Change) error {
	for _, p := range []struct {
		kind  desk.AddressKind
		field string
		value *string
	}{{desk.AddrEmail, emailField, ch.Email}, {desk.AddrPhone, phoneField, ch.Phone}} {
		if p.value == nil {
			continue
		}
		v, err := wellFormed(p.kind, *p.value, p.field)
		if err != nil {
			return err
		}
		*p.value = v
		if v == "" {
			continue
		}
		if _, err := s.hold(ctx, tx, id, desk.Address{Kind: p.kind, Value: v}, SourceAgent); err != nil {
			var e *desk.Error
			if errors.As(err, &e) {
				e.Field = p.field
			}
			return err
		}
	}
	return nil
}

func change(c desk.Contact, ch Change) desk.Contact {
	text := func(at *string, v *string) {
		if v != nil {
			*at = CleanName(*v, "")
		}
	}
	text(&c.Name, ch.Name)
	text(&c.FirstName, ch.FirstName)
	text(&c.LastName, ch.LastName)
	text(&c.Language, ch.Language)
	if ch.Email != nil {
		c.Email = *ch.Email
	}
	if ch.Phone != nil {
		c.Phone = *ch.Phone
	}
	if ch.OwnerID != nil {
		c.OwnerID = *ch.OwnerID
	}
	if len(ch.Properties) > 0 {
		c.Properties = maps.Clone(c.Properties)
		for k, v := range ch.Properties {
			if v == nil {
				delete(c.Properties, k)
			} else {
				c.Properties[k] = v
			}
		}
	}
	return c
}

func diff(a, b desk.Contact) map[string]any {
	out := map[string]any{}
	for _, f := range []struct {
		name   string
		before any
		after  any
	}{
		{"name", a.Name, b.Name}, {"first_name", a.FirstName, b.FirstName}, {"last_name", a.LastName, b.LastName}, {emailField, a.Email, b.Email},
		{phoneField, a.Phone, b.Phone}, {"owner_id", a.OwnerID, b.OwnerID}, {"language", a.Language, b.Language}, {"properties", a.Properties, b.Properties},
	} {
		if !reflect.DeepEqual(f.before, f.after) {
			out[f.name] = []any{f.before, f.after}
		}
	}
	return out
}

// Exists reports whether a contact is there.
func (s *Service) Exists(ctx context.Context, q db.Queryer, id desk.ContactID) (bool, error) {
	_, err := follow(ctx, q, id, "")
	if desk.CodeOf(err) == desk.NotFound {
		return false, nil
	}
	return err == nil, err
}
