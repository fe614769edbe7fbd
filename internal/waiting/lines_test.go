package waiting_test

import (
	"context"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/hours"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/skill"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/worktime"
)

func at(moment string) time.Time {
	t, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		panic(err)
	}
	return t
}

// AV-07: outside the business hours of its rule a channel's work is given to nobody, available or not, and handed on by the clock when they open.
func TestBusinessHoursOpenTheLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.Clock.Set(at("2030-01-08T06:00:00Z")) // a Tuesday
		r.settle()
		times := worktime.New(d, r.Clock, r.Events)
		r.Assignment.WithHours(times.Closed)
		week := hours.Schedule{Timezone: "UTC", Ranges: []hours.Range{{Days: []int{1, 2, 3, 4, 5}, From: "09:00", To: "17:00"}}}
		put := func() {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := times.Put(ctx, tx, desk.System, "office", worktime.Change{Schedule: &week})
				return err
			})
		}
		put()
		ann := r.User()
		p := users(ann)
		p.Hours = "office"
		acc := r.Account(desktest.Assign(p))
		tk := r.arrive(acc)
		r.settle()
		if got, _ := r.Tickets.Get(context.Background(), d, tk.ID); got.OwnerID != 0 || got.Assignment.Reason != routing.OutsideHours || got.Assignment.NextAt.Time().UTC().Hour() != 9 {
			t.Fatalf("%+v", got.Assignment)
		}
		r.Clock.Set(at("2030-01-08T08:59:00Z"))
		r.settle()
		if r.owner(tk) != 0 || r.place(tk) != 1 {
			t.Fatal("given away before they opened")
		}
		r.Clock.Set(at("2030-01-08T09:00:01Z"))
		r.settle()
		if r.owner(tk) != ann.ID {
			t.Fatal("not handed on when the hours opened")
		}
		r.Clock.Set(at("2030-01-08T18:00:00Z"))
		late := r.arrive(acc)
		r.settle()
		week.Ranges[0].To = "20:00" // longer hours are as good as the clock
		put()
		r.settle()
		if r.owner(late) != ann.ID {
			t.Fatal("longer hours opened nothing")
		}
	})
}

// CP-08: what the line is asked again for, beside a place that is free: a skill, access to the inbox, a role's right; and each of them only when it is really there.
func TestWhatMovesTheLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		skills := skill.New(r.Clock, r.Events, nil)
		r.Assignment.WithSkills(skills)
		grant := func(u desk.User, hs ...desk.SkillHeld) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := skills.Grant(ctx, tx, desk.System, u.ID, hs)
				return err
			})
			r.settle()
		}
		ann := r.User()
		p := users(ann)
		p.Rules = []desk.SkillRule{{Name: "Danish", Skills: []desk.SkillNeed{{Skill: "da", Level: 2}}, Strict: true}}
		tk := r.arrive(r.Account(desktest.Assign(p)))
		r.settle()
		if r.place(tk) != 1 {
			t.Fatal("it does not wait for the skill")
		}
		grant(ann, desk.SkillHeld{Slug: "da", Level: 1})
		grant(ann, desk.SkillHeld{Slug: "da", Level: 3, ExpiresAt: r.Clock.Ms() - 1}) // SK-06: over
		if r.owner(tk) != 0 {
			t.Fatal("given to somebody who knows too little, or did once")
		}
		grant(ann, desk.SkillHeld{Slug: "da", Level: 3, ExpiresAt: r.Clock.Ms().Add(time.Hour)})
		if r.owner(tk) != ann.ID {
			t.Fatal("the skill was granted, and it still waits")
		}
		r.Clock.Set(r.Clock.Now().Add(2 * time.Hour)) // and then it is over
		next := r.arrive(r.Account(desktest.Assign(p)))
		r.settle()
		if r.owner(next) != 0 || r.place(next) != 1 {
			t.Fatal("given to somebody whose skill is over")
		}

		bo := r.User()
		only := desk.Access{Users: []desk.UserID{bo.ID}}
		box := r.Inbox("sales", only)
		shut := r.arrive(r.Account(desktest.In(box), desktest.Assign(users(ann))))
		r.settle()
		if r.owner(shut) != 0 || r.place(shut) != 1 {
			t.Fatalf("owner %v without access to the inbox", r.owner(shut))
		}
		open := func(a desk.Access) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Inboxes.UpdateInbox(ctx, tx, desk.System, box.ID, inbox.InboxChange{Access: &a})
				return err
			})
			r.settle()
		}
		open(desk.Access{Everyone: true})
		if r.owner(shut) != ann.ID {
			t.Fatal("access was given, and it still waits")
		}
		// Access that is withdrawn takes nothing out of anybody's hands, but what comes back finds somebody else (RT-14, RT-18).
		open(only)
		if r.owner(shut) != ann.ID {
			t.Fatal("taken away")
		}
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := r.Tickets.Close(ctx, tx, desk.System, shut.ID, ""); err != nil {
				return err
			}
			got, err := r.Tickets.Reopen(ctx, tx, desk.System, shut.ID, "")
			if err != nil {
				return err
			}
			_, err = r.Assignment.Reopened(ctx, tx, got)
			return err
		})
		r.settle()
		if r.owner(shut) != 0 || r.place(shut) != 1 {
			t.Fatalf("opened again, owner %v has no access", r.owner(shut))
		}
	})
}

