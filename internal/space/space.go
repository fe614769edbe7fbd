// Package space owns spaces (the table spaces): named areas of the help desk that show the tickets of chosen teams (WS-07), and says in SQL which tickets
// these are. It refuses names and teams that do not hold together, and changes by who saw an older state. A space narrows what somebody sees and never
// widens it: who may see what is access's. Called by the API, by view and by transfer.
package space

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Space is one area.
type Space struct {
	ID        desk.SpaceID  `json:"id"`
	Slug      string        `json:"slug" doc:"Names it in the settings file."`
	Name      string        `json:"name"`
	Teams     []desk.TeamID `json:"teams" doc:"A ticket is here when it is one of these teams', or its owner is a main member of one."`
	Extra     bool          `json:"extra_members" doc:"Extra members of the teams count as well as the main ones."`
	Position  int           `json:"position"`
	Version   int64         `json:"version"`
	CreatedAt desk.Time     `json:"created_at"`
	UpdatedAt desk.Time     `json:"updated_at"`
}

// Limits. HubSpot has 100 spaces; this one is only there so that no list grows without end.
const (
	maxSpaces = 1000
	maxTeams  = 200
	maxName   = 100
)

// Service is the spaces. Safe for concurrent use.
type Service struct {
	clk *clock.Clock
	ev  *event.Log
}

// New makes the service.
func New(clk *clock.Clock, ev *event.Log) *Service { return &Service{clk: clk, ev: ev} }

const columns = "id, slug, name, teams, extra, position, version, created_at, updated_at"

func scan(r db.Scanner) (s Space, err error) {
	s.Teams = []desk.TeamID{}
	err = r.Scan(&s.ID, &s.Slug, &s.Name, db.ScanJSON(&s.Teams), &s.Extra, &s.Position, &s.Version, &s.CreatedAt, &s.UpdatedAt)
	return s, err
}

func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "space.not_found", "There is no such space. Somebody may have removed it: choose another one, or all tickets.")
	}
	return err
}

// List gives every space, in their order.
func List(ctx context.Context, q db.Queryer) ([]Space, error) {
	all, err := db.All(ctx, q, scan, "SELECT "+columns+" FROM spaces ORDER BY position, name, id")
	if err != nil {
		return nil, fmt.Errorf("space: list: %w", err)
	}
	return all, nil
}

// Get gives one space.
func Get(ctx context.Context, q db.Queryer, id desk.SpaceID) (Space, error) {
	s, err := db.One(ctx, q, scan, "SELECT "+columns+" FROM spaces WHERE id = $1", id)
	return s, missing(err)
}

// Create adds a space; Slug is made of the name when empty.
func (v *Service) Create(ctx context.Context, tx *db.Tx, actor desk.Actor, s Space) (Space, error) {
	if err := check(ctx, tx, &s); err != nil {
		return s, err
	}
	have, err := List(ctx, tx)
	if err != nil {
		return s, err
	}
	if len(have) >= maxSpaces {
		return s, desk.Errorf(desk.TooLarge, "space.too_many", "There may be at most %d spaces. Remove one first.", maxSpaces)
	}
	if s.Slug, err = slug(s, have); err != nil {
		return s, err
	}
	s.ID, s.Version, s.CreatedAt = desk.SpaceID(tx.NewID()), 1, v.clk.Ms()
	s.UpdatedAt = s.CreatedAt
	if s.Position == 0 {
		s.Position = 1
		if n := len(have); n > 0 {
			s.Position = have[n-1].Position + 1
		}
	}
	if _, err := tx.Exec(ctx, "INSERT INTO spaces ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", s.ID, s.Slug, s.Name, db.JSON(s.Teams), s.Extra, s.Position, s.Version, s.CreatedAt, s.UpdatedAt); err != nil {
		return s, fmt.Errorf("space: create: %w", err)
	}
	return s, v.tell(ctx, tx, actor, desk.EvSpaceCreated, nil, &s)
}

// slug is a free short name; a given one must be free.
func slug(s Space, have []Space) (string, error) {
	taken := func(name string) bool { return slices.ContainsFunc(have, func(x Space) bool { return x.Slug == name }) }
	if s.Slug != "" {
		if taken(s.Slug) {
			return "", desk.Errorf(desk.Conflict, "space.slug_taken", "There is already a space with the short name %s.", s.Slug).In("slug")
		}
		return s.Slug, desk.CheckSlug("slug", s.Slug)
	}
	base := desk.Slug(s.Name)
	if base == "" {
		base = "space"
	}
	name := base
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name, nil
}

// Change says what to change; nil leaves a field alone.
type Change struct {
	Name    *string
	Teams   *[]desk.TeamID
	Extra   *bool
	Version int64 // 0: whatever it is now
}

