// Package purge takes tickets away for good: their conversations, files, originals, documents of the search and the words in their events. It owns no table: it
// calls the owners, in the order of their locks, in one transaction a ticket. It refuses to decide who may: the callers do. Run by schedule for spam and trash that
// has lain long enough (EM-36, WS-29), called by the API for one ticket, and by the erasure of a person (CR-14).
package purge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Journal forgets originals: intake.Service.
type Journal interface {
	Forget(ctx context.Context, tx *db.Tx, messages []desk.MessageID) error
}

// Deps are what the service works with.
type Deps struct {
	DB      *db.DB
	Clock   *clock.Clock
	Events  *event.Log
	Threads *thread.Service
	Tickets *ticket.Service
	Journal Journal
	// Also takes what flows above keep of a ticket: what its customer said of it. nil is fine.
	Also func(ctx context.Context, tx *db.Tx, id desk.TicketID) error
	// Conversations takes what flows above keep of conversations: what a bot was told in them. nil is fine.
	Conversations func(ctx context.Context, tx *db.Tx, ids []desk.ThreadID) error
	// Emptied takes what flows above keep of a conversation whose term of keeping is over: of its files alone, or all. tickets are those of which nothing is left. nil is fine.
	Emptied func(ctx context.Context, tx *db.Tx, id desk.ThreadID, tickets []desk.TicketID, filesOnly bool) error
	// Held reports whether there is a hold on a ticket or a contact; 0 is none. nil: there are no holds.
	Held func(ctx context.Context, q db.Queryer, t desk.TicketID, c desk.ContactID) (bool, error)
	// Windows are how long spam and trash are kept by now; 0 keeps them. nil: Spam and Trash.
	Windows func(ctx context.Context) (spam, trash time.Duration, err error)
	Log     *slog.Logger
	Spam    time.Duration // how long spam is kept; 0 keeps it
	Trash   time.Duration // how long trash is kept; 0 keeps it
}

// Service erases.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{d}
}

// Why a ticket was erased, as ticket.purged tells.
const (
	Spam    = "spam"
	Trash   = "trash"
	Merged  = "merged"
	Privacy = "privacy"
	Person  = "person" // somebody emptied the trash
)

// Ticket erases one ticket, with everything that was merged into it.
func (s *Service) Ticket(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, reason string) error {
	if err := s.free(ctx, tx, id, 0); err != nil {
		return err
	}
	shells, err := s.Tickets.Absorbed(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, shell := range shells {
		if err := s.one(ctx, tx, actor, shell, Merged); err != nil {
			return err
		}
	}
	return s.one(ctx, tx, actor, id, reason)
}

// one erases a ticket's threads, then the ticket. A thread that came between is taken too: nothing may point to a ticket that is gone.
func (s *Service) one(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, reason string) error {
	before := func(ctx context.Context, messages []desk.MessageID) error { return s.Journal.Forget(ctx, tx, messages) }
	gone, err := s.Threads.Erase(ctx, tx, id, before)
	if err != nil {
		return err
	}
	if _, err := s.Tickets.Lock(ctx, tx, id); err != nil {
		return err
	}
	late, err := s.Threads.Erase(ctx, tx, id, before)
	if err != nil {
		return err
	}
	if s.Also != nil {
		if err := s.Also(ctx, tx, id); err != nil {
			return err
		}
	}
	threads := append(gone.Threads, late.Threads...)
	if s.Conversations != nil {
		if err := s.Conversations(ctx, tx, threads); err != nil {
			return err
		}
	}
	if err := s.Events.Forget(ctx, tx, id, threads...); err != nil {
		return err
	}
	return s.Tickets.Erase(ctx, tx, actor, id, reason, append(gone.Messages, late.Messages...))
}

// errMoved: a conversation was brought back, or given a ticket, while it was to be erased.
var errMoved = desk.Errorf(desk.Conflict, "thread.changed", "This conversation has changed meanwhile. Look at it again.")

// Thread erases a conversation that has no ticket, if it is still where it was seen.
func (s *Service) Thread(ctx context.Context, tx *db.Tx, actor desk.Actor, th desk.Thread, reason string) error {
	gone, err := s.Threads.EraseThread(ctx, tx, th.ID, func(ctx context.Context, messages []desk.MessageID) error {
		now, err := s.Threads.Get(ctx, tx, th.ID) // which is held now
		if err == nil && (now.TicketID != 0 || now.Hidden != th.Hidden || now.HiddenAt != th.HiddenAt) {
			err = errMoved
		}
		if err == nil {
			err = s.free(ctx, tx, 0, now.ContactID)
		}
		if err != nil {
			return err
		}
		return s.Journal.Forget(ctx, tx, messages)
	})
	if err != nil {
		return err
	}
	if s.Conversations != nil {
		if err := s.Conversations(ctx, tx, []desk.ThreadID{th.ID}); err != nil {
			return err
		}
	}
	if err := s.Events.Forget(ctx, tx, 0, th.ID); err != nil {
		return err
	}
	if gone.Messages == nil {
		gone.Messages = []desk.MessageID{}
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvThreadPurged, Actor: actor, ThreadID: th.ID, Inbox: th.InboxID, Data: event.Data(map[string]any{"messages": gone.Messages, "reason": reason})})
	return err
}

