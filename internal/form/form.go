// Package form owns what forms ask and what was answered (the tables forms, form_versions, form_submissions and form_files). A form is changed by making a
// new version; a submission is read by the version that it was made with. It evaluates answers on the server, whatever a browser did: conditions decide what
// was asked, pipeline and status are never what a visitor posts (FM-08), a hidden field without a source is what the form says. It refuses a definition that
// cannot be meant, a version that is not the latest, and answers that were not asked for. It knows neither channels nor tickets: the flow of a submission is
// internal/submission. Called by that, by api/forms, transfer and the erasure of a person.
package form

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Form is one form as it is now.
type Form struct {
	ID         desk.FormID
	Slug       string
	Name       string
	Definition Definition
	Version    int64
	Active     bool
	CreatedAt  desk.Time
	UpdatedAt  desk.Time
	ArchivedAt desk.Time
}

// Counted is a form with what came in.
type Counted struct {
	Form
	Submissions int
	Held        int
	Last        desk.Time
}

// Service is the forms. Safe for concurrent use.
type Service struct {
	clk *clock.Clock
	ev  *event.Log
}

// New makes the service.
func New(clk *clock.Clock, ev *event.Log) *Service { return &Service{clk, ev} }

const columns = "id, slug, name, definition, version, active, created_at, updated_at, archived_at"

func scan(r db.Scanner) (f Form, err error) {
	err = r.Scan(&f.ID, &f.Slug, &f.Name, db.ScanJSON(&f.Definition), &f.Version, &f.Active, &f.CreatedAt, &f.UpdatedAt, &f.ArchivedAt)
	return f, err
}

func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "form.not_found", "There is no such form.")
	}
	if err != nil {
		return fmt.Errorf("form: %w", err)
	}
	return nil
}

// List returns the forms by name, with what came in.
func (s *Service) List(ctx context.Context, q db.Queryer, archived bool) ([]Counted, error) {
	fs, err := db.All(ctx, q, scan, "SELECT "+columns+" FROM forms WHERE archived_at = 0 OR $1 = 1 ORDER BY LOWER(name), id LIMIT 2000", archived)
	if err != nil {
		return nil, fmt.Errorf("form: list: %w", err)
	}
	type count struct {
		id      desk.FormID
		n, held int
		last    desk.Time
	}
	counts, err := db.All(ctx, q, func(r db.Scanner) (c count, err error) { err = r.Scan(&c.id, &c.n, &c.held, &c.last); return c, err },
		"SELECT form_id, COUNT(*), SUM(CASE WHEN state = 'held' THEN 1 ELSE 0 END), MAX(created_at) FROM form_submissions WHERE state <> 'test' GROUP BY form_id")
	if err != nil {
		return nil, fmt.Errorf("form: count: %w", err)
	}
	out := make([]Counted, len(fs))
	for i, f := range fs {
		out[i].Form = f
		for _, c := range counts {
			if c.id == f.ID {
				out[i].Submissions, out[i].Held, out[i].Last = c.n, c.held, c.last
			}
		}
	}
	return out, nil
}

// Get returns a form, also an archived one.
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.FormID) (Form, error) {
	f, err := db.One(ctx, q, scan, "SELECT "+columns+" FROM forms WHERE id = $1", id)
	return f, missing(err)
}

// BySlug returns a form by its short name, also an archived one.
func (s *Service) BySlug(ctx context.Context, q db.Queryer, slug string) (Form, error) {
	f, err := db.One(ctx, q, scan, "SELECT "+columns+" FROM forms WHERE slug = $1", slug)
	return f, missing(err)
}

// At is a form's definition as it was in a version.
func (s *Service) At(ctx context.Context, q db.Queryer, id desk.FormID, version int64) (d Definition, err error) {
	err = q.QueryRow(ctx, "SELECT definition FROM form_versions WHERE form_id = $1 AND version = $2", id, version).Scan(db.ScanJSON(&d))
	return d, missing(err)
}

// NewForm is what a form begins with.
type NewForm struct {
	Name       string
	Slug       string      // of Name when empty, made unique
	Definition *Definition // nil: Starter
	Language   string      // of Starter
	Active     *bool
}

