package chat

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

// FlowDeps is what the operations on chatflows call.
type FlowDeps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Flows    *chatflow.Service
	Inboxes  *inbox.Service
	Registry *channel.Registry
	// What a definition may name.
	Properties *property.Service
	People     *people.Service
	Tickets    *ticket.Service
	// Open says whether named business hours, or with "" an account's own, are open: availability.Service. Nil: all are.
	Open func(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, slug string, at time.Time) (bool, error)
	// Hours says whether there are business hours of a name. Nil: it is not asked.
	Hours func(ctx context.Context, q db.Queryer, slug string) (bool, error)
	// What is known of a contact, and who may look at whom.
	Assign    *assignment.Service
	Contacts  *contact.Service
	View      *view.Service
	Languages []string
	Key       []byte // signs previews
	BaseURL   *url.URL
}

type flows struct{ FlowDeps }

const flowTag = "Chatflows"

// MountFlows adds the operations on chatflows to a server.
func MountFlows(s *api.Server, d FlowDeps) {
	f := &flows{d}
	conflict := []int{http.StatusNotFound, http.StatusConflict}
	api.Register(s, api.Op{Method: "GET", Path: "/api/chatflows", ID: "listChatflows", Tag: flowTag, Summary: "Chatflows, in the order in which they are tried"}, f.list)
	api.Register(s, api.Op{Method: "POST", Path: "/api/chatflows", ID: "createChatflow", Tag: flowTag, Summary: "Make a chatflow",
		Description: "From a template, from a definition, or empty. Its channel must be connected first.", Status: http.StatusCreated, Errors: []int{409}}, f.create)
	api.Register(s, api.Op{Method: "GET", Path: "/api/chatflows/templates", ID: "listChatflowTemplates", Tag: flowTag, Summary: "What one may begin with"}, f.templates)
	api.Register(s, api.Op{Method: "POST", Path: "/api/chatflows/validate", ID: "validateChatflow", Tag: flowTag, Summary: "What is wrong with a definition, and where"}, f.validate)
	api.Register(s, api.Op{Method: "POST", Path: "/api/chatflows/simulate", ID: "simulateChatflow", Tag: flowTag, Summary: "One step of a dialogue, without doing anything",
		Description: "Runs the engine that visitors talk to. Send the state that the last answer gave; without one the dialogue begins."}, f.simulate)
	api.Register(s, api.Op{Method: "POST", Path: "/api/chatflows/order", ID: "orderChatflows", Tag: flowTag, Summary: "Say which chatflow is tried first", Status: http.StatusNoContent}, f.order)
	api.Register(s, api.Op{Method: "POST", Path: "/api/chatflows/match", ID: "matchChatflow", Tag: flowTag, Summary: "Which chatflow a page shows, and why"}, f.match)
	api.Register(s, api.Op{Method: "GET", Path: "/api/chatflows/{id}", ID: "getChatflow", Tag: flowTag, Summary: "One chatflow", Errors: []int{404}}, f.get)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/chatflows/{id}", ID: "patchChatflow", Tag: flowTag, Summary: "Change a chatflow's name, channel or switch", Errors: conflict}, f.update)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/chatflows/{id}", ID: "archiveChatflow", Tag: flowTag, Summary: "Archive a chatflow",
		Description: "It shows nowhere any more. Conversations that go on keep their version.", Status: http.StatusNoContent, Errors: []int{404}}, f.archive)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/chatflows/{id}/draft", ID: "saveChatflowDraft", Tag: flowTag, Summary: "Save the draft",
		Description: "A draft may be unfinished. With `version`, 409 when somebody else has saved meanwhile.", Errors: conflict}, f.draft)
	api.Register(s, api.Op{Method: "POST", Path: "/api/chatflows/{id}/publish", ID: "publishChatflow", Tag: flowTag, Summary: "Make the draft what visitors get", Errors: conflict}, f.publish)
	api.Register(s, api.Op{Method: "POST", Path: "/api/chatflows/{id}/rollback", ID: "rollbackChatflow", Tag: flowTag, Summary: "Publish an older version again", Errors: conflict}, f.rollback)
	api.Register(s, api.Op{Method: "POST", Path: "/api/chatflows/{id}/duplicate", ID: "duplicateChatflow", Tag: flowTag, Summary: "Copy a chatflow", Status: http.StatusCreated, Errors: []int{404}}, f.duplicate)
	api.Register(s, api.Op{Method: "GET", Path: "/api/chatflows/{id}/versions", ID: "listChatflowVersions", Tag: flowTag, Summary: "What was published, newest first", Errors: []int{404}}, f.versions)
	api.Register(s, api.Op{Method: "GET", Path: "/api/chatflows/{id}/versions/{number}", ID: "getChatflowVersion", Tag: flowTag, Summary: "One published version", Errors: []int{404}}, f.version)
	api.Register(s, api.Op{Method: "GET", Path: "/api/chatflows/{id}/preview-link", ID: "previewChatflow", Tag: flowTag, Summary: "An address that shows the draft on a page for an hour", Errors: []int{404}}, f.preview)
}

