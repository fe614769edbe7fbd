package ticket

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Merge is a merge of one ticket into another, with what undoing it needs.
type Merge struct {
	ID        desk.MergeID
	From      desk.TicketID
	Into      desk.TicketID
	Actor     desk.Actor
	Moved     Moved
	CreatedAt desk.Time
	UndoneAt  desk.Time
}

// Moved is what a merge moved and changed. Followers are kept beside (ticket_followers.by_merge); links stay where they were put and are read through the merge.
type Moved struct {
	Threads []desk.ThreadID `json:"threads"`
	From    Standing        `json:"from"`   // of the merged ticket, before
	Before  Standing        `json:"before"` // of the survivor
	After   Standing        `json:"after"`
	Reason  string          `json:"reason"`
}

// Standing is what a merge changes of a ticket beside its conversations.
type Standing struct {
	StatusID     desk.StatusID    `json:"status_id"`
	Open         bool             `json:"open"`
	ClosedAt     desk.Time        `json:"closed_at"`
	OwnerID      desk.UserID      `json:"owner_id"`
	TeamID       desk.TeamID      `json:"team_id"`
	Assignment   *desk.Assignment `json:"assignment"`
	ContactID    desk.ContactID   `json:"contact_id"`
	Snoozed      bool             `json:"snoozed"`
	SnoozedUntil desk.Time        `json:"snoozed_until"`
	SnoozedBy    desk.UserID      `json:"snoozed_by"`
	Tags         []string         `json:"tags,omitempty"` // of the survivor, before and after
}

func standing(t desk.Ticket) Standing {
	return Standing{t.StatusID, t.Open, t.ClosedAt, t.OwnerID, t.TeamID, t.Assignment, t.ContactID, t.Snoozed, t.SnoozedUntil, t.SnoozedBy, nil}
}

// Survivor follows merges from a ticket to the one that is left, which is the ticket itself when it was never merged.
func (s *Service) Survivor(ctx context.Context, q db.Queryer, id desk.TicketID) (desk.Ticket, error) {
	t, err := s.Get(ctx, q, id)
	for range 64 {
		if err != nil || t.MergedInto == 0 {
			return t, err
		}
		t, err = s.Get(ctx, q, t.MergedInto)
	}
	return t, fmt.Errorf("ticket: merges of %s go in a circle", id)
}

// LockPair locks two tickets in the order of their ids, so that merges that cross wait for each other, and refuses what cannot be merged: one that is merged
// already, or lies in spam or trash.
func (s *Service) LockPair(ctx context.Context, tx *db.Tx, from, into desk.TicketID) (f, i desk.Ticket, err error) {
	if from == into {
		return f, i, desk.Errorf(desk.Invalid, "ticket.merge_self", "A ticket cannot be merged into itself.").In("into")
	}
	for _, id := range []desk.TicketID{min(from, into), max(from, into)} {
		t, err := s.Lock(ctx, tx, id)
		if err != nil {
			return f, i, err
		}
		if t.Hidden != desk.HiddenNo {
			return f, i, hiddenAway(t)
		}
		if id == from {
			f = t
		} else {
			i = t
		}
	}
	return f, i, nil
}

