package agent

import (
	"context"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/realtime"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/view"
	"github.com/kanalhq/kanal/internal/waiting"
)

// Ticket is one ticket with what its page needs at once.
type Ticket struct {
	view.TicketDetail
	Contact *desk.Contact      `json:"contact"`
	Viewers []realtime.Watcher `json:"viewers" doc:"Who else has it open."`
	Draft   *desk.Draft        `json:"draft" doc:"One's own newest draft on it."`
	Waiting *waiting.Place     `json:"waiting" doc:"Nobody could have it yet: where it stands in the line; null: it does not wait."`
	Seq     int64              `json:"seq" doc:"The number of the last event that this answer covers."`
	// Standing is sent with what gives a ticket to somebody, which counting everybody's work is worth.
	Standing *assignment.Standing `json:"owner_load,omitempty" doc:"After an assignment: how much its owner has now, and the limit, which a person may exceed (CP-05)."`
}

func (a *agents) mountTickets() {
	const tag = "Tickets"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/views", ID: "listViews", Tag: tag, Summary: "The views with their counts",
		Description: "Counts stop at 10,000: `capped` says that there are more."}, a.views)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/tickets", ID: "listTickets", Tag: tag, Summary: "List a view of tickets", Errors: []int{404}}, a.listTickets)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/tickets/{id}", ID: "getTicket", Tag: tag, Summary: "One ticket", Errors: []int{404}}, a.getTicket)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/tickets/{id}", ID: "patchTicket", Tag: tag, Summary: "Change a ticket",
		Description: "What is left out stays. Send `version` to refuse the change when somebody else was faster (409, ticket.stale).", Errors: []int{404, 409}}, a.patchTicket)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/tickets/{id}/assign", ID: "assignTicket", Tag: tag, Summary: "Give a ticket to a user or a team",
		Description: "null takes it away; what is left out stays. A person may give more than the limit: `owner_load` says how much there is.", Errors: []int{404}}, a.assignTicket)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/tickets/{id}/why", ID: "whyTicket", Tag: tag, Summary: "Why this owner: every assignment with its reasons", Errors: []int{404}}, a.why)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/tickets", ID: "createTicket", Tag: tag, Summary: "Open a ticket, or write a new message to somebody", Status: 201, Repeatable: true,
		MaxBody:     8 << 20,
		Description: "With `channel_account_id` and `to` it sends a new message, which opens a ticket (EM-11). Otherwise it opens a ticket by hand."}, a.createTicket)
}

// Views is the side bar.
type Views struct {
	Views  []view.Count    `json:"views" doc:"The saved ones come last, in their order."`
	Again  int64           `json:"again_ms" doc:"Some counts are dear and from a moment ago (as_of): after so long newer ones are there. 0: all are of now."`
	Space  desk.SpaceID    `json:"space_id" doc:"The space that they are of; null: none, or the one asked for is gone."`
	Spaces []view.SpaceRef `json:"spaces" doc:"Those there are, in their order."`
}

type viewsInput struct {
	Space string `query:"space" doc:"Counts of a space alone, with the views that stand in it. One that is gone is left out."`
}

func (a *agents) views(ctx context.Context, v access.Viewer, in *viewsInput) (*api.Out[Views], error) {
	seq, err := a.Events.Last(ctx)
	if err != nil {
		return nil, err
	}
	spaces, err := a.View.Spaces(ctx)
	if err != nil {
		return nil, err
	}
	s := view.SightOf(v)
	for _, one := range spaces {
		if one.ID.String() == in.Space {
			if s, err = a.View.In(ctx, s, one.ID); err != nil {
				return nil, err
			}
		}
	}
	counts, err := a.View.Counts(ctx, s, seq)
	if err != nil {
		return nil, err
	}
	saved, again, err := a.View.CustomCounts(ctx, s, seq)
	return api.Answer(Views{append(counts, saved...), again.Milliseconds(), s.Area.ID, spaces}, err)
}

