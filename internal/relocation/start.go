package relocation

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
)

// Start switches an account over: from the commit on, all that arrives and all that is sent anew is of the new inbox, and the history follows by a job. done, when set,
// notes in the same transaction that the request was answered. Records channel.moved, which the audit log shows.
func (s *Service) Start(ctx context.Context, actor desk.Actor, id desk.ChannelAccountID, p Plan, done func(ctx context.Context, tx *db.Tx, ref string) error) (Move, error) {
	var m Move
	preview, err := s.Plan(ctx, s.DB, id, p)
	if err != nil {
		return m, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if m, err = s.start(ctx, tx, actor, id, p, preview); err != nil || done == nil {
			return err
		}
		return done(ctx, tx, m.ID.String())
	})
	return m, err
}

func (s *Service) start(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChannelAccountID, p Plan, preview Preview) (Move, error) {
	acc, from, to, err := s.check(ctx, tx, id, &p)
	if err != nil {
		return Move{}, err
	}
	if err := s.idle(ctx, tx, id); err != nil {
		return Move{}, err
	}
	after, err := s.Inboxes.UpdateAccount(ctx, tx, actor, id, inbox.AccountChange{InboxID: &p.To, Ticket: p.policy(acc, to)})
	if err != nil {
		return Move{}, err
	}
	now := s.Clock.Ms()
	m := Move{
		ID: desk.MoveID(tx.NewID()), AccountID: id, From: from.ID, To: to.ID, Plan: p, State: Running, Total: preview.Counts.Selected, Actor: actor, CreatedAt: now, UndoUntil: now.Add(s.Keep),
		Report: Report{Counts: preview.Counts, Notes: preview.Notes}, before: before{Ticket: acc.Ticket, Set: after.Ticket},
	}
	if p.History == HistoryNone {
		m.State, m.Finished, m.Total = Done, now, 0
	}
	_, err = tx.Exec(ctx, `INSERT INTO channel_moves (id, account_id, from_inbox, to_inbox, plan, before, report, state, total, actor, created_at, finished_at, undo_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		m.ID, m.AccountID, m.From, m.To, db.JSON(m.Plan), db.JSON(m.before), db.JSON(m.Report), m.State, m.Total, m.Actor, m.CreatedAt, m.Finished, m.UndoUntil)
	if err != nil {
		return m, fmt.Errorf("relocation: start: %w", err)
	}
	if err := s.switched(ctx, tx, m, acc.Name, from, to, false); err != nil {
		return m, err
	}
	if m.Plan.Statuses == nil {
		m.Plan.Statuses = []desk.StatusID{}
	}
	m.Undoable = m.Over()
	if m.State != Running {
		return m, nil
	}
	return m, s.enqueue(ctx, tx, m)
}

// policy is the ticket policy that an account has from then on: what the plan says, or what it had, which in the help desk makes tickets unless the plan says otherwise.
func (p Plan) policy(acc desk.ChannelAccount, to desk.Inbox) *desk.TicketPolicy {
	if p.Ticket != nil {
		return p.Ticket
	}
	t := acc.Ticket
	if to.Kind == desk.KindHelpdesk && t.Create == "never" {
		t.Create = "always"
	}
	return &t
}

// idle refuses a second move of an account while one is under way. The account's row, which the switch locks, keeps two apart that start at once.
func (s *Service) idle(ctx context.Context, tx *db.Tx, id desk.ChannelAccountID) error {
	if err := s.Inboxes.HoldAccount(ctx, tx, id); err != nil {
		return err
	}
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM channel_moves WHERE account_id = $1 AND state IN ('running', 'undoing')`, id).Scan(&n)
	if err != nil {
		return fmt.Errorf("relocation: idle: %w", err)
	}
	if n > 0 {
		return desk.Errorf(desk.Conflict, "move.running", "This channel is being moved already. Wait until that is done, or cancel it.")
	}
	return nil
}

func (s *Service) switched(ctx context.Context, tx *db.Tx, m Move, name string, from, to desk.Inbox, undo bool) error {
	data := map[string]any{"move_id": m.ID, "channel_account_id": m.AccountID, "name": name, "from_inbox": from.ID, "to_inbox": to.ID, "from_name": from.Name, "to_name": to.Name, "plan": m.Plan}
	if undo {
		data["undo"] = true
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvChannelMoved, Actor: m.Actor, Inbox: to.ID, Data: event.Data(data)})
	return err
}

func (s *Service) enqueue(ctx context.Context, tx *db.Tx, m Move) error {
	_, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: jobMove, Payload: map[string]any{"id": m.ID}, OrderKey: "move:" + m.AccountID.String()})
	return err
}

// Cancel ends the moving of history behind the conversations that are under way. Intake stays switched; what has moved stays moved, and both can be undone.
func (s *Service) Cancel(ctx context.Context, id desk.MoveID) (Move, error) {
	var m Move
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if m, err = s.get(ctx, tx, id, tx.ForUpdate()); err != nil || m.State != Running {
			return err
		}
		m.State, m.Finished = Cancelled, s.Clock.Ms()
		if err := s.save(ctx, tx, m); err != nil {
			return err
		}
		return s.tell(ctx, tx, &m, true)
	})
	if err != nil {
		return m, err
	}
	return s.Get(ctx, s.DB, id)
}
