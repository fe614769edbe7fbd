// Package lobby is the stream of events to visitors of websites: what happens in a visitor's own conversations, read from the event log, numbered, so that a widget
// that says the last number it saw gets exactly what it missed or is told to reload. It holds who of the visitors is there, who types on either side, what is pushed
// to open widgets beside the stream (availability, settings), which messages a widget took, and how much anybody may ask for (guard.go). It writes only through
// thread, and refuses to tell a visitor anything that is not of their own conversations or that Show does not show. The widget's handlers call Serve, Poll and the
// Guard; app runs Run and calls Drain before it stops.
//
// realtime hands every event to every agent's connection. Here connections are thousands and mostly idle, so they are found by visitor and nobody else is touched,
// and an idle one costs a parked goroutine and no buffers.
package lobby

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/webchat"
)

// The measures of a stream.
const (
	MaxMissed = 500              // of one visitor; who missed more is told to reload
	heartbeat = 20               // seconds between signs of life, so that proxies keep the connection
	maxQueued = 600              // frames that wait for one slow reader: more than one reading of the log, which nobody is too slow for
	maxBytes  = 256 << 10        // and their bytes
	batch     = 500              // events read at once
	pollFor   = 25 * time.Second // a long poll without news
	grace     = 10 * time.Second // a visitor whose last connection ended is taken to be there this long
	pollGrace = 40 * time.Second // and one who polls, as hidden pages do, this long
	comeBack  = 5 * time.Second  // within this, each at its own moment, widgets connect again after reconnect
)

// Show is what of messages and conversations visitors see. What a visitor never sees (comments, notes, what has not left) is missing from its answers. The answers do
// not depend on who asks.
type Show interface {
	Messages(ctx context.Context, q db.Queryer, ids []desk.MessageID) (map[desk.MessageID]any, error)
	Threads(ctx context.Context, q db.Queryer, ids []desk.ThreadID) (map[desk.ThreadID]any, error)
	// Author is how somebody of the team is named to visitors of an account.
	Author(ctx context.Context, q db.Queryer, user desk.UserID, account desk.ChannelAccountID) (any, error)
}

// Agents is the agents' stream: realtime.Hub.
type Agents interface {
	// Tell sends something unnumbered to whoever may see an inbox and is connected to this node.
	Tell(in desk.InboxID, name string, data any)
}

// Deps is what a Hub needs.
type Deps struct {
	DB      *db.DB
	Events  *event.Log
	Threads *thread.Service
	Agents  Agents
	Guard   *Guard
	// Settings are those of a chat account.
	Settings func(ctx context.Context, account desk.ChannelAccountID) (webchat.Settings, error)
	// May says whether anything of a visitor may reach agents on an account: not before consent that must be explicit (CO-09). Nil: always.
	May func(ctx context.Context, visitor desk.VisitorID, account desk.ChannelAccountID) (bool, error)
	// Person is who a contact is now, after merges. Nil: themselves.
	Person func(ctx context.Context, id desk.ContactID) (desk.ContactID, error)
	// Gone is told of visitors with conversations who have left; nil is fine.
	Gone func(ctx context.Context, visitors []desk.VisitorID) error
	// Grace is how long a visitor whose last connection ended is taken to be there; 0: ten seconds.
	Grace time.Duration
	Log   *slog.Logger
}

// Hub hands events to visitors' connections. Safe for concurrent use.
type Hub struct {
	Deps
	show  Show
	node  string // tells our own words from other nodes'
	ready chan struct{}

	mu        sync.Mutex
	seats     map[desk.VisitorID]*seat
	byContact map[desk.ContactID][]*seat // of proven people
	conns     int
	before    int // connections when it was last looked whether a wave is over
	tidied    int // and when one was last cleaned up after
	slot      uint8
	at        int64 // up to here events are taken in: who comes now replays up to it
	draining  bool
	fresh     map[*seat]struct{} // whose conversations are to be looked up
	anew      map[desk.ChannelAccountID]bool
	pushes    map[desk.ChannelAccountID]func(w Widget) any
	settings  map[desk.ChannelAccountID]webchat.Settings
	changes   int                                 // of settings: what was read before one is not kept after it
	far       map[string]map[desk.VisitorID]there // who is there on other nodes
	typing    map[typist]typed                    // visitors who type
	said      []word                              // to be told to other nodes
	taken     []desk.MessageID                    // messages that a widget took, not yet noted

	answers chan AgentTyping // who of the team answers

	told, replayed, cut atomic.Int64
	first               atomic.Int64 // the lowest number still kept
}

// New makes a Hub; it hands out nothing before Run.
func New(d Deps) *Hub {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Guard == nil {
		d.Guard = NewGuard(DefaultLimits)
	}
	if d.Grace <= 0 {
		d.Grace = grace
	}
	return &Hub{
		Deps: d, node: rand.Text(), ready: make(chan struct{}), seats: map[desk.VisitorID]*seat{}, byContact: map[desk.ContactID][]*seat{}, fresh: map[*seat]struct{}{},
		anew: map[desk.ChannelAccountID]bool{}, pushes: map[desk.ChannelAccountID]func(Widget) any{}, settings: map[desk.ChannelAccountID]webchat.Settings{},
		show: nothing{}, far: map[string]map[desk.VisitorID]there{}, typing: map[typist]typed{}, answers: make(chan AgentTyping, 256),
	}
}

