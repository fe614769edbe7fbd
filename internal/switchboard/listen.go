package switchboard

import (
	"context"
	"sort"

	"github.com/kanalhq/kanal/internal/channel"
)

// listenAll runs the shared listener of every adapter that has one and was given a socket.
func (b *Board) listenAll(ctx context.Context) {
	for _, a := range b.d.Registry.All() {
		l, ok := a.(channel.Listener)
		name := a.Spec().Channel
		ln := b.d.Listen[name]
		if !ok || ln == nil {
			continue
		}
		h := &listenHost{host: host{board: b, log: b.d.Log.With("channel", name)}, adapter: a}
		b.work.Add(1)
		go func() {
			defer b.work.Done()
			err := l.Listen(ctx, ln, h)
			if err != nil && ctx.Err() == nil {
				b.d.Log.Error("listener stopped", "channel", name, "err", err)
				b.mu.Lock()
				b.down[name] = err.Error()
				b.mu.Unlock()
			}
		}()
	}
}

// Down names the channels whose shared listener stopped by itself; empty when all is well.
func (b *Board) Down() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for name := range b.down {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}
