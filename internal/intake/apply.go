package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// apply files everything a new item means. An item usually means one thing; what it became last is what its journal entry shows.
func (s *Service) apply(ctx context.Context, tx *db.Tx, it *item) error {
	last := outcome{state: StateIgnored, reason: "There was nothing in it to file."}
	for i := range it.in {
		o, err := s.applyOne(ctx, tx, it, &it.in[i])
		if err != nil {
			return err
		}
		last = o
	}
	if err := s.noteForward(ctx, tx, it); err != nil {
		return err
	}
	return s.conclude(ctx, tx, it, last)
}

func (s *Service) applyOne(ctx context.Context, tx *db.Tx, it *item, in *channel.Inbound) (outcome, error) {
	switch in.Kind {
	case channel.InMessage:
		return s.applyMessage(ctx, tx, it, in)
	case channel.InStatus, channel.InRead:
		return s.applyStatus(ctx, tx, it, in)
	}
	return outcome{state: StateIgnored, reason: fmt.Sprintf("This version does not file items of kind %s.", in.Kind)}, nil
}

// filing is one message on its way into a thread.
type filing struct {
	it     *item
	in     *channel.Inbound
	rule   Rule
	who    author
	ids    thread.Locked
	place  thread.Placed
	twin   thread.Seen   // the same mail in another inbox
	late   desk.Thread   // what it answers was closed too long ago
	begun  bool          // its conversation was made for it
	letter desk.ThreadID // it carries the token of a letter about this conversation, and may not answer it
	owner  desk.UserID   // who had the conversation before it got its ticket
	team   desk.TeamID
	cause  string // what became of it that asks for its owner anew: routing.Reopened, Restored, Woken
	flags  []string
	sifted
}

// applyMessage is the walk of one message: who wrote it, have we seen it, where does it belong, what does the table say, file it.
func (s *Service) applyMessage(ctx context.Context, tx *db.Tx, it *item, in *channel.Inbound) (outcome, error) {
	f := &filing{it: it, in: in, flags: slices.Clone(in.Flags)}
	var err error
	if f.who, err = s.author(ctx, tx, it, in); err != nil {
		return outcome{}, err
	}
	done, err := s.recognise(ctx, tx, f)
	if err != nil || done != nil {
		return valueOf(done), err
	}
	if in.Disposition == desk.DispVerification {
		return s.verification(ctx, tx, f)
	}
	if f.who.suspect {
		f.flag(desk.FlagSpoofSuspect)
	}
	disposition := s.disposition(f)
	if done, err := s.fromOwner(ctx, tx, f, disposition); err != nil || done != nil {
		return valueOf(done), err
	}
	if disposition == desk.DispBounce {
		return s.bounce(ctx, tx, f)
	}
	if err := s.seek(ctx, tx, f); err != nil {
		return outcome{}, err
	}
	if done, err := s.repeated(ctx, tx, f); err != nil || done != nil {
		return valueOf(done), err
	}
	// A copy of what we sent is found by its id, above: what is our own here belongs to nothing, whatever it refers to.
	f.rule = RuleFor(disposition, f.place.Thread.ID != 0 && disposition != desk.DispOwn)
	if it.force && f.rule.Files == FilesNothing {
		f.rule = RuleFor(desk.DispNormal, f.place.Thread.ID != 0)
		f.rule.Answer = false
	}
	if f.rule.Files == FilesNothing {
		return s.ignore(ctx, tx, f, disposition)
	}
	if err := s.sift(ctx, tx, f, disposition); err != nil {
		return outcome{}, err
	}
	if err := s.tooLate(ctx, tx, f, disposition); err != nil {
		return outcome{}, err
	}
	return s.fileMessage(ctx, tx, f, disposition)
}

func valueOf(o *outcome) outcome {
	if o == nil {
		return outcome{}
	}
	return *o
}

// recognise takes the item's ids and sees whether it is here already: our own message that came back, or the same mail through another account of
// this inbox (EM-33). The same id with other content goes on as a message of its own, flagged.
func (s *Service) recognise(ctx context.Context, tx *db.Tx, f *filing) (*outcome, error) {
	if f.it.spec.Threading != channel.ByReference {
		return nil, nil
	}
	if err := s.Threads.LockRemote(ctx, tx, f.in.RemoteID); err != nil {
		return nil, wrap("lock id", err)
	}
	var err error
	if f.ids, err = s.Threads.LockRefs(ctx, tx, f.it.acc.InboxID, f.in.RemoteID, f.in.Refs); err != nil {
		return nil, err
	}
	if err := s.Threads.Recall(ctx, tx, &f.ids, f.it.acc.ID, f.it.acc.Former); err != nil {
		return nil, err
	}
	return s.compare(ctx, tx, f)
}

// repeated is recognise for channels that thread by key or contact: their key is the lock, so it is asked after the thread is held.
func (s *Service) repeated(ctx context.Context, tx *db.Tx, f *filing) (*outcome, error) {
	if f.it.spec.Threading == channel.ByReference {
		return nil, nil
	}
	return s.compare(ctx, tx, f)
}

