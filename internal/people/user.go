package people

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// NewUser is what a user begins with. Email and Role are required; nil means the default, which is yes.
type NewUser struct {
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	FirstName string    `json:"first_name"`
	LastName  string    `json:"last_name"`
	Role      desk.Role `json:"role"`
	Locale    string    `json:"locale"`
	Timezone  string    `json:"timezone"`
	TakesWork *bool     `json:"takes_work"`
	Available *bool     `json:"available"`
	Active    *bool     `json:"active"`
}

// Create adds a user without a password (access sets one). A taken address is a Conflict. Records user.created.
func (s *Service) Create(ctx context.Context, tx *db.Tx, actor desk.Actor, n NewUser) (desk.User, error) {
	email, err := checkEmail(n.Email)
	if err != nil {
		return desk.User{}, err
	}
	now := s.clk.Ms()
	u := desk.User{
		ID: desk.UserID(tx.NewID()), Email: email, Name: strings.TrimSpace(n.Name), FirstName: strings.TrimSpace(n.FirstName), LastName: strings.TrimSpace(n.LastName),
		Role: n.Role, Active: yes(n.Active), TakesWork: yes(n.TakesWork), Available: yes(n.Available), Locale: n.Locale, Timezone: n.Timezone,
		Teams: []desk.TeamID{}, CreatedAt: now, UpdatedAt: now,
	}
	if u.Role == "" {
		u.Role = desk.RoleAgent
	}
	fillNames(&u)
	if err := errors.Join(check(u), checkRole(ctx, tx, u.Role)); err != nil {
		return desk.User{}, err
	}
	added, err := tx.Exec(ctx, `INSERT INTO users (id, email, name, first_name, last_name, role, active, takes_work, available, locale, timezone, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (email) DO NOTHING`,
		u.ID, u.Email, u.Name, u.FirstName, u.LastName, u.Role, u.Active, u.TakesWork, u.Available, u.Locale, u.Timezone, u.CreatedAt, u.UpdatedAt)
	if err != nil {
		return desk.User{}, fmt.Errorf("people: create user: %w", err)
	}
	if added == 0 {
		return desk.User{}, emailTaken(email)
	}
	if u.Active {
		if err := s.log(ctx, tx, actor, u.ID, standing{available: u.Available, at: now}); err != nil {
			return desk.User{}, err
		}
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvUserCreated, Actor: actor, UserID: u.ID, Data: event.Data(map[string]any{"name": u.Name, "email": u.Email, "role": u.Role})})
	return u, err
}

// CreateOwner adds the first owner.
func (s *Service) CreateOwner(ctx context.Context, tx *db.Tx, actor desk.Actor, email, name string) (desk.User, error) {
	return s.Create(ctx, tx, actor, NewUser{Email: email, Name: name, Role: desk.RoleOwner})
}

func yes(p *bool) bool { return p == nil || *p }

func fillNames(u *desk.User) {
	if u.Name == "" {
		u.Name = strings.TrimSpace(u.FirstName + " " + u.LastName)
	}
	if u.Name == "" {
		u.Name, _, _ = strings.Cut(u.Email, "@")
	}
	if u.FirstName == "" && u.LastName == "" {
		u.FirstName, u.LastName = splitName(u.Name)
	}
}

func check(u desk.User) error {
	return errors.Join(checkLocale(u.Locale), checkTimezone(u.Timezone),
		checkLine("name", u.Name), checkLine("first_name", u.FirstName), checkLine("last_name", u.LastName))
}

func emailTaken(email string) error {
	return desk.Errorf(desk.Conflict, "user.email_taken", "There is already a user with the address %s.", email).In("email")
}

// UserChange says what to change; nil leaves a field alone.
type UserChange struct {
	Email     *string    `json:"email"`
	Name      *string    `json:"name"`
	FirstName *string    `json:"first_name"`
	LastName  *string    `json:"last_name"`
	Role      *desk.Role `json:"role"`
	Active    *bool      `json:"active"`
	TakesWork *bool      `json:"takes_work"`
	Available *bool      `json:"available"`
	Locale    *string    `json:"locale"`
	Timezone  *string    `json:"timezone"`
}

