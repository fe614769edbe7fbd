package relocation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
)

// work does a move, or its undoing, from wherever it is. It is fenced by its job: of two workers who both think they have it only one writes.
func (s *Service) work(ctx context.Context, j *job.Job) error {
	var p struct {
		ID desk.MoveID `json:"id"`
	}
	if err := j.Decode(&p); err != nil {
		return err
	}
	for {
		m, err := s.Get(ctx, s.DB, p.ID)
		if desk.CodeOf(err) == desk.NotFound {
			return nil
		}
		if err == nil && m.Over() {
			return nil
		}
		if err == nil {
			err = s.slice(ctx, j, m)
		}
		if err != nil {
			return s.trouble(ctx, j, p.ID, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// trouble tries again soon; a move whose trouble does not go away is ended, and says so.
func (s *Service) trouble(ctx context.Context, j *job.Job, id desk.MoveID, err error) error {
	if ctx.Err() != nil || errors.Is(err, job.ErrLost) {
		return err
	}
	if db.IsMachine(err) && j.Attempt < maxTries {
		return job.Retry(min(time.Duration(j.Attempt)*time.Second, 30*time.Second), err)
	}
	s.Log.Error("a move of a channel ended early", "move_id", id, "err", err)
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := j.Held(ctx, tx); err != nil {
			return err
		}
		m, got := s.get(ctx, tx, id, tx.ForUpdate())
		if got != nil || m.Over() {
			return got
		}
		m.State, m.Finished, m.Error = Failed, s.Clock.Ms(), "The move ended early because of trouble on the server. What has moved stays moved; undo it, or move the channel again for the rest."
		if err := s.save(ctx, tx, m); err != nil {
			return err
		}
		return s.tell(ctx, tx, &m, true)
	})
}

// slice moves the next conversations, or brings the next back, and says how far it came, in one transaction.
func (s *Service) slice(ctx context.Context, j *job.Job, seen Move) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := j.Held(ctx, tx); err != nil {
			return err
		}
		m, err := s.get(ctx, tx, seen.ID, "") // not locked yet: ids and conversations come first in the order of locks
		if err != nil || m.Over() {
			return err
		}
		if m.State != seen.State || m.position != seen.position || m.Done != seen.Done {
			return job.ErrLost
		}
		r, err := s.round(ctx, tx, m)
		if err != nil {
			return err
		}
		if m.State == Undoing {
			err = s.undoNext(ctx, tx, r)
		} else {
			err = s.moveNext(ctx, tx, r)
		}
		if err != nil {
			return err
		}
		now, err := s.get(ctx, tx, m.ID, tx.ForUpdate())
		if err != nil {
			return err
		}
		if now.State != seen.State { // cancelled while this slice was at it: what it did counts
			r.m.State, r.m.Finished = now.State, now.Finished
		}
		if err := s.save(ctx, tx, r.m); err != nil {
			return err
		}
		return s.tell(ctx, tx, &r.m, r.m.Over())
	})
}

// round is what a slice works with.
type round struct {
	m        Move
	acc      desk.ChannelAccount
	from, to desk.Inbox
}

func (s *Service) round(ctx context.Context, tx *db.Tx, m Move) (*round, error) {
	r := &round{m: m}
	var err error
	if r.acc, err = s.Inboxes.Account(ctx, tx, m.AccountID); err != nil {
		return r, err
	}
	if r.from, err = s.Inboxes.Inbox(ctx, tx, m.From); err != nil {
		return r, err
	}
	r.to, err = s.Inboxes.Inbox(ctx, tx, m.To)
	return r, err
}

// moveNext moves the next conversations of the plan.
func (s *Service) moveNext(ctx context.Context, tx *db.Tx, r *round) error {
	ids, err := db.All(ctx, tx, db.Column[desk.ThreadID], fmt.Sprintf("SELECT h.id FROM threads h WHERE %s AND h.id > $4 ORDER BY h.id LIMIT %d", r.m.Plan.chosen(), s.Slice),
		append(r.m.Plan.args(r.m.AccountID, r.m.From), r.m.position)...)
	if err != nil {
		return fmt.Errorf("relocation: next: %w", err)
	}
	held, err := s.hold(ctx, tx, ids, r.m.To)
	if err != nil {
		return err
	}
	for _, id := range ids {
		th, ok := held[id]
		if ok && th.InboxID == r.m.From { // not moved meanwhile, with its ticket or by hand
			if err := s.each(ctx, tx, r, th, s.carry); err != nil {
				return err
			}
			for k, h := range held { // the other conversations of its ticket went along
				if h.TicketID != 0 && h.TicketID == th.TicketID {
					h.InboxID = r.m.To
					held[k] = h
				}
			}
		}
		r.m.position = id
		r.m.Done++
	}
	r.m.Total = max(r.m.Total, r.m.Done)
	if len(ids) < s.Slice {
		r.m.State, r.m.Finished, r.m.Total = Done, s.Clock.Ms(), r.m.Done
	}
	return nil
}

