package bulk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/view"
)

const (
	collectSlice = 1000 // tickets written down a transaction
	keepRows     = 250  // of one statement
	maxTries     = 100
	heavySlice   = 10
)

// keepSQL is the statement for n rows; only the last of a selection has another n than keepRows.
func keepSQL(n int) string {
	if n == keepRows {
		return keepFull
	}
	return keepText(n)
}

var keepFull = keepText(keepRows)

func keepText(n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO bulk_items (run_id, position, ticket_id) VALUES ")
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "($1, $%d, $%d)", 2*i+2, 2*i+3)
	}
	return b.String()
}

// work does a run from wherever it is. It is fenced by its job: every slice holds it, so that of two workers who both think they have it only one writes.
func (s *Service) work(ctx context.Context, j *job.Job) error {
	var p struct {
		ID desk.BulkID `json:"id"`
	}
	if err := j.Decode(&p); err != nil {
		return err
	}
	for {
		r, err := db.One(ctx, s.DB, scanRun, "SELECT "+runColumns+" FROM bulk_runs WHERE id = $1", p.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // forgotten
		}
		if err == nil && r.Over() {
			return nil
		}
		if err == nil {
			err = s.step(ctx, j, r)
		}
		if err != nil {
			return s.trouble(ctx, j, p.ID, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// trouble tries again soon; a run whose trouble does not go away is ended, and says so.
func (s *Service) trouble(ctx context.Context, j *job.Job, id desk.BulkID, err error) error {
	if ctx.Err() != nil || errors.Is(err, job.ErrLost) {
		return err
	}
	if db.IsMachine(err) && j.Attempt < maxTries {
		return job.Retry(min(time.Duration(j.Attempt)*time.Second, 30*time.Second), err)
	}
	s.Log.Error("a bulk action ended early", "bulk_id", id, "err", err)
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := j.Held(ctx, tx); err != nil {
			return err
		}
		r, got := db.One(ctx, tx, scanRun, "SELECT "+runColumns+" FROM bulk_runs WHERE id = $1"+tx.ForUpdate(), id)
		if got != nil || r.Over() {
			return got
		}
		r.State, r.Finished, r.Error = Failed, s.Clock.Ms(), "The action ended early because of trouble on the server. What was done stays; repeat it for the rest."
		if e := (*desk.Error)(nil); errors.As(err, &e) && e.Public != "" {
			r.Error = e.Public
		}
		if err := s.save(ctx, tx, r); err != nil {
			return err
		}
		return s.tell(ctx, tx, &r, true)
	})
}

// step does the next slice.
func (s *Service) step(ctx context.Context, j *job.Job, r Run) error {
	v, err := s.viewer(ctx, r)
	if err != nil {
		return err
	}
	if r.State == Collecting {
		return s.gather(ctx, j, r, v)
	}
	return s.slice(ctx, j, r, v)
}

// viewer is who asked, as they are now: rights that were taken away since count at once. A token's run has no more than the token had.
func (s *Service) viewer(ctx context.Context, r Run) (access.Viewer, error) {
	v, err := s.Access.ViewerFor(ctx, r.UserID)
	if err != nil {
		return v, err
	}
	v.Actor, v.Scopes = r.actor, r.selection.Scopes
	return v, nil
}

// gather writes down the next tickets of a view. Those that came after the start are left out, so that it ends.
func (s *Service) gather(ctx context.Context, j *job.Job, r Run, v access.Viewer) error {
	ask, err := r.selection.ask()
	if err != nil {
		return err
	}
	ids, err := s.View.Select(ctx, view.SightOf(v), ask, r.collect, collectSlice)
	if err != nil {
		return err
	}
	last := len(ids) < collectSlice
	for i, id := range ids {
		if int64(id) > int64(r.ID) {
			ids, last = ids[:i], true
			break
		}
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := s.hold(ctx, tx, j, r)
		if err != nil || now.Over() {
			return err
		}
		if err := s.keep(ctx, tx, now.ID, now.Total, ids); err != nil {
			return err
		}
		now.Total += len(ids)
		if len(ids) > 0 {
			now.collect = ids[len(ids)-1]
		}
		if last {
			now.State = Running
		}
		if err := s.save(ctx, tx, now); err != nil {
			return err
		}
		return s.tell(ctx, tx, &now, false)
	})
}

// hold locks job and run and makes sure that the run is where the slice begins.
func (s *Service) hold(ctx context.Context, tx *db.Tx, j *job.Job, r Run) (Run, error) {
	if err := j.Held(ctx, tx); err != nil {
		return r, err
	}
	now, err := db.One(ctx, tx, scanRun, "SELECT "+runColumns+" FROM bulk_runs WHERE id = $1"+tx.ForUpdate(), r.ID)
	if err == nil && !now.Over() && (now.position != r.position || now.collect != r.collect || now.State != r.State) {
		err = job.ErrLost
	}
	return now, err
}

type item struct {
	position int
	ticket   desk.TicketID
	changes  Changes // undo: what is to be undone
}

// slice does the next tickets and says how far it came, in one transaction.
func (s *Service) slice(ctx context.Context, j *job.Job, r Run, v access.Viewer) error {
	n := s.Slice
	if r.Action.heavy() {
		n = min(n, heavySlice)
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := s.hold(ctx, tx, j, r)
		if err != nil || now.Over() {
			return err
		}
		items, err := db.All(ctx, tx, func(r db.Scanner) (i item, err error) {
			err = r.Scan(&i.position, &i.ticket, db.ScanJSON(&i.changes))
			return i, err
		}, "SELECT position, ticket_id, changes FROM bulk_items WHERE run_id = $1 AND position > $2 ORDER BY position LIMIT $3", now.ID, now.position, n)
		if err != nil {
			return fmt.Errorf("bulk: slice: %w", err)
		}
		for _, it := range items {
			if err := s.apply(ctx, tx, v, &now, it); err != nil {
				return err
			}
			now.position = it.position
		}
		if len(items) < n {
			now.State, now.Finished = Done, s.Clock.Ms()
		}
		if err := s.save(ctx, tx, now); err != nil {
			return err
		}
		return s.tell(ctx, tx, &now, now.Over())
	})
}

