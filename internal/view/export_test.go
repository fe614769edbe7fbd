package view

import (
	"context"
	"database/sql"

	"github.com/kanalhq/kanal/internal/db"
)

// Counted is a database that counts what it is asked.
type Counted struct {
	db.Queryer
	N int
}

// Query counts.
func (c *Counted) Query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	c.N++
	return c.Queryer.Query(ctx, text, args...)
}

// QueryRow counts.
func (c *Counted) QueryRow(ctx context.Context, text string, args ...any) *sql.Row {
	c.N++
	return c.Queryer.QueryRow(ctx, text, args...)
}

// On is New over any reader.
func On(q db.Queryer) *Service { return on(q, nil) }

// PageSQL is the statement that reads a page's rows, for a test of its plan.
func (v *Service) PageSQL(ctx context.Context, s Sight, a Ask, cursor string, limit int) (string, []any, error) {
	ready, err := v.ask(ctx, s, a)
	if err == nil {
		err = ready.page(cursor, limit)
	}
	if err != nil {
		return "", nil, err
	}
	return "SELECT " + rowColumns + ready.how.columns() + " FROM tickets t WHERE " + ready.cond.text.String(), ready.cond.args, nil
}
