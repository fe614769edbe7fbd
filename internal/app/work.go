package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/admin"
	directories "github.com/kanalhq/kanal/internal/api/directory"
	doors "github.com/kanalhq/kanal/internal/api/door"
	"github.com/kanalhq/kanal/internal/api/moving"
	"github.com/kanalhq/kanal/internal/api/work"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/directory"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/ownermail"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/relocation"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/skill"
	"github.com/kanalhq/kanal/internal/skill/tongue"
	"github.com/kanalhq/kanal/internal/waiting"
	"github.com/kanalhq/kanal/internal/webchat"
	"github.com/kanalhq/kanal/internal/worktime"
)

// doors is how people come in, and a company's directory that keeps them.
func (a *App) doors(s *api.Server) {
	doors.Mount(s, doors.Deps{DB: a.DB, Door: a.Door, People: a.People})
	leaving := admin.Leaving{DB: a.DB, Tickets: a.Tickets, Assign: a.Assign}
	directories.Mount(s, directories.Deps{DB: a.DB, Directory: directory.New(directory.Deps{
		DB: a.DB, Clock: a.Clock, People: a.People, Access: a.Access, Settings: a.Settings, Base: a.cfg.Base.String(),
		Left: func(ctx context.Context, actor desk.Actor, id desk.UserID, how string) error {
			_, _, err := leaving.PassOn(ctx, actor, id, 0, how)
			return err
		},
	})})
}

// mayAnswer reports whether somebody may answer a conversation as things are now: its inbox is theirs, and it is within their reach.
func (a *App) mayAnswer(ctx context.Context, q db.Queryer, id desk.UserID, th desk.Thread) (bool, error) {
	v, err := a.Access.ViewerIn(ctx, q, id)
	if err != nil {
		if desk.CodeOf(err) == desk.Unauthorized {
			err = nil
		}
		return false, err
	}
	h := access.Held{Inbox: th.InboxID, Owner: th.OwnerID, Team: th.TeamID}
	if th.TicketID != 0 {
		own, err := a.Views.HeldIn(ctx, q, th.TicketID)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return false, err
		}
		if err == nil {
			h = own
			h.Inbox = th.InboxID
		}
	}
	return v.NeedOn(h, access.TicketsReply) == nil, nil
}

// waits makes what becomes of work that nobody could have: the line that is asked again, and the mail to a contact's owner who is away.
func (a *App) waits() {
	a.Letters = ownermail.New(ownermail.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, Registry: a.Registry, People: a.People, Contacts: a.Contacts, Inbox: a.Inbox, Threads: a.Threads, Tickets: a.Tickets,
		Board: a.Board, Replies: a.Dispatch, Base: a.cfg.Base, Key: a.Box.Derive("letters to owners"), Gather: config.Window("OWNER_MAIL"), Life: config.Window("OWNER_LETTER"), Reaches: a.mayAnswer, Log: a.log,
		May: func(u desk.User) bool { return access.UserCan(u, access.TicketsReply) },
		Locale: func(ctx context.Context, q db.Queryer) (string, string, error) {
			c, err := a.Settings.Company(ctx, q)
			return c.Name, c.Locale, err
		},
	})
	a.Intake.Letters = a.Letters
	a.Waiting = waiting.New(waiting.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Tickets: a.Tickets, Threads: a.Threads, Engine: a.Assign, Log: a.log, Letters: a.Letters.Note,
		HandOn: func(ctx context.Context, q db.Queryer) (time.Duration, error) {
			v, err := a.Settings.Waiting(ctx, q)
			return time.Duration(v.HandOnMinutes) * time.Minute, err
		},
	})
	a.Assign.WithQueue(a.Waiting)
}

