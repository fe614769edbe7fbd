package job

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

type schedule struct {
	name string
	d    time.Duration
	fn   func(ctx context.Context) error
	busy atomic.Bool
}

// slack is how far the clocks of two nodes may stand apart without a time in the future being taken for a mistake.
func (s *schedule) slack() time.Duration { return max(5*time.Second, s.d/10) }

// Every runs fn each d of the server's clock, on whichever node gets to it first, from the first start on. Name it before Run. A run that a crash
// cuts short is not made up for: let fn enqueue a job when that matters.
func (q *Queue) Every(name string, d time.Duration, fn func(ctx context.Context) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range q.schedules {
		if s.name == name {
			panic("job: schedule " + name + " named twice")
		}
	}
	q.schedules = append(q.schedules, &schedule{name: name, d: max(d, time.Millisecond), fn: fn})
}

func (q *Queue) runSchedules(ctx context.Context) {
	q.mu.Lock()
	list := q.schedules
	q.mu.Unlock()
	var runs sync.WaitGroup
	defer runs.Wait()
	next := map[*schedule]desk.Time{}
	for len(list) > 0 && ctx.Err() == nil {
		moved := q.clk.Moved()
		now := q.clk.Ms()
		wait := time.Minute
		for _, s := range list {
			if at, known := next[s]; !known || at <= now || at > now.Add(s.d+s.slack()) {
				mine, at, err := q.turn(ctx, s)
				if err != nil && ctx.Err() == nil {
					q.log.Warn("schedule", "name", s.name, "err", err)
				}
				next[s] = at
				if mine && s.busy.CompareAndSwap(false, true) {
					runs.Go(func() { defer s.busy.Store(false); q.runSchedule(ctx, s) })
				}
			}
			wait = min(wait, time.Duration(next[s]-now)*time.Millisecond)
		}
		timer := time.NewTimer(max(wait, 5*time.Millisecond))
		select {
		case <-ctx.Done():
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (q *Queue) runSchedule(ctx context.Context, s *schedule) {
	err := call(ctx, func(ctx context.Context, _ *Job) error { return s.fn(ctx) }, nil)
	if err != nil && ctx.Err() == nil {
		q.log.Error("schedule failed; it runs again at its time", "name", s.name, "err", forLog(err.Error()))
	}
}

// turn claims a schedule's run by moving its time on: one node's update finds it due. The clock is read once the row is locked, so that
// nodes agree. A time further away than the period was made by a clock that has been set back since, or by a longer period: it is due too.
func (q *Queue) turn(ctx context.Context, s *schedule) (mine bool, next desk.Time, err error) {
	err = q.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		mine = false
		if _, err := tx.Exec(ctx, "INSERT INTO schedules (name, next_run) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", s.name, 0); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT next_run FROM schedules WHERE name = $1"+tx.ForUpdate(), s.name).Scan(&next); err != nil {
			return err
		}
		now := q.clk.Ms()
		if next > now && next <= now.Add(s.d+s.slack()) {
			return nil
		}
		mine, next = true, now.Add(s.d)
		_, err := tx.Exec(ctx, "UPDATE schedules SET next_run = $1 WHERE name = $2", next, s.name)
		return err
	})
	if err != nil {
		return false, q.clk.Ms().Add(time.Second), fmt.Errorf("job: schedule: %w", err)
	}
	return mine, next, nil
}
