package agent

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/view"
)

func (a *agents) mountConversation() {
	const tag = "Conversations"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/tickets/{id}/timeline", ID: "getTimeline", Tag: tag, Summary: "Messages, comments and events of a ticket, newest first",
		Description: "A page ends early when its bodies exceed 1 MB: only an empty `next` is the end.", Errors: []int{404}}, a.timeline)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/tickets/{id}/ledger", ID: "getLedger", Tag: tag, Summary: "The story of every inbound item and every send of a ticket", Errors: []int{404}}, a.ledger)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/trace/{id}", ID: "trace", Tag: tag, Summary: "The story of one message",
		Description: "`id` is an id, `#` and a ticket number, or a Message-ID.", Errors: []int{404}}, a.trace)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/threads/{id}/messages", ID: "postMessage", Tag: tag, Summary: "Reply or comment", Status: 201, Repeatable: true, MaxBody: 8 << 20,
		Description: "A reply is answered as stored: queued. A comment is internal and never leaves. With `if_unchanged` it is refused (409, thread.changed) when the customer or a colleague has written since `seen_seq`.", Errors: []int{404, 409, 413}}, a.postMessage)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/messages/{id}", ID: "getMessage", Tag: tag, Summary: "One message, whole", Errors: []int{404}}, func(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[view.Message], error) {
		id, err := desk.ParseID[desk.MessageID](in.ID)
		if err != nil {
			return nil, desk.Errorf(desk.NotFound, "message.not_found", "There is no such message, or you may not see it.")
		}
		return api.Answer(a.View.Message(ctx, view.SightOf(v), id))
	})
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/messages/{id}/resend", ID: "resendMessage", Tag: tag, Summary: "Send again to recipients that failed or are uncertain",
		Description: "Recipients left out means all of those.", Errors: []int{404, 409}}, a.resend)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/messages/{id}/cancel", ID: "cancelMessage", Tag: tag, Summary: "Take back a message that has not gone out", Errors: []int{404, 409}}, a.cancel)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/messages/{id}/sender", ID: "correctSender", Tag: tag, Summary: "File a forwarded message under its original sender, or under who forwarded it", Errors: []int{404, 409}}, a.correctSender)
	a.server.Raw(api.Op{Method: "GET", Path: "/api/messages/{id}/source", ID: "getSource", Tag: tag, Summary: "The original, byte for byte", Errors: []int{404}},
		[]*huma.Param{api.PathParam("id", "The message."), api.QueryParam("download", "1: as a file.")}, api.Media{}, api.Media{Type: "text/plain", Description: "The raw message."}, a.source)
	a.server.Raw(api.Op{Method: "GET", Path: "/api/messages/{id}/html", ID: "getFrame", Tag: tag, Summary: "The message as a document for a sandboxed frame",
		Description: "Sanitised, with a content security policy of its own. Remote images are left out until `images=1`, and then come through the proxy. The header Kanal-Blocked-Images says how many wait.", Errors: []int{404}},
		[]*huma.Param{api.PathParam("id", "The message."), api.QueryParam("images", "1: show remote images."), api.QueryParam("quoted", "1: with the folded history.")},
		api.Media{}, api.Media{Type: "text/html", Description: "A whole document."}, a.frame)
}

type timelineInput struct {
	api.ByID
	api.Listing
	Order string `query:"order" enum:"desc,asc" default:"desc"`
}

