package admin

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
)

func (a *admins) mountRemoval() {
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/inboxes/{id}", ID: "deleteInbox", Tag: "Inboxes and tickets", Summary: "Take an inbox without channels out of use; its history stays", Status: noContent, Errors: []int{404, 409}}, a.removeInbox)
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/teams/{id}", ID: "deleteTeam", Tag: "People", Summary: "Remove a team", Status: noContent, Errors: []int{404, 409}}, a.removeTeam)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/pipelines/{id}/retire", ID: "retirePipeline", Tag: "Inboxes and tickets", Summary: "Take statuses or a whole pipeline out of use, and move their tickets", Status: noContent, Errors: []int{404, 409},
		Description: "`statuses` are those that go; left out, the pipeline goes. `moves` says for each of them with tickets which status they get. It may be repeated when it was interrupted."}, a.retire)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/users/{id}/deactivate", ID: "deactivateUser", Tag: "People", Summary: "Deactivate a user and pass on their open tickets", Errors: []int{404, 409},
		Description: "`tickets` is keep, release (nobody owns them then), hand_over (to owner_id) or rule (each by the rule of its channel; what nobody can have waits). Closed tickets keep their owner."}, a.deactivate)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/users/{id}/sessions", ID: "listUserSessions", Tag: "Tokens and sessions", Summary: "Where a user is signed in", Errors: []int{404}}, a.userSessions)
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/users/{id}/sessions", ID: "endUserSessions", Tag: "Tokens and sessions", Summary: "Sign a user out everywhere", Status: noContent, Errors: []int{404}}, a.endUserSessions)
}

func (a *admins) removeInbox(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := idOf[desk.InboxID](in.ID)
	if err != nil {
		return nil, err
	}
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return a.Inboxes.ArchiveInbox(ctx, tx, v.Actor, id) })
}

func (a *admins) removeTeam(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := idOf[desk.TeamID](in.ID)
	if err != nil {
		return nil, err
	}
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return a.People.RemoveTeam(ctx, tx, v.Actor, id) })
}

type retireInput struct {
	api.ByID
	Body struct {
		Statuses []desk.StatusID `json:"statuses,omitempty"`
		Moves    []struct {
			From desk.StatusID `json:"from"`
			To   desk.StatusID `json:"to"`
		} `json:"moves,omitempty"`
	}
}

func (a *admins) retire(ctx context.Context, v access.Viewer, in *retireInput) (*api.None, error) {
	id, err := idOf[desk.PipelineID](in.ID)
	if err != nil {
		return nil, err
	}
	moves := map[desk.StatusID]desk.StatusID{}
	for _, m := range in.Body.Moves {
		moves[m.From] = m.To
	}
	return &api.None{}, a.Tickets.Retire(ctx, v.Actor, ticket.Retirement{Pipeline: id, Statuses: in.Body.Statuses, Moves: moves})
}

type deactivateInput struct {
	api.ByID
	Body struct {
		Tickets string      `json:"tickets" enum:"keep,release,hand_over,rule"`
		OwnerID desk.UserID `json:"owner_id,omitempty"`
	}
}

// Deactivated is what became of a user's work.
type Deactivated struct {
	User  desk.User `json:"user"`
	Moved int       `json:"moved"`
	Left  int       `json:"left" doc:"Open tickets they still own: the new owner may not have them, or keep was chosen."`
}

// passSlice is how many tickets one transaction passes on.
const passSlice = 100

func (a *admins) deactivate(ctx context.Context, v access.Viewer, in *deactivateInput) (*api.Out[Deactivated], error) {
	id, err := idOf[desk.UserID](in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	if b.Tickets == "hand_over" {
		to, err := a.People.Get(ctx, a.DB, b.OwnerID)
		if err != nil || !to.Active || to.ID == id {
			return nil, desk.Errorf(desk.Invalid, "user.hand_over_to", "Choose an active user who takes the tickets.").In("owner_id")
		}
	}
	off := false
	u, err := db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.User, error) {
		u, err := a.People.Get(ctx, tx, id)
		if err == nil {
			err = mayManage(v, u)
		}
		if err != nil {
			return u, err
		}
		return a.People.Update(ctx, tx, v.Actor, id, people.UserChange{Active: &off})
	})
	if err != nil {
		return nil, err
	}
	out := Deactivated{User: u}
	out.Moved, out.Left, err = Leaving{a.DB, a.Tickets, a.Assign}.PassOn(ctx, v.Actor, id, b.OwnerID, b.Tickets)
	return api.Answer(out, err)
}

// Leaving passes on what somebody leaves behind.
type Leaving struct {
	DB      *db.DB
	Tickets *ticket.Service
	Assign  *assignment.Service
}

// PassOn gives the open tickets of a user to another, to nobody or to whom each channel's rule names; how is keep, release, hand_over or rule.
func (l Leaving) PassOn(ctx context.Context, actor desk.Actor, id, to desk.UserID, how string) (moved, left int, err error) {
	for after, more := desk.TicketID(0), true; more; {
		var owned []desk.Ticket
		if owned, err = l.Tickets.OwnedOpen(ctx, l.DB, id, after, passSlice); err != nil {
			return moved, left, err
		}
		if more = len(owned) == passSlice; len(owned) > 0 {
			after = owned[len(owned)-1].ID
		}
		n := 0
		if how != "keep" {
			if n, err = l.slice(ctx, actor, owned, to, how); err != nil {
				return moved, left, err
			}
		}
		moved, left = moved+n, left+len(owned)-n
	}
	return moved, left, nil
}

func (l Leaving) slice(ctx context.Context, actor desk.Actor, owned []desk.Ticket, to desk.UserID, how string) (moved int, err error) {
	if how == "release" {
		to = 0
	}
	err = l.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		moved = 0
		for _, t := range owned {
			var err error
			if how == "rule" && (t.AccountID != 0 || t.Snoozed) { // what came by no channel has no rule: it is nobody's
				_, err = l.Assign.Settle(ctx, tx, t.ID, routing.OwnerLeft)
			} else {
				_, err = l.Assign.Manual(ctx, tx, actor, t.ID, to, t.TeamID)
			}
			if code := desk.CodeOf(err); err != nil && code != desk.Invalid && code != desk.Conflict && code != desk.NotFound {
				return err
			}
			if err == nil {
				moved++
			}
		}
		return nil
	})
	return moved, err
}

// grantable is the user of a path, when the viewer may manage them.
func (a *admins) grantable(ctx context.Context, v access.Viewer, name string) (desk.User, error) {
	id, err := idOf[desk.UserID](name)
	if err != nil {
		return desk.User{}, err
	}
	u, err := a.People.Get(ctx, a.DB, id)
	if err == nil {
		err = mayManage(v, u)
	}
	return u, err
}

func (a *admins) userSessions(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[api.Page[SessionRow]], error) {
	u, err := a.grantable(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	xs, err := a.Access.Sessions(ctx, a.DB, u.ID)
	out := []SessionRow{}
	for _, x := range xs {
		out = append(out, SessionRow{x, x.ID == v.Session})
	}
	return page(out, err)
}

func (a *admins) endUserSessions(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	u, err := a.grantable(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	keep := desk.SessionID(0)
	if u.ID == v.User.ID {
		keep = v.Session // not the page that asks
	}
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return a.Access.EndSessions(ctx, tx, v.Actor, u.ID, keep) })
}

// setAside counts what waits for an administrator, as far as a page can say.
func (a *admins) setAside(ctx context.Context) (int, error) {
	es, err := a.Intake.List(ctx, intake.Filter{State: "set_aside", Limit: 1000})
	return len(es), err
}
