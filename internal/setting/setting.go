// Package setting owns what is set once for the installation: the company's name, language and time zone, and the check that the master key is still the
// one that sealed the credentials (the table settings). It refuses unknown zones and a foreign key. Called at start-up, by transfer, dispatch (the company's
// name in a From line) and the admin API.
package setting

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/secret"
)

// Service is the settings of this installation. Safe for concurrent use.
type Service struct {
	db  *db.DB
	clk *clock.Clock
	ev  *event.Log

	onRhythm func(ctx context.Context, tx *db.Tx) error
}

// New makes the service.
func New(d *db.DB, clk *clock.Clock, ev *event.Log) *Service {
	return &Service{db: d, clk: clk, ev: ev}
}

// Company is who runs this installation. Locale and Timezone are what users without their own get.
type Company struct {
	Name     string `json:"name"`
	Locale   string `json:"locale"`
	Timezone string `json:"timezone"`
	Color    string `json:"color" doc:"Of the brand, like #1f6feb: what visitors see has it where nothing else is chosen (CH-11)."`
	Privacy  bool   `json:"data_privacy" doc:"Data privacy: new channels with visitors ask for consent (CO-01)."`
}

const (
	companyName  = "company"
	keyCheckName = "key_check"
	filesName    = "files"
	maxName      = 200
)

// DefaultCompany is what an installation begins with.
var DefaultCompany = Company{Name: "", Locale: "en", Timezone: "UTC", Color: "#1f6feb"}

// Company returns the company's settings.
func (s *Service) Company(ctx context.Context, q db.Queryer) (Company, error) {
	c := DefaultCompany
	err := read(ctx, q, companyName, &c)
	return c, err
}

// LockCompany holds the company's settings until the transaction ends, also when nothing was set yet.
func (s *Service) LockCompany(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`, companyName, db.JSON(DefaultCompany), s.clk.Ms())
	if err == nil {
		_, err = db.All(ctx, tx, db.Column[string], `SELECT name FROM settings WHERE name = $1`+tx.ForUpdate(), companyName)
	}
	if err != nil {
		return fmt.Errorf("setting: company: %w", err)
	}
	return nil
}

// CompanyChange says what to change; nil leaves a field alone.
type CompanyChange struct {
	Name     *string `json:"name"`
	Locale   *string `json:"locale"`
	Timezone *string `json:"timezone"`
	Color    *string `json:"color"`
	Privacy  *bool   `json:"data_privacy"`
}

var colorForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)

var localeForm = regexp.MustCompile(`^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

// SetCompany changes the company's settings. Records settings.changed with before and after, nothing when nothing changed.
func (s *Service) SetCompany(ctx context.Context, tx *db.Tx, actor desk.Actor, change CompanyChange) (Company, error) {
	var had string
	err := tx.QueryRow(ctx, `SELECT value FROM settings WHERE name = $1`+tx.ForUpdate(), companyName).Scan(&had)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Company{}, fmt.Errorf("setting: company: %w", err)
	}
	before := DefaultCompany
	if had != "" {
		if err := json.Unmarshal([]byte(had), &before); err != nil {
			return Company{}, fmt.Errorf("setting: company: %w", err)
		}
	}
	c := before
	if change.Name != nil {
		c.Name = strings.TrimSpace(*change.Name)
	}
	if change.Locale != nil {
		c.Locale = *change.Locale
	}
	if change.Timezone != nil {
		c.Timezone = *change.Timezone
	}
	if change.Color != nil {
		c.Color = strings.ToLower(*change.Color)
	}
	if change.Privacy != nil {
		c.Privacy = *change.Privacy
	}
	switch {
	case len(c.Name) > maxName || strings.ContainsAny(c.Name, "\r\n\x00"):
		return before, desk.Errorf(desk.Invalid, "company.name_malformed", "The company's name is one line of at most %d bytes.", maxName).In("name")
	case !localeForm.MatchString(c.Locale):
		return before, desk.Errorf(desk.Invalid, "company.locale_malformed", "%q is not a language code such as en, de or pt-BR.", c.Locale).In("locale")
	case !colorForm.MatchString(c.Color):
		return before, desk.Errorf(desk.Invalid, "company.color_malformed", "%q is not a colour: write it like #1f6feb.", c.Color).In("color")
	case c.Timezone == "" || c.Timezone == "Local" || !zone(c.Timezone):
		return before, desk.Errorf(desk.Invalid, "company.timezone_unknown", "%q is not a time zone: write it like Europe/Copenhagen.", c.Timezone).In("timezone")
	}
	if c == before {
		return c, nil
	}
	if err := s.store(ctx, tx, companyName, string(db.JSON(c))); err != nil {
		return before, err
	}
	if c.Timezone != before.Timezone {
		if err := s.rhythmChanged(ctx, tx); err != nil {
			return before, err
		}
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "company", "slug": "company", "before": before, "after": c})})
	return c, err
}

func zone(name string) bool { _, err := time.LoadLocation(name); return err == nil }

// read fills v with what is stored under a name; what was never stored leaves v as it is.
func read[T any](ctx context.Context, q db.Queryer, name string, v *T) error {
	err := q.QueryRow(ctx, `SELECT value FROM settings WHERE name = $1`, name).Scan(db.ScanJSON(v))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("setting: read %s: %w", name, err)
	}
	return nil
}

func (s *Service) store(ctx context.Context, tx *db.Tx, name, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, name, value, s.clk.Ms())
	if err != nil {
		return fmt.Errorf("setting: store %s: %w", name, err)
	}
	return nil
}

// CheckKey fails with secret.wrong_key when this is not the master key that the installation was made with; the first start stores what to compare.
func (s *Service) CheckKey(ctx context.Context, tx *db.Tx, box *secret.Box) error {
	var check string
	err := tx.QueryRow(ctx, `SELECT value FROM settings WHERE name = $1`, keyCheckName).Scan(&check)
	if errors.Is(err, sql.ErrNoRows) {
		return s.store(ctx, tx, keyCheckName, box.Check())
	}
	if err != nil {
		return fmt.Errorf("setting: key check: %w", err)
	}
	return box.Matches(check)
}

// FilesMark is the mark of the place where this installation keeps its files, "" when none was noted yet. If fresh is not empty it is noted when there is
// none; of several who come at once the first wins.
func (s *Service) FilesMark(ctx context.Context, tx *db.Tx, fresh string) (mark string, err error) {
	if fresh != "" {
		_, err = tx.Exec(ctx, `INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`, filesName, fresh, s.clk.Ms())
		if err != nil {
			return "", fmt.Errorf("setting: files: %w", err)
		}
	}
	err = tx.QueryRow(ctx, `SELECT value FROM settings WHERE name = $1`, filesName).Scan(&mark)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("setting: files: %w", err)
	}
	return mark, nil
}
