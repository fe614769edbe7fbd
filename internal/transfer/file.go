// Package transfer reads and writes an installation's settings as one reviewed text: `kanal config export | diff | apply`. It owns no
// table; it speaks to the nouns as an administrator does, so a file can do nothing that the workspace would refuse. Things are named by
// slug (users by address); what a file leaves out is left alone unless pruning was asked for; a file applies whole or not at all, and applying it
// again changes nothing. Secrets are {env: NAME}, {file: PATH} or keep, and are never exported. Called by the command line and at start-up (--config).
package transfer

import (
	"github.com/kanalhq/kanal/internal/desk"
)

// Version is the version of the file that this binary reads and writes.
const Version = 1

// maxFile bounds a settings file, in bytes.
const maxFile = 8 << 20

// File is a settings file. A nil section or field was left out.
type File struct {
	Version          int               `yaml:"version"`
	Company          *Company          `yaml:"company,omitempty"`
	HolidayCalendars []HolidayCalendar `yaml:"holiday_calendars,omitempty"`
	BusinessHours    []BusinessHours   `yaml:"business_hours,omitempty"`
	Idle             *Idle             `yaml:"idle,omitempty"`
	Teams            []Team            `yaml:"teams,omitempty"`
	Roles            []Role            `yaml:"roles,omitempty"`
	Users            []User            `yaml:"users,omitempty"`
	Properties       []Property        `yaml:"properties,omitempty"`
	Pipelines        []Pipeline        `yaml:"pipelines,omitempty"`
	Tags             []string          `yaml:"tags,omitempty,flow"`
	Inboxes          []Inbox           `yaml:"inboxes,omitempty"`
	Channels         []Channel         `yaml:"channels,omitempty"`
	Forms            []Form            `yaml:"forms,omitempty"`
	Chatflows        []Chatflow        `yaml:"chatflows,omitempty"`
	Spaces           []Space           `yaml:"spaces,omitempty"`
	Views            []View            `yaml:"views,omitempty"`
	Snippets         []Snippet         `yaml:"snippets,omitempty"`
	Notifications    *Notifications    `yaml:"notifications,omitempty"`
	Spam             *Spam             `yaml:"spam,omitempty"`
	Survey           *Survey           `yaml:"survey,omitempty"`
	SignIn           *SignIn           `yaml:"sign_in,omitempty"`
	Skills           []SkillCategory   `yaml:"skills,omitempty"`
	Work             *Work             `yaml:"work,omitempty"`
	Privacy          *Privacy          `yaml:"privacy,omitempty"`
}

// Company is who runs the installation.
type Company struct {
	Name     *string `yaml:"name,omitempty"`
	Locale   *string `yaml:"locale,omitempty"`
	Timezone *string `yaml:"timezone,omitempty"`
	Color    *string `yaml:"color,omitempty"`
	Privacy  *bool   `yaml:"data_privacy,omitempty"`
}

// User is a user, named by address. Teams are those whose main member they are (RT-13).
type User struct {
	Email     string         `yaml:"email"`
	Name      *string        `yaml:"name,omitempty"`
	Role      *string        `yaml:"role,omitempty"`
	Teams     *[]string      `yaml:"teams,omitempty"`
	Active    *bool          `yaml:"active,omitempty"`
	TakesWork *bool          `yaml:"takes_work,omitempty"`
	Locale    *string        `yaml:"locale,omitempty"`
	Timezone  *string        `yaml:"timezone,omitempty"`
	Hours     Week           `yaml:"hours,omitempty"`
	Calendar  *string        `yaml:"calendar,omitempty"`
	Skills    *[]UserSkill   `yaml:"skills,omitempty,flow"`
	Capacity  *desk.Capacity `yaml:"capacity,omitempty,flow"`
}

// Team is a team; its main members name it among their teams.
type Team struct {
	Slug   string    `yaml:"slug"`
	Name   *string   `yaml:"name,omitempty"`
	Extra  *[]string `yaml:"extra_members,omitempty"`
	Parent *string   `yaml:"parent,omitempty"` // the team that it is part of; "" none
	// Calendar of the holidays of main members who have none of their own.
	Calendar *string `yaml:"calendar,omitempty"`
}

// Property is a custom property.
type Property struct {
	Object  string    `yaml:"object"`
	Name    string    `yaml:"name"`
	Label   *string   `yaml:"label,omitempty"`
	Type    string    `yaml:"type"`
	Options *[]string `yaml:"options,omitempty"`
	// What closing asks for, and options that depend on another choice (TK-10).
	RequiredOnClose *bool                `yaml:"required_on_close,omitempty"`
	DependsOn       *string              `yaml:"depends_on,omitempty"`
	OptionsBy       *map[string][]string `yaml:"options_by,omitempty"`
	// Who sees and who changes it (PM-11).
	Access *PropertyAccess `yaml:"access,omitempty"`
}

