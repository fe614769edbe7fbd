package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/thread"
)

// bounce applies a delivery report (EM-32): the message it is about is marked, recipient by recipient, and the report stands beside it as a
// note. One that is about nothing we sent stays in the journal.
func (s *Service) bounce(ctx context.Context, tx *db.Tx, f *filing) (outcome, error) {
	id, err := s.returned(ctx, tx, f)
	if err != nil {
		return outcome{}, err
	}
	f.rule = RuleFor(desk.DispBounce, id != 0)
	if id == 0 {
		if f.it.force {
			f.rule = RuleFor(desk.DispNormal, false)
			f.rule.Answer = false
			return s.fileMessage(ctx, tx, f, desk.DispBounce)
		}
		return s.ignore(ctx, tx, f, desk.DispBounce)
	}
	sent, err := s.Threads.Message(ctx, tx, id)
	if err != nil {
		return outcome{}, err
	}
	th, err := s.Threads.Lock(ctx, tx, sent.ThreadID)
	if err != nil {
		return outcome{}, err
	}
	if err := s.markReturned(ctx, tx, id, f.in.Bounce); err != nil {
		return outcome{}, err
	}
	m := desk.Message{
		ThreadID: th.ID, Kind: desk.KindSystem, Channel: f.it.acc.Channel, AccountID: f.it.acc.ID, Actor: desk.System, From: f.in.From, Recipients: recipients(f.in),
		Subject: f.in.Subject, Text: f.in.Text, QuotedText: f.in.QuotedText, HTML: f.in.HTML, QuotedHTML: f.in.QuotedHTML, Truncation: f.in.Truncation, RemoteID: f.in.RemoteID,
		InReplyTo: id, RawID: f.it.id, Disposition: desk.DispBounce, Flags: f.flags, Auth: f.it.raw.Auth, Status: desk.StatusReceived, Client: f.it.acc.Channel,
		SentAt: f.it.sentAt(f.in.SentAt),
	}
	for _, a := range f.in.Attachments {
		m.Attachments = append(m.Attachments, desk.Attachment{Name: a.Name, Type: a.Type, Size: a.Size, SHA256: a.SHA256, Inline: a.Inline, ContentID: a.ContentID})
	}
	m, err = s.Threads.AppendWith(ctx, tx, m, thread.Extra{ContentHash: f.in.ContentHash, Ids: &f.ids, AutoReply: f.autoReply(), ThreadedBy: "bounce", Quiet: !f.rule.Notify, Data: f.in.Bounce})
	if err != nil {
		return outcome{}, err
	}
	if th.TicketID != 0 {
		if err := s.Tickets.NoteMessage(ctx, tx, th.TicketID, m); err != nil && desk.CodeOf(err) != desk.NotFound {
			return outcome{}, wrap("ticket", err)
		}
	}
	return outcome{state: f.rule.State, disposition: desk.DispBounce, thread: th.ID, ticket: th.TicketID, message: m.ID, reason: "bounce"}, nil
}

// returned finds the message that a report is about: by its id, by what the report refers to, or by our token and the recipient.
func (s *Service) returned(ctx context.Context, tx *db.Tx, f *filing) (desk.MessageID, error) {
	ids := append([]string{}, f.in.Refs...)
	if f.in.Bounce != nil {
		ids = append([]string{f.in.Bounce.OriginalMessageID}, ids...)
	}
	for i, ref := range ids {
		if i > thread.MaxRefs {
			break
		}
		id, _, err := s.Threads.Sent(ctx, tx, ref, 0)
		if err != nil || id != 0 {
			return id, wrap("bounce", err)
		}
	}
	threads, _ := s.tokens(f.it, f.in)
	if f.in.Bounce == nil {
		return 0, nil
	}
	for _, th := range threads {
		for i, r := range f.in.Bounce.Recipients {
			if i > 20 {
				break
			}
			id, err := s.Threads.SentTo(ctx, tx, th, r.Address)
			if err != nil || id != 0 {
				return id, wrap("bounce", err)
			}
		}
	}
	return 0, nil
}

