package bulk

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
	"github.com/kanalhq/kanal/internal/ticket"
	"github.com/kanalhq/kanal/internal/triage"
	"github.com/kanalhq/kanal/internal/view"
)

// The actions.
const (
	DoAssign   = "assign"
	DoRotate   = "rotate" // by the rule of its channel, or among those named (RT-19)
	DoUpdate   = "update" // status, priority, category and properties, whichever are given
	DoClose    = "close"
	DoReopen   = "reopen"
	DoSnooze   = "snooze"
	DoWake     = "wake"
	DoFollow   = "follow"
	DoUnfollow = "unfollow"
	DoMove     = "move"
	DoMerge    = "merge"
	DoSpam     = "spam"
	DoNotSpam  = "not_spam"
	DoTrash    = "trash"
	DoRestore  = "restore"
	DoPurge    = "purge" // for good, of what is in spam or trash
)

// Action is what is done to each ticket; the fields that its type does not speak of stay empty.
type Action struct {
	Type       string         `json:"type" enum:"assign,rotate,update,close,reopen,snooze,wake,follow,unfollow,move,merge,spam,not_spam,trash,restore,purge"`
	OwnerID    desk.UserID    `json:"owner_id,omitempty" doc:"assign: left out, the owner stays."`
	TeamID     desk.TeamID    `json:"team_id,omitempty" doc:"assign: left out, the team stays."`
	NoOwner    bool           `json:"no_owner,omitempty" doc:"assign: takes the owner away."`
	NoTeam     bool           `json:"no_team,omitempty" doc:"assign: takes the team away."`
	Users      []string       `json:"users,omitempty" maxItems:"200" doc:"rotate: among these, by address; without any the channel's rule decides."`
	Teams      []string       `json:"teams,omitempty" maxItems:"50" doc:"rotate: among the members of these, by slug."`
	By         string         `json:"by,omitempty" enum:",least_open,random" doc:"rotate: how it is chosen among those named."`
	StatusID   desk.StatusID  `json:"status_id,omitempty" doc:"update: a status; a ticket of another pipeline moves to it."`
	Priority   *desk.Priority `json:"priority,omitempty" enum:",low,medium,high,urgent"`
	Category   *string        `json:"category,omitempty" maxLength:"200"`
	AddTags    []string       `json:"add_tags,omitempty" maxItems:"30" doc:"update: put on each."`
	RemoveTags []string       `json:"remove_tags,omitempty" maxItems:"30" doc:"update: taken off each."`
	Properties map[string]any `json:"properties,omitempty" doc:"update: merged by name; null removes one."`
	Until      desk.Time      `json:"until,omitempty" doc:"snooze: null waits for the customer alone."`
	UserID     desk.UserID    `json:"user_id,omitempty" doc:"follow and unfollow: somebody else than oneself."`
	InboxID    desk.InboxID   `json:"inbox_id,omitempty" doc:"move: where to."`
	Into       desk.TicketID  `json:"into,omitempty" doc:"merge: the ticket that stays."`
	Block      string         `json:"block,omitempty" enum:",none,sender,domain" doc:"spam: whom to deny from now on."`
	Allow      bool           `json:"allow,omitempty" doc:"not_spam: let the senders through from now on."`
}

// undoable: what is gone for good does not come back.
func (a Action) undoable() bool { return a.Type != DoPurge }

// heavy actions touch a whole conversation of each ticket: fewer of them go into a transaction.
func (a Action) heavy() bool { return a.Type == DoMerge || a.Type == DoMove || a.Type == DoPurge }

// needs are the permissions that each ticket is asked for, of who asks.
func (a Action) needs(by desk.UserID) []access.Permission {
	switch a.Type {
	case DoAssign, DoRotate:
		return []access.Permission{access.TicketsAssign}
	case DoFollow, DoUnfollow:
		if a.UserID != 0 && a.UserID != by { // as for one ticket: others are added by who may comment
			return []access.Permission{access.TicketsComment}
		}
		return []access.Permission{access.TicketsView}
	case DoTrash, DoPurge:
		return []access.Permission{access.TicketsDelete}
	}
	return []access.Permission{access.TicketsEdit}
}

