package db

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/pressly/goose/v3"
)

// Migrations are forward only, one transaction each, one text for both databases. A line that ends in `-- only: sqlite` or
// `-- only: postgres` is for that database alone.
//
//go:embed migrations/*.sql
var migrations embed.FS

// SchemaDigest names the schema that this binary makes of an empty PostgreSQL database: another text, another name.
func SchemaDigest() string {
	h := sha256.New()
	files, err := migrationTexts(Postgres)
	if err != nil {
		return "none"
	}
	names, _ := fs.Glob(files, "*.sql")
	for _, name := range names {
		b, _ := fs.ReadFile(files, name)
		fmt.Fprintf(h, "%s %d\n%s", name, len(b), b)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Migrate brings the schema to this binary's version and refuses a database that a newer binary has touched. Of several nodes that start
// at once, one migrates and the others wait.
func (d *DB) Migrate(ctx context.Context) error {
	texts, err := migrationTexts(d.dialect)
	if err != nil {
		return err
	}
	return d.migrate(ctx, texts)
}

func (d *DB) migrate(ctx context.Context, texts fs.FS) error {
	conn, dialect := d.write, goose.DialectPostgres
	if d.dialect == SQLite {
		// The writer's single connection is held by the grouper: migrations use one of their own, before any write.
		dialect = goose.DialectSQLite3
		var err error
		if conn, err = sql.Open("sqlite", d.dsn("synchronous(FULL)")+"&_txlock=immediate"); err != nil {
			return unavailable(fmt.Errorf("db: migrate: %w", err))
		}
		conn.SetMaxOpenConns(1)
		defer conn.Close()
	} else {
		unlock, err := d.lockMigrations(ctx)
		if err != nil {
			return unavailable(fmt.Errorf("db: migrate: %w", err))
		}
		defer unlock()
	}
	p, err := goose.NewProvider(dialect, conn, texts, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("db: migrations: %w", err)
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

// lockMigrations holds a PostgreSQL session lock while migrations run.
func (d *DB) lockMigrations(ctx context.Context) (unlock func(), err error) {
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return nil, err
	}
	const key = "hashtextextended('kanal/migrate', 5710)"
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock("+key+")"); err != nil {
		conn.Close()
		return nil, err
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, _ = conn.ExecContext(ctx, "SELECT pg_advisory_unlock("+key+")")
		conn.Close()
	}, nil
}

// migrationTexts picks each database's lines.
func migrationTexts(dialect Dialect) (fs.FS, error) {
	out := texts{}
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
		out[strings.TrimPrefix(f, "migrations/")] = keep.Bytes()
	}
	return out, nil
}

// texts are files in memory, as much of a file system as migrations need.
type texts map[string][]byte

var _ fs.GlobFS = texts{}

// Glob lists the files that match.
func (t texts) Glob(pattern string) (names []string, err error) {
	for name := range t {
		ok, err := path.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Open opens a file to be read once.
func (t texts) Open(name string) (fs.File, error) {
	b, ok := t[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &text{Reader: bytes.NewReader(b), name: name}, nil
}

type text struct {
	*bytes.Reader
	name string
}

func (f *text) Close() error               { return nil }
func (f *text) Stat() (fs.FileInfo, error) { return textInfo{f}, nil }

type textInfo struct{ f *text }

func (i textInfo) Name() string       { return i.f.name }
func (i textInfo) Size() int64        { return i.f.Reader.Size() }
func (i textInfo) Mode() fs.FileMode  { return 0o444 }
func (i textInfo) ModTime() time.Time { return time.Time{} }
func (i textInfo) IsDir() bool        { return false }
func (i textInfo) Sys() any           { return nil }
