package triage

import (
	"context"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Move takes a ticket to another inbox with its conversations (WS-18). An owner or a team that cannot see the new inbox loses it. The answers go on leaving by the
// account that the customer wrote to, and what the customer answers joins as before.
func (s *Service) Move(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, to desk.InboxID) error {
	box, err := s.liveInbox(ctx, tx, to)
	if err != nil {
		return err
	}
	held, err := s.Threads.LockOfTickets(ctx, tx, id)
	if err != nil {
		return err
	}
	t, err := s.Tickets.Lock(ctx, tx, id)
	if err != nil || t.InboxID == to {
		return err
	}
	if err := s.loosen(ctx, tx, actor, t, box); err != nil {
		return err
	}
	for _, th := range held[id] {
		if err := s.Threads.MoveToInbox(ctx, tx, th.ID, to); err != nil {
			return err
		}
	}
	if _, err = s.Tickets.SetInbox(ctx, tx, actor, id, to); err != nil {
		return err
	}
	_, err = s.Assign.Settle(ctx, tx, id, routing.Moved)
	return err
}

func (s *Service) liveInbox(ctx context.Context, tx *db.Tx, id desk.InboxID) (desk.Inbox, error) {
	box, err := s.Inboxes.Inbox(ctx, tx, id)
	if err == nil {
		_, err = s.Inboxes.InboxBySlug(ctx, tx, box.Slug) // an archived one is not found by its name
	}
	if code := desk.CodeOf(err); code == desk.NotFound || code == desk.Invalid {
		return box, desk.Errorf(desk.Invalid, desk.ReasonOf(err), "%s", desk.PublicOf(err)).In("inbox_id")
	}
	return box, err
}

// loosen takes the ticket from an owner or a team that has no access to an inbox.
func (s *Service) loosen(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Ticket, box desk.Inbox) error {
	owner, team := t.OwnerID, t.TeamID
	if owner != 0 {
		u, err := s.People.Get(ctx, tx, owner)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return err
		}
		if err != nil || !access.Member(box.Access, u) {
			owner = 0
		}
	}
	if team != 0 && !box.Access.Everyone && !slices.Contains(box.Access.Teams, team) {
		team = 0
	}
	_, err := s.Assign.Manual(ctx, tx, actor, t.ID, owner, team)
	return err
}

// MoveThread takes a conversation without a ticket to another inbox. A help desk works by tickets, so there it gets one. Whoever has the conversation has it, or its ticket,
// afterwards, unless they cannot see the new inbox (IH-10).
func (s *Service) MoveThread(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, to desk.InboxID) (desk.Thread, error) {
	box, err := s.liveInbox(ctx, tx, to)
	if err != nil {
		return desk.Thread{}, err
	}
	th, err := s.Threads.Lock(ctx, tx, id)
	if err != nil || th.InboxID == to {
		return th, err
	}
	if th.TicketID != 0 {
		return th, desk.Errorf(desk.Conflict, "thread.has_ticket", "This conversation has a ticket. Move the ticket.")
	}
	if err := s.Threads.MoveToInbox(ctx, tx, th.ID, to); err != nil {
		return th, err
	}
	th.InboxID = to
	if box.Kind != desk.KindHelpdesk {
		if (th.OwnerID != 0 || th.TeamID != 0) && s.Assign.May(ctx, tx, to, th.OwnerID, th.TeamID) != nil {
			if th, err = s.Threads.Assign(ctx, tx, actor, th.ID, 0, 0); err != nil {
				return th, err
			}
		}
		return th, s.Threads.TellMoved(ctx, tx, actor, th)
	}
	had := th
	t, err := s.Tickets.Create(ctx, tx, ticket.NewTicket{Actor: actor, Subject: th.Subject, InboxID: to, Channel: th.Channel, AccountID: th.AccountID, ContactID: th.ContactID, ThreadID: th.ID})
	if err != nil {
		return th, err
	}
	if th, err = s.Threads.MoveToTicket(ctx, tx, actor, th.ID, t.ID, "ticket_opened"); err != nil {
		return th, err
	}
	if err := s.retally(ctx, tx, t.ID); err != nil {
		return th, err
	}
	if had.OwnerID != 0 || had.TeamID != 0 {
		if _, err := s.Assign.Inherit(ctx, tx, actor, t, had.OwnerID, had.TeamID); err != nil {
			return th, err
		}
	}
	_, err = s.Assign.Settle(ctx, tx, t.ID, routing.Moved)
	return th, err
}

