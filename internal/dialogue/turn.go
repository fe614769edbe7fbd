package dialogue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/job"
)

// turn is one move of a dialogue, in its transaction: visitor, conversation and run are held, in this order.
type turn struct {
	tx  *db.Tx
	th  desk.Thread
	v   desk.VisitorID
	run chatflow.Run
	def chatflow.Definition
	w   world
}

// errStale says that the dialogue has moved on: what was to be done is not done.
var errStale = errors.New("dialogue: moved on")

// tries are how often a job is tried before people get the conversation.
const tries = 5

// turn runs fn in a transaction that ends the job. step is the one that the job was made for; negative takes any. A run that is not there, a dialogue that
// moved on, and a conversation that people have taken over end the job without anything.
func (s *Service) turn(ctx context.Context, j *job.Job, id desk.ThreadID, step int64, fn func(ctx context.Context, t *turn) error) error {
	before, err := s.Threads.Get(ctx, s.DB, id)
	if err != nil {
		return notFoundIsNil(err)
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := j.Complete(ctx, tx); err != nil {
			return err
		}
		t, ok, err := s.hold(ctx, tx, before, step)
		if err != nil || !ok {
			return err
		}
		return fn(ctx, t)
	})
	if errors.Is(err, errStale) {
		return nil
	}
	if err != nil && !errors.Is(err, job.ErrLost) && !db.IsMachine(err) && j.Attempt >= tries {
		s.Log.Error("a bot cannot go on; people get the conversation", "thread", id, "err", err)
		return s.giveUp(ctx, j, before)
	}
	return err
}

// hold locks what a turn works on.
func (s *Service) hold(ctx context.Context, tx *db.Tx, before desk.Thread, step int64) (*turn, bool, error) {
	if _, err := s.Visitors.Lock(ctx, tx, before.VisitorID); err != nil && desk.CodeOf(err) != desk.NotFound {
		return nil, false, err
	}
	th, err := s.Threads.Lock(ctx, tx, before.ID)
	if err != nil {
		return nil, false, notFoundIsNil(err)
	}
	r, ok, err := s.Flows.LockRun(ctx, tx, th.ID)
	if err != nil || !ok || step >= 0 && r.Step != step {
		return nil, false, err
	}
	t := &turn{tx: tx, th: th, v: th.VisitorID, run: r}
	if !th.Bot && !r.Over() { // a person has taken over
		return nil, false, s.stop(ctx, tx, th, &t.run, chatflow.HandedOver, "person")
	}
	if !th.Open && !r.Over() { // somebody has closed it meanwhile
		return nil, false, s.stop(ctx, tx, th, &t.run, chatflow.Ended, "closed")
	}
	v, err := s.Flows.VersionOf(ctx, tx, r.Flow, r.Number)
	if desk.CodeOf(err) == desk.NotFound {
		return nil, false, s.fail(ctx, t, "version")
	}
	if err != nil {
		return nil, false, err
	}
	t.def = v.Definition
	t.w, err = s.world(ctx, tx, th, t.def, r.Progress.Language)
	return t, err == nil, err
}

// answer takes a visitor's message to the bot.
func (s *Service) answer(ctx context.Context, j *job.Job) error {
	var p payload
	if err := j.Decode(&p); err != nil {
		return err
	}
	m, err := s.Threads.Message(ctx, s.DB, p.Message)
	if err != nil {
		return notFoundIsNil(err)
	}
	return s.turn(ctx, j, p.Thread, -1, func(ctx context.Context, t *turn) error {
		switch t.run.Status {
		case chatflow.HandedOver, chatflow.Failed:
			return nil
		case chatflow.Ended, chatflow.TimedOut:
			return s.again(ctx, t)
		}
		if speaking(t.run.Progress.Pending) || p.Quick == nil && m.ID < t.run.Progress.Asked { // the question that it would answer was not asked yet
			return nil
		}
		if err := s.carryOut(ctx, t); err != nil {
			return err
		}
		if len(t.run.Progress.Pending) > 0 || t.run.Over() {
			return s.settle(ctx, t)
		}
		return s.step(ctx, t, answerOf(m, p.Quick))
	})
}

