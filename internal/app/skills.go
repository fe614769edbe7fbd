package app

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/work"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/skill"
	"github.com/kanalhq/kanal/internal/skill/tongue"
)

// skills makes what knows who knows what, and in which language a ticket begins.
func (a *App) skills() {
	a.Skills = skill.New(a.Clock, a.Events, a.skillUses)
	a.Skills.Home = func(ctx context.Context, q db.Queryer) (string, error) {
		c, err := a.Settings.Company(ctx, q)
		return c.Locale, err
	}
	a.Tickets.Tongue(a.Skills.LanguageOf)
}

// skillUses finds the rules that ask for skills: of channels and of chatflows that hand over by a rule of their own.
func (a *App) skillUses(ctx context.Context, q db.Queryer) ([]skill.Use, error) {
	accounts, err := a.Inbox.Accounts(ctx, q, inbox.Filter{})
	if err != nil {
		return nil, err
	}
	out := []skill.Use{}
	for _, acc := range accounts {
		out = append(out, usesOf("channel", acc.ID.String(), acc.Name, acc.Assign.Rules)...)
	}
	flows, err := a.Chatflows.List(ctx, q, 0)
	if err != nil {
		return nil, err
	}
	for _, f := range flows {
		if p := f.Draft.Handover.Assign; p != nil {
			out = append(out, usesOf("chatflow", f.ID.String(), f.Name, p.Rules)...)
		}
		for _, st := range f.Draft.Steps {
			if st.To != nil && st.To.Policy != nil {
				out = append(out, usesOf("chatflow", f.ID.String(), f.Name, st.To.Policy.Rules)...)
			}
		}
	}
	return out, nil
}

func usesOf(kind, id, name string, rules []desk.SkillRule) []skill.Use {
	out := []skill.Use{}
	for _, r := range rules {
		u := skill.Use{Kind: kind, ID: id, Name: name, Rule: r.Name, Skills: []string{}}
		for _, n := range r.Skills {
			if !slices.Contains(u.Skills, n.Skill) {
				u.Skills = append(u.Skills, n.Skill)
			}
		}
		out = append(out, u)
	}
	return out
}

// mountSkills adds the operations on skills and limits.
func (a *App) mountSkills(s *api.Server) {
	work.MountSkills(s, work.SkillDeps{DB: a.DB, Skills: a.Skills, People: a.People})
	work.MountRouting(s, work.RoutingDeps{DB: a.DB, Assign: a.Assign, Inboxes: a.Inbox, Tickets: a.Tickets, Threads: a.Threads, Contacts: a.Contacts, View: a.Views, Languages: tongue.Codes})
	work.MountCapacity(s, work.CapacityDeps{DB: a.DB, Settings: a.Settings, People: a.People, Tickets: a.Tickets, Loads: a.loads})
}

func (a *App) loads(ctx context.Context, q db.Queryer, ids []desk.UserID) (map[desk.UserID]work.Load, error) {
	of, err := a.Assign.Loads(ctx, q, ids)
	out := make(map[desk.UserID]work.Load, len(of))
	for id, l := range of {
		out[id] = work.Load{Total: l.Total, Calls: l.Calls, Messages: l.Messages, Email: l.Email}
	}
	return out, err
}
