package identity

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Choice says whose field stays when both have one.
const (
	KeepInto = "into" // that of the contact that remains; also where nothing is said
	KeepFrom = "from" // that of the contact that is merged away
)

// MergeCommand asks to make From a part of Into. Keep chooses by field: name, email, phone, owner_id, language, property.<name>.
type MergeCommand struct {
	Actor      desk.Actor
	Into, From desk.ContactID
	Keep       map[string]string
}

// Merge is one merge as it is recorded.
type Merge struct {
	ID        desk.MergeID      `json:"id"`
	From      desk.ContactID    `json:"from_id"`
	Into      desk.ContactID    `json:"into_id"`
	Actor     desk.Actor        `json:"actor"`
	Reasons   []Reason          `json:"reasons" doc:"What spoke for one person when they were merged."`
	Changes   map[string][2]any `json:"-"`
	CreatedAt desk.Time         `json:"created_at"`
	UndoneAt  desk.Time         `json:"undone_at"`
}

const mergeColumns = "id, from_id, into_id, actor, reasons, changes, created_at, undone_at"

func scanMerge(s db.Scanner) (m Merge, err error) {
	m.Reasons, m.Changes = []Reason{}, map[string][2]any{}
	err = s.Scan(&m.ID, &m.From, &m.Into, db.ScanActor(&m.Actor), db.ScanJSON(&m.Reasons), db.ScanJSON(&m.Changes), &m.CreatedAt, &m.UndoneAt)
	return m, err
}

// Merge makes one contact a part of another (CR-08): its addresses, threads, messages and tickets move, what it leads to is recorded, and whoever asks for it
// finds the one that remains. Undo takes exactly that back. Two merges of the same contacts at once make one of them a conflict.
func (s *Service) Merge(ctx context.Context, tx *db.Tx, c MergeCommand) (Merge, error) {
	into, err := s.Contacts.Get(ctx, tx, c.Into)
	if err != nil {
		return Merge{}, err
	}
	from, err := s.Contacts.Get(ctx, tx, c.From)
	if err != nil {
		return Merge{}, err
	}
	if into.ID == from.ID {
		return Merge{}, desk.Errorf(desk.Conflict, "contact.same", "These two are one contact already.")
	}
	reasons, err := s.compare(ctx, tx, into, from)
	if err != nil {
		return Merge{}, err
	}
	if _, err := s.Threads.LockOf(ctx, tx, from.ID); err != nil {
		return Merge{}, err
	}
	held, err := s.Contacts.LockPeople(ctx, tx, into.ID, from.ID)
	if err != nil {
		return Merge{}, err
	}
	for _, id := range []desk.ContactID{into.ID, from.ID} {
		if h, ok := held[id]; !ok || h.MergedInto != 0 || h.DeletedAt != 0 {
			return Merge{}, desk.Errorf(desk.Conflict, "contact.changed", "One of the two contacts was merged or deleted meanwhile. Look again.")
		}
	}
	into, from = held[into.ID], held[from.ID]
	m := Merge{ID: desk.MergeID(tx.NewID()), From: from.ID, Into: into.ID, Actor: c.Actor, Reasons: reasons, CreatedAt: s.Clock.Ms()}
	kept := choose(into, from, c.Keep)
	m.Changes = changes(into, kept)
	if err := s.record(ctx, tx, m); err != nil {
		return m, err
	}
	if err := s.Threads.MoveContact(ctx, tx, from.ID, into.ID); err != nil {
		return m, err
	}
	if err := s.Contacts.MergeInto(ctx, tx, from.ID, into.ID); err != nil {
		return m, err
	}
	if err := s.Contacts.Put(ctx, tx, kept); err != nil {
		return m, err
	}
	if err := s.settle(ctx, tx, into.ID, from.ID); err != nil {
		return m, err
	}
	if err := s.Tickets.MoveContact(ctx, tx, from.ID, into.ID); err != nil {
		return m, err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvContactMerged, Actor: c.Actor, Contact: from.ID, Data: event.Data(map[string]any{"into": into.ID, "merge_id": m.ID})})
	return m, err
}

