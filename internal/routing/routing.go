// Package routing decides who gets work: a pure function of everything a decision depends on, with a reason for each person considered, for each
// rule and fallback that was passed, and for the whole (RT-20). It reads nothing, writes nothing and knows no clock, so a stored input gives the same
// decision again, and another policy gives what would have been. It refuses nothing: what a policy names in vain is told as a reason. assignment loads
// the input, holds the people still and writes what was decided; waiting asks it again later.
package routing

import (
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
)

// Targets of a policy and of its fallbacks (RT-01, RT-02, RT-05, RT-17).
const (
	ToNoOne         = "no_one"
	ToUsers         = "users"
	ToTeams         = "teams"
	ToUsersAndTeams = "users_and_teams"
	ToContactOwner  = "contact_owner"
	ToOwnerTeam     = "owner_team" // a fallback only
)

// Ways of choosing among the eligible (RT-16).
const (
	ByLeastOpen = "least_open"
	ByRandom    = "random"
)

// Rules that are no target of a policy.
const (
	RuleManual       = "manual"
	RuleReplyAssigns = "reply_assigns"
	RuleSkill        = "skill"    // a rule of skills; its name is beside it
	RuleReopened     = "reopened" // it stayed with its owner (RT-18)
)

// Causes: why an owner was asked for.
const (
	Arrived    = "arrived"
	Reopened   = "reopened"   // the customer wrote into something closed
	Woken      = "woken"      // it rested, and its owner may not have it any more
	Restored   = "restored"   // it came back from spam or trash
	Moved      = "moved"      // to another inbox
	HandedOver = "handover"   // by a bot
	Queue      = "queue"      // it waited, and something happened
	Relaxed    = "relaxed"    // a rule's time is over
	HoldEnded  = "hold_ended" // the time for which it was held for the contact's owner is over
	OwnerLeft  = "left"       // its owner was deactivated or lost access
	Reassigned = "reassigned" // an owner did not begin with it in time, or a workflow rotates it
)

// Reasons for a whole decision.
const (
	UnassignedByPolicy = "unassigned_by_policy" // no_one
	ChosenLeastOpen    = "chosen_least_open"
	ChosenRandom       = "chosen_random"
	ChosenOwner        = "chosen_contact_owner"
	KeptOwner          = "kept_owner"        // opened again, and its owner has it (RT-18)
	KeptNobodyElse     = "kept_nobody_else"  // opened again, its owner is away, and the rule gives nobody else
	NobodyAvailable    = "nobody_available"  // some could have it, and all of them are away (RT-07)
	NobodyEligible     = "nobody_eligible"   // those asked may not or do not take work
	NobodyNamed        = "nobody_named"      // the policy names nobody who exists: a team without members
	NobodySkilled      = "nobody_skilled"    // nobody asked has the skills
	EverybodyFull      = "all_at_capacity"   // CP-04
	OutsideHours       = "outside_hours"     // closed: whoever is available gets nothing (AV-07); also of one candidate
	HeldForOwner       = "held_for_owner"    // RT-05
	NoContactOwner     = "no_contact_owner"  // the contact has no owner
	OwnerUnproven      = "owner_not_proven"  // who wrote only says to be that contact, or the mail looks forged
	OwnerNotTracked    = "owner_not_tracked" // tracked_only (RT-04)
	OwnerGone          = "owner_unknown"     // the owner is no user any more
	PolicyUnknown      = "policy_unknown"    // from another version
	ManuallyChosen     = "chosen_by_person"
	ManuallyCleared    = "cleared_by_person"
	FirstReply         = "first_reply"
)

// Reasons for one candidate.
const (
	Chosen         = "chosen"
	MoreOpen       = "more_open"
	TieIdleShorter = "tie_idle_shorter" // as many open, but given work more recently
	TieLaterID     = "tie_later_id"     // as many open and idle as long
	NotDrawn       = "not_drawn"        // random
	NotPreferred   = "not_preferred"    // the chosen one has more of the skills that are preferred
	Away           = "away"
	Inactive       = "inactive"
	TakesNoWork    = "takes_no_work"
	NoPermission   = "no_permission"   // the role may not reply (RT-14)
	NoAccess       = "no_access"       // no member of the inbox (RT-14)
	NotMainMember  = "not_main_member" // only an extra member of the teams (RT-13)
	LacksSkill     = "lacks_skill"
	UnknownUser    = "unknown_user" // the policy names an address that is nobody's
	UnknownTeam    = "unknown_team"
	AtCapacity     = "at_capacity" // their work is at their limit (CP-02, CP-04)
	OnCall         = "on_call"     // a call blocks everything else (CP-08)
)

