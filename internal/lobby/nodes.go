package lobby

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// nodesChannel is where nodes tell each other who is there and who types.
const nodesChannel = "kanal_lobby"

// maxPayload is what one notification may hold; PostgreSQL refuses 8,000 bytes.
const maxPayload = 7000

// word is one thing that nodes tell each other.
type word struct {
	Kind    string           `json:"k"` // online, offline, typing, idle, page, still, bye
	Visitor desk.VisitorID   `json:"v,omitempty"`
	IDs     []desk.VisitorID `json:"ids,omitempty"`
	Places  []place          `json:"p,omitempty"`
	Page    *Page            `json:"page,omitempty"`
	Text    string           `json:"text,omitempty"`
}

// spoken is a notification.
type spoken struct {
	Node  string            `json:"n"`
	Words []json.RawMessage `json:"w"`
}

// there is a visitor of another node.
type there struct {
	until  time.Time
	places []place
}

func (h *Hub) say(w word) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.said) < 20_000 {
		h.said = append(h.said, w)
	}
}

// speak tells the other nodes what was gathered, as many words at once as fit.
func (h *Hub) speak(ctx context.Context) {
	h.mu.Lock()
	words := h.said
	h.said = nil
	h.mu.Unlock()
	if h.DB.Dialect() != postgres {
		return
	}
	out, size := spoken{Node: h.node}, 0
	send := func() {
		if len(out.Words) == 0 {
			return
		}
		if err := h.DB.Notify(ctx, nodesChannel, string(encode(out))); err != nil && ctx.Err() == nil {
			h.Log.Debug("other nodes were not told of visitors", "err", err)
		}
		out.Words, size = nil, 0
	}
	for _, w := range words {
		b := encode(w)
		if len(b) > maxPayload {
			continue
		}
		if size+len(b) > maxPayload {
			send()
		}
		out.Words, size = append(out.Words, b), size+len(b)+1
	}
	send()
}

// still repeats who is there, so that a node that is not heard of any more is noticed.
func (h *Hub) still() {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []desk.VisitorID
	flush := func() {
		if len(ids) > 0 {
			h.said = append(h.said, word{Kind: "still", IDs: ids})
			ids = nil
		}
	}
	for id, s := range h.seats {
		if s.talk != nil && s.talk.on {
			if ids = append(ids, id); len(ids) == 200 {
				flush()
			}
		}
	}
	flush()
}

// bye says that this node stops: its visitors are about to come to another one.
func (h *Hub) bye(ctx context.Context) {
	h.say(word{Kind: "bye"})
	h.speak(ctx)
}

// heard takes what another node said.
func (h *Hub) heard(payload string) {
	var in spoken
	if payload == "" || json.Unmarshal([]byte(payload), &in) != nil || in.Node == h.node || in.Node == "" {
		return
	}
	for _, raw := range in.Words {
		var w word
		if json.Unmarshal(raw, &w) == nil {
			h.hear(in.Node, w, time.Now())
		}
	}
}

func (h *Hub) hear(node string, w word, now time.Time) {
	var left []gone
	h.mu.Lock()
	far := h.far[node]
	if far == nil {
		far = map[desk.VisitorID]there{}
		h.far[node] = far
	}
	switch w.Kind {
	case Online:
		far[w.Visitor] = there{now.Add(farFor), w.Places}
	case Offline:
		left = append(left, gone{w.Visitor, far[w.Visitor].places})
		delete(far, w.Visitor)
	case "still":
		for _, id := range w.IDs {
			far[id] = there{now.Add(farFor), far[id].places}
		}
	case "bye":
		for id, f := range far {
			far[id] = there{now.Add(grace), f.places} // unless they come to another node within the grace
		}
	case IsTyping:
		for _, p := range w.Places {
			h.typing[typist{w.Visitor, p.Thread}] = typed{now.Add(typingFor), w.Text, w.Places}
		}
	case Idle:
		for _, p := range w.Places {
			delete(h.typing, typist{w.Visitor, p.Thread})
		}
	}
	there := h.online(w.Visitor)
	h.mu.Unlock()
	switch w.Kind {
	case Online:
		h.tell(w.Places, Activity{Visitor: w.Visitor, State: Online})
	case "page":
		h.tell(w.Places, Activity{Visitor: w.Visitor, State: Online, Page: w.Page})
	case IsTyping, Idle:
		h.tell(w.Places, Activity{Visitor: w.Visitor, State: w.Kind, Text: w.Text})
	case Offline:
		if !there {
			for _, g := range left { // the node that had the seat tells what follows from it
				h.tell(g.places, Activity{Visitor: g.visitor, State: Offline})
			}
		}
	}
}
