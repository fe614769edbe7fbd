package dispatch_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/dispatch"
)

var ctx = context.Background()

func TestAnAnswerGoesOutOnceWithItsNameFixedWhenItWasQueued(t *testing.T) { // EM-30, GEN-22, GEN-23, XC-02
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) {
			cmd.Content = dispatch.Content{HTML: `<p>On <b>its</b> way</p><script>x()</script>`}
		})
		if m.Status != desk.StatusQueued || m.RemoteID == "" || m.Direction != desk.Outgoing || m.InReplyTo != c.message.ID {
			t.Fatalf("queued as %+v", m)
		}
		if strings.Contains(m.HTML, "script") || !strings.Contains(m.HTML, "<b>its</b>") || m.Text != "On its way" {
			t.Errorf("html %q, text %q", m.HTML, m.Text)
		}
		r.run()
		got := r.waitFor(m.ID, desk.StatusSent)
		out := r.line.outbox()
		if len(out) != 1 {
			t.Fatalf("%d messages went out", len(out))
		}
		o := out[0]
		if o.RemoteID != m.RemoteID || got.RemoteID != m.RemoteID || o.InReplyTo != "root@home.example" || !slices.Equal(o.Refs, []string{"root@home.example"}) {
			t.Errorf("went out as %q in reply to %q, references %v", o.RemoteID, o.InReplyTo, o.Refs)
		}
		if o.ReplyTo != "answers+t"+c.thread.ID.String()+"@acme.example" || o.ThreadToken != "t"+c.thread.ID.String() {
			t.Errorf("reply to %q, token %q", o.ReplyTo, o.ThreadToken)
		}
		if len(o.To) != 1 || o.To[0].Address != customer || o.Subject != "Re: Broken wheel" || o.Sender.FullName != "Ann Holm" || o.Sender.FirstName != "Ann" || o.Sender.Company != "Acme" {
			t.Errorf("went out as %+v", o)
		}
		if a := r.attempts(m.ID); len(a) != 1 || a[0].MarkedAt == 0 || a[0].SettledAt == 0 || a[0].Outcome != "sent" || a[0].Detail != "250 queued" {
			t.Errorf("ledger %+v", a)
		}
		// The customer's answer will name this id: it belongs to the thread from the moment it was queued.
		if id, th, err := r.Threads.Sent(ctx, d, m.RemoteID, c.acc.ID); err != nil || id != m.ID || th != c.thread.ID {
			t.Errorf("the id leads to message %v, thread %v, %v", id, th, err)
		}
		second := r.reply(c)
		r.waitFor(second.ID, desk.StatusSent)
		if o := r.line.outbox()[1]; o.InReplyTo != m.RemoteID || !slices.Equal(o.Refs, []string{"root@home.example", m.RemoteID}) {
			t.Errorf("the second in reply to %q, references %v", o.InReplyTo, o.Refs)
		}
	})
}

func TestAnAnswerAssignsAnUnassignedTicketAndSetsItsStatus(t *testing.T) { // RT-11, WS-14
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.SetStatus = "waiting_on_contact" })
		tk := desktest.Must[desk.Ticket](t)(r.Tickets.Get(ctx, d, c.ticket.ID))
		if tk.OwnerID != c.agent.ID || tk.Assignment == nil || tk.Assignment.Rule != "reply_assigns" {
			t.Errorf("owner %v, decision %+v", tk.OwnerID, tk.Assignment)
		}
		st := desktest.Must[desk.Status](t)(r.Tickets.StatusByID(ctx, d, tk.StatusID))
		if st.Slug != "waiting_on_contact" || tk.FirstReply == 0 || tk.LastDirection != desk.Outgoing || tk.Snippet != "On its way" {
			t.Errorf("ticket %+v", tk)
		}
		other := r.User()
		c.agent = other
		r.reply(c)
		if tk := desktest.Must[desk.Ticket](t)(r.Tickets.Get(ctx, d, c.ticket.ID)); tk.OwnerID == other.ID {
			t.Error("a second answer took the ticket away")
		}
		if _, err := r.tryReply(c, func(cmd *dispatch.ReplyCommand) { cmd.SetStatus = "nonsense" }); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("an unknown status: %v", err)
		}
		if n := len(r.EventsOf(desk.EvMessageQueued)); n != 2 {
			t.Errorf("%d messages were queued: a refused answer must leave nothing", n)
		}
		_ = m
	})
}

