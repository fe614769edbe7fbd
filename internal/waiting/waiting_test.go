package waiting_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/waiting"
)

type rig struct {
	*desktest.Desk
	w *waiting.Service
}

func newRig(t testing.TB, d *db.DB) *rig {
	r := &rig{Desk: desktest.New(t, d)}
	r.w = r.service()
	r.Assignment.WithQueue(r.w)
	r.settle() // takes its place in the log
	return r
}

func (r *rig) service() *waiting.Service {
	return waiting.New(waiting.Deps{DB: r.DB, Clock: r.Clock, Events: r.Events, Tickets: r.Tickets, Threads: r.Threads, Engine: r.Assignment, HandOn: func(ctx context.Context, q db.Queryer) (time.Duration, error) {
		v, err := r.Settings.Waiting(ctx, q)
		return time.Duration(v.HandOnMinutes) * time.Minute, err
	}})
}

// numbered gives the events their numbers where they get them after the commit.
func (r *rig) numbered() {
	r.T.Helper()
	if r.DB.Dialect() != db.Postgres {
		return
	}
	r.exec(`UPDATE events SET seq = n.seq FROM (SELECT id, (SELECT COALESCE(MAX(seq), 0) FROM events) + ROW_NUMBER() OVER (ORDER BY ord) AS seq FROM events WHERE seq IS NULL) n WHERE events.id = n.id`)
}

// settle takes in everything that has happened, and what comes of it.
func (r *rig) settle() {
	r.T.Helper()
	for range 200 {
		r.numbered()
		before := len(r.EventsOf(""))
		more, err := r.w.Step(context.Background())
		if err != nil {
			r.T.Fatal(err)
		}
		if !more && len(r.EventsOf("")) == before {
			return
		}
	}
	r.T.Fatal("the line does not come to rest")
}

func (r *rig) arrive(acc desk.ChannelAccount, with ...func(*ticket.NewTicket)) desk.Ticket {
	r.T.Helper()
	var out desk.Ticket
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		n := newTicket(acc)
		for _, w := range with {
			w(&n)
		}
		t, err := r.Tickets.Create(ctx, tx, n)
		if err != nil {
			return err
		}
		if _, err := r.Assignment.Assign(ctx, tx, t, acc); err != nil {
			return err
		}
		out, err = r.Tickets.Get(ctx, tx, t.ID)
		return err
	})
	return out
}

func newTicket(acc desk.ChannelAccount) ticket.NewTicket {
	return ticket.NewTicket{Actor: desk.System, Subject: "Hello", InboxID: acc.InboxID, AccountID: acc.ID, Channel: acc.Channel, Policy: acc.Ticket}
}

func priority(p desk.Priority) func(*ticket.NewTicket) {
	return func(n *ticket.NewTicket) { n.Policy.Priority = string(p) }
}

func (r *rig) owner(t desk.Ticket) desk.UserID {
	r.T.Helper()
	got, err := r.Tickets.Get(context.Background(), r.DB, t.ID)
	if err != nil {
		r.T.Fatal(err)
	}
	return got.OwnerID
}

func (r *rig) place(t desk.Ticket) int {
	r.T.Helper()
	p, err := r.w.Of(context.Background(), r.DB, desk.WaitingTicket, int64(t.ID))
	if err != nil {
		r.T.Fatal(err)
	}
	if p == nil {
		return 0
	}
	return p.Place
}

func (r *rig) available(u desk.User, on bool) {
	r.T.Helper()
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := r.People.SetAvailable(ctx, tx, desk.ByUser(u.ID), u.ID, on)
		return err
	})
}

func (r *rig) limit(n int) {
	r.T.Helper()
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := r.Settings.SetCapacity(ctx, tx, desk.System, setting.Capacity{Default: desk.Capacity{Total: &n}}, func(string) bool { return true })
		return err
	})
}

func (r *rig) change(t desk.Ticket, c ticket.Change) {
	r.T.Helper()
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := r.Tickets.Update(ctx, tx, desk.System, t.ID, c)
		return err
	})
}

