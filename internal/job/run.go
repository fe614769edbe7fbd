package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/db"
)

const notifyChannel = "kanal_jobs"

// Run works until ctx ends; then it takes nothing more, lets running jobs finish within Options.Drain, ends the rest and returns.
// Call it once.
func (q *Queue) Run(ctx context.Context) {
	r := &runner{
		Queue: q, query: strings.ReplaceAll(q.sql.claim, "{kinds}", q.kinds()),
		slots: make(chan struct{}, q.opt.Workers), finished: make(chan *Job, q.opt.Workers),
	}
	q.running.Store(true)
	defer q.running.Store(false)
	// Jobs, their heartbeat and their completion outlive ctx by the drain.
	live, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	r.live = live
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	helpers.Go(func() { r.heartbeat(background) })
	helpers.Go(func() { r.complete() })
	var others sync.WaitGroup
	others.Go(func() { q.db.Listen(ctx, notifyChannel, func(string) { poke(q.wake) }) })
	others.Go(func() { q.relay(ctx) })
	others.Go(func() { q.runSchedules(ctx) })

	r.loop(ctx)

	r.stopping.Store(true)
	drained := make(chan struct{})
	go func() { r.jobs.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(q.opt.Drain):
		stop(context.Canceled)
		select {
		case <-drained:
		case <-time.After(5 * time.Second): // a handler that ignores its context: its lease will run out
			q.log.Error("a job did not stop; it will be run again when its lease ends")
		}
	}
	others.Wait()
	end()
	r.closeFinished(drained)
	helpers.Wait()
}

type runner struct {
	*Queue
	query    string
	live     context.Context
	slots    chan struct{}
	finished chan *Job
	jobs     sync.WaitGroup
	stopping atomic.Bool
}

// closeFinished ends the completer when no job can finish any more.
func (r *runner) closeFinished(drained <-chan struct{}) {
	select {
	case <-drained:
		close(r.finished)
	default:
		go func() { <-drained; close(r.finished) }()
		r.finished <- nil // lets the completer go
	}
}

