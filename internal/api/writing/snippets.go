package writing

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/snippet"
)

func (w *writers) mountSnippets() {
	const tag = "Snippets"
	api.Register(w.server, api.Op{Method: "GET", Path: "/api/snippets", ID: "listSnippets", Tag: tag, Summary: "Snippets and templates that one may use, by name"}, w.list)
	api.Register(w.server, api.Op{Method: "GET", Path: "/api/snippets/tokens", ID: "listSnippetTokens", Tag: tag, Summary: "The tokens that a text may hold",
		Description: "Besides these, `contact.property.NAME` and `ticket.property.NAME`."}, w.tokens)
	api.Register(w.server, api.Op{Method: "POST", Path: "/api/snippets", ID: "createSnippet", Tag: tag, Summary: "Keep a text", Status: http.StatusCreated, Errors: []int{409}}, w.create)
	api.Register(w.server, api.Op{Method: "PATCH", Path: "/api/snippets/{id}", ID: "patchSnippet", Tag: tag, Summary: "Change a text",
		Description: "For who made it, the team it is for, or with settings.manage.", Errors: []int{404}}, w.update)
	api.Register(w.server, api.Op{Method: "DELETE", Path: "/api/snippets/{id}", ID: "deleteSnippet", Tag: tag, Summary: "Delete a text", Status: http.StatusNoContent, Errors: []int{404}}, w.remove)
	api.Register(w.server, api.Op{Method: "POST", Path: "/api/snippets/{id}/render", ID: "renderSnippet", Tag: tag, Summary: "A text with its tokens filled", Errors: []int{404}}, w.render)
	api.Register(w.server, api.Op{Method: "POST", Path: "/api/snippets/preview", ID: "previewSnippet", Tag: tag, Summary: "How a text that is being written will look",
		Description: "Filled from a ticket that one may see, or from examples."}, w.preview)
	api.Register(w.server, api.Op{Method: "POST", Path: "/api/snippets/{id}/apply", ID: "applySnippet", Tag: tag, Summary: "Do a template's actions to a ticket at once", Status: http.StatusNoContent, Errors: []int{404, 409}}, w.apply)
}

func reader(v access.Viewer) snippet.Reader {
	return snippet.Reader{User: v.User.ID, Teams: v.User.Teams, Admin: v.Can(access.SettingsManage)}
}

// Snippet is a text, with whether the viewer may change it.
type Snippet struct {
	snippet.Snippet
	MayEdit bool `json:"may_edit"`
}

func shown(r snippet.Reader, s snippet.Snippet) Snippet { return Snippet{s, r.May(s)} }

type listInput struct {
	Kind string `query:"kind" enum:"snippet,template"`
	Q    string `query:"q" maxLength:"200" doc:"Words of the name, the short form or the text."`
}

func (w *writers) list(ctx context.Context, v access.Viewer, in *listInput) (*api.Out[api.Page[Snippet]], error) {
	r := reader(v)
	all, err := w.Snippets.List(ctx, w.DB, r)
	out := []Snippet{}
	for _, s := range all {
		if (in.Kind == "" || s.Kind == in.Kind) && holds(s, in.Q) {
			out = append(out, shown(r, s))
		}
	}
	return api.Answer(api.Page[Snippet]{Items: out}, err)
}

func holds(s snippet.Snippet, q string) bool {
	text := strings.ToLower(s.Name + " " + s.Shortcut + " " + s.Subject + " " + s.Text)
	for _, word := range strings.Fields(strings.ToLower(q)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

func (w *writers) tokens(context.Context, access.Viewer, *api.None) (*api.Out[api.Page[string]], error) {
	return api.Answer(api.Page[string]{Items: snippet.Names}, nil)
}

// SnippetInput is a text as it is written.
type SnippetInput struct {
	Slug       string          `json:"slug,omitempty" maxLength:"63"`
	Kind       string          `json:"kind" enum:"snippet,template"`
	Name       string          `json:"name" maxLength:"200" example:"Refund sent"`
	Shortcut   string          `json:"shortcut,omitempty" maxLength:"60" example:"refund"`
	Subject    string          `json:"subject,omitempty" maxLength:"1000"`
	HTML       string          `json:"html,omitempty"`
	Text       string          `json:"text,omitempty"`
	Visibility string          `json:"visibility" enum:"private,team,everyone"`
	TeamID     desk.TeamID     `json:"team_id,omitempty"`
	Locale     string          `json:"locale,omitempty" maxLength:"35"`
	Actions    snippet.Actions `json:"actions,omitempty"`
}

type createInput struct{ Body SnippetInput }

func (w *writers) create(ctx context.Context, v access.Viewer, in *createInput) (*api.Out[Snippet], error) {
	b := in.Body
	r := reader(v)
	if b.Visibility == snippet.Team && !r.Admin && !slices.Contains(v.User.Teams, b.TeamID) {
		return nil, desk.Errorf(desk.Forbidden, "snippet.not_your_team", "You can make texts for your own teams.").In("team_id")
	}
	if err := w.known(ctx, b.Actions); err != nil {
		return nil, err
	}
	s, err := db.Written(ctx, w.DB, func(ctx context.Context, tx *db.Tx) (snippet.Snippet, error) {
		return w.Snippets.Create(ctx, tx, v.Actor, snippet.Snippet{
			Slug: b.Slug, Kind: b.Kind, Name: b.Name, Shortcut: b.Shortcut, Subject: b.Subject, HTML: b.HTML, Text: b.Text, Visibility: b.Visibility, TeamID: b.TeamID, OwnerID: v.User.ID,
			Locale: b.Locale, Actions: b.Actions,
		})
	})
	return api.Answer(shown(r, s), err)
}

type updateInput struct {
	api.ByID
	Body struct {
		Kind       *string          `json:"kind,omitempty" enum:"snippet,template"`
		Name       *string          `json:"name,omitempty" maxLength:"200"`
		Shortcut   *string          `json:"shortcut,omitempty" maxLength:"60"`
		Subject    *string          `json:"subject,omitempty" maxLength:"1000"`
		HTML       *string          `json:"html,omitempty"`
		Visibility *string          `json:"visibility,omitempty" enum:"private,team,everyone"`
		TeamID     *desk.TeamID     `json:"team_id,omitempty"`
		Locale     *string          `json:"locale,omitempty" maxLength:"35"`
		Actions    *snippet.Actions `json:"actions,omitempty"`
	}
}

func snippetID(name string) (desk.SnippetID, error) {
	id, err := desk.ParseID[desk.SnippetID](name)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "snippet.not_found", "There is no such text, or it is not for you.")
	}
	return id, nil
}

