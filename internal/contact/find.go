package contact

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Filter narrows List. Every word of Query begins a word of a name or an address.
type Filter struct {
	Query    string
	Sort     string // -created (default), created, name, -name, email, -email, -updated, updated
	Cursor   string
	Limit    int // at most 200; 0 means 50
	Owner    desk.UserID
	NoOwner  bool
	Language string
	Company  desk.CompanyID
	Has      desk.AddressKind // holds an address of this kind
	Deleted  bool             // those that were deleted and can be restored
	Since    desk.Time        // created at or after
	// Within writes a further condition on the table's alias c: whose contacts the reader may see. Nil or "" is everybody's.
	Within func(arg func(v any) string) string
}

// ContactPage is a page of List: the API knows it by this name.
type ContactPage struct {
	Items []desk.Contact `json:"items"`
	Next  string         `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// sorts are the columns of keyset paging, each with the contact's id behind it.
var sorts = map[string]struct {
	column string
	of     func(c desk.Contact) any
}{
	"created":  {"id", func(c desk.Contact) any { return int64(c.ID) }},
	"name":     {"sort_name", func(c desk.Contact) any { return sortName(c) }},
	emailField: {emailField, func(c desk.Contact) any { return c.Email }},
	"updated":  {"updated_at", func(c desk.Contact) any { return int64(c.UpdatedAt) }},
}

// common is how many contacts a word may have before the list is walked in its order instead of gathered from the word.
const common = 5000

type clause struct {
	text []string
	args []any
}

// add appends a condition; each ? is the next argument.
func (c *clause) add(text string, args ...any) {
	for _, a := range args {
		c.args = append(c.args, a)
		text = strings.Replace(text, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.text = append(c.text, text)
}

// List pages through contacts with their addresses, merged ones left out. It walks an index in the order asked for, or gathers the few that a rare word
// names, so that a million contacts cost no more than a thousand.
func (s *Service) List(ctx context.Context, q db.Queryer, f Filter) (ContactPage, error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	field, down := strings.CutPrefix(f.Sort, "-")
	if f.Sort == "" {
		field, down = "created", true
	}
	sort, ok := sorts[field]
	if !ok {
		return ContactPage{}, desk.Errorf(desk.Invalid, "contact.sort", "Contacts are sorted by created, name, email or updated, each with - before it for the other direction, not by %q.", f.Sort).In("sort")
	}
	var w clause
	w.conditions(f)
	w.within(f)
	if err := s.matching(ctx, q, &w, f.Query); err != nil {
		return ContactPage{}, err
	}
	less, order := ">", "ASC"
	if down {
		less, order = "<", "DESC"
	}
	if f.Cursor != "" {
		key, id, err := readCursor(f.Cursor, field)
		if err != nil {
			return ContactPage{}, err
		}
		if sort.column == "id" {
			w.add("c.id "+less+" ?", id)
		} else {
			w.add("(c."+sort.column+", c.id) "+less+" (?, ?)", key, id)
		}
	}
	by := "c." + sort.column + " " + order
	if sort.column != "id" {
		by += ", c.id " + order
	}
	cs, err := db.All(ctx, q, scanContact, "SELECT "+columns+" FROM contacts c WHERE "+strings.Join(w.text, " AND ")+" ORDER BY "+by+" LIMIT "+strconv.Itoa(f.Limit+1), w.args...)
	if err != nil {
		return ContactPage{}, fmt.Errorf("contact: list: %w", err)
	}
	out := ContactPage{Items: cs}
	if len(cs) > f.Limit {
		last := cs[f.Limit-1]
		out.Items, out.Next = cs[:f.Limit], cursor(sort.of(last), last.ID)
	}
	return out, s.withAddresses(ctx, q, out.Items)
}

func (w *clause) within(f Filter) {
	if f.Within == nil {
		return
	}
	cond := f.Within(func(v any) string {
		w.args = append(w.args, v)
		return "$" + strconv.Itoa(len(w.args))
	})
	if cond != "" {
		w.text = append(w.text, cond)
	}
}

func (w *clause) conditions(f Filter) {
	w.add("c.merged_into = 0")
	if f.Deleted {
		w.add("c.deleted_at <> 0 AND c.purged = 0")
	} else {
		w.add("c.deleted_at = 0")
	}
	if f.Owner != 0 {
		w.add("c.owner_id = ?", f.Owner)
	}
	if f.NoOwner {
		w.add("c.owner_id = 0")
	}
	if f.Language != "" {
		w.add("c.language = ?", f.Language)
	}
	if f.Company != 0 {
		w.add("c.company_id <> 0 AND c.company_id = ?", f.Company)
	}
	if f.Has != "" {
		w.add("EXISTS (SELECT 1 FROM contact_addresses a WHERE a.contact_id = c.id AND a.kind = ?)", f.Has)
	}
	if f.Since != 0 {
		w.add("c.created_at >= ?", f.Since)
	}
}

// terms are the beginnings of keys that a query asks for: an address or a number as it is, anything else word by word.
func terms(query string) (out []string) {
	query = strings.TrimSpace(query)
	if d := digits(query); len(d) >= 4 && strings.Trim(query, "+0123456789 -./()") == "" {
		return []string{KeyWord + strings.TrimPrefix(d, "00")} // a number, with blanks in it or without
	}
	for _, f := range strings.Fields(query) {
		inner := strings.Trim(f, ".,;<>\"'()")
		if strings.ContainsAny(inner, "@.") {
			out = append(out, KeyWord+Fold(inner))
			continue
		}
		for _, w := range words(f) {
			out = append(out, KeyWord+w)
		}
	}
	return out[:min(len(out), 8)]
}

// matching adds the conditions of a query. The rarest word is gathered when it is rare, the others are looked up for each row.
func (s *Service) matching(ctx context.Context, q db.Queryer, w *clause, query string) error {
	if strings.TrimSpace(query) == "" {
		return nil
	}
	ts := terms(query)
	if len(ts) == 0 {
		w.add("1 = 0")
		return nil
	}
	rare, least := 0, common+1
	for i, t := range ts {
		var n int
		if err := q.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM contact_keys WHERE key >= $1 AND key < $2 LIMIT "+strconv.Itoa(common+1)+") k", t, after(t)).Scan(&n); err != nil {
			return fmt.Errorf("contact: list: %w", err)
		}
		if n < least {
			rare, least = i, n
		}
	}
	for i, t := range ts {
		if i == rare && least <= common {
			w.add("c.id IN (SELECT contact_id FROM contact_keys WHERE key >= ? AND key < ?)", t, after(t))
		} else {
			w.add("EXISTS (SELECT 1 FROM contact_keys k WHERE k.contact_id = c.id AND k.key >= ? AND k.key < ?)", t, after(t))
		}
	}
	return nil
}

// after is the first text behind all that begin with t, byte by byte.
func after(t string) string { return t + "\U0010FFFF" }

func cursor(key any, id desk.ContactID) string {
	b, _ := json.Marshal([]any{key, id.String()})
	return base64.RawURLEncoding.EncodeToString(b)
}

func readCursor(s, field string) (key any, id int64, err error) {
	bad := desk.Errorf(desk.Invalid, "cursor.malformed", "The cursor is not one that this list gave. Start again without it.").In("cursor")
	b, e := base64.RawURLEncoding.DecodeString(s)
	var parts [2]json.RawMessage
	var last string
	if e != nil || json.Unmarshal(b, &parts) != nil || json.Unmarshal(parts[1], &last) != nil {
		return nil, 0, bad
	}
	if id, e = strconv.ParseInt(last, 10, 64); e != nil {
		return nil, 0, bad
	}
	if field == "name" || field == emailField {
		var text string
		if json.Unmarshal(parts[0], &text) != nil {
			return nil, 0, bad
		}
		return text, id, nil
	}
	var n int64
	if json.Unmarshal(parts[0], &n) != nil {
		return nil, 0, bad
	}
	return n, id, nil
}

// withAddresses reads the addresses of a page at once.
func (s *Service) withAddresses(ctx context.Context, q db.Queryer, cs []desk.Contact) error {
	if len(cs) == 0 {
		return nil
	}
	at := map[desk.ContactID]*desk.Contact{}
	ids := make([]string, len(cs))
	for i := range cs {
		at[cs[i].ID], ids[i] = &cs[i], cs[i].ID.String()
	}
	// The ids are numbers made here; as text they need no prepared statement for each length.
	found, err := db.All(ctx, q, scanAddress, "SELECT "+addressColumns+" FROM contact_addresses WHERE contact_id IN ("+strings.Join(ids, ",")+") ORDER BY first_seen, id")
	if err != nil {
		return fmt.Errorf("contact: addresses: %w", err)
	}
	for _, a := range found {
		at[a.ContactID].Addresses = append(at[a.ContactID].Addresses, a)
	}
	return nil
}

// NameOf is what a contact is called, merged or deleted as it may be; "" when nothing is known of it any more.
func (s *Service) NameOf(ctx context.Context, q db.Queryer, id desk.ContactID) (string, error) {
	c, err := raw(ctx, q, id, "")
	if desk.CodeOf(err) == desk.NotFound {
		return "", nil
	}
	for _, name := range []string{c.Name, c.Email, c.Phone} {
		if name != "" {
			return name, err
		}
	}
	return "", err
}
