package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Held is how much is held of a person: what an erasure takes away.
type Held struct {
	Tickets  int `json:"tickets"`
	Threads  int `json:"conversations"`
	Messages int `json:"messages" doc:"Everything in the person's own conversations, and what they wrote in others'."`
	Files    int `json:"files"`
	Shared   int `json:"shared_conversations" doc:"Conversations of others in which they took part: only their own words go."`
}

// trail is where a person is found.
type trail struct {
	family    []desk.ContactID
	addresses []string
	names     []string        // in full: a first name alone is many people's
	threads   []desk.ThreadID // the person's own
	tickets   []desk.TicketID
	messages  []desk.MessageID
	shared    []desk.ThreadID // others' in which they took part
	touched   []desk.TicketID // the tickets of those
	files     int
}

// follow gathers a person's trail. shared was looked for beforehand, because that reads the whole table of parties.
func (s *Service) follow(ctx context.Context, q db.Queryer, id desk.ContactID, shared []desk.ThreadID) (t trail, err error) {
	if t.family, err = s.Contacts.Family(ctx, q, id); err != nil {
		return t, err
	}
	of := db.IDs(t.family)
	if t.addresses, err = db.All(ctx, q, db.Column[string], "SELECT value FROM contact_addresses WHERE contact_id IN "+of+" ORDER BY id"); err != nil {
		return t, wrap("trail", err)
	}
	if t.names, err = db.All(ctx, q, db.Column[string], "SELECT name FROM contacts WHERE name LIKE '_% _%' AND id IN "+of+" ORDER BY id"); err != nil {
		return t, wrap("trail", err)
	}
	if t.threads, err = db.All(ctx, q, db.Column[desk.ThreadID], "SELECT id FROM threads WHERE contact_id IN "+of+" ORDER BY id"); err != nil {
		return t, wrap("trail", err)
	}
	if t.tickets, err = db.All(ctx, q, db.Column[desk.TicketID], "SELECT id FROM tickets WHERE contact_id IN "+of+" ORDER BY id"); err != nil {
		return t, wrap("trail", err)
	}
	own := map[desk.ThreadID]bool{}
	for _, id := range t.threads {
		own[id] = true
	}
	for part := range slices.Chunk(t.threads, 500) {
		ids, err := db.All(ctx, q, db.Column[desk.MessageID], "SELECT id FROM messages WHERE thread_id IN "+db.IDs(part)+" ORDER BY id")
		if err != nil {
			return t, wrap("trail", err)
		}
		t.messages = append(t.messages, ids...)
	}
	elsewhere, err := db.All(ctx, q, db.Column[desk.ThreadID], "SELECT DISTINCT thread_id FROM messages WHERE contact_id <> 0 AND contact_id IN "+of)
	if err != nil {
		return t, wrap("trail", err)
	}
	others := map[desk.ThreadID]bool{}
	for _, id := range append(elsewhere, shared...) {
		if !own[id] {
			others[id] = true
		}
	}
	t.shared = keys(others)
	if err := s.words(ctx, q, &t); err != nil {
		return t, err
	}
	for part := range slices.Chunk(t.messages, 500) {
		n, err := db.One(ctx, q, db.Column[int], "SELECT COUNT(*) FROM attachments WHERE message_id IN "+db.IDs(part))
		if err != nil {
			return t, wrap("trail", err)
		}
		t.files += n
	}
	return t, nil
}

// words adds what the person wrote in others' conversations.
func (s *Service) words(ctx context.Context, q db.Queryer, t *trail) error {
	touched := map[desk.TicketID]bool{}
	for part := range slices.Chunk(t.shared, 500) {
		type line struct {
			id      desk.MessageID
			ticket  desk.TicketID
			contact desk.ContactID
			from    string
			outward bool
		}
		ms, err := db.All(ctx, q, func(r db.Scanner) (l line, err error) {
			var d desk.Direction
			err = r.Scan(&l.id, &l.ticket, &l.contact, &l.from, &d)
			l.outward = d == desk.Outgoing
			return l, err
		}, "SELECT id, ticket_id, contact_id, from_address, direction FROM messages WHERE thread_id IN "+db.IDs(part)+" ORDER BY id")
		if err != nil {
			return wrap("trail", err)
		}
		for _, m := range ms {
			touched[m.ticket] = m.ticket != 0
			if !m.outward && (slices.Contains(t.family, m.contact) || slices.Contains(t.addresses, contact.Normalize(desk.AddrEmail, m.from)) || slices.Contains(t.addresses, m.from)) {
				t.messages = append(t.messages, m.id)
			}
		}
	}
	delete(touched, 0)
	t.touched = slices.DeleteFunc(keys(touched), func(id desk.TicketID) bool { return slices.Contains(t.tickets, id) })
	return nil
}

