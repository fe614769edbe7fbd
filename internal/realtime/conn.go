package realtime

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/sse"
)

// sink is where a stream's bytes go: a connection taken from the server, or an ordinary answer.
type sink interface {
	// write sends some frames at once; an error ends the stream.
	write(frames net.Buffers) error
	close()
}

// conn is one stream. While it is idle it costs its own size and two parked goroutines.
type conn struct {
	hub     *Hub
	viewer  atomic.Pointer[access.Viewer]
	again   Again
	slot    int
	checked time.Time // guarded by hub.mu
	start   int64     // the log is replayed up to here; what came later is queued
	from    int64     // the number its reader has seen: it may be ahead of the hub by a moment; guarded by hub.mu
	asked   int       // how often the viewer is being looked up; guarded by hub.mu
	kept    []*item   // what came meanwhile; guarded by hub.mu
	told    int64     // the last number the reader can know, guarded by mu

	mu     sync.Mutex
	queue  net.Buffers
	bytes  int
	closed bool
	cut    func()        // ends a write that is stuck
	wake   chan struct{} // one signal: the queue has something, or the end has come
}

// push queues a frame; a reader that is too slow is ended, and replays when it comes back.
func (c *conn) push(f []byte) {
	if f == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if len(c.queue) >= maxQueued || c.bytes+len(f) > maxBytes && len(c.queue) > 0 {
		c.closed, c.queue, c.bytes = true, nil, 0
		if c.cut != nil {
			c.cut()
		}
	} else {
		c.queue = append(c.queue, f)
		c.bytes += len(f)
	}
	c.signal()
}

func (c *conn) onCut(fn func()) { c.mu.Lock(); defer c.mu.Unlock(); c.cut = fn }

func (c *conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// life is a sign of life. When the log has moved on over events that this viewer may not see, it carries the number, so that
// a reader that comes back much later is not taken to be behind.
func (c *conn) life(at int64) {
	c.mu.Lock()
	told := c.told
	c.told = max(told, at)
	c.mu.Unlock()
	if at > told {
		c.push(sse.Position("position", at))
		return
	}
	c.push(sse.Alive)
}

// end sends a last frame, if one, and closes.
func (c *conn) end(last []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	if last != nil {
		c.queue = append(c.queue, last)
	}
	c.signal()
}

func (c *conn) gone() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.closed }

// take empties the queue.
func (c *conn) take() (frames net.Buffers, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	frames, c.queue, c.bytes = c.queue, nil, 0
	return frames, c.closed
}

var errStopping = desk.Errorf(desk.Unavailable, "events.stopping", "The server is stopping. Connect again in a moment.")

// Serve answers a request for the stream. It returns once the connection is handed over (HTTP/1.1) or has ended (HTTP/2). after is the
// last number that the reader saw, or negative for "from now". An error was not answered yet.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, v access.Viewer, again Again, after int64) error {
	select {
	case <-h.ready:
	case <-r.Context().Done():
		return r.Context().Err()
	}
	c := &conn{hub: h, again: again, from: after, checked: time.Now(), wake: make(chan struct{}, 1)}
	c.viewer.Store(&v)
	if !v.Tickets.Whole() {
		h.part.Store(true)
	}
	head := w.Header()
	sse.Head(head)
	if err := h.attach(c); err != nil {
		return err
	}
	if conn, ok := sse.Take(w, r); ok {
		s := taken{conn}
		c.onCut(s.close)
		answer := conn.Answer(head)
		go func() {
			go func() { conn.Watch(); c.end(nil) }()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if s.write(net.Buffers{answer}) == nil {
				c.run(ctx, s, after)
			}
			h.detach(c, s)
		}()
		return nil
	}
	s := &ordinary{w: w, rc: http.NewResponseController(w)}
	c.onCut(func() { _ = s.rc.SetWriteDeadline(time.Now()) })
	stop := context.AfterFunc(r.Context(), func() { c.end(nil) })
	defer stop()
	c.run(r.Context(), s, after)
	h.detach(c, s)
	return nil
}

func (h *Hub) attach(c *conn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return errStopping
	}
	h.slot++
	c.slot, c.start, c.told = h.slot, h.at, h.at
	h.conns[c] = struct{}{}
	return nil
}

func (h *Hub) detach(c *conn, s sink) {
	h.mu.Lock()
	delete(h.conns, c)
	h.mu.Unlock()
	c.end(nil)
	s.close()
}

// run replays what was missed, then sends what comes, until the connection ends.
func (c *conn) run(ctx context.Context, s sink, after int64) {
	if err := c.replay(ctx, s, after); err != nil {
		return
	}
	for range c.wake {
		frames, closed := c.take()
		if len(frames) > 0 {
			if err := s.write(frames); err != nil {
				return
			}
		}
		if closed {
			return
		}
	}
}

// replay sends the events between after and the number at which the connection joined. They come from the log, so that nothing is
// missing and nothing comes twice.
func (c *conn) replay(ctx context.Context, s sink, after int64) error {
	if after < 0 {
		return s.write(net.Buffers{sse.Position("ready", c.start)})
	}
	first, err := c.hub.Events.First(ctx)
	if err != nil {
		return err
	}
	known := c.start
	if after > known { // read from the database a moment ago, before the hub has heard of it
		if known, err = c.hub.Events.Last(ctx); err != nil {
			return err
		}
	}
	if after > known || c.start-after > MaxBehind || after+1 < first {
		c.hub.mu.Lock()
		c.from = 0
		c.hub.mu.Unlock()
		return s.write(net.Buffers{sse.Position("reload", c.start)})
	}
	for after < c.start {
		evs, err := c.hub.Events.After(ctx, after, batch)
		if err != nil {
			return err
		}
		if len(evs) == 0 {
			break
		}
		items, err := c.hub.items(ctx, evs)
		if err != nil {
			return err
		}
		var frames net.Buffers
		for i := range items {
			if items[i].ev.Seq > c.start { // in the queue already
				return c.replayed(s, frames)
			}
			after = items[i].ev.Seq
			if f := items[i].frame(c.viewer.Load()); f != nil {
				frames = append(frames, f)
			}
		}
		if len(frames) > 0 {
			if err := s.write(frames); err != nil {
				return err
			}
		}
	}
	return s.write(net.Buffers{sse.Position("ready", max(after, c.start))})
}

// replayed ends a replay that met what is in the queue already.
func (c *conn) replayed(s sink, frames net.Buffers) error {
	return s.write(append(frames, sse.Position("ready", c.start)))
}

// taken is a connection that the server gave up.
type taken struct{ conn sse.Taken }

func (s taken) write(frames net.Buffers) error { return s.conn.Write(frames) }
func (s taken) close()                         { s.conn.Close() }

// ordinary is an answer that the server holds: HTTP/2.
type ordinary struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (s *ordinary) write(frames net.Buffers) error {
	_ = s.rc.SetWriteDeadline(time.Now().Add(sse.WriteWithin))
	for _, f := range frames {
		if _, err := s.w.Write(f); err != nil {
			return err
		}
	}
	return s.rc.Flush()
}

func (s *ordinary) close() {}
