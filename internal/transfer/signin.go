package transfer

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/setting"
)

// SignIn is what is asked of everybody who signs in (PM-13). Providers stand in no file: they are met with a secret and tried at once. A file is applied by who may
// reach the server, so it is not kept from locking out who does it.
type SignIn struct {
	Passwords *string   `yaml:"passwords,omitempty"`
	Factor    *string   `yaml:"second_factor,omitempty"`
	Allow     *[]string `yaml:"allow,omitempty,flow"`
	// Directory is what a company's directory may say by SCIM. What people are already is looked at when their groups change next.
	Directory *setting.Directory `yaml:"directory,omitempty"`
}

func (s *Service) exportSignIn(ctx context.Context, q db.Queryer, f *File) error {
	now, err := s.Settings.SignIn(ctx, q)
	if err != nil {
		return err
	}
	f.SignIn = &SignIn{Passwords: &now.Passwords, Factor: &now.Factor, Allow: &now.Allow}
	d, err := s.Settings.Directory(ctx, q)
	f.SignIn.Directory = &d
	return err
}

// directory comes when every role of the file is there.
func (a *applying) directory(ctx context.Context, d *setting.Directory) error {
	if d == nil {
		return nil
	}
	to := *d
	if to.Role == "" {
		to.Role = setting.DefaultDirectory.Role
	}
	if to.Tickets == "" {
		to.Tickets = setting.DefaultDirectory.Tickets
	}
	names := []string{string(to.Role)}
	for _, g := range to.Groups {
		names = append(names, string(g.Role))
	}
	for _, n := range names {
		if _, err := a.role(ctx, "sign_in.directory", &n); err != nil {
			return err
		}
	}
	_, err := a.Settings.SetDirectory(ctx, a.tx, a.o.Actor, to)
	return a.src.at("sign_in.directory", err)
}

func (a *applying) signIn(ctx context.Context) error {
	x := a.src.SignIn
	if x == nil {
		return nil
	}
	to, err := a.Settings.SignIn(ctx, a.tx)
	if err != nil {
		return err
	}
	set(&to.Passwords, x.Passwords)
	set(&to.Factor, x.Factor)
	set(&to.Allow, x.Allow)
	_, after, err := a.Settings.SetSignIn(ctx, a.tx, a.o.Actor, to)
	if err != nil {
		return a.src.at("sign_in", err)
	}
	if err := a.directory(ctx, x.Directory); err != nil || a.Weak == nil {
		return err
	}
	return a.Weak(ctx, a.tx, a.o.Actor, after)
}

func (s *Service) exportRoles(ctx context.Context, q db.Queryer, f *File) error {
	if s.Access == nil {
		return nil
	}
	rs, err := s.Access.AllRoles(ctx, q)
	for _, r := range rs {
		if r.BuiltIn {
			continue
		}
		can := make([]string, len(r.Permissions))
		for i, p := range r.Permissions {
			can[i] = string(p)
		}
		f.Roles = append(f.Roles, Role{Slug: string(r.Slug), Name: &r.Name, Description: &r.Description, Permissions: &can,
			Tickets: &Reach{r.Tickets.View, r.Tickets.Edit, r.Tickets.Unassigned}, Contacts: &Reach{r.Contacts.View, r.Contacts.Edit, r.Contacts.Unassigned}})
	}
	return err
}

// reach is nil for what is left out.
func (r *Reach) reach() *desk.Reach {
	if r == nil {
		return nil
	}
	return &desk.Reach{View: r.View, Edit: r.Edit, Unassigned: r.Unassigned}
}

