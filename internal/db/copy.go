package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// CopyOptions tune Copy.
type CopyOptions struct {
	// Progress is called after each batch, on the caller's goroutine.
	Progress func(CopyProgress)
}

// CopyProgress says how far a copy is. Step is "copy" or "verify".
type CopyProgress struct {
	Step  string `json:"step"`
	Table string `json:"table"`
	Rows  int64  `json:"rows"`  // of the table
	Done  int64  `json:"done"`  // of all tables
	Total int64  `json:"total"` // of all tables
}

// CopyReport says what was copied.
type CopyReport struct {
	Tables map[string]int64 `json:"tables"`     // rows
	Rows   int64            `json:"rows"`       // in all
	Mended int64            `json:"mended"`     // texts that PostgreSQL refuses (NUL bytes, broken UTF-8), repaired on the way
	Events int64            `json:"renumbered"` // events that had no number yet
}

const (
	copyMark      = "db.copy_unfinished"
	copyBatchRows = 2000
	copyBatchSize = 8 << 20 // bytes of text
)

// Tables that are not copied: they belong to one database (nodes, versions) or are made anew from the others (search).
func copied(table string) bool {
	return table != "nodes" && table != "goose_db_version" && !strings.HasPrefix(table, "search_") && !strings.HasPrefix(table, "sqlite_")
}

// Copy moves the whole installation's database from one to the other, SQLite or PostgreSQL either way: same ids, same numbers, as of one moment of
// the source. It refuses a target that holds anything, compares counts and checksums of every table at the end, and leaves the target
// empty when it fails or ctx ends. A copy cut off by a crash is begun anew by the next; until then Open refuses the target.
func Copy(ctx context.Context, from, to *DB, opt CopyOptions) (CopyReport, error) {
	c := &copier{from: from, to: to, opt: opt, report: CopyReport{Tables: map[string]int64{}}}
	if err := c.prepare(ctx); err != nil {
		return c.report, err
	}
	err := c.run(ctx)
	if err != nil {
		err = errors.Join(err, c.empty(context.WithoutCancel(ctx)))
	}
	return c.report, err
}

type copier struct {
	from, to *DB
	opt      CopyOptions
	src      *sql.Tx
	tables   []copyTable
	total    int64
	done     int64
	report   CopyReport
}

type copyTable struct {
	name    string
	columns []copyColumn
	rows    int64
	sum     checksum
}

type copyColumn struct {
	name   string
	binary bool
}

func (t copyTable) names() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = `"` + c.name + `"`
	}
	return strings.Join(names, ", ")
}

// prepare compares the schemas, refuses a target that is in use and marks it as unfinished.
func (c *copier) prepare(ctx context.Context) error {
	if c.from == c.to {
		return desk.Errorf(desk.Invalid, "db.copy_same", "Source and target are the same database.")
	}
	ours, err := catalog(ctx, c.from)
	if err != nil {
		return fmt.Errorf("db: copy: source: %w", err)
	}
	theirs, err := catalog(ctx, c.to)
	if err != nil {
		return fmt.Errorf("db: copy: target: %w", err)
	}
	if len(ours) != len(theirs) {
		return desk.Errorf(desk.Conflict, "db.copy_schema", "The two databases have different tables. Start this version of Kanal on both once, then copy.")
	}
	for i, t := range ours {
		if t.name != theirs[i].name || !slices.Equal(t.columns, theirs[i].columns) {
			return desk.Errorf(desk.Conflict, "db.copy_schema", "The two databases differ in table %s. Start this version of Kanal on both once, then copy.", t.name)
		}
	}
	c.tables = ours
	unfinished, err := c.to.Unfinished(ctx)
	if err != nil {
		return err
	}
	if unfinished {
		if err := c.empty(ctx); err != nil {
			return err
		}
	}
	for _, t := range c.tables {
		var one int
		err := c.to.QueryRow(ctx, "SELECT 1 FROM "+t.name+" LIMIT 1").Scan(&one)
		if err == nil {
			return desk.Errorf(desk.Conflict, "db.copy_not_empty", "The target is in use: table %s has rows. Copy into a fresh database. Nothing was changed.", t.name)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("db: copy: target: %w", err)
		}
	}
	return c.to.Write(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO settings (name, value, updated_at) VALUES ($1, '1', 0)", copyMark)
		return err
	})
}

// Unfinished reports whether a copy into this database was cut off.
func (d *DB) Unfinished(ctx context.Context) (bool, error) {
	var n int
	if err := d.QueryRow(ctx, "SELECT COUNT(*) FROM settings WHERE name = $1", copyMark).Scan(&n); err != nil {
		return false, fmt.Errorf("db: %w", err)
	}
	return n > 0, nil
}

