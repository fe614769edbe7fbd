package directory

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/directory/scim"
	"github.com/kanalhq/kanal/internal/people"
)

func (s *Service) user(u desk.User, n named, teams map[desk.TeamID]string) scim.Resource {
	name := n.userName
	if name == "" {
		name = u.Email
	}
	groups := []any{}
	for _, t := range u.Teams {
		groups = append(groups, map[string]any{"value": t.String(), "display": teams[t], "type": "direct", "$ref": s.location("Group", t.String())})
	}
	r := scim.Resource{
		"schemas": []any{scim.UserSchema}, "id": u.ID.String(), "userName": name, "displayName": u.Name, "active": u.Active,
		"name":   map[string]any{"givenName": u.FirstName, "familyName": u.LastName, "formatted": u.Name},
		"emails": []any{map[string]any{"value": u.Email, "type": "work", "primary": true}},
		"groups": groups, "roles": []any{map[string]any{"value": string(u.Role), "primary": true}},
	}
	for name, v := range map[string]string{"externalId": n.external, "preferredLanguage": u.Locale, "timezone": u.Timezone} {
		if v != "" {
			r[name] = v
		}
	}
	return s.tagged(r, "User", u.CreatedAt, u.UpdatedAt)
}

func (s *Service) teamNames(ctx context.Context, q db.Queryer) (map[desk.TeamID]string, error) {
	ts, err := s.People.Teams(ctx, q)
	out := map[desk.TeamID]string{}
	for _, t := range ts {
		out[t.ID] = t.Name
	}
	return out, err
}

// Users lists users, those too that are deactivated.
func (s *Service) Users(ctx context.Context, q Query) (Found, error) {
	us, err := s.People.List(ctx, s.DB, true)
	if err != nil {
		return Found{}, err
	}
	names, err := s.allNames(ctx, s.DB)
	if err != nil {
		return Found{}, err
	}
	teams, err := s.teamNames(ctx, s.DB)
	if err != nil {
		return Found{}, err
	}
	slices.SortFunc(us, func(a, b desk.User) int { return int(min(max(a.ID-b.ID, -1), 1)) }) // pages stay the same while names change
	all := []scim.Resource{}
	for _, u := range us {
		if n := names[u.ID]; n.removed == 0 {
			all = append(all, s.user(u, n, teams))
		}
	}
	return q.page(all)
}

// User is one user.
func (s *Service) User(ctx context.Context, q db.Queryer, name string) (scim.Resource, error) {
	_, _, r, err := s.whole(ctx, q, name)
	return r, err
}

func (s *Service) whole(ctx context.Context, q db.Queryer, name string) (u desk.User, n named, r scim.Resource, err error) {
	if u, err = s.People.Get(ctx, q, idOf[desk.UserID](name)); err == nil {
		n, err = s.names(ctx, q, u.ID)
	}
	if desk.CodeOf(err) == desk.NotFound || err == nil && n.removed != 0 {
		return u, n, nil, notFound("User", name)
	}
	if err != nil {
		return u, n, nil, err
	}
	teams, err := s.teamNames(ctx, q)
	return u, n, s.user(u, n, teams), err
}

// person is what a resource says of somebody.
type person struct {
	userName, external, email, first, last, display string
	locale, zone                                    string
	active                                          bool
}

func read(r scim.Resource, active bool) (p person, err error) {
	p = person{userName: r.Text("userName"), external: r.Text("externalId"), first: r.Text("name", "givenName"), last: r.Text("name", "familyName"), display: r.Text("displayName")}
	if p.userName == "" {
		return p, &scim.Error{Status: http.StatusBadRequest, Type: scim.InvalidValue, Detail: "A user needs a userName."}
	}
	if len(p.userName) > 320 || len(p.external) > 400 || len(p.display) > 200 || len(p.first) > 200 || len(p.last) > 200 {
		return p, &scim.Error{Status: http.StatusBadRequest, Type: scim.InvalidValue, Detail: "A name is too long."}
	}
	if p.email = desk.NormalizeEmail(r.Primary("emails")); p.email == "" {
		p.email = desk.NormalizeEmail(p.userName)
	}
	if p.email == "" {
		return p, &scim.Error{Status: http.StatusBadRequest, Type: scim.InvalidValue, Detail: "A user needs an email address: emails with a value, or a userName that is one."}
	}
	if p.display == "" {
		if p.display = r.Text("name", "formatted"); p.display == "" {
			p.display = strings.TrimSpace(p.first + " " + p.last)
		}
	}
	if p.locale = languageOf(r.Text("preferredLanguage")); p.locale == "" {
		p.locale = languageOf(r.Text("locale"))
	}
	if p.zone = r.Text("timezone"); p.zone != "" {
		if _, err := time.LoadLocation(p.zone); err != nil || p.zone == "Local" {
			p.zone = "" // Windows' own names, which nobody here knows
		}
	}
	p.active, err = r.Bool("active", active)
	return p, err
}

