package realtime

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
)

// Polled is the answer to a long poll: what happened after the number asked with, and the number to ask with next. Reload says that too much
// happened to tell.
type Polled struct {
	Events []desk.Event `json:"events"`
	Last   int64        `json:"last" doc:"Send it as after with the next poll."`
	Reload bool         `json:"reload" doc:"Too much happened to tell: load everything again, then go on from last."`
}

// Poll waits until something that the viewer may see has happened after a number, at most pollFor, or not at all. Negative after answers at once with the
// present number.
func (h *Hub) Poll(ctx context.Context, v access.Viewer, after int64, wait bool) (Polled, error) {
	ctx, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	select {
	case <-h.ready:
	case <-ctx.Done():
		return Polled{}, errStopping
	}
	if !v.Tickets.Whole() {
		h.part.Store(true)
	}
	var err error
	for {
		h.mu.Lock()
		at, moved, draining := h.at, h.moved, h.draining
		h.mu.Unlock()
		out := Polled{Events: []desk.Event{}, Last: at}
		switch {
		case draining:
			return out, errStopping
		case after < 0:
			return out, nil
		case after > at:
			last, err := h.Events.Last(ctx)
			if err != nil || after > last { // the log is not the one the reader knows
				out.Reload = err == nil
				return out, err
			}
		case at-after > MaxBehind:
			out.Reload = true
			return out, nil
		}
		if after < at {
			if after, err = h.collect(ctx, v, after, &out); err != nil || len(out.Events) > 0 {
				return out, err
			}
			continue
		}
		out.Last = after
		if !wait {
			return out, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return out, nil
		}
	}
}

// collect reads on after a number and keeps what the viewer may see; it returns the number read to.
func (h *Hub) collect(ctx context.Context, v access.Viewer, after int64, out *Polled) (int64, error) {
	evs, err := h.Events.After(ctx, after, batch)
	if err != nil {
		return after, err
	}
	if len(evs) == 0 { // what was there is gone: pruned
		return h.At(), nil
	}
	items, err := h.items(ctx, evs)
	if err != nil {
		return after, err
	}
	for i := range items {
		it := &items[i]
		after = it.ev.Seq
		if ev, ok := it.told(&v); ok {
			out.Events = append(out.Events, ev)
		}
	}
	out.Last = after
	return after, nil
}
