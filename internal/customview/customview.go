// Package customview owns saved views of tickets (the table custom_views): a name, a filter, columns, an order, a grouping and a layout, for oneself,
// a team or everyone (WS-06), and what a filter is: its JSON, its fields, its checks. It refuses filters on what does not exist and changes by those who
// may not. It reads no ticket: view makes SQL of a filter. Called by the API, by view and by transfer.
package customview

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

// Visibility says who sees a view.
type Visibility string

// The visibilities.
const (
	Private  Visibility = "private"
	Team     Visibility = "team"
	Everyone Visibility = "everyone"
)

// View is a saved view.
type View struct {
	ID         desk.ViewID  `json:"id"`
	Slug       string       `json:"slug" doc:"Names a shared view in the settings file; empty for a private one."`
	Name       string       `json:"name"`
	Visibility Visibility   `json:"visibility" enum:"private,team,everyone"`
	OwnerID    desk.UserID  `json:"owner_id" doc:"Who made it; a private view is seen by nobody else."`
	TeamID     desk.TeamID  `json:"team_id" doc:"Of visibility team."`
	SpaceID    desk.SpaceID `json:"space_id" doc:"The space that it stands in, and whose tickets it shows; null: none."`
	Filter     Filter       `json:"filter"`
	Columns    []string     `json:"columns" doc:"Of the table, in order; empty: the usual ones."`
	Sort       string       `json:"sort" doc:"A field, or -field; empty: newest activity first."`
	Group      string       `json:"group" doc:"A field to group by; empty: none."`
	Layout     string       `json:"layout" enum:",split,table,board"`
	Position   int          `json:"position"`
	Version    int64        `json:"version"`
	CreatedAt  desk.Time    `json:"created_at"`
	UpdatedAt  desk.Time    `json:"updated_at"`
}

// Shared reports whether others may see it.
func (v View) Shared() bool { return v.Visibility != Private }

// Reader is who looks at views or changes them.
type Reader struct {
	User  desk.UserID
	Teams []desk.TeamID
	Share bool // may make and change what others see
}

// Sees reports whether the reader sees a view. Who may share sees the views of every team, to look after them.
func (r Reader) Sees(v View) bool {
	switch v.Visibility {
	case Everyone:
		return true
	case Team:
		return r.Share || v.OwnerID == r.User || slices.Contains(r.Teams, v.TeamID)
	}
	return v.OwnerID == r.User
}

// Changes reports whether the reader may change or remove a view.
func (r Reader) Changes(v View) bool {
	if v.Shared() {
		return r.Share
	}
	return v.OwnerID == r.User
}

// Limits of views.
const (
	maxName       = 100
	maxColumns    = 30
	maxOfUser     = 200
	maxShared     = 500
	firstPosition = 1
)

// Properties gives the custom properties of an object: property.Service.
type Properties interface {
	List(ctx context.Context, q db.Queryer, object string) ([]desk.Property, error)
}

// Service is the saved views. Safe for concurrent use.
type Service struct {
	db    *db.DB
	clk   *clock.Clock
	ev    *event.Log
	props Properties
}

// New makes the service.
func New(d *db.DB, clk *clock.Clock, ev *event.Log, props Properties) *Service {
	return &Service{db: d, clk: clk, ev: ev, props: props}
}

// Now is the time by the installation's clock.
func (s *Service) Now() desk.Time { return s.clk.Ms() }

// Fields is the catalogue as it is now.
func (s *Service) Fields(ctx context.Context, q db.Queryer) (Catalogue, error) {
	props, err := s.props.List(ctx, q, "")
	if err != nil {
		return nil, fmt.Errorf("customview: fields: %w", err)
	}
	return Fields(props), nil
}

const columns = `id, slug, name, visibility, owner_id, team_id, filter, columns, sort, group_by, layout, position, version, created_at, updated_at, space_id`

func scan(r db.Scanner) (v View, err error) {
	v.Columns = []string{}
	err = r.Scan(&v.ID, &v.Slug, &v.Name, &v.Visibility, &v.OwnerID, &v.TeamID, db.ScanJSON(&v.Filter), db.ScanJSON(&v.Columns), &v.Sort, &v.Group, &v.Layout, &v.Position, &v.Version,
		&v.CreatedAt, &v.UpdatedAt, &v.SpaceID)
	return v, err
}

func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "customview.not_found", "There is no such view, or it is not shared with you.")
	}
	return err
}

// Shared lists the views for teams and everyone, in their order.
func (s *Service) Shared(ctx context.Context, q db.Queryer) ([]View, error) {
	vs, err := db.All(ctx, q, scan, `SELECT `+columns+` FROM custom_views WHERE visibility <> 'private' ORDER BY position, name, id`)
	if err != nil {
		return nil, fmt.Errorf("customview: shared: %w", err)
	}
	return vs, nil
}

