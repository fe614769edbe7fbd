package people

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

func noTeam(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "team.not_found", "There is no such team.")
	}
	return err
}

func scanTeam(r db.Scanner) (t desk.Team, err error) {
	t.Members, t.Extra = []desk.UserID{}, []desk.UserID{}
	err = r.Scan(&t.ID, &t.Slug, &t.Name, &t.Calendar, &t.Parent)
	return t, err
}

// CreateTeam adds a team; Slug is made of Name when empty. Members and Extra are set too. Records team.updated.
func (s *Service) CreateTeam(ctx context.Context, tx *db.Tx, actor desk.Actor, t desk.Team) (desk.Team, error) {
	t.ID, t.Name = desk.TeamID(tx.NewID()), strings.TrimSpace(t.Name)
	if t.Slug == "" {
		t.Slug = desk.Slug(t.Name)
	}
	if t.Name == "" {
		t.Name = t.Slug
	}
	if err := errors.Join(desk.CheckSlug("slug", t.Slug), checkLine("name", t.Name)); err != nil {
		return desk.Team{}, err
	}
	if err := s.checkParent(ctx, tx, t.ID, t.Parent); err != nil {
		return desk.Team{}, err
	}
	n, err := tx.Exec(ctx, `INSERT INTO teams (id, slug, name, parent_id, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (slug) DO NOTHING`, t.ID, t.Slug, t.Name, t.Parent, s.clk.Ms())
	if err != nil {
		return desk.Team{}, fmt.Errorf("people: create team: %w", err)
	}
	if n == 0 {
		return desk.Team{}, desk.Errorf(desk.Conflict, "team.slug_taken", "There is already a team with the short name %s.", t.Slug).In("slug")
	}
	if err := s.writeMembers(ctx, tx, t.ID, t.Members, t.Extra); err != nil {
		return desk.Team{}, err
	}
	made, err := s.Team(ctx, tx, t.ID)
	if err != nil {
		return desk.Team{}, err
	}
	return made, s.tellTeam(ctx, tx, actor, nil, &made)
}

// TeamChange says what to change; nil leaves a field alone. Members are main members (RT-13), Extra the others.
type TeamChange struct {
	Name    *string        `json:"name"`
	Members *[]desk.UserID `json:"members"`
	Extra   *[]desk.UserID `json:"extra_members"`
	Parent  *desk.TeamID   `json:"parent_id"`
	// Calendar of the holidays that main members keep who have none of their own; the caller has made sure that there is such a one.
	Calendar *string `json:"calendar"`
}

// UpdateTeam changes a team. A user listed as both main and extra member is a main member. Records team.updated with before and after.
func (s *Service) UpdateTeam(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TeamID, c TeamChange) (desk.Team, error) {
	if _, err := db.One(ctx, tx, scanTeam, `SELECT id, slug, name, calendar, parent_id FROM teams WHERE id = $1`+tx.ForUpdate(), id); err != nil {
		return desk.Team{}, noTeam(err)
	}
	before, err := s.Team(ctx, tx, id)
	if err != nil {
		return desk.Team{}, err
	}
	after := before
	if c.Name != nil {
		after.Name = strings.TrimSpace(*c.Name)
		if after.Name == "" {
			return desk.Team{}, desk.Errorf(desk.Invalid, "team.name_missing", "A team needs a name.").In("name")
		}
		if err := checkLine("name", after.Name); err != nil {
			return desk.Team{}, err
		}
		if _, err := tx.Exec(ctx, `UPDATE teams SET name = $1 WHERE id = $2`, after.Name, id); err != nil {
			return desk.Team{}, fmt.Errorf("people: update team: %w", err)
		}
	}
	if c.Calendar != nil && *c.Calendar != before.Calendar {
		after.Calendar = *c.Calendar
		if _, err := tx.Exec(ctx, `UPDATE teams SET calendar = $1 WHERE id = $2`, after.Calendar, id); err != nil {
			return desk.Team{}, fmt.Errorf("people: update team: %w", err)
		}
	}
	if c.Parent != nil && *c.Parent != before.Parent {
		if err := s.checkParent(ctx, tx, id, *c.Parent); err != nil {
			return desk.Team{}, err
		}
		after.Parent = *c.Parent
		if _, err := tx.Exec(ctx, `UPDATE teams SET parent_id = $1 WHERE id = $2`, after.Parent, id); err != nil {
			return desk.Team{}, fmt.Errorf("people: update team: %w", err)
		}
	}
	if c.Members != nil || c.Extra != nil {
		set(&after.Members, c.Members)
		set(&after.Extra, c.Extra)
		if err := s.writeMembers(ctx, tx, id, after.Members, after.Extra); err != nil {
			return desk.Team{}, err
		}
		if after, err = s.Team(ctx, tx, id); err != nil {
			return desk.Team{}, err
		}
	}
	if sameTeam(before, after) {
		return before, nil
	}
	if before.Calendar != "" || after.Calendar != "" { // whose holidays these are may have changed
		if err := s.Recheck(ctx, tx); err != nil {
			return desk.Team{}, err
		}
	}
	return after, s.tellTeam(ctx, tx, actor, &before, &after)
}

func sameTeam(a, b desk.Team) bool {
	return a.Name == b.Name && a.Parent == b.Parent && a.Calendar == b.Calendar && slices.Equal(a.Members, b.Members) && slices.Equal(a.Extra, b.Extra)
}

