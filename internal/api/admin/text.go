package admin

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/transfer"
)

// Text is settings as text.
type Text struct {
	Text     string   `json:"text" doc:"YAML; secrets stand as keep."`
	Revision string   `json:"revision" doc:"Of the whole installation's settings: send it with the text to notice that they moved on."`
	Sections []string `json:"sections" doc:"The parts a file may have."`
}

// TextPlan is what applying a text changes, or what is wrong with it.
type TextPlan struct {
	Changes  []SettingChange `json:"changes"`
	Problems []TextFault     `json:"problems" doc:"Faults of the text with their lines; then nothing would change."`
	Revision string          `json:"revision"`
}

// SettingChange is what happens to one thing of the settings.
type SettingChange struct {
	Object string         `json:"object" example:"team"`
	Slug   string         `json:"slug"`
	Action string         `json:"action" enum:"create,update,remove"`
	Fields []SettingField `json:"fields"`
}

// SettingField is one setting before and after; null is none. Values of secrets are never told.
type SettingField struct {
	Field  string `json:"field"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// TextFault is one fault of a text, with where it stands.
type TextFault struct {
	Line int    `json:"line"`
	Path string `json:"path"`
	Text string `json:"text"`
}

func changes(p transfer.Plan) []SettingChange {
	out := []SettingChange{}
	for _, c := range p.Changes {
		x := SettingChange{c.Object, c.Slug, c.Action, []SettingField{}}
		for _, f := range c.Fields {
			x.Fields = append(x.Fields, SettingField{f.Name, f.Before, f.After})
		}
		out = append(out, x)
	}
	return out
}

// maxText is how much settings text one request may hold.
const maxText = 8 << 20

func (a *admins) mountText() {
	const tag = "Settings as text"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/settings/text", ID: "getSettingsText", Tag: tag, Summary: "The settings as text", Errors: []int{404},
		Description: "The whole installation, one `section` of it, or one thing of the section by its `slug` (users by address, properties as object.name)."}, a.text)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/settings/text/diff", ID: "diffSettingsText", Tag: tag, Summary: "What applying a text would change", MaxBody: maxText,
		Description: "Finds every fault that applying would; faults come as problems, with their lines."}, a.diffText)
	api.Register(a.server, api.Op{Method: "POST", Path: "/api/settings/text/apply", ID: "applySettingsText", Tag: tag, Summary: "Make the settings what a text says", MaxBody: maxText, Errors: []int{404, 409},
		Description: "All of it or nothing, by the rules of `kanal config apply`. Secrets are typed in or `keep`: the server's environment and files are read by the command line only. It needs the permissions of what the text sets."}, a.applyText)
}

// sectionNeeds is the permission of each section; what is not named needs settings.manage alone.
var sectionNeeds = map[string]access.Permission{
	"users": access.UsersManage, "teams": access.UsersManage, "properties": access.PropertiesManage, "inboxes": access.AccountAccess, "channels": access.AccountAccess,
	"spam": access.AccountAccess, "skills": access.RoutingManage, "work": access.RoutingManage, "views": access.ViewsShare, "chatflows": access.ChatflowsManage,
	"forms": access.FormsManage, "roles": access.RolesManage,
}

func mayText(v access.Viewer, sections []string) error {
	for _, s := range sections {
		if p, ok := sectionNeeds[s]; ok {
			if err := v.Need(p); err != nil {
				return err
			}
		}
	}
	return nil
}

type textInput struct {
	Section string `query:"section" maxLength:"60"`
	Slug    string `query:"slug" maxLength:"320"`
}

func (a *admins) text(ctx context.Context, v access.Viewer, in *textInput) (*api.Out[Text], error) {
	wanted := []string{in.Section}
	if in.Section == "" {
		wanted = transfer.Sections()
	}
	if err := mayText(v, wanted); err != nil {
		return nil, err
	}
	all, err := a.Transfer.Export(ctx)
	if err != nil {
		return nil, err
	}
	part := all
	if in.Section != "" {
		if part, err = a.Transfer.Section(ctx, in.Section, in.Slug); err != nil {
			return nil, err
		}
	}
	return api.Answer(Text{string(part), transfer.Revision(all), transfer.Sections()}, nil)
}

type planInput struct {
	Body struct {
		Text     string `json:"text"`
		Prune    bool   `json:"prune,omitempty" doc:"Also take away what the sections of the text leave out."`
		Revision string `json:"revision,omitempty" doc:"Refuse when the settings are no longer what they were then."`
	}
}

func (a *admins) options(ctx context.Context, v access.Viewer, in *planInput) (transfer.Options, error) {
	users, err := a.People.List(ctx, a.DB, true)
	known := map[string]desk.User{}
	for _, u := range users {
		known[u.Email] = u
	}
	return transfer.Options{Actor: v.Actor, Prune: in.Body.Prune, Check: func(p transfer.Plan) error { return a.mayPlan(ctx, v, p, known) }}, err
}

// mayPlan holds what the pages hold: nobody changes who may do more, gives a role with what they do not have, widens what they reach by teams, or moves a channel
// without the permission to (PM-10, MG-01).
func (a *admins) mayPlan(ctx context.Context, v access.Viewer, p transfer.Plan, known map[string]desk.User) error {
	for _, c := range p.Changes {
		fields := map[string]transfer.Field{}
		for _, f := range c.Fields {
			fields[f.Name] = f
		}
		var err error
		switch c.Object {
		case "user":
			err = a.mayPlanUser(ctx, v, c, fields, known)
		case "team":
			err = givesTeams(v)
		case "role":
			if !mayAll(v) {
				err = desk.Errorf(desk.Forbidden, "role.above", "Only who may do everything here changes roles by a text. Change them on their page.").In("roles")
			}
		case "channel":
			if f, moved := fields["inbox"]; moved && c.Action == transfer.Update && f.Before != f.After {
				err = v.Need(access.ChannelsMove)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayAll: they have everything that could be given, but for being an owner.
func mayAll(v access.Viewer) bool {
	return access.Exceeds(v.User, access.PowersOf(desk.User{Role: desk.RoleOwner})) == ""
}

func (a *admins) mayPlanUser(ctx context.Context, v access.Viewer, c transfer.Change, fields map[string]transfer.Field, known map[string]desk.User) error {
	u, there := known[c.Slug]
	if there {
		if err := mayManage(v, u); err != nil {
			return err
		}
	}
	role := desk.Role("")
	if f, ok := fields["role"]; ok {
		role = desk.Role(fmt.Sprint(f.After))
	} else if !there {
		role = desk.RoleAgent
	}
	switch {
	case mayAll(v) && role == desk.RoleOwner && v.User.Role != desk.RoleOwner:
		return desk.Errorf(desk.Forbidden, "user.role_above", "Only an owner may make, change or remove an owner.").In("role")
	case role != "" && !mayAll(v): // a role that the same text makes is not there yet: who makes those may everything
		if err := a.Access.MayGive(ctx, a.DB, v.User, role); err != nil {
			return err
		}
	}
	if _, ok := fields["teams"]; ok {
		return givesTeams(v)
	}
	return nil
}

func (a *admins) diffText(ctx context.Context, v access.Viewer, in *planInput) (*api.Out[TextPlan], error) {
	if err := mayText(v, transfer.Named([]byte(in.Body.Text))); err != nil {
		return nil, err
	}
	out := TextPlan{Changes: []SettingChange{}, Problems: []TextFault{}}
	o, err := a.options(ctx, v, in)
	if err != nil {
		return nil, err
	}
	p, err := a.Transfer.Diff(ctx, []byte(in.Body.Text), o)
	if err != nil {
		faults := transfer.Faults(err)
		if faults == nil {
			return nil, err
		}
		for _, f := range faults {
			out.Problems = append(out.Problems, TextFault(f))
		}
		return api.Answer(out, nil)
	}
	out.Changes = changes(p)
	out.Revision, err = a.revision(ctx)
	return api.Answer(out, err)
}

func (a *admins) revision(ctx context.Context) (string, error) {
	all, err := a.Transfer.Export(ctx)
	return transfer.Revision(all), err
}

func (a *admins) applyText(ctx context.Context, v access.Viewer, in *planInput) (*api.Out[TextPlan], error) {
	if err := mayText(v, transfer.Named([]byte(in.Body.Text))); err != nil {
		return nil, err
	}
	if in.Body.Revision != "" {
		now, err := a.revision(ctx)
		if err != nil {
			return nil, err
		}
		if now != in.Body.Revision {
			return nil, desk.Errorf(desk.Conflict, "settings.stale", "Somebody else changed the settings meanwhile. Load them again and look at the differences.").In("revision")
		}
	}
	o, err := a.options(ctx, v, in)
	if err != nil {
		return nil, err
	}
	p, err := a.Transfer.Apply(ctx, []byte(in.Body.Text), o)
	if err != nil {
		return nil, err
	}
	now, err := a.revision(ctx)
	return api.Answer(TextPlan{Changes: changes(p), Problems: []TextFault{}, Revision: now}, err)
}
