package view

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/space"
)

// The built-in views. "inbox:ID", "status:ID" and "custom:ID" are made of an id.
const (
	Mine           = "mine"
	Unassigned     = "unassigned"
	Open           = "open"
	Closed         = "closed"
	Spam           = "spam"
	Trash          = "trash"
	Mentions       = "mentions"
	Snoozed        = "snoozed"
	Following      = "following"
	Drafts         = "drafts"
	RecentlyClosed = "recently_closed" // within recentDays
	Elsewhere      = "elsewhere"       // GEN-09, TK-06: open ones that live in another inbox than the help desk
	Bots           = "bots"            // CF-21: conversations that a bot holds; no tickets
	All            = "all"             // what the filter says and nothing else, as in a saved view
)

const recentDays = 7

// customID is the saved view that a name means.
func customID(name string) (desk.ViewID, bool) {
	value, is := strings.CutPrefix(name, "custom:")
	id, err := desk.ParseID[desk.ViewID](value)
	return id, is && err == nil
}

// where is the condition of a view on tickets. The constants stand as literals, because that is what lets both databases use
// the partial index made for the view.
func where(q *query, s Sight, name string, now desk.Time) error {
	switch name {
	case Mine:
		q.add("t.open = 1 AND t.hidden = '' AND t.snoozed = 0 AND t.owner_id = ").arg(s.User)
	case Unassigned:
		q.add("t.open = 1 AND t.hidden = '' AND t.snoozed = 0 AND t.owner_id = 0")
	case Open:
		q.add("t.open = 1 AND t.hidden = '' AND t.snoozed = 0")
	case Closed:
		q.add("t.open = 0 AND t.hidden = ''")
	case RecentlyClosed:
		q.add("t.open = 0 AND t.hidden = '' AND t.closed_at >= ").arg(now.Add(-recentDays * day))
	case Snoozed:
		q.add("t.snoozed = 1 AND t.hidden = ''")
	case Following:
		q.add("t.open = 1 AND t.hidden = '' AND t.id IN (SELECT f.ticket_id FROM ticket_followers f WHERE f.user_id = ").arg(s.User).add(")")
	case Drafts:
		q.add("t.hidden = '' AND t.id IN (SELECT d.ticket_id FROM drafts d WHERE d.user_id = ").arg(s.User).add(")")
	case Mentions:
		q.add("t.hidden = '' AND t.id IN (SELECT m.ticket_id FROM mentions m WHERE m.user_id = ").arg(s.User).add(")")
	case Elsewhere:
		q.add("t.open = 1 AND t.hidden = '' AND t.snoozed = 0 AND t.inbox_id IN (SELECT x.id FROM inboxes x WHERE x.kind <> 'helpdesk')")
	case Bots:
		q.add("t.id = 0")
	case Spam, Trash:
		q.add("t.hidden <> '' AND t.hidden = ").arg(name)
	default:
		kind, value, _ := strings.Cut(name, ":")
		id, err := desk.ParseID[int64](value)
		switch {
		case err == nil && kind == "inbox":
			q.add("t.open = 1 AND t.hidden = '' AND t.snoozed = 0 AND t.inbox_id = ").arg(id)
		case err == nil && kind == "status":
			q.add("t.hidden = '' AND t.status_id = ").arg(id)
		default:
			return desk.Errorf(desk.Invalid, "view.unknown", "There is no view called %q.", name).In("view")
		}
	}
	return nil
}

// ownSort is the order of a built-in view that does not stand by newest activity.
var ownSort = map[string]string{RecentlyClosed: "-closed"}

// Ask says which tickets are wanted.
type Ask struct {
	View   string            // "" is Open; VIEW@SPACE narrows it to a space
	Filter customview.Filter // narrows the view
	Sort   string            // a field or one of the short names, with - the other way round; "" is the view's own order
	Group  string            // rows of one group stand together
	IDs    []desk.TicketID   // if any: only these
	People bool              // with what columns show of contacts
	whole  bool              // all of it is read: it is counted
}

// asked is an Ask made ready: its condition, and how it stands.
type asked struct {
	cond *query
	how  order
}

// slowAfter bounds a list or a count: a filter that reads everything and finds little is refused, and says so.
const slowAfter = 15 * time.Second

