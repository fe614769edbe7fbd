package setting

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/redaction/find"
)

// Redaction says what is blanked out of messages as they come in, over every channel (CO-12).
type Redaction struct {
	Kinds map[string]string `json:"kinds" yaml:"kinds,omitempty" doc:"By kind: card, dk_cpr, se_personnummer, fi_hetu, de_tax_id, iban. masked keeps the original sealed, for those with the permission; removed keeps nothing; what is not named is left."`
	Own   []OwnPattern      `json:"own" yaml:"own,omitempty" doc:"Patterns of your own, at most 20."`
}

// OwnPattern is a pattern of the installation's own.
type OwnPattern struct {
	Name    string `json:"name" yaml:"name"`
	Pattern string `json:"pattern" yaml:"pattern" doc:"A regular expression (RE2)."`
	Mode    string `json:"mode" yaml:"mode" enum:"masked,removed"`
}

// What becomes of what is found.
const (
	Masked  = "masked"
	Removed = "removed"
)

const (
	redactionName = "redaction"
	maxOwn        = 20
	maxPattern    = 300
)

// Redaction returns what is blanked out.
func (s *Service) Redaction(ctx context.Context, q db.Queryer) (Redaction, error) {
	v := Redaction{Kinds: map[string]string{}, Own: []OwnPattern{}}
	err := read(ctx, q, redactionName, &v)
	return v, err
}

// Rules are the settings as what looks for them. They have been checked when they were set.
func (v Redaction) Rules() (*find.Rules, error) {
	r := &find.Rules{Kinds: map[string]bool{}}
	for kind, mode := range v.Kinds {
		r.Kinds[kind] = mode == Masked
	}
	for i, p := range v.Own {
		x, err := regexp.Compile(p.Pattern)
		if err != nil {
			return nil, desk.Errorf(desk.Invalid, "redaction.pattern", "%q is no regular expression: %v.", p.Pattern, err).In(fmt.Sprintf("own.%d.pattern", i))
		}
		r.Own = append(r.Own, find.Pattern{Name: p.Name, Expr: x, Seal: p.Mode == Masked})
	}
	return r, nil
}

// Check refuses settings that mean nothing, and leaves out what is off.
func (v *Redaction) Check() error {
	known := append(find.Presets(), find.Card)
	kinds := map[string]string{}
	for kind, mode := range v.Kinds {
		switch {
		case !slices.Contains(known, kind):
			return desk.Errorf(desk.Invalid, "redaction.kind", "There is no kind %q. The kinds are %s.", kind, strings.Join(known, ", ")).In("kinds." + kind)
		case mode == "" || mode == "off":
		case mode != Masked && mode != Removed:
			return badMode("kinds." + kind)
		default:
			kinds[kind] = mode
		}
	}
	v.Kinds = kinds
	if v.Own == nil {
		v.Own = []OwnPattern{}
	}
	if len(v.Own) > maxOwn {
		return desk.Errorf(desk.Invalid, "redaction.many", "There are at most %d patterns.", maxOwn).In("own")
	}
	for i, p := range v.Own {
		at := fmt.Sprintf("own.%d.", i)
		x, err := regexp.Compile(p.Pattern)
		switch {
		case p.Mode != Masked && p.Mode != Removed:
			return badMode(at + "mode")
		case strings.TrimSpace(p.Name) == "" || len(p.Name) > 100:
			return desk.Errorf(desk.Invalid, "redaction.name", "Give the pattern a name of at most 100 bytes.").In(at + "name")
		case p.Pattern == "" || len(p.Pattern) > maxPattern:
			return desk.Errorf(desk.Invalid, "redaction.pattern", "A pattern has 1 to %d bytes.", maxPattern).In(at + "pattern")
		case err != nil:
			return desk.Errorf(desk.Invalid, "redaction.pattern", "%q is no regular expression: %v.", p.Pattern, err).In(at + "pattern")
		case x.MatchString("") || x.MatchString("a") && x.MatchString("1") && x.MatchString(" "):
			return desk.Errorf(desk.Invalid, "redaction.all", "This pattern finds everything.").In(at + "pattern")
		}
	}
	return nil
}

func badMode(field string) error {
	return desk.Errorf(desk.Invalid, "redaction.mode", "Choose masked, or removed.").In(field)
}

// SetRedaction changes what is blanked out. Records settings.changed with before and after, nothing when nothing changed.
func (s *Service) SetRedaction(ctx context.Context, tx *db.Tx, actor desk.Actor, v Redaction) (Redaction, error) {
	if err := v.Check(); err != nil {
		return v, err
	}
	before, err := s.Redaction(ctx, tx)
	if err != nil || reflect.DeepEqual(before, v) {
		return v, err
	}
	if err := s.store(ctx, tx, redactionName, string(db.JSON(v))); err != nil {
		return before, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "redaction", "slug": "redaction", "before": before, "after": v})})
	return v, err
}
