package switchboard

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/netx"
)

// host is the channel.Host of one account. A dry host belongs to a check of unsaved settings and stores nothing.
type host struct {
	board *Board
	acc   desk.ChannelAccountID
	dry   bool
	log   *slog.Logger

	once   sync.Once
	client *http.Client
}

var errDry = desk.Errorf(desk.Conflict, "channel.check_only", "This connection is only being tested; nothing is stored.")

// Deliver implements channel.Host.
func (h *host) Deliver(ctx context.Context, raw channel.Raw) error {
	return h.DeliverAll(ctx, []channel.Raw{raw})
}

// DeliverAll implements channel.Host.
func (h *host) DeliverAll(ctx context.Context, raws []channel.Raw) error {
	if h.dry {
		return errDry
	}
	return h.board.d.Intake.Deliver(ctx, raws)
}

// Cursor implements channel.Host.
func (h *host) Cursor(ctx context.Context, name string) ([]byte, error) {
	if h.dry {
		return nil, nil
	}
	return h.board.d.Inbox.Cursor(ctx, h.board.d.DB, h.acc, name)
}

// SetCursor implements channel.Host.
func (h *host) SetCursor(ctx context.Context, name string, value []byte) error {
	if h.dry {
		return errDry
	}
	return h.board.d.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return h.board.d.Inbox.SetCursor(ctx, tx, h.acc, name, value)
	})
}

// SaveSecrets implements channel.Host. The line goes on with the connection it has: its owner made the change.
func (h *host) SaveSecrets(ctx context.Context, secrets []byte) error {
	if h.dry {
		return errDry
	}
	b := h.board
	err := b.d.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return b.d.Inbox.SaveSecrets(ctx, tx, h.acc, secrets)
	})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if ln := b.lines[h.acc]; ln != nil && ln.host == h {
		ln.acc.Secrets = append([]byte(nil), secrets...)
		ln.print = fingerprint(ln.acc)
	}
	return nil
}

// SetState implements channel.Host. A line that was replaced has nothing more to say.
func (h *host) SetState(ctx context.Context, state desk.AccountState, reason string) {
	if h.dry || h.acc == 0 {
		return
	}
	h.board.mu.Lock()
	ln := h.board.lines[h.acc]
	mine := ln == nil || ln.host == h
	h.board.mu.Unlock()
	if mine {
		h.board.SetState(ctx, h.acc, state, reason)
	}
}

// OpenBlob implements channel.Host.
func (h *host) OpenBlob(ctx context.Context, sha256 string) (channel.ReadSeekCloser, error) {
	return h.board.d.Blobs.Open(ctx, sha256)
}

// HTTP implements channel.Host.
func (h *host) HTTP() *http.Client {
	h.once.Do(func() { h.client = h.board.d.Guard.HTTP(netx.HTTPOptions{}) })
	return h.client
}

// Dial implements channel.Host.
func (h *host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return h.board.d.Guard.Dial(ctx, network, address)
}

// Clock implements channel.Host.
func (h *host) Clock() channel.Clock { return h.board.d.Clock }

// Log implements channel.Host.
func (h *host) Log() *slog.Logger { return h.log }

// listenHost is what a shared listener may ask: its account is whichever holds the address.
type listenHost struct {
	host
	adapter channel.Adapter
}

// FindAddress implements channel.ListenHost. An address whose account is switched off answers Unavailable, so that the
// sender keeps the item and nothing is lost while the account is paused (GEN-13).
func (h *listenHost) FindAddress(ctx context.Context, address string) (desk.ChannelAccount, bool, error) {
	spec := h.adapter.Spec()
	value := address
	if spec.Address == desk.AddrEmail {
		if value = desk.NormalizeEmail(address); value == "" {
			return desk.ChannelAccount{}, false, nil
		}
	}
	acc, ok, err := h.board.d.Inbox.FindAddress(ctx, h.board.d.DB, spec.Address, value)
	if err != nil {
		return acc, false, desk.Errorf(desk.Unavailable, "channel.registry", "Addresses cannot be looked up right now.").Because(err)
	}
	if !ok || acc.Channel != spec.Channel || acc.ArchivedAt != 0 {
		return desk.ChannelAccount{}, false, nil
	}
	if !acc.Active {
		return acc, false, desk.Errorf(desk.Unavailable, ReasonInactive, "This address is paused. Try again later.")
	}
	return acc, true, nil
}

var (
	_ channel.Host       = (*host)(nil)
	_ channel.ListenHost = (*listenHost)(nil)
)
