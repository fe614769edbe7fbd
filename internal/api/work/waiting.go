package work

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/view"
	"github.com/kanalhq/kanal/internal/waiting"
)

// WaitingDeps is what the operations on what waits call.
type WaitingDeps struct {
	DB       *db.DB
	Clock    *clock.Clock
	View     *view.Service
	Waiting  *waiting.Service
	Assign   *assignment.Service
	Inboxes  *inbox.Service
	Settings *setting.Service
}

type waits struct{ WaitingDeps }

// MountWaiting adds the operations on what nobody could have yet, and on asking a rule anew (RT-07, RT-19, RT-20).
func MountWaiting(s *api.Server, d WaitingDeps) {
	h := &waits{d}
	const tag = "Routing"
	api.Register(s, api.Op{Method: "GET", Path: "/api/queue", ID: "listQueue", Tag: tag, Summary: "What waits for somebody, in the order in which it is given away",
		Description: "The highest priority first, then who has waited longest. What one may not see is left out; places count everything."}, h.list)
	api.Register(s, api.Op{Method: "POST", Path: "/api/tickets/{id}/rotate", ID: "rotateTicket", Tag: tag, Summary: "Assign a ticket by the rule of its channel, or among those named",
		Description: "Balancing, availability, skills and limits are respected. Where nobody could have it the ticket stays where it is, and the answer says why.", Errors: []int{404, 409}}, h.rotate)
	api.Register(s, api.Op{Method: "POST", Path: "/api/routing/replay", ID: "replayRouting", Tag: tag, Summary: "What another rule would have made of what was decided",
		Description: "Every decision of the time is made again from what was known then. Nothing changes.", Errors: []int{404}}, h.replay)
	api.Register(s, api.Op{Method: "GET", Path: "/api/settings/waiting", ID: "getWaitingSettings", Tag: tag, Summary: "What becomes of work whose owner is not there"}, h.settings)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/settings/waiting", ID: "setWaitingSettings", Tag: tag, Summary: "Change what becomes of work whose owner is not there"}, h.set)
}

