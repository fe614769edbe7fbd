// Package actions has the operations that people do to tickets beside answering them: rest, following, links, merge and split with undo, moves, handing over, spam and
// trash; and the same for conversations without a ticket. Handlers ask whether the viewer may, on both sides where there are two, and call triage, which owns the rules.
package actions

import (
	"context"
	"log/slog"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/triage"
	"github.com/kanalhq/kanal/internal/view"
)

// Deps is what the operations call.
type Deps struct {
	DB     *db.DB
	Log    *slog.Logger
	View   *view.Service
	Triage *triage.Service
}

type actions struct{ Deps }

// Mount adds the operations to a server.
func Mount(s *api.Server, d Deps) {
	a := &actions{d}
	a.mountRest(s)
	a.mountJoin(s)
	a.mountPlace(s)
	a.mountThreads(s)
}

const tag = "Ticket actions"

// Done is a ticket after something was done to it, with what undoes it.
type Done struct {
	view.TicketDetail
	Undo Undo `json:"undo"`
}

// Undo names what takes an action back; what is empty does not.
type Undo struct {
	MergeIDs []desk.MergeID `json:"merge_ids" doc:"For POST /api/merges/{id}/undo, in this order."`
	SplitID  desk.SplitID   `json:"split_id" doc:"For POST /api/splits/{id}/undo."`
	Blocked  string         `json:"blocked" doc:"What was put on the deny list."`
}

// do runs fn in a transaction and answers the ticket as it is then.
func (a *actions) do(ctx context.Context, v access.Viewer, id desk.TicketID, fn func(ctx context.Context, tx *db.Tx) error) (*api.Out[Done], error) {
	if err := a.DB.Write(ctx, fn); err != nil {
		return nil, err
	}
	return a.answer(ctx, v, id, Undo{})
}

func (a *actions) answer(ctx context.Context, v access.Viewer, id desk.TicketID, u Undo) (*api.Out[Done], error) {
	d, err := a.View.Ticket(ctx, view.SightOf(v), id)
	if err != nil {
		return nil, err
	}
	if u.MergeIDs == nil {
		u.MergeIDs = []desk.MergeID{}
	}
	return api.Answer(Done{d, u}, nil)
}

// simple is an operation on one ticket without further input.
func (a *actions) simple(p access.Permission, fn func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.TicketID) error) func(context.Context, access.Viewer, *api.ByID) (*api.Out[Done], error) {
	return func(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Done], error) {
		id, err := a.View.Gate(ctx, v, in.ID, p)
		if err != nil {
			return nil, err
		}
		return a.do(ctx, v, id, func(ctx context.Context, tx *db.Tx) error { return fn(ctx, tx, v, id) })
	}
}
