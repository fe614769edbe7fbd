// Package switchboard keeps one open connection for every active channel account, runs the receivers that fetch
// (IMAP, long polling) on one node at a time, runs the shared listeners (SMTP), and tells the world how each account's
// connection is doing. It is the channel.Host that adapters see. It refuses to interpret what arrives, which is
// intake's, and to decide when something is sent, which is dispatch's. App runs it; dispatch sends through Use; the
// administrators' handlers test unsaved settings with Check.
package switchboard

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/netx"
)

// Deliverer files what arrived, in one transaction; intake implements it. Nil means durable. A duplicate is nil.
// An error of class desk.Unavailable means that nothing was kept and the same items should come again.
type Deliverer interface {
	Deliver(ctx context.Context, raws []channel.Raw) error
}

// Deps are what a Board stands on.
type Deps struct {
	DB       *db.DB
	Inbox    *inbox.Service
	Events   *event.Log
	Registry *channel.Registry
	Blobs    blob.Store
	Clock    *clock.Clock
	Intake   Deliverer
	Guard    netx.Guard // for hosts that an administrator typed
	Log      *slog.Logger
	// Node names this process in leases. The same name after a restart takes its own leases back at once.
	Node string
	// Listen holds the bound listener of each channel that has one shared listener.
	Listen map[string]net.Listener
	// LeaseTTL is how long a receiver's lease lasts without a heartbeat, in real time; 0 is 30 seconds.
	LeaseTTL time.Duration
	// BackOff is the first pause after a receiver failed; it doubles up to MaxBackOff. 0 is 2 seconds, and 5 minutes.
	BackOff, MaxBackOff time.Duration
}

// Board is the switchboard. Make it with New, then Run it.
type Board struct {
	d      Deps
	mu     sync.Mutex
	lines  map[desk.ChannelAccountID]*line
	ended  map[desk.ChannelAccountID]chan struct{} // closed when the account's last receiver has stopped
	closed bool
	states stateBook
	down   map[string]string // listeners that stopped by themselves, with the reason
	run    context.Context   // set while Run runs: receivers live in it
	work   sync.WaitGroup    // receivers
}

