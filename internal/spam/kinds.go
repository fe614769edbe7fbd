package spam

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Settings says which kinds are held back.
type Settings struct {
	Marketing   bool `json:"marketing"`
	Automated   bool `json:"automated"`
	RoleAddress bool `json:"role_address"`
	Spoofed     bool `json:"spoofed"`
}

// Held is the settings as Judge reads them.
func (s Settings) Held() map[string]bool {
	return map[string]bool{Marketing: s.Marketing, Automated: s.Automated, RoleAddress: s.RoleAddress, Spoofed: s.Spoofed}
}

func settingsOf(held map[string]bool) Settings {
	return Settings{Marketing: held[Marketing], Automated: held[Automated], RoleAddress: held[RoleAddress], Spoofed: held[Spoofed]}
}

// Settings returns which kinds are held back.
func (s *Service) Settings(ctx context.Context, q db.Queryer) (Settings, error) {
	kinds, err := db.All(ctx, q, db.Column[string], "SELECT kind FROM spam_kinds WHERE held = 1")
	if err != nil {
		return Settings{}, fmt.Errorf("spam: settings: %w", err)
	}
	held := map[string]bool{}
	for _, k := range kinds {
		held[k] = true
	}
	return settingsOf(held), nil
}

// Change says which kinds to switch; a kind that is not named stays.
type Change map[string]bool

// SetSettings switches kinds on and off. Records settings.changed with before and after, nothing when nothing changed.
func (s *Service) SetSettings(ctx context.Context, tx *db.Tx, actor desk.Actor, change Change) (Settings, error) {
	before, err := s.Settings(ctx, tx)
	if err != nil {
		return before, err
	}
	held := before.Held()
	for _, kind := range slices.Sorted(maps.Keys(change)) {
		if !slices.Contains(Kinds, kind) {
			return before, desk.Errorf(desk.Invalid, "spam.kind_unknown", "%q is not a kind of mail that can be held back.", kind).In(kind)
		}
		held[kind] = change[kind]
		_, err := tx.Exec(ctx, `INSERT INTO spam_kinds (kind, held, updated_at) VALUES ($1, $2, $3) ON CONFLICT (kind) DO UPDATE SET held = excluded.held, updated_at = excluded.updated_at`,
			kind, change[kind], s.clk.Ms())
		if err != nil {
			return before, fmt.Errorf("spam: settings: %w", err)
		}
	}
	after := settingsOf(held)
	if after == before {
		return after, nil
	}
	return after, s.tell(ctx, tx, actor, "spam_filter", "spam_filter", before, after)
}
