package directory

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/directory/scim"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/setting"
)

// seen are the users whom a directory sees, by id.
func (s *Service) seen(ctx context.Context, q db.Queryer) (map[desk.UserID]desk.User, error) {
	us, err := s.People.List(ctx, q, true)
	if err != nil {
		return nil, err
	}
	names, err := s.allNames(ctx, q)
	out := map[desk.UserID]desk.User{}
	for _, u := range us {
		if names[u.ID].removed == 0 {
			out[u.ID] = u
		}
	}
	return out, err
}

func (s *Service) externals(ctx context.Context, q db.Queryer) (map[desk.TeamID]string, error) {
	out := map[desk.TeamID]string{}
	_, err := db.All(ctx, q, func(r db.Scanner) (struct{}, error) {
		var id desk.TeamID
		var x string
		err := r.Scan(&id, &x)
		out[id] = x
		return struct{}{}, err
	}, `SELECT team_id, external_id FROM directory_groups`)
	if err != nil {
		return nil, fmt.Errorf("directory: groups: %w", err)
	}
	return out, nil
}

func (s *Service) group(t desk.Team, external string, users map[desk.UserID]desk.User) scim.Resource {
	members := []any{}
	for _, id := range slices.Concat(t.Members, t.Extra) {
		if u, ok := users[id]; ok {
			members = append(members, map[string]any{"value": id.String(), "display": u.Name, "type": "User", "$ref": s.location("User", id.String())})
		}
	}
	r := scim.Resource{"schemas": []any{scim.GroupSchema}, "id": t.ID.String(), "displayName": t.Name, "members": members}
	if external != "" {
		r["externalId"] = external
	}
	return s.tagged(r, "Group", 0, 0)
}