// roles come before the users who have them.
func (a *applying) roles(ctx context.Context) error {
	if a.src.Roles == nil || a.Access == nil {
		return nil
	}
	seen := map[string]bool{}
	for i, r := range a.src.Roles {
		path := indexed("roles", i)
		if err := a.once(seen, path, r.Slug); err != nil {
			return err
		}
		c := access.RoleChange{Name: r.Name, Description: r.Description, Tickets: r.Tickets.reach(), Contacts: r.Contacts.reach()}
		if r.Permissions != nil {
			can := make([]access.Permission, len(*r.Permissions))
			for j, p := range *r.Permissions {
				can[j] = access.Permission(p)
			}
			c.Permissions = &can
		}
		_, err := a.Access.UpdateRole(ctx, a.tx, a.o.Actor, desk.User{}, desk.Role(r.Slug), c)
		if desk.CodeOf(err) == desk.NotFound {
			n := access.Role{Slug: desk.Role(r.Slug)}
			set(&n.Name, c.Name)
			set(&n.Description, c.Description)
			set(&n.Permissions, c.Permissions)
			set(&n.Tickets, c.Tickets)
			set(&n.Contacts, c.Contacts)
			_, err = a.Access.CreateRole(ctx, a.tx, a.o.Actor, desk.User{}, n)
		}
		if err != nil {
			return a.src.at(path, err)
		}
	}
	return nil
}

// pruneRoles takes away roles that the file leaves out. One that somebody still has is refused: the file says whom it gives what instead.
func (a *applying) pruneRoles(ctx context.Context) error {
	if a.src.Roles == nil || a.Access == nil {
		return nil
	}
	keep := named(a.src.Roles, func(r Role) string { return r.Slug })
	rs, err := a.Access.AllRoles(ctx, a.tx)
	for _, r := range rs {
		if r.BuiltIn || keep[string(r.Slug)] {
			continue
		}
		if err := a.Access.RemoveRole(ctx, a.tx, a.o.Actor, desk.User{}, r.Slug, ""); err != nil {
			return err
		}
	}
	return err
}

// role is a user's role by name: a built-in one, or one of one's own.
func (a *applying) role(ctx context.Context, path string, name *string) (*desk.Role, error) {
	if name == nil {
		return nil, nil
	}
	r, known := desk.Role(*name), []string{}
	for _, k := range people.Roles {
		known = append(known, string(k))
	}
	if a.Access != nil {
		rs, err := a.Access.AllRoles(ctx, a.tx)
		if err != nil {
			return nil, err
		}
		for _, x := range rs {
			if !x.BuiltIn {
				known = append(known, string(x.Slug))
			}
		}
	}
	if !slices.Contains(known, *name) {
		return nil, a.src.refuse(path+".role", "user.role_unknown", "%q is not a role%s", *name, meant(*name, known))
	}
	return &r, nil
}

// parents come when every team of the file is there.
func (a *applying) parents(ctx context.Context) error {
	for i, t := range a.src.Teams {
		if t.Parent == nil {
			continue
		}
		path := indexed("teams", i) + ".parent"
		have, err := a.People.TeamBySlug(ctx, a.tx, t.Slug)
		if err != nil {
			return a.src.at(path, err)
		}
		var above desk.TeamID
		if *t.Parent != "" {
			ids, err := a.teamIDs(ctx, path, []string{*t.Parent})
			if err != nil {
				return err
			}
			above = ids[0]
		}
		if have.Parent == above {
			continue
		}
		if _, err := a.People.UpdateTeam(ctx, a.tx, a.o.Actor, have.ID, people.TeamChange{Parent: &above}); err != nil {
			return a.src.at(path, err)
		}
	}
	return nil
}

// limited sets who sees and who changes a property.
func (a *applying) limited(ctx context.Context, path string, p Property) error {
	if p.Access == nil {
		return nil
	}
	to := desk.PropertyAccess{View: desk.Access{Everyone: true}, Edit: desk.Access{Everyone: true}}
	for name, part := range map[string]struct {
		from *Access
		to   *desk.Access
	}{"view": {p.Access.View, &to.View}, "edit": {p.Access.Edit, &to.Edit}} {
		x, err := a.access(ctx, path+".access."+name, part.from)
		if err != nil {
			return err
		}
		set(part.to, x)
	}
	all, err := a.Properties.List(ctx, a.tx, p.Object)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(x desk.Property) bool { return x.Name == p.Name })
	_, err = a.Properties.Update(ctx, a.tx, a.o.Actor, all[at].ID, property.Change{Access: &to})
	return a.src.at(path+".access", err)
}