// Chatflow is a chatflow with how its draft stands to what is live.
type Chatflow struct {
	chatflow.Flow
	Changed     bool      `json:"changed" doc:"The draft differs from what visitors get."`
	PublishedAt desk.Time `json:"published_at"`
}

func (f *flows) shown(ctx context.Context, q db.Queryer, x chatflow.Flow, err error) (*api.Out[Chatflow], error) {
	if err != nil {
		return nil, err
	}
	return api.Answer(f.full(ctx, q, x))
}

func (f *flows) full(ctx context.Context, q db.Queryer, x chatflow.Flow) (Chatflow, error) {
	out := Chatflow{Flow: x, Changed: x.Published == 0}
	if x.Published == 0 {
		return out, nil
	}
	v, err := f.Flows.VersionOf(ctx, q, x.ID, x.Published)
	if err != nil {
		return out, err
	}
	a, _ := json.Marshal(v.Definition)
	b, _ := json.Marshal(x.Draft)
	out.Changed, out.PublishedAt = string(a) != string(b), v.PublishedAt
	return out, nil
}

func flowID(s string) (desk.ChatflowID, error) {
	id, err := desk.ParseID[desk.ChatflowID](s)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "chatflow.not_found", "There is no such chatflow.")
	}
	return id, nil
}

type flowList struct {
	AccountID string `query:"account_id" doc:"Only those of this channel account."`
}

func (f *flows) list(ctx context.Context, _ access.Viewer, in *flowList) (*api.Out[api.Page[Chatflow]], error) {
	var account desk.ChannelAccountID
	if in.AccountID != "" {
		id, err := desk.ParseID[desk.ChannelAccountID](in.AccountID)
		if err != nil {
			return nil, err
		}
		account = id
	}
	all, err := f.Flows.List(ctx, f.DB, account)
	if err != nil {
		return nil, err
	}
	out := api.Page[Chatflow]{Items: []Chatflow{}}
	for _, x := range all {
		c, err := f.full(ctx, f.DB, x)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, c)
	}
	return api.Answer(out, nil)
}

func (f *flows) get(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[Chatflow], error) {
	id, err := flowID(in.ID)
	if err != nil {
		return nil, err
	}
	x, err := f.Flows.Get(ctx, f.DB, id)
	return f.shown(ctx, f.DB, x, err)
}

type createFlow struct {
	Body struct {
		AccountID  desk.ChannelAccountID `json:"account_id"`
		Name       string                `json:"name" maxLength:"200"`
		Kind       string                `json:"kind" enum:"live_chat,bot"`
		Slug       string                `json:"slug,omitempty" maxLength:"63"`
		Template   string                `json:"template,omitempty" doc:"The id of a template; its texts and steps are the draft."`
		Definition json.RawMessage       `json:"definition,omitempty" doc:"The draft, instead of a template."`
	}
}

