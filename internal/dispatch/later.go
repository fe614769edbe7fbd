package dispatch

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/richtext"
	"github.com/kanalhq/kanal/internal/ticket"
)

const (
	longestUndo  = 2 * time.Minute
	longestDelay = 366 * 24 * time.Hour
)

// timed says when a message leaves and what it waits for.
func (s *Service) timed(t Timing) (desk.Time, desk.SendRule, error) {
	now := s.Clock.Ms()
	if t.SendAt != 0 {
		if t.SendAt > now.Add(longestDelay) {
			return 0, "", desk.Errorf(desk.Invalid, "send_at.too_far", "A message can be put off by a year at most.").In("send_at")
		}
		if t.IfQuiet {
			return t.SendAt, desk.SendLaterIfQuiet, nil
		}
		return t.SendAt, desk.SendLater, nil
	}
	undo := s.Windows.Undo
	if t.Undo != nil {
		undo = min(*t.Undo, longestUndo)
	}
	if undo <= 0 {
		return 0, "", nil
	}
	return now.Add(undo), desk.SendUndo, nil
}

func planned(p desk.SendPlan) *desk.SendPlan {
	if p.Empty() {
		return nil
	}
	return &p
}

// prepare checks what is to be done with the send, and remembers what taking it back restores.
func (s *Service) prepare(ctx context.Context, tx *db.Tx, c *ReplyCommand, id desk.TicketID) error {
	if c.Plan.Empty() {
		return nil
	}
	if id == 0 {
		return desk.Errorf(desk.Invalid, "ticket.none", "This conversation has no ticket whose status could be set.").In("set_status")
	}
	if c.Plan.Snooze && s.Rest == nil {
		return desk.Errorf(desk.Invalid, "ticket.no_snooze", "Tickets cannot be snoozed here.").In("snooze_until")
	}
	if c.Plan.Status == "" {
		return nil
	}
	t, err := s.Tickets.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	pipe, err := s.Tickets.Pipeline(ctx, tx, t.PipelineID)
	if err != nil {
		return err
	}
	for _, st := range pipe.Statuses {
		if st.Slug == c.Plan.Status {
			c.Plan.WasStatus = t.StatusID
			return nil
		}
	}
	return desk.Errorf(desk.Invalid, "status.unknown", "This ticket's pipeline has no status %q.", c.Plan.Status).In("set_status")
}

// CarryOut does to a ticket what a plan says, apart from any send: a macro's actions (WS-24).
func (s *Service) CarryOut(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, p desk.SendPlan) error {
	if p.Snooze && s.Rest == nil {
		return desk.Errorf(desk.Invalid, "ticket.no_snooze", "Tickets cannot be snoozed here.").In("snooze")
	}
	return s.carryOut(ctx, tx, actor, id, &p)
}

func (s *Service) carryOut(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, p *desk.SendPlan) error {
	if p.Empty() || id == 0 {
		return nil
	}
	c := ticket.Change{Priority: p.Priority, Category: p.Category, Properties: p.Properties, Reason: "reply"}
	if p.Status != "" {
		c.Status = &p.Status
	}
	if _, err := s.Tickets.Update(ctx, tx, actor, id, c); err != nil {
		return inField(err, "set_status")
	}
	if p.OwnerID != nil || p.TeamID != nil {
		t, err := s.Tickets.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		owner, team := t.OwnerID, t.TeamID
		if p.OwnerID != nil {
			owner = *p.OwnerID
		}
		if p.TeamID != nil {
			team = *p.TeamID
		}
		if _, err := s.Assign.Manual(ctx, tx, actor, id, owner, team); err != nil {
			return inField(err, "owner_id")
		}
	}
	if p.Snooze && s.Rest != nil {
		return s.Rest.Snooze(ctx, tx, actor, id, p.SnoozeTo)
	}
	return nil
}

type duePayload struct {
	Message desk.MessageID `json:"message_id"`
	At      desk.Time      `json:"at"`
}

