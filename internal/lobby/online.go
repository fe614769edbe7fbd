package lobby

import (
	"context"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// The states of a visitor, as agents are told.
const (
	Online   = "online"
	Offline  = "offline"
	IsTyping = "typing"
	Idle     = "idle"
)

// Activity is what agents are told of a visitor, on their stream as the event visitor.
type Activity struct {
	Visitor desk.VisitorID `json:"visitor_id"`
	Thread  desk.ThreadID  `json:"thread_id"`
	Ticket  desk.TicketID  `json:"ticket_id"`
	State   string         `json:"state" enum:"online,offline,typing,idle"`
	Text    string         `json:"text,omitempty"` // what is being typed, where the account shows it
	Page    *Page          `json:"page,omitempty"`
}

// Page is where a visitor is now.
type Page struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// Presence is a visitor now: for who opens a conversation.
type Presence struct {
	Online bool
	Typing bool
	Text   string
	Page   *Page
}

const (
	lookEvery  = 250 * time.Millisecond
	recheckIn  = 5 * time.Minute // a connected visitor is looked up again at least this often
	recheckMax = 500             // and so many at once
	farFor     = 50 * time.Second
	tidyEvery  = 5 // seconds between looks whether a wave is over
	wave       = 500
	stillEvery = 20 // seconds between a node's lists of who is there
)

// IsOnline tells whether a visitor with a conversation, or any visitor of this node, is there.
func (h *Hub) IsOnline(id desk.VisitorID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.online(id)
}

func (h *Hub) online(id desk.VisitorID) bool {
	if s := h.seats[id]; s != nil {
		return true
	}
	now := time.Now()
	for _, there := range h.far {
		if f, ok := there[id]; ok && f.until.After(now) {
			return true
		}
	}
	return false
}

// PresenceOf is a visitor now.
func (h *Hub) PresenceOf(id desk.VisitorID) Presence {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := Presence{Online: h.online(id)}
	for k, t := range h.typing {
		if k.visitor == id && t.until.After(time.Now()) {
			p.Typing, p.Text = true, t.text
		}
	}
	if s := h.seats[id]; s != nil && s.talk != nil && s.talk.page.URL != "" {
		page := s.talk.page
		p.Page = &page
	}
	return p
}

// tell says to agents what a visitor does, once an inbox that has a conversation of theirs.
func (h *Hub) tell(places []place, a Activity) {
	if h.Agents == nil {
		return
	}
	for _, p := range places {
		a.Thread, a.Ticket = p.Thread, p.Ticket
		h.Agents.Tell(p.Inbox, "visitor", a)
	}
}

// talks reads which conversations visitors have, newest first, one an inbox.
func (h *Hub) talks(ctx context.Context, ids []desk.VisitorID) (map[desk.VisitorID][]place, error) {
	all, err := db.All(ctx, h.DB, func(s db.Scanner) (p place, err error) {
		err = s.Scan(append(p.fields(), &p.owner)...)
		p.to.visitor = p.Visitor
		return p, err
	}, "SELECT "+placeColumns+", COALESCE((SELECT k.owner_id FROM tickets k WHERE k.id = t.ticket_id), t.owner_id) FROM threads t WHERE t.visitor_id <> 0 AND t.visitor_id IN "+db.Among(h.DB, "$1")+" ORDER BY t.visitor_id, t.last_message_at DESC, t.id DESC", db.JSON(ids))
	out := map[desk.VisitorID][]place{}
	for _, p := range all {
		have := out[p.Visitor]
		if len(have) < 3 && !slices.ContainsFunc(have, func(o place) bool { return o.Inbox == p.Inbox }) {
			out[p.Visitor] = append(have, p)
		}
	}
	return out, err
}

// look finds the conversations of who has come and of whose conversations have moved, and tells agents who is there, until ctx ends.
func (h *Hub) look(ctx context.Context) {
	for rest(ctx, lookEvery) {
		h.mu.Lock()
		fresh := make([]*seat, 0, len(h.fresh))
		ids := make([]desk.VisitorID, 0, len(h.fresh))
		for s := range h.fresh {
			fresh, ids = append(fresh, s), append(ids, s.visitor)
			if delete(h.fresh, s); len(ids) == 1000 {
				break
			}
		}
		h.mu.Unlock()
		if len(ids) == 0 {
			h.speak(ctx)
			continue
		}
		talks, err := h.talks(ctx, ids)
		if err != nil && ctx.Err() == nil {
			h.Log.Warn("conversations of visitors cannot be read; trying again", "err", err)
			h.mu.Lock()
			for _, s := range fresh {
				h.fresh[s] = struct{}{}
			}
			h.mu.Unlock()
			continue
		}
		for _, s := range fresh {
			h.came(s, talks[s.visitor])
		}
		h.speak(ctx)
	}
}

// came tells agents that a visitor with conversations is there.
func (h *Hub) came(s *seat, places []place) {
	if len(places) == 0 {
		return
	}
	h.mu.Lock()
	if h.seats[s.visitor] != s {
		h.mu.Unlock()
		return
	}
	if s.talk == nil {
		s.talk = &talk{}
	}
	news := len(s.talk.places) != len(places)
	s.talk.places, s.talk.owner = places, places[0].owner
	was := s.talk.on
	s.talk.on = true
	page := s.talk.page
	if !was || news {
		h.said = append(h.said, word{Kind: Online, Visitor: s.visitor, Places: places})
	}
	h.mu.Unlock()
	if !was || news {
		h.tell(places, Activity{Visitor: s.visitor, State: Online, Page: page.orNil()})
	}
}

func (p Page) orNil() *Page {
	if p.URL == "" {
		return nil
	}
	return &p
}

// beat sends signs of life, a part of the connections each second, and ends what was not renewed, until ctx ends.
func (h *Hub) beat(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		now := time.Now()
		h.lives(n, now)
		h.expire(ctx, now)
		h.refresh(ctx)
		if n%stillEvery == 0 {
			h.still()
		}
		if n%tidyEvery == 0 {
			h.tidy()
		}
		if n%60 == 0 {
			if first, err := h.Events.First(ctx); err == nil {
				h.first.Store(first)
			}
		}
	}
}

