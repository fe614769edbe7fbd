package event

import (
	"context"
	"time"
)

// Follower is somebody who keeps up with the log and remembers, in a table of their own, how far they are.
type Follower struct {
	Name string // names the election, and the follower in the log
	// Step takes in one batch and reports whether there is more.
	Step   func(ctx context.Context) (more bool, err error)
	Idle   time.Duration // looks again after this though nothing woke it, and after an error
	Gather time.Duration // rests after a wake-up, so that one batch takes in many; 0: at once
}

// Follow keeps a follower up with the log until ctx ends, on one node at a time. An error is told and tried again: what was not taken in is still there.
func (l *Log) Follow(ctx context.Context, f Follower) {
	l.db.Lead(ctx, f.Name, func(ctx context.Context) {
		sub := l.Subscribe()
		defer sub.Close()
		for ctx.Err() == nil {
			more, err := f.Step(ctx)
			if err != nil && ctx.Err() == nil {
				l.log.Warn("a follower of the events could not go on; trying again", "follower", f.Name, "err", err)
			}
			if more && err == nil {
				continue
			}
			wake := sub.C
			if err != nil {
				wake = nil
			}
			select {
			case <-ctx.Done():
				return
			case <-wake:
			case <-time.After(f.Idle):
			}
			if f.Gather > 0 && !rest(ctx, f.Gather) {
				return
			}
		}
	})
}

// rest waits, and reports whether ctx is still alive.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
