package availability

import (
	"context"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
)

// gather is how long changes are gathered before states are found anew, so that a wave of them costs one look.
const gather = 200 * time.Millisecond

// changing are the events after which a state may be another.
var changing = []string{
	desk.EvUserAvailability, desk.EvUserUpdated, desk.EvUserCreated, desk.EvTeamUpdated, desk.EvSettingsChanged, desk.EvContactUpdated,
	desk.EvTicketAssigned, desk.EvTicketStatus, desk.EvTicketCreated, desk.EvTicketMerged, desk.EvTicketDeleted, desk.EvTicketRestored, desk.EvTicketSnoozed, desk.EvTicketWoken,
	desk.EvTicketMoved, desk.EvTicketPurged, desk.EvTicketErased, desk.EvThreadAssigned, desk.EvThreadState,
	desk.EvAccountConnected, desk.EvAccountUpdated, desk.EvAccountState, desk.EvAccountRemoved,
}

func matters(ev desk.Event) bool { return slices.Contains(changing, ev.Type) }

// Follow finds states anew whenever something happened that may have changed one, and at the edges of the hours, and hands push those that visitors are to see,
// until ctx ends. Every node does so for the visitors that are connected to it.
func (s *Service) Follow(ctx context.Context, push func(Facts)) {
	sub := s.Events.Subscribe()
	defer sub.Close()
	last, err := s.Events.Last(ctx)
	for err != nil && ctx.Err() == nil {
		s.Log.Warn("the event log cannot be read", "err", err)
		wait(ctx, nil, nil, time.Second)
		last, err = s.Events.Last(ctx)
	}
	told := map[desk.ChannelAccountID]Facts{}
	for ctx.Err() == nil {
		moved := s.Clock.Moved()
		next := s.look(ctx, told, push)
		for {
			woken := wait(ctx, sub.C, moved, next)
			if ctx.Err() != nil || !woken { // an edge of the hours, or the clock was set
				break
			}
			seq, hit := s.read(ctx, last)
			if last = seq; hit {
				wait(ctx, nil, nil, gather)
				break
			}
		}
		s.stale()
	}
}

// stale makes the next who asks look again.
func (s *Service) stale() {
	s.mu.Lock()
	s.turn++
	s.mu.Unlock()
}

// wait returns true when something was recorded, false when the time was up or moved.
func wait(ctx context.Context, woke <-chan struct{}, moved <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-woke:
		return true
	case <-ctx.Done():
	case <-moved:
	case <-t.C:
	}
	return false
}

// read takes in what was recorded and says whether it matters.
func (s *Service) read(ctx context.Context, last int64) (int64, bool) {
	hit := false
	for {
		evs, err := s.Events.After(ctx, last, 500)
		if err != nil || len(evs) == 0 {
			return last, hit
		}
		last, hit = evs[len(evs)-1].Seq, hit || slices.ContainsFunc(evs, matters)
	}
}

// look tells what has changed, and returns how long nothing changes by itself.
func (s *Service) look(ctx context.Context, told map[desk.ChannelAccountID]Facts, push func(Facts)) time.Duration {
	next := fresh
	accs, err := s.Inboxes.Accounts(ctx, s.DB, inbox.Filter{})
	if err != nil {
		s.Log.Warn("the channels cannot be read", "err", err)
		return time.Second
	}
	for _, acc := range accs {
		if !s.Channels.Live(acc.Channel) {
			continue
		}
		f, err := s.Look(ctx, s.DB, acc)
		if err != nil {
			s.Log.Warn("whether a channel is available cannot be said", "channel_account", acc.ID, "err", err)
			continue
		}
		if before, ok := told[acc.ID]; !ok || f.Differs(before) {
			push(f)
		}
		told[acc.ID] = f
		if f.NextChange != 0 {
			next = min(next, max(0, f.NextChange.Time().Sub(s.Clock.Now()))+time.Millisecond)
		}
	}
	return next
}
