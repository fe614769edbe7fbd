package event_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

func run(t *testing.T, l *event.Log) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// follow reads until it has n events, as every follower does.
func follow(t *testing.T, l *event.Log, n int) (got []desk.Event) {
	t.Helper()
	sub := l.Subscribe()
	defer sub.Close()
	var last int64
	timeout := time.After(30 * time.Second)
	for len(got) < n {
		select {
		case <-sub.C:
		case <-timeout:
			t.Fatalf("%d of %d events came", len(got), n)
		}
		for {
			evs, err := l.After(context.Background(), last, 7)
			if err != nil {
				t.Fatal(err)
			}
			if len(evs) == 0 {
				break
			}
			for _, ev := range evs {
				if ev.Seq <= last {
					t.Fatalf("number %d after %d", ev.Seq, last)
				}
				last = ev.Seq
			}
			got = append(got, evs...)
		}
	}
	return got
}

func TestAnEventIsReadBackAsItWasRecorded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := event.New(d, clock.New(), slog.New(slog.NewTextHandler(t.Output(), nil)))
		run(t, l)
		want := desk.Event{
			Type: desk.EvTicketAssigned, Actor: desk.ByUser(7), TicketID: 1, ThreadID: 2, Message: 3, Contact: 4, Inbox: 5, UserID: 6,
			Data: event.Data(map[string]int{"n": 1}),
		}
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
			want.ID, err = l.Record(ctx, tx, want)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		got := follow(t, l, 1)[0]
		if got.At == 0 || got.Seq != 1 || string(got.Data) != `{"n":1}` {
			t.Errorf("got %+v", got)
		}
		got.At, got.Seq, got.Data, want.Data = 0, 0, nil, nil
		if got.ID != want.ID || got.Actor != want.Actor || got.TicketID != 1 || got.ThreadID != 2 || got.Message != 3 || got.Contact != 4 || got.Inbox != 5 || got.UserID != 6 {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
		if n, err := l.Last(context.Background()); n != 1 || err != nil {
			t.Errorf("last %d, %v", n, err)
		}
	})
}
