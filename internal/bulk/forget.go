package bulk

import (
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/customview"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Forget takes what runs keep of tickets that are erased: what they were before, and so the way back. words name a person who is erased (CR-14): selections and
// values that say them say so no more. The runs stay with their numbers.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, tickets []desk.TicketID, words []string) error {
	for _, id := range tickets { // by the index of each run
		_, err := tx.Exec(ctx, "UPDATE bulk_items SET changes = '', sentence = '' WHERE ticket_id = $1 AND run_id IN (SELECT id FROM bulk_runs) AND (changes <> '' OR sentence <> '')", id)
		if err != nil {
			return fmt.Errorf("bulk: forget: %w", err)
		}
	}
	if len(words) == 0 {
		return nil
	}
	runs, err := db.All(ctx, tx, scanRun, "SELECT "+runColumns+" FROM bulk_runs ORDER BY id"+tx.ForUpdate())
	if err != nil {
		return fmt.Errorf("bulk: forget: %w", err)
	}
	for _, r := range runs {
		filter, said := r.selection.Filter.Without(words)
		properties, named := withoutWords(r.Action.Properties, words)
		if !said && !named {
			continue
		}
		r.selection.Filter, r.Action.Properties = filter, properties
		if _, err := tx.Exec(ctx, "UPDATE bulk_runs SET selection = $1, action = $2 WHERE id = $3", db.JSON(r.selection), db.JSON(r.Action), r.ID); err != nil {
			return fmt.Errorf("bulk: forget: %w", err)
		}
	}
	return nil
}

// withoutWords leaves out the properties that say one of the words.
func withoutWords(p map[string]any, words []string) (map[string]any, bool) {
	out, some := map[string]any{}, false
	for name, v := range p {
		if _, says := customview.Unsaid(v, words); says {
			some = true
			continue
		}
		out[name] = v
	}
	if !some {
		return p, false
	}
	return out, true
}
