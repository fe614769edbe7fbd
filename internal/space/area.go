package space

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Area is what a space shows, ready to be asked for. The zero value is no space: everything.
type Area struct {
	ID     desk.SpaceID
	teams  []desk.TeamID
	extra  bool
	Volume Volume
}

// Volume is about how many tickets a space holds, none counted beyond Dear: it chooses how they are looked for and nothing else.
type Volume struct{ Open, Closed int }

// Dear is where measuring a space stops.
const Dear = 50_000

// Area is the area of a space.
func (s Space) Area() Area { return Area{ID: s.ID, teams: s.Teams, extra: s.Extra} }

// Name tells areas apart, for what is remembered of them.
func (a Area) Name() string {
	if a.ID == 0 {
		return ""
	}
	return fmt.Sprint("space ", a.ID, a.teams, a.extra, ";")
}

// Kind is which tickets a list shows.
type Kind int

// The kinds.
const (
	Every  Kind = iota // open and closed
	Open               // open ones alone
	Closed             // closed ones alone
	Buried             // spam and trash too
)

// TicketSQL is the condition that a ticket (the alias of its table) is in the area: the one place where a space becomes SQL. It is never NULL; "" is
// everything. A space that holds at most few tickets of the kind is found by whose they are, and sorted; a larger one by walking the list's own index.
func (a Area) TicketSQL(t string, k Kind, few int) string {
	switch {
	case a.ID == 0:
		return ""
	case len(a.teams) == 0:
		return "1 = 0"
	}
	n, open := a.Volume.Open+a.Volume.Closed, ""
	switch k {
	case Open:
		n, open = a.Volume.Open, " AND sp.open = 1"
	case Closed:
		n, open = a.Volume.Closed, " AND sp.open = 0"
	}
	if n > few || k == Buried { // the indexes hold no spam and no trash
		return a.held(t)
	}
	return t + ".id IN (SELECT sp.id FROM tickets sp WHERE " + a.ofTeams("sp") + open + " UNION SELECT sp.id FROM tickets sp WHERE " + a.ofMembers("sp") + open + ")"
}

// ThreadSQL is TicketSQL for a conversation: one with a ticket is where the ticket is.
func (a Area) ThreadSQL(h string) string {
	switch {
	case a.ID == 0:
		return ""
	case len(a.teams) == 0:
		return "1 = 0"
	}
	return "(" + h + ".ticket_id = 0 AND " + a.held(h) + " OR " + h + ".ticket_id <> 0 AND EXISTS (SELECT 1 FROM tickets sp WHERE sp.id = " + h + ".ticket_id AND " + a.held("sp") + "))"
}

// held is the condition on the team and the owner.
func (a Area) held(x string) string {
	return "(" + x + ".team_id IN " + db.IDs(a.teams) + " OR " + x + ".owner_id IN (" + a.members() + "))"
}

func (a Area) members() string {
	main := " AND su.main = 1"
	if a.extra {
		main = ""
	}
	return "SELECT su.user_id FROM team_members su WHERE su.team_id IN " + db.IDs(a.teams) + main
}

// The conditions of the indexes tickets_team and tickets_owned.
func (a Area) ofTeams(t string) string {
	return t + ".hidden = '' AND " + t + ".team_id <> 0 AND " + t + ".team_id IN " + db.IDs(a.teams)
}

func (a Area) ofMembers(t string) string {
	return t + ".hidden = '' AND " + t + ".owner_id <> 0 AND " + t + ".owner_id IN (" + a.members() + ")"
}

// Measure says about how many tickets the area holds. Who has one in both ways is counted twice, which does no harm.
func (a Area) Measure(ctx context.Context, q db.Queryer) (Volume, error) {
	if a.ID == 0 || len(a.teams) == 0 {
		return Volume{}, nil
	}
	count := func(open int) (sum int, err error) {
		for _, cond := range []string{a.ofTeams("sp"), a.ofMembers("sp")} {
			n, err := db.One(ctx, q, db.Column[int], fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets sp WHERE %s AND sp.open = %d LIMIT %d) x", cond, open, Dear+1))
			if err != nil {
				return 0, fmt.Errorf("space: measure: %w", err)
			}
			sum += n
		}
		return sum, nil
	}
	var v Volume
	var err error
	if v.Open, err = count(1); err == nil {
		v.Closed, err = count(0)
	}
	return v, err
}
