// Package assignment gives tickets, and conversations without one, their owners: it gathers everything that a decision depends on, holds the people still
// who could be chosen so that two arrivals cannot both see the same count (RT-21), lets routing decide, and writes owner and reasons through ticket or thread. What nobody could
// have is handed to the queue. It also writes what people decide: by hand (RT-12) and by replying (RT-11). It owns the table assignment_decisions: what automatic decisions were
// made from, so that another policy can be tried on them. It refuses owners who could not answer. Called by intake, dialogue, triage, waiting, dispatch and the API.
package assignment

import (
	"context"
	"log/slog"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/visitor"
)

// Deps is what a Service calls.
type Deps struct {
	Clock      *clock.Clock
	People     *people.Service
	Inboxes    *inbox.Service
	Tickets    *ticket.Service
	Threads    *thread.Service
	Contacts   *contact.Service
	Properties *property.Service
	Visitors   *visitor.Service
	Channels   *channel.Registry
	Keep       time.Duration // how long decisions are kept for replay; 0: none are
	Log        *slog.Logger
}

// Queue keeps what nobody could have yet: waiting.Service. One that also has Since(ctx, q, object, id) says since when something waits.
type Queue interface {
	Enter(ctx context.Context, tx *db.Tx, w desk.Waiting) error
	Leave(ctx context.Context, tx *db.Tx, object string, id int64) error
}

// Skills says what people know: skill.Service.
type Skills interface {
	Of(ctx context.Context, q db.Queryer, users []desk.UserID) (map[desk.UserID][]desk.SkillHeld, error)
}

// Hours says whether named business hours are closed, and when they open: worktime.Service.
type Hours func(ctx context.Context, q db.Queryer, slug string, at desk.Time) (closed bool, next desk.Time, err error)

// Gate says whether an account is outside its hours, and how many chats one person may have; Opens when it opens again: availability.Service.
type (
	Gate  func(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, at time.Time) (closed bool, limit int, err error)
	Opens func(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, at time.Time) (desk.Time, bool, error)
)

// Forms says which form a conversation began with, and what was filled in.
type Forms func(ctx context.Context, q db.Queryer, id desk.ThreadID) (slug string, answers map[string]any, err error)

// Limits is how much people are given by itself (CP-03, CP-06, CP-08).
type Limits struct {
	Default    desk.Capacity
	Of         map[desk.UserID]desk.Capacity // their own, which replace the default whole
	Statuses   []string                      // what stands in one of them does not count
	IdleDays   int                           // nor what nobody touched for so long; 0: everything counts
	Weights    map[string]int                // of kinds and priorities; what is missing is 1
	CallBlocks bool                          // who has an open call gets nothing else
}

// Service assigns. Safe for concurrent use once its hooks are set.
type Service struct {
	Deps
	queue  Queue
	skills Skills
	hours  Hours
	forms  Forms
	tongue Tongue
	limits func(ctx context.Context, q db.Queryer, users []desk.UserID) (Limits, error)
	gate   Gate
	opens  Opens
}

// New makes the service. Every hook may be left out: then nothing waits, nobody has a skill, everything is open, and nobody has a limit.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Deps: d}
}

// WithQueue, WithSkills, WithHours, WithForms and WithLimits set the hooks.
func (s *Service) WithQueue(q Queue) *Service   { s.queue = q; return s }
func (s *Service) WithSkills(k Skills) *Service { s.skills = k; return s }
func (s *Service) WithHours(h Hours) *Service   { s.hours = h; return s }
func (s *Service) WithForms(f Forms) *Service   { s.forms = f; return s }
func (s *Service) WithLimits(fn func(ctx context.Context, q db.Queryer, users []desk.UserID) (Limits, error)) *Service {
	s.limits = fn
	return s
}

// Gate names what an account lays on assignment beside its policy: closed outside its hours (AV-07), and how many open chats one person may have (CP-02).
func (s *Service) Gate(fn Gate) *Service {
	s.gate = fn
	return s
}

// Opens says when an account that the gate closes opens again, if that is known.
func (s *Service) Opens(fn Opens) *Service {
	s.opens = fn
	return s
}

// Assign decides the owner of a new ticket by its channel account's policy and writes the decision with its reasons, also when that is nobody. A ticket
// that already has an owner keeps them.
func (s *Service) Assign(ctx context.Context, tx *db.Tx, t desk.Ticket, acc desk.ChannelAccount) (desk.Assignment, error) {
	return s.AssignBecause(ctx, tx, t, acc, routing.Arrived)
}

