package triage

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Merge puts a ticket into another (TK-13): its conversations, with drafts and mentions, and its followers go over; the survivor keeps its subject, status, owner and
// properties and takes owner, team and contact only where it has none. The merged ticket's number leads to the survivor, and so do answers to its mail.
// A survivor that was itself merged stands for the one that it went into. What arrives later follows its conversation, also when the merge is undone.
func (s *Service) Merge(ctx context.Context, tx *db.Tx, actor desk.Actor, from, into desk.TicketID) (ticket.Merge, error) {
	return s.MergeBecause(ctx, tx, actor, from, into, "")
}

// MergeBecause is Merge with a reason for the event: "joined" when a stranger's claim was accepted.
func (s *Service) MergeBecause(ctx context.Context, tx *db.Tx, actor desk.Actor, from, into desk.TicketID, reason string) (ticket.Merge, error) {
	if from == into {
		return ticket.Merge{}, desk.Errorf(desk.Invalid, "ticket.merge_self", "A ticket cannot be merged into itself.").In("into")
	}
	for try := 0; ; try++ {
		target, err := s.Tickets.Survivor(ctx, tx, into)
		if err != nil {
			return ticket.Merge{}, err
		}
		if target.ID == from {
			return ticket.Merge{}, desk.Errorf(desk.Conflict, "ticket.merged", "Ticket #%d holds the other one already: that was merged into it.", target.Number)
		}
		if _, err := s.Threads.LockOfTickets(ctx, tx, from, target.ID); err != nil {
			return ticket.Merge{}, err
		}
		f, t, err := s.Tickets.LockPair(ctx, tx, from, target.ID)
		if desk.ReasonOf(err) == "ticket.merged" && try < 3 {
			// The survivor was merged on while we waited for it: go after it. When it was from itself that went, somebody else was faster.
			if now, err := s.Tickets.Get(ctx, tx, target.ID); err == nil && now.MergedInto != 0 {
				continue
			}
		}
		if err != nil {
			return ticket.Merge{}, err
		}
		return s.merge(ctx, tx, actor, f, t, reason)
	}
}

// merge joins two tickets that are held.
func (s *Service) merge(ctx context.Context, tx *db.Tx, actor desk.Actor, from, into desk.Ticket, reason string) (ticket.Merge, error) {
	threads, err := s.Threads.OfTicket(ctx, tx, from.ID)
	if err != nil {
		return ticket.Merge{}, err
	}
	ids := []desk.ThreadID{}
	for _, th := range threads {
		moved, err := s.Threads.MoveToTicket(ctx, tx, actor, th.ID, into.ID, "merged")
		if err != nil {
			return ticket.Merge{}, err
		}
		if moved.InboxID != into.InboxID { // who sees the ticket sees its conversations, and nobody else does
			if err := s.Threads.MoveToInbox(ctx, tx, moved.ID, into.InboxID); err != nil {
				return ticket.Merge{}, err
			}
		}
		ids = append(ids, moved.ID)
	}
	m, _, err := s.Tickets.Merge(ctx, tx, actor, from, into, ids, reason)
	if err != nil {
		return m, err
	}
	return m, s.retally(ctx, tx, into.ID)
}

// Unmerged is what an undone merge brought back.
type Unmerged struct {
	Ticket desk.Ticket
	Into   desk.TicketID   // the survivor, as it is now
	Left   []desk.ThreadID // conversations that were moved on by hand since, and stay where they are
}

// UndoMerge takes a merged ticket out of its survivor again, wherever later merges have carried it: the conversations that came with it go back with all that was
// written in them since; those that somebody moved on by hand stay. What began in the survivor stays there.
func (s *Service) UndoMerge(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.MergeID) (Unmerged, error) {
	var out Unmerged
	m, err := s.Tickets.MergeByID(ctx, tx, id)
	if err != nil {
		return out, err
	}
	if m.UndoneAt != 0 {
		return out, desk.Errorf(desk.Conflict, "merge.undone", "This merge was undone already.")
	}
	survivor, err := s.Tickets.Survivor(ctx, tx, m.Into)
	if err != nil {
		return out, err
	}
	if survivor.Hidden != desk.HiddenNo {
		return out, desk.Errorf(desk.Conflict, "ticket.hidden", "Ticket #%d is in spam or in the trash. Restore it first.", survivor.Number)
	}
	var back []desk.ThreadID
	held, err := s.Threads.LockOfTickets(ctx, tx, survivor.ID)
	if err != nil {
		return out, err
	}
	here := map[desk.ThreadID]bool{}
	for _, th := range held[survivor.ID] {
		here[th.ID] = true
	}
	for _, th := range m.Moved.Threads {
		if here[th] {
			back = append(back, th)
		} else {
			out.Left = append(out.Left, th)
		}
	}
	wrote, err := s.Threads.InboundSince(ctx, tx, back, m.CreatedAt)
	if err != nil {
		return out, err
	}
	if out.Ticket, err = s.Tickets.Unmerge(ctx, tx, actor, m, wrote); err != nil {
		return out, err
	}
	for _, th := range back {
		moved, err := s.Threads.MoveToTicket(ctx, tx, actor, th, m.From, "unmerged")
		if err == nil && moved.InboxID != out.Ticket.InboxID {
			err = s.Threads.MoveToInbox(ctx, tx, th, out.Ticket.InboxID)
		}
		if err != nil {
			return out, err
		}
	}
	out.Into = survivor.ID
	if _, err := s.Assign.Settle(ctx, tx, m.From, routing.Restored); err != nil { // its owner may have left meanwhile
		return out, err
	}
	if err := s.retally(ctx, tx, m.From, survivor.ID); err != nil {
		return out, err
	}
	out.Ticket, err = s.Tickets.Get(ctx, tx, m.From)
	return out, err
}