// RemoveTeam deletes a team and its memberships. Policies that name it then say so when they decide.
func (s *Service) RemoveTeam(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TeamID) error {
	before, err := s.Team(ctx, tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM team_members WHERE team_id = $1`, id); err != nil {
		return fmt.Errorf("people: remove team: %w", err)
	}
	if err := s.lift(ctx, tx, actor, before); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM teams WHERE id = $1`, id); err != nil {
		return fmt.Errorf("people: remove team: %w", err)
	}
	if before.Calendar != "" {
		if err := s.Recheck(ctx, tx); err != nil {
			return err
		}
	}
	return s.tellTeam(ctx, tx, actor, &before, nil)
}

// SetMainTeams makes a user a main member of exactly these teams; extra memberships of others stay. Records team.updated for each team that changed.
func (s *Service) SetMainTeams(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, teams []desk.TeamID) error {
	have, err := db.All(ctx, tx, db.Column[desk.TeamID], `SELECT team_id FROM team_members WHERE user_id = $1 AND main = 1 ORDER BY team_id`, id)
	if err != nil {
		return fmt.Errorf("people: set teams: %w", err)
	}
	all := append(slices.Clone(have), teams...)
	slices.Sort(all)
	for _, t := range slices.Compact(all) {
		was, is := slices.Contains(have, t), slices.Contains(teams, t)
		if was == is {
			continue
		}
		team, err := s.Team(ctx, tx, t)
		if err != nil {
			return err
		}
		members := slices.DeleteFunc(slices.Clone(team.Members), func(u desk.UserID) bool { return u == id })
		if is {
			members = append(members, id)
		}
		if _, err := s.UpdateTeam(ctx, tx, actor, t, TeamChange{Members: &members}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) writeMembers(ctx context.Context, tx *db.Tx, id desk.TeamID, main, extra []desk.UserID) error {
	for _, u := range append(slices.Clone(main), extra...) {
		var n int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM users WHERE id = $1`, u).Scan(&n); err != nil {
			return fmt.Errorf("people: members: %w", err)
		}
		if n == 0 {
			return desk.Errorf(desk.Invalid, "team.member_unknown", "A member of the team is not a user.").In("members")
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM team_members WHERE team_id = $1`, id); err != nil {
		return fmt.Errorf("people: members: %w", err)
	}
	for i, list := range [][]desk.UserID{main, extra} {
		for _, u := range list {
			if _, err := tx.Exec(ctx, `INSERT INTO team_members (team_id, user_id, main) VALUES ($1, $2, $3) ON CONFLICT (team_id, user_id) DO NOTHING`, id, u, i == 0); err != nil {
				return fmt.Errorf("people: members: %w", err)
			}
		}
	}
	return nil
}

func (s *Service) tellTeam(ctx context.Context, tx *db.Tx, actor desk.Actor, before, after *desk.Team) error {
	slug := ""
	if before != nil {
		slug = before.Slug
	}
	if after != nil {
		slug = after.Slug
	}
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvTeamUpdated, Actor: actor, Data: event.Data(map[string]any{"object": "team", "slug": slug, "before": before, "after": after})})
	return err
}

// Team returns a team with its members.
func (s *Service) Team(ctx context.Context, q db.Queryer, id desk.TeamID) (desk.Team, error) {
	t, err := db.One(ctx, q, scanTeam, `SELECT id, slug, name, calendar, parent_id FROM teams WHERE id = $1`, id)
	if err != nil {
		return t, noTeam(err)
	}
	ts, err := s.members(ctx, q, []desk.Team{t})
	if err != nil {
		return t, err
	}
	return ts[0], nil
}

// TeamBySlug finds a team by its short name.
func (s *Service) TeamBySlug(ctx context.Context, q db.Queryer, slug string) (desk.Team, error) {
	var id desk.TeamID
	if err := q.QueryRow(ctx, `SELECT id FROM teams WHERE slug = $1`, slug).Scan(&id); err != nil {
		return desk.Team{}, noTeam(err)
	}
	return s.Team(ctx, q, id)
}

// Teams returns every team with its members, by name.
func (s *Service) Teams(ctx context.Context, q db.Queryer) ([]desk.Team, error) {
	ts, err := db.All(ctx, q, scanTeam, `SELECT id, slug, name, calendar, parent_id FROM teams ORDER BY name, id`)
	if err != nil {
		return nil, fmt.Errorf("people: list teams: %w", err)
	}
	return s.members(ctx, q, ts)
}

func (s *Service) members(ctx context.Context, q db.Queryer, ts []desk.Team) ([]desk.Team, error) {
	at := make(map[desk.TeamID]int, len(ts))
	for i, t := range ts {
		at[t.ID] = i
	}
	only := desk.TeamID(0)
	if len(ts) == 1 {
		only = ts[0].ID
	}
	type row struct {
		team desk.TeamID
		user desk.UserID
		main bool
	}
	rows, err := db.All(ctx, q, func(r db.Scanner) (m row, err error) { err = r.Scan(&m.team, &m.user, &m.main); return m, err },
		`SELECT team_id, user_id, main FROM team_members WHERE team_id = $1 OR $1 = 0 ORDER BY team_id, user_id`, only)
	if err != nil {
		return nil, fmt.Errorf("people: members: %w", err)
	}
	for _, r := range rows {
		i, ok := at[r.team]
		switch {
		case !ok:
		case r.main:
			ts[i].Members = append(ts[i].Members, r.user)
		default:
			ts[i].Extra = append(ts[i].Extra, r.user)
		}
	}
	return ts, nil
}
