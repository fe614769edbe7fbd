package db

// Statement is what Trace tells of: a statement that is about to run, or an id that was made.
type Statement struct {
	Tx    *Tx    // nil: a read outside every write transaction
	Rows  bool   // it returns rows
	Query string // as the caller wrote it; "" when an id was made
	Args  []any  // as the drivers get them
	ID    int64
}

// Trace calls fn before each statement and for each id, for kanal bench, which replays what a flow issues; nil ends it. fn is
// called on the goroutine of the statement and must be quick.
func (d *DB) Trace(fn func(Statement)) {
	if fn == nil {
		d.trace.Store(nil)
		return
	}
	d.trace.Store(&fn)
}

func (d *DB) traced(tx *Tx, rows bool, query string, args []any) {
	if f := d.trace.Load(); f != nil {
		(*f)(Statement{Tx: tx, Rows: rows, Query: query, Args: bind(args)})
	}
}
