package keeping

import (
	"context"
	"errors"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/purge"
)

// work does a run from wherever it is.
func (s *Service) work(ctx context.Context, j *job.Job) error {
	var p struct {
		ID desk.BulkID `json:"id"`
	}
	if err := j.Decode(&p); err != nil {
		return err
	}
	told := time.Now() // real time: it only paces what is told
	for ctx.Err() == nil {
		r, err := db.All(ctx, s.DB, scan, "SELECT "+columns+" FROM keeping_runs WHERE id = $1", p.ID)
		if err != nil || len(r) == 0 || r[0].Over() {
			return wrap("work", err)
		}
		if err := s.round(ctx, j, r[0], &told); err != nil {
			return s.trouble(ctx, j, p.ID, err)
		}
	}
	return ctx.Err()
}

// round does the next conversations of the step, or goes on to the next step.
func (s *Service) round(ctx context.Context, j *job.Job, r Run, told *time.Time) error {
	if r.step >= len(r.steps) || r.Threads+r.Failed >= s.Most {
		return s.change(ctx, j, r, func(_ context.Context, _ *db.Tx, r *Run) (bool, error) {
			r.State, r.Ended = Done, s.Clock.Ms()
			return true, nil
		})
	}
	term := r.steps[r.step]
	n := min(slice, s.Most-r.Threads-r.Failed)
	ids, err := s.Purge.Due(ctx, s.DB, term, r.position, n)
	if err != nil {
		return err
	}
	for _, id := range ids {
		tell := time.Since(*told) > tellEach
		if tell {
			*told = time.Now()
		}
		err := s.change(ctx, j, r, func(ctx context.Context, tx *db.Tx, r *Run) (bool, error) {
			r.position = id
			return tell, s.one(ctx, tx, r, id, term)
		})
		if err != nil || ctx.Err() != nil {
			return err
		}
		r.position = id
	}
	if len(ids) == n {
		return nil
	}
	return s.change(ctx, j, r, func(_ context.Context, _ *db.Tx, r *Run) (bool, error) {
		r.step, r.position = r.step+1, 0
		return false, nil
	})
}

// errOver says that somebody ended the run meanwhile.
var errOver = errors.New("keeping: the run is over")

// change moves a run on in one transaction, if it is still where it was, and still this worker's.
func (s *Service) change(ctx context.Context, j *job.Job, was Run, fn func(context.Context, *db.Tx, *Run) (tell bool, err error)) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := j.Held(ctx, tx); err != nil {
			return err
		}
		r, err := s.locked(ctx, tx, was.ID)
		if err != nil {
			return err
		}
		if r.Over() {
			return errOver
		}
		if r.step != was.step || r.position != was.position {
			return job.ErrLost
		}
		tell, err := fn(ctx, tx, &r)
		if err != nil {
			return err
		}
		if err := s.save(ctx, tx, r); err != nil || !tell {
			return err
		}
		return s.tell(ctx, tx, r)
	})
}

// one empties a conversation under a savepoint and notes what became of it. Only trouble of the machine is an error.
func (s *Service) one(ctx context.Context, tx *db.Tx, r *Run, id desk.ThreadID, term purge.Term) error {
	var t purge.Taken
	err := tx.Savepoint(ctx, func(ctx context.Context) (err error) {
		t, err = s.Purge.Empty(ctx, tx, desk.System, id, term)
		return err
	})
	switch code := desk.CodeOf(err); {
	case db.IsMachine(err):
		return err
	case errors.Is(err, purge.ErrHeld):
		r.Held++
	case err != nil && (code == desk.Conflict || code == desk.NotFound): // it changed meanwhile: the next run looks again
	case err != nil:
		r.Failed++
		s.Log.Error("what a term of keeping is over for could not be taken away", "thread_id", id, "err", err)
	default:
		r.Threads, r.Messages, r.Files = r.Threads+t.Threads, r.Messages+t.Messages, r.Files+t.Files
	}
	return nil
}

// trouble tries again soon; a run whose trouble does not go away is ended, and says so.
func (s *Service) trouble(ctx context.Context, j *job.Job, id desk.BulkID, err error) error {
	switch {
	case errors.Is(err, errOver):
		return nil
	case ctx.Err() != nil || errors.Is(err, job.ErrLost):
		return err
	case db.IsMachine(err) && j.Attempt < maxTries:
		return job.Retry(min(time.Duration(j.Attempt)*time.Second, 30*time.Second), err)
	}
	s.Log.Error("a run of keeping ended early", "run_id", id, "err", err)
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := s.locked(ctx, tx, id)
		if err != nil || r.Over() {
			return err
		}
		r.State, r.Ended, r.Error = Failed, s.Clock.Ms(), "The run ended early because of trouble on the server. What was taken away is gone; the next run goes on."
		if err := s.save(ctx, tx, r); err != nil {
			return err
		}
		return s.tell(ctx, tx, r)
	})
}
