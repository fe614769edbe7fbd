package ticket

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Change says what to change; nil leaves a field alone. Status is a slug in the ticket's (new) pipeline and is used when StatusID is nil. Properties are merged: a nil
// value removes one. ExpectVersion refuses the change when the ticket has moved on; 0 does not look.
type Change struct {
	Subject       *string
	Description   *string
	PipelineID    *desk.PipelineID
	StatusID      *desk.StatusID
	Status        *string
	Priority      *desk.Priority
	Category      *string
	Language      *string
	ContactID     *desk.ContactID
	Hidden        *desk.Hidden
	HiddenReason  string // slug, with Hidden: why it is held back
	Properties    map[string]any
	Tags          *[]string // all of them; or some to add and to take away
	AddTags       []string
	RemoveTags    []string
	ExpectVersion int64
	Anyway        bool   // close without asking for what closing asks for: an administrator's move of many
	Reason        string // why the status changes, for the event: "reply", "reopened_by_reply" …; "" for a person's wish
}

// binds reports whether the rules of closing bind an actor: people and their tokens, not the installation itself (TK-08, TK-10).
func binds(a desk.Actor) bool { return a.Kind == desk.ActorUser || a.Kind == desk.ActorToken }

// Update changes a ticket. A stale ExpectVersion is a Conflict with reason ticket.stale. Records ticket.updated with before and after of each field,
// ticket.status_changed, ticket.deleted or ticket.restored; nothing when nothing changed.
func (s *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, c Change) (desk.Ticket, error) {
	before, err := s.Lock(ctx, tx, id)
	if err != nil {
		return before, err
	}
	if c.ExpectVersion != 0 && c.ExpectVersion != before.Version {
		return before, desk.Errorf(desk.Conflict, "ticket.stale", "Somebody else changed this ticket meanwhile. Look at it again, then repeat your change.").In("version")
	}
	t := before
	if err := s.apply(ctx, tx, &t, c); err != nil {
		return before, err
	}
	if err := speak(&t, c.Language); err != nil {
		return before, err
	}
	if before.Open && !t.Open && binds(actor) && !c.Anyway {
		if err := s.props.Complete(ctx, tx, object, t.Properties); err != nil {
			return before, err
		}
	}
	changes := difference(before, t)
	if c.wantsTags() {
		had, have, err := s.retag(ctx, tx, actor, id, c)
		if err != nil {
			return before, err
		}
		if !slices.Equal(had, have) {
			changes["tags"] = [2]any{had, have}
		}
	}
	if len(changes) == 0 && before.StatusID == t.StatusID && before.Hidden == t.Hidden {
		return before, nil
	}
	t.UpdatedAt, t.Version = s.clk.Ms(), before.Version+1
	if before.Hidden != t.Hidden {
		t.HiddenAt, t.HiddenReason = t.UpdatedAt, c.HiddenReason
		if t.Hidden == desk.HiddenNo {
			t.HiddenAt, t.HiddenReason = 0, ""
		}
	}
	switch {
	case before.Open && !t.Open:
		t.ClosedAt = t.UpdatedAt
		t.Snoozed, t.SnoozedUntil, t.SnoozedBy = false, 0, 0 // what is done needs no rest
	case t.Open:
		t.ClosedAt = 0
	}
	_, err = tx.Exec(ctx, `UPDATE tickets SET subject = $1, description = $2, contact_id = $3, pipeline_id = $4, status_id = $5, open = $6, priority = $7, category = $8,
		properties = $9, hidden = $10, closed_at = $11, updated_at = $12, version = $13, hidden_at = $14, hidden_reason = $15,
		snoozed = $16, snoozed_until = $17, snoozed_by = $18, language = $19 WHERE id = $20`,
		t.Subject, t.Description, t.ContactID, t.PipelineID, t.StatusID, t.Open, t.Priority, t.Category, db.JSON(t.Properties), t.Hidden, t.ClosedAt, t.UpdatedAt, t.Version, t.HiddenAt, t.HiddenReason,
		t.Snoozed, t.SnoozedUntil, t.SnoozedBy, t.Language, id)
	if err != nil {
		return before, fmt.Errorf("ticket: update: %w", err)
	}
	return t, s.tell(ctx, tx, actor, before, t, changes, c.Reason)
}