// Create adds a form.
func (s *Service) Create(ctx context.Context, tx *db.Tx, actor desk.Actor, n NewForm) (Form, error) {
	now := s.clk.Ms()
	f := Form{ID: desk.FormID(tx.NewID()), Slug: n.Slug, Name: oneLine(n.Name), Version: 1, Active: n.Active == nil || *n.Active, CreatedAt: now, UpdatedAt: now}
	if n.Definition != nil {
		f.Definition = *n.Definition
	} else {
		f.Definition = Starter(n.Language)
		f.Definition.Title = Text{"": f.Name}
	}
	if err := f.check(); err != nil {
		return f, err
	}
	given := f.Slug != ""
	base := f.Slug
	if !given {
		if base = desk.Slug(f.Name); base == "" {
			base = "untitled"
		}
	}
	for try := 1; ; try++ {
		f.Slug = base
		if try > 1 {
			f.Slug = fmt.Sprintf("%s-%d", base, try)
		}
		if err := desk.CheckSlug("slug", f.Slug); err != nil {
			return f, err
		}
		added, err := tx.Exec(ctx, `INSERT INTO forms (id, slug, name, definition, version, active, created_at, updated_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $6) ON CONFLICT (slug) DO NOTHING`,
			f.ID, f.Slug, f.Name, db.JSON(f.Definition), f.Active, now)
		if err != nil {
			return f, fmt.Errorf("form: create: %w", err)
		}
		if added == 1 {
			break
		}
		if given || try >= 50 {
			return f, desk.Errorf(desk.Conflict, "form.slug_taken", "There is already a form with the short name %s.", f.Slug).In("slug")
		}
	}
	if err := s.keep(ctx, tx, actor, f); err != nil {
		return f, err
	}
	return f, s.tell(ctx, tx, actor, desk.EvFormCreated, nil, &f, "")
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")), " ")
}

func (f *Form) check() error {
	if f.Name == "" || utf8.RuneCountInString(f.Name) > 120 {
		return desk.Errorf(desk.Invalid, "form.name", "A form needs a name of at most 120 characters.").In("name")
	}
	if b, err := json.Marshal(f.Definition); err != nil || len(b) > maxDefinition {
		return desk.Errorf(desk.TooLarge, "form.too_large", "A form may have at most %d KB.", maxDefinition>>10).In("definition")
	}
	return f.Definition.Check()
}

// keep writes the version as it is now.
func (s *Service) keep(ctx context.Context, tx *db.Tx, actor desk.Actor, f Form) error {
	_, err := tx.Exec(ctx, `INSERT INTO form_versions (form_id, version, definition, created_at, created_by) VALUES ($1, $2, $3, $4, $5)`,
		f.ID, f.Version, db.JSON(f.Definition), s.clk.Ms(), actor.UserID())
	if err != nil {
		return fmt.Errorf("form: keep version: %w", err)
	}
	return nil
}

// shape is a form in the audit log.
func shape(f *Form) any {
	if f == nil {
		return nil
	}
	return map[string]any{"name": f.Name, "slug": f.Slug, "active": f.Active, "version": f.Version, "archived": f.ArchivedAt != 0, "definition": f.Definition}
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, typ string, before, after *Form, why string) error {
	data := map[string]any{"id": after.ID, "name": after.Name, "slug": after.Slug, "before": shape(before), "after": shape(after)}
	if why != "" {
		data["why"] = why
	}
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: typ, Actor: actor, Data: event.Data(data)})
	return err
}

// Change says what to change; nil leaves a field alone. Version, when not 0, must be the latest.
type Change struct {
	Version    int64
	Name       *string
	Active     *bool
	Definition *Definition
	Archived   *bool
	Why        string // for the log
}

