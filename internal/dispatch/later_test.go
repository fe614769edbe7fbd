package dispatch_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/dispatch"
)

func (r *rig) at(d time.Duration) desk.Time { return r.Clock.Ms().Add(d) }

func putOff(at desk.Time, quiet bool) func(*dispatch.ReplyCommand) {
	return func(c *dispatch.ReplyCommand) { c.SendAt, c.IfQuiet = at, quiet }
}

func (r *rig) ticket(id desk.TicketID) desk.Ticket {
	r.t.Helper()
	return desktest.Must[desk.Ticket](r.t)(r.Tickets.Get(ctx, r.DB, id))
}

func (r *rig) status(id desk.TicketID) string {
	r.t.Helper()
	return desktest.Must[desk.Status](r.t)(r.Tickets.StatusByID(ctx, r.DB, r.ticket(id).StatusID)).Slug
}

func TestAScheduledAnswerLeavesAtItsTimeAndHoldsNobodyUp(t *testing.T) { // WS-23
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		r.run()
		hour := r.at(time.Hour)
		m := r.reply(c, putOff(hour, false), func(cmd *dispatch.ReplyCommand) { cmd.SetStatus = "closed" })
		if m.Status != desk.StatusQueued || m.SendRule != desk.SendLater || m.SendAt != hour {
			t.Fatalf("stored as %+v", m)
		}
		if tk := r.ticket(c.ticket.ID); tk.FirstReply != 0 || !tk.Open || tk.OwnerID != c.agent.ID {
			t.Errorf("before it leaves: first reply %v, open %v, owner %v", tk.FirstReply, tk.Open, tk.OwnerID)
		}
		now := r.reply(c)
		r.waitFor(now.ID, desk.StatusSent) // the same thread, and the one that waits is older
		if o := r.line.outbox(); len(o) != 1 || o[0].InReplyTo != "root@home.example" {
			t.Errorf("went out: %+v", o)
		}
		r.later(time.Hour)
		m = r.waitFor(m.ID, desk.StatusSent)
		if m.SendRule != "" || m.SentAt < m.SendAt {
			t.Errorf("sent as %+v", m)
		}
		if r.status(c.ticket.ID) != "closed" {
			t.Error("the ticket was not closed with the send")
		}
	})
}

func TestAScheduledAnswerSurvivesARestart(t *testing.T) { // WS-23
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		m := r.reply(c, putOff(r.at(time.Hour), false))
		r.start(dispatch.Windows{}) // nothing of the first process is left
		r.run()
		r.later(2 * time.Hour)
		r.waitFor(m.ID, desk.StatusSent)
		if n := len(r.line.outbox()); n != 1 {
			t.Errorf("%d went out", n)
		}
		// One whose job was lost gets another.
		lost := r.reply(c, putOff(r.at(time.Hour), false))
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM jobs WHERE kind = $1", dispatch.DueKind)
			return err
		})
		r.later(2 * time.Hour)
		if err := r.s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		r.waitFor(lost.ID, desk.StatusSent)
	})
}

func TestOnlyIfNoReplyHoldsItBackWhenTheCustomerWrites(t *testing.T) { // WS-23
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		r.run()
		anyway := r.reply(c, putOff(r.at(time.Hour), false))
		quiet := r.reply(c, putOff(r.at(time.Hour), true))
		r.Message(c.thread, func(m *desk.Message) {
			m.From, m.Disposition, m.RemoteID = desk.Party{Kind: desk.AddrEmail, Address: customer}, desk.DispNormal, "again@home.example"
		})
		r.later(time.Hour)
		r.waitFor(anyway.ID, desk.StatusSent)
		m := r.waitFor(quiet.ID, desk.StatusCancelled)
		if m.StatusReason != "held:customer_wrote" || len(r.line.outbox()) != 1 {
			t.Errorf("held as %q, %d went out", m.StatusReason, len(r.line.outbox()))
		}
		if evs := r.EventsOf(desk.EvMessageHeld); len(evs) != 1 || evs[0].UserID != c.agent.ID {
			t.Errorf("events %+v", evs)
		}
		// A person may send it all the same.
		if _, err := r.s.Resend(ctx, desk.ByUser(c.agent.ID), quiet.ID, nil); err != nil {
			t.Fatal(err)
		}
		if m := r.waitFor(quiet.ID, desk.StatusSent); m.SendRule != "" {
			t.Errorf("sent as %+v", m)
		}
	})
}

