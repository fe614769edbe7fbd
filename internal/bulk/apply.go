package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/purge"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Fields of a change that are no column of the ticket.
const (
	fieldFollows  = "follower"
	fieldMerge    = "merge_id"
	fieldTags     = "tags"
	fieldProperty = "properties."
)

// one does the action to one ticket and returns what it changed; nothing changed is no change and no error.
func (s *Service) one(ctx context.Context, tx *db.Tx, v access.Viewer, r Run, id desk.TicketID) (Changes, error) {
	a := r.Action
	before, err := s.mayDo(ctx, tx, v, a, id)
	if err != nil {
		return nil, err
	}
	switch a.Type {
	case DoMerge:
		return s.merge(ctx, tx, v, r, before)
	case DoPurge:
		return s.purge(ctx, tx, r, before)
	case DoFollow, DoUnfollow:
		return s.follow(ctx, tx, r, id, a.UserID, a.Type == DoFollow)
	}
	was, err := s.snapshot(ctx, tx, before)
	if err != nil {
		return nil, err
	}
	if err := s.do(ctx, tx, r, before); err != nil {
		return nil, err
	}
	return s.since(ctx, tx, id, was)
}

// mayDo holds the ticket and asks for the permission in its inbox, as if it were the only one.
func (s *Service) mayDo(ctx context.Context, tx *db.Tx, v access.Viewer, a Action, id desk.TicketID) (desk.Ticket, error) {
	get := s.Tickets.Lock
	if a.heavy() { // their conversations are locked first
		get = func(ctx context.Context, tx *db.Tx, id desk.TicketID) (desk.Ticket, error) {
			return s.Tickets.Get(ctx, tx, id)
		}
	}
	t, err := get(ctx, tx, id)
	if err != nil {
		return t, err
	}
	for _, p := range a.needs(v.User.ID) {
		if err := s.needOn(ctx, tx, v, t, p); err != nil {
			return t, err
		}
	}
	if t.MergedInto != 0 && a.Type != DoPurge {
		return t, desk.Errorf(desk.Conflict, "ticket.merged", "Ticket #%d was merged into another. Change that one.", t.Number)
	}
	return t, nil
}

// do is an action that changes the ticket itself.
func (s *Service) do(ctx context.Context, tx *db.Tx, r Run, t desk.Ticket) (err error) {
	a := r.Action
	switch a.Type {
	case DoAssign:
		owner, team := t.OwnerID, t.TeamID
		if a.OwnerID != 0 || a.NoOwner {
			owner = a.OwnerID
		}
		if a.TeamID != 0 || a.NoTeam {
			team = a.TeamID
		}
		_, err = s.Assign.Manual(ctx, tx, r.actor, t.ID, owner, team)
	case DoRotate:
		var d desk.Assignment
		if d, err = s.Assign.Rotate(ctx, tx, r.actor, t.ID, a.among(), routing.Reassigned); err == nil && d.OwnerID == 0 && t.OwnerID != 0 {
			err = desk.Errorf(desk.Conflict, "assign."+d.Reason, "Nobody could have ticket #%d just now: it stays where it is.", t.Number)
		}
	case DoUpdate:
		_, err = s.Tickets.Update(ctx, tx, r.actor, t.ID, a.change())
	case DoClose:
		_, err = s.Tickets.Close(ctx, tx, r.actor, t.ID, "bulk")
	case DoReopen:
		_, err = s.Tickets.Reopen(ctx, tx, r.actor, t.ID, "bulk")
	case DoSnooze:
		err = s.Triage.Snooze(ctx, tx, r.actor, t.ID, a.Until)
	case DoWake:
		err = s.Triage.Wake(ctx, tx, r.actor, t.ID)
	case DoMove:
		err = s.Triage.Move(ctx, tx, r.actor, t.ID, a.InboxID)
	case DoSpam:
		if t.Hidden != desk.HiddenSpam {
			_, err = s.Triage.MarkSpam(ctx, tx, r.actor, t.ID, a.Block)
		}
	case DoNotSpam:
		if t.Hidden == desk.HiddenSpam {
			err = s.Triage.NotSpam(ctx, tx, r.actor, t.ID, a.Allow, false)
		}
	case DoTrash:
		if t.Hidden != desk.HiddenTrash {
			err = s.Triage.Trash(ctx, tx, r.actor, t.ID)
		}
	case DoRestore:
		if t.Hidden != desk.HiddenNo {
			err = s.Triage.Restore(ctx, tx, r.actor, t.ID)
		}
	}
	return err
}

