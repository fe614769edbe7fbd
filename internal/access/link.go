package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Purpose is what a one-time link is for.
type Purpose string

// The purposes.
const (
	PurposeSetup  Purpose = "setup"  // makes the first owner; printed at first start
	PurposeInvite Purpose = "invite" // a new user sets their password
	PurposeReset  Purpose = "reset"  // a user sets a new one
)

// Link is a one-time link, without its secret.
type Link struct {
	Purpose   Purpose     `json:"purpose"`
	UserID    desk.UserID `json:"user_id"`
	Email     string      `json:"email"`
	CreatedAt desk.Time   `json:"created_at"`
	ExpiresAt desk.Time   `json:"expires_at"`
}

func badLink() error {
	return desk.Errorf(desk.NotFound, "link.invalid", "This link was used, has expired or was replaced by a newer one. Ask for another.").In("token")
}

// CreateLink makes a one-time link for a user (invite, reset) and ends their earlier ones. The token is returned once and stored nowhere.
func (s *Service) CreateLink(ctx context.Context, tx *db.Tx, purpose Purpose, user desk.UserID) (token string, l Link, err error) {
	if purpose != PurposeInvite && purpose != PurposeReset {
		return "", Link{}, desk.Errorf(desk.Invalid, "link.purpose_unknown", "A link is for an invitation or for a new password.").In("purpose")
	}
	u, err := s.People.Get(ctx, tx, user)
	if err != nil {
		return "", Link{}, err
	}
	if !u.Active {
		return "", Link{}, desk.Errorf(desk.Conflict, "user.inactive", "This user is deactivated. Activate them first.")
	}
	ttl := s.Invite
	if purpose == PurposeReset {
		ttl = ResetTTL
	}
	now := s.Clock.Ms()
	l = Link{Purpose: purpose, UserID: u.ID, Email: u.Email, CreatedAt: now, ExpiresAt: now.Add(ttl)}
	if _, err := tx.Exec(ctx, `DELETE FROM one_time_links WHERE user_id = $1 AND used_at = 0`, user); err != nil {
		return "", Link{}, fmt.Errorf("access: old links: %w", err)
	}
	token, err = s.storeLink(ctx, tx, l)
	return token, l, err
}

// SetupLink makes the link with which the first owner is made, and ends the earlier one. needed is false once there is an owner.
func (s *Service) SetupLink(ctx context.Context, tx *db.Tx) (token string, needed bool, err error) {
	n, err := s.People.Owners(ctx, tx)
	if err != nil || n > 0 {
		return "", false, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM one_time_links WHERE purpose = $1 AND used_at = 0`, PurposeSetup); err != nil {
		return "", true, fmt.Errorf("access: old links: %w", err)
	}
	now := s.Clock.Ms()
	token, err = s.storeLink(ctx, tx, Link{Purpose: PurposeSetup, CreatedAt: now, ExpiresAt: now.Add(SetupTTL)})
	return token, true, err
}

func (s *Service) storeLink(ctx context.Context, tx *db.Tx, l Link) (string, error) {
	token := random()
	_, err := tx.Exec(ctx, `INSERT INTO one_time_links (token_hash, purpose, user_id, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		s.hash("link", token), l.Purpose, l.UserID, l.Email, l.CreatedAt, l.ExpiresAt)
	if err != nil {
		return "", fmt.Errorf("access: create link: %w", err)
	}
	return token, nil
}

// PeekLink tells what a link is for without using it. NotFound when it is used, expired or unknown.
func (s *Service) PeekLink(ctx context.Context, q db.Queryer, token string) (Link, error) {
	l, err := db.One(ctx, q, scanLink, `SELECT purpose, user_id, email, created_at, expires_at FROM one_time_links WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2`,
		s.hash("link", token), s.Clock.Ms())
	if errors.Is(err, sql.ErrNoRows) {
		return l, badLink()
	}
	return l, err
}

func scanLink(r db.Scanner) (l Link, err error) {
	err = r.Scan(&l.Purpose, &l.UserID, &l.Email, &l.CreatedAt, &l.ExpiresAt)
	return l, err
}

// UseLink spends a link: it makes the first owner (email and name count only then) or sets the user's password, and signs them in: SpendLink and Enter, where
// nothing more is asked for.
func (s *Service) UseLink(ctx context.Context, token, name, email, password, userAgent, ip string) (session string, v Viewer, err error) {
	id, err := s.SpendLink(ctx, token, name, email, password)
	if err != nil {
		return "", Viewer{}, err
	}
	return s.Enter(ctx, id, Means{Method: "link", UserAgent: userAgent, IP: ip})
}

// SpendLink is UseLink without the session. However many try at once, one succeeds; the user's sessions end.
func (s *Service) SpendLink(ctx context.Context, token, name, email, password string) (id desk.UserID, err error) {
	l, err := s.PeekLink(ctx, s.DB, token)
	if err != nil {
		return 0, err
	}
	if l.Purpose != PurposeSetup {
		email = l.Email
	}
	if err := checkPassword(password, email); err != nil {
		return 0, err
	}
	hash, err := s.hashes.make(ctx, password)
	if err != nil {
		return 0, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE one_time_links SET used_at = $1 WHERE token_hash = $2 AND used_at = 0 AND expires_at > $1`, s.Clock.Ms(), s.hash("link", token))
		if err != nil {
			return fmt.Errorf("access: use link: %w", err)
		}
		if n == 0 {
			return badLink()
		}
		id = l.UserID
		if l.Purpose == PurposeSetup {
			if id, err = s.firstOwner(ctx, tx, email, name); err != nil {
				return err
			}
		}
		if err := s.People.SetPasswordHash(ctx, tx, id, hash); err != nil {
			return err
		}
		return s.EndSessions(ctx, tx, desk.ByUser(id), id, 0)
	})
	return id, err
}

func (s *Service) firstOwner(ctx context.Context, tx *db.Tx, email, name string) (desk.UserID, error) {
	n, err := s.People.Owners(ctx, tx)
	if err != nil {
		return 0, err
	}
	if n > 0 {
		return 0, badLink()
	}
	u, err := s.People.CreateOwner(ctx, tx, desk.System, email, name)
	return u.ID, err
}
