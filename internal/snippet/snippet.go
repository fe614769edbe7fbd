// Package snippet owns texts that are written once and used often (the table snippets): short ones that go into an answer, and templates that are one, with a
// subject and with actions on the ticket (a template with actions is a macro, WS-24). It fills tokens and says which have no value; it knows neither tickets nor
// contacts: who asks gives the facts. It refuses unknown tokens, a slug that is taken, and a change by somebody else than its maker or an administrator.
// Called by the writing API, by dispatch's callers and by transfer.
package snippet

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
	"github.com/kanalhq/kanal/internal/richtext"
)

// The kinds: a snippet goes into what one writes, a template is the whole of it.
const (
	KindSnippet  = "snippet"
	KindTemplate = "template"
)

// Who sees one.
const (
	Private  = "private"
	Team     = "team"
	Everyone = "everyone"
)

// Snippet is one text.
type Snippet struct {
	ID         desk.SnippetID `json:"id"`
	Slug       string         `json:"slug"`
	Kind       string         `json:"kind" enum:"snippet,template"`
	Name       string         `json:"name"`
	Shortcut   string         `json:"shortcut" doc:"What one types after / to find it first."`
	Subject    string         `json:"subject" doc:"Of a template."`
	HTML       string         `json:"html"`
	Text       string         `json:"text"`
	Visibility string         `json:"visibility" enum:"private,team,everyone"`
	TeamID     desk.TeamID    `json:"team_id"`
	OwnerID    desk.UserID    `json:"owner_id"`
	Locale     string         `json:"locale" doc:"The language it is written in; empty for any."`
	Actions    Actions        `json:"actions" doc:"Of a template: what is done to the ticket with it."`
	Tokens     []string       `json:"tokens"`
	Uses       int64          `json:"uses"`
	LastUsedAt desk.Time      `json:"last_used_at"`
	CreatedAt  desk.Time      `json:"created_at"`
	UpdatedAt  desk.Time      `json:"updated_at"`
}

// Actions are what a template does to a ticket. An empty field does nothing.
type Actions struct {
	Status     string         `json:"status,omitempty" yaml:"status,omitempty" doc:"A status slug."`
	Priority   string         `json:"priority,omitempty" yaml:"priority,omitempty" enum:",none,low,medium,high,urgent"`
	Category   string         `json:"category,omitempty" yaml:"category,omitempty"`
	Owner      string         `json:"owner,omitempty" yaml:"owner,omitempty" doc:"me, none, or an email address of a user."`
	Team       string         `json:"team,omitempty" yaml:"team,omitempty" doc:"none, or the slug of a team."`
	Properties map[string]any `json:"properties,omitempty" yaml:"properties,omitempty"`
	Snooze     string         `json:"snooze,omitempty" yaml:"snooze,omitempty" enum:",reply,1h,4h,tomorrow,next_week"`
}

// Empty tells a template that only writes.
func (a Actions) Empty() bool {
	return a.Status == "" && a.Priority == "" && a.Category == "" && a.Owner == "" && a.Team == "" && len(a.Properties) == 0 && a.Snooze == ""
}

// Reader is who looks: their own, their teams' and everybody's are in sight.
type Reader struct {
	User  desk.UserID
	Teams []desk.TeamID
	Admin bool // changes those of others too, and sees those of every team
}

// Sees reports whether a reader may use a text.
func (r Reader) Sees(s Snippet) bool {
	switch s.Visibility {
	case Everyone:
		return true
	case Team:
		return r.Admin || slices.Contains(r.Teams, s.TeamID) || s.OwnerID == r.User
	}
	return s.OwnerID == r.User && r.User != 0
}

// May reports whether a reader may change a text.
func (r Reader) May(s Snippet) bool {
	return r.Sees(s) && (r.Admin || s.OwnerID == r.User || s.Visibility == Team && slices.Contains(r.Teams, s.TeamID))
}

// Service is the texts. Safe for concurrent use.
type Service struct {
	clk *clock.Clock
	ev  *event.Log
}

