package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Acceptance is that somebody accepted a channel's terms (EM-06).
type Acceptance struct {
	Channel    string                `json:"channel"`
	AccountID  desk.ChannelAccountID `json:"channel_account_id"`
	UserID     desk.UserID           `json:"user_id"` // 0: the operator, by a settings file or by starting the installation
	Version    string                `json:"version"`
	Text       string                `json:"text"` // exactly what was shown, a point a line
	AcceptedAt desk.Time             `json:"accepted_at"`
}

func checkTerms(spec channel.Spec, accepted string, operator bool) error {
	if spec.Terms == nil || operator || accepted == spec.Terms.Version {
		return nil
	}
	return desk.Errorf(desk.Invalid, "terms.not_accepted", "Read and accept what Kanal will read, store and send before connecting this channel (version %s).", spec.Terms.Version).In("accepted_terms")
}

func (s *Service) acceptTerms(ctx context.Context, tx *db.Tx, actor desk.Actor, spec channel.Spec, a desk.ChannelAccount) error {
	if spec.Terms == nil {
		return nil
	}
	text := strings.Join(spec.Terms.Points, "\n")
	if _, err := tx.Exec(ctx, `INSERT INTO terms_acceptances (id, channel, account_id, user_id, version, text, accepted_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		tx.NewID(), a.Channel, a.ID, actor.UserID(), spec.Terms.Version, text, s.Clock.Ms()); err != nil {
		return fmt.Errorf("inbox: terms: %w", err)
	}
	sum := sha256.Sum256([]byte(text))
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvTermsAccepted, Actor: actor, Inbox: a.InboxID, UserID: actor.UserID(),
		Data: event.Data(map[string]any{"channel_account_id": a.ID, "channel": a.Channel, "version": spec.Terms.Version, "sha256": hex.EncodeToString(sum[:])})})
	return err
}

// Acceptances lists who accepted which terms for an account, oldest first.
func (s *Service) Acceptances(ctx context.Context, q db.Queryer, id desk.ChannelAccountID) ([]Acceptance, error) {
	xs, err := db.All(ctx, q, func(r db.Scanner) (x Acceptance, err error) {
		err = r.Scan(&x.Channel, &x.AccountID, &x.UserID, &x.Version, &x.Text, &x.AcceptedAt)
		return x, err
	}, `SELECT channel, account_id, user_id, version, text, accepted_at FROM terms_acceptances WHERE account_id = $1 ORDER BY accepted_at, id`, id)
	if err != nil {
		return nil, fmt.Errorf("inbox: acceptances: %w", err)
	}
	return slices.Clip(xs), nil
}
