// Package moving has the operations around where channels live: the move of a channel account to another inbox with its dry run, its progress, its end and its undoing,
// the move of one chatflow to another channel, and the limits of how many records are joined to one. Handlers are thin: every rule is the noun's. app mounts them.
package moving

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/relocation"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Deps is what the operations call.
type Deps struct {
	DB       *db.DB
	Inboxes  *inbox.Service
	Tickets  *ticket.Service
	Flows    *chatflow.Service
	Settings *setting.Service
	Moves    *relocation.Service
}

type movers struct{ Deps }

// Mount adds the operations to a server.
func Mount(s *api.Server, d Deps) {
	m := &movers{d}
	const tag = "Channels"
	api.Register(s, api.Op{Method: "POST", Path: "/api/channel-accounts/{id}/moves/plan", ID: "planMove", Tag: tag, Summary: "What moving a channel to another inbox would do; nothing is changed", Errors: []int{404}}, m.plan)
	api.Register(s, api.Op{Method: "POST", Path: "/api/channel-accounts/{id}/moves", ID: "startMove", Tag: tag, Summary: "Move a channel to another inbox", Status: 201, Errors: []int{404, 409},
		Description: "From the answer on, what arrives is filed in the new inbox; the history follows. Progress is told by the event `channel.move_progressed`."}, m.start)
	api.Register(s, api.Op{Method: "GET", Path: "/api/channel-accounts/{id}/moves", ID: "listMoves", Tag: tag, Summary: "The moves of a channel, newest first", Errors: []int{404}}, m.list)
	api.Register(s, api.Op{Method: "GET", Path: "/api/moves/{id}", ID: "getMove", Tag: tag, Summary: "One move, with what stayed and why", Errors: []int{404}}, m.get)
	api.Register(s, api.Op{Method: "POST", Path: "/api/moves/{id}/cancel", ID: "cancelMove", Tag: tag, Summary: "End the moving of history; what has moved stays", Errors: []int{404}}, m.cancel)
	api.Register(s, api.Op{Method: "POST", Path: "/api/moves/{id}/undo", ID: "undoMove", Tag: tag, Summary: "Put back what a move did, and what has begun since", Errors: []int{404, 409}}, m.undo)
	api.Register(s, api.Op{Method: "POST", Path: "/api/chatflows/{id}/move", ID: "moveChatflow", Tag: "Chatflows", Summary: "Move a chatflow to another chat channel", Errors: []int{404, 409},
		Description: "It comes last there. Conversations that it began go on where they are."}, m.moveFlow)
	const limits = "Operating"
	api.Register(s, api.Op{Method: "GET", Path: "/api/settings/associations", ID: "getAssociations", Tag: limits, Summary: "How many records one record may be joined to"}, m.associations)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/settings/associations", ID: "patchAssociations", Tag: limits, Summary: "Change how many records one record may be joined to",
		Description: "What is joined already stays. A ticket beyond the limit is made all the same: its contact takes part in it, and administrators are told (TK-05)."}, m.patchAssociations)
	api.Register(s, api.Op{Method: "GET", Path: "/api/associations", ID: "listNearLimit", Tag: limits, Summary: "Records that are near or at the limit"}, m.near)
}

func idOf[T ~int64](in string) (T, error) {
	id, err := desk.ParseID[T](in)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "id.unknown", "There is no such thing.")
	}
	return id, nil
}

// may refuses a move out of or into an inbox that the viewer does not see, and one by who changes only part of the tickets: a move takes along everybody's.
func (m *movers) may(ctx context.Context, v access.Viewer, id desk.ChannelAccountID, boxes ...desk.InboxID) error {
	acc, err := m.Inboxes.Account(ctx, m.DB, id)
	if err != nil {
		return err
	}
	if !sees(v, acc.InboxID) {
		return desk.Errorf(desk.NotFound, "channel_account.not_found", "There is no such channel.")
	}
	for _, box := range boxes {
		if !sees(v, box) {
			return desk.Errorf(desk.Invalid, "move.inbox_unknown", "There is no such inbox.").In("to")
		}
	}
	return whole(v)
}

func sees(v access.Viewer, box desk.InboxID) bool {
	return v.AllInboxes || slices.Contains(v.Inboxes, box)
}

