// Package dispatch is the outbound walk: an answer, a comment or a new message becomes one transaction (message queued,
// recipients in the delivery ledger, ticket and owner updated, events, job), and a job hands it to the channel account's
// connection and settles what became of it, recipient by recipient. It refuses to send twice: before the irrevocable byte the
// attempt is marked, fenced by the job's lease, and what was marked and never settled is shown as uncertain and left to a
// person. It owns no table. The agents' API and automation call Reply, Compose, Resend and Cancel; the job queue calls send.
package dispatch

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Switchboard is the open connections of the channel accounts: switchboard.Board.
type Switchboard interface {
	// Use calls fn with the account's open connection. It fails with a desk.Error of reason channel.inactive, channel.removed or
	// channel.unknown when there is none to be had.
	Use(ctx context.Context, id desk.ChannelAccountID, fn func(acc desk.ChannelAccount, conn channel.Conn) error) error
	// SetState says how an account's connection is doing; repeating a state is free.
	SetState(ctx context.Context, id desk.ChannelAccountID, state desk.AccountState, reason string)
}

// Windows are the time windows of sending; zero fields take the documented defaults.
type Windows struct {
	Undo      time.Duration // how long a reply waits before it goes out (KANAL_WINDOW_UNDO_SEND); 0 sends at once
	RetryBase time.Duration // pause after the first transient failure, doubling; 10 s
	RetryMax  time.Duration // longest pause between tries; 1 h
	GiveUp    time.Duration // after this long a message that still fails has failed; 48 h
	Waiting   time.Duration // pause while an account is switched off or must be reconnected; RetryBase
}

func (w Windows) withDefaults() Windows {
	for _, p := range []struct {
		v *time.Duration
		d time.Duration
	}{{&w.RetryBase, 10 * time.Second}, {&w.RetryMax, time.Hour}, {&w.GiveUp, 48 * time.Hour}} {
		if *p.v <= 0 {
			*p.v = p.d
		}
	}
	if w.Waiting <= 0 {
		w.Waiting = max(w.RetryBase, time.Second)
	}
	return w
}

// Deps are what a Service stands on.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Jobs     *job.Queue
	People   *people.Service
	Contacts *contact.Service
	Inbox    *inbox.Service
	Threads  *thread.Service
	Tickets  *ticket.Service
	Assign   *assignment.Service
	Board    Switchboard
	Registry *channel.Registry
	// Company is the organisation's name, as customers see it.
	Company func(ctx context.Context, q db.Queryer) (string, error)
	// Numbers reports whether mail leaves with its ticket's number in the subject (TK-19). Nil: it does not.
	Numbers func(ctx context.Context, q db.Queryer) (bool, error)
	// Fallback says that the installation's own address can send, so that it stands in for a mailbox of the same inbox whose credentials
	// are dead (EM-13).
	Fallback bool
	// Links is how files go out that do not fit into a message.
	Links   Links
	Windows Windows
	// Rest lets a ticket rest with a send: triage.Service. Nil: asking for it is refused.
	Rest Rest
	// Follow lets who comments and who is mentioned follow the ticket (WS-15): triage.Service. Nil: nobody follows by themselves.
	Follow Follow
	// Visitors knows the addresses that visitors gave: visitor.Service. Nil: none did.
	Visitors Visitors
	// Bots is told when a person answers where a bot speaks: dialogue.Service. Nil: no bot speaks here.
	Bots Bots
	Log  *slog.Logger
}

// Bots lets go of a conversation, which the caller holds, and gives it to people; it returns the conversation as it is then.
type Bots interface {
	Taken(ctx context.Context, tx *db.Tx, actor desk.Actor, th desk.Thread) (desk.Thread, error)
}

// Rest is how a ticket is snoozed; until 0 means until the customer writes.
type Rest interface {
	Snooze(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, until desk.Time) error
}

// Follow is who follows a ticket for what they wrote, or for being named.
type Follow interface {
	AutoFollow(ctx context.Context, tx *db.Tx, m desk.Message) error
}

// Service is the outbound walk. Safe for concurrent use.
type Service struct {
	Deps
	mu      sync.Mutex
	refused map[desk.ChannelAccountID]refusal // accounts whose credentials were just refused
	busy    map[desk.ChannelAccountID]int     // sends in progress
	waiting map[desk.ChannelAccountID]map[desk.MessageID]bool
}

// perAccount is how many sends of one account run at a time on a node: a provider that hangs must not hold every worker, and mail servers
// count connections.
const perAccount = 4

// enter takes one of the account's places; false means that all are taken.
func (s *Service) enter(m desk.Message) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.waiting[m.AccountID]; w != nil {
		if delete(w, m.ID); len(w) == 0 {
			delete(s.waiting, m.AccountID)
		}
	}
	if s.busy[m.AccountID] >= perAccount {
		return false
	}
	s.busy[m.AccountID]++
	return true
}

// linger says how long a message waits for its account: longer the more wait with it, up to most, so that a thousand messages of a dead
// mailbox do not keep the queue busy looking.
func (s *Service) linger(m desk.Message, base, most time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.waiting[m.AccountID]
	if w == nil {
		w = map[desk.MessageID]bool{}
		s.waiting[m.AccountID] = w
	}
	w[m.ID] = true
	return min(base*time.Duration(1+len(w)/(2*perAccount)), max(most, base))
}

func (s *Service) leave(id desk.ChannelAccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[id]--; s.busy[id] <= 0 {
		delete(s.busy, id)
	}
}

// refusal spares a provider the same dead password again and again.
type refusal struct {
	until   time.Time
	updated desk.Time
}

// SendKind is the kind of the jobs that send.
const SendKind = "dispatch.send"

// DueKind is the kind of the jobs that let a scheduled message leave. They have no order: one that waits for Monday holds nobody up.
const DueKind = "dispatch.due"

// New makes the service and registers its jobs: call it before the queue runs.
func New(d Deps) *Service {
	d.Windows = d.Windows.withDefaults()
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Deps: d, refused: map[desk.ChannelAccountID]refusal{}, busy: map[desk.ChannelAccountID]int{}, waiting: map[desk.ChannelAccountID]map[desk.MessageID]bool{}}
	// Giving up is decided here, by time; the queue's own limit must not bury a message silently.
	d.Jobs.RegisterWith(SendKind, s.send, job.KindOptions{MaxAttempts: 1 << 30, Timeout: 30 * time.Minute})
	d.Jobs.RegisterWith(DueKind, s.due, job.KindOptions{MaxAttempts: 1 << 30})
	d.Jobs.Every("dispatch.sweep", time.Minute, s.Sweep)
	return s
}

// sendPayload is what a send job knows; everything else is read when it runs.
type sendPayload struct {
	Message desk.MessageID `json:"message_id"`
}

func (s *Service) enqueue(ctx context.Context, tx *db.Tx, m desk.Message, at desk.Time) error {
	_, err := s.Jobs.Enqueue(ctx, tx, job.Spec{
		Kind: SendKind, Payload: sendPayload{m.ID}, OrderKey: "thread:" + m.ThreadID.String(), UniqueKey: m.ID.String(), RunAt: at,
	})
	return err
}

// chance is the jitter of pauses.
func (s *Service) chance() float64 { return rand.Float64() }

// token signs a thread for the channel's Reply-To addresses and ids; "" where the channel has no such thing.
func token(a channel.Adapter, id desk.ThreadID) string {
	if t, ok := a.(channel.Tokener); ok {
		return t.SignToken(id)
	}
	return ""
}
