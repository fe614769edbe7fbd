package view

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Step is one thing that happened to an item.
type Step struct {
	At     desk.Time      `json:"at"`
	Step   string         `json:"step" enum:"received,parsed,threaded,contact,ticket,assigned,queued,attempt,sent,delivered,read,failed,uncertain,set_aside"`
	Detail map[string]any `json:"detail"`

	order int64 // among steps of one millisecond
}

// subject is what a trace is about: some messages, some raw items, and a ticket whose assignments belong to the story.
type subject struct {
	ticket   desk.TicketID
	messages []desk.MessageID
	raws     []desk.RawID
}

var errNoTrace = desk.Errorf(desk.NotFound, "trace.not_found", "Nothing here has that id, ticket number or Message-ID.")

// maxTrace bounds how many messages one story covers; of more, the newest are told.
const maxTrace = 500

// Trace tells the story of a message, an inbound item or a ticket: name is an id, "#" and a ticket number, or a Message-ID with or without brackets.
func (v *Service) Trace(ctx context.Context, s Sight, name string) ([]Step, error) {
	sub, err := v.subject(ctx, s, strings.TrimSpace(name))
	if err != nil {
		return nil, err
	}
	return v.story(ctx, sub)
}

// Ledger is the story of a ticket: every inbound item and every send of its threads.
func (v *Service) Ledger(ctx context.Context, s Sight, ticket desk.TicketID) ([]Step, error) {
	if err := v.mayOpen(ctx, s, ticket); err != nil {
		return nil, err
	}
	sub, err := v.ticketSubject(ctx, ticket)
	if err != nil {
		return nil, err
	}
	return v.story(ctx, sub)
}

func (v *Service) subject(ctx context.Context, s Sight, name string) (subject, error) {
	if strings.HasPrefix(name, "#") {
		id, err := v.TicketID(ctx, name)
		if err != nil {
			return subject{}, errNoTrace
		}
		return v.seenTicket(ctx, s, id)
	}
	id, err := desk.ParseID[int64](name)
	if err != nil {
		return v.byRemoteID(ctx, s, strings.TrimSuffix(strings.TrimPrefix(name, "<"), ">"))
	}
	if err := v.mayOpen(ctx, s, desk.TicketID(id)); err == nil {
		return v.ticketSubject(ctx, desk.TicketID(id))
	}
	return v.byIDs(ctx, s, "m.id = $1", "r.id = $1", id)
}

func (v *Service) seenTicket(ctx context.Context, s Sight, id desk.TicketID) (subject, error) {
	if err := v.mayOpen(ctx, s, id); err != nil {
		return subject{}, errNoTrace
	}
	return v.ticketSubject(ctx, id)
}

func (v *Service) byRemoteID(ctx context.Context, s Sight, remote string) (subject, error) {
	if remote == "" {
		return subject{}, errNoTrace
	}
	return v.byIDs(ctx, s, "m.remote_id = $1 AND m.remote_id <> ''", "r.message_id = $1 AND r.message_id <> ''", remote)
}

// byIDs finds the messages and the raw items that a condition names, and each through the other.
func (v *Service) byIDs(ctx context.Context, s Sight, onMessage, onRaw string, arg any) (subject, error) {
	type found struct {
		id     int64
		raw    desk.RawID
		inbox  desk.InboxID
		ticket desk.TicketID
		thread desk.ThreadID
	}
	scan := func(sc db.Scanner) (f found, err error) {
		err = sc.Scan(&f.id, &f.raw, &f.inbox, &f.ticket, &f.thread)
		return f, err
	}
	ms, err := db.All(ctx, v.db, scan, "SELECT m.id, m.raw_id, m.inbox_id, m.ticket_id, m.thread_id FROM messages m WHERE "+onMessage+" ORDER BY m.id LIMIT 100", arg)
	if err != nil {
		return subject{}, fmt.Errorf("view: trace: %w", err)
	}
	rs, err := db.All(ctx, v.db, scan, `SELECT r.id, r.filed_as, COALESCE(a.inbox_id, 0), r.ticket_id, r.thread_id FROM inbound_raw r LEFT JOIN channel_accounts a ON a.id = r.account_id WHERE `+onRaw+" ORDER BY r.id LIMIT 100", arg)
	if err != nil {
		return subject{}, fmt.Errorf("view: trace: %w", err)
	}
	var sub subject
	messages, raws := map[desk.MessageID]bool{}, map[desk.RawID]bool{}
	for i, f := range append(ms, rs...) {
		seen, err := v.within(ctx, s, f.inbox, f.ticket, f.thread)
		switch {
		case err != nil:
			return subject{}, err
		case !seen:
		case i < len(ms):
			messages[desk.MessageID(f.id)] = true
			raws[f.raw] = f.raw != 0
		default:
			raws[desk.RawID(f.id)] = true
		}
	}
	for id, ok := range raws {
		if !ok {
			continue
		}
		sub.raws = append(sub.raws, id)
		more, err := db.All(ctx, v.db, db.Column[desk.MessageID], `SELECT m.id FROM inbound_raw r JOIN messages m ON m.thread_id = r.thread_id AND m.raw_id = r.id WHERE r.id = $1`, id)
		if err != nil {
			return subject{}, fmt.Errorf("view: trace: %w", err)
		}
		for _, m := range more {
			messages[m] = true
		}
	}
	for id := range messages {
		sub.messages = append(sub.messages, id)
	}
	if len(sub.messages) == 0 && len(sub.raws) == 0 {
		return sub, errNoTrace
	}
	return sub, nil
}

