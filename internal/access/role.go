package access

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

// Role is a role, built in or one of the installation's own.
type Role struct {
	Slug        desk.Role    `json:"role" doc:"Its short name; what users.role holds."`
	Name        string       `json:"name" doc:"Empty for those that are built in: a screen has their names."`
	Description string       `json:"description"`
	BuiltIn     bool         `json:"built_in"`
	Permissions []Permission `json:"permissions"`
	Tickets     desk.Reach   `json:"tickets"`
	Contacts    desk.Reach   `json:"contacts"`
	CreatedAt   desk.Time    `json:"-"`
	UpdatedAt   desk.Time    `json:"-"`
}

// Can reports whether the role has a permission.
func (r Role) Can(p Permission) bool { return slices.Contains(r.Permissions, p) }

func (r Role) powers() desk.Powers {
	p := desk.Powers{Permissions: make([]string, len(r.Permissions)), Tickets: r.Tickets, Contacts: r.Contacts}
	for i, x := range r.Permissions {
		p.Permissions[i] = string(x)
	}
	return p
}

// order of the built-in roles, from most to least.
var order = []desk.Role{desk.RoleOwner, desk.RoleAdmin, desk.RoleSupervisor, desk.RoleAgent, desk.RoleLight, desk.RoleViewer}

func builtInRole(slug desk.Role) (Role, bool) {
	ps, ok := Roles[slug]
	return Role{Slug: slug, BuiltIn: true, Permissions: slices.Clone(ps), Tickets: desk.Reach{}.Full(), Contacts: desk.Reach{}.Full()}, ok
}

func noRole() error { return desk.Errorf(desk.NotFound, "role.not_found", "There is no such role.") }

const roleColumns = `slug, name, description, permissions, tickets, contacts, created_at, updated_at`

func scanRole(r db.Scanner) (x Role, err error) {
	err = r.Scan(&x.Slug, &x.Name, &x.Description, db.ScanJSON(&x.Permissions), db.ScanJSON(&x.Tickets), db.ScanJSON(&x.Contacts), &x.CreatedAt, &x.UpdatedAt)
	x.Tickets, x.Contacts = x.Tickets.Full(), x.Contacts.Full()
	return x, err
}

// AllRoles lists the built-in roles from most to least, then those of one's own by name.
func (s *Service) AllRoles(ctx context.Context, q db.Queryer) ([]Role, error) {
	out := make([]Role, 0, len(order))
	for _, slug := range order {
		r, _ := builtInRole(slug)
		out = append(out, r)
	}
	own, err := db.All(ctx, q, scanRole, `SELECT `+roleColumns+` FROM roles ORDER BY name, slug`)
	if err != nil {
		return nil, fmt.Errorf("access: roles: %w", err)
	}
	return append(out, own...), nil
}

