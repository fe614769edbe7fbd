// Package forms answers for forms: to the team, who make them and read what was sent (under /api/), and to anybody who fills one in (under /forms/: the page, the
// frame, the script, and what is posted). Strangers' pages need no session, load nothing from anybody else and run under a policy that allows them nothing but their
// work. It refuses the team without the permission, strangers too much at once, and any address to go back to that the form does not name. It keeps nothing: the
// flow is internal/submission. app mounts it.
package forms

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/url"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/submission"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

// Deps is what the handlers call.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Log      *slog.Logger
	Base     *url.URL
	Forms    *form.Service
	Flow     *submission.Service
	Inboxes  *inbox.Service
	Tickets  *ticket.Service
	Contacts *contact.Service
	Settings *setting.Service
	View     *view.Service
	Blobs    blob.Store
	Country  func(ip string) string // of an address; nil: nobody knows
}

type forms struct {
	Deps
	server *api.Server
}

// Mount adds operations and pages to a server.
func Mount(s *api.Server, d Deps) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	h := &forms{d, s}
	const tag = "Forms"
	api.Register(s, api.Op{Method: "GET", Path: "/api/forms", ID: "listForms", Tag: tag, Summary: "Forms, by name"}, h.list)
	api.Register(s, api.Op{Method: "POST", Path: "/api/forms", ID: "createForm", Tag: tag, Summary: "Make a form", Status: 201, Errors: []int{409},
		Description: "Without a definition it asks for name and email and has a ticket's name, description, pipeline and status, the last two hidden."}, h.create)
	api.Register(s, api.Op{Method: "GET", Path: "/api/forms/{id}", ID: "getForm", Tag: tag, Summary: "A form", Errors: []int{404}}, h.get)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/forms/{id}", ID: "updateForm", Tag: tag, Summary: "Change a form", Errors: []int{404, 409},
		Description: "Another definition is a new version. `version` is the one that was changed: when it is no longer the latest, nothing is changed (409)."}, h.update)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/forms/{id}", ID: "archiveForm", Tag: tag, Summary: "Archive a form that is no channel", Status: 204, Errors: []int{404, 409}}, h.archive)
	api.Register(s, api.Op{Method: "POST", Path: "/api/forms/{id}/copy", ID: "copyForm", Tag: tag, Summary: "Make another of it", Status: 201, Errors: []int{404}}, h.copy)
	api.Register(s, api.Op{Method: "POST", Path: "/api/forms/{id}/ticket-fields", ID: "restoreFormTicketFields", Tag: tag, Summary: "Put back the ticket fields that went with the channel", Errors: []int{404, 409}}, h.restore)
	api.Register(s, api.Op{Method: "POST", Path: "/api/forms/preview", ID: "previewForm", Tag: tag, Summary: "What a form would look like"}, h.preview)
	api.Register(s, api.Op{Method: "GET", Path: "/api/forms/{id}/embed", ID: "getFormEmbed", Tag: tag, Summary: "How to put a form on a page", Errors: []int{404}}, h.embed)
	h.mountSubmissions()
	h.mountPublic()
}

// Row is a form in a list.
type Row struct {
	ID          desk.FormID     `json:"id"`
	Slug        string          `json:"slug"`
	Name        string          `json:"name"`
	Active      bool            `json:"active"`
	Version     int64           `json:"version"`
	Definition  json.RawMessage `json:"definition,omitempty" doc:"Of one form; a list leaves it out."`
	CreatedAt   desk.Time       `json:"created_at"`
	UpdatedAt   desk.Time       `json:"updated_at"`
	ArchivedAt  desk.Time       `json:"archived_at"`
	Fields      int             `json:"fields"`
	Submissions int             `json:"submissions"`
	Held        int             `json:"held"`
	Last        desk.Time       `json:"last_submission_at"`
	Channel     *Channel        `json:"channel"`
	Answers     string          `json:"answers_by" enum:",mail,none" doc:"Of a channel: answers leave by mail, or there is no mail channel in its inbox to answer from (FM-14)."`
}

// Channel is the channel account of a form.
type Channel struct {
	ID      desk.ChannelAccountID `json:"id"`
	Name    string                `json:"name"`
	InboxID desk.InboxID          `json:"inbox_id"`
	Active  bool                  `json:"active"`
}

func (h *forms) row(c form.Counted, channels map[string]desk.ChannelAccount, whole bool) Row {
	r := Row{ID: c.ID, Slug: c.Slug, Name: c.Name, Active: c.Active, Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, ArchivedAt: c.ArchivedAt,
		Fields: len(c.Definition.Fields), Submissions: c.Submissions, Held: c.Held, Last: c.Last}
	if whole {
		r.Definition, _ = json.Marshal(c.Definition)
	}
	if a, ok := channels[c.Slug]; ok {
		r.Channel = &Channel{ID: a.ID, Name: a.Name, InboxID: a.InboxID, Active: a.Active}
	}
	return r
}

