package lobby

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/sse"
)

// sink is where a stream's frames go: a connection taken from the server, an ordinary answer, or a long poll's.
type sink interface {
	write(frames []*frame) error
	cut() // ends a write that is stuck
	close()
}

// conn is one stream. While it is idle it has one parked goroutine (over HTTP/1.1) and no buffers: whoever pushes a frame starts the one that writes it.
type conn struct {
	hub     *Hub
	seat    *seat
	account desk.ChannelAccountID
	lang    string
	address string
	start   int64 // the log is replayed up to here; what came later is queued
	slot    uint8 // of the heartbeat

	mu      sync.Mutex
	out     sink
	queue   []*frame
	bytes   int
	held    bool // the replay is not over
	writing bool
	closed  bool
	over    bool
	unsure  bool          // a frame was written does not mean that it was taken
	done    chan struct{} // closed at the end; nil where nobody waits for it
}

// push queues a frame; a reader that is too slow is ended, and replays when it comes back.
func (c *conn) push(f *frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if len(c.queue) >= maxQueued || c.bytes+len(f.wire) > maxBytes && len(c.queue) > 0 {
		c.closed, c.queue, c.bytes = true, nil, 0
		c.hub.cut.Add(1)
		c.out.cut()
	} else {
		c.queue, c.bytes = append(c.queue, f), c.bytes+len(f.wire)
	}
	c.kick()
}

// kick starts the writing unless it goes on already. The lock is held.
func (c *conn) kick() {
	if !c.held && !c.writing && !c.over {
		c.writing = true
		go c.flush()
	}
}

// end sends a last frame, if one, and closes.
func (c *conn) end(last *frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	if last != nil {
		c.queue = append(c.queue, last)
	}
	c.kick()
}

// flush writes until nothing is queued.
func (c *conn) flush() {
	for {
		c.mu.Lock()
		frames := c.queue
		c.queue, c.bytes = nil, 0
		if len(frames) == 0 {
			c.writing = false
			last := c.closed && !c.over
			c.over = c.over || last
			c.mu.Unlock()
			if last {
				c.finish()
			}
			return
		}
		c.mu.Unlock()
		if err := c.out.write(frames); err != nil {
			c.mu.Lock()
			c.closed, c.queue = true, nil
			c.mu.Unlock()
		} else if !c.unsure {
			c.hub.took(frames)
		}
	}
}

func (c *conn) finish() {
	c.hub.leave(c)
	c.out.close()
	if c.done != nil {
		close(c.done)
	}
}

// begin replays what was missed and lets go of what was queued meanwhile. It writes on the caller's goroutine.
func (c *conn) begin(ctx context.Context, head []byte, after int64) {
	var err error
	if head != nil {
		err = c.write(&frame{wire: head})
	}
	if err == nil {
		err = c.replay(ctx, after)
	}
	c.mu.Lock()
	c.held, c.writing = false, true
	if err != nil { // it comes back and asks again
		c.closed, c.queue = true, nil
		c.hub.Log.Debug("a visitor's stream could not begin", "err", err)
	}
	c.mu.Unlock()
	c.flush()
}

var errStopping = desk.Errorf(desk.Unavailable, "stream.stopping", "The server is stopping. Connect again in a moment.").After(time.Second)

// enter makes a connection for a visitor and counts it.
func (h *Hub) enter(ctx context.Context, v Visitor, out sink) (*conn, error) {
	select {
	case <-h.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := h.Guard.opened(v.Address); err != nil {
		return nil, err
	}
	c := &conn{hub: h, account: v.Account, lang: v.Language, address: v.Address, out: out, held: true}
	if err := h.sit(v, c); err != nil {
		h.Guard.closed(v.Address)
		return nil, err
	}
	return c, nil
}

// Serve answers a request for the stream. It returns once the connection is handed over (HTTP/1.1, or an answer that outlasts its handler) or has ended. after is the last number that the reader
// saw, or negative for "from now". An error was not answered yet.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, v Visitor, after int64) error {
	rc := http.NewResponseController(w)
	late := &waiting{}
	c, err := h.enter(r.Context(), v, late)
	if err != nil {
		return err
	}
	head := w.Header()
	clear(head) // what pages need says nothing of a stream, and over HTTP/2 it is kept as long as the stream
	head.Set("X-Content-Type-Options", "nosniff")
	sse.Head(head)
	if conn, ok := sse.Take(w, r); ok {
		c.becomes(taken{conn})
		c.begin(context.WithoutCancel(r.Context()), conn.Answer(head), after)
		go func() { conn.Watch(); c.end(nil) }()
		return nil
	}
	c.mu.Lock()
	c.done = make(chan struct{})
	c.mu.Unlock()
	if o, ok := w.(outlasting); ok {
		if plain, ok := o.Outlast(c.done); ok { // the handler's stack and what it holds need not wait with the stream
			c.becomes(&ordinary{w: plain, rc: http.NewResponseController(plain)})
			context.AfterFunc(r.Context(), func() { c.end(nil) })
			c.begin(r.Context(), []byte(": hello\n\n"), after)
			return nil
		}
	}
	c.becomes(&ordinary{w: w, rc: rc})
	stop := context.AfterFunc(r.Context(), func() { c.end(nil) })
	defer stop()
	Apart(func() { c.begin(r.Context(), []byte(": hello\n\n"), after) })
	<-c.done
	return nil
}

// outlasting is an answer that may go on after its handler has returned, until done is closed, by writing to what Outlast returns.
type outlasting interface {
	Outlast(done <-chan struct{}) (w http.ResponseWriter, ok bool)
}

// Apart runs fn on a stack of its own and waits: one that waits for hours afterwards must not have grown.
func Apart(fn func()) {
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	<-done
}

func (c *conn) becomes(s sink) { c.mu.Lock(); defer c.mu.Unlock(); c.out = s }

// waiting stands in until it is known what a connection writes to; the connection is held meanwhile.
type waiting struct{}

func (*waiting) write([]*frame) error { return nil }
func (*waiting) cut()                 {}
func (*waiting) close()               {}

// taken is a connection that the server gave up.
type taken struct{ conn sse.Taken }

func (s taken) write(frames []*frame) error {
	all := make(net.Buffers, len(frames))
	for i, f := range frames {
		all[i] = f.wire
	}
	return s.conn.Write(all)
}

func (s taken) cut()   { s.conn.Close() }
func (s taken) close() { s.conn.Close() }

// ordinary is an answer that the server holds: HTTP/2.
type ordinary struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (s *ordinary) write(frames []*frame) error {
	_ = s.rc.SetWriteDeadline(time.Now().Add(sse.WriteWithin))
	for _, f := range frames {
		if _, err := s.w.Write(f.wire); err != nil {
			return err
		}
	}
	if err := s.rc.Flush(); err != nil {
		return err
	}
	return s.rc.SetWriteDeadline(time.Time{}) // else it ends the stream when it passes
}

func (s *ordinary) cut()   { _ = s.rc.SetWriteDeadline(time.Now()) }
func (s *ordinary) close() {}
