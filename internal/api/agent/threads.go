package agent

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

// Thread is one conversation without a ticket, with what its page needs.
type Thread struct {
	view.TicketThread
	Contact *desk.Contact `json:"contact"`
	Draft   *desk.Draft   `json:"draft"`
	Seq     int64         `json:"seq"`
}

func (a *agents) mountThreads() {
	const tag = "Conversations"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/threads", ID: "listThreads", Tag: tag, Summary: "The conversations of an inbox, the latest message first",
		Description: "An inbox is threads first: conversations of accounts that make no tickets stand only here (IH-01).", Errors: []int{404}}, a.threads)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/threads/{id}", ID: "getThread", Tag: tag, Summary: "One conversation", Errors: []int{404}}, a.thread)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/threads/{id}/timeline", ID: "getThreadTimeline", Tag: tag, Summary: "Messages, comments and events of a conversation", Errors: []int{404}}, a.threadTimeline)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/threads/{id}/ticket", ID: "createThreadTicket", Tag: tag, Summary: "Open a ticket for a conversation that has none", Status: 201, Errors: []int{404, 409}}, a.threadTicket)
}

type threadsInput struct {
	api.Listing
	InboxID    string `query:"inbox_id" doc:"Needed unless hidden is given."`
	Hidden     string `query:"hidden" enum:"spam,trash" doc:"Those without a ticket that lie in spam or in the trash, of every inbox one sees; inbox_id, closed and with_ticket then say nothing."`
	Closed     bool   `query:"closed" doc:"Those that are closed, instead of those that are open."`
	WithTicket bool   `query:"with_ticket" doc:"Also those that a ticket shows."`
	Bot        bool   `query:"bot" doc:"Those that a bot holds or held to the end, of the inbox or of every one that one sees: no person has had them (CF-21)."`
	Space      string `query:"space" doc:"Of a space alone (WS-07)."`
}

func (a *agents) threads(ctx context.Context, v access.Viewer, in *threadsInput) (*api.Out[view.ThreadPage], error) {
	at, err := desk.ParseID[desk.SpaceID](in.Space)
	if err != nil && in.Space != "" {
		return nil, desk.Errorf(desk.NotFound, "space.not_found", "There is no such space.")
	}
	s, err := a.View.In(ctx, view.SightOf(v), at)
	if err != nil {
		return nil, err
	}
	if in.Hidden != "" {
		return api.Answer(a.View.HiddenThreads(ctx, s, desk.Hidden(in.Hidden), view.Page{Cursor: in.Cursor, Limit: in.Limit}))
	}
	inbox, err := desk.ParseID[desk.InboxID](in.InboxID)
	if in.Bot && (err == nil || in.InboxID == "") {
		return api.Answer(a.View.BotThreads(ctx, s, inbox, !in.Closed, view.Page{Cursor: in.Cursor, Limit: in.Limit}))
	}
	if err != nil {
		return nil, desk.Errorf(desk.NotFound, "inbox.not_found", "There is no such inbox, or you may not see it.")
	}
	return api.Answer(a.View.Threads(ctx, s, inbox, !in.Closed, in.WithTicket, view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

func (a *agents) thread(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Thread], error) {
	id, err := desk.ParseID[desk.ThreadID](in.ID)
	if err != nil {
		return nil, errNoThread
	}
	seq, err := a.Events.Last(ctx)
	if err != nil {
		return nil, err
	}
	t, c, err := a.View.ThreadDetail(ctx, view.SightOf(v), id)
	if err != nil {
		return nil, err
	}
	if err := a.replyDefaults(ctx, &t); err != nil {
		return nil, err
	}
	out := Thread{TicketThread: t, Contact: c, Seq: seq}
	d, ok, err := a.Threads.Draft(ctx, a.DB, v.User.ID, t.TicketID, t.ID, "reply")
	if ok {
		out.Draft = &d
	}
	return api.Answer(out, err)
}

func (a *agents) threadTimeline(ctx context.Context, v access.Viewer, in *timelineInput) (*api.Out[view.Timeline], error) {
	id, err := desk.ParseID[desk.ThreadID](in.ID)
	if err != nil {
		return nil, errNoThread
	}
	return api.Answer(a.View.ThreadTimeline(ctx, view.SightOf(v), id, in.Order == "asc", view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

func (a *agents) threadTicket(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Ticket], error) {
	id, err := desk.ParseID[desk.ThreadID](in.ID)
	if err != nil {
		return nil, errNoThread
	}
	if err := a.View.NeedThread(ctx, v, id, access.TicketsEdit); err != nil {
		return nil, err
	}
	t, err := db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Ticket, error) {
		th, err := a.Threads.Lock(ctx, tx, id)
		if err != nil {
			return desk.Ticket{}, err
		}
		if th.TicketID != 0 {
			return desk.Ticket{}, desk.Errorf(desk.Conflict, "thread.has_ticket", "This conversation has a ticket already.")
		}
		t, err := a.Tickets.Create(ctx, tx, ticket.NewTicket{Actor: v.Actor, Subject: th.Subject, InboxID: th.InboxID, Channel: th.Channel, AccountID: th.AccountID, ContactID: th.ContactID, ThreadID: th.ID})
		if err != nil {
			return t, err
		}
		if _, err = a.Threads.MoveToTicket(ctx, tx, v.Actor, th.ID, t.ID, "ticket_opened"); err != nil {
			return t, err
		}
		return t, a.takesOver(ctx, tx, v, th, t)
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(a.ticket(ctx, v, t.ID))
}

// takesOver gives the ticket of a conversation what the conversation had: its messages' sums, and its owner unless the channel says otherwise (GEN-08, IH-04).
func (a *agents) takesOver(ctx context.Context, tx *db.Tx, v access.Viewer, th desk.Thread, t desk.Ticket) error {
	sum, err := a.Threads.Tally(ctx, tx, t.ID, t.CreatedAt)
	if err != nil {
		return err
	}
	if err := a.Tickets.SetTally(ctx, tx, t.ID, sum); err != nil || th.OwnerID == 0 && th.TeamID == 0 {
		return err
	}
	acc, err := a.Inboxes.Account(ctx, tx, th.AccountID)
	if err != nil || acc.Ticket.Owner == "policy" || acc.Ticket.Owner == "no_one" {
		return err
	}
	_, err = a.Assign.Inherit(ctx, tx, v.Actor, t, th.OwnerID, th.TeamID)
	return err
}