const maxNote = 20_000

// Transfer gives a ticket to somebody else, a team or both, with a word about it that the customer never sees (WS-26): the assignment and a comment in one step. What is
// not named is taken away: it is theirs now.
func (s *Service) Transfer(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, owner desk.UserID, team desk.TeamID, note string) error {
	if owner == 0 && team == 0 {
		return desk.Errorf(desk.Invalid, "transfer.nobody", "Say who is to have it: a person or a team.").In("owner_id")
	}
	note = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(note, "\uFFFD"), "\x00", ""))
	if len(note) > maxNote {
		return desk.Errorf(desk.TooLarge, "transfer.note_too_long", "A note may have at most %d characters.", maxNote).In("note")
	}
	held, err := s.Threads.LockOfTickets(ctx, tx, id)
	if err != nil {
		return err
	}
	if note != "" {
		threads := held[id]
		if len(threads) == 0 {
			return desk.Errorf(desk.Conflict, "transfer.no_conversation", "This ticket has no conversation yet, so there is nowhere to keep a note. Assign it without one.").In("note")
		}
		th := threads[0]
		for _, x := range threads { // the one that is going on
			if x.LastMessageAt > th.LastMessageAt {
				th = x
			}
		}
		m, err := s.Threads.Append(ctx, tx, desk.Message{ThreadID: th.ID, TicketID: id, Kind: desk.KindComment, Channel: th.Channel, AccountID: th.AccountID, Actor: actor, Text: note, Truncation: desk.NotTruncated, Client: "workspace"})
		if err != nil {
			return err
		}
		if err := s.Tickets.NoteMessage(ctx, tx, id, m); err != nil {
			return err
		}
		if err := s.AutoFollow(ctx, tx, m); err != nil {
			return err
		}
	}
	_, err = s.Assign.Manual(ctx, tx, actor, id, owner, team)
	return err
}

// What marking as spam may deny for the future (EM-35).
const (
	BlockNone   = "none"
	BlockSender = "sender"
	BlockDomain = "domain"
)

// reasonBlocked says of a ticket in spam that its sender was denied with it.
const reasonBlocked = "blocked"

// MarkSpam moves a ticket to spam. block denies who wrote it, or everybody of their domain, from now on; it answers the value that was denied.
func (s *Service) MarkSpam(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, block string) (string, error) {
	blocks := block != "" && block != BlockNone
	reason := ""
	if blocks {
		reason = reasonBlocked
	}
	if err := s.hide(ctx, tx, actor, id, desk.HiddenSpam, reason); err != nil || !blocks {
		return "", err
	}
	return s.Block(ctx, tx, actor, id, block)
}

// Block denies the sender of a ticket, or their domain.
func (s *Service) Block(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, block string) (string, error) {
	from, err := s.Threads.Sender(ctx, tx, id)
	if err != nil {
		return "", err
	}
	return s.deny(ctx, tx, actor, from, block)
}

func (s *Service) deny(ctx context.Context, tx *db.Tx, actor desk.Actor, from, block string) (string, error) {
	if from == "" {
		return "", desk.Errorf(desk.Conflict, "spam.no_sender", "Nobody has written here whom one could block.").In("block")
	}
	value := from
	if block == BlockDomain {
		_, domain, ok := strings.Cut(from, "@")
		if !ok {
			return "", desk.Errorf(desk.Invalid, "spam.no_domain", "%s has no domain. Block the sender.", from).In("block")
		}
		value = domain
	}
	rule, err := spam.Read(value, spam.Deny, "")
	if err == nil {
		rule, err = s.Senders.Put(ctx, tx, actor, rule)
	}
	if code := desk.CodeOf(err); err != nil && code == desk.Invalid {
		return "", desk.Errorf(desk.Invalid, desk.ReasonOf(err), "%s", desk.PublicOf(err)).In("block")
	}
	return rule.Value, err
}

// NotSpam brings a ticket back from spam, as old as it is, and gives it an owner by its account's rule when it never was decided (EM-36). allow lets its sender through
// from now on; otherwise a rule that denies the sender or their domain stays, unless unblock takes it away.
func (s *Service) NotSpam(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, allow, unblock bool) error {
	if _, err := s.Tickets.Lock(ctx, tx, id); err != nil {
		return err
	}
	if err := s.Restore(ctx, tx, actor, id); err != nil {
		return err
	}
	if !allow && !unblock {
		return nil
	}
	from, err := s.Threads.Sender(ctx, tx, id)
	if err != nil || from == "" {
		return err
	}
	if unblock {
		if err := s.unblock(ctx, tx, actor, from); err != nil {
			return err
		}
	}
	if !allow {
		return nil
	}
	rule, err := spam.Read(from, spam.Allow, "")
	if err != nil {
		return err
	}
	_, err = s.Senders.Put(ctx, tx, actor, rule)
	return err
}

