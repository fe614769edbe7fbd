// Package bulk does one action to many tickets (WS-17): the tables bulk_runs and bulk_items. What was selected is written down first, ticket by ticket, then the action is
// applied in slices, each one transaction with the position it reached: after a crash the work goes on where it was, and no ticket is done twice. Each ticket is asked
// for the permission as if it were alone, and what is refused is kept with its reason. What was changed is kept, so that it can be undone where nobody has changed it since. It
// refuses to know how a ticket is changed: ticket, assignment and triage do. Called by the API; its jobs are run by the queue.
package bulk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/purge"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/triage"
	"github.com/kanalhq/kanal/internal/view"
)

// Deps are what the service works with.
type Deps struct {
	DB      *db.DB
	Clock   *clock.Clock
	Events  *event.Log
	Jobs    *job.Queue
	Access  *access.Service
	Tickets *ticket.Service
	Assign  *assignment.Service
	Triage  *triage.Service
	Purge   *purge.Service
	View    *view.Service
	Log     *slog.Logger
	Keep    time.Duration // how long a finished run can be looked at and undone
	Slice   int           // tickets a transaction; 0 means 100
}

// Service runs actions on many tickets. Safe for concurrent use.
type Service struct{ Deps }

const jobRun = "bulk.run"

// New makes the service and registers its jobs.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Slice <= 0 {
		d.Slice = 100
	}
	s := &Service{d}
	d.Jobs.RegisterWith(jobRun, s.work, job.KindOptions{MaxAttempts: maxTries})
	d.Jobs.Every("bulk.prune", time.Hour, s.Prune)
	return s
}

// State of a run.
type State string

// The states. A cancelled run keeps what it did; a failed one met trouble that did not go away.
const (
	Collecting State = "collecting" // what was selected is being written down
	Running    State = "running"
	Done       State = "done"
	Cancelled  State = "cancelled"
	Failed     State = "failed"
)

// Run is one action on many tickets.
type Run struct {
	ID        desk.BulkID `json:"id"`
	UserID    desk.UserID `json:"user_id"`
	Action    Action      `json:"action"`
	State     State       `json:"state" enum:"collecting,running,done,cancelled,failed"`
	Total     int         `json:"total" doc:"How many tickets were selected; grows while they are collected."`
	Done      int         `json:"done" doc:"How many were changed."`
	Same      int         `json:"same" doc:"How many were so already."`
	Failed    int         `json:"failed" doc:"How many were refused; each with its reason."`
	UndoOf    desk.BulkID `json:"undo_of" doc:"The run that this one undoes."`
	UndoneBy  desk.BulkID `json:"undone_by" doc:"The run that undoes or undid this one."`
	Undoable  bool        `json:"undoable"`
	Error     string      `json:"error"`
	CreatedAt desk.Time   `json:"created_at"`
	Finished  desk.Time   `json:"finished_at"`

	actor     desk.Actor
	selection Selection
	position  int
	collect   desk.TicketID
	toldAt    desk.Time
}

// Over reports whether nothing more will be done.
func (r Run) Over() bool { return r.State == Done || r.State == Cancelled || r.State == Failed }

// Selection says which tickets: named ones, or what a view shows.
type Selection struct {
	IDs    []desk.TicketID   `json:"ids,omitempty"`
	View   string            `json:"view,omitempty"`
	Filter customview.Filter `json:"filter,omitzero"`
	Expect int               `json:"expect,omitempty"` // how many the person saw
	Scopes []string          `json:"scopes,omitempty"` // of the token that asked
}

// maxNamed is how many tickets may be named one by one; more are selected as a view.
const maxNamed = 10_000

const runColumns = "id, user_id, actor, action, selection, state, position, collect, total, done, same, failed, undo_of, undone_by, error, told_at, created_at, finished_at"

func scanRun(s db.Scanner) (r Run, err error) {
	var collect string
	err = s.Scan(&r.ID, &r.UserID, db.ScanActor(&r.actor), db.ScanJSON(&r.Action), db.ScanJSON(&r.selection), &r.State, &r.position, &collect, &r.Total, &r.Done, &r.Same, &r.Failed,
		&r.UndoOf, &r.UndoneBy, &r.Error, &r.toldAt, &r.CreatedAt, &r.Finished)
	if err == nil && collect != "" {
		r.collect, err = desk.ParseID[desk.TicketID](collect)
	}
	r.Undoable = (r.State == Done || r.State == Cancelled) && r.Done > 0 && r.UndoOf == 0 && r.UndoneBy == 0 && r.Action.undoable()
	return r, err
}

