package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

const batchSize = 200

// Run follows the log until ctx ends, on one node at a time.
func (s *Service) Run(ctx context.Context) {
	s.Events.Follow(ctx, event.Follower{Name: "notify", Step: s.Step, Idle: 5 * time.Second})
}

// Step tells of one batch of events and reports whether there is more. Run calls it; tests may, when nobody runs. The position moves in the transaction that
// writes what was told, and only from where it was read: however many do it, an event is told of once.
func (s *Service) Step(ctx context.Context) (more bool, err error) {
	batch, err := s.bookmark().Next(ctx, batchSize)
	if err != nil || len(batch.Events) == 0 {
		return false, err
	}
	r := reader{s: s}
	var told []telling
	for _, ev := range batch.Events {
		if !concerns(ev.Type) {
			continue
		}
		f, err := r.facts(ctx, ev)
		if err != nil {
			return false, err
		}
		for _, n := range Decide(ev, f) {
			told = append(told, telling{ev, n, r.person(n.User), f.Company})
		}
	}
	return batch.More, s.commit(ctx, batch, told)
}

// telling is a notice with the event that it comes from.
type telling struct {
	ev      desk.Event
	n       Notice
	to      Person
	company Rhythm
}

func (s *Service) bookmark() event.Bookmark { return s.Events.Bookmark("notify_state") }

func (s *Service) commit(ctx context.Context, batch event.Batch, told []telling) error {
	err := s.bookmark().Move(ctx, batch, func(ctx context.Context, tx *db.Tx) error {
		fresh := newCrier()
		i := 0
		for _, ev := range batch.Events {
			for ; i < len(told) && told[i].ev.Seq == ev.Seq; i++ {
				if err := s.insert(ctx, tx, told[i], fresh); err != nil {
					return err
				}
			}
			if err := s.follow(ctx, tx, ev, fresh); err != nil {
				return err
			}
		}
		return fresh.cry(ctx, tx, s.Events)
	})
	if err != nil {
		return fmt.Errorf("notify: tell: %w", err)
	}
	return nil
}

// insert writes one notification, once, and what is to reach its targets.
func (s *Service) insert(ctx context.Context, tx *db.Tx, t telling, fresh *crier) error {
	n, now := t.n, s.Clock.Ms()
	if n.Topic != "" && specOf(n.Kind).Once {
		var unread int
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM notifications WHERE topic = $1 AND user_id = $2 AND kind = $3 AND read_at = 0", n.Topic, n.User, n.Kind).Scan(&unread); err != nil || unread > 0 {
			return err
		}
	}
	var read desk.Time
	if n.Read {
		read = now
	}
	inApp := false
	for _, name := range n.Targets {
		inApp = inApp || name == InApp
	}
	if n.Data == nil {
		n.Data = map[string]any{}
	}
	id := tx.NewID()
	added, err := tx.Exec(ctx, `INSERT INTO notifications (id, user_id, kind, event_seq, ticket_id, thread_id, message_id, actor, topic, data, in_app, created_at, read_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (event_seq, user_id, kind) DO NOTHING`,
		id, n.User, n.Kind, t.ev.Seq, t.ev.TicketID, t.ev.ThreadID, t.ev.Message, t.ev.Actor, n.Topic, db.JSON(n.Data), inApp, now, read)
	if err != nil || added == 0 {
		return err
	}
	item := freshItem{ID: fmt.Sprint(id), Kind: n.Kind, Ticket: t.ev.TicketID, InApp: inApp}
	if !n.Read {
		if item.Desktop, err = s.schedule(ctx, tx, id, t); err != nil {
			return err
		}
	}
	fresh.add(n.User, item)
	return nil
}

