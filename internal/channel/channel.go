// Package channel is the contract between Kanal and a way of reaching a team. An adapter is one
// channel (email, chat, WhatsApp …): it says what it is (Spec), understands what arrives (Parse)
// and opens connected accounts (Open). It holds no state about any account, never sees a database
// and never imports another adapter. Everything beyond the five required methods is an optional
// interface, found by type assertion (optional.go).
package channel

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"github.com/kanalhq/kanal/internal/desk"
)

// Adapter is one channel.
type Adapter interface {
	// Spec is constant data about the channel.
	Spec() Spec
	// Parse turns one raw item into what it means. It is pure: no network, no clock, no account.
	// An error means the item cannot be understood at all; it is then set aside, kept and replayable.
	// Ugly input that can be shown in any form is not an error: add to Inbound.Problems.
	Parse(ctx context.Context, raw Raw) ([]Inbound, error)
	// Open prepares one account for sending. It must not touch the network: connect in Send or Receive.
	Open(ctx context.Context, acc desk.ChannelAccount, host Host) (Conn, error)
}

// Conn is one open channel account. Send may be called concurrently.
type Conn interface {
	// Send hands one message to the provider. Errors are *SendError; another error counts as transient.
	// Before the irrevocable byte it must call out.Commit; if that fails it must return the error and send nothing.
	Send(ctx context.Context, out Outbound) (Receipt, error)
	// Close is idempotent.
	Close() error
}

// Host is what Kanal offers to an open account.
type Host interface {
	// Deliver files one raw item in one transaction; it is durable when nil is returned. A
	// duplicate is nil too. An error of class desk.Unavailable means "the machine cannot now":
	// keep the item and try again.
	Deliver(ctx context.Context, raw Raw) error
	// DeliverAll files several items (one SMTP transaction to several of our recipients) in one transaction.
	DeliverAll(ctx context.Context, raws []Raw) error
	// Cursor returns the stored value for a name, or nil. It is advanced by Raw.Cursor inside Deliver, or by SetCursor.
	Cursor(ctx context.Context, name string) ([]byte, error)
	SetCursor(ctx context.Context, name string, value []byte) error
	// SaveSecrets replaces the account's secrets (a refreshed token). Sealed at rest.
	SaveSecrets(ctx context.Context, secrets []byte) error
	// SetState tells the world how the connection is doing. Repeating a state is free.
	SetState(ctx context.Context, state desk.AccountState, reason string)
	// OpenBlob reads an attachment's bytes.
	OpenBlob(ctx context.Context, sha256 string) (ReadSeekCloser, error)
	// HTTP is the guarded client for provider calls. Dial is the guarded dialer: hosts that an
	// administrator typed may be private.
	HTTP() *http.Client
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	Clock() Clock
	Log() *slog.Logger
}

// ReadSeekCloser is an attachment's bytes.
type ReadSeekCloser interface {
	Read(p []byte) (int, error)
	Seek(offset int64, whence int) (int64, error)
	Close() error
}