type ticketsInput struct {
	api.Listing
	View   string   `query:"view" default:"open" doc:"mine, unassigned, open, snoozed, following, drafts, mentions, closed, recently_closed, elsewhere, spam, trash, all (whatever the filter says), inbox:ID, status:ID or custom:ID. VIEW@SPACE narrows it to a space." example:"mine"`
	Filter string   `query:"filter" doc:"Narrows the view: JSON, {\"all\":[…]}, {\"any\":[…]} or {\"field\":…,\"op\":…,\"value\":…}. GET /api/custom-views/fields lists the fields and what each takes." example:"{\"field\":\"priority\",\"op\":\"in\",\"value\":[\"high\",\"urgent\"]}"`
	Sort   string   `query:"sort" maxLength:"100" doc:"A field that sorts, - before it for the other way round; last_activity, created, closed, status, owner and contact are short names. Left out: the view's own order, mostly -last_activity." example:"-priority"`
	Group  string   `query:"group" maxLength:"100" doc:"A field that groups: rows of one group stand together." example:"owner_id"`
	IDs    []string `query:"ids" maxItems:"200" doc:"Only these, as far as they belong to the view."`
	People bool     `query:"people" doc:"With more of each contact, for columns: phone, language, properties."`
}

func (a *agents) listTickets(ctx context.Context, v access.Viewer, in *ticketsInput) (*api.Out[view.TicketPage], error) {
	f, err := customview.Parse(in.Filter)
	if err != nil {
		return nil, err
	}
	ids := make([]desk.TicketID, len(in.IDs)) // texts: what is read of a query as numbers is held to be no id
	for i, text := range in.IDs {
		if ids[i], err = desk.ParseID[desk.TicketID](text); err != nil {
			return nil, desk.Errorf(desk.Invalid, "request.invalid", "%q is not the id of a ticket.", text).In("ids")
		}
	}
	ask := view.Ask{View: in.View, Filter: f, Sort: in.Sort, Group: in.Group, IDs: ids, People: in.People}
	return api.Answer(a.View.List(ctx, view.SightOf(v), ask, view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

func (a *agents) getTicket(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Ticket], error) {
	id, err := a.View.TicketID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(a.ticket(ctx, v, id))
}

// ticket reads a ticket's page. The number is read first, so that the stream after it tells everything that the page does not show yet.
func (a *agents) ticket(ctx context.Context, v access.Viewer, id desk.TicketID) (Ticket, error) {
	seq, err := a.Events.Last(ctx)
	if err != nil {
		return Ticket{}, err
	}
	d, err := a.View.Ticket(ctx, view.SightOf(v), id)
	if err != nil {
		return Ticket{}, err
	}
	for i := range d.Threads {
		if err := a.replyDefaults(ctx, &d.Threads[i]); err != nil {
			return Ticket{}, err
		}
	}
	t := Ticket{TicketDetail: d, Contact: d.Person, Viewers: a.Hub.Watchers(id), Seq: seq}
	if a.Deps.Waiting != nil {
		if t.Waiting, err = a.Deps.Waiting.Of(ctx, a.DB, desk.WaitingTicket, int64(id)); err != nil {
			return t, err
		}
	}
	drafts, err := a.Threads.Drafts(ctx, a.DB, v.User.ID, id)
	if len(drafts) > 0 {
		t.Draft = &drafts[0]
	}
	return t, err
}

// replyDefaults asks dispatch whom a plain answer goes to, so that the composer shows what would be sent.
func (a *agents) replyDefaults(ctx context.Context, t *view.TicketThread) error {
	if t.VisitorID != 0 {
		return a.ways(ctx, t)
	}
	to, err := a.Dispatch.Defaults(ctx, a.DB, t.Answers, t.Thread)
	if err != nil {
		return err
	}
	d := &t.ReplyDefaults
	d.To, d.Cc, d.InReplyTo = append(d.To, to.To...), append(d.Cc, to.Cc...), t.Answers.ID
	subject := t.Answers.Subject
	if t.Answers.ID == 0 {
		subject = t.Subject
	}
	d.Subject = dispatch.ReplySubject(subject)
	return a.accountCan(ctx, t)
}

type patchTicketInput struct {
	api.ByID
	Body struct {
		Subject     *string                `json:"subject,omitempty" maxLength:"1000"`
		Description *string                `json:"description,omitempty"`
		StatusID    *desk.StatusID         `json:"status_id,omitempty"`
		Status      *string                `json:"status,omitempty" doc:"A slug in the ticket's pipeline, instead of status_id." example:"closed"`
		PipelineID  *desk.PipelineID       `json:"pipeline_id,omitempty"`
		Priority    *desk.Priority         `json:"priority,omitempty" enum:",low,medium,high,urgent"`
		Category    *string                `json:"category,omitempty" maxLength:"200"`
		Language    *string                `json:"language,omitempty" maxLength:"8" doc:"ISO 639-1, or empty." example:"da"`
		ContactID   *desk.ContactID        `json:"contact_id,omitempty"`
		OwnerID     api.Maybe[desk.UserID] `json:"owner_id,omitzero"`
		TeamID      api.Maybe[desk.TeamID] `json:"team_id,omitzero"`
		Tags        *[]string              `json:"tags,omitempty" maxItems:"30" doc:"All of them, instead of those that stand there."`
		AddTags     []string               `json:"add_tags,omitempty" maxItems:"30" doc:"Put on it; a name that is new makes a tag, where that is allowed."`
		RemoveTags  []string               `json:"remove_tags,omitempty" maxItems:"30"`
		Properties  map[string]any         `json:"properties,omitempty" doc:"Merged by name; null removes one."`
		Hidden      *desk.Hidden           `json:"hidden,omitempty" enum:",spam,trash" doc:"Moves it to spam or trash, or back with an empty value."`
		Version     int64                  `json:"version,omitempty" doc:"The version the change is based on."`
	}
}

// fields reports whether anything but the owner changes.
func (in *patchTicketInput) fields() bool {
	b := in.Body
	return b.Subject != nil || b.Description != nil || b.StatusID != nil || b.Status != nil || b.PipelineID != nil || b.Priority != nil || b.Category != nil || b.Language != nil || b.ContactID != nil ||
		b.Properties != nil || b.Hidden != nil || b.Tags != nil || len(b.AddTags)+len(b.RemoveTags) > 0
}

func (a *agents) patchTicket(ctx context.Context, v access.Viewer, in *patchTicketInput) (*api.Out[Ticket], error) {
	b := in.Body
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsView)
	if err != nil {
		return nil, err
	}
	moves := b.OwnerID.Sent || b.TeamID.Sent
	for _, need := range []struct {
		when bool
		p    access.Permission
	}{{in.fields(), access.TicketsEdit}, {moves, access.TicketsAssign}, {b.Hidden != nil && *b.Hidden == desk.HiddenTrash, access.TicketsDelete}} {
		if need.when {
			if err := a.View.MayInTicket(ctx, v, id, need.p); err != nil {
				return nil, err
			}
		}
	}
	if err := v.Veil.Check(property.Ticket, b.Properties); err != nil {
		return nil, err
	}
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := a.Tickets.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if b.Version != 0 && b.Version != t.Version {
			return desk.Errorf(desk.Conflict, "ticket.stale", "Somebody else changed this ticket meanwhile. Look at it again, then repeat your change.").In("version")
		}
		if in.fields() {
			if _, err := a.Tickets.Update(ctx, tx, v.Actor, id, ticket.Change{
				Subject: b.Subject, Description: b.Description, StatusID: b.StatusID, Status: b.Status, PipelineID: b.PipelineID, Priority: b.Priority, Category: b.Category, Language: b.Language, ContactID: b.ContactID,
				Properties: b.Properties, Hidden: b.Hidden, Tags: b.Tags, AddTags: b.AddTags, RemoveTags: b.RemoveTags,
			}); err != nil {
				return err
			}
		}
		if !moves {
			return nil
		}
		return a.give(ctx, tx, v, t, b.OwnerID, b.TeamID)
	})
	if err != nil {
		return nil, err
	}
	if b.OwnerID.Sent {
		return api.Answer(a.given(ctx, v, id))
	}
	return api.Answer(a.ticket(ctx, v, id))
}

