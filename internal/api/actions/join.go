package actions

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

func (a *actions) mountJoin(s *api.Server) {
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/merge", ID: "mergeTickets", Tag: tag, Summary: "Merge tickets", Repeatable: true,
		Description: "With `into` this ticket goes into that one; with `from` those go into this one. Answered is the surviving ticket. Mail to either lands in it, and the merged numbers lead to it.", Errors: []int{404, 409}}, a.merge)
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/join", ID: "joinTicket", Tag: tag, Summary: "Merge this ticket into the one it claims to belong to",
		Description: "Name the ticket, or the message whose link it is.", Errors: []int{404, 409}}, a.join)
	api.Register(s, api.Op{Method: "POST", Path: "/api/merges/{id}/undo", ID: "undoMerge", Tag: tag, Summary: "Take a merged ticket out again",
		Description: "Its conversations go back with all that was written in them since; what began in the surviving ticket stays there. Answered is the ticket that was merged.", Errors: []int{404, 409}}, a.undoMerge)
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/split", ID: "splitTicket", Tag: tag, Summary: "Make a ticket of its own of some messages", Status: 201, Errors: []int{404, 409}}, a.split)
	api.Register(s, api.Op{Method: "POST", Path: "/api/splits/{id}/undo", ID: "undoSplit", Tag: tag, Summary: "Join what a split divided", Errors: []int{404, 409}}, a.undoSplit)
}

type mergeInput struct {
	api.ByID
	Body struct {
		Into desk.TicketID   `json:"into,omitempty"`
		From []desk.TicketID `json:"from,omitempty" maxItems:"50"`
	}
}

func (a *actions) merge(ctx context.Context, v access.Viewer, in *mergeInput) (*api.Out[Done], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	into, from := id, in.Body.From
	if in.Body.Into != 0 {
		into, from = in.Body.Into, append([]desk.TicketID{id}, from...)
	}
	if len(from) == 0 {
		return nil, desk.Errorf(desk.Invalid, "ticket.merge_nothing", "Name the ticket to merge with.").In("into")
	}
	for _, other := range from {
		if err := a.View.MayInTicket(ctx, v, other, access.TicketsEdit); err != nil {
			return nil, err
		}
	}
	if err := a.mayJoin(ctx, v, into); err != nil {
		return nil, err
	}
	return a.mergeAll(ctx, v, from, into, "")
}

// mayJoin: the viewer may edit a ticket, and the one that it went into when it was merged.
func (a *actions) mayJoin(ctx context.Context, v access.Viewer, into desk.TicketID) error {
	if err := a.View.MayInTicket(ctx, v, into, access.TicketsEdit); err != nil {
		return err
	}
	survivor, err := a.Triage.Tickets.Survivor(ctx, a.DB, into)
	if err != nil {
		return err
	}
	return a.View.MayInTicket(ctx, v, survivor.ID, access.TicketsEdit)
}

func (a *actions) mergeAll(ctx context.Context, v access.Viewer, from []desk.TicketID, into desk.TicketID, reason string) (*api.Out[Done], error) {
	var u Undo
	err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		u = Undo{}
		for _, f := range from {
			m, err := a.Triage.MergeBecause(ctx, tx, v.Actor, f, into, reason)
			if err != nil {
				return err
			}
			u.MergeIDs = append([]desk.MergeID{m.ID}, u.MergeIDs...)
			into = m.Into
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return a.answer(ctx, v, into, u)
}

type joinInput struct {
	api.ByID
	Body struct {
		OtherID   desk.TicketID  `json:"other_id,omitempty" doc:"The ticket to join into."`
		MessageID desk.MessageID `json:"message_id,omitempty" doc:"Or the message whose link names it."`
	}
}

func (a *actions) join(ctx context.Context, v access.Viewer, in *joinInput) (*api.Out[Done], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	into := in.Body.OtherID
	if into == 0 {
		d, err := a.View.Ticket(ctx, view.SightOf(v), id)
		if err != nil {
			return nil, err
		}
		for _, l := range d.Links {
			if l.Kind == ticket.LinkClaims && l.Direction == "to" && (in.Body.MessageID == 0 || l.MessageID == in.Body.MessageID) {
				into = l.Other.ID
			}
		}
	}
	if into == 0 || into == id {
		return nil, desk.Errorf(desk.Invalid, "ticket.join_nothing", "Name the ticket to join into.").In("other_id")
	}
	if err := a.mayJoin(ctx, v, into); err != nil {
		return nil, err
	}
	return a.mergeAll(ctx, v, []desk.TicketID{id}, into, "joined")
}

func (a *actions) undoMerge(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Done], error) {
	id, err := desk.ParseID[desk.MergeID](in.ID)
	if err != nil {
		return nil, desk.Errorf(desk.NotFound, "merge.not_found", "There is no such merge.")
	}
	m, err := a.Triage.Tickets.MergeByID(ctx, a.DB, id)
	if err != nil {
		return nil, err
	}
	survivor, err := a.Triage.Tickets.Survivor(ctx, a.DB, m.Into)
	if err != nil {
		return nil, err
	}
	for _, t := range []desk.TicketID{m.From, survivor.ID} {
		if err := a.View.MayInTicket(ctx, v, t, access.TicketsEdit); err != nil {
			return nil, err
		}
	}
	return a.do(ctx, v, m.From, func(ctx context.Context, tx *db.Tx) error {
		_, err := a.Triage.UndoMerge(ctx, tx, v.Actor, id)
		return err
	})
}

type splitInput struct {
	api.ByID
	Body struct {
		MessageIDs []desk.MessageID `json:"message_ids" minItems:"1" maxItems:"500"`
		Subject    string           `json:"subject,omitempty" maxLength:"1000" doc:"Left out: the first message's."`
	}
}

func (a *actions) split(ctx context.Context, v access.Viewer, in *splitInput) (*api.Out[Done], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	var made desk.Ticket
	var u Undo
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, p, err := a.Triage.Split(ctx, tx, v.Actor, id, append([]desk.MessageID{}, in.Body.MessageIDs...), in.Body.Subject)
		made, u = t, Undo{SplitID: p.ID}
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.answer(ctx, v, made.ID, u)
}

func (a *actions) undoSplit(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Done], error) {
	id, err := desk.ParseID[desk.SplitID](in.ID)
	if err != nil {
		return nil, desk.Errorf(desk.NotFound, "split.not_found", "There is no such split.")
	}
	p, err := a.Triage.Tickets.SplitByID(ctx, a.DB, id)
	if err != nil {
		return nil, err
	}
	for _, t := range []desk.TicketID{p.From, p.To} {
		if err := a.mayJoin(ctx, v, t); err != nil {
			return nil, err
		}
	}
	var home desk.Ticket
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		home, err = a.Triage.UndoSplit(ctx, tx, v.Actor, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.answer(ctx, v, home.ID, Undo{})
}