// loop claims whenever there may be work and a free worker.
func (r *runner) loop(ctx context.Context) {
	if r.db.Dialect() == db.SQLite {
		if err := r.rescue(ctx, true); err != nil && ctx.Err() == nil {
			r.log.Error("jobs", "err", err)
		}
	}
	var rescued time.Time
	for ctx.Err() == nil {
		moved := r.clk.Moved()
		due, wait, expired, err := r.peek(ctx)
		if err == nil && expired && time.Since(rescued) > r.opt.Poll {
			rescued = time.Now()
			if err = r.rescue(ctx, false); err == nil {
				due = true
			}
		}
		took := 0
		if err == nil && due {
			took, err = r.take(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.log.Warn("jobs: the database does not answer; trying again", "err", err)
		}
		if took > 0 {
			continue
		}
		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// take waits for a free worker, claims as much as there are workers free, and starts what it got.
func (r *runner) take(ctx context.Context) (int, error) {
	select {
	case r.slots <- struct{}{}:
	default:
		r.full.Store(true)
		poke(r.tell) // the others may have room
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return 0, nil
		}
	}
	free := 1
fill:
	for {
		select {
		case r.slots <- struct{}{}:
			free++
		default:
			break fill
		}
	}
	r.full.Store(false)
	jobs, err := r.claim(ctx, r.query, free)
	for range free - len(jobs) {
		<-r.slots
	}
	for _, j := range jobs {
		r.begin(j)
	}
	return len(jobs), err
}

func (r *runner) begin(j *Job) {
	ctx, cancel := context.WithCancelCause(r.live)
	j.cancel = cancel
	r.mu.Lock()
	h := r.handlers[j.Kind]
	r.held[j.ID] = j
	r.mu.Unlock()
	r.jobs.Add(1)
	go func() {
		defer r.jobs.Done()
		defer cancel(nil)
		r.do(ctx, j, h)
	}()
}

// do runs one job and stores what became of it.
func (r *runner) do(ctx context.Context, j *Job, h handler) {
	release := func() {
		r.forget(j)
		<-r.slots
		poke(r.wake)
	}
	run := ctx
	if h.opt.Timeout > 0 {
		var cancel context.CancelFunc
		run, cancel = context.WithTimeout(ctx, h.opt.Timeout)
		defer cancel()
	}
	err := call(run, h.fn, j)
	switch {
	case j.done.Load():
		if err != nil {
			r.log.Warn("a job failed after it was completed", "job", j.Kind, "job_id", j.ID, "err", forLog(err.Error()))
		}
		release()
	case err == nil:
		r.finished <- j // the completer releases it
	default:
		r.failed(ctx, j, h, err)
		release()
	}
}

func (r *runner) forget(j *Job) {
	r.mu.Lock()
	if r.held[j.ID] == j {
		delete(r.held, j.ID)
	}
	r.mu.Unlock()
}

func (r *runner) failed(ctx context.Context, j *Job, h handler, err error) {
	if errors.Is(err, ErrLost) || errors.Is(context.Cause(ctx), ErrLost) {
		r.log.Warn("a job's lease was lost; its new holder runs it", "job", j.Kind, "job_id", j.ID)
		return
	}
	v := r.judge(j, h.opt.MaxAttempts, err, r.stopping.Load())
	log := r.log.With("job", j.Kind, "job_id", j.ID, "attempt", j.Attempt)
	switch {
	case v.state == "dead":
		log.Error("job given up; it is kept", "err", forLog(v.err))
	case v.err != "":
		log.Warn("job failed; it will be tried again", "after", v.after, "err", forLog(v.err))
	}
	if err := r.settle(context.WithoutCancel(ctx), j, v); err != nil {
		log.Error("a job's outcome could not be stored; its lease will run out and it is run again", "err", err)
	}
}

// call turns a panic into the job's error.
func call(ctx context.Context, h Handler, j *Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(ctx, j)
}

// complete removes done jobs, as many in one transaction as have gathered.
func (r *runner) complete() {
	for j := range r.finished {
		if j == nil {
			return
		}
		batch := []*Job{j}
		for more := true; more && len(batch) < 200; {
			select {
			case next := <-r.finished:
				if more = next != nil; more {
					batch = append(batch, next)
				}
			default:
				more = false
			}
		}
		err := r.db.Write(context.WithoutCancel(r.live), func(ctx context.Context, tx *db.Tx) error {
			for _, j := range batch {
				if err := r.finish(ctx, tx, j); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			r.log.Error("done jobs could not be removed; their lease will run out and they are run again", "jobs", len(batch), "err", err)
		}
		for _, j := range batch {
			r.forget(j)
			<-r.slots
		}
		poke(r.wake)
	}
}

// heartbeat prolongs leases three times in their length. When it cannot for so long that they have run out, the jobs are ended.
func (r *runner) heartbeat(ctx context.Context) {
	tick := time.NewTicker(r.opt.Lease / 3)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		r.mu.Lock()
		idle := len(r.held) == 0
		r.mu.Unlock()
		if idle {
			last = time.Now()
			continue
		}
		if err := r.beat(ctx); err == nil {
			last = time.Now()
			continue
		} else if ctx.Err() == nil {
			r.log.Warn("jobs: leases could not be prolonged", "err", err)
		}
		if time.Since(last) > r.opt.Lease {
			r.mu.Lock()
			for _, j := range r.held {
				j.cancel(ErrLost)
			}
			r.mu.Unlock()
		}
	}
}

// relay notifies other nodes, outside every transaction and coalesced.
func (q *Queue) relay(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.tell:
		}
		if err := q.db.Notify(ctx, notifyChannel, ""); err != nil && ctx.Err() == nil {
			q.log.Warn("jobs: notify", "err", err)
		}
		select { // at most ten a second
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
