package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/netx"
	"github.com/kanalhq/kanal/internal/property"
)

// Session is one signed-in browser.
type Session struct {
	ID        desk.SessionID `json:"id"`
	UserID    desk.UserID    `json:"user_id"`
	UserAgent string         `json:"user_agent"`
	IP        string         `json:"ip"`
	CreatedAt desk.Time      `json:"created_at"`
	LastSeen  desk.Time      `json:"last_seen_at"`
	ExpiresAt desk.Time      `json:"expires_at"`
	Method    string         `json:"method" doc:"password, passkey, link, or the slug of who vouched: oidc:company"`
	Factor    bool           `json:"second_factor" doc:"Something beside a password was shown."`
}

const sessionColumns = `id, user_id, user_agent, ip, created_at, last_seen_at, expires_at, method, factor`

// Means is how somebody signed in, and from where.
type Means struct {
	Method    string // password, passkey, link, oidc:SLUG
	Factor    bool
	UserAgent string
	IP        string
}

func scanSession(r db.Scanner) (x Session, err error) {
	err = r.Scan(&x.ID, &x.UserID, &x.UserAgent, &x.IP, &x.CreatedAt, &x.LastSeen, &x.ExpiresAt, &x.Method, &x.Factor)
	return x, err
}

func wrongSignIn() error {
	return desk.Errorf(desk.Unauthorized, "access.wrong_credentials", "The email address or the password is wrong.")
}

// SignIn checks a password and opens a session: Verify and Open, where nothing more is asked for.
func (s *Service) SignIn(ctx context.Context, email, password, userAgent, ip string) (token string, v Viewer, err error) {
	u, err := s.Verify(ctx, email, password, ip)
	if err != nil {
		return "", Viewer{}, err
	}
	return s.Enter(ctx, u.ID, Means{Method: "password", UserAgent: userAgent, IP: ip})
}

// Verify returns whose address and password these are. An unknown address, a deactivated user and a wrong password give one answer in one time; ten failures
// for an address and peer in a quarter of an hour give RateLimited.
func (s *Service) Verify(ctx context.Context, email, password, ip string) (desk.User, error) {
	key := limitKey{email: desk.NormalizeEmail(email), ip: netx.Neighbourhood(ip)}
	if err := s.limits.allow(key); err != nil {
		return desk.User{}, err
	}
	if len(password) > maxPassword {
		password = "" // no hash is made of a megabyte; it cannot match
	}
	u, hash, err := s.People.Credentials(ctx, s.DB, email)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return desk.User{}, err
	}
	ok, err := s.hashes.matches(ctx, password, hash)
	if err != nil {
		return desk.User{}, err
	}
	if !ok || !u.Active {
		s.limits.failed(key)
		return desk.User{}, wrongSignIn()
	}
	s.limits.forget(key)
	return u, nil
}

// Enter opens a session for somebody who has shown who they are. The token goes into the cookie and is stored nowhere. Unauthorized when they are deactivated.
func (s *Service) Enter(ctx context.Context, id desk.UserID, m Means) (token string, v Viewer, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		token, v, err = s.Open(ctx, tx, id, m)
		return err
	})
	return token, v, err
}

// Guess counts a try at something that could be guessed, as a code of six digits: RateLimited when there were too many for this name and peer. ok forgets them.
func (s *Service) Guess(name, ip string) (result func(ok bool), err error) {
	key := limitKey{email: name, ip: netx.Neighbourhood(ip)}
	if err := s.limits.allow(key); err != nil {
		return nil, err
	}
	return func(ok bool) {
		if ok {
			s.limits.forget(key)
		} else {
			s.limits.failed(key)
		}
	}, nil
}

// Hash is what is stored of a random token; kind parts the uses.
func (s *Service) Hash(kind, token string) string { return s.hash(kind, token) }