func (s *Service) apply(ctx context.Context, tx *db.Tx, t *desk.Ticket, c Change) error {
	if c.Subject != nil {
		if t.Subject = oneLine(*c.Subject); len(t.Subject) > maxSubject {
			return desk.Errorf(desk.Invalid, "ticket.subject_too_long", "A subject may have at most %d bytes.", maxSubject).In("subject")
		}
	}
	if c.Description != nil {
		if t.Description = *c.Description; len(t.Description) > maxDescription || strings.ContainsRune(t.Description, 0) {
			return desk.Errorf(desk.Invalid, "ticket.description_too_long", "A description may have at most %d KB.", maxDescription>>10).In("description")
		}
	}
	if c.Priority != nil {
		if err := checkPriority(*c.Priority); err != nil {
			return err
		}
		t.Priority = *c.Priority
	}
	if c.Category != nil {
		if err := checkCategory(*c.Category); err != nil {
			return err
		}
		t.Category = *c.Category
	}
	if c.ContactID != nil {
		t.ContactID = *c.ContactID
	}
	if c.Hidden != nil {
		if t.MergedInto != 0 {
			return desk.Errorf(desk.Conflict, "ticket.merged", "This ticket was merged into another. Change that one.").In("hidden")
		}
		switch *c.Hidden {
		case desk.HiddenNo, desk.HiddenSpam, desk.HiddenTrash:
			t.Hidden = *c.Hidden
		default:
			return desk.Errorf(desk.Invalid, "ticket.hidden_unknown", "hidden is empty, spam or trash.").In("hidden")
		}
	}
	if len(c.Properties) > 0 {
		asked, err := s.props.Check(ctx, tx, object, c.Properties)
		if err != nil {
			return err
		}
		props := map[string]any{}
		merge(props, t.Properties)
		merge(props, asked)
		if err := s.props.Fit(ctx, tx, object, props, asked); err != nil {
			return err
		}
		t.Properties = props
	}
	if c.PipelineID == nil && c.StatusID == nil && c.Status == nil {
		return nil
	}
	return s.move(ctx, tx, t, c)
}

// move finds the new pipeline and status.
func (s *Service) move(ctx context.Context, tx *db.Tx, t *desk.Ticket, c Change) error {
	ps, err := s.Pipelines(ctx, tx)
	if err != nil {
		return err
	}
	var status desk.Status
	switch {
	case c.StatusID != nil:
		var pipe desk.Pipeline
		if pipe, status, err = findStatus(ps, *c.StatusID); err != nil {
			return err
		}
		if c.PipelineID != nil && *c.PipelineID != pipe.ID {
			return desk.Errorf(desk.Invalid, "ticket.status_elsewhere", "The status %s does not belong to that pipeline.", status.Name).In("status_id")
		}
	default:
		id := t.PipelineID
		if c.PipelineID != nil {
			id = *c.PipelineID
		}
		pipe, err := findPipeline(ps, id)
		if err != nil {
			return err
		}
		switch {
		case c.Status != nil:
			var ok bool
			if status, ok = statusBySlug(pipe, *c.Status); !ok {
				return desk.Errorf(desk.Invalid, "ticket.status_unknown", "The pipeline %s has no status %q; it has %s.", pipe.Name, *c.Status, slugs(pipe)).In("status")
			}
		case id == t.PipelineID:
			return nil
		default:
			status = firstOpen(pipe)
		}
	}
	t.PipelineID, t.StatusID, t.Open = status.PipelineID, status.ID, status.State == Open
	return nil
}

func difference(a, b desk.Ticket) map[string][2]any {
	out := map[string][2]any{}
	put := func(field string, x, y any) {
		if x != y {
			out[field] = [2]any{x, y}
		}
	}
	put("subject", a.Subject, b.Subject)
	put("description", a.Description, b.Description)
	put("priority", a.Priority, b.Priority)
	put("category", a.Category, b.Category)
	put("language", a.Language, b.Language)
	put("contact_id", a.ContactID, b.ContactID)
	put("pipeline_id", a.PipelineID, b.PipelineID)
	put("hidden", a.Hidden, b.Hidden)
	names := map[string]bool{}
	for k := range a.Properties {
		names[k] = true
	}
	for k := range b.Properties {
		names[k] = true
	}
	for k := range names {
		x, _ := json.Marshal(a.Properties[k])
		y, _ := json.Marshal(b.Properties[k])
		if string(x) != string(y) {
			out["properties."+k] = [2]any{a.Properties[k], b.Properties[k]}
		}
	}
	return out
}

// tell records what a change was.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, before, t desk.Ticket, changes map[string][2]any, reason string) error {
	if len(changes) > 0 {
		if _, err := s.ev.Record(ctx, tx, eventOf(t, actor, desk.EvTicketUpdated, map[string]any{"changes": changes})); err != nil {
			return err
		}
	}
	if before.Hidden != t.Hidden {
		typ := ""
		switch {
		case t.Hidden == desk.HiddenTrash:
			typ = desk.EvTicketDeleted
		case before.Hidden == desk.HiddenTrash && t.Hidden == desk.HiddenNo:
			typ = desk.EvTicketRestored
		}
		if typ != "" {
			if _, err := s.ev.Record(ctx, tx, eventOf(t, actor, typ, nil)); err != nil {
				return err
			}
		}
	}
	if before.StatusID == t.StatusID {
		return nil
	}
	from, err := s.statusEver(ctx, tx, before.StatusID)
	if err != nil {
		return err
	}
	to, err := s.statusEver(ctx, tx, t.StatusID)
	if err != nil {
		return err
	}
	_, err = s.ev.Record(ctx, tx, eventOf(t, actor, desk.EvTicketStatus, map[string]any{
		"from": from.Slug, "to": to.Slug, "from_name": from.Name, "to_name": to.Name, "from_state": from.State, "to_state": to.State, "reason": reason,
	}))
	return err
}

