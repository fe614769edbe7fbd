package db

import (
	"context"
	"time"
)

// SleepPastLease makes a node believe that it last reached the database longer ago than its lease lasts, as after the machine slept.
func SleepPastLease(d *DB) {
	d.ids.mu.Lock()
	defer d.ids.mu.Unlock()
	d.ids.held = time.Now().Add(-defaultNodeLease - time.Second)
}

// MigrationsOf are the texts for a dialect, to be changed by a test.
func MigrationsOf(dialect Dialect) (map[string][]byte, error) {
	fs, err := migrationTexts(dialect)
	if err != nil {
		return nil, err
	}
	return fs.(texts), nil
}

// MigrateWith migrates with other texts than the binary's.
var MigrateWith = func(d *DB, t map[string][]byte) error { return d.migrate(context.Background(), texts(t)) }

// Text is a statement as SQLite gets it.
func Text(d *DB, query string) string { return d.text(query) }
