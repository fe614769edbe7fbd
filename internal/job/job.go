// Package job is the durable queue: work enqueued in the transaction that made it necessary, done at least once
// after its commit. It owns the tables jobs and schedules. Flows enqueue and register handlers; app runs it.
//
// A claimed job is leased to this process: the lease is on the real clock (PostgreSQL's own; on SQLite the one process's
// monotonic one), prolonged while the handler runs, and fenced by a number that grows with each claim, so that a worker which
// lost its lease cannot act (Job.Held, Job.Complete). When to run is on the server's settable clock. A handler may run
// twice: every effect must be idempotent or go through Held or Complete in its transaction. The queue refuses to lose a
// job: what fails too often is kept as dead, with its error.
package job

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Options tune a queue; zero fields take the defaults named.
type Options struct {
	Workers     int           // jobs at a time in this process; 8
	Lease       time.Duration // real time; 60 s
	Base        time.Duration // wait after the first failure; 10 s
	Max         time.Duration // longest wait between tries; 1 h
	MaxAttempts int           // then the job is dead; 15
	Poll        time.Duration // real time between safety looks; 1 s
	Drain       time.Duration // how long running jobs may go on once Run's context ends; 30 s
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&o.Lease, time.Minute)
	set(&o.Base, 10*time.Second)
	set(&o.Max, time.Hour)
	set(&o.Poll, time.Second)
	set(&o.Drain, 30*time.Second)
	if o.Workers <= 0 {
		o.Workers = 8
	}
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = 15
	}
	return o
}

// Handler does one job. nil: done. An error: tried again with back-off, unless it is a Retry, Drop or Snooze. ctx ends when the
// lease is lost or the process stops; a handler that then returns an error is simply run again later.
type Handler func(ctx context.Context, j *Job) error

// Queue is the durable queue of one installation, seen from this process.
type Queue struct {
	db     *db.DB
	clk    *clock.Clock
	log    *slog.Logger
	opt    Options
	holder string
	sql    statements
	start  time.Time // of the monotonic lease clock on SQLite

	wake    chan struct{}
	tell    chan struct{} // other nodes are to be notified
	running atomic.Bool
	full    atomic.Bool

	mu        sync.Mutex
	handlers  map[string]handler
	held      map[desk.JobID]*Job
	schedules []*schedule
}

type handler struct {
	fn  Handler
	opt KindOptions
}

// KindOptions are limits of one kind; zero fields take the queue's.
type KindOptions struct {
	MaxAttempts int
	Timeout     time.Duration // real time; 0: none
}

// New returns a queue. A nil log discards.
func New(d *db.DB, clk *clock.Clock, log *slog.Logger, opt Options) *Queue {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	var b [8]byte
	_, _ = rand.Read(b[:])
	return &Queue{
		db: d, clk: clk, log: log, opt: opt.withDefaults(), holder: hex.EncodeToString(b[:]), sql: statementsFor(d.Dialect()), start: time.Now(),
		wake: make(chan struct{}, 1), tell: make(chan struct{}, 1), handlers: map[string]handler{}, held: map[desk.JobID]*Job{},
	}
}

// Register names the handler of a kind, before Run. Twice is a programming error and panics.
func (q *Queue) Register(kind string, h Handler) { q.RegisterWith(kind, h, KindOptions{}) }

// RegisterWith is Register with limits of the kind's own.
func (q *Queue) RegisterWith(kind string, h Handler, opt KindOptions) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, dup := q.handlers[kind]; dup {
		panic("job: " + kind + " registered twice")
	}
	if opt.MaxAttempts <= 0 {
		opt.MaxAttempts = q.opt.MaxAttempts
	}
	q.handlers[kind] = handler{h, opt}
}

// Job is a claimed job.
type Job struct {
	ID       desk.JobID
	Kind     string
	Payload  []byte
	OrderKey string
	Attempt  int   // 1 at the first try
	Fence    int64 // grows with each claim
	Created  desk.Time

	q      *Queue
	cancel context.CancelCauseFunc
	done   atomic.Bool // completed in the handler's own transaction
}

// ErrLost says that another worker holds the job now: stop, and touch nothing.
var ErrLost = desk.Errorf(desk.Conflict, "job.lease_lost", "Another worker has taken this job over.")

