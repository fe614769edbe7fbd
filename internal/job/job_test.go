package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
)

const deadline = 20 * time.Second

func start(t *testing.T, q *job.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); q.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func enqueue(t *testing.T, d *db.DB, q *job.Queue, specs ...job.Spec) (ids []desk.JobID) {
	t.Helper()
	err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		ids = nil
		for _, s := range specs {
			id, err := q.Enqueue(ctx, tx, s)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(deadline):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func count(t *testing.T, d *db.DB, where string) (n int) {
	t.Helper()
	if err := d.QueryRow(context.Background(), "SELECT COUNT(*) FROM jobs WHERE "+where).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// eventually waits for a state that another goroutine reaches; it fails the test after the deadline.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestAJobRunsAfterItsTransactionCommitsAndIsRemoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.New(), nil, job.Options{})
		got := make(chan string, 10)
		q.Register("greet", func(ctx context.Context, j *job.Job) error {
			var p struct{ Name string }
			if err := j.Decode(&p); err != nil {
				return err
			}
			got <- p.Name
			return nil
		})
		start(t, q)
		enqueue(t, d, q, job.Spec{Kind: "greet", Payload: map[string]string{"Name": "Ann"}})
		if name := receive(t, got); name != "Ann" {
			t.Fatalf("payload %q", name)
		}
		eventually(t, "the job is removed", func() bool { return count(t, d, "1 = 1") == 0 })
	})
}

func TestARolledBackTransactionLeavesNoJob(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.New(), nil, job.Options{})
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := q.Enqueue(ctx, tx, job.Spec{Kind: "x"}); err != nil {
				return err
			}
			return errors.New("no")
		})
		if err == nil || count(t, d, "1 = 1") != 0 {
			t.Fatalf("err %v, %d jobs", err, count(t, d, "1 = 1"))
		}
	})
}

func TestAFailedJobIsTriedAgainThenKeptAsDeadWithItsError(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.New(), nil, job.Options{Base: time.Millisecond, MaxAttempts: 3})
		var tries atomic.Int64
		q.Register("fail", func(ctx context.Context, j *job.Job) error {
			if int64(j.Attempt) != tries.Add(1) {
				t.Errorf("attempt %d at try %d", j.Attempt, tries.Load())
			}
			if j.Attempt == 2 {
				panic("bang")
			}
			return errors.New("no luck")
		})
		start(t, q)
		ids := enqueue(t, d, q, job.Spec{Kind: "fail"})
		eventually(t, "the job is dead", func() bool { return count(t, d, "state = 'dead'") == 1 })
		if tries.Load() != 3 {
			t.Errorf("%d tries", tries.Load())
		}
		dead, err := q.DeadJobs(context.Background(), 10)
		if err != nil || len(dead) != 1 || dead[0].ID != ids[0] || dead[0].Error != "no luck" {
			t.Fatalf("dead: %+v, %v", dead, err)
		}
		err = d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			ok, err := q.RunNow(ctx, tx, ids[0])
			if !ok {
				t.Error("a dead job was not found")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		tries.Store(0)
		eventually(t, "it is tried again", func() bool { return tries.Load() == 3 })
	})
}

func TestDropIsDeadAtOnceAndSnoozeDoesNotCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.New(), nil, job.Options{})
		snoozed := make(chan int, 10)
		var n atomic.Int64
		q.Register("drop", func(ctx context.Context, j *job.Job) error { return job.Drop(errors.New("pointless")) })
		q.Register("snooze", func(ctx context.Context, j *job.Job) error {
			snoozed <- j.Attempt
			if n.Add(1) < 3 {
				return job.Snooze(time.Millisecond)
			}
			return nil
		})
		start(t, q)
		enqueue(t, d, q, job.Spec{Kind: "drop"}, job.Spec{Kind: "snooze"})
		for range 3 {
			if a := receive(t, snoozed); a != 1 {
				t.Errorf("a snoozed job is at attempt %d", a)
			}
		}
		eventually(t, "only the dropped job is left, dead", func() bool { return count(t, d, "state = 'dead'") == 1 && count(t, d, "1 = 1") == 1 })
	})
}

func TestRunAtFollowsTheServersClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := clock.New()
		q := job.New(d, clk, nil, job.Options{})
		ran := make(chan bool, 1)
		q.Register("later", func(ctx context.Context, j *job.Job) error { ran <- true; return nil })
		start(t, q)
		enqueue(t, d, q, job.Spec{Kind: "later", RunAt: clk.Ms().Add(90 * 24 * time.Hour)})
		select {
		case <-ran:
			t.Fatal("ran before its time")
		default:
		}
		clk.Advance(91 * 24 * time.Hour)
		receive(t, ran)
	})
}

func TestJobsOfOneOrderKeyRunOneAtATimeInOrderAlsoWhenOneIsRetried(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q1 := job.New(d, clock.New(), nil, job.Options{Workers: 8, Base: time.Millisecond})
		q2 := q1
		if d.Dialect() == db.Postgres {
			q2 = job.New(d, clock.New(), nil, job.Options{Workers: 8, Base: time.Millisecond})
		}
		var mu sync.Mutex
		done := map[string][]int{}
		running := map[string]int{}
		handle := func(ctx context.Context, j *job.Job) error {
			var p struct {
				Key string
				N   int
			}
			if err := j.Decode(&p); err != nil {
				return err
			}
			mu.Lock()
			running[p.Key]++
			if running[p.Key] > 1 {
				t.Errorf("two jobs of %s at once", p.Key)
			}
			mu.Unlock()
			time.Sleep(time.Duration(p.N%3) * time.Millisecond) // work, so that others get their chance
			mu.Lock()
			defer mu.Unlock()
			running[p.Key]--
			if p.N%4 == 1 && j.Attempt < 3 {
				return errors.New("again")
			}
			done[p.Key] = append(done[p.Key], p.N)
			return nil
		}
		q1.Register("send", handle)
		var specs []job.Spec
		for i := range 12 {
			for k := range 4 {
				key := fmt.Sprint("thread", k)
				specs = append(specs, job.Spec{Kind: "send", OrderKey: key, Payload: map[string]any{"Key": key, "N": i}})
			}
		}
		enqueue(t, d, q1, specs...)
		start(t, q1)
		if q2 != q1 {
			q2.Register("send", handle)
			start(t, q2)
		}
		eventually(t, "all are done", func() bool { return count(t, d, "1 = 1") == 0 })
		mu.Lock()
		defer mu.Unlock()
		for k, ns := range done {
			if !slices.IsSorted(ns) || len(ns) != 12 {
				t.Errorf("%s ran as %v", k, ns)
			}
		}
	})
}

func TestAUniqueKeyIsOneJobAndOneEnqueuedWhileItRunsRunsItAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.New(), nil, job.Options{})
		began, goOn := make(chan desk.JobID, 10), make(chan bool)
		q.Register("index", func(ctx context.Context, j *job.Job) error {
			began <- j.ID
			<-goOn
			return nil
		})
		spec := job.Spec{Kind: "index", UniqueKey: "ticket-1"}
		ids := enqueue(t, d, q, spec, spec)
		if ids[0] != ids[1] || count(t, d, "1 = 1") != 1 {
			t.Fatalf("ids %v", ids)
		}
		start(t, q)
		receive(t, began)
		if again := enqueue(t, d, q, spec, spec); again[0] != ids[0] || again[1] != ids[0] {
			t.Errorf("enqueued while running: %v", again)
		}
		goOn <- true
		receive(t, began)
		goOn <- true
		eventually(t, "it is done", func() bool { return count(t, d, "1 = 1") == 0 })
		select {
		case <-began:
			t.Error("ran a third time")
		default:
		}
	})
}

