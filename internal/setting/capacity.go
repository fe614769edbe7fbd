package setting

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Capacity is how much work people are given by themselves (CP-03, CP-06): the limits of everybody without their own, and what does not count.
type Capacity struct {
	Default desk.Capacity `json:"default" yaml:"default,omitempty" doc:"The limits of everybody who has none of their own."`
	Exclude Exclusions    `json:"exclude" yaml:"exclude,omitempty"`
	// Weights and CallBlocks are beyond what HubSpot has (CP-08).
	Weights    map[string]int `json:"weights" yaml:"weights,omitempty" doc:"How much one piece of work counts, 1 to 10, by kind (calls, messages, email) or priority (urgent, high, medium, low); the two are multiplied. Left out: 1."`
	CallBlocks bool           `json:"call_blocks" yaml:"call_blocks,omitempty" doc:"Whoever is on the phone gets nothing else."`
}

// Weighed is what may have a weight.
var Weighed = []string{"calls", "messages", string(desk.AddrEmail), "urgent", "high", "medium", "low"}

// Exclusions is open work that does not count against a limit, so that stale work does not block.
type Exclusions struct {
	Statuses []string `json:"statuses" yaml:"statuses,omitempty,flow" doc:"Slugs of statuses, of any pipeline."`
	IdleDays int      `json:"idle_days" yaml:"idle_days,omitempty" doc:"What nobody touched for so many days; 0: everything counts."`
}

const (
	capacityName = "capacity"
	maxLimit     = 10_000
	maxIdleDays  = 3650
	maxExcluded  = 100
)

// Capacity returns the limits that hold for everybody.
func (s *Service) Capacity(ctx context.Context, q db.Queryer) (Capacity, error) {
	var c Capacity
	err := q.QueryRow(ctx, `SELECT value FROM settings WHERE name = $1`, capacityName).Scan(db.ScanJSON(&c))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("setting: capacity: %w", err)
	}
	if c.Exclude.Statuses == nil {
		c.Exclude.Statuses = []string{}
	}
	if c.Weights == nil {
		c.Weights = map[string]int{}
	}
	return c, nil
}

// SetCapacity changes the limits. known says which status slugs there are. Records settings.changed, nothing when nothing changed.
func (s *Service) SetCapacity(ctx context.Context, tx *db.Tx, actor desk.Actor, c Capacity, known func(slug string) bool) (Capacity, error) {
	before, err := s.Capacity(ctx, tx)
	if err != nil {
		return before, err
	}
	if err := CheckCapacity("default", c.Default); err != nil {
		return before, err
	}
	if c.Exclude.IdleDays < 0 || c.Exclude.IdleDays > maxIdleDays {
		return before, desk.Errorf(desk.Invalid, "capacity.idle_days", "The days are 0 to %d.", maxIdleDays).In("exclude.idle_days")
	}
	for name, n := range c.Weights {
		if !slices.Contains(Weighed, name) || n < 1 || n > 10 {
			return before, desk.Errorf(desk.Invalid, "capacity.weight", "A weight is 1 to 10, of one of %s.", strings.Join(Weighed, ", ")).In("weights." + name)
		}
	}
	if len(c.Exclude.Statuses) > maxExcluded {
		return before, desk.Errorf(desk.TooLarge, "capacity.too_many", "At most %d statuses may be left out.", maxExcluded).In("exclude.statuses")
	}
	out := []string{}
	for _, slug := range c.Exclude.Statuses {
		if !known(slug) {
			return before, desk.Errorf(desk.Invalid, "capacity.status_unknown", "There is no status %q.", slug).In("exclude.statuses")
		}
		if !slices.Contains(out, slug) {
			out = append(out, slug)
		}
	}
	c.Exclude.Statuses = out
	if c.Weights == nil {
		c.Weights = map[string]int{}
	}
	x, _ := json.Marshal(before)
	y, _ := json.Marshal(c)
	if string(x) == string(y) {
		return c, nil
	}
	if err := s.store(ctx, tx, capacityName, string(y)); err != nil {
		return before, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "capacity", "slug": "capacity", "before": before, "after": c})})
	return c, err
}

// CheckCapacity refuses limits that cannot be meant.
func CheckCapacity(field string, c desk.Capacity) error {
	for _, l := range []struct {
		name string
		n    *int
	}{{"total", c.Total}, {"calls", c.Calls}, {"messages", c.Messages}, {string(desk.AddrEmail), c.Email}} {
		if l.n != nil && (*l.n < 0 || *l.n > maxLimit) {
			return desk.Errorf(desk.Invalid, "capacity.limit", "A limit is a number from 0 to %d.", maxLimit).In(field + "." + l.name)
		}
	}
	return nil
}
