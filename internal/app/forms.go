package app

import (
	"context"
	"encoding/json"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/forms"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/submission"
)

// forms makes the flow of what forms are sent, and joins it to what comes in and to who gets it.
func (a *App) forms() {
	a.Submissions = submission.New(submission.Deps{
		DB: a.DB, Clock: a.Clock, Log: a.log, Events: a.Events, Registry: a.Registry, Forms: a.Forms, Contacts: a.Contacts, Inboxes: a.Inbox, Tickets: a.Tickets, Properties: a.Properties,
		Visitors: a.Visitors, Identity: a.Identity, Consents: a.Consent, Intake: late{a}, Key: a.Box.Derive("forms"),
		Post: func(ctx context.Context, l submission.Letter) error {
			return systemMail{a}.post(ctx, desk.User{Email: l.To, Name: l.To}, l.Subject, l.Text, "")
		},
	})
	a.Intake.Forms = a.Submissions
	a.Assign.WithForms(a.answered)
	a.Inbox.Removed = a.removed
}

// answered is what a form was sent that began a conversation: the facts form and form.<field>.
func (a *App) answered(ctx context.Context, q db.Queryer, id desk.ThreadID) (string, map[string]any, error) {
	x, err := a.Forms.OfThread(ctx, q, id)
	if desk.CodeOf(err) == desk.NotFound {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	f, err := a.Forms.Get(ctx, q, x.FormID)
	return f.Slug, x.Answers, err
}

// removed strips what fills tickets from the form of a channel that was removed (FM-12).
func (a *App) removed(ctx context.Context, tx *db.Tx, actor desk.Actor, acc desk.ChannelAccount) error {
	slug := a.Submissions.FormOf(acc)
	if slug == "" {
		return nil
	}
	f, err := a.Forms.BySlug(ctx, tx, slug)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err == nil {
		_, err = a.Forms.StripTicket(ctx, tx, actor, f.ID)
	}
	return err
}

// ofForm refuses a channel of a form that there is not, or that is a channel already.
func (a *App) ofForm(ctx context.Context, q db.Queryer, settings json.RawMessage, self desk.ChannelAccountID) error {
	var set struct {
		Form string `json:"form"`
	}
	if err := json.Unmarshal(settings, &set); err != nil || set.Form == "" {
		return nil // the adapter says it better
	}
	f, err := a.Forms.BySlug(ctx, q, set.Form)
	if desk.CodeOf(err) == desk.NotFound || err == nil && f.ArchivedAt != 0 {
		return desk.Errorf(desk.Invalid, "form.unknown", "There is no form with the short name %s.", set.Form).In("form")
	}
	if err != nil {
		return err
	}
	all, err := a.Inbox.Accounts(ctx, q, inbox.Filter{})
	for _, o := range all {
		ad, ok := a.Registry.Get(o.Channel)
		if !ok || !ad.Spec().Can.Form || o.ID == self {
			continue
		}
		var other struct {
			Form string `json:"form"`
		}
		if json.Unmarshal(o.Settings, &other) == nil && other.Form == set.Form {
			return desk.Errorf(desk.Conflict, "form.connected_already", "The form %s is connected already, as %s.", f.Name, o.Name).In("form")
		}
	}
	return err
}

func (a *App) freshForm(ctx context.Context, q db.Queryer, spec channel.Spec, given json.RawMessage) (json.RawMessage, error) {
	if !spec.Can.Form {
		return given, nil
	}
	return given, a.ofForm(ctx, q, given, 0)
}

func (a *App) mountForms(s *api.Server) {
	forms.Mount(s, forms.Deps{
		DB: a.DB, Clock: a.Clock, Log: a.log, Base: a.cfg.Base, Forms: a.Forms, Flow: a.Submissions, Inboxes: a.Inbox, Tickets: a.Tickets, Contacts: a.Contacts, Settings: a.Settings, View: a.Views,
		Blobs: a.Blobs, Country: a.Geo.Country,
	})
}