func users(us ...desk.User) desk.AssignPolicy {
	p := desk.AssignPolicy{To: routing.ToUsers, AvailableOnly: true, By: routing.ByLeastOpen}
	for _, u := range us {
		p.Users = append(p.Users, u.Email)
	}
	return p
}

// RT-07, section 29 row 4: what nobody could have is given away in the order of priority and age when somebody comes.
func TestTheLineMovesWhenSomebodyComes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.limit(2)
		ann, bo := r.User(desktest.Away), r.User(desktest.Away)
		acc := r.Account(desktest.Assign(users(ann, bo)))
		low := r.arrive(acc)
		second := r.arrive(acc)
		urgent := r.arrive(acc, priority(desk.PriorityUrgent))
		last := r.arrive(acc)
		if r.place(urgent) != 1 || r.place(low) != 2 || r.place(second) != 3 || r.place(last) != 4 {
			t.Fatalf("places %d %d %d %d", r.place(urgent), r.place(low), r.place(second), r.place(last))
		}
		r.settle()
		if r.owner(low) != 0 || r.owner(urgent) != 0 {
			t.Fatal("given to somebody who is away")
		}
		r.available(ann, true)
		r.settle()
		if r.owner(urgent) != ann.ID || r.owner(low) != ann.ID || r.owner(second) != 0 {
			t.Fatalf("owners %v %v %v, want the urgent one and the oldest, and no more than two (CP-04)", r.owner(urgent), r.owner(low), r.owner(second))
		}
		if r.place(second) != 1 || r.place(last) != 2 || r.place(low) != 0 {
			t.Fatalf("places %d %d", r.place(second), r.place(last))
		}
		r.available(bo, true)
		r.settle()
		if r.owner(second) != bo.ID || r.owner(last) != bo.ID {
			t.Fatal("the second agent got nothing")
		}
		got, _ := r.Tickets.Get(context.Background(), d, second.ID)
		if got.Assignment.Cause != routing.Queue {
			t.Errorf("cause %q", got.Assignment.Cause)
		}
		if q, l := len(r.EventsOf(desk.EvTicketQueued)), len(r.EventsOf(desk.EvTicketDequeued)); q != 4 || l != 4 {
			t.Errorf("%d queued and %d dequeued events", q, l)
		}
	})
}

// RT-07: the seed's behaviour is a setting of the rule.
func TestNoQueueLeavesItToPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := r.User(desktest.Away)
		p := users(ann)
		p.NoQueue = true
		tk := r.arrive(r.Account(desktest.Assign(p)))
		r.available(ann, true)
		r.settle()
		if r.owner(tk) != 0 || r.place(tk) != 0 || len(r.EventsOf(desk.EvTicketQueued)) != 0 {
			t.Fatal("it was given away, or waits")
		}
	})
}

