// Package access answers "who is this and what may they do": passwords, sessions, API tokens, one-time links, and the
// permissions of roles. It owns the tables sessions, api_tokens and one_time_links. Secrets that it hands out are random
// and stored only as a keyed hash, so that neither a copy of the database nor a fast machine gives them back. It refuses
// to say whether an address is known. Called by the API, the command line and assignment; users themselves belong to people, which app hands over.
package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/secret"
)

// People is what access asks of users: people.Service.
type People interface {
	Get(ctx context.Context, q db.Queryer, id desk.UserID) (desk.User, error)
	Credentials(ctx context.Context, q db.Queryer, email string) (u desk.User, hash string, err error)
	SetPasswordHash(ctx context.Context, tx *db.Tx, id desk.UserID, hash string) error
	CreateOwner(ctx context.Context, tx *db.Tx, actor desk.Actor, email, name string) (desk.User, error)
	Owners(ctx context.Context, q db.Queryer) (int, error)
	MoveRole(ctx context.Context, tx *db.Tx, actor desk.Actor, from, to desk.Role) (int, error)
	NoteSeen(ctx context.Context, tx *db.Tx, id desk.UserID, at desk.Time) error
	OnDeactivate(fn func(ctx context.Context, tx *db.Tx, id desk.UserID) error)
}

// Deps are what the service works with.
type Deps struct {
	DB     *db.DB
	Clock  *clock.Clock
	Events *event.Log
	Box    *secret.Box
	People People
	// Password shapes argon2id; nil: 64 MiB, one pass, two lanes (RFC 9106). Tests take less.
	Password *argon2id.Params
	// Idle ends a session that was not used for so long, Invite a one-time link of an invitation; 0 means SessionIdle and InviteTTL.
	Idle, Invite time.Duration
}

// Times of what is handed out.
const (
	SessionIdle = 14 * 24 * time.Hour // a session ends when it was not used for so long, unless Deps.Idle says otherwise
	SessionMax  = 90 * 24 * time.Hour // and in any case after this
	SetupTTL    = 7 * 24 * time.Hour
	InviteTTL   = 7 * 24 * time.Hour
	ResetTTL    = time.Hour
	touchEvery  = time.Minute // how exact last_seen_at and last_used_at are
)

// Service is the sign-ins of this installation. Safe for concurrent use.
type Service struct {
	Deps
	key    []byte // of the hashes of sessions, tokens and links
	hashes *hasher
	limits *limiter
	asks   func(ctx context.Context, u desk.User) (bool, error)
}

// Asks has sessions without a second factor end when one is asked of whose they are. Before the service is used.
func (s *Service) Asks(fn func(ctx context.Context, u desk.User) (bool, error)) { s.asks = fn }

// New makes the service, and has sessions end when their user is deactivated.
func New(d Deps) *Service {
	if d.Idle == 0 {
		d.Idle = SessionIdle
	}
	if d.Invite == 0 {
		d.Invite = InviteTTL
	}
	s := &Service{Deps: d, key: d.Box.Derive("access tokens"), hashes: newHasher(d.Password), limits: newLimiter(d.Clock)}
	d.People.OnDeactivate(func(ctx context.Context, tx *db.Tx, id desk.UserID) error {
		return s.EndSessions(ctx, tx, desk.System, id, 0)
	})
	return s
}

// random is 256 bits for somebody to hold.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// hash is what is stored of a random token: fast, because there is nothing to guess, and keyed, because a table may leak. kind parts the uses.
func (s *Service) hash(kind, token string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(kind + "\x00" + token))
	return hex.EncodeToString(m.Sum(nil))
}

func notSignedIn() error {
	return desk.Errorf(desk.Unauthorized, "access.not_signed_in", "Sign in to go on.")
}
