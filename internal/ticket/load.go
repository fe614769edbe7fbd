package ticket

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Owned is how much open work of one sort somebody has; hidden and resting tickets are none.
type Owned struct {
	Owner    desk.UserID
	Inbox    desk.InboxID
	Channel  string
	Priority desk.Priority
	Open     int
	Counted  int // of it, what counts against a limit
}

// Owned tells of everybody what they have (RT-16, CP-03). What stands in one of the statuses, or was last touched before a time, is open and does not count (CP-06).
func (s *Service) Owned(ctx context.Context, q db.Queryer, statuses []string, touchedSince desk.Time) ([]Owned, error) {
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
	rows, err := db.All(ctx, q, func(r db.Scanner) (o Owned, err error) {
		err = r.Scan(&o.Owner, &o.Inbox, &o.Channel, &o.Priority, &o.Open, &o.Counted)
		return o, err
	}, `SELECT owner_id, inbox_id, channel, priority, COUNT(*), `+counted+` FROM tickets WHERE open = 1 AND hidden = '' AND snoozed = 0 AND owner_id <> 0
		GROUP BY owner_id, inbox_id, channel, priority`, args...)
	if err != nil {
		return nil, fmt.Errorf("ticket: owned: %w", err)
	}
	return rows, nil
}