// partyIn are the threads in which one of the addresses is a party.
func (s *Service) partyIn(ctx context.Context, addresses []string) (out []desk.ThreadID, err error) {
	for _, a := range addresses {
		ids, err := db.All(ctx, s.DB, db.Column[desk.ThreadID], "SELECT thread_id FROM thread_parties WHERE address = $1", a)
		if err != nil {
			return nil, wrap("trail", err)
		}
		out = append(out, ids...)
	}
	return out, nil
}

// whole is the trail of a contact, deleted or not.
func (s *Service) whole(ctx context.Context, id desk.ContactID) (desk.Contact, trail, error) {
	c, err := s.Contacts.Kept(ctx, s.DB, id)
	if err != nil {
		return c, trail{}, err
	}
	values := make([]string, len(c.Addresses))
	for i, a := range c.Addresses {
		values[i] = a.Value
	}
	shared, err := s.partyIn(ctx, values)
	if err != nil {
		return c, trail{}, err
	}
	t, err := s.follow(ctx, s.DB, c.ID, shared)
	return c, t, err
}

// Holds says how much is held of a person.
func (s *Service) Holds(ctx context.Context, id desk.ContactID) (Held, error) {
	_, t, err := s.whole(ctx, id)
	return t.held(), err
}

func (t trail) held() Held {
	return Held{Tickets: len(t.tickets), Threads: len(t.threads), Messages: len(t.messages), Files: t.files, Shared: len(t.shared)}
}

// Confirms reports whether what somebody typed names the contact: its name, an address, or its id.
func Confirms(c desk.Contact, typed string) bool {
	typed = strings.TrimSpace(typed)
	names := []string{c.Name, c.Email, c.Phone, c.ID.String()}
	for _, a := range c.Addresses {
		names = append(names, a.Value)
	}
	return typed != "" && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, typed) })
}

// Erase takes a person out of this installation for good (CR-14): fields and addresses, everything said in their conversations, what they wrote in others', files,
// originals, search, names in events, merges and suggestions. Tickets stay as shells, so that numbers and colleagues' statistics stay; one line of the audit
// log tells who erased and how much, not whom. typed must name the contact.
func (s *Service) Erase(ctx context.Context, actor desk.Actor, id desk.ContactID, typed string) (Held, error) {
	c, found, err := s.whole(ctx, id)
	if err != nil {
		return Held{}, err
	}
	if !Confirms(c, typed) {
		return Held{}, desk.Errorf(desk.Invalid, "contact.confirm", "Type the contact's name or address exactly to erase them.").In("confirm")
	}
	shared := slices.Concat(found.shared, found.threads)
	var gone trail
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		gone, err = s.erase(ctx, tx, actor, c.ID, shared)
		return err
	})
	return gone.held(), err
}

func (s *Service) erase(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ContactID, shared []desk.ThreadID) (trail, error) {
	family, err := s.Contacts.Family(ctx, tx, id)
	if err != nil {
		return trail{}, err
	}
	for _, f := range family {
		if _, err := s.Threads.LockOf(ctx, tx, f); err != nil {
			return trail{}, err
		}
	}
	if _, err := s.Contacts.LockPeople(ctx, tx, family...); err != nil {
		return trail{}, err
	}
	t, err := s.follow(ctx, tx, id, shared)
	if err != nil {
		return t, err
	}
	if err := s.free(ctx, tx, t); err != nil {
		return t, err
	}
	if err := s.close(ctx, tx, actor, t.tickets); err != nil {
		return t, err
	}
	if err := s.forgetOriginals(ctx, tx, t); err != nil {
		return t, err
	}
	for _, step := range []func() error{
		func() error {
			return s.Events.ForgetPerson(ctx, tx, db.IDs(t.family), db.IDs(t.messages), db.IDs(t.tickets), db.IDs(t.threads))
		},
		func() error { return s.Threads.Blank(ctx, tx, t.messages) },
		func() error { return s.Threads.BlankThreads(ctx, tx, t.threads) },
		func() error { return s.Threads.Unname(ctx, tx, t.shared, t.addresses) },
		func() error { return s.Contacts.Purge(ctx, tx, t.family) },
		func() error { return s.Tickets.Blank(ctx, tx, t.tickets) },
		func() error { return s.Tickets.BlankSnippets(ctx, tx, t.touched) },
		func() error { return s.forgetLinks(ctx, tx, t.family) },
		func() error { return s.Threads.ForgetDrafts(ctx, tx, t.tickets, t.telling()) },
		func() error { return s.also(ctx, tx, t) },
		func() error { return s.rememberErased(ctx, tx, t.addresses) },
	} {
		if err := step(); err != nil {
			return t, err
		}
	}
	return t, s.tellErased(ctx, tx, actor, t)
}