func (s *Service) enqueueDue(ctx context.Context, tx *db.Tx, m desk.Message) error {
	_, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: DueKind, Payload: duePayload{m.ID, m.SendAt}, UniqueKey: fmt.Sprintf("%d@%d", m.ID, m.SendAt), RunAt: m.SendAt})
	return err
}

// due lets a scheduled message leave, or holds it. A message that was put off again, sent or taken back meanwhile is left alone.
func (s *Service) due(ctx context.Context, j *job.Job) error {
	var p duePayload
	if err := j.Decode(&p); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := s.Threads.Message(ctx, tx, p.Message)
		if desk.CodeOf(err) == desk.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		th, err := s.Threads.Lock(ctx, tx, m.ThreadID) // before the message, as intake does
		if err != nil {
			return err
		}
		if m, err = s.Threads.Message(ctx, tx, p.Message); err != nil || !m.SendRule.Scheduled() || m.Status != desk.StatusQueued || m.SendAt != p.At {
			return err
		}
		why, err := s.held(ctx, tx, m)
		if err != nil {
			return err
		}
		if why != "" {
			return s.hold(ctx, tx, th, m, why)
		}
		if err := s.depart(ctx, tx, m); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, m, 0)
	})
}

// held says why a message may not leave: the customer wrote first, or the ticket is spam or in the trash by now.
func (s *Service) held(ctx context.Context, tx *db.Tx, m desk.Message) (string, error) {
	if m.TicketID != 0 {
		t, err := s.Tickets.Get(ctx, tx, m.TicketID)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return "", err
		}
		if err == nil && (t.Hidden == desk.HiddenSpam || t.Hidden == desk.HiddenTrash) {
			return "ticket_hidden", nil
		}
	}
	if m.SendRule != desk.SendLaterIfQuiet {
		return "", nil
	}
	wrote, err := s.Threads.HeardSince(ctx, tx, m.ThreadID, m.ID)
	if err != nil || !wrote {
		return "", err
	}
	return "customer_wrote", nil
}

func (s *Service) hold(ctx context.Context, tx *db.Tx, th desk.Thread, m desk.Message, why string) error {
	if _, err := s.Threads.MarkStatus(ctx, tx, m.ID, "", desk.StatusCancelled, why, "Held back when its time came."); err != nil {
		return err
	}
	if err := s.Threads.SetStatus(ctx, tx, m.ID, desk.StatusCancelled, "held:"+why); err != nil {
		return err
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{
		Type: desk.EvMessageHeld, Actor: desk.System, TicketID: m.TicketID, ThreadID: th.ID, Message: m.ID, Contact: m.ContactID, Inbox: th.InboxID, UserID: m.Actor.UserID(),
		Data: event.Data(map[string]any{"reason": why}),
	})
	return err
}

// depart is what a scheduled message does to its ticket when it goes. What has become impossible meanwhile (a status that is gone) keeps nothing from leaving.
func (s *Service) depart(ctx context.Context, tx *db.Tx, m desk.Message) error {
	if err := s.Threads.Leave(ctx, tx, m); err != nil {
		return err
	}
	if err := s.renewLinks(ctx, tx, m); err != nil {
		return err
	}
	if m.TicketID == 0 {
		return nil
	}
	m.CreatedAt = s.Clock.Ms()
	if err := s.Tickets.NoteMessage(ctx, tx, m.TicketID, m); err != nil {
		return err
	}
	if m.Plan.Empty() {
		return nil
	}
	err := tx.Savepoint(ctx, func(ctx context.Context) error { return s.carryOut(ctx, tx, m.Actor, m.TicketID, m.Plan) })
	switch desk.CodeOf(err) {
	case desk.Invalid, desk.NotFound, desk.Conflict:
		s.Log.Warn("what was to be done with a scheduled message is no longer possible", "message_id", m.ID, "err", err)
		return nil
	}
	return err
}