// Groups lists the teams.
func (s *Service) Groups(ctx context.Context, q Query) (Found, error) {
	ts, err := s.People.Teams(ctx, s.DB)
	if err != nil {
		return Found{}, err
	}
	users, err := s.seen(ctx, s.DB)
	if err != nil {
		return Found{}, err
	}
	ext, err := s.externals(ctx, s.DB)
	if err != nil {
		return Found{}, err
	}
	slices.SortFunc(ts, func(a, b desk.Team) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	all := []scim.Resource{}
	for _, t := range ts {
		all = append(all, s.group(t, ext[t.ID], users))
	}
	return q.page(all)
}

// Group is one team.
func (s *Service) Group(ctx context.Context, q db.Queryer, name string) (scim.Resource, error) {
	t, err := s.People.Team(ctx, q, idOf[desk.TeamID](name))
	if desk.CodeOf(err) == desk.NotFound {
		return nil, notFound("Group", name)
	}
	if err != nil {
		return nil, err
	}
	users, err := s.seen(ctx, q)
	if err != nil {
		return nil, err
	}
	ext, err := s.externals(ctx, q)
	return s.group(t, ext[t.ID], users), err
}

// mayTeam refuses whoever sees only a part: teams say who sees what.
func mayTeam(v access.Viewer) error {
	if v.Tickets.Whole() && v.Contacts.Whole() {
		return nil
	}
	return &scim.Error{Status: http.StatusForbidden, Detail: "Teams say who sees what, and whoever's token this is sees only a part."}
}

// said is what a resource says of a group.
type said struct {
	name, external string
	members        []desk.UserID
}

func (s *Service) readGroup(r scim.Resource, users map[desk.UserID]desk.User) (g said, err error) {
	g = said{name: r.Text("displayName"), external: r.Text("externalId"), members: []desk.UserID{}}
	if g.name == "" || len(g.name) > 200 || len(g.external) > 400 {
		return g, &scim.Error{Status: http.StatusBadRequest, Type: scim.InvalidValue, Detail: "A group needs a displayName of at most 200 bytes."}
	}
	for _, m := range r.Values("members") {
		id := idOf[desk.UserID](m)
		if _, ok := users[id]; !ok {
			return g, &scim.Error{Status: http.StatusBadRequest, Type: scim.InvalidValue, Detail: "The member " + cut(m, 60) + " is not a user: groups in groups are not kept."}
		}
		g.members = append(g.members, id)
	}
	return g, nil
}

// CreateGroup makes a team.
func (s *Service) CreateGroup(ctx context.Context, v access.Viewer, r scim.Resource) (scim.Resource, error) {
	if err := mayTeam(v); err != nil {
		return nil, err
	}
	return db.Written(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (scim.Resource, error) {
		users, err := s.seen(ctx, tx)
		if err != nil {
			return nil, err
		}
		g, err := s.readGroup(r, users)
		if err != nil {
			return nil, err
		}
		if err := s.freeName(ctx, tx, g.name, 0); err != nil {
			return nil, err
		}
		t, err := s.People.CreateTeam(ctx, tx, v.Actor, desk.Team{Name: g.name, Members: g.members})
		if err != nil {
			return nil, err
		}
		return s.after(ctx, tx, v, t.ID, g.external, g.members)
	})
}

func (s *Service) freeName(ctx context.Context, tx *db.Tx, name string, but desk.TeamID) error {
	ts, err := s.People.Teams(ctx, tx)
	for _, t := range ts {
		if t.ID != but && strings.EqualFold(t.Name, name) {
			return &scim.Error{Status: http.StatusConflict, Type: scim.Uniqueness, Detail: "There is already a group " + name + "."}
		}
	}
	return err
}

// after keeps what the directory calls a team, and gives the roles that follow from who is in it.
func (s *Service) after(ctx context.Context, tx *db.Tx, v access.Viewer, id desk.TeamID, external string, concerned []desk.UserID) (scim.Resource, error) {
	if _, err := tx.Exec(ctx, `INSERT INTO directory_groups (team_id, external_id) VALUES ($1, $2) ON CONFLICT (team_id) DO UPDATE SET external_id = excluded.external_id`, id, external); err != nil {
		return nil, fmt.Errorf("directory: group: %w", err)
	}
	if err := s.grade(ctx, tx, v, concerned); err != nil {
		return nil, err
	}
	return s.Group(ctx, tx, id.String())
}

// lockedGroup is the team of a path, which nobody else changes meanwhile.
func (s *Service) lockedGroup(ctx context.Context, tx *db.Tx, v access.Viewer, name, match string) (t desk.Team, r scim.Resource, err error) {
	if err := mayTeam(v); err != nil {
		return t, nil, err
	}
	if _, err := db.All(ctx, tx, db.Column[int64], `SELECT id FROM teams WHERE id = $1`+tx.ForUpdate(), idOf[desk.TeamID](name)); err != nil {
		return t, nil, fmt.Errorf("directory: group: %w", err)
	}
	if r, err = s.Group(ctx, tx, name); err != nil {
		return t, r, err
	}
	if err = unchanged(r, match); err == nil {
		t, err = s.People.Team(ctx, tx, idOf[desk.TeamID](name))
	}
	return t, r, err
}

// ReplaceGroup is PUT.
func (s *Service) ReplaceGroup(ctx context.Context, v access.Viewer, name, match string, r scim.Resource) (scim.Resource, error) {
	return s.changeGroup(ctx, v, name, match, func(was scim.Resource) (scim.Resource, error) {
		for _, keep := range []string{"externalId", "members"} { // what is left out stays as it is
			if !r.Has(keep) && was.Has(keep) {
				r[keep] = was[keep]
			}
		}
		return r, nil
	})
}

// PatchGroup applies operations.
func (s *Service) PatchGroup(ctx context.Context, v access.Viewer, name, match string, ops []scim.Operation) (scim.Resource, error) {
	return s.changeGroup(ctx, v, name, match, func(was scim.Resource) (scim.Resource, error) { return scim.Apply(was, ops) })
}

func (s *Service) changeGroup(ctx context.Context, v access.Viewer, name, match string, to func(was scim.Resource) (scim.Resource, error)) (scim.Resource, error) {
	return db.Written(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (scim.Resource, error) {
		t, was, err := s.lockedGroup(ctx, tx, v, name, match)
		if err != nil {
			return nil, err
		}
		r, err := to(was)
		if err != nil {
			return nil, err
		}
		users, err := s.seen(ctx, tx)
		if err != nil {
			return nil, err
		}
		g, err := s.readGroup(r, users)
		if err != nil {
			return nil, err
		}
		if err := s.freeName(ctx, tx, g.name, t.ID); err != nil {
			return nil, err
		}
		main, extra := []desk.UserID{}, []desk.UserID{}
		for _, id := range slices.Concat(t.Members, t.Extra, g.members) {
			_, visible := users[id]
			switch {
			case slices.Contains(main, id) || slices.Contains(extra, id) || visible && !slices.Contains(g.members, id):
			case slices.Contains(t.Extra, id): // who only helps out goes on doing so
				extra = append(extra, id)
			default:
				main = append(main, id)
			}
		}
		slices.Sort(main)
		slices.Sort(extra)
		if _, err := s.People.UpdateTeam(ctx, tx, v.Actor, t.ID, people.TeamChange{Name: &g.name, Members: &main, Extra: &extra}); err != nil {
			return nil, err
		}
		return s.after(ctx, tx, v, t.ID, g.external, slices.Concat(t.Members, t.Extra, main, extra))
	})
}

// DeleteGroup removes a team.
func (s *Service) DeleteGroup(ctx context.Context, v access.Viewer, name, match string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, _, err := s.lockedGroup(ctx, tx, v, name, match)
		if err != nil {
			return err
		}
		if err := s.People.RemoveTeam(ctx, tx, v.Actor, t.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM directory_groups WHERE team_id = $1`, t.ID); err != nil {
			return fmt.Errorf("directory: group: %w", err)
		}
		return s.grade(ctx, tx, v, slices.Concat(t.Members, t.Extra))
	})
}

// grade gives people the role of the first group that gives one. Who is in none keeps what somebody gave them by hand, and loses what a group gave. Owners stay owners.
func (s *Service) grade(ctx context.Context, tx *db.Tx, v access.Viewer, ids []desk.UserID) error {
	set, err := s.Settings.Directory(ctx, tx)
	if err != nil || len(ids) == 0 {
		return err
	}
	ts, err := s.People.Teams(ctx, tx)
	if err != nil {
		return err
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		u, err := s.People.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		n, err := s.names(ctx, tx, id)
		if err != nil {
			return err
		}
		role := groupRole(set, ts, u)
		if role == "" && n.role != "" && u.Role == n.role {
			role = set.Role
		}
		if role == "" || u.Role == desk.RoleOwner || role == n.role && role == u.Role {
			continue
		}
		if role != u.Role {
			if allowed(v, u) != nil { // who may more than whoever's token this is stays who they are
				continue
			}
			if err := s.Access.MayGive(ctx, tx, v.User, role); desk.ReasonOf(err) == "user.role_unknown" { // it was removed since
				continue
			} else if err != nil {
				return err
			}
			if _, err := s.People.Update(ctx, tx, v.Actor, id, people.UserChange{Role: &role}); err != nil {
				return err
			}
		}
		n.role = role
		if err := s.keep(ctx, tx, id, n); err != nil {
			return err
		}
	}
	return nil
}

func groupRole(set setting.Directory, ts []desk.Team, u desk.User) desk.Role {
	for _, g := range set.Groups {
		for _, t := range ts {
			if strings.EqualFold(t.Name, g.Group) && slices.Contains(u.Teams, t.ID) {
				return g.Role
			}
		}
	}
	return ""
}

// SetRules changes what a directory may say, and gives everybody the roles that follow.
func (s *Service) SetRules(ctx context.Context, v access.Viewer, to setting.Directory) (setting.Directory, error) {
	return db.Written(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (setting.Directory, error) {
		for _, r := range append([]setting.GroupRole{{Role: to.Role}}, to.Groups...) {
			if r.Role == desk.RoleOwner || r.Role == "" {
				continue // the setting refuses it itself
			}
			if err := s.Access.MayGive(ctx, tx, v.User, r.Role); err != nil {
				return to, err
			}
		}
		after, err := s.Settings.SetDirectory(ctx, tx, v.Actor, to)
		if err != nil {
			return after, err
		}
		known, err := s.allNames(ctx, tx)
		if err != nil {
			return after, err
		}
		ts, err := s.People.Teams(ctx, tx)
		if err != nil {
			return after, err
		}
		ids := []desk.UserID{}
		for id := range known {
			ids = append(ids, id)
		}
		for _, t := range ts {
			if slices.ContainsFunc(after.Groups, func(g setting.GroupRole) bool { return strings.EqualFold(g.Group, t.Name) }) {
				ids = slices.Concat(ids, t.Members, t.Extra)
			}
		}
		return after, s.grade(ctx, tx, v, ids)
	})
}
