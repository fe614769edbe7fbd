package realtime

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
)

// holdFor is how long somebody who writes an answer holds the ticket without typing.
const holdFor = 3 * time.Minute

// hold is who writes the answer to a ticket (WS-11). It is soft: others may write and send, after they were asked, or take over.
type hold struct {
	user  desk.UserID
	name  string
	inbox desk.InboxID
	took  int64 // when it was taken from somebody; 0: nobody had it
	since int64
	until time.Time
}

// claim is what a word of presence says about holding. Two nodes that hear the same claims in another order come to the same holder: the last who took it, else
// who began first.
type claim struct {
	Since   int64 `json:"since,omitempty"` // writes an answer, as of then
	Took    int64 `json:"took,omitempty"`
	Release bool  `json:"release,omitempty"`
	Only    bool  `json:"only,omitempty"` // says nothing about being there
}

func (x hold) before(c claim, user desk.UserID) bool {
	switch {
	case x.took != c.Took:
		return x.took > c.Took
	case x.since != c.Since:
		return x.since < c.Since
	}
	return x.user < user
}

// Hold takes a ticket over from whoever writes an answer to it, or lets go of it. The caller has checked that the viewer may answer.
func (h *Hub) Hold(ctx context.Context, v access.Viewer, ticket desk.TicketID, inbox desk.InboxID, take bool) {
	if h.Holds == nil || !h.Holds(ctx) {
		return
	}
	now := time.Now()
	c := claim{Release: !take, Only: true}
	if take {
		c.Since, c.Took = now.UnixMilli(), now.UnixMilli()
	}
	d := delta{TicketID: ticket, User: person{v.User.ID, v.User.Name}, State: Viewing, Inbox: inbox}
	h.claim(d, c, now)
	h.say(ctx, d, c)
}

// claim keeps who holds a ticket and tells browsers when that is somebody else now.
func (h *Hub) claim(d delta, c claim, now time.Time) {
	if c.Since == 0 && !c.Release {
		return
	}
	p := &h.presence
	p.mu.Lock()
	x, held := p.holds[d.TicketID]
	if held && now.After(x.until) {
		held = false
	}
	mine := held && x.user == d.User.ID
	var tell *delta
	switch {
	case c.Release:
		if mine {
			delete(p.holds, d.TicketID)
			gone := p.letGo(d.TicketID, x)
			tell = &gone
		}
	case mine:
		x.until, x.took = now.Add(holdFor), max(x.took, c.Took)
		p.holds[d.TicketID] = x
	case !held || !x.before(c, d.User.ID):
		p.holds[d.TicketID] = hold{user: d.User.ID, name: d.User.Name, inbox: d.Inbox, took: c.Took, since: c.Since, until: now.Add(holdFor)}
		yes := true
		d.Holds, d.State = &yes, p.stateOf(seat{d.TicketID, d.User.ID}, d.State)
		tell = &d
	}
	p.mu.Unlock()
	if tell != nil {
		h.tell(*tell)
	}
}

// letGo is what browsers are told of a hold that is over. The caller has the lock.
func (p *presence) letGo(ticket desk.TicketID, x hold) delta {
	no := false
	k := seat{ticket, x.user}
	return delta{TicketID: ticket, User: person{x.user, x.name}, State: p.stateOf(k, Left), Inbox: x.inbox, Holds: &no}
}

func (p *presence) stateOf(k seat, none string) string {
	if s, ok := p.seats[k]; ok {
		return s.state
	}
	return none
}