// ask makes the condition of an Ask. A saved view that the viewer does not see is not found.
func (v *Service) ask(ctx context.Context, s Sight, a Ask) (asked, error) {
	q := v.query()
	var err error
	if a.View, s, err = v.spaceOf(ctx, s, a.View); err != nil {
		return asked{}, err
	}
	fields, err := v.fields(ctx, s)
	if err != nil {
		return asked{}, err
	}
	if err := fields.Check(a.Filter); err != nil {
		return asked{}, err
	}
	if a.View == "" {
		a.View = Open
	}
	var own customview.Filter
	if id, is := customID(a.View); is {
		if own, err = v.custom(ctx, &s, id, fields, &a, q); err != nil {
			return asked{}, err
		}
	} else if a.View == All {
		base(q, a.Filter)
	} else if err := where(q, s, a.View, v.now()); err != nil {
		return asked{}, err
	}
	if a.Sort == "" {
		a.Sort = ownSort[a.View]
	}
	who, err := v.readerOf(ctx, s, own, a.Filter)
	if err != nil {
		return asked{}, err
	}
	for _, f := range []customview.Filter{own, a.Filter} {
		if !f.Empty() {
			q.add(" AND ")
			filterSQL{q, fields, who}.write(f)
		}
	}
	if len(a.IDs) > 0 {
		list(q.add(" AND t.id IN "), a.IDs)
	}
	how, err := orderOf(fields, a.Group, a.Sort, q.pg)
	if err == nil {
		err = v.rankStatuses(ctx, how)
	}
	if err != nil {
		return asked{}, err
	}
	few := fewListed
	if a.whole || !how.indexed() { // all of it is read anyhow
		few = space.Dear
	}
	q.ticketsIn("t", s, kindOf(a.View, own, a.Filter), few)
	return asked{q, how}, nil
}

// spaceOf reads what VIEW@SPACE means: the view, and the sight narrowed to the space.
func (v *Service) spaceOf(ctx context.Context, s Sight, name string) (string, Sight, error) {
	name, at, is := strings.Cut(name, "@")
	if !is {
		return name, s, nil
	}
	id, err := desk.ParseID[desk.SpaceID](at)
	if err != nil {
		return name, s, desk.Errorf(desk.Invalid, "view.unknown", "There is no view called %q.", name+"@"+at).In("view")
	}
	s, err = v.In(ctx, s, id)
	return name, s, err
}

// custom puts a saved view into an Ask and gives its filter. A view that stands in a space narrows the sight to it, wherever it is asked for. Unless the filter asks for them, hidden and resting tickets are left out.
func (v *Service) custom(ctx context.Context, s *Sight, id desk.ViewID, fields customview.Catalogue, a *Ask, q *query) (customview.Filter, error) {
	if v.saved == nil {
		return customview.Filter{}, desk.Errorf(desk.NotFound, "customview.not_found", "There is no such view, or it is not shared with you.")
	}
	who := customview.Reader{User: s.User, Share: s.Share}
	var err error
	if who.Teams, err = v.teamsOf(ctx, s.User); err != nil {
		return customview.Filter{}, err
	}
	saved, err := v.saved.Get(ctx, v.db, who, id)
	if err != nil {
		return customview.Filter{}, err
	}
	if a.Sort == "" {
		a.Sort = saved.Sort
	}
	base(q, saved.Filter)
	if saved.SpaceID != 0 && saved.SpaceID != s.Area.ID {
		q.and(s.Area.TicketSQL("t", space.Buried, 0)) // asked for in another space: what is in both
		if *s, err = v.In(ctx, *s, saved.SpaceID); err != nil {
			return customview.Filter{}, err
		}
	}
	if fields.Check(saved.Filter) != nil { // a property that it names was removed since: the view says so instead of showing too much
		return customview.Filter{}, desk.Errorf(desk.Conflict, "customview.broken", "The view %q filters by something that no longer exists, or that you may not see. Change its filter.", saved.Name)
	}
	return saved.Filter, nil
}

// base begins the condition of a saved view.
func base(q *query, f customview.Filter) {
	switch {
	case f.Names("hidden"):
		q.add("1 = 1")
	case f.Names("snoozed", "snoozed_until"):
		q.add("t.hidden = ''")
	case f.Names("status_state"):
		q.add("t.hidden = '' AND t.snoozed = 0")
	default:
		q.add("t.hidden = '' AND t.snoozed = 0 AND t.id > 0") // as the index tickets_shown says it
	}
}

// Tickets lists a view, newest activity first, or oldest first when sort is "last_activity".
func (v *Service) Tickets(ctx context.Context, s Sight, name, sorted string, p Page) (TicketPage, error) {
	return v.List(ctx, s, Ask{View: name, Sort: sorted}, p)
}