// worktime makes what people's days and business hours hang on.
func (a *App) worktime() {
	a.Worktime = worktime.New(a.DB, a.Clock, a.Events)
	a.People.With(people.Around{
		Calendars: a.Worktime.Days, Idle: a.Settings.IdleAfter,
		Zone: func(ctx context.Context, q db.Queryer) (string, error) {
			c, err := a.Settings.Company(ctx, q)
			return c.Timezone, err
		},
	})
	a.Settings.OnRhythm(a.People.Recheck)
	a.Worktime.Changed = a.People.Recheck
	a.Worktime.KeepsCalendar = a.People.KeepCalendar
	a.Worktime.KeepsHours = func(ctx context.Context, q db.Queryer, slug string) ([]string, error) {
		accs, err := a.Inbox.Accounts(ctx, q, inbox.Filter{})
		var by []string
		for _, acc := range accs {
			if acc.Assign.Hours == slug || a.Registry.Live(acc.Channel) && webchat.HoursOf(acc.Settings) == slug {
				by = append(by, acc.Name)
			}
		}
		if err != nil {
			return nil, err
		}
		flows, err := a.Chatflows.List(ctx, q, 0)
		for _, f := range flows {
			if f.Published > 0 && f.Active {
				live, err := a.Chatflows.VersionOf(ctx, q, f.ID, f.Published)
				if err != nil {
					return nil, err
				}
				if keepsHours(live.Definition, slug) {
					by = append(by, f.Name)
					continue
				}
			}
			if keepsHours(f.Draft, slug) {
				by = append(by, f.Name)
			}
		}
		return by, err
	}
}

// hasHours reports whether there are business hours of a name.
func (a *App) hasHours(ctx context.Context, q db.Queryer, slug string) (bool, error) {
	_, err := a.Worktime.Get(ctx, q, slug)
	if desk.CodeOf(err) == desk.NotFound {
		return false, nil
	}
	return err == nil, err
}

// checkSettings refuses a chat whose settings name business hours that are not there.
func (a *App) checkSettings(ctx context.Context, q db.Queryer, spec channel.Spec, settings json.RawMessage) error {
	slug := webchat.HoursOf(settings)
	if !spec.Can.Live || slug == "" {
		return nil
	}
	known, err := a.hasHours(ctx, q, slug)
	if err == nil && !known {
		err = desk.Errorf(desk.Invalid, "business_hours.unknown", "There are no business hours %q.", slug).In("availability.business_hours")
	}
	return err
}

// keepsHours reports whether a chatflow shows, asks or hands over by some business hours.
func keepsHours(d chatflow.Definition, slug string) bool {
	if slices.Contains(d.HoursNamed(), slug) {
		return true
	}
	if p := d.Handover.Assign; p != nil && p.Hours == slug {
		return true
	}
	return slices.ContainsFunc(d.Steps, func(st chatflow.Block) bool { return st.To != nil && st.To.Policy != nil && st.To.Policy.Hours == slug })
}

func (a *App) mountWorktime(s *api.Server) {
	work.MountPresence(s, work.PresenceDeps{DB: a.DB, People: a.People, Work: a.Worktime, Settings: a.Settings})
	work.MountHours(s, work.HoursDeps{DB: a.DB, Clock: a.Clock, Work: a.Worktime})
}

// moving makes what moves channels between inboxes, and the limit of tickets a contact.
func (a *App) moving() {
	a.Moves = relocation.New(relocation.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, People: a.People, Inboxes: a.Inbox, Threads: a.Threads, Tickets: a.Tickets, Assign: a.Assign, Log: a.log,
		Forget: a.alsoOfTicket, Keep: config.Window("MOVE_UNDO"),
	})
	a.Tickets.Limit(func(ctx context.Context, q db.Queryer) (int, error) {
		l, err := a.Settings.Associations(ctx, q)
		return l.ContactTickets, err
	})
}

// ticketing hands over how tickets are worked on.
func (a *App) ticketing() {
	a.Tickets.OpenTags(func(ctx context.Context, q db.Queryer) (bool, error) {
		t, err := a.Settings.Ticketing(ctx, q)
		return t.OpenTags, err
	})
}

func (a *App) numbersInSubjects(ctx context.Context, q db.Queryer) (bool, error) {
	t, err := a.Settings.Ticketing(ctx, q)
	return t.SubjectNumber == setting.NumberEnd, err
}

func (a *App) holdsAnswers(ctx context.Context) bool {
	t, err := a.Settings.Ticketing(ctx, a.DB)
	return err == nil && t.HoldAnswers
}

func (a *App) mountMoving(s *api.Server) {
	moving.Mount(s, moving.Deps{DB: a.DB, Inboxes: a.Inbox, Tickets: a.Tickets, Flows: a.Chatflows, Settings: a.Settings, Moves: a.Moves})
}

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