// Start begins a run: the action is checked, the selection kept, the work enqueued. done, when set, notes in the same transaction that the request was answered.
func (s *Service) Start(ctx context.Context, v access.Viewer, a Action, sel Selection, done func(ctx context.Context, tx *db.Tx, ref string) error) (Run, error) {
	for _, p := range a.needs(v.User.ID) {
		if err := v.Need(p); err != nil {
			return Run{}, err
		}
	}
	ask, err := sel.ask()
	if err != nil {
		return Run{}, err
	}
	if err := s.expected(ctx, v, sel, ask); err != nil {
		return Run{}, err
	}
	sel.Scopes = v.Scopes
	ids := sel.IDs
	slices.Sort(ids)
	ids = slices.Compact(ids)
	sel.IDs = nil
	var r Run
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.check(ctx, tx, v, &a); err != nil {
			return err
		}
		r = Run{ID: desk.BulkID(tx.NewID()), UserID: v.User.ID, Action: a, State: Collecting, CreatedAt: s.Clock.Ms(), actor: v.Actor, selection: sel}
		if len(ids) > 0 {
			r.State, r.Total = Running, len(ids)
		}
		if err := s.insert(ctx, tx, r); err != nil {
			return err
		}
		if err := s.keep(ctx, tx, r.ID, 0, ids); err != nil {
			return err
		}
		if done != nil {
			if err := done(ctx, tx, r.ID.String()); err != nil {
				return err
			}
		}
		return s.enqueue(ctx, tx, r)
	})
	return r, err
}

func (s *Service) enqueue(ctx context.Context, tx *db.Tx, r Run) error {
	_, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: jobRun, Payload: map[string]any{"id": r.ID}, OrderKey: "bulk:" + r.UserID.String()})
	return err
}

