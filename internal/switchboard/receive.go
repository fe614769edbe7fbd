package switchboard

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// healthy is how long a receiver must have run for its next failure to begin with the shortest pause again.
const healthy = time.Minute

// startReceiver runs a line's receiver until the line is dropped or Run ends, after the one that the account had before has stopped. The caller
// holds b.mu.
func (b *Board) startReceiver(ln *line, r channel.Receiver) {
	ctx, cancel := context.WithCancel(b.run)
	ln.stop = cancel
	before, mine := b.ended[ln.acc.ID], make(chan struct{})
	b.ended[ln.acc.ID] = mine
	b.work.Add(1)
	go func() {
		defer b.work.Done()
		defer close(mine)
		defer cancel()
		if before != nil {
			<-before
		}
		b.supervise(ctx, ln, r)
	}()
}

// supervise holds the account's lease and calls Receive again and again, pausing longer after each failure.
func (b *Board) supervise(ctx context.Context, ln *line, r channel.Receiver) {
	pause := b.d.BackOff
	for ctx.Err() == nil {
		held, err := b.d.Inbox.Lease(ctx, ln.acc.ID, b.d.Node, b.d.LeaseTTL)
		if err != nil || !held {
			if err != nil && ctx.Err() == nil {
				ln.host.log.Warn("receiver lease could not be taken", "err", err)
			}
			sleep(ctx, b.d.LeaseTTL/3)
			continue
		}
		began := time.Now()
		err = b.receiveOnce(ctx, ln, r)
		if ctx.Err() != nil {
			break
		}
		if time.Since(began) > healthy {
			pause = b.d.BackOff
		}
		b.reportReceiver(ctx, ln, err)
		sleep(ctx, jitter(pause))
		pause = min(pause*2, b.d.MaxBackOff)
	}
	b.giveUpLease(ln.acc.ID)
}

// receiveOnce runs Receive under a heartbeat of the lease; losing the lease ends it.
func (b *Board) receiveOnce(ctx context.Context, ln *line, r channel.Receiver) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	beat := make(chan struct{})
	go func() {
		defer close(beat)
		b.keepLease(ctx, ln, cancel)
	}()
	defer func() {
		if p := recover(); p != nil {
			ln.host.log.Error("receiver panicked", "panic", p)
			err = errors.New("the receiver failed unexpectedly")
		}
		cancel()
		<-beat
	}()
	return r.Receive(ctx)
}

func (b *Board) keepLease(ctx context.Context, ln *line, lost func()) {
	t := time.NewTicker(b.d.LeaseTTL / 3)
	defer t.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		held, err := b.d.Inbox.Lease(ctx, ln.acc.ID, b.d.Node, b.d.LeaseTTL)
		switch {
		case err == nil && held:
			last = time.Now()
		case err == nil, time.Since(last) > b.d.LeaseTTL*2/3:
			ln.host.log.Warn("receiver lost its lease to another node")
			lost()
			return
		}
	}
}

// giveUpLease lets another node take over at once.
func (b *Board) giveUpLease(id desk.ChannelAccountID) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := b.d.Inbox.Release(ctx, id, b.d.Node); err != nil {
		b.d.Log.Debug("receiver lease could not be given back; it runs out by itself", "channel_account_id", id, "err", err)
	}
}

// reportReceiver turns the end of a receiver into the account's state.
func (b *Board) reportReceiver(ctx context.Context, ln *line, err error) {
	if err == nil {
		return // it ended by itself, for example to begin anew
	}
	var se *channel.SendError
	if errors.As(err, &se) && se.Fault == channel.Reconnect {
		ln.host.SetState(ctx, desk.StateReconnect, publicOf(err))
	} else if state, _ := b.states.get(ln.acc.ID); state != desk.StateReconnect {
		ln.host.SetState(ctx, desk.StateTrouble, publicOf(err))
	}
	ln.host.log.Info("receiver ended and will be started again", "err", err)
}

func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d/2 + rand.N(d)
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
