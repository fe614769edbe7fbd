package lobby

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// Told is one event of a long poll; an unnumbered one has the number 0.
type Told struct {
	ID    int64           `json:"id"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// Polled is the answer to a long poll: what happened after the number asked with, and the number to ask with next.
type Polled struct {
	Events []Told `json:"events"`
	Last   int64  `json:"last"`
	Reload bool   `json:"reload,omitempty"`
	frames []*frame
}

// basket gathers frames for a poll.
type basket struct {
	mu   sync.Mutex
	in   []*frame
	some chan struct{}
}

func (b *basket) write(frames []*frame) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.in = append(b.in, frames...)
	select {
	case b.some <- struct{}{}:
	default:
	}
	return nil
}

func (b *basket) cut()   {}
func (b *basket) close() {}

// Poll waits until there is something for the visitor after a number, at most 25 seconds, or not at all. Negative after answers at once with the present number. The
// caller says Took of the answer once it was written.
func (h *Hub) Poll(ctx context.Context, v Visitor, after int64, wait bool) (Polled, error) {
	b := &basket{some: make(chan struct{}, 1)}
	c, err := h.enter(ctx, v, b)
	if err != nil {
		return Polled{}, err
	}
	c.mu.Lock()
	c.unsure = true
	c.mu.Unlock()
	defer c.end(nil)
	c.begin(ctx, nil, after)
	out := Polled{Events: []Told{}, Last: max(after, c.start)}
	if after < 0 {
		return out, nil
	}
	timer := time.NewTimer(pollFor)
	defer timer.Stop()
	for {
		select {
		case <-b.some:
		case <-timer.C:
			return out, nil
		case <-ctx.Done():
			return out, ctx.Err()
		}
		b.take(&out)
		if len(out.Events) > 0 || out.Reload || !wait {
			return out, nil
		}
	}
}

// take moves what was gathered into an answer.
func (b *basket) take(out *Polled) {
	b.mu.Lock()
	frames := b.in
	b.in = nil
	b.mu.Unlock()
	for _, f := range frames {
		switch f.name {
		case "":
			continue // a sign of life
		case "reload":
			out.Reload = true
			fallthrough
		case "ready":
			var at struct{ Last int64 }
			_ = json.Unmarshal(f.data, &at)
			out.Last = max(out.Last, at.Last)
			if out.Reload {
				out.Last = at.Last
			}
			continue
		}
		out.Last = max(out.Last, f.seq)
		out.frames = append(out.frames, f)
		out.Events = append(out.Events, Told{f.seq, f.name, f.data})
	}
}

// Took notes that an answer reached its widget.
func (h *Hub) Took(p Polled) { h.took(p.frames) }