// New makes a Board. Nothing is opened before it is asked for or Run.
func New(d Deps) *Board {
	if d.LeaseTTL <= 0 {
		d.LeaseTTL = 30 * time.Second
	}
	if d.BackOff <= 0 {
		d.BackOff = 2 * time.Second
	}
	if d.MaxBackOff <= 0 {
		d.MaxBackOff = 5 * time.Minute
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	d.Guard.AllowPrivate = true
	return &Board{d: d, lines: map[desk.ChannelAccountID]*line{}, ended: map[desk.ChannelAccountID]chan struct{}{}, down: map[string]string{}}
}

// line is one opened account. A replaced line is retired: it is closed when the last send over it has ended.
type line struct {
	acc     desk.ChannelAccount
	print   [sha256.Size]byte
	adapter channel.Adapter
	conn    channel.Conn
	host    *host
	stop    context.CancelFunc // ends its receiver; nil when it has none
	using   int
	retired bool
}

// Reasons of refusals that Use gives beside the adapter's own.
const (
	ReasonInactive  = "channel.inactive"
	ReasonArchived  = "channel.removed"
	ReasonNoAdapter = "channel.unknown"
)

// Use calls fn with the account's open connection, opening it if need be. The connection stays open until fn
// returns, also when the account's settings change meanwhile. Errors: desk.Conflict with ReasonInactive when the
// account is switched off, desk.NotFound when it is gone, what the adapter's Open said, or fn's own.
func (b *Board) Use(ctx context.Context, id desk.ChannelAccountID, fn func(acc desk.ChannelAccount, conn channel.Conn) error) error {
	ln, err := b.acquire(ctx, id)
	if err != nil {
		return err
	}
	defer b.release(ln)
	return fn(ln.acc, ln.conn)
}

func (b *Board) acquire(ctx context.Context, id desk.ChannelAccountID) (*line, error) {
	b.mu.Lock()
	if ln := b.lines[id]; ln != nil {
		ln.using++
		b.mu.Unlock()
		return ln, nil
	}
	b.mu.Unlock()
	if err := b.reconcile(ctx, id); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if ln := b.lines[id]; ln != nil {
		ln.using++
		return ln, nil
	}
	return nil, desk.Errorf(desk.Conflict, ReasonInactive, "This channel is switched off. Messages wait until it is switched on again.")
}

func (b *Board) release(ln *line) {
	b.mu.Lock()
	ln.using--
	idle := ln.retired && ln.using == 0
	b.mu.Unlock()
	if idle {
		b.hangUp(ln)
	}
}

func (b *Board) hangUp(ln *line) {
	if err := ln.conn.Close(); err != nil {
		b.d.Log.Warn("channel account did not close cleanly", "channel_account_id", ln.acc.ID, "err", err)
	}
}

// Reload looks at one account again: it is opened, reopened with its new settings, or closed.
func (b *Board) Reload(ctx context.Context, id desk.ChannelAccountID) {
	if err := b.reconcile(ctx, id); err != nil && desk.ReasonOf(err) != ReasonInactive && ctx.Err() == nil {
		b.d.Log.Warn("channel account could not be opened", "channel_account_id", id, "err", err)
	}
}

// fingerprint is what a connection depends on: a change of anything else keeps it open.
func fingerprint(a desk.ChannelAccount) [sha256.Size]byte {
	j, _ := json.Marshal([]any{a.Channel, a.Active, a.ArchivedAt, a.Address, a.Name, json.RawMessage(orNull(a.Settings)), string(a.Secrets)})
	return sha256.Sum256(j)
}

func orNull(j json.RawMessage) json.RawMessage {
	if len(j) == 0 {
		return json.RawMessage("null")
	}
	return j
}

// reconcile makes the line of an account what its row says.
func (b *Board) reconcile(ctx context.Context, id desk.ChannelAccountID) error {
	acc, err := b.d.Inbox.AccountWithSecrets(ctx, b.d.DB, id)
	if desk.CodeOf(err) == desk.NotFound {
		b.retire(id)
		return err
	}
	if err != nil {
		return fmt.Errorf("switchboard: account: %w", err)
	}
	return b.place(ctx, acc)
}

func (b *Board) place(ctx context.Context, acc desk.ChannelAccount) error {
	if !acc.Active || acc.ArchivedAt != 0 {
		b.retire(acc.ID)
		if acc.ArchivedAt != 0 {
			return desk.Errorf(desk.Conflict, ReasonArchived, "This channel was removed. Choose another one to answer with.")
		}
		return desk.Errorf(desk.Conflict, ReasonInactive, "This channel is switched off. Messages wait until it is switched on again.")
	}
	adapter, ok := b.d.Registry.Get(acc.Channel)
	if !ok {
		b.retire(acc.ID)
		return desk.Errorf(desk.Conflict, ReasonNoAdapter, "This build of Kanal does not know the channel %q.", acc.Channel)
	}
	print := fingerprint(acc)
	b.mu.Lock()
	old := b.lines[acc.ID]
	b.mu.Unlock()
	if old != nil && old.print == print {
		return nil
	}
	h := &host{board: b, acc: acc.ID, log: b.d.Log.With("channel", acc.Channel, "channel_account_id", acc.ID)}
	conn, err := adapter.Open(ctx, acc, h)
	if err != nil {
		b.retire(acc.ID)
		b.SetState(ctx, acc.ID, desk.StateTrouble, publicOf(err))
		return fmt.Errorf("switchboard: open: %w", err)
	}
	ln := &line{acc: acc, print: print, adapter: adapter, conn: conn, host: h}
	if !b.install(ln) {
		return conn.Close()
	}
	b.greet(ctx, ln, old != nil)
	return nil
}

// install puts a line in its account's place and retires the one that stood there. It is false when the
// board is closed, or when somebody else installed the same meanwhile.
func (b *Board) install(ln *line) bool {
	b.mu.Lock()
	old := b.lines[ln.acc.ID]
	if b.closed || (old != nil && old.print == ln.print) {
		b.mu.Unlock()
		return false
	}
	b.lines[ln.acc.ID] = ln
	if r, ok := ln.conn.(channel.Receiver); ok && b.run != nil && b.run.Err() == nil {
		b.startReceiver(ln, r)
	}
	b.mu.Unlock()
	b.drop(old)
	return true
}

// greet says how a fresh line is doing. A receiver says so itself when it has signed in; an account that only sends is
// taken to work until a send says otherwise.
func (b *Board) greet(ctx context.Context, ln *line, changed bool) {
	b.states.learn(ln.acc.ID, ln.acc.State, ln.acc.StateReason)
	if _, fetches := ln.conn.(channel.Receiver); fetches {
		if changed || ln.acc.State == "" || ln.acc.State == desk.StateReconnect {
			b.SetState(ctx, ln.acc.ID, desk.StateConnecting, "")
		}
		return
	}
	b.SetState(ctx, ln.acc.ID, desk.StateConnected, "")
}

func (b *Board) retire(id desk.ChannelAccountID) {
	b.mu.Lock()
	old := b.lines[id]
	delete(b.lines, id)
	b.mu.Unlock()
	b.drop(old)
}

// drop ends a line's receiver and closes it when nobody uses it.
func (b *Board) drop(ln *line) {
	if ln == nil {
		return
	}
	if ln.stop != nil {
		ln.stop()
	}
	b.mu.Lock()
	ln.retired = true
	idle := ln.using == 0
	b.mu.Unlock()
	if idle {
		b.hangUp(ln)
	}
}

// Run opens every active account, runs receivers and listeners, and follows changes of accounts until ctx ends. It
// returns when the receivers have stopped and the listeners have let their sessions finish; connections stay open
// for sends in progress until Close.
func (b *Board) Run(ctx context.Context) error {
	sub := b.d.Events.Subscribe()
	defer sub.Close()
	seq, err := b.d.Events.Last(ctx)
	if err != nil {
		return fmt.Errorf("switchboard: %w", err)
	}
	b.mu.Lock()
	b.run = ctx
	for _, ln := range b.lines { // opened by a send before Run
		if r, ok := ln.conn.(channel.Receiver); ok && ln.stop == nil {
			b.startReceiver(ln, r)
		}
	}
	b.mu.Unlock()
	b.listenAll(ctx)
	b.lookAtAll(ctx)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			b.work.Wait()
			return nil
		case <-tick.C:
			b.lookAtAll(ctx)
		case <-sub.C:
			seq = b.follow(ctx, seq)
		}
	}
}

