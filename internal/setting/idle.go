package setting

import (
	"context"
	"fmt"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Idle is after how many minutes without a sign somebody goes away by themselves (AV-11); 0 switches it off.
type Idle struct {
	Minutes int       `json:"minutes" minimum:"0" maximum:"1440"`
	Since   desk.Time `json:"since" doc:"nobody idles from before it was set"`
}

const idleName = "idle"

// Idle returns after how long people go away by themselves.
func (s *Service) Idle(ctx context.Context, q db.Queryer) (Idle, error) {
	var v Idle
	err := read(ctx, q, idleName, &v)
	return v, err
}

// IdleAfter is Idle as a duration, with the time from which it counts.
func (s *Service) IdleAfter(ctx context.Context, q db.Queryer) (time.Duration, desk.Time, error) {
	v, err := s.Idle(ctx, q)
	return time.Duration(v.Minutes) * time.Minute, v.Since, err
}

// SetIdle changes after how many minutes people go away by themselves. Records settings.changed.
func (s *Service) SetIdle(ctx context.Context, tx *db.Tx, actor desk.Actor, minutes int) (Idle, error) {
	if minutes < 0 || minutes > 24*60 {
		return Idle{}, desk.Errorf(desk.Invalid, "idle.range", "Choose 1 to 1440 minutes, or 0 for never.").In("minutes")
	}
	if _, err := tx.Exec(ctx, `INSERT INTO settings (name, value, updated_at) VALUES ($1, '', $2) ON CONFLICT (name) DO NOTHING`, idleName, s.clk.Ms()); err != nil {
		return Idle{}, fmt.Errorf("setting: idle: %w", err)
	}
	if _, err := db.All(ctx, tx, db.Column[string], `SELECT name FROM settings WHERE name = $1`+tx.ForUpdate(), idleName); err != nil {
		return Idle{}, fmt.Errorf("setting: idle: %w", err)
	}
	before, err := s.Idle(ctx, tx)
	if err != nil || before.Minutes == minutes {
		return before, err
	}
	v := Idle{Minutes: minutes, Since: s.clk.Ms()}
	if err := s.store(ctx, tx, idleName, string(db.JSON(v))); err != nil {
		return before, err
	}
	if _, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "idle", "slug": "idle", "before": before.Minutes, "after": minutes})}); err != nil {
		return v, err
	}
	return v, s.rhythmChanged(ctx, tx)
}

// OnRhythm has fn called in the transaction that changes what people's days hang on: the company's zone, or when somebody idles. Register at start-up.
func (s *Service) OnRhythm(fn func(ctx context.Context, tx *db.Tx) error) { s.onRhythm = fn }

func (s *Service) rhythmChanged(ctx context.Context, tx *db.Tx) error {
	if s.onRhythm == nil {
		return nil
	}
	return s.onRhythm(ctx, tx)
}
