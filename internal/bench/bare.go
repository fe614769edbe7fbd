package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/db"
)

// recording is what one mail made the flow issue: ids and statements in order.
type recording struct {
	token string
	ids   []int64
	steps []db.Statement
}

// record traces fn. Nothing else may use the database meanwhile.
func record(d *db.DB, tok string, fn func() error) (recording, error) {
	r := recording{token: tok}
	d.Trace(func(s db.Statement) {
		if s.Query == "" {
			r.ids = append(r.ids, s.ID)
			return
		}
		r.steps = append(r.steps, s)
	})
	defer d.Trace(nil)
	err := fn()
	return r, err
}

// bare replays a recording with other values: the statements themselves, in the same transactions, under the same group commit and durability,
// and nothing around them.
type bare struct {
	parts []part
	ids   int
	n     atomic.Int64
}

// part is a run of reads outside, or one transaction.
type part struct {
	tx    bool
	steps []step
}

type step struct {
	rows  bool
	query string
	args  []arg
}

// values are what one replay fills in.
type values struct {
	ids   []int64
	names []string // the same in digits
	token string
	n     int64
	now   int64
}

type arg func(v *values) any

// compile compares the recordings of two like mails: what is the same is constant, and what differs is an id made on the way, a time, a
// number that counts, or a text with the mail's own token or ids in it.
func compile(a, b recording) (*bare, error) {
	if len(a.steps) != len(b.steps) || len(a.ids) != len(b.ids) {
		return nil, fmt.Errorf("bench: two plain mails issued %d and %d statements", len(a.steps), len(b.steps))
	}
	out := &bare{ids: len(b.ids)}
	var last *db.Tx
	for i, s := range b.steps {
		if s.Query != a.steps[i].Query || len(s.Args) != len(a.steps[i].Args) {
			return nil, fmt.Errorf("bench: two plain mails differ in statement %d: %s", i, s.Query)
		}
		if len(out.parts) == 0 || s.Tx != last {
			out.parts = append(out.parts, part{tx: s.Tx != nil})
		}
		last = s.Tx
		st := step{rows: s.Rows, query: s.Query}
		for k := range s.Args {
			st.args = append(st.args, plan(a, b, a.steps[i].Args[k], s.Args[k]))
		}
		p := &out.parts[len(out.parts)-1]
		p.steps = append(p.steps, st)
	}
	return out, nil
}

func plan(a, b recording, x, y any) arg {
	switch y := y.(type) {
	case int64:
		for k, id := range b.ids {
			if y == id {
				return func(v *values) any { return v.ids[k] }
			}
		}
		switch old, _ := x.(int64); {
		case old == y:
		case y > 1e12 && y < 1e14:
			return func(v *values) any { return v.now }
		default:
			return func(v *values) any { return -v.n } // below every number the live path gives
		}
	case string:
		if x != any(y) {
			return text(b, y)
		}
	case []byte:
		if old, _ := x.([]byte); string(old) != string(y) {
			t := text(b, string(y))
			return func(v *values) any { return []byte(t(v).(string)) }
		}
	}
	return func(*values) any { return y }
}

// text fills a template: the recorded text with holes for the token and ids.
func text(b recording, s string) arg {
	type hole struct {
		before string
		id     int // -1: the token
	}
	var holes []hole
	rest := s
	for {
		at, length, id := -1, 0, 0
		if i := strings.Index(rest, b.token); i >= 0 {
			at, length, id = i, len(b.token), -1
		}
		for k, n := range b.ids {
			digits := strconv.FormatInt(n, 10)
			if i := strings.Index(rest, digits); i >= 0 && (at < 0 || i < at) {
				at, length, id = i, len(digits), k
			}
		}
		if at < 0 {
			break
		}
		holes = append(holes, hole{rest[:at], id})
		rest = rest[at+length:]
	}
	if len(holes) == 0 {
		if len(s) == 64 { // a digest
			return func(v *values) any {
				sum := sha256.Sum256([]byte(v.token))
				return hex.EncodeToString(sum[:])
			}
		}
		return func(*values) any { return s }
	}
	return func(v *values) any {
		var out strings.Builder
		out.Grow(len(s) + 8)
		for _, h := range holes {
			out.WriteString(h.before)
			if h.id < 0 {
				out.WriteString(v.token)
			} else {
				out.WriteString(v.names[h.id])
			}
		}
		out.WriteString(rest)
		return out.String()
	}
}

// statements counts those of one replay.
func (p *bare) statements() (n int) {
	for _, part := range p.parts {
		n += len(part.steps)
	}
	return n
}

// run replays once, with values that were never used.
func (p *bare) run(ctx context.Context, d *db.DB) error {
	n := p.n.Add(1)
	v := &values{n: n, token: token(900_000_000 + int(n)), now: time.Now().UnixMilli()}
	for range p.ids {
		id := d.NewID()
		v.ids, v.names = append(v.ids, id), append(v.names, strconv.FormatInt(id, 10))
	}
	for _, part := range p.parts {
		if !part.tx {
			if err := replay(ctx, d, nil, part.steps, v); err != nil {
				return err
			}
			continue
		}
		if err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return replay(ctx, tx, tx, part.steps, v) }); err != nil {
			return err
		}
	}
	return nil
}

func replay(ctx context.Context, q db.Queryer, tx *db.Tx, steps []step, v *values) error {
	for _, s := range steps {
		args := make([]any, len(s.args))
		for i, a := range s.args {
			args[i] = a(v)
		}
		if !s.rows {
			if _, err := tx.Exec(ctx, s.query, args...); err != nil {
				return fmt.Errorf("bench: replay %q: %w", s.query, err)
			}
			continue
		}
		rows, err := q.Query(ctx, s.query, args...)
		if err != nil {
			return fmt.Errorf("bench: replay %q: %w", s.query, err)
		}
		for rows.Next() {
		}
		err = rows.Err()
		rows.Close()
		if err != nil {
			return fmt.Errorf("bench: replay %q: %w", s.query, err)
		}
	}
	return nil
}