// Reasons for a step.
const (
	NoMatch         = "no_match"         // a rule whose conditions do not hold
	PassedOver      = "passed_over"      // a rule that nobody could fulfil: the policy is asked (SK-07)
	WaitsForSkill   = "waits"            // a rule that nobody can fulfil yet
	LanguageUnknown = "language_unknown" // the language is asked for, and nobody knows it: that skill was left out
	Open            = "open"             // hours
)

// Kinds of work that have limits of their own (CP-06).
const (
	Calls    = "calls"
	Messages = "messages"
	Email    = "email" // and everything else
)

// LimitChats is the limit that a chat channel lays on one person (CP-02).
const (
	LimitTotal = "total"
	LimitChats = "chats"
)

// Candidate is somebody who may be asked, with what is known of them now.
type Candidate struct {
	User        Who              `json:"user"`
	MainOf      []desk.TeamID    `json:"main_of,omitempty"`
	ExtraOf     []desk.TeamID    `json:"extra_of,omitempty"`
	CanReply    bool             `json:"can_reply,omitempty"`    // the role may reply to tickets
	InboxAccess bool             `json:"inbox_access,omitempty"` // a member of the inbox
	Open        int              `json:"open,omitempty"`         // open work owned
	Load        Load             `json:"load"`
	Limit       desk.Capacity    `json:"limit"`
	Chats       int              `json:"chats,omitempty"` // open conversations of this channel
	Skills      []desk.SkillHeld `json:"skills,omitempty"`
}

// Who is a user as routing knows one.
type Who struct {
	ID           desk.UserID `json:"id"`
	Email        string      `json:"email,omitempty"`
	Name         string      `json:"name"`
	Active       bool        `json:"active,omitempty"`
	Available    bool        `json:"available,omitempty"`
	By           string      `json:"by,omitempty"` // why: manual, manager, hours, out_of_office, idle
	TakesWork    bool        `json:"takes_work,omitempty"`
	LastAssigned desk.Time   `json:"last_assigned,omitempty"`
}

// Load is the work of somebody that counts against limits (CP-03), weighed.
type Load struct {
	Total int `json:"total,omitempty"`
	Kind  int `json:"kind,omitempty"`  // of the kind of this work
	Calls int `json:"calls,omitempty"` // open calls
}

// Place is where the work is.
type Place struct {
	Inbox desk.InboxID `json:"inbox"`
	Kind  string       `json:"kind"` // helpdesk, inbox
}

// Team is a team that there is.
type Team struct {
	ID   desk.TeamID `json:"id"`
	Slug string      `json:"slug"`
}

// Owner is the owner of the contact who writes.
type Owner struct {
	UserID  desk.UserID `json:"user_id"`
	Tracked bool        `json:"tracked,omitempty"` // a cookie of the contact is known (RT-04)
	How     string      `json:"how,omitempty"`     // how it is known that it is this contact: email, phone, visitor, channel, person; "" it is not
}

// Input is everything a decision depends on. The same input gives the same decision.
type Input struct {
	Policy     desk.AssignPolicy     `json:"policy"`
	Own        bool                  `json:"own,omitempty"`   // the policy is not the account's
	Light      bool                  `json:"light,omitempty"` // the policy gave nothing to anybody, so nothing else was read
	Short      bool                  `json:"short,omitempty"` // only what this policy asks was read
	Place      Place                 `json:"place"`
	Account    desk.ChannelAccountID `json:"account"`
	Channel    string                `json:"channel"`
	Kind       string                `json:"kind"` // calls, messages, email
	Facts      condition.Facts       `json:"facts,omitempty"`
	Cause      string                `json:"cause"`
	At         desk.Time             `json:"at"`
	Since      desk.Time             `json:"since,omitempty"` // when it began to wait; 0: now
	Seed       uint64                `json:"seed"`            // for random: of the ticket, so that a retried transaction decides alike
	Closed     bool                  `json:"closed,omitempty"`
	Opens      desk.Time             `json:"opens,omitempty"` // when, if that is known
	ChatLimit  int                   `json:"chat_limit,omitempty"`
	Weight     int                   `json:"weight,omitempty"`      // of this work; 0 is 1
	CallBlocks bool                  `json:"call_blocks,omitempty"` // who has a call gets nothing else
	Owner      *Owner                `json:"contact_owner,omitempty"`
	Keeps      desk.UserID           `json:"keeps,omitempty"` // whose it is, or was until it was closed
	Teams      []Team                `json:"teams,omitempty"`
	Candidates Candidates            `json:"candidates"` // whom the policy could name
}

// Decision is what was decided, and why.
type Decision = desk.Assignment

// Language is the language of the work, or "".
func (in Input) Language() string {
	l, _ := in.Facts["language"].(string)
	return l
}
