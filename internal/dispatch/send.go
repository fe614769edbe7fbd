package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/thread"
)

// send is the job that hands one message to its channel account: it loads what it needs, sends outside of any transaction, and
// settles in one.
func (s *Service) send(ctx context.Context, j *job.Job) error {
	var p sendPayload
	if err := j.Decode(&p); err != nil {
		return err
	}
	m, err := s.Threads.Message(ctx, s.DB, p.Message)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if !s.enter(m) {
		return job.Snooze(s.linger(m, 250*time.Millisecond, 30*time.Second))
	}
	defer s.leave(m.AccountID)
	t := &try{s: s, job: j, m: m}
	if err := t.recover(ctx); err != nil {
		return err
	}
	if err := t.load(ctx); err != nil || len(t.pending) == 0 {
		return err
	}
	if t.stale {
		t.sendErr = &channel.SendError{Fault: channel.Permanent, Code: "links_expired", Public: "The message waited so long that the links to its files have ended. Send it again to make new ones."}
		return t.settle(ctx)
	}
	if s.refusedStill(t.acc) {
		return job.Snooze(s.linger(m, s.Windows.Waiting, longestWait))
	}
	t.out.Commit = t.commit
	err = s.Board.Use(ctx, m.AccountID, func(_ desk.ChannelAccount, conn channel.Conn) error {
		t.reached = true
		t.receipt, t.sendErr = t.hand(ctx, conn)
		return nil
	})
	if !t.reached {
		return t.noLine(ctx, err)
	}
	return t.settle(ctx)
}

// try is one run of the job.
type try struct {
	s       *Service
	job     *job.Job
	m       desk.Message
	acc     desk.ChannelAccount
	pending []string
	out     channel.Outbound
	started desk.Time

	stale    bool // links to its files have ended
	reached  bool // the account had a connection
	marked   atomic.Bool
	lost     atomic.Bool // the lease went to another worker, or the message was cancelled
	attempts []mark
	receipt  channel.Receipt
	sendErr  error
}

// mark is one durable mark: an adapter that reaches its recipients one by one makes several.
type mark struct {
	attempt    int64
	recipients []string
}

