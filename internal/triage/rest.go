package triage

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Snooze lays a ticket to rest (WS-16) until a time or the customer's next word; until 0 waits for the customer alone. A job wakes it at its time.
func (s *Service) Snooze(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, until desk.Time) error {
	t, err := s.Tickets.Snooze(ctx, tx, actor, id, until)
	if err != nil || until == 0 {
		return err
	}
	_, err = s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: wakeJob, Payload: wakeUp{t.ID, until}, UniqueKey: fmt.Sprintf("%s at %d", t.ID, until), RunAt: until})
	return err
}

// Wake ends a ticket's rest because a person said so.
func (s *Service) Wake(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID) error {
	if _, err := s.Tickets.Wake(ctx, tx, actor, id, ticket.WokenByPerson); err != nil {
		return err
	}
	_, err := s.Assign.Settle(ctx, tx, id, routing.Woken)
	return err
}

type wakeUp struct {
	Ticket desk.TicketID `json:"ticket"`
	Until  desk.Time     `json:"until"`
}

// wakeJob wakes a ticket whose time has come. One that was woken, or laid to rest until another time, is let be: that time has a job of its own.
func (s *Service) wakeJob(ctx context.Context, j *job.Job) error {
	var w wakeUp
	if err := json.Unmarshal(j.Payload, &w); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.Tickets.Lock(ctx, tx, w.Ticket)
		if desk.CodeOf(err) == desk.NotFound {
			return nil
		}
		if err != nil || !t.Snoozed || t.SnoozedUntil != w.Until {
			return err
		}
		return s.wakeByTime(ctx, tx, t.ID)
	})
}

// wakeByTime wakes a ticket, and sees to it that somebody has it: its owner may have left meanwhile.
func (s *Service) wakeByTime(ctx context.Context, tx *db.Tx, id desk.TicketID) error {
	if _, err := s.Tickets.Wake(ctx, tx, desk.System, id, ticket.WokenByTime); err != nil {
		return err
	}
	_, err := s.Assign.Settle(ctx, tx, id, routing.Woken)
	return err
}

// WakeDue wakes what is due and has no job any more: after a restore of tickets from a copy, or a job that was given up. Run now and then.
func (s *Service) WakeDue(ctx context.Context) error {
	for ctx.Err() == nil {
		n := 0
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			ids, err := s.Tickets.DueToWake(ctx, tx, 200)
			if err != nil {
				return err
			}
			n = len(ids)
			for _, id := range ids {
				if err := s.wakeByTime(ctx, tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
	return ctx.Err()
}
