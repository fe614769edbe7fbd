package event

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Bookmark is how far a follower has read the log. It lies in a table of the follower's own (name, position), so that it moves in the transaction that acts on
// what was read: an event is acted on once, however many follow and whenever one is killed.
type Bookmark struct {
	log   *Log
	table string
}

// Bookmark is the one in a table, under the name 'events'.
func (l *Log) Bookmark(table string) Bookmark { return Bookmark{l, table} }

// Batch is what stands behind a bookmark.
type Batch struct {
	Events []desk.Event
	More   bool
	from   int64
}

// Next reads up to n events behind the bookmark. What was recorded before the first call is over.
func (b Bookmark) Next(ctx context.Context, n int) (Batch, error) {
	from, err := b.at(ctx)
	if err != nil {
		return Batch{}, fmt.Errorf("event: %s: position: %w", b.table, err)
	}
	evs, err := b.log.After(ctx, from, n)
	return Batch{Events: evs, More: len(evs) == n, from: from}, err
}

func (b Bookmark) at(ctx context.Context) (at int64, err error) {
	query := "SELECT position FROM " + b.table + " WHERE name = 'events'"
	err = b.log.db.QueryRow(ctx, query).Scan(&at)
	if !errors.Is(err, sql.ErrNoRows) {
		return at, err
	}
	err = b.log.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO "+b.table+" (name, position) SELECT 'events', COALESCE(MAX(seq), 0) FROM events WHERE 1 = 1 ON CONFLICT (name) DO NOTHING")
		return err
	})
	if err == nil {
		err = b.log.db.QueryRow(ctx, query).Scan(&at)
	}
	return at, err
}

// Move acts on a batch, which holds events, and puts the bookmark behind it, in one transaction; where somebody else has moved it meanwhile nothing happens.
// The callback may run twice.
func (b Bookmark) Move(ctx context.Context, batch Batch, act func(ctx context.Context, tx *db.Tx) error) error {
	return b.log.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var at int64
		if err := tx.QueryRow(ctx, "SELECT position FROM "+b.table+" WHERE name = 'events'"+tx.ForUpdate()).Scan(&at); err != nil || at != batch.from {
			return err
		}
		if err := act(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE "+b.table+" SET position = $1 WHERE name = 'events'", batch.Events[len(batch.Events)-1].Seq)
		return err
	})
}