// schedule notes what still has to reach a target outside of the workspace. It reports whether the browser may show it at once.
func (s *Service) schedule(ctx context.Context, tx *db.Tx, id int64, t telling) (desktop bool, err error) {
	for _, name := range t.n.Targets {
		if name == InApp {
			continue
		}
		due, err := s.due(ctx, tx, name, t)
		if err != nil {
			return false, err
		}
		if name == Desktop && due <= s.Clock.Ms() {
			desktop = true
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO notification_deliveries (notification_id, target, user_id, ticket_id, due_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (notification_id, target) DO NOTHING`,
			id, name, t.n.User, t.ev.TicketID, due); err != nil {
			return false, err
		}
	}
	return desktop, nil
}

// due is when something goes out: with what waits about the same ticket already, the later the more was sent of it, not in quiet hours.
func (s *Service) due(ctx context.Context, tx *db.Tx, target string, t telling) (desk.Time, error) {
	now := s.Clock.Now()
	set, loc := t.to.Settings, t.to.Settings.zone(t.to.User, t.company)
	at := now
	spec := targetOf(target)
	if spec.Gathers && set.Email.Mode != AtOnce {
		at = set.Email.Next(now, loc)
	} else if spec.Gathers && t.n.Kind != Test {
		var waiting, last desk.Time
		err := tx.QueryRow(ctx, `SELECT COALESCE(MIN(CASE WHEN done_at = 0 THEN due_at END), 0), COALESCE(MAX(done_at), 0) FROM notification_deliveries
			WHERE user_id = $1 AND ticket_id = $2 AND target = $3 AND ticket_id <> 0`, t.n.User, t.ev.TicketID, target).Scan(&waiting, &last)
		if err != nil {
			return 0, err
		}
		if waiting != 0 {
			return waiting, nil
		}
		at = now.Add(s.Windows.Bundle)
		if spaced := last.Time().Add(5 * s.Windows.Bundle); last != 0 && spaced.After(at) {
			at = spaced
		}
	}
	if end, quiet := set.Quiet.Until(at, loc); spec.Rests && quiet && t.n.Kind != Test {
		at = end
	}
	return desk.At(at), nil
}

func targetOf(name string) Target {
	for _, t := range Targets {
		if t.Name == name {
			return t
		}
	}
	return Target{Name: name}
}

// follow keeps what was told true: what is over is read, what moved is found at its new place, what was erased is gone.
func (s *Service) follow(ctx context.Context, tx *db.Tx, ev desk.Event, fresh *crier) error {
	var d struct {
		particulars
		Into     desk.TicketID `json:"into"`
		ToTicket desk.TicketID `json:"to_ticket"`
		Fields   []string      `json:"fields"`
	}
	if ev.Type == desk.EvTicketMerged || ev.Type == desk.EvThreadMoved || ev.Type == desk.EvMessageUpdated || over[ev.Type] != nil {
		_ = json.Unmarshal(ev.Data, &d)
	}
	var err error
	switch {
	case (ev.Type == desk.EvTicketPurged || ev.Type == desk.EvTicketErased) && ev.TicketID != 0:
		err = s.forget(ctx, tx, "ticket_id = $1", ev.TicketID)
	case (ev.Type == desk.EvThreadPurged || ev.Type == desk.EvThreadEmptied) && ev.ThreadID != 0:
		err = s.forget(ctx, tx, "thread_id = $1", ev.ThreadID)
	case ev.Type == desk.EvMessageUpdated && (slices.Contains(d.Fields, "erased") || slices.Contains(d.Fields, "redacted")):
		err = s.forget(ctx, tx, "message_id = $1 AND message_id <> 0", ev.Message)
	case ev.Type == desk.EvContactErased:
		_, err = tx.Exec(ctx, "UPDATE notifications SET actor = 'contact' WHERE actor = $1", desk.ByContact(ev.Contact))
	case ev.Type == desk.EvTicketMerged && d.Into != 0 && ev.TicketID != 0:
		_, err = tx.Exec(ctx, "UPDATE notifications SET ticket_id = $1 WHERE ticket_id = $2", d.Into, ev.TicketID)
	case ev.Type == desk.EvThreadMoved && d.ToTicket != 0 && ev.ThreadID != 0:
		_, err = tx.Exec(ctx, "UPDATE notifications SET ticket_id = $1 WHERE thread_id = $2", d.ToTicket, ev.ThreadID)
	case over[ev.Type] != nil:
		if topic := over[ev.Type](d.particulars); topic != "" {
			users, uerr := db.All(ctx, tx, db.Column[desk.UserID], "SELECT DISTINCT user_id FROM notifications WHERE topic = $1 AND read_at = 0", topic)
			if uerr != nil || len(users) == 0 {
				return uerr
			}
			_, err = tx.Exec(ctx, "UPDATE notifications SET read_at = $1 WHERE topic = $2 AND read_at = 0", s.Clock.Ms(), topic)
			for _, u := range users {
				fresh.over(u)
			}
		}
	}
	return err
}

// forget deletes notifications for good, with what was still to reach its targets.
func (s *Service) forget(ctx context.Context, tx *db.Tx, where string, id any) error {
	if _, err := tx.Exec(ctx, "DELETE FROM notification_deliveries WHERE notification_id IN (SELECT id FROM notifications WHERE "+where+")", id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM notifications WHERE "+where, id)
	return err
}

// crier gathers what a transaction has for each person: one event tells them.
type crier struct {
	order []desk.UserID
	items map[desk.UserID][]freshItem
	read  map[desk.UserID]bool
}

// freshItem is a line of a notification.created event.
type freshItem struct {
	ID      string        `json:"id"`
	Kind    Kind          `json:"kind"`
	Ticket  desk.TicketID `json:"ticket_id"`
	InApp   bool          `json:"in_app"`
	Desktop bool          `json:"desktop"`
}

// maxCried bounds the lines of one event: more are counted.
const maxCried = 20

func newCrier() *crier {
	return &crier{items: map[desk.UserID][]freshItem{}, read: map[desk.UserID]bool{}}
}

func (c *crier) add(u desk.UserID, i freshItem) {
	if c.items[u] == nil {
		c.order = append(c.order, u)
	}
	c.items[u] = append(c.items[u], i)
}

func (c *crier) over(u desk.UserID) { c.read[u] = true }

func (c *crier) cry(ctx context.Context, tx *db.Tx, log *event.Log) error {
	for _, u := range c.order {
		items := c.items[u]
		shown := items[max(0, len(items)-maxCried):]
		if _, err := log.Record(ctx, tx, desk.Event{Type: desk.EvNotificationCreated, UserID: u, Data: event.Data(map[string]any{"items": shown, "count": len(items)})}); err != nil {
			return err
		}
	}
	for u := range c.read {
		if _, err := log.Record(ctx, tx, desk.Event{Type: desk.EvNotificationRead, UserID: u}); err != nil {
			return err
		}
	}
	return nil
}
