package job_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
)

// world is what outlives every killed node: the database, and what the test saw.
type world struct {
	t    *rapid.T
	d    *db.DB
	clk  *clock.Clock
	mu   sync.Mutex
	held map[string]string // job and fence → the node that passed Held
	done map[desk.JobID]int
	keys map[string][]desk.JobID
	gate chan struct{} // closed: handlers of killed nodes go on
}

type node struct {
	name   string
	d      *db.DB
	q      *job.Queue
	cancel context.CancelFunc
	ended  chan struct{}
	killed chan struct{}
	once   sync.Once
}

// start runs a node over a database handle of its own.
func (w *world) start(name string, d *db.DB) *node {
	n := &node{name: name, d: d, ended: make(chan struct{}), killed: make(chan struct{})}
	n.q = job.New(d, w.clk, nil, job.Options{
		Workers: 4, Lease: 150 * time.Millisecond, Base: time.Millisecond, Max: 2 * time.Millisecond, MaxAttempts: 1 << 20,
		Poll: 10 * time.Millisecond, Drain: time.Millisecond,
	})
	n.q.Register("work", func(ctx context.Context, j *job.Job) error { return w.work(ctx, n, j) })
	var ctx context.Context
	ctx, n.cancel = context.WithCancel(context.Background())
	go func() { defer close(n.ended); n.q.Run(ctx) }()
	return n
}

// kill takes the node's database away at once: nothing of it is heard of again, but its handlers go on, as those of a process that was only
// cut off would.
func (n *node) kill() {
	n.once.Do(func() {
		close(n.killed)
		n.d.Close()
		n.cancel()
	})
}

// work acts through the surviving database handle, so that a killed node's handler really tries to.
func (w *world) work(ctx context.Context, n *node, j *job.Job) error {
	var p struct{ Fail, Stall bool }
	if err := j.Decode(&p); err != nil {
		return err
	}
	if p.Stall && j.Attempt == 1 {
		select { // until the node is killed, or not at all long
		case <-n.killed:
			<-w.gate
		case <-time.After(30 * time.Millisecond):
		}
	}
	err := w.d.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
		if err := j.Held(ctx, tx); err != nil {
			return err
		}
		if p.Fail && j.Attempt == 1 {
			return errors.New("fails the first time")
		}
		if err := j.Complete(ctx, tx); err != nil {
			return err
		}
		tx.AfterCommit(func() { w.acted(n, j) })
		return nil
	})
	return err
}

func (w *world) acted(n *node, j *job.Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	grip := fmt.Sprint(j.ID, "/", j.Fence)
	if other, ok := w.held[grip]; ok {
		w.t.Errorf("job %d with fence %d was held by %s and by %s", j.ID, j.Fence, other, n.name)
	}
	w.held[grip] = n.name
	w.done[j.ID]++
	if j.OrderKey != "" {
		w.keys[j.OrderKey] = append(w.keys[j.OrderKey], j.ID)
	}
}

func opener(t *testing.T, dialect db.Dialect) func() *db.DB {
	o := db.Options{Path: filepath.Join(t.TempDir(), "k.db"), Unsafe: true}
	if dialect == db.Postgres {
		o = db.Options{URL: dbtest.PostgresURL(t)}
	}
	return func() *db.DB {
		d, err := db.Open(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}

func TestWhateverIsKilledEveryJobIsDoneInOrderAndByItsHolderAlone(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			another := opener(t, dialect)
			shared := another()
			t.Cleanup(func() { shared.Close() })
			rapid.Check(t, func(rt *rapid.T) { story(rt, shared, another) })
		})
	}
}

