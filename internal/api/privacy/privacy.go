// Package privacy answers what administrators ask about keeping and blanking out: terms of keeping with what they would take away, runs, holds (CO-10), and what was blanked
// out of messages (CO-12). It refuses nothing by itself: the services decide. Mounted by app.
package privacy

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/keeping"
	"github.com/kanalhq/kanal/internal/redaction"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/view"
)

// Deps are what the operations call.
type Deps struct {
	DB       *db.DB
	Registry *channel.Registry
	Settings *setting.Service
	Keeping  *keeping.Service
	Threads  *thread.Service
	View     *view.Service
	// Redactions takes passages and files out of messages, and shows what was blanked out.
	Redactions *redaction.Service
	// Windows are the server's own for spam and trash.
	Spam, Trash time.Duration
}

type privacy struct{ Deps }

// Mount adds the operations.
func Mount(s *api.Server, d Deps) {
	h := &privacy{d}
	h.mountRedaction(s)
	const tag = "Privacy"
	api.Register(s, api.Op{Method: "GET", Path: "/api/settings/keeping", ID: "getKeeping", Tag: tag, Summary: "How long things are kept"}, h.keeping)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/settings/keeping", ID: "putKeeping", Tag: tag, Summary: "Change how long things are kept",
		Description: "What the terms would take away is told by previewKeeping; nothing is taken away by saving, but by the runs that follow."}, h.setKeeping)
	api.Register(s, api.Op{Method: "POST", Path: "/api/settings/keeping/preview", ID: "previewKeeping", Tag: tag, Summary: "What terms would take away now; nothing changes"}, h.preview)
	api.Register(s, api.Op{Method: "GET", Path: "/api/keeping/runs", ID: "listKeepingRuns", Tag: tag, Summary: "The newest rounds of taking away what is older than its term"}, h.runs)
	api.Register(s, api.Op{Method: "POST", Path: "/api/keeping/runs", ID: "startKeepingRun", Tag: tag, Summary: "Take away now what is older than its term",
		Description: "One that is under way is the answer instead. What was taken away does not come back."}, h.start)
	api.Register(s, api.Op{Method: "POST", Path: "/api/keeping/runs/{id}/cancel", ID: "cancelKeepingRun", Tag: tag, Summary: "End a run; what it did is done", Errors: []int{404}}, h.cancel)
	api.Register(s, api.Op{Method: "GET", Path: "/api/holds", ID: "listHolds", Tag: tag, Summary: "What may not be taken away, newest first"}, h.holds)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/holds/{object}/{id}", ID: "setHold", Tag: tag, Summary: "Lay a legal hold on a ticket or a contact, or lift it", Errors: []int{404},
		Description: "While it stands nothing of it is taken away: not by a term of keeping, not from spam or trash, not by an erasure."}, h.setHold)
}

// KeepingSettings are the terms, with the kinds of channels that there are and the server's own windows.
type KeepingSettings struct {
	setting.Keeping
	Channels    []Kind `json:"channels"`
	SpamWindow  int    `json:"spam_window" doc:"In days, of the server; 0 keeps it."`
	TrashWindow int    `json:"trash_window" doc:"In days, of the server; 0 keeps it."`
}

// Kind is a kind of channel.
type Kind struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

func (h *privacy) names() (out []string) {
	for _, a := range h.Registry.All() {
		out = append(out, a.Spec().Channel)
	}
	return out
}

func (h *privacy) dress(k setting.Keeping, err error) (*api.Out[KeepingSettings], error) {
	out := KeepingSettings{Keeping: k, Channels: []Kind{}, SpamWindow: days(h.Spam), TrashWindow: days(h.Trash)}
	for _, a := range h.Registry.All() {
		out.Channels = append(out.Channels, Kind{a.Spec().Channel, a.Spec().Name})
	}
	return api.Answer(out, err)
}