func TestACommentStaysInsideAndTellsThoseItNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		named := r.User()
		r.run()
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.Comment, cmd.Mentions = true, []desk.UserID{named.ID} })
		if m.Kind != desk.KindComment || m.Direction != "" || m.Status != "" || len(m.Recipients) != 0 {
			t.Errorf("stored as %+v", m)
		}
		ms, err := r.Threads.Mentions(ctx, d, named.ID, true)
		if err != nil || len(ms) != 1 || ms[0].MessageID != m.ID {
			t.Errorf("mentions %+v, %v", ms, err)
		}
		if tk := desktest.Must[desk.Ticket](t)(r.Tickets.Get(ctx, d, c.ticket.ID)); tk.OwnerID != 0 || tk.FirstReply != 0 {
			t.Errorf("a comment assigned the ticket or counted as an answer: %+v", tk)
		}
		answer := r.reply(c)
		r.waitFor(answer.ID, desk.StatusSent)
		if out := r.line.outbox(); len(out) != 1 || out[0].MessageID != answer.ID {
			t.Errorf("went out: %+v", out)
		}
	})
}

func TestAnAnswerGoesToTheParticipants(t *testing.T) { // EM-38
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation(func(m *desk.Message) {
			m.Recipients = append(m.Recipients, desk.Party{Field: "to", Address: "bo@home.example", Name: "Bo"}, desk.Party{Field: "cc", Address: "cy@home.example"},
				desk.Party{Field: "cc", Address: m.Recipients[0].Address}, desk.Party{Field: "cc", Address: strings.Replace(m.Recipients[0].Address, "@", "+t-abc@", 1)})
		})
		fields := func(m desk.Message) map[string]string {
			out := map[string]string{}
			for _, p := range m.Recipients {
				out[p.Address] = p.Field
			}
			return out
		}
		got := fields(r.reply(c))
		if len(got) != 3 || got[customer] != "to" || got["bo@home.example"] != "to" || got["cy@home.example"] != "cc" {
			t.Errorf("by default to %v", got)
		}
		got = fields(r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.Cc = []desk.Party{{Address: "fay@other.example"}} }))
		if len(got) != 3 || got[customer] != "to" || got["bo@home.example"] != "to" || got["fay@other.example"] != "cc" {
			t.Errorf("only Cc named: %v", got)
		}
		got = fields(r.reply(c, func(cmd *dispatch.ReplyCommand) {
			cmd.To, cmd.Bcc = []desk.Party{{Address: "Dee <DEE@Other.Example>"}}, []desk.Party{{Address: "eve@other.example"}}
		}))
		if len(got) != 2 || got["dee@other.example"] != "to" || got["eve@other.example"] != "bcc" {
			t.Errorf("named: %v", got)
		}
		_, err := r.tryReply(c, func(cmd *dispatch.ReplyCommand) { cmd.To = []desk.Party{{Address: customer}, {Address: "no address"}} })
		if e := asError(err); e == nil || e.Code != desk.Invalid || e.Field != "to[1]" {
			t.Errorf("a bad address: %v", err)
		}
		_, err = r.tryReply(c, func(cmd *dispatch.ReplyCommand) { cmd.To = []desk.Party{} })
		if desk.ReasonOf(err) != "recipients.none" {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestAttachmentsAreBoundAndLimited(t *testing.T) { // EM-39
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		up := func(u desk.User, name string, size int64) desk.AttachmentID {
			var a desk.Attachment
			r.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				a, err = r.Threads.Upload(ctx, tx, u.ID, desk.Attachment{Name: name, Type: "text/plain", Size: size, SHA256: strings.Repeat("a", 64)})
				return err
			})
			return a.ID
		}
		with := func(ids ...desk.AttachmentID) func(*dispatch.ReplyCommand) {
			return func(cmd *dispatch.ReplyCommand) { cmd.Attachments = ids }
		}
		r.run()
		m := r.reply(c, with(up(c.agent, "one.txt", 10), up(c.agent, "two.txt", 20)))
		r.waitFor(m.ID, desk.StatusSent)
		if out := r.line.outbox()[0]; len(out.Attachments) != 2 || out.Attachments[0].Name != "one.txt" || out.Attachments[1].Size != 20 {
			t.Errorf("went out with %+v", out.Attachments)
		}
		other := r.conversation(func(m *desk.Message) {
			m.RemoteID = "elsewhere@home.example"
			m.Attachments = []desk.Attachment{{Name: "secret.txt", Type: "text/plain", Size: 1, SHA256: strings.Repeat("c", 64)}}
		})
		for name, tc := range map[string]struct {
			ids    []desk.AttachmentID
			reason string
		}{
			"one too large":          {[]desk.AttachmentID{up(c.agent, "big", 1001)}, "attachments.too_large"},
			"together too large":     {[]desk.AttachmentID{up(c.agent, "a", 900), up(c.agent, "b", 900)}, "attachments.too_large"},
			"too many":               {[]desk.AttachmentID{up(c.agent, "a", 1), up(c.agent, "b", 1), up(c.agent, "c", 1), up(c.agent, "d", 1)}, "attachments.too_many"},
			"somebody else's upload": {[]desk.AttachmentID{up(r.User(), "theirs", 1)}, "attachment.not_found"},
			"another message's file": {[]desk.AttachmentID{other.message.Attachments[0].ID}, "attachment.not_found"},
		} {
			if _, err := r.tryReply(c, with(tc.ids...)); desk.ReasonOf(err) != tc.reason || !strings.HasPrefix(asError(err).Field, "attachments") {
				t.Errorf("%s: %v", name, err)
			}
		}
		img := up(c.agent, "pic.png", 5)
		m = r.reply(c, func(cmd *dispatch.ReplyCommand) {
			cmd.Attachments = []desk.AttachmentID{img}
			cmd.HTML = `<p>See</p><img src="/api/attachments/` + img.String() + `?inline=1">`
		})
		r.waitFor(m.ID, desk.StatusSent)
		out := r.line.outbox()[1]
		if !strings.Contains(out.HTML, `src="cid:`+out.Attachments[0].ContentID+`"`) || out.Attachments[0].ContentID == "" || !out.Attachments[0].Inline {
			t.Errorf("the picture went out as %q with %+v", out.HTML, out.Attachments)
		}
	})
}

