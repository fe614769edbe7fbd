package afterchat

import (
	"context"
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
	"github.com/kanalhq/kanal/internal/visitor"
)

// page is a channel whose other side reads here and now.
type page struct{ desktest.Post }

func (page) Spec() channel.Spec {
	return channel.Spec{Channel: "page", GenericID: 9001, Name: "Page", Threading: channel.ByKey, Address: desk.AddrVisitor, Can: channel.Abilities{Send: true, HTML: true, Live: true, QuickReplies: true}}
}

func (page) Validate([]byte, []byte) (string, error) { return "", nil }

type scene struct {
	*desktest.Desk
	t       *testing.T
	s       *Service
	jobs    *job.Queue
	visitor visitor.Visitor
	thread  desk.Thread
	agent   desk.User
	mail    desk.ChannelAccount
	there   bool
}

func newScene(t *testing.T, d *db.DB) *scene {
	k := desktest.New(t, d, desktest.Post{}, page{})
	c := &scene{Desk: k, t: t}
	c.jobs = job.New(d, k.Clock, nil, job.Options{Poll: 20 * time.Millisecond})
	visitors := visitor.New(k.Clock, k.Events)
	replies := dispatch.New(dispatch.Deps{DB: d, Clock: k.Clock, Events: k.Events, Jobs: c.jobs, People: k.People, Contacts: k.Contacts, Inbox: k.Inboxes, Threads: k.Threads, Tickets: k.Tickets,
		Assign: k.Assignment, Registry: k.Channels, Visitors: given{visitors}, Company: func(context.Context, db.Queryer) (string, error) { return "Acme", nil }})
	c.s = New(Deps{DB: d, Clock: k.Clock, Events: k.Events, Jobs: c.jobs, People: k.People, Inbox: k.Inboxes, Threads: k.Threads, Tickets: k.Tickets, Visitors: visitors, Replies: replies,
		Registry: k.Channels, Online: func(desk.VisitorID) bool { return c.there }, Gather: time.Millisecond,
		Words: func(context.Context, db.Queryer) (string, string, error) { return "Acme", "en", nil }})
	c.mail = k.Account(func(n *inbox.NewAccount) { n.Channel = "post" })
	chat := k.Account(func(n *inbox.NewAccount) {
		n.Channel, n.Settings = "page", []byte(`{"email":{"unseen_after_seconds":60}}`)
	})
	c.agent = k.User(desktest.Named("Ann Holm"))
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		if c.visitor, _, err = visitors.Arrive(ctx, tx, visitor.Glimpse{Language: "da-DK", Track: true, View: true, URL: "https://shop.example/tents"}); err != nil {
			return err
		}
		c.visitor, err = visitors.Says(ctx, tx, c.visitor, "Mira", "mira@home.example", "")
		return err
	})
	tk := k.Ticket()
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		c.thread, err = k.Threads.Open(ctx, tx, desk.System, desk.Thread{InboxID: tk.InboxID, AccountID: chat.ID, Channel: "page", TicketID: tk.ID, VisitorID: c.visitor.ID})
		return err
	})
	c.says("Do you have tents?")
	return c
}

type given struct{ v *visitor.Service }

func (g given) Mail(ctx context.Context, q db.Queryer, id desk.VisitorID) (desk.Party, error) {
	v, err := g.v.Get(ctx, q, id)
	return desk.Party{Kind: desk.AddrEmail, Address: v.ClaimedEmail, Name: v.ClaimedName}, err
}

func (c *scene) says(text string) desk.Message {
	return c.Message(c.thread, func(m *desk.Message) {
		m.Text, m.Disposition, m.Actor = text, desk.DispNormal, desk.Actor{Kind: desk.ActorVisitor, ID: int64(c.visitor.ID)}
		m.From = desk.Party{Kind: desk.AddrVisitor, Address: "v" + c.visitor.ID.String()}
	})
}

func (c *scene) answers(text string, comment bool) desk.Message {
	c.t.Helper()
	return desktest.Must[desk.Message](c.t)(c.s.Replies.Reply(context.Background(), dispatch.ReplyCommand{Actor: desk.ByUser(c.agent.ID), ThreadID: c.thread.ID, Comment: comment, Content: dispatch.Content{Text: text}, Client: "test"}))
}

func (c *scene) look() error {
	return c.s.unseen(context.Background(), &job.Job{Payload: []byte(`{"thread_id":"` + c.thread.ID.String() + `"}`)})
}

func (c *scene) mails() (out []desk.Message) {
	for _, m := range desktest.Must[[]desk.Message](c.t)(c.Threads.Messages(context.Background(), c.DB, c.thread.ID, thread.Page{Oldest: true})) {
		if m.AccountID == c.mail.ID {
			out = append(out, m)
		}
	}
	return out
}