// Update changes a user. The last active owner cannot be demoted or deactivated (Conflict user.last_owner). Records user.updated with
// before and after, and user.availability_changed when that changed (SetAvailability); nothing when nothing did.
func (s *Service) Update(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, c UserChange) (desk.User, error) {
	if c.Role != nil || c.Active != nil { // before the row's own lock, so that two demotions wait in one order
		if err := lockOwners(ctx, tx); err != nil {
			return desk.User{}, err
		}
	}
	before, err := s.lock(ctx, tx, id)
	if err != nil {
		return desk.User{}, err
	}
	u, err := apply(before, c)
	if err != nil {
		return desk.User{}, err
	}
	if u.Role != before.Role {
		if err := checkRole(ctx, tx, u.Role); err != nil {
			return desk.User{}, err
		}
	}
	if wasOwner, isOwner := activeOwner(before), activeOwner(u); wasOwner && !isOwner {
		if err := s.checkNotLastOwner(ctx, tx, id); err != nil {
			return desk.User{}, err
		}
	}
	changes := difference(before, u)
	if len(changes) == 0 {
		return s.switched(ctx, tx, actor, before, c.Available)
	}
	u.UpdatedAt = s.clk.Ms()
	if u.Email != before.Email {
		var n int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM users WHERE email = $1 AND id <> $2`, u.Email, id).Scan(&n); err != nil {
			return desk.User{}, fmt.Errorf("people: update user: %w", err)
		}
		if n > 0 {
			return desk.User{}, emailTaken(u.Email)
		}
	}
	_, err = tx.Exec(ctx, `UPDATE users SET email = $1, name = $2, first_name = $3, last_name = $4, role = $5, active = $6, takes_work = $7, locale = $8, timezone = $9,
		updated_at = $10 WHERE id = $11`,
		u.Email, u.Name, u.FirstName, u.LastName, u.Role, u.Active, u.TakesWork, u.Locale, u.Timezone, u.UpdatedAt, id)
	if db.IsUnique(err) { // two at once: PostgreSQL's transaction is lost, which is right
		return desk.User{}, emailTaken(u.Email)
	}
	if err != nil {
		return desk.User{}, fmt.Errorf("people: update user: %w", err)
	}
	if u, err = s.changed(ctx, tx, actor, before, u, changes); err != nil {
		return desk.User{}, err
	}
	return s.switched(ctx, tx, actor, u, c.Available)
}

// changed is what follows a change: who leaves gives up what they hold, everybody is told, and their days are looked at anew.
func (s *Service) changed(ctx context.Context, tx *db.Tx, actor desk.Actor, before, u desk.User, changes map[string][2]any) (desk.User, error) {
	if before.Active && !u.Active {
		for _, fn := range s.onExit {
			if err := fn(ctx, tx, u.ID); err != nil {
				return desk.User{}, err
			}
		}
	}
	if _, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvUserUpdated, Actor: actor, UserID: u.ID, Data: event.Data(map[string]any{"changes": changes})}); err != nil {
		return desk.User{}, err
	}
	if u.Role != before.Role { // with what the other role gives
		var err error
		if u, err = s.Get(ctx, tx, u.ID); err != nil {
			return desk.User{}, err
		}
	}
	if before.Active != u.Active || before.Timezone != u.Timezone {
		if err := s.resettle(ctx, tx, actor, before, u); err != nil {
			return desk.User{}, err
		}
		var err error
		if u, err = s.Get(ctx, tx, u.ID); err != nil {
			return desk.User{}, err
		}
	}
	return u, nil
}

func apply(u desk.User, c UserChange) (desk.User, error) {
	if c.Email != nil {
		email, err := checkEmail(*c.Email)
		if err != nil {
			return u, err
		}
		u.Email = email
	}
	if c.Name != nil && strings.TrimSpace(*c.Name) != u.Name {
		u.Name = strings.TrimSpace(*c.Name)
		u.FirstName, u.LastName = splitName(u.Name)
	}
	if c.FirstName != nil {
		u.FirstName = strings.TrimSpace(*c.FirstName)
	}
	if c.LastName != nil {
		u.LastName = strings.TrimSpace(*c.LastName)
	}
	if (c.FirstName != nil || c.LastName != nil) && c.Name == nil {
		u.Name = strings.TrimSpace(u.FirstName + " " + u.LastName)
	}
	set(&u.Role, c.Role)
	set(&u.Active, c.Active)
	set(&u.TakesWork, c.TakesWork)
	set(&u.Locale, c.Locale)
	set(&u.Timezone, c.Timezone)
	fillNames(&u)
	return u, check(u)
}

func set[T any](dst, src *T) {
	if src != nil {
		*dst = *src
	}
}

func difference(a, b desk.User) map[string][2]any {
	out := map[string][2]any{}
	put := func(field string, x, y any) {
		if x != y {
			out[field] = [2]any{x, y}
		}
	}
	put(string(desk.AddrEmail), a.Email, b.Email)
	put("name", a.Name, b.Name)
	put("first_name", a.FirstName, b.FirstName)
	put("last_name", a.LastName, b.LastName)
	put("role", a.Role, b.Role)
	put("active", a.Active, b.Active)
	put("takes_work", a.TakesWork, b.TakesWork)
	put("locale", a.Locale, b.Locale)
	put("timezone", a.Timezone, b.Timezone)
	return out
}

func activeOwner(u desk.User) bool { return u.Active && u.Role == desk.RoleOwner }

// lockOwners makes changes of roles wait for each other.
func lockOwners(ctx context.Context, tx *db.Tx) error {
	if tx.ForUpdate() == "" {
		return nil
	}
	_, err := db.All(ctx, tx, db.Column[int64], `SELECT id FROM users WHERE role = 'owner' AND active = 1 ORDER BY id`+tx.ForUpdate())
	return err
}

func (s *Service) checkNotLastOwner(ctx context.Context, tx *db.Tx, id desk.UserID) error {
	var others int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM users WHERE role = 'owner' AND active = 1 AND id <> $1`, id).Scan(&others); err != nil {
		return fmt.Errorf("people: count owners: %w", err)
	}
	if others == 0 {
		return desk.Errorf(desk.Conflict, "user.last_owner", "This is the last active owner. Make somebody else an owner first.").In("role")
	}
	return nil
}