// PropertyAccess is who sees and who changes a property; a part that is left out is for everybody.
type PropertyAccess struct {
	View *Access `yaml:"view,omitempty"`
	Edit *Access `yaml:"edit,omitempty"`
}

// Role is a role of one's own (PM-10).
type Role struct {
	Slug        string    `yaml:"slug"`
	Name        *string   `yaml:"name,omitempty"`
	Description *string   `yaml:"description,omitempty"`
	Permissions *[]string `yaml:"permissions,omitempty"`
	Tickets     *Reach    `yaml:"tickets,omitempty,flow"`
	Contacts    *Reach    `yaml:"contacts,omitempty,flow"`
}

// Reach is whose tickets or contacts a role sees and changes (PM-05).
type Reach struct {
	View       string `yaml:"view,omitempty"`
	Edit       string `yaml:"edit,omitempty"`
	Unassigned bool   `yaml:"unassigned,omitempty"`
}

// Pipeline is a pipeline. Statuses stand in their order; those that are left out keep their place.
type Pipeline struct {
	Slug     string   `yaml:"slug"`
	Name     *string  `yaml:"name,omitempty"`
	Statuses []Status `yaml:"statuses,omitempty"`
}

// Status is a status of a pipeline.
type Status struct {
	Slug  string `yaml:"slug"`
	Name  string `yaml:"name,omitempty"`
	State string `yaml:"state"`
}

// Inbox is an inbox; the one of kind helpdesk is the help desk, whatever its slug was.
type Inbox struct {
	Slug   string         `yaml:"slug"`
	Kind   desk.InboxKind `yaml:"kind,omitempty"`
	Name   *string        `yaml:"name,omitempty"`
	Access *Access        `yaml:"access,omitempty"`
}

// Access says who sees an inbox.
type Access struct {
	Everyone bool     `yaml:"everyone,omitempty"`
	Users    []string `yaml:"users,omitempty"`
	Teams    []string `yaml:"teams,omitempty"`
}

// Channel is a channel account.
type Channel struct {
	Slug     string             `yaml:"slug"`
	Channel  string             `yaml:"channel"`
	Inbox    string             `yaml:"inbox"`
	Name     *string            `yaml:"name,omitempty"`
	Active   *bool              `yaml:"active,omitempty"`
	Settings map[string]any     `yaml:"settings,omitempty"`
	Ticket   *desk.TicketPolicy `yaml:"ticket,omitempty"`
	Assign   *Assign            `yaml:"assign,omitempty"`
	secrets  map[string]any     // resolved, by dotted path
}

// Assign is who gets the work. AvailableOnly left out is true (RT-06).
type Assign struct {
	To            string   `yaml:"to"`
	Users         []string `yaml:"users,omitempty"`
	Teams         []string `yaml:"teams,omitempty"`
	AvailableOnly *bool    `yaml:"available_only,omitempty"`
	By            string   `yaml:"by,omitempty"`

	Rules        []desk.SkillRule  `yaml:"rules,omitempty"`
	Fallback     []desk.AssignStep `yaml:"fallback,omitempty"`
	HoldSeconds  int               `yaml:"hold_seconds,omitempty"`
	MailOwner    bool              `yaml:"mail_owner,omitempty"`
	TrackedOnly  bool              `yaml:"tracked_only,omitempty"`
	NoQueue      bool              `yaml:"no_queue,omitempty"`
	ExtraMembers bool              `yaml:"extra_members,omitempty"`
	Hours        string            `yaml:"hours,omitempty"`
	OwnContact   bool              `yaml:"own_contact,omitempty"`
	Reopened     string            `yaml:"reopened,omitempty"`
}

func (a Assign) policy() desk.AssignPolicy {
	p := desk.AssignPolicy{
		To: a.To, Users: a.Users, Teams: a.Teams, By: a.By, AvailableOnly: a.AvailableOnly == nil || *a.AvailableOnly,
		Rules: a.Rules, Fallback: a.Fallback, HoldSeconds: a.HoldSeconds, MailOwner: a.MailOwner, TrackedOnly: a.TrackedOnly, NoQueue: a.NoQueue, ExtraMembers: a.ExtraMembers, Hours: a.Hours, OwnContact: a.OwnContact, Reopened: a.Reopened,
	}
	if p.To == "" {
		p.To = "no_one"
	}
	if p.By == "" {
		p.By = "least_open"
	}
	for i, e := range p.Users {
		if n := desk.NormalizeEmail(e); n != "" {
			p.Users[i] = n
		}
	}
	return p
}
