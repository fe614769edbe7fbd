package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

func fault(f channel.Fault, public string) error {
	return &channel.SendError{Fault: f, Code: "450 4.2.0", Public: public}
}

// dies leaves the database as a worker leaves it that was killed while it sent: its job runs, its lease is over, its attempt
// is open, and marked when it had come so far.
func (r *rig) dies(m desk.Message, marked bool) {
	r.t.Helper()
	id, _ := r.jobOf(m.ID)
	var to []string
	for _, p := range m.Recipients {
		to = append(to, p.Address)
	}
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE jobs SET state = 'running', fence = fence + 1, attempts = 1, lease_owner = 'killed', lease_until = 1 WHERE id = $1", id); err != nil {
			return err
		}
		a, err := r.Threads.BeginAttempt(ctx, tx, m.ID, id, 1, to)
		if err != nil || !marked {
			return err
		}
		return r.Threads.MarkAttempt(ctx, tx, a.ID, to)
	})
}

func TestWhatWasMarkedWhenTheServerDiedIsUncertainAndNotSentAgain(t *testing.T) { // XC-02, design 3
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		m := r.reply(c)
		r.dies(m, true)
		r.run()
		got := r.waitFor(m.ID, desk.StatusUncertain)
		r.until("the end of the job", func() bool { s, err := r.jobs.Stats(ctx); return err == nil && s.Ready+s.Running == 0 })
		if n := len(r.line.outbox()); n != 0 {
			t.Fatalf("it was sent again %d times", n)
		}
		if !strings.Contains(got.StatusReason, "may have gone out") || len(r.EventsOf(desk.EvMessageUncertain)) != 1 {
			t.Errorf("reason %q", got.StatusReason)
		}
		// One click sends it again, once, under the same name.
		if _, err := r.s.Resend(ctx, desk.ByUser(c.agent.ID), m.ID, nil); err != nil {
			t.Fatal(err)
		}
		r.waitFor(m.ID, desk.StatusSent)
		if out := r.line.outbox(); len(out) != 1 || out[0].RemoteID != m.RemoteID {
			t.Errorf("went out %+v", out)
		}
		if _, err := r.s.Resend(ctx, desk.ByUser(c.agent.ID), m.ID, nil); desk.ReasonOf(err) != "message.nothing_to_resend" {
			t.Errorf("a third time: %v", err)
		}
	})
}

func TestWhatWasNotMarkedWhenTheServerDiedIsSentOnce(t *testing.T) { // XC-02
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		m := r.reply(r.conversation())
		r.dies(m, false)
		r.run()
		r.waitFor(m.ID, desk.StatusSent)
		if n := len(r.line.outbox()); n != 1 {
			t.Errorf("it was sent %d times", n)
		}
		for _, a := range r.attempts(m.ID) {
			if a.SettledAt == 0 {
				t.Errorf("an attempt was left open: %+v", a)
			}
		}
	})
}

func TestAMarkedSendIsRepeatedWhereTheProviderKnowsItsKey(t *testing.T) { // idempotent providers
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		r.line.can.Idempotent = true
		m := r.reply(r.conversation())
		r.dies(m, true)
		r.run()
		r.waitFor(m.ID, desk.StatusSent)
		if out := r.line.outbox(); len(out) != 1 || out[0].RemoteID != m.RemoteID {
			t.Errorf("went out %+v", out)
		}
	})
}

func TestAWorkerThatLostItsLeaseSendsNothing(t *testing.T) { // fencing
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		m := r.reply(r.conversation())
		tried := make(chan error, 1)
		r.line.answers(func(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
			// Another worker takes the job over while this one is still writing.
			err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, "UPDATE jobs SET fence = fence + 1, lease_owner = 'another' WHERE kind = $1", dispatch.SendKind)
				return err
			})
			if err == nil {
				_, err = r.line.deliver(ctx, out)
			}
			tried <- err
			return channel.Receipt{}, err
		})
		r.run()
		if err := <-tried; err == nil {
			t.Fatal("the mark was written without the lease")
		}
		r.stop()
		if n := len(r.line.outbox()); n != 0 {
			t.Errorf("%d messages went out", n)
		}
		if m := r.message(m.ID); m.Status != desk.StatusQueued || len(r.attempts(m.ID)) != 0 {
			t.Errorf("status %s, attempts %+v", m.Status, r.attempts(m.ID))
		}
	})
}

