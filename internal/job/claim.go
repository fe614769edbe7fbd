package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// statements differ between the databases in two things: whose real clock a lease is on, and how claims avoid each other.
type statements struct{ claim, beat, rescue, peek string }

// leaseNow is the real clock: PostgreSQL's own, so that nodes agree; on SQLite the process's, as argument $1.
const pgLeaseNow = "($1::bigint * 0 + (extract(epoch from statement_timestamp()) * 1000)::bigint)"

func statementsFor(d db.Dialect) statements {
	s := statements{
		// Of one order key only the first is taken, and only when none runs; the index jobs_order_running holds that against races.
		claim: `WITH due AS MATERIALIZED (
				SELECT id FROM jobs j WHERE state = 'ready' AND run_at <= $2 AND kind IN ({kinds}) AND (order_key = '' OR NOT EXISTS (
					SELECT 1 FROM jobs o WHERE o.order_key = j.order_key AND o.order_key <> '' AND o.state <> 'dead' AND (o.id < j.id OR o.state = 'running')))
				ORDER BY run_at, id LIMIT $3 {skip}
			) UPDATE jobs SET state = 'running', attempts = attempts + 1, fence = fence + 1, again = 0, lease_owner = $4, lease_until = {now} + $5, updated_at = $6
			FROM due WHERE jobs.id = due.id RETURNING jobs.id, kind, payload, order_key, attempts, fence, created_at`,
		// A row that its own handler has locked is prolonged next time: waiting for it could close a circle of locks.
		beat: "UPDATE jobs SET lease_until = {now} + $2 WHERE id IN (SELECT id FROM jobs j WHERE state = 'running' AND lease_owner = $3 AND id IN {ids} {skip})",
		// What this process holds is not taken from it for being late. What it claimed and no longer knows of (its outcome could not be stored) is.
		rescue: `UPDATE jobs SET state = 'ready', lease_owner = '' WHERE state = 'running' AND (lease_until < {now} OR lease_until > {now} + $2)
			AND (lease_owner <> $3 OR id NOT IN {ids})`,
		peek: `SELECT COALESCE((SELECT run_at FROM jobs WHERE state = 'ready' ORDER BY run_at LIMIT 1), 0),
			COALESCE((SELECT MIN(run_at) FROM jobs WHERE state = 'ready' AND run_at > $2), 0),
			CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND lease_until < {now}) THEN 1 ELSE 0 END`,
	}
	now, skip, ids := "$1", "", "(SELECT value FROM json_each($4))"
	if d == db.Postgres {
		now, skip, ids = pgLeaseNow, "FOR UPDATE OF j SKIP LOCKED", "(SELECT value::bigint FROM json_array_elements_text($4::json))"
	}
	for _, p := range []*string{&s.claim, &s.beat, &s.rescue, &s.peek} {
		*p = strings.NewReplacer("{now}", now, "{skip}", skip, "{ids}", ids).Replace(*p)
	}
	return s
}

// leaseNow is the argument $1: milliseconds that no change of the wall clock moves.
func (q *Queue) leaseNow() int64 { return q.start.UnixMilli() + time.Since(q.start).Milliseconds() }

func (q *Queue) kinds() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var names []string
	for k := range q.handlers {
		names = append(names, "'"+strings.ReplaceAll(k, "'", "''")+"'")
	}
	if len(names) == 0 {
		return "''"
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// claim takes up to n due jobs.
func (q *Queue) claim(ctx context.Context, query string, n int) ([]*Job, error) {
	var jobs []*Job
	err := q.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := q.clk.Ms()
		jobs = nil
		rows, err := tx.Query(ctx, query, q.leaseNow(), now, n, q.holder, q.opt.Lease.Milliseconds(), now)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			j := &Job{q: q}
			if err := rows.Scan(&j.ID, &j.Kind, &j.Payload, &j.OrderKey, &j.Attempt, &j.Fence, &j.Created); err != nil {
				return err
			}
			jobs = append(jobs, j)
		}
		return rows.Err()
	})
	if err != nil {
		if db.IsUnique(err) { // two nodes took one order key at once: the index refused the second
			poke(q.wake)
			return nil, nil
		}
		return nil, fmt.Errorf("job: claim: %w", err)
	}
	sort.Slice(jobs, func(a, b int) bool { return jobs[a].ID < jobs[b].ID })
	return jobs, nil
}

// peek reports whether something is due, how long until the next job is, and whether a lease has run out.
func (q *Queue) peek(ctx context.Context) (due bool, wait time.Duration, expired bool, err error) {
	now := q.clk.Ms()
	var first, next desk.Time
	var lost int
	if err := q.db.QueryRow(ctx, q.sql.peek, q.leaseNow(), now).Scan(&first, &next, &lost); err != nil {
		return false, 0, false, fmt.Errorf("job: look: %w", err)
	}
	wait = q.opt.Poll
	if next > 0 {
		wait = min(wait, time.Duration(next-now)*time.Millisecond)
	}
	return first > 0 && first <= now, wait, lost == 1, nil
}