// AssignBecause is Assign with why it is asked: one of routing's causes.
func (s *Service) AssignBecause(ctx context.Context, tx *db.Tx, t desk.Ticket, acc desk.ChannelAccount, cause string) (desk.Assignment, error) {
	return s.AssignBy(ctx, tx, t, acc, nil, cause)
}

// AssignBy is AssignBecause by a policy of one's own: a bot's. nil is the account's.
func (s *Service) AssignBy(ctx context.Context, tx *db.Tx, t desk.Ticket, acc desk.ChannelAccount, policy *desk.AssignPolicy, cause string) (desk.Assignment, error) {
	t, err := s.Tickets.Lock(ctx, tx, t.ID)
	if err != nil {
		return desk.Assignment{}, err
	}
	if t.OwnerID != 0 {
		if t.Assignment != nil {
			return *t.Assignment, nil
		}
		return desk.Assignment{OwnerID: t.OwnerID, TeamID: t.TeamID, Candidates: []desk.Candidate{}}, nil
	}
	return s.ofTicket(ctx, tx, t, plan{acc: acc, policy: policy, cause: cause})
}

// AssignThread is Assign for a conversation without a ticket (RT-03, D12, IH-04).
func (s *Service) AssignThread(ctx context.Context, tx *db.Tx, th desk.Thread, acc desk.ChannelAccount, cause string) (desk.Assignment, error) {
	return s.AssignThreadBy(ctx, tx, th, acc, nil, cause)
}

// AssignThreadBy is AssignThread by a policy of one's own.
func (s *Service) AssignThreadBy(ctx context.Context, tx *db.Tx, th desk.Thread, acc desk.ChannelAccount, policy *desk.AssignPolicy, cause string) (desk.Assignment, error) {
	th, err := s.Threads.Lock(ctx, tx, th.ID)
	if err != nil {
		return desk.Assignment{}, err
	}
	if th.OwnerID != 0 || th.TicketID != 0 || th.Bot {
		return desk.Assignment{OwnerID: th.OwnerID, TeamID: th.TeamID, Candidates: []desk.Candidate{}}, nil
	}
	return s.ofThread(ctx, tx, th, plan{acc: acc, policy: policy, cause: cause})
}

// Reopened asks for the owner of a ticket that its customer has opened again: who had it keeps it while they are available, always, or it is assigned anew, as the policy
// says (RT-18). A ticket without an account stays with whoever has it.
func (s *Service) Reopened(ctx context.Context, tx *db.Tx, t desk.Ticket) (desk.Assignment, error) {
	t, err := s.Tickets.Lock(ctx, tx, t.ID)
	if err != nil {
		return desk.Assignment{}, err
	}
	acc, ok, err := s.account(ctx, tx, t.AccountID)
	if err != nil || !ok {
		return desk.Assignment{OwnerID: t.OwnerID, TeamID: t.TeamID, Candidates: []desk.Candidate{}}, err
	}
	return s.ofTicket(ctx, tx, t, plan{acc: acc, cause: routing.Reopened, keeps: t.OwnerID})
}

// ReopenedThread is Reopened for a conversation without a ticket.
func (s *Service) ReopenedThread(ctx context.Context, tx *db.Tx, th desk.Thread) (desk.Assignment, error) {
	th, err := s.Threads.Lock(ctx, tx, th.ID)
	if err != nil || th.TicketID != 0 || th.Bot {
		return desk.Assignment{}, err
	}
	acc, ok, err := s.account(ctx, tx, th.AccountID)
	if err != nil || !ok {
		return desk.Assignment{}, err
	}
	return s.ofThread(ctx, tx, th, plan{acc: acc, cause: routing.Reopened, keeps: th.OwnerID})
}

