package survey_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/survey"
	"github.com/kanalhq/kanal/internal/thread"
)

type rig struct {
	*desktest.Desk
	s     *survey.Service
	acc   desk.ChannelAccount
	agent desk.User
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	r := &rig{Desk: desktest.New(t, d)}
	jobs := job.New(r.DB, r.Clock, nil, job.Options{}) // never run: a queued question is asked
	company := func(context.Context, db.Queryer) (string, error) { return "Acme", nil }
	sends := dispatch.New(dispatch.Deps{
		DB: r.DB, Clock: r.Clock, Events: r.Events, Jobs: jobs, People: r.People, Contacts: r.Contacts, Inbox: r.Inboxes, Threads: r.Threads, Tickets: r.Tickets,
		Assign: r.Assignment, Registry: r.Channels, Company: company,
	})
	base, _ := url.Parse("https://desk.example")
	r.s = survey.New(survey.Deps{
		DB: r.DB, Clock: r.Clock, Events: r.Events, Contacts: r.Contacts, Tickets: r.Tickets, Threads: r.Threads, Replies: sends, Base: base, Key: []byte(strings.Repeat("k", 32)),
		Keep: 30 * 24 * time.Hour, Words: func(ctx context.Context, q db.Queryer) (string, string, error) { return "Acme", "en", nil },
	})
	r.acc, r.agent = r.Account(), r.User(func(n *people.NewUser) { n.Name = "Ann Holm" })
	r.set(survey.Settings{On: true, DelayMinutes: 60, EveryDays: 7})
	return r
}

func (r *rig) set(s survey.Settings) {
	r.T.Helper()
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := r.s.SetSettings(ctx, tx, desk.ByUser(r.agent.ID), s)
		return err
	})
}

// closed is a ticket of a customer that an agent answered and closed.
func (r *rig) closed(customer string, answered bool) desk.Ticket {
	r.T.Helper()
	who := r.Contact(customer)
	t := r.Ticket()
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE tickets SET contact_id = $1 WHERE id = $2", who.ID, t.ID)
		return err
	})
	t.ContactID = who.ID
	th := r.Thread(t, r.acc)
	in := func(m *desk.Message) {
		m.From = desk.Party{Kind: desk.AddrEmail, Address: customer}
		m.Recipients = []desk.Party{{Field: "to", Address: r.acc.Address}}
	}
	r.Message(th, in)
	r.Clock.Advance(time.Second) // what is closed in the moment it is made was made as a closed one
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		if answered {
			m := desk.Message{Kind: desk.KindMessage, Direction: desk.Outgoing, Actor: desk.ByUser(r.agent.ID), Text: "Done", CreatedAt: r.Clock.Ms()}
			if err := r.Tickets.NoteMessage(ctx, tx, t.ID, m); err != nil {
				return err
			}
		}
		var err error
		t, err = r.Tickets.Close(ctx, tx, desk.ByUser(r.agent.ID), t.ID, "")
		return err
	})
	return t
}

func (r *rig) run() {
	r.T.Helper()
	if err := r.s.Run(context.Background()); err != nil {
		r.T.Fatal(err)
	}
}

// asked is what went out to a ticket's customer as questions.
func (r *rig) asked(t desk.Ticket) (out []desk.Message) {
	r.T.Helper()
	ms, err := r.Threads.MessagesOfTicket(context.Background(), r.DB, t.ID, thread.Page{Limit: 50})
	if err != nil {
		r.T.Fatal(err)
	}
	for _, m := range ms {
		if m.Client == "survey" {
			out = append(out, m)
		}
	}
	return out
}

var link = regexp.MustCompile(`https://desk\.example/rate/([\w-]+)\?s=(\d)`)

// WS-25
func TestACustomerIsAskedOnceAfterTheirTicketWasClosed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.Clock.Advance(time.Minute)
		tk := r.closed("mira@home.example", true)
		r.Clock.Advance(30 * time.Minute)
		r.run()
		if n := len(r.asked(tk)); n != 0 {
			t.Fatalf("asked %d times before the wait was over", n)
		}
		r.Clock.Advance(31 * time.Minute)
		r.run()
		r.run()
		got := r.asked(tk)
		if len(got) != 1 {
			t.Fatalf("asked %d times", len(got))
		}
		m := got[0]
		if m.Disposition != desk.DispAutoReply || len(m.Recipients) != 1 || m.Recipients[0].Address != "mira@home.example" || m.Status != desk.StatusQueued {
			t.Errorf("the question is %+v", m)
		}
		links := link.FindAllStringSubmatch(m.HTML+m.Text, -1)
		if len(links) < 3 {
			t.Fatalf("links: %v in %s", links, m.HTML)
		}
		now, err := r.Tickets.Get(context.Background(), r.DB, tk.ID)
		if err != nil || now.Open || now.OwnerID != tk.OwnerID {
			t.Errorf("the question changed the ticket: %+v, %v", now, err)
		}
		r.say(t, tk, links[0][1])
	})
}

