// Package realtime is the stream of events to browsers: one numbered stream a viewer, read from the event log, so that a browser that says the
// last number it saw gets exactly what it missed, or is told to reload. It holds who may be told of what (visible.go), presence and typing
// beside the stream, unnumbered (presence.go), and the connections (conn.go). It writes nothing to the database and keeps no state that a
// restart would lose but presence. The agents' handlers call Serve, Poll and Presence; app runs Run and calls Drain before it stops.
package realtime

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/sse"
)

// The measures of a stream.
const (
	MaxBehind = 10_000           // events; a reader further behind is told to reload
	heartbeat = 20 * time.Second // between signs of life, so that proxies keep the connection
	recheckIn = 5 * time.Minute  // a connection's viewer is looked up again at least this often
	maxQueued = 1000             // frames that wait for one slow reader: more than one reading of the log, which nobody is too slow for
	maxBytes  = 1 << 20          // and their bytes
	batch     = 500              // events read at once
	pollFor   = 25 * time.Second // a long poll without news
)

// Deps is what a Hub needs.
type Deps struct {
	Events *event.Log
	DB     *db.DB
	Log    *slog.Logger
	// InboxOf says whose inbox a ticket is in, for events that do not say so.
	InboxOf func(ctx context.Context, ticket desk.TicketID) (desk.InboxID, error)
	// Held says whose tickets are, and HeldThread whose a conversation is: asked while somebody is connected who sees only part of them.
	Held       func(ctx context.Context, tickets []desk.TicketID) (map[desk.TicketID]access.Held, error)
	HeldThread func(ctx context.Context, thread desk.ThreadID) (access.Held, desk.TicketID, error)
	// Stays is how long somebody is there without saying so again; 0 means 45 s.
	Stays time.Duration
	// Holds reports whether who writes an answer holds its ticket (WS-11). Nil: nobody does.
	Holds func(ctx context.Context) bool
	// Answers is told on every node that somebody types an answer to a ticket (or to a conversation without one, whose id stands for it), or stopped. It must not
	// wait. Nil is fine.
	Answers func(ticket desk.TicketID, user desk.UserID, on bool)
}

// Hub hands events to connections. Safe for concurrent use.
type Hub struct {
	Deps
	mu       sync.Mutex
	conns    map[*conn]struct{}
	at       int64         // the last number handed out
	moved    chan struct{} // closed when at moves
	draining bool
	presence presence
	node     string // tells our own words from other nodes'
	rechecks chan *conn
	slot     int
	ready    chan struct{} // closed when at is known
	once     sync.Once
	part     atomic.Bool // somebody has been connected who sees only part of the tickets
}

// New makes a Hub; it hands out nothing before Run.
func New(d Deps) *Hub {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{
		Deps: d, conns: map[*conn]struct{}{}, moved: make(chan struct{}), ready: make(chan struct{}),
		rechecks: make(chan *conn, 4096), presence: newPresence(), node: rand.Text(),
	}
}

// Again looks up a connection's viewer again; an error ends the connection: the session is over, or its user is not active.
type Again func(ctx context.Context) (access.Viewer, error)

// item is one event with the inbox that says who sees it, encoded once: whole, and without its particulars.
type item struct {
	ev    desk.Event
	inbox desk.InboxID
	full  []byte
	bare  []byte
	held  *access.Held // nil: it belongs to no ticket and no conversation
	was   *access.Held // before the event took it from somebody
	known bool         // held was looked up
}

// Run follows the log until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	sub := h.Events.Subscribe()
	defer sub.Close()
	for {
		last, err := h.Events.Last(ctx)
		if err == nil {
			h.mu.Lock()
			h.at = last
			h.mu.Unlock()
			break
		}
		h.Log.Warn("the event log cannot be read", "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
	h.once.Do(func() { close(h.ready) })
	var work sync.WaitGroup
	work.Add(3)
	go func() { defer work.Done(); h.recheck(ctx) }()
	go func() { defer work.Done(); h.DB.Listen(ctx, presenceChannel, h.heard) }()
	go func() { defer work.Done(); h.beat(ctx) }()
	defer work.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sub.C:
		}
		if err := h.read(ctx); err != nil && ctx.Err() == nil {
			h.Log.Warn("reading events failed; trying again", "err", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
			h.wake(ctx)
		}
	}
}

// wake reads once more after a failure, since the wake-up was used up.
func (h *Hub) wake(ctx context.Context) {
	if err := h.read(ctx); err != nil && ctx.Err() == nil {
		h.Log.Warn("reading events failed again", "err", err)
	}
}

