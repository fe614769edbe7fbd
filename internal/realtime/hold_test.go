package realtime

import (
	"fmt"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// WS-11: who begins to write holds the ticket until they send, leave, rest or somebody takes over; nodes that hear it in another order agree.
func TestWhoWritesHoldsTheTicket(t *testing.T) {
	const ticket = desk.TicketID(42)
	now := time.Now()
	who := map[string]person{"ann": {1, "Ann"}, "ben": {2, "Ben"}}
	holder := func(h *Hub) string {
		for _, w := range h.Watchers(ticket) {
			if w.Holds {
				return w.Name
			}
		}
		return ""
	}
	word := func(h *Hub, name string, c claim) {
		d := delta{TicketID: ticket, User: who[name], State: Typing, Inbox: 1, Answers: true}
		if !c.Only {
			h.sit(d, now)
		}
		h.claim(d, c, now)
	}
	h := New(Deps{})
	word(h, "ann", claim{Since: 100})
	word(h, "ben", claim{Since: 200})
	if got := holder(h); got != "Ann" {
		t.Errorf("who began first: %q", got)
	}
	word(h, "ben", claim{Since: 300, Took: 300, Only: true})
	word(h, "ann", claim{Since: 310})
	if got := holder(h); got != "Ben" {
		t.Errorf("taken over, and the first types on: %q", got)
	}
	word(h, "ann", claim{Release: true, Only: true})
	if got := holder(h); got != "Ben" {
		t.Errorf("who does not hold lets go: %q", got)
	}
	word(h, "ben", claim{Release: true, Only: true})
	if got := holder(h); got != "" {
		t.Errorf("let go: %q", got)
	}
	word(h, "ann", claim{Since: 400})
	h.sit(delta{TicketID: ticket, User: who["ann"], State: Viewing, Inbox: 1}, now.Add(holdFor))
	h.expire(now.Add(holdFor + time.Second))
	if got := holder(h); got != "" {
		t.Errorf("after a rest: %q", got)
	}
	// Two begin at once on two nodes, and each node hears its own first.
	near, far := New(Deps{}), New(Deps{})
	word(near, "ann", claim{Since: 500})
	word(far, "ben", claim{Since: 501})
	for i, c := range []struct {
		h    *Hub
		name string
		c    claim
	}{{near, "ben", claim{Since: 501}}, {far, "ann", claim{Since: 500}}} {
		d := `{"ticket_id":"42","user":{"id":"%s","name":"%s"},"state":"typing","inbox_id":"1","answers":true,"since":%d,"node":"another"}`
		c.h.heard(fmt.Sprintf(d, who[c.name].ID, who[c.name].Name, c.c.Since))
		if got := holder(c.h); got != "Ann" {
			t.Errorf("node %d says %q", i, got)
		}
	}
}
