// Package inbox owns inboxes and channel accounts: the tables inboxes, channel_accounts, address_registry,
// terms_acceptances, account_cursors and account_leases. It keeps one help desk (IH-08), seals secrets, asks the adapter whether
// settings can work, and holds the one registry of addresses, personal or team and never both (EM-09). It opens no
// connection (switchboard) and routes nothing. Called by intake, the switchboard, assignment, transfer and the admin API.
package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/secret"
)

// Tickets is what inboxes ask of tickets: ticket.Service.
type Tickets interface {
	EnsureDefaults(ctx context.Context, tx *db.Tx) error
	CheckPolicy(ctx context.Context, q db.Queryer, p desk.TicketPolicy) error
}

// People is what inboxes ask of users: people.Service.
type People interface {
	Unknown(ctx context.Context, q db.Queryer, emails, teams []string) (unknownUsers, unknownTeams []string, err error)
}

// Deps are what the service works with. Host is the host of the base URL: hosted addresses are at it.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Box      *secret.Box
	Channels *channel.Registry
	Tickets  Tickets
	People   People
	Host     string
	// Fresh are the settings that a new account of a channel begins with, made of those that were given. Nil: as given.
	Fresh func(ctx context.Context, q db.Queryer, spec channel.Spec, settings json.RawMessage) (json.RawMessage, error)
	// Removed is told of an account that is removed, in the same transaction. Nil: nobody.
	Removed func(ctx context.Context, tx *db.Tx, actor desk.Actor, acc desk.ChannelAccount) error
	// Check refuses settings for what an adapter cannot know: names of other things that are not there. Nil: nothing is.
	Check func(ctx context.Context, q db.Queryer, spec channel.Spec, settings json.RawMessage) error
	// Hours says whether there are business hours of a name: worktime.Service. Nil: none is asked.
	Hours func(ctx context.Context, q db.Queryer, slug string) (bool, error)
	// Skills says which of some slugs are no skill: skill.Service.Unknown. Nil: all are.
	Skills func(ctx context.Context, q db.Queryer, slugs []string) (unknown []string, err error)
}

// Service is the inboxes and channel accounts of this installation. Safe for concurrent use.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

const maxName = 200

func checkName(name string) error {
	if name == "" || len(name) > maxName || strings.ContainsAny(name, "\r\n\x00") {
		return desk.Errorf(desk.Invalid, "inbox.name_malformed", "A name is one line of 1 to %d bytes.", maxName).In("name")
	}
	return nil
}

const inboxColumns = `id, slug, kind, name, access, created_at`

func scanInbox(r db.Scanner) (b desk.Inbox, err error) {
	err = r.Scan(&b.ID, &b.Slug, &b.Kind, &b.Name, db.ScanJSON(&b.Access), &b.CreatedAt)
	b.Access = tidy(b.Access)
	return b, err
}

func tidy(a desk.Access) desk.Access {
	if a.Users == nil {
		a.Users = []desk.UserID{}
	}
	if a.Teams == nil {
		a.Teams = []desk.TeamID{}
	}
	slices.Sort(a.Users)
	slices.Sort(a.Teams)
	a.Users, a.Teams = slices.Compact(a.Users), slices.Compact(a.Teams)
	return a
}

func noInbox(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "inbox.not_found", "There is no such inbox.")
	}
	return err
}

// Inboxes returns every inbox, the help desk first.
func (s *Service) Inboxes(ctx context.Context, q db.Queryer) ([]desk.Inbox, error) {
	bs, err := db.All(ctx, q, scanInbox, `SELECT `+inboxColumns+` FROM inboxes WHERE archived_at = 0 ORDER BY CASE kind WHEN 'helpdesk' THEN 0 ELSE 1 END, name, id`)
	if err != nil {
		return nil, fmt.Errorf("inbox: list: %w", err)
	}
	return bs, nil
}

// Inbox returns an inbox, archived or not: history names it.
func (s *Service) Inbox(ctx context.Context, q db.Queryer, id desk.InboxID) (desk.Inbox, error) {
	b, err := db.One(ctx, q, scanInbox, `SELECT `+inboxColumns+` FROM inboxes WHERE id = $1`, id)
	return b, noInbox(err)
}

// InboxBySlug finds an inbox by its short name.
func (s *Service) InboxBySlug(ctx context.Context, q db.Queryer, slug string) (desk.Inbox, error) {
	b, err := db.One(ctx, q, scanInbox, `SELECT `+inboxColumns+` FROM inboxes WHERE slug = $1 AND archived_at = 0`, slug)
	return b, noInbox(err)
}

// Helpdesk returns the help desk.
func (s *Service) Helpdesk(ctx context.Context, q db.Queryer) (desk.Inbox, error) {
	b, err := db.One(ctx, q, scanInbox, `SELECT `+inboxColumns+` FROM inboxes WHERE kind = 'helpdesk'`)
	return b, noInbox(err)
}

// NewInbox is what an inbox begins with. Slug is made of Name when empty; Access nil is everyone.
type NewInbox struct {
	Slug   string         `json:"slug"`
	Kind   desk.InboxKind `json:"kind"`
	Name   string         `json:"name"`
	Access *desk.Access   `json:"access"`
}