func (s *Service) compare(ctx context.Context, tx *db.Tx, f *filing) (*outcome, error) {
	seen, err := s.Threads.SeenRemote(ctx, tx, f.in.RemoteID)
	if err != nil {
		return nil, wrap("seen", err)
	}
	for _, m := range seen {
		if f.it.spec.Threading != channel.ByReference && m.AccountID != f.it.acc.ID {
			continue // another account's numbering
		}
		switch {
		case m.InboxID != f.it.acc.InboxID && f.ids.Known[f.ids.Own].Message != m.ID: // one that was moved away from here is known here still
			if m.ContentHash == f.in.ContentHash || m.Ours {
				f.twin = m
			}
		case m.Ours && (f.who.ours || f.in.Disposition != desk.DispNormal): // a list may have put its own name in From
			r := RuleFor(desk.DispOwn, true)
			return &outcome{state: r.State, disposition: desk.DispOwn, thread: m.ThreadID, ticket: m.TicketID, message: m.ID, reason: r.Why}, nil
		case m.ContentHash == f.in.ContentHash:
			return &outcome{state: StateDuplicate, disposition: f.in.Disposition, thread: m.ThreadID, ticket: m.TicketID, message: m.ID,
				reason: "The same mail is in this inbox already."}, nil
		default:
			f.flag(desk.FlagSameIDOtherContent)
		}
	}
	return nil, nil
}

func (f *filing) flag(name string) {
	if !slices.Contains(f.flags, name) {
		f.flags = append(f.flags, name)
	}
}

// disposition completes what the mail says of itself with what only the database knows: our own address, a colleague.
func (s *Service) disposition(f *filing) desk.Disposition {
	d := f.in.Disposition
	switch {
	case d == desk.DispBounce:
	case f.who.team && d == desk.DispAutoReply:
		return desk.DispOwn // an automatic mail from an address of ours: a loop, or an answer to nobody
	case d == desk.DispAutoReply:
	case f.who.ours:
		return desk.DispColleague
	}
	return d
}

// seek finds the thread. A colleague is no stranger, unless the mail failed its sender's own checks.
func (s *Service) seek(ctx context.Context, tx *db.Tx, f *filing) (err error) {
	find := thread.Find{
		Inbox: f.it.acc.InboxID, Account: f.it.acc.ID, Threading: f.it.spec.Threading, Key: f.key(), Ids: f.ids,
		Direct: direct(f.ids, f.in.InReplyTo), From: f.in.From, Others: append(slices.Clone(f.in.To), f.in.Cc...), Trusted: f.who.ours && !f.who.suspect,
	}
	if f.who.ours && f.who.suspect {
		find.From.Address = "" // whoever it was, it is nobody of the thread
	}
	find.Tokens, find.Proven = s.tokens(f.it, f.in)
	if f.letter != 0 {
		find.Tokens = append(find.Tokens, f.letter)
	}
	if f.in.Live != nil {
		find.Thread = f.in.Live.Thread
	}
	if f.place, err = s.Threads.Place(ctx, tx, find); err != nil || f.in.Live == nil {
		return err
	}
	return s.seekVisitors(ctx, tx, f)
}

// key is what joins items of a channel that threads by its own key, or by who writes.
func (f *filing) key() string {
	if f.it.spec.Threading != channel.ByContact {
		return f.in.ThreadKey
	}
	who := contact.Normalize(f.in.From.Kind, f.in.From.Address)
	if who == "" {
		who = f.in.From.Address
	}
	return "from:" + string(f.in.From.Kind) + ":" + who
}

// direct counts the leading ids that come from In-Reply-To.
func direct(ids thread.Locked, inReplyTo []string) int {
	n := 0
	for _, r := range ids.Refs {
		if !slices.ContainsFunc(inReplyTo, func(id string) bool { return thread.Ref(id) == r }) {
			break
		}
		n++
	}
	return n
}

// tokens verifies the signed tokens that the adapter found. One that stands in an address, not only in a quoted id, is proof that the writer held
// a mail of ours and answered where it said.
func (s *Service) tokens(it *item, in *channel.Inbound) (ids []desk.ThreadID, proven bool) {
	signer, ok := it.adapter.(channel.Tokener)
	if !ok {
		return nil, false
	}
	for _, tok := range in.Tokens {
		id, ok := signer.VerifyToken(tok)
		if !ok {
			continue
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		proven = proven || named(it.raw.Envelope.To, tok) || !named(in.Refs, tok)
	}
	return ids, proven
}

func named(list []string, token string) bool {
	token = strings.ToLower(token)
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(strings.ToLower(s), token) })
}