// free refuses where there is a hold on the person, or on a ticket of theirs or one they wrote in (CO-10).
func (s *Service) free(ctx context.Context, q db.Queryer, t trail) error {
	if s.Held == nil {
		return nil
	}
	for _, id := range slices.Concat(t.tickets, t.touched) {
		if held, err := s.Held(ctx, q, id, 0); err != nil || held {
			return onHold(err)
		}
	}
	for _, id := range t.family {
		if held, err := s.Held(ctx, q, 0, id); err != nil || held {
			return onHold(err)
		}
	}
	return nil
}

func onHold(err error) error {
	if err != nil {
		return err
	}
	return desk.Errorf(desk.Conflict, "hold.stands", "There is a legal hold on this person, or on a ticket of theirs: nothing of it may be taken away until it is lifted.")
}

func (s *Service) also(ctx context.Context, tx *db.Tx, t trail) error {
	if s.Also == nil {
		return nil
	}
	return s.Also(ctx, tx, Gone{Contacts: t.family, Tickets: t.tickets, Threads: t.threads, Messages: t.messages, Words: t.telling()})
}

// telling are the words that name nobody else: addresses and names in full.
func (t trail) telling() []string {
	var out []string
	for _, w := range slices.Concat(t.addresses, t.names) {
		if len(w) >= 5 && !slices.Contains(out, w) { // what is shorter stands in other words too
			out = append(out, w)
		}
	}
	return out
}

