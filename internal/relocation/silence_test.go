package relocation_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/notify"
	"github.com/kanalhq/kanal/internal/ownermail"
	"github.com/kanalhq/kanal/internal/relocation"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/survey"
)

// posted are the notifications that left by mail.
type posted struct{ letters []notify.Letter }

func (*posted) Unavailable(context.Context) (string, string) { return "", "" }

func (p *posted) Send(ctx context.Context, l notify.Letter, commit func(ctx context.Context) error) error {
	if err := commit(ctx); err != nil {
		return err
	}
	p.letters = append(p.letters, l)
	return nil
}

// listeners are all that speak up when something happens to a ticket.
type listeners struct {
	w      *world
	notify *notify.Service
	post   *posted
	owners *ownermail.Service
	survey *survey.Service
	seen   int
}

func listen(t *testing.T, w *world) *listeners {
	t.Helper()
	base, _ := url.Parse("https://desk.example")
	jobs := job.New(w.DB, w.Clock, nil, job.Options{}) // never run: a queued message is one that goes out
	sends := dispatch.New(dispatch.Deps{
		DB: w.DB, Clock: w.Clock, Events: w.Events, Jobs: jobs, People: w.People, Contacts: w.Contacts, Inbox: w.Inboxes, Threads: w.Threads, Tickets: w.Tickets, Assign: w.Assignment,
		Registry: w.Channels, Company: func(context.Context, db.Queryer) (string, error) { return "Acme", nil },
	})
	l := &listeners{w: w, post: &posted{}}
	l.notify = notify.New(notify.Deps{DB: w.DB, Clock: w.Clock, Events: w.Events, People: w.People, Base: "https://desk.example/", Senders: map[string]notify.Sender{notify.Email: l.post},
		Viewing: func(desk.TicketID) []desk.UserID { return nil }})
	l.owners = ownermail.New(ownermail.Deps{DB: w.DB, Clock: w.Clock, Events: w.Events, Jobs: jobs, Registry: w.Channels, People: w.People, Contacts: w.Contacts, Inbox: w.Inboxes,
		Threads: w.Threads, Tickets: w.Tickets, Replies: sends, Base: base, Key: []byte("a key of this installation"), May: func(desk.User) bool { return true }})
	l.survey = survey.New(survey.Deps{DB: w.DB, Clock: w.Clock, Events: w.Events, Contacts: w.Contacts, Tickets: w.Tickets, Threads: w.Threads, Replies: sends, Base: base,
		Key: []byte(strings.Repeat("k", 32)), Keep: 30 * 24 * time.Hour, Words: func(context.Context, db.Queryer) (string, string, error) { return "Acme", "en", nil }})
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := l.survey.SetSettings(ctx, tx, desk.ByUser(w.ann.ID), survey.Settings{On: true})
		return err
	})
	return l
}

