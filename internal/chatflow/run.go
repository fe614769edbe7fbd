package chatflow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// The states of a run, beside those that a dialogue ends in.
const (
	Running = "running" // something of it is still to be done
	Waiting = "waiting"
)

// Progress is what is kept of a dialogue: the engine's state, and the effects that are still to be done.
type Progress struct {
	State   State              `json:"state"`
	Pending []Effect           `json:"pending,omitempty"`
	Owed    map[string]string  `json:"owed,omitempty"`   // properties that wait for there to be a contact or a ticket: contact.size, ticket.priority
	Assign  *desk.AssignPolicy `json:"assign,omitempty"` // who is to have it, as a step has said; nil: as the channel assigns
	Told    bool               `json:"told,omitempty"`   // a step has said so: the chatflow's own rule of handing over is not asked
	Job     desk.JobID         `json:"job,omitempty"`    // that goes on with it
	// Language is the widget's when the conversation began: the visitor is spoken to in it to the end.
	Language string `json:"language,omitempty"`
	// Asked is the question that waits: words from before it are no answer to it, however late they get here.
	Asked desk.MessageID `json:"asked,omitempty"`
}

// Run is where the dialogue of one conversation stands. It keeps the version that it began with (CF-23).
type Run struct {
	Thread    desk.ThreadID   `json:"thread_id"`
	Flow      desk.ChatflowID `json:"chatflow_id"`
	Number    int64           `json:"number"`
	Progress  Progress        `json:"progress"`
	Status    string          `json:"status" enum:"running,waiting,handed_over,ended,timed_out,failed"`
	Step      int64           `json:"step"` // how often it has moved: what was computed for another step is not applied
	DueAt     desk.Time       `json:"due_at"`
	CreatedAt desk.Time       `json:"created_at"`
	UpdatedAt desk.Time       `json:"updated_at"`
}

// Over reports whether the dialogue is over, one way or another.
func (r Run) Over() bool { return r.Status != Running && r.Status != Waiting }

const runColumns = "thread_id, chatflow_id, number, state, status, step, due_at, created_at, updated_at"

func scanRun(r db.Scanner) (x Run, err error) {
	err = r.Scan(&x.Thread, &x.Flow, &x.Number, db.ScanJSON(&x.Progress), &x.Status, &x.Step, &x.DueAt, &x.CreatedAt, &x.UpdatedAt)
	return x, err
}

// RunOf returns the dialogue of a conversation; ok is false when it has none.
func (s *Service) RunOf(ctx context.Context, q db.Queryer, th desk.ThreadID) (r Run, ok bool, err error) {
	return s.run(ctx, q, "SELECT "+runColumns+" FROM chatflow_runs WHERE thread_id = $1", th)
}

// LockRun is RunOf with the row held to the end of the transaction.
func (s *Service) LockRun(ctx context.Context, tx *db.Tx, th desk.ThreadID) (r Run, ok bool, err error) {
	return s.run(ctx, tx, "SELECT "+runColumns+" FROM chatflow_runs WHERE thread_id = $1"+tx.ForUpdate(), th)
}

func (s *Service) run(ctx context.Context, q db.Queryer, query string, th desk.ThreadID) (Run, bool, error) {
	r, err := scanRun(q.QueryRow(ctx, query, th))
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("chatflow: run: %w", err)
	}
	return r, true, nil
}

// Begin keeps a new run. It reports false when the conversation has one already.
func (s *Service) Begin(ctx context.Context, tx *db.Tx, r Run) (bool, error) {
	now := s.clk.Ms()
	n, err := tx.Exec(ctx, "INSERT INTO chatflow_runs ("+runColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (thread_id) DO NOTHING",
		r.Thread, r.Flow, r.Number, db.JSON(r.Progress), r.Status, r.Step, r.DueAt, now, now)
	if err != nil {
		return false, fmt.Errorf("chatflow: begin: %w", err)
	}
	return n == 1, nil
}

// Move writes where a run is now, if it still stands at the step that r.Step says, and counts the step. false: somebody else moved it meanwhile, and
// what was computed must not be done.
func (s *Service) Move(ctx context.Context, tx *db.Tx, r *Run) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE chatflow_runs SET chatflow_id = $1, number = $2, state = $3, status = $4, step = step + 1, due_at = $5, updated_at = $6 WHERE thread_id = $7 AND step = $8",
		r.Flow, r.Number, db.JSON(r.Progress), r.Status, r.DueAt, s.clk.Ms(), r.Thread, r.Step)
	if err != nil {
		return false, fmt.Errorf("chatflow: move: %w", err)
	}
	if n == 1 {
		r.Step++
	}
	return n == 1, nil
}

// Forget takes the dialogues of conversations away: what the visitor answered stands in them (CR-14).
func (s *Service) Forget(ctx context.Context, tx *db.Tx, threads []desk.ThreadID) error {
	if len(threads) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, "DELETE FROM chatflow_runs WHERE thread_id IN "+db.IDs(threads)); err != nil {
		return fmt.Errorf("chatflow: forget: %w", err)
	}
	return nil
}
