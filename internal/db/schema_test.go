package db_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

var update = flag.Bool("update", false, "write golden files anew")

func mkdir(dir string) error    { return os.MkdirAll(dir, 0o700) }
func exists(path string) bool   { _, err := os.Stat(path); return err == nil }
func golden(name string) string { return "testdata/" + name }
func squash(s string) string    { return strings.Join(strings.Fields(s), " ") }
func lines(t *testing.T, d *db.DB, query string, cols int) (out []string) {
	t.Helper()
	rows, err := d.Query(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		vals := make([]string, cols)
		ptrs := make([]any, cols)
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Join(vals, "\x00"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	casts  = regexp.MustCompile(`::(?:text|bigint|smallint|integer|numeric|bytea|regclass|character varying|double precision)(\[\])?`)
	anyOf  = regexp.MustCompile(`= any \(\(?array\[(.*?)\]\)?\)`)
	schema = "public."
)

// normal is an expression as both databases would write it.
func normal(s string) string {
	s = strings.ToLower(squash(s))
	s = casts.ReplaceAllString(s, "")
	s = anyOf.ReplaceAllString(s, "in ($1)")
	return strings.TrimSpace(strings.NewReplacer("(", "", ")", "", schema, "", `"`, "", `'\x'`, "''").Replace(s))
}

var indexParts = regexp.MustCompile(`(?is)^CREATE (UNIQUE )?INDEX \S+ ON (\S+) (?:USING (\w+) )?\((.*?)\)(?: WHERE (.*))?$`)

// describe lists a database's tables, columns and indexes in one form.
func describe(t *testing.T, d *db.DB) []string {
	t.Helper()
	var out []string
	columns, indexes, keys := sqliteColumns, sqliteIndexes, sqliteKeys
	if d.Dialect() == db.Postgres {
		columns, indexes, keys = postgresColumns, postgresIndexes, postgresKeys
	}
	for _, l := range lines(t, d, columns, 5) {
		f := strings.Split(l, "\x00")
		kind := map[string]string{"integer": "bigint", "blob": "bytea"}[strings.ToLower(f[2])]
		if kind == "" {
			kind = strings.ToLower(f[2])
		}
		out = append(out, squash(fmt.Sprintf("%s.%s %s %s default %s", f[0], f[1], kind, f[3], normal(f[4]))))
	}
	for _, l := range lines(t, d, keys, 3) {
		f := strings.Split(l, "\x00")
		out = append(out, fmt.Sprintf("%s %s (%s)", f[0], f[1], f[2]))
	}
	for _, l := range lines(t, d, indexes, 2) {
		f := strings.Split(l, "\x00")
		m := indexParts.FindStringSubmatch(squash(f[1]))
		if m == nil {
			t.Fatalf("index %s: %s", f[0], f[1])
		}
		how := ""
		if m[3] != "" && m[3] != "btree" {
			how = " using " + m[3]
		}
		where := ""
		if m[5] != "" {
			where = " where " + normal(m[5])
		}
		out = append(out, squash(fmt.Sprintf("%s %sindex %s%s (%s)%s", normal(m[2]), strings.ToLower(m[1]), f[0], how, normal(m[4]), where)))
	}
	sort.Strings(out)
	return out
}

const sqliteColumns = `SELECT m.name, c.name, c.type, CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN 'not null' ELSE 'null' END, COALESCE(c.dflt_value, '')
	FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'search_%' AND m.name <> 'goose_db_version'`

const postgresColumns = `SELECT table_name, column_name, data_type, CASE WHEN is_nullable = 'NO' THEN 'not null' ELSE 'null' END, COALESCE(column_default, '')
	FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'search_%' AND table_name <> 'goose_db_version'`

const sqliteIndexes = `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name NOT LIKE 'search_%'`

const postgresIndexes = `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'search_%' AND tablename <> 'goose_db_version'
	AND indexname NOT IN (SELECT conname FROM pg_constraint)`

const sqliteKeys = `SELECT m.name, CASE i.origin WHEN 'pk' THEN 'primary key' ELSE 'unique' END, (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
	FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin IN ('u', 'pk') AND m.name NOT LIKE 'search_%' AND m.name <> 'goose_db_version'
	UNION ALL SELECT m.name, 'primary key', c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'search_%' AND m.name NOT LIKE 'sqlite_%'
	AND m.name <> 'goose_db_version' AND c.pk = 1 AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) WHERE origin = 'pk')`

const postgresKeys = `SELECT c.conrelid::regclass::text, CASE contype WHEN 'p' THEN 'primary key' ELSE 'unique' END,
	(SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(att, n) JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.att)
	FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid WHERE contype IN ('p', 'u') AND r.relname NOT LIKE 'search_%' AND r.relname <> 'goose_db_version'
	AND connamespace = 'public'::regnamespace`

// What is in one database alone, on purpose.
var postgresOnly = map[string]bool{
	"events.ord bigint not null default nextval'event_order'": true,
	"events index events_unnumbered (ord) where seq is null":  true,
}

// The final schema, made from the steps, is the same on both databases and is what the golden file says. The search tables differ on purpose.
func TestBothDatabasesHaveTheGoldenSchema(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var got []string
		seen := 0
		for _, l := range describe(t, d) {
			if postgresOnly[l] {
				seen++
				continue
			}
			got = append(got, l)
		}
		if d.Dialect() == db.Postgres && seen != len(postgresOnly) {
			t.Errorf("%d of %d lines that only PostgreSQL has", seen, len(postgresOnly))
		}
		text := strings.Join(got, "\n") + "\n"
		if *update && d.Dialect() == db.SQLite {
			if err := os.WriteFile(golden("schema.golden"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden("schema.golden"))
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("the schema is not the golden one (go test ./internal/db -run Golden -update after a change on purpose):\n%s", diff(string(want), text))
		}
	})
}

func diff(want, got string) string {
	count := map[string]int{}
	for _, l := range strings.Split(want, "\n") {
		count[l]--
	}
	for _, l := range strings.Split(got, "\n") {
		count[l]++
	}
	var out []string
	for l, n := range count {
		if n != 0 {
			out = append(out, fmt.Sprintf("%+d %s", n, l))
		}
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

func TestABinaryRefusesANewerDatabaseAndChangesNothing(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			var d *db.DB
			var again func() (*db.DB, error)
			if dialect == db.SQLite {
				o := db.Options{Path: t.TempDir() + "/k.db", Unsafe: true}
				again = func() (*db.DB, error) { return db.Open(context.Background(), o) }
			} else {
				o := db.Options{URL: dbtest.PostgresURL(t)}
				again = func() (*db.DB, error) { return db.Open(context.Background(), o) }
			}
			d, err := again()
			if err != nil {
				t.Fatal(err)
			}
			texts, err := db.MigrationsOf(dialect)
			if err != nil {
				t.Fatal(err)
			}
			newer := maps.Clone(texts)
			newer["99999_later.sql"] = []byte("-- +goose Up\nCREATE TABLE later (id BIGINT PRIMARY KEY);\n")
			if err := db.MigrateWith(d, newer); err != nil {
				t.Fatal(err)
			}
			if err := db.MigrateWith(d, newer); err != nil {
				t.Errorf("a second start of the same binary: %v", err)
			}
			d.Close()
			if d, err = again(); desk.ReasonOf(err) != "db.newer" || d != nil {
				t.Errorf("an older binary: %v", err)
			}
		})
	}
}

func TestAFailedMigrationLeavesTheSchemaAsItWas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		before := describe(t, d)
		texts, err := db.MigrationsOf(d.Dialect())
		if err != nil {
			t.Fatal(err)
		}
		broken := maps.Clone(texts)
		broken["99999_broken.sql"] = []byte("-- +goose Up\nCREATE TABLE half (id BIGINT PRIMARY KEY);\nCREATE TABLE half (id BIGINT PRIMARY KEY);\n")
		if err := db.MigrateWith(d, broken); err == nil {
			t.Fatal("a broken migration succeeded")
		}
		if after := describe(t, d); !same(before, after) {
			t.Errorf("changed:\n%s", diff(strings.Join(before, "\n"), strings.Join(after, "\n")))
		}
	})
}