// CP-08: each of these frees a place, and who waits gets it.
func TestWhatFreesAPlace(t *testing.T) {
	closed := func(r *rig, held desk.Ticket, _ desk.User) {
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Tickets.Close(ctx, tx, desk.System, held.ID, "")
			return err
		})
	}
	hide := func(h desk.Hidden) func(*rig, desk.Ticket, desk.User) {
		return func(r *rig, held desk.Ticket, _ desk.User) { r.change(held, ticket.Change{Hidden: &h}) }
	}
	for name, free := range map[string]func(r *rig, held desk.Ticket, other desk.User){
		"closed": closed,
		"spam":   hide(desk.HiddenSpam),
		"trash":  hide(desk.HiddenTrash),
		"reassigned": func(r *rig, held desk.Ticket, other desk.User) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Assignment.Manual(ctx, tx, desk.ByUser(other.ID), held.ID, other.ID, 0)
				return err
			})
		},
		"unassigned": func(r *rig, held desk.Ticket, other desk.User) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Assignment.Manual(ctx, tx, desk.ByUser(other.ID), held.ID, 0, 0)
				return err
			})
		},
		"snoozed": func(r *rig, held desk.Ticket, _ desk.User) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Tickets.Snooze(ctx, tx, desk.System, held.ID, 0)
				return err
			})
		},
		"merged": func(r *rig, held desk.Ticket, _ desk.User) {
			into := r.Ticket()
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				return r.Tickets.Absorb(ctx, tx, desk.System, held.ID, into.ID, "")
			})
		},
		"a higher limit": func(r *rig, _ desk.Ticket, _ desk.User) { r.limit(5) },
		"somebody joins the rule": func(r *rig, _ desk.Ticket, other desk.User) {
			accs, _ := r.Inboxes.Accounts(context.Background(), r.DB, inbox.Filter{})
			for _, a := range accs {
				if a.Assign.To == routing.ToUsers {
					p := a.Assign
					p.Users = append(p.Users, other.Email)
					r.Write(func(ctx context.Context, tx *db.Tx) error {
						_, err := r.Inboxes.UpdateAccount(ctx, tx, desk.System, a.ID, inbox.AccountChange{Assign: &p})
						return err
					})
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				r := newRig(t, d)
				r.limit(1)
				ann, other := r.User(), r.User()
				acc := r.Account(desktest.Assign(users(ann)))
				held := r.arrive(acc)
				waits := r.arrive(acc)
				r.settle()
				if r.owner(held) != ann.ID || r.owner(waits) != 0 || r.place(waits) != 1 {
					t.Fatalf("owners %v %v", r.owner(held), r.owner(waits))
				}
				free(r, held, other)
				r.settle()
				if r.owner(waits) == 0 {
					t.Fatal("still waits")
				}
			})
		})
	}
}

// RT-07: a person's decision, closing and hiding take it out of the line, and it is not given away behind their back.
func TestWhatLeavesTheLine(t *testing.T) {
	hide := func(h desk.Hidden) func(*rig, desk.Ticket, desk.User) {
		return func(r *rig, tk desk.Ticket, _ desk.User) { r.change(tk, ticket.Change{Hidden: &h}) }
	}
	for name, leave := range map[string]func(r *rig, tk desk.Ticket, by desk.User){
		"manually assigned": func(r *rig, tk desk.Ticket, by desk.User) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Assignment.Manual(ctx, tx, desk.ByUser(by.ID), tk.ID, by.ID, 0)
				return err
			})
		},
		"reply assigns": func(r *rig, tk desk.Ticket, by desk.User) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Assignment.ReplyAssigns(ctx, tx, desk.ByUser(by.ID), tk)
				return err
			})
		},
		"closed": func(r *rig, tk desk.Ticket, _ desk.User) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Tickets.Close(ctx, tx, desk.System, tk.ID, "")
				return err
			})
		},
		"spam":  hide(desk.HiddenSpam),
		"trash": hide(desk.HiddenTrash),
		"snoozed": func(r *rig, tk desk.Ticket, _ desk.User) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Tickets.Snooze(ctx, tx, desk.System, tk.ID, 0)
				return err
			})
		},
		"merged": func(r *rig, tk desk.Ticket, _ desk.User) {
			into := r.Ticket()
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				return r.Tickets.Absorb(ctx, tx, desk.System, tk.ID, into.ID, "")
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				r := newRig(t, d)
				ann, by := r.User(desktest.Away), r.User()
				tk := r.arrive(r.Account(desktest.Assign(users(ann))))
				r.settle()
				if r.place(tk) != 1 {
					t.Fatal("it does not wait")
				}
				leave(r, tk, by)
				r.settle()
				if r.place(tk) != 0 {
					t.Fatal("it still waits")
				}
				before := r.owner(tk)
				r.available(ann, true)
				r.settle()
				if r.owner(tk) != before {
					t.Fatalf("given to %v behind the back of who decided", r.owner(tk))
				}
			})
		})
	}
}

