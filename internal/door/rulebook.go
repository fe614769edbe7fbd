package door

import (
	"context"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/setting"
)

// rulesFor is how long the rules are taken from memory on the nodes where they were not changed, rulesAtMost while the database does not answer: then who has waited
// as long as rulesPatience goes on with what is known, so that nobody stands in line behind it.
const (
	rulesFor      = 2 * time.Second
	rulesAtMost   = time.Minute
	rulesPatience = 200 * time.Millisecond
	rulesRead     = 10 * time.Second
)

// rulebook remembers how people may sign in. One reads, whoever else asks meanwhile shares what is read; the lock is held by nobody who waits.
type rulebook struct {
	read func(ctx context.Context) (setting.SignIn, error)
	now  func() time.Time

	mu     sync.Mutex
	rules  setting.SignIn
	at     time.Time
	fresh  bool
	turn   int // of what is known: a reading that began before a change does not undo it
	flight *reading
}

type reading struct {
	done  chan struct{}
	rules setting.SignIn
	err   error
}

func (b *rulebook) get(ctx context.Context) (setting.SignIn, error) {
	b.mu.Lock()
	known, age, fresh := b.rules, b.now().Sub(b.at), b.fresh
	if fresh && age < rulesFor {
		b.mu.Unlock()
		return known, nil
	}
	f := b.flight
	if f == nil {
		f = &reading{done: make(chan struct{})}
		b.flight = f
		go b.look(context.WithoutCancel(ctx), f, b.turn)
	}
	b.mu.Unlock()
	var patience <-chan time.Time
	if fresh && age < rulesAtMost {
		t := time.NewTimer(rulesPatience)
		defer t.Stop()
		patience = t.C
	}
	select {
	case <-f.done:
		if f.err != nil && patience != nil {
			return known, nil
		}
		return f.rules, f.err
	case <-patience:
		return known, nil
	case <-ctx.Done():
		return known, ctx.Err()
	}
}

// look reads for everybody who waits.
func (b *rulebook) look(ctx context.Context, f *reading, turn int) {
	ctx, cancel := context.WithTimeout(ctx, rulesRead)
	defer cancel()
	began := b.now()
	f.rules, f.err = b.read(ctx)
	b.mu.Lock()
	b.flight = nil
	if b.turn != turn {
		f.rules, f.err = b.rules, nil
	} else if f.err == nil {
		b.rules, b.at, b.fresh = f.rules, began, true
	}
	b.mu.Unlock()
	close(f.done)
}

// set is what was just stored.
func (b *rulebook) set(r setting.SignIn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules, b.at, b.fresh = r, b.now(), true
	b.turn++
}
