package setting

import (
	"context"
	"encoding/json"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Associations are how many records one record may be joined to, by pair (CR-04, CR-07). There is none by default: a request is never lost to one.
type Associations struct {
	ContactTickets int `json:"contact_tickets" yaml:"contact_tickets,omitempty" doc:"How many tickets one contact may have; 0: as many as come. One that comes beyond is made all the same: the contact takes part in it."`
}

// MaxAssociations is the largest limit that can be set.
const MaxAssociations = 10_000

const associationsName = "associations"

// Associations returns the limits.
func (s *Service) Associations(ctx context.Context, q db.Queryer) (Associations, error) {
	var a Associations
	err := read(ctx, q, associationsName, &a)
	return a, err
}

// SetAssociations changes the limits; what there is already stays. Records settings.changed, nothing when nothing changed.
func (s *Service) SetAssociations(ctx context.Context, tx *db.Tx, actor desk.Actor, a Associations) (Associations, error) {
	before, err := s.Associations(ctx, tx)
	if err != nil || before == a {
		return before, err
	}
	if a.ContactTickets < 0 || a.ContactTickets > MaxAssociations {
		return before, desk.Errorf(desk.Invalid, "associations.limit", "The limit is 1 to %d, or none.", MaxAssociations).In("contact_tickets")
	}
	text, err := json.Marshal(a)
	if err != nil {
		return before, err
	}
	if err := s.store(ctx, tx, associationsName, string(text)); err != nil {
		return before, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "associations", "slug": "associations", "before": before, "after": a})})
	return a, err
}