func TestATransientFaultIsTriedAgainWithLongerPausesAndThenGivenUp(t *testing.T) { // XC-02, rivals 3.2
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{RetryBase: time.Minute, RetryMax: 4 * time.Minute, GiveUp: 12 * time.Minute})
		c := r.conversation()
		tries := make(chan time.Time, 100)
		r.line.answers(func(context.Context, channel.Outbound) (channel.Receipt, error) {
			tries <- r.Clock.Now()
			return channel.Receipt{}, fault(channel.Transient, "The mailbox is full at present.")
		})
		r.run()
		m := r.reply(c)
		last := <-tries
		var pauses []time.Duration
		for range 30 {
			r.until("the pause to be written", func() bool {
				return len(r.EventsOf(desk.EvMessageRetried)) == len(pauses)+1 || r.message(m.ID).Status == desk.StatusFailed
			})
			if r.message(m.ID).Status == desk.StatusFailed {
				break
			}
			if got := r.message(m.ID); got.Status != desk.StatusQueued || got.StatusReason != "The mailbox is full at present." {
				t.Fatalf("it waits as %s, %q", got.Status, got.StatusReason)
			}
			for next := false; !next; {
				r.Clock.Advance(10 * time.Second)
				select {
				case at := <-tries:
					pauses, last, next = append(pauses, at.Sub(last)), at, true
				case <-time.After(150 * time.Millisecond):
				}
			}
		}
		if len(pauses) < 3 || pauses[0] < 45*time.Second || pauses[0] > 100*time.Second || pauses[1] < pauses[0] || pauses[len(pauses)-1] > 6*time.Minute {
			t.Errorf("pauses %v", pauses)
		}
		got := r.message(m.ID)
		if got.Status != desk.StatusFailed || !strings.Contains(got.StatusReason, "The mailbox is full at present.") {
			t.Errorf("in the end %s: %q", got.Status, got.StatusReason)
		}
		if n := len(r.attempts(m.ID)); n != len(pauses)+1 {
			t.Errorf("%d attempts in the ledger after %d tries", n, len(pauses)+1)
		}
	})
}

func TestAFailureLeavesANoteAndOpensTheTicketAgain(t *testing.T) { // rivals 3.2
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		r.line.answers(func(context.Context, channel.Outbound) (channel.Receipt, error) {
			return channel.Receipt{}, fault(channel.Permanent, "The receiving server knows no such mailbox.")
		})
		r.run()
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.SetStatus = "closed" })
		got := r.waitFor(m.ID, desk.StatusFailed)
		if got.StatusReason != "The receiving server knows no such mailbox." || len(r.attempts(m.ID)) != 1 {
			t.Errorf("reason %q, attempts %+v", got.StatusReason, r.attempts(m.ID))
		}
		notes := desktest.Must[[]desk.Message](t)(r.Threads.MessagesOfTicket(ctx, d, c.ticket.ID, thread.Page{}))
		if n := notes[0]; n.Kind != desk.KindSystem || !strings.Contains(n.Text, customer) || !strings.Contains(n.Text, "knows no such mailbox") {
			t.Errorf("the newest entry is %+v", n)
		}
		if tk := desktest.Must[desk.Ticket](t)(r.Tickets.Get(ctx, d, c.ticket.ID)); !tk.Open {
			t.Error("the ticket stayed closed, though the customer has no answer")
		}
		r.line.answers(nil)
		if _, err := r.s.Resend(ctx, desk.ByUser(c.agent.ID), m.ID, nil); err != nil {
			t.Fatal(err)
		}
		r.waitFor(m.ID, desk.StatusSent)
	})
}

func TestRecipientsAreSettledOneByOne(t *testing.T) { // GEN-23
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{RetryBase: time.Minute})
		c := r.conversation()
		const bad, busy = "gone@home.example", "busy@home.example"
		n := 0
		r.line.answers(func(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
			n++
			if n > 1 {
				return r.line.deliver(ctx, out)
			}
			if err := out.Commit(ctx, []string{customer}); err != nil {
				return channel.Receipt{}, err
			}
			return channel.Receipt{Detail: "250 ok", Failed: []channel.RecipientFault{
				{Address: bad, Error: &channel.SendError{Fault: channel.Permanent, Code: "550 5.1.1", Public: "No such mailbox."}},
				{Address: busy, Error: &channel.SendError{Fault: channel.Transient, Code: "450 4.2.1", Public: "Busy."}},
			}}, nil
		})
		r.run()
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) {
			cmd.To, cmd.Cc = []desk.Party{{Address: customer}}, []desk.Party{{Address: bad}, {Address: busy}}
		})
		r.waitFor(m.ID, desk.StatusFailed)
		if got := r.deliveries(m.ID); got[customer] != desk.StatusSent || got[bad] != desk.StatusFailed || got[busy] != desk.StatusQueued {
			t.Fatalf("recipients %v", got)
		}
		r.later(2 * time.Minute)
		r.until("the busy one", func() bool { return r.deliveries(m.ID)[busy] == desk.StatusSent })
		out := r.line.outbox()
		if len(out) != 1 || fmt.Sprint(pending(out[0])) != "["+busy+"]" || len(out[0].Cc) != 2 {
			t.Errorf("the second try went to %v with Cc %v: the others stand in the header only", pending(out[0]), out[0].Cc)
		}
		if _, err := r.s.Resend(ctx, desk.ByUser(c.agent.ID), m.ID, []string{bad}); err != nil {
			t.Fatal(err)
		}
		r.waitFor(m.ID, desk.StatusSent)
		if out := r.line.outbox(); fmt.Sprint(pending(out[1])) != "["+bad+"]" {
			t.Errorf("the resend went to %v", pending(out[1]))
		}
	})
}

