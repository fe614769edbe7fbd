package lobby

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/thread"
)

// audience is whose a conversation is: the browser's that it was begun in, and every browser's of the person it is proven to be with.
type audience struct {
	visitor desk.VisitorID
	contact desk.ContactID
}

// place is where a conversation is.
type place struct {
	Thread  desk.ThreadID         `json:"thread_id"`
	Ticket  desk.TicketID         `json:"ticket_id"`
	Inbox   desk.InboxID          `json:"inbox_id"`
	Visitor desk.VisitorID        `json:"visitor_id"`
	account desk.ChannelAccountID // of the widget it is in
	owner   desk.UserID           // where it was asked for
	to      audience
}

// addressed is a frame and whom it is for.
type addressed struct {
	to    audience
	f     *frame
	place place
	said  bool // by the visitor
}

// kind is what an event is to a visitor.
type kind int

const (
	ofNone    kind = iota
	ofMessage      // a message may be shown now
	ofChange       // a message looks otherwise now
	ofThread       // the conversation is otherwise: who it is with, open or not
	ofTicket       // the same, told of its ticket
	ofSeen
	ofVisitor
)

func kindOf(ev *desk.Event) kind {
	switch ev.Type {
	case desk.EvMessageReceived, desk.EvMessageQueued, desk.EvMessageSent:
		return ofMessage
	case desk.EvMessageUpdated:
		return ofChange
	case desk.EvThreadSeen:
		return ofSeen
	case desk.EvTicketAssigned, desk.EvTicketStatus, desk.EvTicketRated, desk.EvTicketDeleted, desk.EvTicketRestored:
		return ofTicket
	}
	switch {
	case strings.HasPrefix(ev.Type, "thread."):
		return ofThread
	case strings.HasPrefix(ev.Type, "visitor."):
		return ofVisitor
	}
	return ofNone
}

// placeColumns are of threads t. A conversation is a person's only if the browser it was begun in is proven to be theirs: an address that somebody typed must not
// show what they said to its owner.
const placeColumns = `t.id, t.ticket_id, t.inbox_id, t.visitor_id, t.account_id,
	CASE WHEN t.contact_id <> 0 AND EXISTS (SELECT 1 FROM visitors o WHERE o.id = t.visitor_id AND o.proven = 1) THEN t.contact_id ELSE 0 END`

func (p *place) fields() []any {
	return []any{&p.Thread, &p.Ticket, &p.Inbox, &p.Visitor, &p.account, &p.to.contact}
}

// letter is a message of a chat with what decides whether an event of it shows it.
type letter struct {
	place
	id        desk.MessageID
	direction desk.Direction
	sendAt    desk.Time
}