// New makes the service.
func New(clk *clock.Clock, ev *event.Log) *Service { return &Service{clk, ev} }

const columns = "id, slug, kind, name, shortcut, subject, html, text, visibility, team_id, owner_id, locale, actions, uses, last_used_at, created_at, updated_at"

func scan(r db.Scanner) (s Snippet, err error) {
	err = r.Scan(&s.ID, &s.Slug, &s.Kind, &s.Name, &s.Shortcut, &s.Subject, &s.HTML, &s.Text, &s.Visibility, &s.TeamID, &s.OwnerID, &s.Locale, db.ScanJSON(&s.Actions),
		&s.Uses, &s.LastUsedAt, &s.CreatedAt, &s.UpdatedAt)
	s.Tokens = Tokens(s.Subject, s.HTML)
	return s, err
}

var errNone = desk.Errorf(desk.NotFound, "snippet.not_found", "There is no such text, or it is not for you.")

// List returns what a reader sees, by name.
func (v *Service) List(ctx context.Context, q db.Queryer, r Reader) ([]Snippet, error) {
	all, err := db.All(ctx, q, scan, "SELECT "+columns+" FROM snippets WHERE visibility <> 'private' OR owner_id = $1 ORDER BY LOWER(name), id LIMIT 5000", r.User)
	if err != nil {
		return nil, fmt.Errorf("snippet: list: %w", err)
	}
	return slices.DeleteFunc(all, func(s Snippet) bool { return !r.Sees(s) }), nil
}

// Shared returns those that belong to more than one person, by slug.
func (v *Service) Shared(ctx context.Context, q db.Queryer) ([]Snippet, error) {
	return db.All(ctx, q, scan, "SELECT "+columns+" FROM snippets WHERE visibility <> 'private' ORDER BY slug")
}

// Get returns one that a reader sees.
func (v *Service) Get(ctx context.Context, q db.Queryer, r Reader, id desk.SnippetID) (Snippet, error) {
	s, err := scan(q.QueryRow(ctx, "SELECT "+columns+" FROM snippets WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !r.Sees(s) {
		return Snippet{}, errNone
	}
	if err != nil {
		return s, fmt.Errorf("snippet: get: %w", err)
	}
	return s, nil
}

// BySlug returns one by its slug, whosever it is.
func (v *Service) BySlug(ctx context.Context, q db.Queryer, slug string) (s Snippet, ok bool, err error) {
	s, err = scan(q.QueryRow(ctx, "SELECT "+columns+" FROM snippets WHERE slug = $1", slug))
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

const (
	maxName = 120
	maxBody = 256 << 10
)

// check puts a text into the form in which it is kept, or refuses it.
func (s *Snippet) check() error {
	s.Name, s.Shortcut, s.Subject = oneLine(s.Name), strings.TrimLeft(oneLine(s.Shortcut), "/"), oneLine(s.Subject)
	switch {
	case s.Name == "":
		return desk.Errorf(desk.Invalid, "snippet.name_missing", "Give it a name to find it by.").In("name")
	case utf8.RuneCountInString(s.Name) > maxName:
		return desk.Errorf(desk.Invalid, "snippet.name_too_long", "A name may have at most %d characters.", maxName).In("name")
	case utf8.RuneCountInString(s.Shortcut) > 40 || strings.ContainsAny(s.Shortcut, " \t"):
		return desk.Errorf(desk.Invalid, "snippet.shortcut", "A short form is one word of at most 40 characters.").In("shortcut")
	case s.Kind != KindSnippet && s.Kind != KindTemplate:
		return desk.Errorf(desk.Invalid, "snippet.kind", "It is a snippet or a template.").In("kind")
	case s.Visibility != Private && s.Visibility != Team && s.Visibility != Everyone:
		return desk.Errorf(desk.Invalid, "snippet.visibility", "It is private, for a team, or for everyone.").In("visibility")
	case s.Visibility == Team && s.TeamID == 0:
		return desk.Errorf(desk.Invalid, "snippet.team_missing", "Say which team it is for.").In("team_id")
	case len(s.HTML)+len(s.Text)+len(s.Subject) > maxBody:
		return desk.Errorf(desk.TooLarge, "snippet.too_large", "A text may have at most %d KB.", maxBody>>10).In("html")
	}
	if s.Visibility != Team {
		s.TeamID = 0
	}
	if strings.TrimSpace(s.HTML) == "" && s.Text != "" {
		s.HTML = richtext.FromText(s.Text)
	}
	s.HTML = richtext.SanitizeComposer(s.HTML)
	s.Text = strings.TrimSpace(richtext.ToText(s.HTML))
	if s.Kind == KindSnippet {
		s.Subject, s.Actions = "", Actions{}
	}
	if s.Text == "" && !strings.Contains(s.HTML, "<img") && s.Actions.Empty() {
		return desk.Errorf(desk.Invalid, "snippet.empty", "Write the text, or give the template something to do.").In("html")
	}
	for _, name := range Tokens(s.Subject, s.HTML) {
		if !Known(name) {
			return desk.Errorf(desk.Invalid, "snippet.token_unknown", "There is no token {{%s}}. Those there are: %s.", name, strings.Join(Names, ", ")).In("html")
		}
	}
	return s.Actions.check()
}

func (a *Actions) check() error {
	if !slices.Contains([]string{"", "none", "low", "medium", "high", "urgent"}, a.Priority) {
		return desk.Errorf(desk.Invalid, "snippet.priority", "%q is no priority.", a.Priority).In("actions.priority")
	}
	if !slices.Contains([]string{"", "reply", "1h", "4h", "tomorrow", "next_week"}, a.Snooze) {
		return desk.Errorf(desk.Invalid, "snippet.snooze", "A ticket rests for 1h, 4h, until tomorrow, next_week, or until a reply.").In("actions.snooze")
	}
	return nil
}

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return r < 0x20 || r == ' ' || r == 0xa0 }), " ")
}