func invalid(field, reason, sentence string) error {
	return desk.Errorf(desk.Invalid, reason, "%s", sentence).In("action." + field)
}

// check refuses what would be refused for every ticket, before anything is done.
func (s *Service) check(ctx context.Context, q db.Queryer, v access.Viewer, a *Action) error {
	switch a.Type {
	case DoAssign:
		if a.OwnerID == 0 && a.TeamID == 0 && !a.NoOwner && !a.NoTeam {
			return invalid("owner_id", "bulk.nobody_named", "Say who is to have the tickets.")
		}
	case DoRotate:
		return nil
	case DoUpdate:
		return s.checkUpdate(ctx, q, v, a)
	case DoSnooze:
		if a.Until != 0 && a.Until <= s.Clock.Ms() {
			return invalid("until", "snooze.past", "That time has passed. Choose one that is still to come.")
		}
	case DoFollow, DoUnfollow:
		if a.UserID == 0 {
			a.UserID = v.User.ID
		}
	case DoMove:
		if err := v.NeedIn(a.InboxID, access.TicketsEdit); err != nil {
			return err
		}
	case DoMerge:
		t, err := s.Tickets.Survivor(ctx, q, a.Into)
		if err != nil {
			return err
		}
		return s.needOn(ctx, q, v, t, access.TicketsEdit)
	case DoSpam:
		if !slices.Contains([]string{"", triage.BlockNone, triage.BlockSender, triage.BlockDomain}, a.Block) {
			return invalid("block", "bulk.block_unknown", "block is none, sender or domain.")
		}
	case DoClose, DoReopen, DoWake, DoNotSpam, DoTrash, DoRestore, DoPurge:
	default:
		return invalid("type", "bulk.action_unknown", "There is no such action.")
	}
	return nil
}

func (s *Service) checkUpdate(ctx context.Context, q db.Queryer, v access.Viewer, a *Action) error {
	if err := v.Veil.Check("ticket", a.Properties); err != nil {
		return err
	}
	if a.StatusID == 0 && a.Priority == nil && a.Category == nil && len(a.Properties)+len(a.AddTags)+len(a.RemoveTags) == 0 {
		return invalid("type", "bulk.nothing", "Say what is to be changed.")
	}
	if a.StatusID != 0 {
		if _, err := s.Tickets.StatusByID(ctx, q, a.StatusID); err != nil {
			return err
		}
	}
	for _, name := range a.AddTags {
		if _, err := ticket.CleanTag(name); err != nil {
			return err
		}
	}
	return s.Tickets.CheckProperties(ctx, q, a.Properties)
}

// ask reads a selection.
func (sel Selection) ask() (view.Ask, error) {
	switch {
	case len(sel.IDs) > maxNamed:
		return view.Ask{}, desk.Errorf(desk.TooLarge, "bulk.too_many", "Up to %d tickets can be named one by one. Select the view instead.", maxNamed).In("selection.ids")
	case len(sel.IDs) > 0 && (sel.View != "" || !sel.Filter.Empty()):
		return view.Ask{}, desk.Errorf(desk.Invalid, "bulk.selection", "Name tickets, or a view: not both.").In("selection")
	case len(sel.IDs) == 0 && sel.View == "":
		return view.Ask{}, desk.Errorf(desk.Invalid, "bulk.selection", "Select something: name tickets, or a view.").In("selection")
	}
	return view.Ask{View: sel.View, Filter: sel.Filter}, nil
}

// among is the policy of a rotation among those named; nil: the channel's own.
func (a Action) among() *desk.AssignPolicy {
	if len(a.Users)+len(a.Teams) == 0 {
		return nil
	}
	return &desk.AssignPolicy{To: routing.ToUsersAndTeams, Users: a.Users, Teams: a.Teams, By: a.By, AvailableOnly: true, NoQueue: true}
}

// change is what ticket.Update is asked for.
func (a Action) change() ticket.Change {
	c := ticket.Change{Priority: a.Priority, Category: a.Category, AddTags: a.AddTags, RemoveTags: a.RemoveTags, Properties: a.Properties, Reason: "bulk"}
	if a.StatusID != 0 {
		c.StatusID = &a.StatusID
	}
	return c
}
