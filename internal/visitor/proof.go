package visitor

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// ProofLife is how long an identification token made here is good (TR-06).
const ProofLife = 12 * time.Hour

const proofPrefix = "kvi1."

// Signer makes and reads identification tokens: that a customer's own server vouches for who a visitor is. It keeps nothing: a token says what it says.
type Signer struct {
	key []byte
	clk *clock.Clock
}

// NewSigner makes a signer. Any 32 bytes that stay the same.
func NewSigner(key []byte, clk *clock.Clock) *Signer { return &Signer{key, clk} }

type said struct {
	Email   string `json:"e"`
	First   string `json:"f,omitempty"`
	Last    string `json:"l,omitempty"`
	Expires int64  `json:"x"`
	Nonce   string `json:"n"`
}

// Sign makes a token bound to an address.
func (s *Signer) Sign(email, first, last string) (token string, expires time.Time) {
	expires = s.clk.Now().Add(ProofLife)
	b, _ := json.Marshal(said{Email: email, First: clean(first, 200), Last: clean(last, 200), Expires: expires.Unix(), Nonce: rand.Text()[:12]})
	body := base64.RawURLEncoding.EncodeToString(b)
	return proofPrefix + body + "." + s.mac(body), expires
}

func (s *Signer) mac(body string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(proofPrefix + body))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// Ours reports whether a token was meant to be one of this installation's.
func Ours(token string) bool { return strings.HasPrefix(token, proofPrefix) }

func refused(reason, public string) error {
	return desk.Errorf(desk.Forbidden, "identity."+reason, "%s", public)
}

// Verify reads a token. It refuses one that was not made here or is too old.
func (s *Signer) Verify(token string) (channel.Proof, error) {
	body, mac, ok := strings.Cut(strings.TrimPrefix(token, proofPrefix), ".")
	if !ok || !Ours(token) || len(token) > 4<<10 {
		return channel.Proof{}, refused("token_malformed", "This is no identification token.")
	}
	if !hmac.Equal([]byte(mac), []byte(s.mac(body))) {
		return channel.Proof{}, refused("token_forged", "The signature of the identification token does not fit.")
	}
	var t said
	b, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || json.Unmarshal(b, &t) != nil {
		return channel.Proof{}, refused("token_malformed", "This is no identification token.")
	}
	if expires := time.Unix(t.Expires, 0); expires.After(s.clk.Now()) {
		return channel.Proof{Email: t.Email, FirstName: t.First, LastName: t.Last, Expires: expires}, nil
	}
	return channel.Proof{}, refused("token_expired", "The identification token has expired.")
}

// Shown notes that a browser showed a signed token, whose signature fits. It refuses one that a sign-out made worthless and, where a token is good for one browser alone, one
// that another browser showed before.
func (s *Service) Shown(ctx context.Context, tx *db.Tx, v Visitor, token string, expires time.Time, oneBrowser bool) error {
	var first desk.VisitorID
	var revoked desk.Time
	err := tx.QueryRow(ctx, `INSERT INTO visitor_tokens (token_hash, visitor_id, first_used, revoked_at, expires_at) VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (token_hash) DO UPDATE SET expires_at = visitor_tokens.expires_at RETURNING visitor_id, revoked_at`, hash(token), v.ID, s.clk.Ms(), desk.At(expires)).Scan(&first, &revoked)
	switch {
	case err != nil:
		return fmt.Errorf("visitor: shown: %w", err)
	case revoked != 0:
		return refused("token_revoked", "This identification token was signed out. Ask your server for a new one.")
	case oneBrowser && first != v.ID:
		return refused("token_replayed", "This identification token was shown by another browser before. Ask your server for a new one.")
	}
	return nil
}

// Passes hands the tokens that one browser has shown to the one that takes its place, when another identity begins clean.
func (s *Service) Passes(ctx context.Context, tx *db.Tx, token string, from, to desk.VisitorID) error {
	_, err := tx.Exec(ctx, "UPDATE visitor_tokens SET visitor_id = $1 WHERE token_hash = $2 AND visitor_id = $3", to, hash(token), from)
	if err != nil {
		return fmt.Errorf("visitor: passes: %w", err)
	}
	return nil
}
