package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/netx"
	"golang.org/x/time/rate"
)

// Limit names a rate limit of an address; "" is none.
type Limit string

// The limits: attempts to sign in or to use a one-time link, what anybody may fetch, and files that customers fetch by a link.
const (
	LimitSignIn Limit = "sign_in"
	LimitPublic Limit = "public"
	LimitLink   Limit = "link"
	// LimitDirectory is what a company's directory may ask by SCIM.
	LimitDirectory Limit = "directory"
)

// Take counts a request against a limit of its address: for handlers that are no operations. The error says to wait.
func (s *Server) Take(l Limit, r *http.Request) error { return s.limits[l].take(s.ClientIP(r)) }

// limiter holds one bucket an address. Addresses that have regained everything are forgotten.
type limiter struct {
	every time.Duration
	burst int
	mu    sync.Mutex
	by    map[string]*rate.Limiter
	swept time.Time
}

func newLimiter(every time.Duration, burst int) *limiter {
	return &limiter{every: every, burst: burst, by: map[string]*rate.Limiter{}}
}

const maxBuckets = 100_000

// take is nil, or says how long to wait. Rates use the real clock.
func (l *limiter) take(who string) error {
	who = netx.Neighbourhood(who)
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if full := len(l.by) > maxBuckets; full || now.Sub(l.swept) > time.Minute {
		l.swept = now
		for k, b := range l.by { // when full, a tenth goes at once: not each request walks through all of them
			if b.TokensAt(now) >= float64(l.burst) || full && len(l.by) > maxBuckets*9/10 {
				delete(l.by, k)
			}
		}
	}
	b := l.by[who]
	if b == nil {
		b = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.by[who] = b
	}
	r := b.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	return &limited{wait: wait, err: desk.Errorf(desk.RateLimited, "rate.limited", "Too many requests. Try again in a moment.")}
}

// limited is a refusal with the time to wait.
type limited struct {
	wait time.Duration
	err  *desk.Error
}

func (l *limited) Error() string { return l.err.Error() }
func (l *limited) Unwrap() error { return l.err }
