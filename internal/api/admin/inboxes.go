package admin

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/ticket"
)

func (a *admins) mountInboxes() {
	const tag = "Inboxes and tickets"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/inboxes", ID: "listInboxes", Tag: tag, Summary: "The inboxes one sees"}, a.inboxes)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/inboxes", ID: "createInbox", Tag: tag, Summary: "Add an inbox", Status: 201, Errors: []int{409}}, a.createInbox)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/inboxes/{id}", ID: "patchInbox", Tag: tag, Summary: "Change an inbox and who sees it", Errors: []int{404, 409}}, a.patchInbox)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/pipelines", ID: "listPipelines", Tag: tag, Summary: "The pipelines with their statuses"}, a.pipelines)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/pipelines", ID: "createPipeline", Tag: tag, Summary: "Add a pipeline", Status: 201, Errors: []int{409}}, a.createPipeline)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/pipelines/{id}", ID: "patchPipeline", Tag: tag, Summary: "Change a pipeline", Errors: []int{404, 409},
		Description: "`statuses` is the whole list in its order: those with an id are changed, others added, those left out removed."}, a.patchPipeline)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/properties", ID: "listProperties", Tag: tag, Summary: "The custom properties"}, a.properties)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/properties", ID: "createProperty", Tag: tag, Summary: "Define a property", Status: 201, Errors: []int{409}}, a.createProperty)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/properties/{id}", ID: "patchProperty", Tag: tag, Summary: "Change a property", Errors: []int{404, 409}}, a.patchProperty)
}

func (a *admins) inboxes(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[api.Page[desk.Inbox]], error) {
	all, err := a.Inboxes.Inboxes(ctx, a.DB)
	out := []desk.Inbox{}
	for _, b := range all {
		if v.SeesInbox(b.ID) || v.Can(access.AccountAccess) {
			out = append(out, tidyInbox(b))
		}
	}
	return page(out, err)
}

func tidyInbox(b desk.Inbox) desk.Inbox {
	b.Access.Users, b.Access.Teams = some(b.Access.Users), some(b.Access.Teams)
	return b
}

// AccessInput says who sees an inbox.
type AccessInput struct {
	Everyone bool          `json:"everyone,omitempty"`
	Users    []desk.UserID `json:"users,omitempty"`
	Teams    []desk.TeamID `json:"teams,omitempty"`
}

func (x *AccessInput) access() *desk.Access {
	if x == nil {
		return nil
	}
	return &desk.Access{Everyone: x.Everyone, Users: some(x.Users), Teams: some(x.Teams)}
}

type createInboxInput struct {
	Body struct {
		Name   string         `json:"name" maxLength:"200" example:"Sales"`
		Slug   string         `json:"slug,omitempty" maxLength:"100"`
		Kind   desk.InboxKind `json:"kind,omitempty" enum:"inbox,helpdesk"`
		Access *AccessInput   `json:"access,omitempty"`
	}
}

func (a *admins) createInbox(ctx context.Context, v access.Viewer, in *createInboxInput) (*api.Out[desk.Inbox], error) {
	b, err := db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Inbox, error) {
		return a.Inboxes.CreateInbox(ctx, tx, v.Actor, inbox.NewInbox{Slug: in.Body.Slug, Kind: in.Body.Kind, Name: in.Body.Name, Access: in.Body.Access.access()})
	})
	return api.Answer(tidyInbox(b), err)
}

type patchInboxInput struct {
	api.ByID
	Body struct {
		Name   *string      `json:"name,omitempty" maxLength:"200"`
		Access *AccessInput `json:"access,omitempty"`
		Expect Seen         `json:"expect,omitempty" doc:"What was seen of the inbox, by field: refused with 409 when it is different now."`
	}
}

