package lobby

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/webchat"
)

const postgres = db.Postgres

// typingFor is how long somebody is typing without saying so again.
const typingFor = 8 * time.Second

// maxPreview is how much of what is being typed agents see.
const maxPreview = 1000

type typist struct {
	visitor desk.VisitorID
	thread  desk.ThreadID
}

type typed struct {
	until  time.Time
	text   string
	places []place
}

// settingsOf are an account's, kept until something of the settings changes.
func (h *Hub) settingsOf(ctx context.Context, account desk.ChannelAccountID) (webchat.Settings, error) {
	h.mu.Lock()
	s, ok := h.settings[account]
	changes := h.changes
	h.mu.Unlock()
	if ok {
		return s, nil
	}
	if h.Settings == nil {
		return webchat.Default(), nil
	}
	s, err := h.Settings(ctx, account)
	if err != nil {
		return s, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changes == changes {
		h.settings[account] = s
	}
	return s, nil
}

var errNoThread = desk.Errorf(desk.NotFound, "thread.not_found", "There is no such conversation.")

// Type says that a visitor types in a conversation of theirs, or stopped. Agents see the text where the account lets them, and nothing at all before a consent that must be
// explicit (CO-09).
func (h *Hub) Type(ctx context.Context, v Visitor, id desk.ThreadID, text string, on bool) error {
	found, err := places(ctx, h.DB, []desk.ThreadID{id}, nil)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errNoThread
	}
	p := found[0]
	to := h.narrow(ctx, p)
	if to.visitor != v.ID && (v.Contact == 0 || to.contact != v.Contact) {
		return errNoThread
	}
	s, err := h.settingsOf(ctx, p.account)
	if err != nil {
		return err
	}
	if !s.Typing || !h.may(ctx, v.ID, p.account) {
		return nil
	}
	if !s.Preview {
		text = ""
	}
	h.typed(v.ID, p, clip(text, maxPreview), on)
	return nil
}

// typed keeps a visitor's typing and tells agents, here and on the other nodes.
func (h *Hub) typed(id desk.VisitorID, p place, text string, on bool) {
	k, state := typist{id, p.Thread}, Idle
	h.mu.Lock()
	_, was := h.typing[k]
	if on {
		state = IsTyping
		h.typing[k] = typed{time.Now().Add(typingFor), text, []place{p}}
	} else {
		delete(h.typing, k)
		text = ""
	}
	h.mu.Unlock()
	if !on && !was {
		return
	}
	h.tell([]place{p}, Activity{Visitor: id, State: state, Text: text})
	h.say(word{Kind: state, Visitor: id, Places: []place{p}, Text: text})
}

// AgentTyping is one of the team who writes an answer, or stopped.
type AgentTyping struct {
	Ticket desk.TicketID // or the id of a conversation without one
	User   desk.UserID
	On     bool
}

// AgentTypes tells visitors that somebody answers them. It does not wait.
func (h *Hub) AgentTypes(t AgentTyping) {
	h.mu.Lock()
	nobody := len(h.seats) == 0
	h.mu.Unlock()
	if nobody {
		return
	}
	select {
	case h.answers <- t:
	default: // so many type at once that one more line of dots is not missed
	}
}

type typingData struct {
	Thread desk.ThreadID `json:"thread"`
	Author any           `json:"author"`
	On     bool          `json:"on"`
}

// answering serves AgentTypes until ctx ends.
func (h *Hub) answering(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-h.answers:
			if err := h.answer(ctx, t); err != nil && ctx.Err() == nil {
				h.Log.Debug("visitors were not told that somebody types", "err", err)
			}
		}
	}
}

func (h *Hub) answer(ctx context.Context, t AgentTyping) error {
	found, err := places(ctx, h.DB, []desk.ThreadID{desk.ThreadID(t.Ticket)}, []desk.TicketID{t.Ticket}) // an id is one noun's alone
	if err != nil {
		return err
	}
	for _, p := range found {
		p.to = h.narrow(ctx, p)
		if !h.here(p.to) {
			continue
		}
		if s, err := h.settingsOf(ctx, p.account); err != nil || !s.Typing {
			continue
		}
		author, err := h.show.Author(ctx, h.DB, t.User, p.account)
		if err != nil {
			return err
		}
		f := newFrame(0, "typing", encode(typingData{p.Thread, author, t.On}))
		h.mu.Lock()
		h.each(p.to, func(s *seat) {
			for _, c := range s.conns {
				c.push(f)
			}
		})
		h.mu.Unlock()
	}
	return nil
}
