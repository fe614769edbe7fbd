package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

const contactColumns = "c.id, c.name, c.first_name, c.last_name, c.email, c.phone, c.owner_id, c.language, c.properties, c.merged_into, c.created_at, c.updated_at"

func scanContact(s db.Scanner) (c desk.Contact, err error) {
	c.Addresses = []desk.Address{}
	err = s.Scan(&c.ID, &c.Name, &c.FirstName, &c.LastName, &c.Email, &c.Phone, &c.OwnerID, &c.Language, db.ScanJSON(&c.Properties), &c.MergedInto,
		&c.CreatedAt, &c.UpdatedAt)
	if c.Properties == nil {
		c.Properties = map[string]any{}
	}
	return c, err
}

// Contact is one contact with its addresses.
func (v *Service) Contact(ctx context.Context, id desk.ContactID) (desk.Contact, error) {
	c, err := db.One(ctx, v.db, scanContact, "SELECT "+contactColumns+" FROM contacts c WHERE c.id = $1 AND c.deleted_at = 0", id)
	if errors.Is(err, sql.ErrNoRows) {
		return c, desk.Errorf(desk.NotFound, "contact.not_found", "There is no such contact.")
	}
	if err != nil {
		return c, fmt.Errorf("view: contact: %w", err)
	}
	cs := []desk.Contact{c}
	err = v.addresses(ctx, cs)
	return cs[0], err
}

func (v *Service) addresses(ctx context.Context, cs []desk.Contact) error {
	if len(cs) == 0 {
		return nil
	}
	ids := make([]desk.ContactID, len(cs))
	at := map[desk.ContactID]*desk.Contact{}
	for i := range cs {
		ids[i], at[cs[i].ID] = cs[i].ID, &cs[i]
	}
	var q query
	list(q.add("SELECT id, contact_id, kind, value, name, verified, source, first_seen, last_seen FROM contact_addresses WHERE contact_id IN "), ids).add(" ORDER BY contact_id, id")
	found, err := all(ctx, v.db, &q, func(s db.Scanner) (a desk.Address, err error) {
		err = s.Scan(&a.ID, &a.ContactID, &a.Kind, &a.Value, &a.Name, &a.Verified, &a.Source, &a.FirstSeen, &a.LastSeen)
		return a, err
	})
	if err != nil {
		return fmt.Errorf("view: addresses: %w", err)
	}
	for _, a := range found {
		at[a.ContactID].Addresses = append(at[a.ContactID].Addresses, a)
	}
	return nil
}

// ContactPage is one page of contacts.
type ContactPage struct {
	Items []desk.Contact `json:"items"`
	Next  string         `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// Contacts lists contacts, newest first. text narrows them to those whose name or address contains it.
func (v *Service) Contacts(ctx context.Context, text string, p Page) (ContactPage, error) {
	key, more, err := decode(p.Cursor, 1)
	if err != nil {
		return ContactPage{}, err
	}
	n := p.size(50)
	var q query
	q.add("SELECT " + contactColumns + " FROM contacts c WHERE c.deleted_at = 0 AND c.merged_into = 0")
	if text = strings.ToLower(strings.TrimSpace(text)); text != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
		q.add(" AND (LOWER(c.name) LIKE ").arg(like).add(` ESCAPE '\' OR c.email LIKE `).arg(like).add(` ESCAPE '\'`)
		q.add(" OR EXISTS (SELECT 1 FROM contact_addresses a WHERE a.contact_id = c.id AND a.value LIKE ").arg(like).add(` ESCAPE '\'))`)
	}
	if more {
		q.add(" AND c.id < ").arg(key[0])
	}
	q.add(" ORDER BY c.id DESC LIMIT ").arg(n + 1)
	cs, err := all(ctx, v.db, &q, scanContact)
	if err != nil {
		return ContactPage{}, fmt.Errorf("view: contacts: %w", err)
	}
	out := ContactPage{Items: cs}
	if len(cs) > n {
		out.Items, out.Next = cs[:n], encode(int64(cs[n-1].ID))
	}
	return out, v.addresses(ctx, out.Items)
}
