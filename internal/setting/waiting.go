package setting

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Waiting is what becomes of work whose owner is not there.
type Waiting struct {
	HandOnMinutes int `json:"hand_on_minutes" yaml:"hand_on_minutes" doc:"An unanswered chat whose owner has gone, by the clock or with their browser, is given to somebody else by the channel's rule after so many minutes (AV-11); 0: never."`
}

// DefaultWaiting is what an installation begins with.
var DefaultWaiting = Waiting{HandOnMinutes: 5}

const (
	waitingName  = "waiting"
	maxHandOnMin = 24 * 60
)

// Waiting returns what becomes of work whose owner is not there.
func (s *Service) Waiting(ctx context.Context, q db.Queryer) (Waiting, error) {
	v := DefaultWaiting
	err := read(ctx, q, waitingName, &v)
	return v, err
}

// SetWaiting changes it. Records settings.changed with before and after, nothing when nothing changed.
func (s *Service) SetWaiting(ctx context.Context, tx *db.Tx, actor desk.Actor, v Waiting) (Waiting, error) {
	before, err := s.Waiting(ctx, tx)
	if err != nil || before == v {
		return v, err
	}
	if v.HandOnMinutes < 0 || v.HandOnMinutes > maxHandOnMin {
		return before, desk.Errorf(desk.Invalid, "waiting.minutes", "The minutes are 0 to %d.", maxHandOnMin).In("hand_on_minutes")
	}
	if err := s.store(ctx, tx, waitingName, string(db.JSON(v))); err != nil {
		return before, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "waiting", "slug": "waiting", "before": before, "after": v})})
	return v, err
}
