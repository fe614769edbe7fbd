package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Settings are what somebody wants to hear of and how. Kinds holds only what was chosen: the rest follows the installation's defaults, and those Kinds' own.
type Settings struct {
	Kinds map[Kind]map[string]bool `json:"kinds"`
	Email MailPlan                 `json:"email"`
	Quiet Quiet                    `json:"quiet"`
	Sound bool                     `json:"sound"`
}

// Builtin is what an installation begins with.
func Builtin() Settings {
	s := Settings{Kinds: map[Kind]map[string]bool{}, Email: MailPlan{Mode: AtOnce, Hours: 4, At: "08:00"}, Quiet: Quiet{From: "19:00", To: "07:00", Days: slices.Clone(Weekdays), DaysOff: []string{}}}
	for _, k := range Kinds {
		s.Kinds[k.Kind] = map[string]bool{}
		for _, t := range Targets {
			s.Kinds[k.Kind][t.Name] = slices.Contains(k.On, t.Name)
		}
	}
	return s
}

// targets is where a kind goes. MailPlan that is off reaches nobody.
func (s Settings) targets(k Kind) []string {
	var out []string
	for _, t := range Targets {
		if s.Kinds[k][t.Name] && (t.Name != Email || s.Email.Mode != Off) {
			out = append(out, t.Name)
		}
	}
	return out
}

// Choice is a change, and what is stored of one's choices: nil was not chosen.
type Choice struct {
	Kinds map[Kind]map[string]bool `json:"kinds,omitempty" yaml:"kinds,omitempty"`
	Email *MailPlan                `json:"email,omitempty" yaml:"email,omitempty"`
	Quiet *Quiet                   `json:"quiet,omitempty" yaml:"quiet,omitempty"`
	Sound *bool                    `json:"sound,omitempty" yaml:"sound,omitempty"`
}

// Over lays a choice over settings.
func (c Choice) Over(s Settings) Settings {
	kinds := make(map[Kind]map[string]bool, len(s.Kinds))
	for k, on := range s.Kinds {
		kinds[k] = maps.Clone(on)
		for t, v := range c.Kinds[k] {
			kinds[k][t] = v
		}
	}
	s.Kinds = kinds
	if c.Email != nil {
		s.Email = *c.Email
	}
	if c.Quiet != nil {
		s.Quiet = *c.Quiet
	}
	if c.Sound != nil {
		s.Sound = *c.Sound
	}
	return s
}

// add takes a later choice into an earlier one.
func (c Choice) add(later Choice) Choice {
	kinds := map[Kind]map[string]bool{}
	for _, from := range []Choice{c, later} {
		for k, on := range from.Kinds {
			if kinds[k] == nil {
				kinds[k] = map[string]bool{}
			}
			maps.Copy(kinds[k], on)
		}
	}
	out := Choice{Kinds: kinds, Email: c.Email, Quiet: c.Quiet, Sound: c.Sound}
	if later.Email != nil {
		out.Email = later.Email
	}
	if later.Quiet != nil {
		out.Quiet = later.Quiet
	}
	if later.Sound != nil {
		out.Sound = later.Sound
	}
	return out
}

func (c Choice) check() error {
	for k, on := range c.Kinds {
		if i := slices.IndexFunc(Kinds, func(s KindSpec) bool { return s.Kind == k && !s.NoTicks }); i < 0 {
			return desk.Errorf(desk.Invalid, "notify.kind_unknown", "%q is nothing that Kanal tells of.", k).In("kinds")
		}
		for t := range on {
			if !slices.ContainsFunc(Targets, func(s Target) bool { return s.Name == t }) {
				return desk.Errorf(desk.Invalid, "notify.target_unknown", "%q is no way of telling: use in_app, desktop or email.", t).In("kinds." + string(k))
			}
		}
	}
	if c.Email != nil {
		if err := c.Email.check(); err != nil {
			return err
		}
	}
	if c.Quiet != nil {
		return c.Quiet.check()
	}
	return nil
}

const installation desk.UserID = 0

