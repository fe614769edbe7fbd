package view

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// CountCap is where counting stops: a capped count is shown as "10,000+".
const CountCap = 10_000

// Count is one view of the side bar. Name is a locale key for the built-in views and the name itself for inboxes and statuses.
type Count struct {
	ID     string `json:"id" example:"mine" doc:"mine, unassigned, open, closed, spam, trash, mentions, inbox:ID or status:ID."`
	Name   string `json:"name"`
	Count  int    `json:"count" doc:"At most 10000."`
	Capped bool   `json:"capped" doc:"There are more than count."`

	Conversations       int  `json:"conversations" doc:"Of an inbox: open conversations that have no ticket (IH-01). At most 10000."`
	ConversationsCapped bool `json:"conversations_capped" doc:"There are more than conversations."`
}

// counter keeps counts for as long as the event log has not moved. Every viewer with the same sight who looks again because of one event
// shares one computation.
type counter struct {
	mu      sync.Mutex
	kept    map[string]kept
	working map[string]chan struct{} // closed when a computation that others wait for is done
	many    map[string]time.Time     // views beyond the cap, and until when that is believed: such a count is dear and says little
}

// manyFor is how long a view that was beyond the cap is taken to be so still.
const manyFor = time.Minute

// isMany reports whether a view was beyond the cap a moment ago.
func (c *counter) isMany(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Before(c.many[key])
}

func (c *counter) noteMany(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.many) >= maxKept {
		clear(c.many)
	}
	c.many[key] = time.Now().Add(manyFor)
}

type kept struct {
	seq    int64
	counts []Count
}

const maxKept = 512

// Counts lists the views with their counts. seq is the event log's last number, read before the call: the answer covers every event up to it.
func (v *Service) Counts(ctx context.Context, s Sight, seq int64) ([]Count, error) {
	shared, err := v.counts.of(ctx, s.key(), seq, func() ([]Count, error) { return v.sharedCounts(ctx, s) })
	if err != nil {
		return nil, err
	}
	own, err := v.ownCounts(ctx, s) // reading a mention moves no log, so nothing is kept of these
	if err != nil {
		return nil, err
	}
	return append(own[:len(own):len(own)], shared...), nil
}