type assignInput struct {
	api.ByID
	Body struct {
		OwnerID api.Maybe[desk.UserID] `json:"owner_id,omitzero"`
		TeamID  api.Maybe[desk.TeamID] `json:"team_id,omitzero"`
	}
}

func (a *agents) assignTicket(ctx context.Context, v access.Viewer, in *assignInput) (*api.Out[Ticket], error) {
	id, err := a.View.Gate(ctx, v, in.ID, access.TicketsAssign)
	if err != nil {
		return nil, err
	}
	if err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := a.Tickets.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		return a.give(ctx, tx, v, t, in.Body.OwnerID, in.Body.TeamID)
	}); err != nil {
		return nil, err
	}
	return api.Answer(a.given(ctx, v, id))
}

// given is a ticket after somebody gave it to somebody, with how much they have now.
func (a *agents) given(ctx context.Context, v access.Viewer, id desk.TicketID) (Ticket, error) {
	out, err := a.ticket(ctx, v, id)
	if err != nil {
		return out, err
	}
	t, err := a.Tickets.Get(ctx, a.DB, id)
	if err == nil {
		out.Standing, err = a.Assign.Stands(ctx, a.DB, t)
	}
	return out, err
}

// give changes the owner or the team or both; what was not sent stays.
func (a *agents) give(ctx context.Context, tx *db.Tx, v access.Viewer, t desk.Ticket, to api.Maybe[desk.UserID], team api.Maybe[desk.TeamID]) error {
	if !to.Sent {
		to.Value = t.OwnerID
	}
	if !team.Sent {
		team.Value = t.TeamID
	}
	_, err := a.Assign.Manual(ctx, tx, v.Actor, t.ID, to.Value, team.Value)
	return err
}