func TestANewMessageToAnybodyOpensATicket(t *testing.T) { // EM-11
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		acc, agent := r.Account(), r.User()
		r.run()
		cmd := dispatch.ComposeCommand{
			Actor: desk.ByUser(agent.ID), AccountID: acc.ID, To: []desk.Party{{Address: "new@home.example", Name: "Nora New"}}, Subject: "Your bike is ready",
			Content: dispatch.Content{Text: "Come by."}, SetStatus: "waiting_on_contact",
		}
		tk, m, err := r.s.Compose(ctx, cmd)
		if err != nil {
			t.Fatal(err)
		}
		if tk.Number == 0 || tk.Subject != "Your bike is ready" || tk.OwnerID != agent.ID || tk.ContactID == 0 || m.TicketID != tk.ID {
			t.Errorf("ticket %+v, message %+v", tk, m)
		}
		r.waitFor(m.ID, desk.StatusSent)
		if o := r.line.outbox()[0]; o.InReplyTo != "" || len(o.Refs) != 0 || o.Subject != "Your bike is ready" {
			t.Errorf("went out as %+v", o)
		}
		colleague := cmd
		colleague.To = []desk.Party{{Address: r.User().Email}}
		if tk, _, err := r.s.Compose(ctx, colleague); err != nil || tk.ContactID != 0 { // EM-37
			t.Errorf("a colleague became contact %v, %v", tk.ContactID, err)
		}
		for field, change := range map[string]func(*dispatch.ComposeCommand){
			"subject": func(c *dispatch.ComposeCommand) { c.Subject = " " }, "to": func(c *dispatch.ComposeCommand) { c.To = nil },
			"to[0]": func(c *dispatch.ComposeCommand) { c.To = []desk.Party{{Address: "nobody"}} }, "text": func(c *dispatch.ComposeCommand) { c.Content = dispatch.Content{HTML: "<p> </p>"} },
		} {
			bad := cmd
			change(&bad)
			if _, _, err := r.s.Compose(ctx, bad); asError(err) == nil || asError(err).Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

func TestAnInboxWithoutTicketsGetsAThreadOnly(t *testing.T) { // IH-03, EM-11
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		acc, agent := r.Account(desktest.In(r.Inbox("sales"))), r.User()
		tk, m, err := r.s.Compose(ctx, dispatch.ComposeCommand{Actor: desk.ByUser(agent.ID), AccountID: acc.ID, To: []desk.Party{{Address: customer}}, Subject: "Offer", Content: dispatch.Content{Text: "Hi"}})
		if err != nil || tk.ID != 0 || m.TicketID != 0 {
			t.Fatalf("ticket %v, message %+v, %v", tk.ID, m, err)
		}
		if th := desktest.Must[desk.Thread](t)(r.Threads.Get(ctx, d, m.ThreadID)); th.OwnerID != agent.ID || th.ContactID == 0 {
			t.Errorf("thread %+v", th)
		}
	})
}

