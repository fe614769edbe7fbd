package view

import (
	"context"
	"fmt"
	"sort"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// ThreadRow is a conversation as the list of an inbox shows it (IH-01: an inbox is threads first).
type ThreadRow struct {
	desk.Thread
	Contact       *ContactRef    `json:"contact"`
	Owner         *UserRef       `json:"owner"`
	Team          *TeamRef       `json:"team"`
	Inbox         InboxRef       `json:"inbox"`
	TicketNumber  int64          `json:"ticket_number" doc:"0: it has no ticket."`
	Snippet       string         `json:"snippet"`
	LastDirection desk.Direction `json:"last_direction" enum:",incoming,outgoing"`
}

// ThreadPage is one page of conversations.
type ThreadPage struct {
	Items []ThreadRow `json:"items"`
	Next  string      `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

const threadColumns = `t.id, t.inbox_id, t.account_id, t.channel, t.contact_id, t.ticket_id, t.owner_id, t.team_id, t.subject, t.open, t.message_count, t.created_at, t.last_message_at, t.last_inbound_at, t.hidden, t.hidden_at, t.visitor_id, t.bot, t.chatflow_id, t.seen_by_visitor, t.seen_by_team, t.mailed_to, t.origin`

const threadJoins = `, COALESCE(c.name, ''), COALESCE(c.email, ''), COALESCE(u.name, ''), COALESCE(g.name, ''), COALESCE(i.name, ''), COALESCE(i.kind, ''), COALESCE(k.number, 0)`

func scanThreadRow(s db.Scanner) (ThreadRow, error) {
	var t ThreadRow
	var c ContactRef
	var u UserRef
	var g TeamRef
	err := s.Scan(&t.ID, &t.InboxID, &t.AccountID, &t.Channel, &t.ContactID, &t.TicketID, &t.OwnerID, &t.TeamID, &t.Subject, &t.Open, &t.MessageCount, &t.CreatedAt, &t.LastMessageAt, &t.LastInboundAt, &t.Hidden, &t.HiddenAt, &t.VisitorID, &t.Bot, &t.ChatflowID, &t.SeenByVisitor, &t.SeenByTeam, &t.MailedTo, db.ScanJSON(&t.Origin),
		&c.Name, &c.Email, &u.Name, &g.Name, &t.Inbox.Name, &t.Inbox.Kind, &t.TicketNumber)
	if t.VisitorID == 0 { // of a form, which no visitor's browser stands behind
		t.Origin = t.Origin.Bare()
	}
	t.Inbox.ID = t.InboxID
	if c.ID = t.ContactID; c.ID != 0 {
		t.Contact = &c
	}
	if u.ID = t.OwnerID; u.ID != 0 {
		t.Owner = &u
	}
	if g.ID = t.TeamID; g.ID != 0 {
		t.Team = &g
	}
	return t, err
}

// Threads lists the conversations of one inbox, the latest message first. withTicket false leaves out those that a ticket shows; with it, a
// ticket's state is its conversation's: those of spam, trash and merged tickets stand in no list (WS-29).
func (v *Service) Threads(ctx context.Context, s Sight, inbox desk.InboxID, open, withTicket bool, p Page) (ThreadPage, error) {
	if !s.Sees(inbox) {
		return ThreadPage{}, desk.Errorf(desk.NotFound, "inbox.not_found", "There is no such inbox, or you may not see it.")
	}
	bare := "t.ticket_id = 0 AND t.open = 0 AND t.hidden = '' AND t.bot = 0"
	if open {
		bare = "t.ticket_id = 0 AND t.open = 1 AND t.hidden = '' AND t.bot = 0" // as literals, for the partial index
	}
	return v.threadPage(ctx, p, func(q *query) {
		q.add("t.inbox_id = ").arg(inbox).add(" AND ")
		if withTicket {
			q.add("(" + bare + " OR t.ticket_id <> 0 AND EXISTS (SELECT 1 FROM tickets k WHERE k.id = t.ticket_id AND k.hidden = '' AND k.open = ").arg(open).add("))")
		} else {
			q.add(bare)
		}
		q.threadSight("t", s)
	})
}

// BotThreads lists the conversations that a bot holds, or held until they ended (CF-21), of one inbox or of every one in sight.
func (v *Service) BotThreads(ctx context.Context, s Sight, inbox desk.InboxID, open bool, p Page) (ThreadPage, error) {
	return v.threadPage(ctx, p, func(q *query) {
		q.add("t.bot = 1 AND t.ticket_id = 0 AND t.hidden = '' AND t.open = ").arg(open)
		if inbox != 0 {
			q.add(" AND t.inbox_id = ").arg(inbox)
		}
		q.threadSight("t", s)
	})
}

// VisitorThreads lists the conversations of one browser that are in sight, the latest message first.
func (v *Service) VisitorThreads(ctx context.Context, s Sight, id desk.VisitorID) ([]ThreadRow, error) {
	if id == 0 {
		return nil, nil
	}
	p, err := v.threadPage(ctx, Page{Limit: 50}, func(q *query) {
		q.add("t.visitor_id <> 0 AND t.visitor_id = ").arg(id)
		q.threadSight("t", s)
	})
	return p.Items, err
}

// Talk is an open chat with a visitor, and since when it waits for a person's answer (0: it does not).
type Talk struct {
	ThreadID   desk.ThreadID  `json:"thread_id"`
	TicketID   desk.TicketID  `json:"ticket_id"`
	VisitorID  desk.VisitorID `json:"visitor_id"`
	WaitsSince desk.Time      `json:"waits_since" doc:"When the visitor wrote what nobody of the team has answered yet."`
}

// Talks are the open chats in sight of some tickets, and of some conversations.
func (v *Service) Talks(ctx context.Context, s Sight, tickets []desk.TicketID, threads []desk.ThreadID) ([]Talk, error) {
	var q query
	q.add(`SELECT t.id, t.ticket_id, t.visitor_id, COALESCE((SELECT MIN(m.created_at) FROM messages m WHERE m.thread_id = t.id AND m.direction = 'incoming' AND m.kind = 'message' AND m.id > COALESCE(
		(SELECT MAX(o.id) FROM messages o WHERE o.thread_id = t.id AND o.direction = 'outgoing' AND o.kind = 'message' AND o.actor LIKE 'user:%'), 0)), 0)
		FROM threads t WHERE t.visitor_id <> 0 AND t.open = 1 AND (t.id IN `)
	list(&q, append(threads, 0)) // a list is never empty
	q.add(" OR t.ticket_id <> 0 AND t.ticket_id IN ")
	list(&q, append(tickets, 0))
	q.add(")")
	q.threadSight("t", s)
	return all(ctx, v.db, &q, func(sc db.Scanner) (t Talk, err error) {
		err = sc.Scan(&t.ThreadID, &t.TicketID, &t.VisitorID, &t.WaitsSince)
		return t, err
	})
}

// UserRef names a user; nil when there is no such user.
func (v *Service) UserRef(ctx context.Context, id desk.UserID) (*UserRef, error) {
	all, err := db.All(ctx, v.db, func(sc db.Scanner) (u UserRef, err error) { err = sc.Scan(&u.ID, &u.Name); return u, err }, "SELECT id, name FROM users WHERE id = $1", id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// HiddenThreads lists the conversations without a ticket that lie in spam or in the trash, of every inbox the reader sees (WS-29).
func (v *Service) HiddenThreads(ctx context.Context, s Sight, hidden desk.Hidden, p Page) (ThreadPage, error) {
	return v.threadPage(ctx, p, func(q *query) { hiddenThreads(q, s, hidden) })
}

// hiddenThreads is the condition of the partial index threads_hidden.
func hiddenThreads(q *query, s Sight, hidden desk.Hidden) {
	q.add("t.hidden <> '' AND t.hidden = ").arg(hidden).add(" AND t.ticket_id = 0")
	q.threadSight("t", s)
}

// threadPage is one page of the conversations that which picks, the latest message first.
func (v *Service) threadPage(ctx context.Context, p Page, which func(q *query)) (ThreadPage, error) {
	key, more, err := decode(p.Cursor, 2)
	if err != nil {
		return ThreadPage{}, err
	}
	n := p.size(50)
	var q query
	q.add("SELECT " + threadColumns + threadJoins + " FROM (SELECT " + threadColumns + " FROM threads t WHERE ")
	which(&q)
	if more {
		q.add(" AND (t.last_message_at, t.id) < (").arg(key[0]).add(", ").arg(key[1]).add(")")
	}
	q.add(" ORDER BY t.last_message_at DESC, t.id DESC LIMIT ").arg(n + 1)
	q.add(`) t LEFT JOIN contacts c ON c.id = t.contact_id LEFT JOIN users u ON u.id = t.owner_id LEFT JOIN teams g ON g.id = t.team_id
		LEFT JOIN inboxes i ON i.id = t.inbox_id LEFT JOIN tickets k ON k.id = t.ticket_id AND t.ticket_id <> 0`)
	rows, err := all(ctx, v.db, &q, scanThreadRow)
	if err != nil {
		return ThreadPage{}, fmt.Errorf("view: threads: %w", err)
	}
	sort.Slice(rows, func(a, b int) bool {
		x, y := rows[a], rows[b]
		return x.LastMessageAt > y.LastMessageAt || x.LastMessageAt == y.LastMessageAt && x.ID > y.ID
	})
	out := ThreadPage{Items: rows}
	if len(rows) > n {
		out.Items, out.Next = rows[:n], encode(int64(rows[n-1].LastMessageAt), int64(rows[n-1].ID))
	}
	return out, v.snippets(ctx, out.Items)
}

// snippets reads the last message of each row.
func (v *Service) snippets(ctx context.Context, rows []ThreadRow) error {
	if len(rows) == 0 {
		return nil
	}
	at := make(map[desk.ThreadID]*ThreadRow, len(rows))
	ids := make([]desk.ThreadID, len(rows))
	for i := range rows {
		ids[i], at[rows[i].ID] = rows[i].ID, &rows[i]
	}
	var q query
	list(q.add("SELECT m.thread_id, m.direction, SUBSTR(m.text, 1, 200) FROM messages m WHERE m.id IN (SELECT MAX(x.id) FROM messages x WHERE x.kind = 'message' AND x.thread_id IN "), ids)
	q.add(" GROUP BY x.thread_id)")
	_, err := all(ctx, v.db, &q, func(s db.Scanner) (struct{}, error) {
		var id desk.ThreadID
		var d desk.Direction
		var text string
		err := s.Scan(&id, &d, &text)
		if r := at[id]; r != nil {
			r.LastDirection, r.Snippet = d, text
		}
		return struct{}{}, err
	})
	return err
}

// ThreadDetail is one conversation in sight.
func (v *Service) ThreadDetail(ctx context.Context, s Sight, id desk.ThreadID) (TicketThread, *desk.Contact, error) {
	if _, err := v.ThreadPlace(ctx, s, id); err != nil {
		return TicketThread{}, nil, err
	}
	ts, err := v.threadsWhere(ctx, "h.id = $1", id)
	if err != nil || len(ts) == 0 {
		return TicketThread{}, nil, err
	}
	c, err := v.person(ctx, ts[0].ContactID)
	return ts[0], c, err
}

// ThreadTimeline is Timeline for a conversation without a ticket.
func (v *Service) ThreadTimeline(ctx context.Context, s Sight, id desk.ThreadID, oldestFirst bool, p Page) (Timeline, error) {
	if _, err := v.ThreadPlace(ctx, s, id); err != nil {
		return Timeline{}, err
	}
	return v.told(ctx, "m.thread_id = ", "e.ticket_id = 0 AND e.thread_id <> 0 AND e.thread_id = ", int64(id), oldestFirst, p)
}
