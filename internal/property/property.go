// Package property owns the definitions of custom properties of tickets and contacts (the table properties) and checks
// values against them, alone and together (options that depend on another property, what closing asks for). It refuses unknown names, values of the wrong type and options that do not exist, naming the
// field. Values themselves live with their object. Called by ticket and contact through a small interface, by transfer and the admin API.
package property

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// The objects that have properties.
const (
	Ticket  = "ticket"
	Contact = "contact"
)

// Types a property may have.
var Types = []string{"text", "long_text", "number", "boolean", "date", "choice", "multi_choice"}

// Limits of a definition.
const (
	maxDefinitions = 500 // per object, archived ones not counted
	maxOptions     = 1000
	maxLabel       = 200
)

// Service is the definitions of this installation. Safe for concurrent use.
type Service struct {
	db  *db.DB
	clk *clock.Clock
	ev  *event.Log
}

// New makes the service.
func New(d *db.DB, clk *clock.Clock, ev *event.Log) *Service {
	return &Service{db: d, clk: clk, ev: ev}
}

const columns = `id, object, name, label, type, options, position, required_on_close, depends_on, options_by, access`

func scan(r db.Scanner) (p desk.Property, err error) {
	p.Options, p.OptionsBy = []string{}, map[string][]string{}
	err = r.Scan(&p.ID, &p.Object, &p.Name, &p.Label, &p.Type, db.ScanJSON(&p.Options), &p.Position, &p.RequiredOnClose, &p.DependsOn, db.ScanJSON(&p.OptionsBy), db.ScanJSON(&p.Access))
	return p, err
}

func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "property.not_found", "There is no such property.")
	}
	return err
}

// List returns an object's properties in their order; "" is every object's.
func (s *Service) List(ctx context.Context, q db.Queryer, object string) ([]desk.Property, error) {
	ps, err := db.All(ctx, q, scan, `SELECT `+columns+` FROM properties WHERE archived_at = 0 AND (object = $1 OR $1 = '') ORDER BY object DESC, position, id`, object)
	if err != nil {
		return nil, fmt.Errorf("property: list: %w", err)
	}
	return ps, nil
}

// Get returns a property.
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.PropertyID) (desk.Property, error) {
	p, err := db.One(ctx, q, scan, `SELECT `+columns+` FROM properties WHERE id = $1 AND archived_at = 0`, id)
	return p, missing(err)
}

// Create adds a property; Label defaults to Name. One that was archived comes back under its name, if the type is the same: the stored values are its own.
func (s *Service) Create(ctx context.Context, tx *db.Tx, actor desk.Actor, p desk.Property) (desk.Property, error) {
	if p.Label == "" {
		p.Label = p.Name
	}
	if err := check(&p); err != nil {
		return desk.Property{}, err
	}
	have, err := s.List(ctx, tx, p.Object)
	if err != nil {
		return desk.Property{}, err
	}
	if len(have) >= maxDefinitions {
		return desk.Property{}, desk.Errorf(desk.TooLarge, "property.too_many", "An object may have at most %d properties.", maxDefinitions)
	}
	if err := checkDependence(p, have); err != nil {
		return desk.Property{}, err
	}
	p.ID = desk.PropertyID(tx.NewID())
	n, err := tx.Exec(ctx, `INSERT INTO properties (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (object, name) DO NOTHING`,
		p.ID, p.Object, p.Name, p.Label, p.Type, db.JSON(p.Options), p.Position, p.RequiredOnClose, p.DependsOn, db.JSON(p.OptionsBy), stored(p.Access))
	if err != nil {
		return desk.Property{}, fmt.Errorf("property: create: %w", err)
	}
	if n == 0 {
		if p, err = s.revive(ctx, tx, p); err != nil {
			return desk.Property{}, err
		}
	}
	return p, s.tell(ctx, tx, actor, nil, &p)
}

func (s *Service) revive(ctx context.Context, tx *db.Tx, p desk.Property) (desk.Property, error) {
	var archived desk.Time
	var kind string
	err := tx.QueryRow(ctx, `SELECT id, type, archived_at FROM properties WHERE object = $1 AND name = $2`+tx.ForUpdate(), p.Object, p.Name).Scan(&p.ID, &kind, &archived)
	if err != nil {
		return p, fmt.Errorf("property: create: %w", err)
	}
	if archived == 0 {
		return p, desk.Errorf(desk.Conflict, "property.name_taken", "There is already a %s property named %s.", p.Object, p.Name).In("name")
	}
	if kind != p.Type {
		return p, desk.Errorf(desk.Conflict, "property.name_used", "A removed %s property named %s had the type %s, and its values are still there. Use that type or another name.", p.Object, p.Name, kind).In("type")
	}
	_, err = tx.Exec(ctx, `UPDATE properties SET label = $1, options = $2, position = $3, required_on_close = $4, depends_on = $5, options_by = $6, access = $7, archived_at = 0 WHERE id = $8`,
		p.Label, db.JSON(p.Options), p.Position, p.RequiredOnClose, p.DependsOn, db.JSON(p.OptionsBy), stored(p.Access), p.ID)
	return p, err
}