func whole(v access.Viewer) error {
	if e := v.Tickets.Edit; e != "" && e != desk.ReachAll || !v.Tickets.Whole() {
		return desk.Errorf(desk.Forbidden, "move.beyond_reach", "A channel takes everybody's tickets along, and your role changes only some. Ask somebody who changes all.")
	}
	return nil
}

// move is one that the viewer may see: they see where it went from and to.
func (m *movers) move(ctx context.Context, v access.Viewer, name string) (relocation.Move, error) {
	id, err := idOf[desk.MoveID](name)
	if err != nil {
		return relocation.Move{}, err
	}
	one, err := m.Moves.Get(ctx, m.DB, id)
	if err == nil && (!sees(v, one.From) || !sees(v, one.To)) {
		err = desk.Errorf(desk.NotFound, "move.not_found", "There is no such move.")
	}
	if err == nil {
		err = whole(v)
	}
	return one, err
}

// TicketPolicyInput is when a conversation makes a ticket, and what is stamped on it.
type TicketPolicyInput struct {
	Create     string           `json:"create,omitempty" enum:",always,when,new_topic,never"`
	When       *desk.Conditions `json:"when,omitempty"`
	Pipeline   string           `json:"pipeline,omitempty"`
	Status     string           `json:"status,omitempty"`
	Priority   string           `json:"priority,omitempty" enum:",low,medium,high,urgent"`
	Category   string           `json:"category,omitempty" maxLength:"200"`
	Properties map[string]any   `json:"properties,omitempty"`
	Owner      string           `json:"owner,omitempty" enum:",conversation,policy,no_one"`
}

// PlanInput is where a channel goes and what goes with it.
type PlanInput struct {
	To            desk.InboxID       `json:"to"`
	History       string             `json:"history,omitempty" enum:",none,all,open,since,status"`
	Since         desk.Time          `json:"since,omitempty"`
	Statuses      []desk.StatusID    `json:"statuses,omitempty" maxItems:"200"`
	Conversations string             `json:"conversations,omitempty" enum:",none,open,closed,all"`
	Ticketless    string             `json:"ticketless,omitempty" enum:",none,as_is,open,closed"`
	Ticket        *TicketPolicyInput `json:"ticket,omitempty"`
}

func (p PlanInput) plan() relocation.Plan {
	out := relocation.Plan{To: p.To, History: p.History, Since: p.Since, Statuses: p.Statuses, Conversations: p.Conversations, Ticketless: p.Ticketless}
	if t := p.Ticket; t != nil {
		out.Ticket = &desk.TicketPolicy{Create: t.Create, When: t.When, Pipeline: t.Pipeline, Status: t.Status, Priority: t.Priority, Category: t.Category, Properties: t.Properties, Owner: t.Owner}
	}
	return out
}

type planInput struct {
	api.ByID
	Body PlanInput
}

func (m *movers) plan(ctx context.Context, v access.Viewer, in *planInput) (*api.Out[relocation.Preview], error) {
	id, err := idOf[desk.ChannelAccountID](in.ID)
	if err == nil {
		err = m.may(ctx, v, id, in.Body.To)
	}
	if err != nil {
		return nil, err
	}
	p := in.Body.plan()
	if p.Ticket != nil && p.Ticket.When != nil {
		if err := condition.Check(*p.Ticket.When, nil, "ticket.when"); err != nil {
			return nil, err
		}
	}
	return api.Answer(m.Moves.Plan(ctx, m.DB, id, p))
}

func (m *movers) start(ctx context.Context, v access.Viewer, in *planInput) (*api.Out[relocation.Move], error) {
	id, err := idOf[desk.ChannelAccountID](in.ID)
	if err == nil {
		err = m.may(ctx, v, id, in.Body.To)
	}
	if err != nil {
		return nil, err
	}
	return api.Answer(m.Moves.Start(ctx, v.Actor, id, in.Body.plan(), nil))
}

func (m *movers) list(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[api.Page[relocation.Move]], error) {
	id, err := idOf[desk.ChannelAccountID](in.ID)
	if err != nil {
		return nil, err
	}
	if err := m.may(ctx, v, id); err != nil {
		return nil, err
	}
	ms, err := m.Moves.Of(ctx, m.DB, id)
	ms = slices.DeleteFunc(ms, func(x relocation.Move) bool { return !sees(v, x.From) || !sees(v, x.To) })
	return api.Answer(api.Page[relocation.Move]{Items: append([]relocation.Move{}, ms...)}, err)
}

