package identity

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Reason is one piece of evidence that two contacts are one person.
type Reason struct {
	Kind  string `json:"kind" enum:"mailbox,phone,value,name_domain,name,forwarded"`
	Value string `json:"value" doc:"What they share."`
}

// The kinds of evidence, and what each is worth of a hundred.
const (
	byMailbox   = "mailbox"     // one mailbox in two spellings
	byPhone     = "phone"       // the same number
	byValue     = "value"       // the same id under two kinds of address, known kinds or not
	byPlace     = "name_domain" // the same name at the same company
	byName      = "name"        // the same name alone: worth showing where one of them has no mail address (FB-28)
	byForwarded = "forwarded"   // one forwarded a mail of the other, and both have the same name
)

var worth = map[string]int{byMailbox: 92, byPhone: 85, byValue: 85, byPlace: 75, byName: 40, byForwarded: 78}

// enough is the score from which two contacts are suggested.
const enough = 60

// many is how many contacts may share a key before it says nothing about any two of them.
const many = 25

// Suggestion is another contact that may be the same person.
type Suggestion struct {
	Contact desk.Contact `json:"contact"`
	Score   int          `json:"score" doc:"0 to 100."`
	Reasons []Reason     `json:"reasons"`
}

// Pair is two contacts that may be one, for the queue. A has the lower id.
type Pair struct {
	A       desk.Contact `json:"a"`
	B       desk.Contact `json:"b"`
	Score   int          `json:"score"`
	Reasons []Reason     `json:"reasons"`
	FoundAt desk.Time    `json:"found_at"`
}