// RT-05: a hold for an owner ends by the clock, without anything happening.
func TestAHoldEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		owner, team := r.User(desktest.Away), r.User()
		c := r.Contact("")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Contacts.Update(ctx, tx, desk.System, c.ID, contact.Change{OwnerID: &owner.ID})
			return err
		})
		acc := r.Account(desktest.Assign(desk.AssignPolicy{To: routing.ToContactOwner, AvailableOnly: true, HoldSeconds: 600, Fallback: []desk.AssignStep{{To: routing.ToUsers, Users: []string{team.Email}}}}))
		tk := r.arrive(acc, func(n *ticket.NewTicket) { n.ContactID = c.ID })
		th := r.Thread(tk, acc)
		r.Message(th)
		r.settle()
		p, err := r.w.Of(context.Background(), d, desk.WaitingTicket, int64(tk.ID))
		if err != nil || p == nil || p.Reason != routing.HeldForOwner || p.NextAt == 0 {
			t.Fatalf("%+v %v", p, err)
		}
		r.Clock.Set(r.Clock.Now().Add(11 * time.Minute))
		r.settle()
		if r.owner(tk) != team.ID {
			t.Fatalf("owner %v, want the fallback once the hold is over", r.owner(tk))
		}
	})
}

// RT-21, section 29 row 13: several nodes drain the same line; nobody gets more than their limit, nothing is given twice.
func TestNodesDrainTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.limit(7)
		var us []desk.User
		for range 4 {
			us = append(us, r.User(desktest.Away))
		}
		acc := r.Account(desktest.Assign(users(us...)))
		for range 40 {
			r.arrive(acc)
		}
		r.settle()
		for _, u := range us {
			r.available(u, true)
		}
		r.numbered()
		var wg sync.WaitGroup
		for range 4 {
			node := r.service()
			wg.Go(func() {
				for {
					more, err := node.Step(context.Background())
					if err != nil {
						t.Error(err)
					}
					if !more || err != nil {
						return
					}
				}
			})
		}
		wg.Wait()
		r.settle()
		for _, u := range us {
			var n int
			if err := d.QueryRow(context.Background(), "SELECT COUNT(*) FROM tickets WHERE owner_id = $1", u.ID).Scan(&n); err != nil || n != 7 {
				t.Errorf("%s has %d, want 7 (%v)", u.Name, n, err)
			}
		}
		var left int
		if err := d.QueryRow(context.Background(), "SELECT COUNT(*) FROM assignment_queue").Scan(&left); err != nil || left != 12 {
			t.Errorf("%d wait, want 12 (%v)", left, err)
		}
		seen := map[desk.TicketID]int{}
		for _, ev := range r.EventsOf(desk.EvTicketAssigned) {
			if ev.UserID != 0 {
				seen[ev.TicketID]++
			}
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("ticket %v was given away %d times", id, n)
			}
		}
	})
}

// CP-08: one free place costs one lane's head, not a decision for everybody who waits.
func TestOneFreePlaceAsksOneLane(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.limit(1)
		ann := r.User()
		acc := r.Account(desktest.Assign(users(ann)))
		first := r.arrive(acc)
		for range 60 {
			r.arrive(acc)
		}
		r.settle()
		tries := func() (n int) {
			if err := d.QueryRow(context.Background(), "SELECT COALESCE(SUM(tries), 0) FROM assignment_queue").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := tries()
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Tickets.Close(ctx, tx, desk.System, first.ID, "")
			return err
		})
		r.settle()
		var left int
		if err := d.QueryRow(context.Background(), "SELECT COUNT(*) FROM assignment_queue").Scan(&left); err != nil || left != 59 {
			t.Fatalf("%d wait (%v)", left, err)
		}
		if n := tries() - before; n > 4 {
			t.Errorf("%d tries in vain for one free place among 60", n)
		}
	})
}

