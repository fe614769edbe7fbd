package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/job"
)

// verdict is what becomes of each recipient after an attempt.
type verdict struct {
	outcome string // of the attempt: sent, partly, retry, failed, uncertain, reconnect
	detail  string
	fates   map[string]fate
	retry   bool          // some wait for another try
	after   time.Duration // the provider's wish
	reason  string        // why it is tried again
	dead    bool          // credentials are dead
}

type fate struct {
	state  desk.DeliveryStatus
	code   string
	detail string
}

const (
	noAnswer = "It is not known whether the message went out. Look before you send it again."
	nobody   = "The message could not be handed over."
)

// judge decides, without doing anything, what an attempt's outcome means for every pending recipient. marked are those it may have reached.
func judge(pending, marked []string, r channel.Receipt, err error) verdict {
	v := verdict{fates: map[string]fate{}, outcome: "sent", detail: r.Detail}
	refused := map[string]*channel.SendError{}
	for _, f := range r.Failed {
		refused[normal(f.Address)] = f.Error
	}
	var whole *channel.SendError
	if err != nil {
		whole = classify(err, len(marked) > 0)
		v.outcome, v.detail = outcomeOf(whole.Fault), line(whole)
	}
	for _, to := range pending {
		fault := refused[to]
		if fault == nil {
			if whole == nil {
				v.fates[to] = fate{desk.StatusSent, "", r.Detail}
				continue
			}
			fault = whole
			if fault.Fault == channel.Uncertain && len(marked) > 0 && !slices.Contains(marked, to) {
				fault = &channel.SendError{Fault: channel.Transient, Code: whole.Code, Public: whole.Public}
			}
		}
		v.apply(to, fault)
	}
	if whole == nil && len(refused) > 0 {
		v.outcome = "partly"
	}
	return v
}

func (v *verdict) apply(to string, e *channel.SendError) {
	f := fate{code: e.Code, detail: public(e)}
	switch e.Fault {
	case channel.Permanent, channel.Closed:
		f.state = desk.StatusFailed
	case channel.Uncertain:
		f.state = desk.StatusUncertain
	case channel.Reconnect:
		f.state, v.dead, v.reason = desk.StatusQueued, true, f.detail
	default:
		f.state, v.retry, v.reason = desk.StatusQueued, true, f.detail
		v.after = max(v.after, e.After)
	}
	v.fates[to] = f
}

// classify gives every error a fault. An error that the adapter did not name counts as transient (channel.Conn), unless the attempt was marked: then
// nobody knows.
func classify(err error, marked bool) *channel.SendError {
	var e *channel.SendError
	if errors.As(err, &e) {
		return e
	}
	if marked {
		return &channel.SendError{Fault: channel.Uncertain, Public: noAnswer, Err: err}
	}
	return &channel.SendError{Fault: channel.Transient, Public: nobody, Err: err}
}

func outcomeOf(f channel.Fault) string {
	switch f {
	case channel.Permanent, channel.Closed:
		return "failed"
	case channel.Uncertain:
		return "uncertain"
	case channel.Reconnect:
		return "reconnect"
	}
	return "retry"
}

func public(e *channel.SendError) string {
	if e.Public == "" {
		return nobody
	}
	return e.Public
}

func line(e *channel.SendError) string {
	if e.Code == "" {
		return public(e)
	}
	return e.Code + ": " + public(e)
}

func normal(address string) string {
	if n := desk.NormalizeEmail(address); n != "" {
		return n
	}
	return address
}

// settle writes what became of the attempt and says what the queue should do next.
func (t *try) settle(ctx context.Context) error {
	if t.lost.Load() {
		return nil // somebody else works on it, or it was cancelled: nothing went out from here
	}
	var marked []string
	for _, m := range t.attempts {
		marked = append(marked, m.recipients...)
	}
	v := judge(t.pending, marked, t.receipt, t.sendErr)
	giveUp := v.retry && t.expired()
	if giveUp {
		v.giveUp()
	}
	wait := t.s.pause(t.job.Attempt, v.after)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	var err error
	for try := 0; ; try++ { // the machine's trouble must not turn what is known into uncertain
		if err = t.s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return t.write(ctx, tx, v, wait) }); desk.CodeOf(err) != desk.Unavailable || try == 20 {
			break
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
	if errors.Is(err, job.ErrLost) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("dispatch: settle: %w", err)
	}
	if v.dead {
		t.s.Board.SetState(ctx, t.m.AccountID, desk.StateReconnect, v.reason)
		t.s.refuse(t.acc)
		return job.Snooze(t.s.linger(t.m, t.s.Windows.Waiting, longestWait))
	}
	if v.retry {
		return job.Retry(wait, errors.New(v.reason))
	}
	return nil
}