// Held fails with ErrLost unless this worker still holds the job. It locks the job's row to the end of tx, so that what the
// same transaction does is done by the holder alone.
func (j *Job) Held(ctx context.Context, tx *db.Tx) error {
	var fence int64
	var state string
	err := tx.QueryRow(ctx, "SELECT fence, state FROM jobs WHERE id = $1"+tx.ForUpdate(), j.ID).Scan(&fence, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrLost
	}
	if err != nil {
		return fmt.Errorf("job: held: %w", err)
	}
	if fence != j.Fence || state != "running" {
		return ErrLost
	}
	return nil
}

// Complete ends the job in the caller's transaction, so that its effect happens exactly once. The handler then returns nil.
func (j *Job) Complete(ctx context.Context, tx *db.Tx) error {
	if err := j.Held(ctx, tx); err != nil {
		return err
	}
	if err := j.q.finish(ctx, tx, j); err != nil {
		return err
	}
	tx.AfterCommit(func() { j.done.Store(true) })
	return nil
}

// Decode reads the payload.
func (j *Job) Decode(v any) error {
	if err := json.Unmarshal(j.Payload, v); err != nil {
		return Drop(fmt.Errorf("job: payload of %s: %w", j.Kind, err))
	}
	return nil
}

// Spec is a job to enqueue.
type Spec struct {
	Kind    string
	Payload any // encoded as JSON; []byte and json.RawMessage as they are
	// OrderKey: jobs of one key run one at a time, in the order of their ids. One that waits to be retried holds its key.
	OrderKey string
	// UniqueKey: at most one job of the kind has it. Enqueueing it again is no error; when the job is running already, it runs once more afterwards.
	UniqueKey string
	RunAt     desk.Time // on the server's clock; 0: now
}

const insertJob = `INSERT INTO jobs (id, kind, order_key, unique_key, payload, run_at, created_at, updated_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead' DO NOTHING`

// A ready job keeps its place; a running one is asked to run again. The row stays locked, so that the job cannot start before this commit.
const rejoinJob = `UPDATE jobs SET again = CASE WHEN state = 'running' THEN 1 ELSE again END
	WHERE kind = $1 AND unique_key = $2 AND unique_key IS NOT NULL AND state <> 'dead' RETURNING id`

// Enqueue adds a job in the caller's transaction and wakes a worker after the commit. It returns the id of the job that will do the
// work: an older one's when UniqueKey is taken.
func (q *Queue) Enqueue(ctx context.Context, tx *db.Tx, s Spec) (desk.JobID, error) {
	payload, err := encode(s.Payload)
	if err != nil || s.Kind == "" {
		return 0, fmt.Errorf("job: enqueue %q: %w", s.Kind, errors.Join(err))
	}
	now := q.clk.Ms()
	if s.RunAt == 0 {
		s.RunAt = now
	}
	var unique any
	if s.UniqueKey != "" {
		unique = s.UniqueKey
	}
	tx.AfterCommit(q.wakeUp)
	for try := 0; try < 20; try++ {
		id := desk.JobID(tx.NewID())
		n, err := tx.Exec(ctx, insertJob, id, s.Kind, s.OrderKey, unique, payload, s.RunAt, now, now)
		if err != nil {
			return 0, fmt.Errorf("job: enqueue %s: %w", s.Kind, err)
		}
		if n == 1 {
			return id, nil
		}
		err = tx.QueryRow(ctx, rejoinJob, s.Kind, s.UniqueKey).Scan(&id)
		if err == nil {
			return id, nil
		}
		if !errors.Is(err, sql.ErrNoRows) { // no row: it was finished between the two statements, so there is room now
			return 0, fmt.Errorf("job: enqueue %s: %w", s.Kind, err)
		}
	}
	return 0, desk.Errorf(desk.Unavailable, "job.busy", "The queue is busy. Try again in a moment.")
}