// Create keeps a new text. Slug is made of the name when it is empty, with a number when that is taken. Records snippet.created.
func (v *Service) Create(ctx context.Context, tx *db.Tx, actor desk.Actor, s Snippet) (Snippet, error) {
	if s.Visibility == Private && s.OwnerID == 0 {
		return s, desk.Errorf(desk.Invalid, "snippet.owner_missing", "A private text belongs to somebody.").In("owner_id")
	}
	if err := s.check(); err != nil {
		return s, err
	}
	given := s.Slug != ""
	if !given {
		if s.Slug = desk.Slug(s.Name); s.Slug == "" {
			s.Slug = "text"
		}
	}
	if err := desk.CheckSlug("slug", s.Slug); err != nil {
		return s, err
	}
	s.ID, s.CreatedAt = desk.SnippetID(tx.NewID()), v.clk.Ms()
	s.UpdatedAt, s.Uses, s.LastUsedAt = s.CreatedAt, 0, 0
	base := s.Slug
	for n := 2; ; n++ {
		rows, err := tx.Exec(ctx, "INSERT INTO snippets ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT (slug) DO NOTHING",
			s.ID, s.Slug, s.Kind, s.Name, s.Shortcut, s.Subject, s.HTML, s.Text, s.Visibility, s.TeamID, s.OwnerID, s.Locale, db.JSON(s.Actions), s.Uses, s.LastUsedAt, s.CreatedAt, s.UpdatedAt)
		if err != nil {
			return s, fmt.Errorf("snippet: create: %w", err)
		}
		if rows == 1 {
			break
		}
		if given || n > 200 {
			return s, desk.Errorf(desk.Conflict, "snippet.slug_taken", "There is already a text with the short name %s.", s.Slug).In("slug")
		}
		s.Slug = fmt.Sprintf("%s-%d", base, n)
	}
	s.Tokens = Tokens(s.Subject, s.HTML)
	return s, v.tell(ctx, tx, actor, desk.EvSnippetCreated, nil, &s)
}

// Change says what to change; nil leaves a field alone.
type Change struct {
	Name, Shortcut, Subject, HTML, Visibility, Locale, Kind *string
	TeamID                                                  *desk.TeamID
	Actions                                                 *Actions
}