// account refuses what is no chat channel (CF-07: it must be connected first).
func (f *flows) account(ctx context.Context, id desk.ChannelAccountID) error {
	acc, err := f.Inboxes.Account(ctx, f.DB, id)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return err
	}
	a, ok := f.Registry.Get(acc.Channel)
	if acc.ArchivedAt != 0 || !ok || !a.Spec().Can.Live {
		return desk.Errorf(desk.Invalid, "chatflow.account", "A chatflow belongs to a chat channel. Connect one first.").In("account_id")
	}
	return nil
}

func (f *flows) create(ctx context.Context, v access.Viewer, in *createFlow) (*api.Out[Chatflow], error) {
	b := in.Body
	if err := f.account(ctx, b.AccountID); err != nil {
		return nil, err
	}
	x := chatflow.Flow{AccountID: b.AccountID, Name: b.Name, Kind: b.Kind, Slug: b.Slug, Active: true}
	switch {
	case b.Template != "":
		t, ok := chatflow.TemplateOf(b.Template, v.User.Locale)
		if !ok || t.Kind != b.Kind {
			return nil, desk.Errorf(desk.Invalid, "chatflow.template", "There is no template %q for this kind of chatflow.", b.Template).In("template")
		}
		x.Draft = t.Definition
	default:
		def, err := chatflow.Parse(b.Definition)
		if err != nil {
			return nil, err
		}
		x.Draft = def
	}
	x, err := db.Written(ctx, f.DB, func(ctx context.Context, tx *db.Tx) (chatflow.Flow, error) {
		return f.Flows.Create(ctx, tx, v.Actor, x)
	})
	return f.shown(ctx, f.DB, x, err)
}

type updateFlow struct {
	api.ByID
	Body struct {
		Name      *string                `json:"name,omitempty" maxLength:"200"`
		Active    *bool                  `json:"active,omitempty"`
		AccountID *desk.ChannelAccountID `json:"account_id,omitempty"`
		Version   int64                  `json:"version,omitempty"`
	}
}

func (f *flows) update(ctx context.Context, v access.Viewer, in *updateFlow) (*api.Out[Chatflow], error) {
	b := in.Body
	if b.AccountID != nil {
		if err := f.account(ctx, *b.AccountID); err != nil {
			return nil, err
		}
	}
	return f.change(ctx, v, in.ID, chatflow.Change{Name: b.Name, Active: b.Active, AccountID: b.AccountID, Version: b.Version})
}

func (f *flows) change(ctx context.Context, v access.Viewer, id string, c chatflow.Change) (*api.Out[Chatflow], error) {
	return f.write(ctx, id, func(ctx context.Context, tx *db.Tx, id desk.ChatflowID) (chatflow.Flow, error) {
		return f.Flows.Update(ctx, tx, v.Actor, id, c)
	})
}

// write runs fn in a transaction and answers the chatflow as it is then.
func (f *flows) write(ctx context.Context, in string, fn func(ctx context.Context, tx *db.Tx, id desk.ChatflowID) (chatflow.Flow, error)) (*api.Out[Chatflow], error) {
	id, err := flowID(in)
	if err != nil {
		return nil, err
	}
	x, err := db.Written(ctx, f.DB, func(ctx context.Context, tx *db.Tx) (chatflow.Flow, error) { return fn(ctx, tx, id) })
	return f.shown(ctx, f.DB, x, err)
}

type saveDraft struct {
	api.ByID
	Body struct {
		Definition json.RawMessage `json:"definition"`
		Version    int64           `json:"version,omitempty" doc:"Of the chatflow as it was loaded."`
	}
}

func (f *flows) draft(ctx context.Context, v access.Viewer, in *saveDraft) (*api.Out[Chatflow], error) {
	def, err := chatflow.Parse(in.Body.Definition)
	if err != nil {
		return nil, err
	}
	return f.change(ctx, v, in.ID, chatflow.Change{Draft: &def, Version: in.Body.Version})
}

