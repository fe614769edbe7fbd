package event

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/db"
)

const (
	notifyChannel = "kanal_events"
	notifyNew     = "new" // some node committed unnumbered events
	safetyPoll    = time.Second
)

// Run numbers events where this node is elected to (PostgreSQL), and wakes followers for what other nodes did. It
// returns when ctx ends. On SQLite numbers are given in the transaction and Run only waits.
func (l *Log) Run(ctx context.Context) {
	if l.db.Dialect() == db.SQLite {
		<-ctx.Done()
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { l.db.Lead(ctx, "events", l.lead) })
	wg.Go(func() { l.db.Listen(ctx, notifyChannel, l.heard) })
	wg.Go(func() { l.relay(ctx) })
	wg.Wait()
}

// heard is called for each notification, and with "" after each connection, when something may have been missed.
func (l *Log) heard(payload string) {
	switch payload {
	case notifyNew:
		if l.leading.Load() {
			poke(l.pending)
		}
	case "":
		poke(l.pending)
		l.publish()
	default:
		n, err := strconv.ParseInt(payload, 10, 64)
		if err != nil || n > l.last.Swap(max(n, l.last.Load())) {
			l.publish()
		}
	}
}

// relay serves a node that is not elected: it tells the elected one of commits, and looks each second whether a
// notification was lost.
func (l *Log) relay(ctx context.Context) {
	tick := time.NewTicker(safetyPoll)
	defer tick.Stop()
	for {
		pending := l.pending
		if l.leading.Load() {
			pending = nil // lead reads it
		}
		select {
		case <-ctx.Done():
			return
		case <-pending:
			if l.leading.Load() {
				poke(l.pending)
				continue
			}
			if err := l.db.Notify(ctx, notifyChannel, notifyNew); err != nil && ctx.Err() == nil {
				l.log.Warn("events: notify", "err", err)
			}
		case <-tick.C:
			if l.leading.Load() {
				continue
			}
			if n, err := l.Last(ctx); err == nil && n > l.last.Swap(max(n, l.last.Load())) {
				l.publish()
			}
		}
	}
}

// lead numbers until this node is no longer elected.
func (l *Log) lead(ctx context.Context) {
	l.leading.Store(true)
	defer l.leading.Store(false)
	tick := time.NewTicker(safetyPoll)
	defer tick.Stop()
	for {
		for {
			n, last, err := l.number(ctx)
			if err != nil && ctx.Err() == nil {
				l.log.Warn("events: numbering; trying again", "err", err)
			}
			if n > 0 {
				l.last.Store(last)
				l.publish()
				if err := l.db.Notify(ctx, notifyChannel, strconv.FormatInt(last, 10)); err != nil && ctx.Err() == nil {
					l.log.Warn("events: notify", "err", err)
				}
			}
			if n < l.batch || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-l.pending:
		case <-tick.C:
		}
	}
}

// number gives numbers to what is committed and has none, in the order of recording, and returns how many and the last.
//
// Nothing is skipped: a row that commits later is simply numbered later, above everything a reader can have seen. Numbers become
// visible in order, because the advisory lock lets one numberer at a time through, also while an election changes hands; it is
// taken by a statement of its own so that the next one sees what the former holder committed. event_order grows at insertion
// on every node alike, so a transaction's own order holds, and so does that of transactions that waited for each other.
func (l *Log) number(ctx context.Context) (n int, last int64, err error) {
	err = l.db.QueryRow(ctx, "SELECT CASE WHEN EXISTS (SELECT 1 FROM events WHERE seq IS NULL) THEN 1 ELSE 0 END").Scan(&n)
	if err != nil || n == 0 {
		return 0, 0, err
	}
	err = l.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, last = 0, 0
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('kanal/number', 5710))"); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `WITH fresh AS MATERIALIZED (
				SELECT id, ord FROM events WHERE seq IS NULL ORDER BY ord LIMIT $1
			), numbered AS (
				UPDATE events SET seq = f.n FROM (
					SELECT id, (SELECT COALESCE(MAX(seq), 0) FROM events) + ROW_NUMBER() OVER (ORDER BY ord) AS n FROM fresh
				) f WHERE events.id = f.id RETURNING events.seq
			) SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM numbered`, l.batch).Scan(&n, &last)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("event: number: %w", err)
	}
	return n, last, nil
}
