// Package intake is the inbound walk: what an adapter received becomes one write transaction that files it: raw journal,
// contact, thread, message, ticket, owner, events, follow-up jobs and the receiver's cursor. It owns the table inbound_raw, the journal
// of everything that arrived. What each kind of mail leads to stands in Table, which the code reads, a test walks and the
// manual shows. Nothing is dropped: what cannot be understood is kept as set aside and can be replayed, what leads to nothing
// is kept as ignored with its reason, what came twice is counted.
//
// It refuses to guess by subject, to let an item's fault stop the items behind it, and to answer before the commit. Called by the
// switchboard's hosts (Deliver), the control socket and the admin API (List, Get, Replay), and the agents' API (CorrectSender).
package intake

import (
	"context"
	"log/slog"
	"sort"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Lines lends open connections, for attachments that must be fetched: the switchboard.
type Lines interface {
	Use(ctx context.Context, id desk.ChannelAccountID, fn func(acc desk.ChannelAccount, conn channel.Conn) error) error
}

// Deps are what the service works with. Lines may be nil: then nothing is fetched until it is there.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Log      *slog.Logger
	Registry *channel.Registry
	Blobs    blob.Store
	Events   *event.Log
	Jobs     *job.Queue
	Contacts *contact.Service
	Threads  *thread.Service
	Tickets  *ticket.Service
	Inbox    *inbox.Service
	Assign   *assignment.Service
	Lines    Lines
	Sieve    Sieve         // nil holds nothing back
	Letters  Letters       // nil: no submission goes to anybody by mail
	Visitors Visitors      // nil: this installation takes no messages of visitors
	Dialogue Dialogue      // nil: conversations with visitors have no chatflow
	Forms    Forms         // nil: nobody asks what a submission became
	Blank    Blank         // nil blanks nothing out
	RawKeep  time.Duration // originals are pruned after this; 0 keeps them
	Reopen   time.Duration // a reply to a ticket closed for longer begins a new one, linked (TK-15); 0: every reply reopens
	Orphans  time.Duration // an upload that no message took is forgotten after this; 0: a day
}

// Service files what arrives. Safe for concurrent use.
type Service struct {
	Deps
	forwarded sync.Map // accounts whose forwarding is known to work
}

// New makes the service and registers its jobs.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Deps: d}
	if d.Jobs != nil {
		d.Jobs.Register(jobMedia, s.fetchMedia)
		d.Jobs.Every("intake.prune", time.Hour, s.Prune)
	}
	return s
}

// Deliver files raw items in one transaction; it is durable when nil is returned. An item that arrived before is nil too, and so is one that
// cannot be understood: it is set aside. The only errors are of class desk.Unavailable: nothing was kept, bring the same
// items again.
func (s *Service) Deliver(ctx context.Context, raws []channel.Raw) error {
	items := make([]*item, 0, len(raws))
	for _, raw := range raws {
		it, err := s.stage(ctx, raw)
		if err != nil {
			return s.unavailable("stage", err)
		}
		items = append(items, it)
	}
	sort.SliceStable(items, func(i, j int) bool { return items[i].before(items[j]) })
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.file(ctx, tx, items) })
	if err != nil {
		return s.unavailable("file", err)
	}
	return nil
}

// unavailable is the only kind of failure that a receiver sees: keep the item and try again.
func (s *Service) unavailable(what string, err error) error {
	if desk.CodeOf(err) == desk.Unavailable {
		return err
	}
	return desk.Errorf(desk.Unavailable, "intake.unavailable", "The message cannot be taken in right now. Nothing was kept; it will be asked for again.").
		Because(wrap(what, err))
}

// file journals the items, then applies each that is new under its own savepoint. It may run more than once.
func (s *Service) file(ctx context.Context, tx *db.Tx, items []*item) error {
	fresh := 0
	for _, it := range items {
		if err := s.settled(ctx, tx, it); err != nil {
			return err
		}
		if err := s.journal(ctx, tx, it); err != nil {
			return err
		}
		if it.fresh {
			fresh++
		}
	}
	if fresh > 1 {
		if err := s.lockAll(ctx, tx, items); err != nil {
			return err
		}
	}
	for _, it := range items {
		if it.fresh {
			if err := s.fileOne(ctx, tx, it); err != nil {
				return err
			}
		}
		if c := it.raw.Cursor; c != nil {
			if err := s.Inbox.SetCursor(ctx, tx, it.raw.Account, c.Name, c.Value); err != nil {
				return wrap("cursor", err)
			}
		}
	}
	return nil
}

// fileOne applies one new item; when the item is at fault, what it did is undone and it is set aside with the reason.
func (s *Service) fileOne(ctx context.Context, tx *db.Tx, it *item) error {
	err := it.fault
	if err == nil {
		err = tx.Savepoint(ctx, func(ctx context.Context) error { return s.apply(ctx, tx, it) })
	}
	if err == nil {
		return nil
	}
	if db.IsMachine(err) {
		return err
	}
	return s.setAside(ctx, tx, it, err)
}

// lockAll takes the message ids of several items in one order before any of them is applied, so that two calls with overlapping items cannot wait
// for each other. A fault of one item is left for its own turn.
func (s *Service) lockAll(ctx context.Context, tx *db.Tx, items []*item) error {
	for _, it := range items {
		if !it.fresh || it.fault != nil || it.spec.Threading != channel.ByReference {
			continue
		}
		err := tx.Savepoint(ctx, func(ctx context.Context) error {
			for _, in := range it.in {
				if err := s.Threads.LockRemote(ctx, tx, in.RemoteID); err != nil {
					return err
				}
			}
			return nil
		})
		if db.IsMachine(err) {
			return err
		}
	}
	for _, it := range items {
		if !it.fresh || it.fault != nil || it.spec.Threading != channel.ByReference {
			continue
		}
		err := tx.Savepoint(ctx, func(ctx context.Context) error {
			for _, in := range it.in {
				if _, err := s.Threads.LockRefs(ctx, tx, it.acc.InboxID, in.RemoteID, in.Refs); err != nil {
					return err
				}
			}
			return nil
		})
		if db.IsMachine(err) {
			return err
		}
	}
	return nil
}