func encode(v any) (string, error) {
	switch p := v.(type) {
	case nil:
		return "{}", nil
	case []byte:
		return string(p), nil
	case json.RawMessage:
		return string(p), nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// Cancel removes a job that is not running, and reports whether it did: false when it is running or no longer there.
func (q *Queue) Cancel(ctx context.Context, tx *db.Tx, id desk.JobID) (bool, error) {
	n, err := tx.Exec(ctx, "DELETE FROM jobs WHERE id = $1 AND state <> 'running'", id)
	if err != nil {
		return false, fmt.Errorf("job: cancel: %w", err)
	}
	tx.AfterCommit(q.wakeUp) // it may have held its order key
	return n == 1, nil
}

// RunNow makes a waiting or dead job due, with its attempts forgotten. It reports whether there was such a job. A dead job whose unique
// key has meanwhile been taken by another is removed: that one does its work.
func (q *Queue) RunNow(ctx context.Context, tx *db.Tx, id desk.JobID) (bool, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM jobs WHERE id = $1 AND state = 'dead' AND EXISTS (SELECT 1 FROM jobs o
		WHERE o.kind = jobs.kind AND o.unique_key = jobs.unique_key AND o.state <> 'dead')`, id); err != nil {
		return false, fmt.Errorf("job: run now: %w", err)
	}
	now := q.clk.Ms()
	n, err := tx.Exec(ctx, "UPDATE jobs SET state = 'ready', run_at = $1, attempts = 0, updated_at = $2 WHERE id = $3 AND state <> 'running'", now, now, id)
	if err != nil {
		return false, fmt.Errorf("job: run now: %w", err)
	}
	tx.AfterCommit(q.wakeUp)
	return n == 1, nil
}

// wakeUp looks for work here, and tells other nodes when this one cannot take it.
func (q *Queue) wakeUp() {
	poke(q.wake)
	if q.db.Dialect() != db.Postgres {
		return
	}
	if !q.running.Load() { // a command: nobody here will do it
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = q.db.Notify(ctx, notifyChannel, "") // the others look each second anyway
		return
	}
	if q.full.Load() {
		poke(q.tell)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// control is what a handler's error asks for.
type control struct {
	err   error
	after time.Duration
	kind  controlKind
}

type controlKind int

const (
	retry controlKind = iota
	drop
	snooze
)

func (c *control) Error() string {
	if c.err == nil {
		return "snoozed"
	}
	return c.err.Error()
}
func (c *control) Unwrap() error { return c.err }

// Retry asks for another try after the given time instead of the back-off (0: the back-off).
func Retry(after time.Duration, err error) error {
	return &control{err: err, after: after, kind: retry}
}

// Drop says that trying again is pointless: the job is dead at once.
func Drop(err error) error { return &control{err: err, kind: drop} }

// Snooze asks to run again later; it does not count as an attempt.
func Snooze(d time.Duration) error { return &control{after: d, kind: snooze} }

// Stats are what the queue holds now, for metrics and doctor.
type Stats struct {
	Ready, Running, Dead int64
	Late                 time.Duration // how long the oldest due job has waited
}

// Stats counts the jobs.
func (q *Queue) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	var oldest desk.Time
	now := q.clk.Ms()
	err := q.db.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN state = 'ready' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN state = 'running' THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END), 0), COALESCE(MIN(CASE WHEN state = 'ready' THEN run_at END), 0) FROM jobs`).
		Scan(&s.Ready, &s.Running, &s.Dead, &oldest)
	if err != nil {
		return s, fmt.Errorf("job: stats: %w", err)
	}
	if oldest > 0 && now > oldest {
		s.Late = time.Duration(now-oldest) * time.Millisecond
	}
	return s, nil
}

// Dead is a job that was given up.
type Dead struct {
	ID       desk.JobID `json:"id"`
	Kind     string     `json:"kind"`
	Payload  string     `json:"payload"`
	Attempts int        `json:"attempts"`
	Error    string     `json:"error"`
	At       desk.Time  `json:"at"`
}

// DeadJobs lists the newest dead jobs, at most limit.
func (q *Queue) DeadJobs(ctx context.Context, limit int) ([]Dead, error) {
	return db.All(ctx, q.db, func(s db.Scanner) (d Dead, err error) {
		err = s.Scan(&d.ID, &d.Kind, &d.Payload, &d.Attempts, &d.Error, &d.At)
		return d, err
	}, "SELECT id, kind, payload, attempts, last_error, updated_at FROM jobs WHERE state = 'dead' ORDER BY id DESC LIMIT $1", limit)
}