// Open starts a session in the caller's transaction.
func (s *Service) Open(ctx context.Context, tx *db.Tx, id desk.UserID, m Means) (token string, v Viewer, err error) {
	u, err := s.People.Get(ctx, tx, id)
	if err != nil {
		return "", Viewer{}, err
	}
	if !u.Active {
		return "", Viewer{}, wrongSignIn()
	}
	token = random()
	now := s.Clock.Ms()
	x := Session{ID: desk.SessionID(tx.NewID()), UserID: id, UserAgent: clip(m.UserAgent, 400), IP: clip(m.IP, 64), CreatedAt: now, LastSeen: now, ExpiresAt: now.Add(s.Idle), Method: m.Method, Factor: m.Factor}
	if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = $1 AND expires_at < $2`, id, now); err != nil {
		return "", Viewer{}, fmt.Errorf("access: old sessions: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO sessions (id, user_id, token_hash, user_agent, ip, created_at, last_seen_at, expires_at, method, factor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		x.ID, x.UserID, s.hash("session", token), x.UserAgent, x.IP, x.CreatedAt, x.LastSeen, x.ExpiresAt, x.Method, x.Factor)
	if err != nil {
		return "", Viewer{}, fmt.Errorf("access: open session: %w", err)
	}
	if err := s.People.NoteSeen(ctx, tx, id, now); err != nil {
		return "", Viewer{}, err
	}
	if _, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvSessionStarted, Actor: desk.ByUser(id), UserID: id,
		Data: event.Data(map[string]any{"session_id": x.ID, "user_agent": x.UserAgent, "ip": x.IP, "method": x.Method, "second_factor": x.Factor})}); err != nil {
		return "", Viewer{}, err
	}
	v, err = s.viewer(ctx, tx, u)
	v.Session = x.ID
	return token, v, err
}

// EndWeakSessions ends the sessions of a user that were begun without a second factor, but keep (PM-13: a rule that asks for one counts at once).
func (s *Service) EndWeakSessions(ctx context.Context, tx *db.Tx, actor desk.Actor, user desk.UserID, keep desk.SessionID) error {
	xs, err := db.All(ctx, tx, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE user_id = $1 AND factor = 0 ORDER BY id`, user)
	if err != nil {
		return fmt.Errorf("access: end sessions: %w", err)
	}
	return s.end(ctx, tx, actor, slices.DeleteFunc(xs, func(x Session) bool { return x.ID == keep }))
}

func clip(s string, n int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// Authenticate returns who holds a session's or an API token's secret, with everything they may do now. Unauthorized when it is unknown, expired or revoked, or
// the user is deactivated.
func (s *Service) Authenticate(ctx context.Context, secret string) (Viewer, error) {
	switch {
	case secret == "" || len(secret) > 200:
		return Viewer{}, notSignedIn()
	case strings.HasPrefix(secret, TokenPrefix):
		return s.byToken(ctx, secret)
	}
	return s.bySession(ctx, secret)
}

func (s *Service) bySession(ctx context.Context, token string) (Viewer, error) {
	x, err := db.One(ctx, s.DB, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE token_hash = $1`, s.hash("session", token))
	if errors.Is(err, sql.ErrNoRows) {
		return Viewer{}, notSignedIn()
	}
	if err != nil {
		return Viewer{}, fmt.Errorf("access: session: %w", err)
	}
	now := s.Clock.Ms()
	if x.ExpiresAt <= now {
		return Viewer{}, desk.Errorf(desk.Unauthorized, "access.session_expired", "You were signed out after a long time. Sign in again.")
	}
	v, err := s.viewerOf(ctx, x.UserID)
	if err != nil {
		return Viewer{}, err
	}
	v.Session = x.ID
	if !x.Factor && s.asks != nil {
		if err := s.tooWeak(ctx, x, v.User); err != nil {
			return Viewer{}, err
		}
	}
	if now-x.LastSeen >= desk.Time(touchEvery.Milliseconds()) {
		if err := s.touch(ctx, x, now); err != nil && !db.IsMachine(err) { // a machine that cannot write now can still be read
			return Viewer{}, err
		}
	}
	return v, nil
}

// tooWeak ends a session that was begun without a second factor once one is asked of its user: whether the rule, their role or what the role may has changed (PM-13).
func (s *Service) tooWeak(ctx context.Context, x Session, u desk.User) error {
	asked, err := s.asks(ctx, u)
	if err != nil || !asked {
		return err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.end(ctx, tx, desk.System, []Session{x}) })
	if err != nil && !db.IsMachine(err) {
		return err
	}
	return desk.Errorf(desk.Unauthorized, "access.factor_asked", "A second factor is asked of you now. Sign in again.")
}

// Strong reports whether something beside a password was shown in a session.
func (s *Service) Strong(ctx context.Context, q db.Queryer, id desk.SessionID) (bool, error) {
	xs, err := db.All(ctx, q, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE id = $1`, id)
	if err != nil {
		return false, fmt.Errorf("access: session: %w", err)
	}
	return len(xs) > 0 && xs[0].Factor, nil
}

// Strengthen notes that a second factor was shown in a session; 0 is none.
func (s *Service) Strengthen(ctx context.Context, tx *db.Tx, id desk.SessionID) error {
	if id == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE sessions SET factor = 1 WHERE id = $1`, id); err != nil {
		return fmt.Errorf("access: session: %w", err)
	}
	return nil
}

// touch slides the expiry, at most to SessionMax after the start.
func (s *Service) touch(ctx context.Context, x Session, now desk.Time) error {
	until := min(now.Add(s.Idle), x.CreatedAt.Add(max(SessionMax, s.Idle)))
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.People.NoteSeen(ctx, tx, x.UserID, now); err != nil { // the user's row first, as when they are deactivated
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE sessions SET last_seen_at = $1, expires_at = $2 WHERE id = $3`, now, until, x.ID); err != nil {
			return fmt.Errorf("access: touch session: %w", err)
		}
		return nil
	})
}