// CH-29, GEN-24: what the visitor did not see leaves as one mail in their language, in the name of who wrote it, with what was said before and without comments;
// once; and not while their page is open and the time is not up.
func TestUnseenAnswersLeaveAsOneMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newScene(t, d)
		c.answers("Yes, two.", false)
		c.answers("They never pay.", true)
		last := c.answers("Green or blue?", false)
		c.there = true
		c.Clock.Advance(30 * time.Second)
		if err := c.look(); err == nil || len(c.mails()) != 0 {
			t.Fatalf("the page is open, and it left: %v, %v", err, c.mails())
		}
		c.there = false
		for range 3 {
			if err := c.look(); err != nil {
				t.Fatal(err)
			}
		}
		all := c.mails()
		if len(all) != 1 {
			t.Fatalf("%d mails", len(all))
		}
		m := all[0]
		for _, want := range []string{"Yes, two.", "Green or blue?", "Do you have tents?", "Ann Holm har svaret dig i chatten med Acme:"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("%q is not in it: %s", want, m.Text)
			}
		}
		if strings.Contains(m.Text+m.HTML, "never pay") || m.Kind != desk.KindSystem || m.Recipients[0].Address != "mira@home.example" || m.Actor != desk.ByUser(c.agent.ID) || m.Subject != "Din chat med Acme" {
			t.Errorf("the mail: %+v", m)
		}
		th := desktest.Must[desk.Thread](t)(c.Threads.Get(context.Background(), d, c.thread.ID))
		if th.MailedTo != last.ID {
			t.Errorf("mailed to %s, not %s", th.MailedTo, last.ID)
		}
		tk := desktest.Must[desk.Ticket](t)(c.Tickets.Get(context.Background(), d, c.thread.TicketID))
		if tk.Snippet != "Green or blue?" {
			t.Errorf("the ticket shows %q", tk.Snippet)
		}
	})
}

// CH-29: seen between the look and the letter, it does not leave: the transaction that stores the mail holds the conversation and looks again.
func TestNothingIsMailedThatWasSeenMeanwhile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newScene(t, d)
		answer := c.answers("Yes, two.", false)
		ctx := context.Background()
		found := desktest.Must[pile](t)(c.s.pile(ctx, c.thread.ID))
		to := desktest.Must[desk.Party](t)(c.s.reach(ctx, found.thread))
		c.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := c.Threads.Seen(ctx, tx, c.visitor.Actor(), c.thread.ID, thread.SeenByVisitor, answer.ID)
			return err
		})
		if err := c.s.mail(ctx, found, c.mail, to); err == nil || len(c.mails()) != 0 {
			t.Fatalf("%v, %d mails", err, len(c.mails()))
		}
		if err := c.look(); err != nil || len(c.mails()) != 0 {
			t.Fatalf("afterwards: %v, %d mails", err, len(c.mails()))
		}
		c.answers("Blue ones.", false)
		c.says("I am back.")
		if err := c.look(); err != nil || len(c.mails()) != 0 {
			t.Fatalf("who writes has seen: %v, %d mails", err, len(c.mails()))
		}
	})
}

// CH-29: once the last page is closed what was not seen leaves at once, not at the next look; where everything was seen nothing is begun.
func TestWhoHasGoneIsWrittenToAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newScene(t, d)
		ctx := context.Background()
		due := func() int {
			return desktest.Must[int](t)(db.One(ctx, d, db.Column[int], "SELECT COUNT(*) FROM jobs WHERE kind = $1 AND run_at <= $2", unseenKind, c.Clock.Ms()))
		}
		answer := c.answers("Yes, two.", false)
		c.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := c.jobs.Enqueue(ctx, tx, job.Spec{Kind: unseenKind, Payload: unseenPayload{c.thread.ID}, UniqueKey: c.thread.ID.String(), RunAt: c.Clock.Ms().Add(time.Hour)})
			return err
		})
		if n := due(); n != 0 {
			t.Fatalf("%d looks are due before", n)
		}
		if err := c.s.Left(ctx, []desk.VisitorID{c.visitor.ID, 12345}); err != nil || due() != 1 {
			t.Fatalf("%v, %d looks are due", err, due())
		}
		if err := c.look(); err != nil || len(c.mails()) != 1 {
			t.Fatalf("%v, %d mails", err, len(c.mails()))
		}
		c.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM jobs")
			return err
		})
		c.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := c.Threads.Seen(ctx, tx, c.visitor.Actor(), c.thread.ID, thread.SeenByVisitor, answer.ID)
			return err
		})
		if err := c.s.Left(ctx, []desk.VisitorID{c.visitor.ID}); err != nil || due() != 0 {
			t.Errorf("everything was seen: %v, %d", err, due())
		}
	})
}

