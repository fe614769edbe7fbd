package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/kanalhq/kanal/internal/desk"
)

// grouper is SQLite's only writer: it gathers callers that wait into one transaction, each under its own savepoint,
// and answers them after the commit. A caller that fails is undone alone; trouble of the machine undoes the whole
// group and everybody in it runs again, alone.
type grouper struct {
	db      *DB
	conn    *sql.Conn
	queue   chan *writeCall
	checks  chan chan struct{}
	quit    chan struct{}
	once    sync.Once
	stmts   map[string]*sql.Stmt
	commits atomic.Int64
}

type writeCall struct {
	ctx  context.Context
	fn   func(ctx context.Context, tx *Tx) error
	done chan error
	tx   *Tx
	err  error
}

const maxWriterStatements = 600

func newGrouper(d *DB, conn *sql.Conn) *grouper {
	return &grouper{
		db: d, conn: conn, queue: make(chan *writeCall), checks: make(chan chan struct{}),
		quit: make(chan struct{}), stmts: map[string]*sql.Stmt{},
	}
}

func (g *grouper) close() { g.once.Do(func() { close(g.quit) }) }

var errClosed = desk.Errorf(desk.Unavailable, "db.closed", "The server is stopping. Try again in a moment.")

func (g *grouper) write(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	c := &writeCall{ctx: ctx, fn: fn, done: make(chan error, 1)}
	select {
	case g.queue <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.quit:
		return errClosed
	}
	return <-c.done // once taken, it is answered: a running transaction is never interrupted
}

func (g *grouper) checkpoint() {
	ack := make(chan struct{})
	select {
	case g.checks <- ack:
		<-ack
	case <-g.quit:
	}
}

func (g *grouper) loop() {
	limit := g.db.opt.GroupMax
	if limit == 0 {
		limit = 128
	}
	defer func() {
		for _, st := range g.stmts {
			st.Close()
		}
		g.conn.Close()
	}()
	for {
		var group []*writeCall
		select {
		case <-g.quit:
			return
		case ack := <-g.checks:
			_, _ = g.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)")
			close(ack)
			continue
		case c := <-g.queue:
			group = append(group, c)
		}
	gather:
		for len(group) < limit {
			select {
			case c := <-g.queue:
				group = append(group, c)
			default:
				break gather
			}
		}
		g.commit(group)
	}
}

// commit runs a group. When the machine failed, callers run again one by one, up to three times each.
func (g *grouper) commit(group []*writeCall) {
	if g.attempt(group) {
		for _, c := range group {
			c.done <- c.err
		}
		return
	}
	for _, c := range group {
		for try := 0; try < 3 && !g.attempt([]*writeCall{c}); try++ {
			g.db.log.Warn("write group failed; running it again", "err", c.err, "try", try+1)
		}
		if c.err != nil && IsMachine(c.err) {
			c.err = unavailable(c.err)
		}
		c.done <- c.err
	}
}

// attempt returns false when the transaction as a whole was lost.
func (g *grouper) attempt(group []*writeCall) bool {
	ctx := context.Background()
	fail := func(err error) bool {
		_, _ = g.conn.ExecContext(ctx, "ROLLBACK")
		for _, c := range group {
			c.err = err
		}
		return false
	}
	if _, err := g.exec(ctx, "BEGIN IMMEDIATE", nil); err != nil {
		return fail(machineError{err})
	}
	for _, c := range group {
		if c.err = c.ctx.Err(); c.err != nil {
			continue // gone before its turn
		}
		c.tx = &Tx{db: g.db, run: g, ctx: c.ctx}
		inner := desk.MarkTx(context.WithoutCancel(c.ctx))
		if _, err := g.exec(ctx, "SAVEPOINT kanal_call", nil); err != nil {
			return fail(machineError{err})
		}
		c.err = protect(func() error { return c.fn(inner, c.tx) })
		if c.err != nil {
			if IsMachine(c.err) {
				return fail(c.err)
			}
			if _, err := g.exec(ctx, "ROLLBACK TO SAVEPOINT kanal_call", nil); err != nil {
				return fail(machineError{err})
			}
		}
		if _, err := g.exec(ctx, "RELEASE SAVEPOINT kanal_call", nil); err != nil {
			return fail(machineError{err})
		}
	}
	if _, err := g.exec(ctx, "COMMIT", nil); err != nil {
		return fail(machineError{err})
	}
	g.commits.Add(1)
	for _, c := range group {
		if c.err == nil && c.tx != nil {
			c.tx.committed()
		}
	}
	return true
}

// statement prepares once on the writer connection.
func (g *grouper) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := g.stmts[query]; ok {
		return st, nil
	}
	st, err := g.conn.PrepareContext(context.WithoutCancel(ctx), g.db.text(query))
	if err != nil {
		return nil, err
	}
	if len(g.stmts) >= maxWriterStatements {
		for k, old := range g.stmts { // built SQL has many forms: forget an arbitrary one
			old.Close()
			delete(g.stmts, k)
			break
		}
	}
	g.stmts[query] = st
	return st, nil
}

func (g *grouper) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	st, err := g.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

func (g *grouper) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	st, err := g.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (g *grouper) queryRow(ctx context.Context, query string, args []any) *sql.Row {
	st, err := g.statement(ctx, query)
	if err != nil {
		return g.conn.QueryRowContext(ctx, g.db.text(query), args...) // gives the same error from Scan
	}
	return st.QueryRowContext(ctx, args...)
}

// protect turns a panic of one caller into its own error, so that it cannot take the writer down.
func protect(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("db: panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return fn()
}

// machineError marks an error as the machine's fault.
type machineError struct{ err error }

func (e machineError) Error() string { return e.err.Error() }
func (e machineError) Unwrap() error { return e.err }

func unavailable(err error) error {
	var e *desk.Error
	if errors.As(err, &e) && e.Code == desk.Unavailable {
		return err
	}
	return desk.Errorf(desk.Unavailable, "db.unavailable", "%s", sentence(err)).Because(err)
}
