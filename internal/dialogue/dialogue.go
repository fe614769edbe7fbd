// Package dialogue is the flow that runs bots in conversations with visitors: it stores what a chatflow says first, takes the visitor's answers to the pure engine
// of chatflow, and carries out what comes of them. It owns no table. The state and the effects of a step are written in one transaction that is fenced by the
// run's count of steps, so that a crash, a second worker or an answer that comes twice does nothing twice; a webhook is called outside of any transaction,
// with a key that stays the same when it is called again. When a bot cannot go on, people get the conversation: it is never dropped. Intake calls Begins, Began
// and Took; who joins or ends a conversation calls Stopped; the job queue does the rest.
package dialogue

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/visitor"
)

// Deps are what a Service stands on.
type Deps struct {
	DB         *db.DB
	Clock      *clock.Clock
	Events     *event.Log
	Jobs       *job.Queue
	Flows      *chatflow.Service
	Threads    *thread.Service
	Tickets    *ticket.Service
	Contacts   *contact.Service
	Inboxes    *inbox.Service
	Visitors   *visitor.Service
	Properties *property.Service
	Assign     *assignment.Service
	Dispatch   *dispatch.Service
	Intake     *intake.Service
	Identity   *identity.Service
	// Consents keeps what visitors agree to. Nil: it is not kept.
	Consents *consent.Service
	// Avail says whether somebody is there. Nil: always.
	Avail *availability.Service
	// Company is the organisation's name, as customers see it.
	Company func(ctx context.Context, q db.Queryer) (string, error)
	// Sender is the mail account that mails of a conversation leave by; zero when there is none. Nil: none.
	Sender func(ctx context.Context, th desk.Thread) (desk.ChannelAccount, error)
	// Mails counts a mail to an address that a visitor typed; an error says that it was sent enough. Nil: there is no limit.
	Mails func(to string) error
	// Client calls webhooks. Their hosts are typed by administrators.
	Client *http.Client
	Log    *slog.Logger
}

// The kinds of its jobs.
const (
	AnswerKind = "dialogue.answer" // a visitor has written
	GoKind     = "dialogue.go"     // something is due: words, a webhook, the end of a pause or of the session
)

// Service runs the dialogues. Safe for concurrent use.
type Service struct{ Deps }

// New makes the service and registers its jobs: call it before the queue runs.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{d}
	opt := job.KindOptions{MaxAttempts: 1 << 20, Timeout: 2 * time.Minute} // giving up is decided here: people get the conversation
	d.Jobs.RegisterWith(AnswerKind, s.answer, opt)
	d.Jobs.RegisterWith(GoKind, s.goOn, opt)
	return s
}

// payload is what a job knows.
type payload struct {
	Thread  desk.ThreadID     `json:"thread_id"`
	Step    int64             `json:"step,omitempty"`
	Message desk.MessageID    `json:"message_id,omitempty"`
	Quick   *chatflow.Pressed `json:"quick,omitempty"`
}

// Begins implements intake.Dialogue: which chatflow a new conversation belongs to, in the version that the widget showed. What is no chatflow of the account,
// or no version of it, begins with nothing: the message is filed all the same.
func (s *Service) Begins(ctx context.Context, tx *db.Tx, acc desk.ChannelAccount, in *channel.Live) (intake.Opening, error) {
	if in.Flow == 0 {
		return intake.Opening{}, nil
	}
	f, err := s.Flows.Get(ctx, tx, in.Flow)
	if desk.CodeOf(err) == desk.NotFound {
		return intake.Opening{}, nil
	}
	if err != nil || f.AccountID != acc.ID {
		return intake.Opening{}, err
	}
	number := in.Number // a negative one is a preview's
	if number == 0 || number > f.Published {
		number = f.Published
	}
	if _, err := s.Flows.VersionOf(ctx, tx, f.ID, number); err != nil {
		return intake.Opening{}, notFoundIsNil(err)
	}
	return intake.Opening{Chatflow: f.ID, Number: number, Name: f.Name, Bot: f.Kind == chatflow.Bot}, nil
}

func notFoundIsNil(err error) error {
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	return err
}

// Began implements intake.Dialogue: what the visitor has read before they wrote is stored before what they wrote (CH-16, CF-24). A bot's run begins; what it
// would do beside speaking is left for a job.
func (s *Service) Began(ctx context.Context, tx *db.Tx, th desk.Thread, in *channel.Inbound) error {
	if th.ChatflowID == 0 || th.Origin == nil || th.VisitorID == 0 {
		return nil
	}
	v, err := s.Flows.VersionOf(ctx, tx, th.ChatflowID, th.Origin.Number)
	if err != nil {
		return notFoundIsNil(err)
	}
	language := ""
	if in != nil && in.Live != nil {
		language = in.Live.Locale
	}
	w, err := s.world(ctx, tx, th, v.Definition, language)
	if err != nil {
		return err
	}
	if text := v.Definition.Greeting(w.env); text != "" {
		if _, err := s.Dispatch.Say(ctx, tx, dispatch.SayCommand{Actor: botOf(th), Thread: th, Kind: desk.KindWelcome, Content: dispatch.Content{Text: text}}); err != nil {
			return err
		}
	}
	if !th.Bot {
		return nil
	}
	r := chatflow.Run{Thread: th.ID, Flow: th.ChatflowID, Number: v.Number, Status: chatflow.Waiting}
	st, effects := chatflow.Step(v.Definition, chatflow.State{}, chatflow.Input{Type: chatflow.Opened}, w.env)
	said, rest := chatflow.Spoken(effects)
	for _, e := range said {
		if _, err := s.say(ctx, tx, th, e); err != nil {
			return err
		}
	}
	r.Progress = chatflow.Progress{State: st, Pending: rest, Language: language}
	if r.Status = chatflow.Waiting; len(rest) > 0 {
		r.Status = chatflow.Running
	}
	if err := s.plan(ctx, tx, &r, 0, v.Definition); err != nil {
		return err
	}
	_, err = s.Flows.Begin(ctx, tx, r)
	return err
}

