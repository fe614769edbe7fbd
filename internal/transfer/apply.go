package transfer

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Options of an application.
type Options struct {
	Actor desk.Actor // who applies; the zero value is the system
	// Prune also removes what the file leaves out, in the sections it has: users are deactivated, teams removed, the rest archived. Owners, the
	// help desk and the fallback address stay.
	Prune bool
	// Check looks at what would change before it is kept, and may refuse it; nil does not.
	Check func(Plan) error
}

// errOnlyLooking undoes a diff.
var errOnlyLooking = errors.New("transfer: only looking")

// Diff tells what Apply would change, and changes nothing. It finds every fault that Apply would.
func (s *Service) Diff(ctx context.Context, text []byte, o Options) (Plan, error) {
	p, err := s.run(ctx, text, o, true)
	if errors.Is(err, errOnlyLooking) {
		err = nil
	}
	return p, err
}

// Apply makes the installation as the file says, in one transaction, and tells what changed. Faults name their lines.
func (s *Service) Apply(ctx context.Context, text []byte, o Options) (Plan, error) {
	return s.run(ctx, text, o, false)
}

func (s *Service) run(ctx context.Context, text []byte, o Options, look bool) (p Plan, err error) {
	// What a file names from outside is read once, outside the transaction, which may run more than once: each run works on its own copy.
	resolved, err := parse(text)
	if err != nil {
		return p, err
	}
	if err := s.resolve(resolved); err != nil {
		return p, err
	}
	if o.Actor.Kind == "" {
		o.Actor = desk.System
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		a := &applying{Service: s, tx: tx, src: resolved, o: o}
		before, err := s.snapshot(ctx, tx)
		if err != nil {
			return err
		}
		had, err := s.allSecrets(ctx, tx)
		if err != nil {
			return err
		}
		for _, step := range []func(context.Context) error{a.company, a.calendars, a.skills, a.teams, a.roles, a.users, a.extraMembers, a.properties, a.pipelines, a.tags, a.inboxes, a.forms, a.channels, a.chatflows, a.snippets, a.spaces, a.views, a.notifications, a.spam, a.survey, a.signIn, a.work, a.privacy, a.prune} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		after, err := s.snapshot(ctx, tx)
		if err != nil {
			return err
		}
		has, err := s.allSecrets(ctx, tx)
		if err != nil {
			return err
		}
		p = compare(before, after, changed(had, has))
		if o.Check != nil {
			if err := o.Check(p); err != nil {
				return err
			}
		}
		if look {
			return errOnlyLooking
		}
		return nil
	})
	return p, err
}

// allSecrets are the secrets of every channel account, by slug and path, for telling which changed.
func (s *Service) allSecrets(ctx context.Context, q db.Queryer) (map[string]map[string]string, error) {
	accs, err := s.Inboxes.Accounts(ctx, q, inbox.Filter{})
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]string{}
	for _, a := range accs {
		have, err := s.Inboxes.AccountWithSecrets(ctx, q, a.ID)
		if err != nil {
			return nil, err
		}
		out[a.Slug] = flat(have.Secrets)
	}
	return out, nil
}

func changed(had, has map[string]map[string]string) map[string][]string {
	out := map[string][]string{}
	for slug, after := range has {
		before := had[slug]
		for path := range after {
			if v, ok := before[path]; ok && v != after[path] { // a new or removed one shows as keep
				out[slug] = append(out[slug], path)
			}
		}
		slices.Sort(out[slug])
	}
	return out
}

// applying is one run.
type applying struct {
	*Service
	tx  *db.Tx
	src *source
	o   Options
}

func indexed(section string, i int) string { return section + "[" + strconv.Itoa(i) + "]" }

// once refuses two entries of one name.
func (a *applying) once(seen map[string]bool, path, name string) error {
	if name == "" {
		return a.src.refuse(path, "config.name_missing", "The name is missing.")
	}
	if seen[name] {
		return a.src.refuse(path, "config.twice", "%q is there twice.", name)
	}
	seen[name] = true
	return nil
}

func (a *applying) company(ctx context.Context) error {
	c := a.src.Company
	if c == nil {
		return nil
	}
	_, err := a.Settings.SetCompany(ctx, a.tx, a.o.Actor, setting.CompanyChange{Name: c.Name, Locale: c.Locale, Timezone: c.Timezone, Color: c.Color, Privacy: c.Privacy})
	return a.src.at("company", err)
}

