package desk

import "encoding/json"

// InboxKind: a help desk is ticket-first, an inbox thread-first (IH-01). One help desk an installation (IH-08).
type InboxKind string

// The kinds.
const (
	KindInbox    InboxKind = "inbox"
	KindHelpdesk InboxKind = "helpdesk"
)

// Inbox gathers channel accounts, access and routing.
type Inbox struct {
	ID        InboxID   `json:"id"`
	Slug      string    `json:"slug"`
	Kind      InboxKind `json:"kind"`
	Name      string    `json:"name"`
	Access    Access    `json:"access"`
	CreatedAt Time      `json:"created_at"`
}

// Access says who sees an inbox (IH-09). Empty Users and Teams with Everyone false means administrators only.
type Access struct {
	Everyone bool     `json:"everyone"`
	Users    []UserID `json:"users"`
	Teams    []TeamID `json:"teams"`
}

// AccountState is the health of a channel account's connection, apart from Active.
type AccountState string

// The states. Connecting and Connected are healthy; Reconnect needs a person (credentials are dead);
// Trouble is transient and retried.
const (
	StateConnecting AccountState = "connecting"
	StateConnected  AccountState = "connected"
	StateTrouble    AccountState = "trouble"
	StateReconnect  AccountState = "reconnect"
)

// ChannelAccount is one connected mailbox, number, page or widget of a channel, in one inbox.
// Active is the administrator's switch; Authorized says whether the credentials still work (GEN-21):
// a dead password shows as disconnected, never as off.
type ChannelAccount struct {
	ID          ChannelAccountID `json:"id"`
	Slug        string           `json:"slug"`
	Channel     string           `json:"channel"`
	InboxID     InboxID          `json:"inbox_id"`
	Name        string           `json:"name"`
	Active      bool             `json:"active"`
	Authorized  bool             `json:"authorized"`
	State       AccountState     `json:"state"`
	StateReason string           `json:"state_reason"`
	StateAt     Time             `json:"state_at"`
	Address     string           `json:"delivery_identifier"` // the address, number or page id contacts see
	Settings    json.RawMessage  `json:"settings"`            // the adapter's own, described by Spec.Fields; secrets removed
	Secrets     json.RawMessage  `json:"-"`                   // opened secrets: only the switchboard and intake hand them to an adapter
	Ticket      TicketPolicy     `json:"ticket"`
	Assign      AssignPolicy     `json:"assign"`
	Version     int64            `json:"-"` // grows with each change
	Former      []InboxID        `json:"-"` // inboxes it was in before: answers to what was said there are found there
	CreatedAt   Time             `json:"created_at"`
	UpdatedAt   Time             `json:"updated_at"`
	ArchivedAt  Time             `json:"archived_at"`
}

// TicketPolicy: whether a new conversation makes a ticket, and what is stamped on it (GEN-05, GEN-18, IH-03).
type TicketPolicy struct {
	Create     string         `json:"create" yaml:"create,omitempty" enum:"always,when,new_topic,never" doc:"always is the help desk's default; when: only where the conditions hold; new_topic: not while the contact has an open ticket of this channel account, whose ticket the conversation then joins"`
	When       *Conditions    `json:"when,omitempty" yaml:"when,omitempty" doc:"with create: when"`
	Pipeline   string         `json:"pipeline" yaml:"pipeline,omitempty" doc:"slug"`
	Status     string         `json:"status" yaml:"status,omitempty" doc:"slug"`
	Priority   string         `json:"priority" yaml:"priority,omitempty"`
	Category   string         `json:"category" yaml:"category,omitempty"`
	Properties map[string]any `json:"properties" yaml:"properties,omitempty"`
	Owner      string         `json:"owner,omitempty" yaml:"owner,omitempty" enum:",conversation,policy,no_one" doc:"of a ticket made from a conversation that has an owner already: conversation (the default) takes that owner, policy asks the assignment rule anew (IH-04, TK-04)"`
}

// Conditions are what must hold: all of them, or any.
type Conditions struct {
	Match string      `json:"match,omitempty" yaml:"match,omitempty" enum:",all,any" doc:"all is the default"`
	When  []Condition `json:"when" yaml:"when,omitempty"`
}

// Condition compares one fact. Read by internal/condition.
type Condition struct {
	Field  string   `json:"field" yaml:"field"`
	Op     string   `json:"op" yaml:"op" enum:"is,is_not,contains,not_contains,begins,ends,in,not_in,greater,less,exists,not_exists"`
	Values []string `json:"values,omitempty" yaml:"values,omitempty,flow" doc:"one of them must fit; for a negation none may"`
}

