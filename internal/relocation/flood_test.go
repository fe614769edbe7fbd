package relocation_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/relocation"
)

// Mail floods in and answers go out while a channel moves, and the process that moves it is killed again and again: nothing is lost, nothing is filed or moved twice, and
// every answer joins its own conversation, moved or not (MG-06, lossless and resumable).
func TestNothingIsLostWhileMailFloodsIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const old, fresh, writers = 120, 80, 6
		w := newWorld(t, d, 5)
		threads := make([]desk.ThreadID, old)
		for i := range old {
			threads[i] = w.mail(fmt.Sprintf("old%d", i), fmt.Sprintf("c%d@x.example", i)).ThreadID
		}
		var wg sync.WaitGroup
		errs := make(chan error, writers*(old+fresh)*2)
		begin := make(chan struct{})
		for n := range writers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				<-begin
				for i := n; i < old; i += writers {
					from, id := fmt.Sprintf("c%d@x.example", i), fmt.Sprintf("old%d", i)
					mails := []channel.Raw{raw(w.acc, "re-"+id, from, id+"@x.example"), raw(w.acc, "re-"+id, from, id+"@x.example")} // and again: a redelivery
					if i < fresh {
						mails = append(mails, raw(w.acc, fmt.Sprintf("new%d", i), fmt.Sprintf("n%d@x.example", i)))
					}
					for _, m := range mails {
						errs <- w.intake.Deliver(ctx, []channel.Raw{m})
					}
					errs <- w.Try(func(ctx context.Context, tx *db.Tx) error { // the team answers, and the customer answers that
						th, err := w.Threads.Lock(ctx, tx, threads[i])
						if err != nil {
							return err
						}
						_, err = w.Threads.Append(ctx, tx, desk.Message{ThreadID: th.ID, Kind: desk.KindMessage, Direction: desk.Outgoing, Channel: th.Channel, AccountID: th.AccountID,
							Actor: desk.ByUser(w.ann.ID), Text: "An answer", RemoteID: "ours-" + id + "@acme.example", Status: desk.StatusSent,
							Recipients: []desk.Party{{Field: "to", Kind: desk.AddrEmail, Address: from}}})
						return err
					})
					errs <- w.intake.Deliver(ctx, []channel.Raw{raw(w.acc, "re2-"+id, from, "ours-"+id+"@acme.example")})
				}
			}()
		}
		close(begin)
		m := desktest.Must[relocation.Move](t)(w.Start(ctx, desk.ByUser(w.ann.ID), w.acc.ID, relocation.Plan{To: w.Helpdesk().ID, History: "all"}, nil))
		for range 4 { // killed, four times
			_, jobs := movesOn(t, w.Desk, 5)
			was := m.Done
			stop := runs(t, jobs)
			w.eventually("it goes on", func() bool {
				m = desktest.Must[relocation.Move](t)(w.Get(ctx, w.DB, m.ID))
				return m.Done > was || m.Over()
			})
			stop()
		}
		for range 2 { // two processes at once
			_, jobs := movesOn(t, w.Desk, 5)
			runs(t, jobs)
		}
		m = w.over(m.ID)
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		if m.State != relocation.Done || m.Failed != 0 || m.Report.Moved < old || m.Made < old {
			t.Fatalf("%+v", m)
		}
		w.intact(threads, old, fresh)
		if n := w.number("SELECT COUNT(*) FROM channel_move_items WHERE state = 'moved'"); n != m.Report.Moved {
			t.Errorf("%d items, %d moved", n, m.Report.Moved)
		}
		back := w.undone(m.ID)
		if back.State != relocation.Undone || back.Failed != 0 {
			t.Fatalf("%+v", back)
		}
		if n := w.number("SELECT COUNT(*) FROM threads WHERE inbox_id <> $1", w.box.ID); n != 0 {
			t.Errorf("%d conversations did not come back", n)
		}
	})
}

// intact checks that everything is there once, and where it belongs.
func (w *world) intact(threads []desk.ThreadID, old, fresh int) {
	w.t.Helper()
	hd := w.Helpdesk().ID
	for query, want := range map[string]int{
		"SELECT COUNT(*) FROM messages WHERE direction = 'incoming'":                                            3*old + fresh,
		"SELECT COUNT(DISTINCT remote_id) FROM messages WHERE direction = 'incoming'":                           3*old + fresh,
		"SELECT COUNT(*) FROM messages WHERE direction = 'outgoing'":                                            old,
		"SELECT COUNT(*) FROM threads":                                                                          old + fresh,
		"SELECT COUNT(*) FROM tickets":                                                                          old + fresh,
		"SELECT COUNT(*) FROM inbound_raw WHERE state = 'set_aside'":                                            0,
		fmt.Sprintf("SELECT COUNT(*) FROM threads WHERE inbox_id <> %d OR ticket_id = 0", hd):                   0,
		fmt.Sprintf("SELECT COUNT(*) FROM tickets WHERE inbox_id <> %d", hd):                                    0,
		fmt.Sprintf("SELECT COUNT(*) FROM messages WHERE inbox_id <> %d OR ticket_id = 0", hd):                  0,
		"SELECT COUNT(*) FROM messages m JOIN threads h ON h.id = m.thread_id WHERE m.ticket_id <> h.ticket_id": 0,
	} {
		if n := w.number(query); n != want {
			w.t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	for i, th := range threads {
		for _, id := range []string{fmt.Sprintf("old%d", i), fmt.Sprintf("re-old%d", i), fmt.Sprintf("re2-old%d", i)} {
			if m := w.filed(id); m.ThreadID != th {
				w.t.Fatalf("%s is in %s, not in %s", id, m.ThreadID, th)
			}
		}
	}
}