// Role returns one role.
func (s *Service) Role(ctx context.Context, q db.Queryer, slug desk.Role) (Role, error) {
	if r, ok := builtInRole(slug); ok {
		return r, nil
	}
	r, err := db.One(ctx, q, scanRole, `SELECT `+roleColumns+` FROM roles WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return r, noRole()
	}
	if err != nil {
		return r, fmt.Errorf("access: role: %w", err)
	}
	return r, nil
}

// MayGive returns nil when somebody may give a role to others: it gives nothing that they do not have, and only owners make owners. The zero user is the
// installation itself, which may.
func (s *Service) MayGive(ctx context.Context, q db.Queryer, by desk.User, slug desk.Role) error {
	if slug == desk.RoleOwner && by.Role != desk.RoleOwner && by.ID != 0 {
		return desk.Errorf(desk.Forbidden, "user.role_above", "Only an owner may make, change or remove an owner.").In("role")
	}
	r, err := s.Role(ctx, q, slug)
	if desk.CodeOf(err) == desk.NotFound {
		return desk.Errorf(desk.Invalid, "user.role_unknown", "%q is not a role.", slug).In("role")
	}
	if err != nil || by.ID == 0 {
		return err
	}
	return notBeyond(by, r.powers(), "role")
}

func notBeyond(by desk.User, p desk.Powers, field string) error {
	switch x := Exceeds(by, p); x {
	case "":
		return nil
	case "tickets", "contacts":
		return desk.Errorf(desk.Forbidden, "role.above", "This role reaches more %s than yours. Nobody can give what they do not have.", x).In(field)
	default:
		return desk.Errorf(desk.Forbidden, "role.above", "This role has the permission %s, which yours has not. Nobody can give what they do not have.", x).In(field)
	}
}

// MaxRoles is how many roles of its own an installation may have.
const MaxRoles = 100

// CreateRole adds a role. Slug is made of Name when empty. by is who does it: they cannot give what they do not have (the zero user may everything).
func (s *Service) CreateRole(ctx context.Context, tx *db.Tx, actor desk.Actor, by desk.User, r Role) (Role, error) {
	r, err := readied(r)
	if err != nil {
		return r, err
	}
	if _, taken := Roles[r.Slug]; taken {
		return r, slugTaken(r.Slug)
	}
	if by.ID != 0 {
		if err := notBeyond(by, r.powers(), "permissions"); err != nil {
			return r, err
		}
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM roles`).Scan(&n); err != nil {
		return r, fmt.Errorf("access: create role: %w", err)
	}
	if n >= MaxRoles {
		return r, desk.Errorf(desk.Conflict, "role.too_many", "There are already %d roles. Remove one that nobody has.", MaxRoles)
	}
	r.CreatedAt = s.Clock.Ms()
	r.UpdatedAt = r.CreatedAt
	added, err := tx.Exec(ctx, `INSERT INTO roles (slug, name, description, permissions, tickets, contacts, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (slug) DO NOTHING`,
		r.Slug, r.Name, r.Description, db.JSON(r.Permissions), db.JSON(r.Tickets), db.JSON(r.Contacts), r.CreatedAt)
	if err != nil {
		return r, fmt.Errorf("access: create role: %w", err)
	}
	if added == 0 {
		return r, slugTaken(r.Slug)
	}
	return r, s.tellRole(ctx, tx, actor, nil, &r)
}

func slugTaken(slug desk.Role) error {
	return desk.Errorf(desk.Conflict, "role.slug_taken", "There is already a role with the short name %s.", slug).In("role")
}

// RoleChange says what to change of a role of one's own; nil leaves it.
type RoleChange struct {
	Name        *string
	Description *string
	Permissions *[]Permission
	Tickets     *desk.Reach
	Contacts    *desk.Reach
}

// UpdateRole changes a role of one's own; it counts at once for everybody who has it. Who changes it can neither give nor keep back what they do not have.
func (s *Service) UpdateRole(ctx context.Context, tx *db.Tx, actor desk.Actor, by desk.User, slug desk.Role, c RoleChange) (Role, error) {
	before, err := s.lockRole(ctx, tx, slug)
	if err != nil {
		return before, err
	}
	r := before
	set(&r.Name, c.Name)
	set(&r.Description, c.Description)
	set(&r.Permissions, c.Permissions)
	set(&r.Tickets, c.Tickets)
	set(&r.Contacts, c.Contacts)
	if r, err = readied(r); err != nil {
		return before, err
	}
	if by.ID != 0 {
		if err := errors.Join(notBeyond(by, before.powers(), "role"), notBeyond(by, r.powers(), "permissions")); err != nil {
			return before, err
		}
	}
	if r.Name == before.Name && r.Description == before.Description && slices.Equal(r.Permissions, before.Permissions) && r.Tickets == before.Tickets && r.Contacts == before.Contacts {
		return before, nil
	}
	r.UpdatedAt = s.Clock.Ms()
	_, err = tx.Exec(ctx, `UPDATE roles SET name = $1, description = $2, permissions = $3, tickets = $4, contacts = $5, updated_at = $6 WHERE slug = $7`,
		r.Name, r.Description, db.JSON(r.Permissions), db.JSON(r.Tickets), db.JSON(r.Contacts), r.UpdatedAt, slug)
	if err != nil {
		return before, fmt.Errorf("access: update role: %w", err)
	}
	return r, s.tellRole(ctx, tx, actor, &before, &r)
}

func set[T any](dst, src *T) {
	if src != nil {
		*dst = *src
	}
}