func (v *Service) ticketSubject(ctx context.Context, id desk.TicketID) (subject, error) {
	sub := subject{ticket: id}
	type pair struct {
		m desk.MessageID
		r desk.RawID
	}
	ps, err := db.All(ctx, v.db, func(s db.Scanner) (p pair, err error) { err = s.Scan(&p.m, &p.r); return p, err },
		`SELECT id, raw_id FROM messages WHERE ticket_id = $1 AND kind = 'message' ORDER BY id DESC LIMIT $2`, id, maxTrace)
	if err != nil {
		return sub, fmt.Errorf("view: ledger: %w", err)
	}
	for _, p := range ps {
		sub.messages = append(sub.messages, p.m)
		if p.r != 0 {
			sub.raws = append(sub.raws, p.r)
		}
	}
	return sub, nil
}

// story reads the steps of a subject and puts them in order.
func (v *Service) story(ctx context.Context, sub subject) ([]Step, error) {
	steps := []Step{}
	for _, part := range []func(context.Context, subject) ([]Step, error){v.rawSteps, v.messageSteps, v.eventSteps, v.attemptSteps} {
		more, err := part(ctx, sub)
		if err != nil {
			return nil, fmt.Errorf("view: trace: %w", err)
		}
		steps = append(steps, more...)
	}
	sort.SliceStable(steps, func(a, b int) bool {
		if steps[a].At != steps[b].At {
			return steps[a].At < steps[b].At
		}
		return steps[a].order < steps[b].order
	})
	return steps, nil
}

// rank orders steps of the same moment as they happen.
var rank = map[string]int64{"received": 0, "parsed": 1, "set_aside": 2, "contact": 3, "threaded": 4, "ticket": 5, "assigned": 6, "queued": 7, "attempt": 8, "sent": 9, "delivered": 10, "read": 11, "failed": 12, "uncertain": 13}

func step(at desk.Time, name string, detail map[string]any) Step {
	for k, v := range detail {
		switch x := v.(type) {
		case string:
			if x == "" {
				delete(detail, k)
			}
		case int64:
			if x == 0 {
				delete(detail, k)
			}
		case nil:
			delete(detail, k)
		}
	}
	return Step{At: at, Step: name, Detail: detail, order: rank[name]}
}

// text is an id for a detail: "" when there is none.
func text[T ~int64](id T) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprint(int64(id))
}

func (v *Service) rawSteps(ctx context.Context, sub subject) ([]Step, error) {
	if len(sub.raws) == 0 {
		return nil, nil
	}
	type raw struct {
		id                                                             desk.RawID
		account                                                        desk.ChannelAccountID
		thread                                                         desk.ThreadID
		ticket                                                         desk.TicketID
		at, updated                                                    desk.Time
		size, duplicates                                               int64
		channel, key, message, state, disposition, reason, err, holder string
		envelope                                                       map[string]any
	}
	var q query
	list(q.add(`SELECT r.id, r.account_id, r.channel, r.dedupe_key, r.at, r.size, r.message_id, r.state, r.disposition, r.thread_id, r.ticket_id, r.reason, r.error,
		r.duplicates, r.updated_at, r.envelope, COALESCE(a.name, '') FROM inbound_raw r LEFT JOIN channel_accounts a ON a.id = r.account_id WHERE r.id IN `), sub.raws)
	raws, err := all(ctx, v.db, &q, func(s db.Scanner) (r raw, err error) {
		err = s.Scan(&r.id, &r.account, &r.channel, &r.key, &r.at, &r.size, &r.message, &r.state, &r.disposition, &r.thread, &r.ticket, &r.reason, &r.err,
			&r.duplicates, &r.updated, db.ScanJSON(&r.envelope), &r.holder)
		return r, err
	})
	var steps []Step
	for _, r := range raws {
		steps = append(steps, step(r.at, "received", map[string]any{
			"raw": text(r.id), "channel": r.channel, "account": r.holder, "account_id": text(r.account), "dedupe_key": r.key, "message_id": r.message,
			"size": r.size, "duplicates": r.duplicates, "state": r.state, "envelope": r.envelope,
		}))
		if r.state == "set_aside" {
			steps = append(steps, step(r.updated, "set_aside", map[string]any{"raw": text(r.id), "reason": r.reason, "error": r.err}))
			continue
		}
		steps = append(steps, step(r.at, "parsed", map[string]any{"raw": text(r.id), "disposition": r.disposition, "reason": r.reason, "state": r.state}))
	}
	return steps, err
}

