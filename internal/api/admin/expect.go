package admin

import (
	"context"
	"encoding/json"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Seen is what somebody saw of a thing before they changed it, by field as the answers write it. The change is refused when one of those fields is
// different by now: two people who edit one page never undo each other unawares.
type Seen map[string]any

// hold keeps others from changing a row between the look and the save: of two who saw the same, one saves and the other is told. A save that expects nothing holds nothing.
func (s Seen) hold(ctx context.Context, tx *db.Tx, table string, id any) error {
	if len(s) == 0 {
		return nil
	}
	_, err := db.All(ctx, tx, db.Column[int64], "SELECT id FROM "+table+" WHERE id = $1"+tx.ForUpdate(), id)
	return err
}

// still compares with the thing as it is.
func (s Seen) still(now any) error {
	if len(s) == 0 {
		return nil
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	for name, saw := range s {
		a, _ := json.Marshal(saw)
		b, _ := json.Marshal(fields[name])
		if string(a) != string(b) {
			return desk.Errorf(desk.Conflict, "settings.stale", "Somebody else changed this meanwhile. Look at what it is now, then save again.").In(name)
		}
	}
	return nil
}
