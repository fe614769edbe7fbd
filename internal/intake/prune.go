package intake

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/db"
)

// Prune removes originals older than the installation keeps them, a few at a time, and uploads that nobody sent. What was filed stays; an
// entry that is set aside keeps its original, so that it can still be replayed.
func (s *Service) Prune(ctx context.Context) error {
	orphans := s.Orphans
	if orphans <= 0 {
		orphans = 24 * time.Hour
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := s.Threads.ForgetUploads(ctx, tx, s.Clock.Ms().Add(-orphans))
		return err
	})
	if err != nil || s.RawKeep <= 0 {
		return wrap("prune", err)
	}
	for ctx.Err() == nil {
		var n int64
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = tx.Exec(ctx, `UPDATE inbound_raw SET body = $1, blob = '' WHERE id IN (
				SELECT id FROM inbound_raw WHERE at < $2 AND state <> 'set_aside' AND (blob <> '' OR LENGTH(body) > 0) ORDER BY id LIMIT 500)`, []byte{}, s.Clock.Ms().Add(-s.RawKeep))
			return err
		})
		if err != nil || n == 0 {
			return wrap("prune", err)
		}
	}
	return ctx.Err()
}
