package lobby

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// The measures of noting what widgets took.
const (
	noteEvery = 500 * time.Millisecond
	noteBatch = 200
	maxTaken  = 50_000 // beyond this marks are let go: they are a courtesy, the messages are not
)

// took keeps in mind that the team's messages among frames reached a widget.
func (h *Hub) took(frames []*frame) {
	for _, f := range frames {
		if f.took == 0 {
			continue
		}
		h.mu.Lock()
		if len(h.taken) < maxTaken {
			h.taken = append(h.taken, f.took)
		}
		h.mu.Unlock()
	}
}

// Fetched says that a widget was given messages otherwise than by its stream.
func (h *Hub) Fetched(ids []desk.MessageID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.taken)+len(ids) < maxTaken {
		h.taken = append(h.taken, ids...)
	}
}

// note writes down what widgets took, many in one transaction, until ctx ends; what is left then is written once more.
func (h *Hub) note(ctx context.Context) {
	for rest(ctx, noteEvery) {
		h.noteNow(ctx)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	h.noteNow(last)
}

func (h *Hub) noteNow(ctx context.Context) {
	h.mu.Lock()
	ids := h.taken
	h.taken = nil
	h.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	for len(ids) > 0 {
		part := ids[:min(len(ids), noteBatch)]
		ids = ids[len(part):]
		if err := h.delivered(ctx, part); err != nil && ctx.Err() == nil {
			h.Log.Warn("what widgets took could not be noted; trying again", "err", err)
			h.Fetched(part)
			h.Fetched(ids)
			return
		}
	}
}

// delivered marks messages, leaving alone those that are, and those that went out by another way (GEN-24).
func (h *Hub) delivered(ctx context.Context, ids []desk.MessageID) error {
	open, err := db.All(ctx, h.DB, db.Column[desk.MessageID], "SELECT m.id FROM messages m JOIN threads t ON t.id = m.thread_id WHERE m.id IN "+db.Among(h.DB, "$1")+
		" AND m.direction = 'outgoing' AND m.kind = 'message' AND m.account_id = t.account_id AND m.status IN ('queued', 'sending', 'sent', 'uncertain') ORDER BY m.id", db.JSON(ids))
	if err != nil || len(open) == 0 {
		return err
	}
	return h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range open {
			if _, err := h.Threads.MarkStatus(ctx, tx, id, "", desk.StatusDelivered, "", ""); err != nil && desk.CodeOf(err) != desk.NotFound {
				return err
			}
		}
		return nil
	})
}
