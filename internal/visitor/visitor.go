// Package visitor owns the browsers of people on customers' websites: the tables visitors, visitor_views, visitor_tokens and visitor_push. It knows a browser by a
// random secret that the widget keeps (TR-04, 13 months), notes what page it is on and where it has been as far as that is allowed (TR-10…12), which signed tokens it has
// shown, whether it is banned and when it signed out. It tells a claimed name from a proven one and refuses to decide whose contact a browser is: identity does,
// with conversations and tickets. Called by the widget's edge, identity, intake and the agents' API.
package visitor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Months a browser is known after it was seen last (CH-27).
const Months = 13

// SessionKept is how long a browser that consented to nothing is known after it was seen last (TR-11).
const SessionKept = 24 * time.Hour

// session is how long a visit may pause (TR-04).
const session = 30 * time.Minute

// Visitor is one browser.
type Visitor struct {
	ID           desk.VisitorID `json:"id"`
	ContactID    desk.ContactID `json:"contact_id"`
	Proven       bool           `json:"proven"` // it is the contact's, by a signed token or an answer from the address
	ClaimedName  string         `json:"claimed_name"`
	ClaimedEmail string         `json:"claimed_email"`
	ClaimedPhone string         `json:"claimed_phone"`
	ExternalID   string         `json:"external_id"` // the customer's own name for the person
	Language     string         `json:"language"`
	Timezone     string         `json:"timezone"`
	Country      string         `json:"country"`
	UserAgent    string         `json:"user_agent"`
	IP           string         `json:"ip"`
	UTK          string         `json:"utk"`
	Tracked      bool           `json:"tracked"`
	SessionOnly  bool           `json:"session_only"`
	FirstURL     string         `json:"first_url"`
	Referrer     string         `json:"referrer"`
	PageURL      string         `json:"page_url"`
	PageTitle    string         `json:"page_title"`
	PageAt       desk.Time      `json:"page_at"`
	Visits       int            `json:"visits"`
	Views        int            `json:"views"`
	BannedAt     desk.Time      `json:"banned_at"`
	BannedBy     desk.UserID    `json:"banned_by"`
	BanReason    string         `json:"ban_reason"`
	EndedAt      desk.Time      `json:"ended_at"`
	FirstSeen    desk.Time      `json:"first_seen_at"`
	LastSeen     desk.Time      `json:"last_seen_at"`
	ExpiresAt    desk.Time      `json:"expires_at"`
}

// Actor is the visitor as who did something: the contact, once it is known.
func (v Visitor) Actor() desk.Actor {
	if v.ContactID != 0 {
		return desk.ByContact(v.ContactID)
	}
	return desk.Actor{Kind: desk.ActorVisitor, ID: int64(v.ID)}
}

// Columns are what Scan reads, for read models.
const Columns = `id, contact_id, proven, claimed_name, claimed_email, claimed_phone, external_id, language, timezone, country, user_agent, ip, utk, tracked, session_only,
	first_url, referrer, page_url, page_title, page_at, visits, views, banned_at, banned_by, ban_reason, ended_at, first_seen, last_seen, expires_at`

// Scan reads a row of Columns.
func Scan(r db.Scanner) (v Visitor, err error) {
	err = r.Scan(&v.ID, &v.ContactID, &v.Proven, &v.ClaimedName, &v.ClaimedEmail, &v.ClaimedPhone, &v.ExternalID, &v.Language, &v.Timezone, &v.Country, &v.UserAgent, &v.IP,
		&v.UTK, &v.Tracked, &v.SessionOnly, &v.FirstURL, &v.Referrer, &v.PageURL, &v.PageTitle, &v.PageAt, &v.Visits, &v.Views, &v.BannedAt, &v.BannedBy, &v.BanReason,
		&v.EndedAt, &v.FirstSeen, &v.LastSeen, &v.ExpiresAt)
	return v, err
}

// Service is the visitors of this installation. Safe for concurrent use.
type Service struct {
	clk *clock.Clock
	ev  *event.Log
}

// New makes the service.
func New(clk *clock.Clock, ev *event.Log) *Service { return &Service{clk: clk, ev: ev} }

// Get returns a visitor. NotFound when there is none (any more).
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.VisitorID) (Visitor, error) {
	return s.one(ctx, q, "id = $1", id)
}

// Lock returns a visitor and holds its row.
func (s *Service) Lock(ctx context.Context, tx *db.Tx, id desk.VisitorID) (Visitor, error) {
	return s.one(ctx, tx, "id = $1"+tx.ForUpdate(), id)
}

