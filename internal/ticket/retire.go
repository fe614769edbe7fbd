package ticket

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// A status or pipeline is retired in slices, so that a desk with many tickets keeps working meanwhile.
const (
	retireSlice = 200
	maxRetired  = 20_000
)

// Retirement says where the tickets of statuses that go are to be. Every status that goes and still has tickets needs a target that stays.
type Retirement struct {
	Pipeline desk.PipelineID
	Statuses []desk.StatusID                 // those that go; empty: the whole pipeline goes
	Moves    map[desk.StatusID]desk.StatusID // from one that goes to one that stays, in any pipeline
}

// Retire moves the tickets, then takes the statuses or the pipeline out of use (TK-07). It may be repeated when it was interrupted: what was moved stays
// moved, and the last step happens only when nothing is left.
func (s *Service) Retire(ctx context.Context, actor desk.Actor, r Retirement) error {
	ps, err := s.Pipelines(ctx, s.db)
	if err != nil {
		return err
	}
	p, err := findPipeline(ps, r.Pipeline)
	if err != nil {
		return err
	}
	going, err := goingOf(ps, p, r)
	if err != nil {
		return err
	}
	total := 0
	for _, st := range going {
		var n int
		if err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM tickets WHERE status_id = $1 LIMIT $2) x`, st.ID, maxRetired+1).Scan(&n); err != nil {
			return fmt.Errorf("ticket: retire: %w", err)
		}
		if n > 0 && r.Moves[st.ID] == 0 {
			return desk.Errorf(desk.Conflict, "status.move_missing", "The status %s still has tickets: say which status they move to.", st.Name).In("moves")
		}
		total += n
	}
	if total > maxRetired {
		return desk.Errorf(desk.Conflict, "status.too_many", "More than %d tickets would move. Move them with a bulk change first.", maxRetired)
	}
	for _, st := range going {
		for more := r.Moves[st.ID] != 0; more; {
			if err := s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				more, err = s.moveAway(ctx, tx, actor, st.ID, r.Moves[st.ID], retireSlice)
				return err
			}); err != nil {
				return err
			}
		}
	}
	return s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, st := range going { // what came meanwhile
			if to := r.Moves[st.ID]; to != 0 {
				if _, err := s.moveAway(ctx, tx, actor, st.ID, to, maxRetired); err != nil {
					return err
				}
			}
		}
		if len(r.Statuses) == 0 {
			return s.ArchivePipeline(ctx, tx, actor, r.Pipeline)
		}
		now, err := s.Pipeline(ctx, tx, r.Pipeline)
		if err != nil {
			return err
		}
		stay := slices.DeleteFunc(slices.Clone(now.Statuses), func(st desk.Status) bool { return slices.Contains(r.Statuses, st.ID) })
		_, err = s.UpdatePipeline(ctx, tx, actor, r.Pipeline, PipelineChange{Statuses: &stay})
		return err
	})
}

// goingOf are the statuses that go, once every move was checked to lead from one of them to one that stays.
func goingOf(ps []desk.Pipeline, p desk.Pipeline, r Retirement) ([]desk.Status, error) {
	going := p.Statuses
	if len(r.Statuses) > 0 {
		going = nil
		for _, id := range r.Statuses {
			i := slices.IndexFunc(p.Statuses, func(st desk.Status) bool { return st.ID == id })
			if i < 0 {
				return nil, noStatus()
			}
			going = append(going, p.Statuses[i])
		}
	}
	goes := func(id desk.StatusID) bool {
		return slices.ContainsFunc(going, func(st desk.Status) bool { return st.ID == id })
	}
	for from, to := range r.Moves {
		if _, _, err := findStatus(ps, to); err != nil || !goes(from) || goes(to) {
			return nil, desk.Errorf(desk.Invalid, "status.move_nowhere", "Tickets move from a status that goes to one that stays.").In("moves")
		}
	}
	return going, nil
}

func (s *Service) moveAway(ctx context.Context, tx *db.Tx, actor desk.Actor, from, to desk.StatusID, limit int) (more bool, err error) {
	ids, err := db.All(ctx, tx, db.Column[desk.TicketID], `SELECT id FROM tickets WHERE status_id = $1 ORDER BY id LIMIT $2`, from, limit)
	if err != nil {
		return false, fmt.Errorf("ticket: retire: %w", err)
	}
	for _, id := range ids {
		if _, err := s.Update(ctx, tx, actor, id, Change{StatusID: &to, Anyway: true, Reason: "status_removed"}); err != nil {
			return false, err
		}
	}
	return len(ids) == limit, nil
}

// OwnedOpen lists open tickets of one owner after an id, for passing them on when the owner leaves.
func (s *Service) OwnedOpen(ctx context.Context, q db.Queryer, owner desk.UserID, after desk.TicketID, limit int) ([]desk.Ticket, error) {
	ts, err := db.All(ctx, q, Scan, `SELECT `+Columns+` FROM tickets WHERE owner_id = $1 AND open = 1 AND hidden = '' AND id > $2 ORDER BY id LIMIT $3`, owner, after, limit)
	if err != nil {
		return nil, fmt.Errorf("ticket: owned: %w", err)
	}
	return ts, nil
}

// Owned is how much open work of one sort somebody has; hidden and resting tickets are none.
type Owned struct {
	Owner    desk.UserID
	Inbox    desk.InboxID
	Channel  string
	Priority desk.Priority
	Open     int
	Counted  int // of it, what counts against a limit
}

// Owned tells what some people have, or everybody where none are named (RT-16, CP-03). What stands in one of the statuses, or was last touched before a time, is open and does not count (CP-06).
func (s *Service) Owned(ctx context.Context, q db.Queryer, statuses []string, touchedSince desk.Time, of ...desk.UserID) ([]Owned, error) {
	counted, args := "COUNT(*)", []any{}
	var out []string
	for _, slug := range statuses {
		args = append(args, slug)
		out = append(out, "$"+strconv.Itoa(len(args)))
	}
	var not []string
	if len(out) > 0 {
		not = append(not, "status_id IN (SELECT id FROM pipeline_statuses WHERE slug IN ("+strings.Join(out, ", ")+"))")
	}
	if touchedSince > 0 {
		args = append(args, touchedSince)
		not = append(not, "last_activity_at < $"+strconv.Itoa(len(args)))
	}
	if len(not) > 0 {
		counted = "SUM(CASE WHEN " + strings.Join(not, " OR ") + " THEN 0 ELSE 1 END)"
	}
	whose := "owner_id <> 0"
	if len(of) > 0 {
		args = append(args, db.JSON(of))
		whose += " AND owner_id IN " + db.Among(q, "$"+strconv.Itoa(len(args)))
	}
	rows, err := db.All(ctx, q, func(r db.Scanner) (o Owned, err error) {
		err = r.Scan(&o.Owner, &o.Inbox, &o.Channel, &o.Priority, &o.Open, &o.Counted)
		return o, err
	}, `SELECT owner_id, inbox_id, channel, priority, COUNT(*), `+counted+` FROM tickets WHERE open = 1 AND hidden = '' AND snoozed = 0 AND `+whose+`
		GROUP BY owner_id, inbox_id, channel, priority`, args...)
	if err != nil {
		return nil, fmt.Errorf("ticket: owned: %w", err)
	}
	return rows, nil
}
