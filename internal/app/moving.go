package app

import (
	"context"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/moving"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/relocation"
)

// moving makes what moves channels between inboxes, and the limit of tickets a contact.
func (a *App) moving() {
	a.Moves = relocation.New(relocation.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, People: a.People, Inboxes: a.Inbox, Threads: a.Threads, Tickets: a.Tickets, Assign: a.Assign, Log: a.log,
		Forget: a.alsoOfTicket, Keep: config.Window("MOVE_UNDO"),
	})
	a.Tickets.Limit(func(ctx context.Context, q db.Queryer) (int, error) {
		l, err := a.Settings.Associations(ctx, q)
		return l.ContactTickets, err
	})
}

func (a *App) mountMoving(s *api.Server) {
	moving.Mount(s, moving.Deps{DB: a.DB, Inboxes: a.Inbox, Tickets: a.Tickets, Flows: a.Chatflows, Settings: a.Settings, Moves: a.Moves})
}
