// Package db opens the installation's database, SQLite or PostgreSQL, and runs read and write
// transactions on it from one SQL text: $1 placeholders, integer milliseconds, 0/1 booleans, JSON as
// text, no NULL where 0 or ” says "none". It owns the migrations and the making of ids. It knows no
// noun: the packages that own tables call it.
//
// Write gathers concurrent callers into one transaction on SQLite (group commit, a savepoint each) and is
// an ordinary transaction with retry on PostgreSQL. Its callback may run more than once and must have no
// side effects outside the database; Tx.AfterCommit is for those.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Dialect is which database this is. Ask only where the SQL must differ: search, claiming work.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options say where the database is.
type Options struct {
	Path string // SQLite file; ignored when URL is set
	URL  string // postgres://…
	// Unsafe turns off SQLite's fsync: for tests only.
	Unsafe bool
	// Readers is the size of the read pool; 0 means about the number of cores (SQLite) or 8 (PostgreSQL).
	Readers int
	// Writers is the number of PostgreSQL write connections; 0 means 16.
	Writers int
	// NodeLease is how long a node of PostgreSQL may be unheard of before another takes its number; 0 means a minute.
	NodeLease time.Duration
	// GroupMax bounds how many callers share one SQLite commit; 0 means 128.
	GroupMax int
	// CopyTarget lets a database be opened whose copy was cut off, to copy into it again.
	CopyTarget bool
	Log        *slog.Logger
}

// DB is an open database. Safe for concurrent use.
type DB struct {
	dialect Dialect
	opt     Options
	log     *slog.Logger
	write   *sql.DB // SQLite: one connection
	read    *sql.DB
	group   *grouper // SQLite only
	stmts   stmtCache
	ids     idMaker
	stop    context.CancelFunc
	done    sync.WaitGroup
	closed  atomic.Bool
	trace   atomic.Pointer[func(Statement)]
}

// Open connects, migrates to this binary's schema and leases an id node. It refuses a database that a newer binary has migrated.
func Open(ctx context.Context, opt Options) (*DB, error) {
	d, err := Connect(ctx, opt)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		d.Close()
		return nil, err
	}
	if unfinished, err := d.Unfinished(ctx); err != nil || unfinished && !opt.CopyTarget {
		d.Close()
		if err == nil {
			err = desk.Errorf(desk.Conflict, "db.copy_unfinished", "A copy into this database was cut off, so it is not whole. Run `kanal db copy` again, or start with the database it came from.")
		}
		return nil, err
	}
	if err := d.lease(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Connect opens the database as it is, without migrating.
func Connect(ctx context.Context, opt Options) (*DB, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	d := &DB{opt: opt, log: opt.Log}
	var background context.Context
	background, d.stop = context.WithCancel(context.Background())
	var err error
	if opt.URL != "" {
		err = d.openPostgres(ctx)
	} else {
		err = d.openSQLite(ctx, background)
	}
	if err != nil {
		d.stop()
		return nil, err
	}
	return d, nil
}

// Dialect says which database this is.
func (d *DB) Dialect() Dialect { return d.dialect }

// URL is the address of a PostgreSQL database, with its password; "" for SQLite.
func (d *DB) URL() string { return d.opt.URL }

// Close ends the background work, waits for running writes and closes the pools.
func (d *DB) Close() error {
	if !d.closed.CompareAndSwap(false, true) {
		return nil
	}
	d.releaseNode()
	d.stop()
	if d.group != nil {
		d.group.close()
	}
	d.done.Wait()
	d.stmts.close()
	var errs []error
	if d.read != nil && d.read != d.write {
		errs = append(errs, d.read.Close())
	}
	if d.write != nil {
		errs = append(errs, d.write.Close())
	}
	return errors.Join(errs...)
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	if err := d.QueryRow(ctx, "SELECT 1").Scan(&one); err != nil {
		return unavailable(err)
	}
	return nil
}

// Queryer reads: a DB outside, a Tx inside a write transaction. Noun packages take it, so that one query serves both.
type Queryer interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
	Dialect() Dialect
}

var (
	_ Queryer = (*DB)(nil)
	_ Queryer = (*Tx)(nil)
)