// story: jobs are enqueued with ordering keys, unique keys and delays while nodes are killed and the clock jumps.
func story(rt *rapid.T, shared *db.DB, another func() *db.DB) {
	w := &world{
		t: rt, d: shared, clk: clock.New(), gate: make(chan struct{}),
		held: map[string]string{}, done: map[desk.JobID]int{}, keys: map[string][]desk.JobID{},
	}
	client := job.New(shared, w.clk, nil, job.Options{})
	nodes := []*node{w.start("node 0", another())}
	defer func() {
		for _, n := range nodes {
			n.kill()
			<-n.ended
		}
	}()
	wanted := map[desk.JobID]bool{} // whether it has a unique key
	steps := rapid.IntRange(3, 12).Draw(rt, "steps")
	for range steps {
		switch rapid.SampledFrom([]string{"enqueue", "enqueue", "enqueue", "kill", "clock"}).Draw(rt, "step") {
		case "enqueue":
			w.enqueue(client, wanted)
		case "kill":
			if len(nodes) < 4 {
				nodes[len(nodes)-1].kill()
				nodes = append(nodes, w.start(fmt.Sprint("node ", len(nodes)), another()))
			}
		case "clock":
			w.clk.Advance(time.Duration(rapid.IntRange(-72, 72).Draw(rt, "hours")) * time.Hour)
		}
	}
	close(w.gate) // what was killed goes on, while others hold its jobs
	w.clk.Set(time.Now().Add(1000 * time.Hour))
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		var left int
		if err := shared.QueryRow(context.Background(), "SELECT COUNT(*) FROM jobs").Scan(&left); err != nil {
			rt.Fatal(err)
		}
		if left == 0 {
			break
		}
		if time.Now().After(end) {
			rt.Fatalf("%d jobs were never done", left)
		}
	}
	for end := time.Now().Add(20 * time.Second); !w.all(wanted) && time.Now().Before(end); { // a hook runs shortly after its commit
		time.Sleep(time.Millisecond)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range wanted {
		if w.done[id] == 0 {
			rt.Errorf("job %d was removed and not done", id)
		}
		if w.done[id] > 1 && !wanted[id] { // only a unique key that is enqueued again while it runs asks for more
			rt.Errorf("job %d was completed %d times", id, w.done[id])
		}
	}
	for key, ids := range w.keys {
		for i := 1; i < len(ids); i++ {
			if ids[i] < ids[i-1] {
				rt.Errorf("%s: %d was done after %d", key, ids[i], ids[i-1])
			}
		}
	}
}

func (w *world) all(wanted map[desk.JobID]bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range wanted {
		if w.done[id] == 0 {
			return false
		}
	}
	return true
}

func (w *world) enqueue(q *job.Queue, wanted map[desk.JobID]bool) {
	rt := w.t
	s := job.Spec{Kind: "work", Payload: map[string]bool{"Fail": rapid.Bool().Draw(rt, "fails"), "Stall": rapid.Bool().Draw(rt, "stalls")}}
	s.OrderKey = rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "order key")
	if s.OrderKey == "" { // a job that is enqueued again while it runs starts anew: no order is promised for it
		s.UniqueKey = rapid.SampledFrom([]string{"", "u", "v"}).Draw(rt, "unique key")
	}
	s.RunAt = w.clk.Ms().Add(time.Duration(rapid.IntRange(-1, 2).Draw(rt, "delay")) * time.Hour)
	var id desk.JobID
	err := w.d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) (err error) {
		id, err = q.Enqueue(ctx, tx, s)
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
	wanted[id] = s.UniqueKey != ""
}

func TestOfManyEnqueuersOfOneUniqueKeyAtOnceOneJobComes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.New(), nil, job.Options{})
		ids := make([]desk.JobID, 50)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() { ids[i] = enqueue(t, d, q, job.Spec{Kind: "index", UniqueKey: "one"})[0] })
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("ids %d and %d", ids[0], id)
			}
		}
		if n := count(t, d, "1 = 1"); n != 1 {
			t.Errorf("%d jobs", n)
		}
	})
}

