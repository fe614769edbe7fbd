package chat

import (
	"context"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/afterchat"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/view"
	"github.com/kanalhq/kanal/internal/visitor"
)

// VisitorDeps is what the operations on visitors and their conversations call.
type VisitorDeps struct {
	DB       *db.DB
	View     *view.Service
	Visitors *visitor.Service
	Contacts *contact.Service
	Threads  *thread.Service
	Assign   *assignment.Service
	Consent  *consent.Service
	After    *afterchat.Service
	// Link files a browser under a contact: identity.Service.
	Link interface {
		LinkVisitor(ctx context.Context, actor desk.Actor, id desk.VisitorID, to desk.ContactID) (visitor.Visitor, error)
	}
	// Handover gives a bot's conversation to people: intake.Service. Stopped lets its dialogue end: dialogue.Service, or nil.
	Handover func(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, assign *desk.AssignPolicy) (desk.Thread, desk.Ticket, error)
	Stopped  func(ctx context.Context, tx *db.Tx, th desk.Thread) error
	// Presence is a visitor now: lobby.Hub.
	Presence func(desk.VisitorID) lobby.Presence
}

type visitors struct{ VisitorDeps }

const visitorTag = "Visitors"

// MountVisitors adds the operations on visitors to a server.
func MountVisitors(s *api.Server, d VisitorDeps) {
	v := &visitors{d}
	api.Register(s, api.Op{Method: "GET", Path: "/api/visitors/{id}", ID: "getVisitor", Tag: visitorTag, Summary: "Who is on the other side of a chat",
		Description: "What was typed is a claim, what is proven is not (TR-09). In sight of whoever sees one of the visitor's conversations.", Errors: []int{404}}, v.get)
	v.mountLists(s)
	api.Register(s, api.Op{Method: "GET", Path: "/api/visitors/{id}/views", ID: "listVisitorViews", Tag: visitorTag, Summary: "Pages that a visitor has been on, the latest first", Errors: []int{404}}, v.views)
	api.Register(s, api.Op{Method: "POST", Path: "/api/visitors/{id}/ban", ID: "banVisitor", Tag: visitorTag, Summary: "Refuse a visitor's messages from now on", Errors: []int{404}}, v.ban)
	api.Register(s, api.Op{Method: "POST", Path: "/api/visitors/{id}/unban", ID: "unbanVisitor", Tag: visitorTag, Summary: "Let a visitor write again", Errors: []int{404}}, v.unban)
	api.Register(s, api.Op{Method: "POST", Path: "/api/visitors/{id}/link", ID: "linkVisitor", Tag: visitorTag, Summary: "Say which contact a visitor is",
		Description: "Left out: the contact whose address the visitor claims. The visitor sees no more than before.", Errors: []int{404, 409}}, v.link)
	api.Register(s, api.Op{Method: "POST", Path: "/api/threads/{id}/join", ID: "joinThread", Tag: visitorTag, Summary: "Take over a bot's conversation",
		Description: "The bot leaves; a ticket is made where the channel's settings want one, and is the caller's.", Errors: []int{404, 409}}, v.join)
	api.Register(s, api.Op{Method: "POST", Path: "/api/threads/{id}/end", ID: "endThread", Tag: visitorTag, Summary: "End a chat",
		Description: "Closes its ticket by the pipeline's closed status. The visitor is told.", Errors: []int{404, 422}}, v.end)
	api.Register(s, api.Op{Method: "POST", Path: "/api/threads/{id}/seen", ID: "seeThread", Tag: visitorTag, Summary: "Say how far a chat was read",
		Description: "The visitor sees it where the channel shows it.", Status: 204, Errors: []int{404}}, v.seen)
}

// Visitor is a browser as its card shows it.
type Visitor struct {
	visitor.Visitor
	Online   bool             `json:"online" doc:"Its page is open now."`
	Typing   bool             `json:"typing"`
	Text     string           `json:"text" doc:"What is being typed, where the channel shows it."`
	Contact  *desk.Contact    `json:"contact" doc:"Who it is; proven says whether that is certain."`
	Matches  *view.ContactRef `json:"matches" doc:"Whose address it claims to have, when that is somebody else's."`
	Consents []consent.Entry  `json:"consents" doc:"What was shown and answered, the latest first."`
	Threads  []view.ThreadRow `json:"threads" doc:"Its conversations in sight, the latest first; at most 20."`
	BannedBy *view.UserRef    `json:"banned_by_user"`
}

func errNoVisitor() error {
	return desk.Errorf(desk.NotFound, "visitor.not_found", "There is no such visitor, or you may not see them.")
}

