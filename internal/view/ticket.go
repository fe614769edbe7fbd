package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// TicketDetail is a ticket as its page shows it, without the timeline.
type TicketDetail struct {
	TicketRow
	Description string           `json:"description"`
	Assignment  *desk.Assignment `json:"assignment" doc:"The last decision, with its reasons."`
	Links       []TicketLink     `json:"links"`
	Threads     []TicketThread   `json:"threads"`
	Followers   []UserRef        `json:"followers" doc:"Who hears of it, the longest first."`
	Following   bool             `json:"following" doc:"Whether the viewer does."`
	Merged      []MergedTicket   `json:"merged" doc:"What was merged into it, newest first."`
	Survivor    *OtherTicket     `json:"survivor" doc:"Of a merged ticket: the one that it went into in the end, when it is in sight."`
	MergeID     desk.MergeID     `json:"merge_id" doc:"Of a merged ticket: what POST /api/merges/{id}/undo takes; null when a machine found the two to be one."`
	Participant *Participant     `json:"participant" doc:"Of a ticket without a contact: who takes part in it, because they may have no more tickets (TK-05)."`
	Person      *desk.Contact    `json:"-"`
}

// Participant is a contact who takes part in a ticket without being its contact.
type Participant struct {
	ID    desk.ContactID `json:"id"`
	Name  string         `json:"name"`
	Email string         `json:"email"`
}

// MergedTicket is a ticket that was merged into another.
type MergedTicket struct {
	OtherTicket
	MergeID desk.MergeID `json:"merge_id"`
	At      desk.Time    `json:"at"`
	By      desk.Actor   `json:"by"`
}

// TicketLink is a ticket that this one is joined to. Claims: a stranger's mail in ticket claims to belong to other.
type TicketLink struct {
	Kind      string         `json:"kind" enum:"claims,related,same_mail,duplicate,blocks"`
	Direction string         `json:"direction" enum:"to,from" doc:"from: the other ticket points at this one."`
	Other     OtherTicket    `json:"other"`
	MessageID desk.MessageID `json:"message_id"`
	Reason    string         `json:"reason"`
	CreatedAt desk.Time      `json:"created_at"`
}

// OtherTicket names the ticket at the other end of a link.
type OtherTicket struct {
	ID      desk.TicketID `json:"id"`
	Number  int64         `json:"number"`
	Subject string        `json:"subject"`
	Open    bool          `json:"open"`
}

// TicketThread is a thread with what its composer needs.
type TicketThread struct {
	desk.Thread
	Can           channel.Abilities `json:"can"`
	Account       ThreadAccount     `json:"account"`
	ReplyDefaults ReplyDefaults     `json:"reply_defaults" doc:"Filled in by the API: whom a plain answer goes to."`
	Ways          []Way             `json:"ways" doc:"Of a conversation with a visitor, filled in by the API: the accounts that it can go on over, that of a plain answer first."`

	// Answers is the message that an answer would answer; zero when nobody has written.
	Answers desk.Message `json:"-"`
}

// Way is a channel account that an answer may leave by (WS-21).
type Way struct {
	ThreadAccount
	Channel string            `json:"channel"`
	To      []desk.Party      `json:"to" doc:"Whom it reaches there."`
	Can     channel.Abilities `json:"can"`
}

// ThreadAccount is the channel account a thread began on.
type ThreadAccount struct {
	ID      desk.ChannelAccountID `json:"id"`
	Name    string                `json:"name"`
	Address string                `json:"address"`
	Active  bool                  `json:"active"`
	State   desk.AccountState     `json:"state"`
}

// ReplyDefaults are the recipients and the subject of a plain answer; To and Cc together are "reply all".
type ReplyDefaults struct {
	To        []desk.Party   `json:"to"`
	Cc        []desk.Party   `json:"cc"`
	Subject   string         `json:"subject"`
	InReplyTo desk.MessageID `json:"in_reply_to"`
}

var errNoTicket = desk.Errorf(desk.NotFound, "ticket.not_found", "There is no such ticket, or you may not see it.")

// TicketID resolves what a path names: an id, or a number written with "#" before it.
func (v *Service) TicketID(ctx context.Context, name string) (desk.TicketID, error) {
	number, ok := strings.CutPrefix(name, "#")
	if !ok {
		id, err := desk.ParseID[desk.TicketID](name)
		if err != nil {
			return 0, errNoTicket
		}
		return id, nil
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, errNoTicket
	}
	id, err := db.One(ctx, v.db, db.Column[desk.TicketID], "SELECT id FROM tickets WHERE number = $1", n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errNoTicket
	}
	return id, err
}

