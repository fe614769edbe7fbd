// Package keeping takes away what is older than its term (CO-10): the tables keeping_runs and holds. A run is a job over the conversations for which a term is over; each is
// one transaction with the position it reached, so that a stop or a kill loses nothing and does nothing twice. A run is bounded; what is left is found the next time. What is
// on hold stays. It refuses to know how something is taken away: purge does. Called by the API and by schedule.
package keeping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/purge"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Deps are what the service works with.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Jobs     *job.Queue
	Settings *setting.Service
	Tickets  *ticket.Service
	Contacts *contact.Service
	Purge    *purge.Service
	Log      *slog.Logger
	Most     int // conversations a run; 0 means 20,000
}

// Service takes away what is old. Safe for concurrent use.
type Service struct{ Deps }

const (
	jobRun   = "keeping.run"
	slice    = 100
	maxTries = 100
	tellEach = 2 * time.Second
)

// New makes the service and registers its job.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	d.Most = cmp.Or(d.Most, 20_000)
	s := &Service{d}
	d.Jobs.RegisterWith(jobRun, s.work, job.KindOptions{MaxAttempts: maxTries})
	return s
}

// State of a run.
type State string

// The states. A cancelled run keeps what it did.
const (
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed"
)

// Run is one round.
type Run struct {
	ID       desk.BulkID `json:"id"`
	Actor    desk.Actor  `json:"actor"`
	State    State       `json:"state" enum:"running,done,cancelled,failed"`
	Total    int         `json:"total" doc:"How many conversations were due when it began, as far as one run goes."`
	Threads  int         `json:"conversations"`
	Messages int         `json:"messages"`
	Files    int         `json:"files"`
	Held     int         `json:"held" doc:"Left alone, because there is a hold on them."`
	Failed   int         `json:"failed"`
	Error    string      `json:"error"`
	Created  desk.Time   `json:"created_at"`
	Ended    desk.Time   `json:"ended_at"`

	steps    []purge.Term
	step     int
	position desk.ThreadID
}

// Over reports whether nothing more will be done.
func (r Run) Over() bool { return r.State != Running }

const columns = "id, actor, state, steps, step, position, total, threads, messages, files, held, failed, error, created_at, ended_at"

func scan(s db.Scanner) (r Run, err error) {
	err = s.Scan(&r.ID, db.ScanActor(&r.Actor), &r.State, db.ScanJSON(&r.steps), &r.step, &r.position, &r.Total, &r.Threads, &r.Messages, &r.Files, &r.Held, &r.Failed, &r.Error, &r.Created, &r.Ended)
	return r, err
}

// Steps are what terms take away now, in a fixed order: files first, which are not counted again with what was said.
func Steps(k setting.Keeping, now desk.Time) []purge.Term {
	steps := []purge.Term{}
	add := func(in map[string]int, files bool) {
		for _, c := range slices.Sorted(maps.Keys(in)) {
			if in[c] > 0 {
				steps = append(steps, purge.Term{Channel: c, Days: in[c], Files: files, Open: k.Open, Before: now.Add(-time.Duration(in[c]) * 24 * time.Hour)})
			}
		}
	}
	add(k.Files, true)
	add(k.Messages, false)
	return steps
}

// Count is what one term would take away.
type Count struct {
	Channel  string `json:"channel"`
	Files    bool   `json:"files_only"`
	Days     int    `json:"days"`
	Threads  int    `json:"conversations"`
	Messages int    `json:"messages"`
	Attached int    `json:"files"`
}

// Preview says what terms would take away now, and how many of the holds there are: those are left alone. Nothing changes.
func (s *Service) Preview(ctx context.Context, k setting.Keeping) (out []Count, err error) {
	out = []Count{}
	for _, t := range Steps(k, s.Clock.Ms()) {
		n, err := s.Purge.Count(ctx, s.DB, t)
		if err != nil {
			return nil, err
		}
		out = append(out, Count{t.Channel, t.Files, t.Days, n.Threads, n.Messages, n.Files})
	}
	return out, nil
}

