package waiting

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Causes of another try, as they stand in the decision.
const (
	CauseQueue   = "queue"
	CauseHold    = "hold_ended"
	CauseHandOn  = "left"
	CauseRelaxed = "relaxed"
)

const (
	maxTries = 200 // of one pass; then the log is read again
	maxPass  = time.Second
	stuck    = time.Minute // after an error, and where the next time is not in the future
)

// item is a row of the line.
type item struct {
	Object  string
	ID      int64
	Account desk.ChannelAccountID
	Rank    int
	Since   desk.Time
	NextAt  desk.Time
	Lane    string
	due     int64 // of its lane, when it was read
	alone   bool  // has no lane, or its time has come
}

const itemColumns = "object, object_id, account_id, rank, since, next_at, lane"

func scanItem(r db.Scanner) (i item, err error) {
	err = r.Scan(&i.Object, &i.ID, &i.Account, &i.Rank, &i.Since, &i.NextAt, &i.Lane)
	return i, err
}

// before is the order of the line: priority, then age.
func before(a, b item) int {
	return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(a.Since, b.Since), cmp.Compare(a.ID, b.ID))
}

// drain gives away what can be given, in the order of the line, and reports whether it stopped before there was nothing left to try.
func (s *Service) drain(ctx context.Context) (more bool, err error) {
	began := time.Now()
	var next []item
	if next, err = s.heads(ctx); err != nil {
		return false, err
	}
	for n := 0; len(next) > 0; n++ {
		if n == maxTries || time.Since(began) > maxPass || ctx.Err() != nil {
			return ctx.Err() == nil, ctx.Err()
		}
		slices.SortFunc(next, before)
		it := next[0]
		next = next[1:]
		moved, err := s.try(ctx, it)
		if err != nil {
			return false, err
		}
		if it.alone || !moved {
			continue
		}
		head, ok, err := s.head(ctx, it.Lane, it.due)
		if err != nil {
			return false, err
		}
		if ok {
			next = append(next, head)
		}
	}
	return false, nil
}

// heads are what may be tried: the first of each lane to which something happened, and what stands alone.
func (s *Service) heads(ctx context.Context) ([]item, error) {
	now := s.Clock.Ms()
	alone, err := db.All(ctx, s.DB, scanItem, "SELECT "+itemColumns+" FROM assignment_queue WHERE lane = '' ORDER BY rank DESC, since, object_id LIMIT $1", maxTries)
	if err != nil {
		return nil, wrap("line", err)
	}
	timed, err := db.All(ctx, s.DB, scanItem, "SELECT "+itemColumns+" FROM assignment_queue WHERE next_at > 0 AND next_at <= $1 AND lane <> '' ORDER BY rank DESC, since, object_id LIMIT $2", now, maxTries)
	if err != nil {
		return nil, wrap("line", err)
	}
	out := append(alone, timed...)
	for i := range out {
		out[i].alone = true
	}
	type mark struct {
		lane string
		due  int64
	}
	lanes, err := db.All(ctx, s.DB, func(r db.Scanner) (m mark, err error) { err = r.Scan(&m.lane, &m.due); return m, err }, "SELECT lane, due FROM assignment_lanes WHERE due > 0")
	if err != nil {
		return nil, wrap("lanes", err)
	}
	for _, l := range lanes {
		it, ok, err := s.head(ctx, l.lane, l.due)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, it)
		}
	}
	return out, nil
}

// head is who stands first in a lane. An empty one is taken down.
func (s *Service) head(ctx context.Context, lane string, due int64) (item, bool, error) {
	its, err := db.All(ctx, s.DB, scanItem, "SELECT "+itemColumns+" FROM assignment_queue WHERE lane = $1 ORDER BY rank DESC, since, object_id LIMIT 1", lane)
	if err != nil {
		return item{}, false, wrap("lane", err)
	}
	if len(its) == 0 {
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM assignment_lanes WHERE lane = $1 AND NOT EXISTS (SELECT 1 FROM assignment_queue q WHERE q.lane = $1)", lane)
			return err
		})
		return item{}, false, wrap("lane", err)
	}
	its[0].due = due
	return its[0], true, nil
}