// tidy gives back what a wave of arrivals or departures needed for a moment: stacks shrink and memory is returned only by a collection, and an idle server has none for minutes.
func (h *Hub) tidy() {
	h.mu.Lock()
	now, was := h.conns, h.before
	h.before = now
	far := now-h.tidied > wave || h.tidied-now > wave
	if calm := now-was < wave/10 && was-now < wave/10; !far || !calm {
		h.mu.Unlock()
		return
	}
	h.tidied = now
	h.mu.Unlock()
	runtime.GC() // a stack halves with each
	runtime.GC()
	debug.FreeOSMemory()
}

// lives sends this second's signs of life and looks up again who was not looked up for long.
func (h *Hub) lives(n int, now time.Time) {
	var due []*conn
	var ids []desk.VisitorID
	h.mu.Lock()
	for _, s := range h.seats {
		for _, c := range s.conns {
			if int(c.slot) == n%heartbeat {
				due = append(due, c)
			}
		}
		if len(ids) < recheckMax && now.Sub(s.checked) > recheckIn && len(s.conns) > 0 {
			s.checked = now
			ids = append(ids, s.visitor)
		}
	}
	h.mu.Unlock()
	for _, c := range due {
		c.push(life)
	}
	if err := h.again(context.Background(), ids); err != nil {
		h.Log.Warn("visitors could not be looked up again", "err", err)
	}
}

// gone is a visitor who has left, with what agents knew of them.
type gone struct {
	visitor desk.VisitorID
	places  []place
}

// expire ends what was not renewed: seats without a connection, visitors of nodes that are not heard of, typing.
func (h *Hub) expire(ctx context.Context, now time.Time) {
	var left []gone
	var idle []typist
	var idleAt [][]place
	h.mu.Lock()
	for id, s := range h.seats {
		if len(s.conns) > 0 || now.Sub(s.left) < s.stays {
			continue
		}
		h.prove(s, 0)
		delete(h.seats, id)
		delete(h.fresh, s)
		if s.talk != nil && s.talk.on {
			h.said = append(h.said, word{Kind: Offline, Visitor: id})
			left = append(left, gone{id, s.talk.places})
		}
	}
	for node, there := range h.far {
		for id, f := range there {
			if f.until.Before(now) {
				delete(there, id)
				left = append(left, gone{id, f.places})
			}
		}
		if len(there) == 0 {
			delete(h.far, node)
		}
	}
	for k, t := range h.typing {
		if t.until.Before(now) {
			delete(h.typing, k)
			idle, idleAt = append(idle, k), append(idleAt, t.places)
		}
	}
	left = slices.DeleteFunc(left, func(g gone) bool { return h.online(g.visitor) })
	h.mu.Unlock()
	for i, k := range idle {
		h.tell(idleAt[i], Activity{Visitor: k.visitor, State: Idle})
	}
	h.went(ctx, left)
}

// went tells of visitors who are nowhere any more.
func (h *Hub) went(ctx context.Context, left []gone) {
	ids := make([]desk.VisitorID, 0, len(left))
	for _, g := range left {
		h.tell(g.places, Activity{Visitor: g.visitor, State: Offline})
		ids = append(ids, g.visitor)
	}
	if h.Gone == nil || len(ids) == 0 {
		return
	}
	if err := h.Gone(ctx, ids); err != nil && ctx.Err() == nil {
		h.Log.Warn("that visitors have left could not be told", "err", err)
	}
}

// Viewing says where a visitor is now. Agents who have a conversation with them see it.
func (h *Hub) Viewing(ctx context.Context, id desk.VisitorID, p Page) {
	p.URL, p.Title = clip(p.URL, 1000), clip(p.Title, 200)
	h.mu.Lock()
	s := h.seats[id]
	var places []place
	if s != nil && s.talk != nil {
		s.talk.page = p
		places = s.talk.places
	}
	h.mu.Unlock()
	if s == nil { // the stream is another node's, or none
		talks, err := h.talks(ctx, []desk.VisitorID{id})
		if err != nil {
			return
		}
		places = talks[id]
	}
	if len(places) == 0 || !h.may(ctx, id, places[0].account) {
		return
	}
	h.tell(places, Activity{Visitor: id, State: Online, Page: &p})
	h.say(word{Kind: "page", Visitor: id, Places: places, Page: &p})
}

func (h *Hub) may(ctx context.Context, id desk.VisitorID, account desk.ChannelAccountID) bool {
	if h.May == nil {
		return true
	}
	ok, err := h.May(ctx, id, account)
	return err == nil && ok
}

func clip(s string, most int) string {
	r := []rune(s)
	if len(r) > most {
		return string(r[:most])
	}
	return s
}
