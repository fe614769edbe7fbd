package dispatch_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
)

// CF-04: what a bot says is stored as sent in the caller's transaction, with its buttons, and is told like an answer; it neither assigns nor counts as
// the first reply. A conversation that is with no visitor takes nothing.
func TestSay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		ctx := context.Background()
		say := func(th desk.Thread, cmd dispatch.SayCommand) (m desk.Message, err error) {
			err = r.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				cmd.Thread = th
				m, err = r.s.Say(ctx, tx, cmd)
				return err
			})
			return m, err
		}
		bot := desk.Actor{Kind: desk.ActorBot, ID: 7}
		hello := dispatch.SayCommand{Actor: bot, Content: dispatch.Content{Text: "Which bike?"}, Offers: &desk.Offers{Quick: []desk.QuickReply{{Label: "Road\nbike", Value: "road", Step: "s1"}, {}}}}
		if _, err := say(c.thread, hello); desk.CodeOf(err) != desk.Invalid {
			t.Fatalf("without a visitor: %v", err)
		}
		th := c.thread
		th.VisitorID = desk.VisitorID(4711)
		m, err := say(th, hello)
		if err != nil {
			t.Fatal(err)
		}
		got := r.message(m.ID)
		if got.Status != desk.StatusSent || got.Kind != desk.KindMessage || got.Direction != desk.Outgoing || got.Client != "chatflow" || got.Recipients[0].Kind != desk.AddrVisitor {
			t.Errorf("stored as %+v", got)
		}
		if got.Offers == nil || len(got.Offers.Quick) != 1 || got.Offers.Quick[0].Label != "Road bike" || got.Offers.Quick[0].Step != "s1" {
			t.Errorf("its buttons: %+v", got.Offers)
		}
		if ds := r.deliveries(m.ID); ds["v4711"] != desk.StatusSent {
			t.Errorf("the ledger: %v", ds)
		}
		var told int
		if err := r.DB.QueryRow(ctx, "SELECT COUNT(*) FROM events WHERE message_id = $1 AND type = $2", m.ID, desk.EvMessageQueued).Scan(&told); err != nil || told != 1 {
			t.Errorf("told %d times (%v)", told, err)
		}
		note, err := say(th, dispatch.SayCommand{Actor: desk.System, Kind: desk.KindSystem, Content: dispatch.Content{Text: "You are now talking to Ann."}})
		if err != nil || note.Direction != desk.Outgoing || note.Client != "system" {
			t.Errorf("a note: %+v, %v", note, err)
		}
		tk, err := r.Tickets.Get(ctx, r.DB, c.ticket.ID)
		if err != nil || tk.OwnerID != 0 || tk.FirstReply != 0 || tk.Snippet != "Which bike?" {
			t.Errorf("the ticket: %+v, %v", tk, err)
		}
		if _, err := say(th, dispatch.SayCommand{Actor: bot}); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("nothing said: %v", err)
		}
	})
}
