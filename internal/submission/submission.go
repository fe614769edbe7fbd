// Package submission is the flow of what forms are sent: it weighs whether a person sent it, stores it with its files once whatever a browser repeats, and hands
// what is filed to intake, so that it takes the road of everything that comes in (FM-01, FM-02). Where the form is no channel it is stored, and contact and
// ticket are made as the form says (FM-16). What looks like spam is held, in sight and releasable, never lost. It owns no table: internal/form writes the
// submissions. It refuses answers that do not fit, too much at once, and to change what is known of somebody (FM-13). Called by api/forms and by intake's hook.
package submission

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/visitor"
)

// Intake files what comes in.
type Intake interface {
	Deliver(ctx context.Context, raws []channel.Raw) error
}

// Letter tells somebody of a submission by mail.
type Letter struct {
	To, Subject, Text string
}

// Deps are what the service works with.
type Deps struct {
	DB         *db.DB
	Clock      *clock.Clock
	Log        *slog.Logger
	Events     *event.Log
	Registry   *channel.Registry
	Forms      *form.Service
	Contacts   *contact.Service
	Inboxes    *inbox.Service
	Tickets    *ticket.Service
	Properties *property.Service
	Visitors   *visitor.Service  // nil: no browser is known
	Identity   *identity.Service // nil: nor who it says to be
	Consents   *consent.Service
	Intake     Intake
	Key        []byte                                                    // signs when a form was shown
	Post       func(ctx context.Context, l Letter) error                 // nil: nobody is told by mail
	Assign     func(ctx context.Context, tx *db.Tx, t desk.Ticket) error // nil: a ticket without a channel has no owner
}

// Service takes submissions. Safe for concurrent use.
type Service struct {
	Deps
	pace pace
}

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Deps: d, pace: newPace()}
}

// stored is the reason of a submission without a channel once everything was made of it.
const stored = form.Stored

// In is one submission as the edge has it.
type In struct {
	Form     form.Form
	Posted   form.Posted
	Client   string // the browser's own id of it; "" makes one
	Language string
	IP       string // whole, for limits; KeepIP of it is kept
	KeepIP   string
	Country  string
	Agent    string
	Cookie   string // our tracking id, as the page says it
	Signs    Signs
	Test     bool // of somebody of the team who tries it: nothing follows
	Lax      bool // what the form asks for may be missing or otherwise, as far as somebody can be answered
	Trusted  bool // a server that brings a token speaks for many: neither its pace nor its missing stamp says anything
}

// Outcome is what came of it. With faults nothing was stored.
type Outcome struct {
	Result     form.Result
	Submission form.Submission
	Repeated   bool
}

// Submit takes one. The error says to wait (desk.RateLimited), that the form is closed (desk.Conflict), or that the machine cannot now.
func (s *Service) Submit(ctx context.Context, in In) (Outcome, error) {
	f := in.Form
	if !f.Active || f.ArchivedAt != 0 {
		return Outcome{}, desk.Errorf(desk.Conflict, "form.closed", "This form is closed.")
	}
	if in.Client == "" {
		in.Client = fresh()
	}
	dedupe := f.ID.String() + ":" + clip(in.Client, 100)
	if old, err := s.Forms.ByDedupe(ctx, s.DB, dedupe); err == nil { // again: the same answer
		return Outcome{Submission: old, Repeated: true, Result: form.Result{Answers: old.Answers}}, s.file(ctx, f, old)
	} else if desk.CodeOf(err) != desk.NotFound {
		return Outcome{}, err
	}
	spent, err := s.Forms.Spent(ctx, s.DB, in.Signs.Stamp)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Result: f.Definition.Evaluate(in.Posted, in.Language)}
	if in.Lax {
		maps.DeleteFunc(out.Result.Faults, func(_ string, x form.Fault) bool { return x.Code != form.FaultEmail && x.Code != form.FaultConsent })
	}
	if fault := s.question(f, in.Signs, spent); fault != nil && !in.Trusted {
		out.Result.Faults[AnswerName] = *fault
	}
	if len(out.Result.Faults) > 0 {
		return out, nil
	}
	x := s.submission(in, out.Result, dedupe)
	if !in.Test {
		suspicions, err := s.weigh(ctx, in, x, spent)
		if err != nil {
			return out, err
		}
		if len(suspicions) > 0 {
			x.State, x.Reason, x.Context.Score = form.Held, suspicions[0], suspicions
		}
	}
	var isNew bool
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		acc, err := s.AccountOf(ctx, tx, f.Slug)
		if err != nil {
			return err
		}
		x.AccountID = acc.ID
		if out.Submission, isNew, err = s.Forms.Store(ctx, tx, x); err != nil || !isNew {
			return err
		}
		if err := s.spend(ctx, tx, in, spent, &out.Submission); err != nil || out.Submission.State != form.Held {
			return err
		}
		return s.tell(ctx, tx, f, out.Submission, acc.InboxID)
	})
	if err != nil {
		return out, err
	}
	out.Repeated = !isNew
	return out, s.file(ctx, f, out.Submission)
}