// giveUp turns what would be tried again into a failure.
func (v *verdict) giveUp() {
	for to, f := range v.fates {
		if f.state == desk.StatusQueued {
			f.state, f.detail = desk.StatusFailed, "Given up after many tries. The last answer was: "+f.detail
			v.fates[to] = f
		}
	}
	v.retry, v.outcome = false, "failed"
}

// expired tells that the message has been tried long enough.
func (t *try) expired() bool {
	begun := t.job.Created
	if begun == 0 {
		begun = t.m.CreatedAt
	}
	return t.s.Clock.Ms() > begun.Add(t.s.Windows.GiveUp)
}

// pause before the next try: doubling with jitter, or the provider's wish when that is longer.
func (s *Service) pause(attempt int, wish time.Duration) time.Duration {
	return max(job.Backoff(s.Windows.RetryBase, s.Windows.RetryMax, attempt, s.chance()), wish)
}

// write is the second transaction. It is fenced: a worker that lost its lease may still tell what it knows went out, and nothing else.
func (t *try) write(ctx context.Context, tx *db.Tx, v verdict, wait time.Duration) error {
	held := t.job.Held(ctx, tx)
	if held != nil && !errors.Is(held, job.ErrLost) {
		return held
	}
	if held != nil && (t.sendErr != nil || len(t.attempts) == 0) {
		return held
	}
	if _, err := t.s.Threads.Lock(ctx, tx, t.m.ThreadID); err != nil { // before the message, as intake does
		return err
	}
	if err := t.writeAttempts(ctx, tx, v); err != nil {
		return err
	}
	if id := t.receipt.RemoteID; id != "" && id != t.m.RemoteID && t.sendErr == nil {
		if err := t.s.Threads.SetRemote(ctx, tx, t.m.ID, id); err != nil {
			return err
		}
		t.m.RemoteID = id
	}
	failed, err := t.writeFates(ctx, tx, v)
	if err != nil {
		return err
	}
	if err := t.s.applyEarly(ctx, tx, t.m); err != nil {
		return err
	}
	switch {
	case v.dead:
		return t.s.waits(ctx, tx, t.m, v.reason, t.job.Attempt, t.s.Windows.Waiting)
	case v.retry:
		return t.s.waits(ctx, tx, t.m, v.reason, t.job.Attempt, wait)
	case len(failed) > 0:
		return t.s.tellFailure(ctx, tx, t.m, failed)
	}
	return nil
}

// writeAttempts closes the marked attempts; one that never came so far is written now, for the ledger.
func (t *try) writeAttempts(ctx context.Context, tx *db.Tx, v verdict) error {
	if len(t.attempts) == 0 {
		a, err := t.s.Threads.BeginAttempt(ctx, tx, t.m.ID, t.job.ID, t.job.Fence, t.pending)
		if err != nil {
			return err
		}
		_, err = t.s.Threads.SettleAttempt(ctx, tx, a.ID, v.outcome, v.detail)
		return err
	}
	for _, m := range t.attempts {
		if _, err := t.s.Threads.SettleAttempt(ctx, tx, m.attempt, v.outcome, v.detail); err != nil {
			return err
		}
	}
	return nil
}

type failure struct{ to, detail string }

// writeFates moves every recipient. Recipients of the same fate move together, so that one event tells of them.
func (t *try) writeFates(ctx context.Context, tx *db.Tx, v verdict) (failed []failure, err error) {
	same := len(v.fates) > 1
	for _, f := range v.fates {
		same = same && f == v.fates[t.pending[0]]
	}
	for _, to := range t.pending {
		f := v.fates[to]
		name := to
		if same && len(t.pending) == t.recipients() {
			name = ""
		}
		if _, err := t.s.Threads.MarkStatus(ctx, tx, t.m.ID, name, f.state, f.code, f.detail); err != nil {
			return nil, err
		}
		if f.state == desk.StatusFailed {
			failed = append(failed, failure{to, f.detail})
		}
		if name == "" {
			break
		}
	}
	return failed, nil
}

// recipients is how many the message has, whatever became of them.
func (t *try) recipients() int {
	n := 0
	seen := map[string]bool{}
	for _, p := range t.m.Recipients {
		if k := addressKey(p); !seen[k] {
			seen[k] = true
			n++
		}
	}
	return n
}

// applyEarly applies receipts that came before this settle knew the provider's id.
func (s *Service) applyEarly(ctx context.Context, tx *db.Tx, m desk.Message) error {
	if m.RemoteID == "" {
		return nil
	}
	kept, err := s.Threads.TakeEarly(ctx, tx, m.AccountID, m.RemoteID)
	if err != nil {
		return err
	}
	for _, j := range kept {
		var st channel.Status
		if err := json.Unmarshal([]byte(j), &st); err != nil {
			s.Log.Warn("a kept receipt cannot be read", "message_id", m.ID, "err", err)
			continue
		}
		if _, err := s.Threads.MarkStatus(ctx, tx, m.ID, st.Recipient, st.State, st.Code, st.Detail); err != nil {
			return err
		}
	}
	return nil
}

