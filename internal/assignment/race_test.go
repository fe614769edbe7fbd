package assignment_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
)

// limit gives everybody without their own a limit of so many tickets.
func limit(k *desktest.Desk, n int) {
	k.T.Helper()
	k.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := k.Settings.SetCapacity(ctx, tx, desk.System, setting.Capacity{Default: desk.Capacity{Total: &n}}, func(string) bool { return true })
		return err
	})
}

// RT-21, CP-04: 64 tickets arrive at once for the one place that is left. One gets it, the others wait; nobody is over their limit.
func TestTheLastFreePlaceIsGivenOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		ann, bo := k.User(desktest.Named("Ann Holm")), k.User(desktest.Named("Bo Berg"))
		q := &queue{}
		k.Assignment.WithQueue(q)
		acc := k.Account(desktest.Assign(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email, bo.Email}, AvailableOnly: true}))
		limit(k, 3)
		for range 5 { // three and two
			if _, err := arrive(context.Background(), k, acc); err != nil {
				t.Fatal(err)
			}
		}
		const arrivals = 64
		got := make([]desk.Assignment, arrivals)
		var made sync.Mutex
		errs := desktest.Together(d, arrivals, func(ctx context.Context, tx *db.Tx, i int) error {
			tk, err := k.Tickets.Create(ctx, tx, ticket.NewTicket{Actor: desk.System, Subject: fmt.Sprint(i), InboxID: acc.InboxID, AccountID: acc.ID, Policy: acc.Ticket})
			if err != nil {
				return err
			}
			a, err := k.Assignment.Assign(ctx, tx, tk, acc)
			made.Lock()
			got[i] = a
			made.Unlock()
			return err
		})
		owners := map[desk.UserID]int{}
		for i, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
			owners[got[i].OwnerID]++
			if got[i].OwnerID == 0 && (got[i].Reason != routing.EverybodyFull || !got[i].Queued) {
				t.Errorf("%+v", got[i])
			}
		}
		if owners[0] != arrivals-1 {
			t.Errorf("%v", owners)
		}
		for _, u := range []desk.User{ann, bo} {
			var n int
			if err := d.QueryRow(context.Background(), `SELECT COUNT(*) FROM tickets WHERE owner_id = $1 AND open = 1`, u.ID).Scan(&n); err != nil || n != 3 {
				t.Errorf("%s has %d, want 3 (%v)", u.Name, n, err)
			}
		}
		if n := q.count(); n != arrivals-1 {
			t.Errorf("%d wait", n)
		}
	})
}

// CP-03, CP-06: what counts is open, of the help desk, not at rest, and not of a status that is left out.
func TestWhatCountsAgainstALimit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		ann := k.User()
		own := func(with ...func(*ticket.NewTicket)) desk.Ticket {
			tk := k.Ticket(with...)
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Tickets.SetOwner(ctx, tx, desk.System, tk.ID, desk.Assignment{OwnerID: ann.ID})
				return err
			})
			return tk
		}
		load := func() int {
			of, err := k.Assignment.Loads(context.Background(), d, []desk.UserID{ann.ID})
			if err != nil {
				t.Fatal(err)
			}
			return of[ann.ID].Total
		}
		box := k.Inbox("sales")
		closed, spam, resting, waiting := own(), own(), own(), own()
		own(func(n *ticket.NewTicket) { n.InboxID = box.ID }) // CP-03: not the help desk's
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := k.Tickets.Close(ctx, tx, desk.System, closed.ID, ""); err != nil {
				return err
			}
			h := desk.HiddenSpam
			if _, err := k.Tickets.Update(ctx, tx, desk.System, spam.ID, ticket.Change{Hidden: &h}); err != nil {
				return err
			}
			_, err := k.Tickets.Snooze(ctx, tx, desk.System, resting.ID, 0)
			return err
		})
		if n := load(); n != 1 {
			t.Fatalf("load %d, want 1", n)
		}
		pipe, err := k.Tickets.Pipeline(context.Background(), d, waiting.PipelineID)
		if err != nil {
			t.Fatal(err)
		}
		slug := ""
		for _, st := range pipe.Statuses {
			if st.ID == waiting.StatusID {
				slug = st.Slug
			}
		}
		set := func(c setting.Capacity) {
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Settings.SetCapacity(ctx, tx, desk.System, c, func(string) bool { return true })
				return err
			})
		}
		set(setting.Capacity{Exclude: setting.Exclusions{Statuses: []string{slug}}})
		if n := load(); n != 0 {
			t.Errorf("a status that is left out counts: %d", n)
		}
		set(setting.Capacity{Exclude: setting.Exclusions{IdleDays: 2}})
		if n := load(); n != 1 {
			t.Errorf("load %d, want 1", n)
		}
		k.Clock.Set(k.Clock.Now().AddDate(0, 0, 3))
		if n := load(); n != 0 {
			t.Errorf("what nobody touched counts: %d", n)
		}
		set(setting.Capacity{Weights: map[string]int{"email": 3}})
		if n := load(); n != 3 { // CP-08
			t.Errorf("weighed %d, want 3", n)
		}
	})
}

// queue is what waits, as waiting keeps it.
type queue struct {
	mu sync.Mutex
	in map[string]desk.Waiting
}

func (q *queue) key(object string, id int64) string { return fmt.Sprint(object, id) }

func (q *queue) Enter(_ context.Context, _ *db.Tx, w desk.Waiting) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.in == nil {
		q.in = map[string]desk.Waiting{}
	}
	q.in[q.key(w.Object, w.ID)] = w
	return nil
}

func (q *queue) Leave(_ context.Context, _ *db.Tx, object string, id int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.in, q.key(object, id))
	return nil
}

func (q *queue) Since(_ context.Context, _ db.Queryer, object string, id int64) (desk.Time, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.in[q.key(object, id)].Since, nil
}

func (q *queue) count() int { q.mu.Lock(); defer q.mu.Unlock(); return len(q.in) }

func (q *queue) has(object string, id int64) (desk.Waiting, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	w, ok := q.in[q.key(object, id)]
	return w, ok
}