// Told is a move with what stayed.
type Told struct {
	relocation.Move
	Failures []relocation.Failure `json:"failures" doc:"The first 200 conversations that stayed, or tickets that undoing kept, each with its reason."`
}

func (m *movers) get(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Told], error) {
	one, err := m.move(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	fs, err := m.Moves.Failures(ctx, m.DB, one.ID, 0)
	return api.Answer(Told{one, append([]relocation.Failure{}, fs...)}, err)
}

func (m *movers) cancel(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[relocation.Move], error) {
	one, err := m.move(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(m.Moves.Cancel(ctx, one.ID))
}

func (m *movers) undo(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[relocation.Move], error) {
	one, err := m.move(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(m.Moves.Undo(ctx, v.Actor, one.ID))
}

type moveFlowInput struct {
	api.ByID
	Body struct {
		AccountID desk.ChannelAccountID `json:"account_id"`
	}
}

func (m *movers) moveFlow(ctx context.Context, v access.Viewer, in *moveFlowInput) (*api.Out[chatflow.Flow], error) {
	id, err := idOf[desk.ChatflowID](in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, m.DB, func(ctx context.Context, tx *db.Tx) (chatflow.Flow, error) {
		f, err := m.Flows.Get(ctx, tx, id)
		if err != nil {
			return f, err
		}
		from, err := m.Inboxes.Account(ctx, tx, f.AccountID)
		if err != nil {
			return f, err
		}
		if !sees(v, from.InboxID) {
			return f, desk.Errorf(desk.NotFound, "chatflow.not_found", "There is no such chatflow.")
		}
		to, err := m.Inboxes.Account(ctx, tx, in.Body.AccountID)
		if err == nil && !sees(v, to.InboxID) {
			err = desk.Errorf(desk.NotFound, "channel_account.not_found", "There is no such channel.")
		}
		if desk.CodeOf(err) == desk.NotFound || err == nil && (to.ArchivedAt != 0 || to.Channel != from.Channel) {
			return f, desk.Errorf(desk.Invalid, "chatflow.account_unknown", "Choose another channel of the same kind.").In("account_id")
		}
		if err != nil {
			return f, err
		}
		return m.Flows.Rehome(ctx, tx, v.Actor, id, to.ID)
	}))
}

func (m *movers) associations(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[setting.Associations], error) {
	return api.Answer(m.Settings.Associations(ctx, m.DB))
}

type associationsInput struct {
	Body struct {
		ContactTickets *int `json:"contact_tickets,omitempty" minimum:"0" maximum:"10000"`
	}
}

func (m *movers) patchAssociations(ctx context.Context, v access.Viewer, in *associationsInput) (*api.Out[setting.Associations], error) {
	return api.Answer(db.Written(ctx, m.DB, func(ctx context.Context, tx *db.Tx) (setting.Associations, error) {
		a, err := m.Settings.Associations(ctx, tx)
		if err != nil {
			return a, err
		}
		if in.Body.ContactTickets != nil {
			a.ContactTickets = *in.Body.ContactTickets
		}
		return m.Settings.SetAssociations(ctx, tx, v.Actor, a)
	}))
}

// NearLimit is who is near or at the limit.
type NearLimit struct {
	Limit int           `json:"limit" doc:"0: there is none; those with the most tickets are listed."`
	From  int           `json:"from" doc:"From this many tickets on somebody is listed: four fifths of the limit."`
	Items []ticket.Near `json:"items"`
}

// mostWithout is from how many tickets on somebody is listed while there is no limit.
const mostWithout = 100

func (m *movers) near(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[NearLimit], error) {
	a, err := m.Settings.Associations(ctx, m.DB)
	if err != nil {
		return nil, err
	}
	out := NearLimit{Limit: a.ContactTickets, From: mostWithout}
	if out.Limit > 0 {
		out.From = max(1, out.Limit*4/5)
	}
	items, err := m.Tickets.NearLimit(ctx, m.DB, out.From)
	out.Items = append([]ticket.Near{}, items...)
	return api.Answer(out, err)
}
