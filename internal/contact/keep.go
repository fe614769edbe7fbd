package contact

import (
	"context"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

func notFound() error {
	return desk.Errorf(desk.NotFound, "contact.not_found", "There is no such contact.")
}

// raw reads a contact as it is: not followed, deleted ones too.
func raw(ctx context.Context, q db.Queryer, id desk.ContactID, lock string) (desk.Contact, error) {
	cs, err := db.All(ctx, q, scanContact, "SELECT "+columns+" FROM contacts WHERE id = $1 AND purged = 0"+lock, id)
	if err != nil {
		return desk.Contact{}, fmt.Errorf("contact: get: %w", err)
	}
	if len(cs) == 0 {
		return desk.Contact{}, notFound()
	}
	return cs[0], nil
}

// Kept is a contact whether it was deleted or not, followed through merges, with its addresses: for its page.
func (s *Service) Kept(ctx context.Context, q db.Queryer, id desk.ContactID) (desk.Contact, error) {
	for range 16 {
		c, err := raw(ctx, q, id, "")
		if err != nil {
			return c, err
		}
		if c.MergedInto == 0 {
			c.Addresses, err = s.Addresses(ctx, q, c.ID)
			return c, err
		}
		id = c.MergedInto
	}
	return desk.Contact{}, notFound()
}

// Delete takes a contact out of lists and search. Its tickets stay; until it is purged it can be restored. Mail from its addresses begins a new
// contact meanwhile (CR-14).
func (s *Service) Delete(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ContactID) (desk.Contact, error) {
	c, err := follow(ctx, tx, id, tx.ForUpdate())
	if err != nil {
		return c, err
	}
	c.DeletedAt = s.clk.Ms()
	if _, err := tx.Exec(ctx, "UPDATE contacts SET deleted_at = $1, deleted_by = $2 WHERE id = $3", c.DeletedAt, actor.UserID(), c.ID); err != nil {
		return c, fmt.Errorf("contact: delete: %w", err)
	}
	return c, s.afterwards(ctx, tx, actor, c.ID, desk.EvContactDeleted, nil)
}

// Restore brings a deleted contact back, with the addresses that nobody else has taken meanwhile.
func (s *Service) Restore(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ContactID) (desk.Contact, error) {
	c, err := raw(ctx, tx, id, tx.ForUpdate())
	if err != nil || c.DeletedAt == 0 {
		return c, err
	}
	if _, err := tx.Exec(ctx, "UPDATE contacts SET deleted_at = 0, deleted_by = 0 WHERE id = $1", c.ID); err != nil {
		return c, fmt.Errorf("contact: restore: %w", err)
	}
	if err := s.Settle(ctx, tx, c.ID); err != nil {
		return c, err
	}
	return c, s.afterwards(ctx, tx, actor, c.ID, desk.EvContactRestored, nil)
}

func (s *Service) afterwards(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ContactID, typ string, data any) error {
	if err := s.reindex(ctx, tx, id); err != nil {
		return err
	}
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: typ, Actor: actor, Contact: id, Data: event.Data(data)})
	return err
}

// Expired are contacts deleted before a time, not purged yet.
func (s *Service) Expired(ctx context.Context, q db.Queryer, before desk.Time, limit int) ([]desk.ContactID, error) {
	return db.All(ctx, q, db.Column[desk.ContactID], "SELECT id FROM contacts WHERE deleted_at <> 0 AND purged = 0 AND deleted_at < $1 AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.object = 'contact' AND h.object_id = contacts.id) ORDER BY deleted_at, id LIMIT $2", before, limit)
}

