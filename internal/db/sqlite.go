package db

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the "sqlite" driver
)

// openSQLite opens one writer connection and a bounded read pool. Pragmas stand in the DSN, because they are per connection.
func (d *DB) openSQLite(ctx, background context.Context) error {
	d.dialect = SQLite
	sync := "FULL" // an acknowledged message survives a power cut
	if d.opt.Unsafe {
		sync = "OFF"
	}
	path, err := filepath.Abs(d.opt.Path)
	if err != nil {
		return fmt.Errorf("db: %w", err)
	}
	d.opt.Path = path
	d.write, err = sql.Open("sqlite", d.dsn("synchronous("+sync+")", "wal_autocheckpoint(16000)", "cache_size(-16000)")+"&_txlock=immediate")
	if err != nil {
		return fmt.Errorf("db: open: %w", err)
	}
	d.write.SetMaxOpenConns(1)
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return unavailable(fmt.Errorf("db: open %s: %w", path, err))
	}
	d.read, err = sql.Open("sqlite", d.dsn("query_only(1)", "cache_size(-8000)"))
	if err != nil {
		return fmt.Errorf("db: open: %w", err)
	}
	readers := d.opt.Readers
	if readers == 0 {
		readers = max(2, runtime.NumCPU())
	}
	d.read.SetMaxOpenConns(readers)
	d.read.SetMaxIdleConns(readers)
	d.stmts.init(d.read, d.text)
	d.group = newGrouper(d, conn)
	d.done.Add(2)
	go func() { defer d.done.Done(); d.group.loop() }()
	go func() { defer d.done.Done(); d.checkpointer(background) }()
	return nil
}

// dsn is the address of the file with the pragmas that every connection needs, and those named.
func (d *DB) dsn(pragmas ...string) string {
	v := url.Values{"_pragma": append([]string{
		"busy_timeout(10000)", "journal_mode(WAL)", "temp_store(MEMORY)", "mmap_size(268435456)",
	}, pragmas...)}
	return "file:" + (&url.URL{Path: d.opt.Path}).EscapedPath() + "?" + v.Encode()
}

// checkpointer moves the WAL into the database beside the commits instead of inside one.
func (d *DB) checkpointer(ctx context.Context) {
	t := time.NewTicker(2 * time.Second)
	defer t.Stop()
	var seen int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		n := d.group.commits.Load()
		if n == seen {
			continue
		}
		seen = n
		// PASSIVE never waits for readers or the writer; query_only connections may not, so the writer does it between groups.
		d.group.checkpoint()
	}
}

// text rewrites $n to ?n for SQLite, which would number $n by first appearance with some drivers. Quoted text is left alone. A bare parameter as LIMIT
// would have SQLite plan the statement anew at every execution, for the number's sake: a cast keeps the plan.
func (d *DB) text(query string) string {
	if d.dialect != SQLite || !strings.Contains(query, "$") {
		return query
	}
	var b strings.Builder
	var quote byte
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '$' && parameter(query[i:]) > 1:
			n := parameter(query[i:])
			name := "?" + query[i+1:i+n]
			if strings.HasSuffix(query[:i], "LIMIT ") {
				name = "CAST(" + name + " AS INTEGER)"
			}
			b.WriteString(name)
			i += n - 1
			continue
		}
		b.WriteByte(query[i])
	}
	return b.String()
}

// parameter is the length of $n at the beginning of s.
func parameter(s string) int {
	n := 1
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