type publishFlow struct {
	api.ByID
	Body struct {
		Note    string `json:"note,omitempty" maxLength:"1000" doc:"What is new in it."`
		Version int64  `json:"version,omitempty" doc:"Of the chatflow as it was loaded: 409 when its draft is another by now."`
	}
}

func (f *flows) publish(ctx context.Context, v access.Viewer, in *publishFlow) (*api.Out[Chatflow], error) {
	return f.write(ctx, in.ID, func(ctx context.Context, tx *db.Tx, id desk.ChatflowID) (chatflow.Flow, error) {
		x, err := f.Flows.Update(ctx, tx, v.Actor, id, chatflow.Change{Version: in.Body.Version})
		if err != nil {
			return x, err
		}
		problems, err := f.unknown(ctx, tx, x.Draft)
		if err != nil {
			return x, err
		}
		if err := chatflow.Refusal(append(chatflow.Validate(x.Kind, x.Draft), problems...)); err != nil {
			return x, err
		}
		return f.Flows.Publish(ctx, tx, v.Actor, id, in.Body.Note)
	})
}

type rollbackFlow struct {
	api.ByID
	Body struct {
		Number int64 `json:"number" minimum:"1"`
	}
}

func (f *flows) rollback(ctx context.Context, v access.Viewer, in *rollbackFlow) (*api.Out[Chatflow], error) {
	return f.write(ctx, in.ID, func(ctx context.Context, tx *db.Tx, id desk.ChatflowID) (chatflow.Flow, error) {
		return f.Flows.Rollback(ctx, tx, v.Actor, id, in.Body.Number)
	})
}

type duplicateFlow struct {
	api.ByID
	Body *struct {
		Name string `json:"name,omitempty" maxLength:"200"`
	} `required:"false"`
}

func (f *flows) duplicate(ctx context.Context, v access.Viewer, in *duplicateFlow) (*api.Out[Chatflow], error) {
	name := ""
	if in.Body != nil {
		name = in.Body.Name
	}
	return f.write(ctx, in.ID, func(ctx context.Context, tx *db.Tx, id desk.ChatflowID) (chatflow.Flow, error) {
		return f.Flows.Duplicate(ctx, tx, v.Actor, id, name)
	})
}

func (f *flows) archive(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := flowID(in.ID)
	if err != nil {
		return nil, err
	}
	return &api.None{}, f.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return f.Flows.Archive(ctx, tx, v.Actor, id) })
}

type orderFlows struct {
	Body struct {
		AccountID desk.ChannelAccountID `json:"account_id,omitempty" doc:"Of this channel; left out: of all."`
		IDs       []desk.ChatflowID     `json:"ids" maxItems:"2000"`
	}
}

func (f *flows) order(ctx context.Context, v access.Viewer, in *orderFlows) (*api.None, error) {
	return &api.None{}, f.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return f.Flows.Order(ctx, tx, v.Actor, in.Body.AccountID, in.Body.IDs)
	})
}

func (f *flows) versions(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[api.Page[chatflow.Version]], error) {
	id, err := flowID(in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := f.Flows.Get(ctx, f.DB, id); err != nil {
		return nil, err
	}
	all, err := f.Flows.Versions(ctx, f.DB, id)
	return api.Answer(api.Page[chatflow.Version]{Items: all}, err)
}

type versionInput struct {
	api.ByID
	Number string `path:"number"`
}

func (f *flows) version(ctx context.Context, _ access.Viewer, in *versionInput) (*api.Out[chatflow.Version], error) {
	id, err := flowID(in.ID)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseInt(in.Number, 10, 64)
	if err != nil {
		return nil, desk.Errorf(desk.NotFound, "chatflow.version_not_found", "There is no such version of this chatflow.")
	}
	return api.Answer(f.Flows.VersionOf(ctx, f.DB, id, n))
}

func (f *flows) templates(_ context.Context, v access.Viewer, _ *api.None) (*api.Out[api.Page[chatflow.Template]], error) {
	return api.Answer(api.Page[chatflow.Template]{Items: chatflow.Templates(v.User.Locale)}, nil)
}

const previewFor = time.Hour
