package agent

import (
	"context"
	"net/http"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/view"
)

func (a *agents) mountDrafts() {
	const tag = "Drafts"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/drafts", ID: "listDrafts", Tag: tag, Summary: "One's own drafts, newest first"}, a.drafts)
	api.Register(a.server, api.Op{Method: "PUT", Path: "/api/drafts", ID: "putDraft", Tag: tag, Summary: "Keep a draft: one a person, ticket, thread and type", MaxBody: 8 << 20, Errors: []int{404, 409}}, a.putDraft)
	api.Register(a.server, api.Op{Method: "DELETE", Path: "/api/drafts", ID: "deleteDraft", Tag: tag, Summary: "Throw a draft away", Status: http.StatusNoContent}, a.deleteDraft)
}

// Place is where a draft belongs.
type Place struct {
	TicketID string `query:"ticket_id"`
	ThreadID string `query:"thread_id"`
	Type     string `query:"type" enum:"reply,comment,new,forward"`
}

// at reads the ids; none is zero.
func (p Place) at() (ticket desk.TicketID, thread desk.ThreadID, err error) {
	if p.TicketID != "" {
		if ticket, err = desk.ParseID[desk.TicketID](p.TicketID); err != nil {
			return 0, 0, err
		}
	}
	if p.ThreadID != "" {
		thread, err = desk.ParseID[desk.ThreadID](p.ThreadID)
	}
	return ticket, thread, err
}

func (a *agents) drafts(ctx context.Context, v access.Viewer, in *Place) (*api.Out[api.Page[desk.Draft]], error) {
	ticket, thread, err := in.at()
	if err != nil {
		return nil, err
	}
	ds, err := a.Threads.Drafts(ctx, a.DB, v.User.ID, ticket)
	out := []desk.Draft{}
	for _, d := range ds {
		if (thread == 0 || d.ThreadID == thread) && (in.Type == "" || d.Kind == in.Type) {
			out = append(out, d)
		}
	}
	return api.Answer(api.Page[desk.Draft]{Items: out}, err)
}

type putDraftInput struct {
	Place
	Body struct {
		ID          *string             `json:"id,omitempty" nullable:"true"`
		UserID      *string             `json:"user_id,omitempty" nullable:"true"`
		TicketID    desk.TicketID       `json:"ticket_id,omitempty"`
		ThreadID    desk.ThreadID       `json:"thread_id,omitempty"`
		Kind        string              `json:"type,omitempty" enum:"reply,comment,new,forward"`
		InReplyTo   desk.MessageID      `json:"in_reply_to,omitempty"`
		To          []PartyInput        `json:"to,omitempty" maxItems:"100"`
		Cc          []PartyInput        `json:"cc,omitempty" maxItems:"100"`
		Bcc         []PartyInput        `json:"bcc,omitempty" maxItems:"100"`
		Subject     string              `json:"subject,omitempty" maxLength:"2000"`
		HTML        string              `json:"html,omitempty"`
		Text        string              `json:"text,omitempty"`
		Attachments []desk.AttachmentID `json:"attachments,omitempty" maxItems:"100"`
		UpdatedAt   *string             `json:"updated_at,omitempty" nullable:"true"`
		SeenSeq     int64               `json:"seen_seq,omitempty"`
		ForwardOf   desk.MessageID      `json:"forward_of,omitempty"`
		Base        *string             `json:"base,omitempty" doc:"The updated_at of the draft that was changed here, empty for none: refused (409, draft.changed) when another window or device has kept another one since. Left out, the last one wins."`
	}
}

func (a *agents) putDraft(ctx context.Context, v access.Viewer, in *putDraftInput) (*api.Out[desk.Draft], error) {
	ticket, thread, err := in.at()
	if err != nil {
		return nil, err
	}
	b := in.Body
	if ticket == 0 {
		ticket = b.TicketID
	}
	if thread == 0 {
		thread = b.ThreadID
	}
	kind := in.Type
	if kind == "" {
		kind = b.Kind
	}
	if ticket != 0 {
		if err := a.View.MayOpen(ctx, view.SightOf(v), ticket); err != nil {
			return nil, err
		}
	}
	if thread != 0 {
		place, err := a.View.ThreadPlace(ctx, view.SightOf(v), thread)
		if err != nil {
			return nil, err
		}
		if ticket == 0 { // an editor that has not heard yet that its conversation has a ticket now
			ticket = place.Ticket
		}
	}
	var base *desk.Time
	if b.Base != nil {
		base = new(desk.Time)
		if *b.Base != "" {
			if err := base.UnmarshalJSON([]byte(`"` + *b.Base + `"`)); err != nil {
				return nil, desk.Errorf(desk.Invalid, "draft.base", "base is the updated_at of a draft.").In("base")
			}
		}
	}
	return api.Answer(db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Draft, error) {
		if err := a.Threads.SameDraft(ctx, tx, v.User.ID, ticket, thread, kind, base); err != nil {
			return desk.Draft{}, err
		}
		return a.Threads.SaveDraft(ctx, tx, desk.Draft{
			UserID: v.User.ID, TicketID: ticket, ThreadID: thread, Kind: kind, InReplyTo: b.InReplyTo, To: some(parties(b.To)), Cc: some(parties(b.Cc)), Bcc: some(parties(b.Bcc)),
			Subject: b.Subject, HTML: b.HTML, Text: b.Text, Attachments: some(b.Attachments), SeenSeq: b.SeenSeq, ForwardOf: b.ForwardOf,
		})
	}))
}

// some is never nil.
func some[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

func (a *agents) deleteDraft(ctx context.Context, v access.Viewer, in *Place) (*api.None, error) {
	ticket, thread, err := in.at()
	if err != nil {
		return nil, err
	}
	if ticket == 0 && thread != 0 {
		if place, err := a.View.ThreadPlace(ctx, view.SightOf(v), thread); err == nil {
			ticket = place.Ticket
		}
	}
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return a.Threads.DeleteDraft(ctx, tx, v.User.ID, ticket, thread, in.Type)
	})
}
