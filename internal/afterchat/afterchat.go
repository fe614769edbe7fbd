// Package afterchat sees to it that a conversation with a visitor does not end in nothing: an answer that the visitor did not see goes out by mail when an
// address is known (CH-29, GEN-24), the transcript goes to who asks for it (CH-06), the visitor is told who they are talking to and that it has ended, and may
// say how it went (WS-25). It follows the event log and owns the table afterchat_state, how far it is. It refuses to mail what was seen meanwhile, to
// mail it twice, and to show comments to anybody. The widget's edge and the agents' API call it; the mails themselves are dispatch's.
package afterchat

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/survey"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Deps are what a Service stands on.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Jobs     *job.Queue
	People   *people.Service
	Inbox    *inbox.Service
	Threads  *thread.Service
	Tickets  *ticket.Service
	Visitors *visitor.Service
	Replies  *dispatch.Service
	Surveys  *survey.Service
	Registry *channel.Registry
	// Words is the company's name, and the language of visitors who have none.
	Words func(ctx context.Context, q db.Queryer) (company, locale string, err error)
	// Online tells whether a visitor's page is connected. Nil: nobody's is.
	Online func(desk.VisitorID) bool
	Unseen time.Duration // KANAL_WINDOW_CHAT_UNSEEN; 0: as the account says
	Gather time.Duration // KANAL_WINDOW_CHAT_GONE: how long answers to somebody who has gone are gathered
	Log    *slog.Logger
}

// Service is what happens around the end of chats. Safe for concurrent use.
type Service struct{ Deps }

// New makes the service and registers its job: call it before the queue runs.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Gather <= 0 {
		d.Gather = time.Second
	}
	s := &Service{d}
	d.Jobs.RegisterWith(unseenKind, s.unseen, job.KindOptions{MaxAttempts: 1 << 20})
	d.Jobs.Register(transcriptKind, s.transcript)
	return s
}

// Run follows the log until ctx ends, on one node at a time.
func (s *Service) Run(ctx context.Context) {
	s.Events.Follow(ctx, event.Follower{Name: "afterchat", Step: s.Step, Idle: 5 * time.Second})
}

// Step takes in one batch of events and reports whether there is more. The position moves in the transaction that acts on them.
func (s *Service) Step(ctx context.Context) (more bool, err error) {
	mark := s.Events.Bookmark("afterchat_state")
	batch, err := mark.Next(ctx, 200)
	if err != nil || len(batch.Events) == 0 {
		return false, err
	}
	err = mark.Move(ctx, batch, func(ctx context.Context, tx *db.Tx) error {
		for _, ev := range batch.Events {
			if err := s.heed(ctx, tx, ev); err != nil {
				return fmt.Errorf("afterchat: %s: %w", ev.Type, err)
			}
		}
		return nil
	})
	return batch.More, err
}

// heed acts on one event.
func (s *Service) heed(ctx context.Context, tx *db.Tx, ev desk.Event) error {
	switch ev.Type {
	case desk.EvMessageQueued, desk.EvMessageSent:
		if ev.Actor.Kind == desk.ActorContact || ev.Actor.Kind == desk.ActorVisitor {
			return nil
		}
		return s.each(ctx, tx, ev, s.watch)
	case desk.EvVisitorUpdated:
		return s.known(ctx, tx, ev)
	case desk.EvThreadSeen:
		return s.read(ctx, tx, ev)
	case desk.EvTicketAssigned, desk.EvThreadAssigned:
		if ev.UserID == 0 || ev.Actor.UserID() == 0 || answered(ev) { // nobody, or a machine's decision, which the widget's heading shows
			return nil
		}
		return s.each(ctx, tx, ev, func(ctx context.Context, tx *db.Tx, th desk.Thread) error { return s.introduce(ctx, tx, th, ev.UserID) })
	case desk.EvTicketStatus, desk.EvThreadState:
		if !closing(ev) {
			return nil
		}
		return s.each(ctx, tx, ev, s.ended)
	}
	return nil
}