func (s *Service) viewerOf(ctx context.Context, id desk.UserID) (Viewer, error) {
	u, err := s.People.Get(ctx, s.DB, id)
	if desk.CodeOf(err) == desk.NotFound || err == nil && !u.Active {
		return Viewer{}, notSignedIn()
	}
	if err != nil {
		return Viewer{}, err
	}
	return s.viewer(ctx, s.DB, u)
}

func (s *Service) viewer(ctx context.Context, q db.Queryer, u desk.User) (Viewer, error) {
	v := Viewer{User: u, Actor: desk.ByUser(u.ID), Scopes: []string{ScopeAll}, Inboxes: []desk.InboxID{}, AllInboxes: SeesEveryInbox(u)}
	type row struct {
		id     desk.InboxID
		access desk.Access
	}
	rows, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) { err = r.Scan(&x.id, db.ScanJSON(&x.access)); return x, err },
		`SELECT id, access FROM inboxes WHERE archived_at = 0 ORDER BY id`)
	if err != nil {
		return Viewer{}, fmt.Errorf("access: inboxes: %w", err)
	}
	for _, r := range rows {
		if Member(r.access, u) {
			v.Inboxes = append(v.Inboxes, r.id)
		}
	}
	if !UserCan(u, PropertiesManage) { // who defines properties sees them all
		if v.Veil, err = property.Veil(ctx, q, func(a desk.Access) bool { return Member(a, u) }); err != nil {
			return v, err
		}
	}
	return v, s.extents(ctx, q, &v)
}

// ViewerFor is the viewer that a user would be, for work done in their name by the command line or a job. Unauthorized when they are deactivated.
func (s *Service) ViewerFor(ctx context.Context, id desk.UserID) (Viewer, error) {
	return s.viewerOf(ctx, id)
}

// ViewerIn is ViewerFor in the caller's transaction.
func (s *Service) ViewerIn(ctx context.Context, q db.Queryer, id desk.UserID) (Viewer, error) {
	u, err := s.People.Get(ctx, q, id)
	if desk.CodeOf(err) == desk.NotFound || err == nil && !u.Active {
		return Viewer{}, notSignedIn()
	}
	if err != nil {
		return Viewer{}, err
	}
	return s.viewer(ctx, q, u)
}

// SignOut ends the session of a token; one that is not there is nothing.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		x, err := db.One(ctx, tx, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE token_hash = $1`, s.hash("session", token))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("access: sign out: %w", err)
		}
		return s.end(ctx, tx, desk.ByUser(x.UserID), []Session{x})
	})
}

// Sessions lists a user's sessions, last used first.
func (s *Service) Sessions(ctx context.Context, q db.Queryer, id desk.UserID) ([]Session, error) {
	xs, err := db.All(ctx, q, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, id DESC`, id, s.Clock.Ms())
	if err != nil {
		return nil, fmt.Errorf("access: sessions: %w", err)
	}
	return xs, nil
}

// EndSession ends one session of a user.
func (s *Service) EndSession(ctx context.Context, tx *db.Tx, actor desk.Actor, user desk.UserID, id desk.SessionID) error {
	x, err := db.One(ctx, tx, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE id = $1 AND user_id = $2`, id, user)
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "session.not_found", "There is no such session.")
	}
	if err != nil {
		return fmt.Errorf("access: end session: %w", err)
	}
	return s.end(ctx, tx, actor, []Session{x})
}

// EndSessions ends every session of a user but keep (0: none is kept). Open ones end with the event: the stream of a browser follows session.ended.
func (s *Service) EndSessions(ctx context.Context, tx *db.Tx, actor desk.Actor, user desk.UserID, keep desk.SessionID) error {
	xs, err := db.All(ctx, tx, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE user_id = $1 ORDER BY id`, user)
	if err != nil {
		return fmt.Errorf("access: end sessions: %w", err)
	}
	return s.end(ctx, tx, actor, slices.DeleteFunc(xs, func(x Session) bool { return x.ID == keep }))
}

func (s *Service) end(ctx context.Context, tx *db.Tx, actor desk.Actor, xs []Session) error {
	for _, x := range xs {
		n, err := tx.Exec(ctx, `DELETE FROM sessions WHERE id = $1`, x.ID)
		if err != nil {
			return fmt.Errorf("access: end session: %w", err)
		}
		if n == 0 {
			continue
		}
		if _, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvSessionEnded, Actor: actor, UserID: x.UserID, Data: event.Data(map[string]any{"session_id": x.ID})}); err != nil {
			return err
		}
	}
	return nil
}

// sweepAfter is how long what has ended is kept.
const sweepAfter = 30 * 24 * time.Hour

// Sweep removes sessions that have expired, and links long used or expired. It is called now and then; nothing depends on it.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.Clock.Ms()
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE expires_at < $1`, now); err != nil {
			return fmt.Errorf("access: sweep: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM one_time_links WHERE expires_at < $1`, now.Add(-sweepAfter)); err != nil {
			return fmt.Errorf("access: sweep: %w", err)
		}
		return nil
	})
}