// Update changes a form. Another definition is a new version. Records form.updated, or form.archived; nothing when nothing changed.
func (s *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.FormID, c Change) (Form, error) {
	before, err := db.One(ctx, tx, scan, "SELECT "+columns+" FROM forms WHERE id = $1"+tx.ForUpdate(), id)
	if err != nil {
		return before, missing(err)
	}
	if c.Version != 0 && c.Version != before.Version {
		return before, desk.Errorf(desk.Conflict, "form.stale", "Somebody changed this form meanwhile. Load it again.").In("version")
	}
	f := before
	if c.Name != nil {
		f.Name = oneLine(*c.Name)
	}
	if c.Active != nil {
		f.Active = *c.Active
	}
	if c.Archived != nil {
		switch {
		case *c.Archived && f.ArchivedAt == 0:
			f.ArchivedAt = s.clk.Ms()
		case !*c.Archived:
			f.ArchivedAt = 0
		}
	}
	if c.Definition != nil {
		f.Definition = *c.Definition
	}
	if err := f.check(); err != nil {
		return before, err
	}
	other := !same(before.Definition, f.Definition)
	if !other && f.Name == before.Name && f.Active == before.Active && f.ArchivedAt == before.ArchivedAt {
		return before, nil
	}
	if other {
		f.Version++
	}
	f.UpdatedAt = s.clk.Ms()
	_, err = tx.Exec(ctx, "UPDATE forms SET name = $1, active = $2, definition = $3, version = $4, updated_at = $5, archived_at = $6 WHERE id = $7",
		f.Name, f.Active, db.JSON(f.Definition), f.Version, f.UpdatedAt, f.ArchivedAt, id)
	if err != nil {
		return before, fmt.Errorf("form: update: %w", err)
	}
	if other {
		if err := s.keep(ctx, tx, actor, f); err != nil {
			return before, err
		}
	}
	typ := desk.EvFormUpdated
	if f.ArchivedAt != 0 && before.ArchivedAt == 0 {
		typ = desk.EvFormArchived
	}
	return f, s.tell(ctx, tx, actor, typ, &before, &f, c.Why)
}

func same(a, b Definition) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// Why a definition changed by itself, in the log.
const (
	ChannelRemoved = "channel_removed"
	Restored       = "restored"
)

// StripTicket takes what fills tickets from a form, because its channel was removed (FM-12). Submissions keep theirs, since they are read by their own version.
func (s *Service) StripTicket(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.FormID) (Form, error) {
	f, err := s.Get(ctx, tx, id)
	if err != nil {
		return f, err
	}
	d := f.Definition.WithoutTicket()
	return s.Update(ctx, tx, actor, id, Change{Definition: &d, Why: ChannelRemoved})
}

// RestoreTicket puts back what the last removal of a channel took, at the places where it stood; what was changed since stays.
func (s *Service) RestoreTicket(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.FormID) (Form, error) {
	f, err := s.Get(ctx, tx, id)
	if err != nil {
		return f, err
	}
	versions, err := db.All(ctx, tx, func(r db.Scanner) (d Definition, err error) { err = r.Scan(db.ScanJSON(&d)); return d, err },
		"SELECT definition FROM form_versions WHERE form_id = $1 AND version < $2 ORDER BY version DESC LIMIT 200", id, f.Version)
	if err != nil {
		return f, fmt.Errorf("form: restore: %w", err)
	}
	i := slices.IndexFunc(versions, func(d Definition) bool { return len(d.TicketFields()) > 0 || d.Ticket.Make || d.Ticket.Pipeline != "" })
	if i < 0 || len(f.Definition.TicketFields()) > 0 {
		return f, desk.Errorf(desk.Conflict, "form.nothing_to_restore", "There is nothing to put back: no ticket fields were taken from this form.")
	}
	was, d := versions[i], f.Definition
	d.Fields = slices.Clone(d.Fields)
	for at, x := range was.Fields {
		if _, have := d.Field(x.Name); x.OfTicket() && !have {
			d.Fields = slices.Insert(d.Fields, min(at, len(d.Fields)), x)
		} else if j := slices.IndexFunc(d.Fields, func(y Field) bool { return y.Name == x.Name }); j >= 0 && d.Fields[j].ShowIf == nil {
			d.Fields[j].ShowIf = x.ShowIf
		}
	}
	d.Ticket = was.Ticket
	return s.Update(ctx, tx, actor, id, Change{Definition: &d, Why: Restored})
}
