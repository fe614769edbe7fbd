package switchboard_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/switchboard"
)

var ctx = context.Background()

// radio is a channel that receives: its connections run a function until they are told to stop.
type radio struct {
	desktest.Post
	mu      sync.Mutex
	receive func(ctx context.Context, c *set) error
	opened  atomic.Int32
	closed  atomic.Int32
	on      atomic.Int32 // receivers running now
	most    atomic.Int32 // at one time
	heard   chan channel.ListenHost
}

func (r *radio) Open(_ context.Context, acc desk.ChannelAccount, host channel.Host) (channel.Conn, error) {
	r.opened.Add(1)
	return &set{radio: r, acc: acc, host: host}, nil
}

func (r *radio) Listen(ctx context.Context, ln net.Listener, host channel.ListenHost) error {
	r.heard <- host
	<-ctx.Done()
	return ln.Close()
}

func (r *radio) tune(fn func(ctx context.Context, c *set) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.receive = fn
}

type set struct {
	radio *radio
	acc   desk.ChannelAccount
	host  channel.Host
	shut  atomic.Bool
}

func (s *set) Send(context.Context, channel.Outbound) (channel.Receipt, error) {
	return channel.Receipt{}, nil
}

func (s *set) Close() error {
	if s.shut.CompareAndSwap(false, true) {
		s.radio.closed.Add(1)
	}
	return nil
}

func (s *set) Receive(ctx context.Context) error {
	if n := s.radio.on.Add(1); n > s.radio.most.Load() {
		s.radio.most.Store(n)
	}
	defer s.radio.on.Add(-1)
	s.radio.mu.Lock()
	fn := s.radio.receive
	s.radio.mu.Unlock()
	if fn == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return fn(ctx, s)
}

func (s *set) Check(context.Context) ([]channel.Probe, error) {
	return []channel.Probe{{Name: "sign in", OK: true}}, s.host.SetCursor(ctx, "x", nil)
}

// sink takes what is delivered.
type sink struct {
	mu   sync.Mutex
	raws []channel.Raw
}

func (s *sink) Deliver(_ context.Context, raws []channel.Raw) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raws = append(s.raws, raws...)
	return nil
}

type rig struct {
	*desktest.Desk
	t     *testing.T
	radio *radio
	sink  *sink
}

func newRig(t *testing.T, d *db.DB) *rig {
	r := &radio{heard: make(chan channel.ListenHost, 1)}
	return &rig{t: t, radio: r, sink: &sink{}, Desk: desktest.New(t, d, r)}
}

// board runs a switchboard of one node until the test ends.
func (r *rig) board(node string, ln net.Listener) (*switchboard.Board, func()) {
	r.t.Helper()
	blobs, err := blob.Disk(filepath.Join(r.t.TempDir(), "blobs"))
	if err != nil {
		r.t.Fatal(err)
	}
	listen := map[string]net.Listener{}
	if ln != nil {
		listen["post"] = ln
	}
	b := switchboard.New(switchboard.Deps{
		DB: r.DB, Inbox: r.Inboxes, Events: r.Events, Registry: r.Channels, Blobs: blobs, Clock: r.Clock, Intake: r.sink, Node: node, Listen: listen,
		LeaseTTL: 300 * time.Millisecond, BackOff: 10 * time.Millisecond, MaxBackOff: 40 * time.Millisecond,
	})
	run, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); _ = b.Run(run) }()
	go r.Events.Run(run)
	var once sync.Once
	stop := func() { once.Do(func() { cancel(); <-done; b.Close() }) }
	r.t.Cleanup(stop)
	return b, stop
}

func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	r.t.Fatalf("waited in vain for %s", what)
}

func (r *rig) account(id desk.ChannelAccountID) desk.ChannelAccount {
	return desktest.Must[desk.ChannelAccount](r.t)(r.Inboxes.Account(ctx, r.DB, id))
}

func (r *rig) change(id desk.ChannelAccountID, c inbox.AccountChange) {
	r.t.Helper()
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := r.Inboxes.UpdateAccount(ctx, tx, desk.System, id, c)
		return err
	})
}

// alone archives the fallback account, so that only the test's own receive.
func (r *rig) alone() {
	r.t.Helper()
	for _, a := range desktest.Must[[]desk.ChannelAccount](r.t)(r.Inboxes.Accounts(ctx, r.DB, inbox.Filter{})) {
		off := false
		r.change(a.ID, inbox.AccountChange{Active: &off})
	}
}

