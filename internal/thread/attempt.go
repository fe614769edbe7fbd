package thread

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Attempt is one try at sending a message: the delivery ledger's past. MarkedAt is written before the irrevocable byte; marked and
// not settled means that it may have gone out.
type Attempt struct {
	ID         int64          `json:"-"`
	MessageID  desk.MessageID `json:"message_id"`
	Number     int            `json:"number"`
	JobID      desk.JobID     `json:"-"`
	Fence      int64          `json:"-"`
	Recipients []string       `json:"recipients"`
	StartedAt  desk.Time      `json:"started_at"`
	MarkedAt   desk.Time      `json:"marked_at"`
	SettledAt  desk.Time      `json:"settled_at"`
	Outcome    string         `json:"outcome"`
	Detail     string         `json:"detail"`
}

const attemptColumns = "id, message_id, number, job_id, fence, recipients, started_at, marked_at, settled_at, outcome, detail"

func scanAttempt(s db.Scanner) (a Attempt, err error) {
	a.Recipients = []string{}
	err = s.Scan(&a.ID, &a.MessageID, &a.Number, &a.JobID, &a.Fence, db.ScanJSON(&a.Recipients), &a.StartedAt, &a.MarkedAt, &a.SettledAt, &a.Outcome, &a.Detail)
	return a, err
}

// BeginAttempt opens the next attempt at a message, for the job that makes it, and puts its waiting recipients on sending.
func (s *Service) BeginAttempt(ctx context.Context, tx *db.Tx, id desk.MessageID, job desk.JobID, fence int64, recipients []string) (Attempt, error) {
	all, err := s.lockDeliveries(ctx, tx, id)
	if err != nil {
		return Attempt{}, err
	}
	a := Attempt{ID: tx.NewID(), MessageID: id, JobID: job, Fence: fence, Recipients: distinct(recipients), StartedAt: s.clk.Ms()}
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) + 1 FROM attempts WHERE message_id = $1", id).Scan(&a.Number); err != nil {
		return a, fmt.Errorf("thread: begin attempt: %w", err)
	}
	_, err = tx.Exec(ctx, "INSERT INTO attempts (id, message_id, number, job_id, fence, recipients, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		a.ID, a.MessageID, a.Number, a.JobID, a.Fence, db.JSON(a.Recipients), a.StartedAt)
	if err != nil {
		return a, fmt.Errorf("thread: begin attempt: %w", err)
	}
	for i, d := range all {
		for _, r := range a.Recipients {
			if r == d.Recipient && (d.State == desk.StatusQueued || d.State == desk.StatusSending) {
				all[i].State, all[i].Attempt = desk.StatusSending, a.Number
				if err := s.writeDelivery(ctx, tx, all[i]); err != nil {
					return a, err
				}
			}
		}
	}
	_, err = s.settleMessage(ctx, tx, id, all)
	return a, err
}

// MarkAttempt writes, before the irrevocable byte, that an attempt may now reach the recipients given. It refuses (Conflict) an attempt that
// is settled, or that a later one has replaced. The caller checks the job's lease in the same transaction.
func (s *Service) MarkAttempt(ctx context.Context, tx *db.Tx, attempt int64, recipients []string) error {
	a, err := s.lockAttempt(ctx, tx, attempt)
	if err != nil {
		return err
	}
	var later int
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM attempts WHERE message_id = $1 AND number > $2", a.MessageID, a.Number).Scan(&later); err != nil {
		return fmt.Errorf("thread: mark attempt: %w", err)
	}
	if later > 0 || a.SettledAt != 0 {
		return desk.Errorf(desk.Conflict, "attempt.superseded", "This attempt at sending was given up.")
	}
	if len(recipients) > 0 {
		a.Recipients = distinct(recipients)
	}
	_, err = tx.Exec(ctx, "UPDATE attempts SET marked_at = $1, recipients = $2 WHERE id = $3", s.clk.Ms(), db.JSON(a.Recipients), a.ID)
	if err != nil {
		return fmt.Errorf("thread: mark attempt: %w", err)
	}
	return nil
}

func (s *Service) lockAttempt(ctx context.Context, tx *db.Tx, id int64) (Attempt, error) {
	var message desk.MessageID
	err := tx.QueryRow(ctx, "SELECT message_id FROM attempts WHERE id = $1", id).Scan(&message)
	if errors.Is(err, sql.ErrNoRows) {
		return Attempt{}, desk.Errorf(desk.NotFound, "attempt.not_found", "There is no such attempt.")
	}
	if err == nil {
		var one int
		err = tx.QueryRow(ctx, "SELECT 1 FROM messages WHERE id = $1"+tx.ForUpdate(), message).Scan(&one)
	}
	if err != nil {
		return Attempt{}, fmt.Errorf("thread: attempt: %w", orNotFound(err))
	}
	return db.One(ctx, tx, scanAttempt, "SELECT "+attemptColumns+" FROM attempts WHERE id = $1", id)
}

// SettleAttempt closes an attempt with its outcome (sent, retry, failed, uncertain, reconnect …) and the provider's answer. Settling twice
// keeps the first outcome and reports false.
func (s *Service) SettleAttempt(ctx context.Context, tx *db.Tx, attempt int64, outcome, detail string) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE attempts SET settled_at = $1, outcome = $2, detail = $3 WHERE id = $4 AND settled_at = 0", s.clk.Ms(), outcome, clip(detail, 4000), attempt)
	if err != nil {
		return false, fmt.Errorf("thread: settle attempt: %w", err)
	}
	return n == 1, nil
}

// OutstandingAttempts returns attempts of a message that are not settled, oldest first; for message 0, every marked and unsettled attempt
// begun before the time given: what may have gone out when its worker died.
func (s *Service) OutstandingAttempts(ctx context.Context, q db.Queryer, id desk.MessageID, before desk.Time) ([]Attempt, error) {
	if id != 0 {
		return db.All(ctx, q, scanAttempt, "SELECT "+attemptColumns+" FROM attempts WHERE message_id = $1 AND settled_at = 0 ORDER BY id", id)
	}
	return db.All(ctx, q, scanAttempt, "SELECT "+attemptColumns+" FROM attempts WHERE marked_at > 0 AND settled_at = 0 AND marked_at <= $1 ORDER BY id LIMIT 500", before)
}

// Attempts returns every attempt at a message, oldest first.
func (s *Service) Attempts(ctx context.Context, q db.Queryer, id desk.MessageID) ([]Attempt, error) {
	return db.All(ctx, q, scanAttempt, "SELECT "+attemptColumns+" FROM attempts WHERE message_id = $1 ORDER BY id", id)
}