// close ends tickets that nobody can answer any more.
func (s *Service) close(ctx context.Context, tx *db.Tx, actor desk.Actor, ids []desk.TicketID) error {
	for part := range slices.Chunk(ids, 500) {
		open, err := db.All(ctx, tx, db.Column[desk.TicketID], "SELECT id FROM tickets WHERE open = 1 AND hidden = '' AND id IN "+db.IDs(part)+" ORDER BY id")
		if err != nil {
			return wrap("erase", err)
		}
		for _, id := range open {
			if _, err := s.Tickets.Close(ctx, tx, actor, id, "erased"); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetOriginals takes the originals of what goes, and of what was set aside from the same addresses.
func (s *Service) forgetOriginals(ctx context.Context, tx *db.Tx, t trail) error {
	if err := s.Journal.Forget(ctx, tx, t.messages); err != nil {
		return err
	}
	for _, a := range t.addresses {
		like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(a) + "%"
		ids, err := db.All(ctx, tx, db.Column[desk.RawID], "SELECT id FROM inbound_raw WHERE state = 'set_aside' AND LOWER(envelope) LIKE $1 ESCAPE '!'", like)
		if err != nil {
			return wrap("erase", err)
		}
		if err := s.Journal.ForgetEntries(ctx, tx, ids); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) forgetLinks(ctx context.Context, tx *db.Tx, family []desk.ContactID) error {
	in := db.IDs(family)
	for _, q := range []string{
		"DELETE FROM contact_merge_moves WHERE merge_id IN (SELECT id FROM contact_merges WHERE from_id IN " + in + " OR into_id IN " + in + ")",
		"DELETE FROM contact_merges WHERE from_id IN " + in + " OR into_id IN " + in,
		"DELETE FROM contact_suggestions WHERE a_id IN " + in + " OR b_id IN " + in,
	} {
		if _, err := tx.Exec(ctx, q); err != nil {
			return wrap("erase", err)
		}
	}
	return nil
}

// tellErased lets followers read anew what changed, search first of all, and writes the line that stays.
func (s *Service) tellErased(ctx context.Context, tx *db.Tx, actor desk.Actor, t trail) error {
	tell := func(ev desk.Event) error { _, err := s.Events.Record(ctx, tx, ev); return err }
	for _, id := range t.tickets {
		if err := tell(desk.Event{Type: desk.EvTicketErased, Actor: actor, TicketID: id}); err != nil {
			return err
		}
	}
	for _, id := range t.messages {
		if err := tell(desk.Event{Type: desk.EvMessageUpdated, Actor: actor, Message: id, Data: event.Data(map[string]any{"fields": []string{"erased"}})}); err != nil {
			return err
		}
	}
	for _, id := range t.shared { // others' recipients have changed
		ids, err := db.All(ctx, tx, db.Column[desk.MessageID], "SELECT id FROM messages WHERE thread_id = $1", id)
		if err != nil {
			return wrap("erase", err)
		}
		for _, m := range ids {
			if err := tell(desk.Event{Type: desk.EvMessageUpdated, Actor: actor, Message: m, Data: event.Data(map[string]any{"fields": []string{"recipients"}})}); err != nil {
				return err
			}
		}
	}
	for _, id := range t.family {
		if err := tell(desk.Event{Type: desk.EvContactErased, Actor: actor, Contact: id}); err != nil {
			return err
		}
	}
	return tell(desk.Event{Type: desk.EvPrivacyErased, Actor: actor, Data: event.Data(t.held())})
}

// Expire empties contacts that were deleted longer ago than they are kept. Their tickets and what was said in them stay: only an erasure takes those.
func (s *Service) Expire(ctx context.Context) error {
	if s.Keep <= 0 {
		return nil
	}
	for ctx.Err() == nil {
		ids, err := s.Contacts.Expired(ctx, s.DB, s.Clock.Ms().Add(-s.Keep), 100)
		if err != nil || len(ids) == 0 {
			return wrap("expire", err)
		}
		err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, id := range ids {
				family, err := s.Contacts.Family(ctx, tx, id)
				if err != nil {
					return err
				}
				if _, err := s.Contacts.LockPeople(ctx, tx, family...); err != nil {
					return err
				}
				if err := s.Contacts.Purge(ctx, tx, family); err != nil {
					return err
				}
				if err := s.forgetLinks(ctx, tx, family); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return wrap("expire", err)
		}
	}
	return ctx.Err()
}

// hash is all that is kept of an erased address: nobody who does not know both the address and the installation's key can say whose it was.
func (s *Service) hash(address string) string {
	mac := hmac.New(sha256.New, s.Salt)
	mac.Write([]byte(strings.ToLower(address)))
	return hex.EncodeToString(mac.Sum(nil))
}

func (s *Service) remembers(ctx context.Context, q db.Queryer) (bool, error) {
	if s.Salt == nil || s.Remember == nil {
		return false, nil
	}
	return s.Remember(ctx, q)
}

// rememberErased keeps the hashes of addresses, so that who comes again is not taken for somebody new without a word (CO-08).
func (s *Service) rememberErased(ctx context.Context, tx *db.Tx, addresses []string) error {
	if yes, err := s.remembers(ctx, tx); err != nil || !yes {
		return err
	}
	for _, a := range addresses {
		_, err := tx.Exec(ctx, "INSERT INTO erased_addresses (hash, erased_at) VALUES ($1, $2) ON CONFLICT (hash) DO UPDATE SET erased_at = excluded.erased_at", s.hash(a), s.Clock.Ms())
		if err != nil {
			return wrap("remember", err)
		}
	}
	return nil
}

// Erased says when whoever had an address was erased on request; 0: never, or it is not remembered. It is contact.Service.Erased.
func (s *Service) Erased(ctx context.Context, q db.Queryer, address string) (desk.Time, error) {
	if yes, err := s.remembers(ctx, q); err != nil || !yes {
		return 0, err
	}
	at, err := db.One(ctx, q, db.Column[desk.Time], "SELECT COALESCE(MAX(erased_at), 0) FROM erased_addresses WHERE hash = $1", s.hash(address))
	return at, wrap("erased", err)
}
