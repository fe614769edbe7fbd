package admin

import (
	"context"
	"net/http"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
)

func (a *admins) mountTags() {
	const tag = "Tags"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/tags", ID: "listTags", Tag: tag, Summary: "The tags that tickets may have, by name"}, a.tags)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/settings/tags", ID: "listTagsCounted", Tag: tag, Summary: "The same, with how many tickets each stands on"}, a.countedTags)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/tags", ID: "createTag", Tag: tag, Summary: "Add a tag", Status: http.StatusCreated, Errors: []int{409}}, a.createTag)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/tags/{id}", ID: "renameTag", Tag: tag, Summary: "Call a tag by another name, on every ticket",
		Description: "Its former name leads to it: filters, rules and searches that say it go on.", Errors: []int{404, 409}}, a.renameTag)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/tags/{id}/merge", ID: "mergeTag", Tag: tag, Summary: "Put another tag in its place, on every ticket", Errors: []int{404}}, a.mergeTag)
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/tags/{id}", ID: "removeTag", Tag: tag, Summary: "Take a tag off every ticket", Status: http.StatusNoContent, Errors: []int{404}}, a.removeTag)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/settings/tickets", ID: "getTicketing", Tag: tag, Summary: "How tickets are worked on"}, a.ticketing)
	api.Register(a.server, api.Op{Method: "PUT", Path: "/api/settings/tickets", ID: "putTicketing", Tag: tag, Summary: "Change how tickets are worked on"}, a.setTicketing)
}

// TagName is a tag as those who work on tickets see it.
type TagName struct {
	ID   desk.TagID `json:"id"`
	Name string     `json:"name"`
}

func (a *admins) tags(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[TagName]], error) {
	all, err := a.Tickets.Tags(ctx, a.DB, false)
	out := make([]TagName, len(all))
	for i, t := range all {
		out[i] = TagName{t.ID, t.Name}
	}
	return page(out, err)
}

func (a *admins) countedTags(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[ticket.Tag]], error) {
	return page(a.Tickets.Tags(ctx, a.DB, true))
}

type tagBody struct {
	Name string `json:"name" maxLength:"200"`
}

func (a *admins) createTag(ctx context.Context, v access.Viewer, in *struct{ Body tagBody }) (*api.Out[ticket.Tag], error) {
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (ticket.Tag, error) {
		return a.Tickets.CreateTag(ctx, tx, v.Actor, in.Body.Name)
	}))
}

func (a *admins) renameTag(ctx context.Context, v access.Viewer, in *struct {
	api.ByID
	Body tagBody
}) (*api.Out[ticket.Tag], error) {
	id, err := idOf[desk.TagID](in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (ticket.Tag, error) {
		return a.Tickets.RenameTag(ctx, tx, v.Actor, id, in.Body.Name)
	}))
}

func (a *admins) mergeTag(ctx context.Context, v access.Viewer, in *struct {
	api.ByID
	Body struct {
		Into desk.TagID `json:"into"`
	}
}) (*api.Out[ticket.Tag], error) {
	id, err := idOf[desk.TagID](in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (ticket.Tag, error) {
		return a.Tickets.MergeTag(ctx, tx, v.Actor, id, in.Body.Into)
	}))
}

func (a *admins) removeTag(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := idOf[desk.TagID](in.ID)
	if err != nil {
		return nil, err
	}
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return a.Tickets.RemoveTag(ctx, tx, v.Actor, id) })
}

func (a *admins) ticketing(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[setting.Ticketing], error) {
	return api.Answer(a.Settings.Ticketing(ctx, a.DB))
}

func (a *admins) setTicketing(ctx context.Context, v access.Viewer, in *struct{ Body setting.Ticketing }) (*api.Out[setting.Ticketing], error) {
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (setting.Ticketing, error) {
		return a.Settings.SetTicketing(ctx, tx, v.Actor, in.Body)
	}))
}