// inSight is a visitor whom the viewer may see, with the conversations that say so, and where p may be done.
func (v *visitors) inSight(ctx context.Context, w access.Viewer, name string, p access.Permission) (visitor.Visitor, []view.ThreadRow, error) {
	id, err := desk.ParseID[desk.VisitorID](name)
	if err != nil {
		return visitor.Visitor{}, nil, errNoVisitor()
	}
	rows, err := v.View.VisitorThreads(ctx, view.SightOf(w), id)
	if err != nil || len(rows) == 0 {
		if err == nil {
			err = errNoVisitor()
		}
		return visitor.Visitor{}, nil, err
	}
	may := error(nil)
	for _, r := range rows {
		if may = v.View.NeedThread(ctx, w, r.ID, p); may == nil {
			break
		}
	}
	if may != nil {
		return visitor.Visitor{}, nil, may
	}
	found, err := v.Visitors.Get(ctx, v.DB, id)
	return found, rows, err
}

func (v *visitors) get(ctx context.Context, w access.Viewer, in *api.ByID) (*api.Out[Visitor], error) {
	found, rows, err := v.inSight(ctx, w, in.ID, access.TicketsView)
	if err != nil {
		return nil, err
	}
	return v.answer(ctx, found, rows)
}

func (v *visitors) answer(ctx context.Context, found visitor.Visitor, rows []view.ThreadRow) (*api.Out[Visitor], error) {
	out := Visitor{Visitor: found, Threads: rows[:min(20, len(rows))], Consents: []consent.Entry{}}
	p := v.Presence(found.ID)
	out.Online, out.Typing, out.Text = p.Online, p.Typing, p.Text
	if p.Page != nil {
		out.PageURL, out.PageTitle = p.Page.URL, p.Page.Title
	}
	if found.ContactID != 0 {
		c, err := v.View.Contact(ctx, found.ContactID)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return nil, err
		}
		if err == nil {
			out.Contact = &c
		}
	}
	if err := v.matches(ctx, &out); err != nil {
		return nil, err
	}
	all, err := v.Consent.OfVisitor(ctx, v.DB, found.ID)
	if len(all) > 0 {
		out.Consents = all
	}
	if err == nil && found.BannedBy != 0 {
		out.BannedBy, err = v.View.UserRef(ctx, found.BannedBy)
	}
	return api.Answer(out, err)
}

// matches names whose address a visitor claims to have, when it is not who they are.
func (v *visitors) matches(ctx context.Context, out *Visitor) error {
	if out.ClaimedEmail == "" {
		return nil
	}
	k, err := v.Contacts.Who(ctx, v.DB, desk.AddrEmail, out.ClaimedEmail)
	if err != nil || k.Contact == 0 || k.Contact == out.ContactID {
		return err
	}
	c, err := v.Contacts.Get(ctx, v.DB, k.Contact)
	if err != nil {
		return err
	}
	out.Matches = &view.ContactRef{ID: c.ID, Name: c.Name, Email: c.Email}
	return nil
}

type viewsInput struct {
	api.ByID
	api.Listing
}

func (v *visitors) views(ctx context.Context, w access.Viewer, in *viewsInput) (*api.Out[api.Page[visitor.View]], error) {
	found, _, err := v.inSight(ctx, w, in.ID, access.TicketsView)
	if err != nil {
		return nil, err
	}
	var before int64
	if in.Cursor != "" {
		if before, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil {
			return nil, desk.Errorf(desk.Invalid, "cursor", "This is no cursor of this list.").In("cursor")
		}
	}
	p, err := v.Visitors.Trail(ctx, v.DB, found.ID, before, in.Limit)
	out := api.Page[visitor.View]{Items: p.Items}
	if out.Items == nil {
		out.Items = []visitor.View{}
	}
	if p.Next != 0 {
		out.Next = strconv.FormatInt(int64(p.Next), 10)
	}
	return api.Answer(out, err)
}

type banInput struct {
	api.ByID
	Body struct {
		Reason string `json:"reason" maxLength:"500" doc:"For the team; the visitor is not told why."`
	}
}

func (v *visitors) ban(ctx context.Context, w access.Viewer, in *banInput) (*api.Out[Visitor], error) {
	return v.turn(ctx, w, in.ID, func(ctx context.Context, tx *db.Tx, id desk.VisitorID) (visitor.Visitor, error) {
		return v.Visitors.Ban(ctx, tx, w.Actor, id, strings.TrimSpace(in.Body.Reason))
	})
}

func (v *visitors) unban(ctx context.Context, w access.Viewer, in *api.ByID) (*api.Out[Visitor], error) {
	return v.turn(ctx, w, in.ID, func(ctx context.Context, tx *db.Tx, id desk.VisitorID) (visitor.Visitor, error) {
		return v.Visitors.Unban(ctx, tx, w.Actor, id)
	})
}

