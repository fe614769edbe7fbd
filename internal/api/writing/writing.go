// Package writing has the operations of what one writes with: snippets, templates and their actions, a look over recipients before a send, and the messages
// that wait for their time. Replies and drafts themselves stand in api/agent. Handlers are thin: they hold no rule and no SQL of their own. app mounts them.
package writing

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/snippet"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/view"
)

// Deps is what the operations call.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	People   *people.Service
	Contacts *contact.Service
	Threads  *thread.Service
	Settings *setting.Service
	Snippets *snippet.Service
	Dispatch *dispatch.Service
	View     *view.Service
}

type writers struct {
	Deps
	server *api.Server
}

// Mount adds the operations to a server.
func Mount(s *api.Server, d Deps) {
	w := &writers{Deps: d, server: s}
	w.mountSnippets()
	const tag = "Conversations"
	api.Register(s, api.Op{Method: "POST", Path: "/api/recipients/check", ID: "checkRecipients", Tag: tag, Summary: "Look over the recipients of an answer before it is sent",
		Description: "Refuses nothing: it tells what a person should look at.", Errors: []int{404}}, w.check)
	api.Register(s, api.Op{Method: "GET", Path: "/api/messages/scheduled", ID: "listScheduled", Tag: tag, Summary: "Messages that wait for their time, the next first, and those that were held back"}, w.scheduled)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/messages/{id}", ID: "patchMessage", Tag: tag, Summary: "Change when a scheduled message leaves",
		Description: "A time that has passed lets it go now. To change its text take it back (cancel) and send it again.", Errors: []int{404, 409}}, w.reschedule)
}

// CheckedParty is a recipient that was not sent yet.
type CheckedParty struct {
	Address string `json:"address" maxLength:"320"`
	Name    string `json:"name,omitempty" maxLength:"200"`
}

func parties(in []CheckedParty) []desk.Party {
	out := make([]desk.Party, 0, len(in))
	for _, p := range in {
		out = append(out, desk.Party{Kind: desk.AddrEmail, Address: p.Address, Name: p.Name})
	}
	return out
}

type checkInput struct {
	Body struct {
		ThreadID    desk.ThreadID  `json:"thread_id,omitempty" doc:"Left out: a new message."`
		To          []CheckedParty `json:"to,omitempty" maxItems:"100"`
		Cc          []CheckedParty `json:"cc,omitempty" maxItems:"100"`
		Bcc         []CheckedParty `json:"bcc,omitempty" maxItems:"100"`
		Attachments bool           `json:"attachments,omitempty" doc:"Files go with it."`
		Forward     bool           `json:"forward,omitempty"`
	}
}

// Checked is what there is to look at.
type Checked struct {
	Warnings []dispatch.Caution `json:"warnings"`
}

func (w *writers) check(ctx context.Context, v access.Viewer, in *checkInput) (*api.Out[Checked], error) {
	b := in.Body
	if b.ThreadID != 0 {
		if _, err := w.View.ThreadPlace(ctx, view.SightOf(v), b.ThreadID); err != nil {
			return nil, err
		}
	}
	found, err := w.Dispatch.Check(ctx, w.DB, dispatch.CheckCommand{
		ThreadID: b.ThreadID, Recipients: dispatch.Recipients{To: parties(b.To), Cc: parties(b.Cc), Bcc: parties(b.Bcc)}, Attachments: b.Attachments, Forward: b.Forward,
	})
	return api.Answer(Checked{found}, err)
}

type scheduledInput struct {
	api.Listing
	All      bool   `query:"all" doc:"Of everybody, where one may see them; else one's own."`
	TicketID string `query:"ticket_id"`
}

func (w *writers) scheduled(ctx context.Context, v access.Viewer, in *scheduledInput) (*api.Out[view.ScheduledPage], error) {
	f := view.ScheduledFilter{Writer: v.Actor}
	if in.All {
		f.Writer = desk.Actor{}
	}
	if in.TicketID != "" {
		id, err := desk.ParseID[desk.TicketID](in.TicketID)
		if err != nil {
			return nil, err
		}
		f.Ticket = id
	}
	return api.Answer(w.View.Scheduled(ctx, view.SightOf(v), f, view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

type rescheduleInput struct {
	api.ByID
	Body struct {
		SendAt  *desk.Time `json:"send_at,omitempty"`
		Now     bool       `json:"now,omitempty" doc:"Let it go now."`
		IfQuiet *bool      `json:"only_if_quiet,omitempty" doc:"Hold it back when the customer has written by then."`
	}
}

func (w *writers) reschedule(ctx context.Context, v access.Viewer, in *rescheduleInput) (*api.Out[view.Message], error) {
	id, err := desk.ParseID[desk.MessageID](in.ID)
	if err != nil {
		return nil, desk.Errorf(desk.NotFound, "message.not_found", "There is no such message, or you may not see it.")
	}
	m, err := w.View.Message(ctx, view.SightOf(v), id)
	if err != nil {
		return nil, err
	}
	if err := w.View.NeedThread(ctx, v, m.ThreadID, access.TicketsReply); err != nil {
		return nil, err
	}
	at := in.Body.SendAt
	if in.Body.Now {
		now := w.Clock.Ms()
		at = &now
	}
	if _, err := w.Dispatch.Reschedule(ctx, v.Actor, id, at, in.Body.IfQuiet); err != nil {
		return nil, err
	}
	return api.Answer(w.View.Message(ctx, view.SightOf(v), id))
}