// CH-06, CH-29: mail leaves by the account that the channel names, also one of another inbox, else by the inbox's own; and after as long as it says, while the page is open.
func TestMailLeavesByTheChosenAccountAfterTheChosenTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newScene(t, d)
		elsewhere := c.Inbox("elsewhere")
		other := c.Account(func(n *inbox.NewAccount) { n.Channel, n.InboxID = "post", elsewhere.ID })
		set := func(settings string) {
			c.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := c.Inboxes.UpdateAccount(ctx, tx, desk.System, c.thread.AccountID, inbox.AccountChange{Settings: []byte(settings)})
				return err
			})
		}
		for account, want := range map[string]desk.ChannelAccountID{other.Slug: other.ID, "": c.mail.ID, "gone": c.mail.ID} {
			set(`{"email":{"account":"` + account + `"}}`)
			if acc, err := c.s.Sender(context.Background(), c.thread); err != nil || acc.ID != want {
				t.Errorf("“%s” leaves by %s (%v), want %s", account, acc.ID, err, want)
			}
		}
		set(`{"email":{"account":"` + other.Slug + `","unseen_after_seconds":600}}`)
		sent := func() (n int) {
			for _, m := range desktest.Must[[]desk.Message](t)(c.Threads.Messages(context.Background(), d, c.thread.ID, thread.Page{Oldest: true})) {
				if m.AccountID == other.ID {
					n++
				}
			}
			return n
		}
		c.there = true
		c.answers("Yes, two.", false)
		c.Clock.Advance(9 * time.Minute)
		if err := c.look(); err == nil || sent() != 0 {
			t.Errorf("after nine of ten minutes: %v, %d mails", err, sent())
		}
		c.Clock.Advance(2 * time.Minute)
		if err := c.look(); err != nil || sent() != 1 {
			t.Errorf("after eleven: %v, %d mails", err, sent())
		}
	})
}

// CH-06: a transcript has both sides and never a comment; a conversation is not sent to strangers again and again.
func TestTranscript(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newScene(t, d)
		c.answers("Yes, two.", false)
		c.answers("They never pay.", true)
		ctx := context.Background()
		if err := c.s.Transcript(ctx, desk.System, c.thread.ID, "nonsense"); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("to nonsense: %v", err)
		}
		for range transcriptsADay {
			if err := c.s.Transcript(ctx, desk.System, c.thread.ID, "other@home.example"); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.s.Transcript(ctx, desk.System, c.thread.ID, "other@home.example"); desk.CodeOf(err) != desk.RateLimited {
			t.Errorf("once more: %v", err)
		}
		all := c.mails()
		if len(all) != transcriptsADay || !strings.Contains(all[0].Text, "Do you have tents?") || !strings.Contains(all[0].Text, "Yes, two.") || strings.Contains(all[0].Text, "never pay") {
			t.Errorf("%d: %s", len(all), all[0].Text)
		}
	})
}

// CH-06, TR-09: what the owner of a claimed address mails into the conversation, and what they are answered there, is in no transcript that the browser asks for.
func TestATranscriptHasNobodyElsesMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newScene(t, d)
		c.answers("Who are you?", false)
		c.Message(c.thread, func(m *desk.Message) {
			m.Channel, m.AccountID, m.Text, m.Disposition = "post", c.mail.ID, "I never wrote that. My number is 12345678.", desk.DispNormal
			m.From = desk.Party{Kind: desk.AddrEmail, Address: "mira@home.example"}
		})
		c.Message(c.thread, func(m *desk.Message) {
			m.Direction, m.Channel, m.AccountID, m.Actor, m.Text = desk.Outgoing, "post", c.mail.ID, desk.ByUser(c.agent.ID), "Your balance is 4711."
			m.Recipients = []desk.Party{{Field: "to", Kind: desk.AddrEmail, Address: "mira@home.example"}}
		})
		if err := c.s.Transcript(context.Background(), desk.System, c.thread.ID, "liar@evil.example"); err != nil {
			t.Fatal(err)
		}
		all := c.mails()
		if got := all[len(all)-1]; !strings.Contains(got.Text, "Who are you?") || strings.Contains(got.Text, "12345678") || strings.Contains(got.Text, "4711") {
			t.Errorf("%s", got.Text)
		}
	})
}

// WS-21, GEN-24: a plain answer leaves by the channel of the customer's latest message.
func TestAnswersFollowTheCustomer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newScene(t, d)
		ctx := context.Background()
		plain := func() desk.ChannelAccountID {
			acc, _, _, err := c.s.Replies.Plain(ctx, d, c.thread)
			if err != nil {
				t.Fatal(err)
			}
			return acc.ID
		}
		if got := plain(); got != c.thread.AccountID {
			t.Errorf("begins by %s", got)
		}
		c.Message(c.thread, func(m *desk.Message) {
			m.Channel, m.AccountID, m.Disposition, m.From = "post", c.mail.ID, desk.DispNormal, desk.Party{Kind: desk.AddrEmail, Address: "mira@home.example"}
		})
		c.answers("By mail then.", false)
		if got := plain(); got != c.mail.ID {
			t.Errorf("after a mail by %s", got)
		}
		c.says("Back here.")
		if got := plain(); got != c.thread.AccountID {
			t.Errorf("after a word here by %s", got)
		}
	})
}