func (s *Service) choice(ctx context.Context, q db.Queryer, user desk.UserID) (c Choice, err error) {
	err = q.QueryRow(ctx, "SELECT value FROM notification_settings WHERE user_id = $1", user).Scan(db.ScanJSON(&c))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("notify: settings: %w", err)
	}
	return c, nil
}

// Defaults are the installation's: what who has chosen nothing gets.
func (s *Service) Defaults(ctx context.Context, q db.Queryer) (Settings, error) {
	c, err := s.choice(ctx, q, installation)
	return c.Over(Builtin()), err
}

// Of is what counts for a person.
func (s *Service) Of(ctx context.Context, q db.Queryer, user desk.UserID) (Settings, error) {
	base, err := s.Defaults(ctx, q)
	if err != nil {
		return base, err
	}
	c, err := s.choice(ctx, q, user)
	return c.Over(base), err
}

// Chosen is what a person chose themself; user 0 is the installation.
func (s *Service) Chosen(ctx context.Context, q db.Queryer, user desk.UserID) (Choice, error) {
	return s.choice(ctx, q, user)
}

// Choose adds to a person's choices. Nobody else's business: no event.
func (s *Service) Choose(ctx context.Context, tx *db.Tx, user desk.UserID, c Choice) error {
	if err := c.check(); err != nil {
		return err
	}
	had, err := s.choice(ctx, tx, user)
	if err != nil {
		return err
	}
	return s.keep(ctx, tx, user, had.add(c))
}

// Forget makes a person follow the installation's defaults again.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, user desk.UserID) error {
	_, err := tx.Exec(ctx, "DELETE FROM notification_settings WHERE user_id = $1 AND user_id <> 0", user)
	return err
}

// SetDefaults changes the installation's defaults. Records settings.changed with before and after, nothing when nothing changed.
func (s *Service) SetDefaults(ctx context.Context, tx *db.Tx, actor desk.Actor, c Choice) (Settings, error) {
	if err := c.check(); err != nil {
		return Settings{}, err
	}
	had, err := s.choice(ctx, tx, installation)
	if err != nil {
		return Settings{}, err
	}
	next := had.add(c)
	before, after := had.Over(Builtin()), next.Over(Builtin())
	if reflect.DeepEqual(before, after) {
		return after, nil
	}
	if err := s.keep(ctx, tx, installation, next); err != nil {
		return before, err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "notifications", "slug": "notifications", "before": before, "after": after})})
	return after, err
}

func (s *Service) keep(ctx context.Context, tx *db.Tx, user desk.UserID, c Choice) error {
	_, err := tx.Exec(ctx, `INSERT INTO notification_settings (user_id, value, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, user, db.JSON(c), s.Clock.Ms())
	if err != nil {
		return fmt.Errorf("notify: settings: %w", err)
	}
	return nil
}

// everybodys are the settings of all who may sign in.
func (s *Service) everybodys(ctx context.Context, users []desk.User) ([]Person, error) {
	type row struct {
		user desk.UserID
		c    Choice
	}
	rows, err := db.All(ctx, s.DB, func(r db.Scanner) (x row, err error) { err = r.Scan(&x.user, db.ScanJSON(&x.c)); return x, err }, "SELECT user_id, value FROM notification_settings")
	if err != nil {
		return nil, fmt.Errorf("notify: settings: %w", err)
	}
	chosen := map[desk.UserID]Choice{}
	for _, r := range rows {
		chosen[r.user] = r.c
	}
	base := chosen[installation].Over(Builtin())
	out := make([]Person, len(users))
	for i, u := range users {
		out[i] = Person{User: u, Settings: chosen[u.ID].Over(base)}
	}
	return out, nil
}

// Unavailable says why a target reaches nobody just now, as a slug and a sentence; "" when it does.
func (s *Service) Unavailable(ctx context.Context, target string) (slug, sentence string) {
	if sender := s.Senders[target]; sender != nil {
		return sender.Unavailable(ctx)
	}
	if target == Email {
		return "no_sender", "This installation has nothing that sends mail."
	}
	return "", ""
}

// Zone is the time zone whose clock counts for a person with these settings.
func (s *Service) Zone(ctx context.Context, u desk.User, set Settings) (string, error) {
	_, company, err := s.Company(ctx, s.DB)
	return set.zone(u, company).String(), err
}
