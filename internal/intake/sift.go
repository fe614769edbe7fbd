package intake

import (
	"context"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Sieve says what is held back as spam: spam.Service.
type Sieve interface {
	For(ctx context.Context, q db.Queryer, addresses []string) ([]spam.Rule, map[string]bool, error)
	Hit(ctx context.Context, tx *db.Tx, id desk.SenderRuleID) error
}

// sifted is what the sieve made of a message.
type sifted struct {
	verdict spam.Verdict
	quiet   bool        // it joins a conversation that stays hidden: nobody is told
	back    bool        // it brings a hidden conversation back (EM-36)
	apart   desk.Thread // what a denied sender answered: it does not join, it is linked
}

// held tells that nobody is to hear of the message.
func (f *filing) held() bool { return f.verdict.Hold || f.quiet }

// sift judges a message that would open or go on with a conversation (EM-35, EM-36). What an administrator files by hand is not judged, and neither is what is nobody's
// word: absence notices, delivery reports, a colleague's answer.
func (s *Service) sift(ctx context.Context, tx *db.Tx, f *filing, d desk.Disposition) error {
	if s.Sieve == nil || f.it.force || !f.rule.Counts {
		return nil
	}
	facts := spam.Facts{Addresses: f.addresses(), Marks: f.in.Marks, Spoofed: f.who.suspect, Team: f.who.ours && !f.who.suspect, Reply: f.place.Thread.ID != 0}
	rules, kinds, err := s.Sieve.For(ctx, tx, facts.Addresses)
	if err != nil {
		return wrap("sift", err)
	}
	f.verdict = spam.Judge(rules, kinds, facts)
	if r := f.verdict.Rule; r != nil {
		if err := s.Sieve.Hit(ctx, tx, r.ID); err != nil {
			return wrap("sift", err)
		}
	}
	if !facts.Reply {
		return nil
	}
	tk, err := s.ticketOf(ctx, tx, f.place.Thread.TicketID)
	if err != nil {
		return err
	}
	switch {
	case tk.Hidden == desk.HiddenSpam:
		facts.Reply = false
		return s.knock(ctx, tx, f, tk, spam.Judge(rules, kinds, facts))
	case f.verdict.Hold:
		return s.setApart(ctx, tx, f, tk, d)
	}
	return nil
}

// addresses are whose rules count: the visible sender's and, for a forward filed under who wrote it first, theirs.
func (f *filing) addresses() []string {
	out := make([]string, 0, 2)
	for _, p := range []desk.Party{f.in.From, f.who.party} {
		a := contact.Normalize(p.Kind, p.Address)
		if a != "" && (len(out) == 0 || out[0] != a) {
			out = append(out, a)
		}
	}
	return out
}

// knock is a message in a conversation that is hidden as spam. It brings the conversation back when it would not be held itself and something speaks for it: an allow rule, that
// only a machine had held the conversation, or that somebody of the team wrote to its sender since. What a person called spam stays spam otherwise.
func (s *Service) knock(ctx context.Context, tx *db.Tx, f *filing, tk desk.Ticket, v spam.Verdict) error {
	speaks := v.Allowed || spam.Automatic(tk.HiddenReason)
	if !v.Hold && !speaks {
		var err error
		if speaks, err = s.Threads.WroteSince(ctx, tx, f.place.Thread.ID, tk.HiddenAt); err != nil {
			return wrap("sift", err)
		}
	}
	if f.back = speaks && !v.Hold; !f.back {
		f.quiet, f.rule.Reopen = true, ReopenNever
	}
	return nil
}

// setApart keeps a denied sender's answer out of a conversation that others work in: it is held as one of its own, linked. Where the conversation is the sender's own, because
// the channel knows no other, it is hidden as a whole.
func (s *Service) setApart(ctx context.Context, tx *db.Tx, f *filing, tk desk.Ticket, d desk.Disposition) error {
	if f.it.spec.Threading == channel.ByReference {
		f.apart, f.place = f.place.Thread, thread.Placed{By: f.verdict.Reason}
		f.apart.TicketID = tk.ID
		f.rule = RuleFor(d, false)
		return nil
	}
	if tk.ID == 0 {
		return nil // its first ticket is made hidden
	}
	hidden := desk.HiddenSpam
	_, err := s.Tickets.Update(ctx, tx, desk.System, tk.ID, ticket.Change{Hidden: &hidden, HiddenReason: f.verdict.Reason})
	f.quiet, f.rule.Reopen = true, ReopenNever
	return wrap("hide", err)
}

// bringBack takes a ticket out of spam because of a genuine answer; settle then sees to its owner.
func (s *Service) bringBack(ctx context.Context, tx *db.Tx, f *filing, tk desk.Ticket) (desk.Ticket, error) {
	none := desk.HiddenNo
	tk, err := s.Tickets.Update(ctx, tx, f.actor(), tk.ID, ticket.Change{Hidden: &none, Reason: "restored_by_reply"})
	return tk, wrap("restore", err)
}
