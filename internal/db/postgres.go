package db

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/kanalhq/kanal/internal/desk"
)

func (d *DB) openPostgres(ctx context.Context) error {
	d.dialect = Postgres
	conf, err := pgx.ParseConfig(d.opt.URL)
	if err != nil {
		return desk.Errorf(desk.Invalid, "db.url", "The database URL cannot be read: it looks like postgres://user:password@host:5432/name.").Because(err)
	}
	if conf.RuntimeParams["application_name"] == "" {
		conf.RuntimeParams["application_name"] = "kanal"
	}
	writers, readers := d.opt.Writers, d.opt.Readers
	if writers == 0 {
		writers = 16
	}
	if readers == 0 {
		readers = 8
	}
	guard := stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error { return dieSoon(ctx, conn, d.opt.URL) })
	d.write = stdlib.OpenDB(*conf, guard)
	d.write.SetMaxOpenConns(writers)
	d.write.SetMaxIdleConns(writers)
	d.read = stdlib.OpenDB(*conf, guard)
	d.read.SetMaxOpenConns(readers)
	d.read.SetMaxIdleConns(readers)
	if err := d.write.PingContext(ctx); err != nil {
		return unavailable(fmt.Errorf("db: connect to PostgreSQL: %w", err))
	}
	return nil
}

// dieSoon lets the server notice within seconds that this machine is gone without a word: what it holds (the election, row locks) is then free
// for the other nodes. A process that is stopped in the middle of a transaction loses that transaction. Parameters in the URL come first.
func dieSoon(ctx context.Context, conn *pgx.Conn, url string) error {
	for _, p := range [][2]string{{"tcp_keepalives_idle", "5"}, {"tcp_keepalives_interval", "2"}, {"tcp_keepalives_count", "3"}, {"idle_in_transaction_session_timeout", "30000"}} {
		if strings.Contains(url, p[0]) {
			continue
		}
		if _, err := conn.Exec(ctx, "SET "+p[0]+" = "+p[1]); err != nil {
			return err
		}
	}
	return nil
}

// pgRunner runs statements in one PostgreSQL transaction; pgx prepares and caches them by text.
type pgRunner struct{ tx *sql.Tx }

func (r pgRunner) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	return r.tx.ExecContext(ctx, query, args...)
}

func (r pgRunner) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return r.tx.QueryContext(ctx, query, args...)
}

func (r pgRunner) queryRow(ctx context.Context, query string, args []any) *sql.Row {
	return r.tx.QueryRowContext(ctx, query, args...)
}

const maxRetries = 12

// writePostgres runs fn under READ COMMITTED; a deadlock or serialisation failure runs it again after a short, growing, random wait.
func (d *DB) writePostgres(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	for try := 0; ; try++ {
		err := d.tryPostgres(ctx, fn)
		if err == nil || !retryable(err) || try == maxRetries {
			if err != nil && IsMachine(err) && ctx.Err() == nil {
				return unavailable(err)
			}
			return err
		}
		wait := time.Duration(rand.Int64N(int64(2*time.Millisecond) << min(try, 7)))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *DB) tryPostgres(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	stx, err := d.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return machineError{err}
	}
	// Statements keep ctx's values but not its end: a caller that goes away mid-way must not leave a half-told story.
	inner := desk.MarkTx(context.WithoutCancel(ctx))
	tx := &Tx{db: d, run: pgRunner{stx}, ctx: ctx}
	if err := protect(func() error { return fn(inner, tx) }); err != nil {
		_ = stx.Rollback()
		return err
	}
	if err := stx.Commit(); err != nil {
		return machineError{fmt.Errorf("db: commit: %w", err)}
	}
	tx.committed()
	return nil
}

// Notify wakes other nodes through PostgreSQL; on SQLite there are none. Never call it inside a write transaction.
func (d *DB) Notify(ctx context.Context, channel, payload string) error {
	if d.dialect != Postgres {
		return nil
	}
	_, err := d.write.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, payload)
	return err
}

// Listen calls fn for each notification until ctx ends, reconnecting by itself; fn("") is called after each
// (re)connection, because something may have been missed. On SQLite it only waits for ctx.
func (d *DB) Listen(ctx context.Context, channel string, fn func(payload string)) {
	if d.dialect != Postgres {
		<-ctx.Done()
		return
	}
	for ctx.Err() == nil {
		if err := d.listenOnce(ctx, channel, fn); err != nil && ctx.Err() == nil {
			d.log.Warn("listen connection lost; connecting again", "channel", channel, "err", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	}
}

func (d *DB) listenOnce(ctx context.Context, channel string, fn func(payload string)) error {
	conn, err := pgx.Connect(ctx, d.opt.URL)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return err
	}
	fn("")
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		fn(n.Payload)
	}
}

// Lead runs fn on one node at a time: here when this node is elected (a session advisory lock on PostgreSQL, always on SQLite). fn's
// context ends when the election is lost; Lead returns when ctx ends.
func (d *DB) Lead(ctx context.Context, name string, fn func(ctx context.Context)) {
	if d.dialect != Postgres {
		fn(ctx)
		return
	}
	for ctx.Err() == nil {
		if err := d.leadOnce(ctx, name, fn); err != nil && ctx.Err() == nil {
			d.log.Warn("election lost", "role", name, "err", err)
		}
		select {
		case <-time.After(2*time.Second + time.Duration(rand.Int64N(int64(time.Second)))):
		case <-ctx.Done():
		}
	}
}

// Alone runs fn while no other node runs one of that name; nodes come one after the other. On SQLite there is one process anyway.
func (d *DB) Alone(ctx context.Context, name string, fn func(ctx context.Context) error) error {
	if d.dialect != Postgres {
		return fn(ctx)
	}
	conn, err := pgx.Connect(ctx, d.opt.URL)
	if err != nil {
		return unavailable(err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // gives the lock back
	if err := dieSoon(ctx, conn, d.opt.URL); err != nil {
		return unavailable(err)
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 5710))", "kanal/"+name); err != nil {
		return unavailable(err)
	}
	return fn(ctx)
}

// pingWithin asks for a sign of life: a server that is gone without a word must not keep us waiting.
func pingWithin(ctx context.Context, conn *pgx.Conn, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return conn.Ping(ctx)
}

func (d *DB) leadOnce(ctx context.Context, name string, fn func(ctx context.Context)) error {
	conn, err := pgx.Connect(ctx, d.opt.URL)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := dieSoon(ctx, conn, d.opt.URL); err != nil {
		return err
	}
	// A process that hangs does not ping, and loses the election; PostgreSQL 13 cannot do this.
	_, _ = conn.Exec(ctx, "SET idle_session_timeout = '10s'")
	var won bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 5710))", "kanal/"+name).Scan(&won); err != nil || !won {
		return err
	}
	term, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); fn(term) }()
	defer func() { cancel(); <-done }()
	for {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(3 * time.Second):
			if err := pingWithin(ctx, conn, 5*time.Second); err != nil {
				return err
			}
		}
	}
}