// Change says what to change; nil leaves a field alone. Object, name and type stay for good.
type Change struct {
	Label    *string   `json:"label"`
	Options  *[]string `json:"options"`
	Position *int      `json:"position"`

	RequiredOnClose *bool                `json:"required_on_close"`
	DependsOn       *string              `json:"depends_on"` // "" takes the dependence away
	OptionsBy       *map[string][]string `json:"options_by"`

	Access *desk.PropertyAccess `json:"access"` // one that is for everybody takes the limits away
}

// Update changes a property. Removing an option leaves it on the objects that have it; it cannot be chosen again.
func (s *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.PropertyID, c Change) (desk.Property, error) {
	before, err := db.One(ctx, tx, scan, `SELECT `+columns+` FROM properties WHERE id = $1 AND archived_at = 0`+tx.ForUpdate(), id)
	if err != nil {
		return before, missing(err)
	}
	p := before
	if c.Label != nil {
		p.Label = strings.TrimSpace(*c.Label)
	}
	if c.Options != nil {
		p.Options = *c.Options
	}
	if c.Position != nil {
		p.Position = *c.Position
	}
	if c.RequiredOnClose != nil {
		p.RequiredOnClose = *c.RequiredOnClose
	}
	if c.DependsOn != nil {
		p.DependsOn = *c.DependsOn
	}
	if c.OptionsBy != nil {
		p.OptionsBy = *c.OptionsBy
	}
	if c.Access != nil {
		p.Access = c.Access
	}
	if err := check(&p); err != nil {
		return before, err
	}
	all, err := s.List(ctx, tx, p.Object)
	if err != nil {
		return before, err
	}
	if err := checkDependence(p, all); err != nil {
		return before, err
	}
	if err := checkDependents(p, p.Options, all); err != nil {
		return before, err
	}
	if reflect.DeepEqual(p, before) {
		return before, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE properties SET label = $1, options = $2, position = $3, required_on_close = $4, depends_on = $5, options_by = $6, access = $7 WHERE id = $8`,
		p.Label, db.JSON(p.Options), p.Position, p.RequiredOnClose, p.DependsOn, db.JSON(p.OptionsBy), stored(p.Access), id); err != nil {
		return before, fmt.Errorf("property: update: %w", err)
	}
	return p, s.tell(ctx, tx, actor, &before, &p)
}

// Archive removes a property from forms and checks; stored values stay.
func (s *Service) Archive(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.PropertyID) error {
	before, err := s.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	all, err := s.List(ctx, tx, before.Object)
	if err != nil {
		return err
	}
	if err := checkDependents(before, []string{}, all); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE properties SET archived_at = $1 WHERE id = $2`, s.clk.Ms(), id); err != nil {
		return fmt.Errorf("property: archive: %w", err)
	}
	return s.tell(ctx, tx, actor, &before, nil)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, before, after *desk.Property) error {
	p := after
	if p == nil {
		p = before
	}
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor,
		Data: event.Data(map[string]any{"object": "property", "slug": p.Object + "." + p.Name, "before": before, "after": after})})
	return err
}

func check(p *desk.Property) error {
	if p.Object != Ticket && p.Object != Contact {
		return desk.Errorf(desk.Invalid, "property.object_unknown", "A property belongs to a ticket or a contact.").In("object")
	}
	if err := desk.CheckSlug("name", p.Name); err != nil {
		return err
	}
	if !slices.Contains(Types, p.Type) {
		return desk.Errorf(desk.Invalid, "property.type_unknown", "%q is not a type: use one of %s.", p.Type, strings.Join(Types, ", ")).In("type")
	}
	if p.Label == "" || len(p.Label) > maxLabel || strings.ContainsAny(p.Label, "\r\n") {
		return desk.Errorf(desk.Invalid, "property.label_malformed", "A label is one line of 1 to %d bytes.", maxLabel).In("label")
	}
	p.Access = tidy(p.Access)
	chosen := p.Type == "choice" || p.Type == "multi_choice"
	if p.Options == nil {
		p.Options = []string{}
	}
	if p.OptionsBy == nil || p.DependsOn == "" {
		p.OptionsBy = map[string][]string{}
	}
	if p.RequiredOnClose && p.Object != Ticket {
		return desk.Errorf(desk.Invalid, "property.never_closed", "Only a ticket is closed: a contact's property cannot be asked for then.").In("required_on_close")
	}
	switch {
	case chosen && len(p.Options) == 0:
		return desk.Errorf(desk.Invalid, "property.options_missing", "A choice needs at least one option.").In("options")
	case !chosen && len(p.Options) > 0:
		return desk.Errorf(desk.Invalid, "property.options_unused", "Only a choice has options.").In("options")
	case len(p.Options) > maxOptions:
		return desk.Errorf(desk.TooLarge, "property.options_too_many", "A choice may have at most %d options.", maxOptions).In("options")
	}
	seen := map[string]bool{}
	for _, o := range p.Options {
		if o == "" || len(o) > maxLabel || strings.ContainsAny(o, "\r\n") || seen[o] {
			return desk.Errorf(desk.Invalid, "property.option_malformed", "Options are different lines of 1 to %d bytes; %q is not.", maxLabel, o).In("options")
		}
		seen[o] = true
	}
	return nil
}
