package people

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Capacities returns the limits of those of the users who have their own (CP-03); whoever is missing has the installation's.
func (s *Service) Capacities(ctx context.Context, q db.Queryer, ids []desk.UserID) (map[desk.UserID]desk.Capacity, error) {
	out := map[desk.UserID]desk.Capacity{}
	if len(ids) == 0 {
		return out, nil
	}
	type row struct {
		id desk.UserID
		c  desk.Capacity
	}
	rows, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) { err = r.Scan(&x.id, db.ScanJSON(&x.c)); return x, err },
		`SELECT id, capacity FROM users WHERE capacity <> '' AND id IN `+db.Among(q, "$1"), db.JSON(ids))
	if err != nil {
		return nil, fmt.Errorf("people: capacities: %w", err)
	}
	for _, r := range rows {
		out[r.id] = r.c
	}
	return out, nil
}

// SetCapacity gives a user limits of their own; nil is the installation's again. The limits themselves are checked by who asks. Records user.updated with
// before and after, nothing when nothing changed.
func (s *Service) SetCapacity(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, c *desk.Capacity) error {
	if _, err := s.lock(ctx, tx, id); err != nil {
		return err
	}
	var had, now string
	if err := tx.QueryRow(ctx, `SELECT capacity FROM users WHERE id = $1`, id).Scan(&had); err != nil {
		return fmt.Errorf("people: capacity: %w", err)
	}
	if c != nil {
		b, err := json.Marshal(c)
		if err != nil {
			return err
		}
		now = string(b)
	}
	if had == now {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE users SET capacity = $1, updated_at = $2 WHERE id = $3`, now, s.clk.Ms(), id); err != nil {
		return fmt.Errorf("people: capacity: %w", err)
	}
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvUserUpdated, Actor: actor, UserID: id, Data: event.Data(map[string]any{"changes": map[string][2]string{"capacity": {had, now}}})})
	return err
}