// follow reads the events after seq and reloads the accounts they speak of.
func (b *Board) follow(ctx context.Context, seq int64) int64 {
	for {
		evs, err := b.d.Events.After(ctx, seq, 500)
		if err != nil || len(evs) == 0 {
			return seq
		}
		changed := false
		for _, ev := range evs {
			seq = ev.Seq
			changed = changed || (strings.HasPrefix(ev.Type, "channel_account.") && ev.Type != desk.EvAccountState)
		}
		if changed {
			b.lookAtAll(ctx)
		}
	}
}

// lookAtAll opens what is active and closes what is not any more.
func (b *Board) lookAtAll(ctx context.Context) {
	accounts, err := b.d.Inbox.Accounts(ctx, b.d.DB, inbox.Filter{ActiveOnly: true})
	if err != nil {
		if ctx.Err() == nil {
			b.d.Log.Error("channel accounts could not be read", "err", err)
		}
		return
	}
	active := map[desk.ChannelAccountID]bool{}
	for _, acc := range accounts {
		active[acc.ID] = true
		b.Reload(ctx, acc.ID)
	}
	b.mu.Lock()
	var gone []desk.ChannelAccountID
	for id := range b.lines {
		if !active[id] {
			gone = append(gone, id)
		}
	}
	b.mu.Unlock()
	for _, id := range gone {
		b.retire(id)
	}
}

// Close closes every connection. Sends in progress keep theirs until they end.
func (b *Board) Close() {
	b.mu.Lock()
	b.closed = true
	lines := b.lines
	b.lines = map[desk.ChannelAccountID]*line{}
	b.mu.Unlock()
	for _, ln := range lines {
		b.drop(ln)
	}
}

// Check probes unsaved settings of a channel: every step with its outcome. Settings and secrets are as the adapter
// reads them. The probes tell what failed; the error is only for a channel that is not there or cannot be probed.
func (b *Board) Check(ctx context.Context, acc desk.ChannelAccount) ([]channel.Probe, error) {
	adapter, ok := b.d.Registry.Get(acc.Channel)
	if !ok {
		return nil, desk.Errorf(desk.NotFound, ReasonNoAdapter, "There is no channel %q.", acc.Channel).In("channel")
	}
	if v, ok := adapter.(channel.Validator); ok {
		if _, err := v.Validate(acc.Settings, acc.Secrets); err != nil {
			return []channel.Probe{{Name: "settings", Detail: publicOf(err), Fix: publicOf(err)}}, nil
		}
	}
	conn, err := adapter.Open(ctx, acc, &host{board: b, acc: acc.ID, dry: true, log: b.d.Log.With("channel", acc.Channel)})
	if err != nil {
		return []channel.Probe{{Name: "settings", Detail: publicOf(err)}}, nil
	}
	defer conn.Close()
	c, ok := conn.(channel.Checker)
	if !ok {
		return []channel.Probe{{Name: "settings", OK: true, Detail: "The settings are complete. This channel has nothing to probe."}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	probes, err := c.Check(ctx)
	if err != nil {
		probes = append(probes, channel.Probe{Name: "check", Detail: publicOf(err)})
	}
	return probes, nil
}

// publicOf is the sentence of an error that a person may read.
func publicOf(err error) string {
	var se *channel.SendError
	if errors.As(err, &se) && se.Public != "" {
		return se.Public
	}
	var de *desk.Error
	if errors.As(err, &de) {
		return de.Public
	}
	if err == nil {
		return ""
	}
	return "The connection failed: " + err.Error()
}
