package lobby

import (
	"context"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Visitor is whose stream it is, as the caller has checked.
type Visitor struct {
	ID       desk.VisitorID
	Contact  desk.ContactID        // whom they are proven to be; 0: nobody
	Account  desk.ChannelAccountID // of the widget; 0: any
	Language string                // of the widget
	Address  string                // of the network, for the limit of streams
}

// seat is a visitor who is there, by one connection or several. Everything in it is guarded by the hub's lock.
type seat struct {
	visitor desk.VisitorID
	contact desk.ContactID
	conns   []*conn
	left    time.Time     // the last connection ended
	stays   time.Duration // after that
	checked time.Time
	talk    *talk // nil: no conversation that agents could look at
}

// talk is what agents see of a visitor with conversations.
type talk struct {
	places []place     // newest first, one an inbox
	owner  desk.UserID // whose the newest conversation is
	on     bool        // agents were told
	page   Page
}

// sit gives a visitor a place for a connection.
func (h *Hub) sit(v Visitor, c *conn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return errStopping
	}
	s := h.seats[v.ID]
	if s == nil {
		s = &seat{visitor: v.ID, checked: time.Now()}
		h.seats[v.ID] = s
		h.fresh[s] = struct{}{}
	}
	if len(s.conns) >= maxStreams {
		return h.Guard.refusal("streams_visitor", 30*time.Second)
	}
	h.prove(s, v.Contact)
	s.conns, s.left = append(s.conns, c), time.Time{}
	h.conns++
	h.slot = (h.slot + 1) % heartbeat
	c.seat, c.slot, c.start = s, h.slot, h.at
	return nil
}

// maxStreams is how many connections a visitor has at most: one a tab.
const maxStreams = 12

// prove files a seat under the person it is proven to be. The lock is held.
func (h *Hub) prove(s *seat, contact desk.ContactID) {
	if s.contact == contact {
		return
	}
	if s.contact != 0 {
		rest := slices.DeleteFunc(slices.Clone(h.byContact[s.contact]), func(o *seat) bool { return o == s })
		if len(rest) == 0 {
			delete(h.byContact, s.contact)
		} else {
			h.byContact[s.contact] = rest
		}
	}
	if s.contact = contact; contact != 0 {
		h.byContact[contact] = append(h.byContact[contact], s)
	}
}

// leave takes a connection from its seat. The seat is kept for a while: most come back.
func (h *Hub) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := c.seat
	i := slices.Index(s.conns, c)
	if i < 0 {
		return
	}
	s.conns = slices.Delete(s.conns, i, i+1)
	h.conns--
	if len(s.conns) == 0 {
		s.conns, s.left, s.stays = nil, time.Now(), h.Grace
		if c.unsure { // whoever polls asks again after a pause
			s.stays = pollGrace
		}
	}
	h.Guard.closed(c.address)
}

// each calls fn for the seats that a conversation is for. The lock is held.
func (h *Hub) each(to audience, fn func(s *seat)) {
	own := h.seats[to.visitor]
	if own != nil {
		fn(own)
	}
	if to.contact != 0 {
		for _, s := range h.byContact[to.contact] {
			if s != own {
				fn(s)
			}
		}
	}
}

// here tells that somebody is there for a conversation.
func (h *Hub) here(to audience) (yes bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.each(to, func(*seat) { yes = true })
	return yes
}

// proven lists the visitors who are proven to be somebody: whose person a merge may have changed.
func (h *Hub) proven() (out []desk.VisitorID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, seats := range h.byContact {
		for _, s := range seats {
			out = append(out, s.visitor)
		}
	}
	return out
}

// standing is what may have changed of a visitor while connected.
type standing struct {
	id      desk.VisitorID
	contact desk.ContactID
	banned  bool
	ended   bool
}

// again looks visitors up: who they are proven to be, and whether their token still opens anything. Those who are not here are left out.
func (h *Hub) again(ctx context.Context, ids []desk.VisitorID) error {
	h.mu.Lock()
	ids = slices.DeleteFunc(slices.Clone(ids), func(id desk.VisitorID) bool { return h.seats[id] == nil })
	h.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	now := desk.Time(time.Now().UnixMilli())
	all, err := db.All(ctx, h.DB, func(s db.Scanner) (v standing, err error) {
		var proven, bannedAt, endedAt, expires int64
		err = s.Scan(&v.id, &v.contact, &proven, &bannedAt, &endedAt, &expires)
		if proven == 0 {
			v.contact = 0
		}
		v.banned, v.ended = bannedAt != 0, endedAt != 0 || desk.Time(expires) < now
		return v, err
	}, "SELECT id, contact_id, proven, banned_at, ended_at, expires_at FROM visitors WHERE id IN "+db.Among(h.DB, "$1"), db.JSON(ids))
	if err != nil {
		return err
	}
	stand := map[desk.VisitorID]standing{}
	for _, v := range all {
		if v.contact != 0 && h.Person != nil {
			if v.contact, err = h.Person(ctx, v.contact); err != nil && desk.CodeOf(err) != desk.NotFound {
				return err
			}
		}
		stand[v.id] = v
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		s := h.seats[id]
		if s == nil {
			continue
		}
		s.checked = time.Now()
		v, ok := stand[id]
		last := ""
		switch {
		case !ok || v.ended:
			last = "signed_out"
		case v.banned:
			last = "banned"
		default:
			h.prove(s, v.contact)
			continue
		}
		for _, c := range s.conns {
			c.end(newFrame(0, last, []byte("{}")))
		}
	}
	return nil
}
