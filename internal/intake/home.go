package intake

import (
	"context"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// home gives the message its thread and ticket: the thread that was found, or a new one; the ticket that the table and the account's policy
// call for. isNew tells that the ticket was made for it.
func (s *Service) home(ctx context.Context, tx *db.Tx, f *filing) (desk.Thread, desk.Ticket, bool, error) {
	if f.place.Thread.ID == 0 {
		return s.begin(ctx, tx, f)
	}
	th := f.place.Thread
	if f.place.Bridge.ID != 0 {
		var err error
		if th, err = s.join(ctx, tx, f.place.Bridge, th); err != nil {
			return th, desk.Ticket{}, false, err
		}
	}
	if f.place.Stranger || f.place.Claims.ID != 0 {
		f.flag(desk.FlagStranger)
	}
	if err := s.unnumber(ctx, tx, f, th); err != nil {
		return th, desk.Ticket{}, false, err
	}
	if changedSubject(th.Subject, f.in.Subject) {
		f.flag(desk.FlagSubjectChanged)
	}
	tk, isNew, err := s.keep(ctx, tx, f, &th)
	if err == nil {
		err = s.resume(ctx, tx, f, &th)
	}
	return th, tk, isNew, err
}

// unnumber takes the number of the conversation's own ticket out of the subject of an answer: it was put there when we sent (TK-19). A number is never
// why a mail belongs somewhere: in one that refers to nothing of ours it stays what its writer wrote.
func (s *Service) unnumber(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread) error {
	if th.TicketID == 0 || !strings.Contains(f.in.Subject, "[#") {
		return nil
	}
	own, err := s.Tickets.Numbers(ctx, tx, th.TicketID)
	if err != nil {
		return err
	}
	f.in.Subject = ticket.Unnumbered(f.in.Subject, func(n int64) bool { return slices.Contains(own, n) })
	return nil
}

// tooLate lets a reply to a ticket that was closed longer ago than the installation reopens begin a new conversation, linked to the old (TK-15).
func (s *Service) tooLate(ctx context.Context, tx *db.Tx, f *filing, d desk.Disposition) error {
	th := f.place.Thread
	if s.Reopen <= 0 || th.TicketID == 0 || f.rule.Reopen != ReopenAlways {
		return nil
	}
	tk, err := s.ticketOf(ctx, tx, th.TicketID)
	if err != nil || tk.ID == 0 || tk.Open || tk.ClosedAt == 0 || tk.ClosedAt.Add(s.Reopen) > s.Clock.Ms() {
		return err
	}
	f.late, f.place = th, thread.Placed{By: "closed_long_ago"}
	f.late.TicketID = tk.ID
	f.rule = RuleFor(d, false)
	return nil
}

// begin opens a thread, with its ticket when there is to be one.
func (s *Service) begin(ctx context.Context, tx *db.Tx, f *filing) (desk.Thread, desk.Ticket, bool, error) {
	if f.place.Claims.ID != 0 {
		f.flag(desk.FlagStranger)
	}
	th := desk.Thread{
		ID: desk.ThreadID(tx.NewID()), InboxID: f.it.acc.InboxID, AccountID: f.it.acc.ID, Channel: f.it.acc.Channel, ContactID: f.who.contact.ID, Subject: f.in.Subject,
	}
	f.begun = true
	var tk desk.Ticket
	err := s.openingOf(ctx, tx, f, &th)
	if err != nil {
		return th, tk, false, err
	}
	isNew := false
	if f.rule.Ticket != TicketNone && (!th.Bot || f.verdict.Hold) {
		if tk, isNew, err = s.ticketFor(ctx, tx, f, th); err != nil {
			return th, tk, false, err
		}
		th.TicketID = tk.ID
	}
	if th, err = s.Threads.Open(ctx, tx, f.actor(), th); err != nil {
		return th, tk, false, err
	}
	if key := f.key(); f.it.spec.Threading != channel.ByReference && key != "" {
		err = s.Threads.BindKey(ctx, tx, f.it.acc.ID, key, th.ID)
	}
	return th, tk, isNew, err
}

// ticketFor is the ticket of a conversation that has none: a new one, the open one that it joins, or none, as the account's policy says.
func (s *Service) ticketFor(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread) (desk.Ticket, bool, error) {
	if !f.verdict.Hold { // only a ticket can be hidden
		w, err := s.wish(ctx, tx, f.it.acc, th, f.about)
		if err != nil || !w.make {
			return w.join, false, err
		}
	}
	tk, err := s.newTicket(ctx, tx, f, th)
	return tk, err == nil, err
}

// newTicket makes the ticket of a new conversation, stamped with the account's defaults (GEN-18).
func (s *Service) newTicket(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread) (desk.Ticket, error) {
	subject := f.in.Subject
	if f.who.used == UseOriginal && f.in.Forward.Subject != "" {
		subject = f.in.Forward.Subject
	}
	if strings.TrimSpace(subject) == "" {
		subject = f.in.Snippet
	}
	return s.Tickets.Create(ctx, tx, ticket.NewTicket{
		Actor: f.actor(), Subject: thread.Clean(subject), Description: thread.Clean(clipText(f.description(), 4000)), InboxID: th.InboxID, Channel: f.it.acc.Channel,
		AccountID: f.it.acc.ID, ContactID: th.ContactID, Policy: f.policy(), ThreadID: th.ID, Hidden: f.hidden(), HiddenReason: f.verdict.Reason, Hints: f.languages(),
	})
}

// languages are those that the mail and the browser state.
func (f *filing) languages() []string {
	out := []string{f.in.Language}
	if f.in.Live != nil {
		out = append(out, f.in.Live.Locale)
	}
	return out
}

// hidden is how a new ticket begins: held back, or like any other.
func (f *filing) hidden() desk.Hidden {
	if f.verdict.Hold {
		return desk.HiddenSpam
	}
	return desk.HiddenNo
}

func clipText(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// keep finds the ticket of a thread that goes on: the one a merge left, restored from the trash and reopened where the table says so; made anew when
// there is none and the policy wants one (GEN-06, TK-15).
func (s *Service) keep(ctx context.Context, tx *db.Tx, f *filing, th *desk.Thread) (desk.Ticket, bool, error) {
	tk, err := s.ticketOf(ctx, tx, th.TicketID)
	if err != nil {
		return tk, false, err
	}
	if tk.ID == 0 {
		return s.first(ctx, tx, f, th)
	}
	if tk.ID != th.TicketID {
		if *th, err = s.Threads.MoveToTicket(ctx, tx, desk.System, th.ID, tk.ID, "merged"); err != nil {
			return tk, false, err
		}
	}
	if tk.Snoozed && f.rule.Counts {
		f.cause = routing.Woken
	}
	if f.back {
		f.cause = routing.Restored
		if tk, err = s.bringBack(ctx, tx, f, tk); err != nil {
			return tk, false, err
		}
	}
	reopen := f.rule.Reopen == ReopenAlways || f.rule.Reopen == ReopenAsker && th.ContactID == 0
	if !reopen {
		return tk, false, nil
	}
	if tk.Hidden == desk.HiddenTrash {
		none := desk.HiddenNo
		f.cause = routing.Restored
		if tk, err = s.Tickets.Update(ctx, tx, f.actor(), tk.ID, ticket.Change{Hidden: &none, Reason: "restored_by_reply"}); err != nil {
			return tk, false, wrap("restore", err)
		}
	}
	if !tk.Open {
		f.cause = routing.Reopened
		tk, err = s.Tickets.Reopen(ctx, tx, f.actor(), tk.ID, "reopened_by_reply")
	}
	return tk, false, wrap("reopen", err)
}

// first gives a thread that has no ticket its first one, when the policy wants it and the table makes one.
func (s *Service) first(ctx context.Context, tx *db.Tx, f *filing, th *desk.Thread) (tk desk.Ticket, made bool, err error) {
	if f.rule.Reopen == ReopenAlways && th.Hidden == desk.HiddenTrash { // as with tickets: who writes again brings it back
		if _, err := s.Threads.Hide(ctx, tx, f.actor(), th.ID, desk.HiddenNo); err != nil {
			return tk, false, err
		}
	}
	if f.rule.Reopen == ReopenAlways && !th.Open {
		f.cause = routing.Reopened
		if err := s.Threads.SetOpen(ctx, tx, th.ID, true); err != nil {
			return tk, false, err
		}
	}
	if f.rule.Ticket == TicketNone || !f.rule.Counts || th.Bot && !f.verdict.Hold {
		return tk, false, nil
	}
	if tk, made, err = s.ticketFor(ctx, tx, f, *th); err != nil || tk.ID == 0 {
		return tk, false, err
	}
	f.owner, f.team = th.OwnerID, th.TeamID
	reason := ""
	if !made {
		reason = joinedTopic
	}
	*th, err = s.Threads.MoveToTicket(ctx, tx, f.actor(), th.ID, tk.ID, reason)
	return tk, made && err == nil, err
}

// ticketOf reads a ticket, following merges; the zero ticket when it is gone.
func (s *Service) ticketOf(ctx context.Context, tx *db.Tx, id desk.TicketID) (desk.Ticket, error) {
	for range 16 {
		if id == 0 {
			break
		}
		tk, err := s.Tickets.Get(ctx, tx, id)
		if desk.CodeOf(err) == desk.NotFound {
			break
		}
		if err != nil || tk.MergedInto == 0 {
			return tk, wrap("ticket", err)
		}
		id = tk.MergedInto
	}
	return desk.Ticket{}, nil
}

// join makes one thread of two: an answer had begun the one before the message that it answers came, and that message belongs to the other. The older
// stays, unless only the younger was answered; when people have answered in both, both stay, linked.
func (s *Service) join(ctx context.Context, tx *db.Tx, a, b desk.Thread) (desk.Thread, error) {
	answeredA, err := s.Threads.Answered(ctx, tx, a.ID)
	if err != nil {
		return b, err
	}
	answeredB, err := s.Threads.Answered(ctx, tx, b.ID)
	if err != nil {
		return b, err
	}
	if answeredA && answeredB {
		if a.TicketID == 0 || b.TicketID == 0 || a.TicketID == b.TicketID {
			return b, nil
		}
		err := s.Tickets.Link(ctx, tx, desk.TicketLink{TicketID: b.TicketID, OtherID: a.TicketID, Kind: ticket.LinkRelated, Reason: "A message connects both conversations, and both were answered."})
		return b, wrap("link", err)
	}
	into, from := a, b
	if answeredB || !answeredA && b.ID < a.ID {
		into, from = b, a
	}
	left, err := s.Threads.Absorb(ctx, tx, from, into)
	if err != nil {
		return into, err
	}
	if from.TicketID != 0 && into.TicketID == 0 { // the ticket follows its conversation
		return s.Threads.MoveToTicket(ctx, tx, desk.System, into.ID, from.TicketID, "joined")
	}
	if from.TicketID != 0 && from.TicketID != into.TicketID && left == 0 {
		if err := s.Tickets.Absorb(ctx, tx, desk.System, from.TicketID, into.TicketID, "one conversation"); err != nil {
			return into, wrap("merge", err)
		}
	}
	return s.Threads.Lock(ctx, tx, into.ID)
}

// changedSubject tells whether a mail speaks of something else than its thread, apart from Re: and the like.
func changedSubject(old, now string) bool {
	old, now = BareSubject(old), BareSubject(now)
	return old != "" && now != "" && old != now
}

// BareSubject is a subject without its reply and forward marks, in lower case, for comparison only.
func BareSubject(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	for {
		mark, rest, ok := strings.Cut(s, ":")
		mark = strings.TrimRight(strings.TrimSpace(mark), "0123456789[]()^")
		if !ok || !replyMarks[mark] {
			return strings.TrimSpace(s)
		}
		s = strings.TrimSpace(rest)
	}
}

var replyMarks = map[string]bool{}

func init() {
	for _, m := range strings.Fields("re fw fwd aw wg sv vs vb vl tr rv rif i r ref odp pd res enc antw doorst ynt ilt atb на отв пересл 回复 转发 答复 回覆 轉寄") {
		replyMarks[m] = true
	}
}