func TestAWorkerThatLostItsLeaseCanNeitherActNorComplete(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			another := opener(t, dialect)
			shared := another()
			t.Cleanup(func() { shared.Close() })
			w := &world{d: shared, clk: clock.New()}
			type claimed struct {
				j       *job.Job
				proceed chan bool
			}
			claims := make(chan claimed, 4)
			begin := func(d *db.DB) *node {
				n := &node{d: d, ended: make(chan struct{}), killed: make(chan struct{})}
				n.q = job.New(d, w.clk, nil, job.Options{Lease: 200 * time.Millisecond, Poll: 10 * time.Millisecond, Drain: time.Millisecond})
				n.q.Register("send", func(ctx context.Context, j *job.Job) error {
					c := claimed{j, make(chan bool)}
					claims <- c
					<-c.proceed
					return nil
				})
				ctx, cancel := context.WithCancel(context.Background())
				n.cancel = cancel
				go func() { defer close(n.ended); n.q.Run(ctx) }()
				t.Cleanup(func() { n.kill(); <-n.ended })
				return n
			}
			try := func(act func(context.Context, *db.Tx) error) error {
				return shared.Write(context.Background(), act)
			}
			first := begin(another())
			enqueue(t, shared, job.New(shared, w.clk, nil, job.Options{}), job.Spec{Kind: "send"})
			old := receive(t, claims)
			if err := try(old.j.Held); err != nil {
				t.Errorf("the holder does not hold: %v", err)
			}
			first.kill()
			begin(another())
			young := receive(t, claims)
			if young.j.ID != old.j.ID || young.j.Fence <= old.j.Fence || young.j.Attempt != 2 {
				t.Errorf("taken over with fence %d after %d, attempt %d", young.j.Fence, old.j.Fence, young.j.Attempt)
			}
			if err := try(old.j.Held); !errors.Is(err, job.ErrLost) {
				t.Errorf("the old holder still holds: %v", err)
			}
			if err := try(old.j.Complete); !errors.Is(err, job.ErrLost) {
				t.Errorf("the old holder completed: %v", err)
			}
			if err := try(young.j.Complete); err != nil {
				t.Errorf("the new holder: %v", err)
			}
			close(old.proceed)
			close(young.proceed)
		})
	}
}

func TestAHeartbeatKeepsTheLeaseOfALongJob(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		opt := job.Options{Lease: 90 * time.Millisecond, Poll: 10 * time.Millisecond}
		clk := clock.New()
		q := job.New(d, clk, nil, opt)
		began := make(chan bool, 10)
		q.Register("import", func(ctx context.Context, j *job.Job) error {
			began <- true
			clk.Advance(1000 * time.Hour) // leases are on the real clock
			select {
			case <-time.After(500 * time.Millisecond): // longer than several leases
			case <-ctx.Done():
				t.Error("the lease was lost")
			}
			return nil
		})
		start(t, q)
		if d.Dialect() == db.Postgres {
			other := job.New(dbtest.Again(t, d), clk, nil, opt)
			other.Register("import", func(context.Context, *job.Job) error { began <- true; return nil })
			start(t, other)
		}
		enqueue(t, d, q, job.Spec{Kind: "import"})
		eventually(t, "done", func() bool { return count(t, d, "1 = 1") == 0 })
		if len(began) != 1 {
			t.Errorf("ran %d times", len(began))
		}
	})
}

// What was claimed and then forgotten, because its outcome could not be stored, comes back although the process lives on and prolongs its
// other leases.
func TestAJobWhoseOutcomeCouldNotBeStoredIsRunAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.New(), nil, job.Options{Lease: 100 * time.Millisecond, Poll: 10 * time.Millisecond})
		began, hold, sent := make(chan bool), make(chan bool), make(chan int, 1)
		q.Register("long", func(ctx context.Context, j *job.Job) error { began <- true; <-hold; return nil })
		q.Register("send", func(ctx context.Context, j *job.Job) error { sent <- j.Attempt; return nil })
		start(t, q)
		defer close(hold)
		enqueue(t, d, q, job.Spec{Kind: "long"})
		receive(t, began)
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO jobs (id, kind, state, run_at, attempts, fence, lease_owner, lease_until, created_at, updated_at)
				SELECT CAST($1 AS BIGINT), 'send', state, run_at, 1, 1, lease_owner, lease_until, created_at, updated_at FROM jobs WHERE kind = 'long'`, tx.NewID())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if attempt := receive(t, sent); attempt != 2 {
			t.Errorf("attempt %d", attempt)
		}
		if n := count(t, d, "kind = 'long' AND state = 'running' AND attempts = 1"); n != 1 {
			t.Error("the job that runs on was taken away")
		}
	})
}
