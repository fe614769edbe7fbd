package actions

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

func (a *actions) mountRest(s *api.Server) {
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/snooze", ID: "snoozeTicket", Tag: tag, Summary: "Lay a ticket to rest",
		Description: "Until a time, and in any case until the customer writes; null waits for the customer alone.", Errors: []int{404, 409}}, a.snooze)
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/wake", ID: "wakeTicket", Tag: tag, Summary: "End a ticket's rest", Errors: []int{404}},
		a.simple(access.TicketsEdit, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.TicketID) error {
			return a.Triage.Wake(ctx, tx, v.Actor, id)
		}))
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/follow", ID: "followTicket", Tag: tag, Summary: "Hear of a ticket", Errors: []int{404}},
		a.simple(access.TicketsView, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.TicketID) error {
			return a.Triage.Follow(ctx, tx, v.Actor, id, v.User.ID)
		}))
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/unfollow", ID: "unfollowTicket", Tag: tag, Summary: "Hear of it no more", Errors: []int{404}},
		a.simple(access.TicketsView, func(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.TicketID) error {
			return a.Triage.Unfollow(ctx, tx, v.Actor, id, v.User.ID)
		}))
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/followers", ID: "setFollowers", Tag: tag, Summary: "Let others hear of a ticket, or no more", Errors: []int{404}}, a.followers)
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/links", ID: "linkTicket", Tag: tag, Summary: "Link a ticket to another, or take the link away", Errors: []int{404}}, a.links)
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/transfer", ID: "transferTicket", Tag: tag, Summary: "Hand a ticket over with a note that the customer never sees", Errors: []int{404, 409}}, a.transfer)
}

type snoozeInput struct {
	api.ByID
	Body struct {
		Until desk.Time `json:"until" required:"false" doc:"RFC 3339; null: until the customer writes."`
	}
}

func (a *actions) snooze(ctx context.Context, v access.Viewer, in *snoozeInput) (*api.Out[Done], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, v, id, func(ctx context.Context, tx *db.Tx) error {
		return a.Triage.Snooze(ctx, tx, v.Actor, id, in.Body.Until)
	})
}

type followersInput struct {
	api.ByID
	Body struct {
		Add    []desk.UserID `json:"add,omitempty" maxItems:"100"`
		Remove []desk.UserID `json:"remove,omitempty" maxItems:"100"`
	}
}

func (a *actions) followers(ctx context.Context, v access.Viewer, in *followersInput) (*api.Out[Done], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsComment)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, v, id, func(ctx context.Context, tx *db.Tx) error {
		for _, u := range in.Body.Add {
			if err := a.Triage.Follow(ctx, tx, v.Actor, id, u); err != nil {
				return err
			}
		}
		for _, u := range in.Body.Remove {
			if err := a.Triage.Unfollow(ctx, tx, v.Actor, id, u); err != nil {
				return err
			}
		}
		return nil
	})
}

type linkInput struct {
	api.ByID
	Body struct {
		OtherID desk.TicketID `json:"other_id"`
		Kind    string        `json:"kind" enum:"related,duplicate,blocks" doc:"duplicate: this asks what the other asks; blocks: the other waits for this."`
		Remove  bool          `json:"remove,omitempty"`
	}
}

func (a *actions) links(ctx context.Context, v access.Viewer, in *linkInput) (*api.Out[Done], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	if err := a.View.MayInTicket(ctx, v, in.Body.OtherID, access.TicketsView); err != nil {
		return nil, err
	}
	return a.do(ctx, v, id, func(ctx context.Context, tx *db.Tx) error {
		if in.Body.Remove {
			return a.Triage.Unlink(ctx, tx, v.Actor, id, in.Body.OtherID, in.Body.Kind)
		}
		return a.Triage.Link(ctx, tx, v.Actor, id, in.Body.OtherID, in.Body.Kind)
	})
}

type transferInput struct {
	api.ByID
	Body struct {
		OwnerID desk.UserID `json:"owner_id,omitempty"`
		TeamID  desk.TeamID `json:"team_id,omitempty"`
		Note    string      `json:"note,omitempty" maxLength:"20000"`
	}
}

func (a *actions) transfer(ctx context.Context, v access.Viewer, in *transferInput) (*api.Out[Done], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsAssign)
	if err != nil {
		return nil, err
	}
	if in.Body.Note != "" {
		if err := a.View.MayInTicket(ctx, v, id, access.TicketsComment); err != nil {
			return nil, err
		}
	}
	return a.do(ctx, v, id, func(ctx context.Context, tx *db.Tx) error {
		return a.Triage.Transfer(ctx, tx, v.Actor, id, in.Body.OwnerID, in.Body.TeamID, in.Body.Note)
	})
}
