package people

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Rostered is what routing asks of a user: who they are, whether they are there, what they may, and the teams in which they are a main or an extra member.
type Rostered struct {
	desk.User // without names of their own, language and times of change
	MainOf    []desk.TeamID
	ExtraOf   []desk.TeamID
	Limit     *desk.Capacity // their own; nil: the installation's
}

// rosterColumns are few: a decision reads them of everybody whom it asks.
const rosterColumns = `id, email, name, role, active, takes_work, available, available_by, last_assigned_at, capacity`

// scanRostered reads rosterColumns; what a role of one's own gives is read once for all.
func scanRostered(roles map[desk.Role]*desk.Powers) func(r db.Scanner) (Rostered, error) {
	return func(r db.Scanner) (u Rostered, err error) {
		var limit string
		var active, takes, available, last int64
		err = r.Scan((*int64)(&u.ID), &u.Email, &u.Name, (*string)(&u.Role), &active, &takes, &available, &u.AvailableBy, &last, &limit)
		u.Active, u.TakesWork, u.Available, u.LastAssigned, u.Powers = active != 0, takes != 0, available != 0, desk.Time(last), roles[u.Role]
		if limit != "" && err == nil {
			u.Limit = &desk.Capacity{}
			err = json.Unmarshal([]byte(limit), u.Limit)
		}
		return u, err
	}
}

// ownRoles is what the roles give that the installation made.
func (s *Service) ownRoles(ctx context.Context, q db.Queryer) (map[desk.Role]*desk.Powers, error) {
	type role struct {
		slug desk.Role
		text string
	}
	rs, err := db.All(ctx, q, func(r db.Scanner) (x role, err error) { err = r.Scan(&x.slug, &x.text); return x, err },
		`SELECT slug, '{"permissions":' || permissions || ',"tickets":' || tickets || ',"contacts":' || contacts || '}' FROM roles`)
	if err != nil {
		return nil, fmt.Errorf("people: roles: %w", err)
	}
	out := make(map[desk.Role]*desk.Powers, len(rs))
	for _, r := range rs {
		out[r.slug] = desk.ReadPowers(r.text)
	}
	return out, nil
}

// Roll is who is looked for: whom addresses, ids and teams name, whatever became of them.
type Roll struct {
	Emails []string
	IDs    []desk.UserID
	Teams  []string    // by their slugs
	TeamOf desk.UserID // the teams of whom they are a main member
	Takers int         // and so many of those who take work
}

// Roster returns who is looked for, by id, and all teams that there are, their members left out.
func (s *Service) Roster(ctx context.Context, q db.Queryer, roll Roll) ([]Rostered, []desk.Team, error) {
	teams, err := db.All(ctx, q, func(r db.Scanner) (t desk.Team, err error) {
		err = r.Scan(&t.ID, &t.Slug, &t.Name, &t.Parent)
		return t, err
	}, `SELECT id, slug, name, parent_id FROM teams ORDER BY id`)
	if err != nil {
		return nil, nil, fmt.Errorf("people: roster: %w", err)
	}
	var asked []desk.TeamID
	for _, t := range teams {
		if slices.Contains(roll.Teams, t.Slug) {
			asked = append(asked, t.ID)
		}
	}
	// The text is the same for all work of one policy, so that it is prepared once.
	where, args := `SELECT id FROM users WHERE id IN `+db.Among(q, "$1"), []any{db.JSON(some(roll.IDs))}
	add := func(sql string, value any) {
		args = append(args, value)
		where += " UNION " + fmt.Sprintf(sql, len(args))
	}
	for _, e := range roll.Emails {
		add(`SELECT id FROM users WHERE email = $%d`, desk.NormalizeEmail(e))
	}
	if len(asked) > 0 {
		where += ` UNION SELECT user_id FROM team_members WHERE team_id IN ` + db.IDs(asked)
	}
	if roll.TeamOf != 0 {
		add(`SELECT user_id FROM team_members WHERE team_id IN (SELECT team_id FROM team_members WHERE user_id = $%d AND main = 1)`, roll.TeamOf)
	}
	if roll.Takers > 0 {
		add(`SELECT id FROM (SELECT id FROM users WHERE active = 1 AND takes_work = 1 ORDER BY id LIMIT $%d) t`, roll.Takers)
	}
	roles, err := s.ownRoles(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	// One row for each team that somebody is in: half as many as people and memberships one after the other.
	var out []Rostered
	scan := scanRostered(roles)
	_, err = db.All(ctx, q, func(r db.Scanner) (struct{}, error) {
		var team, main int64
		u, err := scan(withMore{r, []any{&team, &main}})
		if n := len(out); n == 0 || out[n-1].ID != u.ID {
			out = append(out, u)
		}
		if team != 0 {
			out[len(out)-1].joins(desk.TeamID(team), main != 0)
		}
		return struct{}{}, err
	}, `SELECT `+rosterColumns+`, COALESCE(m.team_id, 0), COALESCE(m.main, 0) FROM users LEFT JOIN team_members m ON m.user_id = users.id WHERE id IN (`+where+`) ORDER BY id`, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("people: roster: %w", err)
	}
	place(out, teams)
	return out, teams, nil
}

func some(ids []desk.UserID) []desk.UserID {
	if ids == nil {
		return []desk.UserID{}
	}
	return ids
}

// withMore scans more columns than its caller asks for.
type withMore struct {
	db.Scanner
	more []any
}

func (w withMore) Scan(to ...any) error { return w.Scanner.Scan(append(to, w.more...)...) }

func (u *Rostered) joins(team desk.TeamID, main bool) {
	u.Teams = append(u.Teams, team)
	if main {
		u.MainOf = append(u.MainOf, team)
	} else {
		u.ExtraOf = append(u.ExtraOf, team)
	}
}

// place puts teams in the order of their ids and says which are above and below them.
func place(out []Rostered, teams []desk.Team) {
	for i := range out {
		for _, list := range [][]desk.TeamID{out[i].Teams, out[i].MainOf, out[i].ExtraOf} {
			slices.Sort(list)
		}
	}
	t := tree{}
	for _, x := range teams {
		if x.Parent != 0 {
			t[x.ID] = x.Parent
		}
	}
	if len(t) > 0 { // access to an inbox may be a team's above
		for i := range out {
			out[i].TeamsAbove, out[i].TeamsBelow = t.around(out[i].Teams)
		}
	}
}

// HoldRows holds those of a roster who are named, and reads them again; their teams stay as they were read.
func (s *Service) HoldRows(ctx context.Context, tx *db.Tx, ids []desk.UserID) ([]Rostered, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	roles, err := s.ownRoles(ctx, tx)
	if err != nil {
		return nil, err
	}
	us, err := db.All(ctx, tx, scanRostered(roles), `SELECT `+rosterColumns+` FROM users WHERE id IN `+db.Among(tx, "$1")+` ORDER BY id`+tx.ForUpdate(), db.JSON(ids))
	if err != nil {
		return nil, fmt.Errorf("people: hold: %w", err)
	}
	return us, nil
}
