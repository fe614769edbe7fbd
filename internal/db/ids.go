package db

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// An id is 40 bits of milliseconds since epoch (good until 2059), 5 bits of node, 8 bits of sequence: 53 in all. More than 256 in a
// millisecond borrow from the next one. Ids use the real clock, whatever the server's settable clock says.
const (
	idNodeBits = 5
	idSeqBits  = 8
	idShift    = idNodeBits + idSeqBits
	idNodes    = 1 << idNodeBits
)

var idEpoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

type idMaker struct {
	mu     sync.Mutex
	node   int64
	ms     int64
	seq    int64
	holder string
	held   time.Time // when the lease was last prolonged, with both clocks' readings; zero on SQLite
	lease  time.Duration
	lost   error
}

func (m *idMaker) next() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now().UnixMilli() - idEpoch
	switch {
	case now > m.ms:
		m.ms, m.seq = now, 0
	case m.seq < 1<<idSeqBits-1:
		m.seq++
	default:
		m.ms, m.seq = m.ms+1, 0
	}
	return m.ms<<idShift | m.node<<idSeqBits | m.seq
}

// err says why no id may be made now: the lease was taken over, or is older than it may be (the machine slept) until it is prolonged again.
func (m *idMaker) err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost == nil && !m.held.IsZero() && max(time.Since(m.held), time.Now().Round(0).Sub(m.held.Round(0))) > m.lease {
		return desk.Errorf(desk.Unavailable, "db.node_late", "This node has not reached the database for too long. It takes writes again as soon as it has.")
	}
	return m.lost
}

// Node says why this node may not write now (its lease on the database is lost or late); nil when it may.
func (d *DB) Node() error { return d.ids.err() }

// Nodes counts the nodes that work on this database now, this one included.
func (d *DB) Nodes(ctx context.Context) (n int, err error) {
	if d.dialect != Postgres {
		return 1, nil
	}
	err = d.QueryRow(ctx, "SELECT count(*) FROM nodes WHERE lease_until > "+pgNow).Scan(&n)
	return n, err
}

// NewID makes an id: unique over all nodes, growing on this one.
func (d *DB) NewID() int64 {
	id := d.ids.next()
	if f := d.trace.Load(); f != nil {
		(*f)(Statement{ID: id})
	}
	return id
}

// IDAt is the smallest id of a moment, for paging by time.
func IDAt(t time.Time) int64 { return max(0, t.UnixMilli()-idEpoch) << idShift }

// defaultNodeLease is how long a node may be unheard of before another may take its number.
const defaultNodeLease = 60 * time.Second

// lease takes an id node. SQLite has one process and so one node. It starts beyond every id already recorded, so that a clock
// set back cannot repeat one.
func (d *DB) lease(ctx context.Context) error {
	var last int64
	if err := d.QueryRow(ctx, "SELECT COALESCE(MAX(id), 0) FROM events").Scan(&last); err != nil {
		return fmt.Errorf("db: ids: %w", err)
	}
	d.ids.ms = last >> idShift
	if d.dialect == SQLite {
		return nil
	}
	if d.ids.lease = d.opt.NodeLease; d.ids.lease <= 0 {
		d.ids.lease = defaultNodeLease
	}
	var b [8]byte
	_, _ = rand.Read(b[:])
	d.ids.holder = hex.EncodeToString(b[:])
	if err := d.claimNode(ctx); err != nil {
		return err
	}
	d.done.Add(1)
	ctx2, cancel := context.WithCancel(context.Background())
	stop := d.stop
	d.stop = func() { cancel(); stop() }
	go func() { defer d.done.Done(); d.keepNode(ctx2) }()
	return nil
}

// claimNode takes a free node, or fails.
func (d *DB) claimNode(ctx context.Context) error {
	asked, node, used, taken := time.Now(), int64(0), int64(0), false
	for try := 0; !taken && try < 4*idNodes; try++ { // nodes that start at once see the same one free
		err := d.writePostgres(ctx, func(ctx context.Context, tx *Tx) (err error) {
			asked = time.Now()
			node, used, taken, err = d.takeNode(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	if !taken {
		return desk.Errorf(desk.Unavailable, "db.nodes", "No node of this database could be taken. Try again in a moment.")
	}
	d.ids.mu.Lock()
	defer d.ids.mu.Unlock()
	d.ids.node, d.ids.ms, d.ids.held, d.ids.lost = node, max(d.ids.ms, used), asked, nil
	return nil
}

// pgNow is PostgreSQL's own clock in milliseconds, which all nodes share.
const pgNow = "(extract(epoch from statement_timestamp()) * 1000)::bigint"

func (d *DB) takeNode(ctx context.Context, tx *Tx) (node, used int64, taken bool, err error) {
	err = tx.QueryRow(ctx, `SELECT n, COALESCE((SELECT last_ms FROM nodes WHERE node = n), 0) FROM generate_series(0, $1::int - 1) n
		WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE node = n AND lease_until > `+pgNow+`) ORDER BY n LIMIT 1`, idNodes).Scan(&node, &used)
	if err != nil {
		return 0, 0, false, desk.Errorf(desk.Unavailable, "db.nodes", "All %d nodes of this database are taken. Stop one, or wait a minute.", idNodes).Because(err)
	}
	n, err := tx.Exec(ctx, `INSERT INTO nodes (node, holder, lease_until, last_ms) VALUES ($1, $2, `+pgNow+` + $3, $4)
		ON CONFLICT (node) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until WHERE nodes.lease_until <= `+pgNow,
		node, d.ids.holder, d.ids.lease.Milliseconds(), used)
	return node, used, n == 1, err
}

// keepNode prolongs the lease. A node whose lease was taken over while it could not reach the database takes no writes until it has another.
func (d *DB) keepNode(ctx context.Context) {
	t := time.NewTicker(d.ids.lease / 6)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		d.ids.mu.Lock()
		ms, node, lost := d.ids.ms, d.ids.node, d.ids.lost
		d.ids.mu.Unlock()
		if lost != nil {
			if d.claimNode(ctx) == nil {
				d.log.Info("this node has a lease on the database again and takes writes")
			}
			continue
		}
		asked := time.Now()
		res, err := d.write.ExecContext(ctx, "UPDATE nodes SET lease_until = "+pgNow+" + $1, last_ms = $2 WHERE node = $3 AND holder = $4",
			d.ids.lease.Milliseconds(), ms, node, d.ids.holder)
		if err != nil {
			continue // err() speaks up when this lasts
		}
		n, _ := res.RowsAffected()
		d.ids.mu.Lock()
		if n == 0 {
			d.ids.lost = desk.Errorf(desk.Unavailable, "db.node_lost", "This node lost its lease on the database. It takes no writes until it has another.")
			d.log.Error("this node lost its lease on the database and takes no writes until it has another")
		}
		d.ids.held = asked
		d.ids.mu.Unlock()
	}
}

func (d *DB) releaseNode() {
	if d.ids.holder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, _ = d.write.ExecContext(ctx, "UPDATE nodes SET lease_until = 0, last_ms = $1 WHERE node = $2 AND holder = $3", d.ids.ms, d.ids.node, d.ids.holder)
}
