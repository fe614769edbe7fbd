package agent

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/realtime"
	"github.com/kanalhq/kanal/internal/sse"
	"github.com/kanalhq/kanal/internal/view"
)

func (a *agents) mountStream() {
	const tag = "Events"
	a.server.Raw(api.Op{Method: "GET", Path: "/api/events", ID: "events", Tag: tag, Summary: "The stream of events, numbered", Errors: []int{503},
		Description: "Server-sent events: `id` is the number, `event` the type, `data` an Event. With `after=N` (or Last-Event-ID) it begins with exactly what happened since, as far as the viewer may see it; " +
			"then `ready` says that the past is told. `reload` means too much happened: load everything again. `position` moves the number on over events that are not shown. `presence` and `typing` are not numbered. " +
			"`reconnect` asks to connect again at once. `signed_out` ends it. With `poll=1` it answers once, as JSON {events, last, reload}, when something happened or after 25 seconds."},
		[]*huma.Param{api.QueryParam("after", "The last number seen; left out: from now."), api.QueryParam("poll", "1: long polling, where streams are buffered."), api.QueryParam("wait", "0: answer a poll at once.")},
		api.Media{}, api.Media{Type: "text/event-stream", Description: "The stream."}, a.events)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/presence", ID: "presence", Tag: tag, Summary: "Say that one has a ticket open, types, or has left",
		Description: "Repeat it within 45 seconds.", Status: http.StatusNoContent, Errors: []int{404}}, a.presence)
}

func (a *agents) events(w http.ResponseWriter, r *http.Request, v access.Viewer) {
	after, err := sse.After(r)
	if err != nil {
		a.server.Fail(w, r, err)
		return
	}
	if r.URL.Query().Get("poll") == "1" {
		out, err := a.Hub.Poll(r.Context(), v, after, r.URL.Query().Get("wait") != "0")
		if err != nil {
			a.server.Fail(w, r, err)
			return
		}
		a.server.JSON(w, http.StatusOK, out)
		return
	}
	credential := api.Credential(r)
	again := func(ctx context.Context) (access.Viewer, error) {
		if err := a.server.Admitted(r); err != nil {
			return access.Viewer{}, err
		}
		return a.server.Viewer(ctx, credential)
	}
	if err := a.Hub.Serve(w, r, v, again, after); err != nil {
		a.server.Fail(w, r, err)
	}
}

type presenceInput struct {
	Body struct {
		TicketID desk.TicketID `json:"ticket_id,omitempty"`
		ThreadID desk.ThreadID `json:"thread_id,omitempty" doc:"Of a conversation without a ticket, instead of ticket_id; it is told as ticket_id."`
		State    string        `json:"state" enum:"viewing,typing,left"`
		In       string        `json:"in,omitempty" enum:"reply,comment" doc:"Where one types; left out: a reply. Visitors of a chat are told of replies alone."`
		Hold     string        `json:"hold,omitempty" enum:"take,release" doc:"Takes the answer to a ticket over from who writes one, or lets go of it."`
	}
}

func (a *agents) presence(ctx context.Context, v access.Viewer, in *presenceInput) (*api.None, error) {
	id := in.Body.TicketID
	if th := in.Body.ThreadID; id == 0 && th != 0 {
		place, err := a.View.ThreadPlace(ctx, view.SightOf(v), th)
		if err != nil {
			return nil, err
		}
		a.Hub.Presence(ctx, v, desk.TicketID(th), place.Inbox, in.Body.State, in.Body.In != "comment") // an id is one noun's alone
		if in.Body.State == realtime.Viewing && a.Seen != nil {
			return &api.None{}, a.Seen(ctx, v.User.ID, 0, th)
		}
		return &api.None{}, nil
	}
	if err := a.View.MayOpen(ctx, view.SightOf(v), id); err != nil {
		return nil, err
	}
	inbox, err := a.View.InboxOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if in.Body.Hold != "" {
		if err := a.View.MayInTicket(ctx, v, id, access.TicketsReply); err != nil {
			return nil, err
		}
		a.Hub.Hold(ctx, v, id, inbox, in.Body.Hold == "take")
		return &api.None{}, nil
	}
	a.Hub.Presence(ctx, v, id, inbox, in.Body.State, in.Body.In != "comment")
	if in.Body.State != realtime.Viewing {
		return &api.None{}, nil
	}
	if a.Seen != nil {
		if err := a.Seen(ctx, v.User.ID, id, 0); err != nil {
			return nil, err
		}
	}
	unread, err := a.View.Unread(ctx, v.User.ID, id)
	if err != nil || !unread {
		return &api.None{}, err
	}
	return &api.None{}, a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return a.Threads.ReadMentions(ctx, tx, v.User.ID, id) })
}
