package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Held says whose a ticket, a conversation without a ticket or a contact is.
type Held struct {
	Inbox desk.InboxID
	Owner desk.UserID
	Team  desk.TeamID
	Known []desk.UserID // who follows it or was mentioned in it: whoever is asked about something may read it
}

// Extent is how far one person sees: a Reach with who they are. The zero value is everything, as of a Reach.
type Extent struct {
	desk.Reach
	User  desk.UserID
	Teams []desk.TeamID        // theirs and those below
	Mates map[desk.UserID]bool // who belongs to these
}

// Whole reports whether everything is seen.
func (e Extent) Whole() bool { return e.View == "" || e.View == desk.ReachAll }

// Sees reports whether something is within reach.
func (e Extent) Sees(h Held) bool { return e.covers(e.View, h) || slices.Contains(h.Known, e.User) }

// Changes reports whether something may be changed and answered.
func (e Extent) Changes(h Held) bool { return e.covers(e.Edit, h) }

func (e Extent) covers(how string, h Held) bool {
	switch {
	case how == desk.ReachAll || how == "":
		return true
	case e.User == 0:
		return false
	case h.Owner == e.User:
		return true
	case h.Owner == 0 && h.Team == 0:
		return e.Unassigned
	case h.Owner == 0:
		return (e.Unassigned || how == desk.ReachTeam) && slices.Contains(e.Teams, h.Team)
	}
	return how == desk.ReachTeam && (slices.Contains(e.Teams, h.Team) || e.Mates[h.Owner])
}

// Name tells extents apart, for what is remembered of them.
func (e Extent) Name() string {
	if e.Whole() {
		return ""
	}
	return fmt.Sprint(e.View, e.Unassigned, e.User, e.Teams)
}

// Args puts one argument into a query and gives its placeholder.
type Args func(v any) string

// TicketSQL is the condition that a ticket (the alias of its table) is within reach: the one place where reach becomes SQL. It says yes or no, never NULL; "" is
// everything.
func (e Extent) TicketSQL(t string, arg Args) string {
	if e.Whole() {
		return ""
	}
	me := arg(e.User)
	known := func(table, x string) string {
		return " OR EXISTS (SELECT 1 FROM " + table + " " + x + " WHERE " + x + ".ticket_id = " + t + ".id AND " + x + ".user_id = " + me + ")"
	}
	return "(" + e.held(t+".owner_id", t+".team_id", me, arg) + known("ticket_followers", "rf") + known("mentions", "rm") + ")"
}

// ThreadSQL is TicketSQL for a conversation that has no ticket.
func (e Extent) ThreadSQL(h string, arg Args) string {
	if e.Whole() {
		return ""
	}
	return "(" + e.held(h+".owner_id", h+".team_id", arg(e.User), arg) + ")"
}

// OfSQL is the condition that what belongs to a ticket, or else to a conversation, is within reach: a message, an event, a file, a document.
func (e Extent) OfSQL(ticket, thread string, arg Args) string {
	if e.Whole() {
		return ""
	}
	return "((" + ticket + " <> 0 AND EXISTS (SELECT 1 FROM tickets rt WHERE rt.id = " + ticket + " AND " + e.TicketSQL("rt", arg) + ")) OR (" +
		ticket + " = 0 AND EXISTS (SELECT 1 FROM threads rh WHERE rh.id = " + thread + " AND " + e.ThreadSQL("rh", arg) + ")))"
}

// held is the condition on the owner and the team alone.
func (e Extent) held(owner, team, me string, arg Args) string {
	if e.User == 0 {
		return "1 = 0"
	}
	or := []string{owner + " = " + me}
	teams := ""
	if len(e.Teams) > 0 {
		teams = db.IDs(e.Teams)
	}
	if e.Unassigned {
		or = append(or, "("+owner+" = 0 AND "+team+" = 0)")
	}
	if teams != "" && (e.Unassigned || e.View == desk.ReachTeam) {
		or = append(or, "("+owner+" = 0 AND "+team+" IN "+teams+")")
	}
	if teams != "" && e.View == desk.ReachTeam {
		or = append(or, team+" IN "+teams, owner+" IN (SELECT ru.user_id FROM team_members ru WHERE ru.team_id IN "+teams+")")
	}
	return strings.Join(or, " OR ")
}

