// Package dbtest gives a test a fresh, migrated database of each kind. SQLite always; PostgreSQL when
// KANAL_TEST_POSTGRES holds the URL of a server where the user may create databases (`make test` starts one). In CI
// a missing server fails the test instead of skipping it.
package dbtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/kanalhq/kanal/internal/db"
)

// Each runs fn once on SQLite and once on PostgreSQL, as subtests.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite opens a fresh SQLite database, closed with the test.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, db.Options{Path: filepath.Join(t.TempDir(), "kanal.db"), Unsafe: true})
}

// Postgres opens a fresh PostgreSQL database, dropped with the test.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, db.Options{URL: PostgresURL(t), Writers: 16})
}

func open(t testing.TB, o db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// Again opens the database of d once more, as a second node does. PostgreSQL only.
func Again(t testing.TB, d *db.DB) *db.DB {
	t.Helper()
	if d.Dialect() != db.Postgres {
		t.Fatal("dbtest: one process has a SQLite database")
	}
	return open(t, db.Options{URL: d.URL(), Writers: 16})
}

var template struct {
	sync.Once
	name string
	err  error
}

// PostgresURL makes a fresh database, a copy of the migrated template, and returns its URL.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv("KANAL_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("dbtest: KANAL_TEST_POSTGRES is not set; in CI nothing is skipped")
		}
		t.Skip("KANAL_TEST_POSTGRES is not set (make test starts a server)")
	}
	ctx := context.Background()
	template.Do(func() {
		template.name = "kanal_tpl_" + db.SchemaDigest()
		template.err = makeTemplate(ctx, server, template.name)
	})
	if template.err != nil {
		t.Fatalf("dbtest: PostgreSQL template: %v", template.err)
	}
	name := "kanal_t_" + random()
	if err := admin(ctx, server, "CREATE DATABASE "+name+" TEMPLATE "+template.name); err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() { _ = admin(ctx, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return with(server, name)
}

// makeTemplate migrates one database for all test processes of one schema. It is renamed when it is whole, so that one whose maker was
// killed is never used.
func makeTemplate(ctx context.Context, server, name string) error {
	return locked(ctx, server, func(conn *pgx.Conn) error {
		var there bool
		if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
			return err
		}
		draft := "kanal_new_" + random()
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+draft); err != nil {
			return err
		}
		d, err := db.Open(ctx, db.Options{URL: with(server, draft), Writers: 1, Readers: 1})
		if err != nil {
			return err
		}
		if err := d.Close(); err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "ALTER DATABASE "+draft+" RENAME TO "+name)
		return err
	})
}

func admin(ctx context.Context, server, sql string) error {
	return locked(ctx, server, func(conn *pgx.Conn) error { _, err := conn.Exec(ctx, sql); return err })
}

// locked does something one at a time over all test processes: two copies of one template at once are refused.
func locked(ctx context.Context, server string, fn func(conn *pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(57105710)"); err != nil {
		return err
	}
	return fn(conn)
}

func with(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}

func random() string {
	var b [6]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