// letters reads messages with the conversations they stand in now. Comments are left out here already, whatever Show does.
func letters(ctx context.Context, q db.Queryer, ids []desk.MessageID) (map[desk.MessageID]letter, error) {
	out := map[desk.MessageID]letter{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := db.All(ctx, q, func(s db.Scanner) (l letter, err error) {
		err = s.Scan(append(l.fields(), &l.id, &l.direction, &l.sendAt)...)
		return l, err
	}, "SELECT "+placeColumns+", m.id, m.direction, m.send_at FROM messages m JOIN threads t ON t.id = m.thread_id WHERE m.id IN "+db.Among(q, "$1")+
		" AND m.kind <> 'comment' AND t.visitor_id <> 0", db.JSON(ids))
	for _, l := range rows {
		l.to.visitor = l.Visitor
		out[l.id] = l
	}
	return out, err
}

// places reads chats by their ids and by their tickets.
func places(ctx context.Context, q db.Queryer, threads []desk.ThreadID, tickets []desk.TicketID) ([]place, error) {
	if len(threads)+len(tickets) == 0 {
		return nil, nil
	}
	return db.All(ctx, q, func(s db.Scanner) (p place, err error) {
		err = s.Scan(p.fields()...)
		p.to.visitor = p.Visitor
		return p, err
	}, "SELECT "+placeColumns+" FROM threads t WHERE t.visitor_id <> 0 AND t.id IN "+db.Among(q, "$1")+
		" UNION SELECT "+placeColumns+" FROM threads t WHERE t.visitor_id <> 0 AND t.ticket_id <> 0 AND t.ticket_id IN "+db.Among(q, "$2"), db.JSON(orNone(threads)), db.JSON(orNone(tickets)))
}

func orNone[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// gathered is what a batch of events is about.
type gathered struct {
	messages []desk.MessageID
	threads  []desk.ThreadID
	tickets  []desk.TicketID
	visitors []desk.VisitorID
}

func add[T comparable](to *[]T, v T) {
	var none T
	if v != none && !slices.Contains(*to, v) {
		*to = append(*to, v)
	}
}

func gather(evs []desk.Event) (g gathered) {
	for i := range evs {
		ev := &evs[i]
		switch kindOf(ev) {
		case ofMessage, ofChange:
			add(&g.messages, ev.Message)
		case ofThread, ofSeen:
			add(&g.threads, ev.ThreadID)
		case ofTicket:
			add(&g.tickets, ev.TicketID)
		case ofVisitor:
			add(&g.visitors, visitorOf(ev))
		}
	}
	return g
}

func visitorOf(ev *desk.Event) desk.VisitorID {
	var d struct {
		Visitor desk.VisitorID `json:"visitor_id"`
	}
	_ = json.Unmarshal(ev.Data, &d)
	return d.Visitor
}

// known is what was read for a batch: only of conversations whose visitor is wanted.
type known struct {
	letters  map[desk.MessageID]letter
	places   []place
	messages map[desk.MessageID]any
	threads  map[desk.ThreadID]any
}

// learn reads what events are about and how it looks, as far as wanted says that somebody is there for it.
func (h *Hub) learn(ctx context.Context, g gathered, wanted func(audience) bool) (k known, err error) {
	if k.letters, err = letters(ctx, h.DB, g.messages); err != nil {
		return k, err
	}
	if k.places, err = places(ctx, h.DB, g.threads, g.tickets); err != nil {
		return k, err
	}
	var messages []desk.MessageID
	var threads []desk.ThreadID
	for id, l := range k.letters {
		if l.to = h.narrow(ctx, l.place); !wanted(l.to) {
			delete(k.letters, id)
			continue
		}
		k.letters[id] = l
		messages = append(messages, id)
	}
	k.places = slices.DeleteFunc(k.places, func(p place) bool { return !wanted(h.narrow(ctx, p)) })
	for i := range k.places {
		k.places[i].to = h.narrow(ctx, k.places[i])
		threads = append(threads, k.places[i].Thread)
	}
	slices.Sort(messages)
	if len(messages) > 0 {
		if k.messages, err = h.show.Messages(ctx, h.DB, messages); err != nil {
			return k, err
		}
	}
	if len(threads) > 0 {
		k.threads, err = h.show.Threads(ctx, h.DB, threads)
	}
	return k, err
}

// narrow is whose a conversation is under the settings of its account: where a browser shows only its own (identity.one_browser), the person is left out.
func (h *Hub) narrow(ctx context.Context, p place) audience {
	to := audience{visitor: p.Visitor, contact: p.to.contact}
	if to.contact == 0 {
		return to
	}
	if s, err := h.settingsOf(ctx, p.account); err != nil || s.Identity.OneBrowser {
		to.contact = 0
	}
	return to
}

// plan makes of events what visitors are told, in order.
func (h *Hub) plan(ctx context.Context, evs []desk.Event) ([]addressed, error) {
	g := gather(evs)
	if slices.ContainsFunc(evs, func(ev desk.Event) bool { return ev.Type == desk.EvContactMerged || ev.Type == desk.EvContactUnmerged }) {
		g.visitors = append(g.visitors, h.proven()...)
	}
	if err := h.again(ctx, g.visitors); err != nil {
		return nil, err
	}
	k, err := h.learn(ctx, g, h.here)
	if err != nil {
		return nil, err
	}
	return h.frames(ctx, evs, k), nil
}

// frames makes the frames of events from what was learned. A conversation's state is told once a batch, where it is first touched: it was read after all of it.
func (h *Hub) frames(ctx context.Context, evs []desk.Event, k known) (out []addressed) {
	told := map[desk.ThreadID]bool{}
	for i := range evs {
		ev := &evs[i]
		switch what := kindOf(ev); what {
		case ofMessage, ofChange:
			l, ok := k.letters[ev.Message]
			if !ok || what == ofMessage && !shows(ev, l) {
				continue
			}
			if f := k.message(ev, what, l); f != nil {
				out = append(out, addressed{l.to, f, l.place, what == ofMessage && l.direction == desk.Incoming})
			}
		case ofThread, ofTicket:
			for _, p := range k.places {
				if (p.Thread == ev.ThreadID || what == ofTicket && p.Ticket == ev.TicketID) && !told[p.Thread] && k.threads[p.Thread] != nil {
					told[p.Thread] = true
					out = append(out, addressed{p.to, newFrame(ev.Seq, "thread", encode(k.threads[p.Thread])), p, false})
				}
			}
		case ofSeen:
			for _, p := range k.places {
				if p.Thread == ev.ThreadID {
					if f := h.seen(ctx, ev, p); f != nil {
						out = append(out, addressed{p.to, f, p, false})
					}
				}
			}
		}
	}
	return out
}

// shows decides by the event alone whether it is the one that shows a message, so that live and in a replay it is the same one: what leaves at once is shown as it is
// queued, what was held (to undo, or for later) when it has left.
func shows(ev *desk.Event, l letter) bool {
	switch ev.Type {
	case desk.EvMessageQueued:
		return l.sendAt == 0
	case desk.EvMessageSent:
		return l.sendAt != 0
	}
	return true
}

type messageData struct {
	Thread  desk.ThreadID `json:"thread"`
	Message any           `json:"message"`
}

func (k *known) message(ev *desk.Event, what kind, l letter) *frame {
	m := k.messages[l.id]
	if m == nil {
		return nil
	}
	name := "message"
	if what == ofChange {
		name = "message_updated"
	}
	f := newFrame(ev.Seq, name, encode(messageData{l.Thread, m}))
	if l.direction == desk.Outgoing {
		f.took = l.id
	}
	return f
}

type seenData struct {
	Thread  desk.ThreadID  `json:"thread"`
	Message desk.MessageID `json:"message"`
	By      string         `json:"by"`
}

// seen tells how far the team has read a conversation, where the account shows it.
func (h *Hub) seen(ctx context.Context, ev *desk.Event, p place) *frame {
	var d struct {
		By      string         `json:"by"`
		Message desk.MessageID `json:"message_id"`
	}
	if json.Unmarshal(ev.Data, &d) != nil || d.Message == 0 {
		return nil
	}
	if d.By != thread.SeenByTeam { // what visitors have seen they know
		return nil
	}
	if s, err := h.settingsOf(ctx, p.account); err != nil || !s.Read {
		return nil
	}
	return newFrame(ev.Seq, "seen", encode(seenData{p.Thread, d.Message, d.By}))
}
