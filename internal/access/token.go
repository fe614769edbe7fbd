package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// TokenPrefix begins every API token, so that a leaked one is recognised.
const TokenPrefix = "kanal_"

// Token is an API token, without its secret.
type Token struct {
	ID        desk.TokenID `json:"id"`
	UserID    desk.UserID  `json:"user_id"`
	Name      string       `json:"name"`
	Hint      string       `json:"hint"` // the last four characters
	Scopes    []string     `json:"scopes"`
	CreatedAt desk.Time    `json:"created_at"`
	LastUsed  desk.Time    `json:"last_used_at"` // exact to a minute
	ExpiresAt desk.Time    `json:"expires_at"`
	RevokedAt desk.Time    `json:"revoked_at"`
}

const tokenColumns = `id, user_id, name, hint, scopes, created_at, last_used_at, expires_at, revoked_at`

func scanToken(r db.Scanner) (t Token, err error) {
	t.Scopes = []string{}
	err = r.Scan(&t.ID, &t.UserID, &t.Name, &t.Hint, db.ScanJSON(&t.Scopes), &t.CreatedAt, &t.LastUsed, &t.ExpiresAt, &t.RevokedAt)
	return t, err
}

// CreateToken makes an API token that acts as a user, within scopes: permissions by name, or "all". The secret is returned once and stored nowhere. expires 0 is never.
func (s *Service) CreateToken(ctx context.Context, tx *db.Tx, actor desk.Actor, user desk.UserID, name string, scopes []string, expires desk.Time) (secret string, t Token, err error) {
	if _, err := s.People.Get(ctx, tx, user); err != nil {
		return "", Token{}, err
	}
	if name = strings.TrimSpace(name); name == "" || len(name) > 200 || strings.ContainsAny(name, "\r\n") {
		return "", Token{}, desk.Errorf(desk.Invalid, "token.name_malformed", "A token needs a name of one line, so that it can be told from others.").In("name")
	}
	if scopes, err = checkScopes(scopes); err != nil {
		return "", Token{}, err
	}
	if expires != 0 && expires <= s.Clock.Ms() {
		return "", Token{}, desk.Errorf(desk.Invalid, "token.expires_past", "The token would already have expired.").In("expires_at")
	}
	secret = TokenPrefix + random()
	t = Token{ID: desk.TokenID(tx.NewID()), UserID: user, Name: name, Hint: secret[len(secret)-4:], Scopes: scopes, CreatedAt: s.Clock.Ms(), ExpiresAt: expires}
	if _, err := tx.Exec(ctx, `INSERT INTO api_tokens (id, user_id, name, token_hash, hint, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.ID, t.UserID, t.Name, s.hash("token", secret), t.Hint, db.JSON(t.Scopes), t.CreatedAt, t.ExpiresAt); err != nil {
		return "", Token{}, fmt.Errorf("access: create token: %w", err)
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvTokenCreated, Actor: actor, UserID: user, Data: event.Data(map[string]any{"token_id": t.ID, "name": t.Name, "scopes": t.Scopes})})
	return secret, t, err
}

// Tokens lists the tokens of a user, or everybody's for 0, newest first; revoked ones are left out.
func (s *Service) Tokens(ctx context.Context, q db.Queryer, user desk.UserID) ([]Token, error) {
	ts, err := db.All(ctx, q, scanToken, `SELECT `+tokenColumns+` FROM api_tokens WHERE (user_id = $1 OR $1 = 0) AND revoked_at = 0 ORDER BY id DESC`, user)
	if err != nil {
		return nil, fmt.Errorf("access: tokens: %w", err)
	}
	return ts, nil
}

// RevokeToken ends a token for good.
func (s *Service) RevokeToken(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TokenID) error {
	t, err := db.One(ctx, tx, scanToken, `SELECT `+tokenColumns+` FROM api_tokens WHERE id = $1 AND revoked_at = 0`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Errorf(desk.NotFound, "token.not_found", "There is no such token.")
	}
	if err != nil {
		return fmt.Errorf("access: revoke token: %w", err)
	}
	n, err := tx.Exec(ctx, `UPDATE api_tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0`, s.Clock.Ms(), id)
	if err != nil || n == 0 {
		return err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvTokenRevoked, Actor: actor, UserID: t.UserID, Data: event.Data(map[string]any{"token_id": id, "name": t.Name})})
	return err
}

func (s *Service) byToken(ctx context.Context, secret string) (Viewer, error) {
	t, err := db.One(ctx, s.DB, scanToken, `SELECT `+tokenColumns+` FROM api_tokens WHERE token_hash = $1`, s.hash("token", secret))
	if errors.Is(err, sql.ErrNoRows) {
		return Viewer{}, desk.Errorf(desk.Unauthorized, "token.unknown", "This API token is not known.")
	}
	if err != nil {
		return Viewer{}, fmt.Errorf("access: token: %w", err)
	}
	now := s.Clock.Ms()
	if t.RevokedAt != 0 || t.ExpiresAt != 0 && t.ExpiresAt <= now {
		return Viewer{}, desk.Errorf(desk.Unauthorized, "token.ended", "This API token was revoked or has expired.")
	}
	v, err := s.viewerOf(ctx, t.UserID)
	if err != nil {
		return Viewer{}, err
	}
	v.Token, v.Scopes = &t, t.Scopes
	if now-t.LastUsed < desk.Time(touchEvery.Milliseconds()) {
		return v, nil
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE api_tokens SET last_used_at = $1 WHERE id = $2`, now, t.ID)
		return err
	})
	if err != nil && !db.IsMachine(err) { // a machine that cannot write now can still be read
		return Viewer{}, fmt.Errorf("access: token: %w", err)
	}
	return v, nil
}
