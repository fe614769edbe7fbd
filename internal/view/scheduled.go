package view

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Scheduled is a message that waits for its time, or that was held back when it came, with the ticket it belongs to.
type Scheduled struct {
	Message
	Ticket *OtherTicket `json:"ticket"`
}

// ScheduledPage is one page of them.
type ScheduledPage struct {
	Items []Scheduled `json:"items"`
	Next  string      `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// ScheduledFilter narrows the list; zero fields do not.
type ScheduledFilter struct {
	Writer desk.Actor
	Ticket desk.TicketID
}

// Scheduled lists messages that wait for their time, the next first (WS-23).
func (v *Service) Scheduled(ctx context.Context, s Sight, f ScheduledFilter, p Page) (ScheduledPage, error) {
	key, more, err := decode(p.Cursor, 2)
	if err != nil {
		return ScheduledPage{}, err
	}
	n := p.size(50)
	var q query
	q.add("SELECT " + messageColumns + `, COALESCE(t.id, 0), COALESCE(t.number, 0), COALESCE(t.subject, ''), COALESCE(t.open, 0) FROM messages m LEFT JOIN tickets t ON t.id = m.ticket_id AND m.ticket_id <> 0
		WHERE m.send_rule IN ('later', 'later_if_quiet') AND (m.status = 'queued' OR m.status = 'cancelled' AND m.status_reason LIKE 'held:%')`)
	if f.Writer.Kind != "" {
		q.add(" AND m.actor = ").arg(f.Writer)
	}
	if f.Ticket != 0 {
		q.add(" AND m.ticket_id = ").arg(f.Ticket)
	}
	q.ofSight("m", s)
	if more {
		q.add(" AND (m.send_at > ").arg(key[0]).add(" OR m.send_at = ").arg(key[0]).add(" AND m.id > ").arg(key[1]).add(")")
	}
	q.add(" ORDER BY m.send_at, m.id LIMIT ").arg(n + 1)
	rows, err := all(ctx, v.db, &q, func(sc db.Scanner) (Scheduled, error) {
		var t OtherTicket
		m, err := scanMessage(with(sc, &t.ID, &t.Number, &t.Subject, &t.Open))
		out := Scheduled{Message: m}
		if t.ID != 0 {
			out.Ticket = &t
		}
		return out, err
	})
	if err != nil {
		return ScheduledPage{}, fmt.Errorf("view: scheduled: %w", err)
	}
	out := ScheduledPage{Items: rows}
	if len(rows) > n {
		out.Items = rows[:n]
		out.Next = encode(int64(rows[n-1].SendAt), int64(rows[n-1].ID))
	}
	ms := make([]Message, len(out.Items))
	for i := range out.Items {
		ms[i] = out.Items[i].Message
	}
	if err := v.dress(ctx, ms); err != nil {
		return ScheduledPage{}, err
	}
	for i := range ms {
		out.Items[i].Message = ms[i]
	}
	return out, nil
}

// with reads further columns behind a row's own.
func with(s db.Scanner, more ...any) db.Scanner { return wider{s, more} }

type wider struct {
	db.Scanner
	more []any
}

func (w wider) Scan(dest ...any) error { return w.Scanner.Scan(append(dest, w.more...)...) }
