// Package agent has the operations of the people who answer: signing in, views, tickets, the timeline, replies and comments, files, drafts,
// search, the stream and presence. Handlers are thin: they read the input, ask whether the viewer may, call the noun or the flow that
// owns the rule, and write the answer. They hold no rule and no SQL of their own. app mounts them.
package agent

import (
	"context"
	"log/slog"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/door"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/netx"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/realtime"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
	"github.com/kanalhq/kanal/internal/waiting"
)

// Corrections mend what intake decided, by one click: intake.Service.
type Corrections interface {
	// CorrectSender files a forwarded message under its "original" sender or under the "forwarder" (EM-27).
	CorrectSender(ctx context.Context, actor desk.Actor, message desk.MessageID, use string) (desk.Message, error)
}

// Deps is what the operations call.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Log      *slog.Logger
	Events   *event.Log
	Access   *access.Service
	Door     *door.Service
	People   *people.Service
	Contacts *contact.Service
	Tickets  *ticket.Service
	Threads  *thread.Service
	Assign   *assignment.Service
	Dispatch *dispatch.Service
	Correct  Corrections
	Search   Searcher
	View     *view.Service
	Hub      *realtime.Hub
	Blobs    blob.Store
	// Images fetches remote images for the proxy; nil reaches the public internet only.
	Images   *netx.Images
	Settings *setting.Service
	Inboxes  *inbox.Service
	// Macro is what a template does to a ticket besides its text (WS-24), as whoever uses it would: api/writing's.
	Macro func(ctx context.Context, v access.Viewer, id string) (desk.SendPlan, error)
	// Undo is how long a person may take a message back who has not said it themselves.
	Undo time.Duration
	// Seen is told who looks at which ticket, so that what they were told of it is read; nil: nobody wants to know.
	Seen func(ctx context.Context, user desk.UserID, ticket desk.TicketID, thread desk.ThreadID) error
	// Waiting says whether a ticket waits for somebody; nil: nothing does.
	Waiting *waiting.Service
	// MaxUpload bounds one uploaded file, in bytes; 0 means 50 MB.
	MaxUpload int64
}

// agents are the handlers.
type agents struct {
	Deps
	server   *api.Server
	fetching chan struct{} // a place for each remote image that is being fetched
}

// maxFetching bounds the memory and the connections that remote images take: a mail may name thousands, of ten megabytes each.
const maxFetching = 8

// Mount adds the operations to a server.
func Mount(s *api.Server, d Deps) {
	if d.MaxUpload == 0 {
		d.MaxUpload = 50 << 20
	}
	if d.Images == nil {
		d.Images = netx.NewImages(netx.Guard{})
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	a := &agents{Deps: d, server: s, fetching: make(chan struct{}, maxFetching)}
	a.mountSession()
	a.mountTickets()
	a.mountConversation()
	a.mountThreads()
	a.mountFiles()
	a.mountDrafts()
	a.mountPeople()
	a.mountSearch()
	a.mountStream()
}
