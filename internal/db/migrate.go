package db

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/pressly/goose/v3"
)

// Migrations are forward only, one transaction each, one text for both databases. A line that ends in `-- only: sqlite` or
// `-- only: postgres` is for that database alone.
//
//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema to this binary's version and refuses a database that a newer binary has touched.
func (d *DB) Migrate(ctx context.Context) error {
	p, err := d.provider()
	if err != nil {
		return err
	}
	known := int64(0)
	for _, s := range p.ListSources() {
		known = max(known, s.Version)
	}
	at, err := p.GetDBVersion(ctx)
	if err != nil {
		return unavailable(fmt.Errorf("db: schema version: %w", err))
	}
	if at > known {
		return desk.Errorf(desk.Conflict, "db.newer",
			"This database is at schema %d, and this binary knows only up to %d: it was opened by a newer version of Kanal. Nothing was changed. Start that version, or restore the backup from before the upgrade.", at, known)
	}
	if at == known {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("db: migrate: %w", err)
	}
	return nil
}

func (d *DB) provider() (*goose.Provider, error) {
	texts, err := migrationTexts(d.dialect)
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	if d.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	conn := d.write
	if d.dialect == SQLite {
		// The writer's single connection is held by the grouper: migrations use one of their own, before any write.
		if conn, err = sql.Open("sqlite", "file:"+d.opt.Path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate"); err != nil {
			return nil, err
		}
		conn.SetMaxOpenConns(1)
	}
	return goose.NewProvider(dialect, conn, texts, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// migrationTexts picks each database's lines.
func migrationTexts(dialect Dialect) (fs.FS, error) {
	out := fstest.MapFS{}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, errors.New("db: no migrations"))
	}
	for _, f := range files {
		b, err := migrations.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var keep bytes.Buffer
		for line := range strings.Lines(string(b)) {
			if _, only, ok := strings.Cut(line, "-- only: "); ok {
				if strings.TrimSpace(only) != string(dialect) {
					continue
				}
				line, _, _ = strings.Cut(line, "-- only: ")
				line += "\n"
			}
			keep.WriteString(line)
		}
		out[strings.TrimPrefix(f, "migrations/")] = &fstest.MapFile{Data: keep.Bytes()}
	}
	return out, nil
}