// hear lets everybody act on what has happened, an hour later.
func (l *listeners) hear(t *testing.T) {
	t.Helper()
	if l.w.DB.Dialect() == db.Postgres { // events get their numbers after the commit
		l.w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE events SET seq = n.seq FROM (SELECT id, (SELECT COALESCE(MAX(seq), 0) FROM events) + ROW_NUMBER() OVER (ORDER BY ord) AS seq FROM events WHERE seq IS NULL) n WHERE events.id = n.id`)
			return err
		})
	}
	for more := true; more; {
		var err error
		if more, err = l.notify.Step(ctx); err != nil {
			t.Fatal(err)
		}
	}
	evs := l.w.EventsOf("")
	l.w.Write(func(ctx context.Context, tx *db.Tx) error {
		for _, ev := range evs[l.seen:] {
			if err := l.owners.Note(ctx, tx, ev); err != nil {
				return err
			}
		}
		return nil
	})
	l.seen = len(evs)
	l.w.Clock.Set(l.w.Clock.Now().Add(time.Hour))
	for _, err := range []error{l.notify.Deliver(ctx), l.survey.Run(ctx)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A move is silent whatever it makes of conversations: no notification, no mail to an owner, no survey, no automatic answer, no automatic assignment and nothing in the
// queue. The same tickets are told of as soon as somebody does something with them (MG-07).
func TestAMoveIsSilent(t *testing.T) {
	for _, ticketless := range []string{relocation.TicketlessAsIs, relocation.TicketlessClosed} {
		each(t, func(t *testing.T, w *world) {
			bo := w.User(desktest.Named("Bo Berg"))
			rule := desk.AssignPolicy{To: routing.ToUsers, Users: []string{bo.Email}, MailOwner: true}
			w.Write(func(ctx context.Context, tx *db.Tx) error { // a rule that would find somebody
				_, err := w.Inboxes.UpdateAccount(ctx, tx, desk.System, w.acc.ID, inbox.AccountChange{Assign: &rule})
				return err
			})
			l := listen(t, w)
			a, b, c := w.mail("a", "mira@x.example"), w.mail("b", "noor@y.example"), w.mail("c", "olga@z.example")
			w.Write(func(ctx context.Context, tx *db.Tx) error {
				for th, u := range map[desk.ThreadID]desk.UserID{a.ThreadID: bo.ID, b.ThreadID: 0, c.ThreadID: 0} {
					if _, err := w.Threads.Assign(ctx, tx, desk.ByUser(w.ann.ID), th, u, 0); err != nil {
						return err
					}
				}
				_, err := w.Threads.Turn(ctx, tx, desk.ByUser(bo.ID), b.ThreadID, false)
				return err
			})
			w.Message(w.thread(b.ThreadID), func(m *desk.Message) { // answered, so that closing it would ask how it went
				m.Direction, m.Actor, m.ContactID, m.Status = desk.Outgoing, desk.ByUser(bo.ID), 0, desk.StatusSent
			})
			l.hear(t)
			told, sent := len(l.post.letters), w.number("SELECT COUNT(*) FROM messages WHERE direction = 'outgoing'")
			news, owners := w.number("SELECT COUNT(*) FROM notifications"), w.number("SELECT COUNT(*) FROM owner_letters")
			decided := w.number("SELECT COUNT(*) FROM assignment_decisions")

			m := w.moved(relocation.Plan{To: w.Helpdesk().ID, History: "all", Ticketless: ticketless})
			if m.Made != 3 || m.Failed != 0 {
				t.Fatalf("%+v", m)
			}
			for range 3 {
				l.hear(t)
			}
			for what, now := range map[string][2]int{
				"notifications":         {w.number("SELECT COUNT(*) FROM notifications"), news},
				"mails to people":       {len(l.post.letters), told},
				"mails to owners":       {w.number("SELECT COUNT(*) FROM owner_letters"), owners},
				"messages to customers": {w.number("SELECT COUNT(*) FROM messages WHERE direction = 'outgoing'"), sent},
				"decisions":             {w.number("SELECT COUNT(*) FROM assignment_decisions"), decided},
				"waiting":               {w.number("SELECT COUNT(*) FROM assignment_queue"), 0},
			} {
				if now[0] != now[1] {
					t.Errorf("%s: %d %s, were %d", ticketless, now[0], what, now[1])
				}
			}
			if tk := w.ticket(w.thread(c.ThreadID).TicketID); tk.OwnerID != 0 {
				t.Errorf("%s: somebody was found for what had nobody: %+v", ticketless, tk.Assignment)
			}
			// They do listen: an owner given by hand is told.
			w.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.Assignment.Manual(ctx, tx, desk.ByUser(w.ann.ID), w.thread(c.ThreadID).TicketID, bo.ID, 0)
				return err
			})
			l.hear(t)
			if ticketless != relocation.TicketlessClosed && w.number("SELECT COUNT(*) FROM notifications") == news {
				t.Errorf("%s: nobody is told of what somebody does", ticketless)
			}
		})
	}
}