// Update changes a text, for a reader who may. Records snippet.updated; nothing when nothing changed.
func (v *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, r Reader, id desk.SnippetID, c Change) (Snippet, error) {
	before, err := v.Get(ctx, tx, r, id)
	if err != nil {
		return before, err
	}
	if !r.May(before) {
		return before, desk.Errorf(desk.Forbidden, "snippet.not_yours", "Only who made this text or an administrator changes it. Make a copy of your own.")
	}
	s := before
	for _, f := range []struct{ dst, src *string }{{&s.Name, c.Name}, {&s.Shortcut, c.Shortcut}, {&s.Subject, c.Subject}, {&s.HTML, c.HTML}, {&s.Visibility, c.Visibility}, {&s.Locale, c.Locale}, {&s.Kind, c.Kind}} {
		if f.src != nil {
			*f.dst = *f.src
		}
	}
	if c.TeamID != nil {
		s.TeamID = *c.TeamID
	}
	if c.Actions != nil {
		s.Actions = *c.Actions
	}
	if s.Visibility == Private && s.OwnerID == 0 {
		s.OwnerID = r.User
	}
	if err := s.check(); err != nil {
		return before, err
	}
	if same(before, s) {
		return before, nil
	}
	s.UpdatedAt = v.clk.Ms()
	_, err = tx.Exec(ctx, `UPDATE snippets SET kind = $1, name = $2, shortcut = $3, subject = $4, html = $5, text = $6, visibility = $7, team_id = $8, owner_id = $9, locale = $10, actions = $11, updated_at = $12
		WHERE id = $13`, s.Kind, s.Name, s.Shortcut, s.Subject, s.HTML, s.Text, s.Visibility, s.TeamID, s.OwnerID, s.Locale, db.JSON(s.Actions), s.UpdatedAt, id)
	if err != nil {
		return before, fmt.Errorf("snippet: update: %w", err)
	}
	s.Tokens = Tokens(s.Subject, s.HTML)
	return s, v.tell(ctx, tx, actor, desk.EvSnippetUpdated, &before, &s)
}

func same(a, b Snippet) bool {
	x, _ := json.Marshal(a)
	b.Tokens = a.Tokens
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// Delete removes a text, for a reader who may. What was written with it stays.
func (v *Service) Delete(ctx context.Context, tx *db.Tx, actor desk.Actor, r Reader, id desk.SnippetID) error {
	s, err := v.Get(ctx, tx, r, id)
	if err != nil {
		return err
	}
	if !r.May(s) {
		return desk.Errorf(desk.Forbidden, "snippet.not_yours", "Only who made this text or an administrator deletes it.")
	}
	if _, err := tx.Exec(ctx, "DELETE FROM snippets WHERE id = $1", id); err != nil {
		return fmt.Errorf("snippet: delete: %w", err)
	}
	return v.tell(ctx, tx, actor, desk.EvSnippetDeleted, &s, nil)
}

// Used counts that a text was taken.
func (v *Service) Used(ctx context.Context, tx *db.Tx, id desk.SnippetID) error {
	if _, err := tx.Exec(ctx, "UPDATE snippets SET uses = uses + 1, last_used_at = $1 WHERE id = $2", v.clk.Ms(), id); err != nil {
		return fmt.Errorf("snippet: used: %w", err)
	}
	return nil
}

// tell records what happened: the texts themselves of shared ones, so that the audit log shows before and after; of private ones that it happened.
func (v *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, typ string, before, after *Snippet) error {
	s := after
	if s == nil {
		s = before
	}
	data := map[string]any{"id": s.ID, "kind": s.Kind, "name": s.Name, "visibility": s.Visibility}
	if s.Visibility != Private && (before == nil || before.Visibility != Private) {
		data["before"], data["after"] = before, after
	}
	ev := desk.Event{Type: typ, Actor: actor, Data: event.Data(data)}
	if s.Visibility == Private {
		ev.UserID = s.OwnerID
	}
	_, err := v.ev.Record(ctx, tx, ev)
	return err
}
