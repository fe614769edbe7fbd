package visitor

import (
	"context"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// maxPush is how many places of notification a browser may have.
const maxPush = 5

// Push is where somebody wants to be told of answers while no page is open (CH-36): what a browser's push service, or an app's, gave.
type Push struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"` // the public key that notifications are sealed for
	Auth     string `json:"auth"`
}

// Keys decodes what notifications are sealed with.
func (p Push) Keys() (public, auth []byte, err error) {
	bad := desk.Errorf(desk.Invalid, "push.keys", "These are not the keys of a push subscription.").In("keys")
	public, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(p.P256dh, "="))
	if err != nil {
		return nil, nil, bad
	}
	if _, err := ecdh.P256().NewPublicKey(public); err != nil {
		return nil, nil, bad
	}
	auth, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(p.Auth, "="))
	if err != nil || len(auth) != 16 {
		return nil, nil, bad
	}
	return public, auth, nil
}

func (p Push) hash() string {
	sum := sha256.Sum256([]byte(p.Endpoint))
	return hex.EncodeToString(sum[:])
}

// AddPush keeps a place of notification; one that was another browser's is this one's from now on. Of many the oldest go.
func (s *Service) AddPush(ctx context.Context, tx *db.Tx, id desk.VisitorID, p Push) error {
	u, err := url.Parse(p.Endpoint)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(p.Endpoint) > 1000 {
		return desk.Errorf(desk.Invalid, "push.endpoint", "A push subscription's endpoint is an https address.").In("endpoint")
	}
	if _, _, err := p.Keys(); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO visitor_push (endpoint_hash, visitor_id, endpoint, p256dh, auth, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (endpoint_hash) DO UPDATE SET visitor_id = excluded.visitor_id, p256dh = excluded.p256dh, auth = excluded.auth, created_at = excluded.created_at`,
		p.hash(), id, p.Endpoint, p.P256dh, p.Auth, s.clk.Ms())
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM visitor_push WHERE visitor_id = $1 AND endpoint_hash NOT IN
			(SELECT endpoint_hash FROM visitor_push WHERE visitor_id = $1 ORDER BY created_at DESC, endpoint_hash LIMIT $2)`, id, maxPush)
	}
	if err != nil {
		return fmt.Errorf("visitor: add push: %w", err)
	}
	return nil
}

// DropPush forgets a visitor's place of notification, all of them when none is named.
func (s *Service) DropPush(ctx context.Context, tx *db.Tx, id desk.VisitorID, endpoint string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM visitor_push WHERE visitor_id = $1 AND (endpoint_hash = $2 OR $3 = '')", id, Push{Endpoint: endpoint}.hash(), endpoint); err != nil {
		return fmt.Errorf("visitor: drop push: %w", err)
	}
	return nil
}

// Pushes are a visitor's places of notification.
func (s *Service) Pushes(ctx context.Context, q db.Queryer, id desk.VisitorID) ([]Push, error) {
	out, err := db.All(ctx, q, func(r db.Scanner) (p Push, err error) {
		err = r.Scan(&p.Endpoint, &p.P256dh, &p.Auth)
		return p, err
	}, "SELECT endpoint, p256dh, auth FROM visitor_push WHERE visitor_id = $1 ORDER BY created_at, endpoint_hash", id)
	if err != nil {
		return nil, fmt.Errorf("visitor: pushes: %w", err)
	}
	return out, nil
}