func (c *copier) run(ctx context.Context) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if c.from.dialect == Postgres {
		opts.Isolation = sql.LevelRepeatableRead // one moment for all tables, as SQLite's read transaction has anyway
	} else {
		opts = nil
	}
	var err error
	if c.src, err = c.from.read.BeginTx(ctx, opts); err != nil {
		return unavailable(fmt.Errorf("db: copy: %w", err))
	}
	defer func() { _ = c.src.Rollback() }()
	for i := range c.tables {
		var n int64
		if err := c.src.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+c.tables[i].name).Scan(&n); err != nil {
			return fmt.Errorf("db: copy: count %s: %w", c.tables[i].name, err)
		}
		c.total += n
	}
	for i := range c.tables {
		if err := c.copyTable(ctx, &c.tables[i]); err != nil {
			return fmt.Errorf("db: copy %s: %w", c.tables[i].name, err)
		}
	}
	c.done = 0
	for i := range c.tables {
		if err := c.verify(ctx, &c.tables[i]); err != nil {
			return fmt.Errorf("db: verify %s: %w", c.tables[i].name, err)
		}
	}
	return c.finish(ctx)
}

func (c *copier) copyTable(ctx context.Context, t *copyTable) error {
	order := ""
	if t.name == "events" && c.from.dialect == Postgres {
		order = " ORDER BY seq NULLS LAST, ord"
	}
	rows, err := c.src.QueryContext(ctx, "SELECT "+t.names()+" FROM "+t.name+order)
	if err != nil {
		return err
	}
	defer rows.Close()
	var batch [][]any
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := c.insert(ctx, t, batch); err != nil {
			return err
		}
		c.done += int64(len(batch))
		batch, size = nil, 0
		c.progress("copy", t)
		return ctx.Err()
	}
	for rows.Next() {
		vals, err := t.scan(rows)
		if err != nil {
			return err
		}
		c.report.Mended += t.mend(vals)
		t.rows++
		t.sum.add(vals)
		batch = append(batch, vals)
		for _, v := range vals {
			size += length(v)
		}
		if len(batch) >= copyBatchRows || size >= copyBatchSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	c.report.Tables[t.name], c.report.Rows = t.rows, c.report.Rows+t.rows
	return nil
}

func (c *copier) progress(step string, t *copyTable) {
	if c.opt.Progress != nil {
		c.opt.Progress(CopyProgress{Step: step, Table: t.name, Rows: t.rows, Done: c.done, Total: c.total})
	}
}

