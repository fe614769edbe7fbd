package people

import (
	"context"
	"fmt"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// unsettled marks somebody whose plan was changed from outside: they are looked at as soon as can be.
const unsettled desk.Time = 1

// Keep moves people on at the edges of their hours and absences and when nothing is seen of them, until ctx ends. Every node does so: a row's lock and its time make it
// happen once. What was missed while nothing ran is made up for, in the log with the times at which it was due.
func (s *Service) Keep(ctx context.Context) {
	const look = time.Second // others' changes are seen within it; the query costs an index entry
	for ctx.Err() == nil {
		moved := s.clk.Moved()
		wait := look
		next, err := s.Flip(ctx)
		if err == nil && next != 0 {
			wait = min(wait, max(next.Time().Sub(s.clk.Now()), time.Millisecond))
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-moved:
		case <-t.C:
		}
		t.Stop()
	}
}

// slice is how many are moved on in one transaction.
const slice = 200

// Flip moves on everybody who is due and returns when the next one is; 0 when nobody is.
func (s *Service) Flip(ctx context.Context) (next desk.Time, err error) {
	for {
		due, err := db.All(ctx, s.db, db.Column[desk.UserID], `SELECT id FROM users WHERE next_change_at > 0 AND next_change_at <= $1 ORDER BY next_change_at, id LIMIT `+fmt.Sprint(slice), s.clk.Ms())
		if err != nil {
			return 0, fmt.Errorf("people: due: %w", err)
		}
		if len(due) > 0 {
			if err := s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.settle(ctx, tx, due) }); err != nil {
				return 0, err
			}
		}
		if len(due) < slice {
			break
		}
	}
	err = s.db.QueryRow(ctx, `SELECT COALESCE(MIN(next_change_at), 0) FROM users WHERE next_change_at > 0`).Scan(&next)
	return next, err
}

func (s *Service) settle(ctx context.Context, tx *db.Tx, ids []desk.UserID) error {
	ks, err := s.keepers(ctx, tx, ids)
	if err != nil {
		return err
	}
	now := s.clk.Ms()
	for _, k := range ks {
		if k.next == 0 || k.next > now { // another node was first
			continue
		}
		if err := s.shift(ctx, tx, desk.System, k, k.through(now), now); err != nil {
			return err
		}
	}
	return nil
}

// through is what somebody goes through from when they are due until now.
func (k keeper) through(now desk.Time) []standing {
	st, out := k.is, []standing{}
	if !k.on {
		return out
	}
	if k.next == unsettled {
		if st.by == "" || st.by == ByHours || st.by == ByOutOfOffice { // a choice holds until the next edge
			out = append(out, st.planned(k.plan, now))
		}
		return out
	}
	t := k.next - 1
	for range 2000 { // longer than anybody's installation is switched off
		e := st.next(k.plan, k.idle, t)
		if e == 0 || e > now {
			break
		}
		st, t = st.step(k.plan, k.idle, e), e
		out = append(out, st)
	}
	return out
}

// Recheck has everybody looked at again: a calendar, the company's zone or the time after which people idle has changed.
func (s *Service) Recheck(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE users SET next_change_at = $1 WHERE active = 1 AND (next_change_at = 0 OR next_change_at > $2)`, unsettled, s.clk.Ms())
	if err != nil {
		return fmt.Errorf("people: recheck: %w", err)
	}
	return nil
}

// resettle follows a user's zone, and whether they are active at all: nobody is available while they are not.
func (s *Service) resettle(ctx context.Context, tx *db.Tx, actor desk.Actor, before, after desk.User) error {
	now := s.clk.Ms()
	ks, err := s.keepers(ctx, tx, []desk.UserID{after.ID})
	if err != nil || len(ks) == 0 {
		return err
	}
	k := ks[0]
	switch {
	case before.Active && !after.Active:
		if err := s.log(ctx, tx, actor, k.id, standing{by: "inactive", at: now}); err != nil {
			return err
		}
	case !before.Active && after.Active:
		if err := s.log(ctx, tx, actor, k.id, standing{available: k.is.available, by: k.is.by, at: now}); err != nil {
			return err
		}
	}
	k.next = unsettled
	return s.shift(ctx, tx, actor, k, k.through(now), now)
}

func (s *Service) log(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, st standing) error {
	_, err := tx.Exec(ctx, `INSERT INTO availability_log (id, user_id, at, available, by_what, actor_id, note) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		tx.NewID(), id, st.at, st.available, st.by, actor.UserID(), st.note)
	if err != nil {
		return fmt.Errorf("people: availability log: %w", err)
	}
	return nil
}
