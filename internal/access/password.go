package access

import (
	"context"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Bounds of a password: characters at least, bytes at most.
const (
	minPassword = 8
	maxPassword = 1000
)

// parallelHashes bounds the memory that sign-ins take: 64 MiB each.
const parallelHashes = 2

// hasher makes and checks password hashes, a few at a time.
type hasher struct {
	params *argon2id.Params
	slots  chan struct{}
	once   sync.Once
	dummy  string // a hash of nothing, checked for people who do not exist
}

func newHasher(p *argon2id.Params) *hasher {
	if p == nil {
		p = &argon2id.Params{Memory: 64 << 10, Iterations: 1, Parallelism: 2, SaltLength: 16, KeyLength: 32}
	}
	return &hasher{params: p, slots: make(chan struct{}, parallelHashes)}
}

func (h *hasher) take(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// give returns the slot. The last one out returns the 64 MiB to the system too: an idle server is to be a small one.
func (h *hasher) give() {
	<-h.slots
	if len(h.slots) == 0 && h.params.Memory >= 32<<10 {
		go debug.FreeOSMemory()
	}
}

func (h *hasher) make(ctx context.Context, password string) (string, error) {
	if err := h.take(ctx); err != nil {
		return "", err
	}
	defer h.give()
	return argon2id.CreateHash(password, h.params)
}

// matches takes the same time whether there is a hash or not.
func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	h.once.Do(func() { h.dummy, _ = argon2id.CreateHash(random(), h.params) })
	if err := h.take(ctx); err != nil {
		return false, err
	}
	defer h.give()
	against := hash
	if against == "" {
		against = h.dummy
	}
	ok, err := argon2id.ComparePasswordAndHash(password, against)
	return ok && err == nil && hash != "", nil
}

func checkPassword(password, email string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return desk.Errorf(desk.Invalid, "password.too_short", "A password has at least %d characters.", minPassword).In("password")
	case len(password) > maxPassword:
		return desk.Errorf(desk.Invalid, "password.too_long", "A password has at most %d bytes.", maxPassword).In("password")
	case strings.EqualFold(password, email):
		return desk.Errorf(desk.Invalid, "password.is_email", "The password must not be the email address.").In("password")
	}
	return nil
}

// SetPassword gives a user a password and ends their other sessions; keep stays. The hash is made before the transaction: it takes a while.
func (s *Service) SetPassword(ctx context.Context, actor desk.Actor, id desk.UserID, password string, keep desk.SessionID) error {
	u, err := s.People.Get(ctx, s.DB, id)
	if err != nil {
		return err
	}
	if err := checkPassword(password, u.Email); err != nil {
		return err
	}
	hash, err := s.hashes.make(ctx, password)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.People.SetPasswordHash(ctx, tx, id, hash); err != nil {
			return err
		}
		return s.EndSessions(ctx, tx, actor, id, keep)
	})
}

// ChangePassword is SetPassword for somebody who still knows the old one.
func (s *Service) ChangePassword(ctx context.Context, v Viewer, old, password string) error {
	_, hash, err := s.People.Credentials(ctx, s.DB, v.User.Email)
	if err != nil {
		return err
	}
	key := limitKey{email: v.User.Email, ip: "session"}
	if err := s.limits.allow(key); err != nil {
		return err
	}
	ok, err := s.hashes.matches(ctx, old, hash)
	if err != nil {
		return err
	}
	if !ok {
		s.limits.failed(key)
		return desk.Errorf(desk.Invalid, "password.wrong", "That is not your present password.").In("old_password")
	}
	return s.SetPassword(ctx, v.Actor, v.User.ID, password, v.Session)
}

// Failed sign-ins allowed in a window, per address and peer together, and per peer alone. They are counted in memory: on several nodes each counts its
// own, and a restart forgets. argon2id and the two slots bound the rest.
const (
	failWindow  = 15 * time.Minute
	failsPair   = 10
	failsPeer   = 100
	failsKeys   = 20_000 // remembered at most; the oldest window is dropped
	failMessage = "Too many attempts. Wait a quarter of an hour, or use “forgot password”."
)

type limitKey struct{ email, ip string }

type failures struct {
	n     int
	since time.Time
}

type limiter struct {
	clk *clock.Clock
	mu  sync.Mutex
	m   map[limitKey]failures
}

func newLimiter(clk *clock.Clock) *limiter { return &limiter{clk: clk, m: map[limitKey]failures{}} }

func (l *limiter) allow(k limitKey) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clk.Now()
	for key, limit := range map[limitKey]int{k: failsPair, {ip: k.ip}: failsPeer} {
		if f, ok := l.m[key]; ok && f.n >= limit && now.Sub(f.since) < failWindow {
			return desk.Errorf(desk.RateLimited, "access.too_many_attempts", failMessage)
		}
	}
	return nil
}

func (l *limiter) failed(k limitKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clk.Now()
	for _, key := range []limitKey{k, {ip: k.ip}} {
		f := l.m[key]
		if now.Sub(f.since) >= failWindow {
			f = failures{since: now}
		}
		f.n++
		l.m[key] = f
	}
	if len(l.m) <= failsKeys {
		return
	}
	oldest, at := limitKey{}, now
	for key, f := range l.m {
		if now.Sub(f.since) >= failWindow {
			delete(l.m, key)
		} else if f.since.Before(at) {
			oldest, at = key, f.since
		}
	}
	if len(l.m) > failsKeys {
		delete(l.m, oldest)
	}
}

func (l *limiter) forget(k limitKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.m, k)
}