func (a *applying) teams(ctx context.Context) error {
	seen := map[string]bool{}
	for i, t := range a.src.Teams {
		path := indexed("teams", i)
		if err := a.once(seen, path, t.Slug); err != nil {
			return err
		}
		have, err := a.People.TeamBySlug(ctx, a.tx, t.Slug)
		switch {
		case desk.CodeOf(err) == desk.NotFound:
			n := desk.Team{Slug: t.Slug}
			if t.Name != nil {
				n.Name = *t.Name
			}
			if have, err = a.People.CreateTeam(ctx, a.tx, a.o.Actor, n); err == nil && t.Calendar != nil {
				_, err = a.People.UpdateTeam(ctx, a.tx, a.o.Actor, have.ID, people.TeamChange{Calendar: t.Calendar})
			}
		case err == nil:
			_, err = a.People.UpdateTeam(ctx, a.tx, a.o.Actor, have.ID, people.TeamChange{Name: t.Name, Calendar: t.Calendar})
		}
		if err != nil {
			return a.src.at(path, err)
		}
	}
	return nil
}

func (a *applying) users(ctx context.Context) error {
	seen := map[string]bool{}
	for i, u := range a.src.Users {
		path := indexed("users", i)
		if err := a.once(seen, path, desk.NormalizeEmail(u.Email)); err != nil {
			if u.Email != "" && desk.NormalizeEmail(u.Email) == "" {
				return a.src.refuse(path+".email", "user.email_malformed", "%q is not an email address.", u.Email)
			}
			return err
		}
		if err := a.user(ctx, path, u); err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) user(ctx context.Context, path string, u User) error {
	role, err := a.role(ctx, path, u.Role)
	if err != nil {
		return err
	}
	have, err := a.People.ByEmail(ctx, a.tx, u.Email)
	switch {
	case desk.CodeOf(err) == desk.NotFound:
		n := people.NewUser{Email: u.Email, Active: u.Active, TakesWork: u.TakesWork}
		set(&n.Name, u.Name)
		set(&n.Role, role)
		set(&n.Locale, u.Locale)
		set(&n.Timezone, u.Timezone)
		have, err = a.People.Create(ctx, a.tx, a.o.Actor, n)
	case err == nil:
		_, err = a.People.Update(ctx, a.tx, a.o.Actor, have.ID, people.UserChange{Name: u.Name, Role: role, Active: u.Active, TakesWork: u.TakesWork, Locale: u.Locale, Timezone: u.Timezone})
	}
	if err != nil {
		return a.src.at(path, err)
	}
	if u.Teams != nil {
		ids, err := a.teamIDs(ctx, path+".teams", *u.Teams)
		if err != nil {
			return err
		}
		if err := a.People.SetMainTeams(ctx, a.tx, a.o.Actor, have.ID, ids); err != nil {
			return a.src.at(path+".teams", err)
		}
	}
	if err := a.held(ctx, path, have.ID, u); err != nil {
		return err
	}
	if err := a.week(ctx, path, have.ID, u); err != nil {
		return err
	}
	prefs := map[string]any{}
	if u.Skills != nil {
		prefs["skills"] = *u.Skills
	}
	if len(prefs) == 0 {
		return nil
	}
	return a.src.at(path, a.preferences(ctx, have.ID, prefs))
}

// preferences are written only when they differ, so that applying again is no event.
func (a *applying) preferences(ctx context.Context, id desk.UserID, want map[string]any) error {
	have, err := a.People.Preferences(ctx, a.tx, id)
	if err != nil {
		return err
	}
	for k, v := range want {
		if shown(have[k]) == shown(v) {
			delete(want, k)
		}
	}
	if len(want) == 0 {
		return nil
	}
	_, err = a.People.SetPreferences(ctx, a.tx, a.o.Actor, id, want)
	return err
}

func set[T any](dst, src *T) {
	if src != nil {
		*dst = *src
	}
}

func (a *applying) teamIDs(ctx context.Context, path string, slugs []string) ([]desk.TeamID, error) {
	n, err := a.People.Named(ctx, a.tx, nil, slugs)
	if err != nil {
		return nil, err
	}
	ids := []desk.TeamID{}
	for i, slug := range slugs {
		t, ok := n.Teams[slug]
		if !ok {
			return nil, a.unknown(ctx, indexed(path, i), "team", slug)
		}
		ids = append(ids, t.ID)
	}
	return ids, nil
}

func (a *applying) userIDs(ctx context.Context, path string, emails []string) ([]desk.UserID, error) {
	n, err := a.People.Named(ctx, a.tx, emails, nil)
	if err != nil {
		return nil, err
	}
	ids := []desk.UserID{}
	for i, e := range emails {
		id, ok := n.Users[e]
		if !ok {
			return nil, a.unknown(ctx, indexed(path, i), "user", e)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// unknown refuses a name, and suggests the nearest one.
func (a *applying) unknown(ctx context.Context, path, what, name string) error {
	f, err := a.snapshot(ctx, a.tx)
	if err != nil {
		return err
	}
	known := []string{}
	for _, t := range things(f) {
		if t.object == what {
			known = append(known, t.slug)
		}
	}
	return a.src.refuse(path, "config."+what+"_unknown", "There is no %s %q%s", what, name, meant(name, known))
}

func (a *applying) extraMembers(ctx context.Context) error {
	if err := a.parents(ctx); err != nil {
		return err
	}
	for i, t := range a.src.Teams {
		if t.Extra == nil {
			continue
		}
		path := indexed("teams", i) + ".extra_members"
		ids, err := a.userIDs(ctx, path, *t.Extra)
		if err != nil {
			return err
		}
		have, err := a.People.TeamBySlug(ctx, a.tx, t.Slug)
		if err != nil {
			return err
		}
		slices.Sort(ids)
		if _, err := a.People.UpdateTeam(ctx, a.tx, a.o.Actor, have.ID, people.TeamChange{Extra: &ids}); err != nil {
			return a.src.at(path, err)
		}
	}
	return nil
}

func (a *applying) properties(ctx context.Context) error {
	seen := map[string]bool{}
	for i, p := range a.src.Properties {
		path := indexed("properties", i)
		if err := a.once(seen, path, p.Object+"."+p.Name); err != nil {
			return err
		}
		all, err := a.Properties.List(ctx, a.tx, p.Object)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(x desk.Property) bool { return x.Name == p.Name && x.Object == p.Object })
		if at < 0 {
			n := desk.Property{Object: p.Object, Name: p.Name, Type: p.Type}
			set(&n.Label, p.Label)
			set(&n.Options, p.Options)
			set(&n.RequiredOnClose, p.RequiredOnClose)
			if len(all) > 0 {
				n.Position = all[len(all)-1].Position + 1
			}
			_, err = a.Properties.Create(ctx, a.tx, a.o.Actor, n)
		} else {
			if p.Type != "" && p.Type != all[at].Type {
				return a.src.refuse(path+".type", "property.type_stays", "The type of %s is %s and stays: its values are stored so. Use another name.", p.Name, all[at].Type)
			}
			_, err = a.Properties.Update(ctx, a.tx, a.o.Actor, all[at].ID, property.Change{Label: p.Label, Options: p.Options, RequiredOnClose: p.RequiredOnClose})
		}
		if err != nil {
			return a.src.at(path, err)
		}
		if err := a.limited(ctx, path, p); err != nil {
			return err
		}
	}
	return a.dependences(ctx)
}

// dependences come when every property of the file is there.
func (a *applying) dependences(ctx context.Context) error {
	for i, p := range a.src.Properties {
		if p.DependsOn == nil && p.OptionsBy == nil {
			continue
		}
		all, err := a.Properties.List(ctx, a.tx, p.Object)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(x desk.Property) bool { return x.Name == p.Name })
		if _, err := a.Properties.Update(ctx, a.tx, a.o.Actor, all[at].ID, property.Change{DependsOn: p.DependsOn, OptionsBy: p.OptionsBy}); err != nil {
			return a.src.at(indexed("properties", i), err)
		}
	}
	return nil
}

func (a *applying) pipelines(ctx context.Context) error {
	seen := map[string]bool{}
	for i, p := range a.src.Pipelines {
		path := indexed("pipelines", i)
		if err := a.once(seen, path, p.Slug); err != nil {
			return err
		}
		listed := []desk.Status{}
		for _, st := range p.Statuses {
			listed = append(listed, desk.Status{Slug: st.Slug, Name: st.Name, State: st.State})
		}
		have, err := a.Tickets.PipelineBySlug(ctx, a.tx, p.Slug)
		switch {
		case desk.CodeOf(err) == desk.NotFound:
			n := desk.Pipeline{Slug: p.Slug, Name: p.Slug, Statuses: listed}
			set(&n.Name, p.Name)
			_, err = a.Tickets.CreatePipeline(ctx, a.tx, a.o.Actor, n)
		case err == nil:
			c := ticket.PipelineChange{Name: p.Name}
			if p.Statuses != nil {
				if !a.o.Prune {
					listed = withUnlisted(have.Statuses, listed)
				}
				c.Statuses = &listed
			}
			_, err = a.Tickets.UpdatePipeline(ctx, a.tx, a.o.Actor, have.ID, c)
		}
		if err != nil {
			return a.src.at(path, err)
		}
	}
	return nil
}

// withUnlisted puts statuses that the file leaves out behind the one they stand behind now.
func withUnlisted(have, listed []desk.Status) []desk.Status {
	out := slices.Clone(listed)
	for i, st := range have {
		if slices.ContainsFunc(out, func(x desk.Status) bool { return x.Slug == st.Slug }) {
			continue
		}
		at := 0
		if i > 0 {
			at = 1 + slices.IndexFunc(out, func(x desk.Status) bool { return x.Slug == have[i-1].Slug })
		}
		out = slices.Insert(out, at, st)
	}
	return out
}
