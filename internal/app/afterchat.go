package app

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/afterchat"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dialogue"
	"github.com/kanalhq/kanal/internal/netx"
	"github.com/kanalhq/kanal/internal/visitor"
)

// afterchat makes what happens around the end of chats.
func (a *App) afterchat() {
	a.After = afterchat.New(afterchat.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, People: a.People, Inbox: a.Inbox, Threads: a.Threads, Tickets: a.Tickets, Visitors: a.Visitors, Replies: a.Dispatch,
		Surveys: a.Surveys, Registry: a.Registry, Online: a.Lobby.IsOnline, Unseen: config.Window("CHAT_UNSEEN"), Gather: config.Window("CHAT_GONE"), Log: a.log,
		Words: func(ctx context.Context, q db.Queryer) (string, string, error) {
			c, err := a.Settings.Company(ctx, q)
			return c.Name, c.Locale, err
		},
	})
}

// dialogue makes what runs the bots.
func (a *App) dialogue() {
	a.Dialogue = dialogue.New(dialogue.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, Flows: a.Chatflows, Threads: a.Threads, Tickets: a.Tickets, Contacts: a.Contacts, Inboxes: a.Inbox, Visitors: a.Visitors,
		Properties: a.Properties, Assign: a.Assign, Dispatch: a.Dispatch, Intake: a.Intake, Identity: a.Identity, Avail: a.Avail, Company: a.company, Sender: a.After.Sender,
		Client: netx.Guard{AllowPrivate: true}.HTTP(netx.HTTPOptions{Timeout: 10 * time.Second, MaxBody: 1 << 20, MaxRedirects: -1}), Log: a.log,
	})
	a.Intake.Dialogue, a.Dispatch.Bots = a.Dialogue, a.Dialogue
	a.Avail.Handovers = a.Chatflows.Handovers
}

// givenAddress is the address that a visitor gave, for answers that leave by mail.
type givenAddress struct{ visitors *visitor.Service }

func (g givenAddress) Mail(ctx context.Context, q db.Queryer, id desk.VisitorID) (desk.Party, error) {
	v, err := g.visitors.Get(ctx, q, id)
	if err != nil {
		if desk.CodeOf(err) == desk.NotFound {
			err = nil
		}
		return desk.Party{}, err
	}
	return desk.Party{Field: "to", Kind: desk.AddrEmail, Address: v.ClaimedEmail, Name: v.ClaimedName}, nil
}

// transcript mails a conversation to an address that a visitor typed.
func (a *App) transcript(ctx context.Context, th desk.ThreadID, to string) error {
	return a.After.Transcript(ctx, desk.System, th, to)
}

// rate keeps what a visitor says of how it went.
func (a *App) rate(ctx context.Context, th desk.Thread, score int, comment string) error {
	return a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.After.Rate(ctx, tx, desk.Actor{Kind: desk.ActorVisitor, ID: int64(th.VisitorID)}, th.ID, score, comment)
	})
}
