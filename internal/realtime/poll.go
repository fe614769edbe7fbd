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
			evs, err := h.Events.After(ctx, after, batch)
			if err != nil {
				return out, err
			}
			items, err := h.items(ctx, evs)
			if err != nil {
				return out, err
			}
			for i := range items {
				after = items[i].ev.Seq
				switch f := items[i].frame(&v); {
				case f == nil:
				case &f[0] == &items[i].bare[0]:
					items[i].ev.Data = []byte("{}")
					fallthrough
				default:
					out.Events = append(out.Events, items[i].ev)
				}
			}
			if out.Last = after; len(out.Events) > 0 {
				return out, nil
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
