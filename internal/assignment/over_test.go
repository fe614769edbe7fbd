package assignment_test

import (
	"context"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
)

// CP-05: a person may give more than the limit, and hears how much there is; the rule does not give more.
func TestAPersonMayExceedTheLimit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := begin(t, d)
		boss, ann := w.User(desktest.Role(desk.RoleAdmin)), w.User(desktest.Named("Ann Holm"))
		limit := func(c desk.Capacity) {
			w.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.Settings.SetCapacity(ctx, tx, desk.System, setting.Capacity{Default: c}, func(string) bool { return true })
				return err
			})
		}
		one, nine := 1, 9
		limit(desk.Capacity{Total: &one})
		give := func(tk desk.Ticket) *assignment.Standing {
			w.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.Assignment.Manual(ctx, tx, desk.ByUser(boss.ID), tk.ID, ann.ID, 0)
				return err
			})
			got, err := w.Tickets.Get(context.Background(), d, tk.ID)
			if err != nil || got.OwnerID != ann.ID {
				t.Fatalf("%+v %v", got.Assignment, err)
			}
			st, err := w.Assignment.Stands(context.Background(), d, got)
			if err != nil {
				t.Fatal(err)
			}
			return st
		}
		if st := give(w.Ticket()); st == nil || st.Count != 1 || *st.Limit != 1 || st.Over || st.Name != "Ann Holm" {
			t.Fatalf("%+v", st)
		}
		acc := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}})))
		if a := w.assign(w.from(w.Contact(""), acc), acc); a.OwnerID != 0 || a.Candidates[0].Reason != routing.AtCapacity {
			t.Fatalf("the rule gave more than the limit: %+v", a)
		}
		if st := give(w.Ticket()); st == nil || st.Count != 2 || !st.Over {
			t.Fatalf("%+v", st)
		}
		limit(desk.Capacity{Total: &nine, Email: &one}) // of two limits the one that is reached first
		if st := give(w.Ticket()); st.Kind != routing.Email || st.Count != 3 || !st.Over {
			t.Errorf("%+v", st)
		}
		limit(desk.Capacity{})
		if st := give(w.Ticket()); st.Limit != nil || st.Over || st.Count != 4 {
			t.Errorf("%+v", st)
		}
		box := w.Inbox("sales")
		if st := give(w.Ticket(func(n *ticket.NewTicket) { n.InboxID = box.ID })); st != nil {
			t.Errorf("work of another inbox counts for nobody: %+v", st)
		}
	})
}

// RT-20: whom the rule in force did not name counts in a replay as available as they were then, and other hours as they stood then; where the channel gave nothing to anybody, too.
func TestReplayKnowsWhoWasThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, w := context.Background(), begin(t, d)
		ann, bo, cleo := w.User(), w.User(), w.User()
		start := w.Clock.Now()
		nightUntil := w.Clock.Ms() + desk.Time(3*time.Hour/time.Millisecond)
		w.Assignment.WithHours(func(_ context.Context, _ db.Queryer, slug string, at desk.Time) (bool, desk.Time, error) {
			return slug == "nights" && at >= nightUntil, 0, nil
		})
		at := func(after time.Duration) { w.Clock.Set(start.Add(after)) }
		is := func(u desk.User, available bool) {
			w.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.People.SetAvailability(ctx, tx, desk.ByUser(u.ID), u.ID, people.Choice{Available: available})
				return err
			})
		}
		acc := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{ann.Email}, AvailableOnly: true})))
		quiet := w.Account(desktest.Assign(to(desk.AssignPolicy{To: routing.ToNoOne})))
		is(bo, true)
		is(cleo, false)
		at(time.Hour)
		first, light := w.from(w.Contact(""), acc), w.from(w.Contact(""), quiet)
		w.assign(first, acc)
		w.assign(light, quiet)
		at(2 * time.Hour)
		is(bo, false)
		is(cleo, true)
		at(4 * time.Hour)
		second := w.from(w.Contact(""), acc)
		w.assign(second, acc)
		at(5 * time.Hour)
		is(cleo, false)
		would := func(account desk.ChannelAccountID, p desk.AssignPolicy) (out []desk.Assignment) {
			t.Helper()
			ks, err := w.Assignment.Decisions(ctx, d, account, 0, w.Clock.Ms()+1, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range assignment.Replay(ks, p).Items {
				out = append(out, x.Now)
			}
			return out
		}
		both := to(desk.AssignPolicy{To: routing.ToUsers, Users: []string{bo.Email, cleo.Email}, AvailableOnly: true})
		if got := would(acc.ID, both); len(got) != 2 || got[0].OwnerID != bo.ID || got[1].OwnerID != cleo.ID {
			t.Errorf("by today's availability: %+v", got)
		}
		if got := would(quiet.ID, both); len(got) != 1 || got[0].OwnerID != bo.ID {
			t.Errorf("where nobody was looked at: %+v", got)
		}
		both.Hours = "nights"
		if got := would(acc.ID, both); len(got) != 2 || got[0].OwnerID != bo.ID || got[1].Reason != routing.OutsideHours {
			t.Errorf("hours: %+v", got)
		}
	})
}
