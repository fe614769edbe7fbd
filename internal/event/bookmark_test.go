package event_test

import (
	"context"
	"errors"
	"testing"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// What was before the first look is over; a batch is acted on once, and not at all where acting fails or somebody else was faster.
func TestABookmarkMovesWithWhatWasDone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, stop := context.WithCancel(t.Context())
		l := event.New(d, clock.New(), nil)
		done := make(chan struct{})
		go func() { defer close(done); l.Run(ctx) }()
		defer func() { stop(); <-done }()
		sub := l.Subscribe()
		defer sub.Close()
		record := func(kind string) {
			t.Helper()
			before, err := l.After(ctx, 0, 100)
			check(t, err)
			check(t, d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := l.Record(ctx, tx, desk.Event{Type: kind})
				return err
			}))
			for evs := before; len(evs) == len(before); {
				<-sub.C
				evs, err = l.After(ctx, 0, 100)
				check(t, err)
			}
		}
		b := l.Bookmark("notify_state")
		record("a.before")
		if batch, err := b.Next(ctx, 10); err != nil || len(batch.Events) != 0 {
			t.Fatalf("%v, %v: what was before the first look is acted on", batch, err)
		}
		record("a.first")
		record("a.second")
		one, err := b.Next(ctx, 1)
		check(t, err)
		if len(one.Events) != 1 || one.Events[0].Type != "a.first" || !one.More {
			t.Fatalf("%+v", one)
		}
		acted := 0
		act := func(context.Context, *db.Tx) error { acted++; return nil }
		refused := errors.New("refused")
		if err := b.Move(ctx, one, func(context.Context, *db.Tx) error { return refused }); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		check(t, b.Move(ctx, one, act))
		check(t, b.Move(ctx, one, act)) // a slower node
		if acted != 1 {
			t.Errorf("acted %d times on one batch", acted)
		}
		two, err := b.Next(ctx, 10)
		check(t, err)
		if len(two.Events) != 1 || two.Events[0].Type != "a.second" || two.More {
			t.Errorf("%+v", two)
		}
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