// Took implements intake.Dialogue: the visitor's words go to the bot by a job, in their order.
func (s *Service) Took(ctx context.Context, tx *db.Tx, th desk.Thread, m desk.Message, in *channel.Inbound) error {
	r, ok, err := s.Flows.RunOf(ctx, tx, th.ID)
	if err != nil || !ok || r.Status == chatflow.HandedOver || r.Status == chatflow.Failed {
		return err
	}
	p := payload{Thread: th.ID, Message: m.ID}
	if in != nil && in.Live != nil && in.Live.Step != "" && in.Live.Value != "" {
		p.Quick = &chatflow.Pressed{Step: in.Live.Step, Value: in.Live.Value, Label: in.Live.Label}
	}
	_, err = s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: AnswerKind, Payload: p, OrderKey: "dialogue:" + th.ID.String(), UniqueKey: m.ID.String()})
	return err
}

// Stopped ends the dialogue of a conversation that a person has joined or answered: the bot says nothing more, ever. The caller holds the thread.
func (s *Service) Stopped(ctx context.Context, tx *db.Tx, th desk.Thread) error {
	r, ok, err := s.Flows.LockRun(ctx, tx, th.ID)
	if err != nil || !ok || r.Status == chatflow.HandedOver {
		return err
	}
	return s.stop(ctx, tx, th, &r, chatflow.HandedOver, "person")
}

// Taken implements dispatch.Bots: a person answers, so the bot leaves for good and the conversation is people's, with the ticket that its channel wants. Whose it is follows from
// the answer.
func (s *Service) Taken(ctx context.Context, tx *db.Tx, actor desk.Actor, th desk.Thread) (desk.Thread, error) {
	if err := s.Stopped(ctx, tx, th); err != nil {
		return th, err
	}
	th, _, err := s.Intake.Handover(ctx, tx, actor, th.ID, &desk.AssignPolicy{To: routing.ToNoOne})
	return th, err
}

// Left ends the dialogue of a conversation that the visitor has ended: should they write again, it may begin anew. A ticket that the bot filed is people's from now on.
// The caller holds the thread.
func (s *Service) Left(ctx context.Context, tx *db.Tx, th desk.Thread) error {
	r, ok, err := s.Flows.LockRun(ctx, tx, th.ID)
	if err != nil || !ok || r.Over() {
		return err
	}
	if th.TicketID != 0 && th.Bot {
		if _, _, err := s.Intake.Handover(ctx, tx, botOf(th), th.ID, r.Progress.Assign); err != nil {
			return err
		}
	}
	return s.stop(ctx, tx, th, &r, chatflow.Ended, "visitor")
}

// stop ends a run and tells of it. What was still to be done is not done.
func (s *Service) stop(ctx context.Context, tx *db.Tx, th desk.Thread, r *chatflow.Run, how, reason string) error {
	r.Status, r.DueAt, r.Progress.Pending, r.Progress.State.Over, r.Progress.State.Wait = how, 0, nil, how, ""
	if r.Progress.Job != 0 {
		if _, err := s.Jobs.Cancel(ctx, tx, r.Progress.Job); err != nil {
			return err
		}
		r.Progress.Job = 0
	}
	if _, err := s.Flows.Move(ctx, tx, r); err != nil {
		return err
	}
	return s.tell(ctx, tx, th, *r, reason)
}

// tell records that a bot has left.
func (s *Service) tell(ctx context.Context, tx *db.Tx, th desk.Thread, r chatflow.Run, reason string) error {
	now, err := s.Threads.Get(ctx, tx, th.ID)
	if err != nil {
		return err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{
		Type: desk.EvBotEnded, Actor: botOf(th), TicketID: now.TicketID, ThreadID: th.ID, Contact: now.ContactID, Inbox: th.InboxID,
		Data: event.Data(map[string]any{"status": r.Status, "step": r.Progress.State.At, "reason": reason}),
	})
	return err
}

func botOf(th desk.Thread) desk.Actor {
	return desk.Actor{Kind: desk.ActorBot, ID: int64(th.ChatflowID)}
}

// answerOf is what a message says to a bot.
func answerOf(m desk.Message, pressed *chatflow.Pressed) chatflow.Input {
	in := chatflow.Input{Type: chatflow.Answered, Text: m.Text, Quick: pressed}
	for _, f := range m.Attachments {
		in.Files = append(in.Files, f.Name)
	}
	if len(in.Files) > 0 && in.Text == "" {
		in.Type = chatflow.File
	}
	return in
}