func (r *rig) say(t *testing.T, tk desk.Ticket, token string) {
	ctx := context.Background()
	q, err := r.s.Asked(ctx, token)
	if err != nil || q.Number != tk.Number || q.Score != 0 || q.Over {
		t.Fatalf("%+v, %v", q, err)
	}
	bad := []byte(token)
	bad[3] ^= 1
	if _, err := r.s.Asked(ctx, string(bad)); desk.CodeOf(err) != desk.NotFound {
		t.Errorf("a forged link: %v", err)
	}
	if err := r.s.Say(ctx, token, 4, ""); desk.CodeOf(err) != desk.Invalid {
		t.Errorf("a fourth answer: %v", err)
	}
	for _, score := range []int{1, 3, 3} {
		if err := r.s.Say(ctx, token, score, " quick "); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.EventsOf(desk.EvTicketRated)); n != 2 {
		t.Errorf("%d events of two different answers", n)
	}
	page, err := r.s.Answers(ctx, r.DB, nil, 0, "", 10)
	if err != nil || len(page.Items) != 1 || page.Items[0].Score != 3 || page.Items[0].Comment != "quick" {
		t.Errorf("%+v, %v", page, err)
	}
	if page, _ := r.s.Answers(ctx, r.DB, []desk.InboxID{1}, 0, "", 10); len(page.Items) != 0 {
		t.Error("an answer of an inbox that is out of sight")
	}
	sum, err := r.s.Summarize(ctx, r.DB, nil, 0)
	if err != nil || sum.Asked != 1 || sum.Satisfied != 1 || sum.Dissatisfied != 0 {
		t.Errorf("%+v, %v", sum, err)
	}
	r.Clock.Advance(31 * 24 * time.Hour)
	if err := r.s.Say(ctx, token, 1, ""); desk.CodeOf(err) != desk.Conflict {
		t.Errorf("after its time: %v", err)
	}
	r.Write(func(ctx context.Context, tx *db.Tx) error { return r.s.Erase(ctx, tx, tk.ID, 0) })
	if _, err := r.s.Asked(ctx, token); desk.CodeOf(err) != desk.NotFound {
		t.Errorf("erased: %v", err)
	}
}

// WS-25: each setting and each circumstance that keeps a customer from being asked.
func TestWhoIsNotAsked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.Clock.Advance(time.Minute)
		unanswered := r.closed("a@home.example", false)
		first := r.closed("b@home.example", true)
		r.Clock.Advance(time.Second)
		again := r.closed("b@home.example", true)
		reopened := r.closed("c@home.example", true)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Tickets.Reopen(ctx, tx, desk.System, reopened.ID, "")
			return err
		})
		r.Clock.Advance(2 * time.Hour)
		r.run()
		for _, c := range []struct {
			name string
			t    desk.Ticket
			n    int
		}{{"nobody answered", unanswered, 0}, {"the first", first, 1}, {"the same person within a week", again, 0}, {"open again", reopened, 0}} {
			if n := len(r.asked(c.t)); n != c.n {
				t.Errorf("%s: asked %d times, want %d", c.name, n, c.n)
			}
		}
		r.Clock.Advance(8 * 24 * time.Hour)
		off := r.closed("b@home.example", true)
		r.set(survey.Settings{On: false, DelayMinutes: 0})
		r.Clock.Advance(2 * time.Hour)
		r.run()
		r.set(survey.Settings{On: true, DelayMinutes: 0})
		r.run()
		if n := len(r.asked(off)); n != 0 {
			t.Error("asked about what was closed while it was off")
		}
		elsewhere := r.closed("d@home.example", true)
		r.set(survey.Settings{On: true, DelayMinutes: 0, Inboxes: []desk.InboxID{1}})
		r.Clock.Advance(time.Hour)
		r.run()
		if n := len(r.asked(elsewhere)); n != 0 {
			t.Error("asked in another inbox")
		}
	})
}