// recover settles what an earlier worker left: an attempt that was marked and never settled may have gone out. Its recipients become uncertain,
// unless the provider knows repeated sends by their key; an unmarked one is simply run again.
func (t *try) recover(ctx context.Context) error {
	left, err := t.s.Threads.OutstandingAttempts(ctx, t.s.DB, t.m.ID, 0)
	if err != nil || len(left) == 0 {
		return err
	}
	return t.s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := t.job.Held(ctx, tx); err != nil {
			return err
		}
		for _, a := range left {
			if err := t.s.abandon(ctx, tx, t.m, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// abandon settles an attempt whose worker is gone.
func (s *Service) abandon(ctx context.Context, tx *db.Tx, m desk.Message, a thread.Attempt) error {
	state, outcome, detail := desk.StatusUncertain, "uncertain", "The server stopped while this was being handed over. It may have gone out. Look before you send it again."
	if a.MarkedAt == 0 || s.idempotent(m.Channel) {
		state, outcome, detail = desk.StatusQueued, "interrupted", "The server stopped before this was handed over."
	}
	first, err := s.Threads.SettleAttempt(ctx, tx, a.ID, outcome, detail)
	if err != nil || !first {
		return err
	}
	for _, r := range a.Recipients {
		if _, err := s.Threads.MarkStatus(ctx, tx, a.MessageID, r, state, "", detail); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) idempotent(name string) bool {
	a, ok := s.Registry.Get(name)
	return ok && a.Spec().Can.Idempotent
}

// load reads what the message needs to go out. pending stays empty when nothing is left to do.
func (t *try) load(ctx context.Context) error {
	s := t.s
	t.started = s.Clock.Ms()
	ds, err := s.Threads.Deliveries(ctx, s.DB, t.m.ID)
	if err != nil {
		return err
	}
	state := map[string]desk.DeliveryStatus{}
	for _, d := range ds {
		state[d.Recipient] = d.State
		if d.State == desk.StatusQueued || d.State == desk.StatusSending {
			t.pending = append(t.pending, d.Recipient)
		}
	}
	if len(t.pending) == 0 {
		return nil
	}
	if t.acc, err = s.Inbox.Account(ctx, s.DB, t.m.AccountID); err != nil {
		return err
	}
	adapter, ok := s.Registry.Get(t.m.Channel)
	if !ok {
		return desk.Errorf(desk.Unavailable, "channel.unknown", "This build of Kanal does not know the channel %q.", t.m.Channel)
	}
	signed := token(adapter, t.m.ThreadID)
	t.out = channel.Outbound{
		MessageID: t.m.ID, RemoteID: t.m.RemoteID, ThreadToken: signed, From: t.m.From, Subject: t.m.Subject, Text: t.m.Text, HTML: t.m.HTML, QuotedText: t.m.QuotedText, QuotedHTML: t.m.QuotedHTML,
		Automatic: t.m.Disposition == desk.DispAutoReply, Attempt: t.job.Attempt,
	}
	if named, ok := adapter.(channel.Identifier); ok {
		t.out.ReplyTo = named.ReplyAddress(t.acc, signed)
	}
	for _, p := range t.m.Recipients {
		p.Status = state[addressKey(p)] // those whose fate is known only stand in the header
		switch p.Field {
		case fieldCc:
			t.out.Cc = append(t.out.Cc, p)
		case fieldBcc:
			t.out.Bcc = append(t.out.Bcc, p)
		case fieldTo, "":
			t.out.To = append(t.out.To, p)
		}
	}
	if t.m.InReplyTo != 0 {
		if t.out.Refs, t.out.InReplyTo, err = s.Threads.References(ctx, s.DB, t.m.ThreadID, t.m.InReplyTo); err != nil {
			return err
		}
	}
	for _, a := range t.m.Attachments {
		if a.LinkUntil != 0 {
			continue
		}
		t.out.Attachments = append(t.out.Attachments, channel.OutAttachment{Name: a.Name, Type: a.Type, Size: a.Size, Inline: a.Inline, ContentID: a.ContentID, SHA256: a.SHA256})
	}
	if err := t.addLinks(ctx, adapter.Spec().Can); err != nil {
		return err
	}
	return t.sign(ctx)
}

// sign adds who writes and, where that is wished, which ticket it is about.
func (t *try) sign(ctx context.Context) (err error) {
	if t.out.Subject != "" {
		if t.out.Subject, err = t.s.numbered(ctx, t.m); err != nil {
			return err
		}
	}
	t.out.Sender, err = t.person(ctx)
	return err
}

// person is who replies, for the From name and the signature (EM-16, EM-23).
func (t *try) person(ctx context.Context) (channel.Sender, error) {
	var out channel.Sender
	if t.s.Company != nil {
		name, err := t.s.Company(ctx, t.s.DB)
		if err != nil {
			return out, err
		}
		out.Company = name
	}
	id := t.m.Actor.UserID()
	if id == 0 {
		return out, nil
	}
	u, err := t.s.People.Get(ctx, t.s.DB, id)
	if desk.CodeOf(err) == desk.NotFound {
		return out, nil
	}
	out.FullName, out.FirstName, out.LastName, out.Email = u.Name, u.FirstName, u.LastName, u.Email
	return out, err
}

// commit durably marks the attempt before the irrevocable byte, fenced by the job's lease.
func (t *try) commit(ctx context.Context, recipients []string) error {
	if len(recipients) == 0 {
		recipients = t.pending
	}
	var a thread.Attempt
	err := t.s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := t.job.Held(ctx, tx); err != nil {
			return err
		}
		var err error
		if a, err = t.s.Threads.BeginAttempt(ctx, tx, t.m.ID, t.job.ID, t.job.Fence, recipients); err != nil {
			return err
		}
		ds, err := t.s.Threads.Deliveries(ctx, tx, t.m.ID)
		if err != nil {
			return err
		}
		for _, d := range ds {
			if d.State == desk.StatusCancelled && slices.Contains(a.Recipients, d.Recipient) {
				return errCancelled
			}
		}
		return t.s.Threads.MarkAttempt(ctx, tx, a.ID, recipients)
	})
	if err != nil {
		if errors.Is(err, job.ErrLost) || errors.Is(err, errCancelled) {
			t.lost.Store(true)
		}
		return fmt.Errorf("dispatch: commit: %w", err)
	}
	t.attempts = append(t.attempts, mark{a.ID, a.Recipients})
	t.marked.Store(true)
	return nil
}

var errCancelled = desk.Errorf(desk.Conflict, "message.cancelled", "The message was cancelled before it went out.")

// hand calls the adapter. Once the attempt is marked, neither a stop of the server nor a lost lease interrupts it: only its end
// tells what became of the message.
func (t *try) hand(ctx context.Context, conn channel.Conn) (r channel.Receipt, err error) {
	free, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Minute)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if !t.marked.Load() {
			cancel()
		}
	})
	defer stop()
	defer func() {
		if p := recover(); p != nil {
			t.s.Log.Error("adapter panicked while sending", "channel", t.m.Channel, "message_id", t.m.ID, "panic", p)
			err = fmt.Errorf("the adapter failed unexpectedly: %v", p)
		}
	}()
	return conn.Send(free, t.out)
}
