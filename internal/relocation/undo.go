package relocation

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
)

// Undo switches an account back and brings back what the move took along, and what has begun since: conversations with their tickets, wherever people have not moved them
// on. A ticket that the move made goes again if nobody has touched it; else it stays, in the old inbox, and is counted as kept. Only the last move of an account, once it
// is over and while it can be undone.
func (s *Service) Undo(ctx context.Context, actor desk.Actor, id desk.MoveID) (Move, error) {
	var m Move
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if m, err = s.Get(ctx, tx, id); err != nil {
			return err
		}
		if err := s.Inboxes.HoldAccount(ctx, tx, m.AccountID); err != nil {
			return err
		}
		if m, err = s.get(ctx, tx, id, tx.ForUpdate()); err != nil {
			return err
		}
		if err := s.mayUndo(ctx, tx, m); err != nil {
			return err
		}
		return s.undo(ctx, tx, actor, &m)
	})
	return m, err
}

func (s *Service) mayUndo(ctx context.Context, tx *db.Tx, m Move) error {
	switch {
	case m.State == Undoing || m.State == Undone:
		return desk.Errorf(desk.Conflict, "move.undone", "This move has been undone already.")
	case !m.Over():
		return desk.Errorf(desk.Conflict, "move.still_running", "This is still being moved. Cancel it first.")
	case m.UndoUntil <= s.Clock.Ms():
		return desk.Errorf(desk.Conflict, "move.too_late", "The time in which this could be undone is over. Move the channel back instead.")
	}
	var newer int
	err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM channel_moves WHERE account_id = $1 AND id > $2", m.AccountID, m.ID).Scan(&newer)
	if err == nil && newer > 0 {
		err = desk.Errorf(desk.Conflict, "move.not_the_last", "The channel has been moved again since. Undo that first, or move it back.")
	}
	return err
}

