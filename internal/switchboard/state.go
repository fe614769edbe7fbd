package switchboard

import (
	"context"
	"sync"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// stateBook remembers the last state written of each account, so that repeating one is free.
type stateBook struct {
	mu   sync.Mutex
	last map[desk.ChannelAccountID]accountState
}

type accountState struct {
	state  desk.AccountState
	reason string
}

func (s *stateBook) get(id desk.ChannelAccountID) (desk.AccountState, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.last[id]
	return v.state, v.reason
}

// learn takes over what the row says.
func (s *stateBook) learn(id desk.ChannelAccountID, state desk.AccountState, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last = map[desk.ChannelAccountID]accountState{}
	}
	s.last[id] = accountState{state, reason}
}

// SetState records how an account's connection is doing, with an event, only when that is news. A failure to write is
// logged: the next report writes it.
func (b *Board) SetState(ctx context.Context, id desk.ChannelAccountID, state desk.AccountState, reason string) {
	if last, why := b.states.get(id); last == state && why == reason {
		return
	}
	err := b.d.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return b.d.Inbox.SetState(ctx, tx, id, state, reason)
	})
	if err != nil {
		if ctx.Err() == nil {
			b.d.Log.Warn("state of a channel account could not be written", "channel_account_id", id, "err", err)
		}
		return
	}
	b.states.learn(id, state, reason)
}
