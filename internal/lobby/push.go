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

// Push gives the open widgets of an account a new state of availability, each in its language. Every node that knows of the change calls its own.
func (h *Hub) Push(account desk.ChannelAccountID, of func(language string) any) {
	h.mu.Lock()
	h.pushes[account] = of
	all := h.all(account)
	h.mu.Unlock()
	if len(all) == 0 {
		return
	}
	go func() {
		frames := map[string]*frame{}
		pace(context.Background(), all, func(c *conn) {
			f := frames[c.lang]
			if f == nil {
				f = availability(account, of(c.lang))
				frames[c.lang] = f
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