// ignore leaves an item in the journal, with the reason.
func (s *Service) ignore(ctx context.Context, tx *db.Tx, f *filing, d desk.Disposition) (outcome, error) {
	o := outcome{state: f.rule.State, disposition: d, thread: f.place.Thread.ID, ticket: f.place.Thread.TicketID, reason: f.rule.Why}
	ev := desk.Event{Type: desk.EvInboundIgnored, Inbox: f.it.acc.InboxID, Data: event.Data(map[string]any{"raw_id": f.it.id, "reason": f.rule.Why, "disposition": d})}
	if d == desk.DispOwn {
		ev.Type = desk.EvMailForwardDropped
	}
	_, err := s.Events.Record(ctx, tx, ev)
	return o, err
}

// fileMessage does what the table says for a message that is filed.
func (s *Service) fileMessage(ctx context.Context, tx *db.Tx, f *filing, d desk.Disposition) (outcome, error) {
	if err := s.contactFor(ctx, tx, f); err != nil {
		return outcome{}, err
	}
	th, tk, isNew, err := s.home(ctx, tx, f)
	if err != nil {
		return outcome{}, err
	}
	if err := s.began(ctx, tx, f, th); err != nil {
		return outcome{}, err
	}
	m, err := s.append(ctx, tx, f, th, d)
	if err != nil {
		return outcome{}, err
	}
	if tk.ID != 0 {
		if err := s.afterwards(ctx, tx, f, tk, m, isNew); err != nil {
			return outcome{}, err
		}
	}
	if err := s.settle(ctx, tx, f, th, tk, isNew); err != nil {
		return outcome{}, err
	}
	if err := errors.Join(s.mailed(ctx, tx, f, th), s.took(ctx, tx, f, th, m), s.submitted(ctx, tx, f, m)); err != nil {
		return outcome{}, err
	}
	if f.held() {
		return outcome{state: f.rule.State, disposition: d, thread: m.ThreadID, ticket: m.TicketID, message: m.ID, reason: f.by()}, nil
	}
	if err := s.claim(ctx, tx, f, th, m); err != nil {
		return outcome{}, err
	}
	return outcome{state: f.rule.State, disposition: d, thread: m.ThreadID, ticket: m.TicketID, message: m.ID, reason: f.by()}, nil
}

// by says in a word how the thread was found.
func (f *filing) by() string {
	if f.place.By == "" {
		return "new"
	}
	return f.place.By
}

// afterwards updates the ticket: what lists show, the owner of a new one, and a link to its twin in another inbox.
func (s *Service) afterwards(ctx context.Context, tx *db.Tx, f *filing, tk desk.Ticket, m desk.Message, isNew bool) error {
	if isNew && f.rule.Assign && !f.held() {
		if err := s.give(ctx, tx, f.it.acc, tk, f.owner, f.team); err != nil {
			return err
		}
	}
	seen := m
	if !f.rule.Counts && m.Direction == desk.Incoming {
		seen.Kind = desk.KindSystem // activity, and not the customer's word
	}
	if err := s.Tickets.NoteMessage(ctx, tx, tk.ID, seen); err != nil {
		return wrap("ticket", err)
	}
	for _, l := range []struct {
		to  desk.TicketID
		why string
	}{{f.late.TicketID, "It answers a ticket that was closed long ago."}, {f.apart.TicketID, "It answers this ticket, and its sender is on the deny list."}} {
		if l.to == 0 || !isNew {
			continue
		}
		err := s.Tickets.Link(ctx, tx, desk.TicketLink{TicketID: tk.ID, OtherID: l.to, Kind: ticket.LinkRelated, MessageID: m.ID, Reason: l.why})
		if err != nil {
			return wrap("link", err)
		}
	}
	if f.twin.TicketID == 0 || f.twin.TicketID == tk.ID {
		return nil
	}
	err := s.Tickets.Link(ctx, tx, desk.TicketLink{TicketID: tk.ID, OtherID: f.twin.TicketID, Kind: ticket.LinkSameMail, MessageID: m.ID, Reason: "The same mail was sent to both inboxes."})
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	return wrap("link", err)
}

// claim tells of a stranger's mail that refers to a thread it does not join: linked, one click to join.
func (s *Service) claim(ctx context.Context, tx *db.Tx, f *filing, th desk.Thread, m desk.Message) error {
	other := f.place.Claims
	if other.ID == 0 {
		return nil
	}
	const reason = "It answers a message of the other ticket, but its sender was never in that conversation."
	if th.TicketID != 0 && other.TicketID != 0 && th.TicketID != other.TicketID {
		err := s.Tickets.Link(ctx, tx, desk.TicketLink{TicketID: th.TicketID, OtherID: other.TicketID, Kind: ticket.LinkClaims, MessageID: m.ID, Reason: reason})
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return wrap("link", err)
		}
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{
		Type: desk.EvThreadClaimed, TicketID: th.TicketID, ThreadID: th.ID, Message: m.ID, Contact: th.ContactID, Inbox: th.InboxID,
		Data: event.Data(map[string]any{"claims_ticket": other.TicketID, "claims_thread": other.ID, "message_id": m.ID, "reason": reason, "by": f.place.ClaimsBy}),
	})
	return err
}
