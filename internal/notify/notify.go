// Package notify tells people of what concerns them: it follows the event log by number, decides purely who is told of what and by which target
// (rules.go, a table), and keeps what it told in the tables notifications, notification_deliveries, notification_settings and notify_state, exactly once for each event,
// person and kind. It holds desktop and mail back in a person's quiet hours, gathers mails, and hands them to whoever sends (Deps.Senders). It refuses to tell anybody of their
// own doing or of what they may not see, and changes no ticket. The API's inform handlers ask it; app runs it and gives it its senders.
package notify

import (
	"context"
	"log/slog"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/people"
)

// Sender reaches people outside of the workspace by one target.
type Sender interface {
	// Unavailable says why nothing can be sent just now, as a slug and a sentence; "" when it can.
	Unavailable(ctx context.Context) (slug, sentence string)
	// Send hands one letter over. It calls commit before the irrevocable step and gives up when that fails. Errors are as channel adapters give them.
	Send(ctx context.Context, l Letter, commit func(ctx context.Context) error) error
}

// Letter is what is sent: one piece of news or many, in the reader's language.
type Letter struct {
	To      desk.User
	Subject string
	Text    string
	HTML    string
}

// Windows are the time windows; zero fields take the documented defaults.
type Windows struct {
	Bundle time.Duration // what comes within it about one ticket goes in one mail; 2 min
	Every  time.Duration // how often what is due is looked for; 20 s
	Keep   time.Duration // notifications are forgotten after this; 90 d
	GiveUp time.Duration // a mail that cannot be sent for so long is dropped; 1 d
	Retry  time.Duration // pause after a failed try, doubling; 1 min
}

func (w Windows) withDefaults() Windows {
	for _, p := range []struct {
		v *time.Duration
		d time.Duration
	}{{&w.Bundle, 2 * time.Minute}, {&w.Every, 20 * time.Second}, {&w.Keep, 90 * 24 * time.Hour}, {&w.GiveUp, 24 * time.Hour}, {&w.Retry, time.Minute}} {
		if *p.v <= 0 {
			*p.v = p.d
		}
	}
	return w
}

// Deps are what a Service stands on.
type Deps struct {
	DB     *db.DB
	Clock  *clock.Clock
	Events *event.Log
	People *people.Service
	Log    *slog.Logger
	Base   string // the public origin, for links
	// Senders reach people by target; a target of Targets without one is the browser's business.
	Senders map[string]Sender
	// Viewing says who has a ticket open right now; nil: nobody is known to.
	Viewing func(ticket desk.TicketID) []desk.UserID
	// Company is the language and the time zone of those who have chosen none, and the company's name.
	Company func(ctx context.Context, q db.Queryer) (name string, r Rhythm, err error)
	Windows Windows
}

// Service tells people. Safe for concurrent use.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Viewing == nil {
		d.Viewing = func(desk.TicketID) []desk.UserID { return nil }
	}
	if d.Company == nil {
		d.Company = func(context.Context, db.Queryer) (string, Rhythm, error) { return "", Rhythm{"en", "UTC"}, nil }
	}
	d.Windows = d.Windows.withDefaults()
	return &Service{d}
}

// Scheduler is the job queue.
type Scheduler interface {
	Every(name string, d time.Duration, fn func(ctx context.Context) error)
}

// Schedule names what is done now and then: call it before the queue runs.
func (s *Service) Schedule(q Scheduler) {
	q.Every("notify.deliver", s.Windows.Every, s.Deliver)
	q.Every("notify.held", 10*time.Minute, s.Held)
	q.Every("notify.prune", time.Hour, s.Prune)
}

// Prune forgets what is old.
func (s *Service) Prune(ctx context.Context) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		before := s.Clock.Ms().Add(-s.Windows.Keep)
		if _, err := tx.Exec(ctx, "DELETE FROM notification_deliveries WHERE notification_id IN (SELECT id FROM notifications WHERE created_at < $1)", before); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM notifications WHERE created_at < $1", before)
		return err
	})
}