// NoteAssigned remembers when a user was last given work: ties go to the longest idle.
func (s *Service) NoteAssigned(ctx context.Context, tx *db.Tx, id desk.UserID, at desk.Time) error {
	_, err := tx.Exec(ctx, `UPDATE users SET last_assigned_at = $1 WHERE id = $2 AND last_assigned_at < $1`, at, id)
	return err
}

// NoteSeen remembers when a user last used Kanal. No event: it changes all the time.
func (s *Service) NoteSeen(ctx context.Context, tx *db.Tx, id desk.UserID, at desk.Time) error {
	_, err := tx.Exec(ctx, `UPDATE users SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1`, at, id)
	return err
}

const userColumns = `id, email, name, first_name, last_name, role, active, takes_work, available, available_by, available_at, locale, timezone, created_at, updated_at, last_assigned_at, last_seen_at,
	COALESCE((SELECT '{"permissions":' || r.permissions || ',"tickets":' || r.tickets || ',"contacts":' || r.contacts || '}' FROM roles r WHERE r.slug = role), '')`

func scanUser(r db.Scanner) (u desk.User, err error) {
	u.Teams = []desk.TeamID{}
	var own string
	err = r.Scan(&u.ID, &u.Email, &u.Name, &u.FirstName, &u.LastName, &u.Role, &u.Active, &u.TakesWork, &u.Available, &u.AvailableBy, &u.AvailableAt, &u.Locale, &u.Timezone,
		&u.CreatedAt, &u.UpdatedAt, &u.LastAssigned, &u.LastSeen, &own)
	u.Powers = desk.ReadPowers(own)
	return u, err
}

func noUser(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "user.not_found", "There is no such user.")
	}
	return err
}

func (s *Service) lock(ctx context.Context, tx *db.Tx, id desk.UserID) (desk.User, error) {
	u, err := db.One(ctx, tx, scanUser, `SELECT `+userColumns+` FROM users WHERE id = $1`+tx.ForUpdate(), id)
	if err != nil {
		return u, noUser(err)
	}
	return s.withTeams(ctx, tx, u)
}

func (s *Service) withTeams(ctx context.Context, q db.Queryer, u desk.User) (desk.User, error) {
	teams, err := db.All(ctx, q, db.Column[desk.TeamID], `SELECT team_id FROM team_members WHERE user_id = $1 ORDER BY main DESC, team_id`, u.ID)
	if err != nil {
		return u, fmt.Errorf("people: teams of a user: %w", err)
	}
	u.Teams = teams
	us := []desk.User{u}
	err = s.lineage(ctx, q, us)
	return us[0], err
}