// waits says on the message why it has not gone out yet, with an event when the reason is news.
func (s *Service) waits(ctx context.Context, tx *db.Tx, m desk.Message, reason string, attempt int, after time.Duration) error {
	now, err := s.Threads.Message(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	if now.Status == desk.StatusQueued || now.Status == desk.StatusSending {
		if err := s.Threads.SetStatus(ctx, tx, m.ID, desk.StatusQueued, reason); err != nil {
			return err
		}
	}
	th, err := s.Threads.Get(ctx, tx, m.ThreadID)
	if err != nil {
		return err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{
		Type: desk.EvMessageRetried, TicketID: th.TicketID, ThreadID: th.ID, Message: m.ID, Contact: m.ContactID, Inbox: th.InboxID,
		Data: event.Data(map[string]any{"attempt": attempt, "after_ms": after.Milliseconds(), "reason": reason}),
	})
	return err
}

// tellFailure leaves a note in the conversation and opens the ticket again: an answer that did not arrive is no answer.
func (s *Service) tellFailure(ctx context.Context, tx *db.Tx, m desk.Message, failed []failure) error {
	text := "This message could not be delivered."
	if len(failed) == 1 {
		text = fmt.Sprintf("The message to %s could not be delivered: %s", failed[0].to, failed[0].detail)
	} else if len(failed) > 1 {
		text = fmt.Sprintf("The message could not be delivered to %d recipients. The first of them, %s: %s", len(failed), failed[0].to, failed[0].detail)
	}
	if _, err := s.Threads.Lock(ctx, tx, m.ThreadID); err != nil {
		return err
	}
	if _, err := s.Threads.Append(ctx, tx, desk.Message{
		ThreadID: m.ThreadID, Kind: desk.KindSystem, Channel: m.Channel, AccountID: m.AccountID, Actor: desk.System, InReplyTo: m.ID, Text: text, Client: "system",
	}); err != nil {
		return err
	}
	if m.TicketID == 0 {
		return nil
	}
	tk, err := s.Tickets.Lock(ctx, tx, m.TicketID)
	if err != nil || tk.Open || tk.Hidden != desk.HiddenNo {
		return err
	}
	_, err = s.Tickets.Reopen(ctx, tx, desk.System, m.TicketID, "delivery_failed")
	return err
}

// noLine is what happens when the account has no connection: it waits while the account is switched off, and fails when it is gone for good.
func (t *try) noLine(ctx context.Context, err error) error {
	switch desk.ReasonOf(err) {
	case "channel.removed", "account.not_found", "channel_account.not_found":
		t.sendErr = &channel.SendError{Fault: channel.Permanent, Code: "channel_removed", Public: "The channel this message should leave by was removed. Choose another one and send it again."}
		return t.settle(ctx)
	case "channel.inactive":
		return t.idle(ctx, desk.PublicOf(err))
	}
	if desk.CodeOf(err) == desk.Invalid || desk.ReasonOf(err) == "channel.unknown" {
		return t.idle(ctx, desk.PublicOf(err))
	}
	return err
}

// idle lets the message wait without counting a try, and says so once.
func (t *try) idle(ctx context.Context, reason string) error {
	if t.m.StatusReason != reason {
		err := t.s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := t.job.Held(ctx, tx); err != nil {
				return err
			}
			return t.s.waits(ctx, tx, t.m, reason, t.job.Attempt, t.s.Windows.Waiting)
		})
		if err != nil {
			return err
		}
	}
	return job.Snooze(t.s.linger(t.m, t.s.Windows.Waiting, longestWait))
}

const (
	// refusalRest spares a provider the same dead password: it is tried again after this, in real time, or when the account was changed.
	refusalRest = 5 * time.Minute
	// longestWait bounds how long a message waits between looks at an account that is switched off or must be reconnected.
	longestWait = 5 * time.Minute
)

// refuse remembers that an account's credentials were refused.
func (s *Service) refuse(acc desk.ChannelAccount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[acc.ID] = refusal{until: time.Now().Add(refusalRest), updated: acc.UpdatedAt}
}

// refusedStill tells that the account's credentials were just refused and nobody has changed it since.
func (s *Service) refusedStill(acc desk.ChannelAccount) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.refused[acc.ID]
	if ok && time.Now().Before(r.until) && r.updated == acc.UpdatedAt {
		return true
	}
	delete(s.refused, acc.ID)
	return false
}