// Settle sees to it that somebody has a ticket that is back at work: it rested, was spam, or moved to another inbox. An owner who can have it keeps it; one who left, or lost
// their access, loses it; without one the channel's rule decides.
func (s *Service) Settle(ctx context.Context, tx *db.Tx, id desk.TicketID, cause string) (desk.Assignment, error) {
	t, err := s.Tickets.Lock(ctx, tx, id)
	if err != nil || !t.Open || t.Hidden != desk.HiddenNo || t.Snoozed {
		return desk.Assignment{}, err
	}
	if t.OwnerID != 0 {
		able, err := s.able(ctx, tx, t.InboxID, t.OwnerID)
		if err != nil || able {
			return desk.Assignment{OwnerID: t.OwnerID, TeamID: t.TeamID}, err
		}
	}
	if t.OwnerID == 0 && t.Assignment != nil && t.Assignment.Rule == routing.RuleManual && cause != routing.Moved {
		return *t.Assignment, nil // a person left it to a team, or to nobody
	}
	acc, ok, err := s.account(ctx, tx, t.AccountID)
	if err != nil || !ok {
		return desk.Assignment{}, err
	}
	return s.ofTicket(ctx, tx, t, plan{acc: acc, cause: cause})
}

// Again decides anew of something that waits, locking it first. Where there is an owner now it is written; otherwise nothing is, and the answer says whether it waits on.
func (s *Service) Again(ctx context.Context, tx *db.Tx, object string, id int64, cause string) (desk.Assignment, error) {
	if object == desk.WaitingThread {
		return s.threadAgain(ctx, tx, desk.ThreadID(id), cause)
	}
	t, err := s.Tickets.Lock(ctx, tx, desk.TicketID(id))
	if err != nil {
		return desk.Assignment{}, err
	}
	if t.OwnerID != 0 || !t.Open || t.Hidden != desk.HiddenNo || t.Snoozed || t.MergedInto != 0 {
		return desk.Assignment{OwnerID: t.OwnerID, TeamID: t.TeamID}, nil
	}
	acc, ok, err := s.account(ctx, tx, t.AccountID)
	if err != nil || !ok {
		return desk.Assignment{}, err
	}
	since, err := s.since(ctx, tx, object, id)
	if err != nil {
		return desk.Assignment{}, err
	}
	p := plan{acc: acc, cause: cause, waited: true, since: since}
	if a := t.Assignment; a != nil && a.Queued {
		p.policy = a.Policy
		if since == 0 {
			p.since = a.At
		}
		if a.Cause == routing.Reopened { // whose it was may have come back
			p.keeps, p.cause = a.HoldFor, routing.Reopened
		}
	}
	return s.ofTicket(ctx, tx, t, p)
}

func (s *Service) threadAgain(ctx context.Context, tx *db.Tx, id desk.ThreadID, cause string) (desk.Assignment, error) {
	th, err := s.Threads.Lock(ctx, tx, id)
	if err != nil || th.OwnerID != 0 || th.TicketID != 0 || th.Bot || !th.Open || th.Hidden != desk.HiddenNo {
		return desk.Assignment{OwnerID: th.OwnerID, TeamID: th.TeamID}, err
	}
	acc, ok, err := s.account(ctx, tx, th.AccountID)
	if err != nil || !ok {
		return desk.Assignment{}, err
	}
	since, err := s.since(ctx, tx, desk.WaitingThread, int64(id))
	if err != nil {
		return desk.Assignment{}, err
	}
	p := plan{acc: acc, cause: cause, waited: true, since: since}
	if k, ok, err := s.lastOf(ctx, tx, id); err != nil {
		return desk.Assignment{}, err
	} else if ok && k.Input.Own {
		p.policy = &k.Input.Policy
	}
	return s.ofThread(ctx, tx, th, p)
}

// since is when something began to wait; 0 when the queue does not say.
func (s *Service) since(ctx context.Context, q db.Queryer, object string, id int64) (desk.Time, error) {
	if k, ok := s.queue.(interface {
		Since(ctx context.Context, q db.Queryer, object string, id int64) (desk.Time, error)
	}); ok {
		return k.Since(ctx, q, object, id)
	}
	return 0, nil
}

// account reads the account whose policy decides; one that is gone decides nothing.
func (s *Service) account(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) (desk.ChannelAccount, bool, error) {
	if id == 0 {
		return desk.ChannelAccount{}, false, nil
	}
	acc, err := s.Inboxes.Account(ctx, q, id)
	if desk.CodeOf(err) == desk.NotFound {
		return acc, false, nil
	}
	return acc, err == nil, err
}

// plan is how something is decided.
type plan struct {
	acc    desk.ChannelAccount
	policy *desk.AssignPolicy // nil: the account's
	cause  string
	keeps  desk.UserID // whose it is, or was
	waited bool        // it waits already: without anybody it does so on, as it is
	since  desk.Time
}

// back: it comes back to work, rather than being new.
func (p plan) back() bool {
	return p.cause == routing.Woken || p.cause == routing.Restored || p.cause == routing.Moved
}