func TestAScheduledAnswerIsPutOffSentNowOrTakenBack(t *testing.T) { // WS-23
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		r.run()
		me := desk.ByUser(c.agent.ID)
		m := r.reply(c, putOff(r.at(time.Hour), false))
		later := r.at(3 * time.Hour)
		if _, err := r.s.Reschedule(ctx, me, m.ID, &later, nil); err != nil {
			t.Fatal(err)
		}
		r.later(2 * time.Hour)
		sooner := r.reply(c)
		r.waitFor(sooner.ID, desk.StatusSent)
		if got := r.message(m.ID); got.Status != desk.StatusQueued {
			t.Fatalf("left at its first time: %+v", got)
		}
		now := r.Clock.Ms()
		if _, err := r.s.Reschedule(ctx, me, m.ID, &now, nil); err != nil {
			t.Fatal(err)
		}
		r.waitFor(m.ID, desk.StatusSent)
		if _, err := r.s.Reschedule(ctx, me, m.ID, &later, nil); desk.CodeOf(err) != desk.Conflict {
			t.Errorf("after it left: %v", err)
		}
		back := r.reply(c, putOff(r.at(time.Hour), false), func(cmd *dispatch.ReplyCommand) {
			cmd.Content = dispatch.Content{HTML: "<p>Not <b>this</b></p>"}
			cmd.To = []desk.Party{{Address: customer, Name: "Mira"}}
		})
		_, draft, err := r.s.Cancel(ctx, me, back.ID)
		if err != nil || draft.Kind != "reply" || !strings.Contains(draft.HTML, "<b>this</b>") || len(draft.To) != 1 {
			t.Errorf("draft %+v, %v", draft, err)
		}
		if kept, ok, err := r.Threads.Draft(ctx, d, c.agent.ID, c.ticket.ID, c.thread.ID, "reply"); !ok || err != nil || kept.HTML != draft.HTML {
			t.Errorf("kept %+v, %v", kept, err)
		}
		r.later(2 * time.Hour)
		last := r.reply(c)
		r.waitFor(last.ID, desk.StatusSent)
		if r.message(back.ID).Status != desk.StatusCancelled || len(r.line.outbox()) != 3 {
			t.Errorf("what was taken back went out: %d", len(r.line.outbox()))
		}
	})
}

func TestUndoGivesBackTheDraftItsFilesAndTheStatus(t *testing.T) { // WS-23
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		r.run()
		me := desk.ByUser(c.agent.ID)
		var file desk.Attachment
		r.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			file, err = r.Threads.Upload(ctx, tx, c.agent.ID, desk.Attachment{Name: "bill.pdf", Type: "application/pdf", Size: 10, SHA256: strings.Repeat("a", 64)})
			return err
		})
		was := r.status(c.ticket.ID)
		undo := 10 * time.Second
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) {
			cmd.Undo, cmd.SetStatus, cmd.Attachments = &undo, "closed", []desk.AttachmentID{file.ID}
		})
		if m.SendRule != desk.SendUndo || m.SendAt < m.CreatedAt.Add(undo) || r.status(c.ticket.ID) != "closed" {
			t.Fatalf("%+v, ticket %s", m, r.status(c.ticket.ID))
		}
		_, draft, err := r.s.Cancel(ctx, me, m.ID)
		if err != nil || r.status(c.ticket.ID) != was || !slices.Equal(draft.Attachments, []desk.AttachmentID{file.ID}) {
			t.Fatalf("draft %+v, ticket %s, %v", draft, r.status(c.ticket.ID), err)
		}
		again := r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.Attachments = draft.Attachments })
		r.later(undo)
		r.waitFor(again.ID, desk.StatusSent)
		if o := r.line.outbox(); len(o) != 1 || len(o[0].Attachments) != 1 || o[0].Attachments[0].Name != "bill.pdf" {
			t.Errorf("went out: %+v", o)
		}
		// Somebody else has closed it meanwhile: what they set stays.
		second := r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.Undo, cmd.SetStatus = &undo, "waiting_on_contact" })
		r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.SetStatus = "closed" })
		if _, _, err := r.s.Cancel(ctx, me, second.ID); err != nil || r.status(c.ticket.ID) != "closed" {
			t.Errorf("ticket %s, %v", r.status(c.ticket.ID), err)
		}
	})
}