func (a *agents) why(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[api.Page[view.Decision]], error) {
	id, err := a.View.TicketID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	ds, err := a.View.Why(ctx, view.SightOf(v), id)
	return api.Answer(api.Page[view.Decision]{Items: ds}, err)
}

// ContactInput names somebody by address, or by id.
type ContactInput struct {
	Email string `json:"email,omitempty" maxLength:"320"`
	Name  string `json:"name,omitempty" maxLength:"200"`
}

type createTicketInput struct {
	Body struct {
		Subject     string                `json:"subject,omitempty" maxLength:"1000"`
		Description string                `json:"description,omitempty"`
		Contact     *ContactInput         `json:"contact,omitempty"`
		ContactID   desk.ContactID        `json:"contact_id,omitempty"`
		InboxID     desk.InboxID          `json:"inbox_id,omitempty" doc:"Left out: the help desk."`
		PipelineID  desk.PipelineID       `json:"pipeline_id,omitempty"`
		StatusID    desk.StatusID         `json:"status_id,omitempty"`
		Priority    *desk.Priority        `json:"priority,omitempty" enum:",low,medium,high,urgent"`
		Category    *string               `json:"category,omitempty" maxLength:"200"`
		Language    string                `json:"language,omitempty" maxLength:"8" doc:"ISO 639-1; left out: told from the words." example:"da"`
		Tags        []string              `json:"tags,omitempty" maxItems:"30"`
		Properties  map[string]any        `json:"properties,omitempty"`
		OwnerID     desk.UserID           `json:"owner_id,omitempty"`
		TeamID      desk.TeamID           `json:"team_id,omitempty"`
		AccountID   desk.ChannelAccountID `json:"channel_account_id,omitempty" doc:"Send from this account: the ticket begins with a message."`
		To          []PartyInput          `json:"to,omitempty" maxItems:"100"`
		Cc          []PartyInput          `json:"cc,omitempty" maxItems:"100"`
		Bcc         []PartyInput          `json:"bcc,omitempty" maxItems:"100"`
		Text        string                `json:"text,omitempty"`
		HTML        string                `json:"html,omitempty"`
		Attachments []desk.AttachmentID   `json:"attachments,omitempty"`
		SetStatus   string                `json:"set_status,omitempty" doc:"With a message: a status slug of the ticket's pipeline."`
		SendOptions
	}
}

// Created is a new ticket, with the message that began it when one did.
type Created struct {
	Ticket  *Ticket       `json:"ticket" doc:"null when the inbox makes no tickets."`
	Message *view.Message `json:"message" doc:"null when the ticket was opened by hand."`
}

