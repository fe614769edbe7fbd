package dispatch

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// named is whom a comment mentions: the people, and the members that the mentioned teams have now (WS-10). A team may stand among the people too: ids are
// one noun's alone, and an editor need not tell them apart. What is neither is left out.
func (s *Service) named(ctx context.Context, q db.Queryer, by desk.Actor, people []desk.UserID, named []desk.TeamID) (users []desk.UserID, teams []desk.TeamID, err error) {
	users, teams = []desk.UserID{}, []desk.TeamID{}
	if len(people) == 0 && len(named) == 0 {
		return users, teams, nil
	}
	all, err := s.People.Teams(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	wanted := slices.Clone(named)
	for _, id := range people {
		if slices.ContainsFunc(all, func(t desk.Team) bool { return int64(t.ID) == int64(id) }) {
			wanted = append(wanted, desk.TeamID(id))
		} else if !slices.Contains(users, id) {
			users = append(users, id)
		}
	}
	for _, t := range all {
		if !slices.Contains(wanted, t.ID) {
			continue
		}
		teams = append(teams, t.ID)
		for _, id := range slices.Concat(t.Members, t.Extra) {
			if id != by.UserID() && !slices.Contains(users, id) {
				users = append(users, id)
			}
		}
	}
	return users, teams, nil
}