// Purge empties the rows of contacts for good and takes away their addresses and keys; the bare ids stay, so that what counted still counts. The
// caller has locked them and records what it was.
func (s *Service) Purge(ctx context.Context, tx *db.Tx, ids []desk.ContactID) error {
	now := s.clk.Ms()
	for _, id := range ids {
		for _, q := range []string{
			"DELETE FROM contact_addresses WHERE contact_id = $1",
			"DELETE FROM contact_keys WHERE contact_id = $1",
			`UPDATE contacts SET name = '', first_name = '', last_name = '', email = '', phone = '', language = '', properties = '{}', sort_name = '', owner_id = 0,
				company_id = 0, indexed = 1, purged = 1 WHERE id = $1`,
		} {
			if _, err := tx.Exec(ctx, q, id); err != nil {
				return fmt.Errorf("contact: purge: %w", err)
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE contacts SET deleted_at = $1, updated_at = $1 WHERE id = $2 AND deleted_at = 0", now, id); err != nil {
			return fmt.Errorf("contact: purge: %w", err)
		}
	}
	return nil
}

// Family is a contact with everybody who was merged into it, directly or not.
func (s *Service) Family(ctx context.Context, q db.Queryer, id desk.ContactID) ([]desk.ContactID, error) {
	out := []desk.ContactID{id}
	for i := 0; i < len(out) && i < 1000; i++ {
		more, err := db.All(ctx, q, db.Column[desk.ContactID], "SELECT id FROM contacts WHERE merged_into <> 0 AND merged_into = $1 ORDER BY id", out[i])
		if err != nil {
			return nil, fmt.Errorf("contact: family: %w", err)
		}
		for _, m := range more {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// Verify notes that somebody made sure an address is the contact's, or takes that back. An address is never verified by a From line alone (CR-13).
func (s *Service) Verify(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ContactID, address desk.AddressID, verified bool) error {
	at, by := desk.Time(0), ""
	if verified {
		at, by = s.clk.Ms(), actor.String()
	}
	n, err := tx.Exec(ctx, "UPDATE contact_addresses SET verified = $1, verified_at = $2, verified_by = $3 WHERE id = $4 AND contact_id = $5", verified, at, by, address, id)
	if err != nil {
		return fmt.Errorf("contact: verify: %w", err)
	}
	if n == 0 {
		return desk.Errorf(desk.NotFound, "contact.address_unknown", "This contact has no such address.")
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvContactUpdated, Actor: actor, Contact: id, Data: event.Data(map[string]any{"changes": map[string]any{"verified": []bool{!verified, verified}}, "address_id": address})})
	return err
}

// LockPeople locks the addresses that contacts hold and then their rows, each in the order of ids: the order that everybody keeps. The rows are
// returned as they are, not followed.
func (s *Service) LockPeople(ctx context.Context, tx *db.Tx, ids ...desk.ContactID) (map[desk.ContactID]desk.Contact, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	in := db.IDs(ids)
	if _, err := db.All(ctx, tx, db.Column[desk.AddressID], "SELECT id FROM contact_addresses WHERE contact_id IN "+in+" ORDER BY id"+tx.ForUpdate()); err != nil {
		return nil, fmt.Errorf("contact: lock addresses: %w", err)
	}
	cs, err := db.All(ctx, tx, scanContact, "SELECT "+columns+" FROM contacts WHERE id IN "+in+" AND purged = 0 ORDER BY id"+tx.ForUpdate())
	if err != nil {
		return nil, fmt.Errorf("contact: lock: %w", err)
	}
	out := map[desk.ContactID]desk.Contact{}
	for _, c := range cs {
		out[c.ID] = c
	}
	return out, nil
}

// Hold locks a contact until the transaction ends and names the one that remains of it, so that what is filed under it now cannot miss a merge.
func (s *Service) Hold(ctx context.Context, tx *db.Tx, id desk.ContactID) (desk.ContactID, error) {
	c, err := follow(ctx, tx, id, tx.ForUpdate())
	return c.ID, err
}

// MergeInto makes one locked contact a part of another: its addresses move, and whoever asks for it is led on.
func (s *Service) MergeInto(ctx context.Context, tx *db.Tx, from, into desk.ContactID) error {
	if _, err := tx.Exec(ctx, "UPDATE contact_addresses SET contact_id = $1 WHERE contact_id = $2", into, from); err != nil {
		return fmt.Errorf("contact: merge addresses: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE contacts SET merged_into = $1, updated_at = $2 WHERE id = $3", into, s.clk.Ms(), from); err != nil {
		return fmt.Errorf("contact: merge: %w", err)
	}
	return nil
}

// Part makes a merged contact one of its own again and gives back those of the addresses that holder still holds.
func (s *Service) Part(ctx context.Context, tx *db.Tx, from, holder desk.ContactID, addresses []desk.AddressID) error {
	if _, err := tx.Exec(ctx, "UPDATE contact_addresses SET contact_id = $1 WHERE contact_id = $2 AND id IN "+db.IDs(addresses), from, holder); err != nil {
		return fmt.Errorf("contact: part addresses: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE contacts SET merged_into = 0, updated_at = $1 WHERE id = $2", s.clk.Ms(), from); err != nil {
		return fmt.Errorf("contact: part: %w", err)
	}
	return nil
}

// Put writes the fields of a locked contact as they are given, without asking who holds an address: Settle follows.
func (s *Service) Put(ctx context.Context, tx *db.Tx, c desk.Contact) error {
	_, err := tx.Exec(ctx, `UPDATE contacts SET name = $1, first_name = $2, last_name = $3, email = $4, phone = $5, owner_id = $6, language = $7, properties = $8, updated_at = $9 WHERE id = $10`,
		c.Name, c.FirstName, c.LastName, c.Email, c.Phone, c.OwnerID, c.Language, db.JSON(c.Properties), s.clk.Ms(), c.ID)
	if err != nil {
		return fmt.Errorf("contact: put: %w", err)
	}
	return nil
}

// Settle makes the primary addresses ones that the contact holds — the oldest where they are not — and its keys those of today.
func (s *Service) Settle(ctx context.Context, tx *db.Tx, id desk.ContactID) error {
	for column, kind := range map[string]desk.AddressKind{emailField: desk.AddrEmail, phoneField: desk.AddrPhone} {
		_, err := tx.Exec(ctx, "UPDATE contacts SET "+column+" = COALESCE((SELECT value FROM contact_addresses WHERE contact_id = $1 AND kind = $2 ORDER BY first_seen, id LIMIT 1), '') WHERE id = $1 AND merged_into = 0 AND NOT EXISTS (SELECT 1 FROM contact_addresses WHERE contact_id = $1 AND kind = $2 AND value = contacts."+column+")", id, kind)
		if err != nil {
			return fmt.Errorf("contact: settle: %w", err)
		}
	}
	return s.reindex(ctx, tx, id)
}

// WasErased says when whoever had an address was erased on request (CO-08); 0: never.
func (s *Service) WasErased(ctx context.Context, q db.Queryer, address string) (desk.Time, error) {
	if s.Erased == nil || address == "" {
		return 0, nil
	}
	return s.Erased(ctx, q, address)
}

// markReturned notes on a new contact that whoever has its address was erased before.
func (s *Service) markReturned(ctx context.Context, tx *db.Tx, id desk.ContactID, addresses ...string) error {
	for _, a := range addresses {
		at, err := s.WasErased(ctx, tx, a)
		if err != nil {
			return err
		}
		if at == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, "UPDATE contacts SET erased_before = $1 WHERE id = $2 AND erased_before < $1", at, id); err != nil {
			return fmt.Errorf("contact: returned: %w", err)
		}
	}
	return nil
}

// ErasedBefore says when the person behind a contact was erased, before they came again; 0: never.
func (s *Service) ErasedBefore(ctx context.Context, q db.Queryer, id desk.ContactID) (desk.Time, error) {
	at, err := db.One(ctx, q, db.Column[desk.Time], "SELECT erased_before FROM contacts WHERE id = $1", id)
	if err != nil {
		return 0, fmt.Errorf("contact: erased before: %w", err)
	}
	return at, nil
}