// Merge writes that one ticket was merged into another (TK-13). Both are locked (LockPair) and the named threads were moved. The survivor keeps what it has and takes
// what it lacks: owner, team, contact, tags. When one of the two was open, the survivor is; it rests only when both did, or the other was closed. Followers come along. Records
// ticket.merged on both.
func (s *Service) Merge(ctx context.Context, tx *db.Tx, actor desk.Actor, from, into desk.Ticket, threads []desk.ThreadID, reason string) (Merge, desk.Ticket, error) {
	m := Merge{ID: desk.MergeID(tx.NewID()), From: from.ID, Into: into.ID, Actor: actor, CreatedAt: s.clk.Ms(),
		Moved: Moved{Threads: threads, From: standing(from), Before: standing(into), Reason: reason}}
	if m.Moved.Threads == nil {
		m.Moved.Threads = []desk.ThreadID{}
	}
	_, err := tx.Exec(ctx, `UPDATE tickets SET hidden = $1, merged_into = $2, open = 0, hidden_at = $3, closed_at = CASE WHEN closed_at = 0 THEN $3 ELSE closed_at END,
		snoozed = 0, snoozed_until = 0, snoozed_by = 0, updated_at = $3, version = version + 1 WHERE id = $4`, desk.HiddenMerged, into.ID, m.CreatedAt, from.ID)
	if err != nil {
		return m, into, fmt.Errorf("ticket: merge: %w", err)
	}
	before, err := s.TagsOf(ctx, tx, into.ID, false)
	if err != nil {
		return m, into, err
	}
	if into, err = s.take(ctx, tx, actor, from, into); err != nil {
		return m, into, err
	}
	m.Moved.Before.Tags, m.Moved.After = before, standing(into)
	if m.Moved.After.Tags, err = s.TagsOf(ctx, tx, into.ID, false); err != nil {
		return m, into, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO ticket_followers (ticket_id, user_id, by_merge, created_at)
		SELECT CAST($1 AS BIGINT), user_id, CASE WHEN by_merge = 0 THEN CAST($2 AS BIGINT) ELSE by_merge END, CAST($3 AS BIGINT) FROM ticket_followers WHERE ticket_id = $4 ON CONFLICT (ticket_id, user_id) DO NOTHING`,
		into.ID, m.ID, m.CreatedAt, from.ID)
	if err != nil {
		return m, into, fmt.Errorf("ticket: merge followers: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO ticket_merges (id, from_id, into_id, actor, moved, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		m.ID, m.From, m.Into, actor, db.JSON(m.Moved), m.CreatedAt)
	if err != nil {
		return m, into, fmt.Errorf("ticket: merge: %w", err)
	}
	return m, into, s.tellMerge(ctx, tx, actor, desk.EvTicketMerged, m, from, into)
}

// take gives the survivor what it lacks.
func (s *Service) take(ctx context.Context, tx *db.Tx, actor desk.Actor, from, into desk.Ticket) (desk.Ticket, error) {
	var err error
	if from.Open && !into.Open {
		if into, err = s.Reopen(ctx, tx, actor, into.ID, "merged"); err != nil {
			return into, err
		}
	}
	switch {
	case into.Snoozed && from.Open && !from.Snoozed:
		into, err = s.Wake(ctx, tx, actor, into.ID, WokenByMerge)
	case into.Snoozed && from.Snoozed && from.SnoozedUntil != 0 && (into.SnoozedUntil == 0 || from.SnoozedUntil < into.SnoozedUntil):
		into, err = s.Snooze(ctx, tx, actor, into.ID, max(from.SnoozedUntil, s.clk.Ms()+1))
	}
	if err != nil {
		return into, err
	}
	var c Change
	if into.ContactID == 0 && from.ContactID != 0 {
		c.ContactID = &from.ContactID
	}
	if c.AddTags, err = s.TagsOf(ctx, tx, from.ID, false); err != nil {
		return into, err
	}
	if into, err = s.Update(ctx, tx, actor, into.ID, c); err != nil {
		return into, err
	}
	if into.OwnerID == 0 && from.OwnerID != 0 && (into.TeamID == 0 || into.TeamID == from.TeamID) {
		a := desk.Assignment{At: s.clk.Ms(), By: actor, OwnerID: from.OwnerID, TeamID: from.TeamID, Rule: "manual", Reason: "manually_chosen"}
		if from.Assignment != nil {
			a = *from.Assignment
		}
		a.OwnerID, a.TeamID = from.OwnerID, from.TeamID
		into, err = s.SetOwner(ctx, tx, actor, into.ID, a)
	}
	return into, err
}

func (s *Service) tellMerge(ctx context.Context, tx *db.Tx, actor desk.Actor, typ string, m Merge, from, into desk.Ticket) error {
	data := map[string]any{"from": from.ID, "from_number": from.Number, "into": into.ID, "into_number": into.Number, "merge_id": m.ID, "reason": m.Moved.Reason}
	for _, t := range []desk.Ticket{from, into} {
		if _, err := s.ev.Record(ctx, tx, eventOf(t, actor, typ, data)); err != nil {
			return err
		}
	}
	return nil
}

const mergeColumns = "id, from_id, into_id, actor, moved, created_at, undone_at"

func scanMerge(r db.Scanner) (m Merge, err error) {
	err = r.Scan(&m.ID, &m.From, &m.Into, db.ScanActor(&m.Actor), db.ScanJSON(&m.Moved), &m.CreatedAt, &m.UndoneAt)
	return m, err
}

// MergeByID returns a merge.
func (s *Service) MergeByID(ctx context.Context, q db.Queryer, id desk.MergeID) (Merge, error) {
	m, err := db.One(ctx, q, scanMerge, "SELECT "+mergeColumns+" FROM ticket_merges WHERE id = $1", id)
	if errors.Is(err, sql.ErrNoRows) {
		return m, desk.Errorf(desk.NotFound, "merge.not_found", "There is no such merge.")
	}
	return m, err
}

// MergesInto are the merges of other tickets into one that still stand, newest first.
func (s *Service) MergesInto(ctx context.Context, q db.Queryer, id desk.TicketID) ([]Merge, error) {
	return db.All(ctx, q, scanMerge, "SELECT "+mergeColumns+" FROM ticket_merges WHERE into_id = $1 AND undone_at = 0 ORDER BY id DESC", id)
}

// MergeOf is the merge by which a ticket went into another, when it can be undone.
func (s *Service) MergeOf(ctx context.Context, q db.Queryer, id desk.TicketID) (Merge, bool, error) {
	ms, err := db.All(ctx, q, scanMerge, "SELECT "+mergeColumns+" FROM ticket_merges WHERE from_id = $1 AND undone_at = 0 ORDER BY id DESC LIMIT 1", id)
	if err != nil || len(ms) == 0 {
		return Merge{}, false, err
	}
	return ms[0], true, nil
}

// Unmerge gives a merged ticket its own life back: its state as it was, its followers, and to the survivor what it was before, where nobody has changed it since. It is
// the caller's to move the threads back. wrote tells that the customer has written in them since: then a closed one opens and one at rest wakes. Records ticket.unmerged on both.
func (s *Service) Unmerge(ctx context.Context, tx *db.Tx, actor desk.Actor, m Merge, wrote bool) (desk.Ticket, error) {
	if n, err := tx.Exec(ctx, `UPDATE ticket_merges SET undone_at = $1 WHERE id = $2 AND undone_at = 0`, s.clk.Ms(), m.ID); err != nil || n == 0 {
		return desk.Ticket{}, errors.Join(err, desk.Errorf(desk.Conflict, "merge.undone", "This merge was undone already."))
	}
	for _, id := range []desk.TicketID{min(m.From, m.Into), max(m.From, m.Into)} {
		if _, err := s.Lock(ctx, tx, id); err != nil {
			return desk.Ticket{}, err
		}
	}
	from, err := s.Get(ctx, tx, m.From)
	if err != nil {
		return from, err
	}
	if from.MergedInto != m.Into {
		return from, desk.Errorf(desk.Conflict, "merge.undone", "This merge was undone already.")
	}
	was := m.Moved.From
	st, err := s.statusEver(ctx, tx, from.StatusID)
	if err != nil {
		return from, err
	}
	open := st.State == Open
	if open {
		was.ClosedAt = 0
	}
	if wrote || !open || was.SnoozedUntil != 0 && was.SnoozedUntil <= s.clk.Ms() {
		was.Snoozed, was.SnoozedUntil, was.SnoozedBy = false, 0, 0
	}
	_, err = tx.Exec(ctx, `UPDATE tickets SET hidden = '', merged_into = 0, hidden_at = 0, hidden_reason = '', open = $1, closed_at = $2, snoozed = $3, snoozed_until = $4, snoozed_by = $5,
		updated_at = $6, version = version + 1 WHERE id = $7`, open, was.ClosedAt, was.Snoozed, was.SnoozedUntil, was.SnoozedBy, s.clk.Ms(), m.From)
	if err != nil {
		return from, fmt.Errorf("ticket: unmerge: %w", err)
	}
	if wrote && !open {
		if _, err := s.Reopen(ctx, tx, actor, m.From, "reopened_by_reply"); err != nil {
			return from, err
		}
	}
	if err := s.dropFollowers(ctx, tx, m); err != nil {
		return from, err
	}
	into, err := s.giveBack(ctx, tx, actor, m)
	if err != nil {
		return from, err
	}
	if from, err = s.Get(ctx, tx, m.From); err != nil {
		return from, err
	}
	return from, s.tellMerge(ctx, tx, actor, desk.EvTicketUnmerged, m, from, into)
}

// dropFollowers takes away who came with a merge, wherever later merges carried them, and from the survivor also those who had come to the merged ticket by earlier merges.
func (s *Service) dropFollowers(ctx context.Context, tx *db.Tx, m Merge) error {
	if _, err := tx.Exec(ctx, `DELETE FROM ticket_followers WHERE by_merge = $1`, m.ID); err != nil {
		return fmt.Errorf("ticket: unmerge followers: %w", err)
	}
	for id := m.Into; id != 0; {
		_, err := tx.Exec(ctx, `DELETE FROM ticket_followers WHERE ticket_id = $1 AND by_merge <> 0 AND by_merge IN (SELECT by_merge FROM ticket_followers WHERE ticket_id = $2 AND by_merge <> 0)`, id, m.From)
		if err != nil {
			return fmt.Errorf("ticket: unmerge followers: %w", err)
		}
		t, err := s.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		id = t.MergedInto
	}
	return nil
}

// giveBack restores of the survivor what the merge changed and nobody has changed since. One that was merged on keeps what it has.
func (s *Service) giveBack(ctx context.Context, tx *db.Tx, actor desk.Actor, m Merge) (desk.Ticket, error) {
	t, err := s.Get(ctx, tx, m.Into)
	if err != nil || t.MergedInto != 0 {
		return t, err
	}
	before, after := m.Moved.Before, m.Moved.After
	var c Change
	if after.StatusID != before.StatusID && t.StatusID == after.StatusID {
		c.StatusID = &before.StatusID
	}
	if after.ContactID != before.ContactID && t.ContactID == after.ContactID {
		c.ContactID = &before.ContactID
	}
	for _, tag := range after.Tags {
		if !slices.Contains(before.Tags, tag) {
			c.RemoveTags = append(c.RemoveTags, tag)
		}
	}
	if c.StatusID != nil || c.ContactID != nil || len(c.RemoveTags) > 0 {
		c.Reason = "unmerged"
		got, err := s.Update(ctx, tx, actor, m.Into, c)
		if desk.ReasonOf(err) == "status.not_found" { // removed since
			c.StatusID = nil
			got, err = s.Update(ctx, tx, actor, m.Into, c)
		}
		if err != nil {
			return got, err
		}
		t = got
	}
	if (after.OwnerID != before.OwnerID || after.TeamID != before.TeamID) && t.OwnerID == after.OwnerID && t.TeamID == after.TeamID {
		a := desk.Assignment{OwnerID: before.OwnerID, TeamID: before.TeamID, Rule: "manual", Reason: "manually_cleared", By: actor}
		if before.Assignment != nil {
			a = *before.Assignment
			a.OwnerID, a.TeamID = before.OwnerID, before.TeamID
		}
		if t, err = s.SetOwner(ctx, tx, actor, m.Into, a); err != nil {
			return t, err
		}
	}
	if before.Snoozed && !t.Snoozed && !after.Snoozed && t.Open && (before.SnoozedUntil == 0 || before.SnoozedUntil > s.clk.Ms()) && t.LastInbound <= m.CreatedAt {
		return s.Snooze(ctx, tx, actor, m.Into, before.SnoozedUntil)
	}
	return t, nil
}

// SetTally writes what the messages of a ticket add up to, after some came or went with a merge or a split.
func (s *Service) SetTally(ctx context.Context, tx *db.Tx, id desk.TicketID, a desk.Tally) error {
	snippet := ""
	if a.Last.ID != 0 {
		snippet = Snippet(a.Last)
	}
	_, err := tx.Exec(ctx, `UPDATE tickets SET message_count = $1, last_activity_at = CASE WHEN CAST($2 AS BIGINT) = 0 THEN last_activity_at ELSE CAST($2 AS BIGINT) END, last_inbound_at = $3, first_reply_at = $4,
		snippet = $5, last_direction = $6 WHERE id = $7`, a.Count, a.LastActivity, a.LastInbound, a.FirstReply, snippet, a.Last.Direction, id)
	if err != nil {
		return fmt.Errorf("ticket: tally: %w", err)
	}
	return nil
}
