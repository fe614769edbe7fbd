// Package event owns the event log: what happened, recorded in the transaction that made it happen, numbered in
// commit order, read again by number. It publishes only that there is something new; followers (realtime, search,
// webhooks, rules) read the rows with After. It refuses to change or remove a recorded event, but for what an erasure
// must make unreadable (Forget). Every package that changes a noun calls Record; app runs Run.
//
// On SQLite an event gets its number in its own transaction: there is one writer. On PostgreSQL numbering must neither skip
// an event that commits late nor make commits wait for each other: rows are written without a number, and one elected node
// numbers what has become visible right after commits (number.go).
package event

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Log is the event log of one installation. Safe for concurrent use.
type Log struct {
	db      *db.DB
	clk     *clock.Clock
	log     *slog.Logger
	pending chan struct{} // something unnumbered was committed here (PostgreSQL)
	leading atomic.Bool
	last    atomic.Int64 // highest number known here
	batch   int

	mu   sync.Mutex
	subs map[*Subscription]struct{}
}

// New returns the log of a database. A nil log discards.
func New(d *db.DB, clk *clock.Clock, log *slog.Logger) *Log {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Log{db: d, clk: clk, log: log, pending: make(chan struct{}, 1), batch: 1000, subs: map[*Subscription]struct{}{}}
}

// Data encodes the particulars of an event; nil is {}.
func Data(v any) json.RawMessage {
	if v == nil {
		return json.RawMessage("{}")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("{}")
	}
	return b
}

const insertNumbered = `INSERT INTO events (id, seq, at, type, actor, ticket_id, thread_id, message_id, contact_id, inbox_id, user_id, data)
	VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM events), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

const insertUnnumbered = `INSERT INTO events (id, at, type, actor, ticket_id, thread_id, message_id, contact_id, inbox_id, user_id, data)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

// Record writes ev in the caller's transaction and wakes followers once it is committed. It fills ID, At and Actor
// (the system) when they are empty. The events of one transaction keep the order in which they were recorded.
func (l *Log) Record(ctx context.Context, tx *db.Tx, ev desk.Event) (desk.EventID, error) {
	if ev.Type == "" {
		return 0, fmt.Errorf("event: record: no type")
	}
	if ev.ID == 0 {
		ev.ID = desk.EventID(tx.NewID())
	}
	if ev.At == 0 {
		ev.At = l.clk.Ms()
	}
	if ev.Actor.Kind == "" {
		ev.Actor = desk.System
	}
	if len(ev.Data) == 0 {
		ev.Data = json.RawMessage("{}")
	}
	query := insertUnnumbered
	if tx.Dialect() == db.SQLite {
		query = insertNumbered
	}
	_, err := tx.Exec(ctx, query, ev.ID, ev.At, ev.Type, ev.Actor, ev.TicketID, ev.ThreadID, ev.Message, ev.Contact, ev.Inbox, ev.UserID, string(ev.Data))
	if err != nil {
		return 0, fmt.Errorf("event: record %s: %w", ev.Type, err)
	}
	tx.AfterCommit(l.committed)
	return ev.ID, nil
}

// committed tells that this process committed an event.
func (l *Log) committed() {
	if l.db.Dialect() == db.SQLite {
		l.publish()
		return
	}
	poke(l.pending)
}

// Forget empties the particulars of a ticket's and of its threads' events, for an erasure: that something happened, when and by whom stays, and so do the numbers. Ids
// that followers need to find what moved are kept.
func (l *Log) Forget(ctx context.Context, tx *db.Tx, ticket desk.TicketID, threads ...desk.ThreadID) error {
	const blank = "UPDATE events SET data = '{}' WHERE type NOT IN ('" + desk.EvThreadMoved + "', '" + desk.EvTicketMerged + "', '" + desk.EvTicketPurged + "') AND "
	if ticket != 0 {
		if _, err := tx.Exec(ctx, blank+"ticket_id = $1 AND ticket_id <> 0", ticket); err != nil {
			return fmt.Errorf("event: forget: %w", err)
		}
	}
	for _, th := range threads {
		if _, err := tx.Exec(ctx, blank+"thread_id = $1 AND ticket_id = 0 AND thread_id <> 0", th); err != nil {
			return fmt.Errorf("event: forget: %w", err)
		}
	}
	return nil
}