func TestNoAnswerAfterTheMarkIsUncertain(t *testing.T) {
	for name, err := range map[string]error{
		"the adapter says so":          fault(channel.Uncertain, "No answer."),
		"an error that nobody classed": errors.New("connection reset"),
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				r := newRig(t, d, dispatch.Windows{})
				r.line.answers(func(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
					if e := out.Commit(ctx, pending(out)); e != nil {
						return channel.Receipt{}, e
					}
					return channel.Receipt{}, err
				})
				r.run()
				m := r.reply(r.conversation())
				r.waitFor(m.ID, desk.StatusUncertain)
				if a := r.attempts(m.ID); len(a) != 1 || a[0].Outcome != "uncertain" {
					t.Errorf("ledger %+v", a)
				}
				if s, err := r.jobs.Stats(ctx); err != nil || s.Ready != 0 {
					t.Errorf("the machine would try again: %+v, %v", s, err)
				}
			})
		})
	}
}

func TestDeadCredentialsMarkTheAccountAndTheMessageWaits(t *testing.T) { // GEN-21
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{Waiting: 20 * time.Millisecond})
		c := r.conversation()
		r.line.answers(func(context.Context, channel.Outbound) (channel.Receipt, error) {
			return channel.Receipt{}, fault(channel.Reconnect, "The password was refused.")
		})
		r.run()
		m := r.reply(c)
		var acc desk.ChannelAccount
		r.until("the account's state", func() bool {
			acc = desktest.Must[desk.ChannelAccount](t)(r.Inboxes.Account(ctx, d, c.acc.ID))
			return acc.State == desk.StateReconnect
		})
		if acc.Authorized || !acc.Active || acc.StateReason != "The password was refused." {
			t.Errorf("account %+v", acc)
		}
		if got := r.message(m.ID); got.Status != desk.StatusQueued || got.StatusReason != "The password was refused." {
			t.Errorf("message %s: %q", got.Status, got.StatusReason)
		}
		r.later(time.Hour) // the same dead password is not tried again and again
		time.Sleep(50 * time.Millisecond)
		if n := len(r.attempts(m.ID)); n != 1 {
			t.Errorf("%d sign-ins with a password known to be dead", n)
		}
		r.line.answers(nil)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			name := "Reconnected"
			_, err := r.Inboxes.UpdateAccount(ctx, tx, desk.System, c.acc.ID, inbox.AccountChange{Name: &name})
			return err
		})
		r.later(time.Minute)
		r.waitFor(m.ID, desk.StatusSent)
	})
}

func TestMessagesOfAPausedAccountWaitAndSayWhy(t *testing.T) { // GEN-13
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{Waiting: time.Minute})
		c := r.conversation()
		active := func(on bool) {
			r.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := r.Inboxes.UpdateAccount(ctx, tx, desk.System, c.acc.ID, inbox.AccountChange{Active: &on})
				return err
			})
		}
		active(false)
		r.run()
		m := r.reply(c)
		r.until("the reason", func() bool { return strings.Contains(r.message(m.ID).StatusReason, "switched off") })
		if got := r.message(m.ID); got.Status != desk.StatusQueued {
			t.Errorf("status %s", got.Status)
		}
		active(true)
		r.later(61 * time.Second)
		if got := r.waitFor(m.ID, desk.StatusSent); got.StatusReason != "" {
			t.Errorf("it is sent and still says %q", got.StatusReason)
		}
	})
}

func TestAMessageOfARemovedAccountFailsPlainly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		m := r.reply(c)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			return r.Inboxes.ArchiveAccount(ctx, tx, desk.System, c.acc.ID)
		})
		r.run()
		if got := r.waitFor(m.ID, desk.StatusFailed); !strings.Contains(got.StatusReason, "removed") {
			t.Errorf("reason %q", got.StatusReason)
		}
		if _, err := r.tryReply(c); desk.ReasonOf(err) != "channel.removed" {
			t.Errorf("another answer: %v", err)
		}
	})
}