// List gives the views that a reader sees, in their order.
func (s *Service) List(ctx context.Context, q db.Queryer, r Reader) ([]View, error) {
	vs, err := db.All(ctx, q, scan, `SELECT `+columns+` FROM custom_views WHERE visibility <> 'private' OR owner_id = $1 ORDER BY position, name, id`, r.User)
	if err != nil {
		return nil, fmt.Errorf("customview: list: %w", err)
	}
	return slices.DeleteFunc(vs, func(v View) bool { return !r.Sees(v) }), nil
}

// Get is one view; what the reader does not see is not found.
func (s *Service) Get(ctx context.Context, q db.Queryer, r Reader, id desk.ViewID) (View, error) {
	v, err := db.One(ctx, q, scan, `SELECT `+columns+` FROM custom_views WHERE id = $1`, id)
	if err != nil {
		return v, missing(err)
	}
	if !r.Sees(v) {
		return View{}, missing(sql.ErrNoRows)
	}
	return v, nil
}

// Create adds a view. Its owner is the reader; a shared one gets a slug of its name.
func (s *Service) Create(ctx context.Context, tx *db.Tx, actor desk.Actor, r Reader, v View) (View, error) {
	if v.Visibility == "" {
		v.Visibility = Private
	}
	v.OwnerID = r.User
	if !r.Changes(v) {
		return v, notYours()
	}
	if err := s.check(ctx, tx, &v); err != nil {
		return v, err
	}
	have, err := db.One(ctx, tx, db.Column[int], `SELECT COUNT(*) FROM custom_views WHERE (visibility = 'private') = ($1 = 'private') AND (visibility <> 'private' OR owner_id = $2)`, string(v.Visibility), v.OwnerID)
	if err != nil {
		return v, fmt.Errorf("customview: create: %w", err)
	}
	if v.Shared() && have >= maxShared || !v.Shared() && have >= maxOfUser {
		return v, desk.Errorf(desk.TooLarge, "customview.too_many", "There may be at most %d shared views and %d of one's own. Remove some first.", maxShared, maxOfUser)
	}
	if v.Slug, err = s.slug(ctx, tx, v); err != nil {
		return v, err
	}
	v.ID, v.Version = desk.ViewID(tx.NewID()), 1
	if v.Position == 0 {
		v.Position = firstPosition + have
	}
	v.CreatedAt = s.clk.Ms()
	v.UpdatedAt = v.CreatedAt
	_, err = tx.Exec(ctx, `INSERT INTO custom_views (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, v.ID, v.Slug, v.Name, string(v.Visibility), v.OwnerID,
		v.TeamID, db.JSON(v.Filter), db.JSON(v.Columns), v.Sort, v.Group, v.Layout, v.Position, v.Version, v.CreatedAt, v.UpdatedAt, v.SpaceID)
	if err != nil {
		return v, fmt.Errorf("customview: create: %w", err)
	}
	return v, s.tell(ctx, tx, actor, desk.EvViewCreated, v, nil)
}

// slug is a free short name for a shared view; the one it has stays.
func (s *Service) slug(ctx context.Context, tx *db.Tx, v View) (string, error) {
	if !v.Shared() {
		return "", nil
	}
	base := v.Slug
	if base == "" {
		if base = desk.Slug(v.Name); base == "" {
			base = "view"
		}
	} else if err := desk.CheckSlug("slug", base); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		slug := base
		if n > 1 {
			slug = fmt.Sprintf("%s-%d", base, n)
		}
		taken, err := db.One(ctx, tx, db.Column[int], `SELECT COUNT(*) FROM custom_views WHERE slug = $1 AND id <> $2`, slug, v.ID)
		if err != nil || taken == 0 {
			return slug, err
		}
	}
}

// Change says what to change; nil leaves a field alone.
type Change struct {
	Name       *string
	Visibility *Visibility
	TeamID     *desk.TeamID
	SpaceID    *desk.SpaceID
	Filter     *Filter
	Columns    *[]string
	Sort       *string
	Group      *string
	Layout     *string
	Position   *int
	Version    int64 // 0: whatever it is now
}

// Update changes a view. Sharing one's own view, and taking a shared one back, needs the right to share.
func (s *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, r Reader, id desk.ViewID, c Change) (View, error) {
	before, err := db.One(ctx, tx, scan, `SELECT `+columns+` FROM custom_views WHERE id = $1`+tx.ForUpdate(), id)
	if err != nil {
		return before, missing(err)
	}
	if !r.Sees(before) {
		return View{}, missing(sql.ErrNoRows)
	}
	v := before
	if c.Version != 0 && c.Version != v.Version {
		return before, desk.Errorf(desk.Conflict, "customview.stale", "Somebody else changed this view meanwhile. Look at it again, then repeat your change.").In("version")
	}
	c.put(&v)
	if v.Shared() != before.Shared() {
		v.OwnerID = r.User // what is taken back becomes one's own
	}
	if !r.Changes(before) || !r.Changes(v) {
		return before, notYours()
	}
	if err := s.check(ctx, tx, &v); err != nil {
		return before, err
	}
	fields := changed(before, v)
	if len(fields) == 0 {
		return before, nil
	}
	if v.Slug, err = s.slug(ctx, tx, v); err != nil {
		return before, err
	}
	v.UpdatedAt = s.clk.Ms()
	v.Version++
	if _, err := tx.Exec(ctx, `UPDATE custom_views SET slug = $1, name = $2, visibility = $3, owner_id = $4, team_id = $5, filter = $6, columns = $7, sort = $8, group_by = $9, layout = $10, position = $11,
		version = $12, updated_at = $13, space_id = $14 WHERE id = $15`, v.Slug, v.Name, string(v.Visibility), v.OwnerID, v.TeamID, db.JSON(v.Filter), db.JSON(v.Columns), v.Sort, v.Group, v.Layout, v.Position, v.Version,
		v.UpdatedAt, v.SpaceID, v.ID); err != nil {
		return before, fmt.Errorf("customview: update: %w", err)
	}
	return v, s.tell(ctx, tx, actor, desk.EvViewUpdated, v, fields)
}

func (c Change) put(v *View) {
	put(&v.Name, c.Name)
	put(&v.Visibility, c.Visibility)
	put(&v.TeamID, c.TeamID)
	put(&v.SpaceID, c.SpaceID)
	put(&v.Filter, c.Filter)
	put(&v.Columns, c.Columns)
	put(&v.Sort, c.Sort)
	put(&v.Group, c.Group)
	put(&v.Layout, c.Layout)
	put(&v.Position, c.Position)
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// changed names the fields that differ.
func changed(a, b View) []string {
	out := []string{}
	for _, f := range []struct {
		name string
		a, b any
	}{
		{"name", a.Name, b.Name}, {"visibility", a.Visibility, b.Visibility}, {"team_id", a.TeamID, b.TeamID}, {"space_id", a.SpaceID, b.SpaceID}, {"filter", string(db.JSON(a.Filter)), string(db.JSON(b.Filter))},
		{"columns", string(db.JSON(a.Columns)), string(db.JSON(b.Columns))}, {"sort", a.Sort, b.Sort}, {"group", a.Group, b.Group}, {"layout", a.Layout, b.Layout}, {"position", a.Position, b.Position},
	} {
		if !reflect.DeepEqual(f.a, f.b) {
			out = append(out, f.name)
		}
	}
	return out
}

// Delete removes a view.
func (s *Service) Delete(ctx context.Context, tx *db.Tx, actor desk.Actor, r Reader, id desk.ViewID) error {
	v, err := s.Get(ctx, tx, r, id)
	if err != nil {
		return err
	}
	if !r.Changes(v) {
		return notYours()
	}
	if _, err := tx.Exec(ctx, `DELETE FROM custom_views WHERE id = $1`, id); err != nil {
		return fmt.Errorf("customview: delete: %w", err)
	}
	return s.tell(ctx, tx, actor, desk.EvViewDeleted, v, nil)
}

// OfSpace counts the views that stand in a space.
func (s *Service) OfSpace(ctx context.Context, q db.Queryer, id desk.SpaceID) (shared, private int, err error) {
	err = q.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN visibility = 'private' THEN 0 ELSE 1 END), 0), COALESCE(SUM(CASE WHEN visibility = 'private' THEN 1 ELSE 0 END), 0)
		FROM custom_views WHERE space_id <> 0 AND space_id = $1`, id).Scan(&shared, &private)
	if err != nil {
		return 0, 0, fmt.Errorf("customview: of a space: %w", err)
	}
	return shared, private, nil
}

