package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/notify"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/skill"
	"github.com/kanalhq/kanal/internal/snippet"
	"github.com/kanalhq/kanal/internal/space"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/survey"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/worktime"
)

// Deps are the nouns whose settings are moved.
type Deps struct {
	DB         *db.DB
	Channels   *channel.Registry
	People     *people.Service
	Properties *property.Service
	Tickets    *ticket.Service
	Inboxes    *inbox.Service
	Settings   *setting.Service
	Snippets   *snippet.Service
	Chatflows  *chatflow.Service   // nil: chatflows are left alone
	Forms      *form.Service       // nil: forms are left alone
	Views      *customview.Service // nil: saved views are left alone
	Spaces     *space.Service      // nil: spaces are left alone
	Notify     *notify.Service     // nil: what people are told of is left alone
	Spam       *spam.Service       // nil: what is held back is left alone
	// Weak ends the sessions that the rules of signing in would not let in any more; nil: they go on.
	Weak     func(ctx context.Context, tx *db.Tx, actor desk.Actor, rules setting.SignIn) error
	Worktime *worktime.Service // nil: business hours and holidays are left alone
	Surveys  *survey.Service   // nil: whom customers' satisfaction is asked of is left alone
	Skills   *skill.Service    // nil: what people know is left alone
	Access   *access.Service   // nil: roles of one's own are left alone
	Outside  Outside
}

// Service reads and writes settings as text. Safe for concurrent use.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// Export writes every setting as a file that applies again without change. Stored secrets become keep.
func (s *Service) Export(ctx context.Context) ([]byte, error) {
	var f File
	// In one transaction, so that the parts fit together.
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) { f, err = s.snapshot(ctx, tx); return err })
	if err != nil {
		return nil, fmt.Errorf("transfer: export: %w", err)
	}
	var b bytes.Buffer
	b.WriteString("# Settings of this Kanal installation. Review, then: kanal config diff FILE, kanal config apply FILE\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(f); err != nil {
		return nil, fmt.Errorf("transfer: export: %w", err)
	}
	return b.Bytes(), e.Close()
}

// snapshot is the file of the settings as they are. Its order is stable.
func (s *Service) snapshot(ctx context.Context, q db.Queryer) (f File, err error) {
	f.Version = Version
	c, err := s.Settings.Company(ctx, q)
	if err != nil {
		return f, err
	}
	f.Company = &Company{Name: &c.Name, Locale: &c.Locale, Timezone: &c.Timezone, Color: &c.Color, Privacy: &c.Privacy}
	n, err := s.names(ctx, q)
	if err != nil {
		return f, err
	}
	for _, t := range n.teams {
		x := Team{Slug: t.Slug, Name: &t.Name, Extra: optional(n.emails(t.Extra))}
		if t.Calendar != "" {
			x.Calendar = &t.Calendar
		}
		if above := n.slugs([]desk.TeamID{t.Parent}); t.Parent != 0 && len(above) == 1 {
			x.Parent = &above[0]
		}
		f.Teams = append(f.Teams, x)
	}
	for _, u := range n.users {
		x, err := s.exportUser(ctx, q, u, n)
		if err != nil {
			return f, err
		}
		f.Users = append(f.Users, x)
	}
	ps, err := s.Properties.List(ctx, q, "")
	if err != nil {
		return f, err
	}
	for _, p := range ps {
		f.Properties = append(f.Properties, exportProperty(p, n))
	}
	for _, part := range []func(context.Context, db.Queryer, *File) error{
		s.exportPipelines,
		s.exportNotifications,
		s.exportSpam,
		func(ctx context.Context, q db.Queryer, f *File) error { return s.exportSnippets(ctx, q, n, f) },
		func(ctx context.Context, q db.Queryer, f *File) error { return s.exportInboxes(ctx, q, n, f) },
		s.exportForms,
		s.exportChatflows,
		s.exportSurvey,
		s.exportPrivacy,
		s.exportWorktime,
		s.exportSignIn,
		s.exportRoles,
		s.exportSkills,
		s.exportWork,
	} {
		if err := part(ctx, q, &f); err != nil {
			return f, err
		}
	}
	if err := s.exportSpaces(ctx, q, n, &f); err != nil {
		return f, err
	}
	return f, s.exportViews(ctx, q, n, &f)
}

func (s *Service) exportPipelines(ctx context.Context, q db.Queryer, f *File) error {
	pipes, err := s.Tickets.Pipelines(ctx, q)
	for _, p := range pipes {
		x := Pipeline{Slug: p.Slug, Name: &p.Name}
		for _, st := range p.Statuses {
			x.Statuses = append(x.Statuses, Status{Slug: st.Slug, Name: st.Name, State: st.State})
		}
		f.Pipelines = append(f.Pipelines, x)
	}
	return err
}

func (s *Service) exportInboxes(ctx context.Context, q db.Queryer, n names, f *File) error {
	slugs := map[desk.InboxID]string{}
	boxes, err := s.Inboxes.Inboxes(ctx, q)
	if err != nil {
		return err
	}
	for _, b := range boxes {
		slugs[b.ID] = b.Slug
		f.Inboxes = append(f.Inboxes, Inbox{Slug: b.Slug, Kind: b.Kind, Name: &b.Name, Access: n.access(b.Access)})
	}
	slices.SortFunc(f.Inboxes, func(a, b Inbox) int { return compareKeys(kindRank(a.Kind), a.Slug, kindRank(b.Kind), b.Slug) })
	accs, err := s.Inboxes.Accounts(ctx, q, inbox.Filter{})
	if err != nil {
		return err
	}
	slices.SortFunc(accs, func(a, b desk.ChannelAccount) int { return compareKeys(0, a.Slug, 0, b.Slug) })
	for _, a := range accs {
		x, err := s.exportAccount(ctx, q, a)
		if err != nil {
			return err
		}
		x.Inbox = slugs[a.InboxID]
		f.Channels = append(f.Channels, x)
	}
	return nil
}

