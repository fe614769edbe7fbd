package people

import (
	"context"
	"fmt"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Rostered is a user with the teams in which they are a main or an extra member.
type Rostered struct {
	desk.User
	MainOf  []desk.TeamID
	ExtraOf []desk.TeamID
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
	users, err := db.All(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE id IN (`+where+`) ORDER BY id`, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("people: roster: %w", err)
	}
	out, err := s.inTeams(ctx, q, users, teams)
	return out, teams, err
}

func some(ids []desk.UserID) []desk.UserID {
	if ids == nil {
		return []desk.UserID{}
	}
	return ids
}

// inTeams says in which teams users are.
func (s *Service) inTeams(ctx context.Context, q db.Queryer, users []desk.User, teams []desk.Team) ([]Rostered, error) {
	out, at, ids := make([]Rostered, len(users)), make(map[desk.UserID]int, len(users)), make([]desk.UserID, len(users))
	for i, u := range users {
		out[i].User, at[u.ID], ids[i] = u, i, u.ID
	}
	if len(users) == 0 || len(teams) == 0 {
		return out, nil
	}
	type member struct {
		user desk.UserID
		team desk.TeamID
		main bool
	}
	ms, err := db.All(ctx, q, func(r db.Scanner) (m member, err error) { err = r.Scan(&m.user, &m.team, &m.main); return m, err },
		`SELECT user_id, team_id, main FROM team_members WHERE user_id IN `+db.Among(q, "$1")+` ORDER BY user_id, team_id`, db.JSON(ids))
	if err != nil {
		return nil, fmt.Errorf("people: roster: %w", err)
	}
	for _, m := range ms {
		i := at[m.user]
		out[i].Teams = append(out[i].Teams, m.team)
		if m.main {
			out[i].MainOf = append(out[i].MainOf, m.team)
		} else {
			out[i].ExtraOf = append(out[i].ExtraOf, m.team)
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
	return out, nil
}

// HoldRows is Hold without the teams: for who has read them.
func (s *Service) HoldRows(ctx context.Context, tx *db.Tx, ids []desk.UserID) ([]desk.User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	us, err := db.All(ctx, tx, scanUser, `SELECT `+userColumns+` FROM users WHERE id IN `+db.Among(tx, "$1")+` ORDER BY id`+tx.ForUpdate(), db.JSON(ids))
	if err != nil {
		return nil, fmt.Errorf("people: hold: %w", err)
	}
	return us, nil
}