// Queue is a page of what waits.
type Queue struct {
	Items []waiting.Row `json:"items"`
	Next  string        `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
	Total int           `json:"total" doc:"How many wait, of those in sight; 10001 is more than 10,000."`
}

type queueInput struct {
	api.Listing
	Account string `query:"channel_account_id" doc:"Only of this one."`
}

func (h *waits) list(ctx context.Context, v access.Viewer, in *queueInput) (*api.Out[Queue], error) {
	after, err := waiting.ParseCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	var account desk.ChannelAccountID
	if in.Account != "" {
		if account, err = desk.ParseID[desk.ChannelAccountID](in.Account); err != nil {
			return nil, desk.Errorf(desk.Invalid, "request.invalid", "%q is not the id of a channel account.", in.Account).In("channel_account_id")
		}
	}
	limit := in.Limit
	if limit == 0 {
		limit = 50
	}
	sees, args := view.SightOf(v).CoversSQL("q.inbox_id", "(CASE WHEN q.object = 'ticket' THEN q.object_id ELSE 0 END)", "(CASE WHEN q.object = 'thread' THEN q.object_id ELSE 0 END)", 0)
	out := Queue{}
	if out.Total, err = h.Waiting.Count(ctx, h.DB, sees, args); err != nil {
		return nil, err
	}
	if out.Items, out.Next, err = h.Waiting.List(ctx, h.DB, sees, args, account, after, limit); err != nil {
		return nil, err
	}
	if out.Items == nil {
		out.Items = []waiting.Row{}
	}
	return api.Answer(out, nil)
}

type rotateInput struct {
	api.ByID
	Body struct {
		Users []string `json:"users,omitempty" maxItems:"200" doc:"Among these, by address; without users and teams the channel's rule decides."`
		Teams []string `json:"teams,omitempty" maxItems:"50" doc:"Among the members of these, by slug."`
		By    string   `json:"by,omitempty" enum:",least_open,random"`
		Away  bool     `json:"away_too,omitempty" doc:"With users or teams: also those who are away."`
	}
}

// Rotated is what the rule said.
type Rotated struct {
	Assignment desk.Assignment `json:"assignment" doc:"Without an owner: why nobody could have it."`
	Same       bool            `json:"same" doc:"Who had it has it still."`
}

func (h *waits) rotate(ctx context.Context, v access.Viewer, in *rotateInput) (*api.Out[Rotated], error) {
	id, err := h.View.Gate(ctx, v, in.ID, access.TicketsAssign)
	if err != nil {
		return nil, err
	}
	var p *desk.AssignPolicy
	if b := in.Body; len(b.Users)+len(b.Teams) > 0 {
		p = &desk.AssignPolicy{To: routing.ToUsersAndTeams, Users: b.Users, Teams: b.Teams, By: b.By, AvailableOnly: !b.Away, NoQueue: true}
	}
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (out Rotated, err error) {
		var before desk.UserID
		if err = tx.QueryRow(ctx, "SELECT owner_id FROM tickets WHERE id = $1", id).Scan(&before); err != nil {
			return out, err
		}
		out.Assignment, err = h.Assign.Rotate(ctx, tx, desk.ByUser(v.User.ID), id, p, routing.Reassigned)
		out.Same = out.Assignment.OwnerID != 0 && out.Assignment.OwnerID == before
		return out, err
	}))
}

type replayInput struct {
	Body struct {
		Account desk.ChannelAccountID `json:"account_id"`
		Policy  desk.AssignPolicy     `json:"policy"`
		Since   desk.Time             `json:"since,omitempty" doc:"Left out: a day ago. What is older than the installation keeps is not there."`
		Until   desk.Time             `json:"until,omitempty" doc:"Left out: now."`
	}
}

func (h *waits) replay(ctx context.Context, v access.Viewer, in *replayInput) (*api.Out[assignment.Replayed], error) {
	acc, err := h.Inboxes.Account(ctx, h.DB, in.Body.Account)
	if err != nil {
		return nil, err
	}
	if err := v.NeedIn(acc.InboxID, access.TicketsView); err != nil {
		return nil, err
	}
	until := in.Body.Until
	if until == 0 {
		until = h.Clock.Ms() + 1
	}
	since := in.Body.Since
	if since == 0 {
		since = until.Add(-24 * time.Hour)
	}
	ks, err := h.Assign.Decisions(ctx, h.DB, acc.ID, since, until, in.Body.Policy)
	if err != nil {
		return nil, err
	}
	if ks, err = h.inSight(ctx, v, ks); err != nil {
		return nil, err
	}
	return api.Answer(assignment.Replay(ks, in.Body.Policy), nil)
}

// inSight leaves out decisions about what the viewer may not see now: a replay names each by its subject.
func (h *waits) inSight(ctx context.Context, v access.Viewer, ks []assignment.Kept) ([]assignment.Kept, error) {
	s := view.SightOf(v)
	if s.All && s.Tickets.Whole() {
		return ks, nil
	}
	type key struct {
		ticket desk.TicketID
		thread desk.ThreadID
	}
	known, out := map[key]bool{}, []assignment.Kept{}
	for _, k := range ks {
		id := key{k.TicketID, k.ThreadID}
		sees, asked := known[id]
		if !asked {
			var err error
			if sees, err = h.View.Covers(ctx, s, id.ticket, id.thread); err != nil {
				return nil, err
			}
			known[id] = sees
		}
		if sees {
			out = append(out, k)
		}
	}
	return out, nil
}

func (h *waits) settings(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[setting.Waiting], error) {
	return api.Answer(h.Settings.Waiting(ctx, h.DB))
}

type setWaitingInput struct {
	Body struct {
		HandOnMinutes *int `json:"hand_on_minutes,omitempty" minimum:"0" maximum:"1440"`
	}
}

func (h *waits) set(ctx context.Context, v access.Viewer, in *setWaitingInput) (*api.Out[setting.Waiting], error) {
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (setting.Waiting, error) {
		w, err := h.Settings.Waiting(ctx, tx)
		if err != nil {
			return w, err
		}
		if in.Body.HandOnMinutes != nil {
			w.HandOnMinutes = *in.Body.HandOnMinutes
		}
		return h.Settings.SetWaiting(ctx, tx, desk.ByUser(v.User.ID), w)
	}))
}
