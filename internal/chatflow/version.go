package chatflow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Version is one published state of a chatflow. It never changes.
type Version struct {
	Flow        desk.ChatflowID `json:"chatflow_id"`
	Number      int64           `json:"number"`
	Definition  Definition      `json:"definition"`
	Note        string          `json:"note"`
	PublishedBy desk.UserID     `json:"published_by"`
	PublishedAt desk.Time       `json:"published_at"`
}

const versionColumns = "chatflow_id, number, definition, note, published_by, published_at"

func scanVersion(r db.Scanner) (v Version, err error) {
	var def string
	if err = r.Scan(&v.Flow, &v.Number, &def, &v.Note, &v.PublishedBy, &v.PublishedAt); err != nil {
		return v, err
	}
	v.Definition, err = Parse([]byte(def))
	return v, err
}

// Versions lists what was published, newest first.
func (s *Service) Versions(ctx context.Context, q db.Queryer, id desk.ChatflowID) ([]Version, error) {
	out, err := db.All(ctx, q, scanVersion, "SELECT "+versionColumns+" FROM chatflow_versions WHERE chatflow_id = $1 AND number > 0 ORDER BY number DESC LIMIT 500", id)
	if err != nil {
		return nil, fmt.Errorf("chatflow: versions: %w", err)
	}
	return out, nil
}

// VersionOf returns one published version.
func (s *Service) VersionOf(ctx context.Context, q db.Queryer, id desk.ChatflowID, number int64) (Version, error) {
	v, err := scanVersion(q.QueryRow(ctx, "SELECT "+versionColumns+" FROM chatflow_versions WHERE chatflow_id = $1 AND number = $2", id, number))
	if errors.Is(err, sql.ErrNoRows) {
		return v, desk.Errorf(desk.NotFound, "chatflow.version_not_found", "There is no such version of this chatflow.")
	}
	if err != nil {
		return v, fmt.Errorf("chatflow: version: %w", err)
	}
	return v, nil
}

// Publish makes the draft the live version. Conversations that go on keep the version they began with (CF-23). It refuses a draft with an error and
// does nothing when the draft is what is live. Records chatflow.published.
func (s *Service) Publish(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChatflowID, note string) (Flow, error) {
	before, err := s.alive(ctx, tx, id)
	if err != nil {
		return before, err
	}
	if err := Refusal(Validate(before.Kind, before.Draft)); err != nil {
		return before, err
	}
	if before.Published != 0 {
		live, err := s.VersionOf(ctx, tx, id, before.Published)
		if err != nil || same(live.Definition, before.Draft) {
			return before, err
		}
	}
	return s.publish(ctx, tx, actor, before, before.Draft, note)
}

// Rollback publishes an older version again, as a new one, and makes it the draft too. Records chatflow.published.
func (s *Service) Rollback(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChatflowID, number int64) (Flow, error) {
	before, err := s.alive(ctx, tx, id)
	if err != nil {
		return before, err
	}
	v, err := s.VersionOf(ctx, tx, id, max(number, 0))
	if err != nil {
		return before, err
	}
	if number == before.Published {
		return before, desk.Errorf(desk.Conflict, "chatflow.version_live", "This version is the one that is live.").In("number")
	}
	if err := Refusal(Validate(before.Kind, v.Definition)); err != nil {
		return before, err
	}
	return s.publish(ctx, tx, actor, before, v.Definition, fmt.Sprintf("Back to version %d", number))
}

func (s *Service) publish(ctx context.Context, tx *db.Tx, actor desk.Actor, before Flow, def Definition, note string) (Flow, error) {
	f := before
	f.Draft = def
	if err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(number), 0) + 1 FROM chatflow_versions WHERE chatflow_id = $1 AND number > 0", f.ID).Scan(&f.Published); err != nil {
		return before, fmt.Errorf("chatflow: number: %w", err)
	}
	note = strings.TrimSpace(strings.ToValidUTF8(note, ""))
	if len(note) > 1000 {
		note = strings.ToValidUTF8(note[:1000], "")
	}
	if _, err := tx.Exec(ctx, "INSERT INTO chatflow_versions ("+versionColumns+") VALUES ($1, $2, $3, $4, $5, $6)",
		f.ID, f.Published, db.JSON(def), note, actor.UserID(), s.clk.Ms()); err != nil {
		return before, fmt.Errorf("chatflow: publish: %w", err)
	}
	f.UpdatedAt, f.Version = s.clk.Ms(), before.Version+1
	if _, err := tx.Exec(ctx, "UPDATE chatflows SET draft = $1, published = $2, version = $3, updated_at = $4 WHERE id = $5", db.JSON(f.Draft), f.Published, f.Version, f.UpdatedAt, f.ID); err != nil {
		return before, fmt.Errorf("chatflow: publish: %w", err)
	}
	var was any
	if before.Published != 0 {
		v, err := s.VersionOf(ctx, tx, f.ID, before.Published)
		if err != nil {
			return before, err
		}
		was = v.Definition
	}
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvChatflowPublished, Actor: actor, Data: event.Data(map[string]any{
		"id": f.ID, "name": f.Name, "account_id": f.AccountID, "number": f.Published, "note": note, "before": was, "after": def,
	})})
	return f, err
}

// Duplicate makes a copy of a chatflow's draft, not published and not shown anywhere.
func (s *Service) Duplicate(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChatflowID, name string) (Flow, error) {
	f, err := s.Get(ctx, tx, id)
	if err != nil {
		return f, err
	}
	if strings.TrimSpace(name) == "" {
		name = f.Name + " (2)"
	}
	return s.Create(ctx, tx, actor, Flow{AccountID: f.AccountID, Name: name, Kind: f.Kind, Draft: f.Draft})
}

// Handovers are the rules by which an account's live chatflows give conversations to people, beside the account's own (CH-17).
func (s *Service) Handovers(ctx context.Context, q db.Queryer, account desk.ChannelAccountID) ([]desk.AssignPolicy, error) {
	live, err := s.Live(ctx, q)
	if err != nil {
		return nil, err
	}
	out := []desk.AssignPolicy{}
	for _, c := range live {
		if c.AccountID != account || !c.Active || c.Number == 0 {
			continue
		}
		if p := c.Def.Handover.Assign; p != nil {
			out = append(out, *p)
		}
		for _, b := range c.Def.Steps {
			if b.Type == StepAssign && b.To != nil && b.To.Policy != nil {
				out = append(out, *b.To.Policy)
			}
		}
	}
	return out, nil
}
