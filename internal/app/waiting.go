package app

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/ownermail"
	"github.com/kanalhq/kanal/internal/waiting"
)

// waits makes what becomes of work that nobody could have: the line that is asked again, and the mail to a contact's owner who is away.
func (a *App) waits() {
	a.Letters = ownermail.New(ownermail.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, Registry: a.Registry, People: a.People, Contacts: a.Contacts, Inbox: a.Inbox, Threads: a.Threads, Tickets: a.Tickets,
		Board: a.Board, Replies: a.Dispatch, Base: a.cfg.Base, Key: a.Box.Derive("letters to owners"), Gather: config.Window("OWNER_MAIL"), Log: a.log,
		May: func(u desk.User) bool { return access.UserCan(u, access.TicketsReply) },
		Locale: func(ctx context.Context, q db.Queryer) (string, string, error) {
			c, err := a.Settings.Company(ctx, q)
			return c.Name, c.Locale, err
		},
	})
	a.Intake.Letters = a.Letters
	a.Waiting = waiting.New(waiting.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Tickets: a.Tickets, Threads: a.Threads, Engine: a.Assign, Log: a.log, Letters: a.Letters.Note,
		HandOn: func(ctx context.Context, q db.Queryer) (time.Duration, error) {
			v, err := a.Settings.Waiting(ctx, q)
			return time.Duration(v.HandOnMinutes) * time.Minute, err
		},
	})
	a.Assign.WithQueue(a.Waiting)
}