func (s *Service) merge(ctx context.Context, tx *db.Tx, v access.Viewer, r Run, t desk.Ticket) (Changes, error) {
	into, err := s.Tickets.Survivor(ctx, tx, r.Action.Into)
	if err != nil || into.ID == t.ID {
		return nil, err // the one that stays was selected too
	}
	if err := s.needOn(ctx, tx, v, into, access.TicketsEdit); err != nil { // it may be another by now, or elsewhere
		return nil, err
	}
	m, err := s.Triage.Merge(ctx, tx, r.actor, t.ID, r.Action.Into)
	if err != nil {
		return nil, err
	}
	return Changes{fieldMerge: {raw(nil), raw(m.ID)}}, nil
}

func (s *Service) purge(ctx context.Context, tx *db.Tx, r Run, t desk.Ticket) (Changes, error) {
	if t.Hidden != desk.HiddenTrash && t.Hidden != desk.HiddenSpam {
		return nil, desk.Errorf(desk.Conflict, "ticket.not_hidden", "Ticket #%d is neither in the trash nor in spam. Move it there first.", t.Number)
	}
	if err := s.Purge.Ticket(ctx, tx, r.actor, t.ID, purge.Person); err != nil {
		return nil, err
	}
	return Changes{"hidden": {raw(t.Hidden), raw("gone")}}, nil
}

