// Package inform has the operations by which people read what they were told, say that they did, and choose what to be told of and how; and the installation's defaults. Handlers are
// thin: every rule is notify's. app mounts them.
package inform

import (
	"context"
	"net/http"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/notify"
)

// Deps is what the operations call.
type Deps struct {
	DB     *db.DB
	Notify *notify.Service
}

type informs struct{ Deps }

// Mount adds the operations to a server.
func Mount(s *api.Server, d Deps) {
	i := &informs{d}
	const tag = "Notifications"
	api.Register(s, api.Op{Method: "GET", Path: "/api/notifications", ID: "listNotifications", Tag: tag, Summary: "What one was told, newest first",
		Description: "Only what one may still see. `next` may be there on a short page: only an empty one is the end."}, i.list)
	api.Register(s, api.Op{Method: "GET", Path: "/api/notifications/count", ID: "countNotifications", Tag: tag, Summary: "How much is unread, up to 100"}, i.count)
	api.Register(s, api.Op{Method: "POST", Path: "/api/notifications/read", ID: "readNotifications", Tag: tag, Summary: "Say that one has read some, a ticket's, or all"}, i.read)
	api.Register(s, api.Op{Method: "GET", Path: "/api/me/notifications", ID: "getMyNotifications", Tag: tag, Summary: "What one is told of, and how"}, i.mine)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/me/notifications", ID: "setMyNotifications", Tag: tag, Summary: "Choose what to be told of, and how",
		Description: "What is left out stays. `kinds` may name single targets of single kinds."}, i.choose)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/me/notifications", ID: "resetMyNotifications", Tag: tag, Summary: "Follow the installation's defaults again"}, i.reset)
	api.Register(s, api.Op{Method: "POST", Path: "/api/me/notifications/test", ID: "testMyNotifications", Tag: tag, Summary: "Send me one", Status: http.StatusNoContent}, i.test)
	api.Register(s, api.Op{Method: "GET", Path: "/api/settings/notifications", ID: "getNotificationDefaults", Tag: tag, Summary: "What people who have chosen nothing are told of"}, i.defaults)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/settings/notifications", ID: "setNotificationDefaults", Tag: tag, Summary: "Change what people who have chosen nothing are told of"}, i.setDefaults)
}

type listInput struct {
	api.Listing
	Unread string `query:"unread" enum:"0,1" default:"0"`
	Kind   string `query:"kind" doc:"Only of this kind."`
}

func (i *informs) list(ctx context.Context, v access.Viewer, in *listInput) (*api.Out[notify.Feed], error) {
	return api.Answer(i.Notify.List(ctx, v.User, notify.Query{Unread: in.Unread == "1", Kind: in.Kind, Cursor: in.Cursor, Limit: in.Limit}))
}

// NewsCount is how much is unread.
type NewsCount struct {
	Unread int `json:"unread"`
}

func (i *informs) count(ctx context.Context, v access.Viewer, _ *struct{}) (*api.Out[NewsCount], error) {
	n, err := i.Notify.Unread(ctx, v.User)
	return api.Answer(NewsCount{n}, err)
}

type readInput struct {
	Body struct {
		IDs      []string      `json:"ids,omitempty" maxItems:"500"`
		TicketID desk.TicketID `json:"ticket_id,omitempty"`
		ThreadID desk.ThreadID `json:"thread_id,omitempty"`
		All      bool          `json:"all,omitempty"`
	}
}

func (i *informs) read(ctx context.Context, v access.Viewer, in *readInput) (*api.Out[NewsCount], error) {
	b := in.Body
	if err := i.Notify.MarkRead(ctx, v.User.ID, notify.Read{IDs: b.IDs, TicketID: b.TicketID, ThreadID: b.ThreadID, All: b.All}); err != nil {
		return nil, err
	}
	return i.count(ctx, v, nil)
}

// NewsKind is a row of the matrix.
type NewsKind struct {
	Kind    notify.Kind     `json:"kind"`
	Targets map[string]bool `json:"targets"`
	Default map[string]bool `json:"default" doc:"The installation's, or Kanal's own on the installation's page."`
	Chosen  bool            `json:"chosen" doc:"Somebody chose: it does not follow the default any more."`
}

// NewsTarget is a column of the matrix.
type NewsTarget struct {
	Name      string `json:"name"`
	Available bool   `json:"available"`
	Reason    string `json:"reason" doc:"Why not, as a slug."`
	Sentence  string `json:"sentence" doc:"The same for people."`
}