// try asks the engine again, in one transaction with what becomes of the item, and reports whether its lane has another head now.
func (s *Service) try(ctx context.Context, it item) (moved bool, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		moved, err = s.tryIn(ctx, tx, it)
		return err
	})
	if err == nil || ctx.Err() != nil {
		return moved, err
	}
	s.Log.Warn("what waits for an owner could not be tried; trying again later", "object", it.Object, "id", it.ID, "err", err)
	return true, wrap("set apart", s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { // the others do not wait for it
		_, err := tx.Exec(ctx, "UPDATE assignment_queue SET lane = 'stuck', next_at = $1, tried_at = $2, tries = tries + 1 WHERE object = $3 AND object_id = $4", s.Clock.Ms().Add(stuck), s.Clock.Ms(), it.Object, it.ID)
		return err
	}))
}

func (s *Service) tryIn(ctx context.Context, tx *db.Tx, it item) (moved bool, err error) {
	why, err := s.hold(ctx, tx, it)
	if err != nil {
		return false, err
	}
	rows, err := db.All(ctx, tx, scanItem, "SELECT "+itemColumns+" FROM assignment_queue WHERE object = $1 AND object_id = $2"+tx.ForUpdate(), it.Object, it.ID)
	if err != nil || len(rows) == 0 { // a person, or another node, was quicker
		return true, err
	}
	if why != "" {
		return true, s.leave(ctx, tx, it.Object, it.ID, why)
	}
	a, err := s.Engine.Again(ctx, tx, it.Object, it.ID, cause(rows[0], s.Clock.Ms()))
	if err != nil {
		return false, err
	}
	switch {
	case a.OwnerID != 0:
		return true, s.leave(ctx, tx, it.Object, it.ID, LeftAssigned)
	case !a.Queued:
		return true, s.leave(ctx, tx, it.Object, it.ID, LeftPolicy)
	}
	return s.stay(ctx, tx, rows[0], it, a)
}

// hold locks what the item is, and says why it no longer waits.
func (s *Service) hold(ctx context.Context, tx *db.Tx, it item) (why string, err error) {
	if it.Object == desk.WaitingThread {
		th, err := s.Threads.Lock(ctx, tx, desk.ThreadID(it.ID))
		if desk.CodeOf(err) == desk.NotFound {
			return LeftHidden, nil
		}
		return unfitThread(th), err
	}
	t, err := s.Tickets.Lock(ctx, tx, desk.TicketID(it.ID))
	if desk.CodeOf(err) == desk.NotFound {
		return LeftHidden, nil
	}
	return unfit(t), err
}

// cause is why it is tried: its time has come, or something happened.
func cause(it item, now desk.Time) string {
	if it.NextAt != 0 && it.NextAt <= now {
		return CauseHold
	}
	return CauseQueue
}

// stay notes that nobody could have it still, and which lane it stands in. Its lane is not asked again until something happens, unless something has since it was read.
func (s *Service) stay(ctx context.Context, tx *db.Tx, row, it item, a desk.Assignment) (moved bool, err error) {
	now := s.Clock.Ms()
	next := a.NextAt
	if next != 0 && next <= now {
		next = now.Add(stuck)
	}
	key, users := lane(a, row.Account, row.Rank)
	if _, err := tx.Exec(ctx, `UPDATE assignment_queue SET lane = $1, reason = $2, next_at = $3, tried_at = $4, tries = tries + 1 WHERE object = $5 AND object_id = $6`,
		key, a.Reason, next, now, row.Object, row.ID); err != nil {
		return false, err
	}
	if key == it.Lane && !it.alone {
		_, err := tx.Exec(ctx, "UPDATE assignment_lanes SET due = 0 WHERE lane = $1 AND due = $2", key, it.due)
		return false, err
	}
	_, err = tx.Exec(ctx, "INSERT INTO assignment_lanes (lane, account_id, users, due) VALUES ($1, $2, $3, 0) ON CONFLICT (lane) DO NOTHING", key, row.Account, users)
	return true, err
}