// LeaveSpace takes the views out of a space that goes: shared ones go with it, private ones are their owners' and stay, in no space.
func (s *Service) LeaveSpace(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.SpaceID) error {
	vs, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM custom_views WHERE space_id <> 0 AND space_id = $1 ORDER BY id`+tx.ForUpdate(), id)
	if err != nil {
		return fmt.Errorf("customview: leave a space: %w", err)
	}
	for _, v := range vs {
		text, kind, fields := `DELETE FROM custom_views WHERE id = $1`, desk.EvViewDeleted, []string(nil)
		if !v.Shared() {
			text, kind, fields = `UPDATE custom_views SET space_id = 0, version = version + 1 WHERE id = $1`, desk.EvViewUpdated, []string{"space_id"}
		}
		if _, err := tx.Exec(ctx, text, v.ID); err != nil {
			return fmt.Errorf("customview: leave a space: %w", err)
		}
		if err := s.tell(ctx, tx, actor, kind, v, fields); err != nil {
			return err
		}
	}
	return nil
}

func notYours() error {
	return desk.Errorf(desk.Forbidden, "customview.not_yours", "Views that others see are changed by supervisors and administrators. You can save a view of your own.")
}

// tell records what happened to a view. What a private one is called is its owner's business.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, kind string, v View, fields []string) error {
	data := map[string]any{"id": v.ID, "visibility": v.Visibility}
	if v.Shared() {
		data["name"], data["slug"], data["team_id"], data["space_id"] = v.Name, v.Slug, v.TeamID, v.SpaceID
	}
	if fields != nil {
		data["fields"] = fields
	}
	e := desk.Event{Type: kind, Actor: actor, Data: event.Data(data)}
	if !v.Shared() {
		e.UserID = v.OwnerID
	}
	_, err := s.ev.Record(ctx, tx, e)
	return err
}

// check cleans a view and refuses what does not hold together.
func (s *Service) check(ctx context.Context, q db.Queryer, v *View) error {
	v.Name = strings.TrimSpace(v.Name)
	if v.Name == "" || len(v.Name) > maxName || strings.ContainsAny(v.Name, "\r\n") {
		return desk.Errorf(desk.Invalid, "customview.name_malformed", "A view's name is one line of 1 to %d bytes.", maxName).In("name")
	}
	switch v.Visibility {
	case Private, Everyone:
		v.TeamID = 0
	case Team:
		n, err := db.One(ctx, q, db.Column[int], `SELECT COUNT(*) FROM teams WHERE id = $1`, v.TeamID)
		if err != nil {
			return fmt.Errorf("customview: check: %w", err)
		}
		if n == 0 {
			return desk.Errorf(desk.Invalid, "customview.team_missing", "Name the team that sees the view.").In("team_id")
		}
	default:
		return desk.Errorf(desk.Invalid, "customview.visibility_unknown", "A view is for private, team or everyone.").In("visibility")
	}
	if v.SpaceID != 0 {
		n, err := db.One(ctx, q, db.Column[int], `SELECT COUNT(*) FROM spaces WHERE id = $1`, v.SpaceID)
		if err != nil {
			return fmt.Errorf("customview: check: %w", err)
		}
		if n == 0 {
			return desk.Errorf(desk.Invalid, "customview.space_missing", "There is no such space any more. Choose another one, or none.").In("space_id")
		}
	}
	if v.Layout != "" && v.Layout != "split" && v.Layout != "table" && v.Layout != "board" {
		return desk.Errorf(desk.Invalid, "customview.layout_unknown", "A layout is split, table or board.").In("layout")
	}
	fields, err := s.Fields(ctx, q)
	if err != nil {
		return err
	}
	if err := fields.Check(v.Filter); err != nil {
		return err
	}
	return fields.checkLook(v)
}

// checkLook refuses columns, orders and groups of fields that have none.
func (c Catalogue) checkLook(v *View) error {
	if v.Columns == nil {
		v.Columns = []string{}
	}
	if len(v.Columns) > maxColumns {
		return desk.Errorf(desk.Invalid, "customview.too_many_columns", "A table may have at most %d columns.", maxColumns).In("columns")
	}
	for i, name := range v.Columns {
		if d, ok := c.Field(name); !ok || !d.Column || slices.Contains(v.Columns[:i], name) {
			return desk.Errorf(desk.Invalid, "customview.column_unknown", "%q cannot be a column, or stands there twice.", name).In("columns")
		}
	}
	if name := strings.TrimPrefix(v.Sort, "-"); name != "" {
		if d, ok := c.Field(Long(name)); !ok || !d.Sort {
			return desk.Errorf(desk.Invalid, "customview.sort_unknown", "Lists cannot be sorted by %q.", name).In("sort")
		}
	}
	if v.Group != "" {
		if d, ok := c.Field(v.Group); !ok || !d.Group {
			return desk.Errorf(desk.Invalid, "customview.group_unknown", "Lists cannot be grouped by %q.", v.Group).In("group")
		}
	}
	return nil
}

// short are the names of orders that lists had before fields had theirs.
var short = map[string]string{
	"last_activity": "last_activity_at", "created": "created_at", "updated": "updated_at", "closed": "closed_at", "status": "status_id", "owner": "owner_id", "team": "team_id",
	"inbox": "inbox_id", "contact": "contact.name", "last_inbound": "last_inbound_at", "first_reply": "first_reply_at",
}

// Long is the field that an order's name means.
func Long(name string) string {
	if long, ok := short[name]; ok {
		return long
	}
	return name
}