// mayOpen is nil when a ticket exists and is in sight.
func (v *Service) mayOpen(ctx context.Context, s Sight, id desk.TicketID) error {
	inbox, err := v.InboxOf(ctx, id)
	seen := false
	if err == nil {
		seen, err = v.within(ctx, s, inbox, id, 0)
	}
	if errors.Is(err, sql.ErrNoRows) || err == nil && !seen {
		return errNoTicket
	}
	if err != nil {
		return fmt.Errorf("view: ticket: %w", err)
	}
	return nil
}

// MayOpen reports by its error whether a ticket exists and is in sight.
func (v *Service) MayOpen(ctx context.Context, s Sight, id desk.TicketID) error {
	return v.mayOpen(ctx, s, id)
}

// Place is where a thread is.
type Place struct {
	Ticket desk.TicketID
	Inbox  desk.InboxID
}

// ThreadPlace finds the ticket and the inbox of a thread in sight.
func (v *Service) ThreadPlace(ctx context.Context, s Sight, id desk.ThreadID) (Place, error) {
	var p Place
	err := v.db.QueryRow(ctx, "SELECT ticket_id, inbox_id FROM threads WHERE id = $1", id).Scan(&p.Ticket, &p.Inbox)
	seen := false
	if err == nil {
		seen, err = v.within(ctx, s, p.Inbox, p.Ticket, id)
	}
	if errors.Is(err, sql.ErrNoRows) || err == nil && !seen {
		return p, errNoThread
	}
	if err != nil {
		return p, fmt.Errorf("view: thread: %w", err)
	}
	return p, nil
}

// Unchanged refuses (Conflict, thread.changed) when somebody else has written to a thread since an event that the writer of an answer had seen: the customer,
// or a colleague who answered (WS-11).
func (v *Service) Unchanged(ctx context.Context, q db.Queryer, writer desk.Actor, id desk.ThreadID, seen int64) error {
	type count struct{ heard, answered int }
	n, err := db.One(ctx, q, func(s db.Scanner) (c count, err error) { err = s.Scan(&c.heard, &c.answered); return c, err },
		`SELECT COALESCE(SUM(CASE WHEN m.direction = 'incoming' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN m.direction = 'incoming' THEN 0 ELSE 1 END), 0)
		FROM messages m JOIN events e ON e.message_id = m.id AND e.message_id <> 0
		WHERE m.thread_id = $1 AND e.type IN ($2, $3, $4) AND (e.seq > $5 OR e.seq IS NULL) AND m.actor <> $6 AND m.status <> $7`,
		id, desk.EvMessageReceived, desk.EvMessageQueued, desk.EvMessageScheduled, seen, writer, desk.StatusCancelled)
	if err != nil {
		return fmt.Errorf("view: unchanged: %w", err)
	}
	switch {
	case n.heard > 0:
		return desk.Errorf(desk.Conflict, "thread.changed", "The customer has written again while you were answering. Read it, then send.")
	case n.answered > 0:
		return desk.Errorf(desk.Conflict, "thread.changed", "A colleague has answered while you were writing. Read it, then send.")
	}
	return nil
}

// Unread reports whether a ticket holds a mention that a user has not seen.
func (v *Service) Unread(ctx context.Context, user desk.UserID, ticket desk.TicketID) (bool, error) {
	n, err := db.One(ctx, v.db, db.Column[int], "SELECT COUNT(*) FROM (SELECT 1 AS one FROM mentions WHERE user_id = $1 AND ticket_id = $2 AND read_at = 0 LIMIT 1) x", user, ticket)
	return n > 0, err
}

// Ticket is one ticket in sight, whole.
func (v *Service) Ticket(ctx context.Context, s Sight, id desk.TicketID) (TicketDetail, error) {
	var d TicketDetail
	row, err := db.One(ctx, v.db, func(sc db.Scanner) (TicketRow, error) {
		return scanRow(sc, &d.Description, db.ScanJSON(&d.Assignment))
	}, "SELECT "+rowColumns+joinColumns+", t.description, t.assignment FROM tickets"+joins+" WHERE t.id = $1", id)
	seen := false
	if err == nil {
		seen, err = v.within(ctx, s, row.InboxID, id, 0)
	}
	if errors.Is(err, sql.ErrNoRows) || err == nil && !seen {
		return d, errNoTicket
	}
	if err != nil {
		return d, fmt.Errorf("view: ticket: %w", err)
	}
	if err := v.tags(ctx, s, []desk.TicketID{id}, map[desk.TicketID]*TicketRow{id: &row}); err != nil {
		return d, fmt.Errorf("view: tags: %w", err)
	}
	d.TicketRow = row
	if d.Assignment != nil {
		d.Assignment.Candidates = orEmpty(d.Assignment.Candidates)
	}
	if d.Links, err = v.links(ctx, s, id); err != nil {
		return d, fmt.Errorf("view: links: %w", err)
	}
	if err = v.kin(ctx, s, &d); err != nil {
		return d, fmt.Errorf("view: kin: %w", err)
	}
	if d.Threads, err = v.threads(ctx, id); err != nil {
		return d, fmt.Errorf("view: threads: %w", err)
	}
	if d.Person, err = v.person(ctx, row.ContactID); err != nil {
		return d, fmt.Errorf("view: contact: %w", err)
	}
	if d.Participant, err = v.participant(ctx, row); err != nil {
		return d, fmt.Errorf("view: participant: %w", err)
	}
	return d, nil
}