// days rounds up: what is kept for an hour is not kept for ever.
func days(d time.Duration) int { return int((d + 24*time.Hour - 1) / (24 * time.Hour)) }

func (h *privacy) keeping(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[KeepingSettings], error) {
	return h.dress(h.Settings.Keeping(ctx, h.DB))
}

type keepingInput struct{ Body setting.Keeping }

func (h *privacy) setKeeping(ctx context.Context, v access.Viewer, in *keepingInput) (*api.Out[KeepingSettings], error) {
	return h.dress(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (setting.Keeping, error) {
		return h.Settings.SetKeeping(ctx, tx, v.Actor, in.Body, h.names())
	}))
}

// Preview is what terms would take away.
type Preview struct {
	Items []keeping.Count `json:"items"`
	Holds int             `json:"holds" doc:"How many holds there are: what they are on stays."`
}

func (h *privacy) preview(ctx context.Context, _ access.Viewer, in *keepingInput) (*api.Out[Preview], error) {
	k, err := setting.CheckKeeping(in.Body, h.names())
	if err != nil {
		return nil, err
	}
	var out Preview
	if out.Items, err = h.Keeping.Preview(ctx, k); err != nil {
		return nil, err
	}
	hs, err := h.Keeping.Holds(ctx, h.DB, "", 0)
	out.Holds = len(hs)
	return api.Answer(out, err)
}

func (h *privacy) runs(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[keeping.Run]], error) {
	rs, err := h.Keeping.Runs(ctx, h.DB, 20)
	return api.Answer(api.Page[keeping.Run]{Items: rs}, err)
}

func (h *privacy) start(ctx context.Context, v access.Viewer, _ *api.None) (*api.Out[keeping.Run], error) {
	return api.Answer(h.Keeping.Start(ctx, v.Actor))
}

func (h *privacy) cancel(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[keeping.Run], error) {
	id, err := desk.ParseID[desk.BulkID](in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (keeping.Run, error) { return h.Keeping.Cancel(ctx, tx, id) }))
}

type holdsInput struct {
	Object string `query:"object" enum:"ticket,contact" doc:"Of one thing, with object_id; all of them without."`
	ID     string `query:"object_id"`
}

// Holds are those there are.
type Holds struct {
	Items []keeping.Hold `json:"items"`
	Held  bool           `json:"held" doc:"There is one on it, or on whose it is."`
}

func (h *privacy) holds(ctx context.Context, _ access.Viewer, in *holdsInput) (*api.Out[Holds], error) {
	var id int64
	if in.Object != "" {
		x, err := desk.ParseID[desk.BulkID](in.ID)
		if err != nil {
			return nil, err
		}
		id = int64(x)
	}
	var out Holds
	var err error
	if out.Items, err = h.Keeping.Holds(ctx, h.DB, in.Object, id); err != nil {
		return nil, err
	}
	switch in.Object {
	case keeping.Ticket:
		out.Held, err = h.Keeping.Held(ctx, h.DB, desk.TicketID(id), 0)
	case keeping.Contact:
		out.Held, err = h.Keeping.Held(ctx, h.DB, 0, desk.ContactID(id))
	}
	return api.Answer(out, err)
}

type holdInput struct {
	Object string `path:"object" enum:"ticket,contact"`
	ID     string `path:"id"`
	Body   struct {
		On     bool   `json:"on"`
		Reason string `json:"reason,omitempty"`
	}
}

func (h *privacy) setHold(ctx context.Context, v access.Viewer, in *holdInput) (*api.Out[Holds], error) {
	id, err := desk.ParseID[desk.BulkID](in.ID)
	if err != nil {
		return nil, err
	}
	err = h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return h.Keeping.SetHold(ctx, tx, v.Actor, in.Object, int64(id), in.Body.On, in.Body.Reason)
	})
	if err != nil {
		return nil, err
	}
	return h.holds(ctx, v, &holdsInput{Object: in.Object, ID: in.ID})
}
