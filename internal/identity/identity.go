// Package identity says who is whom: it merges two contacts that are one person and parts them again, suggests which may be, hands out everything that is
// held of a person and erases it. It owns the tables contact_merges, contact_merge_moves and contact_suggestions; contacts, threads, tickets, events and the
// journal are changed by their owners, which it calls in the order of their locks: threads, addresses, contacts, tickets. It never merges by itself.
// Called by the API and by schedule.
package identity

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/visitor"
)

// Journal keeps originals: intake.Service.
type Journal interface {
	Source(ctx context.Context, id desk.RawID) (io.ReadSeekCloser, int64, error)
	Forget(ctx context.Context, tx *db.Tx, messages []desk.MessageID) error
	ForgetEntries(ctx context.Context, tx *db.Tx, ids []desk.RawID) error
}

// Files are the stored bytes of attachments: blob.Store.
type Files interface {
	Open(ctx context.Context, sha256hex string) (io.ReadSeekCloser, error)
}

// Gone is what an erasure takes away. Words are what names the person: addresses, and names in full.
type Gone struct {
	Contacts []desk.ContactID
	Tickets  []desk.TicketID
	Threads  []desk.ThreadID
	Messages []desk.MessageID
	Words    []string
}

// Deps are what the service works with.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Contacts *contact.Service
	Threads  *thread.Service
	Tickets  *ticket.Service
	Journal  Journal
	Visitors *visitor.Service
	Consents *consent.Service // may be nil
	Forms    *form.Service    // may be nil
	// Also takes what others keep of a person: what they said when asked how it went, saved views that look for them, answers kept to be given again. nil is fine.
	Also func(ctx context.Context, tx *db.Tx, gone Gone) error
	// Held reports whether there is a hold on a ticket or a contact; 0 is none. nil: there are no holds.
	Held func(ctx context.Context, q db.Queryer, t desk.TicketID, c desk.ContactID) (bool, error)
	// Salt makes what is kept of an erased address; nil keeps nothing. Remember says whether it is to be kept.
	Salt     []byte
	Remember func(ctx context.Context, q db.Queryer) (bool, error)
	Files    Files
	Log      *slog.Logger
	Keep     time.Duration // how long a deleted contact can be restored; 0 keeps it
}

// Service is who is whom in this installation. Safe for concurrent use.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{d}
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("identity: %s: %w", what, err)
}