// NewsSettings is what somebody is told of, and how.
type NewsSettings struct {
	Kinds   []NewsKind      `json:"kinds"`
	Targets []NewsTarget    `json:"targets"`
	Email   notify.MailPlan `json:"email"`
	Quiet   notify.Quiet    `json:"quiet"`
	Sound   bool            `json:"sound"`
	Zone    string          `json:"zone" doc:"The time zone that counts."`
	Address string          `json:"address" doc:"Where mails go."`
	Chosen  bool            `json:"chosen" doc:"There is a choice of one's own."`
}

func (i *informs) mine(ctx context.Context, v access.Viewer, _ *struct{}) (*api.Out[NewsSettings], error) {
	base, err := i.Notify.Defaults(ctx, i.DB)
	if err != nil {
		return nil, err
	}
	chosen, err := i.Notify.Chosen(ctx, i.DB, v.User.ID)
	if err != nil {
		return nil, err
	}
	out, err := i.prefs(ctx, v, base, chosen)
	out.Address = v.User.Email
	return api.Answer(out, err)
}

func (i *informs) prefs(ctx context.Context, v access.Viewer, base notify.Settings, chosen notify.Choice) (NewsSettings, error) {
	set := chosen.Over(base)
	out := NewsSettings{Email: set.Email, Quiet: set.Quiet, Sound: set.Sound, Kinds: []NewsKind{}, Targets: []NewsTarget{}, Chosen: len(chosen.Kinds) > 0 || chosen.Email != nil || chosen.Quiet != nil || chosen.Sound != nil}
	for _, k := range notify.Kinds {
		if k.NoTicks || k.Needs != "" && !v.Can(k.Needs) {
			continue
		}
		out.Kinds = append(out.Kinds, NewsKind{Kind: k.Kind, Targets: set.Kinds[k.Kind], Default: base.Kinds[k.Kind], Chosen: len(chosen.Kinds[k.Kind]) > 0})
	}
	for _, t := range notify.Targets {
		slug, sentence := i.Notify.Unavailable(ctx, t.Name)
		out.Targets = append(out.Targets, NewsTarget{t.Name, slug == "", slug, sentence})
	}
	zone, err := i.Notify.Zone(ctx, v.User, set)
	out.Zone = zone
	return out, err
}

type chooseInput struct {
	Body struct {
		Kinds map[notify.Kind]map[string]bool `json:"kinds,omitempty"`
		Email *notify.MailPlan                `json:"email,omitempty"`
		Quiet *notify.Quiet                   `json:"quiet,omitempty"`
		Sound *bool                           `json:"sound,omitempty"`
	}
}

func (c *chooseInput) choice() notify.Choice {
	return notify.Choice{Kinds: c.Body.Kinds, Email: c.Body.Email, Quiet: c.Body.Quiet, Sound: c.Body.Sound}
}

func (i *informs) choose(ctx context.Context, v access.Viewer, in *chooseInput) (*api.Out[NewsSettings], error) {
	if err := i.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return i.Notify.Choose(ctx, tx, v.User.ID, in.choice()) }); err != nil {
		return nil, err
	}
	return i.mine(ctx, v, nil)
}

func (i *informs) reset(ctx context.Context, v access.Viewer, _ *struct{}) (*api.Out[NewsSettings], error) {
	if err := i.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return i.Notify.Forget(ctx, tx, v.User.ID) }); err != nil {
		return nil, err
	}
	return i.mine(ctx, v, nil)
}

func (i *informs) test(ctx context.Context, v access.Viewer, _ *struct{}) (*api.None, error) {
	return &api.None{}, i.Notify.SendTest(ctx, v.User)
}

func (i *informs) defaults(ctx context.Context, v access.Viewer, _ *struct{}) (*api.Out[NewsSettings], error) {
	chosen, err := i.Notify.Chosen(ctx, i.DB, 0)
	if err != nil {
		return nil, err
	}
	return api.Answer(i.prefs(ctx, v, notify.Builtin(), chosen))
}

func (i *informs) setDefaults(ctx context.Context, v access.Viewer, in *chooseInput) (*api.Out[NewsSettings], error) {
	err := i.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := i.Notify.SetDefaults(ctx, tx, v.Actor, in.choice())
		return err
	})
	if err != nil {
		return nil, err
	}
	return i.defaults(ctx, v, nil)
}