// Reopen moves a closed ticket to the last open status of its pipeline: the one before closing, where work waits on us (TK-15). An open ticket stays as it is.
func (s *Service) Reopen(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, reason string) (desk.Ticket, error) {
	return s.turn(ctx, tx, actor, id, Open, reason)
}

// Close moves an open ticket to the first closed status of its pipeline. A closed one stays as it is.
func (s *Service) Close(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, reason string) (desk.Ticket, error) {
	return s.turn(ctx, tx, actor, id, Closed, reason)
}

func (s *Service) turn(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, state, reason string) (desk.Ticket, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil || t.Open == (state == Open) {
		return t, err
	}
	pipe, err := s.Pipeline(ctx, tx, t.PipelineID)
	if err != nil {
		return t, err
	}
	to := firstOf(pipe, Closed)
	if state == Open {
		to = lastOf(pipe, Open)
	}
	return s.Update(ctx, tx, actor, id, Change{StatusID: &to.ID, Reason: reason})
}

// SetOwner writes a decision (RT-20): owner, team and the reasons for every candidate. Records ticket.assigned with the whole assignment and who had it before.
func (s *Service) SetOwner(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, a desk.Assignment) (desk.Ticket, error) {
	t, err := s.Lock(ctx, tx, id)
	if err != nil {
		return t, err
	}
	if a.At == 0 {
		a.At = s.clk.Ms()
	}
	if a.By.Kind == "" {
		a.By = actor
	}
	if a.Candidates == nil {
		a.Candidates = []desk.Candidate{}
	}
	told := db.JSON(struct { // kept beside the ticket and told in the same words: a large team is written once
		desk.Kept
		PreviousOwner desk.UserID `json:"previous_owner_id"`
		PreviousTeam  desk.TeamID `json:"previous_team_id"`
	}{a.Keep(), t.OwnerID, t.TeamID})
	t.OwnerID, t.TeamID, t.Assignment = a.OwnerID, a.TeamID, &a
	t.UpdatedAt = s.clk.Ms()
	t.Version++
	if _, err := tx.Exec(ctx, `UPDATE tickets SET owner_id = $1, team_id = $2, assignment = $3, updated_at = $4, version = $5 WHERE id = $6`,
		t.OwnerID, t.TeamID, told, t.UpdatedAt, t.Version, id); err != nil {
		return t, fmt.Errorf("ticket: set owner: %w", err)
	}
	ev := eventOf(t, actor, desk.EvTicketAssigned, json.RawMessage(told))
	ev.UserID = a.OwnerID
	_, err = s.ev.Record(ctx, tx, ev)
	return t, err
}

// maxSnippet is how much of a message a list shows, in bytes.
const maxSnippet = 200

// NoteMessage keeps beside the ticket what lists show of its messages: last activity, snippet, who spoke last, how many, the first reply
// of a person (RP-09: neither a machine's answer nor a welcome counts) and the customer's last word. A comment only counts as activity. Version stays: a new message is no edit.
// The customer's word wakes a ticket that rests (WS-16).
func (s *Service) NoteMessage(ctx context.Context, tx *db.Tx, id desk.TicketID, m desk.Message) error {
	at := m.CreatedAt
	if at == 0 {
		at = s.clk.Ms()
	}
	if m.Kind != desk.KindMessage && m.Kind != desk.KindWelcome {
		_, err := tx.Exec(ctx, `UPDATE tickets SET last_activity_at = CASE WHEN last_activity_at < $1 THEN $1 ELSE last_activity_at END WHERE id = $2`, at, id)
		return err
	}
	var inbound, reply desk.Time
	if m.Direction == desk.Incoming {
		inbound = at
	}
	if m.Direction == desk.Outgoing && m.Kind == desk.KindMessage && m.ForwardOf == 0 && (m.Actor.Kind == desk.ActorUser || m.Actor.Kind == desk.ActorToken) {
		reply = at
	}
	var rests bool
	err := tx.QueryRow(ctx, `UPDATE tickets SET
		last_activity_at = CASE WHEN last_activity_at < $1 THEN $1 ELSE last_activity_at END,
		snippet = $2, last_direction = $3, message_count = message_count + 1,
		last_inbound_at = CASE WHEN last_inbound_at < $4 THEN $4 ELSE last_inbound_at END,
		first_reply_at = CASE WHEN first_reply_at = 0 THEN $5 ELSE first_reply_at END WHERE id = $6 RETURNING snoozed`,
		at, Snippet(m), m.Direction, inbound, reply, id).Scan(&rests)
	if err != nil {
		return fmt.Errorf("ticket: note message: %w", missing(err))
	}
	if rests && inbound != 0 {
		_, err = s.Wake(ctx, tx, desk.System, id, WokenByReply)
	}
	return err
}

// Snippet is the first line of a message that says something, for lists; a message without words shows its files or its subject.
func Snippet(m desk.Message) string {
	if s := oneLine(m.Text); s != "" {
		return clip(s, maxSnippet)
	}
	names := []string{}
	for _, a := range m.Attachments {
		names = append(names, oneLine(a.Name))
	}
	if s := strings.Join(names, ", "); s != "" {
		return clip(s, maxSnippet)
	}
	return clip(oneLine(m.Subject), maxSnippet)
}