// unblock removes what denies a sender.
func (s *Service) unblock(ctx context.Context, tx *db.Tx, actor desk.Actor, from string) error {
	rules, _, err := s.Senders.For(ctx, tx, []string{from})
	if err != nil {
		return err
	}
	for _, r := range rules {
		if r.Action != spam.Deny {
			continue
		}
		if err := s.Senders.Remove(ctx, tx, actor, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// Trash moves a ticket to the trash, from which it can come back for thirty days (WS-29).
func (s *Service) Trash(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID) error {
	return s.hide(ctx, tx, actor, id, desk.HiddenTrash, "")
}

// Restore brings a ticket back from spam or trash.
func (s *Service) Restore(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID) error {
	if err := s.hide(ctx, tx, actor, id, desk.HiddenNo, ""); err != nil {
		return err
	}
	_, err := s.Assign.Settle(ctx, tx, id, routing.Restored)
	return err
}

func (s *Service) hide(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, h desk.Hidden, reason string) error {
	_, err := s.Tickets.Update(ctx, tx, actor, id, ticket.Change{Hidden: &h, HiddenReason: reason})
	return err
}

// HideThread moves a conversation without a ticket to spam or trash, or back with an empty value. block denies its sender as MarkSpam does.
func (s *Service) HideThread(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, h desk.Hidden, block string) (desk.Thread, error) {
	th, err := s.bare(ctx, tx, id)
	if err != nil {
		return th, err
	}
	if th, err = s.Threads.Hide(ctx, tx, actor, th.ID, h); err != nil || h != desk.HiddenSpam || block == "" || block == BlockNone {
		return th, err
	}
	from, err := s.Threads.SenderIn(ctx, tx, th.ID)
	if err != nil {
		return th, err
	}
	_, err = s.deny(ctx, tx, actor, from, block)
	return th, err
}

// RestoreThread brings a conversation without a ticket back from spam or trash; unblock takes what denies its sender off the list.
func (s *Service) RestoreThread(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, unblock bool) (desk.Thread, error) {
	th, err := s.HideThread(ctx, tx, actor, id, desk.HiddenNo, "")
	if err == nil && th.OwnerID == 0 && th.Open && th.AccountID != 0 {
		var acc desk.ChannelAccount
		if acc, err = s.Inboxes.Account(ctx, tx, th.AccountID); err == nil {
			_, err = s.Assign.AssignThread(ctx, tx, th, acc, routing.Restored)
		} else if desk.CodeOf(err) == desk.NotFound {
			err = nil
		}
		if err == nil {
			th, err = s.Threads.Get(ctx, tx, id)
		}
	}
	if err != nil || !unblock {
		return th, err
	}
	from, err := s.Threads.SenderIn(ctx, tx, th.ID)
	if err != nil || from == "" {
		return th, err
	}
	return th, s.unblock(ctx, tx, actor, from)
}

// TurnThread closes or reopens a conversation without a ticket.
func (s *Service) TurnThread(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, open bool) (desk.Thread, error) {
	th, err := s.bare(ctx, tx, id)
	if err != nil {
		return th, err
	}
	return s.Threads.Turn(ctx, tx, actor, th.ID, open)
}

// AssignThread gives a conversation without a ticket to somebody who can see its inbox, or to a team, or to nobody.
func (s *Service) AssignThread(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, owner desk.UserID, team desk.TeamID) (desk.Thread, error) {
	th, err := s.bare(ctx, tx, id)
	if err != nil {
		return th, err
	}
	if err := s.Assign.May(ctx, tx, th.InboxID, owner, team); err != nil {
		return th, err
	}
	return s.Threads.Assign(ctx, tx, actor, th.ID, owner, team)
}

// bare locks a conversation that has no ticket.
func (s *Service) bare(ctx context.Context, tx *db.Tx, id desk.ThreadID) (desk.Thread, error) {
	th, err := s.Threads.Lock(ctx, tx, id)
	if err == nil && th.TicketID != 0 {
		err = desk.Errorf(desk.Conflict, "thread.has_ticket", "This conversation has a ticket by now. Go on there.")
	}
	return th, err
}
