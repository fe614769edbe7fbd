package contact

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// The kinds of keys a contact has: words for the list, and what two records of one person are likely to share (CR-03, CR-12).
const (
	KeyWord    = "w:" // a word of a name or an address
	KeyMailbox = "m:" // a mailbox in whichever spelling: without tags, dots that Gmail ignores, in lower case
	KeyPhone   = "p:" // the last nine digits of a number
	KeyValue   = "v:" // a value of any kind of address, folded: the same number as phone and as a messenger's id
	KeyPlace   = "d:" // a full name at a company's domain
	KeyName    = "n:" // a full name
)

const (
	maxKeys = 80
	maxKey  = 100 // bytes
)

// letters that Unicode does not take apart, as people without them on the keyboard type them.
var special = map[rune]string{'ß': "ss", 'æ': "ae", 'ø': "o", 'œ': "oe", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i"}

// Fold is the form in which names are compared: lower case, without accents.
func Fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		if t, ok := special[r]; ok {
			b.WriteString(t)
		} else if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func words(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// fullName is a name of at least two words, in the order of the alphabet so that "Holm, Ann" is "Ann Holm"; "" when it is shorter.
func fullName(c desk.Contact) string {
	ws := words(c.Name)
	if len(ws) < 2 {
		ws = words(c.FirstName + " " + c.LastName)
	}
	if len(ws) < 2 || len(strings.Join(ws, "")) < 5 {
		return ""
	}
	slices.Sort(ws)
	return strings.Join(ws, " ")
}

func sortName(c desk.Contact) string {
	for _, s := range []string{c.Name, strings.TrimSpace(c.FirstName + " " + c.LastName), c.Email, c.Phone} {
		if s != "" {
			return cut(strings.Join(strings.Fields(Fold(s)), " "), maxName)
		}
	}
	return ""
}

func cut(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// mailbox is the address without what providers ignore: a tag behind +, and Gmail's dots.
func mailbox(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return ""
	}
	if i := strings.IndexByte(local, '+'); i > 0 {
		local = local[:i]
	}
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return local + "@" + domain
}

// keysOf are the keys of a contact with its addresses, each once.
func keysOf(c desk.Contact) []string {
	seen := map[string]bool{}
	add := func(kind, v string) {
		if k := cut(kind+v, maxKey); v != "" && len(seen) < maxKeys {
			seen[k] = true
		}
	}
	say := func(s string) {
		for _, w := range words(s) {
			add(KeyWord, w)
		}
	}
	say(c.Name)
	say(c.FirstName + " " + c.LastName)
	name := fullName(c)
	add(KeyName, name)
	for _, a := range c.Addresses {
		say(a.Name)
		switch a.Kind {
		case desk.AddrEmail:
			local, domain, _ := strings.Cut(a.Value, "@")
			add(KeyWord, a.Value)
			say(local)
			add(KeyMailbox, mailbox(a.Value))
			if FreeMail(domain) {
				continue
			}
			add(KeyWord, domain)
			say(domain)
			if name != "" {
				add(KeyPlace, name+"|"+domain)
			}
		case desk.AddrPhone:
			d := digits(a.Value)
			add(KeyWord, d)
			add(KeyValue, d)
			add(KeyPhone, d[max(0, len(d)-9):])
		default:
			v := Fold(a.Value)
			add(KeyWord, v)
			if d := digits(v); len(d) >= 7 && len(d) == len(strings.TrimPrefix(v, "+")) {
				v = d
			}
			if len(v) >= 4 {
				add(KeyValue, v)
			}
		}
	}
	out := make([]string, 0, len(seen))
	for k := range seen {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func putKeys(ctx context.Context, tx *db.Tx, id desk.ContactID, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	// The number of values is rounded up by repeating the last, so that few statements are prepared.
	n := 1
	for n < len(keys) {
		n *= 2
	}
	var b strings.Builder
	args := []any{id}
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("($" + strconv.Itoa(i+2) + ", $1)")
		args = append(args, keys[min(i, len(keys)-1)])
	}
	_, err := tx.Exec(ctx, "INSERT INTO contact_keys (key, contact_id) VALUES "+b.String()+" ON CONFLICT DO NOTHING", args...)
	if err != nil {
		return fmt.Errorf("contact: keys: %w", err)
	}
	return nil
}

// reindex makes a contact's words and keys anew, of what stands in the tables now. What else depends on them is made later, by who asks Unindexed.
func (s *Service) reindex(ctx context.Context, tx *db.Tx, id desk.ContactID) error {
	return s.index(ctx, tx, id, false)
}

func (s *Service) index(ctx context.Context, tx *db.Tx, id desk.ContactID, done bool) error {
	c, err := scanContact(tx.QueryRow(ctx, "SELECT "+columns+" FROM contacts WHERE id = $1", id))
	if err != nil {
		return fmt.Errorf("contact: index: %w", err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM contact_keys WHERE contact_id = $1", id); err != nil {
		return fmt.Errorf("contact: index: %w", err)
	}
	if c.MergedInto == 0 && c.DeletedAt == 0 {
		if c.Addresses, err = s.Addresses(ctx, tx, id); err != nil {
			return err
		}
		if err := putKeys(ctx, tx, id, keysOf(c)); err != nil {
			return err
		}
		if c.CompanyID, err = s.companyOf(ctx, tx, c); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE contacts SET sort_name = $1, company_id = $2, indexed = $3 WHERE id = $4", sortName(c), c.CompanyID, done, id); err != nil {
		return fmt.Errorf("contact: index: %w", err)
	}
	return nil
}

// Unindexed are contacts whose keys may have changed since Indexed was called for them, oldest first.
func (s *Service) Unindexed(ctx context.Context, q db.Queryer, limit int) ([]desk.ContactID, error) {
	return db.All(ctx, q, db.Column[desk.ContactID], "SELECT id FROM contacts WHERE indexed = 0 ORDER BY id LIMIT $1", limit)
}

// Indexed brings a contact's keys and company up to date and takes it off the list of Unindexed.
func (s *Service) Indexed(ctx context.Context, tx *db.Tx, id desk.ContactID) error {
	return s.index(ctx, tx, id, true)
}

// Keys are what a contact, with its addresses, could share with another record of the same person.
func Keys(c desk.Contact) []string {
	return slices.DeleteFunc(keysOf(c), func(k string) bool { return strings.HasPrefix(k, KeyWord) })
}

// Sharing are other living contacts with a key, at most limit of them.
func (s *Service) Sharing(ctx context.Context, q db.Queryer, key string, except desk.ContactID, limit int) ([]desk.ContactID, error) {
	return db.All(ctx, q, db.Column[desk.ContactID], "SELECT contact_id FROM contact_keys WHERE key = $1 AND contact_id <> $2 ORDER BY contact_id LIMIT $3", key, except, limit)
}