func TestAReceiverFollowsItsAccount(t *testing.T) { // GEN-13, GEN-21
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.alone()
		var last atomic.Pointer[set]
		r.radio.tune(func(ctx context.Context, c *set) error {
			last.Store(c)
			c.host.SetState(ctx, desk.StateConnected, "")
			<-ctx.Done()
			return ctx.Err()
		})
		r.board("a", nil)
		acc := r.Account()
		r.until("the new account to be received", func() bool { return r.radio.on.Load() == 1 && r.account(acc.ID).State == desk.StateConnected })
		before := last.Load()
		r.change(acc.ID, inbox.AccountChange{Settings: []byte(`{"kind":"hosted","address":"moved@acme.example"}`)})
		r.until("the new settings", func() bool { return last.Load() != before && before.shut.Load() && r.radio.on.Load() == 1 })
		same := last.Load()
		r.change(acc.ID, inbox.AccountChange{Ticket: &desk.TicketPolicy{Create: "always", Priority: "high"}})
		off, on := false, true
		r.change(acc.ID, inbox.AccountChange{Active: &off})
		r.until("the stop", func() bool { return r.radio.on.Load() == 0 && same.shut.Load() })
		if r.radio.opened.Load() != 2 {
			t.Errorf("opened %d times: a ticket policy is no reason to reconnect", r.radio.opened.Load())
		}
		r.change(acc.ID, inbox.AccountChange{Active: &on})
		r.until("the start", func() bool { return r.radio.on.Load() == 1 })
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			return r.Inboxes.ArchiveAccount(ctx, tx, desk.System, acc.ID)
		})
		r.until("the end", func() bool { return r.radio.on.Load() == 0 && r.radio.closed.Load() == r.radio.opened.Load() })
		if r.radio.most.Load() != 1 {
			t.Errorf("%d receivers of one account at a time", r.radio.most.Load())
		}
	})
}

func TestAFailingReceiverIsStartedAgainAndItsTroubleToldOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.alone()
		var tries atomic.Int32
		r.radio.tune(func(ctx context.Context, c *set) error {
			switch n := tries.Add(1); {
			case n < 4:
				return errors.New("connection reset")
			case n == 4:
				panic("a bug in the adapter")
			case n == 5:
				return &channel.SendError{Fault: channel.Reconnect, Public: "The password was refused."}
			}
			c.host.SetState(ctx, desk.StateConnected, "")
			<-ctx.Done()
			return nil
		})
		acc := r.Account()
		r.board("a", nil)
		r.until("recovery", func() bool { return tries.Load() == 6 && r.account(acc.ID).State == desk.StateConnected })
		var states []string
		for _, ev := range r.EventsOf(desk.EvAccountState) {
			states = append(states, string(ev.Data))
		}
		if len(states) > 5 { // connecting, trouble, (the panic's trouble), reconnect, connected
			t.Errorf("%d changes of state for six tries: %v", len(states), states)
		}
		if !r.account(acc.ID).Authorized {
			t.Error("it is connected and not authorized")
		}
	})
}

func TestOneNodeAtATimeReceives(t *testing.T) { // design 4
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.alone()
		acc := r.Account()
		_, stopA := r.board("a", nil)
		r.until("the first node", func() bool { return r.radio.on.Load() == 1 })
		r.board("b", nil)
		time.Sleep(700 * time.Millisecond) // over two leases
		if r.radio.most.Load() != 1 {
			t.Fatalf("%d receivers at a time", r.radio.most.Load())
		}
		stopA()
		r.until("the second node to take over", func() bool { return r.radio.on.Load() == 1 })
		if r.radio.most.Load() != 1 {
			t.Errorf("%d receivers at a time", r.radio.most.Load())
		}
		_ = acc
	})
}

