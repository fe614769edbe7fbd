package people

import (
	"context"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// BuiltIn reports whether a role is one of those that every installation has.
func BuiltIn(r desk.Role) bool { return slices.Contains(Roles, r) }

// checkRole refuses a role that is neither built in nor one of the installation's own. Its row stays until the transaction ends.
func checkRole(ctx context.Context, tx *db.Tx, r desk.Role) error {
	if BuiltIn(r) {
		return nil
	}
	found, err := db.All(ctx, tx, db.Column[string], `SELECT slug FROM roles WHERE slug = $1`+tx.ForUpdate(), r)
	if err != nil {
		return fmt.Errorf("people: role: %w", err)
	}
	if len(found) == 0 {
		return desk.Errorf(desk.Invalid, "user.role_unknown", "%q is not a role. It is one of owner, admin, supervisor, agent, light and viewer, or one that was made under Roles.", r).In("role")
	}
	return nil
}

// MoveRole gives everybody who has one role another, deactivated users too, and says how many they were.
func (s *Service) MoveRole(ctx context.Context, tx *db.Tx, actor desk.Actor, from, to desk.Role) (int, error) {
	ids, err := db.All(ctx, tx, db.Column[desk.UserID], `SELECT id FROM users WHERE role = $1 ORDER BY id`, from)
	if err != nil {
		return 0, fmt.Errorf("people: who has a role: %w", err)
	}
	for _, id := range ids {
		if _, err := s.Update(ctx, tx, actor, id, UserChange{Role: &to}); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// tree is which team is part of which: child to parent.
type tree map[desk.TeamID]desk.TeamID

func teamTree(ctx context.Context, q db.Queryer) (tree, error) {
	type row struct{ id, parent desk.TeamID }
	rows, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) { err = r.Scan(&x.id, &x.parent); return x, err }, `SELECT id, parent_id FROM teams WHERE parent_id <> 0 ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("people: hierarchy of teams: %w", err)
	}
	t := make(tree, len(rows))
	for _, r := range rows {
		t[r.id] = r.parent
	}
	return t, nil
}

// above is what a team is part of, the nearest first.
func (t tree) above(id desk.TeamID) (out []desk.TeamID) {
	for p := t[id]; p != 0 && p != id && !slices.Contains(out, p); p = t[p] {
		out = append(out, p)
	}
	return out
}

// TeamsAbove are the teams that a team is part of, the nearest first.
func (s *Service) TeamsAbove(ctx context.Context, q db.Queryer, id desk.TeamID) ([]desk.TeamID, error) {
	t, err := teamTree(ctx, q)
	return t.above(id), err
}

// lineage fills in the teams above and below those of users.
func (s *Service) lineage(ctx context.Context, q db.Queryer, us []desk.User) error {
	if !slices.ContainsFunc(us, func(u desk.User) bool { return len(u.Teams) > 0 }) {
		return nil
	}
	t, err := teamTree(ctx, q)
	if err != nil || len(t) == 0 {
		return err
	}
	for i := range us {
		us[i].TeamsAbove, us[i].TeamsBelow = t.around(us[i].Teams)
	}
	return nil
}

// around is what some teams are part of, and what is part of them.
func (t tree) around(teams []desk.TeamID) (above, below []desk.TeamID) {
	for _, id := range teams {
		above = append(above, t.above(id)...)
	}
	for child := range t {
		if slices.ContainsFunc(t.above(child), func(p desk.TeamID) bool { return slices.Contains(teams, p) }) {
			below = append(below, child)
		}
	}
	slices.Sort(above)
	slices.Sort(below)
	return slices.Compact(above), below
}

// MaxDepth is how many teams may stand above one another.
const MaxDepth = 8

// checkParent refuses a team above itself, and a tree that nobody could draw. The tree's rows are locked, so that two moves see each other.
func (s *Service) checkParent(ctx context.Context, tx *db.Tx, id, parent desk.TeamID) error {
	if parent == 0 {
		return nil
	}
	if _, err := db.All(ctx, tx, db.Column[int64], `SELECT id FROM teams ORDER BY id`+tx.ForUpdate()); err != nil {
		return fmt.Errorf("people: hierarchy of teams: %w", err)
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM teams WHERE id = $1`, parent).Scan(&n); err != nil {
		return fmt.Errorf("people: parent team: %w", err)
	}
	if n == 0 {
		return desk.Errorf(desk.Invalid, "team.parent_unknown", "There is no such team to be part of.").In("parent_id")
	}
	t, err := teamTree(ctx, tx)
	if err != nil {
		return err
	}
	above := append([]desk.TeamID{parent}, t.above(parent)...)
	if slices.Contains(above, id) {
		return desk.Errorf(desk.Invalid, "team.parent_cycle", "A team cannot be part of itself or of a team that is part of it.").In("parent_id")
	}
	deepest := 0
	for child := range t {
		if up := t.above(child); slices.Contains(up, id) {
			deepest = max(deepest, slices.Index(up, id)+1)
		}
	}
	if len(above)+deepest >= MaxDepth {
		return desk.Errorf(desk.Invalid, "team.too_deep", "Teams may stand at most %d deep.", MaxDepth).In("parent_id")
	}
	return nil
}

// lift makes the teams right below one that goes part of what it was part of.
func (s *Service) lift(ctx context.Context, tx *db.Tx, actor desk.Actor, gone desk.Team) error {
	ids, err := db.All(ctx, tx, db.Column[desk.TeamID], `SELECT id FROM teams WHERE parent_id = $1 ORDER BY id`, gone.ID)
	if err != nil {
		return fmt.Errorf("people: teams below: %w", err)
	}
	for _, id := range ids {
		if _, err := s.UpdateTeam(ctx, tx, actor, id, TeamChange{Parent: &gone.Parent}); err != nil {
			return err
		}
	}
	return nil
}