// rescue makes jobs ready again whose worker is gone. On SQLite, where there is one process, whatever another holder left running
// at start-up is gone too.
func (q *Queue) rescue(ctx context.Context, all bool) error {
	var n int64
	err := q.db.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if all {
			n, err = tx.Exec(ctx, "UPDATE jobs SET state = 'ready', lease_owner = '' WHERE state = 'running' AND lease_owner <> $1", q.holder)
			return err
		}
		// A lease further away than any can be was made by a clock that has been set back since.
		n, err = tx.Exec(ctx, q.sql.rescue, q.leaseNow(), 10*q.opt.Lease.Milliseconds(), q.holder, q.heldIDs())
		return err
	})
	if err != nil {
		return fmt.Errorf("job: rescue: %w", err)
	}
	if n > 0 {
		q.log.Warn("jobs of a lost worker are ready again", "jobs", n)
	}
	return nil
}

// heldIDs are the jobs that this process works on, as an argument.
func (q *Queue) heldIDs() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := make([]int64, 0, len(q.held))
	for id := range q.held {
		ids = append(ids, int64(id))
	}
	b, _ := json.Marshal(ids)
	return string(b)
}

// beat prolongs the leases held here and ends the jobs whose lease is lost.
func (q *Queue) beat(ctx context.Context) error {
	held := map[desk.JobID]int64{}
	err := q.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		clear(held)
		if _, err := tx.Exec(ctx, q.sql.beat, q.leaseNow(), q.opt.Lease.Milliseconds(), q.holder, q.heldIDs()); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, "SELECT id, fence FROM jobs WHERE state = 'running' AND lease_owner = $1", q.holder)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id desk.JobID
			var fence int64
			if err := rows.Scan(&id, &fence); err != nil {
				return err
			}
			held[id] = fence
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("job: heartbeat: %w", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, j := range q.held {
		if fence, ok := held[id]; (!ok || fence != j.Fence) && !j.done.Load() {
			j.cancel(ErrLost)
		}
	}
	return nil
}

// finish removes a done job, or makes it ready again when it was enqueued once more while it ran. The caller knows that the job is held.
func (q *Queue) finish(ctx context.Context, tx *db.Tx, j *Job) error {
	n, err := tx.Exec(ctx, "DELETE FROM jobs WHERE id = $1 AND fence = $2 AND state = 'running' AND again = 0", j.ID, j.Fence)
	if err == nil && n == 0 {
		now := q.clk.Ms()
		_, err = tx.Exec(ctx, `UPDATE jobs SET state = 'ready', again = 0, attempts = 0, run_at = $1, lease_owner = '', updated_at = $2
			WHERE id = $3 AND fence = $4 AND state = 'running'`, now, now, j.ID, j.Fence)
	}
	if err != nil {
		return fmt.Errorf("job: finish: %w", err)
	}
	return nil
}

// verdict is what becomes of a job that did not succeed.
type verdict struct {
	state    string
	after    time.Duration
	attempts int
	err      string
}

// judge decides purely.
func (q *Queue) judge(j *Job, limit int, err error, stopping bool) verdict {
	v := verdict{state: "ready", attempts: j.Attempt, err: shorten(err.Error())}
	var c *control
	if !errors.As(err, &c) {
		c = &control{err: err}
		if stopping && (errors.Is(err, context.Canceled) || db.IsMachine(err)) {
			v.attempts-- // the process stops: that is not the job's fault
			return v
		}
	}
	switch {
	case c.kind == snooze:
		v.attempts, v.after, v.err = j.Attempt-1, c.after, ""
	case c.kind == drop || j.Attempt >= limit:
		v.state = "dead"
	case c.after > 0:
		v.after = c.after
	default:
		v.after = Backoff(q.opt.Base, q.opt.Max, j.Attempt, rand.Float64())
	}
	return v
}

// Backoff is the wait after a number of failed attempts: base, doubled each time, at most limit, within a fifth up or down
// by chance (0 to 1) so that what failed together does not come back together.
func Backoff(base, limit time.Duration, attempt int, chance float64) time.Duration {
	d := base
	for i := 1; i < attempt && d < limit; i++ {
		d *= 2
	}
	d = min(d, limit)
	return time.Duration(float64(d) * (0.8 + 0.4*chance))
}

// settle stores a verdict. A job taken over by another worker is left alone; one that was enqueued again while it ran is not dead yet.
func (q *Queue) settle(ctx context.Context, j *Job, v verdict) error {
	err := q.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := q.clk.Ms()
		n, err := tx.Exec(ctx, `UPDATE jobs SET state = $1, run_at = $2, attempts = $3, last_error = $4, lease_owner = '', again = 0, updated_at = $5
			WHERE id = $6 AND fence = $7 AND state = 'running' AND (again = 0 OR $8 = 'ready')`,
			v.state, now.Add(v.after), v.attempts, v.err, now, j.ID, j.Fence, v.state)
		if err == nil && n == 0 {
			err = q.finish(ctx, tx, j)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("job: settle: %w", err)
	}
	return nil
}

const maxError = 2000

func shorten(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?")
	if len(s) <= maxError {
		return s
	}
	s = s[:maxError]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}

var addresses = regexp.MustCompile(`[^\s<>"'(),;:]+@[^\s<>"'(),;:]+`)

// forLog takes addresses out of an error: none may stand in a log.
func forLog(err string) string { return addresses.ReplaceAllString(err, "…@…") }

// PruneDead removes dead jobs last touched before a moment and returns how many.
func (q *Queue) PruneDead(ctx context.Context, before desk.Time) (n int64, err error) {
	err = q.db.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, "DELETE FROM jobs WHERE state = 'dead' AND updated_at < $1", before)
		return err
	})
	return n, err
}
