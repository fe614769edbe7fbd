package people

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Named is whom the addresses and slugs of a policy name. What is missing names nobody.
type Named struct {
	Users map[string]desk.UserID // by the address as given
	Teams map[string]desk.Team   // by slug
}

// Named looks up addresses and team slugs, one query each. Deactivated users are found: a policy may name them (RT-15).
func (s *Service) Named(ctx context.Context, q db.Queryer, emails, slugs []string) (Named, error) {
	n := Named{Users: map[string]desk.UserID{}, Teams: map[string]desk.Team{}}
	if len(emails) > 0 {
		normal := make([]any, len(emails))
		for i, e := range emails {
			normal[i] = desk.NormalizeEmail(e)
		}
		type row struct {
			id    desk.UserID
			email string
		}
		rows, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) { err = r.Scan(&x.id, &x.email); return x, err },
			`SELECT id, email FROM users WHERE email IN (`+placeholders(len(emails))+`)`, normal...)
		if err != nil {
			return n, fmt.Errorf("people: named users: %w", err)
		}
		for i, e := range emails {
			for _, r := range rows {
				if r.email == normal[i] {
					n.Users[e] = r.id
				}
			}
		}
	}
	if len(slugs) == 0 {
		return n, nil
	}
	args := make([]any, len(slugs))
	for i, slug := range slugs {
		args[i] = slug
	}
	type row struct {
		team desk.Team
		user desk.UserID
		main bool
	}
	rows, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) {
		err = r.Scan(&x.team.ID, &x.team.Slug, &x.team.Name, &x.user, &x.main)
		return x, err
	}, `SELECT t.id, t.slug, t.name, COALESCE(m.user_id, 0), COALESCE(m.main, 0) FROM teams t LEFT JOIN team_members m ON m.team_id = t.id
		WHERE t.slug IN (`+placeholders(len(slugs))+`) ORDER BY t.id, m.user_id`, args...)
	if err != nil {
		return n, fmt.Errorf("people: named teams: %w", err)
	}
	for _, r := range rows {
		t, ok := n.Teams[r.team.Slug]
		if !ok {
			t = r.team
		}
		switch {
		case r.user == 0:
		case r.main:
			t.Members = append(t.Members, r.user)
		default:
			t.Extra = append(t.Extra, r.user)
		}
		n.Teams[t.Slug] = t
	}
	return n, nil
}

// Unknown returns those of the addresses and team slugs that name nobody, for policies that are about to be stored.
func (s *Service) Unknown(ctx context.Context, q db.Queryer, emails, slugs []string) (unknownUsers, unknownTeams []string, err error) {
	n, err := s.Named(ctx, q, emails, slugs)
	for _, e := range emails {
		if _, ok := n.Users[e]; !ok {
			unknownUsers = append(unknownUsers, e)
		}
	}
	for _, slug := range slugs {
		if _, ok := n.Teams[slug]; !ok {
			unknownTeams = append(unknownTeams, slug)
		}
	}
	return unknownUsers, unknownTeams, err
}

// Hold returns users with their teams, in the order of their ids, their rows locked until the transaction ends: whoever decides among them sees what
// the one before decided. Ids that are nobody's are left out.
func (s *Service) Hold(ctx context.Context, tx *db.Tx, ids []desk.UserID) ([]desk.User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in := numbers(ids)
	users, err := db.All(ctx, tx, scanUser, `SELECT `+userColumns+` FROM users WHERE id IN (`+in+`) ORDER BY id`+tx.ForUpdate())
	if err != nil {
		return nil, fmt.Errorf("people: hold: %w", err)
	}
	type member struct {
		user desk.UserID
		team desk.TeamID
	}
	ms, err := db.All(ctx, tx, func(r db.Scanner) (m member, err error) { err = r.Scan(&m.user, &m.team); return m, err },
		`SELECT user_id, team_id FROM team_members WHERE user_id IN (`+in+`) ORDER BY main DESC, team_id`)
	if err != nil {
		return nil, fmt.Errorf("people: hold: %w", err)
	}
	at := make(map[desk.UserID]int, len(users))
	for i, u := range users {
		at[u.ID] = i
	}
	for _, m := range ms {
		if i, ok := at[m.user]; ok {
			users[i].Teams = append(users[i].Teams, m.team)
		}
	}
	return users, s.lineage(ctx, tx, users)
}

func placeholders(n int) string { return placeholdersFrom(1, n) }

func placeholdersFrom(first, n int) string {
	s := make([]string, n)
	for i := range s {
		s[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(s, ", ")
}

// numbers writes ids into a query: they are our own, and their text changes with the policy, not with each ticket.
func numbers(ids []desk.UserID) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = id.String()
	}
	return strings.Join(s, ", ")
}