// RemoveRole takes a role away. Whoever has it is given another, which must be named when there are such people.
func (s *Service) RemoveRole(ctx context.Context, tx *db.Tx, actor desk.Actor, by desk.User, slug, to desk.Role) error {
	before, err := s.lockRole(ctx, tx, slug)
	if err != nil {
		return err
	}
	if by.ID != 0 {
		if err := notBeyond(by, before.powers(), "role"); err != nil {
			return err
		}
	}
	n, err := s.Having(ctx, tx, slug)
	if err != nil {
		return err
	}
	if n > 0 {
		if to == "" || to == slug {
			return desk.Errorf(desk.Conflict, "role.in_use", "%d people have this role. Say which role they get instead.", n).In("to")
		}
		if err := s.MayGive(ctx, tx, by, to); err != nil {
			return err
		}
		if _, err := s.People.MoveRole(ctx, tx, actor, slug, to); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM roles WHERE slug = $1`, slug); err != nil {
		return fmt.Errorf("access: remove role: %w", err)
	}
	return s.tellRole(ctx, tx, actor, &before, nil)
}

// Having counts the users who have a role, deactivated ones too.
func (s *Service) Having(ctx context.Context, q db.Queryer, slug desk.Role) (n int, err error) {
	if err = q.QueryRow(ctx, `SELECT COUNT(*) FROM users WHERE role = $1`, slug).Scan(&n); err != nil {
		return 0, fmt.Errorf("access: who has a role: %w", err)
	}
	return n, nil
}

// lockRole holds a role of one's own until the transaction ends; the built-in ones cannot be changed.
func (s *Service) lockRole(ctx context.Context, tx *db.Tx, slug desk.Role) (Role, error) {
	if _, is := Roles[slug]; is {
		return Role{}, desk.Errorf(desk.Conflict, "role.built_in", "The built-in roles cannot be changed or removed. Copy one and change the copy.")
	}
	r, err := db.One(ctx, tx, scanRole, `SELECT `+roleColumns+` FROM roles WHERE slug = $1`+tx.ForUpdate(), slug)
	if errors.Is(err, sql.ErrNoRows) {
		return r, noRole()
	}
	if err != nil {
		return r, fmt.Errorf("access: role: %w", err)
	}
	return r, nil
}

// readied checks a role and writes its parts in one order.
func readied(r Role) (Role, error) {
	r.Name, r.Description = strings.TrimSpace(r.Name), strings.TrimSpace(r.Description)
	if r.Slug == "" {
		r.Slug = desk.Role(desk.Slug(r.Name))
	}
	if r.Name == "" || len(r.Name) > 100 || strings.ContainsAny(r.Name, "\r\n\x00") {
		return r, desk.Errorf(desk.Invalid, "role.name_malformed", "A role needs a name of one line, at most 100 bytes.").In("name")
	}
	if len(r.Description) > 500 || strings.Contains(r.Description, "\x00") {
		return r, desk.Errorf(desk.Invalid, "role.description_too_long", "A description has at most 500 bytes.").In("description")
	}
	if err := desk.CheckSlug("role", string(r.Slug)); err != nil {
		return r, err
	}
	for _, p := range r.Permissions {
		if !slices.Contains(Permissions, p) {
			return r, desk.Errorf(desk.Invalid, "role.permission_unknown", "%q is not a permission.", p).In("permissions")
		}
	}
	in := r.Permissions
	r.Permissions = []Permission{}
	for _, p := range Permissions {
		if slices.Contains(in, p) {
			r.Permissions = append(r.Permissions, p)
		}
	}
	for field, reach := range map[string]*desk.Reach{"tickets": &r.Tickets, "contacts": &r.Contacts} {
		for _, w := range []string{reach.View, reach.Edit} {
			if !slices.Contains([]string{"", desk.ReachAll, desk.ReachTeam, desk.ReachOwn}, w) {
				return r, desk.Errorf(desk.Invalid, "role.reach_unknown", "%q is no reach: use all, team or own.", w).In(field)
			}
		}
		*reach = reach.Full()
	}
	r.BuiltIn = false
	return r, nil
}

func (s *Service) tellRole(ctx context.Context, tx *db.Tx, actor desk.Actor, before, after *Role) error {
	slug := desk.Role("")
	if before != nil {
		slug = before.Slug
	}
	if after != nil {
		slug = after.Slug
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvRoleUpdated, Actor: actor, Data: event.Data(map[string]any{"object": "role", "slug": slug, "before": before, "after": after})})
	return err
}

// As is the viewer that a user would be with another role, for trying what a change does.
func (s *Service) As(ctx context.Context, u desk.User, r Role) (Viewer, error) {
	p := r.powers()
	u.Role, u.Powers = r.Slug, &p
	return s.viewer(ctx, s.DB, u)
}
