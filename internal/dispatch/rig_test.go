package dispatch_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/switchboard"
	"github.com/kanalhq/kanal/internal/thread"
)

// line is the channel of these tests: its provider is a function.
type line struct {
	desktest.Post
	mu       sync.Mutex
	provider func(ctx context.Context, out channel.Outbound) (channel.Receipt, error)
	sent     []channel.Outbound
	ids      int
	can      channel.Abilities
}

func (l *line) Spec() channel.Spec {
	s := l.Post.Spec()
	s.Can.Cc, s.Can.Attachments, s.Can.InlineImages = true, true, true
	s.Can.MaxAttachment, s.Can.MaxAttachments, s.Can.MaxAttachmentNum, s.Can.MaxText = 1000, 1500, 3, 5000
	s.Can.Idempotent = l.can.Idempotent
	if l.can.MaxEncoded > 0 {
		s.Can.MaxEncoded, s.Can.LargeFiles, s.Can.MaxAttachment, s.Can.MaxAttachments = l.can.MaxEncoded, l.can.LargeFiles, 1<<30, 1<<30
	}
	return s
}

func (l *line) NewRemoteID(_ desk.ChannelAccount, token string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids++
	return fmt.Sprintf("%s.%d@desk.example", token, l.ids)
}

func (l *line) ReplyAddress(acc desk.ChannelAccount, token string) string {
	return "answers+" + token + "@acme.example"
}

func (l *line) SignToken(id desk.ThreadID) string { return "t" + id.String() }

func (l *line) VerifyToken(string) (desk.ThreadID, bool) { return 0, false }

func (l *line) Open(context.Context, desk.ChannelAccount, channel.Host) (channel.Conn, error) {
	return &lineConn{l}, nil
}

// answers makes the provider answer with a function; it may call out.Commit.
func (l *line) answers(fn func(ctx context.Context, out channel.Outbound) (channel.Receipt, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.provider = fn
}

// outbox is what reached the provider.
func (l *line) outbox() []channel.Outbound {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]channel.Outbound(nil), l.sent...)
}

type lineConn struct{ l *line }

func (c *lineConn) Send(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
	c.l.mu.Lock()
	fn := c.l.provider
	c.l.mu.Unlock()
	if fn != nil {
		return fn(ctx, out)
	}
	return c.l.deliver(ctx, out)
}

// deliver takes the message: the irrevocable byte, after the mark.
func (l *line) deliver(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
	if err := out.Commit(ctx, pending(out)); err != nil {
		return channel.Receipt{}, err
	}
	l.mu.Lock()
	l.sent = append(l.sent, out)
	l.mu.Unlock()
	return channel.Receipt{RemoteID: out.RemoteID, Detail: "250 queued"}, nil
}

func (c *lineConn) Close() error { return nil }

// pending lists those whom a message is to be handed to now.
func pending(out channel.Outbound) []string {
	var to []string
	for _, ps := range [][]desk.Party{out.To, out.Cc, out.Bcc} {
		for _, p := range ps {
			if p.Status == "" || p.Status == desk.StatusQueued || p.Status == desk.StatusSending {
				to = append(to, p.Address)
			}
		}
	}
	return to
}

// rig is a desk that sends.
type rig struct {
	*desktest.Desk
	t     *testing.T
	line  *line
	jobs  *job.Queue
	board *switchboard.Board
	s     *dispatch.Service
	links dispatch.Links
	stop  func()
}

type nowhere struct{}

func (nowhere) Deliver(context.Context, []channel.Raw) error { return nil }

func newRig(t *testing.T, d *db.DB, w dispatch.Windows) *rig {
	t.Helper()
	l := &line{}
	r := &rig{t: t, line: l, Desk: desktest.New(t, d, l)}
	r.start(w)
	return r
}

// start builds the sending half anew, as after a restart. The queue does not run yet.
func (r *rig) start(w dispatch.Windows) {
	r.t.Helper()
	blobs, err := blob.Disk(filepath.Join(r.t.TempDir(), "blobs"))
	if err != nil {
		r.t.Fatal(err)
	}
	if w.RetryBase == 0 {
		w.RetryBase = time.Minute
	}
	r.jobs = job.New(r.DB, r.Clock, nil, job.Options{Workers: 6, Poll: 20 * time.Millisecond, Drain: 2 * time.Second, Lease: time.Minute})
	r.board = switchboard.New(switchboard.Deps{DB: r.DB, Inbox: r.Inboxes, Events: r.Events, Registry: r.Channels, Blobs: blobs, Clock: r.Clock, Intake: nowhere{}, Node: "test"})
	r.s = dispatch.New(dispatch.Deps{
		DB: r.DB, Clock: r.Clock, Events: r.Events, Jobs: r.jobs, People: r.People, Contacts: r.Contacts, Inbox: r.Inboxes, Threads: r.Threads, Tickets: r.Tickets,
		Assign: r.Assignment, Board: r.board, Registry: r.Channels, Windows: w, Links: r.links,
		Company: func(context.Context, db.Queryer) (string, error) { return "Acme", nil },
	})
}

