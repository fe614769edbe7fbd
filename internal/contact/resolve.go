package contact

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Known is what the installation knows of an address. At most one of User and Account is set; both mean a colleague.
type Known struct {
	User    desk.UserID           // a person who signs in
	Account desk.ChannelAccountID // a channel account that holds the address
	Ours    bool                  // a registry address or a user: never a contact (EM-37)
	Contact desk.ContactID        // 0: nobody yet, or a colleague
}

const whoSQL = `SELECT
	COALESCE((SELECT id FROM users WHERE email = $1 AND $2 = 'email'), 0),
	COALESCE((SELECT account_id FROM address_registry WHERE kind = $2 AND value = $1), -1),
	COALESCE((SELECT user_id FROM address_registry WHERE kind = $2 AND value = $1), 0),
	COALESCE((SELECT contact_id FROM contact_addresses WHERE kind = $2 AND value = $1), 0)`

// Who tells a colleague from a customer. It reads only.
func (s *Service) Who(ctx context.Context, q db.Queryer, kind desk.AddressKind, value string) (Known, error) {
	var k Known
	var user, holder desk.UserID
	var account int64
	v := Normalize(kind, value)
	if v == "" {
		return k, nil
	}
	if err := q.QueryRow(ctx, whoSQL, v, string(kind)).Scan(&user, &account, &holder, &k.Contact); err != nil {
		return k, fmt.Errorf("contact: who: %w", err)
	}
	k.Ours = user != 0 || account >= 0
	if k.Ours {
		k.Contact = 0
	}
	switch {
	case user != 0:
		k.User = user
	case holder != 0:
		k.User = holder
	case account > 0:
		k.Account = desk.ChannelAccountID(account)
	}
	return k, nil
}

const upsertAddress = `INSERT INTO contact_addresses (id, contact_id, kind, value, name, source, first_seen, last_seen)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
	ON CONFLICT (kind, value) DO UPDATE SET
		name = CASE WHEN excluded.name <> '' THEN excluded.name ELSE contact_addresses.name END,
		first_seen = CASE WHEN excluded.first_seen < contact_addresses.first_seen THEN excluded.first_seen ELSE contact_addresses.first_seen END,
		last_seen = CASE WHEN excluded.last_seen > contact_addresses.last_seen THEN excluded.last_seen ELSE contact_addresses.last_seen END
	RETURNING contact_id`

// Resolve returns the contact that an address belongs to and makes one when it is nobody's (EM-25, CR-01). The address row comes first and
// is locked with it, so that two deliveries from a new sender make one contact. Names are filled in only where they are blank; a
// merged contact is followed to the one that remains. The caller asks Who first: Resolve does not know colleagues.
// at is when the address was seen. Records contact.created or contact.updated.
func (s *Service) Resolve(ctx context.Context, tx *db.Tx, p desk.Party, source string, at desk.Time) (desk.Contact, bool, error) {
	if p.Kind == "" {
		p.Kind = desk.AddrEmail
	}
	value := Normalize(p.Kind, p.Address)
	if value == "" {
		return desk.Contact{}, false, desk.Errorf(desk.Invalid, "contact.address_malformed", "This is not an address that can be kept.").In("address")
	}
	name := CleanName(p.Name, value)
	fresh := desk.ContactID(tx.NewID())
	var id desk.ContactID
	if err := tx.QueryRow(ctx, upsertAddress, tx.NewID(), fresh, p.Kind, value, name, source, at, at).Scan(&id); err != nil {
		return desk.Contact{}, false, fmt.Errorf("contact: resolve: %w", err)
	}
	if id == fresh {
		c, err := s.insert(ctx, tx, desk.System, fresh, p.Kind, value, name)
		return c, true, err
	}
	c, err := desk.Contact{}, error(desk.Errorf(desk.NotFound, "contact.not_found", ""))
	if id != 0 {
		c, err = follow(ctx, tx, id, "")
	}
	if desk.CodeOf(err) == desk.NotFound { // the address was freed, or its contact deleted
		if err := s.point(ctx, tx, p.Kind, value, fresh); err != nil {
			return c, false, err
		}
		c, err = s.insert(ctx, tx, desk.System, fresh, p.Kind, value, name)
		return c, true, err
	}
	if err != nil {
		return c, false, err
	}
	if c.ID != id {
		if err := s.point(ctx, tx, p.Kind, value, c.ID); err != nil {
			return c, false, err
		}
	}
	return s.fill(ctx, tx, c, p.Kind, value, name)
}

// point moves an address row, which the caller has locked, to a contact.
func (s *Service) point(ctx context.Context, tx *db.Tx, kind desk.AddressKind, value string, id desk.ContactID) error {
	if _, err := tx.Exec(ctx, "UPDATE contact_addresses SET contact_id = $1 WHERE kind = $2 AND value = $3", id, kind, value); err != nil {
		return fmt.Errorf("contact: move address: %w", err)
	}
	return nil
}