// List gives a page of tickets.
func (v *Service) List(ctx context.Context, s Sight, a Ask, p Page) (TicketPage, error) {
	if name, at, err := v.spaceOf(ctx, s, a.View); err == nil && name == Mentions && a.Filter.Empty() && a.Sort == "" && a.Group == "" && len(a.IDs) == 0 {
		return v.mentions(ctx, at, p)
	}
	ready, err := v.ask(ctx, s, a)
	if err != nil {
		return TicketPage{}, err
	}
	n := p.size(50)
	if err := ready.page(p.Cursor, n+1); err != nil {
		return TicketPage{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, slowAfter)
	defer cancel()
	rows, err := v.placed(ctx, ready)
	if err != nil {
		return TicketPage{}, tooSlow(ctx, fmt.Errorf("view: tickets: %w", err))
	}
	out := TicketPage{Items: make([]TicketRow, 0, min(n, len(rows)))}
	if len(rows) > n {
		out.Next = rows[n-1].at.cursor()
		rows = rows[:n]
	}
	for _, r := range rows {
		out.Items = append(out.Items, r.row)
	}
	if a.People {
		if err := v.people(ctx, out.Items); err != nil {
			return TicketPage{}, err
		}
	}
	return out, v.decorate(ctx, s, out.Items)
}

// tooSlow says so when a list took longer than anybody waits.
func tooSlow(ctx context.Context, err error) error {
	if ctx.Err() == context.DeadlineExceeded {
		return desk.Errorf(desk.Unavailable, "view.too_slow", "This list takes too long to find. Narrow the filter, for example to open tickets or to a time.").Because(err)
	}
	return err
}

// page adds the order and the bound of one page.
func (a asked) page(cursor string, limit int) error {
	if cursor != "" {
		at, err := a.how.at(cursor)
		if err != nil {
			return err
		}
		a.how.beyond(a.cond, at)
	}
	a.how.write(a.cond)
	a.cond.add(" LIMIT ").arg(limit)
	return nil
}

type placedRow struct {
	row TicketRow
	at  place
}

// placed reads a page by its index first and joins the names to the page only.
func (v *Service) placed(ctx context.Context, a asked) ([]placedRow, error) {
	text := "SELECT " + rowColumns + joinColumns + a.how.outer() + " FROM (SELECT " + rowColumns + a.how.columns() + " FROM tickets t WHERE " + a.cond.text.String() + ")" + joins
	if !a.how.indexed() { // everything is read and sorted: only the keys, and the rows of the page afterwards
		text = "SELECT " + rowColumns + joinColumns + strings.ReplaceAll(a.how.outer(), "t.sort_", "p.sort_") + " FROM (SELECT t.id AS place_id" + a.how.columns() +
			" FROM tickets t WHERE " + a.cond.text.String() + ") p JOIN tickets" + strings.Replace(joins, " t ", " t ON t.id = p.place_id ", 1)
	}
	rows, err := db.All(ctx, v.db, func(s db.Scanner) (placedRow, error) {
		into, done := a.how.targets()
		row, err := scanRow(s, into...)
		return placedRow{row, done(row.ID)}, err
	}, text, a.cond.args...)
	sortRows(rows, a.how, func(r placedRow) place { return r.at })
	return rows, err
}

// CountOf counts what an Ask finds, up to CountCap.
func (v *Service) CountOf(ctx context.Context, s Sight, a Ask) (Count, error) {
	a.whole = true
	ready, err := v.ask(ctx, s, a)
	if err != nil {
		return Count{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, slowAfter)
	defer cancel()
	n, err := v.countAsked(ctx, ready)
	if err != nil {
		return Count{}, tooSlow(ctx, err)
	}
	return capped(a.View, "", n), nil
}

func (v *Service) countAsked(ctx context.Context, a asked) (int, error) {
	q := a.cond
	n, err := db.One(ctx, v.db, db.Column[int], "SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets t WHERE "+q.text.String()+" LIMIT "+strconv.Itoa(CountCap+1)+") x", q.args...)
	if err != nil {
		return 0, fmt.Errorf("view: count: %w", err)
	}
	return n, nil
}

// Select gives the ids of what an Ask finds, in the order of ids, beginning after one: for work on many tickets.
func (v *Service) Select(ctx context.Context, s Sight, a Ask, after desk.TicketID, limit int) ([]desk.TicketID, error) {
	a.whole = true
	ready, err := v.ask(ctx, s, a)
	if err != nil {
		return nil, err
	}
	q := ready.cond.add(" AND t.id > ").arg(after).add(" ORDER BY t.id LIMIT ").arg(limit)
	ids, err := db.All(ctx, v.db, db.Column[desk.TicketID], "SELECT t.id FROM tickets t WHERE "+q.text.String(), q.args...)
	if err != nil {
		return nil, fmt.Errorf("view: select: %w", err)
	}
	return ids, nil
}

// rows reads tickets by a condition, with their names, in no order.
func (v *Service) rows(ctx context.Context, page *query) ([]TicketRow, error) {
	text := "SELECT " + rowColumns + joinColumns + " FROM (SELECT " + rowColumns + " FROM tickets t WHERE " + page.text.String() + ")" + joins
	return db.All(ctx, v.db, func(s db.Scanner) (TicketRow, error) { return scanRow(s) }, text, page.args...)
}

// mentions lists the tickets where the viewer was mentioned, the newest mention first (WS-10).
func (v *Service) mentions(ctx context.Context, s Sight, p Page) (TicketPage, error) {
	key, more, err := decode(p.Cursor, 1)
	if err != nil {
		return TicketPage{}, err
	}
	n := p.size(50)
	var q query
	q.add("SELECT m.ticket_id, MAX(m.message_id) FROM mentions m JOIN tickets t ON t.id = m.ticket_id WHERE m.user_id = ").arg(s.User)
	q.add(" AND t.hidden = ''").ticketSight("t", s).add(" GROUP BY m.ticket_id")
	if more {
		q.add(" HAVING MAX(m.message_id) < ").arg(key[0])
	}
	q.add(" ORDER BY 2 DESC LIMIT ").arg(n + 1)
	type mention struct {
		ticket desk.TicketID
		key    int64
	}
	found, err := all(ctx, v.db, &q, func(s db.Scanner) (m mention, err error) { err = s.Scan(&m.ticket, &m.key); return m, err })
	if err != nil {
		return TicketPage{}, fmt.Errorf("view: mentions: %w", err)
	}
	out := TicketPage{Items: []TicketRow{}}
	if len(found) == 0 {
		return out, nil
	}
	if len(found) > n {
		found = found[:n]
		out.Next = encode(found[n-1].key)
	}
	ids := make([]desk.TicketID, len(found))
	for i, m := range found {
		ids[i] = m.ticket
	}
	rows, err := v.TicketRows(ctx, s, ids)
	out.Items = rows
	return out, err
}

// TicketRows are the rows of some tickets, in the order given; what is not in sight is left out.
func (v *Service) TicketRows(ctx context.Context, s Sight, ids []desk.TicketID) ([]TicketRow, error) {
	if len(ids) == 0 {
		return []TicketRow{}, nil
	}
	var q query
	list(q.add("t.id IN "), ids).ticketSight("t", s)
	rows, err := v.rows(ctx, &q)
	if err != nil {
		return nil, fmt.Errorf("view: ticket rows: %w", err)
	}
	at := make(map[desk.TicketID]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	sort.Slice(rows, func(a, b int) bool { return at[rows[a].ID] < at[rows[b].ID] })
	return rows, v.decorate(ctx, s, rows)
}

// ContactTickets lists a contact's tickets, newest first, open or not.
func (v *Service) ContactTickets(ctx context.Context, s Sight, contact desk.ContactID, p Page) (TicketPage, error) {
	key, more, err := decode(p.Cursor, 1)
	if err != nil {
		return TicketPage{}, err
	}
	n := p.size(50)
	var q query
	q.add("t.contact_id = ").arg(contact).add(" AND t.hidden = ''").ticketSight("t", s)
	if more {
		q.add(" AND t.id < ").arg(key[0])
	}
	q.add(" ORDER BY t.id DESC LIMIT ").arg(n + 1)
	rows, err := v.rows(ctx, &q)
	if err != nil {
		return TicketPage{}, fmt.Errorf("view: tickets of a contact: %w", err)
	}
	sort.Slice(rows, func(a, b int) bool { return rows[a].ID > rows[b].ID })
	out := TicketPage{Items: rows}
	if len(rows) > n {
		out.Items, out.Next = rows[:n], encode(int64(rows[n-1].ID))
	}
	return out, v.decorate(ctx, s, out.Items)
}
