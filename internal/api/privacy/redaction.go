package privacy

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/redaction"
	"github.com/kanalhq/kanal/internal/redaction/find"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/view"
)

func (h *privacy) mountRedaction(s *api.Server) {
	const tag = "Privacy"
	api.Register(s, api.Op{Method: "GET", Path: "/api/settings/redaction", ID: "getRedaction", Tag: tag, Summary: "What is blanked out of messages as they come in"}, h.redaction)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/settings/redaction", ID: "putRedaction", Tag: tag, Summary: "Change what is blanked out; what came in before stays as it is"}, h.setRedaction)
	api.Register(s, api.Op{Method: "POST", Path: "/api/settings/redaction/try", ID: "tryRedaction", Tag: tag, Summary: "What settings would blank out of a text; nothing is kept"}, h.try)
	api.Register(s, api.Op{Method: "POST", Path: "/api/messages/{id}/redact", ID: "redactMessage", Tag: tag, Summary: "Take a passage or a file out of a message for good", Errors: []int{404, 409},
		Description: "A passage goes wherever it stands in the conversation: in subjects, in what others quote, in drafts, in the original. It does not come back."}, h.redact)
	api.Register(s, api.Op{Method: "POST", Path: "/api/messages/{id}/redacted", ID: "showRedacted", Tag: tag, Summary: "Look at what was blanked out of a message", Errors: []int{404},
		Description: "A line in the audit log says that somebody looked."}, h.show)
}

// RedactionSettings are what is blanked out, and the kinds that there are.
type RedactionSettings struct {
	setting.Redaction
	Known []string `json:"known"`
}

func known(r setting.Redaction, err error) (*api.Out[RedactionSettings], error) {
	return api.Answer(RedactionSettings{r, append([]string{find.Card}, find.Presets()...)}, err)
}

func (h *privacy) redaction(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[RedactionSettings], error) {
	return known(h.Settings.Redaction(ctx, h.DB))
}

type redactionInput struct{ Body setting.Redaction }

func (h *privacy) setRedaction(ctx context.Context, v access.Viewer, in *redactionInput) (*api.Out[RedactionSettings], error) {
	return known(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (setting.Redaction, error) {
		return h.Settings.SetRedaction(ctx, tx, v.Actor, in.Body)
	}))
}

type tryInput struct {
	Body struct {
		Settings setting.Redaction `json:"settings"`
		Text     string            `json:"text" maxLength:"10000"`
	}
}

// Tried is what settings make of a text.
type Tried struct {
	Text  string `json:"text"`
	Found int    `json:"found"`
}

func (h *privacy) try(_ context.Context, _ access.Viewer, in *tryInput) (*api.Out[Tried], error) {
	v := in.Body.Settings
	if err := v.Check(); err != nil {
		return nil, err
	}
	rules, err := v.Rules()
	if err != nil {
		return nil, err
	}
	text, found := rules.Text(in.Body.Text)
	return api.Answer(Tried{text, len(found)}, nil)
}

type redactInput struct {
	api.ByID
	Body struct {
		Passage    string            `json:"passage,omitempty"`
		Attachment desk.AttachmentID `json:"attachment_id,omitempty"`
	}
}

// message is a message in sight.
func (h *privacy) message(ctx context.Context, v access.Viewer, name string, p access.Permission) (desk.MessageID, error) {
	id, err := desk.ParseID[desk.MessageID](name)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "message.not_found", "There is no such message, or you may not see it.")
	}
	m, err := h.View.Message(ctx, view.SightOf(v), id)
	if err != nil {
		return 0, err
	}
	return id, h.View.NeedThread(ctx, v, m.ThreadID, p)
}

func (h *privacy) redact(ctx context.Context, v access.Viewer, in *redactInput) (*api.Out[view.Message], error) {
	id, err := h.message(ctx, v, in.ID, access.TicketsDelete)
	if err != nil {
		return nil, err
	}
	err = h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := h.Threads.Message(ctx, tx, id)
		if err != nil {
			return err
		}
		if in.Body.Attachment != 0 {
			return h.Redactions.File(ctx, tx, v.Actor, m, in.Body.Attachment)
		}
		return h.Redactions.Passage(ctx, tx, v.Actor, m, in.Body.Passage)
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(h.View.Message(ctx, view.SightOf(v), id))
}

func (h *privacy) show(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[api.Page[redaction.Shown]], error) {
	id, err := h.message(ctx, v, in.ID, access.SensitiveView)
	if err != nil {
		return nil, err
	}
	rows, err := db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) ([]redaction.Shown, error) {
		m, err := h.Threads.Message(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		return h.Redactions.Show(ctx, tx, v.Actor, m)
	})
	return api.Answer(api.Page[redaction.Shown]{Items: rows}, err)
}
