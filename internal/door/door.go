// Package door is how people come in: what is asked beside a password, passkeys, sign-in at somebody else's by OpenID Connect, and from where one may come.
// It owns the tables second_factors, passkeys, sign_in_providers, sign_in_identities and sign_in_attempts; sessions themselves are opened by access. It
// refuses a code that was used, a passkey of another site, an address that a provider has not verified, and a rule that would lock out who makes it.
// Called by the API and, for who lost everything, by the command line.
package door

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/secret"
	"github.com/kanalhq/kanal/internal/setting"
)

// Deps are what a Service works with.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Box      *secret.Box
	Access   *access.Service
	People   *people.Service
	Settings *setting.Service
	Base     string       // the workspace's address, for passkeys and providers
	Web      *http.Client // to providers; it decides whether private addresses are reached
	Log      *slog.Logger
}

// Service lets people in. Safe for concurrent use.
type Service struct {
	Deps
	keys *webauthn.WebAuthn // nil: passkeys need a name and, but for localhost, https
	why  string             // why there are none

	rules *rulebook
}

// attemptTTL is how long a sign-in that is under way may take.
const attemptTTL = 10 * time.Minute

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Deps: d}
	s.rules = &rulebook{now: time.Now, read: func(ctx context.Context) (setting.SignIn, error) { return s.Settings.SignIn(ctx, s.DB) }}
	s.keys, s.why = relyingParty(d.Base)
	d.Access.Asks(func(ctx context.Context, u desk.User) (bool, error) {
		r, err := s.Rules(ctx)
		return asked(r, u), err
	})
	return s
}

// Needs are what a sign-in still lacks.
const (
	NeedsCode    = "code"    // of the second factor, or a recovery code
	NeedsPasskey = "passkey" // a second factor is asked for, and there are passkeys only
	NeedsEnrol   = "enrol"   // a second factor is asked for, and there is none yet
)

// Entry is a step of signing in: a session, or what it still needs and the token to bring with it.
type Entry struct {
	Token   string
	Viewer  access.Viewer
	Attempt string
	Needs   string
}

// Rules are how people may sign in now.
func (s *Service) Rules(ctx context.Context) (setting.SignIn, error) { return s.rules.get(ctx) }

// Admit refuses an address from which the workspace may not be used (PM-13).
func (s *Service) Admit(ctx context.Context, ip string) error {
	r, err := s.Rules(ctx)
	if err != nil {
		return err
	}
	if r.Allows(ip) {
		return nil
	}
	return desk.Errorf(desk.Forbidden, "sign_in.address", "The workspace may not be used from your address (%s). An administrator says from which networks it may.", ip)
}

// SetRules changes how people may sign in. Who changes them must still come in afterwards: from their address, and with a second factor where one is asked of
// them. Sessions that the rules would not have let in end at once.
func (s *Service) SetRules(ctx context.Context, v access.Viewer, ip string, rules setting.SignIn) (setting.SignIn, error) {
	out, err := db.Written(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (setting.SignIn, error) {
		before, after, err := s.Settings.SetSignIn(ctx, tx, v.Actor, rules)
		if err != nil {
			return after, err
		}
		if v.User.ID != 0 && ip != "" && !after.Allows(ip) {
			return after, desk.Errorf(desk.Invalid, "sign_in.locks_out", "Your own address %s is in none of these networks: you would lock yourself out. Add it first.", ip).In("allow")
		}
		if v.User.ID != 0 && asked(after, v.User) && !asked(before, v.User) {
			has, err := s.has(ctx, tx, v.User.ID)
			if err != nil {
				return after, err
			}
			if !has.any() {
				return after, desk.Errorf(desk.Invalid, "sign_in.no_factor", "Set up a second factor for yourself first, then ask it of others.").In("second_factor")
			}
			if strong, err := s.Access.Strong(ctx, tx, v.Session); err != nil {
				return after, err
			} else if !strong && v.Session != 0 {
				return after, desk.Errorf(desk.Invalid, "sign_in.weak_session", "You came in without your second factor. Sign in again with it, then ask it of others.").In("second_factor")
			}
		}
		if v.User.ID != 0 && after.Passwords == "owners" && before.Passwords != "owners" && v.User.Role != desk.RoleOwner {
			has, err := s.has(ctx, tx, v.User.ID)
			if err != nil {
				return after, err
			}
			if has.passkeys == 0 && !has.linked {
				return after, desk.Errorf(desk.Invalid, "sign_in.no_other_way", "You have no other way in than your password yet: add a passkey or sign in by a provider first.").In("passwords")
			}
		}
		if before.Factor == after.Factor {
			return after, nil
		}
		return after, s.EndWeak(ctx, tx, v.Actor, after, v.Session)
	})
	if err == nil {
		s.rules.set(out)
	}
	return out, err
}

