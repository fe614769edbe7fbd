package realtime

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/sse"
)

// The states of presence.
const (
	Viewing = "viewing"
	Typing  = "typing"
	Left    = "left"
)

// settle is how long somebody is there without saying so again, unless Deps.Stays says otherwise.
const settle = 45 * time.Second

func (h *Hub) lasts() time.Duration {
	if h.Stays != 0 {
		return h.Stays
	}
	return settle
}

// typingFor is how long somebody is typing without saying so again.
const typingFor = 8 * time.Second

// presenceChannel is where nodes tell each other.
const presenceChannel = "kanal_presence"

// Watcher is somebody who has a ticket open (WS-11).
type Watcher struct {
	ID    desk.UserID `json:"id"`
	Name  string      `json:"name"`
	State string      `json:"state" enum:"viewing,typing"`
	Holds bool        `json:"holds,omitempty" doc:"Writes the answer: others are asked before they send theirs."`
}

// delta is one change of presence, as browsers and other nodes get it.
type delta struct {
	TicketID desk.TicketID `json:"ticket_id"`
	User     person        `json:"user"`
	State    string        `json:"state"`
	Inbox    desk.InboxID  `json:"inbox_id"`
	Answers  bool          `json:"answers,omitempty"` // types what the customer will read, no comment
	Holds    *bool         `json:"holds,omitempty"`   // to browsers: holds the ticket from now on, or no more
}

type person struct {
	ID   desk.UserID `json:"id"`
	Name string      `json:"name"`
}

type seat struct {
	ticket desk.TicketID
	user   desk.UserID
}

type sitting struct {
	name  string
	inbox desk.InboxID
	state string
	until time.Time
	typed time.Time
	said  bool // types an answer
}

type presence struct {
	mu    sync.Mutex
	seats map[seat]sitting
	holds map[desk.TicketID]hold
}

func newPresence() presence {
	return presence{seats: map[seat]sitting{}, holds: map[desk.TicketID]hold{}}
}

// Presence says that a viewer has a ticket of an inbox open, types, or has left. It must be repeated within 45 seconds. answers says that what is typed is for the
// customer. The caller has checked that the viewer may see the ticket.
func (h *Hub) Presence(ctx context.Context, v access.Viewer, ticket desk.TicketID, inbox desk.InboxID, state string, answers bool) {
	d := delta{TicketID: ticket, User: person{v.User.ID, v.User.Name}, State: state, Inbox: inbox, Answers: answers && state == Typing}
	now := time.Now()
	h.sit(d, now)
	c := claim{}
	if d.Answers && h.Holds != nil && h.Holds(ctx) {
		c = claim{Since: now.UnixMilli()}
	}
	if state == Left {
		c.Release = true
	}
	h.claim(d, c, now)
	h.say(ctx, d, c)
}

// say tells other nodes.
func (h *Hub) say(ctx context.Context, d delta, c claim) {
	if payload, err := json.Marshal(told{delta: d, claim: c, Node: h.node}); err == nil {
		if err := h.DB.Notify(ctx, presenceChannel, string(payload)); err != nil {
			h.Log.Debug("presence was not told to other nodes", "err", err)
		}
	}
}

// told is a delta between nodes.
type told struct {
	delta
	claim
	Node string `json:"node"`
}

// heard takes what another node said. Our own words come back too, late: they would undo what was said since.
func (h *Hub) heard(payload string) {
	var t told
	if payload == "" || json.Unmarshal([]byte(payload), &t) != nil || t.TicketID == 0 || t.User.ID == 0 || t.Node == h.node {
		return
	}
	if !t.Only {
		h.sit(t.delta, time.Now())
	}
	h.claim(t.delta, t.claim, time.Now())
}

// sit keeps a state and tells browsers only what changed.
func (h *Hub) sit(d delta, now time.Time) {
	p := &h.presence
	key := seat{d.TicketID, d.User.ID}
	p.mu.Lock()
	had, was := p.seats[key]
	if d.State == Left {
		delete(p.seats, key)
	} else {
		s := sitting{name: d.User.Name, inbox: d.Inbox, state: d.State, until: now.Add(h.lasts()), typed: had.typed, said: d.Answers}
		if d.State == Typing {
			s.typed = now
		}
		p.seats[key] = s
	}
	p.mu.Unlock()
	if had.said || d.Answers { // again and again while it lasts: whoever shows it forgets it by itself
		h.answers(d.TicketID, d.User.ID, d.Answers)
	}
	if was && had.state == d.State || !was && d.State == Left {
		return
	}
	h.tell(d)
}

func (h *Hub) tell(d delta) {
	name := "presence"
	if d.State == Typing {
		name = "typing"
	}
	h.tellThose(d.Inbox, name, d, h.maySee(context.Background(), d.TicketID))
}

// Tell sends something unnumbered to whoever may see an inbox and is connected to this node.
func (h *Hub) Tell(in desk.InboxID, name string, v any) {
	h.tellThose(in, name, v, func(v *access.Viewer) bool { return v.Tickets.Whole() })
}

func (h *Hub) tellThose(in desk.InboxID, name string, v any, may func(*access.Viewer) bool) {
	data, err := json.Marshal(v)
	if err != nil {
		return
	}
	f := sse.Event(0, name, data)
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		if v := c.viewer.Load(); c.asked == 0 && v.SeesInbox(in) && may(v) {
			c.push(f)
		}
	}
}

// answers says outside that somebody types an answer, or stopped.
func (h *Hub) answers(ticket desk.TicketID, user desk.UserID, on bool) {
	if h.Answers != nil {
		h.Answers(ticket, user, on)
	}
}

// expire ends what was not renewed: typing turns into viewing, viewing into left.
func (h *Hub) expire(now time.Time) {
	var over []delta
	p := &h.presence
	p.mu.Lock()
	for k, s := range p.seats {
		switch {
		case now.After(s.until):
			delete(p.seats, k)
			over = append(over, delta{TicketID: k.ticket, User: person{k.user, s.name}, State: Left, Inbox: s.inbox, Answers: s.said})
		case s.state == Typing && now.Sub(s.typed) > typingFor:
			over = append(over, delta{TicketID: k.ticket, User: person{k.user, s.name}, State: Viewing, Inbox: s.inbox, Answers: s.said})
			s.state, s.said = Viewing, false
			p.seats[k] = s
		}
	}
	for k, x := range p.holds {
		if now.After(x.until) {
			delete(p.holds, k)
			over = append(over, p.letGo(k, x))
		}
	}
	p.mu.Unlock()
	for _, d := range over {
		if d.Answers {
			d.Answers = false
			h.answers(d.TicketID, d.User.ID, false)
		}
		h.tell(d)
	}
}

// Watchers lists who has a ticket open.
func (h *Hub) Watchers(ticket desk.TicketID) []Watcher {
	out := []Watcher{}
	h.presence.mu.Lock()
	now := time.Now()
	for k, s := range h.presence.seats {
		if k.ticket == ticket && s.until.After(now) {
			x := h.presence.holds[ticket]
			out = append(out, Watcher{k.user, s.name, s.state, x.user == k.user && x.until.After(now)})
		}
	}
	h.presence.mu.Unlock()
	slices.SortFunc(out, func(a, b Watcher) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
