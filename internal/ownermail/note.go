package ownermail

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/thread"
)

// Note looks at an event and writes a letter where one is due, in the transaction of whoever follows the log: when the engine found a contact's owner away (its decision says
// to whom), and for what the customer writes after that for as long as the owner is away and nobody else has taken it.
func (s *Service) Note(ctx context.Context, tx *db.Tx, ev desk.Event) error {
	switch ev.Type {
	case desk.EvThreadPurged:
		return s.Forget(ctx, tx, nil, []desk.ThreadID{ev.ThreadID})
	case desk.EvTicketAssigned, desk.EvThreadAssigned, desk.EvTicketQueued:
		var d struct {
			MailTo desk.UserID `json:"mail_to"`
		}
		if err := json.Unmarshal(ev.Data, &d); err != nil || d.MailTo == 0 {
			return nil
		}
		return s.first(ctx, tx, ev, d.MailTo)
	case desk.EvMessageReceived:
		return s.further(ctx, tx, ev)
	}
	return nil
}

// first is the submission itself: the newest thing that the customer said.
func (s *Service) first(ctx context.Context, tx *db.Tx, ev desk.Event, to desk.UserID) error {
	id := ev.ThreadID
	if id == 0 {
		ths, err := s.Threads.OfTicket(ctx, tx, ev.TicketID)
		if err != nil || len(ths) == 0 {
			return err
		}
		newest := ths[0]
		for _, th := range ths {
			if th.LastInboundAt >= newest.LastInboundAt {
				newest = th
			}
		}
		id = newest.ID
	}
	th, err := s.Threads.Get(ctx, tx, id)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	ms, err := s.Threads.Messages(ctx, tx, th.ID, thread.Page{Limit: 20})
	if err != nil {
		return err
	}
	for _, m := range ms {
		if customers(m) {
			return s.enqueue(ctx, tx, th, m.ID, to)
		}
	}
	return nil
}

// customers tells what a customer wrote from what machines and colleagues did.
func customers(m desk.Message) bool {
	return m.Kind == desk.KindMessage && m.Direction == desk.Incoming && (m.Disposition == "" || m.Disposition == desk.DispNormal || m.Disposition == desk.DispList) && m.Actor.UserID() == 0
}

// further is what the customer says after a letter has gone: it goes the same way while its reader is away and the work is nobody else's.
func (s *Service) further(ctx context.Context, tx *db.Tx, ev desk.Event) error {
	if ev.ThreadID == 0 || ev.Message == 0 {
		return nil
	}
	ls, err := db.All(ctx, tx, scan, "SELECT "+columns+" FROM owner_letters WHERE thread_id = $1 ORDER BY id DESC LIMIT 1", ev.ThreadID)
	if err != nil || len(ls) == 0 || ls[0].State == queued || ev.Message <= max(ls[0].First, ls[0].Last) {
		return err
	}
	th, err := s.Threads.Get(ctx, tx, ev.ThreadID)
	if err != nil {
		if desk.CodeOf(err) == desk.NotFound {
			return nil
		}
		return err
	}
	owner := th.OwnerID
	if th.TicketID != 0 {
		t, err := s.Tickets.Get(ctx, tx, th.TicketID)
		if err != nil || t.Hidden != desk.HiddenNo {
			return err
		}
		owner = t.OwnerID
	}
	acc, err := s.Inbox.Account(ctx, tx, th.AccountID)
	if err != nil || !acc.Assign.MailOwner || owner != 0 && owner != ls[0].User || th.Hidden != desk.HiddenNo {
		return err
	}
	m, err := s.Threads.Message(ctx, tx, ev.Message)
	if err != nil || !customers(m) {
		return err
	}
	return s.enqueue(ctx, tx, th, m.ID, ls[0].User)
}

// enqueue keeps one letter for a person and a message, unless the person is here by now.
func (s *Service) enqueue(ctx context.Context, tx *db.Tx, th desk.Thread, m desk.MessageID, to desk.UserID) error {
	u, err := s.People.Get(ctx, tx, to)
	if err != nil || !u.Active || u.Available {
		return err
	}
	id := tx.NewID()
	added, err := tx.Exec(ctx, `INSERT INTO owner_letters (id, user_id, ticket_id, thread_id, first_id, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (user_id, first_id) DO NOTHING`,
		id, to, th.TicketID, th.ID, m, queued, s.Clock.Ms())
	if err != nil || added == 0 {
		return err
	}
	at := s.Clock.Ms()
	if a, ok := s.Registry.Get(th.Channel); ok && a.Spec().Can.Live {
		at = at.Add(s.Gather)
	}
	_, err = s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: kind, Payload: payload{id}, UniqueKey: fmt.Sprint(id), RunAt: at})
	return err
}

type payload struct {
	Letter int64 `json:"letter_id"`
}

// sender is the team's own address that a letter comes from: the channel's, else a mailbox of the same inbox, else the installation's.
func (s *Service) sender(ctx context.Context, th desk.Thread) (desk.ChannelAccount, error) {
	mails := func(a desk.ChannelAccount) bool {
		ad, ok := s.Registry.Get(a.Channel)
		return ok && ad.Spec().Address == desk.AddrEmail && ad.Spec().Threading == channel.ByReference && a.Address != "" && a.Active && a.Authorized
	}
	acc, err := s.Inbox.Account(ctx, s.DB, th.AccountID)
	if err == nil && mails(acc) {
		return acc, nil
	}
	fallback, err := s.Inbox.Fallback(ctx, s.DB)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return acc, err
	}
	all, err := s.Inbox.Accounts(ctx, s.DB, inbox.Filter{Inbox: th.InboxID})
	if err != nil {
		return acc, err
	}
	for _, a := range all {
		if mails(a) && a.ID != fallback.ID {
			return a, nil
		}
	}
	return fallback, nil
}