// EndWeak ends the sessions without a second factor, but keep, of whom the rules ask one.
func (s *Service) EndWeak(ctx context.Context, tx *db.Tx, actor desk.Actor, rules setting.SignIn, keep desk.SessionID) error {
	if rules.Factor == "optional" {
		return nil
	}
	users, err := s.People.List(ctx, tx, false)
	if err != nil {
		return err
	}
	for _, u := range users {
		if !asked(rules, u) {
			continue
		}
		if err := s.Access.EndWeakSessions(ctx, tx, actor, u.ID, keep); err != nil {
			return err
		}
	}
	return nil
}

// asked reports whether a second factor is asked of somebody.
func asked(r setting.SignIn, u desk.User) bool {
	switch r.Factor {
	case "everybody":
		return true
	case "administrators":
		return access.UserCan(u, access.SettingsManage) || access.UserCan(u, access.UsersManage)
	}
	return false
}

// SignIn checks a password, and says what is still needed or opens a session.
func (s *Service) SignIn(ctx context.Context, email, password string, m access.Means) (Entry, error) {
	if err := s.Admit(ctx, m.IP); err != nil {
		return Entry{}, err
	}
	u, err := s.Access.Verify(ctx, email, password, m.IP)
	if err != nil {
		return Entry{}, err
	}
	r, err := s.Rules(ctx)
	if err != nil {
		return Entry{}, err
	}
	if r.Passwords == "owners" && u.Role != desk.RoleOwner {
		return Entry{}, desk.Errorf(desk.Forbidden, "sign_in.no_passwords", "Passwords are switched off here. Sign in with your organisation's account or with a passkey.")
	}
	m.Method = "password"
	return s.next(ctx, u, m)
}

// UseLink spends a one-time link, and says what is still needed or opens a session: a new password is no second factor.
func (s *Service) UseLink(ctx context.Context, token, name, email, password string, m access.Means) (Entry, error) {
	if err := s.Admit(ctx, m.IP); err != nil {
		return Entry{}, err
	}
	id, err := s.Access.SpendLink(ctx, token, name, email, password)
	if err != nil {
		return Entry{}, err
	}
	u, err := s.People.Get(ctx, s.DB, id)
	if err != nil {
		return Entry{}, err
	}
	m.Method = "link"
	return s.next(ctx, u, m)
}

// next opens a session where nothing more is needed.
func (s *Service) next(ctx context.Context, u desk.User, m access.Means) (Entry, error) {
	has, err := s.has(ctx, s.DB, u.ID)
	if err != nil {
		return Entry{}, err
	}
	r, err := s.Rules(ctx)
	if err != nil {
		return Entry{}, err
	}
	needs := ""
	switch {
	case has.code:
		needs = NeedsCode
	case asked(r, u) && has.passkeys > 0:
		needs = NeedsPasskey
	case asked(r, u):
		needs = NeedsEnrol
	default:
		return s.open(ctx, u.ID, m)
	}
	token, err := s.begin(ctx, kindFactor, u.ID, pending{Method: m.Method, Needs: needs})
	return Entry{Attempt: token, Needs: needs}, err
}

func (s *Service) open(ctx context.Context, id desk.UserID, m access.Means) (e Entry, err error) {
	e.Token, e.Viewer, err = s.Access.Enter(ctx, id, m)
	return e, err
}

// means somebody has beside a password.
type holding struct {
	code     bool
	passkeys int
	linked   bool // to a provider
}

func (h holding) any() bool { return h.code || h.passkeys > 0 }