// read hands out everything above the last number.
func (h *Hub) read(ctx context.Context) error {
	for {
		h.mu.Lock()
		at := h.at
		h.mu.Unlock()
		evs, err := h.Events.After(ctx, at, batch)
		if err != nil || len(evs) == 0 {
			return err
		}
		items, err := h.items(ctx, evs)
		if err != nil {
			return err
		}
		h.hand(items)
	}
}

// hand gives items to every connection that may see them, in order.
func (h *Hub) hand(items []item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range items {
		it := &items[i]
		for c := range h.conns {
			if it.ev.Seq <= c.from {
				continue
			}
			if c.asked > 0 { // what they may see is being looked up: nothing is told by what they once might
				c.kept = append(c.kept, it)
				continue
			}
			h.push(c, it)
		}
		h.changed(it.ev)
		h.at = it.ev.Seq
	}
	close(h.moved)
	h.moved = make(chan struct{})
}

// push gives one item to one connection. The lock is held.
func (h *Hub) push(c *conn, it *item) {
	v := c.viewer.Load()
	if !it.known && !v.Tickets.Whole() { // they came while it was read: what they may have of it is read again when they come back
		c.end(nil)
		return
	}
	c.push(it.frame(v))
}

// items encodes events and finds the inbox of those that do not say theirs.
func (h *Hub) items(ctx context.Context, evs []desk.Event) ([]item, error) {
	out := make([]item, len(evs))
	inboxes := map[desk.TicketID]desk.InboxID{}
	for i, ev := range evs {
		it := item{ev: ev, inbox: ev.Inbox}
		if it.inbox == 0 && ev.TicketID != 0 {
			in, known := inboxes[ev.TicketID]
			if !known {
				var err error
				if in, err = h.InboxOf(ctx, ev.TicketID); err != nil && db.IsMachine(err) {
					return nil, err
				}
				inboxes[ev.TicketID] = in
			}
			it.inbox = in
		}
		it.ev.Inbox = it.inbox
		it.full = encode(it.ev)
		bare := it.ev
		bare.Data = json.RawMessage("{}")
		it.bare = encode(bare)
		out[i] = it
	}
	return out, h.whose(ctx, out)
}

func encode(ev desk.Event) []byte {
	if len(ev.Data) == 0 {
		ev.Data = json.RawMessage("{}")
	}
	data, err := json.Marshal(ev)
	if err != nil { // its particulars are no JSON: tell it without
		ev.Data = json.RawMessage("{}")
		data, _ = json.Marshal(ev)
	}
	return sse.Event(ev.Seq, ev.Type, data)
}

// beat sends signs of life, a twentieth of the connections each second, and ends presence that was not renewed.
func (h *Hub) beat(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		h.expire(time.Now())
		slots := int(heartbeat / time.Second)
		h.mu.Lock()
		for c := range h.conns {
			if c.slot%slots != n%slots {
				continue
			}
			c.life(h.at)
			if time.Since(c.checked) > recheckIn {
				c.checked = time.Now()
				h.ask(c)
			}
		}
		h.mu.Unlock()
	}
}

// changed looks up viewers again when an event may have changed what they see. The lock is held.
func (h *Hub) changed(ev desk.Event) {
	everybody := false
	switch ev.Type {
	case desk.EvSettingsChanged, desk.EvTeamUpdated, desk.EvRoleUpdated:
		everybody = true
	case desk.EvSessionEnded, desk.EvUserUpdated, desk.EvTokenRevoked:
	default:
		return
	}
	for c := range h.conns {
		if everybody || ev.UserID == 0 || c.viewer.Load().User.ID == ev.UserID {
			h.ask(c)
		}
	}
}

// ask puts a connection in the queue of those to look up again; when the queue is full the connection ends, and comes back.
func (h *Hub) ask(c *conn) {
	select {
	case h.rechecks <- c:
		c.asked++
	default:
		c.end(nil)
	}
}

func (h *Hub) recheck(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-h.rechecks:
			if c.gone() {
				continue
			}
			v, err := c.again(ctx)
			switch {
			case err == nil:
				h.renew(c, &v)
			case desk.CodeOf(err) == desk.Unauthorized || desk.CodeOf(err) == desk.Forbidden:
				c.end(sse.Event(0, "signed_out", []byte("{}")))
			case ctx.Err() == nil:
				c.end(nil)
			}
		}
	}
}

// At is the last number handed out.
func (h *Hub) At() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// Connections is how many are open, for metrics.
func (h *Hub) Connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

// Drain tells every connection to come back, to another node or to this one when it is up again, and takes no more.
func (h *Hub) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	for c := range h.conns {
		c.end(sse.Event(0, "reconnect", []byte("{}")))
	}
	close(h.moved)
	h.moved = make(chan struct{})
}