func (a *admins) patchInbox(ctx context.Context, v access.Viewer, in *patchInboxInput) (*api.Out[desk.Inbox], error) {
	id, err := idOf[desk.InboxID](in.ID)
	if err != nil {
		return nil, err
	}
	b, err := db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Inbox, error) {
		if err := in.Body.Expect.hold(ctx, tx, "inboxes", id); err != nil {
			return desk.Inbox{}, err
		}
		now, err := a.Inboxes.Inbox(ctx, tx, id)
		if err == nil {
			err = in.Body.Expect.still(tidyInbox(now))
		}
		if err != nil {
			return now, err
		}
		return a.Inboxes.UpdateInbox(ctx, tx, v.Actor, id, inbox.InboxChange{Name: in.Body.Name, Access: in.Body.Access.access()})
	})
	return api.Answer(tidyInbox(b), err)
}

func (a *admins) pipelines(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[desk.Pipeline]], error) {
	ps, err := a.Tickets.Pipelines(ctx, a.DB)
	for i := range ps {
		ps[i].Statuses = some(ps[i].Statuses)
	}
	return page(ps, err)
}

// StatusInput is one step of a pipeline.
type StatusInput struct {
	ID    desk.StatusID `json:"id,omitempty"`
	Slug  string        `json:"slug,omitempty" maxLength:"100"`
	Name  string        `json:"name" maxLength:"200"`
	State string        `json:"state" enum:"open,closed"`
	// Sent back as it was read.
	PipelineID desk.PipelineID `json:"pipeline_id,omitempty"`
	Position   int             `json:"position,omitempty"`
}

func statuses(in []StatusInput) []desk.Status {
	out := make([]desk.Status, 0, len(in))
	for i, st := range in {
		if st.Slug == "" {
			st.Slug = desk.Slug(st.Name)
		}
		out = append(out, desk.Status{ID: st.ID, Slug: st.Slug, Name: st.Name, State: st.State, Position: i})
	}
	return out
}

type createPipelineInput struct {
	Body struct {
		Name     string        `json:"name" maxLength:"200"`
		Slug     string        `json:"slug,omitempty" maxLength:"100"`
		Position int           `json:"position,omitempty"`
		Statuses []StatusInput `json:"statuses"`
	}
}

func (a *admins) createPipeline(ctx context.Context, v access.Viewer, in *createPipelineInput) (*api.Out[desk.Pipeline], error) {
	b := in.Body
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Pipeline, error) {
		return a.Tickets.CreatePipeline(ctx, tx, v.Actor, desk.Pipeline{Slug: b.Slug, Name: b.Name, Position: b.Position, Statuses: statuses(b.Statuses)})
	}))
}

type patchPipelineInput struct {
	api.ByID
	Body struct {
		Name     *string        `json:"name,omitempty" maxLength:"200"`
		Position *int           `json:"position,omitempty"`
		Statuses *[]StatusInput `json:"statuses,omitempty"`
		Expect   Seen           `json:"expect,omitempty" doc:"What was seen of the pipeline, by field: refused with 409 when it is different now."`
	}
}

func (a *admins) patchPipeline(ctx context.Context, v access.Viewer, in *patchPipelineInput) (*api.Out[desk.Pipeline], error) {
	id, err := idOf[desk.PipelineID](in.ID)
	if err != nil {
		return nil, err
	}
	c := ticket.PipelineChange{Name: in.Body.Name, Position: in.Body.Position}
	if in.Body.Statuses != nil {
		sts := statuses(*in.Body.Statuses)
		c.Statuses = &sts
	}
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Pipeline, error) {
		if err := in.Body.Expect.hold(ctx, tx, "pipelines", id); err != nil {
			return desk.Pipeline{}, err
		}
		now, err := a.Tickets.Pipeline(ctx, tx, id)
		if err == nil {
			err = in.Body.Expect.still(now)
		}
		if err != nil {
			return now, err
		}
		return a.Tickets.UpdatePipeline(ctx, tx, v.Actor, id, c)
	}))
}

type propertiesInput struct {
	Object string `query:"object" enum:"ticket,contact"`
}

func tidyProperty(p desk.Property) desk.Property {
	p.Options = some(p.Options)
	if p.OptionsBy == nil {
		p.OptionsBy = map[string][]string{}
	}
	return p
}