// languageOf is the language of a tag, if it is one that the workspace speaks.
func languageOf(tag string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(tag), "_", "-"), "-")
	if slices.Contains([]string{"en", "da", "de", "sv", "fi"}, base) {
		return base
	}
	return ""
}

// CreateUser makes a user, or brings back one whom the directory had deleted.
func (s *Service) CreateUser(ctx context.Context, v access.Viewer, r scim.Resource) (scim.Resource, error) {
	p, err := read(r, true)
	if err != nil {
		return nil, err
	}
	return s.written(ctx, v, func(ctx context.Context, tx *db.Tx) (desk.UserID, error) {
		set, err := s.Settings.Directory(ctx, tx)
		if err != nil {
			return 0, err
		}
		old, err := s.People.ByEmail(ctx, tx, p.email)
		if err == nil {
			n, err := s.names(ctx, tx, old.ID)
			if err != nil {
				return 0, err
			}
			if n.removed == 0 {
				return 0, taken(p)
			}
			return old.ID, s.change(ctx, tx, v, old, named{role: n.role}, p)
		}
		if desk.CodeOf(err) != desk.NotFound {
			return 0, err
		}
		if err := s.free(ctx, tx, p.userName, 0); err != nil {
			return 0, err
		}
		if err := s.Access.MayGive(ctx, tx, v.User, set.Role); err != nil {
			return 0, err
		}
		u, err := s.People.Create(ctx, tx, v.Actor, people.NewUser{Email: p.email, Name: p.display, FirstName: p.first, LastName: p.last, Role: set.Role, Locale: p.locale, Timezone: p.zone, Active: &p.active})
		if err != nil {
			return 0, err
		}
		return u.ID, s.keep(ctx, tx, u.ID, named{external: p.external, userName: ownName(p), role: set.Role})
	})
}

func ownName(p person) string {
	if strings.EqualFold(p.userName, p.email) {
		return ""
	}
	return p.userName
}

func taken(p person) error {
	return &scim.Error{Status: http.StatusConflict, Type: scim.Uniqueness, Detail: "There is already a user " + p.userName + "."}
}