// answered tells an assignment that came of an answer: the visitor sees who wrote it.
func answered(ev desk.Event) bool {
	var d desk.Assignment
	_ = json.Unmarshal(ev.Data, &d)
	return d.Rule == "reply_assigns"
}

func closing(ev desk.Event) bool {
	var d struct {
		ToState string `json:"to_state"`
		Open    *bool  `json:"open"`
		Hidden  string `json:"hidden"`
	}
	_ = json.Unmarshal(ev.Data, &d)
	return d.ToState == "closed" || d.Open != nil && !*d.Open && d.Hidden == ""
}

// each calls fn for the conversations with visitors that an event is about, each held.
func (s *Service) each(ctx context.Context, tx *db.Tx, ev desk.Event, fn func(context.Context, *db.Tx, desk.Thread) error) error {
	ids, err := db.All(ctx, tx, db.Column[desk.ThreadID], `SELECT id FROM threads WHERE visitor_id <> 0 AND (id = $1 OR ticket_id = $2 AND ticket_id <> 0 AND $1 = 0) ORDER BY id`, ev.ThreadID, ev.TicketID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		th, err := s.Threads.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx, th); err != nil {
			return err
		}
	}
	return nil
}

// readMost is how many answers one look marks as read.
const readMost = 100

// read marks the answers that a visitor has seen (GEN-23).
func (s *Service) read(ctx context.Context, tx *db.Tx, ev desk.Event) error {
	var d struct {
		By string `json:"by"`
	}
	if err := json.Unmarshal(ev.Data, &d); err != nil || d.By != thread.SeenByVisitor {
		return nil
	}
	ids, err := db.All(ctx, tx, db.Column[desk.MessageID], `SELECT m.id FROM messages m JOIN threads t ON t.id = m.thread_id WHERE m.thread_id = $1 AND m.id <= $2 AND m.direction = 'outgoing'
		AND m.kind = 'message' AND m.account_id = t.account_id AND m.status IN ('sent', 'delivered', 'uncertain') ORDER BY m.id DESC LIMIT $3`, ev.ThreadID, ev.Message, readMost)
	if err != nil {
		return err
	}
	slices.Sort(ids)
	for _, id := range ids {
		if _, err := s.Threads.MarkStatus(ctx, tx, id, "", desk.StatusRead, "", ""); err != nil && desk.CodeOf(err) != desk.NotFound {
			return err
		}
	}
	return nil
}

// known looks again at the conversations of a visitor of whom an address has become known.
func (s *Service) known(ctx context.Context, tx *db.Tx, ev desk.Event) error {
	var d struct {
		Visitor desk.VisitorID `json:"visitor_id"`
		What    string         `json:"what"`
	}
	if err := json.Unmarshal(ev.Data, &d); err != nil || d.What != visitor.Claimed && d.What != visitor.Identified && d.What != visitor.Profile {
		return nil
	}
	ids, err := s.Threads.OfVisitor(ctx, tx, d.Visitor)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.enqueue(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

// settings are those of the chat account that a conversation is on.
func (s *Service) settings(ctx context.Context, q db.Queryer, th desk.Thread) (webchat.Settings, error) {
	acc, err := s.Inbox.Account(ctx, q, th.AccountID)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return webchat.Settings{}, err
	}
	set, err := webchat.Parse(acc.Settings)
	if err != nil {
		s.Log.Warn("the settings of a chat channel cannot be read; the defaults hold", "account_id", th.AccountID, "err", err)
	}
	return set, nil
}

// language is the visitor's, else the company's.
func (s *Service) language(ctx context.Context, q db.Queryer, th desk.Thread) (company, lang string, err error) {
	company, lang, err = s.Words(ctx, q)
	if err != nil {
		return company, lang, err
	}
	v, err := s.Visitors.Get(ctx, q, th.VisitorID)
	if desk.CodeOf(err) == desk.NotFound {
		return company, lang, nil
	}
	if v.Language != "" {
		lang = v.Language
	}
	return company, lang, err
}
