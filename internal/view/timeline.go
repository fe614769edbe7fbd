package view

import (
	"context"
	"fmt"
	"sort"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// TimelineEvent is an event as a timeline shows it.
type TimelineEvent struct {
	desk.Event
	ActorName string `json:"actor_name" doc:"The name of who did it; empty for the installation itself."`
	UserName  string `json:"user_name" doc:"The name of the user it concerns, if one."`
}

// TimelineItem is a message (or comment) or an event.
type TimelineItem struct {
	Kind    string         `json:"kind" enum:"message,event"`
	Message *Message       `json:"message,omitempty"`
	Event   *TimelineEvent `json:"event,omitempty"`
}

// Timeline is one page of a ticket's story; Next is the cursor of the next page, or "".
type Timeline struct {
	Items []TimelineItem `json:"items"`
	Next  string         `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// timelineBytes is how much text of messages one page may hold before it ends early.
const timelineBytes = 1 << 20

// Timeline merges the messages, comments and events of all threads of a ticket by time, newest first unless oldestFirst
// (TK-18). Ids are time-ordered, so a page is read from two indexes by key. Events that only repeat what a message shows are left out.
func (v *Service) Timeline(ctx context.Context, s Sight, ticket desk.TicketID, oldestFirst bool, p Page) (Timeline, error) {
	if err := v.mayOpen(ctx, s, ticket); err != nil {
		return Timeline{}, err
	}
	return v.told(ctx, "m.ticket_id = ", "e.ticket_id <> 0 AND e.ticket_id = ", int64(ticket), oldestFirst, p)
}

// told merges the messages and events of a ticket or of a thread.
func (v *Service) told(ctx context.Context, ofMessages, ofEvents string, id int64, oldestFirst bool, p Page) (Timeline, error) {
	key, more, err := decode(p.Cursor, 1)
	if err != nil {
		return Timeline{}, err
	}
	n := p.size(100)
	less, order := " < ", " DESC"
	if oldestFirst {
		less, order = " > ", " ASC"
	}
	read := func(q *query, id string) {
		if more {
			q.add(" AND " + id + less).arg(key[0])
		}
		q.add(" ORDER BY " + id + order + " LIMIT ").arg(n + 1)
	}
	var qm, qe query
	qm.add("SELECT " + messageColumns + " FROM messages m WHERE " + ofMessages).arg(id)
	read(&qm, "m.id")
	messages, cut, err := v.boundedMessages(ctx, &qm)
	if err != nil {
		return Timeline{}, fmt.Errorf("view: timeline: %w", err)
	}
	qe.add("SELECT " + eventColumns + " FROM events e WHERE " + ofEvents).arg(id)
	qe.add(" AND e.type NOT LIKE 'message.%' AND e.type <> ").arg(desk.EvCommentAdded)
	read(&qe, "e.id")
	events, err := all(ctx, v.db, &qe, scanEvent)
	if err != nil {
		return Timeline{}, fmt.Errorf("view: timeline: %w", err)
	}
	out := merge(messages, events, oldestFirst, cut, n)
	return out, v.dressPage(ctx, out.Items)
}

// boundedMessages reads rows until their bodies exceed timelineBytes; cut says that it stopped early.
func (v *Service) boundedMessages(ctx context.Context, q *query) (ms []Message, cut bool, err error) {
	rows, err := v.db.Query(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		if size > timelineBytes {
			return ms, true, nil
		}
		m, err := scanMessage(rows)
		if err != nil {
			return nil, false, err
		}
		ms = append(ms, m)
		size += len(m.Text) + len(m.QuotedText) + len(m.HTML) + len(m.QuotedHTML)
	}
	return ms, false, rows.Err()
}

func (i TimelineItem) id() int64 {
	if i.Message != nil {
		return int64(i.Message.ID)
	}
	return int64(i.Event.ID)
}

// merge takes the first n of both. When the messages were cut short, nothing after the last of them is shown.
func merge(ms []Message, es []TimelineEvent, oldestFirst, cut bool, n int) Timeline {
	items := make([]TimelineItem, 0, len(ms)+len(es))
	for i := range ms {
		items = append(items, TimelineItem{Kind: "message", Message: &ms[i]})
	}
	for i := range es {
		items = append(items, TimelineItem{Kind: "event", Event: &es[i]})
	}
	sort.Slice(items, func(a, b int) bool {
		if oldestFirst {
			return items[a].id() < items[b].id()
		}
		return items[a].id() > items[b].id()
	})
	end := min(len(items), n)
	if cut {
		last := int64(ms[len(ms)-1].ID)
		for i := range end {
			if items[i].id() == last {
				end = i + 1
				break
			}
		}
	}
	out := Timeline{Items: items[:end]}
	if end > 0 && (cut || end < len(items)) {
		out.Next = encode(items[end-1].id())
	}
	return out
}

// dressPage loads names, files and states for what is on the page only.
func (v *Service) dressPage(ctx context.Context, items []TimelineItem) error {
	var ms []Message
	var names nameSet
	for _, it := range items {
		if it.Message != nil {
			ms = append(ms, *it.Message)
			continue
		}
		names.actor(it.Event.Actor)
		names.user(it.Event.UserID)
	}
	if err := v.dress(ctx, ms); err != nil {
		return err
	}
	if err := names.load(ctx, v.db); err != nil {
		return err
	}
	for i, k := 0, 0; i < len(items); i++ {
		if items[i].Message != nil {
			*items[i].Message = ms[k]
			k++
			continue
		}
		e := items[i].Event
		e.ActorName, e.UserName = names.of(e.Actor), names.users[int64(e.UserID)]
	}
	return nil
}

const eventColumns = `e.id, COALESCE(e.seq, 0), e.at, e.type, e.actor, e.ticket_id, e.thread_id, e.message_id, e.contact_id, e.inbox_id, e.user_id, e.data`

func scanEvent(s db.Scanner) (TimelineEvent, error) {
	var e TimelineEvent
	var data string
	err := s.Scan(&e.ID, &e.Seq, &e.At, &e.Type, db.ScanActor(&e.Actor), &e.TicketID, &e.ThreadID, &e.Message, &e.Contact, &e.Inbox, &e.UserID, &data)
	e.Data = []byte(data)
	if data == "" {
		e.Data = []byte("{}")
	}
	return e, err
}

// Decision is one assignment of a ticket, with the names it speaks of (RT-20).
type Decision struct {
	desk.Assignment
	EventID   desk.EventID `json:"event_id"`
	ActorName string       `json:"actor_name"`
	OwnerName string       `json:"owner_name"`
	TeamName  string       `json:"team_name"`
}

// Why is the history of a ticket's assignments, newest first: "why me?".
func (v *Service) Why(ctx context.Context, s Sight, ticket desk.TicketID) ([]Decision, error) {
	if err := v.mayOpen(ctx, s, ticket); err != nil {
		return nil, err
	}
	out, err := db.All(ctx, v.db, func(s db.Scanner) (d Decision, err error) {
		var actor desk.Actor
		var at desk.Time
		err = s.Scan(&d.EventID, &at, db.ScanActor(&actor), db.ScanJSON(&d.Assignment))
		if d.At == 0 {
			d.At = at
		}
		if d.By.Kind == "" {
			d.By = actor
		}
		d.Candidates = orEmpty(d.Candidates)
		return d, err
	}, `SELECT id, at, actor, data FROM events WHERE ticket_id = $1 AND ticket_id <> 0 AND type = $2 ORDER BY id DESC LIMIT 200`, ticket, desk.EvTicketAssigned)
	if err != nil {
		return nil, fmt.Errorf("view: why: %w", err)
	}
	var names nameSet
	for _, d := range out {
		names.actor(d.By)
		names.user(d.OwnerID)
	}
	if err := names.load(ctx, v.db); err != nil {
		return nil, err
	}
	teams, err := v.teamNames(ctx)
	for i := range out {
		out[i].ActorName, out[i].OwnerName = names.of(out[i].By), names.users[int64(out[i].OwnerID)]
		out[i].TeamName = teams[out[i].TeamID]
	}
	return out, err
}

func (v *Service) teamNames(ctx context.Context) (map[desk.TeamID]string, error) {
	teams, err := db.All(ctx, v.db, func(s db.Scanner) (t TeamRef, err error) { err = s.Scan(&t.ID, &t.Name); return t, err }, "SELECT id, name FROM teams")
	if err != nil {
		return nil, fmt.Errorf("view: teams: %w", err)
	}
	out := make(map[desk.TeamID]string, len(teams))
	for _, t := range teams {
		out[t.ID] = t.Name
	}
	return out, nil
}

// AuditPage is one page of the audit log.
type AuditPage struct {
	Items []TimelineEvent `json:"items"`
	Next  string          `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// AuditFilter narrows the audit log; zero values do not. Object is a noun: the first part of an event's type, or the object of changed settings.
type AuditFilter struct {
	Object string
	Actor  desk.UserID
	From   desk.Time
	To     desk.Time
}

// Audit lists what concerns no ticket and no contact: settings, people, tokens, sessions, channel accounts, what came in and was set aside. Newest first.
func (v *Service) Audit(ctx context.Context, f AuditFilter, p Page) (AuditPage, error) {
	key, more, err := decode(p.Cursor, 1)
	if err != nil {
		return AuditPage{}, err
	}
	n := p.size(50)
	var q query
	q.add("SELECT " + eventColumns + " FROM events e WHERE e.ticket_id = 0 AND e.contact_id = 0 AND e.thread_id = 0 AND e.type NOT LIKE 'notification.%'") // what people were told is their own business
	if more {
		q.add(" AND e.id < ").arg(key[0])
	}
	if f.Object != "" { // a slug: nothing in it means more to LIKE than itself, but _, which matches itself too
		q.add(" AND (e.type LIKE ").arg(f.Object + ".%").add(" OR e.type = ").arg(desk.EvSettingsChanged).add(" AND e.data LIKE ").arg(`%"object":"` + f.Object + `"%`).add(")")
	}
	if f.Actor != 0 {
		q.add(" AND e.actor = ").arg(desk.ByUser(f.Actor))
	}
	if f.From != 0 {
		q.add(" AND e.at >= ").arg(f.From)
	}
	if f.To != 0 {
		q.add(" AND e.at < ").arg(f.To)
	}
	q.add(" ORDER BY e.id DESC LIMIT ").arg(n + 1)
	es, err := all(ctx, v.db, &q, scanEvent)
	if err != nil {
		return AuditPage{}, fmt.Errorf("view: audit: %w", err)
	}
	out := AuditPage{Items: es}
	if len(es) > n {
		out.Items, out.Next = es[:n], encode(int64(es[n-1].ID))
	}
	items := make([]TimelineItem, len(out.Items))
	for i := range out.Items {
		items[i].Event = &out.Items[i]
	}
	return out, v.dressPage(ctx, items)
}
