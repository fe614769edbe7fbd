package view

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/space"
)

// CountCap is where counting stops: a capped count is shown as "10,000+".
const CountCap = 10_000

// Count is one view of the side bar. Name is a locale key for the built-in views and the name itself for inboxes and statuses.
type Count struct {
	ID     string `json:"id" example:"mine" doc:"mine, unassigned, open, snoozed, following, drafts, closed, recently_closed, elsewhere, spam, trash, mentions, inbox:ID, status:ID or custom:ID."`
	Name   string `json:"name"`
	Count  int    `json:"count" doc:"At most 10000."`
	Capped bool   `json:"capped" doc:"There are more than count."`

	Conversations       int  `json:"conversations" doc:"Of an inbox: open conversations that have no ticket (IH-01); of spam and trash: those that lie there. At most 10000."`
	ConversationsCapped bool `json:"conversations_capped" doc:"There are more than conversations."`

	AsOf    desk.Time `json:"as_of" doc:"When a count that is dear to find was taken; null: just now."`
	Pending bool      `json:"pending" doc:"The count is being found for the first time; count says nothing yet."`
}

// counter keeps counts for as long as the event log has not moved. Every viewer with the same sight who looks again because of one event
// shares one computation.
type counter struct {
	mu      sync.Mutex
	kept    map[string]kept
	working map[string]chan struct{} // closed when a computation that others wait for is done
	many    map[string]time.Time     // views beyond the cap, and until when that is believed: such a count is dear and says little
	dear    map[string]*dear
	volumes map[string]measured // of spaces
	one     chan struct{}       // held by the one dear count that is being found
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

func newCounter() counter {
	return counter{kept: map[string]kept{}, working: map[string]chan struct{}{}, many: map[string]time.Time{}, dear: map[string]*dear{}, volumes: map[string]measured{}, one: make(chan struct{}, 1)}
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

// ownCounts are those of views that are each viewer's own.
func (v *Service) ownCounts(ctx context.Context, s Sight) ([]Count, error) {
	out := []Count{}
	for _, name := range []string{Mine, Following, Drafts} {
		c, err := v.count(ctx, s, name)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	var q query
	q.add("SELECT COUNT(*) FROM (SELECT m.ticket_id FROM mentions m JOIN tickets t ON t.id = m.ticket_id WHERE m.user_id = ").arg(s.User)
	q.add(" AND m.read_at = 0 AND t.hidden = ''").ticketSight("t", s).add(" GROUP BY m.ticket_id LIMIT ").arg(CountCap + 1).add(") x")
	n, err := one(ctx, v.db, &q, db.Column[int])
	if err != nil {
		return nil, fmt.Errorf("view: count mentions: %w", err)
	}
	return append(out, capped(Mentions, Mentions, n)), nil
}

func (v *Service) sharedCounts(ctx context.Context, s Sight) ([]Count, error) {
	names := []Count{{ID: Unassigned}, {ID: Open}, {ID: Snoozed}, {ID: Elsewhere}, {ID: Bots}, {ID: RecentlyClosed}, {ID: Closed}, {ID: Spam}, {ID: Trash}}
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
		if c.Conversations, c.ConversationsCapped, err = v.countConversations(ctx, s, n.ID); err != nil {
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
	if name == Mine || name == Following || name == Drafts {
		key += s.User.String()
	}
	if v.counts.isMany(key) {
		return capped(name, name, CountCap+1), nil
	}
	var q query
	q.add("SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets t WHERE ")
	if err := where(&q, s, name, v.now()); err != nil {
		return Count{}, err
	}
	q.ticketsIn("t", s, kindOf(name), space.Dear)
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

// countConversations counts an inbox's open conversations without a ticket, or those in spam or trash; any other view has none. The condition is that of the partial index
// threads_ticketless.
func (v *Service) countConversations(ctx context.Context, s Sight, name string) (int, bool, error) {
	if name == string(desk.HiddenSpam) || name == string(desk.HiddenTrash) {
		var q query
		q.add("SELECT COUNT(*) FROM (SELECT 1 AS one FROM threads t WHERE ")
		hiddenThreads(&q, s, desk.Hidden(name))
		n, err := one(ctx, v.db, q.add(" LIMIT "+strconv.Itoa(CountCap+1)+") x"), db.Column[int])
		if err != nil {
			return 0, false, fmt.Errorf("view: count conversations: %w", err)
		}
		return min(n, CountCap), n > CountCap, nil
	}
	if name == Bots {
		var q query
		q.add("SELECT COUNT(*) FROM (SELECT 1 AS one FROM threads t WHERE t.bot = 1 AND t.ticket_id = 0 AND t.open = 1 AND t.hidden = ''").threadSight("t", s)
		n, err := one(ctx, v.db, q.add(" LIMIT "+strconv.Itoa(CountCap+1)+") x"), db.Column[int])
		return min(n, CountCap), n > CountCap, err
	}
	value, is := strings.CutPrefix(name, "inbox:")
	inbox, err := desk.ParseID[desk.InboxID](value)
	if !is || err != nil {
		return 0, false, nil
	}
	key := "conversations " + value + s.Tickets.Name() + s.Area.Name() // the same for everybody who sees all of the inbox
	if v.counts.isMany(key) {
		return CountCap, true, nil
	}
	var q query
	q.add("SELECT COUNT(*) FROM (SELECT 1 AS one FROM threads t WHERE t.ticket_id = 0 AND t.open = 1 AND t.hidden = '' AND t.bot = 0 AND t.inbox_id = ").arg(inbox)
	q.and(s.Tickets.ThreadSQL("t", q.put)).and(s.Area.ThreadSQL("t")).add(" LIMIT " + strconv.Itoa(CountCap+1) + ") x")
	n, err := one(ctx, v.db, &q, db.Column[int])
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

// Counts of saved views may be dear: a filter on a property reads every open ticket. So a count that took long is told from memory, with the time it
// was taken, and found again in the background: one at a time, and each at most a small part of the time.
const (
	cheap     = 5 * time.Millisecond   // such a count is simply found again
	patience  = 100 * time.Millisecond // what an answer waits for counts that were never found
	restTimes = 20                     // a count rests this many times as long as it took: a twentieth of one processor at most
	restLeast = 2 * time.Second
	dearLimit = 30 * time.Second
)

// dear is what is known of one saved view's count.
type dear struct {
	seq  int64
	n    int
	took time.Duration
	at   time.Time // zero: never found
	busy bool
	used time.Time
}

// CustomCounts lists the saved views that a viewer sees, with their counts. again is when it is worth asking once more: 0, unless a count is older than seq.
func (v *Service) CustomCounts(ctx context.Context, s Sight, seq int64) (out []Count, again time.Duration, err error) {
	out = []Count{}
	if v.saved == nil {
		return out, 0, nil
	}
	who := customview.Reader{User: s.User, Share: s.Share}
	if who.Teams, err = v.teamsOf(ctx, s.User); err != nil {
		return nil, 0, err
	}
	views, err := v.saved.List(ctx, v.db, who)
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	for _, one := range views {
		if one.SpaceID != s.Area.ID {
			continue // a space has views of its own
		}
		name := "custom:" + one.ID.String()
		key := s.key() + " " + name + " " + strconv.FormatInt(one.Version, 10)
		if one.Filter.Personal() {
			key += s.User.String()
		}
		c := Count{ID: name, Name: one.Name}
		wait := v.dearCount(s, key, name, seq, patience-time.Since(began), &c)
		if wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
		out = append(out, c)
	}
	return out, again, nil
}

// dearCount fills in a count: fresh, or remembered with its time. It says after how long asking again is worth while.
func (v *Service) dearCount(s Sight, key, name string, seq int64, spare time.Duration, c *Count) time.Duration {
	m := &v.counts
	m.mu.Lock()
	d := m.dear[key]
	if d == nil {
		m.forgetDear()
		d = &dear{}
		m.dear[key] = d
	}
	d.used = time.Now()
	fresh := !d.at.IsZero() && d.seq == seq && seq > 0
	due := time.Since(d.at) >= max(restLeast, restTimes*d.took)
	quick := !d.at.IsZero() && d.took < cheap || d.at.IsZero() && spare > 0
	var done chan struct{}
	if !fresh && !d.busy && (quick || due || d.at.IsZero()) {
		d.busy = true
		done = make(chan struct{})
		go v.findDear(s, d, name, seq, quick, done)
	}
	m.mu.Unlock()
	if done != nil && quick {
		select {
		case <-done:
		case <-time.After(max(spare, cheap)):
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c.Count, c.Capped = min(d.n, CountCap), d.n > CountCap
	switch {
	case d.at.IsZero():
		c.Pending = true
		return max(restLeast, restTimes*d.took)
	case d.seq == seq:
		return 0
	}
	c.AsOf = desk.At(d.at)
	return max(restLeast, restTimes*d.took-time.Since(d.at))
}

// findDear finds one count. Dear ones wait for each other; the request that asked may be gone by then.
func (v *Service) findDear(s Sight, d *dear, name string, seq int64, quick bool, done chan struct{}) {
	defer close(done)
	ctx, cancel := context.WithTimeout(context.Background(), dearLimit)
	defer cancel()
	if !quick {
		select {
		case v.counts.one <- struct{}{}:
			defer func() { <-v.counts.one }()
		case <-ctx.Done():
		}
	}
	began := time.Now()
	ready, err := v.ask(ctx, s, Ask{View: name, whole: true})
	n := 0
	if err == nil {
		n, err = v.countAsked(ctx, ready)
	}
	v.counts.mu.Lock()
	defer v.counts.mu.Unlock()
	d.busy, d.took = false, time.Since(began)
	if err == nil {
		d.n, d.seq, d.at = n, seq, time.Now()
	} else if desk.CodeOf(err) == desk.Conflict || desk.CodeOf(err) == desk.Invalid {
		d.n, d.seq, d.at = 0, seq, time.Now() // a broken filter finds nothing, and its list says why
	}
}

// forgetDear drops what nobody asked for lately when there is much.
func (c *counter) forgetDear() {
	if len(c.dear) < maxKept {
		return
	}
	for k, d := range c.dear {
		if !d.busy && time.Since(d.used) > time.Minute {
			delete(c.dear, k)
		}
	}
	if len(c.dear) >= 4*maxKept {
		clear(c.dear)
	}
}