// spend notes that a stamp was sent. Who sends it a second time at the very moment of the first is held.
func (s *Service) spend(ctx context.Context, tx *db.Tx, in In, spent bool, x *form.Submission) error {
	if spent || !s.young(in.Form.ID, in.Signs.Stamp) {
		return nil
	}
	first, err := s.Forms.Spend(ctx, tx, in.Signs.Stamp)
	if err != nil || first || x.State != form.Filed {
		return err
	}
	x.State, x.Reason = form.Held, HeldWork
	return s.Forms.SetState(ctx, tx, x.ID, x.State, x.Reason)
}

func (s *Service) submission(in In, r form.Result, dedupe string) form.Submission {
	now := s.Clock.Ms()
	for i := range r.Agreed {
		r.Agreed[i].At = now
	}
	x := form.Submission{
		FormID: in.Form.ID, Version: in.Form.Version, Dedupe: dedupe, Answers: r.Answers, State: form.Filed, Files: r.Files,
		Context: form.Context{PageURL: clip(in.Posted.Page.URL, 2000), PageTitle: clip(in.Posted.Page.Title, 300), Referrer: clip(in.Posted.Page.Referrer, 2000), Country: in.Country,
			Language: clip(in.Language, 35), IP: in.KeepIP, Agent: clip(in.Agent, 400), Cookie: clip(in.Cookie, 64), Agreed: r.Agreed},
	}
	if in.Test {
		x.State = form.Test
	}
	if v, ok := valueOf(in.Form.Definition, r.Answers, form.MapsEmail); ok {
		x.Email = desk.NormalizeEmail(v)
	}
	return x
}

// AccountOf is the channel account that takes a form's submissions; the zero account when the form is no channel, or its channel is switched off.
func (s *Service) AccountOf(ctx context.Context, q db.Queryer, slug string) (desk.ChannelAccount, error) {
	all, err := s.Inboxes.Accounts(ctx, q, inbox.Filter{ActiveOnly: true})
	if err != nil {
		return desk.ChannelAccount{}, err
	}
	for _, a := range all {
		if s.FormOf(a) == slug {
			return a, nil
		}
	}
	return desk.ChannelAccount{}, nil
}

// FormOf is the form that a channel account is of, "" for any other channel.
func (s *Service) FormOf(a desk.ChannelAccount) string {
	ad, ok := s.Registry.Get(a.Channel)
	if !ok || !ad.Spec().Can.Form {
		return ""
	}
	var set struct {
		Form string `json:"form"`
	}
	_ = json.Unmarshal(a.Settings, &set)
	return set.Form
}

// file takes a stored submission on its road, unless it is held, a test, or filed already.
func (s *Service) file(ctx context.Context, f form.Form, x form.Submission) error {
	if x.State != form.Filed || x.ThreadID != 0 {
		return nil
	}
	def := f.Definition
	if x.Version != f.Version {
		d, err := s.Forms.At(ctx, s.DB, x.FormID, x.Version)
		if err != nil {
			return err
		}
		def = d
	}
	if err := s.knows(ctx, x, def); err != nil {
		s.Log.Warn("a browser was not noted for a submission", "submission_id", x.ID, "err", err)
	}
	if x.AccountID == 0 {
		if x.Reason == stored {
			return nil
		}
		return s.alone(ctx, f, def, x)
	}
	b, err := json.Marshal(s.submitted(f, def, x))
	if err != nil {
		return fmt.Errorf("submission: encode: %w", err)
	}
	acc, err := s.Inboxes.Account(ctx, s.DB, x.AccountID)
	if err != nil {
		return err
	}
	err = s.Intake.Deliver(ctx, []channel.Raw{{Account: acc.ID, Channel: acc.Channel, Dedupe: "submission:" + x.ID.String(), Body: b, At: s.Clock.Now()}})
	if err == nil {
		s.letters(ctx, f, def, x)
	}
	return err
}