// AssignPolicy: who gets new work (RT-01, RT-02). One for every channel, inbox and help desk (D10, IH-12). Slugs and addresses, resolved when a decision is made.
type AssignPolicy struct {
	To            string       `json:"to" yaml:"to,omitempty" enum:"no_one,users,teams,users_and_teams,contact_owner"`
	Users         []string     `json:"users" yaml:"users,omitempty" doc:"email addresses"`
	Teams         []string     `json:"teams" yaml:"teams,omitempty" doc:"slugs"`
	AvailableOnly bool         `json:"available_only" yaml:"available_only"`
	By            string       `json:"by" yaml:"by,omitempty" enum:"least_open,random"`
	Rules         []SkillRule  `json:"rules,omitempty" yaml:"rules,omitempty" doc:"looked at first, in their order; the first whose conditions hold decides (SK-08)"`
	Fallback      []AssignStep `json:"fallback,omitempty" yaml:"fallback,omitempty" doc:"tried in their order where the contact has no owner, or the owner cannot have it (RT-05, RT-17)"`
	HoldSeconds   int          `json:"hold_seconds,omitempty" yaml:"hold_seconds,omitempty" doc:"how long work waits for an owner who is away before the fallback is tried; 0: not at all"`
	MailOwner     bool         `json:"mail_owner,omitempty" yaml:"mail_owner,omitempty" doc:"an owner who is away gets the submission by mail and may answer from there (RT-05, RT-22)"`
	TrackedOnly   bool         `json:"tracked_only,omitempty" yaml:"tracked_only,omitempty" doc:"contact owner only for contacts who were tracked by a cookie, as HubSpot does (RT-04)"`
	NoQueue       bool         `json:"no_queue,omitempty" yaml:"no_queue,omitempty" doc:"what nobody could have stays unassigned until a person acts, as HubSpot does (RT-07)"`
	ExtraMembers  bool         `json:"extra_members,omitempty" yaml:"extra_members,omitempty" doc:"extra members of the teams count too (RT-13)"`
	Hours         string       `json:"hours,omitempty" yaml:"hours,omitempty" doc:"slug of business hours: outside them nobody gets anything (AV-07); empty: any time"`
	OwnContact    bool         `json:"own_contact,omitempty" yaml:"own_contact,omitempty" doc:"a contact without an owner becomes that of whom the rule chose (CR-02)"`
	Reopened      string       `json:"reopened,omitempty" yaml:"reopened,omitempty" enum:",keep_available,keep,again" doc:"a ticket that the customer opens again stays with its owner while available (the default), always, or is assigned anew (RT-18)"`
}

// AssignStep is one fallback of contact_owner.
type AssignStep struct {
	To    string   `json:"to" yaml:"to" enum:"owner_team,users,teams,users_and_teams,no_one"`
	Users []string `json:"users,omitempty" yaml:"users,omitempty"`
	Teams []string `json:"teams,omitempty" yaml:"teams,omitempty"`
}

// SkillRule asks for skills where its conditions hold (SK-01, SK-05). Whom it names replaces whom the policy names; without any the policy's own are asked.
type SkillRule struct {
	Name         string      `json:"name" yaml:"name"`
	Off          bool        `json:"off,omitempty" yaml:"off,omitempty"`
	If           *Conditions `json:"if,omitempty" yaml:"if,omitempty"`
	Skills       []SkillNeed `json:"skills" yaml:"skills,omitempty"`
	Users        []string    `json:"users,omitempty" yaml:"users,omitempty"`
	Teams        []string    `json:"teams,omitempty" yaml:"teams,omitempty"`
	RelaxSeconds int         `json:"relax_seconds,omitempty" yaml:"relax_seconds,omitempty" doc:"after this long without anybody the rule is passed over (SK-06); 0: the policy is asked at once (SK-07)"`
	Strict       bool        `json:"strict,omitempty" yaml:"strict,omitempty" doc:"never passed over: it waits until somebody has the skills"`
}

// SkillNeed is a skill that a rule asks for. The skill "language" is the language of the message (SK-09).
type SkillNeed struct {
	Skill     string `json:"skill" yaml:"skill" doc:"slug, or language for the language that the customer writes in"`
	Level     int    `json:"level,omitempty" yaml:"level,omitempty" doc:"1 to 5 at least; 0: any"`
	Preferred bool   `json:"preferred,omitempty" yaml:"preferred,omitempty" doc:"who has it goes first; who lacks it may have the work too"`
}