// markReturned moves recipients to failed or delivered. A delay is only a note. A report counts for the recipients that it names and that the message
// had: whoever has seen a message's id can write a report about it, so one that names nobody of ours, or nobody, changes no state. It
// stands beside the message all the same, where a person reads it.
func (s *Service) markReturned(ctx context.Context, tx *db.Tx, id desk.MessageID, b *channel.Bounce) error {
	if b == nil {
		return nil
	}
	ds, err := s.Threads.Deliveries(ctx, tx, id)
	if err != nil || len(ds) == 0 {
		return err
	}
	for _, r := range b.Recipients {
		to := contact.Normalize(desk.AddrEmail, r.Address)
		if to == "" || !slices.ContainsFunc(ds, func(d thread.Delivery) bool { return d.Recipient == to }) {
			continue
		}
		state := desk.StatusFailed
		switch strings.ToLower(r.Action) {
		case "delivered":
			state = desk.StatusDelivered
		case "delayed", "relayed", "expanded":
			continue
		}
		if _, err := s.Threads.MarkStatus(ctx, tx, id, to, state, r.Status, diagnostic(r)); err != nil {
			return wrap("mark", err)
		}
	}
	return nil
}

func diagnostic(r channel.BounceRecipient) string {
	switch {
	case r.Diagnostic != "":
		return r.Diagnostic
	case r.Status != "":
		return fmt.Sprintf("The receiving side reported %s.", r.Status)
	}
	return "The receiving side did not take the message."
}

// applyStatus applies a provider's receipt. One that came before our own settle is kept and applied then.
func (s *Service) applyStatus(ctx context.Context, tx *db.Tx, it *item, in *channel.Inbound) (outcome, error) {
	st := in.Status
	if st == nil && in.Kind == channel.InRead {
		st = &channel.Status{State: desk.StatusRead}
	}
	if st == nil || len(in.Refs) == 0 {
		return outcome{state: StateIgnored, reason: "A receipt that names no message."}, nil
	}
	if err := s.Threads.LockRemote(ctx, tx, in.Refs[0]); err != nil { // the settle that names the message waits, or was first
		return outcome{}, wrap("receipt", err)
	}
	id, th, err := s.Threads.Sent(ctx, tx, in.Refs[0], it.acc.ID)
	if err != nil {
		return outcome{}, wrap("receipt", err)
	}
	if id == 0 {
		if err := s.Threads.KeepEarly(ctx, tx, it.acc.ID, in.Refs[0], st); err != nil {
			return outcome{}, err
		}
		return outcome{state: StateFiled, reason: "A receipt for a message that is still being sent: kept, and applied then."}, nil
	}
	if _, err := s.Threads.MarkStatus(ctx, tx, id, st.Recipient, st.State, st.Code, st.Detail); err != nil {
		return outcome{}, wrap("receipt", err)
	}
	return outcome{state: StateFiled, thread: th, message: id, reason: "receipt"}, nil
}

// verification shows a provider's request to confirm a forward to administrators, on the channel (EM-14). It never makes a ticket.
func (s *Service) verification(ctx context.Context, tx *db.Tx, f *filing) (outcome, error) {
	f.rule = RuleFor(desk.DispVerification, false)
	v := inbox.Verification{Subject: thread.Clean(f.in.Subject), RawID: f.it.id, At: f.it.at, Auth: f.it.raw.Auth}
	if p := f.in.Verify; p != nil {
		v.Provider, v.Code, v.Link, v.Address = p.Provider, p.Code, p.Link, p.Address
	}
	if err := s.Inbox.NoteVerification(ctx, tx, f.it.acc.ID, v); err != nil {
		return outcome{}, wrap("verification", err)
	}
	return outcome{state: f.rule.State, disposition: desk.DispVerification, reason: f.rule.Why}, nil
}

// noteForward marks a hosted account live once a mail came through the address that another mailbox forwards to (EM-14).
func (s *Service) noteForward(ctx context.Context, tx *db.Tx, it *item) error {
	if len(it.raw.Envelope.To) == 0 || it.acc.Address == "" {
		return nil
	}
	if _, known := s.forwarded.Load(it.acc.ID); known {
		return nil
	}
	through := false
	for _, to := range it.raw.Envelope.To {
		to = desk.NormalizeEmail(to)
		local, domain, _ := strings.Cut(to, "@")
		base, _, _ := strings.Cut(local, "+")
		through = through || to != "" && base+"@"+domain != desk.NormalizeEmail(it.acc.Address) && to != desk.NormalizeEmail(it.acc.Address)
	}
	if !through {
		return nil
	}
	for _, in := range it.in {
		if in.Disposition == desk.DispVerification {
			return nil // asked, not yet confirmed
		}
	}
	if err := s.Inbox.MarkForwarded(ctx, tx, it.acc.ID); err != nil {
		return wrap("forward", err)
	}
	id := it.acc.ID
	tx.AfterCommit(func() { s.forwarded.Store(id, true) })
	return nil
}
