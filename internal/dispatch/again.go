package dispatch

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/job"
)

// Resend sends a message again to recipients that failed, are uncertain or were cancelled: a person's decision. None named means all of them. The
// message keeps its name (Message-ID), so that a mailbox that has it already may know it again. A Conflict when there is nothing to send again.
func (s *Service) Resend(ctx context.Context, actor desk.Actor, id desk.MessageID, recipients []string) (desk.Message, error) {
	var m desk.Message
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if m, err = s.outgoing(ctx, tx, id); err != nil {
			return err
		}
		th, err := s.Threads.Lock(ctx, tx, m.ThreadID)
		if err != nil {
			return err
		}
		if _, err := s.sender(ctx, tx, m.AccountID); err != nil {
			return err
		}
		again, err := s.Threads.Requeue(ctx, tx, id, recipients)
		if err != nil {
			return err
		}
		if len(again) == 0 {
			return desk.Errorf(desk.Conflict, "message.nothing_to_resend", "There is nothing to send again: every recipient has the message, or it is on its way.")
		}
		if err := s.renewLinks(ctx, tx, m); err != nil {
			return err
		}
		if m.SendRule.Scheduled() { // it was held or taken back before it left
			if err := s.depart(ctx, tx, m); err != nil {
				return err
			}
		}
		if err := s.enqueue(ctx, tx, m, s.Clock.Ms()); err != nil {
			return err
		}
		_, err = s.Events.Record(ctx, tx, desk.Event{
			Type: desk.EvMessageQueued, Actor: actor, TicketID: th.TicketID, ThreadID: th.ID, Message: m.ID, Contact: m.ContactID, Inbox: th.InboxID,
			Data: event.Data(map[string]any{"type": "resend", "recipients": again}),
		})
		if err != nil {
			return err
		}
		m, err = s.Threads.Message(ctx, tx, id)
		return err
	})
	if err != nil {
		return desk.Message{}, fmt.Errorf("dispatch: resend: %w", err)
	}
	return m, nil
}

func (s *Service) outgoing(ctx context.Context, q db.Queryer, id desk.MessageID) (desk.Message, error) {
	m, err := s.Threads.Message(ctx, q, id)
	if err == nil && (m.Direction != desk.Outgoing || m.Kind != desk.KindMessage || m.RawID != 0) {
		err = desk.Errorf(desk.Invalid, "message.not_ours", "This message was not sent from here.")
	}
	return m, err
}

// sweepAge is how old a mark must be before Sweep looks at it, on the server's clock: longer than any attempt.
const sweepAge = 45 * 60 * 1000

// Sweep puts right what no job will: a marked attempt that no running job holds any more is uncertain, and a queued message that has lost its
// job gets one. It runs at start and then now and again.
func (s *Service) Sweep(ctx context.Context) error {
	left, err := s.Threads.OutstandingAttempts(ctx, s.DB, 0, s.Clock.Ms()-sweepAge)
	if err != nil {
		return fmt.Errorf("dispatch: sweep: %w", err)
	}
	for _, a := range left {
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			m, err := s.Threads.Message(ctx, tx, a.MessageID)
			if err != nil {
				return err
			}
			// Its job settles it when it runs; asking for one makes sure that there is such a job.
			return s.enqueue(ctx, tx, m, 0)
		})
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return fmt.Errorf("dispatch: sweep: %w", err)
		}
	}
	lost, err := db.All(ctx, s.DB, db.Column[desk.MessageID], `SELECT m.id FROM messages m WHERE m.status IN ('queued', 'sending') AND m.direction = 'outgoing' AND m.created_at < $1
		AND m.send_rule NOT IN ('later', 'later_if_quiet') AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = $2 AND j.unique_key = CAST(m.id AS TEXT) AND j.state <> 'dead') ORDER BY m.id LIMIT 500`, s.Clock.Ms()-60_000, SendKind)
	if err != nil {
		return fmt.Errorf("dispatch: sweep: %w", err)
	}
	for _, id := range lost {
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			m, err := s.Threads.Message(ctx, tx, id)
			if err != nil || (m.Status != desk.StatusQueued && m.Status != desk.StatusSending) {
				return err
			}
			return s.enqueue(ctx, tx, m, 0)
		})
		if err != nil {
			return fmt.Errorf("dispatch: sweep: %w", err)
		}
		s.Log.Warn("a queued message had lost its job and got a new one", "message_id", id)
	}
	return s.sweepDue(ctx)
}

var _ job.Handler = (*Service)(nil).send