// knows notes for a browser that was seen before what its person says of themselves: claimed, not proven (TR-05). One that is somebody's, or said to be somebody
// else, is left alone: a cookie joins nobody (FM-13).
func (s *Service) knows(ctx context.Context, x form.Submission, d form.Definition) error {
	if x.Context.Cookie == "" || x.Email == "" || s.Visitors == nil || s.Identity == nil {
		return nil
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := s.Visitors.ByUTK(ctx, tx, x.Context.Cookie)
		if err != nil || v.ID == 0 {
			return err
		}
		if err := s.Forms.OfBrowser(ctx, tx, x.ID, v.ID); err != nil {
			return err
		}
		if v.ContactID != 0 || v.ClaimedEmail != "" && v.ClaimedEmail != x.Email || v.BannedAt != 0 {
			return nil
		}
		p := personOf(d, x)
		_, err = s.Identity.Claim(ctx, tx, v.ID, p.Name, x.Email, p.Phone)
		return err
	})
}

// alone is a submission of a form that is no channel: a contact where it says who it is, and a ticket of the help desk where the form makes one (FM-16).
func (s *Service) alone(ctx context.Context, f form.Form, d form.Definition, x form.Submission) error {
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := s.Forms.LockSubmission(ctx, tx, x.ID)
		if err != nil || now.Reason == stored {
			return err
		}
		sub := s.submitted(f, d, x)
		c, _, err := s.Person(ctx, tx, party(x, sub.Person), sub.Person)
		if err != nil {
			return err
		}
		x.ContactID = c.ID
		var box desk.InboxID
		if d.Ticket.Make {
			t, err := s.ticket(ctx, tx, sub, c)
			if err != nil {
				return err
			}
			x.TicketID, box = t.ID, t.InboxID
		}
		if err := s.Forms.Link(ctx, tx, x.ID, form.Links{Contact: x.ContactID, Ticket: x.TicketID}); err != nil {
			return err
		}
		if err := s.Forms.SetState(ctx, tx, x.ID, form.Filed, stored); err != nil {
			return err
		}
		if err := s.agreed(ctx, tx, x, ""); err != nil {
			return err
		}
		return s.tell(ctx, tx, f, x, box)
	})
	if err == nil {
		s.letters(ctx, f, d, x)
	}
	return err
}

func (s *Service) ticket(ctx context.Context, tx *db.Tx, sub channel.Submitted, c desk.Contact) (desk.Ticket, error) {
	box, err := s.Inboxes.Helpdesk(ctx, tx)
	if err != nil {
		return desk.Ticket{}, err
	}
	actor := desk.Actor{Kind: desk.ActorContact}
	if c.ID != 0 {
		actor = desk.ByContact(c.ID)
	}
	description := sub.Ticket.Description
	if description == "" {
		for _, l := range sub.Lines {
			description += l.Label + ": " + l.Value + "\n"
		}
	}
	t, err := s.Tickets.Create(ctx, tx, ticket.NewTicket{
		Actor: actor, Subject: sub.Subject, Description: clip(description, 4000), InboxID: box.ID, ContactID: c.ID, Hints: []string{sub.Language},
		Policy: desk.TicketPolicy{Pipeline: sub.Ticket.Pipeline, Status: sub.Ticket.Status, Priority: sub.Ticket.Priority, Category: sub.Ticket.Category, Properties: sub.Ticket.Properties},
	})
	if err != nil || s.Assign == nil {
		return t, err
	}
	return t, s.Assign(ctx, tx, t)
}

// Begins implements intake.Forms.
func (s *Service) Begins(ctx context.Context, tx *db.Tx, id desk.SubmissionID, th desk.ThreadID) error {
	return s.Forms.Link(ctx, tx, id, form.Links{Thread: th})
}

// Filed implements intake.Forms.
func (s *Service) Filed(ctx context.Context, tx *db.Tx, in channel.Form, acc desk.ChannelAccount, m desk.Message) error {
	x, err := s.Forms.LockSubmission(ctx, tx, in.Submission)
	if desk.CodeOf(err) == desk.NotFound { // erased since: a replay of what was kept
		return nil
	}
	if err != nil {
		return err
	}
	x.AccountID, x.ContactID, x.TicketID, x.ThreadID, x.MessageID = acc.ID, m.ContactID, m.TicketID, m.ThreadID, m.ID
	if err := s.Forms.Link(ctx, tx, x.ID, form.Links{Account: acc.ID, Contact: m.ContactID, Ticket: m.TicketID, Thread: m.ThreadID, Message: m.ID}); err != nil {
		return err
	}
	if err := s.agreed(ctx, tx, x, acc.Channel); err != nil {
		return err
	}
	f, err := s.Forms.Get(ctx, tx, x.FormID)
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, f, x, acc.InboxID)
}