func (p plan) work() Work {
	w := Work{Account: p.acc, Policy: p.acc.Assign, Cause: p.cause, Keeps: p.keeps, Since: p.since, Hold: true}
	if p.policy != nil {
		w.Policy, w.Own = *p.policy, true
	}
	return w
}

// ofTicket decides for a ticket that is held.
func (s *Service) ofTicket(ctx context.Context, tx *db.Tx, t desk.Ticket, p plan) (desk.Assignment, error) {
	w := p.work()
	w.Ticket = &t
	in, err := s.Input(ctx, tx, w)
	if err != nil {
		return desk.Assignment{}, err
	}
	a := routing.Decide(in)
	if p.waited && a.OwnerID == 0 {
		return a, nil
	}
	if p.back() && a.OwnerID == 0 && t.OwnerID == 0 && a.TeamID == t.TeamID && t.Assignment != nil && a.Reason == t.Assignment.Reason && !a.Queued {
		return a, nil // as it was
	}
	if err := s.record(ctx, tx, in, a, t.ID, 0); err != nil {
		return a, err
	}
	if p.cause != routing.Reopened || a.OwnerID != t.OwnerID || a.OwnerID == 0 || t.Assignment == nil {
		if _, err := s.Tickets.SetOwner(ctx, tx, desk.System, t.ID, a); err != nil {
			return a, err
		}
		if a.OwnerID != 0 {
			if err := s.People.NoteAssigned(ctx, tx, a.OwnerID, a.At); err != nil {
				return a, err
			}
			if err := s.ownContact(ctx, tx, in.Policy, t.ContactID, a.OwnerID); err != nil {
				return a, err
			}
		}
	}
	return a, s.enqueue(ctx, tx, a, desk.Waiting{Object: desk.WaitingTicket, ID: int64(t.ID), AccountID: p.acc.ID, InboxID: t.InboxID, Rank: t.Priority.Rank()})
}

// ofThread is ofTicket for a conversation without a ticket.
func (s *Service) ofThread(ctx context.Context, tx *db.Tx, th desk.Thread, p plan) (desk.Assignment, error) {
	w := p.work()
	w.Thread = &th
	in, err := s.Input(ctx, tx, w)
	if err != nil {
		return desk.Assignment{}, err
	}
	a := routing.Decide(in)
	if p.waited && a.OwnerID == 0 {
		return a, nil
	}
	if err := s.record(ctx, tx, in, a, 0, th.ID); err != nil {
		return a, err
	}
	if _, err := s.Threads.AssignWith(ctx, tx, desk.System, th.ID, a); err != nil {
		return a, err
	}
	if a.OwnerID != 0 && a.OwnerID != th.OwnerID {
		if err := s.People.NoteAssigned(ctx, tx, a.OwnerID, a.At); err != nil {
			return a, err
		}
		if err := s.ownContact(ctx, tx, in.Policy, th.ContactID, a.OwnerID); err != nil {
			return a, err
		}
	}
	return a, s.enqueue(ctx, tx, a, desk.Waiting{Object: desk.WaitingThread, ID: int64(th.ID), AccountID: p.acc.ID, InboxID: th.InboxID})
}

// ownContact makes whom a rule chose the owner of a contact who has none, where the policy says so (CR-02).
func (s *Service) ownContact(ctx context.Context, tx *db.Tx, p desk.AssignPolicy, id desk.ContactID, owner desk.UserID) error {
	if !p.OwnContact || id == 0 {
		return nil
	}
	c, err := s.Contacts.Get(ctx, tx, id)
	if err == nil && c.OwnerID == 0 {
		_, err = s.Contacts.Update(ctx, tx, desk.System, c.ID, contact.Change{OwnerID: &owner})
	}
	if desk.CodeOf(err) == desk.NotFound { // merged or gone meanwhile
		return nil
	}
	return err
}

// enqueue lets something wait, or ends that.
func (s *Service) enqueue(ctx context.Context, tx *db.Tx, a desk.Assignment, w desk.Waiting) error {
	if s.queue == nil {
		return nil
	}
	if !a.Queued || a.OwnerID != 0 {
		return s.queue.Leave(ctx, tx, w.Object, w.ID)
	}
	w.Since, w.Reason, w.NextAt = a.At, a.Reason, a.NextAt
	return s.queue.Enter(ctx, tx, w)
}