// Update changes a space. Nothing is recorded when nothing changed.
func (v *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.SpaceID, c Change) (Space, error) {
	before, err := db.One(ctx, tx, scan, "SELECT "+columns+" FROM spaces WHERE id = $1"+tx.ForUpdate(), id)
	if err != nil {
		return before, missing(err)
	}
	if c.Version != 0 && c.Version != before.Version {
		return before, desk.Errorf(desk.Conflict, "space.stale", "Somebody else changed this space meanwhile. Look at it again, then repeat your change.").In("version")
	}
	s := before
	put(&s.Name, c.Name)
	put(&s.Teams, c.Teams)
	put(&s.Extra, c.Extra)
	if c.Teams == nil { // a team that was removed since is no reason to refuse a new name
		known, err := existing(ctx, tx, s.Teams)
		if err != nil {
			return before, err
		}
		s.Teams = known
	}
	if err := check(ctx, tx, &s); err != nil {
		return before, err
	}
	if s.Name == before.Name && s.Extra == before.Extra && slices.Equal(s.Teams, before.Teams) {
		return before, nil
	}
	s.Version++
	s.UpdatedAt = v.clk.Ms()
	if _, err := tx.Exec(ctx, "UPDATE spaces SET name = $1, teams = $2, extra = $3, version = $4, updated_at = $5 WHERE id = $6", s.Name, db.JSON(s.Teams), s.Extra, s.Version, s.UpdatedAt, s.ID); err != nil {
		return before, fmt.Errorf("space: update: %w", err)
	}
	return s, v.tell(ctx, tx, actor, desk.EvSpaceUpdated, &before, &s)
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Order puts the spaces in an order: those named first, in theirs, and the others behind.
func (v *Service) Order(ctx context.Context, tx *db.Tx, actor desk.Actor, ids []desk.SpaceID) ([]Space, error) {
	have, err := List(ctx, tx)
	if err != nil {
		return nil, err
	}
	place := func(s Space) int {
		if i := slices.Index(ids, s.ID); i >= 0 {
			return i
		}
		return len(ids)
	}
	slices.SortStableFunc(have, func(a, b Space) int { return place(a) - place(b) })
	for i := range have {
		before := have[i]
		if have[i].Position = i + 1; before.Position == have[i].Position {
			continue
		}
		if _, err := tx.Exec(ctx, "UPDATE spaces SET position = $1 WHERE id = $2", have[i].Position, have[i].ID); err != nil {
			return nil, fmt.Errorf("space: order: %w", err)
		}
		if err := v.tell(ctx, tx, actor, desk.EvSpaceUpdated, &before, &have[i]); err != nil {
			return nil, err
		}
	}
	return have, nil
}

// Delete removes a space. The caller takes the views that stood in it along.
func (v *Service) Delete(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.SpaceID) error {
	before, err := Get(ctx, tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM spaces WHERE id = $1", id); err != nil {
		return fmt.Errorf("space: delete: %w", err)
	}
	return v.tell(ctx, tx, actor, desk.EvSpaceDeleted, &before, nil)
}

func (v *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, kind string, before, after *Space) error {
	of := before
	if after != nil {
		of = after
	}
	_, err := v.ev.Record(ctx, tx, desk.Event{Type: kind, Actor: actor, Data: event.Data(map[string]any{"object": "space", "slug": of.Slug, "name": of.Name, "before": before, "after": after})})
	return err
}

// check cleans a space and refuses what does not hold together.
func check(ctx context.Context, q db.Queryer, s *Space) error {
	s.Name = strings.TrimSpace(s.Name)
	if s.Name == "" || len(s.Name) > maxName || strings.ContainsAny(s.Name, "\r\n") {
		return desk.Errorf(desk.Invalid, "space.name_malformed", "A space's name is one line of 1 to %d bytes.", maxName).In("name")
	}
	teams := slices.Clone(s.Teams)
	slices.Sort(teams)
	teams = slices.Compact(teams)
	if len(teams) == 0 || len(teams) > maxTeams {
		return desk.Errorf(desk.Invalid, "space.teams_missing", "A space shows the tickets of 1 to %d teams. Name them.", maxTeams).In("teams")
	}
	known, err := existing(ctx, q, teams)
	if err != nil {
		return err
	}
	if len(known) != len(teams) {
		return desk.Errorf(desk.Invalid, "space.team_unknown", "One of the teams does not exist any more. Choose them again.").In("teams")
	}
	s.Teams = teams
	return nil
}

// existing are those of some teams that there are.
func existing(ctx context.Context, q db.Queryer, teams []desk.TeamID) ([]desk.TeamID, error) {
	if len(teams) == 0 {
		return []desk.TeamID{}, nil
	}
	ids, err := db.All(ctx, q, db.Column[desk.TeamID], "SELECT id FROM teams WHERE id IN "+db.IDs(teams)+" ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("space: teams: %w", err)
	}
	return ids, nil
}