// of answers from what is kept, waits for whoever computes the same already, or computes.
func (c *counter) of(ctx context.Context, key string, seq int64, compute func() ([]Count, error)) ([]Count, error) {
	for {
		c.mu.Lock()
		if k, ok := c.kept[key]; ok && k.seq == seq && seq > 0 {
			c.mu.Unlock()
			return k.counts, nil
		}
		job := fmt.Sprint(key, "@", seq)
		others, busy := c.working[job]
		if !busy {
			c.working[job] = make(chan struct{})
		}
		c.mu.Unlock()
		if !busy {
			counts, err := compute()
			c.done(key, job, seq, counts, err)
			return counts, err
		}
		select {
		case <-others:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *counter) done(key, job string, seq int64, counts []Count, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.working[job])
	delete(c.working, job)
	if err != nil {
		return
	}
	if len(c.kept) >= maxKept {
		clear(c.kept)
	}
	c.kept[key] = kept{seq, counts}
}

func (v *Service) ownCounts(ctx context.Context, s Sight) ([]Count, error) {
	mine, err := v.count(ctx, s, Mine)
	if err != nil {
		return nil, err
	}
	var q query
	q.add("SELECT COUNT(*) FROM (SELECT m.ticket_id FROM mentions m JOIN tickets t ON t.id = m.ticket_id WHERE m.user_id = ").arg(s.User)
	q.add(" AND m.read_at = 0 AND t.hidden = ''").inSight("t.inbox_id", s).add(" GROUP BY m.ticket_id LIMIT ").arg(CountCap + 1).add(") x")
	n, err := one(ctx, v.db, &q, db.Column[int])
	if err != nil {
		return nil, fmt.Errorf("view: count mentions: %w", err)
	}
	return []Count{mine, capped(Mentions, Mentions, n)}, nil
}

func (v *Service) sharedCounts(ctx context.Context, s Sight) ([]Count, error) {
	names := []Count{{ID: Unassigned}, {ID: Open}, {ID: Closed}, {ID: Spam}, {ID: Trash}}
	for i := range names {
		names[i].Name = names[i].ID
	}
	var q query
	q.add("SELECT 'inbox:' || id, name FROM inboxes WHERE archived_at = 0").inSight("id", s).add(" ORDER BY name, id")
	inboxes, err := all(ctx, v.db, &q, scanName)
	if err != nil {
		return nil, fmt.Errorf("view: inboxes: %w", err)
	}
	statuses, err := db.All(ctx, v.db, scanName, `SELECT 'status:' || s.id, s.name FROM pipeline_statuses s JOIN pipelines p ON p.id = s.pipeline_id
		WHERE s.archived_at = 0 AND p.archived_at = 0 AND s.state = 'open' ORDER BY p.position, p.id, s.position, s.id`)
	if err != nil {
		return nil, fmt.Errorf("view: statuses: %w", err)
	}
	names = append(append(names, inboxes...), statuses...)
	out := make([]Count, 0, len(names))
	for _, n := range names {
		c, err := v.count(ctx, s, n.ID)
		if err != nil {
			return nil, err
		}
		c.Name = n.Name
		if c.Conversations, c.ConversationsCapped, err = v.countConversations(ctx, n.ID); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func scanName(s db.Scanner) (c Count, err error) { err = s.Scan(&c.ID, &c.Name); return c, err }

// count stops after CountCap+1 entries of the view's own index.
func (v *Service) count(ctx context.Context, s Sight, name string) (Count, error) {
	key := s.key() + " " + name
	if name == Mine {
		key += s.User.String()
	}
	if v.counts.isMany(key) {
		return capped(name, name, CountCap+1), nil
	}
	var q query
	q.add("SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets t WHERE ")
	if err := where(&q, s, name); err != nil {
		return Count{}, err
	}
	q.add(" LIMIT " + strconv.Itoa(CountCap+1) + ") x")
	n, err := one(ctx, v.db, &q, db.Column[int])
	if err != nil {
		return Count{}, fmt.Errorf("view: count %s: %w", name, err)
	}
	if n > CountCap {
		v.counts.noteMany(key)
	}
	return capped(name, name, n), nil
}

// countConversations counts an inbox's open conversations without a ticket; any other view has none. The condition is that of the partial index
// threads_ticketless.
func (v *Service) countConversations(ctx context.Context, name string) (int, bool, error) {
	value, is := strings.CutPrefix(name, "inbox:")
	inbox, err := desk.ParseID[desk.InboxID](value)
	if !is || err != nil {
		return 0, false, nil
	}
	key := "conversations " + value // the same for everybody who sees the inbox
	if v.counts.isMany(key) {
		return CountCap, true, nil
	}
	n, err := db.One(ctx, v.db, db.Column[int], "SELECT COUNT(*) FROM (SELECT 1 AS one FROM threads t WHERE t.ticket_id = 0 AND t.open = 1 AND t.inbox_id = $1 LIMIT "+strconv.Itoa(CountCap+1)+") x", inbox)
	if err != nil {
		return 0, false, fmt.Errorf("view: count conversations: %w", err)
	}
	if n > CountCap {
		v.counts.noteMany(key)
	}
	return min(n, CountCap), n > CountCap, nil
}

func capped(id, name string, n int) Count {
	return Count{ID: id, Name: name, Count: min(n, CountCap), Capped: n > CountCap}
}

// InboxOf is the inbox that says who may see a ticket; sql.ErrNoRows when there is no such ticket.
func (v *Service) InboxOf(ctx context.Context, ticket desk.TicketID) (desk.InboxID, error) {
	return db.One(ctx, v.db, db.Column[desk.InboxID], "SELECT inbox_id FROM tickets WHERE id = $1", ticket)
}
