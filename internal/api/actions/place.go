package actions

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

func (a *actions) mountPlace(s *api.Server) {
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/move", ID: "moveTicket", Tag: tag, Summary: "Move a ticket to another inbox",
		Description: "Needs the permission to edit in both. Who cannot see the new inbox keeps no ticket there. Answers go on joining it.", Status: 200, Errors: []int{404}}, a.move)
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/spam", ID: "spamTicket", Tag: tag, Summary: "Mark a ticket as spam, and block its sender or their domain", Errors: []int{404, 409}}, a.spam)
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/not_spam", ID: "notSpamTicket", Tag: tag, Summary: "Bring a ticket back from spam, as old as it is", Errors: []int{404, 409}}, a.notSpam)
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/trash", ID: "trashTicket", Tag: tag, Summary: "Move a ticket to the trash", Errors: []int{404, 409}},
		a.simple(access.TicketsDelete, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.TicketID) error {
			return a.Triage.Trash(ctx, tx, v.Actor, id)
		}))
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/restore", ID: "restoreTicket", Tag: tag, Summary: "Bring a ticket back from spam or trash", Errors: []int{404, 409}},
		a.simple(access.TicketsEdit, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.TicketID) error {
			return a.Triage.Restore(ctx, tx, v.Actor, id)
		}))
}

// Place is where something is now, for who may not see it there any more.
type Place struct {
	ID      string       `json:"id"`
	InboxID desk.InboxID `json:"inbox_id"`
}

type moveInput struct {
	api.ByID
	Body struct {
		InboxID desk.InboxID `json:"inbox_id"`
	}
}

func (a *actions) move(ctx context.Context, v access.Viewer, in *moveInput) (*api.Out[Place], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	if err := v.NeedIn(in.Body.InboxID, access.TicketsEdit); err != nil {
		return nil, err
	}
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.Triage.Move(ctx, tx, v.Actor, id, in.Body.InboxID)
	})
	return api.Answer(Place{id.String(), in.Body.InboxID}, err)
}

type spamInput struct {
	api.ByID
	Body struct {
		Block string `json:"block,omitempty" enum:"none,sender,domain" doc:"Put who wrote it, or their domain, on the deny list."`
	}
}

func (a *actions) spam(ctx context.Context, v access.Viewer, in *spamInput) (*api.Out[Done], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	var u Undo
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		u.Blocked, err = a.Triage.MarkSpam(ctx, tx, v.Actor, id, in.Body.Block)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.answer(ctx, v, id, u)
}

type notSpamInput struct {
	api.ByID
	Body struct {
		Allow   bool `json:"allow,omitempty" doc:"Let the sender through from now on."`
		Unblock bool `json:"unblock,omitempty" doc:"Take what denies the sender off the list."`
	}
}

func (a *actions) notSpam(ctx context.Context, v access.Viewer, in *notSpamInput) (*api.Out[Done], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, v, id, func(ctx context.Context, tx *db.Tx) error {
		return a.Triage.NotSpam(ctx, tx, v.Actor, id, in.Body.Allow, in.Body.Unblock)
	})
}