func (s *Service) follow(ctx context.Context, tx *db.Tx, r Run, id desk.TicketID, user desk.UserID, on bool) (Changes, error) {
	followers, err := s.Tickets.Followers(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	for _, f := range followers {
		if f == user && on {
			return nil, nil
		}
		if f == user {
			return Changes{fieldFollows: {raw(user), raw(nil)}}, s.Triage.Unfollow(ctx, tx, r.actor, id, user)
		}
	}
	if !on {
		return nil, nil
	}
	return Changes{fieldFollows: {raw(nil), raw(user)}}, s.Triage.Follow(ctx, tx, r.actor, id, user)
}

// snapshot is what an action may change of a ticket.
func (s *Service) snapshot(ctx context.Context, q db.Queryer, t desk.Ticket) (map[string]json.RawMessage, error) {
	tags, err := s.Tickets.TagsOf(ctx, q, t.ID, false)
	if err != nil {
		return nil, err
	}
	m := map[string]json.RawMessage{
		"pipeline_id": raw(t.PipelineID), "status_id": raw(t.StatusID), "priority": raw(t.Priority), "category": raw(t.Category), "owner_id": raw(t.OwnerID), "team_id": raw(t.TeamID),
		"hidden": raw(t.Hidden), "hidden_reason": raw(t.HiddenReason), "snoozed": raw(t.Snoozed), "snoozed_until": raw(t.SnoozedUntil), "inbox_id": raw(t.InboxID), fieldTags: raw(tags),
	}
	for name, v := range t.Properties {
		m[fieldProperty+name] = raw(v)
	}
	return m, nil
}

// since is what is otherwise by now.
func (s *Service) since(ctx context.Context, q db.Queryer, id desk.TicketID, before map[string]json.RawMessage) (Changes, error) {
	t, err := s.Tickets.Get(ctx, q, id)
	if err != nil {
		return nil, err
	}
	after, err := s.snapshot(ctx, q, t)
	if err != nil {
		return nil, err
	}
	c := Changes{}
	for field, x := range before {
		y, ok := after[field]
		if !ok {
			y = raw(nil)
		}
		if !bytes.Equal(x, y) {
			c[field] = [2]json.RawMessage{x, y}
		}
	}
	for field, y := range after {
		if _, ok := before[field]; !ok {
			c[field] = [2]json.RawMessage{raw(nil), y}
		}
	}
	return c, nil
}

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

func read[T any](b json.RawMessage) (v T) {
	_ = json.Unmarshal(b, &v)
	return v
}

var errChanged = desk.Errorf(desk.Conflict, "bulk.changed_since", "Somebody has changed this ticket since. It was left as it is.")

// back undoes what a run changed of one ticket, where everything is still as the run left it.
func (s *Service) back(ctx context.Context, tx *db.Tx, v access.Viewer, r Run, id desk.TicketID, c Changes) (Changes, error) {
	if m, ok := c[fieldMerge]; ok {
		return s.unmerge(ctx, tx, v, r, id, read[desk.MergeID](m[1]))
	}
	t, err := s.mayDo(ctx, tx, v, r.Action, id)
	if err != nil {
		return nil, err
	}
	if f, ok := c[fieldFollows]; ok {
		if user := read[desk.UserID](f[0]); user != 0 {
			return s.follow(ctx, tx, r, id, user, true)
		}
		return s.follow(ctx, tx, r, id, read[desk.UserID](f[1]), false)
	}
	now, err := s.snapshot(ctx, tx, t)
	if err != nil {
		return nil, err
	}
	for field, x := range c {
		cur, ok := now[field]
		if !ok {
			cur = raw(nil)
		}
		if !bytes.Equal(cur, x[1]) {
			return nil, errChanged
		}
	}
	if x, ok := c["inbox_id"]; ok {
		if err := v.NeedIn(read[desk.InboxID](x[0]), access.TicketsEdit); err != nil {
			return nil, err
		}
	}
	if err := s.restore(ctx, tx, r, t, c); err != nil {
		return nil, err
	}
	return s.since(ctx, tx, id, now)
}

func (s *Service) unmerge(ctx context.Context, tx *db.Tx, v access.Viewer, r Run, id desk.TicketID, merge desk.MergeID) (Changes, error) {
	t, err := s.Tickets.Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if err := s.needOn(ctx, tx, v, t, access.TicketsEdit); err != nil {
		return nil, err
	}
	if t.MergedInto == 0 {
		return nil, errChanged
	}
	into, err := s.Tickets.Survivor(ctx, tx, t.MergedInto)
	if err != nil {
		return nil, err
	}
	if err := s.needOn(ctx, tx, v, into, access.TicketsEdit); err != nil { // what was said there since comes along
		return nil, err
	}
	if _, err := s.Triage.UndoMerge(ctx, tx, r.actor, merge); err != nil {
		return nil, err
	}
	return Changes{fieldMerge: {raw(merge), raw(nil)}}, nil
}

// restore gives a ticket back what it had, in the order in which one thing allows the next: out of hiding, to its inbox, its fields, its owner, its rest.
func (s *Service) restore(ctx context.Context, tx *db.Tx, r Run, t desk.Ticket, c Changes) error {
	has := func(field string) bool { _, ok := c[field]; return ok }
	if x, ok := c["inbox_id"]; ok {
		if err := s.Triage.Move(ctx, tx, r.actor, t.ID, read[desk.InboxID](x[0])); err != nil {
			return err
		}
	}
	if ch, some := formerly(c); some {
		if _, err := s.Tickets.Update(ctx, tx, r.actor, t.ID, ch); err != nil {
			return err
		}
	}
	if has("owner_id") || has("team_id") {
		owner, team := t.OwnerID, t.TeamID
		if x, ok := c["owner_id"]; ok {
			owner = read[desk.UserID](x[0])
		}
		if x, ok := c["team_id"]; ok {
			team = read[desk.TeamID](x[0])
		}
		if _, err := s.Assign.Manual(ctx, tx, r.actor, t.ID, owner, team); err != nil {
			return err
		}
	}
	if !has("snoozed") && !has("snoozed_until") {
		return nil
	}
	until := t.SnoozedUntil
	if x, ok := c["snoozed_until"]; ok {
		until = read[desk.Time](x[0])
	}
	rested := t.Snoozed
	if x, ok := c["snoozed"]; ok {
		rested = read[bool](x[0])
	}
	if rested && (until == 0 || until > s.Clock.Ms()) {
		return s.Triage.Snooze(ctx, tx, r.actor, t.ID, until)
	}
	return s.Triage.Wake(ctx, tx, r.actor, t.ID)
}

// formerly is the change that gives a ticket's own fields their former values.
func formerly(c Changes) (ch ticket.Change, some bool) {
	ch.Reason, ch.Anyway = "bulk_undone", true
	for field, x := range c {
		was := x[0]
		switch {
		case field == "status_id":
			id := read[desk.StatusID](was)
			ch.StatusID = &id
		case field == "priority":
			p := read[desk.Priority](was)
			ch.Priority = &p
		case field == "category":
			v := read[string](was)
			ch.Category = &v
		case field == fieldTags:
			tags := read[[]string](was)
			ch.Tags = &tags
		case field == "hidden":
			h := read[desk.Hidden](was)
			ch.Hidden = &h
		case field == "hidden_reason":
			ch.HiddenReason = read[string](was)
		case strings.HasPrefix(field, fieldProperty):
			if ch.Properties == nil {
				ch.Properties = map[string]any{}
			}
			ch.Properties[strings.TrimPrefix(field, fieldProperty)] = value(was)
		default:
			continue
		}
		some = true
	}
	return ch, some
}

func value(b json.RawMessage) (v any) { _ = json.Unmarshal(b, &v); return v }

// needOn asks for a permission on a ticket as it is now: in its inbox, and within reach.
func (s *Service) needOn(ctx context.Context, q db.Queryer, v access.Viewer, t desk.Ticket, p access.Permission) error {
	h := access.Held{Inbox: t.InboxID, Owner: t.OwnerID, Team: t.TeamID}
	if !v.Tickets.Sees(h) { // who follows it sees it too
		known, err := s.View.HeldIn(ctx, q, t.ID)
		if err != nil {
			return err
		}
		h.Known = known.Known
	}
	return v.NeedOn(h, p)
}