// hold locks conversations with all the others of their tickets: what their mails are known by first, then the conversations by their ids, as everybody does.
func (s *Service) hold(ctx context.Context, tx *db.Tx, ids []desk.ThreadID, to desk.InboxID) (map[desk.ThreadID]desk.Thread, error) {
	out := map[desk.ThreadID]desk.Thread{}
	if len(ids) == 0 {
		return out, nil
	}
	family, err := db.All(ctx, tx, db.Column[desk.ThreadID], `SELECT id FROM threads WHERE id IN `+db.IDs(ids)+`
		UNION SELECT o.id FROM threads h JOIN threads o ON o.ticket_id = h.ticket_id WHERE h.ticket_id <> 0 AND h.id IN `+db.IDs(ids)+` ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("relocation: hold: %w", err)
	}
	if err := s.Threads.CopyRefs(ctx, tx, family, to); err != nil {
		return nil, err
	}
	slices.Sort(family)
	for _, id := range family {
		th, err := s.Threads.Lock(ctx, tx, id)
		if desk.CodeOf(err) == desk.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		if th.ID == id { // one that was joined to another is moved with that
			out[id] = th
		}
	}
	return out, nil
}

// each does one conversation under a savepoint; when it is at fault it stays, with the reason. Only trouble of the machine is an error.
func (s *Service) each(ctx context.Context, tx *db.Tx, r *round, th desk.Thread, do func(ctx context.Context, tx *db.Tx, r *round, th desk.Thread) error) error {
	was := r.m
	err := tx.Savepoint(ctx, func(ctx context.Context) error { return do(ctx, tx, r, th) })
	if err == nil {
		return nil
	}
	if db.IsMachine(err) {
		return err
	}
	r.m = was
	r.m.Failed++
	reason := desk.ReasonOf(err)
	if reason == "" {
		s.Log.Error("a conversation could not be moved", "move_id", r.m.ID, "thread_id", th.ID, "err", err)
		reason = "internal"
	}
	return s.note(ctx, tx, r.m.ID, item{thread: th.ID, ticket: th.TicketID, state: itemFailed, reason: reason})
}

// The states of an item.
const (
	itemMoved  = "moved"
	itemBack   = "back"
	itemKept   = "kept"
	itemFailed = "failed"
)

// item is a conversation that moved, with what it was.
type item struct {
	thread desk.ThreadID
	ticket desk.TicketID
	made   bool
	state  string
	reason string
	before stood
}

// stood is what a conversation and its ticket were before the move, and what a ticket that the move made was when it was made.
type stood struct {
	Owner       desk.UserID  `json:"owner,omitempty"`
	Team        desk.TeamID  `json:"team,omitempty"`
	Open        bool         `json:"open,omitempty"`
	Hidden      desk.Hidden  `json:"hidden,omitempty"`
	TicketOwner desk.UserID  `json:"ticket_owner,omitempty"`
	TicketTeam  desk.TeamID  `json:"ticket_team,omitempty"`
	TicketInbox desk.InboxID `json:"ticket_inbox,omitempty"`
	Version     int64        `json:"version,omitempty"`
	Messages    int          `json:"messages,omitempty"`
}

func (s *Service) note(ctx context.Context, tx *db.Tx, move desk.MoveID, it item) error {
	_, err := tx.Exec(ctx, `INSERT INTO channel_move_items (move_id, thread_id, ticket_id, made, state, reason, before) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (move_id, thread_id) DO UPDATE SET state = excluded.state, reason = excluded.reason`,
		move, it.thread, it.ticket, it.made, it.state, it.reason, db.JSON(it.before))
	if err != nil {
		return fmt.Errorf("relocation: note: %w", err)
	}
	return nil
}
