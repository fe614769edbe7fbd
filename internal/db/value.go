package db

import (
	"context"
	"database/sql"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kanalhq/kanal/internal/desk"
)

// bind turns arguments into what both drivers agree on: int64, float64, string, []byte, nil.
func bind(args []any) []any {
	if len(args) == 0 {
		return nil
	}
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = bindOne(a)
	}
	return out
}

func bindOne(a any) any {
	switch v := a.(type) {
	case nil, int64, string, []byte, float64:
		return v
	case int:
		return int64(v)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case JSONArg:
		return string(v)
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	rv := reflect.ValueOf(a)
	switch rv.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return int64(rv.Uint())
	case reflect.String:
		return rv.String()
	case reflect.Bool:
		return bindOne(rv.Bool())
	case reflect.Float32, reflect.Float64:
		return rv.Float()
	case reflect.Slice:
		if rv.Type().Elem().Kind() == reflect.Uint8 {
			return rv.Bytes()
		}
	}
	return a
}

// JSONArg is a value already encoded, stored as text.
type JSONArg string

// JSON encodes v for a TEXT column. A nil map or slice is stored as it encodes: pass a non-nil empty one when readers expect {} or [].
func JSON(v any) JSONArg {
	b, err := json.Marshal(v)
	if err != nil {
		return JSONArg("null")
	}
	return JSONArg(b)
}

// ScanJSON decodes a TEXT column into dst; an empty text leaves dst alone.
func ScanJSON(dst any) sql.Scanner { return jsonScanner{dst} }

type jsonScanner struct{ dst any }

func (s jsonScanner) Scan(src any) error {
	var b []byte
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		b = []byte(v)
	case []byte:
		b = v
	default:
		return fmt.Errorf("db: JSON column holds %T", src)
	}
	if len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, s.dst)
}

// ScanActor decodes an actor column.
func ScanActor(a *desk.Actor) sql.Scanner { return actorScanner{a} }

type actorScanner struct{ a *desk.Actor }

func (s actorScanner) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return s.a.UnmarshalText([]byte(v))
	case []byte:
		return s.a.UnmarshalText(v)
	case nil:
		return nil
	}
	return fmt.Errorf("db: actor column holds %T", src)
}

// Scanner is a row, of one or many.
type Scanner interface{ Scan(dst ...any) error }

// All runs a query and scans every row.
func All[T any](ctx context.Context, q Queryer, scan func(Scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// One runs a query and scans its first row; sql.ErrNoRows when there is none.
func One[T any](ctx context.Context, q Queryer, scan func(Scanner) (T, error), query string, args ...any) (T, error) {
	return scan(q.QueryRow(ctx, query, args...))
}

// Column scans a single column, for All.
func Column[T any](s Scanner) (v T, err error) { err = s.Scan(&v); return v, err }

// Written runs fn in a write transaction and returns what its last run returned: fn may run more than once.
func Written[T any](ctx context.Context, d *DB, fn func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	var out T
	err := d.Write(ctx, func(ctx context.Context, tx *Tx) (err error) {
		out, err = fn(ctx, tx)
		return err
	})
	return out, err
}

// IDs writes ids, which are numbers made here, into a statement: (1,2,3). Of none it is (0), which is nobody's id.
func IDs[T ~int64](ids []T) string {
	if len(ids) == 0 {
		return "(0)"
	}
	var b strings.Builder
	for i, id := range ids {
		b.WriteByte("(,"[min(i, 1)])
		b.WriteString(strconv.FormatInt(int64(id), 10))
	}
	b.WriteByte(')')
	return b.String()
}

// Among is the list that a parameter holds as JSON: id IN Among(q, "$1") with JSON(ids) as its argument. Unlike IDs its text is always the same, so that what is
// asked all the time is prepared once.
func Among(q Queryer, param string) string {
	if q.Dialect() == SQLite {
		return "(SELECT value FROM json_each(" + param + "))"
	}
	return "(SELECT CAST(x AS BIGINT) FROM jsonb_array_elements_text(CAST(" + param + " AS JSONB)) x)"
}

// stmtCache keeps prepared statements of the SQLite read pool by their text. PostgreSQL's driver has its own.
type stmtCache struct {
	db   *sql.DB
	text func(string) string
	m    sync.Map
	n    atomic.Int64
}

const maxReaderStatements = 500

func (c *stmtCache) init(db *sql.DB, text func(string) string) { c.db, c.text = db, text }

func (c *stmtCache) get(ctx context.Context, query string) *sql.Stmt {
	if c.db == nil {
		return nil
	}
	if st, ok := c.m.Load(query); ok {
		return st.(*sql.Stmt)
	}
	if c.n.Load() >= maxReaderStatements || listed(query) {
		return nil
	}
	st, err := c.db.PrepareContext(context.WithoutCancel(ctx), c.text(query))
	if err != nil {
		return nil // the plain path reports it
	}
	if old, loaded := c.m.LoadOrStore(query, st); loaded {
		st.Close()
		return old.(*sql.Stmt)
	}
	c.n.Add(1)
	return st
}

// listed tells a text that holds a list of ids (IDs): it is hardly ever asked again, and would take the place of one that is.
func listed(query string) bool {
	for {
		_, rest, ok := strings.Cut(query, "IN (")
		if !ok {
			return false
		}
		if rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return true
		}
		query = rest
	}
}

func (c *stmtCache) close() {
	c.m.Range(func(_, st any) bool { st.(*sql.Stmt).Close(); return true })
}
