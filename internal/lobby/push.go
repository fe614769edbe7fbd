package lobby

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Widget is who looks at a state of availability: it differs for who waits already.
type Widget struct {
	Language string
	Visitor  desk.VisitorID // 0: somebody without a conversation
	Owner    desk.UserID    // of the conversation they have open
}

// widget is what a connection looks at availability as. The lock is held.
func (c *conn) widget() Widget {
	w := Widget{Language: c.lang}
	if t := c.seat.talk; t != nil {
		w.Visitor, w.Owner = c.seat.visitor, t.owner
	}
	return w
}

// Push gives the open widgets of an account a new state of availability. Every node that knows of the change calls its own.
func (h *Hub) Push(account desk.ChannelAccountID, of func(w Widget) any) {
	h.mu.Lock()
	h.pushes[account] = of
	all := h.all(account)
	h.mu.Unlock()
	if len(all) == 0 {
		return
	}
	go func() {
		frames := map[Widget]*frame{} // most are nobody in particular
		pace(context.Background(), all, func(c *conn) {
			h.mu.Lock()
			w := c.widget()
			h.mu.Unlock()
			f := frames[w]
			if f == nil {
				f = availability(account, of(w))
				frames[w] = f
			}
			c.push(f)
		})
	}()
}

// Config asks the open widgets of an account (0: of all) to ask again what to show. Several calls within a second are one.
func (h *Hub) Config(account desk.ChannelAccountID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.anew[account] = true
}

// notice sees in events whether widgets may have to look otherwise.
func (h *Hub) notice(evs []desk.Event) {
	for i := range evs {
		ev := &evs[i]
		switch {
		case ev.Type == desk.EvSettingsChanged, strings.HasPrefix(ev.Type, "channel_account.") && ev.Type != desk.EvAccountState, strings.HasPrefix(ev.Type, "chatflow."):
		default:
			continue
		}
		var d struct {
			Account desk.ChannelAccountID `json:"account_id"`
		}
		_ = json.Unmarshal(ev.Data, &d)
		h.mu.Lock()
		clear(h.settings)
		h.changes++
		h.mu.Unlock()
		h.Config(d.Account)
	}
}

// refresh tells widgets to ask again, each at its own moment: the more there are, the longer it takes.
func (h *Hub) refresh(ctx context.Context) {
	h.mu.Lock()
	if len(h.anew) == 0 {
		h.mu.Unlock()
		return
	}
	anew := maps.Clone(h.anew)
	clear(h.anew)
	var all []*conn
	if anew[0] {
		all = h.all(0)
	} else {
		for account := range anew {
			all = append(all, h.all(account)...)
		}
	}
	h.mu.Unlock()
	within := min(time.Duration(len(all))*2*time.Millisecond, time.Minute)
	f := newFrame(0, "config", fmt.Appendf(nil, `{"within_ms":%d}`, within.Milliseconds()))
	pace(ctx, all, func(c *conn) { c.push(f) })
}