func (s *Service) insert(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ContactID, kind desk.AddressKind, value, name string) (desk.Contact, error) {
	now := s.clk.Ms()
	c := desk.Contact{ID: id, Name: name, Properties: map[string]any{}, Addresses: []desk.Address{}, CreatedAt: now, UpdatedAt: now}
	c.FirstName, c.LastName = SplitName(name)
	switch kind {
	case desk.AddrEmail:
		c.Email = value
	case desk.AddrPhone:
		c.Phone = value
	}
	c.Addresses = append(c.Addresses, desk.Address{ContactID: id, Kind: kind, Value: value, Name: name})
	return c, s.write(ctx, tx, actor, c, value)
}

func (s *Service) write(ctx context.Context, tx *db.Tx, actor desk.Actor, c desk.Contact, address string) error {
	_, err := tx.Exec(ctx, `INSERT INTO contacts (id, name, first_name, last_name, email, phone, owner_id, language, properties, sort_name, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		c.ID, c.Name, c.FirstName, c.LastName, c.Email, c.Phone, c.OwnerID, c.Language, db.JSON(c.Properties), sortName(c), c.CreatedAt, c.UpdatedAt)
	if err != nil {
		return fmt.Errorf("contact: create: %w", err)
	}
	if err := putKeys(ctx, tx, c.ID, keysOf(c)); err != nil {
		return err
	}
	if err := s.markReturned(ctx, tx, c.ID, c.Email, c.Phone); err != nil {
		return err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvContactCreated, Actor: actor, Contact: c.ID, Data: event.Data(map[string]any{"address": address})})
	return err
}

// fill completes a known contact with what a delivery brought: never over something that stands there.
func (s *Service) fill(ctx context.Context, tx *db.Tx, c desk.Contact, kind desk.AddressKind, value, name string) (desk.Contact, bool, error) {
	changes := map[string]any{}
	set := func(field string, at *string, v string) {
		if *at == "" && v != "" {
			changes[field] = []string{"", v}
			*at = v
		}
	}
	if c.Name == "" && c.FirstName == "" && c.LastName == "" && name != "" {
		first, last := SplitName(name)
		set("name", &c.Name, name)
		set("first_name", &c.FirstName, first)
		set("last_name", &c.LastName, last)
	}
	switch kind {
	case desk.AddrEmail:
		set(emailField, &c.Email, value)
	case desk.AddrPhone:
		set(phoneField, &c.Phone, value)
	}
	if len(changes) == 0 {
		return c, false, nil
	}
	c.UpdatedAt = s.clk.Ms()
	_, err := tx.Exec(ctx, `UPDATE contacts SET name = CASE WHEN name = '' THEN $1 ELSE name END, first_name = CASE WHEN first_name = '' THEN $2 ELSE first_name END,
		last_name = CASE WHEN last_name = '' THEN $3 ELSE last_name END, email = CASE WHEN email = '' THEN $4 ELSE email END,
		phone = CASE WHEN phone = '' THEN $5 ELSE phone END, updated_at = $6 WHERE id = $7`, c.Name, c.FirstName, c.LastName, c.Email, c.Phone, c.UpdatedAt, c.ID)
	if err != nil {
		return c, false, fmt.Errorf("contact: fill in: %w", err)
	}
	if err := s.reindex(ctx, tx, c.ID); err != nil {
		return c, false, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvContactUpdated, Contact: c.ID, Data: event.Data(map[string]any{"changes": changes})})
	return c, false, err
}

// CleanName makes a display name fit to keep: one line, no control characters, at most 200 bytes, and "" when it only repeats the address.
func CleanName(name, address string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, " "))
	name = strings.Join(strings.Fields(name), " ")
	name = strings.TrimSpace(strings.Trim(name, `"'`))
	if strings.EqualFold(name, address) || strings.Contains(name, "@") && desk.NormalizeEmail(name) != "" {
		return ""
	}
	for len(name) > maxName {
		cut := name[:maxName]
		name = strings.TrimSpace(strings.ToValidUTF8(cut, ""))
	}
	return name
}

// SplitName gives the first word and the rest, and for "Holm, Ann" the same person's names the right way round. One word is a first name.
func SplitName(name string) (first, last string) {
	if family, given, ok := strings.Cut(name, ", "); ok && !strings.ContainsAny(given, ",.") && given != "" && family != "" && len(strings.Fields(given)) <= 2 {
		return given, family
	}
	first, last, _ = strings.Cut(strings.TrimSpace(name), " ")
	return first, strings.TrimSpace(last)
}