func TestReceiptsThatCameBeforeOurOwnSettleAreApplied(t *testing.T) { // GEN-23
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		r.line.answers(func(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
			if err := out.Commit(ctx, pending(out)); err != nil {
				return channel.Receipt{}, err
			}
			err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { // the provider is faster than its own answer
				return r.Threads.KeepEarly(ctx, tx, c.acc.ID, "provider-77", channel.Status{State: desk.StatusDelivered, Recipient: customer})
			})
			return channel.Receipt{RemoteID: "provider-77"}, err
		})
		r.run()
		m := r.reply(c)
		if got := r.waitFor(m.ID, desk.StatusDelivered); got.RemoteID != "provider-77" {
			t.Errorf("known as %q", got.RemoteID)
		}
		if n := len(r.EventsOf(desk.EvMessageSent)); n != 1 {
			t.Errorf("%d times sent", n)
		}
	})
}

func TestAnswersOfAThreadLeaveInTheirOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{RetryBase: time.Minute})
		c := r.conversation()
		first := true
		r.line.answers(func(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
			if first {
				first = false
				return channel.Receipt{}, fault(channel.Transient, "Later.")
			}
			return r.line.deliver(ctx, out)
		})
		var ids []desk.MessageID
		for range 3 {
			ids = append(ids, r.reply(c).ID)
		}
		r.run()
		r.until("the pause", func() bool { return len(r.EventsOf(desk.EvMessageRetried)) == 1 })
		if n := len(r.line.outbox()); n != 0 {
			t.Errorf("%d messages overtook the first", n)
		}
		r.later(2 * time.Minute)
		r.waitFor(ids[2], desk.StatusSent)
		for i, o := range r.line.outbox() {
			if o.MessageID != ids[i] {
				t.Errorf("message %d went out in place %d", o.MessageID, i)
			}
		}
	})
}

func TestSweepGivesALostMessageItsJobBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		m := r.reply(r.conversation())
		r.Write(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, "DELETE FROM jobs"); return err })
		r.Clock.Advance(2 * time.Minute)
		if err := r.s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		r.run()
		r.waitFor(m.ID, desk.StatusSent)
	})
}

func TestTheFallbackAddressStandsInForABrokenMailbox(t *testing.T) { // EM-13
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		r.s.Fallback = true
		c := r.conversation()
		r.run()
		m := r.reply(c)
		if r.waitFor(m.ID, desk.StatusSent).AccountID != c.acc.ID {
			t.Error("the mailbox works and was not used")
		}
		r.board.SetState(ctx, c.acc.ID, desk.StateReconnect, "The password was refused.")
		m = r.reply(c)
		got := r.waitFor(m.ID, desk.StatusSent)
		if is, err := r.Inboxes.IsFallback(ctx, d, got.AccountID); err != nil || !is || got.From.Address != "support@"+desktest.Host {
			t.Errorf("it left by %v as %s, %v", got.AccountID, got.From.Address, err)
		}
		named := r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.FromAccount = c.acc.ID })
		if got := r.message(named.ID); got.AccountID != c.acc.ID {
			t.Error("the account that was named was not used")
		}
	})
}

func TestOneHangingAccountLeavesWorkersToTheOthers(t *testing.T) { // XC-02
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		slow, quick := r.conversation(), r.conversation(func(m *desk.Message) { m.RemoteID = "other@home.example" })
		release := make(chan struct{})
		inside := make(chan struct{}, 100)
		r.line.answers(func(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
			if out.From.Address == slow.acc.Address {
				inside <- struct{}{}
				<-release
			}
			return r.line.deliver(ctx, out)
		})
		r.jobs.Register("test.other", func(context.Context, *job.Job) error { return nil })
		var ids []desk.MessageID
		for range 8 { // each in a thread of its own: nothing else holds them back
			c := slow
			c.thread = r.Thread(r.Ticket(func(n *ticket.NewTicket) { n.ContactID = slow.thread.ContactID }), slow.acc)
			ids = append(ids, r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.To = []desk.Party{{Address: customer}} }).ID)
		}
		r.run()
		for range 4 {
			<-inside
		}
		m := r.reply(quick)
		r.waitFor(m.ID, desk.StatusSent)
		if n := len(inside); n != 0 {
			t.Errorf("%d more sends of the hanging account were begun", n)
		}
		close(release)
		for _, id := range ids {
			r.waitFor(id, desk.StatusSent)
		}
	})
}