// Get returns a user with the teams they belong to, main memberships first.
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.UserID) (desk.User, error) {
	u, err := db.One(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE id = $1`, id)
	if err != nil {
		return u, noUser(err)
	}
	return s.withTeams(ctx, q, u)
}

// ByEmail finds a user by address, in any spelling.
func (s *Service) ByEmail(ctx context.Context, q db.Queryer, email string) (desk.User, error) {
	u, err := db.One(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE email = $1`, desk.NormalizeEmail(email))
	if err != nil {
		return u, noUser(err)
	}
	return s.withTeams(ctx, q, u)
}

// List returns every user by name, deactivated ones too when asked for.
func (s *Service) List(ctx context.Context, q db.Queryer, withInactive bool) ([]desk.User, error) {
	users, err := db.All(ctx, q, scanUser, `SELECT `+userColumns+` FROM users WHERE active = 1 OR $1 = 1 ORDER BY name, id`, withInactive)
	if err != nil {
		return nil, fmt.Errorf("people: list users: %w", err)
	}
	type member struct {
		team desk.TeamID
		user desk.UserID
	}
	members, err := db.All(ctx, q, func(r db.Scanner) (m member, err error) { err = r.Scan(&m.team, &m.user); return m, err },
		`SELECT team_id, user_id FROM team_members ORDER BY main DESC, team_id`)
	if err != nil {
		return nil, fmt.Errorf("people: list users: %w", err)
	}
	at := make(map[desk.UserID]int, len(users))
	for i, u := range users {
		at[u.ID] = i
	}
	for _, m := range members {
		if i, ok := at[m.user]; ok {
			users[i].Teams = append(users[i].Teams, m.team)
		}
	}
	return users, s.lineage(ctx, q, users)
}

// Owners counts the active owners: none means that the first one has still to be made.
func (s *Service) Owners(ctx context.Context, q db.Queryer) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM users WHERE role = 'owner' AND active = 1`).Scan(&n)
	return n, err
}

// Credentials returns a user and the hash of their password, "" when they have none. NotFound when nobody has the address.
func (s *Service) Credentials(ctx context.Context, q db.Queryer, email string) (u desk.User, hash string, err error) {
	if u, err = s.ByEmail(ctx, q, email); err != nil {
		return u, "", err
	}
	err = q.QueryRow(ctx, `SELECT password_hash FROM users WHERE id = $1`, u.ID).Scan(&hash)
	return u, hash, err
}

// SetPasswordHash stores what access made of a new password.
func (s *Service) SetPasswordHash(ctx context.Context, tx *db.Tx, id desk.UserID, hash string) error {
	n, err := tx.Exec(ctx, `UPDATE users SET password_hash = $1, updated_at = $2 WHERE id = $3`, hash, s.clk.Ms(), id)
	if err == nil && n == 0 {
		return noUser(sql.ErrNoRows)
	}
	return err
}

const maxPreferences = 64 << 10

// Preferences returns a user's own settings of the workspace, free-form.
func (s *Service) Preferences(ctx context.Context, q db.Queryer, id desk.UserID) (map[string]any, error) {
	prefs := map[string]any{}
	if err := q.QueryRow(ctx, `SELECT preferences FROM users WHERE id = $1`, id).Scan(db.ScanJSON(&prefs)); err != nil {
		return nil, noUser(err)
	}
	return prefs, nil
}

// SetPreferences merges top-level keys into a user's preferences; a nil value removes its key. At most 64 KB in all. Records user.updated naming the keys.
func (s *Service) SetPreferences(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, change map[string]any) (map[string]any, error) {
	if _, err := s.lock(ctx, tx, id); err != nil {
		return nil, err
	}
	prefs, err := s.Preferences(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	was, _ := json.Marshal(prefs)
	changes := map[string][2]any{}
	for k, v := range change {
		changes["preferences."+k] = [2]any{prefs[k], v}
		if v == nil {
			delete(prefs, k)
		} else {
			prefs[k] = v
		}
	}
	now, err := json.Marshal(prefs)
	if err != nil {
		return nil, desk.Errorf(desk.Invalid, "user.preferences_malformed", "The preferences cannot be stored.").Because(err)
	}
	if len(now) > maxPreferences {
		return nil, desk.Errorf(desk.TooLarge, "user.preferences_too_large", "Preferences may take at most 64 KB.")
	}
	if string(was) == string(now) {
		return prefs, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE users SET preferences = $1, updated_at = $2 WHERE id = $3`, string(now), s.clk.Ms(), id); err != nil {
		return nil, fmt.Errorf("people: preferences: %w", err)
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvUserUpdated, Actor: actor, UserID: id, Data: event.Data(map[string]any{"changes": changes})})
	return prefs, err
}