// tell records form.submitted.
func (s *Service) tell(ctx context.Context, tx *db.Tx, f form.Form, x form.Submission, box desk.InboxID) error {
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvFormSubmitted, Actor: desk.System, TicketID: x.TicketID, ThreadID: x.ThreadID, Message: x.MessageID, Contact: x.ContactID, Inbox: box,
		Data: event.Data(map[string]any{"form_id": f.ID, "form": f.Name, "submission_id": x.ID, "state": x.State, "reason": x.Reason})})
	return err
}

// Release lets a held submission go on its road.
func (s *Service) Release(ctx context.Context, actor desk.Actor, id desk.SubmissionID) (form.Submission, error) {
	var f form.Form
	x, err := db.Written(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (form.Submission, error) {
		x, err := s.Forms.LockSubmission(ctx, tx, id)
		if err != nil {
			return x, err
		}
		if x.State != form.Held {
			return x, desk.Errorf(desk.Conflict, "submission.not_held", "This submission is not held back.")
		}
		if f, err = s.Forms.Get(ctx, tx, x.FormID); err != nil {
			return x, err
		}
		acc, err := s.AccountOf(ctx, tx, f.Slug)
		if err != nil {
			return x, err
		}
		if acc.ID != 0 && acc.ID != x.AccountID {
			if err := s.Forms.Link(ctx, tx, id, form.Links{Account: acc.ID}); err != nil {
				return x, err
			}
		}
		x.AccountID, x.State, x.Reason = acc.ID, form.Filed, "released"
		if acc.ID == 0 {
			if err := s.Forms.Unlink(ctx, tx, id); err != nil {
				return x, err
			}
		}
		if err := s.Forms.SetState(ctx, tx, id, form.Filed, x.Reason); err != nil {
			return x, err
		}
		_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvFormReleased, Actor: actor, Data: event.Data(map[string]any{"form_id": f.ID, "form": f.Name, "submission_id": x.ID})})
		return x, err
	})
	if err != nil {
		return x, err
	}
	if err := s.file(ctx, f, x); err != nil {
		return x, err
	}
	return s.Forms.Submission(ctx, s.DB, id)
}

// Run takes up what a crash left between storing and filing, and takes away what a form does not keep.
func (s *Service) Run(ctx context.Context) error {
	now := s.Clock.Ms()
	late, err := s.Forms.Unfiled(ctx, s.DB, now.Add(-time.Hour), now.Add(-20*time.Second))
	if err != nil {
		return err
	}
	for _, x := range late {
		f, err := s.Forms.Get(ctx, s.DB, x.FormID)
		if err == nil {
			err = s.file(ctx, f, x)
		}
		if err != nil {
			s.Log.Warn("a submission could not be filed yet", "submission_id", x.ID, "err", err)
		}
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.Forms.ForgetStamps(ctx, tx, now.Add(-2*stampLife))
	})
	if err != nil {
		return err
	}
	all, err := s.Forms.List(ctx, s.DB, true)
	for _, f := range all {
		for more := f.Definition.Options.KeepDays > 0; more && err == nil; {
			err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				more, err = s.Forms.Expire(ctx, tx, f.Form)
				return err
			})
		}
	}
	return err
}

// letters tells those whom the form names; that a mail did not leave loses nothing.
func (s *Service) letters(ctx context.Context, f form.Form, d form.Definition, x form.Submission) {
	if s.Post == nil || len(d.Options.Notify) == 0 {
		return
	}
	sub := s.submitted(f, d, x)
	text := ""
	for _, l := range sub.Lines {
		text += l.Label + ": " + l.Value + "\n"
	}
	for _, to := range d.Options.Notify {
		if err := s.Post(ctx, Letter{To: to, Subject: f.Name + ": " + sub.Subject, Text: text}); err != nil {
			s.Log.Warn("nobody was told of a submission by mail", "submission_id", x.ID, "err", err)
		}
	}
}

// CanAnswer reports whether an inbox has a mail channel to answer submissions from (FM-14).
func (s *Service) CanAnswer(ctx context.Context, q db.Queryer, box desk.InboxID) (bool, error) {
	all, err := s.Inboxes.Accounts(ctx, q, inbox.Filter{Inbox: box, ActiveOnly: true})
	for _, a := range all {
		ad, ok := s.Registry.Get(a.Channel)
		if !ok {
			continue
		}
		if spec := ad.Spec(); !spec.Can.Form && spec.Address == desk.AddrEmail && channel.Can(ad, a.Settings).Send {
			return true, nil
		}
	}
	return false, err
}