// insert writes a batch in one transaction, many rows a statement.
func (c *copier) insert(ctx context.Context, t *copyTable, batch [][]any) error {
	per := min(50, 20000/len(t.columns))
	if c.to.dialect == Postgres {
		per = min(500, 60000/len(t.columns))
	}
	return c.to.Write(ctx, func(ctx context.Context, tx *Tx) error {
		for part := range slices.Chunk(batch, per) {
			var q strings.Builder
			q.WriteString("INSERT INTO " + t.name + " (" + t.names() + ") VALUES ")
			args := make([]any, 0, len(part)*len(t.columns))
			for i, vals := range part {
				if i > 0 {
					q.WriteString(", ")
				}
				q.WriteByte('(')
				for k, v := range vals {
					if k > 0 {
						q.WriteString(", ")
					}
					args = append(args, v)
					fmt.Fprintf(&q, "$%d", len(args))
				}
				q.WriteByte(')')
			}
			if _, err := tx.Exec(ctx, q.String(), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// verify reads the target's table back and compares.
func (c *copier) verify(ctx context.Context, t *copyTable) error {
	where := ""
	if t.name == "settings" {
		where = " WHERE name <> '" + copyMark + "'"
	}
	rows, err := c.to.read.QueryContext(ctx, "SELECT "+t.names()+" FROM "+t.name+where)
	if err != nil {
		return err
	}
	defer rows.Close()
	var n int64
	var sum checksum
	for rows.Next() {
		vals, err := t.scan(rows)
		if err != nil {
			return err
		}
		n++
		sum.add(vals)
		if n%copyBatchRows == 0 {
			c.done += copyBatchRows
			c.progress("verify", t)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	c.done += n % copyBatchRows
	if n != t.rows || sum != t.sum {
		return desk.Errorf(desk.Internal, "db.copy_differs", "Table %s differs after the copy: %d rows were read and %d are stored. The target was emptied again.", t.name, t.rows, n)
	}
	c.progress("verify", t)
	return nil
}

// finish numbers what had no number yet, sets the sequences and takes the mark away.
func (c *copier) finish(ctx context.Context) error {
	return c.to.Write(ctx, func(ctx context.Context, tx *Tx) error {
		c.report.Events = 0
		if c.to.dialect == SQLite { // nobody numbers there later
			n, err := tx.Exec(ctx, `UPDATE events SET seq = f.n FROM (
				SELECT id, (SELECT COALESCE(MAX(seq), 0) FROM events) + ROW_NUMBER() OVER (ORDER BY rowid) AS n FROM events WHERE seq IS NULL
			) f WHERE events.id = f.id`)
			if err != nil {
				return err
			}
			c.report.Events = n
		} else {
			if _, err := tx.Exec(ctx, "SELECT setval('ticket_numbers', (SELECT GREATEST(COALESCE((SELECT MAX(number) FROM tickets), 0), COALESCE((SELECT MAX(number) FROM erased_tickets), 0), 1000)))"); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "DELETE FROM settings WHERE name = $1", copyMark)
		return err
	})
}

// empty takes everything out of a target that Copy began to fill. The mark goes last.
func (c *copier) empty(ctx context.Context) error {
	for _, t := range c.tables {
		where := ""
		if t.name == "settings" {
			where = " WHERE name <> '" + copyMark + "'"
		}
		if err := c.to.Write(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM "+t.name+where)
			return err
		}); err != nil {
			return fmt.Errorf("db: copy: empty the target: %w", err)
		}
	}
	return c.to.Write(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM settings WHERE name = $1", copyMark)
		return err
	})
}

const (
	sqliteCatalog = `SELECT m.name, c.name, CASE WHEN upper(c.type) = 'BLOB' THEN 1 ELSE 0 END FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' ORDER BY 1, 2`
	postgresCatalog = `SELECT table_name::text, column_name::text, CASE WHEN data_type = 'bytea' THEN 1 ELSE 0 END FROM information_schema.columns
		WHERE table_schema = current_schema() AND NOT (table_name = 'events' AND column_name = 'ord') ORDER BY table_name::text COLLATE "C", column_name::text COLLATE "C"`
)

// catalog lists the tables to copy with their columns, both by name.
func catalog(ctx context.Context, d *DB) ([]copyTable, error) {
	query := sqliteCatalog
	if d.dialect == Postgres {
		query = postgresCatalog
	}
	rows, err := d.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []copyTable
	for rows.Next() {
		var table string
		var col copyColumn
		if err := rows.Scan(&table, &col.name, &col.binary); err != nil {
			return nil, err
		}
		if !copied(table) {
			continue
		}
		if len(out) == 0 || out[len(out)-1].name != table {
			out = append(out, copyTable{name: table})
		}
		last := &out[len(out)-1]
		last.columns = append(last.columns, col)
	}
	return out, rows.Err()
}

// scan reads a row so that both databases give the same values: int64, float64, string, []byte or nil.
func (t *copyTable) scan(rows *sql.Rows) ([]any, error) {
	vals, ptrs := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	if err := rows.Scan(ptrs...); err != nil {
		return nil, err
	}
	for i, v := range vals {
		switch v := v.(type) {
		case []byte:
			if !t.columns[i].binary {
				vals[i] = string(v)
			}
		case string:
			if t.columns[i].binary {
				vals[i] = []byte(v)
			}
		case int32:
			vals[i] = int64(v)
		case int16:
			vals[i] = int64(v)
		case bool:
			vals[i] = bindOne(v)
		}
	}
	return vals, nil
}

// mend repairs texts that PostgreSQL would refuse and counts them.
func (t *copyTable) mend(vals []any) (n int64) {
	for i, v := range vals {
		if s, ok := v.(string); ok {
			if clean := strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD"); clean != s {
				vals[i] = clean
				n++
			}
		}
	}
	return n
}

func length(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	}
	return 8
}

// checksum of a table: the sum of its rows' hashes, so that the order of rows does not matter and equal rows do not cancel out.
type checksum [4]uint64

func (c *checksum) add(vals []any) {
	h := sha256.New()
	var n [9]byte
	put := func(kind byte, v uint64) {
		n[0] = kind
		binary.BigEndian.PutUint64(n[1:], v)
		h.Write(n[:])
	}
	for _, v := range vals {
		switch v := v.(type) {
		case nil:
			put('0', 0)
		case int64:
			put('i', uint64(v))
		case string:
			put('s', uint64(len(v)))
			h.Write([]byte(v))
		case []byte:
			put('b', uint64(len(v)))
			h.Write(v)
		default:
			s := fmt.Sprint(v)
			put('v', uint64(len(s)))
			h.Write([]byte(s))
		}
	}
	sum := h.Sum(nil)
	for i := range c {
		c[i] += binary.BigEndian.Uint64(sum[8*i:])
	}
}