func (s *Service) one(ctx context.Context, q db.Queryer, where string, arg any) (Visitor, error) {
	v, err := db.One(ctx, q, Scan, "SELECT "+Columns+" FROM visitors WHERE "+where, arg)
	if errors.Is(err, sql.ErrNoRows) {
		return v, desk.Errorf(desk.NotFound, "visitor.not_found", "There is no such visitor.")
	}
	if err != nil {
		return v, fmt.Errorf("visitor: get: %w", err)
	}
	return v, nil
}

// ByToken returns the visitor who holds a secret. An unknown, an expired and a signed-out one are Unauthorized, each with its reason; a banned one is
// returned: what they may still do is for the caller.
func (s *Service) ByToken(ctx context.Context, q db.Queryer, token string) (Visitor, error) {
	if !strings.HasPrefix(token, tokenPrefix) || len(token) > 200 {
		return Visitor{}, desk.Errorf(desk.Unauthorized, "visitor.token_unknown", "This browser is not known here. Reload the page.")
	}
	v, err := s.one(ctx, q, "token_hash = $1", hash(token))
	switch {
	case desk.CodeOf(err) == desk.NotFound:
		return v, desk.Errorf(desk.Unauthorized, "visitor.token_unknown", "This browser is not known here. Reload the page.")
	case err != nil:
		return v, err
	case v.EndedAt != 0:
		return Visitor{}, desk.Errorf(desk.Unauthorized, "visitor.signed_out", "This browser was signed out. Reload the page.")
	case v.ExpiresAt <= s.clk.Ms():
		return Visitor{}, desk.Errorf(desk.Unauthorized, "visitor.expired", "This browser was not seen for too long. Reload the page.")
	}
	return v, nil
}

// Banned is the refusal of a banned visitor, or nil.
func (v Visitor) Banned() error {
	if v.BannedAt == 0 {
		return nil
	}
	return desk.Errorf(desk.Forbidden, "visitor.banned", "You cannot write here any more.")
}

const tokenPrefix = "kv1_"

func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Glimpse is what a request says of a browser.
type Glimpse struct {
	URL, Title, Referrer string
	Language, Timezone   string
	Country              string
	UserAgent            string
	IP                   string // as far as it may be kept: see Address
	UTK                  string
	Track                bool // pages may be kept (TR-11, TR-12)
	View                 bool // a page was opened
	SessionOnly          bool // consent was refused
	Agreed               bool // and was given since: it may be remembered again
}

// Address is as much of a client's address as the setting keeps: keep, truncate (the last part of an IPv4 address, all but the network of an IPv6 one), drop.
func Address(mode, ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || mode == "drop" {
		return ""
	}
	a = a.Unmap().WithZone("")
	if mode == "keep" {
		return a.String()
	}
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.Addr().String()
}

// clean makes a text from outside fit to keep: one line, valid, at most n bytes.
func clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > n {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:n], ""))
	}
	return s
}

func (g Glimpse) clean() Glimpse {
	g.URL, g.Title, g.Referrer = clean(g.URL, 2000), clean(g.Title, 300), clean(g.Referrer, 2000)
	g.Language, g.Timezone, g.Country = clean(g.Language, 35), clean(g.Timezone, 64), clean(g.Country, 2)
	g.UserAgent, g.IP, g.UTK = clean(g.UserAgent, 400), clean(g.IP, 45), clean(g.UTK, 64)
	if !g.Track || g.SessionOnly {
		g.URL, g.Title, g.Referrer, g.UTK, g.Track = "", "", "", "", false
	}
	if g.SessionOnly {
		g.IP, g.Country = "", ""
	}
	return g
}

func (s *Service) until(sessionOnly bool) desk.Time {
	if sessionOnly {
		return s.clk.Ms().Add(SessionKept)
	}
	return desk.At(s.clk.Now().AddDate(0, Months, 0))
}