func (a *agents) createTicket(ctx context.Context, v access.Viewer, in *createTicketInput) (*api.Out[Created], error) {
	if ref := api.Done(ctx); ref != "" {
		var t desk.TicketID
		var m desk.MessageID
		if _, err := fmt.Sscan(ref, (*int64)(&t), (*int64)(&m)); err != nil {
			return nil, fmt.Errorf("agent: a repeated request: %w", err)
		}
		return a.created(ctx, v, t, m)
	}
	if in.Body.AccountID != 0 {
		return a.compose(ctx, v, in)
	}
	b := in.Body
	if strings.TrimSpace(b.Subject) == "" {
		return nil, desk.Errorf(desk.Invalid, "ticket.subject_missing", "A ticket needs a subject.").In("subject")
	}
	inbox := b.InboxID
	if inbox == 0 {
		var err error
		if inbox, err = a.View.Helpdesk(ctx); err != nil {
			return nil, err
		}
	}
	if err := v.NeedIn(inbox, access.TicketsEdit); err != nil {
		return nil, err
	}
	if err := v.Veil.Check(property.Ticket, b.Properties); err != nil {
		return nil, err
	}
	if b.OwnerID != 0 || b.TeamID != 0 {
		if err := v.NeedIn(inbox, access.TicketsAssign); err != nil {
			return nil, err
		}
	}
	t, err := db.Written(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Ticket, error) {
		contactID, err := a.contactFor(ctx, tx, b.ContactID, b.Contact)
		if err != nil {
			return desk.Ticket{}, err
		}
		t, err := a.Tickets.Create(ctx, tx, ticket.NewTicket{
			Actor: v.Actor, Subject: b.Subject, Description: b.Description, InboxID: inbox, ContactID: contactID, PipelineID: b.PipelineID, StatusID: b.StatusID,
			Priority: b.Priority, Category: b.Category, Language: b.Language, Tags: b.Tags, Properties: b.Properties,
		})
		if err == nil && (b.OwnerID != 0 || b.TeamID != 0) {
			_, err = a.Assign.Manual(ctx, tx, v.Actor, t.ID, b.OwnerID, b.TeamID)
		}
		if err != nil {
			return t, err
		}
		return t, api.MarkDone(ctx, tx, t.ID.String()+" 0")
	})
	if err != nil {
		return nil, err
	}
	return a.created(ctx, v, t.ID, 0)
}

// contactFor is the contact a ticket by hand is about: the one named, the one with the address, who is made when there is none yet, or nobody.
func (a *agents) contactFor(ctx context.Context, tx *db.Tx, id desk.ContactID, in *ContactInput) (desk.ContactID, error) {
	if id != 0 {
		return a.Contacts.Hold(ctx, tx, id)
	}
	if in == nil || in.Email == "" {
		return 0, nil
	}
	address := desk.NormalizeEmail(in.Email)
	if address == "" {
		return 0, desk.Errorf(desk.Invalid, "contact.email", "%q is not an email address.", in.Email).In("contact.email")
	}
	c, _, err := a.Contacts.Resolve(ctx, tx, desk.Party{Kind: desk.AddrEmail, Address: address, Name: in.Name}, "agent", a.Clock.Ms())
	return c.ID, err
}

func (a *agents) compose(ctx context.Context, v access.Viewer, in *createTicketInput) (*api.Out[Created], error) {
	b := in.Body
	if err := v.Need(access.TicketsReply); err != nil {
		return nil, err
	}
	inbox, err := a.View.AccountInbox(ctx, b.AccountID)
	if err != nil {
		return nil, err
	}
	if err := v.NeedIn(inbox, access.TicketsReply); err != nil {
		return nil, err
	}
	if err := v.Veil.Check(property.Ticket, b.Properties); err != nil {
		return nil, err
	}
	plan, timing, err := a.options(ctx, v, inbox, 0, b.SendOptions, b.SetStatus, "")
	if err != nil {
		return nil, err
	}
	t, m, err := a.Dispatch.Compose(ctx, dispatch.ComposeCommand{
		SetStatus: plan.Status, Timing: timing,
		Actor: v.Actor, AccountID: b.AccountID, To: parties(b.To), Cc: parties(b.Cc), Bcc: parties(b.Bcc), Subject: b.Subject,
		Content: dispatch.Content{Text: b.Text, HTML: b.HTML, Attachments: b.Attachments}, Client: client(v),
		Priority: b.Priority, Category: b.Category, StatusID: b.StatusID, Tags: b.Tags, Properties: b.Properties,
		Also: func(ctx context.Context, tx *db.Tx, t desk.Ticket, m desk.Message) error {
			return api.MarkDone(ctx, tx, t.ID.String()+" "+m.ID.String())
		},
	})
	if err != nil {
		return nil, err
	}
	return a.created(ctx, v, t.ID, m.ID)
}

// created answers with what was made; a zero id was not.
func (a *agents) created(ctx context.Context, v access.Viewer, t desk.TicketID, m desk.MessageID) (*api.Out[Created], error) {
	var out Created
	if t != 0 {
		full, err := a.ticket(ctx, v, t)
		if err != nil {
			return nil, err
		}
		out.Ticket = &full
	}
	if m != 0 {
		sent, err := a.View.Message(ctx, view.SightOf(v), m)
		if err != nil {
			return nil, err
		}
		out.Message = &sent
	}
	return api.Answer(out, nil)
}
