package keeping

import (
	"context"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Hold is a legal hold: nothing of a ticket, or of a contact and all their tickets, may be taken away until it is lifted.
type Hold struct {
	Object  string      `json:"object" enum:"ticket,contact"`
	ID      desk.BulkID `json:"object_id"`
	Reason  string      `json:"reason"`
	UserID  desk.UserID `json:"user_id"`
	Created desk.Time   `json:"created_at"`
	Name    string      `json:"name" doc:"The ticket's number, or the contact's name."`
}

// What may be held.
const (
	Ticket  = "ticket"
	Contact = "contact"
)

// heldSQL counts the holds on a ticket ($1) or a contact ($2), on those merged into them, and on whose the ticket is.
const heldSQL = `WITH RECURSIVE ft(id) AS (SELECT CAST($1 AS BIGINT) UNION SELECT t.id FROM tickets t JOIN ft ON t.merged_into = ft.id WHERE t.merged_into <> 0),
	own(id) AS (SELECT CAST($2 AS BIGINT) UNION SELECT contact_id FROM tickets WHERE id = $1),
	fc(id) AS (SELECT id FROM own UNION SELECT c.id FROM contacts c JOIN fc ON c.merged_into = fc.id WHERE c.merged_into <> 0)
	SELECT COUNT(*) FROM holds WHERE object = 'ticket' AND object_id IN (SELECT id FROM ft) OR object = 'contact' AND object_id IN (SELECT id FROM fc)`

// Held reports whether there is a hold on a ticket or a contact; 0 is none.
func (s *Service) Held(ctx context.Context, q db.Queryer, t desk.TicketID, c desk.ContactID) (bool, error) {
	any, err := db.One(ctx, q, db.Column[int], "SELECT COUNT(*) FROM holds")
	if err != nil || any == 0 {
		return false, wrap("held", err)
	}
	n, err := db.One(ctx, q, db.Column[int], heldSQL, t, c)
	return n > 0, wrap("held", err)
}

func (s *Service) heldThread(ctx context.Context, q db.Queryer, id desk.ThreadID) (bool, error) {
	var t desk.TicketID
	var c desk.ContactID
	if err := q.QueryRow(ctx, "SELECT ticket_id, contact_id FROM threads WHERE id = $1", id).Scan(&t, &c); err != nil {
		return false, wrap("held", err)
	}
	return s.Held(ctx, q, t, c)
}

// Holds are those on one thing, or all of them, newest first.
func (s *Service) Holds(ctx context.Context, q db.Queryer, object string, id int64) ([]Hold, error) {
	where, args := "", []any{}
	if object != "" {
		where, args = " WHERE h.object = $1 AND h.object_id = $2", []any{object, id}
	}
	hs, err := db.All(ctx, q, func(r db.Scanner) (h Hold, err error) {
		err = r.Scan(&h.Object, &h.ID, &h.Reason, &h.UserID, &h.Created, &h.Name)
		return h, err
	}, `SELECT h.object, h.object_id, h.reason, h.user_id, h.created_at,
		CASE WHEN h.object = 'ticket' THEN COALESCE((SELECT CAST(t.number AS TEXT) FROM tickets t WHERE t.id = h.object_id), '') ELSE COALESCE((SELECT CASE WHEN c.name <> '' THEN c.name ELSE c.email END FROM contacts c WHERE c.id = h.object_id), '') END
		FROM holds h`+where+" ORDER BY h.created_at DESC, h.object_id DESC LIMIT 1000", args...)
	return hs, wrap("holds", err)
}

// SetHold lays a hold on a ticket or a contact; with reason "" it is lifted. Records hold.set or hold.lifted, nothing when nothing changed.
func (s *Service) SetHold(ctx context.Context, tx *db.Tx, actor desk.Actor, object string, id int64, on bool, reason string) error {
	reason = strings.TrimSpace(reason)
	switch {
	case object != Ticket && object != Contact:
		return desk.Errorf(desk.Invalid, "hold.object", "A hold is on a ticket or on a contact.").In("object")
	case on && reason == "":
		return desk.Errorf(desk.Invalid, "hold.reason_missing", "Say why: whoever lifts it has to know.").In("reason")
	case len(reason) > 500:
		return desk.Errorf(desk.Invalid, "hold.reason_long", "The reason is at most 500 bytes.").In("reason")
	}
	ev := desk.Event{Type: desk.EvHoldSet, Actor: actor}
	if object == Ticket {
		t, err := s.Tickets.Lock(ctx, tx, desk.TicketID(id))
		if err != nil {
			return err
		}
		ev.TicketID, ev.Inbox = t.ID, t.InboxID
	} else {
		if _, err := s.Contacts.Kept(ctx, tx, desk.ContactID(id)); err != nil {
			return err
		}
		ev.Contact = desk.ContactID(id)
	}
	was, err := s.Holds(ctx, tx, object, id)
	if err != nil || !on && len(was) == 0 {
		return err
	}
	if on {
		_, err = tx.Exec(ctx, "INSERT INTO holds (object, object_id, reason, user_id, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (object, object_id) DO UPDATE SET reason = excluded.reason", object, id, reason, actor.ID, s.Clock.Ms())
	} else {
		ev.Type, reason = desk.EvHoldLifted, was[0].Reason
		_, err = tx.Exec(ctx, "DELETE FROM holds WHERE object = $1 AND object_id = $2", object, id)
	}
	if err != nil {
		return wrap("hold", err)
	}
	ev.Data = event.Data(map[string]any{"object": object, "object_id": desk.BulkID(id), "reason": reason})
	_, err = s.Events.Record(ctx, tx, ev)
	return err
}