// Reschedule changes when a scheduled message leaves: nil leaves a part alone, a time that has passed lets it go now. A Conflict when it is on its way.
func (s *Service) Reschedule(ctx context.Context, actor desk.Actor, id desk.MessageID, at *desk.Time, ifQuiet *bool) (desk.Message, error) {
	var m desk.Message
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if m, err = s.outgoing(ctx, tx, id); err != nil {
			return err
		}
		th, err := s.Threads.Lock(ctx, tx, m.ThreadID)
		if err != nil {
			return err
		}
		if m, err = s.outgoing(ctx, tx, id); err != nil {
			return err
		}
		if !m.SendRule.Scheduled() || m.Status != desk.StatusQueued {
			return desk.Errorf(desk.Conflict, "message.on_its_way", "It is too late: the message is no longer waiting for its time.")
		}
		t := Timing{SendAt: m.SendAt, IfQuiet: m.SendRule == desk.SendLaterIfQuiet}
		if at != nil {
			t.SendAt = max(*at, s.Clock.Ms())
		}
		if ifQuiet != nil {
			t.IfQuiet = *ifQuiet
		}
		if m.SendAt, m.SendRule, err = s.timed(t); err != nil {
			return err
		}
		if err := s.Threads.SetSend(ctx, tx, m.ID, m.SendAt, m.SendRule); err != nil {
			return err
		}
		if err := s.enqueueDue(ctx, tx, m); err != nil {
			return err
		}
		_, err = s.Events.Record(ctx, tx, desk.Event{
			Type: desk.EvMessageScheduled, Actor: actor, TicketID: m.TicketID, ThreadID: th.ID, Message: m.ID, Contact: m.ContactID, Inbox: th.InboxID,
			Data: event.Data(map[string]any{"send_at": m.SendAt, "if_quiet": t.IfQuiet}),
		})
		return err
	})
	if err != nil {
		return desk.Message{}, fmt.Errorf("dispatch: reschedule: %w", err)
	}
	return m, nil
}

// Cancel takes back a message that has not gone out: within the undo window, before its time, or while it waits for another try. A Conflict when it has. Whoever
// takes it back gets it as a draft, unless they are writing in that place already; the ticket's status is as before, unless somebody has set it since.
func (s *Service) Cancel(ctx context.Context, actor desk.Actor, id desk.MessageID) (m desk.Message, draft desk.Draft, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if m, err = s.outgoing(ctx, tx, id); err != nil {
			return err
		}
		if _, err := s.Threads.Lock(ctx, tx, m.ThreadID); err != nil {
			return err
		}
		// The move is refused for a recipient that a marked attempt may have reached: its state is sending.
		changed, err := s.Threads.MarkStatus(ctx, tx, id, "", desk.StatusCancelled, "cancelled", "Taken back before it went out.")
		if err != nil {
			return err
		}
		if !changed {
			return desk.Errorf(desk.Conflict, "message.on_its_way", "It is too late: the message has gone out, or is just going.")
		}
		if m, err = s.Threads.Message(ctx, tx, id); err != nil {
			return err
		}
		begun, err := s.restore(ctx, tx, actor, m)
		if err != nil {
			return err
		}
		draft, err = s.giveBack(ctx, tx, actor, m, begun)
		return err
	})
	if err != nil {
		return desk.Message{}, draft, fmt.Errorf("dispatch: cancel: %w", err)
	}
	s.Log.Info("message cancelled", "message_id", id, "actor", actor.String())
	return m, draft, nil
}