func kindRank(k desk.InboxKind) int {
	if k == desk.KindHelpdesk {
		return 0
	}
	return 1
}

func compareKeys(r1 int, s1 string, r2 int, s2 string) int {
	switch {
	case r1 != r2:
		return r1 - r2
	case s1 < s2:
		return -1
	case s1 > s2:
		return 1
	}
	return 0
}

// names translate ids into what a file calls things.
type names struct {
	users []desk.User // by address
	teams []desk.Team // by slug
}

func (s *Service) names(ctx context.Context, q db.Queryer) (n names, err error) {
	if n.users, err = s.People.List(ctx, q, true); err != nil {
		return n, err
	}
	if n.teams, err = s.People.Teams(ctx, q); err != nil {
		return n, err
	}
	slices.SortFunc(n.users, func(a, b desk.User) int { return compareKeys(0, a.Email, 0, b.Email) })
	slices.SortFunc(n.teams, func(a, b desk.Team) int { return compareKeys(0, a.Slug, 0, b.Slug) })
	return n, nil
}

func (n names) emails(ids []desk.UserID) []string {
	out := []string{}
	for _, u := range n.users {
		if slices.Contains(ids, u.ID) {
			out = append(out, u.Email)
		}
	}
	return out
}

func (n names) slugs(ids []desk.TeamID) []string {
	out := []string{}
	for _, t := range n.teams {
		if slices.Contains(ids, t.ID) {
			out = append(out, t.Slug)
		}
	}
	return out
}

// mainTeams are the teams whose main member a user is.
func (n names) mainTeams(id desk.UserID) []string {
	out := []string{}
	for _, t := range n.teams {
		if slices.Contains(t.Members, id) {
			out = append(out, t.Slug)
		}
	}
	return out
}

func (n names) access(a desk.Access) *Access {
	if a.Everyone {
		return &Access{Everyone: true}
	}
	return &Access{Users: n.emails(a.Users), Teams: n.slugs(a.Teams)}
}

func exportProperty(p desk.Property, n names) Property {
	x := Property{Object: p.Object, Name: p.Name, Label: &p.Label, Type: p.Type, Options: optional(p.Options)}
	if p.RequiredOnClose {
		x.RequiredOnClose = &p.RequiredOnClose
	}
	if p.DependsOn != "" {
		x.DependsOn, x.OptionsBy = &p.DependsOn, &p.OptionsBy
	}
	if p.Access != nil {
		x.Access = &PropertyAccess{View: n.access(p.Access.View), Edit: n.access(p.Access.Edit)}
	}
	return x
}

func optional(list []string) *[]string {
	if len(list) == 0 {
		return nil
	}
	return &list
}

func (s *Service) exportUser(ctx context.Context, q db.Queryer, u desk.User, n names) (User, error) {
	role, teams := string(u.Role), n.mainTeams(u.ID)
	x := User{Email: u.Email, Name: &u.Name, Role: &role, Teams: &teams}
	if !u.Active {
		x.Active = &u.Active
	}
	if !u.TakesWork {
		x.TakesWork = &u.TakesWork
	}
	if u.Locale != "" {
		x.Locale = &u.Locale
	}
	if u.Timezone != "" {
		x.Timezone = &u.Timezone
	}
	now, err := s.People.Presence(ctx, q, u.ID)
	if err != nil {
		return x, err
	}
	x.Hours = weekOf(now.Hours)
	if now.Calendar != "" {
		x.Calendar = &now.Calendar
	}
	return x, s.exportHeld(ctx, q, u, &x)
}

func (s *Service) exportAccount(ctx context.Context, q db.Queryer, a desk.ChannelAccount) (Channel, error) {
	x := Channel{Slug: a.Slug, Channel: a.Channel, Name: &a.Name, Active: &a.Active, Ticket: &a.Ticket, Assign: exportAssign(a.Assign), Settings: plain(a.Settings)}
	adapter, ok := s.Channels.Get(a.Channel)
	if !ok {
		return x, nil
	}
	have, err := s.Inboxes.AccountWithSecrets(ctx, q, a.ID)
	if err != nil {
		return x, err
	}
	stored := flat(have.Secrets)
	for _, f := range adapter.Spec().Fields {
		if _, ok := stored[f.Path]; ok && f.Secret {
			putPath(x.Settings, f.Path, keep)
		}
	}
	return x, nil
}

func exportAssign(p desk.AssignPolicy) *Assign {
	a := &Assign{
		To: p.To, Users: p.Users, Teams: p.Teams, Rules: p.Rules, Fallback: p.Fallback, HoldSeconds: p.HoldSeconds, MailOwner: p.MailOwner, TrackedOnly: p.TrackedOnly, NoQueue: p.NoQueue,
		ExtraMembers: p.ExtraMembers, Hours: p.Hours, OwnContact: p.OwnContact, Reopened: p.Reopened,
	}
	if p.To != "no_one" && p.To != "" || len(p.Rules) > 0 {
		a.AvailableOnly, a.By = &p.AvailableOnly, p.By
	}
	return a
}

// plain decodes settings with whole numbers as such.
func plain(b []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	m := map[string]any{}
	_ = d.Decode(&m)
	for k, v := range maps.Clone(m) {
		m[k] = whole(v)
	}
	return m
}

func whole(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		f, _ := x.Float64()
		return f
	case map[string]any:
		for k, e := range x {
			x[k] = whole(e)
		}
	case []any:
		for i, e := range x {
			x[i] = whole(e)
		}
	}
	return v
}