// AV-11: an unanswered chat of somebody who has gone is handed on; who chose to be away keeps theirs (AV-08); 0 minutes is never.
func TestUnansweredChatsAreHandedOn(t *testing.T) {
	for name, c := range map[string]struct {
		by      string
		minutes int
		answers bool
		moves   bool
	}{
		"closed their browser": {"idle", 5, false, true}, "their day is over": {"hours", 5, false, true}, "chose to be away": {"manual", 5, false, false},
		"never": {"idle", 0, false, false}, "answered": {"idle", 5, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				r := newRig(t, d)
				r.Write(func(ctx context.Context, tx *db.Tx) error {
					_, err := r.Settings.SetWaiting(ctx, tx, desk.System, setting.Waiting{HandOnMinutes: c.minutes})
					return err
				})
				ann, bo := r.User(), r.User(desktest.Away)
				acc := r.Account(desktest.Assign(users(ann, bo)))
				tk := r.arrive(acc)
				r.chat(tk, acc)
				if c.answers {
					r.exec("UPDATE tickets SET first_reply_at = $1 WHERE id = $2", r.Clock.Ms(), tk.ID)
				}
				if r.owner(tk) != ann.ID {
					t.Fatal("not hers")
				}
				r.available(bo, true)
				r.available(ann, false)
				r.exec("UPDATE users SET available_by = $1, available_at = $2 WHERE id = $3", c.by, r.Clock.Ms(), ann.ID)
				r.settle()
				if r.owner(tk) != ann.ID {
					t.Fatal("handed on at once")
				}
				r.Clock.Set(r.Clock.Now().Add(6 * time.Minute))
				r.settle()
				want := ann.ID
				if c.moves {
					want = bo.ID
				}
				if r.owner(tk) != want {
					t.Errorf("owner %v, want %v", r.owner(tk), want)
				}
			})
		})
	}
}

func (r *rig) exec(query string, args ...any) {
	r.T.Helper()
	r.Write(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err })
}

// chat makes a ticket's conversation one with a visitor who has written.
func (r *rig) chat(tk desk.Ticket, acc desk.ChannelAccount) {
	r.T.Helper()
	th := r.Thread(tk, acc)
	r.Message(th)
	r.exec("UPDATE threads SET visitor_id = 77 WHERE id = $1", th.ID)
}

// RT-19: a ticket is given out by its channel's rule, or among those whom somebody names, with the same availability and limits.
func TestRotate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		boss, ann, bo, away := r.User(desktest.Role(desk.RoleAdmin)), r.User(), r.User(), r.User(desktest.Away)
		acc := r.Account(desktest.Assign(users(ann)))
		tk := r.arrive(acc)
		rotate := func(p *desk.AssignPolicy) (a desk.Assignment, err error) {
			err = r.Try(func(ctx context.Context, tx *db.Tx) error {
				a, err = r.Assignment.Rotate(ctx, tx, desk.ByUser(boss.ID), tk.ID, p, routing.Reassigned)
				return err
			})
			return a, err
		}
		p := users(bo, away)
		if a, err := rotate(&p); err != nil || a.OwnerID != bo.ID || r.owner(tk) != bo.ID {
			t.Fatalf("%+v %v", a, err)
		}
		p = users(away)
		if a, err := rotate(&p); err != nil || a.OwnerID != 0 || a.Reason != routing.NobodyAvailable || r.owner(tk) != bo.ID {
			t.Fatalf("nobody could have it, so it stays: %+v %v", a, err)
		}
		if a, err := rotate(nil); err != nil || a.OwnerID != ann.ID {
			t.Fatalf("%+v %v", a, err)
		}
		r.limit(0)
		if a, err := rotate(&desk.AssignPolicy{To: routing.ToUsers, Users: []string{bo.Email}}); err != nil || a.OwnerID != 0 || a.Reason != routing.EverybodyFull {
			t.Fatalf("CP-05: who is full is passed over: %+v %v", a, err)
		}
		tk = r.Ticket()
		if _, err := rotate(nil); desk.ReasonOf(err) != "assign.no_rule" {
			t.Errorf("a ticket without a rule: %v", err)
		}
	})
}