// slice is how many tickets are looked up at a time; each is erased in its own transaction, so that nobody waits long and a stop loses nothing.
const slice = 100

// Run erases what has lain hidden for longer than its window. Where it stops, by a shutdown or a kill, it goes on the next time: what is left is found again.
func (s *Service) Run(ctx context.Context) error {
	spam, trash := s.Spam, s.Trash
	if s.Windows != nil {
		var err error
		if spam, trash, err = s.Windows(ctx); err != nil {
			return err
		}
	}
	for _, w := range []struct {
		hidden desk.Hidden
		keep   time.Duration
		reason string
	}{{desk.HiddenSpam, spam, Spam}, {desk.HiddenTrash, trash, Trash}} {
		if w.keep <= 0 {
			continue
		}
		before := s.Clock.Ms().Add(-w.keep)
		if err := errors.Join(s.expire(ctx, w.hidden, before, w.reason), s.expireThreads(ctx, w.hidden, before, w.reason)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) expire(ctx context.Context, hidden desk.Hidden, before desk.Time, reason string) error {
	var n int
	var faults []error
	defer func() {
		if n > 0 {
			s.Log.Info("hidden tickets were erased for good", "tickets", n, "hidden", hidden)
		}
	}()
	after := struct {
		at desk.Time
		id desk.TicketID
	}{}
	for ctx.Err() == nil {
		type row struct {
			id desk.TicketID
			at desk.Time
		}
		rows, err := db.All(ctx, s.DB, func(r db.Scanner) (x row, err error) { err = r.Scan(&x.id, &x.at); return x, err },
			`SELECT id, hidden_at FROM tickets WHERE hidden = $1 AND hidden <> '' AND hidden_at < $2 AND (hidden_at > $3 OR (hidden_at = $3 AND id > $4)) ORDER BY hidden_at, id LIMIT $5`,
			hidden, before, after.at, after.id, slice)
		if err != nil {
			return fmt.Errorf("purge: %w", err)
		}
		for _, r := range rows {
			after.at, after.id = r.at, r.id
			gone, err := s.due(ctx, r.id, hidden, before, reason)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if errors.Is(err, ErrHeld) {
				continue
			}
			if err != nil { // one that cannot be erased does not hold up the others
				faults = append(faults, fmt.Errorf("purge: ticket %d: %w", r.id, err))
				continue
			}
			if gone {
				n++
			}
		}
		if len(rows) < slice {
			break
		}
	}
	return errors.Join(append(faults, ctx.Err())...)
}

// expireThreads does the same for conversations without a ticket.
func (s *Service) expireThreads(ctx context.Context, hidden desk.Hidden, before desk.Time, reason string) error {
	var faults []error
	for after := desk.ThreadID(0); ctx.Err() == nil; {
		ids, err := db.All(ctx, s.DB, db.Column[desk.ThreadID], `SELECT id FROM threads WHERE hidden = $1 AND hidden <> '' AND hidden_at < $2 AND ticket_id = 0 AND id > $3 ORDER BY id LIMIT $4`, hidden, before, after, slice)
		if err != nil {
			return fmt.Errorf("purge: %w", err)
		}
		for _, id := range ids {
			after = id
			err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				th, err := s.Threads.Get(ctx, tx, id)
				if desk.CodeOf(err) == desk.NotFound {
					return nil
				}
				if err != nil || th.Hidden != hidden || th.HiddenAt >= before || th.TicketID != 0 {
					return err
				}
				return s.Thread(ctx, tx, desk.System, th, reason)
			})
			if err != nil && !errors.Is(err, errMoved) && !errors.Is(err, ErrHeld) {
				faults = append(faults, fmt.Errorf("purge: conversation %d: %w", id, err))
			}
		}
		if len(ids) < slice {
			break
		}
	}
	return errors.Join(append(faults, ctx.Err())...)
}

// due erases a ticket if it is still hidden for as long as it seemed.
func (s *Service) due(ctx context.Context, id desk.TicketID, hidden desk.Hidden, before desk.Time, reason string) (gone bool, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		gone = false
		t, err := s.Tickets.Get(ctx, tx, id)
		if desk.CodeOf(err) == desk.NotFound {
			return nil
		}
		if err != nil || t.Hidden != hidden || t.HiddenAt >= before {
			return err
		}
		gone = true
		return s.Ticket(ctx, tx, desk.System, id, reason)
	})
	return gone, err
}
