package relocation

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Counts is what there is to move.
type Counts struct {
	Conversations  int `json:"conversations" doc:"That the account has in the inbox."`
	Selected       int `json:"selected" doc:"Of these, those that move along."`
	Tickets        int `json:"tickets" doc:"Tickets of those that move along."`
	OpenTickets    int `json:"open_tickets"`
	Ticketless     int `json:"ticketless" doc:"Conversations without a ticket that move along."`
	OpenTicketless int `json:"open_ticketless"`
	Hidden         int `json:"hidden" doc:"Of those that move along, in spam or trash."`
	Make           int `json:"make" doc:"Tickets that will be made."`
	Stay           int `json:"stay" doc:"Conversations that stay where they are; answers join them there."`
	NoMove         int `json:"no_move" doc:"Tickets that hang on no conversation: they are in the help desk by themselves (MG-10)."`
	Drafts         int `json:"drafts" doc:"Texts that people are writing: they go on."`
	Scheduled      int `json:"scheduled" doc:"Messages that are about to be sent or wait for their time: they leave as planned."`
	Waiting        int `json:"waiting" doc:"That wait for somebody: they keep their place in the queue."`
}

// Note is something that a move carries along, maps, leaves or loses (MG-08).
type Note struct {
	Kind  string   `json:"kind" enum:"address,routing,ticket_defaults,signature,availability,chatflows,snippets,drafts,links,create_mapped,owner_mapped,policy_no_access,owners_no_access,teams_no_access,access_less,access_more,views,rules,conditions,hidden,waiting,forms,answers_by,no_way_back"`
	Level string   `json:"level" enum:"carries,mapped,stays,loses"`
	Count int      `json:"count"`
	Names []string `json:"names"`
}

// Preview is the dry run (MG-01): nothing is changed by it.
type Preview struct {
	From   desk.Inbox `json:"from"`
	To     desk.Inbox `json:"to"`
	Plan   Plan       `json:"plan"`
	Counts Counts     `json:"counts"`
	Notes  []Note     `json:"notes"`
}

// Plan says what a move would do.
func (s *Service) Plan(ctx context.Context, q db.Queryer, id desk.ChannelAccountID, p Plan) (Preview, error) {
	acc, from, to, err := s.check(ctx, q, id, &p)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{From: from, To: to, Plan: p}
	if out.Counts, err = s.count(ctx, q, acc, to, p); err != nil {
		return out, err
	}
	out.Notes, err = s.notes(ctx, q, acc, from, to, p, out.Counts)
	return out, err
}

// check refuses a plan that cannot be carried out, and fills in what it leaves open.
func (s *Service) check(ctx context.Context, q db.Queryer, id desk.ChannelAccountID, p *Plan) (acc desk.ChannelAccount, from, to desk.Inbox, err error) {
	if acc, err = s.Inboxes.Account(ctx, q, id); err != nil {
		return acc, from, to, err
	}
	if acc.ArchivedAt != 0 {
		return acc, from, to, desk.Errorf(desk.NotFound, "channel_account.not_found", "There is no such channel.")
	}
	if from, err = s.Inboxes.Inbox(ctx, q, acc.InboxID); err != nil {
		return acc, from, to, err
	}
	if to, err = s.Inboxes.Inbox(ctx, q, p.To); err == nil {
		_, err = s.Inboxes.InboxBySlug(ctx, q, to.Slug) // an archived one is not found by its name
	}
	switch {
	case desk.CodeOf(err) == desk.NotFound:
		return acc, from, to, desk.Errorf(desk.Invalid, "move.inbox_unknown", "There is no such inbox.").In("to")
	case err != nil:
		return acc, from, to, err
	case to.ID == from.ID:
		return acc, from, to, desk.Errorf(desk.Invalid, "move.same_inbox", "“%s” is in “%s” already.", acc.Name, to.Name).In("to")
	}
	return acc, from, to, p.settle(to)
}

func (p *Plan) settle(to desk.Inbox) error {
	if p.History == "" {
		p.History = HistoryNone
	}
	if p.Ticketless == "" {
		p.Ticketless = TicketlessAsIs
	}
	if to.Kind != desk.KindHelpdesk {
		p.Ticketless = TicketlessNone
	}
	if p.Conversations == "" {
		p.Conversations = "none"
	}
	switch p.History {
	case HistoryNone, HistoryAll, HistoryOpen:
	case HistorySince:
		if p.Since <= 0 {
			return desk.Errorf(desk.Invalid, "move.since_missing", "Say since when.").In("since")
		}
	case HistoryStatus:
		if len(p.Statuses) == 0 && p.Conversations == "none" {
			return desk.Errorf(desk.Invalid, "move.status_missing", "Choose at least one status.").In("statuses")
		}
	default:
		return desk.Errorf(desk.Invalid, "move.history_unknown", "The history moves not at all, whole, open only, since a date or by status.").In("history")
	}
	switch p.Ticketless {
	case TicketlessNone, TicketlessAsIs, TicketlessOpen, TicketlessClosed:
	default:
		return desk.Errorf(desk.Invalid, "move.ticketless_unknown", "A conversation without a ticket gets none, one as it is, an open one or a closed one.").In("ticketless")
	}
	switch p.Conversations {
	case "none", "open", "closed", "all":
		return nil
	}
	return desk.Errorf(desk.Invalid, "move.conversations_unknown", "Conversations without a ticket: none, open, closed or all.").In("conversations")
}

