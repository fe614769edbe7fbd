package channeltest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// Host is a channel.Host and a channel.ListenHost that keeps everything in memory and lets a test look at it and make it fail. Like
// the real one it files an item once for each account and dedupe key, and moves cursors with the item.
type Host struct {
	// Fail, when set, may refuse items before they are filed. It must be set before the host is used.
	Fail func(raws []channel.Raw) error

	mu       sync.Mutex
	now      time.Time
	accounts map[string]desk.ChannelAccount
	lookup   error
	raws     []channel.Raw
	filed    map[string]bool
	batches  [][]channel.Raw
	cursors  map[string][]byte
	states   []State
	blobs    map[string][]byte
	changed  chan struct{}
}

// State is one SetState.
type State struct {
	State  desk.AccountState
	Reason string
}

// NewHost makes an empty host whose clock stands at a fixed time.
func NewHost() *Host {
	return &Host{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), accounts: map[string]desk.ChannelAccount{},
		filed: map[string]bool{}, cursors: map[string][]byte{}, blobs: map[string][]byte{}, changed: make(chan struct{})}
}

func (h *Host) touch() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// AddAddress registers an address for an account.
func (h *Host) AddAddress(address string, acc desk.ChannelAccount) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accounts[address] = acc
}

// FailLookup makes FindAddress fail; nil makes it work again.
func (h *Host) FailLookup(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lookup = err
}

// FindAddress implements channel.ListenHost.
func (h *Host) FindAddress(_ context.Context, address string) (desk.ChannelAccount, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	acc, ok := h.accounts[address]
	return acc, ok, h.lookup
}

// Deliver implements channel.Host.
func (h *Host) Deliver(ctx context.Context, raw channel.Raw) error {
	return h.DeliverAll(ctx, []channel.Raw{raw})
}

// DeliverAll implements channel.Host.
func (h *Host) DeliverAll(ctx context.Context, raws []channel.Raw) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.mu.Lock()
	fail := h.Fail
	h.mu.Unlock()
	if fail != nil {
		if err := fail(raws); err != nil {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.batches = append(h.batches, raws)
	for _, r := range raws {
		key := fmt.Sprintf("%d|%s", r.Account, r.Dedupe)
		if !h.filed[key] {
			h.filed[key] = true
			r.Body = bytes.Clone(r.Body)
			h.raws = append(h.raws, r)
		}
		if r.Cursor != nil {
			h.cursors[r.Cursor.Name] = bytes.Clone(r.Cursor.Value)
		}
	}
	h.touch()
	return nil
}

// Raws returns what was filed, in order.
func (h *Host) Raws() []channel.Raw {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.raws)
}

// Batches returns every call of Deliver and DeliverAll that succeeded.
func (h *Host) Batches() [][]channel.Raw {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.batches)
}

// Until waits until ok holds, looking again after every change. It returns false when ctx ends first.
func (h *Host) Until(ctx context.Context, ok func() bool) bool {
	for {
		h.mu.Lock()
		changed := h.changed
		h.mu.Unlock()
		if ok() {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ok()
		}
	}
}

// Cursor implements channel.Host.
func (h *Host) Cursor(_ context.Context, name string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Clone(h.cursors[name]), nil
}

// SetCursor implements channel.Host.
func (h *Host) SetCursor(_ context.Context, name string, value []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cursors[name] = bytes.Clone(value)
	h.touch()
	return nil
}

// SaveSecrets implements channel.Host.
func (h *Host) SaveSecrets(context.Context, []byte) error { return nil }

// SetState implements channel.Host.
func (h *Host) SetState(_ context.Context, s desk.AccountState, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.states); n > 0 && h.states[n-1] == (State{s, reason}) {
		return
	}
	h.states = append(h.states, State{s, reason})
	h.touch()
}

// States returns the states in order.
func (h *Host) States() []State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.states)
}

// Last is the newest state.
func (h *Host) Last() State {
	if s := h.States(); len(s) > 0 {
		return s[len(s)-1]
	}
	return State{}
}

// AddBlob stores an attachment's bytes.
func (h *Host) AddBlob(data []byte) (sha string) {
	sum := sha256.Sum256(data)
	sha = hex.EncodeToString(sum[:])
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blobs[sha] = data
	return sha
}

type blob struct{ *bytes.Reader }

func (blob) Close() error { return nil }

// OpenBlob implements channel.Host.
func (h *Host) OpenBlob(_ context.Context, sha string) (channel.ReadSeekCloser, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b, ok := h.blobs[sha]
	if !ok {
		return nil, desk.Errorf(desk.NotFound, "blob.missing", "The file is not there.")
	}
	return blob{bytes.NewReader(b)}, nil
}

// HTTP implements channel.Host: a plain client, since a test's servers are on loopback.
func (h *Host) HTTP() *http.Client { return http.DefaultClient }

// Dial implements channel.Host.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

type clock struct{ h *Host }

func (c clock) Now() time.Time {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	return c.h.now
}

// Clock implements channel.Host.
func (h *Host) Clock() channel.Clock { return clock{h} }

// SetNow moves the clock.
func (h *Host) SetNow(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = t
}

// Log implements channel.Host.
func (h *Host) Log() *slog.Logger { return slog.New(slog.DiscardHandler) }

var _ channel.ListenHost = (*Host)(nil)