// apply does one ticket under a savepoint and notes what became of it. Only trouble of the machine is an error.
func (s *Service) apply(ctx context.Context, tx *db.Tx, v access.Viewer, r *Run, it item) error {
	var changes Changes
	err := tx.Savepoint(ctx, func(ctx context.Context) (err error) {
		if r.UndoOf != 0 {
			changes, err = s.back(ctx, tx, v, *r, it.ticket, it.changes)
		} else {
			changes, err = s.one(ctx, tx, v, *r, it.ticket)
		}
		return err
	})
	state, reason, sentence := "done", "", ""
	switch {
	case db.IsMachine(err):
		return err
	case err != nil:
		r.Failed++
		state, reason, sentence = "failed", desk.ReasonOf(err), desk.PublicOf(err)
		if reason == "" { // no refusal, but a fault
			s.Log.Error("a ticket of a bulk action failed", "bulk_id", r.ID, "ticket_id", it.ticket, "err", err)
			reason, sentence = "internal", "Something went wrong with this ticket. The log of the server says more."
		}
		changes = nil
	case len(changes) == 0:
		r.Same++
		state = "same"
	default:
		r.Done++
	}
	text := ""
	if len(changes) > 0 && r.UndoOf == 0 {
		b, err := json.Marshal(changes)
		if err != nil {
			return err
		}
		text = string(b)
	}
	if _, err := tx.Exec(ctx, "UPDATE bulk_items SET state = $1, reason = $2, sentence = $3, changes = $4 WHERE run_id = $5 AND position = $6", state, reason, sentence, text, r.ID, it.position); err != nil {
		return fmt.Errorf("bulk: note: %w", err)
	}
	return nil
}

// Undo begins a run that undoes what another did, ticket by ticket.
func (s *Service) Undo(ctx context.Context, v access.Viewer, id desk.BulkID) (Run, error) {
	var r Run
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		was, err := s.get(ctx, tx, v.User.ID, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		switch {
		case was.UndoneBy != 0:
			r, err = s.get(ctx, tx, v.User.ID, was.UndoneBy, "")
			return err // asked twice
		case !was.Over():
			return desk.Errorf(desk.Conflict, "bulk.still_running", "This is still being done. Cancel it first.")
		case !was.Action.undoable():
			return desk.Errorf(desk.Conflict, "bulk.for_good", "What was deleted for good does not come back.")
		case was.UndoOf != 0:
			return desk.Errorf(desk.Conflict, "bulk.is_undo", "This undid something else. Do that again instead.")
		}
		r = Run{ID: desk.BulkID(tx.NewID()), UserID: v.User.ID, Action: was.Action, State: Running, UndoOf: was.ID, Total: was.Done, CreatedAt: s.Clock.Ms(), actor: v.Actor, selection: Selection{Scopes: v.Scopes}}
		if err := s.insert(ctx, tx, r); err != nil {
			return err
		}
		// The last that was done is undone first: what depends on another comes back in turn.
		_, err = tx.Exec(ctx, `INSERT INTO bulk_items (run_id, position, ticket_id, changes)
			SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT) + 1 - position, ticket_id, changes FROM bulk_items WHERE run_id = $3 AND state = 'done'`, r.ID, was.Total, was.ID)
		if err != nil {
			return fmt.Errorf("bulk: undo: %w", err)
		}
		was.UndoneBy = r.ID
		if err := s.save(ctx, tx, was); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, r)
	})
	return r, err
}