// participant is who a ticket without a contact came from, when that contact may have no more of them.
func (v *Service) participant(ctx context.Context, row TicketRow) (*Participant, error) {
	if row.ContactID != 0 {
		return nil, nil
	}
	p, err := db.One(ctx, v.db, func(sc db.Scanner) (p Participant, err error) { err = sc.Scan(&p.ID, &p.Name, &p.Email); return p, err },
		"SELECT c.id, c.name, c.email FROM ticket_participants p JOIN contacts c ON c.id = p.contact_id WHERE p.ticket_id = $1 AND p.reason = 'limit' ORDER BY p.created_at, c.id LIMIT 1", row.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &p, err
}

// links are those of the ticket and of what was merged into it; a merged ticket at the other end stands for its survivor.
func (v *Service) links(ctx context.Context, s Sight, id desk.TicketID) ([]TicketLink, error) {
	var q query
	q.add("WITH RECURSIVE family(id) AS (SELECT CAST(").arg(id).add(` AS BIGINT) UNION SELECT t.id FROM tickets t JOIN family f ON t.merged_into = f.id AND t.merged_into <> 0)
		SELECT l.kind, l.direction, l.message_id, l.reason, l.created_at, t.id, t.merged_into FROM (
		SELECT kind, 'to' AS direction, other_id AS other, message_id, reason, created_at FROM ticket_links WHERE ticket_id IN (SELECT id FROM family)
		UNION ALL SELECT kind, 'from', ticket_id, message_id, reason, created_at FROM ticket_links WHERE other_id IN (SELECT id FROM family)
		) l JOIN tickets t ON t.id = l.other ORDER BY l.created_at, t.id`)
	type end struct {
		TicketLink
		into desk.TicketID
	}
	found, err := all(ctx, v.db, &q, func(s db.Scanner) (l end, err error) {
		err = s.Scan(&l.Kind, &l.Direction, &l.MessageID, &l.Reason, &l.CreatedAt, &l.Other.ID, &l.into)
		return l, err
	})
	if err != nil {
		return nil, err
	}
	out := []TicketLink{}
	seen := map[string]bool{}
	for _, l := range found {
		o, err := v.other(ctx, s, l.Other.ID)
		if err != nil {
			return nil, err
		}
		key := l.Kind + l.Direction
		if o != nil {
			key += o.ID.String()
		}
		if o == nil || o.ID == id || seen[key] {
			continue
		}
		seen[key] = true
		l.Other = *o
		out = append(out, l.TicketLink)
	}
	return out, nil
}

// other names the ticket that another one is by now; nil when it is out of sight or gone.
func (v *Service) other(ctx context.Context, s Sight, id desk.TicketID) (*OtherTicket, error) {
	for range 64 {
		var o OtherTicket
		var into desk.TicketID
		var inbox desk.InboxID
		err := v.db.QueryRow(ctx, "SELECT id, number, subject, open, merged_into, inbox_id FROM tickets WHERE id = $1", id).Scan(&o.ID, &o.Number, &o.Subject, &o.Open, &into, &inbox)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if into == 0 {
			if seen, err := v.within(ctx, s, inbox, o.ID, 0); err != nil || !seen {
				return nil, err
			}
			return &o, nil
		}
		id = into
	}
	return nil, nil
}

// kin fills in who follows a ticket, what was merged into it, and where it went.
func (v *Service) kin(ctx context.Context, s Sight, d *TicketDetail) (err error) {
	d.Followers, err = db.All(ctx, v.db, func(sc db.Scanner) (u UserRef, err error) { err = sc.Scan(&u.ID, &u.Name); return u, err },
		"SELECT u.id, u.name FROM ticket_followers f JOIN users u ON u.id = f.user_id WHERE f.ticket_id = $1 ORDER BY f.created_at, u.id", d.ID)
	if err != nil {
		return err
	}
	d.Followers = orEmpty(d.Followers)
	for _, f := range d.Followers {
		d.Following = d.Following || f.ID == s.User
	}
	d.Merged, err = db.All(ctx, v.db, func(sc db.Scanner) (m MergedTicket, err error) {
		err = sc.Scan(&m.ID, &m.Number, &m.Subject, &m.MergeID, &m.At, db.ScanActor(&m.By))
		return m, err
	}, "SELECT t.id, t.number, t.subject, m.id, m.created_at, m.actor FROM ticket_merges m JOIN tickets t ON t.id = m.from_id WHERE m.into_id = $1 AND m.undone_at = 0 ORDER BY m.id DESC", d.ID)
	if err != nil {
		return err
	}
	d.Merged = orEmpty(d.Merged)
	if d.MergedInto == 0 {
		return nil
	}
	if d.Survivor, err = v.other(ctx, s, d.MergedInto); err != nil {
		return err
	}
	ids, err := db.All(ctx, v.db, db.Column[desk.MergeID], "SELECT id FROM ticket_merges WHERE from_id = $1 AND undone_at = 0 ORDER BY id DESC LIMIT 1", d.ID)
	if len(ids) > 0 {
		d.MergeID = ids[0]
	}
	return err
}

func (v *Service) threads(ctx context.Context, ticket desk.TicketID) ([]TicketThread, error) {
	return v.threadsWhere(ctx, "h.ticket_id = $1", ticket)
}

func (v *Service) threadsWhere(ctx context.Context, cond string, arg any) ([]TicketThread, error) {
	threads, err := db.All(ctx, v.db, func(s db.Scanner) (t TicketThread, err error) {
		err = s.Scan(&t.ID, &t.InboxID, &t.AccountID, &t.Channel, &t.ContactID, &t.TicketID, &t.OwnerID, &t.TeamID, &t.Subject, &t.Open, &t.MessageCount,
			&t.CreatedAt, &t.LastMessageAt, &t.LastInboundAt, &t.Hidden, &t.HiddenAt, &t.VisitorID, &t.Bot, &t.ChatflowID, &t.SeenByVisitor, &t.SeenByTeam, &t.MailedTo,
			db.ScanJSON(&t.Origin), &t.Account.Name, &t.Account.Address, &t.Account.Active, &t.Account.State)
		if t.VisitorID == 0 { // of a form, which no visitor's browser stands behind
			t.Origin = t.Origin.Bare()
		}
		t.Account.ID = t.AccountID
		return t, err
	}, `SELECT h.id, h.inbox_id, h.account_id, h.channel, h.contact_id, h.ticket_id, h.owner_id, h.team_id, h.subject, h.open, h.message_count,
		h.created_at, h.last_message_at, h.last_inbound_at, h.hidden, h.hidden_at, h.visitor_id, h.bot, h.chatflow_id, h.seen_by_visitor, h.seen_by_team, h.mailed_to, h.origin, COALESCE(a.name, ''), COALESCE(a.address, ''), COALESCE(a.active, 0), COALESCE(a.state, '')
		FROM threads h LEFT JOIN channel_accounts a ON a.id = h.account_id WHERE `+cond+` ORDER BY h.id`, arg)
	if err != nil || len(threads) == 0 {
		return threads, err
	}
	ids := make([]desk.ThreadID, len(threads))
	for i := range threads {
		ids[i] = threads[i].ID
		threads[i].Can = v.can(threads[i].Channel)
		threads[i].Can.AttachmentTypes = orEmpty(threads[i].Can.AttachmentTypes)
		threads[i].ReplyDefaults, threads[i].Ways = ReplyDefaults{To: []desk.Party{}, Cc: []desk.Party{}}, []Way{}
	}
	return threads, v.answerable(ctx, threads, ids)
}

func (v *Service) person(ctx context.Context, id desk.ContactID) (*desk.Contact, error) {
	if id == 0 {
		return nil, nil
	}
	c, err := v.Contact(ctx, id)
	if desk.CodeOf(err) == desk.NotFound {
		return nil, nil
	}
	return &c, err
}

// Helpdesk is the id of the help desk: where a ticket goes when nobody names an inbox.
func (v *Service) Helpdesk(ctx context.Context) (desk.InboxID, error) {
	id, err := db.One(ctx, v.db, db.Column[desk.InboxID], "SELECT id FROM inboxes WHERE kind = $1 AND archived_at = 0", desk.KindHelpdesk)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, desk.Errorf(desk.Invalid, "inbox.none", "There is no help desk yet. Name an inbox.").In("inbox_id")
	}
	return id, err
}

// AccountInbox is the inbox of a channel account.
func (v *Service) AccountInbox(ctx context.Context, id desk.ChannelAccountID) (desk.InboxID, error) {
	inbox, err := db.One(ctx, v.db, db.Column[desk.InboxID], "SELECT inbox_id FROM channel_accounts WHERE id = $1 AND archived_at = 0", id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, desk.Errorf(desk.NotFound, "channel_account.not_found", "There is no such channel account.").In("channel_account_id")
	}
	return inbox, err
}