// Arrive makes a browser that was not known and returns the secret by which it is known from now on; only its hash is kept. A browser that looks like one
// that was banned within a day, from the same whole address, begins banned.
func (s *Service) Arrive(ctx context.Context, tx *db.Tx, g Glimpse) (Visitor, string, error) {
	g = g.clean()
	now := s.clk.Ms()
	v := Visitor{
		ID: desk.VisitorID(tx.NewID()), Language: g.Language, Timezone: g.Timezone, Country: g.Country, UserAgent: g.UserAgent, IP: g.IP, UTK: g.UTK, Tracked: g.Track,
		SessionOnly: g.SessionOnly, FirstURL: g.URL, Referrer: g.Referrer, Visits: 1, FirstSeen: now, LastSeen: now, ExpiresAt: s.until(g.SessionOnly),
	}
	if err := s.inherit(ctx, tx, &v); err != nil {
		return v, "", err
	}
	token := newToken()
	_, err := tx.Exec(ctx, `INSERT INTO visitors (id, token_hash, language, timezone, country, user_agent, ip, utk, tracked, session_only, first_url, referrer, banned_at, banned_by, ban_reason,
		first_seen, last_seen, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		v.ID, hash(token), v.Language, v.Timezone, v.Country, v.UserAgent, v.IP, v.UTK, v.Tracked, v.SessionOnly, v.FirstURL, v.Referrer, v.BannedAt, v.BannedBy, v.BanReason,
		v.FirstSeen, v.LastSeen, v.ExpiresAt)
	if err != nil {
		return v, "", fmt.Errorf("visitor: arrive: %w", err)
	}
	if g.View && g.Track {
		if err := s.view(ctx, tx, &v, g); err != nil {
			return v, "", err
		}
	}
	return v, token, nil
}

// inherit bans a browser that comes back without its secret: the same address, kept whole, and the same program.
func (s *Service) inherit(ctx context.Context, tx *db.Tx, v *Visitor) error {
	if v.IP == "" || strings.HasSuffix(v.IP, ".0") || strings.HasSuffix(v.IP, "::") {
		return nil
	}
	err := tx.QueryRow(ctx, `SELECT banned_at, banned_by, ban_reason FROM visitors WHERE ip = $1 AND banned_at <> 0 AND banned_at > $2 AND user_agent = $3 ORDER BY banned_at DESC LIMIT 1`,
		v.IP, s.clk.Ms().Add(-24*time.Hour), v.UserAgent).Scan(&v.BannedAt, &v.BannedBy, &v.BanReason)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("visitor: arrive: %w", err)
	}
	return nil
}

// VisitsBy is how many visits a browser has made with a page that it looks at now.
func (s *Service) VisitsBy(v Visitor) int {
	if v.LastSeen.Add(session) < s.clk.Ms() {
		return v.Visits + 1
	}
	return v.Visits
}

// Touch notes that a browser was seen, and the page when it may be kept.
func (s *Service) Touch(ctx context.Context, tx *db.Tx, v Visitor, g Glimpse) (Visitor, error) {
	g.SessionOnly = g.SessionOnly || v.SessionOnly && !g.Agreed
	g = g.clean()
	now := s.clk.Ms()
	if g.View && v.LastSeen.Add(session) < now {
		v.Visits++
	}
	v.LastSeen, v.ExpiresAt, v.Tracked, v.SessionOnly = now, s.until(g.SessionOnly), g.Track, g.SessionOnly
	keep := func(at *string, value string) {
		if value != "" {
			*at = value
		}
	}
	keep(&v.Language, g.Language)
	keep(&v.Timezone, g.Timezone)
	keep(&v.UserAgent, g.UserAgent)
	keep(&v.UTK, g.UTK)
	v.IP = g.IP
	if g.Country != "" || g.SessionOnly {
		v.Country = g.Country
	}
	if v.FirstURL == "" {
		v.FirstURL, v.Referrer = g.URL, g.Referrer
	}
	if !g.Track { // said no since: what was kept goes
		if err := s.untrack(ctx, tx, &v); err != nil {
			return v, err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE visitors SET language = $1, timezone = $2, user_agent = $3, ip = $4, utk = $5, country = $6, tracked = $7, session_only = $8, visits = $9, last_seen = $10,
		expires_at = $11, first_url = $12, referrer = $13 WHERE id = $14`,
		v.Language, v.Timezone, v.UserAgent, v.IP, v.UTK, v.Country, v.Tracked, v.SessionOnly, v.Visits, v.LastSeen, v.ExpiresAt, v.FirstURL, v.Referrer, v.ID)
	if err != nil {
		return v, fmt.Errorf("visitor: touch: %w", err)
	}
	if g.View && g.Track && g.URL != "" {
		err = s.view(ctx, tx, &v, g)
	}
	return v, err
}

// untrack forgets where a browser has been.
func (s *Service) untrack(ctx context.Context, tx *db.Tx, v *Visitor) error {
	if v.PageURL == "" && v.FirstURL == "" && v.Views == 0 && v.UTK == "" {
		return nil
	}
	v.PageURL, v.PageTitle, v.PageAt, v.FirstURL, v.Referrer, v.UTK, v.Views = "", "", 0, "", "", "", 0
	for _, q := range []string{"DELETE FROM visitor_views WHERE visitor_id = $1", "UPDATE visitors SET page_url = '', page_title = '', page_at = 0, views = 0 WHERE id = $1"} {
		if _, err := tx.Exec(ctx, q, v.ID); err != nil {
			return fmt.Errorf("visitor: untrack: %w", err)
		}
	}
	return nil
}
