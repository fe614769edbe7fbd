package lobby

import (
	"context"
	"encoding/json"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

const eventColumns = "e.id, COALESCE(e.seq, 0), e.at, e.type, e.actor, e.ticket_id, e.thread_id, e.message_id, e.contact_id, e.inbox_id, e.user_id, e.data"

// replay is what a visitor missed between after and the number at which the connection joined: read from the log, so that nothing is missing and nothing comes twice. Most
// have missed nothing, and most of the others have no conversation: they cost one question at most.
func (c *conn) replay(ctx context.Context, after int64) error {
	h := c.hub
	ready, reload := position("ready", max(after, c.start)), position("reload", c.start)
	switch {
	case after < 0:
		return c.write(ready)
	case after == c.start:
		return c.write(h.nowOf(c, ready)...)
	case after > c.start: // read from the database a moment ago, before the hub has heard of it
		last, err := h.Events.Last(ctx)
		if err != nil {
			return err
		}
		if after > last { // another log than the one it knows
			return c.write(reload)
		}
		return c.write(h.nowOf(c, ready)...)
	case after+1 < h.first.Load():
		return c.write(reload)
	}
	h.mu.Lock()
	of := audience{c.seat.visitor, c.seat.contact}
	h.mu.Unlock()
	evs, threads, err := h.missed(ctx, of, after, c.start)
	if err != nil {
		return err
	}
	if len(evs) > MaxMissed {
		return c.write(reload)
	}
	for first := true; first || len(evs) > 0; first = false { // in parts: somebody's long conversation is not in memory whole
		part := evs[:min(len(evs), 50)]
		evs = evs[len(part):]
		frames, err := h.retell(ctx, of, part, threads)
		if err != nil {
			return err
		}
		if err := c.write(frames...); err != nil {
			return err
		}
		h.replayed.Add(int64(len(frames)))
		threads = threads[:0]
	}
	return c.write(h.nowOf(c, ready)...)
}

// write sends frames of a replay, before anything that is queued.
func (c *conn) write(frames ...*frame) error {
	if len(frames) == 0 {
		return nil
	}
	err := c.out.write(frames)
	if err == nil && !c.unsure {
		c.hub.took(frames)
	}
	return err
}

// missed reads the events of a visitor's messages between two numbers, and names the visitor's conversations, newest first.
func (h *Hub) missed(ctx context.Context, of audience, after, to int64) ([]desk.Event, []desk.ThreadID, error) {
	const most = 50
	own, err := db.All(ctx, h.DB, db.Column[desk.ThreadID], "SELECT id FROM threads WHERE visitor_id = $1 AND visitor_id <> 0 ORDER BY last_message_at DESC, id DESC LIMIT 50", of.visitor)
	if err != nil {
		return nil, nil, err
	}
	if of.contact != 0 {
		others, err := db.All(ctx, h.DB, db.Column[desk.ThreadID], "SELECT id FROM threads WHERE contact_id = $1 AND contact_id <> 0 AND visitor_id <> 0 ORDER BY last_message_at DESC, id DESC LIMIT 50", of.contact)
		if err != nil {
			return nil, nil, err
		}
		for _, id := range others {
			if len(own) < 2*most {
				add(&own, id)
			}
		}
	}
	if len(own) == 0 {
		return nil, nil, nil
	}
	// From the messages to their events (the cross join keeps SQLite to that order): a conversation is short, the log is not.
	evs, err := db.All(ctx, h.DB, event.Scan, "SELECT "+eventColumns+" FROM messages m CROSS JOIN events e WHERE m.thread_id IN "+db.Among(h.DB, "$1")+
		" AND m.kind <> 'comment' AND e.message_id = m.id AND e.message_id <> 0 AND e.seq > $2 AND e.seq <= $3 ORDER BY e.seq LIMIT $4", db.JSON(own), after, to, MaxMissed+1)
	return evs, own, err
}

// retell makes the frames of what was missed: the conversations as they are now, then the messages by their numbers.
func (h *Hub) retell(ctx context.Context, of audience, evs []desk.Event, threads []desk.ThreadID) ([]*frame, error) {
	if len(threads)+len(evs) == 0 {
		return nil, nil
	}
	g := gather(evs)
	for _, id := range threads[:min(len(threads), 20)] {
		add(&g.threads, id)
	}
	mine := func(to audience) bool { return to.visitor == of.visitor || to.contact != 0 && to.contact == of.contact }
	k, err := h.learn(ctx, g, mine)
	if err != nil {
		return nil, err
	}
	var out []*frame
	for _, p := range k.places {
		if v := k.threads[p.Thread]; v != nil {
			out = append(out, newFrame(0, "thread", encode(v)))
		}
	}
	for _, a := range h.frames(ctx, evs, known{letters: k.letters, places: k.places, messages: k.messages}) {
		out = append(out, a.f)
	}
	return out, nil
}

// nowOf adds the present availability to what somebody who was away is told.
func (h *Hub) nowOf(c *conn, frames ...*frame) []*frame {
	h.mu.Lock()
	of, w := h.pushes[c.account], c.widget()
	h.mu.Unlock()
	if of == nil {
		return frames
	}
	return append(frames, availability(c.account, of(w)))
}

// availability is the frame of an account's state, as a language has it.
func availability(account desk.ChannelAccountID, state any) *frame {
	data := map[string]json.RawMessage{}
	_ = json.Unmarshal(encode(state), &data)
	data["account_id"] = encode(account)
	return newFrame(0, "availability", encode(data))
}