// RT-07: the list is in the order in which work is given away, page by page.
func TestTheListIsTheOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := r.User(desktest.Away)
		acc := r.Account(desktest.Assign(users(ann)))
		for i := range 7 {
			p := []desk.Priority{"", desk.PriorityHigh, desk.PriorityUrgent}[i%3]
			r.arrive(acc, priority(p), func(n *ticket.NewTicket) { n.Subject = fmt.Sprint(i) })
		}
		var got []string
		for after := ""; ; {
			c, err := waiting.ParseCursor(after)
			if err != nil {
				t.Fatal(err)
			}
			rows, next, err := r.w.List(context.Background(), d, "", nil, acc.ID, c, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range rows {
				got = append(got, x.Subject)
				if x.Place.Place != len(got) || x.Of != 7 {
					t.Errorf("%s: place %d of %d", x.Subject, x.Place.Place, x.Of)
				}
			}
			if after = next; next == "" {
				break
			}
		}
		if want := "[2 5 1 4 0 3 6]"; fmt.Sprint(got) != want {
			t.Errorf("%v, want %s", got, want)
		}
	})
}

// Section 29 row 18: a team without members waits for its first; a rule whose people are all deactivated waits too, and nothing is lost.
func TestAnEmptyTeamWaitsForItsFirstMember(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		team := r.Team("support")
		acc := r.Account(desktest.Assign(desk.AssignPolicy{To: routing.ToTeams, Teams: []string{"support"}, AvailableOnly: true}))
		tk := r.arrive(acc)
		r.settle()
		if r.place(tk) != 1 {
			t.Fatalf("place %d", r.place(tk))
		}
		ann := r.User()
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.People.UpdateTeam(ctx, tx, desk.System, team.ID, people.TeamChange{Members: &[]desk.UserID{ann.ID}})
			return err
		})
		r.settle()
		if r.owner(tk) != ann.ID {
			t.Fatalf("owner %v", r.owner(tk))
		}
	})
}

// Section 29 row 18: the open work of somebody who left goes by the rule, or waits; they stay the owner of their contacts, and the rule goes on to its fallbacks.
func TestWhoLeavesLosesTheirWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann, bo := r.User(), r.User(desktest.Away)
		c := r.Contact("")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Contacts.Update(ctx, tx, desk.System, c.ID, contact.Change{OwnerID: &ann.ID})
			return err
		})
		acc := r.Account(desktest.Assign(desk.AssignPolicy{To: routing.ToContactOwner, AvailableOnly: true, Fallback: []desk.AssignStep{{To: routing.ToUsers, Users: []string{bo.Email}}}}))
		plain := r.Account(desktest.Assign(users(ann, bo)))
		tk := r.arrive(plain)
		if r.owner(tk) != ann.ID {
			t.Fatal("not hers")
		}
		off := false
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := r.People.Update(ctx, tx, desk.System, ann.ID, people.UserChange{Active: &off}); err != nil {
				return err
			}
			_, err := r.Assignment.Settle(ctx, tx, tk.ID, routing.OwnerLeft)
			return err
		})
		r.settle()
		if r.owner(tk) != 0 || r.place(tk) != 1 {
			t.Fatalf("owner %v, place %d: it waits for whoever is left", r.owner(tk), r.place(tk))
		}
		theirs := r.arrive(acc, func(n *ticket.NewTicket) { n.ContactID = c.ID })
		r.Message(r.Thread(theirs, acc))
		r.available(bo, true)
		r.settle()
		if r.owner(tk) != bo.ID || r.owner(theirs) != bo.ID {
			t.Errorf("owners %v %v, want who came", r.owner(tk), r.owner(theirs))
		}
		if got, err := r.Contacts.Get(context.Background(), d, c.ID); err != nil || got.OwnerID != ann.ID {
			t.Errorf("the contact's owner is %v (%v)", got.OwnerID, err)
		}
	})
}