func (a *agents) timeline(ctx context.Context, v access.Viewer, in *timelineInput) (*api.Out[view.Timeline], error) {
	id, err := a.View.TicketID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(a.View.Timeline(ctx, view.SightOf(v), id, in.Order == "asc", view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

func (a *agents) ledger(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[api.Page[view.Step]], error) {
	id, err := a.View.TicketID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	steps, err := a.View.Ledger(ctx, view.SightOf(v), id)
	return api.Answer(api.Page[view.Step]{Items: steps}, err)
}

func (a *agents) trace(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[api.Page[view.Step]], error) {
	steps, err := a.View.Trace(ctx, view.SightOf(v), in.ID)
	return api.Answer(api.Page[view.Step]{Items: steps}, err)
}

// PartyInput is a recipient as the composer sends it: what desk.Party shows, of which only the address is needed.
type PartyInput struct {
	Address string `json:"address" maxLength:"320" example:"mira@customer.example"`
	Name    string `json:"name,omitempty" maxLength:"200"`
	Field   string `json:"field,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Status  string `json:"status,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Contact string `json:"contact_id,omitempty"`
}

// parties keeps nil apart from empty: nil takes the defaults.
func parties(in []PartyInput) []desk.Party {
	if in == nil {
		return nil
	}
	out := make([]desk.Party, 0, len(in))
	for _, p := range in {
		out = append(out, desk.Party{Kind: desk.AddressKind(p.Kind), Address: strings.TrimSpace(p.Address), Name: strings.TrimSpace(p.Name)})
	}
	return out
}

// client says what made a message.
func client(v access.Viewer) string {
	if v.Token != nil {
		return "api"
	}
	return "workspace"
}

// QuickInput is a button: it answers with its value (left out: its label), or opens a page.
type QuickInput struct {
	Label string `json:"label" minLength:"1" maxLength:"80"`
	Value string `json:"value,omitempty" maxLength:"500"`
	URL   string `json:"url,omitempty" maxLength:"2000" doc:"https only."`
}

func offers(in []QuickInput) (*desk.Offers, error) {
	if len(in) == 0 {
		return nil, nil
	}
	out := &desk.Offers{}
	for i, q := range in {
		if q.URL != "" && !strings.HasPrefix(strings.ToLower(q.URL), "https://") {
			return nil, desk.Errorf(desk.Invalid, "quick.url", "A button opens only addresses that begin with https://.").In(fmt.Sprintf("quick[%d].url", i))
		}
		out.Quick = append(out.Quick, desk.QuickReply{Label: q.Label, Value: cmp.Or(q.Value, q.Label), URL: q.URL})
	}
	return out, nil
}

type postMessageInput struct {
	api.ByID
	Body struct {
		Type        string                `json:"type" enum:"reply,comment" example:"reply"`
		Text        string                `json:"text,omitempty" example:"Your parcel is on its way."`
		HTML        string                `json:"html,omitempty"`
		To          []PartyInput          `json:"to,omitempty" maxItems:"100" doc:"Left out with cc and bcc: whom the last message asks to answer."`
		Cc          []PartyInput          `json:"cc,omitempty" maxItems:"100"`
		Bcc         []PartyInput          `json:"bcc,omitempty" maxItems:"100"`
		Subject     string                `json:"subject,omitempty" maxLength:"1000"`
		Attachments []desk.AttachmentID   `json:"attachments,omitempty" maxItems:"100" doc:"Uploaded before."`
		SetStatus   string                `json:"set_status,omitempty" doc:"A status slug of the ticket's pipeline, set with the send." example:"waiting_on_contact"`
		InReplyTo   desk.MessageID        `json:"in_reply_to,omitempty"`
		Mentions    []desk.UserID         `json:"mentions,omitempty" maxItems:"100" doc:"People; a team's id among them counts as in team_mentions."`
		Teams       []desk.TeamID         `json:"team_mentions,omitempty" maxItems:"50" doc:"Teams: in a comment, their members of this moment are told."`
		DraftID     desk.DraftID          `json:"draft_id,omitempty" doc:"Deleted with the send."`
		SeenSeq     int64                 `json:"seen_seq,omitempty" doc:"The last event that the writer had seen."`
		IfUnchanged bool                  `json:"if_unchanged,omitempty"`
		FromAccount desk.ChannelAccountID `json:"channel_account_id,omitempty" doc:"Left out: the account that the conversation is on."`
		SendOptions
		ForwardOf desk.MessageID `json:"forward_of,omitempty" doc:"Passes this message on, below the text and with its files, to those in to. On a ticket the answer of the other party comes to a conversation of its own."`
		Carry     *bool          `json:"carry_attachments,omitempty" doc:"With forward_of: its files go along (the default). false: only those in attachments."`
		Quick     []QuickInput   `json:"quick,omitempty" maxItems:"20" doc:"Quick replies under the message, where the channel carries them (CH-32)."`
		MacroID   string         `json:"macro_id,omitempty" doc:"A template whose actions are done to the ticket with the send."`
	}
}

// SendOptions is when a message leaves, and what is done to the ticket then.
type SendOptions struct {
	Undo        bool      `json:"undo,omitempty" doc:"Wait for the person's undo time before it leaves. Left out, it leaves at once, or after the installation's own window."`
	SendAt      desk.Time `json:"send_at,omitempty" doc:"Not before this time."`
	IfQuiet     bool      `json:"only_if_quiet,omitempty" doc:"With send_at: hold it back when the customer has written by then."`
	Snooze      bool      `json:"snooze,omitempty" doc:"The ticket rests once it has left: until snooze_until, or until the customer writes."`
	SnoozeUntil desk.Time `json:"snooze_until,omitempty"`
}

var errNoThread = desk.Errorf(desk.NotFound, "thread.not_found", "There is no such thread, or you may not see it.")

func (a *agents) postMessage(ctx context.Context, v access.Viewer, in *postMessageInput) (*api.Out[view.Message], error) {
	if ref := api.Done(ctx); ref != "" {
		id, err := desk.ParseID[desk.MessageID](ref)
		if err != nil {
			return nil, err
		}
		return api.Answer(a.View.Message(ctx, view.SightOf(v), id))
	}
	b := in.Body
	id, err := desk.ParseID[desk.ThreadID](in.ID)
	if err != nil {
		return nil, errNoThread
	}
	place, err := a.View.ThreadPlace(ctx, view.SightOf(v), id)
	if err != nil {
		return nil, err
	}
	comment := b.Type == "comment"
	p := access.TicketsReply
	if comment {
		p = access.TicketsComment
	}
	if err := a.View.NeedThread(ctx, v, id, p); err != nil {
		return nil, err
	}
	plan, timing, err := a.options(ctx, v, place.Inbox, place.Ticket, b.SendOptions, b.SetStatus, b.MacroID)
	if err != nil {
		return nil, err
	}
	if err := a.mayLeaveBy(ctx, v, b.FromAccount, p); err != nil {
		return nil, err
	}
	buttons, err := offers(b.Quick)
	if err != nil {
		return nil, err
	}
	m, err := a.Dispatch.Reply(ctx, dispatch.ReplyCommand{
		Actor: v.Actor, ThreadID: id, Comment: comment, Offers: buttons, Content: dispatch.Content{Text: b.Text, HTML: b.HTML, Attachments: b.Attachments},
		To: parties(b.To), Cc: parties(b.Cc), Bcc: parties(b.Bcc), Subject: b.Subject, InReplyTo: b.InReplyTo, FromAccount: b.FromAccount,
		Plan: plan, Timing: timing, Forward: dispatch.Forward{ForwardOf: b.ForwardOf, Carry: b.Carry == nil || *b.Carry}, Mentions: b.Mentions, Teams: b.Teams, Client: client(v),
		Also: func(ctx context.Context, tx *db.Tx, m desk.Message) error {
			if b.IfUnchanged {
				if err := a.View.Unchanged(ctx, tx, v.Actor, id, b.SeenSeq); err != nil {
					return err
				}
			}
			if err := a.dropDraft(ctx, tx, v, place.Ticket, id, b.Type, b.DraftID); err != nil {
				return err
			}
			return api.MarkDone(ctx, tx, m.ID.String())
		},
	})
	if err != nil {
		return nil, err
	}
	return api.Answer(a.View.Message(ctx, view.SightOf(v), m.ID))
}

// mayLeaveBy is nil when a viewer may do p in the inbox of an account that an answer is to leave by.
func (a *agents) mayLeaveBy(ctx context.Context, v access.Viewer, id desk.ChannelAccountID, p access.Permission) error {
	if id == 0 {
		return nil
	}
	inbox, err := a.View.AccountInbox(ctx, id)
	if err != nil {
		return err
	}
	return v.NeedIn(inbox, p)
}

// dropDraft forgets what was sent.
func (a *agents) dropDraft(ctx context.Context, tx *db.Tx, v access.Viewer, ticket desk.TicketID, id desk.ThreadID, kind string, draft desk.DraftID) error {
	if draft == 0 {
		return nil
	}
	ds, err := a.Threads.Drafts(ctx, tx, v.User.ID, 0)
	if err != nil {
		return err
	}
	for _, d := range ds {
		if d.ID == draft {
			return a.Threads.DeleteDraft(ctx, tx, v.User.ID, d.TicketID, d.ThreadID, d.Kind)
		}
	}
	return nil
}

// inMessage is the message that a path names, when the viewer may do p in its inbox.
func (a *agents) inMessage(ctx context.Context, v access.Viewer, name string, p access.Permission) (view.Message, error) {
	id, err := desk.ParseID[desk.MessageID](name)
	if err != nil {
		return view.Message{}, desk.Errorf(desk.NotFound, "message.not_found", "There is no such message, or you may not see it.")
	}
	m, err := a.View.Message(ctx, view.SightOf(v), id)
	if err != nil {
		return m, err
	}
	return m, a.View.NeedThread(ctx, v, m.ThreadID, p)
}

type resendInput struct {
	api.ByID
	Body struct {
		Recipients []string `json:"recipients,omitempty" maxItems:"100"`
	}
}

func (a *agents) resend(ctx context.Context, v access.Viewer, in *resendInput) (*api.Out[view.Message], error) {
	m, err := a.inMessage(ctx, v, in.ID, access.TicketsReply)
	if err != nil {
		return nil, err
	}
	if _, err := a.Dispatch.Resend(ctx, v.Actor, m.ID, in.Body.Recipients); err != nil {
		return nil, err
	}
	return api.Answer(a.View.Message(ctx, view.SightOf(v), m.ID))
}

// TakenBack is a message that was taken back, and the draft it became.
type TakenBack struct {
	view.Message
	Draft *desk.Draft `json:"draft" doc:"What it was, to go on writing. Kept at the server too, unless one writes in that place already."`
}

func (a *agents) cancel(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[TakenBack], error) {
	m, err := a.inMessage(ctx, v, in.ID, access.TicketsReply)
	if err != nil {
		return nil, err
	}
	_, draft, err := a.Dispatch.Cancel(ctx, v.Actor, m.ID)
	if err != nil {
		return nil, err
	}
	m, err = a.View.Message(ctx, view.SightOf(v), m.ID)
	return api.Answer(TakenBack{m, &draft}, err)
}

type senderInput struct {
	api.ByID
	Body struct {
		Use string `json:"use" enum:"original,forwarder"`
	}
}

func (a *agents) correctSender(ctx context.Context, v access.Viewer, in *senderInput) (*api.Out[view.Message], error) {
	m, err := a.inMessage(ctx, v, in.ID, access.TicketsEdit)
	if err != nil {
		return nil, err
	}
	if _, err := a.Correct.CorrectSender(ctx, v.Actor, m.ID, in.Body.Use); err != nil {
		return nil, err
	}
	return api.Answer(a.View.Message(ctx, view.SightOf(v), m.ID))
}

func (a *agents) source(w http.ResponseWriter, r *http.Request, v access.Viewer) {
	id, err := desk.ParseID[desk.MessageID](r.PathValue("id"))
	if err != nil {
		a.server.Fail(w, r, desk.Errorf(desk.NotFound, "message.not_found", "There is no such message, or you may not see it."))
		return
	}
	src, err := a.View.Source(r.Context(), view.SightOf(v), id)
	if err != nil {
		a.server.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Security-Policy", api.FilePolicy)
	disposition := "inline"
	if r.URL.Query().Get("download") == "1" {
		h.Set("Content-Type", "application/octet-stream")
		disposition = "attachment"
	}
	h.Set("Content-Disposition", disposition+`; filename="message-`+id.String()+`.eml"`)
	if src.Blob == "" {
		_, _ = w.Write(src.Body)
		return
	}
	f, err := a.Blobs.Open(r.Context(), src.Blob)
	if err != nil {
		h.Del("Content-Disposition")
		a.server.Fail(w, r, err)
		return
	}
	defer f.Close()
	_, _ = io.Copy(w, f)
}
