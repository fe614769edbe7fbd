package work

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Load is how much open work somebody has, as limits count it.
type Load struct {
	Total    int `json:"total"`
	Calls    int `json:"calls"`
	Messages int `json:"messages"`
	Email    int `json:"email"`
}

// CapacityDeps is what the operations on limits call.
type CapacityDeps struct {
	DB       *db.DB
	Settings *setting.Service
	People   *people.Service
	Tickets  *ticket.Service
	Loads    func(ctx context.Context, q db.Queryer, ids []desk.UserID) (map[desk.UserID]Load, error)
}

type capacities struct{ CapacityDeps }

// MountCapacity adds the operations on limits (CP-03, CP-06, CP-07).
func MountCapacity(s *api.Server, d CapacityDeps) {
	h := &capacities{d}
	const tag = "Capacity"
	api.Register(s, api.Op{Method: "GET", Path: "/api/capacity", ID: "getCapacity", Tag: tag, Summary: "Limits, and how much everybody has against them",
		Description: "Counts open tickets that somebody owns: neither resting, hidden nor merged ones, nor what the settings leave out."}, h.get)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/capacity", ID: "setCapacity", Tag: tag, Summary: "Change the limits of everybody without their own, and what does not count",
		Description: "What is left out stays."}, h.set)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/users/{id}/capacity", ID: "setUserCapacity", Tag: tag, Summary: "Give somebody limits of their own, or with null everybody's again", Errors: []int{404},
		Description: "Needs `routing.manage` or `users.manage`."}, h.setUser)
}

// PersonCapacity is one person's load against their limits.
type PersonCapacity struct {
	UserID    desk.UserID    `json:"user_id"`
	Name      string         `json:"name"`
	TakesWork bool           `json:"takes_work"`
	Available bool           `json:"available"`
	Own       *desk.Capacity `json:"own" doc:"null: everybody's limits hold."`
	Limit     desk.Capacity  `json:"limit" doc:"What holds."`
	Load      Load           `json:"load"`
}

// CapacityList is the limits and everybody's load.
type CapacityList struct {
	Settings setting.Capacity `json:"settings"`
	Items    []PersonCapacity `json:"items"`
}

func (h *capacities) get(ctx context.Context, v access.Viewer, _ *struct{}) (*api.Out[CapacityList], error) {
	set, err := h.Settings.Capacity(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	users, err := h.People.List(ctx, h.DB, false)
	if err != nil {
		return nil, err
	}
	if !v.Tickets.Whole() { // whose tickets are out of reach, theirs are not counted either
		users = slices.DeleteFunc(users, func(u desk.User) bool { return !v.Tickets.Sees(access.Held{Owner: u.ID}) })
	}
	ids := make([]desk.UserID, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	own, err := h.People.Capacities(ctx, h.DB, ids)
	if err != nil {
		return nil, err
	}
	loads, err := h.Loads(ctx, h.DB, ids)
	if err != nil {
		return nil, err
	}
	out := CapacityList{Settings: set, Items: make([]PersonCapacity, len(users))}
	for i, u := range users {
		p := PersonCapacity{UserID: u.ID, Name: u.Name, TakesWork: u.TakesWork, Available: u.Available, Limit: set.Default, Load: loads[u.ID]}
		if p.Name == "" {
			p.Name = u.Email
		}
		if c, ok := own[u.ID]; ok {
			p.Own, p.Limit = &c, c
		}
		out.Items[i] = p
	}
	return api.Answer(out, nil)
}

type setCapacityInput struct {
	Body struct {
		Default *desk.Capacity `json:"default,omitempty"`
		Exclude *struct {
			Statuses []string `json:"statuses"`
			IdleDays int      `json:"idle_days"`
		} `json:"exclude,omitempty"`
		Weights    *map[string]int `json:"weights,omitempty"`
		CallBlocks *bool           `json:"call_blocks,omitempty"`
	}
}

func (h *capacities) set(ctx context.Context, v access.Viewer, in *setCapacityInput) (*api.Out[setting.Capacity], error) {
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (setting.Capacity, error) {
		c, err := h.Settings.Capacity(ctx, tx)
		if err != nil {
			return c, err
		}
		b := in.Body
		if b.Default != nil {
			c.Default = *b.Default
		}
		if b.Exclude != nil {
			c.Exclude = setting.Exclusions{Statuses: b.Exclude.Statuses, IdleDays: b.Exclude.IdleDays}
		}
		if b.Weights != nil {
			c.Weights = *b.Weights
		}
		if b.CallBlocks != nil {
			c.CallBlocks = *b.CallBlocks
		}
		known, err := KnownStatuses(ctx, tx, h.Tickets)
		if err != nil {
			return c, err
		}
		return h.Settings.SetCapacity(ctx, tx, v.Actor, c, known)
	}))
}

// KnownStatuses tells which slugs are those of a status.
func KnownStatuses(ctx context.Context, q db.Queryer, t *ticket.Service) (func(slug string) bool, error) {
	ps, err := t.Pipelines(ctx, q)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, p := range ps {
		for _, st := range p.Statuses {
			known[st.Slug] = true
		}
	}
	return func(slug string) bool { return known[slug] }, nil
}

type setUserCapacityInput struct {
	api.ByID
	Body struct {
		Capacity *desk.Capacity `json:"capacity" doc:"null: everybody's limits again."`
	}
}

func (h *capacities) setUser(ctx context.Context, v access.Viewer, in *setUserCapacityInput) (*api.Out[PersonCapacity], error) {
	if err := either(v, access.RoutingManage, access.UsersManage); err != nil {
		return nil, err
	}
	id, err := desk.ParseID[desk.UserID](in.ID)
	if err != nil {
		return nil, err
	}
	c := in.Body.Capacity
	if c != nil {
		if err := setting.CheckCapacity("capacity", *c); err != nil {
			return nil, err
		}
	}
	err = h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return h.People.SetCapacity(ctx, tx, v.Actor, id, c) })
	if err != nil {
		return nil, err
	}
	all, err := h.get(ctx, v, nil)
	if err != nil {
		return nil, err
	}
	for _, p := range all.Body.Items {
		if p.UserID == id {
			return api.Answer(p, nil)
		}
	}
	return api.Answer(PersonCapacity{UserID: id, Own: c}, nil)
}
