package availability_test

import (
	"context"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/routing"
)

// chats begins one for a visitor; answered is how long the first answer took, 0: none yet.
func (f fixture) chats(acc desk.ChannelAccount, visitor desk.VisitorID, answered time.Duration) desk.Ticket {
	f.T.Helper()
	t := f.arrives(acc)
	f.Write(func(ctx context.Context, tx *db.Tx) error {
		if _, err := f.Threads.Open(ctx, tx, desk.System, desk.Thread{InboxID: acc.InboxID, AccountID: acc.ID, Channel: acc.Channel, TicketID: t.ID, VisitorID: visitor}); err != nil {
			return err
		}
		if answered == 0 {
			return nil
		}
		_, err := tx.Exec(ctx, `UPDATE tickets SET first_reply_at = created_at + $1 WHERE id = $2`, answered.Milliseconds(), t.ID)
		return err
	})
	return t
}

// CH-20: the reply time is the median of the last answered conversations, and nothing is claimed of too few.
func TestMeasuredReplyTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := begin(t, d)
		ann := f.User()
		acc := f.account(`{}`, desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})
		for i := range 4 {
			f.chats(acc, desk.VisitorID(i+1), 2*time.Minute)
		}
		f.chats(acc, 9, 0) // not answered
		if got := f.facts(acc); got.Reply.Bucket != "" || got.Reply.Of != 4 {
			t.Fatalf("too few: %+v", got.Reply)
		}
		f.chats(acc, 5, 9*time.Hour)
		f.Clock.Advance(3 * time.Minute) // a measurement holds for a while
		got := f.facts(acc)
		if got.Reply.Bucket != "minutes" || got.Reply.Minutes != 2 || got.Reply.Of != 5 {
			t.Fatalf("%+v", got.Reply)
		}
		if s := got.For(availability.Asking{}); s.ReplyTime != "minutes" || s.ReplyMinutes != 2 {
			t.Errorf("%+v", s)
		}
		slow := f.account(`{}`, desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})
		for i := range 5 {
			f.chats(slow, desk.VisitorID(20+i), 3*time.Hour)
		}
		if got := f.facts(slow); got.Reply.Bucket != "hours" {
			t.Errorf("%+v", got.Reply)
		}
		f.Clock.Advance(31 * 24 * time.Hour)
		if got := f.facts(slow); got.Reply.Of != 0 {
			t.Errorf("a month ago says nothing of today: %+v", got.Reply)
		}
	})
}

// CP-01: who waits is told their place, in the order in which they came, and how long it takes when that is known.
func TestPlaceInTheQueue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := begin(t, d)
		ann := f.User()
		acc := f.account(`{"availability":{"capacity":{"limit":3}}}`, desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}, AvailableOnly: true})
		for i := range 3 {
			f.chats(acc, desk.VisitorID(i+1), time.Minute)
		}
		first, second := f.chats(acc, 11, 0), f.chats(acc, 12, 0)
		place := func(v desk.VisitorID) (int, int) {
			s := f.facts(acc).For(availability.Asking{Visitor: v})
			if s.Position == nil {
				t.Fatalf("no place for %d: %+v", v, s)
			}
			return *s.Position, s.WaitMinutes
		}
		for v, want := range map[desk.VisitorID]int{11: 1, 12: 2, 99: 3} {
			if got, wait := place(v); got != want || wait != 20*want { // three were taken in the last hour
				t.Errorf("visitor %d: place %d after %d minutes, want %d", v, got, wait, want)
			}
		}
		// RT-07: where work waits for an owner, the line is that of its being given away: priority, then age.
		queue := func(tk desk.Ticket, rank int) {
			f.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO assignment_queue (object, object_id, account_id, inbox_id, rank, since) VALUES ('ticket', $1, $2, $3, $4, $5)", tk.ID, acc.ID, acc.InboxID, rank, tk.CreatedAt)
				return err
			})
		}
		queue(first, 0)
		queue(second, 4)
		if got, _ := place(12); got != 1 {
			t.Errorf("the urgent one has place %d", got)
		}
		if got, _ := place(11); got != 2 {
			t.Errorf("the other has place %d", got)
		}
		f.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := f.Assignment.Manual(ctx, tx, desk.System, first.ID, ann.ID, 0)
			return err
		})
		if got, _ := place(12); got != 1 {
			t.Errorf("the line moves: %d", got)
		}
	})
}

// CH-23, AV-10: open widgets are told when people, work, settings or the hours change it, and of nothing else.
func TestChangesArePushed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := begin(t, d)
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		go f.Events.Run(ctx)
		ann := f.User()
		acc := f.account(`{"availability":{"mode":"hours","capacity":{"limit":1},`+nineToFive+`}}`, desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}, AvailableOnly: true})
		told := make(chan availability.Facts, 20)
		done := make(chan struct{})
		go func() { f.Follow(ctx, func(x availability.Facts) { told <- x }); close(done) }()
		next := func(why, state string) {
			t.Helper()
			for {
				select {
				case got := <-told:
					if got.State == state {
						return
					}
				case <-time.After(20 * time.Second):
					t.Fatalf("%s: %s was not pushed", why, state)
				}
			}
		}
		next("at the start", availability.Available)
		f.available(ann, false)
		next("she goes away", availability.Away)
		f.available(ann, true)
		next("she is back", availability.Available)
		tk := f.arrives(acc)
		next("her only chat", availability.Capacity)
		f.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := f.Assignment.Manual(ctx, tx, desk.System, tk.ID, 0, 0)
			return err
		})
		next("it is hers no more", availability.Available)
		f.Clock.Set(time.Date(2026, 6, 15, 14, 59, 59, 500e6, time.UTC))
		next("the hours end", availability.Offline)
		f.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := f.Inboxes.UpdateAccount(ctx, tx, desk.System, acc.ID, inbox.AccountChange{Settings: []byte(`{"kind":"hosted","address":"` + acc.Address + `","availability":{"mode":"always"}}`)})
			return err
		})
		next("the settings change", availability.Available)
		cached, err := f.Service.State(ctx, d, desktest.Must[desk.ChannelAccount](t)(f.Inboxes.Account(ctx, d, acc.ID)), availability.Asking{})
		if err != nil || cached.State != availability.Available {
			t.Errorf("who asks is answered from what is known: %+v %v", cached, err)
		}
		stop()
		<-done
	})
}