func TestAForwardHasAThreadOfItsOwnOnTheTicket(t *testing.T) { // WS-12, TK-18
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation(func(m *desk.Message) {
			m.HTML, m.Text = `<p>It <i>squeaks</i></p><img data-blocked-src="https://img.example/a.png" />`, "It squeaks"
			m.Attachments = []desk.Attachment{{Name: "brake.jpg", Type: "image/jpeg", Size: 10, SHA256: strings.Repeat("b", 64)}}
		})
		r.run()
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) {
			cmd.ForwardOf, cmd.Carry = c.message.ID, true
			cmd.To, cmd.Content = []desk.Party{{Address: "works@maker.example"}}, dispatch.Content{Text: "Known?"}
		})
		if m.ThreadID == c.thread.ID || m.TicketID != c.ticket.ID || m.ForwardOf != c.message.ID || m.Subject != "Fwd: Broken wheel" || m.InReplyTo != 0 {
			t.Fatalf("stored as %+v", m)
		}
		r.waitFor(m.ID, desk.StatusSent)
		o := r.line.outbox()[0]
		for _, want := range []string{"Forwarded message", "Mira &lt;mira@home.example&gt;", "Broken wheel", "<i>squeaks</i>", `src="https://img.example/a.png"`} {
			if !strings.Contains(o.QuotedHTML, want) {
				t.Errorf("%q is not in %s", want, o.QuotedHTML)
			}
		}
		if len(o.Attachments) != 1 || o.Attachments[0].Name != "brake.jpg" || o.InReplyTo != "" || len(o.Refs) != 0 || !strings.Contains(o.QuotedText, "It squeaks") {
			t.Errorf("went out as %+v", o)
		}
		// It is no first answer to the customer, and the next answer goes to the customer alone.
		if tk := r.ticket(c.ticket.ID); tk.FirstReply != 0 {
			t.Error("a forward counted as the first reply")
		}
		answer := r.reply(c)
		if answer.ThreadID != c.thread.ID || len(answer.Recipients) != 1 || answer.Recipients[0].Address != customer {
			t.Errorf("the answer goes to %+v", answer.Recipients)
		}
		if _, err := r.tryReply(c, func(cmd *dispatch.ReplyCommand) { cmd.ForwardOf = c.message.ID }); desk.ReasonOf(err) != "recipients.none" {
			t.Errorf("to nobody: %v", err)
		}
		other := r.conversation(func(m *desk.Message) { m.RemoteID = "other@home.example" })
		if _, err := r.tryReply(c, func(cmd *dispatch.ReplyCommand) {
			cmd.ForwardOf, cmd.To = other.message.ID, []desk.Party{{Address: "works@maker.example"}}
		}); desk.ReasonOf(err) != "message.elsewhere" {
			t.Errorf("another ticket's message: %v", err)
		}
	})
}

func TestTheSafetyNetSeesOutsidersAndLookAlikes(t *testing.T) { // EM-38, WS-12
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation(func(m *desk.Message) {
			m.From.Address = "mira@northwind-trading.example"
			m.Recipients = append(m.Recipients, desk.Party{Field: "cc", Address: "jonas.lind@gmail.com"})
		})
		check := func(cmd dispatch.CheckCommand) (out []string) {
			cmd.ThreadID = c.thread.ID
			for _, x := range desktest.Must[[]dispatch.Caution](t)(r.s.Check(ctx, d, cmd)) {
				out = append(out, string(x.Kind)+" "+x.Detail)
			}
			return out
		}
		for _, k := range []struct {
			address string
			want    []string
		}{
			{"mira@northwind-trading.example", nil},
			{"boss@northwind-trading.example", nil},
			{"someone@elsewhere.example", []string{"new_outsider "}},
			{"mira@northwlnd-trading.example", []string{"look_alike northwind-trading.example"}},
			{"mira@nortwhind-trading.example", []string{"look_alike northwind-trading.example"}},
			{"mira@nоrthwind-trading.example", []string{"look_alike northwind-trading.example"}}, // a Cyrillic o
			{"jonas.1ind@gmail.com", []string{"look_alike jonas.lind@gmail.com"}},
			{"someone@gmial.com", []string{"mistyped_domain gmail.com"}},
			{c.acc.Address, []string{"own_address "}},
			{c.agent.Email, []string{"colleague "}},
		} {
			if got := check(dispatch.CheckCommand{Recipients: dispatch.Recipients{Cc: []desk.Party{{Address: k.address}}}}); !slices.Equal(got, k.want) {
				t.Errorf("%s: %q, not %q", k.address, got, k.want)
			}
		}
		cc := dispatch.Recipients{To: []desk.Party{{Address: "x@elsewhere.example"}}, Cc: []desk.Party{{Address: "y@elsewhere.example"}}}
		if got := check(dispatch.CheckCommand{Recipients: cc, Attachments: true}); !slices.Equal(got, []string{"new_outsider ", "new_outsider ", "attachment_to_cc "}) {
			t.Errorf("with files: %q", got)
		}
		if got := check(dispatch.CheckCommand{Recipients: dispatch.Recipients{To: cc.To}, Forward: true}); got != nil {
			t.Errorf("a forward to somebody new: %q", got)
		}
	})
}