// speaking reports whether the bot has still something to say, or to wait for, before it can be answered.
func speaking(pending []chatflow.Effect) bool {
	for _, e := range pending {
		switch e.Type {
		case chatflow.DoSay, chatflow.DoAsk, chatflow.DoDelay, chatflow.DoWebhook, chatflow.DoEmail, chatflow.DoWait:
			return true
		}
	}
	return false
}

// again is a visitor writing after the end: the bot begins anew, or people get it (CF-19).
func (s *Service) again(ctx context.Context, t *turn) error {
	f, err := s.Flows.Get(ctx, t.tx, t.run.Flow)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return err
	}
	if !t.def.Session.Restart || err != nil || !f.Active || f.ArchivedAt != 0 || !t.th.Bot {
		return s.handOver(ctx, t, nil, chatflow.HandedOver, "after_end")
	}
	if t.run.Number > 0 && f.Published > 0 {
		v, err := s.Flows.VersionOf(ctx, t.tx, f.ID, f.Published)
		if err != nil {
			return err
		}
		t.run.Number, t.def = f.Published, v.Definition
	}
	t.run.Status, t.run.Progress = chatflow.Running, chatflow.Progress{Job: t.run.Progress.Job, Owed: t.run.Progress.Owed, Language: t.run.Progress.Language}
	if err := s.look(ctx, t); err != nil { // another version may ask for other hours
		return err
	}
	return s.step(ctx, t, chatflow.Input{Type: chatflow.Opened})
}

// step lets the engine take an input, does what can be done now, and writes where the dialogue is then.
func (s *Service) step(ctx context.Context, t *turn, in chatflow.Input) error {
	st, effects := chatflow.Step(t.def, t.run.Progress.State, in, t.w.env)
	t.run.Progress.State = st
	t.run.Progress.Pending = append(t.run.Progress.Pending, effects...)
	if err := s.carryOut(ctx, t); err != nil {
		return err
	}
	return s.settle(ctx, t)
}

// settle writes the run, with the job that goes on with it.
func (s *Service) settle(ctx context.Context, t *turn) error {
	if !t.run.Over() {
		if t.run.Status = chatflow.Waiting; len(t.run.Progress.Pending) > 0 {
			t.run.Status = chatflow.Running
		}
	}
	if err := s.plan(ctx, t.tx, &t.run, t.run.Step+1, t.def); err != nil {
		return err
	}
	moved, err := s.Flows.Move(ctx, t.tx, &t.run)
	if err == nil && !moved {
		err = errStale
	}
	return err
}

// plan enqueues what goes on with a run that will stand at a step, instead of what was planned before: the pause before the next words, a webhook or a mail, the
// end of a wait, the end of the session.
func (s *Service) plan(ctx context.Context, tx *db.Tx, r *chatflow.Run, step int64, def chatflow.Definition) error {
	if r.Progress.Job != 0 {
		if _, err := s.Jobs.Cancel(ctx, tx, r.Progress.Job); err != nil {
			return err
		}
	}
	r.Progress.Job, r.DueAt = 0, 0
	now := s.Clock.Ms()
	at := desk.Time(0)
	switch pending := r.Progress.Pending; {
	case r.Over():
		return nil
	case len(pending) > 0 && pending[0].Type == chatflow.DoDelay:
		at = now.Add(time.Duration(pending[0].Millis) * time.Millisecond)
	case len(pending) > 0 && pending[0].Type == chatflow.DoWait:
		at = now.Add(time.Duration(pending[0].Seconds) * time.Second)
	case len(pending) > 0:
		at = now
	case def.Session.TimeoutMinutes > 0:
		at = now.Add(time.Duration(def.Session.TimeoutMinutes) * time.Minute)
	default:
		return nil
	}
	id, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: GoKind, Payload: payload{Thread: r.Thread, Step: step}, UniqueKey: fmt.Sprintf("%s:%d", r.Thread, step), RunAt: at})
	r.Progress.Job, r.DueAt = id, at
	return err
}