func TestCancelTakesAWaitingJobAndNotARunningOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := clock.New()
		q := job.New(d, clk, nil, job.Options{})
		began, goOn := make(chan bool), make(chan bool)
		q.Register("send", func(ctx context.Context, j *job.Job) error { began <- true; <-goOn; return nil })
		start(t, q)
		ids := enqueue(t, d, q, job.Spec{Kind: "send"}, job.Spec{Kind: "send", RunAt: clk.Ms().Add(time.Hour)})
		receive(t, began)
		for i, want := range []bool{false, true} {
			var ok bool
			if err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
				ok, err = q.Cancel(ctx, tx, ids[i])
				return err
			}); err != nil || ok != want {
				t.Errorf("cancel %d: %v, %v", i, ok, err)
			}
		}
		goOn <- true
		eventually(t, "nothing is left", func() bool { return count(t, d, "1 = 1") == 0 })
	})
}

func TestCompleteEndsTheJobInTheHandlersOwnTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.New(), nil, job.Options{Base: time.Millisecond})
		done := make(chan bool, 10)
		q.Register("settle", func(ctx context.Context, j *job.Job) error {
			err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				if _, err := tx.Exec(ctx, "INSERT INTO settings (name, value, updated_at) VALUES ($1, '', 0)", "settled"); err != nil {
					return err
				}
				return j.Complete(ctx, tx)
			})
			done <- true
			return errors.Join(err, errors.New("after the commit: of no consequence"))
		})
		start(t, q)
		enqueue(t, d, q, job.Spec{Kind: "settle"})
		receive(t, done)
		eventually(t, "it is gone", func() bool { return count(t, d, "1 = 1") == 0 })
	})
}

func TestADrainLetsRunningJobsFinishAndGivesBackThoseThatCannot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.New(), nil, job.Options{Drain: 200 * time.Millisecond})
		began := make(chan bool, 2)
		q.Register("quick", func(ctx context.Context, j *job.Job) error { began <- true; return ctx.Err() })
		q.Register("endless", func(ctx context.Context, j *job.Job) error { began <- true; <-ctx.Done(); return ctx.Err() })
		stop := start(t, q)
		enqueue(t, d, q, job.Spec{Kind: "quick"}, job.Spec{Kind: "endless"})
		receive(t, began)
		receive(t, began)
		stop()
		if n := count(t, d, "state = 'ready' AND kind = 'endless' AND attempts = 0"); n != 1 || count(t, d, "1 = 1") != 1 {
			t.Errorf("%d given back, %d in all", n, count(t, d, "1 = 1"))
		}
	})
}

func TestAScheduleRunsOncePerPeriodOverAllNodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := clock.New()
		ran := make(chan bool, 100)
		for range 2 {
			q := job.New(d, clk, nil, job.Options{})
			q.Every("purge", 24*time.Hour, func(ctx context.Context) error { ran <- true; return nil })
			start(t, q)
		}
		receive(t, ran)
		for range 3 {
			clk.Advance(25 * time.Hour)
			receive(t, ran)
		}
		clk.Set(time.Now().Add(-48 * time.Hour)) // set back: the schedule does not sleep for days
		receive(t, ran)
		select {
		case <-ran:
			t.Error("ran twice in a period")
		case <-time.After(50 * time.Millisecond):
		}
	})
}

func TestBackoffDoublesUpToItsLimit(t *testing.T) {
	for attempt, want := range map[int]time.Duration{1: 10, 2: 20, 3: 40, 7: 640, 8: 1000, 60: 1000} {
		if got := job.Backoff(10, 1000, attempt, 0.5); got != want {
			t.Errorf("attempt %d: %d, want %d", attempt, got, want)
		}
	}
	if lo, hi := job.Backoff(1000, 5000, 1, 0), job.Backoff(1000, 5000, 1, 1); lo != 800 || hi != 1200 {
		t.Errorf("chance moves the wait from %d to %d", lo, hi)
	}
}