func (s *Service) insert(ctx context.Context, tx *db.Tx, r Run) error {
	_, err := tx.Exec(ctx, `INSERT INTO bulk_runs (id, user_id, actor, action, selection, state, total, undo_of, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.ID, r.UserID, r.actor, db.JSON(r.Action), db.JSON(r.selection), r.State, r.Total, r.UndoOf, r.CreatedAt)
	if err != nil {
		return fmt.Errorf("bulk: start: %w", err)
	}
	return nil
}

// keep writes down selected tickets behind position, each once a run.
func (s *Service) keep(ctx context.Context, tx *db.Tx, id desk.BulkID, position int, ids []desk.TicketID) error {
	for part := range slices.Chunk(ids, keepRows) {
		text, args := keepSQL(len(part)), make([]any, 0, 1+2*len(part))
		args = append(args, id)
		for _, t := range part {
			position++
			args = append(args, position, t)
		}
		if _, err := tx.Exec(ctx, text, args...); err != nil {
			return fmt.Errorf("bulk: keep: %w", err)
		}
	}
	return nil
}

// expected refuses a view that has grown far beyond what the person saw when they chose it.
func (s *Service) expected(ctx context.Context, v access.Viewer, sel Selection, ask view.Ask) error {
	if len(sel.IDs) > 0 {
		return nil
	}
	n, err := s.View.CountOf(ctx, view.SightOf(v), ask) // which also refuses a filter that names nothing
	if err != nil || sel.Expect <= 0 || sel.Expect >= view.CountCap {
		return err
	}
	if n.Count > sel.Expect+max(20, sel.Expect/10) {
		return desk.Errorf(desk.Conflict, "bulk.grown", "You selected %d tickets, and there are %d now. Look at them again, then repeat it.", sel.Expect, n.Count).In("expect")
	}
	return nil
}

// Get returns a run of a user.
func (s *Service) Get(ctx context.Context, user desk.UserID, id desk.BulkID) (Run, error) {
	return s.get(ctx, s.DB, user, id, "")
}

func (s *Service) get(ctx context.Context, q db.Queryer, user desk.UserID, id desk.BulkID, lock string) (Run, error) {
	r, err := db.One(ctx, q, scanRun, "SELECT "+runColumns+" FROM bulk_runs WHERE id = $1 AND user_id = $2"+lock, id, user)
	if errors.Is(err, sql.ErrNoRows) {
		return r, desk.Errorf(desk.NotFound, "bulk.not_found", "There is no such run, or it is not yours.")
	}
	if err != nil {
		return r, fmt.Errorf("bulk: get: %w", err)
	}
	return r, nil
}

// Recent lists a user's runs, newest first.
func (s *Service) Recent(ctx context.Context, user desk.UserID, before desk.BulkID, limit int) ([]Run, error) {
	if limit <= 0 || limit > 100 {
		limit = 20
	}
	if before == 0 {
		before = desk.MaxID
	}
	rs, err := db.All(ctx, s.DB, scanRun, "SELECT "+runColumns+" FROM bulk_runs WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3", user, before, limit)
	if err != nil {
		return nil, fmt.Errorf("bulk: recent: %w", err)
	}
	return rs, nil
}

// Failure is a ticket that was refused, and why.
type Failure struct {
	Position int           `json:"position"`
	TicketID desk.TicketID `json:"ticket_id"`
	Number   int64         `json:"number" doc:"0 when the ticket is gone or out of sight."`
	Subject  string        `json:"subject"`
	Reason   string        `json:"reason" doc:"A slug for programs." example:"access.not_member"`
	Sentence string        `json:"sentence" doc:"For people."`
}

// Failures lists what a run was refused, in order, after a position. What the user may not see has no subject.
func (s *Service) Failures(ctx context.Context, v access.Viewer, id desk.BulkID, after, limit int) ([]Failure, error) {
	if limit <= 0 || limit > 500 {
		limit = 100
	}
	if _, err := s.Get(ctx, v.User.ID, id); err != nil {
		return nil, err
	}
	fs, err := db.All(ctx, s.DB, func(r db.Scanner) (f Failure, err error) {
		var h access.Held
		if err = r.Scan(&f.Position, &f.TicketID, &f.Number, &f.Subject, &h.Inbox, &h.Owner, &h.Team, &f.Reason, &f.Sentence); !v.SeesInbox(h.Inbox) || !v.Tickets.Sees(h) {
			f.Number, f.Subject = 0, ""
		}
		return f, err
	}, `SELECT i.position, i.ticket_id, COALESCE(t.number, 0), COALESCE(t.subject, ''), COALESCE(t.inbox_id, 0), COALESCE(t.owner_id, 0), COALESCE(t.team_id, 0), i.reason, i.sentence
		FROM bulk_items i LEFT JOIN tickets t ON t.id = i.ticket_id WHERE i.run_id = $1 AND i.position > $2 AND i.state = 'failed' ORDER BY i.position LIMIT $3`, id, after, limit)
	if err != nil {
		return nil, fmt.Errorf("bulk: failures: %w", err)
	}
	return fs, nil
}

// Cancel ends a run after the slice that is under way; what was done stays, and can be undone. One that is over stays as it is.
func (s *Service) Cancel(ctx context.Context, user desk.UserID, id desk.BulkID) (Run, error) {
	var r Run
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if r, err = s.get(ctx, tx, user, id, tx.ForUpdate()); err != nil || r.Over() {
			return err
		}
		r.State, r.Finished = Cancelled, s.Clock.Ms()
		if err := s.save(ctx, tx, r); err != nil {
			return err
		}
		return s.tell(ctx, tx, &r, true)
	})
	if err != nil {
		return r, err
	}
	return s.Get(ctx, user, id)
}

// save writes what moves of a run.
func (s *Service) save(ctx context.Context, tx *db.Tx, r Run) error {
	collect := ""
	if r.collect != 0 {
		collect = r.collect.String()
	}
	_, err := tx.Exec(ctx, `UPDATE bulk_runs SET state = $1, position = $2, collect = $3, total = $4, done = $5, same = $6, failed = $7, error = $8, undone_by = $9, finished_at = $10 WHERE id = $11`,
		r.State, r.position, collect, r.Total, r.Done, r.Same, r.Failed, r.Error, r.UndoneBy, r.Finished, r.ID)
	if err != nil {
		return fmt.Errorf("bulk: save: %w", err)
	}
	return nil
}

// tellEvery bounds how often the progress of a run is told.
const tellEvery = time.Second

// tell records how far a run is, at most once a second and at its end.
func (s *Service) tell(ctx context.Context, tx *db.Tx, r *Run, now bool) error {
	at := s.Clock.Ms()
	if !now && at >= r.toldAt && at < r.toldAt.Add(tellEvery) {
		return nil
	}
	r.toldAt = at
	if _, err := tx.Exec(ctx, "UPDATE bulk_runs SET told_at = $1 WHERE id = $2", at, r.ID); err != nil {
		return fmt.Errorf("bulk: tell: %w", err)
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvBulkProgressed, Actor: r.actor, UserID: r.UserID, Data: event.Data(map[string]any{
		"id": r.ID, "state": r.State, "action": r.Action.Type, "total": r.Total, "done": r.Done, "same": r.Same, "failed": r.Failed, "undo_of": r.UndoOf,
	})})
	return err
}

// Prune forgets runs that ended long ago, with their tickets, a few at a time.
func (s *Service) Prune(ctx context.Context) error {
	if s.Keep <= 0 {
		return nil
	}
	for ctx.Err() == nil {
		ids, err := db.All(ctx, s.DB, db.Column[desk.BulkID], "SELECT id FROM bulk_runs WHERE finished_at > 0 AND finished_at < $1 ORDER BY id LIMIT 20", s.Clock.Ms().Add(-s.Keep))
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := s.forget(ctx, id); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func (s *Service) forget(ctx context.Context, id desk.BulkID) error {
	for ctx.Err() == nil {
		var n int64
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			if n, err = tx.Exec(ctx, "DELETE FROM bulk_items WHERE run_id = $1 AND position IN (SELECT position FROM bulk_items WHERE run_id = $1 ORDER BY position LIMIT 2000)", id); err != nil || n > 0 {
				return err
			}
			_, err = tx.Exec(ctx, "DELETE FROM bulk_runs WHERE id = $1", id)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
	return ctx.Err()
}

// Changes of one ticket: field to [before, after], as JSON.
type Changes map[string][2]json.RawMessage
