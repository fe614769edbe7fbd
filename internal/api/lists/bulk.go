package lists

import (
	"context"
	"strconv"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/bulk"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/desk"
)

type bulks struct{ *bulk.Service }

// MountBulk adds the operations on many tickets (WS-17).
func MountBulk(s *api.Server, b *bulk.Service) {
	h := &bulks{b}
	const tag = "Bulk"
	api.Register(s, api.Op{Method: "POST", Path: "/api/bulk", ID: "startBulk", Tag: tag, Summary: "Do one action to many tickets", Status: 202, Errors: []int{404, 409}, Repeatable: true,
		Description: "Name the tickets (up to 10,000), or a view with a filter: then every ticket that it shows now. The work goes on by itself; ask for the run, or follow `bulk.progressed` in the stream."}, h.start)
	api.Register(s, api.Op{Method: "GET", Path: "/api/bulk", ID: "listBulks", Tag: tag, Summary: "One's own runs, newest first"}, h.list)
	api.Register(s, api.Op{Method: "GET", Path: "/api/bulk/{id}", ID: "getBulk", Tag: tag, Summary: "How far a run is", Errors: []int{404}}, h.get)
	api.Register(s, api.Op{Method: "GET", Path: "/api/bulk/{id}/failures", ID: "listBulkFailures", Tag: tag, Summary: "The tickets that were refused, each with its reason", Errors: []int{404}}, h.failures)
	api.Register(s, api.Op{Method: "POST", Path: "/api/bulk/{id}/cancel", ID: "cancelBulk", Tag: tag, Summary: "End a run; what was done stays", Errors: []int{404}}, h.cancel)
	api.Register(s, api.Op{Method: "POST", Path: "/api/bulk/{id}/undo", ID: "undoBulk", Tag: tag, Summary: "Undo what a run did", Status: 202, Errors: []int{404, 409},
		Description: "Begins a run of its own. Tickets that somebody has changed since are left as they are and listed among its failures."}, h.undo)
}

type startBulkInput struct {
	Body struct {
		Selection struct {
			IDs    []desk.TicketID   `json:"ids,omitempty" maxItems:"10000"`
			View   string            `json:"view,omitempty" maxLength:"100" example:"open"`
			Filter customview.Filter `json:"filter,omitempty"`
			Expect int               `json:"expect,omitempty" minimum:"0" doc:"How many the person saw; many more are refused (409, bulk.grown)."`
		} `json:"selection"`
		Action bulk.Action `json:"action"`
	}
}

func (h *bulks) start(ctx context.Context, v access.Viewer, in *startBulkInput) (*api.Out[bulk.Run], error) {
	if ref := api.Done(ctx); ref != "" {
		id, err := desk.ParseID[desk.BulkID](ref)
		if err != nil {
			return nil, err
		}
		return api.Answer(h.Get(ctx, v.User.ID, id))
	}
	sel := in.Body.Selection
	return api.Answer(h.Start(ctx, v, in.Body.Action, bulk.Selection{IDs: sel.IDs, View: sel.View, Filter: sel.Filter, Expect: sel.Expect}, api.MarkDone))
}

func (h *bulks) list(ctx context.Context, v access.Viewer, in *api.Listing) (*api.Out[api.Page[bulk.Run]], error) {
	var before desk.BulkID
	var err error
	if in.Cursor != "" {
		if before, err = desk.ParseID[desk.BulkID](in.Cursor); err != nil {
			return nil, err
		}
	}
	limit := min(max(in.Limit, 0), 100)
	if limit == 0 {
		limit = 20
	}
	rs, err := h.Recent(ctx, v.User.ID, before, limit)
	if err != nil {
		return nil, err
	}
	out := api.Page[bulk.Run]{Items: rs}
	if len(rs) == limit {
		out.Next = rs[len(rs)-1].ID.String()
	}
	return api.Answer(out, nil)
}

func runID(in *api.ByID) (desk.BulkID, error) { return desk.ParseID[desk.BulkID](in.ID) }

func (h *bulks) get(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[bulk.Run], error) {
	id, err := runID(in)
	if err != nil {
		return nil, err
	}
	return api.Answer(h.Get(ctx, v.User.ID, id))
}

type failuresInput struct {
	api.ByID
	api.Listing
}

func (h *bulks) failures(ctx context.Context, v access.Viewer, in *failuresInput) (*api.Out[api.Page[bulk.Failure]], error) {
	id, err := runID(&in.ByID)
	if err != nil {
		return nil, err
	}
	after := 0
	if in.Cursor != "" {
		if after, err = strconv.Atoi(in.Cursor); err != nil {
			return nil, desk.Errorf(desk.Invalid, "cursor.malformed", "This is no cursor of this list.").In("cursor")
		}
	}
	limit := in.Limit
	if limit <= 0 {
		limit = 100
	}
	fs, err := h.Failures(ctx, v, id, after, limit)
	if err != nil {
		return nil, err
	}
	out := api.Page[bulk.Failure]{Items: fs}
	if len(fs) == limit {
		out.Next = strconv.Itoa(fs[len(fs)-1].Position)
	}
	return api.Answer(out, nil)
}

func (h *bulks) cancel(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[bulk.Run], error) {
	id, err := runID(in)
	if err != nil {
		return nil, err
	}
	return api.Answer(h.Cancel(ctx, v.User.ID, id))
}

func (h *bulks) undo(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[bulk.Run], error) {
	id, err := runID(in)
	if err != nil {
		return nil, err
	}
	return api.Answer(h.Undo(ctx, v, id))
}
