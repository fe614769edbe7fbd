// Package occupancy says how much of the time in which people were available they had work (RP-07): at least one open ticket, or conversation without one, of their own, that
// does not rest. It owns no table: it begins with who has what now and goes back through the log of events, so that it costs as much as happened since, not as there is. It
// refuses nothing. Called by the API.
package occupancy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
)

// MaxDays is how far apart the first and the last day may be: further back, too much happened to be told while somebody waits.
const MaxDays = 92

// Span is a time in which somebody had work.
type Span struct{ From, To desk.Time }

// Of says of each person when they had work, from one time until another, oldest first.
func Of(ctx context.Context, q db.Queryer, users []desk.UserID, from, to desk.Time) (map[desk.UserID][]Span, error) {
	w := &walk{q: q, of: map[desk.UserID]bool{}, count: map[desk.UserID]int{}, ends: map[desk.UserID]desk.Time{}, spans: map[desk.UserID][]Span{}, items: map[item]*state{}, from: from, to: to}
	for _, u := range users {
		w.of[u] = true
	}
	if err := w.now(ctx); err != nil {
		return nil, err
	}
	if err := w.back(ctx); err != nil {
		return nil, err
	}
	for u, n := range w.count {
		if n > 0 {
			w.add(u, from, w.ends[u])
		}
	}
	for _, list := range w.spans {
		slices.SortFunc(list, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	}
	return w.spans, nil
}

// item is a ticket, or a conversation.
type item struct {
	thread bool
	id     int64
}

// state is what somebody's work hangs on.
type state struct {
	owner                       desk.UserID
	open, hidden, rests, ticket bool // ticket: of a conversation, that it has one and is no work of its own
}

func (s state) of() desk.UserID {
	if !s.open || s.hidden || s.rests || s.ticket {
		return 0
	}
	return s.owner
}

type walk struct {
	q        db.Queryer
	of       map[desk.UserID]bool
	from, to desk.Time
	count    map[desk.UserID]int
	ends     map[desk.UserID]desk.Time // until when somebody has had work, going back
	spans    map[desk.UserID][]Span
	items    map[item]*state
}

// now is who has what at this moment.
func (w *walk) now(ctx context.Context) error {
	for _, sql := range []string{
		`SELECT owner_id, COUNT(*) FROM tickets WHERE open = 1 AND hidden = '' AND snoozed = 0 AND owner_id <> 0 GROUP BY owner_id`,
		`SELECT owner_id, COUNT(*) FROM threads WHERE ticket_id = 0 AND open = 1 AND hidden = '' AND owner_id <> 0 GROUP BY owner_id`,
	} {
		_, err := db.All(ctx, w.q, func(r db.Scanner) (struct{}, error) {
			var u desk.UserID
			var n int
			err := r.Scan(&u, &n)
			w.count[u] += n
			w.ends[u] = w.to
			return struct{}{}, err
		}, sql)
		if err != nil {
			return fmt.Errorf("occupancy: %w", err)
		}
	}
	return nil
}

// told are the events that change whose work something is.
var told = []string{
	desk.EvTicketAssigned, desk.EvTicketStatus, desk.EvTicketCreated, desk.EvTicketDeleted, desk.EvTicketRestored, desk.EvTicketSnoozed, desk.EvTicketWoken, desk.EvTicketMerged,
	desk.EvThreadAssigned, desk.EvThreadState, desk.EvThreadOpened, desk.EvThreadMoved,
}

type happened struct {
	id             int64
	at             desk.Time
	typ            string
	ticket, thread int64
	data           string
}

const page = 2000

// back goes through what happened since, newest first.
func (w *walk) back(ctx context.Context) error {
	first, before := db.IDAt(w.from.Time()), int64(1)<<62
	types := "'" + strings.Join(told, "', '") + "'"
	for {
		evs, err := db.All(ctx, w.q, func(r db.Scanner) (e happened, err error) {
			err = r.Scan(&e.id, &e.at, &e.typ, &e.ticket, &e.thread, &e.data)
			return e, err
		}, `SELECT id, at, type, ticket_id, thread_id, data FROM events WHERE id >= $1 AND id < $2 AND type IN (`+types+`) ORDER BY id DESC LIMIT $3`, first, before, page)
		if err != nil {
			return fmt.Errorf("occupancy: %w", err)
		}
		if err := w.learn(ctx, evs); err != nil {
			return err
		}
		for _, e := range evs {
			w.undo(e)
			before = e.id
		}
		if len(evs) < page {
			return nil
		}
	}
}

// on is what an event changes.
func (e happened) on() item {
	if strings.HasPrefix(e.typ, "thread.") {
		return item{true, e.thread}
	}
	return item{false, e.ticket}
}

// learn reads how those stand that are met for the first time.
func (w *walk) learn(ctx context.Context, evs []happened) error {
	fresh := map[bool][]int64{}
	for _, e := range evs {
		if on := e.on(); w.items[on] == nil {
			w.items[on] = &state{}
			fresh[on.thread] = append(fresh[on.thread], on.id)
		}
	}
	for thread, ids := range fresh {
		sql := `SELECT id, owner_id, open, CASE WHEN hidden = '' THEN 0 ELSE 1 END, snoozed, 0 FROM tickets WHERE id IN `
		if thread {
			sql = `SELECT id, owner_id, open, CASE WHEN hidden = '' THEN 0 ELSE 1 END, 0, CASE WHEN ticket_id = 0 THEN 0 ELSE 1 END FROM threads WHERE id IN `
		}
		_, err := db.All(ctx, w.q, func(r db.Scanner) (struct{}, error) {
			var id int64
			var s state
			err := r.Scan(&id, &s.owner, &s.open, &s.hidden, &s.rests, &s.ticket)
			*w.items[item{thread, id}] = s
			return struct{}{}, err
		}, sql+db.Among(w.q, "$1"), db.JSON(ids))
		if err != nil {
			return fmt.Errorf("occupancy: %w", err)
		}
	}
	return nil
}

// undo takes an event back, and with it the work that it gave or took.
func (w *walk) undo(e happened) {
	s := w.items[e.on()]
	after := s.of()
	s.undo(e)
	before := s.of()
	if before == after {
		return
	}
	if after != 0 {
		if w.count[after]--; w.count[after] == 0 {
			w.add(after, e.at, w.ends[after])
		}
	}
	if before != 0 {
		if w.count[before]++; w.count[before] == 1 {
			w.ends[before] = e.at
		}
	}
}

func (s *state) undo(e happened) {
	var d struct {
		Before     desk.UserID     `json:"previous_owner_id"`
		FromState  string          `json:"from_state"`
		Open       bool            `json:"open"`
		Hidden     string          `json:"hidden"`
		Bot        bool            `json:"bot"`
		From       json.RawMessage `json:"from"` // a ticket of a merge, a status of a change
		FromTicket desk.TicketID   `json:"from_ticket"`
	}
	_ = json.Unmarshal([]byte(e.data), &d)
	switch e.typ {
	case desk.EvTicketAssigned, desk.EvThreadAssigned:
		s.owner = d.Before
	case desk.EvTicketStatus:
		s.open = d.FromState == "open"
	case desk.EvTicketCreated, desk.EvThreadOpened:
		s.open = false // there was nothing
	case desk.EvTicketDeleted:
		s.hidden = false
	case desk.EvTicketRestored:
		s.hidden = true
	case desk.EvTicketSnoozed:
		s.rests = false
	case desk.EvTicketWoken:
		s.rests = true
	case desk.EvTicketMerged:
		if strings.Trim(string(d.From), `"`) == desk.TicketID(e.ticket).String() {
			s.open, s.hidden = true, false
		}
	case desk.EvThreadState: // only what it became is told: it was otherwise
		works := d.Open && d.Hidden == "" && !d.Bot
		s.open, s.hidden = !works, false
	case desk.EvThreadMoved:
		s.ticket = d.FromTicket != 0
	}
}

func (w *walk) add(u desk.UserID, from, to desk.Time) {
	from, to = max(from, w.from), min(to, w.to)
	if w.of[u] && from < to {
		w.spans[u] = append(w.spans[u], Span{from, to})
	}
}

// Days adds to what people were available how much of it they had work, in milliseconds, by the days' places.
func Days(ctx context.Context, q db.Queryer, r people.Report) ([]int64, error) {
	from, to := r.Bounds()
	had, err := Of(ctx, q, r.Users(), from, to)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(r.Days))
	for _, a := range r.Available {
		for _, s := range had[a.UserID] {
			if lo, hi := max(a.From, s.From), min(a.To, s.To); lo < hi {
				out[a.Day] += int64(hi - lo)
			}
		}
	}
	return out, nil
}