// run lets the queue work until the test ends or r.stop is called.
func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.jobs.Run(ctx) }()
	var once sync.Once
	r.stop = func() { once.Do(func() { cancel(); <-done; r.board.Close() }) }
	r.t.Cleanup(r.stop)
}

// conversation is a customer's ticket with one message.
type conversation struct {
	acc     desk.ChannelAccount
	ticket  desk.Ticket
	thread  desk.Thread
	message desk.Message
	agent   desk.User
}

const customer = "mira@home.example"

func (r *rig) conversation(with ...func(*desk.Message)) conversation {
	r.t.Helper()
	c := conversation{acc: r.Account(), agent: r.User(func(n *people.NewUser) { n.Name = "Ann Holm" })}
	who := r.Contact(customer)
	c.ticket = r.Ticket()
	c.ticket.ContactID = who.ID
	c.thread = r.Thread(c.ticket, c.acc)
	with = append([]func(*desk.Message){func(m *desk.Message) {
		m.From = desk.Party{Kind: desk.AddrEmail, Address: customer, Name: "Mira"}
		m.Recipients = []desk.Party{{Field: "to", Address: c.acc.Address}}
		m.Subject, m.RemoteID, m.Disposition = "Broken wheel", "root@home.example", desk.DispNormal
	}}, with...)
	c.message = r.Message(c.thread, with...)
	return c
}

func (r *rig) reply(c conversation, with ...func(*dispatch.ReplyCommand)) desk.Message {
	r.t.Helper()
	m, err := r.tryReply(c, with...)
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

func (r *rig) tryReply(c conversation, with ...func(*dispatch.ReplyCommand)) (desk.Message, error) {
	cmd := dispatch.ReplyCommand{Actor: desk.ByUser(c.agent.ID), ThreadID: c.thread.ID, Content: dispatch.Content{Text: "On its way"}, Client: "test"}
	for _, w := range with {
		w(&cmd)
	}
	return r.s.Reply(context.Background(), cmd)
}

// waitFor waits until a message is in a state.
func (r *rig) waitFor(id desk.MessageID, want desk.DeliveryStatus) desk.Message {
	r.t.Helper()
	var m desk.Message
	r.until(fmt.Sprintf("status %s", want), func() bool {
		m = r.message(id)
		return m.Status == want
	})
	return m
}

// later moves the clock once no job is being settled: a pause is counted from the clock as it then stands.
func (r *rig) later(d time.Duration) {
	r.t.Helper()
	r.until("the workers to rest", func() bool {
		n := -1
		err := r.DB.QueryRow(context.Background(), "SELECT COUNT(*) FROM jobs WHERE state = 'running'").Scan(&n)
		return err == nil && n == 0
	})
	r.Clock.Advance(d)
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

func (r *rig) message(id desk.MessageID) desk.Message {
	r.t.Helper()
	return desktest.Must[desk.Message](r.t)(r.Threads.Message(context.Background(), r.DB, id))
}

func (r *rig) deliveries(id desk.MessageID) map[string]desk.DeliveryStatus {
	r.t.Helper()
	out := map[string]desk.DeliveryStatus{}
	for _, d := range desktest.Must[[]thread.Delivery](r.t)(r.Threads.Deliveries(context.Background(), r.DB, id)) {
		out[d.Recipient] = d.State
	}
	return out
}

func (r *rig) attempts(id desk.MessageID) []thread.Attempt {
	r.t.Helper()
	return desktest.Must[[]thread.Attempt](r.t)(r.Threads.Attempts(context.Background(), r.DB, id))
}

// jobOf is the row of the message's send job: its id and fence.
func (r *rig) jobOf(id desk.MessageID) (jobID desk.JobID, fence int64) {
	r.t.Helper()
	err := r.DB.QueryRow(context.Background(), "SELECT id, fence FROM jobs WHERE kind = $1 AND unique_key = $2", dispatch.SendKind, id.String()).Scan(&jobID, &fence)
	if err != nil {
		r.t.Fatal(err)
	}
	return jobID, fence
}