const openTicket = `EXISTS (SELECT 1 FROM tickets t WHERE t.id = h.ticket_id AND t.open = 1 AND t.hidden = '')`

// chosen is the condition on threads h of what moves along; $1 is the account, $2 the inbox and $3 the time.
func (p Plan) chosen() string {
	const base = `h.account_id = $1 AND h.inbox_id = $2 AND CAST($3 AS BIGINT) >= 0`
	switch p.History {
	case HistoryAll:
		return base
	case HistoryOpen:
		return base + ` AND (h.ticket_id = 0 AND h.open = 1 AND h.hidden = '' OR h.ticket_id <> 0 AND ` + openTicket + `)`
	case HistorySince:
		return `h.account_id = $1 AND h.inbox_id = $2 AND h.last_message_at >= $3`
	case HistoryStatus:
		bare := map[string]string{"none": `1 = 0`, "open": `h.open = 1 AND h.hidden = ''`, "closed": `h.open = 0 AND h.hidden = ''`, "all": `1 = 1`}[p.Conversations]
		return base + ` AND (h.ticket_id = 0 AND ` + bare + ` OR h.ticket_id <> 0 AND EXISTS (SELECT 1 FROM tickets t WHERE t.id = h.ticket_id AND t.status_id IN ` + db.IDs(p.Statuses) + `))`
	}
	return base + ` AND 1 = 0`
}

func (p Plan) args(acc desk.ChannelAccountID, from desk.InboxID) []any {
	return []any{acc, from, p.Since}
}

// count counts what there is to move, without changing anything.
func (s *Service) count(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, to desk.Inbox, p Plan) (c Counts, err error) {
	args := p.args(acc.ID, acc.InboxID)
	err = q.QueryRow(ctx, `SELECT COUNT(*), COUNT(CASE WHEN h.ticket_id = 0 THEN 1 END), COUNT(CASE WHEN h.ticket_id = 0 AND h.open = 1 AND h.hidden = '' THEN 1 END),
		COUNT(CASE WHEN h.ticket_id = 0 AND h.hidden <> '' THEN 1 END), COUNT(CASE WHEN h.ticket_id = 0 AND h.bot = 0 THEN 1 END) FROM threads h WHERE `+p.chosen(), args...).
		Scan(&c.Selected, &c.Ticketless, &c.OpenTicketless, &c.Hidden, &c.Make)
	if err != nil {
		return c, fmt.Errorf("relocation: count: %w", err)
	}
	if p.Ticketless == TicketlessNone {
		c.Make = 0
	}
	hidden := 0
	err = q.QueryRow(ctx, `SELECT COUNT(*), COUNT(CASE WHEN t.open = 1 AND t.hidden = '' THEN 1 END), COUNT(CASE WHEN t.hidden <> '' THEN 1 END) FROM tickets t
		WHERE t.id IN (SELECT h.ticket_id FROM threads h WHERE h.ticket_id <> 0 AND `+p.chosen()+`)`, args...).Scan(&c.Tickets, &c.OpenTickets, &hidden)
	if err != nil {
		return c, fmt.Errorf("relocation: count: %w", err)
	}
	c.Hidden += hidden
	for _, one := range []struct {
		into  *int
		query string
		args  []any
	}{
		{&c.Conversations, `SELECT COUNT(*) FROM threads WHERE account_id = $1 AND inbox_id = $2`, []any{acc.ID, acc.InboxID}},
		{&c.NoMove, `SELECT COUNT(*) FROM tickets t WHERE t.account_id IN (0, $1) AND t.hidden <> 'merged' AND NOT EXISTS (SELECT 1 FROM threads h WHERE h.ticket_id = t.id)`, []any{acc.ID}},
		{&c.Drafts, `SELECT COUNT(*) FROM drafts d JOIN threads h ON h.id = d.thread_id WHERE ` + p.chosen(), args},
		{&c.Waiting, `SELECT COUNT(*) FROM assignment_queue w WHERE w.object = 'thread' AND w.object_id IN (SELECT h.id FROM threads h WHERE ` + p.chosen() + `)
			OR w.object = 'ticket' AND w.object_id IN (SELECT h.ticket_id FROM threads h WHERE ` + p.chosen() + `)`, args},
		{&c.Scheduled, `SELECT COUNT(*) FROM messages m JOIN threads h ON h.id = m.thread_id WHERE m.status IN ('queued', 'sending') AND ` + p.chosen(), args},
	} {
		if err := q.QueryRow(ctx, one.query, one.args...).Scan(one.into); err != nil {
			return c, fmt.Errorf("relocation: count: %w", err)
		}
	}
	c.Stay = c.Conversations - c.Selected
	return c, nil
}