// free refuses a userName that is somebody else's.
func (s *Service) free(ctx context.Context, tx *db.Tx, userName string, but desk.UserID) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM directory_users WHERE LOWER(user_name) = LOWER($1) AND user_id <> $2 AND removed_at = 0`, userName, but).Scan(&n); err != nil {
		return fmt.Errorf("directory: user name: %w", err)
	}
	if n > 0 {
		return taken(person{userName: userName})
	}
	return nil
}

// written does a change, and then what follows when somebody has left.
func (s *Service) written(ctx context.Context, v access.Viewer, do func(ctx context.Context, tx *db.Tx) (desk.UserID, error)) (r scim.Resource, err error) {
	var u desk.User
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		id, err := do(ctx, tx)
		if err != nil {
			return err
		}
		u, _, r, err = s.whole(ctx, tx, id.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, s.left(ctx, v, u)
}

// left passes on the tickets of whoever is not active; done again, it finds none.
func (s *Service) left(ctx context.Context, v access.Viewer, u desk.User) error {
	if u.Active || s.Left == nil {
		return nil
	}
	set, err := s.Settings.Directory(ctx, s.DB)
	if err != nil || set.Tickets == "keep" {
		return err
	}
	return s.Left(ctx, v.Actor, u.ID, set.Tickets)
}

// locked is the user of a path, whom nobody else changes meanwhile.
func (s *Service) locked(ctx context.Context, tx *db.Tx, v access.Viewer, name, match string) (u desk.User, n named, r scim.Resource, err error) {
	if _, err := db.All(ctx, tx, db.Column[int64], `SELECT id FROM users WHERE id = $1`+tx.ForUpdate(), idOf[desk.UserID](name)); err != nil {
		return u, n, nil, fmt.Errorf("directory: user: %w", err)
	}
	if u, n, r, err = s.whole(ctx, tx, name); err != nil {
		return u, n, r, err
	}
	if err = unchanged(r, match); err == nil {
		err = allowed(v, u)
	}
	return u, n, r, err
}

// ReplaceUser is PUT: what is left out stays as it is.
func (s *Service) ReplaceUser(ctx context.Context, v access.Viewer, name, match string, r scim.Resource) (scim.Resource, error) {
	return s.written(ctx, v, func(ctx context.Context, tx *db.Tx) (desk.UserID, error) {
		u, n, _, err := s.locked(ctx, tx, v, name, match)
		if err != nil {
			return 0, err
		}
		p, err := read(r, u.Active)
		if err != nil {
			return 0, err
		}
		if !r.Has("externalId") {
			p.external = n.external
		}
		return u.ID, s.change(ctx, tx, v, u, n, p)
	})
}

// PatchUser applies operations.
func (s *Service) PatchUser(ctx context.Context, v access.Viewer, name, match string, ops []scim.Operation) (scim.Resource, error) {
	return s.written(ctx, v, func(ctx context.Context, tx *db.Tx) (desk.UserID, error) {
		u, n, r, err := s.locked(ctx, tx, v, name, match)
		if err != nil {
			return 0, err
		}
		to, err := scim.Apply(r, ops)
		if err != nil {
			return 0, err
		}
		p, err := read(to, u.Active)
		if err != nil {
			return 0, err
		}
		if was := r.Text("userName"); p.userName != was && strings.EqualFold(was, u.Email) && p.email == u.Email { // the address is the name: it moves with it
			if e := desk.NormalizeEmail(p.userName); e != "" {
				p.email = e
			}
		}
		if p.display == u.Name && (p.first != u.FirstName || p.last != u.LastName) { // only parts of the name were said
			p.display = strings.TrimSpace(p.first + " " + p.last)
		}
		return u.ID, s.change(ctx, tx, v, u, n, p)
	})
}

func (s *Service) change(ctx context.Context, tx *db.Tx, v access.Viewer, u desk.User, n named, p person) error {
	if err := allowed(v, u); err != nil {
		return err
	}
	if err := s.free(ctx, tx, p.userName, u.ID); err != nil {
		return err
	}
	c := people.UserChange{Email: &p.email, Active: &p.active}
	if p.display != "" && p.display != u.Name {
		c.Name = &p.display
	}
	if p.first != "" || p.last != "" {
		c.FirstName, c.LastName = &p.first, &p.last
		if c.Name == nil {
			c.Name = &u.Name
		}
	}
	if p.locale != "" {
		c.Locale = &p.locale
	}
	if p.zone != "" {
		c.Timezone = &p.zone
	}
	if _, err := s.People.Update(ctx, tx, v.Actor, u.ID, c); err != nil {
		return err
	}
	n.external, n.userName, n.removed = p.external, ownName(p), 0
	return s.keep(ctx, tx, u.ID, n)
}

// DeleteUser deactivates somebody, and forgets what the directory called them: it does not see them any more.
func (s *Service) DeleteUser(ctx context.Context, v access.Viewer, name, match string) error {
	var u desk.User
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, n, _, err := s.locked(ctx, tx, v, name, match)
		if err != nil {
			return err
		}
		off := false
		if u, err = s.People.Update(ctx, tx, v.Actor, idOf[desk.UserID](name), people.UserChange{Active: &off}); err != nil {
			return err
		}
		return s.keep(ctx, tx, u.ID, named{role: n.role, removed: s.Clock.Ms()})
	})
	if err != nil {
		return err
	}
	return s.left(ctx, v, u)
}