// goOn does what is due: it goes on with what is pending, or ends a session in which nobody said anything for long.
func (s *Service) goOn(ctx context.Context, j *job.Job) error {
	var p payload
	if err := j.Decode(&p); err != nil {
		return err
	}
	r, ok, err := s.Flows.RunOf(ctx, s.DB, p.Thread)
	if err != nil || !ok || r.Step != p.Step || r.Over() {
		return err
	}
	if len(r.Progress.Pending) > 0 {
		switch e := r.Progress.Pending[0]; e.Type {
		case chatflow.DoWebhook:
			return s.webhook(ctx, j, r, e)
		case chatflow.DoEmail:
			return s.email(ctx, j, r, e)
		}
	}
	return s.turn(ctx, j, p.Thread, p.Step, func(ctx context.Context, t *turn) error {
		t.run.Progress.Job = 0 // it is this one
		pending := t.run.Progress.Pending
		switch {
		case len(pending) == 0:
			return s.timeOut(ctx, t)
		case pending[0].Type == chatflow.DoWait:
			t.run.Progress.Pending = pending[1:]
			return s.step(ctx, t, chatflow.Input{Type: chatflow.Timer})
		case pending[0].Type == chatflow.DoDelay:
			t.run.Progress.Pending = pending[1:]
		}
		if err := s.carryOut(ctx, t); err != nil {
			return err
		}
		return s.settle(ctx, t)
	})
}

// timeOut ends a session that nobody went on with. It stays a bot's conversation, closed, unless it made a ticket: that is people's (CF-21).
func (s *Service) timeOut(ctx context.Context, t *turn) error {
	if t.th.TicketID != 0 {
		return s.handOver(ctx, t, t.run.Progress.Assign, chatflow.TimedOut, "timed_out")
	}
	if t.th.Open {
		if _, err := s.Threads.Turn(ctx, t.tx, botOf(t.th), t.th.ID, false); err != nil {
			return err
		}
	}
	return s.over(ctx, t, chatflow.TimedOut, "timed_out")
}

// over writes that a run is over, and tells of it.
func (s *Service) over(ctx context.Context, t *turn, how, reason string) error {
	t.run.Progress.Pending = nil
	t.run.Status, t.run.Progress.State.Over, t.run.Progress.State.Wait = how, how, ""
	if err := s.settle(ctx, t); err != nil {
		return err
	}
	return s.tell(ctx, t.tx, t.th, t.run, reason)
}

// handOver gives the conversation to people, and ends the run. Nothing that happens to the ticket's assignment keeps it from them.
func (s *Service) handOver(ctx context.Context, t *turn, policy *desk.AssignPolicy, how, reason string) error {
	if err := s.toPeople(ctx, t, policy); err != nil {
		return err
	}
	return s.over(ctx, t, how, reason)
}

func (s *Service) toPeople(ctx context.Context, t *turn, policy *desk.AssignPolicy) error {
	switch {
	case t.run.Progress.Told: // the last step that assigns knows best
		policy = t.run.Progress.Assign
	case policy == nil:
		policy = t.def.Handover.Assign
	}
	th, _, err := s.Intake.Handover(ctx, t.tx, botOf(t.th), t.th.ID, policy)
	if err != nil {
		return err
	}
	t.th = th
	return s.pay(ctx, t)
}

// fail is a bot that cannot go on at all: the visitor is told, people get the conversation.
func (s *Service) fail(ctx context.Context, t *turn, reason string) error {
	w, err := s.world(ctx, t.tx, t.th, t.def, t.run.Progress.Language)
	if err != nil {
		return err
	}
	for _, e := range chatflow.Trouble(t.def, w.env) {
		if _, err := s.say(ctx, t.tx, t.th, e); err != nil {
			return err
		}
	}
	return s.handOver(ctx, t, nil, chatflow.Failed, reason)
}

// giveUp is fail after a job was tried in vain.
func (s *Service) giveUp(ctx context.Context, j *job.Job, before desk.Thread) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := j.Complete(ctx, tx); err != nil {
			return err
		}
		t, ok, err := s.hold(ctx, tx, before, -1)
		if err != nil || !ok || t.run.Over() {
			return err
		}
		return s.fail(ctx, t, "trouble")
	})
}