func (s *Service) undo(ctx context.Context, tx *db.Tx, actor desk.Actor, m *Move) error {
	acc, err := s.Inboxes.Account(ctx, tx, m.AccountID)
	if err != nil {
		return err
	}
	from, err := s.Inboxes.Inbox(ctx, tx, m.From)
	if err != nil {
		return err
	}
	to, err := s.Inboxes.Inbox(ctx, tx, m.To)
	if err != nil {
		return err
	}
	if acc.InboxID != m.To {
		return desk.Errorf(desk.Conflict, "move.elsewhere", "“%s” is not in “%s” any more, so there is nothing to undo.", acc.Name, to.Name)
	}
	policy := acc.Ticket
	if db.JSON(acc.Ticket) == db.JSON(m.before.Set) { // what somebody has changed since stays
		policy = m.before.Ticket
	}
	if _, err := s.Inboxes.UpdateAccount(ctx, tx, actor, acc.ID, inbox.AccountChange{InboxID: &m.From, Ticket: &policy}); err != nil {
		return err
	}
	m.Actor, m.State, m.Done, m.Failed, m.Error, m.Finished, m.UndoneAt, m.Undoable = actor, Undoing, 0, 0, "", 0, s.Clock.Ms(), false
	err = tx.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM channel_move_items WHERE move_id = $1 AND state = 'moved') + (SELECT COUNT(*) FROM threads WHERE account_id = $2 AND inbox_id = $3 AND created_at >= $4)`,
		m.ID, m.AccountID, m.To, m.CreatedAt).Scan(&m.Total)
	if err != nil {
		return fmt.Errorf("relocation: undo: %w", err)
	}
	if _, err := tx.Exec(ctx, "UPDATE channel_moves SET actor = $1 WHERE id = $2", actor, m.ID); err != nil {
		return fmt.Errorf("relocation: undo: %w", err)
	}
	if err := s.save(ctx, tx, *m); err != nil {
		return err
	}
	if err := s.switched(ctx, tx, *m, acc.Name, to, from, true); err != nil {
		return err
	}
	return s.enqueue(ctx, tx, *m)
}

// undoNext brings back the next conversations: those that moved, then those that began since.
func (s *Service) undoNext(ctx context.Context, tx *db.Tx, r *round) error {
	items, err := db.All(ctx, tx, func(row db.Scanner) (it item, err error) {
		err = row.Scan(&it.thread, &it.ticket, &it.made, &it.state, &it.reason, db.ScanJSON(&it.before))
		return it, err
	}, fmt.Sprintf("SELECT thread_id, ticket_id, made, state, reason, before FROM channel_move_items WHERE move_id = $1 AND state = 'moved' ORDER BY thread_id LIMIT %d", s.Slice), r.m.ID)
	if err != nil {
		return fmt.Errorf("relocation: undo: %w", err)
	}
	if len(items) == 0 {
		return s.undoArrived(ctx, tx, r)
	}
	ids := make([]desk.ThreadID, len(items))
	for i, it := range items {
		ids[i] = it.thread
	}
	held, err := s.hold(ctx, tx, ids, r.m.From)
	if err != nil {
		return err
	}
	for _, it := range items {
		r.m.Done++
		th, ok := held[it.thread]
		if !ok { // erased, or joined to another
			it.state, it.reason = itemKept, "gone"
			if err := s.note(ctx, tx, r.m.ID, it); err != nil {
				return err
			}
			continue
		}
		err := s.each(ctx, tx, r, th, func(ctx context.Context, tx *db.Tx, r *round, th desk.Thread) error {
			return s.back(ctx, tx, r, th, it)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// back brings one conversation back.
func (s *Service) back(ctx context.Context, tx *db.Tx, r *round, th desk.Thread, it item) error {
	it.state, it.reason = itemBack, ""
	switch {
	case it.made && th.TicketID == it.ticket && th.InboxID == r.m.To:
		gone, err := s.dissolve(ctx, tx, r, th, it)
		if err != nil {
			return err
		}
		if !gone {
			it.state, it.reason = itemKept, "ticket_touched"
			r.m.Report.Kept++
			if err := s.takeBack(ctx, tx, r, th, it.before); err != nil {
				return err
			}
		}
	case th.InboxID == r.m.To:
		if err := s.takeBack(ctx, tx, r, th, it.before); err != nil {
			return err
		}
	case th.InboxID != r.m.From: // people have moved it on
		it.state, it.reason = itemKept, "moved_since"
	}
	if it.state == itemBack || it.reason == "ticket_touched" {
		r.m.Report.Back++
	}
	return s.note(ctx, tx, r.m.ID, it)
}

// dissolve takes away the ticket that the move made of a conversation, if nobody has touched either since, and makes the conversation what it was.
func (s *Service) dissolve(ctx context.Context, tx *db.Tx, r *round, th desk.Thread, it item) (bool, error) {
	t, err := s.Tickets.Lock(ctx, tx, it.ticket)
	if err != nil {
		return false, err
	}
	others, err := s.Threads.OfTicket(ctx, tx, t.ID)
	if err != nil {
		return false, err
	}
	if t.Version != it.before.Version || th.MessageCount != it.before.Messages || len(others) != 1 {
		return false, nil
	}
	if th, err = s.Threads.MoveToTicket(ctx, tx, r.m.Actor, th.ID, 0, "channel_moved_back"); err != nil {
		return false, err
	}
	if err := s.Threads.MoveToInbox(ctx, tx, th.ID, r.m.From); err != nil {
		return false, err
	}
	if err := s.Threads.SetOpen(ctx, tx, th.ID, it.before.Open); err != nil {
		return false, err
	}
	th.InboxID = r.m.From
	if it.before.Hidden != th.Hidden {
		if th, err = s.Threads.Hide(ctx, tx, r.m.Actor, th.ID, it.before.Hidden); err != nil {
			return false, err
		}
	}
	if err := s.Threads.TellMoved(ctx, tx, r.m.Actor, th); err != nil {
		return false, err
	}
	if err := s.giveBack(ctx, tx, r, th, it.before); err != nil {
		return false, err
	}
	if s.Forget != nil {
		if err := s.Forget(ctx, tx, t.ID); err != nil {
			return false, err
		}
	}
	r.m.Report.Gone++
	return true, s.Tickets.Erase(ctx, tx, r.m.Actor, t.ID, "undone", nil)
}

func (s *Service) giveBack(ctx context.Context, tx *db.Tx, r *round, th desk.Thread, was stood) error {
	if was.Owner == 0 && was.Team == 0 || th.OwnerID != 0 || th.TeamID != 0 || s.Assign.May(ctx, tx, r.m.From, was.Owner, was.Team) != nil {
		return nil
	}
	return s.Threads.SetOwner(ctx, tx, th.ID, was.Owner, was.Team)
}

// takeBack moves a conversation, with its ticket, back to the old inbox. Whom the move took a ticket from has it again, unless somebody else has it by now.
func (s *Service) takeBack(ctx context.Context, tx *db.Tx, r *round, th desk.Thread, was stood) error {
	if th.TicketID == 0 {
		if err := s.Threads.MoveToInbox(ctx, tx, th.ID, r.m.From); err != nil {
			return err
		}
		left := th
		th.InboxID = r.m.From
		if err := s.Threads.TellLeft(ctx, tx, r.m.Actor, left, r.m.To); err != nil {
			return err
		}
		if err := s.Threads.TellMoved(ctx, tx, r.m.Actor, th); err != nil {
			return err
		}
		return s.giveBack(ctx, tx, r, th, was)
	}
	t, err := s.Tickets.Lock(ctx, tx, th.TicketID)
	if err != nil {
		return err
	}
	if t.InboxID == r.m.To && was.TicketInbox != r.m.To {
		if t, err = s.Tickets.SetInbox(ctx, tx, r.m.Actor, t.ID, r.m.From); err != nil {
			return err
		}
		owner, team := t.OwnerID, t.TeamID
		if owner == 0 && team == 0 {
			owner, team = was.TicketOwner, was.TicketTeam
		}
		if owner != 0 || team != 0 {
			if _, err := s.Assign.Carry(ctx, tx, r.m.Actor, t, owner, team); err != nil {
				return err
			}
		}
	}
	return s.Threads.MoveToInbox(ctx, tx, th.ID, r.m.From)
}

// undoArrived brings along what has begun over the account since the move; when there is nothing left, the undoing is over.
func (s *Service) undoArrived(ctx context.Context, tx *db.Tx, r *round) error {
	ids, err := db.All(ctx, tx, db.Column[desk.ThreadID], fmt.Sprintf(`SELECT h.id FROM threads h WHERE h.account_id = $1 AND h.inbox_id = $2 AND h.created_at >= $3
		AND NOT EXISTS (SELECT 1 FROM channel_move_items i WHERE i.move_id = $4 AND i.thread_id = h.id) ORDER BY h.id LIMIT %d`, s.Slice), r.m.AccountID, r.m.To, r.m.CreatedAt, r.m.ID)
	if err != nil {
		return fmt.Errorf("relocation: undo: %w", err)
	}
	held, err := s.hold(ctx, tx, ids, r.m.From)
	if err != nil {
		return err
	}
	for _, id := range ids {
		r.m.Done++
		th, ok := held[id]
		if !ok || th.InboxID != r.m.To {
			continue
		}
		err := s.each(ctx, tx, r, th, func(ctx context.Context, tx *db.Tx, r *round, th desk.Thread) error {
			if err := s.takeBack(ctx, tx, r, th, stood{}); err != nil {
				return err
			}
			r.m.Report.Arrived++
			return s.note(ctx, tx, r.m.ID, item{thread: th.ID, ticket: th.TicketID, state: itemBack, reason: "arrived"})
		})
		if err != nil {
			return err
		}
	}
	r.m.Total = max(r.m.Total, r.m.Done)
	if len(ids) < s.Slice {
		r.m.State, r.m.Finished, r.m.Total = Undone, s.Clock.Ms(), r.m.Done
	}
	return nil
}