// ForgetPerson empties the particulars of what happened around a person, for an erasure: the events of contacts, of messages, and of tickets and threads that
// were theirs. Who had a ticket and which states it went through stay: they tell of colleagues, and are counted. The lists are ids, written as (1,2).
func (l *Log) ForgetPerson(ctx context.Context, tx *db.Tx, contacts, messages, tickets, threads string) error {
	const blank = "UPDATE events SET data = '{}' WHERE type NOT IN ('" + desk.EvThreadMoved + "', '" + desk.EvTicketMerged + "', '" + desk.EvTicketPurged + "', '" + desk.EvTicketAssigned + "', '" +
		desk.EvTicketStatus + "', '" + desk.EvContactMerged + "', '" + desk.EvContactUnmerged + "', '" + desk.EvThreadEmptied + "') AND "
	for _, where := range []string{
		"contact_id <> 0 AND contact_id IN " + contacts, "message_id <> 0 AND message_id IN " + messages, "ticket_id <> 0 AND ticket_id IN " + tickets,
		"ticket_id = 0 AND thread_id <> 0 AND thread_id IN " + threads,
	} {
		if _, err := tx.Exec(ctx, blank+where); err != nil {
			return fmt.Errorf("event: forget a person: %w", err)
		}
	}
	return nil
}

// Unsay empties the particulars of what happened around a ticket or a thread, and with messages, that repeat a passage which was blanked out (CO-12).
func (l *Log) Unsay(ctx context.Context, tx *db.Tx, ticket desk.TicketID, thread desk.ThreadID, passage string) error {
	quoted, err := json.Marshal(passage)
	if err != nil {
		return fmt.Errorf("event: unsay: %w", err)
	}
	like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.Trim(string(quoted), `"`)) + "%"
	_, err = tx.Exec(ctx, "UPDATE events SET data = '{}' WHERE (ticket_id = $1 AND ticket_id <> 0 OR thread_id = $2 AND ticket_id = 0 AND thread_id <> 0) AND data LIKE $3 ESCAPE '!'", ticket, thread, like)
	if err != nil {
		return fmt.Errorf("event: unsay: %w", err)
	}
	return nil
}

// Columns are the columns of the events table, qualified by no name, in the order that Scan reads.
const Columns = "id, COALESCE(seq, 0), at, type, actor, ticket_id, thread_id, message_id, contact_id, inbox_id, user_id, data"

// Scan reads a row of Columns, for read models that select events themselves.
func Scan(s db.Scanner) (ev desk.Event, err error) {
	var data string
	err = s.Scan(&ev.ID, &ev.Seq, &ev.At, &ev.Type, db.ScanActor(&ev.Actor), &ev.TicketID, &ev.ThreadID, &ev.Message, &ev.Contact, &ev.Inbox, &ev.UserID, &data)
	ev.Data = json.RawMessage(data)
	return ev, err
}

// After returns up to limit events numbered above seq, in order. A reader that goes on from the last number it got sees
// every event exactly once. limit is at most 1,000; 0 means that.
func (l *Log) After(ctx context.Context, seq int64, limit int) ([]desk.Event, error) {
	if limit <= 0 || limit > 1000 {
		limit = 1000
	}
	evs, err := db.All(ctx, l.db, Scan, "SELECT "+Columns+" FROM events WHERE seq > $1 ORDER BY seq LIMIT $2", seq, limit)
	if err != nil {
		return nil, fmt.Errorf("event: after %d: %w", seq, err)
	}
	return evs, nil
}

// Last is the highest number given so far; 0 when nothing has happened yet.
func (l *Log) Last(ctx context.Context) (int64, error) {
	var n int64
	if err := l.db.QueryRow(ctx, "SELECT COALESCE(MAX(seq), 0) FROM events").Scan(&n); err != nil {
		return 0, fmt.Errorf("event: last: %w", err)
	}
	return n, nil
}

// First is the lowest number still kept; a reader that stopped before it must reload instead of catching up.
func (l *Log) First(ctx context.Context) (int64, error) {
	var n int64
	if err := l.db.QueryRow(ctx, "SELECT COALESCE(MIN(seq), 0) FROM events").Scan(&n); err != nil {
		return 0, fmt.Errorf("event: first: %w", err)
	}
	return n, nil
}

// Subscription is a follower's wake-up.
type Subscription struct {
	// C gets a value when there may be events above the last that the follower read. Wake-ups are coalesced: read until After
	// returns nothing, then wait again.
	C   <-chan struct{}
	c   chan struct{}
	log *Log
}

// Subscribe returns a wake-up that has already fired once, so that a follower begins by reading.
func (l *Log) Subscribe() *Subscription {
	c := make(chan struct{}, 1)
	c <- struct{}{}
	s := &Subscription{C: c, c: c, log: l}
	l.mu.Lock()
	l.subs[s] = struct{}{}
	l.mu.Unlock()
	return s
}

// Close ends the wake-ups; C is not closed. It is idempotent.
func (s *Subscription) Close() {
	s.log.mu.Lock()
	delete(s.log.subs, s)
	s.log.mu.Unlock()
}

// publish wakes every follower in this process.
func (l *Log) publish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range l.subs {
		poke(s.c)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
