package people

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Rostered is a user with the teams in which they are a main or an extra member.
type Rostered struct {
	desk.User
	MainOf  []desk.TeamID
	ExtraOf []desk.TeamID
}

// Roster returns whoever takes work, at most limit of them, and besides whom addresses, ids and teams name, whatever became of them; by id. With the teams that there are,
// their members left out.
func (s *Service) Roster(ctx context.Context, q db.Queryer, limit int, emails []string, ids []desk.UserID, slugs []string) ([]Rostered, []desk.Team, error) {
	teams, err := db.All(ctx, q, func(r db.Scanner) (t desk.Team, err error) { err = r.Scan(&t.ID, &t.Slug, &t.Name); return t, err }, `SELECT id, slug, name FROM teams ORDER BY id`)
	if err != nil {
		return nil, nil, fmt.Errorf("people: roster: %w", err)
	}
	named := map[string]bool{}
	for _, slug := range slugs {
		named[slug] = true
	}
	var asked []desk.TeamID
	for _, t := range teams {
		if named[t.Slug] {
			asked = append(asked, t.ID)
		}
	}
	where, args := `id IN (SELECT id FROM users WHERE active = 1 AND takes_work = 1 ORDER BY id LIMIT $1)`, []any{limit}
	if len(emails) > 0 {
		for _, e := range emails {
			args = append(args, desk.NormalizeEmail(e))
		}
		where += ` OR email IN (` + placeholdersFrom(2, len(emails)) + `)`
	}
	if len(ids) > 0 {
		where += ` OR id IN (` + placeholdersFrom(len(args)+1, len(ids)) + `)`
		for _, id := range ids {
			args = append(args, id)
		}
	}
	if len(asked) > 0 {
		where += ` OR id IN (SELECT user_id FROM team_members WHERE team_id IN ` + db.IDs(asked) + `)`
	}
	users, err := db.All(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE `+where+` ORDER BY id`, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("people: roster: %w", err)
	}
	out, err := s.inTeams(ctx, q, users)
	return out, teams, err
}

// inTeams says in which teams users are.
func (s *Service) inTeams(ctx context.Context, q db.Queryer, users []desk.User) ([]Rostered, error) {
	out, at := make([]Rostered, len(users)), make(map[desk.UserID]int, len(users))
	for i, u := range users {
		out[i].User, at[u.ID] = u, i
	}
	type member struct {
		user desk.UserID
		team desk.TeamID
		main bool
	}
	ms, err := db.All(ctx, q, func(r db.Scanner) (m member, err error) { err = r.Scan(&m.user, &m.team, &m.main); return m, err },
		`SELECT user_id, team_id, main FROM team_members ORDER BY user_id, team_id`)
	if err != nil {
		return nil, fmt.Errorf("people: roster: %w", err)
	}
	for _, m := range ms {
		i, ok := at[m.user]
		if !ok {
			continue
		}
		out[i].Teams = append(out[i].Teams, m.team)
		if m.main {
			out[i].MainOf = append(out[i].MainOf, m.team)
		} else {
			out[i].ExtraOf = append(out[i].ExtraOf, m.team)
		}
	}
	return out, nil
}

// HoldRows is Hold without the teams: for who has read them.
func (s *Service) HoldRows(ctx context.Context, tx *db.Tx, ids []desk.UserID) ([]desk.User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	us, err := db.All(ctx, tx, scanUser, `SELECT `+userColumns+` FROM users WHERE id IN `+db.IDs(ids)+` ORDER BY id`+tx.ForUpdate())
	if err != nil {
		return nil, fmt.Errorf("people: hold: %w", err)
	}
	return us, nil
}