// Start begins a run with the terms as they are. One that is under way is the answer instead.
func (s *Service) Start(ctx context.Context, actor desk.Actor) (Run, error) {
	k, err := s.Settings.Keeping(ctx, s.DB)
	if err != nil {
		return Run{}, err
	}
	steps, total := Steps(k, s.Clock.Ms()), 0
	for _, t := range steps {
		n, err := s.Purge.Count(ctx, s.DB, t)
		if err != nil {
			return Run{}, err
		}
		total += n.Threads
	}
	return db.Written(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (Run, error) {
		if r, err := db.All(ctx, tx, scan, "SELECT "+columns+" FROM keeping_runs WHERE state = 'running' ORDER BY id LIMIT 1"+tx.ForUpdate()); err != nil || len(r) > 0 {
			return first(r), err
		}
		r := Run{ID: desk.BulkID(tx.NewID()), Actor: actor, State: Running, Total: min(total, s.Most), Created: s.Clock.Ms(), steps: steps}
		if len(steps) == 0 {
			r.State, r.Ended = Done, r.Created
		}
		_, err := tx.Exec(ctx, "INSERT INTO keeping_runs (id, actor, state, steps, total, created_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7)", r.ID, r.Actor, r.State, db.JSON(r.steps), r.Total, r.Created, r.Ended)
		if err != nil {
			return r, wrap("start", err)
		}
		if _, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: jobRun, Payload: map[string]any{"id": r.ID}, OrderKey: jobRun}); err != nil {
			return r, err
		}
		return r, s.tell(ctx, tx, r)
	})
}

func first(rs []Run) (r Run) {
	if len(rs) > 0 {
		r = rs[0]
	}
	return r
}

// Due begins a run when a term is over for anything. It is called by schedule.
func (s *Service) Due(ctx context.Context) error {
	k, err := s.Settings.Keeping(ctx, s.DB)
	if err != nil {
		return err
	}
	for _, t := range Steps(k, s.Clock.Ms()) {
		free, err := s.anyFree(ctx, t)
		if err != nil {
			return err
		}
		if free {
			_, err = s.Start(ctx, desk.System)
			return err
		}
	}
	return nil
}

// anyFree reports whether anything is due that no hold keeps: what is held alone begins no run after run.
func (s *Service) anyFree(ctx context.Context, t purge.Term) (bool, error) {
	for after := desk.ThreadID(0); ; {
		ids, err := s.Purge.Due(ctx, s.DB, t, after, slice)
		if err != nil || len(ids) == 0 {
			return false, err
		}
		for _, id := range ids {
			after = id
			held, err := s.heldThread(ctx, s.DB, id)
			if err != nil || !held {
				return err == nil, err
			}
		}
	}
}

// Runs are the newest rounds.
func (s *Service) Runs(ctx context.Context, q db.Queryer, limit int) ([]Run, error) {
	rs, err := db.All(ctx, q, scan, "SELECT "+columns+" FROM keeping_runs ORDER BY id DESC LIMIT $1", limit)
	return rs, wrap("runs", err)
}

// Cancel ends a run; what it did is done.
func (s *Service) Cancel(ctx context.Context, tx *db.Tx, id desk.BulkID) (Run, error) {
	r, err := s.locked(ctx, tx, id)
	if err != nil || r.Over() {
		return r, err
	}
	r.State, r.Ended = Cancelled, s.Clock.Ms()
	if err := s.save(ctx, tx, r); err != nil {
		return r, err
	}
	return r, s.tell(ctx, tx, r)
}

func (s *Service) locked(ctx context.Context, tx *db.Tx, id desk.BulkID) (Run, error) {
	rs, err := db.All(ctx, tx, scan, "SELECT "+columns+" FROM keeping_runs WHERE id = $1"+tx.ForUpdate(), id)
	if err == nil && len(rs) == 0 {
		err = desk.Errorf(desk.NotFound, "keeping.run_not_found", "There is no such run.")
	}
	return first(rs), wrap("run", err)
}

func (s *Service) save(ctx context.Context, tx *db.Tx, r Run) error {
	_, err := tx.Exec(ctx, "UPDATE keeping_runs SET state = $1, step = $2, position = $3, threads = $4, messages = $5, files = $6, held = $7, failed = $8, error = $9, ended_at = $10 WHERE id = $11",
		r.State, r.step, r.position, r.Threads, r.Messages, r.Files, r.Held, r.Failed, r.Error, r.Ended, r.ID)
	return wrap("save", err)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, r Run) error {
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvKeepingRun, Actor: r.Actor, Data: event.Data(map[string]any{
		"id": r.ID, "state": r.State, "total": r.Total, "conversations": r.Threads, "message_count": r.Messages, "files": r.Files, "held": r.Held, "failed": r.Failed})})
	return err
}

func wrap(what string, err error) error {
	if e := (*desk.Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	return fmt.Errorf("keeping: %s: %w", what, err)
}