// PairPage is one page of the queue.
type PairPage struct {
	Items []Pair `json:"items"`
	Next  string `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// compare is the evidence that two contacts are one, the strongest first.
func (s *Service) compare(ctx context.Context, q db.Queryer, a, b desk.Contact) ([]Reason, error) {
	theirs := contact.Keys(b)
	out := []Reason{}
	named := false
	for _, k := range contact.Keys(a) {
		if !slices.Contains(theirs, k) {
			continue
		}
		switch v := k[2:]; k[:2] {
		case contact.KeyMailbox:
			out = append(out, Reason{byMailbox, v})
		case contact.KeyPhone:
			out = append(out, Reason{byPhone, v})
		case contact.KeyValue:
			if !slices.ContainsFunc(out, func(r Reason) bool { return r.Kind == byPhone }) {
				out = append(out, Reason{byValue, v})
			}
		case contact.KeyPlace:
			name, domain, _ := strings.Cut(v, "|")
			out = append(out, Reason{byPlace, shown(a, name) + ", " + domain})
		case contact.KeyName:
			named = true
		}
	}
	if named && len(out) == 0 {
		forwarded, err := s.forwarded(ctx, q, a, b)
		if err != nil {
			return nil, err
		}
		kind := byName
		if forwarded {
			kind = byForwarded
		}
		out = append(out, Reason{kind, shown(a, "")})
	}
	slices.SortStableFunc(out, func(x, y Reason) int { return worth[y.Kind] - worth[x.Kind] })
	return out, nil
}

func shown(c desk.Contact, otherwise string) string {
	if c.Name != "" {
		return c.Name
	}
	return strings.TrimSpace(c.FirstName + " " + c.LastName + " " + otherwise)
}

// forwarded: a mail that one of them forwarded was written by the other, as people do who move from one mailbox to the next.
func (s *Service) forwarded(ctx context.Context, q db.Queryer, a, b desk.Contact) (bool, error) {
	fs, err := db.All(ctx, q, func(r db.Scanner) (f desk.Forward, err error) { err = r.Scan(db.ScanJSON(&f)); return f, err },
		"SELECT forward FROM messages WHERE contact_id <> 0 AND contact_id IN ($1, $2) AND forward <> '' ORDER BY id DESC LIMIT 50", a.ID, b.ID)
	if err != nil {
		return false, wrap("duplicates", err)
	}
	holds := func(c desk.Contact, p desk.Party) bool {
		v := contact.Normalize(desk.AddrEmail, p.Address)
		return v != "" && slices.ContainsFunc(c.Addresses, func(x desk.Address) bool { return x.Value == v })
	}
	return slices.ContainsFunc(fs, func(f desk.Forward) bool {
		return holds(a, f.By) && holds(b, f.Original) || holds(b, f.By) && holds(a, f.Original)
	}), nil
}

// score weighs evidence: the strongest counts, every further piece adds a little. A name alone is enough only where nothing else could be shared.
func score(a, b desk.Contact, rs []Reason) int {
	if len(rs) == 0 {
		return 0
	}
	n := worth[rs[0].Kind] + 4*(len(rs)-1)
	if rs[0].Kind == byName && (!writes(a) || !writes(b)) {
		n += 25
	}
	return min(n, 99)
}

// writes: has a mail address.
func writes(c desk.Contact) bool {
	return slices.ContainsFunc(c.Addresses, func(a desk.Address) bool { return a.Kind == desk.AddrEmail })
}

// candidates are the contacts that share a key with one, scored, best first. Keys that many share are passed over, so the work does not grow with the
// number of contacts.
func (s *Service) candidates(ctx context.Context, q db.Queryer, c desk.Contact) ([]Suggestion, error) {
	seen := map[desk.ContactID]bool{c.ID: true}
	out := []Suggestion{}
	for _, k := range contact.Keys(c) {
		ids, err := s.Contacts.Sharing(ctx, q, k, c.ID, many+1)
		if err != nil {
			return nil, wrap("duplicates", err)
		}
		if len(ids) > many {
			continue
		}
		for _, id := range ids {
			if seen[id] || len(seen) > 4*many {
				continue
			}
			seen[id] = true
			other, err := s.Contacts.Get(ctx, q, id)
			if desk.CodeOf(err) == desk.NotFound || err == nil && other.ID != id {
				continue
			}
			if err != nil {
				return nil, err
			}
			rs, err := s.compare(ctx, q, c, other)
			if err != nil {
				return nil, err
			}
			if n := score(c, other, rs); n >= enough {
				out = append(out, Suggestion{other, n, rs})
			}
		}
	}
	slices.SortFunc(out, func(a, b Suggestion) int {
		if a.Score != b.Score {
			return b.Score - a.Score
		}
		return int(min(1, max(-1, a.Contact.ID-b.Contact.ID)))
	})
	return out, nil
}

// Duplicates are the contacts that may be the same person, as things are now, without those that somebody said are not.
func (s *Service) Duplicates(ctx context.Context, q db.Queryer, id desk.ContactID) ([]Suggestion, error) {
	c, err := s.Contacts.Get(ctx, q, id)
	if err != nil {
		return nil, err
	}
	found, err := s.candidates(ctx, q, c)
	if err != nil {
		return nil, err
	}
	not, err := dismissed(ctx, q, c.ID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(x Suggestion) bool { return not[x.Contact.ID] }), nil
}

func dismissed(ctx context.Context, q db.Queryer, id desk.ContactID) (map[desk.ContactID]bool, error) {
	out := map[desk.ContactID]bool{}
	ids, err := db.All(ctx, q, db.Column[desk.ContactID], "SELECT CASE WHEN a_id = $1 THEN b_id ELSE a_id END FROM contact_suggestions WHERE (a_id = $1 OR b_id = $1) AND state = 'dismissed'", id)
	for _, x := range ids {
		out[x] = true
	}
	return out, wrap("duplicates", err)
}

// forget drops open suggestions about a contact; what was dismissed stays remembered.
func forget(ctx context.Context, tx *db.Tx, id desk.ContactID) error {
	_, err := tx.Exec(ctx, "DELETE FROM contact_suggestions WHERE (a_id = $1 OR b_id = $1) AND state = 'open'", id)
	return wrap("forget suggestions", err)
}

const putSQL = `INSERT INTO contact_suggestions (a_id, b_id, score, reasons, state, decided_by, found_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (a_id, b_id) DO UPDATE SET `

// Dismiss remembers that two contacts are two people, or, with dismiss false, forgets that.
func (s *Service) Dismiss(ctx context.Context, tx *db.Tx, actor desk.Actor, a, b desk.ContactID, dismiss bool) error {
	state := "dismissed"
	if !dismiss {
		state = "open"
	}
	x, err := s.Contacts.Get(ctx, tx, a)
	if err != nil {
		return err
	}
	y, err := s.Contacts.Get(ctx, tx, b)
	if err != nil {
		return err
	}
	if x.ID == y.ID {
		return desk.Errorf(desk.Conflict, "contact.same", "These two are one contact already.")
	}
	rs, err := s.compare(ctx, tx, x, y)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, putSQL+"state = excluded.state, decided_by = excluded.decided_by", min(x.ID, y.ID), max(x.ID, y.ID), score(x, y, rs), db.JSON(rs), state, actor, s.Clock.Ms())
	if err == nil && !dismiss && score(x, y, rs) < enough {
		_, err = tx.Exec(ctx, "DELETE FROM contact_suggestions WHERE a_id = $1 AND b_id = $2", min(x.ID, y.ID), max(x.ID, y.ID))
	}
	return wrap("dismiss", err)
}

// Look brings the queue up to date with contacts that were made or changed: a few at a time, within a bound of time, on one node.
func (s *Service) Look(ctx context.Context) error {
	for until := time.Now().Add(20 * time.Second); ctx.Err() == nil && time.Now().Before(until); { // a bound of work, not a rule
		n, err := s.Step(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
	return ctx.Err()
}

// lookSlice is how many contacts share a transaction of Look: a commit costs more than a contact, and after an upgrade there may be a million.
const lookSlice = 100

// Step is one batch of Look and returns how many contacts it looked at.
func (s *Service) Step(ctx context.Context) (int, error) {
	ids, err := s.Contacts.Unindexed(ctx, s.DB, lookSlice)
	if err != nil || len(ids) == 0 {
		return 0, wrap("look", err)
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range ids {
			if err := s.look(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	return len(ids), wrap("look", err)
}

func (s *Service) look(ctx context.Context, tx *db.Tx, id desk.ContactID) error {
	if err := s.Contacts.Indexed(ctx, tx, id); err != nil {
		return err
	}
	if err := forget(ctx, tx, id); err != nil {
		return err
	}
	c, err := s.Contacts.Get(ctx, tx, id)
	if desk.CodeOf(err) == desk.NotFound || err == nil && c.ID != id {
		return nil // merged or deleted
	}
	if err != nil {
		return err
	}
	found, err := s.candidates(ctx, tx, c)
	if err != nil {
		return err
	}
	for _, x := range found {
		if _, err := tx.Exec(ctx, putSQL+"score = excluded.score, reasons = excluded.reasons", min(id, x.Contact.ID), max(id, x.Contact.ID), x.Score, db.JSON(x.Reasons), "open", "", s.Clock.Ms()); err != nil {
			return wrap("look", err)
		}
	}
	return nil
}

// Queue lists pairs that nobody has decided, the surest first, and counts them up to a thousand and one.
func (s *Service) Queue(ctx context.Context, q db.Queryer, cursor string, limit int) (PairPage, error) {
	if limit <= 0 || limit > 100 {
		limit = 30
	}
	where, args := "state = 'open'", []any{}
	if cursor != "" {
		key, err := readCursor(cursor)
		if err != nil {
			return PairPage{}, err
		}
		where += " AND (score < $1 OR score = $1 AND (a_id < $2 OR a_id = $2 AND b_id < $3))"
		args = append(args, key[0], key[1], key[2])
	}
	type row struct {
		Pair
		a, b desk.ContactID
	}
	rows, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) {
		x.Reasons = []Reason{}
		err = r.Scan(&x.a, &x.b, &x.Score, db.ScanJSON(&x.Reasons), &x.FoundAt)
		return x, err
	}, "SELECT a_id, b_id, score, reasons, found_at FROM contact_suggestions WHERE "+where+" ORDER BY score DESC, a_id DESC, b_id DESC LIMIT "+strconv.Itoa(limit+1), args...)
	if err != nil {
		return PairPage{}, wrap("queue", err)
	}
	out := PairPage{Items: []Pair{}}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(last.Score) + "." + last.a.String() + "." + last.b.String()))
	}
	for _, x := range rows {
		if x.A, err = s.Contacts.Get(ctx, q, x.a); err == nil {
			x.B, err = s.Contacts.Get(ctx, q, x.b)
		}
		if desk.CodeOf(err) == desk.NotFound || err == nil && (x.A.ID != x.a || x.B.ID != x.b) {
			continue // decided meanwhile in another way
		}
		if err != nil {
			return PairPage{}, err
		}
		out.Items = append(out.Items, x.Pair)
	}
	return out, nil
}

func readCursor(s string) (key [3]int64, err error) {
	b, _ := base64.RawURLEncoding.DecodeString(s)
	parts := strings.Split(string(b), ".")
	if len(parts) == 3 {
		for i, p := range parts {
			if key[i], err = strconv.ParseInt(p, 10, 64); err != nil {
				break
			}
		}
	}
	if err != nil || len(parts) != 3 {
		return key, desk.Errorf(desk.Invalid, "cursor.malformed", "The cursor is not one that this list gave. Start again without it.").In("cursor")
	}
	return key, nil
}
