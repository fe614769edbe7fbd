package actions

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

func (a *actions) mountThreads(s *api.Server) {
	for _, o := range []struct {
		path, id, summary string
		need              access.Permission
		fn                func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.ThreadID, in threadBody) (desk.Thread, error)
	}{
		{"close", "closeThread", "Close a conversation without a ticket", access.TicketsEdit, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.ThreadID, _ threadBody) (desk.Thread, error) {
			return a.Triage.TurnThread(ctx, tx, v.Actor, id, false)
		}},
		{"reopen", "reopenThread", "Reopen a conversation without a ticket", access.TicketsEdit, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.ThreadID, _ threadBody) (desk.Thread, error) {
			return a.Triage.TurnThread(ctx, tx, v.Actor, id, true)
		}},
		{"spam", "spamThread", "Move a conversation without a ticket to spam", access.TicketsEdit, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.ThreadID, in threadBody) (desk.Thread, error) {
			return a.Triage.HideThread(ctx, tx, v.Actor, id, desk.HiddenSpam, in.Block)
		}},
		{"trash", "trashThread", "Move a conversation without a ticket to the trash", access.TicketsDelete, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.ThreadID, _ threadBody) (desk.Thread, error) {
			return a.Triage.HideThread(ctx, tx, v.Actor, id, desk.HiddenTrash, "")
		}},
		{"restore", "restoreThread", "Bring a conversation back from spam or trash", access.TicketsEdit, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.ThreadID, in threadBody) (desk.Thread, error) {
			return a.Triage.RestoreThread(ctx, tx, v.Actor, id, in.Unblock)
		}},
		{"assign", "assignThread", "Give a conversation without a ticket to somebody", access.TicketsAssign, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.ThreadID, in threadBody) (desk.Thread, error) {
			return a.Triage.AssignThread(ctx, tx, v.Actor, id, in.OwnerID, in.TeamID)
		}},
	} {
		api.Register(s, api.Op{Method: "POST", Path: "/api/threads/{id}/" + o.path, ID: o.id, Tag: tag, Summary: o.summary, Errors: []int{404, 409}},
			func(ctx context.Context, v access.Viewer, in *threadInput) (*api.Out[PlainThread], error) {
				return a.thread(ctx, v, in, o.need, o.fn)
			})
	}
	api.Register(s, api.Op{Method: "POST", Path: "/api/threads/{id}/move", ID: "moveThread", Tag: tag, Summary: "Move a conversation without a ticket to another inbox",
		Description: "In a help desk it gets a ticket.", Errors: []int{404, 409}}, a.moveThread)
}

// PlainThread is a conversation without what its page adds.
type PlainThread desk.Thread

type threadBody struct {
	Block   string      `json:"block,omitempty" enum:"none,sender,domain" doc:"With spam: put who wrote, or their domain, on the deny list."`
	Unblock bool        `json:"unblock,omitempty" doc:"With restore: take what denies the sender off the list."`
	OwnerID desk.UserID `json:"owner_id,omitempty" doc:"With assign; left out: nobody."`
	TeamID  desk.TeamID `json:"team_id,omitempty"`
}

type threadInput struct {
	api.ByID
	Body threadBody
}

func (a *actions) threadPlace(ctx context.Context, v access.Viewer, in string, need access.Permission) (desk.ThreadID, error) {
	id, err := desk.ParseID[desk.ThreadID](in)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "thread.not_found", "There is no such thread, or you may not see it.")
	}
	return id, a.View.NeedThread(ctx, v, id, need)
}

func (a *actions) thread(ctx context.Context, v access.Viewer, in *threadInput, need access.Permission, fn func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.ThreadID, in threadBody) (desk.Thread, error)) (*api.Out[PlainThread], error) {
	id, err := a.threadPlace(ctx, v, in.ID, need)
	if err != nil {
		return nil, err
	}
	var out desk.Thread
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = fn(ctx, tx, v, id, in.Body)
		return err
	})
	return api.Answer(PlainThread(out), err)
}

func (a *actions) moveThread(ctx context.Context, v access.Viewer, in *moveInput) (*api.Out[PlainThread], error) {
	id, err := a.threadPlace(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	if err := v.NeedIn(in.Body.InboxID, access.TicketsEdit); err != nil {
		return nil, err
	}
	var out desk.Thread
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = a.Triage.MoveThread(ctx, tx, v.Actor, id, in.Body.InboxID)
		return err
	})
	return api.Answer(PlainThread(out), err)
}
