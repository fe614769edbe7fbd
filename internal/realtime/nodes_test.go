package realtime_test

import (
	"context"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/realtime"
	"github.com/kanalhq/kanal/internal/view"
)

// Two nodes on one PostgreSQL: what happens on one is told on the other, events by their numbers and presence too.
func TestTwoNodesTellEachOther(t *testing.T) {
	first := dbtest.Postgres(t)
	s := newStage(t, first, false)
	second, err := db.Open(context.Background(), db.Options{URL: first.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { second.Close() })
	events := event.New(second, s.Clock, nil)
	far := realtime.New(realtime.Deps{Events: events, DB: second, InboxOf: view.New(second, nil).InboxOf})
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, run := range []func(context.Context){events.Run, far.Run} {
		work.Add(1)
		go func() { defer work.Done(); run(ctx) }()
	}
	t.Cleanup(func() { cancel(); work.Wait() })

	ann := s.User()
	v, err := s.Access.ViewerFor(ctx, ann.ID)
	if err != nil {
		t.Fatal(err)
	}
	at := s.settled(ann)
	waitFor(t, "the other node has caught up", func() bool { return far.At() == at })
	s.record("ticket.updated", s.Helpdesk().ID, map[string]string{"made": "here"})
	out, err := far.Poll(ctx, v, at, true)
	if err != nil || len(out.Events) != 1 || out.Events[0].Type != "ticket.updated" || out.Events[0].Seq != at+1 {
		t.Errorf("the other node tells %+v, %v", out, err)
	}
	waitFor(t, "presence reaches the other node", func() bool {
		s.hub.Presence(ctx, access.Viewer{User: desk.User{ID: ann.ID, Name: "Ann"}}, 42, s.Helpdesk().ID, realtime.Viewing, true) // again, until the other listens
		w := far.Watchers(42)
		return len(w) == 1 && w[0].Name == "Ann"
	})
}