func (v *visitors) turn(ctx context.Context, w access.Viewer, name string, fn func(context.Context, *db.Tx, desk.VisitorID) (visitor.Visitor, error)) (*api.Out[Visitor], error) {
	found, rows, err := v.inSight(ctx, w, name, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	found, err = db.Written(ctx, v.DB, func(ctx context.Context, tx *db.Tx) (visitor.Visitor, error) { return fn(ctx, tx, found.ID) })
	if err != nil {
		return nil, err
	}
	return v.answer(ctx, found, rows)
}

type linkInput struct {
	api.ByID
	Body struct {
		ContactID desk.ContactID `json:"contact_id,omitempty"`
	}
}

func (v *visitors) link(ctx context.Context, w access.Viewer, in *linkInput) (*api.Out[Visitor], error) {
	found, rows, err := v.inSight(ctx, w, in.ID, access.ContactsEdit)
	if err != nil {
		return nil, err
	}
	to := in.Body.ContactID
	if to == 0 {
		card := Visitor{Visitor: found}
		if err := v.matches(ctx, &card); err != nil {
			return nil, err
		}
		if card.Matches == nil {
			return nil, desk.Errorf(desk.Invalid, "visitor.nobody", "Say which contact it is: the visitor claims nobody's address.").In("contact_id")
		}
		to = card.Matches.ID
	}
	if found, err = v.Link.LinkVisitor(ctx, w.Actor, found.ID, to); err != nil {
		return nil, err
	}
	return v.answer(ctx, found, rows)
}

// chat is a conversation with a visitor in sight, where p may be done.
func (v *visitors) chat(ctx context.Context, w access.Viewer, name string, p access.Permission) (desk.ThreadID, error) {
	missing := desk.Errorf(desk.NotFound, "thread.not_found", "There is no such thread, or you may not see it.")
	id, err := desk.ParseID[desk.ThreadID](name)
	if err != nil {
		return 0, missing
	}
	return id, v.View.NeedThread(ctx, w, id, p)
}

// Place is where a conversation is after something was done to it.
type Place struct {
	ThreadID desk.ThreadID `json:"thread_id"`
	TicketID desk.TicketID `json:"ticket_id" doc:"Null: it has none."`
	Open     bool          `json:"open"`
	Bot      bool          `json:"bot"`
}

func (v *visitors) join(ctx context.Context, w access.Viewer, in *api.ByID) (*api.Out[Place], error) {
	id, err := v.chat(ctx, w, in.ID, access.TicketsReply)
	if err != nil {
		return nil, err
	}
	th, err := db.Written(ctx, v.DB, func(ctx context.Context, tx *db.Tx) (desk.Thread, error) {
		th, err := v.Threads.Lock(ctx, tx, id)
		if err != nil {
			return th, err
		}
		if !th.Bot {
			return th, desk.Errorf(desk.Conflict, "thread.no_bot", "No bot holds this conversation any more.")
		}
		if v.Stopped != nil {
			if err := v.Stopped(ctx, tx, th); err != nil {
				return th, err
			}
		}
		nobody := desk.AssignPolicy{To: "no_one"}
		th, t, err := v.Handover(ctx, tx, w.Actor, id, &nobody)
		if err != nil {
			return th, err
		}
		if t.ID != 0 {
			_, err = v.Assign.Manual(ctx, tx, w.Actor, t.ID, w.User.ID, 0)
			return th, err
		}
		return v.Threads.Assign(ctx, tx, w.Actor, id, w.User.ID, 0)
	})
	return api.Answer(Place{th.ID, th.TicketID, th.Open, th.Bot}, err)
}

func (v *visitors) end(ctx context.Context, w access.Viewer, in *api.ByID) (*api.Out[Place], error) {
	id, err := v.chat(ctx, w, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	th, err := db.Written(ctx, v.DB, func(ctx context.Context, tx *db.Tx) (desk.Thread, error) { return v.After.End(ctx, tx, w.Actor, id) })
	return api.Answer(Place{th.ID, th.TicketID, th.Open, th.Bot}, err)
}

type seenInput struct {
	api.ByID
	Body struct {
		MessageID desk.MessageID `json:"message_id"`
	}
}

func (v *visitors) seen(ctx context.Context, w access.Viewer, in *seenInput) (*struct{}, error) {
	id, err := v.chat(ctx, w, in.ID, access.TicketsView)
	if err != nil {
		return nil, err
	}
	return nil, v.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := v.Threads.Lock(ctx, tx, id); err != nil {
			return err
		}
		_, err := v.Threads.Seen(ctx, tx, w.Actor, id, thread.SeenByTeam, in.Body.MessageID)
		return err
	})
}
