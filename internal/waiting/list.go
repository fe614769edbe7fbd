package waiting

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Place is where something stands in the line of its channel account.
type Place struct {
	Since  desk.Time `json:"since"`
	Place  int       `json:"place" doc:"In the line of its channel account, from 1: the highest priority first, then who has waited longest."`
	Of     int       `json:"of" doc:"How many wait there."`
	Reason string    `json:"reason" doc:"Why nobody could have it: a slug of an assignment."`
	NextAt desk.Time `json:"next_at" doc:"When it is tried again by itself; null: when something happens."`
	Tries  int       `json:"tries"`
}

// ahead is what stands before a row q in its account's line.
const ahead = `SELECT COUNT(*) FROM assignment_queue p WHERE p.account_id = q.account_id AND (p.rank > q.rank OR p.rank = q.rank AND (p.since < q.since OR p.since = q.since AND p.object_id < q.object_id))`

// Of says where a ticket or a conversation stands; nil: it does not wait.
func (s *Service) Of(ctx context.Context, q db.Queryer, object string, id int64) (*Place, error) {
	var p Place
	err := q.QueryRow(ctx, `SELECT q.since, q.reason, q.next_at, q.tries, (`+ahead+`), (SELECT COUNT(*) FROM assignment_queue p WHERE p.account_id = q.account_id)
		FROM assignment_queue q WHERE q.object = $1 AND q.object_id = $2`, object, id).Scan(&p.Since, &p.Reason, &p.NextAt, &p.Tries, &p.Place, &p.Of)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	p.Place++
	return &p, wrap("place", err)
}

// Since is when something began to wait; 0: it does not.
func (s *Service) Since(ctx context.Context, q db.Queryer, object string, id int64) (at desk.Time, err error) {
	err = q.QueryRow(ctx, `SELECT since FROM assignment_queue WHERE object = $1 AND object_id = $2`, object, id).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return at, wrap("since", err)
}

// Row is one that waits, with what lists show of it.
type Row struct {
	Object    string                `json:"object" enum:"ticket,thread"`
	TicketID  desk.TicketID         `json:"ticket_id"`
	ThreadID  desk.ThreadID         `json:"thread_id"`
	Number    int64                 `json:"number"`
	Subject   string                `json:"subject"`
	Contact   string                `json:"contact"`
	Priority  desk.Priority         `json:"priority"`
	AccountID desk.ChannelAccountID `json:"channel_account_id"`
	Account   string                `json:"channel_account"`
	Channel   string                `json:"channel"`
	InboxID   desk.InboxID          `json:"inbox_id"`
	Place
	rank int
}

// Cursor is the row after which a page begins.
type Cursor struct {
	Rank  int
	Since desk.Time
	ID    int64
}

// String writes the cursor as it stands in an address.
func (c Cursor) String() string {
	return strconv.Itoa(c.Rank) + "." + strconv.FormatInt(int64(c.Since), 10) + "." + strconv.FormatInt(c.ID, 10)
}

// ParseCursor reads what String wrote; "" is the beginning.
func ParseCursor(text string) (*Cursor, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, ".")
	if len(parts) == 3 {
		rank, e1 := strconv.Atoi(parts[0])
		since, e2 := strconv.ParseInt(parts[1], 10, 64)
		id, e3 := strconv.ParseInt(parts[2], 10, 64)
		if errors.Join(e1, e2, e3) == nil {
			return &Cursor{rank, desk.Time(since), id}, nil
		}
	}
	return nil, desk.Errorf(desk.Invalid, "cursor.malformed", "This page of the list cannot be found: load the list anew.").In("cursor")
}

// List is what waits, in the order in which it is given away. sees is SQL on an inbox's id in its place %s, "" is everything.
func (s *Service) List(ctx context.Context, q db.Queryer, sees string, args []any, account desk.ChannelAccountID, after *Cursor, limit int) (rows []Row, next string, err error) {
	where, n := "1 = 1", len(args)
	if sees != "" {
		where = sees
	}
	arg := func(v any) string { args = append(args, v); n++; return "$" + strconv.Itoa(n) }
	if account != 0 {
		where += " AND q.account_id = " + arg(account)
	}
	if after != nil {
		r, at, id := arg(after.Rank), arg(after.Since), arg(after.ID)
		where += " AND (q.rank < " + r + " OR q.rank = " + r + " AND (q.since > " + at + " OR q.since = " + at + " AND q.object_id > " + id + "))"
	}
	rows, err = db.All(ctx, q, scanRow, `SELECT q.object, q.object_id, q.rank, q.since, q.reason, q.next_at, q.tries, (`+ahead+`), (SELECT COUNT(*) FROM assignment_queue p WHERE p.account_id = q.account_id),
		q.account_id, q.inbox_id, COALESCE(t.number, 0), COALESCE(t.subject, h.subject, ''), COALESCE(t.priority, ''), COALESCE(a.name, ''), COALESCE(a.channel, ''), COALESCE(c.name, ''), COALESCE(c.email, '')
		FROM assignment_queue q LEFT JOIN tickets t ON q.object = 'ticket' AND t.id = q.object_id LEFT JOIN threads h ON q.object = 'thread' AND h.id = q.object_id
		LEFT JOIN channel_accounts a ON a.id = q.account_id LEFT JOIN contacts c ON c.id = COALESCE(t.contact_id, h.contact_id)
		WHERE `+where+` ORDER BY q.rank DESC, q.since, q.object_id LIMIT `+arg(limit+1), args...)
	if err != nil {
		return nil, "", wrap("list", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		id := int64(last.TicketID)
		if last.Object == desk.WaitingThread {
			id = int64(last.ThreadID)
		}
		next = Cursor{last.rank, last.Since, id}.String()
	}
	return rows, next, nil
}

func scanRow(r db.Scanner) (w Row, err error) {
	var id int64
	var email string
	err = r.Scan(&w.Object, &id, &w.rank, &w.Since, &w.Reason, &w.NextAt, &w.Tries, &w.Place.Place, &w.Of, &w.AccountID, &w.InboxID, &w.Number, &w.Subject, &w.Priority, &w.Account, &w.Channel, &w.Contact, &email)
	w.Place.Place++
	if w.Object == desk.WaitingTicket {
		w.TicketID = desk.TicketID(id)
	} else {
		w.ThreadID = desk.ThreadID(id)
	}
	if w.Contact == "" {
		w.Contact = email
	}
	return w, err
}

// Count is how many wait, of those that somebody sees.
func (s *Service) Count(ctx context.Context, q db.Queryer, sees string, args []any) (n int, err error) {
	if sees == "" {
		sees = "1 = 1"
	}
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM assignment_queue q WHERE `+sees+` LIMIT 10001) x`, args...).Scan(&n)
	return n, wrap("count", err)
}