// ContactSQL is the condition that a contact is within reach: by its owner, or because a ticket or conversation of theirs is. tickets is the reach of tickets.
func (e Extent) ContactSQL(c string, tickets Extent, arg Args) string {
	if e.Whole() {
		return ""
	}
	at := tickets.TicketSQL("ct", arg)
	if at == "" {
		at = "1 = 1"
	}
	th := tickets.ThreadSQL("ch", arg)
	if th == "" {
		th = "1 = 1"
	}
	return "(" + e.held(c+".owner_id", "0", arg(e.User), arg) +
		" OR EXISTS (SELECT 1 FROM tickets ct WHERE ct.contact_id = " + c + ".id AND ct.contact_id <> 0 AND " + at + ")" +
		" OR EXISTS (SELECT 1 FROM threads ch WHERE ch.contact_id = " + c + ".id AND ch.contact_id <> 0 AND ch.ticket_id = 0 AND " + th + "))"
}

// extents fills in how far a viewer sees.
func (s *Service) extents(ctx context.Context, q db.Queryer, v *Viewer) error {
	tickets, contacts := ReachOf(v.User)
	v.Tickets, v.Contacts = Extent{Reach: tickets, User: v.User.ID}, Extent{Reach: contacts, User: v.User.ID}
	if v.Tickets.Whole() && v.Contacts.Whole() {
		return nil
	}
	teams := append(slices.Clone(v.User.Teams), v.User.TeamsBelow...)
	slices.Sort(teams)
	teams = slices.Compact(teams)
	mates := map[desk.UserID]bool{}
	if len(teams) > 0 && (tickets.View == desk.ReachTeam || contacts.View == desk.ReachTeam) {
		ids, err := db.All(ctx, q, db.Column[desk.UserID], `SELECT DISTINCT user_id FROM team_members WHERE team_id IN `+db.IDs(teams))
		if err != nil {
			return fmt.Errorf("access: members of teams: %w", err)
		}
		for _, id := range ids {
			mates[id] = true
		}
	}
	v.Tickets.Teams, v.Contacts.Teams, v.Tickets.Mates, v.Contacts.Mates = teams, teams, mates, mates
	return nil
}

// ReachOf is whose tickets and contacts a user sees and changes.
func ReachOf(u desk.User) (tickets, contacts desk.Reach) {
	if u.Powers == nil {
		return desk.Reach{}.Full(), desk.Reach{}.Full()
	}
	return u.Powers.Tickets.Full(), u.Powers.Contacts.Full()
}

// NeedOn returns nil when the viewer may do p to a ticket or conversation: NeedIn, and it is within reach.
func (v Viewer) NeedOn(h Held, p Permission) error {
	if v.User.ID != 0 && !v.Tickets.Sees(h) {
		return desk.Errorf(desk.NotFound, "access.not_visible", "There is no such thing, or you may not see it.")
	}
	if err := v.NeedIn(h.Inbox, p); err != nil {
		return err
	}
	return v.needChange(v.Tickets, h, p)
}

func (v Viewer) needChange(e Extent, h Held, p Permission) error {
	if p == TicketsView || p == TicketsComment || e.Changes(h) {
		return nil
	}
	return desk.Errorf(desk.Forbidden, "access.beyond_reach", "You can see this but not change it: your role changes %s only. An administrator can change your role.",
		map[string]string{desk.ReachOwn: "what is yours", desk.ReachTeam: "what your teams have"}[e.Edit])
}

// NeedContact returns nil when the viewer, who sees a contact, may change it.
func (v Viewer) NeedContact(owner desk.UserID, p Permission) error {
	if err := v.Need(p); err != nil {
		return err
	}
	return v.needChange(v.Contacts, Held{Owner: owner}, p)
}
