package form

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

func stampKey(stamp string) string {
	sum := sha256.Sum256([]byte(stamp))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// Spent reports whether a stamp was sent before.
func (s *Service) Spent(ctx context.Context, q db.Queryer, stamp string) (bool, error) {
	if stamp == "" {
		return false, nil
	}
	var n int
	if err := q.QueryRow(ctx, `SELECT COUNT(*) FROM form_stamps WHERE stamp = $1`, stampKey(stamp)).Scan(&n); err != nil {
		return false, fmt.Errorf("form: stamp: %w", err)
	}
	return n > 0, nil
}

// Spend notes that a stamp was sent; of two who bring the same one, one is told that it was theirs.
func (s *Service) Spend(ctx context.Context, tx *db.Tx, stamp string) (first bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO form_stamps (stamp, spent_at) VALUES ($1, $2) ON CONFLICT (stamp) DO NOTHING`, stampKey(stamp), s.clk.Ms())
	if err != nil {
		return false, fmt.Errorf("form: stamp: %w", err)
	}
	return n > 0, nil
}

// ForgetStamps takes away what was spent before a time, at which stamps count for nothing any more.
func (s *Service) ForgetStamps(ctx context.Context, tx *db.Tx, before desk.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM form_stamps WHERE spent_at < $1`, before); err != nil {
		return fmt.Errorf("form: stamps: %w", err)
	}
	return nil
}