func (a *admins) properties(ctx context.Context, v access.Viewer, in *propertiesInput) (*api.Out[api.Page[desk.Property]], error) {
	ps, err := a.Properties.List(ctx, a.DB, in.Object)
	ps = slices.DeleteFunc(ps, func(p desk.Property) bool { return v.Veil.Hides(p.Object, p.Name) })
	for i, p := range ps {
		ps[i] = tidyProperty(p)
		ps[i].ReadOnly = slices.Contains(v.Veil.Fixed, p.Object+"."+p.Name)
	}
	return page(ps, err)
}

type createPropertyInput struct {
	Body struct {
		Object   string   `json:"object" enum:"ticket,contact"`
		Name     string   `json:"name,omitempty" maxLength:"100" doc:"The key in properties."`
		Label    string   `json:"label,omitempty" maxLength:"200"`
		Type     string   `json:"type" enum:"text,long_text,number,boolean,date,choice,multi_choice"`
		Options  []string `json:"options,omitempty"`
		Position int      `json:"position,omitempty"`

		RequiredOnClose bool                `json:"required_on_close,omitempty" doc:"Nobody closes a ticket without it."`
		DependsOn       string              `json:"depends_on,omitempty" maxLength:"100" doc:"Another choice of the same object."`
		OptionsBy       map[string][]string `json:"options_by,omitempty" doc:"By its value: which options may be chosen."`

		Access *desk.PropertyAccess `json:"access,omitempty" doc:"Who sees and who changes it; left out: everybody."`
	}
}

func (a *admins) createProperty(ctx context.Context, v access.Viewer, in *createPropertyInput) (*api.Out[desk.Property], error) {
	b := in.Body
	p, err := db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Property, error) {
		return a.Properties.Create(ctx, tx, v.Actor, desk.Property{Object: b.Object, Name: b.Name, Label: b.Label, Type: b.Type, Options: b.Options, Position: b.Position,
			RequiredOnClose: b.RequiredOnClose, DependsOn: b.DependsOn, OptionsBy: b.OptionsBy, Access: b.Access})
	})
	return api.Answer(tidyProperty(p), err)
}

type patchPropertyInput struct {
	api.ByID
	Body struct {
		Label    *string   `json:"label,omitempty" maxLength:"200"`
		Options  *[]string `json:"options,omitempty"`
		Position *int      `json:"position,omitempty"`
		Archived bool      `json:"archived,omitempty" doc:"true takes it out of use; the values stay."`

		RequiredOnClose *bool                `json:"required_on_close,omitempty"`
		DependsOn       *string              `json:"depends_on,omitempty" maxLength:"100" doc:"Empty takes the dependence away."`
		OptionsBy       *map[string][]string `json:"options_by,omitempty"`
		Access          *desk.PropertyAccess `json:"access,omitempty" doc:"Who sees and who changes it. Both for everyone takes the limits away."`
		Expect          Seen                 `json:"expect,omitempty" doc:"What was seen of the property, by field: refused with 409 when it is different now."`
	}
}

func (a *admins) patchProperty(ctx context.Context, v access.Viewer, in *patchPropertyInput) (*api.Out[desk.Property], error) {
	id, err := idOf[desk.PropertyID](in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	p, err := db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Property, error) {
		if err := b.Expect.hold(ctx, tx, "properties", id); err != nil {
			return desk.Property{}, err
		}
		p, err := a.Properties.Get(ctx, tx, id)
		if err == nil {
			err = b.Expect.still(p)
		}
		if err != nil {
			return p, err
		}
		p, err = a.Properties.Update(ctx, tx, v.Actor, id, property.Change{Label: b.Label, Options: b.Options, Position: b.Position,
			RequiredOnClose: b.RequiredOnClose, DependsOn: b.DependsOn, OptionsBy: b.OptionsBy, Access: b.Access})
		if err == nil && b.Archived {
			err = a.Properties.Archive(ctx, tx, v.Actor, id)
		}
		return p, err
	})
	return api.Answer(tidyProperty(p), err)
}