func (w *writers) update(ctx context.Context, v access.Viewer, in *updateInput) (*api.Out[Snippet], error) {
	id, err := snippetID(in.ID)
	if err != nil {
		return nil, err
	}
	b, r := in.Body, reader(v)
	if b.TeamID != nil && *b.TeamID != 0 && !r.Admin && !slices.Contains(v.User.Teams, *b.TeamID) {
		return nil, desk.Errorf(desk.Forbidden, "snippet.not_your_team", "You can make texts for your own teams.").In("team_id")
	}
	if b.Actions != nil {
		if err := w.known(ctx, *b.Actions); err != nil {
			return nil, err
		}
	}
	s, err := db.Written(ctx, w.DB, func(ctx context.Context, tx *db.Tx) (snippet.Snippet, error) {
		return w.Snippets.Update(ctx, tx, v.Actor, r, id, snippet.Change{
			Kind: b.Kind, Name: b.Name, Shortcut: b.Shortcut, Subject: b.Subject, HTML: b.HTML, Visibility: b.Visibility, TeamID: b.TeamID, Locale: b.Locale, Actions: b.Actions,
		})
	})
	return api.Answer(shown(r, s), err)
}

func (w *writers) remove(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := snippetID(in.ID)
	if err != nil {
		return nil, err
	}
	return &api.None{}, w.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return w.Snippets.Delete(ctx, tx, v.Actor, reader(v), id)
	})
}

// RenderInput says whom a text is filled for.
type RenderInput struct {
	TicketID  desk.TicketID  `json:"ticket_id,omitempty"`
	ThreadID  desk.ThreadID  `json:"thread_id,omitempty"`
	ContactID desk.ContactID `json:"contact_id,omitempty"`
	Email     string         `json:"email,omitempty" maxLength:"320" doc:"Of whom a new message goes to."`
	Use       bool           `json:"use,omitempty" doc:"It goes into an answer: counts as a use."`
}

type renderInput struct {
	api.ByID
	Body RenderInput
}

// Rendered is a text with its tokens filled.
type Rendered struct {
	snippet.Filled
	Actions snippet.Actions `json:"actions"`
}

func (w *writers) render(ctx context.Context, v access.Viewer, in *renderInput) (*api.Out[Rendered], error) {
	id, err := snippetID(in.ID)
	if err != nil {
		return nil, err
	}
	s, err := w.Snippets.Get(ctx, w.DB, reader(v), id)
	if err != nil {
		return nil, err
	}
	facts, err := w.facts(ctx, v, in.Body)
	if err != nil {
		return nil, err
	}
	if in.Body.Use {
		if err := w.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return w.Snippets.Used(ctx, tx, id) }); err != nil {
			return nil, err
		}
	}
	return api.Answer(Rendered{s.Fill(facts), s.Actions}, nil)
}

type previewInput struct {
	Body struct {
		Subject string `json:"subject,omitempty" maxLength:"1000"`
		HTML    string `json:"html,omitempty"`
		RenderInput
	}
}

func (w *writers) preview(ctx context.Context, v access.Viewer, in *previewInput) (*api.Out[snippet.Filled], error) {
	b := in.Body
	facts, err := w.facts(ctx, v, b.RenderInput)
	if err != nil {
		return nil, err
	}
	if b.TicketID == 0 && b.ThreadID == 0 && b.ContactID == 0 {
		for name, v := range snippet.Examples {
			if facts[name] == "" {
				facts[name] = v
			}
		}
	}
	return api.Answer(snippet.Draft(b.Subject, b.HTML).Fill(facts), nil)
}

type applyInput struct {
	api.ByID
	Body struct {
		TicketID desk.TicketID `json:"ticket_id"`
	}
}

func (w *writers) apply(ctx context.Context, v access.Viewer, in *applyInput) (*api.None, error) {
	plan, err := w.Macro(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	ticket := in.Body.TicketID
	need := []access.Permission{access.TicketsEdit}
	if plan.OwnerID != nil || plan.TeamID != nil {
		need = append(need, access.TicketsAssign)
	}
	for _, p := range need {
		if err := w.View.MayInTicket(ctx, v, ticket, p); err != nil {
			return nil, err
		}
	}
	id, err := snippetID(in.ID)
	if err != nil {
		return nil, err
	}
	return &api.None{}, w.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := w.Dispatch.CarryOut(ctx, tx, v.Actor, ticket, plan); err != nil {
			return err
		}
		return w.Snippets.Used(ctx, tx, id)
	})
}
