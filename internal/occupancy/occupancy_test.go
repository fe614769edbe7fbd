package occupancy_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/occupancy"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/ticket"
)

// RP-07: time with work is when somebody had an open ticket of their own that did not rest, however it came and went; away, nothing counts.
func TestTimeWithWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		ctx := context.Background()
		at := func(clock string) {
			t.Helper()
			x, err := time.Parse("2006-01-02 15:04", clock)
			if err != nil {
				t.Fatal(err)
			}
			k.Clock.Set(x)
		}
		at("2026-03-02 00:00")
		acc := k.Account()
		ann, bob := k.User(), k.User()
		var tk, long desk.Ticket
		do := func(fn func(ctx context.Context, tx *db.Tx) error) { t.Helper(); k.Write(fn) }
		own := func(id desk.TicketID, u desk.UserID) {
			t.Helper()
			do(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Tickets.SetOwner(ctx, tx, desk.System, id, desk.Assignment{OwnerID: u, Rule: "manual", Reason: "chosen_by_person"})
				return err
			})
		}
		at("2026-03-02 08:00")
		tk = k.Ticket(named(acc, "One"))
		own(tk.ID, ann.ID)
		at("2026-03-02 10:00") // two hours of Ann, then Bob
		own(tk.ID, bob.ID)
		at("2026-03-02 11:00")
		do(func(ctx context.Context, tx *db.Tx) error { // away for half an hour with it
			_, err := k.People.SetAvailability(ctx, tx, desk.ByUser(bob.ID), bob.ID, people.Choice{})
			return err
		})
		at("2026-03-02 11:30")
		do(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.People.SetAvailability(ctx, tx, desk.ByUser(bob.ID), bob.ID, people.Choice{Available: true})
			return err
		})
		at("2026-03-02 12:00")
		do(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.Tickets.Close(ctx, tx, desk.System, tk.ID, "")
			return err
		})
		at("2026-03-02 22:00") // over midnight, and still hers
		long = k.Ticket(named(acc, "Two"))
		own(long.ID, ann.ID)
		at("2026-03-03 06:00")
		rep, err := k.People.Report(ctx, d, []desk.UserID{ann.ID, bob.ID}, "2026-03-02", "2026-03-03", "UTC")
		if err != nil {
			t.Fatal(err)
		}
		with, err := occupancy.Days(ctx, d, rep)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for i, day := range rep.Days {
			got[fmt.Sprint(day.UserID == ann.ID, " ", day.Day)] = fmt.Sprintf("%.1f of %.1f", float64(with[i])/3_600_000, float64(day.Available)/3_600_000)
		}
		for what, want := range map[string]string{"true 2026-03-02": "4.0 of 24.0", "true 2026-03-03": "6.0 of 6.0", "false 2026-03-02": "1.5 of 23.5", "false 2026-03-03": "0.0 of 6.0"} {
			if got[what] != want {
				t.Errorf("%s: %s, not %s", what, got[what], want)
			}
		}
	})
}

func named(acc desk.ChannelAccount, subject string) func(*ticket.NewTicket) {
	return func(n *ticket.NewTicket) { n.Subject, n.AccountID, n.InboxID = subject, acc.ID, acc.InboxID }
}
