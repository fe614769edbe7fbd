package door

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/setting"
)

// PM-13: every request asks for the rules, so none may stand in line behind a database that does not answer.
func TestARequestDoesNotWaitForARuleThatIsBeingRead(t *testing.T) {
	var reads atomic.Int32
	hang, at := make(chan struct{}), time.Unix(1_700_000_000, 0)
	var clock sync.Mutex
	now := func() time.Time { clock.Lock(); defer clock.Unlock(); return at }
	pass := func(d time.Duration) { clock.Lock(); defer clock.Unlock(); at = at.Add(d) }
	b := &rulebook{now: now, read: func(ctx context.Context) (setting.SignIn, error) {
		if reads.Add(1) > 1 {
			select {
			case <-hang:
			case <-ctx.Done():
			}
		}
		return setting.SignIn{Factor: "everybody"}, nil
	}}
	ctx := context.Background()
	if r, err := b.get(ctx); err != nil || r.Factor != "everybody" {
		t.Fatalf("%+v %v", r, err)
	}
	pass(5 * time.Second)
	began, wg := time.Now(), sync.WaitGroup{}
	for range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if r, err := b.get(ctx); err != nil || r.Factor != "everybody" {
				t.Errorf("%+v %v", r, err)
			}
		}()
	}
	wg.Wait()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("50 requests waited %v", took)
	}
	if n := reads.Load(); n != 2 {
		t.Errorf("read %d times, want once and once more", n)
	}
	pass(2 * rulesAtMost) // what is too old is not gone by
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := b.get(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("rules of long ago: %v", err)
	}
	before := b.flight
	b.set(setting.SignIn{Factor: "optional"}) // what was changed meanwhile is not undone by a reading that began before
	close(hang)
	<-before.done
	if r, err := b.get(ctx); err != nil || r.Factor != "optional" {
		t.Fatalf("%+v %v", r, err)
	}
}