// Query reads from the read pool; it never waits for writers.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	d.traced(nil, true, query, args)
	if st := d.stmts.get(ctx, query); st != nil {
		rows, err := st.QueryContext(ctx, bind(args)...)
		return rows, err
	}
	return d.read.QueryContext(ctx, d.text(query), bind(args)...)
}

// QueryRow reads one row from the read pool. Scan gives sql.ErrNoRows when there is none.
func (d *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	d.traced(nil, true, query, args)
	if st := d.stmts.get(ctx, query); st != nil {
		return st.QueryRowContext(ctx, bind(args)...)
	}
	return d.read.QueryRowContext(ctx, d.text(query), bind(args)...)
}

// Write runs fn in a write transaction; nil means committed and durable. fn may run more than once.
// An error of fn rolls its changes back and is returned; trouble of the machine is desk.Unavailable.
func (d *DB) Write(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if desk.InTx(ctx) {
		return errors.New("db: Write inside a write transaction: pass the Tx on")
	}
	if d.closed.Load() {
		return desk.Errorf(desk.Unavailable, "db.closed", "The server is stopping. Try again in a moment.")
	}
	if err := d.ids.err(); err != nil {
		return err
	}
	if d.dialect == SQLite {
		return d.group.write(ctx, fn)
	}
	return d.writePostgres(ctx, fn)
}

// Tx is a running write transaction.
type Tx struct {
	db    *DB
	run   runner
	ctx   context.Context
	after []func()
	depth int
}

// runner executes statements: a cached statement on SQLite's writer connection, or a PostgreSQL transaction.
type runner interface {
	exec(ctx context.Context, query string, args []any) (sql.Result, error)
	query(ctx context.Context, query string, args []any) (*sql.Rows, error)
	queryRow(ctx context.Context, query string, args []any) *sql.Row
}

// Dialect says which database this is.
func (t *Tx) Dialect() Dialect { return t.db.dialect }

// NewID names a row before it is written.
func (t *Tx) NewID() int64 { return t.db.NewID() }

// Exec runs a statement and returns the number of rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	t.db.traced(t, false, query, args)
	res, err := t.run.exec(ctx, query, bind(args))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query reads inside the transaction. Close the rows before the next statement.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	t.db.traced(t, true, query, args)
	return t.run.query(ctx, query, bind(args))
}

// QueryRow reads one row inside the transaction.
func (t *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	t.db.traced(t, true, query, args)
	return t.run.queryRow(ctx, query, bind(args))
}

// AfterCommit runs fn once the transaction is durable, before Write returns. Hooks of a rolled-back savepoint or attempt are dropped. A
// hook must be quick, may not fail and may not call Write: on SQLite the writer itself runs it, so wake somebody and return.
func (t *Tx) AfterCommit(fn func()) { t.after = append(t.after, fn) }

// committed runs the hooks; what is committed stays committed whatever a hook does.
func (t *Tx) committed() {
	for _, f := range t.after {
		if err := protect(func() error { f(); return nil }); err != nil {
			t.db.log.Error("a hook after a commit failed", "err", err)
		}
	}
}

// Savepoint runs fn so that its failure undoes only what fn did; the error is returned and the
// transaction goes on. Trouble of the machine (IsMachine) must be passed on by the caller, not swallowed.
func (t *Tx) Savepoint(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	t.depth++
	name := fmt.Sprintf("kanal_%d", t.depth)
	defer func() { t.depth-- }()
	t.db.traced(t, false, "SAVEPOINT "+name, nil)
	if _, err := t.run.exec(ctx, "SAVEPOINT "+name, nil); err != nil {
		return err
	}
	hooks := len(t.after)
	err = protect(func() error { return fn(ctx) })
	if err != nil {
		t.after = t.after[:hooks]
		if IsMachine(err) {
			return err
		}
		if _, e := t.run.exec(ctx, "ROLLBACK TO SAVEPOINT "+name, nil); e != nil {
			return errors.Join(err, e)
		}
	}
	t.db.traced(t, false, "RELEASE SAVEPOINT "+name, nil)
	if _, e := t.run.exec(ctx, "RELEASE SAVEPOINT "+name, nil); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// ForUpdate is the clause that locks the rows a SELECT reads: PostgreSQL needs it, SQLite has one writer anyway.
func (t *Tx) ForUpdate() string {
	if t.db.dialect == Postgres {
		return " FOR UPDATE"
	}
	return ""
}
