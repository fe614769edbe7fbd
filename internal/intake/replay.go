package intake

import (
	"context"
	"database/sql"
	"errors"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Replay files an entry again, from its original, through the same code as a fresh arrival. A set-aside entry stays set aside, with the new reason, when it
// fails again; the error says so. An entry that was ignored is filed as an ordinary message that is never answered automatically: somebody asked for it. An
// entry that is filed already is a Conflict.
func (s *Service) Replay(ctx context.Context, id desk.RawID) (Entry, error) {
	raw, sha, err := s.loadRaw(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	it := &item{raw: raw, dedupe: raw.Dedupe, at: desk.At(raw.At), blob: sha, id: id, fresh: true}
	if err := s.account(ctx, it); err != nil {
		return Entry{}, err
	}
	if it.fault == nil {
		s.parse(ctx, it)
		if err := s.blank(ctx, it); err != nil {
			return Entry{}, s.unavailable("blank", err)
		}
	}
	if err := s.store(ctx, it); err != nil {
		return Entry{}, s.unavailable("store", err)
	}
	var fault error
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		fault = nil
		state, err := s.replayable(ctx, tx, id)
		if err != nil {
			return err
		}
		it.force, err = state == StateIgnored, it.fault
		if err == nil {
			err = tx.Savepoint(ctx, func(ctx context.Context) error { return s.apply(ctx, tx, it) })
		}
		if err != nil {
			if db.IsMachine(err) {
				return err
			}
			fault = err
			return s.setAside(ctx, tx, it, err)
		}
		_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvInboundReplayed, Inbox: it.acc.InboxID, Data: event.Data(map[string]any{"raw_id": id})})
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	e, err := s.Get(ctx, id)
	if err == nil && fault != nil {
		err = desk.Errorf(desk.Conflict, "inbound.replay_failed", "It still cannot be filed: %s", e.Reason).Because(fault)
	}
	return e, err
}

// replayable holds the entry, says how it stands and refuses one that is filed.
func (s *Service) replayable(ctx context.Context, tx *db.Tx, id desk.RawID) (state string, err error) {
	err = tx.QueryRow(ctx, "SELECT state FROM inbound_raw WHERE id = $1"+tx.ForUpdate(), id).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return state, missing(err)
	}
	if err != nil {
		return state, wrap("replay", err)
	}
	if state != StateSetAside && state != StateIgnored {
		return state, desk.Errorf(desk.Conflict, "inbound.filed", "This entry is filed already.")
	}
	return state, nil
}

// CorrectSender files a forwarded mail under the other contact: the original sender's or the forwarder's (EM-27). When the message began its thread, the thread
// and its ticket follow. Records sender.corrected.
func (s *Service) CorrectSender(ctx context.Context, actor desk.Actor, id desk.MessageID, use string) (desk.Message, error) {
	if use != UseOriginal && use != UseForwarder {
		return desk.Message{}, desk.Errorf(desk.Invalid, "sender.use_unknown", "A forward is filed under its original sender or its forwarder.").In("use")
	}
	var out desk.Message
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		out, err = s.correct(ctx, tx, actor, id, use)
		return err
	})
	return out, err
}

func (s *Service) correct(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.MessageID, use string) (desk.Message, error) {
	m, err := s.Threads.Message(ctx, tx, id)
	if err != nil {
		return m, err
	}
	if m.Forward == nil || !m.Forward.Is {
		return m, desk.Errorf(desk.Conflict, "sender.not_forwarded", "This message was not forwarded.")
	}
	th, err := s.Threads.Lock(ctx, tx, m.ThreadID)
	if err != nil {
		return m, err
	}
	if m.Forward.Used == use {
		return m, nil
	}
	party := m.Forward.By
	if party.Address == "" {
		party = m.From
	}
	if use == UseOriginal {
		party = m.Forward.Original
	}
	before := m.ContactID
	if m.ContactID, m.Actor, err = s.senderIs(ctx, tx, party, m.CreatedAt); err != nil {
		return m, err
	}
	fw := *m.Forward
	fw.Used, m.Forward = use, &fw
	if err := s.Threads.SetSender(ctx, tx, m.ID, m.ContactID, m.Actor, m.Forward); err != nil {
		return m, err
	}
	if use == UseOriginal {
		if err := s.Threads.AddParties(ctx, tx, th.ID, []desk.Party{party}); err != nil {
			return m, err
		}
	}
	if err := s.follow(ctx, tx, actor, th, m); err != nil {
		return m, err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{
		Type: desk.EvSenderCorrected, Actor: actor, TicketID: m.TicketID, ThreadID: m.ThreadID, Message: m.ID, Contact: m.ContactID, Inbox: th.InboxID,
		Data: event.Data(map[string]any{"message_id": m.ID, "from_contact": before, "to_contact": m.ContactID, "to": use}),
	})
	return m, err
}

// senderIs is the contact of a party, or the colleague, who gets none (EM-37).
func (s *Service) senderIs(ctx context.Context, tx *db.Tx, p desk.Party, at desk.Time) (desk.ContactID, desk.Actor, error) {
	known, err := s.Contacts.Who(ctx, tx, kindOf(p), p.Address)
	if err != nil {
		return 0, desk.Actor{}, err
	}
	if known.Ours {
		if known.User != 0 {
			return 0, desk.ByUser(known.User), nil
		}
		return 0, desk.System, nil
	}
	c, _, err := s.Contacts.Resolve(ctx, tx, p, "inbound", at)
	if desk.CodeOf(err) == desk.Invalid {
		return 0, desk.Actor{}, desk.Errorf(desk.Conflict, "sender.unknown", "The address of that sender is not in the mail.")
	}
	return c.ID, desk.ByContact(c.ID), err
}

func kindOf(p desk.Party) desk.AddressKind {
	if p.Kind == "" {
		return desk.AddrEmail
	}
	return p.Kind
}

// follow moves the thread and its ticket to the corrected contact when the message is the one that began them.
func (s *Service) follow(ctx context.Context, tx *db.Tx, actor desk.Actor, th desk.Thread, m desk.Message) error {
	first, err := s.Threads.First(ctx, tx, th.ID)
	if err != nil || first != m.ID {
		return err
	}
	if err := s.Threads.SetContact(ctx, tx, th.ID, m.ContactID); err != nil {
		return err
	}
	if th.TicketID == 0 {
		return nil
	}
	_, err = s.Tickets.Update(ctx, tx, actor, th.TicketID, ticket.Change{ContactID: &m.ContactID})
	return wrap("ticket", err)
}
