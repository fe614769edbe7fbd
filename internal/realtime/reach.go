package realtime

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/sse"
)

// renew gives a connection what its viewer may see now, and then what was kept back meanwhile. When their sight is another, the browser is told to ask for
// everything again: numbers alone would not tell it what it no longer sees.
func (h *Hub) renew(c *conn, v *access.Viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := c.viewer.Swap(v)
	if !v.Tickets.Whole() {
		h.part.Store(true)
	}
	if c.asked--; c.asked > 0 {
		return
	}
	if sightOf(before) != sightOf(v) {
		c.push(sse.Event(0, "access", []byte("{}")))
	}
	kept := c.kept
	c.kept = nil
	for _, it := range kept {
		h.push(c, it)
	}
}

// sightOf tells apart what two viewers may see and do.
func sightOf(v *access.Viewer) string {
	return fmt.Sprint(v.User.Role, v.Permissions(), v.Inboxes, v.AllInboxes, v.Tickets.Name(), v.Tickets.Edit, len(v.Tickets.Mates), v.Contacts.Name(), v.Contacts.Edit, v.User.Teams, v.Veil)
}

// whose finds out whose the tickets and conversations of events are, while somebody is connected who sees only part of them.
func (h *Hub) whose(ctx context.Context, items []item) error {
	if h.Held == nil || !h.part.Load() {
		return nil
	}
	var ids []desk.TicketID
	threads := map[desk.ThreadID]access.Held{}
	for i := range items {
		ev := &items[i].ev
		if ev.TicketID != 0 {
			ids = append(ids, ev.TicketID)
		} else if _, done := threads[ev.ThreadID]; ev.ThreadID != 0 && !done {
			th, _, err := h.HeldThread(ctx, ev.ThreadID)
			if err != nil && desk.CodeOf(err) == desk.Unavailable {
				return err
			}
			threads[ev.ThreadID] = th
		}
	}
	slices.Sort(ids)
	held, err := h.Held(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	for i := range items {
		it := &items[i]
		it.known = true
		switch {
		case it.ev.TicketID != 0:
			if x, ok := held[it.ev.TicketID]; ok {
				it.held = &x
			} else {
				it.held = &access.Held{Owner: -1} // it is gone: nobody's
			}
		case it.ev.ThreadID != 0:
			x := threads[it.ev.ThreadID]
			it.held = &x
		}
		it.was = before(it.ev)
	}
	return nil
}

// before says whose a ticket or conversation was, of events that give it to somebody else.
func before(ev desk.Event) *access.Held {
	var d struct {
		Owner desk.UserID `json:"previous_owner_id"`
		Team  desk.TeamID `json:"previous_team_id"`
		User  desk.UserID `json:"user_id"`
	}
	switch ev.Type {
	case desk.EvTicketAssigned, desk.EvThreadAssigned:
		if json.Unmarshal(ev.Data, &d) != nil {
			return nil
		}
		return &access.Held{Owner: d.Owner, Team: d.Team}
	case desk.EvTicketUnfollowed:
		if json.Unmarshal(ev.Data, &d) != nil || d.User == 0 {
			return nil
		}
		return &access.Held{Owner: -1, Known: []desk.UserID{d.User}}
	}
	return nil
}

// reach is what a viewer of part of the tickets gets of an item that they may have by its inbox: all of it, that it left their reach, or nothing.
func (it *item) reach(v *access.Viewer) []byte {
	if v.Tickets.Whole() || it.held == nil || v.Tickets.Sees(*it.held) {
		return it.full
	}
	if it.was == nil || !v.Tickets.Sees(*it.was) {
		return nil
	}
	return encode(it.gone())
}

// Gone is the type of what a stream tells instead of an event that took a ticket or conversation out of its viewer's reach.
const Gone = "ticket.left"

func (it *item) gone() desk.Event {
	return desk.Event{ID: it.ev.ID, Seq: it.ev.Seq, At: it.ev.At, Type: Gone, Actor: desk.System, TicketID: it.ev.TicketID, ThreadID: it.ev.ThreadID, Inbox: it.inbox}
}

// told is an event as a viewer gets it who asks for it without a stream.
func (it *item) told(v *access.Viewer) (desk.Event, bool) {
	f := it.sight(v)
	switch {
	case f == nil:
		return desk.Event{}, false
	case &f[0] == &it.full[0]:
		ev := it.ev
		ev.Veil(v.Veil)
		return ev, true
	case &f[0] == &it.bare[0]:
		ev := it.ev
		ev.Data = json.RawMessage("{}")
		return ev, true
	}
	return it.gone(), true
}

// maySee reports which of those who see part of the tickets see one: presence is theirs to hear of too.
func (h *Hub) maySee(ctx context.Context, id desk.TicketID) func(*access.Viewer) bool {
	if !h.part.Load() || h.Held == nil {
		return func(v *access.Viewer) bool { return v.Tickets.Whole() }
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	hs, err := h.Held(ctx, []desk.TicketID{id})
	held, ok := hs[id]
	if err == nil && !ok { // the id may be that of a conversation without a ticket
		held, _, err = h.HeldThread(ctx, desk.ThreadID(id))
	}
	return func(v *access.Viewer) bool { return v.Tickets.Whole() || err == nil && v.Tickets.Sees(held) }
}