// nothing is shown until Shows was called.
type nothing struct{}

func (nothing) Messages(context.Context, db.Queryer, []desk.MessageID) (map[desk.MessageID]any, error) {
	return nil, nil
}

func (nothing) Threads(context.Context, db.Queryer, []desk.ThreadID) (map[desk.ThreadID]any, error) {
	return nil, nil
}

func (nothing) Author(context.Context, db.Queryer, desk.UserID, desk.ChannelAccountID) (any, error) {
	return nil, nil
}

// Shows names how things look to visitors. Call it before Run.
func (h *Hub) Shows(s Show) { h.show = s }

// Run follows the log until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	sub := h.Events.Subscribe()
	defer sub.Close()
	for {
		last, err := h.Events.Last(ctx)
		if err == nil {
			h.at = last
			break
		}
		h.Log.Warn("the event log cannot be read", "err", err)
		if !rest(ctx, time.Second) {
			return
		}
	}
	close(h.ready)
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { h.DB.Listen(ctx, nodesChannel, h.heard) })
	work.Go(func() { h.beat(ctx) })
	work.Go(func() { h.look(ctx) })
	work.Go(func() { h.note(ctx) })
	work.Go(func() { h.answering(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case <-sub.C:
		}
		for h.read(ctx) {
		}
	}
}

// rest waits, and reports whether ctx is still alive.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// read takes in the next events and hands them out; it reports whether there may be more.
func (h *Hub) read(ctx context.Context) bool {
	evs, err := h.Events.After(ctx, h.At(), batch)
	if err != nil {
		if ctx.Err() == nil {
			h.Log.Warn("reading events failed; trying again", "err", err)
		}
		return rest(ctx, time.Second)
	}
	if len(evs) == 0 {
		return false
	}
	h.notice(evs)
	h.mu.Lock()
	h.at = evs[len(evs)-1].Seq // who comes from here on replays these
	quiet := len(h.seats) == 0
	h.mu.Unlock()
	if quiet {
		return len(evs) == batch
	}
	for try := 1; ; try++ {
		out, err := h.plan(ctx, evs)
		if err == nil {
			h.hand(out)
			return len(evs) == batch
		}
		if ctx.Err() != nil {
			return false
		}
		if try >= 5 && !db.IsMachine(err) { // it fails because of what is in it: whoever is there asks for everything again
			h.Log.Error("what visitors are told cannot be made", "from_event", evs[0].Seq, "to_event", evs[len(evs)-1].Seq, "err", err)
			h.mu.Lock()
			all := h.all(0)
			h.mu.Unlock()
			pace(ctx, all, func(c *conn) { c.push(position("reload", evs[len(evs)-1].Seq)) })
			return len(evs) == batch
		}
		h.Log.Warn("what visitors are told cannot be read; trying again", "err", err)
		if !rest(ctx, time.Second) {
			return false
		}
	}
}

// hand gives frames to the connections they are for, in order. Whoever has said something types no more.
func (h *Hub) hand(out []addressed) {
	h.give(out)
	for _, a := range out {
		if a.said {
			h.typed(a.place.Visitor, a.place, "", false)
		}
	}
}

func (h *Hub) give(out []addressed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range out {
		h.each(a.to, func(s *seat) {
			if a.place.Thread != 0 {
				h.fresh[s] = struct{}{}
			}
			for _, c := range s.conns {
				if a.f.seq > c.start {
					c.push(a.f)
				}
			}
		})
		h.told.Add(1)
	}
}

// At is the last number taken in.
func (h *Hub) At() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// Numbers are what metrics show.
type Numbers struct {
	Visitors, Streams   int
	Told, Replayed, Cut int64
}

// Numbers counts.
func (h *Hub) Numbers() Numbers {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := Numbers{Streams: h.conns, Told: h.told.Load(), Replayed: h.replayed.Load(), Cut: h.cut.Load()}
	for _, s := range h.seats {
		if len(s.conns) > 0 {
			n.Visitors++
		}
	}
	return n
}

// Drain tells every connection to come back, to another node or to this one when it is up again, each at a moment of its own, and takes no more. It waits a little
// for the words to leave.
func (h *Hub) Drain() {
	h.mu.Lock()
	h.draining = true
	all := h.all(0)
	h.mu.Unlock()
	pace(context.Background(), all, func(c *conn) { c.end(jittered("reconnect", "after_ms", comeBack)) })
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if h.Numbers().Streams == 0 {
			break
		}
	}
	h.bye(context.Background())
}

// all lists the connections of an account's widgets; 0 is all of them. The lock is held.
func (h *Hub) all(account desk.ChannelAccountID) []*conn {
	out := make([]*conn, 0, h.conns)
	for _, s := range h.seats {
		for _, c := range s.conns {
			if account == 0 || c.account == 0 || c.account == account {
				out = append(out, c)
			}
		}
	}
	return out
}

// pace does something to many connections without waking them all at one moment.
func pace(ctx context.Context, all []*conn, fn func(c *conn)) {
	const atOnce = 200
	for i, c := range all {
		if i > 0 && i%atOnce == 0 && !rest(ctx, 5*time.Millisecond) {
			return
		}
		fn(c)
	}
}

func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("{}")
	}
	return b
}