// CreateInbox adds an inbox (IH-01). A second help desk is a Conflict, however many try at once (IH-08).
func (s *Service) CreateInbox(ctx context.Context, tx *db.Tx, actor desk.Actor, n NewInbox) (desk.Inbox, error) {
	b := desk.Inbox{ID: desk.InboxID(tx.NewID()), Slug: n.Slug, Kind: n.Kind, Name: strings.TrimSpace(n.Name), Access: tidy(desk.Access{Everyone: true}), CreatedAt: s.Clock.Ms()}
	if b.Kind == "" {
		b.Kind = desk.KindInbox
	}
	if b.Slug == "" {
		b.Slug = desk.Slug(b.Name)
	}
	if n.Access != nil {
		b.Access = tidy(*n.Access)
	}
	if b.Kind != desk.KindInbox && b.Kind != desk.KindHelpdesk {
		return desk.Inbox{}, desk.Errorf(desk.Invalid, "inbox.kind_unknown", "An inbox is of kind inbox or helpdesk.").In("kind")
	}
	if err := errors.Join(checkName(b.Name), desk.CheckSlug("slug", b.Slug)); err != nil {
		return desk.Inbox{}, err
	}
	added, made := int64(0), b.Slug
	for i := 2; ; i++ {
		var err error
		added, err = tx.Exec(ctx, `INSERT INTO inboxes (id, slug, kind, name, access, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			b.ID, b.Slug, b.Kind, b.Name, db.JSON(b.Access), b.CreatedAt)
		if err != nil {
			return desk.Inbox{}, fmt.Errorf("inbox: create: %w", err)
		}
		if added > 0 || n.Slug != "" || b.Kind == desk.KindHelpdesk || i > 1000 {
			break
		}
		b.Slug = fmt.Sprintf("%s-%d", made, i) // one that was made of the name takes a number when the name is another inbox's too
	}
	if added == 0 {
		if have, err := s.Helpdesk(ctx, tx); b.Kind == desk.KindHelpdesk && err == nil {
			return desk.Inbox{}, desk.Errorf(desk.Conflict, "inbox.one_helpdesk", "There is already a help desk, “%s”, and there is one in an installation. Make this one an inbox.", have.Name).In("kind")
		}
		return desk.Inbox{}, desk.Errorf(desk.Conflict, "inbox.slug_taken", "There is already an inbox with the short name %s.", b.Slug).In("slug")
	}
	return b, s.tellInbox(ctx, tx, actor, nil, &b)
}

// InboxChange says what to change; nil leaves a field alone. The kind stays for good.
type InboxChange struct {
	Slug   *string      `json:"slug"`
	Name   *string      `json:"name"`
	Access *desk.Access `json:"access"`
}

// UpdateInbox changes an inbox (IH-09). Records settings.changed with before and after.
func (s *Service) UpdateInbox(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.InboxID, c InboxChange) (desk.Inbox, error) {
	before, err := db.One(ctx, tx, scanInbox, `SELECT `+inboxColumns+` FROM inboxes WHERE id = $1 AND archived_at = 0`+tx.ForUpdate(), id)
	if err != nil {
		return before, noInbox(err)
	}
	b := before
	if c.Name != nil {
		b.Name = strings.TrimSpace(*c.Name)
	}
	if c.Access != nil {
		b.Access = tidy(*c.Access)
	}
	if c.Slug != nil {
		b.Slug = *c.Slug
	}
	if err := errors.Join(checkName(b.Name), desk.CheckSlug("slug", b.Slug)); err != nil {
		return before, err
	}
	if other, err := s.InboxBySlug(ctx, tx, b.Slug); err == nil && other.ID != id {
		return before, desk.Errorf(desk.Conflict, "inbox.slug_taken", "There is already an inbox with the short name %s.", b.Slug).In("slug")
	}
	if b.Slug == before.Slug && b.Name == before.Name && db.JSON(b.Access) == db.JSON(before.Access) {
		return before, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE inboxes SET slug = $1, name = $2, access = $3 WHERE id = $4`, b.Slug, b.Name, db.JSON(b.Access), id); err != nil {
		return before, fmt.Errorf("inbox: update: %w", err)
	}
	return b, s.tellInbox(ctx, tx, actor, &before, &b)
}

// ArchiveInbox removes an inbox without channel accounts; its history stays. The help desk stays.
func (s *Service) ArchiveInbox(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.InboxID) error {
	before, err := db.One(ctx, tx, scanInbox, `SELECT `+inboxColumns+` FROM inboxes WHERE id = $1 AND archived_at = 0`+tx.ForUpdate(), id)
	if err != nil {
		return noInbox(err)
	}
	if before.Kind == desk.KindHelpdesk {
		return desk.Errorf(desk.Conflict, "inbox.helpdesk_stays", "The help desk cannot be removed.")
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM channel_accounts WHERE inbox_id = $1 AND archived_at = 0`, id).Scan(&n); err != nil {
		return fmt.Errorf("inbox: archive: %w", err)
	}
	if n > 0 {
		return desk.Errorf(desk.Conflict, "inbox.has_accounts", "“%s” still has %d channels. Move or remove them first.", before.Name, n)
	}
	if _, err := tx.Exec(ctx, `UPDATE inboxes SET archived_at = $1, slug = slug || '.' || CAST(id AS TEXT) WHERE id = $2`, s.Clock.Ms(), id); err != nil {
		return fmt.Errorf("inbox: archive: %w", err)
	}
	return s.tellInbox(ctx, tx, actor, &before, nil)
}

func (s *Service) tellInbox(ctx context.Context, tx *db.Tx, actor desk.Actor, before, after *desk.Inbox) error {
	b := after
	if b == nil {
		b = before
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Inbox: b.ID,
		Data: event.Data(map[string]any{"object": "inbox", "slug": b.Slug, "before": before, "after": after})})
	return err
}
