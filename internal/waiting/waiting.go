// Package waiting keeps the line of tickets, and of conversations without one, that nobody could have yet, and runs it again when somebody could (RT-07, CP-08). The engine
// puts work in and takes it out in the transaction of its own decision; a follower of the event log sees what may have changed the answer (somebody is there again, a place is free, a
// skill was granted, a rule or a channel's hours changed, a hold is over) and asks again, the highest priority first and then who has waited longest. It owns the tables
// assignment_queue, assignment_lanes and waiting_state.
//
// Nothing is decided here: each try is one transaction in which the engine decides anew. What is known of a try is written in that same transaction, so that a killed server
// goes on where it was, and two servers never give the same work away twice.
//
// To ask ten thousand for one free place would be dear, so those that wait for the same people under the same rule stand in one lane: while its head cannot be given
// away, nobody behind it can, and a lane is asked only after something happened to the people it waits for.
//
// It refuses to give away what a person took into their own hands. Called by assignment (Enter, Leave), the API and the screens of visitors; app runs it.
package waiting

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Engine decides: assignment.Service. Again decides anew and writes an owner, if there is one; otherwise it writes nothing, and the answer says whether the work still waits.
type Engine interface {
	Again(ctx context.Context, tx *db.Tx, object string, id int64, cause string) (desk.Assignment, error)
	// Rotate decides anew about a ticket that may have an owner: by its channel's policy, or by the one given (RT-19).
	Rotate(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, policy *desk.AssignPolicy, cause string) (desk.Assignment, error)
}

// Deps are what a Service stands on.
type Deps struct {
	DB      *db.DB
	Clock   *clock.Clock
	Events  *event.Log
	Tickets *ticket.Service
	Threads *thread.Service
	Engine  Engine
	Log     *slog.Logger
	// HandOn is after how long an unanswered chat of somebody who went away is given to somebody else; 0: never (AV-11). Nil: never.
	HandOn func(ctx context.Context, q db.Queryer) (time.Duration, error)
	// Letters sees each event once, in the transaction that takes it in: submissions that go to owners by mail are noted there. Nil: none do.
	Letters func(ctx context.Context, tx *db.Tx, ev desk.Event) error
}

// Service is the line. Safe for concurrent use.
type Service struct {
	Deps
	looked atomic.Int64 // when unanswered chats were last looked for
}

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Deps: d}
}

// Why something no longer waits.
const (
	LeftAssigned = "assigned"
	LeftClosed   = "closed"
	LeftHidden   = "hidden" // spam, trash, merged
	LeftSnoozed  = "snoozed"
	LeftPolicy   = "policy" // the rule gives it to nobody, and lets nobody wait
	LeftPerson   = "person" // somebody decided
)

// Enter puts work into the line, or notes why it waits now. Who is entered again keeps their place.
func (s *Service) Enter(ctx context.Context, tx *db.Tx, w desk.Waiting) error {
	if w.Since == 0 {
		w.Since = s.Clock.Ms()
	}
	added, err := tx.Exec(ctx, `INSERT INTO assignment_queue (object, object_id, account_id, inbox_id, rank, since, reason, next_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (object, object_id) DO NOTHING`,
		w.Object, w.ID, w.AccountID, w.InboxID, w.Rank, w.Since, w.Reason, w.NextAt)
	if err != nil {
		return wrap("enter", err)
	}
	if added == 0 {
		_, err = tx.Exec(ctx, `UPDATE assignment_queue SET account_id = $1, inbox_id = $2, rank = $3, reason = $4, next_at = $5, lane = CASE WHEN account_id <> $1 OR rank <> $3 THEN '' ELSE lane END
			WHERE object = $6 AND object_id = $7`, w.AccountID, w.InboxID, w.Rank, w.Reason, w.NextAt, w.Object, w.ID)
		return wrap("enter", err)
	}
	ev := s.eventOf(w.Object, w.ID, desk.EvTicketQueued, map[string]any{"reason": w.Reason, "next_at": w.NextAt})
	ev.Inbox = w.InboxID
	_, err = s.Events.Record(ctx, tx, ev)
	return wrap("enter", err)
}

// Leave takes work out of the line because a person, or the engine, has decided about it. What does not wait is nothing.
func (s *Service) Leave(ctx context.Context, tx *db.Tx, object string, id int64) error {
	return s.leave(ctx, tx, object, id, "")
}

// leave takes something out of the line; without a reason, what stands on it tells why.
func (s *Service) leave(ctx context.Context, tx *db.Tx, object string, id int64, reason string) error {
	var since desk.Time
	var inbox desk.InboxID
	rows, err := db.All(ctx, tx, func(r db.Scanner) (struct{}, error) { return struct{}{}, r.Scan(&since, &inbox) },
		`DELETE FROM assignment_queue WHERE object = $1 AND object_id = $2 RETURNING since, inbox_id`, object, id)
	if err != nil || len(rows) == 0 {
		return wrap("leave", err)
	}
	if reason == "" {
		if reason, err = s.whyLeft(ctx, tx, object, id); err != nil {
			return err
		}
	}
	ev := s.eventOf(object, id, desk.EvTicketDequeued, map[string]any{"reason": reason, "waited_ms": max(0, int64(s.Clock.Ms()-since))})
	ev.Inbox = inbox
	_, err = s.Events.Record(ctx, tx, ev)
	return wrap("leave", err)
}

func (s *Service) whyLeft(ctx context.Context, tx *db.Tx, object string, id int64) (string, error) {
	if object != desk.WaitingTicket {
		return LeftAssigned, nil
	}
	t, err := s.Tickets.Get(ctx, tx, desk.TicketID(id))
	switch {
	case err != nil && desk.CodeOf(err) != desk.NotFound:
		return "", err
	case t.Assignment != nil && t.Assignment.By.Kind == desk.ActorUser:
		return LeftPerson, nil
	case t.OwnerID == 0:
		return LeftPolicy, nil
	}
	return LeftAssigned, nil
}

func (s *Service) eventOf(object string, id int64, typ string, data map[string]any) desk.Event {
	ev := desk.Event{Type: typ, Data: event.Data(data)}
	if object == desk.WaitingTicket {
		ev.TicketID = desk.TicketID(id)
	} else {
		ev.ThreadID = desk.ThreadID(id)
	}
	return ev
}

// Forget takes a ticket or a conversation that is gone for good out of the line, without a word.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, object string, id int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM assignment_queue WHERE object = $1 AND object_id = $2`, object, id)
	return wrap("forget", err)
}