func (s *Service) has(ctx context.Context, q db.Queryer, id desk.UserID) (h holding, err error) {
	var codes, linked int
	err = q.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM second_factors WHERE user_id = $1 AND confirmed_at > 0), (SELECT COUNT(*) FROM passkeys WHERE user_id = $1),
		(SELECT COUNT(*) FROM sign_in_identities i JOIN sign_in_providers p ON p.id = i.provider_id WHERE i.user_id = $1 AND p.active = 1)`, id).Scan(&codes, &h.passkeys, &linked)
	if err != nil {
		return h, fmt.Errorf("door: means: %w", err)
	}
	h.code, h.linked = codes > 0, linked > 0
	return h, nil
}

// Kinds of attempts.
const (
	kindFactor   = "second_factor"
	kindPasskey  = "passkey"
	kindNewKey   = "passkey_new"
	kindProvider = "oidc"
)

// pending is a sign-in that lacks its second factor.
type pending struct {
	Method string `json:"method"`
	Needs  string `json:"needs"`
}

func badAttempt() error {
	return desk.Errorf(desk.Unauthorized, "sign_in.expired", "This sign-in took too long or was finished already. Begin again.")
}

// begin keeps what a sign-in under way must remember, and returns its token.
func (s *Service) begin(ctx context.Context, kind string, user desk.UserID, data any) (string, error) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	token := base64.RawURLEncoding.EncodeToString(b)
	now := s.Clock.Ms()
	return token, s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM sign_in_attempts WHERE expires_at < $1`, now); err != nil {
			return fmt.Errorf("door: old attempts: %w", err)
		}
		_, err := tx.Exec(ctx, `INSERT INTO sign_in_attempts (token_hash, kind, user_id, data, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			s.Access.Hash("sign-in", token), kind, user, string(db.JSON(data)), now.Add(attemptTTL))
		if err != nil {
			return fmt.Errorf("door: begin: %w", err)
		}
		return nil
	})
}

// look reads an attempt without ending it.
func (s *Service) look(ctx context.Context, q db.Queryer, kind, token string, into any) (user desk.UserID, err error) {
	var data string
	err = q.QueryRow(ctx, `SELECT user_id, data FROM sign_in_attempts WHERE token_hash = $1 AND kind = $2 AND expires_at > $3`, s.Access.Hash("sign-in", token), kind, s.Clock.Ms()).Scan(&user, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, badAttempt()
	}
	if err != nil {
		return 0, fmt.Errorf("door: attempt: %w", err)
	}
	if err := json.Unmarshal([]byte(data), into); err != nil {
		return 0, fmt.Errorf("door: attempt: %w", err)
	}
	return user, nil
}

// finish ends an attempt: of two who bring the same one, one goes on.
func (s *Service) finish(ctx context.Context, tx *db.Tx, kind, token string) error {
	n, err := tx.Exec(ctx, `DELETE FROM sign_in_attempts WHERE token_hash = $1 AND kind = $2 AND expires_at > $3`, s.Access.Hash("sign-in", token), kind, s.Clock.Ms())
	if err != nil {
		return fmt.Errorf("door: finish: %w", err)
	}
	if n == 0 {
		return badAttempt()
	}
	return nil
}

// Forgetting takes away every second factor, passkey and link to a provider of somebody who lost them, and ends their sessions.
func (s *Service) Forgetting(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID) error {
	for _, q := range []string{`DELETE FROM second_factors WHERE user_id = $1`, `DELETE FROM passkeys WHERE user_id = $1`, `DELETE FROM sign_in_identities WHERE user_id = $1`} {
		if _, err := tx.Exec(ctx, q, id); err != nil {
			return fmt.Errorf("door: reset: %w", err)
		}
	}
	if err := s.tell(ctx, tx, actor, id, "reset", nil); err != nil {
		return err
	}
	return s.Access.EndSessions(ctx, tx, actor, id, 0)
}

// tell records user.sign_in_changed.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, what string, more map[string]any) error {
	data := map[string]any{"what": what}
	for k, v := range more {
		data[k] = v
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvUserSignIn, Actor: actor, UserID: id, Data: event.Data(data)})
	return err
}

// Ways are how one may sign in here, for the page where one does.
type Ways struct {
	Passwords bool       `json:"passwords"`
	Passkeys  bool       `json:"passkeys"`
	Providers []WayEntry `json:"providers"`
}

// WayEntry is a provider on the page of signing in.
type WayEntry struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// Ways lists them. Passwords are always there: owners keep theirs.
func (s *Service) Ways(ctx context.Context) (Ways, error) {
	r, err := s.Rules(ctx)
	if err != nil {
		return Ways{}, err
	}
	w := Ways{Passwords: r.Passwords == "everybody", Passkeys: s.keys != nil, Providers: []WayEntry{}}
	ps, err := s.Providers(ctx, s.DB)
	if err != nil {
		return w, err
	}
	for _, p := range ps {
		if p.Active {
			w.Providers = append(w.Providers, WayEntry{p.Slug, p.Name})
		}
	}
	return w, nil
}

// relyingParty is what passkeys are bound to: the name in the workspace's address, or why there can be none (WebAuthn 5.1.2: a name, and a secure context).
func relyingParty(base string) (*webauthn.WebAuthn, string) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, "no_address"
	case net.ParseIP(u.Hostname()) != nil:
		return nil, "needs_name"
	case u.Scheme != "https" && u.Hostname() != "localhost":
		return nil, "needs_https"
	}
	w, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Kanal", RPOrigins: []string{u.Scheme + "://" + u.Host}})
	if err != nil {
		return nil, "needs_name"
	}
	return w, ""
}