// CP-08: what is opened again takes its place again, so that nobody behind it gets it.
func TestWhatIsOpenedAgainTakesItsPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.limit(1)
		ann := r.User()
		acc := r.Account(desktest.Assign(users(ann)))
		first := r.arrive(acc)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := r.Tickets.Close(ctx, tx, desk.System, first.ID, ""); err != nil {
				return err
			}
			got, err := r.Tickets.Reopen(ctx, tx, desk.System, first.ID, "")
			if err != nil {
				return err
			}
			_, err = r.Assignment.Reopened(ctx, tx, got)
			return err
		})
		second := r.arrive(acc)
		r.settle()
		if r.owner(first) != ann.ID || r.owner(second) != 0 {
			t.Fatalf("owners %v %v", r.owner(first), r.owner(second))
		}
		// in the bin, and gone for good: the place is free once, and what waits and is deleted waits no more
		hidden := desk.HiddenTrash
		r.change(first, ticket.Change{Hidden: &hidden})
		r.settle()
		if r.owner(second) != ann.ID {
			t.Fatal("the place of what was deleted is not free")
		}
		third := r.arrive(acc)
		r.settle()
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			return r.w.Forget(ctx, tx, desk.WaitingTicket, int64(third.ID))
		})
		if r.place(third) != 0 {
			t.Error("what is gone for good waits")
		}
	})
}

// CP-08: urgent work weighs more, and changing a weight lets the line move.
func TestWeightsInTheLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		four := 4
		set := func(weights map[string]int) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Settings.SetCapacity(ctx, tx, desk.System, setting.Capacity{Default: desk.Capacity{Total: &four}, Weights: weights}, func(string) bool { return true })
				return err
			})
		}
		set(map[string]int{"urgent": 3})
		ann := r.User()
		acc := r.Account(desktest.Assign(users(ann)))
		urgent := r.arrive(acc, priority(desk.PriorityUrgent))
		plain := r.arrive(acc)
		more := r.arrive(acc, priority(desk.PriorityUrgent))
		r.settle()
		if r.owner(urgent) != ann.ID || r.owner(plain) != ann.ID || r.owner(more) != 0 {
			t.Fatalf("three and one are four: %v %v %v", r.owner(urgent), r.owner(plain), r.owner(more))
		}
		set(map[string]int{"urgent": 1})
		r.settle()
		if r.owner(more) != ann.ID {
			t.Error("it weighs less, and still waits")
		}
	})
}

// RT-03, RT-07: a conversation without a ticket waits and goes like any other work; what is closed meanwhile waits no more.
func TestConversationsWaitToo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := r.User(desktest.Away)
		box := r.Inbox("sales")
		acc := r.Account(desktest.In(box), desktest.Assign(users(ann)))
		begin := func() desk.Thread {
			th := r.Thread(desk.Ticket{InboxID: box.ID, ContactID: r.Contact("").ID, Subject: "Hi"}, acc)
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Assignment.AssignThread(ctx, tx, th, acc, routing.Arrived)
				return err
			})
			return th
		}
		first, second := begin(), begin()
		r.settle()
		rows, _, err := r.w.List(context.Background(), d, "", nil, acc.ID, nil, 10)
		if err != nil || len(rows) != 2 {
			t.Fatalf("%d wait: %v", len(rows), err)
		}
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Threads.Turn(ctx, tx, desk.System, second.ID, false)
			return err
		})
		r.settle()
		r.available(ann, true)
		r.settle()
		got, err := r.Threads.Get(context.Background(), d, first.ID)
		if err != nil || got.OwnerID != ann.ID {
			t.Errorf("%+v %v", got, err)
		}
		if got, _ := r.Threads.Get(context.Background(), d, second.ID); got.OwnerID != 0 {
			t.Error("a closed conversation was given away")
		}
	})
}