// channels are the accounts of forms, by the form's slug.
func (h *forms) channels(ctx context.Context, q db.Queryer) (map[string]desk.ChannelAccount, error) {
	all, err := h.Inboxes.Accounts(ctx, q, inbox.Filter{})
	if err != nil {
		return nil, err
	}
	out := map[string]desk.ChannelAccount{}
	for _, a := range all {
		slug := h.Flow.FormOf(a)
		if had, twice := out[slug]; slug != "" && (!twice || !had.Active) {
			out[slug] = a
		}
	}
	return out, nil
}

type listInput struct {
	Archived bool `query:"archived" doc:"Also those that were archived."`
}

func (h *forms) list(ctx context.Context, _ access.Viewer, in *listInput) (*api.Out[api.Page[Row]], error) {
	all, err := h.Forms.List(ctx, h.DB, in.Archived)
	if err != nil {
		return nil, err
	}
	channels, err := h.channels(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	out := api.Page[Row]{Items: make([]Row, len(all))}
	for i, f := range all {
		out.Items[i] = h.row(f, channels, false)
	}
	return api.Answer(out, nil)
}

// one is a form with its channel and what came in.
func (h *forms) one(ctx context.Context, id desk.FormID) (Row, error) {
	all, err := h.Forms.List(ctx, h.DB, true)
	if err != nil {
		return Row{}, err
	}
	channels, err := h.channels(ctx, h.DB)
	if err != nil {
		return Row{}, err
	}
	for _, f := range all {
		if f.ID != id {
			continue
		}
		r := h.row(f, channels, true)
		if r.Channel != nil {
			r.Answers = "none"
			if can, err := h.Flow.CanAnswer(ctx, h.DB, r.Channel.InboxID); err != nil {
				return r, err
			} else if can {
				r.Answers = "mail"
			}
		}
		return r, nil
	}
	_, err = h.Forms.Get(ctx, h.DB, id)
	return Row{}, err
}

func (h *forms) get(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[Row], error) {
	id, err := desk.ParseID[desk.FormID](in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(h.one(ctx, id))
}

func definitionOf(raw json.RawMessage) (*form.Definition, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var d form.Definition
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, desk.Errorf(desk.Invalid, "form.malformed", "The definition of the form cannot be read.").In("definition").Because(err)
	}
	return &d, nil
}

type createInput struct {
	Body struct {
		Name       string          `json:"name" minLength:"1" maxLength:"120"`
		Slug       string          `json:"slug,omitempty"`
		Definition json.RawMessage `json:"definition,omitempty"`
	}
}

func (h *forms) create(ctx context.Context, v access.Viewer, in *createInput) (*api.Out[Row], error) {
	d, err := definitionOf(in.Body.Definition)
	if err != nil {
		return nil, err
	}
	company, err := h.Settings.Company(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	f, err := db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (form.Form, error) {
		if err := h.checked(ctx, tx, d); err != nil {
			return form.Form{}, err
		}
		return h.Forms.Create(ctx, tx, v.Actor, form.NewForm{Name: in.Body.Name, Slug: in.Body.Slug, Definition: d, Language: company.Locale})
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(h.one(ctx, f.ID))
}

// checked refuses a pipeline, a status, a priority or a property that there is not.
func (h *forms) checked(ctx context.Context, q db.Queryer, d *form.Definition) error {
	if d == nil {
		return nil
	}
	t := d.Ticket
	return h.Tickets.CheckPolicy(ctx, q, desk.TicketPolicy{Pipeline: t.Pipeline, Status: t.Status, Priority: t.Priority, Category: t.Category, Properties: t.Properties})
}

type updateInput struct {
	api.ByID
	Body struct {
		Version    int64           `json:"version,omitempty" doc:"The version that was changed."`
		Name       *string         `json:"name,omitempty"`
		Active     *bool           `json:"active,omitempty"`
		Definition json.RawMessage `json:"definition,omitempty"`
		Archived   *bool           `json:"archived,omitempty"`
	}
}

func (h *forms) update(ctx context.Context, v access.Viewer, in *updateInput) (*api.Out[Row], error) {
	id, err := desk.ParseID[desk.FormID](in.ID)
	if err != nil {
		return nil, err
	}
	d, err := definitionOf(in.Body.Definition)
	if err != nil {
		return nil, err
	}
	err = h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := h.checked(ctx, tx, d); err != nil {
			return err
		}
		if in.Body.Archived != nil && *in.Body.Archived {
			if err := h.free(ctx, tx, id); err != nil {
				return err
			}
		}
		_, err := h.Forms.Update(ctx, tx, v.Actor, id, form.Change{Version: in.Body.Version, Name: in.Body.Name, Active: in.Body.Active, Definition: d, Archived: in.Body.Archived})
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(h.one(ctx, id))
}

// free refuses to archive a form that is a channel.
func (h *forms) free(ctx context.Context, q db.Queryer, id desk.FormID) error {
	f, err := h.Forms.Get(ctx, q, id)
	if err != nil {
		return err
	}
	channels, err := h.channels(ctx, q)
	if a, is := channels[f.Slug]; err == nil && is {
		return desk.Errorf(desk.Conflict, "form.connected", "This form is the channel %s. Remove the channel first.", a.Name)
	}
	return err
}

func (h *forms) archive(ctx context.Context, v access.Viewer, in *api.ByID) (*struct{}, error) {
	id, err := desk.ParseID[desk.FormID](in.ID)
	if err != nil {
		return nil, err
	}
	yes := true
	return nil, h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := h.free(ctx, tx, id); err != nil {
			return err
		}
		_, err := h.Forms.Update(ctx, tx, v.Actor, id, form.Change{Archived: &yes})
		return err
	})
}

type copyInput struct {
	api.ByID
	Body struct {
		Name string `json:"name,omitempty" maxLength:"120"`
	}
}

func (h *forms) copy(ctx context.Context, v access.Viewer, in *copyInput) (*api.Out[Row], error) {
	id, err := desk.ParseID[desk.FormID](in.ID)
	if err != nil {
		return nil, err
	}
	f, err := db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (form.Form, error) {
		was, err := h.Forms.Get(ctx, tx, id)
		if err != nil {
			return was, err
		}
		n := form.NewForm{Name: in.Body.Name, Definition: &was.Definition}
		if n.Name == "" {
			n.Name = was.Name + " 2"
		}
		return h.Forms.Create(ctx, tx, v.Actor, n)
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(h.one(ctx, f.ID))
}

type restoreInput struct {
	api.ByID
	Body struct {
		Restore bool `json:"restore"`
	}
}

func (h *forms) restore(ctx context.Context, v access.Viewer, in *restoreInput) (*api.Out[Row], error) {
	id, err := desk.ParseID[desk.FormID](in.ID)
	if err != nil {
		return nil, err
	}
	err = h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if !in.Body.Restore {
			_, err := h.Forms.StripTicket(ctx, tx, v.Actor, id)
			return err
		}
		_, err := h.Forms.RestoreTicket(ctx, tx, v.Actor, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(h.one(ctx, id))
}

type previewInput struct {
	Body struct {
		Definition json.RawMessage `json:"definition"`
		Language   string          `json:"language,omitempty" maxLength:"35"`
		Scheme     string          `json:"scheme,omitempty" enum:",light,dark"`
		Answers    map[string]any  `json:"answers,omitempty"`
	}
}

// Preview is a form's page.
type Preview struct {
	HTML string `json:"html" doc:"A whole document that needs no script."`
}

func (h *forms) preview(ctx context.Context, _ access.Viewer, in *previewInput) (*api.Out[Preview], error) {
	d, err := definitionOf(in.Body.Definition)
	if err != nil {
		return nil, err
	}
	if d == nil {
		d = &form.Definition{}
	}
	s := sheet{Form: form.Form{Definition: *d}, Language: pick(*d, in.Body.Language), Scheme: in.Body.Scheme, Values: map[string][]string{}, Preview: true}
	for name, v := range in.Body.Answers {
		switch v := v.(type) {
		case string:
			s.Values[name] = []string{v}
		case []any:
			for _, x := range v {
				if t, ok := x.(string); ok {
					s.Values[name] = append(s.Values[name], t)
				}
			}
		}
	}
	html, err := h.render(s)
	return api.Answer(Preview{html}, err)
}

func (h *forms) embed(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[Codes], error) {
	id, err := desk.ParseID[desk.FormID](in.ID)
	if err != nil {
		return nil, err
	}
	f, err := h.Forms.Get(ctx, h.DB, id)
	if err != nil {
		return nil, err
	}
	return api.Answer(h.codes(f), nil)
}

// Person is a contact by name.
type Person struct {
	ID   desk.ContactID `json:"id"`
	Name string         `json:"name"`
}

// TicketRef is a ticket by number.
type TicketRef struct {
	ID     desk.TicketID `json:"id"`
	Number int64         `json:"number"`
}
