package lists

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/spam"
)

// SpamDeps is what the operations on senders and filters call.
type SpamDeps struct {
	DB   *db.DB
	Spam *spam.Service
	// Windows are how long spam and trash are kept before they are purged.
	Windows func(ctx context.Context) (spam, trash time.Duration, err error)
}

type senders struct{ SpamDeps }

// MountSpam adds the allow and deny lists (EM-35) and the filters (EM-36).
func MountSpam(s *api.Server, d SpamDeps) {
	h := &senders{d}
	const tag = "Spam"
	api.Register(s, api.Op{Method: "GET", Path: "/api/spam/rules", ID: "listSenderRules", Tag: tag, Summary: "The allow and deny lists, by value"}, h.rules)
	api.Register(s, api.Op{Method: "POST", Path: "/api/spam/rules", ID: "putSenderRules", Tag: tag, Summary: "Add entries, or move them to the other list",
		Description: "Addresses and domains as people type them. What cannot be read is refused line by line; the others are added."}, h.put)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/spam/rules/{id}", ID: "deleteSenderRule", Tag: tag, Summary: "Remove an entry"}, h.remove)
	api.Register(s, api.Op{Method: "GET", Path: "/api/spam/settings", ID: "getSpamSettings", Tag: tag, Summary: "Which kinds of mail are held back"}, h.settings)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/spam/settings", ID: "patchSpamSettings", Tag: tag, Summary: "Switch kinds on and off"}, h.patch)
	api.Register(s, api.Op{Method: "GET", Path: "/api/spam/preview", ID: "previewSpam", Tag: tag, Summary: "What each filter would have held back lately"}, h.preview)
}

type rulesInput struct {
	Action string `query:"action" enum:",allow,deny"`
	Query  string `query:"q" maxLength:"200" doc:"A part of a value or note."`
	api.Listing
}

func (h *senders) rules(ctx context.Context, _ access.Viewer, in *rulesInput) (*api.Out[api.Page[spam.Rule]], error) {
	limit := in.Limit
	if limit <= 0 {
		limit = 100
	}
	rs, err := h.Spam.Rules(ctx, h.DB, spam.Filter{Action: in.Action, Query: in.Query, After: in.Cursor, Limit: limit})
	if err != nil {
		return nil, err
	}
	out := api.Page[spam.Rule]{Items: rs}
	if len(rs) == limit {
		out.Next = rs[len(rs)-1].Value
	}
	return api.Answer(out, nil)
}

type putRulesInput struct {
	Body struct {
		Rules []struct {
			Value  string `json:"value" maxLength:"400" example:"promotions.example"`
			Action string `json:"action" enum:"allow,deny"`
			Note   string `json:"note,omitempty" maxLength:"500"`
		} `json:"rules" minItems:"1" maxItems:"2000"`
	}
}

// RulesPut is what became of each entry.
type RulesPut struct {
	Items   []spam.Rule   `json:"items"`
	Refused []RefusedRule `json:"refused"`
}

// RefusedRule is an entry that was not taken.
type RefusedRule struct {
	Line     int    `json:"line" doc:"Its place in the request, from 1."`
	Value    string `json:"value"`
	Sentence string `json:"sentence"`
}

func (h *senders) put(ctx context.Context, v access.Viewer, in *putRulesInput) (*api.Out[RulesPut], error) {
	var out RulesPut
	err := h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = RulesPut{Items: []spam.Rule{}, Refused: []RefusedRule{}}
		for i, line := range in.Body.Rules {
			r, err := spam.Read(line.Value, line.Action, line.Note)
			if err == nil {
				r, err = h.Spam.Put(ctx, tx, v.Actor, r)
			}
			if desk.CodeOf(err) == desk.Invalid {
				out.Refused = append(out.Refused, RefusedRule{i + 1, line.Value, desk.PublicOf(err)})
				continue
			}
			if err != nil {
				return err
			}
			out.Items = append(out.Items, r)
		}
		return nil
	})
	return api.Answer(out, err)
}

func (h *senders) remove(ctx context.Context, v access.Viewer, in *api.ByID) (*api.None, error) {
	id, err := desk.ParseID[desk.SenderRuleID](in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return h.Spam.Remove(ctx, tx, v.Actor, id) })
}

// SpamSettings is which kinds are held back, and how long what is hidden is kept.
type SpamSettings struct {
	spam.Settings
	Allowed   int64 `json:"allowed" doc:"Entries of the allow list."`
	Denied    int64 `json:"denied" doc:"Entries of the deny list."`
	SpamDays  int   `json:"spam_days" doc:"Spam is deleted for good after so many days; 0 keeps it."`
	TrashDays int   `json:"trash_days" doc:"Trash is deleted for good after so many days; 0 keeps it."`
}

func (h *senders) settings(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[SpamSettings], error) {
	keep, trash, err := h.Windows(ctx)
	if err != nil {
		return nil, err
	}
	out := SpamSettings{SpamDays: days(keep), TrashDays: days(trash)}
	if out.Settings, err = h.Spam.Settings(ctx, h.DB); err != nil {
		return nil, err
	}
	out.Allowed, out.Denied, err = h.Spam.Counts(ctx, h.DB)
	return api.Answer(out, err)
}

// days rounds up: what is kept for an hour is not kept for ever.
func days(d time.Duration) int { return int((d + 24*time.Hour - 1) / (24 * time.Hour)) }

type patchSpamInput struct {
	Body struct {
		Marketing   *bool `json:"marketing,omitempty"`
		Automated   *bool `json:"automated,omitempty"`
		RoleAddress *bool `json:"role_address,omitempty"`
		Spoofed     *bool `json:"spoofed,omitempty"`
	}
}

func (h *senders) patch(ctx context.Context, v access.Viewer, in *patchSpamInput) (*api.Out[SpamSettings], error) {
	change := spam.Change{}
	for kind, on := range map[string]*bool{spam.Marketing: in.Body.Marketing, spam.Automated: in.Body.Automated, spam.RoleAddress: in.Body.RoleAddress, spam.Spoofed: in.Body.Spoofed} {
		if on != nil {
			change[kind] = *on
		}
	}
	err := h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := h.Spam.SetSettings(ctx, tx, v.Actor, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return h.settings(ctx, v, nil)
}

type previewInput struct {
	Days int `query:"days" minimum:"1" maximum:"365" default:"30"`
}

func (h *senders) preview(ctx context.Context, _ access.Viewer, in *previewInput) (*api.Out[spam.Preview], error) {
	return api.Answer(h.Spam.Preview(ctx, in.Days))
}
