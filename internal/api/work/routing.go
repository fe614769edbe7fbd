package work

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
)

// RoutingDeps is what the operations on rules of assignment call.
type RoutingDeps struct {
	DB        *db.DB
	Assign    *assignment.Service
	Inboxes   *inbox.Service
	Tickets   *ticket.Service
	Threads   *thread.Service
	Contacts  *contact.Service
	View      *view.Service
	Languages []string
}

type rules struct{ RoutingDeps }

// MountRouting adds what the screens of rules ask.
func MountRouting(s *api.Server, d RoutingDeps) {
	h := &rules{d}
	const tag = "Routing"
	api.Register(s, api.Op{Method: "GET", Path: "/api/routing/fields", ID: "listRoutingFields", Tag: tag, Summary: "The facts that conditions of rules may name"}, h.fields)
	api.Register(s, api.Op{Method: "POST", Path: "/api/routing/try", ID: "tryRouting", Tag: tag, Summary: "What a rule of assignment would do now, with the reasons", Errors: []int{404},
		Description: "With a ticket that is there, or with a message that is only made up. Nothing is written. Needs `routing.manage`, `account.access` or `chatflows.manage`."}, h.try)
	api.Register(s, api.Op{Method: "GET", Path: "/api/threads/{id}/why", ID: "whyThread", Tag: tag, Summary: "Who got a conversation without a ticket, and why", Errors: []int{404},
		Description: "The last automatic decision; `assignment` is null when none is kept."}, h.why)
}

func (h *rules) fields(ctx context.Context, v access.Viewer, _ *struct{}) (*api.Out[api.Page[assignment.Field]], error) {
	fs, err := h.Assign.Fields(ctx, h.DB, h.Languages)
	fs = slices.DeleteFunc(fs, func(f assignment.Field) bool { return slices.Contains(v.Veil.Hidden, f.Field) })
	return api.Answer(api.Page[assignment.Field]{Items: fs}, err)
}

type tryInput struct {
	Body struct {
		Policy  desk.AssignPolicy     `json:"policy"`
		Account desk.ChannelAccountID `json:"channel_account_id,omitempty" doc:"Whose hours, limits and defaults count."`
		Inbox   desk.InboxID          `json:"inbox_id,omitempty" doc:"Without a channel account; the help desk when both are left out."`
		Ticket  string                `json:"ticket,omitempty" doc:"Number or id of a ticket to try it on."`
		Sample  *sample               `json:"sample,omitempty" doc:"What somebody might write."`
	}
}

type sample struct {
	Subject  string `json:"subject,omitempty" maxLength:"1000"`
	Text     string `json:"text,omitempty" maxLength:"20000"`
	Language string `json:"language,omitempty" doc:"Empty: as the words tell."`
	Email    string `json:"email,omitempty"`
	Page     string `json:"page,omitempty" maxLength:"4000" doc:"Where on a website it is written."`
}

// mayTry: whoever may write such a rule somewhere.
func mayTry(v access.Viewer) error {
	if v.Can(access.AccountAccess) || v.Can(access.ChatflowsManage) {
		return nil
	}
	return v.Need(access.RoutingManage)
}

func (h *rules) try(ctx context.Context, v access.Viewer, in *tryInput) (*api.Out[assignment.Tried], error) {
	if err := mayTry(v); err != nil {
		return nil, err
	}
	for i, rule := range in.Body.Policy.Rules {
		if rule.If == nil {
			continue
		}
		for _, c := range rule.If.When {
			if slices.Contains(v.Veil.Hidden, c.Field) {
				return nil, desk.Errorf(desk.Forbidden, "property.hidden", "The rule %q asks for a property that you may not see, so you cannot try it.", rule.Name).In(fmt.Sprintf("policy.rules[%d]", i))
			}
		}
	}
	w := assignment.Work{Policy: in.Body.Policy, Cause: routing.Arrived}
	var err error
	if in.Body.Ticket != "" {
		err = h.ofTicket(ctx, v, in.Body.Ticket, &w)
	} else {
		err = h.ofSample(ctx, v, in, &w)
	}
	if err != nil {
		return nil, err
	}
	return api.Answer(h.Assign.Try(ctx, h.DB, w))
}

func (h *rules) ofTicket(ctx context.Context, v access.Viewer, name string, w *assignment.Work) error {
	if name = strings.TrimSpace(name); len(name) < 12 && !strings.HasPrefix(name, "#") { // a short number, as people write it
		name = "#" + name
	}
	id, err := h.View.Gate(ctx, v, name, access.TicketsView)
	if err != nil {
		return inField(err, "ticket")
	}
	t, err := h.Tickets.Get(ctx, h.DB, id)
	if err != nil {
		return err
	}
	w.Ticket = &t
	if t.AccountID != 0 {
		w.Account, err = h.Inboxes.Account(ctx, h.DB, t.AccountID)
		if desk.CodeOf(err) == desk.NotFound {
			err = nil
		}
	}
	return err
}

func (h *rules) ofSample(ctx context.Context, v access.Viewer, in *tryInput, w *assignment.Work) (err error) {
	switch {
	case in.Body.Account != 0:
		w.Account, err = h.Inboxes.Account(ctx, h.DB, in.Body.Account)
	case in.Body.Inbox != 0:
		_, err = h.Inboxes.Inbox(ctx, h.DB, in.Body.Inbox)
		w.Account.InboxID = in.Body.Inbox
	default:
		var box desk.Inbox
		box, err = h.Inboxes.Helpdesk(ctx, h.DB)
		w.Account.InboxID = box.ID
	}
	if err != nil {
		return err
	}
	s := in.Body.Sample
	if s == nil {
		s = &sample{}
	}
	from := desk.Party{Kind: desk.AddrEmail, Address: desk.NormalizeEmail(s.Email)}
	w.Message, w.Language = &desk.Message{Subject: s.Subject, Text: s.Text, From: from}, s.Language
	w.Thread = &desk.Thread{InboxID: w.Account.InboxID, Subject: s.Subject}
	if s.Page != "" {
		w.Thread.Origin = &desk.Origin{URL: s.Page}
	}
	if from.Address == "" {
		return nil
	}
	c, ok, err := h.Contacts.ByAddress(ctx, h.DB, from.Kind, from.Address)
	if err != nil || !ok {
		return err
	}
	switch err = h.View.MayContact(ctx, view.SightOf(v), c.ID); desk.CodeOf(err) {
	case desk.NotFound: // to who may not see them it is somebody unknown: what is known of them stands among the facts
		return nil
	default:
		if err == nil {
			w.Contact = c.ID
		}
		return err
	}
}

func inField(err error, name string) error {
	if desk.CodeOf(err) != desk.NotFound {
		return err
	}
	return desk.Errorf(desk.NotFound, desk.ReasonOf(err), "%s", desk.PublicOf(err)).In(name)
}

// Why is the last automatic decision about a conversation.
type Why struct {
	Assignment *desk.Assignment `json:"assignment"`
}

func (h *rules) why(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Why], error) {
	id, err := desk.ParseID[desk.ThreadID](in.ID)
	if err == nil {
		err = h.View.NeedThread(ctx, v, id, access.TicketsView)
	}
	if err != nil {
		return nil, err
	}
	a, ok, err := h.Assign.Last(ctx, h.DB, id)
	if err != nil || !ok {
		return api.Answer(Why{}, err)
	}
	return api.Answer(Why{&a}, nil)
}
