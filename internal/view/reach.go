package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/space"
)

// put adds an argument for SQL that another package writes, and gives its placeholder.
func (q *query) put(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

func (q *query) and(cond string) *query {
	if cond != "" {
		q.add(" AND " + cond)
	}
	return q
}

// ticketSight adds the condition that a ticket (the alias of its table) is in an inbox in sight and within reach (PM-05).
func (q *query) ticketSight(alias string, s Sight) *query {
	return q.inSight(alias+".inbox_id", s).and(s.Tickets.TicketSQL(alias, q.put)).and(s.Area.TicketSQL(alias, space.Every, fewListed))
}

// ticketsIn is ticketSight for tickets of a kind, where up to few of a space are found by whose they are.
func (q *query) ticketsIn(alias string, s Sight, k space.Kind, few int) *query {
	area := s.Area
	s.Area = space.Area{}
	return q.ticketSight(alias, s).and(area.TicketSQL(alias, k, few))
}

// fewListed is how many tickets of a space a list reads and sorts rather than walk its index, where one in so many rows is the space's.
const fewListed = 2000

// In narrows a sight to a space. A space that is gone is not found.
func (v *Service) In(ctx context.Context, s Sight, id desk.SpaceID) (Sight, error) {
	if id == 0 {
		return s, nil
	}
	sp, err := space.Get(ctx, v.db, id)
	if err != nil {
		return s, err
	}
	s.Area = sp.Area()
	s.Area.Volume, err = v.counts.volume(ctx, v.db, s.Area)
	return s, err
}

// SpaceRef names a space.
type SpaceRef struct {
	ID   desk.SpaceID `json:"id"`
	Name string       `json:"name"`
}

// Spaces names every space, in their order.
func (v *Service) Spaces(ctx context.Context) ([]SpaceRef, error) {
	all, err := space.List(ctx, v.db)
	out := make([]SpaceRef, 0, len(all))
	for _, s := range all {
		out = append(out, SpaceRef{s.ID, s.Name})
	}
	return out, err
}

// volume is what a space held a moment ago.
func (c *counter) volume(ctx context.Context, q db.Queryer, a space.Area) (space.Volume, error) {
	c.mu.Lock()
	known, ok := c.volumes[a.Name()]
	c.mu.Unlock()
	if ok && time.Since(known.at) < volumeFor {
		return known.Volume, nil
	}
	n, err := a.Measure(ctx, q)
	if err != nil {
		return n, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.volumes) >= maxKept {
		clear(c.volumes)
	}
	c.volumes[a.Name()] = measured{n, time.Now()}
	return n, nil
}

type measured struct {
	space.Volume
	at time.Time
}

// volumeFor is how long a measure is believed: it chooses a road, and both lead to the same tickets.
const volumeFor = 30 * time.Second

// kindOf is which tickets a view shows, as far as it is known beforehand.
func kindOf(name string, filters ...customview.Filter) space.Kind {
	switch name, _, _ := strings.Cut(name, ":"); name {
	case Mine, Unassigned, Open, Following, Elsewhere, "inbox":
		return space.Open
	case Closed, RecentlyClosed:
		return space.Closed
	case Spam, Trash:
		return space.Buried
	}
	kind := space.Every
	for _, f := range filters {
		if f.Names("hidden") {
			return space.Buried
		}
		if f.Field == "" && len(f.Any) > 0 {
			continue
		}
		for _, c := range append([]customview.Filter{f}, f.All...) {
			if c.Field != "status_state" || c.Op != "is" {
				continue
			}
			kind = map[bool]space.Kind{true: space.Open, false: space.Closed}[c.Values()[0] == "open"]
		}
	}
	return kind
}

// threadSight is ticketSight for a conversation, which may have a ticket.
func (q *query) threadSight(alias string, s Sight) *query {
	return q.inSight(alias+".inbox_id", s).and(s.Tickets.OfSQL(alias+".ticket_id", alias+".id", q.put)).and(s.Area.ThreadSQL(alias))
}

// ofSight is ticketSight for what belongs to a ticket or a conversation: messages, events.
func (q *query) ofSight(alias string, s Sight) *query {
	return q.inSight(alias+".inbox_id", s).and(s.Tickets.OfSQL(alias+".ticket_id", alias+".thread_id", q.put))
}

// ContactSight is the condition that a contact (the alias of its table) is within reach; "" is every one. Its arguments are numbered behind n that are there.
func (s Sight) ContactSight(alias string, n int) (cond string, args []any) {
	q := query{args: make([]any, n)}
	cond = s.Contacts.ContactSQL(alias, s.Tickets, q.put)
	return cond, q.args[n:]
}

// CoversSQL is the condition that what belongs to a ticket, or else to a conversation, of an inbox is covered: three expressions, 0 where there is none. "" is everything.
// Its arguments are numbered behind n that are there.
func (s Sight) CoversSQL(inbox, ticket, thread string, n int) (cond string, args []any) {
	var and []string
	if !s.All {
		and = append(and, inbox+" IN "+db.IDs(s.Inboxes))
	}
	q := query{args: make([]any, n)}
	if of := s.Tickets.OfSQL(ticket, thread, q.put); of != "" {
		and = append(and, of)
	}
	return strings.Join(and, " AND "), q.args[n:]
}

// Covers reports whether a ticket, or else a conversation, is covered as it stands now.
func (v *Service) Covers(ctx context.Context, s Sight, ticket desk.TicketID, thread desk.ThreadID) (bool, error) {
	var h access.Held
	var err error
	if ticket != 0 {
		h, err = v.Held(ctx, ticket)
	} else {
		h, _, err = v.HeldThread(ctx, thread)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && s.Sees(h.Inbox) && s.Tickets.Sees(h), err
}

// Held says whose a ticket is, and who knows of it. sql.ErrNoRows when there is none.
func (v *Service) Held(ctx context.Context, ticket desk.TicketID) (access.Held, error) {
	return v.HeldIn(ctx, v.db, ticket)
}

// HeldIn is Held as a transaction sees it.
func (v *Service) HeldIn(ctx context.Context, from db.Queryer, ticket desk.TicketID) (access.Held, error) {
	hs, err := v.heldTickets(ctx, from, []desk.TicketID{ticket})
	if err == nil && len(hs) == 0 {
		err = sql.ErrNoRows
	}
	return hs[ticket], err
}

// HeldTickets says so of several; what is no ticket is left out.
func (v *Service) HeldTickets(ctx context.Context, ids []desk.TicketID) (map[desk.TicketID]access.Held, error) {
	return v.heldTickets(ctx, v.db, ids)
}

func (v *Service) heldTickets(ctx context.Context, from db.Queryer, ids []desk.TicketID) (map[desk.TicketID]access.Held, error) {
	out := make(map[desk.TicketID]access.Held, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	type row struct {
		id desk.TicketID
		h  access.Held
	}
	var q query
	list(q.add("SELECT id, inbox_id, owner_id, team_id FROM tickets WHERE id IN "), ids)
	rows, err := all(ctx, from, &q, func(r db.Scanner) (x row, err error) {
		err = r.Scan(&x.id, &x.h.Inbox, &x.h.Owner, &x.h.Team)
		return x, err
	})
	if err != nil {
		return nil, fmt.Errorf("view: whose tickets: %w", err)
	}
	for _, r := range rows {
		out[r.id] = r.h
	}
	type knows struct {
		id   desk.TicketID
		user desk.UserID
	}
	var k query
	list(k.add("SELECT ticket_id, user_id FROM ticket_followers WHERE ticket_id IN "), ids)
	list(k.add(" UNION SELECT m.ticket_id, m.user_id FROM mentions m WHERE m.ticket_id IN "), ids)
	known, err := all(ctx, from, &k, func(r db.Scanner) (x knows, err error) { err = r.Scan(&x.id, &x.user); return x, err })
	if err != nil {
		return nil, fmt.Errorf("view: who knows tickets: %w", err)
	}
	for _, x := range known {
		h := out[x.id]
		h.Known = append(h.Known, x.user)
		out[x.id] = h
	}
	return out, nil
}

// HeldThread says whose a conversation is: its ticket's, when it has one.
func (v *Service) HeldThread(ctx context.Context, id desk.ThreadID) (h access.Held, ticket desk.TicketID, err error) {
	if err = v.db.QueryRow(ctx, "SELECT ticket_id, inbox_id, owner_id, team_id FROM threads WHERE id = $1", id).Scan(&ticket, &h.Inbox, &h.Owner, &h.Team); err != nil || ticket == 0 {
		return h, ticket, err
	}
	own, err := v.Held(ctx, ticket)
	if errors.Is(err, sql.ErrNoRows) {
		return h, ticket, nil
	}
	own.Inbox = h.Inbox
	return own, ticket, err
}

// within reports whether what belongs to a ticket or a conversation of an inbox is covered.
func (v *Service) within(ctx context.Context, s Sight, inbox desk.InboxID, ticket desk.TicketID, thread desk.ThreadID) (bool, error) {
	if !s.Sees(inbox) {
		return false, nil
	}
	if s.Tickets.Whole() {
		return true, nil
	}
	var h access.Held
	var err error
	if ticket != 0 {
		h, err = v.Held(ctx, ticket)
	} else {
		h, _, err = v.HeldThread(ctx, thread)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && s.Tickets.Sees(h), err
}

// NeedThread returns nil when the viewer may do p to a conversation.
func (v *Service) NeedThread(ctx context.Context, who access.Viewer, id desk.ThreadID, p access.Permission) error {
	h, _, err := v.HeldThread(ctx, id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && who.User.ID != 0 && (!who.SeesInbox(h.Inbox) || !who.Tickets.Sees(h)) {
		return errNoThread
	}
	if err != nil {
		return fmt.Errorf("view: thread: %w", err)
	}
	return who.NeedOn(h, p)
}

var errNoThread = desk.Errorf(desk.NotFound, "thread.not_found", "There is no such thread, or you may not see it.")

// MayContact reports by its error whether a contact is within reach.
func (v *Service) MayContact(ctx context.Context, s Sight, id desk.ContactID) error {
	if s.Contacts.Whole() {
		return nil
	}
	cond, args := s.ContactSight("c", 1)
	n, err := db.One(ctx, v.db, db.Column[int], "SELECT COUNT(*) FROM contacts c WHERE c.id = $1 AND "+cond, append([]any{id}, args...)...)
	if err != nil {
		return fmt.Errorf("view: contact: %w", err)
	}
	if n == 0 {
		return desk.Errorf(desk.NotFound, "contact.not_found", "There is no such contact.")
	}
	return nil
}

// MayCompany reports by its error whether somebody of a company is within reach.
func (v *Service) MayCompany(ctx context.Context, s Sight, id desk.CompanyID) error {
	if s.Contacts.Whole() {
		return nil
	}
	cond, args := s.ContactSight("c", 1)
	n, err := db.One(ctx, v.db, db.Column[int], "SELECT COUNT(*) FROM (SELECT 1 AS one FROM contacts c WHERE c.company_id = $1 AND "+cond+" LIMIT 1) x", append([]any{id}, args...)...)
	if err != nil {
		return fmt.Errorf("view: company: %w", err)
	}
	if n == 0 {
		return desk.Errorf(desk.NotFound, "company.not_found", "There is no such company.")
	}
	return nil
}