func TestADraftGoesWithItsAnswer(t *testing.T) { // WS-12
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Threads.SaveDraft(ctx, tx, desk.Draft{UserID: c.agent.ID, TicketID: c.ticket.ID, ThreadID: c.thread.ID, Kind: "reply", Text: "On its"})
			return err
		})
		r.reply(c)
		if ds, err := r.Threads.Drafts(ctx, d, c.agent.ID, 0); err != nil || len(ds) != 0 {
			t.Errorf("drafts %+v, %v", ds, err)
		}
	})
}

func TestWhatRunsInTheSameTransactionUndoesTheAnswerWhenItFails(t *testing.T) { // idempotency keys stand on this
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		_, err := r.tryReply(c, func(cmd *dispatch.ReplyCommand) {
			cmd.Also = func(context.Context, *db.Tx, desk.Message) error {
				return desk.Errorf(desk.Conflict, "test.twice", "The same request came before.")
			}
		})
		if desk.ReasonOf(err) != "test.twice" {
			t.Fatal(err)
		}
		if n := len(r.EventsOf(desk.EvMessageQueued)); n != 0 {
			t.Errorf("%d messages were queued all the same", n)
		}
	})
}

func TestAMessageCanBeTakenBackUntilItGoesOut(t *testing.T) { // undo window
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{Undo: time.Hour})
		c := r.conversation()
		r.run()
		back, gone := r.reply(c), r.reply(c)
		if m, _, err := r.s.Cancel(ctx, desk.ByUser(c.agent.ID), back.ID); err != nil || m.Status != desk.StatusCancelled {
			t.Fatalf("%v, %v", m.Status, err)
		}
		r.Clock.Advance(61 * time.Minute)
		r.waitFor(gone.ID, desk.StatusSent)
		if out := r.line.outbox(); len(out) != 1 || out[0].MessageID != gone.ID {
			t.Errorf("went out: %+v", out)
		}
		if _, _, err := r.s.Cancel(ctx, desk.ByUser(c.agent.ID), gone.ID); desk.CodeOf(err) != desk.Conflict {
			t.Errorf("too late: %v", err)
		}
	})
}

func TestAMachinesAnswerSaysSoAndAssignsNobody(t *testing.T) { // EM-31
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		r.run()
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.Actor, cmd.Automatic = desk.System, true })
		r.waitFor(m.ID, desk.StatusSent)
		if o := r.line.outbox()[0]; !o.Automatic {
			t.Error("it went out as if a person had written it")
		}
		if tk := desktest.Must[desk.Ticket](t)(r.Tickets.Get(ctx, d, c.ticket.ID)); tk.OwnerID != 0 || tk.FirstReply != 0 {
			t.Errorf("ticket %+v", tk)
		}
	})
}

func asError(err error) *desk.Error {
	var e *desk.Error
	for err != nil {
		if d, ok := err.(*desk.Error); ok {
			e = d
			break
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			break
		}
		err = u.Unwrap()
	}
	return e
}

var _ channel.Adapter = (*line)(nil)

// TK-19: with the setting mail leaves with its ticket's number at the end of the subject, once however often it goes to and fro; what is kept and shown has none.
func TestTheNumberStandsInTheSubject(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		r.run()
		c := r.conversation()
		mark := fmt.Sprintf(" [#%d]", c.ticket.Number)
		for _, step := range []struct {
			on            bool
			subject, want string
		}{{false, "", "Re: Broken wheel"}, {true, "", "Re: Broken wheel" + mark}, {true, "Re: Broken wheel" + mark, "Re: Broken wheel" + mark}, {true, "Order [#7]", "Order [#7]" + mark}} {
			r.s.Numbers = func(context.Context, db.Queryer) (bool, error) { return step.on, nil }
			m := r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.Subject = step.subject })
			r.waitFor(m.ID, desk.StatusSent)
			out := r.line.outbox()
			if got := out[len(out)-1].Subject; got != step.want {
				t.Errorf("%+v leaves as %q", step, got)
			}
			if kept := r.message(m.ID).Subject; step.subject == "" && kept != "Re: Broken wheel" {
				t.Errorf("kept as %q", kept)
			}
		}
	})
}