func (v *Service) messageSteps(ctx context.Context, sub subject) ([]Step, error) {
	if len(sub.messages) == 0 {
		return nil, nil
	}
	type msg struct {
		id        desk.MessageID
		thread    desk.ThreadID
		ticket    desk.TicketID
		contact   desk.ContactID
		number    int64
		direction desk.Direction
		at        desk.Time
		remote    string
		person    string
	}
	var q query
	list(q.add(`SELECT m.id, m.thread_id, m.ticket_id, m.contact_id, m.direction, m.created_at, m.remote_id, COALESCE(t.number, 0), COALESCE(c.name, '')
		FROM messages m LEFT JOIN tickets t ON t.id = m.ticket_id LEFT JOIN contacts c ON c.id = m.contact_id WHERE m.id IN `), sub.messages)
	ms, err := all(ctx, v.db, &q, func(s db.Scanner) (m msg, err error) {
		err = s.Scan(&m.id, &m.thread, &m.ticket, &m.contact, &m.direction, &m.at, &m.remote, &m.number, &m.person)
		return m, err
	})
	var steps []Step
	for _, m := range ms {
		if m.direction != desk.Incoming {
			continue
		}
		if m.contact != 0 {
			steps = append(steps, step(m.at, "contact", map[string]any{"contact": text(m.contact), "name": m.person, "message": text(m.id)}))
		}
		if m.ticket != 0 {
			steps = append(steps, step(m.at, "ticket", map[string]any{"ticket": text(m.ticket), "number": m.number, "message": text(m.id)}))
		}
	}
	return steps, err
}

// eventStep names the step an event stands for.
var eventStep = map[string]string{
	desk.EvMessageReceived: "threaded", desk.EvMessageQueued: "queued", desk.EvMessageSent: "sent", desk.EvMessageDelivered: "delivered",
	desk.EvMessageRead: "read", desk.EvMessageFailed: "failed", desk.EvMessageUncertain: "uncertain", desk.EvTicketAssigned: "assigned",
}

func (v *Service) eventSteps(ctx context.Context, sub subject) ([]Step, error) {
	tickets := map[desk.TicketID]bool{}
	var events []TimelineEvent
	if len(sub.messages) > 0 {
		var q query
		list(q.add("SELECT "+eventColumns+" FROM events e WHERE e.message_id <> 0 AND e.message_id IN "), sub.messages)
		found, err := all(ctx, v.db, &q, scanEvent)
		if err != nil {
			return nil, err
		}
		events = found
		var qt query
		list(qt.add("SELECT DISTINCT ticket_id FROM messages WHERE ticket_id <> 0 AND id IN "), sub.messages)
		ids, err := all(ctx, v.db, &qt, db.Column[desk.TicketID])
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			tickets[id] = true
		}
	}
	if sub.ticket != 0 {
		tickets[sub.ticket] = true
	}
	for id := range tickets {
		found, err := db.All(ctx, v.db, scanEvent, "SELECT "+eventColumns+" FROM events e WHERE e.ticket_id = $1 AND e.ticket_id <> 0 AND e.type = $2 ORDER BY e.id LIMIT 200", id, desk.EvTicketAssigned)
		if err != nil {
			return nil, err
		}
		events = append(events, found...)
	}
	var steps []Step
	seen := map[desk.EventID]bool{}
	for _, e := range events {
		name := eventStep[e.Type]
		if name == "" || seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		detail := map[string]any{}
		if err := json.Unmarshal(e.Data, &detail); err != nil {
			detail = map[string]any{"data": string(e.Data)}
		}
		for k, id := range map[string]string{"message": text(e.Message), "thread": text(e.ThreadID), "ticket": text(e.TicketID)} {
			if id != "" {
				detail[k] = id
			}
		}
		steps = append(steps, step(e.At, name, detail))
	}
	return steps, nil
}

func (v *Service) attemptSteps(ctx context.Context, sub subject) ([]Step, error) {
	if len(sub.messages) == 0 {
		return nil, nil
	}
	var q query
	list(q.add("SELECT message_id, number, recipients, started_at, marked_at, settled_at, outcome, detail FROM attempts WHERE message_id IN "), sub.messages).add(" ORDER BY id")
	return all(ctx, v.db, &q, func(s db.Scanner) (Step, error) {
		var id desk.MessageID
		var number int64
		var recipients []string
		var started, marked, settled desk.Time
		var outcome, detail string
		err := s.Scan(&id, &number, db.ScanJSON(&recipients), &started, &marked, &settled, &outcome, &detail)
		return step(started, "attempt", map[string]any{
			"message": text(id), "number": number, "recipients": recipients, "marked_at": marked.String(), "settled_at": settled.String(),
			"outcome": outcome, "detail": detail,
		}), err
	})
}
