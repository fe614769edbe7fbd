// Package contact owns known people, the addresses that reach them, their companies, and the words and keys they are found by: the tables
// contacts, contact_addresses, companies and contact_keys.
// It turns an address into a person (Resolve), fills what is blank and never overwrites what somebody typed. It refuses an
// address that another contact holds, and a contact for a colleague: users and the team's own addresses are no
// customers (EM-37). Called by intake, dispatch, the agents' API and imports.
package contact

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Service is the contacts of this installation. Safe for concurrent use.
type Service struct {
	clk *clock.Clock
	ev  *event.Log
	// Erased says when whoever had an address was erased on request; 0: never. nil: nobody asks.
	Erased func(ctx context.Context, q db.Queryer, address string) (desk.Time, error)
}

// New makes the service.
func New(clk *clock.Clock, ev *event.Log) *Service { return &Service{clk: clk, ev: ev} }

// Where an address was first learnt.
const (
	SourceInbound = "inbound"
	SourceAgent   = "agent"
	SourceImport  = "import"
	SourceAPI     = "api"
)

// The primary addresses' columns are named as their kinds.
const (
	emailField = string(desk.AddrEmail)
	phoneField = string(desk.AddrPhone)
)

// Longest names and address values kept, in bytes: more is cut, never refused, when it comes from outside.
const (
	maxName    = 200
	maxAddress = 320
)

// Normalize is the one form in which an address of a kind identifies somebody, or "" when the value is none: an email address in lower case
// with an ASCII domain, a phone number as + and digits (E.164), anything else as it is without surrounding blanks.
func Normalize(kind desk.AddressKind, value string) string {
	switch kind {
	case desk.AddrEmail:
		return desk.NormalizeEmail(value)
	case desk.AddrPhone:
		return normalizePhone(value)
	}
	value = strings.TrimSpace(value)
	if len(value) > maxAddress || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return ""
	}
	return value
}

// normalizePhone accepts +, digits and the usual separators; 00 stands for +. National forms are refused: their country is not known here.
func normalizePhone(s string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(s) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -./()\u00a0", r):
		default:
			return ""
		}
	}
	n := b.String()
	if strings.HasPrefix(n, "00") {
		n = "+" + n[2:]
	}
	if len(n) < 7 || len(n) > 16 || n[0] != '+' || n[1] == '0' {
		return ""
	}
	return n
}

// Get returns a contact with its addresses, following a merge to the contact that remains. NotFound when there is none.
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.ContactID) (desk.Contact, error) {
	c, err := follow(ctx, q, id, "")
	if err != nil {
		return c, err
	}
	c.Addresses, err = s.Addresses(ctx, q, c.ID)
	return c, err
}

// ByAddress returns the contact that holds an address, with its addresses; ok is false when nobody does.
func (s *Service) ByAddress(ctx context.Context, q db.Queryer, kind desk.AddressKind, value string) (c desk.Contact, ok bool, err error) {
	var id desk.ContactID
	err = q.QueryRow(ctx, "SELECT contact_id FROM contact_addresses WHERE kind = $1 AND value = $2", kind, Normalize(kind, value)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && id == 0 {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("contact: by address: %w", err)
	}
	c, err = s.Get(ctx, q, id)
	if desk.CodeOf(err) == desk.NotFound {
		return desk.Contact{}, false, nil
	}
	return c, err == nil, err
}

// Addresses returns every address of a contact, first seen first.
func (s *Service) Addresses(ctx context.Context, q db.Queryer, id desk.ContactID) ([]desk.Address, error) {
	out, err := db.All(ctx, q, scanAddress, "SELECT "+addressColumns+" FROM contact_addresses WHERE contact_id = $1 ORDER BY first_seen, id", id)
	if err != nil {
		return nil, fmt.Errorf("contact: addresses: %w", err)
	}
	return out, nil
}

const columns = "id, name, first_name, last_name, email, phone, owner_id, language, properties, company_id, merged_into, created_at, updated_at, deleted_at"

const addressColumns = "id, contact_id, kind, value, name, verified, verified_by, verified_at, source, first_seen, last_seen"

func scanContact(s db.Scanner) (c desk.Contact, err error) {
	c.Properties, c.Addresses = map[string]any{}, []desk.Address{}
	err = s.Scan(&c.ID, &c.Name, &c.FirstName, &c.LastName, &c.Email, &c.Phone, &c.OwnerID, &c.Language, db.ScanJSON(&c.Properties), &c.CompanyID, &c.MergedInto, &c.CreatedAt, &c.UpdatedAt, &c.DeletedAt)
	return c, err
}

func scanAddress(s db.Scanner) (a desk.Address, err error) {
	err = s.Scan(&a.ID, &a.ContactID, &a.Kind, &a.Value, &a.Name, &a.Verified, &a.By, &a.At, &a.Source, &a.FirstSeen, &a.LastSeen)
	return a, err
}

// follow reads a contact and, when it was merged, the one that remains. lock is "" or the clause that locks the row.
func follow(ctx context.Context, q db.Queryer, id desk.ContactID, lock string) (desk.Contact, error) {
	for range 16 { // merges of merges; a ring would be a bug elsewhere and must not hang this
		c, err := scanContact(q.QueryRow(ctx, "SELECT "+columns+" FROM contacts WHERE id = $1 AND deleted_at = 0"+lock, id))
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil {
			return c, fmt.Errorf("contact: get: %w", err)
		}
		if c.MergedInto == 0 {
			return c, nil
		}
		id = c.MergedInto
	}
	return desk.Contact{}, desk.Errorf(desk.NotFound, "contact.not_found", "There is no such contact.")
}