func TestAConnectionInUseOutlivesAChangeOfItsSettings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		acc := r.Account()
		b, _ := r.board("a", nil)
		err := b.Use(ctx, acc.ID, func(_ desk.ChannelAccount, c channel.Conn) error {
			mine := c.(*set)
			r.change(acc.ID, inbox.AccountChange{Settings: []byte(`{"kind":"hosted","address":"moved@acme.example"}`)})
			r.until("the new connection", func() bool {
				var address string
				_ = b.Use(ctx, acc.ID, func(acc desk.ChannelAccount, _ channel.Conn) error { address = acc.Address; return nil })
				return address == "moved@acme.example"
			})
			if mine.shut.Load() {
				t.Error("it was closed while a send used it")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if r.radio.closed.Load() != 1 {
			t.Errorf("%d connections closed after the send, want 1", r.radio.closed.Load())
		}
		off := false
		r.change(acc.ID, inbox.AccountChange{Active: &off})
		r.until("the refusal", func() bool {
			err := b.Use(ctx, acc.ID, func(desk.ChannelAccount, channel.Conn) error { return nil })
			return desk.ReasonOf(err) == switchboard.ReasonInactive
		})
	})
}

func TestASharedListenerFindsAccountsAndKeepsMailForPausedOnes(t *testing.T) { // GEN-13
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		acc := r.Account(desktest.At("sales@acme.example"))
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, stop := r.board("a", ln)
		host := <-r.radio.heard
		if got, ok, err := host.FindAddress(ctx, "Sales@ACME.example"); err != nil || !ok || got.ID != acc.ID {
			t.Errorf("found %v, %v, %v", got.ID, ok, err)
		}
		if _, ok, err := host.FindAddress(ctx, "nobody@acme.example"); ok || err != nil {
			t.Errorf("a stranger's address: %v, %v", ok, err)
		}
		off := false
		r.change(acc.ID, inbox.AccountChange{Active: &off})
		if _, ok, err := host.FindAddress(ctx, "sales@acme.example"); ok || desk.CodeOf(err) != desk.Unavailable {
			t.Errorf("a paused address: %v, %v: the sender should keep the mail", ok, err)
		}
		if err := host.DeliverAll(ctx, []channel.Raw{{Account: acc.ID, Dedupe: "1"}, {Account: acc.ID, Dedupe: "2"}}); err != nil || len(r.sink.raws) != 2 {
			t.Errorf("delivered %d, %v", len(r.sink.raws), err)
		}
		stop()
		if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
			t.Error("the listener still takes calls")
		}
	})
}

func TestACheckOfUnsavedSettingsStoresNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b, _ := r.board("a", nil)
		probes, err := b.Check(ctx, desk.ChannelAccount{Channel: "post", Settings: []byte(`{"kind":"hosted","address":"new@acme.example"}`)})
		if err != nil || len(probes) != 2 || !probes[0].OK || probes[1].OK {
			t.Errorf("probes %+v, %v: the second is the refused write", probes, err)
		}
		probes, err = b.Check(ctx, desk.ChannelAccount{Channel: "post", Settings: []byte(`{"kind":"hosted"}`)})
		if err != nil || len(probes) != 1 || probes[0].OK || probes[0].Fix == "" {
			t.Errorf("incomplete settings: %+v, %v", probes, err)
		}
		if _, err := b.Check(ctx, desk.ChannelAccount{Channel: "pigeon"}); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("an unknown channel: %v", err)
		}
	})
}

func TestTheHostKeepsCursorsAndSecretsOfItsAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		acc := r.Account()
		b, _ := r.board("a", nil)
		err := b.Use(ctx, acc.ID, func(_ desk.ChannelAccount, c channel.Conn) error {
			h := c.(*set).host
			if v, err := h.Cursor(ctx, "INBOX"); v != nil || err != nil {
				t.Errorf("at first: %q, %v", v, err)
			}
			if err := h.SetCursor(ctx, "INBOX", []byte{0, 1, 255}); err != nil {
				return err
			}
			if v, err := h.Cursor(ctx, "INBOX"); string(v) != "\x00\x01\xff" || err != nil {
				t.Errorf("then: %q, %v", v, err)
			}
			return h.SaveSecrets(ctx, []byte(`{"password":"fresh"}`))
		})
		if err != nil {
			t.Fatal(err)
		}
		full := desktest.Must[desk.ChannelAccount](t)(r.Inboxes.AccountWithSecrets(ctx, d, acc.ID))
		if string(full.Secrets) != `{"password":"fresh"}` {
			t.Errorf("secrets %s", full.Secrets)
		}
		opened := r.radio.opened.Load()
		b.Reload(ctx, acc.ID)
		if r.radio.opened.Load() != opened {
			t.Error("a token that the connection itself refreshed made it reconnect")
		}
	})
}