// restore undoes what the send did to the ticket. A ticket that the message had opened goes to the trash: begun is true.
func (s *Service) restore(ctx context.Context, tx *db.Tx, actor desk.Actor, m desk.Message) (begun bool, err error) {
	if m.TicketID == 0 {
		return false, nil
	}
	t, err := s.Tickets.Get(ctx, tx, m.TicketID)
	if err != nil {
		return false, err
	}
	if m.InReplyTo == 0 && m.ForwardOf == 0 && t.LastInbound == 0 && t.MessageCount <= 1 {
		hidden := desk.HiddenTrash
		_, err := s.Tickets.Update(ctx, tx, actor, t.ID, ticket.Change{Hidden: &hidden, HiddenReason: "taken_back"})
		return true, err
	}
	if m.Plan.Empty() || m.SendRule.Scheduled() || m.Plan.WasStatus == 0 {
		return false, nil
	}
	now, err := s.Tickets.StatusByID(ctx, tx, t.StatusID)
	if err != nil || now.Slug != m.Plan.Status {
		return false, err
	}
	_, err = s.Tickets.Update(ctx, tx, actor, t.ID, ticket.Change{StatusID: &m.Plan.WasStatus, Reason: "taken_back"})
	return false, err
}

// giveBack makes a message a draft again.
func (s *Service) giveBack(ctx context.Context, tx *db.Tx, actor desk.Actor, m desk.Message, begun bool) (desk.Draft, error) {
	d := desk.Draft{UserID: actor.UserID(), TicketID: m.TicketID, ThreadID: m.ThreadID, Kind: "reply", InReplyTo: m.InReplyTo, To: []desk.Party{}, Cc: []desk.Party{}, Bcc: []desk.Party{},
		Subject: m.Subject, Text: m.Text, ForwardOf: m.ForwardOf, Attachments: []desk.AttachmentID{}}
	if begun {
		d.TicketID, d.ThreadID, d.Kind = 0, 0, "new"
	}
	if m.ForwardOf != 0 {
		source, err := s.Threads.Message(ctx, tx, m.ForwardOf)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return d, err
		}
		if err == nil {
			d.Kind, d.ThreadID = "forward", source.ThreadID
		}
	}
	for _, p := range m.Recipients {
		q := desk.Party{Field: p.Field, Kind: p.Kind, Address: p.Address, Name: p.Name}
		switch p.Field {
		case fieldCc:
			d.Cc = append(d.Cc, q)
		case fieldBcc:
			d.Bcc = append(d.Bcc, q)
		default:
			d.To = append(d.To, q)
		}
	}
	shown := map[string]string{}
	for _, a := range m.Attachments {
		d.Attachments = append(d.Attachments, a.ID)
		if a.Inline {
			shown["cid:"+a.ContentID] = "/api/attachments/" + a.ID.String() + "?inline=1"
		}
	}
	d.HTML = richtext.Rewrite(m.HTML, func(u string) string { return shown[u] }, nil)
	if strings.TrimSpace(d.HTML) == "" {
		d.HTML = richtext.FromText(m.Text)
	}
	if d.UserID == 0 {
		return d, nil
	}
	if _, writing, err := s.Threads.Draft(ctx, tx, d.UserID, d.TicketID, d.ThreadID, d.Kind); err != nil || writing {
		return d, err
	}
	return s.Threads.SaveDraft(ctx, tx, d)
}

// sweepDue gives scheduled messages a job again that have lost theirs.
func (s *Service) sweepDue(ctx context.Context) error {
	lost, err := db.All(ctx, s.DB, db.Column[desk.MessageID], `SELECT m.id FROM messages m WHERE m.send_rule IN ('later', 'later_if_quiet') AND m.status = 'queued' AND m.send_at < $1
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = $2 AND j.unique_key = CAST(m.id AS TEXT) || '@' || CAST(m.send_at AS TEXT) AND j.state <> 'dead') ORDER BY m.id LIMIT 500`, s.Clock.Ms()-60_000, DueKind)
	if err != nil {
		return fmt.Errorf("dispatch: sweep: %w", err)
	}
	for _, id := range lost {
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			m, err := s.Threads.Message(ctx, tx, id)
			if err != nil || !m.SendRule.Scheduled() || m.Status != desk.StatusQueued {
				return err
			}
			return s.enqueueDue(ctx, tx, m)
		})
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return fmt.Errorf("dispatch: sweep: %w", err)
		}
		s.Log.Warn("a scheduled message had lost its job and got a new one", "message_id", id)
	}
	return nil
}