// record writes the merge and every row that it is about to move.
func (s *Service) record(ctx context.Context, tx *db.Tx, m Merge) error {
	_, err := tx.Exec(ctx, "INSERT INTO contact_merges ("+mergeColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, 0)", m.ID, m.From, m.Into, m.Actor, db.JSON(m.Reasons), db.JSON(m.Changes), m.CreatedAt)
	if err != nil {
		return wrap("merge", err)
	}
	for object, table := range map[string]string{"address": "contact_addresses", "thread": "threads", "message": "messages", "ticket": "tickets"} {
		if _, err := tx.Exec(ctx, "INSERT INTO contact_merge_moves (merge_id, object, object_id) SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), id FROM "+table+" WHERE contact_id = $3", m.ID, object, m.From); err != nil {
			return wrap("merge", err)
		}
	}
	return nil
}

// settle makes primary addresses and keys those of today, and forgets open suggestions about contacts that are one or two now.
func (s *Service) settle(ctx context.Context, tx *db.Tx, ids ...desk.ContactID) error {
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if err := s.Contacts.Settle(ctx, tx, id); err != nil {
			return err
		}
		if err := forget(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

const property = "property."

// choose is the contact that remains with the fields that were chosen, or those of the other where it has none.
func choose(into, from desk.Contact, keep map[string]string) desk.Contact {
	out := into
	take := func(field string, blank bool) bool { return keep[field] == KeepFrom || blank && keep[field] == "" }
	if named := from.Name + from.FirstName + from.LastName; named != "" && take("name", into.Name+into.FirstName+into.LastName == "") {
		out.Name, out.FirstName, out.LastName = from.Name, from.FirstName, from.LastName
	}
	for field, at := range map[string][2]*string{"email": {&out.Email, &from.Email}, "phone": {&out.Phone, &from.Phone}, "language": {&out.Language, &from.Language}} {
		if *at[1] != "" && take(field, *at[0] == "") {
			*at[0] = *at[1]
		}
	}
	if from.OwnerID != 0 && take("owner_id", into.OwnerID == 0) {
		out.OwnerID = from.OwnerID
	}
	out.Properties = maps.Clone(into.Properties)
	if out.Properties == nil {
		out.Properties = map[string]any{}
	}
	for name, v := range from.Properties {
		if has, ok := out.Properties[name]; take(property+name, !ok || has == nil || has == "") {
			out.Properties[name] = v
		}
	}
	return out
}

// fields of a contact as a merge records and restores them.
func fields(c desk.Contact) map[string]any {
	out := map[string]any{"name": c.Name, "first_name": c.FirstName, "last_name": c.LastName, "email": c.Email, "phone": c.Phone, "language": c.Language, "owner_id": c.OwnerID.String()}
	for k, v := range c.Properties {
		out[property+k] = v
	}
	return out
}

func changes(before, after desk.Contact) map[string][2]any {
	out := map[string][2]any{}
	a, b := fields(before), fields(after)
	for k := range b {
		if !same(a[k], b[k]) {
			out[k] = [2]any{a[k], b[k]}
		}
	}
	return out
}

// restore puts back what the merge changed and nobody has changed since.
func restore(c desk.Contact, changes map[string][2]any) desk.Contact {
	now := fields(c)
	c.Properties = maps.Clone(c.Properties)
	for k, ch := range changes {
		if !same(now[k], ch[1]) {
			continue
		}
		text, _ := ch[0].(string)
		switch k {
		case "name":
			c.Name = text
		case "first_name":
			c.FirstName = text
		case "last_name":
			c.LastName = text
		case string(desk.AddrEmail):
			c.Email = text
		case string(desk.AddrPhone):
			c.Phone = text
		case "language":
			c.Language = text
		case "owner_id":
			c.OwnerID, _ = desk.ParseID[desk.UserID](text)
		default:
			if name := strings.TrimPrefix(k, property); ch[0] == nil {
				delete(c.Properties, name)
			} else {
				c.Properties[name] = ch[0]
			}
		}
	}
	return c
}

// same compares values as JSON keeps them.
func same(a, b any) bool { return string(db.JSON(a)) == string(db.JSON(b)) }

// Merges are those that made a contact what it is, newest first, without those that were undone.
func (s *Service) Merges(ctx context.Context, q db.Queryer, id desk.ContactID) ([]Merge, error) {
	family, err := s.Contacts.Family(ctx, q, id)
	if err != nil {
		return nil, err
	}
	out, err := db.All(ctx, q, scanMerge, "SELECT "+mergeColumns+" FROM contact_merges WHERE undone_at = 0 AND into_id IN "+db.IDs(family)+" ORDER BY id DESC")
	return out, wrap("merges", err)
}
